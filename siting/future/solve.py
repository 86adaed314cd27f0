"""Find the best plan of a case over years, and the proof of how good it is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from siting.errors import InfeasibleError, NoPlanError
from siting.future.departures import extend
from siting.future.large import LargeSearch
from siting.future.outcome import DeparturePlan
from siting.future.outlined import search_outline
from siting.future.phase_plan import PhasePlan
from siting.future.phase_reading import extend_phases
from siting.future.search import FutureSearch, SearchSettings
from siting.future.seeds import departure_seeds, phase_seeds
from siting.future.types import Departures, Phases, check_departures, check_phases
from siting.future.weights import discounted_years
from siting.plan import Plan
from siting.problem import check_problem
from siting.solvers.registry import require_solver

__all__ = ["solve_departures", "solve_phases"]

Payload = TypeVar("Payload")


def solve_departures(
    case: Departures, *, base: Plan | None = None, **options: Any
) -> DeparturePlan:
    """Find the best plan for a case with departures.

    Parameters
    ----------
    case
        The problem and what may happen.
    base
        The best plan of the problem without a thought of departures, with its proof; it is searched
        if absent.
    **options
        As for `siting.future.search.SearchSettings`.

    Raises
    ------
    InputError
        The case contradicts itself.
    InfeasibleError
        No plan meets the limits in all scenarios.
    NoPlanError
        Time ran out before any plan was found.
    """
    settings = SearchSettings(**options)
    require_solver(settings.solver)
    check_problem(case.problem)
    check_departures(case)
    search = LargeSearch(
        case,
        extend,
        settings,
        seeds=partial(departure_seeds, base=base),
        prove=partial(_by_outline, base=base),
    ).run()
    return replace(_best(search), proof=search.proof())


HEAT_SLACK = 1e-5
"""How far a plan may stay below the least heat and still count, and a bit more [-]."""
FIRST_GUESS = 1.08
"""Where a bound is looked for at first when nothing is known, over the best plan [-]."""


def _guess(case: Departures, base: Plan) -> float:
    """Return about where a bound may be found: what could be had if nothing ever changed."""
    years = discounted_years(case.discount_rate, 0, case.horizon_a)
    bound = base.proof.bound
    return years * (base.heat_per_euro_kwh * FIRST_GUESS if bound is None else bound)


def least_euro(case: Departures, base: Plan) -> float:
    """Return what every plan of a case costs at least [EUR].

    In its usual state it is a plan of the base problem: it has the least heat that is asked for,
    and no more heat per euro than the bound of the base problem.
    """
    least, bound = case.problem.limits.min_heat_mwh or 0.0, base.proof.bound
    return 0.0 if not bound else 1000 * least * (1 - HEAT_SLACK) / bound


def _by_outline(
    case: Departures,
    whole: FutureSearch[DeparturePlan],
    seconds: float,
    *,
    base: Plan | None,
) -> None:
    """Bound a case by its outline, and improve its plan on the way."""
    if whole.best is None:
        return
    search_outline(
        case,
        whole.watch,
        seconds=seconds,
        gap=whole.gap,
        solver=whole.settings.choice,
        best=whole.best,
        bound=whole.bound,
        guess=whole.best.value * FIRST_GUESS if base is None else _guess(case, base),
        on_found=whole.offer,
        on_bound=whole.prove,
        least_euro=0.0 if base is None else least_euro(case, base),
    )


def solve_phases(case: Phases, **options: Any) -> PhasePlan:
    """Find the best plan that is built in periods.

    Parameters
    ----------
    case
        The problem and its periods.
    **options
        As for `siting.future.search.SearchSettings`.

    Raises
    ------
    InputError
        The case contradicts itself.
    InfeasibleError
        No plan meets the limits of all periods.
    NoPlanError
        Time ran out before any plan was found.
    """
    settings = SearchSettings(**options)
    require_solver(settings.solver)
    check_problem(case.problem)
    check_phases(case)
    search = LargeSearch(case, extend_phases, settings, seeds=phase_seeds).run()
    return replace(_best(search), proof=search.proof())


def _best(search: FutureSearch[Payload]) -> Payload:
    if search.best is not None:
        return search.best.plan
    if search.infeasible:
        raise InfeasibleError(
            "No plan meets the limits in every scenario. Allow replacement heat or spare pipes,"
            " lower least_supply, or raise the budget."
        )
    raise NoPlanError(
        f"No plan was found in {search.watch.seconds:,.0f} s. Raise time_limit_s or loosen the"
        " limits."
    )
