"""HiGHS, the compiled model and the call in a thread of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pulp
import pytest
from scipy import sparse

from siting.errors import SolverError
from siting.solvers.apart import ApartCall, wait_for_left_behind
from siting.solvers.compiled import CompiledModel, Rows, compile_model
from siting.solvers.highs import HighsLp, HighsMip, MipSettings
from siting.solvers.outcome import Ending

VALUE = np.array([10.0, 13.0, 7.0, 8.0])
WEIGHT = np.array([[3.0, 4.0, 2.0, 3.0]])
BEST = -20.0  # the second and third item fill the room of 6


def model(
    matrix: np.ndarray, lower: object, upper: object, *, integer: bool = True, most: float = 1.0
) -> CompiledModel:
    rows, columns = matrix.shape
    names = tuple(f"x{k}" for k in range(columns))
    return CompiledModel(
        names=names,
        position={name: k for k, name in enumerate(names)},
        lower=np.zeros(columns),
        upper=np.full(columns, most),
        integer=np.full(columns, integer),
        rows=Rows(
            sparse.csr_array(matrix),
            np.broadcast_to(np.asarray(lower, dtype=float), rows).copy(),
            np.broadcast_to(np.asarray(upper, dtype=float), rows).copy(),
        ),
    )


def knapsack(*, integer: bool = True) -> CompiledModel:
    return model(WEIGHT, -np.inf, 6.0, integer=integer)


def hard_mip(columns: int = 120, rows: int = 30, seed: int = 1) -> tuple[CompiledModel, np.ndarray]:
    """Return a multi-dimensional knapsack that takes minutes to prove."""
    rng = np.random.default_rng(seed)
    weight = rng.integers(1, 100, (rows, columns)).astype(float)
    return model(weight, -np.inf, weight.sum(1) / 3), -rng.integers(50, 150, columns).astype(float)


def hard_lp(size: int = 1_400, seed: int = 1) -> tuple[CompiledModel, np.ndarray]:
    """Return a dense linear program that takes the simplex method many seconds."""
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0.1, 1.0, (size, size))
    dense = model(weight, -np.inf, weight.sum(1) / 3, integer=False)
    return dense, -rng.uniform(0.9, 1.1, size)


def stop_after(seconds: float) -> threading.Event:
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    return stop


# The compiled model


def small_program() -> tuple[pulp.LpProblem, dict[str, pulp.LpVariable]]:
    program = pulp.LpProblem("small", pulp.LpMaximize)
    x = program.add_variable("x", 0, 4)
    y = program.add_variable("y", 0, 1, cat="Binary")
    z = program.add_variable("z", None, None, cat="Integer")
    free = program.add_variable("free", -2, None)
    program += 5 * x
    program += x + 2 * y + 1 <= 6, "at_most"
    program += x - z >= -3, "at_least"
    program += z + 0 * y == 2, "equal"
    return program, {"x": x, "y": y, "z": z, "free": free}


def test_compiled_rows_and_bounds_are_those_of_the_program() -> None:
    program, variables = small_program()
    compiled = compile_model(program, variables.values())
    order = [compiled.index(variables[name]) for name in ("x", "y", "z", "free")]
    assert compiled.lower[order].tolist() == [0, 0, -np.inf, -2]
    assert compiled.upper[order].tolist() == [4, 1, np.inf, np.inf]
    assert compiled.integer[order].tolist() == [False, True, True, False]
    assert compiled.rows.matrix.toarray()[:, order].tolist() == [
        [1, 2, 0, 0],
        [1, 0, -1, 0],
        [0, 0, 1, 0],
    ]
    assert compiled.rows.lower.tolist() == [-np.inf, -3, 2]
    assert compiled.rows.upper.tolist() == [5, np.inf, 2]


def test_vector_adds_up_the_factors_of_an_expression() -> None:
    program, variables = small_program()
    compiled = compile_model(program, variables.values())
    vector = compiled.vector(3 * variables["x"] - variables["free"] + 7)
    assert vector[compiled.index(variables["x"])] == 3
    assert vector[compiled.index(variables["free"])] == -1
    assert np.count_nonzero(vector) == 2


def test_compiling_a_program_without_anything_works() -> None:
    compiled = compile_model(pulp.LpProblem("empty", pulp.LpMinimize))
    assert compiled.integer.dtype == bool
    assert compiled.rows.matrix.shape == (0, 0)
    outcome = HighsMip(compiled).solve(np.zeros(0), MipSettings())
    assert outcome.ending is Ending.OPTIMAL
    assert outcome.values is not None
    assert outcome.values.shape == (0,)
    assert (outcome.objective, outcome.bound) == (0.0, 0.0)


def test_two_variables_of_one_name_are_refused() -> None:
    program = pulp.LpProblem("twins", pulp.LpMinimize)
    try:
        twins = [program.add_variable("a-b", 0, 1), program.add_variable("a_b", 0, 1)]
    except Exception:  # noqa: BLE001 - PuLP 4 refuses them itself, with an error of Rust
        pytest.skip("this PuLP refuses equal names itself")
    if twins[0].name != twins[1].name:
        pytest.skip("this PuLP keeps the names apart")
    program += twins[0] + 2 * twins[1] <= 2
    with pytest.raises(SolverError, match="names are taken"):
        compile_model(program)


# The linear relaxation


def test_lp_gives_values_bound_and_reduced_costs() -> None:
    outcome = HighsLp(knapsack(integer=False)).solve(-VALUE)
    assert outcome.ending is Ending.OPTIMAL
    assert outcome.objective == outcome.bound == pytest.approx(-10 - 7 - 13 / 4)
    assert outcome.values == pytest.approx([1, 0.25, 1, 0])
    assert outcome.reduced_cost is not None
    assert outcome.reduced_cost == pytest.approx([-0.25, 0, -0.5, 1.75])


def test_lp_rows_that_are_added_count() -> None:
    lp = HighsLp(knapsack(integer=False))
    before = lp.solve(-VALUE)
    lp.add_rows(
        Rows(sparse.csr_array(np.array([[1.0, 0, 0, 0]])), np.array([-np.inf]), np.array([0.5]))
    )
    after = lp.solve(-VALUE)
    assert after.objective > before.objective
    assert after.values == pytest.approx([0.5, 0.625, 1, 0])


def test_lp_infeasible_has_an_infinite_bound() -> None:
    outcome = HighsLp(model(np.ones((1, 2)), 3.0, np.inf, integer=False)).solve(np.ones(2))
    assert (outcome.ending, outcome.values) == (Ending.INFEASIBLE, None)
    assert outcome.objective == outcome.bound == np.inf


def test_lp_unbounded_claims_no_bound() -> None:
    endless = model(np.array([[1.0, -1.0]]), -np.inf, 1.0, integer=False, most=np.inf)
    outcome = HighsLp(endless).solve(-np.ones(2))
    assert (outcome.ending, outcome.values) == (Ending.UNBOUNDED, None)
    assert (outcome.objective, outcome.bound) == (np.inf, -np.inf)


def test_lp_without_rows_is_settled_by_its_bounds() -> None:
    outcome = HighsLp(model(np.zeros((0, 3)), 0.0, 0.0, integer=False)).solve(
        np.array([-1.0, 2.0, -3.0])
    )
    assert (outcome.ending, outcome.objective) == (Ending.OPTIMAL, -4.0)
    assert outcome.values is not None
    assert outcome.values.tolist() == [1, 0, 1]


def test_lp_at_a_time_limit_claims_nothing() -> None:
    dense, cost = hard_lp()
    outcome = HighsLp(dense).solve(cost, time_limit_s=0.3)
    assert outcome.ending is Ending.TIME_LIMIT
    assert (outcome.values, outcome.objective, outcome.bound) == (None, np.inf, -np.inf)


def test_lp_time_limit_is_counted_from_each_solve() -> None:
    dense, cost = hard_lp()
    lp = HighsLp(dense)
    for _ in range(2):
        outcome = lp.solve(cost, time_limit_s=0.4)
        assert outcome.ending is Ending.TIME_LIMIT
        assert outcome.seconds >= 0.35


def test_lp_ends_soon_after_the_stop_flag_and_can_go_on() -> None:
    dense, cost = hard_lp()
    lp = HighsLp(dense)
    outcome = lp.solve(cost, stop=stop_after(0.4))
    assert (outcome.ending, outcome.values, outcome.bound) == (Ending.STOPPED, None, -np.inf)
    assert lp.solve(0 * cost).ending is Ending.OPTIMAL


def test_lp_that_was_left_behind_is_loaded_again_with_all_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lp = HighsLp(knapsack(integer=False))
    row = sparse.csr_array(np.array([[1.0, 0, 0, 0]]))
    lp.add_rows(Rows(row, np.array([-np.inf]), np.array([0.5])))
    with monkeypatch.context() as patch:
        patch.setattr(ApartCall, "run", lambda self: False)
        assert lp.solve(-VALUE).ending is Ending.TIME_LIMIT
    assert lp.solve(-VALUE).values == pytest.approx([0.5, 0.625, 1, 0])


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(SolverError, match="not finite"):
        HighsLp(knapsack()).solve(np.array([np.nan, 0, 0, 0]))
    with pytest.raises(SolverError, match="not finite"):
        HighsMip(knapsack()).solve(np.array([np.inf, 0, 0, 0]), MipSettings())
    with pytest.raises(SolverError, match="4 factors of rows"):
        model(WEIGHT * np.nan, -np.inf, 6.0)
    with pytest.raises(SolverError, match="right-hand sides"):
        model(WEIGHT, -np.inf, np.nan)
    with pytest.raises(SolverError, match="bounds of variables"):
        HighsMip(knapsack()).solve(-VALUE, MipSettings(), upper=np.full(4, np.nan))
    with pytest.raises(SolverError, match="'no_such_option'"):
        HighsMip(knapsack()).solve(-VALUE, MipSettings(options={"no_such_option": 1}))


# The mixed-integer program


def test_mip_bound_is_below_the_objective_and_equal_at_the_optimum() -> None:
    outcome = HighsMip(knapsack()).solve(-VALUE, MipSettings(gap_relative=0.0))
    assert outcome.ending is Ending.OPTIMAL
    assert outcome.objective == outcome.bound == pytest.approx(BEST)
    assert outcome.values == pytest.approx([0, 1, 1, 0])


def test_mip_extra_rows_and_upper_bounds_count_for_one_call_only() -> None:
    mip, settings = HighsMip(knapsack()), MipSettings(gap_relative=0.0)
    no_second = np.array([1.0, 0, 1, 1])
    assert mip.solve(-VALUE, settings, upper=no_second).objective == pytest.approx(-18)
    one_item = Rows(sparse.csr_array(np.ones((1, 4))), np.array([-np.inf]), np.array([1.0]))
    assert mip.solve(-VALUE, settings, extra=one_item).objective == pytest.approx(-13)
    assert mip.solve(-VALUE, settings).objective == pytest.approx(BEST)


def test_mip_without_integers_is_bounded_by_its_optimum() -> None:
    outcome = HighsMip(knapsack(integer=False)).solve(-VALUE, MipSettings())
    assert outcome.objective == outcome.bound == pytest.approx(-20.25)


def test_mip_without_rows_and_without_columns() -> None:
    cost = np.array([-1.0, 2.0])
    outcome = HighsMip(model(np.zeros((0, 2)), 0.0, 0.0)).solve(cost, MipSettings())
    assert (outcome.ending, outcome.objective, outcome.bound) == (Ending.OPTIMAL, -1.0, -1.0)
    nothing = model(np.zeros((1, 0)), 1.0, 2.0)
    assert HighsMip(nothing).solve(np.zeros(0), MipSettings()).ending is Ending.INFEASIBLE


def test_mip_infeasible_and_unbounded_are_told_apart() -> None:
    infeasible = HighsMip(model(np.ones((1, 2)), 3.0, np.inf)).solve(np.ones(2), MipSettings())
    assert (infeasible.ending, infeasible.values) == (Ending.INFEASIBLE, None)
    assert infeasible.bound == np.inf
    matrix = np.array([[1.0, -1.0]])
    endless = HighsMip(model(matrix, -np.inf, 1.0, most=np.inf)).solve(-np.ones(2), MipSettings())
    assert (endless.ending, endless.values) == (Ending.UNBOUNDED, None)
    assert endless.bound == -np.inf


def test_mip_at_a_time_limit_keeps_its_best_and_a_bound_below_it() -> None:
    hard, cost = hard_mip()
    outcome = HighsMip(hard).solve(cost, MipSettings(time_limit_s=1.0, gap_relative=0.0))
    assert outcome.ending is Ending.TIME_LIMIT
    assert outcome.values is not None
    assert outcome.objective == pytest.approx(cost @ outcome.values)
    assert -np.inf < outcome.bound < outcome.objective
    assert (hard.rows.matrix @ outcome.values <= hard.rows.upper + 1e-6).all()


def test_mip_takes_a_start_that_is_known_in_part() -> None:
    """The first item with the best that goes with it gives -18, which is not the optimum.

    HiGHS completes such a start as a smaller problem, whose bound of -18 must not leave.
    """
    found: list[float] = []
    bounds: list[float] = []
    settings = MipSettings(
        start=np.array([1.0, np.nan, np.nan, np.nan]),
        gap_relative=0.0,
        options={"presolve": "off"},
        on_improvement=lambda values, objective: bool(found.append(objective)),
        on_progress=lambda seconds, best, bound: bounds.append(bound),
    )
    outcome = HighsMip(knapsack()).solve(-VALUE, settings)
    assert found[0] == pytest.approx(-18)
    assert outcome.objective == pytest.approx(BEST)
    assert max(bounds) <= BEST + 1e-6


def test_mip_start_with_open_continuous_values_gives_no_false_bound() -> None:
    hard, cost = hard_mip(60, 20)
    half = CompiledModel(
        hard.names, hard.position, hard.lower, hard.upper, np.arange(60) < 40, hard.rows
    )
    start = np.where(half.integer, 0.0, np.nan)
    bounds: list[float] = []
    settings = MipSettings(
        start=start, time_limit_s=2, on_progress=lambda seconds, best, bound: bounds.append(bound)
    )
    outcome = HighsMip(half).solve(cost, settings)
    assert max(bounds) <= outcome.objective + 1e-6
    assert outcome.bound <= outcome.objective


def test_mip_start_with_something_in_vain_is_not_handed_back() -> None:
    """The fifth item only costs; presolve drops it, and the values are worth what is told.

    HiGHS 1.16 tells the objective without it and hands back the start that has it.
    """
    rows = np.array([[3.0, 4.0, 2.0, 3.0, 0.0], [-1.0, -1.0, 0.0, 0.0, 1.0]])
    cost = np.array([*-VALUE, 2.0])
    start = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    outcome = HighsMip(model(rows, -np.inf, np.array([6.0, 0.0]))).solve(
        cost, MipSettings(start=start, gap_relative=0.0)
    )
    assert outcome.ending is Ending.OPTIMAL
    assert outcome.values is not None
    assert cost @ outcome.values == pytest.approx(BEST)
    assert outcome.objective == pytest.approx(BEST)
    assert outcome.bound == pytest.approx(BEST)


def test_mip_start_that_fits_nothing_does_no_harm() -> None:
    for start in (np.ones(4), np.array([1.0, 1.0, np.nan, np.nan]), np.full(4, np.nan)):
        outcome = HighsMip(knapsack()).solve(-VALUE, MipSettings(start=start, gap_relative=0.0))
        assert outcome.objective == pytest.approx(BEST)


def test_mip_improvements_carry_their_values() -> None:
    hard, cost = hard_mip()
    seen: list[tuple[np.ndarray, float]] = []
    threads: set[int] = set()

    def note(values: np.ndarray, objective: float) -> bool:
        seen.append((values, objective))
        threads.add(threading.get_ident())
        return False

    outcome = HighsMip(hard).solve(cost, MipSettings(time_limit_s=1.0, on_improvement=note))
    assert all(objective == pytest.approx(cost @ values) for values, objective in seen)
    assert all(after[1] < before[1] for before, after in pairwise(seen))
    assert seen[-1][1] == pytest.approx(outcome.objective)
    assert threads == {threading.get_ident()}


def test_mip_ends_when_an_improvement_is_enough() -> None:
    hard, cost = hard_mip()
    settings = MipSettings(time_limit_s=30, on_improvement=lambda values, objective: True)
    outcome = HighsMip(hard).solve(cost, settings)
    assert outcome.ending is Ending.STOPPED
    assert outcome.values is not None
    assert outcome.bound < outcome.objective


def test_mip_progress_is_reported() -> None:
    hard, cost = hard_mip()
    seen: list[tuple[float, float, float]] = []
    settings = MipSettings(time_limit_s=1.0, on_progress=lambda *figures: seen.append(figures))
    outcome = HighsMip(hard).solve(cost, settings)
    assert len(seen) > 1
    assert all(bound <= best for _, best, bound in seen)
    assert seen[-1][2] <= outcome.bound + 1e-9


def test_mip_ends_soon_after_the_stop_flag() -> None:
    hard, cost = hard_mip()
    outcome = HighsMip(hard).solve(cost, MipSettings(stop=stop_after(0.7), gap_relative=0.0))
    assert outcome.ending is Ending.STOPPED
    assert outcome.values is not None
    assert -np.inf < outcome.bound < outcome.objective == pytest.approx(cost @ outcome.values)


def test_mip_is_not_begun_when_the_stop_flag_is_set() -> None:
    stop = threading.Event()
    stop.set()
    outcome = HighsMip(knapsack()).solve(-VALUE, MipSettings(stop=stop))
    assert (outcome.ending, outcome.values, outcome.bound) == (Ending.STOPPED, None, -np.inf)


@pytest.mark.parametrize("which", ["on_improvement", "on_progress"])
def test_mip_callback_that_fails_is_heard(which: str) -> None:
    def fail(*_: object) -> bool:
        raise ZeroDivisionError("in the callback")

    hard, cost = hard_mip()
    with pytest.raises(ZeroDivisionError, match="in the callback"):
        HighsMip(hard).solve(cost, MipSettings(time_limit_s=20, **{which: fail}))


def test_mip_log_file_is_written(tmp_path) -> None:
    path = tmp_path / "highs.log"
    HighsMip(knapsack()).solve(-VALUE, MipSettings(log_file=str(path)))
    assert "Solving report" in path.read_text(encoding="utf-8")


def test_solves_may_use_different_numbers_of_threads() -> None:
    for threads in (1, 2, 0, 1):
        lp = HighsLp(knapsack(integer=False), threads=threads, seed=threads)
        assert lp.solve(-VALUE).ending is Ending.OPTIMAL
        outcome = HighsMip(knapsack()).solve(-VALUE, MipSettings(threads=threads))
        assert outcome.objective == pytest.approx(BEST)


QUIET = """
import numpy as np
from scipy import sparse
from siting.solvers.compiled import CompiledModel, Rows
from siting.solvers.highs import HighsLp, HighsMip, MipSettings
rows = Rows(sparse.csr_array(np.ones((1, 2))), np.zeros(1), np.ones(1))
whole = np.full(2, True)
m = CompiledModel(("a", "b"), {"a": 0, "b": 1}, np.zeros(2), np.ones(2), whole, rows)
HighsLp(m).solve(-np.ones(2))
HighsMip(m).solve(-np.ones(2), MipSettings(start=np.full(2, 5.0)))
"""


def test_highs_prints_nothing(repository) -> None:
    """A process of its own, because the banner appears once in a process."""
    done = subprocess.run(
        [sys.executable, "-c", QUIET],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=repository,
    )
    assert (done.stdout, done.stderr) == ("", "")


# A call in a thread of its own


def test_a_call_that_does_not_look_up_is_left_behind() -> None:
    release, stop = threading.Event(), stop_after(0.1)
    call = ApartCall(lambda: release.wait(20), stop=stop)  # type: ignore[arg-type,return-value]
    assert not call.run()
    assert call.was_stopped
    assert call.ending.is_set()
    assert not wait_for_left_behind(0.0)
    release.set()
    assert wait_for_left_behind(20.0)


def test_a_call_is_left_behind_after_its_time_limit() -> None:
    release = threading.Event()
    call = ApartCall(lambda: release.wait(20), limit_s=0.1)  # type: ignore[arg-type,return-value]
    assert not call.run()
    assert not call.was_stopped
    release.set()


def test_what_the_work_raises_is_raised_by_the_caller() -> None:
    def work() -> None:
        raise KeyError("lost?")

    with pytest.raises(KeyError, match="lost"):
        ApartCall(work).run()


def test_reports_arrive_in_order_and_before_the_end() -> None:
    seen: list[int] = []

    def work() -> None:
        for k in range(5):
            call.post(lambda k=k: seen.append(k))

    call = ApartCall(work)
    assert call.run()
    assert seen == [0, 1, 2, 3, 4]


LEFT_BEHIND = """
import sys
sys.path.insert(0, "tests/unit")
from siting.solvers.highs import HighsMip, MipSettings
import siting.solvers.apart as apart
apart.GRACE_S = 0.0
from test_solvers import hard_mip, stop_after
hard, cost = hard_mip(400, 80)
out = HighsMip(hard).solve(cost, MipSettings(stop=stop_after(0.3), gap_relative=0.0))
print(out.ending, flush=True)
"""


def test_the_process_can_leave_while_highs_is_still_busy(repository) -> None:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=repository,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")
    assert time.perf_counter() - started < 30
