"""Time the way from layers to problem on a synthetic city.

Run `python tests/benchmarks/prepare.py`, or the family ``prepare`` of `run`.

The city is a jittered grid of streets with squares for buildings beside them; layers are written as
a planner would have them, so that reading, noding and attaching are all timed. Nothing here is
checked by the test suite: times depend on the machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

CRS = "EPSG:3067"
EAST, NORTH, BLOCK_M = 380_000.0, 6_670_000.0, 80.0
STUDY = """\
[study]
name = "Synthetic city"

[layers.sites]
path = "city.gpkg"
layer = "sites"

[layers.zones]
path = "city.gpkg"
layer = "zones"

[layers.streets]
path = "city.gpkg"
layer = "streets"

[network]
max_connection_m = 500
connections_per_zone = {connections}
"""


def city(edges: int, buildings: int, sites: int, seed: int = 1) -> dict[str, gpd.GeoDataFrame]:
    """Return streets, zones and sites of a city with so many street edges and buildings."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(edges / 2))) + 1
    ticks = np.arange(side) * BLOCK_M
    east, north = np.meshgrid(EAST + ticks, NORTH + ticks)
    nodes = np.stack([east, north], axis=-1) + rng.uniform(-15, 15, (side, side, 2))
    across = np.stack([nodes[:, :-1], nodes[:, 1:]], axis=2).reshape(-1, 2, 2)
    along = np.stack([nodes[:-1], nodes[1:]], axis=2).reshape(-1, 2, 2)
    ends = np.concatenate([across, along])[rng.permutation(2 * side * (side - 1))[:edges]]
    bend = ends.mean(axis=1) + rng.uniform(-6, 6, (len(ends), 2))
    lines = shapely.linestrings(np.stack([ends[:, 0], bend, ends[:, 1]], axis=1))
    names = np.array([f"Street {each // 12}" for each in range(len(lines))], dtype=object)
    streets = gpd.GeoDataFrame({"name": names}, geometry=lines, crs=CRS)
    spot = ends[rng.integers(0, len(ends), buildings)].mean(axis=1)
    spot = spot + rng.choice([-1, 1], (buildings, 2)) * rng.uniform(12, 30, (buildings, 2))
    half = rng.uniform(4, 9, buildings)
    areas = shapely.box(*(spot - half[:, None]).T, *(spot + half[:, None]).T)
    demand = rng.lognormal(3.6, 0.7, buildings).clip(5, 350)
    zones = gpd.GeoDataFrame(
        {
            "zone_id": [f"B{each}" for each in range(buildings)],
            "annual_demand_mwh": demand,
            "floor_area_m2": demand * 12,
        },
        geometry=areas,
        crs=CRS,
    )
    halls = gpd.GeoDataFrame(
        {
            "site_id": [f"DC-{each}" for each in range(sites)],
            "it_load_mw": rng.uniform(2, 30, sites),
        },
        geometry=shapely.points(ends[rng.integers(0, len(ends), sites), 0] + 40.0),
        crs=CRS,
    )
    return {"streets": streets, "zones": zones, "sites": halls}


def write_city(folder: Path, layers: dict[str, gpd.GeoDataFrame], connections: int) -> Path:
    """Write the layers and a study file, and return the latter."""
    path = folder / "city.gpkg"
    for name, frame in layers.items():
        pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=path.exists())
    study = folder / "study.toml"
    study.write_text(STUDY.format(connections=connections), encoding="utf-8")
    return study


def prepared(
    edges: int, buildings: int, sites: int, connections: int = 1
) -> Iterator[dict[str, Any]]:
    """Go from layers to the problem and to its page; yield each stage with its seconds.

    The last fact is the number of edges in the problem. Writing the layers is not timed.
    """
    from siting import read_study
    from siting.errors import FaultLog
    from siting.outputs.check_map import write_check
    from siting.study import Findings
    from siting.study.reading import assemble, build_graph, read_layers

    with tempfile.TemporaryDirectory() as folder:
        layers = city(edges, buildings, sites)
        config = read_study(write_city(Path(folder), layers, connections)).config
        log, clock = FaultLog(), time.perf_counter
        start = clock()
        region, parameters = read_layers(config, log)
        yield {"stage": "read and check layers", "seconds": clock() - start}
        start = clock()
        network = build_graph(region, parameters, config, log)
        log.raise_faults()
        yield {"stage": "build network", "seconds": clock() - start}
        assert parameters is not None
        start = clock()
        assembly = assemble(region, network, parameters, config, log)
        problem = assembly.problem
        yield {
            "stage": "assemble problem",
            "seconds": clock() - start,
            "nodes": len(problem.nodes),
            "edges": len(problem.edges),
            "zones": len(problem.zones),
            "sites": len(problem.sites),
        }
        found = Findings(config, region, network, parameters, assembly, (), ())
        start = clock()
        write_check(found, Path(folder) / "check.html")
        yield {"stage": "draw check.html", "seconds": clock() - start}


def main(argv: list[str]) -> None:
    """Time each stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=100_000)
    parser.add_argument("--buildings", type=int, default=20_000)
    parser.add_argument("--sites", type=int, default=30)
    parser.add_argument("--connections", type=int, default=1)
    chosen = parser.parse_args(argv)
    import resource  # not on every system

    for facts in prepared(**vars(chosen)):
        peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{facts['stage']:<22}{facts['seconds']:8.2f} s {peak_gb:8.2f} GB peak", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
