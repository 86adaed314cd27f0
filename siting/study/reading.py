"""Read the layers of a study, and turn them into a network and a problem."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from siting.config import StudyConfig
from siting.errors import FaultLog, InputError, SolverError

if TYPE_CHECKING:
    from siting.assembly import Assembly
    from siting.network import PipeNetwork
    from siting.parameters import Parameters
    from siting.region import Region

__all__ = [
    "assemble",
    "build_graph",
    "lies_together",
    "read_layers",
    "refuse_repairs",
    "require_solver",
    "solvers_found",
]

log = logging.getLogger(__name__)

NEAR_M = 10_000.0
"""Streets farther than this from all sites and zones are not worth a network [m]."""


def lies_together(region: Region) -> bool:
    """Return whether there are streets where the sites and zones lie."""
    frames = (region.sites.frame, region.zones.frame)
    boxes = [frame.total_bounds for frame in frames if len(frame)]
    if not boxes or region.streets.frame.empty:
        return False
    west, south, east, north = region.streets.frame.total_bounds
    return any(
        box[0] <= east + NEAR_M
        and box[2] >= west - NEAR_M
        and box[1] <= north + NEAR_M
        and box[3] >= south - NEAR_M
        for box in boxes
    )


def refuse_repairs(region: Region, network: PipeNetwork | None, faults: FaultLog) -> None:
    """Make a fault of each repair."""
    for each in (*region.remarks, *(network.remarks if network is not None else ())):
        if each.repair and each.count:
            length = f" ({each.length_m:,.0f} m)" if each.length_m else ""
            detail = f": {each.detail}" if each.detail else ""
            faults.fault(
                each.layer,
                f"strict: {each.act}, {each.count:,}{length}{detail}.",
                "Mend the layer where the check map shows it, or set strict = false under [study].",
            )


def read_layers(config: StudyConfig, faults: FaultLog) -> tuple[Region, Parameters | None]:
    """Read layers and parameters, and collect the faults of both."""
    from siting.countries import parameter_presets
    from siting.layers import read_region
    from siting.parameters import load_parameters

    log.info("reading the layers of %s", config.file)
    parameters = None
    try:
        parameters = load_parameters(config.parameters, parameter_presets(config.study.country))
    except InputError as error:
        faults.faults.extend(error.faults)
    _check_solver(config.solver.name, faults)
    region = read_region(config, faults)
    for each in parameters.overridden if parameters is not None else ():
        if each.is_unusual:
            faults.doubt(
                "study",
                f"[parameters] {each.name} = {each.value:g} {each.unit} lies outside its usual"
                f" range, {_number(each.low)} to {_number(each.high)}.",
                "Check the figure and its unit.",
            )
    return region, parameters


def _number(value: float | None) -> str:
    """Return a figure in words."""
    return "any" if value is None else f"{value:g}"


def require_solver(name: str) -> None:
    """Raise a `SolverError` when a solver is not there."""
    from siting.solvers import registry

    registry.require_solver(name)


def _check_solver(name: str, faults: FaultLog) -> None:
    """Add a fault when the solver is not there, before minutes are spent on the layers."""
    try:
        require_solver(name)
    except SolverError as error:
        faults.fault("study", f"[solver] {error}")


def solvers_found() -> dict[str, str]:
    """Return name and version of each solver that a study can use here."""
    from siting.solvers.registry import describe_solvers

    return describe_solvers()


def build_graph(
    region: Region, parameters: Parameters | None, config: StudyConfig, faults: FaultLog
) -> PipeNetwork:
    """Turn streets into a routing graph that reaches every site and zone."""
    from siting.network import build_network

    log.info("building the network from %d streets", len(region.streets.frame))
    existing = config.layers.existing_network
    price = 0.0 if parameters is None else parameters.value("crossing_cost_eur")
    return build_network(
        region,
        snap_tolerance_m=config.network.snap_tolerance_m,
        max_connection_m=config.network.max_connection_m,
        max_site_connection_m=config.network.max_site_connection_m,
        connections_per_zone=config.network.connections_per_zone,
        crossing_cost_eur=price,
        tie_in_m=0.0 if existing is None else existing.tie_in_m,
        log=faults,
    )


def assemble(
    region: Region,
    network: PipeNetwork,
    parameters: Parameters,
    config: StudyConfig,
    faults: FaultLog,
) -> Assembly:
    """Turn geography into numbers."""
    from siting.assembly import assemble_problem

    log.info("assembling %d edges", len(network.edges))
    return assemble_problem(region, network, parameters, config, faults)
