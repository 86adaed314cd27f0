"""A plan becomes a network of parts in which something flows, and a day says how much."""

from __future__ import annotations

import pytest

from siting.plan import Plan, PlannedPipe, PlannedSite, PlannedZone
from siting.problem import Problem, Site, Zone
from siting.simulate.days import design_day, planned_output_mw, summer_day
from siting.simulate.network import (
    Consumer,
    HeatNet,
    LaidPipe,
    Source,
    Water,
    shortest_ways_m,
    split_parts,
    tree_flows,
    without_stagnant,
)
from siting.solution import Proof, Status

WATER = Water(80.0, 50.0)


def pipe(name: str, start: str, end: str) -> LaidPipe:
    return LaidPipe(name, start, end, 100.0, 0.1, 0.25)


def net(pipes: str, consumers: dict[str, float], sources: dict[str, float]) -> HeatNet:
    return HeatNet(
        tuple(pipe(each, each[0], each[1]) for each in pipes.split()),
        tuple(Consumer(f"z{node}", node, heat) for node, heat in consumers.items()),
        tuple(Source(f"s{node}", node, heat) for node, heat in sources.items()),
        WATER,
    )


def test_parts_are_apart_and_the_largest_source_stands_first() -> None:
    parts = split_parts(net("ab bc de", {"b": 1e5, "e": 2e5}, {"a": 1.0, "c": 2.0, "d": 3.0}))
    assert [[each.id for each in part.pipes] for part in parts] == [["ab", "bc"], ["de"]]
    assert [[each.id for each in part.sources] for part in parts] == [["sc", "sa"], ["sd"]]
    assert [[each.id for each in part.consumers] for part in parts] == [["zb"], ["ze"]]


def test_a_zone_without_a_pipe_is_a_part_of_its_own() -> None:
    parts = split_parts(net("ab", {"b": 1e5, "x": 1e5}, {"a": 1e5}))
    assert [len(part.sources) for part in parts] == [1, 0]


def test_branches_without_a_consumer_are_left_out() -> None:
    """b-c-d leads to a consumer of 50 W only, so that both of its pipes stand still."""
    alive, stagnant = without_stagnant(net("ab bc cd be", {"d": 50.0, "e": 1e5}, {"a": 0.0}))
    assert sorted(stagnant) == ["bc", "cd"]
    assert [each.id for each in alive.pipes] == ["ab", "be"]
    assert [each.id for each in alive.consumers] == ["ze"]


def test_a_loop_is_no_dead_end() -> None:
    alive, stagnant = without_stagnant(net("ab bc ca", {"b": 1e5}, {"a": 1e5}))
    assert stagnant == []
    assert len(alive.pipes) == 3


def test_the_shortest_way_counts() -> None:
    ways = shortest_ways_m(net("ab bc cd ad", {"d": 1e5}, {"a": 0.0}))
    assert ways == {"a": 0.0, "b": 100.0, "d": 100.0, "c": 200.0}


def test_heat_adds_up_towards_the_first_source() -> None:
    flows = tree_flows(net("ab bc bd", {"c": 2e5, "d": 1e5}, {"a": 1e5, "d": 5e4}))
    assert flows == {"ab": 2.5e5, "bc": 2e5, "bd": 5e4}


CURVE = ((0.0, 0.0), (0.1, 0.3), (0.5, 0.8), (1.0, 1.0))


def two_sites() -> tuple[Problem, Plan]:
    """S1 -> J <- S2, zones at J and S2; 0.01 MW are lost in each pipe."""
    problem = Problem(
        nodes=("S1", "J", "S2"),
        edges=(),
        sites=(Site("s1", "S1"), Site("s2", "S2")),
        zones=(
            Zone("z1", "J", 4_000.0, 2.0, load_curve=CURVE, loss_mw=0.02),
            Zone("z2", "S2", 1_000.0, 0.5),
        ),
    )
    plan = Plan(
        sites=(
            PlannedSite("s1", "direct", 0.71, 0.0, 0.0, 0.0),
            PlannedSite("s2", "direct", 0.58, 0.0, 0.0, 0.0),
        ),
        pipes=(
            PlannedPipe("e1", "S1", "J", "DN80", 100.0, 0.71, 1.0, 0.01, 0.0),
            PlannedPipe("e2", "S2", "J", "DN80", 100.0, 0.33, 1.0, 0.01, 0.0),
        ),
        zones=(
            PlannedZone("z1", 1.0, 3_000.0, 4_000.0, 2.0, 0.0),
            PlannedZone("z2", 0.25, 800.0, 1_000.0, 0.5, 0.0),
        ),
        heat_mwh=0.0,
        loss_mwh=0.0,
        capex_eur=0.0,
        capex_by_component_eur={},
        heat_per_euro_kwh=0.0,
        proof=Proof(Status.FEASIBLE, "capex", 0.0, None, 0.0, 0.01, 0.0, "none"),
    )
    return problem, plan


def test_sites_give_what_the_flows_of_the_plan_say() -> None:
    """S2 feeds 0.33 MW into its pipe and 0.25 MW to the zone that stands beside it."""
    assert planned_output_mw(*two_sites()) == pytest.approx({"s1": 0.71, "s2": 0.58})


def test_on_the_design_day_zones_draw_their_base_and_inner_losses() -> None:
    day = design_day(*two_sites())
    assert day.drawn_mw == pytest.approx({"z1": 1.02, "z2": 0.25})
    assert day.fed_in_mw == pytest.approx({"s1": 0.71, "s2": 0.58})
    assert day.share == pytest.approx(1.0)


def test_central_boilers_bring_the_whole_peak() -> None:
    day = design_day(*two_sites(), peak=True)
    assert day.drawn_mw == pytest.approx({"z1": 2.02, "z2": 0.5})
    assert day.fed_in_mw["s1"] == pytest.approx(0.71 * 2.52 / 1.27)


def test_in_summer_zones_draw_their_lowest_load() -> None:
    """z1 bends at 0.1 of 2 MW; z2 has no curve, so 0.08 of 0.5 MW."""
    day = summer_day(*two_sites(), least_ratio=0.08)
    assert day.drawn_mw == pytest.approx({"z1": 0.22, "z2": 0.04})
    assert day.share == pytest.approx(0.26 / 1.27)
