"""Screen the reference layers: python tests/benchmarks/screening.py [CASE]... [--out DIR]

Layers are read from ../shared/data and never copied into the project. What is assumed on top of
them stands in the function of each case.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.screening import screen
from siting.screening.regions import hand_over
from siting.screening.results import write_screening
from siting.screening.run import read_screening

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PERSONS_PER_HOME = 2.1
"""Persons in a Danish home: judgement [J], about 5.9 million persons in 2.8 million homes."""

DISTRICT_HEAT_SHARE = 0.65
"""Share of Danish homes on district heat: known, not looked up again [K]."""

HOTMAPS = "sources/hotmaps_industrial_excess_heat.csv"
SOLVER = "\n[solver]\ngap = 0.02\ntime_limit_s = 120\n"


def industry(country: str) -> gpd.GeoDataFrame:
    """Return industrial sites with excess heat as sites.

    The whole excess heat above 100 °C counts, spread evenly over the year (assumed), at 95 °C
    after an exchanger (assumed, below the least class of 100 to 200 °C).
    """
    table = pd.read_csv(DATA / HOTMAPS, sep=";")
    table = table[(table["Country"] == country) & (table["Excess_Heat_Total"] > 0)]
    table = table[table["geom"].notna()]
    shapes = shapely.from_wkt(table["geom"].str.split(";").str[1])
    return gpd.GeoDataFrame(
        {
            "site_id": "I" + table["SiteID"].astype(str),
            "name": table["SiteName"].astype(str),
            "status": "existing",
            "recoverable_heat_kw": table["Excess_Heat_Total"] * 1e6 / 8760,
            "supply_temperature_c": 95.0,
            "return_temperature_c": 60.0,
        },
        geometry=np.asarray(shapes, dtype=object),
        crs=4326,
    ).drop_duplicates("geometry")


def south_dublin(_: Path) -> str:
    """49 data centres and 919 zones, as Codema publishes them."""
    return f"""
[study]
name = "South Dublin"
country = "IE"
[layers.sites]
path = "{DATA}/sources/dublin_data_centres.geojson"
columns = {{ site_id = "fid", name = "location", recoverable_heat_kw = "heat_kw" }}
[layers.zones]
path = "{DATA}/heat_demand/dublin_heat_demand_zones.gpkg"
layer = "south_dublin_2021_09"
demand_unit = "TJ/km2"
columns = {{ zone_id = "small_area", annual_demand_mwh = "total_heat_demand_tj_per_km2y" }}
"""


def dublin(folder: Path) -> str:
    """The same with Dublin City; its zones above 2,000 TJ/km² are left out as outliers."""
    parts = []
    for layer in ("south_dublin_2021_09", "dublin_city_2021_07"):
        path = DATA / "heat_demand" / "dublin_heat_demand_zones.gpkg"
        frame = gpd.read_file(path, layer=layer)[
            ["small_area", "total_heat_demand_tj_per_km2y", "geometry"]
        ]
        parts.append(frame)
    zones = pd.concat(parts, ignore_index=True).drop_duplicates("small_area")
    zones = zones[zones["total_heat_demand_tj_per_km2y"] < 2_000]
    zones.to_file(folder / "zones.gpkg")
    text = south_dublin(folder).replace('name = "South Dublin"', 'name = "Dublin, both counties"')
    head, tail = text.split("[layers.zones]")
    lines = [f'path = "{folder}/zones.gpkg"', *tail.strip().splitlines()[2:]]
    return head + "[layers.zones]\n" + "\n".join(lines)


def danish_towns() -> gpd.GeoDataFrame:
    """District heating companies with the demand of their municipality, by area supplied."""
    companies = gpd.read_file(DATA / "sources" / "denmark_dh_plants.geojson")
    places = gpd.read_file(DATA / "sources" / "denmark_municipalities.geojson")
    places = places.dissolve("lau_1", aggfunc={"population": "first", "name": "first"})
    joined = companies.sjoin(places[["population", "geometry"]], predicate="within", how="inner")
    area = joined["total_area_km2"].fillna(0).clip(lower=0.05)
    share = area / area.groupby(joined["lau_1"]).transform("sum")
    homes = joined["population"] / PERSONS_PER_HOME * DISTRICT_HEAT_SHARE * share
    return (
        gpd.GeoDataFrame(
            {
                "zone_id": joined["forsyid"].astype(str),
                "name": joined["name"],
                "dwellings": homes.round(),
                "connection_cost_eur": 0.0,
            },
            geometry=joined.geometry,
            crs=companies.crs,
        )
        .drop_duplicates("zone_id")
        .query("dwellings > 0")
    )


DANISH = """
[study]
name = "{name}"
country = "DK"
crs = "EPSG:25832"
[layers.sites]
path = "{folder}/sites.gpkg"
[layers.zones]
path = "{folder}/zones.gpkg"
[network]
peak_boilers = "existing"
zone_pipes = "none"
[screen]
town_gap_m = 0
trunk_surface = "rural"
least_heat_per_euro_kwh = 1.0
"""


def denmark(folder: Path) -> str:
    """Danish companies with their networks, and industrial excess heat."""
    danish_towns().to_file(folder / "zones.gpkg")
    industry("Denmark").to_file(folder / "sites.gpkg")
    return DANISH.format(name="Denmark, industry", folder=folder)


def denmark_3000(folder: Path) -> str:
    """The same towns with 3,000 made-up candidate data centres, to measure the time."""
    towns = danish_towns()
    towns.to_file(folder / "zones.gpkg")
    rng = np.random.default_rng(0)
    near = towns.to_crs(25832).geometry.sample(3000, replace=True, random_state=1)
    x = near.x.to_numpy() + rng.normal(0, 6_000, 3000)
    y = near.y.to_numpy() + rng.normal(0, 6_000, 3000)
    sites = gpd.GeoDataFrame(
        {
            "site_id": [f"C{k}" for k in range(3000)],
            "it_load_mw": rng.choice([5.0, 10.0, 20.0, 50.0], 3000),
            "cooling": rng.choice(["air", "liquid", "mixed"], 3000),
        },
        geometry=gpd.points_from_xy(x, y),
        crs=25832,
    )
    sites.to_file(folder / "sites.gpkg")
    return DANISH.format(name="Denmark, 3,000 made-up candidates", folder=folder)


def aachen(folder: Path) -> str:
    """Heat of the 100 m cells of Aachen, and industrial excess heat of Germany in reach."""
    industry("Germany").cx[5.9:6.4, 50.6:50.95].to_file(folder / "sites.gpkg")
    return f"""
[study]
name = "Aachen"
country = "DE"
crs = "EPSG:25832"
[layers.sites]
path = "{folder}/sites.gpkg"
[layers.zones]
path = "{DATA}/heat_demand/aachen_heat_grid_100m.shp"
demand_unit = "kWh"
where = "RW_WW_WBED > 100000"
columns = {{ zone_id = "CellCode", annual_demand_mwh = "RW_WW_WBED" }}
"""


def vienna(folder: Path) -> str:
    """The heat-density raster of Vienna, and industrial excess heat of Austria in reach."""
    industry("Austria").cx[16.0:16.9, 47.9:48.5].to_file(folder / "sites.gpkg")
    return f"""
[study]
name = "Vienna"
[layers.sites]
path = "{folder}/sites.gpkg"
[layers.zones]
path = "{DATA}/heat_demand/vienna_heat_density_100m.tif"
source = "raster"
demand_unit = "MWh/ha"
threshold_mwh_per_ha = 300
zone_size_m = 1000
[screen]
max_distance_km = 35
"""


CASES = {
    each.__name__: each for each in (south_dublin, dublin, denmark, denmark_3000, aachen, vienna)
}


def main() -> None:
    """Screen the cases that are named, all by default, and print what came of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", choices=[[], *CASES])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    for name in given.cases or CASES:
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work)
            file = folder / "screening.toml"
            file.write_text(CASES[name](folder) + SOLVER, encoding="utf-8")
            start = time.perf_counter()
            found = screen(read_screening(file))
            seconds = time.perf_counter() - start
            print(f"== {name}: {seconds:.1f} s", {k: round(v, 1) for k, v in found.seconds.items()})
            print("\n".join(found.words()))
            if given.out is not None:
                regions = hand_over(found, given.out / name / "regions")
                write_screening(found, given.out / name, regions)


if __name__ == "__main__":
    main()
