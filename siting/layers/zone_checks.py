"""Doubt demand zones whose figures do not fit together, or that count twice."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.errors import FaultLog, name_ids
from siting.layers.shapes import AREAS, repeated_shapes

__all__ = [
    "check_copies",
    "check_density",
    "check_full_load_hours",
    "doubt_large_points",
    "doubt_overlaps",
]

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


def check_full_load_hours(data: pd.DataFrame, log: FaultLog) -> None:
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


def check_density(data: pd.DataFrame, area_m2: pd.Series, log: FaultLog) -> None:
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


def doubt_large_points(data: pd.DataFrame, area_m2: pd.Series, log: FaultLog) -> None:
    """Doubt the unit where most points need as much as a district."""
    demand = data.loc[(area_m2 == 0) & ~(data["floor_area_m2"] > 0), "annual_demand_mwh"].dropna()
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


def doubt_overlaps(shapes: gpd.GeoDataFrame, log: FaultLog) -> None:
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


def check_copies(shapes: gpd.GeoDataFrame, log: FaultLog) -> None:
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
