"""Join the pipes of an existing heat network to the streets beside them."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from siting.errors import FaultLog
from siting.network.mesh import EXISTING, STREET, Ints, Mesh, join, labels, split
from siting.network.noding import cut_at_points, line_meetings, street_mesh
from siting.region import Remark

__all__ = ["add_existing"]


def add_existing(
    mesh: Mesh, pipes: gpd.GeoDataFrame, snap_tolerance_m: float, tie_in_m: float, log: FaultLog
) -> tuple[Mesh, tuple[Remark, ...]]:
    """Return the streets together with the existing pipes.

    Parameters
    ----------
    mesh
        The streets.
    pipes
        Lines with ``existing_dn``, ``name`` and ``level``.
    snap_tolerance_m
        Largest gap between pipes that is closed [m].
    tie_in_m
        Crossings and ends of streets nearer than this to a pipe can be joined to it [m].
    log
        Takes pipes that nothing can be joined to.

    Notes
    -----
    Streets and pipes are joined where they cross on the ground, and by a short new pipe from each
    crossing or end of streets within ``tie_in_m``. Existing pipes cost nothing and keep their
    diameter; the short new ones are priced as any other.
    """
    rows = pipes.assign(cost_factor=0.0, u=-1, v=-1)
    old, remarks = street_mesh(rows, snap_tolerance_m, log)
    if not len(old):
        return mesh, remarks
    old = replace(old, kind=np.full(len(old), EXISTING, dtype=np.int64))
    count = len(mesh.xy)
    streets = replace(mesh, xy=np.vstack([mesh.xy, old.xy]))
    both = join(streets, replace(old, xy=streets.xy, u=old.u + count, v=old.v + count))
    is_old = both.kind == EXISTING
    one, other, point = line_meetings(both, np.flatnonzero(is_old), np.flatnonzero(~is_old))
    level = both.level[one] == both.level[other]
    edge = np.concatenate([one[level], other[level]])
    both, met = cut_at_points(both, edge, np.vstack([point[level], point[level]]))
    both, ties = _tied(both, tie_in_m)
    _doubt_alone(both, log)
    act = "joined existing pipes to streets where they meet"
    crossed = Remark("existing_network", act, len(met), places=shapely.points(met))
    length = float(shapely.length(ties).sum())
    act, words = "offered short new pipes from streets to existing pipes", f"within {tie_in_m:g} m"
    tied = Remark("existing_network", act, len(ties), length, words, places=ties)
    return both, (*remarks, *(each for each in (crossed, tied) if each.count))


def _tied(mesh: Mesh, tie_in_m: float) -> tuple[Mesh, np.ndarray]:
    """Return the mesh with a short street from each near crossing or end to its pipe."""
    is_old = mesh.kind == EXISTING
    degree = np.bincount(np.concatenate([mesh.u[~is_old], mesh.v[~is_old]]), minlength=len(mesh.xy))
    on_pipe = np.zeros(len(mesh.xy), dtype=bool)
    on_pipe[mesh.u[is_old]] = on_pipe[mesh.v[is_old]] = True
    node = np.flatnonzero((degree > 0) & (degree != 2) & ~on_pipe)
    pipes = np.flatnonzero(is_old)
    if not len(node) or tie_in_m <= 0:
        return mesh, np.zeros(0, dtype=object)
    points = shapely.points(mesh.xy[node])
    near, pipe = shapely.STRtree(mesh.line[pipes]).query_nearest(
        points, max_distance=tie_in_m, all_matches=False
    )
    node, pipe = node[near], pipes[pipe]
    at = shapely.line_locate_point(mesh.line[pipe], points[near])
    foot = shapely.get_coordinates(shapely.line_interpolate_point(mesh.line[pipe], at))
    grown = replace(mesh, xy=np.vstack([mesh.xy, foot]))
    new = len(mesh.xy) + np.arange(len(foot))
    lines = shapely.linestrings(np.stack([mesh.xy[node], foot], axis=1))
    end = _end_node(mesh, pipe, at)
    inside = end < 0
    cut = split(grown, pipe[inside], at[inside], new[inside])
    new = np.where(inside, new, end)
    return join(cut, _ties(grown, node, new, lines)), np.asarray(lines, dtype=object)


def _end_node(mesh: Mesh, edge: Ints, at: np.ndarray) -> Ints:
    """Return the end of each edge that a place on it coincides with, -1 for none."""
    end = np.where(at <= 0, mesh.u[edge], -1)
    return np.where(at >= mesh.length_m[edge], mesh.v[edge], end)


def _ties(mesh: Mesh, u: Ints, v: Ints, lines: np.ndarray) -> Mesh:
    """Return short new streets."""
    length = shapely.length(lines)
    return Mesh(
        xy=mesh.xy,
        u=u,
        v=v,
        line=np.asarray(lines, dtype=object),
        length_m=length,
        cost_length_m=length.copy(),
        name=np.full(len(u), "", dtype=object),
        level=np.zeros(len(u), dtype=np.int64),
        kind=np.full(len(u), STREET, dtype=np.int64),
        stated_eur=np.zeros(len(u)),
        existing_dn=np.full(len(u), np.nan),
        free_mw=np.full(len(u), np.nan),
    )


def _doubt_alone(mesh: Mesh, log: FaultLog) -> None:
    """Doubt pipes that no street can be joined to."""
    part = labels(len(mesh.xy), mesh.u, mesh.v)[mesh.u]
    is_old = mesh.kind == EXISTING
    alone = is_old & ~np.isin(part, part[~is_old])
    if alone.any():
        length = float(mesh.length_m[alone].sum())
        log.doubt(
            "existing_network",
            f"{length:,.0f} m of pipes lie where no street can be joined to them.",
            "Raise tie_in_m under [layers.existing_network], or check the layer.",
        )
