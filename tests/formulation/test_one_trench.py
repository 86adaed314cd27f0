"""A trench carries one pipe: one size, one direction.

Mistake that breaks it: filling a gap in the catalogue with two sizes in one trench, or letting heat
run both ways through it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.errors import InfeasibleError
from siting.model.constraints import constraint_one_trench
from siting.problem import Edge, PipeSize, Site, Zone

from .paper import best, line, rows

SIZES = (PipeSize("DN1", 1, cost_eur=1), PipeSize("DN2", 2, cost_eur=3))


def sized(peak: float):
    zone = Zone("z", "b", heat_mwh=1, peak_mw=peak)
    edge = Edge("ab", "a", "b", sizes=SIZES)
    return line(edges=(edge,), zones=(zone,)).with_limits(min_zones=1)


def test_rows_for_sizes() -> None:
    assert rows(constraint_one_trench, sized(2)) == [
        "one_trench_e0: +1 pipe_e0_a0_p0 +1 pipe_e0_a0_p1 <= 1"
    ]


def test_rows_for_directions() -> None:
    """Between two places that both have a site and a zone, either direction may be dug."""
    problem = line(
        sites=(Site("s", "a", cost_eur=1), Site("t", "b", cost_eur=1)),
        zones=(Zone("y", "a", heat_mwh=1, peak_mw=1), Zone("z", "b", heat_mwh=1, peak_mw=1)),
    )
    assert rows(constraint_one_trench, problem) == [
        "one_trench_e0: +1 pipe_e0_a0_p0 +1 pipe_e0_a1_p0 <= 1"
    ]


@pytest.mark.parametrize(("peak", "size", "capex"), [(1, "DN1", 2), (1.5, "DN2", 4)])
def test_the_size_that_carries_the_flow(peak: float, size: str, capex: float) -> None:
    plan = best(sized(peak))
    assert plan.pipes[0].size == size
    assert plan.capex_eur == pytest.approx(capex)


def test_sizes_do_not_stack() -> None:
    with pytest.raises(InfeasibleError):
        best(sized(3))


def test_two_trenches_between_the_same_places_do_stack() -> None:
    edges = tuple(replace(sized(3).edges[0], id=name) for name in ("first", "second"))
    plan = best(replace(sized(3), edges=edges))
    assert plan.capex_eur == pytest.approx(1 + 1 + 3)
