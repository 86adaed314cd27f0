"""Dual ascent on whole numbers, compiled by numba once and cached.

Whole numbers make it exact: every amount taken from an arc is added to the bound and to nothing
else, whatever the order, and no rounding can lift the bound above the truth.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from siting.optimise.heaps import heap_pop, heap_push, wider

__all__ = ["NEVER", "ascend_whole", "least_from", "least_to", "take_back", "times_entered"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NEVER = np.int64(1) << np.int64(60)
"""Stands for "not reached" and for the prize of what must be reached."""
BY_ROOT, BY_PRIZE, BY_SIZE, BY_OTHER = 0, 1, 2, 3


@numba.njit(cache=True)
def ascend_whole(  # noqa: PLR0912, PLR0915 - one loop over shared arrays; splitting costs copies
    in_start: Ints,
    tail: Ints,
    left: Ints,
    root: int,
    at: Ints,
    prize: Ints,
    rank: Ints,
    slope: Floats,
    demand: Floats,
    growth: float,
) -> Any:
    """Raise the dual of every terminal until none can rise; return the bound.

    Arcs are sorted by head: those into node v are ``in_start[v] .. in_start[v + 1] - 1``. A
    terminal's component is what reaches it along arcs with nothing left. Raising a terminal takes
    the same amount from all arcs that enter its component, until one has nothing left and the
    component grows. As nothing else moves meanwhile, that is a shortest-path search against the
    arcs; what it has passed when it stops is taken off at once.

    Parameters
    ----------
    in_start, tail
        The arcs.
    left
        Cost left of each arc; changed.
    root
        The node from which all is reached.
    at, prize
        Node of each terminal, and what it pays at most; changed to what is left of it.
    rank
        Among terminals with components of equal size the one with lowest rank rises first.
    slope, demand
        Cost of each arc per unit carried, less what the cheapest way already pays, and units that
        each terminal needs; empty if carrying costs nothing. A terminal pays it by itself, before
        it takes from the arc's own cost (Balakrishnan, Magnanti and Wong 1989).
    growth
        A terminal rises until its component is this many times as large as the next smallest.

    Returns
    -------
    The sum of all rises; and the rises one by one: terminal, amount, what it took from which arcs
    (a list from ``first`` to the next one's ``first``) and what nodes it lifted (likewise).
    """
    nodes, terminals = len(in_start) - 1, len(at)
    carries = len(slope) > 0
    bound = np.int64(0)
    far = np.full(nodes, NEVER, np.int64)
    settled = np.zeros(nodes, np.bool_)
    before = np.full(nodes, -1, np.int64)
    wet = np.zeros(nodes, np.bool_)
    wet[root] = True
    here = np.full(nodes, -1, np.int64)  # the rising terminal that stands for the node
    first_waiting = np.full(terminals, -1, np.int64)
    next_waiting = np.full(terminals, -1, np.int64)
    size_of = np.ones(terminals, np.int64)
    keys = np.empty(256, np.int64)
    items = np.empty(256, np.int64)
    queue_key = np.empty(terminals + 1, np.int64)
    queue_item = np.empty(terminals + 1, np.int64)
    met = np.empty(nodes, np.int64)
    stack = np.empty(nodes, np.int64)
    lifted = np.zeros(nodes if carries else 0, np.int64)  # of the terminal in hand
    pool_node = np.empty(1024, np.int64)
    pool_lift = np.empty(1024, np.int64)
    pool_end = 0
    pool_first = np.zeros(terminals, np.int64)
    pool_count = np.zeros(terminals, np.int64)
    rise_terminal = np.empty(256, np.int64)
    rise_amount = np.empty(256, np.int64)
    rise_first = np.zeros(257, np.int64)
    rises, taken, held = 0, 0, 0
    hold_first = np.zeros(257, np.int64)
    hold = np.empty(1024, np.int64)
    took_from = np.empty(1024, np.int64)
    took = np.empty(1024, np.int64)
    queued = 0
    for t in range(terminals):
        if prize[t] > 0:
            queued = heap_push(queue_key, queue_item, queued, terminals + rank[t], t)
            if here[at[t]] < 0:
                here[at[t]] = t
    while queued > 0:
        t = queue_item[0]
        queued = heap_pop(queue_key, queue_item, queued)
        if here[at[t]] < 0:
            here[at[t]] = t
        most = size_of[t]
        if queued > 0:
            most = max(most, queue_key[0] // terminals)
        most = max(np.int64(most * growth), most + 4)
        if carries:
            for i in range(pool_first[t], pool_first[t] + pool_count[t]):
                lifted[pool_node[i]] = pool_lift[i]
        # -- search against the arcs
        size, level, count, passed = 0, 0, 0, 0
        other = np.int64(-1)
        far[at[t]] = 0
        size = heap_push(keys, items, size, 0, at[t])
        met[0] = at[t]
        touched = 1
        amount, reason = prize[t], BY_PRIZE
        if prize[t] >= NEVER:
            reason = BY_ROOT  # no way from the root: the caller checks that there is one
        d: Any = np.int64(0)
        while size > 0 or level > 0:
            if level > 0:  # nodes no farther than the last one need no heap
                level -= 1
                v = stack[level]
            else:
                d, v = keys[0], items[0]
                size = heap_pop(keys, items, size)
            if settled[v]:
                continue
            if d >= prize[t]:
                amount, reason = prize[t], BY_PRIZE
                break
            if wet[v] and (not carries or v == root):
                amount, reason, other = d, BY_ROOT, v
                break
            if here[v] >= 0 and here[v] != t:
                amount, reason, other = d, BY_OTHER, here[v]
                break
            if count > most:
                amount, reason = d, BY_SIZE
                break
            settled[v] = True
            count += 1
            for a in range(in_start[v], in_start[v + 1]):
                u = tail[a]
                if settled[u]:
                    continue
                step = left[a]
                if carries:
                    own = np.int64(demand[t] * slope[a]) - lifted[v] + lifted[u]
                    if own > 0:
                        step += own
                if d + step < far[u]:
                    if far[u] == NEVER:
                        met[touched] = u
                        touched += 1
                    far[u] = d + step
                    before[u] = v
                    if step == 0:
                        stack[level] = u
                        level += 1
                        continue
                    if size + 1 >= len(keys):
                        keys, items = wider(keys), wider(items)
                    size = heap_push(keys, items, size, d + step, u)
        if amount >= NEVER:
            amount = np.int64(0)
        # -- take off what was passed
        if amount > 0:
            bound += amount
            if prize[t] < NEVER:
                prize[t] -= amount
            for i in range(touched):
                v = met[i]
                if not settled[v] or far[v] >= amount:
                    continue
                passed += 1
                for a in range(in_start[v], in_start[v + 1]):
                    u = tail[a]
                    take = min(amount, far[u]) - far[v]
                    if take <= 0:
                        continue
                    if carries:
                        own = np.int64(demand[t] * slope[a]) - lifted[v] + lifted[u]
                        if own > 0:
                            take -= own
                    if take > 0:
                        left[a] -= take
                        if taken >= len(took):
                            took_from, took = wider(took_from), wider(took)
                        took_from[taken] = a
                        took[taken] = take
                        taken += 1
        size_of[t] = max(count, 1)
        if amount > 0:
            if rises + 2 >= len(rise_terminal):
                rise_terminal, rise_amount = wider(rise_terminal), wider(rise_amount)
                rise_first, hold_first = wider(rise_first), wider(hold_first)
            while held + passed >= len(hold):
                hold = wider(hold)
            for i in range(touched):
                if settled[met[i]] and far[met[i]] < amount:
                    hold[held] = met[i]
                    held += 1
            rise_terminal[rises] = t
            rise_amount[rises] = amount
            rises += 1
            rise_first[rises] = taken
            hold_first[rises] = held
        if reason == BY_ROOT and not carries and other >= 0:
            v = other
            while v >= 0:
                wet[v] = True
                v = before[v]
        if carries and amount > 0 and reason in (BY_SIZE, BY_OTHER):
            # remember how far each node was lifted
            for i in range(touched):
                v = met[i]
                if settled[v] and far[v] < amount:
                    if lifted[v] == 0:
                        lifted[v] = -1 - (amount - far[v])  # marks what is new to the list
                    else:
                        lifted[v] += amount - far[v]
            first = pool_end
            need = pool_count[t] + passed
            while pool_end + need >= len(pool_node):
                pool_node, pool_lift = wider(pool_node), wider(pool_lift)
            for i in range(pool_first[t], pool_first[t] + pool_count[t]):
                pool_node[pool_end] = pool_node[i]
                pool_lift[pool_end] = lifted[pool_node[i]]
                pool_end += 1
            for i in range(touched):
                v = met[i]
                if lifted[v] < 0:
                    lifted[v] = -1 - lifted[v]
                    pool_node[pool_end] = v
                    pool_lift[pool_end] = lifted[v]
                    pool_end += 1
            pool_first[t], pool_count[t] = first, pool_end - first
        if carries:
            for i in range(pool_first[t], pool_first[t] + pool_count[t]):
                lifted[pool_node[i]] = 0
        for i in range(touched):
            v = met[i]
            far[v] = NEVER
            settled[v] = False
            before[v] = -1
        # -- what becomes of the terminal
        if reason == BY_SIZE:
            key = size_of[t] * terminals + rank[t]
            queued = heap_push(queue_key, queue_item, queued, key, t)
            continue
        if here[at[t]] == t:
            here[at[t]] = -1
        if reason == BY_OTHER:
            next_waiting[t] = first_waiting[other]
            first_waiting[other] = t
            continue
        if reason == BY_ROOT and not carries:
            continue  # whoever waits for it is reached as well
        waiting = first_waiting[t]
        first_waiting[t] = -1
        while waiting >= 0:
            key = size_of[waiting] * terminals + rank[waiting]
            queued = heap_push(queue_key, queue_item, queued, key, waiting)
            after = next_waiting[waiting]
            next_waiting[waiting] = -1
            waiting = after
    return (
        bound,
        rise_terminal[:rises].copy(),
        rise_amount[:rises].copy(),
        rise_first[: rises + 1].copy(),
        took_from[:taken].copy(),
        took[:taken].copy(),
        hold_first[: rises + 1].copy(),
        hold[:held].copy(),
    )


@numba.njit(cache=True)
def take_back(
    left: Ints,
    prize: Ints,
    terminal: Ints,
    amount: Ints,
    first: Ints,
    arc: Ints,
    take: Ints,
    chosen: Bools,
) -> Any:
    """Give back what some rises took from arcs and prizes; return by how much the bound falls."""
    fall = np.int64(0)
    for r in range(len(terminal)):
        if not chosen[r]:
            continue
        for i in range(first[r], first[r + 1]):
            left[arc[i]] += take[i]
        if prize[terminal[r]] < NEVER:
            prize[terminal[r]] += amount[r]
        fall += amount[r]
    return fall


@numba.njit(cache=True)
def times_entered(above: Ints, first: Ints, node: Ints) -> Any:
    """Return how often a tree enters the nodes of each rise."""
    inside = np.zeros(len(above), np.bool_)
    count = np.zeros(len(first) - 1, np.int64)
    for r in range(len(first) - 1):
        for i in range(first[r], first[r + 1]):
            inside[node[i]] = True
        for i in range(first[r], first[r + 1]):
            if above[node[i]] >= 0 and not inside[above[node[i]]]:
                count[r] += 1
        for i in range(first[r], first[r + 1]):
            inside[node[i]] = False
    return count


@numba.njit(cache=True)
def least_from(start: Ints, end: Ints, cost: Any, sources: Ints, offset: Any, never: Any) -> Any:
    """Return the least cost of a way from any source to each node, and the arc by which it comes.

    The arcs out of node v are ``start[v] .. start[v + 1] - 1``, each to ``end``. A source costs its
    offset to begin with. What cannot be reached is at ``never``.
    """
    nodes = len(start) - 1
    far = np.full(nodes, never)
    by = np.full(nodes, -1, np.int64)
    done = np.zeros(nodes, np.bool_)
    keys = np.empty(max(256, 2 * len(sources)), far.dtype)
    items = np.empty(len(keys), np.int64)
    size = 0
    for i in range(len(sources)):
        if offset[i] < far[sources[i]]:
            far[sources[i]] = offset[i]
            size = heap_push(keys, items, size, offset[i], sources[i])
    while size > 0:
        d, v = keys[0], items[0]
        size = heap_pop(keys, items, size)
        if done[v]:
            continue
        done[v] = True
        for a in range(start[v], start[v + 1]):
            u = end[a]
            if d + cost[a] < far[u]:
                far[u] = d + cost[a]
                by[u] = a
                if size + 1 >= len(keys):
                    keys, items = wider(keys), wider(items)
                size = heap_push(keys, items, size, far[u], u)
    return far, by


least_to = least_from
"""The same search against the arcs: give the arcs into each node, with their tails."""
