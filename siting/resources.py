"""Find the regions that come with the package."""

from __future__ import annotations

from pathlib import Path

from siting.errors import Fault, InputError, name_ids

__all__ = ["data_folder", "region_names", "region_study"]


def data_folder() -> Path:
    """Return the folder of the built-in regions.

    In an installed package it lies inside it; in a checkout it is ``data`` beside the package.

    Raises
    ------
    InputError
        The package was installed without its data.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data", package.parent / "data"):
        if any(folder.glob("*/study.toml")):
            return folder
    raise InputError(
        Fault(
            "study",
            "the built-in regions are missing from this installation.",
            "Install the package again, or name a study file of your own.",
        )
    )


def region_names() -> tuple[str, ...]:
    """Return the names of the built-in regions, in alphabetical order."""
    return tuple(sorted(study.parent.name for study in data_folder().glob("*/study.toml")))


def region_study(name: str) -> Path:
    """Return the study file of a built-in region.

    Parameters
    ----------
    name
        Name of the region, such as ``helsinki``.

    Raises
    ------
    InputError
        There is no built-in region of that name.
    """
    names = region_names()
    if name not in names:
        raise InputError(
            Fault(
                "study",
                f"there is no built-in region '{name}'; at hand are {name_ids(names)}.",
                "Choose one of these, or give the path of a study file.",
            )
        )
    return data_folder() / name / "study.toml"
