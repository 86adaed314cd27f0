"""State a problem as the plain big-M single-commodity flow model, in arrays for HiGHS.

This is what open tools for heat networks start from: for each direction of each trench a yes-no
decision and a flow, ``flow <= M * built``, balance at each node, and nothing that strengthens it.
Data, limits and objectives are all those of the problem, so that values compare.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array

from siting.model.data import flow_limit
from siting.problem import Edge, Problem

__all__ = ["FlowModel", "flow_model"]

Floats = npt.NDArray[np.float64]


@dataclass
class FlowModel:
    """Columns, rows and the three sums of the model.

    ``heat``, ``capex`` and ``value`` are vectors over the columns, in units of `heat_unit_mwh` and
    `cost_unit_eur`; flows are in MW. The other lists lead from columns back to the problem.
    """

    lower: Floats
    upper: Floats
    integer: npt.NDArray[np.bool_]
    matrix: csr_array
    row_lower: Floats
    row_upper: Floats
    heat: Floats
    capex: Floats
    value: Floats
    heat_unit_mwh: float
    cost_unit_eur: float
    pipes: list[tuple[int, bool, int | None, int]]
    """Column, whether it runs from u to v, number of the size, and position of the edge."""
    flows: dict[tuple[int, bool], int]
    steps: dict[tuple[int, bool], int]
    """Column of the flow of power, and of the mere reaching, by edge and direction."""
    options: list[tuple[int, int, int, int]]
    """Column of the opening, column of the output, position of the site, number of the option."""
    connect: dict[int, int]
    base: dict[int, int]


@dataclass
class _Writer:
    """Collect columns and rows."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    sums: dict[str, dict[int, float]] = field(
        default_factory=lambda: {"heat": {}, "capex": {}, "value": {}}
    )
    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    factor: list[float] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)

    def add(self, upper: float, *, lower: float = 0.0, integer: bool = False, **sums: float) -> int:
        """Add a column and say what it adds to heat, capex or value."""
        at = len(self.lower)
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        for name, each in sums.items():
            if each:
                self.sums[name][at] = each
        return at

    def rule(
        self, terms: list[tuple[int, float]], low: float = -math.inf, high: float = math.inf
    ) -> None:
        """Add a row."""
        at = len(self.row_lower)
        self.row.extend([at] * len(terms))
        self.column.extend(column for column, _ in terms)
        self.factor.extend(factor for _, factor in terms)
        self.row_lower.append(low)
        self.row_upper.append(high)

    def sum_of(self, name: str) -> list[tuple[int, float]]:
        """Return one of the sums as terms."""
        return list(self.sums[name].items())

    def vector(self, name: str) -> Floats:
        """Return one of the sums over all columns."""
        full = np.zeros(len(self.lower))
        full[list(self.sums[name])] = list(self.sums[name].values())
        return full


def flow_model(problem: Problem) -> FlowModel:
    """Return the model of a problem.

    Raises
    ------
    NotImplementedError
        Net value with options of different running cost: that needs flows over the year.
    """
    rates = {o.cost_per_mwh_eur for site in problem.sites for o in site.choices}
    if problem.objective.kind == "net_value" and len(rates) > 1:
        message = "the plain flow model knows one running cost only"
        raise NotImplementedError(message)
    rate = max(rates, default=0.0) if problem.objective.kind == "net_value" else 0.0
    return _Model(problem, rate).write()


class _Model:
    """Write the columns and rows of one problem."""

    def __init__(self, problem: Problem, rate: float) -> None:
        self.problem, self.rate, self.out = problem, rate, _Writer()
        self.cost_unit = _unit([_most(edge) for edge in problem.edges])
        self.heat_unit = _unit([zone.heat_mwh for zone in problem.zones])
        self.most = flow_limit(problem)
        self.unmeasured = [
            k for k, zone in enumerate(problem.zones) if zone.peak_mw + zone.loss_mw <= 0
        ]
        self.balance: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.reach: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.pipes: list[tuple[int, bool, int | None, int]] = []
        self.flows: dict[tuple[int, bool], int] = {}
        self.steps: dict[tuple[int, bool], int] = {}
        self.options: list[tuple[int, int, int, int]] = []
        self.connect: dict[int, int] = {}
        self.base: dict[int, int] = {}

    def write(self) -> FlowModel:
        """Return the finished model."""
        for k, edge in enumerate(self.problem.edges):
            if not edge.forbidden and edge.u != edge.v:
                self._edge(k, edge)
        self._sites()
        for k in range(len(self.problem.zones)):
            self._zone(k)
        for terms in self.balance.values():
            self.out.rule(terms, 0.0, 0.0)
        for terms in self.reach.values():
            self.out.rule(terms, 0.0, 0.0)
        self._limits()
        return self._finished()

    def _edge(self, k: int, edge: Edge) -> None:
        """Both directions of a trench: yes-no, flow, and one pipe at most."""
        both: list[tuple[int, float]] = []
        for forward in (True,) if edge.one_way else (True, False):
            tail, head = (edge.u, edge.v) if forward else (edge.v, edge.u)
            built = [self._pipe(k, edge, number, forward) for number in _numbers(edge)]
            per_mw = edge.cost_per_mw_eur if not edge.sizes else 0.0
            share = edge.loss_per_mw if not edge.sizes else 0.0
            flow = self.out.add(self.most, **self._money(per_mw, lost_mw=share))
            self.flows[k, forward] = flow
            caps = [(c, -min(cap, self.most)) for c, cap, _ in built]
            self.out.rule([(flow, 1.0), *caps], high=0.0)
            self.balance[tail].append((flow, -1.0))
            self.balance[head] += [(flow, 1.0 - share), *((c, -loss) for c, _, loss in built)]
            if self.unmeasured:
                count = float(len(self.unmeasured))
                step = self.out.add(count)
                self.steps[k, forward] = step
                self.out.rule([(step, 1.0), *((c, -count) for c, _, _ in built)], high=0.0)
                self.reach[tail].append((step, -1.0))
                self.reach[head].append((step, 1.0))
            both += [(c, 1.0) for c, _, _ in built]
        self.out.rule(both, high=1.0)

    def _pipe(
        self, k: int, edge: Edge, number: int | None, forward: bool
    ) -> tuple[int, float, float]:
        """Add the yes-no of one direction and size; return column, capacity and loss [MW]."""
        if number is None:
            cost, loss = edge.cost_eur, edge.loss_mw
            capacity = math.inf if edge.capacity_mw is None else edge.capacity_mw
        else:
            size = edge.sizes[number]
            cost, loss, capacity = size.cost_eur, size.loss_mw, size.capacity_mw
        column = self.out.add(1.0, integer=True, **self._money(cost, lost_mw=loss))
        self.pipes.append((column, forward, number, k))
        return column, capacity, loss

    def _money(self, cost_eur: float, *, lost_mw: float = 0.0) -> dict[str, float]:
        """Return what an investment adds to capex and, with the heat lost, to the net value."""
        lost_eur = self.rate * self.problem.hours_per_a * lost_mw
        weighted = self.problem.objective.capital_factor * cost_eur
        return {
            "capex": cost_eur / self.cost_unit,
            "value": -(weighted + lost_eur) / self.cost_unit,
        }

    def _sites(self) -> None:
        """Options open or not, what is installed, at most one for each site and group."""
        families: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for s, site in enumerate(self.problem.sites):
            for number, option in enumerate(() if site.forbidden else site.choices):
                most = self.most if option.capacity_mw is None else option.capacity_mw
                most = min(most, self.most)
                opened = self.out.add(1.0, integer=True, **self._money(option.cost_eur))
                output = self.out.add(most, **self._money(option.cost_per_mw_eur))
                self.out.rule([(output, 1.0), (opened, -most)], high=0.0)
                self.options.append((opened, output, s, number))
                self.balance[site.node].append((output, 1.0))
                families[f"s {site.id}"].append((opened, 1.0))
                if site.group:
                    families[f"g {site.group}"].append((opened, 1.0))
                if self.unmeasured:
                    count = float(len(self.unmeasured))
                    step = self.out.add(count)
                    self.out.rule([(step, 1.0), (opened, -count)], high=0.0)
                    self.reach[site.node].append((step, 1.0))
            if site.mandatory:
                self.out.rule(families[f"s {site.id}"], low=1.0)
        for terms in families.values():
            self.out.rule(terms, high=1.0)

    def _zone(self, k: int) -> None:
        """A zone is connected or not; with a load curve it is granted base capacity."""
        zone = self.problem.zones[k]
        if zone.forbidden:
            return
        objective = self.problem.objective
        money = self._money(zone.cost_eur, lost_mw=zone.loss_mw)
        money["value"] += zone.value_eur / self.cost_unit
        price = zone.value_eur_per_mwh + objective.heat_price_eur_per_mwh - self.rate
        heat = zone.heat_mwh / self.heat_unit
        worth = price * self.heat_unit / self.cost_unit
        if not zone.load_curve:
            money["heat"] = heat
            money["value"] += heat * worth
        x = self.out.add(1.0, lower=float(zone.mandatory), integer=True, **money)
        self.connect[k] = x
        draw = [(x, -zone.loss_mw)] if zone.loss_mw else []
        if zone.load_curve:
            base = self.out.add(zone.peak_mw)
            got = self.out.add(heat, heat=1.0, value=worth)
            self.base[k] = base
            self.out.rule([(base, 1.0), (x, -zone.peak_mw)], high=0.0)
            for slope, offset in _tangents(zone.load_curve):
                at = slope * heat / zone.peak_mw
                self.out.rule([(got, 1.0), (base, -at), (x, -offset * heat)], high=0.0)
            draw.append((base, -1.0))
        elif zone.peak_mw:
            draw = [(x, -zone.peak_mw - zone.loss_mw)]
        self.balance[zone.node] += draw
        if k in self.unmeasured:
            self.reach[zone.node].append((x, -1.0))

    def _limits(self) -> None:
        limits, out = self.problem.limits, self.out
        if limits.budget_eur is not None:
            out.rule(out.sum_of("capex"), high=limits.budget_eur / self.cost_unit)
        if limits.min_heat_mwh:
            out.rule(out.sum_of("heat"), low=limits.min_heat_mwh / self.heat_unit)
        opened = [(column, 1.0) for column, *_ in self.options]
        if limits.min_sites:
            out.rule(opened, low=limits.min_sites)
        if limits.max_sites is not None:
            out.rule(opened, high=limits.max_sites)
        if limits.min_zones:
            out.rule([(x, 1.0) for x in self.connect.values()], low=limits.min_zones)

    def _finished(self) -> FlowModel:
        out = self.out
        shape = (len(out.row_lower), len(out.lower))
        matrix = coo_array((out.factor, (out.row, out.column)), shape=shape).tocsr()
        return FlowModel(
            lower=np.array(out.lower),
            upper=np.array(out.upper),
            integer=np.array(out.integer, dtype=bool),
            matrix=matrix,
            row_lower=np.array(out.row_lower),
            row_upper=np.array(out.row_upper),
            heat=out.vector("heat"),
            capex=out.vector("capex"),
            value=out.vector("value"),
            heat_unit_mwh=self.heat_unit,
            cost_unit_eur=self.cost_unit,
            pipes=self.pipes,
            flows=self.flows,
            steps=self.steps,
            options=self.options,
            connect=self.connect,
            base=self.base,
        )


def _numbers(edge: Edge) -> list[Any]:
    return list(range(len(edge.sizes))) if edge.sizes else [None]


def _most(edge: Edge) -> float:
    return edge.sizes[-1].cost_eur if edge.sizes else edge.cost_eur + edge.cost_per_mw_eur


def _unit(figures: list[float]) -> float:
    """Return a power of ten near the middle of the positive figures."""
    positive = [each for each in figures if each > 0]
    return 10.0 ** round(math.log10(float(np.median(positive)))) if positive else 1.0


def _tangents(curve: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Return slope and offset of each piece of a concave line."""
    corners = np.array(curve)
    slope = np.diff(corners[:, 1]) / np.diff(corners[:, 0])
    return list(
        zip(slope.tolist(), (corners[:-1, 1] - slope * corners[:-1, 0]).tolist(), strict=True)
    )
