"""Bound, build and eliminate on a problem's rooted network, before any program is built.

Valid for every setting: what the network leaves out only lowers the bound. Its trees count as plans
only after they are settled, priced with real sizes and checked against all limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from siting.model.objectives import OBJECTIVES
from siting.optimise.ascent import Ascent, ascend
from siting.optimise.candidate import Candidate, make_candidate
from siting.optimise.priced import Priced, Prices, state_at
from siting.optimise.progress import Watch
from siting.optimise.stages import Stages
from siting.optimise.trees import TreeBuilder
from siting.problem import Problem

__all__ = ["Shrinker"]

ROUNDS = 12
"""How often bound and elimination take turns at most."""
SHARE = 0.95
"""Share of the gap by which a plan must be better to be looked for."""
PATIENCE = 12
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
    best: Candidate | None = None
    bound: float = -math.inf
    outside: float = math.inf
    report: list[str] = field(default_factory=list)
    infeasible: bool = False

    def __post_init__(self) -> None:
        self.maximise = OBJECTIVES[self.problem.objective.kind].maximise
        self.priced: Priced = state_at(self.problem, self.prices)
        self.whole = self.priced

    # -- figures --------------------------------------------------------------------------------

    @property
    def least(self) -> float:
        """What the best plan costs, as it is minimised; infinite without one."""
        if self.best is None:
            return math.inf
        return -self.best.value if self.maximise else self.best.value

    @property
    def proven(self) -> float:
        """The bound in the unit of the objective."""
        return -self.bound if self.maximise else self.bound

    @property
    def is_done(self) -> bool:
        """Whether the gap is reached."""
        if self.best is None or not math.isfinite(self.bound):
            return False
        return self.least - self.bound <= self.gap * abs(self.best.value)

    # -- stages ---------------------------------------------------------------------------------

    def run(self, seconds: float) -> Problem:
        """Take turns bounding, building and eliminating; return what can hold a better plan."""
        until = self.watch.seconds + min(seconds, self.watch.left_s)
        for round_ in range(ROUNDS):
            arcs = len(self.priced.network.tail)
            run = self._bound(round_)
            if self.infeasible or self.is_done or self.watch.is_stopped:
                break
            self._build(run, until)
            if self.is_done or not self.stages.eliminate or self.best is None:
                break
            self._eliminate(run)
            left = len(self.priced.network.tail)
            if self.watch.seconds > until or (left > 0.97 * arcs and round_ > 1):
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

    def _build(self, run: Ascent | None, until: float) -> None:
        """Build trees until some of them in a row are no better."""
        if not self.stages.construct:
            return
        builder = TreeBuilder(self.priced.network, self.seed, exchange=self.stages.exchange)

        def stop() -> bool:
            return self.watch.is_stopped or self.watch.seconds > until

        builder.start(run, stop)
        self._offer(builder)
        waiting = 0
        while waiting < PATIENCE and not stop() and not self.is_done:
            waiting = 0 if builder.restart(run, stop) else waiting + 1
            if not waiting:
                self._offer(builder)

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
        if run is None or self.best is None:
            return
        limit = self.least - SHARE * self.gap * abs(self.best.value)
        self.outside = min(self.outside, limit)
        kept = run.possible(self.outside - self._constant)
        self.report.append(f"elimination: {kept}")
        self.watch.enter(f"eliminating: {kept}")
        self.priced = self.priced.narrowed(kept)
