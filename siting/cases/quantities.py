"""Calculate with figures that carry their unit, so that a sum of MW and MWh is refused."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

from siting.units import ENERGY_IN_MWH

__all__ = ["NONE", "Quantity", "Unit", "UnitError", "unit"]

Dimensions = tuple[tuple[str, int], ...]

# Each token: its size in base units, and what it consists of. An energy is a power over hours;
# a year is a dimension of its own, so that MWh and MWh/a do not mix.
TOKENS: dict[str, tuple[float, dict[str, int]]] = {
    "-": (1.0, {}), "1": (1.0, {}), "%": (0.01, {}), "count": (1.0, {}),
    "W": (1e-6, {"MW": 1}), "kW": (1e-3, {"MW": 1}), "MW": (1.0, {"MW": 1}),
    "GW": (1e3, {"MW": 1}), "TWh": (1e6, {"MW": 1, "h": 1}),
    **{name: (size, {"MW": 1, "h": 1}) for name, size in ENERGY_IN_MWH.items()},
    "h": (1.0, {"h": 1}), "a": (1.0, {"a": 1}),
    "K": (1.0, {"K": 1}), "°C": (1.0, {"K": 1}),
    "g": (1e-6, {"t": 1}), "kg": (1e-3, {"t": 1}), "t": (1.0, {"t": 1}), "kt": (1e3, {"t": 1}),
    "m": (1.0, {"m": 1}), "km": (1e3, {"m": 1}), "m2": (1.0, {"m": 2}), "DN": (1.0, {"DN": 1}),
    **{
        prefix + money: (size, {money: 1})
        for money in ("EUR", "GBP", "DKK")
        for prefix, size in (("", 1.0), ("k", 1e3), ("M", 1e6))
    },
    "home": (1.0, {"home": 1}), "connection": (1.0, {"connection": 1}),
    "rack": (1.0, {"rack": 1}),
}  # fmt: skip


class UnitError(ValueError):
    """Two units do not fit, or one is not known."""


@dataclass(frozen=True)
class Unit:
    """A unit: its size in base units, and the dimensions it consists of."""

    size: float
    dimensions: Dimensions


@dataclass(frozen=True)
class Quantity:
    """A figure in base units with its dimensions.

    Examples
    --------
    >>> power = Quantity.of(4, "MW")
    >>> (power * Quantity.of(2_250, "h/a")).to("GWh/a")
    9.0
    >>> power + Quantity.of(1, "GWh")
    Traceback (most recent call last):
    siting.cases.quantities.UnitError: MW and MW h cannot be added
    """

    size: float
    dimensions: Dimensions = ()

    @classmethod
    def of(cls, value: float, name: str) -> Quantity:
        """Return a figure in a named unit."""
        found = unit(name)
        return cls(value * found.size, found.dimensions)

    def to(self, name: str) -> float:
        """Return the figure in a named unit of the same dimensions."""
        wanted = unit(name)
        if wanted.dimensions != self.dimensions:
            raise UnitError(f"the result is in {self.words}, not in {name}")
        return self.size / wanted.size

    @property
    def words(self) -> str:
        """The dimensions as a reader writes a unit."""
        return _words(self.dimensions)

    def __add__(self, other: Quantity) -> Quantity:
        self._same(other, "added")
        return Quantity(self.size + other.size, self.dimensions)

    def __sub__(self, other: Quantity) -> Quantity:
        self._same(other, "subtracted")
        return Quantity(self.size - other.size, self.dimensions)

    def __mul__(self, other: Quantity) -> Quantity:
        dimensions = _product(self.dimensions, other.dimensions, 1)
        return Quantity(self.size * other.size, dimensions)

    def __truediv__(self, other: Quantity) -> Quantity:
        dimensions = _product(self.dimensions, other.dimensions, -1)
        return Quantity(self.size / other.size, dimensions)

    def __neg__(self) -> Quantity:
        return Quantity(-self.size, self.dimensions)

    def _same(self, other: Quantity, verb: str) -> None:
        if self.dimensions != other.dimensions:
            raise UnitError(f"{self.words} and {other.words} cannot be {verb}")


NONE = Unit(1.0, ())


@cache
def unit(name: str) -> Unit:
    """Return a unit by its name.

    Parameters
    ----------
    name
        Tokens with a space or a dot between them, at most one stroke, and brackets below it where
        there are several tokens: ``kWh/(a EUR)``.

    Raises
    ------
    UnitError
        A token is not known, or there is more than one stroke.

    Examples
    --------
    >>> unit("GWh/a").size, unit("GWh/a").dimensions
    (1000.0, (('MW', 1), ('a', -1), ('h', 1)))
    """
    above, *below = name.split("/")
    if len(below) > 1:
        raise UnitError(f"'{name}' has more than one stroke; write it as in 'kWh/(a EUR)'")
    size, found = 1.0, Counter[str]()
    for part, sign in ((above, 1), *((each, -1) for each in below)):
        for token in re.split(r"[\s·]+", part.strip("() ")):
            factor, dimensions = _token(token, name)
            size *= factor**sign
            for dimension, power in dimensions.items():
                found[dimension] += sign * power
    return Unit(size, _sorted(found))


def _token(token: str, name: str) -> tuple[float, dict[str, int]]:
    if token not in TOKENS:
        near = difflib.get_close_matches(token, TOKENS, n=1, cutoff=0.5)
        hint = f"; perhaps '{near[0]}'" if near else ""
        raise UnitError(f"'{token}' in the unit '{name}' is not known{hint}")
    return TOKENS[token]


def _product(one: Dimensions, other: Dimensions, sign: int) -> Dimensions:
    found = Counter(dict(one))
    for dimension, power in other:
        found[dimension] += sign * power
    return _sorted(found)


def _sorted(found: Counter[str]) -> Dimensions:
    return tuple(sorted((name, power) for name, power in found.items() if power))


def _words(dimensions: Dimensions) -> str:
    """Return dimensions as a reader writes a unit."""
    above = " ".join(_power(name, power) for name, power in dimensions if power > 0)
    below = [_power(name, -power) for name, power in dimensions if power < 0]
    if not dimensions:
        return "a plain number"
    if not below:
        return above
    return (
        f"{above or '1'}/{below[0]}" if len(below) == 1 else f"{above or '1'}/({' '.join(below)})"
    )


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}{power}"
