"""Keep the books of a plan by the settings of its run: energy, cost, support and CO2 by year."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from siting.countries import parameter_presets
from siting.parameters import load_parameters, read_default_csv
from siting.plan import Plan
from siting.problem import Problem, Zone

__all__ = ["Books"]

LIVES = (
    (
        {"pipes", "service_lines", "distribution", "hot_pipe", "warm_pipe", "crossings"},
        "pipe_lifetime_a",
    ),
    ({"heat_pump"}, "heat_pump_lifetime_a"),
    ({"source_side"}, "source_side_lifetime_a"),
    ({"heat_exchanger", "substations", "boosters"}, "exchanger_lifetime_a"),
    ({"peak_boilers"}, "gas_boiler_lifetime_a"),
)
EXTRA = "design_and_contingency"


@dataclass(frozen=True)
class Books:
    """What a plan costs and earns, by the settings of its run."""

    problem: Problem
    plan: Plan
    finance: Mapping[str, Any]
    country: str | None
    figures: Mapping[str, float]
    electric: bool = False

    @classmethod
    def of(cls, problem: Problem, plan: Plan, settings: Mapping[str, Any]) -> Books:
        """Open the books of a plan with the settings of its run, as its manifest holds them."""
        country = (settings.get("study") or {}).get("country")
        table = load_parameters(settings.get("parameters") or {}, parameter_presets(country))
        figures = {name: row.value for name, row in table.items()}
        electric = (settings.get("network") or {}).get("peak_boiler_fuel") == "electric"
        return cls(problem, plan, settings["finance"], country, figures, electric)

    def stated(self, key: str, parameter: str) -> float:
        """Return a figure of [finance], or the parameter that stands in for it."""
        stated = self.finance.get(key)
        return self.figures[parameter] if stated is None else float(stated)

    @property
    def rate(self) -> float:
        """Discount rate of the company [1/a]."""
        return self.stated("discount_rate", "discount_rate")

    @property
    def price(self) -> float:
        """Price of all heat sold [EUR/MWh]."""
        return self.stated("heat_price_eur_per_mwh", "heat_price_eur_per_mwh")

    @property
    def horizon_a(self) -> int:
        """Years looked at [a]."""
        return int(self.stated("horizon_a", "lifetime_a"))

    # Heat

    def year(self, number: int, *, left: bool = False) -> dict[str, float]:
        """Return the energy of a year, counted from 1, or after the sources have left [MWh/a]."""
        ramps = [
            self.finance.get(f"{name}_ramp") or [1.0] for name in ("connection", "utilisation")
        ]
        connected, given = (float(ramp[min(number, len(ramp)) - 1]) for ramp in ramps)
        years = self.finance.get("connection_ramp_a")
        if years is not None and number < years:
            connected = 0.3 + 0.7 * (number - 1) / (years - 1)
        growth = self.finance.get("utilisation_ramp_a")
        if growth is not None and number < growth:
            given = number / growth
        return self.heat(connected, 0.0 if left else given)

    def heat(self, connected: float, given: float) -> dict[str, float]:
        """Return the energy of a year with shares of consumers and of source heat [MWh/a]."""
        zones = {zone.id: zone for zone in self.problem.zones}
        demand = waste = 0.0
        for each in self.plan.zones:
            demand += connected * each.demand_mwh
            if connected == 1 and given == 1:
                waste += each.heat_mwh
            elif connected > 0:
                waste += _served(zones[each.zone], each.base_mw, each.heat_mwh, connected, given)
        fed = math.fsum(each.heat_mwh for each in self.plan.sites)
        load = (waste + self.plan.loss_mwh) / fed if fed > 0 and waste > 0 else 0.0
        power = load * math.fsum(each.electricity_mwh for each in self.plan.sites)
        peak = max(demand - waste, 0.0)
        return {
            "demand": demand,
            "waste": waste,
            "load": load,
            "power": power,
            "peak": peak,
            "gas": 0.0 if self.electric else peak / self.figures["gas_boiler_efficiency"],
            "boilers": peak / self.figures["electric_boiler_efficiency"] if self.electric else 0.0,
            "boosters": connected * self._boosters(),
            "pumping": self.figures["pumping_share"] * (load * fed + peak),
        }

    def _boosters(self) -> float:
        """Return the electricity of boosters from what it takes off the worth of heat [MWh/a]."""
        price = self.figures["electricity_price_eur_per_mwh"]
        worth = {zone.id: zone.value_eur_per_mwh for zone in self.problem.zones}
        spent = math.fsum(-worth[each.zone] * each.demand_mwh for each in self.plan.zones)
        return max(spent, 0.0) / price if price > 0 else 0.0

    # Money

    def _bare(self) -> dict[str, float]:
        parts = self.plan.capex_by_component_eur
        return {name: max(cost, 0.0) for name, cost in parts.items() if name != EXTRA}

    def _loaded(self, without: str = "") -> list[tuple[float, float]]:
        """Return cost with design and contingency [EUR] and life [a] of each component."""
        bare = self._bare()
        whole = math.fsum(self.plan.capex_by_component_eur.values())
        if not math.fsum(bare.values()) > 0:
            bare = dict(self.plan.capex_by_component_eur)
        sum_of_parts = math.fsum(bare.values())
        lives = {name: parameter for names, parameter in LIVES for name in names}
        if self.electric:
            lives["peak_boilers"] = "electric_boiler_lifetime_a"
        return [
            (
                cost * whole / sum_of_parts if sum_of_parts else 0.0,
                self.figures[lives.get(name, "connection_lifetime_a")],
            )
            for name, cost in bare.items()
            if name != without
        ]

    def capital(self) -> float:
        """Return the present value of investment and replacement less what is left [EUR]."""
        return self.worth(self.spending(self._loaded()))

    def base_spending(self) -> list[float]:
        """Return what all but the peak boilers cost in the years 0 to T [EUR]."""
        return self.spending(self._loaded("peak_boilers"))

    def net_spending(self) -> list[float]:
        """Return investment and replacement less what is left in the years 0 to T [EUR]."""
        return self.spending(self._loaded())

    def spending(self, bought: list[tuple[float, float]]) -> list[float]:
        """Return what things of a cost [EUR] and a life [a] cost in the years 0 to T [EUR]."""
        flow = [0.0] * (self.horizon_a + 1)
        for cost, life in bought:
            at = count = last = 0
            while at < self.horizon_a:
                flow[at] += cost
                last, count = at, count + 1
                at = math.ceil(count * life - 1e-9)
            flow[-1] -= cost * max(0.0, last + life - self.horizon_a) / life
        return flow

    def worth(self, flow: list[float], rate: float | None = None) -> float:
        """Return the present value of amounts in the years 0, 1, 2, ..."""
        rate = self.rate if rate is None else rate
        return math.fsum(each * (1 + rate) ** -t for t, each in enumerate(flow))

    def annuity(self, cost: float, life: float) -> float:
        """Return the yearly cost of one component over its life [EUR/a]."""
        rate = self.rate
        if float(life).is_integer():
            return cost / math.fsum(math.pow(1 + rate, -t) for t in range(1, int(life) + 1))
        return cost * rate / (1 - math.pow(1 + rate, -life))

    def annuities(self) -> float:
        """Return the yearly cost of all components, each over its life [EUR/a]."""
        return math.fsum(self.annuity(cost, life) for cost, life in self._loaded())

    def running(self, year: Mapping[str, float]) -> float:
        """Return what a year of operation costs [EUR/a]."""
        overhead = self.figures["overhead_eur_per_mwh"] * year["demand"]
        return math.fsum([self.base_running(year), self.boiler_running(year), overhead])

    def base_running(self, year: Mapping[str, float]) -> float:
        """Return what the heat of data centres costs in a year, without overheads [EUR/a]."""
        value = self.figures
        options = {(s.id, o.id): o for s in self.problem.sites for o in s.choices}
        sites = math.fsum(
            options[each.site, each.option].cost_per_mwh_eur * each.heat_mwh
            for each in self.plan.sites
        )
        parts = self._bare()
        pipes = math.fsum(parts.get(name, 0.0) for name in LIVES[0][0])
        power = value["electricity_price_eur_per_mwh"] * (year["pumping"] + year["boosters"])
        fixed = value["pipe_om_share"] * pipes
        fixed += value["heat_pump_fixed_om_share"] * parts.get("heat_pump", 0.0)
        return math.fsum([sites * year["load"], power, fixed])

    def boiler_running(self, year: Mapping[str, float]) -> float:
        """Return what the peak boilers cost in a year [EUR/a]."""
        value = self.figures
        fixed = 0.0
        if self._bare().get("peak_boilers", 0.0) > 0:
            boilers = value["gas_boiler_fixed_om_eur_per_kw_a"] * value["peak_capacity_margin"]
            fixed = boilers * 1000 * self.peak_mw
        gas = value["gas_price_eur_per_mwh"]
        if not self.finance.get("gas_price_contains_carbon", True):
            gas += self.carbon_in_gas()
        return math.fsum(
            [
                fixed,
                gas * year["gas"],
                value["electricity_price_eur_per_mwh"] * year["boilers"],
                value["gas_boiler_variable_om_eur_per_mwh"] * year["peak"],
            ]
        )

    @property
    def peak_mw(self) -> float:
        """Sum of the peaks of the zones served [MW]."""
        return math.fsum(each.peak_mw for each in self.plan.zones)

    def carbon_in_gas(self) -> float:
        """Return the carbon price on heating fuel per energy of gas [EUR/MWh]."""
        tonnes = self.figures["gas_emission_kg_per_mwh"] / 1000
        return self.figures["fuel_carbon_price_eur_per_t"] * tonnes

    def grant(self) -> float:
        """Return public money at the start [EUR]."""
        capex = math.fsum(self.plan.capex_by_component_eur.values())
        grant = float(self.finance.get("subsidy_share") or 0.0) * capex
        cap = self.finance.get("subsidy_cap_eur")
        grant = grant if cap is None else min(grant, float(cap))
        return min(grant + float(self.finance.get("subsidy_lump_eur") or 0.0), capex)

    def yearly_support(self, years: Sequence[Mapping[str, float]]) -> list[float]:
        """Return public money for the heat of each year [EUR/a]."""
        paid = float(self.finance.get("subsidy_eur_per_mwh") or 0.0)
        last = int(self.finance.get("subsidy_years_a") or len(years))
        return [paid * year["waste"] if t < last else 0.0 for t, year in enumerate(years)]

    def support(self, years: Sequence[Mapping[str, float]]) -> float:
        """Return the present value of all public money [EUR]."""
        return self.worth([self.grant(), *self.yearly_support(years)])

    # CO2

    def saved(self, year: Mapping[str, float], calendar: int) -> tuple[float, float]:
        """Return gross and net CO2 saved in a year [t/a]."""
        gross, spared, caused = self._balance(year, calendar)
        return gross, gross + spared - caused

    def emitted(self, year: Mapping[str, float], calendar: int) -> tuple[float, float]:
        """Return CO2 of the baseline and of the plan in a year [t/a]."""
        gross, spared, caused = self._balance(year, calendar)
        burnt = year["gas"] * self.figures["gas_emission_kg_per_mwh"] / 1000
        return gross + burnt + spared, burnt + caused

    def _balance(self, year: Mapping[str, float], calendar: int) -> tuple[float, float, float]:
        """Return CO2 of fuel saved, of electricity saved, and of electricity used [t/a]."""
        power = self._power_factor(calendar) / 1000
        value, kind = self.figures, self.finance.get("baseline", "gas")
        gas = value["gas_emission_kg_per_mwh"] / 1000
        spared_fuel = spared_power = 0.0
        if kind == "heat_pump":
            spared_power = year["demand"] / value["consumer_heat_pump_cop"] * power
        elif kind in {"district_mix", "user"}:
            spared_fuel = year["demand"] * float(self.finance["baseline_kg_per_mwh"]) / 1000
        else:
            factor = gas if kind == "gas" else _fuel_factor(kind) / 1000
            spared_fuel = year["demand"] * factor / value["consumer_boiler_efficiency"]
        gross = spared_fuel - year["gas"] * gas
        used = math.fsum(year[each] for each in ("power", "pumping", "boilers", "boosters"))
        return gross, spared_power, used * power

    def _power_factor(self, calendar: int) -> float:
        """Return the factor of electricity of a calendar year [kg/MWh]."""
        names = ("electricity_emission_now_kg_per_mwh", "electricity_emission_2030_kg_per_mwh")
        country = self.country or "FI"
        rows = read_default_csv("emission_factors.csv")
        start, end = (
            next(int(r["year"]) for r in rows if (r["country"], r["parameter"]) == (country, name))
            for name in names
        )
        way = min(max((calendar - start) / (end - start), 0.0), 1.0)
        now, later = (self.figures[name] for name in names)
        return now + way * (later - now)


def _fuel_factor(kind: str) -> float:
    rows = read_default_csv("emission_factors.csv")
    return next(float(r["value_kg_per_mwh"]) for r in rows if r["key"] == kind and not r["country"])


def _served(zone: Zone, base_mw: float, full_mwh: float, connected: float, given: float) -> float:
    """Return the heat of data centres in a zone that is partly connected, or supplied [MWh/a]."""
    if not zone.load_curve or zone.peak_mw <= 0:
        return full_mwh * min(connected, given)
    share = min(base_mw * given / (connected * zone.peak_mw), 1.0)
    for (x0, y0), (x1, y1) in pairwise(zone.load_curve):
        if share <= x1:
            return connected * zone.heat_mwh * (y0 + (y1 - y0) * (share - x0) / (x1 - x0))
    return connected * zone.heat_mwh * zone.load_curve[-1][1]
