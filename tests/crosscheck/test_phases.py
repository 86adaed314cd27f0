"""Plans in phases agree with the enumeration of all plans on tiny networks."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from siting.future import Period, Phases, solve_phases
from siting.future.phase_plan import phase_faults
from siting.future.seeds import alone, is_dominated, phase_bound
from siting.optimise import solve
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


@lru_cache
def best_of(seed: int) -> float:
    """Return the best value of a case, worked out once for all tests."""
    return best_value(growing(seed))


SEEDS = range(60 if os.environ.get("SITING_REAL_RUNS") else 8)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_enumeration(seed: int) -> None:
    case = growing(seed)
    plan = solve_phases(case, gap=0, time_limit_s=60, threads=1)
    assert phase_faults(case, plan) == []
    best = best_of(seed)
    assert plan.proof.bound == pytest.approx(best, rel=2e-5, abs=1e-9)
    if case.ramp:  # the plan is counted year by year, the bound by the mean share of a period
        assert 0.95 * best < plan.value <= best * (1 + 1e-6)
    else:
        assert plan.proof.status is Status.OPTIMAL
        assert plan.value == pytest.approx(best, rel=2e-5, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_periods_alone_bound_every_plan(seed: int) -> None:
    """What bounds the search of a town holds against the enumeration, and so does dominance."""
    case = growing(seed)
    problems = [alone(case, t) for t in range(2)]
    early, late = (solve(each, gap=0, threads=1).proof.bound for each in problems)
    bound = phase_bound(case, [early, late])
    assert bound >= best_of(seed) * (1 - 1e-6)
    if is_dominated(problems, 0, 1):
        assert early <= late * (1 + 1e-6)
    else:
        assert any(each.mandatory for each in (*problems[1].sites, *problems[1].zones)) or (
            problems[1].limits != problems[0].limits
        )
