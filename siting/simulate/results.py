"""Hold what a simulation found, beside what the plan assumed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["ConsumerResult", "DayResult", "Finding", "PipeResult", "Simulation", "SourceResult"]

FORMAT = "siting-simulation"
VERSION = 1


@dataclass(frozen=True)
class Finding:
    """Something to look at: a limit that is broken (``violation``), or a saving."""

    day: str
    kind: str
    id: str
    text: str
    violation: bool = True


@dataclass(frozen=True)
class PipeResult:
    """Water in one pipe against the plan; ``advice`` is a size that would do better."""

    pipe_id: str
    size: str
    flow_kg_per_s: float
    planned_flow_kg_per_s: float
    velocity_m_per_s: float
    velocity_cap_m_per_s: float
    gradient_pa_per_m: float
    heat_loss_kw: float
    planned_heat_loss_kw: float
    advice: str = ""


@dataclass(frozen=True)
class ConsumerResult:
    """What arrives at one zone.

    ``pressure_lost_bar`` is lost on the way out and back; the assumed one is what pipes used up to
    the gradient of the plan would lose. ``velocity_m_per_s`` is the highest in the pipes that end
    at the zone, ``pump_power_kw`` its share of all pumps, by flow.
    """

    zone_id: str
    heat_kw: float
    flow_kg_per_s: float
    planned_flow_kg_per_s: float
    supply_temperature_c: float
    shortfall_k: float
    pressure_difference_bar: float
    pressure_lost_bar: float
    assumed_pressure_lost_bar: float
    velocity_m_per_s: float
    pump_power_kw: float


@dataclass(frozen=True)
class SourceResult:
    """What one source gives; the reference one holds the pressure and gives what is missing."""

    site_id: str
    reference: bool
    heat_mw: float
    planned_heat_mw: float
    flow_kg_per_s: float
    return_temperature_c: float
    pump_head_bar: float
    pump_power_kw: float


@dataclass(frozen=True)
class DayResult:
    """The state of the whole plan on one day."""

    day: str
    words: str
    converged: bool
    full: bool
    pipes: tuple[PipeResult, ...] = ()
    consumers: tuple[ConsumerResult, ...] = ()
    sources: tuple[SourceResult, ...] = ()
    stagnant: tuple[str, ...] = ()

    @property
    def figures(self) -> dict[str, float]:
        """The figures that sum up the day, with their units in the names."""
        drawn = math.fsum(each.heat_kw for each in self.consumers)
        lost = math.fsum(each.heat_loss_kw for each in self.pipes)
        return {
            "heat_drawn_mw": drawn / 1e3,
            "heat_loss_kw": lost,
            "planned_heat_loss_kw": math.fsum(each.planned_heat_loss_kw for each in self.pipes),
            "lowest_supply_temperature_c": min(
                (each.supply_temperature_c for each in self.consumers), default=math.nan
            ),
            "largest_shortfall_k": max(
                (each.shortfall_k for each in self.consumers), default=math.nan
            ),
            "highest_velocity_m_per_s": max(
                (each.velocity_m_per_s for each in self.pipes), default=0.0
            ),
            "highest_gradient_pa_per_m": max(
                (each.gradient_pa_per_m for each in self.pipes), default=0.0
            ),
            "pump_head_bar": max((each.pump_head_bar for each in self.sources), default=0.0),
            "pump_power_kw": math.fsum(each.pump_power_kw for each in self.sources),
        }


@dataclass(frozen=True)
class Simulation:
    """The days that were simulated, and what was found."""

    days: tuple[DayResult, ...]
    findings: tuple[Finding, ...]
    assumptions: Mapping[str, float] = field(default_factory=dict)

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The findings that break a limit."""
        return tuple(each for each in self.findings if each.violation)

    @property
    def within_limits(self) -> bool:
        """Whether every day converged and no limit is broken."""
        return not self.violations

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values; figures that are not known become null."""
        days = [{**asdict(day), "figures": day.figures} for day in self.days]
        return {
            "format": FORMAT,
            "version": VERSION,
            "within_limits": self.within_limits,
            "assumptions": dict(self.assumptions),
            "findings": [asdict(each) for each in self.findings],
            "days": [_finite(day) for day in days],
        }


def _finite(value: Any) -> Any:
    """Return a value with null in place of what is not a finite number."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
