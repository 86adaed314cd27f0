"""Put a plan's energy, prices and emission factors together into one business case."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from siting.business.carbon import co2_of, emission_inputs, society_of
from siting.business.energy import year_energy, year_ramps
from siting.business.prices import (
    consumer_alternatives,
    plan_components,
    plan_tariffs,
    price_words,
    stated_or,
)
from siting.economics import annuity_factor
from siting.emissions import Baseline, ElectricityPath, YearCO2, sum_over_years
from siting.finance.cashflow import CashFlow, Component, Subsidy
from siting.finance.departure import discounted_survival_years
from siting.finance.measures import annual_capital_cost, present_value
from siting.finance.viewpoints import (
    CompanyView,
    ConsumerView,
    SocietyView,
    Tariffs,
    YearEnergy,
    company_flow,
    company_view,
    consumer_view,
    running_costs,
)
from siting.plan import Plan

if TYPE_CHECKING:
    from siting.assembly import Assembly
    from siting.config import StudyConfig
    from siting.parameters import Parameters

__all__ = ["BusinessCase", "business_case"]


@dataclass(frozen=True)
class BusinessCase:
    """A plan in money and CO2.

    Parameters
    ----------
    horizon_a, discount_rate, social_discount_rate
        Years looked at [a] and the two rates [1/a].
    first_year
        Calendar year of the year 1.
    energy, years
        Energy of a full year of the plan, and of the years 1 to T.
    components, tariffs
        What is built with lifetimes, and what running it costs.
    running_eur
        Running cost of a full year by line [EUR/a].
    flow, company
        Cash flow of the company, and what it reads from it.
    cost_by_annuities_eur_per_mwh
        Cost of all heat when each component is spread over its own life [EUR/MWh]; a check on the
        levelised cost.
    consumers
        Cost of heat against the alternatives.
    society, society_words
        Value to society, and how it was counted or why it could not be.
    co2, co2_years
        CO2 of a full year with the electricity of the first year, and of the years 1 to T.
    baseline, electricity
        What the plan replaces, and the path of the electricity factor.
    price_words
        What is said about carbon in prices.
    departure_year_a, departure_flow, departure_value_eur
        Last year with heat where all data centres leave [a], the cash flow of the company then,
        and its net present value [EUR]: boilers take over, and nothing is saved on replacements.
    lasting_heat_share
        Expected share of the discounted heat, as a data centre may leave in any year [-].
    assumed_country
        Whether figures of electricity stem from the country of the parameter table for want of one.
    """

    horizon_a: int
    discount_rate: float
    social_discount_rate: float
    first_year: int
    energy: YearEnergy
    years: tuple[YearEnergy, ...]
    components: tuple[Component, ...]
    tariffs: Tariffs
    running_eur: dict[str, float]
    flow: CashFlow
    company: CompanyView
    cost_by_annuities_eur_per_mwh: float
    consumers: ConsumerView
    society: SocietyView | None
    society_words: str
    co2: YearCO2
    co2_years: tuple[YearCO2, ...]
    baseline: Baseline
    electricity: ElectricityPath
    price_words: str
    departure_year_a: int
    departure_flow: CashFlow
    departure_value_eur: float
    lasting_heat_share: float
    assumed_country: bool

    @property
    def abatement_cost_eur_per_t(self) -> float:
        """Cost per tonne of CO2 saved, against what consumers have otherwise [EUR/t].

        Levelised cost of heat less that of the alternative, over the heat and the net saving of
        all years; below zero the plan saves money too. Not a number without a saving, or for
        baselines other than gas boilers and heat pumps, whose cost is not known.
        """
        name = {"gas": "gas boiler", "heat_pump": "air heat pump"}.get(self.baseline.kind, "")
        other = self.consumers.alternatives_eur_per_mwh.get(name, math.nan)
        saved = sum_over_years(self.co2_years, "net_t")
        if saved <= 0:
            return math.nan
        heat = math.fsum(year.demand_mwh for year in self.years)
        return (self.company.levelised_cost_eur_per_mwh - other) * heat / saved

    def kpis(self) -> dict[str, float | str | None]:
        """Return the key figures, each with its unit in its name."""
        company, consumers, society = self.company, self.consumers, self.society
        figures: dict[str, float | str | None] = {
            "horizon_a": self.horizon_a,
            "discount_rate": self.discount_rate,
            "heat_price_eur_per_mwh": consumers.heat_price_eur_per_mwh,
            "peak_boiler_heat_mwh": self.energy.peak_heat_mwh,
            "gas_mwh": self.energy.gas_mwh,
            "boiler_electricity_mwh": self.energy.boiler_electricity_mwh,
            "charged_pumping_electricity_mwh": self.energy.pumping_mwh,
            "running_cost_eur_per_a": math.fsum(self.running_eur.values()),
            "net_present_value_eur": company.net_present_value_eur,
            "internal_rate_of_return": company.irr.value,
            "internal_rate_of_return_verdict": company.irr.verdict,
            "discounted_payback_a": company.payback.value,
            "discounted_payback_verdict": company.payback.verdict,
            "levelised_cost_eur_per_mwh": company.levelised_cost_eur_per_mwh,
            "levelised_cost_by_annuities_eur_per_mwh": self.cost_by_annuities_eur_per_mwh,
            "levelised_cost_waste_heat_eur_per_mwh": company.waste_heat_cost_eur_per_mwh,
            "viability_gap_eur": company.viability_gap_eur,
            "break_even_heat_price_eur_per_mwh": company.break_even_heat_price_eur_per_mwh,
            "departure_year_a": self.departure_year_a,
            "net_present_value_departure_eur": self.departure_value_eur,
            "lasting_heat_share": self.lasting_heat_share,
            "subsidy_eur": company.subsidy_eur,
            "heat_per_euro_net_kwh": company.heat_per_euro_net_kwh,
            "life_cycle_heat_per_euro_kwh": company.life_cycle_heat_per_euro_kwh,
            "social_discount_rate": self.social_discount_rate,
            "society_net_present_value_eur": society.net_present_value_eur if society else None,
            "society_net_present_value_without_carbon_eur": (
                society.without_carbon_eur if society else None
            ),
            "co2_baseline": self.baseline.kind,
            "co2_baseline_t_per_a": self.co2.baseline_t,
            "co2_project_t_per_a": self.co2.project_t,
            "co2_gross_saving_t_per_a": self.co2.gross_t,
            "co2_net_saving_t_per_a": self.co2.net_t,
            "co2_gross_saving_horizon_t": sum_over_years(self.co2_years, "gross_t"),
            "co2_net_saving_horizon_t": sum_over_years(self.co2_years, "net_t"),
            "co2_abatement_cost_eur_per_t": self.abatement_cost_eur_per_t,
        }
        for name, cost in consumers.alternatives_eur_per_mwh.items():
            key = name.replace(" ", "_")
            figures[f"consumer_{key}_eur_per_mwh"] = cost
            figures[f"consumer_saving_against_{key}_eur_per_a"] = consumers.saving_eur[name]
        return figures


def business_case(
    assembly: Assembly,
    plan: Plan,
    parameters: Parameters,
    config: StudyConfig,
    adjust: Callable[[Tariffs], Tariffs] | None = None,
) -> BusinessCase:
    """Return a plan in money and CO2.

    Parameters
    ----------
    assembly
        The problem, and the heat behind the options of its sites.
    plan
        What is built.
    parameters
        Prices, lifetimes, upkeep and emission factors.
    config
        The section ``[finance]``: rates, horizon, heat price, subsidy, baseline and ramps.
    adjust
        Changes what running the plan costs, to ask what other prices would do.

    Notes
    -----
    Constant prices without value added tax; investment at the start, flows at the ends of the years
    1 to T, replacement when a life ends, what is left in a straight line at T. Peak boilers give
    what the data centres do not, so all heat of the zones served is sold.
    """
    finance, value = config.finance, parameters.value
    horizon = int(value("lifetime_a")) if finance.horizon_a is None else finance.horizon_a
    rate = stated_or(finance.discount_rate, value("discount_rate"))
    social = stated_or(finance.social_discount_rate, value("social_discount_rate"))
    price = stated_or(finance.heat_price_eur_per_mwh, value("heat_price_eur_per_mwh"))
    problem = assembly.problem
    electric = config.network.peak_boiler_fuel == "electric"
    energy_of = partial(
        year_energy,
        problem,
        plan,
        parameters,
        electric_boilers=electric,
        booster_mwh_per_mwh=_booster_rates(assembly),
    )
    ramps = year_ramps(finance, horizon, parameters)
    years = tuple(energy_of(*shares) for shares in ramps)
    leave, hazard = int(value("departure_year_a")), value("departure_hazard")
    without_sources = tuple(energy_of(connected, 0.0) for connected, _ in ramps[leave:])
    full = energy_of(1.0, 1.0)
    components = plan_components(plan.capex_by_component_eur, parameters, electric_boilers=electric)
    tariffs = plan_tariffs(assembly, plan, parameters, finance)
    tariffs = adjust(tariffs) if adjust else tariffs
    subsidy = Subsidy(
        finance.subsidy_share,
        finance.subsidy_cap_eur,
        finance.subsidy_lump_eur,
        finance.subsidy_eur_per_mwh,
        finance.subsidy_years_a,
    )
    flow = company_flow(components, years, tariffs, price, subsidy)
    departed = company_flow(components, years[:leave] + without_sources, tariffs, price, subsidy)
    running = running_costs(full, tariffs)
    alternatives = consumer_alternatives(parameters, finance)
    peak = math.fsum(zone.peak_mw for zone in plan.zones)
    gas, path, baseline = emission_inputs(parameters, config)
    co2 = tuple(
        co2_of(energy, baseline, gas, path, finance.first_year + t)
        for t, energy in enumerate(years)
    )
    society, words = society_of(
        components, years, tariffs, parameters, finance, peak, alternatives, co2, social
    )
    annual = annual_capital_cost(components, rate) + math.fsum(running.values())
    return BusinessCase(
        horizon_a=horizon,
        discount_rate=rate,
        social_discount_rate=social,
        first_year=finance.first_year,
        energy=full,
        years=years,
        components=components,
        tariffs=tariffs,
        running_eur=running,
        flow=flow,
        company=company_view(flow, components, years, rate, plan.heat_mwh),
        cost_by_annuities_eur_per_mwh=annual / full.demand_mwh if full.demand_mwh else math.nan,
        consumers=consumer_view(full.demand_mwh, peak, price, alternatives, rate),
        society=society,
        society_words=words,
        co2=co2_of(full, baseline, gas, path, finance.first_year),
        co2_years=co2,
        baseline=baseline,
        electricity=path,
        price_words=price_words(finance),
        departure_year_a=leave,
        departure_flow=departed,
        departure_value_eur=present_value(departed.net, rate),
        lasting_heat_share=discounted_survival_years(hazard, rate, horizon)
        / annuity_factor(rate, horizon),
        assumed_country=config.study.country is None
        and not parameters["electricity_emission_now_kg_per_mwh"].overridden,
    )


def _booster_rates(assembly: Assembly) -> dict[str, float]:
    """Return the electricity of boosters per heat from the network by zone key [MWh/MWh]."""
    if assembly.zone_heat.empty:
        return {}
    rates = assembly.zone_heat["booster_electricity_mwh_per_mwh"].to_dict()
    return {str(zone): float(rate) for zone, rate in rates.items()}
