"""Loops over trees, compiled by numba once and cached."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["prune_tree", "root_first"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@numba.njit(cache=True)
def root_first(above: Ints, root: int) -> Ints:
    """Return the nodes of a hanging tree, each after the node ``above`` it (-1 for none)."""
    n = len(above)
    count = np.zeros(n + 1, np.int64)
    for node in range(n):
        if above[node] >= 0:
            count[above[node] + 1] += 1
    start = np.cumsum(count)
    fill = start.copy()
    children = np.empty(start[n], np.int64)
    for node in range(n):
        if above[node] >= 0:
            children[fill[above[node]]] = node
            fill[above[node]] += 1
    order = np.empty(n, np.int64)
    order[0] = root
    size = 1
    at = 0
    while at < size:
        node = order[at]
        at += 1
        for i in range(start[node], start[node + 1]):
            order[size] = children[i]
            size += 1
    return order[:size].copy()


@numba.njit(cache=True)
def prune_tree(order: Ints, above: Ints, gain: Floats, cost: Floats) -> tuple[Any, Any]:
    """Return which nodes the best subtree keeps, and what it is worth.

    ``gain`` is the worth of each node, ``cost`` that of the pipe by which it hangs.
    """
    n = len(above)
    worth = gain.copy()
    pays = np.zeros(n, np.bool_)
    for i in range(len(order) - 1, 0, -1):
        node = order[i]
        net = worth[node] - cost[node]
        if net > 0.0:
            pays[node] = True
            worth[above[node]] += net
    inside = np.zeros(n, np.bool_)
    inside[order[0]] = True
    for i in range(1, len(order)):
        node = order[i]
        if pays[node] and inside[above[node]]:
            inside[node] = True
    return inside, worth[order[0]]
