"""Turn investments into yearly costs and heat into a figure per euro."""

from __future__ import annotations

import math

from siting.errors import Fault, InputError
from siting.units import kwh_from_mwh

__all__ = ["annuity_factor", "crf", "heat_per_euro"]


def crf(discount_rate: float, lifetime_a: float) -> float:
    """Return the capital recovery factor: the yearly cost of one euro invested.

    Parameters
    ----------
    discount_rate
        Discount rate as a fraction, real if prices are constant [1/a].
    lifetime_a
        Years over which the investment is paid back [a].

    Returns
    -------
    Capital recovery factor [1/a].

    Raises
    ------
    InputError
        The lifetime is not positive, or the rate is negative or not finite.

    Notes
    -----
    ``r (1 + r)^n / ((1 + r)^n - 1)``, and ``1 / n`` for ``r = 0``; payments fall at the end of
    each year.

    Examples
    --------
    >>> round(crf(0.05, 40), 6)
    0.058278
    >>> crf(0.0, 40)
    0.025
    """
    if not (math.isfinite(lifetime_a) and lifetime_a > 0):
        raise InputError(
            Fault("study", f"a lifetime of {lifetime_a} years was given.", "Give a positive one.")
        )
    if not (math.isfinite(discount_rate) and discount_rate >= 0):
        raise InputError(
            Fault(
                "study",
                f"a discount rate of {discount_rate} was given.",
                "Give a fraction of 0 or more, such as 0.05 for 5 %.",
            )
        )
    if discount_rate == 0:
        return 1 / lifetime_a
    # expm1 and log1p keep digits for rates near zero.
    return -discount_rate / math.expm1(-lifetime_a * math.log1p(discount_rate))


def annuity_factor(discount_rate: float, lifetime_a: float) -> float:
    """Return the present value of one euro paid at the end of each year.

    Parameters
    ----------
    discount_rate
        Discount rate as a fraction [1/a].
    lifetime_a
        Number of years [a].

    Returns
    -------
    Annuity factor [a], the inverse of `crf`.

    Raises
    ------
    InputError
        As for `crf`.

    Examples
    --------
    >>> round(annuity_factor(0.05, 40), 4)
    17.1591
    """
    return 1 / crf(discount_rate, lifetime_a)


def heat_per_euro(heat_mwh: float, capex_eur: float) -> float:
    """Return the heat delivered each year per euro of overnight investment.

    Parameters
    ----------
    heat_mwh
        Heat from data centres delivered to consumers, peak boilers excluded [MWh/a].
    capex_eur
        Overnight investment of everything that the plan builds [EUR].

    Returns
    -------
    Heat per euro [kWh/(a EUR)]; 0 without heat, infinite when heat needs no new investment.

    Raises
    ------
    InputError
        A figure is negative or not a number.

    Examples
    --------
    >>> heat_per_euro(45_000, 15_050_000)  # doctest: +ELLIPSIS
    2.9900...
    >>> heat_per_euro(0, 0)
    0.0
    """
    if not (heat_mwh >= 0 and capex_eur >= 0):
        raise InputError(
            Fault(
                "problem",
                f"heat per euro was asked for {heat_mwh} MWh/a and {capex_eur} EUR.",
                "Give figures of 0 or more.",
            )
        )
    if heat_mwh == 0:
        return 0.0
    return kwh_from_mwh(heat_mwh) / capex_eur if capex_eur > 0 else math.inf
