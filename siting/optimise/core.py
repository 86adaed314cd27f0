"""Cut a problem down to the part that can still hold a better plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siting.model import Model
from siting.problem import Edge, Problem, Site, Zone
from siting.solvers.compiled import CompiledModel
from siting.solvers.outcome import FloatArray

__all__ = ["Core", "all_of", "part", "restrict", "still_possible"]

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Core:
    """Which arcs, options and zones of a model are kept."""

    arcs: BoolArray
    options: BoolArray
    zones: BoolArray

    def __str__(self) -> str:
        """Return the sizes in words."""
        return (
            f"{int(self.arcs.sum())} of {len(self.arcs)} arcs, {int(self.zones.sum())} of"
            f" {len(self.zones)} zones, {int(self.options.sum())} of {len(self.options)} options"
        )

    def joined(self, other: Core) -> Core:
        """Return what either of two cores keeps."""
        return Core(self.arcs | other.arcs, self.options | other.options, self.zones | other.zones)


def all_of(model: Model) -> Core:
    """Return the core that keeps everything."""
    data = model.data
    return Core(
        np.ones(len(data.arcs), bool),
        np.ones(len(data.options), bool),
        np.ones(len(data.zones), bool),
    )


def still_possible(
    model: Model, compiled: CompiledModel, reduced_cost: FloatArray, room: float
) -> Core:
    """Return what a plan can use whose objective is at most ``room`` above the relaxed one.

    Setting a variable that rests at zero to one costs at least its reduced cost.
    """
    v = model.variables
    possible = reduced_cost <= max(room, 0.0) + 1e-9
    arcs = np.array(
        [
            any(possible[compiled.index(v.pipe[a, p])] for p in range(len(arc.pieces)))
            for a, arc in enumerate(model.data.arcs)
        ],
        dtype=bool,
    )
    options = np.array([possible[compiled.index(v.open[k])] for k in v.open], dtype=bool)
    zones = np.array([possible[compiled.index(v.connect[z])] for z in v.connect], dtype=bool)
    return Core(arcs, options, zones)


def part(model: Model, compiled: CompiledModel, values: FloatArray, least: float) -> Core:
    """Return what a relaxed solution uses by at least a share of ``least``."""
    v = model.variables
    arcs = np.array(
        [
            sum(values[compiled.index(v.pipe[a, p])] for p in range(len(arc.pieces))) >= least
            for a, arc in enumerate(model.data.arcs)
        ],
        dtype=bool,
    )
    options = np.array([values[compiled.index(v.open[k])] >= least for k in v.open], dtype=bool)
    zones = np.array([values[compiled.index(v.connect[z])] >= least for z in v.connect], dtype=bool)
    return Core(arcs, options, zones)


def restrict(model: Model, core: Core) -> Problem:
    """Return the problem with only what the core keeps; mandatory elements always stay."""
    data, problem = model.data, model.data.problem
    directions: dict[int, set[int]] = {}
    for arc, keep in zip(data.arcs, core.arcs, strict=True):
        if keep:
            directions.setdefault(arc.edge, set()).add(arc.tail)
    node_of = {name: k for k, name in enumerate(problem.nodes)}
    edges = [_directed(problem.edges[e], tails, node_of) for e, tails in sorted(directions.items())]
    kept_options = {
        (each.site, each.option.id)
        for each, keep in zip(data.options, core.options, strict=True)
        if keep
    }
    sites = [site for s, site in enumerate(problem.sites) if _stays(s, site, kept_options)]
    sites = [_with_options(site, problem, kept_options) for site in sites]
    kept_zones = {z for z, keep in zip(data.zones, core.zones, strict=True) if keep}
    zones: list[Zone] = [
        zone for z, zone in enumerate(problem.zones) if z in kept_zones or zone.mandatory
    ]
    used = {edge.u for edge in edges} | {edge.v for edge in edges}
    used |= {site.node for site in sites} | {zone.node for zone in zones}
    nodes = tuple(name for name in problem.nodes if name in used)
    return replace(problem, nodes=nodes, edges=tuple(edges), sites=tuple(sites), zones=tuple(zones))


def _directed(edge: Edge, tails: set[int], node_of: dict[str, int]) -> Edge:
    """Return an edge with the directions that are left."""
    if len(tails) == 2 or edge.one_way:
        return edge
    if node_of[edge.u] in tails:
        return replace(edge, one_way=True)
    return replace(edge, u=edge.v, v=edge.u, one_way=True)


def _stays(s: int, site: Site, kept: set[tuple[int, str]]) -> bool:
    return site.mandatory or any((s, option.id) in kept for option in site.choices)


def _with_options(site: Site, problem: Problem, kept: set[tuple[int, str]]) -> Site:
    if site.mandatory or not site.options:
        return site
    s = problem.sites.index(site)
    return replace(site, options=tuple(o for o in site.options if (s, o.id) in kept))
