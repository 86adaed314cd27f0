"""Plan for the years ahead: sources that leave or change, and networks built in phases."""

from siting.future.outcome import DeparturePlan
from siting.future.phase_plan import PhasePlan
from siting.future.solve import solve_departures, solve_phases
from siting.future.types import Departures, Period, Phases, Replacement, Scenario

__all__ = [
    "DeparturePlan",
    "Departures",
    "Period",
    "PhasePlan",
    "Phases",
    "Replacement",
    "Scenario",
    "solve_departures",
    "solve_phases",
]
