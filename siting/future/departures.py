"""Build the program of a case with departures, and read plans out of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulp

from siting.finance.departure import discounted_survival_years
from siting.future.design import Design, write_design
from siting.future.evaluate import (
    account,
    faults_of,
    replacement_energy,
    spare_pipe,
    state_weights,
    zone_heat_mwh,
)
from siting.future.extended import Extended, Found
from siting.future.outcome import DeparturePlan, StateOutcome, ZoneOutcome
from siting.future.states import State, write_state
from siting.future.structure import Structure, part_of, structure_of
from siting.future.types import Departures, Scenario
from siting.future.weights import discount_factor, discounted_years
from siting.model.constraints import Terms, linear
from siting.model.objectives import capex_terms, heat_terms
from siting.optimise.candidate import UNPROVEN, meets_limits
from siting.optimise.settle import fits, read_draft, settle
from siting.plan import Plan, price_solution
from siting.solvers.compiled import CompiledModel, compile_model
from siting.solvers.highs import HighsMip, MipSettings
from siting.solvers.outcome import FloatArray

__all__ = [
    "Written",
    "euro_terms",
    "evaluated",
    "extend",
    "fixed_structure",
    "heat_terms_of_all",
    "plan_of",
    "polish_settings",
    "write_departures",
]

POLISHED = 1e-6
"""Heat that settling the continuous decisions may leave unfound, over all heat there is [-]."""
POLISH_S = 20.0
"""Wall time in which the continuous decisions of a found structure are settled [s]."""


@dataclass(frozen=True)
class Written:
    """The design and the states of a case as one program."""

    case: Departures
    design: Design
    states: tuple[State, ...]
    compiled: CompiledModel
    heat_mwh: FloatArray
    euro: FloatArray


def write_departures(case: Departures) -> Written:
    """Write the program of a case, one named piece after another."""
    design = write_design(case)
    _, later = state_weights(case)
    can_buy = bool(case.replacements) and (
        case.counts < 1 or any(each.cost_per_mwh_eur > 0 for each in case.replacements)
    )
    states = tuple(
        write_state(design.model.program, design, State(w, scenario, years > 0, can_buy))
        for w, (scenario, years) in enumerate(zip(case.scenarios, later, strict=True))
    )
    constraint_least_supply(design, states)
    compiled = compile_model(design.model.program)
    heat, euro = linear(heat_terms_of_all(design, states)), linear(euro_terms(design, states))
    return Written(
        case,
        design,
        states,
        compiled,
        compiled.vector(heat) * design.heat_mwh,
        compiled.vector(euro) * design.data.scale.cost_eur,
    )


def constraint_least_supply(design: Design, states: tuple[State, ...]) -> None:
    """In the worst scenario at least the wanted share of the usual heat is still delivered."""
    least = design.case.least_supply
    if least <= 0:
        return
    program = design.model.program
    usual = [(x, -least * f) for x, f in heat_terms(design.data, design.v)]
    for s in states:
        row = linear([*((x, 1.0) for x in s.heat.values()), *s.usual, *usual])
        program += row >= 0, f"w{s.position}_least_supply"


def heat_terms_of_all(design: Design, states: tuple[State, ...]) -> Terms:
    """Return the expected discounted heat, scaled."""
    case = design.case
    stays, later = state_weights(case)
    terms: Terms = []
    if case.hazards:
        terms += _hazard_terms(design)
    else:
        terms += [(x, stays * f) for x, f in heat_terms(design.data, design.v)]
    for years, s in zip(later, states, strict=True):
        if years <= 0:
            continue
        counts = case.counts if s.is_split else 1.0
        if s.weighed and not case.replacements:
            counts = 1.0
        terms += [(x, years * counts) for x in s.heat.values()]
        terms += [(x, years * (1 - counts)) for x in s.own_heat.values()]
        terms += [(x, years * f) for x, f in s.usual]
    return terms


def _hazard_terms(design: Design) -> Terms:
    """Return heat counted as long as its source may be expected to stay."""
    case, data = design.case, design.data
    years = {
        site.id: discounted_survival_years(
            case.hazards.get(site.id, 0.0), case.discount_rate, case.horizon_a
        )
        for site in data.problem.sites
    }
    most = max(years.values(), default=0.0)
    terms: Terms = [(x, most * f) for x, f in heat_terms(data, design.v)]
    for k, x in design.v.annual_source.items():
        terms.append((x, years[data.problem.sites[data.options[k].site].id] - most))
    return terms


def euro_terms(design: Design, states: tuple[State, ...]) -> Terms:
    """Return the expected discounted money, scaled."""
    case, unit = design.case, design.data.scale.cost_eur
    _, later = state_weights(case)
    terms = [*capex_terms(design.data, design.v), *design.euro_terms()]
    for years, s in zip(later, states, strict=True):
        paid = s.scenario.probability * discount_factor(case.discount_rate, s.scenario.after_a)
        for r, x in s.bought.items():
            rate = design.replacements[r].cost_per_mw_eur * design.power_mw / unit
            terms.append((x, paid * rate))
        for r, x in s.energy.items():
            rate = design.replacements[r].cost_per_mwh_eur * design.heat_mwh / unit
            terms.append((x, years * rate))
    return terms


def extend(case: Departures) -> Extended[DeparturePlan]:
    """Return the program of a case for the search, with the way back to plans."""
    written = write_departures(case)
    data = written.design.data
    sites = [each.option.cost_eur for each in data.options]
    zones = [data.zone(z).cost_eur for z in data.zones if data.zone(z).heat_mwh > 0]
    stays, _ = state_weights(case)
    least = 0.0 if case.hazards else stays * (case.problem.limits.min_heat_mwh or 0.0)
    return Extended(
        program=written.design.model.program,
        compiled=written.compiled,
        models=(written.design.model,),
        heat_mwh=written.heat_mwh,
        euro=written.euro,
        least_euro=min(sites, default=0.0) + min(zones, default=0.0),
        least_heat_mwh=least,
        years_a=discounted_years(case.discount_rate, 0, case.horizon_a),
        read=lambda values, price: read_plan(written, values, price),
    )


# Reading ----------------------------------------------------------------------------------------


def read_plan(written: Written, values: FloatArray, price: float) -> Found[DeparturePlan] | None:
    """Return the evaluated plan of solver values: structure first, then all else at a price."""
    return plan_of(written.case, structure_of(written, values), price)


def plan_of(
    case: Departures, kept: Structure, price: float, *, seconds: float = POLISH_S
) -> Found[DeparturePlan] | None:
    """Return the evaluated plan of a structure, all that it leaves open settled at a price."""
    told, scenarios = _told_apart(case, kept)
    part = replace(case.with_problem(part_of(case.problem, kept)), scenarios=scenarios)
    small = write_departures(part)
    fixed = fixed_structure(small, kept)
    cost = (price * small.euro - small.heat_mwh) / small.design.heat_mwh
    outcome = HighsMip(fixed).solve(cost, polish_settings(small, seconds))
    if outcome.values is None:
        return None
    return evaluated(case, small, outcome.values, told)


def _told_apart(case: Departures, kept: Structure) -> tuple[list[int], tuple[Scenario, ...]]:
    """Return the scenarios that differ for a structure, and which of them each scenario is.

    Those that count for nothing and change none of its sites ask the same of it.
    """
    _, later = state_weights(case)
    places: dict[object, int] = {}
    told, scenarios = [], list[Scenario]()
    for w, (scenario, years) in enumerate(zip(case.scenarios, later, strict=True)):
        touches = any(factor != 1 and s in kept.options for s, factor in scenario.output.items())
        apart = years > 0 or scenario.probability > 0 or scenario.grows or touches
        key: object = w if apart else (scenario.kept, scenario.sudden)
        if key not in places:
            places[key] = len(scenarios)
            scenarios.append(scenario)
        told.append(places[key])
    return told, tuple(scenarios)


def polish_settings(small: Written, seconds: float = POLISH_S) -> MipSettings:
    """Return how exactly the continuous decisions of a structure are settled.

    What is minimised lies around 0 at the price of the plan itself, so the gap is told over all
    heat that there is.
    """
    case = small.case
    years = discounted_years(case.discount_rate, 0, case.horizon_a)
    heat = years * case.problem.total_heat_mwh / small.design.heat_mwh
    return MipSettings(
        time_limit_s=seconds, gap_relative=0.0, gap_absolute=POLISHED * heat + 1e-12, threads=1
    )


def fixed_structure(small: Written, kept: Structure) -> CompiledModel:
    """Return the small program with the yes-no decisions of a structure fixed."""
    design, index = small.design, small.compiled.index
    data, problem = design.data, design.data.problem
    lower, upper = small.compiled.lower.copy(), small.compiled.upper.copy()
    used = set()
    for (a, _), x in design.v.pipe.items():
        edge = problem.edges[data.arcs[a].edge].id
        chosen = kept.used_from.get(edge) == problem.nodes[data.arcs[a].tail]
        lower[index(x)] = upper[index(x)] = float(chosen)
        if chosen:
            used.add(edge)
    for (e, _), x in design.spare.items():
        lower[index(x)] = upper[index(x)] = float(problem.edges[e].id not in used)
    for x in (*design.v.open.values(), *design.v.connect.values()):
        lower[index(x)] = upper[index(x)] = 1.0
    return replace(small.compiled, lower=lower, upper=upper)


def evaluated(
    case: Departures, small: Written, values: FloatArray, told: Sequence[int] | None = None
) -> Found[DeparturePlan] | None:
    """Return the plan behind settled values, priced and checked against the whole case.

    ``told`` says which scenario of the small program each of the case is, where it has fewer.
    """
    design, problem = small.design, case.problem
    solution = settle(design.model, read_draft(design.model, small.compiled, values))
    if solution is None or not fits(problem, solution):
        return None
    base = price_solution(problem, solution, UNPROVEN)
    if not meets_limits(problem, base):
        return None
    edges = {edge.id: edge for edge in problem.edges}
    in_use = {pipe.edge for pipe in base.pipes}
    built = [(design.data.problem.edges[e], x) for e in design.edges for _, x in design.built(e)]
    spare = tuple(
        spare_pipe(edges[edge.id], edge.sizes[0].label if edge.sizes else None)
        for edge, x in built
        if values[small.compiled.index(x)] > 0.5 and edge.id not in in_use
    )
    plan = DeparturePlan(
        base,
        spare,
        _wider(small, values, base),
        _reserve(small, values, base),
        _amounts(small, values, small.design.standby, places_of(small)),
        (),
        0.0,
        0.0,
        UNPROVEN,
    )
    told = range(len(small.states)) if told is None else told
    ends = [_state(small, s, values) for s in small.states]
    plan = replace(
        plan,
        states=tuple(
            replace(ends[w], scenario=scenario.id)
            for w, scenario in zip(told, case.scenarios, strict=True)
        ),
    )
    states = tuple(
        replace(state, energy_mwh=replacement_energy(case, plan, scenario, state))
        if state.energy_mwh
        else state
        for scenario, state in zip(case.scenarios, plan.states, strict=True)
    )
    plan = replace(plan, states=states)
    if faults_of(case, plan):
        return None
    total = account(case, plan)
    return Found(
        total.heat_mwh, total.euro, replace(plan, heat_mwh=total.heat_mwh, euro=total.euro)
    )


def _wider(small: Written, values: FloatArray, base: Plan) -> dict[str, float]:
    """Return what linear pipes are sized for beyond their settled flow [MW]."""
    design, index = small.design, small.compiled.index
    flows = {pipe.edge: pipe.flow_mw for pipe in base.pipes}
    room = {}
    for e, x in design.wider.items():
        sized = sum(float(values[index(each)]) for each in [x, *design.base_flow(e)])
        name = design.data.problem.edges[e].id
        room[name] = sized * design.power_mw - flows.get(name, 0.0)
    return {edge: mw for edge, mw in room.items() if mw > 1e-9}


def _reserve(small: Written, values: FloatArray, base: Plan) -> dict[str, float]:
    """Return what is installed at sites beyond what they feed in once flows are settled [MW]."""
    design, index = small.design, small.compiled.index
    feeds = {each.site: each.capacity_mw for each in base.sites}
    room = {}
    for k, x in design.reserve.items():
        both = float(values[index(x)]) + float(values[index(design.v.installed[k])])
        name = design.data.problem.sites[design.data.options[k].site].id
        room[name] = both * design.power_mw - feeds.get(name, 0.0)
    return {site: mw for site, mw in room.items() if mw > 1e-9}


def places_of(small: Written) -> dict[int, str]:
    """Return the id of each replacement by position."""
    return {r: each.id for r, each in small.design.replacements.items()}


def _amounts(
    small: Written,
    values: FloatArray,
    variables: Mapping[int, pulp.LpVariable],
    names: Mapping[int, str],
) -> dict[str, float]:
    """Return what solver values say about some power by name, without what is none [MW]."""
    unit = small.design.power_mw
    amounts = {
        names[k]: float(values[small.compiled.index(x)]) * unit for k, x in variables.items()
    }
    return {name: mw for name, mw in amounts.items() if mw > 1e-9}


def _state(small: Written, s: State, values: FloatArray) -> StateOutcome:
    """Return what solver values say about one scenario."""
    design, unit = small.design, small.design.power_mw
    problem = design.data.problem

    def at(x: pulp.LpVariable) -> float:
        return max(float(values[small.compiled.index(x)]), 0.0)

    built = {e for e in design.edges if sum(at(x) for _, x in design.built(e)) > 0.5}
    names = {e: problem.edges[e].id for e in built}
    shut = frozenset(name for e, name in names.items() if e in s.off and at(s.off[e]) > 0.5)

    def net(flow: Mapping[tuple[int, str], pulp.LpVariable]) -> dict[str, float]:
        back = {e: at(flow[e, "back"]) if (e, "back") in flow else 0.0 for e in built}
        return {name: (at(flow[e, "forth"]) - back[e]) * unit for e, name in names.items()}

    flow = net(s.flow)
    own = net(s.own_flow) if s.is_split else flow
    places = design.replacements
    return StateOutcome(
        scenario=s.scenario.id,
        output_mw={
            problem.sites[design.data.options[k].site].id: at(x) * unit for k, x in s.output.items()
        },
        flow_mw=flow,
        own_flow_mw=own,
        shut=shut,
        used_mw={places[r].id: at(x) * unit for r, x in s.used.items()},
        bought_mw={places[r].id: at(x) * unit for r, x in s.bought.items()},
        energy_mwh={places[r].id: at(x) * design.heat_mwh for r, x in s.energy.items()},
        zones={
            design.data.zone(z).id: _zone(design, s, z, at(s.served[z]), values, small)
            for z in design.data.zones
        },
    )


def _zone(
    design: Design, s: State, z: int, served: float, values: FloatArray, small: Written
) -> ZoneOutcome:
    """Return what a zone gets; its heat is read off its curve, not taken from the solver."""
    zone = design.data.zone(z)
    served = min(served, 1.0)
    base = max(float(values[small.compiled.index(s.base[z])]), 0.0) * design.power_mw
    base = min(base, zone.peak_mw * served)
    heat = zone_heat_mwh(zone, served, base)
    own, own_heat = base, heat
    if s.is_split:
        own = max(float(values[small.compiled.index(s.own_base[z])]), 0.0) * design.power_mw
        own = min(own, base)
        own_heat = zone_heat_mwh(zone, served, own)
    elif math.isclose(base, 0.0):
        own = base
    return ZoneOutcome(served, base, own, heat, own_heat)
