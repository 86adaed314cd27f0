"""Compare the simulated state of a plan with what it assumed, and say what to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from siting.pipes import pressure_gradient, pump_power_kw, velocity, water_flow_for_heat
from siting.plan import PlannedPipe
from siting.problem import Edge
from siting.simulate.engine import PipeState, State
from siting.simulate.network import HeatNet, Size, Source, Water, pipes_around
from siting.simulate.results import ConsumerResult, Finding, PipeResult, SourceResult

__all__ = [
    "Limits",
    "consumer_findings",
    "consumer_results",
    "pipe_findings",
    "pipe_results",
    "smallest_size",
    "source_findings",
    "source_results",
]

TOLERANCE = 0.05
"""How far a flow may lie above its limit [-]; pressure drops rise with its square."""


@dataclass(frozen=True)
class Limits:
    """What a simulated plan must keep.

    Parameters
    ----------
    gradient_pa_per_m
        Pressure drop per metre of one pipe that the plan was sized for [Pa/m].
    supply_drop_k
        Largest drop of the supply temperature on the way to a consumer [K].
    """

    gradient_pa_per_m: float
    supply_drop_k: float


# Pipes ------------------------------------------------------------------------------------------


def smallest_size(
    flow_kg_per_s: float, sizes: Iterable[Size], gradient_pa_per_m: float, roughness_mm: float
) -> Size | None:
    """Return the smallest size that carries a flow within velocity cap and pressure gradient.

    Parameters
    ----------
    flow_kg_per_s
        Mass flow, above 0 [kg/s].
    sizes
        What may be laid, small to large.
    gradient_pa_per_m
        Largest pressure drop per metre of one pipe [Pa/m].
    roughness_mm
        Inner roughness [mm].

    Returns
    -------
    The size, or None if none is large enough.

    Examples
    --------
    >>> sizes = [Size("DN50", 0.0545, 0.181, 1.2), Size("DN65", 0.0703, 0.203, 1.2)]
    >>> smallest_size(2.5, sizes, 150.0, 0.05).label
    'DN65'
    """
    for size in sizes:
        speed = float(velocity(flow_kg_per_s, size.inner_diameter_m))
        drop = float(pressure_gradient(flow_kg_per_s, size.inner_diameter_m, roughness_mm))
        if speed <= size.velocity_cap_m_per_s and drop <= gradient_pa_per_m:
            return size
    return None


def pipe_results(
    planned: Sequence[PlannedPipe],
    states: Mapping[str, PipeState],
    sizes: Mapping[str, Size],
    water: Water,
    share: float,
) -> list[PipeResult]:
    """Return each pipe against the plan; ``share`` is the load of the day over full load [-]."""
    found = []
    for pipe in planned:
        state = states.get(pipe.edge, PipeState(pipe.edge, 0.0, 0.0, 0.0, 0.0))
        heat_mw = share * pipe.flow_mw
        found.append(
            PipeResult(
                pipe_id=pipe.edge,
                size=str(pipe.size),
                flow_kg_per_s=abs(state.flow_kg_per_s),
                planned_flow_kg_per_s=_flow(heat_mw, water),
                velocity_m_per_s=state.velocity_m_per_s,
                velocity_cap_m_per_s=sizes[str(pipe.size)].velocity_cap_m_per_s,
                gradient_pa_per_m=state.gradient_pa_per_m,
                heat_loss_kw=state.loss_w / 1e3,
                planned_heat_loss_kw=pipe.loss_mw * 1e3,
            )
        )
    return found


def _flow(heat_mw: float, water: Water) -> float:
    """Return the flow that carries heat at the design temperatures [kg/s]."""
    return float(water_flow_for_heat(heat_mw, water.supply_c, water.return_c))


def pipe_findings(
    day: str,
    results: Sequence[PipeResult],
    edges: Mapping[str, Edge],
    sizes: Mapping[str, Size],
    limits: Limits,
    roughness_mm: float,
) -> tuple[list[PipeResult], list[Finding]]:
    """Return the pipes with advice, and a sentence for each that should be larger or smaller.

    A pipe is called too large only where the plan could have chosen a smaller one: a service line
    is laid for the peak of its zone and stays.
    """
    judge = _Judge(day, edges, sizes, limits, roughness_mm)
    advised, findings = [], []
    for each in results:
        finding, label = judge.too_small(each) or judge.too_large(each) or (None, "")
        advised.append(replace(each, advice=label))
        if finding is not None:
            findings.append(finding)
    return advised, findings


@dataclass(frozen=True)
class _Judge:
    """Find better sizes for pipes; says the sentence, and the label of the size."""

    day: str
    edges: Mapping[str, Edge]
    sizes: Mapping[str, Size]
    limits: Limits
    roughness_mm: float

    def too_small(self, pipe: PipeResult) -> tuple[Finding, str] | None:
        """Say that water runs too fast or with too much friction."""
        cap, gradient = pipe.velocity_cap_m_per_s, self.limits.gradient_pa_per_m
        fast = pipe.velocity_m_per_s > (1 + TOLERANCE) * cap
        rough = pipe.gradient_pa_per_m > (1 + TOLERANCE) ** 2 * gradient
        if not (fast or rough):
            return None
        size = self._fit(pipe.flow_kg_per_s, self.sizes.values())
        told = (
            f"runs at {pipe.velocity_m_per_s:.1f} m/s, the cap is {cap:.1f} m/s"
            if fast
            else f"loses {pipe.gradient_pa_per_m:.0f} Pa/m, the plan was sized for {gradient:.0f}"
        )
        remedy = f"enlarge to {size.label}" if size else "no size is large enough, lay two"
        text = f"Pipe {pipe.pipe_id} {pipe.size} {told}: {remedy}."
        return Finding(self.day, "enlarge", pipe.pipe_id, text), size.label if size else ""

    def too_large(self, pipe: PipeResult) -> tuple[Finding, str] | None:
        """Say that a smaller size, which the plan could have chosen, carries the flow."""
        edge = self.edges.get(pipe.pipe_id)
        offered = [] if edge is None else [each for each in edge.sizes if each.label in self.sizes]
        laid = next((each for each in offered if each.label == pipe.size), None)
        if laid is None or pipe.flow_kg_per_s <= 0:
            return None
        size = self._fit(pipe.flow_kg_per_s, [self.sizes[each.label] for each in offered])
        if size is None or size.inner_diameter_m >= self.sizes[pipe.size].inner_diameter_m:
            return None
        less = laid.cost_eur - next(e.cost_eur for e in offered if e.label == size.label)
        if less <= 0:
            return None
        text = (
            f"Pipe {pipe.pipe_id} {pipe.size} runs at {pipe.velocity_m_per_s:.2f} m/s and could be"
            f" reduced to {size.label}, which saves {less:,.0f} EUR."
        )
        return Finding(self.day, "reduce", pipe.pipe_id, text, violation=False), size.label

    def _fit(self, flow_kg_per_s: float, sizes: Iterable[Size]) -> Size | None:
        return smallest_size(flow_kg_per_s, sizes, self.limits.gradient_pa_per_m, self.roughness_mm)


# Consumers and sources --------------------------------------------------------------------------


def consumer_results(
    net: HeatNet,
    state: State,
    names: Mapping[str, str],
    assumed_drop_bar: Mapping[str, float],
) -> list[ConsumerResult]:
    """Return what arrives at each consumer of a part.

    Parameters
    ----------
    net, state
        The part and its state.
    names
        Id of the zone in the layers, by consumer.
    assumed_drop_bar
        Pressure lost to each node and back if every pipe is used up to the gradient that the plan
        was sized for [bar].
    """
    water, around = net.water, pipes_around(net.pipes)
    power = sum(_pump_kw(net, state, each) for each in net.sources)
    total = sum(state.consumer_flow_kg_per_s.values())
    found = []
    for each in net.consumers:
        supply, lost = state.supply_c[each.node], state.drop_bar[each.node]
        flow = state.consumer_flow_kg_per_s[each.id]
        speeds = [state.pipes[pipe.id].velocity_m_per_s for pipe in around.get(each.node, ())]
        found.append(
            ConsumerResult(
                zone_id=names.get(each.id, each.id),
                heat_kw=each.heat_w / 1e3,
                flow_kg_per_s=flow,
                planned_flow_kg_per_s=_flow(each.heat_w / 1e6, water),
                supply_temperature_c=supply,
                shortfall_k=water.supply_c - supply,
                pressure_difference_bar=state.lift_bar - lost,
                pressure_lost_bar=lost,
                assumed_pressure_lost_bar=assumed_drop_bar.get(each.node, 0.0),
                velocity_m_per_s=max(speeds, default=0.0),
                pump_power_kw=power * flow / total if total > 0 else 0.0,
            )
        )
    return found


def _pump_kw(net: HeatNet, state: State, source: Source) -> float:
    """Return the power of the pump of a source [kW]."""
    flow = max(0.0, state.source_flow_kg_per_s[source.id])
    return pump_power_kw(_head_bar(state, source), flow, net.water.pump_efficiency)


def _head_bar(state: State, source: Source) -> float:
    """Return what a pump works against: what is left of the pressure where it stands [bar]."""
    return max(0.0, state.lift_bar - state.drop_bar[source.node])


def consumer_findings(
    day: str, results: Sequence[ConsumerResult], limits: Limits, water: Water
) -> list[Finding]:
    """Return a sentence for each zone that gets water colder than the plan assumed."""
    return [
        Finding(
            day,
            "cold",
            each.zone_id,
            f"Zone '{each.zone_id}' gets water of {each.supply_temperature_c:.1f} °C on the {day}"
            f" day, {each.shortfall_k:.1f} K below the {water.supply_c:g} °C of the plan; at most"
            f" {limits.supply_drop_k:g} K are accepted. Insulate better, lay a smaller pipe, or"
            " keep a minimum flow by a bypass.",
        )
        for each in results
        if each.shortfall_k > limits.supply_drop_k
    ]


def source_results(
    net: HeatNet, state: State, names: Mapping[str, str], planned_mw: Mapping[str, float]
) -> list[SourceResult]:
    """Return what each source of a part gives; every pump works between return and supply there."""
    return [
        SourceResult(
            site_id=names.get(each.id, each.id),
            reference=number == 0,
            heat_mw=state.source_heat_w[each.id] / 1e6,
            planned_heat_mw=planned_mw.get(each.id, 0.0),
            flow_kg_per_s=state.source_flow_kg_per_s[each.id],
            return_temperature_c=state.return_c[each.node],
            pump_head_bar=_head_bar(state, each),
            pump_power_kw=_pump_kw(net, state, each),
        )
        for number, each in enumerate(net.sources)
    ]


def source_findings(
    day: str,
    results: Sequence[SourceResult],
    capacity_mw: Mapping[str, float],
    assumed_head_bar: float,
) -> list[Finding]:
    """Return a sentence for each source that gives too much, runs backwards or pumps too hard.

    Parameters
    ----------
    day, results
        The day, and its sources.
    capacity_mw
        Heat output installed at each source [MW].
    assumed_head_bar
        Pressure that the pump would need if every pipe on the longest way were used up to the
        gradient that the plan was sized for [bar].
    """
    found = []
    for each in results:
        name, most = each.site_id, capacity_mw.get(each.site_id)
        if each.flow_kg_per_s < 0:
            text = f"Source '{name}' would take heat in: the others give more than is drawn."
            found.append(Finding(day, "backwards", name, text))
        if most is not None and each.heat_mw > (1 + TOLERANCE) * most:
            text = (
                f"Source '{name}' would have to give {each.heat_mw:.2f} MW on the {day} day; it"
                f" has {most:.2f} MW."
            )
            found.append(Finding(day, "capacity", name, text))
        if each.reference and each.pump_head_bar > (1 + TOLERANCE) ** 2 * assumed_head_bar:
            text = (
                f"The pump at '{name}' must lift {each.pump_head_bar:.1f} bar on the {day} day; the"
                f" pressure drop of the plan allows for {assumed_head_bar:.1f} bar. Enlarge the"
                " pipes named here."
            )
            found.append(Finding(day, "pressure", name, text))
    return found
