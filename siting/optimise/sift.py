"""Leave out what no plan can use and still beat a price, by relaxations that ask zone by zone.

A relaxation in which one zone *must* be connected bounds every plan that serves it. Where that
bound does not beat the price, the zone goes. With few zones left the reduced costs of a relaxation
tell about streets, too: what is far from every zone left costs its full length (`still_possible`).

The first round runs on straight lines below the real pipe costs, which makes the relaxation small;
the second on the real sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from siting.model.data import flow_limit
from siting.model.pieces import edge_pieces
from siting.optimise.core import Core, all_of, restrict, still_possible
from siting.optimise.engine import Engine
from siting.optimise.progress import Watch
from siting.optimise.ranges import Range
from siting.problem import Edge, Problem
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["Sifted", "by_id", "sift", "straightened"]

PASSES = 4
"""How often the real sizes are gone through at most."""
CostAt = Callable[[Engine], FloatArray]


@dataclass(frozen=True)
class Sifted:
    """What is left of a problem: nothing when no plan beats the price.

    ``surplus_mwh`` is the largest ``heat - price * capex`` that is still possible [MWh/a],
    ``ranges`` the base capacity of each zone, by its id, in plans that beat the price.
    """

    problem: Problem | None
    surplus_mwh: float
    ranges: dict[str, Range] = field(default_factory=dict)


def straightened(problem: Problem) -> Problem:
    """Return a problem whose pipes cost a straight line that nowhere exceeds the real cost.

    The line passes through the smallest size at its full capacity; its slope is the least that a
    larger size asks for each MW beyond. Losses count with the smallest. Every plan is at most as
    dear in it, so its bounds hold.
    """
    limit = flow_limit(problem)
    return replace(problem, edges=tuple(_straight(edge, limit) for edge in problem.edges))


def _straight(edge: Edge, limit_mw: float) -> Edge:
    """Return an edge with one straight line for cost and the smallest loss."""
    if not edge.sizes:
        return edge
    pieces = edge_pieces(edge, limit_mw)
    first = pieces[0]
    slope = min(
        (
            max(p.cost_eur - first.cost_eur, 0.0) / (p.high_mw - first.high_mw)
            for p in pieces[1:]
            if p.high_mw > first.high_mw
        ),
        default=0.0,
    )
    if slope * first.high_mw > first.cost_eur:
        slope = first.cost_eur / first.high_mw
    return replace(
        edge,
        sizes=(),
        cost_eur=first.cost_eur - slope * first.high_mw,
        cost_per_mw_eur=slope,
        capacity_mw=max(piece.high_mw for piece in pieces),
        loss_mw=min(piece.loss_mw for piece in pieces),
    )


def sift(
    problem: Problem,
    cost_at: CostAt,
    watch: Watch,
    engine_for: Callable[[Problem], Engine],
    *,
    seconds: float,
) -> Sifted:
    """Return what plans that beat a price can use.

    Parameters
    ----------
    problem
        The problem; mandatory elements always stay.
    cost_at
        Gives the scaled cost vector of an engine; what costs at least 0 does not beat the price.
    watch, engine_for
        Clock of the search, and what makes its engines.
    seconds
        Wall time [s]; what was not asked in time stays.
    """
    until = watch.seconds + min(seconds, watch.left_s)
    surplus = np.inf
    ranges: dict[str, Range] = {}
    for stage in (straightened, *[_as_it_is] * PASSES):
        before = surplus
        engine = engine_for(stage(problem))
        engine.narrow(by_id(engine, ranges))
        cost = cost_at(engine)
        relaxed = engine.relax(cost, enough=0.0, seconds=until - watch.seconds)
        relaxed = engine.tighten(cost, relaxed, until - watch.seconds)
        if relaxed.values is None or relaxed.bound >= 0:
            core = all_of(engine.model)
        else:
            core = _ask_zone_by_zone(engine, cost, relaxed, until)
            relaxed = engine.relax(cost, enough=0.0, seconds=max(until - watch.seconds, 1.0))
            relaxed = engine.tighten(cost, relaxed, until - watch.seconds)
        if relaxed.ending is Ending.INFEASIBLE or relaxed.bound >= 0:
            return Sifted(None, 0.0)
        surplus = min(surplus, -relaxed.bound * engine.model.data.scale.heat_mwh)
        part = restrict(engine.model, core.overlap(_possible(engine, relaxed, core)))
        ranges = {engine.model.data.zone(z).id: each for z, each in engine.ranges.items()}
        problem = _of_the_original(problem, part)
        if watch.seconds > until or (stage is _as_it_is and surplus > 0.8 * before):
            break
    return Sifted(problem, surplus, ranges)


def _as_it_is(problem: Problem) -> Problem:
    return problem


def by_id(engine: Engine, ranges: dict[str, Range]) -> dict[int, Range]:
    """Return ranges by position of the zone in an engine's model."""
    data = engine.model.data
    return {z: ranges[data.zone(z).id] for z in data.zones if data.zone(z).id in ranges}


def _possible(engine: Engine, relaxed: Outcome, core: Core) -> Core:
    """Return what a relaxation leaves possible, without the zones that are gone."""
    if relaxed.reduced_cost is None:
        return core
    return still_possible(
        engine.model,
        engine.compiled,
        relaxed.reduced_cost,
        -relaxed.bound,
        _gone(engine, core),
        idle_sites=engine.idle_sites,
    )


def _gone(engine: Engine, core: Core) -> frozenset[int]:
    """Return the zones that a core leaves out."""
    zones = engine.model.data.zones
    return frozenset(zones[k] for k in np.flatnonzero(~core.zones).tolist())


def _of_the_original(problem: Problem, part: Problem) -> Problem:
    """Return a part of a straightened problem with the real pipe sizes."""
    sizes = {edge.id: edge for edge in problem.edges}
    edges = tuple(replace(sizes[e.id], u=e.u, v=e.v, one_way=e.one_way) for e in part.edges)
    return replace(part, edges=edges)


def _ask_zone_by_zone(engine: Engine, cost: FloatArray, relaxed: Outcome, until: float) -> Core:
    """Return what is left when zones that no plan serves and still beats the price are closed.

    The relaxation that must serve one zone tells about its neighbours, too: its reduced costs,
    taken back to the relaxation that need not, make the way to all of them dear.
    """
    data, v, watch = engine.model.data, engine.model.variables, engine.watch
    column = {z: engine.compiled.index(v.connect[z]) for z in data.zones}
    lower, upper = engine.compiled.lower.copy(), engine.compiled.upper.copy()
    core = _possible(engine, relaxed, all_of(engine.model))
    assert relaxed.values is not None
    served = relaxed.values
    for k, z in enumerate(data.zones):
        if watch.is_over or watch.seconds > until:
            break
        if not core.zones[k] or served[column[z]] > 0.5 or data.zone(z).mandatory:
            continue
        for each in _gone(engine, core):
            upper[column[each]] = engine.compiled.lower[column[each]]
        lower[column[z]] = 1.0
        engine.relaxation.set_bounds(lower, upper)
        asked = engine.relax(
            cost, rounds=1, enough=0.0, slivers=False, seconds=until - watch.seconds
        )
        lower[column[z]] = 0.0
        if asked.ending is Ending.INFEASIBLE or asked.bound >= 0:
            core.zones[k] = False
        if asked.reduced_cost is not None:
            saved = max(float(asked.reduced_cost[column[z]]), 0.0)
            free = replace(asked, bound=asked.bound - saved)
            core = core.overlap(_possible(engine, free, core))
    for each in _gone(engine, core):
        upper[column[each]] = engine.compiled.lower[column[each]]
    engine.relaxation.set_bounds(lower, upper)
    return core
