"""Bound all plans of a city by dual ascent, every step of demand paying for its own way.

The cost of a pipe is concave in what it carries: dear for the first MW, cheap for the next. A
relaxation that knows the flow in a pipe only as a sum lays slivers of large pipes. Here each step
of each load curve is a terminal of its own. It picks one line of each pipe on its way
(`siting.optimise.lines`) and pays its own MW along it; the line's fixed cost is shared by all that
picked it. On a given tree that is exact for concave costs. Sites are lines as well: their options.

What the ascent leaves of each cost tells what a plan that beats the price can hold. A plan that
hangs together and holds a certain site, its root, holds nothing that is far from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from siting.optimise.ascent import Ascent, RootedNetwork, ascend
from siting.optimise.lines import Corners, Lines, lines_below, small_flow
from siting.optimise.pricing import node_prices
from siting.optimise.steps import fewer_steps
from siting.optimise.tables import BoolArray, IntArray, Tables
from siting.solvers.outcome import FloatArray

__all__ = [
    "CityBound",
    "KnownLines",
    "PipeLines",
    "RootBound",
    "carried_at_most",
    "city_bound",
    "paid_back",
]

SAFETY = 1e-9
"""Share of all that could be gained by which a bound is raised against rounding [-]."""
PART_ROUNDS = 20
"""How often what is out of reach and the room for it are worked out in turn."""
FINE = 1.05
"""Steps in which the most that edges carry is told apart, to keep lines for another time [-]."""
MOST_STEPS = 5
"""Steps of each load curve in a bound; with fewer it lies a little higher."""


@dataclass(frozen=True)
class RootBound:
    """What plans that hang together and hold a site, the root, are worth and can use.

    Parameters
    ----------
    surplus_mwh
        No such plan has a larger ``heat - price * capex`` [MWh/a]; below 0: none beats the price.
    edges, zones, options
        What a plan that beats the price can use, by position in the tables.
    most_mw
        The most base capacity of each zone in such a plan [MW].
    """

    surplus_mwh: float
    edges: BoolArray
    zones: BoolArray
    options: BoolArray
    most_mw: FloatArray

    @property
    def is_closed(self) -> bool:
        """Whether no plan with the root beats the price."""
        return self.surplus_mwh < 0

    def together(self, other: RootBound) -> RootBound:
        """Return what two bounds with the same root say together."""
        return RootBound(
            min(self.surplus_mwh, other.surplus_mwh),
            self.edges & other.edges,
            self.zones & other.zones,
            self.options & other.options,
            np.minimum(self.most_mw, other.most_mw),
        )


def carried_at_most(tables: Tables) -> float:
    """Return the most heat that any pipe or site of a sensible plan carries [MW].

    The same bound as `siting.model.data.flow_limit`, for what is left of a problem.
    """
    by_source: dict[str, float] = {}
    for site, most in zip(tables.option_site.tolist(), tables.option_mw.tolist(), strict=True):
        group = tables.problem.sites[site].group
        name = f"group {group}" if group is not None else f"site {site}"
        by_source[name] = max(most, by_source.get(name, 0.0))
    wanted = float(tables.curves.step_mw.sum() + tables.zone_loss_mw.sum())
    lost = float(tables.most_loss_mw.sum())
    growth = -float(np.log1p(-tables.shared_loss).sum())
    return min(sum(by_source.values()), (wanted + lost) * float(np.exp(min(growth, 50.0))))


@dataclass(frozen=True)
class Layout:
    """Where things stand among the arcs of the ascent: pipes, then options, then service lines."""

    pipe_edge: IntArray
    options: int
    zones: int

    @property
    def pipes(self) -> int:
        """Number of arcs that are pipes."""
        return len(self.pipe_edge)


@dataclass(frozen=True)
class CityBound:
    """One ascent over what is left of a city.

    Parameters
    ----------
    surplus_mwh
        No plan at all (with the forced site, if there is one) has a larger surplus [MWh/a].
    price
        The price of investment that it was made at [MWh/a per EUR].
    """

    tables: Tables
    layout: Layout
    ascent: Ascent
    surplus_mwh: float
    node_price: FloatArray
    price: float

    def anywhere(self, least_mwh: float) -> RootBound:
        """Return what plans can use whose surplus is at least so much, wherever they are.

        They may fall into several networks. The surplus told is what is left above the least.
        """
        tables, ascent, layout = self.tables, self.ascent, self.layout
        room = self.surplus_mwh - least_mwh
        if room < 0:
            none = np.zeros(0, bool)
            return RootBound(room, none, none, none, np.zeros(0))
        possible = ascent.possible(ascent.bound + room)
        edges = np.zeros(len(tables.edge), bool)
        edges[layout.pipe_edge[possible.arcs[: layout.pipes]]] = True
        to_zone = ascent.from_root[tables.nodes + np.arange(layout.zones)]
        zones = to_zone <= room
        opening = ascent.reduced_cost[layout.pipes : layout.pipes + layout.options]
        price = np.where(zones, self.node_price[tables.zone_node], 0.0)
        most = tables.curves.most_within(price, np.where(zones, room - to_zone, 0.0))
        return RootBound(room, edges, zones, opening <= room, most)

    def left_on_edges(self) -> FloatArray:
        """Return the least surplus that a plan with each edge does without [MWh/a].

        What is left along the cheapest way from any site through the edge to any zone; infinite
        where there is none.
        """
        ascent, pipes = self.ascent, self.layout.pipes
        net = ascent.network
        way = ascent.from_root[net.tail] + ascent.reduced_cost + ascent.to_terminal[net.head]
        least = np.full(len(self.tables.edge), np.inf)
        np.minimum.at(least, self.layout.pipe_edge, way[:pipes])
        return least

    def rooted(self, site: int) -> RootBound:
        """Return what plans that hang together and hold a site are worth, and can use."""
        tables, ascent, layout = self.tables, self.ascent, self.layout
        left = ascent.reduced_cost
        opening = left[layout.pipes : layout.pipes + layout.options]
        own = tables.option_site == site
        opened = float(opening[own].min())
        room = self.surplus_mwh - opened  # ways from any site pay an opening, maybe this one
        of_edge = np.full(len(tables.edge), np.inf)
        np.minimum.at(of_edge, layout.pipe_edge, left[: layout.pipes])
        far = tables.least_from(int(tables.option_node[own][0]), of_edge, either_way=True)
        service = left[layout.pipes + layout.options :]
        from_sites = ascent.from_root[tables.nodes + np.arange(layout.zones)]
        to_zone = np.maximum(far[tables.zone_node] + service, from_sites - opened)
        room = self._room_within(room, to_zone)
        if room < 0:
            none = np.zeros(0, bool)
            return RootBound(room, none, none, none, np.zeros(0))
        possible = ascent.possible(ascent.bound + room + opened)
        edges = np.zeros(len(tables.edge), bool)
        edges[layout.pipe_edge[possible.arcs[: layout.pipes]]] = True
        edges &= np.minimum(far[tables.u], far[tables.v]) + of_edge <= room
        zones = to_zone <= room
        options = own | (far[tables.option_node] + opening <= room)
        price = np.where(zones, self.node_price[tables.zone_node], 0.0)
        most = tables.curves.most_within(price, np.where(zones, room - to_zone, 0.0))
        return RootBound(room, edges, zones, options, most)

    def in_part(self) -> float:
        """Return the most surplus of any point of the relaxed problem, whole or not [MWh/a].

        What is reached only in part pays that part of its way: of a zone at distance ``d`` no more
        than ``room / d`` is reached, and the rest of what it would have gained is lost.
        """
        ascent, layout = self.ascent, self.layout
        first = self.tables.nodes
        far = ascent.from_root[first : first + layout.zones]
        gained = np.bincount(ascent.network.at - first, ascent.prize_left, layout.zones)
        room = self.surplus_mwh
        for _ in range(PART_ROUNDS):
            if room < 0:
                break
            with np.errstate(divide="ignore", invalid="ignore"):
                reached = np.where(far > room, room / far, 1.0)
            room = self.surplus_mwh - float(gained @ (1 - reached)) * (1 - SAFETY)
        return room

    def _room_within(self, room: float, to_zone: FloatArray) -> float:
        """Return the room without what is gained by zones that are too far for it.

        A zone out of reach is left out, and what that costs is lost.
        """
        at = self.ascent.network.at - self.tables.nodes
        gained = np.bincount(at, self.ascent.prize_left, len(to_zone))
        while room >= 0:
            lost = float(gained[to_zone > room].sum())
            gained = np.where(to_zone > room, 0.0, gained)
            if lost <= 0:
                break
            room -= lost
        return room


def paid_back(tables: Tables, price: float, most_mw: float) -> FloatArray:
    """Return the scarcity at which a fully used site has just earned its opening."""
    most = np.minimum(tables.option_mw, most_mw)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(most > 0, price * tables.option_cost_eur / most, 0.0)
    least = np.full(int(tables.option_site.max(initial=-1)) + 1, np.inf)
    np.minimum.at(least, tables.option_site, each)
    return np.asarray(least[tables.option_site])


def city_bound(
    tables: Tables,
    price: float,
    scarcity: FloatArray,
    *,
    most_mw: float,
    forced: int | None = None,
    seed: int | None = None,
    lines: PipeLines | None = None,
) -> CityBound:
    """Return a bound on what plans are worth at a price of investment.

    Parameters
    ----------
    tables
        What plans may use.
    price
        Price of investment [MWh/a per EUR].
    scarcity
        Price of the output of each option on top of its cost [MWh/a per MW], not below 0. Any
        price gives a bound.
    most_mw
        See `carried_at_most`.
    forced
        A site that is open in any case.
    seed
        Of the ascent; without one what yields most per MW rises first.
    lines
        Those of all edges up to that much or more, where they are known.
    """
    own_price = price * tables.option_slope_eur + scarcity
    lines = PipeLines.of(tables, most_mw) if lines is None else lines
    rise = price * (lines.least_slope_eur + tables.slope_eur)
    node = node_prices(tables, rise, tables.option_node, own_price)
    arcs, pipe_edge = _pipes(tables, price, node, lines)
    most = np.minimum(tables.option_mw, most_mw)
    with np.errstate(invalid="ignore"):
        opening = price * tables.option_cost_eur - np.where(scarcity > 0, scarcity * most, 0.0)
    opening, given = _openings(tables, opening, forced)
    reached = np.isfinite(node[tables.zone_node])
    at_zone = np.where(reached, node[tables.zone_node], 0.0)
    zones, root = len(tables.zone), tables.nodes + len(tables.zone)
    service = price * tables.zone_cost_eur + at_zone * tables.zone_loss_mw
    mw, heat = fewer_steps(tables.curves.step_mw, tables.curves.step_heat, MOST_STEPS)
    zone_of, step = np.nonzero((heat > 0) & reached[:, None])
    with np.errstate(divide="ignore"):
        order = np.argsort(-heat[zone_of, step] / mw[zone_of, step], kind="stable")
    zone_of, step = zone_of[order], step[order]
    prize = heat[zone_of, step]
    network = RootedNetwork.of(
        root + 1,
        root,
        np.concatenate([arcs[0], np.full(len(opening), root), tables.zone_node]),
        np.concatenate([arcs[1], tables.option_node, tables.nodes + np.arange(zones)]),
        np.concatenate([arcs[2], opening, service]),
        tables.nodes + zone_of,
        prize,
        np.concatenate([arcs[3], own_price, np.zeros(zones)]),
        mw[zone_of, step],
    )
    ascent = ascend(network, seed=seed)
    total = float(prize.sum())
    surplus = total - ascent.bound - given + SAFETY * total
    layout = Layout(pipe_edge, len(opening), zones)
    return CityBound(tables, layout, ascent, surplus, node, price)


def _openings(tables: Tables, opening: FloatArray, forced: int | None) -> tuple[FloatArray, float]:
    """Return the fixed cost of each option, not below 0, and what is paid whatever is opened.

    A site whose output is worth more than it costs is taken for granted; a forced one is paid.
    """
    given, left = 0.0, opening.copy()
    for site in np.unique(tables.option_site).tolist():
        own = tables.option_site == site
        least = float(opening[own].min())
        if site != forced:
            least = min(least, 0.0)
        given += least
        left[own] = np.maximum(opening[own] - least, 0.0)
    return left, given


@dataclass(frozen=True)
class PipeLines:
    """Lines under the cost and the loss of every edge, each through the same sizes.

    Where a flow picks a line for its cost, the line of the same sizes is not above its loss.
    """

    cost: Lines
    loss: Lines
    least_slope_eur: FloatArray

    @classmethod
    def of(cls, tables: Tables, most_mw: float) -> PipeLines:
        """Return the lines of all edges."""
        small = small_flow(tables.zone_peak_mw)
        corners = Corners.of(tables.high_mw, tables.cost_eur, most_mw, small)
        cost = lines_below(tables.high_mw, tables.cost_eur, most_mw, corners)
        loss = lines_below(tables.high_mw, tables.loss_mw, most_mw, corners)
        least = np.full(len(tables.edge), np.inf)
        np.minimum.at(least, cost.pipe, cost.slope)
        return cls(cost, loss, least)


class KnownLines:
    """Keeps the lines of a city's edges by the most that they carry, a little more than asked."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.known: dict[int, PipeLines] = {}

    def up_to(self, most_mw: float) -> PipeLines:
        """Return lines that hold for all flows up to the most [MW]."""
        step = math.ceil(math.log(max(most_mw, 1e-6)) / math.log(FINE) - 1e-9)
        if step not in self.known:
            self.known[step] = PipeLines.of(self.tables, FINE**step)
        return self.known[step]


def _pipes(
    tables: Tables, price: float, node: FloatArray, lines: PipeLines
) -> tuple[tuple[IntArray, IntArray, FloatArray, FloatArray], IntArray]:
    """Return tails, heads, fixed costs and slopes of all lines of pipes, and their edges.

    What is lost is worth what power costs at the end of the pipe.
    """
    parts = []
    own = lines.cost.pipe
    for tail, head, allowed in (
        (tables.u, tables.v, np.ones(len(tables.edge), bool)),
        (tables.v, tables.u, ~tables.one_way),
    ):
        usable = allowed & np.isfinite(node[tail]) & np.isfinite(node[head])
        use = usable[own]
        edge = own[use]
        at_head = node[head[edge]]
        chain = tables.is_chain[edge]  # what is lost on the way has come from one of the ends
        at_head = np.where(chain, np.minimum(at_head, node[tail[edge]]), at_head)
        fixed = price * lines.cost.fixed[use] + at_head * lines.loss.fixed[use]
        slope = price * (lines.cost.slope[use] + tables.slope_eur[edge])
        slope = slope + at_head * (lines.loss.slope[use] + tables.shared_loss[edge])
        parts.append((tail[edge], head[edge], fixed, slope, edge))
    tail, head, fixed, slope, edge = (np.concatenate(each) for each in zip(*parts, strict=True))
    return (tail, head, fixed, slope), edge
