"""Check and repair the geometry of a layer."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.errors import FaultLog, name_ids
from siting.region import Remark

__all__ = ["present_shapes", "repaired_areas", "repeated_shapes", "shape_prints", "shapes_of_type"]

POINTS = frozenset({"Point", "MultiPoint"})
LINES = frozenset({"LineString", "MultiLineString", "LinearRing"})
AREAS = frozenset({"Polygon", "MultiPolygon"})


def present_shapes(kind: str, frame: gpd.GeoDataFrame, log: FaultLog) -> gpd.GeoDataFrame:
    """Return the features that have a geometry; one without is a fault."""
    missing = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    if missing.any():
        ids = list(frame.index[missing])
        log.fault(
            kind,
            f"{len(ids):,} features have no usable geometry: {name_ids(ids)}.",
            "Draw or remove them; in a table, check their coordinates.",
            ids,
        )
    return frame[~missing]


def shapes_of_type(
    kind: str, frame: gpd.GeoDataFrame, allowed: frozenset[str], words: str, log: FaultLog
) -> gpd.GeoDataFrame:
    """Return the features of an allowed geometry type; another type is a fault."""
    types = frame.geometry.geom_type
    wrong = ~types.isin(allowed).to_numpy()
    if wrong.any():
        ids = list(frame.index[wrong])
        found = ", ".join(sorted(set(types[wrong])))
        log.fault(
            kind,
            f"{len(ids):,} features are of type {found}: {name_ids(ids)}; expected {words}.",
            f"Check `layer` under [layers.{kind}], or convert them.",
            ids,
        )
    return frame[~wrong]


def repaired_areas(
    kind: str, frame: gpd.GeoDataFrame, log: FaultLog
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return valid areas; what self-crossing borders enclose is kept, and said.

    Parameters
    ----------
    kind
        Name of the layer.
    frame
        Points and areas, indexed by id.
    log
        Takes areas that enclose nothing.
    """
    shapes = frame.geometry.to_numpy()
    is_area = frame.geometry.geom_type.isin(AREAS).to_numpy()
    broken = is_area & ~shapely.is_valid(shapes)
    mended = shapes.copy()
    mended[broken] = _areas_only(shapely.make_valid(shapes[broken]))
    flat = is_area & ~(shapely.area(mended) > 0)
    if flat.any():
        ids = list(frame.index[flat])
        log.fault(
            kind,
            f"{len(ids):,} areas enclose nothing: {name_ids(ids)}.",
            "Draw them again, or give them as points.",
            ids,
        )
    result = frame.set_geometry(gpd.GeoSeries(mended, index=frame.index, crs=frame.crs))[~flat]
    if not broken.any():
        return result, ()
    ids = list(frame.index[broken])
    words, places = name_ids(ids), frame.geometry[broken]
    act = "repaired invalid areas"
    return result, (Remark(kind, act, len(ids), detail=words, repair=True, places=places),)


def _areas_only(shapes: np.ndarray) -> np.ndarray:
    """Return the polygons of geometries, without the lines and points left by a repair."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)
    owner = owner[inner]
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    merged = np.full(len(shapes), shapely.MultiPolygon(), dtype=object)
    for each in np.unique(owner[polygons]):
        own = parts[polygons & (owner == each)]
        merged[each] = own[0] if len(own) == 1 else shapely.multipolygons(own)
    return merged


def repeated_shapes(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Return which features have the same geometry as another one."""
    same: np.ndarray = shape_prints(frame.geometry).duplicated(keep=False).to_numpy()
    return same


def shape_prints(shapes: gpd.GeoSeries) -> pd.Series:
    """Return something that is equal for shapes that are equal to a millimetre, sound or not."""
    rounded = shapely.set_precision(shapes.to_numpy(), 1e-3, mode="pointwise")
    return pd.Series(shapely.to_wkb(shapely.normalize(rounded)), dtype=object)
