"""Bound load curves from above by fewer steps, so that a bound has fewer terminals to reach."""

from __future__ import annotations

import numpy as np

from siting.solvers.outcome import FloatArray

__all__ = ["fewer_steps"]


def fewer_steps(
    step_mw: FloatArray, step_heat: FloatArray, most: int
) -> tuple[FloatArray, FloatArray]:
    """Return curves of at most so many steps that lie nowhere below the given ones.

    Parameters
    ----------
    step_mw, step_heat
        Steps of base capacity and of heat, one row for each zone; they yield less and less. Steps
        without capacity are at the end.
    most
        Number of steps that are kept of each row.

    Notes
    -----
    A concave broken line is the lowest of the lines through its steps. Without some of these lines
    it only rises. The first and the last one stay, and so does the end of the curve.

    Examples
    --------
    >>> mw, heat = fewer_steps(np.array([[1.0, 1.0, 1.0]]), np.array([[4.0, 2.0, 1.0]]), 2)
    >>> mw.round(3).tolist(), heat.round(3).tolist()
    ([[1.333, 1.667]], [[5.333, 1.667]])
    """
    rows, width = step_mw.shape
    count = (step_mw > 0).sum(axis=1)
    if width <= most or not rows or (count <= most).all():
        return step_mw, step_heat
    new_mw, new_heat = np.zeros((rows, most)), np.zeros((rows, most))
    for n in np.unique(count).tolist():
        some = np.flatnonzero(count == n)
        if n == 0:  # heat that needs no capacity
            new_heat[some, 0] = step_heat[some].sum(axis=1)
            continue
        if n <= most:
            new_mw[some], new_heat[some] = step_mw[some, :most], step_heat[some, :most]
            continue
        kept = np.unique(np.linspace(0, n - 1, most).round().astype(np.int64))
        mw, heat = step_mw[some, :n], step_heat[some, :n]
        at, up = np.cumsum(mw, axis=1), np.cumsum(heat, axis=1)
        slope = (heat / mw)[:, kept]
        start = (up - heat)[:, kept] - slope * (at - mw)[:, kept]
        fall = slope[:, :-1] - slope[:, 1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            meet = (start[:, 1:] - start[:, :-1]) / fall
        meet = np.where(fall > 0, meet, at[:, kept[:-1]])
        meet = np.clip(meet, at[:, kept[:-1]], (at - mw)[:, kept[1:]])
        ends = np.concatenate([np.zeros((len(some), 1)), meet, at[:, -1:]], axis=1)
        size = np.diff(ends, axis=1)
        new_mw[some[:, None], np.arange(len(kept))] = size
        new_heat[some[:, None], np.arange(len(kept))] = slope * size
    return new_mw, new_heat
