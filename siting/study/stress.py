"""Ask of a study what happens when its sources leave, and what a precaution costs."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING

from siting.config import StudyConfig
from siting.errors import InfeasibleError, NoPlanError, VerificationError
from siting.study.findings import CheckResult
from siting.study.finished import Run
from siting.study.outlook import departure_case, hazard_case, leaving_case, secured_case
from siting.study.solving import Watcher, appraise_plan, find_plan

if TYPE_CHECKING:
    from siting.future import DeparturePlan, Departures
    from siting.optimise.reduce import Reduced
    from siting.plan import Plan
    from siting.problem import Problem
    from siting.solution import Proof

__all__ = ["Design", "Stress", "find_stress"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Design:
    """One way to build, with what it does in every scenario of its case.

    Parameters
    ----------
    name
        What the planner calls it.
    case
        What may happen to it.
    plan
        What is built, and what each scenario makes of it.
    """

    name: str
    case: Departures
    plan: DeparturePlan

    @property
    def first_cost_eur(self) -> float:
        """Everything that is invested at once [EUR]."""
        from siting.future.evaluate import first_cost_eur

        return math.fsum(first_cost_eur(self.case, self.plan).values())

    @property
    def heat_per_euro_kwh(self) -> float:
        """Annual heat per euro as long as nothing changes [kWh/(a EUR)]."""
        cost = self.first_cost_eur
        return self.plan.plan.heat_mwh * 1000 / cost if cost > 0 else 0.0

    @property
    def supply_shares(self) -> dict[str, float]:
        """Heat delivered in each scenario over that of a usual year [-]."""
        usual = self.plan.plan.heat_mwh
        return {s.scenario: s.heat_mwh / usual if usual else 1.0 for s in self.plan.states}

    @property
    def worst_mwh(self) -> float:
        """Heat delivered in a year of the worst scenario [MWh/a]."""
        return min((s.heat_mwh for s in self.plan.states), default=self.plan.plan.heat_mwh)

    @property
    def least_kept(self) -> float:
        """Share of base capacity that the worst-off zone keeps in the worst scenario [-]."""
        usual = {each.zone: each.base_mw for each in self.plan.plan.zones}
        shares = [
            got.base_mw / usual[zone]
            for state in self.plan.states
            for zone, got in state.zones.items()
            if usual.get(zone, 0.0) > 0
        ]
        return min([1.0, *shares])

    def stranded_m(self, scenario: str) -> float:
        """Return the length of pipes that carry nothing in a scenario [m]."""
        lengths = {edge.id: edge.length_m for edge in self.case.problem.edges}
        idle = self.plan.state(scenario).idle
        return math.fsum(lengths[edge] for edge in idle if edge in lengths)


@dataclass(frozen=True)
class Stress:
    """What was found out about a study whose sources may leave.

    Parameters
    ----------
    config, checked, run
        The study, what was understood of it, and the best plan without a thought of departures.
    reduced
        The problem in which service lines are part of their zones; all designs are plans of it.
    usual, prepared
        The plan of the run, and the plan made for the scenarios, both in the same case.
    unsecured, secured
        The plan of the run, and the plan in which every zone stays supplied when any one source is
        lost; None where the study does not ask, or there is no such plan.
    bare
        The plan of the run in the scenarios when nothing is bought: it shows what is stranded.
    hazarded, hedged
        The plan of the run with its hazards inside the objective, and the plan that is best then;
        None where all sites have the same hazard, as the plan of the run is best then too.
    left, replaced
        The plan of the run when all its sources leave for sure: without and with replacement.
    remarks
        What could not be found out, in words.
    """

    config: StudyConfig
    checked: CheckResult
    run: Run
    reduced: Reduced
    usual: Design
    prepared: Design
    unsecured: Design
    secured: Design | None
    bare: Design
    hazarded: Design
    hedged: Design | None
    left: Design
    replaced: Design
    remarks: tuple[str, ...] = ()

    @property
    def premium(self) -> float:
        """Heat per euro lost as long as nothing changes, over that of the usual plan [-]."""
        usual = self.usual.heat_per_euro_kwh
        return 1 - self.prepared.heat_per_euro_kwh / usual if usual else 0.0

    @property
    def avoided_mwh(self) -> float:
        """Heat of a year that the prepared plan saves in its worst scenario [MWh/a]."""
        return self.prepared.worst_mwh - self.usual.worst_mwh

    @property
    def value_of_preparing(self) -> float:
        """Rise of the expected discounted heat per euro against the usual plan [kWh/EUR].

        In stochastic programming this is the value of the stochastic solution.
        """
        return self.prepared.plan.value - self.usual.plan.value

    def departure_values_eur(self) -> tuple[float, float, float]:
        """Return the net present value if all stay, leave, and leave with replacement [EUR].

        Without replacement peak boilers take over, as the business case has it; with it the
        investment and the extra running cost of replacement are taken off the value if all stay.
        """
        from siting.future.evaluate import account

        assert self.run.business is not None
        stays = self.run.business.company.net_present_value_eur
        spent = account(self.replaced.case, self.replaced.plan).parts_eur
        extra = spent["replacement plants"] + spent["replacement heat"]
        return stays, self.run.business.departure_value_eur, stays - extra

    def full_plan(self, design: Design) -> Plan:
        """Return what a design has in use now, with the service lines of its zones."""
        from siting.future.evaluate import solution_of
        from siting.plan import price_solution

        full = self.checked.assembly.problem
        solution = self.reduced.expand(solution_of(design.plan.plan), full)
        return price_solution(full, solution, design.plan.proof)


def find_stress(
    config: StudyConfig, checked: CheckResult, progress: Watcher | None, stop: Event | None
) -> Stress:
    """Find the usual, the prepared and the secured plan of a study.

    Each of the three searches may take the time limit of the study.

    Raises
    ------
    InputError
        The outlook names sites that are not there.
    InfeasibleError, NoPlanError
        As for a run.
    VerificationError
        The usual plan does not agree with its inputs.
    """
    from siting.future.respond import respond
    from siting.optimise.reduce import reduce_problem

    assembly, plan = find_plan(checked.assembly, config, progress, stop)
    checked = replace(checked, assembly=assembly)
    parameters = checked.parameters
    run = appraise_plan(config, checked, plan)
    reduced = reduce_problem(assembly.problem)
    base = _reduced_plan(reduced.problem, plan)
    case = departure_case(assembly, parameters, config, plan).with_problem(reduced.problem)
    price = base.heat_per_euro_kwh / 1000 * _years(case)
    usual = Design("usual plan", case, respond(case, base, price))
    remarks: list[str] = []
    prepared = Design("prepared plan", case, _searched(case, base, config, progress, stop))
    if _keeps(usual, case):
        prepared = _no_worse(prepared, usual)
    n1 = secured_case(assembly, parameters, config).with_problem(reduced.problem)
    unsecured = Design("usual plan", n1, respond(n1, base, price))
    secured = None
    if config.departure.secure:
        try:
            secured = Design("secured plan", n1, _searched(n1, base, config, progress, stop))
        except (InfeasibleError, NoPlanError) as error:
            remarks.append(f"No plan was found that survives the loss of any one source: {error}")
    nothing = replace(case, replacements=())
    risky = hazard_case(assembly, parameters, config).with_problem(reduced.problem)
    hazarded, hedged = Design("usual plan", risky, respond(risky, base, price)), None
    if len({*risky.hazards.values()}) > 1:
        hedged = Design("hedged plan", risky, _searched(risky, base, config, progress, stop))
        hedged = _no_worse(hedged, hazarded)
    gone = leaving_case(assembly, parameters, config, plan).with_problem(reduced.problem)
    alone = replace(gone, replacements=())
    kept = replace(gone, scenarios=tuple(replace(s, kept=1.0) for s in gone.scenarios))
    return Stress(
        config,
        checked,
        run,
        reduced,
        usual,
        prepared,
        unsecured,
        secured,
        bare=Design("usual plan, nothing replaced", nothing, respond(nothing, base, price)),
        hazarded=hazarded,
        hedged=hedged,
        left=Design("all leave", alone, respond(alone, base, price)),
        replaced=Design(
            "all leave and are replaced",
            kept,
            respond(kept, base, price, keep=bool(kept.replacements)),
        ),
        remarks=tuple(remarks),
    )


def _years(case: Departures) -> float:
    from siting.future.weights import discounted_years

    return discounted_years(case.discount_rate, 0, case.horizon_a)


def _keeps(usual: Design, case: Departures) -> bool:
    """Whether the usual plan supplies enough in the worst scenario."""
    return usual.worst_mwh >= case.least_supply * usual.plan.plan.heat_mwh * (1 - 1e-6)


def _no_worse(found: Design, usual: Design) -> Design:
    """Return a design, with the usual plan in its place where that is the better one.

    What was found first is a plan for the same case as well.
    """
    if found.plan.value >= usual.plan.value:
        return found
    proof = _with_value(found.plan, usual.plan.value)
    return replace(found, plan=replace(usual.plan, proof=proof))


def _with_value(plan: DeparturePlan, value: float) -> Proof:
    from siting.optimise.progress import relative_gap
    from siting.solution import Status

    gap = relative_gap(value, plan.proof.bound)
    status = Status.OPTIMAL if gap <= plan.proof.gap_wanted else plan.proof.status
    return replace(plan.proof, incumbent=value, gap=gap, status=status)


def _reduced_plan(problem: Problem, plan: Plan) -> Plan:
    """Return a plan as one of the problem in which service lines are part of their zones."""
    from siting.future.evaluate import solution_of
    from siting.plan import price_solution

    solution = solution_of(plan)
    known = {edge.id for edge in problem.edges}
    pipes = tuple(pipe for pipe in solution.pipes if pipe.edge in known)
    small = price_solution(problem, replace(solution, pipes=pipes), plan.proof)
    if not math.isclose(small.capex_eur, plan.capex_eur, rel_tol=1e-9, abs_tol=1e-3):
        raise VerificationError("The plan costs something else once service lines join zones.")
    return small


def _searched(
    case: Departures,
    base: Plan,
    config: StudyConfig,
    progress: Watcher | None,
    stop: Event | None,
) -> DeparturePlan:
    """Search a case as the study sets it, and check the plan without the optimiser."""
    from siting.future import solve_departures
    from siting.future.evaluate import faults_of

    solver = config.solver
    log.info("searching a plan for %d scenarios", len(case.scenarios))
    plan = solve_departures(
        case,
        base=base,
        solver=solver.name,
        gap=solver.gap,
        time_limit_s=solver.time_limit_s,
        threads=solver.threads,
        seed=solver.seed,
        progress=progress,
        stop=stop,
    )
    faults = faults_of(case, plan)
    if faults:
        raise VerificationError("\n".join(faults))
    return plan
