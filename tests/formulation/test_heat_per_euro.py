"""The best ratio is neither the most heat nor the least investment.

Zones of 1, 2 and 0.5 MWh hang one behind the other on pipes of 1, 1 and 2 EUR: 1/2, 3/3 and
3.5/5 MWh per EUR with the site. Mistakes that break it: stopping at the first ratio found, or
adding up ratios instead of heat and euro.
"""

from __future__ import annotations

import pytest

from siting.model import build_model
from siting.model.objectives import OBJECTIVES
from siting.problem import Edge, Zone

from .paper import best, line, served, terms

ROW = line(
    nodes=("a", "b", "c", "d"),
    edges=(
        Edge("ab", "a", "b", cost_eur=1),
        Edge("bc", "b", "c", cost_eur=1),
        Edge("cd", "c", "d", cost_eur=2),
    ),
    zones=(
        Zone("x", "b", heat_mwh=1, peak_mw=1),
        Zone("y", "c", heat_mwh=2, peak_mw=1),
        Zone("z", "d", heat_mwh=0.5, peak_mw=1),
    ),
)


CAPEX = "+1 open_s0_o0 +1 pipe_e0_a0_p0 +1 pipe_e1_a1_p0 +1 pipe_e1_a2_p0 +2 pipe_e2_a3_p0"


def test_expressions() -> None:
    found = build_model(ROW).expressions
    assert terms(found.heat) == "+1 connect_z0 +2 connect_z1 +0.5 connect_z2"
    assert terms(found.capex) == CAPEX


def test_the_best_ratio_is_in_the_middle() -> None:
    plan = best(ROW)
    assert served(plan) == {"x", "y"}
    assert plan.proof.incumbent == pytest.approx(1000)
    assert plan.proof.bound == pytest.approx(1000)


@pytest.mark.parametrize(("least", "ratio"), [(3.2, 3.5 / 5), (3, 1), (0.5, 1)])
def test_with_a_required_heat(least: float, ratio: float) -> None:
    assert best(ROW.with_limits(min_heat_mwh=least)).proof.incumbent == pytest.approx(1000 * ratio)


def test_value() -> None:
    """In kWh per EUR; nothing for nothing is 0, something for nothing infinite."""
    value = OBJECTIVES["heat_per_euro"].value
    assert value(3, 2, 0) == pytest.approx(1500)
    assert value(0, 0, 0) == value(0, 5, 0) == 0
    assert value(3, 0, 0) == float("inf")
