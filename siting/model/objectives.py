"""Write heat, investment and value as expressions, and keep the registry of objectives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pulp

from siting.model.constraints import Terms, linear
from siting.model.data import ModelData
from siting.model.variables import Variables

__all__ = ["OBJECTIVES", "Expressions", "ObjectiveKind", "needs_annual_heat", "write_expressions"]


@dataclass(frozen=True)
class Expressions:
    """Delivered heat, investment and net value as scaled linear expressions.

    ``heat`` in scaled MWh, ``capex`` in scaled EUR, ``net_value`` in scaled EUR.
    """

    heat: pulp.LpAffineExpression
    capex: pulp.LpAffineExpression
    net_value: pulp.LpAffineExpression


@dataclass(frozen=True)
class ObjectiveKind:
    """One objective: which way is better, its unit, and its value from plain figures.

    ``value`` takes heat [MWh/a], capex [EUR] and net value [EUR].
    """

    name: str
    maximise: bool
    unit: str
    value: Callable[[float, float, float], float]


def _ratio(heat_mwh: float, capex_eur: float, net_value_eur: float) -> float:
    del net_value_eur
    if heat_mwh <= 0:
        return 0.0
    return heat_mwh * 1000 / capex_eur if capex_eur > 0 else float("inf")


OBJECTIVES: dict[str, ObjectiveKind] = {
    kind.name: kind
    for kind in (
        ObjectiveKind("heat_per_euro", True, "kWh/a per EUR", _ratio),
        ObjectiveKind("max_heat", True, "MWh/a", lambda heat, capex, net: heat),
        ObjectiveKind("capex", False, "EUR", lambda heat, capex, net: capex),
        ObjectiveKind("net_value", True, "EUR", lambda heat, capex, net: net),
    )
}


def needs_annual_heat(data: ModelData) -> bool:
    """Whether sites differ in running cost, so that annual heat must be traced to them."""
    rates = {each.option.cost_per_mwh_eur for each in data.options}
    return data.problem.objective.kind == "net_value" and len(rates) > 1


def write_expressions(data: ModelData, v: Variables) -> Expressions:
    """Return the expressions that objectives and limits are made of."""
    return Expressions(
        linear(heat_terms(data, v)), linear(capex_terms(data, v)), linear(net_value_terms(data, v))
    )


def heat_terms(data: ModelData, v: Variables) -> Terms:
    """Return the annual heat delivered to zones, scaled."""
    terms: Terms = [(variable, 1.0) for variable in v.heat.values()]
    for z, variable in v.connect.items():
        if z not in v.heat:
            terms.append((variable, data.zone(z).heat_mwh / data.scale.heat_mwh))
    return terms


def capex_terms(data: ModelData, v: Variables) -> Terms:
    """Return the investment in sites, pipes and zones, scaled."""
    unit, power = data.scale.cost_eur, data.scale.power_mw
    terms: Terms = []
    for k, each in enumerate(data.options):
        terms.append((v.open[k], each.option.cost_eur / unit))
        terms.append((v.installed[k], each.option.cost_per_mw_eur * power / unit))
    for a, arc in enumerate(data.arcs):
        for p, piece in enumerate(arc.pieces):
            terms.append((v.pipe[a, p], piece.cost_eur / unit))
        per_mw = arc.pieces[0].cost_per_mw_eur * power / unit
        if per_mw:
            terms += [(v.flow[a, c], per_mw) for c in range(len(data.sources))]
    for z, variable in v.connect.items():
        terms.append((variable, data.zone(z).cost_eur / unit))
    return terms


def net_value_terms(data: ModelData, v: Variables) -> Terms:
    """Return the value of zones and heat, less weighted investment, less running cost; scaled."""
    objective, unit, energy = data.problem.objective, data.scale.cost_eur, data.scale.heat_mwh
    terms: Terms = [
        (variable, -objective.capital_factor * factor) for variable, factor in capex_terms(data, v)
    ]
    for z, variable in v.connect.items():
        zone = data.zone(z)
        price = zone.value_eur_per_mwh + objective.heat_price_eur_per_mwh
        terms.append((variable, zone.value_eur / unit))
        if z in v.heat:
            terms.append((v.heat[z], price * energy / unit))
        else:
            terms.append((variable, price * zone.heat_mwh / unit))
    return terms + running_cost_terms(data, v)


def running_cost_terms(data: ModelData, v: Variables) -> Terms:
    """Return the running cost of the heat fed in, negative and scaled."""
    unit, energy = data.scale.cost_eur, data.scale.heat_mwh
    if v.annual_source:
        return [
            (v.annual_source[k], -each.option.cost_per_mwh_eur * energy / unit)
            for k, each in enumerate(data.options)
        ]
    rate = max((each.option.cost_per_mwh_eur for each in data.options), default=0.0)
    if rate == 0:
        return []
    terms: Terms = [(each, -rate * energy / unit * f) for each, f in heat_terms(data, v)]
    per_mw = rate * data.problem.hours_per_a / unit
    for a, arc in enumerate(data.arcs):
        for p, piece in enumerate(arc.pieces):
            terms.append((v.pipe[a, p], -per_mw * piece.loss_mw))
        share = arc.pieces[0].loss_per_mw * data.scale.power_mw
        if share:
            terms += [(v.flow[a, c], -per_mw * share) for c in range(len(data.sources))]
    terms += [(v.connect[z], -per_mw * data.zone(z).loss_mw) for z in v.connect]
    return terms
