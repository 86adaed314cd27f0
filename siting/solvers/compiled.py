"""Turn a PuLP problem into arrays that are handed to a solver in one go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pulp
from numpy.typing import NDArray
from scipy import sparse

from siting.errors import SolverError
from siting.solvers.outcome import FloatArray

__all__ = ["CompiledModel", "Rows", "compile_model", "is_plainly_infeasible"]


def _refuse(wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        raise SolverError(
            f"The model has {int(wrong.sum()):,} {what} that are not finite numbers. A figure of"
            " the problem is missing or infinite. Check capacities, costs and demands."
        )


@dataclass(frozen=True)
class Rows:
    """Rows ``lower <= matrix @ x <= upper``; numbers that are none raise a `SolverError`."""

    matrix: sparse.csr_array
    lower: FloatArray
    upper: FloatArray

    def __post_init__(self) -> None:
        """Solvers take such numbers without a word, so they are stopped here."""
        _refuse(~np.isfinite(self.matrix.data), "factors of rows")
        _refuse(np.isnan(self.lower) | np.isnan(self.upper), "right-hand sides of rows")

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

    ``names`` are the variables in order, ``position`` the way back from a name. Bounds that are
    no numbers raise a `SolverError`.
    """

    names: tuple[str, ...]
    position: dict[str, int]
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    rows: Rows
    row_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Stop bounds that are no numbers."""
        _refuse(np.isnan(self.lower) | np.isnan(self.upper), "bounds of variables")

    def vector(self, expression: pulp.LpAffineExpression) -> FloatArray:
        """Return the coefficients of an expression, one for each variable; no constant."""
        vector = np.zeros(len(self.names))
        for variable, factor in expression.items():
            vector[self.position[variable.name]] += factor
        return vector

    def index(self, variable: pulp.LpVariable) -> int:
        """Return the position of a variable."""
        return self.position[variable.name]


def compile_model(
    program: pulp.LpProblem, variables: Iterable[pulp.LpVariable] = ()
) -> CompiledModel:
    """Return the arrays of a PuLP problem; works with PuLP 3.3 and 4.

    Parameters
    ----------
    program
        The problem; its objective is left out.
    variables
        Variables to have a place even if no row uses them: PuLP 3 forgets those.

    Raises
    ------
    SolverError
        Two variables have the same name.
    """
    known = {variable.name: variable for variable in variables}
    listed = program.variables()
    position = {variable.name: k for k, variable in enumerate(listed)}
    if len(position) < len(listed):
        raise SolverError(
            f"The model has {len(listed) - len(position):,} variables whose names are taken."
            " PuLP rewrites hyphens, spaces and brackets. Give every variable its own name."
        )
    columns = [*listed, *(each for name, each in known.items() if name not in position)]
    position = {variable.name: k for k, variable in enumerate(columns)}
    return CompiledModel(
        names=tuple(position),
        position=position,
        lower=_bounds([variable.lowBound for variable in columns], -np.inf),
        upper=_bounds([variable.upBound for variable in columns], np.inf),
        integer=np.array([variable.cat == pulp.LpInteger for variable in columns], dtype=bool),
        rows=_rows(program, position),
        row_names=tuple(constraint.name or "" for constraint in program.constraints()),
    )


def is_plainly_infeasible(model: CompiledModel) -> bool:
    """Whether bounds cross, or a row without terms excludes zero; solvers differ on these."""
    rows = model.rows
    crossed = (model.lower > model.upper).any() or (rows.lower > rows.upper).any()
    empty = np.diff(rows.matrix.indptr) == 0
    return bool(crossed or (empty & ((rows.lower > 0) | (rows.upper < 0))).any())


def _bounds(values: list[float | None], missing: float) -> FloatArray:
    return np.array([missing if value is None else value for value in values], dtype=float)


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
