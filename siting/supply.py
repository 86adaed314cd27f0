"""Say how the heat of a plan is supplied over the year: stacked sources, peak heat, boilers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.heat.boilers import peak_boiler_capacity
from siting.plan import Plan, PlannedZone
from siting.problem import Problem, Zone

__all__ = [
    "LoadBands",
    "NetworkSupply",
    "StackedSource",
    "load_bands",
    "plan_supply",
    "supply_figures",
]

Piece = tuple[float, float]


@dataclass(frozen=True)
class StackedSource:
    """A source of a network in the order in which it runs.

    ``heat_mwh`` is what it feeds in after all cheaper ones have [MWh/a], losses included;
    ``alone_mwh`` what it would feed in by itself; ``lost_mwh`` what the network loses without it,
    once the other sources have filled in; ``running_cost_eur_per_mwh`` sets the order.
    """

    site: str
    capacity_mw: float
    running_cost_eur_per_mwh: float
    heat_mwh: float
    alone_mwh: float
    lost_mwh: float

    @property
    def full_load_hours_h(self) -> float:
        """Hours at full output that give its heat [h/a]."""
        return self.heat_mwh / self.capacity_mw if self.capacity_mw > 0 else 0.0


@dataclass(frozen=True)
class NetworkSupply:
    """One connected network of a plan: its sources, and what is left to boilers.

    ``peak_mw`` is the peak of its zones [MW], losses left out as where boilers are paid for;
    ``boiler_heat_mwh`` the heat that no source gives [MWh/a], ``boiler_mw`` the boilers for
    ``margin`` times the peak and ``boiler_n_minus_1_mw`` those that make good the loss of the
    largest source [MW].
    """

    sources: tuple[StackedSource, ...]
    zones: tuple[str, ...]
    peak_mw: float
    boiler_heat_mwh: float
    boiler_mw: float
    boiler_n_minus_1_mw: float

    @property
    def boiler_shortfall_mw(self) -> float:
        """What boilers by margin lack when the largest source is lost [MW]."""
        return max(self.boiler_n_minus_1_mw - self.boiler_mw, 0.0)


@dataclass(frozen=True)
class LoadBands:
    """The load-duration curve of a plan, cut into bands by who gives the heat.

    ``hours_h`` are the hours in which the loads of a year change, falling loads from 0 to the last
    hour [h/a]; between two of them ``by_source_mw`` and ``boilers_mw`` hold the load of each
    source, network losses included, and of peak boilers [MW].
    """

    hours_h: tuple[float, ...]
    by_source_mw: Mapping[str, tuple[float, ...]]
    boilers_mw: tuple[float, ...]

    def heat_mwh(self, load_mw: Sequence[float]) -> float:
        """Return the heat of a band over the year [MWh/a]."""
        return float(np.dot(np.diff(self.hours_h), load_mw))


def load_bands(problem: Problem, plan: Plan) -> LoadBands:
    """Return the load-duration curve of a plan with its sources stacked.

    Parameters
    ----------
    problem, plan
        What could be built, and what is.

    Notes
    -----
    All networks of the plan together; each stacks its own sources as `plan_supply` does. Boilers
    give what zones need above the base capacity that the plan grants them.
    """
    networks = []
    for nodes in _parts(problem, plan):
        if nodes & _site_nodes(problem, plan):
            pieces, _ = _base_pieces(problem, plan, nodes)
            networks.append((pieces, _stacked(problem, plan, nodes, pieces)))
    zones = {each.id: each for each in problem.zones}
    peaks = [p for each in plan.zones for p in _peak_pieces(zones[each.zone], each)]
    spans = {hours for pieces, _ in networks for _, hours in pieces} | {h for _, h in peaks}
    hours = [0.0, *sorted(spans - {0.0})]
    by_source: dict[str, tuple[float, ...]] = {}
    for pieces, sources in networks:
        base = _loads(pieces, hours)
        below = 0.0
        for source in sources:
            given = np.clip(base - below, 0.0, source.capacity_mw)
            by_source[source.site] = tuple(given.tolist())
            below += source.capacity_mw
    return LoadBands(tuple(hours), by_source, tuple(_loads(peaks, hours).tolist()))


def _loads(pieces: Sequence[Piece], hours: Sequence[float]) -> np.ndarray:
    """Return the load between each hour and the next: what lasts at least so long [MW]."""
    ends = np.array(hours[1:])
    widths = np.array([width for width, _ in pieces])
    lasts = np.array([each for _, each in pieces])
    return np.array([float(widths[lasts >= end].sum()) for end in ends]) if pieces else 0 * ends


def plan_supply(
    problem: Problem, plan: Plan, *, peak_capacity_margin: float = 1.0
) -> tuple[NetworkSupply, ...]:
    """Return each connected network of a plan with its sources stacked by running cost.

    Parameters
    ----------
    problem, plan
        What could be built, and what is.
    peak_capacity_margin
        Installed boilers over the peak demand [–].

    Notes
    -----
    Each zone takes base heat along its load curve up to the base capacity that the plan grants
    it; its losses and those of pipes are there all year. Sources fill the sum from below, the
    cheapest to run first, equal ones in the order of the plan. What they feed in adds up to the
    heat of the plan and its losses: sources share the hours, they do not add up. Limits of single
    pipes are left to the plan, which keeps them.
    """
    parts = _parts(problem, plan)
    return tuple(
        _network(problem, plan, nodes, peak_capacity_margin)
        for nodes in parts
        if nodes & _site_nodes(problem, plan)
    )


def supply_figures(
    problem: Problem,
    plan: Plan,
    site_ids: Mapping[str, str] | None = None,
    *,
    peak_capacity_margin: float = 1.0,
    zone_heat: pd.DataFrame | None = None,
) -> dict[str, float | str | None]:
    """Return the figures of `plan_supply` for ``kpis.json``, each with its unit in its name.

    Parameters
    ----------
    problem, plan, peak_capacity_margin
        See `plan_supply`.
    site_ids
        GIS id of each site key.
    zone_heat
        What stands behind the demand of zones, see `siting.assembly.Assembly`; it adds the
        electricity of boosters and the load curves used.
    """
    networks = plan_supply(problem, plan, peak_capacity_margin=peak_capacity_margin)
    figures: dict[str, float | str | None] = {
        "networks_built": len(networks),
        "boiler_capacity_mw": math.fsum(each.boiler_mw for each in networks),
        "boiler_capacity_n_minus_1_mw": math.fsum(each.boiler_n_minus_1_mw for each in networks),
        "boiler_shortfall_n_minus_1_mw": math.fsum(each.boiler_shortfall_mw for each in networks),
        **_source_figures(plan, networks),
        **_demand_figures(plan, zone_heat),
    }
    for network in networks:
        for rank, source in enumerate(network.sources, start=1):
            name = (site_ids or {}).get(source.site, source.site)
            figures[f"stacked_rank.{name}"] = rank
            figures[f"stacked_heat_mwh.{name}"] = source.heat_mwh
            figures[f"alone_heat_mwh.{name}"] = source.alone_mwh
    return figures


def _source_figures(plan: Plan, networks: Sequence[NetworkSupply]) -> dict[str, float | str | None]:
    """Return what is lost with the largest source, and the COP and power of all heat pumps."""
    sources = [source for network in networks for source in network.sources]
    fed_in = math.fsum(each.heat_mwh for each in sources)
    heat = math.fsum(site.heat_mwh for site in plan.sites)
    electricity = math.fsum(site.electricity_mwh for site in plan.sites)
    return {
        "largest_source_loss_share": (
            max(each.lost_mwh for each in sources) / fed_in if fed_in > 0 else None
        ),
        "seasonal_cop": heat / electricity if electricity > 0 else None,
        "heat_pump_power_mw": math.fsum(
            site.capacity_mw * site.electricity_mwh / site.heat_mwh
            for site in plan.sites
            if site.heat_mwh > 0
        ),
    }


def _demand_figures(plan: Plan, zone_heat: pd.DataFrame | None) -> dict[str, float | str | None]:
    """Return the electricity of boosters and the load curves of the zones served."""
    if zone_heat is None or zone_heat.empty:
        return {}
    rates = zone_heat["booster_electricity_mwh_per_mwh"]
    curves = {str(zone_heat.at[each.zone, "load_curve"]) for each in plan.zones}
    return {
        "booster_electricity_mwh": math.fsum(
            each.demand_mwh * float(rates[each.zone]) for each in plan.zones
        ),
        "load_curves": ", ".join(sorted(curves - {""})),
    }


def _site_nodes(problem: Problem, plan: Plan) -> set[str]:
    """Return the nodes of the sites that are opened."""
    opened = {each.site for each in plan.sites}
    return {each.node for each in problem.sites if each.id in opened}


def _parts(problem: Problem, plan: Plan) -> list[set[str]]:
    """Return the nodes of each connected part of what is built."""
    place = {node: k for k, node in enumerate(problem.nodes)}
    ends = [(place[each.from_node], place[each.to_node]) for each in plan.pipes]
    pairs = np.array(ends, dtype=np.int32).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(place),) * 2)
    labels = connected_components(graph, directed=False)[1]
    served = {each.zone for each in plan.zones}
    nodes = {node for pipe in plan.pipes for node in (pipe.from_node, pipe.to_node)}
    nodes |= _site_nodes(problem, plan) | {z.node for z in problem.zones if z.id in served}
    parts: dict[int, set[str]] = {}
    for node in problem.nodes:
        if node in nodes:
            parts.setdefault(int(labels[place[node]]), set()).add(node)
    return list(parts.values())


def _network(problem: Problem, plan: Plan, nodes: set[str], margin: float) -> NetworkSupply:
    """Return one connected network with its sources stacked."""
    zones = {each.id for each in problem.zones if each.node in nodes}
    served = [each for each in plan.zones if each.zone in zones]
    pieces, loss = _base_pieces(problem, plan, nodes)
    peak = math.fsum(each.peak_mw for each in served)
    sources = _stacked(problem, plan, nodes, pieces)
    capacities = _useful_capacities(sources, loss)
    return NetworkSupply(
        sources=sources,
        zones=tuple(each.zone for each in served),
        peak_mw=peak,
        boiler_heat_mwh=math.fsum(each.demand_mwh - each.heat_mwh for each in served),
        boiler_mw=peak_boiler_capacity(peak, margin=margin),
        boiler_n_minus_1_mw=peak_boiler_capacity(peak, capacities, rule="n_minus_1"),
    )


def _base_pieces(problem: Problem, plan: Plan, nodes: set[str]) -> tuple[list[Piece], float]:
    """Return the base load of a network, falling, losses included, and the losses [MW]."""
    zones = {each.id: each for each in problem.zones if each.node in nodes}
    served = [each for each in plan.zones if each.zone in zones]
    loss = math.fsum(pipe.loss_mw for pipe in plan.pipes if pipe.from_node in nodes)
    loss += math.fsum(zones[each.zone].loss_mw for each in served)
    pieces: list[Piece] = [(loss, problem.hours_per_a)]
    for each in served:
        pieces += _pieces(zones[each.zone], each.base_mw, each.heat_mwh)
    return sorted(pieces, key=lambda piece: -piece[1]), loss


def _peak_pieces(zone: Zone, planned: PlannedZone) -> list[Piece]:
    """Return the load of a zone above its base capacity, as `_pieces` does."""
    rest = max(zone.peak_mw - planned.base_mw, 0.0)
    if not zone.load_curve or zone.peak_mw <= 0:
        above = max(planned.demand_mwh - planned.heat_mwh, 0.0)
        return [(rest, above / rest)] if rest > 0 else []
    pieces, skipped = [], planned.base_mw
    for width, hours in _pieces(zone, zone.peak_mw, planned.demand_mwh):
        own = max(width - skipped, 0.0)
        skipped = max(skipped - width, 0.0)
        if own > 0:
            pieces.append((own, hours))
    return pieces


def _useful_capacities(sources: Sequence[StackedSource], loss_mw: float) -> list[float]:
    """Return what each source gives to consumers, its share of the losses taken off [MW]."""
    installed = math.fsum(each.capacity_mw for each in sources)
    useful = max(1 - loss_mw / installed, 0.0) if installed > 0 else 0.0
    return [each.capacity_mw * useful for each in sources]


def _pieces(zone: Zone, base_mw: float, heat_mwh: float) -> list[Piece]:
    """Return spans of base capacity [MW] with the hours in which they are used [h/a]."""
    if not zone.load_curve or zone.peak_mw <= 0:
        return [(base_mw, heat_mwh / base_mw)] if base_mw > 0 else []
    pieces: list[Piece] = []
    left = base_mw
    for (x0, s0), (x1, s1) in zip(zone.load_curve[:-1], zone.load_curve[1:], strict=True):
        width = min((x1 - x0) * zone.peak_mw, left)
        if width <= 0:
            break
        hours = (s1 - s0) / (x1 - x0) * zone.heat_mwh / zone.peak_mw
        pieces.append((width, hours))
        left -= width
    return pieces


def _stacked(
    problem: Problem, plan: Plan, nodes: set[str], pieces: Sequence[Piece]
) -> tuple[StackedSource, ...]:
    """Return the sources of a network in the order of their running cost."""
    homes = {each.id: each for each in problem.sites if each.node in nodes}
    opened = [each for each in plan.sites if each.site in homes]
    costs = {
        each.site: next(
            option.cost_per_mwh_eur
            for option in homes[each.site].choices
            if option.id == each.option
        )
        for each in opened
    }
    opened.sort(key=lambda each: costs[each.site])
    installed = math.fsum(each.capacity_mw for each in opened)
    whole = _heat_below(pieces, installed)
    sources, reached = [], 0.0
    for each in opened:
        below, reached = reached, reached + each.capacity_mw
        sources.append(
            StackedSource(
                site=each.site,
                capacity_mw=each.capacity_mw,
                running_cost_eur_per_mwh=costs[each.site],
                heat_mwh=_heat_below(pieces, reached) - _heat_below(pieces, below),
                alone_mwh=_heat_below(pieces, each.capacity_mw),
                lost_mwh=whole - _heat_below(pieces, installed - each.capacity_mw),
            )
        )
    return tuple(sources)


def _heat_below(pieces: Sequence[Piece], capacity_mw: float) -> float:
    """Return the heat of a year below a capacity, from spans in falling order of hours [MWh/a]."""
    heat, left = 0.0, capacity_mw
    for width, hours in pieces:
        if left <= 0:
            break
        heat += min(width, left) * hours
        left -= width
    return heat
