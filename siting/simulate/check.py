"""Simulate a plan on its design day and on a summer day: the whole check on one page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from siting.errors import Fault, InputError
from siting.parameters import Parameters, load_parameters
from siting.plan import Plan
from siting.problem import Problem
from siting.simulate import compare
from siting.simulate.compare import Limits
from siting.simulate.days import Day, DayLoads, design_day, planned_output_mw, summer_day
from siting.simulate.engine import NotConvergedError, State, require_engine, simulate_net
from siting.simulate.failures import likely_reasons, unreached
from siting.simulate.network import (
    HeatNet,
    Size,
    Water,
    heat_net,
    shortest_ways_m,
    sizes_of,
    split_parts,
    without_stagnant,
)
from siting.simulate.results import (
    ConsumerResult,
    DayResult,
    Finding,
    PipeResult,
    Simulation,
    SourceResult,
)
from siting.units import bar_from_pa

if TYPE_CHECKING:
    from siting.config import NetworkConfig
    from siting.study import Run

__all__ = ["Case", "case_of", "simulate", "simulate_case"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Case:
    """A plan with everything that its simulation needs.

    Parameters
    ----------
    problem, plan
        What was solved, and the plan.
    sizes
        The pipe catalogue, small to large.
    water, limits
        Temperatures and frictions, and what must be kept.
    least_load_ratio
        Lowest load over peak of zones without a load curve [-].
    site_ids, zone_ids
        Ids in the layers, by key of the problem.
    """

    problem: Problem
    plan: Plan
    sizes: Mapping[str, Size]
    water: Water
    limits: Limits
    least_load_ratio: float = 0.08
    site_ids: Mapping[str, str] = field(default_factory=dict)
    zone_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def nodes(self) -> dict[str, str]:
        """The node of each site and zone."""
        sites = {site.id: site.node for site in self.problem.sites}
        return sites | {zone.id: zone.node for zone in self.problem.zones}


def simulate(
    run: Run | str | Path, day: Day | str = Day.BOTH, *, central_peak: bool = False
) -> Simulation:
    """Return how the water of a plan would flow, against what the plan assumed.

    Parameters
    ----------
    run
        A finished run, or a run folder.
    day
        ``design``, ``summer`` or ``both``.
    central_peak
        Whether zones draw their whole peak on the design day, from central boilers at the sites.

    Raises
    ------
    InputError
        The folder is no run folder, or its plan cannot be simulated.
    SitingError
        pandapipes is not there.
    """
    from siting.simulate.folder import read_case

    require_engine()
    if isinstance(run, str | Path):
        case = read_case(Path(run))
    else:
        case = case_of(
            run.assembly.problem,
            run.plan,
            run.config.network,
            run.checked.parameters,
            site_ids=run.assembly.site_ids,
            zone_ids=run.assembly.zone_ids,
            folder=run.config.folder,
        )
    return simulate_case(case, day, central_peak=central_peak)


def case_of(
    problem: Problem,
    plan: Plan,
    network: NetworkConfig,
    parameters: Parameters | None = None,
    *,
    site_ids: Mapping[str, str] | None = None,
    zone_ids: Mapping[str, str] | None = None,
    folder: Path = Path(),
) -> Case:
    """Return a plan with the temperatures, frictions and limits of its study.

    A pipe catalogue of one's own is read from ``folder``, that of the study file.
    """
    table = parameters or load_parameters()
    return Case(
        problem=problem,
        plan=plan,
        sizes=sizes_of(
            network.supply_temperature_c,
            network.return_temperature_c,
            table,
            pressure_gradient_pa_per_m=network.pressure_gradient_pa_per_m,
            insulation_series=network.insulation_series,
            catalogue=network.catalogue_file(folder) or network.catalogue,
        ),
        water=Water(
            supply_c=network.supply_temperature_c,
            return_c=network.return_temperature_c,
            ground_c=table.value("ground_temperature_c"),
            roughness_mm=table.value("roughness_mm"),
            fittings_share=table.value("fittings_share"),
            consumer_pressure_bar=table.value("substation_pressure_drop_bar"),
            pump_efficiency=table.value("pump_efficiency"),
        ),
        limits=Limits(network.pressure_gradient_pa_per_m, table.value("supply_drop_limit_k")),
        least_load_ratio=table.value("minimum_load_ratio"),
        site_ids=site_ids or {},
        zone_ids=zone_ids or {},
    )


def simulate_case(
    case: Case, day: Day | str = Day.BOTH, *, central_peak: bool = False
) -> Simulation:
    """Simulate a case, see `simulate`."""
    if case.plan.is_empty:
        fault = Fault("plan", "the plan builds nothing.", "There is nothing to simulate.")
        raise InputError(fault)
    loads = []
    if Day(day) is not Day.SUMMER:
        loads.append(design_day(case.problem, case.plan, peak=central_peak))
    if Day(day) is not Day.DESIGN:
        loads.append(summer_day(case.problem, case.plan, least_ratio=case.least_load_ratio))
    results = [_Day(case, each, boilers=central_peak).result() for each in loads]
    return Simulation(
        days=tuple(result for result, _ in results),
        findings=tuple(finding for _, findings in results for finding in findings),
        assumptions={
            "supply_temperature_c": case.water.supply_c,
            "return_temperature_c": case.water.return_c,
            "ground_temperature_c": case.water.ground_c,
            "roughness_mm": case.water.roughness_mm,
            "fittings_share": case.water.fittings_share,
            "consumer_pressure_bar": case.water.consumer_pressure_bar,
            "pump_efficiency": case.water.pump_efficiency,
            "pressure_gradient_pa_per_m": case.limits.gradient_pa_per_m,
            "supply_drop_limit_k": case.limits.supply_drop_k,
        },
    )


class _Day:
    """Simulate one day, part by part."""

    def __init__(self, case: Case, loads: DayLoads, *, boilers: bool) -> None:
        self.case, self.loads, self.boilers = case, loads, boilers
        self.planned = {
            key: loads.share * mw for key, mw in planned_output_mw(case.problem, case.plan).items()
        }
        self.findings: list[Finding] = []
        self.states: list[State] = []
        self.consumers: list[ConsumerResult] = []
        self.sources: list[SourceResult] = []
        self.stagnant: list[str] = []
        self.converged = True

    def result(self) -> tuple[DayResult, list[Finding]]:
        """Return the state of the plan on this day, and what was found."""
        case, loads = self.case, self.loads
        net = heat_net(
            case.plan, case.sizes, loads.drawn_mw, loads.fed_in_mw, case.nodes, case.water
        )
        for part in split_parts(net):
            self._part(part)
        pipes = self._pipes()
        day = DayResult(
            loads.name,
            loads.words,
            self.converged,
            all(state.full for state in self.states),
            tuple(pipes),
            tuple(self.consumers),
            tuple(self.sources),
            tuple(self.stagnant),
        )
        return day, self.findings

    def _part(self, part: HeatNet) -> None:
        """Simulate one connected part."""
        if not part.sources:
            if part.consumers:
                named = self._named(part)
                self._fail("no_path", named.consumers[0].id, unreached(named))
            return
        alive, stagnant = without_stagnant(part)
        self.stagnant.extend(stagnant)
        if not alive.consumers:
            self._say_still(self._named(part))
            return
        try:
            state = simulate_net(alive)
        except NotConvergedError:
            named = self._named(alive)
            text = (
                f"The network of source '{named.sources[0].id}' does not converge on the"
                f" {self.loads.name} day. {' '.join(likely_reasons(named))}"
            )
            self._fail("not_converged", named.sources[0].id, text)
            return
        if not state.full:
            self._say_sequential(self._named(alive))
        self.states.append(state)
        self._compare(alive, state)

    def _fail(self, kind: str, key: str, text: str) -> None:
        self.converged = False
        self.findings.append(Finding(self.loads.name, kind, key, text))
        log.warning("%s", text)

    def _say_still(self, net: HeatNet) -> None:
        """Say that nobody draws heat from a part, so that its water stands."""
        key = net.sources[0].id
        text = f"Nobody draws heat from source '{key}' on the {self.loads.name} day; water stands."
        self.findings.append(Finding(self.loads.name, "still", key, text, violation=False))

    def _say_sequential(self, net: HeatNet) -> None:
        """Say that flows and temperatures could not be solved together."""
        text = (
            f"Flow and temperature of the network of source '{net.sources[0].id}' did not converge"
            f" together on the {self.loads.name} day; the figures take the flows of the design"
            f" temperatures. {' '.join(likely_reasons(net))}"
        )
        self.findings.append(Finding(self.loads.name, "sequential", net.sources[0].id, text))

    def _site(self, key: str) -> str:
        return self.case.site_ids.get(key, key)

    def _named(self, net: HeatNet) -> HeatNet:
        """Return a network with the ids of the layers, to speak of it."""
        zones = self.case.zone_ids
        return replace(
            net,
            consumers=tuple(replace(c, id=zones.get(c.id, c.id)) for c in net.consumers),
            sources=tuple(replace(s, id=self._site(s.id)) for s in net.sources),
        )

    def _compare(self, net: HeatNet, state: State) -> None:
        """Compare one part with the plan."""
        case, day = self.case, self.loads.name
        assumed = _assumed_drops_bar(net, case.limits)
        consumers = compare.consumer_results(net, state, case.zone_ids, assumed)
        sources = compare.source_results(net, state, case.site_ids, self.planned)
        self.consumers.extend(consumers)
        self.sources.extend(sources)
        self.findings += compare.consumer_findings(day, consumers, case.limits, case.water)
        capacity = {self._site(each.site): each.capacity_mw for each in case.plan.sites}
        farthest = max((each.assumed_pressure_lost_bar for each in consumers), default=0.0)
        self.findings += compare.source_findings(
            day,
            sources,
            {} if self.boilers else capacity,
            farthest + case.water.consumer_pressure_bar,
        )

    def _pipes(self) -> list[PipeResult]:
        """Return all pipes against the plan; only the design day tells their size."""
        case = self.case
        states = {key: pipe for state in self.states for key, pipe in state.pipes.items()}
        pipes = compare.pipe_results(
            case.plan.pipes, states, case.sizes, case.water, self.loads.share
        )
        if self.loads.name != Day.DESIGN.value:
            return pipes
        edges = {edge.id: edge for edge in case.problem.edges}
        pipes, findings = compare.pipe_findings(
            self.loads.name, pipes, edges, case.sizes, case.limits, case.water.roughness_mm
        )
        self.findings += findings
        return pipes


def _assumed_drops_bar(net: HeatNet, limits: Limits) -> dict[str, float]:
    """Return what water loses out and back if every pipe is used up to the gradient [bar]."""
    per_metre = 2 * limits.gradient_pa_per_m * (1 + net.water.fittings_share)
    return {node: bar_from_pa(per_metre * way) for node, way in shortest_ways_m(net).items()}
