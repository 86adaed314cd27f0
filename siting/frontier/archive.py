"""Keep the plans of which none is both dearer and poorer than another, for all prices at once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace

from siting.frontier.shape import Place, upper_hull
from siting.optimise.candidate import Candidate, make_candidate
from siting.optimise.construct import Tree, draft_of
from siting.optimise.engine import SolverChoice
from siting.optimise.progress import Watch
from siting.optimise.settle import Draft, settle
from siting.optimise.state import POOL, SearchState
from siting.problem import Problem

__all__ = ["Archive", "PriceState", "worth"]

MOST_DRAFTS = 60
SAME = 1e-9


def worth(heat_mwh: float, capex_eur: float, price: float) -> float:
    """Return what a plan is worth at a price of investment [MWh/a].

    Examples
    --------
    >>> worth(20_000.0, 7.2e6, 0.002)
    5600.0
    """
    return heat_mwh - price * capex_eur


class Archive:
    """Candidates by rising investment and rising heat."""

    def __init__(self) -> None:
        self._kept: list[Candidate] = []

    def __iter__(self) -> Iterator[Candidate]:
        """Go through the candidates by rising investment."""
        return iter(self._kept)

    def __len__(self) -> int:
        """Return how many candidates there are."""
        return len(self._kept)

    def add(self, candidate: Candidate) -> bool:
        """Keep a candidate unless another one is as cheap and as good; say whether it is kept."""
        capex, heat = candidate.capex_eur, candidate.heat_mwh
        if not self.lacks(capex, heat):
            return False
        first = bisect_left(self._kept, capex, key=lambda each: each.capex_eur)
        last = first
        while last < len(self._kept) and self._kept[last].heat_mwh <= heat:
            last += 1
        self._kept[first:last] = [candidate]
        return True

    def lacks(self, capex_eur: float, heat_mwh: float) -> bool:
        """Return whether no candidate is as cheap and as good as a plan would be."""
        at = bisect_right(self._kept, capex_eur * (1 + SAME), key=lambda each: each.capex_eur)
        return not at or self._kept[at - 1].heat_mwh < heat_mwh * (1 - SAME)

    def best_at(self, price: float) -> Candidate | None:
        """Return the candidate that is worth most at a price of investment."""
        return max(
            self._kept,
            key=lambda each: worth(each.heat_mwh, each.capex_eur, price),
            default=None,
        )

    @property
    def places(self) -> list[Place]:
        """Investment [EUR] and heat [MWh/a] of each candidate."""
        return [(each.capex_eur, each.heat_mwh) for each in self._kept]

    def thinned(self, most: int) -> list[Candidate]:
        """Return the corners of the hull, and others spread evenly over the investment."""
        if len(self._kept) <= most:
            return list(self._kept)
        hull = set(upper_hull(self.places))
        chosen = {k for k, place in enumerate(self.places) if place in hull}
        low, high = self._kept[0].capex_eur, self._kept[-1].capex_eur
        room = max(most - len(chosen), 0)
        for step in range(room):
            at = low + (high - low) * (step + 0.5) / room
            nearest = min(range(len(self._kept)), key=lambda k: abs(self._kept[k].capex_eur - at))
            chosen.add(nearest)
        return [self._kept[k] for k in sorted(chosen)]


class PriceState(SearchState):
    """A search state whose best plan is the best at the price of investment now asked.

    Every plan that comes by is kept for all other prices, too.
    """

    def __init__(self, problem: Problem, watch: Watch, *, gap: float, solver: SolverChoice) -> None:
        self.archive = Archive()
        self.asked_price = 0.0
        self.drafts: list[tuple[float, float, Draft]] = []
        super().__init__(problem, watch, gap=gap, solver=solver)

    def ask(self, price: float) -> None:
        """Take another price [MWh/a per EUR]: the best plan and the pool follow."""
        self.asked_price = price
        best = self.archive.best_at(price)
        self.best = None if best is None else self._valued(best)
        self._fill_pool()

    def offer(self, candidate: Candidate | None) -> bool:
        """Keep a candidate for all prices; say whether it is the best at the price now asked."""
        if candidate is None:
            return False
        candidate = self._valued(self._without_idle_sites(candidate))
        self.archive.add(candidate)
        if self.best is not None and candidate.value <= self.best.value:
            return False
        self.best = candidate
        return True

    def remember(self, draft: Draft, candidate: Candidate | None) -> None:
        """Keep a draft; the pool holds those that are worth most at the price now asked."""
        if candidate is None:
            return
        self.drafts.append((candidate.heat_mwh, candidate.capex_eur, draft))
        del self.drafts[:-MOST_DRAFTS]
        self._fill_pool()

    def candidate_of(self, tree: Tree) -> Candidate | None:
        """Return the paid-for plan of a constructed tree."""
        solution = settle(self.engine.model, draft_of([tree]))
        return None if solution is None else make_candidate(self.problem, solution)

    def _valued(self, candidate: Candidate) -> Candidate:
        value = worth(candidate.heat_mwh, candidate.capex_eur, self.asked_price)
        return replace(candidate, value=value)

    def _fill_pool(self) -> None:
        valued = [(worth(h, c, self.asked_price), draft) for h, c, draft in self.drafts]
        self.pool = sorted(valued, key=lambda each: -each[0])[:POOL]
