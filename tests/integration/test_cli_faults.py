"""Faults of the input: each ends in a sentence and an exit code, and all are said at once."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner, Result

from siting.cli import app

runner = CliRunner()

Change = Callable[[Path], None]


def change_layer(name: str, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]) -> Change:
    """Return a step that rewrites one layer of a study."""

    def step(folder: Path) -> None:
        file = folder / f"{name}.gpkg"
        changed = change(gpd.read_file(file))
        file.unlink()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="'crs' was not provided")
            changed.to_file(file, layer=name, driver="GPKG")

    return step


def change_study(old: str, new: str) -> Change:
    """Return a step that replaces text in the study file."""

    def step(folder: Path) -> None:
        file = folder / "study.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    return step


def remove(name: str) -> Change:
    """Return a step that removes a layer."""
    return lambda folder: (folder / f"{name}.gpkg").unlink()


def with_value(column: str, value: object, row: int = 0) -> Callable[..., gpd.GeoDataFrame]:
    """Return a change of one value."""

    def change(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        values = frame[column].tolist()
        values[row] = value
        return frame.assign(**{column: values})

    return change


def far_away(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Move the first feature three kilometres away."""
    moved = frame.geometry.tolist()
    moved[0] = shapely.Point(moved[0].x - 3_000, moved[0].y)
    return frame.set_geometry(moved, crs=frame.crs)


def with_island(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add a street that meets no other."""
    east, north = 503_000.0, 6_700_000.0
    island = shapely.LineString([(east, north), (east + 400, north)])
    row = gpd.GeoDataFrame({"name": ["Island"]}, geometry=[island], crs=frame.crs)
    return gpd.GeoDataFrame(pd.concat([frame, row], ignore_index=True), crs=frame.crs)


def onto_island(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Move all features onto the street that meets no other."""
    places = [shapely.Point(503_020 + 50 * n, 6_700_010) for n in range(len(frame))]
    return frame.set_geometry(places, crs=frame.crs)


def both(*steps: Change) -> Change:
    """Return several steps as one."""

    def step(folder: Path) -> None:
        for each in steps:
            each(folder)

    return step


FAULTS: dict[str, tuple[Change, int, tuple[str, ...]]] = {
    "a missing file": (remove("zones"), 1, ("zones", "zones.gpkg")),
    "a missing column": (
        change_layer("zones", lambda f: f.drop(columns="annual_demand_mwh")),
        1,
        ("zones", "annual_demand_mwh"),
    ),
    "no CRS": (
        change_layer("sites", lambda f: f.set_crs(None, allow_override=True)),
        1,
        ("sites", "CRS"),
    ),
    "an empty layer": (change_layer("zones", lambda f: f.iloc[:0]), 1, ("zones",)),
    "duplicate ids": (change_layer("zones", with_value("zone_id", "Z-1")), 1, ("zones", "'Z-1'")),
    "negative demand": (
        change_layer("zones", with_value("annual_demand_mwh", -5.0)),
        1,
        ("zones", "annual_demand_mwh", "'Z-0'"),
    ),
    "absent demand": (
        change_layer("zones", with_value("annual_demand_mwh", None)),
        1,
        ("zones", "annual_demand_mwh", "'Z-0'"),
    ),
    "demand in kWh": (
        change_layer("zones", lambda f: f.assign(annual_demand_mwh=f.annual_demand_mwh * 1000)),
        1,
        ("zones", "kWh", "'Z-0'"),
    ),
    "a site far from any street": (
        change_layer("sites", far_away),
        1,
        ("sites", "'DC-1'", "max_site_connection_m"),
    ),
    "zones on another network part": (
        both(change_layer("streets", with_island), change_layer("zones", onto_island)),
        3,
        ("'Z-0'", "no site is connected"),
    ),
    "an impossible budget": (
        change_study("min_share = 0.3", "min_share = 0.3\nbudget_eur = 1000"),
        3,
        ("budget",),
    ),
    "an unknown key": (
        change_study("min_share", "min_shares"),
        1,
        ("'min_shares' is not known", "Did you mean 'min_share'?"),
    ),
    "an unknown parameter": (
        change_study("[limits]", "[parameters]\nutilization = 0.5\n\n[limits]"),
        1,
        ("'utilization'", "Did you mean 'utilisation'?"),
    ),
    "an unknown site in a limit": (
        change_study("min_share = 0.3", 'mandatory_sites = ["DC-9"]'),
        1,
        ("'DC-9'", "mandatory_sites"),
    ),
    "a solver that is not installed": (
        change_study("[solver]", '[solver]\nname = "gurobi"'),
        1,
        ("'gurobi'", "not installed", "highs"),
    ),
}


def run(folder: Path) -> Result:
    return runner.invoke(app, ["run", str(folder)])


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_in_a_sentence(small_study: Path, name: str) -> None:
    change, code, words = FAULTS[name]
    change(small_study)
    result = run(small_study)
    said = result.stderr
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert "Unexpected" not in said
    bullets = [line for line in said.splitlines() if line.startswith("- ")]
    assert bullets, said
    for word in words:
        assert word.lower() in said.lower(), said
    assert all(re.search(r"[.?!]$", bullet) for bullet in bullets), said
    assert not (small_study / "out").exists()


def test_layers_in_different_crs_end_where_they_lie_or_in_a_sentence(small_study: Path) -> None:
    """Zones in degrees are brought to the working CRS; the plan does not change."""
    before = runner.invoke(app, ["check", str(small_study), "--json"])
    change_layer("zones", lambda frame: frame.to_crs("EPSG:4326"))(small_study)
    after = runner.invoke(app, ["check", str(small_study), "--json"])
    assert before.exit_code == after.exit_code == 0, after.output


def test_a_wrong_crs_is_noticed(small_study: Path) -> None:
    """Zones whose file states another CRS than it has lie far away from everything."""
    change_layer("zones", lambda f: f.set_crs("EPSG:3879", allow_override=True))(small_study)
    result = run(small_study)
    assert result.exit_code == 1, result.output
    assert "zones" in result.stderr
    assert "Traceback" not in result.output


def test_all_faults_are_said_at_once(small_study: Path) -> None:
    both(
        remove("streets"),
        change_layer("zones", with_value("zone_id", "Z-1")),
        change_layer("sites", lambda f: f.drop(columns="it_load_mw")),
        change_study("[limits]", "[parameters]\nutilization = 0.5\n\n[limits]"),
        change_study("[solver]", '[solver]\nname = "gurobi"'),
    )(small_study)
    result = runner.invoke(app, ["check", str(small_study)])
    assert result.exit_code == 1
    for word in ("streets.gpkg", "'Z-1'", "it_load_mw", "'utilization'", "'gurobi'"):
        assert word in result.stderr, result.stderr
