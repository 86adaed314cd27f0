"""Turn solver values into an exact plan: flows add up, sizes fit, nothing idles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np

from siting.model import Model
from siting.model.data import HasData
from siting.model.objectives import needs_annual_heat
from siting.model.pieces import size_for
from siting.problem import Edge, PipeSize, Problem, Zone
from siting.solution import OpenSite, PipeFlow, ServedZone, Solution
from siting.solvers.compiled import CompiledModel
from siting.solvers.outcome import FloatArray

__all__ = ["Draft", "curve_share", "entering_flow", "fits", "read_draft", "settle"]


@dataclass
class Draft:
    """Decisions read from solver values: options, arcs with their flow, zones with their base.

    ``sizes`` holds what the solver laid in sized arcs; a size larger than needed may lose less.
    """

    options: dict[int, float]
    arcs: dict[int, float]
    zones: dict[int, float]
    sizes: dict[int, PipeSize] = field(default_factory=dict)


def curve_share(zone: Zone, base_mw: float) -> float:
    """Return the share of a zone's annual heat that a base capacity [MW] covers."""
    if not zone.load_curve:
        return 1.0
    q, h = zip(*zone.load_curve, strict=True)
    return float(np.interp(base_mw / zone.peak_mw, q, h))


def read_draft(model: Model, compiled: CompiledModel, values: FloatArray) -> Draft:
    """Return the decisions that solver values stand for."""
    data, v = model.data, model.variables
    at = {name: float(value) for name, value in zip(compiled.names, values, strict=True)}
    options = {
        k: at[v.installed[k].name] * data.scale.power_mw for k in v.open if at[v.open[k].name] > 0.5
    }
    arcs = {
        a: sum(at[v.flow[a, c].name] for c in range(len(data.sources))) * data.scale.power_mw
        for (a, _), variable in v.pipe.items()
        if at[variable.name] > 0.5
    }
    zones = {}
    for z, variable in v.connect.items():
        if at[variable.name] > 0.5:
            zone = data.zone(z)
            base = at[v.base[z].name] * data.scale.power_mw if z in v.base else zone.peak_mw
            zones[z] = min(max(base, 0.0), zone.peak_mw)
    edges = data.problem.edges
    sizes = {
        a: edges[data.arcs[a].edge].sizes[p]
        for (a, p), variable in v.pipe.items()
        if at[variable.name] > 0.5 and edges[data.arcs[a].edge].sizes
    }
    return Draft(options, arcs, zones, sizes)


def settle(model: HasData, draft: Draft) -> Solution | None:
    """Return the exact solution of a draft, or None when it cannot be made to fit.

    Flows are worked out from the zones towards the sites. Each pipe gets the smallest size that
    carries its flow, or that of the draft if this loses less. Where several pipes feed one node,
    they share in the draft's proportions.
    """
    draft = replace(draft, arcs=_without_cold_pipes(model, draft))
    arcs = _useful_arcs(model, draft)
    if not _reaches_all_zones(model, draft, arcs):
        return None
    order = _upstream_order(model, arcs)
    if order is None:  # heat would circle
        draft = replace(draft, arcs=_without_circles(model, draft, arcs))
        arcs = _useful_arcs(model, draft)
        order = _upstream_order(model, arcs)
    if order is None:
        return None
    data, problem = model.data, model.data.problem
    need: dict[int, float] = defaultdict(float)
    for z, base in draft.zones.items():
        node = _node_position(model, data.zone(z).node)
        need[node] += base + data.zone(z).loss_mw
    flows: dict[int, tuple[float, PipeSize | None]] = {}
    installed: dict[int, float] = {}
    incoming: dict[int, list[int]] = defaultdict(list)
    for a in arcs:
        incoming[data.arcs[a].head].append(a)
    for node in order:
        feeders = _shares(model, draft, node, incoming[node])
        for kind, k, share in feeders:
            if kind == "site":
                installed[k] = share * need[node]
                continue
            edge = problem.edges[data.arcs[k].edge]
            entering, size = entering_flow(edge, share * need[node], draft.sizes.get(k))
            flows[k] = entering, size
            need[data.arcs[k].tail] += entering
        if not feeders and need[node] > 1e-9 * max(data.flow_limit_mw, 1e-9):
            return None
    return _solution(model, draft, flows, installed)


def _node_position(model: HasData, name: str) -> int:
    cache: dict[str, int] | None = getattr(model.data, "_node_of", None)
    if cache is None:
        cache = {each: k for k, each in enumerate(model.data.problem.nodes)}
        object.__setattr__(model.data, "_node_of", cache)
    return cache[name]


def _useful_arcs(model: HasData, draft: Draft) -> set[int]:
    """Return the arcs on a way from an open site to a connected zone."""
    data = model.data
    starts = {data.options[k].node for k in draft.options}
    ends = {_node_position(model, data.zone(z).node) for z in draft.zones}
    out: dict[int, list[int]] = defaultdict(list)
    back: dict[int, list[int]] = defaultdict(list)
    for a in draft.arcs:
        out[data.arcs[a].tail].append(a)
        back[data.arcs[a].head].append(a)
    below = _spread(starts, {n: [(a, data.arcs[a].head) for a in each] for n, each in out.items()})
    above = _spread(ends, {n: [(a, data.arcs[a].tail) for a in each] for n, each in back.items()})
    return below & above


def _reaches_all_zones(model: HasData, draft: Draft, arcs: set[int]) -> bool:
    """Whether the arcs lead from open sites to every connected zone, even one without a peak."""
    reached = {model.data.options[k].node for k in draft.options}
    reached |= {model.data.arcs[a].head for a in arcs}
    return all(_node_position(model, model.data.zone(z).node) in reached for z in draft.zones)


def _spread(starts: set[int], steps: dict[int, list[tuple[int, int]]]) -> set[int]:
    """Return the arcs met on the way from some nodes."""
    seen, stack, met = set(starts), list(starts), set()
    while stack:
        for arc, node in steps.get(stack.pop(), ()):
            met.add(arc)
            if node not in seen:
                seen.add(node)
                stack.append(node)
    return met


def _without_cold_pipes(model: HasData, draft: Draft) -> dict[int, float]:
    """Return the flow of each arc without pipes at whose end nothing arrives.

    A balance at nodes allows them where other heat arrives at their end; they only cost. One that
    leads to a zone without a peak stays: such a zone only has to be reached.
    """
    flows = dict(draft.arcs)
    edges = model.data.problem.edges
    # Where the year is split among sites, a pipe that idles at full base load may serve later.
    nothing = -1e-9 if needs_annual_heat(model.data) else 1e-9 * model.data.flow_limit_mw
    for a, flow in draft.arcs.items():
        starved = _arriving_flow(edges[model.data.arcs[a].edge], flow) <= nothing
        if starved and _reaches_all_zones(model, draft, _usable(model, draft, flows, a)):
            del flows[a]
    return flows


def _without_circles(model: HasData, draft: Draft, arcs: set[int]) -> dict[int, float]:
    """Return the flow of each arc without heat that runs in circles.

    The least flow of a circle is taken off all its arcs, and an arc that is left without flow is
    dropped, if all zones can still be reached. If not, one way to each node is kept.
    """
    flows = {a: draft.arcs[a] for a in arcs}
    while circle := _circle(model, set(flows)):
        least = min(flows[a] for a in circle)
        flows |= {a: flows[a] - least for a in circle}
        rest = ((a, _usable(model, draft, flows, a)) for a in circle if flows[a] <= 1e-12)
        dropped = next((a for a, left in rest if _reaches_all_zones(model, draft, left)), None)
        if dropped is None:
            return {a: flows[a] for a in _tree_arcs(model, draft, set(flows))}
        del flows[dropped]
    return flows


def _usable(model: HasData, draft: Draft, flows: dict[int, float], without: int) -> set[int]:
    """Return the arcs that still lie on a way from a site to a zone when one is left out."""
    left = {a: flow for a, flow in flows.items() if a != without}
    return _useful_arcs(model, replace(draft, arcs=left))


def _circle(model: HasData, arcs: set[int]) -> list[int]:
    """Return arcs that lead back to where they start, or none."""
    into: dict[int, list[int]] = defaultdict(list)
    for a in sorted(arcs):
        into[model.data.arcs[a].head].append(a)
    left = set(arcs)
    while ends := {a for a in left if not any(b in left for b in into[model.data.arcs[a].tail])}:
        left -= ends  # what nothing feeds is in no circle
    if not left:
        return []
    way = [min(left)]
    while True:
        before = next(b for b in into[model.data.arcs[way[-1]].tail] if b in left)
        if before in way:
            return way[way.index(before) :]
        way.append(before)


def _tree_arcs(model: HasData, draft: Draft, arcs: set[int]) -> set[int]:
    """Return arcs that lead to each node once, first come first served from the open sites."""
    data = model.data
    out: dict[int, list[int]] = defaultdict(list)
    for a in sorted(arcs, key=lambda a: -draft.arcs[a]):
        out[data.arcs[a].tail].append(a)
    queue = sorted({data.options[k].node for k in draft.options})
    seen, kept = set(queue), set()
    for node in queue:
        for a in out[node]:
            if data.arcs[a].head not in seen:
                seen.add(data.arcs[a].head)
                kept.add(a)
                queue.append(data.arcs[a].head)
    return kept


def _upstream_order(model: HasData, arcs: set[int]) -> list[int] | None:
    """Return nodes so that each comes after all nodes it feeds; None when flow would circle."""
    data = model.data
    nodes = {n for a in arcs for n in (data.arcs[a].tail, data.arcs[a].head)}
    nodes |= {each.node for each in data.options}
    waiting: dict[int, int] = defaultdict(int)
    feeds: dict[int, list[int]] = defaultdict(list)
    for a in arcs:
        waiting[data.arcs[a].tail] += 1
        feeds[data.arcs[a].head].append(data.arcs[a].tail)
    ready = sorted(n for n in nodes if not waiting[n])
    order: list[int] = []
    while ready:
        node = ready.pop()
        order.append(node)
        for tail in feeds[node]:
            waiting[tail] -= 1
            if not waiting[tail]:
                ready.append(tail)
    return order if len(order) == len(nodes) else None


def _shares(
    model: HasData, draft: Draft, node: int, incoming: list[int]
) -> list[tuple[str, int, float]]:
    """Return what feeds a node: sites and arcs, with the share each one carries."""
    data = model.data
    here = [k for k in data.options_at.get(node, ()) if k in draft.options]
    amounts = [("site", k, draft.options[k]) for k in here]
    for a in incoming:
        edge = data.problem.edges[data.arcs[a].edge]
        amounts.append(("arc", a, max(_arriving_flow(edge, draft.arcs[a]), 0.0)))
    total = sum(amount for _, _, amount in amounts)
    if total <= 0:
        return [(kind, k, 1 / len(amounts)) for kind, k, _ in amounts]
    return [(kind, k, amount / total) for kind, k, amount in amounts]


def _arriving_flow(edge: Edge, entering_mw: float) -> float:
    size = size_for(edge, entering_mw) if edge.sizes else None
    if size is not None:
        return entering_mw - size.loss_mw
    return entering_mw * (1 - edge.loss_per_mw) - edge.loss_mw


def entering_flow(
    edge: Edge, arriving_mw: float, wanted: PipeSize | None = None
) -> tuple[float, PipeSize | None]:
    """Return the flow that must enter an edge for a flow to arrive, and the size for it.

    That is the smallest one that carries it, or the one wanted if that carries it and loses less.
    """
    if not edge.sizes:
        return (arriving_mw + edge.loss_mw) / (1 - edge.loss_per_mw), None
    carry = (s for s in edge.sizes if s.capacity_mw * (1 + 1e-9) >= arriving_mw + s.loss_mw)
    size = next(carry, edge.sizes[-1])
    if wanted is not None and wanted.loss_mw < size.loss_mw and wanted in carry:
        size = wanted
    return arriving_mw + size.loss_mw, size


def _solution(
    model: HasData,
    draft: Draft,
    flows: dict[int, tuple[float, PipeSize | None]],
    installed: dict[int, float],
) -> Solution:
    data, problem = model.data, model.data.problem
    sites = tuple(
        OpenSite(
            problem.sites[data.options[k].site].id,
            data.options[k].option.id,
            installed.get(k, 0.0),
        )
        for k in _working_options(model, draft, flows, installed)
    )
    pipes = tuple(
        PipeFlow(
            problem.edges[data.arcs[a].edge].id,
            problem.nodes[data.arcs[a].tail],
            problem.nodes[data.arcs[a].head],
            flow,
            None if size is None else size.label,
        )
        for a, (flow, size) in sorted(flows.items())
    )
    zones = tuple(
        ServedZone(zone.id, base, zone.heat_mwh * curve_share(zone, base))
        for zone, base in ((data.zone(z), base) for z, base in sorted(draft.zones.items()))
    )
    return Solution(sites, pipes, zones)


def _working_options(
    model: HasData,
    draft: Draft,
    flows: dict[int, tuple[float, PipeSize | None]],
    installed: dict[int, float],
) -> list[int]:
    """Return the opened options without those that feed nothing and that no limit asks for."""
    data = model.data
    used = {data.arcs[a].tail for a in flows}
    used |= {_node_position(model, data.zone(z).node) for z in draft.zones}
    kept: list[int] = []
    idle: list[int] = []
    for k in sorted(draft.options):
        site = data.problem.sites[data.options[k].site]
        works = installed.get(k, 0.0) > 0 or data.options[k].node in used
        (kept if works or site.mandatory else idle).append(k)
    missing = (data.problem.limits.min_sites or 0) - len(kept)
    return sorted(kept + idle[: max(missing, 0)])


def fits(problem: Problem, solution: Solution, tolerance: float = 1e-6) -> bool:
    """Whether capacities of sites and pipes hold; the limits are checked where money is known."""
    options = {(site.id, option.id): option for site in problem.sites for option in site.choices}
    for opened in solution.sites:
        capacity = options[opened.site, opened.option].capacity_mw
        if capacity is not None and opened.capacity_mw > capacity * (1 + tolerance) + 1e-12:
            return False
    edges = {edge.id: edge for edge in problem.edges}
    for pipe in solution.pipes:
        edge = edges[pipe.edge]
        most = edge.sizes[-1].capacity_mw if edge.sizes else edge.capacity_mw
        if most is not None and pipe.flow_mw > most * (1 + tolerance) + 1e-12:
            return False
    return True
