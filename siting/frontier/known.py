"""Take over what a search for one plan has proven: steps that no plan within a budget can cross."""

from __future__ import annotations

import math

from siting.frontier.shape import Line, Step
from siting.problem import Problem
from siting.solution import Proof

__all__ = ["proven_lines", "proven_steps"]

STEPS = 24


def proven_lines(problem: Problem, proof: Proof) -> list[Line]:
    """Return the line of a best heat per euro, where it holds for all plans of a frontier.

    Examples
    --------
    >>> from siting.solution import Status
    >>> bare = Problem(nodes=(), edges=(), sites=(), zones=())
    >>> proof = Proof(Status.FEASIBLE, "heat_per_euro", 1.9, 2.0, 0.05, 0.01, 1.0, "highs")
    >>> proven_lines(bare, proof)
    [Line(price_mwh_per_eur=0.002, surplus_mwh=0.0, effort=0)]
    """
    bound = _bound(proof)
    if bound is None or proof.objective != "heat_per_euro" or _is_narrower(problem):
        return []
    return [Line(bound / 1000, 0.0)]


def proven_steps(problem: Problem, proof: Proof) -> list[Step]:
    """Return what the proof of one plan says about plans of every size.

    Parameters
    ----------
    problem
        The problem of the plan, with its limits on budget and least heat.
    proof
        What was proven about its best plan.

    Notes
    -----
    A best ratio ``r`` among plans with at least ``m`` of heat means that a plan within a budget
    ``b`` has at most ``max(m, r * b)``: it has less than ``m``, or the ratio holds for it. A bound
    on heat within a budget is such a step itself, and a bound on the cost of ``m`` says that plans
    below it have less than ``m``.

    Examples
    --------
    >>> from siting.problem import Limits
    >>> from siting.solution import Status
    >>> asked = Problem(nodes=(), edges=(), sites=(), zones=(), limits=Limits(budget_eur=1e6))
    >>> proven_steps(asked, Proof(Status.OPTIMAL, "max_heat", 99, 100.0, 0.01, 0.01, 1.0, "highs"))
    [Step(budget_eur=1000000.0, heat_mwh=100.0)]
    """
    bound = _bound(proof)
    if bound is None:
        return []
    least = problem.limits.min_heat_mwh or 0.0
    budget = problem.limits.budget_eur
    if proof.objective == "max_heat" and budget is not None:
        return [Step(budget, max(bound, least))]
    if proof.objective == "capex" and least > 0 and bound > 0:
        return [Step(bound * (1 - 1e-9), least)]
    if proof.objective == "heat_per_euro" and bound > 0 and _is_narrower(problem):
        ratio = bound / 1000
        top = problem.total_heat_mwh / ratio if budget is None else budget
        budgets = [least / ratio, *(top * (k + 1) / STEPS for k in range(STEPS))]
        return [Step(b, max(least, ratio * b)) for b in sorted(set(budgets)) if 0 < b <= top]
    return []


def _bound(proof: Proof) -> float | None:
    """Return a bound that says something."""
    bound = proof.bound
    return bound if bound is not None and math.isfinite(bound) and bound > 0 else None


def _is_narrower(problem: Problem) -> bool:
    """Return whether the problem has limits that its frontier leaves aside."""
    return problem.limits.min_heat_mwh is not None or problem.limits.budget_eur is not None
