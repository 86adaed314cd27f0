"""Say what heat a data centre gives off: how much, and at which temperatures."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from siting.errors import Fault, InputError
from siting.parameters import Parameters

__all__ = [
    "COOLINGS",
    "HeatStream",
    "StatedStream",
    "cooling_of",
    "cooling_streams",
    "parse_streams",
    "stated_streams",
]

COOLINGS = ("air", "liquid", "mixed")
LOOPS = ("liquid", "air")

STREAM_FORM = "liquid:0.7:50/40; air:0.3:28/18"
NUMBER = r"\d+(?:[.,]\d+)?"
STREAM = re.compile(
    rf"(?P<name>[^\W\d_][^:;]*?)\s*:\s*(?P<share>{NUMBER})\s*(?P<percent>%?)\s*:"
    rf"\s*(?P<supply>{NUMBER})\s*(?:/|->|→)\s*(?P<back>{NUMBER})\s*(?:°?C)?"
)
SHARE_SLACK = 1e-6


@dataclass(frozen=True)
class HeatStream:
    """Heat that a data centre gives off at one pair of temperatures.

    Parameters
    ----------
    name
        ``air`` or ``liquid``, or a name that begins so.
    source_mw
        Heat that can be taken, as a mean over the year [MW].
    supply_temperature_c, return_temperature_c
        Temperature at which it comes, and to which it is cooled [°C].
    """

    name: str
    source_mw: float
    supply_temperature_c: float
    return_temperature_c: float


@dataclass(frozen=True)
class StatedStream:
    """A heat stream as a site layer states it.

    Parameters
    ----------
    name
        ``air`` or ``liquid``, or a name that begins so.
    share
        Share of the IT power that this stream cools [-].
    supply_temperature_c, return_temperature_c
        Temperature at which it comes, and to which it is cooled [°C].
    """

    name: str
    share: float
    supply_temperature_c: float
    return_temperature_c: float

    @property
    def loop(self) -> str:
        """What cools the servers, ``air`` or ``liquid``."""
        return next(each for each in LOOPS if self.name.lower().startswith(each))


def cooling_streams(
    it_load_mw: float | None,
    cooling: str,
    parameters: Parameters,
    *,
    recoverable_heat_mw: float | None = None,
    utilisation: float | None = None,
    recoverable_fraction: float | None = None,
    availability: float | None = None,
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
    availability
        Share of the year in which the recovery loop runs [-].
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
    known_streams: list[StatedStream] = []
    for name, share in shares.items():
        if share > 0:
            # Temperatures that are stated describe the warmest stream.
            stated = (None, None) if known_streams else (supply_temperature_c, return_temperature_c)
            known_streams.append(
                StatedStream(name, share, *_temperatures(name, *stated, parameters))
            )
    return stated_streams(
        it_load_mw,
        known_streams,
        parameters,
        recoverable_heat_mw=recoverable_heat_mw,
        utilisation=utilisation,
        recoverable_fraction=recoverable_fraction,
        availability=availability,
    )


def stated_streams(
    it_load_mw: float | None,
    streams: Sequence[StatedStream],
    parameters: Parameters,
    *,
    recoverable_heat_mw: float | None = None,
    utilisation: float | None = None,
    recoverable_fraction: float | None = None,
    availability: float | None = None,
) -> tuple[HeatStream, ...]:
    """Return the heat streams of a data centre that states their shares and temperatures.

    Parameters
    ----------
    streams
        What each stream cools, and its temperatures, see `parse_streams`.
    it_load_mw, parameters, recoverable_heat_mw, utilisation, recoverable_fraction, availability
        See `cooling_streams`.

    Returns
    -------
    The streams, warmest first.

    Raises
    ------
    InputError
        A figure is out of range.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> stated = parse_streams("air:0.3:28/18; liquid:0.7:50/40")
    >>> for stream in stated_streams(10, stated, load_parameters()):
    ...     print(stream.name, round(stream.source_mw, 4), stream.supply_temperature_c)
    liquid 3.024 50.0
    air 1.2096 28.0
    """
    ordered = sorted(streams, key=lambda each: -each.supply_temperature_c)
    fraction = recoverable_fraction if recoverable_heat_mw is None else None
    caught = _caught_shares(ordered, fraction, parameters)
    whole = math.fsum(caught)
    if recoverable_heat_mw is None:
        total = whole * _running_mw(it_load_mw, utilisation, availability, parameters)
    else:
        total = _positive(recoverable_heat_mw, "recoverable_heat_mw")
    return tuple(
        HeatStream(
            each.name, total * (share / whole), each.supply_temperature_c, each.return_temperature_c
        )
        for each, share in zip(ordered, caught, strict=True)
    )


def parse_streams(text: str) -> tuple[StatedStream, ...]:
    """Return the heat streams that a text states.

    Parameters
    ----------
    text
        ``name:share:supply/return`` for each stream, with ``;`` between them: a name that begins
        with ``liquid`` or ``air``, the share of the IT power that the stream cools (a fraction, or
        per cent with a ``%``), and its two temperatures [°C].

    Returns
    -------
    The streams in the order of the text.

    Raises
    ------
    InputError
        A stream cannot be read, a name stands twice, a share is not a fraction, the shares add up
        to more than 1, or a stream does not get cooler. All faults are reported at once.

    Examples
    --------
    >>> for stream in parse_streams("liquid:70%:50/40; air:0,3:28/18"):
    ...     print(stream)
    StatedStream(name='liquid', share=0.7, supply_temperature_c=50.0, return_temperature_c=40.0)
    StatedStream(name='air', share=0.3, supply_temperature_c=28.0, return_temperature_c=18.0)
    >>> parse_streams("gas:0.5:300/200")
    Traceback (most recent call last):
    siting.errors.InputError: sites: stream 'gas' is neither liquid nor air. Begin its name so.
    """
    pieces = [piece.strip() for piece in text.split(";") if piece.strip()]
    found: list[StatedStream] = []
    faults: list[Fault] = []
    for piece in pieces:
        try:
            found.append(_parse_stream(piece))
        except InputError as error:
            faults += error.faults
    names = [each.name.lower() for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        words = ", ".join(f"'{name}'" for name in twice)
        faults.append(
            Fault(
                "sites",
                f"streams: {words} stands more than once.",
                "Tell them apart, as in liquid-1 and liquid-2.",
            )
        )
    total = math.fsum(each.share for each in found)
    if total > 1 + SHARE_SLACK:
        faults.append(
            Fault(
                "sites",
                f"streams: the shares add up to {total:g}.",
                "They are shares of the IT power and add up to at most 1.",
            )
        )
    if faults:
        raise InputError(faults)
    return tuple(found)


def cooling_of(streams: Sequence[StatedStream]) -> str:
    """Return the cooling that stated streams amount to: ``air``, ``liquid`` or ``mixed``.

    Examples
    --------
    >>> cooling_of(parse_streams("liquid:0.7:50/40; air:0.3:28/18"))
    'mixed'
    """
    loops = {each.loop for each in streams}
    return loops.pop() if len(loops) == 1 else "mixed"


def _parse_stream(piece: str) -> StatedStream:
    """Return one stream of a text."""
    hit = STREAM.fullmatch(piece)
    if hit is None:
        raise InputError(
            Fault("sites", f"stream '{piece}' cannot be read.", f"Write as in '{STREAM_FORM}'.")
        )
    name = hit["name"]
    if not name.lower().startswith(LOOPS):
        raise InputError(
            Fault("sites", f"stream '{name}' is neither liquid nor air.", "Begin its name so.")
        )
    share = _number(hit["share"]) / (100 if hit["percent"] else 1)
    supply, back = _number(hit["supply"]), _number(hit["back"])
    return StatedStream(
        name, _share(share, f"share of stream '{name}'"), *_cooler(name, supply, back)
    )


def _number(text: str) -> float:
    """Return a figure with a decimal point or comma."""
    return float(text.replace(",", "."))


def _running_mw(
    it_load_mw: float | None,
    utilisation: float | None,
    availability: float | None,
    parameters: Parameters,
) -> float:
    """Return the mean IT power in the hours in which the recovery loop runs, over the year [MW]."""
    used = parameters.value("utilisation") if utilisation is None else utilisation
    runs = parameters.value("recovery_availability") if availability is None else availability
    load = _positive(math.nan if it_load_mw is None else it_load_mw, "it_load_mw")
    return load * _share(used, "utilisation") * _share(runs, "availability")


def _caught_shares(
    streams: Sequence[StatedStream], stated: float | None, parameters: Parameters
) -> list[float]:
    """Return what each stream catches of the IT power; a stated total keeps their proportion."""
    caught = [
        each.share * parameters.value(f"recoverable_fraction_{each.loop}") for each in streams
    ]
    if stated is None:
        return caught
    scale = _share(stated, "recoverable_fraction") / math.fsum(caught)
    return [share * scale for share in caught]


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
    return _cooler(name, supply, back)


def _cooler(name: str, supply_c: float, return_c: float) -> tuple[float, float]:
    """Return the temperatures of a stream, which must get cooler [°C]."""
    if not supply_c > return_c:
        raise InputError(
            Fault(
                "sites",
                f"the {name} stream comes at {supply_c:g} °C and is cooled to {return_c:g} °C.",
                "Give a supply temperature above the return temperature.",
            )
        )
    return supply_c, return_c


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
