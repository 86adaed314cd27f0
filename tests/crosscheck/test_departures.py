"""Plans for departures agree with the enumeration of all plans on tiny networks."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from siting.future import Departures, Replacement, Scenario, solve_departures
from siting.future.evaluate import faults_of
from siting.future.seeds import departure_bound, grown_problem
from siting.optimise import solve
from siting.problem import Problem
from siting.solution import Status

from .departure_oracle import best_value
from .random_problems import random_problem


def tiny(seed: int) -> Problem:
    """Return a random network of three or four streets, two sites and two zones."""
    drawn = random_problem(
        seed,
        kind="heat_per_euro",
        edges=3 + seed % 2,
        sites=2,
        zones=2,
        sizes="none",
        options=False,
        budget=False,
        least_heat=False,
        counts=False,
        mandatory=False,
        groups=False,
        zero_peak=False,
        shared_losses=False,
        islands=False,
    )
    return replace(drawn, zones=tuple(replace(z, peak_mw=max(z.peak_mw, 0.1)) for z in drawn.zones))


def two_stage(seed: int) -> Departures:
    """Return a case in which one source leaves, and one halves or grows."""
    rng = np.random.default_rng(seed)
    problem = tiny(seed)
    first, second = (site.id for site in problem.sites)
    place = Replacement(
        "boiler",
        str(rng.choice(problem.nodes)),
        None if seed % 3 else float(rng.uniform(0.5, 3.0)),
        float(rng.uniform(2e4, 1e6)),
        float(rng.choice([0.0, 15.0, 40.0])),
    )
    return Departures(
        problem,
        (
            Scenario("leaves", float(rng.uniform(0.1, 0.5)), 10, {first: 0.0}),
            Scenario("changes", 0.3, 7, {second: float(rng.choice([0.5, 1.3]))}),
        ),
        (place,) if seed % 4 else (),
        counts=float(rng.choice([0.0, 0.5, 1.0])),
        least_supply=float(rng.choice([0.0, 0.0, 0.5])),
        spare_pipes=bool(seed % 2),
    )


def secured(seed: int) -> Departures:
    """Return a case in which every connected zone stays supplied when any one source is lost."""
    problem = tiny(seed)
    lost = tuple(Scenario(s.id, 0.0, 0.0, {s.id: 0.0}, 1.0, True) for s in problem.sites)
    place = Replacement("boiler", problem.zones[0].node, None, 7e4)
    return Departures(problem, lost, (place,) if seed % 2 else ())


@lru_cache
def best_of(make, seed: int) -> float:
    """Return the best value of a case, worked out once for all tests."""
    return best_value(make(seed))


SEEDS = range(60 if os.environ.get("SITING_REAL_RUNS") else 6)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [two_stage, secured])
def test_agrees_with_enumeration(make, seed: int) -> None:
    case = make(seed)
    plan = solve_departures(case, gap=0, time_limit_s=60, threads=1)
    assert plan.proof.status is Status.OPTIMAL
    assert faults_of(case, plan) == []
    assert plan.value == pytest.approx(best_of(make, seed), rel=2e-5, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_base_problems_bound_every_plan(seed: int) -> None:
    """What bounds the search of a town holds against the enumeration, where sources grow as well"""
    case = two_stage(seed)
    problems = (case.problem, grown_problem(case))
    usual, grown = (solve(each, gap=0, threads=1).proof.bound for each in problems)
    bound = departure_bound(case, usual, grown)
    assert bound is not None
    assert bound >= best_of(two_stage, seed) * (1 - 1e-6)
