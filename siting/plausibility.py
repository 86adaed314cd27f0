"""Hold a plan's figures against what is known of real projects, and say what looks wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siting.parameters import read_default_csv
from siting.pipes import velocity, water_flow_for_heat
from siting.plan import Plan
from siting.problem import Problem

if TYPE_CHECKING:
    from siting.business import BusinessCase
    from siting.config import NetworkConfig
    from siting.parameters import Parameters

__all__ = ["Finding", "pipe_speeds", "plausibility"]

LEAST_HEAT_PER_EURO_KWH, MOST_HEAT_PER_EURO_KWH = 0.2, 10.0
LEAST_DENSITY_MWH_PER_M, USUAL_DENSITY_MWH_PER_M = 1.0, 1.5
SLACK = 1e-6


@dataclass(frozen=True)
class Finding:
    """A figure that lies outside what is plausible.

    Parameters
    ----------
    name
        What was looked at.
    value, limit, unit
        The figure found, and the limit that it breaks [``unit``].
    message
        The same in a sentence, with the source of the limit.
    ids
        Elements concerned.
    """

    name: str
    value: float
    limit: float
    unit: str
    message: str
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the sentence."""
        return self.message


def plausibility(
    problem: Problem,
    plan: Plan,
    case: BusinessCase | None = None,
    *,
    speeds: Sequence[tuple[str, float, float]] = (),
) -> tuple[Finding, ...]:
    """Return what is not plausible about a plan; nothing for the empty one.

    Parameters
    ----------
    problem, plan
        What could be built, and what is.
    case
        Its business case, for the limit on CO2.
    speeds
        Pipe, water velocity and cap [m/s] of each pipe, where known, see `pipe_speeds`.
    """
    if plan.is_empty:
        return ()
    found = [
        *_heat_per_euro(plan),
        *_hours(problem, plan),
        *_density(plan),
        *_speeds(speeds),
    ]
    if case is not None:
        found += [*_saving(case), *_country(case)]
    return tuple(found)


def pipe_speeds(
    plan: Plan, network: NetworkConfig, parameters: Parameters
) -> list[tuple[str, float, float]]:
    """Return the water velocity of each pipe at full base load, with its cap [m/s].

    Parameters
    ----------
    plan
        The plan; pipes without a size of the packaged catalogue are left out.
    network
        Temperatures of the network.
    parameters
        Gives the cap of large pipes.
    """
    known = {f"DN{row['nominal_diameter']}": row for row in read_default_csv("pipes_en253.csv")}
    large = parameters.value("velocity_cap_large_m_per_s")
    found = []
    for pipe in plan.pipes:
        row = known.get(pipe.size or "")
        if row is None:
            continue
        flow = water_flow_for_heat(
            pipe.flow_mw, network.supply_temperature_c, network.return_temperature_c
        )
        speed = float(velocity(flow, float(row["inner_diameter_mm"]) / 1000))
        found.append((pipe.edge, speed, float(row["velocity_cap_m_per_s"] or large)))
    return found


def _heat_per_euro(plan: Plan) -> Iterator[Finding]:
    value = plan.heat_per_euro_kwh
    if not math.isfinite(value):
        return
    for limit, wrong, word in (
        (LEAST_HEAT_PER_EURO_KWH, value < LEAST_HEAT_PER_EURO_KWH, "below"),
        (MOST_HEAT_PER_EURO_KWH, value > MOST_HEAT_PER_EURO_KWH, "above"),
    ):
        if wrong:
            yield Finding(
                "heat_per_euro_kwh",
                value,
                limit,
                "kWh/(a EUR)",
                f"Heat per euro is {value:.3g} kWh/a per EUR, {word} {limit:g}; published projects"
                " lie between 0.5 (a new network in its first year) and 7.2 (Odense, S20). Check"
                " costs, demand and their units.",
            )


def _hours(problem: Problem, plan: Plan) -> Iterator[Finding]:
    """Look for anything that would have to run longer than a year has hours."""
    most = problem.hours_per_a
    runs = [
        *(("site", each.site, each.heat_mwh, each.capacity_mw) for each in plan.sites),
        *(("zone", each.zone, each.demand_mwh, each.peak_mw) for each in plan.zones),
    ]
    for kind, name, heat, power in runs:
        hours = heat / power if power > 0 else (math.inf if heat > SLACK else 0.0)
        if hours > most * (1 + SLACK):
            yield Finding(
                "hours_per_a",
                hours,
                most,
                "h/a",
                f"{kind.capitalize()} '{name}': {heat:,.0f} MWh/a from {power:,.3g} MW would take"
                f" {hours:,.0f} hours; a year has {most:,.0f}. Check the units of heat and power.",
                (name,),
            )


def _density(plan: Plan) -> Iterator[Finding]:
    length = plan.trench_length_m
    if length <= 0:
        return
    value = plan.heat_mwh / length
    if value >= USUAL_DENSITY_MWH_PER_M:
        return
    low = value < LEAST_DENSITY_MWH_PER_M
    limit = LEAST_DENSITY_MWH_PER_M if low else USUAL_DENSITY_MWH_PER_M
    words = (
        "networks below it are normally not viable (judgement)"
        if low
        else "the usual threshold of French heat-network subsidy (Fonds Chaleur)"
    )
    yield Finding(
        "linear_heat_density_mwh_per_m",
        value,
        limit,
        "MWh/(m a)",
        f"Heat per metre of trench is {value:.2f} MWh/(m a), below {limit:g}: {words}. Ask whether"
        " far zones are worth their pipes.",
    )


def _speeds(speeds: Sequence[tuple[str, float, float]]) -> Iterator[Finding]:
    fast = [(v / cap, name, v, cap) for name, v, cap in speeds if v > cap * (1 + SLACK)]
    if fast:
        _, name, speed, cap = max(fast)
        yield Finding(
            "velocity_m_per_s",
            speed,
            cap,
            "m/s",
            f"Water runs at {speed:.2f} m/s in pipe '{name}', above its cap of {cap:g} m/s"
            f" (Frederiksen and Werner 2013); {len(fast):,} pipes are too fast in all. Check the"
            " pressure gradient.",
            tuple(each[1] for each in sorted(fast, reverse=True)),
        )


def _saving(case: BusinessCase) -> Iterator[Finding]:
    """Look for more CO2 saved than the heat replaced could have caused."""
    demand = case.energy.demand_mwh
    if demand <= 0:
        return
    saved = case.co2.net_t / demand
    most = case.co2.baseline_t / demand
    if saved > most * (1 + SLACK) + SLACK:
        yield Finding(
            "co2_net_saving_t_per_mwh",
            saved,
            most,
            "t/MWh",
            f"CO2 saved is {saved:.3f} t for each MWh of heat, above the {most:.3f} that the"
            f" baseline causes at all ({case.baseline.in_words}). Check factors and baseline.",
        )
    if saved < -SLACK:
        yield Finding(
            "co2_net_saving_t_per_mwh",
            saved,
            0.0,
            "t/MWh",
            f"The plan emits {-saved:.3f} t more for each MWh of heat than the baseline"
            f" ({case.baseline.in_words}). Check electricity factor and baseline.",
        )


def _country(case: BusinessCase) -> Iterator[Finding]:
    if case.assumed_country:
        value = case.electricity.now.value_kg_per_mwh
        yield Finding(
            "electricity_emission_now_kg_per_mwh",
            value,
            value,
            "kg/MWh",
            f"No country is set: CO2 of electricity is taken as in Finland ({value:g} kg/MWh);"
            " other countries have up to ten times as much. Set country in [study], or"
            " electricity_emission_now_kg_per_mwh in [parameters].",
        )
