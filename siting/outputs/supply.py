"""Write which source gives how much of the heat, and what stands by, as rows for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siting.outputs import words
from siting.outputs.labels import ENGLISH, Labels

__all__ = ["supply_rows"]


def supply_rows(
    told: Mapping[str, Any], t: Labels = ENGLISH, site_names: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
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
            f"{told[f'stacked_rank.{name}']}. {(site_names or {}).get(name, name)}",
            t(
                "plan.supply_value",
                heat=words.heat(told[f"stacked_heat_mwh.{name}"]),
                alone=words.heat(told[f"alone_heat_mwh.{name}"]),
            ),
        )
        for name in names
    ]
    share = told.get("largest_source_loss_share")
    cop = told.get("seasonal_cop")
    return [
        *rows,
        (t("plan.seasonal_cop"), words.NOTHING if cop is None else words.figure(cop)),
        (t("plan.pump_power"), _power(told.get("heat_pump_power_mw"))),
        (t("plan.boilers"), _power(told["boiler_capacity_mw"])),
        (t("plan.boilers_n1"), _power(told.get("boiler_capacity_n_minus_1_mw"))),
        (t("plan.boilers_short"), _power(told.get("boiler_shortfall_n_minus_1_mw"))),
        (t("plan.largest_lost"), words.NOTHING if share is None else words.percent(share)),
    ]


def _power(value: float | None) -> str:
    return words.NOTHING if value is None else f"{words.figure(value)} MW"
