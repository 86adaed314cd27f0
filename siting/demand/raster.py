"""Turn a heat-density raster into demand zones: coherent areas of dense demand."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.errors import Fault, FaultLog, InputError
from siting.units import FloatArray

if TYPE_CHECKING:
    from affine import Affine

__all__ = ["MWH_PER_CELL_UNIT", "MWH_PER_HA_UNIT", "HeatRaster", "read_raster", "zones_from_raster"]

M2_PER_HA = 1e4
MWH_PER_HA_UNIT: Mapping[str, float] = MappingProxyType(
    {
        "MWh/ha": 1.0,
        "GJ/ha": 1 / 3.6,
        "kWh/m2": 10.0,
        "GWh/km2": 10.0,
        "TJ/km2": 10.0 / 3.6,
    }
)
"""Units of demand per ground area [MWh/ha per unit]."""
MWH_PER_CELL_UNIT: Mapping[str, float] = MappingProxyType(
    {"MWh": 1.0, "kWh": 1e-3, "GWh": 1e3, "GJ": 1 / 3.6, "TJ": 1e3 / 3.6}
)
"""Units of demand per cell [MWh per unit]."""
DENSEST_MWH_PER_HA = 100_000.0
STRAIGHT = ((0, 1), (1, 0))
DIAGONAL = ((1, 1), (1, -1))


@dataclass(frozen=True)
class HeatRaster:
    """A raster of heat demand.

    ``demand_mwh`` of each cell [MWh/a], 0 where there is none or no data; ``cell_m2`` is the
    area of a cell, ``transform`` leads from column and row to coordinates in ``crs``.
    """

    demand_mwh: FloatArray
    cell_m2: float
    transform: Affine
    crs: pyproj.CRS


def zones_from_raster(
    path: str | Path,
    unit: str,
    *,
    threshold_mwh_per_ha: float = 0.0,
    connectivity: int = 8,
    zone_size_m: float | None = None,
    crs: str | None = None,
) -> gpd.GeoDataFrame:
    """Return the coherent areas of a heat-density raster with their demand.

    Parameters
    ----------
    path
        A raster that GDAL reads, such as a GeoTIFF; its first band counts, and cells that hold
        its nodata value are empty.
    unit
        Unit of the raster, per year: per ground area ``MWh/ha``, ``GJ/ha``, ``kWh/m2``,
        ``GWh/km2`` or ``TJ/km2``; per cell ``MWh``, ``kWh``, ``GWh``, ``GJ`` or ``TJ``.
    threshold_mwh_per_ha
        Cells with less are left out [MWh/(ha·a)].
    connectivity
        4: cells hang together by their sides; 8: by their corners, too.
    zone_size_m
        Areas are cut along a grid of this width, so that a city is more than one zone [m].
    crs
        CRS of the raster, where it states none or a wrong one.

    Returns
    -------
    Areas in the CRS of the raster, the largest demand first, indexed by ``zone_id`` (``R1``, ...):
    ``annual_demand_mwh`` [MWh/a], ``cells`` and ``density_mwh_per_ha``. The demand of all areas is
    that of all cells kept.

    Raises
    ------
    InputError
        The raster cannot be read or placed, is not in metres, holds negative or unbelievable
        demand, or no cell reaches the threshold.
    """
    raster = read_raster(path, unit, crs=crs)
    name = Path(path).name
    density = raster.demand_mwh / (raster.cell_m2 / M2_PER_HA)
    kept = (density >= threshold_mwh_per_ha) & (density > 0)
    if not kept.any():
        raise InputError(
            Fault(
                "zones",
                f"no cell of raster '{name}' reaches {threshold_mwh_per_ha:g} MWh/(ha a); its"
                f" densest has {density.max(initial=0.0):,.4g}.",
                "Lower `threshold_mwh_per_ha`, or check `demand_unit` under [layers.zones].",
            )
        )
    return _areas(raster, kept, _labels(kept, connectivity, _block_cells(zone_size_m, raster)))


def read_raster(path: str | Path, unit: str, *, crs: str | None = None) -> HeatRaster:
    """Read a raster of heat demand, see `zones_from_raster`.

    Raises
    ------
    InputError
        See `zones_from_raster`; all faults are reported at once.
    """
    import rasterio
    from rasterio.errors import RasterioError

    name = Path(path).name
    if unit not in MWH_PER_HA_UNIT and unit not in MWH_PER_CELL_UNIT:
        known = ", ".join([*MWH_PER_HA_UNIT, *MWH_PER_CELL_UNIT])
        words = f"raster '{name}': the unit '{unit}' is not known."
        raise InputError(Fault("zones", words, f"Use one of {known}."))
    if not Path(path).is_file():
        words = f"raster '{name}' is not there."
        raise InputError(Fault("zones", words, "Correct `path` under [layers.zones]."))
    try:
        with warnings.catch_warnings(), rasterio.Env():
            # What is said of a missing place comes as a fault below.
            warnings.simplefilter("ignore")
            with rasterio.open(path) as source:
                band = source.read(1, masked=True).astype(float)
                transform = source.transform
                stated = crs or _crs_words(source.crs)
    except (RasterioError, ValueError) as error:
        words = f"'{name}' is no raster that can be read: {_first_line(error)}."
        raise InputError(Fault("zones", words, "Give a GeoTIFF.")) from error
    values = np.asarray(band.filled(np.nan), dtype=float)
    log = FaultLog()
    place = _placed(name, stated, transform, log)
    cell_m2 = abs(float(transform.determinant))
    per_unit = MWH_PER_CELL_UNIT.get(unit) or MWH_PER_HA_UNIT[unit] * cell_m2 / M2_PER_HA
    demand = np.where(np.isfinite(values), values, 0.0) * per_unit
    _check_demand(name, values, demand, cell_m2, unit, log)
    log.raise_faults()
    assert place is not None  # else there was a fault
    return HeatRaster(demand, cell_m2, transform, place)


def _crs_words(crs: Any) -> str | None:
    """Return a CRS by its number, which the text of a GeoTIFF often lacks, or by its text."""
    if not crs:
        return None
    number = crs.to_epsg()
    return str(crs.to_wkt()) if number is None else f"EPSG:{number}"


def _first_line(error: Exception) -> str:
    """Return the first line of what a library says."""
    return (str(error).splitlines() or ["unknown format"])[0].rstrip(".")


def _placed(name: str, stated: Any, transform: Affine, log: FaultLog) -> pyproj.CRS | None:
    """Return the CRS of a raster in metres."""
    if transform.is_identity:
        log.fault("zones", f"raster '{name}' has no place on the ground.", "Georeference it.")
        return None
    if stated is None:
        words = f"raster '{name}' states no CRS."
        log.fault("zones", words, 'Set crs = "EPSG:..." under [layers.zones].')
        return None
    try:
        crs = pyproj.CRS.from_user_input(stated)
    except pyproj.exceptions.CRSError:
        words = f"the CRS '{stated!s:.60}' of raster '{name}' is not known."
        log.fault("zones", words, 'Set crs = "EPSG:..." under [layers.zones].')
        return None
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        log.fault(
            "zones",
            f"raster '{name}' is in {crs.name}, whose cells are not measured in metres.",
            "Warp it to a projected CRS in metres first, such as EPSG:3035.",
        )
    return crs


def _check_demand(
    name: str, values: FloatArray, demand: FloatArray, cell_m2: float, unit: str, log: FaultLog
) -> None:
    """Report cells whose demand cannot be."""
    below = values < 0
    if below.any():
        log.fault(
            "zones",
            f"raster '{name}' holds negative demand in {int(below.sum()):,} cells, the least"
            f" {float(np.nanmin(values)):g} {unit}.",
            "Set its nodata value, as with gdal_translate -a_nodata, or correct them.",
        )
    densest = float(demand.max(initial=0.0)) / max(cell_m2 / M2_PER_HA, 1e-12)
    if densest > DENSEST_MWH_PER_HA:
        log.fault(
            "zones",
            f"the densest cell of raster '{name}' has {densest:,.4g} MWh/(ha a); more than"
            f" {DENSEST_MWH_PER_HA:,.0f} is not believable.",
            "Correct `demand_unit` under [layers.zones], or set the nodata value of the raster.",
        )


def _block_cells(zone_size_m: float | None, raster: HeatRaster) -> int | None:
    """Return how many cells wide a zone may be."""
    if zone_size_m is None:
        return None
    return max(1, round(zone_size_m / math.sqrt(raster.cell_m2)))


def _labels(kept: np.ndarray, connectivity: int, block: int | None) -> np.ndarray:
    """Return the number of the area of each kept cell, -1 elsewhere."""
    rows, columns = kept.shape
    place = np.full(kept.shape, -1)
    place[kept] = np.arange(int(kept.sum()))
    first, second = [], []
    for down, right in STRAIGHT + (DIAGONAL if connectivity == 8 else ()):
        here = place[: rows - down, max(0, -right) : columns - max(0, right)]
        there = place[down:, max(0, right) : columns + min(0, right)]
        joined = (here >= 0) & (there >= 0)
        first.append(here[joined])
        second.append(there[joined])
    u, v = np.concatenate(first), np.concatenate(second)
    if block is not None:
        row, column = np.nonzero(kept)
        tile = (row // block) * (columns // block + 1) + column // block
        inside = tile[u] == tile[v]
        u, v = u[inside], v[inside]
    count = int(kept.sum())
    graph = coo_array((np.ones(len(u)), (u, v)), shape=(count, count))
    label = np.full(kept.shape, -1)
    label[kept] = connected_components(graph, directed=False)[1]
    return label


def _areas(raster: HeatRaster, kept: np.ndarray, label: np.ndarray) -> gpd.GeoDataFrame:
    """Return one row for each area, the largest demand first."""
    row, column = np.nonzero(kept)
    group = label[kept]
    demand = pd.Series(raster.demand_mwh[kept]).groupby(group).agg(["sum", "size"])
    cells = shapely.polygons(_corners(row, column, raster.transform))
    shapes = gpd.GeoSeries(cells, crs=raster.crs).groupby(group).agg(shapely.union_all)
    frame = gpd.GeoDataFrame(
        {
            "annual_demand_mwh": demand["sum"],
            "cells": demand["size"],
            "density_mwh_per_ha": demand["sum"] / (demand["size"] * raster.cell_m2 / M2_PER_HA),
        },
        geometry=gpd.GeoSeries(list(shapes), index=demand.index, crs=raster.crs),
        crs=raster.crs,
    )
    frame = frame.sort_values("annual_demand_mwh", ascending=False, kind="stable")
    return frame.set_axis(pd.Index([f"R{k}" for k in range(1, len(frame) + 1)], name="zone_id"))


def _corners(row: np.ndarray, column: np.ndarray, transform: Affine) -> np.ndarray:
    """Return the ring of each cell in coordinates."""
    right = column[:, None] + np.array([0, 1, 1, 0, 0])
    down = row[:, None] + np.array([0, 0, 1, 1, 0])
    t = transform
    return np.stack([t.a * right + t.b * down + t.c, t.d * right + t.e * down + t.f], axis=-1)
