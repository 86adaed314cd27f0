"""Print schemas, versions and solvers."""

from __future__ import annotations

import platform
from enum import StrEnum
from typing import Annotated

import typer

import siting
from siting.cli.app import app
from siting.cli.console import (
    print_json,
    show,
)
from siting.cli.options import (
    JsonOption,
)


class Schema(StrEnum):
    """The file formats that have a JSON Schema."""

    PROBLEM = "problem"
    STUDY = "study"


LIBRARIES = (
    "folium", "geopandas", "highspy", "networkx", "numba", "numpy", "osmnx", "pandapipes", "pandas",
    "pulp", "pydantic", "pyogrio", "pyproj", "scipy", "shapely",
)  # fmt: skip


@app.command()
def schema(which: Annotated[Schema, typer.Argument(help="Which file format.")]) -> None:
    """Print the JSON Schema of a file format."""
    from siting.config import study_schema
    from siting.problem import problem_schema

    print_json(problem_schema() if which is Schema.PROBLEM else study_schema())


@app.command()
def info(as_json: JsonOption = False) -> None:
    """Show versions and the solvers found."""
    from siting.study import solvers_found

    found = {"siting": siting.__version__, "python": platform.python_version()}
    found |= {name: _version(name) for name in LIBRARIES}
    solvers = solvers_found()
    if as_json:
        print_json({"versions": found, "solvers": solvers})
        return
    show("Versions", found)
    show("Solvers", solvers)


def _version(name: str) -> str:
    """Return the version of an installed distribution."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
