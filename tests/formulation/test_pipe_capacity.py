"""Only a built pipe carries heat, and at most what it can, from all sources together.

Mistake that breaks it: holding each source, but not their sum, to the capacity of the pipe.
"""

from __future__ import annotations

import pytest

from siting.model.constraints import constraint_pipe_capacity
from siting.problem import Edge, PipeSize, Site, Zone

from .paper import best, line, rows

CURVE = ((0, 0), (0.5, 0.8), (1, 1))
TWO_SITES = line(
    edges=(Edge("ab", "a", "b", cost_eur=1, capacity_mw=0.5),),
    sites=(
        Site("s", "a", cost_eur=1, capacity_mw=0.4),
        Site("t", "a", cost_eur=1, capacity_mw=0.4),
    ),
    zones=(Zone("z", "b", heat_mwh=1, peak_mw=1, load_curve=CURVE),),
)


def test_rows_over_two_sources() -> None:
    assert rows(constraint_pipe_capacity, TWO_SITES) == [
        "pipe_capacity_a0: +1 flow_e0_a0_c0 +1 flow_e0_a0_c1 -0.5 pipe_e0_a0_p0 <= 0"
    ]


def test_rows_over_sizes() -> None:
    """The largest size counts with what can flow at most, 1 MW, not with all it could carry."""
    sizes = (PipeSize("DN1", 0.5, cost_eur=1), PipeSize("DN2", 9, cost_eur=3))
    assert rows(constraint_pipe_capacity, line(edges=(Edge("ab", "a", "b", sizes=sizes),))) == [
        "pipe_capacity_a0: +1 flow_e0_a0_c0 -0.5 pipe_e0_a0_p0 -1 pipe_e0_a0_p1 <= 0"
    ]


def test_two_sites_share_a_narrow_pipe() -> None:
    plan = best(TWO_SITES.with_objective("max_heat"))
    assert plan.pipes[0].flow_mw == pytest.approx(0.5)
    assert plan.heat_mwh == pytest.approx(0.8)
