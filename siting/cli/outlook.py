"""Ask what the years ahead bring: sources that leave, and building in phases."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siting.cli.app import app
from siting.cli.aside import run_log, search_aside
from siting.cli.codes import NOT_PROVEN
from siting.cli.console import print_json
from siting.cli.options import GapOption, JsonOption, StudyArgument, TimeOption, given, study_file

if TYPE_CHECKING:
    from siting.screen import ProgressScreen
    from siting.study.phasing import Phased
    from siting.study.stress import Stress

OutOption = Annotated[
    Path | None, typer.Option("--out", help="Folder; the run folder and the verb if absent.")
]


@app.command()
def stress(
    study: StudyArgument,
    out: OutOption = None,
    gap: GapOption = None,
    time_limit: TimeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what happens when a data centre leaves, and what a precaution costs.

    Three plans are compared: the usual one, the best one over all scenarios of [departure] in the
    study, and one in which every zone stays supplied when any one source is lost. Each of the
    three searches may take the time limit.
    """
    from siting.solution import Status
    from siting.study import read_study

    changes = {"solver": given(gap=gap, time_limit_s=time_limit)}
    asked = read_study(study_file(study)).with_changes(**changes)
    run_folder = asked.config.outputs.folder
    folder = (out or run_folder.with_name(f"{run_folder.name}-stress")).absolute()

    def search(screen: ProgressScreen, stop: threading.Event) -> tuple[Stress, dict[str, Path]]:
        from siting.outputs.stress import write_stress_folder

        with run_log(screen):
            found = asked.stress(progress=screen, stop=stop)
        return found, write_stress_folder(found, folder)

    found, written = search_aside("heat_per_euro", search)
    from siting.outputs.stress import stress_figures, stress_words

    if as_json:
        print_json(stress_figures(found))
    else:
        for sentence in stress_words(found):
            typer.echo(sentence)
        for path in written.values():
            typer.echo(f"wrote {path}")
    proofs = [each.plan.proof for each in (found.prepared, found.secured) if each is not None]
    proven = all(each.status is Status.OPTIMAL for each in proofs)
    raise typer.Exit(0 if proven else NOT_PROVEN)


YearsOption = Annotated[
    str | None,
    typer.Option(
        "--years", help="Length of each period in years, such as 10,20; wins over [phases]."
    ),
]
LeastOption = Annotated[
    str | None,
    typer.Option(
        "--least-heat", help="Least heat of a year of each period [MWh/a], such as 6000,8000."
    ),
]


@app.command()
def phases(
    study: StudyArgument,
    out: OutOption = None,
    years: YearsOption = None,
    least_heat: LeastOption = None,
    gap: GapOption = None,
    time_limit: TimeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build the network in periods: what to lay now, what later, and how large.

    The periods, and the years from which sites, zones and streets can be used, stand under
    [phases] in the study. With --years its least heats and budgets of single periods are left out.
    """
    from siting.solution import Status
    from siting.study import read_study

    changes = {"solver": given(gap=gap, time_limit_s=time_limit)}
    changes["phases"] = _periods(years, least_heat)
    asked = read_study(study_file(study)).with_changes(**changes)
    run_folder = asked.config.outputs.folder
    folder = (out or run_folder.with_name(f"{run_folder.name}-phases")).absolute()

    def search(screen: ProgressScreen, stop: threading.Event) -> tuple[Phased, dict[str, Path]]:
        from siting.outputs.phases import write_phase_folder

        with run_log(screen):
            found = asked.phases(progress=screen, stop=stop)
        return found, write_phase_folder(found, folder)

    found, written = search_aside("heat_per_euro", search)
    from siting.outputs.phases import phase_figures, phase_words

    if as_json:
        print_json(phase_figures(found))
    else:
        for sentence in phase_words(found):
            typer.echo(sentence)
        for path in written.values():
            typer.echo(f"wrote {path}")
    raise typer.Exit(0 if found.plan.proof.status is Status.OPTIMAL else NOT_PROVEN)


def _periods(years: str | None, least_heat: str | None) -> dict[str, Any]:
    """Return what options say about the periods."""
    said: dict[str, Any] = {}
    if years is not None:
        said = {"years_a": _figures(years, "--years"), "min_heat_mwh": (), "budgets_eur": ()}
        said["years_a"] = tuple(round(each) for each in said["years_a"])
    if least_heat is not None:
        said["min_heat_mwh"] = _figures(least_heat, "--least-heat")
    return said


def _figures(text: str, option: str) -> tuple[float, ...]:
    """Return figures between commas.

    Examples
    --------
    >>> _figures("10, 20", "--years")
    (10.0, 20.0)
    """
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError as error:
        words = f"'{text}' is no list of figures such as 10,20"
        raise typer.BadParameter(words, param_hint=option) from error
