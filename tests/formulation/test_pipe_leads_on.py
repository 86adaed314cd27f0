"""A pipe leads to another pipe or to a connected zone.

The zone takes 2 MW or nothing, and the first pipe carries 1 MW. The relaxation would fill the first
pipe, build half of the second and connect half of the zone; with the rows a whole pipe does not end
at half a zone. Mistake that breaks it: counting the way back through the same trench as leading on.
"""

from __future__ import annotations

import math

import pytest

from siting.model.constraints import constraint_pipe_leads_on
from siting.problem import Edge, Site, Zone

from .paper import best, line, relaxed, rows

NECK = line(
    nodes=("a", "b", "c"),
    edges=(
        Edge("ab", "a", "b", cost_eur=1, capacity_mw=1),
        Edge("bc", "b", "c", cost_eur=1),
    ),
    sites=(Site("s", "a", cost_eur=1, capacity_mw=4),),
    zones=(Zone("z", "c", heat_mwh=1, peak_mw=2),),
).with_limits(min_heat_mwh=0.5)


def test_rows() -> None:
    assert rows(constraint_pipe_leads_on, NECK) == [
        "pipe_leads_on_a0: +1 pipe_e0_a0_p0 -1 pipe_e1_a1_p0 <= 0",
        "pipe_leads_on_a1: -1 connect_z0 +1 pipe_e1_a1_p0 <= 0",
    ]


def test_the_relaxation_is_tighter() -> None:
    """A quarter of the site, which has 4 MW, one pipe and half a pipe; or nothing at all."""
    assert relaxed(NECK, without=constraint_pipe_leads_on) < math.inf
    assert relaxed(NECK) == math.inf


def test_no_best_plan_is_lost() -> None:
    """A ring fed at one place: both ways round are used, and neither ends blind."""
    ring = line(
        nodes=("a", "b", "c"),
        edges=tuple(
            Edge(f"{u}{v}", u, v, cost_eur=1, capacity_mw=0.5) for u, v in ("ab", "ac", "cb")
        ),
    )
    assert best(ring.with_limits(min_zones=1)).capex_eur == pytest.approx(4)
