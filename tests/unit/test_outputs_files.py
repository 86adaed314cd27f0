"""A run folder is written whole or not at all, and never in the place of something else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sample_plan import small_town, with_nothing_built

from siting.appraisal import appraise
from siting.config import read_config
from siting.errors import InputError
from siting.outputs import files
from siting.outputs.files import explain_folder, read_plan, write_run
from siting.outputs.frames import plan_facts, plan_frames
from siting.parameters import load_parameters
from siting.problem import read_problem

STUDY = """
[study]
name = "Warm town"
description = "Which sites?"
[layers.sites]
path = "layers/sites.geojson"
[layers.zones]
path = "layers/zones.shp"
[layers.streets]
path = "layers/streets.geojson"
[solver]
seed = 7
"""
MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NAMES = {
    "map.html", "plan.gpkg", "plan.xlsx", "edges.csv", "kpis.json", "report.html", "problem.json",
    "solution.json", "run.log", "manifest.json",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "layers").mkdir()
    for name in ("sites.geojson", "zones.shp", "zones.dbf", "streets.geojson"):
        (tmp_path / "layers" / name).write_text(name)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def run_of(folder, town=None):
    town = town or small_town()
    facts = plan_facts(town.region, town.network, town.assembly)
    return SimpleNamespace(
        config=read_config(folder / "study.toml"),
        checked=SimpleNamespace(
            parameters=load_parameters(), remarks=town.region.remarks, doubts=()
        ),
        region=town.region,
        network=town.network,
        assembly=town.assembly,
        plan=town.plan,
        appraisal=appraise(town.assembly.problem, town.plan, facts),
        frames=plan_frames(town.region, town.network, town.assembly, town.plan),
        business=None,
        findings=(),
        alternatives=None,
    )


@pytest.mark.parametrize("built", [True, False], ids=["built", "empty"])
def test_the_folder_is_complete(folder, built):
    town = small_town() if built else with_nothing_built(small_town())
    out = write_run(folder / "out", run_of(folder, town), created=MADE)
    assert {path.name for path in out.iterdir()} == NAMES
    assert read_problem(out / "problem.json") == town.assembly.problem
    assert read_plan(out / "solution.json") == town.plan
    assert {path.name for path in folder.iterdir()} == {"layers", "study.toml", "out"}


def test_the_manifest_names_inputs_and_outputs(folder):
    log = folder / "today.log"
    log.write_text("read 3 sites\n")
    out = write_run(folder / "out", run_of(folder), run_log=log, created=MADE)
    manifest = json.loads((out / "manifest.json").read_text())
    assert (out / "run.log").read_text() == "read 3 sites\n"
    assert manifest["study_file"] == "../study.toml"
    assert manifest["study_text"] == STUDY
    assert manifest["created_utc"] == "2026-01-02T03:04:05Z"
    assert manifest["seed"] == 7
    assert manifest["status"] == "optimal within the gap"
    assert set(manifest["inputs"]) == {
        "study.toml", "layers/sites.geojson", "layers/zones.shp", "layers/zones.dbf",
        "layers/streets.geojson",
    }  # fmt: skip
    assert set(manifest["outputs"]) == NAMES - {"manifest.json"}
    for name, told in manifest["outputs"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == told
    assert manifest["zone_ids"]["z1"] == "Z-1"
    assert manifest["packages"]["geopandas"]
    assert str(folder) not in (out / "manifest.json").read_text()


def test_the_same_run_gives_the_same_files(folder):
    first = write_run(folder / "a", run_of(folder), created=MADE)
    second = write_run(folder / "b", run_of(folder), created=MADE)
    for name in NAMES:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_an_older_run_is_replaced_and_notes_are_kept(folder):
    out = write_run(folder / "out", run_of(folder))
    (out / "my notes.txt").write_text("mine")
    (out / "figures").mkdir()
    (out / "map.html").write_text("old")
    write_run(out, run_of(folder))
    assert (out / "map.html").read_text() != "old"
    assert {path.name for path in out.iterdir()} == NAMES | {"my notes.txt", "figures"}
    assert {path.name for path in folder.iterdir()} == {"layers", "study.toml", "out"}


def test_further_formats_are_listed_and_replaced(folder):
    text = STUDY + '[outputs]\nformats = ["geojson", "shapefile"]\n'
    (folder / "study.toml").write_text(text)
    out = write_run(folder / "out", run_of(folder), created=MADE)
    listed = json.loads((out / "manifest.json").read_text())["outputs"]
    assert {"geojson/pipes.geojson", "shapefile/zones.shp", "shapefile/fields.csv"} <= set(listed)
    for name, told in listed.items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == told
    (out / "geojson" / "my.geojson").write_text("mine")
    (folder / "study.toml").write_text(STUDY)
    write_run(out, run_of(folder), created=MADE)
    assert not (out / "shapefile").exists()
    assert [path.name for path in (out / "geojson").iterdir()] == ["my.geojson"]


def test_a_failure_leaves_the_older_run_as_it_was(folder, monkeypatch):
    out = write_run(folder / "out", run_of(folder), created=MADE)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def fail(*_args, **_options):
        raise RuntimeError("disk full")

    monkeypatch.setattr(files, "write_report", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        write_run(out, run_of(folder))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert {path.name for path in folder.iterdir()} == {"layers", "study.toml", "out"}


def test_a_failed_move_puts_the_older_run_back(folder, monkeypatch):
    out = write_run(folder / "out", run_of(folder), created=MADE)
    rename = files.Path.rename

    def stubborn(path, target):
        if path.suffix == ".part":
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(files.Path, "rename", stubborn)
    with pytest.raises(InputError, match="cannot be written: Permission denied"):
        write_run(out, run_of(folder))
    assert {path.name for path in out.iterdir()} == NAMES
    assert {path.name for path in folder.iterdir()} == {"layers", "study.toml", "out"}


def test_a_folder_that_is_no_run_folder_is_refused(folder):
    with pytest.raises(InputError, match=r"holds files but no manifest\.json"):
        write_run(folder / "layers", run_of(folder))
    with pytest.raises(InputError, match="is a file"):
        write_run(folder / "study.toml", run_of(folder))


def test_a_run_folder_explains_its_zones_and_sites(folder):
    out = write_run(folder / "out", run_of(folder))
    assert explain_folder(out, "Z-1").reason == "served"
    assert explain_folder(out / "plan.gpkg", "Z-6").reason == "forbidden"
    assert explain_folder(out, "S-1").reason == "chosen"
    assert explain_folder(out, "Z-5").reason == "out of reach of the streets"
    with pytest.raises(InputError, match="there is no zone or site 'Z-11'"):
        explain_folder(out, "Z-11")
    with pytest.raises(InputError, match="is no run folder"):
        explain_folder(folder / "layers", "Z-1")


def test_an_infinite_gap_survives(folder):
    town = small_town()
    proof = replace(town.plan.proof, gap=float("inf"), bound=None)
    plan = replace(town.plan, proof=proof)
    out = write_run(folder / "out", run_of(folder, replace(town, plan=plan)))
    assert read_plan(out / "solution.json") == plan
    assert json.loads((out / "kpis.json").read_text())["proof"]["gap"] is None
