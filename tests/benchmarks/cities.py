"""Make seeded synthetic cities of any size, and ask named questions of them.

Streets are a jittered grid from which streets are missing, with a few diagonals, and many streets
are cut into pieces, so that about two thirds of the nodes have degree two, as in OpenStreetMap.
Demand gathers around a few centres and is lognormal. All figures are invented for benchmarks; none
stands for a real place. The affine pipe price is that of the lab notes on algorithms; the
catalogue, its losses and the load curves are those of the package.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.economics import crf
from siting.heat import load_curve
from siting.parameters import load_parameters
from siting.pipes import PipeCatalogue, catalogue_for
from siting.problem import Edge, Limits, Objective, PipeSize, Problem, Site, SiteOption, Zone

__all__ = ["PIPES", "QUESTIONS", "SIZES", "City", "Size", "ask", "city_problem", "make_city"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BLOCK_M, JITTER_M = 110.0, 28.0
MISSING, DIAGONAL, CUT = 0.28, 0.05, 0.45
PIECES_PER_NODE = 2.76
"""Edges that a grid crossing yields once streets are missing and cut [-]."""
PIPE_EUR_PER_M, PIPE_EUR_PER_M_MW = 900.0, 22.0
SITE_MW, SITE_EUR, SITE_EUR_PER_MW = (5.0, 120.0), 1e6, (1.5e5, 5e5)
ZONE_MWH, ZONE_SPREAD, FULL_LOAD_H = 1_800.0, 0.8, (1_800.0, 3_200.0)
CONNECTION_EUR, CONNECTION_EUR_PER_MW = 2e4, (6e4, 1.6e5)
CONSUMER_MWH, CONSUMER_EUR = 60.0, 4e3
"""Median demand and least connection cost where a zone is one building."""
SUPPLY_C, RETURN_C, PRESSURE_PA_PER_M = 70.0, 40.0, 100.0
HEAT_PRICE_EUR_PER_MWH = 40.0
RATE, LIFETIME_A = 0.04, 40.0
BUDGET_EUR_PER_MWH = 240.0
COVERED = 0.9
PIPES = ("affine", "catalogue")


@dataclass(frozen=True)
class Size:
    """How large a city is: street edges, demand zones, candidate sites.

    ``buildings`` marks a district whose zones are single buildings; with ``service_lines`` each
    hangs on a line of its own, which counts as an edge.
    """

    edges: int
    zones: int
    sites: int
    buildings: bool = False
    service_lines: bool = False


SIZES: dict[str, Size] = {
    "1k": Size(1_000, 100, 5),
    "5k": Size(5_000, 400, 10),
    "20k": Size(20_000, 1_500, 15),
    "100k": Size(100_000, 6_000, 30),
    "500k": Size(500_000, 20_000, 30),
    "district": Size(2_000, 1_000, 2, buildings=True, service_lines=True),
    "streets": Size(2_000, 1_000, 2, buildings=True),
}


@dataclass(frozen=True)
class City:
    """A city in arrays; positions of nodes lead from one to another.

    Parameters
    ----------
    xy
        Places of the nodes [m].
    ends, length_m
        Two nodes of each edge, and its length in whole metres [m].
    zone_node, heat_mwh, peak_mw, zone_cost_eur
        Where each zone is, what it needs and what connecting it costs.
    site_node, site_mw, site_cost_eur, site_cost_per_mw_eur
        Where each site is, what it can give and what it costs.
    """

    xy: Floats
    ends: Ints
    length_m: Floats
    zone_node: Ints
    heat_mwh: Floats
    peak_mw: Floats
    zone_cost_eur: Floats
    site_node: Ints
    site_mw: Floats
    site_cost_eur: Floats
    site_cost_per_mw_eur: Floats


def make_city(size: Size, seed: int = 1) -> City:
    """Return the city of a size and a seed, always the same one.

    It is connected and has exactly the edges, zones and sites asked for.
    """
    rng = np.random.default_rng([seed, size.edges, size.zones, size.sites])
    streets = size.edges - size.zones if size.service_lines else size.edges
    xy, ends = _pieces(rng, *_street_grid(rng, streets), streets)
    centres = rng.uniform(xy.min(axis=0), xy.max(axis=0), (max(3, size.sites // 2), 2))
    reach = 0.16 * np.ptp(xy[:, 0]) * rng.uniform(0.5, 1.4, len(centres))
    density = _density(xy, centres, reach)
    chance = 0.12 + density
    many = size.service_lines  # several buildings may hang on one node of the street
    node = rng.choice(len(xy), size.zones, replace=many, p=chance / chance.sum())
    typical = CONSUMER_MWH if size.buildings else ZONE_MWH
    heat = typical * (0.6 + 1.2 * density[node]) * rng.lognormal(0.0, ZONE_SPREAD, size.zones)
    peak = heat / rng.uniform(*FULL_LOAD_H, size.zones)
    least = CONSUMER_EUR if size.buildings else CONNECTION_EUR
    cost = least + peak * rng.uniform(*CONNECTION_EUR_PER_MW, size.zones)
    if size.service_lines:
        xy, ends, node = _with_service_lines(rng, xy, ends, node)
    lines = xy[ends[:, 0]] - xy[ends[:, 1]]
    return City(
        xy=xy,
        ends=ends,
        length_m=np.maximum(np.rint(np.hypot(*lines.T)), 1.0),
        zone_node=node,
        heat_mwh=np.round(heat, 1),
        peak_mw=np.round(peak, 4),
        zone_cost_eur=np.round(cost, 0),
        **_sites(rng, size, ends, node, float(peak.sum())),
    )


def _street_grid(rng: np.random.Generator, edges: int) -> tuple[Floats, Ints]:
    """Return the crossings and streets of the largest connected part of a grid with gaps."""
    side = int(np.ceil(np.sqrt(edges / PIECES_PER_NODE))) + 1
    east, north = np.meshgrid(np.arange(side) * BLOCK_M, np.arange(side) * BLOCK_M)
    xy = np.stack([east, north], axis=-1).reshape(-1, 2)
    xy = xy + rng.uniform(-JITTER_M, JITTER_M, xy.shape)
    number = np.arange(side * side).reshape(side, side)
    straight = np.concatenate(
        [
            np.stack([number[:, :-1], number[:, 1:]], axis=-1).reshape(-1, 2),
            np.stack([number[:-1], number[1:]], axis=-1).reshape(-1, 2),
        ]
    )
    straight = straight[rng.random(len(straight)) >= MISSING]
    across = np.stack([number[:-1, :-1], number[1:, 1:]], axis=-1).reshape(-1, 2)
    across = across[rng.random(len(across)) < DIAGONAL]
    return _largest_part(xy, np.concatenate([straight, across]))


def _largest_part(xy: Floats, ends: Ints) -> tuple[Floats, Ints]:
    """Return the largest connected part, its nodes numbered anew."""
    links = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(xy), len(xy)))
    _, part = connected_components(links, directed=False)
    keep = part == np.bincount(part).argmax()
    number = np.cumsum(keep) - 1
    return xy[keep], number[ends[keep[ends[:, 0]]]]


def _pieces(rng: np.random.Generator, xy: Floats, ends: Ints, edges: int) -> tuple[Floats, Ints]:
    """Return nodes and edges after some streets are cut in two to four, as many as are wanted."""
    extra = edges - len(ends)
    if extra < 0:
        message = f"{len(ends)} streets are more than the {edges} edges wanted"
        raise ValueError(message)
    cut = rng.permutation(len(ends))[: max(int(CUT * len(ends)), -(-extra // 3))]
    added = np.bincount(rng.permutation(np.repeat(cut, 3))[:extra], minlength=len(ends))
    street = np.repeat(np.arange(len(ends)), added + 1)
    step = np.arange(len(street)) - np.repeat(np.cumsum(added + 1) - added - 1, added + 1)
    inner = step < added[street]  # this piece ends at a new node
    share = ((step + 1) / (added[street] + 1))[inner]
    a, b = xy[ends[street[inner], 0]], xy[ends[street[inner], 1]]
    bend = rng.uniform(-0.05, 0.05, (len(share), 1)) * (b - a)[:, ::-1] * [1, -1]
    new = len(xy) + np.cumsum(inner) - 1
    head = np.where(inner, new, ends[street, 1])
    tail = np.where(step > 0, np.roll(new, 1), ends[street, 0])
    return np.concatenate([xy, a + share[:, None] * (b - a) + bend]), np.stack([tail, head], axis=1)


def _density(xy: Floats, centres: Floats, reach: Floats) -> Floats:
    """Return how dense the city is at each place, at most about 1 [-]."""
    total = np.zeros(len(xy))
    for centre, width in zip(centres, reach, strict=True):
        away = ((xy - centre) ** 2).sum(axis=1) / width**2
        total = np.maximum(total, np.exp(-away / 2))
    return total


def _with_service_lines(
    rng: np.random.Generator, xy: Floats, ends: Ints, node: Ints
) -> tuple[Floats, Ints, Ints]:
    """Return the graph with a line from each zone's street node to the building itself."""
    angle, away = rng.uniform(0, 2 * np.pi, len(node)), rng.uniform(8, 25, len(node))
    doors = xy[node] + away[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    new = len(xy) + np.arange(len(node))
    return np.concatenate([xy, doors]), np.concatenate([ends, np.stack([node, new], axis=1)]), new


def _sites(
    rng: np.random.Generator, size: Size, ends: Ints, taken: Ints, peak_mw: float
) -> dict[str, Any]:
    """Return the columns of the sites; several sizes and prices, none where a zone is.

    Each site of a district can feed all of it.
    """
    free = np.setdiff1d(ends[:, 0], taken)
    low, high = np.log(SITE_MW)
    mw = np.exp(rng.uniform(low, high, size.sites))
    if size.buildings:
        mw = np.full(size.sites, 1.2 * peak_mw)
    elif size.edges <= SIZES["1k"].edges:
        mw = mw / 4
    return {
        "site_node": rng.choice(free, size.sites, replace=False),
        "site_mw": np.round(mw, 1),
        "site_cost_eur": np.full(size.sites, SITE_EUR / (10 if size.buildings else 1)),
        "site_cost_per_mw_eur": np.round(rng.uniform(*SITE_EUR_PER_MW, size.sites), -2),
    }


# From arrays to a problem -------------------------------------------------------------------------


def city_problem(city: City, *, pipes: str = "affine", name: str = "") -> Problem:
    """Return the problem of a city, with the free ratio as its question.

    Parameters
    ----------
    city
        A city in arrays.
    pipes
        ``affine``: a price per metre and per metre and MW, no losses, zones taken whole.
        ``catalogue``: the pipe sizes of the package with their losses, and zones with load curves.
    name
        Name of the problem.
    """
    if pipes not in PIPES:
        message = f"pipes '{pipes}' are not known; choose from {', '.join(PIPES)}"
        raise ValueError(message)
    steps = pipes == "catalogue"
    nodes = [f"n{k}" for k in range(len(city.xy))]
    edges = _catalogue_edges(city, nodes) if steps else _affine_edges(city, nodes)
    sites = tuple(
        Site(f"s{k}", nodes[node], options=(SiteOption("connection", mw, cost, per_mw),))
        for k, (node, mw, cost, per_mw) in enumerate(
            zip(
                city.site_node.tolist(),
                city.site_mw.tolist(),
                city.site_cost_eur.tolist(),
                city.site_cost_per_mw_eur.tolist(),
                strict=True,
            )
        )
    )
    zones = tuple(
        Zone(
            f"z{k}",
            nodes[node],
            heat,
            peak,
            cost,
            load_curve=_curve(round(heat / peak, -2)) if steps else (),
        )
        for k, (node, heat, peak, cost) in enumerate(
            zip(
                city.zone_node.tolist(),
                city.heat_mwh.tolist(),
                city.peak_mw.tolist(),
                city.zone_cost_eur.tolist(),
                strict=True,
            )
        )
    )
    return Problem(name=name, nodes=tuple(nodes), edges=edges, sites=sites, zones=zones)


def _affine_edges(city: City, nodes: list[str]) -> tuple[Edge, ...]:
    return tuple(
        Edge(f"e{k}", nodes[u], nodes[v], PIPE_EUR_PER_M * m, PIPE_EUR_PER_M_MW * m, length_m=m)
        for k, ((u, v), m) in enumerate(
            zip(city.ends.tolist(), city.length_m.tolist(), strict=True)
        )
    )


def _catalogue_edges(city: City, nodes: list[str]) -> tuple[Edge, ...]:
    """Return edges with sizes from the least zone to all sites; equal lengths share theirs."""
    most = min(float(city.site_mw.sum()), float(city.peak_mw.sum()))
    sizes, overhead = _sizes(float(city.peak_mw.min()) * _parameter("minimum_load_ratio"), most)

    @cache
    def priced(length_m: float) -> tuple[PipeSize, ...]:
        losses = sizes.heat_loss_w_per_m * length_m / 1e6
        rows = zip(sizes.labels, sizes.capacity_mw, sizes.cost_eur_per_m, losses, strict=True)
        return tuple(
            PipeSize(label, float(mw), float(eur * overhead * length_m), float(loss))
            for label, mw, eur, loss in rows
            if loss < mw
        )

    return tuple(
        Edge(f"e{k}", nodes[u], nodes[v], sizes=priced(m), length_m=m)
        for k, ((u, v), m) in enumerate(
            zip(city.ends.tolist(), city.length_m.tolist(), strict=True)
        )
    )


def _sizes(least_mw: float, most_mw: float) -> tuple[PipeCatalogue, float]:
    """Return the pipe sizes of use, and what design and contingency add as a factor [-]."""
    parameters = load_parameters()
    every = catalogue_for(
        SUPPLY_C, RETURN_C, parameters, pressure_gradient_pa_per_m=PRESSURE_PA_PER_M
    )
    overhead = 1 + _parameter("design_share") + _parameter("contingency_share")
    return every.useful(least_mw, most_mw), overhead


@cache
def _curve(full_load_hours_h: float) -> tuple[tuple[float, float], ...]:
    points = int(_parameter("load_curve_points"))
    return load_curve(full_load_hours_h, _parameter("minimum_load_ratio"), points)


@cache
def _parameter(name: str) -> float:
    return load_parameters().value(name)


# Questions ----------------------------------------------------------------------------------------


def ask(problem: Problem, question: str) -> Problem:
    """Return the problem with one of the named questions.

    Parameters
    ----------
    problem
        The problem of a city.
    question
        ``ratio``: most heat per euro, no limits. ``minimum_heat``: the same, with five per cent
        more heat than the largest site can give. ``budget``: most heat for about the money that
        this takes. ``forced``: least investment that connects every zone. ``choose``: the zones
        worth connecting at a given price of heat.
    """
    if question not in QUESTIONS:
        message = f"question '{question}' is not known; choose from {', '.join(QUESTIONS)}"
        raise ValueError(message)
    asked = {
        "ratio": _ratio,
        "minimum_heat": _minimum_heat,
        "budget": _budget,
        "forced": _forced,
        "choose": _choose,
    }[question](problem)
    return replace(asked, name=f"{problem.name} {question}".strip())


QUESTIONS = ("ratio", "minimum_heat", "budget", "forced", "choose")


def _ratio(problem: Problem) -> Problem:
    return replace(problem, objective=Objective("heat_per_euro"), limits=Limits())


def _minimum_heat(problem: Problem) -> Problem:
    least = round(1.05 * _most_heat_of_one_site(problem), 0)
    if least > problem.total_heat_mwh:
        message = f"one site can heat the whole city '{problem.name}'; nothing needs several"
        raise ValueError(message)
    return _ratio(problem).with_limits(min_heat_mwh=least)


def _budget(problem: Problem) -> Problem:
    money = round(1.05 * BUDGET_EUR_PER_MWH * _most_heat_of_one_site(problem), -3)
    return replace(problem, objective=Objective("max_heat"), limits=Limits(budget_eur=money))


def _forced(problem: Problem) -> Problem:
    zones = tuple(replace(zone, mandatory=True) for zone in problem.zones)
    return replace(problem, objective=Objective("capex"), limits=Limits(), zones=zones)


def _choose(problem: Problem) -> Problem:
    wanted = Objective("net_value", HEAT_PRICE_EUR_PER_MWH, crf(RATE, LIFETIME_A))
    return replace(problem, objective=wanted, limits=Limits())


def _most_heat_of_one_site(problem: Problem) -> float:
    """Return the heat of the largest site if it covers nine tenths of each zone [MWh/a].

    Zones come in the order of heat per base capacity, as if pipes cost nothing; a zone without
    load curve is taken whole.
    """
    largest = max(each.capacity_mw or 0.0 for site in problem.sites for each in site.choices)
    shares = np.array([_base_share(zone) for zone in problem.zones])
    mw = np.array([zone.peak_mw for zone in problem.zones]) * shares[:, 0]
    mwh = np.array([zone.heat_mwh for zone in problem.zones]) * shares[:, 1]
    order = np.argsort(-mwh / mw)
    before = np.cumsum(mw[order]) - mw[order]
    return float(mwh[order] @ np.clip((largest - before) / mw[order], 0.0, 1.0))


def _base_share(zone: Zone) -> tuple[float, float]:
    """Return base capacity over peak at which a zone gets `COVERED` of its heat, and that share."""
    if not zone.load_curve:
        return 1.0, 1.0
    capacity, heat = zip(*zone.load_curve, strict=True)
    return float(np.interp(COVERED, heat, capacity)), COVERED
