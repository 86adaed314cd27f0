"""A contracted problem has the same best value, and its plans come back whole."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from siting.optimise.contract import contract
from siting.plan import net_value, price_solution
from siting.problem import Edge, Objective, Problem, Site, Zone
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


YEARLY = Objective(kind="net_value", heat_price_eur_per_mwh=40, capital_factor=0.1)


def same_value(problem: Problem) -> None:
    """A problem with differing running costs is worth the same before and after."""
    wanted = solve_by_enumeration(problem).value
    found = solve_by_enumeration(contract(problem).problem).value
    assert found == pytest.approx(wanted, rel=1e-7), problem.name


def test_streets_side_by_side_stay_where_running_costs_differ() -> None:
    """At full base load heat runs from y to x, over the year cheap heat runs from x to y."""
    problem = Problem(
        nodes=("x", "y"),
        edges=(Edge("a", "x", "y", cost_eur=1e4), Edge("b", "x", "y", cost_eur=1e4)),
        sites=(
            Site("cheap", "x", capacity_mw=1.0, cost_per_mwh_eur=1.0),
            Site("dear", "y", capacity_mw=4.0, cost_per_mwh_eur=20.0),
        ),
        zones=(
            Zone("peaky", "x", heat_mwh=2000, peak_mw=2.0),
            Zone("even", "y", heat_mwh=8000, peak_mw=1.0),
        ),
        objective=YEARLY,
    )
    same_value(problem)
    assert not contract(problem).counts
    one_rate = replace(problem, sites=(replace(problem.sites[0], cost_per_mwh_eur=20.0),))
    assert contract(one_rate).counts == {"parallel": 1}
    same_value(random_problem(4659, kind="net_value"))  # once bounded below its best plan


def test_streets_in_a_row_that_lose_heat_stay_where_running_costs_differ() -> None:
    """In the year a joined street could be kept warm from its end, one of its parts cannot."""
    edges = (
        Edge("a", "x", "m", cost_eur=1e4, loss_mw=0.5),
        Edge("b", "m", "y", cost_eur=1e4, loss_mw=0.5),
    )
    problem = Problem(
        nodes=("x", "m", "y"),
        edges=edges,
        sites=(
            Site("dear", "x", capacity_mw=2.0, cost_per_mwh_eur=20.0),
            Site("cheap", "y", capacity_mw=1.5, cost_per_mwh_eur=1.0),
        ),
        zones=(Zone("even", "y", heat_mwh=4000, peak_mw=2.0),),
        objective=YEARLY,
    )
    same_value(problem)
    assert contract(problem).inexact == 1
    dry = tuple(replace(edge, loss_mw=0.0) for edge in edges)
    assert contract(replace(problem, edges=dry)).counts == {"chains": 1}
    same_value(replace(problem, edges=dry))
