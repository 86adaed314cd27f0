"""Ask of a study how its network is built in periods."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.config import StudyConfig
from siting.errors import Fault, InputError, VerificationError
from siting.study.findings import CheckResult
from siting.study.outlook import Works, phase_case
from siting.study.solving import Watcher

if TYPE_CHECKING:
    import geopandas as gpd

    from siting.future import PhasePlan, Phases
    from siting.future.phase_plan import PhaseStep
    from siting.network import PipeNetwork
    from siting.optimise.reduce import Reduced
    from siting.plan import Plan

__all__ = ["Phased", "find_phases", "read_works"]

log = logging.getLogger(__name__)

NEAR_WORKS_M = 8.0
"""Distance within which a street lies along road works [m]."""
MOST_OF_IT = 0.5
"""Share of its length that an edge must lie along road works to be laid together with them [-]."""


@dataclass(frozen=True)
class Phased:
    """A network built in periods, and the best that could be built all at once.

    Parameters
    ----------
    config, checked
        The study, and what was understood of it.
    case, plan
        The periods with their problem, in which service lines are part of their zones, and the
        plan found for it.
    reduced
        The way back to service lines.
    first_year
        Calendar year of year 0.
    """

    config: StudyConfig
    checked: CheckResult
    case: Phases
    plan: PhasePlan
    reduced: Reduced
    first_year: int

    def full_plan(self, step: PhaseStep) -> Plan:
        """Return what is in use in a period, with the service lines of its zones."""
        from siting.future.evaluate import solution_of
        from siting.plan import price_solution

        full = self.checked.assembly.problem
        solution = self.reduced.expand(solution_of(step.plan), full)
        return price_solution(full, solution, self.plan.proof)

    def years(self, step: PhaseStep) -> str:
        """Return the calendar years of a period."""
        first, last = self.first_year + step.from_year, self.first_year + step.to_year - 1
        return f"{first}-{last}" if last > first else f"{first}"


def find_phases(
    config: StudyConfig, checked: CheckResult, progress: Watcher | None, stop: Event | None
) -> Phased:
    """Find the plan of a study that is built in periods.

    Raises
    ------
    InputError
        The periods name what is not there, or the road works cannot be read.
    InfeasibleError, NoPlanError
        As for a run.
    VerificationError
        The plan breaks a rule: a fault of this package.
    """
    from siting.future import solve_phases
    from siting.future.phase_plan import phase_faults
    from siting.optimise.reduce import reduce_problem

    works = None
    if config.phases.works is not None:
        works = read_works(config.phases.works, checked.network, _factor(checked))
    case = phase_case(checked.assembly, checked.parameters, config, works)
    reduced = reduce_problem(case.problem)
    case = case.with_problem(reduced.problem)
    solver = config.solver
    log.info("searching a plan in %d periods", len(case.periods))
    plan = solve_phases(
        case,
        solver=solver.name,
        gap=solver.gap,
        time_limit_s=solver.time_limit_s,
        threads=solver.threads,
        seed=solver.seed,
        progress=progress,
        stop=stop,
    )
    faults = phase_faults(case, plan)
    if faults:
        raise VerificationError("\n".join(faults))
    log.info("plan verified: %s, gap %g", plan.proof.status, plan.proof.gap)
    return Phased(config, checked, case, plan, reduced, config.finance.first_year)


def _factor(checked: CheckResult) -> float:
    return checked.parameters.value("road_works_cost_factor")


# Road works -------------------------------------------------------------------------------------


def read_works(path: Path, network: PipeNetwork, factor: float) -> Works:
    """Read a layer of road works, and say which edges of a network lie along them.

    Parameters
    ----------
    path
        A file of lines or areas with a column ``year`` or ``open_from``, and ``cost_factor`` where
        the usual one does not fit.
    network
        The routing graph.
    factor
        Usual cost of a pipe laid together with road works over its usual cost [-].

    Raises
    ------
    InputError
        The file cannot be read, has neither column, or holds years that are none.
    """
    import geopandas as gpd
    from pyogrio.errors import DataSourceError

    try:
        layer = gpd.read_file(path)
    except (DataSourceError, OSError) as error:
        raise InputError(
            Fault("works", f"cannot read '{path.name}': {error}.", "Check the path under [phases].")
        ) from error
    if not {"year", "open_from"} & set(layer.columns):
        raise InputError(
            Fault(
                "works",
                f"'{path.name}' has neither a column 'year' nor 'open_from'.",
                "Add the calendar year of the works, or the first year in which a pipe can be"
                " laid.",
            )
        )
    if layer.crs is None:
        raise InputError(
            Fault("works", f"'{path.name}' states no CRS.", "Write the CRS into the file.")
        )
    streets = network.edges[network.edges["kind"] == "street"]
    layer = layer.to_crs(streets.crs)
    factors: dict[str, dict[int, float]] = {}
    opened: dict[str, int] = {}
    for row in layer.to_dict("records"):
        along = _edges_along(streets, row["geometry"])
        own = _number(row.get("cost_factor"))
        year, first = _year(row.get("year"), path), _year(row.get("open_from"), path)
        for edge in along:
            if year is not None:
                factors.setdefault(edge, {})[year] = factor if own is None else own
            if first is not None:
                opened[edge] = max(first, opened.get(edge, first))
    log.info("road works along %d edges", len({*factors, *opened}))
    return Works(factors, opened)


def _edges_along(streets: gpd.GeoDataFrame, works: Any) -> list[str]:
    """Return the edges that lie along some works by most of their length."""
    if works is None or works.is_empty:
        return []
    near = works.buffer(NEAR_WORKS_M)
    hit = streets.iloc[streets.sindex.query(near, predicate="intersects")]
    share = hit.geometry.intersection(near).length / hit.geometry.length
    return [str(edge) for edge in hit.index[(share >= MOST_OF_IT).to_numpy()]]


def _number(value: Any) -> float | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return float(value)


def _year(value: Any, path: Path) -> int | None:
    """Return a calendar year, or nothing where the field is empty."""
    if value is None or (isinstance(value, (float, np.floating)) and math.isnan(value)):
        return None
    try:
        year = int(value)
    except (TypeError, ValueError):
        year = 0
    if not 1990 <= year <= 2200:
        raise InputError(
            Fault(
                "works",
                f"'{path.name}' holds the year {value!r}.",
                "Give calendar years in four digits.",
            )
        )
    return year
