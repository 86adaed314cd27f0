"""Shrink a mesh without changing what can be built on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from siting.lines import join_chains
from siting.network.mesh import STREET, Bools, Floats, Ints, Mesh, Objects, sums
from siting.region import Remark

__all__ = ["contract"]


def contract(mesh: Mesh, is_place: Bools) -> tuple[Mesh, tuple[Remark, ...]]:
    """Drop dead ends and loops, and make one edge of each chain of streets.

    Parameters
    ----------
    mesh
        Streets and connections.
    is_place
        Nodes of sites and zones; they are never dropped or passed over.

    Returns
    -------
    The smaller mesh on the same node numbers, and remarks. Edges keep their full geometry.
    """
    dead: list[Objects] = []
    loops: list[Objects] = []
    before = int((mesh.kind == STREET).sum())
    size = -1
    while size != len(mesh):
        size = len(mesh)
        mesh = _drop_dead_ends(mesh, is_place, dead)
        mesh = _join_streets(mesh, is_place)
        mesh = _drop_loops(mesh, loops)
    after = int((mesh.kind == STREET).sum())
    gone = (
        _dropped("dropped dead ends without site or zone", dead),
        _dropped("dropped loops without site or zone", loops),
    )
    merged = before - after - gone[0].count - gone[1].count
    remarks = (*gone, Remark("network", "joined pieces between junctions", merged))
    return mesh, tuple(each for each in remarks if each.count)


def _dropped(act: str, lines: list[Objects]) -> Remark:
    """Return what was dropped, with how much and where."""
    places = np.concatenate([np.zeros(0, dtype=object), *lines])
    return Remark("network", act, len(places), float(shapely.length(places).sum()), places=places)


def _drop_dead_ends(mesh: Mesh, is_place: Bools, tally: list[Objects]) -> Mesh:
    """Drop edges that lead nowhere, from their ends inwards."""
    while len(mesh):
        loose = (mesh.degree == 1) & ~is_place
        gone = loose[mesh.u] | loose[mesh.v]
        if not gone.any():
            break
        _count(mesh, gone, tally)
        mesh = mesh.take(~gone)
    return mesh


def _drop_loops(mesh: Mesh, tally: list[Objects]) -> Mesh:
    """Drop edges that end where they start."""
    loop = mesh.u == mesh.v
    _count(mesh, loop, tally)
    return mesh.take(~loop)


def _count(mesh: Mesh, gone: Bools, tally: list[Objects]) -> None:
    """Note streets that go; a connection that hangs in the air goes with them."""
    tally.append(mesh.line[gone & (mesh.kind == STREET)])


def _join_streets(mesh: Mesh, is_place: Bools) -> Mesh:
    """Make one edge of each chain of streets between nodes that matter.

    Each edge is two arcs, ``2 e`` along it and ``2 e + 1`` against it. At a node that is passed
    over, an arc has one successor. Pointer doubling finds the last arc of each chain and the
    number of steps to it in a logarithmic number of array operations.
    """
    if not len(mesh):
        return mesh
    follow = _successors(mesh, is_place)
    last, steps = _chain_ends(follow)
    arcs = np.arange(2 * len(mesh))
    starts = np.setdiff1d(arcs, follow[follow != arcs])
    ends = last[starts]
    tail, head = _tails(mesh)[starts], _tails(mesh)[ends ^ 1]
    # A chain is found in both directions: keep the one from the lower node.
    forward = (tail < head) | ((tail == head) & (starts <= (ends ^ 1)))
    starts, ends = starts[forward], ends[forward]
    chain_of_end = np.full(2 * len(mesh), -1, dtype=np.int64)
    chain_of_end[ends] = np.arange(len(ends))
    chain = chain_of_end[last]
    chosen = np.flatnonzero(chain >= 0)
    chosen = chosen[np.lexsort((-steps[chosen], chain[chosen]))]
    return _joined(mesh, chosen, chain[chosen])


def _tails(mesh: Mesh) -> Ints:
    """Return the node from which each arc starts."""
    return np.column_stack([mesh.u, mesh.v]).ravel()


def _successors(mesh: Mesh, is_place: Bools) -> Ints:
    """Return the arc that continues each arc, or itself where a node matters."""
    tail = _tails(mesh)
    loop = mesh.u == mesh.v
    is_street = np.bincount(
        np.concatenate([mesh.u, mesh.v]),
        weights=np.tile(mesh.kind != STREET, 2).astype(float),
        minlength=len(mesh.xy),
    )
    passed = (mesh.degree == 2) & ~is_place & (is_street == 0)
    passed[mesh.u[loop]] = False
    order = np.argsort(tail, kind="stable")
    order = order[passed[tail[order]]]
    # At each passed node two arcs start; each follows the reverse of the other.
    pair = order.reshape(-1, 2)
    follow = np.arange(len(tail))
    follow[pair[:, 0] ^ 1] = pair[:, 1]
    follow[pair[:, 1] ^ 1] = pair[:, 0]
    return _open_rings(follow)


def _open_rings(follow: Ints) -> Ints:
    """Cut rings without a node that matters, so that every chain has an end."""
    last, _ = _chain_ends(follow)
    arcs = np.arange(len(follow))
    endless = follow[last] != last
    if not endless.any():
        return follow
    # Arcs of one ring share its lowest edge number, found by doubling as well.
    lowest = arcs >> 1
    pointer = follow.copy()
    for _ in range(int(np.ceil(np.log2(len(follow)))) + 1):
        lowest = np.minimum(lowest, lowest[pointer])
        pointer = pointer[pointer]
    opened = follow.copy()
    stop = endless & (lowest == follow >> 1)
    opened[stop] = arcs[stop]
    return opened


def _chain_ends(follow: Ints) -> tuple[Ints, Ints]:
    """Return the last arc of the chain of each arc, and the steps to it."""
    last = follow.copy()
    steps = (follow != np.arange(len(follow))).astype(np.int64)
    for _ in range(int(np.ceil(np.log2(max(len(follow), 2)))) + 1):
        steps = steps + steps[last]
        last = last[last]
    return last, steps


def _joined(mesh: Mesh, arc: Ints, chain: Ints) -> Mesh:
    """Return one edge for each chain of arcs, listed in order of travel."""
    edge, backwards = arc >> 1, (arc & 1).astype(bool)
    heads = np.flatnonzero(np.diff(chain, prepend=-1))
    ends = np.append(heads[1:], len(chain)) - 1
    tail = _tails(mesh)
    count = len(heads)
    lines = mesh.line[edge]
    return replace(
        mesh,
        u=tail[arc[heads]],
        v=tail[arc[ends] ^ 1],
        line=np.asarray(join_chains(lines, chain, backwards), dtype=object),
        length_m=sums(chain, mesh.length_m[edge], count),
        cost_length_m=sums(chain, mesh.cost_length_m[edge], count),
        name=_main_names(mesh.name[edge], chain, mesh.length_m[edge], count),
        level=mesh.level[edge[heads]],
        kind=mesh.kind[edge[heads]],
        stated_eur=sums(chain, mesh.stated_eur[edge], count),
        existing_dn=mesh.existing_dn[edge[heads]],
        free_mw=mesh.free_mw[edge[heads]],
    )


def _main_names(name: Objects, chain: Ints, length_m: Floats, count: int) -> Objects:
    """Return the name that most of each chain bears; a name goes before none."""
    table = pd.DataFrame({"chain": chain, "name": name, "length": length_m})
    table = table[table["name"] != ""].groupby(["chain", "name"], as_index=False).sum()
    table = table.sort_values(["chain", "length", "name"], ascending=[True, False, True])
    best = table.drop_duplicates("chain")
    names = np.full(count, "", dtype=object)
    names[best["chain"].to_numpy(dtype=np.int64)] = best["name"].to_numpy(dtype=object)
    return names
