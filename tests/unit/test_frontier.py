"""The frontier: plans below, lines above, and nothing in between that was not allowed for."""

from __future__ import annotations

import csv
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siting import solve
from siting.cli import app
from siting.errors import InfeasibleError, InputError
from siting.frontier import Frontier, Line, find_frontier, frontier_problem
from siting.frontier.archive import Archive
from siting.frontier.file import read_frontier, write_frontier
from siting.frontier.known import proven_lines, proven_steps
from siting.frontier.mix import mixed_plans
from siting.frontier.shape import Step, ceiling_at, corners, edges, upper_hull
from siting.outputs.frontier import frontier_frame, frontier_table, write_frontier_folder
from siting.problem import Edge, Problem, Site, SiteOption, Zone
from siting.solution import OpenSite, PipeFlow, ServedZone, Solution
from siting.verify import verify_plan
from tests.crosscheck.brute_force import solve_by_enumeration
from tests.crosscheck.random_problems import random_problem
from tests.crosscheck.t10 import T10_PLANS, t10_problem

SEEDS = tuple(range(2_000, 2_008))
ROUNDING = 1e-6

runner = CliRunner()


@pytest.fixture(scope="module")
def toy() -> Frontier:
    return find_frontier(t10_problem(), gap=0.0, time_limit_s=60)


def split_toy() -> Problem:
    """T10 with a cheaper small site: S1 with Z1, Z2 or Z3 are corners, too."""
    problem = t10_problem()
    cheap = replace(problem.sites[0], cost_eur=0.5e6)
    return replace(problem, sites=(cheap, problem.sites[1]))


# -- shape ----------------------------------------------------------------------------------------


def test_hull_leaves_out_what_is_dearer_or_inside() -> None:
    places = [(0.0, 0.0), (1.0, 1.0), (2.0, 4.0), (2.0, 3.0), (3.0, 5.0), (4.0, 5.0)]
    assert upper_hull(places) == [(0.0, 0.0), (2.0, 4.0), (3.0, 5.0)]


def test_ceiling_is_the_lowest_line_and_bends_where_lines_meet() -> None:
    lines = [Line(2.0, 0.0), Line(1.0, 3.0), Line(1.5, 10.0)]
    assert ceiling_at(lines, 2.0, 100.0) == 4.0
    assert ceiling_at(lines, 5.0, 100.0) == 8.0
    assert ceiling_at(lines, 500.0, 100.0) == 100.0
    assert [x for x, _, _ in corners(lines, 100.0)] == [3.0, 97.0]


def test_edges_are_as_far_as_the_ceiling_is_at_its_bend() -> None:
    found = edges([(0.0, 0.0), (4.0, 4.0)], [Line(2.0, 0.0)], 4.0)
    assert found[0].slope == 1.0
    assert found[0].distance == pytest.approx(2.0 / 4.0)
    assert found[0].bend == (Line(2.0, 0.0), Line(0.0, 4.0))


# -- the toy problem ------------------------------------------------------------------------------


def test_toy_corner_is_found_and_proven(toy: Frontier) -> None:
    best = max(T10_PLANS, key=lambda each: each.heat_per_euro_kwh)
    corner = [each for each in toy.points if each.is_corner]
    assert [(c.capex_eur, c.heat_mwh) for c in corner] == [
        (pytest.approx(best.capex_eur), pytest.approx(best.heat_mwh))
    ]
    assert toy.is_proven or toy.widest < ROUNDING


def test_no_published_plan_of_the_toy_is_above_the_ceiling(toy: Frontier) -> None:
    for plan in T10_PLANS:
        assert plan.heat_mwh <= toy.ceiling_at(plan.capex_eur) * (1 + ROUNDING)


def test_plans_between_the_corners_are_found_by_budgets(toy: Frontier) -> None:
    published = {(round(p.capex_eur), round(p.heat_mwh)) for p in T10_PLANS}
    found = {(round(p.capex_eur), round(p.heat_mwh)) for p in toy.points}
    assert found <= published
    assert {(4_500_000, 10_000), (7_200_000, 20_000), (13_950_000, 35_000)} <= found
    assert all(each.distance < ROUNDING for each in toy.points)


def test_steps_hold_within_their_budget_only(toy: Frontier) -> None:
    assert toy.steps
    for step in toy.steps:
        best = max((p.heat_mwh for p in T10_PLANS if p.capex_eur <= step.budget_eur), default=0.0)
        assert step.heat_mwh == pytest.approx(best, abs=1e-3)
    assert ceiling_at([], 5.0, 100.0, [Step(4.0, 7.0), Step(6.0, 9.0)]) == 9.0


def test_a_lower_ceiling_would_be_noticed(toy: Frontier) -> None:
    lower = replace(toy, lines=tuple(replace(x, surplus_mwh=x.surplus_mwh - 9) for x in toy.lines))
    assert any(plan.heat_mwh > lower.ceiling_at(plan.capex_eur) for plan in T10_PLANS)


def test_ratio_line_is_the_best_heat_per_euro(toy: Frontier) -> None:
    assert ceiling_at(toy.lines, 1e6, toy.most_mwh) == pytest.approx(45_000 / 15.05, rel=1e-5)


def test_all_corners_of_a_split_toy_are_found() -> None:
    found = find_frontier(split_toy(), gap=0.0, time_limit_s=60)
    places = [(c.capex_eur, c.heat_mwh) for c in found.points if c.is_corner]
    expected = [(2.0e6, 10_000), (3.25e6, 15_000), (4.7e6, 20_000), (15.05e6, 45_000)]
    assert places == [(pytest.approx(x), pytest.approx(y)) for x, y in expected]
    assert found.widest < ROUNDING


def test_every_plan_is_verified_and_none_is_dominated(toy: Frontier) -> None:
    problem = frontier_problem(t10_problem())
    for each in toy.points:
        asked = problem.with_limits(budget_eur=each.capex_eur)
        assert verify_plan(asked, each.plan) == []
        assert each.heat_mwh <= each.ceiling_mwh
    heats = [each.heat_mwh for each in toy.points]
    assert heats == sorted(set(heats))


def test_budget_and_least_heat_are_left_aside(toy: Frontier) -> None:
    tight = t10_problem(budget_eur=6e6).with_limits(min_heat_mwh=44_000.0)
    again = find_frontier(tight, gap=0.0, time_limit_s=60, resume=toy)
    assert again.points[-1].heat_mwh == pytest.approx(45_000)


# -- random problems ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_no_enumerated_plan_is_above_the_ceiling(seed: int) -> None:
    problem = frontier_problem(random_problem(seed))
    try:
        found = find_frontier(problem, gap=0.0, time_limit_s=30, points=8)
    except InfeasibleError:
        assert not solve_by_enumeration(problem).feasible
        return
    top = max((each.capex_eur for each in found.points), default=1e6)
    for share in (0.15, 0.4, 0.7, 1.0, 1.5):
        budget = share * top
        answer = solve_by_enumeration(problem.with_limits(budget_eur=budget))
        if answer.feasible:
            assert answer.heat_mwh <= found.ceiling_at(answer.capex_eur) * (1 + ROUNDING) + ROUNDING


@pytest.mark.parametrize("seed", SEEDS[:5])
def test_corners_are_the_best_plans_for_what_they_cost(seed: int) -> None:
    problem = frontier_problem(random_problem(seed, mandatory=False, counts=False))
    found = find_frontier(problem, gap=0.0, time_limit_s=30, points=8)
    assert found.starts_empty
    if not found.points:
        assert solve_by_enumeration(problem).heat_mwh == 0
        return
    assert found.widest < ROUNDING
    for capex, heat in found.hull[1:]:
        asked = problem.with_limits(budget_eur=capex * (1 + 1e-9))
        assert heat == pytest.approx(solve_by_enumeration(asked).heat_mwh, rel=1e-5)


# -- going on -------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_frontier(toy: Frontier) -> None:
    again = find_frontier(t10_problem(), gap=0.0, time_limit_s=60)
    assert again.lines == toy.lines
    assert [each.plan.pipes for each in again.points] == [each.plan.pipes for each in toy.points]


def test_a_file_gives_the_frontier_back(toy: Frontier, tmp_path: Path) -> None:
    write_frontier(toy, tmp_path / "frontier.json")
    assert read_frontier(tmp_path / "frontier.json") == toy
    assert [each.name for each in tmp_path.iterdir()] == ["frontier.json"]


def test_a_search_goes_on_with_lines_and_plans(tmp_path: Path) -> None:
    problem = split_toy()
    short = find_frontier(problem, gap=0.0, time_limit_s=60, points=1)
    write_frontier(short, tmp_path / "frontier.json")
    on = find_frontier(
        problem, gap=0.0, time_limit_s=60, resume=read_frontier(tmp_path / "frontier.json")
    )
    whole = find_frontier(problem, gap=0.0, time_limit_s=60)
    for line in short.lines:
        assert line.price_mwh_per_eur in {each.price_mwh_per_eur for each in on.lines}
    assert on.hull == [(pytest.approx(x), pytest.approx(y)) for x, y in whole.hull]
    for capex in (1e6, 6e6, 12e6, 20e6):
        assert on.ceiling_at(capex) == pytest.approx(whole.ceiling_at(capex), rel=1e-6)


def test_a_stopped_search_keeps_what_it_was_given(toy: Frontier) -> None:
    stop = threading.Event()
    stop.set()
    kept = find_frontier(t10_problem(), gap=0.0, resume=toy, stop=stop)
    assert [(p.capex_eur, p.heat_mwh) for p in kept.points] == [
        (p.capex_eur, p.heat_mwh) for p in toy.points
    ]
    assert [each.budget_eur for each in kept.steps] == [each.budget_eur for each in toy.steps]
    assert [each.price_mwh_per_eur for each in kept.lines] == [
        each.price_mwh_per_eur for each in toy.lines
    ]


def test_another_problem_is_refused(toy: Frontier) -> None:
    with pytest.raises(InputError, match="another problem"):
        find_frontier(split_toy(), resume=toy)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.pop("lines"),
        lambda raw: raw.update(most_mwh="much"),
        lambda raw: raw.update(format="poem"),
        lambda raw: raw["lines"][0].update(surplus_mwh=None),
        lambda raw: raw["points"][0]["plan"].pop("sites"),
    ],
)
def test_a_spoiled_file_is_refused_with_a_sentence(toy: Frontier, tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "frontier.json"
    write_frontier(toy, path)
    raw = json.loads(path.read_text(encoding="utf-8"))
    spoil(raw)
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(InputError, match=r"frontier\.json"):
        read_frontier(path)


def test_a_problem_without_any_plan_is_infeasible() -> None:
    problem = t10_problem()
    apart = Site(id="S9", node="Z9", cost_eur=1.0, capacity_mw=1.0)
    zones = tuple(replace(z, mandatory=True) for z in problem.zones)
    alone = replace(problem, nodes=(*problem.nodes, "Z9"), sites=(apart,), zones=zones)
    with pytest.raises(InfeasibleError):
        find_frontier(alone, time_limit_s=30)


# -- what is shown --------------------------------------------------------------------------------


def test_table_and_files_tell_the_points(toy: Frontier, tmp_path: Path) -> None:
    frame = frontier_frame(toy)
    assert list(frame["heat_mwh"]) == [each.heat_mwh for each in toy.points]
    assert "15.050" in frontier_table(toy)
    paths = write_frontier_folder(toy, tmp_path / "there", title="T10")
    assert sorted(each.name for each in (tmp_path / "there").iterdir()) == [
        "frontier.csv", "frontier.json", "frontier.png", "frontier.svg",
    ]  # fmt: skip
    with paths["csv"].open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["capex_eur"]) == pytest.approx(15.05e6)
    assert paths["png"].read_bytes().startswith(b"\x89PNG")


def test_command_writes_and_goes_on(small_study: Path, tmp_path: Path) -> None:
    out = tmp_path / "front"
    words = ["frontier", str(small_study), "--time", "6", "--points", "4", "--out", str(out)]
    result = runner.invoke(app, words)
    assert result.exit_code in {0, 4}, result.output
    assert "distance %" in result.stdout
    assert (out / "frontier.png").exists()
    before = read_frontier(out / "frontier.json")
    again = runner.invoke(app, [*words, "--resume", "--json"])
    assert again.exit_code in {0, 4}, again.output
    after = json.loads(again.stdout)
    known = {each["price_mwh_per_eur"] for each in after["lines"]}
    assert {each.price_mwh_per_eur for each in before.lines} <= known


def test_command_without_anything_to_go_on_with_says_so(small_study: Path) -> None:
    result = runner.invoke(app, ["frontier", str(small_study), "--resume"])
    assert result.exit_code == 1
    assert "cannot read" in result.output


def two_towns() -> Problem:
    """Return two streets that do not meet, each with a site and a zone."""
    return Problem(
        name="two towns",
        nodes=("a", "b", "c", "d"),
        edges=(
            Edge("ab", "a", "b", cost_eur=1_000.0, cost_per_mw_eur=100.0),
            Edge("cd", "c", "d", cost_eur=3_000.0, cost_per_mw_eur=100.0),
        ),
        sites=(
            Site("west", "a", options=(SiteOption("direct", capacity_mw=5.0, cost_eur=500.0),)),
            Site("east", "c", options=(SiteOption("direct", capacity_mw=5.0, cost_eur=500.0),)),
        ),
        zones=(Zone("near", "b", 100.0, 1.0), Zone("far", "d", 150.0, 1.0)),
    )


def town(site: str, edge: str, zone: str, heat_mwh: float) -> Solution:
    """Return the plan of one of the two towns."""
    return Solution(
        (OpenSite(site, "direct", 1.0),),
        (PipeFlow(edge, edge[0], edge[1], 1.0),),
        (ServedZone(zone, 1.0, heat_mwh),),
    )


def test_networks_of_different_plans_are_put_together() -> None:
    """1,600 EUR and 3,600 EUR alone, so 5,200 EUR for both; a plan of both is taken apart, too."""
    problem = frontier_problem(two_towns())
    west, east = town("west", "ab", "near", 100.0), town("east", "cd", "far", 150.0)
    both = Solution(west.sites + east.sites, west.pipes + east.pipes, west.zones + east.zones)
    for known in ([west, east], [both]):
        archive = Archive()
        mixed_plans(problem, known, archive.add, is_wanted=archive.lacks)
        assert archive.places == [(1_600.0, 100.0), (3_600.0, 150.0), (5_200.0, 250.0)]


def test_networks_that_take_the_same_group_are_not_put_together() -> None:
    whole = two_towns()
    sites = tuple(replace(site, group="one of them") for site in whole.sites)
    archive = Archive()
    plans = [town("west", "ab", "near", 100.0), town("east", "cd", "far", 150.0)]
    problem = frontier_problem(replace(whole, sites=sites))
    mixed_plans(problem, plans, archive.add, is_wanted=archive.lacks)
    assert archive.places == [(1_600.0, 100.0), (3_600.0, 150.0)]


def test_what_one_proof_says_of_all_sizes_holds_for_every_plan(toy: Frontier) -> None:
    """The best ratio of T10 with a least heat, its best cost, and its most heat in a budget."""
    for asked in (
        t10_problem().with_limits(min_heat_mwh=15_000.0),
        t10_problem().with_objective("capex").with_limits(min_heat_mwh=15_000.0),
        t10_problem().with_objective("max_heat").with_limits(budget_eur=6e6),
    ):
        plan = solve(asked, gap=0.0, time_limit_s=30)
        steps = proven_steps(asked, plan.proof)
        assert steps
        assert proven_lines(asked, plan.proof) == []
        for step in steps:
            best = max(
                (p.heat_mwh for p in toy.points if p.capex_eur <= step.budget_eur), default=0
            )
            assert best <= step.heat_mwh * (1 + 1e-6)
        known = find_frontier(asked, gap=0.0, time_limit_s=30, points=1, known=[plan])
        assert {(s.budget_eur) for s in steps} <= {s.budget_eur for s in known.steps}
