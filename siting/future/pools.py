"""Tell what a scenario makes of heat by totals, for the zones in the network of one source.

Zones need no variables of their own in a scenario: however power is shared among them, what they
have for it together lies under a few straight lines (`Totals`). And where one source changes, only
zones that pipes join with it are touched: its *pool*, with the sites bound to it. FUTURE.md,
*Totals* and *Pools*, has the proofs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pulp

from siting.future.bonds import Bonds
from siting.future.design import Design
from siting.model.constraints import Terms, linear
from siting.problem import Zone
from siting.solvers.outcome import FloatArray

__all__ = ["Pool", "Totals", "write_all", "write_pool"]

SLOPES = 12
"""Slopes at which the heat of all zones together is bounded."""


@dataclass
class Totals:
    """What zones have now, all that are connected or those of a pool, and what bounds both.

    ``slopes`` [scaled heat per scaled power]. ``beyond``, one for each slope: the most heat that
    the zones have beyond the slope times their power; ``lost``: what their service lines lose.
    """

    slopes: list[float]
    power: pulp.LpVariable
    heat: pulp.LpVariable
    beyond: list[pulp.LpVariable]
    lost: pulp.LpVariable


def write_totals(
    model: pulp.LpProblem, design: Design, name: str, share: Mapping[int, pulp.LpVariable]
) -> Totals:
    """Add the totals of zones, each of which counts by its share."""
    data = design.data
    slopes = _slopes([data.zone(z) for z in data.zones])
    totals = Totals(
        (slopes * design.power_mw / design.heat_mwh).tolist(),
        model.add_variable(f"{name}_power", 0),
        model.add_variable(f"{name}_heat", 0),
        [model.add_variable(f"{name}_beyond_{i}", 0) for i in range(len(slopes))],
        model.add_variable(f"{name}_lost", 0),
    )
    most = {z: _beyond(data.zone(z), slopes) / design.heat_mwh for z in share}
    for i, beyond in enumerate(totals.beyond):
        terms = [(x, most[z][i]) for z, x in share.items() if most[z][i]]
        model += linear([*terms, (beyond, -1.0)]) == 0, f"{name}_beyond_{i}"
    lost = [(x, data.zone(z).loss_mw / design.power_mw) for z, x in share.items()]
    model += linear([*lost, (totals.lost, -1.0)]) == 0, f"{name}_lost"
    return totals


def write_all(model: pulp.LpProblem, design: Design) -> Totals:
    """Add the totals of all connected zones."""
    data, v = design.data, design.v
    totals = write_totals(model, design, "total", v.connect)
    power: Terms = [(x, 1.0) for x in v.base.values()]
    heat: Terms = [(x, 1.0) for x in v.heat.values()]
    for z, connect in v.connect.items():
        if z not in v.base:
            power.append((connect, data.zone(z).peak_mw / design.power_mw))
            heat.append((connect, data.zone(z).heat_mwh / design.heat_mwh))
    model += linear([*power, (totals.power, -1.0)]) == 0, "total_power"
    model += linear([*heat, (totals.heat, -1.0)]) == 0, "total_heat"
    return totals


def _corners(zone: Zone) -> tuple[FloatArray, FloatArray]:
    """Return the corners of a zone's curve [MW, MWh/a]; one without it is a straight line."""
    curve = np.array(zone.load_curve or ((0.0, 0.0), (1.0, 1.0)))
    return curve[:, 0] * zone.peak_mw, curve[:, 1] * zone.heat_mwh


def _beyond(zone: Zone, slopes: FloatArray) -> FloatArray:
    """Return the most heat of a zone beyond each slope times its power [MWh/a]."""
    power, heat = _corners(zone)
    return np.asarray((heat[:, None] - power[:, None] * slopes[None, :]).max(axis=0))


def _slopes(zones: list[Zone]) -> FloatArray:
    """Return slopes spread over those of all curves [MWh/MW], and 0."""
    found = [np.zeros(1)]
    for zone in zones:
        power, heat = _corners(zone)
        step = np.diff(power)
        found.append(np.diff(heat)[step > 0] / step[step > 0])
    ranked = np.sort(np.concatenate(found))
    kept = np.linspace(0, len(ranked) - 1, SLOPES).round().astype(np.int64)
    return np.asarray(np.unique(ranked[kept]))


@dataclass
class Pool:
    """The zones in the network of a source that may change, and the sites joined with it.

    ``share`` by zone: whether it is in the pool, 0 to 1; ``inside`` has their totals, ``outside``
    those of the rest. By other site: what it feeds in now as a member, ``feeds``, and its reserve
    as one, ``holds``.
    """

    site: int
    options: tuple[int, ...]
    inside: Totals
    outside: Totals
    feeds: dict[int, pulp.LpVariable] = field(default_factory=dict)
    holds: dict[int, pulp.LpVariable] = field(default_factory=dict)


def write_pool(
    model: pulp.LpProblem, design: Design, bonds: Bonds, totals: Totals, site: int
) -> Pool:
    """Add the pool of a site: who is in it, and what they have now."""
    data, name = design.data, f"pool_s{site}"
    share = {z: model.add_variable(f"{name}_share_z{z}", 0, 1) for z in data.zones}
    for z, x in share.items():
        model += linear([(x, 1), (design.v.connect[z], -1)]) <= 0, f"{name}_share_z{z}"
    inside = write_totals(model, design, name, share)
    pool = Pool(
        site,
        tuple(k for k, each in enumerate(data.options) if each.site == site),
        inside,
        _rest(model, f"{name}_rest", totals, inside),
    )
    for i, j in bonds.joined:
        if site in (i, j):
            other = j if i == site else i
            pool.feeds[other] = model.add_variable(f"{name}_feeds_s{other}", 0)
            pool.holds[other] = model.add_variable(f"{name}_holds_s{other}", 0)
    constraint_pool_heat(model, pool)
    constraint_pool_sites(model, design, bonds, pool)
    constraint_pool_usual(model, design, bonds, pool)
    return pool


def _rest(model: pulp.LpProblem, name: str, totals: Totals, inside: Totals) -> Totals:
    """Add what is left of some totals."""
    rest = Totals(
        totals.slopes,
        model.add_variable(f"{name}_power", 0),
        model.add_variable(f"{name}_heat", 0),
        [model.add_variable(f"{name}_beyond_{i}", 0) for i in range(len(totals.slopes))],
        model.add_variable(f"{name}_lost", 0),
    )
    for k, (whole, one, other) in enumerate(
        zip(_figures(totals), _figures(inside), _figures(rest), strict=True)
    ):
        model += linear([(whole, 1), (one, -1), (other, -1)]) == 0, f"{name}_{k}"
    return rest


def _figures(totals: Totals) -> list[pulp.LpVariable]:
    return [totals.power, totals.heat, totals.lost, *totals.beyond]


def constraint_pool_heat(model: pulp.LpProblem, pool: Pool) -> None:
    """Hold the heat that both sides have now under the lines."""
    for side, totals in (("in", pool.inside), ("out", pool.outside)):
        for i, (slope, beyond) in enumerate(zip(totals.slopes, totals.beyond, strict=True)):
            row = linear([(totals.heat, 1), (totals.power, -slope), (beyond, -1)])
            model += row <= 0, f"pool_s{pool.site}_{side}_heat_{i}"


def constraint_pool_sites(model: pulp.LpProblem, design: Design, bonds: Bonds, pool: Pool) -> None:
    """Let other sites be members only if pipes join them with the one that changes."""
    v, name = design.v, f"pool_s{pool.site}"
    for j, feeds in pool.feeds.items():
        options = [k for k, each in enumerate(design.data.options) if each.site == j]
        most = max((design.most_ready_mw(k) for k in options), default=0.0)
        joined = bonds.joined[min(j, pool.site), max(j, pool.site)]
        both = [(feeds, 1.0), (pool.holds[j], 1.0), (joined, -most / design.power_mw)]
        model += linear(both) <= 0, f"{name}_joined_s{j}"
        fed = [(feeds, 1.0), *((v.installed[k], -1.0) for k in options)]
        model += linear(fed) <= 0, f"{name}_feeds_s{j}"
        held = [(pool.holds[j], 1.0), *((design.reserve[k], -1.0) for k in options)]
        model += linear(held) <= 0, f"{name}_holds_s{j}"


def constraint_pool_usual(model: pulp.LpProblem, design: Design, bonds: Bonds, pool: Pool) -> None:
    """Give what members feed in now to members: to zones, their service lines and pipes."""
    assert bonds.saved is not None
    fed: Terms = [(design.v.installed[k], 1.0) for k in pool.options]
    fed += [(x, 1.0) for x in pool.feeds.values()]
    taken: Terms = [(pool.inside.power, -1.0), (pool.inside.lost, -1.0)]
    model += linear([*fed, *taken]) >= 0, f"pool_s{pool.site}_taken"
    all_of_it = linear([*fed, *taken, (bonds.saved, -1.0)])
    model += all_of_it <= 0, f"pool_s{pool.site}_fed"
