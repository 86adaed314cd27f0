"""Give the plain flow model a trivial start: one zone fed by one site over the cheapest way."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.problem import Edge, Problem

from .baseline_model import FlowModel

__all__ = ["trivial_start"]

Floats = npt.NDArray[np.float64]
ROOM = 1.1
"""Capacity over peak for which the pipes of the start are picked, for their losses [-]."""


def trivial_start(problem: Problem, model: FlowModel) -> tuple[float, Floats | None]:
    """Return the ratio of the best pair of a site and a zone, and its yes-no decisions.

    The ratio [MWh/EUR] is an estimate; a pair that breaks a limit serves as a price all the same.
    Without any pair the ratio is 0 and there are no decisions.
    """
    place = {name: k for k, name in enumerate(problem.nodes)}
    arcs = _cheapest_arcs(problem, place)
    sites = [k for k, site in enumerate(problem.sites) if not site.forbidden]
    if not arcs or not sites:
        return 0.0, None
    ends, cost = np.array(list(arcs)), [max(_cost(problem.edges[k]), 1e-6) for k in arcs.values()]
    graph = csr_array((cost, (ends[:, 0], ends[:, 1])), shape=(len(place), len(place)))
    starts = [place[problem.sites[k].node] for k in sites]
    away, before = dijkstra(graph, indices=starts, return_predecessors=True)
    best, pair = 0.0, (0, 0)
    for row, s in enumerate(sites):
        option = problem.sites[s].choices[0]
        for z, zone in enumerate(problem.zones):
            own = option.cost_eur + option.cost_per_mw_eur * zone.peak_mw + zone.cost_eur
            capex = own + float(away[row, place[zone.node]])
            fits = zone.load_curve or zone.peak_mw <= (option.capacity_mw or math.inf)
            if (
                fits
                and not zone.forbidden
                and 0 < capex < math.inf
                and zone.heat_mwh / capex > best
            ):
                best, pair = zone.heat_mwh / capex, (row, z)
    if best <= 0:
        return 0.0, None
    row, z = pair
    way = _way(before[row], starts[row], place[problem.zones[z].node])
    used = {arcs[step]: problem.nodes[step[0]] for step in pairwise(way)}
    return best, _decisions(problem, model, used, sites[row], z)


def _cheapest_arcs(problem: Problem, place: dict[str, int]) -> dict[tuple[int, int], int]:
    """Return the cheapest trench from each node to each neighbour."""
    found: dict[tuple[int, int], int] = {}
    for k, edge in enumerate(problem.edges):
        if edge.forbidden or edge.u == edge.v:
            continue
        u, v = place[edge.u], place[edge.v]
        for step in ((u, v),) if edge.one_way else ((u, v), (v, u)):
            held = found.get(step)
            if held is None or _cost(edge) < _cost(problem.edges[held]):
                found[step] = k
    return found


def _cost(edge: Edge) -> float:
    return edge.sizes[0].cost_eur if edge.sizes else edge.cost_eur + edge.cost_per_mw_eur


def _way(before: npt.NDArray[np.int32], start: int, end: int) -> list[int]:
    """Return the nodes from one to another."""
    nodes = [end]
    while nodes[-1] != start:
        nodes.append(int(before[nodes[-1]]))
    return nodes[::-1]


def _decisions(
    problem: Problem, model: FlowModel, used: dict[int, str], s: int, z: int
) -> Floats | None:
    """Return all yes-no decisions of a pair; ``used`` gives each edge and where heat enters it."""
    x = model.lower.copy()
    flow = problem.zones[z].peak_mw * ROOM
    for column, forward, number, k in model.pipes:
        edge = problem.edges[k]
        if used.get(k) == (edge.u if forward else edge.v):
            x[column] = number is None or number == _number_for(edge, flow)
    opened = [column for column, _, site, number in model.options if (site, number) == (s, 0)]
    x[opened] = 1.0
    x[model.connect[z]] = 1.0
    return x


def _number_for(edge: Edge, flow_mw: float) -> int:
    """Return the smallest size that carries a flow [MW], or the largest there is."""
    fits = [k for k, size in enumerate(edge.sizes) if size.capacity_mw >= flow_mw]
    return fits[0] if fits else len(edge.sizes) - 1
