"""Surveying a city: bounds never cross the truth, and what is left holds the best plan."""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np
import pytest

from siting.optimise import search, solve
from siting.optimise.carried import carried_at_most, city_bound
from siting.optimise.chains import joined
from siting.optimise.closing import Closer
from siting.optimise.engine import SolverChoice
from siting.optimise.linear_chain import search_linear
from siting.optimise.lines import lines_below
from siting.optimise.progress import Watch
from siting.optimise.scarcity import Prices, follow_prices
from siting.optimise.stages import ALL_STAGES, Stages
from siting.optimise.steps import fewer_steps
from siting.optimise.survey import Survey, part_of, reasons_against
from siting.optimise.survey_several import SurveySeveral
from siting.optimise.tables import tables_of
from siting.problem import Edge, Limits, Objective, Problem, Site, SiteOption, Zone
from siting.solution import Status
from siting.verify import verify_plan
from tests.crosscheck.brute_force import solve_by_enumeration
from tests.crosscheck.random_problems import random_problem
from tests.unit.test_optimise_leaves import surplus_mwh

MANY = bool(os.environ.get("SITING_REAL_RUNS"))
SEEDS = range(400, 700 if MANY else 410)


def free_ratio(seed: int, **features: object) -> Problem:
    """Return a random problem that may be surveyed."""
    wanted = {"kind": "heat_per_euro", "least_heat": False, "mandatory": False, "counts": False}
    return random_problem(seed, **{**wanted, **features})


def with_one_site(problem: Problem) -> Problem:
    """Return the problem with the first site that may be opened, if there is one."""
    return replace(problem, sites=tuple(s for s in problem.sites if not s.forbidden)[:1])


def best_ratio(problem: Problem) -> float:
    """Return the most heat per euro [MWh/a per EUR]; 0 when nothing can be heated."""
    found = solve_by_enumeration(problem)
    return (found.value or 0.0) / 1000


@pytest.mark.parametrize("seed", range(8))
def test_lines_lie_below_what_pipes_cost(seed: int) -> None:
    """Also where sizes are not concave in cost, and where a larger size costs less."""
    rng = np.random.default_rng(seed)
    high = np.cumsum(rng.uniform(0.1, 5, (20, 9)), axis=1)
    cost = np.cumsum(rng.exponential(1.0, (20, 9)), axis=1) + rng.uniform(0, 3, (20, 9))
    most = float(rng.uniform(0.2, 30))
    lines = lines_below(high, cost, most)
    for pipe in range(20):
        own = lines.pipe == pipe
        assert own.any()
        assert (lines.fixed[own] >= 0).all()
        for flow in rng.uniform(0, min(high[pipe, -1], most), 30):
            price = cost[pipe, high[pipe] >= flow].min()
            assert (lines.fixed[own] + lines.slope[own] * flow).min() <= price * (1 + 1e-9)


def test_no_line_below_a_catalogue_gives_up_the_cost_of_digging() -> None:
    """Many sizes, some of them hardly dearer than the one before, leave no line far below."""
    high = np.geomspace(0.02, 280.0, 22)[None, :]
    cost = 800 + 60 * np.arange(22.0) + 90 * (np.arange(22) % 2)
    lines = lines_below(high, cost[None, :], 300.0)
    assert lines.fixed.min() > 0.8 * cost[0]
    below = (lines.fixed[:, None] + lines.slope[:, None] * high).min(axis=0)
    assert (below > 0.8 * cost).all()


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_fewer_steps_yield_no_less_heat(most: int) -> None:
    """Also where curves have different numbers of steps, and at any base capacity."""
    rng = np.random.default_rng(most)
    mw, heat = np.zeros((6, 7)), np.zeros((6, 7))
    for row, count in enumerate([7, 7, 4, 1, 2, 0]):
        mw[row, :count] = rng.uniform(0.1, 2, count)
        heat[row, :count] = np.sort(rng.uniform(0.1, 5, count))[::-1] * mw[row, :count]
    heat[5, 0] = 3.0  # a zone that needs no capacity
    fewer_mw, fewer_heat = fewer_steps(mw, heat, most)
    for row in range(6):
        at = np.linspace(0, mw[row].sum(), 40)
        true, above = (
            np.interp(at, np.cumsum([0, *m]), np.cumsum([0, *h]))
            for m, h in ((mw[row], heat[row]), (fewer_mw[row], fewer_heat[row]))
        )
        assert (above >= true - 1e-9).all()
        assert fewer_mw[row].sum() == pytest.approx(mw[row].sum())
    assert fewer_heat[5].sum() == 3.0


@pytest.mark.parametrize("seed", SEEDS)
def test_bounds_never_cross_the_truth(seed: int) -> None:
    """Whatever the price and the scarcity of output, no plan has a larger surplus."""
    problem = free_ratio(seed)
    best, rng = best_ratio(problem), np.random.default_rng(seed)
    if best <= 0 or not math.isfinite(best):
        return
    tables = tables_of(problem)
    for share in (0.3, 0.8, 1.1):
        truth = surplus_mwh(problem, best * share)
        scarcity = rng.choice([0.0, 50.0, 500.0]) * rng.uniform(size=len(tables.option_site))
        for each in (tables, joined(tables)):
            bound = city_bound(each, best * share, scarcity, most_mw=carried_at_most(each))
            assert bound.surplus_mwh >= truth - 1e-6 * max(abs(truth), 1.0)


def test_streets_in_a_row_become_one_for_a_bound_and_many_again_in_what_is_left() -> None:
    """Though pipes lose heat on the way, so that the problem itself keeps them apart."""
    problem = with_one_site(free_ratio(404, sizes="all"))
    halves = tuple(
        replace(
            edge,
            id=f"{edge.id} {k}",
            u=edge.u if k == 0 else f"in {edge.id}",
            v=edge.v if k == 1 else f"in {edge.id}",
            sizes=tuple(
                replace(s, cost_eur=s.cost_eur / 2, loss_mw=s.loss_mw / 2) for s in edge.sizes
            ),
            one_way=False,
        )
        for edge in problem.edges
        for k in (0, 1)
    )
    nodes = (*problem.nodes, *(f"in {edge.id}" for edge in problem.edges))
    longer = replace(problem, nodes=nodes, edges=halves)
    plain, row = tables_of(longer), joined(tables_of(longer))
    assert len(row.edge) <= len(problem.edges)
    assert row.positions() == sorted(plain.edge.tolist())
    assert row.cost_eur.sum() == pytest.approx(plain.cost_eur.sum())
    price = best_ratio(problem)
    truth = surplus_mwh(longer, 0.8 * price)
    scarcity = np.zeros(len(row.option_site))
    bound = city_bound(row, 0.8 * price, scarcity, most_mw=carried_at_most(row), forced=0)
    left = bound.rooted(0)
    assert left.surplus_mwh >= truth > 0
    core = part_of(row, left.edges, left.zones, {0})
    assert surplus_mwh(core, 0.8 * price) == pytest.approx(truth, rel=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_plans_taken_apart_by_source_are_not_closed_too_early(seed: int) -> None:
    """A ceiling is never below the best ratio, however many sites share pipes."""
    problem = free_ratio(seed, sites=3)
    best = best_ratio(problem)
    if best <= 0 or not math.isfinite(best):
        return
    closer = Closer(joined(tables_of(problem)))
    for share in (0.5, 0.9, 0.9999):
        assert not closer._is_closed_apart(best * share)
    assert closer.ceiling(0.7 * best) >= best * (1 - 1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_left_holds_the_best_plan(seed: int) -> None:
    """With one site, what plans that beat a price can use still has the largest surplus."""
    problem = with_one_site(free_ratio(seed))
    best = best_ratio(problem)
    if best <= 0 or not math.isfinite(best):
        return
    tables = tables_of(problem)
    for share in (0.8, 0.99):
        scarcity = np.full(len(tables.option_site), 20.0)
        bound = city_bound(
            tables, best * share, scarcity, most_mw=carried_at_most(tables), forced=0
        )
        found = bound.rooted(0)
        assert not found.is_closed
        left = part_of(tables, found.edges, found.zones, {0})
        truth = surplus_mwh(problem, best * share)
        assert found.surplus_mwh >= truth - 1e-6 * truth
        assert surplus_mwh(left, best * share) == pytest.approx(truth, rel=1e-5)


def test_the_opening_of_a_root_is_not_charged_twice() -> None:
    """A way from the root pays its opening, which a plan with that root has paid already.

    The first site alone gives 125 MWh for 110 EUR. The other is cheap and gives next to nothing, so
    that bounds without a price on output leave much of the first one's opening.
    """
    problem = Problem(
        nodes=("N", "A", "B"),
        edges=(
            Edge(id="NA", u="N", v="A", length_m=1.0, cost_eur=5.0, one_way=True),
            Edge(id="NB", u="N", v="B", length_m=1.0, cost_eur=5.0, one_way=True),
        ),
        sites=(
            Site(id="large", node="N", cost_eur=100.0, capacity_mw=50.0),
            Site(id="tiny", node="A", cost_eur=20.0, capacity_mw=0.5),
        ),
        zones=(
            Zone(id="a", node="A", heat_mwh=100.0, peak_mw=10.0),
            Zone(id="b", node="B", heat_mwh=25.0, peak_mw=1.0),
        ),
        objective=Objective(kind="heat_per_euro"),
    )
    closer = Closer(tables_of(problem))
    for share in (1.0, 0.5, 0.0):
        found = closer.bound(closer.tables, 1.0, share).rooted(0)
        assert found.edges.all()
        assert found.zones.all()
    left = closer.close_by_roots(1.0)
    assert left is not None
    assert (left.edges, left.zones, list(left.kept)) == ([0, 1], [0, 1], [0])


@pytest.mark.parametrize("seed", [402, 405, 410])
def test_a_survey_changes_no_answer(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small, a surveyed problem has the best plan of enumeration, with every stage on."""
    monkeypatch.setattr(search, "LARGE", 0)
    problem = free_ratio(seed, sites=3)
    wanted = solve_by_enumeration(problem).value
    for stages in (ALL_STAGES, Stages().without("ascend")):
        plan = solve(problem, gap=0, time_limit_s=60, stages=stages)
        assert plan.proof.status is Status.OPTIMAL
        assert plan.proof.incumbent == pytest.approx(wanted, rel=1e-5)
        assert verify_plan(problem, plan) == []


@pytest.mark.parametrize("seed", [401, 404, 408])
def test_a_survey_of_several_networks_changes_no_answer(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a required heat the best plan may fall apart, and is still found and proven."""
    monkeypatch.setattr(search, "LARGE", 0)
    problem = free_ratio(seed, sites=3)
    problem = problem.with_limits(min_heat_mwh=0.6 * problem.total_heat_mwh)
    wanted = solve_by_enumeration(problem)
    if not wanted.feasible:
        return
    plan = solve(problem, gap=0, time_limit_s=60)
    assert plan.proof.status is Status.OPTIMAL
    assert plan.proof.incumbent == pytest.approx(wanted.value, rel=1e-5)


def test_one_option_of_a_site_may_be_left_out_and_the_other_stay() -> None:
    """With a zone far off, so that there is something left out and bounded again."""
    problem = Problem(
        nodes=("N", "A", "B"),
        edges=(
            Edge(id="NA", u="N", v="A", length_m=1.0, cost_eur=5.0),
            Edge(id="NB", u="N", v="B", length_m=1.0, cost_eur=5_000.0),
        ),
        sites=(
            Site(
                id="s",
                node="N",
                options=(SiteOption("cheap", 10.0, 20.0), SiteOption("dear", 10.0, 1_000.0)),
            ),
        ),
        zones=(
            Zone(id="a", node="A", heat_mwh=100.0, peak_mw=5.0),
            Zone(id="b", node="B", heat_mwh=10.0, peak_mw=5.0),
        ),
        objective=Objective(kind="capex"),
        limits=Limits(min_heat_mwh=90.0),
    )
    survey = SurveySeveral(problem, Watch(60.0), gap=0.01, solver=SolverChoice())
    survey.best = search_linear(
        problem, Watch(60.0), gap=1e-6, solver=SolverChoice(), stages=ALL_STAGES
    ).best
    start = Prices(1.0, np.zeros(2))
    bounds = follow_prices(survey.tables, survey.wanted, start, steps=4)
    core = survey._narrowed(bounds[-1:])
    assert survey.proven is not None
    assert survey.proven <= 25.0
    assert [edge.id for edge in core.edges] == ["NA"]


@pytest.mark.parametrize("seed", [400, 403, 407])
def test_a_dear_site_is_closed(seed: int) -> None:
    """Of two equal towns the one whose site costs ten times as much is left out."""
    problem = free_ratio(seed, sites=1)
    twin = replace(
        problem,
        nodes=(*problem.nodes, *(f"far {node}" for node in problem.nodes)),
        edges=(
            *problem.edges,
            *(replace(e, id=f"far {e.id}", u=f"far {e.u}", v=f"far {e.v}") for e in problem.edges),
        ),
        zones=(
            *problem.zones,
            *(replace(z, id=f"far {z.id}", node=f"far {z.node}") for z in problem.zones),
        ),
        sites=(
            *problem.sites,
            *(
                replace(
                    s,
                    id=f"far {s.id}",
                    node=f"far {s.node}",
                    options=tuple(replace(o, cost_eur=10 * o.cost_eur + 1e7) for o in s.choices),
                )
                for s in problem.sites
            ),
        ),
    )
    survey = Survey(twin, Watch(60.0), gap=0.01, solver=SolverChoice(), stages=ALL_STAGES)
    left = survey.run()
    assert left.best is not None
    assert not any(site.id.startswith("far") for site in left.core.sites)
    assert not any(zone.id.startswith("far") for zone in left.core.zones)


def test_no_program_is_built_that_takes_longer_than_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The plan and the bound of the survey are told instead, in time."""
    monkeypatch.setattr(search, "LARGE", 0)
    monkeypatch.setattr("siting.optimise.survey.PER_PIECE_S", 1e9)
    monkeypatch.setattr("siting.optimise.closing.STUCK", 0)
    problem = free_ratio(407, sites=3)
    plan = solve(problem, gap=0, time_limit_s=60)
    assert plan.proof.bound is not None
    assert plan.proof.incumbent is not None
    wanted = 1000 * best_ratio(problem)
    assert 0 < plan.proof.incumbent <= wanted * (1 + 1e-6)
    assert plan.proof.bound >= wanted * (1 - 1e-6)
    assert verify_plan(problem, plan) == []


def test_what_a_survey_is_not_valid_for_is_told() -> None:
    problem = free_ratio(402)
    assert reasons_against(problem) == []
    assert len(reasons_against(problem.with_limits(min_heat_mwh=1.0, min_sites=2))) == 2
    assert reasons_against(problem.with_objective("max_heat")) == [
        "the objective is not heat per euro"
    ]
