"""Say in a planner's words why no plan can meet the limits.

Each limit is dropped in turn; where that helps, a short search tells how far the limit is off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from siting.errors import SitingError, name_ids
from siting.plan import Plan
from siting.problem import Problem

__all__ = ["explain_infeasible"]

Search = Callable[[Problem], Plan]


def explain_infeasible(problem: Problem, search: Search) -> str:
    """Return sentences that name the limits in conflict.

    Parameters
    ----------
    problem
        The infeasible problem.
    search
        A short search; it may raise when a problem has no plan either.
    """
    reasons = list(_reasons(problem, search))
    if not reasons:
        return (
            "Infeasible: no plan meets the limits, and dropping any one of them does not help."
            " Check that sites and zones lie on the same part of the street network, then loosen"
            " several limits together."
        )
    return "Infeasible: " + " ".join(reasons)


def _reasons(problem: Problem, search: Search) -> Iterator[str]:
    limits = problem.limits
    if limits.budget_eur is not None:
        plan = _try(search, problem.with_limits(budget_eur=None).with_objective("capex"))
        if plan is not None:
            yield (
                f"the cheapest plan found that meets the other limits costs"
                f" {plan.capex_eur / 1e6:,.2f} M EUR; the budget is"
                f" {limits.budget_eur / 1e6:,.2f} M EUR. Raise budget_eur or loosen the others."
            )
    if limits.min_heat_mwh:
        plan = _try(search, problem.with_limits(min_heat_mwh=None).with_objective("max_heat"))
        if plan is not None:
            yield (
                f"the most heat found within the other limits is {plan.heat_mwh:,.0f} MWh/a;"
                f" min_heat_mwh asks for {limits.min_heat_mwh:,.0f}. Lower it, or allow more or"
                " larger sites."
            )
    for name in ("min_sites", "max_sites", "min_zones"):
        value = getattr(limits, name)
        if value and _try(search, _cheap(problem.with_limits(**{name: None}))) is not None:
            yield f"{name} = {value} cannot be met together with the other limits. Change it."
    yield from _mandatory(problem, search)


def _mandatory(problem: Problem, search: Search) -> Iterator[str]:
    """Yield what mandatory sites and zones have to do with it."""
    sites = [site.id for site in problem.sites if site.mandatory]
    zones = [zone.id for zone in problem.zones if zone.mandatory]
    if sites:
        loose = replace(problem, sites=tuple(replace(s, mandatory=False) for s in problem.sites))
        if _try(search, _cheap(loose)) is not None:
            yield f"the mandatory sites {name_ids(sites)} cannot all be opened. Drop some of them."
    if zones:
        loose = replace(problem, zones=tuple(replace(z, mandatory=False) for z in problem.zones))
        if _try(search, _cheap(loose)) is not None:
            yield (
                f"the mandatory zones {name_ids(zones)} cannot all be connected: they lie on"
                " another part of the network than the sites, or want more heat than the sites"
                " give. Drop some of them."
            )


def _cheap(problem: Problem) -> Problem:
    return problem.with_objective("capex")


def _try(search: Search, problem: Problem) -> Plan | None:
    try:
        return search(problem)
    except SitingError:  # no plan either, or none in the time given
        return None
