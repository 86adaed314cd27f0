"""Turn a data centre into heat for a network: streams, heat pumps, and what they cost."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from siting.errors import Fault, InputError
from siting.parameters import Parameters
from siting.units import kelvin, kw_from_mw

__all__ = [
    "COMPONENTS",
    "COOLINGS",
    "STATUSES",
    "CostSegment",
    "HeatStream",
    "Plant",
    "Upgrade",
    "concave_majorant",
    "cooling_streams",
    "cost_segments",
    "heat_pump_cop",
    "heat_pump_output",
    "lorenz_cop",
    "lorenz_efficiency",
    "preheat_cop",
    "preheat_share",
    "running_cost_eur_per_mwh",
    "site_plants",
    "stream_upgrades",
]

COOLINGS = ("air", "liquid", "mixed")
STATUSES = ("existing", "permitted", "candidate")
COMPONENTS = ("source_side", "heat_pump", "heat_exchanger", "electricity_connection")

DIRECT = "direct exchange"
PREHEAT = "preheat + heat pump"
HEAT_PUMP = "heat pump"

LEAST_COP = 1.05
SETTLED = 1e-12
STEPS = 200
SHORTEST_SEGMENT = 0.05

Point = tuple[float, float]


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


@dataclass(frozen=True)
class Upgrade:
    """One way to bring one stream to the temperature of the network, at full size.

    Parameters
    ----------
    kind
        ``direct exchange``, ``preheat + heat pump`` or ``heat pump``.
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


@dataclass(frozen=True)
class Plant:
    """Everything that brings the heat of a site into the network by one chain.

    Parameters
    ----------
    name
        The chain in words, such as ``heat pump``.
    upgrades
        One for each stream used; they grow in proportion when the plant is built smaller.
    """

    name: str
    upgrades: tuple[Upgrade, ...]

    @cached_property
    def source_mw(self) -> float:
        """Heat taken from the data centre [MW]."""
        return math.fsum(each.source_mw for each in self.upgrades)

    @cached_property
    def output_mw(self) -> float:
        """Heat given to the network [MW]."""
        return math.fsum(each.output_mw for each in self.upgrades)

    @cached_property
    def electricity_mw(self) -> float:
        """Electric power [MW]."""
        return math.fsum(each.electricity_mw for each in self.upgrades)

    @cached_property
    def heat_pump_mw(self) -> float:
        """Output of the heat pumps alone [MW]."""
        return math.fsum(each.heat_pump_mw for each in self.upgrades)

    @property
    def cop(self) -> float:
        """Heat given to the network over electricity, infinite without a heat pump [-]."""
        return self.output_mw / self.electricity_mw if self.electricity_mw > 0 else math.inf


@dataclass(frozen=True)
class CostSegment:
    """One straight piece of the cost of a plant over its heat output.

    Parameters
    ----------
    from_mw, to_mw
        Heat output between which the line is the cost [MW].
    fixed_eur, per_mw_eur
        The line, by component [EUR, EUR/MW]; design and contingency are not included.
    """

    from_mw: float
    to_mw: float
    fixed_eur: Mapping[str, float]
    per_mw_eur: Mapping[str, float]

    def cost_eur(self, output_mw: float) -> float:
        """Return the cost on this line at a heat output [EUR]."""
        return math.fsum(self.fixed_eur.values()) + output_mw * math.fsum(self.per_mw_eur.values())


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


def lorenz_cop(
    source_in_c: float, source_out_c: float, sink_in_c: float, sink_out_c: float
) -> float:
    """Return the COP of a perfect heat pump between two streams that change temperature.

    Parameters
    ----------
    source_in_c, source_out_c
        Temperature at which the source comes, and to which it is cooled [°C].
    sink_in_c, sink_out_c
        Temperature from which, and to which, the sink is heated [°C].

    Returns
    -------
    COP of the Lorenz cycle [-]; infinite where the source is as warm as the sink.

    Notes
    -----
    ``T_sink / (T_sink - T_source)`` with logarithmic mean temperatures in K; with constant
    temperatures this is the COP of Carnot.

    References
    ----------
    Lorenz 1894, Zeitschrift für die gesamte Kälte-Industrie 1.

    Examples
    --------
    >>> round(lorenz_cop(25, 15, 35, 70), 4)
    10.099
    >>> lorenz_cop(60, 50, 30, 50)
    inf
    """
    sink = _log_mean_k(sink_in_c, sink_out_c)
    source = _log_mean_k(source_in_c, source_out_c)
    return sink / (sink - source) if sink > source else math.inf


def lorenz_efficiency(heat_pump_mw: float, parameters: Parameters) -> float:
    """Return the COP of a real heat pump over that of Lorenz, by size.

    Parameters
    ----------
    heat_pump_mw
        Heat output of the heat pump [MW].
    parameters
        Gives the efficiency at 1, 3 and 10 MW.

    Returns
    -------
    Lorenz efficiency [-], straight between these sizes over the logarithm of the output.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> [round(lorenz_efficiency(mw, load_parameters()), 3) for mw in (0.5, 3, 5.5, 40)]
    [0.4, 0.45, 0.475, 0.5]
    """
    sizes = [1.0, 3.0, 10.0]
    values = [parameters.value(f"lorenz_efficiency_{size:.0f}mw") for size in sizes]
    if heat_pump_mw <= sizes[0]:
        return values[0]
    for low, high, a, b in zip(sizes, sizes[1:], values, values[1:], strict=False):
        if heat_pump_mw <= high:
            return a + (b - a) * math.log(heat_pump_mw / low) / math.log(high / low)
    return values[-1]


def heat_pump_cop(lorenz: float, efficiency: float, cop_cap: float) -> float:
    """Return the COP of a real heat pump, capped.

    Parameters
    ----------
    lorenz
        COP of Lorenz; may be infinite [-].
    efficiency
        Lorenz efficiency [-].
    cop_cap
        Highest COP believed [-].

    Returns
    -------
    COP [-].

    Examples
    --------
    >>> round(heat_pump_cop(10.0990, 0.50, 8), 4)
    5.0495
    >>> heat_pump_cop(68.36, 0.50, 8)
    8
    """
    return min(lorenz * efficiency, cop_cap)


def heat_pump_output(source_mw: float, cop: float) -> float:
    """Return the heat output of a heat pump.

    Parameters
    ----------
    source_mw
        Heat taken from the source [MW].
    cop
        COP, above 1 [-].

    Returns
    -------
    Heat output ``Q COP / (COP - 1)`` [MW].

    Examples
    --------
    >>> round(heat_pump_output(5.1, 4.5045), 4)
    6.5553
    """
    return source_mw * cop / (cop - 1)


def preheat_share(
    source_temperature_c: float,
    supply_temperature_c: float,
    return_temperature_c: float,
    approach_k: float,
) -> float:
    """Return the share of the heat that a heat exchanger can give before a heat pump.

    Parameters
    ----------
    source_temperature_c
        Temperature at which the source comes [°C].
    supply_temperature_c, return_temperature_c
        Temperatures of the network [°C].
    approach_k
        Temperature lost in the exchanger [K].

    Returns
    -------
    Share [-]: 1 for direct exchange, 0 where the source is too cold.

    Examples
    --------
    >>> round(preheat_share(50, 70, 40, 2), 5)
    0.26667
    >>> preheat_share(72, 70, 40, 2)
    1.0
    """
    reached = source_temperature_c - approach_k - return_temperature_c
    share = reached / (supply_temperature_c - return_temperature_c)
    return min(max(share, 0.0), 1.0)


def preheat_cop(direct_share: float, cop_rest: float) -> float:
    """Return the COP of a preheater and a heat pump together.

    Parameters
    ----------
    direct_share
        Share of the heat given by the exchanger [-].
    cop_rest
        COP of the heat pump that gives the rest [-].

    Returns
    -------
    Heat of both over electricity [-]; infinite when nothing is left for the heat pump.

    Examples
    --------
    >>> round(preheat_cop(0.26667, 8), 3)
    10.909
    """
    return cop_rest / (1 - direct_share) if direct_share < 1 else math.inf


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
    Direct exchange alone where the stream is warm enough; else, where it is warmer than the
    return, preheating with a heat pump for the rest, and a heat pump for everything. Empty where
    no heat pump works.

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
    """
    approach = parameters.value("heat_exchanger_approach_k")
    share = preheat_share(
        stream.supply_temperature_c, supply_temperature_c, return_temperature_c, approach
    )
    if share >= 1:
        return (_direct(stream, return_temperature_c + approach),)
    found = [_lifted(stream, supply_temperature_c, return_temperature_c, 0.0, parameters)]
    if share > 0:
        found.insert(
            0, _lifted(stream, supply_temperature_c, return_temperature_c, share, parameters)
        )
    return tuple(each for each in found if each is not None)


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
    Each upgrade of the warmest stream alone; with several streams also all of them together, each
    by its simplest upgrade.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> parameters = load_parameters()
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
    if several and all(upgrades):
        plants.append(_plant(tuple(each[0] for each in upgrades), several))
    return tuple(plants)


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


def concave_majorant(points: Iterable[Point]) -> tuple[Point, ...]:
    """Return the lowest concave broken line above some points.

    Parameters
    ----------
    points
        Points (x, y); where an x stands twice, the higher one counts.

    Returns
    -------
    Corners of the line in rising x.

    Examples
    --------
    >>> concave_majorant([(0, 0), (1, 4), (2, 5), (4, 10)])
    ((0, 0), (1, 4), (4, 10))
    """
    highest: dict[float, float] = {}
    for x, y in points:
        highest[x] = max(y, highest.get(x, y))
    corners: list[Point] = []
    for point in sorted(highest.items()):
        while len(corners) > 1 and _slope(corners[-2], corners[-1]) <= _slope(corners[-1], point):
            corners.pop()
        corners.append(point)
    return tuple(corners)


def cost_segments(plant: Plant, status: str, parameters: Parameters) -> tuple[CostSegment, ...]:
    """Return the cost of a plant over its heat output as the lowest of a few lines.

    Parameters
    ----------
    plant
        The plant at full size.
    status
        ``existing`` (its source side is a retrofit), ``permitted`` or ``candidate``.
    parameters
        Gives the unit costs.

    Returns
    -------
    Lines in rising output; the cost at any output is the least of them.

    Raises
    ------
    InputError
        The status is not known.

    Notes
    -----
    Each component grows in proportion to the output and its cost is a concave broken line: heat
    pumps through the costs at 1, 3, 10 and 20 MW and at full size, where 20 MW and above cost the
    same per kW; exchangers by kW, dearer when small. Where a list of unit costs is not concave, the
    lowest concave line above it counts, which is exact at full size. Pieces shorter than a
    twentieth of the full output are left out; there the cost is a little overstated.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> parameters = load_parameters()
    >>> plant = site_plants([HeatStream("air", 4.0, 28, 18)], 70, 40, parameters)[0]
    >>> for line in cost_segments(plant, "candidate", parameters):
    ...     print(f"{line.from_mw:.2f} {line.to_mw:.2f}", round(line.fixed_eur["heat_pump"]))
    0.00 1.00 0
    1.00 3.00 600000
    3.00 5.04 857143
    """
    if status not in STATUSES:
        known = ", ".join(f"'{each}'" for each in STATUSES)
        raise InputError(Fault("sites", f"status '{status}' is not known.", f"Use one of {known}."))
    retrofit = parameters.value("retrofit_multiplier") if status == "existing" else 1.0
    curves = [
        (component, curve)
        for upgrade in plant.upgrades
        for component, curve in _curves(upgrade, plant.output_mw, retrofit, parameters)
    ]
    corners = sorted({x for _, curve in curves for x, _ in curve})
    pieces = list(pairwise(corners))
    longest = max(high - low for low, high in pieces)
    shortest = min(SHORTEST_SEGMENT * plant.output_mw, longest)
    return tuple(_segment(low, high, curves) for low, high in pieces if high - low >= shortest)


def _curves(
    upgrade: Upgrade, full_mw: float, retrofit: float, parameters: Parameters
) -> Iterable[tuple[str, tuple[Point, ...]]]:
    """Yield the cost of each component over the heat output of the whole plant [MW, EUR]."""
    exchanger, heat_pump = upgrade.exchanger_mw, upgrade.heat_pump_mw
    source, power = upgrade.source_mw, upgrade.electricity_mw
    parts = [
        ("source_side", _straight("source_side_capex_eur_per_kw", source, parameters, retrofit)),
        ("heat_pump", _heat_pump_curve(heat_pump, parameters)),
        ("heat_exchanger", _exchanger_curve(exchanger, parameters)),
        (
            "electricity_connection",
            _straight("electricity_connection_eur_per_kw", power, parameters),
        ),
    ]
    for component, curve in parts:
        if curve:
            # The last corner is the full size: pin it, so that all curves end at one output.
            size, cost = curve[-1]
            scaled = [(x / size * full_mw, y) for x, y in curve[:-1]]
            yield component, (*scaled, (full_mw, cost))


def _segment(
    low: float, high: float, curves: Sequence[tuple[str, tuple[Point, ...]]]
) -> CostSegment:
    """Return the sum of all curves between two neighbouring corners as one line."""
    fixed, slope = dict.fromkeys(COMPONENTS, 0.0), dict.fromkeys(COMPONENTS, 0.0)
    middle = (low + high) / 2
    for component, curve in curves:
        start, end = next((a, b) for a, b in pairwise(curve) if a[0] <= middle <= b[0])
        rise = _slope(start, end)
        slope[component] += rise
        # Lines of a concave curve from the origin never start below zero.
        fixed[component] += max(start[1] - rise * start[0], 0.0)
    return CostSegment(low, high, fixed, slope)


def _straight(
    name: str, size_mw: float, parameters: Parameters, factor: float = 1.0
) -> tuple[Point, ...]:
    """Return a cost in proportion to size; nothing for no size [MW, EUR]."""
    if size_mw <= 0:
        return ()
    return ((0.0, 0.0), (size_mw, factor * kw_from_mw(size_mw) * parameters.value(name)))


def _heat_pump_curve(size_mw: float, parameters: Parameters) -> tuple[Point, ...]:
    """Return the cost of a heat pump up to its full size, made concave [MW, EUR]."""
    if size_mw <= 0:
        return ()
    sizes = (1.0, 3.0, 10.0, 20.0)
    units = [parameters.value(f"heat_pump_capex_{size:.0f}mw_eur_per_kw") for size in sizes]
    known = [
        (0.0, 0.0),
        *((size, kw_from_mw(size) * unit) for size, unit in zip(sizes, units, strict=True)),
    ]
    within = [point for point in known if point[0] < size_mw]
    if size_mw >= sizes[-1]:
        last = kw_from_mw(size_mw) * units[-1]
    else:
        start, end = within[-1], known[len(within)]
        last = start[1] + (size_mw - start[0]) * _slope(start, end)
    return concave_majorant([*within, (size_mw, last)])


def _exchanger_curve(size_mw: float, parameters: Parameters) -> tuple[Point, ...]:
    """Return the cost of a heat-exchanger station up to its full size, made concave [MW, EUR].

    A station of 1 MW may stand where less is needed, so none costs more than that one.
    """
    if size_mw <= 0:
        return ()
    small = kw_from_mw(parameters.value("heat_exchanger_capex_small_eur_per_kw"))
    large = kw_from_mw(parameters.value("heat_exchanger_capex_large_eur_per_kw"))
    last = large * size_mw if size_mw > 1 else min(small * size_mw, large)
    points = [(0.0, 0.0), (size_mw, last)]
    if 0 < large < small and large / small < size_mw:
        points.append((large / small, large))
    return concave_majorant(points)


def _slope(start: Point, end: Point) -> float:
    return (end[1] - start[1]) / (end[0] - start[0])


def _plant(upgrades: tuple[Upgrade, ...], several: bool) -> Plant:
    """Return a plant with its name; streams are named where a site has several."""
    words = [f"{each.stream.name}: {each.kind}" if several else each.kind for each in upgrades]
    return Plant("; ".join(words), upgrades)


def _direct(stream: HeatStream, coldest_c: float) -> Upgrade:
    """Return direct exchange; the stream is not cooled below what the return allows."""
    spread = stream.supply_temperature_c - stream.return_temperature_c
    usable = min((stream.supply_temperature_c - coldest_c) / spread, 1.0)
    heat = stream.source_mw * usable
    return Upgrade(DIRECT, stream, heat, heat, 0.0, heat, 0.0)


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


def _log_mean_k(one_c: float, other_c: float) -> float:
    """Return the logarithmic mean of two temperatures [K]."""
    one, other = kelvin(one_c), kelvin(other_c)
    if math.isclose(one, other, rel_tol=1e-9):
        return (one + other) / 2
    return (one - other) / math.log(one / other)


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
