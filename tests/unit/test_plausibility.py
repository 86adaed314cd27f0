"""What cannot be, or is far from any real project, is said in a sentence."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sample_business import sample

from siting.outputs.labels import ENGLISH, translated
from siting.plausibility import pipe_speeds, plausibility

OTHER = translated("xx", {key: f"⟦{ENGLISH.raw(key)}⟧" for key in ENGLISH})


def said(plan=None, **options):
    found = sample()
    findings = plausibility(found.assembly.problem, plan or found.plan, **options)
    for each in findings:
        assert str(each).endswith("."), each
        assert each.unit
        # one phrase of the catalogue, so that the report tells it in its language
        assert re.fullmatch("⟦.*⟧", OTHER.said(str(each))), each
        assert ENGLISH.said(str(each)) == str(each)
    return {each.name: each for each in findings}


def test_a_sound_plan_has_nothing_to_be_said():
    assert said() == {}


def test_the_empty_plan_has_nothing_to_be_said():
    plan = replace(sample().plan, sites=(), pipes=(), zones=(), heat_per_euro_kwh=0.0)
    assert said(plan) == {}


@pytest.mark.parametrize(("value", "limit"), [(0.19, 0.2), (10.5, 10.0)])
def test_heat_per_euro_outside_real_projects(value, limit):
    found = said(replace(sample().plan, heat_per_euro_kwh=value))["heat_per_euro_kwh"]
    assert (found.value, found.limit) == (value, limit)
    assert "S20" in found.message
    assert re.search("⟦(below|above)⟧", OTHER.said(found.message))


@pytest.mark.parametrize("value", [0.21, 9.9, float("inf")])
def test_heat_per_euro_of_real_projects(value):
    assert said(replace(sample().plan, heat_per_euro_kwh=value)) == {}


def test_more_hours_than_a_year_has():
    """95 GWh a year from 10 MW, as one press figure has it, would take 9,500 hours."""
    plan = sample().plan
    site = replace(plan.sites[0], heat_mwh=95_000.0, capacity_mw=10.0)
    found = said(replace(plan, sites=(site,)))["hours_per_a"]
    assert found.value == 9_500
    assert "9,500 hours; a year has 8,760" in found.message
    assert found.ids == ("s1",)
    assert said(replace(plan, sites=(replace(site, heat_mwh=87_600.0),))) == {}


@pytest.mark.parametrize(("length", "limit"), [(8_000.0, 1.0), (5_500.0, 1.5), (4_900.0, None)])
def test_heat_is_spread_thin(length, limit):
    plan = sample().plan
    pipes = (replace(plan.pipes[0], length_m=length - 600), *plan.pipes[1:])
    found = said(replace(plan, pipes=pipes)).get("linear_heat_density_mwh_per_m")
    assert (found.limit if found else None) == limit


def test_water_too_fast():
    found = said(speeds=[("e1", 2.0, 1.8), ("e2", 2.4, 1.8), ("e3", 1.8, 1.8)])
    assert found["velocity_m_per_s"].value == 2.4
    assert found["velocity_m_per_s"].ids == ("e2", "e1")
    assert "2 pipes are too fast" in found["velocity_m_per_s"].message


def test_speed_of_a_known_pipe():
    """1.65 MW at 65/35 in DN100: 13.13 kg/s, 1.49 m/s, cap 1.8."""
    found = sample()
    speeds = pipe_speeds(found.plan, found.config.network, found.parameters)
    assert speeds[0] == ("e1", pytest.approx(1.490, abs=1e-3), 1.8)
    assert len(speeds) == 3


def test_more_co2_saved_than_there_was():
    case = sample(country="FI").case
    assert said(case=case) == {}
    co2 = replace(case.co2, fuel_t=-500.0)
    found = said(case=replace(case, co2=co2))["co2_net_saving_t_per_mwh"]
    assert found.value > found.limit == pytest.approx(0.199 / 0.9)
    worse = replace(case.co2, electricity_t=9e9)
    assert said(case=replace(case, co2=worse))["co2_net_saving_t_per_mwh"].limit == 0


def test_electricity_of_an_unknown_country_is_said():
    assert "No country is set" in str(
        said(case=sample().case)["electricity_emission_now_kg_per_mwh"]
    )
    stated = {"electricity_emission_now_kg_per_mwh": 50.0}
    assert said(case=sample(parameters=stated).case) == {}
