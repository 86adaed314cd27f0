"""Say what each zone and each branch adds to a plan: heat lost over investment saved without it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import networkx as nx

from siting.plan import Plan
from siting.problem import Problem

__all__ = ["Margin", "Margins", "plan_margins"]

START: Hashable = ("start",)
END: Hashable = ("end",)


@dataclass(frozen=True)
class Margin:
    """What goes with a zone or branch.

    ``heat_mwh`` is the heat from data centres lost [MWh/a], ``capex_eur`` the investment saved
    [EUR].
    """

    heat_mwh: float
    capex_eur: float

    @property
    def heat_per_euro_kwh(self) -> float:
        """Heat lost per euro saved [kWh/(a EUR)]; infinite where nothing is saved."""
        if self.heat_mwh <= 0:
            return 0.0
        return self.heat_mwh * 1000 / self.capex_eur if self.capex_eur > 0 else math.inf


@dataclass(frozen=True)
class Margins:
    """The margin of each zone served, with the pipes that serve it alone, and of each pipe built.

    The margin of a pipe is that of its branch: the pipe, and all pipes and zones that are fed
    through it only. A pipe beside which another way exists loses no zone.
    """

    zones: Mapping[str, Margin]
    pipes: Mapping[str, Margin]


def plan_margins(problem: Problem, plan: Plan) -> Margins:
    """Return what each zone and each branch of a plan is worth.

    Parameters
    ----------
    problem, plan
        Where sites and zones hang on the network, and what is built.

    Notes
    -----
    Sites and the diameters of all other pipes stay as they are, so a margin is not what a new
    search would find; it shows which zones and branches weigh on the plan. Pipes that serve one
    zone only are those from which every way ends at it: it dominates them in the reversed graph. A
    branch is what its pipe dominates as seen from the sites.
    """
    at = {zone.id: zone.node for zone in problem.zones}
    feeds = {site.id: site.node for site in problem.sites}
    graph = nx.DiGraph()
    graph.add_nodes_from((START, END))
    graph.add_edges_from((START, ("node", feeds[each.site])) for each in plan.sites)
    for pipe in plan.pipes:
        way = ("pipe", pipe.edge)
        graph.add_edge(("node", pipe.from_node), way)
        graph.add_edge(way, ("node", pipe.to_node))
    for zone in plan.zones:
        graph.add_edge(("node", at[zone.zone]), ("zone", zone.zone))
        graph.add_edge(("zone", zone.zone), END)
    heat: dict[Hashable, float] = {("zone", each.zone): each.heat_mwh for each in plan.zones}
    cost: dict[Hashable, float] = {("zone", each.zone): each.cost_eur for each in plan.zones}
    cost |= {("pipe", each.edge): each.cost_eur for each in plan.pipes}
    alone = _with_all_below(graph.reverse(copy=False), END, {}, cost)
    branch = _with_all_below(graph, START, heat, cost)
    return Margins(
        zones={
            each.zone: Margin(each.heat_mwh, alone.get(("zone", each.zone), Margin(0, 0)).capex_eur)
            for each in plan.zones
        },
        pipes={each.edge: branch.get(("pipe", each.edge), Margin(0, 0)) for each in plan.pipes},
    )


def _with_all_below(
    graph: nx.DiGraph,
    root: Hashable,
    heat: Mapping[Hashable, float],
    cost: Mapping[Hashable, float],
) -> dict[Hashable, Margin]:
    """Return heat and cost of each element with all that it dominates."""
    above: dict[Hashable, Hashable] = dict(nx.immediate_dominators(graph, root))
    below: dict[Hashable, list[Hashable]] = {}
    for node, way in above.items():
        if node != root and way is not None:
            below.setdefault(way, []).append(node)
    sums: dict[Hashable, Margin] = {}
    for node in _leaves_first(root, below):
        parts = [sums[each] for each in below.get(node, ())]
        sums[node] = Margin(
            math.fsum([heat.get(node, 0.0), *(each.heat_mwh for each in parts)]),
            math.fsum([cost.get(node, 0.0), *(each.capex_eur for each in parts)]),
        )
    return sums


def _leaves_first(
    root: Hashable, below: Mapping[Hashable, Iterable[Hashable]]
) -> Iterable[Hashable]:
    """Return the nodes of a tree, each after all below it."""
    order, stack = [], [root]
    while stack:
        order.append(stack.pop())
        stack.extend(below.get(order[-1], ()))
    return reversed(order)
