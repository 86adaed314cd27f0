"""Hand a compiled model to any solver that PuLP knows.

A solver gets a fresh PuLP problem made from the arrays, so that nothing has to be restored and a
call that is left behind can do no harm. Its answer is believed only as far as it can be checked.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pulp

from siting.errors import SolverError
from siting.solvers.apart import ApartCall
from siting.solvers.compiled import CompiledModel, Rows, is_plainly_infeasible
from siting.solvers.dialects import Answer, Interface
from siting.solvers.outcome import Ending, FloatArray, Outcome
from siting.solvers.settings import MipSettings

__all__ = ["PulpMip"]

log = logging.getLogger(__name__)

TOLERANCE = 1e-5
"""A row may be missed by this share of the size of its terms; CBC writes eight digits."""


class PulpMip:
    """A mixed-integer solve through PuLP, with the face of `HighsMip`."""

    def __init__(
        self, name: str, interface: Interface, model: CompiledModel, *, title: str = "siting"
    ) -> None:
        self.name, self.interface, self.model, self.title = name, interface, model, title

    def solve(
        self,
        cost: FloatArray,
        settings: MipSettings,
        *,
        extra: Rows | None = None,
        upper: FloatArray | None = None,
    ) -> Outcome:
        """Minimise a cost vector over the integer points; see `MipSolver.solve`.

        Notes
        -----
        The callbacks of the settings are not called. When ``stop`` is set, the call returns within
        a second; CBC, a program of its own, cannot be told and runs on to its time limit.
        """
        started = time.perf_counter()
        rows = self.model.rows if extra is None else Rows.stack([self.model.rows, extra])
        model = replace(self.model, rows=rows, upper=self.model.upper if upper is None else upper)
        if is_plainly_infeasible(model):
            return Outcome(Ending.INFEASIBLE, None, np.inf, np.inf, 0.0)
        program, variables = _program(model, cost, self.title)
        left = settings.time_limit_s - (time.perf_counter() - started)
        settings = replace(settings, time_limit_s=max(left, 0.01))
        answer = self._run(program, variables, settings)
        seconds = time.perf_counter() - started
        values = _values(model, variables) if answer.has_values else None
        if values is not None and not _is_feasible(model, values):
            log.warning("%s returned a plan that breaks the model; it is not used", self.name)
            return Outcome(Ending.FAILED, None, np.inf, -np.inf, seconds)
        return _outcome(answer, values, cost, settings, seconds)

    def _run(
        self, program: pulp.LpProblem, variables: list[pulp.LpVariable], settings: MipSettings
    ) -> Answer:
        """Solve in a thread of its own."""
        warm = self._set_start(variables, settings.start)
        results: list[Any] = []
        interrupt = self.interface.interrupt
        call = ApartCall(
            lambda: results.append(program.solve(self.interface.make(settings, warm))),
            stop=settings.stop,
            on_stop=None if interrupt is None else lambda: interrupt(program),
        )
        try:
            if not call.run():
                return Answer(Ending.STOPPED, has_values=False)
            answer = self.interface.read(program, results[0])
        except Exception as error:
            raise SolverError(
                f"Solver '{self.name}' broke down: {error}. Its licence may be too small for a"
                f" model of {len(variables):,} variables. Choose the solver 'highs'."
            ) from error
        return replace(answer, ending=Ending.STOPPED) if call.was_stopped else answer

    def _set_start(self, variables: list[pulp.LpVariable], start: FloatArray | None) -> bool:
        """Give a known solution to the variables, and say whether there is one."""
        if start is None or not np.isfinite(start).any():
            return False
        if not self.interface.partial_start and not np.isfinite(start).all():
            return False
        for variable, value in zip(variables, start, strict=True):
            if math.isfinite(value):
                variable.setInitialValue(float(value), check=False)
        return True


def _program(
    model: CompiledModel, cost: FloatArray, title: str
) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    """Return a PuLP problem made from the arrays, and its variables in order."""
    rows = model.rows
    program = pulp.LpProblem(title, pulp.LpMinimize)
    variables = [
        program.add_variable(
            name, _finite(low), _finite(high), pulp.LpInteger if whole else pulp.LpContinuous
        )
        for name, low, high, whole in zip(
            model.names, model.lower, model.upper, model.integer, strict=True
        )
    ]
    used = np.flatnonzero(cost)
    program.setObjective(_expression([(variables[k], float(cost[k])) for k in used]))
    starts, columns, factors = rows.matrix.indptr, rows.matrix.indices, rows.matrix.data
    for r in range(len(rows.lower)):
        here = slice(starts[r], starts[r + 1])
        terms = [
            (variables[k], float(factor))
            for k, factor in zip(columns[here], factors[here], strict=True)
        ]
        if terms:
            _add_row(program, _expression(terms), f"r{r}", rows.lower[r], rows.upper[r])
    return program, variables


def _add_row(
    program: pulp.LpProblem, left: pulp.LpAffineExpression, name: str, low: float, high: float
) -> None:
    """Add ``low <= left <= high``; PuLP has no rows with two different sides."""
    if low == high:
        program += left == float(low), name
        return
    if math.isfinite(low):
        program += left >= float(low), f"{name}_least"
    if math.isfinite(high):
        program += left <= float(high), f"{name}_most"


def _expression(terms: list[tuple[pulp.LpVariable, float]]) -> pulp.LpAffineExpression:
    make = getattr(pulp.LpAffineExpression, "from_list", pulp.LpAffineExpression)  # PuLP 4, else 3
    return make(terms)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _values(model: CompiledModel, variables: list[pulp.LpVariable]) -> FloatArray:
    """Return the values; integers are rounded, and unused variables are as near zero as allowed."""
    found = [variable.varValue for variable in variables]
    values = np.array([0.0 if value is None else value for value in found], dtype=float)
    whole = np.abs(values - np.rint(values)) < TOLERANCE
    values = np.where(model.integer & whole, np.rint(values), values)
    unused = np.array([value is None for value in found], dtype=bool)
    return np.where(unused, np.clip(values, model.lower, model.upper), values)


def _is_feasible(model: CompiledModel, values: FloatArray) -> bool:
    """Whether values keep to bounds, rows and whole numbers."""
    rows = model.rows
    room = TOLERANCE * (1 + np.abs(values))
    inside = (values >= model.lower - room) & (values <= model.upper + room)
    whole = ~model.integer | (values == np.rint(values))
    left = rows.matrix @ values
    room = TOLERANCE * (1 + abs(rows.matrix) @ np.abs(values))
    kept = (left >= rows.lower - room) & (left <= rows.upper + room)
    return bool(inside.all() and whole.all() and kept.all())


def _outcome(
    answer: Answer,
    values: FloatArray | None,
    cost: FloatArray,
    settings: MipSettings,
    seconds: float,
) -> Outcome:
    """Turn an answer into our own words; an optimum is "within the gap that was asked for"."""
    ending = answer.ending
    if ending is None:
        ending = Ending.TIME_LIMIT if seconds >= settings.time_limit_s else Ending.STOPPED
    if ending is Ending.OPTIMAL and values is None:
        ending = Ending.FAILED
    if ending is Ending.INFEASIBLE:
        return Outcome(ending, None, np.inf, np.inf, seconds)
    if ending in {Ending.UNBOUNDED, Ending.FAILED}:
        return Outcome(ending, None, np.inf, -np.inf, seconds)
    if values is None:
        return Outcome(ending, None, np.inf, answer.bound, seconds)
    objective = float(cost @ values)
    bound = answer.bound
    if ending is Ending.OPTIMAL and not math.isfinite(bound):
        bound = objective - _allowed_gap(objective, settings)
    return Outcome(ending, values, objective, min(bound, objective), seconds)


def _allowed_gap(objective: float, settings: MipSettings) -> float:
    """Return how far below an optimum the bound may lie.

    CBC takes its relative gap of the larger of objective and bound, hence ``g / (1 - g)``.
    """
    gap = min(settings.gap_relative, 0.999)
    return max(settings.gap_absolute, gap / (1 - gap) * abs(objective))
