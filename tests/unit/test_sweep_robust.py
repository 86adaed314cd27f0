"""Robust choice: regret, reliability and the value of knowing, on tables done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.sweep.robust import weigh_plans

VALUES = {("a", 0): 5.0, ("a", 1): 1.0, ("b", 0): 3.0, ("b", 1): 3.0, ("c", 0): 4.0, ("c", 1): 2.5}


def test_best_expectation_and_least_regret_may_be_two_plans():
    robust = weigh_plans(["a", "b", "c"], {0: 3.0, 1: 1.0}, VALUES, objective="max_heat")
    assert robust.expected.tolist() == [4.0, 3.0, 3.625]
    assert robust.largest_regret.tolist() == [2.0, 2.0, 1.0]
    assert (robust.best_expected, robust.least_regret) == (0, 2)
    assert robust.value_of_knowing == pytest.approx(0.75 * 0 + 0.25 * 2)
    assert robust.wins.tolist() == [0.75, 0.25, 0.0]


def test_less_is_better_where_investment_counts():
    robust = weigh_plans(["a", "b", "c"], {0: 1.0, 1: 1.0}, VALUES, objective="capex")
    assert robust.best.tolist() == [3.0, 1.0]
    assert robust.largest_regret.tolist() == [2.0, 2.0, 1.5]


def test_a_plan_that_breaks_limits_sets_no_mark_and_is_not_advised():
    robust = weigh_plans(
        ["a", "b", "c"], {0: 1.0, 1: 1.0}, VALUES, frozenset({("a", 0)}), objective="max_heat"
    )
    assert robust.best.tolist() == [4.0, 3.0]
    assert robust.reliability.tolist() == [0.5, 1.0, 1.0]
    assert robust.best_expected == 2
    assert robust.regret[0, 0] == 0.0


def test_a_plan_that_cannot_run_is_regretted_without_end():
    values = {key: each for key, each in VALUES.items() if key != ("a", 1)}
    robust = weigh_plans(["a", "b", "c"], {0: 1.0, 1: 1.0}, values, objective="max_heat")
    assert math.isinf(robust.largest_regret[0])
    assert math.isnan(robust.expected[0])
    assert robust.least_regret == 2


def test_a_scenario_that_no_plan_stands_is_left_out():
    robust = weigh_plans(["a"], {0: 1.0, 7: 1.0}, {("a", 0): 5.0}, objective="max_heat")
    assert robust.expected.tolist() == [5.0]
    assert (robust.best_expected, robust.least_regret) == (0, 0)


def test_the_regret_by_proof_is_never_below_that_of_the_plans_found():
    robust = weigh_plans(
        ["a", "b"], {0: 1.0, 1: 1.0}, VALUES, bounds={0: 5.5}, objective="max_heat"
    )
    assert robust.regret_to_bound.tolist() == [[0.5, 2.0], [2.5, 0.0]]


tables = st.integers(1, 5).flatmap(
    lambda plans: st.lists(
        st.lists(st.floats(0, 100), min_size=plans, max_size=plans), min_size=1, max_size=5
    )
)


@settings(max_examples=60, deadline=None)
@given(tables)
def test_to_know_is_never_worth_less_than_nothing(columns):
    plans = [str(k) for k in range(len(columns[0]))]
    values = {(p, s): row[int(p)] for s, row in enumerate(columns) for p in plans}
    weights = dict.fromkeys(range(len(columns)), 1.0)
    for objective in ("max_heat", "capex"):
        robust = weigh_plans(plans, weights, values, objective=objective)
        assert robust.value_of_knowing >= -1e-9
        assert (robust.regret >= 0).all()
        least = robust.least_regret
        assert robust.largest_regret[least] == np.min(robust.largest_regret)
