"""Describe heat demand over the year: load-duration curve, full-load hours, simultaneity."""

from siting.heat.boilers import peak_boiler_capacity
from siting.heat.boosters import Booster, booster
from siting.heat.compare import compare_load_curves
from siting.heat.degree_hours import degree_hour_loads, load_duration_from_temperatures
from siting.heat.duration import LoadDuration, load_duration_from_points, stacked_shares
from siting.heat.hours import full_load_hours, load_factor, peak_from_full_load_hours
from siting.heat.series import read_load_curves, read_temperatures
from siting.heat.simultaneity import simultaneity_thermos, simultaneity_winter_2001
from siting.heat.sochinsky import (
    heat_share,
    load_curve,
    sochinsky_exponent,
    stacked_heat_shares,
    time_share_above,
)

__all__ = [
    "Booster",
    "LoadDuration",
    "booster",
    "compare_load_curves",
    "degree_hour_loads",
    "full_load_hours",
    "heat_share",
    "load_curve",
    "load_duration_from_points",
    "load_duration_from_temperatures",
    "load_factor",
    "peak_boiler_capacity",
    "peak_from_full_load_hours",
    "read_load_curves",
    "read_temperatures",
    "simultaneity_thermos",
    "simultaneity_winter_2001",
    "sochinsky_exponent",
    "stacked_heat_shares",
    "stacked_shares",
    "time_share_above",
]
