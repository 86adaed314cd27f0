"""Let the water flow: the only room that knows pandapipes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from siting.errors import SitingError
from siting.pipes import WATER_70C, water_flow_for_heat
from siting.simulate.network import HeatNet, LaidPipe

__all__ = [
    "NotConvergedError",
    "PipeState",
    "State",
    "require_engine",
    "simulate_net",
    "solved_table",
]

KELVIN = 273.15
LEAST_VERSION = (0, 14)
FLOW_BAR = 10.0
FEEDER_TURNS = 3
HOW = {
    "use_numba": False,  # its compilation takes longer than the plans of a town
    "friction_model": "colebrook",
    "max_iter_colebrook": 100,
    "iter": 100,
}


class NotConvergedError(SitingError):
    """The equations of a network have no solution that could be found."""


@dataclass(frozen=True)
class PipeState:
    """Water in one trench.

    ``flow_kg_per_s`` is positive towards the ``to_node`` of the pipe, ``velocity_m_per_s`` and
    ``gradient_pa_per_m`` (friction of the straight pipe) are never negative, ``loss_w`` is that of
    supply and return together [W].
    """

    id: str
    flow_kg_per_s: float
    velocity_m_per_s: float
    gradient_pa_per_m: float
    loss_w: float


@dataclass(frozen=True)
class State:
    """The state of one connected network.

    Parameters
    ----------
    pipes
        Water in each trench, by id.
    supply_c, return_c
        Temperatures of both pipes at each node [°C].
    drop_bar
        Pressure lost between the reference pump and each node, out and back [bar].
    lift_bar
        Pressure that the reference pump must give, so that the worst consumer has enough [bar].
    consumer_flow_kg_per_s, source_flow_kg_per_s
        Water through each consumer and source [kg/s].
    source_heat_w
        Heat given by each source [W].
    full
        Whether flows and temperatures were solved together; if not, the flows are those of the
        design temperatures.
    """

    pipes: dict[str, PipeState]
    supply_c: dict[str, float]
    return_c: dict[str, float]
    drop_bar: dict[str, float]
    lift_bar: float
    consumer_flow_kg_per_s: dict[str, float]
    source_flow_kg_per_s: dict[str, float]
    source_heat_w: dict[str, float]
    full: bool = True


def require_engine() -> Any:
    """Return pandapipes.

    Raises
    ------
    SitingError
        It is missing, too old, or was put beside a pandas that it cannot work with.
    """
    import pandas as pd

    if int(pd.__version__.split(".", maxsplit=1)[0]) >= 3:
        raise SitingError(
            f"The hydraulic check needs pandapipes, which works with pandas 2; pandas"
            f" {pd.__version__} is installed. Make an environment with"
            " pip install 'siting[simulate]' and run 'siting simulate' there."
        )
    try:
        with _quiet():
            import pandapipes
    except ImportError as error:
        raise SitingError(
            "The hydraulic check needs pandapipes. Install it with pip install 'siting[simulate]'."
        ) from error
    found = tuple(int(each) for each in pandapipes.__version__.split(".")[:2])
    if found < LEAST_VERSION:
        raise SitingError(
            f"pandapipes {pandapipes.__version__} takes diameters in another unit than 0.14 and"
            " later. Install it anew with pip install 'pandapipes>=0.14'."
        )
    return pandapipes


def simulate_net(net: HeatNet) -> State:
    """Return the steady state of one connected network.

    Consumers take their heat and cool the water to the return temperature, so that their flow
    follows from the temperature that arrives. The first source holds the pressure and gives what
    is missing; every other one feeds in its heat with a pump of fixed flow.

    Parameters
    ----------
    net
        One connected part without stagnant branches, see `siting.simulate.network.split_parts`.

    Raises
    ------
    NotConvergedError
        No state was found, also not with the flows of the design temperatures.
    SitingError
        pandapipes is not there.
    """
    pandapipes = require_engine()
    try:
        return _balanced(pandapipes, net, full=True)
    except NotConvergedError:
        return _balanced(pandapipes, net, full=False)


def solved_table(net: HeatNet) -> Any:
    """Return one connected network as pandapipes holds it, with names and its steady state.

    Raises
    ------
    NotConvergedError
        No state was found.
    SitingError
        pandapipes is not there.
    """
    state = simulate_net(net)
    feeders = {each.id: state.source_flow_kg_per_s[each.id] for each in net.sources[1:]}
    flow = _Flow(require_engine(), net, feeders, state.full)
    flow.state()
    return flow.table


def _balanced(pandapipes: Any, net: HeatNet, *, full: bool) -> State:
    """Return the state in which every feeder gives its heat; its flow is corrected in turns."""
    flows = {each.id: _design_flow(net, each.heat_w) for each in net.sources[1:]}
    state = _Flow(pandapipes, net, flows, full).state()
    for _ in range(FEEDER_TURNS if flows else 0):
        for each in net.sources[1:]:
            given = state.source_heat_w[each.id]
            if given > 0:
                flows[each.id] *= each.heat_w / given
        state = _Flow(pandapipes, net, flows, full).state()
    return state


def _design_flow(net: HeatNet, heat_w: float) -> float:
    """Return the flow that carries heat at the design temperatures [kg/s]."""
    return float(water_flow_for_heat(heat_w / 1e6, net.water.supply_c, net.water.return_c))


class _Flow:
    """One calculation: node ``i`` of the plan is supply junction ``i`` and return ``i + n``."""

    def __init__(
        self, pandapipes: Any, net: HeatNet, feeder_flow: dict[str, float], full: bool
    ) -> None:
        self.pp, self.net, self.full = pandapipes, net, full
        self.feeder_flow = feeder_flow
        self.nodes = net.nodes
        self.place = {node: number for number, node in enumerate(self.nodes)}
        self.count = len(self.nodes)
        self.table: Any = None

    def state(self) -> State:
        """Build the network, solve it and read the result."""
        with _quiet(), np.errstate(all="ignore"):
            table = self.table = self._build()
            try:
                self.pp.pipeflow(table, mode="bidirectional" if self.full else "sequential", **HOW)
            except (self.pp.PipeflowNotConverged, ValueError, ArithmeticError) as error:
                raise NotConvergedError(str(error)) from error
        state = self._read(table)
        figures = [state.lift_bar, *state.supply_c.values(), *state.return_c.values()]
        if not all(map(math.isfinite, figures)):
            raise NotConvergedError("the result holds figures that are not finite")
        if any(state.supply_c[each.node] <= self.net.water.return_c for each in self.net.consumers):
            raise NotConvergedError("water arrives colder than it is meant to leave")
        return state

    def _build(self) -> Any:
        """Return the network as pandapipes wants it."""
        net, water, n = self.net, self.net.water, self.count
        from pandapipes.properties.fluids import FluidPropertyConstant

        table = self.pp.create_empty_network(fluid="water", add_stdtypes=False)
        for name in ("density", "viscosity", "heat_capacity"):
            constant = FluidPropertyConstant(getattr(WATER_70C, name))
            table.fluid.add_property(name, constant, overwrite=True, warn_on_duplicates=False)
        self.pp.create_junctions(
            table,
            2 * n,
            pn_bar=FLOW_BAR,
            tfluid_k=KELVIN + water.supply_c,
            height_m=0,
            name=_both_ways(self.nodes),
        )
        self._build_pipes(table)
        first = self.place[net.sources[0].node]
        self.pp.create_circ_pump_const_pressure(
            table,
            return_junction=first + n,
            flow_junction=first,
            p_flow_bar=FLOW_BAR,
            plift_bar=FLOW_BAR / 2,
            t_flow_k=KELVIN + water.supply_c,
            name=net.sources[0].id,
        )
        self._build_exchangers(table)
        return table

    def _build_pipes(self, table: Any) -> None:
        """Add supply and return pipes; fittings count as extra length that loses no heat."""
        pipes, n, extra = self.net.pipes, self.count, 1 + self.net.water.fittings_share
        if not pipes:
            return
        start = [self.place[pipe.from_node] for pipe in pipes]
        end = [self.place[pipe.to_node] for pipe in pipes]
        diameter = np.array([pipe.inner_diameter_m for pipe in pipes])
        heat = np.array([pipe.heat_transfer_w_per_m_k for pipe in pipes]) / extra
        length = np.array([pipe.length_m for pipe in pipes]) * extra
        self.pp.create_pipes_from_parameters(
            table,
            from_junctions=[*start, *(each + n for each in end)],
            to_junctions=[*end, *(each + n for each in start)],
            name=_both_ways(pipe.id for pipe in pipes),
            length_km=np.tile(length, 2) / 1e3,
            inner_diameter_mm=np.tile(diameter, 2) * 1e3,
            k_mm=self.net.water.roughness_mm,
            u_w_per_m2k=np.tile(heat / (math.pi * diameter), 2),
            text_k=KELVIN + self.net.water.ground_c,
        )

    def _build_exchangers(self, table: Any) -> None:
        """Add consumers, then feeders, which are exchangers in the other direction."""
        net, n = self.net, self.count
        if net.consumers:
            at = [self.place[each.node] for each in net.consumers]
            heat = [each.heat_w for each in net.consumers]
            how: dict[str, Any] = {"qext_w": heat}
            if not self.full:
                flows = [_design_flow(net, each) for each in heat]
                how = {"controlled_mdot_kg_per_s": flows}
            self.pp.create_heat_consumers(
                table,
                from_junctions=at,
                to_junctions=[each + n for each in at],
                treturn_k=[KELVIN + net.water.return_c] * len(at),
                name=[each.id for each in net.consumers],
                **how,
            )
        feeders = net.sources[1:]
        if feeders:
            at = [self.place[each.node] for each in feeders]
            self.pp.create_heat_consumers(
                table,
                from_junctions=[each + n for each in at],
                to_junctions=at,
                treturn_k=[KELVIN + net.water.supply_c] * len(at),
                name=[each.id for each in feeders],
                controlled_mdot_kg_per_s=[self.feeder_flow[each.id] for each in feeders],
            )

    def _read(self, table: Any) -> State:
        """Return the result; pressures are counted from both sides of the reference pump."""
        net, n = self.net, self.count
        pressure = table.res_junction["p_bar"].to_numpy()
        warm = table.res_junction["t_k"].to_numpy() - KELVIN
        first = self.place[net.sources[0].node]
        drop = (pressure[first] - pressure[:n]) + (pressure[n:] - pressure[first + n])
        need = max((drop[self.place[each.node]] for each in net.consumers), default=0.0)
        pump = table.res_circ_pump_pressure.iloc[0]
        exchangers = table.res_heat_consumer if net.consumers or net.sources[1:] else None
        flow = [] if exchangers is None else exchangers["mdot_from_kg_per_s"].tolist()
        heat = [] if exchangers is None else exchangers["qext_w"].tolist()
        many = len(net.consumers)
        feeders = [each.id for each in net.sources[1:]]
        head = net.sources[0].id
        return State(
            pipes=_pipe_states(table, net) if net.pipes else {},
            supply_c=dict(zip(self.nodes, warm[:n].tolist(), strict=True)),
            return_c=dict(zip(self.nodes, warm[n:].tolist(), strict=True)),
            drop_bar=dict(zip(self.nodes, drop.tolist(), strict=True)),
            lift_bar=float(need) + net.water.consumer_pressure_bar,
            consumer_flow_kg_per_s={
                each.id: value for each, value in zip(net.consumers, flow, strict=False)
            },
            source_flow_kg_per_s={head: float(pump["mdot_from_kg_per_s"])}
            | dict(zip(feeders, flow[many:], strict=True)),
            source_heat_w={head: float(pump["qext_w"])}
            | {key: -value for key, value in zip(feeders, heat[many:], strict=True)},
            full=self.full,
        )


def _both_ways(names: Iterable[str]) -> list[str]:
    """Return a name for the supply side of each, then for the return side."""
    known = list(names)
    return [*(f"{each} supply" for each in known), *(f"{each} return" for each in known)]


def _pipe_states(table: Any, net: HeatNet) -> dict[str, PipeState]:
    """Return the water in each trench; what both pipes lose is added."""
    count, result = len(net.pipes), table.res_pipe
    flow = result["mdot_from_kg_per_s"].to_numpy()
    start = np.where(flow >= 0, result["t_from_k"], result["t_to_k"])
    loss = np.abs(flow) * WATER_70C.heat_capacity * (start - result["t_outlet_k"].to_numpy())
    drop = np.abs(result["p_from_bar"].to_numpy() - result["p_to_bar"].to_numpy()) * 1e5
    speed = np.abs(result["v_mean_m_per_s"].to_numpy())

    def each(number: int, pipe: LaidPipe) -> PipeState:
        length = pipe.length_m * (1 + net.water.fittings_share)
        return PipeState(
            pipe.id,
            float(flow[number]),
            float(speed[number]),
            float(drop[number] / length) if length > 0 else 0.0,
            float(loss[number] + loss[number + count]),
        )

    return {pipe.id: each(number, pipe) for number, pipe in enumerate(net.pipes)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the warnings of a library about its own code away from planners."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
