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
    """The PuLP problem with its decisions, and the expression to be minimised.

    ``used`` and ``given`` by pair: is it used, and the heat that arrives [MW]; ``base``,
    ``connected`` and ``heat`` by town: all that arrives [MW], the share connected [-] and the heat
    of a year [GWh/a].
    """

    program: pulp.LpProblem
    used: dict[int, pulp.LpVariable]
    given: dict[int, pulp.LpVariable]
    base: dict[int, pulp.LpVariable]
    connected: dict[int, pulp.LpVariable]
    heat: dict[int, pulp.LpVariable]
    loss: pulp.LpAffineExpression

    @property
    def variables(self) -> list[pulp.LpVariable]:
        """All decisions."""
        groups = (self.used, self.given, self.base, self.connected, self.heat)
        return [each for group in groups for each in group.values()]


def build_assignment(data: Assignment) -> AssignmentModel:
    """Return the program that assigns sites to towns.

    Its objective, to be minimised, is ``price * cost - heat`` [GWh/a].
    """
    program = pulp.LpProblem("assignment", pulp.LpMinimize)
    used, given = _variable_used_and_given(program, data)
    base, connected, heat = _variable_base_connected_and_heat(program, data)
    constraint_one_town(program, data, used)
    constraint_one_of_a_group(program, data, used)
    constraint_given_if_used(program, data, used, given)
    constraint_town_balance(program, data, given, base)
    constraint_town_load_duration(program, data, base, connected, heat)
    cost = _cost(data, used, given, connected)
    if data.budget_meur is not None:
        program += linear(cost) <= data.budget_meur, "budget"
    loss = linear([(v, data.price * f) for v, f in cost] + [(v, -1.0) for v in heat.values()])
    return AssignmentModel(program, used, given, base, connected, heat, loss)


def _variable_used_and_given(
    program: pulp.LpProblem, data: Assignment
) -> tuple[dict[int, pulp.LpVariable], dict[int, pulp.LpVariable]]:
    used, given = {}, {}
    for k, pair in enumerate(data.pairs):
        used[k] = program.add_variable(f"used_{k}", 0, 1, cat="Binary")
        given[k] = program.add_variable(f"given_{k}", 0, max(pair.most_mw - pair.loss_mw, 0.0))
    return used, given


def _variable_base_connected_and_heat(
    program: pulp.LpProblem, data: Assignment
) -> tuple[dict[int, pulp.LpVariable], dict[int, pulp.LpVariable], dict[int, pulp.LpVariable]]:
    wanted = sorted({pair.town for pair in data.pairs})
    base = {t: program.add_variable(f"base_{t}", 0, data.towns[t].peak_mw) for t in wanted}
    connected = {t: program.add_variable(f"connected_{t}", 0, 1) for t in wanted}
    heat = {t: program.add_variable(f"heat_{t}", 0, data.towns[t].heat_gwh) for t in wanted}
    return base, connected, heat


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


def constraint_given_if_used(
    program: pulp.LpProblem,
    data: Assignment,
    used: dict[int, pulp.LpVariable],
    given: dict[int, pulp.LpVariable],
) -> None:
    """Hold heat to trunks that are there, each up to what it carries less what it loses."""
    for k, pair in enumerate(data.pairs):
        most = max(pair.most_mw - pair.loss_mw, 0.0)
        program += linear([(given[k], 1.0), (used[k], -most)]) <= 0, f"given_if_used_{k}"


def constraint_town_balance(
    program: pulp.LpProblem,
    data: Assignment,
    given: dict[int, pulp.LpVariable],
    base: dict[int, pulp.LpVariable],
) -> None:
    """Add up what arrives at each town."""
    arriving: dict[int, list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    for k, pair in enumerate(data.pairs):
        arriving[pair.town].append((given[k], 1.0))
    for t, terms in arriving.items():
        program += linear([*terms, (base[t], -1.0)]) == 0, f"town_balance_{t}"


def constraint_town_load_duration(
    program: pulp.LpProblem,
    data: Assignment,
    base: dict[int, pulp.LpVariable],
    connected: dict[int, pulp.LpVariable],
    heat: dict[int, pulp.LpVariable],
) -> None:
    """Keep the heat of each town below the load curve of what is connected of it."""
    for t, arriving in base.items():
        town = data.towns[t]
        peak = [(arriving, 1.0), (connected[t], -town.peak_mw)]
        program += linear(peak) <= 0, f"base_within_peak_{t}"
        for i, ((x0, s0), (x1, s1)) in enumerate(pairwise(town.curve)):
            slope = (s1 - s0) / (x1 - x0)
            row = [
                (heat[t], 1.0),
                (arriving, -town.heat_gwh * slope / town.peak_mw),
                (connected[t], -town.heat_gwh * (s0 - slope * x0)),
            ]
            program += linear(row) <= 0, f"load_duration_{t}_{i}"


def _cost(
    data: Assignment,
    used: dict[int, pulp.LpVariable],
    given: dict[int, pulp.LpVariable],
    connected: dict[int, pulp.LpVariable],
) -> Sequence[tuple[pulp.LpVariable, float]]:
    """Return the terms of the investment [M EUR]; plants cover the loss of their trunks, too."""
    terms = [
        (used[k], pair.fixed_meur + pair.per_mw_meur * pair.loss_mw)
        for k, pair in enumerate(data.pairs)
    ]
    terms += [(given[k], pair.per_mw_meur) for k, pair in enumerate(data.pairs)]
    return [*terms, *((connected[t], data.towns[t].cost_meur) for t in connected)]
