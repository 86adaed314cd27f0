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
from dataclasses import dataclass, replace

import numpy as np

from siting.model.data import ModelData, prepare
from siting.optimise.candidate import Candidate, make_candidate
from siting.optimise.carried import RootBound
from siting.optimise.chains import joined
from siting.optimise.closing import Closer, Left, least_along, paid_back, restricted
from siting.optimise.construct import Constructor, Tree, draft_of
from siting.optimise.engine import SolverChoice
from siting.optimise.openings import behind_spurs
from siting.optimise.progress import Watch
from siting.optimise.ratio import RatioSearch
from siting.optimise.regions import RegionSearch
from siting.optimise.settle import settle
from siting.optimise.stages import Stages
from siting.optimise.state import SearchState
from siting.optimise.tables import BoolArray, Tables, tables_of
from siting.problem import Problem

__all__ = [
    "Sketch",
    "Survey",
    "Surveyed",
    "least_along",
    "paid_back",
    "part_of",
    "reasons_against",
    "takes_too_long",
]

LOG = logging.getLogger(__name__)
NEAR_NODES, NEAR_PEAKS = 4_000, 20.0
"""Most nodes, and peaks over the site's output, of the piece on which a site's plans are built."""
PASSES, SHRUNK, HALVINGS = 4, 0.9, 4
LADDER = (0.6, 0.3, 0.0)
"""Where between the price to prove and the ceiling plans are searched, the highest first [-]."""
IMPROVING, ROOTS, CEILING, PARTS, NEARLY_ALL = 0.25, 0.35, 0.6, 0.9, 0.95
"""Shares of the time limit until which plans near each site are improved, roots closed, a ceiling
sought, parts closed, and regions improved where nothing else is left [-]."""
BUILT = 0.1
"""Share of the time left that building and relaxing a program may take for it to be of use [-]."""
USELESS = 3.0
"""Surplus of a whole city, over the heat of the best plan, that tells nothing of any root [-]."""
REGION = 0.05
"""Share of the time limit for each region [-]."""
PER_PIECE_S = 2e-4
"""Wall time that building and relaxing a program takes at least for each size and direction [s]."""
SLICE = 0.15
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
    proven
        A price that no plan beats at all; infinite if none was found.
    """

    core: Problem
    price: float
    best: Candidate | None
    proven: float = math.inf

    @property
    def is_empty(self) -> bool:
        """Whether no plan beats the price."""
        return not self.core.sites


def reasons_against(problem: Problem) -> list[str]:
    """Return why a problem cannot be surveyed for one network."""
    limits = problem.limits
    reasons = {
        "the objective is not heat per euro": problem.objective.kind != "heat_per_euro",
        "a required heat may take several networks": bool(limits.min_heat_mwh),
        "a least number of sites may take several networks": bool(limits.min_sites),
        "a least number of zones may take several networks": bool(limits.min_zones),
        "mandatory sites may take several networks": any(s.mandatory for s in problem.sites),
        "mandatory zones may take several networks": any(z.mandatory for z in problem.zones),
    }
    return [reason for reason, holds in reasons.items() if holds]


def takes_too_long(problem: Problem, seconds: float) -> bool:
    """Whether a program of a problem cannot be built and relaxed in so much time."""
    pieces = sum((1 if e.one_way else 2) * max(len(e.sizes), 1) for e in problem.edges)
    return pieces * PER_PIECE_S > seconds


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
        self.tables = behind_spurs(joined(tables_of(problem)))
        self.sites = np.unique(self.tables.option_site).tolist()
        self.best: Candidate | None = None
        self.price, self.proven = 0.0, math.inf
        self.pieces: dict[int, Problem] = {}
        self.near: dict[int, Tables] = {}
        self.bounding = ROOTS

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
        closer = Closer(self.tables, lambda: self._is_late(self.bounding))
        self._improve_alone()
        self.price = self._price_to_prove()
        left = self._closed_by_roots(closer)
        if left is None:
            self._find_ceiling(closer)
            self.price = self._price_to_prove()
            left = None if self._is_proven() else self._closed_by_parts(closer)
        if left is None or len(left.edges) > SHRUNK * len(self.problem.edges):
            if takes_too_long(self.problem, BUILT * self.watch.left_s):
                self._improve_by_region(NEARLY_ALL)
            return Surveyed(self.problem, self.price, self.best, self.proven)
        return self._core(left)

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
                if not math.isfinite(value):  # heat for nothing: none is better
                    return
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
        if candidate is not None:
            self._keep(candidate)

    def _piece_near(self, site: int) -> Problem:
        """Return the part of the problem around one site, as far as it may reach."""
        tables = self.tables
        start = int(tables.option_node[tables.option_site == site][0])
        far = tables.least_from(start, tables.cost_eur[:, 0], either_way=False)
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
        ceiling = self.proven if math.isfinite(self.proven) else self._ceiling_alone()
        for share in LADDER:
            self.price = self._rung(share, ceiling)
            found = self._open_alone(self.sites)
            for site in sorted(found, key=lambda s: -found[s][1].surplus_mwh):
                if self._is_late(IMPROVING):
                    return
                self.watch.enter(f"improving plans with site {self.problem.sites[site].id}")
                self._search(self._shrink(*found[site]))

    def _improve_by_region(self, until: float) -> None:
        """Decide one region of the best plan after the other anew, until a share of the time."""
        if self.best is None or self._is_proven() or self._is_late(until):
            return
        regions = RegionSearch(self.problem, self.watch, gap=self.gap, solver=self.solver)
        regions.run(
            self.best,
            seconds=REGION * self.watch.time_limit_s,
            stop=lambda: self._is_proven() or self._is_late(until),
            found=self._keep,
        )

    def _keep(self, candidate: Candidate) -> None:
        """Keep a plan if it is better."""
        if self.best is None or candidate.value > self.best.value:
            self.best = candidate
            self.watch.note(incumbent=candidate.value)

    def _is_proven(self) -> bool:
        """Whether the gap asked for is proven by what no plan at all beats."""
        return self.best is not None and self.proven <= self._price_to_prove()

    def _is_late(self, share: float) -> bool:
        """Whether the survey has taken its share of the time limit."""
        return self.watch.is_over or self.watch.seconds > share * self.watch.time_limit_s

    def _rung(self, share: float, ceiling: float) -> float:
        """Return a price between the one to prove and the ceiling; the higher, the less is left."""
        low = self._price_to_prove()
        return low + share * max(ceiling - low, 0.0)

    def _ceiling_alone(self) -> float:
        """Return a price that no plan fed by one site near by beats."""
        low, high = self._price_to_prove(), 2 * self._price_to_prove()
        near = self.sites
        for _ in range(HALVINGS):
            self.price = (low + high) / 2
            left = list(self._open_alone(near))
            if left:
                near, low = left, self.price
            else:
                high = self.price
        return high

    def _open_alone(self, sites: list[int]) -> dict[int, tuple[Tables, RootBound]]:
        """Return what plans near each site may use that beat the price, where there are any."""
        found = {}
        for site in sites:
            if self._is_late(IMPROVING):
                break
            tables, bound = self._alone(site)
            if not bound.is_closed:
                found[site] = tables, bound
        return found

    def _alone(self, site: int) -> tuple[Tables, RootBound]:
        """Bound the plans fed by one site on its piece."""
        if site not in self.near:
            self.near[site] = behind_spurs(joined(tables_of(self.pieces[site])))
        tables = self.near[site]
        return tables, Closer(tables).forced(tables, self.price, 0)

    def _shrink(self, tables: Tables, found: RootBound) -> Problem:
        """Return what is left of a piece after a few bounds."""
        for _ in range(PASSES):
            before = len(tables.edge)
            tables = restricted(tables, found)
            better = Closer(tables).forced(tables, self.price, 0)
            if better.is_closed or better.edges.sum() > SHRUNK * before:
                break
            found = better
        return part_of(
            tables, np.ones(len(tables.edge), bool), np.ones(len(tables.zone), bool), {0}
        )

    def _search(self, piece: Problem) -> None:
        """Search a small problem for a better plan than the best."""
        seconds = min(SLICE * self.watch.time_limit_s, self.watch.left_s)
        if takes_too_long(piece, seconds):
            return
        watch = Watch(seconds, self.watch.stop)
        state = SearchState(self.problem, watch, gap=self.gap, solver=self.solver, core=piece)
        state.offer(self.best)
        RatioSearch(state).improve()
        if state.best is not self.best and state.best is not None:
            self.best = state.best
            self.watch.note(incumbent=self.best.value)

    # -- bounds ---------------------------------------------------------------------------------

    def _find_ceiling(self, closer: Closer) -> None:
        """Find a price that no plan beats."""
        self.watch.enter("bounding the city")
        self.bounding = CEILING
        self.proven = closer.ceiling(self._price_to_prove())
        if math.isfinite(self.proven):
            self.watch.note(bound=self.proven * 1000)

    def _closed_by_roots(self, closer: Closer) -> Left | None:
        """Return what plans that beat the price can use, one root after the other."""
        self.watch.enter("bounding plans site by site")
        self.bounding = ROOTS
        assert self.best is not None
        useless = USELESS * self.best.heat_mwh
        return None if closer.below else closer.close_by_roots(self.price, useless)

    def _closed_by_parts(self, closer: Closer) -> Left | None:
        """Return what plans that beat the price can use, by what their parts are worth."""
        self.watch.enter("bounding plans part by part")
        self.bounding = PARTS
        return closer.close_by_parts(self.price)

    def _core(self, left: Left) -> Surveyed:
        """Return what is left for the search."""
        LOG.info(
            "survey at price %.6g: %d of %d sites, %d of %d edges, %d of %d zones left",
            self.price,
            len(left.kept),
            len(self.sites),
            len(left.edges),
            len(self.problem.edges),
            len(left.zones),
            len(self.problem.zones),
        )
        core = _part(self.problem, left.edges, left.zones, set(left.kept))
        return Surveyed(core, self.price, self.best, self.proven)


def part_of(tables: Tables, edges: BoolArray, zones: BoolArray, sites: set[int]) -> Problem:
    """Return the problem with some edges, zones and sites only."""
    positions = tables.positions(edges, sites)
    return _part(tables.problem, positions, tables.zone[zones].tolist(), sites)


def _part(problem: Problem, edges: list[int], zones: list[int], sites: set[int]) -> Problem:
    kept_edges = tuple(problem.edges[e] for e in edges)
    kept_zones = tuple(problem.zones[z] for z in zones)
    kept_sites = tuple(problem.sites[s] for s in sorted(sites))
    used = {site.node for site in kept_sites} | {zone.node for zone in kept_zones}
    used |= {end for each in kept_edges for end in (each.u, each.v)}
    nodes = tuple(name for name in problem.nodes if name in used)
    return replace(problem, nodes=nodes, edges=kept_edges, zones=kept_zones, sites=kept_sites)
