"""Whatever way heat takes to a zone, it crosses the border of every region around the zone.

A ring of cheap pipes around a zone without a peak satisfies all other rows, each pipe feeding the
next. Mistake that breaks it: accepting that ring as a connection.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pulp
import pytest

from siting.model import build_model
from siting.model.constraints import constraint_directed_cut
from siting.optimise.cuts import Cut, CutFinder
from siting.problem import Edge, Zone
from siting.solvers.compiled import compile_model

from .paper import best, line, row

RING = line(
    nodes=("a", "b", "c", "d"),
    edges=(
        Edge("ab", "a", "b", cost_eur=9, one_way=True),
        *(Edge(f"{u}{v}", u, v, cost_eur=1, one_way=True) for u, v in ("bc", "cd", "db")),
    ),
    zones=(Zone("z", "c", heat_mwh=0, value_eur=5),),
).with_objective("net_value")


def test_row() -> None:
    """Around b, c and d: the link must be built. Around c alone: the pipe that enters it."""
    model = build_model(RING)
    program = pulp.LpProblem("paper", pulp.LpMinimize)
    constraint_directed_cut(program, model.variables, model.data, ([0], [], 0), "ring")
    constraint_directed_cut(program, model.variables, model.data, ([], [0], 0), "all")
    assert [row(each) for each in program.constraints()] == [
        "directed_cut_ring: -1 connect_z0 +1 pipe_e0_a0_p0 >= 0",
        "directed_cut_all: -1 connect_z0 +1 open_s0_o0 >= 0",
    ]


def test_the_rows_added_during_the_search_are_these() -> None:
    model = build_model(RING)
    compiled = compile_model(model.program)
    found = CutFinder(model, compiled).rows([Cut((0,), (), 0)])
    factors = dict(zip(compiled.names, found.matrix.toarray()[0], strict=True))
    assert {name: factor for name, factor in factors.items() if factor} == {
        "connect_z0": -1.0,
        "pipe_e0_a0_p0": 1.0,
    }
    assert (found.lower[0], found.upper[0]) == (0, np.inf)


def test_a_ring_does_not_feed_itself() -> None:
    """The way over the link costs 9 + 1 + 1 EUR for a worth of 5; the ring alone would cost 3."""
    plan = best(RING)
    assert plan.is_empty
    plan = best(replace(RING, zones=(replace(RING.zones[0], value_eur=12),)))
    assert plan.proof.incumbent == pytest.approx(1)
    assert {pipe.edge for pipe in plan.pipes} == {"ab", "bc"}
