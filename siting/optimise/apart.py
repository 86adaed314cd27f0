"""Bound plans part by part: what the heat that comes in at one node is worth, by its output.

The water of a plan may be told apart by where it was fed in (FORMULATION.md, *Taken apart by
source*); the parts add up to the plan. What a part of an output can yield is concave, bounded by a
few prices on output, while what opening costs has lumps. Comparing the two at each output, rather
than at one price, is what this room is for (*By output*).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from siting.optimise.carried import (
    CityBound,
    KnownLines,
    PipeLines,
    RootBound,
    carried_at_most,
    city_bound,
)
from siting.optimise.openings import Pieces, pieces_at
from siting.optimise.tables import BoolArray, Tables
from siting.optimise.yields import Yields, largest, worth_while
from siting.solvers.outcome import FloatArray

__all__ = ["Apart", "Part", "alone_at", "most_yield"]

LOG = logging.getLogger(__name__)
ROUNDS, SHRUNK = 4, 0.9
"""How often what is left is bounded again, and how much less output that has to leave [-]."""
ASCENTS, FEW, ROOTED = 7, 3, 5
"""How many ascents a range of output gets to see what it is worth, to be dropped, and to see what
plans with it can use."""
SAFETY = 1e-9
"""Share by which the price that no heat pays lies above the most that any step yields [-]."""
HOPELESS = 0.05
"""Surplus of parts over what they invest from which closing is not tried any closer [-]."""
LOWER = 0.8
"""At which share of the price that pays for a part its outputs are dropped first [-]."""
CLASS = 1.6
"""How much larger the most than the least output of one class is, about [-]."""


@dataclass(frozen=True)
class Part:
    """What is left of the parts that are fed in at a node.

    Parameters
    ----------
    node
        Position of the node.
    pieces, surplus_mwh
        Ranges of output, and the most that a part in each of them is worth [MWh/a].
    """

    node: int
    pieces: Pieces
    surplus_mwh: FloatArray

    @property
    def most_mwh(self) -> float:
        """The most that a part is worth, 0 if there is none [MWh/a]."""
        return max(float(self.surplus_mwh.max(initial=0.0)), 0.0)

    @property
    def finite_mwh(self) -> float:
        """The most that a part is worth as far as it was bounded at all [MWh/a]."""
        known = self.surplus_mwh[np.isfinite(self.surplus_mwh)]
        return float(known.max(initial=-np.inf))

    @property
    def most_mw(self) -> float:
        """The most output [MW]."""
        return float(self.pieces.high_mw.max(initial=0.0))

    def left(self, least_mwh: float) -> Part:
        """Return the part with only the ranges that may be worth so much."""
        possible = (self.surplus_mwh >= least_mwh) & (self.pieces.low_mw <= self.pieces.high_mw)
        keep = np.flatnonzero(possible)
        return replace(self, pieces=self.pieces.part(keep), surplus_mwh=self.surplus_mwh[keep])


@dataclass(frozen=True)
class Asked:
    """A part with what prices of output tell about some of its ranges, and where least [MW]."""

    known: Part
    members: BoolArray
    yields: Yields
    price: float
    where: float

    def left(self, least_mwh: float) -> Part:
        """Return the part with only the outputs that may be worth so much."""
        every, members = self.known.pieces, self.members
        low, high = every.low_mw.copy(), every.high_mw.copy()
        some = every.part(np.flatnonzero(members))
        low[members], high[members] = worth_while(self.yields, some, self.price, least_mwh)
        return replace(self.known, pieces=replace(every, low_mw=low, high_mw=high)).left(least_mwh)


def most_yield(tables: Tables) -> float:
    """Return the most heat per MW of any zone [MWh/a per MW]; steps yield less and less."""
    power, heat = tables.curves.step_mw, tables.curves.step_heat
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(power > 0, heat / power, 0.0)
    return float(each.max(initial=1.0))


def alone_at(
    tables: Tables,
    node: int,
    price: float,
    output_price: float,
    most_mw: float,
    lines: PipeLines,
) -> CityBound:
    """Return a bound on what heat fed in at a node yields, itself at a price.

    Parameters
    ----------
    tables
        What is left of a city.
    node
        Position of the node.
    price, output_price
        Price of investment [MWh/a per EUR] and of output [MWh/a per MW].
    most_mw
        The most that any pipe carries and any zone takes [MW].
    lines
        The lines of all edges up to that.
    """
    here = int(tables.option_site[np.argmax(tables.option_node == node)])
    most = np.full(len(tables.zone), most_mw)
    alone = replace(
        tables,
        option_site=np.array([here]),
        option_node=np.array([node]),
        option_mw=np.array([most_mw]),
        option_least_mw=np.zeros(1),
        option_cost_eur=np.zeros(1),
        option_slope_eur=np.array([output_price / price]),
        curves=tables.curves.limited(most),
    )
    return city_bound(alone, price, np.zeros(1), most_mw=most_mw, lines=lines)


class Apart:
    """Finds what parts of plans can be of use at a price of investment.

    Parameters
    ----------
    tables
        A city.
    price
        Price of investment [MWh/a per EUR].
    least_mwh
        The least surplus of a plan that counts [MWh/a], above 0.
    is_late
        Tells when to break off.
    lines
        Of the city's edges, where they are kept.

    Attributes
    ----------
    first
        A node to begin with, as it was hard to close.
    """

    def __init__(
        self,
        tables: Tables,
        price: float,
        least_mwh: float,
        is_late: Callable[[], bool],
        lines: KnownLines | None = None,
    ) -> None:
        self.lines = KnownLines(tables) if lines is None else lines
        self.tables, self.price, self.is_late = tables, price, is_late
        self.least_mwh = least_mwh
        self.highest = most_yield(tables) * (1 + SAFETY)
        self.carried_mw = carried_at_most(tables)
        curves = tables.curves  # zones without a peak need no output at all
        self.free_mwh = float(curves.step_heat[curves.step_mw <= 0].sum())
        self.parts: list[Part] = []
        self.first: int | None = None

    def _positive(self) -> float:
        return sum(part.most_mwh for part in self.parts)

    def run(self, *, closing: bool = False) -> bool:
        """Bound all parts, as long as that leaves less; whether it was not broken off.

        If only closing is of interest, it ends where looking closer is not likely to do that. Where
        zones have heat without a peak, they need no output, and nothing can be told by it.
        """
        if self.free_mwh > 0:
            return False
        nodes = np.unique(self.tables.option_node).tolist()
        for node in sorted(nodes, key=lambda n: self.first != n):
            pieces = pieces_at(self.tables, node, self.carried_mw)
            self.parts.append(Part(node, pieces, np.full(len(pieces), np.inf)))
        for _ in range(ROUNDS):
            before = _most_of(self.parts)
            self._look(closing=closing)
            if self.is_late():
                return False
            if self._positive() < self.least_mwh:
                self.parts = []
                break
            if closing and self._hopeless() is not None:
                break
            self._drop()
            if self.is_late() or _most_of(self.parts) > SHRUNK * before:
                break
        return not self.is_late()

    def _hopeless(self) -> int | None:
        """Return a node whose part is worth so much that looking closer does not close it."""
        for part in self.parts:
            k = int(np.argmax(part.surplus_mwh))
            pieces, worth = part.pieces, float(part.surplus_mwh[k])
            invested = float(pieces.cost_eur[k] + pieces.slope_eur[k] * pieces.high_mw[k])
            if math.isfinite(worth) and worth > HOPELESS * self.price * invested:
                return part.node
        return None

    def tables_left(self) -> Tables:
        """Return the tables with what is left of the sites, each output at what it costs.

        Where several feed in at a node all of them stay: together they may be cheaper than they
        are allowed to be, if they exclude each other.
        """
        left = np.isin(self.tables.option_node, [part.node for part in self.parts])
        tables = self.tables.with_options(left)
        for part in self.parts:
            here = tables.option_node == part.node
            if len(np.unique(tables.option_site[here])) == 1:
                tables = _with_pieces(tables, here, part.pieces)
        return tables

    def rooted(self, tables: Tables, part: Part) -> list[RootBound]:
        """Return what plans are worth, and can use, in which a part has one of its outputs.

        One bound for each class of outputs; other sites sell at their least cost per MW.
        """
        found = []
        for asked, most in self._by_class(part):
            each = [
                self._with_root(tables, asked.known, price, most)
                for price in asked.yields.best(asked.where, 2)
            ]
            if not any(bound.is_closed for bound in each):
                found.append(reduce(RootBound.together, each))
        return found

    def _flow_with(self, part: Part, members: BoolArray) -> float:
        """Return the most that any pipe carries in a plan with some outputs of a part [MW].

        All others may give their most besides, up to what a sensible plan carries at all.
        """
        others = _most_of([each for each in self.parts if each.node != part.node])
        own = float(part.pieces.high_mw[members].max())
        return min(others + own, self.carried_mw)

    def _by_class(self, part: Part) -> Iterator[tuple[Asked, float]]:
        """Yield each class of outputs that may be worth something, and the most that flows then."""
        for members in _classes(part.pieces):
            if self.is_late():
                return
            some = part.pieces.part(np.flatnonzero(members))
            most = self._flow_with(part, members)
            one = replace(part, pieces=some, surplus_mwh=part.surplus_mwh[members])
            asked = self._asked(one, np.ones(len(some), bool), most, self.least_mwh, ROOTED)
            if asked.known.most_mwh >= self.least_mwh:
                yield asked, most

    def _with_root(self, tables: Tables, part: Part, price: float, most_mw: float) -> RootBound:
        """Return a bound on plans with a part, the price of its output given.

        Other nodes sell at their least cost per MW: then no output of theirs costs less than it is.
        """
        nodes = [part.node, *(each.node for each in self.parts if each.node != part.node)]
        first = np.array([int(np.argmax(tables.option_node == node)) for node in nodes])
        pieces, rate = part.pieces, price / self.price
        ends = [
            pieces.cost_eur + (pieces.slope_eur - rate) * at
            for at in (pieces.low_mw, pieces.high_mw)
        ]
        cost, slope = np.zeros(len(nodes)), np.zeros(len(nodes))
        cost[0], slope[0] = np.minimum(*ends).min(), rate
        others = {each.node: each.pieces.least_per_mw() for each in self.parts}
        slope[1:] = [others[node] for node in nodes[1:]]
        single = replace(
            tables.with_options(first),
            option_mw=np.full(len(nodes), most_mw),
            option_least_mw=np.zeros(len(nodes)),
            option_cost_eur=cost,
            option_slope_eur=slope,
            curves=tables.curves.limited(np.full(len(tables.zone), most_mw)),
        )
        own = int(single.option_site[0])
        bound = city_bound(
            single,
            self.price,
            np.zeros(len(nodes)),
            most_mw=most_mw,
            forced=own,
            lines=self.lines.up_to(most_mw),
        )
        bound = replace(bound, surplus_mwh=bound.surplus_mwh - self.least_mwh)
        found = bound.rooted(own)
        if found.is_closed:
            return found
        left = np.array(nodes)[found.options]
        return replace(found, options=np.isin(tables.option_node, left))

    def _look(self, *, closing: bool) -> None:
        """Bound what each part is worth at most, until all together are worth nothing."""
        target = self.least_mwh / max(len(self.parts), 1)
        for k, part in enumerate(self.parts):
            every = np.ones(len(part.pieces), bool)
            whole = self._flow_with(part, every)
            for members in (every, *_classes(part.pieces)):
                most = self._flow_with(part, members)
                if self.is_late() or (closing and self._hopeless() is not None):
                    return
                if members is not every and most > SHRUNK * whole:
                    continue
                if self.parts[k].surplus_mwh[members].max() >= target:
                    self.parts[k] = self._asked(self.parts[k], members, most, target).known

    def _drop(self) -> None:
        """Drop outputs that no plan can have, whatever the other parts are worth."""
        positive = self._positive()
        for k, part in enumerate(self.parts):
            needed = self.least_mwh - (positive - part.most_mwh)
            some = part.left(needed)
            if len(some.pieces) and not self.is_late():
                members = np.ones(len(some.pieces), bool)
                most = self._flow_with(some, members)
                asked = self._asked(some, members, most, needed, FEW, LOWER)
                some = asked.left(needed)
            self.parts[k] = some
        self.parts = [part for part in self.parts if len(part.pieces)]

    def _asked(
        self,
        part: Part,
        members: BoolArray,
        most_mw: float,
        target_mwh: float,
        ascents: int = ASCENTS,
        start: float = 1.0,
    ) -> Asked:
        """Bound some ranges of a part by prices that tell more and more about the best of them."""
        some = part.pieces.part(np.flatnonzero(members))
        yields, lines = Yields(), self.lines.up_to(most_mw)
        yields.add(self.highest, 0.0)
        price = min(start * self.price * some.least_per_mw(), 0.999 * self.highest)
        for _ in range(ascents):
            bound = alone_at(self.tables, part.node, self.price, price, most_mw, lines)
            yields.add(price, max(bound.in_part(), 0.0))
            worth, where = largest(yields, some, self.price)
            worst = int(np.argmax(worth))
            following = yields.next_price(float(where[worst]))
            if worth[worst] < target_mwh or following is None or self.is_late():
                break
            price = following
        surplus = part.surplus_mwh.copy()
        surplus[members] = np.minimum(surplus[members], worth)
        known = replace(part, surplus_mwh=surplus)
        return Asked(known, members, yields, self.price, float(where[worst]))


def _most_of(parts: list[Part]) -> float:
    """Return the most that all parts together give [MW]."""
    return sum(part.most_mw for part in parts)


def _classes(pieces: Pieces) -> list[BoolArray]:
    """Return ranges of like output, those with the largest first."""
    left, found = pieces.high_mw.copy(), []
    while (left > 0).any():
        members = left > left.max() / CLASS
        found.append(members)
        left = np.where(members, 0.0, left)
    return found


def _with_pieces(tables: Tables, here: BoolArray, pieces: Pieces) -> Tables:
    """Return the tables with the options of a site replaced by ranges of its output."""
    own, count = int(np.argmax(here)), len(pieces)
    site = replace(
        tables.with_options(np.full(count, own)),
        option_mw=pieces.high_mw,
        option_least_mw=pieces.low_mw,
        option_cost_eur=pieces.cost_eur,
        option_slope_eur=pieces.slope_eur,
    )
    return site.with_more_options(tables.with_options(~here))
