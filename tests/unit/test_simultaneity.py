"""Peaks of many consumers add up to less than their sum, once (check T11)."""

from __future__ import annotations

import math

import pytest

from siting.plan import Plan, PlannedPipe, PlannedSite, PlannedZone
from siting.problem import Edge, PipeSize, Problem, Site, Zone
from siting.simultaneity import (
    Consumers,
    pipe_peaks_mw,
    simultaneity_factor,
    simultaneity_thermos,
    simultaneity_winter_2001,
)
from siting.solution import Proof, Status

PROOF = Proof(Status.OPTIMAL, "heat_per_euro", None, None, 0.0, 0.0, 0.0, "paper")
SIZES = tuple(PipeSize(f"DN{k}", float(k), 10.0 * k) for k in range(1, 13))
ALL = simultaneity_factor("none", 0.6)
WINTER = simultaneity_factor("winter", 0.0)


def test_winter() -> None:
    """T11 to the digits, and the values of section 1.9."""
    printed = {2: 0.9993, 5: 0.9927, 10: 0.9740, 20: 0.9190, 50: 0.7433, 100: 0.5882, 200: 0.4993}
    for count, factor in printed.items():
        assert simultaneity_winter_2001(count) == pytest.approx(factor, abs=5e-5)
    assert simultaneity_winter_2001(1) == 1.0  # 1.0009 without the clamp


def test_winter_is_held_outside_its_range() -> None:
    assert simultaneity_winter_2001(5_000) == simultaneity_winter_2001(200)
    assert simultaneity_winter_2001(0) == 1.0
    assert simultaneity_winter_2001(5_000, floor=0.6) == 0.6


def test_thermos() -> None:
    """T11: two buildings of 30 kW need 48.6 kW."""
    assert simultaneity_thermos(2) == pytest.approx(0.81)
    assert simultaneity_thermos(2) * 60 == pytest.approx(48.6)
    for count, factor in {1: 1.0, 5: 0.696, 20: 0.639, 50: 0.628, 100: 0.624, 200: 0.622}.items():
        assert simultaneity_thermos(count) == pytest.approx(factor, abs=5e-4)


@pytest.mark.parametrize("rule", ["none", "winter", "thermos"])
def test_rules_never_rise(rule: str) -> None:
    factor = simultaneity_factor(rule, 0.6)
    values = [factor(n) for n in range(1, 400)]
    assert values == sorted(values, reverse=True)
    assert values[0] == 1.0
    assert values[-1] >= 0.6


# s --e1--> b --e2--> c; zones at b and c.
def line(*peaks: float, base: float = 0.5, loss_mw: float = 0.0) -> tuple[Problem, Plan]:
    zones = tuple(
        Zone(f"z{k}", node, 100.0, peak_mw=peak)
        for k, (node, peak) in enumerate(zip("bc", peaks, strict=True))
    )
    problem = Problem(
        nodes=("s", "b", "c"),
        edges=(Edge("e1", "s", "b", sizes=SIZES), Edge("e2", "b", "c", sizes=SIZES)),
        sites=(Site("site", "s"),),
        zones=zones,
    )
    granted = [base * peak for peak in peaks]
    far = granted[1] + loss_mw
    near = far + granted[0] + loss_mw
    plan = Plan(
        sites=(PlannedSite("site", "connection", near, 0.0, 0.0, 0.0),),
        pipes=(
            PlannedPipe("e1", "s", "b", "DN12", 100.0, near, 12.0, loss_mw, 120.0),
            PlannedPipe("e2", "b", "c", "DN12", 100.0, far, 12.0, loss_mw, 120.0),
        ),
        zones=tuple(
            PlannedZone(z.id, each, 0.0, 100.0, z.peak_mw, 0.0)
            for z, each in zip(zones, granted, strict=True)
        ),
        heat_mwh=0.0, loss_mwh=0.0, capex_eur=240.0, capex_by_component_eur={},
        heat_per_euro_kwh=0.0, proof=PROOF,
    )  # fmt: skip
    return problem, plan


def test_without_simultaneity_peaks_and_losses_add_up() -> None:
    peaks = pipe_peaks_mw(*line(2.0, 4.0, loss_mw=0.1), {}, ALL)
    assert peaks == pytest.approx({"e1": 6.2, "e2": 4.1})


def test_coincident_peak_by_hand() -> None:
    """100 consumers of 1 MW and 100 of 3 MW: (1 + 3) / f(100) alone, times f(200) together."""
    many = {"z0": Consumers(100), "z1": Consumers(100)}
    peaks = pipe_peaks_mw(*line(1.0, 3.0, base=0.2), many, WINTER)
    assert peaks["e2"] == pytest.approx(3.0)  # the zone's own peak holds its own simultaneity
    assert peaks["e1"] == pytest.approx(4.0 * 0.499272 / 0.588189, rel=1e-4)


def test_peaks_from_full_load_hours_are_not_lessened_again() -> None:
    many = {"z0": Consumers(100, settled=True), "z1": Consumers(100, settled=True)}
    peaks = pipe_peaks_mw(*line(1.0, 3.0), many, WINTER)
    assert peaks == pytest.approx({"e1": 4.0, "e2": 3.0})


def test_a_group_never_peaks_below_its_largest_zone() -> None:
    """One mill of 5 MW among 150 houses of 0.01 MW in all: f(151) would give 2.6 MW."""
    few = {"z0": Consumers(150), "z1": Consumers(1)}
    peaks = pipe_peaks_mw(*line(0.01, 5.0, base=0.3), few, WINTER)
    assert peaks["e1"] == pytest.approx(5.0)


def test_a_pipe_carries_its_base_load_at_least() -> None:
    many = {"z0": Consumers(100), "z1": Consumers(100)}
    problem, plan = line(2.0, 2.0, base=0.95)
    peaks = pipe_peaks_mw(problem, plan, many, WINTER)
    assert peaks["e1"] == pytest.approx(max(4.0 * 0.499272 / 0.588189, 3.8), rel=1e-4)


def test_two_feeders_share_a_peak_as_they_share_the_base_load() -> None:
    """One zone of 4 MW at b takes 2 MW of base load, 1.5 from s and 0.5 from t."""
    problem = Problem(
        nodes=("s", "t", "b"),
        edges=(Edge("e1", "s", "b", sizes=SIZES), Edge("e2", "t", "b", sizes=SIZES)),
        sites=(Site("a", "s"), Site("c", "t")),
        zones=(Zone("z", "b", 100.0, peak_mw=4.0),),
    )
    plan = Plan(
        sites=(
            PlannedSite("a", "connection", 1.5, 0.0, 0.0, 0.0),
            PlannedSite("c", "connection", 0.5, 0.0, 0.0, 0.0),
        ),
        pipes=(
            PlannedPipe("e1", "s", "b", "DN2", 1.0, 1.5, 2.0, 0.0, 0.0),
            PlannedPipe("e2", "t", "b", "DN1", 1.0, 0.5, 1.0, 0.0, 0.0),
        ),
        zones=(PlannedZone("z", 2.0, 0.0, 100.0, 4.0, 0.0),),
        heat_mwh=0.0, loss_mwh=0.0, capex_eur=0.0, capex_by_component_eur={},
        heat_per_euro_kwh=0.0, proof=PROOF,
    )  # fmt: skip
    peaks = pipe_peaks_mw(problem, plan, {}, ALL)
    assert peaks == pytest.approx({"e1": 3.0, "e2": 1.0})
    assert math.fsum(peaks.values()) == pytest.approx(4.0)
