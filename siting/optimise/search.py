"""Search for the best plan, and for the proof of how good it is."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from importlib.metadata import version

from siting.errors import InfeasibleError, NoPlanError
from siting.model.objectives import OBJECTIVES
from siting.optimise.candidate import make_candidate
from siting.optimise.closed import Closed
from siting.optimise.contract import contract
from siting.optimise.engine import SolverChoice
from siting.optimise.explain import explain_infeasible
from siting.optimise.linear_chain import search_linear
from siting.optimise.progress import Progress, Watch, relative_gap
from siting.optimise.ratio import RatioSearch
from siting.optimise.reduce import reduce_problem
from siting.optimise.stages import ALL_STAGES, Stages
from siting.optimise.state import SearchState
from siting.optimise.survey import Survey, reasons_against, takes_too_long
from siting.optimise.survey_several import SurveySeveral, reasons_against_several
from siting.plan import Plan, price_solution
from siting.problem import Problem, check_problem
from siting.solution import Proof, Solution, Status
from siting.solvers.registry import require_solver

__all__ = ["solve"]

LOG = logging.getLogger(__name__)
EXACT = 1e-6
LARGE = 1_000
"""Edges from which on a problem is surveyed first."""
EXPLAIN_S = 20.0
"""Wall time for each question that an explanation asks [s]."""


def solve(
    problem: Problem,
    *,
    solver: str = "highs",
    gap: float = 0.01,
    time_limit_s: float = 300.0,
    threads: int | None = None,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    stages: Stages = ALL_STAGES,
) -> Plan:
    """Find the best plan of a problem and prove how good it is.

    Parameters
    ----------
    problem
        The bare problem with its objective and limits.
    solver
        Name of an installed solver.
    gap
        Relative gap at which the search may end [-].
    time_limit_s
        Wall time [s]; the best plan found until then is returned.
    threads, seed
        Passed to the solver; the same seed gives the same plan.
    progress
        Called now and then with a `Progress`.
    stop
        Set from another thread to end the search; the best plan is kept.
    stages
        Which stages of the search run; without a stage the same plan is best, found later.

    Returns
    -------
    The plan, paid for with real pipe sizes, with its proof.

    Raises
    ------
    InputError
        The problem contradicts itself.
    InfeasibleError
        No plan can meet the limits.
    NoPlanError
        Time ran out before any plan was found.
    SolverError
        The solver is not installed or failed.
    """
    require_solver(solver)
    check_problem(problem)
    watch = Watch(time_limit_s, stop, progress)
    watch.enter("building the model")
    smaller = _Smaller(problem, watch, stages)
    choice = SolverChoice(solver, threads or 0, seed)
    gap = max(gap, EXACT)
    state: SearchState | Closed
    if problem.objective.kind == "heat_per_euro":
        state = _opening_state(smaller.problem, watch, gap, choice, stages)
        if isinstance(state, SearchState):
            RatioSearch(state).run()
    else:
        state = search_linear(
            smaller.problem, watch, gap=gap, solver=choice, stages=stages, survey_from=LARGE
        )
    if state.best is None:
        raise _no_plan(state, problem, seed)
    solution = smaller.expand(state.best.solution)
    return price_solution(problem, solution, _proof(state, solver))


class _Smaller:
    """A problem made smaller without changing its best plans, with the way back."""

    def __init__(self, problem: Problem, watch: Watch, stages: Stages) -> None:
        self.full = problem
        self.lines = reduce_problem(problem)
        self.streets = contract(self.lines.problem) if stages.contract else None
        self.problem = self.lines.problem if self.streets is None else self.streets.problem
        watch.enter(f"reduced: {self.lines}" + (f"; {self.streets}" if self.streets else ""))

    def expand(self, solution: Solution) -> Solution:
        """Return a solution of the smaller problem as one of the full problem."""
        if self.streets is not None:
            solution = self.streets.expand(solution, self.lines.problem)
        return self.lines.expand(solution, self.full)


def _opening_state(
    problem: Problem, watch: Watch, gap: float, solver: SolverChoice, stages: Stages
) -> SearchState | Closed:
    """Return the state that a search begins with, after a survey where one is of use.

    Where not enough time is left to build a program, the search ends with the survey.
    """
    several = bool(problem.limits.min_heat_mwh)
    against = reasons_against_several(problem) if several else reasons_against(problem)
    if not (stages.ascend and stages.construct and stages.eliminate):
        against.append("a stage that it needs is off")
    if against or len(problem.edges) < LARGE:
        LOG.info("no survey: %s", "; ".join(against) or f"fewer than {LARGE} edges")
        return SearchState(problem, watch, gap=gap, solver=solver)
    if several:
        return SurveySeveral(problem, watch, gap=gap, solver=solver).state()
    found = Survey(problem, watch, gap=gap, solver=solver, stages=stages).run()
    proven = found.proven if math.isfinite(found.proven) else None
    if found.best is not None and takes_too_long(found.core, watch.left_s):
        edges = len(found.core.edges)
        LOG.info("no program: %d edges with their sizes take too long to build", edges)
        best = make_candidate(problem, found.best.solution)
        bound = None if proven is None else 1000 * proven
        return Closed(OBJECTIVES["heat_per_euro"], watch, gap, best, bound, proven)
    if found.best is None or not found.price:
        return SearchState(problem, watch, gap=gap, solver=solver)
    outside = found.price * 1000
    best = make_candidate(problem, found.best.solution)
    state = SearchState(
        problem, watch, gap=gap, solver=solver, core=found.core, outside=outside, best=best
    )
    if proven is not None:
        state.prove(proven * 1000, proven)
    if found.is_empty:
        state.prove(outside, found.price)
    return state


def _no_plan(state: SearchState | Closed, problem: Problem, seed: int) -> Exception:
    """Return the error that says why there is no plan."""
    if state.infeasible:
        return InfeasibleError(explain_infeasible(problem, lambda loose: _short(loose, seed)))
    if state.watch.is_stopped:
        return NoPlanError("Stopped before any plan was found. Give the search more time.")
    return NoPlanError(
        f"No plan was found in {state.watch.seconds:,.0f} s. Raise time_limit_s under [solver], or"
        " loosen min_heat_mwh or budget_eur under [limits]."
    )


def _short(problem: Problem, seed: int) -> Plan:
    """Search a loosened problem for a short while; used to explain why the original has no plan.

    Its own infeasibility needs no explanation, so this does not go through `solve`.
    """
    reduced = reduce_problem(problem)
    watch = Watch(EXPLAIN_S)
    choice = SolverChoice(seed=seed)
    state = search_linear(reduced.problem, watch, gap=0.05, solver=choice, stages=ALL_STAGES)
    if state.best is None:
        raise NoPlanError("none")
    solution = reduced.expand(state.best.solution, problem)
    return price_solution(problem, solution, _proof(state, "highs"))


def _proof(state: SearchState | Closed, solver: str) -> Proof:
    """Return what the search has proven."""
    assert state.best is not None
    gap = relative_gap(state.best.value, state.bound)
    if gap <= state.gap:
        status = Status.OPTIMAL
    else:
        status = Status.INTERRUPTED if state.watch.is_stopped else Status.FEASIBLE
    bound = state.bound if state.bound is not None and math.isfinite(state.bound) else None
    if state.best.value == state.bound:
        bound = state.bound
    return Proof(
        status=status,
        objective=state.kind.name,
        incumbent=state.best.value,
        bound=bound,
        gap=gap,
        gap_wanted=state.gap,
        seconds=state.watch.seconds,
        solver=f"HiGHS {version('highspy')}" if solver == "highs" else solver,
        price_mwh_per_eur=state.price,
        trail=tuple(state.watch.trail),
    )
