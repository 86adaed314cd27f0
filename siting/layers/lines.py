"""Turn a layer of lines, or OpenStreetMap, into the streets of a region."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.errors import Fault, FaultLog, InputError, name_ids
from siting.layers.columns import Column, check_mapping, read_columns
from siting.layers.files import GDAL_ERRORS, open_layer, report_missing_file
from siting.layers.shapes import AREAS, LINES
from siting.region import Remark
from siting.streets import (
    SURFACE_FACTORS,
    fetch_streets,
    is_graphml,
    is_osm,
    read_graphml,
    read_osm,
)

if TYPE_CHECKING:
    from siting.config import StreetsConfig

__all__ = ["line_frame", "open_streets"]

COLUMNS = (
    Column("name", synonyms=("street", "street_name")),
    Column("road_class", synonyms=("highway", "fclass")),
    Column("surface"),
    Column(
        "cost_factor",
        "number",
        low=0.01,
        high=100.0,
        hint="It multiplies the trench cost of a paved town street; 1 leaves it as it is.",
    ),
    Column(
        "cost_eur_per_m",
        "number",
        low=1.0,
        high=100_000.0,
        hint="It is what a metre of pipe with its trench costs at any size; leave it empty for the"
        " catalogue.",
    ),
    Column("level"),
    Column("layer"),
    Column("bridge"),
    Column("tunnel"),
    Column("forbidden", "flag"),
)


def open_streets(
    config: StreetsConfig, folder: Path, log: FaultLog
) -> tuple[gpd.GeoDataFrame | None, tuple[Remark, ...]]:
    """Return the lines as they stand in their source, or none if that failed."""
    try:
        if config.source == "osmnx":
            return _fetched(config, folder), ()
        path = Path(config.path or "")
        if not is_osm(path) and not is_graphml(path):
            return open_layer("streets", config, log), ()
        if not path.exists():
            report_missing_file("streets", path, log)
            return None, ()
        return read_osm(path) if is_osm(path) else read_graphml(path)
    except InputError as error:
        log.faults.extend(error.faults)
        return None, ()


def _fetched(config: StreetsConfig, folder: Path) -> gpd.GeoDataFrame:
    """Return streets by OSMnx, or those that an earlier run kept."""
    return fetch_streets(
        place=config.place,
        bbox=config.bbox,
        point=config.point,
        distance_m=config.distance_m,
        polygon=None if config.polygon is None else _border(config.polygon),
        cache=folder / "cache",
        overpass_url=config.overpass_url,
        nominatim_url=config.nominatim_url,
    )


def _border(path: Path) -> shapely.Geometry:
    """Return the union of the areas of a file, in degrees."""
    try:
        frame = gpd.read_file(path)
    except GDAL_ERRORS as error:
        words = f"cannot read '{path.name}', the border of the streets: {error}."
        raise InputError(Fault("streets", words, "Check `polygon`.")) from error
    areas = frame[frame.geometry.geom_type.isin(AREAS)] if "geometry" in frame else frame[:0]
    if areas.empty or areas.crs is None:
        words = f"'{path.name}', the border of the streets, holds no areas in a stated CRS."
        raise InputError(Fault("streets", words, "Check `polygon`."))
    return areas.to_crs("EPSG:4326").geometry.union_all()


def line_frame(
    frame: gpd.GeoDataFrame, mapping: Mapping[str, str], log: FaultLog
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return single lines with the columns that `siting.streets.street_frame` looks for.

    Parameters
    ----------
    frame
        The layer in the working CRS.
    mapping
        Our column name to the name in the file.
    log
        Takes the faults.
    """
    frame = frame.set_axis(pd.RangeIndex(1, len(frame) + 1))
    names = [*(column.name for column in COLUMNS), "u", "v"]
    check_mapping("streets", mapping, names, log)
    data = read_columns(frame, "streets", COLUMNS, _without_ids(mapping), log)
    _check_surface(data["surface"], "surface" in mapping, log)
    ends = [frame.get(mapping.get(name, name)) for name in ("u", "v")]
    if all(end is not None and pd.api.types.is_integer_dtype(end.dtype) for end in ends):
        data["u"], data["v"] = ends
    shapes, remarks = _lines_only(frame, log)
    lines = gpd.GeoDataFrame(data.loc[shapes.index], geometry=shapes, crs=frame.crs)
    return _single_lines(lines), remarks


def _without_ids(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the mapping without node ids, which are taken as they are."""
    return {ours: theirs for ours, theirs in mapping.items() if ours not in {"u", "v"}}


def _check_surface(surface: pd.Series, mapped: bool, log: FaultLog) -> None:
    """Report unknown surfaces in a column that was mapped on purpose."""
    wrong = ~surface.isin([*SURFACE_FACTORS, ""])
    if mapped and wrong.any():
        log.fault(
            "streets",
            f"surface holds {name_ids(sorted(set(surface[wrong])), shown=3)} at"
            f" {int(wrong.sum()):,} lines; expected {name_ids(list(SURFACE_FACTORS))}.",
            "Use one of these words, or take surface out of `columns`.",
        )


def _lines_only(frame: gpd.GeoDataFrame, log: FaultLog) -> tuple[gpd.GeoSeries, tuple[Remark, ...]]:
    """Return the lines; other shapes are left out, or a fault if there is nothing else."""
    shapes = frame.geometry
    missing = (shapes.isna() | shapes.is_empty).to_numpy()
    is_line = shapes.geom_type.isin(LINES).to_numpy()
    if len(shapes) and not is_line.any():
        found = ", ".join(sorted(set(shapes[~missing].geom_type))) or "nothing"
        log.fault(
            "streets",
            f"the layer holds {found}; expected lines.",
            "Check `path` and `layer` under [layers.streets].",
        )
    remarks = []
    if missing.any():
        act = "left out lines without geometry"
        remarks.append(Remark("streets", act, int(missing.sum()), repair=True))
    other = ~is_line & ~missing
    if other.any() and is_line.any():
        detail = ", ".join(sorted(set(shapes[other].geom_type)))
        remarks.append(
            Remark(
                "streets",
                "left out shapes that are no lines",
                int(other.sum()),
                detail=detail,
                repair=True,
                places=shapes[other],
            )
        )
    return shapes[is_line], tuple(remarks)


def _single_lines(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row for each line; parts of a line with gaps lose its node ids."""
    single = lines.explode(index_parts=False)
    parts = single.index.duplicated(keep=False)
    if "u" in single and np.any(parts):
        single = single.assign(u=single["u"].mask(parts, -1), v=single["v"].mask(parts, -1))
    return single.reset_index(drop=True)
