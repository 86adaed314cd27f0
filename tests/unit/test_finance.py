"""Money over the years agrees with closed forms, and stays sane when figures are scaled."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.economics import annuity_factor, crf
from siting.errors import InputError
from siting.finance import (
    CashFlow,
    Component,
    annual_capital_cost,
    break_even_price,
    discounted_payback,
    internal_rate_of_return,
    investment_lines,
    levelised_cost,
    life_cycle_heat_per_euro,
    present_value,
    price_index,
)
from siting.finance.cashflow import Subsidy
from siting.finance.viewpoints import (
    Alternative,
    Tariffs,
    YearEnergy,
    company_flow,
    company_view,
    consumer_view,
    running_costs,
    society_flow,
    society_view,
)
from siting.parameters import load_parameters

PLAIN = [-10.0] + 20 * [1.2]
COSTS = st.floats(1.0, 1e7)
RATES = st.floats(0.0, 0.2)


# Closed forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "years", "expected"),
    [(0.05, 40, 0.058278), (0.05, 25, 0.070952), (0.035, 40, 0.046827), (0.08, 20, 0.101852),
     (0.0, 40, 0.025)],
)  # fmt: skip
def test_capital_recovery_factors(rate, years, expected):
    assert crf(rate, years) == pytest.approx(expected, abs=5e-7)


def test_present_value_return_and_payback_of_a_plain_investment():
    assert present_value(PLAIN, 0.05) == pytest.approx(4.9547, abs=5e-5)
    assert internal_rate_of_return(PLAIN).value == pytest.approx(0.103156, abs=5e-7)
    assert discounted_payback(PLAIN, 0.05).value == pytest.approx(11.0472, abs=5e-5)
    assert discounted_payback(PLAIN, 0.0).value == pytest.approx(8.3333, abs=5e-5)


def test_payback_is_the_closed_form_of_a_constant_income():
    closed = -math.log(1 - 10 * 0.05 / 1.2) / math.log(1.05)
    assert discounted_payback(PLAIN, 0.05).value == pytest.approx(closed, rel=1e-12)


@pytest.mark.parametrize(
    ("life", "horizon", "factor"), [(25, 40, 1.2385), (40, 30, 0.9422), (25, 25, 1.0)]
)
def test_present_value_of_replacement_and_what_is_left(life, horizon, factor):
    lines = investment_lines([Component("part", 1.0, life)], horizon)
    assert -present_value(CashFlow(lines).net, 0.05) == pytest.approx(factor, abs=5e-5)


def test_own_life_annuities_over_the_horizon_give_another_figure():
    """A pump of 25 years in 40: 1.2175 by annuities, 1.2385 by replacement and residual value."""
    assert crf(0.05, 25) * annuity_factor(0.05, 40) == pytest.approx(1.2175, abs=5e-5)


def test_simple_levelised_cost():
    yearly = 100e3 + 20_000 / 4 * 100
    costs, heat = [5e6] + 25 * [yearly], [0.0] + 25 * [20_000.0]
    assert levelised_cost(costs, heat, 0.05) == pytest.approx(47.7381, abs=5e-5)


def test_complete_case_by_annuities():
    """A network of 40 GWh/a, 10 MW of servers, worked out on paper: 93.680 EUR/MWh."""
    bare = {
        "heat_pump": 6.5553e6 * 0.85,
        "trunk": 2_000 * 1_527.0,
        "distribution": 16_000 * 700.0,
        "substations": 3_000 * 1_500.0,
        "peak_boilers": 18_181.8 * 70,
    }
    assert math.fsum(bare.values()) == pytest.approx(25.5987e6, rel=1e-5)
    lives = {"trunk": 40, "distribution": 40}
    parts = [Component(name, 1.25 * cost, lives.get(name, 25)) for name, cost in bare.items()]
    capital = annual_capital_cost(parts, 0.05)
    assert capital == pytest.approx(2.04454e6, rel=1e-5)
    energy = YearEnergy(40_000, 34_356.1, 39_041.0, 8_667.2, 454.5, 6_413.5, 6_751.1)
    tariffs = Tariffs(
        electricity_eur_per_mwh=100,
        pumping_eur_per_mwh=100,
        gas_eur_per_mwh=60,
        carbon_eur_per_mwh=80 * 0.202,
        heat_pump_om_eur_per_mwh=2,
        fixed_om_eur={
            "heat_pump": 0.01 * bare["heat_pump"],
            "pipes": 0.01 * (bare["trunk"] + bare["distribution"]),
        },
    )
    running = math.fsum(running_costs(energy, tariffs).values())
    assert running == pytest.approx(1.70267e6, rel=1e-5)
    assert (capital + running) / 40_000 == pytest.approx(93.680, rel=1e-5)
    ratio = 34_356.1 / 31.9984e3
    assert ratio == pytest.approx(1.0737, abs=5e-5)


def test_life_cycle_figure_is_the_annual_one_times_the_annuity_factor():
    heat, spent = [0.0] + 25 * [3.0], [1_500.0] + 25 * [0.0]
    expected = 3_000 / 1_500 * annuity_factor(0.05, 25)
    assert life_cycle_heat_per_euro(heat, spent, 0.05) == pytest.approx(expected)
    assert 1000 / expected == pytest.approx(levelised_cost(spent, heat, 0.05))
    assert life_cycle_heat_per_euro([0.0], [5.0], 0.05) == 0.0
    assert math.isinf(life_cycle_heat_per_euro([0, 1.0], [0, 0.0], 0.05))


# Verdicts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flows", "verdict"),
    [(PLAIN, "unique"), ([-100, 230, -132], "not unique"), ([-1, -1, -1], "none"),
     ([-12, *24 * [0.7], -5.5, *4 * [0.7], 4.5], "unique"), ([-1, 3, -2.5, 1.5], "unique"),
     ([-12, *24 * [0.2], -5.5, *4 * [0.2], 4.5], "none"), ([-100, 220, -121], "not unique"),
     ([0.0, 0.0], "none"), ([1, 2], "none"), ([-10, 0, 0, 5], "unique")],
)  # fmt: skip
def test_rate_of_return_has_a_verdict(flows, verdict):
    found = internal_rate_of_return(flows)
    assert found.verdict == verdict
    assert (found.value is None) == (verdict != "unique")
    if found.value is not None:
        assert present_value(flows, found.value) == pytest.approx(0, abs=1e-9)


def test_never_paid_back_is_a_legal_answer():
    assert discounted_payback([-10, 1, 1], 0.05).value is None
    assert str(discounted_payback([-10, 1, 1], 0.05)) == "never"
    assert discounted_payback([0.0, 1.0], 0.05).value == 0.0


def test_price_index_is_explicit_and_never_guessed():
    assert price_index(2015, 2023) == 1.336
    assert price_index(2023, 2015) == pytest.approx(1 / 1.336)
    with pytest.raises(InputError, match="no price index from 2015 to 2024"):
        price_index(2015, 2024)


def test_boiler_upkeep_is_the_danish_figure_times_the_index():
    value = load_parameters().value
    index = price_index(2015, 2023)
    assert value("gas_boiler_fixed_om_eur_per_kw_a") == round(1.95 * index, 1)
    assert value("gas_boiler_variable_om_eur_per_mwh") == round(1.1 * index, 1)


@pytest.mark.parametrize("bad", [(-1.0, 25), (math.nan, 25), (1.0, 0.0), (1.0, math.inf)])
def test_components_that_cannot_be_are_refused(bad):
    with pytest.raises(InputError):
        Component("part", *bad)


def test_subsidy_is_capped_and_ends():
    grant = Subsidy(share=0.4, cap_eur=3e6, lump_eur=1e6, eur_per_mwh=5, years_a=2)
    assert grant.at_start_eur(10e6) == 4e6
    assert grant.at_start_eur(2e6) == 1.8e6
    assert Subsidy(lump_eur=5e6).at_start_eur(2e6) == 2e6
    assert [grant.yearly_eur(100, year) for year in (1, 2, 3)] == [500, 500, 0]


# Viewpoints --------------------------------------------------------------------------------------

YEARS = 10 * (YearEnergy(1_000, 900, 950, 200, 10, 100, 105),)
TARIFFS = Tariffs(80, 80, 60, 10, 1, 2, 1.5, 3, {"pipes": 1_000.0, "peak_boilers": 300.0})
PARTS = (Component("pipes", 300e3, 40), Component("peak_boilers", 40e3, 25))


def view(tariffs=TARIFFS, parts=PARTS, price=90.0, subsidy=None, rate=0.05):
    flow = company_flow(parts, YEARS, tariffs, price, subsidy)
    return company_view(flow, parts, YEARS, rate, 900.0)


def test_break_even_price_closes_the_gap():
    found = view(subsidy=Subsidy(share=0.2, eur_per_mwh=4, years_a=3))
    again = view(
        price=found.break_even_heat_price_eur_per_mwh,
        subsidy=Subsidy(share=0.2, eur_per_mwh=4, years_a=3),
    )
    assert again.net_present_value_eur == pytest.approx(0, abs=1e-6)


def test_viability_gap_is_the_grant_that_closes_it():
    found = view(price=40.0)
    assert found.viability_gap_eur > 0
    again = view(price=40.0, subsidy=Subsidy(lump_eur=found.viability_gap_eur))
    assert again.net_present_value_eur == pytest.approx(0, abs=1e-6)
    assert view(price=400.0).viability_gap_eur == 0.0


def test_without_subsidy_the_break_even_price_is_the_levelised_cost():
    found = view()
    assert found.break_even_heat_price_eur_per_mwh == pytest.approx(
        found.levelised_cost_eur_per_mwh
    )


def test_waste_heat_and_peak_boilers_add_up_to_the_whole():
    """Cost of waste heat times waste heat, plus boilers, gas and their overhead, is all cost."""
    found = view()
    discounted = annuity_factor(0.05, 10)
    boilers = -present_value(CashFlow(investment_lines(PARTS[1:], 10)).net, 0.05)
    yearly = running_costs(YEARS[0], TARIFFS)
    peak = yearly["gas"] + yearly["carbon"] + yearly["peak_boiler_om"] + 3 * 100
    parts = found.waste_heat_cost_eur_per_mwh * 900 * discounted + boilers + peak * discounted
    assert parts == pytest.approx(found.levelised_cost_eur_per_mwh * 1_000 * discounted)


def test_free_electricity_and_free_plant_leave_the_cost_of_the_peak():
    """Without capex, electricity, upkeep and overhead all that is left is gas."""
    free = Tariffs(gas_eur_per_mwh=60)
    parts = (Component("pipes", 0.0, 40),)
    found = view(free, parts)
    assert found.levelised_cost_eur_per_mwh == pytest.approx(60 * 105 / 1_000)
    assert found.waste_heat_cost_eur_per_mwh == pytest.approx(0)
    assert math.isnan(found.heat_per_euro_net_kwh)
    assert math.isinf(found.life_cycle_heat_per_euro_kwh)


def test_consumers_compare_with_a_boiler_and_a_heat_pump():
    options = [Alternative("boiler", 250, 25, 90, 0.9), Alternative("pump", 1350, 25, 75, 3.0)]
    found = consumer_view(1_000, 0.4, 95.0, options, 0.05)
    boiler = 100 + 250 * 400 * 0.0709525 / 1_000
    assert found.alternatives_eur_per_mwh["boiler"] == pytest.approx(boiler, abs=1e-3)
    assert found.saving_eur["boiler"] == pytest.approx((boiler - 95) * 1_000, abs=1)
    assert found.alternatives_eur_per_mwh["pump"] == pytest.approx(
        25 + 540e3 * 0.0709525 / 1e3, abs=1e-2
    )


def test_society_leaves_transfers_out_and_counts_carbon_once():
    base = society_flow(PARTS, YEARS, TARIFFS, (), 50.0, [1_000.0] * 10)
    assert not {"subsidy", "heat_sales", "waste_heat"} & set(base.lines)
    found = society_view(base, 0.035)
    worth = found.net_present_value_eur - found.without_carbon_eur
    assert worth == pytest.approx(1_000 * annuity_factor(0.035, 10))
    # A dearer payment for waste heat, or a higher tax on gas, changes nothing.
    other = society_flow(PARTS, YEARS, Tariffs(80, 80, 60, 99, 77, 2, 1.5, 3, TARIFFS.fixed_om_eur),
                         (), 50.0, [1_000.0] * 10)  # fmt: skip
    assert society_view(other, 0.035) == found


# Truths ------------------------------------------------------------------------------------------


@given(COSTS, RATES, st.integers(1, 60), st.integers(1, 60), st.floats(0.01, 1000))
def test_cost_scales_with_the_currency(cost, rate, life, horizon, scale):
    def lcoh(factor):
        lines = investment_lines([Component("part", cost * factor, life)], horizon)
        net = [-each for each in CashFlow(lines).net]
        return levelised_cost(net, [0.0] + horizon * [10.0], rate)

    assert lcoh(scale) == pytest.approx(scale * lcoh(1.0), rel=1e-9, abs=1e-9)


@given(COSTS, RATES, st.integers(1, 60), st.integers(1, 60))
def test_an_investment_never_pays_by_itself(cost, rate, life, horizon):
    lines = investment_lines([Component("part", cost, life)], horizon)
    assert present_value(CashFlow(lines).net, rate) <= 1e-6 * cost
    spent = -sum(lines["investment"]) - sum(lines["replacement"])
    assert sum(lines["residual_value"]) <= spent * (1 + 1e-12)
    # What is used up is in proportion to the years.
    used = spent - sum(lines["residual_value"])
    assert used == pytest.approx(cost * horizon / life, rel=1e-9)


@given(st.floats(10, 200), st.floats(0, 50), RATES)
def test_a_higher_heat_price_is_never_worse(price, more, rate):
    assert (
        view(price=price + more, rate=rate).net_present_value_eur
        >= view(price=price, rate=rate).net_present_value_eur
    )


@given(st.floats(0.001, 0.3))
def test_rate_of_return_divides_gain_from_loss(rate):
    found = internal_rate_of_return(PLAIN).value
    assert (present_value(PLAIN, rate) > 0) == (rate < found)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=12), RATES)
def test_break_even_price_makes_nothing_of_any_flow(flows, rate):
    heat = [0.0] + [5.0] * (len(flows) - 1)
    price = break_even_price(flows, heat, rate)
    net = [flow + price * h for flow, h in zip(flows, heat, strict=True)]
    assert present_value(net, rate) == pytest.approx(0, abs=1e-8)
