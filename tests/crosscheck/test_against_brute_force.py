"""The optimiser and the enumeration of all plans agree, and every plan verifies.

The oracle shares no code with the model: it lists structures and solves a small linear program for
each. A mistake in a row, in the scaling, in the cuts, or in reading a plan shows here.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from siting.errors import InfeasibleError
from siting.optimise import solve
from siting.plan import Plan
from siting.problem import Problem
from siting.solution import Status
from siting.verify import verify_plan

from .brute_force import solve_by_enumeration
from .random_problems import KINDS, random_problem
from .t10 import T10_ANSWERS, T10_PLANS, ToyAnswer, ToyPlan, t10_problem

CHUNK = 25
SEEDS = 325
AWKWARD = (67, 179, 235, 243, 375, 479, 535, 684, 868, 879, 3103)


def proven(problem: Problem) -> Plan:
    """Return the best plan, proven and verified."""
    plan = solve(problem, gap=0, time_limit_s=60)
    assert plan.proof.status is Status.OPTIMAL
    assert verify_plan(problem, plan) == []
    return plan


def disagreement(problem: Problem) -> str | None:
    """Return in words how optimiser and oracle differ, if they do."""
    wanted = solve_by_enumeration(problem)
    try:
        plan = solve(problem, gap=0, time_limit_s=60)
    except InfeasibleError:
        return None if not wanted.feasible else f"infeasible, but {wanted.value} is possible"
    if not wanted.feasible:
        return f"found {plan.proof.incumbent}, but no plan is feasible"
    assert wanted.value is not None
    assert plan.proof.incumbent is not None
    if not math.isclose(plan.proof.incumbent, wanted.value, rel_tol=1e-5, abs_tol=1e-9):
        return f"found {plan.proof.incumbent}, best is {wanted.value}"
    if plan.proof.status is not Status.OPTIMAL:
        return f"status is '{plan.proof.status}'"
    return "; ".join(verify_plan(problem, plan)) or None


def disagreements(seeds: range | tuple[int, ...]) -> dict[int, str]:
    found = {seed: disagreement(random_problem(seed)) for seed in seeds}
    return {seed: words for seed, words in found.items() if words}


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_random_problems(first: int) -> None:
    """All four objectives follow one another with the seed."""
    assert {random_problem(seed).objective.kind for seed in range(first, first + 4)} == set(KINDS)
    assert disagreements(range(first, first + CHUNK)) == {}


def test_seeds_that_once_disagreed() -> None:
    """Heat of the year over a network, also over a pipe that idles at full base load; a solver
    that hands back its start as the optimum.
    """
    assert disagreements(AWKWARD) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_large_catalogues_and_curves(kind: str) -> None:
    found = {}
    for seed in range(2_000, 2_010):
        problem = random_problem(seed, kind=kind, sizes="all", load_curves="all", losses=True)
        found[seed] = disagreement(problem)
    assert {seed: words for seed, words in found.items() if words} == {}


# The toy problem of DOMAIN.md ------------------------------------------------------------------


def exactly(problem: Problem, plan: ToyPlan) -> Problem:
    """Return the problem in which just these sites and zones are in the plan."""
    sites = tuple(
        replace(each, mandatory=each.id in plan.sites, forbidden=each.id not in plan.sites)
        for each in problem.sites
    )
    zones = tuple(
        replace(each, mandatory=each.id in plan.zones, forbidden=each.id not in plan.zones)
        for each in problem.zones
    )
    return replace(problem, sites=sites, zones=zones)


@pytest.mark.parametrize("toy", T10_PLANS, ids=lambda toy: "+".join(sorted(toy.sites | toy.zones)))
def test_toy_plans(toy: ToyPlan) -> None:
    plan = proven(exactly(t10_problem(), toy))
    assert plan.capex_eur == pytest.approx(toy.capex_eur)
    assert plan.heat_mwh == pytest.approx(toy.heat_mwh)
    assert plan.heat_per_euro_kwh == pytest.approx(toy.heat_per_euro_kwh, abs=5e-5)


@pytest.mark.parametrize("toy", T10_ANSWERS, ids=lambda toy: f"{toy.kind}-{toy.budget_eur}")
def test_toy_answers(toy: ToyAnswer) -> None:
    plan = proven(t10_problem(toy.kind, toy.budget_eur))
    assert plan.proof.incumbent == pytest.approx(toy.value)
    assert {each.site for each in plan.sites} == toy.sites
    assert {each.zone for each in plan.zones} == toy.zones


@pytest.mark.parametrize(
    ("capex_meur", "heat_gwh", "before_gwh"),
    [
        (4.50, 10, 0),
        (5.75, 15, 10),
        (7.20, 20, 15),
        (12.05, 25, 20),
        (13.70, 30, 25),
        (13.95, 35, 30),
        (15.05, 45, 35),
    ],
)
def test_toy_frontier(capex_meur: float, heat_gwh: float, before_gwh: float) -> None:
    """A hundred euro less than a point of the frontier, and it is the point before."""
    plan = proven(t10_problem("max_heat", capex_meur * 1e6))
    assert plan.heat_mwh == pytest.approx(heat_gwh * 1e3)
    assert plan.capex_eur == pytest.approx(capex_meur * 1e6)
    below = proven(t10_problem("max_heat", capex_meur * 1e6 - 100))
    assert below.heat_mwh == pytest.approx(before_gwh * 1e3)
