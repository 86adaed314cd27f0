"""Pump power, worst path and electricity of a plan agree with figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from siting.heat import load_curve
from siting.parameters import load_parameters
from siting.pipes import catalogue_for, heat_flow_mw
from siting.plan import Plan, PlannedPipe, PlannedSite, PlannedZone
from siting.problem import Problem, Site, Zone
from siting.pumping import Pumping, base_load_profile, plan_hydraulics, plan_pumping
from siting.solution import Proof, Status

SIZES = catalogue_for(80, 50, load_parameters(), pressure_gradient_pa_per_m=150)
PROOF = Proof(Status.OPTIMAL, "heat_per_euro", None, None, 0.0, 0.0, 0.0, "paper")
MW_40 = float(heat_flow_mw(40, 80, 50))
BARE = load_parameters({"fittings_share": 0.0, "substation_pressure_drop_bar": 0.0})
CURVE = load_curve(2_500, 0.08, 200)


def town(*pipes: tuple[str, str, str, float, float], heat_mwh: float = 0.0) -> tuple[Problem, Plan]:
    """Return a site at 'a' and a zone at 'z'; pipes are edge, from, to, length and heat flow."""
    nodes = tuple(dict.fromkeys([n for pipe in pipes for n in pipe[1:3]]))
    flow = pipes[0][4]
    problem = Problem(
        nodes=nodes,
        edges=(),
        sites=(Site("s", "a"),),
        zones=(Zone("k", "z", 2_500 * 4 * flow, peak_mw=4 * flow, load_curve=CURVE),),
    )
    plan = Plan(
        sites=(PlannedSite("s", "connection", flow, heat_mwh, 0.0, 0.0),),
        pipes=tuple(
            PlannedPipe(edge, u, v, "DN200", length, mw, None, 0.0, 0.0)
            for edge, u, v, length, mw in pipes
        ),
        zones=(PlannedZone("k", flow, heat_mwh, 2_500 * 4 * flow, 4 * flow, 0.0),),
        heat_mwh=heat_mwh, loss_mwh=0.0, capex_eur=0.0, capex_by_component_eur={},
        heat_per_euro_kwh=0.0, proof=PROOF,
    )  # fmt: skip
    return problem, plan


def test_pump_power_of_one_line() -> None:
    """T2: 2 km of DN200 at 40 kg/s: 2.0155 bar, 11.779 kW."""
    found = plan_pumping(*town(("e", "a", "z", 2_000, MW_40)), SIZES, BARE)
    assert found.worst_path_m == 2_000
    assert found.worst_path_pressure_drop_bar == pytest.approx(2.0155, abs=5e-5)
    assert found.pump_power_kw == pytest.approx(11.778, abs=2e-3)


def test_fittings_and_substation_add_up() -> None:
    """T2 with 10 % fittings, 12.956 kW, and 0.75 bar: 0.75e5 x 40 / (977.8 x 0.7) = 4.383 kW."""
    some = load_parameters({"fittings_share": 0.10, "substation_pressure_drop_bar": 0.75})
    found = plan_pumping(*town(("e", "a", "z", 2_000, MW_40)), SIZES, some)
    assert found.worst_path_pressure_drop_bar == pytest.approx(2.2170, abs=5e-5)
    assert found.pump_power_kw == pytest.approx(12.956 + 4.383, abs=2e-3)


def test_the_worst_path_has_the_largest_drop_not_the_largest_length() -> None:
    """A long branch with little flow drops less than a short one with much."""
    problem, plan = town(
        ("e0", "a", "b", 500, MW_40),
        ("e1", "b", "z", 1_000, 0.9 * MW_40),
        ("e2", "b", "c", 3_000, 0.1 * MW_40),
    )
    found = plan_pumping(problem, plan, SIZES, BARE)
    assert found.worst_path_m == 1_500
    # Water cools most where it is slow.
    assert found.worst_path_supply_drop_k > 3_000 * 0.306 * 72 / (4 * 4190) * 0.9


def test_order_of_pipes_does_not_matter() -> None:
    problem, plan = town(
        ("e0", "a", "b", 500, MW_40), ("e1", "b", "z", 1_000, MW_40), ("e2", "b", "c", 300, 0.1)
    )
    turned = replace(plan, pipes=plan.pipes[::-1])
    assert plan_pumping(problem, plan, SIZES, BARE) == plan_pumping(problem, turned, SIZES, BARE)


def test_base_load_profile_has_the_heat_of_the_load_curve() -> None:
    """The mean of the sorted load is the heat that the load curve gives, within its steps."""
    problem, plan = town(("e", "a", "z", 100, MW_40))
    (zone,) = problem.zones
    profile = base_load_profile(problem, plan, steps=20_000)
    heat = zone.heat_mwh * np.interp(0.25, *np.array(CURVE).T)
    assert profile.mean() * MW_40 * 8760 == pytest.approx(heat, rel=2e-3)
    assert (np.diff(profile) <= 0).all()
    assert profile[0] == 1.0
    assert profile[-1] == pytest.approx(0.08 * 4, rel=0.03)  # least load over base load


def test_electricity_of_the_year() -> None:
    """Friction with the cube of the flow, substations in proportion to it."""
    problem, plan = town(("e", "a", "z", 2_000, MW_40), heat_mwh=30_000)
    profile = base_load_profile(problem, plan)
    bare = plan_pumping(problem, plan, SIZES, BARE)
    assert bare.pumping_electricity_mwh == pytest.approx(
        11.7785 * float((profile**3).mean()) * 8.76, rel=1e-4
    )
    full = plan_pumping(problem, plan, SIZES, load_parameters())
    assert full.pumping_electricity_mwh > bare.pumping_electricity_mwh
    assert full.pumping_share == pytest.approx(full.pumping_electricity_mwh / 30_000)
    assert 0.0005 < full.pumping_share < 0.01


def test_a_zone_without_load_curve_runs_at_its_mean() -> None:
    problem, plan = town(("e", "a", "z", 100, MW_40))
    flat = replace(problem, zones=(replace(problem.zones[0], load_curve=()),))
    profile = base_load_profile(flat, plan)
    assert profile == pytest.approx(np.full(365, min(1.0, 4 * 2_500 / 8760)))


def test_the_empty_plan_pumps_nothing() -> None:
    problem, plan = town(("e", "a", "z", 100, 1.0))
    empty = replace(plan, sites=(), pipes=(), zones=())
    assert plan_pumping(problem, empty, SIZES, BARE) == Pumping()
    columns = plan_hydraulics(problem, empty, SIZES, BARE).pipe_columns()
    assert all(len(each) == 0 for each in columns.values())


def test_where_pipes_carry_peaks_all_heat_is_pumped() -> None:
    """A peak of four times the base load: four times the flow at 4^1.9 of the pressure or so."""
    problem, plan = town(("e", "a", "z", 2_000, MW_40))
    base = plan_pumping(problem, plan, SIZES, BARE)
    peak = plan_pumping(problem, plan, SIZES, BARE, {"e": 4 * MW_40})
    assert 4 * 4**1.8 < peak.pump_power_kw / base.pump_power_kw < 4 * 4**2
    assert peak.summer_flow_share == pytest.approx(base.summer_flow_share / 4, rel=0.01)
    assert peak.pumping_electricity_mwh > base.pumping_electricity_mwh


def test_columns_of_the_pipes_take_the_peak_where_pipes_carry_it() -> None:
    problem, plan = town(("e", "a", "z", 2_000, MW_40))
    base = plan_hydraulics(problem, plan, SIZES, BARE).pipe_columns()
    peak = plan_hydraulics(problem, plan, SIZES, BARE, {"e": 4 * MW_40}).pipe_columns()
    assert peak["velocity_m_per_s"] == pytest.approx(4 * base["velocity_m_per_s"])
    assert peak["supply_drop_k"] < base["supply_drop_k"] < base["supply_drop_summer_k"]
    # In summer the same water flows.
    assert peak["supply_drop_summer_k"] == pytest.approx(base["supply_drop_summer_k"], rel=0.01)
