"""Lay investments with their lifetimes out over the years of a horizon."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from siting.errors import Fault, InputError

__all__ = ["CashFlow", "Component", "Subsidy", "investment_lines"]

WHOLE = 1e-9
"""Years this close to a whole number are taken as whole [a]."""


@dataclass(frozen=True)
class Component:
    """A part of the investment that is bought, wears out and is bought again.

    Parameters
    ----------
    name
        Name of the component, such as ``heat_pump``.
    cost_eur
        Overnight cost in constant prices, design and contingency included [EUR].
    lifetime_a
        Years until it is replaced at the same cost [a].

    Examples
    --------
    >>> pump = Component("heat_pump", 100.0, 25)
    >>> pump.purchases(40)
    {0: 100.0, 25: 100.0}
    >>> pump.residual_value_eur(40)
    40.0
    """

    name: str
    cost_eur: float
    lifetime_a: float

    def __post_init__(self) -> None:
        """Refuse what no cash flow can be made of."""
        if not (math.isfinite(self.cost_eur) and self.cost_eur >= 0):
            raise _fault(f"component '{self.name}' costs {self.cost_eur} EUR.", "Give 0 or more.")
        if not (math.isfinite(self.lifetime_a) and self.lifetime_a >= 1):
            raise _fault(
                f"component '{self.name}' lasts {self.lifetime_a} years.", "Give 1 year or more."
            )

    def purchases(self, horizon_a: int) -> dict[int, float]:
        """Return what is paid for it in which year: at once, and whenever its life ends [EUR].

        A life that ends with the horizon, or in it between two years, is renewed at the end of
        that year only if a year of the horizon is left.
        """
        years = [0]
        while (after := _ceil(len(years) * self.lifetime_a)) < horizon_a:
            years.append(after)
        return dict.fromkeys(years, self.cost_eur)

    def residual_value_eur(self, horizon_a: int) -> float:
        """Return what is left of its cost at the end of the horizon, in a straight line [EUR]."""
        bought = max(self.purchases(horizon_a))
        left = 1 - (horizon_a - bought) / self.lifetime_a
        return self.cost_eur * max(left, 0.0)


@dataclass(frozen=True)
class Subsidy:
    """Money from the public.

    Parameters
    ----------
    share, cap_eur
        Share of the first investment [-], and the most that it may come to [EUR].
    lump_eur
        Sum paid with the first investment [EUR].
    eur_per_mwh, years_a
        Paid for each heat from data centres delivered [EUR/MWh], in so many first years [a].

    Examples
    --------
    >>> Subsidy(share=0.5, cap_eur=3e6).at_start_eur(10e6)
    3000000.0
    >>> Subsidy(lump_eur=2e6).at_start_eur(1.5e6)
    1500000.0
    """

    share: float = 0.0
    cap_eur: float | None = None
    lump_eur: float = 0.0
    eur_per_mwh: float = 0.0
    years_a: int | None = None

    def at_start_eur(self, capex_eur: float) -> float:
        """Return the grant on a first investment, never more than the investment [EUR]."""
        share = self.share * capex_eur
        capped = share if self.cap_eur is None else min(share, self.cap_eur)
        return min(capped + self.lump_eur, capex_eur)

    def yearly_eur(self, heat_mwh: float, year: int) -> float:
        """Return what is paid for the heat of a year, counted from 1 [EUR]."""
        ended = self.years_a is not None and year > self.years_a
        return 0.0 if ended else self.eur_per_mwh * heat_mwh


@dataclass(frozen=True)
class CashFlow:
    """Named lines of money over the years, income above and cost below zero.

    Parameters
    ----------
    lines
        For each line the amounts of the years 0 to T in constant prices: the investment at the
        start, then the ends of the years 1 to T [EUR].

    Examples
    --------
    >>> flow = CashFlow({"investment": (-10.0, 0.0), "sales": (0.0, 12.0)})
    >>> flow.net
    (-10.0, 12.0)
    >>> flow.without("sales").net
    (-10.0, 0.0)
    """

    lines: Mapping[str, tuple[float, ...]]

    @property
    def horizon_a(self) -> int:
        """Number of years after the start [a]."""
        return max((len(line) for line in self.lines.values()), default=1) - 1

    @property
    def net(self) -> tuple[float, ...]:
        """Sum of all lines in each year [EUR]."""
        return tuple(map(math.fsum, zip(*self.lines.values(), strict=True)))

    def without(self, *names: str) -> CashFlow:
        """Return the same without some lines."""
        return CashFlow({name: line for name, line in self.lines.items() if name not in names})

    def only(self, names: Iterable[str]) -> CashFlow:
        """Return some of the lines; those that are not there count nothing."""
        kept = {name: self.lines[name] for name in names if name in self.lines}
        return CashFlow(kept or {"nothing": (0.0,) * (self.horizon_a + 1)})


def investment_lines(
    components: Iterable[Component], horizon_a: int
) -> dict[str, tuple[float, ...]]:
    """Return first investment, replacement and residual value over the years.

    Parameters
    ----------
    components
        What is bought, with its lifetime.
    horizon_a
        Years looked at, at least 1 [a].

    Returns
    -------
    The lines ``investment``, ``replacement`` and ``residual_value`` of the years 0 to T [EUR].

    Raises
    ------
    InputError
        The horizon is shorter than a year.

    Examples
    --------
    >>> lines = investment_lines([Component("heat_pump", 100.0, 2)], 3)
    >>> lines["replacement"], lines["residual_value"]
    ((0.0, 0.0, -100.0, 0.0), (0.0, 0.0, 0.0, 50.0))
    """
    if horizon_a < 1:
        raise _fault(f"a horizon of {horizon_a} years was given.", "Give 1 year or more.")
    first, again, rest = ([0.0] * (horizon_a + 1) for _ in range(3))
    for each in components:
        for year, cost in each.purchases(horizon_a).items():
            (first if year == 0 else again)[year] -= cost
        rest[horizon_a] += each.residual_value_eur(horizon_a)
    return {
        "investment": tuple(first),
        "replacement": tuple(again),
        "residual_value": tuple(rest),
    }


def _ceil(years: float) -> int:
    return math.ceil(years - WHOLE)


def _fault(message: str, remedy: str) -> InputError:
    return InputError(Fault("study", message, remedy))
