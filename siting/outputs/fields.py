"""Say what each column of a result means, in which unit, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

__all__ = ["LAYERS", "Field", "fields_of"]


@dataclass(frozen=True)
class Field:
    """One column of a result.

    Parameters
    ----------
    title
        Heading for people.
    unit
        Unit; empty for texts, ``-`` for ratios.
    description
        What it is, in a sentence.
    short
        Name of at most ten characters, for shapefiles.
    style
        How figures are written, as a spreadsheet number format.
    total
        Whether its sum over a layer means something.
    """

    title: str
    unit: str
    description: str
    short: str
    style: str = "General"
    total: bool = False

    @property
    def heading(self) -> str:
        """Heading with the unit in brackets.

        Examples
        --------
        >>> Field("Heat", "MWh/a", "Heat delivered.", "heat_mwh").heading
        'Heat [MWh/a]'
        """
        return f"{self.title} [{self.unit}]" if self.unit else self.title


WHOLE, ONE, TWO, THREE, SHARE = "#,##0", "#,##0.0", "#,##0.00", "#,##0.000", "0.0%"


def _text(title: str, description: str, short: str) -> Field:
    return Field(title, "", description, short, "@")


_NAME = _text("Name", "Name in the input layer, or the id where there is none.", "name")
_REASON = _text("Reason", "Why it is in the plan, or why it is not.", "reason")
_CHANGE = _text(
    "What would have to change", "For it to come into the plan, or to leave it.", "change"
)
_COST = Field(
    "Investment", "EUR", "Overnight investment, all overheads in.", "cost_eur", WHOLE, True
)
_ESTIMATES = {
    "marginal_heat_per_euro_kwh": Field(
        "Heat per extra euro",
        "kWh/a per EUR",
        "In the plan: heat lost per euro saved if it alone were left out. Not in the plan: heat won"
        " per euro if it alone were added to the plan; an estimate.",
        "marg_kwh_e",
        THREE,
    ),
    "extra_capex_eur": Field(
        "Extra investment",
        "EUR",
        "What leaving it out would save, or what adding it alone would cost; an estimate. Of a site"
        " that another one of its group excludes: what its network in place of the other's costs.",
        "extra_eur",
        WHOLE,
    ),
    "break_even_capex_eur": Field(
        "Break-even investment",
        "EUR",
        "Extra investment at which it gives as much heat per euro as the plan; an estimate. Of a"
        " site that another one of its group excludes: that of its network in place of the other's,"
        " at which the plan keeps its heat per euro.",
        "brkeven_eu",
        WHOLE,
    ),
}

_SITES = {
    "site_id": _text("Site", "Id of the site in the input layer.", "site_id"),
    "name": _NAME,
    "chosen": Field("Chosen", "", "Whether the plan opens the site.", "chosen"),
    "reason": _REASON,
    "change": _CHANGE,
    "option": _text("Option", "How its heat is brought into the network.", "option"),
    "it_load_mw": Field("IT load", "MW", "Nameplate IT power.", "it_load_mw", TWO),
    "recoverable_heat_kw": Field(
        "Stated heat", "kW", "Recoverable heat, where the layer states it.", "recov_kw", WHOLE
    ),
    "cooling": _text("Cooling", "How the servers are cooled: air, liquid or mixed.", "cooling"),
    "assumed": Field("Assumed", "", "Whether its size is assumed, not known.", "assumed"),
    "capacity_mw": Field(
        "Heat output", "MW", "Heat output that the plan installs.", "capac_mw", TWO, True
    ),
    "max_capacity_mw": Field(
        "Largest output", "MW", "Most heat that it could feed in.", "maxcap_mw", TWO
    ),
    "heat_mwh": Field(
        "Heat fed in", "MWh/a", "Heat fed into the network, its losses in.", "heat_mwh", WHOLE, True
    ),
    "electricity_mwh": Field(
        "Electricity", "MWh/a", "Electricity of its heat pump.", "power_mwh", WHOLE, True
    ),
    "cop": Field("COP", "-", "Heat fed in over electricity used in a year.", "cop", TWO),
    "cost_eur": _COST,
    **_ESTIMATES,
    "source_heat_mwh": Field(
        "Source heat used", "MWh/a", "Heat taken from the servers.", "src_mwh", WHOLE, True
    ),
    "source_heat_used_share": Field(
        "Source heat share",
        "-",
        "Heat taken over all heat that the servers give.",
        "src_share",
        SHARE,
    ),
    "erf": Field(
        "ERF", "-", "Energy reuse factor: heat reused over all energy used.", "erf", THREE
    ),
    "ere": Field("ERE", "-", "Energy reuse effectiveness: PUE times (1 - ERF).", "ere", THREE),
    "pue": Field("PUE", "-", "All energy over that of the servers, without recovery.", "pue", TWO),
    "pue_with_recovery": Field(
        "PUE with recovery", "-", "The same, with the cooling that recovery saves.", "pue_rec", TWO
    ),
    "cooling_saved_mwh": Field(
        "Cooling saved",
        "MWh/a",
        "Electricity of cooling no longer used.",
        "coolsv_mwh",
        WHOLE,
        True,
    ),
    "cooling_saved_eur_per_a": Field(
        "Cooling cost saved",
        "EUR/a",
        "What that electricity would cost.",
        "coolsv_eur",
        WHOLE,
        True,
    ),
    "heat_income_eur_per_a": Field(
        "Heat income", "EUR/a", "What the operator is paid for its heat.", "income_eur", WHOLE, True
    ),
}

_ZONES = {
    "zone_id": _text("Zone", "Id of the zone in the input layer.", "zone_id"),
    "name": _NAME,
    "served": Field("Served", "", "Whether the plan connects the zone.", "served"),
    "reason": _REASON,
    "change": _CHANGE,
    "annual_demand_mwh": Field(
        "Heat demand", "MWh/a", "Heat used in a year, before losses.", "demand_mwh", WHOLE, True
    ),
    "peak_demand_kw": Field("Peak", "kW", "Highest hourly need.", "peak_kw", WHOLE),
    "base_mw": Field(
        "Base load", "MW", "Capacity granted by the data centres.", "base_mw", THREE, True
    ),
    "heat_mwh": Field(
        "Waste heat", "MWh/a", "Heat from data centres delivered.", "heat_mwh", WHOLE, True
    ),
    "waste_heat_share": Field("Share", "-", "Waste heat over heat demand.", "wh_share", SHARE),
    "heat_loss_kw": Field(
        "Heat loss inside", "kW", "Lost in the pipes inside the zone.", "loss_kw", ONE, True
    ),
    "cost_eur": replace(_COST, description="Overnight investment to connect it, overheads in."),
    "estimated": _text("Estimated", "Which figures were estimated, and how.", "estimated"),
    "estimated_by": _text("Way of estimate", "By which way demand was estimated.", "estim_by"),
    "whole_demand_mwh": Field(
        "Whole demand", "MWh/a", "Demand of the zone, connected or not.", "whole_mwh", WHOLE, True
    ),
    "connection_share": Field(
        "Connection share", "-", "Share of the whole demand that connects.", "conn_share", SHARE
    ),
    "standing_base_mwh": Field(
        "Existing base load",
        "MWh/a",
        "Heat from base plants of the existing network; not in the heat demand.",
        "stand_mwh",
        WHOLE,
        True,
    ),
    "displaced_base_mwh": Field(
        "Displaced base load",
        "MWh/a",
        "What the base load granted could give in their place; not in the waste heat.",
        "displ_mwh",
        WHOLE,
        True,
    ),
    "load_curve": _text("Load curve", "What its load-duration curve comes from.", "load_curve"),
    "needed_supply_temperature_c": Field(
        "Needed supply", "°C", "Temperature that its buildings need.", "needed_c", ONE
    ),
    "booster_electricity_mwh": Field(
        "Booster electricity", "MWh/a", "Electricity of its boosters.", "boost_mwh", WHOLE, True
    ),
    **_ESTIMATES,
}

_PIPES = {
    "pipe_id": _text("Pipe", "Key of the piece of trench.", "pipe_id"),
    "kind": _text("Kind", "Street, service (to a zone), trunk (to a site) or existing.", "kind"),
    "street": _text("Street", "Name of the street it lies in.", "street"),
    "from_node": _text("From", "Node where heat enters.", "from_node"),
    "to_node": _text("To", "Node where heat leaves.", "to_node"),
    "nominal_diameter": _text("Size", "Nominal diameter.", "dn"),
    "length_m": Field(
        "Trench",
        "m",
        "Length, counted once; a pipe without cost stands already.",
        "length_m",
        ONE,
        True,
    ),
    "flow_mw": Field("Heat flow", "MW", "Heat flow entering at full base load.", "flow_mw", THREE),
    "capacity_mw": Field("Capacity", "MW", "Most heat flow that may enter.", "capac_mw", THREE),
    "utilisation": Field("Utilisation", "-", "Heat flow over capacity.", "util", SHARE),
    "heat_loss_kw": Field(
        "Heat loss", "kW", "Lost by supply and return, all year.", "loss_kw", TWO, True
    ),
    "cost_eur": _COST,
    "branch_heat_mwh": Field(
        "Heat of the branch",
        "MWh/a",
        "Waste heat of the zones fed through it only.",
        "branch_mwh",
        WHOLE,
    ),
    "branch_capex_eur": Field(
        "Investment of the branch",
        "EUR",
        "Of the pipe, and of all pipes and zones fed through it only.",
        "branch_eur",
        WHOLE,
    ),
    "marginal_heat_per_euro_kwh": Field(
        "Heat per euro of the branch",
        "kWh/a per EUR",
        "Heat lost per euro saved if the branch were left out.",
        "marg_kwh_e",
        THREE,
    ),
    "velocity_m_per_s": Field("Velocity", "m/s", "Of the water at full flow.", "veloc_m_s", TWO),
    "pressure_gradient_pa_per_m": Field(
        "Pressure gradient", "Pa/m", "At full flow, for one pipe.", "grad_pa_m", WHOLE
    ),
    "supply_drop_k": Field(
        "Cooling of the supply", "K", "Along this pipe at full flow.", "drop_k", TWO
    ),
    "supply_drop_summer_k": Field(
        "Cooling in summer", "K", "Along this pipe at the lowest flow.", "dropsum_k", TWO
    ),
}

_STREETS = {
    "name": _text("Name", "Name of the street.", "name"),
    "road_class": _text("Class", "Class of the street.", "road_class"),
    "surface": _text("Surface", "Urban, suburban or rural ground.", "surface"),
    "cost_factor": Field(
        "Cost factor", "-", "Pipe cost over that of the urban catalogue.", "costfactor", TWO
    ),
    "forbidden": Field("Forbidden", "", "Whether no pipe may lie in it.", "forbidden"),
    "length_m": Field("Length", "m", "Length of the line.", "length_m", ONE, True),
}

_EXISTING = {
    "name": _text("Name", "Name of the line.", "name"),
    "existing_dn": Field("Size", "DN", "Nominal diameter of the standing pipe.", "dn"),
    "length_m": Field("Length", "m", "Length of the line.", "length_m", ONE, True),
}

_BARRIERS = {
    "kind": _text("Kind", "Railway, motorway, water or a word of the layer.", "kind"),
    "crossing": _text("Crossing", "Whether it is priced or forbidden.", "crossing"),
    "cost_eur": Field(
        "Cost of a crossing",
        "EUR",
        "As the layer states it; empty for the usual.",
        "cost_eur",
        WHOLE,
    ),
    "cost_factor": Field(
        "Cost factor", "-", "Cost of a crossing over the usual one.", "costfactor", TWO
    ),
}

_KPIS = {
    "kpi": _text("Key figure", "Name of the figure, its unit at the end.", "kpi"),
    "value": Field("Value", "", "The figure, where it is a number.", "value"),
    "text": _text("Text", "The figure as text.", "text"),
}

LAYERS: Mapping[str, Mapping[str, Field]] = MappingProxyType(
    {
        "sites": _SITES,
        "zones": _ZONES,
        "pipes": _PIPES,
        "streets": _STREETS,
        "candidate_sites": _SITES,
        "demand_zones": _ZONES,
        "existing_network": _EXISTING,
        "barriers": _BARRIERS,
        "barrier_areas": _BARRIERS,
        "kpis": _KPIS,
    }
)
"""The columns of each layer that a run writes."""


def fields_of(layer: str, columns: list[str]) -> dict[str, Field]:
    """Return the fields of some columns of a layer; unknown ones speak for themselves.

    Examples
    --------
    >>> fields_of("zones", ["heat_mwh", "height_m"])["heat_mwh"].heading
    'Waste heat [MWh/a]'
    >>> fields_of("zones", ["height_m"])["height_m"].heading
    'height_m'
    """
    known = LAYERS.get(layer, {})
    return {name: known.get(name) or Field(name, "", "", name[:10]) for name in columns}
