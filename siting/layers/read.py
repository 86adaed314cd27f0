"""Read the three layers of a study into a region, and report every fault at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pyproj

from siting.config import ZonesConfig
from siting.demand.benchmarks import country_code
from siting.demand.raster import zones_from_raster
from siting.errors import FaultLog, InputError
from siting.layers import sites, zones
from siting.layers.asked_units import ask_for_demand_unit, check_named_units
from siting.layers.columns import Column, read_ids
from siting.layers.crs import check_extents, in_crs, with_crs, working_crs
from siting.layers.extras import read_access, read_extras
from siting.layers.files import open_layer
from siting.layers.join import joined
from siting.layers.lines import line_frame, open_streets
from siting.layers.osm_buildings import open_osm_buildings
from siting.layers.osm_sites import open_osm_sites
from siting.layers.sums import with_sums
from siting.layers.zone_blocks import doubt_many, in_blocks
from siting.layers.zone_estimates import Estimators
from siting.parameters import load_parameters
from siting.region import CandidateSites, DemandZones, Region, Remark, Streets
from siting.streets import class_table, is_osm, street_frame

if TYPE_CHECKING:
    from siting.config import LayerConfig, StudyConfig

__all__ = ["read_region"]

PLACEHOLDER_CRS = "EPSG:3857"
Kept = tuple[gpd.GeoDataFrame, tuple[Remark, ...]]


def read_region(config: StudyConfig, log: FaultLog) -> Region:
    """Read sites, zones and streets, check them and bring them into one projected CRS.

    Parameters
    ----------
    config
        The study; its layers may be of any format that GDAL reads.
    log
        Takes every fault and doubt. The caller raises them, once, when all is read.

    Returns
    -------
    The region. While the log holds faults it may lack features, or whole layers.
    """
    frames, placeless, remarks = _open_all(config, log)
    check_extents(frames, config.network, log)
    crs = working_crs(config.study.crs, frames, log)
    if crs is None:
        # Faults stop the run; what the columns hold is still worth checking.
        crs = _any_metric_crs(frames)
        if not log.faults:
            log.fault("study", "no layer has a usable place.", "Check the layers.")
    placed: dict[str, gpd.GeoDataFrame] = {}
    moves: list[Remark] = []
    for kind, frame in frames.items():
        placed[kind], moved = in_crs(kind, frame, crs, log)
        moves.extend(moved)
    for kind, frame in placeless.items():
        _check_columns(kind, frame, config, crs, log)
    site_rows, site_remarks = _sites(placed.get("sites"), config, crs, log)
    zone_rows, zone_remarks = _zones(placed.get("zones"), config, crs, log)
    street_rows, street_remarks = _streets(placed.get("streets"), config, crs, log)
    zone_rows, block_remarks = _blocks(zone_rows, street_rows, config, log)
    extras = read_extras(config.layers, crs, log)
    places = {"sites": site_rows, "zones": zone_rows}
    access, gate_remarks = read_access(config.layers, places, crs, log)
    return Region(
        name=config.study.name,
        crs=crs,
        sites=CandidateSites(site_rows),
        zones=DemandZones(zone_rows),
        streets=Streets(street_rows),
        barriers=extras.barriers,
        buildings=extras.buildings,
        existing=extras.existing,
        plants=extras.plants,
        access=access,
        remarks=(
            _crs_remark(config, crs),
            *moves,
            *site_remarks,
            *zone_remarks,
            *block_remarks,
            *remarks,
            *street_remarks,
            *extras.remarks,
            *gate_remarks,
        ),
    )


def _open_all(
    config: StudyConfig, log: FaultLog
) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, gpd.GeoDataFrame], tuple[Remark, ...]]:
    """Return the layers that could be read and have features, with and without a sound CRS."""
    layers = config.layers
    joins: list[Remark] = []
    found: dict[str, gpd.GeoDataFrame | None] = {
        "sites": _with_ids("sites", sites.ID, layers.sites, log, joins),
        "zones": _open_zones(config, log, joins),
    }
    remarks: tuple[Remark, ...] = ()
    if layers.streets is not None:  # a screening has none
        found["streets"], remarks = open_streets(layers.streets, config.folder, log)
    frames, placeless = {}, {}
    for kind, frame in found.items():
        if frame is None:
            continue
        config_of_layer = getattr(layers, kind)
        if frame.empty:
            _report_empty(kind, config_of_layer, log)
            continue
        stated = config_of_layer.crs
        from_raster = kind == "zones" and layers.zones.source == "raster"
        placed = with_crs(kind, frame, None if from_raster else stated, log)
        if placed is None:
            placeless[kind] = frame
        else:
            frames[kind] = placed
    return frames, placeless, (*joins, *remarks)


def _open_zones(
    config: StudyConfig, log: FaultLog, remarks: list[Remark]
) -> gpd.GeoDataFrame | None:
    """Return the zone layer indexed by id, from a file of shapes or from a raster."""
    layer = config.layers.zones
    if layer.source == "file":
        return _with_ids("zones", zones.ID, layer, log, remarks)
    try:
        areas = zones_from_raster(
            layer.path,
            layer.demand_unit,
            threshold_mwh_per_ha=layer.threshold_mwh_per_ha,
            connectivity=layer.connectivity,
            zone_size_m=layer.zone_size_m,
            crs=layer.crs,
        )
    except InputError as error:
        log.faults.extend(error.faults)
        return None
    return areas.assign(estimated=f"annual_demand_mwh from heat-density raster {layer.path.name}")


def _check_columns(
    kind: str, frame: gpd.GeoDataFrame, config: StudyConfig, crs: pyproj.CRS, log: FaultLog
) -> None:
    """Report what is wrong with the columns of a layer whose place is not known."""
    somewhere = gpd.points_from_xy(range(len(frame)), [0.0] * len(frame), crs=crs)
    standing = frame.set_crs(crs, allow_override=True).set_geometry(somewhere)
    if kind == "sites":
        sites.site_frame(standing, config.layers.sites.columns, log)
    elif kind == "zones":
        layer = config.layers.zones
        unit = layer.demand_unit if layer.demand_unit in zones.MWH_PER_UNIT else "MWh"
        zones.zone_frame(standing, layer.columns, unit, log)


def _with_ids(
    kind: str, column: Column, config: LayerConfig, log: FaultLog, remarks: list[Remark]
) -> gpd.GeoDataFrame | None:
    """Return a layer indexed by id, with what its join brings."""
    if kind == "sites" and is_osm(config.path):
        frame = open_osm_sites(config, log)
    elif kind == "zones" and is_osm(config.path) and config.layer is None:
        frame, found = open_osm_buildings(config, log)
        remarks += found
    else:
        frame = open_layer(kind, config, log)
    if frame is None or frame.empty:
        return frame
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    frame, brought = joined(kind, frame, column, config, log)
    remarks += brought
    frame = with_sums(kind, frame, config.columns, log)
    check_named_units(kind, config.columns, log)
    if isinstance(config, ZonesConfig):
        ask_for_demand_unit(frame, config, log)
    return frame.set_axis(read_ids(frame, kind, column, config.columns, log))


def _report_empty(kind: str, config: LayerConfig, log: FaultLog) -> None:
    """Say that a layer has no features, or that the filter leaves none."""
    cause = f' with where = "{config.where}"' if config.where else ""
    name = config.path.name if config.path is not None else "OpenStreetMap"
    log.fault(
        kind,
        f"the layer in '{name}' holds no features{cause}.",
        f"Check `layer` and `where` under [layers.{kind}].",
    )


def _any_metric_crs(frames: dict[str, gpd.GeoDataFrame]) -> pyproj.CRS:
    """Return some CRS in metres to go on checking with."""
    return working_crs(None, frames, FaultLog()) or pyproj.CRS(PLACEHOLDER_CRS)


def _sites(
    frame: gpd.GeoDataFrame | None, config: StudyConfig, crs: pyproj.CRS, log: FaultLog
) -> Kept:
    """Return the sites, none if the layer could not be read."""
    if frame is None:
        empty = _empty("site_id", "it_load_mw", crs)
        return sites.site_frame(empty, {}, FaultLog())[0], ()
    return sites.site_frame(frame, config.layers.sites.columns, log)


def _zones(
    frame: gpd.GeoDataFrame | None, config: StudyConfig, crs: pyproj.CRS, log: FaultLog
) -> Kept:
    """Return the zones, none if the layer could not be read."""
    if frame is None:
        empty = _empty("zone_id", "annual_demand_mwh", crs)
        return zones.zone_frame(empty, {}, "MWh", FaultLog())[0], ()
    layer = config.layers.zones
    unit = "MWh" if layer.source == "raster" else layer.demand_unit
    return zones.zone_frame(frame, layer.columns, unit, log, _estimators(config, log))


def _blocks(
    rows: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, config: StudyConfig, log: FaultLog
) -> Kept:
    """Return the zones, in blocks where the study asks for it and there are too many."""
    layer, limits = config.layers.zones, config.limits
    doubt_many(rows, layer.blocks_above, log)
    if layer.blocks_above is None or log.faults:
        return rows, ()
    return in_blocks(
        rows,
        streets,
        above=layer.blocks_above,
        block_length_m=layer.block_length_m,
        reach_m=config.network.max_connection_m,
        apart=(*limits.mandatory_zones, *limits.forbidden_zones),
    )


def _estimators(config: StudyConfig, log: FaultLog) -> Estimators:
    """Return what demand is estimated with, by the study or the parameter table."""
    try:
        parameters = load_parameters(config.parameters)
    except InputError:
        # The study reports these faults.
        parameters = load_parameters()
    # A study may name its country once, for everything.
    country = config.demand.country or config.study.country
    if country is not None:
        try:
            country = country_code(country)
        except InputError as error:
            log.faults.extend(error.faults)
            country = None  # told once; go on with the default
    return Estimators(
        country=country or Estimators.country,
        is_default_country=country is None,
        home_heat_mwh=parameters.value("home_heat_mwh"),
        floor_demand_kwh_per_m2=parameters.value("floor_demand_kwh_per_m2"),
    )


def _streets(
    frame: gpd.GeoDataFrame | None, config: StudyConfig, crs: pyproj.CRS, log: FaultLog
) -> Kept:
    """Return the streets that can carry a pipe, none if the layer could not be read."""
    if frame is None:
        return street_frame(gpd.GeoDataFrame(geometry=[], crs=crs))
    try:
        lines, remarks = line_frame(frame, config.layers.streets.columns, log)
        classes = class_table(config.layers.streets.class_table)
        streets, verdicts = street_frame(lines, classes=classes, surface=config.network.surface)
    except InputError as error:
        log.faults.extend(error.faults)
        return street_frame(gpd.GeoDataFrame(geometry=[], crs=crs))
    if len(lines) and (streets.empty or streets["forbidden"].all()):
        kinds = ", ".join(sorted(set(lines["road_class"]))[:8])
        log.fault(
            "streets",
            f"none of {len(lines):,} lines is a street that can carry a pipe; their classes are"
            f" {kinds}.",
            "Map road_class to the column with the street class, or take it out of `columns`.",
        )
    return streets, (*remarks, *verdicts)


def _empty(index: str, column: str, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Return a layer without features."""
    bare = gpd.GeoDataFrame({index: [], column: []}, geometry=[], crs=crs)
    return bare.astype({index: object, column: float}).set_index(index)


def _crs_remark(config: StudyConfig, crs: pyproj.CRS) -> Remark:
    """Return how the working CRS was found."""
    how = "given" if config.study.crs else "chosen from the data"
    return Remark("study", f"working CRS {how}", detail=f"{crs.name} ({crs.to_string()[:40]})")
