"""CBC and HiGHS, which share no code, agree on random problems given to them whole."""

from __future__ import annotations

import pytest

from siting.errors import InfeasibleError
from siting.optimise import solve
from siting.optimise.stages import NO_STAGES
from siting.problem import Problem
from siting.solvers.registry import available_solvers

from .random_problems import random_problem

SEEDS = range(400, 424)
"""Six problems of each objective."""
ROUNDING = 1e-5
"""Gap that the tolerances of a solver leave [-]."""


def best_of(problem: Problem, solver: str) -> float | None:
    """Return the proven best value, or None where no plan meets the limits."""
    try:
        plan = solve(problem, solver=solver, gap=0, time_limit_s=60, stages=NO_STAGES)
    except InfeasibleError:
        return None
    assert plan.proof.gap is not None
    assert plan.proof.gap < ROUNDING
    return plan.proof.incumbent


@pytest.mark.skipif("cbc" not in available_solvers(), reason="PuLP came without CBC")
@pytest.mark.parametrize("seed", SEEDS)
def test_two_solvers_agree(seed: int) -> None:
    """The whole program goes to the solver, as all stages of our own are off."""
    problem = random_problem(seed)
    wanted = best_of(problem, "highs")
    assert best_of(problem, "cbc") == (
        None if wanted is None else pytest.approx(wanted, rel=1e-5, abs=1e-9)
    )
