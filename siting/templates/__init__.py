"""Start a study: a folder with a commented study file, and layers where they are asked for."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

from siting.errors import Fault, InputError

__all__ = ["start_study"]


def start_study(folder: str | Path, region: str | None = None) -> tuple[Path, ...]:
    """Create a study folder and return the files written.

    Parameters
    ----------
    folder
        The folder to create; it may exist, but must be empty.
    region
        Name of a packaged region whose layers and study file are copied; without it the study
        file is a template to fill in.

    Raises
    ------
    InputError
        The folder holds something already, cannot be written, or there is no such region.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            Fault(
                "study",
                f"'{folder}' exists already and is not an empty folder; nothing was written.",
                "Name another folder.",
            )
        )
    try:
        return _copy_region(folder, region) if region else _write_template(folder)
    except OSError as error:
        raise InputError(
            Fault("study", f"cannot write to '{folder}': {error.strerror}.", "Name another folder.")
        ) from error


def _write_template(folder: Path) -> tuple[Path, ...]:
    """Write the template and the page that goes with it."""
    (folder / "layers").mkdir(parents=True)
    written = []
    for name in ("study.toml", "README.md"):
        text = files(__package__).joinpath(name).read_text(encoding="utf-8")
        target = folder / name
        target.write_text(text.replace("{name}", folder.resolve().name), encoding="utf-8")
        written.append(target)
    return tuple(written)


def _copy_region(folder: Path, region: str) -> tuple[Path, ...]:
    """Copy a packaged region, without results that lie beside it."""
    from siting.resources import region_study

    source = region_study(region).parent
    shutil.copytree(
        source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("out", "__pycache__")
    )
    return tuple(sorted(each for each in folder.rglob("*") if each.is_file()))
