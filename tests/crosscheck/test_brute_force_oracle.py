"""The oracle itself: published answers, answers worked out on paper, and its own shortcuts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from siting.problem import Edge, Objective, PipeSize, Problem, Site, SiteOption, Zone, check_problem
from siting.solution import Solution
from siting.verify import verify_plan

from .brute_force import MOST_EDGES, Answer, oracle_plan, solve_by_enumeration
from .random_problems import KINDS, random_problem
from .t10 import T10_ANSWERS, T10_PLANS, ToyAnswer, ToyPlan, t10_problem


def opened(answer: Answer) -> set[str]:
    assert isinstance(answer.solution, Solution)
    return {each.site for each in answer.solution.sites}


def served(answer: Answer) -> set[str]:
    assert isinstance(answer.solution, Solution)
    return {each.zone for each in answer.solution.zones}


def with_only(problem: Problem, sites: frozenset[str], zones: frozenset[str]) -> Problem:
    """Return the problem in which exactly these sites and zones are in the plan."""
    return replace(
        problem,
        sites=tuple(
            replace(each, mandatory=each.id in sites, forbidden=each.id not in sites)
            for each in problem.sites
        ),
        zones=tuple(
            replace(each, mandatory=each.id in zones, forbidden=each.id not in zones)
            for each in problem.zones
        ),
    )


@pytest.mark.parametrize("plan", T10_PLANS, ids=lambda plan: "+".join(sorted(plan.sites)))
def test_published_plans_have_their_published_figures(plan: ToyPlan) -> None:
    problem = with_only(t10_problem("capex"), plan.sites, plan.zones)
    answer = solve_by_enumeration(problem)
    assert answer.value == pytest.approx(plan.capex_eur)
    assert answer.heat_mwh == pytest.approx(plan.heat_mwh)
    ratio = oracle_plan(problem, answer).heat_per_euro_kwh
    assert ratio == pytest.approx(plan.heat_per_euro_kwh, abs=5e-5)


@pytest.mark.parametrize("toy", T10_ANSWERS, ids=lambda toy: f"{toy.kind}-{toy.budget_eur}")
def test_published_answers(toy: ToyAnswer) -> None:
    answer = solve_by_enumeration(t10_problem(toy.kind, toy.budget_eur))
    assert answer.value == pytest.approx(toy.value)
    assert opened(answer) == toy.sites
    assert served(answer) == toy.zones


@pytest.mark.parametrize(
    ("budget_meur", "heat_gwh"),
    [(4.50, 10), (5.75, 15), (7.20, 20), (12.05, 25), (13.70, 30), (13.95, 35), (15.05, 45)],
)
def test_published_frontier(budget_meur: float, heat_gwh: float) -> None:
    """A euro less than each frontier point loses that point; the point itself is reached."""
    at = solve_by_enumeration(t10_problem("max_heat", budget_meur * 1e6))
    below = solve_by_enumeration(t10_problem("max_heat", budget_meur * 1e6 - 1.0))
    assert at.value == pytest.approx(heat_gwh * 1e3)
    assert below.value is not None
    assert below.value < heat_gwh * 1e3 - 1


def line(**changes: Any) -> Problem:
    """A site, a pipe of 1 M EUR and a zone of 2 MW and 5,000 MWh/a."""
    parts: dict[str, Any] = {
        "nodes": ("a", "b"),
        "edges": (Edge(id="e", u="a", v="b", cost_eur=1e6),),
        "sites": (Site(id="s", node="a", cost_eur=1e6, capacity_mw=3.0),),
        "zones": (Zone(id="z", node="b", heat_mwh=5_000, peak_mw=2.0),),
    }
    return Problem(**{**parts, **changes})


def test_losses_are_installed_and_paid_for() -> None:
    """2 MW at the zone need (2 + 0.1) / 0.9 MW at the site, at 0.3 M EUR per MW."""
    edge = Edge(id="e", u="a", v="b", cost_eur=1e6, loss_mw=0.1, loss_per_mw=0.1)
    site = Site(id="s", node="a", cost_per_mw_eur=3e5)
    problem = line(edges=(edge,), sites=(site,)).with_objective("capex").with_limits(min_zones=1)
    assert solve_by_enumeration(problem).value == pytest.approx(1e6 + 3e5 * 2.1 / 0.9)


def test_smallest_size_that_carries_the_flow() -> None:
    sizes = tuple(
        PipeSize(label, capacity, cost)
        for label, capacity, cost in (("DN1", 1.0, 1e5), ("DN2", 2.0, 2e5), ("DN3", 9.0, 9e5))
    )
    problem = line(edges=(Edge(id="e", u="a", v="b", sizes=sizes),)).with_limits(min_zones=1)
    answer = solve_by_enumeration(problem.with_objective("capex"))
    assert answer.solution is not None
    assert answer.solution.pipes[0].size == "DN2"
    assert answer.value == pytest.approx(1.2e6)


def test_one_way_pipes_do_not_run_backwards() -> None:
    edge = Edge(id="e", u="b", v="a", cost_eur=1e6, one_way=True)
    answer = solve_by_enumeration(line(edges=(edge,)))
    assert answer.value == 0.0
    assert answer.solution is not None
    assert answer.solution.is_empty
    assert not solve_by_enumeration(line(edges=(edge,)).with_limits(min_zones=1)).feasible


def test_load_curve_is_cut_where_it_pays() -> None:
    """The first MW gives 4,000 MWh/a, the second 1,000; at 0.8 M EUR/MW only the first pays."""
    zone = Zone(
        id="z", node="b", heat_mwh=5_000, peak_mw=2.0, load_curve=((0, 0), (0.5, 0.8), (1, 1))
    )
    site = Site(id="s", node="a", cost_eur=1e6, cost_per_mw_eur=8e5)
    answer = solve_by_enumeration(line(zones=(zone,), sites=(site,)))
    assert answer.solution is not None
    assert answer.solution.zones[0].base_mw == pytest.approx(1.0)
    assert answer.value == pytest.approx(4_000e3 / 2.8e6)
    cheap = replace(site, cost_per_mw_eur=1e5)  # now 1,000 MWh/a for 0.1 M EUR is a bargain
    answer = solve_by_enumeration(line(zones=(zone,), sites=(cheap,)))
    assert answer.value == pytest.approx(5_000e3 / 2.2e6)


def test_groups_options_and_counts() -> None:
    """Two sites of one group cannot share the load; a second option of one site can carry it."""
    sites = tuple(
        Site(id=name, node="a", cost_eur=1e6, capacity_mw=1.0, group="g") for name in "st"
    )
    problem = line(sites=sites).with_limits(min_zones=1)
    assert not solve_by_enumeration(problem).feasible
    alone = tuple(replace(each, group=None) for each in sites)
    assert solve_by_enumeration(replace(problem, sites=alone)).capex_eur == pytest.approx(3e6)
    capped = replace(problem, sites=alone).with_limits(max_sites=1)
    assert not solve_by_enumeration(capped).feasible
    both = Site(
        id="s",
        node="a",
        options=(SiteOption("small", 1.0, 1e6), SiteOption("large", 9.0, 4e6)),
    )
    answer = solve_by_enumeration(replace(problem, sites=(both,)))
    assert answer.solution is not None
    assert answer.solution.sites[0].option == "large"


def test_zone_without_peak_has_to_be_reached() -> None:
    zone = Zone(id="z", node="b", heat_mwh=5_000)
    assert solve_by_enumeration(line(zones=(zone,))).value == pytest.approx(2.5)
    barred = Edge(id="e", u="a", v="b", forbidden=True)
    assert solve_by_enumeration(line(zones=(zone,), edges=(barred,))).value == 0.0


def test_heat_without_investment_is_infinitely_good() -> None:
    free = line(edges=(Edge(id="e", u="a", v="b"),), sites=(Site(id="s", node="a"),))
    assert solve_by_enumeration(free).value == math.inf


def test_net_value_takes_the_cheapest_heat_first() -> None:
    """The cheap site gives 1 MW all year, 8,760 MWh/a: more than the 5,000 the zone takes."""
    sites = (
        Site(id="dear", node="a", cost_per_mwh_eur=30.0, capacity_mw=1.0, mandatory=True),
        Site(id="cheap", node="a", cost_per_mwh_eur=10.0, capacity_mw=1.0, mandatory=True),
    )
    objective = Objective("net_value", heat_price_eur_per_mwh=50.0, capital_factor=0.1)
    answer = solve_by_enumeration(line(sites=sites, objective=objective))
    assert answer.value == pytest.approx(5_000 * (50 - 10) - 0.1 * 1e6)
    assert answer.source_heat_mwh == pytest.approx({"dear": 0.0, "cheap": 5_000.0})


def test_a_second_feed_relieves_a_narrow_pipe() -> None:
    """A ring of narrow pipes carries what no single way round it can."""
    edges = tuple(
        Edge(id=f"{u}{v}", u=u, v=v, cost_eur=1e5, capacity_mw=1.0)
        for u, v in (("a", "b"), ("a", "c"), ("c", "b"))
    )
    problem = line(nodes=("a", "b", "c"), edges=edges)
    answer = solve_by_enumeration(problem)
    assert answer.solution is not None
    assert len(answer.solution.pipes) == 3
    assert answer.capex_eur == pytest.approx(1.3e6)


@pytest.mark.parametrize("seed", range(24))
def test_shortcuts_do_not_change_the_answer(seed: int) -> None:
    problem = random_problem(1_000 + seed, edges=4, sites=2, zones=2)
    quick, full = solve_by_enumeration(problem), solve_by_enumeration(problem, prune=False)
    assert quick.feasible == full.feasible
    if quick.feasible:
        assert quick.value == pytest.approx(full.value, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("seed", range(60))
def test_answers_stand_up_to_the_checker(seed: int) -> None:
    problem = random_problem(seed)
    answer = solve_by_enumeration(problem)
    if answer.feasible:
        assert verify_plan(problem, oracle_plan(problem, answer)) == []


def test_random_problems_are_sound_repeatable_and_varied() -> None:
    problems = [random_problem(seed) for seed in range(60)]
    for problem in problems:
        check_problem(problem)
    assert problems == [random_problem(seed) for seed in range(60)]
    assert {each.objective.kind for each in problems} == set(KINDS)
    answers = [solve_by_enumeration(each) for each in problems]
    assert 3 <= sum(not each.feasible for each in answers) <= 30
    assert any(each.solution is not None and each.solution.is_empty for each in answers)
    assert any(each.solution is not None and len(each.solution.pipes) > 2 for each in answers)


def test_features_can_be_set() -> None:
    problem = random_problem(5, kind="capex", sizes="all", sites=3)
    assert problem.objective.kind == "capex"
    assert len(problem.sites) == 3
    assert all(edge.sizes for edge in problem.edges)
    with pytest.raises(TypeError, match="unknown features"):
        random_problem(5, colour="red")


def test_too_large_problems_are_refused() -> None:
    edges = tuple(Edge(id=f"e{i}", u="a", v="b") for i in range(MOST_EDGES + 1))
    with pytest.raises(ValueError, match="too many"):
        solve_by_enumeration(line(edges=edges))
