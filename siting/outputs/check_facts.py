"""Work out what the page of a check says of streets, zones and sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.outputs.labels import ENGLISH, Labels

if TYPE_CHECKING:
    from siting.config import NetworkConfig
    from siting.region import Region

__all__ = ["Facts", "colour_of_part", "linear_density", "place_facts", "street_density"]

DENSITY_STEPS = (0.0, 0.5, 1.0, 2.0, 4.0, np.inf)
"""Class borders of the linear heat density on the page [MWh/(m·a)]; a choice for the eye only."""

DENSITY_COLOURS = ("#f2c9a1", "#eb9a5c", "#dd6b35", "#b93a22", "#7a1420")
NO_DEMAND_COLOUR = "#c3c0b8"
FORBIDDEN_COLOUR = "#111827"
PART_COLOURS = ("#1d6fa5", "#d97706", "#7c3aed", "#0f766e", "#be185d", "#65a30d", "#475569")
UNREACHED_COLOUR = "#dc2626"


@dataclass(frozen=True)
class Facts:
    """Colour, title and figures of one feature."""

    colour: str
    title: str
    rows: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    is_site: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the facts with the short names that the page uses."""
        found = {"c": self.colour, "t": self.title, "r": list(self.rows), "n": list(self.notes)}
        return found | ({"s": 1} if self.is_site else {})


def colour_of_part(part: int) -> str:
    """Return the colour of a part of the network; -1 is what no street reaches.

    Examples
    --------
    >>> colour_of_part(-1), colour_of_part(0) == colour_of_part(7)
    ('#dc2626', False)
    """
    if part < 0:
        return UNREACHED_COLOUR
    return PART_COLOURS[min(part, len(PART_COLOURS) - 1)]


def street_density(region: Region, max_connection_m: float) -> pd.Series:
    """Return the annual demand beside each street over its length [MWh/(m·a)].

    The demand of a zone counts at the nearest street that may carry a pipe, no farther than a
    connection may be long. Streets that share a name are taken together, so that a street cut at
    its crossings has one figure.
    """
    streets, zones = region.streets.frame, region.zones.frame
    usable = np.flatnonzero(~streets["forbidden"].to_numpy(dtype=bool))
    demand = np.zeros(len(streets))
    if len(usable) and len(zones):
        tree = shapely.STRtree(streets.geometry.to_numpy()[usable])
        zone, street = tree.query_nearest(
            zones.geometry.to_numpy(), max_distance=max_connection_m, all_matches=False
        )
        need = zones["annual_demand_mwh"].fillna(0.0).to_numpy()
        np.add.at(demand, usable[street], need[zone])
    name = streets["name"].to_numpy(dtype=object)
    alone = np.array([f"\0{number}" for number in range(len(streets))], dtype=object)
    group = np.where(name == "", alone, name)
    table = pd.DataFrame({"group": group, "demand": demand, "length": streets.geometry.length})
    total = table.groupby("group")[["demand", "length"]].transform("sum")
    return (total["demand"] / total["length"].where(total["length"] > 0)).fillna(0.0)


def linear_density(
    region: Region, network: NetworkConfig, t: Labels = ENGLISH
) -> list[tuple[str, Any, str, list[tuple[str, str]]]]:
    """Return classes of streets by linear heat density: name, lines, colour and figures."""
    streets = region.streets.frame
    if streets.empty:
        return []
    lines = streets.geometry.to_numpy()
    forbidden = streets["forbidden"].to_numpy(dtype=bool)
    density = street_density(region, network.max_connection_m).to_numpy()
    classes = [(t("check.no_demand"), (density <= 0) & ~forbidden, NO_DEMAND_COLOUR)]
    steps = zip(DENSITY_STEPS[:-1], DENSITY_STEPS[1:], DENSITY_COLOURS, strict=True)
    for low, high, colour in steps:
        ends = {"low": f"{low:g}", "high": f"{high:g}"}
        span = t("check.span", **ends) if np.isfinite(high) else t("check.over", low=ends["low"])
        own = (density > low) & (density <= high) & ~forbidden
        classes.append((t("check.density", span=span), own, colour))
    classes.append((t("check.closed"), forbidden, FORBIDDEN_COLOUR))
    return [
        (name, lines[own], colour, _length_words(lines[own], t))
        for name, own, colour in classes
        if own.any()
    ]


def _length_words(lines: Any, t: Labels) -> list[tuple[str, str]]:
    """Return how many lines there are, and how long they are."""
    return [
        (t("check.lines"), f"{len(lines):,}"),
        (t("check.length"), f"{float(shapely.length(lines).sum()) / 1000:,.2f} km"),
    ]


def place_facts(
    kind: str,
    frame: gpd.GeoDataFrame,
    parts: Mapping[str, int] | None,
    spoken: Mapping[tuple[str, str], Sequence[str]],
    t: Labels = ENGLISH,
) -> list[Facts]:
    """Return what the page says of each zone or site."""
    figures = {
        "zones": (
            (t("check.demand"), "annual_demand_mwh", "MWh/a"),
            (t("check.peak"), "peak_demand_kw", "kW"),
        ),
        "sites": (
            (t("check.load"), "it_load_mw", "MW"),
            (t("check.heat"), "recoverable_heat_kw", "kW"),
        ),
    }[kind]
    columns = [frame[column].tolist() for _, column, _ in figures]
    found = []
    for number, (key, name) in enumerate(zip(map(str, frame.index), frame["name"], strict=True)):
        rows = [(t("check.id"), key)] if str(name) != key else []
        for (label, _, unit), values in zip(figures, columns, strict=True):
            if values[number] == values[number]:
                rows.append((label, f"{values[number]:,.6g} {unit}"))
        part = None if parts is None else parts.get(key, -1)
        if part is not None:
            where = t("check.part", number=part) if part >= 0 else t("check.no_part")
            rows.append((t("check.network"), where))
        colour = NO_DEMAND_COLOUR if part is None else colour_of_part(part)
        notes = spoken.get((kind, key), ())
        found.append(Facts(colour, str(name), rows, notes, kind == "sites"))
    return found
