"""Find, for each street, the cheapest other way between its ends; compiled by numba and cached."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from siting.optimise.heaps import heap_pop, heap_push, wider

__all__ = ["detours"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST = 400
"""Nodes looked at for one street."""


@numba.njit(cache=True)
def detours(  # noqa: PLR0912, PLR0915 - one compiled search
    nodes: int, u: Ints, v: Ints, cost: Floats, turn: Ints
) -> Any:
    """Return a way that costs no more than each street, in the order of ``turn``; often none.

    A street for which a way was found does not take part in later ways. The answer is a pair: the
    way of the i-th street in turn is ``ways[start[i] : start[i + 1]]``, as positions of streets.
    """
    count = np.zeros(nodes + 1, np.int64)
    for e in range(len(u)):
        count[u[e] + 1] += 1
        count[v[e] + 1] += 1
    first = np.cumsum(count)
    fill = first.copy()
    at = np.empty(2 * len(u), np.int64)
    for e in range(len(u)):
        at[fill[u[e]]] = e
        fill[u[e]] += 1
        at[fill[v[e]]] = e
        fill[v[e]] += 1
    gone = np.zeros(len(u), np.bool_)
    far = np.full(nodes, np.inf)
    by = np.full(nodes, -1, np.int64)
    met = np.empty(nodes, np.int64)
    keys, items = np.empty(256, np.float64), np.empty(256, np.int64)
    start = np.zeros(len(turn) + 1, np.int64)
    ways = np.empty(1024, np.int64)
    total = 0
    for i in range(len(turn)):
        e = turn[i]
        far[u[e]] = 0.0
        met[0] = u[e]
        touched, settled = 1, 0
        size = heap_push(keys, items, 0, 0.0, u[e])
        found = False
        while size > 0 and settled < MOST:
            d, node = keys[0], items[0]
            size = heap_pop(keys, items, size)
            if d > far[node]:
                continue
            if node == v[e]:
                found = True
                break
            settled += 1
            for k in range(first[node], first[node + 1]):
                f = at[k]
                if f == e or gone[f]:
                    continue
                other = u[f] if v[f] == node else v[f]
                step = d + cost[f]
                if step <= cost[e] and step < far[other]:
                    if far[other] == np.inf:
                        met[touched] = other
                        touched += 1
                    far[other] = step
                    by[other] = f
                    if size + 1 >= len(keys):
                        keys, items = wider(keys), wider(items)
                    size = heap_push(keys, items, size, step, other)
        if found:
            gone[e] = True
            node = v[e]
            while node != u[e]:
                if total >= len(ways):
                    ways = wider(ways)
                ways[total] = by[node]
                total += 1
                node = u[by[node]] if v[by[node]] == node else v[by[node]]
        start[i + 1] = total
        for k in range(touched):
            far[met[k]] = np.inf
            by[met[k]] = -1
    return start, ways[:total].copy()
