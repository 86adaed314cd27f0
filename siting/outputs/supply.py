"""Write which source gives how much of the heat, and what stands by, as rows for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siting.outputs import words

__all__ = ["supply_rows"]


def supply_rows(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and text of what `siting.supply.supply_figures` tells, where it was worked out.

    Examples
    --------
    >>> supply_rows({"boiler_capacity_mw": 4.0, "stacked_rank.S": 1, "stacked_heat_mwh.S": 9e3,
    ...              "alone_heat_mwh.S": 1e4, "seasonal_cop": None})[0]
    ('1. S', '9 GWh/a, 10 GWh/a by itself')
    """
    if "boiler_capacity_mw" not in told:
        return []
    names = [key.partition(".")[2] for key in told if key.startswith("stacked_rank.")]
    rows = [
        (
            f"{told[f'stacked_rank.{name}']}. {name}",
            (
                f"{words.heat(told[f'stacked_heat_mwh.{name}'])},"
                f" {words.heat(told[f'alone_heat_mwh.{name}'])} by itself"
            ),
        )
        for name in names
    ]
    share = told.get("largest_source_loss_share")
    cop = told.get("seasonal_cop")
    return [
        *rows,
        ("Seasonal COP of all sources", words.NOTHING if cop is None else words.figure(cop)),
        ("Electric power of heat pumps", _power(told.get("heat_pump_power_mw"))),
        ("Peak boilers of the plan", _power(told["boiler_capacity_mw"])),
        ("Boilers that make good the loss of the largest source",
         _power(told.get("boiler_capacity_n_minus_1_mw"))),
        ("What boilers lack then", _power(told.get("boiler_shortfall_n_minus_1_mw"))),
        ("Waste heat lost without the largest source",
         words.NOTHING if share is None else words.percent(share)),
    ]  # fmt: skip


def _power(value: float | None) -> str:
    return words.NOTHING if value is None else f"{words.figure(value)} MW"
