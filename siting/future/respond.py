"""Say what a plan that was made without a thought of departures does when one comes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from siting.errors import NoPlanError
from siting.future.departures import (
    Written,
    evaluated,
    fixed_structure,
    polish_settings,
    write_departures,
)
from siting.future.outcome import DeparturePlan
from siting.future.structure import Structure, part_of
from siting.future.types import Departures, check_departures
from siting.plan import Plan
from siting.solvers.compiled import CompiledModel
from siting.solvers.highs import HighsMip

__all__ = ["respond", "structure_of_plan"]


def structure_of_plan(plan: Plan) -> Structure:
    """Return what a plan builds, as yes-no decisions."""
    return Structure(
        options={each.site: each.option for each in plan.sites},
        sizes={pipe.edge: pipe.size for pipe in plan.pipes},
        used_from={pipe.edge: pipe.from_node for pipe in plan.pipes},
        zones=frozenset(each.zone for each in plan.zones),
    )


def respond(
    case: Departures, plan: Plan, price_mwh_per_eur: float, *, keep: bool = False
) -> DeparturePlan:
    """Return the best response of a plan to each scenario; nothing is added to it beforehand.

    Parameters
    ----------
    case
        What may happen, and what can be bought then. Shares that must be kept are left aside: a
        plan without precautions may break them, and what is left of its supply is the answer.
    plan
        What is built.
    price_mwh_per_eur
        What heat must at least bring for a euro to be spent on it [MWh/EUR].

    keep
        Keep to the shares of the scenarios all the same, whatever it costs.

    Raises
    ------
    NoPlanError
        The response was not found in time.
    """
    check_departures(case)
    loose = replace(
        case,
        least_supply=0.0,
        spare_pipes=True,  # pipes of the plan that are of no use in the usual state stay built
        scenarios=tuple(replace(s, kept=s.kept if keep else 0.0) for s in case.scenarios),
        problem=replace(
            case.problem, limits=replace(case.problem.limits, budget_eur=None, min_heat_mwh=None)
        ),
    )
    kept = structure_of_plan(plan)
    small = write_departures(loose.with_problem(part_of(loose.problem, kept)))
    cost = (price_mwh_per_eur * small.euro - small.heat_mwh) / small.design.heat_mwh
    outcome = HighsMip(_as_built(small, kept, plan)).solve(cost, polish_settings(small))
    found = None if outcome.values is None else evaluated(loose, small, outcome.values)
    if found is None:
        raise NoPlanError("No response of the plan to the scenarios was found. Try once more.")
    return found.plan


def _as_built(small: Written, kept: Structure, plan: Plan) -> CompiledModel:
    """Return the small program with everything fixed that the plan decides."""
    design, compiled = small.design, fixed_structure(small, kept)
    lower, upper = compiled.lower.copy(), compiled.upper.copy()
    for x in (*design.reserve.values(), *design.standby.values(), *design.wider.values()):
        upper[compiled.index(x)] = 0.0
    granted = {each.zone: each.base_mw for each in plan.zones}
    for z, x in design.v.base.items():
        mw = granted[design.data.zone(z).id] / design.power_mw
        lower[compiled.index(x)] = max(mw - 1e-9, 0.0)
        upper[compiled.index(x)] = mw + 1e-9
    return replace(compiled, lower=np.minimum(lower, upper), upper=upper)
