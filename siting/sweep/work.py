"""Do one scenario: search for its plan, or judge plans that stand under its assumptions."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siting.appraisal import appraise
from siting.assembly import assemble_problem
from siting.business import business_case
from siting.config import settings_of, with_changes
from siting.countries import parameter_presets
from siting.errors import FaultLog, InfeasibleError, InputError, NoPlanError, SitingError
from siting.parameters import load_parameters
from siting.solution import Status
from siting.study.reading import build_graph, read_layers
from siting.study.solving import find_plan
from siting.sweep.kept import Built, CannotRunError, built_of, run_built, value_of

if TYPE_CHECKING:
    from siting.assembly import Assembly
    from siting.config import StudyConfig
    from siting.network import PipeNetwork
    from siting.parameters import Parameters
    from siting.plan import Plan
    from siting.problem import Problem
    from siting.region import Region
    from siting.sweep.scenarios import Scenario

__all__ = [
    "GROUND_PARAMETERS",
    "Ground",
    "Shared",
    "ground_key",
    "judge_scenario",
    "read_ground",
    "search_scenario",
]

log = logging.getLogger(__name__)

GROUND_PARAMETERS = ("crossing_cost_eur", "floor_demand_kwh_per_m2", "home_heat_mwh")
"""Parameters that reading the layers and building the network depend on; a test watches them."""
GROUND_NETWORK = (
    "snap_tolerance_m", "max_connection_m", "max_site_connection_m", "connections_per_zone",
    "surface",
)  # fmt: skip
GROUND_SECTIONS = ("layers", "study", "demand")


@dataclass(frozen=True)
class Ground:
    """Layers and network: what scenarios with the same settings of them share."""

    key: str
    region: Region
    network: PipeNetwork


@dataclass(frozen=True)
class Shared:
    """What every worker needs: the study, its ground, and plans to judge."""

    config: StudyConfig
    ground: Ground
    plans: Mapping[str, Built]


def ground_key(config: StudyConfig) -> str:
    """Return a digest of all settings that layers and network depend on."""
    settings = settings_of(config)
    network = {key: settings["network"].get(key) for key in GROUND_NETWORK}
    parameters = {key: config.parameters.get(key) for key in GROUND_PARAMETERS}
    parts = [*(settings.get(each) for each in GROUND_SECTIONS), network, parameters]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def read_ground(config: StudyConfig) -> Ground:
    """Read the layers and build the network of a study.

    Raises
    ------
    InputError
        The layers or the study file have faults.
    """
    faults = FaultLog()
    region, parameters = read_layers(config, faults)
    faults.raise_faults()
    network = build_graph(region, parameters, config, faults)
    faults.raise_faults()
    return Ground(ground_key(config), region, network)


def search_scenario(shared: Shared, scenario: Scenario) -> dict[str, Any]:
    """Search for the plan of a scenario; return plain values, also where there is none."""
    start = time.perf_counter()
    found: dict[str, Any] = {"number": scenario.number}
    try:
        desk = _Scene.of(shared, scenario)
        assembly = desk.assembled()
        assembly, plan = find_plan(assembly, desk.config, None, None)
        built = built_of(assembly, plan, desk.ground.key)
        found |= {
            "status": plan.proof.status.value,
            "message": "",
            "figures": desk.figures(assembly, plan),
            "flow_eur": desk.flow(assembly, plan),
            "proof": _proof(assembly.problem, plan),
            "built": built.as_dict(),
        }
    except SitingError as error:
        found |= {"status": _status(error), "message": " ".join(str(error).split())}
    except Exception as error:
        log.exception("scenario %d failed", scenario.number)
        found |= {"status": "failed", "message": f"{type(error).__name__}: {error}"}
    return {**found, "seconds": time.perf_counter() - start}


def judge_scenario(shared: Shared, scenario: Scenario) -> dict[str, Any]:
    """Return what each plan of a list gives under the assumptions of a scenario."""
    start = time.perf_counter()
    judged: dict[str, Any] = {}
    trouble = ""
    try:
        desk = _Scene.of(shared, scenario)
        assembly = desk.assembled(whole=True)
    except SitingError as error:
        trouble = " ".join(str(error).split())
    except Exception as error:
        log.exception("scenario %d failed", scenario.number)
        trouble = f"{type(error).__name__}: {error}"
    for key, built in shared.plans.items():
        judged[key] = {"trouble": trouble} if trouble else _judged(desk, assembly, built)
    return {
        "number": scenario.number,
        "judged": judged,
        "seconds": time.perf_counter() - start,
    }


def _judged(desk: _Scene, assembly: Assembly, built: Built) -> dict[str, Any]:
    """Return what one plan gives, or why it cannot be run."""
    if built.ground != desk.ground.key:
        return {"trouble": "the streets or zones of this scenario are not those of the plan"}
    try:
        kept = run_built(assembly, built)
        figures, flow = desk.figures(assembly, kept.plan), desk.flow(assembly, kept.plan)
    except CannotRunError as error:
        return {"trouble": str(error)}
    except SitingError as error:
        return {"trouble": " ".join(str(error).split())}
    except Exception as error:
        log.exception("a plan could not be judged")
        return {"trouble": f"{type(error).__name__}: {error}"}
    return {
        "trouble": "",
        "value": value_of(kept.problem, kept.plan),
        "broken": list(kept.broken),
        "figures": figures,
        "flow_eur": flow,
    }


@dataclass(frozen=True)
class _Scene:
    """A study under the assumptions of one scenario."""

    config: StudyConfig
    ground: Ground
    parameters: Parameters

    @classmethod
    def of(cls, shared: Shared, scenario: Scenario) -> _Scene:
        config = with_changes(shared.config, scenario.changes)
        ground = shared.ground
        if ground_key(config) != ground.key:
            ground = read_ground(config)
        presets = parameter_presets(config.study.country)
        return cls(config, ground, load_parameters(config.parameters, presets))

    def assembled(self, *, whole: bool = False) -> Assembly:
        faults = FaultLog()
        region, network = self.ground.region, self.ground.network
        assembly = assemble_problem(
            region, network, self.parameters, self.config, faults, whole=whole
        )
        faults.raise_faults()
        return assembly

    def figures(self, assembly: Assembly, plan: Plan) -> dict[str, float | None]:
        """Return all key figures that are numbers."""
        business = business_case(assembly, plan, self.parameters, self.config)
        kpis = appraise(assembly.problem, plan).kpis() | business.kpis()
        kpis["homes_equivalent"] = plan.heat_mwh / self.parameters.value("home_heat_mwh")
        kpis["mwh_per_home"] = self.parameters.value("home_heat_mwh")
        return {name: _plain(value) for name, value in kpis.items() if _is_number(value)}

    def flow(self, assembly: Assembly, plan: Plan) -> list[float]:
        """Return the discounted cash flow up to the end of each year, from year 0 [EUR]."""
        business = business_case(assembly, plan, self.parameters, self.config)
        rate, total, sums = business.discount_rate, 0.0, []
        for year, net in enumerate(business.flow.net):
            total += net / (1 + rate) ** year
            sums.append(round(total, 2))
        return sums


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _plain(value: float | None) -> float | None:
    """Return a number for JSON, None where it is not finite."""
    return None if value is None or not math.isfinite(value) else float(value)


def _proof(problem: Problem, plan: Plan) -> dict[str, Any]:
    proof = plan.proof
    return {
        "objective": problem.objective.kind,
        "value": _plain(proof.incumbent),
        "bound": _plain(proof.bound),
        "gap": _plain(proof.gap),
        "gap_wanted": proof.gap_wanted,
        "solver": proof.solver,
    }


def _status(error: SitingError) -> str:
    """Return how a search without a plan ended, in our own words."""
    if isinstance(error, InfeasibleError):
        return Status.INFEASIBLE.value
    if isinstance(error, NoPlanError):
        return Status.NO_PLAN.value
    return "faulty input" if isinstance(error, InputError) else "failed"


def plans_in(found: Sequence[Mapping[str, Any]]) -> dict[str, Built]:
    """Return every distinct plan that searches found, in the order of their scenarios."""
    plans: dict[str, Built] = {}
    for each in sorted(found, key=lambda row: row["number"]):
        if each.get("built"):
            built = Built.from_dict(each["built"])
            plans.setdefault(built.key, built)
    return plans
