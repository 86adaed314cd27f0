"""Turn a layer of areas or points into heat-demand zones."""

from __future__ import annotations

import re
from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from siting.errors import FaultLog, name_ids
from siting.layers.columns import Column, check_mapping, read_columns, source_of
from siting.layers.shapes import (
    AREAS,
    POINTS,
    present_shapes,
    repaired_areas,
    shapes_of_type,
)
from siting.layers.sites import check_wishes
from siting.layers.zone_checks import (
    check_copies,
    check_density,
    check_full_load_hours,
    doubt_large_points,
    doubt_overlaps,
)
from siting.layers.zone_estimates import Estimators, ways_open, with_estimates
from siting.region import Remark

__all__ = ["COLUMNS", "ID", "MWH_PER_UNIT", "zone_frame"]

MWH_PER_UNIT: Mapping[str, float] = {
    "MWh": 1.0, "kWh": 1e-3, "GWh": 1e3, "GJ": 1 / 3.6, "TJ": 1e3 / 3.6,
}  # fmt: skip
MWH_PER_M2_UNIT: Mapping[str, float] = {
    "kWh/m2": 1e-3, "MWh/ha": 1e-4, "GJ/ha": 1e-4 / 3.6, "GWh/km2": 1e-3, "TJ/km2": 1e-3 / 3.6,
}  # fmt: skip
"""Units per ground area; the area of each zone makes them an amount [MWh per m² and unit]."""

HOURS_PER_YEAR = 8760.0
UNIT_IN_NAME = re.compile(
    r"(?:^|[^a-z])([kmg]wh|gj|tj)(?:(?:_?per_?|_?/_?|_)(m2|ha|km2)(?:a|y|yr)?)?(?:[^a-z]|$)",
    re.IGNORECASE,
)

MISSING_CURE = (
    "Give it, or have it estimated: give floor_area_m2 and use, or footprint_m2, levels and use,"
    " or dwellings"
)

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
    Column("footprint_m2", "number", low=0.0),
    Column(
        "levels",
        "number",
        synonyms=("storeys", "building:levels"),
        low=0.0,
        high=200.0,
        hint="Give the number of storeys above ground.",
    ),
    Column(
        "year_built",
        "number",
        synonyms=("construction_year",),
        low=1000.0,
        high=2100.0,
        hint="Give the year in four digits, and leave it empty where it is not known.",
    ),
    Column("dwellings", "number", low=0.0),
    Column("buildings", "number", synonyms=("n_buildings", "building_count"), low=0.0),
    Column("use"),
    Column("connection_cost_eur", "number", low=0.0),
    Column(
        "connection_share",
        "number",
        synonyms=("market_share",),
        low=0.0,
        high=1.0,
        hint="Give the share of the demand that is connected, 0 to 1.",
    ),
    Column(
        "needed_supply_temperature_c",
        "number",
        low=20.0,
        high=130.0,
        hint="Give the supply temperature that the buildings need in °C.",
    ),
    Column("load_curve"),
    Column("mandatory", "flag"),
    Column("forbidden", "flag"),
    Column("existing_customer", "flag"),
    Column("estimated"),
)


def zone_frame(
    frame: gpd.GeoDataFrame,
    mapping: Mapping[str, str],
    demand_unit: str,
    log: FaultLog,
    figures: Estimators | None = None,
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
    figures
        What demand is estimated with where it is not stated.
    """
    names = ["x", "y", ID.name, "annual_demand_mwh", *(column.name for column in COLUMNS)]
    check_mapping("zones", mapping, names, log)
    data = read_columns(frame, "zones", COLUMNS, mapping, log)
    shapes = present_shapes("zones", frame, log)
    shapes = shapes_of_type("zones", shapes, POINTS | AREAS, "areas or points", log)
    shapes, repairs = repaired_areas("zones", shapes, log)
    area_m2 = shapes.geometry.area.reindex(data.index)
    can_estimate = bool((ways_open(data, area_m2) != "").any())
    demand, source = _read_demand(frame, mapping, demand_unit, log, can_estimate=can_estimate)
    if demand_unit in MWH_PER_M2_UNIT:
        demand = _amount(demand, shapes, demand_unit, log)
    data.insert(1, "annual_demand_mwh", demand)
    data, estimates = with_estimates(data, area_m2, figures or Estimators(), log)
    _check_demand(data, source, log)
    data = _with_peak(data)
    check_wishes("zones", data, log)
    data = data.loc[shapes.index]
    check_full_load_hours(data, log)
    check_density(data, shapes.geometry.area, log)
    doubt_large_points(data, shapes.geometry.area, log)
    check_copies(shapes, log)
    doubt_overlaps(shapes, log)
    data["name"] = data["name"].where(data["name"] != "", data.index.astype(object))
    zones = gpd.GeoDataFrame(
        data.drop(columns="full_load_hours_h"), geometry=shapes.geometry, crs=frame.crs
    )
    total = f"{zones['annual_demand_mwh'].sum():,.0f} MWh/a"
    return zones, (Remark("zones", "read zones", len(zones), detail=total), *repairs, *estimates)


def _amount(
    density: pd.Series, shapes: gpd.GeoDataFrame, demand_unit: str, log: FaultLog
) -> pd.Series:
    """Return the demand that a demand per area makes on the area of each zone [MWh/a]."""
    area_m2 = shapes.geometry.area.reindex(density.index)
    flat = (area_m2 == 0).to_numpy()
    if flat.any():
        ids = list(density.index[flat])
        log.fault(
            "zones",
            f"{name_ids(ids)} are points, on which a demand in {demand_unit} is no amount.",
            "Give areas, or the demand of each zone in MWh.",
            ids,
        )
    # Zones whose shape is at fault are reported already; any amount will do for them.
    amount: pd.Series = density * area_m2.fillna(1.0) * MWH_PER_M2_UNIT[demand_unit]
    return amount


def demand_column(demand_unit: str) -> Column:
    """Return the column of the annual demand in a unit."""
    unit = demand_unit.lower().replace("/", "_per_")
    synonyms = [f"{stem}_{unit}" for stem in ("annual_demand", "heat_demand", "demand")]
    return Column("annual_demand_mwh", "number", synonyms=tuple(synonyms))


def _read_demand(
    frame: gpd.GeoDataFrame,
    mapping: Mapping[str, str],
    demand_unit: str,
    log: FaultLog,
    *,
    can_estimate: bool,
) -> tuple[pd.Series, str]:
    """Return the annual demand [MWh/a, or the unit per area] and its name in the file.

    A name that states another unit is a fault.
    """
    column = demand_column(demand_unit)
    source = source_of(frame, "zones", column, mapping, FaultLog())
    if source is not None:
        _check_unit(source, demand_unit, log)
    elif column.name not in mapping and not can_estimate:
        _report_no_demand(frame, mapping, log)
    found = read_columns(frame, "zones", (column,), _only(mapping, column.name), log)
    return found[column.name] * MWH_PER_UNIT.get(demand_unit, 1.0), source or column.name


def _report_no_demand(frame: gpd.GeoDataFrame, mapping: Mapping[str, str], log: FaultLog) -> None:
    """Report that no column holds the demand, and what it could be estimated from."""
    told = FaultLog()
    source_of(frame, "zones", Column("annual_demand_mwh", required=True), mapping, told)
    for each in told.faults:
        cure = (
            f'{each.remedy} Several columns may be added up, as in "homes + shops". Or have it'
            " estimated: map floor_area_m2 and use, or levels and use."
        )
        log.fault(each.layer, each.message, cure, each.ids)


def _only(mapping: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the part of a mapping that concerns one column."""
    return {ours: theirs for ours, theirs in mapping.items() if ours == name}


def _check_unit(source: str, demand_unit: str, log: FaultLog) -> None:
    """Compare the unit in the name of the demand column with the one stated."""
    found = UNIT_IN_NAME.search(source)
    if not found:
        return
    named = _spelling(found[1] + (f"/{found[2]}" if found[2] else ""))
    if named == demand_unit:
        return
    known = [*MWH_PER_UNIT, *MWH_PER_M2_UNIT]
    log.fault(
        "zones",
        f"column '{source}' (annual_demand_mwh) names the unit {named}, but demand_unit is"
        f" {demand_unit}.",
        f'Set demand_unit = "{named}" under [layers.zones], or map another column.'
        if named in known
        else f"Map a column in one of {', '.join(known)}, or rename it if its name is wrong.",
    )


def _spelling(unit: str) -> str:
    """Return a unit as it is written in a study file.

    Examples
    --------
    >>> _spelling("tj/km2"), _spelling("KWH")
    ('TJ/km2', 'kWh')
    """
    known = [*MWH_PER_UNIT, *MWH_PER_M2_UNIT]
    return next((each for each in known if each.lower() == unit.lower()), unit)


def _check_demand(data: pd.DataFrame, source: str, log: FaultLog) -> None:
    """Report zones whose demand is missing, zero or negative."""
    demand = data["annual_demand_mwh"]
    if demand.isna().all():
        already = any("annual_demand_mwh" in each.message for each in log.faults)
        if len(demand) and not already:
            log.fault("zones", "annual_demand_mwh is empty everywhere.", "Give it in MWh/a.")
        return
    for wrong, found, cure in (
        (demand.isna(), "missing", MISSING_CURE),
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
