"""Assign sites to towns that want the same heat: a program without a network.

A site feeds at most one town, by one trunk of a fixed size; sites at one town stack below its
load-duration curve, and a town is connected as far as is worth it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pulp

from siting.model.constraints import linear

__all__ = ["Assignment", "AssignmentModel", "Pair", "Town", "build_assignment"]


@dataclass(frozen=True)
class Town:
    """A town: peak [MW], annual heat [GWh/a], connection cost [M EUR], concave load curve."""

    peak_mw: float
    heat_gwh: float
    cost_meur: float
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Pair:
    """A site that may feed a town.

    Parameters
    ----------
    site, town
        Positions.
    most_mw
        Most heat that may be fed in [MW].
    loss_mw
        What the trunk loses all year round [MW].
    fixed_meur, per_mw_meur
        Cost of trunk and plant: fixed [M EUR], and per output installed [M EUR/MW].
    """

    site: int
    town: int
    most_mw: float
    loss_mw: float
    fixed_meur: float
    per_mw_meur: float


@dataclass(frozen=True)
class Assignment:
    """The data of the program.

    ``price`` is the least heat per euro that is worth it [GWh/a per M EUR, or kWh/a per EUR];
    ``groups`` are sites of which at most one may be used.
    """

    towns: tuple[Town, ...]
    pairs: tuple[Pair, ...]
    price: float
    budget_meur: float | None = None
    groups: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class AssignmentModel:
    """The PuLP problem with its decisions, and the cost vector's expression to be minimised."""

    program: pulp.LpProblem
    used: dict[int, pulp.LpVariable]
    fed: dict[int, pulp.LpVariable]
    connected: dict[int, pulp.LpVariable]
    heat: dict[int, pulp.LpVariable]
    loss: pulp.LpAffineExpression

    @property
    def variables(self) -> list[pulp.LpVariable]:
        """All decisions."""
        groups = (self.used, self.fed, self.connected, self.heat)
        return [each for group in groups for each in group.values()]


def build_assignment(data: Assignment) -> AssignmentModel:
    """Return the program that assigns sites to towns.

    Its objective, to be minimised, is ``price * cost - heat`` [GWh/a].
    """
    program = pulp.LpProblem("assignment", pulp.LpMinimize)
    used, fed = _variable_used_and_fed(program, data)
    connected, heat = _variable_connected_and_heat(program, data)
    constraint_one_town(program, data, used)
    constraint_one_of_a_group(program, data, used)
    constraint_fed_if_used(program, data, used, fed)
    constraint_town_load_duration(program, data, used, fed, connected, heat)
    cost = _cost(data, used, fed, connected)
    if data.budget_meur is not None:
        program += linear(cost) <= data.budget_meur, "budget"
    loss = linear([(v, data.price * f) for v, f in cost] + [(v, -1.0) for v in heat.values()])
    return AssignmentModel(program, used, fed, connected, heat, loss)


def _variable_used_and_fed(
    program: pulp.LpProblem, data: Assignment
) -> tuple[dict[int, pulp.LpVariable], dict[int, pulp.LpVariable]]:
    used = {
        k: program.add_variable(f"used_{k}", 0, 1, cat="Binary") for k in range(len(data.pairs))
    }
    fed = {k: program.add_variable(f"fed_{k}", 0, p.most_mw) for k, p in enumerate(data.pairs)}
    return used, fed


def _variable_connected_and_heat(
    program: pulp.LpProblem, data: Assignment
) -> tuple[dict[int, pulp.LpVariable], dict[int, pulp.LpVariable]]:
    wanted = sorted({pair.town for pair in data.pairs})
    connected = {t: program.add_variable(f"connected_{t}", 0, 1) for t in wanted}
    heat = {t: program.add_variable(f"heat_{t}", 0, data.towns[t].heat_gwh) for t in wanted}
    return connected, heat


def constraint_one_town(
    program: pulp.LpProblem, data: Assignment, used: dict[int, pulp.LpVariable]
) -> None:
    """Each site feeds at most one town."""
    by_site: dict[int, list[int]] = defaultdict(list)
    for k, pair in enumerate(data.pairs):
        by_site[pair.site].append(k)
    for site, ks in by_site.items():
        program += linear([(used[k], 1.0) for k in ks]) <= 1, f"one_town_{site}"


def constraint_one_of_a_group(
    program: pulp.LpProblem, data: Assignment, used: dict[int, pulp.LpVariable]
) -> None:
    """Of sites that exclude each other at most one is used."""
    for number, group in enumerate(data.groups):
        ks = [k for k, pair in enumerate(data.pairs) if pair.site in set(group)]
        if len(ks) > 1:
            program += linear([(used[k], 1.0) for k in ks]) <= 1, f"one_of_group_{number}"


def constraint_fed_if_used(
    program: pulp.LpProblem,
    data: Assignment,
    used: dict[int, pulp.LpVariable],
    fed: dict[int, pulp.LpVariable],
) -> None:
    """No heat is fed in by a trunk that is not there, and one that is there covers its loss."""
    for k, pair in enumerate(data.pairs):
        program += linear([(fed[k], 1.0), (used[k], -pair.most_mw)]) <= 0, f"fed_if_used_{k}"
        program += linear([(fed[k], 1.0), (used[k], -pair.loss_mw)]) >= 0, f"covers_loss_{k}"


def constraint_town_load_duration(
    program: pulp.LpProblem,
    data: Assignment,
    used: dict[int, pulp.LpVariable],
    fed: dict[int, pulp.LpVariable],
    connected: dict[int, pulp.LpVariable],
    heat: dict[int, pulp.LpVariable],
) -> None:
    """Heat of a town stays below the load curve of what is connected of it."""
    arriving: dict[int, list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    for k, pair in enumerate(data.pairs):
        arriving[pair.town] += [(fed[k], 1.0), (used[k], -pair.loss_mw)]
    for t, terms in arriving.items():
        town = data.towns[t]
        peak = [*terms, (connected[t], -town.peak_mw)]
        program += linear(peak) <= 0, f"base_within_peak_{t}"
        for i, ((x0, s0), (x1, s1)) in enumerate(pairwise(town.curve)):
            slope = (s1 - s0) / (x1 - x0)
            rate = town.heat_gwh * slope / town.peak_mw
            row = [(heat[t], 1.0), *((v, -rate * f) for v, f in terms)]
            row.append((connected[t], -town.heat_gwh * (s0 - slope * x0)))
            program += linear(row) <= 0, f"load_duration_{t}_{i}"


def _cost(
    data: Assignment,
    used: dict[int, pulp.LpVariable],
    fed: dict[int, pulp.LpVariable],
    connected: dict[int, pulp.LpVariable],
) -> Sequence[tuple[pulp.LpVariable, float]]:
    """Return the terms of the investment [M EUR]."""
    terms = [(used[k], pair.fixed_meur) for k, pair in enumerate(data.pairs)]
    terms += [(fed[k], pair.per_mw_meur) for k, pair in enumerate(data.pairs)]
    return [*terms, *((connected[t], data.towns[t].cost_meur) for t in connected)]
