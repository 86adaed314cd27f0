"""Bound and solve programs over years with the cuts of the base model, period by period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from siting.future.extended import Extended
from siting.optimise.cuts import Cut, CutFinder
from siting.optimise.engine import Engine, SolverChoice
from siting.optimise.progress import Watch
from siting.optimise.slivers import DownstreamFinder, SourceFinder
from siting.solvers.compiled import Rows
from siting.solvers.highs import HighsLp
from siting.solvers.outcome import FloatArray

__all__ = ["FutureEngine"]


class FutureEngine(Engine):
    """An engine whose model holds a base model for each period."""

    def __init__(self, extended: Extended[Any], watch: Watch, solver: SolverChoice) -> None:
        self.watch, self.solver = watch, solver
        self.model, self.compiled = extended.models[0], extended.compiled
        models = extended.models
        self.cuts = _Cuts([CutFinder(each, self.compiled) for each in models])  # type: ignore[assignment]
        self.sources = _Finders([SourceFinder(each, self.compiled) for each in models])  # type: ignore[assignment]
        self.downstream = _Finders([DownstreamFinder(each, self.compiled) for each in models])  # type: ignore[assignment]
        self.relaxation = HighsLp(self.compiled, threads=solver.threads, seed=solver.seed)
        self.found: Rows | None = None
        self.ranges = {}
        self.narrow_rows = None
        self.site_rows = {}
        self.slowest_s = 0.0


class _Cuts:
    """Finders of cuts, one for each period, as one."""

    def __init__(self, finders: Sequence[CutFinder]) -> None:
        self.finders = finders

    def find(self, values: FloatArray) -> list[tuple[CutFinder, Cut]]:
        """Return violated cuts of all periods."""
        return [(finder, cut) for finder in self.finders for cut in finder.find(values)]

    def unreached(self, values: FloatArray) -> list[tuple[CutFinder, Cut]]:
        """Return a cut for each zone that is connected to no open site."""
        return [(finder, cut) for finder in self.finders for cut in finder.unreached(values)]

    def rows(self, cuts: list[tuple[CutFinder, Cut]]) -> Rows:
        """Return cuts as rows of the program."""
        parts = []
        for finder in self.finders:
            own = [cut for other, cut in cuts if other is finder]
            if own:
                parts.append(finder.rows(own))
        return Rows.stack(parts)


class _Finders:
    """Finders of rows, one for each period, as one."""

    def __init__(self, finders: Sequence[SourceFinder | DownstreamFinder]) -> None:
        self.finders = finders

    def find(self, values: FloatArray) -> Rows | None:
        """Return the violated rows of all periods, or None."""
        parts = [rows for finder in self.finders if (rows := finder.find(values)) is not None]
        return Rows.stack(parts) if parts else None
