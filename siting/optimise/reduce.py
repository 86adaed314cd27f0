"""Make a problem smaller without changing its plans, and bring plans back to the full problem.

A service line that serves one zone and nothing else is built exactly when the zone is connected.
Its cost and loss therefore move into the zone, and the zone moves to the street.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from siting.problem import Edge, Problem, Zone
from siting.solution import PipeFlow, Solution

__all__ = ["Reduced", "reduce_problem"]


@dataclass(frozen=True)
class Line:
    """A service line taken into its zone: the edge, its size, and from where to where it runs."""

    edge: str
    from_node: str
    to_node: str
    size: str | None
    loss_mw: float


@dataclass(frozen=True)
class Reduced:
    """A smaller problem, with the way back."""

    problem: Problem
    lines: dict[str, Line]

    def expand(self, solution: Solution, full: Problem) -> Solution:
        """Return a solution of the smaller problem as one of the full problem."""
        own_loss = {zone.id: zone.loss_mw for zone in full.zones}
        pipes = list(solution.pipes)
        for served in solution.zones:
            line = self.lines.get(served.zone)
            if line is not None:
                flow = served.base_mw + own_loss[served.zone] + line.loss_mw
                pipes.append(PipeFlow(line.edge, line.from_node, line.to_node, flow, line.size))
        return replace(solution, pipes=tuple(pipes))

    def __str__(self) -> str:
        """Return what was done in words."""
        return f"{len(self.lines)} service lines taken into their zones"


def reduce_problem(problem: Problem) -> Reduced:
    """Return an equivalent smaller problem."""
    at: dict[str, list[Edge]] = defaultdict(list)
    for edge in problem.edges:
        if not edge.forbidden:
            at[edge.u].append(edge)
            at[edge.v].append(edge)
    busy = {site.node for site in problem.sites}
    shared: dict[str, int] = defaultdict(int)
    for zone in problem.zones:
        shared[zone.node] += 1
    lines: dict[str, Line] = {}
    zones: list[Zone] = []
    taken: set[str] = set()  # a street of its own between two zones serves one of them at most
    for zone in problem.zones:
        edges = at[zone.node]
        alone = len(edges) == 1 and zone.node not in busy and shared[zone.node] == 1
        alone = alone and edges[0].id not in taken
        moved = _moved(zone, edges[0]) if alone and not zone.forbidden else None
        if moved is None:
            zones.append(zone)
            continue
        zones.append(moved[0])
        lines[zone.id] = moved[1]
        taken.add(moved[1].edge)
    gone_edges = {line.edge for line in lines.values()}
    gone_nodes = {line.to_node for line in lines.values()}
    return Reduced(
        replace(
            problem,
            nodes=tuple(node for node in problem.nodes if node not in gone_nodes),
            edges=tuple(edge for edge in problem.edges if edge.id not in gone_edges),
            zones=tuple(zones),
        ),
        lines,
    )


def _moved(zone: Zone, edge: Edge) -> tuple[Zone, Line] | None:
    """Return the zone at the other end of its only edge, or None when that would change plans."""
    other = edge.u if edge.v == zone.node else edge.v
    if other == zone.node or (edge.one_way and edge.v != zone.node):
        return None
    if edge.sizes:
        if len(edge.sizes) > 1:
            return None
        size = edge.sizes[0]
        label, capacity, cost, loss = size.label, size.capacity_mw, size.cost_eur, size.loss_mw
    else:
        if edge.cost_per_mw_eur or edge.loss_per_mw:
            return None
        label, cost, loss = None, edge.cost_eur, edge.loss_mw
        capacity = float("inf") if edge.capacity_mw is None else edge.capacity_mw
    if zone.peak_mw + zone.loss_mw + loss > capacity:
        return None
    moved = replace(
        zone, node=other, cost_eur=zone.cost_eur + cost, loss_mw=zone.loss_mw + loss, cost_parts={}
    )
    return moved, Line(edge.id, other, zone.node, label, loss)
