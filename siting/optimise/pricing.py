"""Put a price on power at every node, and see what sites, pipes and zones cost or yield at it.

At a price ``l`` [MWh/a per EUR] a plan costs ``l * capex - heat``. Heat balances at each node, so
any price on power there [MWh/a per MW] may be put on the balance without changing what a plan
costs. What is left is a sum over sites, pipes and zones in which no flow appears: each pays or
yields what the cheapest flow through it does. FORMULATION.md has the proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.optimise.ascent_kernels import least_from
from siting.optimise.tables import IntArray, Tables
from siting.solvers.outcome import FloatArray

__all__ = ["Priced", "node_prices", "price_rise", "priced", "source_price"]


@dataclass(frozen=True)
class Priced:
    """What the parts of a plan cost at prices on power, all in MWh/a.

    Parameters
    ----------
    node
        The price of power at each node [MWh/a per MW].
    option
        What opening each option costs; negative if its power is worth more.
    forth, back
        What laying a pipe in each edge costs, from ``u`` to ``v`` and the other way.
    zone
        What connecting each zone yields, without pipes; may be negative.
    """

    node: FloatArray
    option: FloatArray
    forth: FloatArray
    back: FloatArray
    zone: FloatArray


def price_rise(tables: Tables, price: float, most_mw: float) -> FloatArray:
    """Return how much more power may be worth at one end of each edge than at the other.

    Any rise is allowed in `priced`, but one that a pipe's least cost per MW does not cover is
    taken off the pipe's fixed cost. For sized pipes this is the slope from the smallest to the
    largest that is needed, which keeps nearly all of the smallest pipe's cost.
    """
    high = np.minimum(tables.high_mw, most_mw)
    run = high - high[:, :1]
    climb = tables.cost_eur - tables.cost_eur[:, :1]
    with np.errstate(divide="ignore", invalid="ignore"):
        chord = np.where(run > 0, climb / np.where(run > 0, run, 1.0), np.inf).min(axis=1)
        whole = (tables.cost_eur / np.where(high > 0, high, np.inf)).min(axis=1)
    chord = np.where(np.isfinite(chord), np.minimum(chord, whole), 0.0)
    return price * (tables.slope_eur + chord)


def source_price(tables: Tables, price: float, most_mw: float) -> FloatArray:
    """Return the price of power at which opening each option just pays when it is fully used."""
    most = np.minimum(tables.option_mw, most_mw)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(most > 0, tables.option_cost_eur / most, 0.0)
    spread = np.where(np.isfinite(spread), spread, 0.0)
    return np.asarray(price * (tables.option_slope_eur + spread))


def node_prices(
    tables: Tables, rise: FloatArray, source: IntArray, offset: FloatArray
) -> FloatArray:
    """Return prices that start at sources and rise along edges no faster than allowed.

    Where no source leads, power is infinitely dear.
    """
    there = ~tables.one_way
    tail = np.concatenate([tables.u, tables.v[there]])
    head = np.concatenate([tables.v, tables.u[there]])
    cost = np.concatenate([rise, rise[there]])
    order = np.argsort(tail, kind="stable")
    start = np.zeros(tables.nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=tables.nodes), out=start[1:])
    far, _ = least_from(start, head[order], cost[order], source, offset, np.inf)
    return np.asarray(far)


def priced(tables: Tables, price: float, node: FloatArray, most_mw: float) -> Priced:
    """Return what each part of a plan costs at prices on power.

    Parameters
    ----------
    tables
        The problem.
    price
        Price of investment [MWh/a per EUR].
    node
        Price of power at each node [MWh/a per MW], not below 0; nodes where it is infinite are
        out of reach.
    most_mw
        The most heat that any pipe or site of a plan carries [MW].
    """
    most = np.minimum(tables.option_mw, most_mw)
    gain = np.maximum(node[tables.option_node] - price * tables.option_slope_eur, 0.0)
    with np.errstate(invalid="ignore"):
        option = price * tables.option_cost_eur - np.where(gain > 0, most * gain, 0.0)
        at_zone = node[tables.zone_node]
        _, surplus = tables.curves.best(at_zone)
        zone = surplus - price * tables.zone_cost_eur - at_zone * tables.zone_loss_mw
    reached = np.isfinite(at_zone)
    return Priced(
        node,
        option,
        _pipes(tables, price, node, most_mw, forth=True),
        _pipes(tables, price, node, most_mw, forth=False),
        np.where(reached, zone, -np.inf),
    )


def _pipes(
    tables: Tables, price: float, node: FloatArray, most_mw: float, *, forth: bool
) -> FloatArray:
    """Return what a pipe in each edge costs in one direction; infinite where none may lie."""
    tail, head = (tables.u, tables.v) if forth else (tables.v, tables.u)
    usable = np.isfinite(node[tail]) & np.isfinite(node[head])
    if not forth:
        usable &= ~tables.one_way
    at_tail, at_head = np.where(usable, node[tail], 0.0), np.where(usable, node[head], 0.0)
    gain = (1 - tables.shared_loss) * at_head - at_tail - price * tables.slope_eur
    high = np.minimum(tables.high_mw, most_mw)
    cost = price * tables.cost_eur + at_head[:, None] * tables.loss_mw
    cost = cost - high * np.maximum(gain, 0.0)[:, None]
    return np.where(usable, cost.min(axis=1), np.inf)
