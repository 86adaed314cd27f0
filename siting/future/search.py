"""Find the most discounted heat per discounted euro, with a bound that no plan can beat.

Dinkelbach's method of the base search on a program over years: at a price ``l`` [MWh/EUR] let
``F(l)`` be the largest ``heat - l * euro``. ``F(l) <= 0`` proves that no plan beats ``l``.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from importlib.metadata import version
from typing import Generic, TypeVar

import numpy as np

from siting.future.engine import FutureEngine
from siting.future.extended import Extended, Found
from siting.optimise.engine import MipCall, SolverChoice
from siting.optimise.progress import Progress, Watch, relative_gap
from siting.solution import Proof, Status
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["OBJECTIVE", "FutureSearch", "SearchSettings"]

LOG = logging.getLogger(__name__)

Payload = TypeVar("Payload")
OBJECTIVE = "discounted_heat_per_euro"
EXACT = 1e-6
TOLERANCE = 1e-6
"""Heat that rows met to within a solver's tolerance may pretend, over the unit of heat [-]."""
DOUBT = 1e-5
"""Surplus of a plan above a bound that tolerances explain, over its heat and the unit of heat [-].

Rows and limits hold to `TOLERANCE`, and a plan has several; a larger surplus is a fault.
"""
NEWTON_STEPS = 10
SMALL = 300
"""Variables up to which a program goes to the solver at once, and steps towards a ceiling."""


class SearchSettings:
    """How long and how well to search, as for `siting.optimise.solve`."""

    def __init__(
        self,
        *,
        gap: float = 0.05,
        time_limit_s: float = 300.0,
        threads: int | None = None,
        seed: int = 0,
        solver: str = "highs",
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.gap, self.time_limit_s, self.seed = max(gap, EXACT), time_limit_s, seed
        self.threads, self.solver = threads or 0, solver
        self.progress, self.stop = progress, stop

    def watch(self) -> Watch:
        """Return a clock for one search."""
        return Watch(self.time_limit_s, self.stop, self.progress, objective=OBJECTIVE)

    @property
    def choice(self) -> SolverChoice:
        """Which solver runs the programs."""
        return SolverChoice(self.solver, self.threads, self.seed)


class FutureSearch(Generic[Payload]):
    """One search: the best plan, the best bound, and how they were found.

    ``beat`` is a plan known before that a program of a part need not hold: its bounds then only say
    what the part has beyond that plan.
    """

    def __init__(
        self,
        extended: Extended[Payload],
        settings: SearchSettings,
        watch: Watch | None = None,
        *,
        beat: Found[Payload] | None = None,
    ) -> None:
        self.extended, self.settings = extended, settings
        self.watch = watch or settings.watch()
        self.gap = settings.gap
        self.engine = FutureEngine(extended, self.watch, settings.choice)
        self.best, self.is_part = beat, beat is not None
        self.best_values: FloatArray | None = None
        self.bound: float | None = None
        self.price: float | None = None
        self.infeasible = False
        self.promised = 0.0  # heat per euro [MWh/EUR] of the program's own best solution so far
        self.scale = extended.models[0].data.scale.heat_mwh * extended.years_a

    # -- plans ----------------------------------------------------------------------------------

    def offer(self, found: Found[Payload] | None, values: FloatArray | None = None) -> bool:
        """Keep an evaluated plan if it is better than the best so far; say whether it was."""
        if found is None or (self.best is not None and found.value <= self.best.value):
            return False
        self.best = found
        self.best_values = values if values is not None else self.best_values
        self.watch.note(incumbent=found.value)
        if self._is_refuted(self.bound):
            self.bound = self.price = None
        return True

    def offer_values(self, values: FloatArray, price: float) -> bool:
        """Evaluate solver values and keep their plan if it is better."""
        return self.offer(self.extended.read(values, price), values)

    # -- bounds ---------------------------------------------------------------------------------

    def certify(self, price: float, most_mwh: float) -> None:
        """Record the bound on heat per euro that follows from ``F(price) <= most_mwh``."""
        if not math.isfinite(most_mwh):
            return
        bounds = [price] if most_mwh <= 0 else []
        if most_mwh > 0 and self.extended.least_euro > 0:
            bounds.append(price + most_mwh / self.extended.least_euro)
        if 0 < most_mwh < self.extended.least_heat_mwh:
            bounds.append(price / (1 - most_mwh / self.extended.least_heat_mwh))
        if bounds:
            self.prove(min(bounds) * 1000, price)

    def prove(self, bound: float, price: float | None = None) -> None:
        """Record that no plan has more heat per euro than ``bound`` [kWh/EUR]."""
        if self._is_refuted(bound):
            return
        if self.best is not None:
            bound = max(bound, self.best.value)
        if self.bound is None or bound < self.bound:
            self.bound, self.price = bound, price
            self.watch.note(bound=bound)

    def _is_refuted(self, bound: float | None) -> bool:
        """Whether the best plan beats a bound by more than tolerances explain; logged if so."""
        if bound is None or self.best is None or self.is_part:
            return False
        surplus = self.best.heat_mwh - bound / 1000 * self.best.euro
        if not surplus > DOUBT * (self.best.heat_mwh + self.scale):
            return False
        LOG.warning(
            "a bound of %g lies below a plan of %g; it is not counted", bound, self.best.value
        )
        return True

    def _certify_scaled(self, price: float, bound: float) -> None:
        if math.isfinite(bound):
            surplus = -bound * self.scale
            self.certify(price, surplus if surplus > TOLERANCE * self.scale else 0.0)

    @property
    def is_done(self) -> bool:
        """Whether the gap is reached."""
        value = None if self.best is None else self.best.value
        return relative_gap(value, self.bound) <= self.gap

    @property
    def is_over(self) -> bool:
        """Whether the gap is reached or time is up."""
        return self.is_done or self.watch.is_over

    def cost_at(self, price: float) -> FloatArray:
        """Return the scaled cost vector of ``price * euro - heat``."""
        cost = price * self.extended.euro - self.extended.heat_mwh
        return np.asarray(cost / self.scale)

    # -- stages ---------------------------------------------------------------------------------

    def bound_once(self) -> Outcome:
        """Bound the whole program by its relaxation at a price just above the best plan."""
        return self._bound(self._asking_price(), large=True)

    def _asking_price(self) -> float:
        """Return the price that no plan must beat for the gap to be proven [MWh/EUR]."""
        value = 0.0 if self.best is None else max(self.best.value, 0.0)
        return max(value / 1000, self.promised) * (1 + 0.98 * self.gap)

    def run(self) -> None:
        """Ask the solver at rising prices until the gap is reached or time is up."""
        nothing = np.zeros(len(self.extended.compiled.names))
        self.offer(self.extended.read(nothing, 0.0), nothing)
        large = len(self.extended.compiled.names) > SMALL
        while not self._has_ended():
            before = -1.0 if self.best is None else self.best.value
            promised = self.promised
            price = self._asking_price()
            if not math.isfinite(price):
                self.bound = None if self.best is None else self.best.value
                return
            relaxed = self._bound(price, large=large)
            if self._has_ended():
                return
            self._ask(price, relaxed)
            after = -1.0 if self.best is None else self.best.value
            if after <= before and self.promised <= promised * (1 + 1e-9):
                return

    def _has_ended(self) -> bool:
        return self.is_over or self.infeasible

    def _bound(self, price: float, *, large: bool) -> Outcome:
        self.watch.enter("bounding")
        relaxed = self.engine.relax(
            self.cost_at(price),
            rounds=40 if large else 6,
            enough=0.0,
            slivers=large,
            seconds=max(0.5 * self.watch.left_s, 2.0),
            on_round=lambda bound: self._certify_scaled(price, bound),
        )
        if relaxed.ending is Ending.INFEASIBLE:
            self._nothing_left(price)
        elif relaxed.values is not None:
            self._certify_scaled(price, relaxed.bound)
            self._ceiling(price, relaxed)
        return relaxed

    def _ceiling(self, price: float, relaxed: Outcome) -> None:
        """Raise a price by Newton's method until the relaxation shows that nothing beats it."""
        for _ in range(NEWTON_STEPS):
            if relaxed.values is None or -relaxed.bound <= TOLERANCE or self.watch.is_over:
                return
            heat = float(self.extended.heat_mwh @ relaxed.values)
            euro = float(self.extended.euro @ relaxed.values)
            if euro <= 0 or (self.bound is not None and heat >= euro * self.bound / 1000):
                return  # no lower than what is known
            price = max(price * (1 + 1e-9), heat / euro * (1 + 1e-6))
            relaxed = self.engine.relax(self.cost_at(price), rounds=4, slivers=False)
            self._certify_scaled(price, relaxed.bound)

    def _ask(self, price: float, relaxed: Outcome) -> None:
        """Maximise ``heat - price * euro`` over the whole program."""
        self.watch.enter("proving")
        found = self.best is not None and self.best.value > 0

        def improved(values: FloatArray) -> bool:
            better = self.offer_values(values, price)
            return better and not found and self.best is not None and self.best.value > 0

        outcome = self.engine.solve(
            MipCall(
                self.cost_at(price),
                start=self.best_values,
                gap_relative=0.0,
                gap_absolute=1e-9,
                enough=0.0 if found else None,
                on_values=improved,
                on_bound=lambda bound: self._certify_scaled(price, bound),
            ),
            rows=self.engine.tight_rows(relaxed.values),
        )
        if outcome.values is not None:
            self.offer_values(outcome.values, price)
            self._note_promise(outcome.values)
        if outcome.ending is Ending.INFEASIBLE:
            self._nothing_left(price)
        else:
            self._certify_scaled(price, outcome.bound)

    def _note_promise(self, values: FloatArray) -> None:
        """Keep what the program makes of its solution; an evaluated plan may have a little less.

        Only a price above it can be proven.
        """
        euro = float(self.extended.euro @ values)
        heat = float(self.extended.heat_mwh @ values)
        if heat > TOLERANCE * self.scale and euro > 0:
            self.promised = max(self.promised, heat / euro)

    def _nothing_left(self, price: float) -> None:
        """Take note that the program holds no plan at all."""
        if self.best is None:
            self.infeasible = True
        elif self.is_part:
            self.certify(price, 0.0)
        else:  # its rows hold for every plan, so the best one itself must be in it
            LOG.warning("the program holds no plan, though one is known; nothing is proven by it")

    def proof(self) -> Proof:
        """Return what was proven about the best plan."""
        assert self.best is not None
        gap = relative_gap(self.best.value, self.bound)
        status = Status.OPTIMAL if gap <= self.gap else Status.FEASIBLE
        if status is Status.FEASIBLE and self.watch.is_stopped:
            status = Status.INTERRUPTED
        solver = self.settings.solver
        return Proof(
            status=status,
            objective=OBJECTIVE,
            incumbent=self.best.value,
            bound=self.bound,
            gap=gap,
            gap_wanted=self.gap,
            seconds=self.watch.seconds,
            solver=f"HiGHS {version('highspy')}" if solver == "highs" else solver,
            price_mwh_per_eur=self.price,
            trail=tuple(self.watch.trail),
        )
