"""Plans of several networks: bounds at prices against enumeration, for every objective and limit.

A bound that forgets a cost, counts a limit twice or turns an inequality round would fall below a
plan that enumeration finds.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from siting.errors import InfeasibleError
from siting.model.data import prepare
from siting.optimise import search, solve
from siting.optimise.candidate import make_candidate
from siting.optimise.carried import carried_at_most, city_bound
from siting.optimise.engine import SolverChoice
from siting.optimise.portfolio import Portfolios, draft_of_plans, trimmed
from siting.optimise.progress import Watch
from siting.optimise.scarcity import Prices, follow_prices
from siting.optimise.settle import settle
from siting.optimise.stages import Stages
from siting.optimise.survey import Sketch, paid_back
from siting.optimise.survey_several import SurveySeveral, reasons_against_several
from siting.optimise.tables import tables_of
from siting.optimise.wanted import Wanted
from siting.problem import Limits, Problem
from siting.solution import Status
from siting.verify import verify_plan
from tests.benchmarks.cities import SIZES, ask, city_problem, make_city

from .brute_force import solve_by_enumeration
from .random_problems import random_problem

KINDS = ("heat_per_euro", "max_heat", "capex")
PER_UNIT = {"heat_per_euro": 1000.0}


def limited(seed: int) -> Problem:
    """Return a random problem whose limits couple its sites."""
    kind = KINDS[seed % 3]
    problem = random_problem(
        seed, kind=kind, edges=5, zones=3, sites=2, mandatory=False, counts=False
    )
    heat = problem.limits.min_heat_mwh or 0.5 * problem.total_heat_mwh
    if kind == "max_heat":
        if problem.limits.budget_eur is None:
            problem = problem.with_limits(budget_eur=2e6)
        return problem
    return problem.with_limits(min_heat_mwh=heat)


def test_no_plan_beats_a_bound_at_prices() -> None:
    """Whatever the price of investment and of output, and for all bounds on the way to the best."""
    tried = 0
    for seed in range(600, 636):
        problem = limited(seed)
        assert reasons_against_several(problem) == []
        answer = solve_by_enumeration(problem)
        if not answer.feasible or not answer.value or not math.isfinite(answer.value):
            continue
        wanted, tables = Wanted.of(problem), tables_of(problem)
        truth = answer.value / PER_UNIT.get(problem.objective.kind, 1.0)
        assert answer.heat_mwh is not None
        assert answer.capex_eur is not None
        ratio = answer.heat_mwh / max(answer.capex_eur, 1.0)
        rng = np.random.default_rng(seed)
        for share in (0.3, 0.9, 1.5):
            price = share * ratio
            own = answer.heat_mwh - price * answer.capex_eur
            assert wanted.least_surplus(price, truth) <= own + 1e-6 * abs(own) + 1e-6, seed
            output = rng.choice([0.0, 50.0, 500.0]) * rng.uniform(size=len(tables.option_site))
            bound = city_bound(tables, price, output, most_mw=carried_at_most(tables))
            assert bound.surplus_mwh >= own - 1e-6 * max(abs(own), 1.0), seed
            assert not_beaten(wanted, wanted.proven(price, bound.surplus_mwh), truth), seed
        start = Prices(ratio, paid_back(tables, ratio, carried_at_most(tables)))
        for found in follow_prices(tables, wanted, start, steps=10):
            proven = wanted.proven(found.prices.investment, found.surplus_mwh)
            assert not_beaten(wanted, proven, truth), seed
        tried += 1
    assert tried > 15


def not_beaten(wanted: Wanted, proven: float, truth: float) -> bool:
    """Whether a bound and a value do not cross."""
    slack = 1e-5 * abs(truth)
    return proven >= truth - slack if wanted.maximise else proven <= truth + slack


@pytest.mark.parametrize("off", [(), ("contract",), ("ascend",), ("eliminate",)])
def test_a_survey_of_several_sites_changes_no_answer(
    off: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small, a surveyed problem has the best value of enumeration, stages on or off."""
    monkeypatch.setattr(search, "LARGE", 0)
    for seed in range(640, 646):
        problem = limited(seed)
        answer = solve_by_enumeration(problem)
        try:
            plan = solve(problem, gap=0, time_limit_s=60, stages=Stages().without(*off))
        except InfeasibleError:
            assert not answer.feasible, seed
            continue
        assert plan.proof.incumbent == pytest.approx(answer.value, rel=1e-5, abs=1e-9), seed
        assert plan.proof.status is Status.OPTIMAL, seed
        assert verify_plan(problem, plan) == [], seed


def test_a_bound_of_what_is_left_is_never_told_beyond_what_was_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a gap of 30 per cent much is left out, and the bound must still be one on all plans."""
    monkeypatch.setattr(search, "LARGE", 0)
    for seed in range(600, 606):
        problem = limited(seed)
        answer = solve_by_enumeration(problem)
        if not answer.feasible or answer.value is None:
            continue
        plan = solve(problem, gap=0.3, time_limit_s=60)
        assert plan.proof.bound is not None
        assert not_beaten(Wanted.of(problem), plan.proof.bound, answer.value), seed


@pytest.fixture(scope="module")
def city() -> Problem:
    """Return a synthetic city of 1,000 edges."""
    return city_problem(make_city(SIZES["1k"]), name="1k")


@pytest.mark.parametrize("question", ["minimum_heat", "budget"])
def test_plans_of_a_city_stay_below_its_bounds(city: Problem, question: str) -> None:
    """Plans built site by site never have more than the ascent allows at any price."""
    problem = ask(city, question)
    survey = SurveySeveral(problem, Watch(60.0), gap=0.02, solver=SolverChoice())
    tables, most = survey.tables, carried_at_most(survey.tables)
    builder = Portfolios(tables, 0, lambda: False)
    free, sketch = replace(problem, limits=Limits()), Sketch(prepare(problem))
    paid = []
    for price in (0.002, 0.003, 0.0035):
        plans = builder.at(price)
        assert plans
        whole = settle(sketch, draft_of_plans(plans, tables, sketch.data))
        assert whole is not None
        candidate = make_candidate(free, whole)
        assert candidate is not None
        told = sum(each.heat_mwh for each in plans), sum(each.capex_eur for each in plans)
        assert (candidate.heat_mwh, candidate.capex_eur) == pytest.approx(told, rel=1e-6)
        paid.append(candidate)
    for price in (0.002, 0.003, 0.004):
        for share in (0.0, 1.0, 2.0):
            output = share * paid_back(tables, price, most)
            bound = city_bound(tables, price, output, most_mw=most)
            for each in paid:
                assert each.heat_mwh - price * each.capex_eur <= bound.surplus_mwh


def test_a_plan_is_trimmed_to_a_budget_and_to_a_required_heat(city: Problem) -> None:
    tables = tables_of(city)
    plans = Portfolios(tables, 0, lambda: False).at(0.002)
    heat, capex = sum(x.heat_mwh for x in plans), sum(x.capex_eur for x in plans)

    def cheap(mwh: float, eur: float) -> bool:
        return eur <= 0.9 * capex

    def warm(mwh: float, eur: float) -> bool:
        return mwh >= 0.4 * heat

    within = trimmed(plans, tables, 0.002, cheap, smaller_fits=True)
    assert 0.3 * capex < sum(x.capex_eur for x in within) <= 0.9 * capex
    enough = trimmed(plans, tables, 0.002, warm, smaller_fits=False)
    assert 0.4 * heat <= sum(x.heat_mwh for x in enough) < heat
    better = sum(x.heat_mwh for x in enough) / sum(x.capex_eur for x in enough)
    assert better > heat / capex


def test_what_a_survey_of_several_sites_is_not_valid_for_is_told() -> None:
    problem = limited(601)
    assert reasons_against_several(problem.with_limits(min_sites=2)) == [
        "a least number of sites is not looked at"
    ]
    assert reasons_against_several(problem.with_objective("net_value")) == [
        "neither a required heat nor a budget bounds net_value"
    ]
