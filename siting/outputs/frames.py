"""Put a plan back on the ground: one table with geometry for each layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.appraisal import Appraisal, Facts
from siting.errors import VerificationError
from siting.explanation import Explanation, explain_plan, not_attached, with_site_ids
from siting.marginal import Margins, plan_margins
from siting.network.types import PipeNetwork
from siting.operator_effects import OperatorEffects
from siting.plan import Plan, PlannedZone
from siting.problem import Problem, Site, Zone
from siting.pumping import PlanHydraulics
from siting.region import Region
from siting.standing_base import displaced_base_mwh, standing_base_mwh

__all__ = ["Keys", "PlanFrames", "check_same_plan", "plan_facts", "plan_frames"]

SITE_COLUMNS = [
    "site_id", "name", "chosen", "reason", "change", "option", "it_load_mw",
    "recoverable_heat_kw", "cooling", "assumed", "capacity_mw", "max_capacity_mw", "heat_mwh",
    "electricity_mwh", "cop", "cost_eur", "marginal_heat_per_euro_kwh", "extra_capex_eur",
    "break_even_capex_eur", "source_heat_mwh", "source_heat_used_share", "erf", "ere", "pue",
    "pue_with_recovery", "cooling_saved_mwh", "cooling_saved_eur_per_a", "heat_income_eur_per_a",
]  # fmt: skip
ZONE_COLUMNS = [
    "zone_id", "name", "served", "reason", "change", "annual_demand_mwh", "peak_demand_kw",
    "base_mw", "heat_mwh", "waste_heat_share", "heat_loss_kw", "cost_eur",
    "marginal_heat_per_euro_kwh", "extra_capex_eur", "break_even_capex_eur", "whole_demand_mwh",
    "connection_share", "standing_base_mwh", "displaced_base_mwh", "load_curve",
    "needed_supply_temperature_c", "booster_electricity_mwh",
    "estimated_by", "estimated",
]  # fmt: skip
PIPE_COLUMNS = [
    "pipe_id", "kind", "street", "from_node", "to_node", "nominal_diameter", "length_m", "flow_mw",
    "capacity_mw", "utilisation", "heat_loss_kw", "cost_eur", "branch_heat_mwh", "branch_capex_eur",
    "marginal_heat_per_euro_kwh", "velocity_m_per_s", "pressure_gradient_pa_per_m",
    "supply_drop_k", "supply_drop_summer_k",
]  # fmt: skip
EXISTING_COLUMNS = ["name", "existing_dn", "length_m"]
BARRIER_COLUMNS = ["kind", "crossing", "cost_eur", "cost_factor"]
STREET_COLUMNS = ["name", "road_class", "surface", "cost_factor", "forbidden", "length_m"]


ESTIMATES = ("marginal_heat_per_euro_kwh", "extra_capex_eur", "break_even_capex_eur")

_KIND_OF: dict[str, type] = {
    **dict.fromkeys(["chosen", "served", "assumed"], bool),
    **dict.fromkeys(["site_id", "zone_id", "pipe_id", "name", "reason", "option", "cooling"], str),
    **dict.fromkeys(["change", "estimated", "estimated_by", "load_curve"], str),
    **dict.fromkeys(["kind", "street", "from_node", "to_node"], str),
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
        The pipes that are built, each line in the direction in which heat flows.
    streets
        The streets that could have carried a pipe.
    existing, barriers
        Lines of a heat network that stands, and what is dear or forbidden to cross; None where the
        study has no such layer.
    """

    sites: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    pipes: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    existing: gpd.GeoDataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None

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
        around = {"existing_network": self.existing, **_lines_and_areas(self.barriers)}
        return {
            "sites": self.chosen_sites,
            "zones": self.served_zones,
            "pipes": self.pipes,
            "candidate_sites": self.sites,
            "demand_zones": self.zones,
            "streets": self.streets,
            **{name: frame for name, frame in around.items() if frame is not None and len(frame)},
        }


def plan_frames(
    region: Region,
    network: PipeNetwork,
    assembly: Keys,
    plan: Plan,
    hydraulics: PlanHydraulics | None = None,
    effects: Mapping[str, OperatorEffects] | None = None,
) -> PlanFrames:
    """Return the layers of a plan, in the order of the input layers.

    Parameters
    ----------
    region, network
        The layers that were read, and the routing graph made from them.
    assembly
        The problem, with the GIS id of each site and zone key.
    plan
        What is built.
    hydraulics
        Water in its pipes; without it those columns are empty.
    effects
        What it does for the operator of each chosen site, by site key.
    """
    margins = plan_margins(assembly.problem, plan)
    told = explain_plan(assembly.problem, plan)
    return PlanFrames(
        sites=_site_frame(region, assembly, plan, told.sites, effects or {}),
        zones=_zone_frame(region, assembly, plan, told.zones),
        pipes=_pipe_frame(region, network, plan, margins, hydraulics),
        streets=_street_frame(region),
        existing=_around(region.existing, EXISTING_COLUMNS),
        barriers=_around(region.barriers and region.barriers.frame, BARRIER_COLUMNS),
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


def _zone_frame(
    region: Region, keys: Keys, plan: Plan, told: Mapping[str, Explanation]
) -> gpd.GeoDataFrame:
    """Return all zones with what the plan gives them."""
    why = {keys.zone_ids[key]: each for key, each in told.items()}
    known = {keys.zone_ids[zone.id]: zone for zone in keys.problem.zones}
    served = {keys.zone_ids[zone.zone]: zone for zone in plan.zones}
    behind = _zone_facts(keys)
    rows = []
    for zone_id, given in region.zones.frame.iterrows():
        zone, got = known.get(str(zone_id)), served.get(str(zone_id))
        demand = zone.heat_mwh if zone else _number(given.get("annual_demand_mwh"))
        rows.append(
            {
                "zone_id": str(zone_id),
                "name": _text(given.get("name")) or str(zone_id),
                "served": got is not None,
                **_why(why.get(str(zone_id)), "zone", keys.site_ids),
                "annual_demand_mwh": demand,
                "peak_demand_kw": (
                    zone.peak_mw * 1000 if zone else _number(given.get("peak_demand_kw"))
                ),
                "base_mw": got.base_mw if got else 0.0,
                "heat_mwh": got.heat_mwh if got else 0.0,
                "waste_heat_share": got.heat_mwh / demand if got and demand > 0 else 0.0,
                "heat_loss_kw": zone.loss_mw * 1000 if zone and got else 0.0,
                **_standing_base(zone, got),
                "cost_eur": got.cost_eur if got else 0.0,
                **_zone_origin(given, behind.get(str(zone_id), {}), got),
            }
        )
    return _frame(rows, ZONE_COLUMNS, region.zones.frame.geometry, region)


def _standing_base(zone: Zone | None, got: PlannedZone | None) -> dict[str, float]:
    """Return what existing base plants give a zone, and what of it the plan could displace."""
    if zone is None:
        return {"standing_base_mwh": 0.0, "displaced_base_mwh": 0.0}
    displaced = displaced_base_mwh(zone, got.base_mw) if got else 0.0
    return {"standing_base_mwh": standing_base_mwh(zone), "displaced_base_mwh": displaced}


def _zone_facts(keys: Keys) -> dict[str, dict[str, Any]]:
    """Return what stands behind the demand of each zone by its id, where the assembly knows."""
    facts = getattr(keys, "zone_heat", None)
    if facts is None or "zone_id" not in facts:
        return {}
    return {str(row["zone_id"]): row for row in facts.to_dict("records")}


def _zone_origin(
    given: Mapping[str, Any], facts: Mapping[str, Any], got: PlannedZone | None
) -> dict[str, Any]:
    """Return where the demand of a zone comes from, and what its boosters use."""
    words = [_text(given.get("estimated")), _text(facts.get("estimated"))]
    power = _number(facts.get("booster_electricity_mwh_per_mwh", 0.0))
    whole = facts.get("whole_demand_mwh", given.get("annual_demand_mwh"))
    return {
        "whole_demand_mwh": _number(whole),
        "connection_share": _number(facts.get("connection_share", 1.0)),
        "load_curve": _text(facts.get("load_curve")),
        "needed_supply_temperature_c": _number(
            facts.get("needed_supply_temperature_c", given.get("needed_supply_temperature_c"))
        ),
        "booster_electricity_mwh": got.demand_mwh * power if got else 0.0,
        "estimated_by": _text(given.get("estimated_by")),
        "estimated": "; ".join(each for each in words if each),
    }


def _why(told: Explanation | None, kind: str, site_ids: Mapping[str, str]) -> dict[str, Any]:
    """Return the reason for something, what would have to change, and the estimates behind it."""
    told = told or not_attached(kind, "")
    return {
        "reason": told.reason,
        "change": with_site_ids(told.change, site_ids),
        **{name: _known(getattr(told, name)) for name in ESTIMATES},
    }


def _site_frame(
    region: Region,
    keys: Keys,
    plan: Plan,
    told: Mapping[str, Explanation],
    effects: Mapping[str, OperatorEffects],
) -> gpd.GeoDataFrame:
    """Return all sites with what the plan makes of them."""
    why = {keys.site_ids[key]: each for key, each in told.items()}
    known = {keys.site_ids[site.id]: site for site in keys.problem.sites}
    opened = {keys.site_ids[site.site]: site for site in plan.sites}
    rows = []
    for site_id, given in region.sites.frame.iterrows():
        site, got = known.get(str(site_id)), opened.get(str(site_id))
        power = got.electricity_mwh if got else 0.0
        rows.append(
            {
                "site_id": str(site_id),
                "name": _text(given.get("name")) or str(site_id),
                "chosen": got is not None,
                **_why(why.get(str(site_id)), "site", keys.site_ids),
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
                **_operator_columns(effects.get(got.site) if got else None),
            }
        )
    return _frame(rows, SITE_COLUMNS, region.sites.frame.geometry, region)


def _operator_columns(effects: OperatorEffects | None) -> dict[str, float]:
    """Return what a site means to its operator; nothing where it is not chosen or not known."""
    if effects is None:
        return {}
    return {
        "source_heat_mwh": effects.source_heat_mwh,
        "source_heat_used_share": effects.used_share,
        "erf": effects.erf,
        "ere": effects.ere,
        "pue": effects.pue,
        "pue_with_recovery": effects.pue_with_recovery,
        "cooling_saved_mwh": effects.cooling_saved_mwh,
        "cooling_saved_eur_per_a": effects.cooling_saved_eur,
        "heat_income_eur_per_a": effects.heat_income_eur,
    }


def _most(site: Site | None, option: str | None) -> float:
    """Return the most heat a site can feed in, by one option or by its best one [MW]."""
    if site is None:
        return math.nan
    choices = [each for each in site.choices if option is None or each.id == option]
    limits = [math.inf if each.capacity_mw is None else each.capacity_mw for each in choices]
    most = max(limits, default=math.nan)
    return most if math.isfinite(most) else math.nan


def _pipe_frame(
    region: Region,
    network: PipeNetwork,
    plan: Plan,
    margins: Margins,
    hydraulics: PlanHydraulics | None,
) -> gpd.GeoDataFrame:
    """Return the pipes that are built, in the order of the plan."""
    edges = network.edges
    water = {} if hydraulics is None else hydraulics.pipe_columns()
    rows = []
    for row, pipe in enumerate(plan.pipes):
        edge, margin = edges.loc[pipe.edge], margins.pipes[pipe.edge]
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
                "branch_heat_mwh": margin.heat_mwh,
                "branch_capex_eur": margin.capex_eur,
                "marginal_heat_per_euro_kwh": _known(margin.heat_per_euro_kwh),
                **{name: float(column[row]) for name, column in water.items()},
            }
        )
    built = edges.loc[[pipe.edge for pipe in plan.pipes]]
    backwards = built["u"].to_numpy() != [pipe.from_node for pipe in plan.pipes]
    lines = np.asarray(built.geometry.array)
    return _frame(rows, PIPE_COLUMNS, np.where(backwards, shapely.reverse(lines), lines), region)


def _street_frame(region: Region) -> gpd.GeoDataFrame:
    """Return the streets that were read."""
    streets = region.streets.frame
    frame = streets.assign(length_m=streets.geometry.length).reindex(
        columns=[*STREET_COLUMNS, "geometry"]
    )
    return gpd.GeoDataFrame(frame.reset_index(drop=True), geometry="geometry", crs=region.crs)


def _around(frame: gpd.GeoDataFrame | None, columns: list[str]) -> gpd.GeoDataFrame | None:
    """Return a layer that lies around the plan, with the columns that are known of it."""
    if frame is None or frame.empty:
        return None
    table = pd.DataFrame(frame.assign(length_m=frame.geometry.length)).reindex(columns=columns)
    return gpd.GeoDataFrame(
        table.reset_index(drop=True), geometry=list(frame.geometry), crs=frame.crs
    )


def _lines_and_areas(barriers: gpd.GeoDataFrame | None) -> dict[str, gpd.GeoDataFrame]:
    """Return barriers as two layers: a style draws lines or areas, not both."""
    if barriers is None:
        return {}
    is_area = barriers.geometry.geom_type.str.endswith("Polygon")
    parts = {"barriers": barriers[~is_area], "barrier_areas": barriers[is_area]}
    return {name: part.reset_index(drop=True) for name, part in parts.items()}


def _frame(
    rows: list[dict[str, Any]], columns: list[str], geometry: Iterable[Any], region: Region
) -> gpd.GeoDataFrame:
    """Return rows with their geometry; columns are there even when there is no row."""
    kinds = {name: _KIND_OF.get(name, float) for name in columns}
    table = pd.DataFrame(rows, columns=columns).astype(kinds)
    return gpd.GeoDataFrame(table, geometry=list(geometry), crs=region.crs)


def _known(value: float) -> float:
    """Return a number, not-a-number for an infinite one."""
    return value if math.isfinite(value) else math.nan


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
