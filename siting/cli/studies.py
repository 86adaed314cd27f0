"""Start, check and run studies."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siting.cli.app import app
from siting.cli.aside import run_log, search_aside
from siting.cli.codes import DOUBTS, exit_code
from siting.cli.console import (
    print_json,
    show_findings,
    show_plan,
)
from siting.cli.options import (
    FrontierOption,
    GapOption,
    JsonOption,
    OpenOption,
    SolverOption,
    StudyArgument,
    TimeOption,
    given,
    study_file,
)
from siting.errors import InputError

if TYPE_CHECKING:
    from siting.screen import ProgressScreen
    from siting.study import Run, Study


EXAMPLE_FRONTIER_S = 45.0
"""Time of a packaged region for the plans that its slider shows [s]."""


class Region(StrEnum):
    """The regions that come with the package."""

    HELSINKI = "helsinki"
    KOTKA = "kotka"


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to create.")],
    source: Annotated[
        Region | None, typer.Option("--from", help="Copy the layers of a packaged region.")
    ] = None,
) -> None:
    """Start a study: a folder with a commented study file."""
    from siting.templates import start_study

    for written in start_study(folder, source.value if source else None):
        typer.echo(f"wrote {written}")
    typer.echo(f"Next: siting check {folder / 'study.toml'}")


@app.command(
    epilog="Exit codes of check: 0 clean, 1 faults, 2 usage, 7 no fault but doubts, which a run"
    " takes along."
)
def check(
    study: StudyArgument,
    as_json: JsonOption = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Take every repair for a fault.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option("--map", help="Page to write; check.html beside the study file if absent."),
    ] = None,
    no_map: Annotated[bool, typer.Option("--no-map", help="Write no page.")] = False,
    layers: Annotated[
        Path | None, typer.Option("--layers", help="GeoPackage to write every repair into.")
    ] = None,
    open_map: OpenOption = False,
) -> None:
    """Read every layer; report and draw every fault, doubt and repair at once; solve nothing."""
    from siting.outputs.check_map import write_acts, write_check
    from siting.study import read_study

    file = study_file(study)
    findings = read_study(file).inspect(strict=strict or None)
    written = {}
    if not no_map:
        written["map"] = write_check(findings, page or file.absolute().parent / "check.html")
    if layers is not None:
        written["layers"] = write_acts(findings, layers)
    show_findings(findings, written, as_json)
    if open_map and "map" in written:
        typer.launch(written["map"].absolute().as_uri())
    if findings.faults:
        raise typer.Exit(InputError.exit_code)
    if findings.doubts:
        raise typer.Exit(DOUBTS)


@app.command()
def run(
    study: StudyArgument,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder.")] = None,
    gap: GapOption = None,
    time_limit: TimeOption = None,
    solver: SolverOption = None,
    objective: Annotated[
        str | None,
        typer.Option("--objective", help="heat_per_euro, max_heat, capex or net_value."),
    ] = None,
    frontier_s: FrontierOption = None,
    as_json: JsonOption = False,
    open_map: OpenOption = False,
) -> None:
    """Find, verify and write the best plan of a study."""
    from siting.study import read_study

    changes: dict[str, Mapping[str, Any]] = {
        "solver": given(name=solver, gap=gap, time_limit_s=time_limit),
        "objective": given(kind=objective),
        "outputs": given(folder=out.absolute() if out else None, frontier_s=frontier_s),
    }
    run_and_show(read_study(study_file(study)).with_changes(**changes), as_json, open_map)


@app.command()
def example(
    region: Annotated[Region, typer.Argument(help="Which packaged region.")] = Region.HELSINKI,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder.")] = None,
    free_ratio: Annotated[
        bool,
        typer.Option("--free-ratio", help="Drop every limit: the best ratio, however small."),
    ] = False,
    gap: GapOption = None,
    time_limit: TimeOption = None,
    frontier_s: FrontierOption = EXAMPLE_FRONTIER_S,
    as_json: JsonOption = False,
    open_map: OpenOption = False,
) -> None:
    """Run a packaged region, offline."""
    from siting.config import LimitsConfig
    from siting.resources import data_folder
    from siting.study import read_study

    folder = (out or Path(f"example-{region.value}")).absolute()
    changes: dict[str, Mapping[str, Any]] = {
        "solver": given(gap=gap, time_limit_s=time_limit),
        "outputs": {"folder": folder, **given(frontier_s=frontier_s)},
    }
    if free_ratio:
        changes["limits"] = dict.fromkeys(LimitsConfig.model_fields)
        changes["objective"] = {"kind": "heat_per_euro"}
    study = read_study(data_folder() / region.value / "study.toml").with_changes(**changes)
    run_and_show(study, as_json, open_map)


def run_and_show(study: Study, as_json: bool, open_map: bool) -> None:
    """Run a study, show its headline and leave with the exit code of its plan."""

    def search(screen: ProgressScreen, stop: threading.Event) -> Run:
        with run_log(screen) as path:
            return study.run(progress=screen, stop=stop, run_log=path)

    done = search_aside(study.config.objective.kind, search)
    paths = {"map": str(done.map_path), "run folder": str(done.folder)}
    title = study.config.study.name
    if as_json:
        print_json(
            {**done.appraisal.kpis(), "map": paths["map"], "run_folder": paths["run folder"]}
        )
    else:
        show_plan(done.plan, title, paths, done.assembly.site_ids)
    if open_map:
        typer.launch(done.map_path.as_uri())
    raise typer.Exit(exit_code(done.plan))
