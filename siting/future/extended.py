"""Hold a program over years: what counts as heat, what as euro, and how plans are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import pulp

from siting.model import Model
from siting.solvers.compiled import CompiledModel
from siting.solvers.outcome import FloatArray

__all__ = ["Extended", "Found"]

Payload = TypeVar("Payload")


@dataclass(frozen=True)
class Found(Generic[Payload]):
    """A plan over years that was evaluated without the solver.

    ``heat_mwh`` and ``euro`` are the discounted heat [MWh] and money [EUR] that are compared.
    """

    heat_mwh: float
    euro: float
    plan: Payload

    @property
    def value(self) -> float:
        """Discounted heat per discounted euro [kWh/EUR]."""
        if self.heat_mwh <= 0:
            return 0.0
        return self.heat_mwh * 1000 / self.euro if self.euro > 0 else float("inf")


@dataclass(frozen=True)
class Extended(Generic[Payload]):
    """A program over years.

    Parameters
    ----------
    program, compiled
        The program, and its arrays.
    models
        The base models that it holds, one for each period.
    heat_mwh, euro
        Factors of the discounted heat [MWh] and of the discounted money [EUR].
    least_euro, least_heat_mwh
        What any plan with heat costs at least [EUR], and what any plan delivers at least [MWh].
    years_a
        Discounted years looked at [a].
    read
        Turns solver values into an evaluated plan, what is free chosen best at a price [MWh/EUR];
        None where they do not stand for one.
    """

    program: pulp.LpProblem
    compiled: CompiledModel
    models: tuple[Model, ...]
    heat_mwh: FloatArray
    euro: FloatArray
    least_euro: float
    least_heat_mwh: float
    years_a: float
    read: Callable[[FloatArray, float], Found[Payload] | None]
