/* The hydraulic check: pipes by velocity over its cap, zones by what is missing of the supply temperature. */
(function (parts) {
  "use strict";
  const { esc, num, power, pop } = parts.words;
  const steps = ["#2b7a5b", "#8fbf6a", "#f2c14e", "#e5803f", "#c1272d"];
  const step = (x) => steps[x > 1.05 ? 4 : Math.max(0, Math.min(3, Math.floor(4 * x / 1.05)))];

  parts.check = (map, switches) => ({ limits, days }) => days.forEach(({ day, pipes, consumers }) => {
    const canvas = L.canvas({ padding: 0.3, tolerance: 3 });
    const say = (title, state, pairs, note) => (f, layer) => layer.bindPopup(
      () => pop(title(f.properties), state(f.properties), pairs(f.properties), [note(f.properties)]), { maxWidth: 300, minWidth: 220 });
    const lines = L.geoJSON(pipes, {
      renderer: canvas, style: (f) => ({ color: step(f.properties.v / f.properties.cap), weight: 5, opacity: 1, lineCap: "round" }),
      onEachFeature: say((p) => esc(p.dn), () => `Water on the ${day} day`, (p) => [
        ["Velocity", `${num(p.v)} m/s, cap ${num(p.cap)} m/s`], ["Pressure drop", `${num(p.r)} Pa/m`], ["Flow", `${num(p.m)} kg/s`],
        ["Heat loss", `${num(p.loss)} kW`], ["Better size", esc(p.advice)]], (p) => `Pipe ${esc(p.id)}`),
    });
    const spots = L.geoJSON(consumers, {
      pointToLayer: (f, at) => L.circleMarker(at, { renderer: canvas, radius: 6, weight: 1, color: "#1d2b36", fillOpacity: 1, fillColor: step(f.properties.short / limits.drop_k) }),
      onEachFeature: say((p) => `Zone ${esc(p.id)}`, () => `Water on the ${day} day`, (p) => [
        ["Supply temperature", `${num(p.t)} °C`], ["Below the plan", `${num(p.short)} K, at most ${num(limits.drop_k)} K`],
        ["Pressure difference", `${num(p.dp)} bar`], ["Pressure lost out and back", `${num(p.lost)} bar, plan ${num(p.plan)} bar`],
        ["Velocity in its line", `${num(p.v)} m/s`], ["Flow", `${num(p.m)} kg/s`], ["Heat", power(p.q)], ["Share of pump power", `${num(p.pump)} kW`]], () => ""),
    });
    const group = L.layerGroup([lines, spots]);
    switches.addOverlay(group, `Pressure and temperature, ${day} day`);
    let shown = null;
    const key = (on) => {
      if (shown) { shown.remove(); shown = null; }
      if (!on) return;
      shown = L.DomUtil.create("div", "row check", document.querySelector(".legend .inside"));
      shown.innerHTML = `<div><b>${day} day</b> 0 ${steps.map((c) => `<svg width="16" height="11"><rect width="16" height="11" fill="${c}"/></svg>`).join("")} over the limit<br><small>pipes: velocity over its cap; zones: below ${num(limits.supply_c)} °C, limit ${num(limits.drop_k)} K</small></div>`;
    };
    map.on("overlayadd", ({ layer }) => { if (layer === group) key(true); });
    map.on("overlayremove", ({ layer }) => { if (layer === group) key(false); });
  });
})(window.sitingParts = window.sitingParts || {});
