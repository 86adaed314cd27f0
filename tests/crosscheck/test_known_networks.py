"""Published instances with a proven optimum are solved to that optimum.

The instances lie beside the checkout and are never copied; without them these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from siting.optimise import solve
from siting.plan import Plan
from siting.problem import Problem
from siting.solution import Status
from siting.verify import verify_plan

from .instances import (
    fixed_charge_flow,
    prize_collecting,
    published_optimum,
    read_tree,
    steiner_tree,
    topotherm_district,
)

EXACT = 1e-6


def proven(problem: Problem, gap: float = EXACT) -> Plan:
    plan = solve(problem, gap=gap, time_limit_s=180)
    assert plan.proof.status is Status.OPTIMAL
    assert verify_plan(problem, plan) == []
    return plan


@pytest.fixture(scope="module")
def instances(shared: Path) -> Path:
    return shared / "data" / "steiner"


@pytest.mark.parametrize(
    "file",
    [
        "K100.1.stp.xz",
        "K100.9.stp.xz",
        "P100.stp.xz",
        "C01-A.stp.xz",
        "C11-A.stp.xz",
        "D01-A.stp.xz",
        pytest.param("i101M1.stp.xz", marks=pytest.mark.slow),
        pytest.param("i105M1.stp.xz", marks=pytest.mark.slow),
        pytest.param("K400.6.stp.xz", marks=pytest.mark.slow),
    ],
)
def test_prize_collecting_trees(instances: Path, file: str) -> None:
    """Edges plus lost prizes: all prizes less the net value."""
    tree = read_tree(instances / file)
    plan = proven(prize_collecting(tree))
    assert plan.proof.incumbent is not None
    cost = sum(tree.prizes.values()) - plan.proof.incumbent
    assert cost == pytest.approx(published_optimum(instances, file), rel=EXACT)


@pytest.mark.slow
def test_a_steiner_tree_on_streets(instances: Path) -> None:
    plan = proven(steiner_tree(read_tree(instances / "I056.gr.xz")))
    assert plan.capex_eur == pytest.approx(published_optimum(instances, "I056.gr.xz"), rel=EXACT)


@pytest.mark.parametrize(
    "file", ["sp80x160.inc.xz", pytest.param("r20x100.inc.xz", marks=pytest.mark.slow)]
)
def test_fixed_charge_flows(instances: Path, file: str) -> None:
    """A larger one, g40x132, is solved to its optimum too, in half a minute."""
    problem = fixed_charge_flow(instances / file)
    supply = sum(site.capacity_mw or 0 for site in problem.sites)
    assert supply == pytest.approx(sum(zone.peak_mw for zone in problem.zones))
    plan = proven(problem)
    assert plan.capex_eur == pytest.approx(published_optimum(instances, file), rel=EXACT)


def test_a_district_of_topotherm(shared: Path) -> None:
    """All 16 sinks from producer 2: 63,233 EUR/a for pipes, 29,634 for heat, 132,000 of revenue."""
    gap = 4e-5
    problem = topotherm_district(shared / "data" / "networks" / "topotherm_two_producers")
    plan = proven(problem, gap)
    assert plan.proof.incumbent == pytest.approx(39_107.19, rel=gap)
    assert plan.proof.incumbent is not None
    assert plan.proof.incumbent >= 39_107.18
    assert len(plan.zones) == 16
    assert len(plan.pipes) == 33
    assert plan.trench_length_m == pytest.approx(2_569.3, abs=0.1)
    output = {each.site: each.capacity_mw for each in plan.sites}
    assert output.pop("producer 1") == pytest.approx(0.2963, abs=1e-4)
    assert sum(output.values()) == pytest.approx(0, abs=1e-9)
    annuity = problem.objective.capital_factor
    assert annuity * plan.capex_by_component_eur["pipes"] == pytest.approx(63_233, abs=1)
