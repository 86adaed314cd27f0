"""Begin a search of a large case with what base problems tell: good elements, plans and a bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from siting.errors import SitingError
from siting.future.departures import plan_of
from siting.future.evaluate import faults_of
from siting.future.extended import Found
from siting.future.joined import bridges, joined_plans
from siting.future.outcome import DeparturePlan
from siting.future.part import Part
from siting.future.phase_plan import PhasePlan
from siting.future.phase_reading import evaluate_structure, nested_structure
from siting.future.phases import period_problem
from siting.future.respond import respond, structure_of_plan
from siting.future.search import SearchSettings
from siting.future.types import Departures, Phases
from siting.future.weights import discount_factor, discounted_years, ramp_share
from siting.optimise import solve
from siting.optimise.progress import Watch, relative_gap
from siting.plan import Plan
from siting.problem import Edge, Limits, Problem, Site, Zone

__all__ = [
    "Seeds",
    "departure_bound",
    "departure_seeds",
    "is_dominated",
    "phase_bound",
    "phase_seeds",
]

BASE_SHARE = 0.35
"""Share of the time for the usual plan of a case with departures [-]."""
PHASE_SHARE = 0.7
"""Share of the time for the periods of a case with phases, each alone [-]."""
MOST_OUTLINED = 1_000
"""Edges up to which the outline of a case bounds sources that grow as well."""
ANSWERS = 2
"""How often what a plan has in reserve is settled, each time at the price of the last [-]."""
SETTLING_S = 8.0
"""Wall time in which the scenarios of one structure are settled [s]."""
PERIOD_GAP = 0.25
"""Gap to prove for each of them, over the gap wanted in the end [-]."""


@dataclass(frozen=True)
class Seeds:
    """What a search begins with: a part of the problem, evaluated plans, and a bound [kWh/EUR]."""

    part: Part
    found: tuple[Found[Any], ...] = ()
    bound: float | None = None


def _solve(
    problem: Problem, settings: SearchSettings, seconds: float, gap: float | None = None
) -> Plan:
    return solve(
        problem,
        solver=settings.solver,
        gap=settings.gap if gap is None else gap,
        time_limit_s=seconds,
        threads=settings.threads,
        seed=settings.seed,
        stop=settings.stop,
    )


# Departures -------------------------------------------------------------------------------------


def departure_seeds(
    case: Departures, settings: SearchSettings, watch: Watch, base: Plan | None = None
) -> Seeds:
    """Return what the best plan without a thought of departures tells of a case."""
    if base is None:
        watch.enter("usual plan")
        base = _solve(case.problem, settings, BASE_SHARE * watch.left_s)
    bound, grown = base.proof.bound, math.inf
    if any(each.gains for each in case.scenarios) and len(case.problem.edges) > MOST_OUTLINED:
        watch.enter("sources grown")
        try:
            grown = (
                _solve(grown_problem(case), settings, BASE_SHARE * watch.left_s).proof.bound
                or math.inf
            )
        except SitingError:  # no bound then
            grown = math.inf
    counted = None if bound is None else departure_bound(case, bound, grown)
    part = Part.of_plan(base).joined(bridges(case.problem, base))
    return Seeds(part, _answer(case, base), counted)


def grown_problem(case: Departures) -> Problem:
    """Return a base problem whose plans include every state in which sources grow.

    Each site gives as much more as it ever may, for the same money; nothing is lost on the way,
    zones take any share of their heat, and nothing is required.
    """

    def site(each: Site) -> Site:
        factor = max([1.0, *(s.output.get(each.id, 1.0) for s in case.scenarios)])
        options = tuple(
            replace(
                o,
                capacity_mw=None if o.capacity_mw is None else o.capacity_mw * factor,
                cost_per_mw_eur=o.cost_per_mw_eur / factor,
                cost_per_mw_parts={},
            )
            for o in each.choices
        )
        return replace(each, options=options, mandatory=False)

    def zone(each: Zone) -> Zone:
        curve = each.load_curve or ((0.0, 0.0), (1.0, 1.0))
        return replace(each, load_curve=curve, loss_mw=0.0, mandatory=False)

    def edge(each: Edge) -> Edge:
        sizes = tuple(replace(size, loss_mw=0.0) for size in each.sizes)
        return replace(each, sizes=sizes, loss_mw=0.0, loss_per_mw=0.0)

    problem = case.problem
    return replace(
        problem,
        sites=tuple(map(site, problem.sites)),
        zones=tuple(map(zone, problem.zones)),
        edges=tuple(map(edge, problem.edges)),
        limits=Limits(max_sites=problem.limits.max_sites),
    )


def _answer(case: Departures, base: Plan) -> tuple[Found[DeparturePlan], ...]:
    """Return what the structure of the usual plan is worth in the scenarios.

    Without precautions, answered at the price of the plan itself, where that keeps to all shares:
    no search ends with less. Where it does not, with the reserve and standby plants it takes.
    """
    if base.is_empty:
        return ()
    years = discounted_years(case.discount_rate, 0, case.horizon_a)
    price, found = base.heat_per_euro_kwh / 1000 * years, list[Found[DeparturePlan]]()
    all_kept = any(each.kept >= 1 for each in case.scenarios)  # hardly without precautions
    for _ in range(0 if all_kept else ANSWERS):
        answer = _without_precautions(case, base, price)
        if answer is None:
            break
        found.append(answer)
        price = answer.value / 1000
    for _ in range(0 if found else ANSWERS):
        answer = plan_of(case, structure_of_plan(base), price, seconds=SETTLING_S)
        if answer is None:
            break
        found.append(answer)
        price = answer.value / 1000
    return (*found, *joined_plans(case, base, price, seconds=SETTLING_S))


def _without_precautions(case: Departures, base: Plan, price: float) -> Found[DeparturePlan] | None:
    """Return the answers of the usual plan at a price [MWh/EUR], where they keep to all shares."""
    with suppress(SitingError):
        answer = respond(case, base, price)
        if not faults_of(case, answer):
            return Found(answer.heat_mwh, answer.euro, answer)
    return None


def departure_bound(case: Departures, bound: float, grown: float = math.inf) -> float | None:
    """Return what no plan of a case can beat, from what no plan of its problem can beat.

    Where no source grows, no scenario delivers more than a usual year, and what is built beside
    the usual plan is not paid back in a usual year. So the expected discounted heat is at most that
    of a plan which is never disturbed, and its money at least the investment of that plan. Where
    sources grow, the state is a plan of `grown_problem` that costs no more than what was invested.

    Parameters
    ----------
    case
        What may happen.
    bound
        Bound on the annual heat per euro of its problem [kWh/(a EUR)].
    grown
        The same of its `grown_problem`; needed where sources grow.

    Returns
    -------
    Bound on discounted heat per discounted euro [kWh/EUR]; None where it does not follow.
    """
    if any(each.grows and not each.gains for each in case.scenarios):
        return None
    gains = [
        each.probability * discounted_years(case.discount_rate, each.after_a, case.horizon_a)
        for each in case.scenarios
        if each.gains
    ]
    rest = discounted_years(case.discount_rate, 0, case.horizon_a) - math.fsum(gains)
    found = bound * rest + (max(grown, bound) * math.fsum(gains) if gains else 0.0)
    return found if math.isfinite(found) else None


# Phases -----------------------------------------------------------------------------------------


def phase_seeds(case: Phases, settings: SearchSettings, watch: Watch) -> Seeds:
    """Return what each period alone tells of a case: its best network, and how good it can be.

    The last period comes first: its network, built as early as can be, is the first plan, and what
    bounds it bounds earlier periods as well (`is_dominated`). What one search leaves of its time
    goes to those after it.
    """
    part, found = Part(), list[Found[PhasePlan]]()
    problems = [alone(case, t) for t in range(len(case.periods))]
    bounds = [math.inf] * len(problems)
    for t in reversed(range(len(problems))):
        if problems[t] in problems[t + 1 :] or _is_proven(case, bounds, found, settings.gap):
            continue
        watch.enter(f"period {case.periods[t].id} alone")
        seconds = (PHASE_SHARE * watch.time_limit_s - watch.seconds) / (t + 1)
        try:
            plan = _solve(problems[t], settings, max(seconds, 1.0), PERIOD_GAP * settings.gap)
        except SitingError:  # nothing was found in time, or nothing can be: the whole search tells
            continue
        if plan.proof.bound is not None:
            for s in range(t + 1):
                if s == t or is_dominated(problems, s, t):
                    bounds[s] = min(bounds[s], plan.proof.bound)
        if plan.is_empty:
            continue
        part = part.joined(Part.of_plan(plan))
        price = (
            plan.heat_per_euro_kwh / 1000 * discounted_years(case.discount_rate, 0, case.horizon_a)
        )
        whole = evaluate_structure(case, nested_structure(case, plan), price)
        if whole is not None:
            found.append(whole)
            watch.note(incumbent=max(each.value for each in found))
    return Seeds(part, tuple(found), phase_bound(case, bounds))


def _is_proven(
    case: Phases, bounds: Sequence[float], found: Sequence[Found[PhasePlan]], gap: float
) -> bool:
    """Return whether what is known of the periods proves the best plan found well enough."""
    best = max((each.value for each in found), default=None)
    return relative_gap(best, phase_bound(case, bounds)) <= gap


def is_dominated(problems: Sequence[Problem], t: int, s: int) -> bool:
    """Return whether every network of an earlier period is a better one of a later period.

    What is there early is there later, no dearer, and with more customers. So what is required
    decides: the later period must not ask for more heat, nor for anything that the earlier does
    not ask for. Then no bound of the later period is below one of the earlier.
    """
    early, late = problems[t], problems[s]
    less = (late.limits.min_heat_mwh or 0.0) <= (early.limits.min_heat_mwh or 0.0)
    asked = replace(late.limits, min_heat_mwh=None, max_sites=None)
    forced = any(site.mandatory for site in late.sites)
    forced |= any(zone.mandatory for zone in late.zones)
    grown = all(
        a.forbidden or (a.heat_mwh <= b.heat_mwh and a.peak_mw <= b.peak_mw)
        for a, b in zip(early.zones, late.zones, strict=True)
    )
    return less and grown and asked == Limits() and not forced


def alone(case: Phases, t: int) -> Problem:
    """Return the base problem whose plans include what is in use in a period.

    Everything is paid at the lowest cost that it may have had by then, and customers have joined
    as if their zone had been connected as early as could be.
    """
    problem = period_problem(case, t)
    starts, period = case.starts, case.periods[t]
    limits = case.problem.limits
    least = period.min_heat_mwh or 0.0
    if t == len(case.periods) - 1:
        least = max(least, limits.min_heat_mwh or 0.0)

    def zone(each: Zone) -> Zone:
        first = case.zone_from_year.get(each.id, 0)
        built = next((start for start in starts if start >= first), starts[t])
        share = ramp_share(
            case.ramp, case.discount_rate, min(built, starts[t]), starts[t],
            starts[t] + period.years_a,
        )  # fmt: skip
        peak = each.peak_mw * share if each.load_curve else each.peak_mw
        return replace(each, heat_mwh=each.heat_mwh * share, peak_mw=peak)

    def edge(each: Edge) -> Edge:
        factor = min(
            [p.edge_cost_factor.get(each.id, 1.0) for p in case.periods[: t + 1]], default=1.0
        )
        if factor == 1.0:
            return each
        sizes = tuple(replace(s, cost_eur=s.cost_eur * factor) for s in each.sizes)
        rate = each.cost_per_mw_eur * factor
        cost = each.cost_eur * factor
        return replace(
            each, sizes=sizes, cost_eur=cost, cost_per_mw_eur=rate, lump_parts={}, cost_shares={}
        )

    return replace(
        problem,
        zones=tuple(map(zone, problem.zones)),
        edges=tuple(map(edge, problem.edges)),
        limits=replace(problem.limits, min_heat_mwh=least or None),
    )


def phase_bound(case: Phases, bounds: Sequence[float]) -> float | None:
    """Return what no plan in phases can beat, from what no network of a single period can beat.

    Let ``u_t`` bound the annual heat per euro of any network of period t, ``a_t`` its discounted
    years and ``v_t`` the worth of a euro at its beginning. No plan has more discounted heat per
    discounted euro than the largest of ``(a_t u_t + a_t+1 u_t+1 + ...) / v_t``.

    Parameters
    ----------
    case
        The periods.
    bounds
        The ``u_t`` [kWh/(a EUR)].

    Returns
    -------
    The bound [kWh/EUR]; None where one of them is missing.

    Notes
    -----
    What has been invested by period t, K_t, only grows, and is at least the cost of the network in
    use then, so its heat is at most u_t K_t. All money is the sum of (v_t - v_t+1) K_t. For the
    bound B claimed, the sums from any t on of a_t u_t / B are at most v_t, so for growing K_t the
    sum of a_t u_t K_t is at most B times all money.

    Examples
    --------
    >>> from siting.future.types import Period
    >>> from siting.problem import Problem
    >>> empty = Problem((), (), (), ())
    >>> case = Phases(empty, (Period("a", 10), Period("b", 20)), discount_rate=0.05)
    >>> round(phase_bound(case, [1.0, 1.0]), 4), round(discounted_years(0.05, 0, 30), 4)
    (15.3725, 15.3725)
    """
    if not all(map(math.isfinite, bounds)):
        return None
    rate, starts = case.discount_rate, case.starts
    counted = [
        discounted_years(rate, start, start + period.years_a) * bound
        for start, period, bound in zip(starts, case.periods, bounds, strict=True)
    ]
    return max(
        math.fsum(counted[t:]) / discount_factor(rate, starts[t]) for t in range(len(counted))
    )
