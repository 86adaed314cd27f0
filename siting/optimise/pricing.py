"""Put a price on power at every node: what it costs at least to bring it there."""

from __future__ import annotations

import numpy as np

from siting.optimise.ascent_kernels import least_from
from siting.optimise.tables import IntArray, Tables
from siting.solvers.outcome import FloatArray

__all__ = ["node_prices"]


def node_prices(
    tables: Tables, rise: FloatArray, source: IntArray, offset: FloatArray
) -> FloatArray:
    """Return the least price of power at each node [MWh/a per MW].

    Parameters
    ----------
    tables
        The streets.
    rise
        What each MW pays at least along each edge [MWh/a per MW].
    source, offset
        Nodes where power starts, and its price there. Where none leads it is infinitely dear.
    """
    start, order, end = tables.links
    there = np.concatenate([np.ones(len(tables.u), bool), ~tables.one_way])
    cost = np.where(there, np.concatenate([rise, rise]), np.inf)[order]
    far, _ = least_from(start, end, cost, source, offset, np.inf)
    return np.asarray(far)
