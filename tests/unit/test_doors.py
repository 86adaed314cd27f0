"""Check where connections leave large sites and zones: at their gates, or on every side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import siting
from siting.errors import FaultLog
from siting.layers.access import access_frame
from siting.network import PipeNetwork, build_network
from siting.region import Barriers, Region
from tests.unit.test_network_build import CRS, region

CAMPUS = shapely.box(100, 100, 500, 400)
"""A site of 400 m by 300 m with streets all around it, at different distances."""
AROUND = [
    [(0, 60), (600, 60)],  # 40 m south of it
    [(0, 480), (600, 480)],  # 80 m north
    [(0, 60), (0, 480)],  # 100 m west
    [(600, 60), (600, 480)],  # 100 m east
]


def drawn(**options: object) -> Region:
    return replace(region(AROUND, {"dc": CAMPUS}, {"z": (0, 40)}), **options)


def gates(*xy: tuple[float, float], kind: str = "sites", name: str = "dc") -> gpd.GeoDataFrame:
    points = [shapely.Point(each) for each in xy]
    columns = {"kind": [kind] * len(points), "id": [name] * len(points)}
    return gpd.GeoDataFrame(columns, geometry=points, crs=CRS)


def build(found: Region, count: int = 1) -> PipeNetwork:
    return build_network(found, max_connection_m=500.0, connections_per_zone=count, log=FaultLog())


def lengths(network: PipeNetwork, kind: str = "trunk") -> list[float]:
    return sorted(network.edges.loc[network.edges["kind"] == kind, "length_m"].round(1))


def test_a_large_outline_offers_each_of_its_sides() -> None:
    """As a whole its four nearest streets would nearly all lie in the south."""
    network = build(drawn(), count=4)
    trunk = network.edges[network.edges["kind"] == "trunk"]
    ends = {node for pair in zip(trunk["u"], trunk["v"], strict=True) for node in pair}
    ends -= set(network.site_nodes)
    xy = shapely.get_coordinates(network.nodes.geometry.loc[sorted(ends)].to_numpy())
    assert len(xy) >= 3
    assert {60.0, 480.0} <= set(xy[:, 1])  # streets in the south and in the north
    assert lengths(network)[0] == 40.0


def test_one_connection_is_the_nearest() -> None:
    assert lengths(build(drawn())) == [40.0]


def test_gates_are_the_only_ways_out_and_each_is_a_candidate() -> None:
    """Gates in the north and west; the nearer street in the south is not reached."""
    network = build(drawn(access=gates((300, 400), (100, 300))))
    site = network.nodes.geometry[network.site_nodes["dc"]]
    assert (site.x, site.y) == (300.0, 400.0)
    inside = float(np.hypot(200, 100))  # from the other gate through the site
    assert lengths(network) == pytest.approx([80.0, round(100 + inside, 1)])


def test_gates_of_a_zone() -> None:
    found = replace(
        region([[(0, 0), (400, 0)]], {"dc": (0, -10)}, {"z": shapely.box(100, 10, 300, 90)}),
        access=gates((300, 50), kind="zones", name="z"),
    )
    assert lengths(build(found), "service") == [50.0]


def test_a_gate_behind_a_closed_barrier_looks_elsewhere() -> None:
    """The street in the north is shut off: that gate takes the one in the east instead."""
    wall = gpd.GeoDataFrame(
        {
            "kind": ["railway"],
            "crossing": ["forbidden"],
            "cost_eur": [np.nan],
            "cost_factor": [1.0],
        },
        geometry=[shapely.LineString([(150, 440), (450, 440)])],
        crs=CRS,
    )
    access = gates((300, 400), (100, 300))
    assert lengths(build(drawn(access=access, barriers=Barriers(wall)))) == [
        100.0,
        round(300 + float(np.hypot(200, 100)), 1),
    ]


# ------------------------------------------------------------------------------- layer


def layer(*points: shapely.Point, **columns: list[str]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(points), crs=CRS)


def places() -> dict[str, gpd.GeoDataFrame]:
    sites = gpd.GeoDataFrame(
        {"outline": [CAMPUS]}, geometry=[CAMPUS.centroid], index=pd.Index(["dc"]), crs=CRS
    )
    zones = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 50, 50)], index=pd.Index(["z"]), crs=CRS)
    return {"sites": sites, "zones": zones}


def test_gates_by_id_and_by_place() -> None:
    log = FaultLog()
    points = layer(
        shapely.Point(900, 900),
        shapely.Point(95, 200),
        shapely.Point(20, 60),
        site_id=["dc", "", ""],
    )
    found, remarks = access_frame(points, places(), {}, log)
    assert list(zip(found["kind"], found["id"], strict=True)) == [
        ("sites", "dc"), ("sites", "dc"), ("zones", "z"),
    ]  # fmt: skip
    assert (remarks[0].count, remarks[0].detail) == (3, "of 2 sites and zones")
    assert not log.faults
    assert not log.doubts


def test_gates_that_belong_nowhere_are_said() -> None:
    log = FaultLog()
    points = layer(shapely.Point(900, 900), shapely.Point(100, 100), site_id=["", "dd"])
    found, _ = access_frame(points, places(), {}, log)
    assert "there is no site 'dd'" in str(log.faults[0])
    assert "'1' lie more than 50 m from every site and zone" in str(log.doubts[0])
    assert "dc" not in set(found["id"])


def test_a_study_with_gates(small_study: Path) -> None:
    """From the study file to the network: the pipe leaves the site at its gate."""
    folder = small_study if small_study.is_dir() else small_study.parent
    sites = gpd.read_file(folder / "sites.gpkg")
    first = sites.geometry.iloc[0]
    hall = first.buffer(60.0, cap_style="square")
    sites.loc[0, "geometry"] = hall
    sites.to_file(folder / "sites.gpkg", layer="sites")
    gate = shapely.Point(hall.bounds[2], hall.bounds[3])
    layer(gate).set_crs(sites.crs, allow_override=True).to_file(folder / "gates.gpkg")
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8") + '\n[layers.access_points]\npath = "gates.gpkg"\n'
    file.write_text(text, encoding="utf-8")
    checked = siting.read_study(file).check()
    node = checked.network.site_nodes[str(checked.region.sites.frame.index[0])]
    assert checked.network.nodes.geometry[node].distance(gate) < 0.01
    assert any(each.act == "read access points" for each in checked.remarks)
