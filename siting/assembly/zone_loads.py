"""Turn demand zones into heat, peak, load curve and connection cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from siting.assembly.desk import Desk, Wishes, number_of, plain_rows, text_of
from siting.assembly.zone_base import StandingBase
from siting.assembly.zone_boosters import ZoneBooster, ZoneBoosters
from siting.assembly.zone_costs import InnerPipes, connection_parts
from siting.assembly.zone_curves import Curve, ZoneCurves
from siting.errors import InputError
from siting.heat import full_load_hours, peak_from_full_load_hours
from siting.pipes import PipeCatalogue
from siting.problem import Zone
from siting.simultaneity import Consumers
from siting.standing_base import left_above
from siting.units import mw_from_kw

__all__ = ["assemble_zones", "zone_consumers"]

NO_BOOSTER = ZoneBooster()
SLIVER = 1e-9

FACTS = {
    "zone": str, "zone_id": str, "whole_demand_mwh": float, "connection_share": float,
    "load_curve": str, "full_load_hours_h": float, "needed_supply_temperature_c": float,
    "booster_dwellings": float, "booster_electricity_mwh_per_mwh": float, "estimated": str,
}  # fmt: skip


def assemble_zones(
    desk: Desk, wishes: Wishes, catalogue: PipeCatalogue
) -> tuple[list[Zone], dict[str, str], pd.DataFrame]:
    """Return zones with demand, load curve, cost and own loss, the ids of their keys, and facts.

    The facts are what stands behind the figures of each zone, indexed by its key:
    ``whole_demand_mwh`` of all its buildings [MWh/a], the share of it that is connected, name of
    the load curve, boosters with their electricity per heat from the network, and which figures
    were estimated here.
    """
    frame = desk.region.zones.frame
    inside = InnerPipes(desk, frame, catalogue)
    nodes = desk.nodes_of("zones", frame.index, wishes)
    loads = _Loads(desk)
    zones: list[Zone] = []
    ids: dict[str, str] = {}
    facts: list[dict[str, Any]] = []
    standing = StandingBase(desk, nodes)
    rows = [row for row in plain_rows(frame) if row["id"] in nodes]
    found = _loads_above(desk, rows, loads, standing)
    for row in rows:
        key = f"z{len(ids)}"
        ids[key] = row["id"]
        load = found.get(row["id"])
        if load is None:
            continue
        pipes, loss = inside.of(row, load.heat_mwh, load.peak_mw, load.share)
        parts = connection_parts(desk, row, load.peak_mw) | {"boosters": load.booster.cost_eur}
        if row["id"] in standing.customers:
            pipes, parts, loss = {}, {}, 0.0  # what supplies them today stands
        cost, parts = desk.loaded(parts | pipes)
        facts.append(load.facts(key, row["id"]))
        zones.append(
            Zone(
                id=key,
                node=nodes[row["id"]],
                heat_mwh=load.heat_mwh,
                peak_mw=load.peak_mw,
                cost_eur=cost,
                value_eur_per_mwh=loads.value_eur_per_mwh(load),
                cost_parts=parts,
                load_curve=load.curve,
                loss_mw=loss,
                standing_base=load.standing,
                mandatory=row["id"] in wishes.mandatory,
                forbidden=row["id"] in wishes.forbidden,
            )
        )
    loads.remark()
    inside.remark()
    table = pd.DataFrame(facts, columns=list(FACTS)).astype(FACTS).set_index("zone")
    return zones, ids, table


def _loads_above(
    desk: Desk, rows: Sequence[Mapping[str, Any]], loads: _Loads, standing: StandingBase
) -> dict[str, _Load]:
    """Return the load of each zone, of customers what is left above existing base load."""
    found: dict[str, _Load] = {}
    for row in rows:
        try:
            found[row["id"]] = loads.of(row)
        except InputError as error:
            for each in error.faults:
                desk.log.fault(
                    "zones", f"zone '{row['id']}': {each.message}", each.remedy, [row["id"]]
                )
    lines = {
        each: tuple((x * load.peak_mw, s * load.heat_mwh) for x, s in load.curve)
        for each, load in found.items()
        if each in standing.customers and load.curve
    }
    for key, share in standing.shares_mw(lines).items():
        found[key] = found[key].above(lines[key], share)
    return found


def zone_consumers(
    desk: Desk, zone_ids: Mapping[str, str], zone_heat: pd.DataFrame
) -> dict[str, Consumers]:
    """Return how many connected consumers stand behind the peak of each zone key.

    A peak that was estimated, from full-load hours or otherwise, is that of a town: it holds the
    simultaneity of its consumers and of all others already.
    """
    frame = desk.region.zones.frame
    rows = {str(row["id"]): row for row in plain_rows(frame)}
    heats = {str(row["zone"]): row for row in plain_rows(zone_heat.reset_index())}
    found = {}
    for key, zone_id in zone_ids.items():
        row, facts = rows[zone_id], heats[key]
        words = text_of(row, "estimated") if "estimated" in row else ""
        peak = number_of(row, "peak_demand_kw")
        settled = "peak" in f"{words} {facts['estimated']}" or peak is None or peak <= 0
        count = number_of(row, "buildings") if "buildings" in row else None
        connected = (count or 1.0) * float(facts["connection_share"])
        found[key] = Consumers(max(connected, 1.0), settled)
    return found


@dataclass(frozen=True)
class _Load:
    """The load of one zone on the network.

    ``heat_mwh`` [MWh/a] and ``peak_mw`` [MW] are what the network gives; ``whole_mwh`` is the
    demand of all its buildings, ``share`` what is connected of it.
    """

    heat_mwh: float
    peak_mw: float
    curve: Curve
    whole_mwh: float
    share: float
    curve_name: str = ""
    hours: float = 0.0
    booster: ZoneBooster = NO_BOOSTER
    estimated: tuple[str, ...] = ()
    standing: Curve = ()

    def above(self, line: Curve, base_mw: float) -> _Load:
        """Return what is left of the load above a base load from existing plants.

        ``line`` is the load curve in MW and MWh/a.
        """
        if base_mw <= 0:
            return self
        covered, left = left_above(line, min(base_mw, line[-1][0]))
        peak, heat = left[-1]
        if peak <= SLIVER * self.peak_mw or heat <= SLIVER * self.heat_mwh:
            return replace(self, heat_mwh=0.0, peak_mw=0.0, curve=(), standing=covered)
        inner = tuple((q / peak, h / heat) for q, h in left[1:-1])
        curve = ((0.0, 0.0), *inner, (1.0, 1.0))
        return replace(self, heat_mwh=heat, peak_mw=peak, curve=curve, standing=covered)

    @property
    def electricity_mwh_per_mwh(self) -> float:
        """Electricity of the boosters per heat from the network [MWh/MWh]."""
        works = self.booster.works
        return works.electricity_mwh_per_mwh / works.network_share

    def facts(self, key: str, zone_id: str) -> dict[str, Any]:
        """Return what stands behind the figures, one value for each of `FACTS`."""
        return {
            "zone": key,
            "zone_id": zone_id,
            "whole_demand_mwh": self.whole_mwh,
            "connection_share": self.share,
            "load_curve": self.curve_name,
            "full_load_hours_h": self.hours,
            "needed_supply_temperature_c": self.booster.needed_c,
            "booster_dwellings": self.booster.dwellings,
            "booster_electricity_mwh_per_mwh": self.electricity_mwh_per_mwh,
            "estimated": "; ".join(self.estimated),
        }


class _Loads:
    """Work out what zones take from the network."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.hours = desk.parameters.value("full_load_hours_h")
        self.power_eur = desk.parameters.value("electricity_price_eur_per_mwh")
        self.curves = ZoneCurves(desk)
        self.boosters = ZoneBoosters(desk)
        self.estimated = 0
        self.partly = 0

    def of(self, row: Mapping[str, Any]) -> _Load:
        """Return the load of one zone."""
        whole = number_of(row, "annual_demand_mwh") or 0.0
        peak_kw = number_of(row, "peak_demand_kw") or 0.0
        share = self._share(row)
        if whole * share <= 0:
            return _Load(0.0, mw_from_kw(peak_kw) * share, (), whole, share)
        self.partly += share < 1
        name = self.curves.name_of(row)
        words: list[str] = []
        if peak_kw > 0:
            peak = mw_from_kw(peak_kw)
            hours = full_load_hours(whole, peak)
        else:
            own = self.curves.own_hours(name)
            hours = self.hours if own is None else own
            peak = peak_from_full_load_hours(whole, hours)
            self.estimated += own is None
            words.append(f"peak_demand_kw from {'full-load hours' if own is None else name}")
        curve = self.curves.line(name, hours)
        lift = self.boosters.of(row, whole * share, share)
        if lift.guessed:
            words.append("dwellings from annual demand")
        taken = share * lift.works.network_share
        return _Load(
            whole * taken, peak * taken, curve, whole, share, name, hours, lift, tuple(words)
        )

    def _share(self, row: Mapping[str, Any]) -> float:
        """Return the share of a zone that is connected, its own or that of the study [–]."""
        own = row.get("connection_share")
        if own is None or pd.isna(own):
            return self.desk.config.demand.connection_share
        return float(own)

    def value_eur_per_mwh(self, load: _Load) -> float:
        """Return the worth of each heat delivered: less what its boosters burn [EUR/MWh]."""
        return -self.power_eur * load.electricity_mwh_per_mwh or 0.0

    def remark(self) -> None:
        """Say what was estimated or reduced."""
        words = f"{self.hours:g} h/a"
        self.desk.remark(
            "zones", "took their peak from the default full-load hours", self.estimated, words
        )
        self.desk.remark("zones", "are connected in part, by their connection share", self.partly)
        self.curves.remark()
        self.boosters.remark()
