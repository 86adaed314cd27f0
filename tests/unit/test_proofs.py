"""What contradicts a checked plan, or the empty one, proves nothing and is logged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from siting.future import Departures
from siting.future.departures import extend
from siting.future.search import FutureSearch, SearchSettings
from siting.optimise.engine import Engine, SolverChoice
from siting.optimise.progress import Watch
from siting.optimise.ratio import RatioSearch
from siting.optimise.scarcity import Prices, follow_prices
from siting.optimise.sitetree import Branch, SiteTree
from siting.optimise.state import SearchState
from siting.optimise.survey_several import SurveySeveral
from siting.optimise.tables import tables_of
from siting.optimise.wanted import Wanted
from siting.problem import Edge, Problem, Site, Zone
from siting.solvers.outcome import Ending, Outcome
from tests.crosscheck.random_problems import KINDS
from tests.unit.test_optimise import town

__all__ = ["town"]

SEEN = "nothing is proven|no proof|not counted"


def street(kind: str = "heat_per_euro", **limits: Any) -> Problem:
    """Return a site and a zone of 1 MW and 2,000 MWh/a; the best plan costs 1 M EUR."""
    problem = Problem(
        nodes=("x", "y"),
        edges=(Edge("a", "x", "y", cost_eur=4e5),),
        sites=(Site("s", "x", cost_eur=6e5),),
        zones=(Zone("z", "y", heat_mwh=2000, peak_mw=1.0, value_eur=5e6),),
    )
    return problem.with_objective(kind).with_limits(**limits)


def solved(problem: Problem) -> SearchState:
    """Return a search that knows the best plan and no bound."""
    state = SearchState(problem, Watch(60.0), gap=1e-6, solver=SolverChoice())
    trees = state.constructor.portfolio(0.0)
    state.offer_trees(trees)
    assert state.best is not None
    assert state.best.heat_mwh == 2000
    return state


@pytest.mark.parametrize("kind", KINDS)
def test_a_bound_that_a_checked_plan_beats_is_not_counted(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    state = solved(street(kind, **({"min_heat_mwh": 1.0} if kind == "capex" else {})))
    assert state.best is not None
    best, sign = state.best.value, 1 if state.kind.maximise else -1
    state.prove(best * (1 - sign * 1e-3))
    assert state.bound is None
    assert "not counted" in caplog.text
    state.prove(best * (1 - sign * 1e-7))  # as far off as tolerances explain
    assert state.bound == best
    assert state.is_done
    empty = SearchState(street("net_value"), Watch(60.0), gap=1e-6, solver=SolverChoice())
    empty.prove(-1e-12)  # no gap is told against nothing
    assert empty.is_done


def test_a_plan_that_beats_a_bound_known_before_takes_it_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    state = SearchState(street(), Watch(60.0), gap=1e-6, solver=SolverChoice())
    state.prove(1.0)
    assert state.bound == 1.0
    state.offer_trees(state.constructor.portfolio(0.0))
    assert state.best is not None
    assert state.best.value == pytest.approx(2.0)
    assert state.bound is None
    assert "not counted" in caplog.text


def without_plans(engine: Engine) -> Outcome:
    """Return what an engine says that holds nothing."""
    rest = engine.relax(engine.capex)
    return replace(rest, ending=Ending.INFEASIBLE, values=None, bound=np.inf)


@pytest.mark.parametrize("needs_heat", [False, True])
def test_a_relaxation_that_loses_even_the_empty_plan_proves_no_price(
    *, needs_heat: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Where heat is required, to build nothing is no plan, and none being left is a proof."""
    state = solved(street(**({"min_heat_mwh": 1.0} if needs_heat else {})))
    search = RatioSearch(state)
    search._nothing_beats(0.0021)
    assert state.bound == (pytest.approx(2.1) if needs_heat else None)
    assert ("nothing is proven" in caplog.text) != needs_heat


@pytest.mark.parametrize("budget_eur", [None, 5e5])
def test_a_branch_that_loses_its_open_sites_proves_nothing(
    budget_eur: float | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With a budget the sites of a branch may be too dear, so that it holds no plan."""
    state = SearchState(street(budget_eur=budget_eur), Watch(60.0), gap=1e-6, solver=SolverChoice())
    nothing = without_plans(state.engine)
    proven: list[float] = []
    tree = SiteTree(
        state,
        0.0021,
        lambda price, engine: price * engine.capex - engine.heat,
        lambda price, most: proven.append(most),
    )
    monkeypatch.setattr(Engine, "relax", lambda *_, **__: nothing)
    branch = Branch(frozenset(), frozenset({0}), 100.0, None)
    tree._bound(branch, 0.0)
    tree._solve_leaf(Branch(frozenset(), frozenset({0}), 100.0, None))
    tree._report()
    wanted = 100.0 if budget_eur is None else 0.0
    assert branch.surplus_mwh == wanted
    assert proven[-1] == wanted
    assert ("no proof" in caplog.text) == (budget_eur is None)


def test_bounds_over_years_below_a_checked_plan_are_not_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Unless the program is that of a part, which need not hold the plan to beat."""
    case = Departures(street(), ())
    search = FutureSearch(extend(case), SearchSettings(gap=1e-6))
    search.run()
    best = search.best
    assert best is not None
    assert search.bound == pytest.approx(best.value, rel=1e-5)
    search.bound = None
    search._nothing_left(best.value / 1000)
    search.prove(0.999 * best.value)
    assert search.bound is None
    assert caplog.text.count("not counted") == 1
    assert "nothing is proven" in caplog.text
    search.prove(best.value * (1 - 1e-7))
    assert search.bound == best.value
    part = FutureSearch(extend(case), SearchSettings(gap=1e-6), beat=best)
    part.prove(0.5 * best.value)
    assert part.is_done
    late = FutureSearch(extend(case), SearchSettings(gap=1e-6))
    late.prove(0.5 * best.value)
    assert late.bound == 0.5 * best.value
    late.offer(best)
    assert late.bound is None


def test_nothing_is_followed_from_a_price_of_nothing() -> None:
    """Where zones have no heat, no price makes a plan just large enough."""
    tables = tables_of(street("capex", min_heat_mwh=1.0))
    bounds = follow_prices(tables, Wanted("capex", 1.0, np.inf), Prices(0.0, np.zeros(1)))
    assert [each.prices.investment for each in bounds] == [0.0]
    cold = tuple(Zone(f"c{k}", "y", heat_mwh=0.0, cost_eur=1e5) for k in range(20))
    problem = street("capex", min_heat_mwh=1.0)
    problem = replace(problem, zones=(*problem.zones, *cold))
    found = SurveySeveral(problem, Watch(60.0), gap=0.01, solver=SolverChoice()).run()
    assert found.core == problem


def test_a_large_zone_at_the_beginning_of_a_pipe_hides_no_cut() -> None:
    """The unit of power follows small zones; 2,000 units at one end left whole numbers behind."""
    small = tuple(Zone(f"s{k}", "y", heat_mwh=1.0, peak_mw=0.0005) for k in range(5))
    problem = Problem(
        nodes=("x", "y"),
        edges=(Edge("a", "x", "y", cost_eur=1.0),),
        sites=(Site("s", "x"), Site("t", "y")),
        zones=(Zone("large", "x", heat_mwh=1.0, peak_mw=2.0), *small),
    )
    engine = Engine(problem, Watch(60.0), SolverChoice())
    data = engine.model.data
    (forth,) = (a for a, arc in enumerate(data.arcs) if arc.head == 1)
    flow = np.full(len(data.arcs), 4.0)
    side = engine.downstream._cheapest_side(forth, 1.0, flow)
    assert side.tolist() == [1]
