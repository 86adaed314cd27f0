"""Derive a plan's figures from the problem and the plan's decisions alone."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from siting.errors import name_ids
from siting.plan import Plan, PlannedPipe, PlannedSite, PlannedZone
from siting.problem import Edge, PipeSize, Problem, Site, SiteOption, Zone
from siting.solution import Proof, Status
from siting.verify.ledger import Ledger, said

__all__ = ["plan_warnings", "verify_plan"]

T = TypeVar("T")
P = TypeVar("P")


def verify_plan(problem: Problem, plan: Plan, tolerance: float = 1e-6) -> list[str]:
    """Return every disagreement between a plan and its problem, empty when all agrees.

    Decisions are taken from the plan (what is opened, built and connected, installed output,
    direction, flow, size, base capacity, and how the sites share the yearly heat). Every other
    figure is derived from them and the problem, and compared.

    Parameters
    ----------
    problem, plan
        What could be built, and what is said to be built.
    tolerance
        Relative tolerance [-]; figures below one unit (MW, MWh/a, EUR) are compared on the
        scale of one unit.

    Returns
    -------
    One sentence for each disagreement, with the element, the plan's figure and the derived one.
    """
    ledger = Ledger(tolerance)
    facts = _Facts.of(problem, plan, ledger)
    _check_pipes(facts, ledger)
    _check_sites(facts, ledger)
    _check_zones(facts, ledger)
    _check_feeding(facts, ledger)
    _check_balances(facts, ledger)
    _check_source_heat(facts, ledger)
    _check_totals(facts, ledger)
    if plan.proof.status not in {Status.INFEASIBLE, Status.NO_PLAN}:
        _check_limits(facts, ledger)
    _check_proof(facts, ledger)
    return ledger.found


def plan_warnings(problem: Problem, plan: Plan) -> list[str]:
    """Return what is odd or wasteful in a plan although its figures agree."""
    facts = _Facts.of(problem, plan, Ledger())
    ledger = Ledger()
    for each in facts.sites:
        if each.planned.capacity_mw <= ledger.tolerance and not each.site.mandatory:
            ledger.say(f"site '{each.site.id}': is open, but feeds in nothing.")
    for edge, pipe in facts.pipes:
        smaller = _cheaper_size(edge, pipe)
        if smaller is not None:
            ledger.say(
                f"pipe '{edge.id}': size '{pipe.size}' carries {said(pipe.flow_mw, 'MW')}; the"
                f" cheaper size '{smaller.label}' would do ({said(smaller.capacity_mw, 'MW')})."
            )
    for network in _networks(facts):
        if network.heat_mwh > network.most_mwh + ledger.slack(network.heat_mwh):
            ledger.say(
                f"network of {name_ids(network.site_ids)}: {said(network.heat_mwh, 'MWh/a')} is"
                f" needed, and its sites at full output in all hours give only"
                f" {said(network.most_mwh, 'MWh/a')}."
            )
    return ledger.found


# Decisions and what follows from them ----------------------------------------------------------


@dataclass(frozen=True)
class _Opened:
    """An open site with its option."""

    site: Site
    option: SiteOption
    planned: PlannedSite

    @property
    def cost_eur(self) -> float:
        return self.option.cost_eur + self.option.cost_per_mw_eur * self.planned.capacity_mw


@dataclass(frozen=True)
class _Facts:
    """The plan's decisions, each beside the element of the problem that it is about."""

    problem: Problem
    plan: Plan
    pipes: tuple[tuple[Edge, PlannedPipe], ...]
    sites: tuple[_Opened, ...]
    zones: tuple[tuple[Zone, PlannedZone], ...]

    @classmethod
    def of(cls, problem: Problem, plan: Plan, ledger: Ledger) -> _Facts:
        """Pair decisions with elements; ids that do not exist or stand twice go to the ledger."""
        edges = {edge.id: edge for edge in problem.edges}
        sites = {site.id: site for site in problem.sites}
        zones = {zone.id: zone for zone in problem.zones}
        opened = []
        for site, planned in _pairs("site", plan.sites, lambda each: each.site, sites, ledger):
            option = next((o for o in site.choices if o.id == planned.option), None)
            if option is None:
                ledger.say(
                    f"site '{site.id}': option '{planned.option}' is unknown; the problem has"
                    f" {name_ids([each.id for each in site.choices])}."
                )
            else:
                opened.append(_Opened(site, option, planned))
        return cls(
            problem,
            plan,
            tuple(_pairs("pipe", plan.pipes, lambda each: each.edge, edges, ledger)),
            tuple(opened),
            tuple(_pairs("zone", plan.zones, lambda each: each.zone, zones, ledger)),
        )

    @property
    def heat_mwh(self) -> float:
        return math.fsum(_zone_heat(zone, planned.base_mw) for zone, planned in self.zones)

    @property
    def loss_mwh(self) -> float:
        lost = [_pipe_loss(edge, pipe) for edge, pipe in self.pipes]
        lost += [zone.loss_mw for zone, _ in self.zones]
        return self.problem.hours_per_a * math.fsum(lost)

    @property
    def capex_eur(self) -> float:
        return math.fsum(
            [
                *(each.cost_eur for each in self.sites),
                *(_pipe_cost(edge, pipe) for edge, pipe in self.pipes),
                *(zone.cost_eur for zone, _ in self.zones),
            ]
        )


def _pairs(
    kind: str,
    decisions: Iterable[P],
    key: Callable[[P], str],
    known: Mapping[str, T],
    ledger: Ledger,
) -> list[tuple[T, P]]:
    """Return each element with its first decision."""
    pairs: list[tuple[T, P]] = []
    seen: set[str] = set()
    for each in decisions:
        name = key(each)
        if name not in known:
            ledger.say(f"{kind} '{name}': stands in the plan, but the problem does not have it.")
        elif name in seen:
            ledger.say(f"{kind} '{name}': stands in the plan more than once.")
        else:
            pairs.append((known[name], each))
        seen.add(name)
    return pairs


def _chosen_size(edge: Edge, pipe: PlannedPipe) -> PipeSize | None:
    return next((size for size in edge.sizes if size.label == pipe.size), None)


def _cheaper_size(edge: Edge, pipe: PlannedPipe) -> PipeSize | None:
    """Return the cheapest size that carries the flow, costs less and loses no more."""
    chosen = _chosen_size(edge, pipe)
    if chosen is None:
        return None
    fitting = (
        size
        for size in edge.sizes
        if size.capacity_mw >= pipe.flow_mw
        and size.cost_eur < chosen.cost_eur
        and size.loss_mw <= chosen.loss_mw
    )
    return min(fitting, key=lambda size: size.cost_eur, default=None)


def _pipe_cost(edge: Edge, pipe: PlannedPipe) -> float:
    """Return the cost of a pipe at its flow and size [EUR]."""
    if edge.sizes:
        size = _chosen_size(edge, pipe)
        return size.cost_eur if size else math.nan
    return edge.cost_eur + edge.cost_per_mw_eur * pipe.flow_mw


def _pipe_loss(edge: Edge, pipe: PlannedPipe) -> float:
    """Return the heat that a pipe loses at its flow and size [MW]."""
    if edge.sizes:
        size = _chosen_size(edge, pipe)
        return size.loss_mw if size else math.nan
    return edge.loss_mw + edge.loss_per_mw * pipe.flow_mw


def _pipe_capacity(edge: Edge, pipe: PlannedPipe) -> float | None:
    """Return what a pipe can carry [MW], nothing for no limit."""
    if edge.sizes:
        size = _chosen_size(edge, pipe)
        return size.capacity_mw if size else math.nan
    return edge.capacity_mw


def _zone_heat(zone: Zone, base_mw: float) -> float:
    """Return the yearly heat under the load curve up to a base capacity [MWh/a]."""
    points = zone.load_curve
    if not points:
        return zone.heat_mwh
    share = base_mw / zone.peak_mw
    for (x0, y0), (x1, y1) in pairwise(points):
        if share <= x1:
            return zone.heat_mwh * (y0 + (y1 - y0) * (share - x0) / (x1 - x0))
    return zone.heat_mwh * points[-1][1]


# Elements ---------------------------------------------------------------------------------------


def _check_pipes(facts: _Facts, ledger: Ledger) -> None:
    for edge, pipe in facts.pipes:
        place = f"pipe '{edge.id}'"
        if edge.forbidden:
            ledger.say(f"{place}: is built, but forbidden.")
        _check_direction(place, edge, pipe, ledger)
        capacity = _check_size(place, edge, pipe, ledger)
        ledger.within(place, "flow_mw", pipe.flow_mw, least=0.0, most=capacity, unit="MW")
        ledger.agree(place, "length_m", pipe.length_m, edge.length_m, "m")
        if capacity is None or math.isfinite(capacity):  # else the size is unknown
            ledger.agree(place, "capacity_mw", pipe.capacity_mw, capacity, "MW")
            ledger.agree(place, "loss_mw", pipe.loss_mw, _pipe_loss(edge, pipe), "MW", floor=1e-2)
            ledger.agree(place, "cost_eur", pipe.cost_eur, _pipe_cost(edge, pipe), "EUR")


def _check_direction(place: str, edge: Edge, pipe: PlannedPipe, ledger: Ledger) -> None:
    ways = [(edge.u, edge.v)] if edge.one_way else [(edge.u, edge.v), (edge.v, edge.u)]
    way = (pipe.from_node, pipe.to_node)
    if way not in ways:
        allowed = " or ".join(f"from '{u}' to '{v}'" for u, v in ways)
        ledger.say(
            f"{place}: runs from '{way[0]}' to '{way[1]}' in the plan; it can only run {allowed}."
        )


def _check_size(place: str, edge: Edge, pipe: PlannedPipe, ledger: Ledger) -> float | None:
    """Check the label of the size, and return the capacity [MW]."""
    if edge.sizes and _chosen_size(edge, pipe) is None:
        ledger.say(
            f"{place}: size {said(pipe.size)} is not one of its sizes"
            f" {name_ids([size.label for size in edge.sizes], shown=10)}."
        )
    if not edge.sizes and pipe.size is not None:
        ledger.say(f"{place}: size '{pipe.size}' is given, but the pipe has no list of sizes.")
    return _pipe_capacity(edge, pipe)


def _check_sites(facts: _Facts, ledger: Ledger) -> None:
    for each in facts.sites:
        site, option, planned = each.site, each.option, each.planned
        place = f"site '{site.id}'"
        if site.forbidden:
            ledger.say(f"{place}: is open, but forbidden.")
        ledger.within(
            place,
            "capacity_mw",
            planned.capacity_mw,
            least=0.0,
            most=option.capacity_mw,
            unit="MW",
            why=f"option '{option.id}'",
        )
        ledger.agree(place, "cost_eur", planned.cost_eur, each.cost_eur, "EUR")
        power = option.electricity_mwh_per_mwh * planned.heat_mwh
        ledger.agree(place, "electricity_mwh", planned.electricity_mwh, power, "MWh/a")
    groups: dict[str, list[str]] = defaultdict(list)
    for each in facts.sites:
        if each.site.group is not None:
            groups[each.site.group].append(each.site.id)
    for group, members in groups.items():
        if len(members) > 1:
            ledger.say(f"group '{group}': sites {name_ids(members)} are open; one may be.")


def _check_zones(facts: _Facts, ledger: Ledger) -> None:
    for zone, planned in facts.zones:
        place = f"zone '{zone.id}'"
        if zone.forbidden:
            ledger.say(f"{place}: is connected, but forbidden.")
        if zone.load_curve:
            base = planned.base_mw
            ledger.within(place, "base_mw", base, least=0.0, most=zone.peak_mw, unit="MW")
        else:
            ledger.agree(place, "base_mw", planned.base_mw, zone.peak_mw, "MW")
        heat = _zone_heat(zone, planned.base_mw)
        ledger.agree(place, "heat_mwh", planned.heat_mwh, heat, "MWh/a")
        ledger.agree(place, "demand_mwh", planned.demand_mwh, zone.heat_mwh, "MWh/a")
        ledger.agree(place, "peak_mw", planned.peak_mw, zone.peak_mw, "MW")
        ledger.agree(place, "cost_eur", planned.cost_eur, zone.cost_eur, "EUR")


# The network ------------------------------------------------------------------------------------


def _check_feeding(facts: _Facts, ledger: Ledger) -> None:
    """Follow the flow from the open sites; every pipe and zone must be met."""
    leaving: dict[str, list[str]] = defaultdict(list)
    for _, pipe in facts.pipes:
        leaving[pipe.from_node].append(pipe.to_node)
    fed = {each.site.node for each in facts.sites}
    queue = deque(fed)
    while queue:
        for node in leaving[queue.popleft()]:
            if node not in fed:
                fed.add(node)
                queue.append(node)
    for edge, pipe in facts.pipes:
        if pipe.from_node not in fed:
            ledger.say(
                f"pipe '{edge.id}': no open site feeds its start '{pipe.from_node}' in flow"
                " direction."
            )
    for zone, _ in facts.zones:
        if zone.node not in fed:
            ledger.say(
                f"zone '{zone.id}': no open site feeds its node '{zone.node}' in flow direction."
            )


def _check_balances(facts: _Facts, ledger: Ledger) -> None:
    """Compare what comes to each node with what leaves it, at full base load."""
    gains: dict[str, list[float]] = defaultdict(list)
    uses: dict[str, list[float]] = defaultdict(list)
    for each in facts.sites:
        gains[each.site.node].append(each.planned.capacity_mw)
    for edge, pipe in facts.pipes:
        uses[pipe.from_node].append(pipe.flow_mw)
        gains[pipe.to_node].append(pipe.flow_mw - _pipe_loss(edge, pipe))
    for zone, planned in facts.zones:
        uses[zone.node].extend((planned.base_mw, zone.loss_mw))
    for node in dict.fromkeys([*gains, *uses]):
        gain, use = math.fsum(gains[node]), math.fsum(uses[node])
        scale = math.fsum(map(abs, gains[node]))
        if math.isfinite(gain) and not ledger.near(gain, use, floor=max(1.0, scale)):
            ledger.say(
                f"node '{node}': {said(gain, 'MW')} arrives or is fed in, but {said(use, 'MW')}"
                " leaves or is used."
            )


@dataclass(frozen=True)
class _Network:
    """Pipes, sites and zones that hang together; heat needed and most heat [MWh/a]."""

    sites: tuple[_Opened, ...]
    heat_mwh: float
    most_mwh: float

    @property
    def site_ids(self) -> list[str]:
        return [each.site.id for each in self.sites]


def _networks(facts: _Facts) -> list[_Network]:
    """Return the connected networks, ignoring directions."""
    root: dict[str, str] = {}

    def find(node: str) -> str:
        path = [node]
        while (above := root.setdefault(path[-1], path[-1])) != path[-1]:
            path.append(above)
        root.update(dict.fromkeys(path, path[-1]))
        return path[-1]

    for _, pipe in facts.pipes:
        root[find(pipe.from_node)] = find(pipe.to_node)
    hours = facts.problem.hours_per_a
    needs: dict[str, list[float]] = defaultdict(list)
    sites: dict[str, list[_Opened]] = defaultdict(list)
    for each in facts.sites:
        sites[find(each.site.node)].append(each)
    for edge, pipe in facts.pipes:
        needs[find(pipe.from_node)].append(hours * _pipe_loss(edge, pipe))
    for zone, planned in facts.zones:
        heat = _zone_heat(zone, planned.base_mw) + hours * zone.loss_mw
        needs[find(zone.node)].append(heat)
    return [
        _Network(
            tuple(sites[node]),
            math.fsum(needs[node]),
            hours * math.fsum(each.planned.capacity_mw for each in sites[node]),
        )
        for node in dict.fromkeys([*sites, *needs])
    ]


def _check_source_heat(facts: _Facts, ledger: Ledger) -> None:
    """Compare each network's yearly heat fed in with what it delivers and loses."""
    hours = facts.problem.hours_per_a
    strict = facts.problem.objective.kind == "net_value"
    for network in _networks(facts):
        if not network.sites:
            continue  # a zone or pipe without a site was reported before
        given = math.fsum(each.planned.heat_mwh for each in network.sites)
        place = f"network of {name_ids(network.site_ids)}"
        if math.isfinite(network.heat_mwh):
            ledger.agree(place, "heat_mwh fed in", given, network.heat_mwh, "MWh/a")
        enough = network.most_mwh >= network.heat_mwh - ledger.slack(network.heat_mwh)
        for each in network.sites:
            most = hours * each.planned.capacity_mw
            ledger.within(
                f"site '{each.site.id}'",
                "heat_mwh",
                each.planned.heat_mwh,
                least=0.0,
                most=most if enough or strict else None,
                unit="MWh/a",
                why=f"{said(each.planned.capacity_mw, 'MW')} in {said(hours, 'h/a')}",
            )


# Totals, limits, proof --------------------------------------------------------------------------


def _ratio(heat_mwh: float, capex_eur: float) -> float:
    """Return heat per euro [kWh/(a EUR)]; 0 without heat, infinite without investment."""
    if heat_mwh <= 0:
        return 0.0
    return heat_mwh * 1000 / capex_eur if capex_eur > 0 else math.inf


def _check_totals(facts: _Facts, ledger: Ledger) -> None:
    plan = facts.plan
    ledger.agree("plan", "heat_mwh", plan.heat_mwh, facts.heat_mwh, "MWh/a")
    ledger.agree("plan", "loss_mwh", plan.loss_mwh, facts.loss_mwh, "MWh/a")
    ledger.agree("plan", "capex_eur", plan.capex_eur, facts.capex_eur, "EUR")
    ratio = _ratio(facts.heat_mwh, facts.capex_eur)
    told = plan.heat_per_euro_kwh
    ledger.agree("plan", "heat_per_euro_kwh", told, ratio, "kWh/(a EUR)", floor=1e-9)
    _check_components(facts, ledger)


def _check_components(facts: _Facts, ledger: Ledger) -> None:
    """Compare the split of the investment with its sum, and with the splits of the problem."""
    told = facts.plan.capex_by_component_eur
    ledger.agree(
        "plan", "sum of capex_by_component_eur", math.fsum(told.values()), facts.capex_eur, "EUR"
    )
    derived: dict[str, float] = defaultdict(float)
    for place, name, cost, parts in _splits(facts):
        split = math.fsum(parts.values())
        if split > cost + ledger.slack(cost):
            ledger.say(
                f"{place}: the parts of its cost add up to {said(split, 'EUR')}; its cost is"
                f" {said(cost, 'EUR')}."
            )
        for part, figure in parts.items():
            derived[part] += figure
        if not ledger.near(split, cost):
            derived[name] += cost - split
    for name in dict.fromkeys([*told, *derived]):
        ledger.agree(
            "plan",
            f"capex_by_component_eur '{name}'",
            told.get(name, 0.0),
            derived.get(name, 0.0),
            "EUR",
            floor=max(1.0, facts.capex_eur),
        )


def _splits(facts: _Facts) -> Iterable[tuple[str, str, float, dict[str, float]]]:
    """Yield place, general component, cost [EUR] and its named parts [EUR] of what is built."""
    for each in facts.sites:
        place, option, power = f"site '{each.site.id}'", each.option, each.planned.capacity_mw
        yield place, "sites", option.cost_eur, dict(option.cost_parts)
        rates = {name: rate * power for name, rate in option.cost_per_mw_parts.items()}
        yield place, "sites", option.cost_per_mw_eur * power, rates
    for edge, pipe in facts.pipes:
        cost = _pipe_cost(edge, pipe)
        lumps = edge.lump_parts
        rest = cost - math.fsum(lumps.values())
        parts = {
            name: edge.cost_shares.get(name, 0.0) * rest + lumps.get(name, 0.0)
            for name in dict.fromkeys([*edge.cost_shares, *lumps])
        }
        yield f"pipe '{edge.id}'", "pipes", cost, parts
    for zone, _ in facts.zones:
        yield f"zone '{zone.id}'", "connections", zone.cost_eur, dict(zone.cost_parts)


def _check_limits(facts: _Facts, ledger: Ledger) -> None:
    problem, limits = facts.problem, facts.problem.limits
    ledger.within(
        "plan",
        "capex_eur",
        facts.capex_eur,
        most=limits.budget_eur,
        unit="EUR",
        why="the budget",
    )
    ledger.within("plan", "heat_mwh", facts.heat_mwh, least=limits.min_heat_mwh, unit="MWh/a")
    sites, zones = len(facts.sites), len(facts.zones)
    if limits.min_sites is not None and sites < limits.min_sites:
        ledger.say(f"plan: {sites} sites are open; at least {limits.min_sites} are needed.")
    if limits.max_sites is not None and sites > limits.max_sites:
        ledger.say(f"plan: {sites} sites are open; at most {limits.max_sites} are allowed.")
    if limits.min_zones is not None and zones < limits.min_zones:
        ledger.say(f"plan: {zones} zones are connected; at least {limits.min_zones} are needed.")
    opened = {each.site.id for each in facts.sites}
    served = {zone.id for zone, _ in facts.zones}
    for site in problem.sites:
        if site.mandatory and site.id not in opened:
            ledger.say(f"site '{site.id}': is mandatory, but not open.")
    for zone in problem.zones:
        if zone.mandatory and zone.id not in served:
            ledger.say(f"zone '{zone.id}': is mandatory, but not connected.")


@dataclass(frozen=True)
class _Value:
    """The value of a plan, its unit, and the size of the terms that it is the sum of."""

    figure: float
    unit: str
    scale: float


def _value(facts: _Facts) -> _Value:
    """Return the value of a plan in the unit of its objective."""
    objective = facts.problem.objective
    heat, capex = facts.heat_mwh, facts.capex_eur
    if objective.kind == "heat_per_euro":
        return _Value(_ratio(heat, capex), "kWh/(a EUR)", 1e-3)
    if objective.kind == "max_heat":
        return _Value(heat, "MWh/a", 1.0)
    if objective.kind == "capex":
        return _Value(capex, "EUR", 1.0)
    terms = [-objective.capital_factor * capex]
    for zone, planned in facts.zones:
        worth = zone.value_eur_per_mwh + objective.heat_price_eur_per_mwh
        terms += [zone.value_eur, worth * _zone_heat(zone, planned.base_mw)]
    terms += [-each.option.cost_per_mwh_eur * each.planned.heat_mwh for each in facts.sites]
    return _Value(math.fsum(terms), "EUR", max(1.0, math.fsum(map(abs, terms))))


def _check_proof(facts: _Facts, ledger: Ledger) -> None:
    proof = facts.plan.proof
    ledger.same("proof", "objective", proof.objective, facts.problem.objective.kind)
    for name, figure in (("seconds", proof.seconds), ("gap_wanted", proof.gap_wanted)):
        ledger.within("proof", name, figure, least=0.0)
    if proof.price_mwh_per_eur is not None:
        ledger.within("proof", "price_mwh_per_eur", proof.price_mwh_per_eur, least=0.0)
    _check_trail(proof, facts.problem, ledger)
    if proof.status in {Status.INFEASIBLE, Status.NO_PLAN}:
        if not facts.plan.is_empty or proof.incumbent is not None:
            ledger.say(f"proof: status is '{proof.status}', but there is a plan.")
        return
    value = _value(facts)
    ledger.agree("proof", "incumbent", proof.incumbent, value.figure, value.unit, floor=value.scale)
    _check_bound(proof, value, facts.problem, ledger)
    _check_status(proof, value, ledger)


def _check_bound(proof: Proof, value: _Value, problem: Problem, ledger: Ledger) -> None:
    """Check that no plan is better than the bound, least of all this one."""
    if proof.bound is None:
        return
    ahead = value.figure - proof.bound
    if problem.objective.kind == "capex":
        ahead = -ahead
    slack = ledger.slack(value.figure, proof.bound, floor=value.scale)
    if not (ahead <= slack or value.figure == proof.bound):
        ledger.say(
            f"proof: bound is {said(proof.bound, value.unit)}, and the plan itself, at"
            f" {said(value.figure, value.unit)}, is better."
        )


def _gap(bound: float | None, value: _Value, ledger: Ledger) -> float:
    """Return the relative distance from a plan to its bound [-]."""
    if bound is None:
        return math.inf
    if bound == value.figure:
        return 0.0
    if value.figure == 0 or not math.isfinite(value.figure):
        close = abs(bound - value.figure) <= ledger.tolerance * value.scale
        return 0.0 if close else math.inf
    return abs(bound - value.figure) / abs(value.figure)


def _check_status(proof: Proof, value: _Value, ledger: Ledger) -> None:
    """Check the gap, and that the status says the same as the gap."""
    gap = _gap(proof.bound, value, ledger)
    # A value that is a small rest of large terms is itself only known that well.
    floor = max(1.0, value.scale / abs(value.figure)) if value.figure else 1.0
    ledger.agree("proof", "gap", proof.gap, gap, floor=floor)
    slack = ledger.slack(gap, floor=floor)
    proven = proof.status is Status.OPTIMAL
    if proven and not gap <= proof.gap_wanted + slack:
        ledger.say(
            f"proof: status is '{proof.status}', but the gap is {said(gap)} and"
            f" {said(proof.gap_wanted)} was wanted."
        )
    if not proven and gap < proof.gap_wanted - slack:
        ledger.say(
            f"proof: status is '{proof.status}', but the gap of {said(gap)} is within the"
            f" {said(proof.gap_wanted)} that was wanted."
        )


def _check_trail(proof: Proof, problem: Problem, ledger: Ledger) -> None:
    """Check that the trail runs forward and that no step beats the final bound."""
    seconds = [step.seconds for step in proof.trail]
    if seconds != sorted(seconds):
        ledger.say("proof: the trail of improvements does not run forward in time.")
    sign = -1.0 if problem.objective.kind == "capex" else 1.0
    best = max((sign * s.incumbent for s in proof.trail if s.incumbent is not None), default=None)
    if best is None or proof.bound is None:
        return
    if best > sign * proof.bound + ledger.slack(best, proof.bound):
        ledger.say(
            f"proof: the trail holds a plan of {said(sign * best)}, better than the bound"
            f" {said(proof.bound)}."
        )
