"""Look up the specific heat demand of buildings by country, use and age."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

import pandas as pd

from siting.errors import Fault, InputError, name_ids

__all__ = ["benchmark_countries", "country_code", "heat_benchmark", "heat_benchmarks"]

_ALL_AGES = "all"
_ALIASES = {"GB": "UK", "EL": "GR"}
_BANDS = [
    ("all", None, None),
    ("Before 1945", None, 1944),
    ("1945 - 1969", 1945, 1969),
    ("1970 - 1979", 1970, 1979),
    ("1980 - 1989", 1980, 1989),
    ("1990 - 1999", 1990, 1999),
    ("2000 - 2010", 2000, 2010),
    ("2011 - 2020", 2011, None),
]
_COLUMNS = [
    "country", "use", "source_building_type", "age_band", "first_year", "last_year",
    "space_heating_kwh_per_m2", "hot_water_kwh_per_m2", "heated_share", "area_basis",
    "reference_year", "source", "licence", "heated_share_source", "note", "source_note",
]  # fmt: skip


def heat_benchmarks(country: str = "FI") -> pd.DataFrame:
    """Return the table of specific heat demand of one country.

    Parameters
    ----------
    country
        Two letters of a country of the EU, or ``UK`` (``GB`` is understood), see
        `benchmark_countries`.

    Returns
    -------
    One row per use and age band: ``space_heating_kwh_per_m2`` and ``hot_water_kwh_per_m2``
    (useful heat per heated floor area [kWh/(m²·a)]), ``heated_share`` of the gross floor
    area [–], ``first_year`` and ``last_year`` of construction, and the source of each row.

    Raises
    ------
    InputError
        There is no table for the country.

    Notes
    -----
    The United Kingdom has one national mean for dwellings and one for all other uses, of all
    ages; the source does not say whether its floor area is gross or net.

    References
    ----------
    Pezzutto et al. (2023), MODERATE Deliverable 3.2, static analysis of the EU27 building
    stock 2020, v1.2 (CC BY 4.0). United Kingdom: Hotmaps project, averages per country.

    Examples
    --------
    >>> offices = heat_benchmarks("DE").query("use == 'office' and age_band == 'all'").iloc[0]
    >>> float(offices["space_heating_kwh_per_m2"])
    154.97
    """
    code = country_code(country)
    table = _read_tables()
    return table[table["country"] == code].reset_index(drop=True)


def country_code(country: str) -> str:
    """Return a country as the tables spell it.

    Raises
    ------
    InputError
        There is no table for the country.

    Examples
    --------
    >>> country_code("gb")
    'UK'
    """
    code = country.strip().upper()
    code = _ALIASES.get(code, code)
    known = benchmark_countries()
    if code not in known:
        raise InputError(
            Fault(
                "zones",
                f"there is no table of specific heat demand for country '{country}';"
                f" {name_ids(known, shown=len(known))} are at hand.",
                "Name one of these, or give annual_demand_mwh in the zone layer instead.",
            )
        )
    return code


@cache
def benchmark_countries() -> tuple[str, ...]:
    """Return the countries that have a table of specific heat demand.

    Examples
    --------
    >>> len(benchmark_countries())
    28
    """
    return tuple(sorted(_read_tables()["country"].unique()))


@cache
def _read_tables() -> pd.DataFrame:
    """Return the packaged tables put together, read once."""
    tables = []
    for part in ("benchmarks", "uses", "sources"):
        with (files("siting") / "defaults" / f"heat_demand_{part}.csv").open(
            encoding="utf-8"
        ) as text:
            tables.append(pd.read_csv(text, keep_default_na=False, na_values=[""]))
    benchmarks, uses, sources = tables
    years = pd.DataFrame(_BANDS, columns=["age_band", "first_year", "last_year"]).astype(
        {"first_year": float, "last_year": float}
    )
    years = years.rename_axis("band_order").reset_index()
    uses = uses.rename_axis("use_order").reset_index()
    table = benchmarks.rename(columns={"building_type": "source_building_type"})
    table = table.merge(uses, on="source_building_type").merge(sources, on="source_key")
    table = table.merge(years, on="age_band")
    return table.sort_values(["country", "use_order", "band_order"])[_COLUMNS].reset_index(
        drop=True
    )


def heat_benchmark(
    use: pd.Series, country: str = "FI", *, year_built: pd.Series | None = None
) -> pd.DataFrame:
    """Look up the specific heat demand of each building.

    Parameters
    ----------
    use
        Use of each building: ``house``, ``multifamily`` (small blocks of flats), ``apartments``,
        ``office``, ``retail``, ``education``, ``health``, ``hotel``, ``assembly`` or
        ``industrial``.
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
