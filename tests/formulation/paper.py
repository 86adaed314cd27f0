"""Offer studies small enough for paper, their rows as text, their relaxation and their best plan.

All figures lie near 1, so that the model's own units are 1 EUR, 1 MWh and 1 MW.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pulp
import pytest

from siting.model import Model, build_model
from siting.model.data import prepare
from siting.model.objectives import needs_annual_heat, write_expressions
from siting.model.variables import create_variables
from siting.optimise import solve
from siting.plan import Plan
from siting.problem import Edge, Problem, Site, Zone
from siting.solution import Status
from siting.solvers.compiled import CompiledModel, Rows, compile_model
from siting.solvers.highs import HighsLp
from siting.verify import verify_plan

__all__ = ["best", "line", "relaxed", "row", "rows", "served", "terms"]

Piece = Callable[..., None]


def line(**changes: Any) -> Problem:
    """A site of 1 EUR at a, a pipe of 1 EUR to b, and there a zone of 1 MW and 1 MWh/a."""
    parts: dict[str, Any] = {
        "nodes": ("a", "b"),
        "edges": (Edge("ab", "a", "b", cost_eur=1),),
        "sites": (Site("s", "a", cost_eur=1),),
        "zones": (Zone("z", "b", heat_mwh=1, peak_mw=1),),
    }
    return Problem(**{**parts, **changes})


def terms(expression: pulp.LpAffineExpression) -> str:
    """Return the terms of an expression as text, by name of variable."""
    pairs = sorted((variable.name, factor) for variable, factor in expression.items() if factor)
    return " ".join(f"{factor:+.6g} {name}" for name, factor in pairs)


def row(constraint: pulp.LpConstraint) -> str:
    """Return a constraint as text: name, terms, sense, right-hand side."""
    sense = {-1: "<=", 0: "=", 1: ">="}[constraint.sense]
    return f"{constraint.name}: {terms(constraint)} {sense} {-constraint.constant + 0.0:g}"


def rows(piece: Piece, problem: Problem) -> list[str]:
    """Return the rows that one function of the formulation writes for a problem."""
    data = prepare(problem)
    program = pulp.LpProblem("paper", pulp.LpMinimize)
    variables = create_variables(program, data, annual=needs_annual_heat(data))
    expressions = write_expressions(data, variables)
    third = list(inspect.signature(piece).parameters)[2]
    piece(program, data, variables if third == "v" else getattr(expressions, third))
    return [row(each) for each in program.constraints()]


def best(problem: Problem) -> Plan:
    """Return the best plan, proven and verified."""
    plan = solve(problem, gap=1e-6, time_limit_s=30)
    assert plan.proof.status is Status.OPTIMAL
    assert verify_plan(problem, plan) == []
    return plan


def served(plan: Plan) -> set[str]:
    """Return the ids of the connected zones."""
    return {each.zone for each in plan.zones}


def relaxed(problem: Problem, *, without: Piece | None = None) -> float:
    """Return the least capex [EUR] when yes-no decisions may be fractions, without directed cuts.

    It is infinite when not even fractions can do it. ``without`` leaves out the rows of one
    function.
    """
    model = build_model(problem)
    compiled = compile_model(model.program)
    if without is not None:
        compiled = _thinned(model, compiled, without.__name__.removeprefix("constraint_"))
    outcome = HighsLp(compiled).solve(compiled.vector(model.expressions.capex))
    return outcome.objective * model.data.scale.cost_eur


def _thinned(model: Model, compiled: CompiledModel, prefix: str) -> CompiledModel:
    names = [each.name for each in model.program.constraints()]
    kept = np.array([re.fullmatch(rf"{prefix}(_[a-z]?\d+)*", name) is None for name in names])
    if kept.all():
        pytest.fail(f"no row is called {prefix}")
    old = compiled.rows
    thinned = Rows(old.matrix[kept], old.lower[kept], old.upper[kept])
    return CompiledModel(
        compiled.names,
        compiled.position,
        compiled.lower,
        compiled.upper,
        compiled.integer,
        thinned,
    )
