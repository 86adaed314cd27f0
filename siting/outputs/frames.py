"""Put a plan back on the ground: one table with geometry for each layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.appraisal import Appraisal, Facts
from siting.errors import VerificationError
from siting.network.types import PipeNetwork
from siting.plan import Plan
from siting.problem import Problem, Site, Zone
from siting.region import Region
from siting.solution import Status

__all__ = ["Keys", "PlanFrames", "check_same_plan", "plan_facts", "plan_frames"]

NOT_ATTACHED = "out of reach of the streets"
NO_SITE = "no connection to any site"
NO_ZONE = "no connection to any zone"
LEFT_OUT = {
    "heat_per_euro": "not worth it at this plan's price",
    "max_heat": "not in the plan that delivers most heat within the limits",
    "capex": "not needed for the required heat",
    "net_value": "would cost more than it earns",
}
NOT_IN_BEST = "not in the best plan found"

SITE_COLUMNS = [
    "site_id", "name", "chosen", "reason", "option", "it_load_mw",
    "recoverable_heat_kw", "cooling", "assumed", "capacity_mw", "max_capacity_mw", "heat_mwh",
    "electricity_mwh", "cop", "cost_eur",
]  # fmt: skip
ZONE_COLUMNS = [
    "zone_id", "name", "served", "reason", "annual_demand_mwh", "peak_demand_kw", "base_mw",
    "heat_mwh", "waste_heat_share", "heat_loss_kw", "cost_eur", "estimated",
]  # fmt: skip
PIPE_COLUMNS = [
    "pipe_id", "kind", "street", "from_node", "to_node", "nominal_diameter", "length_m", "flow_mw",
    "capacity_mw", "utilisation", "heat_loss_kw", "cost_eur",
]  # fmt: skip
STREET_COLUMNS = ["name", "road_class", "surface", "cost_factor", "forbidden", "length_m"]


_KIND_OF: dict[str, type] = {
    **dict.fromkeys(["chosen", "served", "assumed"], bool),
    **dict.fromkeys(["site_id", "zone_id", "pipe_id", "name", "reason", "option", "cooling"], str),
    **dict.fromkeys(["estimated", "kind", "street", "from_node", "to_node"], str),
    "nominal_diameter": str,
}
"""What each column holds, where it is not a number; so that empty layers keep their columns."""


class Keys(Protocol):
    """What is needed of an assembly: the problem, and the way back from keys to GIS ids."""

    @property
    def problem(self) -> Problem:
        """The problem that was solved."""

    @property
    def site_ids(self) -> Mapping[str, str]:
        """GIS id of each site key."""

    @property
    def zone_ids(self) -> Mapping[str, str]:
        """GIS id of each zone key."""


@dataclass(frozen=True)
class PlanFrames:
    """The layers of a plan, in the working CRS, with units in the column names.

    Parameters
    ----------
    sites, zones
        All candidate sites and all demand zones, chosen and served or not, with the reason.
    pipes
        The pipes that are built.
    streets
        The streets that could have carried a pipe.
    """

    sites: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    pipes: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame

    @property
    def chosen_sites(self) -> gpd.GeoDataFrame:
        """The sites that the plan opens."""
        return self.sites[self.sites["chosen"]].reset_index(drop=True)

    @property
    def served_zones(self) -> gpd.GeoDataFrame:
        """The zones that the plan connects."""
        return self.zones[self.zones["served"]].reset_index(drop=True)

    @property
    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """All layers by name: the plan alone in the first three, what it was chosen from after."""
        return {
            "sites": self.chosen_sites,
            "zones": self.served_zones,
            "pipes": self.pipes,
            "candidate_sites": self.sites,
            "demand_zones": self.zones,
            "streets": self.streets,
        }


def plan_frames(region: Region, network: PipeNetwork, assembly: Keys, plan: Plan) -> PlanFrames:
    """Return the layers of a plan, in the order of the input layers.

    Parameters
    ----------
    region, network
        The layers that were read, and the routing graph made from them.
    assembly
        The problem, with the GIS id of each site and zone key.
    plan
        What is built.
    """
    reach = _Reach.of(assembly.problem)
    return PlanFrames(
        sites=_site_frame(region, assembly, plan, reach),
        zones=_zone_frame(region, assembly, plan, reach),
        pipes=_pipe_frame(region, network, plan),
        streets=_street_frame(region),
    )


def plan_facts(region: Region, network: PipeNetwork, assembly: Keys) -> Facts:
    """Return what the layers know and the problem does not, for the appraisal."""
    sites, zones = region.sites.frame, region.zones.frame
    assumed = {str(name) for name in sites.index if _flag(sites, name, "assumed")}
    attached = {assembly.zone_ids[zone.id] for zone in assembly.problem.zones}
    apart = zones.loc[[str(name) not in attached for name in zones.index]]
    estimated = zones["estimated"].map(_text) if "estimated" in zones else pd.Series(dtype=str)
    return Facts(
        edge_kinds={str(key): str(kind) for key, kind in network.edges["kind"].items()},
        assumed_sites=frozenset(
            site.id for site in assembly.problem.sites if assembly.site_ids[site.id] in assumed
        ),
        estimated_zones=int((estimated != "").sum()),
        unattached_zones=len(apart),
        unattached_demand_mwh=float(apart["annual_demand_mwh"].sum()),
    )


def check_same_plan(frames: PlanFrames, appraisal: Appraisal, plan: Plan) -> None:
    """Raise a `VerificationError` if layers or key figures are those of another plan."""
    pairs = {
        "sites chosen": (int(frames.sites["chosen"].sum()), len(plan.sites)),
        "zones served": (int(frames.zones["served"].sum()), len(plan.zones)),
        "pipes": (len(frames.pipes), len(plan.pipes)),
        "heat in MWh/a": (appraisal.heat_mwh, plan.heat_mwh),
        "investment in EUR": (appraisal.capex_eur, plan.capex_eur),
    }
    for name, (told, planned) in pairs.items():
        if told != planned:
            raise VerificationError(
                f"Layers or key figures do not belong to this plan: {name} {told:,} against"
                f" {planned:,}. Derive both from the plan that is written."
            )


@dataclass(frozen=True)
class _Reach:
    """Which sites and zones hang together through edges that may be built."""

    part: Mapping[str, int]
    with_site: frozenset[int]
    with_zone: frozenset[int]

    @classmethod
    def of(cls, problem: Problem) -> _Reach:
        """Return the connected parts of a problem."""
        place = {node: index for index, node in enumerate(problem.nodes)}
        edges = [(place[e.u], place[e.v]) for e in problem.edges if not e.forbidden]
        ends = np.array(edges, dtype=np.int32).reshape(-1, 2)
        shape = (len(place), len(place))
        graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=shape).tocsr()
        labels = connected_components(graph, directed=False)[1]
        part = {node: int(labels[index]) for node, index in place.items()}
        return cls(
            part,
            frozenset(part[s.node] for s in problem.sites if not s.forbidden),
            frozenset(part[z.node] for z in problem.zones if not z.forbidden),
        )


def _zone_frame(region: Region, keys: Keys, plan: Plan, reach: _Reach) -> gpd.GeoDataFrame:
    """Return all zones with what the plan gives them."""
    known = {keys.zone_ids[zone.id]: zone for zone in keys.problem.zones}
    served = {keys.zone_ids[zone.zone]: zone for zone in plan.zones}
    rows = []
    for zone_id, given in region.zones.frame.iterrows():
        zone, got = known.get(str(zone_id)), served.get(str(zone_id))
        demand = zone.heat_mwh if zone else _number(given.get("annual_demand_mwh"))
        rows.append(
            {
                "zone_id": str(zone_id),
                "name": _text(given.get("name")) or str(zone_id),
                "served": got is not None,
                "reason": "served" if got else _zone_reason(zone, reach, keys.problem, plan),
                "annual_demand_mwh": demand,
                "peak_demand_kw": (
                    zone.peak_mw * 1000 if zone else _number(given.get("peak_demand_kw"))
                ),
                "base_mw": got.base_mw if got else 0.0,
                "heat_mwh": got.heat_mwh if got else 0.0,
                "waste_heat_share": got.heat_mwh / demand if got and demand > 0 else 0.0,
                "heat_loss_kw": zone.loss_mw * 1000 if zone and got else 0.0,
                "cost_eur": got.cost_eur if got else 0.0,
                "estimated": _text(given.get("estimated")),
            }
        )
    return _frame(rows, ZONE_COLUMNS, region.zones.frame.geometry, region)


def _zone_reason(zone: Zone | None, reach: _Reach, problem: Problem, plan: Plan) -> str:
    """Return why a zone is not served."""
    if zone is None:
        return NOT_ATTACHED
    if zone.forbidden:
        return "forbidden"
    if reach.part[zone.node] not in reach.with_site:
        return NO_SITE
    if zone.heat_mwh <= 0:
        return "no heat demand"
    return _left_out(problem, plan)


def _site_frame(region: Region, keys: Keys, plan: Plan, reach: _Reach) -> gpd.GeoDataFrame:
    """Return all sites with what the plan makes of them."""
    known = {keys.site_ids[site.id]: site for site in keys.problem.sites}
    opened = {keys.site_ids[site.site]: site for site in plan.sites}
    groups = {known[site_id].group for site_id in opened if known[site_id].group}
    rows = []
    for site_id, given in region.sites.frame.iterrows():
        site, got = known.get(str(site_id)), opened.get(str(site_id))
        power = got.electricity_mwh if got else 0.0
        rows.append(
            {
                "site_id": str(site_id),
                "name": _text(given.get("name")) or str(site_id),
                "chosen": got is not None,
                "reason": (
                    "chosen" if got else _site_reason(site, reach, keys.problem, plan, groups)
                ),
                "option": got.option if got else "",
                "it_load_mw": _number(given.get("it_load_mw")),
                "recoverable_heat_kw": _number(given.get("recoverable_heat_kw")),
                "cooling": _text(given.get("cooling")),
                "assumed": _flag(region.sites.frame, site_id, "assumed"),
                "capacity_mw": got.capacity_mw if got else 0.0,
                "max_capacity_mw": _most(site, got.option if got else None),
                "heat_mwh": got.heat_mwh if got else 0.0,
                "electricity_mwh": power,
                "cop": got.heat_mwh / power if got and power > 0 else math.nan,
                "cost_eur": got.cost_eur if got else 0.0,
            }
        )
    return _frame(rows, SITE_COLUMNS, region.sites.frame.geometry, region)


def _site_reason(
    site: Site | None, reach: _Reach, problem: Problem, plan: Plan, groups: set[str | None]
) -> str:
    """Return why a site is not chosen."""
    most = problem.limits.max_sites
    if site is None:
        return NOT_ATTACHED
    if site.forbidden:
        return "forbidden"
    if reach.part[site.node] not in reach.with_zone:
        return NO_ZONE
    if site.group in groups:
        return f"another site of group '{site.group}' is chosen"
    if most is not None and len(plan.sites) >= most:
        return f"the plan may open at most {most} sites"
    return _left_out(problem, plan)


def _left_out(problem: Problem, plan: Plan) -> str:
    """Return why a plan does not use something that it could use."""
    if plan.proof.status is not Status.OPTIMAL:
        return NOT_IN_BEST
    return LEFT_OUT.get(problem.objective.kind, NOT_IN_BEST)


def _most(site: Site | None, option: str | None) -> float:
    """Return the most heat a site can feed in, by one option or by its best one [MW]."""
    if site is None:
        return math.nan
    choices = [each for each in site.choices if option is None or each.id == option]
    limits = [math.inf if each.capacity_mw is None else each.capacity_mw for each in choices]
    most = max(limits, default=math.nan)
    return most if math.isfinite(most) else math.nan


def _pipe_frame(region: Region, network: PipeNetwork, plan: Plan) -> gpd.GeoDataFrame:
    """Return the pipes that are built, in the order of the plan."""
    edges = network.edges
    rows = []
    for pipe in plan.pipes:
        edge = edges.loc[pipe.edge]
        rows.append(
            {
                "pipe_id": pipe.edge,
                "kind": edge["kind"],
                "street": _text(edge["name"]),
                "from_node": pipe.from_node,
                "to_node": pipe.to_node,
                "nominal_diameter": pipe.size or "",
                "length_m": pipe.length_m,
                "flow_mw": pipe.flow_mw,
                "capacity_mw": math.nan if pipe.capacity_mw is None else pipe.capacity_mw,
                "utilisation": pipe.flow_mw / pipe.capacity_mw if pipe.capacity_mw else math.nan,
                "heat_loss_kw": pipe.loss_mw * 1000,
                "cost_eur": pipe.cost_eur,
            }
        )
    geometry = edges.geometry.loc[[pipe.edge for pipe in plan.pipes]]
    return _frame(rows, PIPE_COLUMNS, geometry, region)


def _street_frame(region: Region) -> gpd.GeoDataFrame:
    """Return the streets that were read."""
    streets = region.streets.frame
    frame = streets.assign(length_m=streets.geometry.length).reindex(
        columns=[*STREET_COLUMNS, "geometry"]
    )
    return gpd.GeoDataFrame(frame.reset_index(drop=True), geometry="geometry", crs=region.crs)


def _frame(
    rows: list[dict[str, Any]], columns: list[str], geometry: gpd.GeoSeries, region: Region
) -> gpd.GeoDataFrame:
    """Return rows with their geometry; columns are there even when there is no row."""
    kinds = {name: _KIND_OF.get(name, float) for name in columns}
    table = pd.DataFrame(rows, columns=columns).astype(kinds)
    return gpd.GeoDataFrame(table, geometry=list(geometry), crs=region.crs)


def _flag(frame: gpd.GeoDataFrame, row: Any, column: str) -> bool:
    """Return a yes-or-no column of one row; a missing one is no."""
    value = frame.at[row, column] if column in frame else False
    return False if pd.isna(value) else bool(value)


def _text(value: Any) -> str:
    """Return a value as text, nothing for a missing one."""
    return "" if value is None or pd.isna(value) else str(value)


def _number(value: Any) -> float:
    """Return a value as a number, not-a-number for a missing one."""
    return math.nan if value is None or pd.isna(value) else float(value)
