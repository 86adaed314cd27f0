"""Work with the two curves of a frontier: the hull of found plans and the ceiling of lines.

At a price ``l`` [MWh/a per EUR] let ``U`` be at least the largest ``heat - l * capex`` of any
plan. Then ``heat <= l * capex + U`` for every plan: a line that no plan can cross. The lowest of
such lines is concave, and so is the hull of the plans below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = [
    "Edge",
    "Line",
    "Place",
    "Step",
    "ceiling_at",
    "corners",
    "edges",
    "hull_at",
    "upper_hull",
]

Place = tuple[float, float]
"""Investment [EUR] and heat [MWh/a]."""

TINY = 1e-12


@dataclass(frozen=True)
class Line:
    """A line that no plan can cross: ``heat <= price * capex + surplus``.

    Parameters
    ----------
    price_mwh_per_eur
        The price of investment [MWh/a per EUR].
    surplus_mwh
        Upper bound on ``heat - price * capex`` of any plan [MWh/a].
    effort
        How much was done for it: 0 a relaxation, more for whole-numbered solves.
    """

    price_mwh_per_eur: float
    surplus_mwh: float
    effort: int = 0

    def at(self, capex_eur: float) -> float:
        """Return the most heat for an investment [MWh/a].

        Examples
        --------
        >>> Line(0.002, 100.0).at(1e6)
        2100.0
        """
        return self.price_mwh_per_eur * capex_eur + self.surplus_mwh


@dataclass(frozen=True)
class Step:
    """A bound that holds within a budget: no plan that costs at most this has more heat.

    ``budget_eur`` [EUR], ``heat_mwh`` [MWh/a].
    """

    budget_eur: float
    heat_mwh: float


def ceiling_at(
    lines: Iterable[Line], capex_eur: float, most_mwh: float, steps: Iterable[Step] = ()
) -> float:
    """Return the most heat that any plan of an investment can have [MWh/a].

    Examples
    --------
    >>> ceiling_at([Line(0.002, 0.0), Line(0.001, 3000.0)], 4e6, 1e5)
    7000.0
    """
    below = [line.at(capex_eur) for line in lines]
    below += [step.heat_mwh for step in steps if capex_eur <= step.budget_eur]
    return min([most_mwh, *below])


def upper_hull(places: Iterable[Place]) -> list[Place]:
    """Return the corners of the concave curve above some places, by rising investment.

    It rises all the way: dearer places with no more heat are left out.

    Examples
    --------
    >>> upper_hull([(0, 0), (1, 1), (2, 4), (3, 5), (4, 5)])
    [(0, 0), (2, 4), (3, 5)]
    """
    hull: list[Place] = []
    for place in sorted(places, key=lambda each: (each[0], -each[1])):
        if hull and place[1] <= hull[-1][1]:
            continue
        while len(hull) >= 2 and _is_below(hull[-2], hull[-1], place):
            hull.pop()
        hull.append(place)
    return hull


def _is_below(left: Place, middle: Place, right: Place) -> bool:
    """Return whether the middle place is on or below the straight line of the other two."""
    across = (middle[0] - left[0]) * (right[1] - left[1])
    up = (middle[1] - left[1]) * (right[0] - left[0])
    return up <= across + TINY * abs(across)


def hull_at(hull: Sequence[Place], capex_eur: float) -> float:
    """Return the height of a hull [MWh/a]; left of it minus infinity, right of it its top."""
    if not hull or capex_eur < hull[0][0]:
        return -math.inf
    for (x0, y0), (x1, y1) in pairwise(hull):
        if capex_eur <= x1:
            return y0 + (y1 - y0) * (capex_eur - x0) / (x1 - x0)
    return hull[-1][1]


def corners(lines: Iterable[Line], most_mwh: float) -> list[tuple[float, Line, Line]]:
    """Return the corners of a ceiling: investment [EUR], the line before, the line after.

    Examples
    --------
    >>> [x for x, _, _ in corners([Line(0.002, 0.0), Line(0.001, 3000.0)], 5000.0)]
    [2500000.0]
    """
    steepest_first = sorted(
        [*lines, Line(0.0, most_mwh)], key=lambda each: (-each.price_mwh_per_eur, each.surplus_mwh)
    )
    lowest: list[tuple[float, Line]] = []
    for line in steepest_first:
        if lowest and lowest[-1][1].price_mwh_per_eur == line.price_mwh_per_eur:
            continue
        while lowest:
            x = _meet(lowest[-1][1], line)
            if x > lowest[-1][0]:
                break
            lowest.pop()
        lowest.append((_meet(lowest[-1][1], line) if lowest else -math.inf, line))
    return [(x, before, after) for (_, before), (x, after) in pairwise(lowest)]


def _meet(steep: Line, flat: Line) -> float:
    """Return the investment at which two lines cross [EUR]."""
    apart = steep.price_mwh_per_eur - flat.price_mwh_per_eur
    return (flat.surplus_mwh - steep.surplus_mwh) / apart


@dataclass(frozen=True)
class Edge:
    """An edge of the hull.

    Parameters
    ----------
    slope
        Heat per investment along it [MWh/a per EUR].
    distance
        How far the ceiling is at the most, as a share of the hull's heat there [-]; below the
        first plan with heat, as a share of what that one has.
    bend
        The lines before and after that place, when the ceiling bends there.
    """

    slope: float
    distance: float
    bend: tuple[Line, Line] | None = None


def edges(hull: Sequence[Place], lines: Sequence[Line], most_mwh: float) -> list[Edge]:
    """Return the edges of a hull, and how far the ceiling is above each."""
    first = next((heat for _, heat in hull if heat > 0), 0.0)
    bends = [(x, (before, after)) for x, before, after in corners(lines, most_mwh)]

    def distance(x: float) -> float:
        heat, ceiling = hull_at(hull, x), ceiling_at(lines, x, most_mwh)
        base = max(heat, first)
        return max((ceiling - heat) / base, 0.0) if base > 0 else math.inf

    found = []
    for left, right in pairwise(hull):
        at: list[tuple[float, tuple[Line, Line] | None]] = [(left[0], None), (right[0], None)]
        at += [(x, bend) for x, bend in bends if left[0] < x < right[0]]
        widest, bend = max(((distance(x), bend) for x, bend in at), key=lambda each: each[0])
        slope = (right[1] - left[1]) / (right[0] - left[0]) if right[0] > left[0] else math.inf
        found.append(Edge(slope, widest, bend))
    return found
