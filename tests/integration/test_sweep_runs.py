"""A sweep from the command line: killed and resumed, one worker and two, failures as rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from tiny_study import write_tiny_study
from typer.testing import CliRunner

from siting.cli import app
from siting.config import (
    FinanceConfig,
    LimitsConfig,
    NetworkConfig,
    ObjectiveConfig,
    SweepConfig,
    read_config,
)
from siting.errors import InputError
from siting.parameters import Parameters
from siting.sweep import run_sweep
from siting.sweep.work import GROUND_NETWORK, GROUND_PARAMETERS, read_ground

SWEEP = """
[sweep]
[sweep.vary]
contingency_share = { steps = 3, plan = "keep" }
electricity_price_eur_per_mwh = { plan = "keep" }
utilisation = { plan = "keep" }
limits.min_share = [0.6]
[[sweep.scenario]]
name = "hotter network"
network = { supply_temperature_c = 80.0 }
plan = "keep"
[[sweep.scenario]]
name = "no money"
limits = { budget_eur = 1000.0 }
[[sweep.scenario]]
name = "nonsense"
network = { nonsense = 1 }
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_study(tmp_path_factory.mktemp("sweep"), SWEEP)


@pytest.fixture(scope="module")
def through(study: Path) -> tuple[Path, str]:
    """Folder and words of a sweep that ran through in one process."""
    folder = study.parent / "through"
    done = CliRunner().invoke(app, ["sweep", str(study), "--out", str(folder), "--workers", "1"])
    assert done.exit_code == 0, done.output
    return folder, done.output


def table_of(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "sweep.parquet")


def test_every_scenario_is_a_row_with_inputs_seeds_and_proof(through):
    table = table_of(through[0]).set_index("name")
    assert len(table) == 1 + 3 + 2 + 2 + 1 + 3
    base = table.loc["as the study says"]
    assert base["status"] == "optimal within the gap"
    assert base["gap"] <= base["gap_wanted"] == 0.9
    assert base["bound"] >= base["value"] > 0
    assert {"sampling_seed", "solver_seed", "input.utilisation"} <= set(table.columns)
    assert table.loc["contingency_share = 0.3", "capex_eur"] > base["capex_eur"]
    assert table.loc["contingency_share = 0.3", "heat_mwh"] == pytest.approx(base["heat_mwh"])


def test_a_failed_scenario_is_a_row_not_a_crash(through):
    table = table_of(through[0]).set_index("name")
    assert table.loc["no money", "status"] == "infeasible"
    assert "nonsense" in table.loc["nonsense", "message"]
    assert table.loc["nonsense", "status"] == "faulty input"
    assert table.loc[["no money", "nonsense"], "heat_mwh"].isna().all()


def test_the_folder_holds_charts_map_and_words(through):
    folder, words = through
    names = {
        "sweep.html",
        "map.html",
        "chosen.gpkg",
        "tornado.png",
        "spider.png",
        "fan.png",
        "plans.csv",
    }
    assert names <= {path.name for path in folder.iterdir()}
    assert "is the one to build" in words or "has the least regret" in words
    page = (folder / "sweep.html").read_text(encoding="utf-8")
    assert "Which assumption moves the heat per euro" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def table_of_sweep(study: Path, through: tuple[Path, str]) -> pd.DataFrame:
    """Return the table of the sweep that ran through, from what it stored."""
    config = read_config(study)
    return run_sweep(config, config.sweep, through[0], workers=1).table()


def test_a_sweep_killed_with_one_worker_and_gone_on_with_by_two_gives_the_same_table(
    study, through
):
    folder = study.parent / "killed"
    command = [sys.executable, "-m", "siting", "sweep", str(study), "--out", str(folder)]
    paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    running = subprocess.Popen(
        [*command, "--workers", "1"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 300
    while not any(folder.glob("searched/0*.json")) and time.monotonic() < until:
        time.sleep(0.02)
    running.kill()
    running.wait()
    stored = len(list(folder.glob("*/0*.json")))
    assert stored >= 1
    config = read_config(study)
    told = []
    done = run_sweep(config, config.sweep, folder, workers=2, progress=told.append)
    assert told[0].done >= 1
    # Why limits cannot be met is told by a short search of its own: on a busy machine it says less.
    tables = [
        each.drop(columns="message") for each in (done.table(), table_of_sweep(study, through))
    ]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_a_folder_of_another_sweep_is_refused_until_it_is_thrown_away(study, through):
    config, other = read_config(study), SweepConfig(vary={"cop_cap": [7.0]})
    with pytest.raises(InputError, match="--fresh"):
        run_sweep(config, other, through[0], workers=1)
    stranger = study.parent / "stranger"
    stranger.mkdir()
    (stranger / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(InputError, match="something else"):
        run_sweep(config, other, stranger, workers=1)


def test_a_dry_run_lists_and_a_study_without_a_sweep_is_told(study, tmp_path):
    listed = CliRunner().invoke(app, ["sweep", str(study), "--dry-run"])
    assert "nothing was solved" in listed.output
    assert "[the study's plan kept]" in listed.output
    plain = write_tiny_study(tmp_path / "plain")
    missing = CliRunner().invoke(app, ["sweep", str(plain)])
    assert missing.exit_code == 1
    assert "has no section [sweep]" in missing.output


def test_json_says_how_many_and_what_is_advised(study, through):
    run = ["sweep", str(study), "--out", str(through[0]), "--workers", "1", "--json"]
    said = json.loads(CliRunner().invoke(app, run).stdout)
    assert said["done"] == said["scenarios"] == 12
    assert said["status"]["infeasible"] == 1


def test_only_the_listed_figures_move_layers_and_network(study, monkeypatch):
    """A figure that the ground depends on and that is not listed would give stale plans."""
    asked: set[str] = set()
    settings: set[str] = set()
    config = read_config(study)
    monkeypatch.setattr("siting.sweep.work.ground_key", lambda _: "")
    for section in (NetworkConfig, LimitsConfig, ObjectiveConfig, FinanceConfig):
        monkeypatch.setattr(section, "__getattribute__", recorder(section, settings))
    value = Parameters.value

    def watched(self: Parameters, name: str) -> float:
        asked.add(name)
        return value(self, name)

    monkeypatch.setattr(Parameters, "value", watched)
    read_ground(config)
    assert asked <= set(GROUND_PARAMETERS)
    assert asked
    assert settings <= set(GROUND_NETWORK)
    assert "surface" in settings


def recorder(section: type, names: set[str]):
    """Return a look-up of attributes that notes which settings are asked for."""
    look_up, fields = section.__getattribute__, set(section.model_fields)

    def noted(self: object, name: str) -> object:
        if name in fields:
            names.add(name)
        return look_up(self, name)

    return noted
