"""Name parts of a city that good plans use, or are likely to, for small programs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from siting.optimise.carried import RootBound
from siting.optimise.portfolio import SitePlan
from siting.optimise.scarcity import PricedBound
from siting.optimise.survey import part_of
from siting.optimise.tables import Tables
from siting.optimise.trees import TreeBuilder
from siting.problem import Problem
from siting.solution import Solution

__all__ = ["Parts", "parts_of_plans", "parts_of_solution", "parts_of_tree", "promising_parts"]

HALVINGS = 12
"""Steps to what leaves so many edges."""


@dataclass(frozen=True)
class Parts:
    """Positions of the edges, zones and sites that some plans use."""

    edges: set[int]
    zones: set[int]
    sites: set[int]

    def joined(self, other: Parts) -> Parts:
        """Return what either uses."""
        return Parts(self.edges | other.edges, self.zones | other.zones, self.sites | other.sites)

    def piece(self, tables: Tables) -> Problem:
        """Return the problem with nothing else."""
        edges = np.isin(tables.edge, list(self.edges))
        return part_of(tables, edges, np.isin(tables.zone, list(self.zones)), self.sites)


NOTHING = Parts(set(), set(), set())


def parts_of_plans(tables: Tables, plans: Iterable[SitePlan]) -> Parts:
    """Return what the plans of some sites use."""
    plans = list(plans)
    return Parts(
        {e for plan in plans for e, _ in plan.pipes},
        {z for plan in plans for z in plan.zones},
        {int(tables.option_site[plan.option]) for plan in plans},
    )


def parts_of_solution(problem: Problem, solution: Solution | None) -> Parts:
    """Return what a solution uses; nothing without one."""
    if solution is None:
        return NOTHING
    edge_at = {edge.id: e for e, edge in enumerate(problem.edges)}
    zone_at = {zone.id: z for z, zone in enumerate(problem.zones)}
    site_at = {site.id: s for s, site in enumerate(problem.sites)}
    return Parts(
        {edge_at[each.edge] for each in solution.pipes},
        {zone_at[each.zone] for each in solution.zones},
        {site_at[each.site] for each in solution.sites},
    )


def parts_of_tree(bound: PricedBound, shake: int, seed: int, stop: Callable[[], bool]) -> Parts:
    """Return what a good tree at some prices uses, whatever the sites can give.

    Without a shake it is the best of a few trees.
    """
    city, tables = bound.city, bound.city.tables
    builder = TreeBuilder(city.ascent.network, seed + shake)
    if shake == 0:
        builder.start(city.ascent, stop)
    else:
        served = city.ascent.prize_left > 0
        guide = city.ascent.reduced_cost + 0.02 * shake * builder.weights(0.2, 1.0)
        builder.keep(builder.improve(builder.grow(guide, served), stop))
    if builder.best is None:
        return NOTHING
    first, arcs = city.layout.pipes, builder.best.arcs
    pipes = arcs[arcs < first]
    options = arcs[(arcs >= first) & (arcs < first + city.layout.options)] - first
    at = np.unique(city.ascent.network.at[builder.best.served]) - tables.nodes
    return Parts(
        set(tables.edge[city.layout.pipe_edge[pipes]].tolist()),
        set(tables.zone[at].tolist()),
        set(tables.option_site[options].tolist()),
    )


def promising_parts(bound: PricedBound, most: int) -> Parts:
    """Return what beats a surplus so high that only so many edges are left."""
    tables, found = bound.city.tables, None
    high = bound.surplus_mwh
    low = high - 0.25 * float(tables.curves.step_heat.sum())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        trial = bound.city.anywhere(middle)
        if trial.is_closed or trial.edges.sum() <= most:
            high = middle
            found = None if trial.is_closed else trial
        else:
            low = middle
    return NOTHING if found is None else _left(tables, found)


def _left(tables: Tables, found: RootBound) -> Parts:
    """Return what a bound leaves."""
    return Parts(
        set(tables.edge[found.edges].tolist()),
        set(tables.zone[found.zones].tolist()),
        set(tables.option_site[found.options].tolist()),
    )
