"""Solve tiny siting problems exactly by enumeration: an oracle that shares nothing with the model.

Every combination of site options, directed pipes and connected zones is listed. For each the
sizes are enumerated as well, and what stays continuous (output, flow, base capacity, base heat)
is a small linear program. A combination is only skipped when simple arithmetic shows that it
cannot beat the best plan found so far.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from siting.plan import Plan, PlannedPipe, PlannedSite, PlannedZone
from siting.problem import Edge, PipeSize, Problem, SiteOption, Zone
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution, Status

__all__ = ["MOST_EDGES", "Answer", "oracle_plan", "solve_by_enumeration"]

MOST_EDGES = 8
MILLION = 1e6
THOUSAND = 1e3
IMPROVES = 1e-9

Floats = npt.NDArray[np.float64]
Masks = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Answer:
    """What the oracle found.

    Parameters
    ----------
    feasible
        Whether any plan meets the limits.
    value
        Best value in the unit of the objective; ``None`` if infeasible.
    heat_mwh, capex_eur
        Heat [MWh/a] and investment [EUR] of the plan found.
    solution
        One best plan; others may be as good.
    source_heat_mwh
        Heat fed in by each open site [MWh/a].
    structures, programs
        Combinations listed, and linear programs solved.
    """

    feasible: bool
    value: float | None = None
    heat_mwh: float = 0.0
    capex_eur: float = 0.0
    solution: Solution | None = None
    source_heat_mwh: dict[str, float] = field(default_factory=dict)
    structures: int = 0
    programs: int = 0


@dataclass(frozen=True)
class Structure:
    """Which site options are open, which pipes are built in which direction, who is connected."""

    sites: tuple[tuple[int, int], ...]
    arcs: tuple[tuple[int, bool], ...]
    zones: tuple[int, ...]


@dataclass(frozen=True)
class Point:
    """An optimal vertex of one linear program; money in MEUR, heat in GWh/a."""

    value: float
    heat: float
    capex: float
    output: Floats
    flow: Floats
    base: Floats
    zone_heat: Floats
    source_heat: Floats


def solve_by_enumeration(problem: Problem, *, prune: bool = True) -> Answer:
    """Return the best plan of a tiny problem, proven by enumeration.

    Parameters
    ----------
    problem
        At most `MOST_EDGES` edges, a few sites and zones.
    prune
        Skip structures with dead-end pipes and those that a bound rules out; without it
        everything is enumerated (slow, for tests of the oracle itself).
    """
    if len(problem.edges) > MOST_EDGES:
        message = f"{len(problem.edges)} edges are too many to enumerate (at most {MOST_EDGES})"
        raise ValueError(message)
    return _Search(problem, prune=prune).run()


class _Search:
    """Go through all structures, best possible first, and keep the best plan."""

    def __init__(self, problem: Problem, *, prune: bool) -> None:
        self.problem = problem
        self.prune = prune
        self.kind = problem.objective.kind
        self.best = -math.inf
        self.point: Point | None = None
        self.at: tuple[Structure, dict[int, PipeSize]] | None = None
        self.programs = 0

    def run(self) -> Answer:
        listed = _structures(self.problem, prune=self.prune)
        bounds = listed.bounds
        order = np.argsort(-bounds, kind="stable")
        for index in order:
            if self.prune and bounds[index] <= self._to_beat():
                break
            self._size_pipes(listed.structure(int(index)), {})
        return self._answer(len(order))

    def _to_beat(self) -> float:
        """Return the best value with a hair on top, so that ties do not cost programs."""
        if not math.isfinite(self.best):
            return self.best
        return self.best + IMPROVES * max(1.0, abs(self.best))

    def _size_pipes(self, structure: Structure, sizes: dict[int, PipeSize]) -> None:
        """Enumerate the sizes of a structure, leaving branches that cannot improve."""
        point = self._improving(structure, sizes)
        if point is None:
            return
        open_arcs = [
            k
            for k, (e, _) in enumerate(structure.arcs)
            if self.problem.edges[e].sizes and e not in sizes
        ]
        if not open_arcs:
            self._keep(point, structure, sizes)
            return
        k = open_arcs[0]
        edge = structure.arcs[k][0]
        flow = point.flow[k]
        for size in sorted(
            self.problem.edges[edge].sizes,
            key=lambda size: (size.capacity_mw < flow - 1e-9, size.capacity_mw),
        ):
            self._size_pipes(structure, {**sizes, edge: size})

    def _improving(self, structure: Structure, sizes: Mapping[int, PipeSize]) -> Point | None:
        """Return the best point of a structure if it beats the best plan, else nothing."""
        if self.best == math.inf:
            return None
        program = _Program(self.problem, structure, sizes)
        price = self.best if self.kind == "heat_per_euro" and self.best > 0 else 0.0
        point = self._solve(program, price)
        if point is None:
            return None
        if self.kind != "heat_per_euro":
            return point if point.value > self._to_beat() else None
        if self.best >= 0 and point.value <= IMPROVES * max(1.0, point.heat):
            return None
        decided = all(e in sizes for e, _ in structure.arcs if self.problem.edges[e].sizes)
        return self._raise_price(program, point) if decided else point

    def _raise_price(self, program: _Program, point: Point) -> Point:
        """Raise the price of investment to the ratio of the best plan until it stays put."""
        while True:
            ratio = _ratio(point.heat, point.capex)
            if not math.isfinite(ratio):
                return point
            better = self._solve(program, ratio)
            if better is None or better.value <= 1e-10 * max(1.0, better.heat):
                return point
            if _ratio(better.heat, better.capex) <= ratio:
                return point
            point = better

    def _solve(self, program: _Program, price: float) -> Point | None:
        self.programs += 1
        return program.solve(price)

    def _keep(self, point: Point, structure: Structure, sizes: dict[int, PipeSize]) -> None:
        ratio = self.kind == "heat_per_euro"
        value = _ratio(point.heat, point.capex) if ratio else point.value
        if self.point is None or value > self.best:
            self.best, self.point, self.at = value, point, (structure, sizes)

    def _answer(self, structures: int) -> Answer:
        if self.point is None or self.at is None:
            return Answer(feasible=False, structures=structures, programs=self.programs)
        scale = {"max_heat": THOUSAND, "capex": -MILLION, "net_value": MILLION}
        solution, source_heat = _decisions(self.problem, *self.at, self.point)
        return Answer(
            feasible=True,
            value=self.best * scale.get(self.kind, 1.0) + 0.0,
            heat_mwh=self.point.heat * THOUSAND,
            capex_eur=self.point.capex * MILLION,
            solution=solution,
            source_heat_mwh=source_heat,
            structures=structures,
            programs=self.programs,
        )


def _ratio(heat: float, capex: float) -> float:
    """Return heat per euro [kWh/(a EUR)] from GWh/a and MEUR; 0 without heat, infinite for free."""
    if heat <= 0:
        return 0.0
    return heat / capex if capex > 0 else math.inf


# Structures ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Listing:
    """All structures as rows of indices, with the best value each could possibly have."""

    site_sets: list[tuple[tuple[int, int], ...]]
    zone_sets: list[tuple[int, ...]]
    states: npt.NDArray[np.int8]
    rows: Masks
    bounds: Floats

    def structure(self, index: int) -> Structure:
        s, a, z = self.rows[index]
        arcs = tuple((e, bool(way == 1)) for e, way in enumerate(self.states[a]) if way)
        return Structure(self.site_sets[s], arcs, self.zone_sets[z])


@lru_cache(maxsize=16)
def _edge_states(edges: int) -> npt.NDArray[np.int8]:
    """Return every way to leave out (0), build forwards (1) or build backwards (2) each edge."""
    states = list(itertools.product((0, 1, 2), repeat=edges))
    return np.array(states, dtype=np.int8).reshape(len(states), edges)


def _site_sets(problem: Problem) -> list[tuple[tuple[int, int], ...]]:
    """Return the legal choices of at most one option per site, as (site, option) pairs."""
    menus: list[list[int | None]] = []
    for site in problem.sites:
        options: list[int | None] = [] if site.forbidden else list(range(len(site.choices)))
        menus.append(options if site.mandatory else [None, *options])
    legal = []
    for picks in itertools.product(*menus):
        chosen = tuple((s, o) for s, o in enumerate(picks) if o is not None)
        groups = [problem.sites[s].group for s, _ in chosen if problem.sites[s].group is not None]
        limits = problem.limits
        if len(groups) > len(set(groups)) or len(chosen) < (limits.min_sites or 0):
            continue
        if limits.max_sites is not None and len(chosen) > limits.max_sites:
            continue
        legal.append(chosen)
    return legal


def _zone_sets(problem: Problem) -> list[tuple[int, ...]]:
    """Return the legal sets of connected zones."""
    menus = [
        [True] if zone.mandatory else [False] if zone.forbidden else [False, True]
        for zone in problem.zones
    ]
    sets = (tuple(z for z, pick in enumerate(picks) if pick) for picks in itertools.product(*menus))
    return [each for each in sets if len(each) >= (problem.limits.min_zones or 0)]


def _structures(problem: Problem, *, prune: bool) -> _Listing:
    """List every structure in which all pipes and zones can be reached from an open site."""
    bit = {node: 1 << i for i, node in enumerate(problem.nodes)}
    site_sets, zone_sets = _site_sets(problem), _zone_sets(problem)
    states = _edge_states(len(problem.edges))
    barred = [e for e, edge in enumerate(problem.edges) if edge.forbidden]
    one_way = [e for e, edge in enumerate(problem.edges) if edge.one_way]
    states = states[(states[:, barred] == 0).all(axis=1) & (states[:, one_way] != 2).all(axis=1)]
    pipes = _Pipes(problem, states, bit)
    zones = _ZoneTable(problem, zone_sets, bit)
    rows, bounds = [], []
    by_start: dict[int, tuple[Masks, npt.NDArray[np.bool_]]] = {}
    for s, chosen in enumerate(site_sets):
        start = 0
        for site, _ in chosen:
            start |= bit[problem.sites[site].node]
        if start not in by_start:
            reach = pipes.reach(start)
            by_start[start] = reach, (pipes.tails & ~reach) == 0
        reach, fed = by_start[start]
        arcs = np.flatnonzero(fed)
        valid = (zones.nodes[None, :] & ~reach[arcs, None]) == 0
        if prune:
            valid &= (pipes.dead[arcs, None] & ~zones.nodes[None, :]) == 0
        bound = _bounds(problem, chosen, pipes, arcs, zones)
        a, z = np.nonzero(valid & (bound > -math.inf))
        rows.append(np.column_stack([np.full(len(a), s), arcs[a], z]))
        bounds.append(bound[a, z])
    empty = np.empty((0, 3), dtype=np.int64)
    return _Listing(
        site_sets,
        zone_sets,
        states,
        np.concatenate([empty, *rows]).astype(np.int64),
        np.concatenate([np.empty(0), *bounds]),
    )


class _Pipes:
    """Node masks and least cost and loss of every set of directed pipes."""

    def __init__(
        self, problem: Problem, states: npt.NDArray[np.int8], bit: Mapping[str, int]
    ) -> None:
        self.states = states
        self.ends = [(bit[edge.u], bit[edge.v]) for edge in problem.edges]
        self.tails = np.zeros(len(states), dtype=np.int64)
        heads = np.zeros(len(states), dtype=np.int64)
        self.cost = np.zeros(len(states))
        self.loss = np.zeros(len(states))
        for e, edge in enumerate(problem.edges):
            u, v = self.ends[e]
            way = states[:, e]
            self.tails |= np.where(way == 1, u, np.where(way == 2, v, 0))
            heads |= np.where(way == 1, v, np.where(way == 2, u, 0))
            self.cost += (way > 0) * min(_costs(edge)) / MILLION
            self.loss += (way > 0) * min(_losses(edge))
        self.dead = heads & ~self.tails
        self.nodes = len(bit)

    def reach(self, start: int) -> Masks:
        """Return the nodes that can be reached from the start nodes in flow direction."""
        reach = np.full(len(self.states), start, dtype=np.int64)
        for _ in range(self.nodes):
            before = reach.copy()
            for e, (u, v) in enumerate(self.ends):
                way = self.states[:, e]
                reach |= np.where((way == 1) & ((reach & u) != 0), v, 0)
                reach |= np.where((way == 2) & ((reach & v) != 0), u, 0)
            if (before == reach).all():
                break
        return reach


class _ZoneTable:
    """Node masks and sums over every set of connected zones; MEUR, GWh/a and MW."""

    def __init__(
        self, problem: Problem, sets: list[tuple[int, ...]], bit: Mapping[str, int]
    ) -> None:
        price = problem.objective.heat_price_eur_per_mwh
        zones = problem.zones
        self.nodes = np.array([_mask(bit[zones[z].node] for z in each) for each in sets], dtype=int)
        self.heat = _sums(sets, [zone.heat_mwh / THOUSAND for zone in zones])
        self.cost = _sums(sets, [zone.cost_eur / MILLION for zone in zones])
        self.value = _sums(sets, [_best_worth(zone, price) / MILLION for zone in zones])
        self.power = _sums(
            sets, [zone.loss_mw + (0.0 if zone.load_curve else zone.peak_mw) for zone in zones]
        )


def _mask(bits: Iterator[int]) -> int:
    total = 0
    for each in bits:
        total |= each
    return total


def _sums(sets: list[tuple[int, ...]], figures: list[float]) -> Floats:
    return np.array([math.fsum(figures[z] for z in each) for each in sets], dtype=float)


def _best_worth(zone: Zone, price: float) -> float:
    """Return the most that connecting a zone can be worth in ``net_value`` [EUR]."""
    worth = (zone.value_eur_per_mwh + price) * zone.heat_mwh
    return zone.value_eur + (max(0.0, worth) if zone.load_curve else worth)


def _costs(edge: Edge) -> list[float]:
    return [size.cost_eur for size in edge.sizes] or [edge.cost_eur]


def _losses(edge: Edge) -> list[float]:
    return [size.loss_mw for size in edge.sizes] or [edge.loss_mw]


def _bounds(
    problem: Problem,
    chosen: tuple[tuple[int, int], ...],
    pipes: _Pipes,
    arcs: Masks,
    zones: _ZoneTable,
) -> Floats:
    """Return the best value each pair of pipes and zones could have; minus infinity if illegal."""
    options = [problem.sites[s].choices[o] for s, o in chosen]
    limits = problem.limits
    power = pipes.loss[arcs, None] + zones.power[None, :]
    room = math.fsum(math.inf if o.capacity_mw is None else o.capacity_mw for o in options)
    rate = min((o.cost_per_mw_eur for o in options), default=0.0) / MILLION
    fixed = math.fsum(o.cost_eur for o in options) / MILLION
    cost = fixed + pipes.cost[arcs, None] + zones.cost[None, :] + rate * power
    heat = np.broadcast_to(zones.heat[None, :], cost.shape)
    legal = power <= room + 1e-6
    if limits.budget_eur is not None:
        legal = legal & (cost <= limits.budget_eur / MILLION + 1e-6)
    if limits.min_heat_mwh is not None:
        legal = legal & (heat >= limits.min_heat_mwh / THOUSAND - 1e-6)
    bound: Floats
    if problem.objective.kind == "heat_per_euro":
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = np.where(heat > 0, heat / cost, 0.0)
    elif problem.objective.kind == "max_heat":
        bound = heat
    elif problem.objective.kind == "capex":
        bound = -cost
    else:
        bound = zones.value[None, :] - problem.objective.capital_factor * cost
    return np.where(legal, bound, -math.inf)


# The continuous rest ---------------------------------------------------------------------------


class _Program:
    """The linear program of one structure: output g, flow f, loss l, base q, heat h.

    To these come, over the year, source heat e and the heat n that enters each pipe. Columns
    stand in that order, MW for power, GWh/a for heat. Pipes without a decided size get the least
    cost, the largest capacity and any loss between the extremes (a relaxation).
    """

    def __init__(
        self, problem: Problem, structure: Structure, sizes: Mapping[int, PipeSize]
    ) -> None:
        self.problem = problem
        self.options = [problem.sites[s].choices[o] for s, o in structure.sites]
        self.site_nodes = [problem.sites[s].node for s, _ in structure.sites]
        self.edges = [problem.edges[e] for e, _ in structure.arcs]
        self.ends = [
            (edge.u, edge.v) if forwards else (edge.v, edge.u)
            for edge, (_, forwards) in zip(self.edges, structure.arcs, strict=True)
        ]
        self.pipes = [
            _pipe_figures(edge, sizes.get(e))
            for edge, (e, _) in zip(self.edges, structure.arcs, strict=True)
        ]
        self.zones = [problem.zones[z] for z in structure.zones]
        s, a, z = len(self.options), len(self.edges), len(self.zones)
        starts = np.cumsum([0, s, a, a, z, z, s, a])
        self.g, self.f, self.l, self.q, self.h, self.e, self.n = (
            slice(int(i), int(j)) for i, j in itertools.pairwise(starts)
        )
        self.columns = int(starts[-1])
        self.hours = problem.hours_per_a / THOUSAND
        self._money()
        self._worth()
        self._rows()

    def _money(self) -> None:
        """Set the investment [MEUR] as a fixed part and one rate per column."""
        self.capex = np.zeros(self.columns)
        self.capex[self.g] = [option.cost_per_mw_eur / MILLION for option in self.options]
        self.capex[self.f] = [pipe.rate / MILLION for pipe in self.pipes]
        self.fixed = (
            math.fsum(option.cost_eur for option in self.options)
            + math.fsum(pipe.cost for pipe in self.pipes)
            + math.fsum(zone.cost_eur for zone in self.zones)
        ) / MILLION

    def _worth(self) -> None:
        """Set what is maximised, before any price on investment, and its constant."""
        self.heat = np.zeros(self.columns)
        self.heat[self.h] = 1.0
        self.gain, self.constant = self.heat.copy(), 0.0
        objective = self.problem.objective
        if objective.kind == "capex":
            self.gain, self.constant = -self.capex, -self.fixed
        if objective.kind == "net_value":
            self.gain = -objective.capital_factor * self.capex
            self.gain[self.h] = [
                (zone.value_eur_per_mwh + objective.heat_price_eur_per_mwh) / THOUSAND
                for zone in self.zones
            ]
            self.gain[self.e] = [-option.cost_per_mwh_eur / THOUSAND for option in self.options]
            self.constant = math.fsum(zone.value_eur for zone in self.zones) / MILLION
            self.constant -= objective.capital_factor * self.fixed

    def _rows(self) -> None:
        self.equal: list[tuple[Floats, float]] = []
        self.below: list[tuple[Floats, float]] = []
        self._balance_nodes()
        self._cut_loads()
        if self.problem.objective.kind == "net_value":
            self._balance_years()
        limits = self.problem.limits
        if limits.budget_eur is not None:
            self.below.append((self.capex, limits.budget_eur / MILLION - self.fixed))
        if limits.min_heat_mwh is not None:
            self.below.append((-self.heat, -limits.min_heat_mwh / THOUSAND))

    def _balance_nodes(self) -> None:
        """Let arriving heat and output equal leaving heat, base capacity and service losses."""
        rows: dict[str, Floats] = {}
        lost: dict[str, float] = {}

        def row(node: str) -> Floats:
            return rows.setdefault(node, np.zeros(self.columns))

        for k, node in enumerate(self.site_nodes):
            row(node)[self.g.start + k] += 1.0
        for k, (tail, head) in enumerate(self.ends):
            row(tail)[self.f.start + k] -= 1.0
            row(head)[self.f.start + k] += 1.0 - self.pipes[k].loss_share
            row(head)[self.l.start + k] -= 1.0
        for k, zone in enumerate(self.zones):
            row(zone.node)[self.q.start + k] -= 1.0
            lost[zone.node] = lost.get(zone.node, 0.0) + zone.loss_mw
        self.equal.extend((figures, lost.get(node, 0.0)) for node, figures in rows.items())

    def _cut_loads(self) -> None:
        """Keep each zone's heat below every line of its load curve."""
        for k, zone in enumerate(self.zones):
            for (x0, y0), (x1, y1) in itertools.pairwise(zone.load_curve):
                slope = (y1 - y0) / (x1 - x0)
                heat = zone.heat_mwh / THOUSAND
                row = np.zeros(self.columns)
                row[self.h.start + k] = 1.0
                row[self.q.start + k] = -heat * slope / zone.peak_mw
                self.below.append((row, heat * (y0 - slope * x0)))

    def _balance_years(self) -> None:
        """Let the yearly heat follow the pipes from the sites to the zones.

        At each node, what is fed in and arrives equals what leaves, is delivered and is lost.
        A pipe is kept warm from its own beginning, at full base load as well. A site feeds in at
        most its output in every hour, a pipe carries at most its capacity.
        """
        rows: dict[str, Floats] = {}
        lost: dict[str, float] = {}

        def row(node: str) -> Floats:
            return rows.setdefault(node, np.zeros(self.columns))

        for k, node in enumerate(self.site_nodes):
            row(node)[self.e.start + k] += 1.0
            cap = np.zeros(self.columns)
            cap[self.e.start + k], cap[self.g.start + k] = 1.0, -self.hours
            self.below.append((cap, 0.0))
        for k, (tail, head) in enumerate(self.ends):
            row(tail)[self.n.start + k] -= 1.0
            row(head)[self.n.start + k] += 1.0
            row(head)[self.l.start + k] -= self.hours
            row(head)[self.f.start + k] -= self.hours * self.pipes[k].loss_share
            warm = np.zeros(self.columns)
            warm[self.l.start + k] = 1.0
            warm[self.f.start + k] = self.pipes[k].loss_share - 1.0
            self.below.append((warm, 0.0))
        for k, zone in enumerate(self.zones):
            row(zone.node)[self.h.start + k] -= 1.0
            lost[zone.node] = lost.get(zone.node, 0.0) + self.hours * zone.loss_mw
        self.equal.extend((figures, lost.get(node, 0.0)) for node, figures in rows.items())

    def _bounds(self) -> list[tuple[float, float | None]]:
        bounds: list[tuple[float, float | None]] = []
        bounds += [(0.0, option.capacity_mw) for option in self.options]
        bounds += [(0.0, pipe.capacity) for pipe in self.pipes]
        bounds += [(pipe.least_loss, pipe.most_loss) for pipe in self.pipes]
        bounds += [(0.0 if zone.load_curve else zone.peak_mw, zone.peak_mw) for zone in self.zones]
        for zone in self.zones:
            heat = zone.heat_mwh / THOUSAND
            curve = zone.load_curve
            bounds.append((0.0, heat * curve[-1][1]) if curve else (heat, heat))
        bounds += [(0.0, None) for _ in self.options]
        for pipe in self.pipes:
            most = None if pipe.capacity is None else self.hours * pipe.capacity
            bounds.append((0.0, most))
        return bounds

    def solve(self, price: float) -> Point | None:
        """Return the best point for a price on investment [GWh/MEUR], or nothing if infeasible."""
        gain = self.gain - price * self.capex
        constant = self.constant - price * self.fixed
        if self.columns == 0:
            return self._nothing()
        result = linprog(
            -gain,
            A_ub=np.array([row for row, _ in self.below]) if self.below else None,
            b_ub=[right for _, right in self.below] if self.below else None,
            A_eq=np.array([row for row, _ in self.equal]) if self.equal else None,
            b_eq=[right for _, right in self.equal] if self.equal else None,
            bounds=self._bounds(),
            method="highs",
            options={
                "primal_feasibility_tolerance": 1e-9,
                "dual_feasibility_tolerance": 1e-9,
            },
        )
        if result.status == 2:
            return None
        if result.status != 0:
            message = f"the oracle's linear program ended with: {result.message}"
            raise RuntimeError(message)
        x = result.x
        return Point(
            value=constant - result.fun,
            heat=float(self.heat @ x),
            capex=self.fixed + float(self.capex @ x),
            output=x[self.g],
            flow=x[self.f],
            base=x[self.q],
            zone_heat=x[self.h],
            source_heat=x[self.e],
        )

    def _nothing(self) -> Point | None:
        """Return the empty plan, unless a limit asks for heat."""
        if any(right < 0 for _, right in self.below):
            return None
        none = np.empty(0)
        return Point(0.0, 0.0, 0.0, none, none, none, none, none)


@dataclass(frozen=True)
class _PipeFigures:
    cost: float
    rate: float
    capacity: float | None
    least_loss: float
    most_loss: float
    loss_share: float


def _pipe_figures(edge: Edge, size: PipeSize | None) -> _PipeFigures:
    """Return the figures of a linear pipe, of a chosen size, or the extremes of all sizes."""
    if not edge.sizes:
        return _PipeFigures(
            edge.cost_eur,
            edge.cost_per_mw_eur,
            edge.capacity_mw,
            edge.loss_mw,
            edge.loss_mw,
            edge.loss_per_mw,
        )
    sizes = [size] if size else edge.sizes
    losses = [each.loss_mw for each in sizes]
    return _PipeFigures(
        min(each.cost_eur for each in sizes),
        0.0,
        max(each.capacity_mw for each in sizes),
        min(losses),
        max(losses),
        0.0,
    )


def _networks(nodes: list[str], ends: list[tuple[str, str]]) -> dict[str, int]:
    """Number the connected parts of a set of pipes, ignoring direction."""
    part = {node: i for i, node in enumerate(dict.fromkeys([*nodes, *itertools.chain(*ends)]))}
    for _ in ends:
        for tail, head in ends:
            part[tail] = part[head] = min(part[tail], part[head])
    return part


# From the answer to a plan ---------------------------------------------------------------------


def _decisions(
    problem: Problem, structure: Structure, sizes: Mapping[int, PipeSize], point: Point
) -> tuple[Solution, dict[str, float]]:
    """Return the decisions at a point, and the heat each site feeds in [MWh/a]."""
    sites = tuple(
        OpenSite(problem.sites[s].id, problem.sites[s].choices[o].id, float(g))
        for (s, o), g in zip(structure.sites, point.output, strict=True)
    )
    pipes = []
    for (e, forwards), flow in zip(structure.arcs, point.flow, strict=True):
        edge = problem.edges[e]
        ends = (edge.u, edge.v) if forwards else (edge.v, edge.u)
        pipes.append(PipeFlow(edge.id, *ends, float(flow), sizes[e].label if e in sizes else None))
    zones = []
    for z, base, heat in zip(structure.zones, point.base, point.zone_heat, strict=True):
        zone = problem.zones[z]
        heat_mwh = _base_heat(zone, float(base)) if zone.load_curve else float(heat) * THOUSAND
        zones.append(ServedZone(zone.id, float(base), heat_mwh))
    source = {
        problem.sites[s].id: float(e) * THOUSAND
        for (s, _), e in zip(structure.sites, point.source_heat, strict=True)
    }
    return Solution(sites, tuple(pipes), tuple(zones)), source


def _base_heat(zone: Zone, base_mw: float) -> float:
    """Return the heat under the load curve for a base capacity [MWh/a]."""
    xs, ys = zip(*zone.load_curve, strict=True)
    return zone.heat_mwh * float(np.interp(base_mw / zone.peak_mw, xs, ys))


def oracle_plan(problem: Problem, answer: Answer | None = None, *, gap_wanted: float = 0.0) -> Plan:
    """Return the oracle's best plan with all figures, for tests that need a correct plan."""
    answer = answer or solve_by_enumeration(problem)
    if answer.solution is None:
        message = "the problem is infeasible: there is no plan to pay for"
        raise ValueError(message)
    solution = answer.solution
    pipes = tuple(_planned_pipe(problem, pipe) for pipe in solution.pipes)
    zones = tuple(_planned_zone(problem, zone) for zone in solution.zones)
    service = {zone.id: zone.loss_mw for zone in problem.zones}
    lost = [pipe.loss_mw for pipe in pipes] + [service[zone.zone] for zone in zones]
    sites = _planned_sites(problem, solution, answer, pipes, zones)
    parts = {
        "sites": math.fsum(site.cost_eur for site in sites),
        "pipes": math.fsum(pipe.cost_eur for pipe in pipes),
        "connections": math.fsum(zone.cost_eur for zone in zones),
    }
    heat, capex = math.fsum(zone.heat_mwh for zone in zones), math.fsum(parts.values())
    return Plan(
        sites=sites,
        pipes=pipes,
        zones=zones,
        heat_mwh=heat,
        loss_mwh=problem.hours_per_a * math.fsum(lost),
        capex_eur=capex,
        capex_by_component_eur=parts,
        heat_per_euro_kwh=_ratio(heat / THOUSAND, capex / MILLION),
        proof=Proof(
            status=Status.OPTIMAL,
            objective=problem.objective.kind,
            incumbent=answer.value,
            bound=answer.value,
            gap=0.0,
            gap_wanted=gap_wanted,
            seconds=0.0,
            solver="enumeration",
        ),
    )


def _planned_pipe(problem: Problem, pipe: PipeFlow) -> PlannedPipe:
    edge = next(edge for edge in problem.edges if edge.id == pipe.edge)
    cost = edge.cost_eur + edge.cost_per_mw_eur * pipe.flow_mw
    loss = edge.loss_mw + edge.loss_per_mw * pipe.flow_mw
    capacity = edge.capacity_mw
    for size in edge.sizes:
        if size.label == pipe.size:
            cost, loss, capacity = size.cost_eur, size.loss_mw, size.capacity_mw
    return PlannedPipe(
        edge=pipe.edge,
        from_node=pipe.from_node,
        to_node=pipe.to_node,
        size=pipe.size,
        length_m=edge.length_m,
        flow_mw=pipe.flow_mw,
        capacity_mw=capacity,
        loss_mw=loss,
        cost_eur=cost,
    )


def _planned_zone(problem: Problem, served: ServedZone) -> PlannedZone:
    zone = next(zone for zone in problem.zones if zone.id == served.zone)
    return PlannedZone(
        zone=zone.id,
        base_mw=served.base_mw,
        heat_mwh=served.heat_mwh,
        demand_mwh=zone.heat_mwh,
        peak_mw=zone.peak_mw,
        cost_eur=zone.cost_eur,
    )


def _planned_sites(
    problem: Problem,
    solution: Solution,
    answer: Answer,
    pipes: tuple[PlannedPipe, ...],
    zones: tuple[PlannedZone, ...],
) -> tuple[PlannedSite, ...]:
    """Return the sites; without running costs each network's heat is split by installed output."""
    site_of = {site.id: site for site in problem.sites}
    zone_of = {zone.id: zone for zone in problem.zones}
    ends = [(pipe.from_node, pipe.to_node) for pipe in pipes]
    nodes = [site_of[s.site].node for s in solution.sites]
    network = _networks([*nodes, *(zone_of[z.zone].node for z in zones)], ends)
    need: dict[int, float] = {}
    for pipe in pipes:
        part = network[pipe.from_node]
        need[part] = need.get(part, 0.0) + problem.hours_per_a * pipe.loss_mw
    for zone in zones:
        part = network[zone_of[zone.zone].node]
        loss = problem.hours_per_a * zone_of[zone.zone].loss_mw
        need[part] = need.get(part, 0.0) + zone.heat_mwh + loss
    power: dict[int, float] = {}
    for each, node in zip(solution.sites, nodes, strict=True):
        power[network[node]] = power.get(network[node], 0.0) + each.capacity_mw
    planned = []
    for each, node in zip(solution.sites, nodes, strict=True):
        option = next(o for o in site_of[each.site].choices if o.id == each.option)
        part = network[node]
        share = each.capacity_mw / power[part] if power[part] > 0 else 1.0
        heat = need.get(part, 0.0) * share
        if problem.objective.kind == "net_value":
            heat = answer.source_heat_mwh[each.site]
        planned.append(_planned_site(each, option, heat))
    return tuple(planned)


def _planned_site(each: OpenSite, option: SiteOption, heat_mwh: float) -> PlannedSite:
    return PlannedSite(
        site=each.site,
        option=each.option,
        capacity_mw=each.capacity_mw,
        heat_mwh=heat_mwh,
        electricity_mwh=heat_mwh * option.electricity_mwh_per_mwh,
        cost_eur=option.cost_eur + option.cost_per_mw_eur * each.capacity_mw,
    )
