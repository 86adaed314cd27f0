"""Leave out what no plan can use and still beat a price, by relaxations that ask zone by zone.

A relaxation in which one zone *must* be connected bounds every plan that serves it. Where that
bound does not beat the price, the zone goes. With few zones left the reduced costs of a relaxation
tell about streets, too: what is far from every zone left costs its full length (`still_possible`).

The first round runs on straight lines below the real pipe costs, which makes the relaxation small;
the second on the real sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from siting.model.data import flow_limit
from siting.model.pieces import edge_pieces
from siting.optimise.core import Core, all_of, restrict, still_possible
from siting.optimise.engine import Engine, SolverChoice
from siting.optimise.progress import Watch
from siting.problem import Edge, Problem, Zone
from siting.solvers.compiled import Rows
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["Sifted", "sift", "straightened"]

STAGES = ("straight", "real", "narrow", "narrow")
CostAt = Callable[[Engine], FloatArray]


@dataclass(frozen=True)
class Sifted:
    """What is left of a problem: nothing when no plan beats the price.

    ``surplus_mwh`` is the largest ``heat - price * capex`` that is still possible [MWh/a].
    """

    problem: Problem | None
    surplus_mwh: float


def straightened(problem: Problem) -> Problem:
    """Return a problem whose pipes cost a straight line that nowhere exceeds the real cost.

    The line starts at the smallest size; its slope is the least that a larger size asks for each
    of its MW. Losses are treated alike. Every plan is at most as dear in it, so its bounds hold.
    """
    limit = flow_limit(problem)
    return replace(problem, edges=tuple(_straight(edge, limit) for edge in problem.edges))


def _straight(edge: Edge, limit_mw: float) -> Edge:
    """Return an edge with one straight line for cost and the smallest loss."""
    if not edge.sizes:
        return edge
    pieces = edge_pieces(edge, limit_mw)
    first = min(piece.cost_eur for piece in pieces)
    slope = min(max(piece.cost_eur - first, 0.0) / piece.high_mw for piece in pieces[1:] or pieces)
    return replace(
        edge,
        sizes=(),
        cost_eur=first,
        cost_per_mw_eur=slope,
        capacity_mw=max(piece.high_mw for piece in pieces),
        loss_mw=min(piece.loss_mw for piece in pieces),
    )


def sift(
    problem: Problem, cost_at: CostAt, watch: Watch, solver: SolverChoice, *, seconds: float
) -> Sifted:
    """Return what plans that beat a price can use.

    Parameters
    ----------
    problem
        The problem; mandatory elements always stay.
    cost_at
        Gives the scaled cost vector of an engine; what costs at least 0 does not beat the price.
    watch, solver
        Of the search.
    seconds
        Wall time [s]; what was not asked in time stays.
    """
    until = watch.seconds + min(seconds, watch.left_s)
    surplus = np.inf
    for stage in STAGES:
        engine = Engine(straightened(problem) if stage == "straight" else problem, watch, solver)
        cost = cost_at(engine)
        unit = engine.model.data.scale.heat_mwh
        relaxed = engine.relax(cost, enough=0.0, seconds=until - watch.seconds)
        if relaxed.ending is Ending.INFEASIBLE or relaxed.bound >= 0:
            return Sifted(None, 0.0)
        if relaxed.values is None:
            break
        surplus = min(surplus, -relaxed.bound * unit)
        core = all_of(engine.model)
        if stage != "narrow":
            core = _ask_zone_by_zone(engine, cost, relaxed, until)
            relaxed = engine.relax(cost, enough=0.0, seconds=max(until - watch.seconds, 1.0))
        part = restrict(engine.model, core.overlap(_possible(engine, relaxed, core)))
        if stage == "narrow" and relaxed.values is not None:
            part = narrowed(engine, cost, part, until)
        problem = _of_the_original(problem, part)
    return Sifted(problem, surplus)


def _possible(engine: Engine, relaxed: Outcome, core: Core) -> Core:
    """Return what a relaxation leaves possible, without the zones that are gone."""
    if relaxed.reduced_cost is None:
        return core
    return still_possible(
        engine.model, engine.compiled, relaxed.reduced_cost, -relaxed.bound, _gone(engine, core)
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


def narrowed(engine: Engine, cost: FloatArray, part: Problem, until: float) -> Problem:
    """Return a part with zones that take no more base capacity than a plan can grant them.

    For each zone the relaxation is asked for the largest base capacity with which the objective
    still beats the price. A load curve cut off there makes a smaller zone, and smaller zones allow
    only smaller pipes before them.
    """
    data, v, watch = engine.model.data, engine.model.variables, engine.watch
    index = engine.compiled.index
    used = np.flatnonzero(cost)
    row = sparse.csr_array(
        (cost[used], (np.zeros(len(used), dtype=np.int64), used)), shape=(1, len(cost))
    )
    engine.relaxation.add_rows(Rows(row, np.full(1, -np.inf), np.zeros(1)))
    lower = engine.compiled.lower.copy()
    kept = {zone.id for zone in part.zones}
    most: dict[str, float] = {}
    for z in v.base:
        zone = data.zone(z)
        if zone.id not in kept or watch.is_over or watch.seconds > until:
            continue
        lower[index(v.connect[z])] = 1.0
        engine.relaxation.set_bounds(lower, engine.compiled.upper)
        wanted = np.zeros(len(cost))
        wanted[index(v.base[z])] = -1.0
        asked = engine.relaxation.solve(
            wanted, time_limit_s=max(until - watch.seconds, 0.05), stop=watch.stop
        )
        lower[index(v.connect[z])] = engine.compiled.lower[index(v.connect[z])]
        if np.isfinite(asked.bound) and asked.values is not None:
            most[zone.id] = -asked.bound * data.scale.power_mw / zone.peak_mw
    zones = tuple(cut_off(zone, most.get(zone.id, 1.0)) for zone in part.zones)
    return replace(part, zones=zones)


def cut_off(zone: Zone, share: float) -> Zone:
    """Return a zone that takes at most a share of its peak as base capacity.

    Its heat is what that share yields, so that every plan within it counts the same heat.
    """
    share = min(share * (1 + 1e-4) + 1e-6, 1.0)
    if share >= 1 or not zone.load_curve:
        return zone
    corners = np.array(zone.load_curve)
    yields = float(np.interp(share, corners[:, 0], corners[:, 1]))
    below = [(q / share, h / yields) for q, h in zone.load_curve if q < share * (1 - 1e-9)]
    return replace(
        zone,
        peak_mw=zone.peak_mw * share,
        heat_mwh=zone.heat_mwh * yields,
        load_curve=(*below, (1.0, 1.0)),
    )
