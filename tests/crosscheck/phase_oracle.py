"""Solve tiny cases with phases by enumeration; it shares nothing with `siting.future`.

Every nested choice of sites and zones by period, and every way in which the pipes of each period
are in use, is listed. Pipes are paid for by going through all moments at which the sizes that are
needed can be laid. Flows of each period are a small linear program of their own; what links them
(output installed, width of linear pipes) is in one program for all periods.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from siting.future.types import Phases
from siting.problem import Edge

from .departure_oracle import MILLION, THOUSAND, Rows

Way = tuple[str, int] | None


def best_value(case: Phases) -> float:
    """Return the most discounted heat per discounted euro of any plan in phases [kWh/EUR]."""
    best = 0.0
    listed = []
    for sites, zones, ways in structures(case):
        fixed, most = _fixed(case, sites, zones, ways), _most(case, zones)
        listed.append((most / fixed if fixed else math.inf, sites, zones, ways, fixed))
    for most, sites, zones, ways, fixed in sorted(listed, key=lambda each: -each[0]):
        if most <= best * (1 + 1e-9):
            break
        best = max(best, _value(case, sites, zones, ways, fixed, best))
    return best


def _years(case: Phases, t: int) -> list[int]:
    start = sum(p.years_a for p in case.periods[:t])
    return list(range(start, start + case.periods[t].years_a))


def _worth(case: Phases, year: float) -> float:
    return (1 + case.discount_rate) ** -year


def _share(case: Phases, built: int, t: int) -> float:
    """Return the discounted mean of the ramp of a zone built in one period, in another."""
    first = _years(case, built)[0]
    total = part = 0.0
    for year in _years(case, t):
        weight = _worth(case, year + 1)
        ramp = case.ramp[min(year - first, len(case.ramp) - 1)] if case.ramp else 1.0
        total, part = total + weight, part + weight * ramp
    return part / total


def structures(case: Phases) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], list[list[Way]]]]:
    """Yield the period in which each site and zone joins, and the use of each edge by period."""
    problem, periods = case.problem, len(case.periods)
    never = periods

    def menu(first: int, *, barred: bool) -> list[int]:
        return [
            never,
            *(t for t in range(periods) if not barred and _years(case, t)[0] >= first),
        ]

    site_menus = [menu(case.site_from_year.get(s.id, 0), barred=s.forbidden) for s in problem.sites]
    zone_menus = [menu(case.zone_from_year.get(z.id, 0), barred=z.forbidden) for z in problem.zones]
    for sites in itertools.product(*site_menus):
        for zones in itertools.product(*zone_menus):
            if all(t == never for t in zones):
                continue
            uses = [_uses(case, t, sites, zones) for t in range(periods)]
            for ways in itertools.product(*uses):
                yield sites, zones, [list(each) for each in ways]


def _uses(
    case: Phases, t: int, sites: tuple[int, ...], zones: tuple[int, ...]
) -> list[tuple[Way, ...]]:
    """Return every use of the edges in a period in which all zones connected are reached."""
    problem = case.problem
    menus: list[list[Way]] = []
    for edge in problem.edges:
        there = not edge.forbidden and case.edge_from_year.get(edge.id, 0) <= _years(case, t)[0]
        steps = range(max(len(edge.sizes), 1)) if there else ()
        ways = ("forth",) if edge.one_way else ("forth", "back")
        menus.append([None, *((w, p) for w in ways for p in steps)])
    found = []
    for use in itertools.product(*menus):
        seen = {problem.sites[s].node for s, at in enumerate(sites) if at <= t}
        ends = []
        for edge, way in zip(problem.edges, use, strict=True):
            if way is not None:
                ends.append((edge.u, edge.v) if way[0] == "forth" else (edge.v, edge.u))
        for _ in problem.nodes:
            seen |= {head for tail, head in ends if tail in seen}
        wanted = {problem.zones[z].node for z, at in enumerate(zones) if at <= t}
        leaves = {tail for tail, _ in ends} | wanted
        if wanted <= seen and all(tail in seen and head in leaves for tail, head in ends):
            found.append(use)
    return found


def _most(case: Phases, zones: tuple[int, ...]) -> float:
    total = 0.0
    for t in range(len(case.periods)):
        years = math.fsum(_worth(case, y + 1) for y in _years(case, t))
        for z, at in enumerate(zones):
            if at <= t:
                heat = case.problem.zones[z].heat_mwh / THOUSAND
                total += years * heat * _share(case, at, t)
    return total


def _fixed(
    case: Phases, sites: tuple[int, ...], zones: tuple[int, ...], ways: list[list[Way]]
) -> float:
    """Return the discounted cost of sites, zones and pipes without what is paid per MW [MEUR]."""
    starts = [_years(case, t)[0] for t in range(len(case.periods))]
    problem = case.problem
    parts = [
        problem.sites[s].choices[0].cost_eur * _worth(case, starts[t])
        for s, t in enumerate(sites)
        if t < len(starts)
    ]
    parts += [
        problem.zones[z].cost_eur * _worth(case, starts[t])
        for z, t in enumerate(zones)
        if t < len(starts)
    ]
    for e, edge in enumerate(problem.edges):
        parts.append(_pipe_cost(case, edge, [use[e] for use in ways], starts))
    return math.fsum(parts) / MILLION


def _pipe_cost(case: Phases, edge: Edge, use: list[Way], starts: list[int]) -> float:
    """Return the least cost of having each size there when it is first used [EUR]."""
    first: dict[int, int] = {}
    for t, way in enumerate(use):
        if way is not None:
            first.setdefault(way[1], t)
    moments = [
        [t for t in range(by + 1) if case.edge_from_year.get(edge.id, 0) <= starts[t]]
        for by in first.values()
    ]
    best = math.inf
    for chosen in itertools.product(*moments):
        if len(set(chosen)) < len(chosen):
            continue  # one pipe is laid at a time
        cost = 0.0
        for p, t in zip(first, chosen, strict=True):
            full = edge.sizes[p].cost_eur if edge.sizes else edge.cost_eur
            factor = case.periods[t].edge_cost_factor.get(edge.id, 1.0)
            cost += full * factor * _worth(case, starts[t])
        best = min(best, cost)
    return best


def _value(
    case: Phases,
    sites: tuple[int, ...],
    zones: tuple[int, ...],
    ways: list[list[Way]],
    fixed: float,
    best: float,
) -> float:
    rows, heat, euro = _program(case, sites, zones, ways)
    price = best
    while True:
        gain = {k: heat.get(k, 0.0) - price * euro.get(k, 0.0) for k in {*heat, *euro}}
        found = rows.solve(gain)
        if found is None:
            return best
        gives = math.fsum(f * found[k] for k, f in heat.items())
        costs = fixed + math.fsum(f * found[k] for k, f in euro.items())
        if gives - price * costs <= 1e-9 * max(gives, 1.0):
            return max(best, price)
        price = gives / costs


def _program(
    case: Phases, sites: tuple[int, ...], zones: tuple[int, ...], ways: list[list[Way]]
) -> tuple[Rows, dict[str, float], dict[str, float]]:
    problem, rows = case.problem, Rows()
    heat: dict[str, float] = {}
    euro: dict[str, float] = {}

    def pay(name: str, before: str, rate: float, worth: float) -> None:
        euro[name] = euro.get(name, 0.0) + rate * worth
        if before in rows.columns:
            euro[before] = euro.get(before, 0.0) - rate * worth
            rows.row({name: 1.0, before: -1.0}, 0, math.inf)

    for t in range(len(case.periods)):
        years = math.fsum(_worth(case, y + 1) for y in _years(case, t))
        worth = _worth(case, _years(case, t)[0])
        balance: dict[str, dict[str, float]] = {n: {} for n in problem.nodes}
        lost = dict.fromkeys(problem.nodes, 0.0)
        for s, at in enumerate(sites):
            if at > t:
                continue
            option = problem.sites[s].choices[0]
            most = math.inf if option.capacity_mw is None else option.capacity_mw
            gives, plant = rows.add(f"g{t},{s}", most), rows.add(f"plant{t},{s}", most)
            rows.row({gives: 1.0, plant: -1.0}, -math.inf, 0)
            pay(plant, f"plant{t - 1},{s}", option.cost_per_mw_eur / MILLION, worth)
            balance[problem.sites[s].node][gives] = 1.0
        for e, edge in enumerate(problem.edges):
            wide = ""
            if edge.cost_per_mw_eur and not edge.sizes:
                wide = rows.add(f"wide{t},{e}")
                factor = case.periods[t].edge_cost_factor.get(edge.id, 1.0)
                pay(wide, f"wide{t - 1},{e}", edge.cost_per_mw_eur * factor / MILLION, worth)
            way = ways[t][e]
            if way is None:
                continue
            tail, head = (edge.u, edge.v) if way[0] == "forth" else (edge.v, edge.u)
            size = edge.sizes[way[1]] if edge.sizes else None
            most = size.capacity_mw if size else edge.capacity_mw
            flow = rows.add(f"f{t},{e}", math.inf if most is None else most)
            if wide:
                rows.row({flow: 1.0, wide: -1.0}, -math.inf, 0)
            balance[tail][flow] = -1.0
            balance[head][flow] = 1.0 - (0.0 if size else edge.loss_per_mw)
            lost[head] += size.loss_mw if size else edge.loss_mw
        for z, at in enumerate(zones):
            if at > t:
                continue
            zone, share = problem.zones[z], _share(case, at, t)
            most = zone.heat_mwh / THOUSAND
            low = 0.0 if zone.load_curve else zone.peak_mw
            power = rows.add(f"q{t},{z}", zone.peak_mw * share if zone.load_curve else low)
            gets = rows.add(f"h{t},{z}", most * share)
            rows.row({power: 1.0}, low, math.inf)
            for (x0, y0), (x1, y1) in itertools.pairwise(zone.load_curve):
                slope = (y1 - y0) / (x1 - x0)
                terms = {gets: 1.0, power: -most * slope / zone.peak_mw}
                rows.row(terms, -math.inf, most * (y0 - slope * x0) * share)
            heat[gets] = years
            balance[zone.node][power] = -1.0
            lost[zone.node] += zone.loss_mw
        for n, terms in balance.items():
            rows.row(terms, lost[n], lost[n])
    return rows, heat, euro
