"""Derive money and CO2 of a plan again from problem, plan and settings, year by year."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from siting.countries import parameter_presets
from siting.errors import SitingError
from siting.parameters import load_parameters, read_default_csv
from siting.plan import Plan
from siting.problem import Problem, Zone
from siting.verify.ledger import Ledger

__all__ = ["check_money", "derived_money"]

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


def check_money(
    path: Path, problem: Problem, plan: Plan, settings: Mapping[str, Any]
) -> list[str] | None:
    """Return disagreements between the money and CO2 of ``kpis.json`` and a plan.

    Parameters
    ----------
    path
        The file of key figures.
    problem, plan
        The problem, and the plan that has been verified against it.
    settings
        The study's settings as the manifest holds them.

    Returns
    -------
    One sentence for each disagreement; ``None`` where the run judged no money.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []  # said where the other figures are compared
    if "finance" not in settings:
        return None
    try:
        derived = derived_money(problem, plan, settings)
    except SitingError as error:
        return [f"{path.name}: the parameters of the run cannot be read again: {error}"]
    ledger = Ledger()
    for name, figure in derived.items():
        if name not in told:
            ledger.say(f"{path.name}: '{name}' is missing; derived: {figure!r}.")
            continue
        finite = figure if math.isfinite(figure) else None
        # A present value is a small rest of large sums.
        floor = max(1.0, plan.capex_eur) if name.endswith("_eur") else 1e-3
        ledger.agree(path.name, name, told[name], finite, floor=floor)
    return ledger.found


def derived_money(problem: Problem, plan: Plan, settings: Mapping[str, Any]) -> dict[str, float]:
    """Return money and CO2 of a plan by the names of the key figures."""
    books = _Books.of(problem, plan, settings)
    heats = [books.year(t) for t in range(1, books.horizon_a + 1)]
    factor = [(1 + books.rate) ** -t for t in range(1, books.horizon_a + 1)]
    sold = math.fsum(f * year["demand"] for f, year in zip(factor, heats, strict=True))
    running = math.fsum(f * books.running(year) for f, year in zip(factor, heats, strict=True))
    capital = books.capital()
    support = books.support(heats, factor)
    cost = capital + running
    value = books.price * sold + support - cost
    last = books.figures["departure_year_a"]
    stressed = [books.year(t, left=t > last) for t in range(1, books.horizon_a + 1)]
    dearer = math.fsum(f * books.running(year) for f, year in zip(factor, stressed, strict=True))
    full = books.heat(1.0, 1.0)
    yearly = books.annuities() + books.running(full)
    first = int(books.finance.get("first_year", 2026))
    saved = [books.saved(year, first + t) for t, year in enumerate(heats)]
    return {
        "peak_boiler_heat_mwh": full["peak"],
        "gas_mwh": full["gas"],
        "charged_pumping_electricity_mwh": full["pumping"],
        "net_present_value_eur": value,
        "net_present_value_departure_eur": (
            books.price * sold + books.support(stressed, factor) - capital - dearer
        ),
        "viability_gap_eur": max(-value, 0.0),
        "levelised_cost_eur_per_mwh": cost / sold if sold > 0 else math.nan,
        "levelised_cost_by_annuities_eur_per_mwh": (
            yearly / full["demand"] if full["demand"] > 0 else math.nan
        ),
        "break_even_heat_price_eur_per_mwh": (cost - support) / sold if sold > 0 else math.nan,
        "co2_net_saving_t_per_a": books.saved(full, first)[1],
        "co2_gross_saving_t_per_a": books.saved(full, first)[0],
        "co2_net_saving_horizon_t": math.fsum(each[1] for each in saved),
        "co2_gross_saving_horizon_t": math.fsum(each[0] for each in saved),
    }


@dataclass(frozen=True)
class _Books:
    """What a plan costs and earns, by the settings of its run."""

    problem: Problem
    plan: Plan
    finance: Mapping[str, Any]
    country: str | None
    figures: Mapping[str, float]
    electric: bool = False

    @classmethod
    def of(cls, problem: Problem, plan: Plan, settings: Mapping[str, Any]) -> _Books:
        country = (settings.get("study") or {}).get("country")
        table = load_parameters(settings.get("parameters") or {}, parameter_presets(country))
        figures = {name: row.value for name, row in table.items()}
        electric = (settings.get("network") or {}).get("peak_boiler_fuel") == "electric"
        return cls(problem, plan, settings["finance"], country, figures, electric)

    def _stated(self, key: str, parameter: str) -> float:
        stated = self.finance.get(key)
        return self.figures[parameter] if stated is None else float(stated)

    @property
    def rate(self) -> float:
        return self._stated("discount_rate", "discount_rate")

    @property
    def price(self) -> float:
        return self._stated("heat_price_eur_per_mwh", "heat_price_eur_per_mwh")

    @property
    def horizon_a(self) -> int:
        return int(self._stated("horizon_a", "lifetime_a"))

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

    def _loaded(self) -> list[tuple[float, float]]:
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
        ]

    def capital(self) -> float:
        """Return the present value of investment and replacement less what is left [EUR]."""
        total = 0.0
        for cost, life in self._loaded():
            bought = 0
            count = 0
            while bought < self.horizon_a:
                total += cost / (1 + self.rate) ** bought
                last, count = bought, count + 1
                bought = math.ceil(count * life - 1e-9)
            left = max(0.0, last + life - self.horizon_a) / life
            total -= cost * left / (1 + self.rate) ** self.horizon_a
        return total

    def annuities(self) -> float:
        """Return the yearly cost of all components, each over its life [EUR/a]."""
        rate = self.rate
        return math.fsum(
            cost / math.fsum((1 + rate) ** -t for t in range(1, int(life) + 1))
            if float(life).is_integer()
            else cost * rate / (1 - (1 + rate) ** -life)
            for cost, life in self._loaded()
        )

    def running(self, year: Mapping[str, float]) -> float:
        """Return what a year of operation costs [EUR/a]."""
        value = self.figures
        options = {(s.id, o.id): o for s in self.problem.sites for o in s.choices}
        sites = math.fsum(
            options[each.site, each.option].cost_per_mwh_eur * each.heat_mwh
            for each in self.plan.sites
        )
        parts = self._bare()
        pipes = math.fsum(parts.get(name, 0.0) for name in LIVES[0][0])
        fixed = value["pipe_om_share"] * pipes
        fixed += value["heat_pump_fixed_om_share"] * parts.get("heat_pump", 0.0)
        if parts.get("peak_boilers", 0.0) > 0:
            peak_kw = 1000 * math.fsum(each.peak_mw for each in self.plan.zones)
            boilers = value["gas_boiler_fixed_om_eur_per_kw_a"] * value["peak_capacity_margin"]
            fixed += boilers * peak_kw
        gas = value["gas_price_eur_per_mwh"]
        if not self.finance.get("gas_price_contains_carbon", True):
            tonnes = value["gas_emission_kg_per_mwh"] / 1000
            gas += value["fuel_carbon_price_eur_per_t"] * tonnes
        return math.fsum(
            [
                sites * year["load"],
                value["electricity_price_eur_per_mwh"]
                * (year["pumping"] + year["boilers"] + year["boosters"]),
                fixed,
                gas * year["gas"],
                value["gas_boiler_variable_om_eur_per_mwh"] * year["peak"],
                value["overhead_eur_per_mwh"] * year["demand"],
            ]
        )

    def support(self, years: list[dict[str, float]], factor: list[float]) -> float:
        """Return the present value of all public money [EUR]."""
        capex = math.fsum(self.plan.capex_by_component_eur.values())
        grant = float(self.finance.get("subsidy_share") or 0.0) * capex
        cap = self.finance.get("subsidy_cap_eur")
        grant = grant if cap is None else min(grant, float(cap))
        grant = min(grant + float(self.finance.get("subsidy_lump_eur") or 0.0), capex)
        paid = float(self.finance.get("subsidy_eur_per_mwh") or 0.0)
        last = self.finance.get("subsidy_years_a") or len(years)
        pairs = list(zip(factor, years, strict=True))[: int(last)]
        return grant + paid * math.fsum(f * year["waste"] for f, year in pairs)

    # CO2

    def saved(self, year: Mapping[str, float], calendar: int) -> tuple[float, float]:
        """Return gross and net CO2 saved in a year [t/a]."""
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
        return gross, gross + spared_power - used * power

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
