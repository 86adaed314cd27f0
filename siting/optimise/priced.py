"""State a problem at given prices as a rooted network that no plan of the problem undercuts.

Everything that a rooted network cannot say is left out or counted at its least: capacities, limits,
groups, heat lost in proportion to flow. So its bounds hold for the problem, whatever its setting.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from siting.model.data import flow_limit
from siting.optimise.ascent import Possible, RootedNetwork
from siting.optimise.core import with_parts
from siting.optimise.lines import Corners, lines_below, small_flow
from siting.optimise.settle import curve_share, entering_flow
from siting.optimise.steps import fewer_steps
from siting.optimise.trees import RootedTree
from siting.problem import Problem, Zone
from siting.solution import OpenSite, PipeFlow, ServedZone, Solution

__all__ = ["Priced", "Prices", "prices_of", "state_at"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
MOST_STEPS = 6
"""Steps of each load curve; with fewer it lies a little higher."""


@dataclass(frozen=True)
class Prices:
    """What is minimised: ``money * capex - heat * heat delivered``, for net value with its terms.

    Parameters
    ----------
    money, heat
        Weight of each EUR invested, and of each MWh delivered.
    own_values
        The zones' own worth and the running cost of sites count as well [EUR].
    per_site
        Added for each site that is opened: a price on a limited number of sites.
    """

    money: float
    heat: float
    own_values: bool = False
    per_site: float = 0.0


def prices_of(problem: Problem) -> Prices | None:
    """Return the prices that an objective gives by itself, or None where they are searched for."""
    objective = problem.objective
    if objective.kind == "capex":
        return Prices(1.0, 0.0)
    if objective.kind == "net_value":
        return Prices(objective.capital_factor, objective.heat_price_eur_per_mwh, own_values=True)
    return None


@dataclass(frozen=True)
class Priced:
    """A problem at prices, as a rooted network.

    Parameters
    ----------
    problem, network
        The problem, and what stands for it.
    constant
        A plan's arcs and missed prizes plus this are at most what the plan costs.
    edge_of, site_of, option_of
        Position of the edge, or of site and option, behind each arc; -1 where there is none.
    zone_of, base_mw
        Zone behind each terminal, and the base capacity that it adds [MW].
    """

    problem: Problem
    network: RootedNetwork
    constant: float
    edge_of: IntArray
    site_of: IntArray
    option_of: IntArray
    zone_of: IntArray
    base_mw: FloatArray

    def solution(self, tree: RootedTree) -> Solution:
        """Return a tree as a solution: flows that add up, the smallest sizes that carry them."""
        problem, net = self.problem, self.network
        base: dict[int, float] = defaultdict(float)
        for t in np.flatnonzero(tree.served):
            base[int(self.zone_of[t])] += float(self.base_mw[t])
        node_of = {name: k for k, name in enumerate(problem.nodes)}
        need: dict[int, float] = defaultdict(float)
        for z, granted in base.items():
            need[node_of[problem.zones[z].node]] += granted + problem.zones[z].loss_mw
        pipes: list[PipeFlow] = []
        opened: list[OpenSite] = []
        for a in _leaves_first(net, tree.arcs):
            tail, head = int(net.tail[a]), int(net.head[a])
            edge, site = int(self.edge_of[a]), int(self.site_of[a])
            if edge >= 0:
                entering, size = entering_flow(problem.edges[edge], need[head])
                ends = problem.nodes[tail], problem.nodes[head]
                label = None if size is None else size.label
                pipes.append(PipeFlow(problem.edges[edge].id, *ends, entering, label))
                need[tail] += entering
            elif site >= 0:
                option = problem.sites[site].choices[int(self.option_of[a])]
                opened.append(OpenSite(problem.sites[site].id, option.id, need[head]))
        zones = (
            ServedZone(zone.id, granted, zone.heat_mwh * curve_share(zone, granted))
            for zone, granted in ((problem.zones[z], base[z]) for z in sorted(base))
        )
        opened += _idle(problem, {each.site for each in opened})
        return Solution(tuple(opened), tuple(pipes), tuple(zones))

    def left(self, solution: Solution | None = None) -> Problem:
        """Return the problem with only what the network has, and with all that a solution uses."""
        problem, net = self.problem, self.network
        directions: dict[int, set[str]] = defaultdict(set)
        options: dict[int, set[str]] = defaultdict(set)
        for a in np.flatnonzero(self.edge_of >= 0):
            directions[int(self.edge_of[a])].add(problem.nodes[int(net.tail[a])])
        for a in np.flatnonzero(self.site_of >= 0):
            site = int(self.site_of[a])
            options[site].add(problem.sites[site].choices[int(self.option_of[a])].id)
        if problem.limits.min_sites:  # a site that feeds nothing may be wanted, too
            options |= {
                s: {option.id for option in site.choices}
                for s, site in enumerate(problem.sites)
                if not site.forbidden
            }
        zones = {int(z) for z in self.zone_of}
        if solution is not None:
            edge_at = {edge.id: e for e, edge in enumerate(problem.edges)}
            site_at = {site.id: s for s, site in enumerate(problem.sites)}
            zone_at = {zone.id: z for z, zone in enumerate(problem.zones)}
            for pipe in solution.pipes:
                directions[edge_at[pipe.edge]].add(pipe.from_node)
            for opened in solution.sites:
                options.setdefault(site_at[opened.site], set()).add(opened.option)
            zones |= {zone_at[served.zone] for served in solution.zones}
        return with_parts(problem, directions, options, zones)

    def narrowed(self, kept: Possible) -> Priced:
        """Return the same with only what can be of use; sure zones must be reached from now on.

        Its bounds hold for plans within the limit behind ``kept``, only.
        """
        net = self.network
        arcs, terminals = kept.arcs, kept.terminals
        lost = math.fsum(np.maximum(net.prize[~terminals], 0.0))
        sure = kept.forced & np.isfinite(net.prize)
        prize = np.where(sure, np.inf, net.prize)[terminals]
        network = RootedNetwork(
            net.nodes,
            net.root,
            net.tail[arcs],
            net.head[arcs],
            net.cost[arcs],
            net.at[terminals],
            prize,
            None if net.slope is None else net.slope[arcs],
            None if net.demand is None else net.demand[terminals],
            None if net.partly is None else net.partly[terminals],
        )
        return replace(
            self,
            network=network,
            constant=self.constant + lost,
            edge_of=self.edge_of[arcs],
            site_of=self.site_of[arcs],
            option_of=self.option_of[arcs],
            zone_of=self.zone_of[terminals],
            base_mw=self.base_mw[terminals],
        )


def _leaves_first(net: RootedNetwork, arcs: IntArray) -> list[int]:
    """Return the arcs of a tree, each before the one that feeds it."""
    below: dict[int, list[int]] = defaultdict(list)
    for a in arcs:
        below[int(net.tail[a])].append(int(a))
    order: list[int] = []
    nodes = [net.root]
    for node in nodes:
        order += below[node]
        nodes += [int(net.head[a]) for a in below[node]]
    return order[::-1]


def _idle(problem: Problem, opened: set[str]) -> list[OpenSite]:
    """Return the mandatory sites that feed nothing, each with its cheapest option."""
    return [
        OpenSite(site.id, min(site.choices, key=lambda each: each.cost_eur).id, 0.0)
        for site in problem.sites
        if site.mandatory and site.id not in opened
    ]


# Stating ---------------------------------------------------------------------------------------


@dataclass
class Parts:
    """Arcs and terminals on the way to a network."""

    tail: list[int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    slope: list[float] = field(default_factory=list)
    edge: list[int] = field(default_factory=list)
    lost: list[tuple[float, float]] = field(default_factory=list)
    site: list[int] = field(default_factory=list)
    option: list[int] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    prize: list[float] = field(default_factory=list)
    demand: list[float] = field(default_factory=list)
    zone: list[int] = field(default_factory=list)
    base: list[float] = field(default_factory=list)
    partly: list[bool] = field(default_factory=list)
    constant: list[float] = field(default_factory=list)

    def arc(
        self,
        ends: tuple[int, int],
        cost: float,
        slope: float,
        *,
        edge: int = -1,
        site: int = -1,
        option: int = -1,
        lost: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Add an arc; ``lost`` is what it loses once it is built [MW], and per flow [MW/MW]."""
        self.lost.append(lost)
        self.tail.append(ends[0])
        self.head.append(ends[1])
        self.cost.append(cost)
        self.slope.append(slope)
        self.edge.append(edge)
        self.site.append(site)
        self.option.append(option)

    def terminal(
        self,
        node: int,
        prize: float,
        demand: float,
        zone: int,
        base_mw: float,
        *,
        partly: bool = False,
    ) -> None:
        """Add a terminal; what it is worth is owed until it is reached."""
        self.partly.append(partly)
        self.at.append(node)
        self.prize.append(prize)
        self.demand.append(demand)
        self.zone.append(zone)
        self.base.append(base_mw)
        if 0 < prize < math.inf:
            self.constant.append(-prize)


def state_at(problem: Problem, prices: Prices) -> Priced:
    """Return the rooted network of a problem at prices.

    Sized pipes count with lines below the cost of their sizes. Heat that is lost is paid for at
    least as dearly as the cheapest way to bring it there.
    """
    node_of = {name: k for k, name in enumerate(problem.nodes)}
    root = len(problem.nodes)
    rate = _running_rate(problem) if prices.own_values else 0.0
    lost_mw = rate * problem.hours_per_a  # EUR/a for each MW lost all year round
    parts = Parts()
    _add_edges(problem, prices, lost_mw, node_of, parts)
    _add_sites(problem, prices, node_of, root, parts)
    least = _least_per_mw(problem, parts, root)
    _add_losses(least, lost_mw, parts)
    nodes = _add_zones(problem, prices, node_of, least, rate, parts)
    slope = np.array(parts.slope)
    carries = bool(slope.any())
    prize, demand = np.array(parts.prize), np.array(parts.demand)
    order = np.arange(len(prize))
    if carries:  # what is worth most per MW rises first
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = np.where(demand > 0, prize / demand, np.inf)
        order = np.argsort(-worth, kind="stable")
    network = RootedNetwork.of(
        nodes,
        root,
        parts.tail,
        parts.head,
        parts.cost,
        np.array(parts.at, dtype=np.int64)[order],
        prize[order],
        slope if carries else None,
        demand[order] if carries else None,
        np.array(parts.partly, dtype=bool)[order],
    )
    return Priced(
        problem,
        network,
        math.fsum(parts.constant),
        np.array(parts.edge, dtype=np.int64),
        np.array(parts.site, dtype=np.int64),
        np.array(parts.option, dtype=np.int64),
        np.array(parts.zone, dtype=np.int64)[order],
        np.array(parts.base, dtype=np.float64)[order],
    )


def _running_rate(problem: Problem) -> float:
    """Return the least running cost of any heat fed in [EUR/MWh]."""
    rates = (o.cost_per_mwh_eur for s in problem.sites if not s.forbidden for o in s.choices)
    return min(rates, default=0.0)


def _add_edges(
    problem: Problem, prices: Prices, lost_mw: float, node_of: dict[str, int], parts: Parts
) -> None:
    """Add both directions of every edge, once for each line below its sizes."""
    sized = _lines_of_sizes(problem)
    for e, edge in enumerate(problem.edges):
        if edge.forbidden or edge.u == edge.v:
            continue
        u, v = node_of[edge.u], node_of[edge.v]
        if edge.sizes:
            pieces = [(prices.money * c, prices.money * m, lost) for c, m, lost in sized[edge.id]]
        else:
            slope = prices.money * edge.cost_per_mw_eur + lost_mw * edge.loss_per_mw
            pieces = [(prices.money * edge.cost_eur, slope, (edge.loss_mw, 0.0))]
        for cost, slope, lost in pieces:
            parts.arc((u, v), cost, slope, edge=e, lost=lost)
            if not edge.one_way:
                parts.arc((v, u), cost, slope, edge=e, lost=lost)


SizedLines = dict[str, list[tuple[float, float, tuple[float, float]]]]


def _lines_of_sizes(problem: Problem) -> SizedLines:
    """Return lines below cost and loss of every sized edge: value at no flow and per MW."""
    edges = [edge for edge in problem.edges if edge.sizes]
    found: SizedLines = {edge.id: [] for edge in edges}
    if not edges:
        return found
    width = max(len(edge.sizes) for edge in edges)
    rows = [[*edge.sizes, *[edge.sizes[-1]] * (width - len(edge.sizes))] for edge in edges]
    high = np.array([[size.capacity_mw for size in row] for row in rows])
    price = np.array([[size.cost_eur for size in row] for row in rows])
    loss = np.array([[size.loss_mw for size in row] for row in rows])
    most_mw = flow_limit(problem)
    corners = Corners.of(high, price, most_mw, small_flow([z.peak_mw for z in problem.zones]))
    cost, lost = (lines_below(high, each, most_mw, corners) for each in (price, loss))
    each_line = zip(cost.pipe, cost.fixed, cost.slope, lost.fixed, lost.slope, strict=True)
    for pipe, fixed, slope, lost_fixed, lost_slope in each_line:
        figures = float(fixed), float(slope), (float(lost_fixed), float(lost_slope))
        found[edges[int(pipe)].id].append(figures)
    return found


def _add_sites(
    problem: Problem, prices: Prices, node_of: dict[str, int], root: int, parts: Parts
) -> None:
    """Add an arc from the root to each site for every option; what is mandatory is paid anyway."""
    for s, site in enumerate(problem.sites):
        if site.forbidden:
            continue
        sunk = min(o.cost_eur for o in site.choices) if site.mandatory else 0.0
        parts.constant.append(prices.money * sunk)
        for k, option in enumerate(site.choices):
            cost = prices.money * (option.cost_eur - sunk) + prices.per_site
            slope = prices.money * option.cost_per_mw_eur
            parts.arc((root, node_of[site.node]), max(cost, 0.0), slope, site=s, option=k)


def _least_per_mw(problem: Problem, parts: Parts, root: int) -> FloatArray:
    """Return the least cost of bringing one MW to each node."""
    net = RootedNetwork.of(
        len(problem.nodes) + 1,
        root,
        parts.tail,
        parts.head,
        np.zeros(len(parts.tail)),
        [],
        [],
        parts.slope,
        [],
    )
    return net.carrying


def _add_losses(least: FloatArray, lost_mw: float, parts: Parts) -> None:
    """Count what pipes lose, brought to their end at the least cost.

    It is taken off at the end, and what comes from there, too, may cover it: so the cheapest way to
    the end counts, which need not be the pipe itself.
    """
    for a, e in enumerate(parts.edge):
        if e < 0 or not math.isfinite(least[parts.head[a]]):
            continue
        fixed, per_mw = parts.lost[a]
        each = float(least[parts.head[a]]) + lost_mw
        parts.cost[a] += fixed * each
        parts.slope[a] += per_mw * each


def _add_zones(
    problem: Problem,
    prices: Prices,
    node_of: dict[str, int],
    least: FloatArray,
    rate: float,
    parts: Parts,
) -> int:
    """Add the terminals of all zones, and return the number of nodes.

    A zone with a load curve gets a node of its own, behind what connecting it costs, and a terminal
    for each step of the curve: as the steps yield less and less, the first ones are taken first.
    """
    nodes = len(problem.nodes) + 1
    for z, zone in enumerate(problem.zones):
        node = node_of[zone.node]
        if zone.forbidden or (not math.isfinite(least[node]) and not zone.mandatory):
            continue
        worth = prices.heat - rate
        own = rate * problem.hours_per_a * zone.loss_mw - (
            zone.value_eur if prices.own_values else 0.0
        )
        worth += zone.value_eur_per_mwh if prices.own_values else 0.0
        cost = prices.money * zone.cost_eur + own
        if not zone.load_curve:
            gain = worth * zone.heat_mwh - cost
            parts.constant.append(-gain if zone.mandatory else 0.0)
            need = zone.peak_mw + zone.loss_mw
            prize = math.inf if zone.mandatory else gain
            parts.terminal(node, prize, need, z, zone.peak_mw)
            continue
        reached = float(least[node]) if math.isfinite(least[node]) else 0.0
        _add_curve(zone, z, (node, nodes), (cost, zone.loss_mw * reached), worth, parts)
        nodes += 1
    return nodes


def _add_curve(
    zone: Zone,
    z: int,
    ends: tuple[int, int],
    costs: tuple[float, float],
    worth: float,
    parts: Parts,
) -> None:
    """Add a zone with a load curve behind a node of its own.

    ``costs`` are those of connecting it, and the least that its own loss costs on the way there.
    """
    inner = ends[1]
    cost = sum(costs)
    parts.arc(ends, 0.0 if zone.mandatory else max(cost, 0.0), 0.0)
    if zone.mandatory:
        parts.constant.append(cost)
        parts.terminal(inner, math.inf, 0.0, z, 0.0)
    elif cost < 0:
        parts.terminal(inner, -cost, 0.0, z, 0.0)
    corners = np.array(zone.load_curve)
    mw, heat = fewer_steps(
        np.diff(corners[None, :, 0]) * zone.peak_mw,
        np.diff(corners[None, :, 1]) * zone.heat_mwh,
        MOST_STEPS,
    )
    for step, gained in zip(mw[0].tolist(), heat[0].tolist(), strict=True):
        parts.terminal(inner, worth * gained, step, z, step, partly=True)
