"""A pipe starts where another one arrives or a site is open.

Mistake that breaks it: counting the pipe's own trench, in the other direction, as its feeder.
"""

from __future__ import annotations

import pytest

from siting.model.constraints import constraint_pipe_is_fed
from siting.problem import Edge, Site, Zone

from .paper import best, line, relaxed, rows

CHAIN = line(
    nodes=("a", "b", "c"),
    edges=(Edge("ab", "a", "b", cost_eur=1), Edge("bc", "b", "c", cost_eur=1)),
    zones=(Zone("z", "c", heat_mwh=1, mandatory=True),),
).with_objective("capex")


def test_rows() -> None:
    assert rows(constraint_pipe_is_fed, CHAIN) == [
        "pipe_is_fed_a0: -1 open_s0_o0 +1 pipe_e0_a0_p0 <= 0",
        "pipe_is_fed_a1: -1 pipe_e0_a0_p0 +1 pipe_e1_a1_p0 <= 0",
    ]


def test_a_trench_does_not_feed_itself() -> None:
    problem = line(
        sites=(Site("s", "a", cost_eur=1), Site("t", "b", cost_eur=1)),
        zones=(Zone("y", "a", heat_mwh=1, peak_mw=1), Zone("z", "b", heat_mwh=1, peak_mw=1)),
    )
    assert rows(constraint_pipe_is_fed, problem) == [
        "pipe_is_fed_a0: -1 open_s0_o0 +1 pipe_e0_a0_p0 <= 0",
        "pipe_is_fed_a1: -1 open_s1_o1 +1 pipe_e0_a1_p0 <= 0",
    ]


def test_the_whole_way_is_paid() -> None:
    assert relaxed(CHAIN, without=constraint_pipe_is_fed) == pytest.approx(1)
    assert relaxed(CHAIN) == pytest.approx(3)
    assert best(CHAIN).capex_eur == pytest.approx(3)
