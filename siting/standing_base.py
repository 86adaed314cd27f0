"""Share the base load of existing plants among their customers, and tell what heat displaces it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from siting.plan import Plan
from siting.problem import Problem, Zone

__all__ = [
    "Line",
    "base_shares_mw",
    "displaced_base_mwh",
    "left_above",
    "plan_displaced_mwh",
    "standing_base_mwh",
]

Line = tuple[tuple[float, float], ...]


def base_shares_mw(lines: Sequence[Line], output_mw: float) -> list[float]:
    """Return how much of a base load each of several loads takes [MW].

    Parameters
    ----------
    lines
        For each load its concave broken line of (capacity [MW], heat below it [MWh/a]).
    output_mw
        What the plants give to all of them together [MW].

    Notes
    -----
    On one network all loads are cut at the same hour of the year: the base load fills the spans of
    all lines in the order of the hours in which they are used. Spans of equal hours share what is
    left by their width.

    Examples
    --------
    >>> flat, peaky = ((0.0, 0.0), (2.0, 17520.0)), ((0.0, 0.0), (2.0, 8760.0))
    >>> base_shares_mw([flat, peaky], 3.0)
    [2.0, 1.0]
    >>> base_shares_mw([flat, flat], 1.0)
    [0.5, 0.5]
    """
    spans = [
        ((h1 - h0) / (q1 - q0), q1 - q0, number)
        for number, line in enumerate(lines)
        for (q0, h0), (q1, h1) in pairwise(line)
        if q1 > q0
    ]
    shares = [0.0] * len(lines)
    left = output_mw
    for hours in sorted({round(each[0], 6) for each in spans}, reverse=True):
        level = [each for each in spans if round(each[0], 6) == hours]
        width = math.fsum(each[1] for each in level)
        part = min(1.0, left / width)
        for _, own, number in level:
            shares[number] += own * part
        left -= width * part
        if left <= 0:
            break
    return shares


def left_above(line: Line, base_mw: float) -> tuple[Line, Line]:
    """Return a load below and above a base load, each as a broken line from (0, 0).

    Parameters
    ----------
    line
        Concave broken line of (capacity [MW], heat below it [MWh/a]) from (0, 0).
    base_mw
        What is covered from below, at most its whole width [MW].

    Examples
    --------
    >>> left_above(((0.0, 0.0), (1.0, 8.0), (3.0, 12.0)), 2.0)
    (((0.0, 0.0), (1.0, 8.0), (2.0, 10.0)), ((0.0, 0.0), (1.0, 2.0)))
    """
    q, h = (np.array(column, dtype=float) for column in zip(*line, strict=True))
    heat = float(np.interp(base_mw, q, h))
    below = [(float(a), float(b)) for a, b in zip(q, h, strict=True) if a < base_mw]
    above = [
        (float(a) - base_mw, float(b) - heat) for a, b in zip(q, h, strict=True) if a > base_mw
    ]
    covered = (*below, (base_mw, heat)) if base_mw > 0 else ((0.0, 0.0),)
    return covered, ((0.0, 0.0), *above)


def standing_base_mwh(zone: Zone) -> float:
    """Return the heat that existing plants give a zone as base load today [MWh/a]."""
    return zone.standing_base[-1][1] if zone.standing_base else 0.0


def displaced_base_mwh(zone: Zone, base_mw: float) -> float:
    """Return the heat that would only displace what existing plants give a zone today [MWh/a].

    Parameters
    ----------
    zone
        Its ``standing_base`` is what existing plants cover.
    base_mw
        Base capacity that the plan grants it from data centres [MW].

    Notes
    -----
    Run before the existing plants, the capacity would give the heat below it on the whole curve of
    the zone; run after them, as a plan counts it, the heat above what they cover. The difference is
    heat that replaces cheap heat by other heat.

    Examples
    --------
    >>> covered = ((0, 0), (2, 10))
    >>> zone = Zone("z", "n", 2.0, 1.0, load_curve=((0, 0), (1, 1)), standing_base=covered)
    >>> displaced_base_mwh(zone, 1.0)
    3.0
    """
    if not zone.standing_base or base_mw <= 0:
        return 0.0
    covered = zone.standing_base
    curve = zone.load_curve or ((0.0, 0.0), (1.0, 1.0))
    own = tuple((x * zone.peak_mw, s * zone.heat_mwh) for x, s in curve)
    whole = [*covered, *((covered[-1][0] + q, covered[-1][1] + h) for q, h in own[1:] if q > 0)]
    first = _heat_below(whole, base_mw)
    return max(first - _heat_below(own, base_mw), 0.0)


def _heat_below(line: Sequence[tuple[float, float]], capacity_mw: float) -> float:
    """Return the heat below a capacity on a broken line [MWh/a]."""
    q, h = zip(*line, strict=True)
    return float(np.interp(capacity_mw, q, h))


def plan_displaced_mwh(problem: Problem, plan: Plan) -> dict[str, float]:
    """Return, for each zone of a plan, the heat that would displace existing base load [MWh/a]."""
    zones = {zone.id: zone for zone in problem.zones}
    return {each.zone: displaced_base_mwh(zones[each.zone], each.base_mw) for each in plan.zones}
