"""Fill the gaps of a frontier: ask for the most heat within budgets that no plan found is near.

Between two corners of the hull there may be plans that are best for their budget though at no
price. A budget finds them, and its bound is a step that no plan within the budget can cross.
"""

from __future__ import annotations

from itertools import pairwise

from siting.errors import InfeasibleError, NoPlanError
from siting.frontier.archive import PriceState
from siting.frontier.shape import Step
from siting.optimise.candidate import make_candidate
from siting.optimise.search import solve
from siting.solution import OpenSite, PipeFlow, ServedZone, Solution

__all__ = ["BudgetSearch"]

LEAST_S = 0.5


class BudgetSearch:
    """Asks budget after budget, each in the middle of the widest gap."""

    def __init__(self, state: PriceState, *, most_gaps: int) -> None:
        self.state, self.watch = state, state.watch
        self.most_gaps = most_gaps
        self.steps: dict[float, Step] = {}

    def run(self) -> None:
        """Ask until the gaps are small, or time is up."""
        while not self.watch.is_over:
            budget = self._next()
            if budget is None:
                return
            left = self.watch.left_s
            self._ask(budget, max(left / 4, min(left, LEAST_S)))

    def _next(self) -> float | None:
        """Return the middle of the widest gap of investment, or None when all are small [EUR]."""
        places = self.state.archive.places
        top = places[-1][0] if places else 0.0
        known = sorted({capex for capex, _ in places} | {b for b in self.steps if b < top})
        gaps = [(right - left, (left + right) / 2) for left, right in pairwise(known)]
        widest, middle = max(gaps, default=(0.0, 0.0))
        return middle if widest > top / self.most_gaps else None

    def _ask(self, budget: float, seconds: float) -> None:
        """Find the most heat within a budget, and a bound on it."""
        state = self.state
        self.watch.enter(f"most heat within {budget / 1e6:,.2f} MEUR")
        unknown = Step(budget, state.problem.total_heat_mwh)
        self.steps[budget] = unknown
        try:
            plan = solve(
                state.problem.with_limits(budget_eur=budget),
                solver=state.solver.name,
                gap=state.gap,
                time_limit_s=seconds,
                threads=state.solver.threads,
                seed=state.solver.seed,
                stop=self.watch.stop,
            )
        except (InfeasibleError, NoPlanError):
            return
        solution = Solution(
            tuple(OpenSite(each.site, each.option, each.capacity_mw) for each in plan.sites),
            tuple(
                PipeFlow(each.edge, each.from_node, each.to_node, each.flow_mw, each.size)
                for each in plan.pipes
            ),
            tuple(ServedZone(each.zone, each.base_mw, each.heat_mwh) for each in plan.zones),
        )
        state.offer(make_candidate(state.problem, solution))
        if plan.proof.bound is not None:
            self.steps[budget] = Step(budget, plan.proof.bound)
