"""Reduce the sum of peaks to the peak that consumers share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from siting.units import FloatArray

__all__ = ["simultaneity_thermos", "simultaneity_winter_2001"]


def simultaneity_winter_2001(consumers: ArrayLike, floor: float = 0.0) -> FloatArray:
    """Return the shared peak over the sum of peaks, after Winter et al. (2001).

    Parameters
    ----------
    consumers
        Number of consumers downstream, 1 or more.
    floor
        Lowest factor believed; 0.60 suits existing buildings in a cold spell, 0.50 others [-].

    Returns
    -------
    Diversity factor, at most 1 [-].

    Notes
    -----
    ``a + b / (1 + (n / c)^d)``; fitted to networks of up to 200 consumers.

    References
    ----------
    Winter, Haslauer, Obernberger 2001, Untersuchungen der Gleichzeitigkeit in kleinen und
    mittleren Nahwärmenetzen, Euroheat & Power 09/10.

    Examples
    --------
    >>> simultaneity_winter_2001([1, 20, 100]).round(4).tolist()
    [1.0, 0.919, 0.5882]
    >>> simultaneity_winter_2001([100], floor=0.6).tolist()
    [0.6]
    """
    a, b, c, d = 0.449677646267461, 0.551234688, 53.84382392, 1.762743268
    n = np.asarray(consumers, dtype=float)
    return np.asarray(np.clip(a + b / (1 + (n / c) ** d), floor, 1.0), dtype=float)


def simultaneity_thermos(consumers: ArrayLike) -> FloatArray:
    """Return the shared peak over the sum of peaks, after the THERMOS tool.

    Parameters
    ----------
    consumers
        Number of consumers downstream, 1 or more.

    Returns
    -------
    Diversity factor, at most 1 [-].

    References
    ----------
    THERMOS, github.com/cse-bristol/110-thermos-ui, documentation: ``0.62 + 0.38 / n``.

    Examples
    --------
    >>> simultaneity_thermos([1, 2, 100]).round(4).tolist()
    [1.0, 0.81, 0.6238]
    """
    n = np.asarray(consumers, dtype=float)
    return np.asarray(np.minimum(0.62 + 0.38 / n, 1.0), dtype=float)
