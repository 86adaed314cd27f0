"""Say by an exit code how a command ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siting.plan import Plan

NOT_PROVEN = 4

BEYOND_LIMITS = 6

DOUBTS = 7

ABORTED = 130


def exit_code(plan: Plan) -> int:
    """Return 0 for a plan proven within the wanted gap, else 4."""
    from siting.solution import Status

    return 0 if plan.proof.status is Status.OPTIMAL else NOT_PROVEN
