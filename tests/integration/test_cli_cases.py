"""`siting cases`: prints, writes, and ends with 1 when a case no longer checks out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siting.cases.read import case_files
from siting.cli import app

runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packaged cases."""
    copy = tmp_path / "cases"
    shutil.copytree(case_files()["odense"].parent, copy)
    return copy


def test_all_cases_hold_and_the_flags_close_the_table() -> None:
    result = runner.invoke(app, ["cases"])
    assert result.exit_code == 0, result.output
    assert "3 cannot be right, 8 not comparable, 11 not computable" in result.stdout
    flags = " ".join(result.stdout.split("87 checks", 1)[1].split())
    assert "95 GWh/a from 10 MW would need 9,500 h/a at full output" in flags
    assert "The claim holds only against coal" in flags


def test_one_case_by_name() -> None:
    result = runner.invoke(app, ["cases", "odense"])
    assert result.exit_code == 0
    assert "O-b" in result.stdout
    assert "P-a" not in result.stdout


@pytest.mark.parametrize("form", ["json", "markdown", "csv", "table"])
def test_output_goes_to_a_file(tmp_path: Path, form: str) -> None:
    file = tmp_path / "cases.out"
    result = runner.invoke(app, ["cases", "hamina", "--format", form, "--output", str(file)])
    assert result.exit_code == 0
    assert result.stdout == f"wrote {file}\n"
    text = file.read_text(encoding="utf-8")
    assert "Ha-a2" in text
    if form == "json":
        assert json.loads(text)["cases"][0]["name"] == "hamina"


def test_a_failing_check_ends_with_one_and_is_named(folder: Path) -> None:
    file = folder / "odense.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("value = 666", "value = 66.6"), encoding="utf-8")
    result = runner.invoke(app, ["cases", "odense", "--folder", str(folder)])
    assert result.exit_code == 1
    assert "O-c, outside range" in " ".join(result.stdout.split())
    assert "Checks that do not hold: O-c." in result.stderr


def test_a_spoilt_case_ends_with_one_and_says_what_to_do(folder: Path) -> None:
    file = folder / "hamina.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("title =", "titel ="), encoding="utf-8")
    result = runner.invoke(app, ["cases", "--folder", str(folder)])
    assert result.exit_code == 1
    assert "hamina.toml: 'titel' is not known. Did you mean 'title'?" in result.stderr
    assert result.stdout == ""


def test_a_wrong_name_and_a_wrong_path_are_faults(tmp_path: Path) -> None:
    result = runner.invoke(app, ["cases", "oslo"])
    assert result.exit_code == 1
    assert "there is no case 'oslo'" in result.stderr
    nowhere = tmp_path / "none" / "cases.md"
    result = runner.invoke(app, ["cases", "odense", "--output", str(nowhere)])
    assert result.exit_code == 1
    assert "cannot write" in result.stderr


def test_an_unknown_format_is_a_usage_error() -> None:
    assert runner.invoke(app, ["cases", "--format", "pdf"]).exit_code == 2
