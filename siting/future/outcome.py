"""Hold a plan that was made with departures in mind: what is built, and what happens then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from siting.plan import Plan
from siting.solution import Proof

__all__ = ["DeparturePlan", "SparePipe", "StateOutcome", "ZoneOutcome"]


@dataclass(frozen=True)
class SparePipe:
    """A pipe that carries nothing until something changes: edge, size, overnight cost [EUR]."""

    edge: str
    size: str | None
    cost_eur: float


@dataclass(frozen=True)
class ZoneOutcome:
    """What a connected zone gets in a scenario.

    ``served`` is the share of its customers that are still supplied [-], ``base_mw`` the power
    granted and ``own_mw`` the part of it from data centres [MW], ``heat_mwh`` and
    ``own_heat_mwh`` the same over a year [MWh/a].
    """

    served: float
    base_mw: float
    own_mw: float
    heat_mwh: float
    own_heat_mwh: float


@dataclass(frozen=True)
class StateOutcome:
    """What the network does in a scenario.

    Parameters
    ----------
    scenario
        Its id.
    output_mw
        Output of each open site [MW].
    flow_mw, own_flow_mw
        Heat in the middle of each pipe from its ``u`` to its ``v``, below 0 the other way [MW];
        all of it, and the part from data centres.
    shut
        Edges whose pipe is shut: it carries and loses nothing.
    used_mw, bought_mw
        Replacement in use, and what of it is bought when the scenario happens [MW].
    energy_mwh
        Heat of each replacement in a year [MWh/a].
    zones
        What each connected zone gets.
    """

    scenario: str
    output_mw: Mapping[str, float]
    flow_mw: Mapping[str, float]
    own_flow_mw: Mapping[str, float]
    shut: frozenset[str]
    used_mw: Mapping[str, float]
    bought_mw: Mapping[str, float]
    energy_mwh: Mapping[str, float]
    zones: Mapping[str, ZoneOutcome]

    @property
    def heat_mwh(self) -> float:
        """Heat delivered in a year, whatever it comes from [MWh/a]."""
        return math.fsum(zone.heat_mwh for zone in self.zones.values())

    @property
    def own_heat_mwh(self) -> float:
        """Heat of data centres delivered in a year [MWh/a]."""
        return math.fsum(zone.own_heat_mwh for zone in self.zones.values())

    @property
    def idle(self) -> frozenset[str]:
        """Edges whose pipe carries nothing: stranded as long as the scenario lasts."""
        return frozenset(edge for edge, flow in self.flow_mw.items() if abs(flow) <= 1e-9)


@dataclass(frozen=True)
class DeparturePlan:
    """What is built now, and what each scenario makes of it.

    Parameters
    ----------
    plan
        What is in use as long as nothing changes, paid for with real sizes.
    spare
        Pipes laid beside it.
    wider_mw
        Output that linear pipes are sized for beyond their flow, by edge [MW].
    reserve_mw
        Output installed at sites beyond what they feed in now [MW].
    standby_mw
        Replacement that stands ready from the start [MW].
    states
        One for each scenario.
    heat_mwh, euro
        Expected discounted heat [MWh] and money [EUR].
    proof
        Status, bound and gap; the objective is discounted heat per discounted euro [kWh/EUR].
    """

    plan: Plan
    spare: tuple[SparePipe, ...]
    wider_mw: Mapping[str, float]
    reserve_mw: Mapping[str, float]
    standby_mw: Mapping[str, float]
    states: tuple[StateOutcome, ...]
    heat_mwh: float
    euro: float
    proof: Proof

    @property
    def value(self) -> float:
        """Expected discounted heat per expected discounted euro [kWh/EUR]."""
        if self.heat_mwh <= 0:
            return 0.0
        return self.heat_mwh * 1000 / self.euro if self.euro > 0 else math.inf

    def state(self, scenario: str) -> StateOutcome:
        """Return what happens in a scenario."""
        return next(each for each in self.states if each.scenario == scenario)
