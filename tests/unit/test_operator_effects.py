"""What operators read about a plan agrees with the complete case worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from siting.operator_effects import (
    OperatorEffects,
    energy_reuse_effectiveness,
    energy_reuse_factor,
    operator_effects,
    operator_kpis,
    together,
)
from siting.plan import PlannedSite
from tests.sample_plan import small_town, with_nothing_built

W1 = {
    "source_mw": 5.1, "output_mw": 6.5553, "available_mw": 5.1, "it_energy_mwh": 6 * 8760.0,
    "pue": 1.3, "cooling_credit_mwh_per_mwh": 0.05, "electricity_price_eur_per_mwh": 100.0,
    "waste_heat_price_eur_per_mwh": 10.0,
}  # fmt: skip


def effects_of(*sites: dict[str, float]) -> dict[str, OperatorEffects]:
    """Return the effects of sites that each feed in the 39 041 MWh/a of T12."""
    opened = [
        PlannedSite(f"s{k}", "heat pump", 6.5553, 39_041.0, 8_667.2, 0.0) for k in range(len(sites))
    ]
    keys = pd.MultiIndex.from_tuples([(each.site, each.option) for each in opened])
    heat = pd.DataFrame([W1 | each for each in sites], index=keys)
    return operator_effects(replace(small_town().plan, sites=tuple(opened)), heat)


def test_complete_case_w1() -> None:
    """T12: 30 373.9 of 44 676 MWh source heat (68.0 %), ERF 0.4445; so ERE 1.3 x 0.5555."""
    only = effects_of({})["s0"]
    assert only.source_heat_mwh == pytest.approx(30_373.9, abs=0.5)
    assert only.available_heat_mwh == pytest.approx(44_676)
    assert only.used_share == pytest.approx(0.680, abs=5e-4)
    assert only.erf == pytest.approx(0.4445, abs=5e-5)
    assert only.ere == pytest.approx(0.7221, abs=2e-4)
    assert only.pue == pytest.approx(1.3)


def test_cooling_credit_and_income() -> None:
    """0.05 of 30 374 MWh is saved: 1 519 MWh/a, 151 870 EUR/a; PUE lower by 1 519 / 52 560."""
    only = effects_of({})["s0"]
    assert only.cooling_saved_mwh == pytest.approx(1_518.7, abs=0.1)
    assert only.cooling_saved_eur == pytest.approx(151_870, abs=10)
    assert only.pue_with_recovery == pytest.approx(1.3 - 1_518.7 / 52_560, abs=1e-6)
    assert only.heat_income_eur == pytest.approx(303_739, abs=10)
    assert only.benefit_eur == pytest.approx(151_870 + 303_739, abs=20)


def test_effectiveness_is_energy_less_reuse_over_it_energy() -> None:
    for reused, total, servers in ((0.0, 13.0, 10.0), (3.0, 13.0, 10.0), (13.0, 13.0, 10.0)):
        erf = energy_reuse_factor(reused, total)
        ere = energy_reuse_effectiveness(total / servers, erf)
        assert ere == pytest.approx((total - reused) / servers)


def test_several_sites_are_weighed_by_their_energy() -> None:
    """A second site of the same heat and twice the energy: ERF 2 x 0.4445 / 3."""
    both = together(effects_of({}, {"it_energy_mwh": 12 * 8760.0}).values())
    assert both.erf == pytest.approx(0.4445 * 2 / 3, abs=5e-5)
    assert both.pue == pytest.approx(1.3)


def test_unknown_it_load_leaves_ratios_open() -> None:
    unknown = effects_of({"it_energy_mwh": math.nan})
    assert math.isnan(unknown["s0"].erf)
    assert unknown["s0"].used_share == pytest.approx(0.680, abs=5e-4)
    figures = operator_kpis(unknown)
    assert figures["operator_erf"] is None
    assert figures["operator_ere"] is None
    assert figures["operator_source_heat_mwh"] == pytest.approx(30_373.9, abs=0.5)


def test_the_empty_plan_has_no_operator() -> None:
    empty = with_nothing_built(small_town()).plan
    assert operator_effects(empty, pd.DataFrame()) == {}
    assert operator_kpis({}) == {}
