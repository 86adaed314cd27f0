"""Hold streets as a mesh of numbered nodes and edges, while the network is built."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from siting.lines import cut_at_vertices, insert_points

__all__ = [
    "EXISTING",
    "SERVICE",
    "STREET",
    "TRUNK",
    "Mesh",
    "close_pairs",
    "join",
    "labels",
    "places",
    "split",
    "sums",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Objects = NDArray[Any]

STREET, SERVICE, TRUNK, EXISTING = 0, 1, 2, 3


@dataclass(frozen=True)
class Mesh:
    """Nodes and edges in plain arrays.

    Parameters
    ----------
    xy
        Coordinates of the nodes [m].
    u, v
        End nodes of each edge.
    line
        Geometry of each edge, from ``u`` to ``v``.
    length_m, cost_length_m
        Length, and length weighted with the cost factor of the street [m].
    name
        Name of the street.
    level
        Storey: 0 on the ground.
    kind
        `STREET`, `SERVICE`, `TRUNK` or `EXISTING`.
    stated_eur
        What an edge costs at any size, where the layer states a cost per metre [EUR].
    existing_dn, free_mw
        Nominal diameter of a pipe that lies there already, and what of its capacity is free [MW],
        where the layer states that; NaN for all others.
    """

    xy: Floats
    u: Ints
    v: Ints
    line: Objects
    length_m: Floats
    cost_length_m: Floats
    name: Objects
    level: Ints
    kind: Ints
    stated_eur: Floats
    existing_dn: Floats
    free_mw: Floats

    def __len__(self) -> int:
        """Return the number of edges."""
        return len(self.u)

    @property
    def degree(self) -> Ints:
        """Number of edge ends at each node; a loop counts twice."""
        return np.bincount(np.concatenate([self.u, self.v]), minlength=len(self.xy))

    def take(self, chosen: Bools | Ints) -> Mesh:
        """Return the mesh with some of its edges; all nodes keep their numbers."""
        return replace(
            self,
            u=self.u[chosen],
            v=self.v[chosen],
            line=self.line[chosen],
            length_m=self.length_m[chosen],
            cost_length_m=self.cost_length_m[chosen],
            name=self.name[chosen],
            level=self.level[chosen],
            kind=self.kind[chosen],
            stated_eur=self.stated_eur[chosen],
            existing_dn=self.existing_dn[chosen],
            free_mw=self.free_mw[chosen],
        )


def join(mesh: Mesh, other: Mesh) -> Mesh:
    """Return the edges of both; they share the nodes of ``other``."""

    def both(field: str) -> Any:
        return np.concatenate([getattr(mesh, field), getattr(other, field)])

    return Mesh(xy=other.xy, **{each.name: both(each.name) for each in fields(Mesh)[1:]})


def labels(count: int, u: Ints, v: Ints) -> Ints:
    """Return the number of the connected group of each of ``count`` nodes.

    Examples
    --------
    >>> labels(3, np.array([0]), np.array([2])).tolist()
    [0, 1, 0]
    """
    links = coo_matrix((np.ones(len(u), dtype=np.int8), (u, v)), shape=(count, count))
    found: Ints = connected_components(links, directed=False)[1].astype(np.int64)
    return found


def close_pairs(xy: Floats, distance_m: float) -> Ints:
    """Return the pairs of points that lie within a distance of each other."""
    if not len(xy):
        return np.zeros((0, 2), dtype=np.int64)
    pairs: Ints = cKDTree(xy).query_pairs(distance_m, output_type="ndarray")
    return pairs


def sums(group: Ints, weight: Floats, count: int) -> Floats:
    """Return the sum of weights in each of ``count`` groups."""
    return np.bincount(group, weights=weight, minlength=count).astype(np.float64)


def places(xy: Floats, tolerance_m: float) -> tuple[Ints, Floats]:
    """Return the place of each point, and where each place is.

    Points closer than the tolerance share a place; it lies at the first of them in the order of
    their coordinates. Places are numbered in that order.

    Examples
    --------
    >>> place, where = places(np.array([[5.0, 0.0], [0.0, 0.0], [5.0, 0.0]]), 0.001)
    >>> place.tolist(), where.tolist()
    ([1, 0, 1], [[0.0, 0.0], [5.0, 0.0]])
    """
    flat = np.ascontiguousarray(xy, dtype=np.float64).view(np.complex128).ravel()
    distinct, inverse = np.unique(flat, return_inverse=True)
    points = distinct.view(np.float64).reshape(-1, 2)
    near = close_pairs(points, tolerance_m)
    if len(near):
        group = labels(len(points), near[:, 0], near[:, 1])
        _, first, group = np.unique(group, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return rank[group[inverse]], points[first[order]]
    return inverse.astype(np.int64), points


def split(mesh: Mesh, edge: Ints, at_m: Floats, node: Ints) -> Mesh:
    """Split edges at nodes.

    Parameters
    ----------
    mesh
        Already holds the nodes.
    edge, at_m, node
        For each cut the edge, the distance along it [m] and the node to put there.
    """
    if not len(edge):
        return mesh
    hit = np.unique(edge)
    whole = np.ones(len(mesh), dtype=bool)
    whole[hit] = False
    parent = mesh.take(hit)
    xy, line = shapely.get_coordinates(parent.line, return_index=True)
    owner = np.searchsorted(hit, edge)
    xy, line, _, new = insert_points(xy, line.astype(np.int64), owner, at_m, mesh.xy[node])
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    ends = np.append(starts[1:], len(line)) - 1
    is_break = np.zeros(len(line), dtype=bool)
    is_break[new] = True
    node_at = np.full(len(line), -1, dtype=np.int64)
    node_at[new] = node
    node_at[starts], node_at[ends] = parent.u, parent.v
    pieces = cut_at_vertices(xy, line, is_break)
    length = shapely.length(pieces.geometry)
    factor = parent.cost_length_m / parent.length_m
    stated = parent.stated_eur / parent.length_m
    cut = replace(
        parent.take(pieces.line),
        u=node_at[pieces.first],
        v=node_at[pieces.last],
        line=pieces.geometry,
        length_m=length,
        cost_length_m=length * factor[pieces.line],
        stated_eur=length * stated[pieces.line],
    )
    return join(mesh.take(whole), cut.take(length > 0))
