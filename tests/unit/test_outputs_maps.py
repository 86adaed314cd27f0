"""The map is one page: complete, safe against names, the same each time, nothing from outside."""

from __future__ import annotations

import html as entities
import re
from dataclasses import replace

import geopandas as gpd
import pytest
from sample_plan import ROGUE, small_town, with_nothing_built

from siting.appraisal import appraise
from siting.outputs import map_states
from siting.outputs.assets import asset_text, data_uri, outside_links
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.looks import PipeClasses, ShareClasses
from siting.outputs.map_states import MapLayers, MapState
from siting.outputs.maps import VENDORED, build_map, write_map
from siting.outputs.packing import unpacked, unpacked_shapes

PACKED = re.compile(r'<script type="text/plain" id="siting-data">([^<]*)</script>')


def page_of(town, tmp_path, **options):
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    options = {"title": "Warm <b>town</b>", "question": "Which sites?", **options}
    path = write_map(frames, appraisal, town.plan, tmp_path / "map.html", **options)
    return path.read_text(encoding="utf-8")


def data_of(page):
    """Return what the page unpacks."""
    return unpacked(PACKED.search(page)[1])


def words_of(page):
    """Return the page without what is packed: its letters could spell anything."""
    return re.sub(r"base64,[A-Za-z0-9+/=]+", "", PACKED.sub("", page))


@pytest.fixture
def page(tmp_path):
    return page_of(small_town(), tmp_path)


def test_nothing_comes_from_outside(page):
    assert outside_links(page) == []
    assert "cdn" not in words_of(page)
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
    data = data_of(page)
    assert ROGUE in data["zones"]["name"]  # packed as it is; the page escapes it where it shows it
    assert all("<img src=x" not in each["panel"] for each in data["states"])


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
    data = data_of(page_of(replace(town, region=region), tmp_path))
    assert data["zones"]["sizes"] == [1] * 6
    assert data["streets"]["paths"] == []


def test_zones_left_out_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(map_states, "ZONES_SHOWN", 4)
    page = page_of(small_town(), tmp_path)
    assert "The map shows 4 of 6 zones" in page
    shown = data_of(page)["zones"]["id"]
    assert len(shown) == 4
    assert {"Z-1", "Z-2", "Z-3"} < set(shown)  # all that are served


def test_tiles_are_only_there_when_asked_for(tmp_path, page):
    assert "tile.openstreetmap.org" not in page
    with_tiles = page_of(small_town(), tmp_path, tiles=True)
    assert "https://tile.openstreetmap.org/{z}/{x}/{y}.png" in with_tiles
    assert outside_links(with_tiles) == []


def test_pipes_without_a_size_are_drawn(tmp_path):
    town = small_town()
    pipes = tuple(replace(pipe, size=None, capacity_mw=None) for pipe in town.plan.pipes)
    data = data_of(page_of(replace(town, plan=replace(town.plan, pipes=pipes)), tmp_path))
    assert set(data["states"][0]["pipes"]["size"]) == {"size not stated"}
    assert set(data["states"][0]["pipes"]["capacity_mw"]) == {None}


def test_shapes_and_figures_are_those_of_the_layers(page):
    town, data = small_town(), data_of(page)
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    pipes = frames.pipes.to_crs(4326)
    state = data["states"][0]
    drawn = unpacked_shapes(data["pipes"])
    for row, place in enumerate(state["pipes"]["line"]):
        assert data["pipes"]["id"][place] == pipes["pipe_id"][row]
        corners = list(pipes.geometry[row].coords)
        assert drawn[place][0] == [pytest.approx(each, abs=1e-6) for each in corners]
        assert state["pipes"]["cost_eur"][row] == pytest.approx(pipes["cost_eur"][row], rel=1e-5)
    assert len(unpacked_shapes(data["zones"])) == 6
    served = [data["zones"]["id"][place] for place in state["zones"]["on"]["zone"]]
    assert served == ["Z-1", "Z-2", "Z-3"]
    reasons = {
        data["zones"]["id"][place]: data["reasons"][why]
        for place, why in zip(
            state["zones"]["off"]["zone"], state["zones"]["off"]["why"], strict=True
        )
    }
    assert reasons["Z-5"] == {"text": "out of reach of the streets", "look": "reach"}
    assert reasons["Z-6"] == {"text": "forbidden", "look": "forbidden"}


def test_each_stop_of_a_slider_has_the_figures_of_its_plan(tmp_path):
    town = small_town()
    empty = with_nothing_built(town)
    stops = []
    for at, each in enumerate((empty, town)):
        frames = plan_frames(each.region, each.network, each.assembly, each.plan)
        appraisal = appraise(each.assembly.problem, each.plan)
        stops.append(
            MapState(frames, appraisal, each.plan, at=at, label=f"{at}", is_run=each is town)
        )
    data = data_of(page_of(town, tmp_path, others=stops))
    assert [each["run"] for each in data["states"]] == [False, True]
    assert [each["kpis"] for each in data["states"]] == [each.appraisal.kpis() for each in stops]
    assert data["states"][0]["pipes"]["line"] == []
    assert "the plan builds nothing" in data["states"][0]["panel"]
    assert "5.8 GWh/a" in data["states"][1]["panel"]


def test_a_plan_that_flows_the_other_way_is_marked(tmp_path):
    """Lines are packed once, in the direction of the first plan that has them."""
    town = small_town()
    turned = tuple(
        replace(pipe, from_node=pipe.to_node, to_node=pipe.from_node) for pipe in town.plan.pipes
    )
    other = replace(town.plan, pipes=turned)
    stops = []
    for plan in (town.plan, other):
        frames = plan_frames(town.region, town.network, town.assembly, plan)
        stops.append(MapState(frames, appraise(town.assembly.problem, plan), plan))
    states = data_of(page_of(town, tmp_path, others=stops))["states"]
    assert set(states[0]["pipes"]["back"]) == {0}
    assert set(states[1]["pipes"]["back"]) == {1}


def test_what_lies_around_is_packed(tmp_path):
    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    line = frames.pipes.geometry.iloc[:2].reset_index(drop=True)
    layers = MapLayers(
        existing=gpd.GeoDataFrame(
            {"existing_dn": [100.0, None], "name": ["Main", ""]}, geometry=line
        ),
        barriers=gpd.GeoDataFrame(
            {"kind": ["railway", "water"], "crossing": ["priced", "forbidden"]}, geometry=line
        ),
        repairs=gpd.GeoDataFrame(
            {
                "layer": "streets",
                "act": ["joined gap", "read"],
                "detail": ["0.3 m", ""],
                "repair": [True, False],
            },
            geometry=line,
        ),
    )
    data = data_of(page_of(town, tmp_path, layers=layers))
    assert data["existing"]["words"] == ["Main · DN 100", ""]
    assert data["barriers"]["forbidden"] == [0, 1]
    assert data["repairs"]["words"] == ["streets: joined gap: 0.3 m"]


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
