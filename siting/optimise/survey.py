"""Survey a whole city for `heat_per_euro` before any model of it is built.

Without a required heat some best plan hangs together (FORMULATION.md, *One network is enough*), so
every plan that counts holds a root: one of its sites. Plans are built near each site on its own
piece of the city; at the price that they make provable, the plans with each root are bounded on
arrays. Sites that no plan beating the price holds are closed, and what no such plan uses is left
out. What remains is a small problem for the search proper.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from siting.model.data import ModelData, prepare
from siting.optimise.ascent_kernels import least_from
from siting.optimise.candidate import Candidate, make_candidate
from siting.optimise.carried import CityBound, RootBound, carried_at_most, city_bound
from siting.optimise.construct import Constructor, Tree, draft_of
from siting.optimise.engine import SolverChoice
from siting.optimise.progress import Watch
from siting.optimise.ratio import RatioSearch
from siting.optimise.settle import settle
from siting.optimise.stages import Stages
from siting.optimise.state import SearchState
from siting.optimise.tables import BoolArray, Tables, tables_of
from siting.problem import Problem
from siting.solvers.outcome import FloatArray

__all__ = ["Sketch", "Survey", "Surveyed", "least_along", "paid_back", "part_of", "reasons_against"]

LOG = logging.getLogger(__name__)
NEAR_NODES, NEAR_PEAKS = 4_000, 20.0
"""Most nodes, and peaks over the site's output, of the piece on which a site's plans are built."""
GOLDEN = (math.sqrt(5) - 1) / 2
SEARCHES, PASSES = 5, 4
SHARES = (1.0, 0.5, 0.0)
"""How much of its opening a site gets back by the price of its output, one bound for each [-]."""
SHRUNK = 0.9
HALVINGS = 4
LADDER = (0.6, 0.3, 0.0)
"""Where between the price to prove and the ceiling plans are searched, the highest first [-]."""
IMPROVING, BOUNDING = 0.25, 0.5
"""Shares of the time limit after which improving plans, and bounding sites, is broken off [-]."""
SLICE = 0.06
"""Share of the time limit for improving plans with one site [-]."""


@dataclass(frozen=True)
class Sketch:
    """The sets of a problem without a program; all that building and settling a plan asks for."""

    data: ModelData


@dataclass(frozen=True)
class Surveyed:
    """What a survey leaves for the search.

    Parameters
    ----------
    core
        What plans that beat the price can use; without sites when there is no such plan.
    price
        The price [MWh/a per EUR]; no plan outside the core beats it.
    best
        The best plan built, or None.
    """

    core: Problem
    price: float
    best: Candidate | None

    @property
    def is_empty(self) -> bool:
        """Whether no plan beats the price."""
        return not self.core.sites


def reasons_against(problem: Problem, *, several: bool = False) -> list[str]:
    """Return why a problem cannot be surveyed for one network, or for several."""
    limits = problem.limits
    reasons = {
        "the objective is not heat per euro": problem.objective.kind != "heat_per_euro",
        "a required heat may take several networks": bool(limits.min_heat_mwh) and not several,
        "a least number of sites may take several networks": bool(limits.min_sites),
        "a least number of zones may take several networks": bool(limits.min_zones),
        "mandatory sites may take several networks": any(s.mandatory for s in problem.sites),
        "mandatory zones may take several networks": any(z.mandatory for z in problem.zones),
    }
    return [reason for reason, holds in reasons.items() if holds]


class Survey:
    """Builds plans near each site, and closes what cannot be in a better one.

    Parameters
    ----------
    problem
        A problem without reasons against a survey.
    watch
        Clock and stop flag of the search.
    gap
        Relative gap to prove [-].
    solver
        Solver of the search, whose seed the constructor takes as well.
    stages
        Which stages run.
    """

    def __init__(
        self, problem: Problem, watch: Watch, *, gap: float, solver: SolverChoice, stages: Stages
    ) -> None:
        self.problem, self.watch, self.gap, self.solver = problem, watch, gap, solver
        self.stages = stages
        self.tables = tables_of(problem)
        self.sites = np.unique(self.tables.option_site).tolist()
        self.best: Candidate | None = None
        self.price = 0.0
        self.pieces: dict[int, Problem] = {}

    def run(self, best: Candidate | None = None) -> Surveyed:
        """Return what is left of the problem at the price that the best plan makes provable."""
        self.best = best
        self.watch.enter("building plans near each site")
        for site in self.sites:
            if self.watch.is_over:
                break
            self._build_near(site)
        if self.best is None or not 0 < self.best.value < math.inf:
            return Surveyed(self.problem, 0.0, self.best)
        self._improve_alone()
        self.price = self._price_to_prove()
        return Surveyed(self._core(), self.price, self.best)

    def _price_to_prove(self) -> float:
        assert self.best is not None
        return self.best.value / 1000 * (1 + 0.98 * self.gap)

    # -- plans ----------------------------------------------------------------------------------

    def _build_near(self, site: int) -> None:
        """Grow trees from a site on the piece of the city around it, the price following."""
        piece = self.pieces[site] = self._piece_near(site)
        sketch = Sketch(prepare(piece))
        constructor = Constructor(sketch, seed=self.solver.seed)
        for shake in (0.0, 0.15, 0.3):
            for _ in range(6):
                value = 0.0 if self.best is None else self.best.value
                constructor.grow(
                    0, value / 1000, shake=shake, accept=lambda tree: self._offer(sketch, tree)
                )
                if self.best is None or self.best.value <= value * (1 + 1e-9):
                    break

    def _offer(self, sketch: Sketch, tree: Tree) -> None:
        solution = settle(sketch, draft_of([tree]))
        if solution is None:
            return
        candidate = make_candidate(sketch.data.problem, solution)
        if candidate is not None and (self.best is None or candidate.value > self.best.value):
            self.best = candidate
            self.watch.note(incumbent=candidate.value)

    def _piece_near(self, site: int) -> Problem:
        """Return the part of the problem around one site, as far as it may reach."""
        tables = self.tables
        start = int(tables.option_node[tables.option_site == site][0])
        far = _distance(tables, start)
        order = np.argsort(far, kind="stable")
        order = order[np.isfinite(far[order])][:NEAR_NODES]
        peak = np.bincount(tables.zone_node, tables.zone_peak_mw, tables.nodes)
        most = float(tables.option_mw[tables.option_site == site].max())
        enough = int(np.searchsorted(np.cumsum(peak[order]), NEAR_PEAKS * most)) + 1
        near = np.zeros(tables.nodes, bool)
        near[order[: max(enough, 50)]] = True
        return part_of(
            tables,
            near[tables.u] & near[tables.v],
            near[tables.zone_node],
            {site},
        )

    def _improve_alone(self) -> None:
        """Search what plans fed by one site can use near by, the most promising site first.

        Nothing is proven here: a plan may reach beyond the piece, or be fed by several sites.
        """
        ceiling, candidates = self._ceiling_alone()
        for share in LADDER:
            if self._is_late(IMPROVING):
                return
            self.price = self._rung(share, ceiling)
            found = {site: self._alone(site) for site in candidates}
            for site in sorted(candidates, key=lambda s: -found[s][1].surplus_mwh):
                if self._is_late(IMPROVING) or found[site][1].is_closed:
                    break
                self.watch.enter(f"improving plans with site {self.problem.sites[site].id}")
                self._search(self._shrink(*found[site]))

    def _is_late(self, share: float) -> bool:
        """Whether the survey has taken its share of the time limit."""
        return self.watch.is_over or self.watch.seconds > share * self.watch.time_limit_s

    def _rung(self, share: float, ceiling: float) -> float:
        """Return a price between the one to prove and the ceiling; the higher, the less is left."""
        low = self._price_to_prove()
        return low + share * max(ceiling - low, 0.0)

    def _ceiling_alone(self) -> tuple[float, list[int]]:
        """Return a price that no plan fed by one site near by beats, and which come near it."""
        low, high = self._price_to_prove(), 2 * self._price_to_prove()
        near = self._open_alone(self.sites, low)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            left = self._open_alone(near, middle)
            if left:
                near, low = left, middle
            else:
                high = middle
        return high, near

    def _open_alone(self, sites: list[int], price: float) -> list[int]:
        """Return the sites of which plans near by may beat a price."""
        self.price = price
        return [
            s for s in sites if not self._is_late(IMPROVING) and not self._alone(s)[1].is_closed
        ]

    def _alone(self, site: int) -> tuple[Tables, RootBound]:
        """Bound the plans fed by one site on its piece."""
        tables = tables_of(self.pieces[site])
        return tables, self._forced(tables, 0)

    def _shrink(self, tables: Tables, found: RootBound) -> Problem:
        """Return what is left of a piece after a few bounds."""
        for _ in range(PASSES):
            before = len(tables.edge)
            tables = _restricted(tables, found)
            better = self._forced(tables, 0)
            if better.is_closed or better.edges.sum() > SHRUNK * before:
                break
            found = better
        return part_of(
            tables, np.ones(len(tables.edge), bool), np.ones(len(tables.zone), bool), {0}
        )

    def _search(self, piece: Problem) -> None:
        """Search a small problem for a better plan than the best."""
        seconds = min(SLICE * self.watch.time_limit_s, self.watch.left_s)
        watch = Watch(seconds, self.watch.stop)
        state = SearchState(self.problem, watch, gap=self.gap, solver=self.solver, core=piece)
        state.offer(self.best)
        RatioSearch(state).improve()
        if state.best is not self.best and state.best is not None:
            self.best = state.best
            self.watch.note(incumbent=self.best.value)

    # -- bounds ---------------------------------------------------------------------------------

    def _core(self) -> Problem:
        """Close sites one after the other, and return what plans with the others can use."""
        self.watch.enter("bounding the city")
        whole = [self._bound(self.tables, share) for share in SHARES]
        LOG.info("whole city: surplus %.0f MWh/a", min(each.surplus_mwh for each in whole))
        regions = {site: _together(each.rooted(site) for each in whole) for site in self.sites}
        order = sorted(self.sites, key=lambda s: regions[s].surplus_mwh)
        kept: dict[int, tuple[BoolArray, BoolArray]] = {}
        closed: set[int] = set()
        for site in order:
            if self._is_late(BOUNDING):
                LOG.info("survey broken off: its share of the time is over")
                return self.problem
            self.watch.enter(f"bounding plans with site {self.problem.sites[site].id}")
            found = self._rooted(site, regions[site], closed)
            if found is None:
                closed.add(site)
            else:
                kept[site] = found
        edges, zones = np.zeros(len(self.tables.edge), bool), np.zeros(len(self.tables.zone), bool)
        for kept_edges, kept_zones in kept.values():
            edges |= kept_edges
            zones |= kept_zones
        LOG.info(
            "survey at price %.6g: %d of %d sites, %d of %d edges, %d of %d zones left",
            self.price,
            len(kept),
            len(self.sites),
            edges.sum(),
            len(edges),
            zones.sum(),
            len(zones),
        )
        return part_of(self.tables, edges, zones, set(kept))

    def _bound(
        self, tables: Tables, share: float, forced: int | None = None, own: float = 0.0
    ) -> CityBound:
        """Return a bound on plans.

        Parameters
        ----------
        tables
            What they may use.
        share
            How much of its opening each site gets back by the price of its output [-]; at 1 all
            of it when its output is used up.
        forced, own
            A site that is open, and the price of its output [MWh/a per MW].
        """
        most_mw = carried_at_most(tables)
        dear = share * paid_back(tables, self.price, most_mw)
        if forced is not None:
            dear = np.where(tables.option_site == forced, own, dear)
        return city_bound(
            tables, self.price, dear, most_mw=most_mw, forced=forced, seed=self.solver.seed
        )

    def _forced(self, tables: Tables, site: int) -> RootBound:
        """Return what plans with a site are worth at the prices of its output that bound best."""
        shares = SHARES if (tables.option_site != site).any() else SHARES[:1]

        def bound(scarcity: float, share: float) -> RootBound:
            return self._bound(tables, share, site, scarcity).rooted(site)

        curves = tables.curves
        at = curves.step_mw.sum(axis=1)
        high = float((curves.step_heat.sum(axis=1)[at > 0] / at[at > 0]).max(initial=1.0))
        found: dict[float, RootBound] = {}

        def surplus(scarcity: float) -> float:
            found[scarcity] = bound(scarcity, shares[0])
            return found[scarcity].surplus_mwh

        least, best = least_along(surplus, 0.0, high)
        if least < 0:
            return found[best]
        others = [bound(best, share) for share in shares[1:]]
        return _together([*found.values(), *others])

    def _rooted(
        self, site: int, region: RootBound, closed: set[int]
    ) -> tuple[BoolArray, BoolArray] | None:
        """Return the edges and zones of plans with a root; None when none beats the price."""
        whole, name = self.tables, self.problem.sites[site].id
        gone = closed | self._rivals(site)
        edges, zones = np.ones(len(whole.edge), bool), np.ones(len(whole.zone), bool)
        tables, found = whole, region
        for _ in range(PASSES):
            if found.is_closed:
                LOG.info("site %s: closed (%.0f MWh/a)", name, found.surplus_mwh)
                return None
            edges[np.flatnonzero(edges)[~found.edges]] = False
            zones[np.flatnonzero(zones)[~found.zones]] = False
            before = len(tables.edge)
            options = found.options & ~np.isin(tables.option_site, list(gone))
            tables = _restricted(tables, replace(found, options=options))
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
            better = self._forced(tables, site)
            found = replace(better, surplus_mwh=min(better.surplus_mwh, found.surplus_mwh))
        return edges, zones

    def _rivals(self, site: int) -> set[int]:
        """Return the sites that exclude a site."""
        sites = self.problem.sites
        group = sites[site].group
        return {
            s for s in self.sites if group is not None and s != site and sites[s].group == group
        }


def paid_back(tables: Tables, price: float, most_mw: float) -> FloatArray:
    """Return the scarcity at which a fully used site has just earned its opening."""
    most = np.minimum(tables.option_mw, most_mw)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(most > 0, price * tables.option_cost_eur / most, 0.0)
    least = np.full(int(tables.option_site.max(initial=-1)) + 1, np.inf)
    np.minimum.at(least, tables.option_site, each)
    return np.asarray(least[tables.option_site])


def _together(bounds: Iterable[RootBound]) -> RootBound:
    """Return what bounds with the same root say together."""
    found = list(bounds)
    closed = [each for each in found if each.is_closed]
    if closed:
        return min(closed, key=lambda each: each.surplus_mwh)
    return reduce(RootBound.together, found)


def least_along(function: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Return the least value found of a function that falls and rises, and where."""
    seen = {low: function(low)}
    a, b = low, high
    for _ in range(SEARCHES):
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


def _restricted(tables: Tables, found: RootBound) -> Tables:
    """Return what a bound leaves of the tables, each zone with the base capacity it may take."""
    part = tables.with_edges(found.edges).with_options(found.options).with_zones(found.zones)
    return replace(part, curves=part.curves.limited(found.most_mw[found.zones]))


def part_of(tables: Tables, edges: BoolArray, zones: BoolArray, sites: set[int]) -> Problem:
    """Return the problem with some edges, zones and sites only."""
    problem = tables.problem
    kept_edges = tuple(problem.edges[e] for e in tables.edge[edges].tolist())
    kept_zones = tuple(problem.zones[z] for z in tables.zone[zones].tolist())
    kept_sites = tuple(problem.sites[s] for s in sorted(sites))
    used = {each.node for each in (*kept_sites, *kept_zones)}
    used |= {end for each in kept_edges for end in (each.u, each.v)}
    nodes = tuple(name for name in problem.nodes if name in used)
    return replace(problem, nodes=nodes, edges=kept_edges, zones=kept_zones, sites=kept_sites)


def _distance(tables: Tables, start: int) -> FloatArray:
    """Return the least cost of pipes from a node to each other, every pipe of its first size."""
    first, order, end = tables.links
    there = np.concatenate([np.ones(len(tables.u), bool), ~tables.one_way])
    cost = np.where(there, np.tile(tables.cost_eur[:, 0], 2), np.inf)[order]
    source = np.array([start], dtype=np.int64)
    far, _ = least_from(first, end, cost, source, np.zeros(1), np.inf)
    return np.asarray(far)
