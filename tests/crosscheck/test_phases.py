"""Plans in phases agree with the enumeration of all plans on tiny networks."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from siting.future import Period, Phases, solve_phases
from siting.future.phase_plan import phase_faults
from siting.solution import Status

from .phase_oracle import best_value
from .test_departures import tiny


def growing(seed: int) -> Phases:
    """Return a case of two periods with streets, zones and sites that come later."""
    rng = np.random.default_rng(seed)
    problem = tiny(seed)
    if seed % 3 == 0:
        problem = replace(problem, edges=tuple(_two_sizes(e) for e in problem.edges[:3]))
    else:
        problem = replace(problem, edges=problem.edges[:3])
    edges = [edge.id for edge in problem.edges]
    return Phases(
        problem,
        (
            Period("early", 10, {str(rng.choice(edges)): 0.6}),
            Period("late", 20, {str(rng.choice(edges)): 0.6}),
        ),
        site_from_year={problem.sites[0].id: 10} if seed % 2 else {},
        zone_from_year={problem.zones[1].id: int(rng.choice([0, 10]))},
        edge_from_year={edges[0]: 10} if seed % 5 == 4 else {},
        ramp=(0.3, 0.5, 0.7, 0.9) if seed % 4 == 1 else (),
    )


def _two_sizes(edge):
    from siting.problem import PipeSize

    small = PipeSize("small", 2.0, edge.cost_eur + 1e5, 0.005)
    large = PipeSize("large", 20.0, edge.cost_eur + 4e5, 0.01)
    return replace(edge, sizes=(small, large), cost_per_mw_eur=0.0, capacity_mw=None, loss_mw=0.0)


SEEDS = range(60 if os.environ.get("SITING_REAL_RUNS") else 8)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_enumeration(seed: int) -> None:
    case = growing(seed)
    plan = solve_phases(case, gap=0, time_limit_s=60, threads=1)
    assert phase_faults(case, plan) == []
    best = best_value(case)
    assert plan.proof.bound == pytest.approx(best, rel=2e-5, abs=1e-9)
    if case.ramp:  # the plan is counted year by year, the bound by the mean share of a period
        assert 0.95 * best < plan.value <= best * (1 + 1e-6)
    else:
        assert plan.proof.status is Status.OPTIMAL
        assert plan.value == pytest.approx(best, rel=2e-5, abs=1e-9)
