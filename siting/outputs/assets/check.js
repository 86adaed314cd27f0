/* The page of a check: layers with their own colours, popups, layer control. Needs Leaflet only. */
function checkMap(map, settings) {
  "use strict";
  document.documentElement.lang = settings.language;
  const esc = (text) => String(text ?? "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const canvas = L.canvas({ padding: 0.3, tolerance: 5 });
  const isArea = (f) => /Polygon/.test(f.geometry.type);
  const style = (f) => (f.properties.s ? {
    color: "#111827", weight: 3, opacity: 1, fillColor: f.properties.c, fillOpacity: 0.9,
  } : {
    color: f.properties.c, weight: isArea(f) ? 1.2 : 2.6, opacity: 0.9,
    fillColor: f.properties.c, fillOpacity: isArea(f) ? 0.25 : 0.9,
  });
  const spot = (feature, latlng, options) =>
    L.circleMarker(latlng, { ...options, radius: feature.properties.s ? 9 : 5 });
  const speak = (feature, layer) => {
    const p = feature.properties;
    layer.bindPopup(() => `<div class="pop"><h4>${esc(p.t)}</h4><table>${p.r
      .map(([k, v]) => `<tr><td>${esc(k)}</td><td>${esc(v)}</td></tr>`).join("")}</table>${p.n
      .map((each) => `<p class="note">${esc(each)}</p>`).join("")}</div>`, { maxWidth: 320 });
  };
  const finish = (layers) => {
    map.attributionControl.setPrefix(false);
    if (settings.attribution) map.attributionControl.addAttribution(esc(settings.attribution));
    const overlays = {};
    layers.forEach(([layer, name, colour, shown]) => {
      overlays[`<i class="key" style="background:${colour}"></i>${esc(name)}`] = layer;
      if (!shown) map.removeLayer(layer);
    });
    const control = L.control.layers(null, overlays, { collapsed: map.getSize().x < 900, sortLayers: false }).addTo(map);
    control.getContainer().querySelector(".leaflet-control-layers-toggle").title = settings.texts.layers;
    map.on("popupopen", ({ popup }) => popup.getElement().querySelector(".leaflet-popup-close-button")
      .setAttribute("aria-label", settings.texts.close_popup));
    const headed = () => {
      const labels = control.getContainer().querySelectorAll(".leaflet-control-layers-overlays > label");
      if (control.getContainer().querySelector(".group")) return;
      labels.forEach((label, n) => {
        if (n && layers[n][4] === layers[n - 1][4]) return;
        label.insertAdjacentHTML("beforebegin", `<div class="group">${esc(layers[n][4])}</div>`);
      });
    };
    headed();
    map.on("overlayadd overlayremove", () => setTimeout(headed));
    L.control.zoom({ position: "bottomright", zoomInTitle: settings.texts.zoom_in, zoomOutTitle: settings.texts.zoom_out }).addTo(map);
    const order = () => layers.forEach(([layer]) => { if (map.hasLayer(layer)) layer.bringToFront(); });
    map.on("overlayadd", order);
    const wide = map.getSize().x > 700;
    const beside = map.getSize().x > 1000 ? control.getContainer().offsetWidth : 0;
    if (!wide) document.querySelector(".panel").removeAttribute("open");
    if (settings.bounds) map.fitBounds(settings.bounds, {
      paddingTopLeft: wide ? [380, 20] : [20, 90], paddingBottomRight: [20 + beside, 20], maxZoom: 18, animate: false });
    order();
    document.documentElement.dataset.ready = "yes";
  };
  L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
  return { canvas, style, spot, speak, finish };
}
