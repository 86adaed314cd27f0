"""Hold what a search found and proved without a program."""

from __future__ import annotations

from dataclasses import dataclass

from siting.model.objectives import ObjectiveKind
from siting.optimise.candidate import Candidate
from siting.optimise.progress import Watch

__all__ = ["Closed"]


@dataclass
class Closed:
    """The end of a search that needed no program; the same figures as a `SearchState`."""

    kind: ObjectiveKind
    watch: Watch
    gap: float
    best: Candidate | None
    bound: float | None
    price: float | None = None
    infeasible: bool = False
