"""The commands from end to end, offline, on the small study and the packaged regions."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from siting.cli import app

runner = CliRunner()

TINY_PROBLEM = {
    "format": "siting-problem",
    "version": 1,
    "name": "two houses",
    "nodes": ["a", "b", "c"],
    "edges": [
        {"id": "ab", "u": "a", "v": "b", "cost_eur": 1000, "cost_per_mw_eur": 100},
        {"id": "bc", "u": "b", "v": "c", "cost_eur": 9000, "cost_per_mw_eur": 100},
    ],
    "sites": [{"id": "s", "node": "a", "cost_eur": 500, "capacity_mw": 5}],
    "zones": [
        {"id": "near", "node": "b", "heat_mwh": 100, "peak_mw": 1},
        {"id": "far", "node": "c", "heat_mwh": 100, "peak_mw": 1},
    ],
}


@pytest.fixture
def tiny_problem(tmp_path: Path) -> Path:
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(TINY_PROBLEM), encoding="utf-8")
    return path


def test_check_solves_nothing_and_writes_nothing(small_study: Path) -> None:
    result = runner.invoke(app, ["check", str(small_study), "--json"])
    assert result.exit_code == 0, result.output
    counts = json.loads(result.stdout)
    assert (counts["sites"], counts["zones"], counts["network_parts"]) == (2, 6, 1)
    assert counts["annual_demand_gwh"] == pytest.approx(7.1)
    assert not (small_study / "out").exists()
    words = runner.invoke(app, ["check", str(small_study / "study.toml")])
    assert "No faults" in words.stdout


def test_run_writes_a_folder_that_verifies(small_study: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere"
    result = runner.invoke(app, ["run", str(small_study), "--out", str(out), "--gap", "0.05"])
    assert result.exit_code == 0, result.output
    for words in ("sites chosen", "GWh/a", "M EUR", "kWh/a per EUR", "proven", "map.html", "DC-"):
        assert words in result.stdout
    for name in ("map.html", "report.html", "plan.gpkg", "kpis.json", "problem.json", "run.log"):
        assert (out / name).stat().st_size > 0, name
    assert (out / "manifest.json").exists()
    assert "plan verified" in (out / "run.log").read_text(encoding="utf-8")
    for path in (out, out / "plan.gpkg"):
        verified = runner.invoke(app, ["verify", str(path)])
        assert verified.exit_code == 0, verified.output


def test_run_prints_figures_as_json(small_study: Path) -> None:
    result = runner.invoke(app, ["run", str(small_study), "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["heat_mwh"] >= 0.3 * 7_100 * (1 - 1e-6)
    assert Path(figures["map"]).exists()


def test_the_options_of_run_replace_the_study_file(small_study: Path) -> None:
    words = ["run", str(small_study), "--objective", "max_hat"]
    result = runner.invoke(app, words)
    assert result.exit_code == 1
    assert "max_heat" in result.stderr


def test_a_plan_that_was_tampered_with_does_not_verify(tiny_problem: Path, tmp_path: Path) -> None:
    solution = tmp_path / "solution.json"
    solved = runner.invoke(app, ["solve", str(tiny_problem), "--out", str(solution)])
    assert solved.exit_code == 0, solved.output
    raw = json.loads(solution.read_text(encoding="utf-8"))
    raw["capex_eur"] *= 0.9
    solution.write_text(json.dumps(raw), encoding="utf-8")
    result = runner.invoke(app, ["verify", str(solution), "--problem", str(tiny_problem)])
    assert result.exit_code == 1
    assert "capex_eur" in result.stderr


def test_solve_and_verify_a_bare_problem(tiny_problem: Path, tmp_path: Path) -> None:
    """Serving the near house alone gives 100 MWh for 1,600 EUR, by hand."""
    solution = tmp_path / "solution.json"
    words = ["solve", str(tiny_problem), "--out", str(solution), "--gap", "0.001", "--json"]
    result = runner.invoke(app, words)
    assert result.exit_code == 0, result.output
    plan = json.loads(result.stdout)
    assert plan["capex_eur"] == pytest.approx(1_600)
    assert plan["heat_per_euro_kwh"] == pytest.approx(62.5)
    verified = runner.invoke(app, ["verify", str(solution), "--problem", str(tiny_problem)])
    assert verified.exit_code == 0, verified.output


def test_a_solution_needs_its_problem(tiny_problem: Path, tmp_path: Path) -> None:
    solution = tmp_path / "alone" / "solution.json"
    solution.parent.mkdir()
    solution.write_text("{}", encoding="utf-8")
    assert runner.invoke(app, ["verify", str(solution)]).exit_code == 2
    result = runner.invoke(app, ["verify", str(solution), "--problem", str(tiny_problem)])
    assert result.exit_code == 1
    assert "no solution file" in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "is not JSON"), ("{}", "nodes"), ('{"nodes": [], "edgs": []}', "edgs")],
)
def test_a_faulty_problem_file_is_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "problem.json"
    path.write_text(text, encoding="utf-8")
    result = runner.invoke(app, ["solve", str(path)])
    assert result.exit_code == 1
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_an_infeasible_problem_has_its_own_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    limits = {"budget_eur": 10, "min_heat_mwh": 50}
    path.write_text(json.dumps(TINY_PROBLEM | {"limits": limits}), encoding="utf-8")
    result = runner.invoke(app, ["solve", str(path), "--out", str(tmp_path / "none.json")])
    assert result.exit_code == 3, result.output
    assert "- " in result.stderr
    assert not (tmp_path / "none.json").exists()


@pytest.fixture(scope="module")
def kotka_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Return the figures that the example prints for Kotka, and its run folder."""
    return run_kotka(tmp_path_factory.mktemp("kotka") / "out")


def run_kotka(out: Path, *flags: str, codes: Collection[int] = (0,)) -> tuple[dict[str, Any], Path]:
    """Run the example on Kotka, which ends with one of the codes."""
    words = ["example", "kotka", "--out", str(out), "--frontier", "0", "--json", *flags]
    result = runner.invoke(app, words)
    assert result.exit_code in codes, result.output
    return json.loads(result.stdout), out


def test_example_runs_the_packaged_region(kotka_run: tuple[dict[str, Any], Path]) -> None:
    figures, out = kotka_run
    assert figures["heat_mwh"] >= 8_000 * (1 - 1e-6)
    assert (out / "map.html").exists()


def test_the_free_ratio_is_at_least_as_good(
    kotka_run: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    """What must deliver a least heat lies below what is proven of plans that need not."""
    needing, _ = kotka_run
    short = ("--free-ratio", "--time-limit", "25")
    free, _ = run_kotka(tmp_path / "free", *short, codes=(0, 4))  # 4: a slow machine, plan kept
    bound, gap = free["proof"]["bound"], free["proof"]["gap"]
    assert bound is None or bound >= needing["heat_per_euro_kwh"] * (1 - 1e-6)
    if gap is not None:
        least = needing["heat_per_euro_kwh"] / (1 + gap)
        assert free["heat_per_euro_kwh"] >= least * (1 - 1e-6)


def start(words: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start the command line as a planner does, in a process of its own."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    code = "import sys; from siting.cli import app; sys.argv[0] = 'siting'; app()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], pattern: str) -> None:
    """Read progress until a line matches."""
    assert process.stderr is not None
    for line in process.stderr:
        if re.search(pattern, line):
            return
    pytest.fail(f"the search ended without a line that matches {pattern!r}")


needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")


@needs_signals
def test_ctrl_c_keeps_the_best_plan(tmp_path: Path) -> None:
    words = ["example", "helsinki", "--out", "out", "--gap", "0", "--time-limit", "250", "--json"]
    words += ["--frontier", "0"]
    process = start(words, tmp_path)
    try:
        wait_for(process, r"best plan [\d.]*[1-9][\d.]* kWh/a per EUR")
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 4, stderr
    assert time.monotonic() - pressed < 30
    assert "Traceback" not in stderr
    assert "best plan so far is kept" in stderr
    figures = json.loads(stdout)
    assert "not proven" in figures["proof"]["status"]
    assert (tmp_path / "out" / "map.html").exists()
    kept = json.loads((tmp_path / "out" / "kpis.json").read_text(encoding="utf-8"))
    assert "not proven" in json.dumps(kept)


@needs_signals
def test_a_second_ctrl_c_leaves_at_once(tmp_path: Path) -> None:
    process = start(["example", "helsinki", "--out", "out", "--gap", "0"], tmp_path)
    try:
        wait_for(process, "reading the layers")
        process.send_signal(signal.SIGINT)
        wait_for(process, "Stopping")
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert not (tmp_path / "out").exists()
