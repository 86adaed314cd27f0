"""Most heat within the budget, and among plans of the same heat the cheapest.

The three zones in a row of the ratio's study. Mistake that breaks it: keeping pipes or sites that
the heat does not need.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.problem import Edge, Site

from .paper import best, served
from .test_heat_per_euro import ROW

MOST = ROW.with_objective("max_heat")


@pytest.mark.parametrize(
    ("budget", "heat"), [(None, 3.5), (5, 3.5), (4.9, 3), (3, 3), (2, 1), (1.9, 0)]
)
def test_heat_by_budget(budget: float | None, heat: float) -> None:
    plan = best(MOST.with_limits(budget_eur=budget))
    assert plan.proof.incumbent == plan.proof.bound == pytest.approx(heat)


def test_the_cheapest_among_equals() -> None:
    """A second site and a second pipe are there to be left alone."""
    edges = (*ROW.edges, Edge("again", "a", "b", cost_eur=3))
    sites = (*ROW.sites, Site("spare", "a", cost_eur=2))
    plan = best(replace(MOST, edges=edges, sites=sites))
    assert plan.capex_eur == pytest.approx(5)
    assert served(plan) == {"x", "y", "z"}
