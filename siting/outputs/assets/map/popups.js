/* What pipes, zones and sites say when they are asked. */
(function (parts) {
  "use strict";
  const { esc, known, num, heat, power, euro, percent, metres, sentence, pop } = parts.words;
  const ratio = (x) => known(x) ? `${num(x)} kWh/a per EUR` : "";

  parts.popups = (data, now) => {
    const text = (place) => data.texts[place] ?? "";
    const plan = () => now().kpis.heat_per_euro_kwh;

    const pipeTitle = (p) => esc(p.size) + (text(p.street) ? ` · ${esc(text(p.street))}` : "");
    const pipe = (p) => pop(pipeTitle(p), esc(text(p.kind)), [
      ["Trench length", metres(p.length_m)],
      ["Heat flow at full load", power(p.flow_mw * 1000)],
      ["Capacity of this size", known(p.capacity_mw) ? power(p.capacity_mw * 1000) : ""],
      ["Capacity used", known(p.capacity_mw) && p.capacity_mw > 0 ? percent(p.flow_mw / p.capacity_mw) : ""],
      ["Heat loss", `${num(p.loss_kw)} kW`],
      ["Cost", p.cost_eur > 0 ? euro(p.cost_eur) : "none, it stands already"],
      ["Cost per metre", p.cost_eur > 0 && p.length_m > 0 ? `${num(p.cost_eur / p.length_m)} EUR/m` : ""],
      ["Heat delivered through it only", p.branch_mwh > 0 ? heat(p.branch_mwh) : ""],
      ["Heat per euro of that branch", p.branch_mwh > 0 ? ratio(p.branch_kwh_per_eur) : ""],
    ], [`Pipe ${esc(p.id)}; arrows show the way of the hot water.`]);

    /* why a zone is left out, and what would have to change */
    const change = (z) => {
      if (z.look === "forbidden") return "The study forbids it.";
      if (z.look === "reach") return "No street of the layer joins it to a site; complete the streets or raise the longest connection.";
      if (z.look === "capacity" && !known(z.extra_eur)) return "No pipe, and no site that may still be opened, carries what it would take.";
      if (z.look === "capacity") return "Sites or pipes on the way cannot carry what it would take; a larger one would let it in.";
      if (z.look === "dear" && known(z.pays_eur) && known(z.extra_eur) && z.extra_eur > z.pays_eur)
        return `Break-even price: it comes in if connecting it costs at most ${euro(z.pays_eur)}, that is ${euro(z.extra_eur - z.pays_eur)} less, or if neighbours share the trench.`;
      return "";
    };
    const zoneNotes = (z) => [z.name === z.id ? "" : `Zone ${esc(z.id)}`,
      text(z.estimated) ? `Estimated: ${esc(text(z.estimated))}` : ""];
    const zone = (z) => z.served ? pop(esc(z.name), "<b>Served</b>", [
      ["Heat demand", heat(z.demand_mwh)],
      ["Waste heat delivered", heat(z.heat_mwh)],
      ["Share from waste heat", percent(z.share)],
      ["Peak demand", known(z.peak_kw) ? power(z.peak_kw) : ""],
      ["Waste-heat capacity", power(z.base_mw * 1000)],
      ["Cost of connection", euro(z.cost_eur)],
      ["With the pipes for it alone", known(z.own_eur) ? euro(z.own_eur) : ""],
      ["Its heat per euro", ratio(z.kwh_per_eur)],
      ["Heat per euro of the plan", ratio(plan())],
    ], zoneNotes(z)) : pop(esc(z.name), `<b class="no">Not served:</b> ${esc(z.reason)}`, [
      ["Heat demand", heat(z.demand_mwh)],
      ["Peak demand", known(z.peak_kw) ? power(z.peak_kw) : ""],
      ["Connecting it alone costs about", known(z.extra_eur) ? euro(z.extra_eur) : ""],
      ["Break-even price", known(z.pays_eur) ? euro(z.pays_eur) : ""],
      ["Its heat per euro", ratio(z.kwh_per_eur)],
      ["Heat per euro of the plan", known(z.kwh_per_eur) ? ratio(plan()) : ""],
    ], [change(z), ...zoneNotes(z)]);

    const site = (s) => pop(esc(s.name),
      (s.chosen ? "<b>Chosen</b>" : `<b class="no">Not chosen:</b> ${esc(s.reason)}`) + (s.assumed ? " <mark>IT load assumed</mark>" : ""), [
        known(s.given_kw) ? ["Heat at its own temperature", `${num(s.given_kw / 1000)} MW`]
          : ["IT load", known(s.it_load_mw) ? `${num(s.it_load_mw)} MW` : "–"],
        ["Cooling", esc(s.cooling)],
        ["Connection", esc(s.option)],
        ["Heat output installed", s.chosen ? `${num(s.capacity_mw)} MW` : ""],
        ["Heat output possible", known(s.most_mw) ? `${num(s.most_mw)} MW` : ""],
        ["Heat fed in", s.chosen ? heat(s.heat_mwh) : ""],
        ["Electricity for heat pump", s.chosen && s.power_mwh > 0 ? heat(s.power_mwh) : ""],
        ["Heat per electricity (COP)", known(s.cop) ? num(s.cop, 2) : ""],
        ["Cost", s.chosen ? euro(s.cost_eur) : ""],
        ["Opening it costs about, with pipes and zones", !s.chosen && known(s.extra_eur) ? euro(s.extra_eur) : ""],
        ["It comes in at", !s.chosen && known(s.pays_eur) ? euro(s.pays_eur) : ""],
        ["Its heat per euro", ratio(s.kwh_per_eur)],
        ["Heat per euro of the plan", known(s.kwh_per_eur) ? ratio(plan()) : ""],
      ], [esc(s.change), s.name === s.id ? "" : `Site ${esc(s.id)}`]);

    const hint = {
      pipe: (p) => `<b>${pipeTitle(p)}</b><br>${power(p.flow_mw * 1000)} heat flow`,
      zone: (z) => `<b>${esc(z.name)}</b><br>` + (z.served ? `${heat(z.heat_mwh)}, ${percent(z.share)} from waste heat` : sentence(z.reason)),
      site: (s) => `<b>${esc(s.name)}</b><br>` + (s.chosen ? `${num(s.capacity_mw)} MW heat` : sentence(s.reason)),
      words: (w) => esc(w.words),
    };
    return { tell: { pipe, zone, site, words: (w) => `<div class="pop"><h4>${esc(w.title)}</h4><p class="state">${esc(w.words)}</p></div>` }, hint };
  };
})(window.sitingParts = window.sitingParts || {});
