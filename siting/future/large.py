"""Search cases of the size of a town: plans on a core of good elements, bounds on the whole.

1. Base problems are solved; what their plans use is the first core.
2. The program over years is solved on the core, and its plan is the first one.
3. The relaxation of the whole program, with cuts, gives the bound at a price just above that plan.
4. What the relaxation builds joins the core, which is solved again; then 3 again at the new price.
5. With time left, the whole program goes to the solver.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from siting.future.extended import Extended
from siting.future.part import Part
from siting.future.search import SMALL, FutureSearch, SearchSettings
from siting.future.seeds import Seeds
from siting.model import Model
from siting.optimise.core import part
from siting.optimise.progress import Watch
from siting.problem import Problem
from siting.solvers.compiled import CompiledModel
from siting.solvers.outcome import FloatArray

__all__ = ["LargeSearch"]

log = logging.getLogger(__name__)

OUTLINE_SHARE = 0.85
"""Share of the time left for proving a case by its outline [-]."""
CORE_SHARE = 0.25
"""Share of the time left for each solve of a core [-]."""
LEAST_BUILT = 0.15
"""What a relaxation builds at least of an element that joins the core [-]."""
MOST_CORES = 3


class Case(Protocol):
    """What a case over years has in common."""

    @property
    def problem(self) -> Problem:
        """What can be built."""
        ...

    def with_problem(self, problem: Problem) -> Any:
        """Return the same case of another problem."""
        ...


AnyCase = TypeVar("AnyCase", bound=Case)
Payload = TypeVar("Payload")


class LargeSearch(Generic[AnyCase, Payload]):
    """One search of a large case; small cases go to the solver as a whole at once.

    ``seeds`` gives what base problems tell of a case; ``prove`` bounds it for so many seconds
    before its whole program is asked.
    """

    def __init__(
        self,
        case: AnyCase,
        extend: Callable[[AnyCase], Extended[Payload]],
        settings: SearchSettings,
        *,
        seeds: Callable[[AnyCase, SearchSettings, Watch], Seeds],
        prove: Callable[[AnyCase, FutureSearch[Payload], float], None] | None = None,
    ) -> None:
        self.case, self.extend, self.settings = case, extend, settings
        self.watch: Watch = settings.watch()
        self.seeds, self.prove = seeds, prove

    def run(self) -> FutureSearch[Payload]:
        """Return the ended search, with its best plan and bound."""
        whole = FutureSearch(self.extend(self.case), self.settings, self.watch)
        if len(whole.extended.compiled.names) <= SMALL:
            whole.run()
            return whole
        seeds = self.seeds(self.case, self.settings, self.watch)
        if seeds.bound is not None:
            whole.prove(seeds.bound)
        for found in seeds.found:
            whole.offer(found)
        if whole.is_over:
            return whole
        if self.prove is not None and whole.best is not None and whole.best.value > 0:
            self.prove(self.case, whole, OUTLINE_SHARE * self.watch.left_s)
        core = seeds.part
        if not whole.is_over:
            self._solve_core(core, whole)
        for _ in range(MOST_CORES):
            if whole.is_over or whole.best is None:
                break
            before = whole.best.value
            relaxed = whole.bound_once()
            if whole.is_over or whole.infeasible or relaxed.values is None:
                break
            wider = core.joined(_built_part(whole.extended, relaxed.values))
            if wider == core:
                break
            core = wider
            self._solve_core(core, whole)
            if whole.best.value <= before * (1 + 1e-9):
                break
        if not whole.is_over:
            whole.run()
        return whole

    def _solve_core(self, core: Part, whole: FutureSearch[Payload]) -> None:
        """Search the case on a core, and offer its plan to the whole."""
        self.watch.enter(f"core of {core}")
        log.info("searching a core of %s", core)
        case = self.case.with_problem(core.of(self.case.problem))
        own = replace_settings(
            self.settings, time_limit_s=CORE_SHARE * self.watch.left_s, gap=self.settings.gap / 5
        )
        small = FutureSearch(self.extend(case), own, beat=whole.best)
        small.run()
        whole.offer(small.best)


def replace_settings(
    settings: SearchSettings, *, time_limit_s: float, gap: float
) -> SearchSettings:
    """Return settings for a part of a search."""
    return SearchSettings(
        gap=gap,
        time_limit_s=time_limit_s,
        threads=settings.threads,
        seed=settings.seed,
        solver=settings.solver,
        stop=settings.stop,
    )


def _built_part(extended: Extended[Any], values: FloatArray) -> Part:
    """Return what a relaxed plan builds by a good share, in any period."""
    parts = [_model_part(model, extended.compiled, values) for model in extended.models]
    found = Part()
    for each in parts:
        found = found.joined(each)
    return found


def _model_part(model: Model, compiled: CompiledModel, values: FloatArray) -> Part:
    data, problem = model.data, model.data.problem
    core = part(model, compiled, values, LEAST_BUILT)
    return Part(
        _named(
            problem.edges[a.edge].id for a, keep in zip(data.arcs, core.arcs, strict=True) if keep
        ),
        _named(
            problem.sites[o.site].id
            for o, keep in zip(data.options, core.options, strict=True)
            if keep
        ),
        _named(problem.zones[z].id for z, keep in zip(data.zones, core.zones, strict=True) if keep),
    )


def _named(ids: Iterable[str]) -> frozenset[str]:
    return frozenset(ids)
