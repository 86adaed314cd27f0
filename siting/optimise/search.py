"""Search for the best plan, and for the proof of how good it is."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import numpy as np

from siting.errors import InfeasibleError, NoPlanError, SitingError
from siting.model import build_model
from siting.model.objectives import OBJECTIVES
from siting.optimise.candidate import Candidate, candidate_from_values, empty_candidate
from siting.optimise.engine import Engine, MipCall
from siting.optimise.explain import explain_infeasible
from siting.optimise.progress import Progress, Watch, relative_gap
from siting.plan import Plan, price_solution
from siting.problem import Problem, check_problem
from siting.solution import Proof, Status
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["solve"]

EXACT = 1e-6


def solve(
    problem: Problem,
    *,
    solver: str = "highs",
    gap: float = 0.01,
    time_limit_s: float = 300.0,
    threads: int | None = None,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Plan:
    """Find the best plan of a problem and prove how good it is.

    Parameters
    ----------
    problem
        The bare problem with its objective and limits.
    solver
        Name of an installed solver.
    gap
        Relative gap at which the search may end [-].
    time_limit_s
        Wall time [s]; the best plan found until then is returned.
    threads, seed
        Passed to the solver; the same seed gives the same plan.
    progress
        Called now and then with a `Progress`.
    stop
        Set from another thread to end the search; the best plan is kept.

    Returns
    -------
    The plan, paid for with real pipe sizes, with its proof.

    Raises
    ------
    InputError
        The problem contradicts itself.
    InfeasibleError
        No plan can meet the limits.
    NoPlanError
        Time ran out before any plan was found.
    SolverError
        The solver is not installed or failed.
    """
    check_problem(problem)
    watch = Watch(time_limit_s, stop, progress)
    watch.enter("building the model")
    search = Search(problem, watch, gap=max(gap, EXACT), threads=threads or 0, seed=seed)
    if problem.objective.kind == "heat_per_euro":
        search.best_ratio()
    else:
        search.best_linear()
    return search.finish()


class Search:
    """State of one search: the best plan so far, the best bound so far."""

    def __init__(
        self, problem: Problem, watch: Watch, *, gap: float, threads: int, seed: int
    ) -> None:
        self.problem, self.watch, self.gap = problem, watch, gap
        self.kind = OBJECTIVES[problem.objective.kind]
        self.engine = Engine(build_model(problem), watch, threads=threads, seed=seed)
        self.scale = self.engine.model.data.scale
        self.best: Candidate | None = None
        self.bound: float | None = None
        self.empty = empty_candidate(problem)
        self.infeasible = False
        self.price: float | None = None

    # -- incumbents and bounds ------------------------------------------------------------------

    def offer(self, candidate: Candidate | None) -> bool:
        """Keep a candidate if it is better than the best so far; say whether it was."""
        if candidate is None:
            return False
        if self.best is not None:
            better = candidate.value - self.best.value
            better = better if self.kind.maximise else -better
            if better < -1e-12 or (better <= 1e-12 and candidate.capex_eur >= self.best.capex_eur):
                return False
        self.best = candidate
        self.watch.note(incumbent=candidate.value)
        return True

    def offer_values(self, values: FloatArray) -> bool:
        """Turn solver values into a candidate and keep it if it is better."""
        return self.offer(candidate_from_values(self.engine.model, self.engine.compiled, values))

    def prove(self, bound: float, price: float | None = None) -> None:
        """Record a bound if it is tighter than the one known."""
        if not math.isfinite(bound):
            return
        known = self.bound
        tighter = known is None or (bound < known if self.kind.maximise else bound > known)
        if tighter:
            self.bound, self.price = bound, price
            self.watch.note(bound=bound)

    @property
    def is_done(self) -> bool:
        """Whether the gap is reached."""
        return self.best is not None and relative_gap(self.best.value, self.bound) <= self.gap

    # -- linear objectives ----------------------------------------------------------------------

    def best_linear(self) -> None:
        """Solve ``max_heat``, ``capex`` or ``net_value``."""
        self.offer(self.empty)
        cost, unit = self._linear_cost()
        sign = -1.0 if self.kind.maximise else 1.0
        self.watch.enter("bounding")
        relaxed = self.engine.relax(cost)
        if relaxed.ending is Ending.INFEASIBLE:
            self.infeasible = True
            return
        self.prove(sign * relaxed.bound * unit)
        self.watch.enter("solving")
        outcome = self.engine.solve(
            MipCall(
                cost,
                gap_relative=self.gap / (1 + self.gap),
                on_values=lambda values: self.offer_values(values) and False,
                on_bound=lambda bound: self.prove(sign * bound * unit),
            ),
            rows=self.engine.tight_cuts(relaxed.values),
        )
        self._take(outcome)
        self.prove(sign * outcome.bound * unit)
        if self.kind.name == "max_heat" and self.best is not None and not self.watch.is_over:
            self._cheapest_for_same_heat()

    def _linear_cost(self) -> tuple[FloatArray, float]:
        """Return the cost vector to minimise, and what one unit of it is worth."""
        engine = self.engine
        if self.kind.name == "max_heat":
            return -engine.heat, self.scale.heat_mwh
        if self.kind.name == "net_value":
            return -engine.net_value, self.scale.cost_eur
        return engine.capex, self.scale.cost_eur

    def _cheapest_for_same_heat(self) -> None:
        """Among plans with the best heat, look for a cheaper one."""
        assert self.best is not None
        self.watch.enter("tidying")
        least = self.best.heat_mwh * (1 - 1e-9)
        problem = self.problem.with_limits(min_heat_mwh=least)
        engine = Engine(build_model(problem), self.watch, threads=self.engine.threads)
        outcome = engine.solve(
            MipCall(engine.capex, gap_relative=1e-4, seconds=0.25 * self.watch.left_s), rows=None
        )
        if outcome.values is not None:
            found = candidate_from_values(engine.model, engine.compiled, outcome.values)
            if found is not None and found.value >= self.best.value * (1 - 1e-8):
                if found.capex_eur < self.best.capex_eur:
                    self.best = found
                    self.watch.note(incumbent=found.value)

    def _take(self, outcome: Outcome) -> None:
        """Read a finished solve."""
        if outcome.values is not None:
            self.offer_values(outcome.values)
        if outcome.ending is Ending.INFEASIBLE:
            self.infeasible = True

    # -- heat per euro --------------------------------------------------------------------------

    def best_ratio(self) -> None:
        """Solve ``heat_per_euro``: Dinkelbach, with bounds certified at prices.

        At a price ``l`` [MWh/a per EUR] let ``F(l)`` be the largest ``heat - l * capex``. When
        ``F(l) <= 0`` no plan beats ``l``; when only ``F(l) <= u`` is known, no plan beats
        ``l + u / least capex``.
        """
        self.offer(self.empty)
        self.watch.enter("bounding")
        ceiling = self._relaxed_ceiling()
        if ceiling is None:
            return
        self.watch.enter("first plan")
        self._first_plan(ceiling)
        self.watch.enter("improving and proving")
        while self.best is not None and not self.is_done and not self.watch.is_over:
            if not self._price_round():
                break

    def _cost_at(self, price: float) -> FloatArray:
        """Return the scaled cost vector of ``price * capex - heat`` [MWh/a]."""
        return price * self.scale.cost_eur / self.scale.heat_mwh * self.engine.capex - self.engine.heat

    def _certify(self, price: float, most: float) -> None:
        """Record the ratio bound that follows from ``F(price) <= most`` [MWh/a]."""
        bounds = [price] if most <= 0 else []
        least_capex, least_heat = self.least_capex_eur, self.problem.limits.min_heat_mwh or 0.0
        if most > 0 and least_capex > 0:
            bounds.append(price + most / least_capex)
        if 0 < most < least_heat:
            bounds.append(price / (1 - most / least_heat))
        if bounds:
            self.prove(min(bounds) * 1000, price)

    def _relaxed_ceiling(self) -> float | None:
        """Return a price that no plan beats, from the relaxation alone; None when infeasible."""
        engine = self.engine
        least = engine.relax(engine.capex, rounds=10)
        if least.ending is Ending.INFEASIBLE:
            self.infeasible = True
            return None
        self.least_capex_eur = max(least.bound * self.scale.cost_eur, self._cheapest_start())
        price = 0.0
        for _ in range(30):
            relaxed = engine.relax(self._cost_at(price), rounds=8)
            if relaxed.values is None or self.watch.is_over:
                break
            heat = float(engine.heat @ relaxed.values) * self.scale.heat_mwh
            capex = float(engine.capex @ relaxed.values) * self.scale.cost_eur
            surplus = -relaxed.bound * self.scale.heat_mwh
            if surplus <= 1e-9 * max(heat, 1.0) or capex <= 0:
                break
            price = max(price, heat / capex)
        self._certify(price, max(-relaxed.bound * self.scale.heat_mwh, 0.0) if price else math.inf)
        return price

    def _cheapest_start(self) -> float:
        """Return what any plan with heat costs at least: one site and one zone [EUR]."""
        data = self.engine.model.data
        sites = [each.option.cost_eur for each in data.options]
        zones = [data.zone(z).cost_eur for z in data.zones if data.zone(z).heat_mwh > 0]
        return min(sites, default=0.0) + min(zones, default=0.0)

    def _first_plan(self, ceiling: float) -> None:
        """Find any plan with heat, at prices that fall until one appears."""
        price = ceiling / 2
        while not self.watch.is_over and (self.best is None or self.best.value <= 0):
            outcome = self._solve_at(price, stop_early=True)
            if self.infeasible:
                return
            if outcome.values is not None and self.best is not None and self.best.value > 0:
                return
            if price == 0:
                self.prove(0.0 if self.empty is not None else math.inf)
                return
            price = price / 4 if price > ceiling / 1000 else 0.0

    def _solve_at(self, price: float, *, stop_early: bool = False, allowed: float = 0.0) -> Outcome:
        """Maximise ``heat - price * capex``; ``allowed`` is the surplus that need not be closed."""
        cost = self._cost_at(price)
        relaxed = self.engine.relax(cost, rounds=12, enough=-allowed / self.scale.heat_mwh)
        if relaxed.ending is Ending.INFEASIBLE:
            self.infeasible = True
            return relaxed
        if self.best is not None and relaxed.bound >= -max(allowed, 0.0) / self.scale.heat_mwh:
            return relaxed
        call = MipCall(
            cost,
            gap_absolute=max(allowed / self.scale.heat_mwh, 1e-10),
            start=self._start(),
            on_values=lambda values: self._improved(values, price, stop_early),
            on_bound=self.watch_bound(price),
        )
        outcome = self.engine.solve(call, rows=self.engine.tight_cuts(relaxed.values))
        self._take(outcome)
        return outcome

    def watch_bound(self, price: float) -> Callable[[float], None]:
        """Return a listener that turns bounds at a price into bounds on the ratio."""
        return lambda bound: self._certify(price, -bound * self.scale.heat_mwh)

    def _start(self) -> FloatArray | None:
        return np.zeros(len(self.engine.compiled.names)) if self.empty is not None else None

    def _improved(self, values: FloatArray, price: float, stop_early: bool) -> bool:
        if not self.offer_values(values):
            return False
        assert self.best is not None
        return stop_early and self.best.value > price * 1000

    def _price_round(self) -> bool:
        """Ask once for something better than the best plan; say whether to go on."""
        assert self.best is not None
        before, bound_before = self.best.value, self.bound
        best = before / 1000
        if not math.isfinite(best):
            self.prove(math.inf)
            self.bound = best
            return False
        if self.empty is not None:
            price, allowed = best * (1 + 0.98 * self.gap), 0.0
        else:
            price, allowed = best, self._allowed_surplus(best)
        outcome = self._solve_at(price, stop_early=self.empty is not None, allowed=allowed)
        self._certify(price, max(-outcome.bound * self.scale.heat_mwh, 0.0))
        return self.best.value > before or self.bound != bound_before or self.watch.is_over

    def _allowed_surplus(self, price: float) -> float:
        """Return the surplus that still proves the gap [MWh/a]."""
        gap = 0.98 * self.gap
        least_heat = self.problem.limits.min_heat_mwh or 0.0
        return max(gap / (1 + gap) * least_heat, gap * price * self.least_capex_eur)

    # -- the end --------------------------------------------------------------------------------

    def finish(self) -> Plan:
        """Return the best plan with its proof, or say why there is none."""
        watch = self.watch
        if self.best is None:
            if self.infeasible:
                raise InfeasibleError(explain_infeasible(self.problem))
            if watch.is_stopped:
                raise NoPlanError("Stopped before any plan was found. Give the search more time.")
            raise NoPlanError(
                f"No plan was found in {watch.seconds:,.0f} s. Raise time_limit_s, or loosen"
                " min_heat_mwh or the budget."
            )
        gap = relative_gap(self.best.value, self.bound)
        if gap <= self.gap:
            status = Status.OPTIMAL
        else:
            status = Status.INTERRUPTED if watch.is_stopped else Status.FEASIBLE
        proof = Proof(
            status=status,
            objective=self.kind.name,
            incumbent=self.best.value,
            bound=self.bound,
            gap=gap,
            gap_wanted=self.gap,
            seconds=watch.seconds,
            solver=solver_version(),
            price_mwh_per_eur=self.price,
            trail=tuple(watch.trail),
        )
        return price_solution(self.problem, self.best.solution, proof)


def solver_version() -> str:
    """Return name and version of the embedded solver."""
    from importlib.metadata import version

    return f"HiGHS {version('highspy')}"
