"""A plan that stands, under other assumptions: what is built is kept, heat adapts."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from siting.optimise import solve
from siting.problem import Edge, Limits, Objective, PipeSize, Problem, Site, SiteOption, Zone
from siting.sweep.kept import Built, CannotRunError, built_of, run_built

CURVE = ((0.0, 0.0), (0.25, 0.6), (0.5, 0.9), (1.0, 1.0))
SIZES = (PipeSize("DN50", 0.5, 100_000.0, 0.01), PipeSize("DN100", 3.0, 200_000.0, 0.02))


def town(capacity_mw: float = 2.0, per_mw: float = 400_000.0, peak_mw: float = 2.0) -> Problem:
    pump = SiteOption(
        "heat pump, priced for 0-5 MW",
        capacity_mw,
        50_000.0,
        per_mw,
        cost_per_mw_parts={"heat_pump": per_mw},
    )
    return Problem(
        nodes=("s", "z"),
        edges=(Edge("e", "s", "z", sizes=SIZES, length_m=100.0),),
        sites=(Site("s0", "s", options=(pump,)),),
        zones=(Zone("z0", "z", 4_000.0, peak_mw, 300_000.0, load_curve=CURVE),),
        objective=Objective("max_heat"),
        limits=Limits(budget_eur=1_200_000.0),
    )


def assembled(problem: Problem) -> SimpleNamespace:
    return SimpleNamespace(
        problem=problem, site_ids={"s0": "DC"}, zone_ids={"z0": "Z"}, peak_sizing=None
    )


@pytest.fixture(scope="module")
def built() -> Built:
    plan = solve(town(), gap=1e-6, time_limit_s=300)
    found = built_of(assembled(town()), plan)
    assert found.sites[0].capacity_mw == pytest.approx((1_200_000 - 550_000) / 400_000, rel=1e-4)
    return found


def test_nothing_changes_where_no_assumption_does(built):
    kept = run_built(assembled(town()), built)
    again = solve(town(), gap=1e-6, time_limit_s=300)
    assert kept.broken == ()
    assert kept.plan.heat_mwh == pytest.approx(again.heat_mwh, rel=1e-6)
    assert kept.plan.capex_eur == pytest.approx(again.capex_eur, rel=1e-6)


def test_output_that_cannot_be_used_is_paid_for_all_the_same(built):
    kept = run_built(assembled(town(capacity_mw=0.82)), built)
    assert kept.plan.sites[0].capacity_mw == pytest.approx(0.82)
    base = 0.82 - 0.02
    assert kept.plan.heat_mwh == pytest.approx(
        4_000 * np.interp(base / 2, *zip(*CURVE, strict=True))
    )
    assert kept.plan.capex_eur == pytest.approx(run_built(assembled(town()), built).plan.capex_eur)
    parts = kept.plan.capex_by_component_eur
    assert sum(parts.values()) == pytest.approx(kept.plan.capex_eur)


def test_dearer_plants_break_the_budget_in_words(built):
    kept = run_built(assembled(town(per_mw=500_000.0)), built)
    assert "budget 1.200" in kept.broken[0]


def test_the_size_of_a_pipe_is_kept_and_limits_the_heat(built):
    small = replace(built, pipes=(replace(built.pipes[0], size="DN50"),))
    kept = run_built(assembled(town()), small)
    assert kept.plan.pipes[0].cost_eur == 100_000.0
    base = 0.5 - 0.01
    assert kept.plan.heat_mwh == pytest.approx(
        4_000 * np.interp(base / 2, *zip(*CURVE, strict=True))
    )


def test_what_does_not_exist_there_is_said(built):
    with pytest.raises(CannotRunError, match="cannot have the plant 'direct'"):
        run_built(
            assembled(town()), replace(built, sites=(replace(built.sites[0], plant="direct"),))
        )
    with pytest.raises(CannotRunError, match="not on the network"):
        run_built(assembled(town()), replace(built, zones=("Y",)))
    with pytest.raises(CannotRunError, match="cannot carry its own losses"):
        run_built(assembled(town(capacity_mw=0.01)), built)


def test_two_plans_share_a_key_if_they_build_the_same(built):
    assert Built.from_dict(built.as_dict()).key == built.key
    assert replace(built, zones=()).key != built.key


def test_the_empty_plan_runs_everywhere():
    kept = run_built(assembled(town()), Built((), (), ()))
    assert (kept.plan.heat_mwh, kept.plan.capex_eur) == (0.0, 0.0)
