"""Say what zones draw and sites feed in on the days that are simulated."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from siting.plan import Plan
from siting.problem import Problem, Zone

__all__ = ["Day", "DayLoads", "design_day", "minimum_load_ratio", "planned_output_mw", "summer_day"]


class Day(StrEnum):
    """The days that can be simulated."""

    DESIGN = "design"
    SUMMER = "summer"
    BOTH = "both"


@dataclass(frozen=True)
class DayLoads:
    """What happens on one day, in MW.

    Parameters
    ----------
    name
        ``design`` or ``summer``.
    words
        What is assumed of the day.
    drawn_mw
        Heat that each zone takes from the network, with the losses of the pipes inside it.
    fed_in_mw
        Heat that each site gives; the reference one gives what is missing.
    share
        Heat drawn over that of the plan at full base load [-].
    """

    name: str
    words: str
    drawn_mw: Mapping[str, float]
    fed_in_mw: Mapping[str, float]
    share: float


def design_day(problem: Problem, plan: Plan, *, peak: bool = False) -> DayLoads:
    """Return the day on which every zone draws all that the plan grants it.

    Parameters
    ----------
    problem, plan
        What was solved, and the plan.
    peak
        Whether zones draw their whole peak, from central boilers at the sites; without it the
        boilers stand at the zones and only the base capacity flows through the network.
    """
    zones = {zone.id: zone for zone in problem.zones}
    drawn = {
        each.zone: (each.peak_mw if peak else each.base_mw) + zones[each.zone].loss_mw
        for each in plan.zones
    }
    words = (
        "every zone draws its whole peak, from central boilers at the sites"
        if peak
        else "every zone draws the base capacity that the plan grants it; its peak boiler gives"
        " the rest on the spot"
    )
    return _day(problem, plan, "design", words, drawn)


def summer_day(problem: Problem, plan: Plan, *, least_ratio: float) -> DayLoads:
    """Return the day of the lowest load of the year.

    Parameters
    ----------
    problem, plan
        What was solved, and the plan.
    least_ratio
        Lowest load over peak of zones whose load curve does not tell it [-].
    """
    zones = {zone.id: zone for zone in problem.zones}
    drawn = {
        each.zone: min(
            each.base_mw, each.peak_mw * minimum_load_ratio(zones[each.zone], least_ratio)
        )
        + zones[each.zone].loss_mw
        for each in plan.zones
    }
    words = "every zone draws the lowest load of its year, all of it waste heat"
    return _day(problem, plan, "summer", words, drawn)


def minimum_load_ratio(zone: Zone, otherwise: float) -> float:
    """Return the lowest load of a zone over its peak [-].

    Up to that load base heat is taken all year, so it is where the load curve first bends.

    Examples
    --------
    >>> curve = ((0.0, 0.0), (0.08, 0.25), (0.5, 0.9), (1.0, 1.0))
    >>> minimum_load_ratio(Zone("z", "n", 2_800.0, 1.0, load_curve=curve), 0.1)
    0.08
    >>> minimum_load_ratio(Zone("z", "n", 2_800.0, 1.0), 0.1)
    0.1
    """
    return zone.load_curve[1][0] if len(zone.load_curve) > 2 else otherwise


def planned_output_mw(problem: Problem, plan: Plan) -> dict[str, float]:
    """Return the heat that each site feeds in at full base load, as the flows of the plan say [MW].

    Sites at one node share it by their capacity.
    """
    place = {site.id: site.node for site in problem.sites}
    place |= {zone.id: zone.node for zone in problem.zones}
    losses = {zone.id: zone.loss_mw for zone in problem.zones}
    balance: dict[str, float] = defaultdict(float)
    for pipe in plan.pipes:
        balance[pipe.from_node] += pipe.flow_mw
        balance[pipe.to_node] -= pipe.flow_mw - pipe.loss_mw
    for zone in plan.zones:
        balance[place[zone.zone]] += zone.base_mw + losses[zone.zone]
    capacity: dict[str, float] = defaultdict(float)
    for site in plan.sites:
        capacity[place[site.site]] += site.capacity_mw
    output = {}
    for site in plan.sites:
        total = capacity[place[site.site]]
        share = site.capacity_mw / total if total > 0 else 0.0
        output[site.site] = max(0.0, balance[place[site.site]]) * share
    return output


def _day(
    problem: Problem, plan: Plan, name: str, words: str, drawn: Mapping[str, float]
) -> DayLoads:
    """Return a day on which sites share the load as they do in the plan."""
    losses = {zone.id: zone.loss_mw for zone in problem.zones}
    planned = math.fsum(each.base_mw + losses[each.zone] for each in plan.zones)
    share = math.fsum(drawn.values()) / planned if planned > 0 else 0.0
    output = planned_output_mw(problem, plan)
    fed_in = {site: share * mw for site, mw in output.items()}
    return DayLoads(name, words, dict(drawn), fed_in, share)
