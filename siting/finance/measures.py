"""Condense a cash flow into the figures that investors and planners compare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from scipy.optimize import brentq

from siting.economics import crf
from siting.errors import Fault, InputError
from siting.finance.cashflow import Component

__all__ = [
    "PRICE_INDEX",
    "Irr",
    "Payback",
    "annual_capital_cost",
    "break_even_price",
    "discounted_payback",
    "internal_rate_of_return",
    "levelised_cost",
    "life_cycle_heat_per_euro",
    "present_value",
    "price_index",
]

PRICE_INDEX = {(2015, 2023): 1.336}
"""Known price indices: an open data project inflates the Danish data sheets by it [S73]."""

STEPS = 200
SPLITS = 60
SPLIT = 0.4877
"""Where pieces are cut in two: no round rate of return lies on a cut."""


@dataclass(frozen=True)
class Irr:
    """Internal rate of return as a fraction [1/a], where there is exactly one."""

    value: float | None
    verdict: Literal["unique", "not unique", "none"]

    def __str__(self) -> str:
        """Return the rate in per cent, or why there is none."""
        return self.verdict if self.value is None else f"{self.value:.1%}".replace("%", " %")


@dataclass(frozen=True)
class Payback:
    """Years until the discounted flows have paid the investment back [a], or never."""

    value: float | None
    verdict: Literal["paid back", "never"]

    def __str__(self) -> str:
        """Return the years, or that it never happens."""
        return self.verdict if self.value is None else f"{self.value:.1f} a"


def present_value(flows: Sequence[float], discount_rate: float) -> float:
    """Return the value today of amounts in the years 0, 1, 2, ...

    Parameters
    ----------
    flows
        Amounts: the first at the start, the others at the ends of the years 1, 2, ... [EUR], or
        any other quantity that is discounted, such as heat [MWh].
    discount_rate
        Discount rate as a fraction, real where prices are constant, above -1 [1/a].

    Returns
    -------
    Present value, in the unit of the amounts.

    Examples
    --------
    >>> round(present_value([-10] + 20 * [1.2], 0.05), 4)
    4.9547
    """
    return math.fsum(flow * (1 + discount_rate) ** -t for t, flow in enumerate(flows))


def internal_rate_of_return(flows: Sequence[float]) -> Irr:
    """Return the discount rate at which the present value is nothing.

    Parameters
    ----------
    flows
        Amounts at the start and at the ends of the years [EUR].

    Returns
    -------
    The rate where there is exactly one; otherwise a verdict. Amounts that change sign once have
    one rate, possibly below 0. Amounts that change sign more often, as when parts are replaced,
    are searched for rates above 0.

    Notes
    -----
    By Descartes' rule of signs a polynomial whose coefficients change sign once has exactly one
    positive root; it is enclosed in the discount factor, then found by Brent's method. Rates above
    0 are discount factors between 0 and 1, where the same rule holds for the coefficients in the
    basis of Bernstein; pieces with several changes of sign are cut in two.

    Examples
    --------
    >>> rate = internal_rate_of_return([-10] + 20 * [1.2])
    >>> round(rate.value, 6), rate.verdict
    (0.103156, 'unique')
    >>> str(internal_rate_of_return([-100, 230, -132]))  # at 10 % and at 20 %
    'not unique'
    >>> str(internal_rate_of_return([-100, 60, 60, -20, 60]))
    '25.5 %'
    >>> str(internal_rate_of_return([-1, -1]))
    'none'
    """
    signs = [flow > 0 for flow in flows if flow != 0]
    changes = sum(a != b for a, b in pairwise(signs))
    if changes == 0:
        return Irr(None, "none")

    def value(factor: float) -> float:
        return math.fsum(flow * factor**t for t, flow in enumerate(flows))

    if changes > 1:
        pieces = _pieces_with_a_root(_bernstein(flows), 0.0, 1.0)
        if len(pieces) != 1:
            return Irr(None, "not unique" if pieces else "none")
        return Irr(1 / float(brentq(value, *pieces[0], xtol=1e-14, rtol=1e-14)) - 1, "unique")
    low = high = 1.0
    for _ in range(STEPS):
        if (value(low) > 0) != (value(high) > 0) or value(low) == 0:
            break
        low, high = low / 1.5, high * 1.5
    else:
        return Irr(None, "none")
    root = low if value(low) == 0 else float(brentq(value, low, high, xtol=1e-14, rtol=1e-14))
    return Irr(1 / root - 1, "unique")


def _bernstein(coefficients: Sequence[float]) -> list[float]:
    """Return a polynomial on 0 to 1 in the basis of Bernstein."""
    degree = len(coefficients) - 1
    return [
        math.fsum(math.comb(i, t) / math.comb(degree, t) * coefficients[t] for t in range(i + 1))
        for i in range(degree + 1)
    ]


def _pieces_with_a_root(
    basis: Sequence[float], low: float, high: float, splits: int = SPLITS
) -> list[tuple[float, float]]:
    """Return pieces with one root each; a piece that stays unclear counts twice."""
    signs = [each > 0 for each in basis if each != 0]
    changes = sum(a != b for a, b in pairwise(signs))
    if changes == 0:
        return []
    if changes == 1 and basis[0] * basis[-1] < 0:
        return [(low, high)]
    if splits == 0:
        return 2 * [(low, high)]
    left, right, row = [basis[0]], [basis[-1]], list(basis)
    while len(row) > 1:  # de Casteljau
        row = [a + SPLIT * (b - a) for a, b in pairwise(row)]
        left.append(row[0])
        right.append(row[-1])
    middle = low + SPLIT * (high - low)
    return [
        *_pieces_with_a_root(left, low, middle, splits - 1),
        *_pieces_with_a_root(right[::-1], middle, high, splits - 1),
    ]


def discounted_payback(flows: Sequence[float], discount_rate: float) -> Payback:
    """Return when the discounted flows have paid the investment back for the first time.

    Parameters
    ----------
    flows
        Amounts at the start and at the ends of the years [EUR].
    discount_rate
        Discount rate as a fraction [1/a].

    Returns
    -------
    Years from the start, or ``never`` within the years given. Within a year the amount comes
    in evenly in discounted money, which is exact for a constant income.

    Examples
    --------
    >>> round(discounted_payback([-10] + 20 * [1.2], 0.05).value, 4)
    11.0472
    >>> round(discounted_payback([-10] + 20 * [1.2], 0.0).value, 4)
    8.3333
    >>> str(discounted_payback([-10, 1], 0.05))
    'never'
    """
    total = 0.0
    for year, flow in enumerate(flows):
        worth = flow * (1 + discount_rate) ** -year
        if total + worth >= 0:
            return Payback(
                _within(year, -total / worth if worth else 0.0, discount_rate), "paid back"
            )
        total += worth
    return Payback(None, "never")


def _within(year: int, share: float, rate: float) -> float:
    """Return the time in a year at which a share of its discounted amount has come in [a]."""
    if year == 0:
        return 0.0
    if rate == 0:
        return year - 1 + share
    before, after = (1 + rate) ** (1 - year), (1 + rate) ** -year
    return -math.log(before + share * (after - before)) / math.log1p(rate)


def levelised_cost(
    costs_eur: Sequence[float], heat_mwh: Sequence[float], discount_rate: float
) -> float:
    """Return the price of heat that just pays its costs.

    Parameters
    ----------
    costs_eur
        Costs at the start and at the ends of the years, residual value taken off [EUR].
    heat_mwh
        Heat delivered to consumers in the same years [MWh].
    discount_rate
        Discount rate as a fraction [1/a].

    Returns
    -------
    Levelised cost [EUR/MWh]; not a number without heat.

    Examples
    --------
    >>> yearly = 100e3 + 20_000 / 4 * 100
    >>> round(levelised_cost([5e6] + 25 * [yearly], [0] + 25 * [20_000], 0.05), 4)
    47.7381
    """
    heat = present_value(heat_mwh, discount_rate)
    return present_value(costs_eur, discount_rate) / heat if heat > 0 else math.nan


def break_even_price(
    flows_without_sales_eur: Sequence[float], heat_mwh: Sequence[float], discount_rate: float
) -> float:
    """Return the price of heat at which the net present value is nothing.

    Parameters
    ----------
    flows_without_sales_eur
        All amounts but the sale of heat [EUR].
    heat_mwh
        Heat sold in the same years [MWh].
    discount_rate
        Discount rate as a fraction [1/a].

    Returns
    -------
    Price [EUR/MWh]; not a number without heat.

    Examples
    --------
    >>> round(break_even_price([-1000, 0], [0, 10], 0.05), 6)
    105.0
    """
    return levelised_cost([-each for each in flows_without_sales_eur], heat_mwh, discount_rate)


def life_cycle_heat_per_euro(
    heat_mwh: Sequence[float], investment_eur: Sequence[float], discount_rate: float
) -> float:
    """Return discounted heat per discounted euro of investment.

    Parameters
    ----------
    heat_mwh
        Heat from data centres delivered in each year [MWh].
    investment_eur
        Investment and replacement in each year, residual value taken off [EUR].
    discount_rate
        Discount rate as a fraction [1/a].

    Returns
    -------
    Heat per euro over the life cycle [kWh/EUR]; 0 without heat, infinite without investment.

    Notes
    -----
    For one lifetime and constant heat it is the annual heat per euro times the annuity factor.

    Examples
    --------
    >>> round(life_cycle_heat_per_euro([0] + 25 * [1.0], [1000.0] + 25 * [0.0], 0.05), 4)
    14.0939
    """
    heat = present_value(heat_mwh, discount_rate)
    spent = present_value(investment_eur, discount_rate)
    if heat <= 0:
        return 0.0
    return heat * 1000 / spent if spent > 0 else math.inf


def annual_capital_cost(components: Iterable[Component], discount_rate: float) -> float:
    """Return the yearly cost of an investment, each component over its own lifetime.

    Parameters
    ----------
    components
        What is bought, with its lifetime.
    discount_rate
        Discount rate as a fraction [1/a].

    Returns
    -------
    Equivalent annual cost [EUR/a].

    Examples
    --------
    >>> round(annual_capital_cost([Component("pipes", 1e6, 40)], 0.05))
    58278
    """
    return math.fsum(each.cost_eur * crf(discount_rate, each.lifetime_a) for each in components)


def price_index(from_year: int, to_year: int) -> float:
    """Return the factor that turns the money of one year into that of another.

    Parameters
    ----------
    from_year, to_year
        Years of the prices.

    Returns
    -------
    Price index [-].

    Raises
    ------
    InputError
        No index between these years is known. None is guessed.

    References
    ----------
    2015 to 2023: 1.336, as applied to the Danish Energy Agency data sheets in
    PyPSA/technology-data [S73].

    Examples
    --------
    >>> price_index(2015, 2023)
    1.336
    >>> price_index(2024, 2024)
    1.0
    """
    if from_year == to_year:
        return 1.0
    if (from_year, to_year) in PRICE_INDEX:
        return PRICE_INDEX[from_year, to_year]
    if (to_year, from_year) in PRICE_INDEX:
        return 1 / PRICE_INDEX[to_year, from_year]
    known = ", ".join(f"{a} to {b}" for a, b in PRICE_INDEX)
    raise InputError(
        Fault(
            "study",
            f"no price index from {from_year} to {to_year} is known; known is {known}.",
            "Give the figure in money of the year that is wanted.",
        )
    )
