"""Say how one mixed-integer solve is run, in the same words for every solver."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from siting.solvers.compiled import Rows
from siting.solvers.outcome import FloatArray, Outcome

__all__ = ["MipSettings", "MipSolver", "Progress"]

Progress = Callable[[float, float, float], None]
"""Called with seconds, best objective and bound (both as minimised, infinite when unknown)."""


@dataclass(frozen=True)
class MipSettings:
    """How one MIP call is run.

    Callbacks run in the thread that called ``solve``; what they raise ends the search and leaves
    ``solve``. Only HiGHS calls them.

    Parameters
    ----------
    time_limit_s
        Wall time [s].
    gap_relative, gap_absolute
        The search ends when the bound is this close to the best solution.
    threads, seed
        0 threads lets the solver choose.
    start
        A known solution, in the order of the compiled model; NaN where it is left open.
    stop
        Set from outside to end the search; the best solution is kept.
    proving
        Only the bound counts, a plan that is hard to beat being known; HiGHS then looks less for
        better solutions.
    on_progress
        Called now and then.
    on_improvement
        Called with each better solution and its objective; returning True ends the search.
    log_file
        File for the log of HiGHS; empty for none.
    options
        More options of HiGHS by name; other solvers have none.
    """

    time_limit_s: float = 1e9
    gap_relative: float = 1e-4
    gap_absolute: float = 1e-9
    threads: int = 0
    seed: int = 0
    start: FloatArray | None = None
    stop: threading.Event | None = None
    proving: bool = False
    on_progress: Progress | None = None
    on_improvement: Callable[[FloatArray, float], bool] | None = None
    log_file: str = ""
    options: dict[str, Any] = field(default_factory=dict)


class MipSolver(Protocol):
    """A solver that holds a compiled model."""

    def solve(
        self,
        cost: FloatArray,
        settings: MipSettings,
        *,
        extra: Rows | None = None,
        upper: FloatArray | None = None,
    ) -> Outcome:
        """Minimise a cost vector over the integer points.

        Parameters
        ----------
        cost
            One coefficient for each variable.
        settings
            Limits, start and callbacks.
        extra
            More rows than the model has.
        upper
            Upper bounds in place of those of the model, to leave variables out.

        Raises
        ------
        SolverError
            The solver refuses the model or breaks down.
        """
        ...
