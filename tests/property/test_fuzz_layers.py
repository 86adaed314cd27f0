"""Throw mutated layers and study files at a check: no traceback, and no silent wrong number.

Each seed makes one mutation of geometry, attributes, CRS or study file. Whatever it is, the check
ends in faults with a remedy; or the demand, heat and street length of the result are those that an
independent sum over the mutated layers gives.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import siting
from siting.errors import InputError
from siting.study import Findings
from tests.conftest import SMALL_STUDY, small_layers

Layers = dict[str, gpd.GeoDataFrame]
Rng = np.random.Generator

SEED = 5_000
LENGTH_TOLERANCE_M = 0.01
DEMAND_TOLERANCE = 1e-9
DISTORTION = 0.002
"""Lengths of one UTM zone or national grid in another differ by less than this [-]."""


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the sound layers and their study file."""
    write(tmp_path, small_layers())
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


STUDY = SMALL_STUDY.replace('crs = "EPSG:3067"\n', "")
for _name in ("sites", "zones", "streets"):
    STUDY = STUDY.replace(f"{_name}.gpkg", f"{_name}.geojson")


def write(folder: Path, layers: Layers) -> None:
    """Write layers as GeoJSON, which takes any mixture of types."""
    for name, frame in layers.items():
        path = folder / f"{name}.geojson"
        frame.to_file(path, driver="GeoJSON", engine="pyogrio")


def inspect(folder: Path) -> Findings | InputError:
    """Check a study; faults of the study file come as an error."""
    try:
        return siting.read_study(folder / "study.toml").inspect()
    except InputError as error:
        return error


def assert_helpful(found: Findings | InputError) -> None:
    """Check that every fault says what to do."""
    for fault in found.faults:
        assert fault.remedy.strip(), str(fault)
        assert len(str(fault)) > 30, str(fault)


# --------------------------------------------------------------------------- mutations


def _cell(rng: Rng, layers: Layers, value: object) -> None:
    """Put a value into one cell of one layer."""
    name = str(rng.choice(["sites", "zones"]))
    frame = layers[name]
    column = str(rng.choice([each for each in frame.columns if each != "geometry"]))
    values = frame[column].astype(object).tolist()
    values[int(rng.integers(len(values)))] = value
    layers[name] = frame.assign(**{column: values})


def odd_cell(rng: Rng, layers: Layers) -> None:
    """Put something strange into a cell."""
    odd: list[object] = [
        None, "", "n/a", "1,5", "1.500,00", "-", -1.0, 0.0, 1e12, 1e-12, "NaN", "inf", "é", "'",
        '"', "12 MW", True, "x" * 500, "🙂", "1e3", -0.0, "0x10", "2024-01-01",
    ]  # fmt: skip
    _cell(rng, layers, odd[int(rng.integers(len(odd)))])


def drop_column(rng: Rng, layers: Layers) -> None:
    name = str(rng.choice(list(layers)))
    columns = [each for each in layers[name].columns if each != "geometry"]
    layers[name] = layers[name].drop(columns=str(rng.choice(columns)))


def rename_column(rng: Rng, layers: Layers) -> None:
    name = str(rng.choice(list(layers)))
    columns = [each for each in layers[name].columns if each != "geometry"]
    old = str(rng.choice(columns))
    new = str(rng.choice([old.upper(), f" {old}", f"{old}_x", "geometry_", "ID"]))
    layers[name] = layers[name].rename(columns={old: new})


def same_id(rng: Rng, layers: Layers) -> None:
    name, column = [("sites", "site_id"), ("zones", "zone_id")][int(rng.integers(2))]
    layers[name] = layers[name].assign(**{column: layers[name][column].iloc[0]})


def scale_demand(rng: Rng, layers: Layers) -> None:
    """Demand in another unit: the sum that counts is that of the file."""
    factor = float(rng.choice([1e-3, 1e3, 1e6, 3.6, -1.0]))
    zones = layers["zones"]
    layers["zones"] = zones.assign(annual_demand_mwh=zones["annual_demand_mwh"] * factor)


def odd_shape(rng: Rng, layers: Layers) -> None:
    """Put a strange geometry in the place of one."""
    name = str(rng.choice(list(layers)))
    frame = layers[name]
    shapes = frame.geometry.to_numpy().copy()
    row = int(rng.integers(len(shapes)))
    x, y = shapely.get_coordinates(shapes[row])[0]
    odd = [
        None,
        shapely.Point(),
        shapely.Point(x, y),
        shapely.LineString([(x, y), (x, y)]),
        shapely.LineString([(x, y), (x + 40, y + 40)]),
        shapely.Polygon([(x, y), (x + 9, y + 9), (x + 9, y), (x, y + 9)]),
        shapely.box(x, y, x + 30, y + 30),
        shapely.MultiPoint([(x, y), (x + 10, y)]),
        shapely.MultiLineString([[(x, y), (x + 50, y)], [(x + 60, y), (x + 90, y)]]),
        shapely.GeometryCollection([shapely.Point(x, y)]),
        shapely.force_3d(shapes[row], 12.0),
        shapely.Polygon([(x, y), (x + 1, y), (x, y)]),
        shapely.LineString([(x, y), (x + 30, y), (x + 30, y + 30), (x + 15, y - 15)]),
    ]
    shapes[row] = odd[int(rng.integers(len(odd)))]
    layers[name] = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def shake(rng: Rng, layers: Layers) -> None:
    """Move every vertex of the streets by up to some distance."""
    reach = float(rng.choice([0.0005, 0.05, 0.5, 5.0]))
    frame = layers["streets"]
    moved = shapely.transform(
        frame.geometry.to_numpy(), lambda xy: xy + rng.uniform(-reach, reach, xy.shape)
    )
    layers["streets"] = frame.set_geometry(gpd.GeoSeries(moved, crs=frame.crs))


def repeat_rows(rng: Rng, layers: Layers) -> None:
    name = str(rng.choice(list(layers)))
    frame = layers[name]
    more = frame.iloc[rng.integers(0, len(frame), 2)]
    layers[name] = gpd.GeoDataFrame(pd.concat([frame, more], ignore_index=True), crs=frame.crs)


def drop_rows(rng: Rng, layers: Layers) -> None:
    name = str(rng.choice(list(layers)))
    kept = rng.random(len(layers[name])) < rng.choice([0.0, 0.3, 0.8])
    layers[name] = layers[name][kept]


def shuffle(rng: Rng, layers: Layers) -> None:
    for name, frame in layers.items():
        layers[name] = frame.iloc[rng.permutation(len(frame))]


def other_crs(rng: Rng, layers: Layers) -> None:
    """Bring a layer into another CRS, or state a wrong one."""
    name = str(rng.choice(list(layers)))
    crs = str(rng.choice(["EPSG:4326", "EPSG:3879", "EPSG:3857", "EPSG:32635", "EPSG:27700"]))
    if rng.random() < 0.5:
        layers[name] = layers[name].to_crs(crs)
    else:
        layers[name] = layers[name].set_crs(crs, allow_override=True)


def swap_axes(rng: Rng, layers: Layers) -> None:
    name = str(rng.choice(list(layers)))
    frame = layers[name]
    swapped = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    layers[name] = frame.set_geometry(gpd.GeoSeries(swapped, index=frame.index, crs=frame.crs))


def far(rng: Rng, layers: Layers) -> None:
    """Move a layer or one feature away."""
    name = str(rng.choice(list(layers)))
    frame = layers[name]
    shapes = frame.geometry.to_numpy().copy()
    chosen = slice(None) if rng.random() < 0.5 else int(rng.integers(len(shapes)))
    by = float(rng.choice([100.0, 1_000.0, 1e5, 1e7]))
    shapes[chosen] = shapely.transform(shapes[chosen], lambda xy: xy + by)
    layers[name] = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


MUTATIONS: list[Callable[[Rng, Layers], None]] = [
    odd_cell, odd_cell, odd_cell, drop_column, rename_column, same_id, scale_demand, odd_shape,
    odd_shape, odd_shape, shake, repeat_rows, drop_rows, shuffle, other_crs, swap_axes, far,
]  # fmt: skip


# ------------------------------------------------------------------- what must be conserved


def assert_conserved(found: Findings, layers: Layers) -> None:
    """Check demand, heat and street length against sums over the layers themselves."""
    assert found.result is not None
    zones = layers["zones"]
    column = next(each for each in zones if each.lower().strip() == "annual_demand_mwh")
    told = pd.to_numeric(
        zones[column].map(lambda v: str(v).replace(",", ".")), errors="coerce"
    ).sum()
    counts = found.result.counts
    assert counts["annual_demand_gwh"] * 1000 == pytest.approx(told, rel=DEMAND_TOLERANCE)
    reached = math.fsum(zone.heat_mwh for zone in found.result.assembly.problem.zones)
    lost = _demand_of_left_out(found)
    assert reached + lost == pytest.approx(told, rel=DEMAND_TOLERANCE)
    read = next(each for each in found.remarks if each.act == "read street lines")
    drawn = layers["streets"].to_crs(found.region.crs).geometry
    lines = drawn[drawn.geom_type.isin(["LineString", "MultiLineString"])]
    assert read.length_m == pytest.approx(float(lines.length.sum()), rel=DISTORTION, abs=0.01)
    assert_length_balance(found)


def _demand_of_left_out(found: Findings) -> float:
    """Return the demand of zones that are not in the problem [MWh/a]."""
    assert found.assembly is not None
    demand = found.region.zones.frame["annual_demand_mwh"]
    return float(demand[~demand.index.isin(list(found.assembly.zone_ids.values()))].sum())


def assert_length_balance(found: Findings) -> None:
    """Check that what was read is what was kept, and what the log says was dropped or added."""
    lengths: dict[str, float] = {}
    for each in found.remarks:
        lengths[each.act] = lengths.get(each.act, 0.0) + each.length_m
    gone = (
        "left out classes that are no streets for pipes",
        "dropped forbidden streets",
        "cut streets where a closed barrier lies across them",
        "dropped lines without length",
        "dropped lines drawn twice",
        "dropped pieces that lie on each other",
        "dropped parts without site and zone",
        "dropped dead ends without site or zone",
        "dropped loops without site or zone",
        "kept streets",
    )
    out = math.fsum(lengths.get(act, 0.0) for act in gone)
    into = lengths["read street lines"] + lengths.get("closed gaps between streets", 0.0)
    # Ends that touch within a millimetre are made one without a word.
    assert out == pytest.approx(into, abs=LENGTH_TOLERANCE_M), lengths


# -------------------------------------------------------------------------------- tests

BATCHES, PER_BATCH = 13, 50
TOML_BATCHES, TOML_PER_BATCH = 8, 50


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mutated_layers(batch: int, folder: Path) -> None:
    sound = 0
    for number in range(PER_BATCH):
        seed = SEED + batch * PER_BATCH + number
        rng = np.random.default_rng(seed)
        layers = small_layers()
        for _ in range(int(rng.integers(1, 3))):
            change = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
            try:
                change(rng, layers)
            except (KeyError, ValueError, IndexError, TypeError, shapely.errors.GEOSException):
                continue  # a second change may find nothing to change
        try:
            write(folder, layers)
        except (ValueError, TypeError):
            continue  # not a file that anyone could write
        found = inspect(folder)
        assert_helpful(found)
        if isinstance(found, Findings) and found.result is not None:
            sound += 1
            try:
                assert_conserved(found, layers)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {error}") from error
    # Some mutations are harmless: the sums above are not compared in vain.
    assert 3 <= sound <= 0.8 * PER_BATCH


@pytest.mark.parametrize("batch", range(TOML_BATCHES))
def test_mutated_study_files(batch: int, folder: Path) -> None:
    """A changed study file is a fault, or means the same or what it says."""
    for number in range(TOML_PER_BATCH):
        seed = SEED + batch * TOML_PER_BATCH + number
        rng = np.random.default_rng(seed)
        (folder / "study.toml").write_text(_mutated_text(rng, STUDY), encoding="utf-8")
        found = inspect(folder)
        assert_helpful(found)
        if isinstance(found, Findings) and found.result is not None:
            assert found.result.counts["annual_demand_gwh"] == pytest.approx(7.1), seed


def _mutated_text(rng: Rng, text: str) -> str:
    """Return a study file with one line changed, taken out, put in or twice."""
    lines = text.splitlines()
    row = int(rng.integers(len(lines)))
    odd: list[Any] = [
        '""', "-1", "nan", "inf", "true", "[]", "{}", '"abc"', "1e400", "0", "[1, 2, 3, 4]", "",
        "2024-01-01", "'''", "0.5", '"zones.geojson"', '"/"', '"."', "99999999999999999999",
    ]  # fmt: skip
    what = int(rng.integers(6))
    if what == 0 and "=" in lines[row]:
        lines[row] = lines[row].split("=")[0] + "= " + odd[int(rng.integers(len(odd)))]
    elif what == 1:
        del lines[row]
    elif what == 2:
        lines.insert(row, lines[int(rng.integers(len(lines)))])
    elif what == 3 and lines[row]:
        cut = int(rng.integers(len(lines[row])))
        lines[row] = lines[row][:cut] + chr(int(rng.integers(33, 127))) + lines[row][cut + 1 :]
    elif what == 4:
        keys = ["snap_tolerance_m", "strict", "where", "columns", "crs", "demand_unit", "join"]
        key = str(rng.choice(keys))
        lines.insert(row, f"{key} = {odd[int(rng.integers(len(odd)))]}")
    else:
        lines = lines[:row]
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(60))
def test_broken_files(seed: int, folder: Path) -> None:
    """Bytes that were cut off or changed never end in a traceback."""
    rng = np.random.default_rng(SEED + seed)
    name = ("sites", "zones", "streets")[seed % 3]
    path = folder / f"{name}.geojson"
    content = bytearray(path.read_bytes())
    if seed % 2:
        content = content[: int(rng.integers(len(content)))]
    else:
        for place in rng.integers(0, len(content), 12):
            content[int(place)] = int(rng.integers(256))
    path.write_bytes(bytes(content))
    assert_helpful(inspect(folder))


# --------------------------------------------------------------------------- invariance


def edges_as_told(found: Findings) -> list[tuple[object, ...]]:
    """Return the network in numbers that do not depend on keys."""
    assert found.result is not None
    edges = found.result.network.edges
    return sorted(
        zip(edges["kind"], edges["length_m"].round(3), edges["cost_length_m"].round(3), strict=True)
    )


def test_order_of_rows_ids_and_crs_do_not_matter(folder: Path) -> None:
    """Rows in any order, ids as numbers and layers in degrees give the same network."""
    whole = inspect(folder)
    assert isinstance(whole, Findings)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        layers = small_layers()
        shuffle(rng, layers)
        write(folder, layers)
        again = inspect(folder)
        assert isinstance(again, Findings)
        assert edges_as_told(again) == edges_as_told(whole)
        assert again.result.counts == whole.result.counts  # type: ignore[union-attr]


@pytest.mark.parametrize("ids", [[1, 2, 3, 4, 5, 6], ["1", "2", "3", "4", "5", "6"],
                                 [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])  # fmt: skip
def test_types_of_ids_do_not_matter(ids: list[object], folder: Path) -> None:
    layers = small_layers()
    layers["zones"] = layers["zones"].assign(zone_id=ids)
    write(folder, layers)
    found = inspect(folder)
    assert isinstance(found, Findings)
    assert found.assembly is not None, found.faults
    assert sorted(found.assembly.zone_ids.values()) == ["1", "2", "3", "4", "5", "6"]
    assert found.assembly.problem.zones[0].heat_mwh == 900.0


@pytest.mark.parametrize("name", ["sites", "zones", "streets"])
def test_the_crs_of_a_layer_does_not_matter(name: str, folder: Path) -> None:
    study = folder / "study.toml"
    text = STUDY.replace("[study]", '[study]\ncrs = "EPSG:3067"')
    study.write_text(text, encoding="utf-8")
    # GeoJSON rounds degrees to 7 digits, a centimetre.
    whole = inspect(folder)
    layers = small_layers()
    frame = layers[name].to_crs("EPSG:3879")
    frame.to_file(folder / f"{name}.gpkg", driver="GPKG")
    study.write_text(text.replace(f"{name}.geojson", f"{name}.gpkg"), encoding="utf-8")
    moved = inspect(folder)
    assert isinstance(whole, Findings)
    assert isinstance(moved, Findings)
    one, other = edges_as_told(whole), edges_as_told(moved)
    assert [each[0] for each in one] == [each[0] for each in other]
    lengths = [[each[1] for each in told] for told in (one, other)]
    assert lengths[0] == pytest.approx(lengths[1], abs=0.05)
