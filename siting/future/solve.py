"""Find the best plan of a case over years, and the proof of how good it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from siting.errors import InfeasibleError, NoPlanError
from siting.future.departures import extend
from siting.future.large import LargeSearch
from siting.future.outcome import DeparturePlan
from siting.future.phase_plan import PhasePlan
from siting.future.phase_reading import extend_phases
from siting.future.search import FutureSearch, SearchSettings
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
        A good plan of the problem as it is, to start from; it is searched if absent.
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
    search = LargeSearch(case, extend, settings, base=base, from_base=departure_bound).run()
    return replace(_best(search), proof=search.proof())


def departure_bound(case: Departures, bound: float) -> float | None:
    """Return what no plan of a case can beat, from what no plan of its problem can beat.

    Where no source grows, no scenario delivers more than a usual year, and nothing that is built
    beside the usual plan comes for free. So the expected discounted heat is at most that of a plan
    which is never disturbed, and its money at least the investment of that plan.

    Parameters
    ----------
    case
        What may happen.
    bound
        Bound on the annual heat per euro of its problem [kWh/(a EUR)].

    Returns
    -------
    Bound on discounted heat per discounted euro [kWh/EUR]; None where it does not follow.
    """
    if any(each.grows for each in case.scenarios):
        return None
    return bound * discounted_years(case.discount_rate, 0, case.horizon_a)


def solve_phases(case: Phases, *, base: Plan | None = None, **options: Any) -> PhasePlan:
    """Find the best plan that is built in periods.

    Parameters
    ----------
    case
        The problem and its periods.
    base
        A good plan of the problem as it is, to start from; it is searched if absent.
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
    search = LargeSearch(case, extend_phases, settings, base=base).run()
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
