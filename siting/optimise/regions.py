"""Improve a plan region by region: a program decides one region anew, the rest is folded; seeded.

However large the city and the plan, each step is a small program (`siting.optimise.fold`): the
streets near some node are free, the plan elsewhere keeps its ways. Branches elsewhere can still be
dropped, so money moves to where it brings most. A region in which nothing better is found rests
until something near it changes; when all of them rest, larger ones are tried.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siting.optimise.candidate import Candidate, make_candidate
from siting.optimise.engine import Engine, MipCall, SolverChoice
from siting.optimise.fold import Folded, Folder, Region
from siting.optimise.progress import Watch
from siting.optimise.state import SearchState
from siting.optimise.tables import BoolArray, Tables, tables_of
from siting.problem import Problem
from siting.solution import Solution
from siting.solvers.outcome import Ending, FloatArray

__all__ = ["RegionSearch", "cost_at"]

LOG = logging.getLogger(__name__)
EDGES, GROWTH, SHRINK = 100, 1.4, 0.8
"""Edges of a region at first, and how much larger or smaller they get [-]."""
LEAST, MOST = 50, 600
"""Edges that no region has less or more of."""
LUMP = 0.01
"""Largest share of a plan's heat that is dropped together, away from the region [-]."""
RESTING = 0.5
"""Share of a region's nodes, the nearest ones, that rest when nothing better was found [-]."""
FAR = 20.0
"""How many times longer the least promising streets count [-]."""
COARSE, FINE = 5e-4, 1e-4
"""Gap at which a small program ends, at first and at last; halved whenever all regions rest [-]."""


def cost_at(engine: Engine, kind: str, value: float) -> FloatArray:
    """Return what an engine minimises to find plans better than one of some value."""
    if kind == "max_heat":
        return -engine.heat
    if kind == "capex":
        return engine.capex
    if kind == "net_value":
        return -engine.net_value
    scale = engine.model.data.scale
    price = value / 1000.0  # kWh/a per EUR
    return price * scale.cost_eur / scale.heat_mwh * engine.capex - engine.heat


@dataclass(frozen=True)
class Around:
    """A region and its nodes, the nearest first, as positions."""

    region: Region
    nodes: np.ndarray


class RegionSearch:
    """Improves plans of one problem, region by region.

    Parameters
    ----------
    problem
        The whole problem.
    watch, gap, solver
        Clock, wanted gap [-] and solver of the search.
    left
        For each edge of ``tables`` what a plan that uses it has to do without, in any unit: the
        less, the more promising. Without it all streets are alike.
    tables
        The problem in arrays.
    """

    def __init__(
        self,
        problem: Problem,
        watch: Watch,
        *,
        gap: float,
        solver: SolverChoice,
        tables: Tables | None = None,
        left: FloatArray | None = None,
    ) -> None:
        self.problem, self.watch, self.gap, self.solver = problem, watch, gap, solver
        self.tables = tables_of(problem) if tables is None else tables
        self.folder = Folder(problem, LUMP)
        self.length = self._lengths(left)
        self.node_at = {name: k for k, name in enumerate(problem.nodes)}
        self.rng = np.random.default_rng([solver.seed, 97])
        self.size, self.fine = float(EDGES), COARSE
        self.resting = np.zeros(len(problem.nodes), bool)

    def _lengths(self, left: FloatArray | None) -> FloatArray:
        """Return how long each edge counts: what it costs, and more where it promises little."""
        tables = self.tables
        cost = tables.cost_eur[:, 0] + 1e-9
        if left is None or not len(left):
            return cost
        finite = np.isfinite(left)
        typical = float(np.median(left[finite])) if finite.any() else 1.0
        shares = np.where(finite, left, np.inf) / max(typical, 1e-12)
        return np.asarray(cost * (1 + np.minimum(shares, FAR)))

    def run(
        self,
        best: Candidate,
        *,
        seconds: float,
        stop: Callable[[], bool],
        passes: int | None = None,
        found: Callable[[Candidate], None] = lambda _: None,
    ) -> Candidate:
        """Return a plan at least as good.

        Parameters
        ----------
        best
            What to begin with.
        seconds
            Wall time for each region [s].
        stop
            Ends the search.
        passes
            How often all regions may come to rest before it ends, if not only at the largest.
        found
            Told each better plan.
        """
        step = passed = 0
        while not stop():
            centre = self._centre(best.solution)
            if centre is None:
                passed += 1
                if not self._go_on() or passed == passes:
                    break
                continue
            step += 1
            around = self._around(centre)
            self.watch.enter(f"region {step} of {len(around.region.edges)} edges")
            better, ended = self._improved(best, around.region, seconds)
            if better is not None:
                best = better
                found(best)
                self.resting[around.nodes] = False
            if ended:
                near = around.nodes[: max(int(RESTING * len(around.nodes)), 1)]
                self.resting[near] = True
            else:
                self.resting[centre] = True
                self.size = max(SHRINK * self.size, LEAST)
        return best

    @property
    def is_finished(self) -> bool:
        """Whether regions are as large and programs as fine as they get."""
        return self.size >= min(MOST, len(self.tables.edge)) and self.fine <= FINE

    def _go_on(self) -> bool:
        """Wake all regions, with larger ones or finer programs; say whether there are any."""
        if self.is_finished:
            return False
        self.size = min(GROWTH * self.size, float(MOST))
        self.fine = max(self.fine / 2, FINE)
        self.resting[:] = False
        return True

    # -- which region ---------------------------------------------------------------------------

    def _centre(self, solution: Solution) -> int | None:
        """Return a node of the plan, or of a site, that does not rest; None when all do."""
        names = {p.from_node for p in solution.pipes} | {p.to_node for p in solution.pipes}
        nodes = {self.node_at[name] for name in names}
        nodes |= set(self.tables.option_node.tolist())
        awake = [node for node in sorted(nodes) if not self.resting[node]]
        return int(self.rng.choice(awake)) if awake else None

    def _around(self, centre: int) -> Around:
        """Return the edges nearest to a node, and all zones and sites among them."""
        tables = self.tables
        far = tables.least_from(centre, self.length, either_way=True)
        ends = np.maximum(far[tables.u], far[tables.v])
        order = np.argsort(ends, kind="stable")[: round(self.size)]
        order = order[np.isfinite(ends[order])]
        reach = float(ends[order[-1]]) if len(order) else 0.0
        inside = far <= reach
        nodes = np.flatnonzero(inside)
        return Around(
            Region(
                frozenset(self.problem.edges[e].id for e in tables.edge[order].tolist()),
                self._names(inside[tables.zone_node]),
                frozenset(
                    self.problem.sites[s].id
                    for s in tables.option_site[inside[tables.option_node]].tolist()
                ),
            ),
            nodes[np.argsort(far[nodes], kind="stable")],
        )

    def _names(self, zones: BoolArray) -> frozenset[str]:
        return frozenset(self.problem.zones[z].id for z in self.tables.zone[zones].tolist())

    # -- one region -----------------------------------------------------------------------------

    def _improved(
        self, best: Candidate, region: Region, seconds: float
    ) -> tuple[Candidate | None, bool]:
        """Return a better plan, if there is one, and whether the program came to its end."""
        folded = self.folder.fold(best.solution, region)
        start = make_candidate(folded.problem, folded.solution)
        if start is None:
            LOG.debug("a folded plan does not meet the limits")
            return None, True
        watch = Watch(min(seconds, self.watch.left_s), self.watch.stop)
        state = SearchState(folded.problem, watch, gap=self.gap, solver=self.solver)
        state.offer(start)
        ended = self._solve(state, start)
        return self._unfolded(folded, state.best, best), ended

    def _solve(self, state: SearchState, start: Candidate) -> bool:
        """Solve the program of a state; say whether it came to its end."""
        engine = state.engine
        cost = cost_at(engine, state.kind.name, start.value)
        seconds = state.watch.time_limit_s
        priced = state.kind.name == "heat_per_euro"  # its surplus at the price is about nothing
        relaxed = engine.relax(cost, rounds=20, seconds=seconds / 3, slivers=False)
        outcome = engine.solve(
            MipCall(
                cost,
                gap_relative=0.0 if priced else self.fine,
                gap_absolute=self.fine * start.heat_mwh / state.scale.heat_mwh if priced else 1e-9,
                start=state.start_for(engine),
                on_values=lambda values: state.offer_values(engine, values) and False,
            ),
            rows=engine.tight_rows(relaxed.values),
        )
        if outcome.values is not None:
            state.offer_values(engine, outcome.values)
        return outcome.ending is Ending.OPTIMAL

    def _unfolded(
        self, folded: Folded, found: Candidate | None, best: Candidate
    ) -> Candidate | None:
        """Return what was found as a plan of the whole problem, if it is better."""
        if found is None:
            return None
        whole = make_candidate(self.problem, folded.unfold(found.solution))
        if whole is None:
            return None
        sign = -1 if self.problem.objective.kind == "capex" else 1
        if sign * whole.value > sign * best.value:
            return whole
        same = whole.value == best.value and whole.capex_eur < best.capex_eur
        return whole if same else None
