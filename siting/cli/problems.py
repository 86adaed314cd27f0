"""Solve bare problems, and verify plans."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siting.cli.app import app
from siting.cli.aside import search_aside
from siting.cli.codes import exit_code
from siting.cli.console import (
    print_json,
    show_plan,
)
from siting.cli.options import (
    GapOption,
    JsonOption,
    SolverOption,
    TimeOption,
    given,
)
from siting.errors import Fault, InputError, VerificationError

if TYPE_CHECKING:
    from siting.plan import Plan
    from siting.screen import ProgressScreen


@app.command()
def solve(
    problem: Annotated[Path, typer.Argument(metavar="PROBLEM.json", help="A problem file.")],
    out: Annotated[Path, typer.Option("--out", help="Solution file to write.")] = Path(
        "solution.json"
    ),
    gap: GapOption = None,
    time_limit: TimeOption = None,
    solver: SolverOption = None,
    as_json: JsonOption = False,
) -> None:
    """Solve a bare problem file: numbers on a graph, no geography."""
    from siting.problem import read_problem
    from siting.solution_file import plan_as_dict
    from siting.study import require_solver

    task = read_problem(problem)
    if solver is not None:
        require_solver(solver)
    options = given(gap=gap, time_limit_s=time_limit, solver=solver)

    def search(screen: ProgressScreen, stop: threading.Event) -> Plan:
        from siting.optimise import solve as find_plan
        from siting.solution_file import write_solution
        from siting.verify import verify_plan

        plan = find_plan(task, progress=screen, stop=stop, **options)
        disagreements = verify_plan(task, plan)
        if disagreements:
            raise VerificationError("\n".join(disagreements))
        write_solution(plan, out)
        return plan

    plan = search_aside(task.objective.kind, search)
    if as_json:
        print_json({**plan_as_dict(plan), "solution": str(out)})
    else:
        show_plan(plan, task.name or problem.stem, {"solution": str(out)})
    raise typer.Exit(exit_code(plan))


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A run folder, a plan.gpkg or a solution file.")],
    problem: Annotated[
        Path | None, typer.Option("--problem", help="The problem file of a solution file.")
    ] = None,
) -> None:
    """Derive every figure of a plan again, without the optimiser."""
    from siting.verify import verify_folder, verify_solution

    if problem is not None:
        disagreements = verify_solution(path, problem)
        if disagreements:
            raise VerificationError("\n".join(disagreements))
        typer.echo(f"{path}: every figure agrees with {problem}.")
        return
    if not path.exists():
        fault = Fault("plan", f"cannot read '{path}': no such file or folder.", "Check the path.")
        raise InputError(fault)
    folder = path if path.is_dir() else path.parent
    if not (folder / "problem.json").exists():
        raise typer.BadParameter(
            f"'{folder}' is no run folder, it has no problem.json; a solution file of its own needs"
            " --problem PROBLEM.json"
        )
    typer.echo(str(verify_folder(path)))
