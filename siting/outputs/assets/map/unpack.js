/* Turn the packed text of the page back into figures and shapes. */
(function (parts) {
  "use strict";
  const SCALE = 1e6;

  parts.unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  /* web-mercator place between 0 and 1 */
  const across = (lng) => lng / 360 + 0.5;
  const down = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + lat * Math.PI / 360)) / (2 * Math.PI);
  parts.place = (latlng) => ({ x: across(latlng.lng), y: down(latlng.lat) });
  parts.latlng = (x, y) => L.latLng(
    Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360 / Math.PI - 90, (x - 0.5) * 360);

  /* shapes as flat arrays: corners of paths of features, and the box of each feature */
  parts.shapes = ({ paths, sizes, x, y }) => {
    const count = paths.length, corners = x.length;
    const X = new Float64Array(corners), Y = new Float64Array(corners);
    const corner = new Uint32Array(sizes.length + 1), path = new Uint32Array(count + 1);
    const box = new Float64Array(4 * count);
    let east = 0, north = 0;
    for (let i = 0; i < corners; i += 1) {
      east += x[i]; north += y[i];
      X[i] = across(east / SCALE); Y[i] = down(north / SCALE);
    }
    sizes.forEach((size, i) => { corner[i + 1] = corner[i] + size; });
    for (let f = 0; f < count; f += 1) {
      path[f + 1] = path[f] + paths[f];
      let [west, top, right, low] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let i = corner[path[f]]; i < corner[path[f + 1]]; i += 1) {
        if (X[i] < west) west = X[i];
        if (X[i] > right) right = X[i];
        if (Y[i] < top) top = Y[i];
        if (Y[i] > low) low = Y[i];
      }
      box.set([west, top, right, low], 4 * f);
    }
    return { count, X, Y, corner, path, box };
  };

  /* a place well inside or on a feature, to point at it */
  parts.middle = (shapes, f) => {
    const { X, Y, corner, path, box } = shapes;
    const from = corner[path[f]], to = corner[path[f] + 1];
    const closed = to - from > 3 && X[from] === X[to - 1] && Y[from] === Y[to - 1];
    if (!closed) {
      const at = from + ((to - from) >> 1);
      const before = Math.max(from, at - 1);
      return to - from === 2 ? parts.latlng((X[from] + X[to - 1]) / 2, (Y[from] + Y[to - 1]) / 2)
        : parts.latlng(at === before ? X[at] : (X[at] + X[before]) / 2, at === before ? Y[at] : (Y[at] + Y[before]) / 2);
    }
    /* the widest stretch of the area on a level line through its middle */
    const y = (box[4 * f + 1] + box[4 * f + 3]) / 2, cuts = [];
    for (let p = path[f]; p < path[f + 1]; p += 1) {
      for (let i = corner[p] + 1; i < corner[p + 1]; i += 1) {
        if ((Y[i - 1] > y) !== (Y[i] > y)) cuts.push(X[i - 1] + (X[i] - X[i - 1]) * (y - Y[i - 1]) / (Y[i] - Y[i - 1]));
      }
    }
    cuts.sort((a, b) => a - b);
    let best = [(box[4 * f] + box[4 * f + 2]) / 2, 0];
    for (let i = 1; i < cuts.length; i += 2) {
      if (cuts[i] - cuts[i - 1] > best[1]) best = [(cuts[i] + cuts[i - 1]) / 2, cuts[i] - cuts[i - 1]];
    }
    return parts.latlng(best[0], y);
  };
})(window.sitingParts = window.sitingParts || {});
