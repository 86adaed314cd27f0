"""A plan's money and CO2 follow from its own figures, and are derived again without its code."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_business import POWER, SOURCE, UPKEEP, problem, sample

import siting
from siting.config import settings_of
from siting.economics import annuity_factor
from siting.errors import InputError
from siting.finance import present_value
from siting.outputs.economics import money_sections
from siting.parameters import default_rows
from siting.problem import write_problem
from siting.solution_file import write_solution
from siting.verify import inspect_folder
from siting.verify.money import check_money, derived_money

FREE = dict.fromkeys(
    [
        "electricity_price_eur_per_mwh", "heat_pump_fixed_om_share", "pipe_om_share",
        "gas_boiler_fixed_om_eur_per_kw_a", "gas_boiler_variable_om_eur_per_mwh",
        "overhead_eur_per_mwh",
    ],
    0.0,
)  # fmt: skip
STUDIES = (
    {},
    {"country": "DE"},
    {"country": "UK", "baseline": "oil", "horizon_a": 40, "first_year": 2028},
    {"baseline": "heat_pump", "discount_rate": 0.0},
    {"baseline": "user", "baseline_kg_per_mwh": 120.0, "subsidy_share": 0.3,
     "subsidy_cap_eur": 5e5, "subsidy_lump_eur": 1e5, "subsidy_eur_per_mwh": 6.0,
     "subsidy_years_a": 7},
    {"connection_ramp": (0.0, 0.4, 0.9, 1.0), "utilisation_ramp": (0.5, 0.8),
     "gas_price_contains_carbon": False, "heat_price_eur_per_mwh": 70.0},
    {"parameters": {"heat_pump_lifetime_a": 17.5, "pipe_lifetime_a": 55, "pumping_share": 0.02}},
    {"network": {"peak_boiler_fuel": "electric"}, "booster_mwh_per_mwh": 0.07,
     "connection_ramp": (0.5, 1.0)},
    {"connection_ramp_a": 7, "utilisation_ramp_a": 4},
    {"connection_ramp_a": 1, "utilisation_ramp_a": 0},
)  # fmt: skip


def test_energy_balances():
    found = sample()
    year = found.case.energy
    assert year.demand_mwh == 8_000
    assert year.waste_heat_mwh == 7_400
    assert year.peak_heat_mwh == 600
    assert year.fed_in_mwh == pytest.approx(7_400 + 0.15 * 8_760)
    assert year.electricity_mwh == pytest.approx(0.25 * year.fed_in_mwh)
    assert year.gas_mwh == pytest.approx(600 / 0.95)
    assert year.pumping_mwh == pytest.approx(0.01 * (year.fed_in_mwh + 600))


def test_running_cost_of_the_site_is_that_of_the_problem():
    case = sample().case
    fed = case.energy.fed_in_mwh
    lines = case.running_eur
    assert lines["electricity"] == pytest.approx(0.25 * fed * POWER)
    assert lines["waste_heat"] == pytest.approx(0.75 * fed * SOURCE)
    assert lines["heat_pump_om"] == pytest.approx(UPKEEP * fed)
    option = problem().sites[0].options[0]
    total = lines["electricity"] + lines["waste_heat"] + lines["heat_pump_om"]
    assert total == pytest.approx(option.cost_per_mwh_eur * fed)


def test_components_add_up_to_the_investment():
    found = sample()
    assert math.fsum(each.cost_eur for each in found.case.components) == pytest.approx(
        found.plan.capex_eur
    )
    lives = {each.name: each.lifetime_a for each in found.case.components}
    assert lives == {
        "heat_pump": 25, "peak_boilers": 25, "pipes": 40, "source_side": 15, "substations": 25,
    }  # fmt: skip


def test_upkeep_is_on_construction_cost():
    """Pipes 640,000 + 2 x 800,000 and a heat pump of 1.65 x 400,000 at 1 %."""
    case = sample().case
    assert case.running_eur["fixed_om"] == pytest.approx(0.01 * (2.24e6 + 6.6e5))


def test_cash_flow_sums_to_the_present_value():
    case = sample(subsidy_share=0.2).case
    by_line = [present_value(line, 0.05) for line in case.flow.lines.values()]
    assert math.fsum(by_line) == pytest.approx(case.company.net_present_value_eur)
    assert case.company.subsidy_eur == pytest.approx(0.2 * sample().plan.capex_eur)


def test_free_electricity_and_free_plant_leave_the_cost_of_the_peak():
    found = sample(parameters=FREE)
    option = replace(found.assembly.problem.sites[0].options[0], cost_per_mwh_eur=0.0)
    site = replace(found.assembly.problem.sites[0], options=(option,))
    found.assembly.problem = replace(found.assembly.problem, sites=(site,))
    found.assembly.site_heat[:] = [0.0, 0.0, 3.0, 4.0, 4.0]
    plan = replace(found.plan, capex_eur=0.0, capex_by_component_eur={})
    case = replace(found, plan=plan).case
    peak = 600 / 0.95 * found.parameters.value("gas_price_eur_per_mwh") / 8_000
    assert case.company.levelised_cost_eur_per_mwh == pytest.approx(peak)
    assert case.company.waste_heat_cost_eur_per_mwh == pytest.approx(0)


def test_the_report_shows_what_the_present_value_is_the_sum_of():
    case = sample(subsidy_share=0.2).case
    rows = dict(money_sections(case).present_values)
    assert {"Investment", "Replacement", "Residual value", "Subsidy", "Gas"} <= set(rows)
    assert (
        rows["Net present value"]
        == dict(money_sections(case).viewpoints[0].rows)["Net present value"]
    )
    assert len(rows) == 1 + sum(any(line) for line in case.flow.lines.values())


def test_empty_plan_has_no_money_in_it():
    found = sample()
    plan = replace(
        found.plan, sites=(), pipes=(), zones=(), heat_mwh=0.0, loss_mwh=0.0, capex_eur=0.0,
        capex_by_component_eur={},
    )  # fmt: skip
    case = replace(found, plan=plan).case
    assert case.company.net_present_value_eur == 0
    assert math.isnan(case.company.levelised_cost_eur_per_mwh)
    assert case.company.irr.verdict == "none"
    assert case.co2.net_t == 0
    assert money_sections(case).viewpoints[0].rows


def test_ramps_lower_the_heat_of_the_first_years():
    """Half the consumers with the whole source: the load curve is met up to 1 / (2 x 0.5)."""
    case = sample(connection_ramp=(0.5, 1.0)).case
    first, second = case.years[:2]
    assert first.demand_mwh == 4_000
    assert first.waste_heat_mwh == pytest.approx(0.5 * 6_000 * 1.0 + 0.5 * 2_000)
    assert second == case.energy
    weak = sample(utilisation_ramp=(0.4, 1.0)).case.years[0]
    assert weak.waste_heat_mwh == pytest.approx(6_000 * 0.6 + 2_000 * 0.4)
    assert weak.peak_heat_mwh == pytest.approx(8_000 - weak.waste_heat_mwh)


def test_ramps_may_be_told_by_their_length():
    years = sample(connection_ramp_a=8, utilisation_ramp_a=2).case.years
    assert [year.demand_mwh for year in years[:3]] == pytest.approx([2_400, 3_200, 4_000])
    assert years[7].demand_mwh == years[-1].demand_mwh == pytest.approx(8_000)
    # In year 1 half the source meets 0.3 of the peak of z1: 0.833 of its curve.
    z1 = 0.3 * 6_000 * (0.9 + 0.1 * (0.5 / 0.6 - 0.5) / 0.5)
    assert years[0].waste_heat_mwh == pytest.approx(z1 + 2_000 * 0.3)
    with pytest.raises(InputError, match="Give one of them"):
        sample(connection_ramp_a=8, connection_ramp=(0.5, 1.0))


def test_country_and_study_reach_the_case():
    case = sample(country="DE", horizon_a=20).case
    assert case.electricity.now.value_kg_per_mwh == 365
    assert case.consumers.heat_price_eur_per_mwh == 142
    assert case.social_discount_rate == 0.03
    assert len(case.years) == 20
    assert not case.assumed_country
    assert sample().case.assumed_country


def test_carbon_is_not_paid_twice():
    inside = sample().case
    on_top = sample(gas_price_contains_carbon=False).case
    assert inside.running_eur["carbon"] == 0
    gas = inside.energy.gas_mwh
    assert on_top.running_eur["carbon"] == pytest.approx(60 * 0.202 * gas)
    # To society the price without carbon is lower where carbon is inside it.
    assert inside.society.without_carbon_eur < on_top.society.without_carbon_eur


def test_society_without_a_cost_of_the_baseline_is_not_guessed():
    case = sample(baseline="coal").case
    assert case.society is None
    assert "baseline_cost_eur_per_mwh" in case.society_words
    assert case.kpis()["society_net_present_value_eur"] is None
    assert sample(baseline="coal", baseline_cost_eur_per_mwh=60.0).case.society is not None


def test_kpis_carry_their_units():
    for name, value in sample().case.kpis().items():
        units = (
            "_eur", "_mwh", "_kwh", "_a", "_t", "_rate", "_share", "_verdict", "_baseline",
            "_of_return",
        )  # fmt: skip
        assert name.endswith(units), name
        assert value is None or isinstance(value, int | float | str)


def test_every_parameter_is_read_by_some_code():
    code = "".join(path.read_text() for path in Path(siting.__file__).parent.rglob("*.py"))
    families = (
        "heat_pump_capex_", "electric_boiler_capex_", "booster_", "lorenz_efficiency_",
        "carbon_price_",
    )  # fmt: skip
    for row in default_rows():
        family = row.name.startswith(families) or re.match(r"(air|liquid)_|recoverable_", row.name)
        assert f'"{row.name}"' in code or family, row.name


def test_electric_boilers_burn_no_gas_and_need_power():
    gas, power = sample().case, sample(network={"peak_boiler_fuel": "electric"}).case
    assert power.energy.gas_mwh == 0
    assert power.energy.boiler_electricity_mwh == pytest.approx(600 / 0.99)
    assert power.running_eur["peak_boiler_electricity"] == pytest.approx(75 * 600 / 0.99)
    assert power.running_eur["gas"] == 0
    more = power.energy.all_electricity_mwh - gas.energy.all_electricity_mwh
    assert more == pytest.approx(600 / 0.99)
    assert power.co2.fuel_t == 0
    lives = {each.name: each.lifetime_a for each in power.components}
    assert lives["peak_boilers"] == 20


def test_boosters_are_paid_for_and_their_power_has_co2():
    plain, boosted = sample().case, sample(booster_mwh_per_mwh=0.05).case
    assert boosted.energy.booster_mwh == pytest.approx(0.05 * 2_000)
    assert boosted.running_eur["boosters"] == pytest.approx(75 * 100)
    assert boosted.company.net_present_value_eur < plain.company.net_present_value_eur
    assert boosted.co2.electricity_t > plain.co2.electricity_t


def test_data_centres_that_leave():
    """After year 10 boilers give the 7,400 MWh; each such year costs what their heat costs more."""
    case = sample(parameters={"departure_year_a": 10}).case
    after = case.running_eur
    gas = 7_400 / 0.95 * case.tariffs.gas_eur_per_mwh
    gas += 7_400 * case.tariffs.peak_boiler_om_eur_per_mwh
    fed_in = case.energy.fed_in_mwh
    spared = after["electricity"] + after["waste_heat"] + after["heat_pump_om"]
    pumps = 0.01 * (fed_in - 7_400) * case.tariffs.pumping_eur_per_mwh
    lost = annuity_factor(0.05, 30) - annuity_factor(0.05, 10)
    value = case.company.net_present_value_eur - (gas - spared - pumps) * lost
    assert case.departure_value_eur == pytest.approx(value)
    assert case.lasting_heat_share == pytest.approx(
        sum((0.98 / 1.05) ** t for t in range(1, 31)) / annuity_factor(0.05, 30)
    )
    stays = sample(parameters={"departure_year_a": 30, "departure_hazard": 0}).case
    assert stays.departure_value_eur == pytest.approx(stays.company.net_present_value_eur)
    assert stays.lasting_heat_share == 1


def test_cost_of_a_tonne():
    case = sample().case
    extra = case.company.levelised_cost_eur_per_mwh
    extra -= case.consumers.alternatives_eur_per_mwh["gas boiler"]
    saved = case.kpis()["co2_net_saving_horizon_t"]
    assert case.abatement_cost_eur_per_t == pytest.approx(extra * 30 * 8_000 / saved)
    assert math.isnan(sample(baseline="coal").case.abatement_cost_eur_per_t)


# Derived again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("study", STUDIES)
def test_money_is_derived_again_without_its_code(study):
    found = sample(**study)
    told = found.case.kpis()
    paid = found.case.tariffs.waste_heat_eur_per_mwh * found.case.energy.fed_in_mwh
    derived = derived_money(
        found.assembly.problem,
        found.plan,
        settings_of(found.config),
        waste_heat_eur_per_a=paid,
    )
    assert set(derived) <= set(told)
    left = {"co2_baseline", "internal_rate_of_return", "internal_rate_of_return_verdict"}
    without_cost = found.config.finance.baseline not in {"gas", "heat_pump"}
    assert set(told) - set(derived) <= left | {
        name for name in told if without_cost and name.startswith("society_")
    }
    for name, figure in derived.items():
        if isinstance(figure, str) or figure is None:
            assert told[name] == figure, name
        else:
            known = math.nan if told[name] is None else told[name]
            assert known == pytest.approx(figure, rel=1e-8, abs=1e-6, nan_ok=True), name


@pytest.mark.parametrize(
    "name",
    ["net_present_value_eur", "levelised_cost_eur_per_mwh", "co2_net_saving_t_per_a",
     "co2_net_saving_horizon_t", "break_even_heat_price_eur_per_mwh", "gas_mwh",
     "levelised_cost_waste_heat_eur_per_mwh", "consumer_saving_against_air_heat_pump_eur_per_a",
     "life_cycle_heat_per_euro_kwh", "co2_abatement_cost_eur_per_t"],
)  # fmt: skip
def test_tampered_money_is_noticed(tmp_path, name):
    found = sample()
    path = tmp_path / "kpis.json"
    told, settings = found.case.kpis(), settings_of(found.config)
    path.write_text(json.dumps(told))
    assert check_money(path, found.assembly.problem, found.plan, settings) == []
    path.write_text(json.dumps(told | {name: told[name] * 1.01}))
    (sentence,) = check_money(path, found.assembly.problem, found.plan, settings)
    assert name in sentence
    del told[name]
    path.write_text(json.dumps(told))
    (sentence,) = check_money(path, found.assembly.problem, found.plan, settings)
    assert "is missing" in sentence


@pytest.mark.parametrize("change", ["kpis", "price"])
def test_a_run_folder_is_checked_for_its_money(tmp_path, change):
    found = sample(country="FI")
    kpis, settings = found.case.kpis(), settings_of(found.config)
    write_problem(found.assembly.problem, tmp_path / "problem.json")
    write_solution(found.plan, tmp_path / "solution.json")

    def inspect():
        (tmp_path / "kpis.json").write_text(json.dumps(kpis))
        (tmp_path / "manifest.json").write_text(json.dumps({"settings": settings}))
        return inspect_folder(tmp_path)

    assert any("present value, cost of heat and CO2" in each for each in inspect().agreed)
    if change == "kpis":
        kpis["levelised_cost_eur_per_mwh"] -= 5
    else:
        settings["finance"]["heat_price_eur_per_mwh"] = 100.0
    name = "levelised_cost_eur_per_mwh" if change == "kpis" else "net_present_value_eur"
    assert any(name in each for each in inspect().disagreements)


def test_other_settings_are_noticed(tmp_path):
    found = sample()
    path = tmp_path / "kpis.json"
    path.write_text(json.dumps(found.case.kpis()))
    other = settings_of(sample(parameters={"gas_price_eur_per_mwh": 40.0}).config)
    said = check_money(path, found.assembly.problem, found.plan, other)
    assert any("net_present_value_eur" in each for each in said)
    assert check_money(path, found.assembly.problem, found.plan, {}) is None


# Truths ------------------------------------------------------------------------------------------


@given(st.floats(0, 300), st.floats(0, 100))
def test_dearer_gas_never_helps_the_company(price, more):
    def value(gas):
        found = sample(parameters={"gas_price_eur_per_mwh": gas})
        return found.case.company.net_present_value_eur

    assert value(price + more) <= value(price) + 1e-6


@given(st.floats(0.01, 100))
def test_cost_of_heat_scales_with_the_currency(scale):
    """All prices in another currency: the cost of heat scales, years and CO2 do not."""
    found = sample()
    plan = found.plan
    parts = {name: cost * scale for name, cost in plan.capex_by_component_eur.items()}
    option = found.assembly.problem.sites[0].options[0]
    dear = replace(option, cost_per_mwh_eur=option.cost_per_mwh_eur * scale)
    money = {
        row.name: row.value * scale
        for row in default_rows()
        if row.unit in {"EUR/MWh", "EUR/(kW a)", "EUR/t"}
    }
    other = sample(parameters=money)
    site = replace(other.assembly.problem.sites[0], options=(dear,))
    other.assembly.problem = replace(other.assembly.problem, sites=(site,))
    columns = ["electricity_price_eur_per_mwh", "waste_heat_price_eur_per_mwh"]
    other.assembly.site_heat[columns] *= scale
    again = replace(
        other, plan=replace(plan, capex_eur=plan.capex_eur * scale, capex_by_component_eur=parts)
    ).case
    base = found.case
    assert again.company.levelised_cost_eur_per_mwh == pytest.approx(
        scale * base.company.levelised_cost_eur_per_mwh, rel=1e-9
    )
    assert again.company.payback.value == pytest.approx(base.company.payback.value)
    assert again.co2 == base.co2
