"""Find rows that keep a relaxed plan from laying slivers of pipes that are too large.

Pipe cost is concave in what a pipe carries. To carry 0.2 MW a relaxed plan lays 97 % of a small
pipe and 3 % of a 6 MW pipe. Two facts forbid it:

- a pipe carries from one source at most what that source gives
  (`siting.model.constraints.constraint_pipe_capacity_by_source`);
- what a pipe carries is used by the zones behind it, or leaves again. For any set of nodes ``S``
  that arc ``a`` enters, whose zones can take at most ``Q``,

      flow in a <= sum over sizes of min(capacity, Q) * built + heat lost in S + heat leaving S

  (a dicut inequality, Ortega and Wolsey 2003, doi:10.1002/net.10068).

Both follow from the model's own rows for whole-numbered plans; only where they are violated are
they written down.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from siting.model import Model
from siting.solvers.compiled import CompiledModel, Rows
from siting.solvers.outcome import FloatArray

__all__ = ["DownstreamFinder", "SourceFinder"]


MOST_WHOLE = 1e9
"""Whole numbers of a flow network stay below this, so that a flow and its way back fit."""


class SourceFinder:
    """Separates the rows that bound what a pipe carries from one source."""

    def __init__(self, model: Model, compiled: CompiledModel) -> None:
        data, v = model.data, model.variables
        index, unit = compiled.index, data.scale.power_mw
        sources = range(len(data.sources))
        self.columns = len(compiled.names)
        self.flow = np.array(
            [[index(v.flow[a, c]) for c in sources] for a in range(len(data.arcs))], dtype=np.int64
        ).reshape(len(data.arcs), len(data.sources))
        width = max((len(arc.pieces) for arc in data.arcs), default=1)
        self.pipe = np.zeros((len(data.arcs), width), dtype=np.int64)
        high = np.zeros((len(data.arcs), width))
        for a, arc in enumerate(data.arcs):
            for p, piece in enumerate(arc.pieces):
                self.pipe[a, p] = index(v.pipe[a, p])
                high[a, p] = piece.high_mw / unit
        gives = np.array([source.capacity_mw for source in data.sources]) / unit
        self.carries = np.minimum(high[:, None, :], gives[None, :, None])

    def find(self, values: FloatArray) -> Rows | None:
        """Return all rows that ``values`` violate, or None."""
        if self.flow.shape[1] < 2 or not self.flow.size:
            return None
        flow = values[self.flow]
        most = np.einsum("acp,ap->ac", self.carries, values[self.pipe])
        arcs, sources = np.nonzero(flow > most * (1 + 1e-4) + 1e-7)
        if not len(arcs):
            return None
        width = self.pipe.shape[1]
        number = np.arange(len(arcs))
        factors = np.concatenate([self.carries[arcs, sources].ravel(), -np.ones(len(arcs))])
        columns = np.concatenate([self.pipe[arcs].ravel(), self.flow[arcs, sources]])
        rows = np.concatenate([np.repeat(number, width), number])
        keep = factors != 0
        matrix = sparse.csr_array(
            (factors[keep], (rows[keep], columns[keep])), shape=(len(arcs), self.columns)
        )
        return Rows(matrix, np.zeros(len(arcs)), np.full(len(arcs), np.inf))


class DownstreamFinder:
    """Separates the rows for one model; ``most_mw`` bounds each zone's base capacity."""

    def __init__(
        self, model: Model, compiled: CompiledModel, most_mw: dict[int, float] | None = None
    ) -> None:
        data, v = model.data, model.variables
        self.data = data
        self.columns = len(compiled.names)
        self.unit = data.scale.power_mw
        index = compiled.index
        sources = range(len(data.sources))
        self.tail = np.array([arc.tail for arc in data.arcs], dtype=np.int64)
        self.head = np.array([arc.head for arc in data.arcs], dtype=np.int64)
        self.pipe = [
            [index(v.pipe[a, p]) for p in range(len(arc.pieces))] for a, arc in enumerate(data.arcs)
        ]
        self.flow = np.array(
            [[index(v.flow[a, c]) for c in sources] for a in range(len(data.arcs))], dtype=np.int64
        ).reshape(len(data.arcs), len(data.sources))
        self.takes = np.zeros(len(data.problem.nodes))
        node_of = {name: k for k, name in enumerate(data.problem.nodes)}
        for z in data.zones:
            zone = data.zone(z)
            most = zone.peak_mw if most_mw is None else min(zone.peak_mw, most_mw[z])
            self.takes[node_of[zone.node]] += most + zone.loss_mw

    def find(self, values: FloatArray, *, limit: int = 500) -> Rows | None:
        """Return rows that ``values`` violate, the most violated first; or None."""
        flow = values[self.flow].sum(axis=1)
        found: list[tuple[float, dict[int, float]]] = []
        for a in np.flatnonzero(flow > 1e-4 * flow.max(initial=0.0) + 1e-9).tolist():
            best = self._best_row(a, values, flow)
            if best is not None:
                found.append(best)
        found.sort(key=lambda each: -each[0])
        return self._rows([row for _, row in found[:limit]])

    def _best_row(
        self, a: int, values: FloatArray, flow: FloatArray
    ) -> tuple[float, dict[int, float]] | None:
        """Return the most violated row of one arc, over the sizes that count as too large."""
        pieces, pipe = self.data.arcs[a].pieces, self.pipe[a]
        built = values[pipe]
        best: tuple[float, dict[int, float]] | None = None
        for first in range(len(pieces)):
            share = float(built[first:].sum())
            below = sum(pieces[k].high_mw * float(built[k]) for k in range(first)) / self.unit
            if share <= 1e-6 or (first and built[first - 1] <= 1e-6):
                continue
            if flow[a] - below <= 1e-3 * flow[a]:
                break
            nodes = self._cheapest_side(a, share, flow)
            takes = float(self.takes[nodes].sum())
            if takes >= pieces[-1].high_mw:
                continue
            row = self._row(a, nodes, takes)
            room = sum(factor * float(values[k]) for k, factor in row.items())
            violation = float(flow[a]) - room
            if violation > 2e-3 * flow[a] and (best is None or violation > best[0]):
                best = violation, row
        if best is not None:
            for k in self.flow[a].tolist():
                best[1][k] -= 1.0
        return best

    def _cheapest_side(self, a: int, share: float, flow: FloatArray) -> NDArray[np.int64]:
        """Return the node set behind an arc that gives the tightest row, by minimum cut.

        It may hold the arc's tail where much runs in circles. The row holds for that set as well:
        what has passed the arc is used or lost in the set, or leaves it.
        """
        size = len(self.takes)
        used = np.flatnonzero(flow > 1e-9)
        used = used[used != a]
        taking = np.flatnonzero(self.takes > 0)
        sink = size
        tails = np.concatenate([self.tail[used], taking, [self.tail[a]]])
        heads = np.concatenate([self.head[used], np.full(len(taking) + 1, sink)])
        amount = np.concatenate([flow[used], self.takes[taking] / self.unit * share, [1e3]])
        # Pipes side by side add up before they are cut off, or whole numbers would run over.
        graph = sparse.csr_matrix((amount, (tails, heads)), shape=(size + 1, size + 1))
        graph.data = np.minimum(np.ceil(graph.data * 1e6), MOST_WHOLE).astype(np.int32)
        result = csgraph.maximum_flow(graph, int(self.head[a]), sink)
        left = (graph - result.flow).tocsr()
        left.eliminate_zeros()
        nodes: NDArray[np.int64] = csgraph.breadth_first_order(
            left, int(self.head[a]), return_predecessors=False
        )
        return nodes[nodes < size]

    def _row(self, a: int, nodes: NDArray[np.int64], takes: float) -> dict[int, float]:
        """Return the right-hand side of the row as coefficients."""
        inside = np.zeros(len(self.takes), dtype=bool)
        inside[nodes] = True
        row = self._losses_and_leaving(a, nodes, inside)
        for k, piece in zip(self.pipe[a], self.data.arcs[a].pieces, strict=True):
            row[k] += min(piece.high_mw, takes) / self.unit
        return row

    def _losses_and_leaving(
        self, a: int, nodes: NDArray[np.int64], inside: NDArray[np.bool_]
    ) -> dict[int, float]:
        """Return what is lost in the arc and inside the set, and what leaves it, as a row."""
        row: dict[int, float] = defaultdict(float)
        lossy = [a]
        for n in nodes.tolist():
            for b in self.data.arcs_out.get(n, ()):
                if inside[self.head[b]]:
                    lossy.append(b)
                else:
                    for k in self.flow[b].tolist():
                        row[k] += 1.0
        for b in lossy:
            pieces = self.data.arcs[b].pieces
            for k, piece in zip(self.pipe[b], pieces, strict=True):
                if piece.loss_mw:
                    row[k] += piece.loss_mw / self.unit
            if pieces[0].loss_per_mw:
                for k in self.flow[b].tolist():
                    row[k] += pieces[0].loss_per_mw
        return row

    def _rows(self, found: list[dict[int, float]]) -> Rows | None:
        if not found:
            return None
        columns = [k for row in found for k in row]
        factors = [f for row in found for f in row.values()]
        starts = np.cumsum([0, *(len(row) for row in found)])
        matrix = sparse.csr_array(
            (np.array(factors), np.array(columns, dtype=np.int32), starts),
            shape=(len(found), self.columns),
        )
        return Rows(matrix, np.zeros(len(found)), np.full(len(found), np.inf))
