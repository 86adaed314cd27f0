"""Bound, build and eliminate on a problem's rooted network, before any program is built.

Valid for every setting: what the network leaves out only lowers the bound. Its trees count as plans
only after they are settled, priced with real sizes and checked against all limits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from siting.model.objectives import OBJECTIVES
from siting.optimise.ascent import Ascent, ascend
from siting.optimise.candidate import Candidate, make_candidate
from siting.optimise.deepen import deepen
from siting.optimise.priced import Priced, Prices, state_at
from siting.optimise.progress import Watch
from siting.optimise.stages import Stages
from siting.optimise.trees import TreeBuilder
from siting.problem import Problem

__all__ = ["Shrinker"]

ROUNDS = 40
"""How often bound and elimination take turns at most."""
SHARE = 0.95
"""Share of the gap by which a plan must be better to be looked for."""
LIFTS, MOST_LIFTS, FIRST_LIFTS, SLOW = 40, 30, 3, 3
"""Rounds of one lift, and how many lifts at most: in all, at first, and with little gain."""
SMALL, IDLE = 600, 3
"""Arcs that are left to the program, and rounds without progress before it has its turn."""
FEW = 4_000
"""Arcs for which a program is built after half of the time at the latest."""
PATIENCE = 6
"""Trees built without a better one before the bound has its turn."""


@dataclass
class Shrinker:
    """Narrows one problem down at the prices of its objective.

    Parameters
    ----------
    problem
        The problem; its objective is ``capex`` or ``net_value``.
    prices
        What is minimised.
    watch
        Clock and stop flag.
    gap
        Relative gap at which it may end [-].
    stages, seed
        What may run, and the seed of the trees.
    known
        What a plan of a wider problem costs, as it is minimised; only better ones are looked for.

    Attributes
    ----------
    best, bound
        The best plan, and what no plan undercuts, as it is minimised.
    outside
        What was dropped is in no plan that costs at most this.
    report
        What each stage did, in words.
    """

    problem: Problem
    prices: Prices
    watch: Watch
    gap: float
    stages: Stages = field(default_factory=Stages)
    seed: int = 0
    known: float = math.inf
    best: Candidate | None = None
    bound: float = -math.inf
    outside: float = math.inf
    report: list[str] = field(default_factory=list)
    infeasible: bool = False
    closed: bool = False

    def __post_init__(self) -> None:
        self.maximise = OBJECTIVES[self.problem.objective.kind].maximise
        self.priced: Priced = state_at(self.problem, self.prices)
        self.whole = self.priced

    # -- figures --------------------------------------------------------------------------------

    @property
    def least(self) -> float:
        """What the best plan costs, as it is minimised; infinite without one."""
        if self.best is None:
            return self.known
        return min(self.known, -self.best.value if self.maximise else self.best.value)

    @property
    def limit(self) -> float:
        """What a plan must not cost more than to be looked for."""
        return self.least - SHARE * self.gap * abs(self.least)

    @property
    def proven(self) -> float:
        """The bound in the unit of the objective."""
        return -self.bound if self.maximise else self.bound

    @property
    def is_done(self) -> bool:
        """Whether the gap is reached."""
        if not math.isfinite(self.least) or not math.isfinite(self.bound):
            return False
        return self.least - self.bound <= self.gap * abs(self.least)

    # -- stages ---------------------------------------------------------------------------------

    def run(self, seconds: float) -> Problem:
        """Take turns bounding, building and eliminating; return what can hold a better plan."""
        start, whole = self.watch.seconds, min(seconds, self.watch.left_s)

        def stop() -> bool:
            few = len(self.priced.network.tail) <= FEW
            until = start + (0.5 * whole if few else whole)
            return self.watch.is_stopped or self.watch.seconds > until

        idle = 0
        for round_ in range(ROUNDS):
            arcs, bound = len(self.priced.network.tail), self.bound
            run = self._bound(round_)
            if self.infeasible or self.is_done or run is None:
                break
            builder = self._build(run, stop)
            run = self._deepen(run, builder, round_, stop)
            if self.is_done or not self.stages.eliminate or math.isinf(self.least):
                break
            self._eliminate(run)
            if self.closed:
                break
            left = len(self.priced.network.tail)
            risen = self.bound - bound > 0.02 * (self.least - bound)
            idle = 0 if left < 0.97 * arcs or risen else idle + 1
            if stop() or left <= SMALL or idle >= IDLE:
                break
        if self.priced is self.whole:
            return self.problem
        return self.priced.left(None if self.best is None else self.best.solution)

    def _bound(self, round_: int) -> Ascent | None:
        """Ascend on what is left; what was dropped holds no plan within the limit."""
        if not self.stages.ascend:
            return None
        run = ascend(self.priced.network, seed=None if round_ == 0 else self.seed + round_)
        if math.isinf(run.bound) and self.priced is self.whole:
            self.infeasible = True
            return run
        self._prove(min(run.bound + self._constant, self.outside))
        self.report.append(f"dual ascent: {self.proven:,.6g}")
        return run

    @property
    def _constant(self) -> float:
        """What the network leaves out of a plan's cost."""
        most = self.problem.limits.max_sites
        spare = self.prices.per_site * most if most is not None else 0.0
        return self.priced.constant - spare

    def _prove(self, bound: float) -> None:
        if bound > self.bound:
            self.bound = bound
            self.watch.note(bound=self.proven)

    def _build(self, run: Ascent, stop: Callable[[], bool]) -> TreeBuilder | None:
        """Build trees until some of them in a row are no better."""
        if not self.stages.construct:
            return None
        builder = TreeBuilder(self.priced.network, self.seed, exchange=self.stages.exchange)
        builder.start(run, stop)
        self._offer(builder)
        waiting = 0
        patience = PATIENCE if self.priced is self.whole else 2
        while waiting < patience and not stop() and not self.is_done:
            waiting = 0 if builder.restart(run, stop) else waiting + 1
            if not waiting:
                self._offer(builder)
        return builder

    def _deepen(
        self, run: Ascent, builder: TreeBuilder | None, round_: int, stop: Callable[[], bool]
    ) -> Ascent:
        """Lift the bound as long as that pays."""
        tree = None if builder is None or builder.best is None else builder.best.arcs
        slow = 0
        rounds = LIFTS if run.network.slope is None else 3 * LIFTS  # fewer start again at once
        for k in range(MOST_LIFTS):
            if stop() or self.is_done or run.rises is None or slow >= SLOW:
                break
            before = self.bound
            run = deepen(run, tree, rounds=rounds, seed=self.seed + 100 * round_ + k, stop=stop)
            self._prove(min(run.bound + self._constant, self.outside))
            slow = slow + 1 if self.bound - before < 0.02 * (self.least - before) else 0
            if round_ == 0 and k >= FIRST_LIFTS and math.isfinite(self.least):
                break  # first see what can be dropped
        self.report.append(f"dual ascent, deepened: {self.proven:,.6g}")
        return run

    def _offer(self, builder: TreeBuilder) -> None:
        """Pay for the best tree as a plan, and keep it if it is better."""
        tree = builder.best
        if tree is None:
            return
        candidate = make_candidate(self.problem, self.priced.solution(tree))
        if candidate is None:
            return
        value = -candidate.value if self.maximise else candidate.value
        if value < self.least:
            self.best = candidate
            self.watch.note(incumbent=candidate.value)

    def _eliminate(self, run: Ascent | None) -> None:
        """Drop what no plan can use that is better than the best by most of the gap."""
        if run is None or math.isinf(self.least):
            return
        self.outside = min(self.outside, self.limit)
        kept = run.possible(self.outside - self._constant)
        self.report.append(f"elimination: {kept}")
        self.watch.enter(f"eliminating: {kept}")
        if (np.isinf(self.priced.network.prize) & ~kept.terminals).any():
            self.closed = True  # nothing is left within the limit
            self._prove(self.outside)
            return
        self.priced = self.priced.narrowed(kept)
