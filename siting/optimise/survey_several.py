"""Survey a whole city for `heat_per_euro` with a required heat, which may take several networks.

A plan that beats the price ``l`` and delivers at least ``h`` is worth at least ``h (1 - k / l)``
at any lower price ``k``: it costs at most ``heat / l``. The bound on arrays
(`siting.optimise.carried`) at ``k`` holds for every plan, of one network or many; what does not fit
between the two is left out.
"""

from __future__ import annotations

import logging
import math

import numpy as np

from siting.model.data import prepare
from siting.optimise.candidate import TOLERANCE, Candidate, make_candidate
from siting.optimise.carried import CityBound, carried_at_most, city_bound
from siting.optimise.construct import Constructor, draft_of
from siting.optimise.engine import SolverChoice
from siting.optimise.progress import Watch
from siting.optimise.settle import settle
from siting.optimise.survey import Sketch, Surveyed, least_along, paid_back, part_of
from siting.optimise.tables import Tables, tables_of
from siting.problem import Problem
from siting.solvers.outcome import FloatArray

__all__ = ["SurveySeveral"]

LOG = logging.getLogger(__name__)
PRICE_STEPS, CONSTRUCTING = 14, 0.25
SHARES = (1.0, 0.5)
SWEEPS, LEAST_GAIN, BOUNDING = 3, 0.02, 0.4
"""Rounds over all sites, the least gain for another [-], and the share of the time limit [-]."""
ROUNDS, AROUND = 1, (0.85, 1.1)
"""How often scarcity and price are sought in turn, and prices about the last one [-]."""
DEARER = (0.16, 0.08, 0.04, 0.02, -0.02)
"""By how much output is made dearer, over the heat of a median zone per MW of its peak [-]."""
LOWEST = 0.3
"""Lowest price asked, over the price to prove [-]."""


class SurveySeveral:
    """Builds plans of several sites, and leaves out what is in no better one.

    Parameters
    ----------
    problem
        A problem with a required heat and no other reason against a survey.
    watch, gap, solver
        Clock, wanted gap [-] and solver of the search.
    """

    def __init__(self, problem: Problem, watch: Watch, *, gap: float, solver: SolverChoice) -> None:
        self.problem, self.watch, self.gap, self.solver = problem, watch, gap, solver
        self.tables = tables_of(problem)
        self.least_mwh = (problem.limits.min_heat_mwh or 0.0) * (1 - 2 * TOLERANCE)
        self.best: Candidate | None = None
        self.proven: float | None = None

    def run(self) -> Surveyed:
        """Return what is left of the problem at the price that the best plan makes provable."""
        self.watch.enter("building plans of several sites")
        self._construct()
        if self.best is None or not 0 < self.best.value < math.inf:
            return Surveyed(self.problem, 0.0, self.best)
        self.watch.enter("bounding the city")
        price = self.best.value / 1000 * (1 + 0.98 * self.gap)
        found = [self._bounds(share, price) for share in SHARES]
        best = min((each for each, _ in found), key=self._proof)
        scarcity = paid_back(self.tables, best.price, carried_at_most(self.tables))
        for _ in range(ROUNDS):
            sharper, scarcity = self._sharper(best, scarcity)
            best = self._at_best_price(sharper, scarcity)
            found += [(each, self._proof(each)) for each in (sharper, best)]
        self.proven = min(proven for _, proven in found)
        LOG.info("several networks: no plan beats %.4g kWh/a per EUR", 1000 * self.proven)
        return Surveyed(self._core([each for each, _ in found], price), price, self.best)

    def _construct(self) -> None:
        """Build several sites at falling prices, then around the price that gives enough heat."""
        sketch = Sketch(prepare(self.problem))
        constructor = Constructor(sketch, seed=self.solver.seed)
        until = CONSTRUCTING * self.watch.time_limit_s
        low, high = 0.0, self._opening_price()
        for _ in range(PRICE_STEPS):
            if self.watch.is_over or self.watch.seconds > until:
                return
            price = high * 0.75 if low == 0.0 else (low + high) / 2
            trees = constructor.portfolio(
                price,
                most_sites=self.problem.limits.max_sites,
                stop=lambda: self.watch.is_over,
            )
            solution = settle(sketch, draft_of(trees)) if trees else None
            candidate = None if solution is None else make_candidate(self.problem, solution)
            if candidate is not None and (self.best is None or candidate.value > self.best.value):
                self.best = candidate
                self.watch.note(incumbent=candidate.value)
            heat = 0.0 if solution is None else sum(each.heat_mwh for each in solution.zones)
            low, high = (price, high) if heat >= self.least_mwh else (low, price)

    def _opening_price(self) -> float:
        """Return a price at which no zone pays even for its own connection and output."""
        tables = self.tables
        heat, power = tables.curves.step_heat.sum(axis=1), tables.curves.step_mw.sum(axis=1)
        cost = tables.zone_cost_eur + power * float(tables.option_slope_eur.min(initial=0.0))
        ratio = heat[cost > 0] / cost[cost > 0]
        return float(ratio.max(initial=0.0)) or 1.0

    def _bounds(self, share: float, price: float) -> tuple[CityBound, float]:
        """Return the bound that leaves least above a price, and the best price proven by any."""
        found: dict[float, CityBound] = {}
        proven = [math.inf]

        def left(low: float) -> float:
            found[low] = bound = self._bound(low, share)
            proven.append(self._proof(bound))
            return bound.surplus_mwh - self.least_mwh * (1 - low / price)

        _, where = least_along(left, LOWEST * price, price)
        return found[where], min(proven)

    def _bound(self, price: float, share: float) -> CityBound:
        most_mw = carried_at_most(self.tables)
        return self._bound_at(price, share * paid_back(self.tables, price, most_mw))

    def _bound_at(self, price: float, scarcity: FloatArray) -> CityBound:
        most_mw = carried_at_most(self.tables)
        return city_bound(self.tables, price, scarcity, most_mw=most_mw, seed=self.solver.seed)

    def _proof(self, bound: CityBound) -> float:
        """Return the price that no plan with enough heat beats; infinite if there is none."""
        worth = max(bound.surplus_mwh, 0.0) / self.least_mwh
        return bound.price / (1 - worth) if worth < 1 else math.inf

    def _at_best_price(self, known: CityBound, scarcity: FloatArray) -> CityBound:
        """Return the bound that proves most at some price of investment, scarcity being given."""
        found = {known.price: known}

        def proof(price: float) -> float:
            found[price] = self._bound_at(price, scarcity)
            return self._proof(found[price])

        least_along(proof, AROUND[0] * known.price, AROUND[1] * known.price)
        return min(found.values(), key=self._proof)

    def _sharper(self, best: CityBound, scarcity: FloatArray) -> tuple[CityBound, FloatArray]:
        """Make the output of one site after the other dearer, as long as the bound gets lower.

        Where all that a site can give is wanted, its output is worth more than it costs.
        """
        tables, price = self.tables, best.price
        power = tables.curves.step_mw.sum(axis=1)
        heat = tables.curves.step_heat.sum(axis=1)
        scale = float(np.median(heat[power > 0] / power[power > 0])) if (power > 0).any() else 1.0
        until = BOUNDING * self.watch.time_limit_s
        for _ in range(SWEEPS):
            before = best.surplus_mwh
            for site in np.unique(tables.option_site).tolist():
                own = tables.option_site == site
                for dearer in DEARER:
                    if self.watch.is_over or self.watch.seconds > until:
                        return best, scarcity
                    trial = np.where(own, scarcity + dearer * scale, scarcity)
                    found = self._bound_at(price, np.maximum(trial, 0.0))
                    if found.surplus_mwh < best.surplus_mwh:
                        best, scarcity = found, np.maximum(trial, 0.0)
            if best.surplus_mwh > before * (1 - LEAST_GAIN):
                break
        return best, scarcity

    def _core(self, bounds: list[CityBound], price: float) -> Problem:
        """Return what plans that beat a price can use."""
        tables: Tables = self.tables
        edges, zones = np.ones(len(tables.edge), bool), np.ones(len(tables.zone), bool)
        options = np.ones(len(tables.option_site), bool)
        for bound in bounds:
            found = bound.anywhere(self.least_mwh * (1 - bound.price / price))
            if found.is_closed:
                return part_of(tables, ~(edges | True), ~(zones | True), set())
            edges, zones = edges & found.edges, zones & found.zones
            options &= found.options
        sites = set(tables.option_site[options].tolist())
        LOG.info(
            "survey at price %.6g: %d sites, %d of %d edges, %d of %d zones left",
            price,
            len(sites),
            edges.sum(),
            len(edges),
            zones.sum(),
            len(zones),
        )
        return part_of(tables, edges, zones, sites)
