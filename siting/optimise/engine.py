"""Bound and solve one model at a given linear objective, with rows found on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from siting.model import Model, build_model
from siting.optimise.cuts import CutFinder
from siting.optimise.progress import Watch
from siting.optimise.ranges import Range, ranges_by_prices, rows_of_ranges
from siting.optimise.slivers import DownstreamFinder, SourceFinder
from siting.problem import Problem
from siting.solvers.compiled import CompiledModel, Rows, compile_model
from siting.solvers.highs import HighsLp, MipSettings
from siting.solvers.outcome import Ending, FloatArray, Outcome
from siting.solvers.registry import mip_solver

__all__ = ["Engine", "MipCall", "SolverChoice"]

TIGHTENINGS, LEAST_RISE = 6, 0.01
"""How often ranges are narrowed, and the least rise of the bound for another time [-]."""
PATIENCE_S = 8.0
"""Wall time that a warm-started relaxation is given before it starts from nothing [s]."""


@dataclass(frozen=True)
class SolverChoice:
    """Which solver runs the integer programs, with how many threads (0: its choice) and seed."""

    name: str = "highs"
    threads: int = 0
    seed: int = 0


@dataclass(frozen=True)
class MipCall:
    """What one integer solve is asked for; all objectives are minimised and scaled.

    ``enough`` is a bound at which the solve ends, whatever its best solution. ``proving`` says that
    the bound is what is asked for.
    """

    cost: FloatArray
    gap_relative: float = 0.0
    gap_absolute: float = 1e-9
    start: FloatArray | None = None
    seconds: float = 1e9
    enough: float | None = None
    proving: bool = False
    on_values: Callable[[FloatArray], bool] | None = None
    on_bound: Callable[[float], None] | None = None


class Engine:
    """One model with its relaxation, the rows found so far and its solver.

    Costs are vectors over the compiled variables and are minimised. ``idle_sites`` says whether an
    open site may be of use though no zone hangs on it.
    """

    idle_sites = False

    def __init__(self, problem: Problem, watch: Watch, solver: SolverChoice) -> None:
        self.watch, self.solver = watch, solver
        self.model: Model = build_model(problem, source_rows=False)
        self.compiled: CompiledModel = compile_model(self.model.program)
        self.cuts = CutFinder(self.model, self.compiled)
        self.sources = SourceFinder(self.model, self.compiled)
        self.downstream = DownstreamFinder(self.model, self.compiled)
        self.relaxation = HighsLp(self.compiled, threads=solver.threads, seed=solver.seed)
        self.found: Rows | None = None
        self.ranges: dict[int, Range] = {}
        self.narrow_rows: Rows | None = None
        self.site_rows: dict[int, int] = {}
        self.slowest_s = 0.0
        self.heat = self.compiled.vector(self.model.expressions.heat)
        self.capex = self.compiled.vector(self.model.expressions.capex)
        self.net_value = self.compiled.vector(self.model.expressions.net_value)

    def relax(
        self,
        cost: FloatArray,
        *,
        rounds: int = 60,
        enough: float | None = None,
        seconds: float = 1e9,
        slivers: bool = True,
        on_round: Callable[[float], None] | None = None,
    ) -> Outcome:
        """Minimise over the relaxation, adding violated rows until they no longer help.

        Parameters
        ----------
        cost
            One coefficient for each variable.
        rounds, seconds
            Limits on the effort.
        enough
            The rounds end as soon as the bound reaches this.
        slivers
            Also look for rows against pipes too large for the zones behind them.
        on_round
            Called with the bound of each round.
        """
        until = self.watch.seconds + min(seconds, self.watch.left_s)
        outcome = self._relaxed(cost, until)
        stalled = 0
        for _ in range(rounds):
            if outcome.values is None:
                break
            if on_round is not None:
                on_round(outcome.bound)
            if enough is not None and outcome.bound >= enough:
                break
            if self.watch.is_stopped or self.watch.seconds > until:
                break
            count = self._separate(outcome.values, slivers=slivers and stalled < 4)
            if not count:
                break
            better = self._relaxed(cost, until)
            if better.values is None:
                break
            small = better.bound - outcome.bound < 2e-4 * abs(outcome.bound) + 1e-9
            stalled = stalled + 1 if small else 0
            outcome = better
            if stalled >= 6:
                break
        return outcome

    def _relaxed(self, cost: FloatArray, until: float) -> Outcome:
        """Solve the relaxation; when a warm start stalls, once more from nothing."""
        left = max(until - self.watch.seconds, 0.05)
        cold = self.slowest_s == 0.0  # there is no warm start that could stall
        patience = left if cold else min(left, max(PATIENCE_S, 4 * self.slowest_s))
        outcome = self.relaxation.solve(cost, time_limit_s=patience, stop=self.watch.stop)
        if outcome.ending is Ending.TIME_LIMIT and left > patience:
            self.relaxation.forget_basis()
            left = max(until - self.watch.seconds, 0.05)
            outcome = self.relaxation.solve(cost, time_limit_s=left, stop=self.watch.stop)
        if outcome.values is not None:
            self.slowest_s = max(self.slowest_s, outcome.seconds)
        return outcome

    def _separate(self, values: FloatArray, *, slivers: bool) -> int:
        """Add violated rows; the dear search for slivers runs when the others are nearly done."""
        count = 0
        cuts = self.cuts.find(values)
        if cuts:
            self._add(self.cuts.rows(cuts))
            count += len(cuts)
        rows = self.sources.find(values)
        if rows is not None:
            self._add(rows)
            count += len(rows.lower)
        if slivers and count < 60:
            rows = self.downstream.find(values)
            if rows is not None:
                self._add(rows)
                count += len(rows.lower)
        return count

    def narrow(self, ranges: dict[int, Range]) -> None:
        """Count on connected zones to take base capacities within these ranges only."""
        known = self.ranges
        self.ranges = {z: each.within(known.get(z)) for z, each in ranges.items()}
        self.ranges |= {z: each for z, each in known.items() if z not in ranges}
        self.narrow_rows = rows_of_ranges(self.model, self.compiled, self.ranges)
        if self.narrow_rows is None:
            return
        self.relaxation.add_rows(self.narrow_rows)
        self.cuts.demand_at_least({z: each.least_mw for z, each in self.ranges.items()})
        most = {z: self.model.data.zone(z).peak_mw for z in self.model.data.zones}
        most |= {z: each.most_mw for z, each in self.ranges.items()}
        self.downstream = DownstreamFinder(self.model, self.compiled, most)

    def tighten(self, cost: FloatArray, relaxed: Outcome, seconds: float) -> Outcome:
        """Narrow the ranges of zones to what beats a price, as long as that lifts the bound.

        What costs at least 0 does not beat the price; rows and ranges hold for cheaper plans only.
        """
        until = self.watch.seconds + seconds
        for _ in range(TIGHTENINGS):
            if relaxed.values is None or relaxed.bound >= 0 or self.watch.seconds > until:
                break
            self.narrow(ranges_by_prices(self.model, self.compiled, relaxed, -relaxed.bound))
            better = self.relax(cost, enough=0.0, seconds=until - self.watch.seconds)
            if better.ending is Ending.INFEASIBLE:
                return better
            if better.values is None:
                break
            risen, relaxed = better.bound - relaxed.bound, better
            if risen < LEAST_RISE * abs(relaxed.bound):
                break
        return relaxed

    def decide_sites(self, closed: frozenset[int], opened: frozenset[int]) -> None:
        """Close some sites of the relaxation and open others; earlier decisions are undone."""
        if not self.site_rows:
            self._add_site_rows()
        v, data = self.model.variables, self.model.data
        upper = self.compiled.upper.copy()
        for k, each in enumerate(data.options):
            if each.site in closed:
                upper[self.compiled.index(v.open[k])] = 0.0
        self.relaxation.set_bounds(self.compiled.lower, upper)
        for site, row in self.site_rows.items():
            self.relaxation.set_row_lower(row, 1.0 if site in opened else 0.0)

    def _add_site_rows(self) -> None:
        """Add, for each site, the sum of its options as a row that can be raised to one."""
        v, data = self.model.variables, self.model.data
        sites = sorted({each.site for each in data.options})
        first = sum(len(rows.lower) for rows in self.relaxation.rows)
        self.site_rows = {site: first + i for i, site in enumerate(sites)}
        place = {site: i for i, site in enumerate(sites)}
        rows = [place[each.site] for each in data.options]
        columns = [self.compiled.index(v.open[k]) for k in range(len(data.options))]
        matrix = sparse.csr_array(
            (np.ones(len(rows)), (rows, columns)), shape=(len(sites), len(self.compiled.names))
        )
        self.relaxation.add_rows(Rows(matrix, np.zeros(len(sites)), np.ones(len(sites))))

    def _add(self, rows: Rows) -> None:
        self.relaxation.add_rows(rows)
        self.found = rows if self.found is None else Rows.stack([self.found, rows])

    def tight_rows(self, values: FloatArray | None) -> Rows | None:
        """Return the rows found so far that a relaxed solution meets without slack."""
        if self.found is None or values is None:
            return self.found
        tight = self.found.matrix @ values <= self.found.lower + 1e-3
        if not tight.any():
            return None
        return Rows(self.found.matrix[tight], self.found.lower[tight], self.found.upper[tight])

    def solve(self, call: MipCall, *, rows: Rows | None = None) -> Outcome:
        """Minimise over integer points, repeating while a plan leaves a zone unconnected."""
        until = self.watch.seconds + min(call.seconds, self.watch.left_s)
        solver = mip_solver(self.solver.name, self.model.program, self.compiled)
        if self.narrow_rows is not None:
            rows = self.narrow_rows if rows is None else Rows.stack([rows, self.narrow_rows])
        proven = _Either(self.watch.stop)
        while True:
            settings = MipSettings(
                time_limit_s=max(until - self.watch.seconds, 0.05),
                gap_relative=call.gap_relative,
                gap_absolute=call.gap_absolute,
                threads=self.solver.threads,
                seed=self.solver.seed,
                start=call.start,
                proving=call.proving,
                stop=proven,
                on_progress=_listener(call, proven),
                on_improvement=_improver(call),
            )
            outcome = solver.solve(call.cost, settings, extra=rows)
            if outcome.values is None:
                return outcome
            missing = self.cuts.unreached(outcome.values)
            if not missing:
                return outcome
            new = self.cuts.rows(missing)
            self._add(new)
            rows = new if rows is None else Rows.stack([rows, new])
            if self.watch.is_stopped or self.watch.seconds > until:
                return replace(outcome, ending=Ending.TIME_LIMIT, values=None, objective=np.inf)


def _improver(call: MipCall) -> Callable[[FloatArray, float], bool] | None:
    listener = call.on_values
    if listener is None:
        return None
    return lambda values, _objective: listener(values)


def _listener(call: MipCall, proven: threading.Event) -> Callable[[float, float, float], None]:
    """Pass bounds on, and end the solve when one is enough."""

    def listen(_seconds: float, _objective: float, bound: float) -> None:
        if call.on_bound is not None:
            call.on_bound(bound)
        if call.enough is not None and call.enough <= bound < np.inf:
            proven.set()

    return listen


class _Either(threading.Event):
    """A stop flag that is also set when another one is."""

    def __init__(self, other: threading.Event | None) -> None:
        super().__init__()
        self.other = other

    def is_set(self) -> bool:
        """Whether one of the two is set."""
        return super().is_set() or (self.other is not None and self.other.is_set())
