"""Create the decisions of the model, named as in FORMULATION.md."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulp

from siting.model.data import ModelData

__all__ = ["Variables", "create_variables"]


@dataclass
class Variables:
    """All decisions, keyed by position.

    ``open`` and ``installed`` by option, ``pipe`` by arc and piece, ``flow`` by arc and source,
    the others by zone or arc. ``open``, ``pipe`` and ``connect`` are yes or no; ``installed``,
    ``flow`` and ``base`` are in scaled power; ``heat``, ``annual_flow`` and ``annual_source`` in
    scaled heat. Zones without a load curve have neither ``base`` nor ``heat``: both follow from
    ``connect``.
    """

    open: dict[int, pulp.LpVariable] = field(default_factory=dict)
    installed: dict[int, pulp.LpVariable] = field(default_factory=dict)
    pipe: dict[tuple[int, int], pulp.LpVariable] = field(default_factory=dict)
    flow: dict[tuple[int, int], pulp.LpVariable] = field(default_factory=dict)
    connect: dict[int, pulp.LpVariable] = field(default_factory=dict)
    base: dict[int, pulp.LpVariable] = field(default_factory=dict)
    heat: dict[int, pulp.LpVariable] = field(default_factory=dict)
    annual_flow: dict[int, pulp.LpVariable] = field(default_factory=dict)
    annual_source: dict[int, pulp.LpVariable] = field(default_factory=dict)


def create_variables(model: pulp.LpProblem, data: ModelData, *, annual: bool) -> Variables:
    """Add all decisions to a PuLP problem; ``annual`` adds the annual heat flows."""
    variables = Variables()
    variable_open_and_installed(model, data, variables)
    variable_pipe_and_flow(model, data, variables)
    variable_connect_base_and_heat(model, data, variables)
    if annual:
        variable_annual_heat(model, data, variables)
    return variables


def variable_open_and_installed(model: pulp.LpProblem, data: ModelData, out: Variables) -> None:
    """Add for each option of a site: is it opened, and how much heat output is installed."""
    for k, each in enumerate(data.options):
        name = f"s{each.site}_o{k}"
        out.open[k] = model.add_variable(f"open_{name}", 0, 1, cat="Binary")
        most = each.capacity_mw / data.scale.power_mw
        out.installed[k] = model.add_variable(f"installed_{name}", 0, most)


def variable_pipe_and_flow(model: pulp.LpProblem, data: ModelData, out: Variables) -> None:
    """Add for each arc: is the pipe built, in which size, and the flow from each source."""
    for a, arc in enumerate(data.arcs):
        for p in range(len(arc.pieces)):
            out.pipe[a, p] = model.add_variable(f"pipe_e{arc.edge}_a{a}_p{p}", 0, 1, cat="Binary")
        highest = max(piece.high_mw for piece in arc.pieces)
        for c, source in enumerate(data.sources):
            most = min(highest, source.capacity_mw) / data.scale.power_mw
            out.flow[a, c] = model.add_variable(f"flow_e{arc.edge}_a{a}_c{c}", 0, most)


def variable_connect_base_and_heat(model: pulp.LpProblem, data: ModelData, out: Variables) -> None:
    """Add for each zone: is it connected, the base capacity granted and the base heat it gets."""
    for z in data.zones:
        zone = data.zone(z)
        least = 1 if zone.mandatory else 0
        out.connect[z] = model.add_variable(f"connect_z{z}", least, 1, cat="Integer")
        if zone.load_curve:
            peak = zone.peak_mw / data.scale.power_mw
            out.base[z] = model.add_variable(f"base_z{z}", 0, peak)
            most = zone.heat_mwh * zone.load_curve[-1][1] / data.scale.heat_mwh
            out.heat[z] = model.add_variable(f"heat_z{z}", 0, most)


def variable_annual_heat(model: pulp.LpProblem, data: ModelData, out: Variables) -> None:
    """Add annual heat flows; needed only where sites differ in their running cost."""
    for a in range(len(data.arcs)):
        out.annual_flow[a] = model.add_variable(f"annual_flow_a{a}", 0, None)
    for k in range(len(data.options)):
        out.annual_source[k] = model.add_variable(f"annual_source_o{k}", 0, None)
