/* What pipes, zones and sites say when they are asked. */
(function (parts) {
  "use strict";
  const { T, esc, known, num, heat, power, euro, percent, metres, sentence, pop } = parts.words;
  const ratio = (x) => known(x) ? `${num(x)} kWh/a per EUR` : "";

  parts.popups = (data, now) => {
    const text = (place) => data.texts[place] ?? "";
    const plan = () => now().kpis.heat_per_euro_kwh;

    const pipeTitle = (p) => esc(p.size) + (text(p.street) ? ` · ${esc(text(p.street))}` : "");
    const pipe = (p) => pop(pipeTitle(p), esc(text(p.kind)), [
      [T("pipe_length"), metres(p.length_m)],
      [T("pipe_flow"), power(p.flow_mw * 1000)],
      [T("pipe_capacity"), known(p.capacity_mw) ? power(p.capacity_mw * 1000) : ""],
      [T("pipe_used"), known(p.capacity_mw) && p.capacity_mw > 0 ? percent(p.flow_mw / p.capacity_mw) : ""],
      [T("pipe_loss"), `${num(p.loss_kw)} kW`],
      [T("cost"), p.cost_eur > 0 ? euro(p.cost_eur) : T("pipe_stands")],
      [T("pipe_metre"), p.cost_eur > 0 && p.length_m > 0 ? `${num(p.cost_eur / p.length_m)} EUR/m` : ""],
      [T("branch_heat"), p.branch_mwh > 0 ? heat(p.branch_mwh) : ""],
      [T("branch_ratio"), p.branch_mwh > 0 ? ratio(p.branch_kwh_per_eur) : ""],
    ], [T("pipe_arrows", { id: esc(p.id) })]);

    /* why a zone is left out, and what would have to change */
    const change = (z) => {
      if (z.look === "forbidden") return T("change_forbidden");
      if (z.look === "reach") return T("change_reach");
      if (z.look === "capacity" && !known(z.extra_eur)) return T("change_nothing_left");
      if (z.look === "capacity") return T("change_capacity");
      if (z.look === "dear" && known(z.pays_eur) && known(z.extra_eur) && z.extra_eur > z.pays_eur)
        return T("change_dear", { price: euro(z.pays_eur), less: euro(z.extra_eur - z.pays_eur) });
      return "";
    };
    const zoneNotes = (z) => [z.name === z.id ? "" : T("pop_zone", { id: esc(z.id) }),
      text(z.estimated) ? T("zone_estimated", { how: esc(text(z.estimated)) }) : ""];
    const zone = (z) => z.served ? pop(esc(z.name), `<b>${T("zone_is_served")}</b>`, [
      [T("zone_demand"), heat(z.demand_mwh)],
      [T("zone_heat"), heat(z.heat_mwh)],
      [T("zone_share"), percent(z.share)],
      [T("zone_peak"), known(z.peak_kw) ? power(z.peak_kw) : ""],
      [T("zone_base"), power(z.base_mw * 1000)],
      [T("zone_cost"), euro(z.cost_eur)],
      [T("zone_own"), known(z.own_eur) ? euro(z.own_eur) : ""],
      [T("own_ratio"), ratio(z.kwh_per_eur)],
      [T("plan_ratio"), ratio(plan())],
    ], zoneNotes(z)) : pop(esc(z.name), `<b class="no">${T("zone_not_served")}</b> ${esc(z.reason)}`, [
      [T("zone_demand"), heat(z.demand_mwh)],
      [T("zone_peak"), known(z.peak_kw) ? power(z.peak_kw) : ""],
      [T("zone_alone"), known(z.extra_eur) ? euro(z.extra_eur) : ""],
      [T("zone_pays"), known(z.pays_eur) ? euro(z.pays_eur) : ""],
      [T("own_ratio"), ratio(z.kwh_per_eur)],
      [T("plan_ratio"), known(z.kwh_per_eur) ? ratio(plan()) : ""],
    ], [change(z), ...zoneNotes(z)]);

    const site = (s) => pop(esc(s.name),
      (s.chosen ? `<b>${T("site_is_chosen")}</b>` : `<b class="no">${T("site_not_chosen")}</b> ${esc(s.reason)}`) + (s.assumed ? ` <mark>${T("site_assumed")}</mark>` : ""), [
        known(s.given_kw) ? [T("site_given"), `${num(s.given_kw / 1000)} MW`]
          : [T("site_load"), known(s.it_load_mw) ? `${num(s.it_load_mw)} MW` : "–"],
        [T("site_cooling"), esc(s.cooling)],
        [T("site_option"), esc(s.option)],
        [T("site_capacity"), s.chosen ? `${num(s.capacity_mw)} MW` : ""],
        [T("site_most"), known(s.most_mw) ? `${num(s.most_mw)} MW` : ""],
        [T("site_fed"), s.chosen ? heat(s.heat_mwh) : ""],
        [T("site_power"), s.chosen && s.power_mwh > 0 ? heat(s.power_mwh) : ""],
        [T("site_cop"), known(s.cop) ? num(s.cop, 2) : ""],
        [T("cost"), s.chosen ? euro(s.cost_eur) : ""],
        [T("site_alone"), !s.chosen && known(s.extra_eur) ? euro(s.extra_eur) : ""],
        [T("site_pays"), !s.chosen && known(s.pays_eur) ? euro(s.pays_eur) : ""],
        [T("own_ratio"), ratio(s.kwh_per_eur)],
        [T("plan_ratio"), known(s.kwh_per_eur) ? ratio(plan()) : ""],
      ], [esc(s.change), s.name === s.id ? "" : T("pop_site", { id: esc(s.id) })]);

    const hint = {
      pipe: (p) => `<b>${pipeTitle(p)}</b><br>${T("hint_flow", { flow: power(p.flow_mw * 1000) })}`,
      zone: (z) => `<b>${esc(z.name)}</b><br>` + (z.served ? T("hint_share", { heat: heat(z.heat_mwh), share: percent(z.share) }) : sentence(z.reason)),
      site: (s) => `<b>${esc(s.name)}</b><br>` + (s.chosen ? T("site_heat", { mw: num(s.capacity_mw) }) : sentence(s.reason)),
      words: (w) => esc(w.words),
    };
    return { tell: { pipe, zone, site, words: (w) => `<div class="pop"><h4>${esc(w.title)}</h4><p class="state">${esc(w.words)}</p></div>` }, hint };
  };
})(window.sitingParts = window.sitingParts || {});
