"""Check that streets meet where they share a node, and which of them can carry a pipe."""

from __future__ import annotations

import bz2
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from siting.errors import InputError
from siting.lines import along, cut_at_vertices, insert_points, join_chains
from siting.streets import (
    class_table,
    is_osm,
    read_graphml,
    read_osm,
    read_streets,
    street_frame,
)

READERS = ["osmium", "gdal"]

# A bridge (way 3, nodes 31 and 32) passes over way 1 between nodes 2 and 3; another bridge
# (way 4) has a vertex at the very place of node 2, but not that node. Way 2 starts at node 2.
CROSSING = """<?xml version="1.0"?><osm version="0.6">
<node id="9" lat="60.0000" lon="25.0000"/><node id="2" lat="60.0000" lon="25.0010"/>
<node id="3" lat="60.0000" lon="25.0020"/><node id="4" lat="60.0010" lon="25.0010"/>
<node id="31" lat="60.0010" lon="25.0015"/><node id="32" lat="59.9990" lon="25.0015"/>
<node id="41" lat="60.0010" lon="25.0005"/><node id="42" lat="60.0000" lon="25.0010"/>
<node id="43" lat="59.9990" lon="25.0016"/>
<way id="1"><nd ref="9"/><nd ref="2"/><nd ref="3"/>
 <tag k="highway" v="residential"/><tag k="name" v="Main Street"/></way>
<way id="3"><nd ref="31"/><nd ref="32"/>
 <tag k="highway" v="primary"/><tag k="bridge" v="yes"/><tag k="layer" v="1"/></way>
<way id="4"><nd ref="41"/><nd ref="42"/><nd ref="43"/>
 <tag k="highway" v="primary"/><tag k="bridge" v="yes"/></way>
<way id="5"><nd ref="2"/><nd ref="4"/><nd ref="9"/><nd ref="2"/>
 <tag k="highway" v="pedestrian"/><tag k="area" v="yes"/></way>
{branch}
</osm>"""
BRANCH = '<way id="2"><nd ref="2"/><nd ref="4"/><tag k="highway" v="service"/></way>'


@pytest.fixture
def crossing(tmp_path: Path) -> Path:
    """A street with a branch and two bridges over it."""
    path = tmp_path / "crossing.osm"
    path.write_text(CROSSING.format(branch=BRANCH), encoding="utf-8")
    return path


def ends(frame: gpd.GeoDataFrame) -> set[tuple[int, int]]:
    """Return the pairs of end nodes."""
    return set(zip(frame["u"].tolist(), frame["v"].tolist(), strict=True))


def test_streets_are_cut_where_they_share_a_node(crossing: Path) -> None:
    pytest.importorskip("osmium")
    frame, remarks = read_osm(crossing, reader="osmium")
    assert ends(frame) == {(9, 2), (2, 3), (2, 4), (31, 32), (41, 43)}
    assert [each.act for each in remarks] == ["left out areas such as squares"]
    assert set(frame.loc[frame["u"] == 9, "name"]) == {"Main Street"}
    assert frame.crs.to_epsg() == 4326


def test_gdal_keeps_a_bridge_with_a_vertex_above_a_street_apart(tmp_path: Path) -> None:
    path = tmp_path / "crossing.osm"
    path.write_text(CROSSING.format(branch=""), encoding="utf-8")
    frame, _ = read_osm(path, reader="gdal")
    counts = pd.Series([*frame["u"], *frame["v"]]).value_counts()
    assert len(frame) == 3
    assert counts.max() == 1


@pytest.mark.parametrize("reader", READERS)
def test_level_comes_from_layer_bridge_and_tunnel(crossing: Path, reader: str) -> None:
    pytest.importorskip("osmium")
    frame, _ = read_osm(crossing, reader=reader)
    streets, _ = street_frame(frame.to_crs("EPSG:3067"))
    by_class = streets.groupby("road_class")["level"].agg(set)
    assert by_class["primary"] == {1}
    assert by_class["residential"] == {0}


def test_the_reader_is_osmium_where_it_is_installed(
    crossing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_osmium = read_streets(crossing)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    without = read_streets(crossing)
    assert {9, 2} <= set(with_osmium["u"])
    assert without["u"].max() < 20


def test_gdal_cannot_read_bz2(tmp_path: Path) -> None:
    path = tmp_path / "town.osm.bz2"
    path.write_bytes(bz2.compress(CROSSING.format(branch="").encode()))
    with pytest.raises(InputError, match="needs the package 'osmium'"):
        read_osm(path, reader="gdal")
    pytest.importorskip("osmium")
    assert len(read_osm(path, reader="osmium")[0]) == 3


@pytest.mark.parametrize("reader", READERS)
def test_file_without_streets(tmp_path: Path, reader: str) -> None:
    pytest.importorskip("osmium")
    path = tmp_path / "empty.osm"
    path.write_text('<?xml version="1.0"?><osm version="0.6"></osm>', encoding="utf-8")
    with pytest.raises(InputError, match="holds no lines with a 'highway' tag"):
        read_osm(path, reader=reader)


@pytest.mark.parametrize("reader", READERS)
def test_broken_file(tmp_path: Path, reader: str) -> None:
    pytest.importorskip("osmium")
    path = tmp_path / "broken.osm.pbf"
    path.write_bytes(b"not a map at all")
    with pytest.raises(InputError, match=r"cannot read 'broken\.osm\.pbf' as OpenStreetMap data"):
        read_osm(path, reader=reader)


def test_missing_line_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read 'none\.gpkg'"):
        read_streets(tmp_path / "none.gpkg")


def test_kinds_of_files() -> None:
    assert is_osm("a.OSM.PBF")
    assert is_osm(Path("b/town.osm.gz"))
    assert not is_osm("streets.shp")


# ------------------------------------------------------------------------ street classes


def lines(**columns: list[object]) -> gpd.GeoDataFrame:
    """Return parallel lines of 100 m with the given columns."""
    count = len(next(iter(columns.values())))
    shapes = [shapely.LineString([(0, 10 * n), (100, 10 * n)]) for n in range(count)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:3067")


def test_the_class_table_is_sound() -> None:
    table = class_table()
    assert table.index.is_unique
    no = {
        "footway", "path", "cycleway", "steps", "track", "corridor", "bridleway", "platform",
        "elevator", "construction", "proposed",
    }  # fmt: skip
    assert set(table.loc[list(no), "pipe"]) == {"no"}
    assert set(table.loc[["motorway", "motorway_link"], "pipe"]) == {"forbidden"}
    assert set(table.loc[["trunk", "trunk_link", "primary_link"], "pipe"]) == {"yes"}
    assert (table["cost_factor"] > 0).all()


def test_classes_decide() -> None:
    frame, remarks = street_frame(
        lines(highway=["footway", "residential", "motorway", "odd", None])
    )
    assert list(frame["road_class"]) == ["residential", "motorway", "odd", ""]
    assert list(frame["forbidden"]) == [False, True, False, False]
    assert {each.act: (each.count, each.length_m) for each in remarks} == {
        "read street lines": (5, 500.0),
        "left out classes that are no streets for pipes": (1, 100.0),
        "marked as forbidden by their class": (1, 100.0),
        "took lines of unknown class as streets": (1, 100.0),
    }


def test_lines_of_several_classes() -> None:
    frame, _ = street_frame(
        lines(highway=["footway;service", "path;steps", "residential;motorway", ["steps", "path"]])
    )
    assert list(frame["road_class"]) == ["footway;service", "residential;motorway"]
    assert list(frame["forbidden"]) == [False, True]


def test_without_a_class_all_lines_are_streets() -> None:
    frame, remarks = street_frame(lines(name=["a", None]))
    assert list(frame["name"]) == ["a", ""]
    assert list(frame["u"]) == [-1, -1]
    assert [each.act for each in remarks] == ["read street lines"]


def test_own_class_table(tmp_path: Path) -> None:
    path = tmp_path / "classes.csv"
    path.write_text("class,pipe,cost_factor\nresidential,yes,1.5\nfootway,yes,0.5\n")
    frame, _ = street_frame(
        lines(highway=["footway", "residential"]), classes=class_table(path), surface="rural"
    )
    assert frame["cost_factor"].tolist() == pytest.approx([0.5 * 0.55, 1.5 * 0.55])
    path.write_text("class,pipe,cost_factor\nresidential,perhaps,1\n")
    with pytest.raises(InputError, match=r"'classes\.csv' needs the columns"):
        class_table(path)


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ({"bridge": "viaduct"}, 1),
        ({"tunnel": "yes"}, -1),
        ({"tunnel": "building_passage"}, 0),
        ({"bridge": "no"}, 0),
        ({"bridge": "yes", "layer": "2"}, 2),
        ({"layer": "-3;0"}, -3),
        ({"layer": "ground"}, 0),
        ({"level": "1.0"}, 1),
    ],
)
def test_levels(tags: dict[str, str], level: int) -> None:
    frame, _ = street_frame(lines(**{tag: [value] for tag, value in tags.items()}))
    assert frame["level"].tolist() == [level]


# --------------------------------------------------------------------------------- OSMnx


# ------------------------------------------------------------------------ lines as arrays


def test_cutting_and_joining_are_inverse(rng: np.random.Generator) -> None:
    shapes = [shapely.LineString(rng.random((n, 2))) for n in (2, 3, 9)]
    xy, line = shapely.get_coordinates(shapes, return_index=True)
    pieces = cut_at_vertices(xy, line, rng.random(len(xy)) < 0.5)
    flip = rng.random(len(pieces.line)) < 0.5
    drawn = np.where(flip, shapely.reverse(pieces.geometry), pieces.geometry)
    assert shapely.equals_exact(join_chains(drawn, pieces.line, flip), shapes).all()


def test_cutting_nothing() -> None:
    pieces = cut_at_vertices(np.zeros((0, 2)), np.zeros(0, int), np.zeros(0, bool))
    assert len(pieces.geometry) == 0
    single = cut_at_vertices(np.zeros((1, 2)), np.zeros(1, int), np.zeros(1, bool))
    assert len(single.geometry) == 0
    assert along(np.zeros((0, 2)), np.zeros(0, int)).size == 0
    assert join_chains(np.zeros(0, object), np.zeros(0, int), np.zeros(0, bool)).size == 0


def test_points_are_put_in_order() -> None:
    xy, line, old, new = insert_points(
        np.array([[0.0, 0], [10, 0], [0, 5], [10, 5]]),
        np.array([0, 0, 1, 1]),
        np.array([1, 0, 0]),
        np.array([3.0, 8.0, 2.0]),
        np.array([[3.0, 5], [8, 0], [2, 0]]),
    )
    assert xy[:, 0].tolist() == [0, 2, 8, 10, 0, 3, 10]
    assert line.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert old.tolist() == [0, 3, 4, 6]
    assert new.tolist() == [5, 2, 1]


# ---------------------------------------------------------------------------- real files

STREETS_KM = {
    "copenhagen_osterbro.osm.gz": 202,
    "dublin_centre.osm.pbf": 660,
    "dublin_walkinstown.osm": 34,
    "espoo_otaniemi.osm": 79,
    "helsinki_centre.osm.pbf": 239,
    "kotka_karhula.osm.pbf": 66,
    "london_farringdon.osm.pbf": 114,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(("name", "length_km"), STREETS_KM.items())
def test_real_files(shared: Path, name: str, length_km: int, reader: str) -> None:
    if reader == "osmium":
        pytest.importorskip("osmium")
    frame, _ = read_osm(shared / "data" / "osm" / name, reader=reader)
    plane = frame.to_crs(frame.estimate_utm_crs())
    assert plane.length.sum() / 1000 == pytest.approx(length_km, rel=0.01)
    streets, remarks = street_frame(plane)
    assert 0 < len(streets) < len(frame)
    assert sum(each.length_m for each in remarks[:1]) == pytest.approx(plane.length.sum())


# ------------------------------------------------------------------------------- GraphML


def street_graph(directed: bool) -> nx.MultiDiGraph:
    """Return three junctions joined by two streets, one of them bent, both in two directions."""
    graph = nx.MultiDiGraph(crs="EPSG:3067")
    for node, x in ((11, 0.0), (12, 100.0), (13, 200.0)):
        graph.add_node(node, x=500_000.0 + x, y=6_700_000.0)
    bent = "LINESTRING (500100 6700000, 500150 6700030, 500200 6700000)"
    back = "LINESTRING (500200 6700000, 500150 6700030, 500100 6700000)"
    graph.add_edge(11, 12, highway="residential", name="A")
    graph.add_edge(12, 13, highway="tertiary", name="B", geometry=bent)
    if directed:
        graph.add_edge(12, 11, highway="residential", name="A")
        graph.add_edge(13, 12, highway="tertiary", name="B", geometry=back)
    return graph


@pytest.mark.parametrize("directed", [False, True])
def test_graphml_has_each_street_once(directed: bool, tmp_path: Path) -> None:
    path = tmp_path / "town.graphml"
    nx.write_graphml(street_graph(directed), path)
    frame, remarks = read_graphml(path)
    assert len(frame) == 2
    assert frame.crs == "EPSG:3067"
    assert frame.geometry.length.sum() == pytest.approx(100 + 2 * np.hypot(50, 30))
    assert frame[["u", "v"]].to_numpy().ravel().tolist() == [11, 12, 12, 13]
    assert frame["highway"].tolist() == ["residential", "tertiary"]
    assert f"{4 if directed else 2} directed edges" in remarks[0].detail
    assert read_streets(path).equals(frame)


def test_graphml_of_osmnx(tmp_path: Path) -> None:
    """What OSMnx saves is read like any graph, its lists as text that the classes know."""
    osmnx = pytest.importorskip("osmnx")
    path = tmp_path / "town.graphml"
    graph = street_graph(True)
    for _, _, data in graph.edges(data=True):
        if "geometry" in data:
            data["geometry"] = shapely.from_wkt(data["geometry"])
        data["osmid"] = [1, 2]
    osmnx.save_graphml(graph, path)
    frame, _ = read_graphml(path)
    assert len(frame) == 2
    assert street_frame(frame)[0]["road_class"].tolist() == ["residential", "tertiary"]


BARE_GRAPH = """\
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">
<node id="a"/><node id="b"/><edge source="a" target="b"/></graph></graphml>
"""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "cannot read 'town.graphml' as GraphML"),
        ("<graphml></graphml>", "cannot read|no coordinates|no edges"),
        (BARE_GRAPH, "2 of 2 nodes of 'town.graphml' have no coordinates"),
    ],
)  # fmt: skip
def test_graphml_that_is_no_map(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "town.graphml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_graphml(path)
