"""State what every plan must respect: one inequality of FORMULATION.md in each function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

import pulp

from siting.model.data import ModelData
from siting.model.variables import Variables

__all__ = [
    "constraint_annual_balance",
    "constraint_annual_output",
    "constraint_annual_pipe_capacity",
    "constraint_base_within_peak",
    "constraint_budget",
    "constraint_directed_cut",
    "constraint_heat_balance",
    "constraint_heat_balance_by_source",
    "constraint_installed_capacity",
    "constraint_load_duration",
    "constraint_mandatory_site",
    "constraint_minimum_heat",
    "constraint_number_of_sites",
    "constraint_number_of_zones",
    "constraint_one_option",
    "constraint_one_trench",
    "constraint_pipe_capacity",
    "constraint_pipe_capacity_by_source",
    "constraint_pipe_is_fed",
    "constraint_pipe_leads_on",
    "constraint_zone_is_reached",
    "linear",
]

Terms = list[tuple[pulp.LpVariable, float]]


def linear(
    terms: Iterable[tuple[pulp.LpVariable, float]], constant: float = 0.0
) -> pulp.LpAffineExpression:
    """Return a linear expression; equal variables are added up."""
    total: dict[pulp.LpVariable, float] = {}
    for variable, factor in terms:
        total[variable] = total.get(variable, 0.0) + factor
    make = getattr(pulp.LpAffineExpression, "from_list", pulp.LpAffineExpression)  # PuLP 4, else 3
    return make(list(total.items())) + constant


def _built(v: Variables, data: ModelData, arcs: Iterable[int], factor: float = 1.0) -> Terms:
    """Return the yes-no terms of some arcs, over all their pieces."""
    return [(v.pipe[a, p], factor) for a in arcs for p in range(len(data.arcs[a].pieces))]


def constraint_one_option(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """Each site uses at most one option, and each exclusion group at most one site."""
    families: dict[str, list[int]] = defaultdict(list)
    for k, each in enumerate(data.options):
        group = data.problem.sites[each.site].group
        families[f"s{each.site}"].append(k)
        if group is not None:
            families[f"group {group}"].append(k)
    for position, members in enumerate(families.values()):
        if len(members) > 1:
            model += linear((v.open[k], 1) for k in members) <= 1, f"one_option_{position}"


def constraint_installed_capacity(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """What is installed at a site is at most what its opened option can give."""
    for k, each in enumerate(data.options):
        most = each.capacity_mw / data.scale.power_mw
        model += linear([(v.installed[k], 1), (v.open[k], -most)]) <= 0, f"installed_capacity_{k}"


def constraint_one_trench(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """Each edge carries at most one pipe: one direction, one size."""
    for e, arcs in data.arcs_of_edge.items():
        terms = _built(v, data, arcs)
        if len(terms) > 1:
            model += linear(terms) <= 1, f"one_trench_e{e}"


def _carried(v: Variables, data: ModelData, a: int, factor: float = 1.0) -> Terms:
    """Return the flow terms of an arc, over all sources."""
    return [(v.flow[a, c], factor) for c in range(len(data.sources))]


def constraint_pipe_capacity(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """The flow entering a pipe, from all sources together, is at most what its size carries."""
    unit = data.scale.power_mw
    for a, arc in enumerate(data.arcs):
        terms = _carried(v, data, a)
        terms += [(v.pipe[a, p], -piece.high_mw / unit) for p, piece in enumerate(arc.pieces)]
        model += linear(terms) <= 0, f"pipe_capacity_a{a}"


def constraint_pipe_capacity_by_source(
    model: pulp.LpProblem, data: ModelData, v: Variables
) -> None:
    """A pipe carries from one source at most what the source gives, however large the pipe is.

    It follows from the two capacities. Without it a relaxed plan lays a sliver of a pipe so large
    that only several sources together could fill it, which is cheap because pipe costs are concave.
    """
    unit = data.scale.power_mw
    if len(data.sources) < 2:
        return
    for a, arc in enumerate(data.arcs):
        for c, source in enumerate(data.sources):
            terms: Terms = [(v.flow[a, c], 1.0)]
            for p, piece in enumerate(arc.pieces):
                terms.append((v.pipe[a, p], -min(piece.high_mw, source.capacity_mw) / unit))
            model += linear(terms) <= 0, f"pipe_capacity_by_source_a{a}_c{c}"


def constraint_heat_balance(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """At each node and full base load, heat arriving and fed in equals heat leaving and granted."""
    unit = data.scale.power_mw
    for n in data.busy_nodes:
        terms: Terms = [(v.installed[k], 1) for k in data.options_at.get(n, ())]
        for a in data.arcs_in.get(n, ()):
            pieces = data.arcs[a].pieces
            terms += _carried(v, data, a, 1 - pieces[0].loss_per_mw)
            terms += [(v.pipe[a, p], -piece.loss_mw / unit) for p, piece in enumerate(pieces)]
        for a in data.arcs_out.get(n, ()):
            terms += _carried(v, data, a, -1)
        for z in data.zones_at.get(n, ()):
            zone = data.zone(z)
            granted = 0.0 if z in v.base else zone.peak_mw
            terms.append((v.connect[z], -(granted + zone.loss_mw) / unit))
            if z in v.base:
                terms.append((v.base[z], -1))
        model += linear(terms) == 0, f"heat_balance_n{n}"


def constraint_heat_balance_by_source(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """At each node, no more heat of one source leaves than arrives and is fed in there.

    What is missing is granted to zones or lost; the balance over all sources counts it.
    """
    if len(data.sources) < 2:
        return
    for c, source in enumerate(data.sources):
        for n in data.busy_nodes:
            terms: Terms = [
                (v.installed[k], 1) for k in data.options_at.get(n, ()) if k in source.options
            ]
            terms += [(v.flow[a, c], 1) for a in data.arcs_in.get(n, ())]
            terms += [(v.flow[a, c], -1) for a in data.arcs_out.get(n, ())]
            model += linear(terms) >= 0, f"heat_balance_by_source_n{n}_c{c}"


def constraint_base_within_peak(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """A zone is granted base capacity only if connected, and at most its peak."""
    for z, base in v.base.items():
        peak = data.zone(z).peak_mw / data.scale.power_mw
        model += linear([(base, 1), (v.connect[z], -peak)]) <= 0, f"base_within_peak_z{z}"


def constraint_load_duration(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """Base heat lies under each straight piece of the zone's load-duration curve."""
    power, energy = data.scale.power_mw, data.scale.heat_mwh
    for z, heat in v.heat.items():
        zone = data.zone(z)
        points = zone.load_curve
        for i, ((q0, h0), (q1, h1)) in enumerate(pairwise(points)):
            slope = (h1 - h0) / (q1 - q0)
            constant = h0 - slope * q0
            per_power = zone.heat_mwh / energy * slope / (zone.peak_mw / power)
            model += (
                linear(
                    [
                        (heat, 1),
                        (v.base[z], -per_power),
                        (v.connect[z], -zone.heat_mwh / energy * constant),
                    ]
                )
                <= 0,
                f"load_duration_z{z}_{i}",
            )


def constraint_zone_is_reached(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """A connected zone has a pipe arriving at its node, or an open site there."""
    for n, zones in data.zones_at.items():
        reach = _built(v, data, data.arcs_in.get(n, ()), -1)
        reach += [(v.open[k], -1) for k in data.options_at.get(n, ())]
        for z in zones:
            model += linear([(v.connect[z], 1), *reach]) <= 0, f"zone_is_reached_z{z}"


def constraint_pipe_is_fed(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """A pipe leaves a node only if another pipe arrives there, or a site there is open."""
    for a, arc in enumerate(data.arcs):
        feeders = [b for b in data.arcs_in.get(arc.tail, ()) if data.arcs[b].edge != arc.edge]
        terms = _built(v, data, [a]) + _built(v, data, feeders, -1)
        terms += [(v.open[k], -1) for k in data.options_at.get(arc.tail, ())]
        model += linear(terms) <= 0, f"pipe_is_fed_a{a}"


def constraint_pipe_leads_on(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """A pipe arrives at a node only if another one leaves it, or a zone there is connected.

    No plan loses by this, since a pipe that ends blind only costs; it tightens the relaxation.
    """
    for a, arc in enumerate(data.arcs):
        onward = [b for b in data.arcs_out.get(arc.head, ()) if data.arcs[b].edge != arc.edge]
        terms = _built(v, data, [a]) + _built(v, data, onward, -1)
        terms += [(v.connect[z], -1) for z in data.zones_at.get(arc.head, ())]
        model += linear(terms) <= 0, f"pipe_leads_on_a{a}"


def constraint_mandatory_site(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """A mandatory site is opened with one of its options."""
    for s, site in enumerate(data.problem.sites):
        if site.mandatory:
            terms = [(v.open[k], 1) for k, each in enumerate(data.options) if each.site == s]
            model += linear(terms) >= 1, f"mandatory_site_s{s}"


def constraint_number_of_sites(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """The number of open sites lies within the limits."""
    limits = data.problem.limits
    total = linear((variable, 1) for variable in v.open.values())
    if limits.max_sites is not None:
        model += total <= limits.max_sites, "number_of_sites_most"
    if limits.min_sites:
        model += total >= limits.min_sites, "number_of_sites_least"


def constraint_number_of_zones(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """At least the wanted number of zones is connected."""
    least = data.problem.limits.min_zones
    if least:
        total = linear((variable, 1) for variable in v.connect.values())
        model += total >= least, "number_of_zones_least"


def constraint_budget(
    model: pulp.LpProblem, data: ModelData, capex: pulp.LpAffineExpression
) -> None:
    """The investment stays within the budget."""
    budget = data.problem.limits.budget_eur
    if budget is not None:
        model += capex <= budget / data.scale.cost_eur, "budget"


def constraint_minimum_heat(
    model: pulp.LpProblem, data: ModelData, heat: pulp.LpAffineExpression
) -> None:
    """At least the wanted heat is delivered."""
    least = data.problem.limits.min_heat_mwh
    if least:
        model += heat >= least / data.scale.heat_mwh, "minimum_heat"


def constraint_annual_balance(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """Over the year, heat arriving and fed in at a node equals heat leaving, used and lost."""
    hours = data.problem.hours_per_a * data.scale.power_mw / data.scale.heat_mwh
    unit, energy = data.scale.power_mw, data.scale.heat_mwh
    for n in data.busy_nodes:
        terms: Terms = [(v.annual_source[k], 1) for k in data.options_at.get(n, ())]
        terms += [(v.annual_flow[a], -1) for a in data.arcs_out.get(n, ())]
        for a in data.arcs_in.get(n, ()):
            terms.append((v.annual_flow[a], 1))
            pieces = data.arcs[a].pieces
            terms += _carried(v, data, a, -hours * pieces[0].loss_per_mw)
            for p, piece in enumerate(pieces):
                terms.append((v.pipe[a, p], -hours * piece.loss_mw / unit))
        for z in data.zones_at.get(n, ()):
            zone = data.zone(z)
            used = 0.0 if z in v.heat else zone.heat_mwh / energy
            terms.append((v.connect[z], -used - hours * zone.loss_mw / unit))
            if z in v.heat:
                terms.append((v.heat[z], -1))
        model += linear(terms) == 0, f"annual_balance_n{n}"


def constraint_annual_pipe_capacity(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """Over the year a pipe carries at most what its size carries in every hour."""
    hours = data.problem.hours_per_a / data.scale.heat_mwh
    for a, arc in enumerate(data.arcs):
        terms: Terms = [(v.annual_flow[a], 1.0)]
        terms += [(v.pipe[a, p], -hours * piece.high_mw) for p, piece in enumerate(arc.pieces)]
        model += linear(terms) <= 0, f"annual_pipe_capacity_a{a}"


def constraint_pipe_covers_its_loss(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """What a built pipe loses enters at its own beginning, at full base load."""
    for a, arc in enumerate(data.arcs):
        terms = _carried(v, data, a, 1 - arc.pieces[0].loss_per_mw)
        lost = [(v.pipe[a, p], -x.loss_mw / data.scale.power_mw) for p, x in enumerate(arc.pieces)]
        if any(factor for _, factor in lost):
            model += linear([*terms, *lost]) >= 0, f"pipe_covers_its_loss_a{a}"


def constraint_annual_output(model: pulp.LpProblem, data: ModelData, v: Variables) -> None:
    """Over the year a site feeds in at most what is installed there, in every hour."""
    hours = data.problem.hours_per_a * data.scale.power_mw / data.scale.heat_mwh
    for k, source in v.annual_source.items():
        model += linear([(source, 1), (v.installed[k], -hours)]) <= 0, f"annual_output_o{k}"


def constraint_directed_cut(
    model: pulp.LpProblem,
    v: Variables,
    data: ModelData,
    cut: tuple[list[int], list[int], int],
    name: str,
) -> None:
    """A connected zone beyond a cut needs a pipe across it, or an open site on its side."""
    arcs, options, z = cut
    terms = _built(v, data, arcs) + [(v.open[k], 1) for k in options]
    model += linear([*terms, (v.connect[z], -1)]) >= 0, f"directed_cut_{name}"
