"""Search for the plan of a study, and work out its figures."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

from siting.config import StudyConfig
from siting.errors import InfeasibleError, NoPlanError, VerificationError
from siting.study.findings import CheckResult
from siting.study.finished import Run

if TYPE_CHECKING:
    from siting.assembly import Assembly
    from siting.business import BusinessCase
    from siting.operator_effects import OperatorEffects
    from siting.optimise import Progress
    from siting.plan import Plan
    from siting.problem import Problem
    from siting.pumping import PlanHydraulics
    from siting.simultaneity import Factor

__all__ = [
    "Watcher",
    "appraise_plan",
    "find_plan",
    "sized_as_kept",
    "watched",
]

log = logging.getLogger(__name__)

Watcher = Callable[["Progress"], None]


@contextmanager
def watched(config: StudyConfig, progress: Watcher | bool) -> Iterator[Watcher | None]:
    """Give what is told of the search: a bar where it can be seen, or what the caller wants."""
    from siting.watching import progress_bar

    if callable(progress):
        yield progress
    elif not progress:
        yield None
    else:
        solver = config.solver
        with progress_bar(config.objective.kind, solver.time_limit_s, solver.gap) as bar:
            yield bar


def find_plan(
    assembly: Assembly, config: StudyConfig, progress: Watcher | None, stop: Event | None
) -> tuple[Assembly, Plan]:
    """Search for the best plan, and check it without the optimiser."""
    from siting.verify import verify_plan

    if stop is not None and stop.is_set():
        raise NoPlanError("Stopped before the search began; there is no plan. Run it again.")
    solver = config.solver
    log.info(
        "searching with %s, gap %g, at most %g s", solver.name, solver.gap, solver.time_limit_s
    )
    search = _search(config, progress, stop)
    try:
        if config.network.pipes_carry == "peak":
            assembly = _sized_for_peaks(assembly, config, search)
            assert assembly.peak_sizing is not None
            plan = assembly.peak_sizing.plan
        else:
            plan = search(assembly.problem)
    except InfeasibleError as error:
        raise InfeasibleError(_with_own_ids(str(error), assembly)) from error
    disagreements = verify_plan(assembly.problem, plan)
    if disagreements:
        raise VerificationError("\n".join(disagreements))
    log.info("plan verified: %s, gap %g", plan.proof.status, plan.proof.gap)
    return assembly, plan


def _with_own_ids(words: str, assembly: Assembly) -> str:
    """Return a message about a bare problem with the ids of the layers in place of its keys."""
    ids = assembly.site_ids | assembly.zone_ids
    return re.sub(r"'([sz]\d+)'", lambda key: f"'{ids.get(key[1], key[1])}'", words)


def _search(
    config: StudyConfig, progress: Watcher | None, stop: Event | None
) -> Callable[[Problem], Plan]:
    """Return the search as the study sets it; each round of sizing for peaks has its time limit."""
    from siting.optimise import solve

    solver = config.solver

    def search(problem: Problem) -> Plan:
        return solve(
            problem,
            solver=solver.name,
            gap=solver.gap,
            time_limit_s=solver.time_limit_s,
            threads=solver.threads,
            seed=solver.seed,
            progress=progress,
            stop=stop,
        )

    return search


def _sized_for_peaks(
    assembly: Assembly, config: StudyConfig, search: Callable[[Problem], Plan]
) -> Assembly:
    """Return the assembly with its pipes sized for coincident peaks, and how that went."""
    from siting.peak_sizing import size_for_peaks

    sizing = size_for_peaks(
        assembly.problem,
        search,
        consumers=assembly.consumers,
        factor=_simultaneity(config),
        sized_already=frozenset(k for k, kind in assembly.edge_kinds.items() if kind == "service"),
        most_rounds=config.network.peak_rounds,
    )
    return assembly.with_peaks(sizing)


def _simultaneity(config: StudyConfig) -> Factor:
    """Return the factor by number of consumers that a study asks for."""
    from siting.parameters import load_parameters
    from siting.simultaneity import simultaneity_factor

    floor = load_parameters(config.parameters).value("simultaneity_floor")
    return simultaneity_factor(config.network.simultaneity, floor)


def sized_as_kept(
    config: StudyConfig, checked: CheckResult, plan: Plan, manifest: Mapping[str, Any]
) -> CheckResult:
    """Return the layers with pipes sized for peaks as in a finished run; nothing is solved."""
    from siting.peak_sizing import restored_sizing

    assembly = checked.assembly
    sizing = restored_sizing(
        assembly.problem,
        plan,
        manifest["peak_rounds"],
        manifest["peak_ratios"],
        consumers=assembly.consumers,
        factor=_simultaneity(config),
    )
    sized = assembly.with_peaks(sizing)
    return replace(checked, assembly=sized, doubts=(*checked.doubts, *sized.doubts))


def appraise_plan(
    config: StudyConfig, checked: CheckResult, plan: Plan, *, aloud: bool = True
) -> Run:
    """Work out the figures and layers of a plan; ``aloud`` tells what is not plausible about it."""
    from siting.appraisal import appraise
    from siting.business import business_case
    from siting.operator_effects import operator_effects
    from siting.outputs.frames import plan_facts, plan_frames
    from siting.plausibility import pipe_speeds, plausibility
    from siting.pumping import plan_hydraulics

    assembly, parameters = checked.assembly, checked.parameters
    business = business_case(assembly, plan, parameters, config)
    effects = operator_effects(plan, assembly.site_heat)
    hydraulics = plan_hydraulics(
        assembly.problem, plan, assembly.all_sizes, parameters, assembly.peak_flows_mw
    )
    facts = replace(
        plan_facts(checked.region, checked.network, assembly),
        mwh_per_home=parameters.value("home_heat_mwh"),
        further=_further(checked, plan, business, effects, hydraulics),
    )
    appraisal = appraise(assembly.problem, plan, facts)
    frames = plan_frames(checked.region, checked.network, assembly, plan, hydraulics, effects)
    speeds = pipe_speeds(plan, config.network, parameters)
    findings = plausibility(assembly.problem, plan, business, speeds=speeds)
    for finding in findings if aloud else ():
        log.warning("plausibility: %s", finding)
    return Run(config, checked, plan, appraisal, frames, business, findings)


def _further(
    checked: CheckResult,
    plan: Plan,
    business: BusinessCase,
    effects: Mapping[str, OperatorEffects],
    hydraulics: PlanHydraulics,
) -> dict[str, float | str | None]:
    """Return the key figures beside those of the plan itself, each under a name of its own."""
    from siting.operator_effects import operator_kpis
    from siting.supply import supply_figures

    assembly = checked.assembly
    supply = supply_figures(
        assembly.problem,
        plan,
        assembly.site_ids,
        peak_capacity_margin=checked.parameters.value("peak_capacity_margin"),
        zone_heat=assembly.zone_heat,
    )
    sizing = {} if assembly.peak_sizing is None else assembly.peak_sizing.kpis()
    return {
        **business.kpis(),
        **supply,
        **hydraulics.pumping.kpis(),
        **sizing,
        **operator_kpis(effects),
    }
