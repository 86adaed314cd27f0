"""Find how much base capacity a zone takes in any plan that beats a price.

At the prices that a relaxation puts on power at each node, a zone has a base capacity that suits it
best. A plan that grants it much less or much more loses against the relaxation; where the loss
exceeds what is left between the relaxation and the price, no plan goes. Narrow ranges forbid the
slivers that a relaxed plan lives on: a large zone needs a pipe that carries at least its least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from siting.model import Model
from siting.solvers.compiled import CompiledModel, Rows
from siting.solvers.outcome import FloatArray, Outcome

__all__ = ["Range", "ranges_by_prices", "rows_of_ranges"]

SLACK = 1e-4


@dataclass(frozen=True)
class Range:
    """Least and most base capacity of a zone once it is connected [MW]."""

    least_mw: float
    most_mw: float

    def within(self, other: Range | None) -> Range:
        """Return the overlap with another range."""
        if other is None:
            return self
        least = max(self.least_mw, other.least_mw)
        return Range(least, max(min(self.most_mw, other.most_mw), least))


def ranges_by_prices(
    model: Model, compiled: CompiledModel, relaxed: Outcome, room: float
) -> dict[int, Range]:
    """Return the range of each zone with a load curve.

    Parameters
    ----------
    model, compiled
        The model and its arrays.
    relaxed
        Its relaxation, with reduced costs and row duals.
    room
        How far above the relaxation the objective of a plan may lie, scaled.

    Returns
    -------
    Ranges by position of the zone; zones that no plan within the room connects are left out.

    Notes
    -----
    The relaxation is a sum over zones once every row that is not a zone's own is priced by its
    dual. With the zone connected and granted ``q``, its part is ``a + b q + c heat(q)``; the
    relaxed plan attains the least of it. The excess over that least must stay within the room.
    """
    if relaxed.values is None or relaxed.reduced_cost is None or relaxed.row_dual is None:
        return {}
    data, v = model.data, model.variables
    own = _own_rows(compiled)
    found: dict[int, Range] = {}
    for z in v.base:
        zone = data.zone(z)
        columns = [compiled.index(each[z]) for each in (v.connect, v.base, v.heat)]
        rows = own.get(z, [])
        part = compiled.rows.matrix[rows][:, columns].toarray()
        price = relaxed.reduced_cost[columns] + relaxed.row_dual[rows] @ part
        least_part = float(price @ relaxed.values[columns])
        corners = np.array(zone.load_curve)
        base = corners[:, 0] * zone.peak_mw
        heat = corners[:, 1] * zone.heat_mwh / data.scale.heat_mwh
        excess = price[0] + price[1] * base / data.scale.power_mw + min(price[2], 0.0) * heat
        span = _below(base, excess - least_part, max(room, 0.0) * (1 + SLACK) + 1e-7)
        if span is not None:
            found[z] = Range(span[0] * (1 - SLACK), min(span[1] * (1 + SLACK), zone.peak_mw))
    return found


def _own_rows(compiled: CompiledModel) -> dict[int, list[int]]:
    """Return the rows that concern one zone only, by zone."""
    rows: dict[int, list[int]] = {}
    for r, name in enumerate(compiled.row_names):
        if name.startswith(("load_duration_z", "base_within_peak_z")):
            rows.setdefault(int(name.split("_z")[1].split("_")[0]), []).append(r)
    return rows


def _below(at: FloatArray, excess: FloatArray, room: float) -> tuple[float, float] | None:
    """Return where a convex broken line lies below a level, or None."""
    low = np.flatnonzero(excess <= room)
    if not low.size:
        return None
    first, last = int(low[0]), int(low[-1])
    ends = [float(at[first]), float(at[last])]
    for k, (inside, outside) in enumerate(((first, first - 1), (last, last + 1))):
        if 0 <= outside < len(at):
            share = (room - excess[inside]) / (excess[outside] - excess[inside])
            ends[k] += float(share * (at[outside] - at[inside]))
    return ends[0], ends[1]


def rows_of_ranges(model: Model, compiled: CompiledModel, ranges: dict[int, Range]) -> Rows | None:
    """Return rows that hold base capacity within the ranges of connected zones."""
    unit = model.data.scale.power_mw
    v = model.variables
    rows, columns, factors = list[int](), list[int](), list[float]()
    for z, each in ranges.items():
        peak = model.data.zone(z).peak_mw
        pairs = []
        if each.least_mw > 1e-6 * peak:
            pairs.append((1.0, -each.least_mw / unit))
        if each.most_mw < peak * (1 - 1e-6):
            pairs.append((-1.0, each.most_mw / unit))
        for of_base, of_connect in pairs:
            number = len(rows) // 2
            rows += [number, number]
            columns += [compiled.index(v.base[z]), compiled.index(v.connect[z])]
            factors += [of_base, of_connect]
    count = len(rows) // 2
    if not count:
        return None
    matrix = sparse.csr_array((factors, (rows, columns)), shape=(count, len(compiled.names)))
    return Rows(matrix, np.zeros(count), np.full(count, np.inf))
