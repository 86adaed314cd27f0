"""Hold a problem as a graph, and a plan as the places where it can be extended."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from siting.plan import Plan, PlannedSite
from siting.problem import Edge, Problem, Site, Zone
from siting.units import FloatArray

__all__ = ["FREE", "Ways", "levels_of"]

FREE = 1e-6
"""Stands for a cost of nothing in a graph, where a nothing would be no edge [EUR]."""

STEPS_WITHOUT_SIZES = 12


@dataclass
class Ways:
    """A problem as a graph, and a plan as the places where it can be extended."""

    problem: Problem
    plan: Plan
    place: dict[str, int] = field(init=False)
    edges: list[Edge] = field(init=False)

    def __post_init__(self) -> None:
        self.place = {node: k for k, node in enumerate(self.problem.nodes)}
        self.edges = [each for each in self.problem.edges if not each.forbidden]
        self.sites = {site.id: site for site in self.problem.sites}
        self.zones = {zone.id: zone for zone in self.problem.zones}
        self.rate, self.room = _sources(self)

    # The graph ------------------------------------------------------------------------------

    @cached_property
    def arcs(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Tail, head and edge of each arc; a two-way edge has two."""
        rows = [
            (self.place[a], self.place[b], k)
            for k, e in enumerate(self.edges)
            for a, b in ([(e.u, e.v)] if e.one_way else [(e.u, e.v), (e.v, e.u)])
        ]
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return table[:, 0], table[:, 1], table[:, 2]

    @cached_property
    def steps(self) -> FloatArray:
        """Heat flows at which costs are worked out, in rising order [MW]."""
        sizes = {size.capacity_mw for edge in self.edges for size in edge.sizes}
        levels = [q for zone in self.problem.zones for q, _ in levels_of(zone)]
        if not sizes and levels:
            sizes = set(np.quantile(levels, np.linspace(0, 1, STEPS_WITHOUT_SIZES)).tolist())
        return np.array(sorted(sizes | {max(levels, default=0.0)}), dtype=float)

    def step_of(self, flow_mw: float) -> int | None:
        """Return the position of the smallest step that carries a heat flow [MW]."""
        found = int(np.searchsorted(self.steps, flow_mw * (1 - 1e-9)))
        return found if found < len(self.steps) else None

    @cached_property
    def costs(self) -> FloatArray:
        """Cost of each edge at each step [EUR]; infinite where nothing carries it, or it is built.

        A trench holds one pipe: what the plan has built keeps its size.
        """
        built = {pipe.edge for pipe in self.plan.pipes}
        table = np.empty((len(self.edges), len(self.steps)))
        known: dict[tuple[float, ...], NDArray[Any]] = {}
        for k, edge in enumerate(self.edges):
            if edge.id in built:
                table[k] = math.inf
                continue
            if not edge.sizes:
                table[k] = edge.cost_eur + edge.cost_per_mw_eur * self.steps
                if edge.capacity_mw is not None:
                    table[k, self.steps > edge.capacity_mw * (1 + 1e-9)] = math.inf
                continue
            capacities = tuple(size.capacity_mw for size in edge.sizes)
            if capacities not in known:
                known[capacities] = np.searchsorted(capacities, self.steps * (1 - 1e-9))
            prices = np.array([*(size.cost_eur for size in edge.sizes), math.inf])
            table[k] = prices[known[capacities]]
        return table

    def graph(self, step: int) -> tuple[csr_array, NDArray[Any]]:
        """Return the arcs with their cost at a step, and the edge behind each stored arc."""
        tail, head, edge = self.arcs
        cost = np.maximum(self.costs[edge, step], FREE)
        order = np.lexsort((cost, head, tail))
        tail, head, edge, cost = tail[order], head[order], edge[order], cost[order]
        first = np.ones(len(tail), dtype=bool)
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        kept = first & np.isfinite(cost)
        size = len(self.place) + 1  # the last node stands before all roots
        rows = coo_array((cost[kept], (tail[kept], head[kept])), shape=(size, size))
        return rows.tocsr(), edge[kept]

    @cached_property
    def part(self) -> NDArray[Any]:
        """The connected part of each node."""
        tail, head, _ = self.arcs
        shape = (len(self.place), len(self.place))
        graph = coo_array((np.ones(len(tail)), (tail, head)), shape=shape)
        return np.asarray(connected_components(graph, directed=False)[1])

    def part_of(self, node: str) -> int:
        """Return the connected part of a node."""
        return int(self.part[self.place[node]])

    def reaches_a_zone(self, site: Site) -> bool:
        """Return whether streets join a site to a zone that may be served."""
        return self.part_of(site.node) in self._zone_parts

    def reaches_a_site(self, zone: Zone) -> bool:
        """Return whether streets join a zone to a site that may be opened."""
        return self.part_of(zone.node) in self._site_parts

    @cached_property
    def _zone_parts(self) -> frozenset[int]:
        return frozenset(self.part_of(z.node) for z in self.problem.zones if not z.forbidden)

    @cached_property
    def _site_parts(self) -> frozenset[int]:
        return frozenset(self.part_of(s.node) for s in self.problem.sites if not s.forbidden)

    # The plan -------------------------------------------------------------------------------

    @cached_property
    def left_out(self) -> list[Zone]:
        """The zones that could be served, and are not."""
        served = {each.zone for each in self.plan.zones}
        return [
            zone
            for zone in self.problem.zones
            if zone.id not in served and not zone.forbidden and zone.heat_mwh > 0
        ]

    @cached_property
    def new_sites(self) -> list[Site]:
        """The sites that may still be opened."""
        opened = {each.site for each in self.plan.sites}
        groups = {self.sites[each].group for each in opened} - {None}
        most = self.problem.limits.max_sites
        if most is not None and len(opened) >= most:
            return []
        return [
            site
            for site in self.problem.sites
            if site.id not in opened and not site.forbidden and site.group not in groups
        ]

    @cached_property
    def component(self) -> dict[str, int]:
        """Number of the network of the plan that each of its nodes belongs to."""
        nodes = dict.fromkeys(
            [
                *(node for pipe in self.plan.pipes for node in (pipe.from_node, pipe.to_node)),
                *(self.sites[each.site].node for each in self.plan.sites),
                *(self.zones[each.zone].node for each in self.plan.zones),
            ]
        )
        number = {node: k for k, node in enumerate(nodes)}
        ends = [(number[p.from_node], number[p.to_node]) for p in self.plan.pipes]
        table = np.array(ends, dtype=np.int64).reshape(-1, 2)
        shape = (len(number), len(number))
        graph = coo_array((np.ones(len(table)), (table[:, 0], table[:, 1])), shape=shape)
        labels = connected_components(graph, directed=False)[1] if number else []
        return {node: int(labels[k]) for node, k in number.items()}

    def is_alone(self, opened: PlannedSite) -> bool:
        """Return whether a site is the only one of its network."""
        own = self.component[self.sites[opened.site].node]
        nodes = [self.sites[each.site].node for each in self.plan.sites]
        return sum(self.component[node] == own for node in nodes) == 1

    def share_of(self, opened: PlannedSite) -> tuple[float, float]:
        """Return the heat that leaves with a site [MWh/a], and what that would save [EUR]."""
        own = self.component[self.sites[opened.site].node]
        sites = [s for s in self.plan.sites if self.component[self.sites[s.site].node] == own]
        zones = [z for z in self.plan.zones if self.component[self.zones[z.zone].node] == own]
        pipes = [p for p in self.plan.pipes if self.component[p.from_node] == own]
        heat = math.fsum(zone.heat_mwh for zone in zones)
        if len(sites) == 1:
            parts = [*(s.cost_eur for s in sites), *(z.cost_eur for z in zones)]
            return heat, math.fsum([*parts, *(p.cost_eur for p in pipes)])
        fed = math.fsum(site.heat_mwh for site in sites)
        return heat * (opened.heat_mwh / fed if fed > 0 else 0.0), opened.cost_eur


def levels_of(zone: Zone) -> list[tuple[float, float]]:
    """Return base loads that may be granted to a zone [MW], with the heat it gets [MWh/a]."""
    if not zone.load_curve:
        return [(zone.peak_mw, zone.heat_mwh)]
    return [(x * zone.peak_mw, y * zone.heat_mwh) for x, y in zone.load_curve if y > 0]


def _sources(ways: Ways) -> tuple[dict[str, float], dict[str, float]]:
    """Return at each node of the plan the price of more heat [EUR/MW], and how much there is [MW].

    Heat goes the widest way along the pipes of the plan, which keep their size.
    """
    rate: dict[str, float] = {}
    room: dict[str, float] = {}
    queue: list[tuple[float, str, float]] = []
    for opened in ways.plan.sites:
        site = ways.sites[opened.site]
        option = next(each for each in site.choices if each.id == opened.option)
        most = math.inf if option.capacity_mw is None else option.capacity_mw
        heapq.heappush(
            queue, (-max(most - opened.capacity_mw, 0.0), site.node, option.cost_per_mw_eur)
        )
    leaving: dict[str, list[Any]] = defaultdict(list)
    for pipe in ways.plan.pipes:
        leaving[pipe.from_node].append(pipe)
    while queue:
        less, node, price = heapq.heappop(queue)
        if node in room:
            continue
        room[node], rate[node] = -less, price
        for pipe in leaving[node]:
            spare = math.inf if pipe.capacity_mw is None else pipe.capacity_mw - pipe.flow_mw
            heapq.heappush(queue, (-max(min(-less, spare), 0.0), pipe.to_node, price))
    return rate, room
