"""Find what it would cost to add one zone, or one site, to a plan."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from siting.problem import Site, Zone
from siting.ways import FREE, Ways, levels_of

__all__ = ["Extension", "SiteExtension", "best_extensions", "site_extension"]

ZONES_TRIED = 40


@dataclass(frozen=True)
class Extension:
    """The cheapest way found to connect a zone alone.

    ``root`` is the node of the plan where it begins, or that of ``new_site``; ``lacking_mw`` is
    what sites and pipes of the plan lack to feed it [MW].
    """

    root: str
    new_site: str | None
    base_mw: float
    heat_mwh: float
    cost_eur: float
    lacking_mw: float = 0.0

    @property
    def ratio(self) -> float:
        """Heat per cost [MWh/(a EUR)]; infinite where it is free."""
        return self.heat_mwh / self.cost_eur if self.cost_eur > 0 else math.inf


@dataclass(frozen=True)
class SiteExtension:
    """A network of its own for a site, over zones that a plan leaves out."""

    zones: int
    heat_mwh: float
    cost_eur: float
    site_cost_eur: float


# Zones ------------------------------------------------------------------------------------------


def best_extensions(ways: Ways) -> dict[str, Extension]:
    """Return for each zone left out the way to connect it that gives most heat per euro."""
    by_step: dict[int, list[tuple[Zone, float, float]]] = defaultdict(list)
    for zone in ways.left_out:
        for base_mw, heat_mwh in levels_of(zone):
            step = ways.step_of(base_mw + zone.loss_mw)
            if step is not None:
                by_step[step].append((zone, base_mw, heat_mwh))
    price = ways.plan.heat_mwh / ways.plan.capex_eur if ways.plan.capex_eur > 0 else math.inf
    best: dict[str, Extension] = {}
    for step in sorted(by_step):
        for name, found in _at_step(ways, step, by_step[step]):
            if name not in best or _rank(found, price) > _rank(best[name], price):
                best[name] = found
    return best


def _rank(found: Extension, price: float) -> tuple[bool, float, float]:
    """Return how good a way is: one that pays and lacks nothing comes before all others."""
    return (found.lacking_mw <= 0 and found.ratio >= price, found.ratio, found.heat_mwh)


def _at_step(
    ways: Ways, step: int, wanted: list[tuple[Zone, float, float]]
) -> Iterator[tuple[str, Extension]]:
    """Yield the cheapest ways of each zone with pipes of one step: any, then one with room."""
    flows = [base + zone.loss_mw for zone, base, _ in wanted]
    roots = _roots(ways, float(np.mean(flows)))
    most = max(flows)
    names = ways.problem.nodes
    roomy = {
        place: each
        for place, each in roots.items()
        if each[1] is not None or ways.room[names[place]] >= most
    }
    for offered in [roots] if len(roomy) == len(roots) else [roots, roomy]:
        if offered:
            yield from _from_roots(ways, step, wanted, offered)


def _from_roots(
    ways: Ways,
    step: int,
    wanted: list[tuple[Zone, float, float]],
    roots: dict[int, tuple[float, Site | None]],
) -> Iterator[tuple[str, Extension]]:
    """Yield the cheapest way of each zone from some roots."""
    graph, _ = ways.graph(step)
    top = len(ways.place)
    heads = list(roots)
    first = [max(roots[node][0], FREE) for node in heads]
    extra = coo_array((first, ([top] * len(heads), heads)), shape=graph.shape).tocsr()
    distance, before = dijkstra(graph + extra, indices=top, return_predecessors=True)
    start = _starts(before, top)
    names = ways.problem.nodes
    for zone, base_mw, heat_mwh in wanted:
        place = ways.place[zone.node]
        if not math.isfinite(distance[place]):
            continue
        root = int(start[place])
        guess, site = roots[root]
        source, lacking = _source_cost(ways, names[root], site, base_mw + zone.loss_mw)
        cost = float(distance[place]) - max(guess, FREE) + source + zone.cost_eur
        new = site.id if site else None
        yield zone.id, Extension(names[root], new, base_mw, heat_mwh, max(cost, 0.0), lacking)


def _starts(before: NDArray[Any], top: int) -> NDArray[Any]:
    """Return the first node after the top on the way to each node."""
    own = np.arange(len(before))
    start = np.where((before == top) | (before < 0), own, before)
    while not np.array_equal(start[start], start):
        start = start[start]
    return start


def _roots(ways: Ways, flow_mw: float) -> dict[int, tuple[float, Site | None]]:
    """Return where an extension may begin, with the cost of its heat [EUR] and its new site."""
    roots: dict[int, tuple[float, Site | None]] = {
        ways.place[node]: (rate * flow_mw, None) for node, rate in ways.rate.items()
    }
    for site in ways.new_sites:
        cost = opening_cost(site, flow_mw)
        place = ways.place[site.node]
        if math.isfinite(cost) and cost < roots.get(place, (math.inf, None))[0]:
            roots[place] = (cost, site)
    return roots


def _source_cost(ways: Ways, node: str, site: Site | None, flow_mw: float) -> tuple[float, float]:
    """Return what the heat of an extension costs at its root [EUR], and what is lacking [MW]."""
    if site is None:
        return ways.rate[node] * flow_mw, max(flow_mw - ways.room[node], 0.0)
    cost = opening_cost(site, flow_mw)
    if math.isfinite(cost):
        return cost, 0.0
    most = max((each.capacity_mw or 0.0) for each in site.choices)
    return opening_cost(site, most), flow_mw - most


def opening_cost(site: Site, flow_mw: float) -> float:
    """Return what it costs to open a site for a heat flow [EUR]; infinite if it cannot."""
    return min(
        (
            each.cost_eur + each.cost_per_mw_eur * flow_mw
            for each in site.choices
            if each.capacity_mw is None or flow_mw <= each.capacity_mw * (1 + 1e-9)
        ),
        default=math.inf,
    )


# Sites ------------------------------------------------------------------------------------------


def site_extension(ways: Ways, site: Site) -> SiteExtension | None:
    """Return the best network of its own that is found for a site, over zones left out.

    Zones join one by one, each time the one that leaves the whole with most heat per euro, as long
    as that rises. Pipes are sized for what they carry.
    """
    levels = [q for zone in ways.left_out for q, _ in levels_of(zone)]
    step = ways.step_of(float(np.median(levels))) if levels else None
    if step is None:
        return None
    graph, edge_of = ways.graph(step)
    origin = ways.place[site.node]
    distance, before = dijkstra(graph, indices=origin, return_predecessors=True)
    tree = _Tree(ways, site, graph, edge_of, before)
    tried = []
    for zone in ways.left_out:
        far = float(distance[ways.place[zone.node]])
        if math.isfinite(far):
            alone = [
                (h / max(far + zone.cost_eur + opening_cost(site, q), FREE), q, h)
                for q, h in levels_of(zone)
                if math.isfinite(opening_cost(site, q))
            ]
            if alone:
                tried.append((*max(alone), zone))
    tried.sort(key=lambda each: (-each[0], each[3].id))
    return tree.grow([(zone, q, h) for _, q, h, zone in tried[:ZONES_TRIED]])


@dataclass
class _Tree:
    """A network that grows from one site."""

    ways: Ways
    site: Site
    graph: csr_array
    edge_of: NDArray[Any]
    before: NDArray[Any]
    flow: dict[int, float] = field(default_factory=dict)
    base_mw: float = 0.0
    zone_cost: float = 0.0
    heat_mwh: float = 0.0

    def path(self, zone: Zone) -> list[int]:
        """Return the edges from a zone back to the site."""
        node, edges = self.ways.place[zone.node], []
        while self.before[node] >= 0:
            last = int(self.before[node])
            begin, end = self.graph.indptr[last], self.graph.indptr[last + 1]
            spot = begin + int(np.searchsorted(self.graph.indices[begin:end], node))
            edges.append(int(self.edge_of[spot]))
            node = last
        return edges

    def pipe_cost(self, edge: int, flow_mw: float) -> float:
        """Return what an edge costs for a heat flow [EUR]; infinite if nothing carries it."""
        step = self.ways.step_of(flow_mw)
        return math.inf if step is None else float(self.ways.costs[edge, step])

    def with_zone(self, path: list[int], zone: Zone, base_mw: float) -> float:
        """Return what the network costs with one more zone [EUR]."""
        needed = base_mw + zone.loss_mw
        pipes = dict(self.flow)
        for edge in path:
            pipes[edge] = pipes.get(edge, 0.0) + needed
        laid = math.fsum(self.pipe_cost(edge, flow) for edge, flow in pipes.items())
        return (
            laid + self.zone_cost + zone.cost_eur + opening_cost(self.site, self.base_mw + needed)
        )

    def grow(self, tried: list[tuple[Zone, float, float]]) -> SiteExtension | None:
        """Add zones as long as the heat per euro rises, and return the best network."""
        left = [(zone, q, h, self.path(zone)) for zone, q, h in tried]
        best: SiteExtension | None = None
        count = 0
        while left:
            costs = [self.with_zone(path, zone, q) for zone, q, _, path in left]
            ratios = [
                (self.heat_mwh + h) / max(cost, FREE)
                for cost, (_, _, h, _) in zip(costs, left, strict=True)
            ]
            k = int(np.argmax(ratios))
            if not ratios[k] > 0 or (
                best and ratios[k] <= best.heat_mwh / max(best.cost_eur, FREE)
            ):
                break
            zone, q, h, path = left.pop(k)
            for edge in path:
                self.flow[edge] = self.flow.get(edge, 0.0) + q + zone.loss_mw
            self.base_mw += q + zone.loss_mw
            self.zone_cost += zone.cost_eur
            self.heat_mwh += h
            count += 1
            own = opening_cost(self.site, self.base_mw)
            best = SiteExtension(count, self.heat_mwh, costs[k], own)
        return best
