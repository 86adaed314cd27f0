"""Simulate, explain and change finished plans."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from siting.cli.app import app
from siting.cli.codes import BEYOND_LIMITS
from siting.cli.console import (
    print_json,
    say,
    show,
)
from siting.cli.options import (
    JsonOption,
    StudyArgument,
    study_file,
)


class SimulatedDay(StrEnum):
    """The days that can be simulated."""

    DESIGN = "design"
    SUMMER = "summer"
    BOTH = "both"


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER", help="A run folder.")],
    day: Annotated[SimulatedDay, typer.Option("--day", help="Which day.")] = SimulatedDay.BOTH,
    central_peak: Annotated[
        bool,
        typer.Option(
            "--central-peak", help="Zones draw their whole peak, from boilers at the sites."
        ),
    ] = False,
    networks: Annotated[
        Path | None,
        typer.Option("--networks", help="Folder to write the networks into, for pandapipes."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate temperatures, pressures and velocities of a plan, and put them into its folder."""
    from siting.screen import simulation_tables
    from siting.simulate import simulate as simulate_plan
    from siting.simulate import write_pandapipes, write_simulation

    found = simulate_plan(folder, day.value, central_peak=central_peak)
    left = write_simulation(found, folder)
    handed = [] if networks is None else write_pandapipes(folder, networks)
    if as_json:
        print_json(found.as_dict())
    else:
        for title, rows in simulation_tables(found):
            show(title, rows)
        for finding in found.findings:
            typer.echo(f"- {finding.text}")
        if found.within_limits:
            typer.echo("Temperatures, pressures and velocities are within their limits.")
        typer.echo(f"wrote simulation.json and simulation.gpkg in {folder}")
    for sentence in (*left, *(f"wrote {path}" for path in handed)):
        say(sentence)
    raise typer.Exit(0 if found.within_limits else BEYOND_LIMITS)


@app.command()
def assumptions(
    workbook: Annotated[Path, typer.Argument(metavar="PLAN.xlsx", help="A changed workbook.")],
    study: StudyArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Study file to write, beside the other.")
    ] = None,
) -> None:
    """Put the changed figures of a workbook's assumptions into a new study file."""
    from siting.assumptions import write_changed_study

    file = study_file(study)
    target = out or file.with_name(f"{file.stem}-changed.toml")
    changes = write_changed_study(workbook, file, target)
    for change in changes:
        typer.echo(f"- {change}")
    typer.echo(f"wrote {target}: {len(changes)} changed. Next: siting run {target}")


@app.command()
def explain(
    folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER", help="A run folder.")],
    name: Annotated[str, typer.Argument(metavar="ID", help="Id of a zone or site.")],
) -> None:
    """Say why a zone or site is in a plan or not, and what would have to change."""
    from siting.outputs.files import explain_folder

    typer.echo(str(explain_folder(folder, name)))
