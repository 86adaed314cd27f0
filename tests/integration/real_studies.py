"""Write studies on real layers that were not made for this package, as a planner would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from siting.demand import annual_demand_from_floor_area, estimate_levels

HEAT_SITES = "derived/osm_heat_sites.geojson"
ISLINGTON = "heat_demand/london_islington_buildings.geojson"
DUBLIN_ZONES = "heat_demand/dublin_heat_demand_zones.gpkg"
DUBLIN_CENTRES = "sources/dublin_data_centres.geojson"

BUILDING_USE = {
    "apartments": "apartments", "residential": "apartments", "house": "house", "terrace": "house",
    "office": "office", "commercial": "office", "retail": "retail", "school": "education",
    "university": "education", "kindergarten": "education", "hotel": "hotel", "industrial":
    "industrial", "warehouse": "industrial", "hospital": "health", "church": "assembly",
}  # fmt: skip
NOT_HEATED = {"garage", "garages", "shed", "roof", "kiosk", "hut", "bridge", "no", "container"}


def write_study(folder: Path, name: str, layers: Mapping[str, str], rest: str = "") -> Path:
    """Write a study file; each layer is given as the lines of its section."""
    sections = [f'[study]\nname = "{name}"\n']
    sections += [f"[layers.{kind}]\n{lines}\n" for kind, lines in layers.items()]
    path = folder / "study.toml"
    path.write_text("\n".join([*sections, rest]), encoding="utf-8")
    return path


def path_line(path: Path) -> str:
    """Return the line of a study file that names a layer."""
    return f'path = "{path.as_posix()}"'


def assumed_sites(folder: Path, data: Path, rows: Mapping[str, Mapping[str, object]]) -> Path:
    """Write a site layer at the places of OpenStreetMap objects, with assumed loads."""
    known = gpd.read_file(data / HEAT_SITES)
    known = known.set_index(known["osm_type"] + "/" + known["osm_id"].astype(str))
    frame = gpd.GeoDataFrame(
        [{"site_id": key, "name": known.at[key, "name"], "assumed": True, **row}
         for key, row in rows.items()],
        geometry=list(known.geometry.loc[list(rows)]),
        crs=known.crs,
    )  # fmt: skip
    path = folder / "sites.gpkg"
    frame.to_file(path, layer="sites", driver="GPKG")
    return path


def london(folder: Path, data: Path, *, streets: str = "pbf") -> Path:
    """Volta and an assumed hall beside Citigen; heat demand of Islington in kWh."""
    sites = assumed_sites(
        folder,
        data,
        {
            "way/33503496": {"it_load_mw": 8.0, "cooling": "air", "status": "existing"},
            "way/646298325": {"it_load_mw": 4.0, "cooling": "liquid", "status": "candidate"},
        },
    )
    lines = {
        "pbf": path_line(data / "osm" / "london_farringdon.osm.pbf"),
        "gpkg": path_line(data / "derived" / "london_farringdon.gpkg")
        + '\nlayer = "streets_27700"',
    }[streets]
    zones = [
        path_line(data / ISLINGTON),
        'demand_unit = "kWh"',
        'columns = { zone_id = "id", annual_demand_mwh = "demand" }',
        # Blocks without demand, towers whose floor area is not given, and other postcodes.
        "where = \"demand > 0 AND demand < 5e6 AND postcode LIKE 'EC%'\"",
    ]
    layers = {"sites": path_line(sites), "zones": "\n".join(zones), "streets": lines}
    return write_study(folder, "London, Farringdon", layers, REST.format(mwh=8_000))


def dublin_walkinstown(folder: Path, data: Path) -> Path:
    """Data centres of Tallaght with their heat in kW; demand of South Dublin in TJ/km2."""
    sites = [
        path_line(data / DUBLIN_CENTRES),
        'columns = { site_id = "fid", name = "location", recoverable_heat_kw = "heat_kw" }',
        "where = \"location = 'Tallaght'\"",
    ]
    layers = {
        "sites": "\n".join(sites),
        "zones": dublin_zones(data, "south_dublin_2021_09"),
        "streets": path_line(data / "osm" / "dublin_walkinstown.osm"),
    }
    rest = "[network]\nmax_site_connection_m = 2500\n\n" + REST.format(mwh=5_000)
    return write_study(folder, "Dublin, Walkinstown", layers, rest)


def dublin_centre(folder: Path, data: Path) -> Path:
    """An assumed hall in the inner city; zones in TJ/km2 without the known outlier."""
    sites = assumed_sites(
        folder, data, {"node/4419128607": {"recoverable_heat_kw": 9_000.0, "cooling": "mixed"}}
    )
    zones = dublin_zones(data, "dublin_city_2021_07", "where = \"small_area <> '268054015'\"")
    layers = {
        "sites": path_line(sites),
        "zones": zones,
        "streets": path_line(data / "osm" / "dublin_centre.osm.pbf"),
    }
    return write_study(folder, "Dublin, inner city", layers, REST.format(mwh=20_000))


def dublin_zones(data: Path, layer: str, *more: str) -> str:
    """Return the section of a Dublin zone layer."""
    columns = 'zone_id = "small_area", annual_demand_mwh = "total_heat_demand_tj_per_km2y"'
    lines = [f'layer = "{layer}"', f"columns = {{ {columns} }}", 'demand_unit = "TJ/km2"', *more]
    return "\n".join([path_line(data / DUBLIN_ZONES), *lines])


def copenhagen(folder: Path, data: Path) -> Path:
    """Two assumed halls at energy plants; demand estimated from the buildings of the extract."""
    sites = assumed_sites(
        folder,
        data,
        {
            "node/8651867167": {"it_load_mw": 15.0, "cooling": "mixed"},
            "way/294098477": {"it_load_mw": 30.0, "cooling": "air"},
        },
    )
    extract = data / "osm" / "copenhagen_osterbro.osm.gz"
    zones = folder / "zones.gpkg"
    estimated_zones(extract, 25832).to_file(zones, layer="zones", driver="GPKG")
    layers = {
        "sites": path_line(sites),
        "zones": path_line(zones),
        "streets": path_line(extract),
    }
    return write_study(folder, "Copenhagen, Østerbro", layers, REST.format(mwh=40_000))


def estimated_zones(extract: Path, epsg: int) -> gpd.GeoDataFrame:
    """Return the heated buildings of an OpenStreetMap extract with estimated demand."""
    frame = pyogrio.read_dataframe(
        f"/vsigzip/{extract}",
        layer="multipolygons",
        where="building IS NOT NULL",
        on_invalid="ignore",
    )
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty].to_crs(epsg)
    frame = frame.set_geometry(shapely.make_valid(frame.geometry.to_numpy()))
    heated = ~frame["building"].isin(NOT_HEATED) & (frame.geometry.area > 60)
    frame = frame[heated].reset_index(drop=True)
    use = frame["building"].map(BUILDING_USE).fillna("apartments")
    tagged = frame["other_tags"].str.extract(r'"building:levels"=>"(\d+)"', expand=False)
    levels = estimate_levels(pd.to_numeric(tagged, errors="coerce"), use)
    floor = frame.geometry.area * levels["levels"]
    return gpd.GeoDataFrame(
        {
            "zone_id": [f"B{number}" for number in np.arange(len(frame)) + 1],
            "name": frame["name"].fillna(""),
            "use": use,
            "floor_area_m2": floor,
            "annual_demand_mwh": annual_demand_from_floor_area(floor, use),
            "estimated": "storeys, use and annual demand",
        },
        geometry=frame.geometry,
        crs=frame.crs,
    )


REST = """\
[limits]
min_heat_mwh = {mwh}

[solver]
gap = 0.9
time_limit_s = 25
"""
