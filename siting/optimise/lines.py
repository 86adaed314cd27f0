"""Bound what a pipe costs from below by a few straight lines, whose minimum is concave."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from siting.optimise.tables import IntArray
from siting.solvers.outcome import FloatArray

__all__ = ["Lines", "cost_per_mw", "lines_below"]

POINTS = 5
"""Sizes through which lines are drawn, at most; with fewer the lines lie a little lower."""


@dataclass(frozen=True)
class Lines:
    """Straight lines: the pipe each belongs to, its value at no flow, and per MW that enters."""

    pipe: IntArray
    fixed: FloatArray
    slope: FloatArray


def lines_below(high_mw: FloatArray, cost: FloatArray, most_mw: float) -> Lines:
    """Return lines for every pipe; at each flow one of them is not above the cost of its size.

    Parameters
    ----------
    high_mw, cost
        Capacity, rising, and cost of each size, one row for each pipe.
    most_mw
        The most that any pipe carries [MW].

    Notes
    -----
    A line through the corners of two sizes is not above the cost of the larger one at any flow
    that needs it, as long as costs are concave in between; where they are not, it is lowered.

    Examples
    --------
    >>> lines = lines_below(np.array([[1.0, 3.0]]), np.array([[5.0, 7.0]]), 10.0)
    >>> lines.fixed.tolist(), lines.slope.tolist()
    ([4.0], [1.0])
    """
    cost = np.minimum.accumulate(cost[:, ::-1], axis=1)[:, ::-1]  # of a size that is large enough
    pipes, width = high_mw.shape
    carries = high_mw >= most_mw
    last = np.where(carries.any(axis=1), np.argmax(carries, axis=1), width - 1)
    high = np.minimum(high_mw, most_mw)
    row = np.arange(pipes)
    found: list[Lines] = []
    shares = np.linspace(0.0, 1.0, min(POINTS, max(width, 2)))
    for low_share, high_share in pairwise(shares.tolist()):
        i = np.floor(low_share * last).astype(np.int64)
        j = np.floor(high_share * last).astype(np.int64)
        use = np.flatnonzero(high[row, j] > high[row, i])
        found.append(_through(use, i[use], j[use], high, cost))
    flat = np.flatnonzero(high[row, last] <= high[row, 0])
    found.append(Lines(flat, cost[flat, 0], np.zeros(len(flat))))
    return Lines(
        np.concatenate([each.pipe for each in found]),
        np.concatenate([each.fixed for each in found]),
        np.concatenate([each.slope for each in found]),
    )


def _through(pipe: IntArray, i: IntArray, j: IntArray, high: FloatArray, cost: FloatArray) -> Lines:
    """Return lines through sizes i and j, lowered below what lies between; none starts below 0."""
    slope = (cost[pipe, j] - cost[pipe, i]) / (high[pipe, j] - high[pipe, i])
    fixed = cost[pipe, i] - slope * high[pipe, i]
    over = np.zeros(len(pipe))
    for step in range(1, int((j - i).max(initial=0))):
        size = np.minimum(i + step, j)  # at the larger size itself the line is exact
        over = np.maximum(over, fixed + slope * high[pipe, size] - cost[pipe, size])
    fixed = fixed - over
    below = fixed < 0
    slope[below] = cost_per_mw(high[pipe[below]], cost[pipe[below]])
    return Lines(pipe, np.where(below, 0.0, fixed), slope)


def cost_per_mw(high_mw: FloatArray, cost: FloatArray) -> FloatArray:
    """Return the least cost per MW of any size, one for each row."""
    ratio = np.where(high_mw > 0, cost / np.maximum(high_mw, 1e-300), np.inf)
    return np.asarray(ratio.min(axis=1, initial=np.inf))
