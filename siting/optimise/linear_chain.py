"""Run the stages for objectives that are plain sums, the cheap ones before any program is built."""

from __future__ import annotations

import logging

from siting.model.objectives import OBJECTIVES
from siting.optimise.candidate import empty_candidate
from siting.optimise.closed import Closed
from siting.optimise.engine import SolverChoice
from siting.optimise.linear import LinearSearch
from siting.optimise.priced import prices_of
from siting.optimise.progress import Watch
from siting.optimise.roots import RootByRoot
from siting.optimise.shrink import Shrinker
from siting.optimise.stages import Stages
from siting.optimise.state import SearchState
from siting.optimise.survey_several import SurveySeveral, reasons_against_several
from siting.problem import Problem

__all__ = ["search_linear"]

LOG = logging.getLogger(__name__)
SHARE = 0.85
"""Share of the time that may pass before a program is built [-]."""


def search_linear(
    problem: Problem,
    watch: Watch,
    *,
    gap: float,
    solver: SolverChoice,
    stages: Stages,
    survey_from: int | None = None,
) -> SearchState | Closed:
    """Return what is found and proven of a problem whose objective is a plain sum.

    From ``survey_from`` edges on a problem is surveyed where that is of use.
    """
    against = reasons_against_several(problem)
    if not (stages.ascend and stages.construct and stages.eliminate):
        against.append("a stage that it needs is off")
    if survey_from is None or len(problem.edges) < survey_from:
        against.append("few edges")
    if not against:
        surveyed = SurveySeveral(problem, watch, gap=gap, solver=solver).state()
        if isinstance(surveyed, SearchState) and not surveyed.is_over:
            LinearSearch(surveyed, surveyed.outside).run()
        return surveyed
    LOG.info("no survey: %s", "; ".join(against))
    prices = prices_of(problem)
    most, sites = problem.limits.max_sites, sum(not site.forbidden for site in problem.sites)
    crowded = most is not None and most < sites  # a rooted network would open them all
    one = RootByRoot.suits(problem) and stages.ascend and stages.construct and stages.eliminate
    if prices is None or (crowded and not one) or not (stages.ascend or stages.construct):
        return _by_program(problem, watch, gap, solver, None)
    narrower = RootByRoot if crowded else Shrinker
    shrinker = narrower(problem, prices, watch, gap, stages, solver.seed)
    watch.enter("building trees and bounding them")
    part = shrinker.run(SHARE * watch.left_s)
    if shrinker.is_done or shrinker.infeasible or watch.is_over:
        return _closed(shrinker)
    return _by_program(part, watch, gap, solver, shrinker)


def _closed(shrinker: Shrinker | RootByRoot) -> Closed:
    """Return what is known without a program."""
    kind = OBJECTIVES[shrinker.problem.objective.kind]
    best = shrinker.best or empty_candidate(shrinker.problem)
    bound = shrinker.proven if abs(shrinker.bound) < float("inf") else None
    return Closed(kind, shrinker.watch, shrinker.gap, best, bound, infeasible=shrinker.infeasible)


def _by_program(
    problem: Problem,
    watch: Watch,
    gap: float,
    solver: SolverChoice,
    shrinker: Shrinker | RootByRoot | None,
) -> SearchState:
    """Bound and solve the program of what is left."""
    watch.enter("building the model")
    state = SearchState(problem, watch, gap=gap, solver=solver)
    outside = None
    if shrinker is not None:
        state.offer(shrinker.best)
        if abs(shrinker.bound) < float("inf"):
            state.prove(shrinker.proven)
        if abs(shrinker.outside) < float("inf"):
            outside = -shrinker.outside if shrinker.maximise else shrinker.outside
    LinearSearch(state, outside).run()
    return state
