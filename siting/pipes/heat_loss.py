"""Work out the heat that buried pipes lose to the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from siting.parameters import Parameters
from siting.pipes.water import WATER_70C, Water
from siting.units import FloatArray, metres_from_mm

__all__ = ["BuriedPair", "buried_pair_en13941", "outlet_temperature"]


def outlet_temperature(
    inlet_temperature_c: float,
    ground_temperature_c: float,
    heat_transfer_w_per_m_k: float,
    length_m: float,
    flow_kg_per_s: float,
    water: Water = WATER_70C,
) -> float:
    """Return the temperature at the end of a pipe.

    Parameters
    ----------
    inlet_temperature_c, ground_temperature_c
        Temperature of the water at the start, and of the undisturbed ground [°C].
    heat_transfer_w_per_m_k
        Heat transfer of the pipe to the ground [W/(m K)].
    length_m
        Length of the pipe [m].
    flow_kg_per_s
        Mass flow, above 0 [kg/s].
    water
        Properties of the water.

    Returns
    -------
    Temperature [°C].

    Notes
    -----
    ``T_g + (T_0 - T_g) exp(-U L / (m c_p))``.

    Examples
    --------
    >>> round(outlet_temperature(80, 8, 0.306, 2_000, 40), 4)
    79.7376
    """
    exponent = heat_transfer_w_per_m_k * length_m / (flow_kg_per_s * water.heat_capacity)
    return ground_temperature_c + (inlet_temperature_c - ground_temperature_c) * math.exp(-exponent)


@dataclass(frozen=True)
class BuriedPair:
    """Thermal resistances of a supply and a return pipe side by side in the ground.

    Parameters
    ----------
    insulation, ground, coupling
        Resistance of foam and casing, of the ground, and between the two pipes [m K/W].
    """

    insulation: FloatArray
    ground: FloatArray
    coupling: FloatArray

    @property
    def u1(self) -> FloatArray:
        """Heat transfer of one pipe to the ground [W/(m K)]."""
        own = self.ground + self.insulation
        return np.asarray(own / (own**2 - self.coupling**2), dtype=float)

    @property
    def u2(self) -> FloatArray:
        """Heat transfer that comes back from the other pipe [W/(m K)]."""
        own = self.ground + self.insulation
        return np.asarray(self.coupling / (own**2 - self.coupling**2), dtype=float)

    @property
    def effective(self) -> FloatArray:
        """Heat transfer ``U1 - U2`` per pipe and kelvin of mean excess temperature [W/(m K)]."""
        return self.u1 - self.u2

    def supply_loss_w_per_m(
        self, supply_temperature_c: float, return_temperature_c: float, ground_temperature_c: float
    ) -> FloatArray:
        """Return the loss of the supply pipe; swap the temperatures for the return [W/m]."""
        excess = supply_temperature_c - ground_temperature_c
        return self.u1 * excess - self.u2 * (return_temperature_c - ground_temperature_c)

    def heat_loss_w_per_m(
        self, supply_temperature_c: float, return_temperature_c: float, ground_temperature_c: float
    ) -> FloatArray:
        """Return the loss of both pipes per metre of trench [W/m]."""
        mean = (supply_temperature_c + return_temperature_c) / 2
        return 2 * self.effective * (mean - ground_temperature_c)


def buried_pair_en13941(
    outer_diameter_mm: ArrayLike,
    casing_mm: ArrayLike,
    casing_wall_mm: ArrayLike,
    parameters: Parameters,
) -> BuriedPair:
    """Return the thermal resistances of two equal pre-insulated pipes, as in EN 13941.

    Parameters
    ----------
    outer_diameter_mm, casing_mm, casing_wall_mm
        Outer diameter of the steel pipe and of the casing, and wall of the casing [mm].
    parameters
        Gives conductivities, cover and spacing.

    Returns
    -------
    Resistances, from which heat transfer and heat loss follow.

    References
    ----------
    EN 13941-1:2019, Design and installation of bonded single and twin pipe systems.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> pair = buried_pair_en13941(219.1, 355.0, 4.5, load_parameters())
    >>> f"{pair.effective:.4f}"
    '0.3063'
    >>> f"{pair.heat_loss_w_per_m(80, 50, 8):.4f}"
    '34.9175'
    """
    steel = np.asarray(outer_diameter_mm, dtype=float)
    casing = np.asarray(casing_mm, dtype=float)
    foam = casing - 2 * np.asarray(casing_wall_mm, dtype=float)
    soil = parameters.value("soil_conductivity_w_per_m_k")
    insulation = np.log(foam / steel) / parameters.value("insulation_conductivity_w_per_m_k")
    wall = np.log(casing / foam) / parameters.value("casing_conductivity_w_per_m_k")
    outer_m = metres_from_mm(casing)
    # The resistance of the surface counts as a layer of soil.
    surface = parameters.value("surface_resistance_m2_k_per_w") * soil
    depth = parameters.value("pipe_cover_m") + outer_m / 2 + surface
    apart = outer_m + parameters.value("pipe_spacing_m")
    return BuriedPair(
        insulation=np.asarray((insulation + wall) / (2 * math.pi), dtype=float),
        ground=np.asarray(np.log(4 * depth / outer_m) / (2 * math.pi * soil), dtype=float),
        coupling=np.asarray(
            np.log(1 + (2 * depth / apart) ** 2) / (4 * math.pi * soil), dtype=float
        ),
    )
