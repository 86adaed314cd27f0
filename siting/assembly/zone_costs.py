"""Price the connection of a zone: substations, peak boilers, boosters and pipes inside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd

from siting.assembly.desk import Desk, number_of
from siting.distribution import zone_pipes
from siting.parameters import Parameters
from siting.pipes import PipeCatalogue
from siting.region import Remark
from siting.streets import SURFACE_FACTORS
from siting.units import kw_from_mw, kwh_from_mwh

__all__ = ["InnerPipes", "boiler_eur_per_kw", "connection_parts"]

Inner = tuple[dict[str, float], float]


class InnerPipes:
    """Work out the pipes inside zones of several buildings."""

    def __init__(self, desk: Desk, frame: gpd.GeoDataFrame, catalogue: PipeCatalogue) -> None:
        self.desk = desk
        self.catalogue = catalogue
        area = frame.geometry.area
        self.area_m2 = {str(key): float(value) for key, value in area.items()}
        self.wanted = desk.config.network.zone_pipes == "estimated"
        self.surface_factor = SURFACE_FACTORS[desk.config.network.surface]
        self.zones, self.length_m, self.cost_eur = 0, 0.0, 0.0

    def of(self, row: Mapping[str, Any], heat_mwh: float, peak_mw: float, share: float) -> Inner:
        """Return what the pipes inside a zone cost, by component [EUR], and their loss [MW].

        The pipes along the streets of the zone carry the heat that is connected; branches are
        laid to the ``share`` of its buildings that is.
        """
        area, value = self.area_m2[row["id"]], self.desk.parameters.value
        buildings = number_of(row, "buildings")
        if buildings is None:
            buildings = 2.0 if area > value("single_building_area_m2") else 1.0
            branches = 0.0
        else:
            branches = buildings * share * value("branch_pipe_eur_per_building")
        stated = number_of(row, "connection_cost_eur") is not None
        if not self.wanted or stated or buildings <= 1 or area <= 0 or heat_mwh <= 0:
            return {}, 0.0
        guess = kwh_from_mwh(heat_mwh) / share / value("floor_demand_kwh_per_m2")
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


def connection_parts(desk: Desk, row: Mapping[str, Any], peak_mw: float) -> dict[str, float]:
    """Return what connecting a zone costs by component, before overhead [EUR].

    Peak boilers are paid for per peak of the zones served, wherever they stand. So a central
    plant costs ``large-boiler price * margin * sum of peaks``, exact because the cost is linear in
    the peak; its fixed part, if one is given, is paid with each site that opens.
    """
    value = desk.parameters.value
    peak_kw = kw_from_mw(peak_mw)
    stated = number_of(row, "connection_cost_eur")
    substation = peak_kw * value("substation_building_eur_per_kw") if stated is None else stated
    design = desk.config.network
    price = boiler_eur_per_kw(design.boiler_place, design.peak_boiler_fuel, desk.parameters)
    boiler = peak_kw * value("peak_capacity_margin") * price
    return {"substations": substation, "peak_boilers": boiler}


def boiler_eur_per_kw(place: str, fuel: str, parameters: Parameters) -> float:
    """Return the price of new peak boilers per heat output [EUR/kW].

    Gas boilers have one price; electric boilers are cheaper in a large central plant than at a
    zone. Boilers that exist cost nothing.
    """
    if place == "existing":
        return 0.0
    if fuel == "gas":
        return parameters.value("gas_boiler_capex_eur_per_kw")
    size = "large" if place == "central" else "small"
    return parameters.value(f"electric_boiler_capex_{size}_eur_per_kw")
