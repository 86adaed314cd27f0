"""The simulated state is set against the plan, in sentences that say what to change."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

import siting.simulate.check as check
from siting.errors import InputError
from siting.outputs.labels import ENGLISH, translated
from siting.plan import Plan, PlannedPipe, PlannedSite, PlannedZone
from siting.problem import Edge, PipeSize, Problem, Site, Zone
from siting.simulate.check import Case, simulate_case
from siting.simulate.compare import Limits, pipe_findings, smallest_size, source_findings
from siting.simulate.engine import NotConvergedError, PipeState, State
from siting.simulate.network import HeatNet, Size, Water
from siting.simulate.results import DayResult, Finding, PipeResult, Simulation, SourceResult
from siting.solution import Proof, Status

SIZES = {
    "DN50": Size("DN50", 0.0545, 0.181, 1.2),
    "DN65": Size("DN65", 0.0703, 0.203, 1.2),
    "DN80": Size("DN80", 0.0825, 0.213, 1.8),
}
LIMITS = Limits(gradient_pa_per_m=150.0, supply_drop_k=5.0)
WATER = Water(70.0, 40.0)


def result(size: str, flow: float, velocity: float, gradient: float) -> PipeResult:
    return PipeResult("e12", size, flow, flow, velocity, 1.2, gradient, 1.0, 1.0)


def offered(*labels: str) -> dict[str, Edge]:
    steps = (PipeSize(each, 1.0 + at, 1_000.0 * (at + 1)) for at, each in enumerate(labels))
    return {"e12": Edge("e12", "a", "b", sizes=tuple(steps))}


def test_water_that_runs_too_fast_wants_a_larger_pipe() -> None:
    """3.2 kg/s fit DN 65 at 150 Pa/m (capacity table: 0.495 MW at 30 K are 3.94 kg/s)."""
    pipes, findings = pipe_findings(
        "design", [result("DN50", 3.2, 2.1, 380.0)], {}, SIZES, LIMITS, 0.05
    )
    assert findings[0].text == (
        "Pipe e12 DN50 runs at 2.1 m/s, the cap is 1.2 m/s: enlarge to DN65."
    )
    assert pipes[0].advice == "DN65"
    assert findings[0].violation


def test_friction_alone_is_enough_to_enlarge() -> None:
    _, findings = pipe_findings(
        "design", [result("DN50", 2.4, 1.0, 210.0)], {}, SIZES, LIMITS, 0.05
    )
    assert "loses 210 Pa/m, the plan was sized for 150: enlarge to DN65" in findings[0].text


def test_no_size_may_be_large_enough() -> None:
    pipes, findings = pipe_findings(
        "design", [result("DN80", 90.0, 17.0, 9_000.0)], {}, SIZES, LIMITS, 0.05
    )
    assert "no size is large enough" in findings[0].text
    assert pipes[0].advice == ""


def test_a_pipe_with_room_to_spare_may_be_smaller_where_the_plan_had_the_choice() -> None:
    slow = [result("DN80", 1.0, 0.19, 10.0)]
    pipes, findings = pipe_findings("design", slow, offered("DN50", "DN80"), SIZES, LIMITS, 0.05)
    assert "reduced to DN50, which saves 1,000 EUR" in findings[0].text
    assert not findings[0].violation
    assert pipes[0].advice == "DN50"
    assert pipe_findings("design", slow, offered("DN80"), SIZES, LIMITS, 0.05)[1] == []


def test_a_little_more_than_the_limit_is_no_finding() -> None:
    near = [result("DN50", 1.97, 1.22, 155.0)]
    assert pipe_findings("design", near, {}, SIZES, LIMITS, 0.05)[1] == []


def test_sizes_rise_with_flow() -> None:
    labels = [smallest_size(flow, SIZES.values(), 150.0, 0.05) for flow in (1.0, 3.0, 5.0, 50.0)]
    assert [each.label if each else None for each in labels] == ["DN50", "DN65", "DN80", None]


def test_unknown_figures_become_null() -> None:
    day = DayResult("design", "nothing", converged=False, full=True)
    raw = Simulation((day,), (Finding("design", "no_path", "z", "No path."),)).as_dict()
    assert raw["days"][0]["figures"]["lowest_supply_temperature_c"] is None
    assert raw["within_limits"] is False


# A whole case, with the engine replaced -----------------------------------------------------------


def case(**zones: str) -> Case:
    """Return one pipe from a site at ``a`` to ``b``, with zones at given nodes."""
    problem = Problem(
        nodes=("a", "b", "x"),
        edges=(Edge("e12", "a", "b", length_m=100.0),),
        sites=(Site("s", "a"),),
        zones=tuple(Zone(key, node, 1_000.0, 0.4) for key, node in zones.items()),
    )
    plan = Plan(
        sites=(PlannedSite("s", "direct", 0.3, 0.0, 0.0, 0.0),),
        pipes=(PlannedPipe("e12", "a", "b", "DN80", 100.0, 0.3, 1.0, 0.001, 0.0),),
        zones=tuple(PlannedZone(key, 0.29, 900.0, 1_000.0, 0.4, 0.0) for key in zones),
        heat_mwh=0.0,
        loss_mwh=0.0,
        capex_eur=0.0,
        capex_by_component_eur={},
        heat_per_euro_kwh=0.0,
        proof=Proof(Status.FEASIBLE, "capex", 0.0, None, math.inf, 0.01, 0.0, "none"),
    )
    ids = {"s": "DC-1", **{key: f"Z-{key}" for key in zones}}
    return Case(problem, plan, SIZES, WATER, LIMITS, site_ids=ids, zone_ids=ids)


def cold_state(net: HeatNet) -> State:
    """Return a state with 58 °C at the consumer, a pump of 2 bar and 0.5 MW at the source."""
    return State(
        pipes={"e12": PipeState("e12", 2.5, 0.47, 40.0, 2_000.0)},
        supply_c={"a": 70.0, "b": 58.0},
        return_c={"a": 39.0, "b": 40.0},
        drop_bar={"a": 0.0, "b": 1.5},
        lift_bar=2.0,
        consumer_flow_kg_per_s={each.id: 2.5 for each in net.consumers},
        source_flow_kg_per_s={"s": 2.5},
        source_heat_w={"s": 5e5},
    )


def test_cold_zones_weak_sources_and_hard_pumps_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pump may lift 2 x 150 Pa/m x 100 m = 0.3 bar and must lift 2 bar."""
    monkeypatch.setattr(check, "simulate_net", cold_state)
    found = simulate_case(case(z1="b"), "design")
    kinds = {each.kind: each for each in found.findings}
    assert set(kinds) == {"cold", "capacity", "pressure"}
    assert "Zone 'Z-z1' gets water of 58.0 °C" in kinds["cold"].text
    assert "12.0 K below the 70 °C" in kinds["cold"].text
    assert "'DC-1' would have to give 0.50 MW on the design day; it has 0.30 MW" in (
        kinds["capacity"].text
    )
    assert "must lift 2.0 bar on the design day; the pressure drop of the plan allows for 0.3" in (
        kinds["pressure"].text
    )
    assert not found.within_limits
    consumer, source = found.days[0].consumers[0], found.days[0].sources[0]
    assert consumer.pressure_difference_bar == pytest.approx(0.5)
    assert consumer.assumed_pressure_lost_bar == pytest.approx(0.3)
    assert consumer.velocity_m_per_s == 0.47
    assert consumer.pump_power_kw == pytest.approx(source.pump_power_kw)
    assert source.pump_power_kw == pytest.approx(2e5 * 2.5 / (977.8 * 0.7) / 1e3)


def test_a_zone_without_a_path_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "simulate_net", cold_state)
    found = simulate_case(case(z1="b", z2="x"), "design")
    assert [each.text for each in found.findings if each.kind == "no_path"] == [
        "No path: no pipe leads from any source to zone 'Z-z2'."
    ]
    assert not found.days[0].converged


def test_a_part_that_does_not_converge_is_told_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(net: HeatNet) -> State:
        raise NotConvergedError("no")

    monkeypatch.setattr(check, "simulate_net", fail)
    found = simulate_case(case(z1="b"))
    assert [each.day for each in found.findings] == ["design", "summer"]
    assert "network of source 'DC-1' does not converge on the design day" in found.findings[0].text
    assert not any(day.converged for day in found.days)


def test_a_network_that_nobody_draws_from_stands_still() -> None:
    """With a lowest load of nothing there is no flow in summer, and nothing to solve."""
    found = simulate_case(replace(case(z1="b"), least_load_ratio=0.0), "summer")
    assert [each.text for each in found.findings] == [
        "Nobody draws heat from source 'DC-1' on the summer day; water stands."
    ]
    assert found.within_limits
    assert found.days[0].stagnant == ("e12",)


def test_an_empty_plan_is_no_plan_to_simulate() -> None:
    nothing = case(z1="b")
    nothing = replace(nothing, plan=replace(nothing.plan, sites=(), pipes=(), zones=()))
    with pytest.raises(InputError, match="builds nothing"):
        simulate_case(nothing)


def test_a_plan_without_sizes_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = case(z1="b")
    pipe = replace(bare.plan.pipes[0], size=None)
    bare = replace(bare, plan=replace(bare.plan, pipes=(pipe,)))
    with pytest.raises(InputError, match="no catalogue describes: none"):
        simulate_case(bare)


def test_a_source_that_would_take_heat_in_is_told() -> None:
    backwards = SourceResult("DC-1", True, -0.1, 0.3, -0.8, 40.0, 0.5, 0.0)
    found = source_findings("summer", [backwards], {"DC-1": 0.3}, 1.0)
    assert [each.text for each in found] == [
        "Source 'DC-1' would take heat in: the others give more than is drawn."
    ]


def test_findings_are_phrases_of_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the report tells them in its language."""
    other = translated("xx", {key: f"⟦{ENGLISH.raw(key)}⟧" for key in ENGLISH})
    monkeypatch.setattr(check, "simulate_net", cold_state)
    laid = [("DN50", 3.2, 2.1, 380.0), ("DN50", 2.4, 1.0, 210.0), ("DN80", 90.0, 17.0, 9_000.0)]
    pipes = [result(*each) for each in laid]
    slow = [result("DN80", 1.0, 0.19, 10.0)]
    days = simulate_case(case(z1="b"), "design")
    backwards = SourceResult("DC-1", True, -0.1, 0.3, -0.8, 40.0, 0.5, 0.0)
    still = simulate_case(replace(case(z1="b"), least_load_ratio=0.0), "summer")
    texts = [
        *(each.text for each in pipe_findings("design", pipes, {}, SIZES, LIMITS, 0.05)[1]),
        *(
            each.text
            for each in pipe_findings("design", slow, offered("DN50", "DN80"), SIZES, LIMITS, 0.05)[
                1
            ]
        ),
        *(each.text for each in source_findings("summer", [backwards], {"DC-1": 0.3}, 1.0)),
        *(each.text for found in (days, still) for each in found.findings),
        *(text for day in (*days.days, *still.days) for text in (day.day, day.words)),
    ]
    assert len(texts) == 13
    assert [text for text in texts if not re.fullmatch("⟦.*⟧", other.said(text))] == []
    assert [text for text in texts if ENGLISH.said(text) != text] == []
    assert "⟦enlarge to DN65⟧" in other.said(texts[0])
