"""Bound and solve one model at a given linear objective, with directed cuts found on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from siting.model import Model
from siting.optimise.cuts import CutFinder
from siting.optimise.progress import Watch
from siting.solvers.compiled import CompiledModel, Rows, compile_model
from siting.solvers.highs import HighsLp, HighsMip, MipSettings
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["Engine", "MipCall"]

SLACK = 1e-6


@dataclass(frozen=True)
class MipCall:
    """What one integer solve is asked for; all objectives are minimised and scaled."""

    cost: FloatArray
    gap_relative: float = 0.0
    gap_absolute: float = 1e-9
    start: FloatArray | None = None
    seconds: float = 1e9
    upper: FloatArray | None = None
    on_values: Callable[[FloatArray], bool] | None = None
    on_bound: Callable[[float], None] | None = None


class Engine:
    """One model with its relaxation, its cuts and its solver.

    Costs are vectors over the compiled variables and are minimised.
    """

    def __init__(self, model: Model, watch: Watch, *, threads: int = 0, seed: int = 0) -> None:
        self.model, self.watch = model, watch
        self.compiled: CompiledModel = compile_model(model.program)
        self.finder = CutFinder(model, self.compiled)
        self.relaxation = HighsLp(self.compiled, threads=threads, seed=seed)
        self.threads, self.seed = threads, seed
        self.cuts: Rows | None = None
        self.heat = self.compiled.vector(model.expressions.heat)
        self.capex = self.compiled.vector(model.expressions.capex)
        self.net_value = self.compiled.vector(model.expressions.net_value)

    def relax(
        self, cost: FloatArray, *, rounds: int = 40, enough: float | None = None
    ) -> Outcome:
        """Minimise over the relaxation, adding violated cuts until they no longer help.

        ``enough`` ends the rounds as soon as the bound reaches it.
        """
        outcome = self.relaxation.solve(cost, time_limit_s=self.watch.left_s)
        stalled = 0
        for _ in range(rounds):
            if outcome.values is None or self.watch.is_over:
                break
            if enough is not None and outcome.bound >= enough:
                break
            cuts = self.finder.find(outcome.values)
            if not cuts:
                break
            self._add(self.finder.rows(cuts))
            before = outcome.bound
            outcome = self.relaxation.solve(cost, time_limit_s=self.watch.left_s)
            stalled = stalled + 1 if outcome.bound - before < 1e-4 * abs(before) + 1e-9 else 0
            if stalled >= 3:
                break
        return outcome

    def _add(self, rows: Rows) -> None:
        self.relaxation.add_rows(rows)
        self.cuts = rows if self.cuts is None else Rows.stack([self.cuts, rows])

    def tight_cuts(self, values: FloatArray | None) -> Rows | None:
        """Return the cuts that a relaxed solution meets without slack."""
        if self.cuts is None or values is None:
            return self.cuts
        tight = self.cuts.matrix @ values <= self.cuts.lower + 0.05
        if not tight.any():
            return None
        return Rows(self.cuts.matrix[tight], self.cuts.lower[tight], self.cuts.upper[tight])

    def solve(self, call: MipCall, *, rows: Rows | None) -> Outcome:
        """Minimise over integer points, repeating while a plan leaves a zone unconnected."""
        while True:
            settings = MipSettings(
                time_limit_s=min(call.seconds, self.watch.left_s),
                gap_relative=call.gap_relative,
                gap_absolute=call.gap_absolute,
                threads=self.threads,
                seed=self.seed,
                start=call.start,
                stop=self.watch.stop,
                on_progress=_listener(call),
                on_improvement=_improver(call),
            )
            outcome = HighsMip(self.compiled).solve(
                call.cost, settings, extra=rows, upper=call.upper
            )
            if outcome.values is None:
                return outcome
            missing = self.finder.unreached(outcome.values)
            if not missing:
                return outcome
            new = self.finder.rows(missing)
            self._add(new)
            rows = new if rows is None else Rows.stack([rows, new])
            if self.watch.is_over:
                return replace(outcome, ending=Ending.TIME_LIMIT, values=None, objective=np.inf)


def _improver(call: MipCall) -> Callable[[FloatArray, float], bool] | None:
    listener = call.on_values
    if listener is None:
        return None
    return lambda values, _objective: listener(values)


def _listener(call: MipCall) -> Callable[[float, float, float], None] | None:
    listener = call.on_bound
    if listener is None:
        return None
    return lambda _seconds, _objective, bound: listener(bound)
