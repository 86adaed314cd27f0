"""Trace the heat of a year through a built network, from zones back to sites."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from siting.problem import Problem
from siting.solution import PipeFlow, Solution

__all__ = ["AnnualFlows"]


class AnnualFlows:
    """Annual heat at each node of a solution [MWh/a].

    A node needs what its zones use, plus losses of their service lines, plus what the pipes that
    leave it carry and lose.
    """

    def __init__(self, problem: Problem, solution: Solution) -> None:
        self.problem, self.solution = problem, solution
        self.hours = problem.hours_per_a
        zones = {zone.id: zone for zone in problem.zones}
        sites = {site.id: site for site in problem.sites}
        edges = {edge.id: edge for edge in problem.edges}
        self.use: dict[str, float] = defaultdict(float)
        for served in solution.zones:
            zone = zones[served.zone]
            self.use[zone.node] += served.heat_mwh + self.hours * zone.loss_mw
        self.site_node = {opened.site: sites[opened.site].node for opened in solution.sites}
        self.loss_mw: dict[str, float] = {}
        self.most_mw: dict[str, float | None] = {}
        for pipe in solution.pipes:
            edge = edges[pipe.edge]
            sized = {size.label: size.loss_mw for size in edge.sizes}
            linear = edge.loss_mw + edge.loss_per_mw * pipe.flow_mw
            self.loss_mw[pipe.edge] = sized[str(pipe.size)] if sized else linear
            carried = {size.label: size.capacity_mw for size in edge.sizes}
            self.most_mw[pipe.edge] = carried[str(pipe.size)] if sized else edge.capacity_mw

    def by_share(self) -> dict[str, float]:
        """Return the heat fed in by each site when feeders share as at full base load [MWh/a]."""
        incoming: dict[str, list[PipeFlow]] = defaultdict(list)
        for pipe in self.solution.pipes:
            incoming[pipe.to_node].append(pipe)
        here: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for opened in self.solution.sites:
            here[self.site_node[opened.site]].append((opened.site, opened.capacity_mw))
        need = dict(self.use)
        fed = {opened.site: 0.0 for opened in self.solution.sites}
        for node in self._upstream_order():
            feeders = [(site, amount) for site, amount in here.get(node, ())]
            pipes = [
                (pipe, max(pipe.flow_mw - self.loss_mw[pipe.edge], 0.0))
                for pipe in incoming.get(node, ())
            ]
            total = sum(amount for _, amount in feeders) + sum(amount for _, amount in pipes)
            wanted = need.get(node, 0.0)
            count = len(feeders) + len(pipes)
            for site, amount in feeders:
                fed[site] += wanted * (amount / total if total > 0 else 1 / count)
            for pipe, amount in pipes:
                share = amount / total if total > 0 else 1 / count
                carried = wanted * share + self.hours * self.loss_mw[pipe.edge]
                need[pipe.from_node] = need.get(pipe.from_node, 0.0) + carried
        return fed

    def _upstream_order(self) -> list[str]:
        """Return nodes so that each comes after all nodes it feeds; cycles are left out."""
        waiting: dict[str, int] = defaultdict(int)
        feeders: dict[str, list[str]] = defaultdict(list)
        nodes = dict.fromkeys([*self.use, *self.site_node.values()])
        for pipe in self.solution.pipes:
            nodes.update(dict.fromkeys((pipe.from_node, pipe.to_node)))
            waiting[pipe.from_node] += 1
            feeders[pipe.to_node].append(pipe.from_node)
        ready = [node for node in nodes if not waiting[node]]
        order = []
        while ready:
            node = ready.pop()
            order.append(node)
            for tail in feeders[node]:
                waiting[tail] -= 1
                if not waiting[tail]:
                    ready.append(tail)
        return order

    def at_least_cost(self, rate_eur_per_mwh: dict[str, float]) -> dict[str, float]:
        """Return the heat fed in by each site when the year is served at least running cost.

        A site feeds in at most its installed capacity all year round, and heat flows only along
        the built pipes in their direction.
        """
        nodes = sorted({*self.use, *self.site_node.values()} | self._pipe_ends())
        row = {node: k for k, node in enumerate(nodes)}
        pipes, sites = self.solution.pipes, self.solution.sites
        matrix = sparse.lil_array((len(nodes), len(pipes) + len(sites)))
        right = np.array([self.use.get(node, 0.0) for node in nodes])
        for k, pipe in enumerate(pipes):
            matrix[row[pipe.to_node], k] += 1
            matrix[row[pipe.from_node], k] -= 1
            right[row[pipe.to_node]] += self.hours * self.loss_mw[pipe.edge]
        for k, opened in enumerate(sites, start=len(pipes)):
            matrix[row[self.site_node[opened.site]], k] = 1
        cost = [0.0] * len(pipes) + [rate_eur_per_mwh[opened.site] for opened in sites]
        capacities = [self.most_mw[pipe.edge] for pipe in pipes]
        capacities += [opened.capacity_mw for opened in sites]
        most = [None if c is None else self.hours * c * (1 + 1e-9) + 1e-9 for c in capacities]
        answer = linprog(cost, A_eq=matrix.tocsr(), b_eq=right, bounds=[(0, each) for each in most])
        if answer.x is None:
            return self.by_share()
        values = answer.x[len(pipes) :]
        return {opened.site: max(float(v), 0.0) for opened, v in zip(sites, values, strict=True)}

    def _pipe_ends(self) -> set[str]:
        return {node for pipe in self.solution.pipes for node in (pipe.from_node, pipe.to_node)}
