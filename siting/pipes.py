"""Describe buried pipes: hydraulics, heat loss, and the catalogue of sizes with their cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from siting.errors import Fault, InputError
from siting.parameters import Parameters, read_default_csv
from siting.units import FloatArray, bar_from_pa, metres_from_mm, mw_from_w

__all__ = [
    "CATALOGUES",
    "WATER_70C",
    "BuriedPair",
    "PipeCatalogue",
    "Water",
    "buried_pair_en13941",
    "catalogue_for",
    "flow_at_gradient",
    "friction_colebrook",
    "heat_flow_mw",
    "outlet_temperature",
    "pressure_gradient",
    "pump_power_kw",
    "reynolds_number",
    "trench_pressure_drop_bar",
    "velocity",
    "water_flow_for_heat",
]

CATALOGUES: Mapping[str, str] = MappingProxyType({"en253": "pipes_en253.csv"})
"""Known pipe catalogues and the file of each; a new one is a file and a line here."""

LAMINAR_BELOW = 2300.0
COLEBROOK_STEPS = 30


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


@dataclass(frozen=True)
class PipeCatalogue:
    """Pipe sizes in rising capacity, at the temperatures of one network.

    Parameters
    ----------
    name
        Name of the catalogue.
    labels
        Name of each size, such as ``DN100``.
    inner_diameter_m
        Inner diameters [m].
    capacity_mw
        Largest heat flow of each size [MW].
    heat_loss_w_per_m
        Heat lost by supply and return together per metre of trench [W/m].
    cost_eur_per_m
        Construction cost per metre of trench in a city street, design and contingency not
        included [EUR/m].
    """

    name: str
    labels: tuple[str, ...]
    inner_diameter_m: FloatArray
    capacity_mw: FloatArray
    heat_loss_w_per_m: FloatArray
    cost_eur_per_m: FloatArray

    def __len__(self) -> int:
        return len(self.labels)

    def smallest_for(self, heat_mw: float) -> int:
        """Return the position of the smallest size that carries a heat flow [MW].

        Raises
        ------
        InputError
            No size carries that much.
        """
        position = int(np.searchsorted(self.capacity_mw, heat_mw))
        if position == len(self):
            raise InputError(
                Fault(
                    "study",
                    f"catalogue '{self.name}' has no pipe for {heat_mw:,.1f} MW; its largest,"
                    f" {self.labels[-1]}, carries {self.capacity_mw[-1]:,.1f} MW.",
                    "Widen the temperature spread or allow a higher pressure gradient.",
                )
            )
        return position

    def pick(self, positions: ArrayLike) -> PipeCatalogue:
        """Return a catalogue of the sizes at some positions."""
        chosen = np.asarray(positions, dtype=int)
        return PipeCatalogue(
            self.name,
            tuple(self.labels[each] for each in chosen),
            self.inner_diameter_m[chosen],
            self.capacity_mw[chosen],
            self.heat_loss_w_per_m[chosen],
            self.cost_eur_per_m[chosen],
        )

    def useful(self, least_mw: float, most_mw: float) -> PipeCatalogue:
        """Return the sizes worth offering for heat flows in a range.

        Parameters
        ----------
        least_mw, most_mw
            Smallest and largest heat flow of interest [MW].

        Returns
        -------
        Sizes whose capacity and cost both rise.
        """
        first = min(int(np.searchsorted(self.capacity_mw, least_mw)), len(self) - 1)
        last = min(int(np.searchsorted(self.capacity_mw, most_mw)), len(self) - 1)
        kept = list(range(min(first, last), last + 1))
        # A size that is no cheaper than a larger one is never wanted.
        cost = self.cost_eur_per_m
        kept = [k for k in kept if all(cost[k] < cost[j] for j in kept if j > k)]
        return self.pick(kept)


def catalogue_for(
    supply_temperature_c: float,
    return_temperature_c: float,
    parameters: Parameters,
    *,
    pressure_gradient_pa_per_m: float,
    insulation_series: int = 2,
    catalogue: str = "en253",
) -> PipeCatalogue:
    """Return the pipe sizes with their capacity, loss and cost in a network.

    Parameters
    ----------
    supply_temperature_c, return_temperature_c
        Temperatures of the network [°C].
    parameters
        Gives roughness, largest velocity, ground and insulation.
    pressure_gradient_pa_per_m
        Pressure drop per metre of one pipe at full flow [Pa/m].
    insulation_series
        Insulation series 1, 2 or 3.
    catalogue
        A name of `CATALOGUES`.

    Returns
    -------
    Sizes in rising capacity.

    Raises
    ------
    InputError
        The catalogue or series is not known, or the supply is not warmer than the return.

    Notes
    -----
    The capacity is what the pressure gradient or the velocity cap allows, whichever is less, with
    properties of water at 70 °C.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> sizes = catalogue_for(70, 40, load_parameters(), pressure_gradient_pa_per_m=100)
    >>> sizes.labels[sizes.smallest_for(1.0)]
    'DN100'
    >>> sizes.capacity_mw[7].round(2), sizes.cost_eur_per_m[7]
    (np.float64(1.22), np.float64(1090.0))
    """
    _check_network(supply_temperature_c, return_temperature_c, insulation_series, catalogue)
    table = _table(catalogue)
    diameter = metres_from_mm(table["inner_diameter_mm"])
    by_gradient = flow_at_gradient(
        pressure_gradient_pa_per_m, diameter, parameters.value("roughness_mm")
    )
    cap = table["velocity_cap_m_per_s"]
    cap = np.where(np.isnan(cap), parameters.value("velocity_cap_large_m_per_s"), cap)
    by_velocity = cap * WATER_70C.density * math.pi / 4 * diameter**2
    pair = buried_pair_en13941(
        table["outer_diameter_mm"],
        table[f"casing_{insulation_series}_mm"],
        table[f"casing_wall_{insulation_series}_mm"],
        parameters,
    )
    loss = pair.heat_loss_w_per_m(
        supply_temperature_c, return_temperature_c, parameters.value("ground_temperature_c")
    )
    return PipeCatalogue(
        name=catalogue,
        labels=tuple(f"DN{each:.0f}" for each in table["nominal_diameter"]),
        inner_diameter_m=diameter,
        capacity_mw=heat_flow_mw(
            np.minimum(by_gradient, by_velocity), supply_temperature_c, return_temperature_c
        ),
        # Pipes colder than the ground gain heat; that gain is not counted.
        heat_loss_w_per_m=np.maximum(loss, 0.0),
        cost_eur_per_m=table["cost_eur_per_m"],
    )


@cache
def _table(catalogue: str) -> Mapping[str, FloatArray]:
    """Return the columns of a catalogue file; empty cells are NaN."""
    rows = read_default_csv(CATALOGUES[catalogue])
    return MappingProxyType(
        {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}
    )


def _check_network(supply_c: float, return_c: float, series: int, catalogue: str) -> None:
    """Raise what is wrong with the choices for a catalogue."""
    faults = []
    if not supply_c > return_c:
        faults.append(
            Fault(
                "study",
                f"the network supplies at {supply_c:g} °C and returns at {return_c:g} °C.",
                "Give a supply that is warmer than the return.",
            )
        )
    if series not in {1, 2, 3}:
        faults.append(Fault("study", f"insulation series {series} is not known.", "Use 1, 2 or 3."))
    if catalogue not in CATALOGUES:
        known = ", ".join(f"'{name}'" for name in CATALOGUES)
        faults.append(
            Fault("study", f"pipe catalogue '{catalogue}' is not known.", f"Use {known}.")
        )
    if faults:
        raise InputError(faults)
