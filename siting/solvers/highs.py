"""Talk to HiGHS through highspy: arrays in, our own outcome out.

HiGHS minimises here, always; callers turn the sign. Its answer is read from the info object,
never from a status alone, because a time limit is not an error and an "optimal" may be within a gap.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

from siting.solvers.compiled import CompiledModel, Rows
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["HighsLp", "HighsMip", "MipSettings", "Progress"]

ENDINGS = {
    highspy.HighsModelStatus.kOptimal: Ending.OPTIMAL,
    highspy.HighsModelStatus.kModelEmpty: Ending.OPTIMAL,
    highspy.HighsModelStatus.kInfeasible: Ending.INFEASIBLE,
    highspy.HighsModelStatus.kUnbounded: Ending.UNBOUNDED,
    highspy.HighsModelStatus.kUnboundedOrInfeasible: Ending.INFEASIBLE,
    highspy.HighsModelStatus.kTimeLimit: Ending.TIME_LIMIT,
    highspy.HighsModelStatus.kInterrupt: Ending.STOPPED,
    highspy.HighsModelStatus.kHighsInterrupt: Ending.STOPPED,
    highspy.HighsModelStatus.kObjectiveTarget: Ending.STOPPED,
    highspy.HighsModelStatus.kObjectiveBound: Ending.STOPPED,
    highspy.HighsModelStatus.kSolutionLimit: Ending.STOPPED,
    highspy.HighsModelStatus.kIterationLimit: Ending.TIME_LIMIT,
}

Progress = Callable[[float, float, float], None]
"""Called with seconds, best objective and bound (both as minimised, infinite when unknown)."""


@dataclass(frozen=True)
class MipSettings:
    """How one MIP call is run.

    Parameters
    ----------
    time_limit_s
        Wall time [s].
    gap_relative, gap_absolute
        The search ends when the bound is this close to the best solution.
    threads, seed
        HiGHS options; 0 threads lets HiGHS choose.
    start
        A known solution, in the order of the compiled model; NaN where it is left open.
    stop
        Set from outside to end the search; the best solution is kept.
    on_progress
        Called now and then.
    on_improvement
        Called with each better solution and its objective; returning True ends the search.
    """

    time_limit_s: float = 1e9
    gap_relative: float = 1e-4
    gap_absolute: float = 1e-9
    threads: int = 0
    seed: int = 0
    start: FloatArray | None = None
    stop: threading.Event | None = None
    on_progress: Progress | None = None
    on_improvement: Callable[[FloatArray, float], bool] | None = None
    log_file: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def _load(model: CompiledModel, cost: FloatArray, rows: Rows, *, integer: bool) -> highspy.Highs:
    """Return a quiet HiGHS that holds the model."""
    solver = highspy.Highs()
    solver.silent()
    lp = highspy.HighsLp()
    lp.num_col_ = len(model.names)
    lp.num_row_ = len(rows.lower)
    lp.col_cost_ = cost
    lp.col_lower_ = model.lower
    lp.col_upper_ = model.upper
    lp.row_lower_ = rows.lower
    lp.row_upper_ = rows.upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = rows.matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = rows.matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = rows.matrix.data
    if integer and model.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(each)] for each in model.integer]
    solver.passModel(lp)
    return solver


class HighsLp:
    """A linear relaxation that is solved again and again while rows are added."""

    def __init__(self, model: CompiledModel, *, threads: int = 0, seed: int = 0) -> None:
        self.model = model
        self.solver = _load(model, np.zeros(len(model.names)), model.rows, integer=False)
        self.solver.setOptionValue("random_seed", seed)
        if threads:
            self.solver.setOptionValue("threads", threads)
        self.indices = np.arange(len(model.names), dtype=np.int32)

    def add_rows(self, rows: Rows) -> None:
        """Add rows; the next solve starts from the last basis."""
        matrix = rows.matrix
        self.solver.addRows(
            len(rows.lower),
            rows.lower,
            rows.upper,
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )

    def solve(self, cost: FloatArray, *, time_limit_s: float = 1e9) -> Outcome:
        """Minimise a cost vector over the relaxation."""
        started = time.perf_counter()
        self.solver.changeColsCost(len(cost), self.indices, cost)
        self.solver.setOptionValue("time_limit", self.solver.getRunTime() + max(time_limit_s, 0.01))
        self.solver.run()
        ending = ENDINGS.get(self.solver.getModelStatus(), Ending.FAILED)
        seconds = time.perf_counter() - started
        if ending is not Ending.OPTIMAL:
            return Outcome(ending, None, np.inf, -np.inf, seconds)
        solution = self.solver.getSolution()
        values, reduced = np.array(solution.col_value), np.array(solution.col_dual)
        objective = self.solver.getInfo().objective_function_value
        return Outcome(ending, values, objective, objective, seconds, reduced_cost=reduced)


class HighsMip:
    """One mixed-integer solve after another, each from the arrays and the rows added so far."""

    def __init__(self, model: CompiledModel) -> None:
        self.model = model

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
            Tighter upper bounds, to leave variables out.
        """
        started = time.perf_counter()
        rows = self.model.rows if extra is None else Rows.stack([self.model.rows, extra])
        solver = _load(self.model, cost, rows, integer=True)
        if upper is not None:
            indices = np.arange(len(upper), dtype=np.int32)
            solver.changeColsBounds(len(upper), indices, self.model.lower, upper)
        _set_options(solver, settings)
        if settings.start is not None:
            known = np.flatnonzero(np.isfinite(settings.start)).astype(np.int32)
            solver.setSolution(len(known), known, settings.start[known])
        _listen(solver, settings)
        solver.run()
        return _outcome(solver, time.perf_counter() - started)


def _set_options(solver: highspy.Highs, settings: MipSettings) -> None:
    if settings.log_file:
        solver.setOptionValue("log_file", settings.log_file)
    solver.setOptionValue("time_limit", max(settings.time_limit_s, 0.01))
    solver.setOptionValue("mip_rel_gap", settings.gap_relative)
    solver.setOptionValue("mip_abs_gap", settings.gap_absolute)
    solver.setOptionValue("random_seed", settings.seed)
    if settings.threads:
        solver.setOptionValue("threads", settings.threads)
    for name, value in settings.options.items():
        solver.setOptionValue(name, value)


def _listen(solver: highspy.Highs, settings: MipSettings) -> None:
    """Connect progress, improvements and the stop flag to HiGHS."""
    ended = threading.Event()

    def logging(event: Any) -> None:
        data = event.data_out
        if settings.on_progress is not None:
            settings.on_progress(data.running_time, data.mip_primal_bound, data.mip_dual_bound)

    def improving(event: Any) -> None:
        if settings.on_improvement is not None:
            values = np.array(event.data_out.mip_solution)
            if settings.on_improvement(values, event.data_out.objective_function_value):
                ended.set()

    def interrupt(event: Any) -> None:
        if ended.is_set() or (settings.stop is not None and settings.stop.is_set()):
            event.interrupt()

    solver.cbMipLogging += logging
    solver.cbMipImprovingSolution += improving
    solver.cbMipInterrupt += interrupt
    solver.cbSimplexInterrupt += interrupt


def _outcome(solver: highspy.Highs, seconds: float) -> Outcome:
    ending = ENDINGS.get(solver.getModelStatus(), Ending.FAILED)
    info = solver.getInfo()
    feasible = highspy.SolutionStatus.kSolutionStatusFeasible
    has_values = info.primal_solution_status == feasible.value
    if ending in {Ending.INFEASIBLE, Ending.UNBOUNDED, Ending.FAILED} or not has_values:
        bound = np.inf if ending is Ending.INFEASIBLE else info.mip_dual_bound
        return Outcome(ending, None, np.inf, bound, seconds, max(info.mip_node_count, 0))
    values = np.array(solver.getSolution().col_value)
    objective = info.objective_function_value
    bound = info.mip_dual_bound if info.mip_node_count >= 0 else objective
    return Outcome(ending, values, objective, min(bound, objective), seconds, info.mip_node_count)
