"""Find a plain plan without any optimiser, so that everything after the search can be tested."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

from siting.plan import Plan, price_solution
from siting.problem import Edge, PipeSize, Problem, Site, SiteOption, Zone
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution, Status

FILL = 0.9
BASE_SHARE = 0.35


def plain_plan(problem: Problem, *, heat_mwh: float | None = None) -> Plan:
    """Return the tree of shortest ways from the largest site to the zones nearest to it.

    Parameters
    ----------
    problem
        What could be built; all edges have sizes.
    heat_mwh
        Stop at so much heat; without it, at nine tenths of what the site can give [MWh/a].
    """
    site, option = _largest(problem)
    way, order = _nearest_first(problem, site.node)
    zones: list[Zone] = []
    best: Solution | None = None
    for zone in order:
        flows = _flows(problem, site, way, [*zones, zone])
        total = sum(_base_mw(each) for each in [*zones, zone])
        if flows is None or flows[1] > FILL * (option.capacity_mw or math.inf):
            continue
        zones.append(zone)
        best = Solution(
            sites=(OpenSite(site.id, option.id, flows[1]),),
            pipes=tuple(flows[0]),
            zones=tuple(ServedZone(each.id, _base_mw(each), _heat(each)) for each in zones),
        )
        enough = heat_mwh is not None and sum(map(_heat, zones)) >= heat_mwh
        if enough or total > 0.8 * (option.capacity_mw or math.inf):
            break
    assert best is not None, "no zone can be reached"
    proof = Proof(Status.FEASIBLE, "heat_per_euro", 0.0, None, math.inf, 0.01, 0.0, "none")
    plan = price_solution(problem, best, proof)
    return replace(plan, proof=replace(proof, incumbent=plan.heat_per_euro_kwh))


def _largest(problem: Problem) -> tuple[Site, SiteOption]:
    pairs = [(site, option) for site in problem.sites for option in site.choices]
    return max(pairs, key=lambda pair: pair[1].capacity_mw or 0.0)


def _nearest_first(problem: Problem, start: str) -> tuple[dict[str, Edge], list[Zone]]:
    """Return the edge by which each node is reached, and the zones, nearest first."""
    around: dict[str, list[Edge]] = defaultdict(list)
    for edge in problem.edges:
        around[edge.u].append(edge)
        around[edge.v].append(edge)
    far, way, queue = {start: 0.0}, {}, [(0.0, start)]
    while queue:
        length, node = heapq.heappop(queue)
        if length > far[node]:
            continue
        for edge in around[node]:
            other = edge.v if edge.u == node else edge.u
            reached = length + edge.length_m
            if reached < far.get(other, math.inf):
                far[other], way[other] = reached, edge
                heapq.heappush(queue, (reached, other))
    zones = [zone for zone in problem.zones if zone.node in far and zone.heat_mwh > 0]
    return way, sorted(zones, key=lambda zone: (far[zone.node], zone.id))


def _flows(
    problem: Problem, site: Site, way: dict[str, Edge], zones: list[Zone]
) -> tuple[list[PipeFlow], float] | None:
    """Return the pipes that feed some zones, and what enters at the site [MW]."""
    need: dict[str, float] = defaultdict(float)
    children: dict[str, set[str]] = defaultdict(set)
    for zone in zones:
        need[zone.node] += _base_mw(zone) + zone.loss_mw
        node = zone.node
        while node != site.node:
            edge = way[node]
            before = edge.v if edge.u == node else edge.u
            children[before].add(node)
            node = before
    pipes: list[PipeFlow] = []
    order, stack = [], [site.node]
    while stack:
        order.append(stack.pop())
        stack.extend(sorted(children[order[-1]]))
    for node in reversed(order):
        if node == site.node:
            continue
        edge = way[node]
        size = _size(edge, need[node])
        if size is None:
            return None
        before = edge.v if edge.u == node else edge.u
        flow = need[node] + size.loss_mw
        pipes.append(PipeFlow(edge.id, before, node, flow, size.label))
        need[before] += flow
    return pipes, need[site.node]


def _size(edge: Edge, leaving_mw: float) -> PipeSize | None:
    fitting = (size for size in edge.sizes if size.capacity_mw >= leaving_mw + size.loss_mw)
    return next(fitting, None)


def _base_mw(zone: Zone) -> float:
    return BASE_SHARE * zone.peak_mw if zone.load_curve else zone.peak_mw


def _heat(zone: Zone) -> float:
    """Return the heat under the load curve up to the base load [MWh/a]."""
    points = zone.load_curve
    for (x0, y0), (x1, y1) in pairwise(points):
        if x1 >= BASE_SHARE:
            return zone.heat_mwh * (y0 + (y1 - y0) * (BASE_SHARE - x0) / (x1 - x0))
    return zone.heat_mwh
