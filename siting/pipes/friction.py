"""Work out the pressure that water loses in a pipe."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from siting.pipes.water import WATER_70C, Water, velocity
from siting.units import FloatArray, bar_from_pa, metres_from_mm

__all__ = [
    "flow_at_gradient",
    "friction_colebrook",
    "pressure_gradient",
    "pump_power_kw",
    "reynolds_number",
    "trench_pressure_drop_bar",
]

LAMINAR_BELOW = 2300.0
COLEBROOK_STEPS = 30


def reynolds_number(
    flow_kg_per_s: ArrayLike, inner_diameter_m: ArrayLike, water: Water = WATER_70C
) -> FloatArray:
    """Return the Reynolds number of the flow in a pipe, see `velocity` [-].

    Examples
    --------
    >>> f"{reynolds_number(40, 0.2101):,.0f}"
    '600,016'
    """
    d = np.asarray(inner_diameter_m, dtype=float)
    speed = velocity(flow_kg_per_s, d, water)
    return np.asarray(speed * d * water.density / water.viscosity, dtype=float)


def friction_colebrook(reynolds: ArrayLike, relative_roughness: ArrayLike) -> FloatArray:
    """Return the Darcy friction factor after Colebrook and White; ``64 / Re`` when laminar.

    Parameters
    ----------
    reynolds
        Reynolds number, above 0 [-].
    relative_roughness
        Roughness over inner diameter [-].

    Returns
    -------
    Darcy friction factor [-].

    Notes
    -----
    ``f^-0.5 = -2 log10(k / (3.7 d) + 2.51 / (Re f^0.5))``, repeated until it stands still; below
    a Reynolds number of 2300 the flow is taken as laminar.

    References
    ----------
    Colebrook 1939, Journal of the Institution of Civil Engineers 11,
    https://doi.org/10.1680/ijoti.1939.13150

    Examples
    --------
    >>> f"{friction_colebrook(600_016, 0.05 / 210.1):.7f}"
    '0.0155520'
    >>> f"{friction_colebrook(1_000, 0.001):.3f}"
    '0.064'
    """
    re = np.asarray(reynolds, dtype=float)
    rough = np.asarray(relative_roughness, dtype=float) / 3.7
    turbulent = np.maximum(re, LAMINAR_BELOW)
    inverse_root = np.full(np.broadcast_shapes(re.shape, rough.shape), 7.0)
    for _ in range(COLEBROOK_STEPS):
        inverse_root = -2 * np.log10(rough + 2.51 * inverse_root / turbulent)
    laminar = 64 / np.minimum(re, LAMINAR_BELOW)
    return np.asarray(np.where(re < LAMINAR_BELOW, laminar, inverse_root**-2), dtype=float)


def pressure_gradient(
    flow_kg_per_s: ArrayLike,
    inner_diameter_m: ArrayLike,
    roughness_mm: float,
    water: Water = WATER_70C,
) -> FloatArray:
    """Return the pressure drop per metre of one pipe, after Darcy and Weisbach.

    Parameters
    ----------
    flow_kg_per_s
        Mass flow, above 0 [kg/s].
    inner_diameter_m
        Inner diameter [m].
    roughness_mm
        Inner roughness [mm].
    water
        Properties of the water.

    Returns
    -------
    Pressure gradient [Pa/m].

    Examples
    --------
    >>> f"{pressure_gradient(40, 0.2101, 0.05):.3f}"
    '50.387'
    """
    d = np.asarray(inner_diameter_m, dtype=float)
    v = velocity(flow_kg_per_s, d, water)
    friction = friction_colebrook(
        reynolds_number(flow_kg_per_s, d, water), metres_from_mm(roughness_mm) / d
    )
    return np.asarray(friction * water.density * v**2 / (2 * d), dtype=float)


def flow_at_gradient(
    gradient_pa_per_m: float,
    inner_diameter_m: ArrayLike,
    roughness_mm: float,
    water: Water = WATER_70C,
) -> FloatArray:
    """Return the water flow at which a pipe reaches a pressure gradient in turbulent flow.

    Parameters
    ----------
    gradient_pa_per_m
        Pressure drop per metre of one pipe [Pa/m].
    inner_diameter_m
        Inner diameter [m].
    roughness_mm
        Inner roughness [mm].
    water
        Properties of the water.

    Returns
    -------
    Mass flow [kg/s].

    Notes
    -----
    ``Re f^0.5`` follows from the gradient alone, so the equation of Colebrook and White gives the
    flow without iteration.

    Examples
    --------
    >>> f"{flow_at_gradient(50.387, 0.2101, 0.05):.2f}"
    '40.00'
    """
    d = np.asarray(inner_diameter_m, dtype=float)
    speed = np.sqrt(2 * d * gradient_pa_per_m / water.density)
    inverse_root = -2 * np.log10(
        metres_from_mm(roughness_mm) / (3.7 * d)
        + 2.51 * water.viscosity / (water.density * d * speed)
    )
    return np.asarray(inverse_root * speed * water.density * math.pi / 4 * d**2, dtype=float)


def trench_pressure_drop_bar(
    gradient_pa_per_m: float, trench_length_m: float, fittings_share: float = 0.0
) -> float:
    """Return the pressure drop of supply and return together.

    Parameters
    ----------
    gradient_pa_per_m
        Pressure drop per metre of one pipe [Pa/m].
    trench_length_m
        Length of the route [m].
    fittings_share
        Extra for bends and valves, as a share of the straight pipe [-].

    Returns
    -------
    Pressure drop [bar].

    Examples
    --------
    >>> round(trench_pressure_drop_bar(50.387, 2_000), 4)
    2.0155
    """
    return bar_from_pa(2 * gradient_pa_per_m * trench_length_m * (1 + fittings_share))


def pump_power_kw(
    pressure_drop_bar: float,
    flow_kg_per_s: float,
    efficiency: float = 0.70,
    water: Water = WATER_70C,
) -> float:
    """Return the electric power of a pump.

    Parameters
    ----------
    pressure_drop_bar
        Pressure to overcome [bar].
    flow_kg_per_s
        Mass flow [kg/s].
    efficiency
        Efficiency of pump and motor; 0.60 to 0.80 is usual [-].
    water
        Properties of the water.

    Returns
    -------
    Electric power [kW].

    Examples
    --------
    >>> round(pump_power_kw(2.0155, 40), 3)
    11.779
    """
    return pressure_drop_bar * 1e5 * flow_kg_per_s / (water.density * efficiency) / 1e3
