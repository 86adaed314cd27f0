/* The map of a plan, or of many: puts layers, panel, legend, slider and tools together. */
function sitingMap(map, settings) {
  "use strict";
  const parts = window.sitingParts, { t, T, esc } = parts.words;
  parts.words.speak(settings.texts);
  const wide = () => map.getSize().x > 760;
  const $ = (name) => document.querySelector(name);
  const page = { states: [], now: () => 0, waiting: [], check: (found) => page.waiting.push(found) };
  const pane = map.createPane("sheet");
  pane.style.zIndex = 390;
  pane.style.pointerEvents = "none";

  /* labels that do not cover each other, and as little of the pipes as they can */
  let lines = () => [];
  const declutter = () => {
    const taken = [...document.querySelectorAll(".site.on .dot, .panel, .legend, .slider, .leaflet-top .leaflet-control")]
      .filter((e) => e.offsetParent !== null).map((e) => e.getBoundingClientRect());
    const edge = map.getContainer().getBoundingClientRect();
    const free = (r) => r.right < edge.right && r.left > edge.left && r.top > edge.top && taken.every((t) =>
      r.right < t.left || r.left > t.right || r.bottom < t.top || r.top > t.bottom);
    const spots = lines();
    const covered = (r) => spots.filter(([x, y]) => x > r.left - edge.left && x < r.right - edge.left && y > r.top - edge.top && y < r.bottom - edge.top).length;
    document.querySelectorAll(".site.on .tag").forEach((tag) => {
      const places = ["", "left", "above", "below"].map((place) => {
        tag.className = `tag ${place}`;
        const box = tag.getBoundingClientRect();
        return { place, box, covers: free(box) ? covered(box) : Infinity };
      });
      const best = places.reduce((a, b) => b.covers < a.covers ? b : a);
      tag.className = best.covers < Infinity ? `tag ${best.place}` : "tag hidden";
      if (best.covers < Infinity) taken.push(best.box);
    });
  };

  const start = (data, tiles) => {
    const layers = parts.layers(map, data, settings);
    lines = () => layers.spots(6);
    const states = data.states, now = () => states[slider.now()];
    const { tell, hint } = parts.popups(data, now);
    const room = () => wide() ? { autoPanPaddingTopLeft: [panel.offsetWidth + 30, 60], autoPanPaddingBottomRight: [40, 40] } : { autoPanPaddingTopLeft: [10, 76], autoPanPaddingBottomRight: [10, 170] };

    /* sites: markers that keyboards reach */
    const groups = { chosen: L.layerGroup(), rejected: L.layerGroup() };
    const icon = (s) => L.divIcon({
      html: `<span class="dot"></span>${s.chosen ? `<span class="tag">${esc(s.name)}<small>${T(s.assumed ? "site_heat_assumed" : "site_heat", { mw: parts.words.num(s.capacity_mw) })}</small></span>` : ""}`,
      className: `site ${s.chosen ? "on" : "off"}`, iconSize: [0, 0],
    });
    const markers = data.sites.map((s, k) => {
      const made = L.marker(s.at, { icon: icon({}), riseOnHover: true, keyboard: true, alt: t("site_marker", { name: s.name }) });
      made.on("click keypress", (e) => {
        if (e.type === "keypress" && e.originalEvent.key !== "Enter") return;
        L.DomEvent.stop(e);
        open("site", k);
      });
      made.bindTooltip(() => hint.site(layers.facts("site", k)), { direction: "top", offset: [0, -8] });
      return made;
    });
    const place = () => markers.forEach((each, k) => {
      const facts = layers.facts("site", k);
      each.setIcon(icon(facts));
      each.setZIndexOffset(facts.chosen ? 1000 : 0);
      groups[facts.chosen ? "rejected" : "chosen"].removeLayer(each);
      groups[facts.chosen ? "chosen" : "rejected"].addLayer(each);
      each.getElement()?.setAttribute("aria-label", t("site_state", { name: facts.name, state: facts.chosen ? t("site_chosen") : facts.reason }));
    });

    /* what is asked about, in one popup that follows the slider */
    let asked = null;
    const popup = L.popup({ maxWidth: 310, minWidth: 226 });
    const where = (kind, f) => kind === "site" ? L.latLng(data.sites[f].at)
      : parts.middle(layers.shapes[{ pipe: "pipes", zone: "zones" }[kind] || kind], f);
    const open = (kind, f, at) => {
      if (kind === "pipe" && !now().pipeAt.has(f)) return;
      const facts = layers.facts(kind, f);
      asked = { kind, f };
      map.closeTooltip(tip);
      Object.assign(popup.options, room(), { offset: kind === "site" ? [0, -4] : [0, 2] });
      popup.setLatLng(at || where(kind, f)).setContent((tell[kind] || tell.words)(facts));
      popup.openOn(map);
      popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", t("close_popup"));
      map.getContainer().classList.add("asking");
      layers.light(kind === "pipe" || kind === "zone" ? asked : null);
      address.changed();
    };
    map.on("popupclose", (e) => { if (e.popup === popup) { asked = null; layers.light(null); map.getContainer().classList.remove("asking"); address.changed(); } });
    const follow = () => {
      if (!asked) return;
      if (asked.kind === "pipe" && !now().pipeAt.has(asked.f)) popup.close();
      else popup.setContent((tell[asked.kind] || tell.words)(layers.facts(asked.kind, asked.f)));
    };

    /* pointer */
    const reach = () => wide() ? 4 : 10;
    const tip = L.tooltip({ sticky: true, direction: "top", offset: [0, -6] });
    let moved = null;
    const under = () => {
      const e = moved;
      moved = null;
      if (!e || measure.on() || map.dragging.moving()) return;
      const found = layers.sheet.hit(e.latlng, reach());
      const on = found && found.layer.kind ? { kind: found.layer.kind, f: found.feature } : null;
      map.getContainer().style.cursor = on ? "pointer" : "";
      layers.light(on && (on.kind === "pipe" || on.kind === "zone") ? on : asked && (asked.kind === "pipe" || asked.kind === "zone") ? asked : null);
      if (!on || (asked && asked.kind === on.kind && asked.f === on.f)) { map.closeTooltip(tip); return; }
      tip.setLatLng(e.latlng).setContent((hint[on.kind] || hint.words)(layers.facts(on.kind, on.f)));
      if (!map.hasLayer(tip)) map.openTooltip(tip);
    };
    map.on("mousemove", (e) => {
      if (e.originalEvent.target.closest?.(".leaflet-marker-icon, .leaflet-popup")) return;
      if (!moved) requestAnimationFrame(under);
      moved = e;
    });
    map.on("mouseout movestart", () => { moved = null; map.closeTooltip(tip); });
    map.on("click", (e) => {
      if (measure.on()) { measure.add(e.latlng); return; }
      const found = layers.sheet.hit(e.latlng, reach());
      if (found && found.layer.kind) open(found.layer.kind, found.feature, e.latlng);
    });

    /* legend */
    const legend = $(".legend");
    const draw = (width, colour) => `<svg width="34" height="14" aria-hidden="true"><line x1="3" y1="7" x2="31" y2="7" stroke="${colour}" stroke-width="${width}" stroke-linecap="round"/></svg>`;
    const key = () => {
      const classes = layers.classes();
      $(".pipes-key").innerHTML = classes.map((each) => `<div class="row">${draw(each.width, each.colour)}${esc(each.label)} ${esc(layers.unit())}</div>`).join("");
    };
    const named = (look) => {
      const texts = data.reasons.filter((each) => each.look === look).map((each) => each.text);
      return texts.length === 1 ? texts[0] : parts.lookName(look);
    };
    const reasons = () => {
      const count = {};
      now().zones.off.why.forEach((why) => { const look = data.reasons[why].look; count[look] = (count[look] || 0) + 1; });
      const box = $(".reasons-key");
      box.innerHTML = "";
      parts.looks.filter((look) => data.reasons.some((each) => each.look === look)).forEach((look) => {
        const row = L.DomUtil.create("div", "row", box);
        row.append(parts.swatch(look));
        row.insertAdjacentHTML("beforeend", `<span>${esc(named(look))} <em>${(count[look] || 0).toLocaleString("en-GB")}</em></span>`);
      });
    };
    const mode = $(".legend select");
    mode.addEventListener("change", () => { layers.mode(mode.value); key(); address.changed(); });
    if (data.existing) legend.querySelector(".existing-key").hidden = false;
    if (data.barriers) legend.querySelector(".barriers-key").hidden = false;
    if (data.streets.open < data.streets.paths.length) legend.querySelector(".shut-key").hidden = false;
    const corner = L.control({ position: "bottomright" });
    corner.onAdd = () => { L.DomEvent.disableClickPropagation(legend).disableScrollPropagation(legend); legend.hidden = false; return legend; };

    /* one state after the other */
    const panel = $(".panel"), told = $(".panel .state"), brief = $(".panel .brief");
    const show = (k) => {
      const state = states[k];
      layers.use(state);
      told.innerHTML = state.panel;
      brief.textContent = state.brief;
      place();
      reasons();
      follow();
      declutter();
      document.documentElement.dataset.state = String(k);
      address.changed();
    };
    const slider = parts.slider(states, settings.slider, show);

    /* tools */
    const say = (text) => { const box = $(".say"); box.textContent = text; box.hidden = !text; };
    const measure = parts.measure(map, say);
    const copy = async (button) => {
      const link = address.link();
      try { await navigator.clipboard.writeText(link); say(t("link_copied")); }
      catch { say(t("link_there", { link: link.slice(link.indexOf("#")) })); }
      setTimeout(() => { if (!measure.on()) say(""); }, 4000);
      button.focus();
    };
    const tools = parts.toolbar([
      { name: "measure", title: t("measure"), act: (b) => b.setAttribute("aria-pressed", String(measure.toggle())) },
      { name: "print", title: t("print"), act: () => window.print() },
      { name: "link", title: t("link"), act: copy },
    ]);
    document.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      if (measure.on()) { measure.stop(); $(".tools .measure").setAttribute("aria-pressed", "false"); } else popup.close();
    });

    /* layer control */
    const overlays = {
      chosen: [T("layer_chosen"), groups.chosen], rejected: [T("layer_rejected"), groups.rejected],
      pipes: [T("layer_pipes"), layers.made.pipes], services: [T("layer_services"), layers.made.services],
      on: [T("layer_on"), layers.made.on], off: [T("layer_off"), layers.made.off],
      existing: [T("layer_existing"), layers.made.existing], barriers: [T("layer_barriers"), layers.made.barriers],
      repairs: [T("layer_repairs"), layers.made.repairs], streets: [T("layer_streets"), layers.made.streets],
      tiles: [T("layer_tiles"), tiles],
    };
    Object.keys(overlays).forEach((name) => { if (!overlays[name][1]) delete overlays[name]; });
    const usual = Object.keys(overlays).filter((name) => name !== "repairs");
    const shown = () => Object.keys(overlays).filter((name) => map.hasLayer(overlays[name][1]));
    const only = (names) => Object.entries(overlays).forEach(([name, [, layer]]) => {
      if (names.includes(name) !== map.hasLayer(layer)) map[names.includes(name) ? "addLayer" : "removeLayer"](layer);
    });

    /* address */
    const address = parts.address(
      () => {
        const at = map.getCenter(), ids = { pipe: data.pipes.id, zone: data.zones.id };
        const layersNow = shown().join(",");
        return {
          plan: states.length > 1 ? slider.now() + 1 : "",
          map: `${map.getZoom()},${at.lat.toFixed(5)},${at.lng.toFixed(5)}`,
          pipes: layers.mode() === "size" ? "" : layers.mode(),
          layers: layersNow === usual.join(",") ? "" : layersNow || "none",
          sel: !asked ? "" : asked.kind === "site" ? `site:${data.sites[asked.f].id}` : ids[asked.kind] ? `${asked.kind}:${ids[asked.kind][asked.f]}` : "",
        };
      },
      (wanted) => {
        if (wanted.layers) only(wanted.layers.split(","));
        if (wanted.pipes && [...mode.options].some((each) => each.value === wanted.pipes)) { mode.value = wanted.pipes; layers.mode(wanted.pipes); key(); }
        const [zoom, lat, lng] = (wanted.map || "").split(",").map(Number);
        if ([zoom, lat, lng].every(Number.isFinite)) map.setView([lat, lng], zoom, { animate: false });
        const plan = Number(wanted.plan);
        if (Number.isInteger(plan) && plan > 0) slider.go(plan - 1);
        const [kind, ...rest] = (wanted.sel || "").split(":"), id = rest.join(":");
        const f = { site: () => data.sites.findIndex((each) => each.id === id), zone: () => data.zones.id.indexOf(id), pipe: () => data.pipes.id.indexOf(id) }[kind]?.();
        if (f >= 0) open(kind, f);
      });

    /* put it all on the map */
    map.attributionControl.setPrefix(false);
    if (settings.attribution) map.attributionControl.addAttribution(esc(settings.attribution));
    if (tiles) parts.fallback(map, tiles);
    if (!wide()) { panel.removeAttribute("open"); legend.removeAttribute("open"); }
    const items = [
      ...data.sites.map((each, f) => ({ kind: "site", f, name: each.name, id: each.id })),
      ...data.zones.id.map((id, f) => ({ kind: "zone", f, name: data.zones.name[f], id })),
    ].map((each) => ({ ...each, key: `${each.name} ${each.id}`.toLowerCase() }));
    const layerOf = (kind, f) => kind === "site" ? groups[now().sites[f].chosen ? "chosen" : "rejected"] : layers.made[now().onAt.has(f) ? "on" : "off"];
    parts.search(items, ({ kind, f }) => {
      const layer = layerOf(kind, f);
      if (!map.hasLayer(layer)) map.addLayer(layer);
      map.setView(where(kind, f), Math.max(map.getZoom(), Math.min(17, settings.zoom + 2)), { animate: false });
      open(kind, f);
    }).addTo(map);
    tools.addTo(map);
    layers.use(states[slider.now()]);
    const switches = L.control.layers(null, Object.fromEntries(Object.values(overlays)), { collapsed: !wide() || map.getSize().y < 700, sortLayers: false }).addTo(map);
    switches.getContainer().querySelector(".leaflet-control-layers-toggle").title = t("layers");
    only(usual);
    corner.addTo(map);
    const below = states.length > 1 ? map.getSize().y - $(".slider").offsetTop + 12 : 40;
    const around = wide() ? { paddingTopLeft: [panel.offsetWidth + 24, 60], paddingBottomRight: [map.getSize().x > 1180 ? legend.offsetWidth + 24 : 20, below] }
      : { paddingTopLeft: [46, 76], paddingBottomRight: [30, below] };
    if (settings.bounds) map.fitBounds(settings.bounds, { ...around, maxZoom: 17, animate: false });
    settings.zoom = map.getZoom();
    key();
    show(slider.now());
    slider.draw();
    map.on("moveend zoomend", () => { declutter(); address.changed(); });
    map.on("overlayadd overlayremove", () => { declutter(); address.changed(); });
    [legend, panel].forEach((each) => each.addEventListener("toggle", declutter));
    const covered = () => !wide() ? { left: 0, right: 0, below: 0 } : {
      left: panel.offsetWidth + 20, right: legend.open ? legend.offsetWidth + 20 : 0, below: states.length > 1 ? map.getSize().y - $(".slider").offsetTop : 0,
    };
    parts.printing(map, panel, covered, () => { measure.stop(); panel.setAttribute("open", ""); legend.setAttribute("open", ""); }, layers.finish);
    Object.assign(page, { states, data, layers, slider, open, shown, where, check: parts.check(map, switches) });
    page.waiting.forEach(page.check);
    address.start();
    declutter();
    document.documentElement.dataset.ready = "yes";
  };

  document.documentElement.lang = settings.language;
  /* inside the map, so that they are there in full screen, too */
  [".panel", ".slider", ".say"].forEach((name) => {
    const box = $(name);
    L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
    map.getContainer().append(box);
  });
  map.getContainer().setAttribute("aria-label", t("name", { title: document.title }));
  map.getContainer().setAttribute("role", "application");
  L.control.zoom({ position: "topleft", zoomInTitle: t("zoom_in"), zoomOutTitle: t("zoom_out") }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
  settings.zoom = map.getZoom();
  page.finish = ({ tiles }) => {
    parts.unpack($("#siting-data").textContent.trim()).then((data) => start(data, tiles)).catch((error) => {
      const box = $(".say");
      box.hidden = false;
      box.textContent = t("old_browser");
      throw error;
    });
  };
  return page;
}
