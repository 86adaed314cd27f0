"""Write the report of a finished run anew, and print it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siting.cli.app import app
from siting.cli.console import say


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER", help="A run folder.")],
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it to report.pdf too.")] = False,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Print the page that is there; do not write it anew.")
    ] = False,
    language: Annotated[
        str | None, typer.Option("--language", help="Language; that of the study if absent.")
    ] = None,
    frontier: Annotated[
        Path | None,
        typer.Option("--frontier", help="A frontier.json; that beside the run if absent."),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the report when done.")] = False,
) -> None:
    """Write the report of a finished run anew, with a frontier where there is one; print it."""
    from siting.outputs.printing import check_printer
    from siting.study.reports import print_report, retell_report

    if pdf:
        check_printer()
    page = folder / "report.html" if folder.is_dir() else folder.with_name("report.html")
    if not as_is:
        page = retell_report(folder, language=language, frontier=frontier)
        typer.echo(f"wrote {page}")
    if pdf:
        printed, program = print_report(folder)
        typer.echo(f"wrote {printed}")
        say(f"Printed by {program}.")
    if open_page:
        typer.launch(page.absolute().as_uri())
