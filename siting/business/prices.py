"""Work out what a plan costs to build and to run, and what its consumers could buy instead."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from siting.assembly.desk import OVERHEAD
from siting.finance.cashflow import Component
from siting.finance.viewpoints import Alternative, Tariffs
from siting.plan import Plan
from siting.units import kw_from_mw

if TYPE_CHECKING:
    from siting.assembly import Assembly
    from siting.config import FinanceConfig
    from siting.parameters import Parameters

__all__ = [
    "carbon_in_gas",
    "consumer_alternatives",
    "plan_components",
    "plan_tariffs",
    "price_words",
    "stated_or",
]

KG_PER_T = 1000.0
OTHER_LIFETIME = "connection_lifetime_a"
LIFETIME_OF = {
    "source_side": "source_side_lifetime_a",
    "heat_pump": "heat_pump_lifetime_a",
    "heat_exchanger": "exchanger_lifetime_a",
    "substations": "exchanger_lifetime_a",
    "peak_boilers": "gas_boiler_lifetime_a",
    "pipes": "pipe_lifetime_a",
    "service_lines": "pipe_lifetime_a",
    "distribution": "pipe_lifetime_a",
    "hot_pipe": "pipe_lifetime_a",
    "warm_pipe": "pipe_lifetime_a",
    "crossings": "pipe_lifetime_a",
    "boosters": "exchanger_lifetime_a",
}
"""Parameter that holds the lifetime of each component; others last as long as a connection."""

PIPES = tuple(name for name, life in LIFETIME_OF.items() if life == "pipe_lifetime_a")


def plan_components(
    capex_by_component_eur: Mapping[str, float],
    parameters: Parameters,
    *,
    electric_boilers: bool = False,
) -> tuple[Component, ...]:
    """Return what a plan builds with its lifetimes, design and contingency on each part.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> parts = {"pipes": 80.0, "heat_pump": 20.0, "design_and_contingency": 25.0}
    >>> for each in plan_components(parts, load_parameters()):
    ...     print(each.name, each.cost_eur, each.lifetime_a)
    heat_pump 25.0 25.0
    pipes 100.0 40.0
    """
    parts = construction_cost(capex_by_component_eur)
    loaded = math.fsum(capex_by_component_eur.values())
    bare = math.fsum(parts.values())
    if bare <= 0:
        parts, bare = dict(capex_by_component_eur), loaded
    factor = loaded / bare if bare > 0 else 1.0
    lives = LIFETIME_OF | (
        {"peak_boilers": "electric_boiler_lifetime_a"} if electric_boilers else {}
    )
    return tuple(
        Component(name, cost * factor, parameters.value(lives.get(name, OTHER_LIFETIME)))
        for name, cost in sorted(parts.items())
    )


def construction_cost(capex_by_component_eur: Mapping[str, float]) -> dict[str, float]:
    """Return the investment by component before design and contingency [EUR]."""
    return {
        name: max(cost, 0.0) for name, cost in capex_by_component_eur.items() if name != OVERHEAD
    }


def stated_or(stated: float | None, otherwise: float) -> float:
    """Return a figure of the study, or what stands in for it."""
    return otherwise if stated is None else stated


def carbon_in_gas(parameters: Parameters) -> float:
    """Return the carbon price on heating fuel per energy of gas [EUR/MWh]."""
    price = parameters.value("fuel_carbon_price_eur_per_t")
    return price * parameters.value("gas_emission_kg_per_mwh") / KG_PER_T


def plan_tariffs(
    assembly: Assembly, plan: Plan, parameters: Parameters, finance: FinanceConfig
) -> Tariffs:
    """Return what running a plan costs, as means over its sites."""
    value = parameters.value
    rows: dict[Any, dict[Any, Any]] = assembly.site_heat.to_dict("index")
    options = {(site.id, each.id): each for site in assembly.problem.sites for each in site.choices}
    power = waste = running = 0.0
    for site in plan.sites:
        row = rows[site.site, site.option]
        power += site.electricity_mwh * float(row["electricity_price_eur_per_mwh"])
        source = float(row["source_mw"]) / float(row["output_mw"])
        waste += site.heat_mwh * source * float(row["waste_heat_price_eur_per_mwh"])
        running += site.heat_mwh * options[site.site, site.option].cost_per_mwh_eur
    fed_in = math.fsum(site.heat_mwh for site in plan.sites)
    used = math.fsum(site.electricity_mwh for site in plan.sites)
    carbon = carbon_in_gas(parameters)
    # What running a site costs beside electricity and heat is upkeep, so that all adds up.
    upkeep = running - power - waste
    return Tariffs(
        electricity_eur_per_mwh=power / used if used > 0 else 0.0,
        pumping_eur_per_mwh=value("electricity_price_eur_per_mwh"),
        gas_eur_per_mwh=value("gas_price_eur_per_mwh"),
        carbon_eur_per_mwh=0.0 if finance.gas_price_contains_carbon else carbon,
        waste_heat_eur_per_mwh=waste / fed_in if fed_in > 0 else 0.0,
        heat_pump_om_eur_per_mwh=upkeep / fed_in if fed_in > 0 else 0.0,
        peak_boiler_om_eur_per_mwh=value("gas_boiler_variable_om_eur_per_mwh"),
        overhead_eur_per_mwh=value("overhead_eur_per_mwh"),
        fixed_om_eur=_fixed_om(plan, parameters),
    )


def _fixed_om(plan: Plan, parameters: Parameters) -> dict[str, float]:
    """Return yearly upkeep by component, on construction cost [EUR/a]."""
    value = parameters.value
    parts = construction_cost(plan.capex_by_component_eur)
    found = {name: value("pipe_om_share") * parts[name] for name in PIPES if name in parts}
    if "heat_pump" in parts:
        found["heat_pump"] = value("heat_pump_fixed_om_share") * parts["heat_pump"]
    if parts.get("peak_boilers", 0.0) > 0:
        peak_kw = kw_from_mw(math.fsum(zone.peak_mw for zone in plan.zones))
        found["peak_boilers"] = (
            peak_kw * value("peak_capacity_margin") * value("gas_boiler_fixed_om_eur_per_kw_a")
        )
    return found


def consumer_alternatives(
    parameters: Parameters, finance: FinanceConfig
) -> tuple[Alternative, ...]:
    """Return what consumers could buy instead."""
    value = parameters.value
    gas = stated_or(finance.consumer_gas_price_eur_per_mwh, value("gas_price_eur_per_mwh"))
    if not finance.gas_price_contains_carbon:
        gas += carbon_in_gas(parameters)
    power = stated_or(
        finance.consumer_electricity_price_eur_per_mwh, value("electricity_price_eur_per_mwh")
    )
    return (
        Alternative(
            "gas boiler",
            value("consumer_boiler_capex_eur_per_kw"),
            value("gas_boiler_lifetime_a"),
            gas,
            value("consumer_boiler_efficiency"),
        ),
        Alternative(
            "air heat pump",
            value("consumer_heat_pump_capex_eur_per_kw"),
            value("heat_pump_lifetime_a"),
            power,
            value("consumer_heat_pump_cop"),
        ),
    )


def price_words(finance: FinanceConfig) -> str:
    """Return what is said about carbon in prices."""
    if finance.gas_price_contains_carbon:
        return "The gas price holds the carbon price on heating fuel; it is not charged again."
    return "The carbon price on heating fuel is paid on top of the gas price."
