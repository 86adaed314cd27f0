"""Keep pipes out of barriers and buildings, or count what crossing a barrier costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.network.mesh import Bools, Floats, Ints, Mesh, Objects, split
from siting.region import Region, Remark

__all__ = ["FORBIDDEN_WAY", "Crossings", "Obstacles", "crossing_costs", "crossing_remark"]

FORBIDDEN_WAY = 2
ONE_CROSSING_M = 40.0
"""Tracks, carriageways or arms of water of one kind less than this apart are one crossing [m]."""

CUT_BESIDE_M = 0.5
"""Streets end so far beside a barrier that is forbidden to cross [m]."""

GRAZE_M = 0.1
"""A line that lies less than this inside an area does not run through it [m]."""


@dataclass(frozen=True)
class Obstacles:
    """What connections keep out of: barriers, those of them that are closed, and buildings."""

    priced: Objects
    closed: Objects
    buildings: Objects

    @classmethod
    def of(cls, region: Region) -> Obstacles | None:
        """Return the obstacles of a region, none if it has none."""
        if region.barriers is None and region.buildings is None:
            return None
        nothing: Objects = np.zeros(0, dtype=object)
        priced = closed = nothing
        if region.barriers is not None:
            frame = region.barriers.frame
            shut = (frame["crossing"] == "forbidden").to_numpy(dtype=bool)
            shapes = frame.geometry.to_numpy()
            priced, closed = shapes[~shut], shapes[shut]
        buildings = nothing if region.buildings is None else region.buildings
        return cls(priced, closed, np.asarray(buildings, dtype=object))

    def hits(self, ways: Objects, own: Objects) -> Ints:
        """Return 0 for ways that are clear, 1 for those better avoided, 2 for closed ones.

        Parameters
        ----------
        ways
            Straight connections.
        own
            The place that each starts from; the building that it is does not count.
        """
        found = np.zeros(len(ways), dtype=np.int64)
        found[_crossing(ways, self.priced)[0]] = 1
        way, building = _through(ways, self.buildings)
        # Surveys differ by a little: a building that mostly overlaps the place is the place.
        shared = shapely.intersection(own[way], self.buildings[building])
        same = shapely.area(shared) > 0.3 * shapely.area(self.buildings[building])
        same |= shapely.intersects(self.buildings[building], shapely.centroid(own[way]))
        found[way[~same]] = 1
        found[_crossing(ways, self.closed)[0]] = FORBIDDEN_WAY
        return found

    def without_forbidden(self, mesh: Mesh) -> tuple[Mesh, tuple[Remark, ...]]:
        """Return the mesh with streets cut where a closed barrier lies across them.

        What is left of a street on each side stays, a gap of half a metre beside the barrier apart.
        """
        line, barrier = _crossing(mesh.line, self.closed)
        if not len(line):
            return mesh, ()
        found = _stretches(mesh.line, line, self.closed, barrier)
        whole = mesh.length_m[found["line"]]
        ends = np.concatenate([found["start"] - CUT_BESIDE_M, found["end"] + CUT_BESIDE_M])
        edge = np.tile(found["line"].to_numpy(dtype=np.int64), 2)
        inside = (ends > GRAZE_M) & (ends < np.tile(whole, 2) - GRAZE_M)
        cut = _cut(mesh, edge[inside], ends[inside])
        shut = np.zeros(len(cut), dtype=bool)
        shut[_crossing(cut.line, self.closed)[0]] = True
        length, places = float(cut.length_m[shut].sum()), cut.line[shut]
        act = "cut streets where a closed barrier lies across them"
        remark = Remark("network", act, int(shut.sum()), length, places=places)
        return cut.take(~shut), (remark,)


def _cut(mesh: Mesh, edge: Ints, at_m: Floats) -> Mesh:
    """Return the mesh with edges cut at places on them, each with a node of its own."""
    if not len(edge):
        return mesh
    foot = shapely.get_coordinates(shapely.line_interpolate_point(mesh.line[edge], at_m))
    node = len(mesh.xy) + np.arange(len(edge))
    return split(replace(mesh, xy=np.vstack([mesh.xy, foot])), edge, at_m, node)


def _through(lines: Objects, areas: Objects) -> tuple[Ints, Ints]:
    """Return pairs of lines and areas in which the line runs inside the area."""
    if not len(lines) or not len(areas):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    line, area = shapely.STRtree(areas).query(lines, predicate="intersects")
    inside = shapely.length(shapely.intersection(lines[line], areas[area])) > GRAZE_M
    inside &= ~shapely.touches(lines[line], areas[area])
    return line[inside], area[inside]


def _crossing(lines: Objects, barriers: Objects) -> tuple[Ints, Ints]:
    """Return pairs of lines and barriers that cross; a border of an area may be touched."""
    if not len(lines) or not len(barriers):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    line, barrier = shapely.STRtree(barriers).query(lines, predicate="intersects")
    is_area = shapely.get_dimensions(barriers[barrier]) == 2
    own, area = lines[line[is_area]], barriers[barrier[is_area]]
    crosses: Bools = np.ones(len(line), dtype=bool)
    inside = shapely.length(shapely.intersection(own, area)) > GRAZE_M
    crosses[is_area] = inside & ~shapely.touches(own, area)
    return line[crosses], barrier[crosses]


# ------------------------------------------------------------------------------ the price


@dataclass(frozen=True)
class Crossings:
    """Number and cost [EUR] of the crossings on each edge, and where they lie."""

    count: Floats
    cost_eur: Floats
    places: Objects


def crossing_costs(
    edges: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame, default_eur: float
) -> Crossings:
    """Return what the crossings on each edge cost.

    Parameters
    ----------
    edges
        The edges of a network, with ``kind``.
    barriers
        The frame of `siting.region.Barriers`.
    default_eur
        Lump sum for a barrier that states none, before its cost factor [EUR].

    Notes
    -----
    Barriers of one kind that follow each other on an edge within 40 m, such as the tracks of a
    railway, are one crossing, at the price of the dearest. An edge that ends on the line of a
    barrier has half a crossing, so that a way through its end has one. Existing pipes cross
    what they cross already.
    """
    lines = edges.geometry.to_numpy()
    laid = np.flatnonzero(~_stands_already(edges))
    shapes = barriers.geometry.to_numpy()
    line, barrier = _crossing(lines[laid], shapes)
    line = laid[line]
    found = _stretches(lines, line, shapes, barrier)
    stated = barriers["cost_eur"].to_numpy(dtype=float)
    factor = barriers["cost_factor"].to_numpy(dtype=float)
    price = np.where(np.isnan(stated), default_eur * factor, stated)
    _, kind = np.unique(barriers["kind"].to_numpy(dtype=str), return_inverse=True)
    found = found.assign(price=price[found["barrier"]], kind=kind[found["barrier"]])
    merged = _merged(found)
    count = np.bincount(merged["line"], weights=merged["share"], minlength=len(lines))
    cost = np.bincount(
        merged["line"], weights=merged["share"] * merged["price"], minlength=len(lines)
    )
    middle = (merged["start"] + merged["end"]).to_numpy() / 2
    places = shapely.line_interpolate_point(lines[merged["line"].to_numpy()], middle)
    places = np.asarray(places, dtype=object)
    return Crossings(count.astype(float), cost.astype(float), places)


def _stands_already(edges: gpd.GeoDataFrame) -> Bools:
    """Return which edges are existing pipes, or the service lines of their customers."""
    kind = edges["kind"].to_numpy()
    stands: Bools = kind == "existing"
    if "cost_length_m" in edges:
        free = (edges["cost_length_m"] == 0).to_numpy() & (edges["length_m"] > 0).to_numpy()
        stands |= (kind == "service") & free
    return stands


def _stretches(lines: Objects, line: Ints, shapes: Objects, barrier: Ints) -> pd.DataFrame:
    """Return from where to where on its line each crossing runs [m]."""
    shared = shapely.intersection(lines[line], shapes[barrier])
    parts, owner = shapely.get_parts(shared, return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)
    owner = owner[inner]
    is_point = shapely.get_type_id(parts) == shapely.GeometryType.POINT
    ends: list[Any] = []
    for place in (0, -1):
        end = np.where(is_point, parts, shapely.get_point(parts, place))
        ends.append(shapely.line_locate_point(lines[line[owner]], end))
    start, end = np.minimum(*ends), np.maximum(*ends)
    return pd.DataFrame(
        {
            "line": line[owner],
            "barrier": barrier[owner],
            "start": start,
            "end": end,
            "length": shapely.length(lines[line[owner]]),
        }
    )


def _merged(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each crossing: stretches of one kind that are near each other join."""
    found = found.sort_values(["line", "kind", "start", "end"], kind="stable")
    group = [found["line"], found["kind"]]
    reach = found.groupby(group)["end"].cummax()
    before = reach.groupby(group).shift()
    new = ~(found["start"] - before <= ONE_CROSSING_M)
    crossing = new.cumsum()
    merged = found.groupby(crossing, as_index=False).agg(
        line=("line", "first"),
        start=("start", "min"),
        end=("end", "max"),
        price=("price", "max"),
        length=("length", "first"),
    )
    at_end = (merged["end"] < GRAZE_M) | (merged["start"] > merged["length"] - GRAZE_M)
    return merged.assign(share=np.where(at_end, 0.5, 1.0))


def crossing_remark(found: Crossings, edges: gpd.GeoDataFrame) -> tuple[Remark, ...]:
    """Return how many edges cross a barrier, connections counted apart."""
    hit = found.count > 0
    if not hit.any():
        return ()
    links = int((hit & edges["kind"].isin(["service", "trunk"]).to_numpy()).sum())
    words = f"on {int(hit.sum()):,} edges, {links:,} of them connections that have no other way"
    act = "priced crossings of barriers"
    return (Remark("network", act, len(found.places), detail=words, places=found.places),)
