"""A simulation goes into a run folder whole or not at all, and the folder still verifies."""

from __future__ import annotations

import json
from pathlib import Path

import pyogrio
import pytest
from sample_plan import small_town

from siting.appraisal import appraise
from siting.errors import InputError, SitingError
from siting.outputs import printing
from siting.outputs.assets import outside_links
from siting.outputs.files import hash_of
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.hydraulics import map_with_check, report_with_check
from siting.outputs.maps import write_map
from siting.outputs.report import write_report
from siting.outputs.tables import write_geopackage
from siting.simulate.engine import require_engine
from siting.simulate.folder import read_case, write_simulation
from siting.simulate.results import (
    ConsumerResult,
    DayResult,
    Finding,
    PipeResult,
    Simulation,
    SourceResult,
)
from siting.verify.run_folder import _check_outputs, _Notes

ROGUE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with map, report, layers and manifest of the sample plan."""
    import hashlib

    folder = tmp_path_factory.mktemp("run") / "out"
    folder.mkdir()
    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    write_map(frames, appraisal, town.plan, folder / "map.html", title="Warm town")
    write_report(frames, appraisal, town.plan, folder / "report.html", title="Warm town")
    write_geopackage(frames, appraisal.kpis(), folder / "plan.gpkg")
    outputs = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
    }
    manifest = {"format": "siting-run", "settings": {}, "outputs": outputs}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    import shutil

    return Path(shutil.copytree(written, tmp_path / "out"))


def simulation(folder: Path) -> Simulation:
    """Return made-up figures for some of the features of the sample plan."""
    pipes = pyogrio.read_dataframe(folder / "plan.gpkg", layer="pipes", read_geometry=False)
    pipe = str(pipes["pipe_id"].iloc[0])
    day = DayResult(
        "design",
        "every zone draws its base",
        converged=True,
        full=True,
        pipes=(PipeResult(pipe, "DN100", 15.0, 15.0, 1.9, 1.8, 260.0, 3.0, 3.1, "DN125"),),
        consumers=(ConsumerResult("Z-1", 900.0, 7.2, 7.1, 64.2, 0.8, 0.5, 0.31, 0.4, 1.1, 1.8),),
        sources=(SourceResult("S-1", True, 1.91, 1.9, 15.2, 34.9, 0.81, 1.8),),
    )
    text = f"Pipe {pipe} {ROGUE}."
    return Simulation(
        (day,),
        (
            Finding("design", "enlarge", pipe, text),
            Finding("design", "reduce", "e9", "Less.", False),
        ),
        {
            "supply_temperature_c": 65.0,
            "return_temperature_c": 35.0,
            "supply_drop_limit_k": 5.0,
            "consumer_pressure_bar": 0.5,
        },
    )


def hashes_agree(folder: Path) -> list[str]:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    notes = _Notes()
    _check_outputs(folder, manifest, notes)
    return notes.disagreements


def test_everything_is_written_and_its_hashes_agree(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert write_simulation(simulation(folder), folder) == []
    assert hashes_agree(folder) == []
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {"simulation.json", "simulation.gpkg"} <= set(manifest["outputs"])
    raw = json.loads((folder / "simulation.json").read_text(encoding="utf-8"))
    assert raw["days"][0]["figures"]["pump_power_kw"] == 1.8
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert not list(folder.parent.glob(".*part"))


def test_layers_have_the_geometry_of_the_plan(folder: Path) -> None:
    write_simulation(simulation(folder), folder)
    layers = dict(pyogrio.list_layers(folder / "simulation.gpkg").tolist())
    assert layers == {
        "design_pipes": "MultiLineString",
        "design_consumers": "Point",
        "design_sources": "Point",
        "findings": None,
    }
    frame = pyogrio.read_dataframe(folder / "simulation.gpkg", layer="design_pipes")
    plan = pyogrio.read_dataframe(folder / "plan.gpkg", layer="pipes")
    assert frame.crs == plan.crs
    assert frame.geometry.iloc[0].length == pytest.approx(plan["length_m"].iloc[0])
    assert frame["advice"].iloc[0] == "DN125"


def test_map_and_report_tell_it_once_and_safely(folder: Path) -> None:
    before = (folder / "report.html").read_text(encoding="utf-8")
    assert "have not been simulated yet" in before
    for _ in range(2):
        write_simulation(simulation(folder), folder)
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert report.count("<h2>Hydraulic check</h2>") == 1
    assert "have not been simulated yet" not in report
    assert "does not keep all limits" in report
    assert ROGUE not in report
    drawn = (folder / "map.html").read_text(encoding="utf-8")
    assert drawn.count("siting.check({") == 1
    assert '"v": 1.9' in drawn
    assert ROGUE not in drawn
    assert outside_links(drawn) == outside_links(report) == []


def with_an_older_pdf(folder: Path) -> None:
    """Put a PDF into a run folder as a run writes it."""
    (folder / "report.pdf").write_bytes(b"%PDF-1.7 older")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["outputs"]["report.pdf"] = hash_of(folder / "report.pdf")
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_the_pdf_is_that_of_the_page_or_gone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_an_older_pdf(folder)

    def printed(page: Path, pdf: Path) -> str:
        pdf.write_bytes(b"%PDF-1.7 " + page.read_bytes())
        return "browser"

    monkeypatch.setattr(printing, "print_pdf", printed)
    assert write_simulation(simulation(folder), folder) == []
    assert b"Hydraulic check" in (folder / "report.pdf").read_bytes()
    assert hashes_agree(folder) == []
    monkeypatch.undo()
    monkeypatch.setenv("SITING_BROWSER", "no-such-browser")
    left = write_simulation(simulation(folder), folder)
    assert len(left) == 1
    assert left[0].startswith("report.pdf was that of the older page and was taken away")
    assert not (folder / "report.pdf").exists()
    assert hashes_agree(folder) == []


def test_without_a_result_the_pages_say_so(folder: Path) -> None:
    found = simulation(folder)
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert report_with_check(report_with_check(report, found), None).count("siting simulate") == 1
    assert map_with_check("<html></html>", None, {}) == "<html></html>"
    assert "Hydraulic check" in report_with_check("<p></p><footer></footer>", None)


def test_a_page_that_somebody_changed_is_left_alone_and_stays_suspect(folder: Path) -> None:
    (folder / "report.html").write_text("mine", encoding="utf-8")
    assert write_simulation(simulation(folder), folder) == [
        "report.html has changed since the run and was left alone."
    ]
    assert (folder / "report.html").read_text(encoding="utf-8") == "mine"
    assert hashes_agree(folder) == [
        "report.html: has changed since the run, its SHA-256 is another."
    ]


def test_a_failure_leaves_the_folder_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siting.outputs import hydraulics

    def fail(*_: object) -> str:
        raise OSError("disk full")

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    found = simulation(folder)
    monkeypatch.setattr(hydraulics, "report_with_check", fail)
    with pytest.raises(OSError, match="disk full"):
        write_simulation(found, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_without_a_manifest_is_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run folder"):
        read_case(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_engine_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import pandas as pd

    monkeypatch.setattr(pd, "__version__", "3.1.1")
    with pytest.raises(SitingError, match=r"works with pandas 2; pandas 3\.1\.1 is installed"):
        require_engine()
    monkeypatch.setattr(pd, "__version__", "2.3.3")
    monkeypatch.setitem(sys.modules, "pandapipes", None)
    with pytest.raises(SitingError, match=r"pip install 'siting\[simulate\]'"):
        require_engine()
