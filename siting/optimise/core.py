"""Cut a problem down to the part that can still hold a better plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from siting.model import Model
from siting.problem import Edge, Problem, Site
from siting.solvers.compiled import CompiledModel
from siting.solvers.outcome import FloatArray

__all__ = ["Core", "all_of", "part", "restrict", "still_possible", "with_parts"]

BoolArray = NDArray[np.bool_]
TINY = 1e-13
"""Added to costs so that a sparse matrix does not take a free arc for none."""


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

    def overlap(self, other: Core) -> Core:
        """Return what both of two cores keep."""
        return Core(self.arcs & other.arcs, self.options & other.options, self.zones & other.zones)


def all_of(model: Model) -> Core:
    """Return the core that keeps everything."""
    data = model.data
    return Core(
        np.ones(len(data.arcs), bool),
        np.ones(len(data.options), bool),
        np.ones(len(data.zones), bool),
    )


def still_possible(
    model: Model,
    compiled: CompiledModel,
    reduced_cost: FloatArray,
    room: float,
    gone: frozenset[int] = frozenset(),
    *,
    idle_sites: bool = False,
) -> Core:
    """Return what a plan can use whose objective is at most ``room`` above the relaxed one.

    Setting a variable that rests at zero to one costs at least its reduced cost; one that is held
    at one, such as that of a mandatory zone, has cost it already. A pipe is of use only on a way
    from an open site to a connected zone, and everything on that way costs its own.

    Parameters
    ----------
    model, compiled
        The model and its arrays.
    reduced_cost
        Of the relaxation, one for each variable.
    room
        How much the objective may rise, scaled.
    gone
        Zones known to be of no use.
    idle_sites
        A site may be of use though no zone hangs on it, as a reserve for others.
    """
    v, data = model.variables, model.data
    cost = np.where(compiled.lower > 0, 0.0, np.maximum(reduced_cost, 0.0))
    limit = max(room, 0.0) + 1e-9
    arcs = np.array(
        [
            min(cost[compiled.index(v.pipe[a, p])] for p in range(len(arc.pieces)))
            for a, arc in enumerate(data.arcs)
        ],
        dtype=float,
    )
    options = np.array([cost[compiled.index(v.open[k])] for k in v.open], dtype=float)
    zones = np.array(
        [np.inf if z in gone else cost[compiled.index(v.connect[z])] for z in data.zones],
        dtype=float,
    )
    from_site, to_zone = _ways(model, arcs, options, zones)
    node_of = {name: k for k, name in enumerate(data.problem.nodes)}
    at = np.array([node_of[data.zone(z).node] for z in data.zones], dtype=np.int64)
    tails = np.array([arc.tail for arc in data.arcs], dtype=np.int64)
    heads = np.array([arc.head for arc in data.arcs], dtype=np.int64)
    stand = np.array([each.node for each in data.options], dtype=np.int64)
    return Core(
        from_site[tails] + arcs + to_zone[heads] <= limit,
        options + (0.0 if idle_sites else to_zone[stand]) <= limit,
        from_site[at] + zones <= limit,
    )


def _ways(
    model: Model, arcs: FloatArray, options: FloatArray, zones: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the cheapest way from any site to each node, and from each node to any zone."""
    data = model.data
    node_of = {name: k for k, name in enumerate(data.problem.nodes)}
    size = len(data.problem.nodes)
    tails = [*(arc.tail for arc in data.arcs), *([size] * len(options))]
    heads = [*(arc.head for arc in data.arcs), *(each.node for each in data.options)]
    costs = [*arcs, *options]
    for z, cost in zip(data.zones, zones, strict=True):
        if np.isfinite(cost):
            tails.append(node_of[data.zone(z).node])
            heads.append(size + 1)
            costs.append(cost)
    graph = _cheapest_parallel(np.array(tails), np.array(heads), np.array(costs), size + 2)
    from_site = csgraph.dijkstra(graph, indices=size)
    to_zone = csgraph.dijkstra(graph.T.tocsr(), indices=size + 1)
    return from_site[:size], to_zone[:size]


def _cheapest_parallel(
    tails: NDArray[np.int64], heads: NDArray[np.int64], costs: FloatArray, size: int
) -> sparse.csr_matrix:
    """Return a graph with the cheapest of parallel arcs; a cost of zero stays an arc."""
    order = np.lexsort((costs, heads, tails))
    tails, heads, costs = tails[order], heads[order], costs[order]
    first = np.ones(len(costs), dtype=bool)
    first[1:] = (np.diff(tails) != 0) | (np.diff(heads) != 0)
    return sparse.csr_matrix((costs[first] + TINY, (tails[first], heads[first])), (size, size))


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
    directions: dict[int, set[str]] = defaultdict(set)
    for arc, keep in zip(data.arcs, core.arcs, strict=True):
        if keep:
            directions[arc.edge].add(problem.nodes[arc.tail])
    options: dict[int, set[str]] = defaultdict(set)
    for each, keep in zip(data.options, core.options, strict=True):
        if keep:
            options[each.site].add(each.option.id)
    zones = {z for z, keep in zip(data.zones, core.zones, strict=True) if keep}
    return with_parts(problem, directions, options, zones)


def with_parts(
    problem: Problem,
    directions: Mapping[int, set[str]],
    options: Mapping[int, set[str]],
    zones: set[int],
) -> Problem:
    """Return the problem with some of its parts; mandatory elements always stay.

    Parameters
    ----------
    problem
        The whole.
    directions
        By position of edge: the nodes at which heat may still enter it.
    options
        By position of site: the options that are left.
    zones
        Positions of the zones that are left.
    """
    edges = tuple(_directed(problem.edges[e], ends) for e, ends in sorted(directions.items()))
    sites = tuple(
        _with_options(site, options.get(s, set()))
        for s, site in enumerate(problem.sites)
        if site.mandatory or options.get(s)
    )
    kept = tuple(zone for z, zone in enumerate(problem.zones) if z in zones or zone.mandatory)
    used = {edge.u for edge in edges} | {edge.v for edge in edges}
    used |= {site.node for site in sites} | {zone.node for zone in kept}
    nodes = tuple(name for name in problem.nodes if name in used)
    return replace(problem, nodes=nodes, edges=edges, sites=sites, zones=kept)


def _directed(edge: Edge, tails: set[str]) -> Edge:
    """Return an edge with the directions that are left."""
    if edge.one_way or {edge.u, edge.v} <= tails:
        return edge
    if edge.u in tails:
        return replace(edge, one_way=True)
    return replace(edge, u=edge.v, v=edge.u, one_way=True)


def _with_options(site: Site, kept: set[str]) -> Site:
    if site.mandatory or not site.options:
        return site
    return replace(site, options=tuple(o for o in site.options if o.id in kept))
