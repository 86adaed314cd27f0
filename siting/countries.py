"""Hold what is usual in a country: prices, emission factors, network and rates."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from siting.emissions import emission_factors
from siting.errors import Fault, InputError
from siting.parameters import Preset, read_default_csv

__all__ = [
    "COUNTRIES",
    "CountryFigure",
    "country_figures",
    "network_presets",
    "parameter_presets",
]

COUNTRIES: Mapping[str, str] = {
    "IE": "Ireland",
    "DK": "Denmark",
    "FI": "Finland",
    "SE": "Sweden",
    "UK": "United Kingdom",
    "DE": "Germany",
}
NETWORK = "network."


@dataclass(frozen=True)
class CountryFigure:
    """One figure of a country, a starting point that a planner should replace with a local one.

    Parameters
    ----------
    country, item
        Code of the country, and what the figure is.
    parameter
        The parameter, or key of the network section, that takes it; empty where it only informs.
    value, unit
        The figure and its unit.
    mark, source
        Grade and origin, as in the parameter table.
    year
        Year of the figure or of its money, where known.
    currency_note
        What it was in another currency, if it was.
    """

    country: str
    item: str
    parameter: str
    value: float
    unit: str
    mark: str
    source: str
    year: int | None
    currency_note: str


@cache
def country_figures(country: str) -> tuple[CountryFigure, ...]:
    """Return every figure that is stored for a country.

    Raises
    ------
    InputError
        The country is not known.

    Examples
    --------
    >>> next(each.value for each in country_figures("FI") if each.item == "district heat price")
    90.0
    """
    require_country(country)
    return tuple(
        CountryFigure(
            country=raw["country"],
            item=raw["item"],
            parameter=raw["parameter"],
            value=float(raw["value"]),
            unit=raw["unit"],
            mark=raw["mark"],
            source=raw["source"],
            year=int(raw["year"]) if raw["year"] else None,
            currency_note=raw["currency_note"],
        )
        for raw in read_default_csv("countries.csv")
        if raw["country"] == country
    )


def require_country(country: str) -> None:
    """Raise an `InputError` when nothing is stored for a country."""
    if country not in COUNTRIES:
        known = ", ".join(f"'{code}' {name}" for code, name in COUNTRIES.items())
        near = difflib.get_close_matches(country.upper(), COUNTRIES, n=1, cutoff=0.4)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        raise InputError(
            Fault(
                "study",
                f"[study] country '{country}' has no preset.",
                f"{hint}Known: {known}. Without the key the parameter table counts.",
            )
        )


def parameter_presets(country: str | None) -> tuple[Preset, ...]:
    """Return the figures of a country that replace defaults of the parameter table.

    Parameters
    ----------
    country
        Code of the country; without one there are none.

    Raises
    ------
    InputError
        The country is not known.

    Examples
    --------
    >>> found = {each.parameter: each.value for each in parameter_presets("IE")}
    >>> found["electricity_price_eur_per_mwh"], found["gas_emission_kg_per_mwh"]
    (180.0, 204.7)
    >>> parameter_presets(None)
    ()
    """
    if country is None:
        return ()
    own = [
        Preset(
            country,
            each.parameter,
            each.value,
            each.mark,
            f"{each.source} ({each.currency_note})" if each.currency_note else each.source,
            each.year if "EUR" in each.unit else None,
        )
        for each in country_figures(country)
        if each.parameter and not each.parameter.startswith(NETWORK)
    ]
    for factor in emission_factors():
        if factor.country == country and factor.parameter:
            words = f"{factor.source} ({factor.basis} {factor.value_kg_per_mwh:g})"
            # The parameter table has fuels on net calorific value.
            net = factor if factor.basis == "-" else factor.on("NCV")
            source = words if factor.basis == "GCV" else factor.source
            own.append(Preset(country, factor.parameter, net.value_kg_per_mwh, factor.mark, source))
    return tuple(own)


def network_presets(country: str | None) -> dict[str, CountryFigure]:
    """Return the figures of a country that replace defaults of the network section, by key.

    Examples
    --------
    >>> {name: each.value for name, each in network_presets("DK").items()}
    {'supply_temperature_c': 75.0, 'return_temperature_c': 40.0}
    """
    if country is None:
        return {}
    return {
        each.parameter.removeprefix(NETWORK): each
        for each in country_figures(country)
        if each.parameter.startswith(NETWORK)
    }
