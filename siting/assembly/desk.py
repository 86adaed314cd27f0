"""Hold what every step of the assembly reads, and where it leaves faults and remarks."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from siting.errors import FaultLog, name_ids
from siting.network.types import PipeNetwork
from siting.parameters import Parameters
from siting.problem import Site, Zone
from siting.region import Region, Remark

if TYPE_CHECKING:
    from siting.config import StudyConfig

__all__ = ["OVERHEAD", "Desk", "Wishes", "number_of", "plain_rows", "text_of"]

OVERHEAD = "design_and_contingency"


@dataclass(frozen=True)
class Wishes:
    """Ids that the study or its layers make mandatory or forbid."""

    mandatory: frozenset[str]
    forbidden: frozenset[str]


@dataclass
class Desk:
    """What every step of the assembly reads, and where it leaves faults and remarks.

    ``whole`` asks for every plant and pipe size, those too that no new plan would choose.
    """

    region: Region
    network: PipeNetwork
    parameters: Parameters
    config: StudyConfig
    log: FaultLog = field(default_factory=FaultLog)
    remarks: list[Remark] = field(default_factory=list)
    whole: bool = False

    @property
    def overhead(self) -> float:
        """Cost with design and contingency over construction cost [-]."""
        shares = (self.parameters.value("design_share"), self.parameters.value("contingency_share"))
        return 1 + math.fsum(shares)

    def remark(self, layer: str, act: str, count: int, detail: str = "") -> None:
        """Add a remark if it concerns anything."""
        if count:
            self.remarks.append(Remark(layer, act, count, detail=detail))

    def loaded(self, parts: Mapping[str, float]) -> tuple[float, dict[str, float]]:
        """Return a cost with overhead, and its parts, which add up to it [EUR or EUR/MW]."""
        split = {name: part for name, part in parts.items() if part > 0}
        extra = (self.overhead - 1) * math.fsum(split.values())
        if extra > 0:
            split[OVERHEAD] = extra
        return math.fsum(split.values()), split

    def wishes(self, kind: str) -> Wishes:
        """Return what is mandatory and forbidden, by the layer and by the study."""
        limits = self.config.limits
        if kind == "sites":
            frame, stated = (
                self.region.sites.frame,
                (limits.mandatory_sites, limits.forbidden_sites),
            )
        else:
            frame, stated = (
                self.region.zones.frame,
                (limits.mandatory_zones, limits.forbidden_zones),
            )
        known = [str(each) for each in frame.index]
        found = []
        for wish, listed in zip(("mandatory", "forbidden"), stated, strict=True):
            _check_known(f"{wish}_{kind}", listed, known, self.log)
            own = [key for key, flag in zip(known, frame[wish], strict=True) if bool(flag)]
            found.append(frozenset(own) | (frozenset(listed) & frozenset(known)))
        wishes = Wishes(*found)
        both = sorted(wishes.mandatory & wishes.forbidden)
        if both:
            self.log.fault(
                kind, f"mandatory and forbidden at once: {name_ids(both)}.", "Choose one.", both
            )
        return wishes

    def nodes_of(self, kind: str, ids: pd.Index, wishes: Wishes) -> dict[str, str]:
        """Return the node of each id that is on the network, and speak of the others."""
        nodes = self.network.site_nodes if kind == "sites" else self.network.zone_nodes
        reached = self.network.nodes["part"] >= 0
        known = {
            str(key): str(node)
            for key, node in nodes.items()
            if not pd.isna(node) and bool(reached[node])
        }
        missing = [str(each) for each in ids if str(each) not in known]
        needed = [each for each in missing if each in wishes.mandatory]
        if needed:
            self.log.fault(
                kind,
                f"mandatory, but out of reach of the streets: {name_ids(needed)}.",
                "Raise max_connection_m, mend the streets, or release them.",
                needed,
            )
        self.remark(kind, "left out: out of reach of the streets", len(missing), name_ids(missing))
        return known

    def remark_partners(self, sites: Sequence[Site], zones: Sequence[Zone]) -> None:
        """Count what is on a part of the network where nothing can be exchanged."""
        parts = self.network.nodes["part"].to_dict()
        with_site = {parts[each.node] for each in sites if not each.forbidden}
        with_zone = {parts[each.node] for each in zones if not each.forbidden}
        lonely_sites = [each for each in sites if parts[each.node] not in with_zone]
        lonely_zones = [each for each in zones if parts[each.node] not in with_site]
        demand = math.fsum(each.heat_mwh for each in lonely_zones)
        self.remark("sites", "on a part of the network without a zone", len(lonely_sites))
        self.remark(
            "zones",
            "on a part of the network without a site",
            len(lonely_zones),
            f"{demand:,.0f} MWh/a",
        )


def _check_known(key: str, listed: Sequence[str], known: Sequence[str], log: FaultLog) -> None:
    """Report ids that a limit names but no layer has, with the nearest known one."""
    have = set(known)
    unknown = [each for each in listed if each not in have]
    if not unknown:
        return
    hints = []
    for each in unknown[:5]:
        near = difflib.get_close_matches(each, known, n=1, cutoff=0.0)
        hints.append(f"For '{each}' the nearest is '{near[0]}'." if near else "The layer is empty.")
    log.fault("study", f"[limits] {key}: {name_ids(unknown)} not found.", " ".join(hints), unknown)


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a layer without geometry, each with its id as text."""
    plain = pd.DataFrame(frame.drop(columns=["geometry", "outline"], errors="ignore"))
    rows = plain.to_dict("records")
    return [
        {str(name): value for name, value in row.items()} | {"id": str(key)}
        for key, row in zip(frame.index, rows, strict=True)
    ]


def number_of(row: Mapping[str, Any], column: str) -> float | None:
    """Return a figure of a layer, or None where it is missing."""
    value = row[column]
    return None if pd.isna(value) else float(value)


def text_of(row: Mapping[str, Any], column: str) -> str:
    """Return a text of a layer, empty where it is missing."""
    value = row[column]
    return "" if value is None or pd.isna(value) else str(value)
