"""Find the frontier of a problem: prices first, then budgets, then parts put together anew."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict

from siting.errors import Fault, InfeasibleError, InputError
from siting.frontier.archive import PriceState
from siting.frontier.budgets import BudgetSearch
from siting.frontier.finish import Finish, sound_lines, sound_steps
from siting.frontier.known import proven_lines, proven_steps
from siting.frontier.result import Frontier
from siting.frontier.search import FrontierSearch
from siting.optimise.engine import SolverChoice
from siting.optimise.progress import Progress, Watch
from siting.optimise.reduce import Reduced, reduce_problem
from siting.plan import Plan
from siting.problem import Problem, check_problem
from siting.solution import OpenSite, PipeFlow, ServedZone, Solution
from siting.solvers.registry import require_solver

__all__ = ["find_frontier", "frontier_problem", "problem_digest"]


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
    found = Finish(whole, reduced, state, solver, watch.seconds + earlier)
    return found.frontier(
        sound_lines(state, search.lines.values()),
        sound_steps(state, [*given, *budgets.steps.values()]),
        digest,
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
