"""Say how one call of a solver ended, in the same words for every solver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ending", "Outcome"]

FloatArray = NDArray[np.float64]


class Ending(StrEnum):
    """How a solver call ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    TIME_LIMIT = "time limit"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """The result of minimising one objective.

    Parameters
    ----------
    ending
        How it ended; ``OPTIMAL`` includes "within the gap that was asked for".
    values
        Value of each variable in the order of the compiled model; None without a solution.
    objective
        Objective of ``values``; infinite without a solution.
    bound
        No solution has an objective below this; minus infinity when unknown.
    seconds, nodes
        Wall time [s] and branch-and-bound nodes.
    reduced_cost
        Of a linear relaxation: least rise of the objective when a variable leaves its bound.
    row_dual
        Of a linear relaxation: rise of the objective for each unit that a row's side is raised.
    """

    ending: Ending
    values: FloatArray | None
    objective: float
    bound: float
    seconds: float
    nodes: int = 0
    reduced_cost: FloatArray | None = None
    row_dual: FloatArray | None = None
