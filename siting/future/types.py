"""Hold a siting problem together with what the years may bring: departures and building phases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from siting.errors import FaultLog
from siting.problem import Problem

__all__ = [
    "Departures",
    "Period",
    "Phases",
    "Replacement",
    "Scenario",
    "check_departures",
    "check_phases",
]


@dataclass(frozen=True)
class Replacement:
    """A place where heat of another kind can be bought, such as a boiler or an air heat pump.

    Parameters
    ----------
    id, node
        Own name and the node where its heat enters the network.
    capacity_mw
        Most heat it can give [MW]; ``None`` for no limit.
    cost_per_mw_eur
        Investment per heat output [EUR/MW].
    cost_per_mwh_eur
        What its heat costs more than that of the source it replaces [EUR/MWh].
    """

    id: str
    node: str
    capacity_mw: float | None = None
    cost_per_mw_eur: float = 0.0
    cost_per_mwh_eur: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """One way in which the sources may change, once and for all.

    Parameters
    ----------
    id
        Own name, such as ``leaves``.
    probability
        How likely it is, 0 to 1 [-]; what the scenarios leave is "all stays as it is".
    after_a
        Years from the start until it happens [a].
    output
        Output of each site that changes, over what is installed there [-]: 0 where the source
        leaves, 0.5 where it halves, above 1 where it grows. Other sites stay as they are.
    kept
        Share of its base capacity that every connected zone keeps [-]; 1 is N-1 security.
    sudden
        Nothing can be bought when it happens: replacement must stand ready from the start.
    """

    id: str
    probability: float = 0.0
    after_a: float = 0.0
    output: Mapping[str, float] = field(default_factory=dict)
    kept: float = 0.0
    sudden: bool = False

    @property
    def grows(self) -> bool:
        """Whether some source gives more than is installed."""
        return any(factor > 1 for factor in self.output.values())

    @property
    def gains(self) -> bool:
        """Whether some source gives more and none less: there is nothing to replace."""
        return self.grows and all(factor >= 1 for factor in self.output.values())


@dataclass(frozen=True)
class Departures:
    """A siting problem whose sources may change after they were connected.

    Parameters
    ----------
    problem
        What can be built now; its objective is ``heat_per_euro``.
    scenarios
        What may happen. Probabilities add up to at most 1.
    replacements
        Where other heat can be bought when it has happened.
    horizon_a
        Years looked at [a].
    discount_rate
        Rate at which heat and money of later years are discounted [1/a].
    hazards
        Probability of each site to leave in any one year [1/a]; instead of scenarios.
    counts
        Share of replacement heat that counts as heat delivered [-]: 1 for the promise to the
        customers, 0 for heat of data centres alone.
    least_supply
        Share of the heat of a year without change that is delivered in every scenario [-].
    spare_pipes
        Pipes may be laid that carry nothing until something happens.
    """

    problem: Problem
    scenarios: tuple[Scenario, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    horizon_a: int = 30
    discount_rate: float = 0.05
    hazards: Mapping[str, float] = field(default_factory=dict)
    counts: float = 1.0
    least_supply: float = 0.0
    spare_pipes: bool = True

    def with_problem(self, problem: Problem) -> Departures:
        """Return the same outlook on another problem."""
        return replace(self, problem=problem)


@dataclass(frozen=True)
class Period:
    """Some years in which the network stays as it is, built at their beginning.

    Parameters
    ----------
    id
        Own name, such as ``2030-2034``.
    years_a
        How many years it lasts [a].
    edge_cost_factor
        Cost of an edge when dug in this period, over its usual cost [-]; 1 where not named.
        Digging together with road works is the usual reason.
    budget_eur
        Most that may be invested at its beginning [EUR].
    min_heat_mwh
        Least heat of data centres in each of its years [MWh/a].
    """

    id: str
    years_a: int
    edge_cost_factor: Mapping[str, float] = field(default_factory=dict)
    budget_eur: float | None = None
    min_heat_mwh: float | None = None


@dataclass(frozen=True)
class Phases:
    """A siting problem that is built in periods.

    Parameters
    ----------
    problem
        What can be built; its objective is ``heat_per_euro``. Its limits hold for all that is
        built in the end, a least heat for the last period.
    periods
        One after the other.
    from_year
        First year in which a site, zone or edge can be used, by ids of each kind; year 0 is the
        first. What is not named is there from the start.
    ramp
        Share of a zone's demand that is connected in the first, second, ... year after its pipe
        is there; the last figure holds for all later years. Empty: all of it at once.
    discount_rate
        Rate at which heat and money of later years are discounted [1/a].
    """

    problem: Problem
    periods: tuple[Period, ...]
    site_from_year: Mapping[str, int] = field(default_factory=dict)
    zone_from_year: Mapping[str, int] = field(default_factory=dict)
    edge_from_year: Mapping[str, int] = field(default_factory=dict)
    ramp: tuple[float, ...] = ()
    discount_rate: float = 0.05

    def with_problem(self, problem: Problem) -> Phases:
        """Return the same periods of another problem."""
        return replace(self, problem=problem)

    @property
    def starts(self) -> tuple[int, ...]:
        """First year of each period, counted from 0."""
        return tuple(sum(p.years_a for p in self.periods[:t]) for t in range(len(self.periods)))

    @property
    def horizon_a(self) -> int:
        """Years looked at [a]."""
        return sum(period.years_a for period in self.periods)


def check_departures(case: Departures) -> None:
    """Raise an `InputError` with every inconsistency of an outlook on departures."""
    log = FaultLog()
    sites = {site.id for site in case.problem.sites}
    _check_kind(case.problem, log)
    for scenario in case.scenarios:
        _check_scenario(scenario, case, sites, log)
    total = math.fsum(each.probability for each in case.scenarios)
    if total > 1 + 1e-9:
        log.fault(
            "scenarios", f"their probabilities add up to {total:g}.", "Bring them to at most 1."
        )
    if case.hazards and case.scenarios:
        log.fault("scenarios", "there are hazards as well.", "Give one of the two.")
    for name in sorted(set(case.hazards) - sites):
        log.fault("scenarios", f"a hazard names the unknown site '{name}'.", "Correct the id.")
    for name, hazard in case.hazards.items():
        if not 0 <= hazard <= 1:
            log.fault("scenarios", f"site '{name}' has the hazard {hazard:g}.", "Give 0 to 1.")
    if not 0 <= case.counts <= 1:
        log.fault("scenarios", f"counts is {case.counts:g}.", "Give a share from 0 to 1.")
    for each in case.replacements:
        if min(each.cost_per_mw_eur, each.cost_per_mwh_eur, each.capacity_mw or 0.0) < 0:
            log.fault(
                "scenarios",
                f"replacement '{each.id}' has a cost or capacity below 0.",
                "Give 0 or more: heat that is cheaper than that of the source saves nothing here.",
            )
        if each.node not in case.problem.nodes:
            log.fault(
                "scenarios",
                f"replacement '{each.id}' stands at unknown node '{each.node}'.",
                "Correct it.",
            )
    _check_rate(case.discount_rate, case.horizon_a, log)
    log.raise_faults()


def _check_kind(problem: Problem, log: FaultLog) -> None:
    if problem.objective.kind != "heat_per_euro":
        log.fault(
            "problem",
            f"the objective is {problem.objective.kind}; years are weighed by heat per euro.",
            "Set kind = heat_per_euro.",
        )


def _check_scenario(scenario: Scenario, case: Departures, sites: set[str], log: FaultLog) -> None:
    name = f"scenario '{scenario.id}'"
    for site in sorted(set(scenario.output) - sites):
        log.fault("scenarios", f"{name} names the unknown site '{site}'.", "Correct the id.")
    if any(factor < 0 for factor in scenario.output.values()):
        log.fault("scenarios", f"{name} has an output below 0.", "Give 0 or more.")
    if not 0 <= scenario.probability <= 1:
        log.fault(
            "scenarios", f"{name} has the probability {scenario.probability:g}.", "Give 0 to 1."
        )
    if not 0 <= scenario.after_a <= case.horizon_a:
        log.fault(
            "scenarios",
            f"{name} happens after {scenario.after_a:g} years of {case.horizon_a}.",
            "Give a year within the horizon.",
        )


def check_phases(case: Phases) -> None:
    """Raise an `InputError` with every inconsistency of building phases."""
    log = FaultLog()
    _check_kind(case.problem, log)
    if not case.periods or any(period.years_a < 1 for period in case.periods):
        log.fault("phases", "a period lasts less than a year.", "Give whole years, 1 or more.")
    for kind, named, known in (
        ("site", case.site_from_year, {each.id for each in case.problem.sites}),
        ("zone", case.zone_from_year, {each.id for each in case.problem.zones}),
        ("edge", case.edge_from_year, {each.id for each in case.problem.edges}),
    ):
        for name in sorted(set(named) - known):
            log.fault("phases", f"{kind} '{name}' is not known.", "Correct the id.")
    for period in case.periods:
        if any(factor < 0 for factor in period.edge_cost_factor.values()):
            log.fault("phases", f"period '{period.id}' has a factor below 0.", "Give 0 or more.")
    if any(not 0 <= share <= 1 for share in case.ramp) or list(case.ramp) != sorted(case.ramp):
        log.fault("phases", f"the ramp is {case.ramp}.", "Give rising shares from 0 to 1.")
    _check_rate(case.discount_rate, case.horizon_a, log)
    log.raise_faults()


def _check_rate(rate: float, horizon_a: int, log: FaultLog) -> None:
    if not 0 <= rate < 1:
        log.fault("study", f"the discount rate is {rate:g}.", "Give a fraction such as 0.05.")
    if horizon_a < 1:
        log.fault("study", f"the horizon is {horizon_a} years.", "Give 1 or more.")
