"""Know how CBC, SCIP and Gurobi are made, read and interrupted through PuLP."""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulp

from siting.solvers.outcome import Ending
from siting.solvers.settings import MipSettings

__all__ = ["INTERFACES", "Answer", "Interface", "cbc_path"]

LONG_S = 1e7
"""A longer time limit than this is none [s]."""


@dataclass(frozen=True)
class Answer:
    """What a solver says of its run.

    Parameters
    ----------
    ending
        How it ended; None when it does not say.
    has_values
        Whether it handed back a solution.
    bound
        The bound it has proved; minus infinity when it does not say.
    """

    ending: Ending | None
    has_values: bool
    bound: float = -math.inf


@dataclass(frozen=True)
class Interface:
    """How one solver is made, read and interrupted through PuLP.

    ``read`` gets the PuLP problem after the run and what PuLP returned.
    """

    make: Callable[[MipSettings, bool], pulp.LpSolver]
    read: Callable[[pulp.LpProblem, Any], Answer]
    interrupt: Callable[[pulp.LpProblem], None] | None = None
    partial_start: bool = True


def _known(bound: float, infinity: float) -> float:
    return bound if abs(bound) < infinity else -math.inf


def _time_limit(settings: MipSettings) -> float | None:
    return settings.time_limit_s if settings.time_limit_s < LONG_S else None


# CBC: what PuLP reads from the solution file is all there is.


def cbc_path() -> str | None:
    """Return the program that PuLP brings (PuLP 3), or the one on the path."""
    bundled = getattr(pulp, "PULP_CBC_CMD", None)
    if bundled is not None and os.access(bundled.pulp_cbc_path, os.X_OK):
        return str(bundled.pulp_cbc_path)
    solver = pulp.COIN_CMD(msg=False)
    return str(solver.path) if solver.available() else None


def _make_cbc(settings: MipSettings, warm: bool) -> pulp.LpSolver:
    # CBC looks only for plans better by `increment`; its own 1e-5 is coarse for scaled costs.
    options = ["increment 1e-9", *([f"randomCbcSeed {settings.seed}"] if settings.seed else [])]
    return pulp.COIN_CMD(
        path=cbc_path(),
        msg=False,
        timeLimit=_time_limit(settings),
        gapRel=settings.gap_relative,
        gapAbs=settings.gap_absolute,
        threads=settings.threads or None,
        warmStart=warm and os.name != "nt",  # PuLP cannot on Windows
        options=options,
    )


def _read_cbc(program: pulp.LpProblem, result: Any) -> Answer:
    if hasattr(result, "has_solution"):
        return Answer(_ending_of_pulp_4(result.status.name), result.has_solution)
    if program.sol_status == pulp.LpSolutionIntegerFeasible:
        return Answer(None, has_values=True)
    if pulp.LpStatusInfeasible in {program.status, program.sol_status}:
        return Answer(Ending.INFEASIBLE, has_values=False)
    endings = {
        pulp.LpSolutionOptimal: Answer(Ending.OPTIMAL, has_values=True),
        pulp.LpSolutionUnbounded: Answer(Ending.UNBOUNDED, has_values=False),
    }
    return endings.get(program.sol_status, Answer(None, has_values=False))


def _ending_of_pulp_4(status: str) -> Ending | None:
    return {
        "Optimal": Ending.OPTIMAL,
        "GapLimit": Ending.OPTIMAL,
        "Infeasible": Ending.INFEASIBLE,
        "Unbounded": Ending.UNBOUNDED,
        "TimeLimit": Ending.TIME_LIMIT,
        "Undefined": Ending.FAILED,
        "NumericalError": Ending.FAILED,
        "NotSolved": Ending.FAILED,
    }.get(status, Ending.STOPPED)


# SCIP and Gurobi: the solver itself is asked, because PuLP 3 forgets its bound and its status.


def _make_scip(settings: MipSettings, warm: bool) -> pulp.LpSolver:
    seed = [f"randomization/randomseedshift={settings.seed}"] if settings.seed else []
    return _scip_class()(
        msg=False,
        timeLimit=_time_limit(settings),
        gapRel=settings.gap_relative,
        gapAbs=settings.gap_absolute,
        warmStart=warm,
        options=seed,
    )


def _scip_class() -> type[pulp.LpSolver]:
    class Scip(pulp.SCIP_PY):  # type: ignore[misc] # PuLP is not typed everywhere
        """SCIP that lets other threads run meanwhile."""

        def callSolver(self, lp: pulp.LpProblem) -> None:  # noqa: N802 - named by PuLP
            """Run SCIP."""
            lp.solverModel.optimizeNogil()

    return Scip


def _read_scip(program: pulp.LpProblem, result: Any) -> Answer:
    del result
    model = program.solverModel
    endings = {
        "optimal": Ending.OPTIMAL,
        "gaplimit": Ending.OPTIMAL,
        "infeasible": Ending.INFEASIBLE,
        "unbounded": Ending.UNBOUNDED,
        "timelimit": Ending.TIME_LIMIT,
        "inforunbd": Ending.FAILED,
        "unknown": Ending.FAILED,
    }
    ending = endings.get(model.getStatus(), Ending.STOPPED)
    bound = _known(float(model.getDualbound()), model.infinity())
    return Answer(ending, model.getNSols() > 0, bound)


def _interrupt_scip(program: pulp.LpProblem) -> None:
    if program.solverModel is not None:
        program.solverModel.interruptSolve()


def _make_gurobi(settings: MipSettings, warm: bool) -> pulp.LpSolver:
    quiet = importlib.import_module("gurobipy").Env(params={"OutputFlag": 0})
    return pulp.GUROBI(
        msg=False,
        env=quiet,
        timeLimit=_time_limit(settings),
        warmStart=warm,
        MIPGap=settings.gap_relative,  # not `gapRel`: PuLP takes 0 for "not given"
        MIPGapAbs=settings.gap_absolute,
        Threads=settings.threads,
        Seed=settings.seed,
    )


def _read_gurobi(program: pulp.LpProblem, result: Any) -> Answer:
    del result
    limits = importlib.import_module("gurobipy").GRB
    model, status = program.solverModel, limits.Status
    endings = {
        status.OPTIMAL: Ending.OPTIMAL,
        status.INFEASIBLE: Ending.INFEASIBLE,
        status.UNBOUNDED: Ending.UNBOUNDED,
        status.TIME_LIMIT: Ending.TIME_LIMIT,
        status.INF_OR_UNBD: Ending.FAILED,
        status.NUMERIC: Ending.FAILED,
        status.SUBOPTIMAL: Ending.FAILED,
    }
    bound = _known(float(model.ObjBound), limits.INFINITY) if model.IsMIP else -math.inf
    return Answer(endings.get(model.Status, Ending.STOPPED), model.SolCount > 0, bound)


def _interrupt_gurobi(program: pulp.LpProblem) -> None:
    if program.solverModel is not None:
        program.solverModel.terminate()


INTERFACES = {
    "cbc": Interface(_make_cbc, _read_cbc, partial_start=False),
    "scip": Interface(_make_scip, _read_scip, _interrupt_scip),
    "gurobi": Interface(_make_gurobi, _read_gurobi, _interrupt_gurobi),
}
"""The solvers that are reached through PuLP, by our names."""
