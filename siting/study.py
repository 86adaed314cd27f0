"""Lead a study from its layers to its plan: the whole chain on one page."""

from __future__ import annotations

import copy
import difflib
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from siting.config import StudyConfig, read_config, with_changes
from siting.errors import (
    Fault,
    FaultLog,
    InputError,
    NoPlanError,
    SolverError,
    VerificationError,
)

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    from matplotlib.axes import Axes

    from siting.appraisal import Appraisal
    from siting.assembly import Assembly
    from siting.explanation import Explanation
    from siting.network import PipeNetwork
    from siting.optimise import Progress
    from siting.outputs.frames import PlanFrames
    from siting.parameters import Parameters
    from siting.plan import Plan
    from siting.region import Region, Remark

__all__ = ["CheckResult", "Run", "Study", "read_study", "require_solver", "solvers_found"]

log = logging.getLogger(__name__)

Watcher = Callable[["Progress"], None]


@dataclass(frozen=True)
class CheckResult:
    """What a study was understood to say, before anything is solved.

    ``doubts`` are odd things that do not stop a run; ``remarks`` is the log of what was read,
    repaired, estimated or dropped; ``counts`` are figures with their unit in the name.
    """

    region: Region
    network: PipeNetwork
    parameters: Parameters
    assembly: Assembly
    doubts: tuple[Fault, ...]

    def _repr_html_(self) -> str:
        """Return the counts and doubts for a notebook."""
        from siting.outputs.cards import check_card

        return check_card(self)

    @property
    def frames(self) -> dict[str, gpd.GeoDataFrame]:
        """What was read and made of it, in the working CRS: three layers, and the network."""
        return {
            "sites": self.region.sites.frame,
            "zones": self.region.zones.frame,
            "streets": self.region.streets.frame,
            "nodes": self.network.nodes,
            "edges": self.network.edges,
        }

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was done to the layers, then to the network, then to the problem."""
        return (*self.region.remarks, *self.network.remarks, *self.assembly.remarks)

    @property
    def counts(self) -> dict[str, float]:
        """How much of everything there is; ``reached`` is what streets can connect."""
        edges = self.network.edges
        reached = self.assembly.problem.zones
        demand = self.region.zones.frame["annual_demand_mwh"]
        return {
            "sites": len(self.region.sites.frame),
            "zones": len(demand),
            "streets": len(self.region.streets.frame),
            "nodes": len(self.assembly.problem.nodes),
            "edges": len(edges),
            "network_parts": int(self.network.nodes["part"].max()) + 1,
            "street_length_km": float(edges.loc[edges["kind"] == "street", "length_m"].sum()) / 1e3,
            "annual_demand_gwh": float(demand.sum()) / 1e3,
            "reached_zones": len(reached),
            "reached_demand_gwh": math.fsum(zone.heat_mwh for zone in reached) / 1e3,
            "reached_peak_demand_mw": math.fsum(zone.peak_mw for zone in reached),
        }


@dataclass(frozen=True)
class Run:
    """A finished run: everything from the layers to the verified plan."""

    config: StudyConfig
    checked: CheckResult
    plan: Plan
    appraisal: Appraisal
    frames: PlanFrames

    def __post_init__(self) -> None:
        """Let the plan find its way back to the ground, by a copy of its own."""
        plan = copy.copy(self.plan)
        object.__setattr__(plan, "_run", self)
        object.__setattr__(self, "plan", plan)

    def _repr_html_(self) -> str:
        """Return the headline for a notebook."""
        from siting.outputs.cards import run_card

        return run_card(self)

    def explore(self, *, tiles: bool = False) -> folium.Map:
        """Return the map of the plan, for a notebook or to save.

        Parameters
        ----------
        tiles
            Whether to put a base map from the internet below.
        """
        from siting.outputs.files import attribution_of
        from siting.outputs.maps import build_map

        head = self.config.study
        return build_map(
            self.frames,
            self.appraisal,
            self.plan,
            title=head.name,
            question=head.description,
            tiles=tiles,
            attribution=attribution_of(self.config),
        )

    def plot(self, *, ax: Axes | None = None, whole: bool = False) -> Axes:
        """Draw the plan with matplotlib, good for print, and return the axes.

        Parameters
        ----------
        ax
            Where to draw; a new figure if not given.
        whole
            Whether to show the whole region, not the surroundings of the plan alone.
        """
        from siting.outputs.files import attribution_of
        from siting.outputs.plot import plot_plan

        title, source = self.config.study.name, attribution_of(self.config)
        return plot_plan(self.frames, ax=ax, title=title, attribution=source, whole=whole)

    @property
    def region(self) -> Region:
        """The layers that were read."""
        return self.checked.region

    @property
    def network(self) -> PipeNetwork:
        """The routing graph."""
        return self.checked.network

    @property
    def assembly(self) -> Assembly:
        """The problem that was solved, with the way back to the ids of the layers."""
        return self.checked.assembly

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.config.outputs.folder

    def explain(self, name: str) -> Explanation:
        """Return why a zone or site is in the plan or not, and what would have to change.

        Parameters
        ----------
        name
            Id of the zone or site in its layer.

        Raises
        ------
        InputError
            No layer has the id.
        """
        from siting.explanation import explain_plan, not_attached

        assembly = self.assembly
        told = explain_plan(assembly.problem, self.plan)
        found = told.named(name, assembly.site_ids, assembly.zone_ids)
        if found is not None:
            return found
        layers = {"zone": self.region.zones.frame, "site": self.region.sites.frame}
        for kind, frame in layers.items():
            if name in set(map(str, frame.index)):
                return not_attached(kind, name)
        ids = [str(each) for frame in layers.values() for each in frame.index]
        raise unknown_id(name, ids)

    @property
    def map_path(self) -> Path:
        """The map in the run folder."""
        return self.folder / "map.html"


@dataclass(frozen=True)
class Study:
    """A study file that has been read.

    Examples
    --------
    >>> import siting
    >>> study = siting.read_study("espoo/study.toml")  # doctest: +SKIP
    >>> study.check().counts["annual_demand_gwh"]  # doctest: +SKIP
    >>> run = study.with_changes(limits={"budget_eur": 20e6}).run()  # doctest: +SKIP
    >>> run.plan.heat_per_euro_kwh  # doctest: +SKIP
    """

    config: StudyConfig

    def _repr_html_(self) -> str:
        """Return the question for a notebook."""
        from siting.outputs.cards import study_card

        return study_card(self.config)

    def with_changes(self, **sections: Mapping[str, Any]) -> Study:
        """Return the study with some keys changed, checked like the study file.

        Parameters
        ----------
        sections
            For each section, the keys to change; a value of ``None`` takes a key out.

        Raises
        ------
        InputError
            A key or value is not understood.
        """
        return Study(with_changes(self.config, sections))

    def check(self) -> CheckResult:
        """Read the layers, build the network and assemble the problem; solve nothing.

        Raises
        ------
        InputError
            The layers or the study file have faults; all that can be seen are in it.
        """
        faults = FaultLog()
        region, parameters = _read(self.config, faults)
        network = _build(region, self.config, faults)
        assembly = _assemble(region, network, parameters, self.config)
        for doubt in faults.doubts:
            log.warning("doubt: %s", doubt)
        return CheckResult(region, network, parameters, assembly, tuple(faults.doubts))

    def run(
        self,
        *,
        progress: Watcher | bool = True,
        stop: Event | None = None,
        run_log: Path | None = None,
    ) -> Run:
        """Find a plan, verify it, appraise it, and write the run folder.

        Parameters
        ----------
        progress
            Called now and then with the best plan and the bound so far. By default a bar is drawn
            in a terminal or notebook; False draws none.
        stop
            Set it from another thread to end the search with the best plan so far.
        run_log
            A log file to put into the run folder.

        Raises
        ------
        InputError
            The layers or the study file have faults.
        InfeasibleError
            No plan can meet the limits.
        NoPlanError
            No plan was found in time.
        VerificationError
            The plan does not agree with its inputs; nothing is written.
        """
        from siting.outputs.exports import check_formats
        from siting.outputs.files import check_replaceable, write_run

        check_replaceable(self.config.outputs.folder)
        check_formats(self.config.outputs.formats)
        with _watched(self.config, progress) as watcher:
            checked = self.check()
            plan = _solve(checked.assembly, self.config, watcher, stop)
        run = _appraise(self.config, checked, plan)
        write_run(run.folder, run, run_log=run_log)
        return run


@contextmanager
def _watched(config: StudyConfig, progress: Watcher | bool) -> Iterator[Watcher | None]:
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


def unknown_id(name: str, ids: Sequence[str]) -> InputError:
    """Return the error for an id that no layer has, with the nearest one."""
    near = difflib.get_close_matches(name, ids, n=1, cutoff=0.0)
    hint = f"The nearest id is '{near[0]}'." if near else "The layers are empty."
    return InputError(Fault("plan", f"there is no zone or site '{name}'.", hint, (name,)))


def read_study(path: str | Path) -> Study:
    """Read a study file, see `siting.config.read_config`."""
    return Study(read_config(path))


def _read(config: StudyConfig, faults: FaultLog) -> tuple[Region, Parameters]:
    """Read layers and parameters; raise the faults of both together."""
    from siting.layers import read_region
    from siting.parameters import load_parameters

    log.info("reading the layers of %s", config.file)
    parameters = None
    try:
        parameters = load_parameters(config.parameters)
    except InputError as error:
        faults.faults.extend(error.faults)
    _check_solver(config.solver.name, faults)
    region = read_region(config, faults)
    faults.raise_faults()
    assert parameters is not None  # else there was a fault
    for each in parameters.overridden:
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


def _build(region: Region, config: StudyConfig, faults: FaultLog) -> PipeNetwork:
    """Turn streets into a routing graph that reaches every site and zone."""
    from siting.network import build_network

    log.info("building the network from %d streets", len(region.streets.frame))
    network = build_network(
        region,
        snap_tolerance_m=config.network.snap_tolerance_m,
        max_connection_m=config.network.max_connection_m,
        max_site_connection_m=config.network.max_site_connection_m,
        connections_per_zone=config.network.connections_per_zone,
        log=faults,
    )
    faults.raise_faults()
    return network


def _assemble(
    region: Region, network: PipeNetwork, parameters: Parameters, config: StudyConfig
) -> Assembly:
    """Turn geography into numbers."""
    from siting.assembly import assemble_problem

    log.info("assembling %d edges", len(network.edges))
    return assemble_problem(region, network, parameters, config)


def _solve(
    assembly: Assembly, config: StudyConfig, progress: Watcher | None, stop: Event | None
) -> Plan:
    """Search for the best plan, and check it without the optimiser."""
    from siting.optimise import solve
    from siting.verify import verify_plan

    if stop is not None and stop.is_set():
        raise NoPlanError("Stopped before the search began; there is no plan. Run it again.")
    solver = config.solver
    log.info(
        "searching with %s, gap %g, at most %g s", solver.name, solver.gap, solver.time_limit_s
    )
    plan = solve(
        assembly.problem,
        solver=solver.name,
        gap=solver.gap,
        time_limit_s=solver.time_limit_s,
        threads=solver.threads,
        seed=solver.seed,
        progress=progress,
        stop=stop,
    )
    disagreements = verify_plan(assembly.problem, plan)
    if disagreements:
        raise VerificationError("\n".join(disagreements))
    log.info("plan verified: %s, gap %g", plan.proof.status, plan.proof.gap)
    return plan


def _appraise(config: StudyConfig, checked: CheckResult, plan: Plan) -> Run:
    """Work out the figures and layers of a plan."""
    from siting.appraisal import appraise
    from siting.outputs.frames import plan_facts, plan_frames

    log.info("drawing the plan")
    assembly = checked.assembly
    facts = plan_facts(checked.region, checked.network, assembly)
    appraisal = appraise(assembly.problem, plan, facts)
    frames = plan_frames(checked.region, checked.network, assembly, plan)
    return Run(config, checked, plan, appraisal, frames)
