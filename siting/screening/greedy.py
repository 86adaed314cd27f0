"""Assign sites to towns one by one, the best first: a good start for the proof."""

from __future__ import annotations

import heapq
from collections import defaultdict

import numpy as np

from siting.model.assignment import Assignment, AssignmentModel, Town
from siting.solvers.compiled import CompiledModel
from siting.units import FloatArray

__all__ = ["greedy_start"]


def greedy_start(data: Assignment, model: AssignmentModel, compiled: CompiledModel) -> FloatArray:
    """Return values of all variables for an assignment that is good, but proven by nothing.

    Always the pair is taken that brings most beside those taken before it, less what it costs.
    """
    towns = [_Worth(each, data.price) for each in data.towns]
    group_of = {site: number for number, group in enumerate(data.groups) for site in group}
    base: dict[int, float] = defaultdict(float)
    given: dict[int, float] = {}
    taken: set[int] = set()
    groups: set[int] = set()
    left = np.inf if data.budget_meur is None else data.budget_meur
    # What a pair brings only falls with what others bring already: old gains are bounds.
    waiting = [(-_gain(data, towns, k, 0.0)[0], k) for k in range(len(data.pairs))]
    heapq.heapify(waiting)
    while waiting:
        known, k = heapq.heappop(waiting)
        pair = data.pairs[k]
        if pair.site in taken or group_of.get(pair.site) in groups:
            continue
        gain, more, cost = _gain(data, towns, k, base[pair.town])
        if gain <= 0 or cost > left:
            continue
        if gain < -known * (1 - 1e-12) and waiting and gain < -waiting[0][0]:
            heapq.heappush(waiting, (-gain, k))
            continue
        given[k], left = more, left - cost
        base[pair.town] += more
        taken.add(pair.site)
        if pair.site in group_of:
            groups.add(group_of[pair.site])
    return _values(towns, model, compiled, given, base)


def _gain(
    data: Assignment, towns: list[_Worth], k: int, before_mw: float
) -> tuple[float, float, float]:
    """Return what a pair adds [GWh/a], with how much heat [MW], for what investment [M EUR]."""
    pair = data.pairs[k]
    town = towns[pair.town]
    more = min(pair.most_mw - pair.loss_mw, town.peak_mw - before_mw)
    if more <= 0:
        return 0.0, 0.0, 0.0
    own = pair.fixed_meur + pair.per_mw_meur * (more + pair.loss_mw)
    after, before = town.at(before_mw + more), town.at(before_mw)
    cost = own + town.cost_meur * (after[1] - before[1])
    return after[0] - before[0] - data.price * own, more, cost


class _Worth:
    """What heat at a town is worth, with the best share of it connected."""

    def __init__(self, town: Town, price: float) -> None:
        self.peak_mw, self.cost_meur = town.peak_mw, town.cost_meur
        x, share = (np.array(each) for each in zip(*town.curve, strict=True))
        self.x, self.share, self.heat, self.price = x, share, town.heat_gwh, price

    def at(self, base_mw: float) -> tuple[float, float, float]:
        """Return worth [GWh/a], share connected [-] and heat [GWh/a] at a base capacity [MW]."""
        if base_mw <= 0:
            return 0.0, 0.0, 0.0
        least = min(base_mw / self.peak_mw, 1.0)
        x = np.append(self.x[self.x > least], least)
        u = least / x
        heat = self.heat * u * np.interp(x, self.x, self.share)
        worth = heat - self.price * self.cost_meur * u
        best = int(worth.argmax())
        return float(worth[best]), float(u[best]), float(heat[best])


def _values(
    towns: list[_Worth],
    model: AssignmentModel,
    compiled: CompiledModel,
    given: dict[int, float],
    base: dict[int, float],
) -> FloatArray:
    """Return the values of all variables in the order of the compiled model."""
    values = np.zeros(len(compiled.names))
    for k, more in given.items():
        values[compiled.index(model.used[k])] = 1.0
        values[compiled.index(model.given[k])] = more
    for t in model.base:
        _, share, heat = towns[t].at(base[t])
        values[compiled.index(model.base[t])] = base[t]
        values[compiled.index(model.connected[t])] = share
        # A hair below the curve, so that rounding does not make the start infeasible.
        values[compiled.index(model.heat[t])] = heat * (1 - 1e-9)
    return values
