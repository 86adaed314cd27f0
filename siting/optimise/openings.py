"""Say what it costs to open sites, by the output that is wanted of them.

The options of a site, the sizes of the only pipe that leads away from it, and sites that feed in at
the same node are all the same thing: ranges of output, each with a lump sum and a price per MW, of
which a best plan takes the cheapest. FORMULATION.md, *By output*, has the proofs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from siting.optimise.tables import IntArray, Tables
from siting.solvers.outcome import FloatArray

__all__ = ["Pieces", "behind_spurs", "pieces_at"]

POINT = 1e-9
"""Share of an output by which ranges begin below it at least [-]."""
CELLS = 200
"""Into how many cells of output ranges are told apart, besides their own ends."""


@dataclass(frozen=True)
class Pieces:
    """Ranges of output, each with what it costs: ``cost_eur + slope_eur * output``.

    Parameters
    ----------
    low_mw, high_mw
        The least and the most output of each piece [MW].
    cost_eur, slope_eur
        Lump sum [EUR] and price per MW of output [EUR/MW].
    """

    low_mw: FloatArray
    high_mw: FloatArray
    cost_eur: FloatArray
    slope_eur: FloatArray

    @classmethod
    def of(cls, tables: Tables, options: IntArray) -> Pieces:
        """Return the pieces of options that exclude each other, up to what all zones can take."""
        return cls(
            tables.option_least_mw[options],
            tables.option_mw[options],
            tables.option_cost_eur[options],
            tables.option_slope_eur[options],
        )

    def part(self, keep: IntArray) -> Pieces:
        """Return some of the pieces."""
        names = ("low_mw", "high_mw", "cost_eur", "slope_eur")
        return Pieces(**{name: getattr(self, name)[keep] for name in names})

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.high_mw)

    def up_to(self, most_mw: float) -> Pieces:
        """Return the pieces without output beyond the most that is of use."""
        some = self.part(np.flatnonzero((self.low_mw <= most_mw) & (self.high_mw > 0)))
        return replace(some, high_mw=np.minimum(some.high_mw, most_mw))

    def least_per_mw(self) -> float:
        """Return the least cost of any output, per MW [EUR/MW].

        With a lump sum it is that of the most output; where the dearer of two sites adds to the
        cheaper one, the straight line begins below zero, and it is that of the least output.
        """
        at = np.where(self.cost_eur < 0, self.low_mw, self.high_mw)
        with np.errstate(divide="ignore"):
            each = self.cost_eur / at + self.slope_eur
        return float(each.min(initial=np.inf))

    def cheapest(self) -> Pieces:
        """Return each piece for the outputs at which it may be the cheapest.

        Between neighbouring ends and grid points each piece covers all or nothing. There a piece is
        needed only if it begins no dearer than the others end; so no output gets too dear.
        """
        if not len(self):
            return self
        some = self._without_idle()  # a range must not be a mere point to lie in a cell
        some = replace(some, low_mw=np.minimum(some.low_mw, (1 - POINT) * some.high_mw))
        most = float(some.high_mw.max())
        ends = np.concatenate([some.low_mw, some.high_mw, np.linspace(0.0, most, CELLS)])
        ends = np.unique(ends)
        left, right = ends[:-1], ends[1:]
        covers = (some.low_mw[:, None] <= left) & (some.high_mw[:, None] >= right)
        begins = some.cost_eur[:, None] + some.slope_eur[:, None] * left
        finishes = some.cost_eur[:, None] + some.slope_eur[:, None] * right
        needed = covers & (begins <= np.where(covers, finishes, np.inf).min(axis=0))
        keep = np.flatnonzero(needed.any(axis=1))
        needed = needed[keep]
        some = some.part(keep)
        low = np.where(needed, left, np.inf).min(axis=1)
        high = np.where(needed, right, -np.inf).max(axis=1)
        return replace(some, low_mw=low, high_mw=high)

    def _without_idle(self) -> Pieces:
        """Return the pieces without those that another one does all for, and is no dearer."""
        order = np.lexsort((-self.high_mw, self.low_mw, self.slope_eur, self.cost_eur))
        keep: list[int] = []
        for k in order.tolist():
            kept = np.array(keep, dtype=np.int64)
            better = (self.slope_eur[kept] <= self.slope_eur[k]) & (
                self.low_mw[kept] <= self.low_mw[k]
            )
            if not (better & (self.high_mw[kept] >= self.high_mw[k])).any():
                keep.append(k)
        return self.part(np.array(sorted(keep), dtype=np.int64))

    def beside(self, other: Pieces) -> Pieces:
        """Return the pieces of two that feed the same node: the one, the other or both.

        Of both together the cheaper MW come first; that makes two pieces of each pair.
        """
        if not len(self) or not len(other):
            return self if len(self) else other
        i, j = (each.ravel() for each in np.indices((len(self), len(other))))
        dear = self.slope_eur[i] > other.slope_eur[j]

        def first(name: str) -> FloatArray:
            return np.asarray(np.where(dear, getattr(other, name)[j], getattr(self, name)[i]))

        def second(name: str) -> FloatArray:
            return np.asarray(np.where(dear, getattr(self, name)[i], getattr(other, name)[j]))

        low = first("low_mw") + second("low_mw")
        turn = first("high_mw") + second("low_mw")
        most = first("high_mw") + second("high_mw")
        lump = first("cost_eur") + second("cost_eur")
        cheap, rest = first("slope_eur"), second("slope_eur")
        return Pieces(
            np.concatenate([self.low_mw, other.low_mw, low, turn]),
            np.concatenate([self.high_mw, other.high_mw, turn, most]),
            np.concatenate(
                [
                    self.cost_eur,
                    other.cost_eur,
                    lump + (rest - cheap) * second("low_mw"),
                    lump + (cheap - rest) * first("high_mw"),
                ]
            ),
            np.concatenate([self.slope_eur, other.slope_eur, cheap, rest]),
        ).cheapest()


def pieces_at(tables: Tables, node: int, most_mw: float) -> Pieces:
    """Return what it costs to bring output to a node from the sites that feed in there.

    Parameters
    ----------
    tables
        What is left of a city.
    node
        Position of the node.
    most_mw
        The most output that is of use [MW].
    """
    here = tables.option_node == node
    found = Pieces(*(np.zeros(0),) * 4)
    for site in np.unique(tables.option_site[here]).tolist():
        options = np.flatnonzero(here & (tables.option_site == site))
        own = Pieces.of(tables, options).up_to(most_mw).cheapest()
        found = found.beside(own).up_to(most_mw)
    return found


def behind_spurs(tables: Tables) -> Tables:
    """Return the tables with each site behind its only pipe fed in at the end of that.

    A spur is an edge that leads from a node with one site and nothing else. All that the site gives
    goes through it, so each pair of option and size is an option at its end, for what arrives.
    """
    degree = np.bincount(np.concatenate([tables.u, tables.v]), minlength=tables.nodes)
    busy = np.bincount(tables.zone_node, minlength=tables.nodes)
    sites_at: dict[int, set[int]] = {}
    pairs = zip(tables.option_node.tolist(), tables.option_site.tolist(), strict=True)
    for node, site in pairs:
        sites_at.setdefault(node, set()).add(site)
    gone = np.zeros(len(tables.edge), bool)
    spurs: dict[int, int] = {}
    for e in np.flatnonzero((degree[tables.u] == 1) | (degree[tables.v] == 1)).tolist():
        for node, other in ((tables.u[e], tables.v[e]), (tables.v[e], tables.u[e])):
            alone = degree[node] == 1 and not busy[node] and len(sites_at.get(int(node), ())) == 1
            outward = not tables.one_way[e] or tables.u[e] == node
            if alone and outward and degree[other] > 1 and not gone[e]:
                gone[e] = True
                (site,) = sites_at[int(node)]
                spurs[site] = e
    if not spurs:
        return tables
    moved = _moved(tables, spurs)
    behind = dict(tables.spurs)
    for site, e in spurs.items():
        name = int(tables.edge[e])
        behind[site] = (*behind.get(site, ()), name, *tables.chains.get(name, ()))
    return replace(moved.with_edges(~gone), spurs=behind)


def _moved(tables: Tables, spurs: dict[int, int]) -> Tables:
    """Return the tables with options of some sites moved to the end of their spurs."""
    moved = tables.with_options(~np.isin(tables.option_site, list(spurs)))
    for site, e in spurs.items():
        options = np.flatnonzero(tables.option_site == site)
        found = _through(tables, options, e)
        here = int(tables.option_node[options[0]])
        end = int(tables.v[e] if tables.u[e] == here else tables.u[e])
        own = replace(
            tables,
            option_site=np.full(len(found), site),
            option_node=np.full(len(found), end),
            option_least_mw=found.low_mw,
            option_mw=found.high_mw,
            option_cost_eur=found.cost_eur,
            option_slope_eur=found.slope_eur,
        )
        moved = moved.with_more_options(own)
    return moved


def _through(tables: Tables, options: IntArray, e: int) -> Pieces:
    """Return what it costs to bring output of a site to the end of an edge.

    Of streets in a row each pipe carries at least what leaves the last.
    """
    _, sizes = np.unique(tables.high_mw[e], return_index=True)
    k, p = (each.ravel() for each in np.meshgrid(options, sizes, indexing="ij"))
    lost, stays = tables.loss_mw[e, p], 1.0 - float(tables.shared_loss[e])
    in_row = int(tables.edge[e]) in tables.chains
    through = tables.high_mw[e, p] if in_row else tables.high_mw[e, p] * stays - lost
    slope = tables.option_slope_eur[k] + float(tables.slope_eur[e])
    cost = tables.option_cost_eur[k] + tables.cost_eur[e, p] + slope * lost / stays
    own = Pieces(
        np.maximum(tables.option_least_mw[k] * stays - lost, 0.0),
        np.minimum(tables.option_mw[k] * stays - lost, through),
        cost,
        slope / stays,
    )
    own = own.part(np.flatnonzero((own.high_mw >= own.low_mw) & (own.high_mw > 0)))
    return own.cheapest() if np.isfinite(own.high_mw).all() else own
