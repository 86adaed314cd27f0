"""Cases over years: faults of the input, weights, and evaluations that catch a wrong plan."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely

from siting.config import config_from_dict
from siting.errors import InfeasibleError, InputError
from siting.future import (
    Departures,
    Period,
    Phases,
    Replacement,
    Scenario,
    solve_departures,
    solve_phases,
)
from siting.future.evaluate import account, faults_of
from siting.future.phase_plan import account_phases, phase_faults
from siting.future.seeds import alone, departure_bound, is_dominated, phase_bound
from siting.optimise import solve
from siting.parameters import load_parameters
from siting.study.outlook import connection_ramp
from siting.study.phasing import read_works
from tests.crosscheck.t10 import t10_problem

QUICK = {"gap": 1e-4, "time_limit_s": 30, "threads": 1}
LAYERS = {name: {"path": f"{name}.gpkg"} for name in ("sites", "zones", "streets")}


def test_faults_of_a_case_are_told_together() -> None:
    case = Departures(
        t10_problem(),
        (Scenario("a", 0.8, 10, {"S9": 0.0}), Scenario("b", 0.7, 99, {"S1": -1.0})),
        (Replacement("boiler", "nowhere", cost_per_mwh_eur=-1.0),),
        hazards={"S1": 2.0},
        discount_rate=5.0,
        counts=1.5,
    )
    with pytest.raises(InputError) as caught:
        solve_departures(case)
    told = " ".join(map(str, caught.value.faults))
    expected = (
        *("'S9'", "output below 0", "add up to 1.5", "99", "nowhere", "hazard 2", "rate is 5"),
        *("cost or capacity below 0", "counts is 1.5"),
    )
    for words in expected:
        assert words in told, words


def test_faults_of_periods_are_told_together() -> None:
    periods = (Period("a", 0, edge_cost_factor={"e1": -1.0}),)
    case = Phases(t10_problem(), periods, site_from_year={"S9": 1}, ramp=(0.5, 0.2))
    with pytest.raises(InputError) as caught:
        solve_phases(case)
    told = " ".join(map(str, caught.value.faults))
    for words in ("less than a year", "'S9'", "rising shares", "factor below 0"):
        assert words in told, words


def test_limits_that_no_plan_meets_in_the_worst_scenario() -> None:
    problem = t10_problem().with_limits(min_heat_mwh=40_000)
    case = Departures(problem, (Scenario("a", 0.1, 0, {"S2": 0.0}, 1.0, True),))
    with pytest.raises(InfeasibleError, match="every scenario"):
        solve_departures(case, **QUICK)


def prepared():
    problem = t10_problem().with_limits(min_heat_mwh=40_000)
    case = Departures(
        problem,
        (Scenario("leaves", 0.5, 10, {"S2": 0.0}),),
        (Replacement("boiler", "S2", None, 1e5, 5.0),),
        least_supply=0.9,
    )
    return case, solve_departures(case, **QUICK)


def test_a_plan_that_was_tampered_with_is_caught() -> None:
    case, plan = prepared()
    assert faults_of(case, plan) == []
    state = plan.states[0]
    more_flow = {edge: mw * 1.2 for edge, mw in state.flow_mw.items()}
    wrong = (
        replace(state, output_mw={"S2": 5.0}),
        replace(state, used_mw={r: mw + 1 for r, mw in state.used_mw.items()}),
        replace(state, flow_mw=more_flow),
        replace(state, shut=frozenset(state.flow_mw)),
        replace(state, zones={z: replace(got, heat_mwh=0.0) for z, got in state.zones.items()}),
    )
    for each in wrong:
        assert faults_of(case, replace(plan, states=(each,))) != []


def test_money_of_a_departure_by_hand() -> None:
    """45 GWh for 10 years in full; then all of it is bought: 9 MW and 45 GWh a year at 5 EUR."""
    case, plan = prepared()
    got = account(case, plan)
    bought = plan.states[0]
    assert bought.energy_mwh["boiler"] == pytest.approx(bought.heat_mwh, rel=1e-6)
    later = sum(1.05**-t for t in range(11, 31))
    plants = 0.5 * 1.05**-10 * 1e5 * sum(bought.bought_mw.values())
    running = 0.5 * later * 5.0 * bought.heat_mwh
    assert got.parts_eur["replacement plants"] == pytest.approx(plants, rel=1e-6)
    assert got.parts_eur["replacement heat"] == pytest.approx(running, rel=1e-6)
    assert got.euro == pytest.approx(plan.plan.capex_eur + plants + running, rel=1e-6)


def test_pipes_are_laid_large_at_once_or_again() -> None:
    """A second zone comes in year 10. With a low rate the large pipe is laid at once, with a high
    one a small pipe first and the large one later; both are what arithmetic says.
    """
    from siting.problem import Edge, PipeSize, Problem, Site, Zone

    sizes = (PipeSize("small", 1.0, 1.0e6), PipeSize("large", 5.0, 1.5e6))
    problem = Problem(
        nodes=("s", "z"),
        edges=(Edge("e", "s", "z", sizes=sizes),),
        sites=(Site("s", "s", cost_eur=1e6, capacity_mw=10.0),),
        zones=(
            Zone("a", "z", heat_mwh=4_000, peak_mw=1.0, mandatory=True),
            Zone("b", "z", heat_mwh=4_000, peak_mw=1.0, mandatory=True),
        ),
    )
    case = Phases(
        problem,
        (Period("early", 10, min_heat_mwh=4_000.0), Period("late", 20)),
        zone_from_year={"b": 10},
    )
    laid = {}
    for rate in (0.03, 0.15):
        plan = solve_phases(replace(case, discount_rate=rate), **QUICK)
        assert phase_faults(replace(case, discount_rate=rate), plan) == []
        laid[rate] = [[pipe.size for pipe in step.laid] for step in plan.steps]
    assert laid == {0.03: [["large"], []], 0.15: [["small"], ["large"]]}


def test_a_step_that_was_tampered_with_is_caught() -> None:
    case = Phases(t10_problem(), (Period("a", 10), Period("b", 20)), zone_from_year={"Z2": 10})
    plan = solve_phases(case, **QUICK)
    assert phase_faults(case, plan) == []
    assert account_phases(case, plan.steps) == pytest.approx((plan.heat_mwh, plan.euro))
    first, last = plan.steps
    wrong = (
        replace(first, laid=()),
        replace(first, capex_eur=first.capex_eur / 2),
        replace(first, heat_mwh=first.heat_mwh * 2),
        replace(first, plant_mw={site: mw / 2 for site, mw in first.plant_mw.items()}),
        replace(first, zones=(*first.zones, "Z2")),
    )
    for each in wrong:
        assert phase_faults(case, replace(plan, steps=(each, last))) != []


def test_bounds_from_base_problems() -> None:
    case = Departures(t10_problem(), (Scenario("a", 0.5, 10, {"S2": 0.0}),), discount_rate=0.0)
    assert departure_bound(case, 2.0) == pytest.approx(60.0)
    grows = replace(case, scenarios=(Scenario("a", 0.5, 10, {"S2": 1.2}),))
    assert departure_bound(grows, 2.0) is None
    phases = Phases(t10_problem(), (Period("a", 10), Period("b", 20)), discount_rate=0.0)
    assert phase_bound(phases, [1.0, 2.0]) == pytest.approx(50.0)
    assert phase_bound(phases, [1.0, float("inf")]) is None


def test_a_later_period_bounds_an_earlier_one_where_nothing_more_is_asked() -> None:
    periods = (Period("a", 5, {"S1-J": 0.6}, min_heat_mwh=9_000.0), Period("b", 20))
    case = Phases(
        t10_problem(), periods, site_from_year={"S2": 5}, ramp=(0.4, 0.8, 1.0), discount_rate=0.05
    )
    problems = [alone(case, t) for t in range(2)]
    early, late = (solve(each, gap=0, threads=1).heat_per_euro_kwh for each in problems)
    assert is_dominated(problems, 0, 1)
    assert early < late
    for limits in ({"min_heat_mwh": 9_001.0}, {"min_zones": 2}, {"min_sites": 2}):
        stricter = [problems[0], problems[1].with_limits(**limits)]
        assert not is_dominated(stricter, 0, 1), limits
    forced = replace(
        problems[1], zones=tuple(replace(z, mandatory=True) for z in problems[1].zones)
    )
    assert not is_dominated([problems[0], forced], 0, 1)


def test_the_study_file_refuses_lists_that_do_not_fit() -> None:
    with pytest.raises(InputError, match="2 figures for 3 periods"):
        config_from_dict({"layers": LAYERS, "phases": {"budgets_eur": [1, 2]}})
    config = config_from_dict({"layers": LAYERS, "phases": {"works": "w.gpkg"}}, "a/study.toml")
    assert config.phases.works is not None
    assert config.phases.works.is_absolute()


def test_the_ramp_of_the_parameter_table() -> None:
    ramp = connection_ramp(load_parameters())
    assert (len(ramp), ramp[0], ramp[-1]) == (7, 0.35, 1.0)
    assert connection_ramp(load_parameters({"connection_ramp_a": 0.0})) == (1.0,)


def test_road_works_lie_along_streets(tmp_path) -> None:
    lines = [shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 0), (0, 100)])]
    edges = gpd.GeoDataFrame(
        {"kind": ["street", "street"]}, geometry=lines, index=["e0", "e1"], crs=3067
    )
    network = type("Network", (), {"edges": edges})()
    path = tmp_path / "works.gpkg"
    works = shapely.LineString([(0, 2), (90, 2)])
    gpd.GeoDataFrame({"year": [2030]}, geometry=[works], crs=3067).to_file(path)
    assert read_works(path, network, 0.6).factor == {"e0": {2030: 0.6}}
    gpd.GeoDataFrame({"year": [30]}, geometry=[works], crs=3067).to_file(path)
    with pytest.raises(InputError, match="four digits"):
        read_works(path, network, 0.6)
    gpd.GeoDataFrame({"when": [2030]}, geometry=[works], crs=3067).to_file(path)
    with pytest.raises(InputError, match="neither a column"):
        read_works(path, network, 0.6)
    with pytest.raises(InputError, match="cannot read"):
        read_works(tmp_path / "none.gpkg", network, 0.6)
