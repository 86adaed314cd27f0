"""Survey a whole city for plans of several networks: with a required heat, or within a budget.

Such plans need not hang together. What they deliver and cost says how large their surplus must be
at any price of investment (`siting.optimise.wanted`), and the bound on arrays holds for every
plan, of one network or many (`siting.optimise.carried`). So the best plan of several sites is
bounded at the prices that prove most, and what does not fit between the two is left out. Valid for
``heat_per_euro`` and ``capex`` with a required heat and for ``max_heat`` within a budget.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from siting.model.data import prepare
from siting.model.objectives import OBJECTIVES
from siting.optimise.candidate import Candidate, make_candidate
from siting.optimise.carried import RootBound, carried_at_most
from siting.optimise.closed import Closed
from siting.optimise.deepen import deepen
from siting.optimise.engine import MipCall, SolverChoice
from siting.optimise.parts import (
    Parts,
    parts_of_plans,
    parts_of_solution,
    parts_of_tree,
    promising_parts,
)
from siting.optimise.portfolio import Portfolios, SitePlan, draft_of_plans, trimmed
from siting.optimise.progress import Watch
from siting.optimise.regions import RegionSearch, cost_at
from siting.optimise.scarcity import PricedBound, Prices, follow_prices
from siting.optimise.settle import settle
from siting.optimise.state import SearchState
from siting.optimise.survey import Sketch, Surveyed, paid_back, part_of
from siting.optimise.tables import BoolArray, Tables, tables_of
from siting.optimise.wanted import Wanted
from siting.problem import Limits, Problem
from siting.solution import Solution

__all__ = ["SurveySeveral", "reasons_against_several"]

LOG = logging.getLogger(__name__)
BISECTIONS, CONSTRUCTING = 9, 0.2
"""Prices at which plans are built at first, and the share of the time limit for them [-]."""
AROUND = (1.0, 0.99, 1.01, 0.98, 0.97, 1.02, 0.96, 0.95, 0.985, 0.995)
"""Prices at which plans are built again, over the one that proves most [-]."""
FOLLOWING, BUILDING = 0.35, 0.45
"""Shares of the time limit until which prices are followed, and plans are built again [-]."""
PAID, SEEDS = (1.0, 2.0), (None, 0, 1)
"""How often a site earns its opening at first, and seeds of the ascents that are followed; without
one what yields most per MW rises first."""
UNIONS, IMPROVING, IMPROVED = ((4, 0), (8, 150)), 0.12, 0.6
"""Plans and edges put together each time; the share of the time for each, and until when [-]."""
REGION = 0.05
"""Share of the time limit for each region [-]."""
SMALL = 60
"""Edges up to which there are no regions."""
FINE = 5e-4
"""Gap at which a program on parts of plans ends [-]."""
BOUNDS, TREES, LEAVING = 3, 2, 4
"""Bounds with trees, trees at the prices of each, and bounds by which parts are left out."""
LIFTS_OF_BEST, LIFTS, LIFTED = 20, 12, 120
"""How often the best bound, and each bound, is deepened, and rounds of each time."""
LATER, SOLVING_S = 0.85, 0.2
"""Until which share of the time limit plans are improved again [-], and the wall time for each edge
without which no program is hoped to end [s]."""
BUILDING_MODEL_S = 0.01
"""Wall time for each edge without which no model is built and relaxed [s]."""
TURNS, SHRUNK, AGAIN, NARROWED = 6, 0.95, 40, 0.85
"""How often bounding and leaving out take turns; the share of edges above which they end, the steps
of prices each time, and the share of the time limit until then [-]."""


@dataclass(frozen=True)
class Built:
    """A plan that was built, feasible or not: what it uses, and its figures without limits."""

    plans: tuple[SitePlan, ...]
    solution: Solution
    heat_mwh: float
    capex_eur: float


def reasons_against_several(problem: Problem) -> list[str]:
    """Return why a problem cannot be surveyed for plans of several networks."""
    limits, kind = problem.limits, problem.objective.kind
    heat, budget = bool(limits.min_heat_mwh), limits.budget_eur is not None
    applies = (kind == "max_heat" and budget) or (kind in ("heat_per_euro", "capex") and heat)
    reasons = {
        f"neither a required heat nor a budget bounds {kind}": not applies,
        "a least number of sites is not looked at": bool(limits.min_sites),
        "a least number of zones is not looked at": bool(limits.min_zones),
        "mandatory sites are not looked at": any(s.mandatory for s in problem.sites),
        "mandatory zones are not looked at": any(z.mandatory for z in problem.zones),
    }
    return [reason for reason, holds in reasons.items() if holds]


class SurveySeveral:
    """Builds plans of several sites, and leaves out what is in no better one.

    Parameters
    ----------
    problem
        A problem without reasons against it, see `reasons_against_several`.
    watch, gap, solver
        Clock, wanted gap [-] and solver of the search.

    Attributes
    ----------
    best
        The best plan so far.
    proven
        What no plan beats, in the unit of the objective; None without such a bound.
    outside
        What no plan outside of the core beats, in the unit of the objective.
    """

    def __init__(self, problem: Problem, watch: Watch, *, gap: float, solver: SolverChoice) -> None:
        self.problem, self.watch, self.gap, self.solver = problem, watch, gap, solver
        self.tables = tables_of(problem)
        self.sketch = Sketch(prepare(problem))
        self.wanted = Wanted.of(problem)
        self.free = replace(problem, limits=Limits())
        self.per_unit = 1000.0 if problem.objective.kind == "heat_per_euro" else 1.0
        self.best: Candidate | None = None
        self.proven: float | None = None
        self.outside: float | None = None
        self.built: list[Built] = []
        self.regions: RegionSearch | None = None

    def run(self) -> Surveyed:
        """Return what is left of the problem for plans that beat the best one by the gap."""
        self.watch.enter("building plans of several sites")
        builder = Portfolios(self.tables, self.solver.seed, lambda: self._is_late(CONSTRUCTING))
        start = self._first_price(builder)
        if not start:  # investment at no price tells nothing of its worth
            return Surveyed(self.problem, 0.0, self.best)
        self.watch.enter("bounding the city")
        bounds = self._followed(start)
        lifted = self._lifted(bounds[0], LIFTS_OF_BEST)
        self._prove([lifted])
        self.watch.enter("building plans at the prices that prove most")
        price = bounds[0].prices.investment
        builder = Portfolios(self.tables, self.solver.seed, lambda: self._is_late(BUILDING))
        for share in AROUND:
            if self._is_late(BUILDING) or self._is_done:
                break
            self._build(builder, share * price)
        self._improve(bounds)
        bounds[0] = lifted
        if self.best is None or not 0 < self.best.value < math.inf:
            return Surveyed(self.problem, 0.0, self.best)
        core = self._narrowed(bounds)
        while self._is_too_large(core) and not self._is_late(LATER):
            if not self._improve_regions(LATER, passes=1):
                break
            core = self._narrowed(bounds)
        return Surveyed(core, self._value_to_beat, self.best)

    def state(self) -> SearchState | Closed:
        """Survey the problem, and return the state with which the search goes on, if it does."""
        found = self.run()
        core = self.problem if self.outside is None else found.core
        if self.outside is not None and found.is_empty:
            self._record(self.outside)
        enough_s = BUILDING_MODEL_S * len(core.edges)
        if self.best is not None and (self._is_done or self.watch.left_s <= enough_s):
            return self._closed()
        self.watch.enter("building the model")
        state = SearchState(
            self.problem,
            self.watch,
            gap=self.gap,
            solver=self.solver,
            core=core,
            outside=self.outside,
            best=self.best,
        )
        if self.proven is not None:
            price = None if self.per_unit == 1.0 else self.proven / self.per_unit
            state.prove(self.proven, price)
        return state

    def _closed(self) -> Closed:
        """Return what is known without a program."""
        price = None
        if self.per_unit != 1.0 and self.proven is not None:
            price = self.proven / self.per_unit
        kind = OBJECTIVES[self.problem.objective.kind]
        return Closed(kind, self.watch, self.gap, self.best, self.proven, price)

    def _is_late(self, share: float) -> bool:
        return self.watch.is_over or self.watch.seconds > share * self.watch.time_limit_s

    def _is_too_large(self, core: Problem) -> bool:
        """Whether the gap is open, and no program of what is left would close it in time."""
        return not self._is_done and self.watch.left_s < SOLVING_S * len(core.edges)

    @property
    def _is_done(self) -> bool:
        """Whether the gap is reached."""
        if self.best is None or self.proven is None:
            return False
        return abs(self.proven - self.best.value) <= self.gap * abs(self.best.value)

    # -- plans ----------------------------------------------------------------------------------

    def _first_price(self, builder: Portfolios) -> float | None:
        """Return the price at which plans just meet the limits, as far as it can be found."""
        low, high, last = 0.0, self._opening_price(), None
        for _ in range(BISECTIONS):
            if self._is_late(CONSTRUCTING):
                break
            price = high * 0.75 if low == 0.0 else math.sqrt(low * high)
            built = self._build(builder, price)
            last = price
            low, high = (price, high) if self._is_plenty(built) else (low, price)
            if low and high < 1.01 * low:
                break
        return low or last

    def _is_plenty(self, built: Built | None) -> bool:
        """Whether a plan delivers what is required, or spends all that there is."""
        if built is None:
            return False
        if self.wanted.kind == "max_heat":
            return built.capex_eur > self.wanted.budget_eur
        return built.heat_mwh >= self.wanted.least_mwh

    def _opening_price(self) -> float:
        """Return a price at which no zone pays even for its own connection and output."""
        tables = self.tables
        heat, power = tables.curves.step_heat.sum(axis=1), tables.curves.step_mw.sum(axis=1)
        cost = tables.zone_cost_eur + power * float(tables.option_slope_eur.min(initial=0.0))
        ratio = heat[cost > 0] / cost[cost > 0]
        return float(np.quantile(ratio, 0.9)) if len(ratio) else 1.0

    def _build(self, builder: Portfolios, price: float) -> Built | None:
        """Build a plan at a price, keep it for its parts, and offer it as a plan."""
        plans = builder.at(price, most_sites=self.problem.limits.max_sites)
        if not plans:
            return None
        solution = settle(self.sketch, draft_of_plans(plans, self.tables, self.sketch.data))
        paid = None if solution is None else make_candidate(self.free, solution)
        if solution is None or paid is None:
            return None
        built = Built(tuple(plans), solution, paid.heat_mwh, paid.capex_eur)
        self.built.append(built)
        self._offer(make_candidate(self.problem, solution))
        if self._is_plenty(built):
            self._trim(plans, price)
        return built

    def _trim(self, plans: list[SitePlan], price: float) -> None:
        """Offer a plan that is larger than need be without what is least worthwhile."""
        wanted = self.wanted
        smaller = wanted.kind == "max_heat"
        left = trimmed(
            plans,
            self.tables,
            price,
            lambda heat, capex: capex <= wanted.budget_eur if smaller else heat >= wanted.least_mwh,
            smaller_fits=smaller,
        )
        if left:
            solution = settle(self.sketch, draft_of_plans(left, self.tables, self.sketch.data))
            self._offer(None if solution is None else make_candidate(self.problem, solution))

    def _offer(self, candidate: Candidate | None) -> None:
        if candidate is None:
            return
        sign = 1 if self.wanted.maximise else -1
        if self.best is None or sign * candidate.value > sign * self.best.value:
            self.best = candidate
            self.watch.note(incumbent=candidate.value)

    def _improve(self, bounds: list[PricedBound]) -> None:
        """Solve small programs on the parts of good plans, and of what beats higher values."""
        price = bounds[0].prices.investment
        parts = [
            parts_of_tree(each, k, self.solver.seed, lambda: self._is_late(IMPROVED))
            for each in bounds[:BOUNDS]
            for k in range(TREES)
        ]
        for count, most in UNIONS:
            if self._is_done or self._is_late(IMPROVED) or not self.built:
                return
            order = sorted(self.built, key=lambda each: -self._worth(each, price))
            best = None if self.best is None else self.best.solution
            good = [parts_of_plans(self.tables, each.plans) for each in order[:count]]
            union = parts_of_solution(self.problem, best)
            for each in (*good, *parts[:count], promising_parts(bounds[0], most)):
                union = union.joined(each)
            self._solve(union, price)
        self._improve_regions(IMPROVED, passes=1)

    def _improve_regions(self, until: float, passes: int | None = None) -> bool:
        """Improve the best plan region by region, until a share of time or until all rest.

        Say whether there is more to try another time.
        """
        if self.best is None or not 0 < self.best.value < math.inf or self._is_done:
            return False
        if len(self.tables.edge) <= SMALL:
            return False
        if self.regions is None:
            self.regions = RegionSearch(
                self.problem, self.watch, gap=self.gap, solver=self.solver, tables=self.tables
            )
        self.regions.run(
            self.best,
            seconds=REGION * self.watch.time_limit_s,
            stop=lambda: self._is_done or self._is_late(until),
            passes=passes,
            found=self._offer,
        )
        return not self.regions.is_finished

    def _worth(self, built: Built, price: float) -> float:
        """Return what a plan is worth at a price."""
        return built.heat_mwh - price * built.capex_eur

    def _solve(self, union: Parts, price: float) -> None:
        """Solve the problem on some parts for a share of the time [-]."""
        self.watch.enter(f"improving plans of several sites on {len(union.edges)} edges")
        piece = union.piece(self.tables)
        seconds = min(IMPROVING * self.watch.time_limit_s, 0.5 * self.watch.left_s)
        watch = Watch(seconds, self.watch.stop)
        state = SearchState(self.problem, watch, gap=self.gap, solver=self.solver, core=piece)
        state.offer(self.best)
        engine = state.engine
        value = price * self.per_unit
        if self.best is not None and self.best.value > 0:
            value = self.best.value
        cost = cost_at(engine, self.wanted.kind, value)
        relaxed = engine.relax(cost, rounds=20, seconds=seconds / 3, slivers=False)
        outcome = engine.solve(
            MipCall(
                cost,
                gap_relative=FINE,
                start=state.start_for(engine),
                on_values=lambda values: state.offer_values(engine, values) and False,
            ),
            rows=engine.tight_rows(relaxed.values),
        )
        if outcome.values is not None:
            state.offer_values(engine, outcome.values)
        self._offer(state.best)

    # -- bounds ---------------------------------------------------------------------------------

    def _followed(self, price: float) -> list[PricedBound]:
        """Return the best bound of each start, the best one first."""
        found: list[PricedBound] = []
        most_mw = carried_at_most(self.tables)
        for seed in SEEDS:
            for paid in PAID:
                if found and self._is_late(FOLLOWING):
                    break
                start = Prices(price, paid * paid_back(self.tables, price, most_mw))
                found += follow_prices(
                    self.tables,
                    self.wanted,
                    start,
                    seed=None if seed is None else self.solver.seed + seed,
                    stop=lambda: self._is_late(FOLLOWING),
                )[-1:]
        sign = 1 if self.wanted.maximise else -1
        return sorted(found, key=lambda each: sign * self._value(each))[:LEAVING]

    def _value(self, bound: PricedBound) -> float:
        return self.wanted.proven(bound.prices.investment, bound.surplus_mwh)

    def _prove(self, bounds: list[PricedBound]) -> None:
        """Record the best of some bounds."""
        for each in bounds:
            value = self._value(each) * self.per_unit
            if self.outside is not None:  # what was left out may be as good as that
                value = self._worse(value, self.outside)
            self._record(value)
        if self.proven is not None:
            LOG.info("several networks: no plan beats %.6g", self.proven)

    def _record(self, value: float) -> None:
        """Keep a bound if it is tighter."""
        known = self.wanted.nothing if self.proven is None else self.proven
        if math.isfinite(value) and self.wanted.tighter(value, known) != known:
            self.proven = value
            self.watch.note(bound=value)

    def _worse(self, one: float, other: float) -> float:
        return max(one, other) if self.wanted.maximise else min(one, other)

    def _lifted(self, bound: PricedBound, lifts: int) -> PricedBound:
        """Return a bound whose ascent is deepened so many times."""
        ascent = bound.city.ascent
        for k in range(lifts):
            if self.watch.is_over:
                break
            seed = self.solver.seed + k
            ascent = deepen(ascent, rounds=LIFTED, seed=seed, stop=lambda: self.watch.is_over)
        surplus = bound.city.surplus_mwh - (ascent.bound - bound.city.ascent.bound)
        return replace(bound, city=replace(bound.city, ascent=ascent, surplus_mwh=surplus))

    @property
    def _value_to_beat(self) -> float:
        """The value that no plan must beat for the gap to be proven."""
        assert self.best is not None
        return self.wanted.beaten_by(self.best.value / self.per_unit, 0.98 * self.gap)

    def _narrowed(self, bounds: list[PricedBound]) -> Problem:
        """Leave out what no plan uses that beats the value, and bound the rest again, in turns.

        The bounds given are deepened, and kept so for another time.
        """
        value, tables, self.outside = self._value_to_beat, self.tables, None
        whole = bounds
        for _ in range(TURNS):
            self.watch.enter(f"bounding the city, {len(tables.edge)} edges left")
            bounds = [self._lifted(each, LIFTS) for each in bounds]
            if tables is self.tables:
                whole[:] = bounds
            self._prove(bounds)
            possible = [self._possible(each, value) for each in bounds]
            known = [each for each in possible if each is not None]
            if not known:
                break
            found = reduce(RootBound.together, _closed_first(known))
            self.outside = value * self.per_unit
            before = len(tables.edge)
            if found.is_closed:
                none = np.zeros
                return part_of(tables, none(before, bool), none(len(tables.zone), bool), set())
            tables = _restricted(tables, found)
            LOG.info(
                "several networks, value %.6g: %d options, %d of %d edges, %d of %d zones left",
                self.outside,
                len(tables.option_site),
                len(tables.edge),
                len(self.tables.edge),
                len(tables.zone),
                len(self.tables.zone),
            )
            if (
                not len(tables.zone)
                or len(tables.edge) > SHRUNK * before
                or self._is_late(NARROWED)
                or self._is_done
            ):
                break
            bounds = self._followed_again(tables, bounds, found.options)
        everything = np.ones(len(tables.edge), bool), np.ones(len(tables.zone), bool)
        return part_of(tables, *everything, set(tables.option_site.tolist()))

    def _followed_again(
        self, tables: Tables, bounds: list[PricedBound], options: BoolArray
    ) -> list[PricedBound]:
        """Return bounds of what is left, from the best prices known for more of it.

        ``options`` are those left, by position in the tables of the bounds: of a site that stays
        some may be gone.
        """
        found: list[PricedBound] = []
        for k, each in enumerate(bounds):
            if found and self._is_late(NARROWED):
                break
            start = Prices(each.prices.investment, each.prices.output[options])
            found += follow_prices(
                tables,
                self.wanted,
                start,
                seed=None if k == 0 else self.solver.seed + k - 1,
                steps=AGAIN,
                first_step=0.3,
                stop=lambda: self._is_late(NARROWED),
            )[-1:]
        return found

    def _possible(self, bound: PricedBound, value: float) -> RootBound | None:
        """Return what plans that are at least as good as a value can use; None if that is open."""
        least = self.wanted.least_surplus(bound.prices.investment, value)
        return bound.city.anywhere(least) if math.isfinite(least) else None


def _closed_first(bounds: list[RootBound]) -> list[RootBound]:
    """Return all bounds, or only one that closes everything."""
    return [each for each in bounds if each.is_closed][:1] or bounds


def _restricted(tables: Tables, found: RootBound) -> Tables:
    """Return what a bound leaves of the tables, each zone with the base capacity it may take."""
    part = tables.with_edges(found.edges).with_options(found.options).with_zones(found.zones)
    return replace(part, curves=part.curves.limited(found.most_mw[found.zones]))
