"""Lifted bounds never cross the truth, never fall, and keep what good plans need."""

from __future__ import annotations

import math

import numpy as np
import pytest

from siting.optimise.ascent import RootedNetwork, ascend
from siting.optimise.deepen import deepen
from siting.optimise.trees import TreeBuilder

from .small_networks import least_cost, plans, random_network


@pytest.mark.parametrize("carrying", [False, True])
def test_lifted_bounds_never_cross_the_least_cost(*, carrying: bool) -> None:
    for seed in range(80):
        net = random_network(seed, carrying=carrying)
        first = ascend(net)
        better = deepen(first, rounds=15, seed=seed)
        assert first.bound <= better.bound <= least_cost(net), seed


@pytest.mark.parametrize("carrying", [False, True])
def test_on_a_grid_bound_and_tree_close_in(*, carrying: bool) -> None:
    """On 12 x 12 streets with 30 zones the bound is lifted and stays below a good tree."""
    net = grid(12, 30, carrying=carrying)
    first = ascend(net)
    tree = TreeBuilder(net, seed=1).search(first, 20, lambda: False)
    assert tree is not None
    better = deepen(first, tree.arcs, rounds=150, seed=1)
    assert first.bound < better.bound <= tree.cost
    assert tree.cost - better.bound < 0.7 * (tree.cost - first.bound)
    assert tree.cost < 1.02 * better.bound


def grid(size: int, zones: int, *, carrying: bool) -> RootedNetwork:
    """Return streets of random length in a square, with zones that must or may be reached."""
    rng = np.random.default_rng(5)
    ways = [(x * size + y, x * size + y + 1) for x in range(size) for y in range(size - 1)]
    ways += [(x * size + y, (x + 1) * size + y) for x in range(size - 1) for y in range(size)]
    u, v = np.array(ways).T
    length = rng.uniform(50.0, 150.0, len(ways))
    at = rng.choice(np.arange(1, size * size), zones, replace=False)
    prize = np.where(rng.random(zones) < 0.5, np.inf, rng.uniform(50.0, 400.0, zones))
    slope = np.tile(0.05 * length, 2) if carrying else None
    demand = rng.uniform(0.2, 1.5, zones) if carrying else None
    return RootedNetwork(
        size * size,
        0,
        np.concatenate([u, v]),
        np.concatenate([v, u]),
        np.tile(length, 2),
        at,
        prize,
        slope,
        demand,
    )


@pytest.mark.parametrize("carrying", [False, True])
def test_what_is_left_of_costs_adds_up(*, carrying: bool) -> None:
    """A plan costs at least the bound, and what is left of all its arcs and missed prizes."""
    for seed in range(60):
        net = random_network(seed, carrying=carrying)
        run = deepen(ascend(net), rounds=10, seed=seed)
        if math.isinf(run.bound):
            continue
        for cost, arcs, reached in plans(net):
            missed = [t for t in range(len(net.at)) if t not in reached and net.prize[t] > 0]
            if any(np.isinf(net.prize[missed])):
                continue
            rest = sum(run.reduced_cost[list(arcs)]) + sum(run.prize_left[missed])
            assert run.bound + rest <= cost * (1 + 1e-12) + 1e-12, seed


@pytest.mark.parametrize("carrying", [False, True])
def test_trees_cost_what_they_say_and_are_nearly_the_best(*, carrying: bool) -> None:
    """The cost of a tree is that of its arcs in the list of all plans."""
    gaps = []
    for seed in range(80):
        net = random_network(seed, carrying=carrying)
        listed = plans(net)
        truth = min(cost for cost, _, _ in listed)
        builder = TreeBuilder(net, seed=seed)
        tree = builder.search(ascend(net), 6, lambda: False)
        if tree is None:
            assert math.isinf(truth), seed
            continue
        alike = [cost for cost, arcs, _ in listed if arcs == frozenset(tree.arcs.tolist())]
        assert min(alike) == pytest.approx(tree.cost, rel=1e-9, abs=1e-9), seed
        gaps.append(tree.cost - truth)
    assert min(gaps) > -1e-9
    assert np.mean(np.array(gaps) > 1e-9) < 0.1


def test_the_same_seed_builds_the_same_tree() -> None:
    net = random_network(11)
    one, two = (TreeBuilder(net, seed=3).search(ascend(net), 8, lambda: False) for _ in range(2))
    assert one is not None
    assert two is not None
    assert (one.arcs == two.arcs).all()
