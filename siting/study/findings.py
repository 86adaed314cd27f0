"""Hold what a check of a study found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siting.config import StudyConfig
from siting.errors import Fault

if TYPE_CHECKING:
    import geopandas as gpd

    from siting.assembly import Assembly
    from siting.network import PipeNetwork
    from siting.parameters import Parameters
    from siting.region import Region, Remark

__all__ = [
    "CheckResult",
    "Findings",
]


@dataclass(frozen=True)
class CheckResult:
    """What a study was understood to say, before anything is solved.

    ``doubts`` are odd things that do not stop a run; ``remarks`` is the log of what was read,
    repaired, estimated or dropped; ``counts`` are figures with their unit in the name.
    """

    region: Region
    network: PipeNetwork
    parameters: Parameters
    assembly: Assembly
    doubts: tuple[Fault, ...]

    def __repr__(self) -> str:
        """Return the counts on one line."""
        counts = self.counts
        told = ", ".join(f"{counts[name]:,.0f} {name}" for name in ("sites", "zones", "streets"))
        return f"<CheckResult '{self.region.name}': {told}, {len(self.doubts)} doubts>"

    def _repr_html_(self) -> str:
        """Return the counts and doubts for a notebook."""
        from siting.outputs.cards import check_card

        return check_card(self)

    @property
    def frames(self) -> dict[str, gpd.GeoDataFrame]:
        """What was read and made of it, in the working CRS: three layers, and the network."""
        return {
            "sites": self.region.sites.frame,
            "zones": self.region.zones.frame,
            "streets": self.region.streets.frame,
            "nodes": self.network.nodes,
            "edges": self.network.edges,
        }

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was done to the layers, then to the network, then to the problem."""
        return (*self.region.remarks, *self.network.remarks, *self.assembly.remarks)

    @property
    def counts(self) -> dict[str, float]:
        """How much of everything there is; ``reached`` is what streets can connect."""
        edges = self.network.edges
        reached = self.assembly.problem.zones
        demand = self.region.zones.frame["annual_demand_mwh"]
        return {
            "sites": len(self.region.sites.frame),
            "zones": len(demand),
            "streets": len(self.region.streets.frame),
            "nodes": len(self.assembly.problem.nodes),
            "edges": len(edges),
            "network_parts": int(self.network.nodes["part"].max()) + 1,
            "street_length_km": float(edges.loc[edges["kind"] == "street", "length_m"].sum()) / 1e3,
            "annual_demand_gwh": float(demand.sum()) / 1e3,
            "reached_zones": len(reached),
            "reached_demand_gwh": math.fsum(zone.heat_mwh for zone in reached) / 1e3,
            "reached_peak_demand_mw": math.fsum(zone.peak_mw for zone in reached),
        }


@dataclass(frozen=True)
class Findings:
    """What a check found, sound or not; the rooms after the first fault are empty."""

    config: StudyConfig
    region: Region
    network: PipeNetwork | None
    parameters: Parameters | None
    assembly: Assembly | None
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...]

    @property
    def result(self) -> CheckResult | None:
        """The check of a study without faults."""
        if self.faults or None in (self.network, self.parameters, self.assembly):
            return None
        return CheckResult(self.region, self.network, self.parameters, self.assembly, self.doubts)  # type: ignore[arg-type]

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was done to the layers, then to the network, then to the problem."""
        rooms = (self.region, self.network, self.assembly)
        return tuple(each for room in rooms if room is not None for each in room.remarks)
