"""Make a mesh of street lines: join them where they truly meet, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from siting.errors import FaultLog
from siting.network.gaps import TOUCH_M, join_loose_ends, reach_near_lines
from siting.network.mesh import (
    STREET,
    Bools,
    Floats,
    Ints,
    Mesh,
    places,
    split,
)
from siting.region import Remark

__all__ = ["cut_at_points", "line_meetings", "street_mesh"]


def street_mesh(
    streets: gpd.GeoDataFrame, snap_tolerance_m: float, log: FaultLog
) -> tuple[Mesh, tuple[Remark, ...]]:
    """Return streets as a mesh.

    Parameters
    ----------
    streets
        The frame of `siting.region.Streets`, without forbidden streets.
    snap_tolerance_m
        Largest gap that is closed [m].
    log
        Takes doubts about node ids.

    Returns
    -------
    The mesh, and remarks on what was noded, joined and dropped.

    Notes
    -----
    Where every line carries node ids (``u`` and ``v`` of OpenStreetMap), lines meet where they
    share one. Other lines meet where ends coincide, where an end touches another line, where
    lines of the same level cross, and where a loose end lies within the tolerance of another
    line or end. Lines of different level that cross do not meet: bridges and tunnels.
    """
    rows, dropped = _canonical(streets)
    ids = _ids_in_line_order(rows)
    if _can_trust(rows, ids, snap_tolerance_m, log):
        return _mesh_by_ids(rows, ids), dropped
    mesh, remarks = _mesh_by_shape(rows, snap_tolerance_m)
    return mesh, (*dropped, *remarks)


# ------------------------------------------------------------------ one order for any input


def _canonical(streets: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return streets in an order and direction that depend on their geometry alone."""
    lines = shapely.force_2d(streets.geometry.to_numpy())
    flip = _runs_backwards(lines)
    lines = np.where(flip, shapely.reverse(lines), lines)
    ends = streets[["u", "v"]].to_numpy(dtype=np.int64)
    ends = np.where(flip[:, None], ends[:, ::-1], ends)
    rows = streets.assign(u=ends[:, 0], v=ends[:, 1]).set_geometry(
        gpd.GeoSeries(lines, index=streets.index, crs=streets.crs)
    )
    _, shape = np.unique(shapely.to_wkb(lines).astype(object), return_inverse=True)
    _, name = np.unique(rows["name"].to_numpy(dtype=str), return_inverse=True)
    dear = (-np.nan_to_num(_column(rows, "existing_dn")), _column(rows, "cost_eur_per_m"))
    order = np.lexsort(
        (name, rows["level"], *dear, rows["cost_factor"], ends[:, 1], ends[:, 0], shape.ravel())
    )
    rows, shape = rows.iloc[order].reset_index(drop=True), shape.ravel()[order]
    return _without_copies(rows, shape)


def _runs_backwards(lines: np.ndarray) -> Bools:
    """Return which lines start at the greater end; rings are judged by their next vertices."""
    backwards = np.zeros(len(lines), dtype=bool)
    settled = np.zeros(len(lines), dtype=bool)
    for near, far in ((0, -1), (1, -2)):
        head = shapely.get_coordinates(shapely.get_point(lines, near))
        tail = shapely.get_coordinates(shapely.get_point(lines, far))
        greater = (head[:, 0] > tail[:, 0]) | (
            (head[:, 0] == tail[:, 0]) & (head[:, 1] > tail[:, 1])
        )
        backwards |= greater & ~settled
        settled |= np.any(head != tail, axis=1)
    return backwards


def _without_copies(
    rows: gpd.GeoDataFrame, shape: Ints
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Drop lines of no length and lines drawn twice; of copies the cheapest stays."""
    length = rows.geometry.length.to_numpy()
    key = np.column_stack([shape, rows["u"], rows["v"]])
    copy = np.zeros(len(rows), dtype=bool)
    copy[1:] = np.all(key[1:] == key[:-1], axis=1)
    flat = length <= 0
    remarks = []
    for act, gone in (
        ("dropped lines without length", flat),
        ("dropped lines drawn twice", copy & ~flat),
    ):
        if gone.any():
            places = rows.geometry.to_numpy()[gone]
            total = float(length[gone].sum())
            remarks.append(
                Remark("network", act, int(gone.sum()), total, repair=True, places=places)
            )
    return rows[~(copy | flat)].reset_index(drop=True), tuple(remarks)


# ------------------------------------------------------------------------ by node ids


def _can_trust(rows: gpd.GeoDataFrame, ids: Ints, tolerance_m: float, log: FaultLog) -> bool:
    """Return whether all lines carry node ids, and each id is at one place."""
    if not len(rows) or (ids < 0).all():
        return False
    if (ids < 0).any():
        log.doubt(
            "streets",
            f"{int((ids < 0).any(axis=1).sum()):,} of {len(ids):,} lines have no node ids u and v;"
            " the ids of the others are not used, and lines are joined by their geometry.",
            "Give node ids to all lines or to none.",
        )
        return False
    xy = _ends(rows.geometry.to_numpy())
    _, node = np.unique(ids.ravel(), return_inverse=True)
    low = np.full((node.max() + 1, 2), np.inf)
    high = np.full((node.max() + 1, 2), -np.inf)
    np.minimum.at(low, node, xy)
    np.maximum.at(high, node, xy)
    apart = np.hypot(*(high - low).T) > max(tolerance_m, TOUCH_M)
    if not apart.any():
        return True
    log.doubt(
        "streets",
        f"{int(apart.sum()):,} of {len(low):,} node ids in u and v stand at several places; they"
        " are not used, and lines are joined by their geometry.",
        "Correct the ids, or leave u and v out.",
    )
    return False


def _ids_in_line_order(rows: gpd.GeoDataFrame) -> Ints:
    """Return node ids so that ``u`` is where the line starts.

    Graphs without direction, such as those of OSMnx, list a line's nodes in either order. The
    place of a node is the one that its lines have in common.
    """
    ids: Ints = rows[["u", "v"]].to_numpy(dtype=np.int64)
    if not len(ids) or (ids < 0).any():
        return ids
    place, _ = places(_ends(rows.geometry.to_numpy()), TOUCH_M)
    place = place.reshape(-1, 2)
    # Each line may have its nodes straight (u first) or swapped.
    straight = np.vstack([np.column_stack([ids[:, end], place[:, end]]) for end in (0, 1)])
    swapped = np.vstack([np.column_stack([ids[:, end], place[:, 1 - end]]) for end in (0, 1)])
    _, pair, count = np.unique(
        np.vstack([straight, swapped]), axis=0, return_inverse=True, return_counts=True
    )
    votes = count[pair.ravel()].reshape(2, 2, len(ids)).sum(axis=1)
    swap = (votes[1] > votes[0]) | ((votes[1] == votes[0]) & (ids[:, 0] > ids[:, 1]))
    ordered: Ints = np.where(swap[:, None], ids[:, ::-1], ids)
    return ordered


def _mesh_by_ids(rows: gpd.GeoDataFrame, ids: Ints) -> Mesh:
    """Return the mesh that node ids describe."""
    _, first, node = np.unique(ids.ravel(), return_index=True, return_inverse=True)
    xy = _ends(rows.geometry.to_numpy())[first]
    node = node.reshape(-1, 2)
    return _mesh(rows, xy, node[:, 0], node[:, 1])


def _ends(lines: np.ndarray) -> Floats:
    """Return the first and the last point of each line, in turn."""
    points = np.column_stack([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    xy: Floats = shapely.get_coordinates(points.ravel())
    return xy


def _mesh(rows: gpd.GeoDataFrame, xy: Floats, u: Ints, v: Ints) -> Mesh:
    """Return a mesh whose edges are the rows."""
    lines = rows.geometry.to_numpy()
    length = shapely.length(lines)
    stated = _column(rows, "cost_eur_per_m")
    # A stated cost stands for that of the catalogue.
    factor = np.where(np.isnan(stated), rows["cost_factor"].to_numpy(dtype=float), 0.0)
    return Mesh(
        xy=xy,
        u=u,
        v=v,
        line=np.asarray(lines, dtype=object),
        length_m=length,
        cost_length_m=length * factor,
        name=rows["name"].to_numpy(dtype=object),
        level=rows["level"].to_numpy(dtype=np.int64),
        kind=np.full(len(rows), STREET, dtype=np.int64),
        stated_eur=length * np.nan_to_num(stated),
        existing_dn=_column(rows, "existing_dn"),
        free_mw=_column(rows, "free_capacity_mw"),
    )


def _column(rows: gpd.GeoDataFrame, name: str) -> Floats:
    """Return a column of numbers, NaN where the layer has none."""
    if name not in rows:
        return np.full(len(rows), np.nan)
    found: Floats = rows[name].to_numpy(dtype=float)
    return found


# ------------------------------------------------------------------------- by geometry


def _mesh_by_shape(rows: gpd.GeoDataFrame, tolerance_m: float) -> tuple[Mesh, tuple[Remark, ...]]:
    """Return the mesh that the drawing describes."""
    rows = _simple_lines(rows)
    place, xy = places(_ends(rows.geometry.to_numpy()), TOUCH_M)
    place = place.reshape(-1, 2)
    mesh = _mesh(rows, xy, place[:, 0], place[:, 1])
    mesh, met = _split_where_lines_meet(mesh)
    mesh, joined = join_loose_ends(mesh, tolerance_m)
    mesh, reached = reach_near_lines(mesh, tolerance_m)
    mesh, dropped = _drop_copies(mesh)
    gaps = joined.ends + reached.ends
    closed = Remark(
        "network",
        "closed gaps between streets",
        gaps,
        joined.added_m + reached.added_m,
        f"each within snap_tolerance_m = {tolerance_m:g}",
        repair=True,
        places=np.concatenate([joined.steps, reached.steps]),
    )
    return mesh, (*met, *((closed,) if gaps else ()), *dropped)


def _simple_lines(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut lines that cross themselves."""
    lines = rows.geometry.to_numpy()
    tangled = ~shapely.is_simple(lines)
    if not tangled.any():
        return rows
    cut = lines.copy()
    cut[tangled] = shapely.node(lines[tangled])
    geometry = gpd.GeoSeries(cut, index=rows.index, crs=rows.crs)
    single: gpd.GeoDataFrame = rows.set_geometry(geometry).explode(ignore_index=True)
    return single


def _split_where_lines_meet(mesh: Mesh) -> tuple[Mesh, tuple[Remark, ...]]:
    """Split edges where an end touches them, or where they cross at the same level."""
    one, other, point = _meetings(mesh)
    one_ends, other_ends = _is_end(mesh, one, point), _is_end(mesh, other, point)
    same_level = mesh.level[one] == mesh.level[other]
    cut_one = ~one_ends & (other_ends | same_level)
    cut_other = ~other_ends & (one_ends | same_level)
    apart = ~one_ends & ~other_ends & ~same_level
    edge = np.concatenate([one[cut_one], other[cut_other]])
    split_mesh, nodes = cut_at_points(mesh, edge, np.vstack([point[cut_one], point[cut_other]]))
    remarks = []
    if len(nodes):
        act, places = "noded streets where they meet", shapely.points(nodes)
        remarks.append(Remark("network", act, len(nodes), repair=True, places=places))
    if apart.any():
        words = "bridges and tunnels, by their level"
        act, places = "kept crossings apart", shapely.points(point[apart])
        remarks.append(Remark("network", act, int(apart.sum()), detail=words, places=places))
    return split_mesh, tuple(remarks)


def _meetings(mesh: Mesh) -> tuple[Ints, Ints, Floats]:
    """Return pairs of edges and the points that they share; of overlaps the ends."""
    tree = shapely.STRtree(mesh.line)
    one, other = tree.query(mesh.line, predicate="intersects")
    pair = one < other
    return _shared_points(mesh, one[pair], other[pair])


def line_meetings(mesh: Mesh, some: Ints, others: Ints) -> tuple[Ints, Ints, Floats]:
    """Return pairs of edges, one of each group, and the points that they share."""
    one, other = shapely.STRtree(mesh.line[others]).query(mesh.line[some], predicate="intersects")
    return _shared_points(mesh, some[one], others[other])


def _shared_points(mesh: Mesh, one: Ints, other: Ints) -> tuple[Ints, Ints, Floats]:
    """Return the points that pairs of edges share; of overlaps the ends."""
    shared = shapely.intersection(mesh.line[one], mesh.line[other])
    parts, owner = shapely.get_parts(shared, return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)
    owner = owner[inner]
    first, last = shapely.get_point(parts, 0), shapely.get_point(parts, -1)
    is_point = shapely.get_type_id(parts) == shapely.GeometryType.POINT
    points = np.concatenate([parts[is_point], first[~is_point], last[~is_point]])
    pairs = np.concatenate([owner[is_point], owner[~is_point], owner[~is_point]])
    return one[pairs], other[pairs], shapely.get_coordinates(points)


def _is_end(mesh: Mesh, edge: Ints, point: Floats) -> Bools:
    """Return whether points are an end of the edges."""
    near = np.zeros(len(edge), dtype=bool)
    for end in (mesh.u, mesh.v):
        near |= np.hypot(*(mesh.xy[end[edge]] - point).T) <= 2 * TOUCH_M
    return near


def cut_at_points(mesh: Mesh, edge: Ints, point: Floats) -> tuple[Mesh, Floats]:
    """Split edges at points, and return the places that concerns."""
    if not len(edge):
        return mesh, np.zeros((0, 2))
    place, xy = places(np.vstack([mesh.xy, point]), TOUCH_M)
    old, node = place[: len(mesh.xy)], place[len(mesh.xy) :]
    mesh = replace(mesh, xy=xy, u=old[mesh.u], v=old[mesh.v])
    _, once = np.unique(np.column_stack([edge, node]), axis=0, return_index=True)
    edge, node = edge[once], node[once]
    at = shapely.line_locate_point(mesh.line[edge], shapely.points(xy[node]))
    return split(mesh, edge, at, node), xy[np.unique(node)]


def _drop_copies(mesh: Mesh) -> tuple[Mesh, tuple[Remark, ...]]:
    """Drop pieces that lie on each other, as overlapping lines leave them."""
    low, high = np.minimum(mesh.u, mesh.v), np.maximum(mesh.u, mesh.v)
    middle = shapely.get_coordinates(
        shapely.line_interpolate_point(mesh.line, 0.5, normalized=True)
    )
    key = np.column_stack([low, high, np.round(mesh.length_m / TOUCH_M), np.round(middle, 2)])
    dear = (mesh.stated_eur / mesh.length_m, mesh.cost_length_m / mesh.length_m)
    thin = -np.nan_to_num(mesh.existing_dn)
    order = np.lexsort((mesh.name.astype(str), thin, *dear, *key.T))
    copy = np.zeros(len(mesh), dtype=bool)
    copy[order[1:]] = np.all(key[order[1:]] == key[order[:-1]], axis=1)
    if not copy.any():
        return mesh, ()
    gone = Remark(
        "network",
        "dropped pieces that lie on each other",
        int(copy.sum()),
        float(mesh.length_m[copy].sum()),
        repair=True,
        places=mesh.line[copy],
    )
    return mesh.take(~copy), (gone,)
