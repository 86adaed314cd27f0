"""Check that many small zones become blocks along streets, and that nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import siting
from siting.errors import FaultLog
from siting.layers.zone_blocks import MANY_ZONES, doubt_many, in_blocks
from siting.layers.zones import zone_frame

CRS = "EPSG:3067"


def houses(xs: list[float], **columns: list[object]) -> gpd.GeoDataFrame:
    """Return houses of 10 m on the north side of a street along the x axis, as zones."""
    given = {"annual_demand_mwh": [10.0 * (1 + k) for k in range(len(xs))]} | columns
    frame = gpd.GeoDataFrame(
        given,
        geometry=[shapely.box(x, 10, x + 10, 20) for x in xs],
        index=pd.Index([f"h{k}" for k in range(len(xs))], name="zone_id"),
        crs=CRS,
    )
    log = FaultLog()
    found, _ = zone_frame(frame, {}, "MWh", log)
    assert not log.faults, log.faults
    return found


def streets(*lines: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    shapes = [shapely.LineString(each) for each in lines or ([(0, 0), (400, 0)],)]
    return gpd.GeoDataFrame({"forbidden": [False] * len(shapes)}, geometry=shapes, crs=CRS)


def grouped(zones: gpd.GeoDataFrame, **options: object) -> gpd.GeoDataFrame:
    return in_blocks(zones, streets(), **(OPTIONS | options))[0]


OPTIONS: dict[str, Any] = {"above": 0, "block_length_m": 200.0, "reach_m": 100.0}
ROW = [5.0, 25.0, 45.0, 65.0, 305.0, 325.0, 345.0]


def test_neighbours_make_one_zone_and_their_figures_add_up() -> None:
    zones = houses(ROW, peak_demand_kw=[20.0] * 7, dwellings=[2.0] * 7, buildings=[1.0] * 7)
    found, remarks = in_blocks(zones, streets(), **(OPTIONS | {"above": 6}))
    assert list(found.index) == ["h0", "h4"]
    assert found["name"].tolist() == ["h0 and 3 more", "h4 and 2 more"]
    assert found["annual_demand_mwh"].tolist() == [100.0, 180.0]
    assert found["peak_demand_kw"].tolist() == [80.0, 60.0]
    assert found["dwellings"].tolist() == [8.0, 6.0]
    assert found["buildings"].tolist() == [4.0, 3.0]
    assert found.geometry.area.tolist() == pytest.approx([700.0, 500.0])
    assert found.crs == zones.crs
    assert found.index.name == "zone_id"
    assert [(each.count, each.repair) for each in remarks] == [(7, False)]
    assert "7 zones into 2 blocks" in remarks[0].detail


def test_few_zones_stay_as_they_are() -> None:
    zones = houses(ROW)
    assert grouped(zones, above=7) is zones


@pytest.mark.parametrize(
    "column",
    [
        {"mandatory": [False, True, *[False] * 5]},
        {"forbidden": [False, True, *[False] * 5]},
        {"existing_customer": [False, True, *[False] * 5]},
        {"buildings": [1.0, 9.0, *[1.0] * 5]},
        {"peak_demand_kw": [np.nan, 8.0, *[np.nan] * 5]},
        {"needed_supply_temperature_c": [60.0, 75.0, *[60.0] * 5]},
    ],
)
def test_what_differs_stays_apart(column: dict[str, list[object]]) -> None:
    found = grouped(houses(ROW, **column))
    assert sorted(found.index) == ["h0", "h1", "h4"]
    assert found["annual_demand_mwh"].sum() == 280.0
    named = grouped(houses(ROW), apart=["h1"])
    assert sorted(named.index) == ["h0", "h1", "h4"]


def test_houses_beyond_the_streets_are_not_grouped() -> None:
    """They would all belong to the last street of the layer, however far that is."""
    found = grouped(houses([*ROW, 900.0, 920.0, 940.0]))
    assert sorted(found.index) == ["h0", "h4", "h7", "h8", "h9"]


def test_order_of_rows_does_not_matter() -> None:
    zones = houses(ROW, use=["house", "shop", "house", "house", "shop", "house", "shop"])
    one = grouped(zones)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(zones))
        other = grouped(zones.iloc[order])
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


def test_points_in_a_row_get_ground() -> None:
    zones = houses(ROW)
    points = zones.set_geometry(zones.geometry.centroid)
    found = grouped(points)
    assert (found.geometry.area > 1_000).all()


def test_very_many_zones_are_doubted() -> None:
    zones = houses(ROW)
    many = gpd.GeoDataFrame(pd.concat([zones] * (MANY_ZONES // 7 + 1)), crs=CRS)
    log = FaultLog()
    doubt_many(many, None, log)
    assert "blocks_above" in str(log.doubts[0])
    quiet = FaultLog()
    doubt_many(many, 5_000, quiet)
    doubt_many(zones, None, quiet)
    assert not quiet.doubts


def test_buildings_of_a_real_town(tmp_path: Path, shared: Path) -> None:
    """Demand and floor area of all buildings are those of their blocks, to the last digit."""
    gpkg = (shared / "data" / "derived" / "london_farringdon.gpkg").as_posix()
    gpd.GeoDataFrame(
        {"site_id": ["s"], "it_load_mw": [5.0]}, geometry=[shapely.Point(-0.1, 51.517)], crs=4326
    ).to_file(tmp_path / "sites.gpkg")
    study = tmp_path / "study.toml"
    text = f"""
[layers.sites]
path = "sites.gpkg"
[layers.zones]
path = "{gpkg}"
layer = "buildings_27700"
columns = {{ zone_id = "osm_id", use = "building" }}
where = "building IN ('office', 'apartments', 'house', 'retail')"
[layers.streets]
path = "{gpkg}"
layer = "streets_27700"
"""
    study.write_text(text, encoding="utf-8")
    alone = siting.read_study(study).check()
    study.write_text(text.replace("[layers.streets]", "blocks_above = 100\n[layers.streets]"))
    blocks = siting.read_study(study).check()
    one, other = alone.region.zones.frame, blocks.region.zones.frame
    assert len(other) < len(one) / 2
    for name in ("annual_demand_mwh", "floor_area_m2"):
        assert other[name].sum() == pytest.approx(one[name].sum(), rel=1e-12)
    assert other["buildings"].fillna(1.0).sum() == len(one)
    assert (other["estimated"] != "").all()
    assert other.geometry.is_valid.all()
