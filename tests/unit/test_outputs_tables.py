"""The GeoPackage holds all layers, with units, styles and nothing that changes by itself."""

from __future__ import annotations

import re
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import replace

import geopandas as gpd
import pyogrio
import pytest
from sample_plan import small_town, with_nothing_built

from siting.appraisal import appraise
from siting.outputs.frames import PIPE_COLUMNS, SITE_COLUMNS, ZONE_COLUMNS, plan_frames
from siting.outputs.tables import kpi_table, write_geopackage
from siting.region import Barriers

LAYERS = {"sites", "zones", "pipes", "candidate_sites", "demand_zones", "streets"}


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
    assert layers == {*LAYERS, "kpis", "layer_styles"}


@pytest.mark.parametrize(
    ("layer", "columns"),
    [
        ("sites", SITE_COLUMNS),
        ("zones", ZONE_COLUMNS),
        ("pipes", PIPE_COLUMNS),
        ("candidate_sites", SITE_COLUMNS),
        ("demand_zones", ZONE_COLUMNS),
    ],
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
    assert {row[0] for row in rows} == LAYERS
    for _, column, text, default in rows:
        style = ET.fromstring(text)
        rules = style.findall(".//rule")[0:]
        symbols = {each.get("name") for each in style.findall(".//symbol")}
        assert {rule.get("symbol") for rule in rules} == symbols
        assert (column, default) == ("geom", 1)


# What QGIS reads (qgsrulebasedrenderer, qgssymbollayerutils and the line, fill and marker layers).
QGIS = {
    "SimpleLine": ("line", {"Line"}, {
        "line_color", "line_width", "line_width_unit", "line_style", "capstyle", "joinstyle"}),
    "SimpleFill": ("fill", {"Polygon"}, {
        "color", "style", "outline_color", "outline_width", "outline_width_unit",
        "outline_style"}),
    "SimpleMarker": ("marker", {"Point"}, {
        "name", "color", "outline_color", "outline_width", "outline_width_unit", "size",
        "size_unit"}),
}  # fmt: skip
PATTERNS = {"no", "solid", "dash", "dot", "dash dot", "dash dot dot"}


def drawn_by_qgis(package):
    """Return for each layer the kinds of shape that its style draws, checked as QGIS reads it."""
    with closing(sqlite3.connect(package)) as base:
        styles = dict(base.execute("SELECT f_table_name, styleQML FROM layer_styles"))
    found = {}
    for layer, text in styles.items():
        columns = set(pyogrio.read_info(package, layer=layer)["fields"])
        style = ET.fromstring(text)
        found[layer] = set()
        assert (style.tag, style[0].tag) == ("qgis", "renderer-v2")
        assert style[0].get("type") == "RuleRenderer"
        assert [each.tag for each in style[0]] == ["rules", "symbols"]
        for rule in style.iter("rule"):
            names = set(re.findall(r'"(\w+)"', rule.get("filter") or ""))
            assert names <= columns, (layer, names)
            assert rule.get("label")
        for symbol in style.iter("symbol"):
            (drawn,) = symbol.findall("layer")
            kind, shapes, known = QGIS[drawn.get("class")]
            assert symbol.get("type") == kind
            found[layer] |= shapes
            looks = {each.get("name"): each.get("value") for each in drawn.find("Option")}
            assert looks == {each.get("k"): each.get("v") for each in drawn.findall("prop")}
            assert set(looks) <= known
            for name, value in looks.items():
                if name.endswith("color"):
                    assert re.fullmatch(r"(\d{1,3},){3}255", value)
                    assert all(int(each) < 256 for each in value.split(","))
                elif name.endswith("_unit"):
                    assert value == "MM"
                elif name.endswith("width") or name == "size":
                    assert 0.1 < float(value) < 6
                elif name.endswith("style") and name not in {"capstyle", "joinstyle"}:
                    assert value in PATTERNS
    return found


def test_styles_keep_to_what_qgis_reads(package):
    drawn = drawn_by_qgis(package)
    assert drawn.pop("pipes") == ({"Line"} if len(gpd.read_file(package, layer="pipes")) else set())
    assert drawn == {
        "sites": {"Point"}, "candidate_sites": {"Point"}, "zones": {"Polygon"},
        "demand_zones": {"Polygon"}, "streets": {"Line"},
    }  # fmt: skip


def test_points_and_areas_of_one_layer_are_both_drawn(tmp_path):
    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    shapes = frames.zones.geometry.where(frames.zones.index > 0, frames.zones.centroid)
    mixed = replace(
        frames,
        zones=frames.zones.set_geometry(shapes),
        sites=frames.sites.set_geometry(frames.sites.buffer(20)),
    )
    package = write_geopackage(mixed, {}, tmp_path / "plan.gpkg")
    drawn = drawn_by_qgis(package)
    assert drawn["zones"] == drawn["demand_zones"] == {"Point", "Polygon"}
    assert drawn["sites"] == drawn["candidate_sites"] == {"Polygon"}


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
    assert len(pyogrio.list_layers(write(small_town(), path))) == 8


def test_kpis_become_rows():
    table = kpi_table({"a_m": 2, "b": {"c_eur": None}, "notes": ["one", "two"]})
    assert list(table["kpi"]) == ["a_m", "b.c_eur", "notes.1", "notes.2"]
    assert table["value"].isna().tolist() == [False, True, True, True]


def test_the_plan_stands_alone(tmp_path):
    package = write(small_town(), tmp_path / "plan.gpkg")
    found = {name: gpd.read_file(package, layer=name) for name in sorted(LAYERS)}
    assert list(found["sites"]["site_id"]) == ["S-1"]
    assert list(found["zones"]["zone_id"]) == ["Z-1", "Z-2", "Z-3"]
    assert (len(found["candidate_sites"]), len(found["demand_zones"])) == (3, 6)
    assert found["demand_zones"].set_index("zone_id").at["Z-6", "reason"] == "forbidden"


def test_it_keeps_the_rules_of_the_format(package):
    """Requirements 2, 3, 6, 7, 11, 15, 17, 25 of OGC 12-128r15, and those of both extensions."""
    with closing(sqlite3.connect(package)) as base:

        def ask(words):
            return base.execute(words).fetchall()

        assert ask("PRAGMA application_id") == [(0x47504B47,)]
        assert ask("PRAGMA integrity_check") == [("ok",)]
        assert ask("PRAGMA foreign_key_check") == []
        systems = {row[0] for row in ask("SELECT srs_id FROM gpkg_spatial_ref_sys")}
        assert {-1, 0, 3879} <= systems
        contents = ask(
            "SELECT table_name, srs_id, min_x, min_y, max_x, max_y, description FROM gpkg_contents"
            " WHERE data_type = 'features'"
        )
        assert {row[0] for row in contents} == LAYERS
        for name, srs, *box, words in contents:
            assert words
            frame = gpd.read_file(package, layer=name)
            columns = ask(f"PRAGMA table_info({name})")
            assert sum(row[5] for row in columns) == 1  # one primary key
            assert srs == 3879
            if len(frame):
                assert box == pytest.approx(list(frame.total_bounds))
            rows = ask(f"SELECT count(*) FROM rtree_{name}_geom")
            assert rows == [(len(frame),)]
        extended = set(ask("SELECT table_name, extension_name FROM gpkg_extensions"))
        assert {(name, "gpkg_rtree_index") for name in LAYERS} <= extended
        assert ("gpkg_data_columns", "gpkg_schema") in extended
        assert ("gpkg_data_column_constraints", "gpkg_schema") in extended
        assert ask("SELECT count(*) FROM gpkg_data_column_constraints") == [(0,)]
        kinds = dict(ask("SELECT table_name, geometry_type_name FROM gpkg_geometry_columns"))
        assert set(kinds) == LAYERS
        assert kinds["pipes"] == "MULTILINESTRING"


def test_the_other_layers_of_a_study_come_along_with_a_style(tmp_path):
    """What stands already and what is in the way; barriers of lines and areas are two layers."""
    town = small_town()
    streets = town.region.streets.frame
    line, area = streets.geometry.iloc[0], streets.geometry.iloc[1].buffer(5)
    standing = gpd.GeoDataFrame(
        {"existing_dn": [100.0], "name": ["Main"], "level": [0]}, geometry=[line], crs=streets.crs
    )
    crossed = gpd.GeoDataFrame(
        {
            "kind": ["railway", "water"],
            "crossing": ["priced", "forbidden"],
            "cost_eur": [150_000.0, float("nan")],
            "cost_factor": [1.0, 1.0],
        },
        geometry=[line, area],
        crs=streets.crs,
    )
    region = replace(town.region, existing=standing, barriers=Barriers(crossed))
    package = write(replace(town, region=region), tmp_path / "plan.gpkg")
    for layer, column, value, kind in (
        ("existing_network", "existing_dn", 100.0, "MultiLineString"),
        ("barriers", "cost_eur", 150_000.0, "MultiLineString"),
        ("barrier_areas", "kind", "water", "MultiPolygon"),
    ):
        frame = gpd.read_file(package, layer=layer)
        assert list(frame[column]) == [value]
        assert list(frame.geom_type) == [kind]
    with closing(sqlite3.connect(package)) as base:
        styles = dict(base.execute("SELECT f_table_name, styleQML FROM layer_styles"))
        described = {row[0] for row in base.execute("SELECT table_name FROM gpkg_data_columns")}
    assert {"existing_network", "barriers", "barrier_areas"} <= set(styles) & described
    for layer, text in styles.items():
        columns = set(gpd.read_file(package, layer=layer).columns)
        for rule in ET.fromstring(text).findall(".//rule"):
            named = set(re.findall(r'"(\w+)"', rule.get("filter") or ""))
            assert named <= columns, (layer, named)


def test_pipes_run_with_the_heat(tmp_path):
    town = small_town()
    turned = tuple(
        replace(pipe, from_node=pipe.to_node, to_node=pipe.from_node) for pipe in town.plan.pipes
    )
    for plan in (town.plan, replace(town.plan, pipes=turned)):
        frames = plan_frames(town.region, town.network, town.assembly, plan)
        for _, pipe in frames.pipes.iterrows():
            first = town.network.nodes.geometry[pipe["from_node"]]
            assert pipe.geometry.coords[0] == first.coords[0]


def test_every_column_has_title_unit_and_meaning(package):
    with closing(sqlite3.connect(package)) as base:
        told = {
            (layer, column): (title, words)
            for layer, column, title, words in base.execute(
                "SELECT table_name, column_name, title, description FROM gpkg_data_columns"
            )
        }
        for layer in (*LAYERS, "kpis"):
            columns = {row[1] for row in base.execute(f"PRAGMA table_info({layer})")}
            for column in columns - {"fid", "geom"}:
                assert all(told[layer, column]), (layer, column)
    title, words = told["zones", "heat_mwh"]
    assert title == "Waste heat [MWh/a]"
    assert words.endswith("[MWh/a]")
    # GDAL, and so QGIS, takes titles as aliases; names of columns stay.
    assert "heat_mwh" in gpd.read_file(package, layer="zones").columns
