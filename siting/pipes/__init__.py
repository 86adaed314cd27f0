"""Describe buried pipes: water, friction, heat loss, and the catalogues of sizes."""

from siting.pipes.catalogue import (
    PipeCatalogue,
    PipeDesign,
    catalogue_for,
)
from siting.pipes.friction import (
    flow_at_gradient,
    friction_colebrook,
    pressure_gradient,
    pump_power_kw,
    reynolds_number,
    trench_pressure_drop_bar,
)
from siting.pipes.heat_loss import BuriedPair, buried_pair_en13941, outlet_temperature
from siting.pipes.table import CATALOGUES, PipeTable, read_pipe_table
from siting.pipes.water import WATER_70C, Water, heat_flow_mw, velocity, water_flow_for_heat

__all__ = [
    "CATALOGUES",
    "WATER_70C",
    "BuriedPair",
    "PipeCatalogue",
    "PipeDesign",
    "PipeTable",
    "Water",
    "buried_pair_en13941",
    "catalogue_for",
    "flow_at_gradient",
    "friction_colebrook",
    "heat_flow_mw",
    "outlet_temperature",
    "pressure_gradient",
    "pump_power_kw",
    "read_pipe_table",
    "reynolds_number",
    "trench_pressure_drop_bar",
    "velocity",
    "water_flow_for_heat",
]
