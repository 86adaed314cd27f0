"""Say where connections leave each site and zone: anywhere on it, by its sides, or at its gates."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.network.mesh import Ints, Objects

__all__ = ["Doors"]

LARGE_OUTLINE_M = 400.0
"""An outline longer than this, that of a hectare, is asked side by side: judgement [m]."""

STEPS_PER_SIDE = 16


@dataclass(frozen=True)
class Doors:
    """What connections leave from.

    Parameters
    ----------
    shape, place
        The shape of each door, and the number of the place that it belongs to.
    count
        Candidate connections from each door.
    most
        Candidate connections from each place.
    """

    shape: Objects
    place: Ints
    count: Ints
    most: Ints

    @classmethod
    def of(
        cls, shapes: Objects, ids: pd.Index, access: gpd.GeoDataFrame | None, count: int
    ) -> Doors:
        """Return the doors of places.

        Parameters
        ----------
        shapes
            Points and areas.
        ids
            Layer (``sites`` or ``zones``) and id of each place.
        access
            Access points with ``kind`` and ``id`` of their place.
        count
            Candidate connections from each place.

        Notes
        -----
        A place with access points has one candidate at each of them, and none elsewhere. Of a large
        outline each of as many sides as candidates are wanted is asked for its nearest street, so
        that they do not all lie on one side. Everything else is asked as a whole.
        """
        every = np.arange(len(shapes))
        most = np.full(len(shapes), count)
        gates, of_gate = _gates(ids, access)
        most[of_gate] = np.bincount(of_gate, minlength=len(shapes))[of_gate]
        open_ = np.setdiff1d(every, of_gate)
        sides, of_side = _sides(shapes, open_, count)
        wanted = np.full(len(shapes), count)
        wanted[of_side] = 1
        one = np.ones(len(gates) + len(sides), dtype=np.int64)
        return cls(
            np.concatenate([shapes[open_], sides, gates]),
            np.concatenate([open_, of_side, of_gate]).astype(np.int64),
            np.concatenate([wanted[open_], one]).astype(np.int64),
            most.astype(np.int64),
        )


def _gates(ids: pd.Index, access: gpd.GeoDataFrame | None) -> tuple[Objects, Ints]:
    """Return the access points in the order of their place, and that place."""
    if access is None or access.empty:
        return np.zeros(0, dtype=object), np.zeros(0, dtype=np.int64)
    place = ids.get_indexer(pd.MultiIndex.from_arrays([access["kind"], access["id"]]))
    points = access.geometry.to_numpy()
    order = np.lexsort((*shapely.get_coordinates(points).T, place))
    order = order[place[order] >= 0]
    return points[order], place[order].astype(np.int64)


def _sides(shapes: Objects, open_: Ints, count: int) -> tuple[Objects, Ints]:
    """Return the outlines of large areas cut into as many sides as wanted, and whose they are."""
    outline = shapely.get_exterior_ring(shapes[open_])
    large = ~shapely.is_missing(outline)
    large[large] = shapely.length(outline[large]) > LARGE_OUTLINE_M
    if count == 1 or not large.any():
        return np.zeros(0, dtype=object), np.zeros(0, dtype=np.int64)
    rings, owner = outline[large], open_[large]
    length = shapely.length(rings)
    steps = np.arange(count)[:, None] * STEPS_PER_SIDE + np.arange(STEPS_PER_SIDE + 1)[None, :]
    along = steps.reshape(1, -1) / (count * STEPS_PER_SIDE) * length[:, None]
    points = shapely.line_interpolate_point(rings[:, None], along)
    xy = shapely.get_coordinates(points.ravel())
    side = np.repeat(np.arange(len(rings) * count), STEPS_PER_SIDE + 1)
    return np.asarray(shapely.linestrings(xy, indices=side)), np.repeat(owner, count)
