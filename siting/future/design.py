"""Hold what is built now: the base model with spare pipes and standby plants beside it."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace

import pulp

from siting.future.types import Departures, Replacement
from siting.model import Model, build_model
from siting.model.constraints import Terms, linear
from siting.model.data import ModelData, flow_limit, most_demand, supply_limit
from siting.model.pieces import Piece, edge_pieces
from siting.model.variables import Variables

__all__ = ["Design", "write_design"]


@dataclass
class Design:
    """The base model of a problem, and what is built beside it for the sake of scenarios.

    ``spare`` by edge and piece: a pipe that carries nothing as long as nothing changes. ``wider``
    by edge: how much more than its base flow a linear pipe is sized for. ``reserve`` by option:
    output installed beyond what is fed in now. ``standby`` by replacement: output that stands ready
    from the start.
    """

    model: Model
    case: Departures
    edges: tuple[int, ...]
    nodes: tuple[int, ...]
    replacements: dict[int, Replacement]
    pieces: dict[int, tuple[Piece, ...]]
    spare: dict[tuple[int, int], pulp.LpVariable] = field(default_factory=dict)
    wider: dict[int, pulp.LpVariable] = field(default_factory=dict)
    reserve: dict[int, pulp.LpVariable] = field(default_factory=dict)
    standby: dict[int, pulp.LpVariable] = field(default_factory=dict)
    at: dict[int, list[int]] = field(default_factory=dict)
    ends_of: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def data(self) -> ModelData:
        """Sets and scaled numbers of the base model."""
        return self.model.data

    @property
    def v(self) -> Variables:
        """Decisions of the base model."""
        return self.model.variables

    @property
    def power_mw(self) -> float:
        """What a unit of power in the model is worth [MW]."""
        return self.data.scale.power_mw

    @property
    def heat_mwh(self) -> float:
        """What a unit of heat in the model is worth [MWh]."""
        return self.data.scale.heat_mwh

    @property
    def hours(self) -> float:
        """Scaled heat of a year for each scaled power that is lost all year round."""
        return self.data.problem.hours_per_a * self.power_mw / self.heat_mwh

    def ends(self, e: int) -> tuple[int, int]:
        """Return the positions of the two ends of an edge."""
        return self.ends_of[e]

    def edges_at(self, n: int) -> list[int]:
        """Return the edges that end at a node."""
        return self.at.get(n, [])

    def ways(self, e: int) -> tuple[str, ...]:
        """Return the ways in which heat may flow through an edge."""
        return ("forth",) if self.data.problem.edges[e].one_way else ("forth", "back")

    def built(self, e: int) -> list[tuple[Piece, pulp.LpVariable]]:
        """Return what may be built in an edge, whichever way it is used."""
        found = []
        for p, piece in enumerate(self.pieces[e]):
            arcs = self.data.arcs_of_edge.get(e, ())
            found += [(piece, self.v.pipe[a, p]) for a in arcs if p < len(self.data.arcs[a].pieces)]
            if (e, p) in self.spare:
                found.append((piece, self.spare[e, p]))
        return found

    def base_flow(self, e: int) -> list[pulp.LpVariable]:
        """Return the flows of an edge as long as nothing changes."""
        sources = range(len(self.data.sources))
        return [self.v.flow[a, c] for a in self.data.arcs_of_edge.get(e, ()) for c in sources]

    def most_loss_mw(self, e: int) -> float:
        """Return the most that a pipe in an edge loses [MW]."""
        return max(piece.loss_mw for piece in self.pieces[e])

    def most_flow_mw(self, e: int) -> float:
        """Return the most that a pipe in an edge carries [MW]."""
        return max(piece.high_mw for piece in self.pieces[e])

    def most_ready_mw(self, k: int) -> float:
        """Return the most that an option may have installed, what it feeds in now and its reserve.

        Where a scenario leaves a share of it, the rest of a large reserve may carry everything.
        """
        own, limit = self.data.options[k].option.capacity_mw, self.data.flow_limit_mw
        shares = [f for s in self.case.scenarios for f in s.output.values() if 0 < f < 1]
        most = limit / min([1.0, *shares])
        return most if own is None else min(own, most)

    def loss_share(self, e: int) -> float:
        """Return the share of its flow that a pipe in an edge loses [-]."""
        return self.pieces[e][0].loss_per_mw

    def replacements_at(self, n: int) -> list[int]:
        """Return the replacements at a node."""
        name = self.data.problem.nodes[n]
        return [r for r, each in self.replacements.items() if each.node == name]

    def euro_terms(self) -> Terms:
        """Return the investment that comes on top of the base plan's, scaled."""
        unit, power = self.data.scale.cost_eur, self.power_mw
        terms: Terms = [(x, self.pieces[e][p].cost_eur / unit) for (e, p), x in self.spare.items()]
        terms += [
            (x, self.pieces[e][0].cost_per_mw_eur * power / unit) for e, x in self.wider.items()
        ]
        terms += [
            (x, self.data.options[k].option.cost_per_mw_eur * power / unit)
            for k, x in self.reserve.items()
        ]
        terms += [
            (x, self.replacements[r].cost_per_mw_eur * power / unit)
            for r, x in self.standby.items()
        ]
        return terms


def write_design(case: Departures, *, laid: bool = True) -> Design:
    """Return the base model of a case with spare pipes and standby plants.

    Without ``laid`` no pipe serves a scenario: none is spare, and none is larger than needed now.
    """
    annual = len({case.hazards.get(site.id, 0.0) for site in case.problem.sites}) > 1
    limit = _limit_mw(case) if laid else flow_limit(case.problem)
    bare = replace(case.problem, limits=replace(case.problem.limits, budget_eur=None))
    model = build_model(bare, source_rows=False, annual=annual or None, flow_limit_mw=limit)
    data = model.data
    node_of = {name: k for k, name in enumerate(data.problem.nodes)}
    design = Design(
        model,
        case,
        edges=_usable(data, spare=case.spare_pipes) if laid and case.scenarios else (),
        nodes=(),
        replacements=dict(enumerate(case.replacements)) if case.scenarios else {},
        pieces={e: edge_pieces(edge, limit) for e, edge in enumerate(data.problem.edges)},
    )
    at: dict[int, list[int]] = defaultdict(list)
    for e in design.edges:
        edge = data.problem.edges[e]
        design.ends_of[e] = (node_of[edge.u], node_of[edge.v])
        for n in design.ends_of[e]:
            at[n].append(e)
    design.at = dict(at)
    if laid and case.scenarios:
        stands = {node_of[each.node] for each in design.replacements.values()}
        design.nodes = tuple(sorted({*data.zones_at, *data.options_at, *design.at, *stands}))
    variable_spare_and_standby(model.program, design)
    constraint_spare_trench(model.program, design)
    constraint_reserve(model.program, design)
    constraint_first_budget(model.program, design)
    return design


def _limit_mw(case: Departures) -> float:
    """Return the most that any pipe carries, now or after a change [MW]."""
    problem = case.problem
    if not case.scenarios:
        return flow_limit(problem)
    grown = max([1.0, *(f for each in case.scenarios for f in each.output.values())])
    places = [math.inf if r.capacity_mw is None else r.capacity_mw for r in case.replacements]
    return min(supply_limit(problem) * grown + math.fsum(places), most_demand(problem))


def _usable(data: ModelData, *, spare: bool) -> tuple[int, ...]:
    """Return the edges in which a pipe may lie."""
    return tuple(
        e
        for e, edge in enumerate(data.problem.edges)
        if not edge.forbidden and edge.u != edge.v and (spare or e in data.arcs_of_edge)
    )


def variable_spare_and_standby(model: pulp.LpProblem, design: Design) -> None:
    """Add spare pipes, room in linear pipes beyond their base flow, and plants that stand ready."""
    if design.case.spare_pipes:
        for e in design.edges:
            for p in range(len(design.pieces[e])):
                design.spare[e, p] = model.add_variable(f"spare_e{e}_p{p}", 0, 1, cat="Binary")
    for e in design.edges:
        piece = design.pieces[e][0]
        if piece.cost_per_mw_eur > 0:
            most = piece.high_mw / design.power_mw
            design.wider[e] = model.add_variable(f"wider_e{e}", 0, most)
    for k in range(len(design.data.options) if design.case.scenarios else 0):
        most = design.most_ready_mw(k) / design.power_mw
        design.reserve[k] = model.add_variable(f"reserve_o{k}", 0, most)
    for r, place in design.replacements.items():
        room = None if place.capacity_mw is None else place.capacity_mw / design.power_mw
        design.standby[r] = model.add_variable(f"standby_r{r}", 0, room)


def constraint_spare_trench(model: pulp.LpProblem, design: Design) -> None:
    """Each edge holds at most one pipe, in use or spare."""
    for e in design.edges if design.spare else ():
        terms = [(x, 1.0) for _, x in design.built(e)]
        model += linear(terms) <= 1, f"spare_trench_e{e}"


def constraint_reserve(model: pulp.LpProblem, design: Design) -> None:
    """What a site feeds in now and its reserve together are at most what its option can give."""
    for k, reserve in design.reserve.items():
        most = design.most_ready_mw(k) / design.power_mw
        v = design.v
        row = linear([(v.installed[k], 1), (reserve, 1), (v.open[k], -most)])
        model += row <= 0, f"reserve_o{k}"


def constraint_first_budget(model: pulp.LpProblem, design: Design) -> None:
    """All that is built now stays within the budget."""
    budget = design.case.problem.limits.budget_eur
    if budget is not None:
        total = design.model.expressions.capex + linear(design.euro_terms())
        model += total <= budget / design.data.scale.cost_eur, "first_budget"
