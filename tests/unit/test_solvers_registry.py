"""Every solver that is here gives the same answers in the same words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pulp
import pytest
from crosscheck.t10 import t10_problem
from scipy import sparse
from test_solvers import BEST, VALUE, WEIGHT, hard_mip, knapsack, model, stop_after

from siting.errors import SolverError
from siting.model import Model, build_model
from siting.solvers import dialects, registry
from siting.solvers.compiled import CompiledModel, Rows, compile_model
from siting.solvers.dialects import Answer, Interface
from siting.solvers.outcome import Ending
from siting.solvers.registry import (
    available_solvers,
    describe_solvers,
    known_solvers,
    require_solver,
)
from siting.solvers.registry import mip_solver as get_solver
from siting.solvers.settings import MipSettings, MipSolver
from siting.solvers.through_pulp import PulpMip

EXACT = MipSettings(gap_relative=0.0, gap_absolute=0.0, time_limit_s=60)
PRICES = (0.0, 0.5, 1.0, 2.0, 4.0)


def mip_solver(name: str, compiled: CompiledModel) -> MipSolver:
    return get_solver(name, pulp.LpProblem("test", pulp.LpMinimize), compiled)


@pytest.fixture(params=available_solvers())
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each solver that can be used here."""
    return request.param


@pytest.fixture(scope="module")
def toy() -> tuple[Model, CompiledModel]:
    """The toy network with all its fixed charges."""
    built = build_model(t10_problem())
    return built, compile_model(built.program)


def test_knapsack(name: str) -> None:
    outcome = mip_solver(name, knapsack()).solve(-VALUE, EXACT)
    assert outcome.ending is Ending.OPTIMAL
    assert outcome.objective == outcome.bound == pytest.approx(BEST)
    assert outcome.values == pytest.approx([0, 1, 1, 0])


def test_extra_rows_and_upper_bounds_count_for_one_call_only(name: str) -> None:
    solver = mip_solver(name, knapsack())
    assert solver.solve(-VALUE, EXACT, upper=np.array([1.0, 0, 1, 1])).objective == -18
    one_item = Rows(sparse.csr_array(np.ones((1, 4))), np.array([0.0]), np.array([1.0]))
    assert solver.solve(-VALUE, EXACT, extra=one_item).objective == -13
    exactly_three = Rows(sparse.csr_array(np.ones((1, 4))), np.full(1, 3.0), np.full(1, 3.0))
    assert solver.solve(-VALUE, EXACT, extra=exactly_three).ending is Ending.INFEASIBLE
    assert solver.solve(-VALUE, EXACT).objective == BEST


def test_infeasible(name: str) -> None:
    for matrix in (np.ones((1, 2)), np.zeros((1, 2))):
        outcome = mip_solver(name, model(matrix, 3.0, np.inf)).solve(np.ones(2), EXACT)
        assert (outcome.ending, outcome.values) == (Ending.INFEASIBLE, None)
        assert outcome.objective == outcome.bound == np.inf


def test_infeasible_for_whole_numbers_only(name: str) -> None:
    matrix = np.array([[2.0, 2.0], [2.0, -2.0]])
    outcome = mip_solver(name, model(matrix, 1.0, 1.0)).solve(np.ones(2), EXACT)
    assert outcome.ending is Ending.INFEASIBLE


def test_unbounded_claims_nothing(name: str) -> None:
    """SCIP and Gurobi may not know whether it is unbounded or infeasible, and then fail."""
    endless = model(np.array([[1.0, -1.0]]), -np.inf, 1.0, most=np.inf)
    outcome = mip_solver(name, endless).solve(-np.ones(2), EXACT)
    assert outcome.ending in {Ending.UNBOUNDED, Ending.FAILED}
    assert (outcome.values, outcome.bound) == (None, -np.inf)


def test_no_costs_and_no_rows(name: str) -> None:
    settled = mip_solver(name, knapsack()).solve(np.zeros(4), EXACT)
    assert (settled.ending, settled.objective, settled.bound) == (Ending.OPTIMAL, 0, 0)
    free = mip_solver(name, model(np.zeros((0, 3)), 0.0, 0.0))
    outcome = free.solve(np.array([-1.0, 0.0, 2.0]), EXACT)
    assert (outcome.ending, outcome.objective) == (Ending.OPTIMAL, -1.0)
    nothing = mip_solver(name, model(np.zeros((0, 0)), 0.0, 0.0)).solve(np.zeros(0), EXACT)
    assert (nothing.ending, nothing.objective, nothing.bound) == (Ending.OPTIMAL, 0.0, 0.0)


def test_unused_variable_is_as_near_zero_as_its_bounds_allow(name: str) -> None:
    compiled = knapsack()
    shifted = CompiledModel(
        (*compiled.names, "unused"),
        {**compiled.position, "unused": 4},
        np.append(compiled.lower, 2.0),
        np.append(compiled.upper, 5.0),
        np.append(compiled.integer, True),
        Rows(sparse.csr_array(np.append(compiled.rows.matrix.toarray(), [[0]], axis=1)),
             compiled.rows.lower, compiled.rows.upper),
    )  # fmt: skip
    outcome = mip_solver(name, shifted).solve(np.append(-VALUE, 0.0), EXACT)
    assert outcome.objective == pytest.approx(BEST)
    assert outcome.values is not None
    assert 2 <= outcome.values[4] <= 5


def test_gap_leaves_an_honest_bound(name: str) -> None:
    hard, cost = hard_mip(40, 8)
    best = mip_solver("highs", hard).solve(cost, EXACT).objective
    settings = MipSettings(gap_relative=0.1, time_limit_s=60)
    outcome = mip_solver(name, hard).solve(cost, settings)
    assert outcome.ending is Ending.OPTIMAL
    assert outcome.bound <= best + 1e-6
    assert best <= outcome.objective + 1e-6
    assert outcome.objective - outcome.bound <= 0.12 * abs(outcome.objective)


def test_time_limit_is_no_optimum(name: str) -> None:
    hard, cost = hard_mip()
    settings = MipSettings(gap_relative=0.0, time_limit_s=1.0, threads=1)
    outcome = mip_solver(name, hard).solve(cost, settings)
    assert outcome.ending is Ending.TIME_LIMIT
    if outcome.values is not None:
        assert outcome.objective == pytest.approx(cost @ outcome.values)
        assert outcome.bound < outcome.objective
        assert (hard.rows.matrix @ outcome.values <= hard.rows.upper + 1e-6).all()


def test_start_is_taken_or_left(name: str) -> None:
    solver = mip_solver(name, knapsack())
    for start in (
        np.array([0.0, 1, 1, 0]),
        np.array([1.0, np.nan, np.nan, np.nan]),
        np.ones(4),
        np.full(4, np.nan),
    ):
        outcome = solver.solve(-VALUE, MipSettings(gap_relative=0.0, start=start))
        assert outcome.objective == pytest.approx(BEST)


def test_nothing_is_printed(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    mip_solver(name, knapsack()).solve(-VALUE, EXACT)
    assert capfd.readouterr() == ("", "")


def test_stop_flag_ends_the_wait(name: str) -> None:
    hard, cost = hard_mip()
    settings = MipSettings(gap_relative=0.0, time_limit_s=4, stop=stop_after(0.5), threads=1)
    outcome = mip_solver(name, hard).solve(cost, settings)
    assert outcome.ending is Ending.STOPPED
    assert outcome.bound <= outcome.objective


@pytest.mark.parametrize("price", PRICES)
def test_all_solvers_agree_on_the_toy_network(
    name: str, price: float, toy: tuple[Model, CompiledModel]
) -> None:
    built, compiled = toy
    heat = compiled.vector(built.expressions.heat)
    capex = compiled.vector(built.expressions.capex)
    cost = -heat + price * capex
    expected = mip_solver("highs", compiled).solve(cost, EXACT)
    outcome = mip_solver(name, compiled).solve(cost, EXACT)
    assert outcome.ending is expected.ending is Ending.OPTIMAL
    assert outcome.objective == pytest.approx(expected.objective, rel=1e-6, abs=1e-7)
    assert outcome.bound == pytest.approx(outcome.objective, rel=1e-6, abs=1e-6)


def test_arrays_say_what_the_program_says(toy: tuple[Model, CompiledModel]) -> None:
    """PuLP solves its own program here, without the arrays."""
    others = [each for each in available_solvers() if each != "highs"]
    if not others:
        pytest.skip("no solver but HiGHS is installed")
    built = build_model(t10_problem())
    built.program.setObjective(1.0 * built.expressions.capex - 1.0 * built.expressions.heat)
    built.program.solve(dialects.INTERFACES[others[0]].make(EXACT, False))
    compiled = toy[1]
    heat = compiled.vector(toy[0].expressions.heat)
    capex = compiled.vector(toy[0].expressions.capex)
    outcome = mip_solver("highs", compiled).solve(capex - heat, EXACT)
    assert pulp.value(built.program.objective) == pytest.approx(outcome.objective, rel=1e-6)


# The registry


def test_highs_is_always_there_and_comes_first() -> None:
    assert available_solvers()[0] == "highs"
    assert set(available_solvers()) <= set(known_solvers())
    assert list(describe_solvers()) == available_solvers()
    assert describe_solvers()["highs"].startswith("HiGHS 1.")
    require_solver("highs")


def test_missing_solver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda package: None)
    monkeypatch.setattr(registry, "cbc_path", lambda: "cbc")
    registry._gurobi_obstacle.cache_clear()
    with pytest.raises(SolverError) as error:
        require_solver("gurobi")
    assert str(error.value) == (
        "Solver 'gurobi' is not installed. Install `gurobipy`, or choose one of 'highs', 'cbc'."
    )
    monkeypatch.setattr(registry, "cbc_path", lambda: None)
    with pytest.raises(SolverError, match=r"`pulp\[cbc\]`, or choose 'highs'\.$"):
        mip_solver("cbc", knapsack())
    registry._gurobi_obstacle.cache_clear()


@pytest.mark.parametrize(("wrong", "near"), [("higs", "highs"), ("Gurobi", "gurobi")])
def test_unknown_solver_names_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(SolverError, match=f"'{wrong}' is not known. Did you mean '{near}'"):
        require_solver(wrong)
    with pytest.raises(SolverError, match="'zzz' is not known. Please choose"):
        require_solver("zzz")


# What is believed of a solver


class FakeSolver(pulp.LpSolver):
    """Gives every variable the value 1."""

    name = "fake"

    def actualSolve(self, lp, **kwargs):  # noqa: N802 - named by PuLP
        for variable in lp.variables():
            variable.varValue = 1.0
        return 1


def fake(answer: Answer, room: float = 6.0) -> PulpMip:
    interface = Interface(lambda settings, warm: FakeSolver(msg=False), lambda lp, result: answer)
    return PulpMip("fake", interface, model(WEIGHT, -np.inf, room))


def test_a_plan_that_breaks_the_model_is_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    outcome = fake(Answer(Ending.OPTIMAL, has_values=True)).solve(-VALUE, EXACT)
    assert (outcome.ending, outcome.values, outcome.bound) == (Ending.FAILED, None, -np.inf)
    assert "breaks the model" in caplog.text


def test_an_optimum_without_values_is_a_failure() -> None:
    outcome = fake(Answer(Ending.OPTIMAL, has_values=False)).solve(-VALUE, EXACT)
    assert (outcome.ending, outcome.bound) == (Ending.FAILED, -np.inf)


def test_a_time_limit_without_a_bound_claims_none() -> None:
    outcome = fake(Answer(Ending.TIME_LIMIT, has_values=True), room=12).solve(-VALUE, EXACT)
    assert (outcome.ending, outcome.objective) == (Ending.TIME_LIMIT, -38.0)
    assert outcome.bound == -np.inf


def test_an_optimum_without_a_bound_gets_the_widest_that_its_gap_allows() -> None:
    """A gap of a tenth of the bound: -38 may hide -42.22, a tenth of which is 4.22."""
    settings = MipSettings(gap_relative=0.1)
    outcome = fake(Answer(Ending.OPTIMAL, has_values=True), room=12).solve(-VALUE, settings)
    assert outcome.bound == pytest.approx(-38 / 0.9)


def test_a_solver_that_breaks_down_is_a_solver_error() -> None:
    def fail(settings: MipSettings, warm: bool) -> pulp.LpSolver:
        raise RuntimeError("no licence today")

    interface = Interface(fail, lambda lp, result: Answer(None, has_values=False))
    with pytest.raises(SolverError, match="'fake' broke down: no licence today") as error:
        PulpMip("fake", interface, knapsack()).solve(-VALUE, EXACT)
    assert isinstance(error.value.__cause__, RuntimeError)
