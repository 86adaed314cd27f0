"""A pipe from a small site must be built as a whole to carry that site's heat.

Two sites of 1 MW each reach a zone of 2 MW through pipes of 1 EUR that could carry 2 MW. Without
the rows the relaxation builds half of each first pipe, a sliver of a pipe too large, and pays 2 EUR
instead of 3. Mistake that breaks it: taking the capacity of all sites for that of one.
"""

from __future__ import annotations

import pytest

from siting.model.constraints import constraint_pipe_capacity_by_source
from siting.problem import Edge, Site, Zone

from .paper import best, line, relaxed, rows

MEETING = line(
    nodes=("a", "b", "m", "z"),
    edges=tuple(Edge(f"{u}{v}", u, v, cost_eur=1) for u, v in ("am", "bm", "mz")),
    sites=(Site("s", "a", capacity_mw=1), Site("t", "b", capacity_mw=1)),
    zones=(Zone("z", "z", heat_mwh=1, peak_mw=2, mandatory=True),),
).with_objective("capex")


def test_rows() -> None:
    """In model units of 10 MW."""
    assert rows(constraint_pipe_capacity_by_source, MEETING) == [
        f"pipe_capacity_by_source_a{a}_c{c}: +1 flow_e{a}_a{a}_c{c} -0.1 pipe_e{a}_a{a}_p0 <= 0"
        for a in range(3)
        for c in range(2)
    ]


def test_one_source_needs_no_rows() -> None:
    assert rows(constraint_pipe_capacity_by_source, line()) == []


def test_the_relaxation_pays_for_whole_pipes() -> None:
    assert relaxed(MEETING, without=constraint_pipe_capacity_by_source) == pytest.approx(2)
    assert relaxed(MEETING) == pytest.approx(3)
    assert best(MEETING).capex_eur == pytest.approx(3)
