"""Further formats hold the same figures; the edge list loses what the plan loses."""

from __future__ import annotations

import csv
import importlib.util
import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from sample_plan import small_town, with_nothing_built

from siting.errors import InputError
from siting.outputs import exports
from siting.outputs.edges import EDGE_COLUMNS, PipeData, edge_list, write_edges
from siting.outputs.exports import FORMATS, write_formats
from siting.outputs.frames import plan_frames


def layers_of(town):
    return plan_frames(town.region, town.network, town.assembly, town.plan).layers


@pytest.fixture(params=[True, False], ids=["built", "empty"])
def town(request):
    return small_town() if request.param else with_nothing_built(small_town())


@pytest.mark.parametrize("name", FORMATS)
def test_every_layer_is_written_in_every_format(town, name, tmp_path):
    layers = layers_of(town)
    written = write_formats(layers, [name, name], tmp_path)
    ending = {"geojson": ".geojson", "geoparquet": ".parquet", "shapefile": ".shp"}[name]
    stems = {path.stem for path in written if path.suffix == ending}
    assert stems == set(layers)
    for path in written:
        if path.suffix == ending:
            read = gpd.read_parquet if name == "geoparquet" else gpd.read_file
            assert len(read(path)) == len(layers[path.stem])


def test_geojson_follows_rfc_7946(tmp_path):
    write_formats(layers_of(small_town()), ["geojson"], tmp_path)
    raw = json.loads((tmp_path / "geojson" / "zones.geojson").read_text(encoding="utf-8"))
    assert "crs" not in raw
    for each in raw["features"]:
        shape = shapely.geometry.shape(each["geometry"])
        parts = getattr(shape, "geoms", [shape])
        assert all(part.exterior.is_ccw for part in parts)
        west, south, east, north = shape.bounds
        assert 24 < west < east < 26
        assert 60 < south < north < 61


def test_geoparquet_keeps_the_working_crs(tmp_path):
    layers = layers_of(small_town())
    write_formats(layers, ["geoparquet"], tmp_path)
    pipes = gpd.read_parquet(tmp_path / "geoparquet" / "pipes.parquet")
    assert pipes.crs.to_epsg() == 3879
    assert pipes["cost_eur"].sum() == pytest.approx(layers["pipes"]["cost_eur"].sum())


def test_the_short_names_of_shapefiles_are_explained(tmp_path):
    layers = layers_of(small_town())
    write_formats(layers, ["shapefile"], tmp_path)
    with (tmp_path / "shapefile" / "fields.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    zones = gpd.read_file(tmp_path / "shapefile" / "zones.shp")
    names = {row["field"]: row["name"] for row in rows if row["layer"] == "zones"}
    assert {*names, "geometry"} == set(zones.columns)
    again = zones.rename(columns=names)
    assert again["heat_mwh"].sum() == pytest.approx(layers["zones"]["heat_mwh"].sum())
    assert any(row["name"] == "heat_mwh" and row["unit"] == "MWh/a" for row in rows)


def test_a_shapefile_holds_one_kind_of_geometry(tmp_path):
    zones = layers_of(small_town())["demand_zones"]
    zones.loc[0, "geometry"] = zones.geometry[0].centroid
    write_formats({"demand_zones": zones}, ["shapefile"], tmp_path)
    names = {path.name for path in (tmp_path / "shapefile").glob("*.shp")}
    assert names == {"demand_zones_points.shp", "demand_zones_polygons.shp"}


def test_a_missing_library_is_said_before_the_search(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    exports.check_formats(["geojson"])
    with pytest.raises(InputError, match=r"pip install 'siting\[parquet\]'"):
        exports.check_formats(["geoparquet"])


DATA = PipeData(
    inner_diameter_mm={"DN50": 54.5, "DN65": 70.3, "DN80": 82.5, "DN100": 107.1},
    roughness_mm=0.1,
    supply_temperature_c=65,
    return_temperature_c=35,
    ground_temperature_c=8,
    mw_per_kg_s=0.1257,
)


def test_the_edge_list_loses_what_the_plan_loses(tmp_path):
    plan = small_town().plan
    table = pd.read_csv(write_edges(plan, DATA, tmp_path / "edges.csv"))
    assert tuple(table.columns) == EDGE_COLUMNS
    lost_w = (2 * table["u_w_per_m_k"] * table["length_m"] * (50 - 8)).sum()
    assert lost_w * 8.76e-3 == pytest.approx(plan.loss_mwh, rel=1e-6)
    assert table["inner_diameter_mm"].tolist()[:2] == [107.1, 107.1]
    assert table["flow_kg_per_s"][0] == pytest.approx(1.9 / 0.1257, rel=1e-6)
    ends = list(zip(table["from"], table["to"], strict=True))
    assert ends[:2] == [("S1", "n00"), ("n00", "n10")]


def test_an_empty_plan_has_an_empty_edge_list():
    assert list(edge_list(with_nothing_built(small_town()).plan, DATA).columns) == list(
        EDGE_COLUMNS
    )
