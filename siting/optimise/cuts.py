"""Find directed cuts that a fractional or a disconnected plan violates.

A connected zone needs, across every cut that separates it from all open sites, at least one pipe.
Where it is known to take at least some power, a pipe that carries only a part of that counts only
for that part.
There are too many such rows to write down; they are found by maximum flow where they are violated
(Ljubić, Weiskircher, Pferschy, Klau, Mutzel and Fischetti 2006, doi:10.1007/s10107-005-0660-x).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from siting.model import Model
from siting.solvers.compiled import CompiledModel, Rows
from siting.solvers.outcome import FloatArray

__all__ = ["Cut", "CutFinder"]

WHOLE = 1_000_000
CREEP = 3
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """One violated cut: arcs that cross it, options beyond it, and the zone that needs them."""

    arcs: tuple[int, ...]
    options: tuple[int, ...]
    zone: int

    @property
    def key(self) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """Return what makes two cuts the same."""
        return self.arcs, self.options, self.zone


class CutFinder:
    """Separates directed cuts for one model.

    The graph has the problem's nodes and one more, the source, with an arc to each option's node.
    """

    def __init__(self, model: Model, compiled: CompiledModel) -> None:
        data, v = model.data, model.variables
        self.model, self.compiled = model, compiled
        self.nodes = len(data.problem.nodes)
        self.source = self.nodes
        self.tails = np.array(
            [a.tail for a in data.arcs] + [self.source] * len(data.options), dtype=np.int64
        )
        self.heads = np.array(
            [a.head for a in data.arcs] + [o.node for o in data.options], dtype=np.int64
        )
        self.zone_column = {z: compiled.index(x) for z, x in v.connect.items()}
        node_of = {name: k for k, name in enumerate(data.problem.nodes)}
        self.zone_node = {z: node_of[data.zone(z).node] for z in data.zones}
        self.columns = self._capacity_columns()
        self.known: set[tuple[tuple[int, ...], tuple[int, ...], int]] = set()
        self.least_mw: dict[int, float] = {}
        self._table()

    def _capacity_columns(self) -> list[list[int]]:
        """Return, for each arc of the graph, the variables whose sum is its capacity."""
        data, v, compiled = self.model.data, self.model.variables, self.compiled
        columns = [
            [compiled.index(v.pipe[a, p]) for p in range(len(arc.pieces))]
            for a, arc in enumerate(data.arcs)
        ]
        return columns + [[compiled.index(v.open[k])] for k in range(len(data.options))]

    def _table(self) -> None:
        """Lay out the columns of each arc, and what each piece carries, as rectangles."""
        data = self.model.data
        width = max((len(each) for each in self.columns), default=1)
        self.place = np.zeros((len(self.columns), width), dtype=np.int64)
        self.counts = np.zeros((len(self.columns), width))
        self.carries_mw = np.full((len(self.columns), width), np.inf)
        for k, each in enumerate(self.columns):
            self.place[k, : len(each)] = each
            self.counts[k, : len(each)] = 1.0
        for a, arc in enumerate(data.arcs):
            self.carries_mw[a, : len(arc.pieces)] = [piece.high_mw for piece in arc.pieces]

    def demand_at_least(self, least_mw: dict[int, float]) -> None:
        """From now on, count on connected zones to take at least these base capacities [MW]."""
        self.least_mw = {z: least for z, least in least_mw.items() if least > 0}
        self.known.clear()

    def _counted(self, zone: int) -> FloatArray:
        """Return how much each piece of each arc counts towards connecting a zone, 0 to 1."""
        least = self.least_mw.get(zone)
        if least is None:
            return self.counts
        return np.asarray(self.counts * np.minimum(self.carries_mw / least, 1.0))

    def capacities(self, values: FloatArray) -> FloatArray:
        """Return how much of each arc is built in a (fractional) plan."""
        return np.asarray((values[self.place] * self.counts).sum(axis=1))

    def find(
        self, values: FloatArray, *, least_violation: float = 0.02, limit: int = 400
    ) -> list[Cut]:
        """Return cuts that ``values`` violate, strongest zones first, at most ``limit``."""
        capacity = self.capacities(values)
        wanted = [(float(values[column]), z) for z, column in self.zone_column.items()]
        found: list[Cut] = []
        for share, z in sorted(wanted, reverse=True):
            if share <= least_violation or len(found) >= limit:
                break
            if z in self.least_mw:
                counted = (values[self.place] * self._counted(z)).sum(axis=1)
            else:
                counted = capacity
            for cut in self._cuts_for(z, share, counted, least_violation):
                if cut.key not in self.known:
                    self.known.add(cut.key)
                    found.append(cut)
        return found

    def _cuts_for(
        self, zone: int, share: float, capacity: FloatArray, least_violation: float
    ) -> Iterator[Cut]:
        """Yield nested cuts for one zone: each next one avoids the arcs of those before."""
        whole = np.minimum(np.rint(capacity * WHOLE), WHOLE).astype(np.int32) + CREEP
        for _ in range(3):
            flow, near_source, near_zone = self._minimum_cuts(zone, whole)
            if flow >= (share - least_violation) * WHOLE:
                return
            for beyond in (near_source, near_zone):
                crossing = np.flatnonzero(~beyond[self.tails] & beyond[self.heads])
                yield self._cut(crossing, zone)
            crossing = np.flatnonzero(~near_zone[self.tails] & near_zone[self.heads])
            whole = whole.copy()
            whole[crossing] = WHOLE

    def _minimum_cuts(
        self, zone: int, whole: NDArray[np.int32]
    ) -> tuple[float, NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the flow, and which nodes lie beyond the cut nearest the source and the zone."""
        size, sink = self.nodes + 1, self.zone_node[zone]
        graph = sparse.csr_array((whole, (self.tails, self.heads)), shape=(size, size))
        graph.sum_duplicates()
        graph = sparse.csr_matrix(graph)
        result = csgraph.maximum_flow(graph, self.source, sink)
        left = (graph - result.flow).tocsr()
        left.eliminate_zeros()
        reached = csgraph.breadth_first_order(left, self.source, return_predecessors=False)
        near_source = np.ones(size, dtype=bool)
        near_source[reached] = False
        backward = left.T.tocsr()
        reaching = csgraph.breadth_first_order(backward, sink, return_predecessors=False)
        near_zone = np.zeros(size, dtype=bool)
        near_zone[reaching] = True
        return float(result.flow_value), near_source, near_zone

    def _cut(self, crossing: IntArray, zone: int) -> Cut:
        arcs = len(self.model.data.arcs)
        return Cut(
            tuple(int(k) for k in crossing if k < arcs),
            tuple(int(k) - arcs for k in crossing if k >= arcs),
            zone,
        )

    def unreached(self, values: FloatArray) -> list[Cut]:
        """Return a cut for each zone that a whole-numbered plan connects to no open site."""
        built = self.capacities(values) > 0.5
        size = self.nodes + 1
        ones = np.ones(int(built.sum()))
        graph = sparse.csr_array((ones, (self.tails[built], self.heads[built])), shape=(size, size))
        reached = csgraph.breadth_first_order(
            sparse.csr_matrix(graph), self.source, return_predecessors=False
        )
        beyond = np.ones(size, dtype=bool)
        beyond[reached] = False
        crossing = np.flatnonzero(~beyond[self.tails] & beyond[self.heads])
        return [
            self._cut(crossing, z)
            for z, column in self.zone_column.items()
            if values[column] > 0.5 and beyond[self.zone_node[z]]
        ]

    def rows(self, cuts: list[Cut]) -> Rows:
        """Return cuts as rows of the compiled model."""
        columns: list[int] = []
        factors: list[float] = []
        starts = [0]
        arcs = len(self.model.data.arcs)
        for cut in cuts:
            counted = self._counted(cut.zone)
            for k in (*cut.arcs, *(arcs + option for option in cut.options)):
                columns += self.columns[k]
                factors += counted[k, : len(self.columns[k])].tolist()
            columns.append(self.zone_column[cut.zone])
            factors.append(-1.0)
            starts.append(len(columns))
        matrix = sparse.csr_array(
            (np.array(factors), np.array(columns, dtype=np.int32), np.array(starts)),
            shape=(len(cuts), len(self.compiled.names)),
        )
        return Rows(matrix, np.zeros(len(cuts)), np.full(len(cuts), np.inf))
