"""A contracted problem has the same best value, and its plans come back whole."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from siting.optimise.contract import contract
from siting.plan import net_value, price_solution
from siting.problem import Edge, Problem
from siting.solution import Proof, Status
from siting.verify import verify_plan

from .brute_force import solve_by_enumeration
from .random_problems import random_problem


def simpler(problem: Problem, seed: int) -> Problem:
    """Make pipes alike per metre, so that all four steps have work; some stay as they are."""
    if seed % 3 == 0:
        return problem
    losses = seed % 2

    def alike(edge: Edge) -> Edge:
        if edge.sizes:
            sizes = tuple(
                replace(size, capacity_mw=size.capacity_mw * 100, loss_mw=0.0)
                for size in edge.sizes
            )
            return replace(edge, sizes=sizes)
        return replace(
            edge,
            cost_eur=700 * edge.length_m,
            cost_per_mw_eur=60 * edge.length_m,
            capacity_mw=None,
            loss_mw=3e-5 * edge.length_m * losses,
            loss_per_mw=0.0,
        )

    return replace(problem, edges=tuple(alike(edge) for edge in problem.edges))


def values(seeds: range) -> tuple[int, dict[str, int]]:
    """Compare best values before and after; return how many, and what was taken away."""
    compared, counts = 0, dict.fromkeys(("dead ends", "parallel", "chains"), 0)
    for seed in seeds:
        problem = simpler(random_problem(seed), seed)
        contracted = contract(problem)
        counts = {name: count + contracted.counts.get(name, 0) for name, count in counts.items()}
        if len(contracted.problem.edges) in (0, len(problem.edges)):
            continue
        wanted, found = solve_by_enumeration(problem), solve_by_enumeration(contracted.problem)
        assert wanted.feasible == found.feasible, seed
        if wanted.value is None or found.value is None or found.solution is None:
            continue
        assert found.value == pytest.approx(wanted.value, rel=1e-7, abs=1e-9), seed
        kind = problem.objective.kind
        proof = Proof(Status.FEASIBLE, kind, wanted.value, None, math.inf, 0.0, 0.0, "")
        plan = price_solution(problem, contracted.expand(found.solution, problem), proof)
        assert verify_plan(problem, plan) == [], seed
        assert plan.heat_mwh == pytest.approx(found.heat_mwh, rel=1e-7), seed
        assert plan.capex_eur == pytest.approx(found.capex_eur, rel=1e-7), seed
        if problem.objective.kind == "net_value":
            assert net_value(problem, plan) == pytest.approx(wanted.value, rel=1e-6), seed
        compared += 1
    return compared, counts


def test_best_values_stay_and_plans_come_back() -> None:
    compared, counts = values(range(60))
    assert compared > 20
    assert all(count > 5 for count in counts.values()), counts
