"""The plain flow model agrees with brute force where that is possible."""

from __future__ import annotations

import math

import pytest
from crosscheck.brute_force import solve_by_enumeration
from crosscheck.random_problems import random_problem

from siting.verify import verify_plan

from .baseline import solve_plainly
from .cities import Size, ask, city_problem, make_city


def disagreement(seed: int) -> str | None:
    """Return in words how the plain model and the oracle differ, if they do."""
    problem = random_problem(seed)
    wanted = solve_by_enumeration(problem)
    try:
        plan = solve_plainly(problem, gap=1e-7, time_limit_s=30)
    except NotImplementedError:
        return None
    if plan is None:
        return "no plan found" if wanted.feasible else None
    value, bound = plan.proof.incumbent, plan.proof.bound
    if not wanted.feasible or wanted.value is None:
        return f"found {value}, but no plan is feasible"
    if value is None or not math.isclose(value, wanted.value, rel_tol=1e-5, abs_tol=1e-9):
        return f"found {value}, best is {wanted.value}"
    if bound is None or not math.isclose(bound, value, rel_tol=1e-4, abs_tol=1e-9):
        return f"proved {bound} for {value}"
    return "; ".join(verify_plan(problem, plan)) or None


def test_random_problems() -> None:
    """All objectives, limits, losses, sizes and load curves."""
    found = {seed: disagreement(seed) for seed in range(28)}
    assert {seed: words for seed, words in found.items() if words} == {}


@pytest.mark.parametrize("pipes", ["affine", "catalogue"])
def test_a_small_city(pipes: str) -> None:
    """A bound holds and the plan stands up to verification, also when time runs out."""
    problem = ask(city_problem(make_city(Size(120, 12, 2)), pipes=pipes), "ratio")
    plan = solve_plainly(problem, gap=0.05, time_limit_s=3)
    assert plan is not None
    assert plan.zones
    assert verify_plan(problem, plan) == []
    assert plan.proof.bound is None or plan.proof.bound >= plan.proof.incumbent
