"""Check that streets become a graph that joins what meets, and nothing else."""

from __future__ import annotations

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from siting.errors import FaultLog
from siting.network import PipeNetwork, build_network
from siting.region import CandidateSites, DemandZones, Region, Streets
from siting.streets import read_streets, street_frame

CRS = "EPSG:3067"
Coordinates = list[tuple[float, float]]


def region(
    streets: list[Coordinates],
    sites: dict[str, object],
    zones: dict[str, object],
    **columns: list[object],
) -> Region:
    """Return a region from drawn coordinates; a pair of numbers is a point."""

    def frame(places: dict[str, object]) -> gpd.GeoDataFrame:
        shapes = [
            each if isinstance(each, shapely.Geometry) else shapely.Point(each)
            for each in places.values()
        ]
        return gpd.GeoDataFrame(
            index=pd.Index(list(places), dtype=object), geometry=shapes, crs=CRS
        )

    lines = gpd.GeoDataFrame(columns, geometry=[shapely.LineString(s) for s in streets], crs=CRS)
    return Region(
        "test",
        lines.crs,
        CandidateSites(frame(sites)),
        DemandZones(frame(zones)),
        Streets(street_frame(lines)[0]),
    )


def build(
    drawn: Region, log: FaultLog | None = None, *, connections: int = 1, snap_m: float = 1.0
) -> PipeNetwork:
    """Build the network with the usual options."""
    return build_network(
        drawn,
        snap_tolerance_m=snap_m,
        max_connection_m=200.0,
        connections_per_zone=connections,
        log=log if log is not None else FaultLog(),
    )


def street_length(network: PipeNetwork) -> float:
    """Return the length of street in the network [m]."""
    return float(network.edges.loc[network.edges["kind"] == "street", "length_m"].sum())


def acts(network: PipeNetwork) -> dict[str, tuple[int, float]]:
    """Return count and length of each act in the log."""
    return {each.act: (each.count, each.length_m) for each in network.remarks}


def are_joined(network: PipeNetwork, one: str, other: str) -> bool:
    """Return whether two places are on one connected part."""
    node = pd.concat([network.site_nodes, network.zone_nodes])
    part = network.nodes["part"]
    assert_parts(network)
    return bool(part[node[one]] == part[node[other]] >= 0)


def assert_parts(network: PipeNetwork) -> None:
    """Check the part of each node against a count of our own."""
    number = pd.Series(range(len(network.nodes)), index=network.nodes.index)
    u, v = number[network.edges["u"]], number[network.edges["v"]]
    links = coo_matrix((np.ones(len(u)), (u, v)), shape=(len(number),) * 2)
    group = connected_components(links, directed=False)[1]
    linked = network.nodes["part"] >= 0
    pairs = set(zip(group[linked], network.nodes["part"][linked], strict=True))
    assert len(pairs) == len({each[0] for each in pairs}) == len({each[1] for each in pairs})


def assert_sound(network: PipeNetwork) -> None:
    """Check what holds for every network."""
    edges, nodes = network.edges, network.nodes
    start = nodes.geometry[edges["u"]].to_numpy()
    end = nodes.geometry[edges["v"]].to_numpy()
    lines = edges.geometry.to_numpy()
    assert np.all(shapely.distance(shapely.get_point(lines, 0), start) < 0.01)
    assert np.all(shapely.distance(shapely.get_point(lines, -1), end) < 0.01)
    assert np.allclose(shapely.length(lines), edges["length_m"], atol=0.01)
    assert (edges["u"] != edges["v"]).all()
    assert (edges["cost_length_m"] >= 0).all()
    assert set(nodes["kind"]) <= {"junction", "site", "zone"}
    assert (nodes["kind"][network.site_nodes] == "site").all()
    assert (nodes["kind"][network.zone_nodes] == "zone").all()
    assert list(nodes.index) == [f"n{each}" for each in range(len(nodes))]
    assert list(edges.index) == [f"e{each}" for each in range(len(edges))]
    degree = pd.concat([edges["u"], edges["v"]]).value_counts()
    loose = degree.index[degree == 1]
    assert (nodes["kind"][loose] != "junction").all()
    assert_parts(network)


def assert_length_kept(drawn: Region, network: PipeNetwork) -> None:
    """Check that street read + gaps closed = street kept + street dropped."""
    read = float(drawn.streets.frame.length.sum())
    dropped = sum(each.length_m for each in network.remarks if each.act.startswith("dropped"))
    added = sum(each.length_m for each in network.remarks if each.act.startswith("closed gaps"))
    assert street_length(network) + dropped == pytest.approx(read + added, rel=1e-9, abs=1e-6)


# ----------------------------------------------------------------------- where lines meet


def test_t_junction_joins() -> None:
    drawn = region([[(0, 0), (200, 0)], [(100, 0), (100, 90)]], {"S": (10, 5)}, {"Z": (105, 80)})
    network = build(drawn)
    assert are_joined(network, "S", "Z")
    assert_sound(network)
    assert_length_kept(drawn, network)
    # 90 m along one street and 80 m along the other remain, as one edge.
    assert street_length(network) == pytest.approx(170)
    assert (network.edges["kind"] == "street").sum() == 1


def test_crossing_streets_join() -> None:
    cross = [[(-100, 0), (100, 0)], [(0, -100), (0, 100)]]
    network = build(region(cross, {"S": (-90, 5)}, {"Z": (5, 90)}))
    assert are_joined(network, "S", "Z")


def test_bridge_over_a_street_does_not_join() -> None:
    cross = [[(-100, 0), (100, 0)], [(0, -300), (0, 300)]]
    drawn = region(cross, {"S": (-90, 5)}, {"Z": (5, 290)}, level=[0, 1])
    log = FaultLog()
    network = build(drawn, log)
    assert not are_joined(network, "S", "Z")
    assert acts(network)["kept crossings apart"][0] == 1
    assert any("'Z' sits on streets" in str(each) for each in log.doubts)


def test_bridge_that_ends_on_a_street_joins() -> None:
    """A bridge is on the ground where it ends, whatever its level says."""
    streets = [[(-100, 0), (100, 0)], [(0, 0), (0, 100)], [(-100, 100), (100, 100)]]
    drawn = region(streets, {"S": (-90, 5)}, {"Z": (90, 95)}, level=[0, 1, 0])
    assert are_joined(build(drawn), "S", "Z")


@pytest.mark.parametrize(("gap_m", "joins"), [(0.4, True), (3.0, False)])
def test_gap_between_ends(gap_m: float, joins: bool) -> None:
    streets = [[(0, 0), (100, 0)], [(100 + gap_m, 0), (200, 0)]]
    drawn = region(streets, {"S": (5, 5)}, {"Z": (195, 5)})
    network = build(drawn)
    assert are_joined(network, "S", "Z") is joins
    assert_length_kept(drawn, network)
    assert ("closed gaps between streets" in acts(network)) is joins
    if joins:
        assert acts(network)["closed gaps between streets"] == (1, pytest.approx(gap_m))
        assert_sound(network)


@pytest.mark.parametrize(("gap_m", "joins"), [(0.4, True), (3.0, False)])
def test_gap_before_a_line(gap_m: float, joins: bool) -> None:
    streets = [[(0, 0), (200, 0)], [(100, gap_m), (100, 90)]]
    drawn = region(streets, {"S": (10, 5)}, {"Z": (105, 80)})
    network = build(drawn)
    assert are_joined(network, "S", "Z") is joins
    assert_length_kept(drawn, network)
    assert_sound(network)


def test_overshoot_leaves_no_loop() -> None:
    streets = [[(0, 0), (200, 0)], [(100, -0.4), (100, 90)]]
    drawn = region(streets, {"S": (10, 5)}, {"Z": (105, 80)})
    network = build(drawn)
    assert are_joined(network, "S", "Z")
    assert "closed gaps between streets" not in acts(network)
    assert_length_kept(drawn, network)


def test_no_tolerance_closes_no_gap() -> None:
    streets = [[(0, 0), (100, 0)], [(100.4, 0), (200, 0)]]
    network = build(region(streets, {"S": (5, 5)}, {"Z": (195, 5)}), snap_m=0.0)
    assert not are_joined(network, "S", "Z")


def test_node_ids_go_before_the_drawing() -> None:
    """Two streets cross in the drawing, but share no node: they do not meet."""
    cross = [[(-100, 0), (100, 0)], [(0, -100), (0, 100)]]
    ids = {"u": [1, 3], "v": [2, 4]}
    assert not are_joined(build(region(cross, {"S": (-90, 5)}, {"Z": (5, 90)}, **ids)), "S", "Z")


def test_node_ids_in_either_order() -> None:
    """Graphs without direction list the nodes of a line in either order."""
    streets = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (200, 100)]]
    ids = {"u": [7, 9, 9], "v": [8, 8, 5]}
    log = FaultLog()
    assert are_joined(build(region(streets, {"S": (5, 5)}, {"Z": (195, 95)}, **ids), log), "S", "Z")
    assert not log.doubts


def test_node_ids_at_several_places_are_not_used() -> None:
    streets = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(500, 0), (600, 0)]]
    ids = {"u": [1, 2, 1], "v": [2, 3, 9]}
    log = FaultLog()
    network = build(region(streets, {"S": (5, 5)}, {"Z": (105, 95)}, **ids), log)
    assert are_joined(network, "S", "Z")
    assert any("node ids in u and v stand at several places" in str(each) for each in log.doubts)


def test_node_ids_on_some_lines_are_not_used() -> None:
    streets = [[(0, 0), (100, 0)], [(100, 0), (100, 100)]]
    log = FaultLog()
    build(region(streets, {"S": (5, 5)}, {"Z": (105, 95)}, u=[1, -1], v=[2, -1]), log)
    assert any("1 of 2 lines have no node ids" in str(each) for each in log.doubts)


def test_lines_drawn_twice_or_over_each_other_count_once() -> None:
    streets = [
        [(0, 0), (100, 0)],
        [(100, 0), (0, 0)],
        [(0, 0), (60, 0)],
        [(100, 0), (200, 0)],
        [(200, 0), (200, 0)],
    ]
    drawn = region(streets, {"S": (5, 5)}, {"Z": (195, 5)})
    network = build(drawn)
    assert street_length(network) == pytest.approx(190)
    assert acts(network)["dropped lines drawn twice"] == (1, 100.0)
    assert acts(network)["dropped pieces that lie on each other"] == (1, 60.0)
    assert acts(network)["dropped lines without length"] == (1, 0.0)
    assert_length_kept(drawn, network)


def test_of_copies_the_cheapest_stays() -> None:
    streets = [[(0, 0), (100, 0)], [(0, 0), (100, 0)]]
    drawn = region(streets, {"S": (0, 5)}, {"Z": (100, 5)}, cost_factor=[2.0, 0.5])
    edges = build(drawn).edges
    assert edges.loc[edges["kind"] == "street", "cost_length_m"].sum() == pytest.approx(50)


def test_line_that_crosses_itself() -> None:
    knot = [(0, 0), (100, 0), (100, 50), (50, 50), (50, -50)]
    drawn = region([knot], {"S": (0, 5)}, {"Z": (50, -60)})
    network = build(drawn)
    # The way round the loop and straight on are both dropped but for the shortest path.
    assert street_length(network) == pytest.approx(100)
    assert_length_kept(drawn, network)


def test_forbidden_streets_are_dropped() -> None:
    streets = [[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)]]
    ways = ["residential", "motorway", "residential"]
    drawn = region(streets, {"S": (5, 5)}, {"Z": (295, 5)}, highway=ways)
    network = build(drawn)
    assert not are_joined(network, "S", "Z")
    assert acts(network)["dropped forbidden streets"] == (1, 100.0)
    assert_length_kept(drawn, network)


# --------------------------------------------------------------------------- contraction


def test_chain_becomes_one_edge_with_its_geometry() -> None:
    streets = [[(0, 0), (50, 20)], [(100, 0), (50, 20)], [(100, 0), (150, 20), (200, 0)]]
    drawn = region(
        streets,
        {"S": (0, 0)},
        {"Z": (200, 0)},
        cost_factor=[1.0, 2.0, 0.5],
        name=["Short", "Long", "Long"],
    )
    network = build(drawn)
    street = network.edges[network.edges["kind"] == "street"]
    assert len(street) == 1
    piece = math.hypot(50, 20)
    assert street["length_m"].iloc[0] == pytest.approx(4 * piece)
    assert street["cost_length_m"].iloc[0] == pytest.approx((1 + 2 + 0.5 * 2) * piece)
    assert street["name"].iloc[0] == "Long"
    points = shapely.get_coordinates(street.geometry).tolist()
    assert points == [[0, 0], [50, 20], [100, 0], [150, 20], [200, 0]]
    assert_sound(network)


def test_dead_ends_are_dropped_to_the_last_branch() -> None:
    streets = [
        [(0, 0), (200, 0)],
        [(100, 0), (100, 50)],
        [(100, 50), (100, 90)],
        [(100, 90), (60, 90)],
        [(100, 90), (140, 90)],
    ]
    drawn = region(streets, {"S": (0, 5)}, {"Z": (200, 5)})
    network = build(drawn)
    assert acts(network)["dropped dead ends without site or zone"] == (4, pytest.approx(170.0))
    assert street_length(network) == pytest.approx(200)
    assert_length_kept(drawn, network)


def test_loop_at_the_end_is_dropped_unless_something_is_on_it() -> None:
    ring = [(100, 0), (150, 30), (200, 0), (150, -30), (100, 0)]
    streets: list[Coordinates] = [[(0, 0), (100, 0)], ring]
    free = build(region(streets, {"S": (0, 5)}, {"Z": (60, 5)}))
    assert street_length(free) == pytest.approx(60)
    assert acts(free)["dropped loops without site or zone"][0] == 1
    used = build(region(streets, {"S": (0, 5)}, {"Z": (205, 0)}))
    assert street_length(used) == pytest.approx(100 + 4 * math.hypot(50, 30))
    assert_sound(used)


def test_parallel_streets_stay_apart() -> None:
    streets: list[Coordinates] = [
        [(0, 0), (100, 0)],
        [(0, 0), (0, 40), (100, 40), (100, 0)],
        [(100, 0), (200, 0)],
        [(-50, 0), (0, 0)],
    ]
    network = build(region(streets, {"S": (-50, 5)}, {"Z": (200, 5)}))
    street = network.edges[network.edges["kind"] == "street"]
    assert street.groupby(["u", "v"]).size().max() == 2
    assert sorted(street["length_m"].round()) == [50, 100, 100, 180]


def test_ring_alone() -> None:
    """A ring that touches nothing keeps its site and zone on two ways round."""
    ring: Coordinates = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
    network = build(region([ring], {"S": (50, -5)}, {"Z": (50, 105)}))
    assert are_joined(network, "S", "Z")
    assert street_length(network) == pytest.approx(400)
    empty = region(
        [ring, [(500, 0), (600, 0)], [(300, 0), (350, 50)], [(350, 50), (300, 0)]],
        {"S": (505, 5)},
        {"Z": (595, 5)},
    )
    assert street_length(build(empty)) == pytest.approx(90)


# ------------------------------------------------------------------------ sites and zones


def test_connections_split_the_street() -> None:
    drawn = region([[(0, 0), (300, 0)]], {"S": (50, 20)}, {"A": (100, 10), "B": (250, -30)})
    network = build(drawn)
    by_kind = network.edges.groupby("kind")["length_m"].agg(["count", "sum"])
    assert by_kind.loc["trunk"].tolist() == [1, 20]
    assert by_kind.loc["service"].tolist() == [2, 40]
    assert by_kind.loc["street"].tolist() == [2, 200]
    assert network.site_nodes.index.tolist() == ["S"]
    assert network.zone_nodes.index.tolist() == ["A", "B"]
    assert_sound(network)


def test_taps_that_nearly_coincide_are_one() -> None:
    drawn = region(
        [[(0, 0), (300, 0)]], {"S": (0.3, 20)}, {"A": (100, 10), "B": (100.2, -10), "C": (250, 5)}
    )
    network = build(drawn)
    service = network.edges[network.edges["kind"] == "service"]
    taps = (set(service["u"]) | set(service["v"])) - set(network.zone_nodes)
    assert len(taps) == 2
    assert (network.edges["kind"] == "street").sum() == 2
    assert_sound(network)


def test_area_connects_at_its_border() -> None:
    block = shapely.box(100, 20, 160, 80)
    network = build(region([[(0, 0), (300, 0)]], {"S": (0, 5)}, {"Z": block}))
    service = network.edges[network.edges["kind"] == "service"]
    assert service["length_m"].tolist() == pytest.approx([20])
    assert network.nodes.geometry[network.zone_nodes["Z"]].y == pytest.approx(20)


def test_area_over_a_street_connects_without_length() -> None:
    block = shapely.box(100, -20, 160, 80)
    network = build(region([[(0, 0), (300, 0)]], {"S": (0, 5)}, {"Z": block}))
    service = network.edges[network.edges["kind"] == "service"]
    assert service["length_m"].tolist() == pytest.approx([0])
    assert_sound(network)


def test_several_connections_end_at_different_places() -> None:
    streets: list[Coordinates] = [[(0, 0), (200, 0)], [(200, 0), (200, 100)], [(0, 0), (0, 100)]]
    drawn = region(streets, {"S": (100, -10)}, {"Z": (150, 30)})
    network = build(drawn, connections=2)
    service = network.edges[network.edges["kind"] == "service"]
    assert sorted(service["length_m"]) == pytest.approx([30, 50])
    assert len(set(service["u"]) | set(service["v"])) == 3
    many = build(drawn, connections=9)
    assert (many.edges["kind"] == "service").sum() == 3
    assert_sound(many)


def test_service_lines_cost_as_much_as_the_street_they_reach() -> None:
    drawn = region([[(0, 0), (300, 0)]], {"S": (0, 5)}, {"Z": (300, 10)}, cost_factor=[1.4])
    edges = build(drawn).edges
    assert edges["cost_length_m"].to_numpy() == pytest.approx(1.4 * edges["length_m"].to_numpy())


def test_far_site_is_a_fault() -> None:
    log = FaultLog()
    build(region([[(0, 0), (300, 0)]], {"S": (50, 812), "T": (0, 5)}, {"Z": (300, 10)}), log)
    assert [each.message for each in log.faults] == [
        (
            "'S' is 812 m from the nearest street; the longest connection, max_site_connection_m,"
            " is 200 m."
        )
    ]
    assert "max_site_connection_m" in log.faults[0].remedy
    assert log.faults[0].ids == ("S",)


def test_sites_may_be_farther_from_a_street_than_zones() -> None:
    log = FaultLog()
    drawn = region([[(0, 0), (300, 0)]], {"S": (50, 812)}, {"Z": (300, 10), "Y": (0, 300)})
    network = build_network(drawn, max_connection_m=200.0, max_site_connection_m=900.0, log=log)
    assert not log.faults
    assert [each.ids for each in log.doubts] == [("Y",)]
    assert are_joined(network, "S", "Z")


def test_far_zone_is_a_doubt_and_keeps_a_lonely_node() -> None:
    log = FaultLog()
    drawn = region([[(0, 0), (300, 0)]], {"S": (0, 5)}, {"A": (300, 10), "B": (0, 300)})
    network = build(drawn, log)
    assert not log.faults
    assert log.doubts[0].ids == ("B",)
    assert "'B' is 300 m from the nearest street" in log.doubts[0].message
    node = network.zone_nodes["B"]
    assert network.nodes.loc[node, "part"] == -1
    assert not ((network.edges["u"] == node) | (network.edges["v"] == node)).any()


def test_streets_of_the_main_part_are_preferred() -> None:
    """A zone beside a scrap of street connects to the town if that is in reach."""
    streets: list[Coordinates] = [[(0, 0), (2_000, 0)], [(500, 100), (520, 100)]]
    log = FaultLog()
    network = build(region(streets, {"S": (0, 5)}, {"Z": (510, 105)}), log)
    assert are_joined(network, "S", "Z")
    assert not log.doubts
    assert acts(network)["dropped parts without site and zone"] == (1, 20.0)


def test_zone_on_another_part_is_a_doubt() -> None:
    streets: list[Coordinates] = [[(0, 0), (2_000, 0)], [(500, 900), (560, 900)]]
    log = FaultLog()
    network = build(region(streets, {"S": (0, 5)}, {"A": (900, 5), "B": (510, 905)}), log)
    assert not are_joined(network, "S", "B")
    assert [each.ids for each in log.doubts] == [("B",)]
    assert (
        "'B' sits on streets (0.1 km in all) that no site is connected to" in log.doubts[0].message
    )
    parts = next(each for each in network.remarks if each.act == "found connected parts")
    assert parts.count == 2
    assert parts.detail.startswith("part 0: 2.0 km, 1 sites, 1 zones; part 1: 0.1 km, 0 sites")


def test_connections_start_from_streets_on_the_ground() -> None:
    streets: list[Coordinates] = [[(0, 0), (300, 0)], [(0, 50), (300, 50)]]
    drawn = region(streets, {"S": (0, 5)}, {"Z": (200, 45)}, level=[0, 1])
    edges = build(drawn).edges
    assert edges.loc[edges["kind"] == "service", "length_m"].tolist() == pytest.approx([45])


def test_site_area_connects_at_its_border() -> None:
    drawn = region([[(0, 0), (300, 0)]], {"S": (0, 100)}, {"Z": (300, 10)})
    hall = gpd.GeoSeries([shapely.box(-50, 30, 50, 170)], index=["S"], crs=CRS)
    sites = drawn.sites.frame.assign(outline=hall)
    network = build(Region("test", drawn.crs, CandidateSites(sites), drawn.zones, drawn.streets))
    trunk = network.edges[network.edges["kind"] == "trunk"]
    assert trunk["length_m"].tolist() == pytest.approx([30])


def test_no_usable_street() -> None:
    drawn = region([[(0, 0), (9, 0)]], {"S": (0, 5)}, {"Z": (9, 5)}, highway=["motorway"])
    log = FaultLog()
    network = build(drawn, log)
    assert [each.message for each in log.faults] == ["no street can carry a pipe."]
    assert len(network.edges) == 0


def test_order_of_ids_is_that_of_their_names() -> None:
    drawn = region([[(0, 0), (300, 0)]], {"S": (0, 5)}, {"B": (300, 10), "A": (200, 10)})
    network = build(drawn)
    assert network.nodes.geometry[network.zone_nodes["A"]].x == 200
    assert network.nodes.geometry[network.zone_nodes["B"]].x == 300


# ----------------------------------------------------------------------------- real files


def real_region(lines: gpd.GeoDataFrame, rng: np.random.Generator, zones: int = 300) -> Region:
    """Return a region with sites and zones strewn along real streets."""
    if lines.crs.is_geographic:
        lines = lines.to_crs(lines.estimate_utm_crs())
    streets, _ = street_frame(lines)
    open_streets = streets.geometry[~streets["forbidden"]].to_numpy()

    def places(count: int, letter: str) -> gpd.GeoDataFrame:
        chosen = open_streets[rng.integers(0, len(open_streets), count)]
        on = shapely.line_interpolate_point(chosen, rng.random(count), normalized=True)
        xy = shapely.get_coordinates(on) + rng.normal(0, 25, (count, 2))
        ids = pd.Index([f"{letter}{each}" for each in range(count)], dtype=object)
        return gpd.GeoDataFrame(index=ids, geometry=shapely.points(xy), crs=lines.crs)

    sites, blocks = places(8, "S"), places(zones, "Z")
    blocks = blocks.set_geometry(blocks.buffer(15))
    return Region("real", lines.crs, CandidateSites(sites), DemandZones(blocks), Streets(streets))


OSM_FILES = [
    "copenhagen_osterbro.osm.gz",
    "dublin_centre.osm.pbf",
    "dublin_walkinstown.osm",
    "espoo_otaniemi.osm",
    "helsinki_centre.osm.pbf",
    "kotka_karhula.osm.pbf",
    "london_farringdon.osm.pbf",
]
LINE_FILES = [
    ("derived/dublin_centre.gpkg", "streets"),
    ("derived/london_farringdon.gpkg", "streets_27700"),
    ("heat_demand/aachen_street_heat_lines.shp", None),
    ("networks/munich_pasing/pas_edge.shp", None),
]


@pytest.mark.parametrize("name", OSM_FILES)
def test_real_openstreetmap(shared: Path, name: str, rng: np.random.Generator) -> None:
    drawn = real_region(read_streets(shared / "data" / "osm" / name), rng)
    network = build(drawn, connections=2)
    assert_sound(network)
    assert_length_kept(drawn, network)
    assert (network.nodes["part"][network.site_nodes] == 0).sum() >= 7


@pytest.mark.parametrize(("name", "layer"), LINE_FILES)
def test_real_lines(shared: Path, name: str, layer: str | None, rng: np.random.Generator) -> None:
    drawn = real_region(read_streets(shared / "data" / name, layer), rng)
    log = FaultLog()
    network = build(drawn, log)
    assert not log.faults
    assert not any("node ids" in str(each) for each in log.doubts)
    assert_sound(network)
    assert_length_kept(drawn, network)


def test_drawing_and_node_ids_agree_on_a_real_town(shared: Path, rng: np.random.Generator) -> None:
    """Without its node ids, Dublin is joined by geometry and level to nearly the same graph."""
    lines = read_streets(shared / "data" / "osm" / "dublin_centre.osm.pbf")
    drawn = real_region(lines, rng)
    streets = drawn.streets.frame.assign(u=-1, v=-1)
    bare = Region("bare", drawn.crs, drawn.sites, drawn.zones, Streets(streets))
    one, other = build(drawn), build(bare)
    assert_sound(other)
    assert_length_kept(bare, other)
    assert street_length(other) == pytest.approx(street_length(one), rel=0.02)
    assert len(other.edges) == pytest.approx(len(one.edges), rel=0.02)


def test_rows_of_a_real_town_in_any_order(shared: Path, rng: np.random.Generator) -> None:
    lines = read_streets(shared / "data" / "derived" / "london_farringdon.gpkg", "streets_27700")
    drawn = real_region(lines, rng)
    streets = drawn.streets.frame
    for ids in (streets, streets.assign(u=-1, v=-1)):
        shuffled = ids.iloc[rng.permutation(len(ids))].reset_index(drop=True)
        one, other = (
            build(Region("town", drawn.crs, drawn.sites, drawn.zones, Streets(each)))
            for each in (ids, shuffled)
        )
        assert one.nodes.equals(other.nodes)
        assert one.edges.equals(other.edges)
        assert one.zone_nodes.equals(other.zone_nodes)
        assert one.remarks == other.remarks
