/* The layers of the map: packed shapes, styled by class, that follow the state shown. */
(function (parts) {
  "use strict";
  const { t } = parts.words;
  const SERVICE = 1.5;
  const FAR = 13.25; /* from farther away pipes have no casing and no arrows */
  const MOST_SPOTTED = 2000;
  const PLAIN = "#e9e4d9", EDGE = "#b4ab9a";

  /* fine marks on a plain ground: readable without colour */
  const hatch = (look) => {
    if (look === "dear") return null;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.strokeStyle = "#968c7c"; pen.fillStyle = "#968c7c"; pen.lineWidth = 0.9;
    const line = (...p) => { pen.beginPath(); pen.moveTo(p[0], p[1]); pen.lineTo(p[2], p[3]); pen.stroke(); };
    if (look === "capacity") { line(-1, 9, 9, -1); line(-1, 1, 1, -1); line(7, 9, 9, 7); }
    if (look === "forbidden") { line(0, 0, 8, 8); line(0, 8, 8, 0); }
    if (look === "other") line(0, 4, 8, 4);
    if (look === "reach") { pen.fillRect(1, 1, 2, 2); pen.fillRect(5, 5, 2, 2); }
    return pen.createPattern(tile, "repeat");
  };
  parts.looks = ["dear", "capacity", "reach", "forbidden", "other"];
  parts.lookName = (look) => ({
    dear: t("look_dear"), capacity: t("look_capacity"), reach: t("look_reach"), forbidden: t("look_forbidden"), other: t("look_other"),
  })[look];
  parts.swatch = (look) => {
    const box = document.createElement("canvas");
    box.width = 32; box.height = 20; box.className = "swatch";
    const pen = box.getContext("2d");
    pen.scale(2, 2);
    pen.fillStyle = PLAIN; pen.fillRect(0, 0, 16, 10);
    const marks = hatch(look);
    if (marks) { pen.fillStyle = marks; pen.fillRect(0, 0, 16, 10); }
    pen.strokeStyle = EDGE; pen.strokeRect(0.5, 0.5, 15, 9);
    return box;
  };

  parts.layers = (map, data, settings) => {
    const sheet = new parts.Sheet(), above = new parts.Sheet();
    sheet.addTo(map);
    above.addTo(map);
    const shapes = {};
    ["pipes", "zones", "streets", "existing", "barriers", "repairs"].forEach((name) => { if (data[name]) shapes[name] = parts.shapes(data[name]); });
    const finders = Object.fromEntries(Object.entries(shapes).map(([name, each]) => [name, parts.finder(each)]));
    const marks = Object.fromEntries(parts.looks.map((look) => [look, hatch(look)]));
    let mode = "size", state = null, glow = null;

    /* the pipes and zones of a state, by feature */
    const use = (next) => {
      state = next;
      if (!state.pipeAt) {
        state.pipeAt = new Map(state.pipes.line.map((f, k) => [f, k]));
        state.onAt = new Map(state.zones.on.zone.map((f, k) => [f, k]));
        state.offAt = new Map(state.zones.off.zone.map((f, k) => [f, k]));
        state.groups = {};
      }
      sheet.redraw();
      above.redraw();
    };
    const pipe = (f) => {
      const k = state.pipeAt.get(f), row = { f };
      ["id", "kind", "service", "street", "length_m"].forEach((name) => { row[name] = data.pipes[name][f]; });
      Object.entries(state.pipes).forEach(([name, column]) => { row[name] = column[k]; });
      return row;
    };
    const zone = (f) => {
      const row = { f };
      ["id", "name", "demand_mwh", "peak_kw", "estimated"].forEach((name) => { row[name] = data.zones[name][f]; });
      row.served = state.onAt.has(f);
      const [from, k] = row.served ? [state.zones.on, state.onAt.get(f)] : [state.zones.off, state.offAt.get(f)];
      Object.entries(from).forEach(([name, column]) => { row[name] = column[k]; });
      if (!row.served) { row.reason = data.reasons[row.why].text; row.look = data.reasons[row.why].look; }
      return row;
    };
    const site = (k) => ({ f: k, ...data.sites[k], ...state.sites[k] });

    /* how wide and in which colour pipes are, by what the reader wants to see */
    const value = {
      flow: (k) => state.pipes.flow_mw[k],
      cost: (k) => state.pipes.cost_eur[k] / data.pipes.length_m[state.pipes.line[k]],
      loss: (k) => 1000 * state.pipes.loss_kw[k] / data.pipes.length_m[state.pipes.line[k]],
    };
    const classesOf = () => mode === "size" ? data.looks.sizes : data.looks.ladders[mode].classes;
    const classOf = (k) => {
      if (mode === "size") return state.pipes.k[k];
      const limits = data.looks.ladders[mode].limits, x = value[mode](k);
      let place = 0;
      while (place < limits.length && x >= limits[place]) place += 1;
      return place;
    };
    const scale = () => Math.min(1.8, Math.max(0.3, 1 + 0.18 * (map.getZoom() - 15)));
    const groups = () => {
      if (!state.groups[mode]) {
        const count = classesOf().length;
        const made = { trunk: Array.from({ length: count }, () => []), service: Array.from({ length: count }, () => []) };
        state.pipes.line.forEach((f, k) => made[data.pipes.service[f] ? "service" : "trunk"][classOf(k)].push(f));
        state.groups[mode] = made;
      }
      return state.groups[mode];
    };
    const widthOf = (k) => classesOf()[k].width * scale();

    const paintTrunk = function* (pen, view) {
      const own = groups().trunk, classes = classesOf();
      if (view.zoom >= FAR) yield* parts.strokeGroups(pen, view, shapes.pipes, own.map((ids, k) => ({ ids, colour: "#ffffff", width: widthOf(k) + 3.2 })));
      yield* parts.strokeGroups(pen, view, shapes.pipes, own.map((ids, k) => ({ ids, colour: classes[k].colour, width: widthOf(k) })));
      if (view.zoom < FAR) return;
      for (const [k, ids] of own.entries()) {
        yield* parts.arrows(pen, view, shapes.pipes, ids, ids.map((f) => state.pipes.back[state.pipeAt.get(f)]),
          () => ({ colour: "#1d2b36", size: 2.4 + 0.45 * widthOf(k), least: 34 }));
      }
    };
    const paintService = function* (pen, view) {
      const classes = classesOf();
      yield* parts.strokeGroups(pen, view, shapes.pipes, groups().service.map((ids, k) => ({ ids, colour: classes[k].colour, width: Math.max(1, SERVICE * scale()) })));
    };
    const paintOn = function* (pen, view) {
      const by = data.looks.shares.map((each) => ({ ids: [], fill: each.colour, edge: "#2d5d63", width: 0.9 }));
      state.zones.on.zone.forEach((f, k) => {
        let place = 0;
        while (place < by.length - 1 && state.zones.on.share[k] >= data.looks.shares[place + 1].low - 1e-9) place += 1;
        by[place].ids.push(f);
      });
      yield* parts.fillGroups(pen, view, shapes.zones, by);
    };
    const paintOff = function* (pen, view) {
      const by = Object.fromEntries(parts.looks.map((look) => [look, { ids: [], fill: PLAIN, edge: EDGE, width: 0.7, hatch: marks[look] }]));
      state.zones.off.zone.forEach((f, k) => by[data.reasons[state.zones.off.why[k]].look].ids.push(f));
      yield* parts.fillGroups(pen, view, shapes.zones, Object.values(by));
    };
    const paintStreets = function* (pen, view) {
      const all = [...Array(shapes.streets.count).keys()], width = view.zoom < FAR ? 0.8 : view.zoom > 16.5 ? 2.2 : 1.3;
      yield* parts.strokeGroups(pen, view, shapes.streets, [
        { ids: all.slice(0, data.streets.open), colour: "#cfc9bc", width },
        { ids: all.slice(data.streets.open), colour: "#c3a58f", width, dash: [5, 4] }]);
    };
    const paintExisting = (pen, view) => parts.strokeGroups(pen, view, shapes.existing, [
      { ids: [...Array(shapes.existing.count).keys()], colour: "#ffffff", width: 5 },
      { ids: [...Array(shapes.existing.count).keys()], colour: "#0b5394", width: 2.6, dash: [9, 4] }]);
    const paintBarriers = function* (pen, view) {
      const all = [...Array(shapes.barriers.count).keys()];
      yield* parts.strokeGroups(pen, view, shapes.barriers, [
        { ids: all.filter((f) => !data.barriers.forbidden[f]), colour: "#8f8a9e", width: 2.2, dash: [2, 4] },
        { ids: all.filter((f) => data.barriers.forbidden[f]), colour: "#5b4b74", width: 2.8, dash: [2, 3] }]);
    };
    const paintRepairs = function* (pen, view) {
      const { X, Y, count } = shapes.repairs;
      for (let f = 0; f < count; f += 1) {
        if (f % 50 === 49) yield;
        const x = X[f] * view.scale - view.left, y = Y[f] * view.scale - view.top;
        pen.beginPath();
        pen.moveTo(x, y - 6); pen.lineTo(x + 6, y); pen.lineTo(x, y + 6); pen.lineTo(x - 6, y); pen.closePath();
        pen.fillStyle = "#ffd166"; pen.strokeStyle = "#5b3c00"; pen.lineWidth = 1.2; pen.fill(); pen.stroke();
      }
    };
    /* what the pointer is on, above all else */
    const paintGlow = function* (pen, view) {
      if (!glow) return;
      if (glow.kind === "pipe") {
        if (!state.pipeAt.has(glow.f)) return;
        const service = data.pipes.service[glow.f];
        const width = (service ? Math.max(1, SERVICE * scale()) : widthOf(classOf(state.pipeAt.get(glow.f)))) + 3;
        yield* parts.strokeGroups(pen, view, shapes.pipes, [{ ids: [glow.f], colour: "#111b24", width }]);
      } else yield* parts.fillGroups(pen, view, shapes.zones, [{ ids: [glow.f], fill: "rgba(255,255,255,.25)", edge: "#111b24", width: 2.6 }]);
    };

    const find = (name, wanted, isArea, extra = 0) => {
      const nearest = parts.nearest(shapes[name], finders[name], wanted, isArea);
      return (at, room, view) => nearest(at, room + extra / view.scale);
    };
    const layer = (kind, z, paint, finder) => Object.assign(new parts.Drawn(sheet, z, paint, finder), { kind });
    const made = {
      streets: layer(null, 4.5, paintStreets),
      barriers: shapes.barriers && layer("barriers", 2, paintBarriers, find("barriers", () => true, false)),
      off: layer("zone", 3, paintOff, find("zones", (f) => state.offAt.has(f), true, 3)),
      on: layer("zone", 4, paintOn, find("zones", (f) => state.onAt.has(f), true, 3)),
      existing: shapes.existing && layer("existing", 5, paintExisting, find("existing", () => true, false, 2)),
      services: layer("pipe", 6, paintService, find("pipes", (f) => state.pipeAt.has(f) && data.pipes.service[f], false)),
      pipes: layer("pipe", 7, paintTrunk, find("pipes", (f) => state.pipeAt.has(f) && !data.pipes.service[f], false, 3)),
      repairs: shapes.repairs && layer("repairs", 8, paintRepairs, find("repairs", () => true, false, 5)),
    };
    above.put({ z: 0, paint: paintGlow });
    const facts = (kind, f) => kind === "pipe" ? pipe(f) : kind === "zone" ? zone(f) : kind === "site" ? site(f)
      : { f, title: { existing: t("layer_existing"), barriers: t("title_barriers"), repairs: t("title_repairs") }[kind],
        words: data[kind].words[f] || (data[kind].forbidden?.[f] ? t("no_crossing") : "") };
    return {
      sheet, shapes, made, use, facts,
      mode: (next) => { if (next) { mode = next; sheet.redraw(); } return mode; },
      /* places along the pipes of the state, so many pixels apart; none where there are too many */
      spots: (apart) => {
        const found = [], { X, Y, corner, path } = shapes.pipes || {}, scale = 256 * 2 ** map.getZoom();
        if (!state || state.pipes.line.length > MOST_SPOTTED) return found;
        const shift = map.getPixelOrigin().subtract(map._getMapPanePos());
        state.pipes.line.forEach((f) => {
          for (let i = corner[path[f]] + 1; i < corner[path[f] + 1]; i += 1) {
            const dx = (X[i] - X[i - 1]) * scale, dy = (Y[i] - Y[i - 1]) * scale, count = Math.ceil(Math.hypot(dx, dy) / apart);
            for (let k = 0; k < count; k += 1) found.push([X[i - 1] * scale - shift.x + dx * k / count, Y[i - 1] * scale - shift.y + dy * k / count]);
          }
        });
        return found;
      },
      finish: () => [sheet, above].forEach((each) => each.finish()),
      classes: classesOf,
      unit: () => mode === "size" ? "" : data.looks.ladders[mode].unit,
      light: (next) => {
        if (glow?.kind === next?.kind && glow?.f === next?.f) return;
        glow = next; above.redraw();
      },
    };
  };
})(window.sitingParts = window.sitingParts || {});
