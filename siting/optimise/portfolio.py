"""Build plans of several sites at a price: a good tree for each, the most valuable site first.

At a price ``l`` [MWh/a per EUR] a plan is worth ``heat - l * capex``. The best tree of one site is
sought on its own piece of the city, along the arcs on which a dual ascent has little left, and
improved by exchange (`siting.optimise.trees`); a price on the site's output keeps it within what
the site can give. What one site has taken is closed to the next. At the end each site has another
turn with what the others have left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from siting.model.data import ModelData
from siting.model.pieces import size_for
from siting.optimise.carried import PipeLines, carried_at_most, city_bound
from siting.optimise.settle import Draft, entering_flow
from siting.optimise.tables import BoolArray, IntArray, Tables
from siting.optimise.tree_kernels import prune
from siting.optimise.trees import RootedTree, TreeBuilder

__all__ = ["Portfolios", "SitePlan", "draft_of_plans", "trimmed"]

NEAR_NODES, NEAR_PEAKS = 4_000, 8.0
"""Most nodes, and peaks over the site's output, of the piece on which a site's tree is built."""
REGROWN, REPRUNED = 6, 14
"""Prices of output tried for a new tree, and for pruning the last one that was too large."""
TRIMMED = 3.0
"""Highest price at which a plan is trimmed, over the one at which it was built [-]."""
LOAD = 0.1
"""Weight of the cost per MW in the guide for growing [MW]."""
TURNS = 1
"""Further turns of every site with what the others have left."""


@dataclass(frozen=True)
class SitePlan:
    """One site's part of a plan, by positions in the problem.

    Parameters
    ----------
    option
        Position in the tables' options.
    pipes
        Edge and node at which heat enters it, with the flow there [MW].
    zones
        Base capacity of each zone [MW].
    output_mw
        What the site gives [MW].
    heat_mwh, capex_eur
        What is delivered [MWh/a], and what it costs [EUR].
    worth_mwh
        Heat less price times investment [MWh/a].
    """

    option: int
    pipes: dict[tuple[int, int], float]
    zones: dict[int, float]
    output_mw: float
    heat_mwh: float
    capex_eur: float
    worth_mwh: float


def draft_of_plans(plans: Iterable[SitePlan], tables: Tables, data: ModelData) -> Draft:
    """Return site plans as the decisions of one plan of a model."""
    arc_at = {(arc.edge, arc.tail): a for a, arc in enumerate(data.arcs)}
    option_at = {(each.site, each.option.id): k for k, each in enumerate(data.options)}
    draft = Draft({}, {}, {})
    for plan in plans:
        site = int(tables.option_site[plan.option])
        first = int(np.argmax(tables.option_site == site))
        choice = tables.problem.sites[site].choices[plan.option - first]
        draft.options[option_at[site, choice.id]] = plan.output_mw
        draft.arcs.update({arc_at[each]: flow for each, flow in plan.pipes.items()})
        draft.zones.update(plan.zones)
    return draft


def trimmed(
    plans: Iterable[SitePlan],
    tables: Tables,
    price: float,
    fits: Callable[[float, float], bool],
    *,
    smaller_fits: bool,
) -> list[SitePlan]:
    """Return what is left of a plan when it is made just so small that it fits.

    Parameters
    ----------
    plans, tables, price
        Parts of one plan, the city, and the price at which they were built [MWh/a per EUR].
    fits
        Whether heat [MWh/a] and investment [EUR] are as they should be.
    smaller_fits
        Whether a smaller plan fits better, as with a budget, or worse, as with a required heat.
        The largest that fits is returned, or the smallest; nothing if none was found.
    """
    trimmers = [Trimmer(plan, tables) for plan in plans]
    low, high = price, TRIMMED * price
    found: list[SitePlan] = []
    for _ in range(REPRUNED):
        middle = (low + high) / 2
        left = [plan for each in trimmers if (plan := each.at_price(middle)) is not None]
        good = fits(sum(x.heat_mwh for x in left), sum(x.capex_eur for x in left))
        low, high = (low, middle) if good is smaller_fits else (middle, high)
        if good:
            found = left
    return found


class Trimmer:
    """Takes the branches out of a site's tree that are not worth a higher price of investment.

    A fixed tree is pruned exactly, by dynamic programming from its leaves; pipes with sizes count
    with the size that they have, and get smaller ones afterwards.
    """

    def __init__(self, plan: SitePlan, tables: Tables) -> None:
        self.plan, self.tables = plan, tables
        edges = tables.problem.edges
        row_of = {int(e): i for i, e in enumerate(tables.edge)}
        zone_of = {int(z): i for i, z in enumerate(tables.zone)}
        self.root = int(tables.option_node[plan.option])
        self.above: dict[int, tuple[int, int]] = {}
        for e, tail in plan.pipes:
            row = row_of[e]
            head = int(tables.u[row] + tables.v[row] - tail)
            self.above[head] = (e, tail)
        self.order = self._root_first()
        self.cost: dict[int, tuple[float, float]] = {}
        for head, (e, tail) in self.above.items():
            edge = edges[e]
            size = size_for(edge, plan.pipes[e, tail]) if edge.sizes else None
            pays = (edge.cost_eur, edge.cost_per_mw_eur)
            self.cost[head] = pays if size is None else (size.cost_eur, 0.0)
        self.at: dict[int, list[tuple[int, float, float, float]]] = defaultdict(list)
        base = np.zeros(len(tables.zone))
        for z, granted in plan.zones.items():
            base[zone_of[z]] = granted
        heat = tables.curves.heat_at(base)
        for z in plan.zones:
            i = zone_of[z]
            need = float(base[i] + tables.zone_loss_mw[i])
            cost = float(tables.zone_cost_eur[i])
            self.at[int(tables.zone_node[i])].append((z, float(heat[i]), cost, need))

    def _root_first(self) -> list[int]:
        """Return the nodes of the tree, each after the one it hangs on."""
        below: dict[int, list[int]] = defaultdict(list)
        for head, (_, tail) in self.above.items():
            below[tail].append(head)
        order = [self.root]
        for node in order:
            order += below[node]
        return order

    def at_price(self, price: float) -> SitePlan | None:
        """Return what is worth a price [MWh/a per EUR], or None when nothing is."""
        tables, option = self.tables, self.plan.option
        carried = {self.root: float(tables.option_slope_eur[option])}
        for node in self.order[1:]:
            carried[node] = carried[self.above[node][1]] + self.cost[node][1]
        gain: dict[int, float] = defaultdict(float)
        kept: dict[int, list[tuple[int, float, float, float]]] = {}
        hangs = dict[int, bool]()
        for node in reversed(self.order):
            served = []
            for zone in self.at[node]:
                own = zone[1] - price * (zone[2] + zone[3] * carried[node])
                if own > 0:
                    served.append(zone)
                    gain[node] += own
            kept[node] = served
            if node == self.root:
                continue
            hangs[node] = gain[node] > price * self.cost[node][0]
            if hangs[node]:
                gain[self.above[node][1]] += gain[node] - price * self.cost[node][0]
        if gain[self.root] <= price * float(tables.option_cost_eur[option]):
            return None
        return self._kept(kept, hangs, price)

    def _kept(
        self,
        kept: dict[int, list[tuple[int, float, float, float]]],
        hangs: dict[int, bool],
        price: float,
    ) -> SitePlan:
        """Return what is left with the flows that it needs."""
        tables, plan = self.tables, self.plan
        inside = {self.root}
        for node in self.order[1:]:
            if hangs[node] and self.above[node][1] in inside:
                inside.add(node)
        need: dict[int, float] = defaultdict(float)
        zones, pipes = dict[int, float](), dict[tuple[int, int], float]()
        capex, heat = float(tables.option_cost_eur[plan.option]), 0.0
        for node in reversed(self.order):
            if node not in inside:
                continue
            for z, mwh, cost, mw in kept[node]:
                zones[z] = plan.zones[z]
                heat, capex, need[node] = heat + mwh, capex + cost, need[node] + mw
            if node == self.root:
                continue
            e, tail = self.above[node]
            edge = tables.problem.edges[e]
            entering, size = entering_flow(edge, need[node])
            linear = edge.cost_eur + edge.cost_per_mw_eur * entering
            capex += linear if size is None else size.cost_eur
            pipes[e, tail] = entering
            need[tail] += entering
        output = need[self.root]
        capex += float(tables.option_slope_eur[plan.option]) * output
        return SitePlan(plan.option, pipes, zones, output, heat, capex, heat - price * capex)


class Portfolios:
    """Builds plans of several sites of one city.

    Parameters
    ----------
    tables
        The city.
    seed
        Of the exchanges.
    stop
        Ends the building; what is there by then is returned.
    """

    def __init__(self, tables: Tables, seed: int, stop: Callable[[], bool]) -> None:
        self.tables, self.seed, self.stop = tables, seed, stop
        self.most_mw = carried_at_most(tables)
        self.near = {site: self._near(site) for site in np.unique(tables.option_site).tolist()}

    def at(self, price: float, *, most_sites: int | None = None) -> list[SitePlan]:
        """Return the parts of a plan at a price [MWh/a per EUR], each worth something."""
        chosen: dict[int, SitePlan] = {}
        waiting = list(self.near)
        ideas: dict[int, SitePlan | None] = {}
        while waiting and not self.stop() and (most_sites is None or len(chosen) < most_sites):
            edges, zones = self._free(chosen.values())
            for site in waiting:
                idea = ideas.get(site)
                if site not in ideas or (idea is not None and self._clashes(idea, edges, zones)):
                    ideas[site] = self.grow(site, price, edges, zones)
            worth = {s: each.worth_mwh for s in waiting if (each := ideas[s]) is not None}
            best = max(worth, key=lambda s: (worth[s], -s), default=None)
            if best is None or worth[best] <= 0:
                break
            idea = ideas[best]
            assert idea is not None
            chosen[best] = idea
            waiting = [s for s in waiting if s != best and not self._rivals(s, best)]
        for _ in range(TURNS):
            self._another_turn(chosen, price)
        return list(chosen.values())

    def _another_turn(self, chosen: dict[int, SitePlan], price: float) -> None:
        """Let each site build again on what the others have left."""
        for site in list(chosen):
            if self.stop():
                return
            others = (plan for s, plan in chosen.items() if s != site)
            better = self.grow(site, price, *self._free(others))
            if better is not None and better.worth_mwh > chosen[site].worth_mwh:
                chosen[site] = better

    def _free(self, plans: Iterable[SitePlan]) -> tuple[BoolArray, BoolArray]:
        """Return the edges and zones that some plans leave."""
        tables = self.tables
        used_edges, used_zones = set[int](), set[int]()
        for plan in plans:
            used_edges |= {e for e, _ in plan.pipes}
            used_zones |= set(plan.zones)
        return (
            ~np.isin(tables.edge, list(used_edges)),
            ~np.isin(tables.zone, list(used_zones)),
        )

    def _clashes(self, plan: SitePlan, edges: BoolArray, zones: BoolArray) -> bool:
        """Whether a plan uses what is no longer free."""
        gone_edges = self.tables.edge[~edges]
        gone_zones = self.tables.zone[~zones]
        own = np.array([e for e, _ in plan.pipes], dtype=np.int64)
        mine = np.array(list(plan.zones), dtype=np.int64)
        return bool(np.isin(own, gone_edges).any() or np.isin(mine, gone_zones).any())

    def _rivals(self, site: int, other: int) -> bool:
        sites = self.tables.problem.sites
        return sites[site].group is not None and sites[site].group == sites[other].group

    def _near(self, site: int) -> BoolArray:
        """Return the nodes around a site, as far as it may reach."""
        tables = self.tables
        own = tables.option_site == site
        node = int(tables.option_node[own][0])
        far = tables.least_from(node, tables.cost_eur[:, 0], either_way=False)
        order = np.argsort(far, kind="stable")
        order = order[np.isfinite(far[order])][:NEAR_NODES]
        peak = np.bincount(tables.zone_node, tables.zone_peak_mw, tables.nodes)
        most = float(tables.option_mw[own].max())
        enough = int(np.searchsorted(np.cumsum(peak[order]), NEAR_PEAKS * most)) + 1
        near = np.zeros(tables.nodes, bool)
        near[order[: max(enough, 50)]] = True
        return near

    # -- one site -------------------------------------------------------------------------------

    def grow(self, site: int, price: float, edges: BoolArray, zones: BoolArray) -> SitePlan | None:
        """Return the best part of a plan found for a site on free edges and zones, or None."""
        near, tables = self.near[site], self.tables
        piece = tables.with_edges(edges & near[tables.u] & near[tables.v])
        piece = piece.with_zones(zones & near[tables.zone_node])
        found = [
            plan
            for k in np.flatnonzero(tables.option_site == site).tolist()
            if (plan := SiteGrower(self, piece, k, price).run()) is not None
        ]
        return max(found, key=lambda plan: plan.worth_mwh, default=None)


class SiteGrower:
    """Builds the tree of one option at one price."""

    def __init__(self, whole: Portfolios, piece: Tables, option: int, price: float) -> None:
        self.whole, self.option, self.price = whole, option, price
        only = np.arange(len(piece.option_site)) == option
        self.tables = piece.with_options(only)
        self.capacity_mw = min(float(self.tables.option_mw[0]), whole.most_mw)
        self.lines = PipeLines.of(self.tables, whole.most_mw)
        self.best: SitePlan | None = None

    def run(self) -> SitePlan | None:
        """Raise the price of output until the option can give what its tree asks for."""
        if not len(self.tables.zone) or self._try(0.0):
            return self.best
        curves = self.tables.curves
        at = curves.step_mw.sum(axis=1)
        low = 0.0
        high = float((curves.step_heat.sum(axis=1)[at > 0] / at[at > 0]).max(initial=1.0))
        for _ in range(REGROWN):
            if self.whole.stop():
                break
            middle = (low + high) / 2
            low, high = (low, middle) if self._try(middle) else (middle, high)
        return self.best

    def _try(self, scarcity: float) -> bool:
        """Build a tree at a price of output; say whether the option can feed it."""
        bound = city_bound(
            self.tables,
            self.price,
            np.array([scarcity]),
            most_mw=self.whole.most_mw,
            forced=int(self.tables.option_site[0]),
            lines=self.lines,
        )
        served = bound.ascent.prize_left > 0
        if not served.any():
            return True
        network = bound.ascent.network
        slope = np.zeros(len(network.tail)) if network.slope is None else network.slope
        builder = TreeBuilder(network, self.whole.seed)
        guide = bound.ascent.reduced_cost + LOAD * slope
        tree = builder.improve(builder.grow(guide, served), self.whole.stop)
        pipe_edge = bound.layout.pipe_edge
        if self._keep(builder, tree, pipe_edge):
            return True
        self._cut_back(builder, tree, pipe_edge)
        return False

    def _cut_back(self, builder: TreeBuilder, tree: RootedTree, pipe_edge: IntArray) -> None:
        """Prune a tree that is too large, just so that the option can feed it."""
        network = builder.network
        by = _hung(builder, tree)
        root_arcs = builder.tail == network.root
        low, high = 0.0, 1e4
        for _ in range(REPRUNED):
            middle = (low + high) / 2
            slope = builder.slope + np.where(root_arcs, middle, 0.0)
            kept, served, _ = prune(
                by,
                builder.tail,
                builder.cost,
                slope,
                network.root,
                network.at,
                network.prize,
                builder.demand,
            )
            arcs = np.sort(builder.into.order[kept[kept >= 0]])
            fits = self._keep(builder, RootedTree(arcs, served, 0.0), pipe_edge)
            low, high = (low, middle) if fits else (middle, high)

    def _keep(self, builder: TreeBuilder, tree: RootedTree, pipe_edge: IntArray) -> bool:
        """Keep a tree if it is worth more than the best; say whether the option can feed it."""
        plan = self._plan_of(builder, tree, pipe_edge)
        if plan.output_mw > self.capacity_mw * (1 + 1e-9):
            return False
        if plan.zones and (self.best is None or plan.worth_mwh > self.best.worth_mwh):
            self.best = plan
        return True

    def _plan_of(self, builder: TreeBuilder, tree: RootedTree, pipe_edge: IntArray) -> SitePlan:
        """Return a tree with its true flows, and what it is worth."""
        tables, network = self.tables, builder.network
        base = np.zeros(len(tables.zone))
        np.add.at(base, network.at[tree.served] - tables.nodes, builder.demand[tree.served])
        taken = np.flatnonzero(base > 0)
        need = np.zeros(network.nodes)
        np.add.at(need, tables.zone_node[taken], base[taken] + tables.zone_loss_mw[taken])
        capex = float(tables.zone_cost_eur[taken].sum())
        by, pipes = _hung(builder, tree), dict[tuple[int, int], float]()
        edges = tables.problem.edges
        for node in builder.nodes_of(tree)[:0:-1].tolist():
            arc = int(builder.into.order[by[node]])
            if arc >= len(pipe_edge) or need[node] <= 0:
                continue
            e = int(tables.edge[pipe_edge[arc]])
            entering, size = entering_flow(edges[e], float(need[node]))
            linear = edges[e].cost_eur + edges[e].cost_per_mw_eur * entering
            capex += linear if size is None else size.cost_eur
            pipes[e, int(network.tail[arc])] = entering
            need[network.tail[arc]] += entering
        output = float(need[tables.option_node[0]])
        capex += float(tables.option_cost_eur[0] + tables.option_slope_eur[0] * output)
        heat = float(tables.curves.heat_at(base)[taken].sum())
        zones = {int(tables.zone[i]): float(base[i]) for i in taken}
        return SitePlan(self.option, pipes, zones, output, heat, capex, heat - self.price * capex)


def _hung(builder: TreeBuilder, tree: RootedTree) -> IntArray:
    """Return the arc by which each node hangs on a tree, as a position among arcs by head."""
    by = np.full(builder.network.nodes, -1, dtype=np.int64)
    by[builder.network.head[tree.arcs]] = builder.place[tree.arcs]
    return by
