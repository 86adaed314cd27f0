"""Compute published projects."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from siting.cli.app import app
from siting.cli.console import (
    columns,
    say,
    write_text,
)


class CaseFormat(StrEnum):
    """How the published projects are printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"


@app.command()
def cases(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which cases; all by default.")
    ] = None,
    form: Annotated[
        CaseFormat, typer.Option("--format", help="How to print them.")
    ] = CaseFormat.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write instead of stdout.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Folder of case files of your own.")
    ] = None,
) -> None:
    """Compute published projects beside what is said of them; flag what cannot be right."""
    from siting.cases import read_cases, rendered, run_cases

    outcomes = run_cases(read_cases(names or (), folder))
    text = rendered(outcomes, form.value, columns(output))
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_text(output, text)
    if not all(each.holds for each in outcomes):
        lost = [check.id for each in outcomes for check in each.checks if not check.holds]
        say(f"Checks that do not hold: {', '.join(lost)}.")
        raise typer.Exit(1)
