"""Judge a plan: its key figures, each with its unit in its name."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from siting.plan import Plan
from siting.problem import Problem
from siting.solution import Proof, Status
from siting.standing_base import plan_displaced_mwh, standing_base_mwh

__all__ = [
    "MWH_PER_HOME",
    "Appraisal",
    "Facts",
    "appraise",
    "diameter_order",
    "gap_percent",
    "proof_words",
]

MWH_PER_HOME = 10.0
"""Heat that one home uses in a year [MWh/a]; published figures run from 3 (new flat) to 18."""


@dataclass(frozen=True)
class Facts:
    """What a problem does not know about itself, and a planner must be told.

    Parameters
    ----------
    edge_kinds
        Kind of each edge key (``street``, ``service``, ``trunk``), to split the trench by kind.
    assumed_sites
        Keys of the sites whose IT load or heat is assumed.
    estimated_zones
        How many zones have figures that were estimated.
    unattached_zones, unattached_demand_mwh
        Zones that could not be attached to a street, and their heat demand [MWh/a]; they are not
        part of the problem.
    mwh_per_home
        Heat that one home uses in a year [MWh/a].
    further
        Figures of other rooms, such as finance and CO2, to carry along; names carry units.
    """

    edge_kinds: Mapping[str, str] = field(default_factory=dict)
    assumed_sites: frozenset[str] = frozenset()
    estimated_zones: int = 0
    unattached_zones: int = 0
    unattached_demand_mwh: float = 0.0
    mwh_per_home: float = MWH_PER_HOME
    further: Mapping[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Appraisal:
    """The key figures of a plan.

    Parameters
    ----------
    heat_mwh
        Heat from data centres delivered to consumers [MWh/a].
    demand_mwh, served_demand_mwh
        Heat demand of all zones of the problem, and of the zones served [MWh/a].
    capex_eur, capex_by_component_eur
        Overnight investment, in all and by component [EUR].
    heat_per_euro_kwh
        Annual heat per euro of investment [kWh/(a EUR)]; 0 for the empty plan, infinite when
        heat comes without new investment.
    capex_eur_per_mwh_a
        Investment per annual heat [EUR/(MWh/a)]; not a number without heat.
    zones_served, zones_total, sites_chosen, sites_total
        Counts.
    site_capacity_mw
        Heat output installed at the chosen sites [MW].
    electricity_mwh
        Electricity of the heat pumps [MWh/a].
    trench_length_m, trench_length_by_size_m, trench_length_by_kind_m
        Trench dug, each counted once [m]; by pipe size, small to large; by kind where known.
    standing_pipes_m
        Pipes in use that stand already, for which no trench is dug [m].
    network_loss_mwh, network_loss_share
        Heat lost in the network [MWh/a], and its share of the heat fed in [-].
    demand_share, served_waste_heat_share
        Waste heat over the demand of all zones, and over that of the zones served [-].
    linear_heat_density_mwh_per_m
        Waste heat delivered each year per metre of trench dug [MWh/(m a)]; not a number without
        trench.
    mwh_per_home, homes
        Heat taken as the use of one home [MWh/a], and how many homes the heat is worth.
    assumed_sites
        How many of the candidate sites have an assumed IT load or heat.
    chosen_assumed_sites
        How many of the chosen sites have one.
    estimated_zones
        How many zones have figures that were estimated.
    unattached_zones, unattached_demand_mwh
        Zones out of reach of the streets and their demand [MWh/a]; not counted in the figures
        above.
    proof
        Status, bound and gap.
    standing_base_mwh, displaced_base_mwh
        Heat that base plants of an existing network give the zones of the problem today, and what
        the capacity granted to the zones served could give in their place; neither is counted in
        any figure above [MWh/a].
    further
        Figures that other rooms add later, such as finance and CO2; names carry units.
    """

    heat_mwh: float
    demand_mwh: float
    served_demand_mwh: float
    capex_eur: float
    capex_by_component_eur: dict[str, float]
    heat_per_euro_kwh: float
    capex_eur_per_mwh_a: float
    zones_served: int
    zones_total: int
    sites_chosen: int
    sites_total: int
    site_capacity_mw: float
    electricity_mwh: float
    trench_length_m: float
    trench_length_by_size_m: dict[str, float]
    trench_length_by_kind_m: dict[str, float]
    standing_pipes_m: float
    network_loss_mwh: float
    network_loss_share: float
    demand_share: float
    served_waste_heat_share: float
    linear_heat_density_mwh_per_m: float
    mwh_per_home: float
    homes: float
    assumed_sites: int
    chosen_assumed_sites: int
    estimated_zones: int
    unattached_zones: int
    unattached_demand_mwh: float
    proof: Proof
    standing_base_mwh: float = 0.0
    displaced_base_mwh: float = 0.0
    further: dict[str, float | str | None] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether the plan builds nothing."""
        return not (self.zones_served or self.sites_chosen or self.trench_length_m)

    @property
    def is_proven(self) -> bool:
        """Whether the plan is proven to be within the wanted gap."""
        return self.proof.status is Status.OPTIMAL

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said in words next to the figures."""
        notes = []
        if self.is_empty:
            notes.append(
                "The plan builds nothing: within the limits, no connection is worth building."
                if self.is_proven
                else "The plan builds nothing: no better one was found."
            )
        if math.isinf(self.heat_per_euro_kwh):
            notes.append("The heat is delivered with no new investment.")
        if self.assumed_sites:
            notes.append(
                f"Sizes are assumed for {self.assumed_sites:,} of {self.sites_total:,}"
                " candidate sites."
            )
        if self.estimated_zones:
            zones = "one zone" if self.estimated_zones == 1 else f"{self.estimated_zones:,} zones"
            notes.append(f"Heat demand is estimated for {zones}.")
        if self.unattached_zones:
            notes.append(
                f"Zones out of reach of the streets are not counted: {self.unattached_zones:,} with"
                f" {self.unattached_demand_mwh:,.0f} MWh/a."
            )
        if self.standing_pipes_m > 0:
            notes.append(
                f"{self.standing_pipes_m:,.0f} m of pipes in use stand already; they are not"
                " counted as trench."
            )
        if self.standing_base_mwh > 0:
            notes.append(
                "Base plants of the existing network go before the data centres:"
                f" {self.standing_base_mwh:,.0f} MWh/a from them are not counted as demand, and"
                f" {self.displaced_base_mwh:,.0f} MWh/a that the data centres could give in their"
                " place are not counted as heat delivered."
            )
        if not self.is_proven:
            notes.append(f"The plan is the best one found; {proof_words(self.proof)}.")
        return tuple(notes)

    def kpis(self) -> dict[str, Any]:
        """Return the key figures for ``kpis.json``; what is infinite or undefined is null."""
        own = {
            name: value
            for name, value in vars(self).items()
            if name not in {"proof", "further", "homes"}
        }
        figures: dict[str, Any] = {
            **own,
            "homes_equivalent": round(self.homes),
            "proof": _proof_kpis(self.proof),
            "notes": list(self.notes),
            **self.further,
        }
        return {name: _finite(value) for name, value in figures.items()}


def appraise(problem: Problem, plan: Plan, facts: Facts | None = None) -> Appraisal:
    """Return the key figures of a plan.

    Parameters
    ----------
    problem, plan
        What could be built, and what is.
    facts
        What the problem does not know, see `siting.outputs.frames.plan_facts`.
    """
    facts = facts or Facts()
    demand = math.fsum(zone.heat_mwh for zone in problem.zones)
    served = math.fsum(zone.demand_mwh for zone in plan.zones)
    trench = plan.trench_length_m
    chosen = {site.site for site in plan.sites}
    return Appraisal(
        heat_mwh=plan.heat_mwh,
        demand_mwh=demand,
        served_demand_mwh=served,
        capex_eur=plan.capex_eur,
        capex_by_component_eur=dict(plan.capex_by_component_eur),
        heat_per_euro_kwh=_heat_per_euro(plan),
        capex_eur_per_mwh_a=_ratio(plan.capex_eur, plan.heat_mwh, math.nan),
        zones_served=len(plan.zones),
        zones_total=len(problem.zones),
        sites_chosen=len(plan.sites),
        sites_total=len(problem.sites),
        site_capacity_mw=math.fsum(site.capacity_mw for site in plan.sites),
        electricity_mwh=math.fsum(site.electricity_mwh for site in plan.sites),
        trench_length_m=trench,
        trench_length_by_size_m=_trench_by_size(plan),
        trench_length_by_kind_m=_trench_by_kind(plan, facts.edge_kinds),
        standing_pipes_m=plan.standing_pipes_m,
        standing_base_mwh=math.fsum(standing_base_mwh(zone) for zone in problem.zones),
        displaced_base_mwh=math.fsum(plan_displaced_mwh(problem, plan).values()),
        network_loss_mwh=plan.loss_mwh,
        network_loss_share=_ratio(plan.loss_mwh, plan.loss_mwh + plan.heat_mwh, 0.0),
        demand_share=_ratio(plan.heat_mwh, demand, 0.0),
        served_waste_heat_share=_ratio(plan.heat_mwh, served, 0.0),
        linear_heat_density_mwh_per_m=_ratio(plan.heat_mwh, trench, math.nan),
        mwh_per_home=facts.mwh_per_home,
        homes=plan.heat_mwh / facts.mwh_per_home,
        assumed_sites=len(facts.assumed_sites),
        chosen_assumed_sites=len(facts.assumed_sites & chosen),
        estimated_zones=facts.estimated_zones,
        unattached_zones=facts.unattached_zones,
        unattached_demand_mwh=facts.unattached_demand_mwh,
        proof=plan.proof,
        further=dict(facts.further),
    )


def proof_words(proof: Proof) -> str:
    """Return in plain words how good a plan is proven to be.

    Examples
    --------
    >>> proof_words(Proof(Status.OPTIMAL, "max_heat", 100.0, 101.4, 0.014, 0.02, 3.0, "highs"))
    'proven within 1.4 %'
    >>> proof_words(Proof(Status.FEASIBLE, "max_heat", 1.0, None, math.inf, 0.02, 3.0, "highs"))
    'not proven: no bound was found'
    """
    gap = gap_percent(proof.gap)
    if proof.status in {Status.INFEASIBLE, Status.NO_PLAN}:
        return proof.status.value
    if not math.isfinite(proof.gap):
        return "not proven: no bound was found"
    if proof.status is Status.OPTIMAL:
        return f"proven within {gap}" if proof.gap > 0 else "proven to be the best"
    stopped = "stopped by the user; " if proof.status is Status.INTERRUPTED else ""
    return f"{stopped}proven only within {gap}, {gap_percent(proof.gap_wanted)} was wanted"


def diameter_order(label: str) -> tuple[float, str]:
    """Return a key that sorts size labels from small to large.

    Examples
    --------
    >>> sorted(["DN100", "DN25", "linear"], key=diameter_order)
    ['DN25', 'DN100', 'linear']
    """
    digits = re.search(r"\d+(?:\.\d+)?", label)
    return (float(digits.group()) if digits else math.inf, label)


def gap_percent(share: float) -> str:
    """Return a gap in per cent, never rounded down, so that a proof is not overstated.

    Examples
    --------
    >>> gap_percent(0.0137), gap_percent(0.000412), gap_percent(0.0), gap_percent(1e-9)
    ('1.4 %', '0.042 %', '0 %', '0.0001 %')
    """
    if not math.isfinite(share):
        return "an unknown share"
    digits = next((d for d in range(1, 4) if share * 100 >= 10 ** (1 - d)), 4)
    digits = 1 if share <= 0 else digits
    scale = 10**digits
    raised = math.ceil(share * 100 * scale - 1e-6) / scale
    raised = max(raised, 1 / scale) if share > 0 else 0.0
    return f"{raised:,.{digits}f}".rstrip("0").rstrip(".") + " %"


def _heat_per_euro(plan: Plan) -> float:
    """Return heat per euro [kWh/(a EUR)]; 0 without heat, infinite without investment."""
    if plan.heat_mwh <= 0:
        return 0.0
    return _ratio(plan.heat_mwh * 1000, plan.capex_eur, math.inf)


def _ratio(part: float, whole: float, otherwise: float) -> float:
    """Return part over whole, or ``otherwise`` where the whole is nothing."""
    return part / whole if whole > 0 else otherwise


def _trench_by_size(plan: Plan) -> dict[str, float]:
    """Return trench length by pipe size, small to large [m]."""
    lengths: dict[str, float] = defaultdict(float)
    for pipe in plan.pipes:
        if pipe.is_dug:
            lengths[pipe.size or "no size"] += pipe.length_m
    return {label: lengths[label] for label in sorted(lengths, key=diameter_order)}


def _trench_by_kind(plan: Plan, kinds: Mapping[str, str]) -> dict[str, float]:
    """Return trench length by kind of edge, for edges whose kind is known [m]."""
    lengths: dict[str, float] = defaultdict(float)
    for pipe in plan.pipes:
        if pipe.is_dug and pipe.edge in kinds:
            lengths[kinds[pipe.edge]] += pipe.length_m
    return dict(sorted(lengths.items()))


def _proof_kpis(proof: Proof) -> dict[str, Any]:
    """Return the proof without its trail."""
    return {
        "status": proof.status.value,
        "in_words": proof_words(proof),
        "objective": proof.objective,
        "incumbent": proof.incumbent,
        "bound": proof.bound,
        "gap": proof.gap,
        "gap_wanted": proof.gap_wanted,
        "price_mwh_per_eur": proof.price_mwh_per_eur,
        "solver": proof.solver,
        "seconds": proof.seconds,
    }


def _finite(value: Any) -> Any:
    """Return a copy in which every infinite or undefined number is ``None``."""
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
