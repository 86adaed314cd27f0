"""Work out the energy of each year of a plan."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from siting.demand import connection_profile
from siting.finance.viewpoints import YearEnergy
from siting.plan import Plan
from siting.problem import Problem, Zone
from siting.sources import utilisation_profile

if TYPE_CHECKING:
    from siting.config import FinanceConfig
    from siting.parameters import Parameters

__all__ = ["year_energy", "year_ramps"]


def year_ramps(
    finance: FinanceConfig, horizon_a: int, parameters: Parameters
) -> list[tuple[float, float]]:
    """Return for each year the share connected and the share that the data centres can give."""
    connected: Sequence[float] = finance.connection_ramp
    if finance.connection_ramp_a is not None:
        years = range(1, horizon_a + 1)
        connected = connection_profile(years, ramp_a=finance.connection_ramp_a).tolist()
    given: Sequence[float] = finance.utilisation_ramp
    if finance.utilisation_ramp_a is not None:
        given = utilisation_profile(horizon_a, parameters, ramp_a=finance.utilisation_ramp_a)

    def share(ramp: Sequence[float], year: int) -> float:
        return ramp[min(year, len(ramp) - 1)] if ramp else 1.0

    return [(share(connected, year), share(given, year)) for year in range(horizon_a)]


def year_energy(
    problem: Problem,
    plan: Plan,
    parameters: Parameters,
    connected: float,
    given: float,
    *,
    electric_boilers: bool = False,
    booster_mwh_per_mwh: Mapping[str, float] | None = None,
) -> YearEnergy:
    """Return the energy of a year with a share of consumers connected and of source heat given.

    ``booster_mwh_per_mwh`` is the electricity of boosters per heat from the network, by zone key.
    """
    rates = booster_mwh_per_mwh or {}
    zones = {zone.id: zone for zone in problem.zones}
    demand = connected * math.fsum(each.demand_mwh for each in plan.zones)
    waste = plan.heat_mwh
    if (connected, given) != (1.0, 1.0):
        waste = math.fsum(
            _zone_heat(zones[each.zone], each.base_mw, each.heat_mwh, connected, given)
            for each in plan.zones
        )
    # Pipes are warm all year, whoever is connected.
    fed_in = waste + plan.loss_mwh if plan.sites and waste > 0 else 0.0
    of_plan = math.fsum(site.heat_mwh for site in plan.sites)
    scale = fed_in / of_plan if of_plan > 0 else 0.0
    peak = max(demand - waste, 0.0)
    return YearEnergy(
        demand_mwh=demand,
        waste_heat_mwh=waste,
        fed_in_mwh=scale * of_plan,
        electricity_mwh=scale * math.fsum(site.electricity_mwh for site in plan.sites),
        pumping_mwh=parameters.value("pumping_share") * (scale * of_plan + peak),
        peak_heat_mwh=peak,
        gas_mwh=0.0 if electric_boilers else peak / parameters.value("gas_boiler_efficiency"),
        boiler_electricity_mwh=(
            peak / parameters.value("electric_boiler_efficiency") if electric_boilers else 0.0
        ),
        booster_mwh=connected
        * math.fsum(each.demand_mwh * rates.get(each.zone, 0.0) for each in plan.zones),
    )


def _zone_heat(
    zone: Zone, base_mw: float, full_mwh: float, connected: float, given: float
) -> float:
    """Return the heat of data centres in a zone that is partly connected, or partly supplied."""
    if connected <= 0:
        return 0.0
    if not zone.load_curve or zone.peak_mw <= 0:
        return full_mwh * min(connected, given)
    share = min(base_mw * given / (zone.peak_mw * connected), 1.0)
    x, y = zip(*zone.load_curve, strict=True)
    return connected * zone.heat_mwh * float(np.interp(share, x, y))
