"""State what holds for the network of any street plan."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import shortest_path

from siting.errors import FaultLog
from siting.network import PipeNetwork, build_network
from siting.region import CandidateSites, DemandZones, Region, Streets
from siting.streets import street_frame

STEP_M = 100.0
BESIDE_M = 3.0
Link = tuple[tuple[int, int], tuple[int, int]]
SETTINGS = settings(max_examples=60, deadline=None, derandomize=True)


@dataclass(frozen=True)
class Town:
    """Blocks of a grid with a street or without, and the blocks where something stands."""

    links: tuple[Link, ...]
    places: tuple[Link, ...]


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """Draw a town of up to 4 by 4 crossings."""
    width, height = draw(st.integers(2, 4)), draw(st.integers(1, 4))
    across = [((x, y), (x + 1, y)) for y in range(height) for x in range(width - 1)]
    up = [((x, y), (x, y + 1)) for x in range(width) for y in range(height - 1)]
    links = draw(st.lists(st.sampled_from(across + up), min_size=1, unique=True))
    places = draw(st.lists(st.sampled_from(links), min_size=1, max_size=6, unique=True))
    return Town(tuple(sorted(links)), tuple(sorted(places)))


def long_lines(town: Town) -> list[shapely.LineString]:
    """Draw each run of blocks along one street as one line, so that lines cross and touch."""

    def street(link: Link) -> tuple[int, int]:
        (x, y), (x_end, _) = link
        return (0, y) if x_end > x else (1, x)

    lines = []
    for _, blocks in groupby(sorted(town.links, key=lambda each: (street(each), each)), street):
        run: list[tuple[int, int]] = []
        for start, end in blocks:
            if run and run[-1] != start:
                lines.append(run)
                run = []
            run = [*(run or [start]), end]
        lines.append(run)
    # Only the ends stay, as on a ruler.
    return [shapely.LineString(np.array([run[0], run[-1]]) * STEP_M) for run in lines]


def region(lines: list[shapely.LineString], town: Town, **columns: object) -> Region:
    """Return the town; the first place is a site, all are zones beside the middle of a block."""
    frame = gpd.GeoDataFrame(columns, geometry=lines, crs="EPSG:3067")
    streets, _ = street_frame(frame)
    middle = np.array([np.mean(each, axis=0) * STEP_M for each in town.places])
    ids = pd.Index([f"Z{each}" for each in range(len(middle))], dtype=object)
    zones = gpd.GeoDataFrame(index=ids, geometry=shapely.points(middle + BESIDE_M), crs=frame.crs)
    sites = gpd.GeoDataFrame(
        index=pd.Index(["S"], dtype=object),
        geometry=shapely.points(middle[:1] - BESIDE_M),
        crs=frame.crs,
    )
    return Region("town", frame.crs, CandidateSites(sites), DemandZones(zones), Streets(streets))


def build(drawn: Region) -> PipeNetwork:
    """Build the network; connections are too short to reach another block."""
    log = FaultLog()
    network = build_network(drawn, snap_tolerance_m=1.0, max_connection_m=20.0, log=log)
    assert not log.faults
    return network


def distances(count: int, u: np.ndarray, v: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Return the shortest way between all nodes; of parallel edges the shortest counts."""
    matrix = np.full((count, count), np.inf)
    np.minimum.at(matrix, (np.minimum(u, v), np.maximum(u, v)), np.maximum(length, 1e-9))
    rows, columns = np.nonzero(np.isfinite(matrix))
    graph = coo_matrix((matrix[rows, columns], (rows, columns)), shape=matrix.shape)
    return shortest_path(graph.tocsr(), directed=False)


def ways_in_network(network: PipeNetwork) -> np.ndarray:
    """Return the length of the shortest way between zones."""
    number = pd.Series(range(len(network.nodes)), index=network.nodes.index)
    edges = network.edges
    every = distances(
        len(number),
        number[edges["u"]].to_numpy(),
        number[edges["v"]].to_numpy(),
        edges["length_m"].to_numpy(),
    )
    zones = number[network.zone_nodes].to_numpy()
    return every[np.ix_(zones, zones)]


def ways_in_town(town: Town) -> np.ndarray:
    """Return the same from the blocks; each zone stands beside its block, just past the middle."""
    corners = sorted({corner for link in town.links for corner in link})
    place = {corner: each for each, corner in enumerate(corners)}
    middle = {link: len(corners) + each for each, link in enumerate(town.places)}
    pieces: list[tuple[int, int, float]] = []
    for link in town.links:
        one, other = place[link[0]], place[link[1]]
        if link in middle:
            here = STEP_M / 2 + BESIDE_M
            pieces += [(one, middle[link], here), (middle[link], other, STEP_M - here)]
        else:
            pieces.append((one, other, STEP_M))
    u, v, length = (np.array(column) for column in zip(*pieces, strict=True))
    every = distances(len(corners) + len(middle), u, v, length)
    own = [middle[link] for link in town.places]
    apart = 1.0 - np.eye(len(own))
    return every[np.ix_(own, own)] + 2 * BESIDE_M * apart


def balance(drawn: Region, network: PipeNetwork) -> tuple[float, float]:
    """Return the length of street read, and that kept and dropped."""
    kept = network.edges.loc[network.edges["kind"] == "street", "length_m"].sum()
    dropped = sum(each.length_m for each in network.remarks if each.act.startswith("dropped"))
    return drawn.streets.frame.length.sum(), kept + dropped


@SETTINGS
@given(towns())
def test_street_length_is_kept_or_dropped_with_a_remark(town: Town) -> None:
    drawn = region(long_lines(town), town)
    read, accounted = balance(drawn, build(drawn))
    assert accounted == pytest.approx(read)


@SETTINGS
@given(towns())
def test_ways_between_zones_stay(town: Town) -> None:
    """Noding and contraction change neither what is connected nor the shortest way."""
    found = ways_in_network(build(region(long_lines(town), town)))
    assert found == pytest.approx(ways_in_town(town), abs=1e-6)


@SETTINGS
@given(towns(), st.randoms(use_true_random=False))
def test_order_and_direction_of_rows_are_irrelevant(town: Town, random: object) -> None:
    lines = long_lines(town)
    names = [f"{each.length:.0f}" for each in lines]
    one = build(region(lines, town, name=names))
    order = list(range(len(lines)))
    random.shuffle(order)  # type: ignore[attr-defined]
    turned = [
        lines[each].reverse() if random.random() < 0.5 else lines[each]  # type: ignore[attr-defined]
        for each in order
    ]
    other = build(region(turned, town, name=[names[each] for each in order]))
    assert_geodataframe_equal(one.nodes, other.nodes)
    assert_geodataframe_equal(one.edges, other.edges)
    pd.testing.assert_series_equal(one.zone_nodes, other.zone_nodes)
    assert one.remarks == other.remarks


@SETTINGS
@given(towns(), st.randoms(use_true_random=False))
def test_node_ids_and_drawing_agree(town: Town, random: object) -> None:
    """Blocks with node ids, in either order, make the same graph as lines that cross."""
    corners = sorted({corner for link in town.links for corner in link})
    number = {corner: each + 10 for each, corner in enumerate(corners)}
    pairs = [link[::-1] if random.random() < 0.5 else link for link in town.links]  # type: ignore[attr-defined]
    lines = [shapely.LineString(np.array(link) * STEP_M) for link in town.links]
    ids = {name: [number[pair[end]] for pair in pairs] for end, name in enumerate("uv")}
    by_ids = build(region(lines, town, **ids))
    by_shape = build(region(long_lines(town), town))
    assert_geodataframe_equal(by_ids.nodes, by_shape.nodes)
    assert by_ids.edges["length_m"].tolist() == pytest.approx(by_shape.edges["length_m"].tolist())
    assert by_ids.edges["u"].tolist() == by_shape.edges["u"].tolist()
    assert by_ids.edges["v"].tolist() == by_shape.edges["v"].tolist()


@SETTINGS
@given(towns())
def test_moving_the_town_moves_the_network(town: Town) -> None:
    lines = long_lines(town)
    one = build(region(lines, town))
    far = region(lines, town)
    away = np.array([123_456.0, 6_543_210.0])

    def moved(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame.set_geometry(frame.geometry.translate(*away))

    other = build(
        Region(
            "far",
            far.crs,
            CandidateSites(moved(far.sites.frame)),
            DemandZones(moved(far.zones.frame)),
            Streets(moved(far.streets.frame)),
        )
    )
    assert other.edges["length_m"].sum() == pytest.approx(one.edges["length_m"].sum())
    assert len(other.edges) == len(one.edges)
