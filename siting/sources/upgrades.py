"""Bring one heat stream to the temperature of a network."""

from __future__ import annotations

import math
from dataclasses import dataclass

from siting.parameters import Parameters
from siting.sources.heat_pumps import heat_pump_cop, lorenz_cop, lorenz_efficiency, preheat_share
from siting.sources.streams import HeatStream

__all__ = [
    "DIRECT",
    "DIRECT_AND_HEAT_PUMP",
    "HEAT_PUMP",
    "PREHEAT",
    "Upgrade",
    "stream_upgrades",
]

DIRECT = "direct exchange"
DIRECT_AND_HEAT_PUMP = "direct exchange + heat pump"
PREHEAT = "preheat + heat pump"
HEAT_PUMP = "heat pump"

LEAST_COP = 1.05
SETTLED = 1e-12
WORTH_LIFTING = 1e-6
STEPS = 200


@dataclass(frozen=True)
class Upgrade:
    """One way to bring one stream to the temperature of the network, at full size.

    Parameters
    ----------
    kind
        ``direct exchange``, ``direct exchange + heat pump``, ``preheat + heat pump`` or
        ``heat pump``.
    stream
        The heat that comes in.
    source_mw
        Heat taken from the stream; less than it holds where it cannot be cooled all the way [MW].
    output_mw
        Heat given to the network [MW].
    heat_pump_mw, exchanger_mw
        Output of the heat pump, and heat through the exchanger to the network [MW].
    electricity_mw
        Electric power of the heat pump [MW].
    """

    kind: str
    stream: HeatStream
    source_mw: float
    output_mw: float
    heat_pump_mw: float
    exchanger_mw: float
    electricity_mw: float


def stream_upgrades(
    stream: HeatStream,
    supply_temperature_c: float,
    return_temperature_c: float,
    parameters: Parameters,
) -> tuple[Upgrade, ...]:
    """Return the ways to bring a stream to the temperature of a network, simplest first.

    Parameters
    ----------
    stream
        The heat at its own temperature.
    supply_temperature_c, return_temperature_c
        Temperatures of the network [°C].
    parameters
        Gives approach, Lorenz efficiencies and the cap of the COP.

    Returns
    -------
    Direct exchange where the stream is warm enough, and where it is to be cooled further than an
    exchanger can, also together with a heat pump for what is left. Else, where it is warmer than
    the return, preheating with a heat pump for the rest, and a heat pump for everything. Empty
    where no heat pump works.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> stream = HeatStream("liquid", 3.0, 55, 42)
    >>> for upgrade in stream_upgrades(stream, 70, 40, load_parameters()):
    ...     print(upgrade.kind, round(upgrade.output_mw, 3), round(upgrade.electricity_mw, 3))
    preheat + heat pump 3.229 0.229
    heat pump 3.429 0.429
    >>> [each.kind for each in stream_upgrades(stream, 52, 30, load_parameters())]
    ['direct exchange']
    >>> [each.kind for each in stream_upgrades(HeatStream("liquid", 3.0, 60, 20), 52, 30,
    ...     load_parameters())]
    ['direct exchange', 'direct exchange + heat pump']
    """
    approach = parameters.value("heat_exchanger_approach_k")
    share = preheat_share(
        stream.supply_temperature_c, supply_temperature_c, return_temperature_c, approach
    )
    if share >= 1:
        direct = _direct(stream, return_temperature_c + approach)
        both = _direct_and_lifted(direct, supply_temperature_c, return_temperature_c, parameters)
        return (direct,) if both is None else (direct, both)
    found = [_lifted(stream, supply_temperature_c, return_temperature_c, 0.0, parameters)]
    if share > 0:
        found.insert(
            0, _lifted(stream, supply_temperature_c, return_temperature_c, share, parameters)
        )
    return tuple(each for each in found if each is not None)


def _direct(stream: HeatStream, coldest_c: float) -> Upgrade:
    """Return direct exchange; the stream is not cooled below what the return allows."""
    spread = stream.supply_temperature_c - stream.return_temperature_c
    usable = min((stream.supply_temperature_c - coldest_c) / spread, 1.0)
    heat = stream.source_mw * usable
    return Upgrade(DIRECT, stream, heat, heat, 0.0, heat, 0.0)


def _direct_and_lifted(
    direct: Upgrade, supply_c: float, return_c: float, parameters: Parameters
) -> Upgrade | None:
    """Return direct exchange with a heat pump that cools the stream further, where that is left."""
    stream = direct.stream
    left_mw = stream.source_mw - direct.source_mw
    if left_mw <= WORTH_LIFTING * stream.source_mw:
        return None
    coldest_c = return_c + parameters.value("heat_exchanger_approach_k")
    rest = HeatStream(stream.name, left_mw, coldest_c, stream.return_temperature_c)
    lifted = _lifted(rest, supply_c, return_c, 0.0, parameters)
    if lifted is None:
        return None
    return Upgrade(
        kind=DIRECT_AND_HEAT_PUMP,
        stream=stream,
        source_mw=direct.source_mw + lifted.source_mw,
        output_mw=direct.output_mw + lifted.output_mw,
        heat_pump_mw=lifted.heat_pump_mw,
        exchanger_mw=direct.exchanger_mw,
        electricity_mw=lifted.electricity_mw,
    )


def _lifted(
    stream: HeatStream, supply_c: float, return_c: float, share: float, parameters: Parameters
) -> Upgrade | None:
    """Return a heat pump, with an exchanger before it where the preheated share is above 0.

    The exchanger cools the stream before the heat pump does, by ``share ratio`` of its spread with
    ratio = output over source = ``1 / (1 - (1 - share) / COP)``. It cannot cool it below the return
    plus approach, which may lower the share. The COP follows from temperatures and size, and the
    size from the COP, hence the repetition.
    """
    spread = stream.supply_temperature_c - stream.return_temperature_c
    rise = supply_c - return_c
    cap = parameters.value("cop_cap")
    wanted, cop = share, cap
    for _ in range(STEPS):
        ratio = 1 / (1 - (1 - share) / cop)
        pump_mw = (1 - share) * ratio * stream.source_mw
        lorenz = lorenz_cop(
            stream.supply_temperature_c - share * ratio * spread,
            stream.return_temperature_c,
            return_c + share * rise,
            supply_c,
        )
        before = (share, cop)
        cop = heat_pump_cop(lorenz, lorenz_efficiency(pump_mw, parameters), cap)
        if cop < LEAST_COP:
            return None
        share = min(wanted, wanted * rise / (ratio * spread))
        if math.dist(before, (share, cop)) < SETTLED:
            break
    ratio = 1 / (1 - (1 - share) / cop)
    output = ratio * stream.source_mw
    return Upgrade(
        kind=PREHEAT if wanted > 0 else HEAT_PUMP,
        stream=stream,
        source_mw=stream.source_mw,
        output_mw=output,
        heat_pump_mw=(1 - share) * output,
        exchanger_mw=share * output,
        electricity_mw=(1 - share) * output / cop,
    )
