"""Find frontiers."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siting.cli.app import app
from siting.cli.aside import run_log, search_aside
from siting.cli.codes import NOT_PROVEN
from siting.cli.console import (
    print_json,
)
from siting.cli.options import (
    GapOption,
    JsonOption,
    StudyArgument,
    given,
    study_file,
)

if TYPE_CHECKING:
    from siting.frontier import Frontier
    from siting.screen import ProgressScreen
    from siting.study import Study


@app.command()
def frontier(
    study: StudyArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; the run folder and -frontier if absent.")
    ] = None,
    points: Annotated[
        int, typer.Option("--points", min=1, help="Prices of investment to ask.")
    ] = 16,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the frontier.json in the folder.")
    ] = False,
    gap: GapOption = None,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", "--time", help="Longest search [s].")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find the best plans for all budgets, and the ceiling that no plan can cross.

    Budget, least heat and objective of the study are left aside; its other limits hold.
    """
    from siting.study import read_study

    changes = {"solver": given(gap=gap, time_limit_s=time_limit)}
    asked = read_study(study_file(study)).with_changes(**changes)
    run_folder = asked.config.outputs.folder
    folder = (out or run_folder.with_name(f"{run_folder.name}-frontier")).absolute()
    found, written = _frontier(asked, folder, points, resume)
    from siting.outputs.frontier import frontier_table, frontier_words

    if as_json:
        from siting.frontier.file import frontier_as_dict

        print_json(frontier_as_dict(found))
    else:
        _say_left_aside(asked)
        typer.echo(frontier_table(found))
        typer.echo(frontier_words(found))
        for path in written.values():
            typer.echo(f"wrote {path}")
    raise typer.Exit(0 if found.is_proven else NOT_PROVEN)


def _frontier(
    study: Study, folder: Path, points: int, resume: bool
) -> tuple[Frontier, dict[str, Path]]:
    """Find a frontier and write its folder, while listening for Ctrl-C."""

    def search(screen: ProgressScreen, stop: threading.Event) -> tuple[Frontier, dict[str, Path]]:
        from siting.frontier.file import read_frontier
        from siting.outputs.frontier import write_frontier_folder

        earlier = read_frontier(folder / "frontier.json") if resume else None
        with run_log(screen):
            found = study.frontier(points=points, resume=earlier, progress=screen, stop=stop)
            written = write_frontier_folder(found, folder, title=study.config.study.name)
            drawn = study.draw_frontier(found, folder / "map.html")
        return found, {**written, **({} if drawn is None else {"map": drawn})}

    return search_aside("max_heat", search)


def _say_left_aside(study: Study) -> None:
    """Say which parts of a study a frontier does not heed."""
    limits = study.config.limits
    names = [name for name in ("budget_eur", "min_heat_mwh", "min_share") if getattr(limits, name)]
    if names:
        typer.echo(f"Left aside for the frontier: {', '.join(names)} of the study.")
    if study.config.network.pipes_carry == "peak":
        typer.echo("Pipes are sized for what they carry from the sites, not for whole peaks.")
