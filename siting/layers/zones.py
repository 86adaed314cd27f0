"""Turn a layer of areas or points into heat-demand zones."""

from __future__ import annotations

import re
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.errors import FaultLog, InputError, name_ids
from siting.layers.columns import Column, check_mapping, read_columns, source_of
from siting.layers.shapes import (
    AREAS,
    POINTS,
    present_shapes,
    repaired_areas,
    repeated_shapes,
    shapes_of_type,
)
from siting.layers.sites import check_wishes
from siting.region import Remark

__all__ = ["COLUMNS", "ID", "MWH_PER_UNIT", "zone_frame"]

MWH_PER_UNIT: Mapping[str, float] = {"MWh": 1.0, "kWh": 1e-3, "GWh": 1e3, "GJ": 1 / 3.6}
HOURS_PER_YEAR = 8760.0
FEWEST_FULL_LOAD_HOURS_H = 100.0
HIGHEST_DENSITY_MWH_PER_M2 = 2.0
HIGHEST_FLOOR_DEMAND_MWH_PER_M2 = 1.0
LARGEST_OVERLAP = 0.5
MANY_TOO_DENSE = (
    "The demand may be in kWh.",
    'Set demand_unit = "kWh" under [layers.zones], or correct the figures.',
)
FEW_TOO_DENSE = (
    "The other zones look sound.",
    "Correct these figures, leave the zones out with `where`, or give floor_area_m2 for towers.",
)
UNIT_IN_NAME = re.compile(r"(?:^|[^a-z])([kmg]wh|gj|tj)(?:[^a-z]|$)", re.IGNORECASE)

ID = Column("zone_id", synonyms=("id",), required=True)
COLUMNS = (
    Column("name"),
    Column(
        "peak_demand_kw",
        "number",
        synonyms=("peak_kw",),
        low=0.0,
        hint="Give the highest hourly need in kW, or leave it empty.",
    ),
    Column(
        "full_load_hours_h",
        "number",
        low=1.0,
        high=HOURS_PER_YEAR,
        hint="Annual demand divided by peak demand is 1,600 to 3,500 hours in most towns.",
    ),
    Column("floor_area_m2", "number", low=0.0),
    Column("dwellings", "number", low=0.0),
    Column("use"),
    Column("connection_cost_eur", "number", low=0.0),
    Column("mandatory", "flag"),
    Column("forbidden", "flag"),
    Column("estimated"),
)


def zone_frame(
    frame: gpd.GeoDataFrame, mapping: Mapping[str, str], demand_unit: str, log: FaultLog
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return the frame of `siting.region.DemandZones`, and what was done to it.

    Parameters
    ----------
    frame
        Points or areas in the working CRS, indexed by zone id.
    mapping
        Our column name to the name in the file.
    demand_unit
        Unit of the annual demand: ``MWh``, ``kWh``, ``GWh`` or ``GJ``.
    log
        Takes the faults.
    """
    names = ["x", "y", ID.name, "annual_demand_mwh", *(column.name for column in COLUMNS)]
    check_mapping("zones", mapping, names, log)
    data = read_columns(frame, "zones", COLUMNS, mapping, log)
    demand, source = _read_demand(frame, data, mapping, demand_unit, log)
    data.insert(1, "annual_demand_mwh", demand)
    data, estimates = _with_estimates(data, log)
    _check_demand(data, source, log)
    data = _with_peak(data)
    check_wishes("zones", data, log)
    shapes = present_shapes("zones", frame, log)
    shapes = shapes_of_type("zones", shapes, POINTS | AREAS, "areas or points", log)
    shapes, repairs = repaired_areas("zones", shapes, log)
    data = data.loc[shapes.index]
    _check_full_load_hours(data, log)
    _check_density(data, shapes.geometry.area, log)
    _check_copies(shapes, log)
    _doubt_overlaps(shapes, log)
    data["name"] = data["name"].where(data["name"] != "", data.index.astype(object))
    zones = gpd.GeoDataFrame(
        data.drop(columns="full_load_hours_h"), geometry=shapes.geometry, crs=frame.crs
    )
    total = f"{zones['annual_demand_mwh'].sum():,.0f} MWh/a"
    return zones, (Remark("zones", "read zones", len(zones), detail=total), *repairs, *estimates)


def demand_column(demand_unit: str) -> Column:
    """Return the column of the annual demand in a unit."""
    unit = demand_unit.lower()
    synonyms = [f"{stem}_{unit}" for stem in ("annual_demand", "heat_demand", "demand")]
    return Column("annual_demand_mwh", "number", synonyms=tuple(synonyms))


def _read_demand(
    frame: gpd.GeoDataFrame,
    data: pd.DataFrame,
    mapping: Mapping[str, str],
    demand_unit: str,
    log: FaultLog,
) -> tuple[pd.Series, str]:
    """Return the annual demand [MWh/a] and its name in the file.

    A name that states another unit is a fault.
    """
    column = demand_column(demand_unit)
    source = source_of(frame, "zones", column, mapping, FaultLog())
    if source is not None:
        _check_unit(source, demand_unit, log)
    elif column.name not in mapping and not _can_estimate(data).any():
        needed = Column(column.name, required=True)
        source_of(frame, "zones", needed, mapping, log)
    found = read_columns(frame, "zones", (column,), _only(mapping, column.name), log)
    return found[column.name] * MWH_PER_UNIT[demand_unit], source or column.name


def _only(mapping: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the part of a mapping that concerns one column."""
    return {ours: theirs for ours, theirs in mapping.items() if ours == name}


def _check_unit(source: str, demand_unit: str, log: FaultLog) -> None:
    """Compare the unit in the name of the demand column with the one stated."""
    found = UNIT_IN_NAME.search(source)
    if found and found[1].lower() != demand_unit.lower():
        log.fault(
            "zones",
            f"column '{source}' (annual_demand_mwh) names the unit {found[1]}, but demand_unit is"
            f" {demand_unit}.",
            f'Set demand_unit = "{_spelling(found[1])}" under [layers.zones], or rename the'
            " column.",
        )


def _spelling(unit: str) -> str:
    """Return a unit as it is written in a study file."""
    return next((each for each in MWH_PER_UNIT if each.lower() == unit.lower()), "MWh")


def _can_estimate(data: pd.DataFrame) -> pd.Series:
    """Return for which zones floor area and use are known."""
    return (data["floor_area_m2"] > 0) & (data["use"] != "")


def _with_estimates(data: pd.DataFrame, log: FaultLog) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Fill missing demand from floor area and use, where both are known."""
    fill = data["annual_demand_mwh"].isna() & _can_estimate(data)
    if not fill.any():
        return data, ()
    from siting.demand import annual_demand_from_floor_area

    known = data[fill]
    try:
        guess = annual_demand_from_floor_area(known["floor_area_m2"], known["use"])
    except InputError as error:
        log.faults.extend(error.faults)
        return data, ()
    words = "annual_demand_mwh from floor area and use"
    ids = list(known.index)
    log.doubt(
        "zones",
        f"the annual demand of {len(ids):,} zones is estimated from floor area and use with"
        f" figures of the Finnish building stock: {name_ids(ids)}.",
        "Give annual_demand_mwh where measured figures are at hand.",
        ids,
    )
    filled = data.copy()
    filled.loc[fill, "annual_demand_mwh"] = guess
    before = filled.loc[fill, "estimated"]
    filled.loc[fill, "estimated"] = before.where(before == "", before + "; ") + words
    return filled, (Remark("zones", "estimated annual demand", len(ids), detail=words),)


def _check_demand(data: pd.DataFrame, source: str, log: FaultLog) -> None:
    """Report zones whose demand is missing, zero or negative."""
    demand = data["annual_demand_mwh"]
    if demand.isna().all():
        already = any("annual_demand_mwh" in each.message for each in log.faults)
        if len(demand) and not already:
            log.fault("zones", "annual_demand_mwh is empty everywhere.", "Give it in MWh/a.")
        return
    for wrong, found, cure in (
        (demand.isna(), "missing", "Give it, or give floor_area_m2 and use to have it estimated"),
        (demand == 0, "zero", f"Leave these zones out with where = '\"{source}\" > 0'"),
        (demand < 0, "negative", "Correct it"),
    ):
        if wrong.any():
            ids = list(data.index[wrong])
            log.fault(
                "zones",
                f"annual_demand_mwh is {found} at {name_ids(ids)}; expected MWh/a above 0.",
                f"{cure}.",
                ids,
            )


def _with_peak(data: pd.DataFrame) -> pd.DataFrame:
    """Fill missing peaks from full-load hours, where those are given."""
    from_hours = data["annual_demand_mwh"] * 1000.0 / data["full_load_hours_h"]
    peak = data["peak_demand_kw"].where(data["peak_demand_kw"] > 0, from_hours)
    return data.assign(peak_demand_kw=peak)


def _check_full_load_hours(data: pd.DataFrame, log: FaultLog) -> None:
    """Report demand and peak that do not fit together."""
    demand, peak = data["annual_demand_mwh"], data["peak_demand_kw"]
    hours = (demand * 1000.0 / peak).where((peak > 0) & (demand > 0))
    too_many = hours > HOURS_PER_YEAR * (1 + 1e-9)
    if too_many.any():
        first = hours.index[too_many][0]
        log.fault(
            "zones",
            f"Zone '{first}': annual_demand_mwh {demand[first]:,.6g} with peak_demand_kw"
            f" {peak[first]:,.6g} gives {hours[first]:,.0f} full-load hours; a year has"
            f" 8,760.{_also(data.index[too_many])} The demand may be in kWh.",
            'Set demand_unit = "kWh" under [layers.zones], or correct the figures.',
            data.index[too_many],
        )
    too_few = hours < FEWEST_FULL_LOAD_HOURS_H
    if too_few.any():
        first = hours.index[too_few][0]
        log.doubt(
            "zones",
            f"Zone '{first}': annual_demand_mwh {demand[first]:,.6g} with peak_demand_kw"
            f" {peak[first]:,.6g} gives only {hours[first]:,.1f} full-load"
            f" hours.{_also(data.index[too_few])} The peak may be in W, or the demand in GWh.",
            "Check the units of both columns.",
            data.index[too_few],
        )


def _check_density(data: pd.DataFrame, area_m2: pd.Series, log: FaultLog) -> None:
    """Report demand that is too much for its ground or its floors."""
    demand, floors = data["annual_demand_mwh"], data["floor_area_m2"]
    for area, limit, words in (
        (floors.where(floors > 0), HIGHEST_FLOOR_DEMAND_MWH_PER_M2, "floor area"),
        (
            area_m2.where((area_m2 > 0) & ~(floors > 0)),
            HIGHEST_DENSITY_MWH_PER_M2,
            "ground (no floor_area_m2 is given)",
        ),
    ):
        density = demand / area
        wrong = density > limit
        if wrong.any():
            mostly = int(wrong.sum()) > 0.5 * int(density.notna().sum())
            cause, cure = MANY_TOO_DENSE if mostly else FEW_TOO_DENSE
            worst = str(density.idxmax())
            log.fault(
                "zones",
                f"Zone '{worst}': annual_demand_mwh {demand[worst]:,.6g} on {area[worst]:,.0f}"
                f" m2 of {words} is {density[worst]:,.3g} MWh/m2; more than {limit:g} is not"
                f" believable.{_also(data.index[wrong], worst)} {cause}",
                cure,
                data.index[wrong],
            )


def _also(index: pd.Index, named: object = None) -> str:
    """Return the other zones concerned in words, if there are any."""
    first = index[0] if named is None else named
    others = [each for each in index if each != first]
    return f" Likewise {name_ids(others)}." if others else ""


def _doubt_overlaps(shapes: gpd.GeoDataFrame, log: FaultLog) -> None:
    """Doubt zones that lie in another zone, by half or more of their area."""
    areas = shapes.geometry.to_numpy()
    inner, outer = shapely.STRtree(areas).query(shapely.point_on_surface(areas), predicate="within")
    apart = (inner != outer) & ~shapely.equals(areas[inner], areas[outer])
    inner, outer = inner[apart], outer[apart]
    shared = shapely.area(shapely.intersection(areas[inner], areas[outer]))
    heavy = np.unique(inner[shared >= LARGEST_OVERLAP * shapely.area(areas[inner])])
    if len(heavy):
        ids = list(shapes.index[heavy])
        log.doubt(
            "zones",
            f"{name_ids(ids)} lie in another zone by half or more.",
            "Check that no demand counts twice.",
            ids,
        )


def _check_copies(shapes: gpd.GeoDataFrame, log: FaultLog) -> None:
    """Report areas that stand twice, whose demand would count twice; doubt such points."""
    same = repeated_shapes(shapes)
    is_area = shapes.geometry.geom_type.isin(AREAS).to_numpy()
    if np.any(same & is_area):
        ids = list(shapes.index[same & is_area])
        log.fault(
            "zones",
            f"areas {name_ids(ids)} have the same geometry as another zone; their demand would"
            " count twice.",
            "Remove the copies, or add their demand up in one zone.",
            ids,
        )
    if np.any(same & ~is_area):
        ids = list(shapes.index[same & ~is_area])
        log.doubt(
            "zones",
            f"points {name_ids(ids)} share their place with another zone.",
            "Check that their demand does not count twice.",
            ids,
        )
