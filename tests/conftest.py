"""Offer the reference data, the packaged regions and fixed seeds to all tests."""

from __future__ import annotations

import random
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

REPOSITORY = Path(__file__).resolve().parents[1]
SEED = 20_250_101


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout; without it the test is skipped."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the reference data (../shared/data) are not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def helsinki() -> Path:
    """The study file of the Helsinki region."""
    return REPOSITORY / "data" / "helsinki" / "study.toml"


@pytest.fixture(scope="session")
def kotka() -> Path:
    """The study file of the Kotka region."""
    return REPOSITORY / "data" / "kotka" / "study.toml"


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(SEED)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Start every test from the same seeds."""
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - for libraries that draw from the global state


@pytest.fixture
def small_study(tmp_path: Path) -> Path:
    """A study of 16 street crossings, six zones and two sites, in a folder of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    write_small_layers(folder)
    (folder / "study.toml").write_text(SMALL_STUDY, encoding="utf-8")
    return folder


SMALL_STUDY = """\
[study]
name = "Small town"
crs = "EPSG:3067"

[layers.sites]
path = "sites.gpkg"

[layers.zones]
path = "zones.gpkg"

[layers.streets]
path = "streets.gpkg"

[network]
supply_temperature_c = 65
return_temperature_c = 35

[limits]
min_share = 0.3

[solver]
gap = 0.05
time_limit_s = 60
"""


def write_small_layers(folder: Path) -> None:
    """Write the three layers of the small study."""
    for name, frame in small_layers().items():
        frame.to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG")


def small_layers() -> dict[str, gpd.GeoDataFrame]:
    """Return a grid of streets 150 m apart, with zones and sites beside them."""
    east, north, step = 500_000.0, 6_700_000.0, 150.0
    ticks = [step * each for each in range(4)]
    lines = [
        *(((east, north + y), (east + 3 * step, north + y)) for y in ticks),
        *(((east + x, north), (east + x, north + 3 * step)) for x in ticks),
    ]
    streets = {"name": [f"Street {n}" for n in range(len(lines))]}
    spots = [(60, 20), (220, 130), (370, 20), (80, 320), (230, 420), (420, 280)]
    zones = {
        "zone_id": [f"Z-{n}" for n in range(len(spots))],
        "name": [f"Block {n}" for n in range(len(spots))],
        "annual_demand_mwh": [900.0, 1_500.0, 700.0, 1_200.0, 2_000.0, 800.0],
        "peak_demand_kw": [360.0, 600.0, 280.0, 480.0, 800.0, 320.0],
    }
    places = [(10, 230), (440, 440)]
    sites = {
        "site_id": ["DC-1", "DC-2"],
        "name": ["West hall", "East hall"],
        "it_load_mw": [2.0, 4.0],
        "cooling": ["air", "liquid"],
    }

    def points(offsets: list[tuple[int, int]]) -> list[shapely.Point]:
        return [shapely.Point(east + x, north + y) for x, y in offsets]

    geometry = [shapely.LineString(line) for line in lines]
    return {
        "streets": gpd.GeoDataFrame(streets, geometry=geometry, crs="EPSG:3067"),
        "zones": gpd.GeoDataFrame(zones, geometry=points(spots), crs="EPSG:3067"),
        "sites": gpd.GeoDataFrame(sites, geometry=points(places), crs="EPSG:3067"),
    }
