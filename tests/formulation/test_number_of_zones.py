"""At least the wanted number of zones is connected.

The far zone is not worth its pipe of 4 EUR. Mistake that breaks it: counting what could be
connected instead of what is.
"""

from __future__ import annotations

import pytest

from siting.errors import InfeasibleError
from siting.model.constraints import constraint_number_of_zones
from siting.problem import Edge, Zone

from .paper import best, line, rows, served

PAIR = line(
    nodes=("a", "b", "c"),
    edges=(Edge("ab", "a", "b", cost_eur=1), Edge("bc", "b", "c", cost_eur=4)),
    zones=(Zone("near", "b", heat_mwh=1, peak_mw=1), Zone("far", "c", heat_mwh=1, peak_mw=1)),
)


def test_rows() -> None:
    assert rows(constraint_number_of_zones, PAIR.with_limits(min_zones=2)) == [
        "number_of_zones_least: +1 connect_z0 +1 connect_z1 >= 2"
    ]
    assert rows(constraint_number_of_zones, PAIR) == []


def test_the_far_zone_comes_in_when_two_are_wanted() -> None:
    assert served(best(PAIR)) == {"near"}
    plan = best(PAIR.with_limits(min_zones=2))
    assert served(plan) == {"near", "far"}
    assert plan.capex_eur == pytest.approx(6)


def test_more_than_there_are() -> None:
    with pytest.raises(InfeasibleError):
        best(PAIR.with_limits(min_zones=3))
