"""The runner turns whatever happens to a process into a row, and rows into tables."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from . import apart, run
from .cases import FAMILIES, Case, Scale, Target, all_cases, case_of
from .table import Row, contradict, read_rows, replace_rows, write_rows, write_table

CASE = Case(
    "cities/tiny", lambda data, scratch: pytest.fail("not built"), 60, 0.01, Target(0.01, 30)
)

AS_IS = Scale()
in_a_process = pytest.mark.skipif(sys.platform == "win32", reason="processes are watched on POSIX")


def filled(ended: apart.Ended, scale: Scale = AS_IS) -> Row:
    return run._filled(Row(CASE.key, "siting", threads=1), CASE, scale, ended)


def step(
    at: float, value: float | None, bound: float | None, cpu: float = 0.0
) -> dict[str, object]:
    return {"at": at, "cpu": cpu, "value": value, "bound": bound, "phase": "x"}


@in_a_process
def test_a_case_from_build_to_row(tmp_path: Path) -> None:
    """Both methods solve the smallest city in processes of their own, with an honest bound."""
    results = tmp_path / "results.csv"
    words = ["cities/1k-affine-ratio", "--scale-time", "0.04", "--cold"]
    assert run.main([*words, "--results", str(results)]) == 0
    rows = read_rows(results)
    assert {row.method for row in rows} == {"siting", "plain"}
    for row in rows:
        assert row.edges == 1_000
        assert row.status == "feasible, gap not reached" or "optimal" in row.status
        assert row.value is not None
        assert row.bound is None or row.bound >= row.value
        assert row.seconds
        assert row.peak_gb


@in_a_process
def test_a_crash_is_a_row() -> None:
    ended = apart.run_apart(["siting", "--problem", "nowhere"], time_out_s=60, memory_gb=4)
    assert ended.stopped_by == "crash"
    assert "nowhere" in filled(ended).note
    assert filled(ended).verdict == "missed: no plan"


def test_a_time_out_keeps_the_best_that_was_told() -> None:
    ended = apart.Ended([step(1, 4.0, None), step(9, 5.0, 5.5)], 90, 80, 1.0, "time-out", "")
    row = filled(ended)
    assert (row.status, row.value, row.bound) == ("time-out", 5.0, 5.5)
    assert row.verdict == "missed: gap 10 % of 1 %"


@in_a_process
def test_a_process_that_lasts_too_long_is_ended() -> None:
    ended = apart.run_apart(
        ["prepare", "--case", "prepare/9999999-1-1"], time_out_s=0.3, memory_gb=4
    )
    assert ended.stopped_by == "time-out"
    assert ended.seconds < 30


@in_a_process
def test_a_process_that_needs_too_much_memory_is_ended() -> None:
    words = ["prepare", "--case", "prepare/9999999-1-1"]
    ended = apart.run_apart(words, time_out_s=30, memory_gb=0.02)
    assert ended.stopped_by == "memory limit"
    assert filled(ended).status == "memory limit"


def test_the_target_counts_when_its_gap_was_first_proven() -> None:
    steps = [step(5, 5.0, 6.0), step(20, 5.0, 5.04), step(50, 5.0, 5.0)]
    end = {"status": "optimal within the gap", "seconds": 50.0}
    assert filled(apart.Ended([*steps, end])).seconds_to_target == 20
    assert filled(apart.Ended([*steps, end])).verdict == "met"
    late = [step(40, 5.0, 5.04, cpu=12)]
    assert filled(apart.Ended([*late, end])).verdict == "met by processor time, 12 s"
    late = [step(40, 5.0, 5.04, cpu=39)]
    assert filled(apart.Ended([*late, end])).verdict == "missed: gap proven after 40 of 30 s"


def test_a_refuted_plan_is_called_so() -> None:
    end = {"status": "optimal within the gap", "seconds": 1.0, "disagreements": ["zone 'z1': ..."]}
    assert filled(apart.Ended([step(1, 5.0, 5.0), end])).status == "refuted by verification"


def test_values_read_in_the_words_of_their_source() -> None:
    """All prizes are 10: a net value of 4 with a bound of 4.5 is a cost of 6, at least 5.5."""
    end = {"status": "feasible, gap not reached", "seconds": 1.0}
    row = filled(apart.Ended([step(1, 4.0, 4.5), end]), Scale(10.0))
    assert (row.value, row.bound) == (6.0, 5.5)
    assert row.gap == pytest.approx(0.5 / 6)


def test_rows_are_kept_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    write_rows(path, [Row("cities/b", "plain", value=1.5, edges=3), Row("cities/a", "plain")])
    held = replace_rows(read_rows(path), [Row("cities/a", "plain", value=2.0)], ["cities/a"])
    assert [(row.case, row.value, row.edges) for row in held] == [
        ("cities/a", 2.0, None), ("cities/b", 1.5, 3),
    ]  # fmt: skip
    write_table(tmp_path / "table.md", held)
    text = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "| a | - | - | - | - |" in text


def test_every_family_has_cases_and_the_kept_results_are_of_known_ones() -> None:
    names = [*all_cases(), *run.PREPARE_CASES]
    assert {name.split("/")[0] for name in names} == set(FAMILIES)
    if run.RESULTS.exists():
        with run.RESULTS.open(encoding="utf-8", newline="") as file:
            kept = {row["case"].partition("@")[0] for row in csv.DictReader(file)}
            assert kept <= set(names)
    assert case_of("cities/5k-affine-ratio@3").key == "cities/5k-affine-ratio@3"


def test_growth_compares_proven_sizes_only(tmp_path: Path) -> None:
    """Ten times the edges in a hundred times the time is a power of two."""
    done = "optimal within the gap"
    rows = [
        Row(f"cities/{edges}-affine-ratio", "siting", edges=edges, cpu_seconds=cpu, status=status)
        for edges, cpu, status in ((100, 1.0, done), (1_000, 100.0, done), (9_000, 1.0, "crash"))
    ]
    write_table(tmp_path / "table.md", rows)
    text = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "100 to 1,000 edges: 1 s to 100 s, as edges to the power 2.00" in text
    assert "9,000 edges:" not in text


def test_a_bound_that_a_plan_beats_is_refuted() -> None:
    """More is better for a ratio, less for a cost; the same figure contradicts nothing."""
    ours, plain = (
        Row("cities/a", "siting", value=4.0, bound=5.0),
        Row("cities/a", "plain", value=5.0),
    )
    contradict([ours, plain])
    assert ours.status == ""
    plain.value = 5.01
    contradict([ours, plain])
    assert ours.status == "refuted"
    assert "plan of plain has 5.01" in ours.note
    tree = Row("steiner/K100.1", "siting", value=10.0, bound=9.5, optimum=9.4)
    contradict([tree])
    assert tree.status == "refuted"
    tree = Row("steiner/K100.1", "siting", value=10.0, bound=9.5, optimum=9.5)
    contradict([tree])
    assert tree.status == ""
