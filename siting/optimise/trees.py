"""Build good trees in a rooted network quickly, and improve them by exchanging parts; seeded.

Trees are grown along cheapest paths (Takahashi and Matsuyama 1980), pruned exactly by dynamic
programming, and improved by taking out one path at a time and hanging the branch on again where it
is cheapest (key-path exchange, Uchoa and Werneck 2012, here with loads
and with directions). Growing again on the arcs of several good trees combines them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from siting.optimise.ascent import Ascent, RootedNetwork
from siting.optimise.tree_kernels import attach, exchange_paths, grow_tree, order_of_tree, prune

__all__ = ["RootedTree", "TreeBuilder"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
POOL = 8
PASSES = 12
"""How often a tree is gone through at most."""


@dataclass(frozen=True)
class RootedTree:
    """A tree in a rooted network: its arcs, the terminals it serves, and what it costs.

    ``cost`` counts the prizes of terminals left out; infinite if one had to be served.
    """

    arcs: IntArray
    served: BoolArray
    cost: float


class TreeBuilder:
    """Builds and improves trees in one network; without ``exchange`` it only builds."""

    def __init__(self, network: RootedNetwork, seed: int = 0, *, exchange: bool = True) -> None:
        self.network, self.exchange = network, exchange
        self.rng = np.random.default_rng(seed)
        self.into = network.into
        order = self.into.order
        self.tail = self.into.end
        self.head = network.head[order]
        self.cost = network.cost[order]
        count = len(network.at)
        self.slope = np.zeros(len(order)) if network.slope is None else network.slope[order]
        self.demand = np.zeros(count) if network.demand is None else network.demand
        self.place = np.empty(len(order), dtype=np.int64)
        self.place[order] = np.arange(len(order))
        self.pool: list[RootedTree] = []

    @cached_property
    def reverse(self) -> IntArray:
        """The cheapest arc in the other direction of each arc, -1 where there is none."""
        nodes = self.network.nodes
        forth, back = self.tail * nodes + self.head, self.head * nodes + self.tail
        order = np.lexsort((self.cost, forth))
        ranked = forth[order]
        spot = np.searchsorted(ranked, back)
        hit = np.minimum(spot, max(len(ranked) - 1, 0))
        found = (spot < len(ranked)) & (ranked[hit] == back) if len(ranked) else spot < 0
        return np.where(found, order[hit] if len(ranked) else spot, -1).astype(np.int64)

    @property
    def best(self) -> RootedTree | None:
        """The cheapest tree so far."""
        return self.pool[0] if self.pool else None

    # -- building -------------------------------------------------------------------------------

    def grow(self, weight: FloatArray, wanted: BoolArray | None = None) -> RootedTree:
        """Return a pruned tree grown along arcs of least weight to the wanted terminals."""
        net, out = self.network, self.network.out_of
        asked = net.prize > 0 if wanted is None else wanted & (net.prize > 0)
        nodes = np.zeros(net.nodes, dtype=bool)
        nodes[net.at[asked]] = True
        by = grow_tree(out.start, out.end, net.tail[out.order], weight[out.order], net.root, nodes)
        found = by >= 0
        by[found] = self.place[out.order[by[found]]]
        return self._pruned(by)

    def _pruned(self, by: IntArray) -> RootedTree:
        net = self.network
        kept, served, total = prune(
            by, self.tail, self.cost, self.slope, net.root, net.at, net.prize, self.demand
        )
        arcs = self.into.order[kept[kept >= 0]]
        return RootedTree(np.sort(arcs), served, float(total))

    def improve(self, tree: RootedTree, stop: Callable[[], bool] = lambda: False) -> RootedTree:
        """Return a tree in which no exchange of one path, and no single terminal, pays."""
        net = self.network
        by = self._by(tree)
        for _ in range(PASSES if self.exchange else 0):
            before = tree.cost
            turn = self.rng.permutation(net.nodes)
            by, _ = exchange_paths(
                self.into.start,
                self.tail,
                self.cost,
                self.slope,
                self.reverse,
                by,
                net.root,
                net.at,
                self.demand,
                tree.served,
                turn,
            )
            by, _ = attach(
                self.into.start,
                self.tail,
                self.cost,
                self.slope,
                by,
                net.root,
                net.at,
                net.prize,
                self.demand,
                tree.served,
                self.rng.permutation(len(net.at)),
            )
            better = self._pruned(by)
            if better.cost < tree.cost:
                tree = better
            by = self._by(tree)
            if stop() or not tree.cost < before * (1 - 1e-7) - 1e-12:
                break
        return tree

    def _by(self, tree: RootedTree) -> IntArray:
        by = np.full(self.network.nodes, -1, dtype=np.int64)
        by[self.network.head[tree.arcs]] = self.place[tree.arcs]
        return by

    def keep(self, tree: RootedTree) -> bool:
        """Put a tree among the best few; say whether it is the best."""
        if not np.isfinite(tree.cost):
            return False
        if any(np.array_equal(tree.arcs, each.arcs) for each in self.pool):
            return False
        self.pool.append(tree)
        self.pool.sort(key=lambda each: each.cost)
        del self.pool[POOL:]
        return self.pool[0] is tree

    # -- searching ------------------------------------------------------------------------------

    def weights(self, shake: float, load: float) -> FloatArray:
        """Return arc weights at a load per arc, shaken at random by up to a share."""
        net = self.network
        weight = net.cost if net.slope is None else net.cost + load * net.slope
        if shake:
            weight = weight * self.rng.uniform(1 - shake, 1 + shake, len(weight))
        return np.asarray(weight)

    def typical_load(self) -> float:
        """Return a load as pipes in the middle of a network carry it."""
        total = float(self.demand[self.network.prize > 0].sum())
        return float(total ** self.rng.uniform(0.0, 1.0)) if total > 1 else total * 0.3

    def start(self, ascent: Ascent | None, stop: Callable[[], bool]) -> None:
        """Keep a first tree, and one along the arcs on which a dual ascent has little left."""
        load = 0.1 * float(self.demand[self.network.prize > 0].sum())
        guides = [self.weights(0.0, load)]
        if ascent is not None:
            guides.append(ascent.reduced_cost + 0.02 * guides[0])
        for guide in guides:
            tree = self.grow(guide)
            self.keep(self.improve(self._again(guide, tree), stop))
            if stop():
                return

    def _again(self, guide: FloatArray, tree: RootedTree) -> RootedTree:
        """Grow again to those terminals only that a tree serves, while that helps."""
        for _ in range(4):
            if not tree.served.any():
                break
            better = self.grow(guide, tree.served)
            if not better.cost < tree.cost * (1 - 1e-9):
                break
            tree = better
        return tree

    def restart(self, ascent: Ascent | None, stop: Callable[[], bool]) -> bool:
        """Build one more tree, shaken or from parts of the best; say whether it is the best."""
        guide = self.weights(self.rng.uniform(0.05, 0.5), self.typical_load())
        draw = self.rng.random()
        if ascent is not None and draw < 0.35:
            guide = ascent.reduced_cost + self.rng.uniform(0.01, 0.3) * guide
        elif self.pool and draw < 0.8:
            guide = guide * self._foreign()
        wanted = None
        if self.pool and self.rng.random() < 0.5:
            wanted = self.pool[int(self.rng.integers(len(self.pool)))].served.copy()
        tree = self._again(guide, self.grow(guide, wanted))
        return self.keep(self.improve(tree, stop))

    def _foreign(self) -> FloatArray:
        """Return factors that make arcs dear that no good tree uses."""
        factor = np.full(len(self.network.tail), self.rng.uniform(1.5, 20.0))
        count = int(self.rng.integers(2, POOL + 1))
        for tree in self.rng.permutation(len(self.pool))[:count]:
            factor[self.pool[int(tree)].arcs] = 1.0
        return factor

    def search(
        self, ascent: Ascent | None, restarts: int, stop: Callable[[], bool]
    ) -> RootedTree | None:
        """Build trees until the restarts are used up or ``stop`` says so; return the best."""
        if not self.pool:
            self.start(ascent, stop)
        for _ in range(restarts):
            if stop():
                break
            self.restart(ascent, stop)
        return self.best

    def nodes_of(self, tree: RootedTree) -> IntArray:
        """Return the nodes of a tree, each after the one it hangs on."""
        return np.asarray(order_of_tree(self._by(tree), self.tail, self.network.root))
