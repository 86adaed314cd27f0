"""At least the wanted heat is delivered; heat lost on the way does not count.

Mistake that breaks it: counting what is fed in instead of what is delivered, or the demand of
connected zones instead of their base heat.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.errors import InfeasibleError
from siting.model.constraints import constraint_minimum_heat
from siting.problem import Edge, Site, Zone

from .paper import best, line, rows

CURVED = Zone("y", "b", heat_mwh=1, peak_mw=1, load_curve=((0, 0), (0.5, 0.8), (1, 1)))
PAIR = line(zones=(CURVED, Zone("z", "b", heat_mwh=1, peak_mw=1)))


def test_rows() -> None:
    assert rows(constraint_minimum_heat, PAIR.with_limits(min_heat_mwh=0.9)) == [
        "minimum_heat: +1 connect_z1 +1 heat_z0 >= 0.9"
    ]
    assert rows(constraint_minimum_heat, PAIR) == []


def test_base_capacity_follows_the_wanted_heat() -> None:
    """0.9 of the heat lies halfway along the second piece of the curve: 0.75 MW."""
    problem = line(zones=(CURVED,), sites=(Site("s", "a", cost_per_mw_eur=1),))
    plan = best(problem.with_objective("capex").with_limits(min_heat_mwh=0.9))
    assert plan.zones[0].base_mw == pytest.approx(0.75, rel=1e-4)
    assert plan.capex_eur == pytest.approx(1.75, rel=1e-4)


def test_losses_do_not_count() -> None:
    lossy = line(edges=(Edge("ab", "a", "b", cost_eur=1, loss_mw=1),), hours_per_a=1)
    assert best(lossy.with_limits(min_heat_mwh=1)).heat_mwh == pytest.approx(1)
    with pytest.raises(InfeasibleError):
        best(lossy.with_limits(min_heat_mwh=1.5))


def test_it_makes_the_ratio_take_more_than_its_favourite() -> None:
    near = line(zones=(Zone("z", "b", heat_mwh=1, peak_mw=1), Zone("y", "b", 1, 1, cost_eur=9)))
    assert best(near).heat_mwh == pytest.approx(1)
    assert best(near.with_limits(min_heat_mwh=2)).capex_eur == pytest.approx(11)
    assert best(replace(near, zones=near.zones[:1])).capex_eur == pytest.approx(2)
