"""Write a study so small that it is planned in a moment, for tests of many scenarios."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import shapely

EAST, NORTH = 500_000.0, 6_700_000.0

TINY = """\
[study]
name = "Tiny"
crs = "EPSG:3067"
[layers.sites]
path = "sites.gpkg"
[layers.zones]
path = "zones.gpkg"
[layers.streets]
path = "streets.gpkg"
[limits]
min_share = 0.3
[solver]
gap = 0.9
time_limit_s = 600
"""


def write_tiny_study(folder: Path, more: str = "") -> Path:
    """Write a street with three zones and a site at each end, and return the study file."""
    folder.mkdir(parents=True, exist_ok=True)

    def points(*xy: tuple[float, float]) -> list[shapely.Point]:
        return [shapely.Point(EAST + x, NORTH + y) for x, y in xy]

    layers = {
        "streets": gpd.GeoDataFrame(
            {"name": ["Long Street"]},
            geometry=[shapely.LineString([(EAST, NORTH), (EAST + 600, NORTH)])],
            crs="EPSG:3067",
        ),
        "zones": gpd.GeoDataFrame(
            {
                "zone_id": ["Z-1", "Z-2", "Z-3"],
                "name": ["West", "Middle", "East"],
                "annual_demand_mwh": [1_500.0, 900.0, 2_000.0],
                "peak_demand_kw": [600.0, 360.0, 800.0],
            },
            geometry=points((120, 20), (300, -20), (480, 20)),
            crs="EPSG:3067",
        ),
        "sites": gpd.GeoDataFrame(
            {
                "site_id": ["DC-1", "DC-2"],
                "it_load_mw": [2.0, 4.0],
                "cooling": ["air", "liquid"],
            },
            geometry=points((0, 10), (600, 10)),
            crs="EPSG:3067",
        ),
    }
    for name, frame in layers.items():
        frame.to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG")
    file = folder / "study.toml"
    file.write_text(TINY + more, encoding="utf-8")
    return file
