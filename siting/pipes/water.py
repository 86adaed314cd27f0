"""Carry heat with water: its properties, flow and velocity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from siting.units import FloatArray, mw_from_w

__all__ = ["WATER_70C", "Water", "heat_flow_mw", "velocity", "water_flow_for_heat"]


@dataclass(frozen=True)
class Water:
    """Properties of water: density [kg/m3], viscosity [Pa s] and heat capacity [J/(kg K)]."""

    density: float
    viscosity: float
    heat_capacity: float


WATER_70C = Water(density=977.8, viscosity=4.04e-4, heat_capacity=4190.0)
"""Water at 70 °C, as in topotherm (github.com/jylambert/topotherm, settings)."""


def water_flow_for_heat(
    heat_mw: ArrayLike,
    supply_temperature_c: float,
    return_temperature_c: float,
    water: Water = WATER_70C,
) -> FloatArray:
    """Return the water flow that carries a heat flow.

    Parameters
    ----------
    heat_mw
        Heat flow [MW].
    supply_temperature_c, return_temperature_c
        Temperatures of the network [°C].
    water
        Properties of the water.

    Returns
    -------
    Mass flow [kg/s].

    Examples
    --------
    >>> f"{water_flow_for_heat(10, 80, 50):.4f}"
    '79.5545'
    """
    spread = supply_temperature_c - return_temperature_c
    flow = np.asarray(heat_mw, dtype=float) * 1e6 / (water.heat_capacity * spread)
    return np.asarray(flow, dtype=float)


def heat_flow_mw(
    flow_kg_per_s: ArrayLike,
    supply_temperature_c: float,
    return_temperature_c: float,
    water: Water = WATER_70C,
) -> FloatArray:
    """Return the heat flow that a water flow carries, see `water_flow_for_heat` [MW].

    Examples
    --------
    >>> f"{heat_flow_mw(57.0, 70, 40):.2f}"
    '7.16'
    """
    spread = supply_temperature_c - return_temperature_c
    power_w = np.asarray(flow_kg_per_s, dtype=float) * water.heat_capacity * spread
    return np.asarray(mw_from_w(power_w), dtype=float)


def velocity(
    flow_kg_per_s: ArrayLike, inner_diameter_m: ArrayLike, water: Water = WATER_70C
) -> FloatArray:
    """Return the mean velocity in a pipe.

    Parameters
    ----------
    flow_kg_per_s
        Mass flow [kg/s].
    inner_diameter_m
        Inner diameter [m].
    water
        Properties of the water.

    Returns
    -------
    Velocity [m/s].

    Examples
    --------
    >>> f"{velocity(40, 0.2101):.5f}"
    '1.17996'
    """
    area = math.pi / 4 * np.asarray(inner_diameter_m, dtype=float) ** 2
    return np.asarray(np.asarray(flow_kg_per_s, dtype=float) / (water.density * area), dtype=float)
