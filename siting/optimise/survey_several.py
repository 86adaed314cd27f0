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
from siting.optimise.engine import Engine, MipCall, SolverChoice
from siting.optimise.portfolio import Portfolios, SitePlan, draft_of_plans, trimmed
from siting.optimise.progress import Watch
from siting.optimise.scarcity import PricedBound, Prices, follow_prices
from siting.optimise.settle import settle
from siting.optimise.state import SearchState
from siting.optimise.survey import Sketch, Surveyed, paid_back, part_of
from siting.optimise.tables import BoolArray, Tables, tables_of
from siting.optimise.trees import TreeBuilder
from siting.optimise.wanted import Wanted
from siting.problem import Limits, Problem
from siting.solution import Solution
from siting.solvers.outcome import FloatArray

__all__ = ["SurveySeveral", "reasons_against_several"]

LOG = logging.getLogger(__name__)
BISECTIONS, CONSTRUCTING = 9, 0.2
"""Prices at which plans are built at first, and the share of the time limit for them [-]."""
AROUND = (1.0, 0.99, 1.01, 0.98, 0.97, 1.02, 0.96, 0.95, 0.985, 0.995)
"""Prices at which plans are built again, over the one that proves most [-]."""
FOLLOWING, BUILDING = 0.35, 0.45
"""Shares of the time limit until which prices are followed, and plans are built again [-]."""
PAID, SEEDS = (1.0, 2.0), (0, 1, 2)
"""How often a site earns its opening at first, and seeds of the ascents that are followed."""
UNIONS, IMPROVING, IMPROVED = ((4, 0), (8, 150)), 0.12, 0.6
"""Plans and edges put together each time; the share of the time for each, and until when [-]."""
CROSSINGS, CROSSING, SHAKEN = 40, 0.05, (0.94, 1.04)
"""New plans put together with the best, the share of the time for each, and where their prices lie
over the one that proves most [-]."""
PROMISING, WIDER, GOOD = 100, 1.2, 12
"""Promising edges that join in, how many more after a plan that brings nothing [-], and the good
plans some of which join in as well then."""
SMALL, PATIENCE = 60, 10
"""Edges up to which nothing is crossed, and plans in a row that bring nothing."""
FINE = 5e-4
"""Gap at which a small program ends [-]."""
BOUNDS, TREES, HALVINGS = 3, 2, 12
"""Bounds with trees, trees at the prices of each, and steps to what leaves so many edges."""
LIFTS, LIFTED = 6, 120
"""How often the best bounds are deepened, and rounds of each."""
MANY, LATER = 4_000, 0.85
"""Edges from which on plans are crossed again, and until which share of the time limit [-]."""
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

    def run(self) -> Surveyed:
        """Return what is left of the problem for plans that beat the best one by the gap."""
        self.watch.enter("building plans of several sites")
        builder = Portfolios(self.tables, self.solver.seed, lambda: self._is_late(CONSTRUCTING))
        start = self._first_price(builder)
        if not start:  # investment at no price tells nothing of its worth
            return Surveyed(self.problem, 0.0, self.best)
        self.watch.enter("bounding the city")
        bounds = self._followed(start)
        self._prove(bounds)
        self.watch.enter("building plans at the prices that prove most")
        price = bounds[0].prices.investment
        builder = Portfolios(self.tables, self.solver.seed, lambda: self._is_late(BUILDING))
        for share in AROUND:
            if self._is_late(BUILDING) or self._is_done:
                break
            self._build(builder, share * price)
        self._improve(bounds)
        if self.best is None or not 0 < self.best.value < math.inf:
            return Surveyed(self.problem, 0.0, self.best)
        core = self._narrowed(bounds)
        if len(core.edges) > MANY and not self._is_done:  # no program of that would end in time
            self._cross(bounds[0], self._tree_parts(bounds[0], 0), LATER)
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

    def _build(
        self, builder: Portfolios, price: float, rng: np.random.Generator | None = None
    ) -> Built | None:
        """Build a plan at a price, keep it for its parts, and offer it as a plan."""
        plans = builder.at(price, most_sites=self.problem.limits.max_sites, rng=rng)
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
        parts = [self._tree_parts(each, k) for each in bounds[:BOUNDS] for k in range(TREES)]
        for count, most in UNIONS:
            if self._is_done or self._is_late(IMPROVED) or not self.built:
                return
            order = sorted(self.built, key=lambda each: -self._worth(each, price))
            union = self._parts_of_best()
            for each in (*map(self._parts_of, order[:count]), *parts[:count]):
                union = union.joined(each)
            self._solve(union.joined(self._promising(bounds[0], most)), price)
        self._cross(bounds[0], parts[0], IMPROVED)

    def _cross(self, bound: PricedBound, tree: Parts, until: float) -> None:
        """Put the best plan together with one new plan after the other, until a share of time."""
        rng = np.random.default_rng([self.solver.seed, len(self.built)])
        builder = Portfolios(self.tables, self.solver.seed, lambda: self._is_late(until))
        idle, most = 0, float(PROMISING)
        for k in range(CROSSINGS if len(self.tables.edge) > SMALL else 0):
            if self._is_done or self._is_late(until) or idle >= PATIENCE:
                return
            before = self.best
            self.watch.enter(f"crossing plans of several sites, {k + 1}")
            shaken = float(rng.uniform(*SHAKEN)) * bound.prices.investment
            built = self._build(builder, shaken, rng)
            union = self._parts_of_best().joined(self._promising(bound, round(most)))
            if built is not None:
                union = union.joined(self._parts_of(built))
            good = sorted(self.built, key=lambda x: -self._worth(x, bound.prices.investment))
            for i in rng.permutation(min(len(good), GOOD))[: idle // 2].tolist():
                union = union.joined(self._parts_of(good[i]))
            if k % 3 == 0:
                union = union.joined(tree)
            self._solve(union, bound.prices.investment, share=CROSSING)
            if self.best is not before:
                idle = 0
                continue
            idle, most = idle + 1, WIDER * most

    def _parts_of(self, built: Built) -> Parts:
        """Return what a plan uses."""
        sites = {int(self.tables.option_site[plan.option]) for plan in built.plans}
        return Parts(
            {e for plan in built.plans for e, _ in plan.pipes},
            {z for plan in built.plans for z in plan.zones},
            sites,
        )

    def _parts_of_best(self) -> Parts:
        """Return what the best plan uses."""
        if self.best is None:
            return Parts(set(), set(), set())
        edge_at = {edge.id: e for e, edge in enumerate(self.problem.edges)}
        zone_at = {zone.id: z for z, zone in enumerate(self.problem.zones)}
        site_at = {site.id: s for s, site in enumerate(self.problem.sites)}
        solution = self.best.solution
        return Parts(
            {edge_at[each.edge] for each in solution.pipes},
            {zone_at[each.zone] for each in solution.zones},
            {site_at[each.site] for each in solution.sites},
        )

    def _tree_parts(self, bound: PricedBound, seed: int) -> Parts:
        """Return what a good tree at some prices uses, whatever the sites can give."""
        city, tables = bound.city, bound.city.tables
        builder = TreeBuilder(city.ascent.network, self.solver.seed + seed)
        if seed == 0:
            builder.start(city.ascent, lambda: self._is_late(IMPROVED))
        else:
            served = city.ascent.prize_left > 0
            guide = city.ascent.reduced_cost + 0.02 * seed * builder.weights(0.2, 1.0)
            stop = lambda: self._is_late(IMPROVED)  # noqa: E731
            builder.keep(builder.improve(builder.grow(guide, served), stop))
        if builder.best is None:
            return Parts(set(), set(), set())
        first, arcs = city.layout.pipes, builder.best.arcs
        pipes = arcs[arcs < first]
        options = arcs[(arcs >= first) & (arcs < first + city.layout.options)] - first
        at = np.unique(city.ascent.network.at[builder.best.served]) - tables.nodes
        return Parts(
            set(tables.edge[city.layout.pipe_edge[pipes]].tolist()),
            set(tables.zone[at].tolist()),
            set(tables.option_site[options].tolist()),
        )

    def _promising(self, bound: PricedBound, most: int) -> Parts:
        """Return what beats a value so high that only so many edges are left."""
        tables = self.tables
        high, found = bound.surplus_mwh, None
        low = high - 0.25 * float(tables.curves.step_heat.sum())
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            trial = bound.city.anywhere(middle)
            if trial.is_closed or trial.edges.sum() <= most:
                high = middle
                found = None if trial.is_closed else trial
            else:
                low = middle
        if found is None:
            return Parts(set(), set(), set())
        return Parts(
            set(tables.edge[found.edges].tolist()),
            set(tables.zone[found.zones].tolist()),
            set(tables.option_site[found.options].tolist()),
        )

    def _worth(self, built: Built, price: float) -> float:
        """Return what a plan is worth at a price."""
        return built.heat_mwh - price * built.capex_eur

    def _solve(self, union: Parts, price: float, share: float | None = None) -> None:
        """Solve the problem on some parts for a share of the time [-]."""
        self.watch.enter(f"improving plans of several sites on {len(union.edges)} edges")
        piece = union.piece(self.tables)
        share = IMPROVING if share is None else share
        seconds = min(share * self.watch.time_limit_s, 0.5 * self.watch.left_s)
        watch = Watch(seconds, self.watch.stop)
        state = SearchState(self.problem, watch, gap=self.gap, solver=self.solver, core=piece)
        state.offer(self.best)
        engine = state.engine
        if self.best is not None and self.per_unit != 1.0 and self.best.value > 0:
            price = self.best.value / self.per_unit
        cost = self._cost(engine, price)
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

    def _cost(self, engine: Engine, price: float) -> FloatArray:
        if self.wanted.kind == "max_heat":
            return -engine.heat
        if self.wanted.kind == "capex":
            return engine.capex
        scale = engine.model.data.scale
        return price * scale.cost_eur / scale.heat_mwh * engine.capex - engine.heat

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
                    seed=self.solver.seed + seed,
                    stop=lambda: self._is_late(FOLLOWING),
                )[-1:]
        sign = 1 if self.wanted.maximise else -1
        return sorted(found, key=lambda each: sign * self._value(each))

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

    def _lifted(self, bound: PricedBound) -> PricedBound:
        """Return a bound whose ascent is deepened."""
        ascent = bound.city.ascent
        for k in range(LIFTS):
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
        """Leave out what no plan uses that beats the value, and bound the rest again, in turns."""
        value, tables, self.outside = self._value_to_beat, self.tables, None
        for _ in range(TURNS):
            self.watch.enter(f"bounding the city, {len(tables.edge)} edges left")
            bounds = [self._lifted(each) for each in bounds]
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
                seed=self.solver.seed + k,
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
