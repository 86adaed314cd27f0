"""Sensitivities: each figure moves the money as it must, and the plan itself stays."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from sample_business import sample

from siting.business import business_case
from siting.business.tornado import tornado
from siting.finance.measures import present_value


def swings_of(found):
    base, swings = tornado(found.assembly, found.plan, found.parameters, found.config, found.case)
    return base, {each.name: each for each in swings}


def test_the_base_is_the_business_case():
    found = sample(country="FI")
    base, _ = swings_of(found)
    assert base.net_present_value_eur == pytest.approx(found.case.company.net_present_value_eur)
    assert base.levelised_cost_eur_per_mwh == pytest.approx(
        found.case.company.levelised_cost_eur_per_mwh
    )
    assert base.heat_per_euro_kwh == pytest.approx(found.plan.heat_per_euro_kwh)


@pytest.mark.parametrize(
    ("name", "section"), [("gas_price_eur_per_mwh", ""), ("heat_price_eur_per_mwh", "finance"),
                          ("pipe_om_share", ""), ("discount_rate", "finance")],
)  # fmt: skip
def test_a_swing_is_the_case_with_that_figure(name, section):
    found = sample()
    _, swings = swings_of(found)
    row = found.parameters[name]
    changed = sample(**{name: row.high}) if section else sample(parameters={name: row.high})
    value = changed.case.company.net_present_value_eur
    assert swings[name].at_high.net_present_value_eur == pytest.approx(value)


def test_electricity_moves_only_sites_that_state_no_price_of_their_own():
    found = sample()  # states 80 EUR/MWh, the table has 75
    rate = found.case.discount_rate
    _, swings = swings_of(found)
    row = found.parameters["electricity_price_eur_per_mwh"]
    moved = swings["electricity_price_eur_per_mwh"]
    only_pumps = (row.high - row.value) * found.case.energy.pumping_mwh
    loss = present_value([0.0, *[only_pumps] * found.case.horizon_a], rate)
    base = found.case.company.net_present_value_eur
    assert base - moved.at_high.net_present_value_eur == pytest.approx(loss)
    found.assembly.site_heat["electricity_price_eur_per_mwh"] = row.value
    heat_pumps = (row.high - row.value) * found.case.energy.electricity_mwh
    base, again = swings_of(found)
    lost = base.net_present_value_eur - (
        again["electricity_price_eur_per_mwh"].at_high.net_present_value_eur
    )
    more = present_value([0.0, *[heat_pumps] * found.case.horizon_a], rate)
    assert lost == pytest.approx(loss + more)


def test_dearer_pipes_cost_their_share_with_design_and_contingency():
    found = sample()
    base, swings = swings_of(found)
    swing = swings["pipe_cost"]
    d = 0.1
    assert swing.low == pytest.approx((286 + 2022 * d) / (450 + 6400 * d))
    assert swing.high == pytest.approx((800 + 8000 * d) / (450 + 6400 * d))
    assert swing.at_low.net_present_value_eur > base.net_present_value_eur
    assert swing.at_high.heat_per_euro_kwh < base.heat_per_euro_kwh
    # Residual value and upkeep make the loss differ from the extra investment, not its order.
    extra = found.plan.capex_by_component_eur["pipes"] * 1.2 * (swing.high - 1)
    loss = base.net_present_value_eur - swing.at_high.net_present_value_eur
    assert 0.7 * extra < loss < 1.5 * extra


def test_contingency_scales_what_stands_beside_construction():
    found = sample()
    _, swings = swings_of(found)
    row = found.parameters["contingency_share"]
    design = found.parameters.value("design_share")
    over = found.plan.capex_by_component_eur["design_and_contingency"]
    capex = found.plan.capex_eur + over * ((design + row.high) / (design + row.value) - 1)
    value = found.plan.heat_mwh * 1000 / capex
    assert swings["contingency_share"].at_high.heat_per_euro_kwh == pytest.approx(value)


def test_less_utilisation_takes_heat_away_and_more_gives_none():
    found = sample()
    usual = found.parameters.value("utilisation")
    found.assembly.site_heat["it_load_mw"] = 10.0
    found.assembly.site_heat["it_energy_mwh"] = 8760.0 * 10.0 * usual
    # The site could give 4 MW and is built for 1.65: 0.4 / 0.6 of 4 MW is still enough.
    base, swings = swings_of(found)
    assert "utilisation" not in swings
    found.assembly.site_heat[["output_mw", "source_mw", "heat_pump_mw"]] = [1.65, 1.2375, 1.65]
    base, swings = swings_of(found)
    swing = swings["utilisation"]
    assert swing.at_low.heat_per_euro_kwh < base.heat_per_euro_kwh
    assert swing.at_high.net_present_value_eur == pytest.approx(base.net_present_value_eur)


def test_fewer_consumers_sell_less_and_leaving_early_costs():
    found = sample()
    base, swings = swings_of(found)
    assert swings["connection"].at_low.net_present_value_eur < base.net_present_value_eur
    assert swings["connection"].at_high is None
    gone = swings["departure"].at_low.net_present_value_eur
    assert gone == pytest.approx(found.case.departure_value_eur)
    rate = found.case.discount_rate
    assert gone == pytest.approx(present_value(found.case.departure_flow.net, rate))


def test_efficient_heat_pumps_save_electricity_and_no_upkeep():
    found = sample()
    base, swings = swings_of(found)
    swing = swings["heat_pump_efficiency"]
    used = found.case.energy.electricity_mwh
    saved = used * (1 - 1 / swing.high) * found.case.tariffs.electricity_eur_per_mwh
    gain = present_value([0.0, *[saved] * found.case.horizon_a], found.case.discount_rate)
    assert swing.at_high.net_present_value_eur - base.net_present_value_eur == pytest.approx(gain)


def test_the_widest_swing_comes_first_and_nothing_is_changed():
    found = sample()
    before = found.case
    base, swings = tornado(found.assembly, found.plan, found.parameters, found.config, before)
    widths = [each.widest_eur(base) for each in swings]
    assert widths == sorted(widths, reverse=True)
    assert min(widths) > 0
    again = business_case(found.assembly, found.plan, found.parameters, found.config)
    assert again.company == before.company
    assert isinstance(found.assembly.site_heat, pd.DataFrame)


def test_a_plan_that_builds_nothing_has_no_swing():
    found = sample()
    empty = replace(
        found.plan, sites=(), pipes=(), zones=(), heat_mwh=0.0, loss_mwh=0.0, capex_eur=0.0,
        capex_by_component_eur={}, heat_per_euro_kwh=0.0,
    )  # fmt: skip
    case = business_case(found.assembly, empty, found.parameters, found.config)
    base, swings = tornado(found.assembly, empty, found.parameters, found.config, case)
    assert swings == ()
    assert base.net_present_value_eur == 0
    assert math.isinf(base.heat_per_euro_kwh) or base.heat_per_euro_kwh == 0
