"""Re-check the pipes of a plan with their real flow: velocity, pressure and temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siting.pipes import PipeCatalogue, pressure_gradient, velocity, water_flow_for_heat
from siting.plan import Plan
from siting.units import FloatArray

__all__ = ["PipeCheck", "PipeStates", "pipe_checks", "pipe_states"]

SLACK = 1e-6
STILL_KG_PER_S = 1e-9


@dataclass(frozen=True)
class PipeCheck:
    """The flow of one pipe against its limits.

    Parameters
    ----------
    edge, size
        The pipe and its size.
    velocity_m_per_s, velocity_cap_m_per_s
        Velocity, and the highest that its size allows [m/s].
    pressure_gradient_pa_per_m, pressure_gradient_limit_pa_per_m
        Pressure drop per metre of one pipe, and the largest that the study allows [Pa/m].
    """

    edge: str
    size: str
    velocity_m_per_s: float
    velocity_cap_m_per_s: float
    pressure_gradient_pa_per_m: float
    pressure_gradient_limit_pa_per_m: float

    @property
    def passes(self) -> bool:
        """Whether both limits are kept."""
        return self.velocity_m_per_s <= self.velocity_cap_m_per_s * (1 + SLACK) and (
            self.pressure_gradient_pa_per_m <= self.pressure_gradient_limit_pa_per_m * (1 + SLACK)
        )


@dataclass(frozen=True)
class PipeStates:
    """Water in the pipes of a plan, in the order of the plan; pipes without a size are NaN.

    Parameters
    ----------
    flow_kg_per_s, velocity_m_per_s, pressure_gradient_pa_per_m
        Mass flow [kg/s], velocity [m/s] and pressure drop per metre of one pipe [Pa/m].
    supply_drop_k
        How much the supply cools from one end of the pipe to the other, when it enters at the
        supply temperature of the network [K].
    """

    flow_kg_per_s: FloatArray
    velocity_m_per_s: FloatArray
    pressure_gradient_pa_per_m: FloatArray
    supply_drop_k: FloatArray


def pipe_states(
    plan: Plan,
    catalogue: PipeCatalogue,
    *,
    flow_share: float = 1.0,
    flows_mw: Mapping[str, float] | None = None,
) -> PipeStates:
    """Return velocity, pressure gradient and cooling of the pipes of a plan.

    Parameters
    ----------
    plan
        What is built.
    catalogue
        All sizes of the network, see `siting.pipes.catalogue_for`.
    flow_share
        Flow over that at full base load, above 0; a summer flow is a small share [-].
    flows_mw
        Heat flow by edge that counts in place of the plan's own, such as a peak [MW].

    Notes
    -----
    The temperatures of the network are held, so the mass flow follows the heat flow.
    """
    place = {label: k for k, label in enumerate(catalogue.labels)}
    chosen = np.array([place.get(pipe.size or "", -1) for pipe in plan.pipes], dtype=int)
    known = chosen >= 0
    own = {pipe.edge: pipe.flow_mw for pipe in plan.pipes} | dict(flows_mw or {})
    heat = flow_share * np.array([own[pipe.edge] for pipe in plan.pipes], dtype=float)
    length = np.array([pipe.length_m for pipe in plan.pipes], dtype=float)
    design = catalogue.design
    flow = water_flow_for_heat(
        heat, design.supply_temperature_c, design.return_temperature_c, design.water
    )
    moving = np.maximum(flow, STILL_KG_PER_S)
    diameter = catalogue.inner_diameter_m[chosen]
    exponent = catalogue.heat_transfer_w_per_m_k[chosen] * length / moving
    excess = design.supply_temperature_c - design.ground_temperature_c
    cooled = excess * -np.expm1(-exponent / design.water.heat_capacity)
    gradient = pressure_gradient(moving, diameter, design.roughness_mm, design.water)
    return PipeStates(
        flow_kg_per_s=np.where(known, flow, np.nan),
        velocity_m_per_s=np.where(known, velocity(flow, diameter, design.water), np.nan),
        pressure_gradient_pa_per_m=np.where(known, gradient, np.nan),
        supply_drop_k=np.where(known, cooled, np.nan),
    )


def pipe_checks(
    plan: Plan, catalogue: PipeCatalogue, flows_mw: Mapping[str, float] | None = None
) -> tuple[PipeCheck, ...]:
    """Return for each sized pipe of a plan its flow against its limits, see `pipe_states`."""
    states = pipe_states(plan, catalogue, flows_mw=flows_mw)
    place = {label: k for k, label in enumerate(catalogue.labels)}
    return tuple(
        PipeCheck(
            pipe.edge,
            str(pipe.size),
            float(states.velocity_m_per_s[row]),
            float(catalogue.velocity_cap_m_per_s[place[str(pipe.size)]]),
            float(states.pressure_gradient_pa_per_m[row]),
            catalogue.design.pressure_gradient_pa_per_m,
        )
        for row, pipe in enumerate(plan.pipes)
        if pipe.size in place
    )
