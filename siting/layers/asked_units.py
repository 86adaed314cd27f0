"""Ask for units that a file does not tell, instead of guessing them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from siting.errors import FaultLog
from siting.layers.columns import number_series

if TYPE_CHECKING:
    from siting.config import ZonesConfig

__all__ = ["ask_for_demand_unit", "check_named_units"]

FAMILIES = (
    {"w": 1e-6, "kw": 1e-3, "mw": 1.0, "gw": 1e3},
    {"wh": 1e-6, "kwh": 1e-3, "mwh": 1.0, "gwh": 1e3, "twh": 1e6},
    {"m2": 1.0, "sqm": 1.0, "ha": 1e4, "km2": 1e6},
)
"""Units that can be mistaken for each other, with their size."""

SPELLING = {"w": "W", "kw": "kW", "mw": "MW", "gw": "GW"}
UNIT_WORD = re.compile(r"[kmgt]?wh|gj|tj", re.IGNORECASE)


def check_named_units(kind: str, mapping: Mapping[str, str], log: FaultLog) -> None:
    """Report columns whose own name states another unit than ours.

    Parameters
    ----------
    kind
        Name of the layer.
    mapping
        Our column name to the name in the file.
    log
        Takes the faults.
    """
    for ours, theirs in mapping.items():
        if ours == "annual_demand_mwh":
            continue  # its unit is stated by demand_unit
        wanted, found = _unit(ours), _unit(theirs)
        family = next((each for each in FAMILIES if wanted in each and found in each), None)
        if family is None or family[wanted] == family[found]:
            continue
        factor = family[found] / family[wanted]
        change = (
            f"Multiply it by {factor:,.6g}" if factor > 1 else f"Divide it by {1 / factor:,.6g}"
        )
        log.fault(
            kind,
            f"column '{theirs}' names the unit {_spelled(found)}, but it is mapped to {ours}. Is it"
            f" in {_spelled(found)} or in {_spelled(wanted)}?",
            f"{change} if its name is right, or rename it if it is not; or map another column.",
        )


def _unit(name: str) -> str:
    """Return the unit at the end of a name in lower case, empty if there is none.

    Examples
    --------
    >>> _unit("it_load_mw"), _unit("HEAT_KW"), _unit("IT load [kW]"), _unit("power")
    ('mw', 'kw', 'kw', '')
    """
    words = [each for each in re.split(r"[^a-z0-9]+", name.lower()) if each]
    known = {unit for family in FAMILIES for unit in family}
    return words[-1] if len(words) > 1 and words[-1] in known else ""


def _spelled(unit: str) -> str:
    """Return a unit as it is usually written."""
    return SPELLING.get(unit, unit.replace("wh", "Wh"))


def ask_for_demand_unit(frame: pd.DataFrame, layer: ZonesConfig, log: FaultLog) -> None:
    """Ask for the unit of a demand column whose name tells none, with what each would mean.

    Parameters
    ----------
    frame
        The zones as they stand in their file.
    layer
        Their section of the study file.
    log
        Takes the question, as a fault.
    """
    theirs = layer.columns.get("annual_demand_mwh")
    if theirs is None or theirs not in frame or "demand_unit" in layer.model_fields_set:
        return
    if UNIT_WORD.search(theirs):
        return
    numbers, _ = number_series(frame[theirs])
    total, middle = float(numbers.sum()), float(numbers.median())
    meanings = "; ".join(
        f"{unit}: {_plain(total * size / 1e3)} GWh/a in all, {_plain(middle * size)} MWh/a in the"
        " middle"
        for unit, size in (("MWh", 1.0), ("kWh", 1e-3), ("GJ", 1 / 3.6))
    )
    log.fault(
        "zones",
        f"column '{theirs}' (annual_demand_mwh) names no unit. Which is it? {meanings}.",
        'Set demand_unit under [layers.zones], such as demand_unit = "MWh".',
    )


def _plain(value: float) -> str:
    """Return a figure without powers of ten.

    Examples
    --------
    >>> _plain(2433000.4), _plain(82.0712)
    ('2,433,000', '82.07')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
