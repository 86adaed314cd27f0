"""Take a finished run back out of its folder, with its layers read again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from siting.config import StudyConfig, read_config, settings_of, with_changes
from siting.errors import Fault, InputError
from siting.study.chain import Study
from siting.study.finished import Run
from siting.study.solving import appraise_plan, sized_as_kept

__all__ = ["read_run", "run_folder"]

MANIFEST = "manifest.json"


def run_folder(path: str | Path) -> Path:
    """Return the run folder that a path means, itself or that of a file in it.

    Raises
    ------
    InputError
        It is no run folder.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    _manifest(folder)
    return folder.absolute()


def read_run(path: str | Path) -> tuple[Run, datetime]:
    """Return a finished run from its folder, and when it was made.

    The layers are read again and must be those of the run; nothing is solved.

    Parameters
    ----------
    path
        The run folder, or a file in it.

    Raises
    ------
    InputError
        The folder is no run folder, the study or a layer has changed since, or an older version
        sized its pipes for peaks in rounds that it did not keep.
    """
    from siting.problem import read_problem
    from siting.solution_file import read_solution

    folder = run_folder(path)
    manifest = _manifest(folder)
    file = (folder / manifest["study_file"]).resolve()
    _check_inputs(manifest["inputs"], file.parent)
    config = _config_of(manifest["settings"], file, folder)
    checked = Study(config).check()
    problem, plan = (
        read_problem(folder / "problem.json"),
        read_solution(folder / "solution.json"),
    )
    if config.network.pipes_carry == "peak":
        if not manifest.get("peak_rounds"):
            raise _fault(
                f"'{folder.name}' was sized for peaks, in rounds that its folder does not keep.",
                "Run the study again.",
            )
        checked = sized_as_kept(config, checked, plan, manifest)
    if checked.assembly.problem != problem:
        raise _fault(
            f"the layers of '{folder.name}' give another problem than the run solved.",
            "Run the study again; the package may have changed since.",
        )
    run = appraise_plan(config, replace(checked, doubts=checked.doubts), plan)
    return run, datetime.fromisoformat(manifest["created_utc"])


def _config_of(settings: Mapping[str, Any], file: Path, folder: Path) -> StudyConfig:
    """Return the study as it was run: its file, and what was set beside it."""
    config = read_config(file)
    now = settings_of(config)
    changes = {
        section: {
            key: value for key, value in kept.items() if now.get(section, {}).get(key) != value
        }
        for section, kept in settings.items()
        if section != "layers" and isinstance(kept, dict)
    }
    changes = {section: keys for section, keys in changes.items() if keys}
    return with_changes(config, {**changes, "outputs": {"folder": folder}})


def _check_inputs(hashes: Mapping[str, str], folder: Path) -> None:
    """Raise if a file that the run was made of has changed or is gone."""
    changed = [name for name, kept in hashes.items() if _sha256(folder / name) != kept]
    if changed:
        raise _fault(
            f"changed or gone since the run: {', '.join(changed)}.",
            "Put the files back, or run the study again.",
        )


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder."""
    needed = ("study_file", "inputs", "settings", "outputs", "created_utc")
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if all(key in raw for key in needed):
            return dict(raw)
    except (OSError, ValueError, TypeError):
        pass
    raise _fault(
        f"'{folder.name or folder}' is no run folder: it has no {MANIFEST} that says how it was"
        " made.",
        "Give the folder that 'siting run' wrote.",
    )


def _fault(finding: str, remedy: str) -> InputError:
    return InputError(Fault("plan", finding, remedy))
