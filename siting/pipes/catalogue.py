"""Offer the pipe sizes of a network with their capacity, loss and cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from siting.errors import Fault, InputError, name_ids
from siting.parameters import Parameters
from siting.pipes.friction import flow_at_gradient
from siting.pipes.heat_loss import buried_pair_en13941
from siting.pipes.table import TRANSFER, PipeTable, read_pipe_table, unknown_catalogue
from siting.pipes.water import WATER_70C, Water, heat_flow_mw
from siting.units import FloatArray, metres_from_mm

__all__ = ["PipeCatalogue", "PipeDesign", "catalogue_for"]


@dataclass(frozen=True)
class PipeDesign:
    """What the sizes of a catalogue were worked out with.

    Parameters
    ----------
    supply_temperature_c, return_temperature_c, ground_temperature_c
        Temperatures of the network and of the ground [°C].
    pressure_gradient_pa_per_m
        Largest pressure drop per metre of one pipe [Pa/m].
    roughness_mm
        Inner roughness [mm].
    water
        Properties of the water.
    """

    supply_temperature_c: float
    return_temperature_c: float
    ground_temperature_c: float
    pressure_gradient_pa_per_m: float
    roughness_mm: float
    water: Water = WATER_70C


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
    velocity_cap_m_per_s
        Highest velocity of each size [m/s].
    heat_transfer_w_per_m_k
        Heat transfer ``U1 - U2`` of one pipe [W/(m K)].
    twin
        Whether supply and return lie in one casing.
    design
        What the sizes were worked out with.
    """

    name: str
    labels: tuple[str, ...]
    inner_diameter_m: FloatArray
    capacity_mw: FloatArray
    heat_loss_w_per_m: FloatArray
    cost_eur_per_m: FloatArray
    velocity_cap_m_per_s: FloatArray
    heat_transfer_w_per_m_k: FloatArray
    twin: tuple[bool, ...]
    design: PipeDesign

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
            self.velocity_cap_m_per_s[chosen],
            self.heat_transfer_w_per_m_k[chosen],
            tuple(self.twin[each] for each in chosen),
            self.design,
        )

    def only(self, labels: Sequence[str]) -> PipeCatalogue:
        """Return a catalogue of the sizes with some labels.

        Raises
        ------
        InputError
            A label is not in the catalogue, or there is none.

        Examples
        --------
        >>> from siting.parameters import load_parameters
        >>> sizes = catalogue_for(70, 40, load_parameters(), pressure_gradient_pa_per_m=100)
        >>> sizes.only(["DN100", "DN50"]).labels
        ('DN50', 'DN100')
        """
        unknown = [each for each in labels if each not in self.labels]
        if unknown or not labels:
            raise InputError(
                Fault(
                    "study",
                    f"[network] pipe_sizes: {name_ids(unknown) if labels else 'no size'} of"
                    f" catalogue '{self.name}'.",
                    f"It has {', '.join(self.labels)}.",
                    tuple(unknown),
                )
            )
        return self.pick([k for k, each in enumerate(self.labels) if each in set(labels)])

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
    catalogue: str | Path = "en253",
) -> PipeCatalogue:
    """Return the pipe sizes with their capacity, loss and cost in a network.

    Parameters
    ----------
    supply_temperature_c, return_temperature_c
        Temperatures of the network [°C].
    parameters
        Gives roughness, largest velocity, ground, insulation, and what a twin pipe saves.
    pressure_gradient_pa_per_m
        Pressure drop per metre of one pipe at full flow [Pa/m].
    insulation_series
        Insulation series 1, 2 or 3.
    catalogue
        A name of `CATALOGUES`, or the path of a CSV file, see `read_pipe_table`.

    Returns
    -------
    Sizes in rising capacity.

    Raises
    ------
    InputError
        The catalogue or series is not known, its file cannot be used, or the supply is not warmer
        than the return.

    Notes
    -----
    The capacity is what the pressure gradient or the velocity cap allows, whichever is less, with
    properties of water at 70 °C. The loss of a twin pipe is that of two single pipes of its size
    times the parameter ``twin_loss_factor``; its geometry is not modelled.

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
    table = read_pipe_table(catalogue, insulation_series)
    design = PipeDesign(
        supply_temperature_c,
        return_temperature_c,
        parameters.value("ground_temperature_c"),
        pressure_gradient_pa_per_m,
        parameters.value("roughness_mm"),
    )
    diameter = metres_from_mm(table["inner_diameter_mm"])
    by_gradient = flow_at_gradient(pressure_gradient_pa_per_m, diameter, design.roughness_mm)
    cap = table["velocity_cap_m_per_s"]
    cap = np.where(np.isnan(cap), parameters.value("velocity_cap_large_m_per_s"), cap)
    by_velocity = cap * design.water.density * math.pi / 4 * diameter**2
    transfer = _heat_transfer(table, insulation_series, parameters)
    excess = (supply_temperature_c + return_temperature_c) / 2 - design.ground_temperature_c
    return PipeCatalogue(
        name=table.name,
        labels=table.labels,
        inner_diameter_m=diameter,
        capacity_mw=heat_flow_mw(
            np.minimum(by_gradient, by_velocity), supply_temperature_c, return_temperature_c
        ),
        # Pipes colder than the ground gain heat; that gain is not counted.
        heat_loss_w_per_m=np.maximum(2 * transfer * excess, 0.0),
        cost_eur_per_m=table["cost_eur_per_m"] * parameters.value("pipe_cost_factor"),
        velocity_cap_m_per_s=cap,
        heat_transfer_w_per_m_k=transfer,
        twin=table.twin,
        design=design,
    )


def _heat_transfer(table: PipeTable, series: int, parameters: Parameters) -> FloatArray:
    """Return the heat transfer of one pipe of each size, as stated or after EN 13941 [W/(m K)]."""
    if TRANSFER in table.columns:
        return table[TRANSFER]
    pair = buried_pair_en13941(
        table["outer_diameter_mm"],
        table[f"casing_{series}_mm"],
        table[f"casing_wall_{series}_mm"],
        parameters,
    )
    saved = np.where(table.twin, parameters.value("twin_loss_factor"), 1.0)
    return np.asarray(pair.effective * saved, dtype=float)


def _check_network(supply_c: float, return_c: float, series: int, catalogue: str | Path) -> None:
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
    unknown = unknown_catalogue(catalogue)
    if unknown is not None:
        faults.append(unknown)
    if faults:
        raise InputError(faults)
