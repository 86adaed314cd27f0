"""Data that no catalogue or street map is meant to have, but may: bounds and plans still hold."""

from __future__ import annotations

import math

import pytest

from siting.optimise import search, solve
from siting.optimise.sift import straightened
from siting.problem import Edge, Objective, PipeSize, Problem, Site, SiteOption, Zone
from siting.solution import Status
from siting.verify import verify_plan

from .brute_force import solve_by_enumeration
from .random_problems import KINDS


def one_street(kind: str, sizes: tuple[PipeSize, ...], output_mw: float | None) -> Problem:
    """Return a site, a street and a zone of 1 MW."""
    problem = Problem(
        nodes=("x", "y"),
        edges=(Edge("a", "x", "y", sizes=sizes),),
        sites=(Site("s", "x", capacity_mw=output_mw, cost_per_mw_eur=1e5),),
        zones=(Zone("z", "y", heat_mwh=2000, peak_mw=1.0),),
        objective=Objective(kind=kind, heat_price_eur_per_mwh=400),  # type: ignore[arg-type]
    )
    return problem.with_limits(**{"capex": {"min_heat_mwh": 2000}}.get(kind, {}))


@pytest.mark.parametrize("output_mw", [1.2, None])
@pytest.mark.parametrize("kind", KINDS)
def test_a_size_larger_than_needed_is_laid_where_it_loses_less(
    kind: str, output_mw: float | None
) -> None:
    """The small size carries all there is, but its loss takes more output than the site has."""
    sizes = (PipeSize("small", 3.0, 1.0e4, 0.5), PipeSize("large", 8.0, 1.1e4, 0.1))
    problem = one_street(kind, sizes, output_mw)
    wanted = solve_by_enumeration(problem).value
    plan = solve(problem, gap=0, time_limit_s=30)
    assert plan.proof.incumbent == pytest.approx(wanted, rel=1e-6)
    assert plan.proof.status is Status.OPTIMAL
    assert [pipe.size for pipe in plan.pipes] == ["large"]
    assert verify_plan(problem, plan) == []


def test_a_smaller_size_that_loses_little_but_carries_too_little_decides_nothing() -> None:
    """Of the sizes that carry the flow, the largest loses least; the smallest carries too little.

    The site gives just what the zone takes and the largest size loses.
    """
    sizes = (
        PipeSize("narrow", 1.0, 1.0e4, 0.05),
        PipeSize("small", 3.0, 1.0e4, 0.5),
        PipeSize("large", 8.0, 1.1e4, 0.1),
    )
    problem = one_street("max_heat", sizes, 1.1)
    plan = solve(problem, gap=0, time_limit_s=30)
    assert plan.heat_mwh == pytest.approx(2000)
    assert solve_by_enumeration(problem).value == pytest.approx(2000)


def test_two_sizes_of_the_same_capacity_make_one_line() -> None:
    sizes = (PipeSize("dry", 3.0, 1.0e4, 0.5), PipeSize("warm", 3.0, 1.1e4, 0.1))
    (edge,) = straightened(one_street("capex", sizes, None)).edges
    assert (edge.cost_eur, edge.cost_per_mw_eur, edge.loss_mw) == (1.0e4, 0.0, 0.1)


def test_a_survey_asks_no_price_above_heat_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LARGE", 0)
    problem = Problem(
        nodes=("x", "y"),
        edges=(Edge("a", "x", "y"),),
        sites=(Site("s", "x"), Site("t", "y")),
        zones=(Zone("z", "x", heat_mwh=8000, peak_mw=2.0),),
    )
    assert solve(problem, gap=0, time_limit_s=30).proof.incumbent == math.inf


def test_heat_for_nothing_that_appears_while_improving_ends_the_search() -> None:
    """The solver's first plan connects both zones; without the dear one heat costs nothing."""
    free, dear = SiteOption("free", 3.0), SiteOption("dear", 1.0, cost_eur=1e6)
    problem = Problem(
        nodes=("x", "y"),
        edges=(Edge("a", "x", "y", sizes=(PipeSize("d", 1.0, 0.0), PipeSize("e", 2.0, 0.0))),),
        sites=(Site("s", "x", options=(free, dear)), Site("t", "x", cost_eur=1e5, capacity_mw=2.0)),
        zones=(
            Zone("near", "x", heat_mwh=8000, peak_mw=2.0),
            Zone("far", "y", heat_mwh=8000, peak_mw=2.0, cost_eur=5e4),
        ),
    )
    plan = solve(problem, gap=0, time_limit_s=30)
    assert plan.proof.incumbent == math.inf
    assert plan.proof.status is Status.OPTIMAL
