/* The map of a plan: styles per class, popups, search, labels. Needs Leaflet only. */
function sitingMap(map, settings) {
  "use strict";
  const wide = () => map.getSize().x > 700;
  const pane = (name, z, events) => {
    const made = map.createPane(name);
    made.style.zIndex = z;
    if (!events) made.style.pointerEvents = "none";
    return name;
  };
  pane("streets", 340, false);
  const streetCanvas = L.canvas({ pane: "streets", padding: 0.3 });
  const canvas = L.canvas({ padding: 0.3, tolerance: wide() ? 3 : 8 });

  /* words and numbers */
  const esc = (text) => String(text ?? "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const known = (x) => x !== null && x !== undefined && !Number.isNaN(x);
  const num = (x, digits = 3) => !known(x) ? "–" : x === 0 ? "0" : Math.abs(x) >= 10 ** (digits - 1)
    ? Math.round(x).toLocaleString("en-GB") : Number(x.toPrecision(digits)).toLocaleString("en-GB", { maximumFractionDigits: 6 });
  const heat = (mwh) => Math.abs(mwh) >= 10000 ? `${num(mwh / 1000)} GWh/a` : `${num(mwh)} MWh/a`;
  const power = (kw) => Math.abs(kw) >= 1000 ? `${num(kw / 1000)} MW` : `${num(kw)} kW`;
  const euro = (x) => Math.abs(x) >= 1e6 ? `${num(x / 1e6)} M EUR` : `${(Math.abs(x) >= 1e4 ? Math.round(x / 1000) * 1000 : Math.round(x)).toLocaleString("en-GB")} EUR`;
  const percent = (x) => `${num(100 * x, 2)} %`;
  const rows = (pairs) => `<table>${pairs.filter(([, v]) => v !== "" && v !== null)
    .map(([k, v]) => `<tr><td>${k}</td><td>${v}</td></tr>`).join("")}</table>`;
  const pop = (title, state, pairs, note) => `<div class="pop"><h4>${title}</h4>` +
    `<p class="state">${state}</p>${rows(pairs)}${note ? `<p class="note">${note}</p>` : ""}</div>`;
  const text = (place) => settings.texts[place] ?? "";
  const sentence = (text) => esc(text.charAt(0).toUpperCase() + text.slice(1));

  /* what each layer says */
  const pipeTitle = (p) => esc(p.dn);
  const tell = {
    pipe: (p) => pop(pipeTitle(p) + (p.street ? ` · ${esc(p.street)}` : ""), esc(p.kind), [
      ["Trench length", `${num(p.length_m)} m`],
      ["Heat flow at full load", power(p.flow_mw * 1000)],
      ["Capacity of this size", known(p.capacity_mw) ? power(p.capacity_mw * 1000) : ""],
      ["Capacity used", known(p.used) ? percent(p.used) : ""],
      ["Heat loss", `${num(p.loss_kw)} kW`],
      ["Cost", euro(p.cost_eur)],
    ], `Pipe ${esc(p.id)}`),
    zone: (p) => pop(esc(p.name), p.served ? "<b>Served</b>" : `Not served: ${esc(text(p.reason))}`, [
      ["Heat demand", heat(p.demand_mwh)],
      ["Waste heat delivered", p.served ? heat(p.heat_mwh) : ""],
      ["Share from waste heat", p.served ? percent(p.share) : ""],
      ["Peak demand", known(p.peak_kw) ? power(p.peak_kw) : ""],
      ["Waste-heat capacity", p.served ? power(p.base_mw * 1000) : ""],
      ["Cost of connection", p.served ? euro(p.cost_eur) : ""],
    ], [p.name === p.id ? "" : `Zone ${esc(p.id)}`, p.estimated ? `Estimated: ${esc(text(p.estimated))}` : ""].filter(Boolean).join("<br>")),
    site: (p) => pop(esc(p.name), (p.chosen ? "<b>Chosen</b>" : `Not chosen: ${esc(p.reason)}`) + (p.assumed ? " <mark>IT load assumed</mark>" : ""), [
      known(p.given_kw)
        ? ["Heat at its own temperature", `${num(p.given_kw / 1000)} MW`]
        : ["IT load", known(p.it_load_mw) ? `${num(p.it_load_mw)} MW` : "–"],
      ["Cooling", esc(p.cooling)],
      ["Connection", esc(p.option)],
      ["Heat output installed", p.chosen ? `${num(p.capacity_mw)} MW` : ""],
      ["Heat output possible", known(p.most_mw) ? `${num(p.most_mw)} MW` : ""],
      ["Heat fed in", p.chosen ? heat(p.heat_mwh) : ""],
      ["Electricity for heat pump", p.chosen && p.power_mwh > 0 ? heat(p.power_mwh) : ""],
      ["Heat per electricity (COP)", known(p.cop) ? num(p.cop, 2) : ""],
      ["Cost", p.chosen ? euro(p.cost_eur) : ""],
    ], p.name === p.id ? "" : `Site ${esc(p.id)}`),
  };
  const hint = {
    pipe: (p) => `<b>${pipeTitle(p)}</b> ${power(p.flow_mw * 1000)}${p.street ? ` · ${esc(p.street)}` : ""}`,
    zone: (p) => `<b>${esc(p.name)}</b><br>` + (p.served
      ? `${heat(p.heat_mwh)}, ${percent(p.share)} from waste heat` : sentence(text(p.reason))),
    site: (p) => `<b>${esc(p.name)}</b><br>` + (p.chosen ? `${num(p.capacity_mw)} MW heat` : sentence(p.reason)),
  };
  const speak = (kind) => (feature, layer) => {
    layer.bindPopup(() => tell[kind](feature.properties), { maxWidth: 300, minWidth: 220, autoPanPaddingTopLeft: wide() ? [335, 20] : [10, 126] });
    if (kind !== "site" || !feature.properties.chosen)
      layer.bindTooltip(() => hint[kind](feature.properties), { sticky: kind !== "site", direction: "top", offset: [0, -6] });
    if (layer.setStyle && kind !== "site") layer.on({ mouseover: () => glow(layer, true), mouseout: () => glow(layer, false) });
  };
  const glow = (layer, on) => {
    const kept = layer._kept ?? (layer._kept = { weight: layer.options.weight, color: layer.options.color });
    layer.setStyle(on ? { weight: kept.weight + 2, color: "#111b24" } : kept);
    if (!on) layer._kept = undefined;
  };

  /* styles, one for each class */
  const scale = () => Math.min(1.7, Math.max(0.6, 1 + 0.17 * (map.getZoom() - settings.zoom)));
  const width = (k) => settings.pipes[k].width * scale();
  const quiet = { fillColor: "#e4dfd4", fillOpacity: 0.75, color: "#bdb5a6", weight: 0.7, opacity: 1 };
  const style = {
    street: { renderer: streetCanvas, pane: "streets", interactive: false, color: "#d3cec3", weight: 1.4, opacity: 1, smoothFactor: 1.2 },
    off: () => quiet,
    on: (f) => ({ fillColor: settings.shares[f.properties.k].colour, fillOpacity: 0.92, color: "#2d5d63", weight: 0.8, opacity: 0.85 }),
    casing: (f) => ({ color: "#ffffff", weight: width(f.properties.k) + 3.2, opacity: 0.95, lineCap: "round" }),
    pipe: (f) => ({ color: settings.pipes[f.properties.k].colour, weight: width(f.properties.k), opacity: 1, lineCap: "round" }),
    service: (f) => ({ color: settings.pipes[f.properties.k].colour, weight: Math.max(1, 1.5 * scale()), opacity: 0.9 }),
  };
  const spot = (feature, latlng, options) => L.circleMarker(latlng, { ...options, radius: 5 });
  const label = (p) => `<span class="tag">${esc(p.name)}<small>${num(p.capacity_mw)} MW heat${p.assumed ? " · assumed" : ""}</small></span>`;
  const marker = (feature, latlng) => {
    const p = feature.properties;
    const html = `<span class="dot"></span>${p.chosen ? label(p) : ""}`;
    const icon = L.divIcon({ html, className: `site ${p.chosen ? "on" : "off"}`, iconSize: [0, 0] });
    return L.marker(latlng, { icon, alt: `Site ${p.name}`, zIndexOffset: p.chosen ? 1000 : 0, riseOnHover: true });
  };

  /* labels that do not cover each other */
  const declutter = () => {
    const taken = [...document.querySelectorAll(".site.on .dot, .panel, .legend")].map((e) => e.getBoundingClientRect());
    const edge = map.getContainer().getBoundingClientRect();
    const free = (r) => r.right < edge.right && r.left > edge.left && r.top > edge.top && taken.every((t) =>
      r.right < t.left || r.left > t.right || r.bottom < t.top || r.top > t.bottom);
    document.querySelectorAll(".site.on .tag").forEach((tag) => {
      const places = ["", "left", "above", "below"];
      const good = places.find((place) => { tag.className = `tag ${place}`; return free(tag.getBoundingClientRect()); });
      if (good === undefined) tag.className = "tag hidden";
      else taken.push(tag.getBoundingClientRect());
    });
  };

  /* search by name or id, over all sites and zones */
  const search = (layers) => {
    const items = [];
    layers.forEach(([kind, layer]) => layer.eachLayer((each) => {
      const p = each.feature.properties;
      items.push({ kind, each, p, key: `${p.name} ${p.id}`.toLowerCase() });
    }));
    const box = L.DomUtil.create("div", "search");
    box.innerHTML = '<input class="card" type="search" placeholder="Find a site or zone" aria-label="Find a site or zone"><ul class="card"></ul>';
    const [input, list] = [box.firstChild, box.lastChild];
    L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
    let hits = [];
    const show = (item) => {
      list.innerHTML = ""; input.value = item.p.name; input.blur();
      const layer = layers.find(([, l]) => l.hasLayer(item.each))[1];
      if (!map.hasLayer(layer)) map.addLayer(layer);
      const at = item.each.getLatLng ? item.each.getLatLng() : item.each.getBounds().getCenter();
      map.setView(at, Math.max(map.getZoom(), Math.min(17, settings.zoom + 2)), { animate: false });
      item.each.openPopup(at);
    };
    input.addEventListener("input", () => {
      const want = input.value.trim().toLowerCase();
      hits = want ? items.filter((i) => i.key.includes(want)).slice(0, 8) : [];
      list.innerHTML = hits.map((i, n) => `<li data-n="${n}">${esc(i.p.name)} <small>${i.kind} ${i.p.name === i.p.id ? "" : esc(i.p.id)}</small></li>`).join("")
        || (want ? "<li><small>Nothing found</small></li>" : "");
    });
    input.addEventListener("keydown", (e) => { if (e.key === "Enter" && hits.length) show(hits[0]); if (e.key === "Escape") { input.value = ""; list.innerHTML = ""; } });
    list.addEventListener("click", (e) => { const li = e.target.closest("li[data-n]"); if (li) show(hits[+li.dataset.n]); });
    const control = L.control({ position: "topright" });
    control.onAdd = () => box;
    return control;
  };

  /* online tiles step aside when there is no network */
  const fallback = (tiles) => {
    let failed = 0, loaded = 0;
    tiles.on("tileload", () => { loaded += 1; });
    tiles.on("tileerror", () => {
      failed += 1;
      if (failed < 4 || loaded || !map.hasLayer(tiles)) return;
      map.removeLayer(tiles);
      map.attributionControl.addAttribution("base map offline, streets only");
    });
  };

  /* on paper the map is as large as a page, whatever the window was */
  const printing = () => {
    const box = map.getContainer();
    let kept = null;
    const resize = (width, height) => {
      Object.assign(box.style, { width, height });
      map.invalidateSize({ animate: false, pan: false });
    };
    window.addEventListener("beforeprint", () => {
      kept = { at: map.getCenter(), zoom: map.getZoom(), bounds: map.getBounds() };
      resize("1060px", "728px");
      map.fitBounds(kept.bounds, { animate: false });
    });
    window.addEventListener("afterprint", () => {
      resize("", "");
      map.setView(kept.at, kept.zoom, { animate: false });
    });
  };

  /* the hydraulic check: pipes by velocity over its cap, zones by what is missing of the supply temperature */
  let switches = null;
  const steps = ["#2b7a5b", "#8fbf6a", "#f2c14e", "#e5803f", "#c1272d"];
  const step = (x) => steps[x > 1.05 ? 4 : Math.max(0, Math.min(3, Math.floor(4 * x / 1.05)))];
  const check = ({ limits, days }) => days.forEach(({ day, pipes, consumers }) => {
    const say = (title, state, pairs, note) => (f, layer) => layer.bindPopup(
      () => pop(title(f.properties), state(f.properties), pairs(f.properties), note(f.properties)), { maxWidth: 300, minWidth: 220 });
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
    map.on("overlayadd", ({ layer }) => {
      if (map.hasLayer(group)) { lines.bringToFront(); spots.bringToFront(); }
      if (layer === group) key(true);
    });
    map.on("overlayremove", ({ layer }) => { if (layer === group) key(false); });
    let shown = null;
    const key = (on) => {
      if (shown) { shown.remove(); shown = null; }
      if (!on) return;
      shown = L.DomUtil.create("div", "row check", document.querySelector(".legend .inside"));
      shown.innerHTML = `<div><b>${day} day</b> 0 ${steps.map((c) => `<svg width="16" height="11"><rect width="16" height="11" fill="${c}"/></svg>`).join("")} over the limit<br><small>pipes: velocity over its cap; zones: below ${num(limits.supply_c)} °C, limit ${num(limits.drop_k)} K</small></div>`;
    };
  });

  const finish = ({ streets, off, on, casing, pipes, services, rejected, chosen, tiles }) => {
    map.attributionControl.setPrefix(false);
    if (settings.attribution) map.attributionControl.addAttribution(esc(settings.attribution));
    if (tiles) fallback(tiles);
    const panel = document.querySelector(".panel");
    const legend = document.querySelector(".legend");
    if (!wide()) { panel.removeAttribute("open"); legend.removeAttribute("open"); }
    search([["site", chosen], ["site", rejected], ["zone", on], ["zone", off]]).addTo(map);
    const trunk = L.layerGroup([casing, pipes]).addTo(map);
    const overlays = { "Chosen sites": chosen, "Other candidate sites": rejected, "Heat pipes": trunk,
      "Service lines": services, "Zones served": on, "Zones not served": off, "Streets": streets };
    if (tiles) overlays["Base map (online)"] = tiles;
    switches = L.control.layers(null, overlays, { collapsed: !wide(), sortLayers: false }).addTo(map);
    const key = L.control({ position: "bottomright" });
    key.onAdd = () => { L.DomEvent.disableClickPropagation(legend).disableScrollPropagation(legend); legend.hidden = false; return legend; };
    key.addTo(map);
    L.control.zoom({ position: "bottomleft" }).addTo(map);
    const order = () => [off, on, services, casing, pipes].forEach((layer) => { if (map.hasLayer(layer)) layer.bringToFront(); });
    map.on("overlayadd", order);
    map.on("zoomend", () => { casing.setStyle(style.casing); pipes.setStyle(style.pipe); services.setStyle(style.service); });
    map.on("zoomend moveend", declutter);
    legend.addEventListener("toggle", declutter);
    panel.addEventListener("toggle", declutter);
    const around = { paddingTopLeft: wide() ? [340, 30] : [20, 90], paddingBottomRight: map.getSize().x > 1100 ? [256, 30] : [20, 60], maxZoom: 17 };
    if (settings.bounds) map.fitBounds(settings.bounds, { ...around, animate: false });
    settings.zoom = map.getZoom();
    casing.setStyle(style.casing); pipes.setStyle(style.pipe); services.setStyle(style.service);
    order(); declutter();
    printing();
    document.documentElement.dataset.ready = "yes";
  };

  L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
  settings.zoom = map.getZoom();
  return { canvas, style, spot, marker, speak, check, finish };
}
