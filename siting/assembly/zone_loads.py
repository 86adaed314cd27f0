"""Turn demand zones into heat, peak, load curve and connection cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import geopandas as gpd

from siting.assembly.desk import Desk, Wishes, number_of, plain_rows, text_of
from siting.distribution import zone_pipes
from siting.errors import InputError
from siting.heat import full_load_hours, load_curve, load_factor, peak_from_full_load_hours
from siting.parameters import Parameters
from siting.pipes import PipeCatalogue
from siting.problem import Zone
from siting.region import Remark
from siting.simultaneity import Consumers
from siting.streets import SURFACE_FACTORS
from siting.units import HOURS_PER_A, kw_from_mw, kwh_from_mwh, mw_from_kw

__all__ = ["assemble_zones", "zone_consumers"]

Curve = tuple[tuple[float, float], ...]
_Inner = tuple[dict[str, float], float]


def assemble_zones(
    desk: Desk, wishes: Wishes, catalogue: PipeCatalogue
) -> tuple[list[Zone], dict[str, str]]:
    """Return zones with demand, load curve, cost and own loss, and the ids of their keys."""
    frame = desk.region.zones.frame
    inside = _Inside(desk, frame, catalogue)
    nodes = desk.nodes_of("zones", frame.index, wishes)
    loads = _Loads(desk.parameters)
    zones: list[Zone] = []
    ids: dict[str, str] = {}
    for row in plain_rows(frame):
        if row["id"] not in nodes:
            continue
        key = f"z{len(ids)}"
        ids[key] = row["id"]
        try:
            heat, peak, curve = loads.of(
                number_of(row, "annual_demand_mwh"), number_of(row, "peak_demand_kw")
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


def zone_consumers(desk: Desk, zone_ids: Mapping[str, str]) -> dict[str, Consumers]:
    """Return how many consumers stand behind the peak of each zone key.

    A peak that was estimated, from full-load hours or otherwise, is that of a town: it holds the
    simultaneity of its consumers and of all others already.
    """
    frame = desk.region.zones.frame
    rows = {str(row["id"]): row for row in plain_rows(frame)}
    found = {}
    for key, zone_id in zone_ids.items():
        row = rows[zone_id]
        peak = number_of(row, "peak_demand_kw")
        guessed = "peak" in (text_of(row, "estimated") if "estimated" in row else "")
        count = number_of(row, "buildings") if "buildings" in row else None
        settled = guessed or peak is None or peak <= 0
        found[key] = Consumers(max(count or 1.0, 1.0), settled)
    return found


class _Inside:
    """Work out the pipes inside zones of several buildings."""

    def __init__(self, desk: Desk, frame: gpd.GeoDataFrame, catalogue: PipeCatalogue) -> None:
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
        buildings = number_of(row, "buildings")
        if buildings is None:
            buildings = 2.0 if area > value("single_building_area_m2") else 1.0
            branches = 0.0
        else:
            branches = buildings * value("branch_pipe_eur_per_building")
        stated = number_of(row, "connection_cost_eur") is not None
        if not self.wanted or stated or buildings <= 1 or area <= 0 or heat_mwh <= 0:
            return {}, 0.0
        guess = kwh_from_mwh(heat_mwh) / value("floor_demand_kwh_per_m2")
        floor = number_of(row, "floor_area_m2") or guess
        width = self.desk.config.network.effective_width
        pipes = zone_pipes(
            area, floor, heat_mwh, peak_mw, self.catalogue, self.surface_factor, width
        )
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


def _connection_parts(desk: Desk, row: Mapping[str, Any], peak_mw: float) -> dict[str, float]:
    """Return what connecting a zone costs by component, before overhead [EUR]."""
    value = desk.parameters.value
    peak_kw = kw_from_mw(peak_mw)
    stated = number_of(row, "connection_cost_eur")
    substation = peak_kw * value("substation_building_eur_per_kw") if stated is None else stated
    boiler = peak_kw * value("peak_capacity_margin") * value("gas_boiler_capex_eur_per_kw")
    existing = desk.config.network.peak_boilers == "existing"
    return {"substations": substation, "peak_boilers": 0.0 if existing else boiler}
