"""Turn a layer of areas or points into heat-demand zones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

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

MWH_PER_UNIT: Mapping[str, float] = {
    "MWh": 1.0, "kWh": 1e-3, "GWh": 1e3, "GJ": 1 / 3.6, "TJ": 1e3 / 3.6,
}  # fmt: skip
MWH_PER_M2_UNIT: Mapping[str, float] = {
    "kWh/m2": 1e-3, "MWh/ha": 1e-4, "GWh/km2": 1e-3, "TJ/km2": 1e-3 / 3.6,
}  # fmt: skip
"""Units per ground area; the area of each zone makes them an amount [MWh per m² and unit]."""

HOURS_PER_YEAR = 8760.0
FEWEST_FULL_LOAD_HOURS_H = 100.0
DENSE_MWH_PER_M2 = 2.0
HIGHEST_DENSITY_MWH_PER_M2 = 10.0
LARGE_POINT_MWH = 20_000.0
MWH_PER_HOME = 10.0
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
UNIT_IN_NAME = re.compile(
    r"(?:^|[^a-z])([kmg]wh|gj|tj)(?:(?:_?per_?|_?/_?|_)(m2|ha|km2)(?:a|y|yr)?)?(?:[^a-z]|$)",
    re.IGNORECASE,
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
    Column("dwellings", "number", low=0.0),
    Column("buildings", "number", synonyms=("n_buildings", "building_count"), low=0.0),
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
    shapes = present_shapes("zones", frame, log)
    shapes = shapes_of_type("zones", shapes, POINTS | AREAS, "areas or points", log)
    shapes, repairs = repaired_areas("zones", shapes, log)
    demand, source = _read_demand(frame, data, mapping, demand_unit, log)
    if demand_unit in MWH_PER_M2_UNIT:
        demand = _amount(demand, shapes, demand_unit, log)
    data.insert(1, "annual_demand_mwh", demand)
    data, estimates = _with_estimates(data, log)
    _check_demand(data, source, log)
    data = _with_peak(data)
    check_wishes("zones", data, log)
    data = data.loc[shapes.index]
    _check_full_load_hours(data, log)
    _check_density(data, shapes.geometry.area, log)
    _doubt_large_points(data, shapes.geometry.area, log)
    _check_copies(shapes, log)
    _doubt_overlaps(shapes, log)
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
    data: pd.DataFrame,
    mapping: Mapping[str, str],
    demand_unit: str,
    log: FaultLog,
) -> tuple[pd.Series, str]:
    """Return the annual demand [MWh/a, or the unit per area] and its name in the file.

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
    return found[column.name] * MWH_PER_UNIT.get(demand_unit, 1.0), source or column.name


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
        "annual demand is estimated from floor area and use with figures of the Finnish building"
        f" stock: {len(ids):,} of {len(data):,} zones, {name_ids(ids)}.",
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
    """Report demand that is too much for its ground or its floors.

    Many dense zones are a wrong unit; a few may be towers, up to a point.
    """
    demand, floors = data["annual_demand_mwh"], data["floor_area_m2"]
    on_floors = demand / floors.where(floors > 0)
    _report_dense(
        data, on_floors, floors, HIGHEST_FLOOR_DEMAND_MWH_PER_M2, "floor area", log.fault, log
    )
    on_ground = demand / area_m2.where((area_m2 > 0) & ~(floors > 0))
    words = "ground (no floor_area_m2 is given)"
    if _mostly(on_ground > DENSE_MWH_PER_M2, on_ground):
        _report_dense(data, on_ground, area_m2, DENSE_MWH_PER_M2, words, log.fault, log)
        return
    unsound = on_ground > HIGHEST_DENSITY_MWH_PER_M2
    _report_dense(data, on_ground, area_m2, HIGHEST_DENSITY_MWH_PER_M2, words, log.fault, log)
    rest = on_ground.mask(unsound)
    _report_dense(data, rest, area_m2, DENSE_MWH_PER_M2, words, log.doubt, log)


def _mostly(wrong: pd.Series, known: pd.Series) -> bool:
    """Return whether more than half of what is known is wrong."""
    return int(wrong.sum()) > 0.5 * int(known.notna().sum())


def _report_dense(
    data: pd.DataFrame,
    density: pd.Series,
    area_m2: pd.Series,
    limit: float,
    words: str,
    say: Callable[..., None],
    log: FaultLog,
) -> None:
    """Say which zones need more than a limit per area, as a fault or a doubt."""
    wrong = density > limit
    if not wrong.any():
        return
    cause, cure = MANY_TOO_DENSE if _mostly(wrong, density) else FEW_TOO_DENSE
    judged = "is not believable" if say == log.fault else "is rare, in towers at most"
    worst, demand = str(density.idxmax()), data["annual_demand_mwh"]
    say(
        "zones",
        f"Zone '{worst}': annual_demand_mwh {demand[worst]:,.6g} on {area_m2[worst]:,.0f} m2 of"
        f" {words} is {density[worst]:,.3g} MWh/m2; more than {limit:g} {judged}."
        f"{_also(data.index[wrong], worst)} {cause}",
        cure,
        data.index[wrong],
    )


def _doubt_large_points(data: pd.DataFrame, area_m2: pd.Series, log: FaultLog) -> None:
    """Doubt the unit where most points need as much as a district."""
    demand = data.loc[(area_m2 == 0) & ~(data["floor_area_m2"] > 0), "annual_demand_mwh"]
    if demand.empty or not demand.median() > LARGE_POINT_MWH:
        return
    log.doubt(
        "zones",
        f"half of the points need {demand.median():,.0f} MWh/a or more, each as much as"
        f" {demand.median() / MWH_PER_HOME:,.0f} homes. {MANY_TOO_DENSE[0]}",
        'If so, set demand_unit = "kWh" under [layers.zones].',
        demand.index[demand > LARGE_POINT_MWH],
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
            f"{name_ids(ids)} {'lies' if len(ids) == 1 else 'lie'} in another zone by half or"
            " more.",
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
