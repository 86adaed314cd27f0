"""Take plans apart into their separate networks, and put these together to plans of other sizes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import networkx as nx

from siting.optimise.candidate import UNPROVEN, Candidate, make_candidate
from siting.plan import price_solution
from siting.problem import Problem
from siting.solution import Solution

__all__ = ["mixed_plans", "separate_networks"]

MOST_PARTS = 60
MOST_MIXES = 150


@dataclass(frozen=True)
class Part:
    """A network that stands alone: its decisions, cost and heat.

    ``claims`` holds the nodes it touches and the groups whose one site it opens: two parts that
    claim the same cannot stand side by side.
    """

    solution: Solution
    capex_eur: float
    heat_mwh: float
    claims: frozenset[str]


@dataclass(frozen=True)
class Mix:
    """Some parts that do not touch each other."""

    parts: tuple[Part, ...]
    capex_eur: float
    heat_mwh: float

    def with_part(self, part: Part) -> Mix | None:
        """Return the mix with one more part, or None where they would meet."""
        if any(not each.claims.isdisjoint(part.claims) for each in self.parts):
            return None
        return Mix(
            (*self.parts, part), self.capex_eur + part.capex_eur, self.heat_mwh + part.heat_mwh
        )

    @property
    def sites(self) -> int:
        """How many sites it opens."""
        return sum(len(each.solution.sites) for each in self.parts)

    @property
    def solution(self) -> Solution:
        """The decisions of all parts together."""
        return Solution(
            tuple(site for each in self.parts for site in each.solution.sites),
            tuple(pipe for each in self.parts for pipe in each.solution.pipes),
            tuple(zone for each in self.parts for zone in each.solution.zones),
        )


def mixed_plans(
    problem: Problem,
    plans: Iterable[Solution],
    offer: Callable[[Candidate], object],
    *,
    is_wanted: Callable[[float, float], bool],
    is_over: Callable[[], bool] = lambda: False,
) -> None:
    """Offer plans made of separate networks of other plans.

    Parameters
    ----------
    problem
        What could be built; a mix that breaks its limits is left out.
    plans
        Plans whose networks are taken.
    offer
        Takes each plan.
    is_wanted
        Says whether a plan of some investment [EUR] and heat [MWh/a] would be new.
    is_over
        Ends the work early.

    Notes
    -----
    Networks that share no node do not touch each other's flows, so that cost and heat of a mix
    are sums. Mixes are built part by part; of those that cost more and give less than another
    one, none is kept.
    """
    parts = _known_parts(problem, plans, is_over)
    front = [Mix((), 0.0, 0.0)]
    most = problem.limits.max_sites
    for part in parts:
        if is_over():
            return
        grown = [mix for each in front if (mix := each.with_part(part)) is not None]
        if most is not None:
            grown = [mix for mix in grown if mix.sites <= most]
        front = _undominated([*front, *grown])
    for mix in front:
        if is_over():
            return
        if mix.parts and is_wanted(mix.capex_eur, mix.heat_mwh):
            candidate = make_candidate(problem, mix.solution)
            if candidate is not None:
                offer(candidate)


def _known_parts(
    problem: Problem, plans: Iterable[Solution], is_over: Callable[[], bool]
) -> list[Part]:
    """Return the separate networks of plans, those with most heat per euro first."""
    found: dict[frozenset[str], Part] = {}
    for plan in plans:
        for part in separate_networks(problem, plan):
            if is_over():
                break
            claims = _claims(problem, part)
            known, heat = found.get(claims), sum(each.heat_mwh for each in part.zones)
            if heat > (known.heat_mwh if known else 0.0):
                paid = price_solution(problem, part, UNPROVEN)
                found[claims] = Part(part, paid.capex_eur, paid.heat_mwh, claims)
    return heapq.nlargest(
        MOST_PARTS, found.values(), key=lambda each: each.heat_mwh / max(each.capex_eur, 1.0)
    )


def separate_networks(problem: Problem, solution: Solution) -> list[Solution]:
    """Return the networks of a plan that share no node, each as a plan of its own."""
    site_at = {each.id: each.node for each in problem.sites}
    zone_at = {each.id: each.node for each in problem.zones}
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(site_at[each.site] for each in solution.sites)
    graph.add_nodes_from(zone_at[each.zone] for each in solution.zones)
    graph.add_edges_from((each.from_node, each.to_node) for each in solution.pipes)
    return [
        Solution(
            tuple(each for each in solution.sites if site_at[each.site] in nodes),
            tuple(each for each in solution.pipes if each.from_node in nodes),
            tuple(each for each in solution.zones if zone_at[each.zone] in nodes),
        )
        for nodes in nx.connected_components(graph)
    ]


def _claims(problem: Problem, solution: Solution) -> frozenset[str]:
    """Return every node that a plan touches, and every group that it takes the site of."""
    sites, zones = {each.site for each in solution.sites}, {each.zone for each in solution.zones}
    opened = [each for each in problem.sites if each.id in sites]
    ends = {end for each in solution.pipes for end in (each.from_node, each.to_node)}
    ends |= {each.node for each in opened}
    ends |= {each.node for each in problem.zones if each.id in zones}
    return frozenset(ends | {f"group of {each.group}" for each in opened if each.group})


def _undominated(mixes: list[Mix]) -> list[Mix]:
    """Return the mixes of which none costs more and gives less than another, evenly thinned."""
    front: list[Mix] = []
    for each in sorted(mixes, key=lambda mix: (mix.capex_eur, -mix.heat_mwh)):
        if not front or each.heat_mwh > front[-1].heat_mwh * (1 + 1e-9):
            front.append(each)
    if len(front) <= MOST_MIXES:
        return front
    step = (len(front) - 1) / (MOST_MIXES - 1)
    return [front[round(k * step)] for k in range(MOST_MIXES)]
