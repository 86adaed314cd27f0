"""Weigh every plan found against every scenario: expectation, regret, and which plan to build."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.units import FloatArray

__all__ = ["HIGHER_IS_BETTER", "Robust", "weigh_plans"]

HIGHER_IS_BETTER = {"heat_per_euro": True, "max_heat": True, "capex": False, "net_value": True}
"""Whether more of what an objective counts is better."""
SAME = 1e-9


@dataclass(frozen=True)
class Robust:
    """Every plan in every scenario.

    Parameters
    ----------
    plans
        Short names of the distinct plans, those of earlier scenarios first.
    numbers
        Numbers of the scenarios.
    weights
        How much each scenario counts; they add up to 1 [-].
    worth
        Value of each plan (row) in each scenario (column); not a number where it cannot be run.
    keeps
        Whether a plan runs and keeps every limit of the scenario.
    bounds
        What no plan can beat in each scenario; not a number where nothing is proven.
    higher_is_better
        Whether more is better.
    """

    plans: tuple[str, ...]
    numbers: tuple[int, ...]
    weights: FloatArray
    worth: FloatArray
    keeps: NDArray[np.bool_]
    bounds: FloatArray
    higher_is_better: bool

    @property
    def _sign(self) -> int:
        return 1 if self.higher_is_better else -1

    @property
    def best(self) -> FloatArray:
        """Value of the best plan that keeps the limits of each scenario; not a number for none."""
        kept = np.where(self.keeps, self._sign * self.worth, -np.inf)
        top = kept.max(axis=0, initial=-np.inf)
        found: FloatArray = np.where(np.isinf(top), np.nan, self._sign * top)
        return found

    @property
    def regret(self) -> FloatArray:
        """What each plan lacks to the best of each scenario; infinite where it cannot be run.

        Where no plan keeps the limits there is nothing to regret.
        """
        lack = self._sign * (self.best[None, :] - self.worth)
        regret: FloatArray = np.where(np.isnan(self.worth), np.inf, np.maximum(lack, 0.0))
        regret[:, np.isnan(self.best)] = 0.0
        return regret

    @property
    def regret_to_bound(self) -> FloatArray:
        """The same against what no plan can beat: the true regret lies between the two."""
        lack = self._sign * (self.bounds[None, :] - self.worth)
        worst: FloatArray = np.fmax(self.regret, lack)
        return worst

    @property
    def largest_regret(self) -> FloatArray:
        """Largest regret of each plan over all scenarios, in the unit of the objective."""
        largest: FloatArray = self.regret.max(axis=1, initial=0.0)
        return largest

    @property
    def reliability(self) -> FloatArray:
        """Share of the scenarios, by weight, in which each plan runs and keeps the limits [-].

        Scenarios whose limits no plan keeps are left out.
        """
        return self._mean(self.keeps.astype(float), ~np.isnan(self.best))

    @property
    def expected(self) -> FloatArray:
        """Expected value of each plan; not a number where it cannot be run in some scenario."""
        return self._mean(self.worth, ~np.isnan(self.best))

    def _mean(self, table: FloatArray, counted: NDArray[np.bool_]) -> FloatArray:
        counted = counted & (self.weights > 0)
        share = self.weights[counted].sum()
        if share <= 0:
            return np.full(len(self.plans), math.nan)
        mean: FloatArray = table[:, counted] @ (self.weights[counted] / share)
        return mean

    @property
    def wins(self) -> FloatArray:
        """Weight of the scenarios in which each plan is the best, ties shared [-]."""
        with np.errstate(invalid="ignore"):
            near = self.keeps & (self.regret <= SAME * np.maximum(np.abs(self.best), 1e-12))
        share: FloatArray = (near / np.maximum(near.sum(axis=0), 1)) @ self.weights
        return share

    @property
    def candidates(self) -> NDArray[np.int64]:
        """Rows of the plans that keep the limits in most scenarios; all that tie."""
        reliability = np.nan_to_num(self.reliability)
        if not len(reliability):
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(reliability >= reliability.max() - SAME)

    @property
    def best_expected(self) -> int | None:
        """Row of the most reliable plan with the best expectation; None where none runs always."""
        rows = [k for k in self.candidates if not math.isnan(self.expected[k])]
        return max(rows, key=lambda k: self._sign * self.expected[k], default=None)

    @property
    def least_regret(self) -> int | None:
        """Row of the most reliable plan whose largest regret is least; ties go by expectation."""
        largest, expected = self.largest_regret, self.expected
        rows = [k for k in self.candidates if math.isfinite(largest[k])]

        def rank(k: Any) -> tuple[float, float]:
            return largest[k], -self._sign * float(np.nan_to_num(expected[k]))

        return min(rows, key=rank, default=None)

    @property
    def value_of_knowing(self) -> float:
        """What it would be worth to know the scenario before building.

        Expected value of the best plan of each scenario less that of the one plan with the best
        expectation, in the unit of the objective. Never below zero; not a number where no plan
        keeps the limits in all scenarios.
        """
        row = self.best_expected
        if row is None or self.reliability[row] < 1 - SAME:
            return math.nan
        gain = self._sign * (self.best[None, :] - self.worth[[row]])
        counted = ~np.isnan(self.best) & (self.weights > 0)
        return float(gain[0, counted] @ self.weights[counted] / self.weights[counted].sum())


def weigh_plans(
    plans: Sequence[str],
    weights: Mapping[int, float],
    values: Mapping[tuple[str, int], float],
    broken: frozenset[tuple[str, int]] = frozenset(),
    bounds: Mapping[int, float] | None = None,
    objective: str = "heat_per_euro",
) -> Robust:
    """Return every plan in every scenario, ready to be weighed.

    Parameters
    ----------
    plans
        Names of the plans.
    weights
        How much each scenario counts, by its number.
    values
        Value by plan and scenario, where the plan can be run.
    broken
        Plans and scenarios whose limits are not kept.
    bounds
        What no plan can beat, by scenario, where it is known.
    objective
        Name of the objective, see `HIGHER_IS_BETTER`.

    Examples
    --------
    >>> values = {("a", 1): 3.0, ("a", 2): 1.0, ("b", 1): 2.0, ("b", 2): 2.0}
    >>> robust = weigh_plans(["a", "b"], {1: 1, 2: 1}, values, objective="max_heat")
    >>> robust.largest_regret.tolist(), robust.expected.tolist(), robust.value_of_knowing
    ([1.0, 1.0], [2.0, 2.0], 0.5)
    """
    numbers = tuple(weights)
    pairs = [[(plan, number) for number in numbers] for plan in plans]
    shape = (len(plans), len(numbers))
    table = np.array([[values.get(each, math.nan) for each in row] for row in pairs]).reshape(shape)
    kept = [[each in values and each not in broken for each in row] for row in pairs]
    given = np.array(list(weights.values()), dtype=float)
    total = given.sum()
    return Robust(
        tuple(plans),
        numbers,
        given / total if total > 0 else given,
        table.astype(float),
        np.array(kept, dtype=bool).reshape(shape),
        np.array([(bounds or {}).get(number, math.nan) for number in numbers], dtype=float),
        HIGHER_IS_BETTER[objective],
    )
