"""Prove a price by deciding first which sites are open.

Opening a site costs a lump sum, so a relaxed plan opens it by a fifth and pays a fifth. Deciding
site by site removes that. Each branch is bounded by the relaxation, which goes on from branch to
branch with all rows found so far; branches that cannot beat the price are closed, and those whose
sites are all decided are solved as integer programs, with the undecided rest left out.
"""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from siting.optimise.core import restrict, still_possible
from siting.optimise.engine import Engine
from siting.optimise.leaf import LeafProof
from siting.optimise.state import SearchState
from siting.problem import Problem
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["SiteTree"]

LOG = logging.getLogger(__name__)

FRACTION = 1e-3
LEAST_SLICE_S = 8.0
NO_SITES: frozenset[int] = frozenset()


@dataclass
class Branch:
    """A branch: sites closed and opened, the surplus no plan in it exceeds [MWh/a], a relaxation.

    ``relaxed`` is None when the branch was not bounded by itself.
    """

    closed: frozenset[int]
    opened: frozenset[int]
    surplus_mwh: float
    relaxed: Outcome | None
    tries: int = field(default=0)


class SiteTree:
    """Branches on sites at one price, until no branch can beat it.

    Parameters
    ----------
    state
        The search, which receives better plans and whose engine bounds the branches.
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
        self.engine = state.engine
        self.cost_at, self.certify = cost_at, certify
        self.unit_mwh = self.engine.model.data.scale.heat_mwh
        self.heap: list[tuple[float, int, Branch]] = []
        self.number = itertools.count()
        self.ended_mwh = 0.0

    def run(self, relaxed: Outcome) -> None:
        """Work from a relaxed root until the price is proven or beaten, or time is up."""
        self._push(Branch(NO_SITES, NO_SITES, -relaxed.bound * self.unit_mwh, relaxed))
        try:
            while not self.watch.is_over and not self._is_beaten():
                self._report()
                if self.state.is_done or not self.heap:
                    return
                branch, site = self._take()
                if site is None:
                    self._solve_leaf(branch)
                else:
                    self._split(branch, site)
            self._report()
        finally:
            self.engine.decide_sites(NO_SITES, NO_SITES)

    def _is_beaten(self) -> bool:
        best = self.state.best
        return best is not None and best.value > self.price * 1000 * (1 + 1e-9)

    def _push(self, branch: Branch) -> None:
        if branch.surplus_mwh > 1e-9 * self.unit_mwh:
            heapq.heappush(self.heap, (-branch.surplus_mwh, next(self.number), branch))

    def _report(self, working_on: float = 0.0) -> None:
        """Tell the largest surplus among the open branches and the one being worked on."""
        open_surplus = -self.heap[0][0] if self.heap else 0.0
        self.certify(self.price, max(open_surplus, working_on, self.ended_mwh, 0.0))

    # -- branching ------------------------------------------------------------------------------

    def _take(self) -> tuple[Branch, int | None]:
        """Take the next branch and its site to decide on: leaves only when no other is left."""
        waiting = sorted(self.heap)
        asked = [(entry, self._next_site(entry[2])) for entry in waiting]
        entry, site = next((each for each in asked if each[1] is not None), asked[0])
        self.heap.remove(entry)
        heapq.heapify(self.heap)
        return entry[2], site

    def _next_site(self, branch: Branch) -> int | None:
        """Return the site to decide on next: the one opened most undecidedly; None if all are."""
        share = self._shares(branch)
        left = {s: abs(x - 0.5) for s, x in share.items() if s not in branch.closed | branch.opened}
        return min(left, key=lambda s: left[s]) if left else None

    def _shares(self, branch: Branch) -> dict[int, float]:
        """Return how far a relaxation opens each site; nothing for a branch being solved."""
        if branch.relaxed is None or branch.relaxed.values is None or branch.tries:
            return {}
        values, share = branch.relaxed.values, dict[int, float]()
        v, data = self.engine.model.variables, self.engine.model.data
        for k, each in enumerate(data.options):
            opened = float(values[self.engine.compiled.index(v.open[k])])
            share[each.site] = share.get(each.site, 0.0) + opened
        return share

    def _split(self, branch: Branch, site: int) -> None:
        """Bound the two branches in which a site is closed or open."""
        self.watch.enter(f"deciding on sites, {len(self.heap) + 1} branches open")
        sites = self.engine.model.data.problem.sites
        group = sites[site].group
        rivals = {s for s, x in enumerate(sites) if group and x.group == group and s != site}
        share = self._shares(branch).get(site, 0.5)
        opened = Branch(branch.closed | rivals, branch.opened | {site}, branch.surplus_mwh, None)
        closed = Branch(branch.closed | {site}, branch.opened, branch.surplus_mwh, None)
        if share > 1 - FRACTION:  # the relaxation has decided already: it bounds that branch
            opened.relaxed = branch.relaxed
        if share < FRACTION:
            closed.relaxed = branch.relaxed
        children = [opened] if sites[site].mandatory else [opened, closed]
        waiting = branch.surplus_mwh
        for child in children:
            if child.relaxed is None and not self.watch.is_over:
                self._bound(child, waiting)
            self._push(child)

    def _bound(self, branch: Branch, waiting: float) -> None:
        """Relax a branch; ``waiting`` is the surplus that its sibling may still have."""
        self.engine.decide_sites(branch.closed, branch.opened)
        relaxed = self.engine.relax(
            self.cost_at(self.price, self.engine),
            enough=0.0,
            rounds=10,
            slivers=False,
            seconds=self._share(),
        )
        if relaxed.ending is Ending.INFEASIBLE:
            if self._may_be_empty(branch):
                branch.surplus_mwh = 0.0
        elif relaxed.values is not None:
            branch.relaxed = relaxed
            branch.surplus_mwh = min(branch.surplus_mwh, -relaxed.bound * self.unit_mwh)
        self._report(working_on=max(branch.surplus_mwh, waiting))

    def _share(self) -> float:
        return max(0.25 * self.watch.left_s, 3.0)

    def _may_be_empty(self, branch: Branch) -> bool:
        """Whether a branch may hold no plan at all; if not, the solver errs that says so.

        Rows and parts left out hold for every plan that beats the price, so a branch without plans
        has none that does. But to open its sites and build nothing satisfies every row, too, and
        is a plan where no limit speaks against it.
        """
        problem = self.engine.model.data.problem
        limits = problem.limits
        asked = (limits.budget_eur, limits.max_sites, limits.min_heat_mwh)
        if (
            any(each is not None for each in asked)
            or limits.min_sites
            or limits.min_zones
            or any(site.mandatory or site.group for site in problem.sites)
            or any(zone.mandatory for zone in problem.zones)
        ):
            return True
        opened = [problem.sites[s].id for s in sorted(branch.opened)]
        LOG.warning("with sites %s nothing is left, not even nothing; no proof", opened)
        return False

    # -- leaves ---------------------------------------------------------------------------------

    def _solve_leaf(self, leaf: Branch) -> None:
        """Improve and prove a branch whose sites are decided, for a slice of the time left."""
        leaf.tries += 1
        seconds = max(self.watch.left_s / (len(self.heap) + 1), LEAST_SLICE_S * leaf.tries)
        until = self.watch.seconds + seconds
        problem = self._leaf_problem(leaf)
        engine = self.state.engine_for(problem)
        rest = engine.relax(
            self.cost_at(self.price, engine), enough=0.0, slivers=False, seconds=0.3 * seconds
        )
        if rest.ending is Ending.INFEASIBLE:
            if not self._may_be_empty(leaf):
                self.ended_mwh = max(self.ended_mwh, leaf.surplus_mwh)
            return
        unit_mwh = engine.model.data.scale.heat_mwh  # a part may be scaled otherwise
        surplus = min(leaf.surplus_mwh, -rest.bound * unit_mwh)
        if rest.values is not None and surplus > 1e-9 * self.unit_mwh:
            self._report(working_on=surplus)
            if leaf.tries == 1 and not self._is_explored(leaf):
                self._improve(engine, rest.values, min(0.2 * seconds, 12.0))
            if not self._is_beaten() and not self.watch.is_over:
                leaf.surplus_mwh = surplus
                proof = LeafProof(
                    self.state, self.price, self.cost_at, self._is_beaten, self._report
                )
                surplus = proof.run(problem, engine, rest, surplus, until)
                if proof.is_ended and not self._is_beaten():  # asking again gives the same
                    self.ended_mwh = max(self.ended_mwh, surplus)
                    return
        leaf.surplus_mwh = max(surplus, 0.0)
        self._push(leaf)

    def _leaf_problem(self, leaf: Branch) -> Problem:
        """Return what a plan of a leaf can use and still beat the price."""
        model = self.engine.model
        whole = model.data.problem
        relaxed = leaf.relaxed
        if relaxed is not None and relaxed.reduced_cost is not None:
            room = -relaxed.bound  # not what is known of the leaf by other means, which is less
            core = still_possible(
                model,
                self.engine.compiled,
                relaxed.reduced_cost,
                room,
                idle_sites=self.engine.idle_sites,
            )
            opened = ", ".join(whole.sites[s].id for s in sorted(leaf.opened))
            self.watch.enter(f"proving with sites {opened or 'as relaxed'}, {core}")
            for k, each in enumerate(model.data.options):
                core.options[k] |= each.site in leaf.opened
            problem = restrict(model, core)
        else:
            problem = whole
        closed = {whole.sites[s].id for s in leaf.closed}
        opened_ids = {whole.sites[s].id for s in leaf.opened}
        sites = [site for site in problem.sites if site.id not in closed]
        sites = [replace(s, mandatory=s.mandatory or s.id in opened_ids) for s in sites]
        return replace(problem, sites=tuple(sites))

    def _is_explored(self, leaf: Branch) -> bool:
        """Whether the best plan, which was improved before, has just the sites of a leaf."""
        best = self.state.best
        sites = self.engine.model.data.problem.sites
        opened = {sites[s].id for s in leaf.opened}
        return best is not None and {each.site for each in best.solution.sites} == opened

    def _improve(self, engine: Engine, values: FloatArray, seconds: float) -> None:
        """Look for a better plan with a leaf's sites on what its relaxation builds."""
        self.state.mix_on(engine, lambda each: self.cost_at(self.price, each), values, seconds)
