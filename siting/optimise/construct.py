"""Build good plans quickly: grow trees from sites along cheapest paths and prune them exactly.

At a price ``l`` [MWh/a per EUR] a plan is worth ``heat - l * capex``. For one site the plan is a
tree. Growing hangs every zone on the tree along its cheapest path; pruning then keeps the part of
that tree which is worth most, by dynamic programming from the leaves. Pipe costs are straight lines
around the flows of the last tree (slope scaling), and a price on the site's capacity keeps the flow
within it. Every tree is settled and paid for exactly before it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from siting.model import Model
from siting.optimise.settle import Draft
from siting.problem import Edge
from siting.solvers.outcome import FloatArray

__all__ = ["Constructor", "Tree"]

IntArray = NDArray[np.int64]
ROUNDS = 6
BISECTIONS = 18


@dataclass(frozen=True)
class Tree:
    """A tree grown from one option: its arcs, and the base capacity of each zone it serves [MW]."""

    option: int
    arcs: dict[int, float]
    zones: dict[int, float]
    worth: float

    def draft(self) -> Draft:
        """Return the tree as decisions."""
        return Draft({self.option: sum(self.zones.values())}, dict(self.arcs), dict(self.zones))


class CostLines:
    """Cost of each edge as a straight line around a flow: ``fixed + slope * flow``.

    Sized edges are smoothed between the corners of neighbouring sizes.
    """

    def __init__(self, edges: tuple[Edge, ...], flow_limit_mw: float) -> None:
        self.corners: list[tuple[FloatArray, FloatArray] | None] = []
        self.fixed = np.zeros(len(edges))
        self.slope = np.zeros(len(edges))
        self.loss = np.array([e.sizes[0].loss_mw if e.sizes else e.loss_mw for e in edges])
        self.most = np.array([_most(edge, flow_limit_mw) for edge in edges])
        for k, edge in enumerate(edges):
            if edge.sizes:
                at = np.array([0.0, *(size.capacity_mw for size in edge.sizes)])
                cost = np.array([edge.sizes[0].cost_eur, *(s.cost_eur for s in edge.sizes)])
                self.corners.append((at, cost))
            else:
                self.corners.append(None)
                self.fixed[k], self.slope[k] = edge.cost_eur, edge.cost_per_mw_eur

    def around(self, flow_mw: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return fixed cost [EUR] and slope [EUR/MW] of each edge around a flow [MW]."""
        fixed, slope = self.fixed.copy(), self.slope.copy()
        for k, corner in enumerate(self.corners):
            if corner is None:
                continue
            at, cost = corner
            i = int(np.clip(np.searchsorted(at, flow_mw[k]), 1, len(at) - 1))
            low, high = max(i - 1, 0), min(i + 1, len(at) - 1)
            slope[k] = (cost[high] - cost[low]) / max(at[high] - at[low], 1e-12)
            here = float(np.interp(flow_mw[k], at, cost))
            fixed[k] = max(here - slope[k] * flow_mw[k], cost[0] * 0.5)
        return fixed, slope


def _most(edge: Edge, flow_limit_mw: float) -> float:
    if edge.sizes:
        return min(edge.sizes[-1].capacity_mw, flow_limit_mw)
    return flow_limit_mw if edge.capacity_mw is None else min(edge.capacity_mw, flow_limit_mw)


class Constructor:
    """Grows trees for one model.

    ``favour`` is how much cheaper each arc looks while growing (1 is its real cost), e.g. from a
    relaxed solution; pruning always uses real cost.
    """

    def __init__(self, model: Model, seed: int = 0) -> None:
        data = model.data
        self.model, self.data = model, data
        self.rng = np.random.default_rng(seed)
        self.nodes = len(data.problem.nodes)
        self.tail = np.array([arc.tail for arc in data.arcs], dtype=np.int64)
        self.head = np.array([arc.head for arc in data.arcs], dtype=np.int64)
        self.edge = np.array([arc.edge for arc in data.arcs], dtype=np.int64)
        self.lines = CostLines(data.problem.edges, data.flow_limit_mw)
        node_of = {name: k for k, name in enumerate(data.problem.nodes)}
        self.zone_ids = np.array(data.zones, dtype=np.int64)
        zones = [data.zone(z) for z in data.zones]
        self.zone_node = np.array([node_of[zone.node] for zone in zones], dtype=np.int64)
        self.peak = np.array([zone.peak_mw for zone in zones])
        self.heat = np.array([zone.heat_mwh for zone in zones])
        self.cost = np.array([zone.cost_eur for zone in zones])
        self.zone_loss = np.array([zone.loss_mw for zone in zones])
        self.curves = _Curves([zone.load_curve for zone in zones], self.heat, self.peak)

    def grow(
        self,
        option: int,
        price: float,
        *,
        banned_edges: set[int] | None = None,
        taken_zones: set[int] | None = None,
        favour: FloatArray | None = None,
        rounds: int = ROUNDS,
        shake: float = 0.0,
        accept: Callable[[Tree], None] | None = None,
    ) -> Tree | None:
        """Return the best tree found for one option at a price [MWh/a per EUR], or None.

        ``accept`` is called with every tree on the way, so that it can be paid for exactly.
        """
        usable = np.ones(len(self.tail), dtype=bool)
        if banned_edges:
            usable &= ~np.isin(self.edge, np.fromiter(banned_edges, dtype=np.int64))
        free = np.ones(len(self.zone_ids), dtype=bool)
        if taken_zones:
            free &= ~np.isin(self.zone_ids, np.fromiter(taken_zones, dtype=np.int64))
        flow = np.full(len(self.lines.most), 0.3 * self._typical_flow())
        best: Tree | None = None
        kept: set[int] = set()
        for _ in range(rounds):
            parent = self._hang_zones(option, kept, flow, price, usable, favour, shake)
            tree = self._prune(option, parent, flow, price, free)
            if tree is None:
                break
            if accept is not None:
                accept(tree)
            if best is None or tree.worth > best.worth:
                best = tree
            before, kept = kept, set(tree.arcs)
            used = np.array([self.edge[a] for a in tree.arcs], dtype=np.int64)
            flow[used] = list(tree.arcs.values())
            if kept == before:
                break
        return best

    def _typical_flow(self) -> float:
        return float(np.median(self.peak)) if len(self.peak) else 1.0

    def _hang_zones(
        self,
        option: int,
        kept: set[int],
        flow: FloatArray,
        price: float,
        usable: NDArray[np.bool_],
        favour: FloatArray | None,
        shake: float,
    ) -> IntArray:
        """Return, for each node, the arc by which it hangs on the tree (-1 for none)."""
        del price
        fixed, slope = self.lines.around(flow)
        weight = (fixed + slope * self._typical_flow())[self.edge]
        if favour is not None:
            weight = weight * favour
        if shake:
            weight = weight * self.rng.uniform(1 - shake, 1 + shake, len(weight))
        arcs = np.flatnonzero(usable)
        key = self.tail[arcs] * self.nodes + self.head[arcs]
        order = np.lexsort((weight[arcs], key))
        first = np.unique(key[order], return_index=True)[1]
        arcs = arcs[order][first]
        start = self.data.options[option].node
        if kept:
            inside = np.fromiter(kept, dtype=np.int64)
            weight[inside] = 1e-9
        graph = sparse.csr_array(
            (np.maximum(weight[arcs], 1e-9), (self.tail[arcs], self.head[arcs])),
            shape=(self.nodes, self.nodes),
        )
        _, before = csgraph.dijkstra(
            sparse.csr_matrix(graph), indices=start, return_predecessors=True
        )
        arc_of = dict(zip((self.tail[arcs] * self.nodes + self.head[arcs]).tolist(), arcs.tolist(), strict=True))
        parent = np.full(self.nodes, -1, dtype=np.int64)
        for node in np.flatnonzero(before >= 0):
            parent[node] = arc_of[int(before[node]) * self.nodes + int(node)]
        return parent

    def _prune(
        self, option: int, parent: IntArray, flow: FloatArray, price: float, free: NDArray[np.bool_]
    ) -> Tree | None:
        """Return the part of a hanging tree that is worth most within the option's capacity."""
        root = self.data.options[option].node
        each = self.data.options[option].option
        order = self._root_first(parent, root)
        fixed, slope = self.lines.around(flow)
        slopes = np.zeros(self.nodes)
        for node in order[1:]:
            arc = parent[node]
            slopes[node] = slopes[self.tail[arc]] + slope[self.edge[arc]]
        reached = np.zeros(self.nodes, dtype=bool)
        reached[order] = True
        open_zone = free & reached[self.zone_node]
        per_mw = price * (each.cost_per_mw_eur + slopes[self.zone_node])
        cost = price * fixed

        def chosen(scarcity: float) -> tuple[list[int], FloatArray, FloatArray, float]:
            base, gain = self.curves.best(per_mw + scarcity)
            gain = gain - price * self.cost - (per_mw + scarcity) * self.zone_loss
            gain = np.where(open_zone, gain, -np.inf)
            return self._best_subtree(order, parent, root, gain, base, cost, scarcity)

        capacity = self.data.options[option].capacity_mw
        nodes, taken, base, needed = chosen(0.0)
        if needed > capacity:
            low, high = 0.0, float(8760.0)
            for _ in range(BISECTIONS):
                middle = (low + high) / 2
                trial = chosen(middle)
                if trial[3] > capacity:
                    low = middle
                else:
                    high, (nodes, taken, base, needed) = middle, trial
            if needed > capacity:
                return None
        if not taken.any():
            return None
        return self._tree(option, parent, root, nodes, taken > 0, base, price, fixed, capacity)

    def _root_first(self, parent: IntArray, root: int) -> list[int]:
        """Return the nodes of a hanging tree, each after the node it hangs on."""
        children: dict[int, list[int]] = {}
        for node in np.flatnonzero(parent >= 0).tolist():
            children.setdefault(int(self.tail[parent[node]]), []).append(node)
        order = [root]
        for node in order:
            order += children.get(node, ())
        return order

    def _best_subtree(
        self,
        order: list[int],
        parent: IntArray,
        root: int,
        gain: FloatArray,
        base: FloatArray,
        cost: FloatArray,
        scarcity: float,
    ) -> tuple[list[int], FloatArray, FloatArray, float]:
        """Return nodes kept, zones taken, their base capacity, and the capacity needed [MW]."""
        worth = np.zeros(self.nodes)
        positive = gain > 0
        np.add.at(worth, self.zone_node[positive], gain[positive])
        keep = np.zeros(self.nodes, dtype=bool)
        for node in reversed(order[1:]):
            arc = parent[node]
            e = self.edge[arc]
            net = worth[node] - cost[e] - scarcity * self.lines.loss[e]
            if net > 0:
                keep[node] = True
                worth[self.tail[arc]] += net
        keep[root] = True
        kept = [root]
        lost = 0.0
        inside = np.zeros(self.nodes, dtype=bool)
        inside[root] = True
        for node in order[1:]:
            if keep[node] and inside[self.tail[parent[node]]]:
                inside[node] = True
                kept.append(node)
                lost += self.lines.loss[self.edge[parent[node]]]
        taken = positive & inside[self.zone_node]
        needed = float((base + self.zone_loss)[taken].sum()) + lost
        return kept, taken.astype(float), base, needed

    def _tree(
        self,
        option: int,
        parent: IntArray,
        root: int,
        nodes: list[int],
        taken: NDArray[np.bool_],
        base: FloatArray,
        price: float,
        fixed: FloatArray,
        capacity: float,
    ) -> Tree:
        """Return the tree with its flows, the capacity filled up where it pays."""
        need = np.zeros(self.nodes)
        np.add.at(need, self.zone_node[taken], (base + self.zone_loss)[taken])
        arcs: dict[int, float] = {}
        for node in reversed(nodes[1:]):
            arc = int(parent[node])
            entering = need[node] + self.lines.loss[self.edge[arc]]
            arcs[arc] = float(entering)
            need[self.tail[arc]] += entering
        zones = {int(self.zone_ids[i]): float(base[i]) for i in np.flatnonzero(taken)}
        heat = float(self.curves.heat_at(base)[taken].sum())
        each = self.data.options[option].option
        capex = each.cost_eur + each.cost_per_mw_eur * need[root] + float(self.cost[taken].sum())
        capex += sum(self._pipe_cost(int(self.edge[a]), f) for a, f in arcs.items())
        del fixed, capacity
        return Tree(option, arcs, zones, heat - price * capex)

    def _pipe_cost(self, edge: int, flow_mw: float) -> float:
        item = self.data.problem.edges[edge]
        for size in item.sizes:
            if size.capacity_mw >= flow_mw:
                return size.cost_eur
        if item.sizes:
            return item.sizes[-1].cost_eur
        return item.cost_eur + item.cost_per_mw_eur * flow_mw


class _Curves:
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

    def best(self, price_per_mw: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the base capacity that pays best at a price [MWh/a per MW], and its surplus."""
        surplus = self.step_heat - price_per_mw[:, None] * self.step_mw
        take = (surplus > 0) | self.whole[:, None]
        return (self.step_mw * take).sum(axis=1), (surplus * take).sum(axis=1)

    def heat_at(self, base_mw: FloatArray) -> FloatArray:
        """Return the annual heat that a base capacity delivers [MWh/a]."""
        before = np.cumsum(self.step_mw, axis=1) - self.step_mw
        left = np.clip(base_mw[:, None] - before, 0.0, self.step_mw)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(self.step_mw > 0, left / self.step_mw, 0.0)
        total: FloatArray = (self.step_heat * share).sum(axis=1)
        return np.where(self.whole, self.step_heat.sum(axis=1), total)
