"""Know the solvers by name: which there are, which are here, and how to get one."""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

import pulp

from siting.errors import SolverError
from siting.solvers.compiled import CompiledModel
from siting.solvers.dialects import INTERFACES, cbc_path
from siting.solvers.highs import HighsMip
from siting.solvers.settings import MipSolver
from siting.solvers.through_pulp import PulpMip

__all__ = ["available_solvers", "describe_solvers", "known_solvers", "mip_solver", "require_solver"]


@dataclass(frozen=True)
class SolverEntry:
    """What there is to know of a solver.

    Parameters
    ----------
    name
        As written in a study file.
    package
        What to install.
    obstacle
        Returns why the solver cannot be used here, as part of a sentence; empty if it can.
    describe
        Returns name and version.
    """

    name: str
    package: str
    obstacle: Callable[[], str]
    describe: Callable[[], str]


def _missing(package: str) -> str:
    return "" if find_spec(package) else "is not installed"


@functools.cache
def _gurobi_obstacle() -> str:
    """Return why Gurobi cannot be used; a licence is asked for once in a process."""
    if find_spec("gurobipy") is None:
        return "is not installed"
    gurobipy = importlib.import_module("gurobipy")
    try:
        with gurobipy.Env(params={"OutputFlag": 0}):
            return ""
    except gurobipy.GurobiError as error:
        return f"has no valid licence ({error})"


ENTRIES = {
    entry.name: entry
    for entry in (
        SolverEntry(
            "highs", "highspy", lambda: "", lambda: f"HiGHS {version('highspy')}, embedded"
        ),
        SolverEntry(
            "cbc",
            "pulp[cbc]",
            lambda: "" if cbc_path() else "is not installed",
            lambda: f"CBC through PuLP {version('pulp')}",
        ),
        SolverEntry(
            "scip",
            "pyscipopt",
            lambda: _missing("pyscipopt"),
            lambda: f"SCIP through PySCIPOpt {version('pyscipopt')}",
        ),
        SolverEntry(
            "gurobi", "gurobipy", _gurobi_obstacle, lambda: f"Gurobi {version('gurobipy')}"
        ),
    )
}


def known_solvers() -> list[str]:
    """Return the names that a study file may use, whether installed or not."""
    return list(ENTRIES)


def available_solvers() -> list[str]:
    """Return the names of the solvers that can be used here; the first is the default."""
    return [name for name, entry in ENTRIES.items() if not entry.obstacle()]


def describe_solvers() -> dict[str, str]:
    """Return name and version of each solver that can be used here."""
    return {name: ENTRIES[name].describe() for name in available_solvers()}


def require_solver(name: str) -> None:
    """Make sure that a solver can be used.

    Raises
    ------
    SolverError
        The name is unknown, or the solver is missing or has no licence.
    """
    if name in ENTRIES:
        obstacle = ENTRIES[name].obstacle()
        if obstacle:
            raise SolverError(
                f"Solver '{name}' {obstacle}. Install `{ENTRIES[name].package}`, or {_choice()}."
            )
        return
    near = difflib.get_close_matches(name.lower(), ENTRIES, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise SolverError(f"Solver '{name}' is not known.{hint} Please {_choice()}.")


def _choice() -> str:
    names = ", ".join(f"'{name}'" for name in available_solvers())
    return f"choose one of {names}" if "," in names else f"choose {names}"


def mip_solver(name: str, program: pulp.LpProblem, model: CompiledModel) -> MipSolver:
    """Return a solver that holds a compiled model.

    Parameters
    ----------
    name
        One of `available_solvers`.
    program
        The PuLP problem that was compiled. It is not changed: a solver that is reached through
        PuLP gets a copy, made from the arrays, with its name.
    model
        Its arrays.

    Raises
    ------
    SolverError
        As `require_solver`.
    """
    require_solver(name)
    if name == "highs":
        return HighsMip(model)
    return PulpMip(name, INTERFACES[name], model, title=program.name)
