"""A finished run is told again: with a frontier, in print, never with other layers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import SMALL_STUDY, write_small_layers
from typer.testing import CliRunner

import siting
from siting.cli import app
from siting.frontier import find_frontier
from siting.frontier.file import write_frontier
from siting.outputs.hydraulics import END, START
from siting.outputs.printing import printer_name

runner = CliRunner()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told") / "small"
    folder.mkdir()
    write_small_layers(folder)
    (folder / "study.toml").write_text(SMALL_STUDY, encoding="utf-8")
    study = siting.read_study(folder / "study.toml")
    if printer_name() is not None:
        study = study.with_changes(outputs={"pdf": True})
    run = study.with_changes(solver={"gap": 0.15}).run(progress=False)
    frontier = find_frontier(run.assembly.problem, time_limit_s=4, points=2, gap=0.3)
    write_frontier(frontier, folder / "found" / "frontier.json")
    return folder


@pytest.fixture
def out(finished: Path, tmp_path: Path) -> Path:
    """A copy of the study with its run."""
    shutil.copytree(finished, tmp_path / "small")
    return tmp_path / "small" / "out"


def page_of(out: Path) -> str:
    return (out / "report.html").read_text(encoding="utf-8")


def test_a_report_told_again_is_the_same_and_verifies(out: Path) -> None:
    before = page_of(out)
    result = runner.invoke(app, ["report", str(out)])
    assert result.exit_code == 0, result.output
    assert page_of(out) == before
    assert runner.invoke(app, ["verify", str(out)]).exit_code == 0


def test_the_report_of_a_run_has_sensitivities_and_the_annex(out: Path) -> None:
    page = page_of(out)
    for words in (
        "What moves the net present value", "Heat price [EUR/MWh]", "Cost of pipes",
        "Annex XI of Directive (EU) 2023/1791", "It keeps these limits: at least 30 %",
        "MW (IT load", "What is missing for a filing",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("<svg") == page.count("</svg>") >= 7


def test_a_frontier_beside_the_run_is_found_and_another_refused(out: Path) -> None:
    assert "were not computed" in page_of(out)
    beside = out.with_name("out-frontier")
    shutil.copytree(out.parent / "found", beside)
    assert runner.invoke(app, ["report", str(out)]).exit_code == 0
    page = page_of(out)
    assert "were not computed" not in page
    assert "this plan" in page
    assert "proven ceiling" in page
    raw = json.loads((beside / "frontier.json").read_text(encoding="utf-8"))
    other = out.parent / "other.json"
    other.write_text(json.dumps(raw | {"problem_sha256": "0"}), encoding="utf-8")
    result = runner.invoke(app, ["report", str(out), "--frontier", str(other)])
    assert result.exit_code == 1
    assert "about another problem" in result.output


def test_changed_layers_are_named(out: Path) -> None:
    before = page_of(out)
    (out.parent / "zones.gpkg").write_bytes(b"other")
    result = runner.invoke(app, ["report", str(out)])
    assert result.exit_code == 1
    assert "changed or gone since the run: zones.gpkg" in result.output
    assert page_of(out) == before


def test_a_hydraulic_check_stays_in_the_page(out: Path) -> None:
    check = f'{START}\n<h2>Hydraulic check</h2><table class="wide"></table>checked\n{END}\n'
    before, _, rest = page_of(out).partition(START)
    (out / "report.html").write_text(before + check + rest.partition(END)[2], encoding="utf-8")
    assert runner.invoke(app, ["report", str(out)]).exit_code == 0
    assert page_of(out).count("checked\n") == 1
    assert "have not been simulated yet" not in page_of(out)


def test_what_is_no_run_folder_or_language_is_said(out: Path) -> None:
    result = runner.invoke(app, ["report", str(out.parent)])
    assert result.exit_code == 1
    assert "is no run folder" in result.output
    result = runner.invoke(app, ["report", str(out), "--language", "tlh"])
    assert result.exit_code == 1
    assert "'tlh' is not known" in result.output


@pytest.mark.browser
def test_a_study_prints_its_report(out: Path) -> None:
    if printer_name() is None:
        pytest.skip("no browser is installed that prints to PDF")
    pdf = out / "report.pdf"
    assert pdf.read_bytes().startswith(b"%PDF-")
    pdf.unlink()
    result = runner.invoke(app, ["report", str(out), "--pdf", "--as-is"])
    assert result.exit_code == 0, result.output
    assert pdf.read_bytes().startswith(b"%PDF-")
    listed = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    assert "report.pdf" in listed
