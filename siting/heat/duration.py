"""Hold a load-duration curve that was measured or computed, and draw a broken line along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from siting.errors import Fault, InputError
from siting.units import HOURS_PER_A, FloatArray

__all__ = ["LoadDuration", "load_duration_from_points", "stacked_shares"]

SAMPLES = 8760
GRID = 2001
CLOSEST = 1e-6
HALVINGS = 40


@dataclass(frozen=True)
class LoadDuration:
    """A load-duration curve: the loads of a year in falling order, over the peak.

    Parameters
    ----------
    kind
        Where it comes from: ``degree_hours`` or ``file``.
    loads
        Loads of equal spans of time, from 1 down to the least, not below 0 [–].

    Examples
    --------
    >>> curve = LoadDuration("file", np.array([1.0, 0.5, 0.25, 0.25]))
    >>> curve.full_load_hours_h
    4380.0
    >>> curve.heat_share([0.25, 0.5, 1.0]).tolist()
    [0.5, 0.75, 1.0]
    """

    kind: str
    loads: FloatArray

    @cached_property
    def load_factor(self) -> float:
        """Mean over peak load [–]."""
        return float(self.loads.mean())

    @property
    def full_load_hours_h(self) -> float:
        """Annual demand over peak demand [h/a]."""
        return self.load_factor * HOURS_PER_A

    @property
    def minimum_load_ratio(self) -> float:
        """Least over peak load [–]."""
        return float(self.loads[-1])

    @cached_property
    def _heat_above(self) -> FloatArray:
        """Sum of the ``k`` highest loads, from k = 0."""
        return np.concatenate([[0.0], np.cumsum(self.loads)])

    def heat_share(self, relative_capacity: ArrayLike) -> FloatArray:
        """Return the share of annual heat below a base capacity over the peak [–].

        It rises, is concave, and is exact for the loads held.
        """
        x = np.asarray(relative_capacity, dtype=float)
        rising = self.loads[::-1]
        count = len(rising)
        above = count - np.searchsorted(rising, x, side="right")
        total = self._heat_above[-1]
        below = total - self._heat_above[above]
        return np.asarray(np.minimum((above * np.clip(x, 0, None) + below) / total, 1.0))

    def with_full_load_hours(self, full_load_hours_h: float) -> LoadDuration:
        """Return the curve with its peak kept and its base lifted or lowered.

        Parameters
        ----------
        full_load_hours_h
            Full-load hours wanted, above 0 and at most a year [h/a].

        Returns
        -------
        ``max(0, 1 - k (1 - q))`` of each load q, with k so that the mean fits. Lifting the base
        is a larger flat part; lowering it ends the heating season earlier.

        Raises
        ------
        InputError
            The hours are not above 0 or exceed a year.
        """
        wanted = full_load_hours_h / HOURS_PER_A
        if not 0 < wanted <= 1 + 1e-9:
            raise InputError(
                Fault(
                    "zones",
                    f"{full_load_hours_h:,.0f} full-load hours were given; a year has 8,760.",
                    "Check the units of annual and peak demand.",
                )
            )
        below_peak = 1 - self.loads
        if wanted >= self.load_factor or below_peak[-1] <= 0:
            spread = (1 - min(wanted, 1.0)) / max(1 - self.load_factor, CLOSEST)
            return LoadDuration(self.kind, np.clip(1 - spread * below_peak, 0.0, 1.0))
        low, high = 1.0, 2.0
        while np.maximum(1 - high * below_peak, 0).mean() > wanted and high < 1 / CLOSEST:
            high *= 2
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if np.maximum(1 - middle * below_peak, 0).mean() > wanted:
                low = middle
            else:
                high = middle
        # The mean of this side does not exceed what is wanted, so no hour counts twice.
        return LoadDuration(self.kind, np.maximum(1 - high * below_peak, 0.0))

    def broken_line(self, points: int) -> tuple[tuple[tuple[float, float], ...], float]:
        """Return a concave broken line along the curve, and how much it misses at most.

        Parameters
        ----------
        points
            Largest number of corners, both ends included; 3 or more.

        Returns
        -------
        Corners (base capacity over peak, base heat over annual demand) on the curve from (0, 0)
        to (1, 1), so that the line never overstates heat; and the largest share of the annual
        demand by which it understates it [–].

        Raises
        ------
        InputError
            Fewer than three corners.

        Examples
        --------
        >>> curve = LoadDuration("file", np.array([1.0, 0.5, 0.25, 0.25]))
        >>> curve.broken_line(8)
        (((0.0, 0.0), (0.25, 0.5), (0.5, 0.75), (1.0, 1.0)), 0.0)
        """
        if points < 3:
            words = f"a load curve of {points} points was asked for."
            raise InputError(Fault("study", words, "Ask for 3 or more."))
        levels = np.unique(self.loads)
        if len(levels) > GRID:
            levels = np.unique(np.quantile(levels, np.linspace(0, 1, GRID)))
        x = np.concatenate([[0.0], levels[(levels > CLOSEST) & (levels < 1 - CLOSEST)], [1.0]])
        x = x[np.diff(x, prepend=-1.0) > CLOSEST]
        shares = self.heat_share(x)
        low, high = 0.0, 1.0
        corners = _fewest_corners(x, shares, low)
        if len(corners) > points:
            corners = [0, len(x) - 1]
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                tried = _fewest_corners(x, shares, middle)
                if len(tried) <= points:
                    high, corners = middle, tried
                else:
                    low = middle
        chosen = np.array(corners)
        line = tuple(zip(x[chosen].tolist(), shares[chosen].tolist(), strict=True))
        missed = shares - np.interp(x, x[chosen], shares[chosen])
        return line, max(float(missed.max()), 0.0) if len(chosen) < len(x) else 0.0


def _fewest_corners(x: FloatArray, shares: FloatArray, error: float) -> list[int]:
    """Return the fewest corners on a concave curve whose chords miss it by at most ``error``."""
    corners = [0]
    last = len(x) - 1
    while corners[-1] < last:
        start = corners[-1]
        low, high = start + 1, last
        # The farther a chord reaches, the more it misses: search for the farthest.
        while low < high:
            end = (low + high + 1) // 2
            inner = slice(start, end + 1)
            chord = np.interp(x[inner], x[[start, end]], shares[[start, end]])
            if float((shares[inner] - chord).max()) <= error + 1e-12:
                low = end
            else:
                high = end - 1
        corners.append(low)
    return corners


def load_duration_from_points(
    time_share: ArrayLike, load: ArrayLike, *, kind: str = "file"
) -> LoadDuration:
    """Return the load-duration curve through points of time and load.

    Parameters
    ----------
    time_share
        Share of the year in which the load is reached or exceeded, rising from 0 to 1 [–].
    load
        Load at each of these, falling, in any unit.
    kind
        What the curve is called.

    Raises
    ------
    InputError
        Fewer than two points, time that does not rise, load that rises, is negative or nothing.

    Examples
    --------
    >>> round(load_duration_from_points([0, 1], [10.0, 0.0]).load_factor, 6)
    0.5
    """
    time, loads = np.asarray(time_share, dtype=float), np.asarray(load, dtype=float)
    if len(time) < 2 or (np.diff(time) <= 0).any():
        words = "the time of a load curve has to rise from point to point, over two or more."
        raise InputError(Fault("study", words, "Sort the rows, and take copies out."))
    if (np.diff(loads) > 1e-9 * np.abs(loads).max()).any() or not (loads >= 0).all():
        row = int(np.argmax((np.diff(loads, prepend=loads[0]) > 0) | ~(loads >= 0))) + 1
        words = (
            f"the load of a load curve has to fall and not be negative; it does not at row {row}."
        )
        raise InputError(Fault("study", words, "Sort the loads of the year from high to low."))
    if not loads[0] > 0:
        raise InputError(Fault("study", "a load curve holds no load.", "Give loads above 0."))
    middles = (np.arange(SAMPLES) + 0.5) / SAMPLES
    values = np.interp(middles, time, loads) / loads[0]
    values[0] = 1.0
    return LoadDuration(kind, values)


def stacked_shares(curve: LoadDuration, relative_capacities: Sequence[float]) -> FloatArray:
    """Return the share of annual heat of each of several sources on one network [–].

    Parameters
    ----------
    curve
        The load-duration curve that they share.
    relative_capacities
        Capacity of each over the peak, in the order in which they run [–].

    Examples
    --------
    >>> curve = LoadDuration("file", np.array([1.0, 0.5, 0.25, 0.25]))
    >>> stacked_shares(curve, [0.25, 0.25]).tolist()
    [0.5, 0.25]
    """
    return np.diff(curve.heat_share(np.cumsum([0.0, *relative_capacities])))
