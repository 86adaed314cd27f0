"""The commands on the years ahead, from the study file to their folder."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
from typer.testing import CliRunner

from siting.cli import app
from siting.outputs.assets import outside_links

runner = CliRunner()


def add(study: Path, text: str) -> None:
    file = study / "study.toml"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_stress_writes_its_folder(small_study: Path, tmp_path: Path) -> None:
    add(small_study, '\n[departure]\nsites = ["DC-1"]\nsecure = false\nhazards = {"DC-1" = 0.06}\n')
    out = tmp_path / "stress"
    options = ["--out", str(out), "--gap", "0.3", "--time-limit", "10", "--json"]
    result = runner.invoke(app, ["stress", str(small_study), *options])
    assert result.exit_code in (0, 4), result.output
    figures = json.loads(result.stdout)
    assert figures["value_of_preparing_kwh_per_euro"] >= -1e-9
    usual, prepared = figures["designs"]
    hazards = figures["expected_kwh_per_euro_with_hazards"]
    assert 0 < hazards["usual_plan"] < usual["heat_per_euro_kwh"] * 15.3725
    assert hazards["hedged_plan"] >= hazards["usual_plan"] * (1 - 1e-6)
    assert usual["heat_per_euro_kwh"] >= prepared["heat_per_euro_kwh"] * (1 - 0.25)
    stays = figures["net_present_value_eur"]["all_stay"]
    assert stays > figures["net_present_value_eur"]["all_leave_and_are_replaced"]
    page = (out / "stress.html").read_text(encoding="utf-8")
    assert outside_links(page) == []
    assert "DC-1 leaves" in page
    assert (out / "stress.json").exists()
    assert "What if a source leaves?" in (out / "map.html").read_text(encoding="utf-8")
    pipes = gpd.read_file(out / "stress.gpkg", layer="usual_pipes")
    assert "stranded_in" in pipes


def test_phases_writes_its_folder(small_study: Path, tmp_path: Path) -> None:
    add(small_study, "\n[phases]\nyears_a = [10, 20]\n")
    out = tmp_path / "phases"
    options = ["--out", str(out), "--gap", "0.3", "--time-limit", "10"]
    result = runner.invoke(app, ["phases", str(small_study), *options])
    assert result.exit_code in (0, 4), result.output
    assert "2026-2035" in result.stdout
    page = (out / "phases.html").read_text(encoding="utf-8")
    assert outside_links(page) == []
    assert 'type="range"' in page
    assert "The network year by year" in (out / "map.html").read_text(encoding="utf-8")
    figures = json.loads((out / "phases.json").read_text(encoding="utf-8"))
    assert len(figures["periods"]) == 2
    pipes = gpd.read_file(out / "phases.gpkg", layer="pipes")
    assert set(pipes["used_from"]) <= {2026, 2036}


@pytest.mark.parametrize("verb", ["stress", "phases"])
def test_unknown_ids_are_told(small_study: Path, verb: str) -> None:
    add(small_study, '\n[departure]\nsites = ["DC-99"]\n[phases]\nzones = { "Z-99" = 2030 }\n')
    result = runner.invoke(app, [verb, str(small_study), "--gap", "0.5", "--time-limit", "3"])
    assert result.exit_code == 1
    assert "99" in result.stderr
