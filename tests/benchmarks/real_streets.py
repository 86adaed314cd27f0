"""State problems on real streets, assembled by the package from layers that are at hand.

Streets, demand of zones or streets and data centres are real where the data have them. What is
assumed is drawn from a fixed seed and named: sites in Aachen, sites and zones in Rhine-Neckar.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

import siting
from siting.problem import Problem

__all__ = ["PACKAGED", "REAL"]

SEED = 1
REGIONS = Path(__file__).resolve().parents[2] / "data"
DUBLIN = """\
[study]
name = "Dublin, inner city"
country = "IE"

[layers.sites]
path = "{data}/sources/dublin_data_centres.geojson"
columns = {{ site_id = "fid", name = "location", recoverable_heat_kw = "heat_kw" }}
where = "location IN ('Clonshaugh', 'Clonee')"

[layers.zones]
path = "{data}/heat_demand/dublin_heat_demand_zones.gpkg"
layer = "dublin_city_2021_07"
columns = {{ zone_id = "small_area", annual_demand_mwh = "total_heat_demand_tj_per_km2y" }}
demand_unit = "TJ/km2"
where = "small_area <> '268054015'"

[layers.streets]
path = "{data}/osm/dublin_centre.osm.pbf"

[network]
max_site_connection_m = 3500
"""
ASSUMED = """\
[study]
name = "{name}"
country = "DE"

[layers.sites]
path = "layers.gpkg"
layer = "sites"

[layers.zones]
path = "layers.gpkg"
layer = "zones"

[layers.streets]
path = "{streets}"

[network]
max_connection_m = 300
"""
AACHEN = "heat_demand/aachen_street_heat_lines.shp"
RHINE_NECKAR = "osm/rhine_neckar_roads.osm.pbf"


def _assembled(study: Path, *, min_share: float | None) -> Problem:
    """Return the problem of a study file."""
    read = siting.read_study(study)
    if min_share is not None:
        read = read.with_changes(limits={"min_share": min_share})
    return read.check().assembly.problem


def dublin(min_share: float | None) -> Callable[[Path, Path], Problem]:
    """Dublin's inner city: its zones and the data centres within 3.5 km of its streets."""

    def build(data: Path, scratch: Path) -> Problem:
        study = scratch / "study.toml"
        study.write_text(DUBLIN.format(data=data.as_posix()), encoding="utf-8")
        return _assembled(study, min_share=min_share)

    return build


def aachen(min_share: float | None) -> Callable[[Path, Path], Problem]:
    """Aachen: each street with heat demand is a zone at its middle; 12 sites are assumed."""

    def build(data: Path, scratch: Path) -> Problem:
        lines = gpd.read_file(data / AACHEN)
        heated = lines[lines["RW_WW_WBED"] > 0]
        zones = gpd.GeoDataFrame(
            {
                "zone_id": "street "
                + heated["WLD_ID"].astype(str)
                + " "
                + heated.index.astype(str),
                "annual_demand_mwh": heated["RW_WW_WBED"] / 1e3,
            },
            geometry=shapely.line_interpolate_point(heated.geometry.array, 0.5, normalized=True),
            crs=lines.crs,
        )
        sites = _assumed_sites(lines, 12)
        return _written(scratch, "Aachen", data / AACHEN, zones, sites, min_share)

    return build


def rhine_neckar(min_share: float | None) -> Callable[[Path, Path], Problem]:
    """Roads of Mannheim, Ludwigshafen and Heidelberg; 3,000 zones and 20 sites are assumed."""

    def build(data: Path, scratch: Path) -> Problem:
        rng = np.random.default_rng(SEED)
        lines = pyogrio.read_dataframe(
            data / RHINE_NECKAR, layer="lines", where="highway IS NOT NULL"
        ).to_crs(25832)
        local = lines[lines["highway"].isin(["residential", "living_street", "tertiary"])]
        picked = local.iloc[rng.choice(len(local), 3_000, replace=False)]
        zones = gpd.GeoDataFrame(
            {
                "zone_id": [f"Z{k}" for k in range(len(picked))],
                "annual_demand_mwh": 1_500.0 * rng.lognormal(0.0, 0.8, len(picked)),
            },
            geometry=shapely.line_interpolate_point(picked.geometry.array, 0.5, normalized=True),
            crs=lines.crs,
        )
        sites = _assumed_sites(local, 20)
        return _written(scratch, "Rhine-Neckar", data / RHINE_NECKAR, zones, sites, min_share)

    return build


def packaged(name: str) -> Callable[[Path, Path], Problem]:
    """A region that the package ships, as its study file asks."""

    def build(data: Path, scratch: Path) -> Problem:
        return _assembled(REGIONS / name / "study.toml", min_share=None)

    return build


def _assumed_sites(lines: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    """Return data centres of 5 to 60 MW beside streets drawn from a seed."""
    rng = np.random.default_rng(SEED)
    spots = lines.geometry.iloc[rng.choice(len(lines), count, replace=False)]
    return gpd.GeoDataFrame(
        {
            "site_id": [f"DC-{k}" for k in range(count)],
            "it_load_mw": np.exp(rng.uniform(np.log(5), np.log(60), count)).round(1),
            "cooling": rng.choice(["air", "liquid", "mixed"], count),
            "assumed": True,
        },
        geometry=shapely.line_interpolate_point(spots.array, 0.3, normalized=True),
        crs=lines.crs,
    )


def _written(
    scratch: Path,
    name: str,
    streets: Path,
    zones: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    min_share: float | None,
) -> Problem:
    for layer, frame in (("zones", zones), ("sites", sites)):
        frame.to_file(scratch / "layers.gpkg", layer=layer, driver="GPKG")
    study = scratch / "study.toml"
    study.write_text(ASSUMED.format(name=name, streets=streets.as_posix()), encoding="utf-8")
    return _assembled(study, min_share=min_share)


PACKAGED = {name: packaged(name) for name in ("kotka", "helsinki")}
REAL: dict[str, Callable[[Path, Path], Problem]] = {
    "dublin-ratio": dublin(None),
    "dublin-minimum_heat": dublin(0.04),
    "aachen-ratio": aachen(None),
    "aachen-minimum_heat": aachen(0.15),
    "rhine-neckar-ratio": rhine_neckar(None),
    "rhine-neckar-minimum_heat": rhine_neckar(0.06),
}
"""Cases by name; the share is of all demand, and needs several sites."""
