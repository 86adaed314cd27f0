"""Estimate the demand of buildings from what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from siting.demand.benchmarks import heat_benchmark
from siting.errors import Fault, InputError, name_ids

__all__ = [
    "FULL_LOAD_HOURS_H",
    "annual_demand_from_dwellings",
    "annual_demand_from_floor_area",
    "annual_demand_from_footprint",
    "peak_demand_from_full_load_hours",
]

FULL_LOAD_HOURS_H: Mapping[str, float] = MappingProxyType(
    {"IE": 2400.0, "DK": 2900.0, "FI": 2800.0, "SE": 2900.0, "UK": 2200.0, "DE": 2300.0}
)
"""Full-load hours of heat demand by country [h/a]; country presets, own judgement."""


def annual_demand_from_floor_area(
    floor_area_m2: pd.Series,
    use: pd.Series,
    country: str = "FI",
    *,
    year_built: pd.Series | None = None,
) -> pd.Series:
    """Estimate the annual heat demand of buildings from floor area and use.

    Parameters
    ----------
    floor_area_m2
        Gross floor area, all storeys, outer dimensions [m²].
    use
        Use of each building, see `heat_benchmark`.
    country
        Country code.
    year_built
        Year of construction, missing where unknown.

    Returns
    -------
    Useful space heating and hot water, before network losses [MWh/a].

    Raises
    ------
    InputError
        A floor area is negative or missing, or a use or the country is not in the table.

    Examples
    --------
    A block of flats of 4,000 m² gross floor area:

    >>> demand = annual_demand_from_floor_area(pd.Series([4000.0]), pd.Series(["apartments"]))
    >>> demand.round(1).tolist()
    [615.6]
    """
    wrong = ~(floor_area_m2 >= 0)
    if wrong.any():
        ids = tuple(map(str, floor_area_m2.index[wrong]))
        raise InputError(
            Fault(
                "zones",
                f"floor_area_m2 is negative or missing at {name_ids(ids)}.",
                "Give the gross floor area in square metres, or leave these buildings out.",
                ids,
            )
        )
    specific = heat_benchmark(use, country, year_built=year_built)["demand_kwh_per_m2"]
    return (floor_area_m2 * specific / 1000.0).rename("annual_demand_mwh")


def annual_demand_from_footprint(
    footprint_m2: pd.Series,
    levels: pd.Series,
    use: pd.Series,
    country: str = "FI",
    *,
    year_built: pd.Series | None = None,
) -> pd.Series:
    """Estimate the annual heat demand of buildings from footprint, storeys and use.

    Parameters
    ----------
    footprint_m2
        Ground area of each building, outer dimensions [m²].
    levels
        Number of storeys, see `estimate_levels` [–].
    use, country, year_built
        See `annual_demand_from_floor_area`.

    Returns
    -------
    Useful space heating and hot water, before network losses [MWh/a].

    Raises
    ------
    InputError
        See `annual_demand_from_floor_area`.

    Examples
    --------
    >>> one = pd.Series([500.0]), pd.Series([8.0]), pd.Series(["apartments"])
    >>> annual_demand_from_footprint(*one).round(1).tolist()
    [615.6]
    """
    return annual_demand_from_floor_area(footprint_m2 * levels, use, country, year_built=year_built)


def annual_demand_from_dwellings(dwellings: pd.Series, mwh_per_dwelling: float) -> pd.Series:
    """Estimate the annual heat demand of homes from their number.

    Parameters
    ----------
    dwellings
        Number of homes [–].
    mwh_per_dwelling
        Heat that one home uses in a year [MWh/a]; published figures run from 3.1 (new flats) over
        15 (standard flat of 75 m²) to 18.1 (standard house of 130 m²).

    Returns
    -------
    Heat, before network losses [MWh/a].

    Raises
    ------
    InputError
        A number of homes is negative or missing, or the heat of one is not positive.

    References
    ----------
    Forsyningstilsynet (Denmark), standard house and flat; LEA Hessen, Westville, Frankfurt.

    Examples
    --------
    >>> annual_demand_from_dwellings(pd.Series([1300]), 3.1).round(0).tolist()
    [4030.0]
    """
    wrong = ~(dwellings >= 0)
    if wrong.any():
        ids = tuple(map(str, dwellings.index[wrong]))
        words = f"dwellings is negative or missing at {name_ids(ids)}."
        raise InputError(Fault("zones", words, "Give the number of homes.", ids))
    if not mwh_per_dwelling > 0:
        words = f"a home was said to use {mwh_per_dwelling:g} MWh/a."
        raise InputError(Fault("study", words, "Give more than 0; 3 to 18 are usual."))
    return (dwellings * mwh_per_dwelling).rename("annual_demand_mwh")


def peak_demand_from_full_load_hours(
    annual_demand_mwh: pd.Series, full_load_hours_h: float
) -> pd.Series:
    """Estimate peak demand from annual demand.

    Parameters
    ----------
    annual_demand_mwh
        Annual heat demand [MWh/a].
    full_load_hours_h
        Annual demand divided by peak demand [h/a], see `FULL_LOAD_HOURS_H`.

    Returns
    -------
    Highest hourly need [kW]. Full-load hours of a whole town already hold the diversity of its
    consumers, so no diversity factor is due on top.

    Raises
    ------
    InputError
        The full-load hours lie outside 1 to 8,760.

    Examples
    --------
    >>> peak_demand_from_full_load_hours(pd.Series([280.0]), 2800).tolist()
    [100.0]
    """
    if not 1 <= full_load_hours_h <= 8760:
        raise InputError(
            Fault(
                "zones",
                f"full_load_hours_h is {full_load_hours_h:g}; a year has 1 to 8,760 hours.",
                "Give the annual demand divided by the peak demand, 1,600 to 3,500 in most towns.",
            )
        )
    return (annual_demand_mwh * 1000.0 / full_load_hours_h).rename("peak_demand_kw")
