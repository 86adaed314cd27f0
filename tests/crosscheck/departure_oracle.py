"""Solve tiny cases with departures by enumeration; it shares nothing with `siting.future`.

Every combination of site options, pipes (in use either way, or spare, in each size) and connected
zones is listed; what is left for each is a small program of flows in the usual state and in each
scenario, with a yes-no decision for every pipe that may be shut.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.future.types import Departures, Scenario
from siting.problem import Edge, Problem, SiteOption

MILLION, THOUSAND = 1e6, 1e3

Pick = tuple[str, int]  # how a pipe lies (forth, back, spare), and its size


@dataclass
class Rows:
    """A program in the making: columns by name, rows as dictionaries; MW, GWh/a and MEUR."""

    columns: dict[str, int] = field(default_factory=dict)
    high: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def add(self, name: str, high: float = math.inf, *, whole: bool = False) -> str:
        self.columns[name] = len(self.high)
        self.high.append(high)
        self.whole.append(int(whole))
        return name

    def row(self, terms: dict[str, float], low: float, high: float) -> None:
        self.rows.append(({self.columns[k]: f for k, f in terms.items()}, low, high))

    def solve(self, gain: dict[str, float]) -> dict[str, float] | None:
        size = len(self.high)
        if not size:
            return {}
        matrix = np.zeros((len(self.rows), size))
        for i, (terms, _, _) in enumerate(self.rows):
            for k, factor in terms.items():
                matrix[i, k] = factor
        cost = np.zeros(size)
        for name, factor in gain.items():
            cost[self.columns[name]] -= factor
        low, high = [r[1] for r in self.rows], [r[2] for r in self.rows]
        answer = milp(
            cost,
            constraints=LinearConstraint(matrix, low, high),
            bounds=Bounds(np.zeros(size), np.array(self.high)),
            integrality=np.array(self.whole),
            options={"mip_rel_gap": 0.0},
        )
        if answer.status == 2:
            return None
        assert answer.status == 0, answer.message
        return {name: float(answer.x[k]) for name, k in self.columns.items()}


def best_value(case: Departures) -> float:
    """Return the most expected discounted heat per discounted euro of any plan [kWh/EUR]."""
    best = 0.0
    listed = [(bound(case, *each), each) for each in structures(case)]
    for most, (options, picks, zones) in sorted(listed, key=lambda each: -each[0]):
        if most <= best * (1 + 1e-9):
            break
        best = max(best, _value(case, options, picks, zones, best))
    return best * THOUSAND / THOUSAND


def structures(
    case: Departures,
) -> Iterator[tuple[dict[int, int], dict[int, Pick], tuple[int, ...]]]:
    problem = case.problem
    menus = [
        [None, *range(len(site.choices))] if not site.forbidden else [None]
        for site in problem.sites
    ]
    ways = ["forth", "back"] + (["spare"] if case.scenarios and case.spare_pipes else [])
    pipes = [
        [None, *((w, p) for w in ways for p in range(max(len(e.sizes), 1)))] for e in problem.edges
    ]
    for picked in itertools.product(*menus):
        options = {s: o for s, o in enumerate(picked) if o is not None}
        for laid in itertools.product(*pipes):
            picks = {e: pick for e, pick in enumerate(laid) if pick is not None}
            for count in range(1, len(problem.zones) + 1):
                for zones in itertools.combinations(range(len(problem.zones)), count):
                    if options and _reached(problem, options, picks, zones):
                        yield options, picks, zones


def _reached(
    problem: Problem, options: dict[int, int], picks: dict[int, Pick], zones: tuple[int, ...]
) -> bool:
    seen = {problem.sites[s].node for s in options}
    for _ in problem.nodes:
        for e, (way, _) in picks.items():
            edge = problem.edges[e]
            tail, head = (edge.u, edge.v) if way == "forth" else (edge.v, edge.u)
            if way != "spare" and tail in seen:
                seen.add(head)
    legal = all(not (problem.edges[e].one_way and way == "back") for e, (way, _) in picks.items())
    legal = legal and not any(problem.edges[e].forbidden for e in picks)
    return legal and all(
        problem.zones[z].node in seen and not problem.zones[z].forbidden for z in zones
    )


def bound(
    case: Departures, options: dict[int, int], picks: dict[int, Pick], zones: tuple[int, ...]
) -> float:
    years = _years(case.discount_rate, 0, case.horizon_a)
    heat = math.fsum(case.problem.zones[z].heat_mwh for z in zones)
    cost = _fixed(case.problem, options, picks, zones)
    return years * heat * 1e-3 / cost if cost > 0 else math.inf


def _fixed(
    problem: Problem, options: dict[int, int], picks: dict[int, Pick], zones: tuple[int, ...]
) -> float:
    parts = [problem.sites[s].choices[o].cost_eur for s, o in options.items()]
    parts += [problem.zones[z].cost_eur for z in zones]
    for e, (_, p) in picks.items():
        edge = problem.edges[e]
        parts.append(edge.sizes[p].cost_eur if edge.sizes else edge.cost_eur)
    return math.fsum(parts) / MILLION


def _years(rate: float, start: float, end: float) -> float:
    return math.fsum((1 + rate) ** -(start + k + 1) for k in range(round(end - start)))


def _value(
    case: Departures,
    options: dict[int, int],
    picks: dict[int, Pick],
    zones: tuple[int, ...],
    best: float,
) -> float:
    """Return the best ratio of one structure if it beats ``best``, else ``best``."""
    program = _Program(case, options, picks, zones)
    price = best
    while True:
        keys = {*program.heat, *program.euro}
        gain = {k: program.heat.get(k, 0.0) - price * program.euro.get(k, 0.0) for k in keys}
        found = program.rows.solve(gain)
        if found is None:
            return best
        heat = math.fsum(f * found[k] for k, f in program.heat.items())
        euro = program.fixed + math.fsum(f * found[k] for k, f in program.euro.items())
        if heat - price * euro <= 1e-9 * max(heat, 1.0):
            return max(best, price)
        price = heat / euro


def _figures(edge: Edge, p: int) -> tuple[float, float]:
    if edge.sizes:
        return edge.sizes[p].capacity_mw, edge.sizes[p].loss_mw
    return math.inf if edge.capacity_mw is None else edge.capacity_mw, edge.loss_mw


class _Program:
    """Flows of one structure: the usual state, and each scenario."""

    def __init__(
        self,
        case: Departures,
        options: dict[int, int],
        picks: dict[int, Pick],
        zones: tuple[int, ...],
    ) -> None:
        self.case, self.problem, self.picks, self.zones = case, case.problem, picks, zones
        self.options = {s: self.problem.sites[s].choices[o] for s, o in options.items()}
        self.fixed = _fixed(self.problem, options, picks, zones)
        self.rows, self.heat, self.euro = Rows(), {}, {}
        self.hours = self.problem.hours_per_a / THOUSAND
        rate, end = case.discount_rate, case.horizon_a
        self.later = [s.probability * _years(rate, s.after_a, end) for s in case.scenarios]
        self._first(_years(rate, 0, end) - math.fsum(self.later))
        for w, scenario in enumerate(case.scenarios):
            self._state(w, scenario)

    def _most(self, option: SiteOption) -> float:
        return math.inf if option.capacity_mw is None else option.capacity_mw

    def _first(self, years: float) -> None:
        rows, balance, lost = self.rows, {n: {} for n in self.problem.nodes}, {}
        for s, option in self.options.items():
            balance[self.problem.sites[s].node][rows.add(f"g{s}")] = 1.0
            both = {f"g{s}": 1.0}
            self.euro[f"g{s}"] = option.cost_per_mw_eur / MILLION
            if self.case.scenarios:
                both[rows.add(f"reserve{s}")] = 1.0
                self.euro[f"reserve{s}"] = option.cost_per_mw_eur / MILLION
            rows.row(both, 0, self._most(option))
        for e, (way, p) in self.picks.items():
            edge = self.problem.edges[e]
            most, loss = _figures(edge, p)
            rate = 0.0 if edge.sizes else edge.cost_per_mw_eur / MILLION
            if rate and self.case.scenarios:
                self.euro[rows.add(f"wider{e}")] = rate
            if way == "spare":
                continue
            tail, head = (edge.u, edge.v) if way == "forth" else (edge.v, edge.u)
            rows.add(f"f{e}", most)
            self.euro[f"f{e}"] = rate
            balance[tail][f"f{e}"] = balance[tail].get(f"f{e}", 0.0) - 1.0
            share = 0.0 if edge.sizes else edge.loss_per_mw
            balance[head][f"f{e}"] = 1.0 - share
            lost[head] = lost.get(head, 0.0) + loss
        for z in self.zones:
            zone = self.problem.zones[z]
            rows.add(f"q{z}", zone.peak_mw)
            rows.add(f"h{z}", zone.heat_mwh / THOUSAND)
            self.heat[f"h{z}"] = years
            balance[zone.node][f"q{z}"] = -1.0
            lost[zone.node] = lost.get(zone.node, 0.0) + zone.loss_mw
            if not zone.load_curve:
                rows.row({f"q{z}": 1.0}, zone.peak_mw, zone.peak_mw)
            self._under_curve(z, f"q{z}", f"h{z}", None)
        for n, terms in balance.items():
            rows.row(terms, lost.get(n, 0.0), lost.get(n, 0.0))
        for r, place in enumerate(self.case.replacements if self.case.scenarios else ()):
            most = math.inf if place.capacity_mw is None else place.capacity_mw
            self.euro[rows.add(f"standby{r}", most)] = place.cost_per_mw_eur / MILLION

    def _under_curve(self, z: int, power: str, heat: str, served: str | None) -> None:
        zone = self.problem.zones[z]
        most = zone.heat_mwh / THOUSAND
        for (x0, y0), (x1, y1) in itertools.pairwise(zone.load_curve):
            slope = (y1 - y0) / (x1 - x0)
            constant = most * (y0 - slope * x0)
            terms = {heat: 1.0, power: -most * slope / zone.peak_mw}
            if served is not None:
                terms[served] = -constant
            self.rows.row(terms, -math.inf, constant if served is None else 0.0)

    def _state(self, w: int, scenario: Scenario) -> None:
        rows, years = self.rows, self.later[w]
        total = {n: {} for n in self.problem.nodes}
        own = {n: {} for n in self.problem.nodes}
        aid = {n: {} for n in self.problem.nodes}
        paid = scenario.probability * (1 + self.case.discount_rate) ** -scenario.after_a
        for s in self.options:
            site = self.problem.sites[s]
            factor = scenario.output.get(site.id, 1.0)
            name = rows.add(f"g{w},{s}")
            rows.row({name: 1.0, f"g{s}": -factor, f"reserve{s}": -factor}, -math.inf, 0)
            total[site.node][name] = own[site.node][name] = 1.0
        used = []
        for r, place in enumerate(self.case.replacements):
            name = rows.add(f"u{w},{r}")
            used.append(name)
            room = {name: 1.0, f"standby{r}": -1.0}
            factors = scenario.output.values()
            nothing_lost = any(f > 1 for f in factors) and not any(f < 1 for f in factors)
            if nothing_lost:
                rows.row({name: 1.0}, 0, 0)
            elif not scenario.sudden:
                room[rows.add(f"b{w},{r}")] = -1.0
                self.euro[f"b{w},{r}"] = paid * place.cost_per_mw_eur / MILLION
                if place.capacity_mw is not None:
                    rows.row({f"b{w},{r}": 1.0, f"standby{r}": 1.0}, 0, place.capacity_mw)
            rows.row(room, -math.inf, 0)
            total[place.node][name] = 1.0
        for e, (_, p) in self.picks.items():
            self._pipe(w, e, p, total, own, aid)
        energy: dict[str, float] = {}
        for z in self.zones:
            zone = self.problem.zones[z]
            share, power, heat = (rows.add(f"{k}{w},{z}") for k in "sqh")
            part, gives = rows.add(f"p{w},{z}"), rows.add(f"d{w},{z}")
            rows.row({share: 1.0}, 0, 1)
            rows.row({power: 1.0, share: -zone.peak_mw}, -math.inf, 0)
            rows.row({heat: 1.0, share: -zone.heat_mwh / THOUSAND}, -math.inf, 0)
            if not zone.load_curve:
                rows.row({power: 1.0, share: -zone.peak_mw}, 0, 0)
                rows.row({gives: 1.0, part: -zone.heat_mwh / THOUSAND / zone.peak_mw}, -math.inf, 0)
            self._under_curve(z, power, heat, share)
            self._under_curve(z, part, gives, share)
            rows.row({part: 1.0, power: -1.0}, -math.inf, 0)
            rows.row({gives: 1.0, heat: -1.0}, -math.inf, 0)
            total[zone.node][power], own[zone.node][part] = -1.0, -1.0
            total[zone.node][share] = own[zone.node][share] = -zone.loss_mw
            aid[zone.node][share] = zone.loss_mw
            energy[heat], energy[gives] = -1.0, 1.0
            counts = self.case.counts if self.case.replacements else 1.0
            self.heat[heat] = years * counts
            self.heat[gives] = years * (1 - counts)
            if all(factor <= 1 for factor in scenario.output.values()):
                rows.row({power: 1.0, f"q{z}": -1.0}, -math.inf, 0)
            if scenario.kept:
                rows.row({share: 1.0}, scenario.kept, 1)
                rows.row({power: 1.0, f"q{z}": -scenario.kept}, 0, math.inf)
        if self.case.least_supply:
            terms = {f"h{w},{z}": 1.0 for z in self.zones}
            rows.row(terms | {f"h{z}": -self.case.least_supply for z in self.zones}, 0, math.inf)
        for n in self.problem.nodes:
            name = rows.add(f"aid{w},{n}")
            rows.row({name: 1.0, **{k: -f for k, f in aid[n].items()}}, -math.inf, 0)
            rows.row(total[n], 0, 0)
            rows.row({**own[n], name: 1.0}, 0, 0)
            energy[name] = -self.hours
        for e in self.picks:
            share = 0.0 if self.problem.edges[e].sizes else self.problem.edges[e].loss_per_mw
            if share:
                for way in ("forth", "back"):
                    energy[f"{way}{w},{e}"] = -self.hours * share
                    energy[f"own{way}{w},{e}"] = self.hours * share
        if not self.case.replacements:
            return
        for r, place in enumerate(self.case.replacements):
            name = rows.add(f"e{w},{r}")
            energy[name] = 1.0
            rows.row({name: 1.0, used[r]: -self.hours}, -math.inf, 0)
            self.euro[name] = years * place.cost_per_mwh_eur / THOUSAND
        rows.row(energy, 0, 0)

    def _pipe(
        self,
        w: int,
        e: int,
        p: int,
        total: dict[str, dict[str, float]],
        own: dict[str, dict[str, float]],
        aid: dict[str, dict[str, float]],
    ) -> None:
        rows, edge = self.rows, self.problem.edges[e]
        most, loss = _figures(edge, p)
        big = min(most, 1e3)
        on = rows.add(f"on{w},{e}", 1.0, whole=True)
        flows = {}
        for way, (tail, head) in (("forth", (edge.u, edge.v)), ("back", (edge.v, edge.u))):
            high = 0.0 if edge.one_way and way == "back" else big
            name, part = rows.add(f"{way}{w},{e}", high), rows.add(f"own{way}{w},{e}")
            rows.row({part: 1.0, name: -1.0}, -math.inf, 0)
            flows[name] = 1.0
            share = 0.0 if edge.sizes else edge.loss_per_mw
            for each, key in ((total, name), (own, part)):
                each[tail][key] = -1.0
                each[head][key] = 1.0 - share
        rows.row({**flows, on: -big + loss / 2}, -math.inf, 0)
        if f"wider{e}" in rows.columns:
            sized = {f"wider{e}": -1.0} | ({f"f{e}": -1.0} if f"f{e}" in rows.columns else {})
            rows.row({**flows, on: loss / 2, **sized}, -math.inf, 0)
        for n in (edge.u, edge.v):
            total[n][on] = own[n][on] = -loss / 2
            aid[n][on] = aid[n].get(on, 0.0) + loss / 2
