"""Read plans in phases out of solver values: structure first, then flows, sizes and money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from siting.future.evaluate import solution_of
from siting.future.extended import Extended, Found
from siting.future.phase_plan import (
    LaidPipe,
    PhasePlan,
    PhaseStep,
    account_phases,
    grown_share,
    invested_eur,
    phase_faults,
    year_heat_mwh,
)
from siting.future.phases import WrittenPhases, write_phases
from siting.future.types import Phases
from siting.future.weights import discount_factor, discounted_years
from siting.model import Model
from siting.optimise.candidate import UNPROVEN
from siting.optimise.settle import read_draft, settle
from siting.plan import Plan, PlannedPipe, price_solution
from siting.problem import Edge, Problem
from siting.solution import Solution
from siting.solvers.compiled import CompiledModel
from siting.solvers.highs import HighsMip, MipSettings
from siting.solvers.outcome import FloatArray

__all__ = [
    "PhaseStructure",
    "evaluate_structure",
    "extend_phases",
    "nested_structure",
    "phase_start",
    "read_phases",
    "structure_of_phases",
]

POLISH_S = 20.0
"""Wall time in which the continuous decisions of a found structure are settled [s]."""


@dataclass(frozen=True)
class PhaseStructure:
    """Yes-no decisions by period: options of open sites, pipes in use (edge: tail and size), zones.

    ``laid`` are the edges and sizes that are laid in each period.
    """

    options: tuple[dict[str, str], ...]
    pipes: tuple[dict[str, tuple[str, str | None]], ...]
    zones: tuple[frozenset[str], ...]
    laid: tuple[frozenset[tuple[str, str | None]], ...]


def extend_phases(case: Phases, written: WrittenPhases | None = None) -> Extended[PhasePlan]:
    """Return the program of a case for the search, with the way back to plans."""
    written = written or write_phases(case)
    data = written.models[-1].data
    sites = [each.option.cost_eur for each in data.options]
    zones = [data.zone(z).cost_eur for z in data.zones if data.zone(z).heat_mwh > 0]
    start = case.starts[-1]
    rate, last = case.discount_rate, case.periods[-1]
    least = max(case.problem.limits.min_heat_mwh or 0.0, last.min_heat_mwh or 0.0)
    cheapest = min(sites, default=0.0) + min(zones, default=0.0)
    return Extended(
        program=written.program,
        compiled=written.compiled,
        models=written.models,
        heat_mwh=written.heat_mwh,
        euro=written.euro,
        least_euro=cheapest * discount_factor(rate, start),
        least_heat_mwh=least * discounted_years(rate, start, case.horizon_a),
        years_a=discounted_years(rate, 0, case.horizon_a),
        read=lambda values, price: read_phases(written, values, price),
    )


def structure_of_phases(w: WrittenPhases, values: FloatArray) -> PhaseStructure:
    """Return the structure that solver values stand for."""
    options, pipes, zones, laid = [], [], [], []
    for t, model in enumerate(w.models):
        data, v, problem = model.data, model.variables, model.data.problem

        def on(x: object) -> bool:
            return bool(values[w.compiled.index(x)] > 0.5)

        options.append(
            {
                problem.sites[each.site].id: each.option.id
                for k, each in enumerate(data.options)
                if on(v.open[k])
            }
        )
        pipes.append(
            {
                problem.edges[data.arcs[a].edge].id: (
                    problem.nodes[data.arcs[a].tail],
                    _label(problem.edges[data.arcs[a].edge], p),
                )
                for (a, p), x in v.pipe.items()
                if on(x)
            }
        )
        zones.append(frozenset(problem.zones[z].id for z, x in v.connect.items() if on(x)))
        laid.append(
            frozenset(
                (problem.edges[e].id, _label(problem.edges[e], p))
                for (at, e, p), x in w.lay.items()
                if at == t and on(x)
            )
        )
    return PhaseStructure(tuple(options), tuple(pipes), tuple(zones), tuple(laid))


def _label(edge: Edge, p: int) -> str | None:
    return edge.sizes[p].label if edge.sizes else None


def part_in_phases(case: Phases, kept: PhaseStructure) -> Phases:
    """Return the case with just what a structure uses in any period."""
    sizes: dict[str, set[str | None]] = {}
    for used in kept.pipes:
        for edge, (_, label) in used.items():
            sizes.setdefault(edge, set()).add(label)
    options = {site: option for each in kept.options for site, option in each.items()}
    zones = frozenset().union(*kept.zones)
    problem = case.problem
    small = replace(
        problem,
        edges=tuple(
            replace(e, sizes=tuple(s for s in e.sizes if s.label in sizes[e.id]))
            for e in problem.edges
            if e.id in sizes
        ),
        sites=tuple(
            replace(s, options=tuple(o for o in s.options if o.id == options[s.id]))
            for s in problem.sites
            if s.id in options
        ),
        zones=tuple(z for z in problem.zones if z.id in zones),
    )
    return replace(case, problem=small)


def read_phases(w: WrittenPhases, values: FloatArray, price: float) -> Found[PhasePlan] | None:
    """Return the evaluated plan of solver values: structure first, then all else at a price."""
    return evaluate_structure(w.case, structure_of_phases(w, values), price)


def evaluate_structure(case: Phases, kept: PhaseStructure, price: float) -> Found[PhasePlan] | None:
    """Return the best plan of a structure at a price [MWh/EUR], evaluated, or None."""
    if not any(kept.zones):
        return _empty(case)
    small = write_phases(part_in_phases(case, kept))
    scale = small.models[0].data.scale.heat_mwh
    cost = (price * small.euro - small.heat_mwh) / scale
    settings = MipSettings(time_limit_s=POLISH_S, gap_relative=1e-9, threads=1)
    outcome = HighsMip(_fixed(small, kept)).solve(cost, settings)
    if outcome.values is None:
        return None
    return _evaluated(case, small, outcome.values)


def _fixed(small: WrittenPhases, kept: PhaseStructure) -> CompiledModel:
    """Return the small program with sites, zones and pipes in use fixed; when to lay is free."""
    index = small.compiled.index
    lower, upper = small.compiled.lower.copy(), small.compiled.upper.copy()
    for t, model in enumerate(small.models):
        data, v, problem = model.data, model.variables, model.data.problem
        for k, each in enumerate(data.options):
            site = problem.sites[each.site].id
            chosen = kept.options[t].get(site) == each.option.id
            lower[index(v.open[k])] = upper[index(v.open[k])] = float(chosen)
        for z, x in v.connect.items():
            lower[index(x)] = upper[index(x)] = float(problem.zones[z].id in kept.zones[t])
        for (a, p), x in v.pipe.items():
            edge = problem.edges[data.arcs[a].edge]
            way = (problem.nodes[data.arcs[a].tail], _label(edge, p))
            chosen = kept.pipes[t].get(edge.id) == way
            lower[index(x)] = upper[index(x)] = float(chosen)
    return replace(small.compiled, lower=lower, upper=upper)


def _evaluated(case: Phases, small: WrittenPhases, values: FloatArray) -> Found[PhasePlan] | None:
    """Return the plan behind settled values, priced and checked against the whole case."""
    kept = structure_of_phases(small, values)
    steps: list[PhaseStep] = []
    connected: dict[str, int] = {}
    options: dict[str, str] = {}
    have: set[tuple[str, str | None]] = set()
    plans = [_plan_in_use(case, small, values, t, kept) for t in small.periods]
    for t, plan in enumerate(plans):
        if plan is None:
            return None
        zones = tuple(sorted(kept.zones[t] - set(connected)))
        connected |= dict.fromkeys(zones, t)
        sites = tuple(sorted(set(kept.options[t]) - set(options)))
        options |= kept.options[t]
        wanted = {(p.edge, p.size) for later in plans if later for p in later.pipes}
        laid = sorted((kept.laid[t] & wanted) - have, key=str)
        have |= set(laid)
        step = _step(case, t, _with_grown_heat(case, plan, connected, t), laid, steps)
        step = replace(step, sites=sites, zones=zones)
        before = steps[-1] if steps else None
        steps.append(replace(step, capex_eur=invested_eur(case, t, step, before, options)))
    heat, euro = account_phases(case, tuple(steps))
    whole = PhasePlan(tuple(steps), heat, euro, UNPROVEN)
    return None if phase_faults(case, whole) else Found(heat, euro, whole)


def _plan_in_use(
    case: Phases, small: WrittenPhases, values: FloatArray, t: int, kept: PhaseStructure
) -> Plan | None:
    """Return what is in use in a period with settled flows, each pipe in the size it has then."""
    model = small.models[t]
    draft = read_draft(model, small.compiled, values)
    problem = _with_sizes(model.data.problem, kept.pipes[t], frozenset(kept.options[t]))
    solution = settle(_same_model(model, problem), draft)
    return None if solution is None else price_solution(case.problem, solution, UNPROVEN)


def _with_sizes(
    problem: Problem, pipes: dict[str, tuple[str, str | None]], opened: frozenset[str]
) -> Problem:
    """Return a problem in which each pipe has but the size that is in use; open sites stay."""

    def sized(edge: Edge) -> Edge:
        if edge.id not in pipes or not edge.sizes:
            return edge
        return replace(edge, sizes=tuple(s for s in edge.sizes if s.label == pipes[edge.id][1]))

    sites = tuple(replace(s, mandatory=s.id in opened) for s in problem.sites)
    return replace(problem, edges=tuple(sized(e) for e in problem.edges), sites=sites)


def _same_model(model: Model, problem: Problem) -> Model:
    """Return a model whose data say what is in use; the order of edges is the same."""
    return replace(model, data=replace(model.data, problem=problem))


def _with_grown_heat(case: Phases, plan: Plan, connected: dict[str, int], t: int) -> Plan:
    """Return a plan whose zones use what their customers connected so far use."""
    zones = {zone.id: zone for zone in case.problem.zones}
    grown = tuple(
        replace(
            got,
            heat_mwh=year_heat_mwh(case, zones[got.zone], connected[got.zone], t, got.base_mw),
            demand_mwh=zones[got.zone].heat_mwh * grown_share(case, connected[got.zone], t),
        )
        for got in plan.zones
    )
    if all(a.heat_mwh == b.heat_mwh for a, b in zip(grown, plan.zones, strict=True)):
        return plan
    solution: Solution = solution_of(replace(plan, zones=grown))
    return replace(price_solution(case.problem, solution, UNPROVEN), zones=grown)


def _step(
    case: Phases,
    t: int,
    plan: Plan,
    laid: list[tuple[str, str | None]],
    before: list[PhaseStep],
) -> PhaseStep:
    """Return a period with what it lays and what is installed by then; its money comes later."""
    edges = {edge.id: edge for edge in case.problem.edges}
    period, start = case.periods[t], case.starts[t]
    plant = dict(before[-1].plant_mw) if before else {}
    for site in plan.sites:
        plant[site.site] = max(plant.get(site.site, 0.0), site.capacity_mw)
    wide = dict(before[-1].wide_mw) if before else {}
    for pipe in plan.pipes:
        if edges[pipe.edge].cost_per_mw_eur > 0 and not edges[pipe.edge].sizes:
            wide[pipe.edge] = max(wide.get(pipe.edge, 0.0), pipe.flow_mw)
    return PhaseStep(
        period=period.id,
        from_year=start,
        to_year=start + period.years_a,
        plan=plan,
        laid=tuple(
            LaidPipe(
                name, size, _full_cost(edges[name], size) * period.edge_cost_factor.get(name, 1.0)
            )
            for name, size in laid
        ),
        plant_mw=plant,
        wide_mw=wide,
        sites=(),
        zones=(),
        heat_mwh=sum(zone.heat_mwh for zone in plan.zones),
        capex_eur=0.0,
    )


def _full_cost(edge: Edge, size: str | None) -> float:
    if edge.sizes:
        return next(each for each in edge.sizes if each.label == size).cost_eur
    return edge.cost_eur


def nested_structure(case: Phases, plan: Plan) -> PhaseStructure:
    """Return how a plan is built as early as can be: each part of it once all of it is there."""
    starts = case.starts

    def there(first: Mapping[str, int], name: str, t: int) -> bool:
        return first.get(name, 0) <= starts[t]

    options, pipes, zones = [], [], []
    zone_at = {zone.id: zone.node for zone in case.problem.zones}
    site_at = {site.id: site.node for site in case.problem.sites}
    for t in range(len(starts)):
        sites = {s.site: s.option for s in plan.sites if there(case.site_from_year, s.site, t)}
        laid = [p for p in plan.pipes if there(case.edge_from_year, p.edge, t)]
        reached = _reached({site_at[s] for s in sites}, laid)
        served = {
            z.zone
            for z in plan.zones
            if there(case.zone_from_year, z.zone, t) and zone_at[z.zone] in reached
        }
        wanted = _wanted({zone_at[z] for z in served}, laid)
        used = [p for p in laid if p.from_node in reached and p.to_node in wanted]
        options.append(sites if served else {})
        pipes.append({p.edge: (p.from_node, p.size) for p in used})
        zones.append(frozenset(served))
    nothing: frozenset[tuple[str, str | None]] = frozenset()
    return PhaseStructure(tuple(options), tuple(pipes), tuple(zones), (nothing,) * len(starts))


def _reached(starts: set[str], pipes: Sequence[PlannedPipe]) -> set[str]:
    """Return the nodes to which pipes lead from some nodes."""
    seen, before = set(starts), -1
    while len(seen) != before:
        before = len(seen)
        seen |= {pipe.to_node for pipe in pipes if pipe.from_node in seen}
    return seen


def _wanted(ends: set[str], pipes: Sequence[PlannedPipe]) -> set[str]:
    """Return the nodes from which pipes lead to some nodes."""
    seen, before = set(ends), -1
    while len(seen) != before:
        before = len(seen)
        seen |= {pipe.from_node for pipe in pipes if pipe.to_node in seen}
    return seen


def _empty(case: Phases) -> Found[PhasePlan] | None:
    """Return the plan that builds nothing, if the limits allow it."""
    nothing = price_solution(case.problem, Solution(), UNPROVEN)
    steps = tuple(
        PhaseStep(p.id, start, start + p.years_a, nothing, (), {}, {}, (), (), 0.0, 0.0)
        for p, start in zip(case.periods, case.starts, strict=True)
    )
    plan = PhasePlan(steps, 0.0, 0.0, UNPROVEN)
    return None if phase_faults(case, plan) else Found(0.0, 0.0, plan)


def phase_start(w: WrittenPhases, kept: PhaseStructure) -> FloatArray:
    """Return a structure as the start of a solve; what is continuous is left to the solver."""
    values = np.full(len(w.compiled.names), np.nan)
    values[w.compiled.integer] = 0.0
    for t, model in enumerate(w.models):
        data, v, problem = model.data, model.variables, model.data.problem
        for k, each in enumerate(data.options):
            if kept.options[t].get(problem.sites[each.site].id) == each.option.id:
                values[w.compiled.index(v.open[k])] = 1.0
        for z, x in v.connect.items():
            if problem.zones[z].id in kept.zones[t]:
                values[w.compiled.index(x)] = 1.0
        for (a, p), x in v.pipe.items():
            edge = problem.edges[data.arcs[a].edge]
            if kept.pipes[t].get(edge.id) == (problem.nodes[data.arcs[a].tail], _label(edge, p)):
                values[w.compiled.index(x)] = 1.0
    for (t, e, p), x in w.lay.items():
        edge = w.case.problem.edges[e]
        if (edge.id, _label(edge, p)) in kept.laid[t]:
            values[w.compiled.index(x)] = 1.0
    return values
