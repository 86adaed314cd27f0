"""Choose the load-duration curve of each zone, and draw the broken line that stands for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from siting.assembly.desk import Desk, text_of
from siting.errors import InputError, name_ids
from siting.heat import (
    LoadDuration,
    compare_load_curves,
    load_curve,
    load_duration_from_temperatures,
    load_factor,
    read_load_curves,
    read_temperatures,
)
from siting.units import HOURS_PER_A

__all__ = ["Curve", "ZoneCurves"]

Curve = tuple[tuple[float, float], ...]
SOCHINSKY, DEGREE_HOURS, FILE = "sochinsky", "degree_hours", "file"
COMPARED = np.linspace(0.2, 0.5, 31)


class ZoneCurves:
    """Load curves of a study by name; zones of equal full-load hours share one.

    A zone may name ``sochinsky``, ``degree_hours``, ``file`` or a column of the study's own
    curves; without a name it takes that of the study.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.usual = desk.config.demand.load_curve
        self.least = desk.parameters.value("minimum_load_ratio")
        self.points = int(desk.parameters.value("load_curve_points"))
        self.held = self._read()
        self.peaky = 0
        self.worst_error = 0.0
        self.used: dict[str, int] = {}
        self.lines: dict[tuple[str, float], Curve] = {}

    def name_of(self, row: Mapping[str, Any]) -> str:
        """Return the name of a zone's curve; an unknown one is a fault."""
        stated = text_of({"load_curve": None} | dict(row), "load_curve").strip()
        name = stated or self.usual
        if name == FILE:
            own = [each for each in self.held if each != DEGREE_HOURS]
            name = own[0] if own else SOCHINSKY
        if name != SOCHINSKY and name not in self.held and stated:
            known = [SOCHINSKY, *self.held]
            self.desk.log.fault(
                "zones",
                f"zone '{row['id']}': its load_curve '{stated}' is not known; there are"
                f" {name_ids(known, shown=len(known))}.",
                "Name one of these, or give temperature_file or load_curve_file under [demand].",
                [row["id"]],
            )
        name = name if name in self.held else SOCHINSKY
        self.used[name] = self.used.get(name, 0) + 1
        return name

    def own_hours(self, name: str) -> float | None:
        """Return the full-load hours that a curve has by itself, if any [h/a]."""
        return self.held[name].full_load_hours_h if name in self.held else None

    def line(self, name: str, hours: float) -> Curve:
        """Return the broken line of a curve at the full-load hours of a zone."""
        # Rounding of the inputs may lift a flat demand a hair above the year.
        hours = min(hours, HOURS_PER_A) if math.isclose(hours, HOURS_PER_A) else hours
        mean = load_factor(hours)
        least = min(self.least, mean / 2)
        if name == SOCHINSKY:
            # A zone idle most of the year has less demand in summer, too.
            self.peaky += least < self.least
        key = (name, round(hours, 6))
        if key not in self.lines:
            self.lines[key] = self._drawn(name, hours, least)
        return self.lines[key]

    def _drawn(self, name: str, hours: float, least: float) -> Curve:
        if name == SOCHINSKY:
            return load_curve(hours, least, self.points)
        line, error = self.held[name].with_full_load_hours(hours).broken_line(self.points)
        self.worst_error = max(self.worst_error, error)
        return line

    def _read(self) -> dict[str, LoadDuration]:
        """Return the curves that the study's files give, by name."""
        demand, held = self.desk.config.demand, {}
        try:
            if demand.temperature_file is not None:
                held[DEGREE_HOURS] = load_duration_from_temperatures(
                    read_temperatures(demand.temperature_file),
                    self.desk.parameters.value("heating_limit_c"),
                    self.least,
                )
        except InputError as error:
            self.desk.log.faults.extend(error.faults)
        try:
            if demand.load_curve_file is not None:
                held |= read_load_curves(demand.load_curve_file)
        except InputError as error:
            self.desk.log.faults.extend(error.faults)
        return held

    def remark(self) -> None:
        """Say which curves were used, and how the two-number form compares with them."""
        desk = self.desk
        desk.remark("zones", "took half their load factor as minimum load ratio", self.peaky)
        for name, count in sorted(self.used.items()):
            if name != SOCHINSKY or len(self.used) > 1:
                words = f"broken line of {self.points} corners"
                desk.remark("zones", f"took the load curve '{name}'", count, words)
        if self.worst_error > 0:
            desk.remark(
                "zones",
                "drew load curves as broken lines",
                len([key for key in self.lines if key[0] != SOCHINSKY]),
                f"understating at most {100 * self.worst_error:.2g} % of the annual demand",
            )
        for name, curve in self.held.items():
            if not curve.minimum_load_ratio < curve.load_factor < 1:
                continue
            table = compare_load_curves({name: curve}, COMPARED)
            optimism = table[f"optimism ({name})"]
            desk.remark(
                "zones",
                f"compared the load curve '{name}' with the two-number form",
                self.used.get(name, 0) or 1,
                f"{curve.full_load_hours_h:,.0f} full-load hours; the form promises"
                f" {optimism.min():+.1f} to {optimism.max():+.1f} points of heat more for base"
                " loads of 20 to 50 % of the peak",
            )
