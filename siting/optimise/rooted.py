"""Bound all plans that hold a certain site, on arrays, and drop what none of them can use.

A network that hangs together and holds an open site can be seen as a tree that is rooted there,
whichever way heat flows in it. At prices on power (`siting.optimise.pricing`) each of its pipes
costs something, each zone yields something, and so may each further site. What such a tree is worth
at most is bounded by dual ascent (`siting.optimise.ascent`), which also tells what a tree worth
anything can hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.optimise.ascent import Ascent, RootedNetwork, ascend
from siting.optimise.pricing import Priced, node_prices, price_rise, priced
from siting.optimise.tables import BoolArray, IntArray, Tables
from siting.solvers.outcome import FloatArray

__all__ = ["RootBound", "carried_at_most", "root_bound"]

TINY = 1e-9
"""Prize of a terminal that is worth nothing but may still be reached, as a share of all prizes."""


@dataclass(frozen=True)
class RootBound:
    """What plans that hold the root site are worth at most, and what they can use.

    Parameters
    ----------
    surplus_mwh
        No such plan has a larger ``heat - price * capex`` [MWh/a]; below 0: none beats the price.
    edges, zones, options
        What a plan that beats the price can use, by position in the tables.
    most_mw
        The most base capacity of each zone in such a plan [MW].
    """

    surplus_mwh: float
    edges: BoolArray
    zones: BoolArray
    options: BoolArray
    most_mw: FloatArray

    @property
    def is_closed(self) -> bool:
        """Whether no plan with the root beats the price."""
        return self.surplus_mwh < 0

    def together(self, other: RootBound) -> RootBound:
        """Return what two bounds with the same root say together."""
        return RootBound(
            min(self.surplus_mwh, other.surplus_mwh),
            self.edges & other.edges,
            self.zones & other.zones,
            self.options & other.options,
            np.minimum(self.most_mw, other.most_mw),
        )


def carried_at_most(tables: Tables) -> float:
    """Return the most heat that any pipe or site of a sensible plan carries [MW].

    The same bound as `siting.model.data.flow_limit`, for what is left of a problem.
    """
    by_source: dict[str, float] = {}
    for site, most in zip(tables.option_site.tolist(), tables.option_mw.tolist(), strict=True):
        group = tables.problem.sites[site].group
        name = f"group {group}" if group is not None else f"site {site}"
        by_source[name] = max(most, by_source.get(name, 0.0))
    wanted = float(tables.curves.step_mw.sum() + tables.zone_loss_mw.sum())
    lost = float(tables.loss_mw.max(axis=1, initial=0.0).sum())
    growth = -float(np.log1p(-tables.shared_loss).sum())
    return min(sum(by_source.values()), (wanted + lost) * float(np.exp(min(growth, 50.0))))


def root_bound(
    tables: Tables,
    price: float,
    site: int,
    offset: FloatArray,
    *,
    most_mw: float,
    seed: int | None = None,
) -> RootBound:
    """Return a bound on plans that hold a site, at prices of power that start at the options.

    Parameters
    ----------
    tables
        What plans may use.
    price
        Price of investment [MWh/a per EUR].
    site
        The root: position of a site in the problem.
    offset
        Price of power at each option [MWh/a per MW], not below 0. Any gives a bound.
    most_mw
        See `carried_at_most`.
    seed
        Of the ascent.
    """
    node = node_prices(tables, price_rise(tables, price, most_mw), tables.option_node, offset)
    worth = priced(tables, price, node, most_mw)
    return _RootedTree(tables, site, worth, seed).bound()


class _RootedTree:
    """One ascent from one root."""

    def __init__(self, tables: Tables, site: int, worth: Priced, seed: int | None) -> None:
        self.tables, self.site, self.worth = tables, site, worth
        self.own = tables.option_site == site
        self.others = np.unique(tables.option_site[~self.own])
        self.root = int(tables.option_node[self.own][0])
        self.opening = float(worth.option[self.own].min())
        self.rents = self._rents()
        forth, back = self._pipes()
        self.given_back = float(np.minimum(forth, 0.0).sum() + np.minimum(back, 0.0).sum())
        self.prizes = np.concatenate([worth.zone, self.rents])
        total = float(np.maximum(self.prizes, 0.0).sum())
        self.tiny = max(TINY * total, 1e-300)
        reachable = np.isfinite(worth.zone)
        at = np.concatenate([tables.zone_node, self._site_nodes()])
        wanted = np.concatenate([reachable, np.ones(len(self.others), bool)])
        self.paid = np.where(wanted, np.maximum(self.prizes, self.tiny), 0.0)
        self.both = np.flatnonzero(np.isfinite(forth) | np.isfinite(back))
        there, back_there = np.isfinite(forth), np.isfinite(back)
        self.edge_of = np.concatenate([np.flatnonzero(there), np.flatnonzero(back_there)])
        self.ascent: Ascent = ascend(
            RootedNetwork.of(
                tables.nodes,
                self.root,
                np.concatenate([tables.u[there], tables.v[back_there]]),
                np.concatenate([tables.v[there], tables.u[back_there]]),
                np.maximum(np.concatenate([forth[there], back[back_there]]), 0.0),
                at,
                self.paid,
            ),
            seed=seed,
        )
        self.at = at

    def _pipes(self) -> tuple[FloatArray, FloatArray]:
        """Return what each edge costs away from the root in both directions.

        With one site heat flows away from it. With several it may come towards it, so that an
        edge costs the less of both.
        """
        forth, back = self.worth.forth, self.worth.back
        if len(self.others):
            least = np.minimum(forth, back)
            return least, least
        return forth, back

    def _rents(self) -> FloatArray:
        """Return what each other site yields at most when it joins."""
        return np.array(
            [-float(self.worth.option[self.tables.option_site == s].min()) for s in self.others]
        )

    def _site_nodes(self) -> IntArray:
        first = [int(np.flatnonzero(self.tables.option_site == s)[0]) for s in self.others]
        return self.tables.option_node[np.array(first, dtype=np.int64)]

    def bound(self) -> RootBound:
        """Return the bound with what is possible within it."""
        limit = float(self.paid.sum()) - self.opening - self.given_back
        surplus = limit - self.ascent.bound
        count = len(self.tables.zone)
        if surplus < 0:
            none = np.zeros(0, bool)
            return RootBound(surplus, none, none, none, np.zeros(0))
        possible = self.ascent.possible(limit)
        edges = np.zeros(len(self.tables.edge), bool)
        edges[self.edge_of[possible.arcs]] = True
        room = max(self.ascent.room(limit), 0) * self.ascent.quantum
        left = room - self.ascent.from_root[self.at] - np.maximum(-self.prizes, 0.0)
        joins = left >= 0
        zones = joins[:count] & np.isfinite(self.worth.zone)
        kept_sites = self.others[joins[count:]]
        options = self.own | np.isin(self.tables.option_site, kept_sites)
        at_zone = np.where(zones, self.worth.node[self.tables.zone_node], 0.0)
        most = self.tables.curves.most_within(at_zone, np.where(zones, left[:count], 0.0))
        return RootBound(surplus, edges, zones, options, most)
