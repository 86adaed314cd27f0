"""Estimate heat demand where a study has buildings but no measured figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from siting.errors import Fault, InputError, name_ids

__all__ = [
    "FULL_LOAD_HOURS_H",
    "STOREY_HEIGHT_M",
    "annual_demand_from_floor_area",
    "estimate_levels",
    "group_along_streets",
    "group_touching",
    "heat_benchmark",
    "heat_benchmarks",
    "peak_demand_from_full_load_hours",
]

STOREY_HEIGHT_M = 3.2
"""Height of one storey, floor to floor [m]; own judgement for towns of mixed age."""

FULL_LOAD_HOURS_H: Mapping[str, float] = MappingProxyType(
    {"IE": 2400.0, "DK": 2900.0, "FI": 2800.0, "SE": 2900.0, "UK": 2200.0, "DE": 2300.0}
)
"""Full-load hours of heat demand by country [h/a]; country presets, own judgement."""

_TABLES = MappingProxyType({"FI": "heat_demand_fi.csv"})
_ALL_AGES = "all"


def heat_benchmarks(country: str = "FI") -> pd.DataFrame:
    """Return the table of specific heat demand of one country.

    Parameters
    ----------
    country
        Country code; ``FI`` is at hand.

    Returns
    -------
    One row per use and age band: ``space_heating_kwh_per_m2`` and ``hot_water_kwh_per_m2``
    (useful heat per heated floor area [kWh/(m²·a)]), ``heated_share`` of the gross floor
    area [–], ``first_year`` and ``last_year`` of construction, and the source of each row.

    Raises
    ------
    InputError
        There is no table for the country.

    References
    ----------
    Pezzutto et al. (2023), MODERATE Deliverable 3.2, static analysis of the EU27 building
    stock 2020, v1.2 (CC BY 4.0).
    """
    if country not in _TABLES:
        raise InputError(
            Fault(
                "zones",
                f"there is no table of specific heat demand for country '{country}';"
                f" {name_ids(sorted(_TABLES))} is at hand.",
                "Give annual_demand_mwh in the zone layer instead.",
            )
        )
    return _read_table(country).copy()


@cache
def _read_table(country: str) -> pd.DataFrame:
    """Return the packaged table, read once."""
    with (files("siting") / "defaults" / _TABLES[country]).open(encoding="utf-8") as text:
        return pd.read_csv(text, keep_default_na=True)


def heat_benchmark(
    use: pd.Series, country: str = "FI", *, year_built: pd.Series | None = None
) -> pd.DataFrame:
    """Look up the specific heat demand of each building.

    Parameters
    ----------
    use
        Use of each building, as in the country's table: ``house``, ``apartments``, ``office``,
        ``retail``, ``education``, ``health``, ``hotel``, ``assembly`` or ``industrial``.
    country
        Country code.
    year_built
        Year of construction, missing where unknown; such buildings take the mean of the stock.

    Returns
    -------
    On the index of ``use``: ``demand_kwh_per_m2``, useful space heating and hot water per
    **gross** floor area [kWh/(m²·a)], and ``age_band`` in words.

    Raises
    ------
    InputError
        A use or the country is not in the table.

    Notes
    -----
    ``demand_kwh_per_m2 = heated_share * (space_heating + hot_water)``. The age band is that of
    construction; the source's figures already hold the refurbishment of the stock up to 2020.
    """
    table = heat_benchmarks(country)
    _refuse_unknown_uses(use, table, country)
    band = _age_band(use, table, year_built)
    row = table.set_index(["use", "age_band"]).loc[list(zip(use, band, strict=True))]
    heat = row["space_heating_kwh_per_m2"] + row["hot_water_kwh_per_m2"]
    return pd.DataFrame(
        {"demand_kwh_per_m2": (row["heated_share"] * heat).to_numpy(), "age_band": band},
        index=use.index,
    )


def _refuse_unknown_uses(use: pd.Series, table: pd.DataFrame, country: str) -> None:
    """Raise one fault that names every use that the table lacks."""
    known = table["use"].unique()
    unknown = sorted(set(use.dropna().unique()) - set(known)) + ["(none)"] * bool(use.isna().any())
    if unknown:
        raise InputError(
            Fault(
                "zones",
                f"column 'use' holds {name_ids(unknown)}, which the table of specific heat demand"
                f" of {country} does not know.",
                f"Use one of {name_ids(list(known), shown=len(known))}.",
                tuple(map(str, use.index[~use.isin(known)])),
            )
        )


def _age_band(use: pd.Series, table: pd.DataFrame, year_built: pd.Series | None) -> pd.Series:
    """Return the age band of each building, ``all`` where the year is unknown."""
    band = pd.Series(_ALL_AGES, index=use.index, dtype=object)
    if year_built is None:
        return band
    bands = table.loc[table["age_band"] != _ALL_AGES, ["age_band", "first_year", "last_year"]]
    for name, first, last in bands.drop_duplicates().itertuples(index=False):
        low = -math.inf if pd.isna(first) else first
        high = math.inf if pd.isna(last) else last
        band[year_built.between(low, high)] = name
    return band


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


def estimate_levels(
    levels: pd.Series,
    use: pd.Series,
    *,
    height_m: pd.Series | None = None,
    hints: Mapping[str, pd.Series] | None = None,
    storey_height_m: float | pd.Series = STOREY_HEIGHT_M,
    smallest_sample: int = 10,
) -> pd.DataFrame:
    """Fill missing numbers of storeys, and say how each was found.

    Parameters
    ----------
    levels
        Storeys as tagged, missing where unknown [–].
    use
        Use of each building, for the medians.
    height_m
        Height of each building, missing where unknown [m].
    hints
        Other knowledge of the storeys by the words that name it, best first; it stands behind
        the height and before the medians.
    storey_height_m
        Height of one storey, the same for all or for each building [m].
    smallest_sample
        Fewest known buildings of a use whose median is trusted; else that of all is taken.

    Returns
    -------
    ``levels`` (at least 1) and ``levels_source`` in words: ``tag``, ``height``, the name of
    a hint, ``median of same use``, ``median of all`` or, where nothing is known at all, ``1
    assumed``.

    Examples
    --------
    >>> found = estimate_levels(
    ...     pd.Series([5.0, None, None]),
    ...     pd.Series(["office", "office", "house"]),
    ...     height_m=pd.Series([None, 12.8, None]),
    ... )
    >>> found["levels"].tolist()
    [5.0, 4.0, 4.5]
    >>> found["levels_source"].tolist()
    ['tag', 'height', 'median of all']
    """
    known = {"tag": _positive(levels)}
    if height_m is not None:
        storeys = (_positive(height_m) / storey_height_m).round().clip(lower=1)
        known["height"] = storeys
    known |= {name: _positive(hint) for name, hint in (hints or {}).items()}
    value, source = _first_known(known, levels.index)
    measured = value.copy()
    for name, guess in {
        "median of same use": _median_by_use(measured, use, smallest_sample),
        "median of all": pd.Series(measured.median(), index=levels.index),
        "1 assumed": pd.Series(1.0, index=levels.index),
    }.items():
        fill = value.isna() & guess.notna()
        value[fill], source[fill] = guess[fill], name
    return pd.DataFrame({"levels": value.clip(lower=1.0), "levels_source": source})


def _positive(values: pd.Series) -> pd.Series:
    """Return numbers above 0, the rest missing."""
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return numbers.where(numbers > 0)


def _first_known(known: Mapping[str, pd.Series], index: pd.Index) -> tuple[pd.Series, pd.Series]:
    """Return the first value that is known and the name of where it came from."""
    value = pd.Series(np.nan, index=index)
    source = pd.Series("", index=index, dtype=object)
    for name, each in known.items():
        fill = value.isna() & each.notna()
        value[fill], source[fill] = each[fill], name
    return value, source


def _median_by_use(value: pd.Series, use: pd.Series, smallest_sample: int) -> pd.Series:
    """Return the median of each use with enough known values, else missing."""
    by_use = value.groupby(use)
    enough = by_use.transform("count") >= smallest_sample
    return by_use.transform("median").where(enough)


def group_touching(geometry: gpd.GeoSeries, gap_m: float = 0.5) -> pd.Series:
    """Group the buildings that touch, or nearly touch.

    Parameters
    ----------
    geometry
        Footprints in a projected CRS [m].
    gap_m
        Largest gap between members of one group [m].

    Returns
    -------
    Group number of each building, counted from 0 in the order of the input.

    Examples
    --------
    >>> boxes = gpd.GeoSeries([shapely.box(x, 0, x + 10, 10) for x in (0, 10, 50)])
    >>> group_touching(boxes).tolist()
    [0, 0, 1]
    """
    shapes = geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=gap_m)
    pairs = coo_matrix((np.ones(len(first)), (first, second)), shape=(len(shapes),) * 2)
    _, label = connected_components(pairs, directed=False)
    return pd.Series(pd.factorize(label)[0], index=geometry.index, name="group")


def group_along_streets(
    buildings: gpd.GeoSeries,
    streets: gpd.GeoSeries,
    *,
    block_length_m: float = 200.0,
    gap_m: float = 60.0,
    smallest: int = 3,
) -> pd.Series:
    """Group neighbouring buildings on one street into blocks.

    Parameters
    ----------
    buildings
        Footprints in a projected CRS [m].
    streets
        Street lines between junctions, in the same CRS.
    block_length_m
        Longest piece of street that one block takes [m]; longer streets are cut evenly.
    gap_m
        Largest gap between a member of a block and the next [m].
    smallest
        Blocks with fewer buildings join the block nearest to them within ``gap_m``.

    Returns
    -------
    Block number of each building, counted from 0 in the order of the input.

    Notes
    -----
    Each building belongs to the street nearest to it and to the piece of that street beside its
    centre. Members farther apart than ``gap_m`` are parted again.

    Examples
    --------
    >>> street = gpd.GeoSeries([shapely.LineString([(0, 0), (400, 0)])])
    >>> boxes = gpd.GeoSeries([shapely.box(x, 10, x + 10, 20) for x in (0, 30, 60, 300)])
    >>> group_along_streets(boxes, street).tolist()
    [0, 0, 0, 1]
    """
    lines = streets.to_numpy()
    _, nearest = shapely.STRtree(lines).query_nearest(buildings.to_numpy(), all_matches=False)
    length = shapely.length(lines[nearest])
    along = shapely.line_locate_point(lines[nearest], buildings.centroid.to_numpy())
    pieces = np.ceil(length / block_length_m).clip(min=1)
    piece = np.minimum(np.floor(along * pieces / length), pieces - 1)
    block = pd.factorize(pd.MultiIndex.from_arrays([nearest, piece]))[0]
    parts = _part_at_gaps(buildings, block, gap_m)
    joined = _join_small(buildings, parts, smallest, gap_m)
    return pd.Series(pd.factorize(joined)[0], index=buildings.index, name="group")


def _part_at_gaps(buildings: gpd.GeoSeries, block: np.ndarray, gap_m: float) -> np.ndarray:
    """Return new block numbers, where members too far apart are parted."""
    cluster = np.zeros(len(block), dtype=int)
    for each in np.unique(block):
        inside = block == each
        cluster[inside] = group_touching(buildings[inside], gap_m).to_numpy()
    return np.asarray(pd.factorize(pd.MultiIndex.from_arrays([block, cluster]))[0])


def _join_small(
    buildings: gpd.GeoSeries, block: np.ndarray, smallest: int, gap_m: float
) -> np.ndarray:
    """Return block numbers, where small blocks have joined the nearest one within reach."""
    shapes, joined = buildings.to_numpy(), block.copy()
    for each in np.unique(block):
        inside = joined == each
        if not 0 < inside.sum() < smallest or inside.all():
            continue
        distance = shapely.distance(shapely.union_all(shapes[inside]), shapes[~inside])
        if distance.min() <= gap_m:
            joined[inside] = joined[~inside][distance.argmin()]
    return joined
