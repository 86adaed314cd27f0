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
        What to begin with. Where carrying costs something it is returned as it is.
    tree
        Arcs of a good tree: rises that it enters more than once are taken back more often.
    rounds, seed, stop
        How often, in what order, and when to end before.
    """
    rises, net = ascent.rises, ascent.network
    if rises is None or net.slope is not None or not np.isfinite(ascent.bound):
        return ascent
    rng = np.random.default_rng(seed)
    into = net.into
    left, prize, raised = ascent.left[into.order], ascent.whole_prize, ascent.whole
    above = np.full(net.nodes, -1, dtype=np.int64)
    if tree is not None:
        above[net.head[tree]] = net.tail[tree]
    nothing = np.zeros(0)
    for _ in range(rounds):
        if stop() or not len(rises.terminal):
            break
        chosen = _chosen(rises, above, rng)
        trial, trial_prize = left.copy(), prize.copy()
        fall = take_back(
            into.start,
            into.end,
            trial,
            trial_prize,
            rises.terminal,
            rises.amount,
            rises.first,
            rises.node,
            rises.lift,
            chosen,
        )
        rank = rng.permutation(len(net.at)).astype(np.int64)
        gain, *more = ascend_whole(
            into.start,
            into.end,
            trial,
            net.root,
            net.at,
            trial_prize,
            rank,
            nothing,
            nothing,
            float(rng.choice(GROWTHS)),
        )
        if gain >= fall:
            left, prize, raised = trial, trial_prize, raised + int(gain) - int(fall)
            rises = rises.rest(chosen, Rises(*more))
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


def _chosen(rises: Rises, above: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which rises are taken back: some anywhere, or all around some node."""
    chosen = np.zeros(len(rises.terminal), dtype=bool)
    if rng.random() < LOCAL:
        for _ in range(int(rng.integers(1, 4))):
            node = rises.node[rng.integers(len(rises.node))]
            spots = np.flatnonzero(rises.node == node)
            chosen[np.searchsorted(rises.first, spots, side="right") - 1] = True
        return np.asarray(chosen & (rng.random(len(chosen)) < rng.choice([0.5, 1.0])))
    entered = times_entered(above, rises.first, rises.node)
    share = rng.choice([0.02, 0.05, 0.15, 0.4])
    chosen = rng.random(len(entered)) < share * np.where(entered > 1, 3.0, 0.7)
    return np.asarray(chosen)
