"""CO2 is counted against a stated baseline, with factors that are never mixed up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.emissions import (
    GROSS_TO_NET,
    Baseline,
    ElectricityPath,
    EmissionFactor,
    emission_factor,
    emission_factors,
    require_same_scope,
    sum_over_years,
    year_co2,
)
from siting.errors import InputError

GAS = EmissionFactor(202, "NCV", key="gas")
POWER = EmissionFactor(250)


def saving(baseline=None, *, power=POWER, gas=GAS, **energy):
    amounts = {"demand_mwh": 40_000, "electricity_mwh": 9_121.7, "gas_mwh": 6_751.1} | energy
    return year_co2(
        **amounts, baseline=baseline or Baseline("gas", GAS, 0.90), gas=gas, electricity=power
    )


def test_complete_case():
    found = saving()
    assert found.project_t == pytest.approx(3_644.1, rel=1e-4)
    assert found.baseline_t == pytest.approx(8_977.8, rel=1e-4)
    assert found.net_t == pytest.approx(5_333.6, rel=1e-4)
    assert found.gross_t - found.net_t == pytest.approx(9_121.7 * 0.25)


def test_tallaght_lies_in_its_published_range():
    """Gas at 204.7, 0.85-0.90, electricity 230-255, COP 3.1: 0.13 to 0.18 t/MWh."""
    for efficiency in (0.85, 0.90):
        for factor in (230, 255):
            found = saving(
                Baseline("gas", emission_factor("gas"), efficiency),
                power=EmissionFactor(factor),
                demand_mwh=9_000,
                electricity_mwh=9_000 / 3.1,
                gas_mwh=0,
            )
            assert 0.13 <= found.net_t / 9_000 <= 0.18


def test_espoo_needs_coal():
    """400,000 t for about 920 GWh cannot be had from gas, only from coal and gross."""
    claimed = 400_000 / 920_000
    gas = saving(demand_mwh=1.0, electricity_mwh=0, gas_mwh=0).gross_t
    coal = Baseline("coal", emission_factor("coal"), 0.80)
    assert gas < 0.6 * claimed
    assert saving(coal, demand_mwh=1.0, electricity_mwh=0, gas_mwh=0).gross_t == pytest.approx(
        claimed, rel=0.03
    )


def test_gross_and_net_calorific_values_are_one_gas():
    gross = EmissionFactor(182.8, "GCV")
    net = gross.on("NCV")
    assert net.value_kg_per_mwh == pytest.approx(182.8 / GROSS_TO_NET)
    assert net.basis == "NCV"
    assert net.on("GCV").value_kg_per_mwh == pytest.approx(182.8)
    # 1 MWh gross is 0.9 MWh net, and holds the same carbon.
    assert 1.0 * gross.value_kg_per_mwh == pytest.approx(0.9 * net.value_kg_per_mwh)
    with pytest.raises(InputError, match="no calorific value"):
        POWER.on("NCV")


def test_direct_and_life_cycle_are_never_mixed():
    power = EmissionFactor(291, direct_or_lifecycle="life-cycle", description="Electricity")
    with pytest.raises(InputError, match=r"cannot be mixed.*202 kg/MWh is direct.*291.*life-cycle"):
        saving(power=power)
    with pytest.raises(InputError, match="cannot be mixed"):
        ElectricityPath(
            EmissionFactor(291, direct_or_lifecycle="life-cycle", year=2023),
            EmissionFactor(110, year=2030),
        )
    require_same_scope([power, power])


def test_path_of_electricity_is_straight_and_then_held():
    path = ElectricityPath(EmissionFactor(255, year=2023), EmissionFactor(110, year=2030))
    assert path.kg_per_mwh(2023) == path.kg_per_mwh(2010) == 255
    assert path.kg_per_mwh(2026.5) == pytest.approx((255 + 110) / 2)
    assert path.kg_per_mwh(2030) == path.kg_per_mwh(2055) == 110
    assert "held after that" in path.in_words
    with pytest.raises(InputError, match="make no path"):
        ElectricityPath(EmissionFactor(1), EmissionFactor(2, year=2030))


def test_heat_pump_baseline_follows_electricity():
    found = saving(Baseline("heat_pump", None, 3.0), gas_mwh=0)
    assert found.baseline_fuel_t == 0
    assert found.net_t == pytest.approx((40_000 / 3 - 9_121.7) * 0.25)
    assert found.gross_t == 0


@pytest.mark.parametrize("kind", ["district_mix", "user"])
def test_stated_factor_is_per_heat(kind):
    found = saving(Baseline(kind, EmissionFactor(120)), electricity_mwh=0, gas_mwh=0)
    assert found.net_t == pytest.approx(40_000 * 0.12)


def test_every_stored_factor_is_complete():
    for each in emission_factors():
        assert each.basis in {"NCV", "GCV", "-"}
        assert (each.basis == "-") == (each.key == "electricity")
        assert each.direct_or_lifecycle in {"direct", "life-cycle"}
        assert each.mark
        assert each.source
        assert (each.year is not None) or each.key != "electricity"
    with pytest.raises(InputError, match="Known: coal"):
        emission_factor("wood")


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(1, 900))
def test_parts_add_up_and_saving_has_a_limit(demand, power, gas, factor):
    found = saving(
        demand_mwh=demand, electricity_mwh=power, gas_mwh=gas, power=EmissionFactor(factor)
    )
    assert found.net_t == pytest.approx(found.gross_t - found.electricity_t, abs=1e-6)
    assert found.net_t <= demand * 202 / 0.9 / 1000 + 1e-9
    assert sum_over_years([found, found], "net_t") == pytest.approx(2 * found.net_t)
