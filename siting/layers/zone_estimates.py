"""Fill the annual demand of zones that state none, by the most trusted way that is open."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from siting.errors import FaultLog, InputError, name_ids
from siting.region import Remark

__all__ = ["BY_LAYER", "STATED", "Estimators", "ways_open", "with_estimates"]

STATED = "stated"
BY_LAYER = "by the layer"
BY_FLOOR_AND_USE = "floor area and use"
BY_FOOTPRINT = "footprint, storeys and use"
BY_DWELLINGS = "number of dwellings"
BY_FLOOR = "floor area alone"
NO_COUNTRY = ", as no country is given"
LARGEST_FOOTPRINT_M2 = 100_000.0


@dataclass(frozen=True)
class Estimators:
    """Figures by which demand is estimated.

    Parameters
    ----------
    country
        Country of the benchmarks by use and age, see `siting.demand.heat_benchmarks`.
    home_heat_mwh
        Heat of one dwelling [MWh/a].
    floor_demand_kwh_per_m2
        Heat per gross floor area of unknown use [kWh/(m²·a)].
    is_default_country
        Whether the study named no country; estimates then say so.
    """

    country: str = "FI"
    home_heat_mwh: float = 10.0
    floor_demand_kwh_per_m2: float = 120.0
    is_default_country: bool = False


def ways_open(data: pd.DataFrame, area_m2: pd.Series) -> pd.Series:
    """Return the most trusted way in which the demand of each zone can be estimated, or ''.

    Parameters
    ----------
    data
        Columns of the zone layer.
    area_m2
        Area of each zone on the map [m²].

    Notes
    -----
    Floor area and use go first, then footprint, storeys and use, then the number of dwellings,
    then the floor area alone. The outline of a zone counts as footprint where storeys are given
    and it is one building.
    """
    used = data["use"] != ""
    storeys = (_footprint(data, area_m2) > 0) & bool(data["levels"].notna().any())
    ways = pd.Series("", index=data.index, dtype=object)
    for way, holds in (
        (BY_FLOOR, data["floor_area_m2"] > 0),
        (BY_DWELLINGS, data["dwellings"] > 0),
        (BY_FOOTPRINT, used & storeys),
        (BY_FLOOR_AND_USE, used & (data["floor_area_m2"] > 0)),
    ):
        ways = ways.mask(holds, way)
    return ways


def with_estimates(
    data: pd.DataFrame, area_m2: pd.Series, figures: Estimators, log: FaultLog
) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Fill missing demand, mark it, and say so.

    Parameters
    ----------
    data
        Columns of the zone layer with ``annual_demand_mwh``.
    area_m2
        Area of each zone on the map [m²].
    figures
        What estimates are made with.
    log
        Takes faults, and the doubts that estimates are.

    Returns
    -------
    The columns with ``estimated_by`` (one way in words, ``stated`` where nothing was estimated),
    and what was done.
    """
    lacking = data["annual_demand_mwh"].isna()
    ways = ways_open(data, area_m2).where(lacking, "")
    marked = (data["estimated"] != "") & ~lacking
    by = ways.mask(~lacking, STATED).mask(marked, BY_LAYER)
    filled = data.assign(estimated_by=by)
    remarks: list[Remark] = []
    for way in (BY_FLOOR_AND_USE, BY_FOOTPRINT, BY_DWELLINGS, BY_FLOOR):
        chosen = data[ways == way]
        if chosen.empty:
            continue
        try:
            guess, note = _guess(way, chosen, area_m2, figures, data)
        except InputError as error:
            log.faults.extend(error.faults)
            continue
        words = f"annual_demand_mwh from {way}"
        filled.loc[chosen.index, "annual_demand_mwh"] = guess
        before = filled.loc[chosen.index, "estimated"]
        filled.loc[chosen.index, "estimated"] = before.where(before == "", before + "; ") + words
        _say(way, note, list(chosen.index), len(data), log)
        remarks.append(
            Remark("zones", "estimated annual demand", len(chosen), detail=f"{words}; {note}")
        )
    return filled, tuple(remarks)


def _footprint(data: pd.DataFrame, area_m2: pd.Series) -> pd.Series:
    """Return the footprint of each zone; its outline where that is one building [m²]."""
    outline = area_m2.reindex(data.index)
    single = ~(data["buildings"] > 1) & (outline <= LARGEST_FOOTPRINT_M2)
    stated = data["footprint_m2"]
    footprint: pd.Series = stated.where(stated > 0, outline.where(single))
    return footprint


def _guess(
    way: str, chosen: pd.DataFrame, area_m2: pd.Series, figures: Estimators, data: pd.DataFrame
) -> tuple[pd.Series, str]:
    """Return the demand of zones by one way [MWh/a], and which figures it rests on."""
    from siting.demand import (
        annual_demand_from_dwellings,
        annual_demand_from_floor_area,
        annual_demand_from_footprint,
        estimate_levels,
    )

    stock = f"figures of the {figures.country} building stock"
    stock += NO_COUNTRY * figures.is_default_country
    use, year = chosen["use"].str.lower(), chosen["year_built"]
    if way == BY_FLOOR_AND_USE:
        floor = chosen["floor_area_m2"]
        guess = annual_demand_from_floor_area(floor, use, figures.country, year_built=year)
        return guess, stock
    if way == BY_FOOTPRINT:
        # All zones speak for the storeys of those that state none.
        levels = estimate_levels(data["levels"], data["use"].str.lower()).loc[chosen.index]
        guess = annual_demand_from_footprint(
            _footprint(chosen, area_m2), levels["levels"], use, figures.country, year_built=year
        )
        untagged = int((levels["levels_source"] != "tag").sum())
        return guess, stock + (f", storeys themselves estimated for {untagged:,}" * bool(untagged))
    if way == BY_DWELLINGS:
        mwh = figures.home_heat_mwh
        return annual_demand_from_dwellings(chosen["dwellings"], mwh), f"{mwh:g} MWh per dwelling"
    kwh = figures.floor_demand_kwh_per_m2
    return chosen["floor_area_m2"] * kwh / 1000.0, f"{kwh:g} kWh/m2, for want of a use"


def _say(way: str, note: str, ids: list[object], total: int, log: FaultLog) -> None:
    """Doubt what is estimated."""
    cure = "Name the country under [demand], and give" if NO_COUNTRY in note else "Give"
    log.doubt(
        "zones",
        f"annual demand is estimated from {way} with {note}: {len(ids):,} of {total:,} zones,"
        f" {name_ids(ids)}.",
        f"{cure} annual_demand_mwh where measured figures are at hand.",
        ids,
    )
