"""Hold what the optimiser decided, and how good it is proven to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Improvement", "OpenSite", "PipeFlow", "Proof", "ServedZone", "Solution", "Status"]


class Status(StrEnum):
    """How a search ended, in our own words (not the solver's)."""

    OPTIMAL = "optimal within the gap"
    FEASIBLE = "feasible, gap not reached"
    INTERRUPTED = "stopped by the user, not proven"
    INFEASIBLE = "infeasible"
    NO_PLAN = "no plan found in time"


@dataclass(frozen=True)
class Improvement:
    """One step in the trail of a search: time, best plan so far, best bound so far."""

    seconds: float
    incumbent: float | None
    bound: float | None
    note: str = ""


@dataclass(frozen=True)
class Proof:
    """How good a plan is, and what shows it.

    Parameters
    ----------
    status
        How the search ended.
    objective
        Name of the objective; ``incumbent`` and ``bound`` are in its unit
        (``heat_per_euro`` kWh/a per EUR, ``max_heat`` MWh/a, ``capex`` EUR, ``net_value`` EUR).
    incumbent, bound
        Value of the plan, and the value that no plan can beat.
    gap
        Relative distance, ``|bound - incumbent| / |incumbent|`` [-]; infinite without a bound.
    gap_wanted
        The gap that was asked for [-].
    seconds
        Wall time of the search [s].
    solver
        Name and version of the solver.
    price_mwh_per_eur
        For ``heat_per_euro``: the price at which the bound was certified [MWh/(a EUR)].
    trail
        Improvements over time.
    """

    status: Status
    objective: str
    incumbent: float | None
    bound: float | None
    gap: float
    gap_wanted: float
    seconds: float
    solver: str
    price_mwh_per_eur: float | None = None
    trail: tuple[Improvement, ...] = ()


@dataclass(frozen=True)
class OpenSite:
    """A site that is opened: which option, and how much heat output is installed [MW]."""

    site: str
    option: str
    capacity_mw: float


@dataclass(frozen=True)
class PipeFlow:
    """A built edge: direction, and the heat flow entering it at full base load [MW]."""

    edge: str
    from_node: str
    to_node: str
    flow_mw: float
    size: str | None = None


@dataclass(frozen=True)
class ServedZone:
    """A connected zone: base capacity granted [MW] and base heat delivered [MWh/a]."""

    zone: str
    base_mw: float
    heat_mwh: float


@dataclass(frozen=True)
class Solution:
    """The decisions of a plan, ids only."""

    sites: tuple[OpenSite, ...] = ()
    pipes: tuple[PipeFlow, ...] = ()
    zones: tuple[ServedZone, ...] = ()
    proof: Proof | None = field(default=None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is built."""
        return not (self.sites or self.pipes or self.zones)
