"""Turn a problem into indexed, scaled numbers that the model pieces read."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from siting.model.pieces import Piece, edge_pieces
from siting.problem import Problem, SiteOption, Zone

__all__ = [
    "Arc",
    "HasData",
    "ModelData",
    "Option",
    "Scale",
    "Source",
    "flow_limit",
    "most_demand",
    "prepare",
    "supply_limit",
]


@dataclass(frozen=True)
class Scale:
    """Units inside the model, powers of ten near the data, so that the solver sees figures near 1.

    ``cost_eur`` [EUR], ``heat_mwh`` [MWh] and ``power_mw`` [MW] are what one model unit is worth.
    """

    cost_eur: float = 1.0
    heat_mwh: float = 1.0
    power_mw: float = 1.0


@dataclass(frozen=True)
class Arc:
    """One direction of an edge: positions of edge, tail and head, and the pieces of its cost."""

    edge: int
    tail: int
    head: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Option:
    """One option of one site, with the most it could feed in [MW]."""

    site: int
    node: int
    option: SiteOption
    capacity_mw: float


@dataclass(frozen=True)
class Source:
    """Options of which at most one is opened, with the most that one gives [MW].

    A site is a source; so are all sites of one exclusion group together.
    """

    options: tuple[int, ...]
    capacity_mw: float


@dataclass(frozen=True)
class ModelData:
    """Sets and incidence of the model.

    ``arcs`` leave out what no plan can use: forbidden edges, ways into a dead end without a zone
    and out of one without a site. ``zones`` are the positions of zones that may be connected.
    """

    problem: Problem
    scale: Scale
    flow_limit_mw: float
    arcs: tuple[Arc, ...]
    options: tuple[Option, ...]
    zones: tuple[int, ...]
    sources: tuple[Source, ...]
    arcs_in: dict[int, list[int]] = field(repr=False)
    arcs_out: dict[int, list[int]] = field(repr=False)
    arcs_of_edge: dict[int, list[int]] = field(repr=False)
    zones_at: dict[int, list[int]] = field(repr=False)
    options_at: dict[int, list[int]] = field(repr=False)

    def zone(self, position: int) -> Zone:
        """Return a zone by its position in the problem."""
        return self.problem.zones[position]

    @property
    def busy_nodes(self) -> list[int]:
        """Nodes that an arc, an option or a zone touches."""
        return sorted({*self.arcs_in, *self.arcs_out, *self.zones_at, *self.options_at})


class HasData(Protocol):
    """Anything that holds the sets of a problem, such as a model."""

    @property
    def data(self) -> ModelData:
        """The sets."""
        ...


def prepare(problem: Problem, flow_limit_mw: float | None = None) -> ModelData:
    """Return the sets and scaled numbers of a problem.

    Parameters
    ----------
    problem
        The bare problem.
    flow_limit_mw
        Most heat that any pipe may have to carry [MW], where more than the problem's own sites
        feed the pipes; from the problem if absent, see `flow_limit`.
    """
    node_of = {name: position for position, name in enumerate(problem.nodes)}
    limit = flow_limit(problem) if flow_limit_mw is None else flow_limit_mw
    options = tuple(_options(problem, node_of, limit))
    options_at = _group((each.node, k) for k, each in enumerate(options))
    zones = tuple(k for k, zone in enumerate(problem.zones) if not zone.forbidden)
    zones_at = _group((node_of[problem.zones[k].node], k) for k in zones)
    arcs = tuple(_arcs(problem, node_of, limit, zones_at, options_at))
    return ModelData(
        problem=problem,
        scale=_scale(problem, options),
        flow_limit_mw=limit,
        arcs=arcs,
        options=options,
        zones=zones,
        sources=_sources(problem, options),
        arcs_in=_group((arc.head, k) for k, arc in enumerate(arcs)),
        arcs_out=_group((arc.tail, k) for k, arc in enumerate(arcs)),
        arcs_of_edge=_group((arc.edge, k) for k, arc in enumerate(arcs)),
        zones_at=zones_at,
        options_at=options_at,
    )


def flow_limit(problem: Problem) -> float:
    """Return the most heat that any pipe of a sensible plan carries [MW].

    It is bounded by what all sites can give together, and by all peaks plus all losses. This is the
    origin of every big-M in the model.
    """
    return min(supply_limit(problem), most_demand(problem))


def supply_limit(problem: Problem) -> float:
    """Return what all sites can give together; those of an exclusion group count once [MW]."""
    by_group: dict[str, float] = {}
    for site in problem.sites:
        if site.forbidden:
            continue
        most = max(math.inf if o.capacity_mw is None else o.capacity_mw for o in site.choices)
        group = f"group {site.group}" if site.group else f"site {site.id}"
        by_group[group] = max(most, by_group.get(group, 0.0))
    return math.fsum(by_group.values())


def most_demand(problem: Problem) -> float:
    """Return all peaks and losses, increased by every proportional loss as if in series [MW]."""
    wanted = [zone.peak_mw + zone.loss_mw for zone in problem.zones if not zone.forbidden]
    lost = [max([size.loss_mw for size in e.sizes] or [e.loss_mw]) for e in problem.edges]
    growth = -math.fsum(math.log1p(-edge.loss_per_mw) for edge in problem.edges if not edge.sizes)
    return (math.fsum(wanted) + math.fsum(lost)) * math.exp(min(growth, 50.0))


def _sources(problem: Problem, options: tuple[Option, ...]) -> tuple[Source, ...]:
    families: dict[str, list[int]] = defaultdict(list)
    for k, each in enumerate(options):
        group = problem.sites[each.site].group
        families[f"group {group}" if group is not None else f"site {each.site}"].append(k)
    return tuple(
        Source(tuple(members), max(options[k].capacity_mw for k in members))
        for members in families.values()
    )


def _options(problem: Problem, node_of: dict[str, int], limit: float) -> Iterable[Option]:
    for k, site in enumerate(problem.sites):
        if site.forbidden:
            continue
        for option in site.choices:
            capacity = limit if option.capacity_mw is None else min(option.capacity_mw, limit)
            yield Option(k, node_of[site.node], option, capacity)


def _arcs(
    problem: Problem,
    node_of: dict[str, int],
    limit: float,
    zones_at: dict[int, list[int]],
    options_at: dict[int, list[int]],
) -> Iterable[Arc]:
    degree: dict[int, int] = defaultdict(int)
    usable = [
        (k, edge, node_of[edge.u], node_of[edge.v])
        for k, edge in enumerate(problem.edges)
        if not edge.forbidden and edge.u != edge.v
    ]
    for _, _, u, v in usable:
        degree[u] += 1
        degree[v] += 1
    for k, edge, u, v in usable:
        pieces = edge_pieces(edge, limit)
        for tail, head in ((u, v),) if edge.one_way else ((u, v), (v, u)):
            leads_nowhere = degree[head] == 1 and head not in zones_at
            comes_from_nowhere = degree[tail] == 1 and tail not in options_at
            if not (leads_nowhere or comes_from_nowhere):
                yield Arc(k, tail, head, pieces)


def _group(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return dict(groups)


def _scale(problem: Problem, options: Iterable[Option]) -> Scale:
    costs = [edge.cost_eur for edge in problem.edges]
    costs += [size.cost_eur for edge in problem.edges for size in edge.sizes[:1]]
    costs += [zone.cost_eur for zone in problem.zones]
    costs += [each.option.cost_eur for each in options]
    return Scale(
        cost_eur=_power_of_ten(costs),
        heat_mwh=_power_of_ten([zone.heat_mwh for zone in problem.zones]),
        power_mw=_power_of_ten([zone.peak_mw for zone in problem.zones]),
    )


def _power_of_ten(values: list[float]) -> float:
    """Return the power of ten just above the median positive value."""
    positive = np.array([value for value in values if value > 0])
    if not positive.size:
        return 1.0
    return float(10.0 ** math.ceil(math.log10(float(np.median(positive)))))
