"""Talk to HiGHS through highspy: arrays in, our own outcome out.

HiGHS minimises here, always; callers turn the sign. Its answer is read from the info object,
never from a status alone: a time limit is not an error, and an "optimal" may be within a gap.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np

from siting.errors import SolverError
from siting.solvers.apart import ApartCall
from siting.solvers.compiled import CompiledModel, Rows, is_plainly_infeasible
from siting.solvers.outcome import Ending, FloatArray, Outcome
from siting.solvers.settings import MipSettings, Progress

__all__ = ["HighsLp", "HighsMip", "MipSettings", "Progress"]

Status = highspy.HighsModelStatus

ENDINGS = {
    Status.kOptimal: Ending.OPTIMAL,
    Status.kModelEmpty: Ending.OPTIMAL,
    Status.kInfeasible: Ending.INFEASIBLE,
    Status.kUnbounded: Ending.UNBOUNDED,
    Status.kTimeLimit: Ending.TIME_LIMIT,
    Status.kIterationLimit: Ending.TIME_LIMIT,
    Status.kInterrupt: Ending.STOPPED,
    getattr(Status, "kHighsInterrupt", Status.kInterrupt): Ending.STOPPED,
    Status.kObjectiveTarget: Ending.STOPPED,
    Status.kObjectiveBound: Ending.STOPPED,
    Status.kSolutionLimit: Ending.STOPPED,
}

LEAST_TIME_S = 0.01
UNTRUE = 1e-6
"""How much values may be worth less than the objective told with them [-]."""
START_SHARE, START_TIME_S, START_GAP = 0.1, 20.0, 0.01
"""Share of the time limit, time [s] and gap [-] spent on completing a start."""
SUBPROBLEMS_OFF = dict.fromkeys(
    ("mip_heuristic_run_rens", "mip_heuristic_run_rins", "mip_heuristic_run_root_reduced_cost"),
    False,
)
"""Heuristics of HiGHS that solve programs within the program; they take most of the time at the
root, and where only the bound is asked for it is time lost."""


class _QuietHighs(highspy.Highs):
    """HiGHS without a word on the console.

    The banner is printed when the constructor of highspy enables callbacks. The log itself stays
    on: without it HiGHS does not report the progress of a MIP.
    """

    def enableCallbacks(self) -> None:  # noqa: N802 - named by highspy
        """Turn the console off before the first word."""
        self.setOptionValue("log_to_console", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _check(status: highspy.HighsStatus, what: str) -> None:
    """Raise when HiGHS refuses something."""
    if status == highspy.HighsStatus.kError:
        raise SolverError(
            f"HiGHS refuses {what}. Numbers that are not finite or a wrong name are the usual"
            " cause. Check the costs, rows and options."
        )


def _set(solver: highspy.Highs, **options: Any) -> None:
    for name, value in options.items():
        _check(solver.setOptionValue(name, value), f"the option '{name}' = {value!r}")


def _check_finite(cost: FloatArray) -> None:
    """Raise for costs that are no numbers; HiGHS would take them without a word."""
    if not np.isfinite(cost).all():
        wrong = int((~np.isfinite(cost)).sum())
        raise SolverError(
            f"{wrong:,} of {len(cost):,} costs are not finite numbers. Check the prices and costs"
            " of the problem."
        )


def _decide_without_solver(model: CompiledModel) -> Outcome | None:
    """Return the answer where there is nothing to solve; HiGHS calls an empty model optimal."""
    if is_plainly_infeasible(model):
        return _nothing(Ending.INFEASIBLE)
    if len(model.names) == 0:
        return Outcome(Ending.OPTIMAL, np.zeros(0), 0.0, 0.0, 0.0, reduced_cost=np.zeros(0))
    return None


def _load(model: CompiledModel, cost: FloatArray, *, integer: bool) -> highspy.Highs:
    """Return a quiet HiGHS that holds the model."""
    rows = model.rows
    solver = _QuietHighs()  # type: ignore[no-untyped-call]
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
    _check(solver.passModel(lp), "the model")
    return solver


def _run(solver: highspy.Highs) -> None:
    """Run HiGHS; its pool of threads belongs to the calling thread and is closed with it."""
    try:
        solver.run()
    finally:
        name = "resetThreadScheduler"  # older versions know the other only
        reset = getattr(highspy.Highs, name, None) or highspy.Highs.resetGlobalScheduler
        reset(False)


class HighsLp:
    """A linear relaxation that is solved again and again while rows are added."""

    def __init__(self, model: CompiledModel, *, threads: int = 0, seed: int = 0) -> None:
        self.model, self.threads, self.seed = model, threads, seed
        self.rows = [model.rows]
        self.indices = np.arange(len(model.names), dtype=np.int32)
        self.lower, self.upper = model.lower.copy(), model.upper.copy()
        self._solver: highspy.Highs | None = None  # None: to be loaded

    def set_bounds(self, lower: FloatArray, upper: FloatArray) -> None:
        """Change the bounds of all variables; the next solve starts from the last basis."""
        self.lower, self.upper = lower.copy(), upper.copy()
        if self._solver is not None:
            status = self._solver.changeColsBounds(len(lower), self.indices, lower, upper)
            _check(status, "new bounds")

    def forget_basis(self) -> None:
        """Start the next solve from nothing; helps when the simplex method has lost its way."""
        self._solver = None

    def set_row_lower(self, row: int, lower: float) -> None:
        """Change the lower side of one row, counted from the first row of the model."""
        place = row
        for rows in self.rows:
            if place < len(rows.lower):
                rows.lower[place] = lower
                break
            place -= len(rows.lower)
        if self._solver is not None:
            status = self._solver.changeRowBounds(row, lower, float(rows.upper[place]))
            _check(status, "a new side of a row")

    def add_rows(self, rows: Rows) -> None:
        """Add rows; the next solve starts from the last basis."""
        self.rows.append(rows)
        if self._solver is None:
            return
        matrix = rows.matrix
        status = self._solver.addRows(
            len(rows.lower),
            rows.lower,
            rows.upper,
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )
        _check(status, "new rows")

    def solve(
        self,
        cost: FloatArray,
        *,
        time_limit_s: float = 1e9,
        stop: threading.Event | None = None,
    ) -> Outcome:
        """Minimise a cost vector over the relaxation.

        Parameters
        ----------
        cost
            One coefficient for each variable.
        time_limit_s
            Wall time [s].
        stop
            Set from outside to end the solve.

        Returns
        -------
        The optimum; without one there are no values and the bound is minus infinity, because
        what the simplex method holds on its way is no bound. An infeasible relaxation has the
        bound plus infinity.

        Raises
        ------
        SolverError
            HiGHS refuses the costs.
        """
        started = time.perf_counter()
        _check_finite(cost)
        known = _decide_without_solver(self.model)
        if known is not None:
            return known
        solver = self._ready()
        _check(solver.changeColsCost(len(cost), self.indices, cost), "the costs")
        outcome = self._attempt(solver, time_limit_s, stop)
        left = time_limit_s - (time.perf_counter() - started)
        if outcome.ending is Ending.FAILED and left > 0 and self._solver is not None:
            solver.clearSolver()  # numerical trouble: once more, from the beginning
            outcome = self._attempt(solver, left, stop)
        return replace(outcome, seconds=time.perf_counter() - started)

    def _ready(self) -> highspy.Highs:
        """Return HiGHS with all rows loaded."""
        if self._solver is None:
            model = replace(
                self.model, rows=Rows.stack(self.rows), lower=self.lower, upper=self.upper
            )
            self._solver = _load(model, np.zeros(len(model.names)), integer=False)
            _set(self._solver, random_seed=self.seed, threads=self.threads)
        return self._solver

    def _attempt(
        self, solver: highspy.Highs, limit_s: float, stop: threading.Event | None
    ) -> Outcome:
        """Run HiGHS once."""
        # The clock of HiGHS runs on from solve to solve.
        _set(solver, time_limit=solver.getRunTime() + max(limit_s, LEAST_TIME_S))
        call = ApartCall(lambda: _run(solver), stop=stop, limit_s=limit_s)

        def interrupt(event: Any) -> None:
            if call.ending.is_set():
                event.interrupt()

        solver.cbSimplexInterrupt.subscribe(interrupt)
        if not call.run():
            self._solver = None
            return _nothing(Ending.STOPPED if call.was_stopped else Ending.TIME_LIMIT)
        solver.cbSimplexInterrupt.unsubscribe(interrupt)
        return _lp_outcome(solver)


def _nothing(ending: Ending) -> Outcome:
    """Return an outcome that claims nothing."""
    bound = np.inf if ending is Ending.INFEASIBLE else -np.inf
    return Outcome(ending, None, np.inf, bound, 0.0)


def _lp_outcome(solver: highspy.Highs) -> Outcome:
    """Read the answer to a linear program."""
    ending = ENDINGS.get(solver.getModelStatus(), Ending.FAILED)
    if ending is not Ending.OPTIMAL:
        return _nothing(ending)
    solution = solver.getSolution()
    values, reduced = np.array(solution.col_value), np.array(solution.col_dual)
    objective = solver.getInfo().objective_function_value
    duals = np.array(solution.row_dual)
    return Outcome(ending, values, objective, objective, 0.0, 0, reduced, duals)


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
        """Minimise a cost vector over the integer points; see `MipSolver.solve`."""
        started = time.perf_counter()
        rows = self.model.rows if extra is None else Rows.stack([self.model.rows, extra])
        model = replace(self.model, rows=rows, upper=self.model.upper if upper is None else upper)
        _check_finite(cost)
        outcome = _decide_without_solver(model)
        if outcome is None:
            outcome = _solve_mip(model, cost, _with_whole_start(model, cost, settings))
        return replace(outcome, seconds=time.perf_counter() - started)


def _with_whole_start(model: CompiledModel, cost: FloatArray, settings: MipSettings) -> MipSettings:
    """Find the integers that a start leaves open.

    HiGHS could do it, but it would report the bound of that smaller problem as if it were ours.
    """
    start = settings.start
    if start is None or not (model.integer & ~np.isfinite(start)).any():
        return settings
    known = model.integer & np.isfinite(start)
    value = np.rint(np.where(known, start, 0.0))
    part = replace(
        model,
        lower=np.where(known, value, model.lower),
        upper=np.where(known, value, model.upper),
    )
    limits = MipSettings(
        time_limit_s=min(START_SHARE * settings.time_limit_s, START_TIME_S),
        gap_relative=START_GAP,
        threads=settings.threads,
        seed=settings.seed,
        stop=settings.stop,
    )
    found = _solve_mip(part, cost, limits)
    left = settings.time_limit_s - found.seconds
    return replace(settings, start=found.values, time_limit_s=left)


def _solve_mip(model: CompiledModel, cost: FloatArray, settings: MipSettings) -> Outcome:
    """Run a MIP, and tell infeasible from unbounded."""
    started = time.perf_counter()
    outcome = _search(_load(model, cost, integer=True), cost, settings)
    if outcome is None:  # any feasible point decides
        left = settings.time_limit_s - (time.perf_counter() - started)
        plain = MipSettings(time_limit_s=left, stop=settings.stop, threads=settings.threads)
        outcome = _search(_load(model, 0 * cost, integer=True), 0 * cost, plain)
        outcome = _nothing(Ending.INFEASIBLE) if outcome is None else outcome
        if outcome.values is not None:
            outcome = _nothing(Ending.UNBOUNDED)
    if settings.start is not None and not _is_true(outcome, cost):
        left = settings.time_limit_s - (time.perf_counter() - started)
        again = _solve_mip(model, cost, replace(settings, start=None, time_limit_s=left))
        outcome = _better_of(again, _as_valued(outcome, cost))
    return replace(outcome, seconds=time.perf_counter() - started)


def _is_true(outcome: Outcome, cost: FloatArray) -> bool:
    """Whether the values are worth what HiGHS says they are.

    Its presolve may drop what a start builds in vain. HiGHS 1.16 then reports the objective of the
    smaller solution, proves it best, and hands back the start as it was, which is worth less.
    """
    if outcome.values is None:
        return True
    return float(cost @ outcome.values) <= outcome.objective + UNTRUE * (1 + abs(outcome.objective))


def _as_valued(outcome: Outcome, cost: FloatArray) -> Outcome:
    """Return an outcome with the objective that its values have."""
    assert outcome.values is not None
    return replace(outcome, objective=float(cost @ outcome.values), ending=Ending.TIME_LIMIT)


def _better_of(one: Outcome, other: Outcome) -> Outcome:
    """Return the better solution of two runs with the better bound."""
    if one.ending is Ending.INFEASIBLE:  # but the other has a solution
        return other
    best = one if one.values is not None and one.objective <= other.objective else other
    return replace(best, bound=min(max(one.bound, other.bound), best.objective))


def _search(solver: highspy.Highs, cost: FloatArray, settings: MipSettings) -> Outcome | None:
    """Run a MIP; None when HiGHS cannot tell infeasible from unbounded."""
    _set_options(solver, settings)
    if settings.start is not None:  # only a hint: HiGHS may refuse it
        known = np.flatnonzero(np.isfinite(settings.start)).astype(np.int32)
        solver.setSolution(len(known), known, settings.start[known])
    call = ApartCall(lambda: _run(solver), stop=settings.stop, limit_s=settings.time_limit_s)
    trail = _listen(solver, call, settings)
    if not call.run():
        ending = Ending.STOPPED if call.was_stopped else Ending.TIME_LIMIT
        return trail.outcome(ending, cost)
    if solver.getModelStatus() == Status.kUnboundedOrInfeasible:
        return None
    return _mip_outcome(solver)


def _set_options(solver: highspy.Highs, settings: MipSettings) -> None:
    if settings.log_file:
        _set(solver, log_file=settings.log_file)
    _set(
        solver,
        time_limit=max(settings.time_limit_s, LEAST_TIME_S),
        mip_rel_gap=settings.gap_relative,
        mip_abs_gap=settings.gap_absolute,
        random_seed=settings.seed,
        threads=settings.threads,
        **(SUBPROBLEMS_OFF if settings.proving else {}),
        **settings.options,
    )


@dataclass
class _Trail:
    """The best that HiGHS has reported so far; all there is when a run is left behind."""

    values: FloatArray | None = None
    bound: float = -np.inf

    def outcome(self, ending: Ending, cost: FloatArray) -> Outcome:
        """Return what is known."""
        if self.values is None:
            return Outcome(ending, None, np.inf, self.bound, 0.0)
        objective = float(cost @ self.values)
        return Outcome(ending, self.values, objective, min(self.bound, objective), 0.0)


def _listen(solver: highspy.Highs, call: ApartCall, settings: MipSettings) -> _Trail:
    """Connect progress, improvements and the stop flag to HiGHS.

    HiGHS calls from its own thread; the functions of the settings are posted to the caller.
    """
    trail = _Trail()

    def logging(event: Any) -> None:
        data = event.data_out
        trail.bound = max(trail.bound, data.mip_dual_bound)
        if settings.on_progress is not None:
            figures = (data.running_time, data.mip_primal_bound, data.mip_dual_bound)
            call.post(lambda: _report_progress(settings.on_progress, figures))

    def improving(event: Any) -> None:
        trail.values = values = np.array(event.data_out.mip_solution)
        objective = event.data_out.objective_function_value
        if settings.on_improvement is not None:
            call.post(lambda: _report_values(settings.on_improvement, call, values, objective))

    def interrupt(event: Any) -> None:
        trail.bound = max(trail.bound, event.data_out.mip_dual_bound)
        if call.ending.is_set():
            event.interrupt()

    def interrupt_simplex(event: Any) -> None:
        if call.ending.is_set():
            event.interrupt()

    solver.cbMipLogging.subscribe(logging)
    solver.cbMipImprovingSolution.subscribe(improving)
    solver.cbMipInterrupt.subscribe(interrupt)
    solver.cbSimplexInterrupt.subscribe(interrupt_simplex)
    return trail


def _report_progress(listener: Progress | None, figures: tuple[float, float, float]) -> None:
    if listener is not None:
        listener(*figures)


def _report_values(
    listener: Callable[[FloatArray, float], bool] | None,
    call: ApartCall,
    values: FloatArray,
    objective: float,
) -> None:
    if listener is not None and listener(values, objective):
        call.ending.set()


def _mip_outcome(solver: highspy.Highs) -> Outcome:
    """Read the answer to a mixed-integer program; also to one without integers."""
    ending = ENDINGS.get(solver.getModelStatus(), Ending.FAILED)
    if ending in {Ending.INFEASIBLE, Ending.UNBOUNDED, Ending.FAILED}:
        return _nothing(ending)
    info = solver.getInfo()
    is_mip = info.mip_node_count >= 0
    nodes = max(info.mip_node_count, 0)
    bound = info.mip_dual_bound if is_mip else -np.inf
    if info.primal_solution_status != int(highspy.SolutionStatus.kSolutionStatusFeasible):
        return Outcome(ending, None, np.inf, bound, 0.0, nodes)
    values = np.array(solver.getSolution().col_value)
    objective = info.objective_function_value
    if ending is Ending.OPTIMAL and not is_mip:
        bound = objective
    return Outcome(ending, values, objective, min(bound, objective), 0.0, nodes)
