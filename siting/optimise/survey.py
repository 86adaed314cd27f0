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
from siting.optimise.ascent_kernels import least_from
from siting.optimise.candidate import Candidate, make_candidate
from siting.optimise.construct import Constructor, Tree, draft_of
from siting.optimise.pricing import source_price
from siting.optimise.progress import Watch
from siting.optimise.rooted import RootBound, carried_at_most, root_bound
from siting.optimise.settle import settle
from siting.optimise.stages import Stages
from siting.optimise.tables import BoolArray, Tables, tables_of
from siting.problem import Problem
from siting.solvers.outcome import FloatArray

__all__ = ["Survey", "Surveyed", "reasons_against"]

LOG = logging.getLogger(__name__)
NEAR_NODES, NEAR_PEAKS = 2_500, 4.0
"""Most nodes, and peaks over the site's output, of the piece on which a site's plans are built."""
GOLDEN = (math.sqrt(5) - 1) / 2
SEARCHES, PASSES = 7, 4
SHARES = (1.0, 0.5, 0.0)
SHRUNK = 0.9


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


def reasons_against(problem: Problem) -> list[str]:
    """Return why a problem cannot be surveyed; nothing when it can."""
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
    seed
        Of the constructor and the ascents.
    stages
        Which stages run.
    """

    def __init__(
        self, problem: Problem, watch: Watch, *, gap: float, seed: int, stages: Stages
    ) -> None:
        self.problem, self.watch, self.gap, self.seed = problem, watch, gap, seed
        self.stages = stages
        self.tables = tables_of(problem)
        self.sites = np.unique(self.tables.option_site).tolist()
        self.best: Candidate | None = None
        self.price = 0.0

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
        self.price = self.best.value / 1000 * (1 + 0.98 * self.gap)
        return Surveyed(self._core(), self.price, self.best)

    # -- plans ----------------------------------------------------------------------------------

    def _build_near(self, site: int) -> None:
        """Grow trees from a site on the piece of the city around it, the price following."""
        piece = self._piece_near(site)
        sketch = Sketch(prepare(piece))
        constructor = Constructor(sketch, seed=self.seed)
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

    # -- bounds ---------------------------------------------------------------------------------

    def _core(self) -> Problem:
        """Close sites one after the other, and return what plans with the others can use."""
        alone = {site: self._alone(site) for site in self.sites}
        open_sites = sorted(self.sites, key=lambda s: alone[s][0])
        offsets = {site: offset for site, (_, offset) in alone.items()}
        kept: dict[int, tuple[BoolArray, BoolArray]] = {}
        for site in list(open_sites):
            if self.watch.is_over:
                return self.problem
            self.watch.enter(f"bounding plans with site {self.problem.sites[site].id}")
            found = self._rooted(site, [s for s in open_sites if s != site], offsets)
            if found is None:
                open_sites.remove(site)
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

    def _alone(self, site: int) -> tuple[float, float]:
        """Return what plans fed by one site alone are worth, and the price of its power then."""
        tables = self.tables.with_options(self.tables.option_site == site)
        most_mw = carried_at_most(tables)

        def surplus(offset: float) -> float:
            at = np.full(len(tables.option_site), offset)
            return root_bound(tables, self.price, site, at, most_mw=most_mw).surplus_mwh

        low = float(self.price * tables.option_slope_eur.min())
        with np.errstate(divide="ignore", invalid="ignore"):
            yields = self.tables.curves.step_heat.sum(axis=1) / self.tables.curves.step_mw.sum(
                axis=1
            )
        high = max(float(yields[np.isfinite(yields)].max(initial=0.0)), low)
        return least_along(surplus, low, high)

    def _rooted(
        self, site: int, others: list[int], offsets: dict[int, float]
    ) -> tuple[BoolArray, BoolArray] | None:
        """Return the edges and zones of plans with a root; None when none beats the price."""
        whole = self.tables
        edges, zones = np.ones(len(whole.edge), bool), np.ones(len(whole.zone), bool)
        sites = {site, *others} - self._rivals(site)
        tables = whole.with_options(np.isin(whole.option_site, list(sites)))
        for _ in range(PASSES):
            before = len(tables.edge)
            found = self._best_bound(tables, site, offsets)
            if found.is_closed:
                LOG.info(
                    "site %s: closed (%.0f MWh/a)", whole.problem.sites[site].id, found.surplus_mwh
                )
                return None
            edges[np.flatnonzero(edges)[~found.edges]] = False
            zones[np.flatnonzero(zones)[~found.zones]] = False
            tables = (
                tables.with_edges(found.edges).with_options(found.options).with_zones(found.zones)
            )
            tables = replace(tables, curves=tables.curves.limited(found.most_mw[found.zones]))
            LOG.info(
                "site %s: surplus %.0f MWh/a, %d edges, %d zones, %d options",
                whole.problem.sites[site].id,
                found.surplus_mwh,
                len(tables.edge),
                len(tables.zone),
                len(tables.option_site),
            )
            if len(tables.edge) > SHRUNK * before:
                break
        return edges, zones

    def _rivals(self, site: int) -> set[int]:
        """Return the sites that exclude a site."""
        sites = self.problem.sites
        group = sites[site].group
        return {
            s for s in self.sites if group is not None and s != site and sites[s].group == group
        }

    def _best_bound(self, tables: Tables, site: int, offsets: dict[int, float]) -> RootBound:
        """Return what several prices of power leave together."""
        most_mw = carried_at_most(tables)
        just_paying = source_price(tables, self.price, most_mw)
        wanted = np.array([offsets[s] for s in tables.option_site.tolist()])
        own = tables.option_site == site
        joint: RootBound | None = None
        for share in SHARES if (~own).any() else SHARES[:1]:
            dearer = np.maximum(wanted - just_paying, 0.0)
            at = np.where(own, wanted, just_paying + share * dearer)
            found = root_bound(tables, self.price, site, at, most_mw=most_mw)
            if found.is_closed:
                return found
            joint = found if joint is None else joint.together(found)
        assert joint is not None
        return joint


def least_along(function: object, low: float, high: float) -> tuple[float, float]:
    """Return the least value found of a function that falls and rises, and where."""
    assert callable(function)
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
    there = ~tables.one_way
    tail = np.concatenate([tables.u, tables.v[there]])
    head = np.concatenate([tables.v, tables.u[there]])
    cost = np.concatenate([tables.cost_eur[:, 0], tables.cost_eur[there, 0]])
    order = np.argsort(tail, kind="stable")
    first = np.zeros(tables.nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=tables.nodes), out=first[1:])
    source = np.array([start], dtype=np.int64)
    far, _ = least_from(first, head[order], cost[order], source, np.zeros(1), np.inf)
    return np.asarray(far)
