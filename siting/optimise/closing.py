"""Bound the plans of a city root by root at a price, and close sites that none of them holds."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from siting.optimise.apart import Apart
from siting.optimise.carried import (
    CityBound,
    KnownLines,
    RootBound,
    carried_at_most,
    city_bound,
    paid_back,
)
from siting.optimise.chains import joined
from siting.optimise.openings import behind_spurs
from siting.optimise.pricing import node_prices
from siting.optimise.tables import Tables

__all__ = ["Closer", "Left", "least_along", "paid_back", "restricted"]

LOG = logging.getLogger(__name__)
GOLDEN = (math.sqrt(5) - 1) / 2
SEARCHES, PASSES, TURNS = 5, 4, 6
SHARES = (1.0, 0.5, 0.0)
"""How much of its opening a site gets back by the price of its output, one bound for each [-]."""
SHRUNK = 0.9
STUCK = 2
"""Sites with nearly the whole city left after which nothing more is closed."""
STEP_DOWN, HIGHEST = 1.28, 40.0
"""How far above a price parts are tried to close first, and at most [-]."""
FIRST_STEP = 0.02
"""How far above a price a ceiling is first looked for [-]."""
BELOW = 0.01
"""How far below a price bounds are made where options are opened for nothing [-]."""


@dataclass(frozen=True)
class Left:
    """What plans that beat a price can use, for each site that one of them may hold."""

    price: float
    kept: dict[int, Tables]

    @property
    def sites(self) -> list[int]:
        """Positions of the sites in the problem."""
        return sorted(self.kept)

    @property
    def edges(self) -> list[int]:
        """Positions of the edges in the problem."""
        return sorted({k for each in self.kept.values() for k in each.positions()})

    @property
    def zones(self) -> list[int]:
        """Positions of the zones in the problem."""
        return sorted({k for each in self.kept.values() for k in each.zone.tolist()})


class Closer:
    """Closes sites of one city, or of a piece of it.

    Parameters
    ----------
    tables
        The city.
    is_late
        Tells when to break off.
    """

    def __init__(self, tables: Tables, is_late: Callable[[], bool] = lambda: False) -> None:
        self.tables, self.is_late = tables, is_late
        self.sites = np.unique(tables.option_site).tolist()
        self.most_mw = carried_at_most(tables)
        self.below = 0.0 if tables.option_cost_eur.min(initial=np.inf) > 0 else BELOW
        self.least_eur = _least_investment(tables)
        self.lines = KnownLines(tables)
        self.hardest: int | None = None

    def ceiling(self, low: float) -> float:
        """Return a price that no plan beats, not below the one given; infinite without time.

        Plans are taken apart by where their heat comes in (FORMULATION.md, *By output*). The higher
        a price, the sooner all parts are closed, so it is sought from above.
        """
        step = STEP_DOWN
        while not self._is_closed_apart(low * (1 + step)):
            step *= 2
            if self.is_late() or step > HIGHEST:
                return math.inf
        while step > FIRST_STEP and not self.is_late():
            if not self._is_closed_apart(low * (1 + step / 2)):
                middle = low * (1 + 0.75 * step)
                return middle if self._is_closed_apart(middle) else low * (1 + step)
            step /= 2
        return low * (1 + step)

    def _left_over(self, price: float) -> tuple[float, float]:
        """Return a lower price, and what a plan that beats the price leaves there [MWh/a].

        With options that are opened for nothing no bound falls below 0, as to build nothing is
        worth that. But a plan with heat costs something: ``heat > price * capex`` is
        ``heat - k * capex > (price - k) * capex``, at any ``k`` below the price.
        """
        lower = price * (1 - self.below)
        return lower, (price - lower) * self.least_eur * (1 - self.below)

    def _is_closed_apart(self, price: float) -> bool:
        """Whether the parts of plans by where heat comes in show that none beats a price."""
        apart = self._apart(self.tables, price)
        apart.first = self.hardest
        closed = apart.run(closing=True) and not apart.parts
        if not closed and apart.parts:
            self.hardest = max(apart.parts, key=lambda part: part.finite_mwh).node
        LOG.info("parts at price %.6g: %s", price, "closed" if closed else "not closed")
        return closed

    def _apart(self, tables: Tables, price: float) -> Apart:
        lower, least_mwh = self._left_over(price)
        lines = self.lines if tables is self.tables else None
        return Apart(tables, lower, least_mwh, self.is_late, lines)

    def close_by_parts(self, price: float) -> Left | None:
        """Close what parts of plans and ways from where heat comes in leave nothing for, in turn.

        A plan that beats the price has a part that is worth something. Where that comes in is a
        root of the plan, so it is enough to bound plans with one of these roots.
        """
        tables = self.tables
        for _ in range(TURNS):
            apart = self._apart(tables, price)
            if not apart.run():
                LOG.info("survey broken off: its share of the time is over")
                return None
            if not apart.parts:
                return Left(price, {})
            before, tables = len(tables.edge), apart.tables_left()
            roots = [part for part in apart.parts if part.most_mwh > 0]
            found = [bound for part in roots for bound in apart.rooted(tables, part)]
            if self.is_late():
                return None
            if not found:
                return Left(price, {})
            tables = restricted(tables, either(found))
            LOG.info(
                "parts at price %.6g: worth %.0f MWh/a, %d edges, %d zones, %d sites left",
                price,
                sum(part.most_mwh for part in apart.parts),
                len(tables.edge),
                len(tables.zone),
                len(np.unique(tables.option_site)),
            )
            if len(tables.edge) > SHRUNK * before:
                break
        return Left(price, dict.fromkeys(np.unique(tables.option_site).tolist(), tables))

    def close_by_roots(self, price: float, useless_mwh: float = math.inf) -> Left | None:
        """Close one root after the other; None when it takes too long or is of no use.

        A surplus of the whole city from which it is not even tried may be given [MWh/a].
        """
        whole = [self.bound(self.tables, price, share) for share in SHARES]
        surplus = min(each.surplus_mwh for each in whole)
        LOG.info("whole city: surplus %.0f MWh/a", surplus)
        if surplus > useless_mwh:
            return None
        regions = {site: together(each.rooted(site) for each in whole) for site in self.sites}
        kept: dict[int, Tables] = {}
        closed: set[int] = set()
        stuck = 0
        for site in sorted(self.sites, key=lambda s: regions[s].surplus_mwh):
            if self.is_late():
                LOG.info("survey broken off: its share of the time is over")
                return None
            found = self._rooted(site, price, regions[site], closed)
            if found is None:
                closed.add(site)
            else:
                kept[site] = found
                stuck += len(found.edge) > SHRUNK * len(self.tables.edge)
            if stuck >= STUCK:
                LOG.info("survey broken off: plans with most sites may use the whole city")
                return None
        return Left(price, kept)

    def bound(
        self,
        tables: Tables,
        price: float,
        share: float,
        forced: int | None = None,
        own: float = 0.0,
        most_mw: float | None = None,
    ) -> CityBound:
        """Return a bound on plans.

        Parameters
        ----------
        tables
            What they may use.
        price
            Price of investment [MWh/a per EUR].
        share
            How much of its opening each site gets back by the price of its output [-]; at 1 all
            of it when its output is used up.
        forced, own
            A site that is open, and the price of its output [MWh/a per MW].
        most_mw
            The most that any pipe carries; what the tables allow for if it is not given [MW].
        """
        most_mw = carried_at_most(tables) if most_mw is None else most_mw
        dear = share * paid_back(tables, price, most_mw)
        if forced is not None:
            dear = np.where(tables.option_site == forced, own, dear)
        return city_bound(tables, price, dear, most_mw=most_mw, forced=forced)

    def forced(self, tables: Tables, price: float, site: int) -> RootBound:
        """Return what plans with a site are worth at the prices of its output that bound best."""
        shares = SHARES if (tables.option_site != site).any() else SHARES[:1]

        def bound(scarcity: float, share: float) -> RootBound:
            return self.bound(tables, price, share, site, scarcity).rooted(site)

        found: dict[float, RootBound] = {}

        def surplus(scarcity: float) -> float:
            found[scarcity] = bound(scarcity, shares[0])
            return found[scarcity].surplus_mwh

        least, best = least_along(surplus, 0.0, _most_yield(tables), enough=0.0)
        if least < 0:
            return found[best]
        others = [bound(best, share) for share in shares[1:]]
        return together([*found.values(), *others])

    def _rooted(
        self, site: int, price: float, region: RootBound, closed: set[int]
    ) -> Tables | None:
        """Return what plans with a root can use; None when none beats the price."""
        name = self.tables.problem.sites[site].id
        gone = closed | self._rivals(site)
        tables, found = self.tables, region
        for _ in range(PASSES):
            if found.is_closed:
                LOG.info("site %s: closed (%.0f MWh/a)", name, found.surplus_mwh)
                return None
            before = len(tables.edge)
            options = found.options & ~np.isin(tables.option_site, list(gone))
            tables = restricted(tables, replace(found, options=options))
            LOG.info(
                "site %s: surplus %.0f MWh/a, %d edges, %d zones, %d options",
                name,
                found.surplus_mwh,
                len(tables.edge),
                len(tables.zone),
                len(tables.option_site),
            )
            if len(tables.edge) > SHRUNK * before and found is not region:
                break
            better = self.forced(tables, price, site)
            found = replace(better, surplus_mwh=min(better.surplus_mwh, found.surplus_mwh))
        return tables

    def _rivals(self, site: int) -> set[int]:
        """Return the sites that exclude a site."""
        sites = self.tables.problem.sites
        group = sites[site].group
        return {
            s for s in self.sites if group is not None and s != site and sites[s].group == group
        }


def _least_investment(tables: Tables) -> float:
    """Return what any plan with heat costs at least: a zone, the way to it, and a site [EUR]."""
    useful = tables.curves.step_heat.sum(axis=1) > 0
    way = node_prices(
        tables, tables.cost_eur.min(axis=1), tables.option_node, tables.option_cost_eur
    )
    each = way[tables.zone_node[useful]] + tables.zone_cost_eur[useful]
    least = float(each.min(initial=np.inf))
    return max(least, 0.0) if math.isfinite(least) else 0.0


def either(bounds: list[RootBound]) -> RootBound:
    """Return what plans with any of some roots are worth, and can use."""
    return RootBound(
        max(each.surplus_mwh for each in bounds),
        reduce(np.logical_or, (each.edges for each in bounds)),
        reduce(np.logical_or, (each.zones for each in bounds)),
        reduce(np.logical_or, (each.options for each in bounds)),
        reduce(np.maximum, (each.most_mw for each in bounds)),
    )


def _most_yield(tables: Tables) -> float:
    """Return the most heat per MW of any zone that takes all of it [MWh/a per MW]."""
    power, heat = tables.curves.step_mw.sum(axis=1), tables.curves.step_heat.sum(axis=1)
    return float((heat[power > 0] / power[power > 0]).max(initial=1.0))


def together(bounds: Iterable[RootBound]) -> RootBound:
    """Return what bounds with the same root say together."""
    found = list(bounds)
    closed = [each for each in found if each.is_closed]
    if closed:
        return min(closed, key=lambda each: each.surplus_mwh)
    return reduce(RootBound.together, found)


def least_along(
    function: Callable[[float], float], low: float, high: float, *, enough: float = -math.inf
) -> tuple[float, float]:
    """Return the least value found of a function that falls and rises, and where.

    The search ends as soon as a value is below what is enough.
    """
    seen = {low: function(low)}
    a, b = low, high
    for _ in range(SEARCHES):
        if min(seen.values()) < enough:
            break
        c, d = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
        for x in (c, d):
            if x not in seen:
                seen[x] = function(x)
        if seen[c] <= seen[d]:
            b = d
        else:
            a = c
    where = min(seen, key=lambda x: (seen[x], x))
    return seen[where], where


def restricted(tables: Tables, found: RootBound) -> Tables:
    """Return what a bound leaves of the tables, each zone with the base capacity it may take."""
    part = tables.with_edges(found.edges).with_options(found.options).with_zones(found.zones)
    part = replace(part, curves=part.curves.limited(found.most_mw[found.zones]))
    return behind_spurs(joined(part))
