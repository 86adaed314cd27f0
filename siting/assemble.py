"""Turn geography into numbers: the problem of a study, with the way back to its ids."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.distribution import zone_pipes
from siting.economics import crf
from siting.errors import FaultLog, InputError, name_ids
from siting.heat import full_load_hours, load_curve, load_factor, peak_from_full_load_hours
from siting.network.types import PipeNetwork
from siting.parameters import Parameters
from siting.pipes import PipeCatalogue, catalogue_for
from siting.problem import (
    Edge,
    Limits,
    Objective,
    PipeSize,
    Problem,
    Site,
    SiteOption,
    Zone,
    check_problem,
)
from siting.region import Region, Remark
from siting.sources import (
    COOLINGS,
    STATUSES,
    CostSegment,
    HeatStream,
    Plant,
    cooling_streams,
    cost_segments,
    running_cost_eur_per_mwh,
    site_plants,
)
from siting.streets import SURFACE_FACTORS
from siting.units import HOURS_PER_A, kw_from_mw, kwh_from_mwh, mw_from_kw, mw_from_w

if TYPE_CHECKING:
    from siting.config import StudyConfig

__all__ = ["Assembly", "assemble_problem"]

OVERHEAD = "design_and_contingency"
COMPONENT_OF_KIND = {"street": "pipes", "trunk": "pipes", "service": "service_lines"}

Curve = tuple[tuple[float, float], ...]
_Inner = tuple[dict[str, float], float]


@dataclass(frozen=True)
class Assembly:
    """A problem with everything that leads back from it to the study.

    Parameters
    ----------
    problem
        The bare problem; its nodes and edges have the keys of the network.
    site_ids, zone_ids
        GIS id of each site key (``s0``, ...) and zone key (``z0``, ...).
    site_heat
        One row per site and option, indexed by both keys: temperatures [°C], heat and power [MW],
        COP and prices behind the option.
    used_parameters
        The parameter table with what the study overrode, see `Parameters.frame`.
    catalogue
        Pipe sizes offered on streets and trunks.
    edge_kinds
        Kind of each edge key: ``street``, ``trunk`` or ``service``.
    assumed_sites
        Keys of the sites whose IT load is assumed.
    remarks
        Defaults taken, and what has no partner on the network.
    """

    problem: Problem
    site_ids: dict[str, str]
    zone_ids: dict[str, str]
    site_heat: pd.DataFrame
    used_parameters: pd.DataFrame
    catalogue: PipeCatalogue
    edge_kinds: dict[str, str]
    assumed_sites: frozenset[str]
    remarks: tuple[Remark, ...] = ()


def assemble_problem(
    region: Region, network: PipeNetwork, parameters: Parameters, config: StudyConfig
) -> Assembly:
    """Return the problem of a study.

    Parameters
    ----------
    region
        Sites and zones.
    network
        The routing graph that reaches them.
    parameters
        Figures of physics and cost.
    config
        Network temperatures, pipe design, objective and limits.

    Returns
    -------
    The problem and the way back to the ids of the layers.

    Raises
    ------
    InputError
        Limits name unknown sites or zones, something mandatory cannot be reached, or a figure
        cannot be worked with. All faults are reported at once.

    Notes
    -----
    Every cost is multiplied once by ``1 + design_share + contingency_share``, those that the layers
    state included. A site offers one option for each plant and straight piece of its cost; the
    capacity of each is that of the whole plant, as the least of the lines is the cost. Pipes carry
    the base load at the mean temperatures of the network; service lines carry the peak of their
    zone.
    """
    desk = _Desk(region, network, parameters, config)
    site_wishes = desk.wishes("sites")
    zone_wishes = desk.wishes("zones")
    sites, site_ids, site_heat = _sites(desk, site_wishes)
    catalogue = _catalogue(desk)
    zones, zone_ids = _zones(desk, zone_wishes, catalogue)
    desk.log.raise_faults()
    edges, offered = _edges(desk, sites, zones, catalogue)
    problem = Problem(
        name=config.study.name,
        nodes=tuple(map(str, network.nodes.index[network.nodes["part"] >= 0])),
        edges=tuple(edges),
        sites=tuple(sites),
        zones=tuple(zones),
        objective=_objective(config, parameters),
        limits=_limits(config, zones),
        hours_per_a=HOURS_PER_A,
    )
    check_problem(problem)
    desk.remark_partners(sites, zones)
    assumed = region.sites.frame["assumed"].to_dict()
    return Assembly(
        problem=problem,
        site_ids=site_ids,
        zone_ids=zone_ids,
        site_heat=site_heat,
        used_parameters=parameters.frame(),
        catalogue=offered,
        edge_kinds=dict(zip(map(str, network.edges.index), network.edges["kind"], strict=True)),
        assumed_sites=frozenset(key for key, each in site_ids.items() if bool(assumed[each])),
        remarks=tuple(desk.remarks),
    )


@dataclass(frozen=True)
class _Wishes:
    """Ids that the study or its layers make mandatory or forbid."""

    mandatory: frozenset[str]
    forbidden: frozenset[str]


@dataclass
class _Desk:
    """What every step of the assembly reads, and where it leaves faults and remarks."""

    region: Region
    network: PipeNetwork
    parameters: Parameters
    config: StudyConfig
    log: FaultLog = field(default_factory=FaultLog)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def overhead(self) -> float:
        """Cost with design and contingency over construction cost [-]."""
        shares = (self.parameters.value("design_share"), self.parameters.value("contingency_share"))
        return 1 + math.fsum(shares)

    def remark(self, layer: str, act: str, count: int, detail: str = "") -> None:
        """Add a remark if it concerns anything."""
        if count:
            self.remarks.append(Remark(layer, act, count, detail=detail))

    def loaded(self, parts: Mapping[str, float]) -> tuple[float, dict[str, float]]:
        """Return a cost with overhead, and its parts, which add up to it [EUR or EUR/MW]."""
        split = {name: part for name, part in parts.items() if part > 0}
        extra = (self.overhead - 1) * math.fsum(split.values())
        if extra > 0:
            split[OVERHEAD] = extra
        return math.fsum(split.values()), split

    def wishes(self, kind: str) -> _Wishes:
        """Return what is mandatory and forbidden, by the layer and by the study."""
        limits = self.config.limits
        if kind == "sites":
            frame, stated = (
                self.region.sites.frame,
                (limits.mandatory_sites, limits.forbidden_sites),
            )
        else:
            frame, stated = (
                self.region.zones.frame,
                (limits.mandatory_zones, limits.forbidden_zones),
            )
        known = [str(each) for each in frame.index]
        found = []
        for wish, listed in zip(("mandatory", "forbidden"), stated, strict=True):
            _check_known(f"{wish}_{kind}", listed, known, self.log)
            own = [key for key, flag in zip(known, frame[wish], strict=True) if bool(flag)]
            found.append(frozenset(own) | (frozenset(listed) & frozenset(known)))
        wishes = _Wishes(*found)
        both = sorted(wishes.mandatory & wishes.forbidden)
        if both:
            self.log.fault(
                kind, f"mandatory and forbidden at once: {name_ids(both)}.", "Choose one.", both
            )
        return wishes

    def nodes_of(self, kind: str, ids: pd.Index, wishes: _Wishes) -> dict[str, str]:
        """Return the node of each id that is on the network, and speak of the others."""
        nodes = self.network.site_nodes if kind == "sites" else self.network.zone_nodes
        reached = self.network.nodes["part"] >= 0
        known = {
            str(key): str(node)
            for key, node in nodes.items()
            if not pd.isna(node) and bool(reached[node])
        }
        missing = [str(each) for each in ids if str(each) not in known]
        needed = [each for each in missing if each in wishes.mandatory]
        if needed:
            self.log.fault(
                kind,
                f"mandatory, but out of reach of the streets: {name_ids(needed)}.",
                "Raise max_connection_m, mend the streets, or release them.",
                needed,
            )
        self.remark(kind, "left out: out of reach of the streets", len(missing), name_ids(missing))
        return known

    def remark_partners(self, sites: Sequence[Site], zones: Sequence[Zone]) -> None:
        """Count what is on a part of the network where nothing can be exchanged."""
        parts = self.network.nodes["part"].to_dict()
        with_site = {parts[each.node] for each in sites if not each.forbidden}
        with_zone = {parts[each.node] for each in zones if not each.forbidden}
        lonely_sites = [each for each in sites if parts[each.node] not in with_zone]
        lonely_zones = [each for each in zones if parts[each.node] not in with_site]
        demand = math.fsum(each.heat_mwh for each in lonely_zones)
        self.remark("sites", "on a part of the network without a zone", len(lonely_sites))
        self.remark(
            "zones",
            "on a part of the network without a site",
            len(lonely_zones),
            f"{demand:,.0f} MWh/a",
        )


def _check_known(key: str, listed: Sequence[str], known: Sequence[str], log: FaultLog) -> None:
    """Report ids that a limit names but no layer has, with the nearest known one."""
    have = set(known)
    unknown = [each for each in listed if each not in have]
    if not unknown:
        return
    hints = []
    for each in unknown[:5]:
        near = difflib.get_close_matches(each, known, n=1, cutoff=0.0)
        hints.append(f"For '{each}' the nearest is '{near[0]}'." if near else "The layer is empty.")
    log.fault("study", f"[limits] {key}: {name_ids(unknown)} not found.", " ".join(hints), unknown)


def _sites(desk: _Desk, wishes: _Wishes) -> tuple[list[Site], dict[str, str], pd.DataFrame]:
    """Return sites with their options, the ids of their keys, and the heat behind the options."""
    frame = desk.region.sites.frame
    nodes = desk.nodes_of("sites", frame.index, wishes)
    sites: list[Site] = []
    ids: dict[str, str] = {}
    heat: list[dict[str, Any]] = []
    for row in _rows(frame):
        if row["id"] not in nodes:
            continue
        key = f"s{len(ids)}"
        ids[key] = row["id"]
        try:
            options, facts = _site_options(desk, row)
        except InputError as error:
            for each in error.faults:
                desk.log.fault(
                    "sites", f"site '{row['id']}': {each.message}", each.remedy, [row["id"]]
                )
            continue
        heat += [{"site": key, "site_id": row["id"], **each} for each in facts]
        sites.append(
            Site(
                id=key,
                node=nodes[row["id"]],
                options=tuple(options),
                group=_text(row, "group") or None,
                mandatory=row["id"] in wishes.mandatory,
                forbidden=row["id"] in wishes.forbidden,
            )
        )
    _remark_site_defaults(desk, frame.loc[[each in nodes for each in map(str, frame.index)]])
    return sites, ids, _heat_frame(heat)


def _site_options(
    desk: _Desk, row: Mapping[str, Any]
) -> tuple[list[SiteOption], list[dict[str, Any]]]:
    """Return the options of one site, and the facts behind each."""
    network = desk.config.network
    stated_kw = _number(row, "recoverable_heat_kw")
    streams = cooling_streams(
        _number(row, "it_load_mw"),
        _text(row, "cooling") or COOLINGS[0],
        desk.parameters,
        recoverable_heat_mw=mw_from_kw(stated_kw) if stated_kw else None,
        utilisation=_number(row, "utilisation"),
        recoverable_fraction=_number(row, "recoverable_fraction"),
        supply_temperature_c=_number(row, "supply_temperature_c"),
        return_temperature_c=_number(row, "return_temperature_c"),
    )
    plants = site_plants(
        streams, network.supply_temperature_c, network.return_temperature_c, desk.parameters
    )
    if not plants:
        desk.log.fault(
            "sites",
            f"site '{row['id']}': no heat pump lifts its heat from"
            f" {streams[0].supply_temperature_c:g} °C to {network.supply_temperature_c:g} °C.",
            "Lower the supply temperature of the network or forbid the site.",
            [row["id"]],
        )
    status = _text(row, "status") or STATUSES[-1]
    options, facts = [], []
    for plant in plants:
        segments = cost_segments(plant, status, desk.parameters)
        for segment in segments:
            option = _option(desk, row, plant, segment, alone=len(segments) == 1)
            options.append(option)
            facts.append(_facts(desk, row, plant, option, streams))
    return options, facts


def _option(
    desk: _Desk, row: Mapping[str, Any], plant: Plant, segment: CostSegment, *, alone: bool
) -> SiteOption:
    """Return one option: a plant, priced by one straight piece of its cost."""
    span = f", priced for {segment.from_mw:.3g}-{segment.to_mw:.3g} MW"
    power_price, heat_price = _prices(desk, row)
    works, works_per_mw = _number(row, "cost_eur") or 0.0, _number(row, "cost_per_mw_eur") or 0.0
    cost, parts = desk.loaded({**segment.fixed_eur, "site_works": works})
    per_mw, per_mw_parts = desk.loaded({**segment.per_mw_eur, "site_works": works_per_mw})
    running = running_cost_eur_per_mwh(plant, power_price, heat_price, desk.parameters)
    if running < 0:
        desk.log.fault(
            "sites",
            f"site '{row['id']}': its prices give a running cost of {running:,.2f} EUR/MWh.",
            "Give prices that leave it at 0 or above.",
            [row["id"]],
        )
    return SiteOption(
        id=plant.name if alone else plant.name + span,
        capacity_mw=plant.output_mw,
        cost_eur=cost,
        cost_per_mw_eur=per_mw,
        cost_per_mwh_eur=max(running, 0.0),
        electricity_mwh_per_mwh=plant.electricity_mw / plant.output_mw,
        cost_parts=parts,
        cost_per_mw_parts=per_mw_parts,
    )


def _prices(desk: _Desk, row: Mapping[str, Any]) -> tuple[float, float]:
    """Return what a site pays for electricity and for the heat of the data centre [EUR/MWh]."""
    power = _number(row, "electricity_price_eur_per_mwh")
    heat = _number(row, "heat_price_eur_per_mwh")
    return (
        desk.parameters.value("electricity_price_eur_per_mwh") if power is None else power,
        desk.parameters.value("waste_heat_price_eur_per_mwh") if heat is None else heat,
    )


HEAT_COLUMNS = {
    "site": str, "option": str, "site_id": str, "chain": str, "cooling": str,
    "it_load_mw": float, "available_mw": float, "source_supply_c": float, "source_return_c": float,
    "network_supply_c": float, "network_return_c": float, "source_mw": float, "output_mw": float,
    "heat_pump_mw": float, "electricity_mw": float, "cop": float, "direct_share": float,
    "electricity_price_eur_per_mwh": float, "waste_heat_price_eur_per_mwh": float,
    "running_cost_eur_per_mwh": float,
}  # fmt: skip


def _facts(
    desk: _Desk,
    row: Mapping[str, Any],
    plant: Plant,
    option: SiteOption,
    streams: Sequence[HeatStream],
) -> dict[str, Any]:
    """Return the heat figures behind one option at full size, temperatures of its first stream."""
    power_price, heat_price = _prices(desk, row)
    network = desk.config.network
    return {
        "option": option.id,
        "chain": plant.name,
        "cooling": _text(row, "cooling") or COOLINGS[0],
        "it_load_mw": math.nan if row["it_load_mw"] is None else float(row["it_load_mw"]),
        "available_mw": math.fsum(each.source_mw for each in streams),
        "source_supply_c": plant.upgrades[0].stream.supply_temperature_c,
        "source_return_c": plant.upgrades[0].stream.return_temperature_c,
        "network_supply_c": network.supply_temperature_c,
        "network_return_c": network.return_temperature_c,
        "source_mw": plant.source_mw,
        "output_mw": plant.output_mw,
        "heat_pump_mw": plant.heat_pump_mw,
        "electricity_mw": plant.electricity_mw,
        "cop": plant.cop,
        "direct_share": 1 - plant.heat_pump_mw / plant.output_mw,
        "electricity_price_eur_per_mwh": power_price,
        "waste_heat_price_eur_per_mwh": heat_price,
        "running_cost_eur_per_mwh": option.cost_per_mwh_eur,
    }


def _heat_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(HEAT_COLUMNS)).astype(HEAT_COLUMNS)
    return frame.set_index(["site", "option"])


def _remark_site_defaults(desk: _Desk, frame: pd.DataFrame) -> None:
    """Count the sites that took a default for want of a figure of their own."""
    by_load = ~(frame["recoverable_heat_kw"] > 0)
    for column, words in (
        ("utilisation", f"{desk.parameters.value('utilisation'):g}"),
        ("recoverable_fraction", "by cooling"),
        ("supply_temperature_c", "by cooling"),
        (
            "electricity_price_eur_per_mwh",
            f"{desk.parameters.value('electricity_price_eur_per_mwh'):g}",
        ),
    ):
        lacking = frame[column].isna()
        if column in {"utilisation", "recoverable_fraction"}:
            lacking &= by_load
        desk.remark("sites", f"took the default {column}", int(lacking.sum()), words)
    desk.remark("sites", "took the heat that is stated, not the IT load", int((~by_load).sum()))


def _catalogue(desk: _Desk) -> PipeCatalogue:
    """Return all pipe sizes at the temperatures of the network."""
    network = desk.config.network
    return catalogue_for(
        network.supply_temperature_c,
        network.return_temperature_c,
        desk.parameters,
        pressure_gradient_pa_per_m=network.pressure_gradient_pa_per_m,
        insulation_series=network.insulation_series,
    )


def _zones(
    desk: _Desk, wishes: _Wishes, catalogue: PipeCatalogue
) -> tuple[list[Zone], dict[str, str]]:
    """Return zones with demand, load curve, cost and own loss, and the ids of their keys."""
    frame = desk.region.zones.frame
    inside = _Inside(desk, frame, catalogue)
    nodes = desk.nodes_of("zones", frame.index, wishes)
    loads = _Loads(desk.parameters)
    zones: list[Zone] = []
    ids: dict[str, str] = {}
    for row in _rows(frame):
        if row["id"] not in nodes:
            continue
        key = f"z{len(ids)}"
        ids[key] = row["id"]
        try:
            heat, peak, curve = loads.of(
                _number(row, "annual_demand_mwh"), _number(row, "peak_demand_kw")
            )
        except InputError as error:
            for each in error.faults:
                desk.log.fault(
                    "zones", f"zone '{row['id']}': {each.message}", each.remedy, [row["id"]]
                )
            continue
        pipes, loss = inside.of(row, heat, peak)
        cost, parts = desk.loaded(_connection_parts(desk, row, peak) | pipes)
        zones.append(
            Zone(
                id=key,
                node=nodes[row["id"]],
                heat_mwh=heat,
                peak_mw=peak,
                cost_eur=cost,
                cost_parts=parts,
                load_curve=curve,
                loss_mw=loss,
                mandatory=row["id"] in wishes.mandatory,
                forbidden=row["id"] in wishes.forbidden,
            )
        )
    hours = f"{desk.parameters.value('full_load_hours_h'):g} h/a"
    desk.remark("zones", "took their peak from the default full-load hours", loads.estimated, hours)
    desk.remark("zones", "took half their load factor as minimum load ratio", loads.peaky)
    inside.remark()
    return zones, ids


class _Inside:
    """Work out the pipes inside zones of several buildings."""

    def __init__(self, desk: _Desk, frame: gpd.GeoDataFrame, catalogue: PipeCatalogue) -> None:
        self.desk = desk
        self.catalogue = catalogue
        area = frame.geometry.area
        self.area_m2 = {str(key): float(value) for key, value in area.items()}
        self.wanted = desk.config.network.zone_pipes == "estimated"
        self.surface_factor = SURFACE_FACTORS[desk.config.network.surface]
        self.zones, self.length_m, self.cost_eur = 0, 0.0, 0.0

    def of(self, row: Mapping[str, Any], heat_mwh: float, peak_mw: float) -> _Inner:
        """Return what the pipes inside a zone cost, by component [EUR], and their loss [MW]."""
        area, value = self.area_m2[row["id"]], self.desk.parameters.value
        buildings = _number(row, "buildings")
        if buildings is None:
            buildings = 2.0 if area > value("single_building_area_m2") else 1.0
            branches = 0.0
        else:
            branches = buildings * value("branch_pipe_eur_per_building")
        stated = _number(row, "connection_cost_eur") is not None
        if not self.wanted or stated or buildings <= 1 or area <= 0 or heat_mwh <= 0:
            return {}, 0.0
        guess = kwh_from_mwh(heat_mwh) / value("floor_demand_kwh_per_m2")
        floor = _number(row, "floor_area_m2") or guess
        pipes = zone_pipes(area, floor, heat_mwh, peak_mw, self.catalogue, self.surface_factor)
        self.zones += 1
        self.length_m += pipes.trench_length_m
        self.cost_eur += pipes.cost_eur + branches
        return {"distribution": pipes.cost_eur, "service_lines": branches}, pipes.loss_mw

    def remark(self) -> None:
        """Say how much was estimated."""
        if self.zones:
            words = f"{self.cost_eur / 1e6:,.3g} M EUR in all zones, by effective width"
            act = "estimated pipes inside zones of several buildings"
            self.desk.remarks.append(Remark("zones", act, self.zones, self.length_m, words))


class _Loads:
    """Work out peak and load curve of zones; equal full-load hours share a curve."""

    def __init__(self, parameters: Parameters) -> None:
        self.hours = parameters.value("full_load_hours_h")
        self.least = parameters.value("minimum_load_ratio")
        self.points = int(parameters.value("load_curve_points"))
        self.estimated = 0
        self.peaky = 0
        self.curves: dict[float, Curve] = {}

    def of(self, demand_mwh: float | None, peak_kw: float | None) -> tuple[float, float, Curve]:
        """Return demand [MWh/a], peak [MW] and load curve of one zone."""
        if demand_mwh is None or demand_mwh <= 0:
            return 0.0, mw_from_kw(peak_kw or 0.0), ()
        if peak_kw is None or peak_kw <= 0:
            self.estimated += 1
            peak = peak_from_full_load_hours(demand_mwh, self.hours)
            return demand_mwh, peak, self._curve(self.hours)
        peak = mw_from_kw(peak_kw)
        hours = full_load_hours(demand_mwh, peak)
        return demand_mwh, peak, self._curve(hours)

    def _curve(self, hours: float) -> Curve:
        """Return the load curve; a zone idle most of the year has less demand in summer, too."""
        # Rounding of the inputs may lift a flat demand a hair above the year.
        hours = min(hours, HOURS_PER_A) if math.isclose(hours, HOURS_PER_A) else hours
        mean = load_factor(hours)
        least = min(self.least, mean / 2)
        self.peaky += least < self.least
        key = round(hours, 6)
        if key not in self.curves:
            self.curves[key] = load_curve(hours, least, self.points)
        return self.curves[key]


def _connection_parts(desk: _Desk, row: Mapping[str, Any], peak_mw: float) -> dict[str, float]:
    """Return what connecting a zone costs by component, before overhead [EUR]."""
    value = desk.parameters.value
    peak_kw = kw_from_mw(peak_mw)
    stated = _number(row, "connection_cost_eur")
    substation = peak_kw * value("substation_building_eur_per_kw") if stated is None else stated
    boiler = peak_kw * value("peak_capacity_margin") * value("gas_boiler_capex_eur_per_kw")
    existing = desk.config.network.peak_boilers == "existing"
    return {"substations": substation, "peak_boilers": 0.0 if existing else boiler}


def _edges(
    desk: _Desk, sites: Sequence[Site], zones: Sequence[Zone], catalogue: PipeCatalogue
) -> tuple[list[Edge], PipeCatalogue]:
    """Return all edges with their sizes, and the sizes offered on streets and trunks."""
    frame = desk.network.edges
    offered = catalogue.useful(*_flow_range(desk, sites, zones, catalogue))
    desk.remark("streets", "offered pipe sizes", len(offered), ", ".join(offered.labels))
    service = frame["kind"].to_numpy() == "service"
    sizes: dict[str, tuple[PipeSize, ...]] = {}
    sizes |= _street_sizes(frame[~service], offered, desk.overhead)
    sizes |= _service_sizes(desk, frame[service], zones, catalogue)
    shares = {kind: _cost_shares(name, desk.overhead) for kind, name in COMPONENT_OF_KIND.items()}
    columns = (frame.index, frame["u"], frame["v"], frame["kind"], frame["length_m"].astype(float))
    edges = [
        Edge(
            id=str(key),
            u=str(u),
            v=str(v),
            sizes=sizes[str(key)],
            length_m=length,
            cost_shares=shares[kind],
        )
        for key, u, v, kind, length in zip(*(each.tolist() for each in columns), strict=True)
    ]
    return edges, offered


def _flow_range(
    desk: _Desk, sites: Sequence[Site], zones: Sequence[Zone], catalogue: PipeCatalogue
) -> tuple[float, float]:
    """Return the smallest and largest heat flow worth a pipe of its own size [MW].

    Up to the minimum load ratio a zone takes base heat all year, so nobody grants less. No pipe
    carries more than all sites give, or than all peaks and all losses together.
    """
    peaks = [zone.peak_mw for zone in zones if zone.peak_mw > 0 and not zone.forbidden]
    supply = math.fsum(
        max((each.capacity_mw or 0.0 for each in site.options), default=0.0)
        for site in sites
        if not site.forbidden
    )
    length_m = float(desk.network.edges["length_m"].sum())
    lost = mw_from_w(length_m * float(catalogue.heat_loss_w_per_m.max()))
    most = min(supply, math.fsum([*peaks, *(zone.loss_mw for zone in zones)]) + lost)
    if most > catalogue.capacity_mw[-1]:
        desk.remark(
            "streets",
            "flow limited by the largest pipe",
            1,
            f"{catalogue.labels[-1]} carries {catalogue.capacity_mw[-1]:,.0f} MW; sites and demand"
            f" could make use of {most:,.0f} MW",
        )
    return desk.parameters.value("minimum_load_ratio") * min(peaks, default=0.0), most


def _street_sizes(
    frame: pd.DataFrame, catalogue: PipeCatalogue, overhead: float
) -> dict[str, tuple[PipeSize, ...]]:
    """Return for each edge the sizes offered, priced for it."""
    length = frame["length_m"].to_numpy(dtype=float)
    priced = frame["cost_length_m"].to_numpy(dtype=float)
    costs = np.outer(priced, catalogue.cost_eur_per_m * overhead)
    losses = mw_from_w(np.outer(length, catalogue.heat_loss_w_per_m))
    # A size that loses all it carries is of no use, and free trench is laid large.
    first = np.argmax(losses < catalogue.capacity_mw, axis=1)
    first = np.where(priced > 0, first, len(catalogue) - 1)
    labels, capacities = catalogue.labels, catalogue.capacity_mw.tolist()
    found = {}
    rows = zip(frame.index, first.tolist(), costs.tolist(), losses.tolist(), strict=True)
    for key, start, cost, loss in rows:
        steps = zip(labels[start:], capacities[start:], cost[start:], loss[start:], strict=True)
        found[str(key)] = tuple(PipeSize(*step) for step in steps)
    return found


def _service_sizes(
    desk: _Desk, frame: pd.DataFrame, zones: Sequence[Zone], catalogue: PipeCatalogue
) -> dict[str, tuple[PipeSize, ...]]:
    """Return for each service line the one size that carries the peak of its zone and its loss."""
    peak_at: dict[str, float] = {}
    for zone in zones:
        peak_at[zone.node] = peak_at.get(zone.node, 0.0) + zone.peak_mw + zone.loss_mw
    ends = zip(map(str, frame["u"]), map(str, frame["v"]), strict=True)
    peaks = np.array([max(peak_at.get(u, 0.0), peak_at.get(v, 0.0)) for u, v in ends])
    length = frame["length_m"].to_numpy(dtype=float)
    losses = mw_from_w(np.outer(length, catalogue.heat_loss_w_per_m))
    fits = catalogue.capacity_mw >= peaks.reshape(-1, 1) + losses
    picked = np.where(fits.any(axis=1), np.argmax(fits, axis=1), len(catalogue) - 1)
    short = int(np.count_nonzero(~fits.any(axis=1)))
    desk.remark("zones", "service line too small for the peak", short, catalogue.labels[-1])
    costs = (
        frame["cost_length_m"].to_numpy(dtype=float)
        * catalogue.cost_eur_per_m[picked]
        * desk.overhead
    )
    own = losses[np.arange(len(frame)), picked]
    rows = zip(frame.index, picked.tolist(), costs.tolist(), own.tolist(), strict=True)
    return {
        str(key): (PipeSize(catalogue.labels[k], float(catalogue.capacity_mw[k]), cost, loss),)
        for key, k, cost, loss in rows
    }


def _cost_shares(component: str, overhead: float) -> dict[str, float]:
    """Return how the cost of a pipe splits into construction and overhead [-]."""
    if overhead <= 1:
        return {component: 1.0}
    return {component: 1 / overhead, OVERHEAD: 1 - 1 / overhead}


def _objective(config: StudyConfig, parameters: Parameters) -> Objective:
    """Return the objective; net value takes what is not stated from the parameter table."""
    wanted = config.objective
    price, factor = wanted.heat_price_eur_per_mwh, wanted.capital_factor
    if wanted.kind == "net_value":
        if price is None:
            price = parameters.value("heat_price_eur_per_mwh")
        if factor is None:
            factor = crf(parameters.value("discount_rate"), parameters.value("lifetime_a"))
    return Objective(
        kind=wanted.kind,
        heat_price_eur_per_mwh=0.0 if price is None else price,
        capital_factor=1.0 if factor is None else factor,
    )


def _limits(config: StudyConfig, zones: Sequence[Zone]) -> Limits:
    """Return the limits; of a least heat and a least share of all demand the larger counts."""
    given = config.limits
    wanted = [] if given.min_heat_mwh is None else [given.min_heat_mwh]
    if given.min_share is not None:
        wanted.append(given.min_share * math.fsum(zone.heat_mwh for zone in zones))
    return Limits(
        budget_eur=given.budget_eur,
        min_heat_mwh=max(wanted, default=None),
        min_sites=given.min_sites,
        max_sites=given.max_sites,
        min_zones=given.min_zones,
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a layer without geometry, each with its id as text."""
    plain = pd.DataFrame(frame.drop(columns=["geometry", "outline"], errors="ignore"))
    rows = plain.to_dict("records")
    return [
        {str(name): value for name, value in row.items()} | {"id": str(key)}
        for key, row in zip(frame.index, rows, strict=True)
    ]


def _number(row: Mapping[str, Any], column: str) -> float | None:
    """Return a figure of a layer, or None where it is missing."""
    value = row[column]
    return None if pd.isna(value) else float(value)


def _text(row: Mapping[str, Any], column: str) -> str:
    """Return a text of a layer, empty where it is missing."""
    value = row[column]
    return "" if value is None or pd.isna(value) else str(value)
