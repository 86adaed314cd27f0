"""Hold the options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

StudyArgument = Annotated[
    Path, typer.Argument(metavar="STUDY", help="The study file, or the folder it is in.")
]

GapOption = Annotated[
    float | None, typer.Option("--gap", help="Wanted relative gap; 0.01 is one per cent.")
]

TimeOption = Annotated[float | None, typer.Option("--time-limit", help="Longest search [s].")]

FrontierOption = Annotated[
    float | None,
    typer.Option(
        "--frontier",
        min=0,
        help="Time for plans of other sizes after the plan, for the slider of the map [s].",
    ),
]

SolverOption = Annotated[str | None, typer.Option("--solver", help="Name, as info shows it.")]

JsonOption = Annotated[bool, typer.Option("--json", help="Print figures as JSON on stdout.")]

OpenOption = Annotated[bool, typer.Option("--open", help="Open the map when done.")]


def study_file(path: Path) -> Path:
    """Return the study file that a path means."""
    return path / "study.toml" if path.is_dir() else path


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value is not None}
