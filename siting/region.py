"""Hold the layers of a study: candidate sites, demand zones and streets in one projected CRS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

__all__ = ["Barriers", "CandidateSites", "DemandZones", "Region", "Remark", "Streets", "acts_frame"]


@dataclass(frozen=True)
class Remark:
    """Something that was read, repaired, estimated, dropped or decided, for the repair log.

    Parameters
    ----------
    layer
        Where it was done: a layer, ``network`` or ``study``.
    act
        What was done, in words.
    count
        How many features it concerns.
    length_m
        How much street it concerns, where that makes sense [m].
    detail
        More in words.
    repair
        Whether the input was changed to be usable: a strict check stops there instead.
    places
        Where it was done: geometries in the working CRS, or a series that states its own CRS.
    """

    layer: str
    act: str
    count: int = 0
    length_m: float = 0.0
    detail: str = ""
    repair: bool = False
    places: Any = field(default=None, compare=False, repr=False)


def acts_frame(remarks: Iterable[Remark], crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Return every place at which a layer was read otherwise than it stands, one row each.

    Parameters
    ----------
    remarks
        The repair log.
    crs
        The working CRS, in which the places are returned.

    Returns
    -------
    ``layer``, ``act``, ``detail``, ``repair``, ``length_m`` of the place itself [m] and
    ``geometry``; remarks without a place have no row.
    """
    tables = []
    for remark in remarks:
        places = _in_crs(remark.places, crs)
        if not len(places):
            continue
        words = {"layer": remark.layer, "act": remark.act, "detail": remark.detail}
        columns = {**words, "repair": remark.repair, "length_m": shapely.length(places)}
        tables.append(gpd.GeoDataFrame(columns, geometry=places, crs=crs))
    if not tables:
        names = ("layer", "act", "detail", "repair", "length_m")
        empty: dict[str, list[Any]] = {name: [] for name in names}
        return gpd.GeoDataFrame(empty, geometry=[], crs=crs)
    joined: gpd.GeoDataFrame = pd.concat(tables, ignore_index=True)
    return joined


def _in_crs(places: Any, crs: pyproj.CRS) -> Any:
    """Return places in a CRS, without those that have no geometry."""
    if places is None:
        return np.zeros(0, dtype=object)
    if isinstance(places, gpd.GeoSeries) and places.crs is not None:
        places = places.to_crs(crs)
    shapes = np.asarray(places, dtype=object)
    return shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]


@dataclass(frozen=True)
class CandidateSites:
    """Candidate data-centre sites.

    ``frame`` is indexed by ``site_id`` (text) and holds ``name``, ``status``, ``assumed`` (bool),
    ``it_load_mw``, ``recoverable_heat_kw`` (counts where both are given), ``utilisation``,
    ``cooling`` (``air``, ``liquid`` or ``mixed``),
    ``supply_temperature_c``, ``return_temperature_c``, ``recoverable_fraction``, ``cost_eur``,
    ``cost_per_mw_eur``, ``electricity_price_eur_per_mwh``, ``heat_price_eur_per_mwh``, ``group``,
    ``mandatory``, ``forbidden`` and a point ``geometry``. Missing numbers are NaN and take their
    default later; ``outline`` holds the original geometry.
    """

    frame: gpd.GeoDataFrame


@dataclass(frozen=True)
class DemandZones:
    """Heat-demand zones.

    ``frame`` is indexed by ``zone_id`` (text) and holds ``name``, ``annual_demand_mwh``,
    ``peak_demand_kw``, ``floor_area_m2``, ``footprint_m2``, ``levels``, ``year_built``,
    ``dwellings``, ``buildings``, ``use``, ``connection_cost_eur``, ``connection_share``,
    ``needed_supply_temperature_c``, ``load_curve`` (text, see `siting.config.DemandConfig`),
    ``mandatory``, ``forbidden``, ``existing_customer`` (of the existing heat network),
    ``estimated`` (text: which figures were estimated and how, empty
    if none), ``estimated_by`` (text: the way in which annual demand was found) and the original
    ``geometry`` (polygon or point). Missing optional numbers are NaN.
    """

    frame: gpd.GeoDataFrame


@dataclass(frozen=True)
class Streets:
    """Streets that can carry a pipe.

    ``frame`` has a plain integer index and holds ``name``, ``road_class``, ``surface``
    (``urban``, ``suburban`` or ``rural``), ``cost_factor`` (1 is the urban catalogue), ``level``
    (0 on the ground, above for bridges, below for tunnels), ``forbidden``, ``cost_eur_per_m``
    (of the pipe with its trench at any size, NaN for the catalogue) and line ``geometry``.
    ``u`` and ``v`` hold topological node ids where the source knows them, else -1.
    """

    frame: gpd.GeoDataFrame


@dataclass(frozen=True)
class Barriers:
    """Lines and areas that a pipe cannot simply be dug through.

    ``frame`` holds ``kind`` (``railway``, ``motorway``, ``water`` or a word of the layer),
    ``crossing`` (``priced`` or ``forbidden``), ``cost_eur`` (of one crossing, NaN for the default),
    ``cost_factor`` (on the default) and ``geometry``. Only what lies on the ground is in it:
    nothing is crossed below a viaduct or above a tunnel.
    """

    frame: gpd.GeoDataFrame


@dataclass(frozen=True)
class Region:
    """All layers of a study in one projected CRS, with the log of what was done to them.

    ``buildings`` is an array of areas that service lines keep out of; ``existing`` holds the
    lines of an existing heat network with ``existing_dn``, ``free_capacity_mw`` (NaN for all that
    the diameter carries), ``name`` and ``level``; ``plants`` its heat plants, indexed by
    ``plant_id``, with ``name``, ``role`` (``base`` or ``peak``), ``output_mw`` and points.
    ``access`` holds the points at which pipes may leave a site or enter a zone, with ``kind``
    (``sites`` or ``zones``) and ``id`` of that place.
    """

    name: str
    crs: pyproj.CRS
    sites: CandidateSites
    zones: DemandZones
    streets: Streets
    remarks: tuple[Remark, ...] = ()
    barriers: Barriers | None = None
    buildings: Any = None
    existing: gpd.GeoDataFrame | None = None
    plants: gpd.GeoDataFrame | None = None
    access: gpd.GeoDataFrame | None = None
