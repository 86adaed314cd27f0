"""Price a plant over its heat output, with economies of scale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from siting.errors import Fault, InputError
from siting.parameters import Parameters
from siting.sources.plants import Plant
from siting.sources.upgrades import Upgrade
from siting.units import kw_from_mw

__all__ = [
    "COMPONENTS",
    "STATUSES",
    "CostSegment",
    "concave_majorant",
    "cost_segments",
]

STATUSES = ("existing", "permitted", "candidate")
COMPONENTS = (
    "source_side",
    "heat_pump",
    "heat_exchanger",
    "electricity_connection",
    "hot_pipe",
    "warm_pipe",
)

SHORTEST_SEGMENT = 0.05

Point = tuple[float, float]


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

    @property
    def slope_eur_per_mw(self) -> float:
        """Rise of the line, over all components [EUR/MW]."""
        return math.fsum(self.per_mw_eur.values())

    def cost_eur(self, output_mw: float) -> float:
        """Return the cost on this line at a heat output [EUR]."""
        return math.fsum(self.fixed_eur.values()) + output_mw * self.slope_eur_per_mw


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


def cost_segments(
    plant: Plant,
    status: str,
    parameters: Parameters,
    *,
    electricity_connection_eur_per_kw: float | None = None,
) -> tuple[CostSegment, ...]:
    """Return the cost of a plant over its heat output as the lowest of a few lines.

    Parameters
    ----------
    plant
        The plant at full size.
    status
        ``existing`` (its source side is a retrofit), ``permitted`` or ``candidate``.
    parameters
        Gives the unit costs.
    electricity_connection_eur_per_kw
        Cost of the electricity connection where the plant stands, in place of the usual one
        [EUR/kW].

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
    same per kW; exchangers by kW, dearer when small; pipes to an energy centre are laid for full
    size whatever is built. Where a list of unit costs is not concave, the
    lowest concave line above it counts, which is exact at full size. Pieces shorter than a
    twentieth of the full output are left out; there the cost is a little overstated.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> parameters = load_parameters()
    >>> from siting.sources import HeatStream, site_plants
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
    connection = electricity_connection_eur_per_kw
    if connection is None:
        connection = parameters.value("electricity_connection_eur_per_kw")
    curves = [
        (component, curve)
        for upgrade in plant.upgrades
        for component, curve in _curves(upgrade, plant.output_mw, retrofit, connection, parameters)
    ]
    if plant.connector is not None and plant.connector.cost_eur > 0:
        laid = plant.connector.cost_eur
        curves.append((plant.connector.component, ((0.0, laid), (plant.output_mw, laid))))
    corners = sorted({x for _, curve in curves for x, _ in curve})
    pieces = list(pairwise(corners))
    longest = max(high - low for low, high in pieces)
    shortest = min(SHORTEST_SEGMENT * plant.output_mw, longest)
    return tuple(_segment(low, high, curves) for low, high in pieces if high - low >= shortest)


def _curves(
    upgrade: Upgrade,
    full_mw: float,
    retrofit: float,
    connection_eur_per_kw: float,
    parameters: Parameters,
) -> Iterable[tuple[str, tuple[Point, ...]]]:
    """Yield the cost of each component over the heat output of the whole plant [MW, EUR]."""
    exchanger, heat_pump = upgrade.exchanger_mw, upgrade.heat_pump_mw
    source, power = upgrade.source_mw, upgrade.electricity_mw
    source_side = retrofit * parameters.value("source_side_capex_eur_per_kw")
    parts = [
        ("source_side", _straight(source, source_side)),
        ("heat_pump", _heat_pump_curve(heat_pump, parameters)),
        ("heat_exchanger", _exchanger_curve(exchanger, parameters)),
        ("electricity_connection", _straight(power, connection_eur_per_kw)),
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


def _straight(size_mw: float, unit_eur_per_kw: float) -> tuple[Point, ...]:
    """Return a cost in proportion to size; nothing for no size [MW, EUR]."""
    if size_mw <= 0:
        return ()
    return ((0.0, 0.0), (size_mw, kw_from_mw(size_mw) * unit_eur_per_kw))


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
