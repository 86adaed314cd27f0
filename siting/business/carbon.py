"""Work out the CO2 of a plan over the years, and its value to society."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siting.business.prices import carbon_in_gas, stated_or
from siting.emissions import (
    Baseline,
    ElectricityPath,
    EmissionFactor,
    YearCO2,
    emission_factor,
    emission_factors,
    year_co2,
)
from siting.finance.cashflow import Component
from siting.finance.viewpoints import (
    Alternative,
    SocietyView,
    Tariffs,
    YearEnergy,
    society_flow,
    society_view,
)

if TYPE_CHECKING:
    from siting.config import FinanceConfig, StudyConfig
    from siting.parameters import Parameters

__all__ = ["co2_of", "emission_inputs", "society_of"]

TABLE_COUNTRY = "FI"
"""Country whose electricity the parameter table describes."""


def emission_inputs(
    parameters: Parameters, config: StudyConfig
) -> tuple[EmissionFactor, ElectricityPath, Baseline]:
    """Return the factors of gas and electricity, and the baseline."""
    finance, value = config.finance, parameters.value
    gas = EmissionFactor(value("gas_emission_kg_per_mwh"), "NCV", key="gas")
    country = config.study.country or TABLE_COUNTRY
    path = ElectricityPath(
        *(
            EmissionFactor(value(name), year=_factor_year(country, name), description=name)
            for name in (
                "electricity_emission_now_kg_per_mwh",
                "electricity_emission_2030_kg_per_mwh",
            )
        )
    )
    kind = finance.baseline
    if kind == "heat_pump":
        return gas, path, Baseline(kind, None, value("consumer_heat_pump_cop"))
    if kind in {"district_mix", "user"}:
        stated = EmissionFactor(finance.baseline_kg_per_mwh or 0.0, key=kind)
        return gas, path, Baseline(kind, stated)
    fuel = gas if kind == "gas" else emission_factor(kind)
    return gas, path, Baseline(kind, fuel.on("NCV"), value("consumer_boiler_efficiency"))


def _factor_year(country: str, parameter: str) -> int | None:
    """Return the year that a factor of electricity belongs to."""
    return next(
        each.year
        for each in emission_factors()
        if each.country == country and each.parameter == parameter
    )


def co2_of(
    energy: YearEnergy, baseline: Baseline, gas: EmissionFactor, path: ElectricityPath, year: int
) -> YearCO2:
    """Return the CO2 of a calendar year."""
    return year_co2(
        energy.demand_mwh,
        energy.all_electricity_mwh,
        energy.gas_mwh,
        baseline=baseline,
        gas=gas,
        electricity=EmissionFactor(path.kg_per_mwh(year), year=year),
    )


def society_of(
    components: Sequence[Component],
    years: Sequence[YearEnergy],
    tariffs: Tariffs,
    parameters: Parameters,
    finance: FinanceConfig,
    peak_mw: float,
    alternatives: Sequence[Alternative],
    co2: Sequence[YearCO2],
    rate: float,
) -> tuple[SocietyView | None, str]:
    """Return the value to society, and how it was counted or why it could not be."""
    value = parameters.value
    tax = carbon_in_gas(parameters) if finance.gas_price_contains_carbon else 0.0
    untaxed = _without_tax(tariffs, tax)
    boiler, pump = alternatives
    stated = finance.baseline_cost_eur_per_mwh
    avoided: list[Component] = []
    if stated is not None:
        energy, words = stated, f"heat replaced at {stated:g} EUR/MWh, as stated"
    elif finance.baseline == "gas":
        price = stated_or(finance.consumer_gas_price_eur_per_mwh, value("gas_price_eur_per_mwh"))
        energy, words = max(price - tax, 0.0) / boiler.efficiency, "gas boilers of the consumers"
        avoided = [boiler.component(peak_mw)]
    elif finance.baseline == "heat_pump":
        energy, words = pump.energy_eur_per_mwh / pump.efficiency, "air heat pumps of the consumers"
        avoided = [pump.component(peak_mw)]
    else:
        return None, (
            f"Not counted: no cost of the baseline '{finance.baseline}' is known. Give"
            " baseline_cost_eur_per_mwh in [finance]."
        )
    prices = _carbon_prices(parameters, finance.first_year, len(years))
    carbon = [p * each.gross_t for p, each in zip(prices, co2, strict=True)]
    flow = society_flow(components, years, untaxed, avoided, energy, carbon)
    return society_view(flow, rate), (
        f"Against {words}. No taxes on carbon, subsidies or payments for waste heat; CO2 of fuel at"
        f" {prices[0]:,.0f} EUR/t in the first year and {prices[-1]:,.0f} in the last; that of"
        " electricity is in its price by emission allowances."
    )


def _without_tax(tariffs: Tariffs, tax_eur_per_mwh: float) -> Tariffs:
    """Return prices to society: gas without the carbon price that it holds."""
    gas = max(tariffs.gas_eur_per_mwh - tax_eur_per_mwh, 0.0)
    return replace(tariffs, gas_eur_per_mwh=gas, carbon_eur_per_mwh=0.0)


def _carbon_prices(parameters: Parameters, first_year: int, horizon_a: int) -> list[float]:
    """Return the worth of a tonne of CO2 in each year [EUR/t]."""
    values = [parameters.value(f"carbon_price_{year}_eur_per_t") for year in (2025, 2030)]
    calendar = range(first_year, first_year + horizon_a)
    return [float(np.interp(year, (2025, 2030), values)) for year in calendar]
