"""The investment in sites, output, pipes, flow and zones stays within the budget.

Site 1 EUR and 0.5 EUR/MW, pipe 1 EUR and 0.25 EUR/MW, connection 0.25 EUR: 3 EUR for the zone of
1 MW. Mistake that breaks it: one of these five kinds of cost forgotten.
"""

from __future__ import annotations

import pytest

from siting.model.constraints import constraint_budget
from siting.problem import Edge, Site, Zone

from .paper import best, line, rows

PRICED = line(
    edges=(Edge("ab", "a", "b", cost_eur=1, cost_per_mw_eur=0.25),),
    sites=(Site("s", "a", cost_eur=1, cost_per_mw_eur=0.5),),
    zones=(Zone("z", "b", heat_mwh=1, peak_mw=1, cost_eur=0.25),),
)


def test_rows() -> None:
    assert rows(constraint_budget, PRICED.with_limits(budget_eur=3)) == [
        (
            "budget: +0.25 connect_z0 +0.25 flow_e0_a0_c0 +0.5 installed_s0_o0 +1 open_s0_o0"
            " +1 pipe_e0_a0_p0 <= 3"
        )
    ]
    assert rows(constraint_budget, PRICED) == []


@pytest.mark.parametrize("kind", ["heat_per_euro", "max_heat"])
def test_just_enough_and_just_not(kind: str) -> None:
    problem = PRICED.with_objective(kind)
    assert best(problem.with_limits(budget_eur=3)).capex_eur == pytest.approx(3)
    assert best(problem.with_limits(budget_eur=2.999)).is_empty


def test_a_budget_of_zero_is_a_budget() -> None:
    assert best(PRICED.with_limits(budget_eur=0)).is_empty
