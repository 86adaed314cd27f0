"""Connect sites and zones to the street mesh by candidate service lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from siting.network.mesh import (
    EXISTING,
    STREET,
    Bools,
    Floats,
    Ints,
    Mesh,
    Objects,
    join,
    labels,
    split,
)
from siting.network.obstacles import FORBIDDEN_WAY, Obstacles

__all__ = ["Links", "add_links", "find_links", "links_of_places", "main_streets"]

MERGE_M = 0.5
"""Taps closer than this along a street become one [m]."""

SPARE_EDGES = 3
"""Nearest edges looked at for each candidate connection, as some share a tap."""

MAIN_SHARE = 0.1
"""A connected part is a main part from this share of the length of the largest [-]."""


@dataclass(frozen=True)
class Links:
    """Candidate connections from places to points on edges.

    ``place`` and ``edge`` are numbers; ``at_m`` is the distance along the edge [m]; ``tap`` tells
    equal taps; ``start`` is where the connection leaves the place and ``rank`` its order there.
    """

    place: Ints
    edge: Ints
    at_m: Floats
    distance_m: Floats
    tap: Ints
    start: Objects
    rank: Ints


def main_streets(mesh: Mesh) -> Bools:
    """Return which edges belong to a main part of the mesh."""
    part = labels(len(mesh.xy), mesh.u, mesh.v)[mesh.u]
    length = np.bincount(part, weights=mesh.length_m)
    main: Bools = (length >= MAIN_SHARE * length.max())[part]
    return main


def find_links(
    mesh: Mesh,
    shapes: Objects,
    *,
    count: int | Ints,
    max_distance_m: float | Floats,
    obstacles: Obstacles | None = None,
    customers: Bools | None = None,
    own: Objects | None = None,
) -> Links:
    """Return up to ``count`` shortest connections from each place to different taps.

    Parameters
    ----------
    mesh
        The streets.
    shapes
        Points and areas; the connection leaves an area at its border.
    count
        Candidate connections, one number for all places or one for each.
    max_distance_m
        Longest connection, one for all places or one for each [m].
    obstacles
        What connections keep out of where they can.
    customers
        Places that existing pipes supply already: their connection stands, and leads to the
        nearest of these pipes, whatever lies between.
    own
        The whole place that each shape is part of; obstacles in it do not count.

    Notes
    -----
    Streets on the ground in main parts are asked first, then those on the ground, then all.
    """
    is_area = shapely.get_dimensions(shapes) == 2
    borders = np.where(is_area, shapely.boundary(shapes), shapes)
    ground = mesh.level == 0
    most = np.broadcast_to(np.asarray(max_distance_m, dtype=float), (len(shapes),))
    found: list[tuple[Ints, Ints, Floats]] = []
    open_places = np.arange(len(shapes))
    standing = np.zeros(len(shapes), dtype=bool) if customers is None else customers
    most_m = float(most.max(initial=0.0))
    each = np.broadcast_to(np.asarray(count, dtype=np.int64), (len(shapes),))
    highest = int(each.max(initial=1))
    wanted = 1 if highest == 1 and obstacles is None else highest * SPARE_EDGES
    every = np.ones(len(shapes), dtype=bool)
    for choice, asked, number in (
        (mesh.kind == EXISTING, standing, 1),
        (ground & main_streets(mesh), every, wanted),
        (ground, every, wanted),
        (np.ones(len(mesh), dtype=bool), every, wanted),
    ):
        edges, here = np.flatnonzero(choice), open_places[asked[open_places]]
        place, near, distance = _nearest(mesh.line[edges], borders[here], number, most_m)
        place = here[place]
        inside = distance <= most[place]
        found.append((place[inside], edges[near][inside], distance[inside]))
        open_places = np.setdiff1d(open_places, found[-1][0])
    place, edge, distance = (np.concatenate(column) for column in zip(*found, strict=True))
    if obstacles is not None:
        way = shapely.shortest_line(borders[place], mesh.line[edge])
        bad = obstacles.hits(way, (shapes if own is None else own)[place])
        bad[_stands(mesh, standing, place, edge)] = 0
        clear = ~np.isin(place, place[bad == 0]) | (bad == 0)
        open_way = clear & (bad < FORBIDDEN_WAY)
        place, edge, distance = place[open_way], edge[open_way], distance[open_way]
    return _distinct_links(mesh, borders, place, edge, distance, each)


def links_of_places(links: Links, place: Ints, most: Ints) -> Links:
    """Return the connections of doors as those of their places, nearest first.

    Parameters
    ----------
    links
        Connections of doors.
    place
        The place of each door.
    most
        Candidate connections from each place.
    """
    owner = place[links.place]
    order = np.lexsort((links.edge, links.distance_m, links.tap, owner))
    key = np.column_stack([owner, links.tap])[order]
    again = np.zeros(len(order), dtype=bool)
    again[1:] = np.all(key[1:] == key[:-1], axis=1)
    kept = order[~again]
    kept = kept[np.lexsort((links.edge[kept], links.distance_m[kept], owner[kept]))]
    rank = _position_in_group(owner[kept])
    few = rank < most[owner[kept]]
    kept, rank = kept[few], rank[few]
    return Links(
        place=owner[kept],
        edge=links.edge[kept],
        at_m=links.at_m[kept],
        distance_m=links.distance_m[kept],
        tap=links.tap[kept],
        start=links.start[kept],
        rank=rank,
    )


def _stands(mesh: Mesh, customers: Bools, place: Ints, edge: Ints) -> Bools:
    """Return which connections stand already: those of customers to existing pipes."""
    stands: Bools = customers[place] & (mesh.kind[edge] == EXISTING)
    return stands


def _nearest(
    lines: Objects, shapes: Objects, count: int, max_distance_m: float
) -> tuple[Ints, Ints, Floats]:
    """Return for each shape its ``count`` nearest lines, nearest first."""
    if not len(lines) or not len(shapes):
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, np.zeros(0)
    tree = shapely.STRtree(lines)
    (shape, line), distance = tree.query_nearest(
        shapes, max_distance=max_distance_m, return_distance=True, all_matches=True
    )
    if count > 1:
        shape, line, distance = _within_growing_reach(
            tree, lines, shapes, (shape, distance), count, max_distance_m
        )
    order = np.lexsort((line, distance, shape))
    shape, line, distance = shape[order], line[order], distance[order]
    chosen = _position_in_group(shape) < count
    return shape[chosen], line[chosen], distance[chosen]


def _within_growing_reach(
    tree: shapely.STRtree,
    lines: Objects,
    shapes: Objects,
    nearest: tuple[Ints, Floats],
    count: int,
    max_distance_m: float,
) -> tuple[Ints, Ints, Floats]:
    """Return lines within a reach that grows until there are enough."""
    asked, first = np.unique(nearest[0], return_index=True)
    reach = np.minimum(1.5 * nearest[1][first] + 25.0, max_distance_m)
    found: list[tuple[Ints, Ints]] = []
    while len(asked):
        place, line = tree.query(shapes[asked], predicate="dwithin", distance=reach)
        enough = np.bincount(place, minlength=len(asked)) >= count
        enough |= reach >= max_distance_m
        done = enough[place]
        found.append((asked[place[done]], line[done]))
        asked, reach = asked[~enough], np.minimum(2 * reach[~enough], max_distance_m)
    shape = np.concatenate([each[0] for each in found]) if found else np.zeros(0, dtype=np.int64)
    line = np.concatenate([each[1] for each in found]) if found else np.zeros(0, dtype=np.int64)
    return shape, line, shapely.distance(shapes[shape], lines[line])


def _position_in_group(group: Ints) -> Ints:
    """Return how many equal entries stand before each entry of a sorted array."""
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return np.arange(len(group)) - np.repeat(starts, np.diff(starts, append=len(group)))


def _distinct_links(
    mesh: Mesh, borders: Objects, place: Ints, edge: Ints, distance: Floats, count: Ints
) -> Links:
    """Keep the first connections of each place that end at different taps."""
    way = shapely.shortest_line(borders[place], mesh.line[edge])
    at = shapely.line_locate_point(mesh.line[edge], shapely.get_point(way, -1))
    tap = _taps(mesh, edge, at)
    order = np.lexsort((edge, distance, tap, place))
    key = np.column_stack([place, tap])[order]
    again = np.zeros(len(order), dtype=bool)
    again[1:] = np.all(key[1:] == key[:-1], axis=1)
    kept = order[~again]
    kept = kept[np.lexsort((edge[kept], distance[kept], place[kept]))]
    rank = _position_in_group(place[kept])
    few = rank < count[place[kept]]
    kept, rank = kept[few], rank[few]
    return Links(
        place=place[kept],
        edge=edge[kept],
        at_m=at[kept],
        distance_m=distance[kept],
        tap=tap[kept],
        start=shapely.get_point(way[kept], 0),
        rank=rank,
    )


def _taps(mesh: Mesh, edge: Ints, at: Floats) -> Ints:
    """Return a number for each tap: its node near an end, else its step along the edge."""
    length = mesh.length_m[edge]
    key = np.column_stack([edge, np.floor(at / MERGE_M).astype(np.int64)])
    for near, node in ((at <= MERGE_M, mesh.u), (at >= length - MERGE_M, mesh.v)):
        key[near] = np.column_stack([np.full(len(edge), -1), node[edge]])[near]
    _, tap = np.unique(key, axis=0, return_inverse=True)
    return tap.ravel().astype(np.int64)


def add_links(
    mesh: Mesh, links: Links, centres: Floats, kind: Ints, customers: Bools | None = None
) -> tuple[Mesh, Ints]:
    """Return the mesh with its edges split at the taps and the connections added.

    Parameters
    ----------
    mesh
        The streets.
    links
        Connections of all places.
    centres
        Where the node of a place without connection lies [m].
    kind
        Kind of the connections of each place.
    customers
        Places whose connections to existing pipes stand already, at no cost.

    Returns
    -------
    The mesh, and the node of each place.
    """
    taps, first, tap = np.unique(links.tap, return_index=True, return_inverse=True)
    edge = links.edge[first]
    at = np.full(len(taps), np.inf)
    np.minimum.at(at, tap, links.at_m)
    count = len(mesh.xy)
    tap_node = count + np.arange(len(taps))
    at_u, at_v = at <= MERGE_M, at >= mesh.length_m[edge] - MERGE_M
    tap_node = np.where(at_u, mesh.u[edge], np.where(at_v, mesh.v[edge], tap_node))
    foot = shapely.get_coordinates(shapely.line_interpolate_point(mesh.line[edge], at))
    place_node = count + len(taps) + np.arange(len(centres))
    place_xy = centres.copy()
    nearest = links.rank == 0
    place_xy[links.place[nearest]] = shapely.get_coordinates(links.start[nearest])
    grown = replace(mesh, xy=np.vstack([mesh.xy, foot, place_xy]))
    cut = ~(at_u | at_v)
    streets = split(grown, edge[cut], at[cut], tap_node[cut])
    service = _service_lines(mesh, grown, links, tap_node[tap], place_node, kind)
    if customers is not None:
        stands = _stands(mesh, customers, links.place, links.edge)
        paid = np.where(stands, 0.0, service.cost_length_m)
        service = replace(service, cost_length_m=paid)
    return join(streets, service), place_node


def _service_lines(
    mesh: Mesh, grown: Mesh, links: Links, tap_node: Ints, place_node: Ints, kind: Ints
) -> Mesh:
    """Return the connections as edges, laid in ground as dear as the street they reach."""
    u, v = tap_node, place_node[links.place]
    line = shapely.linestrings(np.stack([grown.xy[u], grown.xy[v]], axis=1))
    # Further connections of an area run through it, and leave it where it is nearest the street.
    leaves = np.flatnonzero(links.rank > 0)
    bent = np.stack([grown.xy[u], shapely.get_coordinates(links.start), grown.xy[v]], axis=1)[
        leaves
    ]
    turns = np.any(bent[:, 1] != bent[:, 2], axis=1)
    line[leaves[turns]] = shapely.linestrings(bent[turns])
    length = shapely.length(line)
    priced = (mesh.kind == STREET) & (mesh.stated_eur == 0)
    factor = np.where(priced, mesh.cost_length_m / mesh.length_m, 1.0)[links.edge]
    return Mesh(
        xy=grown.xy,
        u=u,
        v=v,
        line=np.asarray(line, dtype=object),
        length_m=length,
        cost_length_m=length * factor,
        name=mesh.name[links.edge],
        level=np.zeros(len(u), dtype=np.int64),
        kind=kind[links.place],
        stated_eur=np.zeros(len(u)),
        existing_dn=np.full(len(u), np.nan),
        free_mw=np.full(len(u), np.nan),
    )
