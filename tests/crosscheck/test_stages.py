"""Each stage before the program, alone and left out: bounds hold and best values stay."""

from __future__ import annotations

import math

import pytest

from siting.errors import InfeasibleError
from siting.optimise import solve
from siting.optimise.ascent import ascend
from siting.optimise.deepen import deepen
from siting.optimise.priced import Priced, prices_of, state_at
from siting.optimise.progress import Watch
from siting.optimise.roots import RootByRoot
from siting.optimise.shrink import Shrinker
from siting.optimise.stages import NO_STAGES, Stages
from siting.problem import Problem
from siting.solution import Status
from siting.verify import verify_plan

from .brute_force import Answer, solve_by_enumeration
from .random_problems import random_problem

STAGES = ("contract", "ascend", "construct", "exchange", "eliminate")


def small(seed: int) -> Problem:
    kind = ("capex", "net_value")[seed % 2]
    return random_problem(seed, kind=kind, edges=5, zones=3, sites=2)


def least(problem: Problem, answer: Answer) -> float:
    assert answer.value is not None
    return answer.value if problem.objective.kind == "capex" else -answer.value


def priced(problem: Problem) -> Priced:
    prices = prices_of(problem)
    assert prices is not None
    return state_at(problem, prices)


def test_no_plan_undercuts_the_rooted_network() -> None:
    """Whatever the setting: sizes, curves, losses, options, limits, mandatory elements."""
    for seed in (*range(24), 46):  # 46: heat that is lost on a pipe too long for its flow
        problem = small(seed)
        answer = solve_by_enumeration(problem)
        if not answer.feasible:
            continue
        truth = least(problem, answer)
        stated = priced(problem)
        for run in (ascend(stated.network), deepen(ascend(stated.network, seed=1), rounds=5)):
            assert run.bound + stated.constant <= truth + 1e-9 * abs(truth), seed


def test_what_is_eliminated_is_in_no_better_plan() -> None:
    """The best value is at least the least of what is left and of the limit used."""
    dropped = 0
    for seed in range(24):
        problem = small(seed)
        answer = solve_by_enumeration(problem)
        if not answer.feasible:
            continue
        truth = least(problem, answer)
        limit = truth + 0.02 * abs(truth)
        stated = priced(problem)
        kept = ascend(stated.network).possible(limit - stated.constant)
        part = stated.narrowed(kept).left()
        dropped += len(problem.edges) - len(part.edges)
        rest = solve_by_enumeration(part)
        assert rest.feasible, seed
        assert least(part, rest) == pytest.approx(truth, rel=1e-7, abs=1e-7), seed
        again = ascend(stated.narrowed(kept).network)
        assert again.bound + stated.narrowed(kept).constant <= truth + 1e-9 * abs(truth), seed
    assert dropped > 10


@pytest.mark.parametrize("off", [(), *((name,) for name in STAGES), STAGES])
def test_the_best_value_is_found_with_any_stage_off(off: tuple[str, ...]) -> None:
    stages = Stages().without(*off)
    for seed in range(42, 48):
        problem = small(seed)
        answer = solve_by_enumeration(problem)
        try:
            plan = solve(problem, gap=0, time_limit_s=60, stages=stages)
        except InfeasibleError:
            assert not answer.feasible, seed
            continue
        assert answer.value is not None
        assert plan.proof.incumbent == pytest.approx(answer.value, rel=1e-5, abs=1e-9), seed
        assert plan.proof.status is Status.OPTIMAL, seed
        assert verify_plan(problem, plan) == [], seed


def test_plans_with_a_single_site_are_bounded_root_by_root() -> None:
    """Bounds hold, and what is left of all roots together still has the best plan."""
    told = 0
    for seed in range(60, 72):
        kind = ("capex", "net_value")[seed % 2]
        problem = random_problem(seed, kind=kind, edges=5, zones=3, sites=3)
        problem = problem.with_limits(max_sites=1)
        if not RootByRoot.suits(problem):
            continue
        answer, prices = solve_by_enumeration(problem), prices_of(problem)
        assert prices is not None
        roots = RootByRoot(problem, prices, Watch(60.0), 1e-3)
        part = roots.run(60.0)
        if not answer.feasible:
            continue
        told += 1
        truth = least(problem, answer)
        assert not roots.infeasible
        assert roots.bound <= truth + 1e-9 * abs(truth), seed
        assert roots.least >= truth - 1e-7 * abs(truth), seed
        if not roots.is_done:
            rest = solve_by_enumeration(part)
            assert rest.feasible, seed
            assert least(part, rest) == pytest.approx(truth, rel=1e-6, abs=1e-7), seed
        plan = solve(problem, gap=0, time_limit_s=60)
        assert plan.proof.incumbent == pytest.approx(answer.value, rel=1e-5, abs=1e-9), seed
    assert told > 4


def test_stages_tell_what_they_did() -> None:
    problem = random_problem(4, kind="capex", least_heat=False, budget=False, mandatory=True)
    prices = prices_of(problem)
    assert prices is not None
    shrinker = Shrinker(problem, prices, Watch(20.0), 0.01)
    shrinker.run(10.0)
    assert any("dual ascent" in words for words in shrinker.report)
    assert str(Stages()) == "all stages"
    assert str(Stages().without("mix", "cuts")) == "without mix, cuts"
    assert not any(getattr(NO_STAGES, name) for name in Stages.names())


def test_a_bound_is_never_told_beyond_what_was_dropped() -> None:
    """With a gap of 30 per cent much is dropped; the bound must still lie below the best value."""
    for seed in (*range(0, 24, 2), 46):
        problem = small(seed)
        answer = solve_by_enumeration(problem)
        if answer.value is None or not answer.feasible:
            continue
        plan = solve(problem, gap=0.3, time_limit_s=60)
        assert plan.proof.bound is not None
        assert plan.proof.bound <= answer.value * (1 + 1e-6) + 1e-6, seed
        assert not math.isnan(plan.proof.gap)
