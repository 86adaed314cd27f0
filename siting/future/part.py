"""Keep a part of a problem: some of its edges, sites and zones."""

from __future__ import annotations

from dataclasses import dataclass, replace

from siting.plan import Plan
from siting.problem import Problem

__all__ = ["Part"]


@dataclass(frozen=True)
class Part:
    """Edges, sites and zones that a core keeps."""

    edges: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()

    @staticmethod
    def of_plan(plan: Plan) -> Part:
        """Return what a plan uses."""
        return Part(
            frozenset(each.edge for each in plan.pipes),
            frozenset(each.site for each in plan.sites),
            frozenset(each.zone for each in plan.zones),
        )

    def joined(self, other: Part) -> Part:
        """Return what either of two parts keeps."""
        return Part(self.edges | other.edges, self.sites | other.sites, self.zones | other.zones)

    def of(self, problem: Problem) -> Problem:
        """Return the problem with only this part of it, and what is mandatory."""
        sites = tuple(s for s in problem.sites if s.id in self.sites or s.mandatory)
        zones = tuple(z for z in problem.zones if z.id in self.zones or z.mandatory)
        edges = tuple(e for e in problem.edges if e.id in self.edges)
        return replace(problem, edges=edges, sites=sites, zones=zones)

    def __str__(self) -> str:
        """Return the sizes in words."""
        return f"{len(self.edges)} edges, {len(self.sites)} sites, {len(self.zones)} zones"
