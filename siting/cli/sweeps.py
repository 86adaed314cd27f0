"""Ask a study under many assumptions."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siting.cli.app import app
from siting.cli.aside import search_aside
from siting.cli.codes import NOT_PROVEN
from siting.cli.console import print_json
from siting.cli.options import GapOption, JsonOption, StudyArgument, TimeOption, given, study_file
from siting.errors import Fault, InputError

if TYPE_CHECKING:
    from siting.config import StudyConfig, SweepConfig
    from siting.screen import ProgressScreen
    from siting.sweep import Sweep, SweepProgress

SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", help="Address of a Dask scheduler, such as tcp://node7:8786."),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Processes on this machine; one per core if absent."),
]


@app.command()
def sweep(
    study: StudyArgument,
    sweep_file: Annotated[
        Path | None,
        typer.Option("--sweep", help="File that says what to vary, in place of [sweep]."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; the run folder and -sweep if absent.")
    ] = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Throw away what an earlier sweep left in the folder.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the scenarios; solve nothing.")
    ] = False,
    gap: GapOption = None,
    time_limit: TimeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a study under many assumptions, and advise the plan that stands in all of them.

    Each finished scenario is stored at once: the same command goes on after a kill.
    """
    from siting.config import with_changes
    from siting.config.file import read_config, read_sweep

    config = read_config(study_file(study))
    config = with_changes(config, {"solver": given(gap=gap, time_limit_s=time_limit)})
    wanted = config.sweep if sweep_file is None else read_sweep(sweep_file)
    if wanted is None:
        raise InputError(
            Fault(
                "study",
                f"'{config.file.name}' has no section [sweep].",
                "Add it, or name a file with --sweep.",
            )
        )
    if dry_run:
        _list(config, wanted)
        return
    run_folder = config.outputs.folder
    folder = (out or run_folder.with_name(f"{run_folder.name}-sweep")).absolute()
    found, written = _swept(config, wanted, folder, workers, scheduler, fresh)
    _show(found, written, as_json)
    raise typer.Exit(0 if found.complete else NOT_PROVEN)


def _swept(
    config: StudyConfig,
    wanted: SweepConfig,
    folder: Path,
    workers: int | None,
    scheduler: str | None,
    fresh: bool,
) -> tuple[Sweep, dict[str, Path]]:
    """Run a sweep and write its results, while listening for Ctrl-C."""

    def work(screen: ProgressScreen, stop: threading.Event) -> tuple[Sweep, dict[str, Path]]:
        from siting.sweep import run_sweep
        from siting.sweep.results import write_results

        def tell(progress: SweepProgress) -> None:
            words = f": {progress.name}" if progress.name else ""
            status = f" ({progress.words})" if progress.words else ""
            screen.say(f"{progress.stage} {progress.done} of {progress.total}{words}{status}")

        found = run_sweep(
            config,
            wanted,
            folder,
            workers=workers,
            scheduler=scheduler,
            fresh=fresh,
            progress=tell,
            stop=stop,
        )
        return found, write_results(found)

    return search_aside(config.objective.kind, work)


def _list(config: StudyConfig, wanted: SweepConfig) -> None:
    """Print what would be asked."""
    from siting.sweep import plan_scenarios

    scenarios = plan_scenarios(config, wanted)
    for each in scenarios:
        inputs = ", ".join(f"{key} = {value}" for key, value in each.inputs.items())
        way = "searched" if each.optimise else "the study's plan kept"
        typer.echo(f"{each.number:>5}  {each.name}  [{way}]  {inputs}")
    typer.echo(f"{len(scenarios)} scenarios; nothing was solved.")


def _show(found: Sweep, written: dict[str, Path], as_json: bool) -> None:
    from siting.sweep.results import sweep_words

    if as_json:
        table = found.table()
        counts = {str(name): int(count) for name, count in table["status"].value_counts().items()}
        said: dict[str, Any] = {
            "scenarios": len(found.scenarios),
            "done": len(table),
            "complete": found.complete,
            "status": counts,
            "plans": len(found.plans),
            "advice": sweep_words(found),
        }
        print_json(said | {name: str(path) for name, path in written.items()})
        return
    for sentence in sweep_words(found):
        typer.echo(f"- {sentence}")
    for path in written.values():
        typer.echo(f"wrote {path}")
    if not found.complete:
        typer.echo("Stopped on its way: the same command goes on from here.")
