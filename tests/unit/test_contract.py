"""Which streets may go or become one, on graphs small enough to see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.optimise.contract import contract
from siting.problem import Edge, PipeSize, Problem, Site, Zone
from siting.solution import OpenSite, PipeFlow, ServedZone, Solution


def problem(*edges: Edge, zones: str = "bc") -> Problem:
    """Return streets with a site at a and zones at the nodes named."""
    nodes = tuple(dict.fromkeys(end for edge in edges for end in (edge.u, edge.v)))
    served = tuple(Zone(f"z{node}", node, 100.0, 0.1) for node in zones)
    return Problem(nodes, edges, (Site("s", "a"),), served)


def left(*edges: Edge, zones: str = "bc") -> set[str]:
    return {edge.id for edge in contract(problem(*edges, zones=zones)).problem.edges}


def linear(name: str, ends: str, cost: float, **more: float | bool) -> Edge:
    return Edge(name, ends[0], ends[1], cost_eur=cost, cost_per_mw_eur=cost / 10, **more)  # type: ignore[arg-type]


def sized(name: str, ends: str, length: float, most: float = 99.0, loss: float = 0.0) -> Edge:
    sizes = (
        PipeSize("S", 0.1, 6 * length, loss * length),
        PipeSize("L", most, 9 * length, loss * length),
    )
    return Edge(name, ends[0], ends[1], sizes=sizes)


def test_a_street_goes_that_a_detour_replaces() -> None:
    streets = linear("ab", "ab", 2), linear("bc", "bc", 2)
    assert left(*streets, linear("ac", "ac", 4)) == {"ab", "bc"}
    assert left(*streets, linear("ac", "ac", 3.9)) == {"ab", "bc", "ac"}


def test_detours_with_a_limit_or_more_loss_replace_nothing() -> None:
    """0.05 MW do not carry what both zones draw; a detour that loses more may cost more."""
    narrow = linear("ab", "ab", 2, capacity_mw=0.05)
    assert "ac" in left(narrow, linear("bc", "bc", 2), linear("ac", "ac", 5))
    leaky = linear("ab", "ab", 2, loss_mw=0.01)
    assert "ac" in left(leaky, linear("bc", "bc", 2), linear("ac", "ac", 5))
    one_way = linear("ab", "ab", 2, one_way=True)
    assert "ac" in left(one_way, linear("bc", "bc", 2), linear("ac", "ac", 5))


def test_detours_of_sized_pipes_compare_every_size() -> None:
    streets = sized("ab", "ab", 2), sized("bc", "bc", 2)
    assert left(*streets, sized("ac", "ac", 5)) == {"ab", "bc"}
    dear_when_large = Edge("ac", "a", "c", sizes=(PipeSize("S", 0.1, 30), PipeSize("L", 99, 30.5)))
    assert "ac" in left(*streets, dear_when_large)
    assert "ac" in left(sized("ab", "ab", 2, most=0.15), sized("bc", "bc", 2), sized("ac", "ac", 5))


def test_chains_become_one_street_and_plans_come_back() -> None:
    """A chain of three with losses in proportion to length: flows fall on the way."""
    parts = [
        Edge(name, u, v, cost_eur=100 * k, cost_per_mw_eur=10 * k, loss_mw=0.001 * k, length_m=k)
        for name, u, v, k in (("e1", "a", "x", 1), ("e2", "y", "x", 2), ("e3", "y", "b", 4))
    ]
    full = problem(*parts, zones="b")
    small = contract(full)
    (street,) = small.problem.edges
    assert street.loss_mw == pytest.approx(0.007)
    assert street.length_m == 7
    flow = 0.1 + 0.007
    plan = Solution(
        (OpenSite("s", "connection", flow),),
        (PipeFlow(street.id, "a", "b", flow),),
        (ServedZone("zb", 0.1, 100.0),),
    )
    pipes = {pipe.edge: pipe for pipe in small.expand(plan, full).pipes}
    assert [pipes[f"e{k}"].from_node for k in (1, 2, 3)] == ["a", "x", "y"]
    assert [pipes[f"e{k}"].flow_mw for k in (1, 2, 3)] == pytest.approx([0.107, 0.106, 0.104])
    cost = sum(100 * k + 10 * k * pipes[f"e{i}"].flow_mw for i, k in ((1, 1), (2, 2), (3, 4)))
    assert street.cost_eur + street.cost_per_mw_eur * flow == pytest.approx(cost)


def test_sized_pipes_with_losses_stay_apart_and_it_is_said() -> None:
    """What the first pipe loses might let the second one be smaller."""
    streets = sized("ax", "ax", 2, loss=1e-3), sized("xb", "xb", 2, loss=1e-3)
    small = contract(problem(*streets, zones="b"))
    assert len(small.problem.edges) == 2
    assert "joining is not exact" in str(small)
    lossless = contract(problem(sized("ax", "ax", 2), sized("xb", "xb", 3), zones="b"))
    (street,) = lossless.problem.edges
    assert [size.cost_eur for size in street.sizes] == [30, 45]


def test_streets_of_one_direction_join_in_that_direction() -> None:
    forth = linear("ax", "ax", 2, one_way=True)
    (street,) = contract(problem(forth, linear("bx", "bx", 1), zones="b")).problem.edges
    assert (street.u, street.v, street.one_way) == ("a", "b", True)
    against = linear("bx", "bx", 1, one_way=True)
    assert len(contract(problem(forth, against, zones="b")).problem.edges) == 2


def test_parallel_streets_and_dead_ends() -> None:
    double = linear("ab", "ab", 2), linear("ab2", "ab", 3)
    assert left(*double, zones="b") == {"ab"}
    limited = replace(double[0], capacity_mw=0.05)
    assert left(limited, double[1], zones="b") == {"ab", "ab2"}
    blind = linear("bx", "bx", 1), linear("xy", "xy", 1)
    assert left(double[0], *blind, zones="b") == {"ab"}
