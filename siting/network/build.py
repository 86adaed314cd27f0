"""Turn the streets, sites and zones of a region into a routing graph."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from siting.errors import FaultLog, name_ids
from siting.network.attach import Links, add_links, find_links, links_of_places
from siting.network.contract import contract
from siting.network.doors import Doors
from siting.network.existing import add_existing
from siting.network.mesh import (
    EXISTING,
    SERVICE,
    STREET,
    TRUNK,
    Bools,
    Floats,
    Ints,
    Mesh,
    Objects,
    labels,
    sums,
)
from siting.network.noding import street_mesh
from siting.network.obstacles import Obstacles, crossing_costs, crossing_remark
from siting.network.types import PipeNetwork
from siting.region import Region, Remark

__all__ = ["build_network"]

log_line = logging.getLogger(__name__)

KINDS = np.array(["street", "service", "trunk", "existing"], dtype=object)
SHOWN_PARTS = 5


def build_network(
    region: Region,
    *,
    snap_tolerance_m: float = 1.0,
    max_connection_m: float = 200.0,
    max_site_connection_m: float | None = None,
    connections_per_zone: int = 1,
    crossing_cost_eur: float = 0.0,
    tie_in_m: float = 20.0,
    log: FaultLog,
) -> PipeNetwork:
    """Build the routing graph of a region.

    Parameters
    ----------
    region
        Sites, zones and streets in one projected CRS.
    snap_tolerance_m
        Largest gap between streets that is closed [m].
    max_connection_m, max_site_connection_m
        Longest connection from a zone to a street, and from a site; the former for both if the
        latter is absent [m].
    connections_per_zone
        Candidate connections offered to each site and zone.
    crossing_cost_eur
        Lump sum for crossing a barrier that states none of its own [EUR].
    tie_in_m
        Street crossings nearer than this to an existing heat pipe can be joined to it [m].
    log
        Takes sites without a street (faults) and zones without a street, or on streets that no
        site can reach (doubts).

    Returns
    -------
    The contracted graph. A zone without a street keeps a node of its own without edges, in part
    -1. The result does not depend on the order of rows.
    """
    mesh, remarks = _usable_mesh(region, snap_tolerance_m, log)
    obstacles = Obstacles.of(region)
    if obstacles is not None:
        mesh, closed = obstacles.without_forbidden(mesh)
        remarks = (*remarks, *closed)
    if region.existing is not None and len(mesh):
        mesh, tied = add_existing(mesh, region.existing, snap_tolerance_m, tie_in_m, log)
        remarks = (*remarks, *tied)
    places = _Places(region)
    if not len(mesh):
        log.fault("streets", "no street can carry a pipe.", "Check the street layer.")
        return _network(mesh, np.zeros(0, dtype=np.int64), places, region.crs, remarks)
    site_m = max_connection_m if max_site_connection_m is None else max_site_connection_m
    most_m = np.where(places.is_site, site_m, max_connection_m)
    doors = Doors.of(places.shape, places.key, region.access, connections_per_zone)
    links = find_links(
        mesh,
        doors.shape,
        count=doors.count,
        max_distance_m=most_m[doors.place],
        obstacles=obstacles,
        customers=places.is_customer[doors.place],
        own=places.shape[doors.place],
    )
    links = links_of_places(links, doors.place, doors.most)
    _doubt_customers(mesh, places, links, max_connection_m, log)
    _report_far_places(mesh, places, links, most_m, log)
    mesh, node = add_links(mesh, links, places.centre, places.kind, places.is_customer)
    connected = Remark(
        "network", "connected sites and zones", len(links.place), float(links.distance_m.sum())
    )
    mesh, parts = _keep_parts_in_use(mesh, node, places, log)
    is_place = np.zeros(len(mesh.xy), dtype=bool)
    is_place[node] = True
    mesh, shrunk = contract(mesh, is_place)
    network = _network(mesh, node, places, region.crs, (*remarks, connected, *parts, *shrunk))
    if region.barriers is not None:
        network = _with_crossings(network, region, crossing_cost_eur)
    log_line.info("network: %d nodes, %d edges", len(network.nodes), len(network.edges))
    return network


def _with_crossings(network: PipeNetwork, region: Region, default_eur: float) -> PipeNetwork:
    """Return the network with the number and cost of the crossings on each edge."""
    assert region.barriers is not None
    found = crossing_costs(network.edges, region.barriers.frame, default_eur)
    edges = network.edges.assign(crossings=found.count, crossing_cost_eur=found.cost_eur)
    remark = crossing_remark(found, network.edges)
    return replace(network, edges=edges, remarks=(*network.remarks, *remark))


class _Places:
    """Sites, then zones, as plain arrays in the order of their ids."""

    def __init__(self, region: Region) -> None:
        sites, zones = region.sites.frame.sort_index(), region.zones.frame.sort_index()
        outline = sites.get("outline", sites.geometry)
        self.site_ids, self.zone_ids = sites.index, zones.index
        self.shape: Objects = np.concatenate(
            [np.asarray(outline, dtype=object), np.asarray(zones.geometry, dtype=object)]
        )
        self.shape = shapely.force_2d(self.shape)
        self.id = [*sites.index, *zones.index]
        layer = ["sites"] * len(sites) + ["zones"] * len(zones)
        self.key = pd.MultiIndex.from_arrays([layer, self.id])
        self.is_site: Bools = np.arange(len(self.id)) < len(sites)
        self.kind: Ints = np.where(self.is_site, TRUNK, SERVICE)
        self.is_customer: Bools = np.zeros(len(self.id), dtype=bool)
        if region.existing is not None and "existing_customer" in zones:
            self.is_customer[len(sites) :] = zones["existing_customer"].to_numpy(dtype=bool)
        self.centre: Floats = shapely.get_coordinates(shapely.point_on_surface(self.shape))

    def names(self, chosen: Bools | Ints) -> list[str]:
        """Return the ids of some places."""
        return [str(self.id[each]) for each in np.arange(len(self.id))[chosen]]


# ----------------------------------------------------------------------------- streets


def _usable_mesh(
    region: Region, snap_tolerance_m: float, log: FaultLog
) -> tuple[Mesh, tuple[Remark, ...]]:
    """Return the mesh of the streets that are not forbidden."""
    streets = region.streets.frame
    forbidden = streets["forbidden"].to_numpy(dtype=bool)
    remarks = []
    if forbidden.any():
        places = streets.geometry[forbidden]
        length, act = float(places.length.sum()), "dropped forbidden streets"
        remarks.append(Remark("network", act, int(forbidden.sum()), length, places=places))
    mesh, more = street_mesh(streets[~forbidden], snap_tolerance_m, log)
    return mesh, (*remarks, *more)


# ------------------------------------------------------------------- sites and zones


def _report_far_places(
    mesh: Mesh, places: _Places, links: Links, most_m: Floats, log: FaultLog
) -> None:
    """Report places with no street in reach: a fault for sites, a doubt for zones."""
    far = np.setdiff1d(np.arange(len(places.id)), links.place)
    if not len(far):
        return
    tree = shapely.STRtree(mesh.line)
    (which, _), distance = tree.query_nearest(
        places.shape[far], return_distance=True, all_matches=False
    )
    away = np.full(len(far), np.inf)
    away[which] = distance
    shut = away <= most_m[far]
    for kind, listed in (("sites", places.is_site[far]), ("zones", ~places.is_site[far])):
        if (listed & shut).any():
            _report_shut_off(kind, places.names(far[listed & shut]), log)
        own = listed & ~shut
        if not own.any():
            continue
        ids = places.names(far[own])
        option = "max_site_connection_m" if kind == "sites" else "max_connection_m"
        words = (
            f"{name_ids(ids)} {_span(away[own])} from the nearest street; the longest connection,"
            f" {option}, is {most_m[far[own]][0]:,.0f} m."
        )
        if kind == "sites":
            cure = "Move the site, leave it out with `where`, add the street that leads to it"
            log.fault(kind, words, f"{cure}, or raise {option} under [network].", ids)
        else:
            cure = "Add the streets that lead to them"
            words += " They cannot be served."
            log.doubt(kind, words, f"{cure}, or raise {option} under [network].", ids)


def _doubt_customers(
    mesh: Mesh, places: _Places, links: Links, max_connection_m: float, log: FaultLog
) -> None:
    """Doubt customers of the existing network that none of its pipes is near."""
    to_pipe = links.place[mesh.kind[links.edge] == EXISTING]
    astray = np.setdiff1d(np.flatnonzero(places.is_customer), to_pipe)
    if len(astray):
        ids = places.names(astray)
        log.doubt(
            "zones",
            f"{name_ids(ids)} {'is a customer' if len(ids) == 1 else 'are customers'} of the"
            " existing network, but none of its pipes lies within max_connection_m ="
            f" {max_connection_m:g} m. They are connected to streets, at a cost.",
            "Complete the layer of existing pipes, or raise max_connection_m under [network].",
            ids,
        )


def _report_shut_off(kind: str, ids: list[str], log: FaultLog) -> None:
    """Report places whose streets all lie across a closed barrier."""
    words = f"{name_ids(ids)} can reach a street only across a barrier that is forbidden to cross."
    cure = "Set crossing = 'priced' under [layers.barriers], or add the street that leads there."
    if kind == "sites":
        log.fault(kind, words, cure, ids)
    else:
        log.doubt(kind, f"{words} They cannot be served.", cure, ids)


def _span(away_m: Floats) -> str:
    """Return how far some places are, with their verb."""
    low, high = away_m.min(), away_m.max()
    span = f"{low:,.0f}" if len(away_m) == 1 else f"{low:,.0f} to {high:,.0f}"
    return f"{'is' if len(away_m) == 1 else 'are'} {span} m"


def _keep_parts_in_use(
    mesh: Mesh, node: Ints, places: _Places, log: FaultLog
) -> tuple[Mesh, tuple[Remark, ...]]:
    """Drop parts without site and zone, and report the parts that are left."""
    part = labels(len(mesh.xy), mesh.u, mesh.v)
    street = _is_way(mesh)
    length = sums(part[mesh.u[street]], mesh.length_m[street], int(part.max()) + 1)
    in_use = np.zeros(len(length), dtype=bool)
    in_use[part[node]] = True
    edge_stays = in_use[part[mesh.u]]
    gone = (length > 0) & ~in_use
    remarks = []
    if gone.any():
        remarks.append(
            Remark(
                "network",
                "dropped parts without site and zone",
                int((~edge_stays).sum()),
                float(length[gone].sum()),
                f"{int(gone.sum()):,} parts",
                repair=True,
                places=mesh.line[~edge_stays],
            )
        )
    kept = np.flatnonzero(in_use & (length > 0))
    kept = kept[np.argsort(-length[kept], kind="stable")]
    remarks.append(_parts_remark(part[node], kept, length, places))
    _doubt_unreachable(part[node], kept, length, places, log)
    return mesh.take(edge_stays), tuple(remarks)


def _parts_remark(part: Ints, kept: Ints, length: Floats, places: _Places) -> Remark:
    """Return how many parts there are, and what sits on the largest."""
    words = []
    for number, each in enumerate(kept[:SHOWN_PARTS]):
        here = part == each
        sites, zones = int((here & places.is_site).sum()), int((here & ~places.is_site).sum())
        words.append(f"part {number}: {length[each] / 1000:,.1f} km, {sites} sites, {zones} zones")
    more = len(kept) - SHOWN_PARTS
    if more > 0:
        words.append(f"and {more:,} more")
    total = float(length[kept].sum())
    return Remark("network", "found connected parts", len(kept), total, "; ".join(words))


def _doubt_unreachable(
    part: Ints, kept: Ints, length: Floats, places: _Places, log: FaultLog
) -> None:
    """Doubt zones on parts without a site, and sites on parts without a zone."""
    on_street = np.isin(part, kept)
    with_site = np.isin(part, part[places.is_site & on_street])
    with_zone = np.isin(part, part[~places.is_site & on_street])
    lost_zones = ~places.is_site & on_street & ~with_site
    lost_sites = places.is_site & on_street & ~with_zone
    for kind, lost, other in (("zones", lost_zones, "site"), ("sites", lost_sites, "zone")):
        if lost.any():
            ids = places.names(lost)
            km = float(length[np.unique(part[lost])].sum()) / 1000
            log.doubt(
                kind,
                f"{name_ids(ids)} {'sits' if len(ids) == 1 else 'sit'} on streets ({km:,.1f} km in"
                f" all) that no {other} is connected to.",
                "Check the street layer for gaps, for streets forbidden by their class and for"
                " barriers that are forbidden to cross, or raise snap_tolerance_m under [network].",
                ids,
            )


# ----------------------------------------------------------------------------- result


def _network(
    mesh: Mesh, node: Ints, places: _Places, crs: pyproj.CRS, remarks: Sequence[Remark]
) -> PipeNetwork:
    """Return the mesh as frames with keys in the order of place."""
    kind = np.full(len(mesh.xy), "junction", dtype=object)
    kind[node] = np.where(places.is_site[: len(node)], "site", "zone")
    used = np.zeros(len(mesh.xy), dtype=bool)
    used[mesh.u] = used[mesh.v] = used[node] = True
    order = np.flatnonzero(used)
    own = np.full(len(mesh.xy), -1, dtype=np.int64)
    own[node] = np.arange(len(node))
    order = order[np.lexsort((own[order], *mesh.xy[order].T[::-1]))]
    number = np.full(len(mesh.xy), -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    mesh = _directed(replace(mesh, xy=mesh.xy[order], u=number[mesh.u], v=number[mesh.v]))
    keys = np.array([f"n{each}" for each in range(len(order))], dtype=object)
    nodes = gpd.GeoDataFrame(
        {"kind": kind[order], "part": _parts(mesh)},
        geometry=shapely.points(mesh.xy.reshape(-1, 2)),
        index=pd.Index(keys, name="node"),
        crs=crs,
    )
    edges = gpd.GeoDataFrame(
        {
            "u": keys[mesh.u],
            "v": keys[mesh.v],
            "kind": KINDS[mesh.kind],
            "length_m": mesh.length_m,
            "cost_length_m": mesh.cost_length_m,
            "name": mesh.name,
            **_further_columns(mesh),
        },
        geometry=mesh.line,
        index=pd.Index([f"e{each}" for each in range(len(mesh))], name="edge", dtype=object),
        crs=crs,
    )
    place_keys = keys[number[node]]
    sites = len(places.site_ids) if len(node) else 0
    street = mesh.kind == STREET
    kept = Remark("network", "kept streets", int(street.sum()), float(mesh.length_m[street].sum()))
    return PipeNetwork(
        nodes=nodes,
        edges=edges,
        site_nodes=pd.Series(place_keys[:sites], places.site_ids[: len(node)], dtype=object),
        zone_nodes=pd.Series(
            place_keys[sites:], places.zone_ids[: len(node) - sites], dtype=object
        ),
        remarks=(*remarks, kept),
    )


def _further_columns(mesh: Mesh) -> dict[str, Floats]:
    """Return the columns that only some networks have."""
    found = {}
    if (mesh.stated_eur > 0).any():
        found["stated_cost_eur"] = mesh.stated_eur
    if (mesh.kind == EXISTING).any():
        found["existing_dn"] = mesh.existing_dn
        found["free_capacity_mw"] = mesh.free_mw
    return found


def _directed(mesh: Mesh) -> Mesh:
    """Return edges from the lower to the higher node, in the order of their nodes."""
    flip = mesh.u > mesh.v
    line = np.where(flip, shapely.reverse(mesh.line), mesh.line)
    mesh = replace(mesh, u=np.minimum(mesh.u, mesh.v), v=np.maximum(mesh.u, mesh.v), line=line)
    return mesh.take(np.lexsort((mesh.cost_length_m, mesh.length_m, mesh.kind, mesh.v, mesh.u)))


def _is_way(mesh: Mesh) -> Bools:
    """Return which edges are streets or existing pipes, not connections."""
    return np.isin(mesh.kind, (STREET, EXISTING))


def _parts(mesh: Mesh) -> Ints:
    """Return the part of each node, 0 for the one with most street; -1 without an edge."""
    if not len(mesh.xy):
        return np.zeros(0, dtype=np.int64)
    part = labels(len(mesh.xy), mesh.u, mesh.v)
    street = np.where(_is_way(mesh), mesh.length_m, 0.0)
    length = sums(part[mesh.u], street, int(part.max()) + 1)
    linked = np.bincount(part[mesh.u], minlength=part.max() + 1) > 0
    rank = np.full(len(length), -1, dtype=np.int64)
    order = np.flatnonzero(linked)
    order = order[np.argsort(-length[order], kind="stable")]
    rank[order] = np.arange(len(order))
    return rank[part]
