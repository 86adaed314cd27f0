"""Hold a problem as arrays, so that a whole city can be priced without a model of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.optimise.ascent_kernels import least_from
from siting.optimise.construct import Curves
from siting.problem import Problem
from siting.solvers.outcome import FloatArray

__all__ = ["Tables", "tables_of"]

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
OF_OPTIONS = (
    "option_site",
    "option_node",
    "option_mw",
    "option_cost_eur",
    "option_slope_eur",
    "option_least_mw",
)


@dataclass(frozen=True)
class Tables:
    """A problem, or a part of one, in arrays; positions are those in ``problem``.

    Parameters
    ----------
    problem
        Where the figures come from.
    edge
        Position of each edge in the problem; forbidden ones and loops are left out.
    u, v, one_way
        End nodes of each edge, and whether heat may flow from ``u`` to ``v`` only.
    high_mw, cost_eur, loss_mw
        One column for each size: most flow that enters, cost, and the least loss of it and of all
        larger sizes; the last size is repeated.
    most_loss_mw
        The largest loss of any size.
    slope_eur, shared_loss
        Cost per flow [EUR/MW] and loss per flow [MW/MW] of linear pipes; 0 for sized ones.
    zone, zone_node, zone_cost_eur, zone_loss_mw, curves
        Zones that may be connected.
    option_site, option_node, option_mw, option_cost_eur, option_slope_eur
        Options of sites that may be opened.
    option_least_mw
        The least output that each option is wanted for [MW].
    chains
        For edges that stand for several in a row: what comes behind the first, by its position.
    spurs
        For sites that are fed in at the end of the only pipes that lead away: those edges.
    """

    problem: Problem
    edge: IntArray
    u: IntArray
    v: IntArray
    one_way: BoolArray
    high_mw: FloatArray
    cost_eur: FloatArray
    loss_mw: FloatArray
    most_loss_mw: FloatArray
    slope_eur: FloatArray
    shared_loss: FloatArray
    zone: IntArray
    zone_node: IntArray
    zone_cost_eur: FloatArray
    zone_loss_mw: FloatArray
    zone_peak_mw: FloatArray
    curves: Curves
    option_site: IntArray
    option_node: IntArray
    option_mw: FloatArray
    option_cost_eur: FloatArray
    option_slope_eur: FloatArray
    option_least_mw: FloatArray
    chains: dict[int, tuple[int, ...]] = field(default_factory=dict)
    spurs: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def links(self) -> tuple[IntArray, IntArray, IntArray]:
        """Edges both ways by the node they start at: where each node begins, order, other ends."""
        tail = np.concatenate([self.u, self.v])
        order = np.argsort(tail, kind="stable").astype(np.int64)
        start = np.zeros(self.nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(tail, minlength=self.nodes), out=start[1:])
        return start, order, np.concatenate([self.v, self.u])[order]

    def least_from(self, node: int, of_edge: FloatArray, *, either_way: bool) -> FloatArray:
        """Return the least sum over edges on a way from a node to each other; infinite without one.

        Parameters
        ----------
        node
            Where ways begin.
        of_edge
            What each edge adds, not below 0.
        either_way
            Whether edges of one direction may be passed against it.
        """
        start, order, end = self.links
        back = of_edge if either_way else np.where(self.one_way, np.inf, of_edge)
        cost = np.concatenate([of_edge, back])[order]
        source = np.array([node], dtype=np.int64)
        far, _ = least_from(start, end, cost, source, np.zeros(1), np.inf)
        return np.asarray(far)

    @cached_property
    def is_chain(self) -> BoolArray:
        """Which edges stand for several in a row."""
        return np.isin(self.edge, np.fromiter(self.chains, np.int64, len(self.chains)))

    def positions(
        self, keep: BoolArray | None = None, sites: Collection[int] | None = None
    ) -> list[int]:
        """Return the positions in the problem of some edges and of all that they stand for.

        Spurs of some sites, or of all that may be opened, are among them.
        """
        first = (self.edge if keep is None else self.edge[keep]).tolist()
        opened = self.option_site.tolist() if sites is None else sites
        spurs = {k for s in set(opened) for k in self.spurs.get(s, ())}
        return sorted(spurs.union(k for e in first for k in (e, *self.chains.get(e, ()))))

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.problem.nodes)

    def with_edges(self, keep: BoolArray) -> Tables:
        """Return the tables with some of the edges."""
        names = (
            "edge",
            "u",
            "v",
            "one_way",
            "high_mw",
            "cost_eur",
            "loss_mw",
            "most_loss_mw",
            "slope_eur",
            "shared_loss",
        )
        return replace(self, **{name: getattr(self, name)[keep] for name in names})

    def with_zones(self, keep: BoolArray) -> Tables:
        """Return the tables with some of the zones."""
        names = ("zone", "zone_node", "zone_cost_eur", "zone_loss_mw", "zone_peak_mw")
        fields = {name: getattr(self, name)[keep] for name in names}
        return replace(self, **fields, curves=self.curves.part(keep))

    def with_options(self, keep: BoolArray | IntArray) -> Tables:
        """Return the tables with some of the options."""
        return replace(self, **{name: getattr(self, name)[keep] for name in OF_OPTIONS})

    def with_more_options(self, other: Tables) -> Tables:
        """Return the tables with their own options and those of others."""
        both: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in OF_OPTIONS
        }
        return replace(self, **both)


def tables_of(problem: Problem) -> Tables:
    """Return a problem in arrays."""
    node_of = {name: k for k, name in enumerate(problem.nodes)}
    edges = [
        (k, each) for k, each in enumerate(problem.edges) if not each.forbidden and each.u != each.v
    ]
    width = max((len(each.sizes) for _, each in edges), default=1) or 1
    high, cost, loss = (np.zeros((len(edges), width)) for _ in range(3))
    for i, (_, each) in enumerate(edges):
        sizes = each.sizes
        if sizes:
            n = len(sizes)
            high[i, :n] = [s.capacity_mw for s in sizes]
            cost[i, :n] = [s.cost_eur for s in sizes]
            loss[i, :n] = [s.loss_mw for s in sizes]
            for table in (high, cost, loss):
                table[i, n:] = table[i, n - 1]
        else:
            high[i] = np.inf if each.capacity_mw is None else each.capacity_mw
            cost[i], loss[i] = each.cost_eur, each.loss_mw
    linear = np.array([not each.sizes for _, each in edges], dtype=bool)
    slope = np.array([each.cost_per_mw_eur for _, each in edges], dtype=float)
    shared = np.array([each.loss_per_mw for _, each in edges], dtype=float)
    zones = [(k, each) for k, each in enumerate(problem.zones) if not each.forbidden]
    peak = np.array([each.peak_mw for _, each in zones], dtype=float)
    heat = np.array([each.heat_mwh for _, each in zones], dtype=float)
    options = [
        (s, node_of[site.node], option)
        for s, site in enumerate(problem.sites)
        if not site.forbidden
        for option in site.choices
    ]
    return Tables(
        problem=problem,
        edge=np.array([k for k, _ in edges], dtype=np.int64),
        u=np.array([node_of[each.u] for _, each in edges], dtype=np.int64),
        v=np.array([node_of[each.v] for _, each in edges], dtype=np.int64),
        one_way=np.array([each.one_way for _, each in edges], dtype=bool),
        high_mw=high,
        cost_eur=cost,
        loss_mw=np.minimum.accumulate(loss[:, ::-1], axis=1)[:, ::-1],
        most_loss_mw=loss.max(axis=1, initial=0.0),
        slope_eur=np.where(linear, slope, 0.0),
        shared_loss=np.where(linear, shared, 0.0),
        zone=np.array([k for k, _ in zones], dtype=np.int64),
        zone_node=np.array([node_of[each.node] for _, each in zones], dtype=np.int64),
        zone_cost_eur=np.array([each.cost_eur for _, each in zones], dtype=float),
        zone_loss_mw=np.array([each.loss_mw for _, each in zones], dtype=float),
        zone_peak_mw=peak,
        curves=Curves([each.load_curve for _, each in zones], heat, peak),
        option_site=np.array([s for s, _, _ in options], dtype=np.int64),
        option_node=np.array([n for _, n, _ in options], dtype=np.int64),
        option_mw=np.array(
            [np.inf if o.capacity_mw is None else o.capacity_mw for _, _, o in options], dtype=float
        ),
        option_cost_eur=np.array([o.cost_eur for _, _, o in options], dtype=float),
        option_slope_eur=np.array([o.cost_per_mw_eur for _, _, o in options], dtype=float),
        option_least_mw=np.zeros(len(options)),
    )
