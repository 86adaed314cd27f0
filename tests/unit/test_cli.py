"""The command line itself: help, usage, schemas, versions, and how errors are said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import siting.config
from siting.cli import app

COMMANDS = (
    "new", "check", "run", "example", "solve", "verify", "simulate", "cases", "assumptions",
    "explain", "schema", "info", "frontier",
)  # fmt: skip

runner = CliRunner()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = runner.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_every_command_stands_in_the_readme(repository: Path) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`siting {command}" in text


def test_help_names_the_exit_codes() -> None:
    assert "4 plan kept" in " ".join(runner.invoke(app, ["--help"]).stdout.split())


@pytest.mark.parametrize("words", [["fly"], ["run"], ["run", "x", "--gap", "much"], ["new"]])
def test_a_wrong_command_line_is_a_usage_error(words: list[str]) -> None:
    result = runner.invoke(app, words)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, siting, siting.cli;"
        "heavy = {'geopandas', 'pandas', 'numpy', 'pulp', 'folium', 'osmnx', 'pydantic'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_can_be_had() -> None:
    import siting

    for name in siting.__all__:
        assert getattr(siting, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'fly'"):
        _ = siting.fly


@pytest.mark.parametrize("which", ["problem", "study"])
def test_schema_prints_json(which: str) -> None:
    result = runner.invoke(app, ["schema", which])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["$schema"].startswith("https://json-schema.org/")


def test_info_names_versions_and_solvers() -> None:
    result = runner.invoke(app, ["info", "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["versions"]["highspy"]
    assert "highs" in found["solvers"]
    assert "highs" in runner.invoke(app, ["info"]).stdout


def test_an_unexpected_error_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("a bolt came loose")

    monkeypatch.setattr(siting.config, "study_schema", broken)
    result = runner.invoke(app, ["schema", "study"])
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr
    assert "RuntimeError" in result.stderr
    trace = Path(result.stderr.split("is in ")[1].strip().rstrip("."))
    assert "a bolt came loose" in trace.read_text(encoding="utf-8")
    trace.unlink()
    debugged = runner.invoke(app, ["--debug", "schema", "study"])
    assert isinstance(debugged.exception, RuntimeError)


def test_new_writes_a_study_that_is_understood(tmp_path: Path) -> None:
    folder = tmp_path / "espoo"
    result = runner.invoke(app, ["new", str(folder)])
    assert result.exit_code == 0, result.output
    config = siting.config.read_config(folder / "study.toml")
    assert config.study.name == "espoo"
    assert (folder / "layers").is_dir()
    assert "siting check" in (folder / "README.md").read_text(encoding="utf-8")


def test_new_names_only_keys_that_exist(tmp_path: Path) -> None:
    runner.invoke(app, ["new", str(tmp_path / "espoo")])
    file = tmp_path / "espoo" / "study.toml"
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        key = line.removeprefix("# ").split("=")[0].strip()
        optional = line.startswith("# ") and "=" in line and key.isidentifier()
        optional = optional or line.startswith("# [layers.")
        lines.append(line.removeprefix("# ") if optional else line)
    file.write_text("\n".join(lines), encoding="utf-8")
    siting.config.read_config(file)


def test_new_does_not_overwrite(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("mine", encoding="utf-8")
    result = runner.invoke(app, ["new", str(tmp_path)])
    assert result.exit_code == 1
    assert "nothing was written" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize("region", ["helsinki", "kotka"])
def test_new_copies_a_region(tmp_path: Path, region: str) -> None:
    folder = tmp_path / "copy"
    result = runner.invoke(app, ["new", str(folder), "--from", region])
    assert result.exit_code == 0, result.output
    config = siting.config.read_config(folder / "study.toml")
    assert config.layers.sites.path.exists()
    assert config.layers.sites.path.is_relative_to(folder)
