"""Print words, tables and JSON where each belongs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from siting.errors import Fault, InputError

if TYPE_CHECKING:
    from rich.console import Console

    from siting.plan import Plan
    from siting.region import Remark
    from siting.study import Findings


def say(words: str) -> None:
    """Print on stderr, past any live line."""
    print(words, file=sys.stderr, flush=True)  # noqa: T201


def stderr() -> Console:
    """Return a console on stderr."""
    from rich.console import Console

    return Console(stderr=True)


def show(title: str, rows: Mapping[str, str]) -> None:
    """Print a table of figures on stdout."""
    from rich.console import Console

    from siting.screen import figures_table

    Console().print(figures_table(title, rows), soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def columns(output: Path | None) -> int:
    """Return the columns of a terminal; enough for a wide table in a file or a pipe."""
    wide = 170
    if output is not None or not sys.stdout.isatty():
        return wide
    return shutil.get_terminal_size((wide, 24)).columns


def write_text(path: Path, text: str) -> None:
    """Write a file, or say why it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fault = Fault("output", f"cannot write '{path}': {error.strerror}.", "Choose another path.")
        raise InputError(fault) from error
    typer.echo(f"wrote {path}")


def show_findings(findings: Findings, written: Mapping[str, Path], as_json: bool) -> None:
    """Print what a study was understood to say, and what is wrong with it."""
    result = findings.result
    counts = {} if result is None else result.counts
    if as_json:
        said = {
            **counts,
            "faults": [str(fault) for fault in findings.faults],
            "doubts": [str(doubt) for doubt in findings.doubts],
            "remarks": [_remark_words(remark) for remark in findings.remarks],
            **{name: str(path) for name, path in written.items()},
        }
        print_json(said)
    else:
        if counts:
            from siting.outputs.words import count_words

            figures = dict(count_words(name, value) for name, value in counts.items())
            show(findings.config.study.name, figures)
        for remark in findings.remarks:
            typer.echo(f"- {_remark_words(remark)}")
        for name, path in written.items():
            typer.echo(f"{name}: {path}")
    say_findings(findings)
    if not as_json and not findings.faults:
        doubts = f"; doubts to be looked at: {len(findings.doubts)}" if findings.doubts else ""
        typer.echo(f"No faults{doubts}. Next: siting run.")


def say_findings(findings: Findings) -> None:
    """Print faults and doubts on stderr: a table on a terminal, else one line for each."""
    from siting.screen import faults_as_bullets, findings_table

    console = stderr()
    if console.is_terminal and (findings.faults or findings.doubts):
        console.print(findings_table(findings.faults, findings.doubts))
        return
    if findings.faults:
        say(f"Faults, to be mended:\n{faults_as_bullets(findings.faults)}")
    if findings.doubts:
        say(f"Doubts, to be looked at:\n{faults_as_bullets(findings.doubts)}")


def _remark_words(remark: Remark) -> str:
    """Return one line of the repair log."""
    amount = f" {remark.count:,}" if remark.count else ""
    length = f" ({remark.length_m:,.0f} m)" if remark.length_m else ""
    detail = f": {remark.detail}" if remark.detail else ""
    return f"{remark.layer}: {remark.act}{amount}{length}{detail}"


def show_plan(
    plan: Plan, title: str, paths: Mapping[str, str], site_names: Mapping[str, str] | None = None
) -> None:
    """Print the headline figures of a plan, and where its results are."""
    from siting.screen import headline

    if plan.is_empty:
        typer.echo("The best plan builds nothing: within the limits no connection is worth it.")
    show(title, {**headline(plan, site_names), **paths})
