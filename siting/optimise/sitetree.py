"""Prove a price by deciding first which sites are open.

Opening a site costs a lump sum, so a relaxed plan opens it by a fifth and pays a fifth. Deciding
site by site removes that, and with fewer sites open the pipes can be bounded more tightly and the
model is smaller. Each branch is bounded by its relaxation; branches that cannot beat the price are
closed, and those whose sites are all decided are solved as integer programs.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from siting.optimise.core import restrict, still_possible
from siting.optimise.engine import Engine, MipCall
from siting.optimise.state import SearchState
from siting.problem import Problem
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["SiteTree"]

FRACTION = 1e-3
LEAST_SLICE_S = 8.0


@dataclass
class Branch:
    """A branch: its problem, the surplus that no plan in it exceeds [MWh/a], and its relaxation."""

    problem: Problem
    surplus_mwh: float
    engine: Engine
    relaxed: Outcome
    is_leaf: bool = False
    tries: int = field(default=0)


class SiteTree:
    """Branches on sites at one price, until no branch can beat it.

    Parameters
    ----------
    state
        The search, which receives better plans.
    price
        The price to prove [MWh/a per EUR].
    cost_at
        Gives the scaled cost vector for an engine.
    certify
        Called with the largest surplus that is still possible [MWh/a].
    """

    def __init__(
        self,
        state: SearchState,
        price: float,
        cost_at: Callable[[float, Engine], FloatArray],
        certify: Callable[[float, float], None],
    ) -> None:
        self.state, self.price, self.watch = state, price, state.watch
        self.cost_at, self.certify = cost_at, certify
        self.heap: list[tuple[float, int, Branch]] = []
        self.number = itertools.count()

    def run(self, root: Engine, relaxed: Outcome) -> None:
        """Work until the price is proven or beaten, or time is up."""
        self._push(Branch(self.state.problem, self._surplus(root, relaxed), root, relaxed))
        while not self.watch.is_over and not self._is_beaten():
            self._report()
            if self.state.is_done or not self.heap:
                return
            branch = heapq.heappop(self.heap)[2]
            fractional = self._most_fractional(branch)
            if fractional is None:
                self._solve_leaf(branch)
            else:
                self._split(branch, fractional)
        self._report()

    def _is_beaten(self) -> bool:
        best = self.state.best
        return best is not None and best.value > self.price * 1000 * (1 + 1e-9)

    def _push(self, branch: Branch) -> None:
        if branch.surplus_mwh > self._tolerance(branch.engine):
            heapq.heappush(self.heap, (-branch.surplus_mwh, next(self.number), branch))

    def _tolerance(self, engine: Engine) -> float:
        return 1e-9 * engine.model.data.scale.heat_mwh

    def _surplus(self, engine: Engine, outcome: Outcome) -> float:
        return -outcome.bound * engine.model.data.scale.heat_mwh

    def _report(self, working_on: float = 0.0) -> None:
        """Tell the largest surplus among the open branches and the one being worked on."""
        open_surplus = -self.heap[0][0] if self.heap else 0.0
        self.certify(self.price, max(open_surplus, working_on, 0.0))

    # -- branching ------------------------------------------------------------------------------

    def _most_fractional(self, branch: Branch) -> str | None:
        """Return the site that a relaxation opens most undecidedly, or None."""
        values, engine = branch.relaxed.values, branch.engine
        if values is None or branch.is_leaf:
            return None
        share: dict[str, float] = {}
        data, v = engine.model.data, engine.model.variables
        for k, each in enumerate(data.options):
            site = data.problem.sites[each.site].id
            share[site] = share.get(site, 0.0) + float(values[engine.compiled.index(v.open[k])])
        undecided = {s: abs(x - 0.5) for s, x in share.items() if FRACTION < x < 1 - FRACTION}
        return min(undecided, key=lambda s: undecided[s]) if undecided else None

    def _split(self, branch: Branch, site: str) -> None:
        """Bound the two branches in which a site is closed or open."""
        problem = branch.problem
        rest = [each for each in problem.sites if each.id != site]
        chosen = next(each for each in problem.sites if each.id == site)
        rivals = [s for s in rest if chosen.group is None or s.group != chosen.group]
        self.watch.enter(f"deciding on sites ({len(self.heap) + 1} branches open)")
        children = []
        if not chosen.mandatory:
            children.append(replace(problem, sites=tuple(rest)))
        children.append(replace(problem, sites=(*rivals, replace(chosen, mandatory=True))))
        for child in children:
            if self.watch.is_over:  # an unfinished split keeps its parent's bound
                self._push(replace(branch, problem=child, is_leaf=True))
            else:
                self._bound(child, branch.surplus_mwh)

    def _bound(self, problem: Problem, parent_mwh: float) -> None:
        """Relax a branch and keep it if it may beat the price."""
        if not problem.sites:
            return
        engine = Engine(problem, self.watch, self.state.solver)
        relaxed = engine.relax(self.cost_at(self.price, engine), enough=0.0, rounds=30)
        if relaxed.ending is Ending.INFEASIBLE:
            return
        surplus = min(self._surplus(engine, relaxed), parent_mwh)
        surplus = surplus if math.isfinite(surplus) else parent_mwh
        self._push(Branch(problem, surplus, engine, relaxed, is_leaf=relaxed.values is None))

    # -- leaves ---------------------------------------------------------------------------------

    def _solve_leaf(self, leaf: Branch) -> None:
        """Improve and prove a branch whose sites are decided, for a slice of the time left."""
        leaf.is_leaf = True
        leaf.tries += 1
        slices = len(self.heap) + 1 + (1 if leaf.tries == 1 else 0)
        seconds = max(self.watch.left_s / slices, LEAST_SLICE_S * leaf.tries)
        engine, relaxed = leaf.engine, leaf.relaxed
        if relaxed.values is None or relaxed.reduced_cost is None:
            core_engine = engine
        else:
            room = leaf.surplus_mwh / engine.model.data.scale.heat_mwh
            core = still_possible(engine.model, engine.compiled, relaxed.reduced_cost, room)
            sites = ", ".join(site.id for site in leaf.problem.sites if site.mandatory)
            self.watch.enter(f"proving for sites {sites} on {core}")
            self._improve_leaf(leaf, min(0.3 * seconds, 15.0))
            if self._is_beaten() or self.watch.is_over:
                self._push(leaf)
                return
            core_engine = Engine(restrict(engine.model, core), self.watch, self.state.solver)
        leaf.surplus_mwh = min(leaf.surplus_mwh, self._solve_core(core_engine, leaf, seconds))
        self._push(leaf)

    def _improve_leaf(self, leaf: Branch, seconds: float) -> None:
        """Look for a better plan with this branch's sites on what its relaxation builds."""
        values = leaf.relaxed.values
        assert values is not None
        self.state.mix_on(
            leaf.engine, lambda engine: self.cost_at(self.price, engine), values, seconds
        )

    def _solve_core(self, engine: Engine, leaf: Branch, seconds: float) -> float:
        """Return the surplus that no plan on a core exceeds [MWh/a]."""
        cost = self.cost_at(self.price, engine)
        unit = engine.model.data.scale.heat_mwh
        rest = engine.relax(cost, enough=0.0, seconds=0.4 * seconds)
        if rest.ending is Ending.INFEASIBLE:
            return 0.0
        best = self._surplus(engine, rest) if math.isfinite(rest.bound) else leaf.surplus_mwh
        if best <= self._tolerance(engine) or rest.values is None:
            return max(best, 0.0)
        start, distance = self._start(engine)

        def bounded(bound: float) -> None:
            nonlocal best
            best = min(best, -bound * unit)
            self._report(working_on=best)

        outcome = engine.solve(
            MipCall(
                cost,
                gap_absolute=max(distance / unit, 1e-9),
                start=start,
                seconds=seconds,
                on_values=lambda values: self._offered(engine, values),
                on_bound=bounded,
            ),
            rows=engine.tight_rows(rest.values),
        )
        if outcome.values is not None:
            self.state.offer_values(engine, outcome.values)
        if outcome.ending is Ending.INFEASIBLE:
            return 0.0
        if math.isfinite(outcome.bound):
            best = min(best, -outcome.bound * unit)
        return max(best, 0.0)

    def _start(self, engine: Engine) -> tuple[FloatArray | None, float]:
        """Return a start, and how far above a proving bound its objective may lie."""
        state = self.state
        if state.empty is not None and not any(
            s.mandatory for s in engine.model.data.problem.sites
        ):
            return np.zeros(len(engine.compiled.names)), 0.0
        start = state.start_for(engine)
        if start is None or state.best is None:
            return None, 0.0
        return start, max(self.price * state.best.capex_eur - state.best.heat_mwh, 0.0) * 0.999

    def _offered(self, engine: Engine, values: FloatArray) -> bool:
        """Offer values; end the solve when the price has been beaten."""
        self.state.offer_values(engine, values)
        return self._is_beaten()
