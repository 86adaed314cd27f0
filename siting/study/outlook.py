"""Turn the outlook of a study into cases: what may leave, what replaces it, when what is built."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from siting.config import StudyConfig
from siting.errors import Fault, FaultLog, InputError
from siting.finance.departure import survival_probability
from siting.future.types import Departures, Period, Phases, Replacement, Scenario
from siting.problem import Problem

if TYPE_CHECKING:
    from siting.assembly import Assembly
    from siting.parameters import Parameters
    from siting.plan import Plan

__all__ = [
    "connection_ramp",
    "departure_case",
    "hazard_case",
    "leaving_case",
    "phase_case",
    "replacement_places",
    "secured_case",
]

KW_PER_MW = 1e3


def departure_case(
    assembly: Assembly, parameters: Parameters, config: StudyConfig, plan: Plan
) -> Departures:
    """Return what may happen to the sources of a study: each may leave, shrink or grow.

    Parameters
    ----------
    assembly, parameters, config
        The problem, the parameter table and the study.
    plan
        The best plan without a thought of departures; it names the source that matters most.

    Raises
    ------
    InputError
        The study names sites that are not there, or probabilities of more than 1 in all.
    """
    told, value = config.departure, parameters.value
    sites = _changing_sites(assembly, told.sites, plan)
    year = told.year_a if told.year_a is not None else value("departure_year_a")
    leaves = told.probability_leaves
    if leaves is None:
        leaves = 1 - survival_probability(value("departure_hazard"), year)
    shrinks = _stated_or(told.probability_shrinks, value("probability_shrinks"))
    grows = _stated_or(told.probability_grows, value("probability_grows"))
    if len(sites) * (leaves + shrinks + grows) > 1:
        raise InputError(
            Fault(
                "study",
                f"[departure] {len(sites)} sites that may leave, shrink or grow have a probability"
                f" of {len(sites) * (leaves + shrinks + grows):.2f} in all.",
                "Name fewer sites, or give lower probabilities.",
            )
        )
    refresh = value("refresh_year_a")
    scenarios = []
    for site in sites:
        name = assembly.site_ids[site]
        scenarios += [
            Scenario(f"{name} leaves", leaves, year, {site: 0.0}),
            Scenario(f"{name} shrinks", shrinks, refresh, {site: value("refresh_shrunk_output")}),
            Scenario(f"{name} grows", grows, refresh, {site: value("refresh_grown_output")}),
        ]
    return Departures(
        assembly.problem,
        tuple(each for each in scenarios if each.probability > 0),
        replacement_places(assembly.problem, parameters, config, sites),
        horizon_a=_horizon(parameters, config),
        discount_rate=_rate(parameters, config),
        counts=told.counts,
        least_supply=told.least_supply,
        spare_pipes=told.spare_pipes,
    )


def hazard_case(assembly: Assembly, parameters: Parameters, config: StudyConfig) -> Departures:
    """Return the case in which each site may leave in any year, with its hazard.

    Raises
    ------
    InputError
        The study names sites that are not there.
    """
    named = config.departure.hazards
    _changing_sites(assembly, tuple(named), None)
    usual = parameters.value("departure_hazard")
    hazards = {key: named.get(name, usual) for key, name in assembly.site_ids.items()}
    return Departures(
        assembly.problem,
        hazards=hazards,
        horizon_a=_horizon(parameters, config),
        discount_rate=_rate(parameters, config),
    )


def leaving_case(
    assembly: Assembly, parameters: Parameters, config: StudyConfig, plan: Plan
) -> Departures:
    """Return the stress case: every source of a plan leaves in the year of departure, for sure."""
    told = config.departure
    year = told.year_a if told.year_a is not None else parameters.value("departure_year_a")
    sites = [each.site for each in plan.sites]
    return Departures(
        assembly.problem,
        (Scenario("all leave", 1.0, year, dict.fromkeys(sites, 0.0)),),
        replacement_places(assembly.problem, parameters, config, sites),
        horizon_a=_horizon(parameters, config),
        discount_rate=_rate(parameters, config),
        counts=told.counts,
    )


def secured_case(assembly: Assembly, parameters: Parameters, config: StudyConfig) -> Departures:
    """Return the case in which any one source is lost at once and every zone stays supplied."""
    problem = assembly.problem
    lost = tuple(
        Scenario(f"{assembly.site_ids[site.id]} is lost", 0.0, 0.0, {site.id: 0.0}, 1.0, True)
        for site in problem.sites
        if not site.forbidden
    )
    sites = [site.id for site in problem.sites if not site.forbidden]
    return Departures(
        problem,
        lost,
        replacement_places(problem, parameters, config, sites),
        horizon_a=_horizon(parameters, config),
        discount_rate=_rate(parameters, config),
        spare_pipes=config.departure.spare_pipes,
    )


def _stated_or(stated: float | None, default: float) -> float:
    return default if stated is None else stated


def _horizon(parameters: Parameters, config: StudyConfig) -> int:
    return config.finance.horizon_a or round(parameters.value("lifetime_a"))


def _rate(parameters: Parameters, config: StudyConfig) -> float:
    return _stated_or(config.finance.discount_rate, parameters.value("discount_rate"))


def _changing_sites(assembly: Assembly, named: tuple[str, ...], plan: Plan | None) -> list[str]:
    """Return the keys of the sites that may change."""
    keys = {name: key for key, name in assembly.site_ids.items()}
    unknown = [name for name in named if name not in keys]
    if unknown:
        raise InputError(
            Fault(
                "study",
                f"[departure] names '{unknown[0]}', which no site on the network has.",
                "Correct the id.",
                tuple(unknown),
            )
        )
    if named:
        return [keys[name] for name in named]
    if plan is None or not plan.sites:
        return []
    return [max(plan.sites, key=lambda each: each.heat_mwh).site]


def replacement_places(
    problem: Problem, parameters: Parameters, config: StudyConfig, sites: list[str]
) -> tuple[Replacement, ...]:
    """Return what can be bought, at the node of each site that may leave.

    Its heat is charged with what it costs more than that of the sources: the headline figure
    leaves the running cost of sources out, so only the difference counts.
    """
    kind, value = config.departure.replacement, parameters.value
    if kind == "none":
        return ()
    extra = 1 + value("design_share") + value("contingency_share")
    if kind == "heat_pump":
        capex = value("replacement_capex_eur_per_kw")
        running = value("electricity_price_eur_per_mwh") / value("replacement_cop")
        running += value("heat_pump_variable_om_eur_per_mwh")
    else:
        capex = value("gas_boiler_capex_eur_per_kw")
        burnt = 1 / value("gas_boiler_efficiency")
        carbon = value("fuel_carbon_price_eur_per_t") * value("gas_emission_kg_per_mwh") / 1e3
        running = burnt * (value("gas_price_eur_per_mwh") + carbon)
        running += value("gas_boiler_variable_om_eur_per_mwh")
    places: dict[str, Replacement] = {}
    for site in problem.sites:
        if site.id not in sites or site.node in places:
            continue
        own = min((o.cost_per_mwh_eur for o in site.choices), default=0.0)
        places[site.node] = Replacement(
            f"{kind.replace('_', ' ')} at {site.id}",
            site.node,
            None,
            capex * KW_PER_MW * extra,
            max(running - own, 0.0),
        )
    return tuple(places.values())


# Phases -----------------------------------------------------------------------------------------


def connection_ramp(parameters: Parameters, config: StudyConfig | None = None) -> tuple[float, ...]:
    """Return the share of a zone's customers that is connected year by year [-].

    It is over those connected in the end. What the study says of the whole network under
    ``[finance]`` holds for each zone; without it the parameter table's.
    """
    stated = () if config is None else config.finance.connection_ramp
    if stated:
        return tuple(share / max(stated) for share in stated)
    first, years = parameters.value("connection_first_share"), parameters.value("connection_ramp_a")
    count = max(math.ceil(years), 1)
    if count == 1:
        return (1.0,)
    rise = (1 - first) / (count - 1)
    return tuple(min(first + rise * year, 1.0) for year in range(count))


@dataclass(frozen=True)
class Works:
    """What a layer of road works says of the edges of a network, by edge key.

    ``factor`` by calendar year: cost of the edge over its usual cost, when laid in that year [-].
    ``open_from`` is the first calendar year in which a pipe can be laid.
    """

    factor: Mapping[str, Mapping[int, float]]
    open_from: Mapping[str, int]


def phase_case(
    assembly: Assembly, parameters: Parameters, config: StudyConfig, works: Works | None = None
) -> Phases:
    """Return the periods of a study.

    Raises
    ------
    InputError
        The study names sites or zones that are not there; all are reported.
    """
    told, first = config.phases, config.finance.first_year
    log = FaultLog()
    starts = [first + sum(told.years_a[:t]) for t in range(len(told.years_a))]
    periods = []
    for t, years in enumerate(told.years_a):
        during = range(starts[t], starts[t] + years)
        factors = {} if works is None else _factors(works, during)
        periods.append(
            Period(
                f"{during[0]}-{during[-1]}",
                years,
                factors,
                told.budgets_eur[t] if told.budgets_eur else None,
                told.min_heat_mwh[t] if told.min_heat_mwh else None,
            )
        )
    sites = _years_by_key("sites", told.sites, assembly.site_ids, first, log)
    zones = _years_by_key("zones", told.zones, assembly.zone_ids, first, log)
    log.raise_faults()
    problem = assembly.problem
    if told.min_heat_mwh:
        problem = replace(problem, limits=replace(problem.limits, min_heat_mwh=None))
    return Phases(
        problem,
        tuple(periods),
        site_from_year=sites,
        zone_from_year=zones,
        edge_from_year={}
        if works is None
        else {edge: max(year - first, 0) for edge, year in works.open_from.items()},
        ramp=connection_ramp(parameters, config) if told.ramp else (),
        discount_rate=_rate(parameters, config),
    )


def _factors(works: Works, during: range) -> dict[str, float]:
    """Return the cheapest factor of each edge in some years.

    A period is built at its beginning; works later in it are waited for, which costs nothing here.
    """
    found = {}
    for edge, by_year in works.factor.items():
        within = [factor for year, factor in by_year.items() if year in during]
        if within:
            found[edge] = min(within)
    return found


def _years_by_key(
    kind: str, named: Mapping[str, int], ids: Mapping[str, str], first: int, log: FaultLog
) -> dict[str, int]:
    """Return the year counted from the first one, by key."""
    keys = {name: key for key, name in ids.items()}
    for name in named:
        if name not in keys:
            log.fault(
                "study",
                f"[phases] {kind} names '{name}', which is not on the network.",
                "Correct the id.",
                [name],
            )
    return {keys[name]: max(year - first, 0) for name, year in named.items() if name in keys}
