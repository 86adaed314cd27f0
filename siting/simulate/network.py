"""Describe the pipes, consumers and sources of a plan as a network that water can flow through."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from siting.errors import Fault, InputError
from siting.parameters import Parameters
from siting.pipes import catalogue_for
from siting.plan import Plan

__all__ = [
    "Consumer",
    "HeatNet",
    "LaidPipe",
    "Size",
    "Source",
    "Water",
    "heat_net",
    "pipes_around",
    "shortest_ways_m",
    "sizes_of",
    "split_parts",
    "tree_flows",
    "without_stagnant",
]

LEAST_HEAT_W = 100.0
"""A consumer below this is left out: beside normal ones it makes the equations ill-posed."""


@dataclass(frozen=True)
class Water:
    """Temperatures and frictions that hold for a whole network.

    Parameters
    ----------
    supply_c, return_c
        Temperature at which sources supply, and to which consumers cool the water [°C].
    ground_c
        Temperature of the undisturbed ground [°C].
    roughness_mm
        Inner roughness of the pipes [mm].
    fittings_share
        Extra pressure drop for bends and valves, as a share of the straight pipe [-].
    consumer_pressure_bar
        Pressure difference that the worst consumer is given [bar].
    pump_efficiency
        Efficiency of pumps and their motors [-].
    """

    supply_c: float
    return_c: float
    ground_c: float = 8.0
    roughness_mm: float = 0.05
    fittings_share: float = 0.0
    consumer_pressure_bar: float = 0.0
    pump_efficiency: float = 0.7


@dataclass(frozen=True)
class LaidPipe:
    """A trench with a supply and a return pipe; supply water is expected to go to ``to_node``.

    ``heat_transfer_w_per_m_k`` is that of one pipe to the ground [W/(m K)].
    """

    id: str
    from_node: str
    to_node: str
    length_m: float
    inner_diameter_m: float
    heat_transfer_w_per_m_k: float
    size: str = ""


@dataclass(frozen=True)
class Consumer:
    """A heat exchanger that takes so much heat [W] and cools the water to the return."""

    id: str
    node: str
    heat_w: float


@dataclass(frozen=True)
class Source:
    """A pump with a heat exchanger; gives so much heat [W], or what is missing at the reference."""

    id: str
    node: str
    heat_w: float


@dataclass(frozen=True)
class HeatNet:
    """A network of trenches, with what is drawn and fed in on one day."""

    pipes: tuple[LaidPipe, ...]
    consumers: tuple[Consumer, ...]
    sources: tuple[Source, ...]
    water: Water

    @property
    def nodes(self) -> list[str]:
        """All nodes, in the order of pipes, consumers and sources."""
        ends = [end for pipe in self.pipes for end in (pipe.from_node, pipe.to_node)]
        places = [each.node for each in self.consumers] + [each.node for each in self.sources]
        return list(dict.fromkeys([*ends, *places]))


@dataclass(frozen=True)
class Size:
    """One step of the pipe catalogue: diameter [m], heat transfer, and the velocity cap [m/s]."""

    label: str
    inner_diameter_m: float
    heat_transfer_w_per_m_k: float
    velocity_cap_m_per_s: float


def sizes_of(
    supply_c: float,
    return_c: float,
    parameters: Parameters,
    *,
    pressure_gradient_pa_per_m: float,
    insulation_series: int,
    catalogue: str | Path = "en253",
) -> dict[str, Size]:
    """Return the pipe sizes of a catalogue by label, small to large.

    The heat transfer is ``U1 - U2`` of the buried pair, the same for supply and return, so that
    both together lose what the plan counted.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> sizes = sizes_of(
    ...     80, 50, load_parameters(), pressure_gradient_pa_per_m=150, insulation_series=2
    ... )
    >>> size = sizes["DN200"]
    >>> f"{size.heat_transfer_w_per_m_k:.4f}", size.inner_diameter_m, size.velocity_cap_m_per_s
    ('0.3063', 0.2101, 2.5)
    """
    table = catalogue_for(
        supply_c,
        return_c,
        parameters,
        pressure_gradient_pa_per_m=pressure_gradient_pa_per_m,
        insulation_series=insulation_series,
        catalogue=catalogue,
    )
    excess = supply_c + return_c - 2 * parameters.value("ground_temperature_c")
    return {
        label: Size(label, diameter, loss / excess if excess > 0 else 0.0, cap)
        for label, diameter, loss, cap in zip(
            table.labels,
            table.inner_diameter_m.tolist(),
            table.heat_loss_w_per_m.tolist(),
            table.velocity_cap_m_per_s.tolist(),
            strict=True,
        )
    }


def heat_net(
    plan: Plan,
    sizes: Mapping[str, Size],
    drawn_mw: Mapping[str, float],
    fed_in_mw: Mapping[str, float],
    nodes: Mapping[str, str],
    water: Water,
) -> HeatNet:
    """Return the network of a plan on one day.

    Parameters
    ----------
    plan
        The pipes that are laid.
    sizes
        What a pipe of each label is.
    drawn_mw, fed_in_mw
        Heat that each zone takes and each site gives [MW].
    nodes
        The node of each zone and site.
    water
        Temperatures and frictions.

    Raises
    ------
    InputError
        A pipe has no size, or one that is not in the catalogue.
    """
    unknown = [pipe for pipe in plan.pipes if pipe.size not in sizes]
    if unknown:
        names = sorted({str(pipe.size or "none") for pipe in unknown})
        raise InputError(
            Fault(
                "plan",
                f"{len(unknown):,} pipes have a size that no catalogue describes:"
                f" {', '.join(names)}.",
                "Only plans with pipes of a catalogue can be simulated.",
                tuple(pipe.edge for pipe in unknown),
            )
        )
    pipes = tuple(
        LaidPipe(
            pipe.edge,
            pipe.from_node,
            pipe.to_node,
            pipe.length_m,
            sizes[str(pipe.size)].inner_diameter_m,
            sizes[str(pipe.size)].heat_transfer_w_per_m_k,
            str(pipe.size),
        )
        for pipe in plan.pipes
    )
    consumers = tuple(Consumer(key, nodes[key], 1e6 * mw) for key, mw in drawn_mw.items())
    sources = tuple(Source(key, nodes[key], 1e6 * mw) for key, mw in fed_in_mw.items())
    return HeatNet(pipes, consumers, sources, water)


def split_parts(net: HeatNet) -> list[HeatNet]:
    """Return the connected parts of a network; in each the largest source stands first."""
    label: dict[str, int] = {}
    around = pipes_around(net.pipes)
    for start in net.nodes:
        if start in label:
            continue
        number = len(set(label.values()))
        label |= dict.fromkeys(_reached(start, around), number)
    parts = []
    for number in sorted(set(label.values())):
        sources = [each for each in net.sources if label[each.node] == number]
        parts.append(
            replace(
                net,
                pipes=tuple(each for each in net.pipes if label[each.from_node] == number),
                consumers=tuple(each for each in net.consumers if label[each.node] == number),
                sources=tuple(sorted(sources, key=lambda each: -each.heat_w)),
            )
        )
    return parts


def pipes_around(pipes: Iterable[LaidPipe]) -> dict[str, list[LaidPipe]]:
    """Return the pipes that end at each node."""
    around: dict[str, list[LaidPipe]] = defaultdict(list)
    for pipe in pipes:
        around[pipe.from_node].append(pipe)
        around[pipe.to_node].append(pipe)
    return around


def _other(pipe: LaidPipe, node: str) -> str:
    return pipe.to_node if pipe.from_node == node else pipe.from_node


def _reached(start: str, around: Mapping[str, Sequence[LaidPipe]]) -> list[str]:
    """Return all nodes that hang together with one, nearest first."""
    seen, queue = {start: None}, deque([start])
    while queue:
        node = queue.popleft()
        for pipe in around.get(node, ()):
            other = _other(pipe, node)
            if other not in seen:
                seen[other] = None
                queue.append(other)
    return list(seen)


def without_stagnant(net: HeatNet) -> tuple[HeatNet, list[str]]:
    """Return a network without consumers that take nothing and branches where nothing flows.

    Also returns the ids of the pipes that were left out. The first source stays in any case.
    """
    consumers = tuple(each for each in net.consumers if each.heat_w >= LEAST_HEAT_W)
    feeders = [each for each in net.sources[1:] if each.heat_w >= LEAST_HEAT_W]
    sources = (*net.sources[:1], *feeders)
    busy = {each.node for each in consumers} | {each.node for each in sources}
    around = {node: set(pipes) for node, pipes in pipes_around(net.pipes).items()}
    dead: set[LaidPipe] = set()
    ends = [node for node, pipes in around.items() if len(pipes) == 1 and node not in busy]
    while ends:
        node = ends.pop()
        for pipe in list(around[node]):
            dead.add(pipe)
            other = _other(pipe, node)
            around[node].discard(pipe)
            around[other].discard(pipe)
            if len(around[other]) == 1 and other not in busy:
                ends.append(other)
    kept = tuple(pipe for pipe in net.pipes if pipe not in dead)
    alive = replace(net, pipes=kept, consumers=consumers, sources=sources)
    return alive, [pipe.id for pipe in net.pipes if pipe in dead]


def shortest_ways_m(net: HeatNet) -> dict[str, float]:
    """Return the length of trench from the first source to each node, by the shortest way [m]."""
    around = pipes_around(net.pipes)
    far, queue = {net.sources[0].node: 0.0}, [(0.0, net.sources[0].node)]
    while queue:
        length, node = heapq.heappop(queue)
        if length > far[node]:
            continue
        for pipe in around.get(node, ()):
            other, reached = _other(pipe, node), length + pipe.length_m
            if reached < far.get(other, math.inf):
                far[other] = reached
                heapq.heappush(queue, (reached, other))
    return far


def tree_flows(net: HeatNet) -> dict[str, float]:
    """Return the heat that flows through each pipe of a tree, away from the first source [W].

    Of loops only the pipes that reach a node first are used; the estimate serves to find out why
    a simulation fails.
    """
    root = net.sources[0].node
    around = pipes_around(net.pipes)
    way: dict[str, LaidPipe] = {}
    order, queue = [root], deque([root])
    while queue:
        node = queue.popleft()
        for pipe in around.get(node, ()):
            other = _other(pipe, node)
            if other != root and other not in way:
                way[other] = pipe
                order.append(other)
                queue.append(other)
    need: dict[str, float] = defaultdict(float)
    for consumer in net.consumers:
        need[consumer.node] += consumer.heat_w
    for source in net.sources[1:]:
        need[source.node] -= source.heat_w
    flows = dict.fromkeys((pipe.id for pipe in net.pipes), 0.0)
    for node in reversed(order[1:]):
        pipe = way[node]
        flows[pipe.id] = need[node]
        need[_other(pipe, node)] += need[node]
    return {key: flow if math.isfinite(flow) else 0.0 for key, flow in flows.items()}
