"""Folding a plan around a region keeps its figures, and regions lead to the best plan.

A lump that forgot a cost, a loss or a zone would change what the folded plan costs or delivers; a
plan put together wrongly afterwards is refuted by the verifier.
"""

from __future__ import annotations

import numpy as np
import pytest

from siting.errors import SitingError
from siting.model.data import prepare
from siting.optimise import regions, solve
from siting.optimise.candidate import Candidate, make_candidate
from siting.optimise.engine import SolverChoice
from siting.optimise.fold import Folder, Region
from siting.optimise.portfolio import Portfolios, draft_of_plans
from siting.optimise.progress import Watch
from siting.optimise.regions import RegionSearch
from siting.optimise.settle import settle
from siting.optimise.survey import Sketch
from siting.optimise.tables import tables_of
from siting.plan import Plan
from siting.problem import Problem
from siting.solution import OpenSite, PipeFlow, ServedZone, Solution
from siting.verify import verify_plan
from tests.benchmarks.cities import SIZES, ask, city_problem, make_city

from .brute_force import solve_by_enumeration
from .random_problems import KINDS, random_problem


def decisions(plan: Plan) -> Solution:
    """Return what a plan decides."""
    return Solution(
        tuple(OpenSite(s.site, s.option, s.capacity_mw) for s in plan.sites),
        tuple(PipeFlow(p.edge, p.from_node, p.to_node, p.flow_mw, p.size) for p in plan.pipes),
        tuple(ServedZone(z.zone, z.base_mw, z.heat_mwh) for z in plan.zones),
    )


def planned(problem: Problem) -> Candidate | None:
    """Return a plan of a small problem, if it has any."""
    try:
        plan = solve(problem, gap=0.3, time_limit_s=30)
    except SitingError:
        return None
    return make_candidate(problem, decisions(plan))


def refuted(problem: Problem, plan: Candidate) -> list[str]:
    """Return what the verifier finds in a plan, but for the proof that it does not have yet."""
    return [each for each in verify_plan(problem, plan.plan) if not each.startswith("proof")]


def some_region(problem: Problem, rng: np.random.Generator) -> Region:
    """Return a region drawn at random, wherever its parts lie."""

    def some(things: tuple[object, ...], share: float) -> frozenset[str]:
        return frozenset(
            each.id  # type: ignore[attr-defined]
            for each in things
            if not each.forbidden and rng.random() < share  # type: ignore[attr-defined]
        )

    return Region(some(problem.edges, 0.3), some(problem.zones, 0.2), some(problem.sites, 0.3))


def test_a_folded_plan_costs_and_delivers_what_the_plan_does() -> None:
    """With lumps of any size, for all objectives, with sizes, losses and load curves."""
    folded_zones, tried = 0, 0
    for seed in range(700, 740):
        problem = random_problem(seed, edges=8, zones=5, kind=KINDS[seed % 4])
        plan = planned(problem)
        if plan is None or not plan.solution.pipes:
            continue
        rng = np.random.default_rng(seed)
        for most in (0.0, 0.5, 1.0):
            folded = Folder(problem, most).fold(plan.solution, some_region(problem, rng))
            again = make_candidate(folded.problem, folded.solution)
            assert again is not None, seed
            told = (again.heat_mwh, again.capex_eur, again.value)
            assert told == pytest.approx((plan.heat_mwh, plan.capex_eur, plan.value)), seed
            whole = folded.unfold(folded.solution)
            assert set(whole.pipes) == set(plan.solution.pipes), seed
            assert set(whole.zones) == set(plan.solution.zones), seed
            assert whole.sites == plan.solution.sites, seed
            folded_zones += sum(len(lump.zones) for lump in folded.lumps.values())
        tried += 1
    assert tried > 20
    assert folded_zones > 25


def test_the_best_plan_of_a_folded_problem_is_one_of_the_whole_problem() -> None:
    """It has the value that the small problem says, and the verifier agrees."""
    tried = 0
    for seed in range(760, 790):
        problem = random_problem(seed, edges=8, zones=5, kind=KINDS[seed % 4])
        plan = planned(problem)
        if plan is None or not plan.solution.pipes:
            continue
        region = some_region(problem, np.random.default_rng(seed))
        folded = Folder(problem, 1.0).fold(plan.solution, region)
        small = solve(folded.problem, gap=1e-6, time_limit_s=30)
        whole = make_candidate(problem, folded.unfold(decisions(small)))
        assert whole is not None, seed
        assert whole.value == pytest.approx(small.proof.incumbent), seed
        assert refuted(problem, whole) == [], seed
        worse = plan.value > whole.value if problem.objective.kind != "capex" else False
        assert not worse or plan.value == pytest.approx(whole.value, rel=1e-5), seed
        tried += 1
    assert tried > 12


def search(problem: Problem) -> RegionSearch:
    """Return a search for a problem with time enough."""
    return RegionSearch(problem, Watch(60.0), gap=0.0, solver=SolverChoice(threads=1))


def test_a_region_that_holds_everything_leads_to_the_best_plan() -> None:
    """From a poor plan, for every objective, to the value that enumeration finds."""
    tried = 0
    for seed in range(800, 832):
        problem = random_problem(seed, edges=6, zones=4, kind=KINDS[seed % 4], counts=False)
        plan = planned(problem)
        answer = solve_by_enumeration(problem)
        if plan is None or not plan.solution.pipes or answer.value is None:
            continue
        best = search(problem).run(plan, seconds=10.0, stop=lambda: False)
        assert best.value == pytest.approx(answer.value, rel=1e-3, abs=1e-6), seed
        assert refuted(problem, best) == [], seed
        tried += 1
    assert tried > 15


@pytest.fixture(scope="module")
def city() -> Problem:
    """Return a synthetic city of 1,000 edges."""
    return city_problem(make_city(SIZES["1k"]), name="1k")


@pytest.mark.parametrize("question", ["minimum_heat", "budget", "ratio"])
def test_regions_improve_a_plan_of_a_city_the_same_way_each_time(
    city: Problem, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Far from all streets at once, and no region makes a plan worse."""
    monkeypatch.setattr(regions, "MOST", 60)
    monkeypatch.setattr(regions, "EDGES", 40)
    problem = ask(city, question)
    tables, sketch = tables_of(problem), Sketch(prepare(problem))
    start = None
    for price in np.geomspace(0.0025, 0.0045, 12).tolist():
        plans = Portfolios(tables, 0, lambda: False).at(price)
        solution = settle(sketch, draft_of_plans(plans, tables, sketch.data)) if plans else None
        start = make_candidate(problem, solution) if solution is not None else None
        if start is not None:
            break
    assert start is not None
    found = []
    for _ in range(2):
        steps: list[float] = [start.value]
        counted = iter(range(15))
        best = search(problem).run(
            start,
            seconds=60.0,
            stop=lambda c=counted: next(c, None) is None,  # type: ignore[misc]
            found=lambda each, s=steps: s.append(each.value),  # type: ignore[misc]
        )
        assert steps == sorted(steps)
        assert best.value > 1.002 * start.value
        assert refuted(problem, best) == []
        found.append(steps)
    assert found[0] == found[1]
