"""Compare what a part of a plan can yield, by its output, with what the output costs.

Each price of output gives a line that no yield is above; the least of some is concave. What opening
costs has lumps (`siting.optimise.openings`), but is straight within each range of output. So the
largest difference is at an end of a range or where two lines cross.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from siting.optimise.openings import Pieces
from siting.solvers.outcome import FloatArray

__all__ = ["Yields", "largest", "worth_while"]

NARROW = 0.02
"""Prices of output closer than this are not told apart [-]."""


@dataclass
class Yields:
    """What a part can yield by its output: no more than each line, ``most + price * output``."""

    price: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    def add(self, price: float, most: float) -> None:
        """Add what a bound at a price of output proves."""
        at = int(np.searchsorted(self.price, price))
        self.price.insert(at, price)
        self.most.insert(at, most)

    def at(self, output_mw: FloatArray) -> FloatArray:
        """Return the most that each output can yield [MWh/a]."""
        lines = np.array(self.most)[:, None] + np.array(self.price)[:, None] * output_mw
        return np.asarray(lines.min(axis=0))

    def turns(self) -> FloatArray:
        """Return the outputs at which two lines cross."""
        price, most = np.array(self.price), np.array(self.most)
        with np.errstate(divide="ignore", invalid="ignore"):
            cross = (most[:, None] - most) / (price - price[:, None])
        return np.asarray(cross[np.isfinite(cross)])

    def best(self, output_mw: float, count: int) -> list[float]:
        """Return the prices that tell most about an output."""
        each = np.array(self.most) + np.array(self.price) * output_mw
        return [self.price[k] for k in np.argsort(each, kind="stable")[:count].tolist()]

    def next_price(self, output_mw: float) -> float | None:
        """Return a price that may tell more about an output; None when there is none."""
        each = np.array(self.most) + np.array(self.price) * output_mw
        k = int(np.argmin(each))
        sides = []
        if k > 0:
            sides.append(
                (self.price[k] - self.price[k - 1], (self.price[k] + self.price[k - 1]) / 2)
            )
        if k + 1 < len(self.price):
            sides.append(
                (self.price[k + 1] - self.price[k], (self.price[k + 1] + self.price[k]) / 2)
            )
        if k == 0:
            sides.append((self.price[0] / 3, self.price[0] * 2 / 3))
        width, price = max(sides, default=(0.0, 0.0))
        return price if width > NARROW * max(self.price[-1], 1e-12) else None


def worth_while(
    yields: Yields, pieces: Pieces, price: float, target_mwh: float
) -> tuple[FloatArray, FloatArray]:
    """Return between which outputs each range may be worth so much; none where low is above high.

    Each line of the yield less the cost is straight, so it rules out all on one side.
    """
    low, high = pieces.low_mw.copy(), pieces.high_mw.copy()
    for output_price, most in zip(yields.price, yields.most, strict=True):
        rise = output_price - price * pieces.slope_eur
        short = target_mwh - most + price * pieces.cost_eur
        with np.errstate(divide="ignore", invalid="ignore"):
            turn = short / rise
        low = np.where(rise > 0, np.maximum(low, turn), low)
        high = np.where(rise < 0, np.minimum(high, turn), high)
        high = np.where((rise == 0) & (short > 0), -np.inf, high)
    return low, high


def largest(yields: Yields, pieces: Pieces, price: float) -> tuple[FloatArray, FloatArray]:
    """Return how much each range yields beyond its cost at most, and at which output.

    The yield is a concave broken line and the cost a straight one, so it is at an end or a turn.
    """
    turns = yields.turns()
    at = np.concatenate(
        [
            pieces.low_mw[:, None],
            pieces.high_mw[:, None],
            np.clip(turns, pieces.low_mw[:, None], pieces.high_mw[:, None]),
        ],
        axis=1,
    )
    value = yields.at(at.ravel()).reshape(at.shape)
    value = value - price * (pieces.cost_eur[:, None] + pieces.slope_eur[:, None] * at)
    best = value.argmax(axis=1)
    rows = np.arange(len(best))
    return value[rows, best], at[rows, best]
