"""Choose the sizes through which lines are drawn, compiled by numba once and cached."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["chosen_corners"]

Floats = NDArray[np.float64]
SLACK = 1e-9
"""Share of a cost by which a line may lie above it here; lines are lowered for good later [-]."""


@numba.njit(cache=True)
def chosen_corners(  # noqa: PLR0912 - three nested choices of one dynamic program
    x: Floats, y: Floats, weight: Floats, most_lines: int
) -> Any:
    """Return the corners of the best concave broken line below points, and what it misses.

    It begins at one of the points, goes through others and ends flat or along its last piece.
    The broken line that misses least of the weighted relative height of all points is found by
    dynamic programming over its last piece.

    Parameters
    ----------
    x, y
        Points: x rises, y does not fall; y is positive.
    weight
        How much each point counts.
    most_lines
        Most pieces, at least 1.

    Returns
    -------
    Positions of the corners in rising order; with a single one the line is flat.
    """
    n = len(x)
    never = np.inf
    slope = np.zeros((n, n))
    inner = np.full((n, n), never)  # what piece (i, j) misses strictly between its ends
    left = np.full((n, n), never)  # ... of the points before i, if it is the first
    right = np.full((n, n), never)  # ... of the points after j, if it is the last
    for i in range(n):
        for j in range(i + 1, n):
            if x[j] <= x[i]:
                continue
            rise = (y[j] - y[i]) / (x[j] - x[i])
            slope[i, j] = rise
            if y[i] - rise * x[i] < 0:
                continue
            sums = np.zeros(3)
            for m in range(n):
                missing = y[m] - (y[i] + rise * (x[m] - x[i]))
                part = 0 if m < i else (1 if m < j else 2)
                if missing < -SLACK * y[m]:
                    sums[part] = never
                else:
                    sums[part] += weight[m] * missing / y[m]
            left[i, j], inner[i, j], right[i, j] = sums
    best, end_i, end_j, end_k = never, 0, -1, 0
    flat = np.zeros(n)  # what a flat line from point j on misses
    for j in range(n):
        for m in range(j + 1, n):
            flat[j] += weight[m] * (y[m] - y[j]) / y[m]
    best = flat[0]
    value = np.full((most_lines + 1, n, n), never)
    before = np.full((most_lines + 1, n, n), -1)
    for i in range(n):
        for j in range(i + 1, n):
            value[1, i, j] = left[i, j] + inner[i, j]
    for k in range(1, most_lines + 1):
        for i in range(n):
            for j in range(i + 1, n):
                here = value[k, i, j]
                if here == never:
                    continue
                if here + right[i, j] < best:
                    best, end_i, end_j, end_k = here + right[i, j], i, j, k
                if k < most_lines:
                    for m in range(j + 1, n):
                        if slope[j, m] <= slope[i, j]:
                            through = here + inner[j, m]
                            if through < value[k + 1, j, m]:
                                value[k + 1, j, m] = through
                                before[k + 1, j, m] = i
    if end_j < 0:
        return np.zeros(1, np.int64)
    corners = np.empty(end_k + 1, np.int64)
    i, j = end_i, end_j
    for k in range(end_k, 0, -1):
        corners[k] = j
        i, j = before[k, i, j], i
    corners[0] = j
    return corners
