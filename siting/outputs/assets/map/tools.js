/* Buttons beside the map: measure, print, copy the address; and what paper needs. */
(function (parts) {
  "use strict";
  const { t, metres, area } = parts.words;
  const ICONS = {
    measure: '<path d="M2 13.5 13.5 2l4.5 4.5L6.5 18z"/><path d="m5.5 10 2 2M8 7.5l2.5 2.5M10.5 5l2 2"/>',
    print: '<path d="M5.5 7V2.5h9V7M5.5 14.5H3V7h14v7.5h-2.5"/><path d="M5.5 12h9v5.5h-9z"/>',
    link: '<path d="M8.5 11.5a3 3 0 0 0 4.300 0l2.900-2.900a3 3 0 0 0-4.300-4.300l-1 1M11.5 8.5a3 3 0 0 0-4.300 0l-2.900 2.900a3 3 0 0 0 4.300 4.300l1-1"/>',
  };

  /* an area on the sphere, from corners in degrees [m2] */
  const ringArea = (corners) => {
    const rad = Math.PI / 180;
    let sum = 0;
    corners.forEach((a, i) => {
      const b = corners[(i + 1) % corners.length];
      sum += (b.lng - a.lng) * rad * (2 + Math.sin(a.lat * rad) + Math.sin(b.lat * rad));
    });
    return Math.abs(sum * 6371008.8 ** 2 / 2);
  };

  parts.measure = (map, say) => {
    let corners = [], on = false;
    const line = L.polyline([], { color: "#111b24", weight: 2.5, dashArray: "6 5", interactive: false });
    const dots = L.layerGroup();
    const show = () => {
      line.setLatLngs(corners);
      dots.clearLayers();
      corners.forEach((at) => L.circleMarker(at, { radius: 4, color: "#111b24", weight: 2, fillColor: "#fff", fillOpacity: 1, interactive: false }).addTo(dots));
      const far = corners.slice(1).reduce((sum, at, i) => sum + map.distance(corners[i], at), 0);
      say(corners.length < 2 ? t("measure_how") : corners.length < 3 ? metres(far)
        : t("measured_area", { length: metres(far), area: area(ringArea(corners)) }));
    };
    const stop = () => {
      if (!on) return;
      on = false; corners = [];
      line.remove(); dots.remove();
      map.getContainer().classList.remove("measuring");
      say("");
    };
    return {
      on: () => on,
      stop,
      toggle: () => {
        if (on) { stop(); return false; }
        on = true;
        line.addTo(map); dots.addTo(map);
        map.getContainer().classList.add("measuring");
        show();
        return true;
      },
      add: (latlng) => { corners.push(latlng); show(); },
    };
  };

  parts.toolbar = (buttons) => {
    const bar = L.control({ position: "topleft" });
    bar.onAdd = () => {
      const box = L.DomUtil.create("div", "leaflet-bar tools");
      L.DomEvent.disableClickPropagation(box);
      buttons.forEach(({ name, title, act }) => {
        const button = L.DomUtil.create("button", name, box);
        button.type = "button";
        button.title = title;
        button.setAttribute("aria-label", title);
        button.innerHTML = `<svg viewBox="0 0 20 20" width="19" height="19" aria-hidden="true">${ICONS[name]}</svg>`;
        button.addEventListener("click", () => act(button));
      });
      return box;
    };
    return bar;
  };

  /* on paper the map is as large as a page, whatever the window was, and shows what was not covered */
  const PAPER = { wide: 1060, high: 728, left: 312, below: 74, edge: 8 };
  parts.printing = (map, panel, covered, before, after) => {
    const box = map.getContainer();
    let kept = null;
    const resize = (width, height) => {
      Object.assign(box.style, { width, height });
      map.invalidateSize({ animate: false, pan: false });
    };
    window.addEventListener("beforeprint", () => {
      const { left, right, below } = covered(), size = map.getSize();
      const seen = L.latLngBounds(map.containerPointToLatLng([left, 0]), map.containerPointToLatLng([size.x - right, size.y - below]));
      kept = { at: map.getCenter(), zoom: map.getZoom() };
      before();
      box.classList.add("paper");
      resize(`${PAPER.wide}px`, `${PAPER.high}px`);
      panel.style.zoom = Math.min(1, (PAPER.high - 2 * PAPER.edge) / panel.scrollHeight);
      map.fitBounds(seen, { paddingTopLeft: [PAPER.left, PAPER.edge], paddingBottomRight: [PAPER.edge, PAPER.below], animate: false });
      after();
    });
    window.addEventListener("afterprint", () => {
      box.classList.remove("paper");
      panel.style.zoom = "";
      resize("", "");
      map.setView(kept.at, kept.zoom, { animate: false });
    });
  };

  /* online tiles step aside when there is no network */
  parts.fallback = (map, tiles) => {
    let failed = 0, loaded = 0;
    tiles.on("tileload", () => { loaded += 1; });
    tiles.on("tileerror", () => {
      failed += 1;
      if (failed < 4 || loaded || !map.hasLayer(tiles)) return;
      map.removeLayer(tiles);
      map.attributionControl.addAttribution(parts.words.T("tiles_gone"));
    });
  };
})(window.sitingParts = window.sitingParts || {});
