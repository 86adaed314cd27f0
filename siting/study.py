"""Lead a study from its layers to its plan: the whole chain on one page."""

from __future__ import annotations

import copy
import difflib
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
    import pandas as pd
    from matplotlib.axes import Axes

    from siting.appraisal import Appraisal
    from siting.assembly import Assembly
    from siting.business import BusinessCase
    from siting.explanation import Explanation
    from siting.frontier import Frontier
    from siting.network import PipeNetwork
    from siting.operator_effects import OperatorEffects
    from siting.optimise import Progress
    from siting.outputs.frames import PlanFrames
    from siting.parameters import Parameters
    from siting.plan import Plan
    from siting.plausibility import Finding
    from siting.problem import Problem
    from siting.pumping import PlanHydraulics
    from siting.region import Region, Remark

__all__ = [
    "CheckResult",
    "Findings",
    "Run",
    "Study",
    "read_study",
    "require_solver",
    "solvers_found",
]

log = logging.getLogger(__name__)

NEAR_M = 10_000.0
"""Streets farther than this from all sites and zones are not worth a network [m]."""

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
class Findings:
    """What a check found, sound or not; the rooms after the first fault are empty."""

    config: StudyConfig
    region: Region
    network: PipeNetwork | None
    parameters: Parameters | None
    assembly: Assembly | None
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...]

    @property
    def result(self) -> CheckResult | None:
        """The check of a study without faults."""
        if self.faults or None in (self.network, self.parameters, self.assembly):
            return None
        return CheckResult(self.region, self.network, self.parameters, self.assembly, self.doubts)  # type: ignore[arg-type]

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was done to the layers, then to the network, then to the problem."""
        rooms = (self.region, self.network, self.assembly)
        return tuple(each for room in rooms if room is not None for each in room.remarks)


@dataclass(frozen=True)
class Run:
    """A finished run: everything from the layers to the verified plan."""

    config: StudyConfig
    checked: CheckResult
    plan: Plan
    appraisal: Appraisal
    frames: PlanFrames
    business: BusinessCase | None = None
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """Let the plan find its way back to the ground, by a copy of its own."""
        plan = copy.copy(self.plan)
        object.__setattr__(plan, "_run", self)
        object.__setattr__(self, "plan", plan)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Money and CO2 year by year, for sheets of their own in the workbook."""
        from siting.business import business_tables

        return {} if self.business is None else business_tables(self.business)

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
            The layers or the study file have faults; all that can be seen are in it. With
            ``strict = true`` whatever would have been repaired is among them.
        """
        findings = self.inspect()
        for doubt in findings.doubts:
            log.warning("doubt: %s", doubt)
        if findings.result is None:
            raise InputError(findings.faults)
        return findings.result

    def inspect(self, *, strict: bool | None = None) -> Findings:
        """Return the faults of a study, with what was understood in spite of them.

        Parameters
        ----------
        strict
            Whether repairs are faults; as the study says if absent.
        """
        config, faults = self.config, FaultLog()
        region, parameters = _read(config, faults)
        network = assembly = None
        if _lies_together(region):
            # After a fault of the layers the network is only for the eye.
            known = FaultLog() if faults.faults else faults
            network = _build(region, parameters, config, known)
        if config.study.strict if strict is None else strict:
            _refuse_repairs(region, network, faults)
        if network is not None and parameters is not None and not faults.faults:
            try:
                assembly = _assemble(region, network, parameters, config, faults)
            except InputError as error:
                faults.faults.extend(error.faults)
        return Findings(
            config, region, network, parameters, assembly, *map(tuple, faults.either_once())
        )

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
            assembly, plan = _solve(checked.assembly, self.config, watcher, stop)
        doubts = (*checked.doubts, *assembly.doubts)
        checked = replace(checked, assembly=assembly, doubts=doubts)
        run = _appraise(self.config, checked, plan)
        write_run(run.folder, run, run_log=run_log)
        return run

    def frontier(
        self,
        *,
        points: int = 16,
        resume: Frontier | None = None,
        progress: Watcher | bool = True,
        stop: Event | None = None,
    ) -> Frontier:
        """Find the best plans for all budgets, and the ceiling that no plan can cross.

        The budget, least heat and objective of the study are left aside, its other limits hold.
        Pipes are sized for what they carry from the sites. Time limit, gap, solver and seed are
        those of the study. Nothing is written.

        Parameters
        ----------
        points
            Number of prices of investment to ask.
        resume
            An earlier frontier of the same problem, to go on with.
        progress, stop
            As for `run`.

        Raises
        ------
        InputError
            The layers or the study file have faults, or ``resume`` is about another problem.
        InfeasibleError
            No plan can meet the limits.
        NoPlanError
            No plan was found in time.
        """
        from siting.frontier import find_frontier

        with _watched(self.config, progress) as watcher:
            problem = self.check().assembly.problem
            log.info("searching the frontier, at most %g s", self.config.solver.time_limit_s)
            solver = self.config.solver
            return find_frontier(
                problem,
                time_limit_s=solver.time_limit_s,
                points=points,
                gap=solver.gap,
                solver=solver.name,
                threads=solver.threads,
                seed=solver.seed,
                resume=resume,
                progress=watcher,
                stop=stop,
            )


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


def _lies_together(region: Region) -> bool:
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


def _refuse_repairs(region: Region, network: PipeNetwork | None, faults: FaultLog) -> None:
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


def _read(config: StudyConfig, faults: FaultLog) -> tuple[Region, Parameters | None]:
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


def _build(
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


def _assemble(
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


def _solve(
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
    if config.network.pipes_carry == "peak":
        assembly = _sized_for_peaks(assembly, config, search)
        assert assembly.peak_sizing is not None
        plan = assembly.peak_sizing.plan
    else:
        plan = search(assembly.problem)
    disagreements = verify_plan(assembly.problem, plan)
    if disagreements:
        raise VerificationError("\n".join(disagreements))
    log.info("plan verified: %s, gap %g", plan.proof.status, plan.proof.gap)
    return assembly, plan


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
    from siting.parameters import load_parameters
    from siting.peak_sizing import size_for_peaks
    from siting.simultaneity import simultaneity_factor

    floor = load_parameters(config.parameters).value("simultaneity_floor")
    sizing = size_for_peaks(
        assembly.problem,
        search,
        consumers=assembly.consumers,
        factor=simultaneity_factor(config.network.simultaneity, floor),
        sized_already=frozenset(k for k, kind in assembly.edge_kinds.items() if kind == "service"),
        most_rounds=config.network.peak_rounds,
    )
    return assembly.with_peaks(sizing)


def _appraise(config: StudyConfig, checked: CheckResult, plan: Plan) -> Run:
    """Work out the figures and layers of a plan."""
    from siting.appraisal import appraise
    from siting.business import business_case
    from siting.operator_effects import operator_effects
    from siting.outputs.frames import plan_facts, plan_frames
    from siting.plausibility import pipe_speeds, plausibility
    from siting.pumping import plan_hydraulics

    log.info("drawing the plan")
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
    for finding in findings:
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
