"""What must hold for plans over years, whatever the town: shown on small random problems."""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.economics import annuity_factor
from siting.finance.departure import discounted_survival_years
from siting.future import (
    Departures,
    Period,
    Phases,
    Replacement,
    Scenario,
    solve_departures,
    solve_phases,
)
from siting.future.phase_plan import phase_faults
from siting.future.respond import respond
from siting.optimise import solve
from siting.problem import Problem
from tests.crosscheck.random_problems import random_problem
from tests.crosscheck.t10 import t10_problem

EXACT = {"gap": 0.0, "time_limit_s": 60, "threads": 1}


def town(seed: int) -> Problem:
    return random_problem(
        seed,
        kind="heat_per_euro",
        edges=4,
        sites=2,
        zones=3,
        sizes=("none", "all")[seed % 2],
        losses=True,
        load_curves="all",
        shared_losses=False,
        options=False,
        budget=False,
        least_heat=False,
        counts=False,
        mandatory=False,
        zero_peak=False,
        islands=False,
    )


def base(problem: Problem):
    return solve(problem, gap=0.0, time_limit_s=60, threads=1)


@pytest.mark.parametrize("seed", range(3))
def test_one_certain_scenario_is_the_base_plan(seed: int) -> None:
    """A scenario that is sure to come and changes nothing leaves the base plan as it is."""
    problem = town(seed)
    for scenarios in ((), (Scenario("stays", 1.0, 5, {}),)):
        case = Departures(problem, scenarios, discount_rate=0.05, horizon_a=30)
        plan = solve_departures(case, **EXACT)
        wanted = base(problem).heat_per_euro_kwh * annuity_factor(0.05, 30)
        assert plan.value == pytest.approx(wanted, rel=2e-5, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_value_of_preparing_is_never_negative(seed: int) -> None:
    problem = town(seed)
    plan = base(problem)
    first = problem.sites[0]
    case = Departures(
        problem,
        (Scenario("leaves", 0.4, 8, {first.id: 0.0}),),
        (Replacement("boiler", first.node, None, 1e5, 20.0),),
    )
    prepared = solve_departures(case, **EXACT)
    usual = respond(case, plan, plan.heat_per_euro_kwh / 1000 * annuity_factor(0.05, 30))
    assert prepared.value >= usual.value * (1 - 1e-6)


@pytest.mark.parametrize("seed", range(2))
def test_a_stricter_worst_case_is_never_better(seed: int) -> None:
    problem = town(seed)
    first = problem.sites[0]
    loose = Departures(
        problem,
        (Scenario("leaves", 0.4, 8, {first.id: 0.0}),),
        (Replacement("boiler", first.node, None, 1e5, 20.0),),
    )
    strict = replace(loose, least_supply=0.9)
    free, bound = solve_departures(loose, **EXACT), solve_departures(strict, **EXACT)
    assert bound.value <= free.value * (1 + 1e-6)
    for state in bound.states:
        assert state.heat_mwh >= 0.9 * bound.plan.heat_mwh * (1 - 1e-6)


@pytest.mark.parametrize("seed", range(2))
def test_security_never_comes_for_less_than_nothing(seed: int) -> None:
    """Every zone keeps its supply when any one source is lost, and the plan pays for it."""
    problem = town(seed)
    lost = tuple(Scenario(s.id, 0.0, 0.0, {s.id: 0.0}, 1.0, True) for s in problem.sites)
    place = Replacement("boiler", problem.zones[0].node, None, 7e4)
    plan = solve_departures(Departures(problem, lost, (place,)), **EXACT)
    for state in plan.states:
        for zone in plan.plan.zones:
            assert state.zones[zone.zone].base_mw >= zone.base_mw - 1e-6
    usual = base(problem).heat_per_euro_kwh * annuity_factor(0.05, 30)
    assert plan.value <= usual * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_more_phases_are_never_worse_than_one(seed: int) -> None:
    problem = town(seed)
    one = solve_phases(Phases(problem, (Period("all", 30),)), **EXACT)
    two = solve_phases(Phases(problem, (Period("a", 10), Period("b", 20))), **EXACT)
    assert one.value == pytest.approx(
        base(problem).heat_per_euro_kwh * annuity_factor(0.05, 30), rel=2e-5
    )
    assert two.value >= one.value * (1 - 1e-5)


@pytest.mark.parametrize("seed", range(2))
def test_splitting_a_period_is_never_worse(seed: int) -> None:
    """With a zone that comes late and road works: a plan for few periods fits more periods."""
    problem = town(seed)
    late = {problem.zones[0].id: 10}
    cheap = {problem.edges[0].id: 0.6}
    few = Phases(problem, (Period("a", 10), Period("b", 20, cheap)), zone_from_year=late)
    more = replace(few, periods=(Period("a", 10), Period("b", 5, cheap), Period("c", 15)))
    assert solve_phases(more, **EXACT).value >= solve_phases(few, **EXACT).value * (1 - 1e-5)


def test_customers_that_join_bit_by_bit_are_counted_year_by_year() -> None:
    """The bound is that of their mean share, so the plan lies below it, by little."""
    case = Phases(town(1), (Period("a", 10), Period("b", 20)), ramp=(0.4, 0.6, 0.8, 1.0))
    plan = solve_phases(case, **EXACT)
    assert phase_faults(case, plan) == []
    assert plan.proof.bound is not None
    assert 0.95 * plan.proof.bound < plan.value <= plan.proof.bound
    assert solve_phases(replace(case, ramp=()), **EXACT).value > plan.value


# The closed forms of check T8, through the optimiser ---------------------------------------------


@pytest.mark.parametrize(
    ("hazard", "years"), [(0.02, 13.1137), (0.06, 8.4433), (0.005, 15.9880), (0.0, 17.1591)]
)
def test_the_hazard_of_t8_weighs_the_toy_plan(hazard: float, years: float) -> None:
    problem = t10_problem()
    hazards = {site.id: hazard for site in problem.sites}
    case = Departures(problem, hazards=hazards, horizon_a=40, discount_rate=0.05)
    plan = solve_departures(case, **EXACT)
    assert plan.heat_mwh == pytest.approx(45_000 * years, rel=1e-5)
    assert plan.value == pytest.approx(45_000 * years / 15_050, rel=1e-5)


def test_a_risky_source_gives_way_to_a_safe_one() -> None:
    """S2 has the better plan, but not if it is likely to leave: a plan of S1 alone is best."""
    problem = t10_problem()
    case = Departures(problem, hazards={"S1": 0.005, "S2": 0.06}, horizon_a=40)
    plan = solve_departures(case, **EXACT)
    assert [site.site for site in plan.plan.sites] == ["S1"]
    assert plan.value == pytest.approx(20_000 * discounted_survival_years(0.005, 0.05, 40) / 7_200)
