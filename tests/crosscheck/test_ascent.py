"""No bound of the dual ascent crosses the truth, and nothing is dropped that a good plan needs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from siting.optimise.ascent import RootedNetwork, ascend

from .small_networks import least_cost, plans, random_network


@pytest.mark.parametrize("carrying", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_bounds_never_cross_the_least_cost(*, carrying: bool, whole: bool) -> None:
    """And they are not empty words: on average they reach most of it."""
    shares = []
    for seed in range(150):
        net = random_network(seed, carrying=carrying, whole=whole)
        truth = least_cost(net)
        for order in (None, 1, 2):
            bound = ascend(net, seed=order).bound
            if math.isinf(truth):
                assert bound == truth, seed
                continue
            assert bound <= truth, seed
            if truth > 0:
                shares.append(bound / truth)
    assert np.mean(shares) > 0.97


@pytest.mark.parametrize("carrying", [False, True])
def test_what_is_dropped_is_in_no_plan_within_the_limit(*, carrying: bool) -> None:
    """Every plan without useless arcs that costs at most the limit survives the elimination."""
    dropped = 0
    for seed in range(120):
        net = random_network(seed, carrying=carrying)
        listed = plans(net)
        truth = min(cost for cost, _, _ in listed)
        if math.isinf(truth):
            continue
        for slack in (0.0, 0.05, 0.3):
            limit = truth * (1 + slack)
            kept = ascend(net, seed=seed).possible(limit)
            dropped += int((~kept.arcs).sum())
            for cost, arcs, reached in listed:
                if cost <= limit and arcs <= useful(net, arcs, reached):
                    assert all(kept.arcs[a] for a in arcs), seed
                    assert all(kept.terminals[t] for t in reached), seed
                    assert all(t in reached for t in np.flatnonzero(kept.forced)), seed
    assert dropped > 500


def useful(net: RootedNetwork, arcs: frozenset[int], reached: frozenset[int]) -> set[int]:
    """Return the arcs on a way from the root to a reached terminal that repeats no node."""
    ends = {int(net.at[t]) for t in reached}
    found: set[int] = set()

    def walk(node: int, way: list[int], seen: set[int]) -> None:
        if node in ends:
            found.update(way)
        for a in arcs:
            head = int(net.head[a])
            if net.tail[a] == node and head not in seen:
                walk(head, [*way, a], seen | {head})

    walk(net.root, [], {net.root})
    return found


def test_a_limit_below_the_bound_leaves_nothing() -> None:
    net = random_network(3)
    run = ascend(net)
    kept = run.possible(run.bound - 1)
    assert not kept.arcs.any()
    assert not kept.terminals.any()


def test_the_same_seed_gives_the_same_bound() -> None:
    net = random_network(5)
    assert ascend(net, seed=4).bound == ascend(net, seed=4).bound
    assert (ascend(net, seed=4).reduced_cost == ascend(net, seed=4).reduced_cost).all()


def test_costs_of_any_size_are_bounded_alike() -> None:
    """Scaling all money by a power of two scales the bound by it, to the last digit."""
    for seed in range(20):
        net = random_network(seed)
        if math.isinf(least_cost(net)):
            continue
        for power in (-40, 40):
            scaled = RootedNetwork(
                net.nodes,
                net.root,
                net.tail,
                net.head,
                np.ldexp(net.cost, power),
                net.at,
                np.ldexp(net.prize, power),
            )
            assert ascend(scaled).bound == np.ldexp(ascend(net).bound, power)
