"""Turn sites and zones into plants and towns, with the figures of the package, without streets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.assembly.desk import Desk
from siting.assembly.pipe_sizes import full_catalogue
from siting.assembly.site_options import assemble_sites
from siting.assembly.zone_loads import assemble_zones
from siting.config.screening import ScreenConfig, ScreeningConfig
from siting.errors import Fault, FaultLog, InputError
from siting.network.types import PipeNetwork
from siting.parameters import Parameters
from siting.pipes import PipeCatalogue
from siting.problem import Site, Zone
from siting.region import Region, Remark
from siting.units import FloatArray

__all__ = ["Places", "Town", "find_places", "town_labels"]

CURVE_X = np.concatenate(
    [np.linspace(0, 0.2, 9), np.linspace(0.25, 0.5, 6), np.linspace(0.6, 1, 5)]
)
"""Where the load curve of a town has its corners: base capacity over peak [-]."""


@dataclass(frozen=True)
class Town:
    """Zones that one network would serve.

    Parameters
    ----------
    key, name
        Own name, and that of its largest zone.
    zones
        Ids of its zones.
    centre
        Centre of its demand, in the working CRS.
    heat_mwh, peak_mw
        Annual heat [MWh/a] and peak [MW] of what is worth connecting.
    cost_eur
        Cost of connecting all of it: pipes inside, substations, boilers [EUR].
    curve
        Share of the annual heat below a base capacity, at the corners `CURVE_X` [-].
    """

    key: str
    name: str
    zones: tuple[str, ...]
    centre: shapely.Point
    heat_mwh: float
    peak_mw: float
    cost_eur: float
    curve: FloatArray


@dataclass(frozen=True)
class Places:
    """Plants and towns of a screening.

    ``dear_zones`` and ``dear_mwh`` are zones whose connection alone brings less heat per euro than
    is wanted, and their demand [MWh/a]: no plan would connect them.
    """

    region: Region
    parameters: Parameters
    sites: tuple[Site, ...]
    site_ids: Mapping[str, str]
    site_xy: FloatArray
    towns: tuple[Town, ...]
    catalogue: PipeCatalogue
    overhead: float
    remarks: tuple[Remark, ...]
    dear_zones: int
    dear_mwh: float


def find_places(region: Region, parameters: Parameters, config: ScreeningConfig) -> Places:
    """Return the plants of all sites and the towns that zones make up.

    Parameters
    ----------
    region
        Sites and zones; streets are not looked at.
    parameters, config
        Physics, prices and wishes.

    Raises
    ------
    InputError
        A site or zone cannot be worked with. All faults are reported at once.
    """
    log = FaultLog()
    desk = Desk(region, _bare_network(region), parameters, config, log)
    sites, ids, _ = assemble_sites(desk, desk.wishes("sites"))
    catalogue = full_catalogue(desk)
    zones, zone_ids, _ = assemble_zones(desk, desk.wishes("zones"), catalogue)
    log.raise_faults()
    least = config.screen.least_heat_per_euro_kwh
    worth = [z for z in zones if not z.forbidden and 1e3 * z.heat_mwh > least * z.cost_eur]
    kept = {each.id for each in worth}
    left = [z for z in zones if not z.forbidden and z.id not in kept]
    usable = [each for each in sites if not each.forbidden and each.options]
    if not worth or not usable:
        raise InputError(_nothing(usable, least))
    frame = region.sites.frame
    index = frame.index.astype(str)
    points = frame.geometry.set_axis(index).loc[[ids[each.id] for each in usable]]
    return Places(
        region=region,
        parameters=parameters,
        sites=tuple(usable),
        site_ids=ids,
        site_xy=np.column_stack([points.x, points.y]),
        towns=_towns(region, worth, zone_ids, config.screen),
        catalogue=catalogue,
        overhead=desk.overhead,
        remarks=(*region.remarks, *desk.remarks),
        dear_zones=len(left),
        dear_mwh=math.fsum(each.heat_mwh for each in left),
    )


def _nothing(usable: Sequence[Site], least: float) -> Fault:
    """Return the fault for a screening that has nothing to bring together."""
    if not usable:
        return Fault("sites", "no site may be used.", "Release some, or mend the layer.")
    return Fault(
        "zones",
        f"none of the zones brings {least:g} kWh/(a EUR), were heat free at its border.",
        "Lower least_heat_per_euro_kwh under [screen], or check demand and cost of the zones.",
    )


def _bare_network(region: Region) -> PipeNetwork:
    """Return a network of lone nodes, one for each site and zone: all are within reach."""
    parts = []
    for kind, frame in (("site", region.sites.frame), ("zone", region.zones.frame)):
        keys = [f"{kind}{k}" for k in range(len(frame))]
        places = shapely.point_on_surface(np.asarray(frame.geometry.array))
        columns = {"kind": kind, "part": 0}
        parts.append(gpd.GeoDataFrame(columns, index=keys, geometry=places, crs=region.crs))
    sites, zones = (region.sites.frame.index, region.zones.frame.index)
    edges = gpd.GeoDataFrame(
        {"u": [], "v": [], "kind": [], "length_m": []}, geometry=[], crs=region.crs
    )
    return PipeNetwork(
        nodes=gpd.GeoDataFrame(pd.concat(parts), crs=region.crs),
        edges=edges,
        site_nodes=pd.Series(parts[0].index.to_numpy(), index=sites),
        zone_nodes=pd.Series(parts[1].index.to_numpy(), index=zones),
    )


def town_labels(shapes: NDArray[np.object_], screen: ScreenConfig) -> NDArray[np.int64]:
    """Return the town of each zone: those near each other, cut along a grid where too large.

    Examples
    --------
    >>> dots = np.array([shapely.Point(x, 0) for x in (0.0, 150.0, 900.0)])
    >>> town_labels(dots, ScreenConfig(town_gap_m=200)).tolist()
    [0, 0, 1]
    """
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="dwithin", distance=screen.town_gap_m)
    shape = (len(shapes), len(shapes))
    graph = coo_array((np.ones(len(left)), (left, right)), shape=shape)
    labels: NDArray[np.int64] = np.asarray(
        connected_components(graph, directed=False)[1], dtype=np.int64
    )
    if screen.town_size_m is None:
        return labels
    centres = shapely.centroid(shapes)
    cells = np.floor(
        np.column_stack([shapely.get_x(centres), shapely.get_y(centres)]) / screen.town_size_m
    )
    boxes = pd.DataFrame(shapely.bounds(shapes), columns=["w", "s", "e", "n"]).groupby(labels)
    wide = (boxes["e"].max() - boxes["w"].min()).to_numpy()
    high = (boxes["n"].max() - boxes["s"].min()).to_numpy()
    large = (np.maximum(wide, high) > screen.town_size_m)[labels]
    cells = np.where(large[:, None], cells, 0.0)
    keys = np.column_stack([labels.astype(float), cells])
    found: NDArray[np.int64] = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    return found


def _towns(
    region: Region, zones: Sequence[Zone], zone_ids: Mapping[str, str], screen: ScreenConfig
) -> tuple[Town, ...]:
    """Return the towns that zones make up, the largest first."""
    frame = region.zones.frame.set_axis(region.zones.frame.index.astype(str))
    ids = [zone_ids[each.id] for each in zones]
    own = frame.loc[ids]
    shapes = np.asarray(own.geometry.array)
    labels = town_labels(shapes, screen)
    inside = shapely.point_on_surface(shapes)
    xy = np.column_stack([shapely.get_x(inside), shapely.get_y(inside)])
    names = own["name"].fillna("").astype(str).tolist()
    members: dict[int, list[int]] = {}
    for k, label in enumerate(labels.tolist()):
        members.setdefault(label, []).append(k)
    towns = [_town(zones, ids, names, xy, places) for places in members.values()]
    towns.sort(key=lambda each: -each.heat_mwh)
    return tuple(
        Town(f"T{k}", t.name, t.zones, t.centre, t.heat_mwh, t.peak_mw, t.cost_eur, t.curve)
        for k, t in enumerate(towns, start=1)
    )


def _town(
    zones: Sequence[Zone],
    ids: Sequence[str],
    names: Sequence[str],
    xy: FloatArray,
    places: list[int],
) -> Town:
    own = [zones[k] for k in places]
    heat = np.array([each.heat_mwh for each in own])
    total, peak = float(heat.sum()), math.fsum(each.peak_mw for each in own)
    # Each zone gets the same share of its peak; to grant it zone by zone could only do better.
    shares = np.array([np.interp(CURVE_X, *_curve(each)) for each in own])
    largest = places[int(heat.argmax())]
    centre = (xy[places] * heat[:, None]).sum(axis=0) / total
    return Town(
        key="",
        name=str(names[largest]) or ids[largest],
        zones=tuple(ids[k] for k in places),
        centre=shapely.Point(*centre),
        heat_mwh=total,
        peak_mw=peak,
        cost_eur=math.fsum(each.cost_eur for each in own),
        curve=np.asarray(heat @ shares / total, dtype=float),
    )


def _curve(zone: Zone) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the corners of the load curve of a zone."""
    if not zone.load_curve:
        return (0.0, 1.0), (0.0, 1.0)
    x, share = zip(*zone.load_curve, strict=True)
    return x, share
