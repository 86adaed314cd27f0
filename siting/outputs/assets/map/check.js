/* The hydraulic check: pipes by velocity over its cap, zones by what is missing of the supply temperature. */
(function (parts) {
  "use strict";
  const { t, T, esc, num, power, pop } = parts.words;
  const steps = ["#2b7a5b", "#8fbf6a", "#f2c14e", "#e5803f", "#c1272d"];
  const step = (x) => steps[x > 1.05 ? 4 : Math.max(0, Math.min(3, Math.floor(4 * x / 1.05)))];

  parts.check = (map, switches) => ({ limits, days }) => days.forEach(({ day: id, pipes, consumers }) => {
    const day = { design: t("check_design"), summer: t("check_summer") }[id] || id;
    const canvas = L.canvas({ padding: 0.3, tolerance: 3 });
    const say = (title, state, pairs, note) => (f, layer) => layer.bindPopup(
      () => pop(title(f.properties), state(f.properties), pairs(f.properties), [note(f.properties)]), { maxWidth: 300, minWidth: 220 });
    const lines = L.geoJSON(pipes, {
      renderer: canvas, style: (f) => ({ color: step(f.properties.v / f.properties.cap), weight: 5, opacity: 1, lineCap: "round" }),
      onEachFeature: say((p) => esc(p.dn), () => T("check_state", { day: esc(day) }), (p) => [
        [T("check_velocity"), T("check_cap", { velocity: num(p.v), cap: num(p.cap) })], [T("check_gradient"), `${num(p.r)} Pa/m`], [T("check_flow"), `${num(p.m)} kg/s`],
        [T("pipe_loss"), `${num(p.loss)} kW`], [T("check_advice"), esc(p.advice)]], (p) => T("pop_pipe", { id: esc(p.id) })),
    });
    const spots = L.geoJSON(consumers, {
      pointToLayer: (f, at) => L.circleMarker(at, { renderer: canvas, radius: 6, weight: 1, color: "#1d2b36", fillOpacity: 1, fillColor: step(f.properties.short / limits.drop_k) }),
      onEachFeature: say((p) => T("pop_zone", { id: esc(p.id) }), () => T("check_state", { day: esc(day) }), (p) => [
        [T("check_supply"), `${num(p.t)} °C`], [T("check_short"), T("check_most", { value: num(p.short), most: num(limits.drop_k) })],
        [T("check_difference"), `${num(p.dp)} bar`], [T("check_lost"), T("check_lost_plan", { lost: num(p.lost), plan: num(p.plan) })],
        [T("check_line"), `${num(p.v)} m/s`], [T("check_flow"), `${num(p.m)} kg/s`], [T("check_heat"), power(p.q)], [T("check_pump"), `${num(p.pump)} kW`]], () => ""),
    });
    const group = L.layerGroup([lines, spots]);
    switches.addOverlay(group, T("check_layer", { day: esc(day) }));
    let shown = null;
    const key = (on) => {
      if (shown) { shown.remove(); shown = null; }
      if (!on) return;
      shown = L.DomUtil.create("div", "row check", document.querySelector(".legend .inside"));
      shown.innerHTML = `<div><b>${T("check_day", { day: esc(day) })}</b> 0 ${steps.map((c) => `<svg width="16" height="11"><rect width="16" height="11" fill="${c}"/></svg>`).join("")} ${T("check_over")}<br><small>${T("check_key", { supply: num(limits.supply_c), drop: num(limits.drop_k) })}</small></div>`;
    };
    map.on("overlayadd", ({ layer }) => { if (layer === group) key(true); });
    map.on("overlayremove", ({ layer }) => { if (layer === group) key(false); });
  });
})(window.sitingParts = window.sitingParts || {});
