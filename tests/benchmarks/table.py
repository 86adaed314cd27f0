"""Keep results in a CSV file, a row for each case and method, and write the table from it."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

__all__ = ["Row", "contradict", "read_rows", "replace_rows", "write_rows", "write_table"]

CROSSED = 1e-6
"""Relative distance from which a bound counts as crossed [-]."""
MOST_SHOWN = 10.0
"""Gap above which a table says no more than that it is larger [-]."""
LEAST_CPU_SHARE = 0.8
"""Share of a core below which a row says that the machine was busy with other things [-]."""
TITLES = {
    "steiner": "Published Steiner trees, prize-collecting trees and fixed-charge flows",
    "cities": "Synthetic cities",
    "streets": "Real streets",
    "prepare": "From layers to the problem",
}


@dataclass
class Row:
    """What is known of one case solved by one method.

    Values and bounds are in the words of the case's source; gaps are relative to the value [-].
    ``seconds_to_target`` and ``cpu_to_target`` are wall and processor time until the gap of the
    target was first proven [s].
    """

    case: str
    method: str
    objective: str = ""
    nodes: int | None = None
    edges: int | None = None
    zones: int | None = None
    sites: int | None = None
    time_limit_s: float | None = None
    threads: int | None = None
    status: str = ""
    value: float | None = None
    bound: float | None = None
    gap: float | None = None
    optimum: float | None = None
    seconds: float | None = None
    seconds_to_target: float | None = None
    cpu_to_target: float | None = None
    cpu_seconds: float | None = None
    peak_gb: float | None = None
    build_seconds: float | None = None
    sites_open: int | None = None
    zones_served: int | None = None
    heat_mwh: float | None = None
    capex_eur: float | None = None
    target_gap: float | None = None
    target_seconds: float | None = None
    target_gb: float | None = None
    verdict: str = ""
    note: str = ""
    date: str = ""
    version: str = ""
    machine: str = ""
    load: float | None = None
    libraries: str = ""

    @property
    def family(self) -> str:
        """The first word of the case."""
        return self.case.split("/")[0]

    @property
    def less_is_better(self) -> bool:
        """Whether values are costs; those of published instances are."""
        return self.family == "steiner" or self.objective == "capex"

    @property
    def over_optimum(self) -> float | None:
        """Distance of the value from the published optimum, relative [-]."""
        if self.value is None or not self.optimum:
            return None
        return abs(self.value - self.optimum) / abs(self.optimum)

    def judge(self) -> str:
        """Return whether the target is met, or by how much it is missed.

        On a busy machine one thread may meet it by its processor time only, which is then said.
        """
        if self.target_gap is None or self.target_seconds is None:
            return ""
        parts, met = [], "met"
        if self.seconds_to_target is None or self.seconds_to_target > self.target_seconds:
            by_cpu = self.threads == 1 and (self.cpu_to_target or math.inf) <= self.target_seconds
            met = f"met by processor time, {self.cpu_to_target:.0f} s" if by_cpu else met
            parts += [] if by_cpu else [self._missed_gap()]
        if self.target_gb is not None and (self.peak_gb or math.inf) > self.target_gb:
            parts.append(f"memory {_gigabytes(self.peak_gb)} of {self.target_gb:g} GB")
        return "missed: " + ", ".join(parts) if parts else met

    def _missed_gap(self) -> str:
        if self.value is None:
            return "no plan"
        if self.gap is None or not math.isfinite(self.gap):
            return "no bound"
        if self.seconds_to_target is not None:
            late = self.seconds_to_target
            return f"gap proven after {late:.0f} of {self.target_seconds:.0f} s"
        return f"gap {_percent(self.gap)} of {_percent(self.target_gap)}"


def read_rows(path: Path) -> list[Row]:
    """Return all rows of a CSV file, none where there is no file."""
    if not path.exists():
        return []
    kinds = {each.name: str(each.type) for each in fields(Row)}
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(**{name: _read(kinds[name], text) for name, text in raw.items()})
            for raw in csv.DictReader(file)
        ]


def _read(kind: str, text: str) -> Any:
    if kind == "str":
        return text
    if text == "":
        return None
    return int(text) if kind.startswith("int") else float(text)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write a CSV file."""
    names = [each.name for each in fields(Row)]
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, names, lineterminator="\n")
        out.writeheader()
        for row in rows:
            out.writerow({name: _written(value) for name, value in asdict(row).items()})


def _written(value: Any) -> Any:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else value


def replace_rows(rows: Sequence[Row], new: Sequence[Row], order: Sequence[str]) -> list[Row]:
    """Return rows with some replaced or added, in the order of the cases."""
    held = {(row.case, row.method): row for row in [*rows, *new]}
    place = {case: k for k, case in enumerate(order)}
    return sorted(held.values(), key=lambda row: (place.get(row.case, len(place)), row.method))


def contradict(rows: Sequence[Row]) -> None:
    """Mark rows whose bound a verified plan of the same case, or its published optimum, beats.

    A value better than the published optimum is marked as well.
    """
    for row in rows:
        sign = -1.0 if row.less_is_better else 1.0
        sound = [r for r in rows if r.case == row.case and r.status != "refuted by verification"]
        known = [(r.value, f"plan of {r.method}") for r in sound]
        known.append((row.optimum, "published optimum"))
        for value, name in known:
            if value is None or row.bound is None:
                continue
            if sign * (value - row.bound) > CROSSED * abs(value):
                row.status, row.verdict = "refuted", f"bound {row.bound:.10g} is beaten"
                row.note = f"the {name} has {value:.10g}"
        if row.value is not None and row.optimum is not None:
            beyond = sign * (row.value - row.optimum)
            if beyond > CROSSED * abs(row.optimum):
                row.status, row.verdict = "refuted", "value beats the published optimum"


# The table ----------------------------------------------------------------------------------------


def write_table(path: Path, rows: Sequence[Row], notes: str = "") -> None:
    """Write the table as Markdown, a section for each family."""
    parts = [HEAD]
    for family, title in TITLES.items():
        own = [row for row in rows if row.family == family]
        if own:
            write = _prepare_section if family == "prepare" else _family_section
            parts.append(f"## {title}\n\n{write(own)}")
        if family == "cities":
            parts.append("### Growth with size\n\n" + _growth(own))
    parts.append("## When and where\n\n" + _provenance(rows))
    if notes:
        parts.insert(1, notes)
    path.write_text("\n".join(parts), encoding="utf-8")


HEAD = """\
# Results of the benchmarks

Written by `python -m tests.benchmarks.run`; all figures are in [results.csv](results.csv), and
[README.md](README.md) says what the cases are and how to measure. `siting` is this package, `plain`
the plain big-M flow model in HiGHS; both get the same problem, time limit and threads, each in a
process of its own. Values are kWh/a per EUR (ratio, minimum heat), MWh/a (budget), EUR (forced),
EUR/a (choose), or those of the published instance. *s* is wall time and *cpu* processor time; where
a process got less than four fifths of a core, the share that it got stands behind. *GB* is the
largest resident memory of the process. *plain/siting* compares the values: below 100 % the plain
plan is worse, whichever way is better. A gap is that of the end; the verdict looks at when the gap
of the target was first proven.
"""


def _family_section(rows: Sequence[Row]) -> str:
    published = rows[0].family == "steiner"
    head = ["case", "edges", "zones", "sites", "siting", "bound", "gap", "s (cpu)", "GB"]
    head += ["plain", "gap", "s (cpu)", "GB", "plain/siting"]
    head += ["optimum", "off by"] if published else []
    head += ["target", "verdict"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    by_case: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_case.setdefault(row.case, {})[row.method] = row
    for case, both in by_case.items():
        ours, plain = both.get("siting"), both.get("plain")
        known = ours or plain
        assert known is not None
        cells = [case.split("/", 1)[1], *map(_count, (known.edges, known.zones, known.sites))]
        cells += _solved(ours, with_bound=True) + _solved(plain, with_bound=False)
        cells.append(_compared(ours, plain))
        if published:
            cells += [_figure(known.optimum), _percent(ours.over_optimum) if ours else "-"]
        cells += [_target(known), (ours.verdict if ours else "") or "-"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _solved(row: Row | None, *, with_bound: bool) -> list[str]:
    """Return value, bound, gap, seconds and memory of one method."""
    if row is None:
        return ["-"] * (5 if with_bound else 4)
    value = _figure(row.value) if row.value is not None else "none"
    if row.note or row.status in {"crash", "time-out", "memory limit", "not applicable", "refuted"}:
        value = f"{value} ({row.status})"
    cells = [value] + ([_figure(row.bound)] if with_bound else [])
    return [*cells, _percent(row.gap), _seconds(row), _gigabytes(row.peak_gb)]


def _growth(rows: Sequence[Row]) -> str:
    """Return how processor time grows with edges, among free ratios proven within their gap."""
    proven = [r for r in rows if r.method == "siting" and r.status.startswith("optimal")]
    lines = []
    for pipes in ("affine", "catalogue"):
        own = [r for r in proven if r.case.endswith(f"-{pipes}-ratio")]
        own = sorted((r for r in own if r.edges and r.cpu_seconds), key=lambda r: r.edges or 0)
        for small, large in pairwise(own):
            assert small.edges
            assert large.edges
            assert small.cpu_seconds
            assert large.cpu_seconds
            power = math.log(large.cpu_seconds / small.cpu_seconds)
            power /= math.log(large.edges / small.edges)
            lines.append(
                f"- {pipes}, {small.edges:,} to {large.edges:,} edges: {small.cpu_seconds:.0f} s to"
                f" {large.cpu_seconds:.0f} s, as edges to the power {power:.2f}"
            )
    if not lines:
        lines = ["No two sizes are proven within their gap, so nothing can be said."]
    return "\n".join(lines) + "\n"


def _prepare_section(rows: Sequence[Row]) -> str:
    lines = ["| case | edges | zones | s (cpu) | GB | stages | target | verdict |"]
    lines.append("|" + " --- |" * 8)
    for row in rows:
        target = "-" if row.target_seconds is None else f"{row.target_seconds:.0f} s"
        cells = [row.case.split("/", 1)[1], _count(row.edges), _count(row.zones), _seconds(row)]
        cells += [_gigabytes(row.peak_gb), row.note or row.status, target, row.verdict or "-"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _compared(ours: Row | None, plain: Row | None) -> str:
    """Return the plain value over ours, or ours over the plain one where less is better."""
    if ours is None or plain is None or not ours.value or not plain.value:
        return "-"
    share = ours.value / plain.value if ours.less_is_better else plain.value / ours.value
    return f"{100 * share:.1f} %"


def _seconds(row: Row) -> str:
    if row.seconds is None:
        return "-"
    words = f"{row.seconds:.0f}"
    if row.cpu_seconds is not None:
        words += f" ({row.cpu_seconds:.0f}"
        share = row.cpu_seconds / max(row.seconds, 1e-9)
        starved = share < LEAST_CPU_SHARE and row.seconds > 5
        words += f", {100 * share:.0f} %)" if starved else ")"
    return words


def _target(row: Row) -> str:
    if row.target_gap is None or row.target_seconds is None:
        return "-"
    memory = "" if row.target_gb is None else f", {row.target_gb:g} GB"
    return f"{_percent(row.target_gap)} in {row.target_seconds:.0f} s{memory}"


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _figure(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.5g}"


def _percent(share: float | None) -> str:
    if share is None or not math.isfinite(share):
        return "-"
    if share > MOST_SHOWN:
        return f"> {100 * MOST_SHOWN:,.0f} %"
    return "0 %" if share < CROSSED else f"{100 * share:.3g} %"


def _gigabytes(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _provenance(rows: Sequence[Row]) -> str:
    """Return when, where and with what the rows were measured."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in rows:
        versions = found.setdefault((row.date[:10], row.machine, row.libraries), {})
        versions[row.version] = versions.get(row.version, 0) + 1
    lines = [
        f"- {day}: {machine}; {libraries}; versions (rows) "
        + ", ".join(f"{version} ({count})" for version, count in sorted(versions.items()))
        for (day, machine, libraries), versions in sorted(found.items())
    ]
    loads = [row.load for row in rows if row.load is not None]
    if loads:
        lines.append(
            f"- load average when a row began: {min(loads):.1f} to {max(loads):.1f}"
            " (1 is one busy core)"
        )
    return "\n".join(lines) + "\n"
