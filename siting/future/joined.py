"""Join the sites of a plan by pipes, so that they step in for each other when one is lost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import networkx as nx

from siting.future.bonds import least_cost_eur
from siting.future.departures import plan_of
from siting.future.extended import Found
from siting.future.outcome import DeparturePlan
from siting.future.part import Part
from siting.future.respond import structure_of_plan
from siting.future.structure import Structure
from siting.future.types import Departures
from siting.plan import Plan
from siting.problem import Edge, Problem

__all__ = ["bridges", "joined_plans"]


def bridges(problem: Problem, plan: Plan) -> Part:
    """Return the cheapest ways by which pipes could join the sites of a plan, its own pipes free.

    They are the ways of a shortest tree of all its sites, each joined to one that is there already.
    """
    streets = _streets(problem, {pipe.edge for pipe in plan.pipes})
    node = {site.id: site.node for site in problem.sites}
    ends = [node[each.site] for each in plan.sites]
    reached, found = set(ends[:1]), set[str]()
    while missing := [each for each in ends if each not in reached and each in streets]:
        starts = {each for each in reached if each in streets}
        if not starts:
            break
        cost, ways = nx.multi_source_dijkstra(streets, starts, weight="cost")
        near = [each for each in missing if each in cost]
        if not near:
            break
        nearest = min(near, key=lambda each: cost[each])
        found |= {streets[u][v]["least"]["id"] for u, v in pairwise(ways[nearest])}
        reached |= set(ways[nearest])
    return Part(edges=frozenset(found))


def _streets(problem: Problem, built: set[str]) -> nx.MultiGraph:
    """Return the streets with the cost of their cheapest pipe, 0 where one lies already [EUR]."""
    streets = nx.MultiGraph()
    for edge in problem.edges:
        if edge.forbidden or edge.u == edge.v:
            continue
        cost = 0.0 if edge.id in built else least_cost_eur(edge)
        known = streets.get_edge_data(edge.u, edge.v, "least")
        if known is None or cost < known["cost"]:
            streets.add_edge(edge.u, edge.v, key="least", cost=cost, id=edge.id)
    return streets


def joined_plans(
    case: Departures, plan: Plan, price: float, *, seconds: float
) -> list[Found[DeparturePlan]]:
    """Return plans in which all sites of a plan are joined, where zones must stay supplied.

    Pipes on the ways between sites are at first as large as the largest site, then as large as the
    scenarios want.
    """
    asked = case.spare_pipes and any(each.kept >= 1 for each in case.scenarios)
    if not asked or len(plan.sites) < 2:
        return []
    edges = {edge.id: edge for edge in case.problem.edges}
    ways = bridges(case.problem, plan).edges
    most = max(each.capacity_mw for each in plan.sites)
    spared_mw = sum(each.capacity_mw for each in plan.sites) - most
    dearest = max((each.cost_per_mw_eur for each in case.replacements), default=math.inf)
    built = {pipe.edge for pipe in plan.pipes}
    if sum(least_cost_eur(edges[e]) for e in ways - built) >= spared_mw * dearest:
        return []  # the ways alone cost more than the plants that need not stand by
    structure = _sized(structure_of_plan(plan), edges, dict.fromkeys(ways, most))
    found = []
    for _ in range(2):
        better = plan_of(case, structure, price, seconds=seconds)
        if better is None:
            break
        found.append(better)
        price = max(price, better.value / 1000)
        structure = _sized(structure_of_plan(plan), edges, _wanted_mw(better.plan, ways))
    return found


def _sized(kept: Structure, edges: Mapping[str, Edge], wanted_mw: Mapping[str, float]) -> Structure:
    """Return a structure with some edges as large as wanted, and no smaller than they were."""
    sizes = dict(kept.sizes)
    for name, mw in wanted_mw.items():
        steps = edges[name].sizes
        if not steps:
            sizes[name] = None
            continue
        labels = [each.label for each in steps]
        fits = [p for p, each in enumerate(steps) if each.capacity_mw >= mw + each.loss_mw]
        p = fits[0] if fits else len(steps) - 1
        if sizes.get(name) is not None:
            p = max(p, labels.index(str(sizes[name])))
        sizes[name] = labels[p]
    return replace(kept, sizes=sizes)


def _wanted_mw(plan: DeparturePlan, ways: frozenset[str]) -> dict[str, float]:
    """Return the most that each way carries in any scenario [MW]."""
    return {
        name: max((abs(state.flow_mw.get(name, 0.0)) for state in plan.states), default=0.0)
        for name in ways
    }
