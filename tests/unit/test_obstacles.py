"""Check that pipes keep out of barriers and buildings, pay for crossings and use existing pipes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

import siting
from siting.config import BarriersConfig
from siting.errors import FaultLog
from siting.layers.barriers import barrier_frame, barrier_table
from siting.network import PipeNetwork, build_network
from siting.network.build import _usable_mesh
from siting.network.obstacles import Obstacles, crossing_costs
from siting.region import Barriers, Region
from tests.unit.test_network_build import CRS, are_joined, region

MILLION = 1_000_000.0
LINE = [(0.0, 0.0), (100.0, 0.0), (200.0, 0.0), (300.0, 0.0)]


def barriers(*shapes: shapely.Geometry, **columns: list[object]) -> gpd.GeoDataFrame:
    """Return a frame of barriers."""
    count = len(shapes)
    given = {
        "kind": ["railway"] * count,
        "crossing": ["priced"] * count,
        "cost_eur": [np.nan] * count,
        "cost_factor": [1.0] * count,
    }
    return gpd.GeoDataFrame({**given, **columns}, geometry=list(shapes), crs=CRS)


def rail(x: float, reach_m: float = 50.0) -> shapely.LineString:
    """Return a track across the street at x."""
    return shapely.LineString([(x, -reach_m), (x, reach_m)])


def edges(*lines: list[tuple[float, float]], kind: str = "street") -> gpd.GeoDataFrame:
    """Return edges of a network."""
    shapes = [shapely.LineString(each) for each in lines]
    return gpd.GeoDataFrame({"kind": [kind] * len(shapes)}, geometry=shapes, crs=CRS)


# -------------------------------------------------------------------------------- price


@pytest.mark.parametrize(
    ("shapes", "columns", "count", "cost"),
    [
        ([rail(150)], {}, 1, MILLION),
        # The tracks of one railway are one crossing, two railways are two.
        ([rail(150), rail(155), rail(160)], {}, 1, MILLION),
        ([rail(100), rail(200)], {}, 2, 2 * MILLION),
        # A railway beside a river is two crossings.
        ([rail(150), rail(160)], {"kind": ["railway", "water"]}, 2, 2 * MILLION),
        # The dearest of tracks taken together counts; a stated cost goes before the default.
        ([rail(150), rail(155)], {"cost_eur": [300_000.0, np.nan]}, 1, MILLION),
        ([rail(150)], {"cost_eur": [0.0]}, 1, 0.0),
        ([rail(150)], {"cost_factor": [0.5]}, 1, 0.5 * MILLION),
        # An area is crossed once, wherever its banks are; a street along its bank is not in it.
        ([shapely.box(120, -50, 180, 50)], {"kind": ["water"]}, 1, MILLION),
        ([shapely.box(120, 0, 180, 50)], {"kind": ["water"]}, 0, 0.0),
        ([rail(400)], {}, 0, 0.0),
    ],
)
def test_crossings_are_counted_and_priced(
    shapes: list[shapely.Geometry], columns: dict[str, list[object]], count: int, cost: float
) -> None:
    found = crossing_costs(edges(LINE), barriers(*shapes, **columns), MILLION)
    assert found.count.tolist() == [count]
    assert found.cost_eur.tolist() == pytest.approx([cost])


def test_a_way_through_a_node_on_the_barrier_pays_once() -> None:
    two = edges(LINE[:2], LINE[1:])
    found = crossing_costs(two, barriers(rail(100)), MILLION)
    assert found.cost_eur.sum() == pytest.approx(MILLION)


def test_existing_pipes_cross_for_nothing() -> None:
    found = crossing_costs(edges(LINE, kind="existing"), barriers(rail(150)), MILLION)
    assert found.cost_eur.tolist() == [0.0]


# ------------------------------------------------------------------------------ network


def drawn(crossing: str = "priced", **columns: object) -> Region:
    """Return two streets across a railway at x = 150: one direct, one with a detour."""
    streets = [LINE, [(0, 0), (0, 300), (300, 300), (300, 0)]]
    found = region(streets, {"dc": (0, -20)}, {"far": (300, -20)})
    track = shapely.LineString([(150, -50), (150, 50)])
    return replace(found, barriers=Barriers(barriers(track, crossing=[crossing])), **columns)


def build(found: Region, log: FaultLog | None = None, **options: object) -> PipeNetwork:
    """Build with a price of a million for each crossing."""
    defaults = {"max_connection_m": 200.0, "crossing_cost_eur": MILLION}
    return build_network(found, **(defaults | options), log=log or FaultLog())


def test_a_priced_crossing_is_on_the_edge_that_makes_it() -> None:
    network = build(drawn())
    cost = network.edges.set_index("length_m")["crossing_cost_eur"]
    assert cost[300.0] == MILLION
    assert cost[900.0] == 0.0
    assert any(each.act == "priced crossings of barriers" for each in network.remarks)


def test_a_closed_barrier_leaves_the_detour() -> None:
    network = build(drawn("forbidden"))
    assert are_joined(network, "dc", "far")
    streets = network.edges[network.edges["kind"] == "street"]
    assert streets["length_m"].tolist() == [900.0]
    act = next(each for each in network.remarks if "closed barrier" in each.act)
    assert (act.count, act.length_m) == (1, pytest.approx(1.0))


def test_a_closed_barrier_cuts_the_street_only_where_it_lies() -> None:
    """Each side keeps its zone; between two tracks nothing is left that could be reached."""
    zones = {"west": (100, -20), "east": (250, -20), "beyond": (300, -20)}
    found = region([LINE], {"dc": (0, -20)}, zones)
    track = barriers(rail(150), rail(160), crossing=["forbidden"] * 2)
    log = FaultLog()
    network = build(replace(found, barriers=Barriers(track)), log)
    assert are_joined(network, "dc", "west")
    assert not are_joined(network, "dc", "east")
    assert are_joined(network, "east", "beyond")
    streets = network.edges[network.edges["kind"] == "street"]
    assert sorted(streets["length_m"]) == pytest.approx([50.0, 100.0])
    said = next(str(each) for each in log.doubts if "'beyond', 'east' sit on" in str(each))
    assert "barriers that are forbidden to cross" in said


@pytest.mark.parametrize(
    ("shape", "kept"),
    [
        (shapely.box(120, -10, 180, 10), [119.5, 119.5]),  # a pond: cut at both banks
        (shapely.box(-10, -10, 180, 10), [119.5]),  # from the start of the street on
        (shapely.box(-10, -10, 400, 10), []),
        (shapely.LineString([(100, 0), (150, 0)]), [99.5, 149.5]),  # a track in the street
        (shapely.box(120, 0, 180, 50), [300.0]),  # a bank beside it
    ],
)
def test_closed_barriers_of_any_shape(shape: shapely.Geometry, kept: list[float]) -> None:
    closed = barriers(shape, crossing=["forbidden"])
    found = replace(region([LINE], {"dc": (0, -20)}, {}), barriers=Barriers(closed))
    mesh, _ = _usable_mesh(found, 1.0, FaultLog())
    obstacles = Obstacles.of(found)
    assert obstacles is not None
    cut, _ = obstacles.without_forbidden(mesh)
    assert sorted(cut.length_m) == pytest.approx(sorted(kept))


def test_connections_keep_to_their_side_of_a_barrier() -> None:
    """The nearest street is across the railway; the farther one on this side is taken."""
    streets = [[(0, 0), (300, 0)], [(0, 100), (300, 100)], [(0, 0), (0, 100)]]
    found = region(streets, {"dc": (0, -20)}, {"z": (150, 30)})
    track = shapely.LineString([(100, 15), (200, 15)])
    open_way = build(found)
    assert open_way.edges.query("kind == 'service'")["length_m"].tolist() == [30.0]
    closed = build(replace(found, barriers=Barriers(barriers(track))))
    assert closed.edges.query("kind == 'service'")["length_m"].tolist() == [70.0]


def test_a_connection_without_another_way_pays_or_is_not_there() -> None:
    found = region([[(0, 0), (300, 0)]], {"dc": (0, -20)}, {"z": (150, 30)})
    track = shapely.LineString([(-100, 15), (400, 15)])
    priced = build(replace(found, barriers=Barriers(barriers(track))))
    service = priced.edges.query("kind == 'service'")
    assert service["crossing_cost_eur"].tolist() == [MILLION]
    log = FaultLog()
    closed = barriers(track, crossing=["forbidden"])
    shut = build(replace(found, barriers=Barriers(closed)), log)
    assert shut.edges.query("kind == 'service'").empty
    assert any("'z'" in str(each) and "barrier" in str(each) for each in log.doubts)


def test_service_lines_do_not_run_through_other_buildings() -> None:
    streets = [[(0, 0), (300, 0)], [(0, 100), (300, 100)], [(0, 0), (0, 100)]]
    own = shapely.box(140, 30, 160, 50)
    found = region(streets, {"dc": (0, -20)}, {"z": own})
    between = shapely.box(130, 10, 170, 20)
    assert build(found).edges.query("kind == 'service'")["length_m"].tolist() == [30.0]
    buildings = np.array([own, between], dtype=object)
    network = build(replace(found, buildings=buildings))
    service = network.edges.query("kind == 'service'")
    assert service["length_m"].tolist() == [50.0]
    assert not shapely.intersects(service.geometry.to_numpy(), between).any()


def test_several_connections_leave_an_area_where_it_is_nearest() -> None:
    streets = [[(0, 0), (300, 0)], [(0, 100), (300, 100)], [(0, 0), (0, 100)]]
    found = region(streets, {"dc": (0, -20)}, {"z": shapely.box(100, 40, 200, 60)})
    service = build(found, connections_per_zone=2).edges.query("kind == 'service'")
    assert len(service) == 2
    assert shapely.length(service.geometry.to_numpy()) == pytest.approx(service["length_m"])
    reached = {round(xy[1]) for line in service.geometry for xy in line.coords}
    assert {0, 100} <= reached


# ------------------------------------------------------------------------- what is a barrier


def lines_of_osm(*tags: dict[str, str]) -> gpd.GeoDataFrame:
    """Return lines with the columns of an OpenStreetMap file."""
    keys = ("railway", "waterway", "natural", "highway", "bridge", "tunnel", "layer")
    rows = [{key: each.get(key, "") for key in keys} for each in tags]
    return gpd.GeoDataFrame(rows, geometry=[rail(10.0 * n) for n in range(len(rows))], crs=CRS)


def test_the_table_decides_and_levels_count() -> None:
    frame = lines_of_osm(
        {"railway": "rail"},
        {"railway": "rail", "tunnel": "yes"},
        {"railway": "tram"},
        {"highway": "motorway", "bridge": "yes", "layer": "1"},
        {"highway": "motorway"},
        {"waterway": "river"},
        {"waterway": "stream"},
        {"railway": "platform"},
    )
    found, remarks = barrier_frame(frame, BarriersConfig(path=Path("x")), FaultLog())
    assert found is not None
    assert found.frame["kind"].tolist() == ["railway", "motorway", "water"]
    assert [each.count for each in remarks] == [3, 3, 2]


def test_a_layer_of_ones_own_needs_no_tags() -> None:
    frame = gpd.GeoDataFrame(
        {"name": ["A", "B"], "crossing": ["forbidden", ""], "cost_eur": [None, 250_000.0]},
        geometry=[rail(0), rail(10)],
        crs=CRS,
    )
    found, _ = barrier_frame(frame, BarriersConfig(path=Path("x")), FaultLog())
    assert found is not None
    assert found.frame["crossing"].tolist() == ["forbidden", "priced"]
    assert found.frame["cost_eur"].tolist()[1] == 250_000.0


def test_words_that_are_no_crossing_are_a_fault() -> None:
    log = FaultLog()
    frame = gpd.GeoDataFrame({"crossing": ["maybe"]}, geometry=[rail(0)], crs=CRS)
    barrier_frame(frame, BarriersConfig(path=Path("x")), log)
    assert "priced, forbidden or free" in str(log.faults[0])


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    table = barrier_table()
    own = tmp_path / "own.csv"
    table.assign(crossing="forbidden").to_csv(own, index=False)
    assert (barrier_table(own)["crossing"] == "forbidden").all()
    own.write_text("key,value\n", encoding="utf-8")
    with pytest.raises(siting.InputError, match="needs the columns"):
        barrier_table(own)


# ---------------------------------------------------------------------- existing pipes


def with_pipes(*lines: list[tuple[float, float]], dn: float = 200.0) -> Region:
    """Return a street with pipes beside it."""
    found = region([LINE], {"dc": (0, -20)}, {"z": (300, -20)})
    pipes = gpd.GeoDataFrame(
        {"existing_dn": [dn] * len(lines), "name": "Main", "level": 0},
        geometry=[shapely.LineString(each) for each in lines],
        crs=CRS,
    )
    return replace(found, existing=pipes)


def test_existing_pipes_keep_length_and_diameter() -> None:
    """A pipe beside the street is tied to the ends of the street by short new pipes."""
    network = build(with_pipes([(0, 5), (300, 5)]), tie_in_m=20.0)
    old = network.edges.query("kind == 'existing'")
    assert old["length_m"].sum() == pytest.approx(300.0)
    assert old["existing_dn"].unique().tolist() == [200.0]
    assert (old["cost_length_m"] == 0).all()
    new = network.edges.query("kind != 'existing'")
    assert new["existing_dn"].isna().all()
    assert are_joined(network, "dc", "z")
    ties = new[(new["kind"] == "street") & (new["length_m"] < 10)]
    assert ties["length_m"].tolist() == [5.0, 5.0]


def test_an_existing_pipe_that_crosses_a_street_is_joined_there() -> None:
    found = with_pipes([(150, -100), (150, 300)])
    far = region([LINE], {"dc": (0, -20)}, {"z": (160, 300)})
    network = build(replace(far, existing=found.existing), tie_in_m=0.0)
    assert are_joined(network, "dc", "z")
    ends = network.nodes.geometry.get_coordinates().round(3)
    assert ((ends["x"] == 150) & (ends["y"] == 0)).any()


def test_a_pipe_out_of_reach_is_doubted() -> None:
    log = FaultLog()
    build(with_pipes([(0, 900), (300, 900)]), log, tie_in_m=20.0)
    assert any("300 m of pipes lie where no street" in str(each) for each in log.doubts)


def test_a_stated_cost_per_metre_stands_for_the_catalogue() -> None:
    found = region([LINE], {"dc": (0, -20)}, {"z": (300, -20)}, cost_eur_per_m=[2_000.0])
    network = build(found)
    street = network.edges.query("kind == 'street'")
    assert street["stated_cost_eur"].sum() == pytest.approx(600_000.0)
    assert street["cost_length_m"].sum() == 0
    links = network.edges.query("kind != 'street'")
    assert (links["cost_length_m"] > 0).all()
    assert (links["stated_cost_eur"] == 0).all()
