"""Place a plant at the data centre or at an energy centre away from it, and price the pipe."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from siting.parameters import Parameters
from siting.pipes import PipeCatalogue
from siting.sources.plants import AT_DATA_CENTRE, AT_ENERGY_CENTRE, Connector, Plant
from siting.units import mw_from_w

__all__ = ["placed_plants"]

Catalogues = Callable[[float, float], PipeCatalogue]


def placed_plants(
    plant: Plant,
    distance_m: float,
    network_temperatures_c: tuple[float, float],
    catalogues: Catalogues,
    parameters: Parameters,
    *,
    surface_factor: float = 1.0,
) -> tuple[Plant, ...]:
    """Return a plant at the data centre and at the energy centre, each with its pipe.

    Parameters
    ----------
    plant
        The plant without any pipe.
    distance_m
        Length of the route from the data centre to the energy centre [m].
    network_temperatures_c
        Supply and return of the network [°C].
    catalogues
        Gives the pipe sizes at a supply and a return temperature.
    parameters
        Gives the cost of an uninsulated warm pipe over that of an insulated one.
    surface_factor
        Cost of the trench over that in a city street [-].

    Returns
    -------
    At the data centre, heat runs at the temperatures of the network through an insulated *hot pipe*
    and some is lost on the way. At the energy centre, the water of the data centre runs through a
    *warm pipe* for each stream: wide, as it cools by a few kelvin only. The first is left out where
    the hot pipe would lose all heat.

    Raises
    ------
    InputError
        No pipe of the catalogue is large enough.

    Notes
    -----
    Both pipes are sized for the plant at full size. What the warm pipe loses is not counted: it
    runs little above the temperature of the ground where servers are cooled by air.

    Examples
    --------
    >>> from functools import partial
    >>> from siting.parameters import load_parameters
    >>> from siting.pipes import catalogue_for
    >>> from siting.sources import HeatStream, site_plants
    >>> given = load_parameters()
    >>> sizes = partial(catalogue_for, parameters=given, pressure_gradient_pa_per_m=100)
    >>> (plant,) = site_plants([HeatStream("air", 5.1, 30, 20)], 80, 45, given)
    >>> for each in placed_plants(plant, 1_000, (80, 45), sizes, given):
    ...     print(each.name, each.connector.sizes, f"{each.connector.cost_eur:,.0f}")
    heat pump at the data centre ('DN200',) 1,836,000
    heat pump at the energy centre ('DN300',) 2,183,000
    """
    hot = catalogues(*network_temperatures_c)
    size = hot.smallest_for(plant.output_mw)
    per_metre = distance_m * surface_factor
    loss_mw = mw_from_w(distance_m * float(hot.heat_loss_w_per_m[size]))
    hot_pipe = Connector(
        place=AT_DATA_CENTRE,
        component="hot_pipe",
        sizes=(hot.labels[size],),
        cost_eur=per_metre * float(hot.cost_eur_per_m[size]),
        loss_mw=loss_mw,
    )
    found = [_placed(plant, hot_pipe)] if loss_mw < plant.output_mw else []
    return (*found, _placed(plant, _warm_pipe(plant, per_metre, catalogues, parameters)))


def _warm_pipe(
    plant: Plant, per_metre: float, catalogues: Catalogues, parameters: Parameters
) -> Connector:
    """Return a pair of pipes for each stream that the plant uses."""
    sizes, costs = [], []
    for upgrade in plant.upgrades:
        stream = upgrade.stream
        sizes_here = catalogues(stream.supply_temperature_c, stream.return_temperature_c)
        size = sizes_here.smallest_for(upgrade.source_mw)
        sizes.append(sizes_here.labels[size])
        costs.append(per_metre * float(sizes_here.cost_eur_per_m[size]))
    factor = parameters.value("warm_pipe_cost_factor")
    return Connector(AT_ENERGY_CENTRE, "warm_pipe", tuple(sizes), factor * math.fsum(costs))


def _placed(plant: Plant, connector: Connector) -> Plant:
    return replace(plant, name=f"{plant.name} at the {connector.place}", connector=connector)
