"""Pay for a solution with real diameters: every cost, loss and heat figure of a plan."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from siting.annual import AnnualFlows
from siting.errors import Fault, InputError
from siting.problem import Problem
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution

__all__ = [
    "Plan",
    "PlannedPipe",
    "PlannedSite",
    "PlannedZone",
    "annual_source_heat",
    "heat_per_euro",
    "net_value",
    "price_solution",
]


@dataclass(frozen=True)
class PlannedPipe:
    """A pipe of the plan.

    ``flow_mw`` is the heat flow entering at full base load [MW], ``capacity_mw`` what its size
    can carry [MW], ``loss_mw`` the heat it loses all year round [MW], ``cost_eur`` overnight [EUR],
    ``size`` its catalogue label (none for linear pipes), ``length_m`` trench length [m].
    """

    edge: str
    from_node: str
    to_node: str
    size: str | None
    length_m: float
    flow_mw: float
    capacity_mw: float | None
    loss_mw: float
    cost_eur: float

    @property
    def is_dug(self) -> bool:
        """Whether a trench is dug for it: a pipe that costs nothing stands already."""
        return self.cost_eur > 0


@dataclass(frozen=True)
class PlannedSite:
    """An opened site: option, installed output [MW], heat fed in [MWh/a], cost [EUR].

    ``heat_mwh`` includes network losses; ``electricity_mwh`` is what its heat pump uses [MWh/a].
    """

    site: str
    option: str
    capacity_mw: float
    heat_mwh: float
    electricity_mwh: float
    cost_eur: float


@dataclass(frozen=True)
class PlannedZone:
    """A connected zone: base capacity [MW], base heat [MWh/a], its demand and peak, cost [EUR]."""

    zone: str
    base_mw: float
    heat_mwh: float
    demand_mwh: float
    peak_mw: float
    cost_eur: float


@dataclass(frozen=True)
class Plan:
    """A complete, paid-for plan.

    Parameters
    ----------
    sites, pipes, zones
        What is opened, built and connected.
    heat_mwh
        Heat from data centres delivered to consumers [MWh/a].
    loss_mwh
        Heat lost in the network [MWh/a].
    capex_eur
        Overnight investment of everything the plan builds [EUR].
    capex_by_component_eur
        The same, by component; adds up to ``capex_eur``.
    heat_per_euro_kwh
        Annual heat per euro [kWh/(a EUR)]; 0 for the empty plan.
    proof
        Status, bound and gap.
    """

    sites: tuple[PlannedSite, ...]
    pipes: tuple[PlannedPipe, ...]
    zones: tuple[PlannedZone, ...]
    heat_mwh: float
    loss_mwh: float
    capex_eur: float
    capex_by_component_eur: dict[str, float]
    heat_per_euro_kwh: float
    proof: Proof

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is built."""
        return not (self.sites or self.pipes or self.zones)

    @property
    def trench_length_m(self) -> float:
        """Length of all trenches dug, each counted once; pipes that stand are not [m]."""
        return math.fsum(pipe.length_m for pipe in self.pipes if pipe.is_dug)

    @property
    def standing_pipes_m(self) -> float:
        """Length of the pipes in use that stand already, at no cost [m]."""
        return math.fsum(pipe.length_m for pipe in self.pipes if not pipe.is_dug)

    def explore(self, **options: Any) -> Any:
        """Return the map of the plan for a notebook, see `siting.study.Run.explore`.

        Raises
        ------
        InputError
            The plan does not come from the run of a study.
        """
        return self._on_the_ground().explore(**options)

    def plot(self, **options: Any) -> Any:
        """Draw the plan with matplotlib, see `siting.study.Run.plot`.

        Raises
        ------
        InputError
            The plan does not come from the run of a study.
        """
        return self._on_the_ground().plot(**options)

    def _on_the_ground(self) -> Any:
        """Return the run that the plan comes from: it knows where things are."""
        run = vars(self).get("_run")
        if run is None:
            raise InputError(
                Fault(
                    "plan",
                    "this plan has no map: it comes from a bare problem or a file.",
                    "Take the plan of a run, as in study.run().plan.",
                )
            )
        return run

    def _repr_html_(self) -> str:
        """Return the headline for a notebook."""
        from siting.outputs.cards import plan_card

        return plan_card(self)


def price_solution(problem: Problem, solution: Solution, proof: Proof) -> Plan:
    """Return the paid-for plan of a solution.

    Every figure follows from the problem and the decisions alone; the solver's own sums are not
    used. Heat fed in by each site is traced over the year with the same shares as at full base
    load, or, for ``net_value`` with different running costs, split at least cost.

    Raises
    ------
    KeyError
        The solution names something that the problem does not have.
    """
    book = _Book(problem)
    pipes = tuple(book.pipe(each) for each in solution.pipes)
    zones = tuple(book.zone(each) for each in solution.zones)
    fed_in = annual_source_heat(problem, solution)
    sites = tuple(book.site(each, fed_in[each.site]) for each in solution.sites)
    components = book.components(solution, pipes)
    capex = math.fsum(
        [
            *(site.cost_eur for site in sites),
            *(pipe.cost_eur for pipe in pipes),
            *(zone.cost_eur for zone in zones),
        ]
    )
    heat = math.fsum(each.heat_mwh for each in zones)
    zone_losses = math.fsum(book.zones[each.zone].loss_mw for each in solution.zones)
    loss = problem.hours_per_a * (math.fsum(pipe.loss_mw for pipe in pipes) + zone_losses)
    return Plan(
        sites=sites,
        pipes=pipes,
        zones=zones,
        heat_mwh=heat,
        loss_mwh=loss,
        capex_eur=capex,
        capex_by_component_eur=components,
        heat_per_euro_kwh=heat_per_euro(heat, capex),
        proof=proof,
    )


def heat_per_euro(heat_mwh: float, capex_eur: float) -> float:
    """Return annual heat per euro of investment [kWh/(a EUR)].

    The empty plan has 0; heat without any investment has infinity.

    Examples
    --------
    >>> heat_per_euro(45_000, 15_050_000)
    2.990033222591362
    """
    if heat_mwh <= 0:
        return 0.0
    return heat_mwh * 1000 / capex_eur if capex_eur > 0 else math.inf


def net_value(problem: Problem, plan: Plan) -> float:
    """Return the value of a plan's heat less its weighted investment and running cost [EUR]."""
    book = _Book(problem)
    objective = problem.objective
    earned = [
        book.zones[each.zone].value_eur
        + (book.zones[each.zone].value_eur_per_mwh + objective.heat_price_eur_per_mwh)
        * each.heat_mwh
        for each in plan.zones
    ]
    running = [
        book.options[each.site, each.option].cost_per_mwh_eur * each.heat_mwh for each in plan.sites
    ]
    return math.fsum([*earned, -objective.capital_factor * plan.capex_eur, *(-r for r in running)])


class _Book:
    """Price list of a problem: look-up by id."""

    def __init__(self, problem: Problem) -> None:
        self.edges = {edge.id: edge for edge in problem.edges}
        self.zones = {zone.id: zone for zone in problem.zones}
        self.options = {
            (site.id, option.id): option for site in problem.sites for option in site.choices
        }

    def pipe(self, built: PipeFlow) -> PlannedPipe:
        edge = self.edges[built.edge]
        if edge.sizes:
            size = next(each for each in edge.sizes if each.label == built.size)
            capacity: float | None = size.capacity_mw
            loss, cost = size.loss_mw, size.cost_eur
        else:
            capacity = edge.capacity_mw
            loss = edge.loss_mw + edge.loss_per_mw * built.flow_mw
            cost = edge.cost_eur + edge.cost_per_mw_eur * built.flow_mw
        return PlannedPipe(
            edge=built.edge,
            from_node=built.from_node,
            to_node=built.to_node,
            size=built.size,
            length_m=edge.length_m,
            flow_mw=built.flow_mw,
            capacity_mw=capacity,
            loss_mw=loss,
            cost_eur=cost,
        )

    def site(self, opened: OpenSite, fed_in_mwh: float) -> PlannedSite:
        option = self.options[opened.site, opened.option]
        return PlannedSite(
            site=opened.site,
            option=opened.option,
            capacity_mw=opened.capacity_mw,
            heat_mwh=fed_in_mwh,
            electricity_mwh=option.electricity_mwh_per_mwh * fed_in_mwh,
            cost_eur=option.cost_eur + option.cost_per_mw_eur * opened.capacity_mw,
        )

    def zone(self, served: ServedZone) -> PlannedZone:
        zone = self.zones[served.zone]
        return PlannedZone(
            zone=served.zone,
            base_mw=served.base_mw,
            heat_mwh=served.heat_mwh,
            demand_mwh=zone.heat_mwh,
            peak_mw=zone.peak_mw,
            cost_eur=zone.cost_eur,
        )

    def components(self, solution: Solution, pipes: Sequence[PlannedPipe]) -> dict[str, float]:
        """Return the investment by component; what has no split goes under a general name."""
        total: dict[str, float] = defaultdict(float)
        for opened in solution.sites:
            option = self.options[opened.site, opened.option]
            _add_parts(total, option.cost_parts, option.cost_eur, "sites")
            per_mw = {
                name: part * opened.capacity_mw for name, part in option.cost_per_mw_parts.items()
            }
            _add_parts(total, per_mw, option.cost_per_mw_eur * opened.capacity_mw, "sites")
        for pipe in pipes:
            edge = self.edges[pipe.edge]
            rest = pipe.cost_eur - math.fsum(edge.lump_parts.values())
            parts = {name: share * rest for name, share in edge.cost_shares.items()}
            for name, lump in edge.lump_parts.items():
                parts[name] = parts.get(name, 0.0) + lump
            _add_parts(total, parts, pipe.cost_eur, "pipes")
        for served in solution.zones:
            zone = self.zones[served.zone]
            _add_parts(total, zone.cost_parts, zone.cost_eur, "connections")
        return dict(sorted(total.items()))


def _add_parts(
    total: dict[str, float], parts: Mapping[str, float], whole: float, name: str
) -> None:
    """Add a split cost; the rest, if any, goes under ``name``."""
    for part, value in parts.items():
        total[part] += value
    rest = whole - math.fsum(parts.values())
    if abs(rest) > 1e-9 * max(whole, 1.0):
        total[name] += rest


def annual_source_heat(problem: Problem, solution: Solution) -> dict[str, float]:
    """Return the heat that each open site feeds in over a year, losses included [MWh/a]."""
    options = {(site.id, o.id): o for site in problem.sites for o in site.choices}
    rates = [options[each.site, each.option].cost_per_mwh_eur for each in solution.sites]
    flows = AnnualFlows(problem, solution)
    if problem.objective.kind == "net_value" and len(set(rates)) > 1:
        return flows.at_least_cost(dict(zip([s.site for s in solution.sites], rates, strict=True)))
    return flows.by_share()
