"""Find prices of investment and of output at which the bound on a city proves most.

Every price gives a bound (`siting.optimise.carried`), and as a function of the prices what is left
above a value to prove is convex. So the prices follow what a plan that is best at them
would take: output that is asked for too much gets dearer, output that is left over cheaper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siting.optimise.carried import CityBound, PipeLines, carried_at_most, city_bound
from siting.optimise.settle import entering_flow
from siting.optimise.tables import Tables
from siting.optimise.trees import TreeBuilder
from siting.optimise.wanted import Wanted
from siting.solvers.outcome import FloatArray

__all__ = ["PricedBound", "Prices", "follow_prices"]

STEPS, PATIENCE, FIRST_STEP, SHRINK, LEAST_STEP = 120, 8, 1.0, 0.7, 0.02
"""Steps, how many without gain before they get shorter, and how long they are [-]."""
MEMORY = 0.5
"""Share of the last direction that is kept, against going to and fro [-]."""
LOAD = 0.1
"""Weight of the cost per MW in the guide for growing [MW]."""


@dataclass(frozen=True)
class Prices:
    """A price of investment [MWh/a per EUR] and one of output on each option [MWh/a per MW]."""

    investment: float
    output: FloatArray


@dataclass(frozen=True)
class PricedBound:
    """A bound at prices, with the ascent that gave it."""

    prices: Prices
    city: CityBound

    @property
    def surplus_mwh(self) -> float:
        """No plan has a larger surplus [MWh/a]."""
        return self.city.surplus_mwh


class Pricing:
    """Bounds plans of a city at prices."""

    def __init__(self, tables: Tables, most_mw: float, seed: int | None) -> None:
        self.tables, self.seed, self.most_mw = tables, seed, most_mw
        self.capacity_mw = np.minimum(tables.option_mw, most_mw)
        self.lines = PipeLines.of(tables, most_mw)

    def bound(self, prices: Prices) -> PricedBound:
        """Return the bound at prices."""
        city = city_bound(
            self.tables,
            prices.investment,
            prices.output,
            most_mw=self.most_mw,
            seed=self.seed,
            lines=self.lines,
        )
        return PricedBound(prices, city)

    def taken(self, found: PricedBound) -> tuple[float, FloatArray]:
        """Return what a plan that is good at the prices costs, and how much output is left over.

        A site whose output is worth more than its opening is open, whether it is used or not.
        """
        city, tables = found.city, self.tables
        network, layout = city.ascent.network, city.layout
        slope = np.zeros(len(network.tail)) if network.slope is None else network.slope
        builder = TreeBuilder(network, exchange=False)
        served = city.ascent.prize_left > 0
        tree = builder.grow(city.ascent.reduced_cost + LOAD * slope, served)
        need = np.zeros(network.nodes)
        np.add.at(need, network.at[tree.served], builder.demand[tree.served])
        by = np.full(network.nodes, -1, dtype=np.int64)
        by[network.head[tree.arcs]] = builder.place[tree.arcs]
        use = np.zeros(len(self.capacity_mw))
        opened = np.zeros(len(use), bool)
        first, zones = layout.pipes, layout.pipes + layout.options
        capex, edges = 0.0, tables.problem.edges
        for node in builder.nodes_of(tree)[:0:-1].tolist():
            arc, carried = int(builder.into.order[by[node]]), float(need[node])
            if arc < first:
                edge = edges[int(tables.edge[layout.pipe_edge[arc]])]
                entering, size = entering_flow(edge, carried)
                linear = edge.cost_eur + edge.cost_per_mw_eur * entering
                capex += linear if size is None else size.cost_eur
                carried = entering
            elif arc < zones:
                use[arc - first] += carried
                opened[arc - first] = True
            else:
                zone = node - tables.nodes
                capex += float(tables.zone_cost_eur[zone])
                carried += float(tables.zone_loss_mw[zone])
            need[network.tail[arc]] += carried
        prices = found.prices
        earned = prices.output * self.capacity_mw
        opened |= prices.investment * tables.option_cost_eur < earned
        capex += float(tables.option_cost_eur[opened].sum() + tables.option_slope_eur @ use)
        return capex, np.where(opened, self.capacity_mw, 0.0) - use


def follow_prices(
    tables: Tables,
    wanted: Wanted,
    start: Prices,
    *,
    seed: int | None = 0,
    steps: int = STEPS,
    first_step: float = FIRST_STEP,
    stop: Callable[[], bool] = lambda: False,
) -> list[PricedBound]:
    """Return bounds at better and better prices, the last one the best.

    Parameters
    ----------
    tables, wanted
        The city, and the plans of it that are wanted.
    start
        Prices to begin with.
    seed, steps, first_step, stop
        Of the ascents; how many there are at most, how far the first one moves [-]; ends it.
    """
    pricing = Pricing(tables, carried_at_most(tables), seed)
    power, heat = tables.curves.step_mw.sum(axis=1), tables.curves.step_heat.sum(axis=1)
    per_mw = float(np.median(heat[power > 0] / power[power > 0])) if (power > 0).any() else 1.0
    best = pricing.bound(start)
    value, found = wanted.proven(start.investment, best.surplus_mwh), [best]
    if start.investment <= 0:  # prices move by shares, and no share of nothing is a step
        return found
    at, current, length, waiting = start, best, first_step, 0
    before: FloatArray | None = None
    for _ in range(steps):
        if stop() or length < LEAST_STEP:
            break
        capex, over = pricing.taken(current)
        rise = 1e-6 * at.investment
        known = value
        if not np.isfinite(known):
            known = wanted.proven(at.investment, 0.9 * wanted.least_mwh)
        falls = (
            wanted.least_surplus(at.investment + rise, known)
            - wanted.least_surplus(at.investment, known)
        ) / rise
        direction = np.concatenate([[-(capex + falls) * at.investment], over * per_mw])
        if not np.isfinite(direction).all():  # nothing is known yet to go by
            break
        if before is not None:
            direction = MEMORY * before + (1 - MEMORY) * direction
        before = direction
        scale = float(np.linalg.norm(direction)) or 1.0
        move = length * 0.1 * direction / scale
        at = Prices(
            at.investment * float(np.exp(-move[0])),
            np.maximum(at.output - move[1:] * per_mw, 0.0),
        )
        current = pricing.bound(at)
        proven = wanted.proven(at.investment, current.surplus_mwh)
        if wanted.tighter(proven, value) != value:
            better = abs(proven - value) > 1e-4 * abs(value)
            value, best = proven, current
            found.append(best)
            waiting = 0 if better else waiting + 1
        else:
            waiting += 1
        if waiting >= PATIENCE:
            length, waiting = SHRINK * length, 0
            at, current, before = best.prices, best, None
    return found
