"""Convert between the units of inputs, of formulas and of results."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from siting.errors import Fault, InputError

__all__ = [
    "ENERGY_IN_MWH",
    "HOURS_PER_A",
    "SECONDS_PER_H",
    "ZERO_CELSIUS_K",
    "FloatArray",
    "Number",
    "bar_from_pa",
    "gj_from_mwh",
    "kelvin",
    "kw_from_mw",
    "kwh_from_mwh",
    "metres_from_mm",
    "mw_from_kw",
    "mw_from_w",
    "to_mwh",
]

FloatArray = NDArray[np.float64]
Number = TypeVar("Number", float, FloatArray)
"""A number or an array of them; a conversion returns what it was given."""

HOURS_PER_A = 8760.0
SECONDS_PER_H = 3600.0
ZERO_CELSIUS_K = 273.15
ENERGY_IN_MWH: Mapping[str, float] = MappingProxyType(
    {"MWh": 1.0, "kWh": 1e-3, "GWh": 1e3, "GJ": 1 / 3.6}
)


def to_mwh(energy: Number, unit: str) -> Number:
    """Return an energy in MWh.

    Parameters
    ----------
    energy
        Energy in the unit named [``unit``].
    unit
        One of ``MWh``, ``kWh``, ``GWh`` and ``GJ``.

    Returns
    -------
    Energy [MWh].

    Raises
    ------
    InputError
        The unit is not known.

    Examples
    --------
    >>> to_mwh(3_400_000.0, "kWh")
    3400.0
    >>> round(to_mwh(9.0, "GJ"), 6)
    2.5
    """
    if unit not in ENERGY_IN_MWH:
        known = ", ".join(f"'{name}'" for name in ENERGY_IN_MWH)
        raise InputError(
            Fault("study", f"'{unit}' is not a unit of energy known here.", f"Use one of {known}.")
        )
    return energy * ENERGY_IN_MWH[unit]


def mw_from_kw(power_kw: Number) -> Number:
    """Return a power in MW.

    Examples
    --------
    >>> mw_from_kw(1_500.0)
    1.5
    """
    return power_kw * 1e-3


def kw_from_mw(power_mw: Number) -> Number:
    """Return a power in kW.

    Examples
    --------
    >>> kw_from_mw(1.5)
    1500.0
    """
    return power_mw * 1e3


def mw_from_w(power_w: Number) -> Number:
    """Return a power in MW.

    Examples
    --------
    >>> mw_from_w(34_900.0)
    0.0349
    """
    return power_w * 1e-6


def kwh_from_mwh(energy_mwh: Number) -> Number:
    """Return an energy in kWh.

    Examples
    --------
    >>> kwh_from_mwh(2.5)
    2500.0
    """
    return energy_mwh * 1e3


def gj_from_mwh(energy_mwh: Number) -> Number:
    """Return an energy in GJ.

    Examples
    --------
    >>> gj_from_mwh(2.5)
    9.0
    """
    return energy_mwh * 3.6


def kelvin(temperature_c: Number) -> Number:
    """Return an absolute temperature in K.

    Examples
    --------
    >>> kelvin(70.0)
    343.15
    """
    return temperature_c + ZERO_CELSIUS_K


def bar_from_pa(pressure_pa: Number) -> Number:
    """Return a pressure in bar.

    Examples
    --------
    >>> bar_from_pa(201_548.0)
    2.01548
    """
    return pressure_pa * 1e-5


def metres_from_mm(length_mm: Number) -> Number:
    """Return a length in m.

    Examples
    --------
    >>> metres_from_mm(210.1)
    0.2101
    """
    return length_mm * 1e-3
