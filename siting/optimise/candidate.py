"""Hold a complete plan found on the way, with the figures that tell it from a better one."""

from __future__ import annotations

from dataclasses import dataclass

from siting.model import Model
from siting.model.objectives import OBJECTIVES
from siting.optimise.settle import fits, read_draft, settle
from siting.plan import Plan, net_value, price_solution
from siting.problem import Problem
from siting.solution import Proof, Solution, Status
from siting.solvers.compiled import CompiledModel
from siting.solvers.outcome import FloatArray

__all__ = [
    "TOLERANCE",
    "Candidate",
    "candidate_from_values",
    "empty_candidate",
    "make_candidate",
    "meets_limits",
]

UNPROVEN = Proof(Status.NO_PLAN, "", None, None, float("inf"), 0.0, 0.0, "")
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Candidate:
    """A feasible, paid-for plan and its value under the problem's objective."""

    solution: Solution
    plan: Plan
    value: float

    @property
    def heat_mwh(self) -> float:
        """Heat delivered [MWh/a]."""
        return self.plan.heat_mwh

    @property
    def capex_eur(self) -> float:
        """Investment [EUR]."""
        return self.plan.capex_eur


def make_candidate(problem: Problem, solution: Solution) -> Candidate | None:
    """Return the candidate of a solution, or None when it breaks a capacity or a limit."""
    if not fits(problem, solution):
        return None
    plan = price_solution(problem, solution, UNPROVEN)
    if not meets_limits(problem, plan):
        return None
    objective = OBJECTIVES[problem.objective.kind]
    net = net_value(problem, plan) if objective.name == "net_value" else 0.0
    return Candidate(solution, plan, objective.value(plan.heat_mwh, plan.capex_eur, net))


def candidate_from_values(
    model: Model, compiled: CompiledModel, values: FloatArray
) -> Candidate | None:
    """Return the candidate that solver values stand for, or None when it cannot be made exact."""
    solution = settle(model, read_draft(model, compiled, values))
    return None if solution is None else make_candidate(model.data.problem, solution)


def empty_candidate(problem: Problem) -> Candidate | None:
    """Return "build nothing" when the limits allow it."""
    if any(s.mandatory for s in problem.sites) or any(z.mandatory for z in problem.zones):
        return None
    return make_candidate(problem, Solution())


def meets_limits(problem: Problem, plan: Plan) -> bool:
    """Whether a plan respects budget, heat, numbers, groups and mandatory elements."""
    limits = problem.limits
    opened = {each.site for each in plan.sites}
    served = {each.zone for each in plan.zones}
    groups = [s.group for s in problem.sites if s.id in opened and s.group is not None]
    checks = (
        limits.budget_eur is None or plan.capex_eur <= limits.budget_eur * (1 + TOLERANCE) + 1e-9,
        not limits.min_heat_mwh or plan.heat_mwh >= limits.min_heat_mwh * (1 - TOLERANCE),
        not limits.min_sites or len(opened) >= limits.min_sites,
        limits.max_sites is None or len(opened) <= limits.max_sites,
        not limits.min_zones or len(served) >= limits.min_zones,
        len(groups) == len(set(groups)),
        all(s.id in opened for s in problem.sites if s.mandatory),
        all(z.id in served for z in problem.zones if z.mandatory),
    )
    return all(checks)
