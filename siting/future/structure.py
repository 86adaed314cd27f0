"""Hold what is built as yes-no decisions, and the problem that is left once they are made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from siting.problem import Edge, Problem, Site
from siting.solvers.outcome import FloatArray

if TYPE_CHECKING:
    from siting.future.departures import Written

__all__ = ["Structure", "part_of", "structure_of"]


@dataclass(frozen=True)
class Structure:
    """What solver values build: options, edges with their size, and which of these are in use."""

    options: dict[str, str]
    sizes: dict[str, str | None]
    used_from: dict[str, str]
    zones: frozenset[str]


def structure_of(written: Written, values: FloatArray) -> Structure:
    """Return the structure that solver values stand for."""
    design, index = written.design, written.compiled.index
    data, v, problem = design.data, design.v, design.data.problem
    options = {
        problem.sites[each.site].id: each.option.id
        for k, each in enumerate(data.options)
        if values[index(v.open[k])] > 0.5
    }
    sizes: dict[str, str | None] = {}
    used: dict[str, str] = {}
    for (a, p), x in v.pipe.items():
        if values[index(x)] > 0.5:
            edge = problem.edges[data.arcs[a].edge]
            sizes[edge.id] = edge.sizes[p].label if edge.sizes else None
            used[edge.id] = problem.nodes[data.arcs[a].tail]
    for (e, p), x in design.spare.items():
        if values[index(x)] > 0.5:
            edge = problem.edges[e]
            sizes[edge.id] = edge.sizes[p].label if edge.sizes else None
    zones = frozenset(problem.zones[z].id for z, x in v.connect.items() if values[index(x)] > 0.5)
    return Structure(options, sizes, used, zones)


def part_of(problem: Problem, kept: Structure) -> Problem:
    """Return the problem with just what a structure builds, each edge with its one size."""
    edges = tuple(_with_size(e, kept.sizes[e.id]) for e in problem.edges if e.id in kept.sizes)
    sites = tuple(
        _with_option(site, kept.options[site.id])
        for site in problem.sites
        if site.id in kept.options
    )
    zones = tuple(each for each in problem.zones if each.id in kept.zones)
    return replace(problem, edges=edges, sites=sites, zones=zones)


def _with_size(edge: Edge, label: str | None) -> Edge:
    return replace(edge, sizes=tuple(each for each in edge.sizes if each.label == label))


def _with_option(site: Site, option: str) -> Site:
    """Return an opened site with its one option; it stays open though it may feed nothing now."""
    site = replace(site, mandatory=True)
    if not site.options:
        return site
    return replace(site, options=tuple(each for each in site.options if each.id == option))
