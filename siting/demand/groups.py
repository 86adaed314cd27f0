"""Group buildings into zones: those that touch, or those along one street."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

__all__ = ["group_along_streets", "group_touching"]


def group_touching(geometry: gpd.GeoSeries, gap_m: float = 0.5) -> pd.Series:
    """Group the buildings that touch, or nearly touch.

    Parameters
    ----------
    geometry
        Footprints in a projected CRS [m].
    gap_m
        Largest gap between members of one group [m].

    Returns
    -------
    Group number of each building, counted from 0 in the order of the input.

    Examples
    --------
    >>> boxes = gpd.GeoSeries([shapely.box(x, 0, x + 10, 10) for x in (0, 10, 50)])
    >>> group_touching(boxes).tolist()
    [0, 0, 1]
    """
    shapes = geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=gap_m)
    pairs = coo_matrix((np.ones(len(first)), (first, second)), shape=(len(shapes),) * 2)
    _, label = connected_components(pairs, directed=False)
    return pd.Series(pd.factorize(label)[0], index=geometry.index, name="group")


def group_along_streets(
    buildings: gpd.GeoSeries,
    streets: gpd.GeoSeries,
    *,
    block_length_m: float = 200.0,
    gap_m: float = 60.0,
    smallest: int = 3,
) -> pd.Series:
    """Group neighbouring buildings on one street into blocks.

    Parameters
    ----------
    buildings
        Footprints in a projected CRS [m].
    streets
        Street lines between junctions, in the same CRS.
    block_length_m
        Longest piece of street that one block takes [m]; longer streets are cut evenly.
    gap_m
        Largest gap between a member of a block and the next [m].
    smallest
        Blocks with fewer buildings join the block nearest to them within ``gap_m``.

    Returns
    -------
    Block number of each building, counted from 0 in the order of the input.

    Notes
    -----
    Each building belongs to the street nearest to it and to the piece of that street beside its
    centre. Members farther apart than ``gap_m`` are parted again.

    Examples
    --------
    >>> street = gpd.GeoSeries([shapely.LineString([(0, 0), (400, 0)])])
    >>> boxes = gpd.GeoSeries([shapely.box(x, 10, x + 10, 20) for x in (0, 30, 60, 300)])
    >>> group_along_streets(boxes, street).tolist()
    [0, 0, 0, 1]
    """
    lines = streets.to_numpy()
    _, nearest = shapely.STRtree(lines).query_nearest(buildings.to_numpy(), all_matches=False)
    length = shapely.length(lines[nearest])
    along = shapely.line_locate_point(lines[nearest], buildings.centroid.to_numpy())
    pieces = np.ceil(length / block_length_m).clip(min=1)
    piece = np.minimum(np.floor(along * pieces / length), pieces - 1)
    block = pd.factorize(pd.MultiIndex.from_arrays([nearest, piece]))[0]
    parts = _part_at_gaps(buildings, block, gap_m)
    joined = _join_small(buildings, parts, smallest, gap_m)
    return pd.Series(pd.factorize(joined)[0], index=buildings.index, name="group")


def _part_at_gaps(buildings: gpd.GeoSeries, block: np.ndarray, gap_m: float) -> np.ndarray:
    """Return new block numbers, where members too far apart are parted."""
    first, second, _ = _near_pairs(buildings.to_numpy(), gap_m)
    same = block[first] == block[second]
    pairs = (first[same], second[same])
    graph = coo_matrix((np.ones(len(pairs[0])), pairs), shape=(len(block),) * 2)
    return np.asarray(pd.factorize(connected_components(graph, directed=False)[1])[0])


def _near_pairs(shapes: np.ndarray, gap_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pairs of buildings within a gap, in the order of the first, and their distance [m]."""
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=gap_m)
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    return first, second, shapely.distance(shapes[first], shapes[second])


def _join_small(
    buildings: gpd.GeoSeries, block: np.ndarray, smallest: int, gap_m: float
) -> np.ndarray:
    """Return block numbers, where small blocks have joined the nearest one within reach."""
    first, second, away = _near_pairs(buildings.to_numpy(), gap_m)
    starts = np.searchsorted(first, np.arange(len(block) + 1))
    joined = block.copy()
    members: dict[int, list[int]] = {}
    for number, each in enumerate(block.tolist()):
        members.setdefault(each, []).append(number)
    for each in sorted(members):
        own = members[each]
        if len(own) >= smallest:
            continue
        reach = np.concatenate([np.arange(starts[one], starts[one + 1]) for one in own])
        reach = reach[joined[second[reach]] != each]
        if len(reach):
            nearest = second[reach[np.lexsort((second[reach], away[reach]))[0]]]
            home = int(joined[nearest])
            joined[own] = home
            members[home] += own
            members[each] = []
    return joined
