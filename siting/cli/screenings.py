"""Screen a country for sites and towns that fit."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siting.cli.app import app
from siting.cli.aside import search_aside
from siting.cli.codes import NOT_PROVEN
from siting.cli.console import print_json
from siting.cli.options import GapOption, JsonOption, OpenOption, TimeOption, given
from siting.cli.sweeps import SchedulerOption, WorkersOption

if TYPE_CHECKING:
    from siting.config.screening import ScreeningConfig
    from siting.screen import ProgressScreen
    from siting.screening import Screening
    from siting.screening.regions import HandedRegion


@app.command()
def screen(
    screening: Annotated[
        Path, typer.Argument(metavar="SCREENING", help="The screening file (TOML).")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; the one the file names if absent.")
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Plan the best regions on streets, side by side.")
    ] = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    gap: GapOption = None,
    time_limit: TimeOption = None,
    as_json: JsonOption = False,
    open_map: OpenOption = False,
) -> None:
    """Rank every site against every town without streets; hand the best regions to run.

    Sites compete for the same heat: the assignment is proven within the wanted gap.
    """
    from siting.config import with_changes
    from siting.screening.run import read_screening

    config = read_screening(screening)
    config = with_changes(config, {"solver": given(gap=gap, time_limit_s=time_limit)})
    folder = (out or config.outputs.folder).absolute()
    done = _screened(config, folder, run, workers, scheduler)
    found, regions, runs, written = done
    if as_json:
        said: dict[str, Any] = {**found.totals(), "seconds": found.seconds, "runs": runs}
        handed = [
            {"name": each.name, "study": str(each.study), "lacks": each.missing} for each in regions
        ]
        print_json(said | {"regions": handed} | {k: str(p) for k, p in written.items()})
    else:
        _show(found, regions, runs, written)
    if open_map:
        typer.launch(written["map"].as_uri())
    raise typer.Exit(0 if found.competition.gap <= config.solver.gap else NOT_PROVEN)


def _screened(
    config: ScreeningConfig,
    folder: Path,
    run: bool,
    workers: int | None,
    scheduler: str | None,
) -> tuple[Screening, tuple[HandedRegion, ...], list[dict[str, Any]], dict[str, Path]]:
    """Screen, hand over and write, while listening for Ctrl-C."""

    def work(
        progress: ProgressScreen, stop: threading.Event
    ) -> tuple[Screening, tuple[HandedRegion, ...], list[dict[str, Any]], dict[str, Path]]:
        from siting.screening import screen as find
        from siting.screening.regions import hand_over
        from siting.screening.results import write_screening

        progress.say("screening")
        found = find(config, stop=stop)
        regions = hand_over(found, folder / "regions")
        runs = _run_regions(regions, workers, scheduler, progress) if run else []
        return found, regions, runs, write_screening(found, folder, regions, runs)

    return search_aside("max_heat", work)


def _run_regions(
    regions: tuple[HandedRegion, ...],
    workers: int | None,
    scheduler: str | None,
    progress: ProgressScreen,
) -> list[dict[str, Any]]:
    """Plan regions on streets, side by side."""
    from siting.crew import Failure, crew_of
    from siting.screening.regions import run_region

    runs: list[dict[str, Any]] = []
    studies = [each.study for each in regions]
    with crew_of(workers, scheduler) as crew:
        for study, found in crew.each_done(run_region, None, studies):
            failed = isinstance(found, Failure)
            row = {"study": str(study), "status": found.words} if failed else found
            runs.append(row)
            progress.say(f"planned {len(runs)} of {len(studies)}: {study.parent.name}")
    return sorted(runs, key=lambda each: str(each["study"]))


def _show(
    found: Screening,
    regions: tuple[HandedRegion, ...],
    runs: list[dict[str, Any]],
    written: dict[str, Path],
) -> None:
    for sentence in found.words():
        typer.echo(f"- {sentence}")
    done = {each["study"]: each for each in runs}
    for each in regions:
        words = f"region {each.name}: {each.heat_mwh / 1e3:,.1f} GWh/a, {each.study}"
        row = done.get(str(each.study))
        if row is not None:
            heat = f", {row['heat_mwh'] / 1e3:,.1f} GWh/a" if "heat_mwh" in row else ""
            words += f"; on streets: {row['status']}{heat}"
        typer.echo(words)
        if each.missing:
            typer.echo(f"  lacks {each.missing}")
    for path in written.values():
        typer.echo(f"wrote {path}")
    if regions and not runs:
        typer.echo(f"Next: siting run {regions[0].study}")
