"""Say which plans are wanted, and what a bound on surplus at a price proves of their value.

At a price ``k`` of investment [MWh/a per EUR] no plan has a surplus ``heat - k * capex`` above
``S(k)``. With a required heat ``h``, a budget ``B`` or both that bounds the objective itself;
FORMULATION.md, *Several networks*, has the proofs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from siting.optimise.candidate import TOLERANCE
from siting.problem import Problem

__all__ = ["Wanted"]


@dataclass(frozen=True)
class Wanted:
    """What plans of a problem deliver and cost, and how their value is told.

    Values are ratios [MWh/a per EUR] for ``heat_per_euro``, heat [MWh/a] for ``max_heat`` and
    investment [EUR] for ``capex``.

    Parameters
    ----------
    kind
        Kind of objective.
    least_mwh, budget_eur
        The least heat and the most investment of any plan.

    Examples
    --------
    >>> Wanted("max_heat", 0.0, 100.0).proven(0.5, 20.0)
    70.0
    >>> Wanted("capex", 80.0, math.inf).proven(0.5, 20.0)
    120.0
    >>> Wanted("heat_per_euro", 80.0, math.inf).proven(0.25, 40.0)
    0.5
    """

    kind: str
    least_mwh: float
    budget_eur: float

    @classmethod
    def of(cls, problem: Problem) -> Wanted:
        """Return what a problem asks for; limits count as loosely as plans may meet them."""
        limits = problem.limits
        budget = math.inf if limits.budget_eur is None else limits.budget_eur
        return cls(
            problem.objective.kind,
            (limits.min_heat_mwh or 0.0) * (1 - 2 * TOLERANCE),
            budget * (1 + 2 * TOLERANCE) + 1e-9,
        )

    @property
    def maximise(self) -> bool:
        """Whether larger values are better."""
        return self.kind != "capex"

    @property
    def nothing(self) -> float:
        """A bound that says nothing."""
        return math.inf if self.maximise else -math.inf

    def tighter(self, one: float, other: float) -> float:
        """Return the better of two bounds."""
        return min(one, other) if self.maximise else max(one, other)

    def beaten_by(self, value: float, gap: float) -> float:
        """Return the value that must not be beaten for a gap [-] to be proven."""
        return value * (1 + gap) if self.maximise else value * (1 - gap)

    def proven(self, price: float, surplus_mwh: float) -> float:
        """Return the value that no plan beats when none has a larger surplus at a price."""
        if self.kind == "max_heat":
            return surplus_mwh + price * self.budget_eur
        if self.kind == "capex":
            return (self.least_mwh - surplus_mwh) / price if price > 0 else -math.inf
        if surplus_mwh <= 0:
            return price
        if surplus_mwh >= self.least_mwh:
            return math.inf
        return price / (1 - surplus_mwh / self.least_mwh)

    def least_surplus(self, price: float, value: float) -> float:
        """Return the least surplus at a price of any plan that is at least as good as a value.

        It may be minus infinity: above the value a ratio alone says nothing.
        """
        if self.kind == "max_heat":
            return max(value, self.least_mwh) - price * self.budget_eur
        if self.kind == "capex":
            return self.least_mwh - price * min(value, self.budget_eur)
        if price <= value:
            most = self.least_mwh / value if value > 0 else 0.0
            return self.least_mwh - price * min(most, self.budget_eur)
        if math.isinf(self.budget_eur):
            return -math.inf
        return max(self.least_mwh, value * self.budget_eur) - price * self.budget_eur
