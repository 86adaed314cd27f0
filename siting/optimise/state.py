"""Hold what a search knows so far: the best plan, the best bound, and plans worth mixing."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace

import networkx as nx
import numpy as np

from siting.model.objectives import OBJECTIVES
from siting.optimise.candidate import (
    Candidate,
    candidate_from_values,
    empty_candidate,
    make_candidate,
)
from siting.optimise.construct import Constructor, Tree, draft_of
from siting.optimise.core import Core, part, restrict
from siting.optimise.engine import Engine, MipCall, SolverChoice
from siting.optimise.progress import Watch, relative_gap
from siting.optimise.settle import Draft, read_draft, settle
from siting.problem import Problem
from siting.solution import Solution
from siting.solvers.outcome import FloatArray

__all__ = ["SearchState"]

LOG = logging.getLogger(__name__)

POOL = 6
DOUBT = 1e-5
"""How far a plan may lie beyond a bound by tolerances, over its value and the model's unit [-]."""
CostOf = Callable[[Engine], FloatArray]


class SearchState:
    """Everything the stages of one search share.

    ``best`` is the best plan so far, ``bound`` what no plan can beat, both in the unit of the
    objective. ``pool`` keeps good drafts, whose parts are mixed when a plan is improved.

    Parameters
    ----------
    problem
        The whole problem; plans are paid for with it.
    watch, gap, solver
        Clock, wanted gap [-] and solver of the search.
    core
        The part of the problem that is searched, if not all of it.
    outside
        What no plan outside the core beats, in the unit of the objective. No bound found on the
        core counts beyond it.
    best
        A plan known before.
    engines
        Makes the engine of any part of the problem, where its model is more than that of the part.
    """

    def __init__(
        self,
        problem: Problem,
        watch: Watch,
        *,
        gap: float,
        solver: SolverChoice,
        core: Problem | None = None,
        outside: float | None = None,
        best: Candidate | None = None,
        engines: Callable[[Problem], Engine] | None = None,
    ) -> None:
        self.problem, self.watch, self.gap, self.solver = problem, watch, gap, solver
        self.engine_for = engines or (lambda part: Engine(part, watch, solver))
        self.outside = outside
        self.kind = OBJECTIVES[problem.objective.kind]
        self.engine = self.engine_for(problem if core is None else core)
        self.constructor = Constructor(self.engine.model, seed=solver.seed)
        self.scale = self.engine.model.data.scale
        self.best: Candidate | None = None
        self.bound: float | None = None
        self.price: float | None = None
        self.infeasible = False
        self.empty = empty_candidate(problem)
        self.pool: list[tuple[float, Draft]] = []
        self.offer(best)
        self.offer(self.empty)

    # -- plans ----------------------------------------------------------------------------------

    def is_better(self, value: float, than: float) -> bool:
        """Whether a value beats another under the objective."""
        return value > than if self.kind.maximise else value < than

    def offer(self, candidate: Candidate | None) -> bool:
        """Keep a candidate if it is better than the best so far; say whether it was."""
        if candidate is None:
            return False
        candidate = self._without_idle_sites(candidate)
        if self.best is not None and not self.is_better(candidate.value, self.best.value):
            same = candidate.value == self.best.value
            if not (same and candidate.capex_eur < self.best.capex_eur):
                return False
        self.best = candidate
        self.watch.note(incumbent=candidate.value)
        if self._is_refuted(self.bound):
            self.bound = self.price = None
        return True

    def _without_idle_sites(self, candidate: Candidate) -> Candidate:
        """Close the sites that feed nothing in: a leaf holds them open though nobody wants them.

        A site on which pipes or zones hang stays, also where nothing draws any power.
        """
        sites = candidate.solution.sites
        wanted = {site.id for site in self.problem.sites if site.mandatory}
        busy = tuple(each for each in sites if each.capacity_mw > 0 or each.site in wanted)
        if len(busy) == len(sites) or len(busy) < (self.problem.limits.min_sites or 0):
            return candidate
        without = replace(candidate.solution, sites=busy)
        fewer = make_candidate(self.problem, without) if self._is_joined(without) else None
        return candidate if fewer is None else fewer

    def _is_joined(self, solution: Solution) -> bool:
        """Whether every pipe and zone of a solution hangs on one of its sites."""
        site_at = {site.id: site.node for site in self.problem.sites}
        zone_at = {zone.id: zone.node for zone in self.problem.zones}
        ends = {edge.id: (edge.u, edge.v) for edge in self.problem.edges}
        ways = nx.DiGraph()
        starts = {site_at[each.site] for each in solution.sites}
        ways.add_nodes_from(starts)
        for pipe in solution.pipes:
            u, v = ends[pipe.edge]
            ways.add_edge(pipe.from_node, v if pipe.from_node == u else u)
        reached = starts.union(*(nx.descendants(ways, start) for start in starts))
        used = {zone_at[each.zone] for each in solution.zones}
        used |= {pipe.from_node for pipe in solution.pipes}
        return used <= reached

    def offer_values(self, engine: Engine, values: FloatArray) -> bool:
        """Turn solver values into a candidate and keep it if it is better."""
        candidate = candidate_from_values(engine.model, engine.compiled, values)
        improved = self.offer(candidate)
        if improved and engine is self.engine:
            self.remember(read_draft(engine.model, engine.compiled, values), candidate)
        return improved

    def offer_trees(self, trees: list[Tree]) -> bool:
        """Pay for constructed trees and keep the plan if it is better."""
        if not trees:
            return False
        draft = draft_of(trees)
        solution = settle(self.engine.model, draft)
        candidate = None if solution is None else make_candidate(self.problem, solution)
        if candidate is not None:
            self.remember(draft, candidate)
        return self.offer(candidate)

    def remember(self, draft: Draft, candidate: Candidate | None) -> None:
        """Keep a draft in the pool while it is among the best."""
        if candidate is None:
            return
        value = candidate.value if self.kind.maximise else -candidate.value
        self.pool.append((value, draft))
        self.pool.sort(key=lambda each: -each[0])
        del self.pool[POOL:]

    # -- bounds ---------------------------------------------------------------------------------

    def prove(self, bound: float, price: float | None = None) -> None:
        """Record a bound if it is tighter than the one known."""
        if not math.isfinite(bound):
            return
        if self.outside is not None and self.is_better(self.outside, bound):
            bound, price = self.outside, None
        if self._is_refuted(bound):
            return
        if self.best is not None and self.is_better(self.best.value, bound):
            bound = self.best.value  # by no more than tolerances explain
        if self.bound is None or self.is_better(self.bound, bound):
            self.bound, self.price = bound, price
            self.watch.note(bound=bound)

    def _is_refuted(self, bound: float | None) -> bool:
        """Whether the best plan lies beyond a bound by more than tolerances explain; logged if so.

        A plan is checked against the problem, so it is the bound that is wrong then.
        """
        best = self.best
        if bound is None or best is None or not math.isfinite(best.value):
            return False
        beyond = best.value - bound if self.kind.maximise else bound - best.value
        unit = self.scale.heat_mwh if self.kind.name == "max_heat" else self.scale.cost_eur
        if self.kind.name == "heat_per_euro":
            unit = best.value * self.scale.heat_mwh / best.heat_mwh if best.heat_mwh > 0 else 0.0
        if not beyond > DOUBT * (abs(best.value) + unit):
            return False
        LOG.warning("a bound of %g is beaten by a plan of %g; it is not counted", bound, best.value)
        return True

    @property
    def is_done(self) -> bool:
        """Whether the gap is reached."""
        return self.best is not None and relative_gap(self.best.value, self.bound) <= self.gap

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to do, or no time to do it."""
        return self.is_done or self.infeasible or self.watch.is_over

    # -- improving ------------------------------------------------------------------------------

    def mix(self, cost_of: CostOf, relaxed: FloatArray | None, seconds: float) -> bool:
        """Solve the problem on the parts of good plans only; say whether that gave a better one.

        Parameters
        ----------
        cost_of
            Gives the cost vector to minimise for an engine.
        relaxed
            Values of a relaxation, whose larger parts join in.
        seconds
            Wall time [s].
        """
        core = self._mixture(relaxed)
        return core is not None and self._solve_part(self.engine, core, cost_of, seconds)

    def mix_on(self, engine: Engine, cost_of: CostOf, relaxed: FloatArray, seconds: float) -> bool:
        """Solve another engine's problem on what its relaxation builds, see `mix`."""
        core = part(engine.model, engine.compiled, relaxed, 0.05)
        everything = np.ones(len(engine.model.data.options), bool)
        return self._solve_part(engine, Core(core.arcs, everything, core.zones), cost_of, seconds)

    def _solve_part(self, whole: Engine, core: Core, cost_of: CostOf, seconds: float) -> bool:
        if seconds <= 0.5:
            return False
        before = self.best
        engine = self.engine_for(restrict(whole.model, core))
        cost = cost_of(engine)
        bound = engine.relax(cost, rounds=15, seconds=seconds / 3, slivers=False)
        outcome = engine.solve(
            MipCall(
                cost,
                gap_relative=0.0,
                gap_absolute=1e-7,
                start=self.start_for(engine),
                seconds=seconds,
                on_values=lambda values: self._offered(engine, values),
            ),
            rows=engine.tight_rows(bound.values),
        )
        if outcome.values is not None:
            self._offered(engine, outcome.values)
        return self.best is not before

    def _offered(self, engine: Engine, values: FloatArray) -> bool:
        self.offer_values(engine, values)
        return False

    def _mixture(self, relaxed: FloatArray | None) -> Core | None:
        """Return the union of pooled drafts, the best plan and the larger parts of a relaxation."""
        engine = self.engine
        data = engine.model.data
        core = Core(
            np.zeros(len(data.arcs), bool),
            np.zeros(len(data.options), bool),
            np.zeros(len(data.zones), bool),
        )
        drafts = [draft for _, draft in self.pool[:4]]
        if self.best is not None:
            drafts.append(self._draft_of_best())
        for draft in drafts:
            core = core.joined(self._core_of(draft))
        if relaxed is not None:
            core = core.joined(part(engine.model, engine.compiled, relaxed, 0.3))
        if not core.zones.any():
            return None
        sources = {c for c, s in enumerate(data.sources) if core.options[list(s.options)].any()}
        wider = core.options.copy()
        for c in sources:
            wider[list(data.sources[c].options)] = True
        return Core(core.arcs, wider, core.zones)

    def _core_of(self, draft: Draft) -> Core:
        data = self.engine.model.data
        arcs = np.zeros(len(data.arcs), bool)
        arcs[list(draft.arcs)] = True
        options = np.zeros(len(data.options), bool)
        options[list(draft.options)] = True
        zones = np.isin(np.array(data.zones), list(draft.zones))
        return Core(arcs, options, zones)

    def _draft_of_best(self) -> Draft:
        """Return the best plan as positions in the whole model."""
        assert self.best is not None
        return draft_of_solution(self.engine, self.best.solution)

    def excess_mwh(self, price: float) -> float:
        """Return how far the best plan is from beating a price [MWh/a]."""
        if self.best is None:
            return 0.0
        return max(price * self.best.capex_eur - self.best.heat_mwh, 0.0)

    def start_for(self, engine: Engine) -> FloatArray | None:
        """Return the best plan's decisions as a start, or None when it does not fit the engine."""
        if self.best is None:
            return None
        return encode(engine, self.best.solution)


def draft_of_solution(engine: Engine, solution: Solution) -> Draft:
    """Return a solution as positions in an engine's model, leaving out what it does not have."""
    data = engine.model.data
    problem = data.problem
    arc_at = {
        (problem.edges[arc.edge].id, problem.nodes[arc.tail]): a for a, arc in enumerate(data.arcs)
    }
    option_at = {
        (problem.sites[each.site].id, each.option.id): k for k, each in enumerate(data.options)
    }
    zone_at = {problem.zones[z].id: z for z in data.zones}
    pipes = {arc_at.get((p.edge, p.from_node)): p.flow_mw for p in solution.pipes}
    sites = {option_at.get((s.site, s.option)): s.capacity_mw for s in solution.sites}
    zones = {zone_at.get(each.zone): each.base_mw for each in solution.zones}
    return Draft(
        {k: v for k, v in sites.items() if k is not None},
        {k: v for k, v in pipes.items() if k is not None},
        {k: v for k, v in zones.items() if k is not None},
    )


def encode(engine: Engine, solution: Solution) -> FloatArray | None:
    """Return a solution's yes-no decisions as a start; the flows are left to the solver."""
    draft = draft_of_solution(engine, solution)
    complete = (
        len(draft.arcs) == len(solution.pipes)
        and len(draft.options) == len(solution.sites)
        and len(draft.zones) == len(solution.zones)
    )
    if not complete:
        return None
    data, v, compiled = engine.model.data, engine.model.variables, engine.compiled
    values = np.full(len(compiled.names), np.nan)
    values[compiled.integer] = 0.0
    for k in draft.options:
        values[compiled.index(v.open[k])] = 1.0
    for z in draft.zones:
        values[compiled.index(v.connect[z])] = 1.0
    for a, flow in draft.arcs.items():
        pieces = data.arcs[a].pieces
        fits = [p for p, piece in enumerate(pieces) if piece.high_mw >= flow * (1 - 1e-9)]
        values[compiled.index(v.pipe[a, fits[0] if fits else len(pieces) - 1])] = 1.0
    return values
