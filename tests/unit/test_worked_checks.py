"""Say where each worked check T1 to T14 is held to its digits; hold what stands nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import siting
from siting.economics import annuity_factor
from siting.errors import InputError
from siting.finance import discounted_survival_years, survival_probability
from siting.resources import region_study

WHERE = {
    "T1": ["unit/test_pipes.py::test_temperature_drop",
           "unit/test_pipes.py::test_temperature_drop_at_its_limits",
           "unit/test_simulate_engine.py"],
    "T2": ["unit/test_pipes.py::test_pressure_drop",
           "unit/test_pipes.py::test_friction_against_explicit_formulas",
           "unit/test_pipes.py::test_laminar_friction",
           "unit/test_pumping.py"],
    "T3": ["unit/test_pipes.py::test_size_selection",
           "unit/test_pipes.py::test_water_flow",
           "unit/test_pipes.py::test_size_selection_is_monotone"],
    "T4": ["unit/test_pipes.py::test_buried_pair",
           "unit/test_pipes.py::test_heat_loss_of_a_pair",
           "unit/test_pipes.py::test_heat_transfer_agrees_with_a_manufacturer"],
    "T5": ["unit/test_sources.py::test_lorenz_cop",
           "unit/test_sources.py::test_real_cop",
           "unit/test_sources.py::test_constant_temperatures_fall_back_to_carnot"],
    "T6": ["unit/test_finance.py::test_capital_recovery_factors",
           "unit/test_economics.py::test_annuity_factor",
           "unit/test_finance.py::test_present_value_return_and_payback_of_a_plain_investment",
           "unit/test_finance.py::test_present_value_of_replacement_and_what_is_left",
           "unit/test_finance.py::test_own_life_annuities_over_the_horizon_give_another_figure",
           "unit/test_finance.py::test_simple_levelised_cost"],
    "T7": ["unit/test_heat.py::test_sochinsky_curve",
           "unit/test_heat.py::test_sochinsky_curve_at_its_ends",
           "unit/test_heat.py::test_sochinsky_curve_is_the_area_under_the_demand"],
    "T7b": ["unit/test_heat.py::test_sources_stack_and_do_not_add_up"],
    "T8": ["unit/test_worked_checks.py::test_hazard"],
    "T9": ["unit/test_distribution.py::test_effective_width",
           "unit/test_distribution.py::test_capital_cost_of_the_heat",
           "unit/test_distribution.py::test_density_is_in_gj_not_mwh"],
    "T10": ["crosscheck/test_against_brute_force.py", "crosscheck/test_brute_force_oracle.py"],
    "T11": ["unit/test_simultaneity.py::test_winter", "unit/test_simultaneity.py::test_thermos"],
    "T12": ["unit/test_sources.py::test_complete_case_w1",
            "unit/test_heat.py::test_complete_case_w1",
            "unit/test_finance.py::test_complete_case_by_annuities",
            "unit/test_operator_effects.py::test_complete_case_w1",
            "unit/test_emissions.py::test_complete_case"],
    "T13": ["unit/test_sources.py::test_preheat_and_lift",
            "unit/test_sources.py::test_preheat_and_lift_of_a_whole_stream",
            "unit/test_sources.py::test_lorenz_cop"],
    "T14": ["property/test_optimise_properties.py::test_heat_is_neither_made_nor_lost",
            "property/test_optimise_properties.py::test_units_of_money",
            "property/test_optimise_properties.py::test_twice_the_distance_never_helps",
            "property/test_optimise_properties.py::test_one_more_site_never_hurts",
            "property/test_optimise_properties.py::test_names_and_order_do_not_matter",
            "property/test_sources_properties.py::test_energy_and_cost",
            "property/test_fuzz_layers.py::test_the_crs_of_a_layer_does_not_matter",
            "unit/test_worked_checks.py::test_another_working_crs_keeps_lengths",
            "unit/test_finance.py::test_cost_scales_with_the_currency",
            "unit/test_finance.py::test_free_electricity_and_free_plant_leave_the_cost_of_the_peak"],
}  # fmt: skip
"""Tests that hold each check, by its number in the list of closed-form problems."""


@pytest.mark.parametrize("check", WHERE)
def test_every_check_has_its_tests(check: str, repository: Path) -> None:
    for place in WHERE[check]:
        file, _, name = place.partition("::")
        tree = ast.parse((repository / "tests" / file).read_text(encoding="utf-8"))
        names = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
        assert name in names if name else any(each.startswith("test_") for each in names), place


def test_no_check_is_left_out() -> None:
    assert {f"T{k}" for k in range(1, 15)} <= set(WHERE)


# Formulas --------------------------------------------------------------------------------------

FORMULAS = [
    "distribution.py", "economics.py", "finance/departure.py", "finance/measures.py",
    "heat/boilers.py", "heat/duration.py", "heat/hours.py", "heat/simultaneity.py",
    "heat/sochinsky.py", "operator_effects.py", "pipes/friction.py", "pipes/heat_loss.py",
    "pipes/water.py", "sources/heat_pumps.py",
]  # fmt: skip
NUMBERS = {"float", "FloatArray", "Floats", "Number", "Array"}


@pytest.mark.parametrize("file", FORMULAS)
def test_every_public_formula_has_units_and_an_example(file: str, repository: Path) -> None:
    tree = ast.parse((repository / "siting" / file).read_text(encoding="utf-8"))
    formulas = [
        each
        for each in tree.body
        if isinstance(each, ast.FunctionDef)
        and not each.name.startswith("_")
        and each.returns is not None
        and NUMBERS & set(ast.unparse(each.returns).split(" | "))
    ]
    assert formulas, "no formula stands in this file"
    for each in formulas:
        text = ast.get_docstring(each) or ""
        assert ">>>" in text, f"{each.name} has no example"
        assert "[" in text.split("Examples")[0], f"{each.name} names no unit"


# Source departure (T8) ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hazard", "years", "share", "after_10", "after_30"),
    [
        (0.02, 13.1137, 0.7642, 0.8171, 0.5455),
        (0.06, 8.4433, 0.4921, 0.5386, 0.1563),
        (0.005, 15.9880, 0.9318, 0.9511, 0.8604),
    ],
)
def test_hazard(
    hazard: float, years: float, share: float, after_10: float, after_30: float
) -> None:
    """T8: 5 % over 40 years."""
    found = discounted_survival_years(hazard, 0.05, 40)
    assert found == pytest.approx(years, abs=5.1e-5)
    assert found / annuity_factor(0.05, 40) == pytest.approx(share, abs=5.1e-5)
    assert survival_probability(hazard, 10) == pytest.approx(after_10, abs=5.1e-5)
    assert survival_probability(hazard, 30) == pytest.approx(after_30, abs=5.1e-5)


@given(st.floats(0, 1), st.floats(0, 0.2), st.integers(1, 60))
def test_hazard_is_the_sum_over_the_years(hazard: float, rate: float, years: int) -> None:
    summed = sum(
        survival_probability(hazard, year) / (1 + rate) ** year for year in range(1, years + 1)
    )
    assert discounted_survival_years(hazard, rate, years) == pytest.approx(
        summed, rel=1e-9, abs=1e-12
    )
    assert summed <= annuity_factor(rate, years) * (1 + 1e-9)


@pytest.mark.parametrize("hazard", [-0.01, 1.01, float("nan")])
def test_no_probability_is_refused(hazard: float) -> None:
    with pytest.raises(InputError, match="fraction from 0 to 1"):
        discounted_survival_years(hazard, 0.05, 40)


# Coordinate systems (T14) ------------------------------------------------------------------------


def test_another_working_crs_keeps_lengths() -> None:
    """T14: equal-area coordinates of Europe change lengths by less than half a per cent."""
    study = siting.read_study(region_study("kotka"))
    local = study.check().counts
    european = study.with_changes(study={"crs": "EPSG:3035"}).check().counts
    length = "street_length_km"
    assert european[length] == pytest.approx(local[length], rel=0.005)
    assert european[length] != local[length]
    assert european["annual_demand_gwh"] == pytest.approx(local["annual_demand_gwh"])
