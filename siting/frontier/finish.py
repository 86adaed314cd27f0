"""Turn what a search for the frontier holds into a frontier whose plans and lines are sound."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import version

from siting.errors import NoPlanError, VerificationError
from siting.frontier.archive import PriceState, worth
from siting.frontier.result import Frontier, Point, relative_distance
from siting.frontier.shape import Line, Step, ceiling_at, upper_hull
from siting.optimise.candidate import UNPROVEN, Candidate
from siting.optimise.reduce import Reduced
from siting.plan import price_solution
from siting.problem import Problem
from siting.solution import Proof, Status
from siting.verify import verify_plan

__all__ = ["Finish", "sound_lines", "sound_steps"]

MOST_POINTS = 60
"""Plans that are kept in the end; corners of the hull always are."""
CONTRADICTS = 1e-5
FLOAT_ROOM = 1e-9


def sound_lines(state: PriceState, lines: Iterable[Line]) -> list[Line]:
    """Return the lines, steepest first, none below a found plan by a rounding error.

    Raises
    ------
    VerificationError
        A plan lies above a line by more than that.
    """
    most_mwh = state.problem.total_heat_mwh
    sound = []
    for line in sorted(lines, key=lambda each: -each.price_mwh_per_eur):
        price = line.price_mwh_per_eur
        best = max((worth(h, c, price) for c, h in state.archive.places), default=-math.inf)
        if best > line.surplus_mwh + CONTRADICTS * max(most_mwh, 1.0):
            raise VerificationError(
                f"A plan is worth {best:,.3f} MWh/a at the price {price:g} MWh/a per EUR, above"
                f" the {line.surplus_mwh:,.3f} MWh/a that no plan should cross. Please report"
                " this with the problem file."
            )
        room = FLOAT_ROOM * most_mwh
        sound.append(replace(line, surplus_mwh=max(line.surplus_mwh, best + room)))
    return sound


def sound_steps(state: PriceState, steps: Iterable[Step]) -> list[Step]:
    """Return the steps by rising budget, none below a found plan by a rounding error.

    Raises
    ------
    VerificationError
        A plan lies above a step by more than that.
    """
    sound = []
    for step in sorted(steps, key=lambda each: (each.budget_eur, each.heat_mwh)):
        budget = step.budget_eur
        best = max((h for c, h in state.archive.places if c <= budget), default=0.0)
        if best > step.heat_mwh + CONTRADICTS * max(state.problem.total_heat_mwh, 1.0):
            raise VerificationError(
                f"A plan within {budget:,.0f} EUR has {best:,.3f} MWh/a, above the"
                f" {step.heat_mwh:,.3f} MWh/a that none should have. Please report this with the"
                " problem file."
            )
        room = FLOAT_ROOM * state.problem.total_heat_mwh
        sound.append(replace(step, heat_mwh=max(step.heat_mwh, best + room)))
    return sound


@dataclass(frozen=True)
class Finish:
    """Turns what a search holds into a verified frontier."""

    problem: Problem
    reduced: Reduced
    state: PriceState
    solver: str
    seconds: float

    def frontier(self, lines: list[Line], steps: list[Step], digest: str) -> Frontier:
        """Return the plans found, each paid for, verified and with the proof of the ceiling."""
        hull = set(upper_hull(self.state.archive.places))
        kept = [each for each in self.state.archive.thinned(MOST_POINTS) if each.heat_mwh > 0]
        if not kept and self.state.empty is None:
            raise NoPlanError("No plan was found in time. Give the search more time.")
        points = [
            self._point(each, lines, steps, is_corner=(each.capex_eur, each.heat_mwh) in hull)
            for each in kept
        ]
        return Frontier(
            points=tuple(points),
            lines=tuple(lines),
            steps=tuple(steps),
            most_mwh=self.problem.total_heat_mwh,
            starts_empty=self.state.empty is not None,
            problem_sha256=digest,
            gap_wanted=self.state.gap,
            seconds=self.seconds,
        )

    def _point(
        self, candidate: Candidate, lines: list[Line], steps: list[Step], *, is_corner: bool
    ) -> Point:
        """Return a paid-for, verified plan with the proof that the ceiling gives."""
        solution = self.reduced.expand(candidate.solution, self.problem)
        plan = price_solution(self.problem, solution, UNPROVEN)
        ceiling = ceiling_at(lines, plan.capex_eur, self.problem.total_heat_mwh, steps)
        ceiling = max(ceiling, plan.heat_mwh)
        gap = relative_distance(plan.heat_mwh, ceiling)
        lowest = min(lines, key=lambda line: line.at(plan.capex_eur), default=None)
        proof = Proof(
            status=self._status(gap),
            objective="max_heat",
            incumbent=plan.heat_mwh,
            bound=ceiling,
            gap=gap,
            gap_wanted=self.state.gap,
            seconds=self.seconds,
            solver=f"HiGHS {version('highspy')}" if self.solver == "highs" else self.solver,
            price_mwh_per_eur=None if lowest is None else lowest.price_mwh_per_eur,
        )
        plan = replace(plan, proof=proof)
        asked = self.problem.with_limits(budget_eur=plan.capex_eur)
        disagreements = verify_plan(asked, plan)
        if disagreements:
            raise VerificationError("\n".join(disagreements))
        return Point(plan, ceiling, is_corner)

    def _status(self, gap: float) -> Status:
        if gap <= self.state.gap:
            return Status.OPTIMAL
        return Status.INTERRUPTED if self.state.watch.is_stopped else Status.FEASIBLE
