"""What the outline of a case proves holds against the enumeration of all plans."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from siting.errors import InfeasibleError
from siting.future import Departures, Replacement, Scenario, solve_departures
from siting.future.evaluate import faults_of
from siting.future.outlined import OutlineEngine, search_outline
from siting.future.seeds import _answer
from siting.future.solve import least_euro
from siting.optimise import solve
from siting.optimise.engine import MipCall, SolverChoice
from siting.optimise.progress import Watch
from siting.problem import Edge, Problem

from .departure_oracle import best_value
from .random_problems import random_problem

SEEDS = range(40) if os.environ.get("SITING_REAL_RUNS") else (*range(5), 22, 34)
BELOW = 1 - 1e-4


def tiny(seed: int) -> Problem:
    """Return a random network of three or four streets, two or three sites and two zones.

    Streets are cheap now and then, so that sites are joined; some have two sizes that lose heat.
    """
    rng = np.random.default_rng([seed, 7])
    drawn = random_problem(
        seed,
        kind="heat_per_euro",
        edges=3 + seed % 2,
        sites=2 + (seed % 3 == 1),
        zones=2,
        sizes="some" if seed % 4 == 1 else "none",
        options=False,
        budget=False,
        least_heat=False,
        counts=False,
        mandatory=False,
        groups=False,
        zero_peak=False,
        shared_losses=seed % 2 == 0,
        islands=seed % 5 == 3,
    )
    zones = tuple(replace(z, peak_mw=max(z.peak_mw, 0.1)) for z in drawn.zones)
    cheaper = float(rng.choice([1.0, 0.2]))
    return replace(drawn, zones=zones, edges=tuple(_cheap(e, cheaper) for e in drawn.edges))


def _cheap(edge: Edge, factor: float) -> Edge:
    sizes = tuple(replace(s, cost_eur=s.cost_eur * factor) for s in edge.sizes[:2])
    return replace(edge, sizes=sizes, cost_eur=edge.cost_eur * factor)


def changing(seed: int) -> Departures:
    """Return a case in which sources leave, shrink and grow, one by one or together."""
    rng = np.random.default_rng([seed, 8])
    problem = tiny(seed)
    first, second = (site.id for site in problem.sites[:2])
    place = Replacement(
        "boiler",
        str(rng.choice(problem.nodes)),
        None if seed % 3 else float(rng.uniform(0.5, 3.0)),
        float(rng.uniform(2e4, 1e6)),
        float(rng.choice([0.0, 15.0, 40.0])),
    )
    both = {first: 0.5, second: float(rng.choice([0.0, 1.4]))}
    return Departures(
        problem,
        (
            Scenario("leaves", float(rng.uniform(0.1, 0.4)), 10, {first: 0.0}),
            Scenario("shrinks", 0.15, 7, {first: 0.5}, kept=float(rng.choice([0.0, 0.4]))),
            Scenario("grows", 0.2, 7, {first if seed % 2 else second: 1.3}),
            *((Scenario("both", 0.1, 5, both),) if seed % 3 == 0 else ()),
        ),
        (place,) if seed % 4 else (),
        counts=float(rng.choice([0.0, 0.5, 1.0])),
        least_supply=float(rng.choice([0.0, 0.0, 0.4])),
        spare_pipes=bool(seed % 2),
    )


def secured(seed: int) -> Departures:
    """Return a case in which every zone stays supplied when any one source is lost or nearly so."""
    rng = np.random.default_rng([seed, 9])
    problem = tiny(seed)
    left = float(rng.choice([0.0, 0.0, 0.3]))
    lost = tuple(Scenario(s.id, 0.0, 0.0, {s.id: left}, 1.0, True) for s in problem.sites)
    cheap = Replacement("boiler", problem.zones[0].node, None, float(rng.choice([7e4, 6e5])))
    small = Replacement("small", problem.sites[0].node, 0.8, 4e4)
    return Departures(
        problem, lost, (cheap, small)[: 1 + seed % 2], spare_pipes=bool((seed // 2) % 2)
    )


@lru_cache
def best_of(make, seed: int) -> float:
    """Return the best value of a case, worked out once for all tests."""
    return best_value(make(seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [changing, secured])
def test_no_plan_beats_the_best_of_the_outline(make, seed: int) -> None:
    """Just below the best value of all plans the outline has a surplus: that of the best plan.

    A row that cut off the best plan would leave none.
    """
    case, best = make(seed), BELOW * best_of(make, seed)
    if best == 0:
        return
    engine = OutlineEngine(case, case.problem, Watch(60.0), SolverChoice(threads=1))
    scale = engine.model.data.scale
    cost = best / 1000 * scale.cost_eur / scale.heat_mwh * engine.capex - engine.heat
    relaxed = engine.relax(cost)  # with the cuts that it finds
    outcome = engine.solve(MipCall(cost), rows=engine.found)
    assert relaxed.bound < -1e-6
    assert outcome.objective < -1e-6


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [changing, secured])
def test_what_the_search_of_the_outline_proves_holds(make, seed: int) -> None:
    """Its bound is no lower than the best of all plans, its plans are plans, and no better."""
    case, best = make(seed), best_of(make, seed)
    plan = solve_departures(case, gap=0, time_limit_s=60, threads=1)
    assert plan.value == pytest.approx(best, rel=2e-5, abs=1e-9)
    if plan.plan.is_empty:
        return
    bounds, found = [], []
    start = replace_by_base(case)
    if start is None:
        return
    search_outline(
        case,
        Watch(60.0),
        seconds=60.0,
        gap=1e-6,
        solver=SolverChoice(threads=1),
        best=start,
        bound=None,
        guess=1.3 * start.value,
        on_found=lambda each: found.append(each) or True,
        on_bound=lambda bound, _: bounds.append(bound),
    )
    assert bounds
    assert min(bounds) >= best * (1 - 1e-6)
    for each in found:
        assert faults_of(case, each.plan) == []
        assert each.value <= best * (1 + 2e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_hazards_are_bounded_as_well(seed: int) -> None:
    """Sites of different hazard: the search of the outline proves no less than the whole program"""
    problem = tiny(seed)
    hazards = {site.id: 0.01 + 0.05 * k for k, site in enumerate(problem.sites)}
    case = Departures(problem, hazards=hazards)
    best = solve_departures(case, gap=0, time_limit_s=60, threads=1)
    start = replace_by_base(case)
    if start is None:
        return
    bounds = []
    search_outline(
        case,
        Watch(60.0),
        seconds=60.0,
        gap=1e-6,
        solver=SolverChoice(threads=1),
        best=start,
        bound=None,
        guess=1.3 * start.value,
        on_found=lambda _: True,
        on_bound=lambda bound, _: bounds.append(bound),
    )
    assert min(bounds) >= best.value * (1 - 1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_every_plan_costs_at_least_bounds_as_well(seed: int) -> None:
    """With a least heat, a price that is beaten by a little bounds all plans the closer."""
    case = changing(seed)
    total = sum(zone.heat_mwh for zone in case.problem.zones)
    problem = case.problem.with_limits(min_heat_mwh=0.4 * total)
    case = replace(case, problem=problem, least_supply=0.0)
    try:
        base = solve(problem, gap=0, threads=1)
        best = solve_departures(case, base=base, gap=0, time_limit_s=60, threads=1)
    except InfeasibleError:
        return
    least = least_euro(case, base)
    assert 0 < least <= best.plan.capex_eur
    case_engine = OutlineEngine(case, problem, Watch(60.0), SolverChoice(threads=1))
    scale = case_engine.model.data.scale
    price = 0.97 * best.value / 1000
    cost = price * scale.cost_eur / scale.heat_mwh * case_engine.capex - case_engine.heat
    surplus = -case_engine.relax(cost).bound * scale.heat_mwh
    assert price + surplus / least >= best.value / 1000 * (1 - 1e-6)


def replace_by_base(case: Departures):
    """Return a plan to start from: the best structure without a thought of the scenarios."""
    found = _answer(case, solve(case.problem, gap=0, threads=1))
    return max(found, key=lambda each: each.value, default=None)
