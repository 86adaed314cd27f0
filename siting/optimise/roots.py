"""Bound plans that may open one site only, one site after the other.

A rooted network opens as many sites as it likes. Where a single one is allowed, every plan has one
of them for a root, so the least of the bounds with each of them alone is a bound for all.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field, replace

from siting.model.objectives import OBJECTIVES
from siting.optimise.ascent import ascend
from siting.optimise.candidate import Candidate
from siting.optimise.priced import Prices, state_at
from siting.optimise.progress import Watch
from siting.optimise.shrink import Shrinker
from siting.optimise.stages import Stages
from siting.problem import Problem

__all__ = ["RootByRoot"]

LOG = logging.getLogger(__name__)
SLICE = 0.1
"""Share of the time that is left for narrowing down the plans with one site [-]."""


@dataclass
class RootByRoot:
    """Narrows down a problem of which one site may be opened; the figures are those of `Shrinker`.

    Parameters
    ----------
    problem
        The problem, with one site at most.
    prices, watch, gap, stages, seed
        As those of `Shrinker`.
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
    infeasible: bool = False

    @classmethod
    def suits(cls, problem: Problem) -> bool:
        """Whether plans of a problem open one of several sites, whichever it is."""
        single = problem.limits.max_sites == 1 and len(problem.sites) > 1
        return single and not any(site.mandatory for site in problem.sites)

    def __post_init__(self) -> None:
        self.maximise = OBJECTIVES[self.problem.objective.kind].maximise
        self.sites = [s for s, site in enumerate(self.problem.sites) if not site.forbidden]

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
        if math.isinf(self.least) or math.isinf(self.bound):
            return False
        return self.least - self.bound <= self.gap * abs(self.least)

    def alone(self, site: int) -> Problem:
        """Return the problem with one site only."""
        return replace(self.problem, sites=(self.problem.sites[site],))

    def run(self, seconds: float) -> Problem:
        """Close what sites can be closed; return what can hold a better plan."""
        until = self.watch.seconds + min(seconds, self.watch.left_s)
        bounds = {site: self._first_bound(site) for site in self.sites}
        parts: dict[int, Problem] = {}
        self.infeasible = True
        for site in sorted(self.sites, key=lambda s: (bounds[s], s)):
            left = until - self.watch.seconds
            shrinker = self._shrinker(site)
            if math.isinf(bounds[site]):
                continue
            self.infeasible = False
            if bounds[site] >= shrinker.limit:
                continue
            if left > 0 and not self.watch.is_stopped:
                part = shrinker.run(max(SLICE * left, 0.5))
                bounds[site] = max(bounds[site], shrinker.bound)
                self.outside = min(self.outside, shrinker.outside)
                if shrinker.best is not None:
                    self.best = shrinker.best
            else:
                part = shrinker.problem
            if bounds[site] >= shrinker.limit:
                continue
            parts[site] = part
            LOG.info("site %s: %d edges left", self.problem.sites[site].id, len(part.edges))
        self.outside = min(self.outside, self._limit)
        self.bound = min(self.outside, min(bounds.values(), default=math.inf))
        self.watch.note(bound=self.proven)
        return self._union(parts)

    @property
    def _limit(self) -> float:
        shrinker = self._shrinker(self.sites[0]) if self.sites else None
        return math.inf if shrinker is None else shrinker.limit

    def _shrinker(self, site: int) -> Shrinker:
        problem = self.alone(site)
        return Shrinker(
            problem, self.prices, self.watch, self.gap, self.stages, self.seed, self.least
        )

    def _first_bound(self, site: int) -> float:
        """Return what no plan with a site undercuts; infinite if there is none."""
        priced = state_at(self.alone(site), self.prices)
        return ascend(priced.network).bound + priced.constant

    def _union(self, parts: dict[int, Problem]) -> Problem:
        """Return the problem with what the parts have, and with all that the best plan uses."""
        edges = {edge.id for part in parts.values() for edge in part.edges}
        zones = {zone.id for part in parts.values() for zone in part.zones}
        sites = {self.problem.sites[s].id for s in parts}
        if self.best is not None:
            solution = self.best.solution
            edges |= {each.edge for each in solution.pipes}
            zones |= {each.zone for each in solution.zones}
            sites |= {each.site for each in solution.sites}
        return replace(
            self.problem,
            sites=tuple(site for site in self.problem.sites if site.id in sites),
            edges=tuple(edge for edge in self.problem.edges if edge.id in edges),
            zones=tuple(zone for zone in self.problem.zones if zone.id in zones),
        )
