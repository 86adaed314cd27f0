"""Estimate heat demand where a study has buildings, dwellings or a raster but no figures."""

from siting.demand.benchmarks import (
    benchmark_countries,
    country_code,
    heat_benchmark,
    heat_benchmarks,
)
from siting.demand.connection import connection_profile
from siting.demand.estimates import (
    FULL_LOAD_HOURS_H,
    annual_demand_from_dwellings,
    annual_demand_from_floor_area,
    annual_demand_from_footprint,
    peak_demand_from_full_load_hours,
)
from siting.demand.groups import group_along_streets, group_touching
from siting.demand.levels import STOREY_HEIGHT_M, estimate_levels
from siting.demand.raster import zones_from_raster

__all__ = [
    "FULL_LOAD_HOURS_H",
    "STOREY_HEIGHT_M",
    "annual_demand_from_dwellings",
    "annual_demand_from_floor_area",
    "annual_demand_from_footprint",
    "benchmark_countries",
    "connection_profile",
    "country_code",
    "estimate_levels",
    "group_along_streets",
    "group_touching",
    "heat_benchmark",
    "heat_benchmarks",
    "peak_demand_from_full_load_hours",
    "zones_from_raster",
]
