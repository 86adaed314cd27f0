"""The GeoPackage holds all layers, with units, styles and nothing that changes by itself."""

from __future__ import annotations

import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing

import geopandas as gpd
import pyogrio
import pytest
from sample_plan import small_town, with_nothing_built

from siting.appraisal import appraise
from siting.outputs.frames import PIPE_COLUMNS, SITE_COLUMNS, ZONE_COLUMNS, plan_frames
from siting.outputs.tables import kpi_table, write_geopackage


def write(town, path):
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    kpis = appraise(town.assembly.problem, town.plan).kpis()
    return write_geopackage(frames, kpis, path)


@pytest.fixture(params=[True, False], ids=["built", "empty"])
def package(request, tmp_path):
    town = small_town()
    return write(town if request.param else with_nothing_built(town), tmp_path / "plan.gpkg")


def test_all_layers_are_there(package):
    layers = {name for name, _ in pyogrio.list_layers(package)}
    assert layers == {"sites", "zones", "pipes", "streets", "kpis", "layer_styles"}


@pytest.mark.parametrize(
    ("layer", "columns"),
    [("sites", SITE_COLUMNS), ("zones", ZONE_COLUMNS), ("pipes", PIPE_COLUMNS)],
)
def test_layers_have_their_columns_even_when_empty(package, layer, columns):
    frame = gpd.read_file(package, layer=layer)
    assert list(frame.columns) == [*columns, "geometry"]
    assert frame.crs.to_epsg() == 3879


def test_values_survive(tmp_path):
    town = small_town()
    package = write(town, tmp_path / "plan.gpkg")
    zones = gpd.read_file(package, layer="zones").set_index("zone_id")
    assert zones["served"].dtype == bool
    assert zones["heat_mwh"].sum() == pytest.approx(town.plan.heat_mwh)
    kpis = pyogrio.read_dataframe(package, layer="kpis").set_index("kpi")
    assert kpis.at["heat_mwh", "value"] == pytest.approx(town.plan.heat_mwh)
    assert kpis.at["proof.in_words", "text"] == "proven within 0.4 %"


def test_old_qgis_is_not_warned(package):
    with closing(sqlite3.connect(package)) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (10200,)


def test_every_layer_has_a_style_that_is_sound(package):
    with closing(sqlite3.connect(package)) as base:
        rows = base.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
        ).fetchall()
        listed = base.execute(
            "SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'"
        ).fetchone()
    assert listed == ("attributes",)
    assert {row[0] for row in rows} == {"sites", "zones", "pipes", "streets"}
    for _, column, text, default in rows:
        style = ET.fromstring(text)
        rules = style.findall(".//rule")[0:]
        symbols = {each.get("name") for each in style.findall(".//symbol")}
        assert {rule.get("symbol") for rule in rules} == symbols
        assert (column, default) == ("geom", 1)


def test_pipe_style_has_a_rule_for_each_size(tmp_path):
    package = write(small_town(), tmp_path / "plan.gpkg")
    with closing(sqlite3.connect(package)) as base:
        (text,) = base.execute(
            "SELECT styleQML FROM layer_styles WHERE f_table_name = 'pipes'"
        ).fetchone()
    rules = [rule.get("filter") for rule in ET.fromstring(text).findall(".//rule")]
    assert rules == [f"\"nominal_diameter\" = 'DN{size}'" for size in (50, 65, 80, 100)]


def test_the_same_plan_gives_the_same_file(tmp_path):
    first = write(small_town(), tmp_path / "a.gpkg").read_bytes()
    assert first == write(small_town(), tmp_path / "b.gpkg").read_bytes()


def test_an_older_file_is_replaced(tmp_path):
    path = tmp_path / "plan.gpkg"
    path.write_text("old")
    assert len(pyogrio.list_layers(write(small_town(), path))) == 6


def test_kpis_become_rows():
    table = kpi_table({"a_m": 2, "b": {"c_eur": None}, "notes": ["one", "two"]})
    assert list(table["kpi"]) == ["a_m", "b.c_eur", "notes.1", "notes.2"]
    assert table["value"].isna().tolist() == [False, True, True, True]
