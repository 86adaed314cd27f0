"""Work out the pumping of a plan: its worst path, pump power and electricity of a year."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from siting.hydraulics import PipeStates, pipe_states
from siting.parameters import Parameters
from siting.pipes import PipeCatalogue, pump_power_kw, water_flow_for_heat
from siting.plan import Plan
from siting.problem import Problem, Zone
from siting.units import FloatArray, bar_from_pa

__all__ = ["PlanHydraulics", "Pumping", "base_load_profile", "plan_hydraulics", "plan_pumping"]

STEPS_PER_YEAR = 365
LEAST_SHARE = 1e-6


@dataclass(frozen=True)
class Pumping:
    """What it takes to move the water of a plan.

    Parameters
    ----------
    worst_path_m
        Length of the path from a site to a zone with the largest pressure drop [m].
    worst_path_pressure_drop_bar
        Its pressure drop, supply and return, with fittings and without the substation [bar].
    pump_power_kw
        Electric power of all network pumps at full base load, or at the peak where pipes carry it
        [kW].
    pumping_electricity_mwh
        Electricity of all network pumps in a year [MWh/a].
    pumping_share
        That electricity over the heat delivered [MWh/MWh].
    worst_path_supply_drop_k, worst_path_supply_drop_summer_k
        How much the supply cools on the path where it cools most, at that flow and at the least
        flow of the year [K].
    summer_flow_share
        Least flow of the year over that flow [-].
    """

    worst_path_m: float = 0.0
    worst_path_pressure_drop_bar: float = 0.0
    pump_power_kw: float = 0.0
    pumping_electricity_mwh: float = 0.0
    pumping_share: float = 0.0
    worst_path_supply_drop_k: float = 0.0
    worst_path_supply_drop_summer_k: float = 0.0
    summer_flow_share: float = 1.0

    def kpis(self) -> dict[str, float | str | None]:
        """Return the figures under their names."""
        return dict(vars(self))


@dataclass(frozen=True)
class PlanHydraulics:
    """Water in the pipes of a plan, and what it takes to move it.

    Parameters
    ----------
    design, summer
        Each pipe at design flow (full base load, or the peak where pipes carry it) and at the
        least base load of the year.
    pumping
        Pump power and electricity.
    """

    design: PipeStates
    summer: PipeStates
    pumping: Pumping

    def pipe_columns(self) -> dict[str, FloatArray]:
        """Return columns for the layer of pipes, in the order of the plan."""
        return {
            "velocity_m_per_s": self.design.velocity_m_per_s,
            "pressure_gradient_pa_per_m": self.design.pressure_gradient_pa_per_m,
            "supply_drop_k": self.design.supply_drop_k,
            "supply_drop_summer_k": self.summer.supply_drop_k,
        }


def plan_hydraulics(
    problem: Problem,
    plan: Plan,
    catalogue: PipeCatalogue,
    parameters: Parameters,
    peak_flows_mw: Mapping[str, float] | None = None,
) -> PlanHydraulics:
    """Return the water in the pipes of a plan and its pumping, see `plan_pumping`.

    Parameters
    ----------
    problem, plan, catalogue, parameters
        As `plan_pumping`.
    peak_flows_mw
        As `plan_pumping`.
    """
    pumping = plan_pumping(problem, plan, catalogue, parameters, peak_flows_mw)
    share = max(pumping.summer_flow_share, LEAST_SHARE)
    return PlanHydraulics(
        design=pipe_states(plan, catalogue, flows_mw=peak_flows_mw),
        summer=pipe_states(plan, catalogue, flow_share=share, flows_mw=peak_flows_mw),
        pumping=pumping,
    )


def plan_pumping(
    problem: Problem,
    plan: Plan,
    catalogue: PipeCatalogue,
    parameters: Parameters,
    peak_flows_mw: Mapping[str, float] | None = None,
) -> Pumping:
    """Return the pumping of a plan.

    Parameters
    ----------
    problem, plan
        What could be built, and what is.
    catalogue
        All sizes of the network at its temperatures.
    parameters
        Gives fittings, pressure of the worst substation and pump efficiency.
    peak_flows_mw
        Peak in each pipe where pipes carry peaks; then all heat is pumped, that of the peak
        boilers too [MW].

    Notes
    -----
    One pump at each site lifts the whole flow of the site over the worst path that begins there,
    ``dp = sum 2 R L (1 + fittings) + substation``, and ``P = dp V / efficiency``. Over the year the
    flow follows the base load at constant temperatures; friction falls with the cube of the flow,
    the share of the substation in proportion to it. Without ``peak_flows_mw`` the heat of peak
    boilers is not pumped. Pipes inside zones are not on the path.
    """
    if not plan.pipes or not plan.sites:
        return Pumping()
    design = catalogue.design
    flows = {pipe.edge: pipe.flow_mw for pipe in plan.pipes} | dict(peak_flows_mw or {})
    full = pipe_states(plan, catalogue, flows_mw=flows)
    profile = base_load_profile(problem, plan if peak_flows_mw is None else _at_peak(plan))
    least = float(profile.min())
    summer = pipe_states(plan, catalogue, flow_share=max(least, LEAST_SHARE), flows_mw=flows)
    drop_bar = _drops_bar(plan, full, parameters.value("fittings_share"))
    start = {site.id: site.node for site in problem.sites}
    node_of = {each.site: start[each.site] for each in plan.sites}
    order = _downstream_order(plan)
    substation = parameters.value("substation_pressure_drop_bar")
    efficiency = parameters.value("pump_efficiency")
    friction_kw = substation_kw = 0.0
    longest, at_worst, warm, cool = 0.0, 0.0, 0.0, 0.0
    length = np.array([pipe.length_m for pipe in plan.pipes])
    for site in plan.sites:
        node = node_of[site.site]
        path = _worst_path(plan, order, node, drop_bar)
        drop = float(drop_bar[path].sum())
        flow = float(
            water_flow_for_heat(
                site.capacity_mw * _growth(plan, node, flows),
                design.supply_temperature_c,
                design.return_temperature_c,
            )
        )
        friction_kw += pump_power_kw(drop, flow, efficiency)
        substation_kw += pump_power_kw(substation, flow, efficiency)
        if drop >= at_worst:
            at_worst, longest = drop, float(length[path].sum())
        for name, states in (("warm", full), ("cool", summer)):
            lost = np.nan_to_num(states.supply_drop_k)
            total = float(lost[_worst_path(plan, order, node, lost)].sum())
            warm, cool = (max(warm, total), cool) if name == "warm" else (warm, max(cool, total))
    hours = problem.hours_per_a
    energy = (
        hours * (friction_kw * float((profile**3).mean()) + substation_kw * float(profile.mean()))
    ) / 1e3
    return Pumping(
        worst_path_m=longest,
        worst_path_pressure_drop_bar=at_worst,
        pump_power_kw=friction_kw + substation_kw,
        pumping_electricity_mwh=energy,
        pumping_share=energy / plan.heat_mwh if plan.heat_mwh > 0 else 0.0,
        worst_path_supply_drop_k=warm,
        worst_path_supply_drop_summer_k=cool,
        summer_flow_share=least,
    )


def _at_peak(plan: Plan) -> Plan:
    """Return a plan whose zones take all their load from the network."""
    zones = tuple(replace(zone, base_mw=zone.peak_mw) for zone in plan.zones)
    return replace(plan, zones=zones)


def _growth(plan: Plan, node: str, flows_mw: Mapping[str, float]) -> float:
    """Return the flow that leaves a node over that of the plan [-]."""
    leaving = [pipe for pipe in plan.pipes if pipe.from_node == node]
    own = math.fsum(pipe.flow_mw for pipe in leaving)
    return math.fsum(flows_mw[pipe.edge] for pipe in leaving) / own if own > 0 else 1.0


def base_load_profile(problem: Problem, plan: Plan, steps: int = STEPS_PER_YEAR) -> FloatArray:
    """Return the base load of a plan over the year, as shares of its full base load, falling.

    Parameters
    ----------
    problem, plan
        Gives the load curves of the zones, and the base capacity granted to each.
    steps
        Into how many equal parts the year is cut.

    Returns
    -------
    Load in the middle of each part over the load with every zone at its base capacity [-].

    Notes
    -----
    The slope of a load curve is the share of the year with at least that load. Losses run all year.
    """
    zones = {zone.id: zone for zone in problem.zones}
    middle = (np.arange(steps) + 0.5) / steps
    lost = plan.loss_mwh / problem.hours_per_a
    load = np.full(steps, lost)
    for served in plan.zones:
        load += _zone_load(zones[served.zone], served.base_mw, middle, problem.hours_per_a)
    full = lost + math.fsum(served.base_mw for served in plan.zones)
    return np.minimum(load / full, 1.0) if full > 0 else np.ones(steps)


def _zone_load(zone: Zone, base_mw: float, middle: FloatArray, hours: float) -> FloatArray:
    """Return the base load of a zone at some places of the sorted year [MW]."""
    if not zone.load_curve or zone.peak_mw <= 0:
        return np.full(len(middle), min(base_mw, zone.heat_mwh / hours))
    curve = np.array(zone.load_curve)
    slope = np.diff(curve[:, 1]) / np.diff(curve[:, 0])
    duration = slope * zone.heat_mwh / (zone.peak_mw * hours)
    # The highest step of the curve that still lasts as long as this place in the sorted year.
    reached = np.searchsorted(-duration, -middle, side="right")
    return np.asarray(np.minimum(curve[reached, 0] * zone.peak_mw, base_mw), dtype=float)


def _drops_bar(plan: Plan, states: PipeStates, fittings_share: float) -> FloatArray:
    """Return the pressure drop of supply and return of each pipe [bar]."""
    length = np.array([pipe.length_m for pipe in plan.pipes])
    gradient = np.nan_to_num(states.pressure_gradient_pa_per_m)
    return np.asarray(bar_from_pa(2 * gradient * length * (1 + fittings_share)), dtype=float)


def _downstream_order(plan: Plan) -> list[int]:
    """Return the pipes so that each comes after all that feed it; rings are left out."""
    leaving: dict[str, list[int]] = defaultdict(list)
    waiting: dict[str, int] = defaultdict(int)
    for row, pipe in enumerate(plan.pipes):
        leaving[pipe.from_node].append(row)
        waiting[pipe.to_node] += 1
    ready = [node for node in leaving if not waiting[node]]
    order = []
    while ready:
        for row in leaving[ready.pop()]:
            order.append(row)
            head = plan.pipes[row].to_node
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    return order


def _worst_path(plan: Plan, order: list[int], start: str, weight: FloatArray) -> list[int]:
    """Return the pipes of the path from a node with the largest sum of weights."""
    best: dict[str, float] = {start: 0.0}
    into: dict[str, int] = {}
    for row in order:
        pipe = plan.pipes[row]
        if pipe.from_node not in best:
            continue
        total = best[pipe.from_node] + float(weight[row])
        if total > best.get(pipe.to_node, -1.0):
            best[pipe.to_node], into[pipe.to_node] = total, row
    node = max(best, key=lambda each: best[each])
    path: list[int] = []
    while node != start:
        path.append(into[node])
        node = plan.pipes[into[node]].from_node
    return path[::-1]
