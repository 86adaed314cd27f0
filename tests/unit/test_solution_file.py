"""A plan survives its solution file, infinite figures included."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from sample_plan import small_town

from siting.errors import InputError
from siting.plan import Plan
from siting.solution import Improvement
from siting.solution_file import plan_as_dict, read_solution, write_solution


def free_plan() -> Plan:
    """A plan that costs nothing, found without a bound."""
    plan = small_town().plan
    trail = (Improvement(0.5, math.inf, None, "free"),)
    proof = replace(plan.proof, incumbent=math.inf, bound=None, gap=math.inf, trail=trail)
    return replace(plan, heat_per_euro_kwh=math.inf, proof=proof)


@pytest.mark.parametrize("plan", [small_town().plan, free_plan()], ids=["usual", "free"])
def test_a_plan_comes_back_as_it_was(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "solution.json"
    write_solution(plan, path)
    assert read_solution(path) == plan


def test_infinite_figures_are_null_and_named() -> None:
    raw = plan_as_dict(free_plan())
    json.dumps(raw, allow_nan=False)
    assert raw["heat_per_euro_kwh"] is None
    assert raw["proof"]["incumbent"] is None
    assert raw["not_finite"] == {
        "heat_per_euro_kwh": "inf",
        "proof.incumbent": "inf",
        "proof.gap": "inf",
        "proof.trail.0.incumbent": "inf",
    }


def test_a_wrong_place_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "solution.json"
    path.write_text(json.dumps(plan_as_dict(free_plan()) | {"not_finite": {"proof.x.y": "inf"}}))
    with pytest.raises(InputError, match="names a place that is not there"):
        read_solution(path)
