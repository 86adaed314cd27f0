"""Weigh years: what heat and money of later years count today."""

from __future__ import annotations

import math

__all__ = ["discount_factor", "discounted_years", "ramp_share"]


def discount_factor(discount_rate: float, year_a: float) -> float:
    """Return what a euro paid after some years is worth today [-].

    Parameters
    ----------
    discount_rate
        Rate as a fraction [1/a].
    year_a
        Years from the start [a].

    Examples
    --------
    >>> round(discount_factor(0.05, 10), 4)
    0.6139
    """
    return math.pow(1 + discount_rate, -year_a)


def discounted_years(discount_rate: float, from_a: float, to_a: float) -> float:
    """Return the present value of one unit in each year of a span, paid at the end of the year [a].

    Parameters
    ----------
    discount_rate
        Rate as a fraction [1/a].
    from_a, to_a
        Beginning and end of the span, from the start [a].

    Returns
    -------
    ``(v^from - v^to) / r`` with ``v = 1 / (1 + r)``; the length of the span for a rate of 0.

    Examples
    --------
    >>> round(discounted_years(0.05, 0, 40), 4)
    17.1591
    >>> round(discounted_years(0.05, 10, 40), 4)
    9.4374
    >>> discounted_years(0.0, 10, 40)
    30.0
    """
    if to_a <= from_a:
        return 0.0
    if discount_rate == 0:
        return float(to_a - from_a)
    rate = math.log1p(discount_rate)
    return math.exp(-rate * from_a) * -math.expm1(-rate * (to_a - from_a)) / discount_rate


def ramp_share(
    ramp: tuple[float, ...], discount_rate: float, built_a: int, from_a: int, to_a: int
) -> float:
    """Return the discounted mean share of a zone's demand that is connected in a span [-].

    Parameters
    ----------
    ramp
        Share in the first, second, ... year after the pipe is there; empty for all at once.
    discount_rate
        Rate as a fraction [1/a].
    built_a
        Year in which the pipe is laid, counted from 0.
    from_a, to_a
        Beginning and end of the span [a].

    Examples
    --------
    >>> ramp_share((0.5, 1.0), 0.0, 0, 0, 4)
    0.875
    >>> ramp_share((), 0.05, 0, 0, 4)
    1.0
    >>> ramp_share((0.5, 1.0), 0.0, 5, 0, 4)
    0.0
    """
    if built_a >= to_a:
        return 0.0
    if not ramp:
        return 1.0
    whole = part = 0.0
    for year in range(from_a, to_a):
        weight = discount_factor(discount_rate, year + 1)
        whole += weight
        age = year - built_a
        if age >= 0:
            part += weight * ramp[min(age, len(ramp) - 1)]
    return part / whole
