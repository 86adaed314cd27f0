"""Hand the best regions of a screening on as studies of their own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from siting.config.layers import StreetsConfig
from siting.errors import Fault, InputError, SitingError
from siting.screening.run import Screening
from siting.streets import is_osm

__all__ = ["HandedRegion", "hand_over", "run_region"]

SITE_COLUMNS = (
    "name", "status", "it_load_mw", "recoverable_heat_kw", "utilisation", "cooling",
    "supply_temperature_c", "return_temperature_c", "recoverable_fraction", "cost_eur",
    "cost_per_mw_eur", "electricity_price_eur_per_mwh", "heat_price_eur_per_mwh", "group",
)  # fmt: skip
ZONE_COLUMNS = (
    "name", "annual_demand_mwh", "peak_demand_kw", "floor_area_m2", "dwellings", "buildings",
    "connection_cost_eur", "connection_share", "needed_supply_temperature_c", "load_curve",
)  # fmt: skip
LEAST_OF_SCREENED = 0.5
SECTIONS = ("network", "demand", "parameters", "finance", "solver")


@dataclass(frozen=True)
class HandedRegion:
    """A region that was written as a study.

    ``missing`` says what the study still lacks, empty if nothing.
    """

    name: str
    study: Path
    heat_mwh: float
    missing: str


def hand_over(screening: Screening, folder: Path) -> tuple[HandedRegion, ...]:
    """Write the best towns with the sites that feed them as study folders.

    Parameters
    ----------
    screening
        What was found.
    folder
        Gets a folder for each region.

    Returns
    -------
    One for each region, the one with most heat above its price first.

    Raises
    ------
    InputError
        A folder cannot be written.
    """
    found, least = screening.competition, screening.config.screen.least_heat_per_euro_kwh
    worth = {}
    for town, heat in found.town_heat_mwh.items():
        own = [each for each in found.chosen if each.town == town]
        cost = found.town_eur[town] + sum(each.trunk_eur + each.plant_eur for each in own)
        worth[town] = heat - least * cost / 1e3
    best = sorted(worth, key=lambda town: -worth[town])[: screening.config.screen.regions]
    return tuple(
        _region(
            screening, town, folder / f"{number:02d}-{_slug(screening.places.towns[town].name)}"
        )
        for number, town in enumerate(best, start=1)
    )


def _slug(name: str) -> str:
    """Return a name that every file system takes.

    Examples
    --------
    >>> _slug("Høje Taastrup / Nord"), _slug("")
    ('høje-taastrup-nord', 'region')
    """
    return re.sub(r"\W+", "-", name.lower()).strip("-")[:40] or "region"


def _region(screening: Screening, town: int, folder: Path) -> HandedRegion:
    places, found = screening.places, screening.competition
    region, own = places.region, places.towns[town]
    chosen = [places.site_ids[places.sites[c.site].id] for c in found.chosen if c.town == town]
    zones = region.zones.frame.set_axis(region.zones.frame.index.astype(str))
    sites = region.sites.frame.set_axis(region.sites.frame.index.astype(str))
    margin = screening.config.screen.region_margin_m
    box = _box(zones.loc[list(own.zones)], sites.loc[chosen], margin)
    inside = sites.geometry.intersects(box).to_numpy() | sites.index.isin(chosen)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(sites[inside], SITE_COLUMNS, "site_id", folder / "sites.gpkg", "sites")
        near = zones[zones.geometry.intersects(box).to_numpy()]
        _write(near, ZONE_COLUMNS, "zone_id", folder / "zones.gpkg", "zones")
        streets, missing = _streets(screening, box, folder)
        heat = found.town_heat_mwh[town]
        text = _study(screening, own.name, chosen, streets, heat)
        (folder / "study.toml").write_text(text, encoding="utf-8")
    except OSError as error:
        fault = Fault("screen", f"cannot write '{folder}': {error.strerror}.", "Choose --out.")
        raise InputError(fault) from error
    return HandedRegion(own.name, folder / "study.toml", found.town_heat_mwh[town], missing)


def _box(zones: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, margin_m: float) -> shapely.Polygon:
    bounds = np.vstack([zones.total_bounds, sites.total_bounds])
    west, south = bounds[:, :2].min(axis=0) - margin_m
    east, north = bounds[:, 2:].max(axis=0) + margin_m
    return shapely.box(west, south, east, north)


def _write(
    frame: gpd.GeoDataFrame, columns: tuple[str, ...], key: str, path: Path, layer: str
) -> None:
    """Write a layer with the columns that it has something in."""
    names = [name for name in columns if name in frame and frame[name].notna().any()]
    shapes = frame.get("outline", frame.geometry)
    table = gpd.GeoDataFrame(
        {key: frame.index, **{name: frame[name].to_numpy() for name in names}},
        geometry=np.asarray(shapes, dtype=object),
        crs=frame.crs,
    )
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(table, path, layer=layer, driver="GPKG")


def _streets(
    screening: Screening, box: shapely.Polygon, folder: Path
) -> tuple[dict[str, Any], str]:
    """Return the section on streets of a region, and what it lacks."""
    given = screening.config.layers.streets
    crs = screening.places.region.crs
    west, south, east, north = gpd.GeoSeries([box], crs=crs).to_crs(4326).total_bounds
    degrees = [round(float(each), 5) for each in (west, south, east, north)]
    if given is None or given.source != "file" or given.path is None:
        words = (
            "streets: the screening has no street file, so they are fetched from OpenStreetMap for"
            f" the box {degrees}; without internet give a street layer under [layers.streets]"
        )
        return {"source": "osmnx", "bbox": degrees}, words
    if is_osm(given.path):
        return {"path": str(given.path)}, ""
    return _clipped(given, box, crs, folder)


def _clipped(
    given: StreetsConfig, box: shapely.Polygon, crs: Any, folder: Path
) -> tuple[dict[str, Any], str]:
    """Write the streets inside a box; return the section that names them, and what it lacks."""
    assert given.path is not None
    info = pyogrio.read_info(given.path, layer=given.layer)
    own = given.crs or info["crs"]
    bounds = tuple(gpd.GeoSeries([box], crs=crs).to_crs(own).total_bounds)
    frame = pyogrio.read_dataframe(given.path, layer=given.layer, where=given.where, bbox=bounds)
    frame = frame.set_crs(own, allow_override=True)
    path = folder / "streets.gpkg"
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(frame, path, layer="streets", driver="GPKG")
    section: dict[str, Any] = {"path": path.name, "layer": "streets"}
    if given.columns:
        section["columns"] = dict(given.columns)
    if given.class_table is not None:
        section["class_table"] = str(given.class_table)
    missing = "" if len(frame) else f"streets: none of '{given.path.name}' lie in this region"
    return section, missing


def _study(
    screening: Screening, name: str, chosen: list[str], streets: dict[str, Any], heat_mwh: float
) -> str:
    """Return the study file of a region."""
    import tomlkit

    config = screening.config
    raw = config.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    document = tomlkit.document()
    document.add(tomlkit.comment(f"A region of the screening '{config.study.name}'."))
    document.add(tomlkit.comment(f"Its sites feed this town there: {', '.join(chosen)}."))
    head = {"name": name, "crs": screening.places.region.crs.to_string()}
    if config.study.country is not None:
        head["country"] = config.study.country
    if config.study.attribution is not None:
        head["attribution"] = config.study.attribution
    document["study"] = head
    document["layers"] = {
        "sites": {"path": "sites.gpkg", "layer": "sites"},
        "zones": {"path": "zones.gpkg", "layer": "zones"},
        "streets": streets,
    }
    for section in SECTIONS:
        if raw.get(section):
            document[section] = json.loads(json.dumps(raw[section]))
    # Without a least heat the best ratio is one small network; half leaves the study a choice.
    document["limits"] = {"min_heat_mwh": round(LEAST_OF_SCREENED * heat_mwh)}
    document["limits"].comment("half of what the screening promises")
    return tomlkit.dumps(document)


def run_region(_: None, study: Path) -> dict[str, Any]:
    """Run the study of a region and return its headline; a failure is words, not an error."""
    from siting.study import read_study

    try:
        run = read_study(study).run(progress=False)
    except SitingError as error:
        return {"study": str(study), "status": " ".join(str(error).split())}
    return {
        "study": str(study),
        "status": run.plan.proof.status.value,
        "gap": run.plan.proof.gap,
        "heat_mwh": run.plan.heat_mwh,
        "capex_eur": run.plan.capex_eur,
        "heat_per_euro_kwh": run.plan.heat_per_euro_kwh,
        "run_folder": str(run.folder),
    }
