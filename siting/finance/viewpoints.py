"""Look at one plan as the company, its consumers and society do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from siting.economics import crf
from siting.finance.cashflow import CashFlow, Component, Subsidy, investment_lines
from siting.finance.measures import (
    Irr,
    Payback,
    break_even_price,
    discounted_payback,
    internal_rate_of_return,
    levelised_cost,
    life_cycle_heat_per_euro,
    present_value,
)

__all__ = [
    "Alternative",
    "CompanyView",
    "ConsumerView",
    "SocietyView",
    "Tariffs",
    "YearEnergy",
    "company_flow",
    "company_view",
    "consumer_view",
    "running_costs",
    "society_flow",
    "society_view",
]

INVESTMENT = ("investment", "replacement", "residual_value")
BOILER_COSTS = ("gas", "carbon", "peak_boiler_electricity", "peak_boiler_om")


@dataclass(frozen=True)
class YearEnergy:
    """Energy of one year [MWh/a].

    Parameters
    ----------
    demand_mwh
        Heat used by the consumers served; all of it is sold.
    waste_heat_mwh
        The part of it that comes from data centres.
    fed_in_mwh
        Heat that the sites feed in, network losses included.
    electricity_mwh, pumping_mwh
        Electricity of heat pumps, and of the pumps of the network.
    peak_heat_mwh, gas_mwh
        Heat of the peak boilers, and their gas on net calorific value.
    boiler_electricity_mwh, booster_mwh
        Electricity of peak boilers that burn no gas, and of boosters at dwellings.
    """

    demand_mwh: float
    waste_heat_mwh: float
    fed_in_mwh: float
    electricity_mwh: float
    pumping_mwh: float
    peak_heat_mwh: float
    gas_mwh: float
    boiler_electricity_mwh: float = 0.0
    booster_mwh: float = 0.0

    @property
    def all_electricity_mwh(self) -> float:
        """All electricity that the plan uses [MWh/a]."""
        return math.fsum(
            (self.electricity_mwh, self.pumping_mwh, self.boiler_electricity_mwh, self.booster_mwh)
        )


@dataclass(frozen=True)
class Tariffs:
    """What running the plan costs.

    Parameters
    ----------
    electricity_eur_per_mwh, pumping_eur_per_mwh
        Price of electricity for heat pumps, as a mean of the sites, and for network pumps,
        electric boilers and boosters [EUR/MWh].
    gas_eur_per_mwh, carbon_eur_per_mwh
        Price of gas, and of the carbon in it that is paid on top of the price [EUR/MWh gas].
    waste_heat_eur_per_mwh, heat_pump_om_eur_per_mwh
        Paid to the data centres, and variable upkeep, per heat fed in [EUR/MWh].
    peak_boiler_om_eur_per_mwh
        Variable upkeep of peak boilers per heat [EUR/MWh].
    overhead_eur_per_mwh
        Administration per heat sold [EUR/MWh].
    fixed_om_eur
        Yearly upkeep by component [EUR/a]; that of ``peak_boilers`` is kept apart from the rest.
    """

    electricity_eur_per_mwh: float = 0.0
    pumping_eur_per_mwh: float = 0.0
    gas_eur_per_mwh: float = 0.0
    carbon_eur_per_mwh: float = 0.0
    waste_heat_eur_per_mwh: float = 0.0
    heat_pump_om_eur_per_mwh: float = 0.0
    peak_boiler_om_eur_per_mwh: float = 0.0
    overhead_eur_per_mwh: float = 0.0
    fixed_om_eur: Mapping[str, float] = field(default_factory=dict)


def running_costs(energy: YearEnergy, tariffs: Tariffs) -> dict[str, float]:
    """Return what a year of operation costs, by line.

    Parameters
    ----------
    energy, tariffs
        Amounts of the year, and prices.

    Returns
    -------
    Cost by line [EUR/a].

    Examples
    --------
    >>> year = YearEnergy(100, 90, 95, 20, 1, 10, 11)
    >>> found = running_costs(year, Tariffs(electricity_eur_per_mwh=100, gas_eur_per_mwh=60))
    >>> found["electricity"], found["gas"], found["overhead"]
    (2000, 660, 0.0)
    """
    fixed = dict(tariffs.fixed_om_eur)
    boilers = fixed.pop("peak_boilers", 0.0)
    return {
        "electricity": tariffs.electricity_eur_per_mwh * energy.electricity_mwh,
        "pumping": tariffs.pumping_eur_per_mwh * energy.pumping_mwh,
        "boosters": tariffs.pumping_eur_per_mwh * energy.booster_mwh,
        "waste_heat": tariffs.waste_heat_eur_per_mwh * energy.fed_in_mwh,
        "heat_pump_om": tariffs.heat_pump_om_eur_per_mwh * energy.fed_in_mwh,
        "fixed_om": math.fsum(fixed.values()),
        "gas": tariffs.gas_eur_per_mwh * energy.gas_mwh,
        "carbon": tariffs.carbon_eur_per_mwh * energy.gas_mwh,
        "peak_boiler_electricity": tariffs.pumping_eur_per_mwh * energy.boiler_electricity_mwh,
        "peak_boiler_om": tariffs.peak_boiler_om_eur_per_mwh * energy.peak_heat_mwh + boilers,
        "overhead": tariffs.overhead_eur_per_mwh * energy.demand_mwh,
    }


# The company -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class CompanyView:
    """The plan as the company that builds and runs it sees it.

    Parameters
    ----------
    net_present_value_eur
        Net present value, subsidy included [EUR].
    irr, payback
        Internal rate of return and discounted payback, each with its verdict.
    levelised_cost_eur_per_mwh
        Of all heat of the system, subsidy not counted [EUR/MWh].
    waste_heat_cost_eur_per_mwh
        Of the heat from data centres, costs of the peak boilers left out [EUR/MWh].
    viability_gap_eur
        Grant at the start, above those that are there, at which the net present value is nothing;
        0 where none is needed [EUR].
    break_even_heat_price_eur_per_mwh
        Price of heat at which the net present value is nothing, subsidy included [EUR/MWh].
    subsidy_eur
        Grant at the start [EUR].
    heat_per_euro_net_kwh
        Annual heat per euro less grant [kWh/(a EUR)]; not a number where nothing is left to pay.
    life_cycle_heat_per_euro_kwh
        Discounted heat from data centres per discounted investment [kWh/EUR].
    """

    net_present_value_eur: float
    irr: Irr
    payback: Payback
    levelised_cost_eur_per_mwh: float
    waste_heat_cost_eur_per_mwh: float
    viability_gap_eur: float
    break_even_heat_price_eur_per_mwh: float
    subsidy_eur: float
    heat_per_euro_net_kwh: float
    life_cycle_heat_per_euro_kwh: float


def company_flow(
    components: Sequence[Component],
    years: Sequence[YearEnergy],
    tariffs: Tariffs,
    heat_price_eur_per_mwh: float,
    subsidy: Subsidy | None = None,
) -> CashFlow:
    """Return the cash flow of the company.

    Parameters
    ----------
    components
        What is built, with lifetimes.
    years
        Energy of the years 1 to T.
    tariffs, heat_price_eur_per_mwh, subsidy
        What it pays and earns.
    """
    subsidy = subsidy or Subsidy()
    capex = math.fsum(each.cost_eur for each in components)
    lines = investment_lines(components, len(years))
    costs = [running_costs(energy, tariffs) for energy in years]
    lines |= {name: (0.0, *(-each[name] for each in costs)) for name in costs[0]}
    support = [subsidy.yearly_eur(energy.waste_heat_mwh, t) for t, energy in enumerate(years, 1)]
    lines["subsidy"] = (subsidy.at_start_eur(capex), *support)
    sold = [heat_price_eur_per_mwh * energy.demand_mwh for energy in years]
    lines["heat_sales"] = (0.0, *sold)
    return CashFlow(lines)


def company_view(
    flow: CashFlow,
    components: Sequence[Component],
    years: Sequence[YearEnergy],
    discount_rate: float,
    annual_heat_mwh: float,
) -> CompanyView:
    """Return what the company reads from its cash flow.

    Parameters
    ----------
    flow, components, years
        The cash flow and what it is made of, see `company_flow`.
    discount_rate
        Discount rate of the company [1/a].
    annual_heat_mwh
        Heat from data centres in a year of the plan, for the figure per euro [MWh/a].
    """
    sold = [0.0, *(energy.demand_mwh for energy in years)]
    waste = [0.0, *(energy.waste_heat_mwh for energy in years)]
    cost = flow.without("heat_sales", "subsidy")
    base = [each for each in components if each.name != "peak_boilers"]
    without_boilers = CashFlow(
        {
            **cost.without(*BOILER_COSTS, *INVESTMENT, "overhead").lines,
            **investment_lines(base, len(years)),
            "overhead": _share_of(cost.lines["overhead"], waste, sold),
        }
    )
    value = present_value(flow.net, discount_rate)
    grant = flow.lines["subsidy"][0]
    left = math.fsum(each.cost_eur for each in components) - grant
    spent = [-each for each in flow.only(INVESTMENT).net]
    return CompanyView(
        net_present_value_eur=value,
        irr=internal_rate_of_return(flow.net),
        payback=discounted_payback(flow.net, discount_rate),
        levelised_cost_eur_per_mwh=levelised_cost([-e for e in cost.net], sold, discount_rate),
        waste_heat_cost_eur_per_mwh=levelised_cost(
            [-each for each in without_boilers.net], waste, discount_rate
        ),
        viability_gap_eur=max(-value, 0.0),
        break_even_heat_price_eur_per_mwh=break_even_price(
            flow.without("heat_sales").net, sold, discount_rate
        ),
        subsidy_eur=grant,
        heat_per_euro_net_kwh=annual_heat_mwh * 1000 / left if left > 0 else math.nan,
        life_cycle_heat_per_euro_kwh=life_cycle_heat_per_euro(waste, spent, discount_rate),
    )


def _share_of(
    line: Sequence[float], part: Sequence[float], whole: Sequence[float]
) -> tuple[float, ...]:
    """Return the share of a line that falls on a part of the heat."""
    trio = zip(line, part, whole, strict=True)
    return tuple(each * p / w if w > 0 else 0.0 for each, p, w in trio)


# The consumers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Alternative:
    """What a consumer would buy and run otherwise.

    Parameters
    ----------
    name
        What it is.
    capex_eur_per_kw, lifetime_a
        Investment per heat output [EUR/kW], and how long it lasts [a].
    energy_eur_per_mwh, efficiency
        Price of its fuel or electricity [EUR/MWh], and heat over it [-].
    """

    name: str
    capex_eur_per_kw: float
    lifetime_a: float
    energy_eur_per_mwh: float
    efficiency: float

    def cost_eur_per_mwh(self, demand_mwh: float, peak_mw: float, discount_rate: float) -> float:
        """Return what its heat costs [EUR/MWh]; not a number without demand.

        Examples
        --------
        >>> boiler = Alternative("gas boiler", 0.0, 25, 90.0, 0.9)
        >>> boiler.cost_eur_per_mwh(1000, 0.5, 0.05)
        100.0
        """
        if demand_mwh <= 0:
            return math.nan
        yearly = self.capex_eur_per_kw * peak_mw * 1000 * crf(discount_rate, self.lifetime_a)
        return self.energy_eur_per_mwh / self.efficiency + yearly / demand_mwh

    def component(self, peak_mw: float) -> Component:
        """Return its investment for a peak demand."""
        return Component(self.name, self.capex_eur_per_kw * peak_mw * 1000, self.lifetime_a)


@dataclass(frozen=True)
class ConsumerView:
    """The plan as its consumers see it, all together, without value added tax.

    Parameters
    ----------
    heat_price_eur_per_mwh
        What they pay for heat from the network [EUR/MWh].
    alternatives_eur_per_mwh
        What heat of each alternative would cost them [EUR/MWh].
    saving_eur
        What they save each year against each alternative; below zero they pay more [EUR/a].
    """

    heat_price_eur_per_mwh: float
    alternatives_eur_per_mwh: dict[str, float]
    saving_eur: dict[str, float]


def consumer_view(
    demand_mwh: float,
    peak_mw: float,
    heat_price_eur_per_mwh: float,
    alternatives: Sequence[Alternative],
    discount_rate: float,
) -> ConsumerView:
    """Return what consumers pay, against what else they could have.

    Parameters
    ----------
    demand_mwh, peak_mw
        Heat used in a year [MWh/a], and the sum of the peaks [MW].
    heat_price_eur_per_mwh
        Price of the network's heat [EUR/MWh]; substations are the company's.
    alternatives
        What they could buy.
    discount_rate
        Rate that spreads its investment [1/a].
    """
    costs = {
        each.name: each.cost_eur_per_mwh(demand_mwh, peak_mw, discount_rate)
        for each in alternatives
    }
    saving = {
        name: (cost - heat_price_eur_per_mwh) * demand_mwh if demand_mwh > 0 else 0.0
        for name, cost in costs.items()
    }
    return ConsumerView(heat_price_eur_per_mwh, costs, saving)


# Society ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SocietyView:
    """The plan as society sees it: no taxes, subsidies or payments from one to another.

    Parameters
    ----------
    net_present_value_eur
        Value of heat sources avoided and CO2 of fuel saved, less the cost of the plan [EUR].
    without_carbon_eur
        The same without the worth of CO2 [EUR].
    """

    net_present_value_eur: float
    without_carbon_eur: float


def society_flow(
    components: Sequence[Component],
    years: Sequence[YearEnergy],
    tariffs: Tariffs,
    avoided: Sequence[Component],
    avoided_eur_per_mwh: float,
    carbon_eur: Sequence[float],
) -> CashFlow:
    """Return costs and gains of society.

    Parameters
    ----------
    components, years, tariffs
        The plan; prices without carbon tax. Payments for waste heat are left out, as the data
        centre gains what the company pays.
    avoided, avoided_eur_per_mwh
        Investment that consumers are spared [EUR], and cost of energy per heat [EUR/MWh].
    carbon_eur
        Worth of the CO2 of fuel that is saved in the years 1 to T [EUR/a]. Electricity is left
        out: its price holds the price of emission allowances already.
    """
    flow = company_flow(components, years, tariffs, 0.0)
    lines = dict(flow.without("subsidy", "heat_sales", "waste_heat", "carbon").lines)
    spared = investment_lines(avoided, len(years))
    for name in INVESTMENT:
        lines[f"avoided_{name}"] = tuple(-each for each in spared[name])
    lines["avoided_energy"] = (0.0, *(avoided_eur_per_mwh * e.demand_mwh for e in years))
    lines["carbon"] = (0.0, *carbon_eur)
    return CashFlow(lines)


def society_view(flow: CashFlow, discount_rate: float) -> SocietyView:
    """Return what society reads from its costs and gains."""
    return SocietyView(
        present_value(flow.net, discount_rate),
        present_value(flow.without("carbon").net, discount_rate),
    )
