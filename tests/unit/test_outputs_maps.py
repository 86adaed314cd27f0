"""The map is one page: complete, safe against names, the same each time, nothing from outside."""

from __future__ import annotations

import html as entities
import re
from dataclasses import replace

import geopandas as gpd
import pytest
from sample_plan import ROGUE, small_town, with_nothing_built

from siting.appraisal import appraise
from siting.outputs import maps
from siting.outputs.assets import asset_text, data_uri, outside_links
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.looks import PipeClasses, ShareClasses
from siting.outputs.maps import VENDORED, build_map, write_map


def page_of(town, tmp_path, **options):
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    options = {"title": "Warm <b>town</b>", "question": "Which sites?", **options}
    path = write_map(frames, appraisal, town.plan, tmp_path / "map.html", **options)
    return path.read_text(encoding="utf-8")


@pytest.fixture
def page(tmp_path):
    return page_of(small_town(), tmp_path)


def test_nothing_comes_from_outside(page):
    assert outside_links(page) == []
    assert "cdn" not in page
    assert re.findall(r"""(?:src|href)=["']?https?:""", page) == []
    assert "default-src 'none'" in page


def test_the_page_of_a_notebook_is_complete_too(tmp_path):
    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    appraisal = appraise(town.assembly.problem, town.plan)
    drawn = build_map(frames, appraisal, town.plan, title="Town")
    assert outside_links(entities.unescape(drawn._repr_html_())) == []


def test_the_same_plan_gives_the_same_page(tmp_path):
    assert page_of(small_town(), tmp_path) == page_of(small_town(), tmp_path)


def test_names_cannot_become_markup(page):
    assert ROGUE not in page
    assert "<img src=x" not in page
    assert "<b>town</b>" not in page
    assert "\\u003cimg src=x" in page


def test_the_panel_has_figures_with_units(page):
    for text in ("5.8 GWh/a", "kWh/a per EUR", "Proven within 0.4 %", "of 5", "West works"):
        assert text in page
    assert "Sizes are assumed for 1 of 3 candidate sites." in page


def test_the_makers_of_the_layers_are_named_where_the_study_names_them(tmp_path, page):
    assert "OpenStreetMap contributors" not in page.split("<script")[-1]
    named = page_of(small_town(), tmp_path, attribution="City of Warmth")
    assert '"attribution": "City of Warmth"' in named


def test_the_empty_plan_has_a_map(tmp_path):
    page = page_of(with_nothing_built(small_town()), tmp_path)
    assert "the plan builds nothing" in page


def test_points_and_no_streets_are_drawn(tmp_path):
    town = small_town()
    zones = town.region.zones.frame
    points = zones.set_geometry(zones.geometry.centroid)
    streets = town.region.streets.frame.iloc[:0]
    region = replace(
        town.region,
        zones=replace(town.region.zones, frame=points),
        streets=replace(town.region.streets, frame=streets),
    )
    page = page_of(replace(town, region=region), tmp_path)
    assert '"type": "Point"' in page


def test_zones_left_out_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(maps, "ZONES_SHOWN", 4)
    page = page_of(small_town(), tmp_path)
    assert "The map shows 4 of 6 zones" in page
    assert page.count('"id": "Z-') == 4


def test_tiles_are_only_there_when_asked_for(tmp_path, page):
    assert "tile.openstreetmap.org" not in page
    with_tiles = page_of(small_town(), tmp_path, tiles=True)
    assert "https://tile.openstreetmap.org/{z}/{x}/{y}.png" in with_tiles
    assert outside_links(with_tiles) == []


def test_pipes_without_a_size_are_drawn(tmp_path):
    town = small_town()
    pipes = tuple(replace(pipe, size=None, capacity_mw=None) for pipe in town.plan.pipes)
    assert "size not stated" in page_of(
        replace(town, plan=replace(town.plan, pipes=pipes)), tmp_path
    )


@pytest.mark.parametrize("name", sorted(set(VENDORED.values())))
def test_vendored_files_point_nowhere(name):
    text = asset_text(name)
    assert "sourceMappingURL" not in text
    assert outside_links(text) == []
    assert data_uri(name).startswith(("data:text/javascript;base64,", "data:text/css;base64,"))


def test_many_sizes_share_five_classes():
    sizes = [f"DN{size}" for size in (20, 25, 32, 40, 50, 65, 80, 100, 125, 150, 200, 1000)]
    classes = PipeClasses.of(sizes)
    assert len(classes.classes) == 5
    assert [classes.of_size[size] for size in sizes] == sorted(classes.of_size.values())
    widths = [each.width for each in classes.classes]
    assert widths == sorted(widths)


@pytest.mark.parametrize("least", [0.0, 0.13, 0.5, 0.55, 0.8, 0.93, 1.0])
def test_share_classes_hold_every_share(least):
    zones = gpd.GeoDataFrame({"served": [True, True], "waste_heat_share": [least, 1.0]})
    classes = ShareClasses.of(zones)
    assert len(classes.classes) == 5
    assert classes.classes[-1].high == 1.0
    place = classes.classes[classes.index(least)]
    assert place.low - 1e-9 <= least <= place.high + 1e-9
    assert classes.index(1.0) == 4
