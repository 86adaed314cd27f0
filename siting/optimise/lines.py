"""Bound what a pipe costs from below by a few straight lines, whose minimum is concave."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from siting.optimise.lines_kernels import chosen_corners
from siting.optimise.tables import IntArray
from siting.solvers.outcome import FloatArray

__all__ = ["Corners", "Lines", "cost_per_mw", "lines_below", "small_flow"]

MOST_LINES = 6
"""Lines for each pipe, at most; with fewer they lie a little lower."""
SMALL = 0.05
"""How much a size counts that is smaller than all that is likely to flow [-]."""
SMALL_PEAK, SMALL_BASE = 0.1, 0.3
"""Which zone counts as small, and what of its peak is likely to flow to it [-]."""
DIGITS = 6
"""Digits up to which two edges have sizes in the same proportions of cost."""


@dataclass(frozen=True)
class Lines:
    """Straight lines: the pipe each belongs to, its value at no flow, and per MW that enters."""

    pipe: IntArray
    fixed: FloatArray
    slope: FloatArray


@dataclass(frozen=True)
class Corners:
    """Through which two sizes each line goes, and from which to which size it has to be below.

    ``flat`` marks lines that stand for all there is; they go through the corner of one size.
    """

    pipe: IntArray
    low: IntArray
    high: IntArray
    first: IntArray
    last: IntArray

    @classmethod
    def of(
        cls, high_mw: FloatArray, cost: FloatArray, most_mw: float, typical_mw: float = 0.0
    ) -> Corners:
        """Return corners that suit the cost of every pipe; see `lines_below`.

        Sizes that carry less than what typically flows count little.
        """
        cost = _large_enough(cost)
        pipes, width = high_mw.shape
        last = _last_size(high_mw, most_mw)
        scale = np.where(cost[:, :1] > 0, cost[:, :1], 1.0)
        with np.errstate(divide="ignore"):
            digits = np.round(cost / scale, DIGITS)
        shape = np.concatenate([np.minimum(high_mw, most_mw), digits, last[:, None]], axis=1)
        kinds, kind = np.unique(shape, axis=0, return_inverse=True)
        found = [_corners_of(row[:width], row[width:-1], int(row[-1]), typical_mw) for row in kinds]
        count = np.array([len(each) for each in found], dtype=np.int64)
        start = np.cumsum(count) - count
        table = np.concatenate(found) if found else np.zeros((0, 4), np.int64)
        kind = kind.reshape(-1)
        pipe = np.repeat(np.arange(pipes), count[kind])
        own = np.arange(len(pipe)) - np.repeat(np.cumsum(count[kind]) - count[kind], count[kind])
        rows = table[start[kind[pipe]] + own]
        return cls(pipe, *rows.T)


def _corners_of(high: FloatArray, cost: FloatArray, last: int, typical_mw: float) -> IntArray:
    """Return low, high, first and last size of each line of one kind of pipe."""
    x, y = high[: last + 1], cost[: last + 1]
    weight = np.where(x >= typical_mw, 1.0, SMALL)
    corners = [0]
    if last > 0 and y[0] > 0:
        corners = chosen_corners(x, y, weight, MOST_LINES).tolist()
    if len(corners) == 1:
        return np.array([[corners[0], corners[0], 0, last]], dtype=np.int64)
    pairs = [[i, j, i, j] for i, j in pairwise(corners)]
    pairs[0][2], pairs[-1][3] = 0, last
    return np.array(pairs, dtype=np.int64)


def _large_enough(cost: FloatArray) -> FloatArray:
    """Return the least cost of each size and all larger ones."""
    return np.asarray(np.minimum.accumulate(cost[:, ::-1], axis=1)[:, ::-1])


def _last_size(high_mw: FloatArray, most_mw: float) -> IntArray:
    """Return the first size of each pipe that carries all there is, or else its largest."""
    carries = high_mw >= most_mw
    largest = high_mw.shape[1] - 1
    return np.asarray(np.where(carries.any(axis=1), np.argmax(carries, axis=1), largest))


def lines_below(
    high_mw: FloatArray, cost: FloatArray, most_mw: float, corners: Corners | None = None
) -> Lines:
    """Return lines for every pipe; at each flow one of them is not above the cost of its size.

    Parameters
    ----------
    high_mw, cost
        Capacity, rising, and cost of each size, one row for each pipe.
    most_mw
        The most that any pipe carries [MW].
    corners
        Through which sizes the lines go; those that suit the costs where none are given.

    Notes
    -----
    Each line answers for some neighbouring sizes. A line that is not above the cost of a size
    where that is full is not above it at any flow that needs it. Where it is, it is lowered.

    Examples
    --------
    >>> lines = lines_below(np.array([[1.0, 3.0]]), np.array([[5.0, 7.0]]), 10.0)
    >>> lines.fixed.tolist(), lines.slope.tolist()
    ([4.0], [1.0])
    """
    if corners is None:
        corners = Corners.of(high_mw, cost, most_mw)
    cost = _large_enough(cost)
    high = np.minimum(high_mw, most_mw)
    pipe, i, j = corners.pipe, corners.low, corners.high
    run = high[pipe, j] - high[pipe, i]
    tilted = (run > 0) & np.isfinite(run)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(tilted, (cost[pipe, j] - cost[pipe, i]) / run, 0.0)
        fixed = cost[pipe, i] - np.where(tilted, slope * high[pipe, i], 0.0)
    over = np.zeros(len(pipe))
    for step in range(int((corners.last - corners.first).max(initial=-1)) + 1):
        size = np.minimum(corners.first + step, corners.last)
        there = fixed + np.where(tilted, slope * np.where(tilted, high[pipe, size], 0.0), 0.0)
        exact = (size == i) | (size == j)  # rounding is none of these lines' business
        over = np.maximum(over, np.where(exact, 0.0, there - cost[pipe, size]))
    fixed = fixed - over
    below = fixed < 0
    slope[below] = cost_per_mw(high[pipe[below]], cost[pipe[below]])
    return Lines(pipe, np.where(below, 0.0, fixed), slope)


def small_flow(peak_mw: ArrayLike) -> float:
    """Return a flow that is small for zones of these peaks [MW]."""
    peaks = np.asarray(peak_mw, dtype=float)
    return SMALL_BASE * float(np.quantile(peaks, SMALL_PEAK)) if len(peaks) else 0.0


def cost_per_mw(high_mw: FloatArray, cost: FloatArray) -> FloatArray:
    """Return the least cost per MW of any size, one for each row."""
    ratio = np.where(high_mw > 0, cost / np.maximum(high_mw, 1e-300), np.inf)
    return np.asarray(ratio.min(axis=1, initial=np.inf))
