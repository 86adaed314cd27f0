"""State what a built network does after a change: one inequality of FUTURE.md in each function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pulp

from siting.future.design import Design
from siting.future.types import Scenario
from siting.model.constraints import Terms, linear

__all__ = ["State", "write_state"]

FORTH, BACK = "forth", "back"


@dataclass
class State:
    """Decisions in one scenario, keyed by position.

    ``flow`` and ``warm_flow`` by edge and way: all heat, and the part from data centres. ``off`` by
    edge: the pipe is shut. ``output`` by option, ``used`` and ``bought`` by replacement. By zone:
    ``served`` (share of its customers), ``base`` and ``own_base`` (power granted, and the part from
    data centres), ``heat`` and ``own_heat``. ``aided`` by node: losses covered by replacement.
    ``energy`` by replacement over the year. ``own_*`` and ``energy`` exist only in states that are
    ``weighed`` and can buy heat. ``usual`` is heat that goes on as ever, on top of ``heat``; only
    an outline has some.
    """

    position: int
    scenario: Scenario
    weighed: bool
    can_buy: bool
    flow: dict[tuple[int, str], pulp.LpVariable] = field(default_factory=dict)
    own_flow: dict[tuple[int, str], pulp.LpVariable] = field(default_factory=dict)
    off: dict[int, pulp.LpVariable] = field(default_factory=dict)
    loss: dict[int, pulp.LpVariable] = field(default_factory=dict)
    output: dict[int, pulp.LpVariable] = field(default_factory=dict)
    used: dict[int, pulp.LpVariable] = field(default_factory=dict)
    bought: dict[int, pulp.LpVariable] = field(default_factory=dict)
    served: dict[int, pulp.LpVariable] = field(default_factory=dict)
    base: dict[int, pulp.LpVariable] = field(default_factory=dict)
    heat: dict[int, pulp.LpVariable] = field(default_factory=dict)
    own_base: dict[int, pulp.LpVariable] = field(default_factory=dict)
    own_heat: dict[int, pulp.LpVariable] = field(default_factory=dict)
    aided: dict[int, pulp.LpVariable] = field(default_factory=dict)
    energy: dict[int, pulp.LpVariable] = field(default_factory=dict)
    usual: Terms = field(default_factory=list)

    @property
    def is_split(self) -> bool:
        """Whether heat of data centres is told from replacement."""
        return self.weighed and self.can_buy


def write_state(model: pulp.LpProblem, design: Design, state: State) -> State:
    """Add the variables and rows of one scenario to the program of a design."""
    variable_state(model, design, state)
    constraint_state_output(model, design, state)
    constraint_state_replacement(model, design, state)
    constraint_state_pipe(model, design, state)
    constraint_state_loss(model, design, state)
    constraint_state_balance(model, design, state)
    constraint_state_zone(model, design, state)
    constraint_state_no_more(model, design, state)
    constraint_state_kept(model, design, state)
    if state.is_split:
        constraint_state_own_balance(model, design, state)
        constraint_state_own_part(model, design, state)
        constraint_state_energy(model, design, state)
    return state


def variable_state(model: pulp.LpProblem, design: Design, s: State) -> None:
    """Add flows both ways, shut pipes, output, replacement, and what zones get."""
    w, data = f"w{s.position}", design.data
    for e in design.edges:
        for way in design.ways(e):
            s.flow[e, way] = model.add_variable(f"{w}_flow_e{e}_{way}", 0)
            if s.is_split:
                s.own_flow[e, way] = model.add_variable(f"{w}_own_flow_e{e}_{way}", 0)
        if design.most_loss_mw(e) > 0:
            s.off[e] = model.add_variable(f"{w}_off_e{e}", 0, 1, cat="Binary")
            s.loss[e] = model.add_variable(f"{w}_loss_e{e}", 0)
    for k in range(len(data.options)):
        s.output[k] = model.add_variable(f"{w}_output_o{k}", 0)
    for r in design.replacements:
        most = 0 if s.scenario.gains else None
        s.used[r] = model.add_variable(f"{w}_used_r{r}", 0, most)
        if not (s.scenario.sudden or s.scenario.gains):
            s.bought[r] = model.add_variable(f"{w}_bought_r{r}", 0)
        if s.is_split:
            s.energy[r] = model.add_variable(f"{w}_energy_r{r}", 0)
    for z in data.zones:
        s.served[z] = model.add_variable(f"{w}_served_z{z}", 0, 1)
        s.base[z] = model.add_variable(f"{w}_base_z{z}", 0)
        s.heat[z] = model.add_variable(f"{w}_heat_z{z}", 0)
        if s.is_split:
            s.own_base[z] = model.add_variable(f"{w}_own_base_z{z}", 0)
            s.own_heat[z] = model.add_variable(f"{w}_own_heat_z{z}", 0)
    if s.is_split:
        for n in design.nodes:
            s.aided[n] = model.add_variable(f"{w}_aided_n{n}", 0)


def constraint_state_output(model: pulp.LpProblem, design: Design, s: State) -> None:
    """A site gives at most what the scenario leaves of its installed output."""
    for k, each in enumerate(design.data.options):
        factor = s.scenario.output.get(design.data.problem.sites[each.site].id, 1.0)
        installed = (design.v.installed[k], -factor)
        row = linear([(s.output[k], 1), installed, (design.reserve[k], -factor)])
        model += row <= 0, f"w{s.position}_output_o{k}"


def constraint_state_replacement(model: pulp.LpProblem, design: Design, s: State) -> None:
    """Replacement gives at most what stands ready and what is bought, and its place allows."""
    for r, place in design.replacements.items():
        terms: Terms = [(s.used[r], 1), (design.standby[r], -1)]
        terms += [(s.bought[r], -1)] if r in s.bought else []
        model += linear(terms) <= 0, f"w{s.position}_replacement_r{r}"
        most = place.capacity_mw
        if r in s.bought and most is not None:
            both = linear([(s.bought[r], 1), (design.standby[r], 1)])
            model += both <= most / design.power_mw, f"w{s.position}_replacement_most_r{r}"


def constraint_state_pipe(model: pulp.LpProblem, design: Design, s: State) -> None:
    """What enters a pipe, whichever way, is at most what the built pipe carries."""
    for e in design.edges:
        flows: Terms = [(s.flow[e, way], 1) for way in design.ways(e)]
        entering = [*flows, *([(s.loss[e], 0.5)] if e in s.loss else [])]
        room = [(x, -each.high_mw / design.power_mw) for each, x in design.built(e)]
        model += linear([*entering, *room]) <= 0, f"w{s.position}_pipe_e{e}"
        if e in design.wider:
            sized = [(x, -1.0) for x in design.base_flow(e)]
            sized.append((design.wider[e], -1.0))
            model += linear([*entering, *sized]) <= 0, f"w{s.position}_pipe_sized_e{e}"


def constraint_state_loss(model: pulp.LpProblem, design: Design, s: State) -> None:
    """A built pipe loses heat, and no more than that, unless it is shut and carries nothing.

    Heat that could be dumped as a loss would not be there when the plan is read.
    """
    unit = design.power_mw
    for e, off in s.off.items():
        loss: Terms = [(s.loss[e], -1), (off, -design.most_loss_mw(e) / unit)]
        loss += [(x, each.loss_mw / unit) for each, x in design.built(e)]
        model += linear(loss) <= 0, f"w{s.position}_loss_e{e}"
        built: Terms = [(x, -each.loss_mw / unit) for each, x in design.built(e)]
        model += linear([(s.loss[e], 1), *built]) <= 0, f"w{s.position}_loss_most_e{e}"
        lost = design.most_loss_mw(e) / unit
        model += linear([(s.loss[e], 1), (off, lost)]) <= lost, f"w{s.position}_loss_shut_e{e}"
        most = design.most_flow_mw(e) / unit
        shut = linear([*((s.flow[e, way], 1) for way in design.ways(e)), (off, most)])
        model += shut <= most, f"w{s.position}_shut_e{e}"


def _moved(
    design: Design, s: State, flow: dict[tuple[int, str], pulp.LpVariable]
) -> dict[int, Terms]:
    """Return, by node, what pipes bring and take; half of a pipe's loss is taken at each end."""
    terms: dict[int, Terms] = defaultdict(list)
    for e in design.edges:
        u, v = design.ends(e)
        kept = 1 - design.loss_share(e)
        for way in design.ways(e):
            tail, head = (u, v) if way == FORTH else (v, u)
            terms[tail].append((flow[e, way], -1.0))
            terms[head].append((flow[e, way], kept))
        if e in s.loss:
            terms[u].append((s.loss[e], -0.5))
            terms[v].append((s.loss[e], -0.5))
    return terms


def constraint_state_balance(model: pulp.LpProblem, design: Design, s: State) -> None:
    """At each node, heat given, replaced and arriving equals heat leaving, granted and lost."""
    moved = _moved(design, s, s.flow)
    for n in design.nodes:
        terms = list(moved[n])
        terms += [(s.output[k], 1.0) for k in design.data.options_at.get(n, ())]
        terms += [(s.used[r], 1.0) for r in design.replacements_at(n)]
        for z in design.data.zones_at.get(n, ()):
            lost = design.data.zone(z).loss_mw / design.power_mw
            terms += [(s.base[z], -1.0), (s.served[z], -lost)]
        model += linear(terms) == 0, f"w{s.position}_balance_n{n}"


def constraint_state_zone(model: pulp.LpProblem, design: Design, s: State) -> None:
    """A zone serves customers that were connected; its heat lies under its load curve."""
    for z, served in s.served.items():
        w = f"w{s.position}"
        connect = design.v.connect[z]
        peak = design.data.zone(z).peak_mw / design.power_mw
        model += linear([(served, 1), (connect, -1)]) <= 0, f"{w}_served_z{z}"
        granted = linear([(s.base[z], 1), (served, -peak)])
        if design.data.zone(z).load_curve:
            model += granted <= 0, f"{w}_base_z{z}"
        else:
            model += granted == 0, f"{w}_base_z{z}"
        for i, (slope, constant) in enumerate(_lines(design, z)):
            row = linear([(s.heat[z], 1), (s.base[z], -slope), (served, -constant)])
            model += row <= 0, f"{w}_heat_z{z}_{i}"


def _lines(design: Design, z: int) -> Iterator[tuple[float, float]]:
    """Yield the straight pieces of a zone's heat over base power, scaled."""
    zone = design.data.zone(z)
    heat, peak = zone.heat_mwh / design.heat_mwh, zone.peak_mw / design.power_mw
    if not zone.load_curve:
        yield 0.0, heat
        return
    for (q0, h0), (q1, h1) in pairwise(zone.load_curve):
        slope = (h1 - h0) / (q1 - q0)
        yield heat * slope / peak, heat * (h0 - slope * q0)


def constraint_state_no_more(model: pulp.LpProblem, design: Design, s: State) -> None:
    """Where no source grows, no zone is granted more than before: heat is replaced, not added."""
    if s.scenario.grows:
        return
    for z, base in design.v.base.items():
        row = linear([(s.base[z], 1), (base, -1)])
        model += row <= 0, f"w{s.position}_no_more_z{z}"


def constraint_state_kept(model: pulp.LpProblem, design: Design, s: State) -> None:
    """Every connected zone keeps the wanted share of its customers and of its base capacity."""
    kept = s.scenario.kept
    if kept <= 0:
        return
    for z, served in s.served.items():
        w = f"w{s.position}"
        row = linear([(served, 1), (design.v.connect[z], -kept)])
        model += row >= 0, f"{w}_kept_z{z}"
        if z in design.v.base:
            power = linear([(s.base[z], 1), (design.v.base[z], -kept)])
            model += power >= 0, f"{w}_kept_base_z{z}"


def constraint_state_own_balance(model: pulp.LpProblem, design: Design, s: State) -> None:
    """At each node the same balance holds for heat of data centres; replacement aids the losses."""
    moved = _moved(design, s, s.own_flow)
    for n in design.nodes:
        terms = list(moved[n])
        terms += [(s.output[k], 1.0) for k in design.data.options_at.get(n, ())]
        lost: Terms = [(s.loss[e], 0.5) for e in design.edges_at(n) if e in s.loss]
        for z in design.data.zones_at.get(n, ()):
            service = design.data.zone(z).loss_mw / design.power_mw
            terms += [(s.own_base[z], -1.0), (s.served[z], -service)]
            lost.append((s.served[z], service))
        model += linear([*terms, (s.aided[n], 1.0)]) == 0, f"w{s.position}_own_balance_n{n}"
        aid = linear([(s.aided[n], 1.0), *((x, -f) for x, f in lost)])
        model += aid <= 0, f"w{s.position}_aided_n{n}"


def constraint_state_own_part(model: pulp.LpProblem, design: Design, s: State) -> None:
    """Heat of data centres is a part of all heat, at the bottom of the load curve."""
    w = f"w{s.position}"
    for key, own in s.own_flow.items():
        row = linear([(own, 1), (s.flow[key], -1)])
        model += row <= 0, f"{w}_own_flow_e{key[0]}_{key[1]}"
    for z, own in s.own_base.items():
        zone = design.data.zone(z)
        model += linear([(own, 1), (s.base[z], -1)]) <= 0, f"{w}_own_base_z{z}"
        model += linear([(s.own_heat[z], 1), (s.heat[z], -1)]) <= 0, f"{w}_own_heat_z{z}"
        if zone.load_curve:
            pieces = list(_lines(design, z))
        elif zone.peak_mw > 0:
            pieces = [(zone.heat_mwh / design.heat_mwh / (zone.peak_mw / design.power_mw), 0.0)]
        else:
            pieces = []
        for i, (slope, constant) in enumerate(pieces):
            row = linear([(s.own_heat[z], 1), (own, -slope), (s.served[z], -constant)])
            model += row <= 0, f"{w}_own_heat_z{z}_{i}"


def constraint_state_energy(model: pulp.LpProblem, design: Design, s: State) -> None:
    """Replacement gives the heat and the losses of the year that data centres do not give."""
    hours = design.hours
    terms: Terms = [(x, 1.0) for x in s.energy.values()]
    terms += [(x, -1.0) for x in s.heat.values()]
    terms += [(x, 1.0) for x in s.own_heat.values()]
    terms += [(x, -hours) for x in s.aided.values()]
    for key, own in s.own_flow.items():
        share = design.loss_share(key[0])
        if share:
            terms += [(s.flow[key], -hours * share), (own, hours * share)]
    model += linear(terms) == 0, f"w{s.position}_energy"
    for r, energy in s.energy.items():
        row = linear([(energy, 1), (s.used[r], -hours)])
        model += row <= 0, f"w{s.position}_energy_r{r}"
