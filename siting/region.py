"""Hold the layers of a study: candidate sites, demand zones and streets in one projected CRS."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pyproj

__all__ = ["CandidateSites", "DemandZones", "Region", "Remark", "Streets"]


@dataclass(frozen=True)
class Remark:
    """Something that was read, repaired, estimated, dropped or decided, for the repair log.

    ``count`` is how many features, ``length_m`` how much street [m] where that makes sense.
    """

    layer: str
    act: str
    count: int = 0
    length_m: float = 0.0
    detail: str = ""


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
    ``mandatory``, ``forbidden``, ``estimated`` (text: which figures were estimated and how, empty
    if none), ``estimated_by`` (text: the way in which annual demand was found) and the original
    ``geometry`` (polygon or point). Missing optional numbers are NaN.
    """

    frame: gpd.GeoDataFrame


@dataclass(frozen=True)
class Streets:
    """Streets that can carry a pipe.

    ``frame`` has a plain integer index and holds ``name``, ``road_class``, ``surface``
    (``urban``, ``suburban`` or ``rural``), ``cost_factor`` (1 is the urban catalogue), ``level``
    (0 on the ground, above for bridges, below for tunnels), ``forbidden`` and line ``geometry``.
    ``u`` and ``v`` hold topological node ids where the source knows them, else -1.
    """

    frame: gpd.GeoDataFrame


@dataclass(frozen=True)
class Region:
    """All layers of a study in one projected CRS, with the log of what was done to them."""

    name: str
    crs: pyproj.CRS
    sites: CandidateSites
    zones: DemandZones
    streets: Streets
    remarks: tuple[Remark, ...] = ()
