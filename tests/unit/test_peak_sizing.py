"""The loop that sizes pipes for peaks ends, tells how, and its plan carries the peaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from siting.peak_sizing import PeakSizing, size_for_peaks
from siting.plan import Plan, PlannedPipe, PlannedSite, PlannedZone
from siting.problem import Edge, PipeSize, Problem, Site, Zone
from siting.simultaneity import simultaneity_factor
from siting.solution import Proof, Status

PROOF = Proof(Status.OPTIMAL, "heat_per_euro", None, None, 0.0, 0.0, 0.0, "paper")
SIZES = tuple(PipeSize(f"DN{k}", float(k), 10.0 * k, 0.01 * k) for k in range(1, 7))
PROBLEM = Problem(
    nodes=("s", "b", "c"),
    edges=(
        Edge("e1", "s", "b", sizes=SIZES, length_m=100.0),
        Edge("e2", "b", "c", sizes=SIZES[:4], length_m=10.0),
        Edge("linear", "s", "c", cost_per_mw_eur=5.0, capacity_mw=8.0),
    ),
    sites=(Site("site", "s"),),
    zones=(Zone("near", "b", 100.0, peak_mw=3.0), Zone("far", "c", 100.0, peak_mw=2.0)),
)
ZONE_PEAK = {zone.id: zone.peak_mw for zone in PROBLEM.zones}


def a_plan(problem: Problem, base: dict[str, float]) -> Plan:
    """Return a plan that lays the smallest pipe for the base load of near and far."""
    flows = {"e1": base["near"] + base["far"], "e2": base["far"]}
    pipes = []
    for edge in problem.edges[:2]:
        flow = flows[edge.id]
        if flow <= 0:
            continue
        size = next((each for each in edge.sizes if each.capacity_mw >= flow), edge.sizes[-1])
        pipes.append(
            PlannedPipe(
                edge.id, edge.u, edge.v, size.label, edge.length_m, flow, size.capacity_mw, 0.0,
                size.cost_eur,
            )
        )  # fmt: skip
    zones = [PlannedZone(z, q, q, 100.0, ZONE_PEAK[z], 0.0) for z, q in base.items() if q > 0]
    return Plan(
        sites=(PlannedSite("site", "connection", flows["e1"], 0.0, 0.0, 0.0),),
        pipes=tuple(pipes), zones=tuple(zones), heat_mwh=0.0, loss_mwh=0.0, capex_eur=0.0,
        capex_by_component_eur={}, heat_per_euro_kwh=0.0, proof=PROOF,
    )  # fmt: skip


def size(solve: Callable[[Problem], Plan], rounds: int = 6, sized: str = "") -> PeakSizing:
    return size_for_peaks(
        PROBLEM,
        solve,
        consumers={},
        factor=simultaneity_factor("none", 0.6),
        sized_already=frozenset(sized.split()),
        most_rounds=rounds,
    )


def test_it_settles_and_the_pipes_carry_the_peaks() -> None:
    """Base 1.5 + 1 MW lay DN3 and DN1; the peaks of 5 and 2 MW need DN5 and DN2."""
    done = size(lambda problem: a_plan(problem, {"near": 1.5, "far": 1.0}))
    assert done.ending == "stable"
    assert [each.changes for each in done.rounds] == [2, 2, 0][: len(done.rounds)]
    assert {pipe.edge: pipe.size for pipe in done.plan.pipes} == {"e1": "DN5", "e2": "DN2"}
    assert done.peaks_mw == pytest.approx({"e1": 5.0, "e2": 2.0})
    assert done.rounds[0].too_small == 2
    assert done.too_small == 0
    assert done.chosen == len(done.rounds)
    assert "the sizes stood still" in done.in_words
    assert done.kpis()["peak_sizing_ending"] == "stable"
    assert done.doubts == ()


def test_the_problem_is_that_of_the_plan() -> None:
    """A ratio of 5 MW of peak over 2.5 MW halves what e1 can carry beside the peak."""
    done = size(lambda problem: a_plan(problem, {"near": 1.5, "far": 1.0}))
    first, second, linear = done.problem.edges
    assert [each.capacity_mw for each in first.sizes] == [each.capacity_mw / 2 for each in SIZES]
    assert [each.cost_eur for each in first.sizes] == [each.cost_eur for each in SIZES]
    assert second.sizes[0].capacity_mw == pytest.approx(0.5)
    # An edge that no plan built takes the ratio of the whole plan, weighted by length.
    usual = (5.0 * 100 + 2.0 * 10) / (2.5 * 100 + 1.0 * 10)
    assert linear.capacity_mw == pytest.approx(8.0 / usual)
    assert linear.cost_per_mw_eur == pytest.approx(5.0 * usual)
    for pipe in done.plan.pipes:
        edge = next(each for each in done.problem.edges if each.id == pipe.edge)
        assert pipe.capacity_mw in {each.capacity_mw for each in edge.sizes}


def test_base_load_as_high_as_the_peak_is_stable_at_once() -> None:
    done = size(lambda problem: a_plan(problem, {"near": 3.0, "far": 2.0}))
    assert done.ending == "stable"
    assert len(done.rounds) == 1
    assert done.problem.edges == PROBLEM.edges


def test_the_empty_plan_is_stable() -> None:
    done = size(lambda problem: a_plan(problem, {"near": 0.0, "far": 0.0}))
    assert (done.ending, len(done.rounds), done.too_small) == ("stable", 1, 0)


def test_a_cycle_is_seen_and_damped() -> None:
    """A solver that swings between two plans, each with the higher ratio on another pipe."""
    swing = [{"near": 2.0, "far": 0.25}, {"near": 0.25, "far": 1.5}]
    calls: list[int] = []

    def solve(problem: Problem) -> Plan:
        calls.append(1)
        return a_plan(problem, swing[len(calls) % 2])

    done = size(solve, rounds=20)
    assert done.ending == "damped"
    assert 3 <= len(done.rounds) < 20
    assert [each.damped for each in done.rounds] == sorted(each.damped for each in done.rounds)
    assert done.rounds[-1].damped
    assert done.too_small == 0
    assert "came back in a cycle" in done.in_words
    # Each ratio is the larger of the two plans: 5 / 1.75 on e1, 2 / 0.25 on e2.
    assert done.ratios["e1"] == pytest.approx(5 / 1.75)
    assert done.ratios["e2"] == pytest.approx(8.0)


def test_damping_makes_a_wavering_solver_stand_still() -> None:
    """While pipes seem cheap, far is granted little, and a small base load makes them dear."""

    def solve(problem: Problem) -> Plan:
        dear = problem.edges[1].sizes[0].capacity_mw < 0.3
        return a_plan(problem, {"near": 1.5, "far": 1.0 if dear else 0.2})

    done = size(solve, rounds=20)
    assert done.ending == "damped"
    assert any(each.damped for each in done.rounds)
    assert done.too_small == 0


def test_the_rounds_are_limited() -> None:
    """Less base load in each round: the ratio of the last round is never enough."""
    base = iter([1.5, 0.5])

    def solve(problem: Problem) -> Plan:
        grown = next(base)
        return a_plan(problem, {"near": grown, "far": grown * 0.9})

    done = size(solve, rounds=2)
    assert done.ending == "limit"
    assert len(done.rounds) == 2
    assert done.too_small > 0
    assert "the rounds ran out" in done.in_words
    assert "too small for the peak" in done.in_words
    assert "did not come to rest" in str(done.doubts[0])


def test_service_lines_are_left_as_they_are() -> None:
    done = size(lambda problem: a_plan(problem, {"near": 1.5, "far": 1.0}), sized="e2")
    assert done.problem.edges[1] == PROBLEM.edges[1]
    assert {pipe.edge: pipe.size for pipe in done.plan.pipes} == {"e1": "DN5", "e2": "DN1"}
    assert done.too_small == 0


def test_when_rounds_run_out_a_plan_that_carries_its_peaks_is_taken() -> None:
    """The second of three rounds has no pipe too small; the third has."""
    base = iter([1.0, 1.5, 0.5])

    def solve(problem: Problem) -> Plan:
        grown = next(base)
        return a_plan(problem, {"near": grown, "far": grown})

    done = size(solve, rounds=3)
    assert done.ending == "limit"
    assert [each.too_small > 0 for each in done.rounds] == [True, False, True]
    assert (done.chosen, done.too_small) == (2, 0)
    assert "taken is round 2" in done.in_words
