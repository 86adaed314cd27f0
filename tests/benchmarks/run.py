"""Measure the optimiser against the plain flow model; see README.md in this folder.

Run `python -m tests.benchmarks.run --help` at the root of the repository.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .apart import ROOT, Ended, run_apart
from .cases import FAMILIES, Case, Scale, all_cases
from .table import Row, contradict, read_rows, replace_rows, write_rows, write_table

HERE = Path(__file__).resolve().parent
RESULTS, TABLE, NOTES = HERE / "results.csv", HERE / "RESULTS.md", HERE / "notes.md"
METHODS = ("siting", "plain")
PREPARE_CASES = {"prepare/100000-20000-30": 60.0, "prepare/20000-4000-10": None}
"""Edges, buildings and sites, and the seconds asked for."""
LIBRARIES = ("highspy", "pulp", "numpy", "scipy", "numba", "pandas", "geopandas")
GRACE = 1.5, 60.0
"""A process may take this many times its limit and so many seconds more before it is ended."""


def main(argv: list[str]) -> int:
    """Measure what was asked for and write the tables."""
    chosen = _parser().parse_args(argv)
    known = all_cases(chosen.seed)
    names = [*known, *(PREPARE_CASES if chosen.seed == 1 else ())]
    wanted = [name for name in names if _is_wanted(name, chosen)]
    if chosen.list:
        _print_list([known.get(name) for name in wanted], wanted, chosen)
        return 0
    data = chosen.data.resolve()
    if "siting" in (chosen.method or METHODS) and not chosen.cold:
        warm = run_apart(["warm", "--seconds", "4"], time_out_s=600, memory_gb=chosen.memory_gb)
        print(f"compiled kernels, if any were new, in {warm.seconds:.0f} s", flush=True)
    for name in wanted:
        case = known.get(name)
        if case is not None and case.needs_data and not data.is_dir():
            print(f"{name}: skipped, there are no reference data in {data}")
            continue
        rows = _prepare(name, chosen) if case is None else _measure(case, chosen, data)
        for row in rows:
            print(_told(row), flush=True)
        _keep(rows, names, chosen.results)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*", help="cases, such as 'cities/5k-*'; default: all")
    parser.add_argument("--family", action="append", choices=FAMILIES, help="only these families")
    parser.add_argument("--method", action="append", choices=METHODS, help="only these methods")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("--seed", type=int, default=1, help="other synthetic cities")
    parser.add_argument("--threads", type=int, default=1, help="threads of each solver")
    parser.add_argument("--memory-gb", type=float, default=8.0, help="memory for each process")
    parser.add_argument("--scale-time", type=float, default=1.0, help="times the time limits")
    parser.add_argument(
        "--side-by-side", action="store_true", help="both methods at once, for a machine of 2 cores"
    )
    parser.add_argument("--cold", action="store_true", help="do not compile kernels first")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--results", type=Path, default=RESULTS, help="CSV file to add to")
    return parser


def _print_list(
    cases: Sequence[Case | None], names: Sequence[str], chosen: argparse.Namespace
) -> None:
    """Print cases with their time limit, and the most minutes that all of them take."""
    rounds = 1 if chosen.side_by_side else len(chosen.method or METHODS)
    total = 0.0
    for name, case in zip(names, cases, strict=True):
        limit = (60.0 if case is None else case.time_limit_s) * chosen.scale_time
        total += limit * (1 if case is None else rounds)
        print(f"{name:<40}{limit:6.0f} s")
    print(f"{len(names)} cases, at most {total / 60:.0f} minutes where limits are kept")


def _is_wanted(name: str, chosen: argparse.Namespace) -> bool:
    if chosen.family and name.split("/", maxsplit=1)[0] not in chosen.family:
        return False
    return not chosen.patterns or any(fnmatch(name, each) for each in chosen.patterns)


def _keep(rows: Sequence[Row], order: Sequence[str], path: Path) -> None:
    """Put rows into the file, and write the table where it is that of the repository."""
    every = replace_rows(read_rows(path), rows, order)
    contradict(every)
    write_rows(path, every)
    if path == RESULTS:
        notes = NOTES.read_text(encoding="utf-8") if NOTES.exists() else ""
        write_table(TABLE, every, notes)


# One case -----------------------------------------------------------------------------------------


def _measure(case: Case, chosen: argparse.Namespace, data: Path) -> list[Row]:
    """Build a case and solve it with each method."""
    methods = chosen.method or METHODS
    limit = case.time_limit_s * chosen.scale_time
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "problem.pickle"
        common = ["--case", case.key, "--problem", str(file), "--data", str(data)]
        made = run_apart(["build", *common], time_out_s=900, memory_gb=2 * chosen.memory_gb)
        if made.stopped_by or not made.told:
            return [_failed(case, chosen, method, made) for method in methods]
        facts = made.told[-1]
        given = ["--seconds", str(limit), "--gap", str(case.gap), "--threads", str(chosen.threads)]
        optimum = None if case.optimum is None else case.optimum(data)
        scale = case.scale(data)

        def solved(method: str) -> Row:
            load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
            ended = run_apart(
                [method, *common, *given],
                time_out_s=GRACE[0] * limit + GRACE[1],
                memory_gb=chosen.memory_gb,
            )
            row = Row(case.key, method, **_facts_of(facts), **_where(chosen, load))
            row.time_limit_s, row.optimum = limit, optimum
            return _filled(row, case, scale, ended)

        with ThreadPoolExecutor(len(methods) if chosen.side_by_side else 1) as pool:
            return list(pool.map(solved, methods))


def _facts_of(facts: dict[str, Any]) -> dict[str, Any]:
    names = ("objective", "nodes", "edges", "zones", "sites", "build_seconds")
    return {name: facts.get(name) for name in names}


def _failed(case: Case, chosen: argparse.Namespace, method: str, made: Ended) -> Row:
    """Return the row of a case whose problem could not be built."""
    row = Row(case.key, method, **_where(chosen, None))
    row.status, row.note = made.stopped_by or "crash", f"build: {made.last_words}"
    return _with_target(row, case)


def _filled(row: Row, case: Case, scale: Scale, ended: Ended) -> Row:
    """Return a row with what a process told, and what it used."""
    last: dict[str, Any] = next((each for each in reversed(ended.told) if "status" in each), {})
    steps = [each for each in ended.told if "phase" in each]
    row.status = last.get("status") or ended.stopped_by or "crash"
    row.note = "" if "status" in last else ended.last_words
    if "NotImplementedError" in row.note:
        row.status = "not applicable"
    if last.get("disagreements"):
        row.status, row.note = "refuted by verification", last["disagreements"][0]
    row.seconds = last.get("seconds", ended.seconds)
    row.cpu_seconds = last.get("cpu_seconds", ended.cpu_seconds)
    row.peak_gb = last.get("peak_gb", ended.peak_gb)
    for name in ("sites_open", "zones_served", "heat_mwh", "capex_eur"):
        setattr(row, name, last.get(name))
    if steps:
        row.value, row.bound = (scale.shown(steps[-1][name]) for name in ("value", "bound"))
        row.gap = _gap(row.value, row.bound)
    row = _with_target(row, case)
    if row.target_gap is not None:
        for each in steps:
            if _gap(scale.shown(each["value"]), scale.shown(each["bound"])) <= row.target_gap:
                row.seconds_to_target, row.cpu_to_target = each["at"], each["cpu"]
                break
    row.verdict = row.judge()
    return row


def _with_target(row: Row, case: Case) -> Row:
    if case.target is not None:
        row.target_gap, row.target_seconds = case.target.gap, case.target.seconds
        row.target_gb = case.target.memory_gb
    row.verdict = row.judge()
    return row


def _gap(value: float | None, bound: float | None) -> float:
    if value is None or bound is None:
        return math.inf
    if value == bound:
        return 0.0
    return abs(bound - value) / abs(value) if value else math.inf


def _prepare(name: str, chosen: argparse.Namespace) -> list[Row]:
    """Time the way from layers to the problem."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    ended = run_apart(["prepare", "--case", name], time_out_s=900, memory_gb=2 * chosen.memory_gb)
    row = Row(name, "siting", **_where(chosen, load))
    stages = {each["stage"]: each["seconds"] for each in ended.told}
    row.note = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items())
    row.status = ended.stopped_by or "done"
    made = next((each for each in ended.told if "edges" in each), None)
    if made is None:
        row.note = f"{row.note} {ended.last_words}".strip()
        return [row]
    for fact in ("nodes", "edges", "zones", "sites", "peak_gb", "cpu_seconds"):
        setattr(row, fact, made[fact])
    row.seconds = sum(seconds for stage, seconds in stages.items() if "draw" not in stage)
    row.target_seconds = PREPARE_CASES[name]
    if row.target_seconds is not None:
        late = row.seconds - row.target_seconds
        row.verdict = "met" if late <= 0 else f"missed by {late:.0f} s"
    return [row]


# Where and with what ------------------------------------------------------------------------------


def _where(chosen: argparse.Namespace, load: float | None) -> dict[str, Any]:
    return {
        "threads": chosen.threads,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": _git_version(),
        "machine": _machine(),
        "load": load,
        "libraries": ", ".join(_libraries()),
    }


def _git_version() -> str:
    """Return the commit, and whether the package differs from it."""

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )

    try:
        commit = git("rev-parse", "--short", "HEAD").stdout.strip()
        changed = git("diff", "--quiet", "HEAD", "--", "siting").returncode != 0
    except OSError:
        return "unknown"
    return commit + ("-changed" if changed else "") if commit else "unknown"


def _machine() -> str:
    """Return processor, cores and memory, without the name of the machine."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [
            line for line in info.read_text(encoding="utf-8").splitlines() if "model name" in line
        ]
        model = named[0].split(":", 1)[1].strip() if named else model
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB"
    return f"{model}, {os.cpu_count()} cores{memory}, {platform.system()}"


def _libraries() -> Iterable[str]:
    yield f"Python {platform.python_version()}"
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def _told(row: Row) -> str:
    def figure(value: float | None) -> str:
        return "-" if value is None else f"{value:.6g}"

    return (
        f"{row.case:<40}{row.method:<8}{row.status}: value {figure(row.value)}, bound"
        f" {figure(row.bound)}, gap {figure(row.gap)}, {figure(row.seconds)} s"
        f" ({figure(row.cpu_seconds)} cpu), {figure(row.peak_gb)} GB {row.verdict} {row.note}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
