"""Build good plans quickly: grow trees from sites along cheapest paths and prune them exactly.

At a price ``l`` [MWh/a per EUR] a plan is worth ``heat - l * capex``. For one site the plan is a
tree. Growing hangs every zone on the tree along its cheapest path; pruning then keeps the part of
that tree which is worth most, by dynamic programming from the leaves. Pipe costs are straight lines
around the flows of the last tree (slope scaling), and a price on the site's capacity keeps the flow
within it. Several sites are added one after the other, the most valuable first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from siting.model.data import HasData
from siting.optimise.kernels import prune_tree, root_first
from siting.optimise.settle import Draft
from siting.problem import Edge
from siting.solvers.outcome import FloatArray

__all__ = ["Constructor", "Tree"]

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ROUNDS = 8
BISECTIONS = 20
TINY = 1e-9


@dataclass(frozen=True)
class Tree:
    """A tree grown from one option: its arcs with their flow [MW], its zones with their base [MW].

    ``worth`` is heat less price times investment [MWh/a].
    """

    option: int
    arcs: dict[int, float]
    zones: dict[int, float]
    worth: float
    edges: frozenset[int] = field(default=frozenset())


def draft_of(trees: Iterable[Tree]) -> Draft:
    """Return several trees as the decisions of one plan."""
    draft = Draft({}, {}, {})
    for tree in trees:
        draft.options[tree.option] = sum(tree.zones.values())
        draft.arcs.update(tree.arcs)
        draft.zones.update(tree.zones)
    return draft


class CostLines:
    """Cost of each edge as a straight line around a flow: ``fixed + slope * flow``.

    Sized edges are smoothed between the corners of neighbouring sizes.
    """

    def __init__(self, edges: tuple[Edge, ...], flow_limit_mw: float) -> None:
        width = max((len(edge.sizes) for edge in edges), default=0) + 1
        self.at = np.full((len(edges), width), np.inf)
        self.cost = np.zeros((len(edges), width))
        self.count = np.array([len(edge.sizes) for edge in edges], dtype=np.int64)
        self.loss = np.zeros((len(edges), width))
        for k, edge in enumerate(edges):
            sizes = edge.sizes
            self.at[k, 0] = 0.0
            if sizes:
                n = len(sizes)
                self.at[k, 1 : n + 1] = [size.capacity_mw for size in sizes]
                self.cost[k, : n + 1] = [sizes[0].cost_eur, *(size.cost_eur for size in sizes)]
                self.cost[k, n + 1 :] = self.cost[k, n]
                self.loss[k, : n + 1] = [sizes[0].loss_mw, *(size.loss_mw for size in sizes)]
                self.loss[k, n + 1 :] = self.loss[k, n]
            else:
                self.loss[k] = edge.loss_mw
        self.fixed = np.array([edge.cost_eur for edge in edges])
        self.slope = np.array([edge.cost_per_mw_eur for edge in edges])
        self.rows = np.arange(len(edges))
        self.flow_limit_mw = flow_limit_mw

    def _size(self, flow_mw: FloatArray) -> IntArray:
        place = (self.at < flow_mw[:, None] * (1 - TINY)).sum(axis=1)
        size: IntArray = np.clip(place, 1, np.maximum(self.count, 1))
        return size

    def around(self, flow_mw: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return fixed cost [EUR], slope [EUR/MW] and loss [MW] of each edge around a flow [MW]."""
        i = self._size(flow_mw)
        sized = self.count > 0
        low, high = np.maximum(i - 1, 0), np.minimum(i + 1, np.maximum(self.count, 1))
        width = self.at.shape[1] - 1
        high = np.minimum(high, width)
        rise = self.cost[self.rows, high] - self.cost[self.rows, low]
        run = self.at[self.rows, high] - self.at[self.rows, low]
        slope = np.where(sized & np.isfinite(run) & (run > 0), rise / np.maximum(run, TINY), 0.0)
        i = np.minimum(i, width)
        fixed = np.maximum(self.cost[self.rows, i] - slope * flow_mw, 0.5 * self.cost[:, 0])
        return (
            np.where(sized, fixed, self.fixed),
            np.where(sized, slope, self.slope),
            self.loss[self.rows, i],
        )

    def pay(self, edge: int, flow_mw: float) -> float:
        """Return the true cost of an edge at a flow [EUR]."""
        if not self.count[edge]:
            return float(self.fixed[edge] + self.slope[edge] * flow_mw)
        i = int(np.searchsorted(self.at[edge, : self.count[edge] + 1], flow_mw * (1 - TINY)))
        return float(self.cost[edge, min(max(i, 1), self.count[edge])])


class Constructor:
    """Grows trees for one model."""

    def __init__(self, model: HasData, seed: int = 0) -> None:
        data = model.data
        self.data = data
        self.rng = np.random.default_rng(seed)
        self.nodes = len(data.problem.nodes)
        self.tail = np.array([arc.tail for arc in data.arcs], dtype=np.int64)
        self.head = np.array([arc.head for arc in data.arcs], dtype=np.int64)
        self.edge = np.array([arc.edge for arc in data.arcs], dtype=np.int64)
        self.key = self.tail * self.nodes + self.head
        self.lines = CostLines(data.problem.edges, data.flow_limit_mw)
        node_of = {name: k for k, name in enumerate(data.problem.nodes)}
        self.zone_ids = np.array(data.zones, dtype=np.int64)
        zones = [data.zone(z) for z in data.zones]
        self.zone_node = np.array([node_of[zone.node] for zone in zones], dtype=np.int64)
        self.cost = np.array([zone.cost_eur for zone in zones])
        self.zone_loss = np.array([zone.loss_mw for zone in zones])
        heat = np.array([zone.heat_mwh for zone in zones])
        peak = np.array([zone.peak_mw for zone in zones])
        self.mandatory = np.array([zone.mandatory for zone in zones], dtype=bool)
        self.curves = Curves([zone.load_curve for zone in zones], heat, peak)
        self.typical_mw = float(np.median(peak)) * 0.3 if len(peak) else 1.0

    # -- several sites --------------------------------------------------------------------------

    def portfolio(
        self,
        price: float,
        *,
        most_sites: int | None = None,
        favour: FloatArray | None = None,
        shake: float = 0.0,
        stop: Callable[[], bool] = lambda: False,
    ) -> list[Tree]:
        """Return trees of several sites at a price, each worth something beside the others."""
        chosen: list[Tree] = []
        waiting = list(range(len(self.data.sources)))
        ideas: dict[int, Tree | None] = {}
        while waiting and not stop():
            banned = {e for tree in chosen for e in tree.edges}
            taken = {z for tree in chosen for z in tree.zones}
            for c in waiting:
                idea = ideas.get(c)
                stale = c not in ideas or (
                    idea is not None and (idea.edges & banned or taken & set(idea.zones))
                )
                if stale:
                    ideas[c] = self.grow(
                        c, price, banned_edges=banned, taken_zones=taken, favour=favour, shake=shake
                    )
            worth = {c: tree.worth for c in waiting if (tree := ideas[c]) is not None}
            best = max(worth, key=lambda c: worth[c], default=None)
            if best is None or worth[best] <= 0:
                break
            tree = ideas[best]
            assert tree is not None
            chosen.append(tree)
            waiting.remove(best)
            if most_sites is not None and len(chosen) >= most_sites:
                break
        return chosen

    # -- one site -------------------------------------------------------------------------------

    def grow(
        self,
        source: int,
        price: float,
        *,
        banned_edges: set[int] | None = None,
        taken_zones: set[int] | None = None,
        favour: FloatArray | None = None,
        shake: float = 0.0,
        accept: Callable[[Tree], None] | None = None,
    ) -> Tree | None:
        """Return the best tree found for one source at a price [MWh/a per EUR], or None.

        ``favour`` is how much cheaper each arc looks while growing; pruning uses real cost.
        ``accept`` is called with every tree on the way.
        """
        if not len(self.tail):
            return None
        usable = np.ones(len(self.tail), dtype=bool)
        if banned_edges:
            usable &= ~np.isin(self.edge, np.fromiter(banned_edges, dtype=np.int64))
        free = np.ones(len(self.zone_ids), dtype=bool)
        if taken_zones:
            free &= ~np.isin(self.zone_ids, np.fromiter(taken_zones, dtype=np.int64))
        best: Tree | None = None
        for first in self._starting_options(source):
            option = first
            flow = np.full(len(self.lines.fixed), self.typical_mw)
            kept: dict[int, float] = {}
            for _ in range(ROUNDS):
                parent = self._hang(option, kept, flow, usable, favour, shake)
                tree = self._prune(option, parent, flow, price, free)
                if tree is None:
                    break
                if accept is not None:
                    accept(tree)
                if best is None or tree.worth > best.worth:
                    best = tree
                before, kept = kept, tree.arcs
                flow = np.full(len(flow), self.typical_mw)
                for a, entering in kept.items():
                    flow[self.edge[a]] = entering
                option = self._best_option(source, sum(tree.zones.values()))
                if not shake and set(kept) == set(before):
                    break
        return best

    def _starting_options(self, source: int) -> list[int]:
        """Return the option that gives most, and the one that is cheapest when nearly full."""
        options = self.data.sources[source].options
        largest = max(options, key=lambda k: self.data.options[k].capacity_mw)
        cheap = self._best_option(source, 0.5 * self.data.options[largest].capacity_mw)
        return list(dict.fromkeys((cheap, largest)))

    def _best_option(self, source: int, output_mw: float) -> int:
        """Return the cheapest option that gives an output [MW]."""
        options = self.data.sources[source].options
        able = [k for k in options if self.data.options[k].capacity_mw >= output_mw]
        return min(
            able or options,
            key=lambda k: (
                self.data.options[k].option.cost_eur
                + self.data.options[k].option.cost_per_mw_eur * output_mw
            ),
        )

    def _hang(
        self,
        option: int,
        kept: dict[int, float],
        flow: FloatArray,
        usable: BoolArray,
        favour: FloatArray | None,
        shake: float,
    ) -> IntArray:
        """Return, for each node, the arc by which it hangs on the tree so far (-1 for none)."""
        fixed, slope, _ = self.lines.around(flow)
        weight = (fixed + slope * self.typical_mw)[self.edge]
        if favour is not None:
            weight = weight * favour
        if shake:
            weight = weight * self.rng.uniform(1 - shake, 1 + shake, len(weight))
        if kept:
            weight[np.fromiter(kept, dtype=np.int64)] = 0.0
        arcs = np.flatnonzero(usable)
        order = np.lexsort((weight[arcs], self.key[arcs]))
        keys, first = np.unique(self.key[arcs][order], return_index=True)
        arcs = arcs[order][first]
        graph = sparse.csr_matrix(
            (np.maximum(weight[arcs], 1e-6), (self.tail[arcs], self.head[arcs])),
            shape=(self.nodes, self.nodes),
        )
        start = self.data.options[option].node
        _, before = csgraph.dijkstra(graph, indices=start, return_predecessors=True)
        parent = np.full(self.nodes, -1, dtype=np.int64)
        reached = np.flatnonzero(before >= 0)
        place = np.searchsorted(keys, before[reached].astype(np.int64) * self.nodes + reached)
        parent[reached] = arcs[place]
        return parent

    def _prune(
        self, option: int, parent: IntArray, flow: FloatArray, price: float, free: BoolArray
    ) -> Tree | None:
        """Return the part of a hanging tree that is worth most within the option's capacity."""
        each = self.data.options[option]
        hangs = parent >= 0
        above = np.where(hangs, self.tail[parent], -1)
        order = root_first(above, each.node)
        fixed, slope, loss = self.lines.around(flow)
        pipe = np.where(hangs, self.edge[parent], 0)
        slopes = np.zeros(self.nodes)
        for node in order[1:]:
            slopes[node] = slopes[above[node]] + slope[pipe[node]]
        reached = np.zeros(self.nodes, dtype=bool)
        reached[order] = True
        open_zone = free & reached[self.zone_node]
        per_mw = price * (each.option.cost_per_mw_eur + slopes[self.zone_node])

        def chosen(scarcity: float) -> tuple[BoolArray, BoolArray, FloatArray, float]:
            base, gain = self.curves.best(per_mw + scarcity)
            gain = gain - price * self.cost - (per_mw + scarcity) * self.zone_loss
            gain = np.where(self.mandatory, np.maximum(gain, 1e9), gain)
            positive = open_zone & (gain > 0)
            at_node = np.bincount(self.zone_node[positive], gain[positive], self.nodes).astype(
                float
            )
            cost = np.where(hangs, price * fixed[pipe] + scarcity * loss[pipe], 0.0)
            inside, _ = prune_tree(order, above, at_node, cost)
            taken = positive & inside[self.zone_node]
            lost = float(loss[pipe[inside & hangs]].sum())
            return inside, taken, base, float((base + self.zone_loss)[taken].sum()) + lost

        inside, taken, base, needed = chosen(0.0)
        if needed > each.capacity_mw:
            low, high = 0.0, 10_000.0
            fitting = None
            for _ in range(BISECTIONS):
                middle = (low + high) / 2
                trial = chosen(middle)
                if trial[3] > each.capacity_mw:
                    low = middle
                else:
                    high, fitting = middle, trial
            if fitting is None:
                return None
            inside, taken, base, needed = fitting
        if not taken.any():
            return None
        kept = order[inside[order]]
        return self._tree(option, parent, kept, taken, base, price)

    def _tree(
        self,
        option: int,
        parent: IntArray,
        kept: IntArray,
        taken: BoolArray,
        base: FloatArray,
        price: float,
    ) -> Tree:
        """Return a pruned tree with its flows and its true worth."""
        need = np.bincount(self.zone_node[taken], (base + self.zone_loss)[taken], self.nodes)
        arcs: dict[int, float] = {}
        capex = 0.0
        for node in kept[:0:-1]:
            a = int(parent[node])
            e = int(self.edge[a])
            entering = float(need[node]) + self._loss(e, float(need[node]))
            arcs[a] = entering
            capex += self.lines.pay(e, entering)
            need[self.tail[a]] += entering
        each = self.data.options[option].option
        root = self.data.options[option].node
        capex += each.cost_eur + each.cost_per_mw_eur * float(need[root])
        capex += float(self.cost[taken].sum())
        heat = float(self.curves.heat_at(base)[taken].sum())
        zones = {int(self.zone_ids[i]): float(base[i]) for i in np.flatnonzero(taken)}
        edges = frozenset(int(self.edge[a]) for a in arcs)
        return Tree(option, arcs, zones, heat - price * capex, edges)

    def _loss(self, edge: int, flow_mw: float) -> float:
        count = int(self.lines.count[edge])
        if not count:
            return float(self.lines.loss[edge, 0])
        i = int(np.searchsorted(self.lines.at[edge, : count + 1], flow_mw * (1 - TINY)))
        return float(self.lines.loss[edge, min(max(i, 1), count)])


class Curves:
    """Load-duration curves of all zones as padded arrays: steps of base capacity and of heat."""

    def __init__(
        self, curves: list[tuple[tuple[float, float], ...]], heat: FloatArray, peak: FloatArray
    ) -> None:
        points = [curve or ((0.0, 0.0), (1.0, 1.0)) for curve in curves]
        width = max((len(curve) for curve in points), default=2) - 1
        self.whole = np.array([not curve for curve in curves], dtype=bool)
        self.step_mw = np.zeros((len(points), width))
        self.step_heat = np.zeros((len(points), width))
        for i, curve in enumerate(points):
            at = np.array(curve)
            count = len(curve) - 1
            self.step_mw[i, :count] = np.diff(at[:, 0]) * peak[i]
            self.step_heat[i, :count] = np.diff(at[:, 1]) * heat[i]

    def part(self, keep: BoolArray) -> Curves:
        """Return the curves of some of the zones."""
        some = copy(self)
        some.whole = self.whole[keep]
        some.step_mw, some.step_heat = self.step_mw[keep], self.step_heat[keep]
        return some

    def limited(self, most_mw: FloatArray) -> Curves:
        """Return the curves cut off at a base capacity; a zone taken whole stays whole."""
        before = np.cumsum(self.step_mw, axis=1) - self.step_mw
        left = np.clip(most_mw[:, None] - before, 0.0, self.step_mw)
        share = np.where(self.step_mw > 0, left / np.maximum(self.step_mw, 1e-300), 1.0)
        share[self.whole] = 1.0
        some = copy(self)
        some.step_mw, some.step_heat = self.step_mw * share, self.step_heat * share
        return some

    def most_within(self, price_per_mw: FloatArray, room: FloatArray) -> FloatArray:
        """Return the most base capacity that falls short of the best surplus by ``room`` at most.

        Beyond the steps that pay, each further step costs more than it yields; a zone taken whole
        has no choice.
        """
        lost = np.maximum(price_per_mw[:, None] * self.step_mw - self.step_heat, 0.0)
        before = np.cumsum(lost, axis=1) - lost
        left = np.maximum(room[:, None] - before, 0.0)
        share = np.where(lost > 0, np.minimum(left / np.maximum(lost, 1e-300), 1.0), 1.0)
        most: FloatArray = (self.step_mw * share).sum(axis=1)
        return np.where(self.whole, self.step_mw.sum(axis=1), most)

    def best(self, price_per_mw: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the base capacity that pays best at a price [MWh/a per MW], and its surplus."""
        surplus = self.step_heat - price_per_mw[:, None] * self.step_mw
        take = (surplus > 0) | self.whole[:, None]
        return (self.step_mw * take).sum(axis=1), (surplus * take).sum(axis=1)

    def heat_at(self, base_mw: FloatArray) -> FloatArray:
        """Return the annual heat that a base capacity delivers [MWh/a]."""
        before = np.cumsum(self.step_mw, axis=1) - self.step_mw
        left = np.clip(base_mw[:, None] - before, 0.0, self.step_mw)
        share = left / np.maximum(self.step_mw, TINY)
        total: FloatArray = (self.step_heat * share).sum(axis=1)
        return np.where(self.whole, self.step_heat.sum(axis=1), total)
