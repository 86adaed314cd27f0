"""Write the report of a finished run anew: in another language, with a frontier, or as PDF."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from siting.errors import Fault, InputError
from siting.study.again import read_run, run_folder
from siting.study.finished import Alternatives

if TYPE_CHECKING:
    from siting.frontier import Frontier
    from siting.problem import Problem

__all__ = ["print_report", "retell_report"]

log = logging.getLogger(__name__)

PAGE, PDF = "report.html", "report.pdf"


def retell_report(
    folder: str | Path, *, language: str | None = None, frontier: str | Path | None = None
) -> Path:
    """Write the report of a run folder anew from its layers and its plan; nothing is solved.

    Parameters
    ----------
    folder
        The run folder, or a file in it.
    language
        Language of the report; that of the study if absent.
    frontier
        A frontier file of the same study. If absent, that in the folder, or in the folder beside
        it that ``siting frontier`` writes, where there is one.

    Returns
    -------
    The page. An older hydraulic check stays in it; an older PDF is printed anew if it has changed.

    Raises
    ------
    InputError
        The folder is no run folder, or its layers have changed; the language is not known, or the
        frontier cannot be read or is about another problem.
    """
    from siting.outputs.files import change_outputs, write_report_of
    from siting.outputs.labels import labels_of
    from siting.outputs.printing import print_again

    folder = run_folder(folder)
    run, created = read_run(folder)
    labels = labels_of(language or run.config.outputs.language)
    found = _frontier_of(folder, frontier, run.assembly.problem)
    if found is not None:
        run = replace(run, alternatives=Alternatives(found, ()))

    def write(path: Path) -> None:
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        write_report_of(run, path, created, labels)
        _keep_check(before, path)

    def reprint(path: Path) -> None:
        page = path.with_name(PAGE)
        if path.is_file() and page.read_bytes() != (folder / PAGE).read_bytes():
            gone = print_again(page, path)
            if gone is not None:
                log.warning(gone)

    files = {PAGE: write} | ({PDF: reprint} if (folder / PDF).is_file() else {})
    change_outputs(folder, files)
    return folder / PAGE


def print_report(folder: str | Path) -> tuple[Path, str]:
    """Print the report of a run folder to PDF, as it is.

    Parameters
    ----------
    folder
        The run folder, or a file in it.

    Returns
    -------
    The PDF, and the program that printed it.

    Raises
    ------
    InputError
        The folder is no run folder or has no report, or nothing is installed that prints.
    """
    from siting.outputs.files import change_outputs
    from siting.outputs.printing import print_pdf

    folder = run_folder(folder)
    page = folder / PAGE
    if not page.is_file():
        fault = Fault("report", f"'{folder.name}' has no {PAGE}.", f"siting report {folder.name}")
        raise InputError(fault)
    names: list[str] = []
    change_outputs(folder, {PDF: lambda path: names.append(print_pdf(page, path))})
    return folder / PDF, names[0]


def _frontier_of(folder: Path, stated: str | Path | None, problem: Problem) -> Frontier | None:
    """Return the frontier that belongs to a run; one that was asked for must."""
    from siting.frontier.file import read_frontier
    from siting.frontier.find import problem_digest

    places = [Path(stated)] if stated else [
        folder / "frontier.json",
        folder.with_name(f"{folder.name}-frontier") / "frontier.json",
    ]  # fmt: skip
    for path in places:
        if stated is None and not path.is_file():
            continue
        found = read_frontier(path)
        if found.problem_sha256 == problem_digest(problem):
            return found
        if stated is not None:
            raise InputError(
                Fault(
                    "frontier",
                    f"'{path}' is about another problem than the run.",
                    "Run siting frontier on the study of the run.",
                )
            )
    return None


def _keep_check(before: str, path: Path) -> None:
    """Put the hydraulic check of an older report into a new one."""
    from siting.outputs.hydraulics import BLOCK

    kept = BLOCK.search(before)
    if kept is not None and 'class="wide"' in kept[0]:
        page = BLOCK.sub(lambda _: kept[0], path.read_text(encoding="utf-8"), count=1)
        path.write_text(page, encoding="utf-8")
