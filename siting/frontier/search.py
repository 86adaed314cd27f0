"""Search for the frontier: ask price after price, each where plans and ceiling are farthest apart.

At a price of investment the problem is linear. Its best plan is a corner of the hull of all plans,
and its bound a line that no plan can cross. Plans found at one price count at all of them. The next
price is the slope of the hull's edge below the widest distance (Aneja and Nair 1979,
doi:10.1287/mnsc.25.1.73): its best plan is a new corner, or its bound closes the edge.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version

import numpy as np

from siting.errors import Fault, InfeasibleError, InputError, NoPlanError, VerificationError
from siting.frontier.archive import PriceState, worth
from siting.frontier.budgets import BudgetSearch
from siting.frontier.known import proven_lines, proven_steps
from siting.frontier.mix import mixed_plans
from siting.frontier.result import Frontier, Point, relative_distance
from siting.frontier.shape import Line, Place, Step, ceiling_at, edges, upper_hull
from siting.optimise.candidate import UNPROVEN, Candidate, make_candidate
from siting.optimise.construct import Tree
from siting.optimise.core import restrict, still_possible
from siting.optimise.engine import Engine, MipCall, SolverChoice
from siting.optimise.progress import Progress, Watch
from siting.optimise.reduce import Reduced, reduce_problem
from siting.plan import Plan, price_solution
from siting.problem import Problem, check_problem
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution, Status
from siting.solvers.outcome import Ending, FloatArray, Outcome
from siting.solvers.registry import require_solver
from siting.verify import verify_plan

__all__ = ["find_frontier", "frontier_problem", "problem_digest"]

MOST_POINTS = 60
"""Plans that are kept in the end; corners of the hull always are."""
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
CONTRADICTS = 1e-5
FLOAT_ROOM = 1e-9


def frontier_problem(problem: Problem) -> Problem:
    """Return the problem that a frontier is about: every limit but the budget and the least heat.

    Examples
    --------
    >>> from siting.problem import Limits
    >>> bare = Problem(nodes=(), edges=(), sites=(), zones=(), limits=Limits(budget_eur=1e6))
    >>> frontier_problem(bare).limits.budget_eur is None
    True
    """
    return problem.with_objective("max_heat").with_limits(budget_eur=None, min_heat_mwh=None)


def problem_digest(problem: Problem) -> str:
    """Return a fingerprint of all that a frontier depends on."""
    content = asdict(frontier_problem(problem))
    del content["name"]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def find_frontier(
    problem: Problem,
    *,
    time_limit_s: float = 600.0,
    points: int = 16,
    gap: float = 0.01,
    solver: str = "highs",
    threads: int | None = None,
    seed: int = 0,
    resume: Frontier | None = None,
    known: Iterable[Plan] = (),
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Frontier:
    """Find the best plans for all budgets, and the ceiling that no plan can cross.

    Parameters
    ----------
    problem
        The bare problem. Its objective, budget and least heat are left aside; every other limit
        holds for every plan.
    time_limit_s
        Wall time [s]; what is found until then is returned.
    points
        Number of prices of investment to ask, those of ``resume`` included.
    gap
        Largest relative distance of plans and ceiling at which the search may end [-].
    solver, threads, seed
        As for `siting.solve`.
    resume
        An earlier frontier of the same problem, whose plans and lines count on.
    known
        Plans of the problem that were found before, with what was proven about them.
    progress
        Called now and then with a `Progress`: heat of the largest plan and its ceiling.
    stop
        Set from another thread to end the search; what is found is kept.

    Raises
    ------
    InputError
        The problem contradicts itself, or ``resume`` is about another one.
    InfeasibleError
        No plan can meet the limits.
    NoPlanError
        Time ran out before any plan was found.
    VerificationError
        A plan does not agree with the problem.
    """
    require_solver(solver)
    check_problem(problem)
    if points < 1:
        raise InputError(Fault("frontier", f"{points} points are too few.", "Ask for 1 or more."))
    whole = frontier_problem(problem)
    digest = problem_digest(problem)
    if resume is not None and resume.problem_sha256 != digest:
        raise InputError(
            Fault(
                "frontier",
                "the frontier to be resumed is about another problem: layers, parameters or limits"
                " have changed since.",
                "Start anew, without resuming.",
            )
        )
    watch = Watch(time_limit_s, stop, progress)
    watch.enter("building the model")
    reduced = reduce_problem(whole)
    choice = SolverChoice(solver, threads or 0, seed)
    state = PriceState(reduced.problem, watch, gap=gap, solver=choice)
    search = FrontierSearch(state, most_prices=points)
    if resume is not None:
        search.take_over(resume.lines, (_solution(each.plan, reduced) for each in resume.points))
    budgets = BudgetSearch(state, most_gaps=points)
    if resume is not None:
        budgets.steps |= {step.budget_eur: step for step in resume.steps}
    told = [*known]
    given = [step for plan in told for step in proven_steps(problem, plan.proof)]
    lines = [line for plan in told for line in proven_lines(problem, plan.proof)]
    search.take_over(lines, (_solution(plan, reduced) for plan in told))
    search.run()
    budgets.run()
    search.mix()
    if search.infeasible and not len(state.archive):
        raise InfeasibleError(
            "No plan meets the limits, whatever it costs. 'siting run' says which of them is in the"
            " way."
        )
    earlier = 0.0 if resume is None else resume.seconds
    found = _Finish(whole, reduced, state, solver, watch.seconds + earlier)
    return found.frontier(
        search.sound_lines(), sound_steps(state, [*given, *budgets.steps.values()]), digest
    )


def _solution(plan: Plan, reduced: Reduced) -> Solution:
    """Return the decisions of a plan in the smaller problem."""
    gone = {line.edge for line in reduced.lines.values()}
    return Solution(
        tuple(OpenSite(each.site, each.option, each.capacity_mw) for each in plan.sites),
        tuple(
            PipeFlow(each.edge, each.from_node, each.to_node, each.flow_mw, each.size)
            for each in plan.pipes
            if each.edge not in gone
        ),
        tuple(ServedZone(each.zone, each.base_mw, each.heat_mwh) for each in plan.zones),
    )


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

    # -- lines ----------------------------------------------------------------------------------

    def sound_lines(self) -> list[Line]:
        """Return the lines, steepest first, none below a found plan by a rounding error.

        Raises
        ------
        VerificationError
            A plan lies above a line by more than that.
        """
        sound = []
        for line in sorted(self.lines.values(), key=lambda each: -each.price_mwh_per_eur):
            price = line.price_mwh_per_eur
            best = max(
                (worth(h, c, price) for c, h in self.state.archive.places), default=-math.inf
            )
            if best > line.surplus_mwh + CONTRADICTS * max(self.most_mwh, 1.0):
                raise VerificationError(
                    f"A plan is worth {best:,.3f} MWh/a at the price {price:g} MWh/a per EUR, above"
                    f" the {line.surplus_mwh:,.3f} MWh/a that no plan should cross. Please report"
                    " this with the problem file."
                )
            room = FLOAT_ROOM * self.most_mwh
            sound.append(replace(line, surplus_mwh=max(line.surplus_mwh, best + room)))
        return sound


def sound_steps(state: PriceState, steps: Iterable[Step]) -> list[Step]:
    """Return the steps by rising budget, none below a found plan by a rounding error.

    Raises
    ------
    VerificationError
        A plan lies above a step by more than that.
    """
    sound = []
    for step in sorted(steps, key=lambda each: (each.budget_eur, each.heat_mwh)):
        budget = step.budget_eur
        best = max((h for c, h in state.archive.places if c <= budget), default=0.0)
        if best > step.heat_mwh + CONTRADICTS * max(state.problem.total_heat_mwh, 1.0):
            raise VerificationError(
                f"A plan within {budget:,.0f} EUR has {best:,.3f} MWh/a, above the"
                f" {step.heat_mwh:,.3f} MWh/a that none should have. Please report this with the"
                " problem file."
            )
        room = FLOAT_ROOM * state.problem.total_heat_mwh
        sound.append(replace(step, heat_mwh=max(step.heat_mwh, best + room)))
    return sound


def _between(bend: tuple[Line, Line] | None) -> float | None:
    """Return a price between those of two lines, or None when they are nearly the same."""
    if bend is None:
        return None
    steep, flat = (each.price_mwh_per_eur for each in bend)
    if flat <= 0 or steep < flat * 1.02:
        return None
    return math.sqrt(steep * flat)


@dataclass(frozen=True)
class _Finish:
    """Turns what a search holds into a verified frontier."""

    problem: Problem
    reduced: Reduced
    state: PriceState
    solver: str
    seconds: float

    def frontier(self, lines: list[Line], steps: list[Step], digest: str) -> Frontier:
        hull = set(upper_hull(self.state.archive.places))
        kept = [each for each in self.state.archive.thinned(MOST_POINTS) if each.heat_mwh > 0]
        if not kept and self.state.empty is None:
            raise NoPlanError("No plan was found in time. Give the search more time.")
        points = [
            self._point(each, lines, steps, is_corner=(each.capex_eur, each.heat_mwh) in hull)
            for each in kept
        ]
        return Frontier(
            points=tuple(points),
            lines=tuple(lines),
            steps=tuple(steps),
            most_mwh=self.problem.total_heat_mwh,
            starts_empty=self.state.empty is not None,
            problem_sha256=digest,
            gap_wanted=self.state.gap,
            seconds=self.seconds,
        )

    def _point(
        self, candidate: Candidate, lines: list[Line], steps: list[Step], *, is_corner: bool
    ) -> Point:
        """Return a paid-for, verified plan with the proof that the ceiling gives."""
        solution = self.reduced.expand(candidate.solution, self.problem)
        plan = price_solution(self.problem, solution, UNPROVEN)
        ceiling = ceiling_at(lines, plan.capex_eur, self.problem.total_heat_mwh, steps)
        ceiling = max(ceiling, plan.heat_mwh)
        gap = relative_distance(plan.heat_mwh, ceiling)
        lowest = min(lines, key=lambda line: line.at(plan.capex_eur), default=None)
        proof = Proof(
            status=self._status(gap),
            objective="max_heat",
            incumbent=plan.heat_mwh,
            bound=ceiling,
            gap=gap,
            gap_wanted=self.state.gap,
            seconds=self.seconds,
            solver=f"HiGHS {version('highspy')}" if self.solver == "highs" else self.solver,
            price_mwh_per_eur=None if lowest is None else lowest.price_mwh_per_eur,
        )
        plan = replace(plan, proof=proof)
        asked = self.problem.with_limits(budget_eur=plan.capex_eur)
        disagreements = verify_plan(asked, plan)
        if disagreements:
            raise VerificationError("\n".join(disagreements))
        return Point(plan, ceiling, is_corner)

    def _status(self, gap: float) -> Status:
        if gap <= self.state.gap:
            return Status.OPTIMAL
        return Status.INTERRUPTED if self.state.watch.is_stopped else Status.FEASIBLE
