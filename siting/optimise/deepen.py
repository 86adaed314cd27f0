"""Lift a dual-ascent bound by taking some rises back and ascending again; seeded.

An ascent is greedy: what one terminal takes from an arc is lost to the others. Giving back some of
it, above all what a good tree would not pay for in full, and ascending in another order often ends
higher. Every state on the way is an ascent by itself, so each bound holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from siting.optimise.ascent import Ascent, Rises
from siting.optimise.ascent_kernels import NEVER, ascend_whole, take_back, times_entered

__all__ = ["deepen"]

GROWTHS = (1.5, 2.0, 4.0, 8.0)
LOCAL = 0.6
"""Share of rounds that take back rises around a node, not anywhere [-]."""
TOGETHER = 60
"""Terminals that start again at once, where carrying costs something."""
WANTING = 0.8
"""Share of rounds around what a terminal with some prize left has lifted [-]."""


def deepen(
    ascent: Ascent,
    tree: NDArray[np.int64] | None = None,
    *,
    rounds: int = 200,
    seed: int = 0,
    stop: Callable[[], bool] = lambda: False,
) -> Ascent:
    """Return an ascent whose bound is at least as high.

    Parameters
    ----------
    ascent
        What to begin with.
    tree
        Arcs of a good tree: rises whose nodes it enters more than once go back more often.
    rounds, seed, stop
        How often, in what order, and when to end before.
    """
    rises, net = ascent.rises, ascent.network
    if rises is None or not np.isfinite(ascent.bound):
        return ascent
    rng = np.random.default_rng(seed)
    into, carries = net.into, net.slope is not None
    demand = net.demand if carries and net.demand is not None else np.zeros(0)
    left, prize, raised = ascent.left[into.order], ascent.whole_prize, ascent.whole
    above = np.full(net.nodes, -1, dtype=np.int64)
    if tree is not None:
        above[net.head[tree]] = net.tail[tree]
    for _ in range(rounds):
        if stop() or not len(rises.node):
            break
        chosen = _whole_terminals(rises, prize, rng) if carries else _some(rises, above, rng)
        trial, trial_prize = left.copy(), prize.copy()
        fall = take_back(
            trial,
            trial_prize,
            rises.terminal,
            rises.amount,
            rises.first,
            rises.arc,
            rises.take,
            chosen,
        )
        # A terminal that has begun to pay for carrying itself cannot go on, but it can start again.
        resting = np.zeros(len(net.at), dtype=bool)
        if carries:
            resting[:] = True
            resting[rises.terminal[chosen]] = False
        gain, *more = ascend_whole(
            into.start,
            into.end,
            trial,
            net.root,
            net.at,
            np.where(resting, 0, trial_prize),
            rng.permutation(len(net.at)).astype(np.int64),
            ascent.whole_slope,
            demand,
            float(rng.choice(GROWTHS)),
        )
        if gain < fall:
            continue
        again = Rises(*more)
        finite = trial_prize[again.terminal] < NEVER
        np.subtract.at(trial_prize, again.terminal[finite], again.amount[finite])
        left, prize, raised = trial, trial_prize, raised + int(gain) - int(fall)
        rises = rises.rest(chosen, again)
    by_arc = np.empty_like(left)
    by_arc[into.order] = left
    return replace(
        ascent,
        bound=ascent.base + raised * ascent.quantum,
        reduced_cost=np.asarray(by_arc * ascent.quantum, dtype=np.float64),
        prize_left=np.where(prize >= NEVER, np.inf, prize * ascent.quantum),
        whole=raised,
        left=by_arc,
        rises=rises,
        whole_prize=prize,
    )


def _some(rises: Rises, above: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which rises are taken back: some anywhere, or those around some nodes."""
    if rng.random() < LOCAL:
        around = _around(rises, int(rng.integers(1, 4)), rng)
        return np.asarray(around & (rng.random(len(around)) < rng.choice([0.5, 1.0])))
    entered = times_entered(above, rises.hold, rises.node)
    share = rng.choice([0.02, 0.05, 0.15, 0.4])
    return np.asarray(rng.random(len(entered)) < share * np.where(entered > 1, 3.0, 0.7))


def _whole_terminals(
    rises: Rises, prize: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return all rises of some terminals, most of which have lifted the same nodes.

    Only a terminal with some prize left can lift the bound, so these are looked at most; where
    terminals must be served, each of them can.
    """
    of_rise = prize[rises.terminal]
    wanting = rises.terminal[(of_rise > 0) & (of_rise < NEVER)]
    first = None
    if len(wanting) and rng.random() < WANTING:
        first = rises.terminal == rng.choice(np.unique(wanting))
    around = _around(rises, int(rng.integers(1, 4)), rng, first)
    terminals = np.unique(rises.terminal[around])
    if len(terminals) > TOGETHER:
        terminals = rng.choice(terminals, TOGETHER, replace=False)
    return np.isin(rises.terminal, terminals)


def _around(
    rises: Rises, count: int, rng: np.random.Generator, first: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Return the rises that have lifted one of some nodes; ``first`` says whose nodes."""
    chosen = np.zeros(len(rises.terminal), dtype=bool)
    among = rises.node
    if first is not None:
        among = among[np.repeat(first, np.diff(rises.hold))]
    for _ in range(count):
        node = among[rng.integers(len(among))]
        spots = np.flatnonzero(rises.node == node)
        chosen[np.searchsorted(rises.hold, spots, side="right") - 1] = True
    return chosen
