"""Say what heat a data centre gives off: how much, and at which temperatures."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from siting.errors import Fault, InputError
from siting.parameters import Parameters

__all__ = [
    "COOLINGS",
    "HeatStream",
    "cooling_streams",
]

COOLINGS = ("air", "liquid", "mixed")


@dataclass(frozen=True)
class HeatStream:
    """Heat that a data centre gives off at one pair of temperatures.

    Parameters
    ----------
    name
        ``air`` or ``liquid``.
    source_mw
        Heat that can be taken, as a mean over the year [MW].
    supply_temperature_c, return_temperature_c
        Temperature at which it comes, and to which it is cooled [°C].
    """

    name: str
    source_mw: float
    supply_temperature_c: float
    return_temperature_c: float


def cooling_streams(
    it_load_mw: float | None,
    cooling: str,
    parameters: Parameters,
    *,
    recoverable_heat_mw: float | None = None,
    utilisation: float | None = None,
    recoverable_fraction: float | None = None,
    supply_temperature_c: float | None = None,
    return_temperature_c: float | None = None,
) -> tuple[HeatStream, ...]:
    """Return the heat streams of a data centre.

    Parameters
    ----------
    it_load_mw
        Nameplate IT power; not used where the heat itself is stated [MW].
    cooling
        ``air``, ``liquid`` or ``mixed``.
    parameters
        Gives what is not stated.
    recoverable_heat_mw
        Heat that can be taken at the source's own temperature, over all streams, as a mean over the
        year; taken as it is [MW].
    utilisation
        Mean IT load over nameplate [-].
    recoverable_fraction
        Share of the IT power that is caught as heat, over all streams [-].
    supply_temperature_c, return_temperature_c
        Temperatures of the stream; of the liquid loop where cooling is mixed [°C]. A supply
        without a return is cooled by as much as the default stream.

    Returns
    -------
    The streams, warmest first.

    Raises
    ------
    InputError
        The cooling is not known, a figure is out of range, or a return is not below its supply.

    Notes
    -----
    ``Q = P_IT u f_rec a`` with a the availability of the recovery loop, or the stated heat. Mixed
    cooling puts a share of the IT power on a liquid loop and the rest on air, each with its own
    recoverable fraction; a stated heat splits alike.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> for stream in cooling_streams(10, "mixed", load_parameters()):
    ...     print(stream.name, round(stream.source_mw, 4), stream.supply_temperature_c)
    liquid 3.024 55.0
    air 1.2096 28.0
    >>> stated = cooling_streams(None, "air", load_parameters(), recoverable_heat_mw=6.4)
    >>> stated[0].source_mw
    6.4
    """
    if cooling not in COOLINGS:
        near = difflib.get_close_matches(cooling, COOLINGS, n=1, cutoff=0.0)[0]
        known = ", ".join(f"'{each}'" for each in COOLINGS)
        raise InputError(
            Fault("sites", f"cooling '{cooling}' is not one of {known}.", f"Try '{near}'.")
        )
    liquid = parameters.value("liquid_share_mixed")
    shares = {"air": {"air": 1.0}, "liquid": {"liquid": 1.0}}.get(
        cooling, {"liquid": liquid, "air": 1 - liquid}
    )
    fraction = recoverable_fraction if recoverable_heat_mw is None else None
    caught = _caught_shares(shares, fraction, parameters)
    if recoverable_heat_mw is None:
        total = math.fsum(caught.values()) * _running_mw(it_load_mw, utilisation, parameters)
    else:
        total = _positive(recoverable_heat_mw, "recoverable_heat_mw")
    streams = []
    for position, (name, share) in enumerate(caught.items()):
        # Temperatures that are stated describe the warmest stream.
        stated = (supply_temperature_c, return_temperature_c) if position == 0 else (None, None)
        supply, back = _temperatures(name, *stated, parameters)
        heat = total * (share / math.fsum(caught.values()))
        streams.append(HeatStream(name, heat, supply, back))
    return tuple(streams)


def _running_mw(
    it_load_mw: float | None, utilisation: float | None, parameters: Parameters
) -> float:
    """Return the mean IT power in the hours in which the recovery loop runs, over the year [MW]."""
    used = parameters.value("utilisation") if utilisation is None else utilisation
    load = _positive(math.nan if it_load_mw is None else it_load_mw, "it_load_mw")
    return load * _share(used, "utilisation") * parameters.value("recovery_availability")


def _caught_shares(
    shares: Mapping[str, float], stated: float | None, parameters: Parameters
) -> dict[str, float]:
    """Return what each stream catches of the IT power; a stated total keeps their proportion."""
    caught = {
        name: share * parameters.value(f"recoverable_fraction_{name}")
        for name, share in shares.items()
        if share > 0
    }
    if stated is None:
        return caught
    scale = _share(stated, "recoverable_fraction") / math.fsum(caught.values())
    return {name: share * scale for name, share in caught.items()}


def _temperatures(
    name: str, supply_c: float | None, return_c: float | None, parameters: Parameters
) -> tuple[float, float]:
    """Return supply and return of a stream, with defaults for what is not stated [°C]."""
    usual = parameters.value(f"{name}_supply_temperature_c")
    usual_return = parameters.value(f"{name}_return_temperature_c")
    supply = usual if supply_c is None else supply_c
    back = return_c
    if back is None:
        back = usual_return if supply_c is None else supply - (usual - usual_return)
    if not supply > back:
        raise InputError(
            Fault(
                "sites",
                f"the {name} stream comes at {supply:g} °C and is cooled to {back:g} °C.",
                "Give a supply temperature above the return temperature.",
            )
        )
    return supply, back


def _positive(value: float, name: str) -> float:
    if not (math.isfinite(value) and value > 0):
        raise InputError(Fault("sites", f"{name} is {value}.", "Give a number above 0."))
    return value


def _share(value: float, name: str) -> float:
    if not 0 < value <= 1:
        raise InputError(
            Fault("sites", f"{name} is {value:g}.", "Give a fraction above 0 and at most 1.")
        )
    return value
