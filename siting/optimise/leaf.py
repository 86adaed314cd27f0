"""Prove that no plan with certain sites beats a price, on all cores.

What is left of the problem after `sift` is split on zones: one part must serve the zone, the other
must not. The parts are solved side by side, since a solver uses one core for an integer program.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from siting.optimise.engine import Engine, MipCall
from siting.optimise.sift import by_id, sift
from siting.optimise.state import SearchState
from siting.problem import Problem
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["LeafProof"]

LARGE = 400
"""Arcs from which on a problem is split among cores."""
CostAt = Callable[[float, Engine], FloatArray]


class LeafProof:
    """Bounds the surplus of plans whose sites are decided.

    Parameters
    ----------
    state
        The search, which receives better plans.
    price
        The price to prove [MWh/a per EUR].
    cost_at
        Gives the scaled cost vector for an engine.
    is_beaten
        Says whether a plan found meanwhile beats the price, so that there is nothing to prove.
    report
        Called with the surplus that is still possible [MWh/a].
    """

    def __init__(
        self,
        state: SearchState,
        price: float,
        cost_at: CostAt,
        is_beaten: Callable[[], bool],
        report: Callable[[float], None],
    ) -> None:
        self.state, self.price, self.watch = state, price, state.watch
        self.cost_at, self.is_beaten, self.report = cost_at, is_beaten, report
        self.lock = threading.Lock()
        self.open_mwh: list[float] = []
        self.ended: list[bool] = []

    @property
    def is_ended(self) -> bool:
        """Whether every part with a surplus was solved to its end: asking again gives the same."""
        return bool(self.open_mwh) and all(
            ended or open_mwh <= 0
            for ended, open_mwh in zip(self.ended, self.open_mwh, strict=True)
        )

    def run(
        self, problem: Problem, engine: Engine, relaxed: Outcome, most: float, until: float
    ) -> float:
        """Return the surplus that no plan of the problem exceeds [MWh/a].

        Parameters
        ----------
        problem, engine, relaxed
            The leaf and its relaxation.
        most
            The surplus known so far [MWh/a].
        until
            When to end, on the clock of the search [s].
        """
        if len(engine.model.data.sources) == 1:
            found = sift(
                problem,
                lambda each: self.cost_at(self.price, each),
                self.watch,
                self.state.engine_for,
                seconds=0.4 * (until - self.watch.seconds),
            )
            if found.problem is None:
                return 0.0
            most = min(most, found.surplus_mwh)
            self.report(most)
            problem = found.problem
            engine = self.state.engine_for(problem)
            relaxed = engine.relax(
                self.cost_at(self.price, engine), enough=0.0, seconds=until - self.watch.seconds
            )
            engine.narrow(by_id(engine, found.ranges))
        relaxed = engine.tighten(
            self.cost_at(self.price, engine), relaxed, 0.2 * (until - self.watch.seconds)
        )
        if relaxed.ending is Ending.INFEASIBLE or relaxed.bound >= 0:
            return 0.0
        if relaxed.values is not None:
            most = min(most, -relaxed.bound * engine.model.data.scale.heat_mwh)
            self.report(most)
        engines = self._engines(problem, engine, relaxed)
        self.open_mwh = [most] * len(engines)
        self.ended = [False] * len(engines)
        if len(engines) == 1:
            self._prove(0, engines[0], until)
        else:
            with ThreadPoolExecutor(len(engines)) as pool:
                for ending in [
                    pool.submit(self._prove, k, each, until) for k, each in enumerate(engines)
                ]:
                    ending.result()
        return max(self.open_mwh)

    def _engines(self, problem: Problem, engine: Engine, relaxed: Outcome) -> list[Engine]:
        """Return the parts to prove, one for each core."""
        zone = self._zone_to_split(engine, relaxed)
        cores = self.state.solver.threads or os.cpu_count() or 1
        if zone is None or cores < 2 or len(engine.model.data.arcs) < LARGE:
            return [engine]
        without = tuple(each for each in problem.zones if each.id != zone)
        served = tuple(
            replace(each, mandatory=True) if each.id == zone else each for each in problem.zones
        )
        parts = [replace(problem, zones=zones) for zones in (served, without)]
        engines = [self.state.engine_for(part) for part in parts]
        known = {engine.model.data.zone(z).id: each for z, each in engine.ranges.items()}
        for each in engines:
            each.narrow(by_id(each, known))
        return engines

    def _zone_to_split(self, engine: Engine, relaxed: Outcome) -> str | None:
        """Return the zone that is served least decidedly, weighed by its heat."""
        if relaxed.values is None:
            return None
        data, v = engine.model.data, engine.model.variables
        weight = {
            z: data.zone(z).heat_mwh * (0.5 - abs(relaxed.values[engine.compiled.index(x)] - 0.5))
            for z, x in v.connect.items()
            if not data.zone(z).mandatory
        }
        best = max(weight, key=lambda z: weight[z], default=None)
        return None if best is None or weight[best] <= 0 else data.zone(best).id

    def _prove(self, part: int, engine: Engine, until: float) -> None:
        """Bound one part by its relaxation, then by an integer program."""
        cost = self.cost_at(self.price, engine)
        left = until - self.watch.seconds
        relaxed = engine.relax(cost, enough=0.0, seconds=0.3 * left)
        if relaxed.ending is Ending.INFEASIBLE:
            self._bounded(part, engine, math.inf)
            return
        relaxed = engine.tighten(cost, relaxed, 0.2 * left)
        self._bounded(part, engine, relaxed.bound)
        if relaxed.values is None or relaxed.bound >= 0 or self.watch.is_over or self.is_beaten():
            return
        start, distance = self._start(engine)
        outcome = engine.solve(
            MipCall(
                cost,
                gap_absolute=max(distance / engine.model.data.scale.heat_mwh, 1e-9),
                start=start,
                seconds=until - self.watch.seconds,
                enough=0.0,
                proving=True,
                on_values=lambda values: self._offered(engine, values),
                on_bound=lambda bound: self._bounded(part, engine, bound),
            ),
            rows=engine.tight_rows(relaxed.values),
        )
        if outcome.values is not None:
            self._offered(engine, outcome.values)
        infeasible = outcome.ending is Ending.INFEASIBLE
        self.ended[part] = infeasible or outcome.ending is Ending.OPTIMAL
        self._bounded(part, engine, math.inf if infeasible else outcome.bound)

    def _bounded(self, part: int, engine: Engine, bound: float) -> None:
        """Take note of a bound on the scaled objective of one part."""
        if math.isnan(bound):
            return
        surplus = max(-bound * engine.model.data.scale.heat_mwh, 0.0)
        with self.lock:
            self.open_mwh[part] = min(self.open_mwh[part], surplus)
            self.report(max(self.open_mwh))

    def _start(self, engine: Engine) -> tuple[FloatArray | None, float]:
        """Return a start, and how far above a proving bound its objective may lie [MWh/a]."""
        state, problem = self.state, engine.model.data.problem
        forced = any(each.mandatory for each in problem.sites)
        forced |= any(each.mandatory for each in problem.zones)
        if state.empty is not None and not forced:
            return np.zeros(len(engine.compiled.names)), 0.0
        start = state.start_for(engine)
        if start is None or state.best is None:
            return None, 0.0
        return start, state.excess_mwh(self.price) * 0.999

    def _offered(self, engine: Engine, values: FloatArray) -> bool:
        """Offer values; end the solve when the price has been beaten."""
        with self.lock:
            self.state.offer_values(engine, values)
        return self.is_beaten()
