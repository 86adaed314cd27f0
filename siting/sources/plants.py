"""Put the upgrades of a site's streams together to the plants it may get."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from siting.parameters import Parameters
from siting.sources.streams import HeatStream
from siting.sources.upgrades import Upgrade, stream_upgrades

__all__ = [
    "AT_DATA_CENTRE",
    "AT_ENERGY_CENTRE",
    "Connector",
    "Plant",
    "running_cost_eur_per_mwh",
    "site_plants",
]


AT_DATA_CENTRE = "data centre"
AT_ENERGY_CENTRE = "energy centre"


@dataclass(frozen=True)
class Connector:
    """The pipes between a data centre and the energy centre where its heat enters the network.

    Parameters
    ----------
    place
        Where the plant stands: ``data centre`` or ``energy centre``.
    component
        Component of the investment, ``hot_pipe`` or ``warm_pipe``.
    sizes
        Pipe size of each pair of pipes.
    cost_eur
        Construction cost, design and contingency not included [EUR].
    loss_mw
        Heat that they lose after the plant [MW].
    """

    place: str
    component: str
    sizes: tuple[str, ...]
    cost_eur: float
    loss_mw: float = 0.0


@dataclass(frozen=True)
class Plant:
    """Everything that brings the heat of a site into the network by one chain.

    Parameters
    ----------
    name
        The chain in words, such as ``heat pump``.
    upgrades
        One for each stream used; they grow in proportion when the plant is built smaller.
    connector
        The pipes to the energy centre, if the data centre stands away from it.
    """

    name: str
    upgrades: tuple[Upgrade, ...]
    connector: Connector | None = None

    @property
    def place(self) -> str:
        """Where the plant stands, ``data centre`` or ``energy centre``."""
        return AT_DATA_CENTRE if self.connector is None else self.connector.place

    @property
    def loss_mw(self) -> float:
        """Heat lost between the plant and the network [MW]."""
        return 0.0 if self.connector is None else self.connector.loss_mw

    @cached_property
    def source_mw(self) -> float:
        """Heat taken from the data centre [MW]."""
        return math.fsum(each.source_mw for each in self.upgrades)

    @cached_property
    def output_mw(self) -> float:
        """Heat given to the network [MW]."""
        return math.fsum(each.output_mw for each in self.upgrades) - self.loss_mw

    @cached_property
    def electricity_mw(self) -> float:
        """Electric power [MW]."""
        return math.fsum(each.electricity_mw for each in self.upgrades)

    @cached_property
    def heat_pump_mw(self) -> float:
        """Output of the heat pumps alone [MW]."""
        return math.fsum(each.heat_pump_mw for each in self.upgrades)

    @property
    def electricity_mw_per_mw(self) -> float:
        """Electric power over heat given to the network [-]."""
        return self.electricity_mw / self.output_mw

    @property
    def cop(self) -> float:
        """Heat given to the network over electricity, infinite without a heat pump [-]."""
        return self.output_mw / self.electricity_mw if self.electricity_mw > 0 else math.inf


def site_plants(
    streams: Sequence[HeatStream],
    supply_temperature_c: float,
    return_temperature_c: float,
    parameters: Parameters,
) -> tuple[Plant, ...]:
    """Return the plants that a site may get: one chain of upgrades each.

    Parameters
    ----------
    streams
        Heat streams of the site, warmest first.
    supply_temperature_c, return_temperature_c
        Temperatures of the network [°C].
    parameters
        See `stream_upgrades`.

    Returns
    -------
    Each upgrade of the warmest stream alone; with several streams also the two warmest together,
    and so on to all of them, each by its simplest upgrade.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> parameters = load_parameters()
    >>> from siting.sources.streams import cooling_streams
    >>> streams = cooling_streams(10, "mixed", parameters)
    >>> [plant.name for plant in site_plants(streams, 52, 30, parameters)]
    ['liquid: direct exchange', 'liquid: direct exchange; air: heat pump']
    """
    several = len(streams) > 1
    upgrades = [
        stream_upgrades(each, supply_temperature_c, return_temperature_c, parameters)
        for each in streams
    ]
    plants = [_plant((each,), several) for each in upgrades[0]] if upgrades else []
    together = [
        _plant(tuple(each[0] for each in upgrades[:count]), several)
        for count in range(2, len(streams) + 1)
        if all(upgrades[:count])
    ]
    return (*plants, *together)


def running_cost_eur_per_mwh(
    plant: Plant,
    electricity_price_eur_per_mwh: float,
    waste_heat_price_eur_per_mwh: float,
    parameters: Parameters,
) -> float:
    """Return what it costs to give a unit of heat to the network.

    Parameters
    ----------
    plant
        The plant.
    electricity_price_eur_per_mwh, waste_heat_price_eur_per_mwh
        Price of electricity, and of heat at the temperature of the data centre [EUR/MWh].
    parameters
        Gives the variable operation and maintenance of heat pumps.

    Returns
    -------
    Running cost per heat output [EUR/MWh].

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> parameters = load_parameters()
    >>> plant = site_plants([HeatStream("air", 4.0, 28, 18)], 70, 40, parameters)[0]
    >>> round(100 / plant.cop + 2.0, 3)
    22.566
    >>> round(running_cost_eur_per_mwh(plant, 100, 0, parameters), 3)
    22.566
    """
    upkeep = parameters.value("heat_pump_variable_om_eur_per_mwh")
    parts = (
        electricity_price_eur_per_mwh * plant.electricity_mw,
        waste_heat_price_eur_per_mwh * plant.source_mw,
        upkeep * plant.heat_pump_mw,
    )
    return math.fsum(parts) / plant.output_mw


def _plant(upgrades: tuple[Upgrade, ...], several: bool) -> Plant:
    """Return a plant with its name; streams are named where a site has several."""
    words = [f"{each.stream.name}: {each.kind}" if several else each.kind for each in upgrades]
    return Plant("; ".join(words), upgrades)
