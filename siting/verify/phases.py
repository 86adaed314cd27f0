"""Derive a plan in phases again from its problem and its decisions, with arithmetic of its own."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from siting.errors import Fault, InputError
from siting.problem import Edge, Problem, SiteOption, Zone, read_problem
from siting.verify.ledger import Ledger
from siting.verify.years import check_ratio_proof, heat_below, read_figures, worth

__all__ = ["DECISIONS", "FORMAT", "verify_phase_folder", "verify_phases"]

DECISIONS, FIGURES = "phases-plan.json", "phases.json"
FORMAT = "siting-phases-plan"
COUNTED = (("sites_opened", "new_sites"), ("zones_connected", "new_zones"), ("pipes_laid", "laid"))
SMALL_MW = 1e-6
"""Power that may be missing at a node, over the largest peak [-]."""


def verify_phase_folder(folder: Path) -> list[str]:
    """Return every disagreement in a folder that ``siting phases`` wrote.

    Parameters
    ----------
    folder
        Holds ``problem.json``, ``phases-plan.json`` and ``phases.json``.

    Raises
    ------
    InputError
        One of the files cannot be read.
    """
    told = read_figures(folder / DECISIONS, "phases")
    if told.get("format") != FORMAT:
        raise InputError(
            Fault("phases", f"'{folder / DECISIONS}' is no plan in phases.", "Write it again.")
        )
    found = verify_phases(read_problem(folder / "problem.json"), told)
    return found + _check_figures(told, read_figures(folder / FIGURES, "phases"))


def verify_phases(problem: Problem, told: Mapping[str, Any]) -> list[str]:
    """Return every disagreement between a plan in phases and its problem.

    What is decided is taken from the plan: what is opened, laid and connected when, installed
    output, flows and base capacity. Heat, losses, costs, discounted sums and the gap are derived.

    Parameters
    ----------
    problem
        What could be built.
    told
        Periods, decisions and figures, as ``phases-plan.json`` holds them.
    """
    ledger, books = Ledger(), _Books.of(problem, told)
    heat = euro = 0.0
    for t, step in enumerate(told["steps"]):
        place = f"period '{books.periods[t]['id']}'"
        books.build(t, step, place, ledger)
        own_heat = _check_zones(books, t, step, place, ledger)
        _check_pipes(books, step, place, ledger)
        _check_sites(books, step, place, ledger)
        _check_balance(books, step, place, ledger)
        cost = books.paid
        ledger.agree(place, "heat", step["heat_mwh"], own_heat, "MWh/a")
        ledger.agree(place, "investment", step["capex_eur"], cost, "EUR")
        _check_period_limits(books.periods[t], own_heat, cost, place, ledger)
        heat += own_heat * sum(books.worth(year + 1) for year in books.years(t))
        euro += cost * books.worth(books.starts[t])
    ledger.agree("plan", "discounted heat", told["heat_mwh"], heat, "MWh")
    ledger.agree("plan", "discounted money", told["euro"], euro, "EUR")
    _check_limits(books, told["steps"][-1], ledger)
    check_ratio_proof(told["proof"], heat * 1000 / euro if euro > 0 else 0.0, ledger)
    return ledger.found


@dataclass
class _Books:
    """What is there and paid for, period after period."""

    problem: Problem
    rate: float
    ramp: list[float]
    periods: list[dict[str, Any]]
    first: dict[str, dict[str, int]]
    edges: dict[str, Edge]
    options: dict[tuple[str, str], SiteOption]
    zones: dict[str, Zone]
    connected: dict[str, int] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    plant: dict[str, float] = field(default_factory=dict)
    wide: dict[str, float] = field(default_factory=dict)
    laid: set[tuple[str, str | None]] = field(default_factory=set)
    paid: float = 0.0
    spent: float = 0.0

    @classmethod
    def of(cls, problem: Problem, told: Mapping[str, Any]) -> _Books:
        """Return empty books."""
        return cls(
            problem,
            told["discount_rate"],
            told["ramp"],
            told["periods"],
            {kind: told[f"{kind}_from_year"] for kind in ("site", "zone", "edge")},
            {edge.id: edge for edge in problem.edges},
            {(site.id, o.id): o for site in problem.sites for o in site.choices},
            {zone.id: zone for zone in problem.zones},
        )

    @property
    def starts(self) -> list[int]:
        """First year of each period."""
        return [sum(p["years_a"] for p in self.periods[:t]) for t in range(len(self.periods))]

    def years(self, t: int) -> range:
        """Years of a period."""
        return range(self.starts[t], self.starts[t] + self.periods[t]["years_a"])

    def worth(self, year: float) -> float:
        """Return what a unit of a later year is worth at the start [-]."""
        return worth(self.rate, year)

    def joined(self, zone: str, year: int) -> float:
        """Return the share of a zone's customers that have joined by a year [-]."""
        age = year - self.starts[self.connected[zone]]
        return self.ramp[min(age, len(self.ramp) - 1)] if self.ramp else 1.0

    def build(self, t: int, step: Mapping[str, Any], place: str, ledger: Ledger) -> None:
        """Enter what a period adds, and what that costs."""
        factor = self.periods[t]["edge_cost_factor"]
        parts: list[float] = []
        for site in step["new_sites"]:
            self._is_there("site", site, t, place, ledger)
            option = next((s["option"] for s in step["sites"] if s["site"] == site), None)
            if site in self.opened or (site, option) not in self.options:
                ledger.say(f"{place}: site '{site}' is opened twice or with an unknown option.")
                continue
            self.opened[site] = str(option)
            parts.append(self.options[site, self.opened[site]].cost_eur)
        for site, mw in step["plant_mw"].items():
            if site not in self.opened or mw < self.plant.get(site, 0.0) - SMALL_MW:
                ledger.say(f"{place}: output of site '{site}' is not open or shrinks.")
                continue
            option_ = self.options[site, self.opened[site]]
            if option_.capacity_mw is not None and mw > option_.capacity_mw * (1 + SMALL_MW):
                ledger.say(f"{place}: site '{site}' has more output than it can give.")
            parts.append(option_.cost_per_mw_eur * (mw - self.plant.get(site, 0.0)))
            self.plant[site] = mw
        for zone in step["new_zones"]:
            self._is_there("zone", zone, t, place, ledger)
            if zone in self.connected or zone not in self.zones:
                ledger.say(f"{place}: zone '{zone}' is unknown or joins twice.")
                continue
            self.connected[zone] = t
            parts.append(self.zones[zone].cost_eur)
        for pipe in step["laid"]:
            name, size = pipe["edge"], pipe["size"]
            self._is_there("edge", name, t, place, ledger)
            cost = self._pipe_cost(name, size)
            if cost is None:
                ledger.say(f"{place}: pipe '{name}' has no size '{size}'.")
                continue
            cost *= factor.get(name, 1.0)
            ledger.agree(f"{place}, pipe '{name}'", "cost", pipe["cost_eur"], cost, "EUR")
            self.laid.add((name, size))
            parts.append(cost)
        for name, mw in step["wide_mw"].items():
            rate = self.edges[name].cost_per_mw_eur * factor.get(name, 1.0)
            if mw < self.wide.get(name, 0.0) - SMALL_MW:
                ledger.say(f"{place}: pipe '{name}' becomes narrower.")
            parts.append(rate * (mw - self.wide.get(name, 0.0)))
            self.wide[name] = mw
        self.paid = math.fsum(parts)
        self.spent += self.paid

    def _is_there(self, kind: str, name: str, t: int, place: str, ledger: Ledger) -> None:
        if self.first[kind].get(name, 0) > self.starts[t]:
            ledger.say(
                f"{place}: {kind} '{name}' is not there before year {self.first[kind][name]}."
            )

    def _pipe_cost(self, name: str, size: str | None) -> float | None:
        edge = self.edges.get(name)
        if edge is None or edge.forbidden:
            return None
        if not edge.sizes:
            return edge.cost_eur if size is None else None
        return next((s.cost_eur for s in edge.sizes if s.label == size), None)


def _check_zones(
    books: _Books, t: int, step: Mapping[str, Any], place: str, ledger: Ledger
) -> float:
    """Check the zones served, and return their heat in a mean year of the period [MWh/a]."""
    if {each["zone"] for each in step["zones"]} != set(books.connected):
        ledger.say(f"{place}: the zones served are not those that joined by then.")
        return 0.0
    heat = []
    for each in step["zones"]:
        zone = books.zones[each["zone"]]
        weights = [books.worth(year + 1) for year in books.years(t)]
        shares = [books.joined(zone.id, year) for year in books.years(t)]
        yearly = [_zone_heat(zone, share, each["base_mw"]) for share in shares]
        own = math.fsum(w * h for w, h in zip(weights, yearly, strict=True)) / math.fsum(weights)
        mean = math.fsum(w * s for w, s in zip(weights, shares, strict=True)) / math.fsum(weights)
        ledger.agree(f"{place}, zone '{zone.id}'", "heat", each["heat_mwh"], own, "MWh/a")
        most = zone.peak_mw * (mean if zone.load_curve else 1.0)
        if each["base_mw"] > most * (1 + 1e-6) + 1e-9:
            ledger.say(f"{place}: zone '{zone.id}' draws more than its customers need.")
        heat.append(own)
    return math.fsum(heat)


def _zone_heat(zone: Zone, share: float, base_mw: float) -> float:
    """Return the heat of the customers that have joined [MWh/a]; all of it without a load curve."""
    return heat_below(zone, share, base_mw if zone.load_curve else math.inf)


def _check_pipes(books: _Books, step: Mapping[str, Any], place: str, ledger: Ledger) -> None:
    """Check that each pipe in use was laid, fits its edge and is wide enough."""
    for pipe in step["pipes"]:
        edge = books.edges.get(pipe["edge"])
        here = f"{place}, pipe '{pipe['edge']}'"
        if edge is None or {pipe["from_node"], pipe["to_node"]} != {edge.u, edge.v}:
            ledger.say(f"{here}: is not on its edge.")
            continue
        if edge.one_way and pipe["from_node"] != edge.u:
            ledger.say(f"{here}: flows against its only direction.")
        if (edge.id, pipe["size"]) not in books.laid:
            ledger.say(f"{here}: is used in a size that was not laid by then.")
            continue
        size = next((s for s in edge.sizes if s.label == pipe["size"]), None)
        if size is not None:
            most, loss = size.capacity_mw, size.loss_mw
        else:
            most = math.inf if edge.capacity_mw is None else edge.capacity_mw
            if edge.cost_per_mw_eur > 0:
                most = min(most, books.wide.get(edge.id, 0.0))
            loss = edge.loss_mw + edge.loss_per_mw * pipe["flow_mw"]
        if pipe["flow_mw"] > most * (1 + 1e-6) + 1e-9:
            ledger.say(f"{here}: carries more than it can.")
        ledger.agree(here, "loss", pipe["loss_mw"], loss, "MW")


def _check_sites(books: _Books, step: Mapping[str, Any], place: str, ledger: Ledger) -> None:
    """Check that each site in use is open with its option and gives what is installed."""
    for site in step["sites"]:
        if books.opened.get(site["site"]) != site["option"]:
            ledger.say(f"{place}: site '{site['site']}' is not open with this option.")
        elif site["capacity_mw"] > books.plant.get(site["site"], 0.0) + SMALL_MW:
            ledger.say(f"{place}: site '{site['site']}' gives more than is installed.")


def _check_balance(books: _Books, step: Mapping[str, Any], place: str, ledger: Ledger) -> None:
    """Check that at full base load what enters each node leaves it."""
    rest: dict[str, float] = defaultdict(float)
    site_at = {site.id: site.node for site in books.problem.sites}
    for site in step["sites"]:
        rest[site_at.get(site["site"], "")] += site["capacity_mw"]
    for pipe in step["pipes"]:
        rest[pipe["from_node"]] -= pipe["flow_mw"]
        rest[pipe["to_node"]] += pipe["flow_mw"] - pipe["loss_mw"]
    for each in step["zones"]:
        zone = books.zones.get(each["zone"])
        if zone is not None:
            rest[zone.node] -= each["base_mw"] + zone.loss_mw
    small = SMALL_MW * max([1e-3, *(zone.peak_mw for zone in books.zones.values())])
    for node, mw in rest.items():
        if abs(mw) > small:
            ledger.say(f"{place}: {mw:,.6f} MW are left over at '{node}'.")


def _check_period_limits(
    period: Mapping[str, Any], heat: float, cost: float, place: str, ledger: Ledger
) -> None:
    budget, least = period["budget_eur"], period["min_heat_mwh"] or 0.0
    if budget is not None and cost > budget * (1 + 1e-6):
        ledger.say(f"{place}: costs more than its budget.")
    if heat < least * (1 - 1e-6):
        ledger.say(f"{place}: delivers less than is required.")


def _check_limits(books: _Books, last: Mapping[str, Any], ledger: Ledger) -> None:
    """Check the limits that hold for all that is built in the end."""
    problem, limits = books.problem, books.problem.limits
    groups = [s.group for s in problem.sites if s.id in books.opened and s.group is not None]
    least = limits.min_heat_mwh or 0.0
    rules = {
        "less heat than is required": last["heat_mwh"] < least * (1 - 1e-6),
        "more than the budget": limits.budget_eur is not None
        and books.spent > limits.budget_eur * (1 + 1e-6),
        "a mandatory site is not open": any(
            s.mandatory and s.id not in books.opened for s in problem.sites
        ),
        "a forbidden site is open": any(
            s.forbidden and s.id in books.opened for s in problem.sites
        ),
        "a mandatory zone is not connected": any(
            z.mandatory and z.id not in books.connected for z in problem.zones
        ),
        "a forbidden zone is connected": any(
            z.forbidden and z.id in books.connected for z in problem.zones
        ),
        "two sites exclude each other": len(groups) != len(set(groups)),
        "too few sites": len(books.opened) < (limits.min_sites or 0),
        "too many sites": limits.max_sites is not None and len(books.opened) > limits.max_sites,
        "too few zones": len(books.connected) < (limits.min_zones or 0),
    }
    for words, broken in rules.items():
        if broken:
            ledger.say(f"plan: {words}.")


def _check_figures(told: Mapping[str, Any], figures: Mapping[str, Any]) -> list[str]:
    """Compare ``phases.json`` with the plan."""
    ledger = Ledger()
    ledger.agree(
        FIGURES, "discounted heat", figures["discounted_heat_mwh"], told["heat_mwh"], "MWh"
    )
    ledger.agree(FIGURES, "discounted money", figures["discounted_eur"], told["euro"], "EUR")
    value = told["heat_mwh"] * 1000 / told["euro"] if told["euro"] > 0 else 0.0
    ledger.agree(FIGURES, "heat per euro", figures["heat_per_euro_kwh"], value, "kWh/EUR")
    for row, step in zip(figures["periods"], told["steps"], strict=True):
        place = f"{FIGURES}, {row['years']}"
        for name, unit in (("heat_mwh", "MWh/a"), ("capex_eur", "EUR")):
            ledger.agree(place, name, row[name], step[name], unit)
        counts = (
            ("sites_opened", "new_sites"),
            ("zones_connected", "new_zones"),
            ("pipes_laid", "laid"),
        )
        for name, own in counts:
            if len(row[name]) != len(step[own]):
                ledger.say(f"{place}: {name} does not name as many as the plan.")
    return ledger.found
