"""Make tiny rooted networks, and find their least cost by listing every set of arcs."""

from __future__ import annotations

import itertools
import math

import numpy as np

from siting.optimise.ascent import RootedNetwork

__all__ = ["least_cost", "plans", "random_network"]


def random_network(seed: int, *, carrying: bool = False, whole: bool = False) -> RootedNetwork:
    """Return a network of at most 9 arcs; some costs are 0, some terminals must be reached."""
    rng = np.random.default_rng([seed, 7])
    nodes, arcs = int(rng.integers(3, 7)), int(rng.integers(3, 10))
    tail, head = rng.integers(0, nodes, arcs), rng.integers(0, nodes, arcs)
    tail[: nodes - 1] = [rng.integers(0, k) for k in range(1, nodes)][:arcs]
    head[: nodes - 1] = np.arange(1, nodes)[:arcs]
    cost = rng.integers(0, 8, arcs) * (1.0 if whole else rng.uniform(0.5, 2.0, arcs))
    count = int(rng.integers(1, 5))
    prize = rng.integers(-1, 15, count) * (1.0 if whole else rng.uniform(0.5, 2.0, count))
    prize = np.where(rng.random(count) < 0.15, np.inf, prize)
    at = rng.integers(0, nodes, count)
    slope = rng.integers(0, 4, arcs) * rng.uniform(0.5, 1.0, arcs) if carrying else None
    demand = rng.uniform(0.0, 3.0, count) if carrying else None
    return RootedNetwork(nodes, 0, tail, head, cost, at, prize, slope, demand)


def plans(net: RootedNetwork) -> list[tuple[float, frozenset[int], frozenset[int]]]:
    """Return cost, arcs and terminals reached of plans for every set of arcs.

    The best one for each set, and one that also reaches all terminals that do not pay.
    """
    found = []
    for size in range(len(net.tail) + 1):
        for arcs in itertools.combinations(range(len(net.tail)), size):
            carried = _carrying(net, arcs)
            cost = sum(net.cost[a] for a in arcs)
            reached = set()
            for t, node in enumerate(net.at):
                own = carried[node] * (0.0 if net.demand is None else net.demand[t])
                own = own if math.isfinite(carried[node]) else math.inf
                if net.prize[t] > 0 and own <= net.prize[t] and math.isfinite(own):
                    reached.add(t)
                    cost += own
                elif net.prize[t] > 0:
                    cost += net.prize[t]
            found.append((cost, frozenset(arcs), frozenset(reached)))
            more = set()
            for t, node in enumerate(net.at):
                if t not in reached and math.isfinite(carried[node]):
                    own = carried[node] * (0.0 if net.demand is None else net.demand[t])
                    cost += own - net.prize[t]
                    more.add(t)
            if more:
                found.append((cost, frozenset(arcs), frozenset(reached | more)))
    return found


def least_cost(net: RootedNetwork) -> float:
    """Return what the cheapest plan costs; infinite if there is none."""
    return min(cost for cost, _, _ in plans(net))


def _carrying(net: RootedNetwork, arcs: tuple[int, ...]) -> list[float]:
    """Return the least cost per unit from the root to each node along some arcs."""
    far = [math.inf] * net.nodes
    far[net.root] = 0.0
    slope = np.zeros(len(net.tail)) if net.slope is None else net.slope
    for _ in range(net.nodes):
        for a in arcs:
            far[net.head[a]] = min(far[net.head[a]], far[net.tail[a]] + slope[a])
    return far
