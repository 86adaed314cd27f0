"""Price a plan for departures with plain arithmetic, and say where it breaks a rule."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siting.annual import AnnualFlows
from siting.finance.departure import discounted_survival_years
from siting.future.outcome import DeparturePlan, SparePipe, StateOutcome
from siting.future.types import Departures, Replacement, Scenario
from siting.future.weights import discount_factor, discounted_years
from siting.plan import Plan
from siting.problem import Edge, Zone
from siting.solution import OpenSite, PipeFlow, ServedZone, Solution

__all__ = ["Account", "account", "faults_of", "first_cost_eur", "state_weights", "zone_heat_mwh"]

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Account:
    """Expected discounted heat [MWh] and money [EUR] of a plan; money by what it is spent on."""

    heat_mwh: float
    euro: float
    parts_eur: Mapping[str, float]


def state_weights(case: Departures) -> tuple[float, tuple[float, ...]]:
    """Return the expected discounted years without change, and those of each scenario [a]."""
    rate, horizon = case.discount_rate, case.horizon_a
    later = tuple(
        each.probability * discounted_years(rate, each.after_a, horizon) for each in case.scenarios
    )
    return discounted_years(rate, 0, horizon) - math.fsum(later), later


def zone_heat_mwh(zone: Zone, served: float, power_mw: float) -> float:
    """Return the annual heat of the served share of a zone for a power granted to it [MWh/a]."""
    if served <= 0:
        return 0.0
    if not zone.load_curve:
        share = 1.0 if zone.peak_mw <= 0 else min(power_mw / (zone.peak_mw * served), 1.0)
        return zone.heat_mwh * served * share
    q, h = zip(*zone.load_curve, strict=True)
    return zone.heat_mwh * served * float(np.interp(power_mw / (zone.peak_mw * served), q, h))


def first_cost_eur(case: Departures, plan: DeparturePlan) -> dict[str, float]:
    """Return what is invested at once by part: base plan, spare pipes, standby plants [EUR]."""
    edges = {edge.id: edge for edge in case.problem.edges}
    places = {each.id: each for each in case.replacements}
    wider = [edges[e].cost_per_mw_eur * mw for e, mw in plan.wider_mw.items()]
    options = {(site.id, o.id): o for site in case.problem.sites for o in site.choices}
    rates = {each.site: options[each.site, each.option].cost_per_mw_eur for each in plan.plan.sites}
    reserve = [rates[site] * mw for site, mw in plan.reserve_mw.items()]
    ready = [places[r].cost_per_mw_eur * mw for r, mw in plan.standby_mw.items()]
    return {
        "base plan": plan.plan.capex_eur,
        "spare pipes": math.fsum([*(each.cost_eur for each in plan.spare), *wider]),
        "reserve at sites": math.fsum(reserve),
        "standby plants": math.fsum(ready),
    }


def account(case: Departures, plan: DeparturePlan) -> Account:
    """Return the expected discounted heat and money of a plan."""
    places = {each.id: each for each in case.replacements}
    parts = first_cost_eur(case, plan)
    stays, later = state_weights(case)
    heat = [_base_heat(case, plan.plan, stays)]
    plants, running = [], []
    for scenario, years, state in zip(case.scenarios, later, plan.states, strict=True):
        heat.append(years * (case.counts * state.heat_mwh + (1 - case.counts) * state.own_heat_mwh))
        paid = scenario.probability * discount_factor(case.discount_rate, scenario.after_a)
        plants += [paid * places[r].cost_per_mw_eur * mw for r, mw in state.bought_mw.items()]
        if years > 0:
            running += [
                years * places[r].cost_per_mwh_eur * mwh for r, mwh in state.energy_mwh.items()
            ]
    parts |= {"replacement plants": math.fsum(plants), "replacement heat": math.fsum(running)}
    return Account(math.fsum(heat), math.fsum(parts.values()), parts)


def _base_heat(case: Departures, plan: Plan, stays: float) -> float:
    """Return the discounted heat of the years without change [MWh]."""
    if not case.hazards:
        return stays * plan.heat_mwh
    years = {
        site.id: discounted_survival_years(
            case.hazards.get(site.id, 0.0), case.discount_rate, case.horizon_a
        )
        for site in case.problem.sites
    }
    most = max(years.values(), default=0.0)
    if plan.is_empty or len(set(years.values())) == 1:
        return most * plan.heat_mwh
    rates = {each.site: most - years[each.site] for each in plan.sites}
    fed = AnnualFlows(case.problem, solution_of(plan)).at_least_cost(rates)
    return most * plan.heat_mwh - math.fsum(rates[site] * mwh for site, mwh in fed.items())


def solution_of(plan: Plan) -> Solution:
    """Return the decisions behind a plan."""
    return Solution(
        tuple(OpenSite(each.site, each.option, each.capacity_mw) for each in plan.sites),
        tuple(PipeFlow(p.edge, p.from_node, p.to_node, p.flow_mw, p.size) for p in plan.pipes),
        tuple(ServedZone(each.zone, each.base_mw, each.heat_mwh) for each in plan.zones),
    )


# Rules ------------------------------------------------------------------------------------------


def faults_of(case: Departures, plan: DeparturePlan) -> list[str]:
    """Return, in words, every rule that a plan for departures breaks."""
    faults = []
    for scenario, state in zip(case.scenarios, plan.states, strict=True):
        checks = _StateCheck(case, plan, scenario, state)
        faults += [f"scenario '{scenario.id}': {words}" for words in checks.run()]
        if state.heat_mwh < case.least_supply * plan.plan.heat_mwh * (1 - TOLERANCE) - 1e-6:
            faults.append(f"scenario '{scenario.id}': it supplies too little")
    options = {(site.id, o.id): o for site in case.problem.sites for o in site.choices}
    for each in plan.plan.sites:
        most = options[each.site, each.option].capacity_mw
        ready = each.capacity_mw + plan.reserve_mw.get(each.site, 0.0)
        if most is not None and ready > most * (1 + TOLERANCE) + 1e-9:
            faults.append(f"site '{each.site}' has a reserve that it cannot give")
    budget = case.problem.limits.budget_eur
    if budget is not None and math.fsum(first_cost_eur(case, plan).values()) > budget * (1 + 1e-6):
        faults.append("the budget is exceeded")
    return faults


class _StateCheck:
    """Checks of one scenario; amounts in MW."""

    def __init__(
        self, case: Departures, plan: DeparturePlan, scenario: Scenario, state: StateOutcome
    ) -> None:
        self.case, self.plan, self.scenario, self.state = case, plan, scenario, state
        self.edges = {edge.id: edge for edge in case.problem.edges}
        self.zones = {zone.id: zone for zone in case.problem.zones}
        self.places = {each.id: each for each in case.replacements}
        peak = max((zone.peak_mw for zone in case.problem.zones), default=1.0)
        self.small = TOLERANCE * max(peak, 1e-3)
        self.pipes = _pipes(case, plan)

    def run(self) -> list[str]:
        """Return what is wrong in words."""
        return [
            *self._sites(),
            *self._replacement(),
            *self._pipes(),
            *self._zones(),
            *self._balance(self.state.flow_mw, own=False),
            *(self._balance(self.state.own_flow_mw, own=True) if self.state.energy_mwh else ()),
        ]

    def _sites(self) -> list[str]:
        reserve = self.plan.reserve_mw
        installed = {
            each.site: each.capacity_mw + reserve.get(each.site, 0.0)
            for each in self.plan.plan.sites
        }
        return [
            f"site '{site}' gives {mw:g} MW"
            for site, mw in self.state.output_mw.items()
            if mw > installed.get(site, 0.0) * self.scenario.output.get(site, 1.0) + self.small
        ]

    def _replacement(self) -> list[str]:
        faults = []
        for r, mw in self.state.used_mw.items():
            bought = self.state.bought_mw.get(r, 0.0)
            ready = self.plan.standby_mw.get(r, 0.0)
            most = self.places[r].capacity_mw
            if mw > ready + bought + self.small:
                faults.append(f"replacement '{r}' gives more than there is")
            if most is not None and ready + bought > most + self.small:
                faults.append(f"replacement '{r}' is larger than its place allows")
            if self.scenario.gains and mw > self.small:
                faults.append(f"replacement '{r}' gives heat although nothing is lost")
            if self.scenario.sudden and bought > self.small:
                faults.append(f"replacement '{r}' is bought although there is no time")
        return faults

    def _pipes(self) -> list[str]:
        faults = []
        for e, flow in self.state.flow_mw.items():
            capacity, loss, one_way = self.pipes[e]
            shut = e in self.state.shut
            entering = abs(flow) + (0.0 if shut else loss / 2)
            if shut and abs(flow) > self.small:
                faults.append(f"pipe '{e}' is shut and carries {flow:g} MW")
            if entering > capacity + self.small and not shut:
                faults.append(f"pipe '{e}' carries {entering:g} MW of {capacity:g}")
            if one_way and flow < -self.small:
                faults.append(f"pipe '{e}' is run the wrong way")
        return faults

    def _zones(self) -> list[str]:
        faults = []
        granted = {each.zone: each.base_mw for each in self.plan.plan.zones}
        for z, got in self.state.zones.items():
            zone, kept = self.zones[z], self.scenario.kept
            if got.served > 1 + TOLERANCE or got.base_mw > zone.peak_mw * got.served + self.small:
                faults.append(f"zone '{z}' draws more than its served share can")
            if not self.scenario.grows and got.base_mw > granted[z] + self.small:
                faults.append(f"zone '{z}' draws more than before")
            if got.base_mw < kept * granted[z] - self.small or got.served < kept - TOLERANCE:
                faults.append(f"zone '{z}' does not keep its supply")
        return faults

    def _balance(self, flows: Mapping[str, float], *, own: bool) -> list[str]:
        """Check that heat is balanced at each node; replacement may aid losses of the own part."""
        rest, lost = self._rest(flows, own=own)
        if own:
            return [
                f"heat of data centres is not balanced at '{n}'"
                for n, mw in rest.items()
                if mw > self.small or -mw > lost[n] + self.small
            ]
        return [f"heat is not balanced at '{n}'" for n, mw in rest.items() if abs(mw) > self.small]

    def _rest(
        self, flows: Mapping[str, float], *, own: bool
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Return what is left over at each node, and what is lost there [MW]."""
        rest: dict[str, float] = defaultdict(float)
        lost: dict[str, float] = defaultdict(float)
        site_at = {site.id: site.node for site in self.case.problem.sites}
        for site, mw in self.state.output_mw.items():
            rest[site_at[site]] += mw
        for r, mw in self.state.used_mw.items():
            rest[self.places[r].node] += 0.0 if own else mw
        for e, flow in flows.items():
            edge = self.edges[e]
            tail, head = (edge.u, edge.v) if flow >= 0 else (edge.v, edge.u)
            rest[tail] -= abs(flow)
            rest[head] += abs(flow) * (1 - (0.0 if edge.sizes else edge.loss_per_mw))
            if e not in self.state.shut:
                for n in (edge.u, edge.v):
                    lost[n] += self.pipes[e][1] / 2
        for z, got in self.state.zones.items():
            zone = self.zones[z]
            rest[zone.node] -= got.own_mw if own else got.base_mw
            lost[zone.node] += zone.loss_mw * got.served
        for n, mw in lost.items():
            rest[n] -= mw
        return rest, lost

    def energy_mwh(self) -> float:
        """Return the heat that replacement gives in a year [MWh/a]."""
        rest, _ = self._rest(self.state.own_flow_mw, own=True)
        hours = self.case.problem.hours_per_a
        aided = math.fsum(max(-mw, 0.0) for mw in rest.values())
        carried = [
            (abs(flow) - abs(self.state.own_flow_mw[e])) * self.edges[e].loss_per_mw
            for e, flow in self.state.flow_mw.items()
            if not self.edges[e].sizes
        ]
        heat = self.state.heat_mwh - self.state.own_heat_mwh
        return heat + hours * (aided + math.fsum(carried))


def replacement_energy(
    case: Departures, plan: DeparturePlan, scenario: Scenario, state: StateOutcome
) -> dict[str, float]:
    """Return the heat of each replacement in a year, the cheapest running all year [MWh/a]."""
    left = max(_StateCheck(case, plan, scenario, state).energy_mwh(), 0.0)
    places: list[Replacement] = sorted(case.replacements, key=lambda each: each.cost_per_mwh_eur)
    energy = {}
    for place in places:
        most = state.used_mw.get(place.id, 0.0) * case.problem.hours_per_a
        energy[place.id] = min(left, most)
        left -= energy[place.id]
    if left > 1e-6 * max(state.heat_mwh, 1.0):  # told, not hidden: the last one has to give it
        energy[places[-1].id] += left
    return energy


def _pipes(case: Departures, plan: DeparturePlan) -> dict[str, tuple[float, float, bool]]:
    """Return capacity, loss when warm [MW] and whether it is one-way, for each pipe built."""
    edges = {edge.id: edge for edge in case.problem.edges}
    found = {}
    for pipe in plan.plan.pipes:
        edge = edges[pipe.edge]
        found[pipe.edge] = _figures(edge, pipe.size, pipe.flow_mw + plan.wider_mw.get(edge.id, 0.0))
    for spare in plan.spare:
        edge = edges[spare.edge]
        found[edge.id] = _figures(edge, spare.size, plan.wider_mw.get(edge.id, 0.0))
    return found


def _figures(edge: Edge, size: str | None, sized_mw: float) -> tuple[float, float, bool]:
    if edge.sizes:
        step = next(each for each in edge.sizes if each.label == size)
        return step.capacity_mw, step.loss_mw, edge.one_way
    capacity = math.inf if edge.capacity_mw is None else edge.capacity_mw
    if edge.cost_per_mw_eur > 0:
        capacity = min(capacity, sized_mw)
    return capacity, edge.loss_mw, edge.one_way


def spare_cost_eur(edge: Edge, size: str | None) -> float:
    """Return what a spare pipe costs, without what a linear pipe is sized for [EUR]."""
    if edge.sizes:
        return next(each for each in edge.sizes if each.label == size).cost_eur
    return edge.cost_eur


def spare_pipe(edge: Edge, size: str | None) -> SparePipe:
    """Return a spare pipe with its cost."""
    return SparePipe(edge.id, size, spare_cost_eur(edge, size))
