"""Make a street graph smaller without changing what its best plans cost, and bring plans back.

Four steps take turns: dead ends without zone or site go; of parallel streets the one that is never
better goes; two streets that meet where nothing else does become one; a street goes that a detour
always replaces. Each step looks whether it is exact for the streets at hand, and leaves them alone
where it is not; FORMULATION.md tells when that is.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement

import numpy as np

from siting.model.data import flow_limit
from siting.optimise.contract_kernels import detours
from siting.problem import Edge, PipeSize, Problem
from siting.solution import PipeFlow, Solution

__all__ = ["Contracted", "contract"]

ROUNDS = 6
SAME = 1e-12
"""Relative difference up to which two figures are taken as equal [-]."""


@dataclass(frozen=True)
class Contracted:
    """A smaller problem, with the way back.

    ``chains`` holds, for each joined street, the ids of its parts from its end u to its end v;
    ``counts`` how many streets each step took away, and ``inexact`` at how many nodes two streets
    could not become one without changing what they cost or lose.
    """

    problem: Problem
    chains: dict[str, tuple[str, ...]]
    counts: dict[str, int]
    inexact: int = 0

    def expand(self, solution: Solution, full: Problem) -> Solution:
        """Return a solution of the smaller problem as one of the full problem."""
        edges = {edge.id: edge for edge in full.edges}
        joined = {edge.id: edge for edge in self.problem.edges}
        pipes: list[PipeFlow] = []
        for pipe in solution.pipes:
            chain = self.chains.get(pipe.edge)
            if chain is None:
                pipes.append(pipe)
                continue
            forth = joined[pipe.edge].u == pipe.from_node
            parts = [edges[name] for name in (chain if forth else chain[::-1])]
            pipes += _along(parts, pipe)
        return replace(solution, pipes=tuple(pipes))

    def __str__(self) -> str:
        """Return what was done in words."""
        done = [f"{count:,} {what}" for what, count in self.counts.items() if count]
        left = f"; {self.inexact:,} chains left, as joining is not exact" if self.inexact else ""
        return "streets taken away: " + (", ".join(done) or "none") + left


def _along(parts: list[Edge], pipe: PipeFlow) -> list[PipeFlow]:
    """Return the pipes of a chain: what arrives is worked out from what enters."""
    node, flow = pipe.from_node, pipe.flow_mw
    found = []
    for edge in parts:
        end = edge.v if edge.u == node else edge.u
        size = next((s for s in edge.sizes if s.label == pipe.size), None) if edge.sizes else None
        found.append(PipeFlow(edge.id, node, end, flow, None if size is None else size.label))
        flow = flow * (1 - edge.loss_per_mw) - edge.loss_mw if size is None else flow
        node = end
    return found


@dataclass
class Streets:
    """The graph while it shrinks: edges by id, and the ids at each node.

    ``traced`` says that heat over the year is traced to sites, see `_is_traced`.
    """

    edges: dict[str, Edge]
    at: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    traced: bool = False
    chains: dict[str, tuple[str, ...]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    inexact: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for edge in self.edges.values():
            self.at[edge.u].add(edge.id)
            self.at[edge.v].add(edge.id)

    def name_of(self, chain: tuple[str, ...]) -> str:
        """Return a name for a joined street that no other street has."""
        name = f"{chain[0]}+{chain[-1]}"
        while name in self.edges:
            name += "+"
        return name

    def remove(self, name: str) -> Edge:
        """Take a street away."""
        edge = self.edges.pop(name)
        self.at[edge.u].discard(name)
        self.at[edge.v].discard(name)
        return edge

    def add(self, edge: Edge) -> None:
        """Put a street in."""
        self.edges[edge.id] = edge
        self.at[edge.u].add(edge.id)
        self.at[edge.v].add(edge.id)


def contract(problem: Problem) -> Contracted:
    """Return an equivalent problem with fewer streets."""
    limit = flow_limit(problem)
    usable = {e.id: e for e in problem.edges if not e.forbidden and e.u != e.v}
    streets = Streets(usable, traced=_is_traced(problem))
    busy = {site.node for site in problem.sites if not site.forbidden}
    busy |= {zone.node for zone in problem.zones if not zone.forbidden}
    for _ in range(ROUNDS):
        before = len(streets.edges)
        _drop_dead_ends(streets, busy)
        if not streets.traced:
            _drop_parallels(streets, limit)
        _join_chains(streets, busy)
        if not streets.traced:
            _drop_detours(streets, limit)
        if len(streets.edges) > 0.99 * before:
            break
    _drop_dead_ends(streets, busy)
    order = {edge.id: k for k, edge in enumerate(problem.edges)}
    first = {name: order[streets.chains.get(name, (name,))[0]] for name in streets.edges}
    edges = tuple(streets.edges[name] for name in sorted(streets.edges, key=first.__getitem__))
    used = {end for edge in edges for end in (edge.u, edge.v)}
    used |= {site.node for site in problem.sites} | {zone.node for zone in problem.zones}
    nodes = tuple(node for node in problem.nodes if node in used)
    chains = {name: parts for name, parts in streets.chains.items() if name in streets.edges}
    counts = dict(sorted(streets.counts.items()))
    left = sum(len(streets.at[node]) == 2 for node in streets.inexact)
    return Contracted(replace(problem, nodes=nodes, edges=edges), chains, counts, left)


def _is_traced(problem: Problem) -> bool:
    """Whether sites differ in running cost, so that it matters which of them heats in the year.

    In the year net heat may then run against that of full base load, which two streets side by
    side allow and one does not.
    """
    options = (each for site in problem.sites if not site.forbidden for each in site.choices)
    rates = {each.cost_per_mwh_eur for each in options}
    return problem.objective.kind == "net_value" and len(rates) > 1


def _drop_dead_ends(streets: Streets, busy: set[str]) -> None:
    """Take away streets to where nothing is, and from there on."""
    ends = [node for node, names in streets.at.items() if len(names) == 1 and node not in busy]
    while ends:
        node = ends.pop()
        if len(streets.at[node]) != 1:
            continue
        (name,) = streets.at[node]
        edge = streets.remove(name)
        streets.counts["dead ends"] += 1
        other = edge.u if edge.v == node else edge.v
        if len(streets.at[other]) == 1 and other not in busy:
            ends.append(other)


def _drop_parallels(streets: Streets, limit_mw: float) -> None:
    """Of two streets between the same ends, take away the one that is never better."""
    groups: dict[tuple[str, ...], list[Edge]] = defaultdict(list)
    for edge in streets.edges.values():
        groups[tuple(sorted((edge.u, edge.v)))].append(edge)
    for group in groups.values():
        kept: list[Edge] = []
        for edge in sorted(group, key=lambda e: (_cheapest(e), e.id)) if len(group) > 1 else ():
            if any(_as_good(other, edge, limit_mw) for other in kept):
                streets.remove(edge.id)
                streets.counts["parallel"] += 1
            else:
                kept.append(edge)


def _cheapest(edge: Edge) -> float:
    return edge.sizes[0].cost_eur if edge.sizes else edge.cost_eur


def _most(edge: Edge) -> float:
    if edge.sizes:
        return edge.sizes[-1].capacity_mw
    return math.inf if edge.capacity_mw is None else edge.capacity_mw


def _as_good(edge: Edge, other: Edge, limit_mw: float) -> bool:
    """Whether a pipe in ``edge`` can do what any pipes in both do, at no more cost or loss."""
    if edge.one_way and not (other.one_way and (edge.u, edge.v) == (other.u, other.v)):
        return False
    return _is_unlimited_and_merges(edge, limit_mw) and _no_dearer([edge], other)


def _no_dearer(path: list[Edge], edge: Edge) -> bool:
    """Whether a way costs and loses no more than a street, at every flow."""
    if any(bool(each.sizes) != bool(edge.sizes) for each in path):
        return False
    if not edge.sizes:
        through = math.prod(1 - each.loss_per_mw for each in path)
        return (
            math.fsum(each.cost_eur for each in path) <= edge.cost_eur
            and math.fsum(each.cost_per_mw_eur for each in path) <= edge.cost_per_mw_eur
            and math.fsum(each.loss_mw for each in path) <= edge.loss_mw
            and through >= 1 - edge.loss_per_mw
        )
    steps = [size.capacity_mw for size in edge.sizes]
    if any([size.capacity_mw for size in each.sizes][: len(steps)] != steps for each in path):
        return False
    return all(
        math.fsum(each.sizes[k].cost_eur for each in path) <= edge.sizes[k].cost_eur
        and math.fsum(each.sizes[k].loss_mw for each in path) <= edge.sizes[k].loss_mw
        for k in range(len(steps))
    )


def _is_unlimited_and_merges(edge: Edge, limit_mw: float) -> bool:
    """Whether a street carries all there is, and two flows in one pipe cost no more than in two."""
    if _most(edge) < limit_mw:
        return False
    if not edge.sizes:
        return True
    for a, b in combinations_with_replacement(edge.sizes, 2):
        both = a.capacity_mw + b.capacity_mw
        fit = next((s for s in edge.sizes if s.capacity_mw >= both), edge.sizes[-1])
        if fit.cost_eur > a.cost_eur + b.cost_eur or fit.loss_mw > a.loss_mw + b.loss_mw:
            return False
    return True


# Chains ----------------------------------------------------------------------------------------


def _join_chains(streets: Streets, busy: set[str]) -> None:
    """Make one street of two that meet where nothing else is."""
    waiting = [node for node in list(streets.at) if node not in busy]
    for node in waiting:
        names = streets.at[node]
        if len(names) != 2:
            continue
        first, second = sorted(names)
        a, b = streets.edges[first], streets.edges[second]
        if _other(a, node) == _other(b, node):  # there and back again
            streets.remove(first)
            streets.remove(second)
            streets.counts["loops"] += 2
            continue
        chain = _parts(streets, a, toward=node) + _parts(streets, b, toward=_other(b, node))
        lossy = streets.traced and (_loses(a) or _loses(b))
        joined = None if lossy else _joined(a, b, node, streets.name_of(chain))
        if joined is None:
            streets.inexact.add(node)
            continue
        streets.counts["chains"] += 1
        if joined.u != _other(a, node):
            chain = chain[::-1]
        streets.remove(first)
        streets.remove(second)
        streets.add(joined)
        streets.chains[joined.id] = chain


def _other(edge: Edge, node: str) -> str:
    return edge.u if edge.v == node else edge.v


def _loses(edge: Edge) -> bool:
    return bool(edge.loss_mw or edge.loss_per_mw or any(size.loss_mw for size in edge.sizes))


def _parts(streets: Streets, edge: Edge, *, toward: str) -> tuple[str, ...]:
    """Return the parts of a street in the order in which one meets them on the way to an end."""
    chain = streets.chains.get(edge.id, (edge.id,))
    return chain if edge.v == toward else chain[::-1]


def _joined(a: Edge, b: Edge, node: str, name: str) -> Edge | None:
    """Return the street that is ``a`` up to a node and ``b`` from there, or None if there is none.

    Its cost and loss must be the same in both directions, unless only one is open.
    """
    start, end = _other(a, node), _other(b, node)
    forth = not (a.one_way and a.u == node) and not (b.one_way and b.v == node)
    back = not (a.one_way and a.v == node) and not (b.one_way and b.u == node)
    if not (forth or back) or bool(a.sizes) != bool(b.sizes):
        return None
    ends = (start, end) if forth else (end, start)
    ways = [pair for pair, is_open in (((a, b), forth), ((b, a), back)) if is_open]
    figures = [_in_turn(*pair) for pair in ways]
    if figures[0] is None or any(f is None or not _same(figures[0], f) for f in figures):
        return None
    cost, slope, capacity, loss, share, sizes = figures[0]
    return Edge(
        id=name,
        u=ends[0],
        v=ends[1],
        cost_eur=cost,
        cost_per_mw_eur=slope,
        capacity_mw=None if math.isinf(capacity) else capacity,
        loss_mw=loss,
        loss_per_mw=share,
        sizes=sizes,
        length_m=a.length_m + b.length_m,
        one_way=len(ways) == 1,
    )


Figures = tuple[float, float, float, float, float, tuple[PipeSize, ...]]


def _in_turn(a: Edge, b: Edge) -> Figures | None:
    """Return cost, slope, capacity, loss, share lost and sizes of two streets passed in turn."""
    if a.sizes:
        alike = [s.capacity_mw for s in a.sizes] == [s.capacity_mw for s in b.sizes]
        labels = [s.label for s in a.sizes] == [s.label for s in b.sizes]
        if not (alike and labels) or any(s.loss_mw for s in (*a.sizes, *b.sizes)):
            return None  # what is lost on the way might let the second pipe be smaller
        sizes = tuple(
            replace(s, cost_eur=s.cost_eur + t.cost_eur)
            for s, t in zip(a.sizes, b.sizes, strict=True)
        )
        return 0.0, 0.0, math.inf, 0.0, 0.0, sizes
    through = 1 - a.loss_per_mw
    cost = a.cost_eur + b.cost_eur - b.cost_per_mw_eur * a.loss_mw
    if cost < 0:
        return None
    return (
        cost,
        a.cost_per_mw_eur + b.cost_per_mw_eur * through,
        min(_most(a), (_most(b) + a.loss_mw) / through),
        a.loss_mw * (1 - b.loss_per_mw) + b.loss_mw,
        1 - through * (1 - b.loss_per_mw),
        (),
    )


def _same(one: Figures, other: Figures) -> bool:
    numbers = zip(one[:5], other[:5], strict=True)
    sizes = [s.cost_eur for s in one[5]], [s.cost_eur for s in other[5]]
    return (
        all(math.isclose(x, y, rel_tol=SAME, abs_tol=0.0) for x, y in numbers)
        and len(sizes[0]) == len(sizes[1])
        and all(math.isclose(x, y, rel_tol=SAME) for x, y in zip(*sizes, strict=True))
    )


# Detours ---------------------------------------------------------------------------------------


def _drop_detours(streets: Streets, limit_mw: float) -> None:
    """Take away streets between whose ends another way costs and loses no more at any flow."""
    free = [e for e in streets.edges.values() if not e.one_way]
    free = [e for e in free if _is_unlimited_and_merges(e, limit_mw)]
    if not free:
        return
    nodes = {node: k for k, node in enumerate(dict.fromkeys(n for e in free for n in (e.u, e.v)))}
    u = np.array([nodes[e.u] for e in free], dtype=np.int64)
    v = np.array([nodes[e.v] for e in free], dtype=np.int64)
    cost = np.array([_cheapest(e) for e in free], dtype=np.float64)
    hold = np.argsort(-cost, kind="stable").astype(np.int64)
    start, ways = detours(len(nodes), u, v, cost, hold)
    gone: set[int] = set()
    for i, e in enumerate(hold):
        path = [int(k) for k in ways[start[i] : start[i + 1]]]
        if not path or gone.intersection(path):
            continue
        if _no_dearer([free[k] for k in path], free[e]):
            gone.add(int(e))
            streets.remove(free[e].id)
            streets.counts["detours"] += 1
