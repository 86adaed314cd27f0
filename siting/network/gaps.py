"""Close small gaps between streets: draw loose ends on to what lies within a tolerance."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import shapely

from siting.network.mesh import Bools, Floats, Ints, Mesh, Objects, close_pairs, labels, split

__all__ = ["TOUCH_M", "Joined", "join_loose_ends", "reach_near_lines"]

TOUCH_M = 1e-3
"""Points closer than this are the same point; below any survey, above rounding [m]."""


class Joined(NamedTuple):
    """How many ends were drawn on, by how much [m], and along which lines."""

    ends: int
    added_m: float
    steps: Objects


NOTHING_JOINED = Joined(0, 0.0, np.zeros(0, dtype=object))


def _loose_ends(mesh: Mesh) -> tuple[Ints, Ints]:
    """Return nodes at which one edge ends, and that edge."""
    loose = np.flatnonzero(mesh.degree == 1)
    edge_at = np.full(len(mesh.xy), -1, dtype=np.int64)
    edge_at[mesh.u] = np.arange(len(mesh))
    edge_at[mesh.v] = np.arange(len(mesh))
    return loose, edge_at[loose]


def join_loose_ends(mesh: Mesh, tolerance_m: float) -> tuple[Mesh, Joined]:
    """Join loose ends to ends within the tolerance, and parts that nearly touch."""
    if not tolerance_m > TOUCH_M or not len(mesh):
        return mesh, NOTHING_JOINED
    used = np.unique(np.concatenate([mesh.u, mesh.v]))
    pairs = used[close_pairs(mesh.xy[used], tolerance_m)]
    if not len(pairs):
        return mesh, NOTHING_JOINED
    is_loose = mesh.degree == 1
    part = labels(len(mesh.xy), mesh.u, mesh.v)
    first, second = pairs[:, 0], pairs[:, 1]
    apart = part[first] != part[second]
    wanted = (is_loose[first] | is_loose[second] | apart) & ~_are_linked(mesh, first, second)
    return _merge_nodes(mesh, first[wanted], second[wanted])


def _are_linked(mesh: Mesh, first: Ints, second: Ints) -> Bools:
    """Return which pairs of nodes are the two ends of one edge."""
    low, high = np.minimum(mesh.u, mesh.v), np.maximum(mesh.u, mesh.v)
    known = low * len(mesh.xy) + high
    asked = np.minimum(first, second) * len(mesh.xy) + np.maximum(first, second)
    linked: Bools = np.isin(asked, known)
    return linked


def _merge_nodes(mesh: Mesh, first: Ints, second: Ints) -> tuple[Mesh, Joined]:
    """Make one node of each group of pairs; edges are drawn on to it."""
    group = labels(len(mesh.xy), first, second)
    # The busiest node of a group stays where it is, so that least is drawn anew.
    order = np.lexsort((np.arange(len(group)), -mesh.degree, group))
    chosen, heads = np.unique(group[order], return_index=True)
    head = np.empty(len(chosen), dtype=np.int64)
    head[chosen] = order[heads]
    target = head[group]
    moved = int((target != np.arange(len(target))).sum())
    mesh, added, steps = _draw_on(mesh, target)
    return mesh, Joined(moved, added, steps)


def _draw_on(mesh: Mesh, target: Ints) -> tuple[Mesh, float, Objects]:
    """Move edge ends to the node that replaces theirs; also the length added [m] and its lines."""
    u, v = target[mesh.u], target[mesh.v]
    changed = (u != mesh.u) | (v != mesh.v)
    if not changed.any():
        return mesh, 0.0, NOTHING_JOINED.steps
    moved = np.flatnonzero(target != np.arange(len(target)))
    moved = np.intersect1d(moved, np.concatenate([mesh.u, mesh.v]))
    steps = shapely.linestrings(np.stack([mesh.xy[moved], mesh.xy[target[moved]]], axis=1))
    lines = mesh.line.copy()
    lines[changed] = _with_ends(
        lines[changed],
        np.where((u != mesh.u)[changed, None], mesh.xy[u[changed]], np.nan),
        np.where((v != mesh.v)[changed, None], mesh.xy[v[changed]], np.nan),
    )
    length = shapely.length(lines)
    longer = length / mesh.length_m
    added = float(length.sum() - mesh.length_m.sum())
    drawn = replace(
        mesh,
        u=u,
        v=v,
        line=lines,
        length_m=length,
        cost_length_m=mesh.cost_length_m * longer,
        stated_eur=mesh.stated_eur * longer,
    )
    return drawn, added, np.asarray(steps, dtype=object)


def _with_ends(lines: np.ndarray, before: Floats, after: Floats) -> np.ndarray:
    """Return lines with a point put before and after them, where one is given."""
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    every = np.arange(len(lines))
    together = np.vstack([before, xy, after])
    number = np.concatenate([every, owner, every])
    order = np.argsort(number, kind="stable")
    together, number = together[order], number[order]
    given = ~np.isnan(together[:, 0])
    longer: np.ndarray = shapely.linestrings(together[given], indices=number[given])
    return longer


def reach_near_lines(mesh: Mesh, tolerance_m: float) -> tuple[Mesh, Joined]:
    """Draw loose ends on to the line within the tolerance, and split that line there."""
    loose, own = _loose_ends(mesh)
    if not tolerance_m > TOUCH_M or not len(loose):
        return mesh, NOTHING_JOINED
    points = shapely.points(mesh.xy[loose])
    tree = shapely.STRtree(mesh.line)
    which, edge = tree.query(points, predicate="dwithin", distance=tolerance_m)
    far = np.where(mesh.u[own] == loose, mesh.v[own], mesh.u[own])[which]
    apart = (edge != own[which]) & (mesh.u[edge] != far) & (mesh.v[edge] != far)
    apart &= mesh.level[edge] == mesh.level[own[which]]
    which, edge = which[apart], edge[apart]
    if not len(which):
        return mesh, NOTHING_JOINED
    order = np.lexsort((edge, shapely.distance(points[which], mesh.line[edge]), which))
    which, first = np.unique(which[order], return_index=True)
    edge = edge[order][first]
    at = shapely.line_locate_point(mesh.line[edge], points[which])
    foot = shapely.get_coordinates(shapely.line_interpolate_point(mesh.line[edge], at))
    count = len(mesh.xy)
    target = np.arange(count + len(which))
    node = _foot_nodes(mesh, edge, at, count)
    target[loose[which]] = node
    grown = replace(mesh, xy=np.vstack([mesh.xy, foot]))
    inside = node >= count
    cut = split(grown, edge[inside], at[inside], node[inside])
    drawn, added, steps = _draw_on(cut, target)
    return drawn, Joined(len(which), added, steps)


def _foot_nodes(mesh: Mesh, edge: Ints, at: Floats, count: int) -> Ints:
    """Return the node at each foot: an end of the edge where it is there, else a new one."""
    node = count + np.arange(len(edge))
    node = np.where(at <= TOUCH_M, mesh.u[edge], node)
    return np.where(at >= mesh.length_m[edge] - TOUCH_M, mesh.v[edge], node)
