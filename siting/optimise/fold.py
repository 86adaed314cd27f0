"""Fold what a plan builds outside of a region into lumps, so that the region can be solved alone.

What hangs below a pipe and touches neither the region nor an open site is one lump: a zone that
takes what the pipe takes, costs what all of it costs and delivers what all of it delivers. Keeping
or dropping it is exact. The pipes between lumps, region and sites keep their direction and may get
another size. A plan of the folded problem is one of the whole problem.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

from siting.model.pieces import size_for
from siting.problem import Edge, Problem, Site, Zone
from siting.solution import PipeFlow, ServedZone, Solution

__all__ = ["Folded", "Folder", "Region"]

SMALLER, LARGER = 3, 3
"""Sizes below and above its own that a pipe outside of the region may get."""


@dataclass(frozen=True)
class Region:
    """Names of the edges, zones and sites that are decided anew."""

    edges: frozenset[str]
    zones: frozenset[str]
    sites: frozenset[str]


@dataclass(frozen=True)
class Lump:
    """Pipes and zones of a plan that are kept or dropped together."""

    pipes: tuple[PipeFlow, ...]
    zones: tuple[ServedZone, ...]


@dataclass(frozen=True)
class Folded:
    """A small problem, the plan in it, and what its lumps stand for.

    Parameters
    ----------
    problem
        The region as it is, and the rest of the plan folded.
    solution
        The plan that was folded.
    lumps
        What stands behind zones of the small problem, by their names.
    """

    problem: Problem
    solution: Solution
    lumps: dict[str, Lump]

    def unfold(self, solution: Solution) -> Solution:
        """Return a solution of the small problem as one of the whole problem."""
        kept = [self.lumps[z.zone] for z in solution.zones if z.zone in self.lumps]
        zones = [z for z in solution.zones if z.zone not in self.lumps]
        return Solution(
            solution.sites,
            (*solution.pipes, *(pipe for lump in kept for pipe in lump.pipes)),
            (*zones, *(zone for lump in kept for zone in lump.zones)),
        )


class Folder:
    """Folds plans of one problem.

    Parameters
    ----------
    problem
        The whole problem.
    most
        The largest share of the plan's heat in one lump [-]. Dropping lumps frees money for the
        region; the smaller they are, the finer. A least number of zones is counted without lumps.
    """

    def __init__(self, problem: Problem, most: float) -> None:
        self.problem = problem
        self.most = 0.0 if problem.limits.min_zones else most
        self.edges = {edge.id: edge for edge in problem.edges}
        self.zones = {zone.id: zone for zone in problem.zones}
        self.sites = {site.id: site for site in problem.sites}

    def fold(self, solution: Solution, region: Region) -> Folded:
        """Return the problem of a region, with a plan folded around it."""
        lumps = self._lumps(solution, region)
        folded_pipes = {pipe.edge for lump in lumps for pipe in lump.pipes}
        folded_zones = {zone.zone for lump in lumps for zone in lump.zones}
        pipes = tuple(p for p in solution.pipes if p.edge not in folded_pipes)
        zones = tuple(z for z in solution.zones if z.zone not in folded_zones)
        wholes = [self._zone_of(lump, k) for k, lump in enumerate(lumps)]
        known = {z.zone for z in zones}
        opened = {each.site for each in solution.sites}
        free = [self.edges[e] for e in sorted(region.edges)]
        built = [self._as_built(p) for p in pipes if p.edge not in region.edges]
        problem = self._part(
            edges=(*free, *built),
            zones=(*(self.zones[z] for z in sorted(region.zones | known)), *wholes),
            sites=tuple(self.sites[s] for s in sorted(region.sites | opened)),
        )
        taken = tuple(ServedZone(z.id, z.peak_mw, z.heat_mwh) for z in wholes)
        return Folded(
            problem,
            Solution(solution.sites, pipes, (*zones, *taken)),
            {z.id: lump for z, lump in zip(wholes, lumps, strict=True)},
        )

    def _part(
        self, edges: tuple[Edge, ...], zones: tuple[Zone, ...], sites: tuple[Site, ...]
    ) -> Problem:
        """Return the problem with nothing else, and with the nodes that this needs."""
        nodes = {end for edge in edges for end in (edge.u, edge.v)}
        nodes |= {zone.node for zone in zones} | {site.node for site in sites}
        return replace(
            self.problem, nodes=tuple(sorted(nodes)), edges=edges, zones=zones, sites=sites
        )

    def _as_built(self, pipe: PipeFlow) -> Edge:
        """Return an edge outside of the region: heat flows as in the plan, in a size like it."""
        edge = self.edges[pipe.edge]
        sizes = edge.sizes
        if sizes:
            at = next(k for k, size in enumerate(sizes) if size.label == pipe.size)
            sizes = sizes[max(at - SMALLER, 0) : at + LARGER + 1]
        return replace(edge, u=pipe.from_node, v=pipe.to_node, one_way=True, sizes=sizes)

    # -- lumps ----------------------------------------------------------------------------------

    def _lumps(self, solution: Solution, region: Region) -> list[Lump]:
        """Return the largest lumps of a plan, each with the pipe that it hangs on."""
        hanging = _Hanging(self, solution, region)
        return [hanging.lump_below(top) for top in hanging.tops(self.most)]

    def nodes_of(self, region: Region) -> set[str]:
        """Return the nodes that belong to a region."""
        nodes = {end for e in region.edges for end in (self.edges[e].u, self.edges[e].v)}
        nodes |= {self.zones[z].node for z in region.zones}
        return nodes | {self.sites[s].node for s in region.sites}

    def _zone_of(self, lump: Lump, number: int) -> Zone:
        """Return the zone that stands for a lump, at the node at which its first pipe begins."""
        first, zones = lump.pipes[0], [(self.zones[z.zone], z.heat_mwh) for z in lump.zones]
        figures = [_cost_and_loss(self.edges[pipe.edge], pipe) for pipe in lump.pipes]
        lost = math.fsum([*(loss for _, loss in figures), *(z.loss_mw for z, _ in zones)])
        lost = min(lost, first.flow_mw)
        name = f"lump {number}"
        while name in self.zones:
            name += "+"
        return Zone(
            id=name,
            node=first.from_node,
            heat_mwh=math.fsum(heat for _, heat in zones),
            peak_mw=first.flow_mw - lost,
            loss_mw=lost,
            cost_eur=math.fsum([*(cost for cost, _ in figures), *(z.cost_eur for z, _ in zones)]),
            value_eur=math.fsum(z.value_eur + z.value_eur_per_mwh * heat for z, heat in zones),
            mandatory=any(z.mandatory for z, _ in zones),
        )


def _cost_and_loss(edge: Edge, pipe: PipeFlow) -> tuple[float, float]:
    """Return what a built pipe costs [EUR] and loses [MW]."""
    if not edge.sizes:
        cost = edge.cost_eur + edge.cost_per_mw_eur * pipe.flow_mw
        return cost, edge.loss_mw + edge.loss_per_mw * pipe.flow_mw
    size = next((s for s in edge.sizes if s.label == pipe.size), None)
    size = size or size_for(edge, pipe.flow_mw) or edge.sizes[-1]
    return size.cost_eur, size.loss_mw


class _Hanging:
    """What hangs below each node of a plan, as far as it can be folded."""

    def __init__(self, folder: Folder, solution: Solution, region: Region) -> None:
        self.out: dict[str, list[PipeFlow]] = defaultdict(list)
        self.into: dict[str, list[PipeFlow]] = defaultdict(list)
        self.at: dict[str, list[ServedZone]] = defaultdict(list)
        for pipe in solution.pipes:
            self.out[pipe.from_node].append(pipe)
            self.into[pipe.to_node].append(pipe)
        for zone in solution.zones:
            self.at[folder.zones[zone.zone].node].append(zone)
        self.kept = folder.nodes_of(region) | {folder.sites[s.site].node for s in solution.sites}
        self.heat = math.fsum(zone.heat_mwh for zone in solution.zones)

    def tops(self, most: float) -> list[str]:
        """Return the nodes with lumps below them that are in no larger lump."""
        below: dict[str, float] = {}
        for node in self._leaves_first():
            parts = [below.get(pipe.to_node, math.inf) for pipe in self.out[node]]
            heat = math.fsum(zone.heat_mwh for zone in self.at[node]) + sum(parts)
            single = len(self.into[node]) == 1 and node not in self.kept
            if single and heat <= most * self.heat:
                below[node] = heat
        return [node for node in below if self.into[node][0].from_node not in below]

    def _leaves_first(self) -> list[str]:
        """Return the nodes at which pipes end, each after all that it feeds."""
        waiting = {node: len(pipes) for node, pipes in self.out.items()}
        order = sorted(node for node in self.into if not waiting.get(node))
        for node in order:
            for pipe in self.into[node]:
                tail = pipe.from_node
                waiting[tail] -= 1
                if not waiting[tail] and tail in self.into:
                    order.append(tail)
        return order

    def lump_below(self, top: str) -> Lump:
        """Return all that hangs at a node, and the pipe to it first."""
        pipes, zones, stack = [self.into[top][0]], list(self.at[top]), [top]
        while stack:
            for pipe in self.out[stack.pop()]:
                pipes.append(pipe)
                zones += self.at[pipe.to_node]
                stack.append(pipe.to_node)
        return Lump(tuple(pipes), tuple(zones))
