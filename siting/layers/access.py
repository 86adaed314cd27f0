"""Read the places at which a pipe may leave a large site or enter a large zone."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.errors import FaultLog, name_ids
from siting.layers.columns import Column, check_mapping, read_columns
from siting.region import Remark

__all__ = ["access_frame"]

KIND = "access_points"
NEAR_M = 50.0
"""A gate stands so near to the outline that it belongs to: judgement [m]."""

COLUMNS = (Column("site_id"), Column("zone_id"))


def access_frame(
    frame: gpd.GeoDataFrame,
    places: Mapping[str, gpd.GeoDataFrame],
    mapping: Mapping[str, str],
    log: FaultLog,
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return points with the layer (``kind``) and ``id`` that they belong to.

    Parameters
    ----------
    frame
        Points in the working CRS.
    places
        The frames of ``sites``, with their ``outline``, and ``zones``.
    mapping
        Our column name to the name in the file.
    log
        Takes points that are none, unknown ids (faults), and points near nothing (doubts).

    Notes
    -----
    A point belongs to the site or zone that it names, else to the nearest outline of a site within
    50 m, else to that of a zone.
    """
    frame = frame.set_axis(pd.RangeIndex(1, len(frame) + 1))
    check_mapping(KIND, mapping, ["x", "y", *(column.name for column in COLUMNS)], log)
    data = read_columns(frame, KIND, COLUMNS, mapping, log)
    is_point = (frame.geometry.geom_type == "Point").to_numpy()
    if not is_point.all():
        rows = list(frame.index[~is_point])
        log.fault(KIND, f"features {name_ids(rows)} are no points.", "Give points.", rows)
    frame, data = frame[is_point], data[is_point]
    kind = np.where(data["site_id"] != "", "sites", np.where(data["zone_id"] != "", "zones", ""))
    named = data["site_id"].where(data["site_id"] != "", data["zone_id"])
    named = named.to_numpy(dtype=object, copy=True)
    for layer, known in places.items():
        own = kind == layer
        strange = own & ~np.isin(named, np.asarray(known.index, dtype=object))
        if strange.any():
            ids = sorted(set(named[strange]))
            log.fault(KIND, f"there is no {layer[:-1]} {name_ids(ids)}.", "Correct the id.", ids)
    for layer, known in places.items():
        open_ = np.flatnonzero(kind == "")
        shapes = np.asarray(known.get("outline", known.geometry), dtype=object)
        (gate, nearest) = shapely.STRtree(shapes).query_nearest(
            frame.geometry.to_numpy()[open_], max_distance=NEAR_M, all_matches=False
        )
        kind[open_[gate]] = layer
        named[open_[gate]] = np.asarray(known.index, dtype=object)[nearest]
    lost = list(frame.index[kind == ""])
    if lost:
        log.doubt(
            KIND,
            f"points {name_ids(lost)} lie more than {NEAR_M:g} m from every site and zone, and are"
            " not used.",
            "Name their site in a column site_id, or correct their place.",
            lost,
        )
    found = gpd.GeoDataFrame(
        {"kind": kind, "id": named}, geometry=frame.geometry.to_numpy(), crs=frame.crs
    )[kind != ""]
    words = f"of {found[['kind', 'id']].drop_duplicates().shape[0]:,} sites and zones"
    read = Remark(KIND, "read access points", len(found), detail=words, places=found.geometry)
    return found.reset_index(drop=True), (read,)
