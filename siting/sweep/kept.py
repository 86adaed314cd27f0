"""Run a plan that is built under other assumptions: what stands is fixed, heat adapts."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from siting.assembly import Assembly
from siting.peak_sizing import scaled_for_peaks
from siting.plan import Plan, heat_per_euro, net_value, price_solution
from siting.problem import Limits, Problem, SiteOption
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution, Status
from siting.verify import verify_plan

__all__ = ["Built", "CannotRunError", "KeptPlan", "built_of", "run_built"]

PRICED = ", priced for "
"""Between the name of a plant and the straight piece of its cost, in the id of an option."""

TINY_MW = 1e-9
DIGITS = 9


class CannotRunError(Exception):
    """A plan as built cannot deliver heat under some assumptions; the message says why."""


@dataclass(frozen=True)
class BuiltSite:
    """A data centre with its plant and the output installed [MW]."""

    site: str
    plant: str
    capacity_mw: float


@dataclass(frozen=True)
class BuiltPipe:
    """A pipe in its direction, with its size; ``flow_mw`` only counts where there are no sizes."""

    edge: str
    from_node: str
    to_node: str
    size: str | None
    flow_mw: float


@dataclass(frozen=True)
class Built:
    """What a plan builds, by the ids of the layers and the keys of the network.

    Parameters
    ----------
    sites, pipes, zones
        Data centres with their plants, pipes with their sizes, and ids of the zones connected.
    ratios
        Peak over base load of edges whose pipes were sized for peaks [-].
    ground
        Digest of the layers and the network that the keys belong to.
    """

    sites: tuple[BuiltSite, ...]
    pipes: tuple[BuiltPipe, ...]
    zones: tuple[str, ...]
    ratios: Mapping[str, float] = field(default_factory=dict)
    ground: str = ""

    @property
    def key(self) -> str:
        """A short name that two plans share if, and only if, they build the same."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Built:
        """Return what `as_dict` gave."""
        return cls(
            tuple(BuiltSite(**each) for each in raw["sites"]),
            tuple(BuiltPipe(**each) for each in raw["pipes"]),
            tuple(raw["zones"]),
            dict(raw["ratios"]),
            raw["ground"],
        )


@dataclass(frozen=True)
class KeptPlan:
    """A plan as built, priced and run under other assumptions.

    ``broken`` are the limits of the study that it does not keep then, in words.
    """

    plan: Plan
    problem: Problem
    broken: tuple[str, ...]


def built_of(assembly: Assembly, plan: Plan, ground: str = "") -> Built:
    """Return what a plan builds.

    Figures are rounded so far that a plan found twice is the same one.
    """
    sizing = assembly.peak_sizing
    edges = {pipe.edge for pipe in plan.pipes}
    ratios = {} if sizing is None else {e: r for e, r in sizing.ratios.items() if e in edges}
    return Built(
        sites=tuple(
            BuiltSite(
                assembly.site_ids[each.site],
                each.option.split(PRICED)[0],
                round(each.capacity_mw, DIGITS),
            )
            for each in sorted(plan.sites, key=lambda each: each.site)
        ),
        pipes=tuple(
            BuiltPipe(
                each.edge,
                each.from_node,
                each.to_node,
                each.size,
                0.0 if each.size else round(each.flow_mw, DIGITS),
            )
            for each in sorted(plan.pipes, key=lambda each: each.edge)
        ),
        zones=tuple(sorted(assembly.zone_ids[each.zone] for each in plan.zones)),
        ratios={edge: round(ratio, DIGITS) for edge, ratio in sorted(ratios.items())},
        ground=ground,
    )


def run_built(assembly: Assembly, built: Built) -> KeptPlan:
    """Return a plan as built, run for the most heat under the assumptions of an assembly.

    Parameters
    ----------
    assembly
        The problem under the new assumptions, with every plant and pipe size in it, see
        ``whole`` of `siting.assembly.assemble_problem`.
    built
        What stands. Sites, plants, installed output, pipes, sizes and zones are kept and paid for
        at the new prices; how much heat each zone gets is free within what they can carry.

    Raises
    ------
    CannotRunError
        Something that was built does not exist under the new assumptions, such as a plant without
        a heat pump in a hotter network, or losses leave no way to run it.

    Notes
    -----
    The most heat is a linear program: load curves are concave, directions and sizes are fixed. An
    output that is installed and cannot be used is paid for all the same.
    """
    problem = scaled_for_peaks(assembly.problem, built.ratios)
    opened = _options(assembly, built)
    solution, installed = _operated(problem, assembly, built, opened)
    if not built.sites and not built.zones:
        installed = {}
    bare = replace(problem, limits=Limits())
    plan = price_solution(bare, solution, _proof(bare, None))
    plan = replace(plan, proof=_proof(bare, plan))
    wrong = verify_plan(bare, plan)
    if wrong:
        raise CannotRunError("; ".join(wrong[:3]))
    paid = _with_idle_output(plan, opened, installed)
    paid = replace(paid, proof=_proof(problem, paid))
    return KeptPlan(paid, problem, tuple(_broken(problem, paid)))


def _options(assembly: Assembly, built: Built) -> dict[str, SiteOption]:
    """Return the option of each site key: its plant, priced where it costs least at its size."""
    keys = {gis: key for key, gis in assembly.site_ids.items()}
    sites = {each.id: each for each in assembly.problem.sites}
    found = {}
    for each in built.sites:
        key = keys.get(each.site)
        options = [] if key is None else sites[key].choices
        same = [option for option in options if option.id.split(PRICED)[0] == each.plant]
        if key is None or not same:
            raise CannotRunError(f"site '{each.site}' cannot have the plant '{each.plant}' here")
        size = each.capacity_mw
        found[key] = min(same, key=lambda o: o.cost_eur + o.cost_per_mw_eur * size)
    return found


def _operated(
    problem: Problem, assembly: Assembly, built: Built, opened: Mapping[str, SiteOption]
) -> tuple[Solution, dict[str, float]]:
    """Return flows and base loads that deliver the most heat, and the output installed [MW]."""
    sites = {each.id: each for each in problem.sites}
    keys = {gis: key for key, gis in assembly.site_ids.items()}
    installed = {keys[each.site]: each.capacity_mw for each in built.sites}
    program = _Program()
    for key, option in opened.items():
        most = installed[key]
        if option.capacity_mw is not None:
            most = min(most, option.capacity_mw)
        program.feed(key, sites[key].node, most)
    _add_pipes(program, problem, built)
    _add_zones(program, problem, assembly, built)
    values = program.solved()
    solution = Solution(
        sites=tuple(
            OpenSite(key, option.id, values["site", key]) for key, option in opened.items()
        ),
        pipes=tuple(
            PipeFlow(each.edge, each.from_node, each.to_node, values["pipe", each.edge], each.size)
            for each in built.pipes
        ),
        zones=tuple(program.served(values)),
    )
    return solution, installed


def _add_pipes(program: _Program, problem: Problem, built: Built) -> None:
    edges = {each.id: each for each in problem.edges}
    for pipe in built.pipes:
        edge = edges.get(pipe.edge)
        if edge is None:
            raise CannotRunError(f"the network has no edge '{pipe.edge}'")
        most, loss, share = edge.capacity_mw, edge.loss_mw, edge.loss_per_mw
        if pipe.size is not None:
            size = next((each for each in edge.sizes if each.label == pipe.size), None)
            if size is None:
                raise CannotRunError(f"edge '{pipe.edge}' cannot have the size {pipe.size} here")
            most, loss, share = size.capacity_mw, size.loss_mw, 0.0
        else:
            most = min(math.inf if most is None else most, pipe.flow_mw)
        program.pipe(pipe, most, loss, share)


def _add_zones(program: _Program, problem: Problem, assembly: Assembly, built: Built) -> None:
    keys = {gis: key for key, gis in assembly.zone_ids.items()}
    zones = {each.id: each for each in problem.zones}
    for name in built.zones:
        if name not in keys:
            raise CannotRunError(f"zone '{name}' is not on the network here")
        program.zone(zones[keys[name]])


class _Program:
    """The linear program of a network that stands: most heat a year."""

    def __init__(self) -> None:
        self.columns: list[tuple[str, str]] = []
        self.bounds: list[tuple[float, float | None]] = []
        self.gain: list[float] = []
        self.balance: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.needed: dict[str, float] = defaultdict(float)
        self.below: list[tuple[int, int, float, float]] = []
        self.zones: list[Any] = []

    def _column(self, kind: str, name: str, low: float, high: float | None, gain: float = 0) -> int:
        self.columns.append((kind, name))
        self.bounds.append((low, high))
        self.gain.append(gain)
        return len(self.columns) - 1

    def feed(self, key: str, node: str, most_mw: float) -> None:
        """Add an open site."""
        self.balance[node].append((self._column("site", key, 0.0, most_mw), 1.0))

    def pipe(self, pipe: BuiltPipe, most_mw: float, loss_mw: float, loss_share: float) -> None:
        """Add a pipe; what enters it covers at least what it loses."""
        least = loss_mw / (1 - loss_share)
        high = None if math.isinf(most_mw) else most_mw
        if high is not None and high < least:
            raise CannotRunError(f"the pipe on edge '{pipe.edge}' loses more than it can carry")
        column = self._column("pipe", pipe.edge, least, high)
        self.balance[pipe.from_node].append((column, -1.0))
        self.balance[pipe.to_node].append((column, 1 - loss_share))
        self.needed[pipe.to_node] += loss_mw

    def zone(self, zone: Any) -> None:
        """Add a zone: base load up to its peak, heat below its load curve."""
        fixed = not zone.load_curve
        base = self._column("zone", zone.id, zone.peak_mw if fixed else 0.0, zone.peak_mw)
        self.balance[zone.node].append((base, -1.0))
        self.needed[zone.node] += zone.loss_mw
        self.zones.append(zone)
        if fixed:
            return
        heat = self._column("heat", zone.id, 0.0, zone.heat_mwh, 1.0)
        for (x0, s0), (x1, s1) in zip(zone.load_curve, zone.load_curve[1:], strict=False):
            slope = (s1 - s0) / (x1 - x0)
            # heat <= E (s0 + slope (base / P - x0))
            rate = zone.heat_mwh * slope / zone.peak_mw if zone.peak_mw > 0 else 0.0
            self.below.append((heat, base, rate, zone.heat_mwh * (s0 - slope * x0)))

    def solved(self) -> dict[tuple[str, str], float]:
        """Return the values of all columns."""
        if not self.columns:
            return {}
        nodes = sorted({*self.balance, *self.needed})
        equal = sparse.lil_array((len(nodes), len(self.columns)))
        for row, node in enumerate(nodes):
            for column, factor in self.balance[node]:
                equal[row, column] += factor
        most = sparse.lil_array((len(self.below), len(self.columns)))
        for row, (heat, base, rate, _) in enumerate(self.below):
            most[row, heat], most[row, base] = 1.0, -rate
        answer = linprog(
            -np.array(self.gain),
            A_ub=most.tocsr() if self.below else None,
            b_ub=[limit for *_, limit in self.below] if self.below else None,
            A_eq=equal.tocsr(),
            b_eq=[self.needed[node] for node in nodes],
            bounds=self.bounds,
        )
        if answer.x is None:
            raise CannotRunError("what stands cannot carry its own losses here")
        pairs = zip(self.columns, answer.x, self.bounds, strict=True)
        return {name: _within(float(value), *bound) for name, value, bound in pairs}

    def served(self, values: Mapping[tuple[str, str], float]) -> list[ServedZone]:
        """Return the zones with the heat that follows from their base load."""
        return [
            ServedZone(each.id, base := values["zone", each.id], _heat(each, base))
            for each in self.zones
        ]


def _within(value: float, low: float, high: float | None) -> float:
    return max(low, value if high is None else min(value, high))


def _heat(zone: Any, base_mw: float) -> float:
    """Return the heat of a year below a base capacity [MWh/a]."""
    if not zone.load_curve or zone.peak_mw <= 0:
        return float(zone.heat_mwh)
    x, share = zip(*zone.load_curve, strict=True)
    return float(zone.heat_mwh * np.interp(base_mw / zone.peak_mw, x, share))


def _with_idle_output(
    plan: Plan, opened: Mapping[str, SiteOption], installed: Mapping[str, float]
) -> Plan:
    """Return a plan that also pays for installed output that cannot be used."""
    sites, parts = [], defaultdict(float, plan.capex_by_component_eur)
    for each in plan.sites:
        option, idle = opened[each.site], installed[each.site] - each.capacity_mw
        if idle > TINY_MW:
            for name, per_mw in option.cost_per_mw_parts.items():
                parts[name] += per_mw * idle
            rest = option.cost_per_mw_eur - math.fsum(option.cost_per_mw_parts.values())
            if abs(rest) > 1e-9 * max(option.cost_per_mw_eur, 1.0):
                parts["sites"] += rest * idle
            each = replace(  # noqa: PLW2901 - the same site, dearer
                each, cost_eur=each.cost_eur + option.cost_per_mw_eur * idle
            )
        sites.append(each)
    capex = math.fsum(parts.values())
    return replace(
        plan,
        sites=tuple(sites),
        capex_eur=capex,
        capex_by_component_eur=dict(sorted(parts.items())),
        heat_per_euro_kwh=heat_per_euro(plan.heat_mwh, capex),
    )


def value_of(problem: Problem, plan: Plan) -> float:
    """Return what the objective counts, in its unit."""
    kind = problem.objective.kind
    if kind == "net_value":
        return net_value(problem, plan)
    known = {
        "heat_per_euro": plan.heat_per_euro_kwh,
        "max_heat": plan.heat_mwh,
        "capex": plan.capex_eur,
    }
    return known[kind]


def _proof(problem: Problem, plan: Plan | None) -> Proof:
    """Return the proof of a plan that was not searched for: none."""
    value = None if plan is None else value_of(problem, plan)
    return Proof(
        Status.FEASIBLE, problem.objective.kind, value, None, math.inf, 0.0, 0.0, "as built"
    )


def _broken(problem: Problem, plan: Plan) -> list[str]:
    """Return the limits that a plan does not keep."""
    limits, found = problem.limits, []
    slack = 1 + 1e-6
    if limits.budget_eur is not None and plan.capex_eur > limits.budget_eur * slack:
        budget = limits.budget_eur / 1e6
        found.append(f"costs {plan.capex_eur / 1e6:,.3f} M EUR, budget {budget:,.3f}")
    if limits.min_heat_mwh is not None and plan.heat_mwh * slack < limits.min_heat_mwh:
        found.append(f"gives {plan.heat_mwh:,.0f} MWh/a, {limits.min_heat_mwh:,.0f} are required")
    count, zones = len(plan.sites), len(plan.zones)
    if limits.max_sites is not None and count > limits.max_sites:
        found.append(f"opens {count} sites, at most {limits.max_sites} are wanted")
    if limits.min_sites is not None and count < limits.min_sites:
        found.append(f"opens {count} sites, at least {limits.min_sites} are wanted")
    if limits.min_zones is not None and zones < limits.min_zones:
        found.append(f"serves {zones} zones, at least {limits.min_zones} are wanted")
    opened = {each.site for each in plan.sites}
    served = {each.zone for each in plan.zones}
    for site in problem.sites:
        if site.mandatory and site.id not in opened:
            found.append(f"leaves out the mandatory site {site.id}")
        if site.forbidden and site.id in opened:
            found.append(f"opens the forbidden site {site.id}")
    for zone in problem.zones:
        if zone.mandatory and zone.id not in served:
            found.append(f"leaves out the mandatory zone {zone.id}")
        if zone.forbidden and zone.id in served:
            found.append(f"serves the forbidden zone {zone.id}")
    return found
