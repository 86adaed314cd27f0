"""Search cases of the size of a town: plans on a core of good elements, bounds on the whole.

1. The base problem is solved; what its plan uses is the first core.
2. The program over years is solved on the core, and its plan is the first one.
3. The relaxation of the whole program, with cuts, gives the bound at a price just above that plan.
4. What the relaxation builds joins the core, which is solved again; then 3 again at the new price.
5. With time left, the whole program goes to the solver.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from siting.future.extended import Extended
from siting.future.search import SMALL, FutureSearch, SearchSettings
from siting.model import Model
from siting.optimise import solve
from siting.optimise.core import part
from siting.optimise.progress import Watch
from siting.plan import Plan
from siting.problem import Problem
from siting.solvers.compiled import CompiledModel
from siting.solvers.outcome import FloatArray

__all__ = ["LargeSearch", "Part"]

log = logging.getLogger(__name__)

BASE_SHARE, CORE_SHARE = 0.3, 0.2
"""Share of the time for the base plan, and for each solve of a core [-]."""
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


@dataclass(frozen=True)
class Part:
    """Edges, sites and zones that a core keeps."""

    edges: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()

    @staticmethod
    def of_plan(plan: Plan) -> Part:
        """Return what a plan uses."""
        return Part(
            frozenset(each.edge for each in plan.pipes),
            frozenset(each.site for each in plan.sites),
            frozenset(each.zone for each in plan.zones),
        )

    def joined(self, other: Part) -> Part:
        """Return what either of two parts keeps."""
        return Part(self.edges | other.edges, self.sites | other.sites, self.zones | other.zones)

    def of(self, problem: Problem) -> Problem:
        """Return the problem with only this part of it, and what is mandatory."""
        sites = tuple(s for s in problem.sites if s.id in self.sites or s.mandatory)
        zones = tuple(z for z in problem.zones if z.id in self.zones or z.mandatory)
        edges = tuple(e for e in problem.edges if e.id in self.edges)
        return replace(problem, edges=edges, sites=sites, zones=zones)

    def __str__(self) -> str:
        """Return the sizes in words."""
        return f"{len(self.edges)} edges, {len(self.sites)} sites, {len(self.zones)} zones"


class LargeSearch(Generic[AnyCase, Payload]):
    """One search of a large case; small cases go to the solver as a whole at once.

    ``base`` is a good plan of the base problem with its proof; ``from_base`` turns the bound of
    that proof into one of the case.
    """

    def __init__(
        self,
        case: AnyCase,
        extend: Callable[[AnyCase], Extended[Payload]],
        settings: SearchSettings,
        *,
        base: Plan | None = None,
        from_base: Callable[[AnyCase, float], float | None] | None = None,
    ) -> None:
        self.case, self.extend, self.settings = case, extend, settings
        self.watch: Watch = settings.watch()
        self.base, self.from_base = base, from_base

    def run(self) -> FutureSearch[Payload]:
        """Return the ended search, with its best plan and bound."""
        whole = FutureSearch(self.extend(self.case), self.settings, self.watch)
        if len(whole.extended.compiled.names) <= SMALL:
            whole.run()
            return whole
        base = self._base_plan()
        self._prove_from(base, whole)
        core = Part.of_plan(base)
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

    def _prove_from(self, base: Plan, whole: FutureSearch[Payload]) -> None:
        """Take over what the proof of the base plan says of the case."""
        bound = base.proof.bound
        if bound is not None and math.isfinite(bound) and self.from_base is not None:
            counted = self.from_base(self.case, bound)
            if counted is not None:
                whole.prove(counted)

    def _base_plan(self) -> Plan:
        """Return the best plan of the base problem that is found in its share of the time."""
        if self.base is not None:
            return self.base
        self.watch.enter("base plan")
        return solve(
            self.case.problem,
            solver=self.settings.solver,
            gap=self.settings.gap,
            time_limit_s=BASE_SHARE * self.watch.left_s,
            threads=self.settings.threads,
            seed=self.settings.seed,
            stop=self.settings.stop,
        )

    def _solve_core(self, core: Part, whole: FutureSearch[Payload]) -> None:
        """Search the case on a core, and offer its plan to the whole."""
        self.watch.enter(f"core of {core}")
        log.info("searching a core of %s", core)
        case = self.case.with_problem(core.of(self.case.problem))
        own = replace_settings(
            self.settings, time_limit_s=CORE_SHARE * self.watch.left_s, gap=self.settings.gap / 5
        )
        small = FutureSearch(self.extend(case), own)
        if whole.best is not None:
            small.best = whole.best
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
