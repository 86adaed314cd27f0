"""Grow, prune and exchange on trees in a rooted network, compiled by numba once and cached.

A tree is held as the arc into each node (-1: not in the tree, or the root). Arcs cost something
once they are built (``cost``) and something per unit carried (``slope``); a terminal needs its
demand and is worth its prize. On a tree that is separable: every terminal pays for its own way.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from siting.optimise.heaps import heap_pop, heap_push, wider

__all__ = ["attach", "exchange_paths", "grow_tree", "order_of_tree", "prune"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
HUGE = 1e300


@numba.njit(cache=True)
def grow_tree(start: Ints, head: Ints, tail: Ints, cost: Floats, root: int, wanted: Bools) -> Any:
    """Return a tree to all wanted nodes: the nearest one is attached first (Takahashi-Matsuyama).

    Arcs are sorted by tail: those out of node v are ``start[v] .. start[v + 1] - 1``.
    """
    nodes = len(start) - 1
    far = np.full(nodes, HUGE)
    by = np.full(nodes, -1, np.int64)
    inside = np.zeros(nodes, np.bool_)
    keys, items = np.empty(256, np.float64), np.empty(256, np.int64)
    far[root] = 0.0
    inside[root] = True
    size = heap_push(keys, items, 0, 0.0, root)
    while size > 0:
        d, v = keys[0], items[0]
        size = heap_pop(keys, items, size)
        if d > far[v]:
            continue
        if wanted[v] and not inside[v]:
            u = v
            while not inside[u]:
                inside[u] = True
                far[u] = 0.0
                if size + 1 >= len(keys):
                    keys, items = wider(keys), wider(items)
                size = heap_push(keys, items, size, 0.0, u)
                u = tail[by[u]]
            continue
        for a in range(start[v], start[v + 1]):
            u = head[a]
            if inside[u]:
                continue
            if d + cost[a] < far[u]:
                far[u] = d + cost[a]
                by[u] = a
                if size + 1 >= len(keys):
                    keys, items = wider(keys), wider(items)
                size = heap_push(keys, items, size, far[u], u)
    for v in range(nodes):
        if not inside[v]:
            by[v] = -1
    by[root] = -1
    return by


@numba.njit(cache=True)
def order_of_tree(by: Ints, tail: Ints, root: int) -> Any:
    """Return the nodes of a tree, each after the node it hangs on; nothing that hangs elsewhere."""
    nodes = len(by)
    first = np.full(nodes, -1, np.int64)
    following = np.full(nodes, -1, np.int64)
    for v in range(nodes - 1, -1, -1):
        if by[v] >= 0:
            u = tail[by[v]]
            following[v] = first[u]
            first[u] = v
    order = np.empty(nodes, np.int64)
    order[0] = root
    size, at = 1, 0
    while at < size:
        v = first[order[at]]
        at += 1
        while v >= 0:
            order[size] = v
            size += 1
            v = following[v]
    return order[:size].copy()


@numba.njit(cache=True)
def prune(  # noqa: PLR0912 - compiled
    by: Ints,
    tail: Ints,
    cost: Floats,
    slope: Floats,
    root: int,
    at: Ints,
    prize: Floats,
    demand: Floats,
) -> Any:
    """Keep the part of a tree that is worth most; return it, who is served and what it costs.

    What it costs counts the prizes of all terminals left out. A terminal that must be served and
    is not in the tree makes it infinite.
    """
    nodes = len(by)
    order = order_of_tree(by, tail, root)
    carried = np.full(nodes, HUGE)
    carried[root] = 0.0
    for i in range(1, len(order)):
        v = order[i]
        carried[v] = carried[tail[by[v]]] + slope[by[v]]
    gain = np.zeros(nodes)
    must = np.zeros(nodes, np.bool_)
    for t in range(len(at)):
        v = at[t]
        if prize[t] > 0 and carried[v] < HUGE:
            if prize[t] == np.inf:
                must[v] = True
            elif prize[t] > demand[t] * carried[v]:
                gain[v] += prize[t] - demand[t] * carried[v]
    hangs = np.zeros(nodes, np.bool_)
    for i in range(len(order) - 1, 0, -1):
        v = order[i]
        net = gain[v] - cost[by[v]]
        u = tail[by[v]]
        if must[v]:
            must[u] = True
            hangs[v] = True
            gain[u] += net
        elif net > 0:
            hangs[v] = True
            gain[u] += net
    kept = np.full(nodes, -1, np.int64)
    inside = np.zeros(nodes, np.bool_)
    inside[root] = True
    total = 0.0
    for i in range(1, len(order)):
        v = order[i]
        if hangs[v] and inside[tail[by[v]]]:
            inside[v] = True
            kept[v] = by[v]
            total += cost[by[v]]
    served = np.zeros(len(at), np.bool_)
    for t in range(len(at)):
        if prize[t] <= 0:
            continue
        if inside[at[t]] and demand[t] * carried[at[t]] < prize[t]:
            served[t] = True
            total += demand[t] * carried[at[t]]
        else:
            total += prize[t]
    return kept, served, total


@numba.njit(cache=True)
def attach(  # noqa: PLR0912, PLR0915 - compiled
    into: Ints,
    tail: Ints,
    cost: Floats,
    slope: Floats,
    by: Ints,
    root: int,
    at: Ints,
    prize: Floats,
    demand: Floats,
    served: Bools,
    turn: Ints,
) -> Any:
    """Hang on each terminal that pays for its way to the tree; return the tree and how many.

    Arcs are sorted by head: those into node v are ``into[v] .. into[v + 1] - 1``.
    """
    nodes = len(by)
    by = by.copy()
    carried = np.full(nodes, HUGE)
    carried[root] = 0.0
    order = order_of_tree(by, tail, root)
    for i in range(1, len(order)):
        v = order[i]
        carried[v] = carried[tail[by[v]]] + slope[by[v]]
    far = np.full(nodes, HUGE)
    next_arc = np.full(nodes, -1, np.int64)
    met = np.empty(nodes, np.int64)
    keys, items = np.empty(256, np.float64), np.empty(256, np.int64)
    count = 0
    for j in range(len(turn)):
        t = turn[j]
        if served[t] or prize[t] <= 0 or carried[at[t]] < HUGE:
            continue
        best, entry = prize[t], np.int64(-1)
        far[at[t]] = 0.0
        met[0] = at[t]
        touched = 1
        size = heap_push(keys, items, 0, 0.0, at[t])
        while size > 0:
            d, v = keys[0], items[0]
            size = heap_pop(keys, items, size)
            if d >= best:
                break
            if d > far[v]:
                continue
            if carried[v] < HUGE:
                if d + demand[t] * carried[v] < best:
                    best, entry = d + demand[t] * carried[v], v
                continue
            for a in range(into[v], into[v + 1]):
                u = tail[a]
                step = d + cost[a] + demand[t] * slope[a]
                if step < far[u]:
                    if far[u] == HUGE:
                        met[touched] = u
                        touched += 1
                    far[u] = step
                    next_arc[u] = a
                    if size + 1 >= len(keys):
                        keys, items = wider(keys), wider(items)
                    size = heap_push(keys, items, size, step, u)
        if entry >= 0:
            count += 1
            chain = 0
            v = entry
            while v != at[t]:  # from the tree down to the terminal
                a = next_arc[v]
                w = _head_of(into, a)
                by[w] = a
                carried[w] = carried[v] + slope[a]
                v = w
                chain += 1
        for i in range(touched):
            far[met[i]] = HUGE
            next_arc[met[i]] = -1
    return by, count


@numba.njit(cache=True)
def _head_of(into: Ints, a: int) -> int:
    """Return the node whose arcs contain arc ``a``."""
    low, high = 0, len(into) - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if into[middle] <= a:
            low = middle
        else:
            high = middle
    return low


@numba.njit(cache=True)
def exchange_paths(  # noqa: PLR0912, PLR0915 - one loop over shared arrays
    into: Ints,
    tail: Ints,
    cost: Floats,
    slope: Floats,
    reverse: Ints,
    by: Ints,
    root: int,
    at: Ints,
    demand: Floats,
    served: Bools,
    turn: Ints,
) -> Any:
    """Replace paths of a tree by cheaper ones until none is left; return the tree and the saving.

    A path between two junctions (or terminals) is taken out. The branch below is hung on again
    where that is cheapest, by any of its nodes: the way from its old top to the new one is then
    walked backwards. ``reverse`` is the arc in the other direction, -1 if there is none.
    ``turn`` is the order in which nodes are tried.
    """
    nodes = len(by)
    by = by.copy()
    saved = 0.0
    far = np.full(nodes, HUGE)
    next_arc = np.full(nodes, -1, np.int64)
    met = np.empty(nodes, np.int64)
    keys, items = np.empty(256, np.float64), np.empty(256, np.int64)
    needs = np.zeros(nodes)
    keeps = np.zeros(nodes, np.bool_)
    for t in range(len(at)):
        if served[t]:
            needs[at[t]] += demand[t]
            keeps[at[t]] = True
    keeps[root] = True
    below = np.zeros(nodes, np.bool_)
    gone = np.zeros(nodes, np.bool_)
    branch = np.empty(nodes, np.int64)
    changed = True
    children = np.zeros(nodes, np.int64)
    carried = np.full(nodes, HUGE)
    flow = np.zeros(nodes)
    first = np.full(nodes, -1, np.int64)
    following = np.full(nodes, -1, np.int64)
    for j in range(len(turn)):
        if changed:  # work out the tree's figures again
            changed = False
            order = order_of_tree(by, tail, root)
            carried[:] = HUGE
            children[:] = 0
            first[:] = -1
            carried[root] = 0.0
            for i in range(1, len(order)):
                v = order[i]
                u = tail[by[v]]
                carried[v] = carried[u] + slope[by[v]]
                children[u] += 1
                following[v] = first[u]
                first[u] = v
            flow[:] = needs
            for i in range(len(order) - 1, 0, -1):
                flow[tail[by[order[i]]]] += flow[order[i]]
        top = turn[j]
        if top == root or carried[top] == HUGE or by[top] < 0:
            continue
        if not (keeps[top] or children[top] > 1):
            continue
        load = flow[top]
        # -- take out the path above, as far as nothing else hangs on it
        price, u, taken = 0.0, top, 0
        while True:
            price += cost[by[u]] + load * slope[by[u]]
            if u != top:
                gone[u] = True
                met[taken] = u
                taken += 1
            u = tail[by[u]]
            if keeps[u] or children[u] > 1:
                break
        # taken: inner nodes of the path, still listed in met[:taken]
        for i in range(taken):
            branch[nodes - 1 - i] = met[i]
        upper = u
        best = price + load * carried[upper]
        best -= 1e-9 * best
        old = price + load * carried[upper]
        # -- list the branch, and what entering it at each node would change
        size, count, touched = 0, 1, 0
        branch[0] = top
        below[top] = True
        far[top] = 0.0
        met[touched] = top
        touched += 1
        size = heap_push(keys, items, size, 0.0, top)
        i = 0
        while i < count:
            v = branch[i]
            i += 1
            w = first[v]
            while w >= 0:
                below[w] = True
                branch[count] = w
                count += 1
                back = reverse[by[w]]
                if back >= 0 and far[v] < HUGE:
                    far[w] = (
                        far[v]
                        + cost[back]
                        - cost[by[w]]
                        + (load - flow[w]) * slope[back]
                        - flow[w] * slope[by[w]]
                    )
                    met[touched] = w
                    touched += 1
                    if far[w] < best:
                        if size + 1 >= len(keys):
                            keys, items = wider(keys), wider(items)
                        size = heap_push(keys, items, size, far[w], w)
                w = following[w]
        entry = np.int64(-1)
        while size > 0:
            d, v = keys[0], items[0]
            size = heap_pop(keys, items, size)
            if d >= best:
                break
            if d > far[v]:
                continue
            if carried[v] < HUGE and not below[v] and not gone[v]:
                if d + load * carried[v] < best:
                    best, entry = d + load * carried[v], v
                continue
            for a in range(into[v], into[v + 1]):
                u = tail[a]
                if below[u]:
                    continue
                step = d + cost[a] + load * slope[a]
                if step < far[u]:
                    if far[u] == HUGE:
                        met[touched] = u
                        touched += 1
                    far[u] = step
                    next_arc[u] = a
                    if size + 1 >= len(keys):
                        keys, items = wider(keys), wider(items)
                    size = heap_push(keys, items, size, step, u)
        if entry >= 0:
            saved += old - best
            changed = True
            for i in range(taken):
                by[branch[nodes - 1 - i]] = -1
            # walk down to the node where the branch is entered
            v = entry
            while not below[v]:
                a = next_arc[v]
                w = _head_of(into, a)
                if below[w]:
                    # turn round the way from there up to the old top
                    x, arc = w, a
                    while True:
                        above, was = x, by[x]
                        by[x] = arc
                        if above == top:
                            break
                        arc = reverse[was]
                        x = tail[was]
                    break
                by[w] = a
                v = w
        for i in range(touched):
            far[met[i]] = HUGE
            next_arc[met[i]] = -1
        for i in range(count):
            below[branch[i]] = False
        for i in range(taken):
            gone[branch[nodes - 1 - i]] = False
    return by, saved
