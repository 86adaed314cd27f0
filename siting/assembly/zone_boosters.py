"""Give boosters to zones that need warmer water than the network brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from siting.assembly.desk import Desk, number_of
from siting.errors import name_ids
from siting.heat import Booster, booster

__all__ = ["ZoneBooster", "ZoneBoosters"]

NONE = Booster(0.0, 0.0)


@dataclass(frozen=True)
class ZoneBooster:
    """The boosters of one zone: what they do, their cost and how many there are.

    ``needed_c`` is the supply temperature that the zone needs, if it is known [°C];
    ``guessed`` says that the number of dwellings was estimated.
    """

    works: Booster = NONE
    cost_eur: float = 0.0
    dwellings: float = 0.0
    needed_c: float | None = None
    guessed: bool = False


class ZoneBoosters:
    """Work out boosters zone by zone, and speak of those that no booster can help."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        kind = desk.config.demand.booster
        value = desk.parameters.value
        self.price_eur = value(f"booster_{kind}_eur_per_dwelling")
        self.cop = value("booster_heat_pump_cop") if kind == "heat_pump" else 1.0
        self.kind = kind.replace("_", " ")
        self.boosted, self.dwellings = 0, 0.0
        self.too_warm: list[str] = []

    def of(self, row: Mapping[str, Any], demand_mwh: float, share: float) -> ZoneBooster:
        """Return the boosters of a zone.

        ``demand_mwh`` is what is connected of its heat [MWh/a], ``share`` that of its dwellings.
        """
        design, value = self.desk.config.network, self.desk.parameters.value
        needed = row.get("needed_supply_temperature_c")
        if needed is None or pd.isna(needed):
            needed = self.desk.config.demand.needed_supply_temperature_c
        if needed is None or needed <= design.supply_temperature_c or demand_mwh <= 0:
            return ZoneBooster(needed_c=needed)
        if needed > value("booster_highest_c"):
            self.too_warm.append(str(row["id"]))
            return ZoneBooster(needed_c=needed)
        works = booster(
            float(needed), design.supply_temperature_c, design.return_temperature_c, self.cop
        )
        stated = number_of(row, "dwellings")
        dwellings = max(demand_mwh / value("home_heat_mwh"), 1.0)
        if stated:
            dwellings = stated * share
        self.boosted += 1
        self.dwellings += dwellings
        return ZoneBooster(works, dwellings * self.price_eur, dwellings, needed, not stated)

    def remark(self) -> None:
        """Say how many zones have boosters, and doubt those that would need more."""
        desk = self.desk
        words = f"{self.dwellings:,.0f} dwellings at {self.price_eur:,.0f} EUR"
        desk.remark("zones", f"got boosters at the dwellings ({self.kind})", self.boosted, words)
        if self.too_warm:
            most = desk.parameters.value("booster_highest_c")
            supply = desk.config.network.supply_temperature_c
            desk.log.doubt(
                "zones",
                f"{name_ids(self.too_warm)} need{'s' * (len(self.too_warm) == 1)} a supply above"
                f" {most:g} °C, which neither the network at {supply:g} °C nor a booster gives;"
                " nothing is priced for the rest.",
                "Raise supply_temperature_c under [network], correct needed_supply_temperature_c,"
                " or forbid these zones.",
                self.too_warm,
            )
