"""The pipes of a plan are re-checked with their real flow (checks T1 and T2 in a plan)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from siting.hydraulics import pipe_checks, pipe_states
from siting.parameters import load_parameters
from siting.pipes import catalogue_for, heat_flow_mw
from siting.plan import Plan, PlannedPipe
from siting.solution import Proof, Status

SIZES = catalogue_for(80, 50, load_parameters(), pressure_gradient_pa_per_m=150)
PROOF = Proof(Status.OPTIMAL, "heat_per_euro", None, None, 0.0, 0.0, 0.0, "paper")
MW_40 = float(heat_flow_mw(40, 80, 50))


def plan_of(*pipes: tuple[str | None, float, float]) -> Plan:
    """Return a plan of pipes in a row: size, length [m] and heat flow [MW]."""
    return Plan(
        sites=(),
        pipes=tuple(
            PlannedPipe(f"e{k}", f"n{k}", f"n{k + 1}", size, length, flow, None, 0.0, 0.0)
            for k, (size, length, flow) in enumerate(pipes)
        ),
        zones=(), heat_mwh=0.0, loss_mwh=0.0, capex_eur=0.0, capex_by_component_eur={},
        heat_per_euro_kwh=0.0, proof=PROOF,
    )  # fmt: skip


def test_state_of_a_pipe() -> None:
    """T2: DN200 with 40 kg/s; T1: with U1 - U2 = 0.306 it cools by 0.262 K over 2 km."""
    states = pipe_states(plan_of(("DN200", 2_000, MW_40)), SIZES)
    assert states.flow_kg_per_s == pytest.approx([40.0])
    assert states.velocity_m_per_s == pytest.approx([1.17996], abs=5e-6)
    assert states.pressure_gradient_pa_per_m == pytest.approx([50.387], abs=5e-4)
    assert states.supply_drop_k == pytest.approx([0.2624 * 0.306294 / 0.306], rel=1e-3)


def test_summer_flow_cools_more() -> None:
    """T1: at a tenth of the flow 2.58 K."""
    states = pipe_states(plan_of(("DN200", 2_000, MW_40)), SIZES, flow_share=0.1)
    assert states.supply_drop_k == pytest.approx([2.5817 * 0.306294 / 0.306], rel=1e-3)
    assert states.velocity_m_per_s == pytest.approx([0.117996], abs=5e-7)


def test_still_water_takes_the_temperature_of_the_ground() -> None:
    states = pipe_states(plan_of(("DN200", 2_000, 0.0)), SIZES)
    assert states.velocity_m_per_s.tolist() == [0.0]
    assert states.supply_drop_k == pytest.approx([72.0])
    assert np.isfinite(states.pressure_gradient_pa_per_m).all()


def test_pipes_without_a_size_have_no_state() -> None:
    states = pipe_states(plan_of((None, 10, 1.0), ("DN200", 10, 1.0)), SIZES)
    assert math.isnan(states.velocity_m_per_s[0])
    assert states.velocity_m_per_s[1] > 0
    assert len(pipe_checks(plan_of((None, 10, 1.0), ("DN200", 10, 1.0)), SIZES)) == 1
    assert pipe_states(plan_of(), SIZES).velocity_m_per_s.size == 0


def test_every_size_passes_at_its_capacity_and_not_above() -> None:
    full = plan_of(
        *((label, 10.0, float(most)) for label, most in zip(
            SIZES.labels, SIZES.capacity_mw, strict=True))
    )  # fmt: skip
    checks = pipe_checks(full, SIZES)
    assert len(checks) == 22
    assert all(each.passes for each in checks)
    # At its capacity each pipe is at one of its two limits.
    for each in checks:
        at = (
            each.velocity_m_per_s / each.velocity_cap_m_per_s,
            each.pressure_gradient_pa_per_m / each.pressure_gradient_limit_pa_per_m,
        )
        assert max(at) == pytest.approx(1.0)
    above = replace(
        full, pipes=tuple(replace(each, flow_mw=each.flow_mw * 1.001) for each in full.pipes)
    )
    assert not any(each.passes for each in pipe_checks(above, SIZES))


def test_a_peak_may_stand_in_for_the_flow() -> None:
    plan = plan_of(("DN200", 10.0, 1.0))
    assert pipe_checks(plan, SIZES)[0].passes
    (check,) = pipe_checks(plan, SIZES, {"e0": 12.0})
    assert not check.passes
    assert check.pressure_gradient_pa_per_m > 150
