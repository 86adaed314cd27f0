"""Say in words why a network has no state that could be found, or one that cannot be believed."""

from __future__ import annotations

import math
from collections import deque

from siting.errors import name_ids
from siting.pipes import WATER_70C, outlet_temperature, velocity, water_flow_for_heat
from siting.simulate.network import HeatNet, pipes_around, tree_flows

__all__ = ["arrival_temperatures_c", "likely_reasons", "unreached"]

FAR_TOO_FAST_M_PER_S = 5.0
"""Above the absolute cap of 3.5 m/s of design practice, so that no size of the plan explains it."""

UNEQUAL = 1e-4
SLOW_M_PER_S = 0.01


def unreached(net: HeatNet) -> str:
    """Return that a part has no source, or nothing if it has one."""
    if net.sources or not net.consumers:
        return ""
    ids = [each.id for each in net.consumers]
    many = "zone" if len(ids) == 1 else "zones"
    return f"No path: no pipe leads from any source to {many} {name_ids(ids)}."


def likely_reasons(net: HeatNet) -> list[str]:
    """Return what probably keeps a connected network from converging, likely causes first.

    Parameters
    ----------
    net
        The part of the network that did not converge.
    """
    water = net.water
    if not water.supply_c > water.return_c:
        text = (
            f"The supply of {water.supply_c:g} °C is not warmer than the return of"
            f" {water.return_c:g} °C, so water carries no heat."
        )
        return [text]
    found = [_too_fast(net), _too_cold(net), _too_much_fed_in(net), _unequal(net), _loops(net)]
    reasons = [each for each in found if each]
    return reasons or ["No single cause stands out; look at the pipes with the least flow."]


def _too_fast(net: HeatNet) -> str:
    """Say which pipes would have to carry far more than they can."""
    spread = (net.water.supply_c, net.water.return_c)
    heat = tree_flows(net)
    speeds = {
        pipe.id: float(
            velocity(water_flow_for_heat(abs(heat[pipe.id]) / 1e6, *spread), pipe.inner_diameter_m)
        )
        for pipe in net.pipes
    }
    fast = sorted(
        (key for key, speed in speeds.items() if speed > FAR_TOO_FAST_M_PER_S),
        key=lambda key: -speeds[key],
    )
    if not fast:
        return ""
    many = "pipe" if len(fast) == 1 else "pipes"
    return (
        f"Flow far above capacity: water would have to run at up to {speeds[fast[0]]:.1f} m/s in"
        f" {many} {name_ids(fast)}. Enlarge them or serve fewer zones."
    )


def arrival_temperatures_c(net: HeatNet) -> dict[str, float]:
    """Return how warm water arrives at each node with the flows of the design temperatures [°C].

    Nodes to which nothing flows are left out.
    """
    spread = (net.water.supply_c, net.water.return_c)
    heat = tree_flows(net)
    start = {each.node: net.water.supply_c for each in net.sources}
    around = pipes_around(net.pipes)
    found, queue = dict(start), deque(start)
    while queue:
        node = queue.popleft()
        for pipe in around.get(node, ()):
            if heat[pipe.id] <= 0:
                continue
            other = pipe.to_node if pipe.from_node == node else pipe.from_node
            if other in found:
                continue
            found[other] = outlet_temperature(
                found[node],
                net.water.ground_c,
                pipe.heat_transfer_w_per_m_k,
                pipe.length_m,
                float(water_flow_for_heat(heat[pipe.id] / 1e6, *spread)),
            )
            queue.append(other)
    return found


def _too_cold(net: HeatNet) -> str:
    """Say where water would arrive no warmer than it is meant to leave."""
    arrives = arrival_temperatures_c(net)
    cold = [
        each for each in net.consumers if arrives.get(each.node, math.inf) <= net.water.return_c
    ]
    if not cold:
        return ""
    worst = min(cold, key=lambda each: arrives[each.node])
    return (
        f"Too little flow: water would arrive at {name_ids([each.id for each in cold])} with"
        f" {arrives[worst.node]:.0f} °C, which is not warmer than the return of"
        f" {net.water.return_c:g} °C. Keep a minimum flow by a bypass, or lay a smaller pipe."
    )


def _too_much_fed_in(net: HeatNet) -> str:
    """Say that feeders give more than is drawn and lost."""
    given = math.fsum(each.heat_w for each in net.sources[1:])
    drawn = math.fsum(each.heat_w for each in net.consumers)
    excess = (net.water.supply_c + net.water.return_c) - 2 * net.water.ground_c
    lost = math.fsum(pipe.heat_transfer_w_per_m_k * pipe.length_m for pipe in net.pipes) * excess
    if given <= drawn + lost:
        return ""
    return (
        f"Too much is fed in: sources beside '{net.sources[0].id}' give {given / 1e6:.2f} MW, but"
        f" only {(drawn + lost) / 1e6:.2f} MW are drawn and lost. Water would run backwards"
        " through its pump. Let one of them give less."
    )


def _unequal(net: HeatNet) -> str:
    """Say that tiny consumers stand beside large ones."""
    most = max((each.heat_w for each in net.consumers), default=0.0)
    tiny = [each.id for each in net.consumers if each.heat_w < UNEQUAL * most]
    if not tiny:
        return ""
    return (
        f"Tiny consumers beside large ones: {name_ids(tiny)} take less than a ten-thousandth of"
        " the largest. Join them with a neighbour."
    )


def _loops(net: HeatNet) -> str:
    """Say that there are loops in which hardly anything flows."""
    loops = len(net.pipes) - len(net.nodes) + 1
    if loops <= 0:
        return ""
    spread = net.water.supply_c - net.water.return_c
    area = min(pipe.inner_diameter_m for pipe in net.pipes) ** 2 * math.pi / 4
    least = SLOW_M_PER_S * area * WATER_70C.density * WATER_70C.heat_capacity * spread
    heat = tree_flows(net)
    still = [pipe.id for pipe in net.pipes if abs(heat[pipe.id]) < least]
    if not still:
        return ""
    many = "loop" if loops == 1 else "loops"
    return f"Zero flow in {loops:,} {many}: hardly any water moves in {name_ids(still)}. Cut it."
