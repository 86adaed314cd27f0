/* One canvas for all packed layers, so that 50,000 lines pan smoothly.

   A picture is drawn out of sight, a slice in each frame, and put in place when it is whole; until
   then the old one stays, moved and scaled. After a move only what came into view is drawn. */
(function (parts) {
  "use strict";
  const CHUNK = 8; /* long pens are slow: where lines overlap, browsers sort every crossing */
  const SMALL = 4; /* an area of so few pixels is as good as a box */
  const SLICE_MS = 9, SLICE_STEPS = 500; /* of one frame: time of this script, and chunks for the browser to fill in */
  const EVEN = 4; /* pictures move by so many pixels, which are whole ones on any usual screen */
  const REACH = 20; /* what stands out from its line: width, arrows, spots */

  /* the container, its size and its moves come from Leaflet's own renderer */
  parts.Sheet = L.Renderer.extend({
    options: { padding: 0.25, pane: "sheet" },
    initialize(options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._drawn = [];
    },
    getEvents() { return { ...L.Renderer.prototype.getEvents.call(this), move: this._follow }; },
    _initContainer() {
      this._container = this._canvas();
      this._spare = this._canvas();
    },
    _canvas() {
      const made = document.createElement("canvas");
      made.setAttribute("aria-hidden", "true");
      return made;
    },
    _destroyContainer() {
      this._job = null;
      this._container.remove();
      delete this._container;
    },
    /* the box of the next picture; fields of Leaflet's renderer tell of the one that is seen */
    _update() {
      const map = this._map;
      if (map._animatingZoom && this._bounds) return;
      const size = map.getSize(), around = this.options.padding;
      const min = map.containerPointToLayerPoint(size.multiplyBy(-around)).divideBy(EVEN).round().multiplyBy(EVEN);
      const bounds = L.bounds(min, min.add(size.multiplyBy(1 + 2 * around)).round());
      this._draw({ bounds, origin: map.getPixelOrigin(), center: map.getCenter(), zoom: map.getZoom() }, false);
    },
    _reset() {
      this._update();
      this._updateTransform(this._map.getCenter(), this._map.getZoom());
    },
    _updatePaths() {},
    /* a long pull: go on drawing before the picture ends */
    _follow() {
      const map = this._map;
      if (!this._bounds || this.busy() || map._animatingZoom || map.getZoom() !== this._zoom) return;
      const min = map.containerPointToLayerPoint([0, 0]), seen = L.bounds(min, min.add(map.getSize()));
      if (!this._bounds.contains(seen)) this._update();
    },
    put(layer) {
      this._drawn.push(layer);
      this._drawn.sort((a, b) => a.z - b.z);
      this.redraw();
    },
    drop(layer) {
      this._drawn = this._drawn.filter((each) => each !== layer);
      this.redraw();
    },
    redraw() {
      this._stale = true; /* what is seen may not be used again */
      if (this._asked) return;
      this._asked = requestAnimationFrame(() => {
        this._asked = null;
        if (this._map && this._bounds && !this._map._animatingZoom) this._again();
      });
    },
    /* the same place anew, or where the map is by now */
    _again() {
      const goal = this._goal || this._seen(), map = this._map;
      if (goal.zoom === map.getZoom() && goal.origin.equals(map.getPixelOrigin())) this._draw(goal, true);
      else this._update();
    },
    busy() { return Boolean(this._asked || this._job); },
    /* draw what is left at once, for paper */
    finish() {
      if (this._asked) { cancelAnimationFrame(this._asked); this._asked = null; this._again(); }
      while (this._job) this._slice(Infinity);
    },
    _seen() { return { bounds: this._bounds, origin: this._origin, center: this._center, zoom: this._zoom }; },
    view(box = this._bounds) {
      const zoom = this._map.getZoom(), scale = 256 * 2 ** zoom, origin = this._map.getPixelOrigin();
      const { min, max } = box;
      return {
        zoom, scale, left: origin.x, top: origin.y,
        box: [(min.x - REACH + origin.x) / scale, (min.y - REACH + origin.y) / scale, (max.x + REACH + origin.x) / scale, (max.y + REACH + origin.y) / scale],
      };
    },
    _draw(goal, whole) {
      this._job?.steps.return();
      const { bounds } = goal, size = bounds.getSize(), ratio = Math.min(2, window.devicePixelRatio || 1), box = this._spare;
      const wide = Math.round(ratio * size.x), high = Math.round(ratio * size.y);
      if (box.width !== wide || box.height !== high) { box.width = wide; box.height = high; }
      box.style.width = `${size.x}px`;
      box.style.height = `${size.y}px`;
      const pen = box.getContext("2d");
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, wide, high);
      if (whole) this._stale = true;
      const regions = this._kept(goal, ratio, pen);
      pen.setTransform(ratio, 0, 0, ratio, -ratio * bounds.min.x, -ratio * bounds.min.y);
      this._goal = goal;
      this._job = { goal, ratio, steps: this._steps(pen, regions) };
      this._slice(SLICE_STEPS);
    },
    /* copy what is seen already; what is left to draw */
    _kept({ bounds, origin, zoom }, ratio, pen) {
      const old = this._bounds, front = this._container;
      /* a flight or a new view counts pixels from another origin */
      const same = !this._stale && old && zoom === this._zoom && origin.equals(this._origin) && ratio === this._ratio && old.getSize().equals(bounds.getSize());
      if (!same) return [bounds];
      const by = old.min.subtract(bounds.min), size = bounds.getSize();
      if (!Number.isInteger(by.x * ratio) || !Number.isInteger(by.y * ratio)
        || Math.abs(by.x) >= size.x || Math.abs(by.y) >= size.y) return [bounds];
      pen.drawImage(front, by.x * ratio, by.y * ratio);
      const { min, max } = bounds, left = [];
      const top = min.y + Math.max(0, by.y), low = max.y + Math.min(0, by.y);
      if (by.y > 0) left.push(L.bounds(min, [max.x, top]));
      if (by.y < 0) left.push(L.bounds([min.x, low], max));
      if (by.x > 0) left.push(L.bounds([min.x, top], [min.x + by.x, low]));
      if (by.x < 0) left.push(L.bounds([max.x + by.x, top], [max.x, low]));
      return left;
    },
    * _steps(pen, regions) {
      for (const region of regions) {
        const { min } = region, size = region.getSize(), view = this.view(region);
        for (const layer of this._drawn) {
          pen.save();
          pen.beginPath();
          pen.rect(min.x, min.y, size.x, size.y);
          pen.clip();
          try { yield* layer.paint(pen, view); } finally { pen.restore(); }
        }
      }
    },
    _slice(most) {
      const job = this._job;
      if (!job || !this._map) return;
      const end = performance.now() + SLICE_MS;
      let steps = 0;
      while (!job.steps.next().done) {
        steps += 1;
        if (steps >= most || (most < Infinity && steps % 16 === 0 && performance.now() > end)) {
          requestAnimationFrame(() => { if (this._job === job) this._slice(SLICE_STEPS); });
          return;
        }
      }
      this._job = null;
      if (!this._map._animatingZoom) this._show(job);
    },
    _show({ goal, ratio }) {
      const next = this._spare, last = this._container;
      L.DomUtil.setPosition(next, goal.bounds.min);
      next.className = last.className;
      last.replaceWith(next);
      this._container = next;
      this._spare = last;
      this._bounds = goal.bounds;
      this._origin = goal.origin;
      this._center = goal.center;
      this._zoom = goal.zoom;
      this._ratio = ratio;
      this._goal = null;
      this._stale = false;
    },
    /* what lies at a place, topmost first */
    hit(latlng, tolerance) {
      const at = parts.place(latlng), view = this.view();
      for (const layer of [...this._drawn].reverse()) {
        const feature = layer.find ? layer.find(at, tolerance / view.scale, view) : -1;
        if (feature >= 0) return { layer, feature };
      }
      return null;
    },
  });

  /* a layer that the layer control can switch */
  parts.Drawn = L.Layer.extend({
    initialize(sheet, z, paint, find) { Object.assign(this, { sheet, z, paint, find }); },
    onAdd() { this.sheet.put(this); return this; },
    onRemove() { this.sheet.drop(this); },
  });

  const seen = (box, f, view, room) => box[4 * f] <= view.box[2] + room && box[4 * f + 2] >= view.box[0] - room
    && box[4 * f + 1] <= view.box[3] + room && box[4 * f + 3] >= view.box[1] - room;

  /* add the paths of a feature to the pen, leaving out corners that fall on the same pixel */
  const trace = (pen, { X, Y, corner, path }, f, view) => {
    for (let p = path[f]; p < path[f + 1]; p += 1) {
      const last = corner[p + 1] - 1;
      let px = X[corner[p]] * view.scale - view.left, py = Y[corner[p]] * view.scale - view.top;
      pen.moveTo(px, py);
      for (let i = corner[p] + 1; i <= last; i += 1) {
        const x = X[i] * view.scale - view.left, y = Y[i] * view.scale - view.top;
        if (i < last && Math.abs(x - px) + Math.abs(y - py) < 1) continue;
        pen.lineTo(x, y);
        px = x; py = y;
      }
    }
  };

  /* lines in groups of one look each */
  parts.strokeGroups = function* (pen, view, shapes, groups) { for (const { ids, colour, width, dash } of groups) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.lineCap = dash || width < 3 ? "butt" : "round";
    pen.lineJoin = width < 3 ? "bevel" : "round";
    pen.setLineDash(dash || []);
    let held = 0;
    pen.beginPath();
    for (const f of ids) {
      if (!seen(shapes.box, f, view, 0)) continue;
      trace(pen, shapes, f, view);
      held += 1;
      if (held % CHUNK === 0) {
        pen.stroke();
        yield;
        pen.beginPath();
      }
    }
    pen.stroke();
    pen.setLineDash([]);
  } };

  /* areas, or spots where a feature is a point */
  parts.fillGroups = function* (pen, view, shapes, groups) { let put = 0; for (const { ids, fill, edge, width, hatch } of groups) {
    pen.lineWidth = width;
    pen.strokeStyle = edge;
    for (const f of ids) {
      if (!seen(shapes.box, f, view, 0)) continue;
      put += 1;
      if (put % CHUNK === 0) yield;
      const first = shapes.corner[shapes.path[f]];
      const wide = (shapes.box[4 * f + 2] - shapes.box[4 * f]) * view.scale;
      const high = (shapes.box[4 * f + 3] - shapes.box[4 * f + 1]) * view.scale;
      if (wide > 0 && wide < SMALL && high < SMALL) {
        pen.fillStyle = fill;
        pen.fillRect(shapes.box[4 * f] * view.scale - view.left, shapes.box[4 * f + 1] * view.scale - view.top, Math.max(wide, 1.2), Math.max(high, 1.2));
        continue;
      }
      pen.beginPath();
      if (shapes.corner[shapes.path[f + 1]] - first === 1) {
        pen.arc(shapes.X[first] * view.scale - view.left, shapes.Y[first] * view.scale - view.top, 5, 0, 7);
      } else trace(pen, shapes, f, view);
      pen.fillStyle = fill;
      pen.fill("evenodd");
      if (hatch) { pen.fillStyle = hatch; pen.fill("evenodd"); }
      pen.stroke();
    }
  } };

  /* small arrows along lines, in the direction of flow */
  parts.arrows = function* (pen, view, shapes, ids, back, look) {
    const every = 110;
    for (let k = 0; k < ids.length; k += 1) {
      const f = ids[k];
      if (!seen(shapes.box, f, view, 0)) continue;
      if (k % CHUNK === 0) yield;
      const { X, Y, corner, path } = shapes, from = corner[path[f]], to = corner[path[f] + 1] - 1;
      let total = 0;
      for (let i = from; i < to; i += 1) total += Math.hypot(X[i + 1] - X[i], Y[i + 1] - Y[i]);
      total *= view.scale;
      const { colour, size, least } = look(f);
      if (total < least) continue;
      const count = Math.max(1, Math.round(total / every));
      let next = total / count / 2, run = 0, put = 0;
      for (let i = from; i < to && put < count; i += 1) {
        const x = X[i] * view.scale - view.left, y = Y[i] * view.scale - view.top;
        const dx = (X[i + 1] - X[i]) * view.scale, dy = (Y[i + 1] - Y[i]) * view.scale;
        const length = Math.hypot(dx, dy);
        while (put < count && next <= run + length && length > 0) {
          const share = (next - run) / length, turn = Math.atan2(dy, dx) + (back[k] ? Math.PI : 0);
          pen.save();
          pen.translate(x + share * dx, y + share * dy);
          pen.rotate(turn);
          pen.beginPath();
          pen.moveTo(-size, -size); pen.lineTo(size, 0); pen.lineTo(-size, size);
          pen.closePath();
          pen.lineJoin = "round";
          pen.strokeStyle = "#ffffff"; pen.lineWidth = 2.6; pen.stroke();
          pen.fillStyle = colour; pen.fill();
          pen.restore();
          next += total / count; put += 1;
        }
        run += length;
      }
    }
  };

  /* which features lie near a place: a grid over their boxes */
  const CELLS = 96;
  parts.finder = (shapes) => {
    let grid = null;
    const build = () => {
      const { box, count } = shapes;
      const whole = [Infinity, Infinity, -Infinity, -Infinity];
      for (let f = 0; f < count; f += 1) {
        whole[0] = Math.min(whole[0], box[4 * f]); whole[1] = Math.min(whole[1], box[4 * f + 1]);
        whole[2] = Math.max(whole[2], box[4 * f + 2]); whole[3] = Math.max(whole[3], box[4 * f + 3]);
      }
      const wide = Math.max(whole[2] - whole[0], 1e-12) / CELLS, high = Math.max(whole[3] - whole[1], 1e-12) / CELLS;
      const cell = (x, y) => [Math.min(CELLS - 1, Math.max(0, Math.floor((x - whole[0]) / wide))),
        Math.min(CELLS - 1, Math.max(0, Math.floor((y - whole[1]) / high)))];
      const held = new Map();
      for (let f = 0; f < count; f += 1) {
        const [a, b] = cell(box[4 * f], box[4 * f + 1]), [c, d] = cell(box[4 * f + 2], box[4 * f + 3]);
        for (let i = a; i <= c; i += 1) for (let j = b; j <= d; j += 1) {
          const key = i * CELLS + j;
          if (held.has(key)) held.get(key).push(f); else held.set(key, [f]);
        }
      }
      grid = { cell, held };
    };
    return (at, room) => {
      if (!grid) build();
      const [a, b] = grid.cell(at.x - room, at.y - room), [c, d] = grid.cell(at.x + room, at.y + room);
      const found = new Set();
      for (let i = a; i <= c; i += 1) for (let j = b; j <= d; j += 1) {
        (grid.held.get(i * CELLS + j) || []).forEach((f) => found.add(f));
      }
      return found;
    };
  };

  const toSegment = (at, x, y, u, v) => {
    const dx = u - x, dy = v - y, long = dx * dx + dy * dy;
    const share = long > 0 ? Math.max(0, Math.min(1, ((at.x - x) * dx + (at.y - y) * dy) / long)) : 0;
    return Math.hypot(at.x - x - share * dx, at.y - y - share * dy);
  };

  /* how far a place is from a feature; nothing inside an area */
  parts.apart = ({ X, Y, corner, path }, f, at, isArea) => {
    let least = Infinity, inside = false;
    for (let p = path[f]; p < path[f + 1]; p += 1) {
      const from = corner[p], to = corner[p + 1];
      if (to - from === 1) least = Math.min(least, Math.hypot(at.x - X[from], at.y - Y[from]));
      for (let i = from + 1; i < to; i += 1) {
        least = Math.min(least, toSegment(at, X[i - 1], Y[i - 1], X[i], Y[i]));
        if (isArea && (Y[i - 1] > at.y) !== (Y[i] > at.y)
          && at.x < X[i - 1] + (X[i] - X[i - 1]) * (at.y - Y[i - 1]) / (Y[i] - Y[i - 1])) inside = !inside;
      }
    }
    return inside ? 0 : least;
  };

  /* the nearest of the wanted features within reach of a place, or -1 */
  parts.nearest = (shapes, near, wanted, isArea) => (at, room) => {
    let best = -1, least = Infinity;
    near(at, room).forEach((f) => {
      if (!wanted(f)) return;
      const far = parts.apart(shapes, f, at, isArea);
      if (far < least && far <= room) { best = f; least = far; }
    });
    return best;
  };
})(window.sitingParts = window.sitingParts || {});
