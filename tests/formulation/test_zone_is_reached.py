"""A connected zone has a pipe or an open site at its node, even if it draws no power.

Mistake that breaks it: leaving the reaching to the heat balance, which a zone without a peak does
not feel.
"""

from __future__ import annotations

import pytest

from siting.model.constraints import constraint_zone_is_reached
from siting.problem import Edge, Site, Zone

from .paper import best, line, relaxed, rows

POWERLESS = line(zones=(Zone("z", "b", heat_mwh=1, mandatory=True),)).with_objective("capex")


def test_rows() -> None:
    assert rows(constraint_zone_is_reached, POWERLESS) == [
        "zone_is_reached_z0: +1 connect_z0 -1 pipe_e0_a0_p0 <= 0"
    ]


def test_rows_at_a_site() -> None:
    problem = line(edges=(), sites=(Site("s", "b", cost_eur=1),))
    assert rows(constraint_zone_is_reached, problem) == [
        "zone_is_reached_z0: +1 connect_z0 -1 open_s0_o0 <= 0"
    ]


def test_a_zone_without_power_pays_for_its_pipe() -> None:
    assert relaxed(POWERLESS, without=constraint_zone_is_reached) == pytest.approx(0)
    assert relaxed(POWERLESS) == pytest.approx(2)
    assert best(POWERLESS).capex_eur == pytest.approx(2)


def test_an_unreachable_zone_stays_unconnected() -> None:
    barred = Edge("ab", "a", "b", cost_eur=1, forbidden=True)
    assert best(line(edges=(barred,), zones=(Zone("z", "b", heat_mwh=1),))).is_empty
