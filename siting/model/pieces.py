"""Describe what a pipe costs and loses: one piece for each size, or one straight line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from siting.problem import Edge, PipeSize

__all__ = ["Piece", "edge_pieces", "size_for"]


@dataclass(frozen=True)
class Piece:
    """Cost and loss of a pipe up to a capacity.

    Parameters
    ----------
    high_mw
        Largest heat flow entering the pipe [MW].
    cost_eur, cost_per_mw_eur
        Fixed cost [EUR] and cost per heat flow entering it [EUR/MW].
    loss_mw, loss_per_mw
        Heat lost when it is built [MW] and per heat flow entering it [MW/MW].
    """

    high_mw: float
    cost_eur: float
    cost_per_mw_eur: float
    loss_mw: float
    loss_per_mw: float


def edge_pieces(edge: Edge, flow_limit_mw: float) -> tuple[Piece, ...]:
    """Return the pieces of an edge that can carry at most ``flow_limit_mw`` [MW].

    A sized edge has one piece for each size up to the first that carries the limit, and on to the
    last that loses less than those before it that do: what it saves may be worth its price.
    """
    if not edge.sizes:
        high = min(flow_limit_mw, math.inf if edge.capacity_mw is None else edge.capacity_mw)
        return (Piece(high, edge.cost_eur, edge.cost_per_mw_eur, edge.loss_mw, edge.loss_per_mw),)
    return tuple(
        Piece(min(size.capacity_mw, flow_limit_mw), size.cost_eur, 0.0, size.loss_mw, 0.0)
        for size in edge.sizes[: _sizes_of_use(edge, flow_limit_mw)]
    )


def _sizes_of_use(edge: Edge, flow_limit_mw: float) -> int:
    """Return how many sizes of an edge, from the smallest, some plan may be glad of."""
    count, least = 0, math.inf  # the least loss of any size that carries all there is
    for k, size in enumerate(edge.sizes):
        if size.loss_mw < least:
            count = k + 1
        if size.capacity_mw >= flow_limit_mw:
            least = min(least, size.loss_mw)
    return count


def size_for(edge: Edge, flow_mw: float, tolerance: float = 1e-7) -> PipeSize | None:
    """Return the smallest size of an edge that carries a flow [MW], or None."""
    for size in edge.sizes:
        if size.capacity_mw >= flow_mw * (1 - tolerance):
            return size
    return None
