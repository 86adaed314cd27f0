"""Solve a problem with the plain flow model in HiGHS, as a competent user of it would.

The ratio is found by Dinkelbach's method from a trivial start, the best single site and zone. Each
plan is read from rounded decisions, its flows are worked out anew, and the package prices it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from siting.model.objectives import OBJECTIVES
from siting.plan import Plan, net_value, price_solution
from siting.problem import Problem
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution, Status

from .baseline_model import FlowModel, flow_model
from .baseline_start import trivial_start

__all__ = ["solve_plainly"]

Floats = npt.NDArray[np.float64]
FLAT, CLOSE = 1e-9, 1.01
IDLE_MW, LEAST_FLOW = 1e-7, 1e-6
SHARE_OF_TIME = 0.35
"""Share of the time left that one inner solve may take, while solves still bring better plans."""


def solve_plainly(
    problem: Problem,
    *,
    gap: float = 0.01,
    time_limit_s: float = 60.0,
    threads: int = 1,
    tell: Callable[[float | None, float | None], None] = lambda best, bound: None,
) -> Plan | None:
    """Return the best plan that the plain model finds within a time, with its own proof.

    Parameters
    ----------
    problem
        The problem.
    gap
        Relative gap that is enough [-].
    time_limit_s
        Wall time, building the model included [s].
    threads
        Threads for HiGHS.
    tell
        Called with best value and bound whenever one of them has changed.

    Returns
    -------
    The plan, or None where none was found. A bound that was not proven is None in its proof.

    Raises
    ------
    NotImplementedError
        See `baseline_model.flow_model`.
    """
    search = _Search(problem, gap, time.perf_counter() + time_limit_s, threads, tell)
    search.run()
    return search.plan()


@dataclass
class _Answer:
    """What one solve of HiGHS gives: values or none, a bound, and whether it is infeasible."""

    values: Floats | None
    bound: float
    infeasible: bool


class _Search:
    """Keep the best plan and bound while the inner solves go on."""

    def __init__(
        self,
        problem: Problem,
        gap: float,
        end: float,
        threads: int,
        tell: Callable[[float | None, float | None], None],
    ) -> None:
        self.problem, self.gap, self.end, self.threads, self.tell = problem, gap, end, threads, tell
        self.begun = time.perf_counter()
        self.kind = OBJECTIVES[problem.objective.kind]
        self.model = flow_model(problem)
        self.best: Solution | None = None
        self.best_values: Floats | None = None
        self.value = math.nan
        self.bound: float | None = None

    @property
    def left_s(self) -> float:
        """Wall time that is left [s]."""
        return self.end - time.perf_counter()

    def run(self) -> None:
        """Search until the gap is proven or time is up."""
        if self.kind.name == "heat_per_euro":
            self._ratio()
            return
        vector = {"max_heat": "heat", "capex": "capex", "net_value": "value"}[self.kind.name]
        unit = self.model.heat_unit_mwh if vector == "heat" else self.model.cost_unit_eur
        sign = -1.0 if self.kind.maximise else 1.0
        answer = self._solve(sign * getattr(self.model, vector), self.left_s)
        self._offer(answer.values)
        if math.isfinite(answer.bound):
            self._note_bound(sign * answer.bound * unit)

    # -- the ratio -------------------------------------------------------------------------------

    def _ratio(self) -> None:
        price, start = trivial_start(self.problem, self.model)
        self._offer(start)
        share, tried = SHARE_OF_TIME, 0.0
        price = self._asked_price() or price
        if price > 0:
            self._bound_by_relaxation(price)
        while self.left_s > 0 and not self._is_proven():
            answer = self._at_price(price, share * self.left_s)
            if answer.infeasible:
                return
            better = self._offer(answer.values)
            self._certify(price, answer.bound)
            # Where nothing is worth an estimated price, a lower one has to be tried.
            asked = self._asked_price() or (price if answer.bound < -FLAT else price / 2)
            if not better and asked == price and share == tried == 1.0:
                return
            tried, share = share, SHARE_OF_TIME if better else 1.0
            price = asked

    def _bound_by_relaxation(self, price: float) -> None:
        """Bound the ratio by that of the linear relaxation.

        High prices are quick, as nothing is worth them; so it starts above, and closes in.
        """
        model = self.model
        solver = _loaded(
            model, model.capex, model.lower, model.upper, integer=False, threads=self.threads
        )
        columns = np.arange(len(model.lower), dtype=np.int32)
        end = time.perf_counter() + SHARE_OF_TIME * self.left_s
        low, high = price, math.inf
        while high > low * CLOSE:
            asked = 2 * low if high == math.inf else math.sqrt(low * high)
            per_heat = asked * model.cost_unit_eur / model.heat_unit_mwh
            cost = per_heat * model.capex - model.heat
            solver.changeColsCost(len(cost), columns, cost)
            left = max(end - time.perf_counter(), 0.01)
            solver.setOptionValue("time_limit", solver.getRunTime() + left)
            _solve(solver)
            if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return
            if -solver.getInfo().objective_function_value <= FLAT:
                high = asked
                self._note_bound(asked * 1000)
                continue
            x = np.array(solver.getSolution().col_value)
            capex = float(model.capex @ x) * model.cost_unit_eur
            low = max(asked, float(model.heat @ x) * model.heat_unit_mwh / max(capex, 1e-9))

    def _asked_price(self) -> float:
        """Return the price that no plan may beat for the gap to be proven [MWh/EUR]."""
        return 0.0 if self.best is None else self.value / 1000 * (1 + 0.99 * self.gap)

    def _is_proven(self) -> bool:
        return (
            self.best is not None
            and self.bound is not None
            and abs(self.bound - self.value) <= self.gap * abs(self.value) + 1e-12
        )

    def _at_price(self, price: float, seconds: float) -> _Answer:
        model = self.model
        per_heat = price * model.cost_unit_eur / model.heat_unit_mwh
        return self._solve(per_heat * model.capex - model.heat, seconds)

    def _certify(self, price: float, bound: float) -> None:
        """Record what ``heat - price * capex <= surplus`` says about the ratio of any plan."""
        if not math.isfinite(bound):
            return
        surplus = max(-bound * self.model.heat_unit_mwh, 0.0)
        known = [price + surplus / least for least in (_least_capex(self.problem),) if least > 0]
        heat = self.problem.limits.min_heat_mwh or 0.0
        if surplus < heat:
            known.append(price / (1 - surplus / heat))
        if surplus <= 0:
            known.append(price)
        if known:
            self._note_bound(min(known) * 1000)

    # -- plans and bounds ------------------------------------------------------------------------

    def _solve(self, cost: Floats, seconds: float) -> _Answer:
        return _run(self.model, cost, max(seconds, 0.1), self.gap, self.threads, self.best_values)

    def _note_bound(self, bound: float) -> None:
        better = min if self.kind.maximise else max
        self.bound = bound if self.bound is None else better(self.bound, bound)
        self._tell()

    def _offer(self, values: Floats | None) -> bool:
        """Take a plan that is better than the best; say whether it is."""
        if values is None:
            return False
        found = _settled(self.problem, self.model, values, self.kind.name, self.threads)
        if found is None:
            return False
        solution, exact = found
        value = self._value_of(solution)
        better = value > self.value if self.kind.maximise else value < self.value
        if self.best is not None and not better:
            return False
        self.best, self.best_values, self.value = solution, exact, value
        self._tell()
        return True

    def _value_of(self, solution: Solution) -> float:
        plan = price_solution(self.problem, solution, _no_proof(self.kind.name))
        return self.kind.value(plan.heat_mwh, plan.capex_eur, net_value(self.problem, plan))

    def _tell(self) -> None:
        self.tell(None if self.best is None else self.value, self.bound)

    def plan(self) -> Plan | None:
        """Return the best plan with what was proven."""
        if self.best is None:
            return None
        bound, value = self.bound, self.value
        gap = math.inf if bound is None else _gap(value, bound)
        proof = Proof(
            status=Status.OPTIMAL if gap <= self.gap else Status.FEASIBLE,
            objective=self.kind.name,
            incumbent=value,
            bound=bound,
            gap=gap,
            gap_wanted=self.gap,
            seconds=time.perf_counter() - self.begun,
            solver="plain flow model",
        )
        return price_solution(self.problem, self.best, proof)


def _gap(value: float, bound: float) -> float:
    away = abs(bound - value)
    if away == 0:
        return 0.0
    return away / abs(value) if value else math.inf


def _no_proof(objective: str) -> Proof:
    return Proof(Status.FEASIBLE, objective, None, None, math.inf, math.inf, 0.0, "")


def _least_capex(problem: Problem) -> float:
    """Return what every plan that delivers heat invests at least [EUR]."""
    sites = [o.cost_eur for site in problem.sites for o in site.choices if not site.forbidden]
    zones = [zone.cost_eur for zone in problem.zones if not zone.forbidden and zone.heat_mwh > 0]
    return min(sites, default=0.0) + min(zones, default=0.0)


# HiGHS --------------------------------------------------------------------------------------------


def _run(
    model: FlowModel,
    cost: Floats,
    seconds: float,
    gap: float,
    threads: int,
    start: Floats | None,
) -> _Answer:
    """Minimise over the integer points."""
    options = {"time_limit": seconds, "mip_rel_gap": gap, "threads": threads}
    solver = _loaded(model, cost, model.lower, model.upper, integer=True, **options)
    if start is not None:
        solver.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
    _solve(solver)
    info, status = solver.getInfo(), solver.getModelStatus()
    infeasible = status in {
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    }
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(solver.getSolution().col_value) if found else None
    return _Answer(values, float(info.mip_dual_bound), infeasible)


def _solve(solver: highspy.Highs) -> None:
    """Run HiGHS; raise where it refuses to."""
    if solver.run() == highspy.HighsStatus.kError:
        message = "HiGHS could not run the plain model"
        raise RuntimeError(message)


def _loaded(
    model: FlowModel, cost: Floats, lower: Floats, upper: Floats, *, integer: bool, **options: float
) -> highspy.Highs:
    """Return a quiet HiGHS that holds the model."""
    solver = highspy.Highs()
    for name, value in {"output_flag": False, **options}.items():
        solver.setOptionValue(name, value)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(cost), len(model.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = model.matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = model.matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = model.matrix.data
    if integer:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(each)] for each in model.integer]
    solver.passModel(lp)
    return solver


def _settled(
    problem: Problem, model: FlowModel, values: Floats, kind: str, threads: int
) -> tuple[Solution, Floats] | None:
    """Return the plan of rounded decisions with exact flows, or None where it does not hold.

    What turns out to idle is left out where the rest holds without it.
    """
    cost = {
        "net_value": -model.value,
        "capex": model.capex,
        "max_heat": 1e-6 * model.capex - model.heat,
    }.get(kind)
    if cost is None:  # the ratio: at the price of these very values
        price = float(model.heat @ values) / max(float(model.capex @ values), 1e-12)
        cost = price * model.capex - model.heat
    flows = np.zeros(len(cost))
    flows[list(model.flows.values())] = LEAST_FLOW  # or heat might circle for nothing
    exact = _with_decisions(model, cost + flows, np.rint(values), threads)
    if exact is None:
        return None
    without = _with_decisions(model, cost + flows, _without_idle(problem, model, exact), threads)
    exact = exact if without is None else without
    return _solution(problem, model, exact), exact


def _with_decisions(model: FlowModel, cost: Floats, x: Floats, threads: int) -> Floats | None:
    """Return the best values with all yes-no decisions as given, or None."""
    lower = np.where(model.integer, x, model.lower)
    upper = np.where(model.integer, x, model.upper)
    if (lower < model.lower).any():  # something mandatory is missing
        return None
    solver = _loaded(model, cost, lower, upper, integer=False, threads=threads)
    _solve(solver)
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.array(solver.getSolution().col_value)


def _without_idle(problem: Problem, model: FlowModel, x: Floats) -> Floats:
    """Return decisions without pipes, sites and zones that carry, give and take nothing."""
    less = np.rint(x)
    idle = {key for key, column in model.flows.items() if x[column] <= IDLE_MW}
    idle -= {key for key, column in model.steps.items() if x[column] > 0.5}
    less[[column for column, forward, _, k in model.pipes if (k, forward) in idle]] = 0.0
    if not (problem.limits.min_sites or model.steps):
        less[[opened for opened, output, *_ in model.options if x[output] <= IDLE_MW]] = 0.0
    takes = {
        k: x[column] > IDLE_MW or problem.zones[k].value_eur for k, column in model.base.items()
    }
    less[[model.connect[k] for k, some in takes.items() if not some]] = 0.0
    return less


def _solution(problem: Problem, model: FlowModel, x: Floats) -> Solution:
    """Return the decisions that exact values stand for, without what is not used."""
    pipes, sites, zones = [], [], []
    for column, forward, number, k in model.pipes:
        if x[column] > 0.5:
            edge = problem.edges[k]
            tail, head = (edge.u, edge.v) if forward else (edge.v, edge.u)
            size = None if number is None else edge.sizes[number].label
            flow = max(float(x[model.flows[k, forward]]), 0.0)
            pipes.append(PipeFlow(edge.id, tail, head, flow, size))
    for opened, output, s, number in model.options:
        if x[opened] > 0.5:
            site = problem.sites[s]
            sites.append(OpenSite(site.id, site.choices[number].id, max(float(x[output]), 0.0)))
    for k, column in model.connect.items():
        if x[column] > 0.5:
            zone = problem.zones[k]
            base, heat = zone.peak_mw, zone.heat_mwh
            if k in model.base:
                base = float(np.clip(x[model.base[k]], 0.0, zone.peak_mw))
                at, share = zip(*zone.load_curve, strict=True)
                heat = float(np.interp(base / zone.peak_mw, at, share)) * zone.heat_mwh
            zones.append(ServedZone(zone.id, base, heat))
    return Solution(tuple(sites), tuple(pipes), tuple(zones))
