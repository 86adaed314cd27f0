"""Join streets in a row for bounds, where joining them in the problem would not be exact.

What is lost in one pipe might let the next be smaller; so a plan may cost less than the sum of
equal sizes, and `siting.optimise.contract` leaves such streets alone. A bound does not need equal
sizes: each pipe of the row carries at least what leaves its end. FORMULATION.md has the proof.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from siting.optimise.tables import IntArray, Tables

__all__ = ["joined"]


def joined(tables: Tables) -> Tables:
    """Return the tables with one edge for all in a row between nodes where something happens.

    Only edges with the same sizes, open both ways and without cost or loss per MW are joined.
    """
    plain = ~tables.one_way & (tables.slope_eur == 0) & (tables.shared_loss == 0)
    _, kind = np.unique(tables.high_mw, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    start, order, _ = tables.links
    passed = np.diff(start) == 2
    passed[tables.zone_node] = False
    passed[tables.option_node] = False
    at, edges = np.flatnonzero(passed), len(tables.edge)
    first, second = order[start[at]] % max(edges, 1), order[start[at] + 1] % max(edges, 1)
    alike = plain[first] & plain[second] & (kind[first] == kind[second]) & (first != second)
    rows = _rows(tables, at[alike], first[alike], second[alike])
    if not rows:
        return tables
    keep = np.ones(edges, bool)
    u, v = tables.u.copy(), tables.v.copy()
    cost, loss, most = tables.cost_eur.copy(), tables.loss_mw.copy(), tables.most_loss_mw.copy()
    chains = dict(tables.chains)
    for (begin, end), row in rows:
        head, rest = row[0], row[1:]
        keep[rest] = False
        # Adding up by size bounds the row only because no size costs less than a smaller one
        # (`check_problem` asks for that); losses are the least of all larger ones (`tables_of`).
        u[head], v[head] = begin, end
        cost[head], loss[head] = cost[row].sum(axis=0), loss[row].sum(axis=0)
        most[head] = most[row].sum()
        names = tables.edge[row].tolist()
        behind = [k for name in names for k in (name, *chains.pop(name, ()))]
        chains[behind[0]] = tuple(behind[1:])
    whole = replace(tables, u=u, v=v, cost_eur=cost, loss_mw=loss, most_loss_mw=most, chains=chains)
    return whole.with_edges(keep & (whole.u != whole.v))


def _rows(
    tables: Tables, at: IntArray, first: IntArray, second: IntArray
) -> list[tuple[tuple[int, int], list[int]]]:
    """Return both ends and the edges of each row."""
    beside = dict(zip(at.tolist(), zip(first.tolist(), second.tolist(), strict=True), strict=True))
    u, v = tables.u, tables.v
    seen: set[int] = set()
    rows = []
    for node in at.tolist():
        if node in seen:
            continue
        seen.add(node)
        row: list[int] = []
        ends = []
        for side in (0, 1):
            way, here, edge = [], node, beside[node][side]
            while True:
                way.append(edge)
                here = int(v[edge]) if int(u[edge]) == here else int(u[edge])
                if here not in beside or here in seen:
                    break
                seen.add(here)
                a, b = beside[here]
                edge = b if a == edge else a
            ends.append(here)
            row = way[::-1] + row if side == 0 else row + way
        if len(set(row)) == len(row):  # a ring without anything on it would be walked twice
            rows.append(((ends[0], ends[1]), row))
    return rows
