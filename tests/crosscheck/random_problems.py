"""Make seeded random siting problems, small enough to enumerate, of realistic magnitude."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from siting.problem import Edge, Objective, PipeSize, Problem, Site, SiteOption, Zone

__all__ = ["KINDS", "Features", "random_features", "random_problem"]

KINDS = ("heat_per_euro", "max_heat", "capex", "net_value")
CURVE_STEPS = (0.0, 0.08, 0.2, 0.35, 0.6, 1.0)
CATALOGUE = (  # label, capacity MW, EUR/m, loss W/m
    ("DN65", 1.0, 620.0, 22.0),
    ("DN100", 3.0, 830.0, 27.0),
    ("DN150", 8.0, 1_120.0, 33.0),
    ("DN250", 30.0, 1_750.0, 44.0),
)


@dataclass(frozen=True)
class Features:
    """What a random problem contains.

    Parameters
    ----------
    kind
        Kind of objective.
    edges, sites, zones
        How many there are.
    sizes
        Edges have catalogue sizes: ``none``, ``some`` or ``all``.
    losses, shared_losses
        Pipes and service lines lose heat; linear pipes also in proportion to the flow.
    load_curves
        Zones have load curves: ``none``, ``some`` or ``all``.
    options
        Sites have several options.
    groups, mandatory, forbidden, one_way
        Some sites exclude each other, are required or barred; some pipes have one direction.
    budget, least_heat, counts
        Limits on investment, heat, and numbers of sites and zones.
    tight
        Some pipes have little capacity.
    zero_peak
        A zone without peak demand, which only has to be reached.
    islands
        The street network falls into two parts.
    """

    kind: str = "heat_per_euro"
    edges: int = 6
    sites: int = 2
    zones: int = 4
    sizes: str = "none"
    losses: bool = False
    shared_losses: bool = False
    load_curves: str = "none"
    options: bool = False
    groups: bool = False
    mandatory: bool = False
    forbidden: bool = False
    one_way: bool = False
    budget: bool = False
    least_heat: bool = False
    counts: bool = False
    tight: bool = False
    zero_peak: bool = False
    islands: bool = False


def random_features(seed: int) -> Features:
    """Return features drawn at random; all kinds of objective follow one another with the seed."""
    rng = np.random.default_rng([seed, 1])

    def often(share: float) -> bool:
        return bool(rng.random() < share)

    kind = KINDS[seed % len(KINDS)]
    return Features(
        kind=kind,
        edges=int(rng.integers(3, 8)),
        sites=int(rng.integers(1, 4)),
        zones=int(rng.integers(2, 5)),
        sizes=str(rng.choice(["none", "some", "all"], p=[0.5, 0.3, 0.2])),
        losses=often(0.6),
        shared_losses=often(0.35),
        load_curves=str(rng.choice(["none", "some", "all"], p=[0.4, 0.3, 0.3])),
        options=often(0.4),
        groups=often(0.25),
        mandatory=often(0.2),
        forbidden=often(0.25),
        one_way=often(0.25),
        budget=often(0.8 if kind == "max_heat" else 0.35),
        least_heat=often(0.85 if kind == "capex" else 0.35),
        counts=often(0.25),
        tight=often(0.3),
        zero_peak=often(0.1),
        islands=often(0.15),
    )


def random_problem(seed: int, **features: Any) -> Problem:
    """Return a random problem; the same seed and features always give the same one.

    Parameters
    ----------
    seed
        Seed of the generator; features that are not given are drawn from it.
    **features
        Fields of `Features` to set, such as ``kind="max_heat"`` or ``sizes="all"``.
    """
    drawn = random_features(seed)
    known = {each.name: getattr(drawn, each.name) for each in fields(Features)}
    unknown = set(features) - set(known)
    if unknown:
        message = f"unknown features {sorted(unknown)}; choose from {sorted(known)}"
        raise TypeError(message)
    wanted = Features(**{**known, **features})
    rng = np.random.default_rng([seed, 2])
    hours = 8760.0 if rng.random() < 0.8 else 8000.0
    nodes, ends = _graph(rng, wanted)
    zones = _zones(rng, wanted, nodes, hours)
    bare = [node for node in nodes if node not in {zone.node for zone in zones}]
    places = bare if bare and rng.random() < 0.8 else nodes
    sites = _sites(rng, wanted, places, sum(zone.peak_mw for zone in zones))
    problem = Problem(
        name=f"random {seed}",
        nodes=tuple(nodes),
        edges=tuple(_edge(rng, wanted, i, u, v) for i, (u, v) in enumerate(ends)),
        sites=sites,
        zones=zones,
        hours_per_a=hours,
        objective=_objective(rng, wanted),
    )
    return problem.with_limits(**_limits(rng, wanted, problem))


def _graph(rng: np.random.Generator, wanted: Features) -> tuple[list[str], list[tuple[str, str]]]:
    """Return a random tree with a few extra edges, or two such trees."""
    extra = int(rng.integers(0, 3))
    count = max(3, wanted.edges - extra + 1)
    nodes = [f"n{i}" for i in range(count)]
    ends: list[tuple[str, str]] = []
    for i in range(1, count):
        near = max(0, i - 3)
        j = int(rng.integers(near, i))
        ends.append((nodes[j], nodes[i]) if rng.random() < 0.5 else (nodes[i], nodes[j]))
    while len(ends) < wanted.edges:
        i, j = rng.choice(count, size=2, replace=False)
        ends.append((nodes[int(i)], nodes[int(j)]))
    ends = ends[: wanted.edges]
    if wanted.islands and len(ends) > 3:
        del ends[int(rng.integers(1, len(ends)))]
    return nodes, ends


def _edge(rng: np.random.Generator, wanted: Features, i: int, u: str, v: str) -> Edge:
    length = float(np.round(rng.uniform(100, 2_000), 1))
    one_way = wanted.one_way and bool(rng.random() < 0.4)
    forbidden = wanted.forbidden and bool(rng.random() < 0.1)
    sized = wanted.sizes == "all" or (wanted.sizes == "some" and bool(rng.random() < 0.5))
    common: dict[str, Any] = {
        "id": f"e{i}",
        "u": u,
        "v": v,
        "length_m": length,
        "one_way": one_way,
        "forbidden": forbidden,
    }
    if sized:
        return Edge(**common, sizes=_sizes(rng, wanted, length))
    capacity = float(np.round(rng.uniform(0.5, 6), 2)) if wanted.tight else 40.0
    free = rng.random() < 0.05
    return Edge(
        **common,
        cost_eur=0.0 if free else float(np.round(length * rng.uniform(500, 900), 0)),
        cost_per_mw_eur=0.0 if free else float(np.round(length * rng.uniform(30, 110), 0)),
        capacity_mw=capacity if rng.random() < 0.6 else None,
        loss_mw=float(np.round(length * rng.uniform(2e-5, 5e-5), 5)) if wanted.losses else 0.0,
        loss_per_mw=float(np.round(rng.uniform(0, 0.03), 4)) if wanted.shared_losses else 0.0,
    )


def _sizes(rng: np.random.Generator, wanted: Features, length: float) -> tuple[PipeSize, ...]:
    first = int(rng.integers(0, 2))
    count = int(rng.integers(1, 4))
    if wanted.tight and rng.random() < 0.4:
        count = 1
    factor = float(rng.uniform(0.8, 1.3))
    return tuple(
        PipeSize(
            label=label,
            capacity_mw=capacity,
            cost_eur=float(np.round(length * price * factor, 0)),
            loss_mw=float(np.round(length * loss / 1e6, 6)) if wanted.losses else 0.0,
        )
        for label, capacity, price, loss in CATALOGUE[first : first + count]
    )


def _load_curve(hours: float, full_load_hours: float) -> tuple[tuple[float, float], ...]:
    """Return points under a load-duration curve whose demand falls as a power of the hour."""
    power = hours / full_load_hours
    return tuple((x, float(1 - (1 - x) ** power)) for x in CURVE_STEPS)


def _zones(
    rng: np.random.Generator, wanted: Features, nodes: list[str], hours: float
) -> tuple[Zone, ...]:
    zones = []
    for i in range(wanted.zones):
        peak = float(np.round(rng.uniform(0.4, 6), 2))
        full_load_hours = float(rng.uniform(1_600, 4_500))
        curved = wanted.load_curves == "all" or (
            wanted.load_curves == "some" and bool(rng.random() < 0.5)
        )
        heat = float(np.round(peak * full_load_hours, 1))
        zone: dict[str, Any] = {
            "id": f"z{i}",
            "node": str(rng.choice(nodes)),
            "heat_mwh": heat,
            "peak_mw": peak,
            "cost_eur": float(np.round(peak * rng.uniform(5e4, 2.5e5), 0)),
            "value_eur": float(np.round(rng.uniform(-1e5, 5e5), 0)),
            "value_eur_per_mwh": float(np.round(rng.uniform(0, 15), 2)),
            "load_curve": _load_curve(hours, heat / peak) if curved else (),
            "loss_mw": float(np.round(rng.uniform(0, 0.02), 4)) if wanted.losses else 0.0,
            "mandatory": wanted.mandatory and bool(rng.random() < 0.2),
        }
        if wanted.forbidden and not zone["mandatory"]:
            zone["forbidden"] = bool(rng.random() < 0.2)
        zones.append(zone)
    if wanted.zero_peak:
        zones[0] |= {"peak_mw": 0.0, "load_curve": ()}
        if wanted.kind == "net_value":  # without power no heat can be fed in for it
            zones[0] |= {"heat_mwh": 0.0, "value_eur": 2e6}
    return tuple(Zone(**zone) for zone in zones)


def _sites(
    rng: np.random.Generator, wanted: Features, nodes: list[str], peak_mw: float
) -> tuple[Site, ...]:
    sites = []
    for i in range(wanted.sites):
        mandatory = wanted.mandatory and bool(rng.random() < 0.3)
        common: dict[str, Any] = {
            "id": f"s{i}",
            "node": str(rng.choice(nodes)),
            "group": "a" if wanted.groups and rng.random() < 0.6 else None,
            "mandatory": mandatory,
            "forbidden": wanted.forbidden and not mandatory and bool(rng.random() < 0.15),
        }
        options = [_option(rng, k, peak_mw) for k in range(2 if wanted.options else 1)]
        if wanted.options and rng.random() < 0.7:
            sites.append(Site(**common, options=tuple(options)))
            continue
        first = options[0]
        sites.append(
            Site(
                **common,
                cost_eur=first.cost_eur,
                cost_per_mw_eur=first.cost_per_mw_eur,
                cost_per_mwh_eur=first.cost_per_mwh_eur,
                capacity_mw=first.capacity_mw,
            )
        )
    return tuple(sites)


def _option(rng: np.random.Generator, k: int, peak_mw: float) -> SiteOption:
    """Return a direct connection (dear, cheap to run) or a heat pump (the other way round)."""
    size = peak_mw * rng.uniform(0.3, 1.3)
    return SiteOption(
        id=("direct", "heat pump")[k],
        capacity_mw=float(np.round(size, 2)) if rng.random() < 0.85 else None,
        cost_eur=float(np.round(rng.uniform(0.2e6, 3e6) * (1 - 0.5 * k), 0)),
        cost_per_mw_eur=float(np.round(rng.uniform(0.5e5, 2.5e5) * (1 + 2.5 * k), 0)),
        cost_per_mwh_eur=float(np.round(rng.uniform(0, 6) + 20 * k, 2)),
        electricity_mwh_per_mwh=0.25 * k,
    )


def _objective(rng: np.random.Generator, wanted: Features) -> Objective:
    price, factor = float(rng.uniform(15, 60)), float(rng.uniform(0.05, 0.12))
    if wanted.kind != "net_value":
        return Objective(kind=wanted.kind)  # type: ignore[arg-type]
    return Objective(
        kind="net_value",
        heat_price_eur_per_mwh=round(price, 2),
        capital_factor=round(factor, 4),
    )


def _limits(rng: np.random.Generator, wanted: Features, problem: Problem) -> dict[str, Any]:
    """Return limits that sometimes bind, and sometimes leave no plan or only the empty one."""
    limits: dict[str, Any] = {}
    budget, share = float(rng.uniform(0.5e6, 14e6)), float(rng.uniform(0.2, 0.95))
    counts = rng.integers(0, 3, size=3)
    if wanted.budget:
        limits["budget_eur"] = round(budget, 0)
    if wanted.least_heat:
        limits["min_heat_mwh"] = round(share * problem.total_heat_mwh, 0)
    if wanted.counts:
        if rng.random() < 0.3:
            limits["min_sites"] = int(counts[0])
        if rng.random() < 0.6:
            limits["max_sites"] = int(max(counts[0], counts[1], 1))
        if rng.random() < 0.5:
            limits["min_zones"] = int(counts[2])
    return limits
