"""Find the best plan for objectives that are plain sums: heat, investment or net value."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

from siting.optimise.candidate import candidate_from_values
from siting.optimise.core import restrict, still_possible
from siting.optimise.engine import Engine, MipCall
from siting.optimise.state import SearchState
from siting.problem import Problem
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["LinearSearch"]

LOG = logging.getLogger(__name__)

SHAKES = (0.0, 0.2, 0.4)
PRICE_STEPS = 16
SMALL = 60


class LinearSearch:
    """Runs the stages of a search for ``max_heat``, ``capex`` or ``net_value``.

    Parameters
    ----------
    state
        The problem and what is known of it.
    outside
        Where the problem is only a part of another: plans of the other that do not lie in the part
        are no better than this. No better bound is then told.
    """

    def __init__(self, state: SearchState, outside: float | None = None) -> None:
        self.state, self.outside = state, outside
        self.watch = state.watch
        self.engine = state.engine
        self.sign = -1.0 if state.kind.maximise else 1.0

    def run(self) -> None:
        """Construct, bound, mix and prove."""
        state = self.state
        if state.best is None or state.best is state.empty or self.outside is None:
            self.watch.enter("constructing plans")
            self._construct()
        self.watch.enter("bounding")
        relaxed = self.engine.relax(
            self._cost(self.engine),
            seconds=max(0.35 * self.watch.left_s, 5.0),
            on_round=lambda bound: self._certify(bound, self.engine),
        )
        if relaxed.ending is Ending.INFEASIBLE:
            state.infeasible = state.best is None
            return
        if not state.is_done and relaxed.values is not None:
            self.watch.enter("improving")
            seconds = min(max(0.15 * self.watch.time_limit_s, 2.0), 0.3 * self.watch.left_s)
            state.mix(self._cost, relaxed.values, seconds)
        if not state.is_over:
            self.watch.enter("proving")
            self._prove(relaxed)
        if state.kind.name == "max_heat" and not self.watch.is_over:
            self._cheapest_for_same_heat()

    def _cost(self, engine: Engine) -> FloatArray:
        """Return the cost vector to minimise."""
        if self.state.kind.name == "max_heat":
            return -engine.heat
        if self.state.kind.name == "net_value":
            return -engine.net_value
        return engine.capex

    def _unit(self, engine: Engine) -> float:
        """Return what one unit of the cost vector is worth."""
        scale = engine.model.data.scale
        return scale.heat_mwh if self.state.kind.name == "max_heat" else scale.cost_eur

    def _certify(self, bound: float, engine: Engine) -> None:
        if math.isfinite(bound):
            self._prove_value(self.sign * bound * self._unit(engine))

    def _prove_value(self, value: float) -> None:
        """Record a bound on the part as one on the whole."""
        if self.outside is not None:
            worse = max if self.state.kind.maximise else min
            value = worse(value, self.outside)
        self.state.prove(value)

    def _construct(self) -> None:
        """Build plans at falling prices; the limits tell which of them count."""
        state = self.state
        data = self.engine.model.data
        opening = max(
            (
                data.zone(z).heat_mwh / max(data.zone(z).cost_eur, 1e-9)
                for z in data.zones
                if data.zone(z).heat_mwh > 0
            ),
            default=0.0,
        )
        scale = state.scale
        price = min(opening, 1e3 * scale.heat_mwh / scale.cost_eur)
        for shake in SHAKES if len(data.arcs) > SMALL else SHAKES[:1]:
            at = price
            for _ in range(PRICE_STEPS):
                if self.watch.is_over:
                    return
                state.offer_trees(
                    state.constructor.portfolio(
                        at,
                        most_sites=state.problem.limits.max_sites,
                        shake=shake,
                        stop=lambda: self.watch.is_over,
                    )
                )
                at *= 0.6

    def _prove(self, relaxed: Outcome) -> None:
        """Drop what no better plan can use, and solve the rest exactly."""
        state = self.state
        engine = self._core_engine(relaxed)
        cost = self._cost(engine)
        rest = relaxed if engine is self.engine else engine.relax(cost, rounds=15, slivers=False)
        if rest.ending is Ending.INFEASIBLE:
            self._nothing_better(engine)
            return
        outcome = engine.solve(
            MipCall(
                cost,
                gap_relative=0.98 * state.gap / (1 + state.gap),
                start=state.start_for(engine),
                on_values=lambda values: self._offered(engine, values),
                on_bound=lambda bound: self._certify_core(bound, engine),
            ),
            rows=engine.tight_rows(rest.values),
        )
        if outcome.values is not None:
            state.offer_values(engine, outcome.values)
        if outcome.ending is Ending.INFEASIBLE:
            self._nothing_better(engine)
        else:
            self._certify_core(outcome.bound, engine)

    def _core_engine(self, relaxed: Outcome) -> Engine:
        """Return an engine for what can still be part of a better plan."""
        state = self.state
        if state.best is None or relaxed.reduced_cost is None:
            return self.engine
        value = self.sign * state.best.value / self._unit(self.engine)
        room = value - relaxed.bound
        core = still_possible(self.engine.model, self.engine.compiled, relaxed.reduced_cost, room)
        self.watch.enter(f"proving on {core}")
        if core.arcs.all() and core.zones.all() and core.options.all():
            return self.engine
        return Engine(restrict(self.engine.model, core), self.watch, state.solver)

    def _nothing_better(self, engine: Engine) -> None:
        """Take note that an engine holds no plan at all."""
        if self.state.best is None:
            self.state.infeasible = engine is self.engine
        elif engine is not self.engine and self.state.start_for(self.engine) is not None:
            # What is left out is in no better plan, so the best one itself must have stayed.
            LOG.warning("what is left of the problem holds no plan at all; nothing is proven by it")
        else:
            self._prove_value(self.state.best.value)

    def _certify_core(self, bound: float, engine: Engine) -> None:
        """Record a bound found on a core, outside of which nothing is better than the best plan."""
        if not math.isfinite(bound):
            return
        value = self.sign * bound * self._unit(engine)
        best = self.state.best
        if engine is not self.engine and best is not None:
            value = max(value, best.value) if self.state.kind.maximise else min(value, best.value)
        self._prove_value(value)

    def _offered(self, engine: Engine, values: FloatArray) -> bool:
        self.state.offer_values(engine, values)
        return False

    def _cheapest_for_same_heat(self) -> None:
        """Among plans with the best heat, look for a cheaper one."""
        state = self.state
        if state.best is None or state.best.heat_mwh <= 0:
            return
        self.watch.enter("tidying")
        problem = self._with_heat(state.best.heat_mwh * (1 - 1e-9))
        engine = Engine(problem, self.watch, state.solver)
        engine.solve(
            MipCall(
                engine.capex,
                gap_relative=1e-4,
                start=state.start_for(engine),
                seconds=0.25 * self.watch.left_s,
                on_values=lambda values: self._same_heat(engine, values),
            )
        )

    def _with_heat(self, heat_mwh: float) -> Problem:
        limits = replace(self.state.problem.limits, min_heat_mwh=heat_mwh)
        return replace(self.state.problem, limits=limits)

    def _same_heat(self, engine: Engine, values: FloatArray) -> bool:
        state = self.state
        found = candidate_from_values(engine.model, engine.compiled, values)
        assert state.best is not None
        if (
            found is not None
            and found.value >= state.best.value * (1 - 1e-8)
            and found.capex_eur < state.best.capex_eur
        ):
            state.best = found
        return False
