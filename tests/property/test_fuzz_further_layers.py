"""Throw mutated barriers, pipes, plants, buildings and gates at a check, as at the three layers.

No traceback, every fault with a remedy; and where the check is sound, demand left to the data
centres and demand that standing plants cover add up to what the zones state.
"""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

import siting
from siting.errors import InputError
from siting.study import Findings
from tests.property.test_fuzz_layers import (
    Layers,
    Rng,
    assert_helpful,
    far,
    odd_shape,
    other_crs,
    repeat_rows,
    shake,
    swap_axes,
    write,
)

SEED = 9_000
INPUTS = 200 if os.environ.get("SITING_REAL_RUNS") else 15
CRS = "EPSG:3067"
EAST, NORTH = 385_000.0, 6_672_000.0
DEMAND_MWH = 500.0 + 700.0 + 900.0
FURTHER = ("barriers", "buildings", "existing_network", "existing_plants", "access_points")
STUDY = "[layers]\n" + "\n".join(
    f'{name} = {{ path = "{name}.geojson" }}' for name in ("sites", "zones", "streets", *FURTHER)
)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def at(x: float, y: float) -> shapely.Point:
    return shapely.Point(EAST + x, NORTH + y)


def line(*xy: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in xy])


def box(x: float, y: float, size: float) -> shapely.Polygon:
    return shapely.box(EAST + x, NORTH + y, EAST + x + size, NORTH + y + size)


def layers() -> Layers:
    """Return a street across a railway, a heat pipe with two customers, and what belongs to it."""

    def frame(shapes: list[shapely.Geometry], **columns: list[object]) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)

    return {
        "sites": frame([box(-60, 20, 50)], site_id=["DC"], it_load_mw=[8.0]),
        "zones": frame(
            [at(400, 20), at(800, 20), at(1_200, 20)],
            zone_id=["A", "B", "C"],
            annual_demand_mwh=[500.0, 700.0, 900.0],
            existing_customer=[True, True, False],
        ),
        "streets": frame([line((-80, 0), (300, 0)), line((900, 0), (1_300, 0)),
                          line((900, 0), (900, 80), (1_300, 80), (1_300, 0))]),
        "barriers": frame([line((150, -60), (150, 60)), line((1_000, -9), (1_000, 9))],
                          kind=["railway", "water"], crossing=["priced", "forbidden"]),
        "buildings": frame([box(390, 10, 20), box(600, 15, 30)], use=["house", "shop"]),
        "existing_network": frame([line((200, 0), (500, 0)), line((500, 0), (950, 0))],
                                  existing_dn=[100, 80], free_capacity_mw=[2.0, None]),
        "existing_plants": frame([at(500, 40)], plant_id=["P"], role=["base"], output_mw=[0.05]),
        "access_points": frame([at(-10, 45), at(-35, 20)], site_id=["DC", ""]),
    }  # fmt: skip


ODD: list[object] = [None, "", -1.0, 0.0, 1e12, "n/a", "1,5", "maybe", "FORBIDDEN", True, "inf"]


def odd_value(rng: Rng, layers: Layers) -> None:
    """Put something strange into a cell of one of the further layers."""
    name = str(rng.choice(FURTHER))
    frame = layers[name]
    column = str(rng.choice([each for each in frame.columns if each != "geometry"]))
    values = frame[column].astype(object).tolist()
    values[int(rng.integers(len(values)))] = ODD[int(rng.integers(len(ODD)))]
    layers[name] = frame.assign(**{column: values})


CHANGES = (odd_value, odd_value, odd_value, odd_shape, odd_shape, far, other_crs, swap_axes,
           repeat_rows, shake)  # fmt: skip


def inspect(folder: Path) -> Findings | InputError:
    try:
        return siting.read_study(folder / "study.toml").inspect()
    except InputError as error:
        return error


def assert_demand(found: Findings) -> None:
    """Check that no demand is lost or counted twice where base plants cover a part of it."""
    assert found.assembly is not None
    problem = found.assembly.problem
    left = math.fsum(zone.heat_mwh for zone in problem.zones)
    covered = math.fsum(zone.standing_base[-1][1] for zone in problem.zones if zone.standing_base)
    stated = found.region.zones.frame["annual_demand_mwh"]
    told = math.fsum(stated[list(found.assembly.zone_ids.values())])
    assert left + covered == pytest.approx(told, rel=1e-9)


def test_the_layers_as_they_are_have_no_fault(tmp_path: Path) -> None:
    write(tmp_path, layers())
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    found = inspect(tmp_path)
    assert isinstance(found, Findings)
    assert found.result is not None, found.faults
    assert found.result.counts["annual_demand_gwh"] * 1000 == DEMAND_MWH
    assert any(zone.standing_base for zone in found.result.assembly.problem.zones)
    assert_demand(found)


def test_mutated_further_layers(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    sound = 0
    for seed in range(SEED, SEED + INPUTS):
        rng = np.random.default_rng(seed)
        changed = layers()
        CHANGES[int(rng.integers(len(CHANGES)))](rng, changed)
        write(tmp_path, changed)
        found = inspect(tmp_path)
        assert_helpful(found)
        if isinstance(found, Findings) and found.result is not None:
            sound += 1
            try:
                assert_demand(found)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {error}") from error
    assert INPUTS / 6 <= sound < INPUTS
