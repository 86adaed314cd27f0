"""Turn a PuLP problem into arrays that are handed to a solver in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pulp
from numpy.typing import NDArray
from scipy import sparse

from siting.solvers.outcome import FloatArray

__all__ = ["CompiledModel", "Rows", "compile_model"]


@dataclass(frozen=True)
class Rows:
    """Rows ``lower <= matrix @ x <= upper``."""

    matrix: sparse.csr_array
    lower: FloatArray
    upper: FloatArray

    @staticmethod
    def stack(parts: Sequence[Rows]) -> Rows:
        """Return several blocks of rows as one."""
        return Rows(
            sparse.csr_array(sparse.vstack([part.matrix for part in parts], format="csr")),
            np.concatenate([part.lower for part in parts]),
            np.concatenate([part.upper for part in parts]),
        )


@dataclass(frozen=True)
class CompiledModel:
    """A mixed-integer program as arrays, without an objective.

    ``names`` are the variables in order, ``position`` the way back from a name.
    """

    names: tuple[str, ...]
    position: dict[str, int]
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    rows: Rows

    def vector(self, expression: pulp.LpAffineExpression) -> FloatArray:
        """Return the coefficients of an expression, one for each variable."""
        vector = np.zeros(len(self.names))
        for variable, factor in expression.items():
            vector[self.position[variable.name]] += factor
        return vector

    def index(self, variable: pulp.LpVariable) -> int:
        """Return the position of a variable."""
        return self.position[variable.name]


def compile_model(program: pulp.LpProblem) -> CompiledModel:
    """Return the arrays of a PuLP problem; works with PuLP 3.3 and 4."""
    variables = program.variables()
    position = {variable.name: k for k, variable in enumerate(variables)}
    return CompiledModel(
        names=tuple(position),
        position=position,
        lower=_bounds([variable.lowBound for variable in variables], -np.inf),
        upper=_bounds([variable.upBound for variable in variables], np.inf),
        integer=np.array([variable.cat == pulp.LpInteger for variable in variables]),
        rows=_rows(program, position),
    )


def _bounds(values: list[float | None], missing: float) -> FloatArray:
    return np.array([missing if value is None else float(value) for value in values])


def _rows(program: pulp.LpProblem, position: dict[str, int]) -> Rows:
    constraints = program.constraints()
    columns: list[int] = []
    factors: list[float] = []
    starts = [0]
    lower = np.full(len(constraints), -np.inf)
    upper = np.full(len(constraints), np.inf)
    for r, constraint in enumerate(constraints):
        for variable, factor in constraint.items():
            if factor:
                columns.append(position[variable.name])
                factors.append(factor)
        starts.append(len(columns))
        right = -constraint.constant
        if constraint.sense >= 0:
            lower[r] = right
        if constraint.sense <= 0:
            upper[r] = right
    shape = (len(constraints), len(position))
    matrix = sparse.csr_array(
        (np.array(factors, dtype=float), np.array(columns, dtype=np.int32), np.array(starts)),
        shape=shape,
    )
    return Rows(matrix, lower, upper)
