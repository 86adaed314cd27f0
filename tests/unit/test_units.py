"""Conversions keep numbers and arrays, and refuse units they do not know."""

from __future__ import annotations

import numpy as np
import pytest

from siting import units
from siting.errors import InputError


@pytest.mark.parametrize(
    ("energy", "unit", "mwh"),
    [(3.0, "MWh", 3.0), (3_000.0, "kWh", 3.0), (0.003, "GWh", 3.0), (10.8, "GJ", 3.0)],
)
def test_energy_units_meet(energy: float, unit: str, mwh: float) -> None:
    assert units.to_mwh(energy, unit) == pytest.approx(mwh)


def test_arrays_are_converted_as_a_whole() -> None:
    energy = np.array([1.0, 2.0])
    assert units.to_mwh(energy, "GWh").tolist() == [1_000.0, 2_000.0]
    assert energy.tolist() == [1.0, 2.0]


def test_unknown_unit_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'MW' is not a unit of energy.*'kWh'"):
        units.to_mwh(1.0, "MW")


def test_power_there_and_back() -> None:
    assert units.mw_from_kw(units.kw_from_mw(2.5)) == pytest.approx(2.5)
    assert units.mw_from_w(2.5e6) == pytest.approx(2.5)
    assert units.kwh_from_mwh(2.5) == 2_500.0


def test_temperature_pressure_and_length() -> None:
    assert units.kelvin(25.0) == pytest.approx(298.15)
    assert units.bar_from_pa(100_000.0) == pytest.approx(1.0)
    assert units.metres_from_mm(107.1) == pytest.approx(0.1071)
