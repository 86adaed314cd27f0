"""Hold a plan in phases, price it with plain arithmetic, and say where it breaks a rule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from siting.future.evaluate import zone_heat_mwh
from siting.future.types import Phases
from siting.future.weights import discount_factor, discounted_years, ramp_share
from siting.optimise.settle import fits
from siting.plan import Plan
from siting.problem import Problem, Zone
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution

__all__ = ["LaidPipe", "PhasePlan", "PhaseStep", "account_phases", "phase_faults"]

TOLERANCE = 1e-6


@dataclass(frozen=True)
class LaidPipe:
    """A pipe laid at the beginning of a period: its edge and size, and what it costs [EUR]."""

    edge: str
    size: str | None
    cost_eur: float


@dataclass(frozen=True)
class PhaseStep:
    """One period of a plan in phases.

    Parameters
    ----------
    period, from_year, to_year
        Its name, its first year counted from 0, and the first year after it.
    plan
        What is in use in its years; costs in it are those of everything in use.
    laid
        Pipes laid at its beginning.
    plant_mw
        Output that is installed at each site by now [MW].
    wide_mw
        Flow that each linear pipe is sized for by now [MW].
    sites, zones
        Sites opened, and zones connected, at its beginning.
    heat_mwh
        Heat of data centres delivered in a year, as customers are connected by then [MWh/a].
    capex_eur
        Investment at its beginning [EUR].
    """

    period: str
    from_year: int
    to_year: int
    plan: Plan
    laid: tuple[LaidPipe, ...]
    plant_mw: Mapping[str, float]
    wide_mw: Mapping[str, float]
    sites: tuple[str, ...]
    zones: tuple[str, ...]
    heat_mwh: float
    capex_eur: float


@dataclass(frozen=True)
class PhasePlan:
    """A plan that is built in periods.

    Parameters
    ----------
    steps
        One for each period.
    heat_mwh, euro
        Discounted heat [MWh] and money [EUR].
    proof
        Status, bound and gap; the objective is discounted heat per discounted euro [kWh/EUR].
    """

    steps: tuple[PhaseStep, ...]
    heat_mwh: float
    euro: float
    proof: Proof

    @property
    def value(self) -> float:
        """Discounted heat per discounted euro [kWh/EUR]."""
        if self.heat_mwh <= 0:
            return 0.0
        return self.heat_mwh * 1000 / self.euro if self.euro > 0 else math.inf

    @property
    def capex_eur(self) -> float:
        """Investment of all periods, not discounted [EUR]."""
        return math.fsum(step.capex_eur for step in self.steps)


def account_phases(case: Phases, steps: tuple[PhaseStep, ...]) -> tuple[float, float]:
    """Return the discounted heat [MWh] and money [EUR] of some steps."""
    rate = case.discount_rate
    heat = [discounted_years(rate, s.from_year, s.to_year) * s.heat_mwh for s in steps]
    euro = [discount_factor(rate, s.from_year) * s.capex_eur for s in steps]
    return math.fsum(heat), math.fsum(euro)


def year_heat_mwh(case: Phases, zone: Zone, built: int, t: int, base_mw: float) -> float:
    """Return the discounted mean of a zone's annual heat over the years of a period [MWh/a].

    Each year counts with the customers that are connected by then; the program works with their
    mean share in the period, which is a little more, as load curves are concave.

    Parameters
    ----------
    case
        The periods.
    zone
        The zone.
    built, t
        The period in which it is connected, and the one that is looked at.
    base_mw
        Power granted to it [MW].
    """
    starts = case.starts
    heat = weights = 0.0
    for year in range(starts[t], starts[t] + case.periods[t].years_a):
        weight = discount_factor(case.discount_rate, year + 1)
        share = ramp_share(case.ramp, case.discount_rate, starts[built], year, year + 1)
        power = min(base_mw, zone.peak_mw * share) if zone.load_curve else zone.peak_mw * share
        heat += weight * zone_heat_mwh(zone, share, power)
        weights += weight
    return heat / weights


def grown_share(case: Phases, built: int, t: int) -> float:
    """Return the mean share of a zone's demand that is there in a period [-]."""
    starts, end = case.starts, case.starts[t] + case.periods[t].years_a
    return ramp_share(case.ramp, case.discount_rate, starts[built], starts[t], end)


def invested_eur(
    case: Phases,
    t: int,
    step: PhaseStep,
    before: PhaseStep | None,
    options: Mapping[str, str],
) -> float:
    """Return what a step costs, from what it adds to the one before [EUR]."""
    problem = case.problem
    choices = {(site.id, o.id): o for site in problem.sites for o in site.choices}
    parts = [pipe.cost_eur for pipe in step.laid]
    parts += [choices[site, options[site]].cost_eur for site in step.sites]
    zones = {zone.id: zone for zone in problem.zones}
    parts += [zones[zone].cost_eur for zone in step.zones]
    plant = {} if before is None else before.plant_mw
    wide = {} if before is None else before.wide_mw
    for site, mw in step.plant_mw.items():
        more = mw - plant.get(site, 0.0)
        parts.append(choices[site, options[site]].cost_per_mw_eur * more)
    edges = {edge.id: edge for edge in problem.edges}
    for edge, mw in step.wide_mw.items():
        factor = case.periods[t].edge_cost_factor.get(edge, 1.0)
        parts.append(edges[edge].cost_per_mw_eur * factor * (mw - wide.get(edge, 0.0)))
    return math.fsum(parts)


# Rules ------------------------------------------------------------------------------------------


def phase_faults(case: Phases, plan: PhasePlan) -> list[str]:
    """Return, in words, every rule that a plan in phases breaks."""
    faults: list[str] = []
    laid: set[tuple[str, str | None]] = set()
    zones: dict[str, int] = {}
    sites: dict[str, str] = {}
    before: PhaseStep | None = None
    for t, step in enumerate(plan.steps):
        where = f"period '{step.period}'"
        laid |= {(pipe.edge, pipe.size) for pipe in step.laid}
        zones |= dict.fromkeys(step.zones, t)
        sites |= {s.site: s.option for s in step.plan.sites if s.site in step.sites}
        told = [
            *_availability(case, step),
            *_nesting(step, before, laid, zones, sites),
            *_power(case, t, step, zones),
            *_money(case, t, step, before, sites),
        ]
        if not fits(case.problem, _solution(step.plan)):
            told.append("a pipe or site carries more than it can")
        faults += [f"{where}: {words}" for words in (*told, *_balance(case.problem, step.plan))]
        before = step
    return faults + _limits(case, plan)


def _solution(plan: Plan) -> Solution:
    return Solution(
        tuple(OpenSite(s.site, s.option, s.capacity_mw) for s in plan.sites),
        tuple(PipeFlow(p.edge, p.from_node, p.to_node, p.flow_mw, p.size) for p in plan.pipes),
        tuple(ServedZone(z.zone, z.base_mw, z.heat_mwh) for z in plan.zones),
    )


def _availability(case: Phases, step: PhaseStep) -> list[str]:
    pipes = [pipe.edge for pipe in step.plan.pipes] + [pipe.edge for pipe in step.laid]
    kinds = (
        ("site", case.site_from_year, [s.site for s in step.plan.sites]),
        ("zone", case.zone_from_year, [z.zone for z in step.plan.zones]),
        ("edge", case.edge_from_year, pipes),
    )
    return [
        f"{kind} '{name}' is used before year {first[name]}"
        for kind, first, used in kinds
        for name in used
        if first.get(name, 0) > step.from_year
    ]


def _nesting(
    step: PhaseStep,
    before: PhaseStep | None,
    laid: set[tuple[str, str | None]],
    zones: Mapping[str, int],
    sites: Mapping[str, str],
) -> list[str]:
    """Check that what is used was built, and that what was connected stays."""
    faults = [
        f"pipe '{p.edge}' is used in a size that was not laid"
        for p in step.plan.pipes
        if (p.edge, p.size) not in laid
    ]
    faults += [
        f"pipe '{p.edge}' carries more than it is sized for"
        for p in step.plan.pipes
        if p.edge in step.wide_mw and p.flow_mw > step.wide_mw[p.edge] + 1e-6
    ]
    for s in step.plan.sites:
        if sites.get(s.site) != s.option:
            faults.append(f"site '{s.site}' is not open with option '{s.option}'")
        if s.capacity_mw > step.plant_mw.get(s.site, 0.0) + 1e-6:
            faults.append(f"site '{s.site}' gives more than is installed")
    if {z.zone for z in step.plan.zones} != set(zones):
        faults.append("the zones served are not those connected so far")
    if before is not None:
        shrunk = [s for s, mw in before.plant_mw.items() if step.plant_mw.get(s, 0.0) < mw - 1e-9]
        faults += [f"site '{site}' loses output" for site in shrunk]
    return faults


def _power(case: Phases, t: int, step: PhaseStep, connected: Mapping[str, int]) -> list[str]:
    """Check the heat of each zone against its curve and the customers connected so far."""
    zones = {zone.id: zone for zone in case.problem.zones}
    faults, heat = [], 0.0
    for got in step.plan.zones:
        zone, built = zones[got.zone], connected.get(got.zone, t)
        share = grown_share(case, built, t)
        own = year_heat_mwh(case, zone, built, t, got.base_mw)
        heat += own
        if zone.load_curve and got.base_mw > zone.peak_mw * share * (1 + 1e-6) + 1e-9:
            faults.append(f"zone '{zone.id}' draws more than its customers need")
        if abs(own - got.heat_mwh) > 1e-6 * max(own, 1.0):
            faults.append(f"the heat of zone '{zone.id}' is not that of its curve")
    if abs(heat - step.heat_mwh) > 1e-6 * max(heat, 1.0):
        faults.append("its heat is not the sum over its zones")
    return faults


def _money(
    case: Phases, t: int, step: PhaseStep, before: PhaseStep | None, options: Mapping[str, str]
) -> list[str]:
    cost = invested_eur(case, t, step, before, options)
    faults = []
    if abs(cost - step.capex_eur) > 1e-6 * max(cost, 1.0):
        faults.append("its investment is not the sum of what it builds")
    budget = case.periods[t].budget_eur
    if budget is not None and cost > budget * (1 + 1e-6):
        faults.append("its budget is exceeded")
    edges = {edge.id: edge for edge in case.problem.edges}
    for pipe in step.laid:
        edge = edges[pipe.edge]
        full = edge.cost_eur
        if edge.sizes:
            full = next(each.cost_eur for each in edge.sizes if each.label == pipe.size)
        factor = case.periods[t].edge_cost_factor.get(edge.id, 1.0)
        if abs(pipe.cost_eur - full * factor) > 1e-6 * max(full, 1.0):
            faults.append(f"pipe '{pipe.edge}' is not paid in full")
    return faults


def _balance(problem: Problem, plan: Plan) -> list[str]:
    """Check that heat is balanced at every node at full base load."""
    rest = dict.fromkeys(problem.nodes, 0.0)
    site_at = {site.id: site.node for site in problem.sites}
    zones = {zone.id: zone for zone in problem.zones}
    for site in plan.sites:
        rest[site_at[site.site]] += site.capacity_mw
    for pipe in plan.pipes:
        rest[pipe.from_node] -= pipe.flow_mw
        rest[pipe.to_node] += pipe.flow_mw - pipe.loss_mw
    for got in plan.zones:
        rest[zones[got.zone].node] -= got.base_mw + zones[got.zone].loss_mw
    small = TOLERANCE * max([1e-3, *(zone.peak_mw for zone in problem.zones)])
    return [f"heat is not balanced at '{n}'" for n, mw in rest.items() if abs(mw) > small]


def _limits(case: Phases, plan: PhasePlan) -> list[str]:
    limits, last = case.problem.limits, plan.steps[-1]
    least = [(t, p.min_heat_mwh or 0.0) for t, p in enumerate(case.periods)]
    least.append((len(plan.steps) - 1, limits.min_heat_mwh or 0.0))
    faults = [
        f"period '{plan.steps[t].period}': too little heat"
        for t, mwh in least
        if plan.steps[t].heat_mwh < mwh * (1 - 1e-6)
    ]
    if limits.budget_eur is not None and plan.capex_eur > limits.budget_eur * (1 + 1e-6):
        faults.append("the budget is exceeded")
    opened = {s.site for s in last.plan.sites}
    groups = [s.group for s in case.problem.sites if s.id in opened and s.group is not None]
    served = {z.zone for z in last.plan.zones}
    checks = {
        "a site that is mandatory is not open": all(
            s.id in opened for s in case.problem.sites if s.mandatory
        ),
        "a zone that is mandatory is not connected": all(
            z.id in served for z in case.problem.zones if z.mandatory
        ),
        "two sites exclude each other": len(groups) == len(set(groups)),
        "too few sites are open": len(opened) >= (limits.min_sites or 0),
        "too many sites are open": len(opened) <= (limits.max_sites or len(opened)),
        "too few zones are connected": len(served) >= (limits.min_zones or 0),
    }
    return faults + [words for words, holds in checks.items() if not holds]
