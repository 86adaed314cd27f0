"""Bound a rooted prize-collecting network from below by dual ascent, and drop what cannot pay.

The question: reach some terminals from a root along arcs that cost something once they are built.
A terminal that is not reached costs its prize; one whose prize is infinite must be reached. The
root may have arcs to several sites. Arcs may also cost something per unit carried to each terminal.
Any plan, whether a tree or not, costs at least what `ascend` returns; FORMULATION.md has the proof.

Sources: R. T. Wong, A dual ascent approach for Steiner tree problems on a directed graph,
Mathematical Programming 28, 1984, doi:10.1007/BF02612335. M. Leitner, I. Ljubić, M. Luipersbeck,
M. Sinnl, INFORMS Journal on Computing 30(2), 2018, doi:10.1287/ijoc.2017.0788: prizes, elimination.
A. Balakrishnan, T. L. Magnanti, R. T. Wong, A dual-ascent procedure for large-scale uncapacitated
network design, Operations Research 37(5), 1989, doi:10.1287/opre.37.5.716: cost per unit carried.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siting.optimise.ascent_kernels import NEVER, ascend_whole, least_from, least_to

__all__ = ["Ascent", "Possible", "RootedNetwork", "ascend"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
BITS = 50
"""Whole numbers of the ascent stay below two to this power, so that they are exact as floats."""
SAFETY = 1e-12
"""Relative allowance for figures that are added up as floats outside of the ascent [-]."""
GROWTH = 2.0


@dataclass(frozen=True)
class Sorted:
    """Arcs grouped by one of their ends: those of node v are ``start[v] .. start[v + 1] - 1``."""

    order: IntArray
    start: IntArray
    end: IntArray


@dataclass(frozen=True)
class RootedNetwork:
    """A network in which terminals are to be reached from a root.

    Parameters
    ----------
    nodes, root
        Number of nodes, and the position of the root.
    tail, head, cost
        Arcs and what each costs once it is built; at least 0.
    at, prize
        Node of each terminal, and what it costs not to reach it; infinite if it must be reached.
        A prize below 0 means that reaching it costs so much more; no bound needs it, but plans may
        have it. Several terminals may share a node.
    slope, demand
        Cost of each arc per unit carried, and units that each terminal needs; both or none.
    partly
        Terminals that may also be reached in part, for a part of demand and prize.
    """

    nodes: int
    root: int
    tail: IntArray
    head: IntArray
    cost: FloatArray
    at: IntArray
    prize: FloatArray
    slope: FloatArray | None = None
    demand: FloatArray | None = None
    partly: BoolArray | None = None

    @classmethod
    def of(
        cls,
        nodes: int,
        root: int,
        tail: ArrayLike,
        head: ArrayLike,
        cost: ArrayLike,
        at: ArrayLike,
        prize: ArrayLike,
        slope: ArrayLike | None = None,
        demand: ArrayLike | None = None,
        partly: ArrayLike | None = None,
    ) -> RootedNetwork:
        """Return a network from anything that looks like arrays."""
        return cls(
            nodes,
            root,
            np.asarray(tail, dtype=np.int64),
            np.asarray(head, dtype=np.int64),
            np.asarray(cost, dtype=np.float64),
            np.asarray(at, dtype=np.int64),
            np.asarray(prize, dtype=np.float64),
            None if slope is None else np.asarray(slope, dtype=np.float64),
            None if demand is None else np.asarray(demand, dtype=np.float64),
            None if partly is None else np.asarray(partly, dtype=bool),
        )

    @cached_property
    def into(self) -> Sorted:
        """Arcs by head, each with its tail."""
        return _sorted(self.head, self.tail, self.nodes)

    @cached_property
    def out_of(self) -> Sorted:
        """Arcs by tail, each with its head."""
        return _sorted(self.tail, self.head, self.nodes)

    @cached_property
    def carrying(self) -> FloatArray:
        """Least cost per unit carried from the root to each node; infinite where no way leads."""
        slope = np.zeros(len(self.tail)) if self.slope is None else self.slope
        out = self.out_of
        source = np.array([self.root], dtype=np.int64)
        far, _ = least_from(out.start, out.end, slope[out.order], source, np.zeros(1), np.inf)
        return np.asarray(far)


@dataclass(frozen=True)
class Possible:
    """What a plan that costs at most some limit can still use.

    ``terminals`` may be reached, ``forced`` ones must be: leaving them out costs too much.
    """

    arcs: BoolArray
    terminals: BoolArray
    forced: BoolArray

    def __str__(self) -> str:
        """Return the sizes in words."""
        return (
            f"{int(self.arcs.sum()):,} of {len(self.arcs):,} arcs, {int(self.terminals.sum()):,} of"
            f" {len(self.terminals):,} zones, {int(self.forced.sum()):,} of them for sure"
        )


@dataclass(frozen=True)
class Rises:
    """The rises of an ascent one by one, see `siting.optimise.ascent_kernels.ascend_whole`.

    Rise i of ``terminal[i]`` took ``take`` from ``arc``, from position ``first[i]`` to
    ``first[i + 1]``, and lifted the nodes ``node`` from ``hold[i]`` to ``hold[i + 1]``. Arcs are
    positions in `RootedNetwork.into`.
    """

    terminal: IntArray
    amount: IntArray
    first: IntArray
    arc: IntArray
    take: IntArray
    hold: IntArray
    node: IntArray

    def rest(self, gone: BoolArray, more: Rises) -> Rises:
        """Return the rises that are not gone, and more."""
        arcs, nodes = np.diff(self.first), np.diff(self.hold)
        left, held = np.repeat(~gone, arcs), np.repeat(~gone, nodes)
        return Rises(
            np.concatenate([self.terminal[~gone], more.terminal]),
            np.concatenate([self.amount[~gone], more.amount]),
            _starts(arcs[~gone], np.diff(more.first)),
            np.concatenate([self.arc[left], more.arc]),
            np.concatenate([self.take[left], more.take]),
            _starts(nodes[~gone], np.diff(more.hold)),
            np.concatenate([self.node[held], more.node]),
        )


def _starts(*lengths: IntArray) -> IntArray:
    return np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)


@dataclass(frozen=True)
class Ascent:
    """A lower bound with what is left of each cost.

    Parameters
    ----------
    network
        What was bounded.
    bound
        No plan costs less; infinite if a terminal that must be reached cannot be.
    reduced_cost
        Of each arc: a plan costs at least the bound plus these of all its arcs.
    prize_left
        Of each terminal: a plan that leaves it out costs at least the bound plus this.
    quantum
        What one whole number stands for.
    extra
        Of each terminal: what reaching it costs beyond all this.
    """

    network: RootedNetwork
    bound: float
    reduced_cost: FloatArray
    prize_left: FloatArray
    quantum: float
    extra: FloatArray = field(default_factory=lambda: np.zeros(0), repr=False)
    base: float = 0.0
    whole: int = 0
    left: IntArray = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    rises: Rises | None = field(default=None, repr=False)
    whole_prize: IntArray = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    whole_slope: FloatArray = field(default_factory=lambda: np.zeros(0), repr=False)

    @cached_property
    def from_root(self) -> FloatArray:
        """Least sum of reduced costs from the root to each node; infinite where no way leads."""
        return self._as_float(self._from_root)

    @cached_property
    def to_terminal(self) -> FloatArray:
        """Least sum of reduced costs from each node to any terminal."""
        return self._as_float(self._to_terminal)

    @cached_property
    def _from_root(self) -> IntArray:
        net, out = self.network, self.network.out_of
        root = np.array([net.root], dtype=np.int64)
        far, _ = least_from(
            out.start, out.end, self.left[out.order], root, np.zeros(1, np.int64), NEVER
        )
        return np.asarray(far)

    @cached_property
    def _to_terminal(self) -> IntArray:
        net, into = self.network, self.network.into
        far, _ = least_to(into.start, into.end, self.left[into.order], net.at, self._extra, NEVER)
        return np.asarray(far)

    @cached_property
    def _extra(self) -> IntArray:
        """What it costs to reach each terminal beyond what the bound counts."""
        counted = np.minimum(self.extra / self.quantum, float(NEVER))
        whole = np.floor(counted).astype(np.int64)
        return whole if self.network.partly is None else np.where(self.network.partly, 0, whole)

    def _as_float(self, whole: IntArray) -> FloatArray:
        return np.where(whole >= NEVER, np.inf, whole * self.quantum)

    def room(self, limit: float) -> int:
        """Return how much a plan that costs at most ``limit`` may spend above the bound, whole."""
        allowance = SAFETY * (abs(limit) + abs(self.base))
        return math.ceil((limit - self.base + allowance) / self.quantum) + 1 - self.whole

    def possible(self, limit: float) -> Possible:
        """Return what a plan that costs at most ``limit`` can still use.

        An arc is of use only on a way from the root to a terminal, and all of that way has to be
        paid. With a negative room nothing is left.
        """
        net = self.network
        if not math.isfinite(self.bound):
            return self._nothing()
        room = min(self.room(limit), int(NEVER) // 4)
        if room < 0:
            return self._nothing()
        start, end = self._from_root, self._to_terminal
        arcs = start[net.tail] + self.left + end[net.head] <= room
        reachable = start[net.at] + self._extra <= room
        forced = (net.prize > 0) & (np.isinf(net.prize) | (self.prize_left > room * self.quantum))
        if net.partly is not None:
            forced &= ~net.partly
        return Possible(arcs, reachable, forced)

    def _nothing(self) -> Possible:
        net = self.network
        none = np.zeros(len(net.at), bool)
        return Possible(np.zeros(len(net.tail), bool), none, none.copy())


def ascend(
    network: RootedNetwork,
    *,
    seed: int | None = None,
    growth: float = GROWTH,
) -> Ascent:
    """Return a lower bound on the cost of any plan, with reduced costs.

    Parameters
    ----------
    network
        What is to be reached at what cost.
    seed
        Shuffles the order in which equal components rise; without one they rise in order. Another
        order gives another bound, and both hold.
    growth
        How much a component may grow before the others have their turn [-].

    Examples
    --------
    Two terminals behind one arc of 3, then 1 and 2; the second is worth 1.5 only.

    >>> net = RootedNetwork.of(4, 0, [0, 1, 1], [1, 2, 3], [3, 1, 2], [2, 3], [10, 1.5])
    >>> ascend(net).bound
    5.5
    """
    how = Manner(seed, growth)
    if network.slope is not None:
        return _ascend_carrying(network, how)
    return _run(network, network.prize, np.maximum(-network.prize, 0.0), None, 0.0, how)


@dataclass(frozen=True)
class Manner:
    """In what order terminals rise, see `ascend`."""

    seed: int | None
    growth: float


def _ascend_carrying(network: RootedNetwork, how: Manner) -> Ascent:
    """Pay for the cheapest way of carrying first, and ascend on what is left."""
    slope, demand, far = network.slope, network.demand, network.carrying
    assert slope is not None
    assert demand is not None
    with np.errstate(invalid="ignore"):
        carried = np.where(demand > 0, demand * far[network.at], 0.0)
    carried = np.where(np.isfinite(far[network.at]), carried, np.inf)
    wanted = network.prize > 0
    paid = np.where(wanted, np.minimum(carried, network.prize), 0.0)
    if np.isinf(paid).any():
        return _unreachable(network)
    base = math.fsum(paid)
    base -= SAFETY * base
    tail, head = far[network.tail], far[network.head]
    alive = np.isfinite(tail)
    left = np.zeros(len(slope))
    left[alive] = slope[alive] + tail[alive] - head[alive]
    left[alive] -= SAFETY * (slope[alive] + tail[alive])
    with np.errstate(invalid="ignore"):
        prize = np.where(wanted & (carried < network.prize), network.prize - carried, 0.0)
        extra = np.where(carried >= network.prize, carried * (1 - SAFETY) - network.prize, 0.0)
    return _run(network, prize, np.maximum(extra, 0.0), np.maximum(left, 0.0), base, how)


def _run(
    network: RootedNetwork,
    prize: FloatArray,
    extra: FloatArray,
    slope: FloatArray | None,
    base: float,
    how: Manner,
) -> Ascent:
    must = np.isinf(prize)
    if must.any() and np.isinf(network.carrying[network.at[must]]).any():
        return _unreachable(network)
    demand = np.zeros(0) if slope is None or network.demand is None else network.demand
    slopes = np.zeros(0) if slope is None else slope
    total = float(network.cost.sum() + prize[~must].clip(0).sum() + slopes.sum() * demand.sum())
    exponent = math.frexp(total)[1] - BITS if total > 0 else 0
    quantum = math.ldexp(1.0, exponent)
    into = network.into
    left = np.floor(np.ldexp(network.cost[into.order], -exponent)).astype(np.int64)
    whole_prize = np.full(len(prize), NEVER)
    whole_prize[~must] = np.floor(np.ldexp(prize[~must].clip(0), -exponent)).astype(np.int64)
    rank = np.arange(len(prize), dtype=np.int64)
    if how.seed is not None:
        np.random.default_rng(how.seed).shuffle(rank)
    whole_slope = np.ldexp(slopes[into.order], -exponent) if len(slopes) else slopes
    raised, *rises = ascend_whole(
        into.start,
        into.end,
        left,
        network.root,
        network.at,
        whole_prize,
        rank,
        whole_slope,
        demand,
        how.growth,
    )
    by_arc = np.empty_like(left)
    by_arc[into.order] = left
    return Ascent(
        network,
        base + raised * quantum,
        np.asarray(by_arc * quantum, dtype=np.float64),
        np.asarray(np.where(must, np.inf, whole_prize * quantum), dtype=np.float64),
        quantum,
        extra,
        base,
        int(raised),
        by_arc,
        Rises(*rises),
        whole_prize,
        whole_slope,
    )


def _unreachable(network: RootedNetwork) -> Ascent:
    """Return the bound of a network in which something that must be reached cannot be."""
    return Ascent(network, math.inf, network.cost, network.prize, 1.0)


def _sorted(by: IntArray, end: IntArray, nodes: int) -> Sorted:
    order = np.argsort(by, kind="stable").astype(np.int64)
    start = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(by, minlength=nodes), out=start[1:])
    return Sorted(order, start, end[order])
