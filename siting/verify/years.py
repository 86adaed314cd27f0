"""Weigh years, heat below a capacity and proofs of plans over years, with its own arithmetic."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from siting.errors import Fault, InputError
from siting.problem import Zone
from siting.verify.ledger import Ledger

__all__ = ["check_ratio_proof", "heat_below", "read_figures", "worth", "years_between"]


def read_figures(path: Path, command: str) -> dict[str, Any]:
    """Return what a JSON file of a command holds.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fault = Fault(command, f"cannot read '{path}': {error}.", f"Run 'siting {command}' again.")
        raise InputError(fault) from error
    if not isinstance(raw, dict):
        raise InputError(Fault(command, f"'{path}' holds no figures.", "Write it again."))
    return raw


def worth(rate: float, year: float) -> float:
    """Return what a unit of a later year is worth at the start [-].

    Examples
    --------
    >>> worth(0.25, 1)
    0.8
    """
    return float((1 + rate) ** -year)


def years_between(rate: float, start: float, end: float) -> float:
    """Return the worth of one unit in each year of a span, at the end of each [a].

    Examples
    --------
    >>> years_between(0.25, 0, 2), years_between(0.0, 3, 5)
    (1.44, 2.0)
    """
    if end <= start:
        return 0.0
    return (worth(rate, start) - worth(rate, end)) / rate if rate else float(end - start)


def heat_below(zone: Zone, share: float, base_mw: float) -> float:
    """Return the heat of a share of a zone's customers below a base capacity [MWh/a]."""
    if share <= 0:
        return 0.0
    if zone.peak_mw <= 0:
        return zone.heat_mwh * share
    at = min(base_mw / (zone.peak_mw * share), 1.0)
    if not zone.load_curve:
        return zone.heat_mwh * share * at
    for (q0, h0), (q1, h1) in pairwise(zone.load_curve):
        if at <= q1:
            return zone.heat_mwh * share * (h0 + (h1 - h0) * (at - q0) / (q1 - q0))
    return zone.heat_mwh * share * zone.load_curve[-1][1]


def check_ratio_proof(
    proof: Mapping[str, Any], value: float, ledger: Ledger, place: str = "proof"
) -> None:
    """Check the arithmetic of a proof; the bound itself is the solver's word."""
    ledger.agree(place, "heat per euro", proof["incumbent"], value, "kWh/EUR")
    bound, gap = proof["bound"], proof["gap"]
    if bound is None:
        if gap is not None:
            ledger.say(f"{place}: has a gap without a bound.")
        return
    if bound < value * (1 - 1e-6):
        ledger.say(f"{place}: the plan is better than its bound.")
    own = abs(bound - value) / value if value else math.inf
    if gap is None or not math.isclose(gap, own, rel_tol=1e-4, abs_tol=1e-6):
        ledger.say(f"{place}: the gap is {own:.6f}, not {gap}.")
    if proof["status"] == "optimal within the gap" and own > proof["gap_wanted"] + 1e-6:
        ledger.say(f"{place}: is told as reached with a gap above the one wanted.")
