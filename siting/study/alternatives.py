"""Find plans of other sizes beside that of a run, and appraise each as the run's own."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from siting.config import StudyConfig
from siting.errors import InfeasibleError, NoPlanError
from siting.study.findings import CheckResult
from siting.study.finished import Alternatives, Run
from siting.study.solving import Watcher, appraise_plan

if TYPE_CHECKING:
    from siting.assembly import Assembly
    from siting.frontier import Frontier, Point
    from siting.optimise import Progress
    from siting.plan import Plan

__all__ = ["appraise_frontier", "other_plans", "spread"]

log = logging.getLogger(__name__)

MOST_STOPS = 15
"""Plans beside that of the run that are appraised: each takes about a second of a town."""
SECONDS_PER_PRICE = 6.0
MOST_PRICES = 16
SAME = 1e-6


def other_plans(
    assembly: Assembly,
    config: StudyConfig,
    plan: Plan,
    seconds: float,
    progress: Watcher | None,
    stop: Event | None,
) -> Frontier | None:
    """Return the best plans of other sizes that are found in some time, or None without time.

    The plan of the run and its proof count from the start. Where pipes carry the peak, the factors
    of peak over base load stay those of the plan of the run.
    """
    from siting.frontier import find_frontier

    if seconds <= 0 or plan.is_empty or (stop is not None and stop.is_set()):
        return None
    log.info("looking for plans of other sizes, at most %g s", seconds)
    solver = config.solver
    try:
        return find_frontier(
            assembly.problem,
            time_limit_s=seconds,
            points=max(3, min(MOST_PRICES, round(seconds / SECONDS_PER_PRICE))),
            gap=solver.gap,
            solver=solver.name,
            threads=solver.threads,
            seed=solver.seed,
            known=(plan,),
            progress=None if progress is None else _beside(progress),
            stop=stop,
        )
    except (InfeasibleError, NoPlanError) as error:
        log.warning("no plans of other sizes: %s", error)
        return None


def _beside(progress: Watcher) -> Watcher:
    """Return a watcher that says that other plans are looked for, and in which unit."""

    def tell(moment: Progress) -> None:
        phase = f"other sizes: {moment.phase}"
        progress(replace(moment, phase=phase, objective="max_heat"))

    return tell


def appraise_frontier(
    config: StudyConfig, checked: CheckResult, found: Frontier, run: Run | None = None
) -> Alternatives:
    """Return plans of a frontier, each with figures and layers worked out as for a run.

    Parameters
    ----------
    config, checked
        The study, and what was understood of it.
    found
        The frontier; of many plans some are taken, spread over the investment.
    run
        The run whose plan stands among them.
    """
    # the factors for the peak are those of the run's plan; its own figures are told there only
    bare = replace(checked, assembly=replace(checked.assembly, peak_sizing=None))
    points = [each for each in found.points if run is None or not _is_same(each, run.plan)]
    log.info("drawing %d plans of other sizes", min(len(points), MOST_STOPS))
    runs = [
        appraise_plan(config, bare, point.plan, aloud=False) for point in spread(points, MOST_STOPS)
    ]
    runs += [run] if run is not None else []
    runs.sort(key=lambda each: (each.plan.capex_eur, each.plan.heat_mwh))
    own = next((k for k, each in enumerate(runs) if each is run), None)
    return Alternatives(found, tuple(runs), own)


def _is_same(point: Point, plan: Plan) -> bool:
    """Return whether a point is the plan of the run."""
    return math.isclose(point.capex_eur, plan.capex_eur, rel_tol=SAME) and math.isclose(
        point.heat_mwh, plan.heat_mwh, rel_tol=SAME
    )


def spread(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most so many points: first, last, and those nearest to even steps between."""
    if len(points) <= most:
        return list(points)
    low, high = points[0].capex_eur, points[-1].capex_eur
    wanted = [low + (high - low) * k / (most - 1) for k in range(most)]
    kept = {0, len(points) - 1}
    for at in wanted[1:-1]:
        left = [k for k in range(len(points)) if k not in kept]
        if left:
            kept.add(min(left, key=lambda k: (abs(points[k].capex_eur - at), k)))
    return [points[k] for k in sorted(kept)]
