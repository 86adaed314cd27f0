"""Count the CO2 of a plan and of what it replaces, year by year."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np

from siting.errors import Fault, InputError
from siting.parameters import read_default_csv

__all__ = [
    "GROSS_TO_NET",
    "Baseline",
    "ElectricityPath",
    "EmissionFactor",
    "YearCO2",
    "emission_factor",
    "emission_factors",
    "require_same_scope",
    "sum_over_years",
    "year_co2",
]

GROSS_TO_NET = 0.90
"""Energy of natural gas on net calorific value over that on gross [-]."""

Basis = Literal["NCV", "GCV", "-"]
Scope = Literal["direct", "life-cycle"]
KG_PER_T = 1000.0


@dataclass(frozen=True)
class EmissionFactor:
    """CO2 per energy, with all that is needed not to misuse it.

    Parameters
    ----------
    value_kg_per_mwh
        CO2 per fuel energy, electricity or heat [kg/MWh].
    basis
        ``NCV`` or ``GCV``: fuel energy on net or gross calorific value; ``-`` where neither
        applies.
    direct_or_lifecycle
        Whether only the chimney counts, or also what comes before it.
    year
        Year of the figure, where it has one.
    mark, source
        Grade and origin, as in the parameter table.
    key, country, parameter, description
        Carrier, country, parameter that takes the figure, and what it is.
    """

    value_kg_per_mwh: float
    basis: Basis = "-"
    direct_or_lifecycle: Scope = "direct"
    year: int | None = None
    mark: str = "J"
    source: str = ""
    key: str = ""
    country: str = ""
    parameter: str = ""
    description: str = ""

    def on(self, basis: Basis) -> EmissionFactor:
        """Return the same factor for energy on another calorific value.

        Raises
        ------
        InputError
            The factor has no calorific value.

        Examples
        --------
        >>> round(EmissionFactor(182.8, "GCV").on("NCV").value_kg_per_mwh, 1)
        203.1
        """
        if basis == self.basis:
            return self
        if "-" in (basis, self.basis):
            raise InputError(
                Fault("study", f"{self.key or 'a factor'} has no calorific value.", "Leave it.")
            )
        share = 1 / GROSS_TO_NET if basis == "NCV" else GROSS_TO_NET
        return replace(self, value_kg_per_mwh=self.value_kg_per_mwh * share, basis=basis)


@cache
def emission_factors() -> tuple[EmissionFactor, ...]:
    """Return the emission factors that ship with the package."""
    return tuple(
        EmissionFactor(
            value_kg_per_mwh=float(raw["value_kg_per_mwh"]),
            basis=raw["basis"],  # type: ignore[arg-type]
            direct_or_lifecycle=raw["scope"],  # type: ignore[arg-type]
            year=int(raw["year"]) if raw["year"] else None,
            mark=raw["mark"],
            source=raw["source"],
            key=raw["key"],
            country=raw["country"],
            parameter=raw["parameter"],
            description=raw["description"],
        )
        for raw in read_default_csv("emission_factors.csv")
    )


def emission_factor(key: str) -> EmissionFactor:
    """Return the factor of a carrier for any country.

    Raises
    ------
    InputError
        There is none.

    Examples
    --------
    >>> emission_factor("coal").value_kg_per_mwh
    340.6
    """
    for each in emission_factors():
        if each.key == key and not each.country:
            return each
    known = sorted({each.key for each in emission_factors() if not each.country})
    raise InputError(
        Fault("study", f"no emission factor of '{key}' is known.", f"Known: {', '.join(known)}.")
    )


def require_same_scope(factors: Iterable[EmissionFactor]) -> None:
    """Refuse to count direct and life-cycle factors together.

    Raises
    ------
    InputError
        The factors are not all direct or all life-cycle.
    """
    found = {each.direct_or_lifecycle: each for each in factors}
    if len(found) > 1:
        words = "; ".join(
            f"{each.description or each.key or 'a factor'} {each.value_kg_per_mwh:g} kg/MWh is"
            f" {scope}"
            for scope, each in sorted(found.items())
        )
        raise InputError(
            Fault(
                "study",
                f"direct and life-cycle emission factors cannot be mixed: {words}.",
                "Give all of them direct, or all of them over the life cycle.",
            )
        )


@dataclass(frozen=True)
class ElectricityPath:
    """The factor of electricity over the years: straight between two years, then held.

    Parameters
    ----------
    now, later
        The factors of two years, both with a year.

    Examples
    --------
    >>> path = ElectricityPath(EmissionFactor(100, year=2024), EmissionFactor(40, year=2030))
    >>> path.kg_per_mwh(2027), path.kg_per_mwh(2045), path.kg_per_mwh(2020)
    (70.0, 40.0, 100.0)
    """

    now: EmissionFactor
    later: EmissionFactor

    def __post_init__(self) -> None:
        """Refuse factors that do not make a path."""
        require_same_scope((self.now, self.later))
        if self.now.year is None or self.later.year is None or self.now.year >= self.later.year:
            raise InputError(
                Fault(
                    "study",
                    f"electricity factors of {self.now.year} and {self.later.year} make no path.",
                    "Give two years, the earlier one first.",
                )
            )

    def kg_per_mwh(self, year: float) -> float:
        """Return the factor of a year [kg/MWh]."""
        years = (float(self.now.year or 0), float(self.later.year or 0))
        values = (self.now.value_kg_per_mwh, self.later.value_kg_per_mwh)
        return float(np.interp(year, years, values))

    @property
    def in_words(self) -> str:
        """The path in a sentence."""
        return (
            f"{self.now.value_kg_per_mwh:g} kg/MWh in {self.now.year}, in a straight line to"
            f" {self.later.value_kg_per_mwh:g} in {self.later.year}, held after that"
            f" ({self.now.direct_or_lifecycle})"
        )


@dataclass(frozen=True)
class Baseline:
    """What would heat the consumers without the plan.

    Parameters
    ----------
    kind
        ``gas``, ``oil`` or ``coal`` (boilers), ``heat_pump`` (of each consumer), ``district_mix``
        (other heat of the network) or ``user``.
    factor
        CO2 per fuel of boilers, or per heat of a mix or a factor of the user; none for heat pumps.
    efficiency
        Heat over fuel of boilers on the factor's calorific value, or COP of heat pumps [-].
    """

    kind: Literal["gas", "oil", "coal", "heat_pump", "district_mix", "user"]
    factor: EmissionFactor | None
    efficiency: float = 1.0

    @property
    def fuel_kg_per_mwh(self) -> float:
        """CO2 of fuel per heat used; 0 for heat pumps [kg/MWh]."""
        return 0.0 if self.factor is None else self.factor.value_kg_per_mwh / self.efficiency

    def electricity_mwh(self, heat_mwh: float) -> float:
        """Return the electricity that it uses for some heat [MWh]."""
        return heat_mwh / self.efficiency if self.factor is None else 0.0

    @property
    def in_words(self) -> str:
        """The baseline in a sentence."""
        if self.factor is None:
            return f"air heat pumps of the consumers with a COP of {self.efficiency:g}"
        figure = f"{self.factor.value_kg_per_mwh:g} kg/MWh"
        if self.kind in {"district_mix", "user"}:
            name = "other heat of the network" if self.kind == "district_mix" else "as stated"
            return f"{name}, {figure} of heat"
        return (
            f"{self.kind} boilers of the consumers, {figure} on {self.factor.basis}"
            f" ({self.factor.direct_or_lifecycle}), efficiency {self.efficiency:g}"
        )


@dataclass(frozen=True)
class YearCO2:
    """CO2 of one year [t/a].

    ``baseline_t`` is what would be emitted without the plan, ``fuel_t`` and ``electricity_t`` are
    the plan's. ``gross_t`` counts fuels only, ``net_t`` everything.
    """

    baseline_fuel_t: float
    baseline_electricity_t: float
    fuel_t: float
    electricity_t: float

    @property
    def baseline_t(self) -> float:
        """Emission without the plan."""
        return self.baseline_fuel_t + self.baseline_electricity_t

    @property
    def project_t(self) -> float:
        """Emission of the plan."""
        return self.fuel_t + self.electricity_t

    @property
    def gross_t(self) -> float:
        """Saving of fuel alone."""
        return self.baseline_fuel_t - self.fuel_t

    @property
    def net_t(self) -> float:
        """Saving after the electricity of heat pumps and network pumps."""
        return self.baseline_t - self.project_t


def year_co2(
    demand_mwh: float,
    electricity_mwh: float,
    gas_mwh: float,
    *,
    baseline: Baseline,
    gas: EmissionFactor,
    electricity: EmissionFactor,
) -> YearCO2:
    """Return what a year with and without the plan emits.

    Parameters
    ----------
    demand_mwh
        Heat used by the consumers served, from data centres and peak boilers [MWh/a].
    electricity_mwh
        Electricity of heat pumps and network pumps [MWh/a].
    gas_mwh
        Gas of the peak boilers, on the calorific value of ``gas`` [MWh/a].
    baseline
        What would heat the consumers otherwise.
    gas, electricity
        Factors of that year; waste heat itself has none, as its electricity is used anyway.

    Raises
    ------
    InputError
        Direct and life-cycle factors are mixed.

    Examples
    --------
    >>> gas = EmissionFactor(202, "NCV")
    >>> found = year_co2(40_000, 8667.2 + 454.5, 6751.1, baseline=Baseline("gas", gas, 0.90),
    ...                  gas=gas, electricity=EmissionFactor(250))
    >>> round(found.baseline_t, 1), round(found.project_t, 1), round(found.net_t, 1)
    (8977.8, 3644.1, 5333.6)
    """
    own = () if baseline.factor is None else (baseline.factor,)
    require_same_scope((gas, electricity, *own))
    power = electricity.value_kg_per_mwh / KG_PER_T
    return YearCO2(
        baseline_fuel_t=demand_mwh * baseline.fuel_kg_per_mwh / KG_PER_T,
        baseline_electricity_t=baseline.electricity_mwh(demand_mwh) * power,
        fuel_t=gas_mwh * gas.value_kg_per_mwh / KG_PER_T,
        electricity_t=electricity_mwh * power,
    )


def sum_over_years(years: Sequence[YearCO2], name: str) -> float:
    """Return a figure summed over the years [t]."""
    return math.fsum(getattr(each, name) for each in years)
