"""Build a small town with a plan, for tests of what comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from siting.network.types import PipeNetwork
from siting.plan import Plan, PlannedPipe, PlannedSite, PlannedZone
from siting.problem import Edge, Problem, Site, SiteOption, Zone
from siting.region import CandidateSites, DemandZones, Region, Remark, Streets
from siting.solution import Proof, Status

CRS = pyproj.CRS.from_epsg(3879)
EAST, NORTH, BLOCK = 25_496_500.0, 6_672_800.0, 100.0
ROGUE = "Block <img src=x onerror=alert(1)> & 'Sons'"


@dataclass(frozen=True)
class Town:
    """A town of 4 x 4 street corners, with one plan."""

    region: Region
    network: PipeNetwork
    assembly: Any
    plan: Plan
    parameters: dict[str, Any] = field(default_factory=dict)


def small_town() -> Town:
    """Return a town with three sites and six zones, of which one site and three zones are used.

    The streets are a grid of 100 m blocks. Zone Z-5 has no street, zone Z-6 is forbidden; site
    S-3 excludes S-1 by its group.
    """
    edges, nodes = _grid()
    _attach(edges, nodes, "site", {"S-1": (0, 0), "S-2": (3, 3), "S-3": (0, 3)})
    places = {"Z-1": (1, 0), "Z-2": (2, 1), "Z-3": (2, 2), "Z-4": (3, 1), "Z-6": (1, 3)}
    _attach(edges, nodes, "zone", places)
    network = _network(edges, nodes, places)
    problem = _problem(network)
    assembly = SimpleNamespace(
        problem=problem,
        site_ids={"s1": "S-1", "s2": "S-2", "s3": "S-3"},
        zone_ids={"z1": "Z-1", "z2": "Z-2", "z3": "Z-3", "z4": "Z-4", "z6": "Z-6"},
        used_parameters={},
        remarks=(),
    )
    return Town(_region(), network, assembly, _plan(network))


def with_nothing_built(town: Town) -> Town:
    """Return the town with the empty plan."""
    plan = replace(
        town.plan,
        sites=(),
        pipes=(),
        zones=(),
        heat_mwh=0.0,
        loss_mwh=0.0,
        capex_eur=0.0,
        capex_by_component_eur={},
        heat_per_euro_kwh=0.0,
        proof=replace(town.plan.proof, incumbent=0.0, bound=0.0, gap=0.0),
    )
    return replace(town, plan=plan)


def with_less_built(town: Town) -> Town:
    """Return the town with the first zone and its three pipes alone."""
    pipes, zones = town.plan.pipes[:3], town.plan.zones[:1]
    cost = math.fsum(pipe.cost_eur for pipe in pipes)
    capex = cost + zones[0].cost_eur + 900_000.0
    loss = 8760 * math.fsum(pipe.loss_mw for pipe in pipes)
    heat = zones[0].heat_mwh
    plan = replace(
        town.plan,
        sites=(replace(town.plan.sites[0], heat_mwh=heat + loss),),
        pipes=pipes,
        zones=zones,
        heat_mwh=heat,
        loss_mwh=loss,
        capex_eur=capex,
        capex_by_component_eur={
            "pipes": cost, "substations": zones[0].cost_eur, "heat_pump": 900_000.0,
        },
        heat_per_euro_kwh=heat * 1000 / capex,
        proof=Proof(Status.FEASIBLE, "max_heat", heat, heat * 1.2, 0.2, 0.01, 1.5, "highs 1.0"),
    )  # fmt: skip
    return replace(town, plan=plan)


def _point(column: float, row: float) -> shapely.Point:
    return shapely.Point(EAST + BLOCK * column, NORTH + BLOCK * row)


def _grid() -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    nodes = {
        f"n{column}{row}": {"kind": "junction", "part": 0, "geometry": _point(column, row)}
        for column in range(4)
        for row in range(4)
    }
    pairs = [(f"n{c}{r}", f"n{c + 1}{r}") for r in range(4) for c in range(3)]
    pairs += [(f"n{c}{r}", f"n{c}{r + 1}") for c in range(4) for r in range(3)]
    return [_edge(u, v, "street", nodes, f"{u[2]}. Street") for u, v in pairs], nodes


def _edge(u: str, v: str, kind: str, nodes: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    line = shapely.LineString([nodes[u]["geometry"], nodes[v]["geometry"]])
    facts = {"length_m": line.length, "cost_length_m": line.length, "name": name}
    return {"u": u, "v": v, "kind": kind, **facts, "geometry": line}


def _attach(
    edges: list[dict[str, Any]],
    nodes: dict[str, dict[str, Any]],
    kind: str,
    places: dict[str, tuple[int, int]],
) -> None:
    for gis_id, (column, row) in places.items():
        key = gis_id.replace("-", "")
        nodes[key] = {"kind": kind, "part": 0, "geometry": _point(column + 0.3, row + 0.4)}
        pipe = "trunk" if kind == "site" else "service"
        edges.append(_edge(f"n{column}{row}", key, pipe, nodes, ""))


def _network(
    edges: list[dict[str, Any]], nodes: dict[str, dict[str, Any]], places: dict[str, Any]
) -> PipeNetwork:
    keys = [f"e{number}" for number in range(len(edges))]
    return PipeNetwork(
        nodes=gpd.GeoDataFrame.from_dict(nodes, orient="index").set_geometry("geometry", crs=CRS),
        edges=gpd.GeoDataFrame(edges, index=keys, geometry="geometry", crs=CRS),
        site_nodes=pd.Series({name: name.replace("-", "") for name in ("S-1", "S-2", "S-3")}),
        zone_nodes=pd.Series({name: name.replace("-", "") for name in places}),
        remarks=(Remark("network", "contracted chains", 3, 120.0),),
    )


def _problem(network: PipeNetwork) -> Problem:
    pump = SiteOption("heat pump", capacity_mw=6.0, electricity_mwh_per_mwh=0.25)
    return Problem(
        name="town",
        nodes=tuple(map(str, network.nodes.index)),
        edges=tuple(
            Edge(str(key), edge["u"], edge["v"], length_m=edge["length_m"])
            for key, edge in network.edges.iterrows()
        ),
        sites=(
            Site("s1", "S1", options=(pump,), group="west"),
            Site("s2", "S2", options=(SiteOption("direct", capacity_mw=2.0), pump)),
            Site("s3", "S3", options=(SiteOption("direct"),), group="west"),
        ),
        zones=(
            Zone("z1", "Z1", 3_000.0, 1.2),
            Zone("z2", "Z2", 2_000.0, 0.8),
            Zone("z3", "Z3", 1_500.0, 0.6),
            Zone("z4", "Z4", 400.0, 0.2),
            Zone("z6", "Z6", 900.0, 0.4, forbidden=True),
        ),
    )


def _region() -> Region:
    sites = gpd.GeoDataFrame(
        {
            "name": ["West works", "East yard", None],
            "status": "candidate",
            "assumed": [True, False, False],
            "it_load_mw": [5.0, 3.0, math.nan],
            "cooling": ["liquid", "air", "air"],
            "group": ["west", None, "west"],
        },
        index=pd.Index(["S-1", "S-2", "S-3"], name="site_id"),
        geometry=[_point(0.3, 0.4), _point(3.3, 3.4), _point(0.3, 3.4)],
        crs=CRS,
    )
    places = [(1, 0), (2, 1), (2, 2), (3, 1), (9, 9), (1, 3)]
    zones = gpd.GeoDataFrame(
        {
            "name": ["Town hall", ROGUE, None, "Kiosk", "Island", "Park"],
            "annual_demand_mwh": [3_000.0, 2_000.0, 1_500.0, 400.0, 700.0, 900.0],
            "peak_demand_kw": [1_200.0, 800.0, 600.0, 200.0, 300.0, 400.0],
            "estimated": ["", "peak: annual / 2,500 full-load hours", "", "", "", ""],
        },
        index=pd.Index(["Z-1", "Z-2", "Z-3", "Z-4", "Z-5", "Z-6"], name="zone_id"),
        geometry=[_point(c + 0.3, r + 0.4).buffer(22, cap_style="square") for c, r in places],
        crs=CRS,
    )
    lines = [shapely.LineString([_point(0, k), _point(3, k)]) for k in range(4)] + [
        shapely.LineString([_point(k, 0), _point(k, 3)]) for k in range(4)
    ]
    streets = gpd.GeoDataFrame(
        {
            "name": [f"{k}. Street" for k in range(8)],
            "road_class": "residential",
            "surface": "urban",
            "cost_factor": 1.0,
            "forbidden": False,
        },
        geometry=lines,
        crs=CRS,
    )
    remarks = (Remark("zones", "estimated: peak demand", 1),)
    return Region("Town", CRS, CandidateSites(sites), DemandZones(zones), Streets(streets), remarks)


def _plan(network: PipeNetwork) -> Plan:
    way = [
        ("S1", "n00", "DN100", 1.9), ("n00", "n10", "DN100", 1.9), ("n10", "Z1", "DN65", 0.9),
        ("n10", "n20", "DN80", 1.0), ("n20", "n21", "DN80", 1.0), ("n21", "Z2", "DN50", 0.6),
        ("n21", "n22", "DN50", 0.4), ("n22", "Z3", "DN50", 0.4),
    ]  # fmt: skip
    pipes = tuple(_pipe(network, *each) for each in way)
    cost = math.fsum(pipe.cost_eur for pipe in pipes)
    zones = (
        PlannedZone("z1", 0.9, 2_900.0, 3_000.0, 1.2, 60_000.0),
        PlannedZone("z2", 0.6, 1_800.0, 2_000.0, 0.8, 45_000.0),
        PlannedZone("z3", 0.4, 1_100.0, 1_500.0, 0.6, 40_000.0),
    )
    capex = cost + 145_000.0 + 900_000.0
    heat = math.fsum(zone.heat_mwh for zone in zones)
    loss = math.fsum(pipe.loss_mw for pipe in pipes)
    ratio = heat * 1000 / capex
    return Plan(
        sites=(PlannedSite("s1", "heat pump", 2.0, heat + loss * 8760, 1_500.0, 900_000.0),),
        pipes=pipes,
        zones=zones,
        heat_mwh=heat,
        loss_mwh=loss * 8760,
        capex_eur=capex,
        capex_by_component_eur={"pipes": cost, "substations": 145_000.0, "heat_pump": 900_000.0},
        heat_per_euro_kwh=ratio,
        proof=Proof(
            Status.OPTIMAL, "heat_per_euro", ratio, ratio * 1.004, 0.004, 0.01, 1.5, "highs 1.0",
            price_mwh_per_eur=ratio / 1000,
        ),
    )  # fmt: skip


def _pipe(network: PipeNetwork, start: str, end: str, size: str, flow: float) -> PlannedPipe:
    edges = network.edges
    here = edges.index[
        ((edges["u"] == start) & (edges["v"] == end))
        | ((edges["u"] == end) & (edges["v"] == start))
    ]
    length = float(edges.at[here[0], "length_m"])
    return PlannedPipe(
        str(here[0]), start, end, size, length, flow, 2.5, length * 2e-5, length * 900.0
    )
