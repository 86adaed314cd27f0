"""Search for the frontier: ask price after price, each where plans and ceiling are farthest apart.

At a price of investment the problem is linear. Its best plan is a corner of the hull of all plans,
and its bound a line that no plan can cross. Plans found at one price count at all of them. The next
price is the slope of the hull's edge below the widest distance (Aneja and Nair 1979,
doi:10.1287/mnsc.25.1.73): its best plan is a new corner, or its bound closes the edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from siting.errors import Fault, InputError
from siting.frontier.archive import PriceState
from siting.frontier.mix import mixed_plans
from siting.frontier.result import relative_distance
from siting.frontier.shape import Line, Place, ceiling_at, edges, upper_hull
from siting.optimise.candidate import make_candidate
from siting.optimise.construct import Tree
from siting.optimise.core import restrict, still_possible
from siting.optimise.engine import Engine, MipCall
from siting.solution import Solution
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["FrontierSearch"]

MOST_EFFORT = 3
HARDER, BETWEEN = 0.7, 0.45
"""How much a distance counts for trying harder once more, and for asking between two lines [-]."""
SMALL = 60
SHAKES = (0.0, 0.2, 0.4)
PRICE_STEPS = 16
PRICES_SHARE = 0.8
"""The share of the time that may go to prices; the rest fills gaps with budgets [-]."""
LEAST_SHARE = 1e-3
"""The lowest price asked, as a share of heat per euro of the largest plan [-]."""
SAME_PRICE = 1e-6


@dataclass(frozen=True)
class Task:
    """A price to ask [MWh/a per EUR], and how much effort to spend on it."""

    price: float
    effort: int


@dataclass(frozen=True)
class Gap:
    """Where plans and ceiling are apart: how far [-], the slope there, a price not yet asked.

    ``is_beyond`` tells the end after the last plan from the edges of the hull.
    """

    distance: float
    slope: float
    between: float | None
    is_beyond: bool = False


class FrontierSearch:
    """Asks price after price until plans and ceiling are close, or time is up."""

    def __init__(self, state: PriceState, *, most_prices: int) -> None:
        self.state, self.watch, self.engine = state, state.watch, state.engine
        self.most_prices = most_prices
        self.most_mwh = state.problem.total_heat_mwh
        self.lines: dict[float, Line] = {}
        self.infeasible = False
        self.patience_s = 1.0

    def take_over(self, lines: Iterable[Line], solutions: Iterable[Solution]) -> None:
        """Count on lines and plans of an earlier search."""
        self.lines |= {line.price_mwh_per_eur: line for line in lines}
        for solution in solutions:
            candidate = make_candidate(self.state.problem, solution)
            if candidate is None:
                raise InputError(
                    Fault(
                        "frontier",
                        "a plan of the frontier to be resumed does not fit the problem.",
                        "Start anew, without resuming.",
                    )
                )
            self.state.offer(candidate)

    def run(self) -> None:
        """Construct plans, then ask prices."""
        self._construct_all()
        self.mix()
        if not self._has_heat():
            self._ask(Task(0.0, 1), self.watch.left_s / 2)
        until = PRICES_SHARE * self.watch.time_limit_s
        while not (self.watch.is_over or self.infeasible or self.watch.seconds > until):
            task = self._next()
            if task is None:
                return
            self._ask(task, self._seconds_for(task))

    # -- plans ----------------------------------------------------------------------------------

    def _has_heat(self) -> bool:
        return any(each.heat_mwh > 0 for each in self.state.archive)

    def _construct_all(self) -> None:
        """Build plans at falling prices, from those at which hardly anything pays."""
        self.watch.enter("constructing plans")
        data = self.engine.model.data
        opening = 4 * self._best_single()
        if opening <= 0:
            return
        for shake in SHAKES if len(data.arcs) > SMALL else SHAKES[:1]:
            price = opening
            for _ in range(PRICE_STEPS):
                if self.watch.seconds > 0.25 * self.watch.time_limit_s or self.watch.is_over:
                    return
                self._construct(price, None, shake)
                price *= 0.6

    def mix(self) -> None:
        """Put separate networks of the plans found together anew."""
        state, until = self.state, self.watch.seconds + 0.1 * self.watch.time_limit_s
        state.ask(0.0)
        mixed_plans(
            state.problem,
            [each.solution for each in state.archive],
            state.offer,
            is_wanted=state.archive.lacks,
            is_over=lambda: self.watch.seconds > until or self.watch.is_stopped,
        )

    def _best_single(self) -> float:
        """Return the most heat per euro of the trees of one site [MWh/a per EUR]."""
        constructor, state, best = self.state.constructor, self.state, 0.0
        for source in range(len(self.engine.model.data.sources)):
            price = 0.0
            for _ in range(6):
                tree = constructor.grow(source, price, accept=self._accept)
                if tree is None or self.watch.is_over:
                    break
                candidate = state.candidate_of(tree)
                if candidate is None or candidate.capex_eur <= 0:
                    break
                ratio = candidate.heat_mwh / candidate.capex_eur
                if ratio <= price * (1 + 1e-9):
                    break
                price, best = ratio, max(best, ratio)
        return best

    def _accept(self, tree: Tree) -> None:
        self.state.offer_trees([tree])

    def _construct(self, price: float, relaxed: FloatArray | None, shake: float) -> None:
        """Build several sites at a price, along what a relaxation builds."""
        state, favour = self.state, None
        if relaxed is not None:
            built = self.engine.cuts.capacities(relaxed)[: len(self.engine.model.data.arcs)]
            favour = 1 - 0.9 * np.clip(built, 0.0, 1.0)
        state.ask(price)
        trees = state.constructor.portfolio(
            price,
            most_sites=state.problem.limits.max_sites,
            favour=favour,
            shake=shake,
            stop=lambda: self.watch.is_over,
        )
        state.offer_trees(trees)
        for tree in trees:  # each alone is a plan of its own, cheaper than all together
            state.offer_trees([tree])

    # -- which price ----------------------------------------------------------------------------

    def _places(self) -> list[Place]:
        return upper_hull(self.state.archive.places)

    def _next(self) -> Task | None:
        """Return the price to ask next, or None when nothing is left to do."""
        places = self._places()
        heat, capex = places[-1][1], places[-1][0]
        if heat > 0 and capex > 0:
            low = LEAST_SHARE * heat / capex
            if not any(price <= low * 1.5 for price in self.lines):
                return Task(low, 0)
        tasks = [
            (edge.distance * weight, task)
            for edge in self._edges(places)
            if edge.distance > self.state.gap
            for weight, task in self._tasks(edge)
        ]
        return max(tasks, key=lambda each: each[0])[1] if tasks else None

    def _edges(self, places: list[Place]) -> list[Gap]:
        """Return each edge of the hull: how far the ceiling is, its slope, a price between lines.

        After the last place comes an edge with the slope of the ceiling there.
        """
        lines = list(self.lines.values())
        found = [
            Gap(each.distance, each.slope, _between(each.bend))
            for each in edges(places, lines, self.most_mwh)
            if math.isfinite(each.slope)
        ]
        if lines:
            capex, heat = places[-1]
            ceiling = ceiling_at(lines, capex, self.most_mwh)
            lowest = min(lines, key=lambda line: line.at(capex)).price_mwh_per_eur
            flatter = lowest / 2 if lowest > 3 * min(self.lines) else None
            distance = relative_distance(heat, ceiling)
            found.append(Gap(distance, lowest, flatter, is_beyond=True))
        return found

    def _tasks(self, edge: Gap) -> list[tuple[float, Task]]:
        """Return what can be done about an edge, and how much its distance counts for it.

        Ask its slope; if that is known, try harder, or ask between the two lines of a bend.
        """
        room = len(self.lines) < self.most_prices
        known = self._known(edge.slope)
        if known is None:
            return [(1.0, Task(edge.slope, 0))] if room else []
        tasks = []
        if known.effort < MOST_EFFORT:
            harder = known.effort + 1
            tasks.append((HARDER**harder, Task(known.price_mwh_per_eur, harder)))
        if room and edge.between is not None and self._known(edge.between) is None:
            tasks.append((1.0 if edge.is_beyond else BETWEEN, Task(edge.between, 0)))
        return tasks

    def _known(self, price: float) -> Line | None:
        """Return the line of a price, or of one so near that the gap does not notice."""
        same = max(SAME_PRICE, 0.5 * self.state.gap)
        for each in self.lines.values():
            if math.isclose(each.price_mwh_per_eur, price, rel_tol=same):
                return each
        return None

    def _seconds_for(self, task: Task) -> float:
        """Return the share of the time that a task gets [s]."""
        left = PRICES_SHARE * self.watch.time_limit_s - self.watch.seconds
        waiting = max(self.most_prices - len(self.lines), 0)
        share = left / (waiting + 2) if task.effort == 0 else 0.35 * left
        return max(share, min(self.patience_s, left))

    # -- one price ------------------------------------------------------------------------------

    def _ask(self, task: Task, seconds: float) -> None:
        """Find plans and a bound at one price."""
        state, price = self.state, task.price
        self._tell(f"price {len(self.lines) + 1} of {self.most_prices}")
        until = self.watch.seconds + seconds
        cost = self._cost(price, self.engine)
        relaxed = self.engine.relax(
            cost,
            seconds=(0.4 if self.lines else 0.9) * seconds,
            on_round=lambda bound: self._certify(task, bound, self.engine),
        )
        if relaxed.ending is Ending.INFEASIBLE:
            self.infeasible = True
            return
        self._certify(task, relaxed.bound, self.engine)
        if not math.isfinite(relaxed.bound):  # a bound late is worth more than many prices without
            self.patience_s = 2 * seconds
        large = len(self.engine.model.data.arcs) > SMALL
        for shake in (0.15, 0.3) if large else (0.0,):
            self._construct(price, relaxed.values, shake)
        state.ask(price)
        left = until - self.watch.seconds
        if large:
            state.mix(lambda engine: self._cost(price, engine), relaxed.values, 0.5 * left)
        if (task.effort or not large) and not self.watch.is_over:
            self._prove(task, relaxed, max(until - self.watch.seconds, 1.0))
        self._tell("next price")

    def _cost(self, price: float, engine: Engine) -> FloatArray:
        """Return the scaled cost vector of ``price * capex - heat``."""
        scale = engine.model.data.scale
        return price * scale.cost_eur / scale.heat_mwh * engine.capex - engine.heat

    def _certify(self, task: Task, bound: float, engine: Engine, *, core: bool = False) -> None:
        """Record the line that a bound on the scaled objective proves.

        What a core leaves out is worth no more than the best plan.
        """
        if not math.isfinite(bound):
            return
        surplus = -bound * engine.model.data.scale.heat_mwh
        if core and self.state.best is not None:
            surplus = max(surplus, self.state.best.value)
        self._record(task, surplus)

    def _record(self, task: Task, surplus: float) -> None:
        known = self.lines.get(task.price)
        if known is not None:
            surplus = min(surplus, known.surplus_mwh)
        effort = task.effort if known is None else max(known.effort, task.effort)
        self.lines[task.price] = Line(task.price, surplus, effort)

    def _prove(self, task: Task, relaxed: Outcome, seconds: float) -> None:
        """Drop what no better plan can use at this price, and solve the rest exactly."""
        state = self.state
        engine = self._core_engine(relaxed)
        core = engine is not self.engine
        cost = self._cost(task.price, engine)
        rest = relaxed
        if core:
            rest = engine.relax(cost, rounds=15, slivers=False, seconds=0.3 * seconds)
        if rest.ending is Ending.INFEASIBLE:
            self._nothing_better(task)
            return
        heat = state.best.heat_mwh if state.best is not None else 0.0
        heat = max(heat, next((heat for _, heat in self._places() if heat > 0), 0.0))
        near = 0.2 * state.gap * heat / engine.model.data.scale.heat_mwh
        outcome = engine.solve(
            MipCall(
                cost,
                gap_absolute=max(near, 1e-9),
                start=state.start_for(engine),
                seconds=seconds,
                on_values=lambda values: self._offered(engine, values),
                on_bound=lambda bound: self._certify(task, bound, engine, core=core),
            ),
            rows=engine.tight_rows(rest.values),
        )
        if outcome.values is not None:
            state.offer_values(engine, outcome.values)
        if outcome.ending is Ending.INFEASIBLE:
            self._nothing_better(task)
        else:
            self._certify(task, outcome.bound, engine, core=core)

    def _core_engine(self, relaxed: Outcome) -> Engine:
        """Return an engine for what can still be part of a better plan."""
        state, model = self.state, self.engine.model
        if state.best is None or relaxed.reduced_cost is None:
            return self.engine
        room = -state.best.value / model.data.scale.heat_mwh - relaxed.bound
        core = still_possible(model, self.engine.compiled, relaxed.reduced_cost, max(room, 0.0))
        if core.arcs.all() and core.zones.all() and core.options.all():
            return self.engine
        return Engine(restrict(model, core), self.watch, state.solver)

    def _nothing_better(self, task: Task) -> None:
        """Take note that no plan is worth more than the best one."""
        if self.state.best is None:
            self.infeasible = True
        else:
            self._record(task, self.state.best.value)

    def _offered(self, engine: Engine, values: FloatArray) -> bool:
        self.state.offer_values(engine, values)
        return False

    def _tell(self, phase: str) -> None:
        places = self.state.archive.places
        if places:
            self.watch.incumbent = places[-1][1]
            ceiling = ceiling_at(self.lines.values(), places[-1][0], self.most_mwh)
            self.watch.bound = max(ceiling, places[-1][1])
        self.watch.enter(phase)


def _between(bend: tuple[Line, Line] | None) -> float | None:
    """Return a price between those of two lines, or None when they are nearly the same."""
    if bend is None:
        return None
    steep, flat = (each.price_mwh_per_eur for each in bend)
    if flat <= 0 or steep < flat * 1.02:
        return None
    return math.sqrt(steep * flat)
