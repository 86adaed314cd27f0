"""Hold the plans that a map shows, the stops of its slider, with the looks that they share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.appraisal import Appraisal
from siting.outputs.frames import PlanFrames
from siting.outputs.labels import ENGLISH, Labels
from siting.outputs.looks import Ladder, PipeClasses, ShareClasses
from siting.plan import Plan

__all__ = ["ZONES_SHOWN", "MapLayers", "MapState", "States"]

ZONES_SHOWN = 20_000
"""Zones on the page; those that no plan serves are left out first, smallest first."""


@dataclass(frozen=True)
class MapState:
    """One stop of the slider: a plan with its layers and key figures.

    Parameters
    ----------
    frames, appraisal, plan
        The layers and key figures of the plan, and the plan.
    at
        Where it stands on the slider, in the unit of the slider.
    height
        How high it stands in the picture above the slider.
    label
        What the slider says of it.
    meaning
        What its proof means, where that is not what the proof of a run means.
    is_run
        Whether it is the plan of the run, with which the page opens.
    """

    frames: PlanFrames
    appraisal: Appraisal
    plan: Plan
    at: float = 0.0
    height: float = 0.0
    label: str = ""
    meaning: str | None = None
    is_run: bool = True


@dataclass(frozen=True)
class MapLayers:
    """What lies around the plan, in the working CRS; None where there is no such layer.

    Parameters
    ----------
    existing
        Lines of a heat network that stands, with ``existing_dn`` and ``name``.
    barriers
        Lines and areas that are dear or forbidden to cross, with ``kind`` and ``crossing``.
    repairs
        Places at which a layer was read otherwise than it stands, see `siting.region.acts_frame`.
    """

    existing: gpd.GeoDataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    repairs: gpd.GeoDataFrame | None = None


@dataclass(frozen=True)
class States:
    """The stops of a slider, with the looks that all of them share, and their language."""

    stops: tuple[MapState, ...]
    t: Labels = ENGLISH

    @property
    def run(self) -> MapState:
        """The stop with which the page opens."""
        return next((each for each in self.stops if each.is_run), self.stops[0])

    @cached_property
    def pipes(self) -> gpd.GeoDataFrame:
        """Every pipe that some plan builds, once."""
        tables = [each.frames.pipes for each in self.stops]
        joined = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
        return joined.drop_duplicates("pipe_id", ignore_index=True)

    @cached_property
    def zones(self) -> gpd.GeoDataFrame:
        """The zones that the page can carry: all that some plan serves, and the largest others."""
        zones = self.run.frames.zones
        if len(zones) <= ZONES_SHOWN:
            return zones
        ever = np.any([each.frames.zones["served"].to_numpy() for each in self.stops], axis=0)
        order = zones.assign(ever=ever).sort_values(
            ["ever", "annual_demand_mwh"], ascending=False, kind="stable"
        )
        return order.head(max(ZONES_SHOWN, int(ever.sum()))).drop(columns="ever")

    @cached_property
    def classes(self) -> PipeClasses:
        """The classes of pipe sizes."""
        return PipeClasses.of(self.pipes_of_all["nominal_diameter"], self.t)

    @cached_property
    def pipes_of_all(self) -> pd.DataFrame:
        """The pipes of all plans, without their lines."""
        names = ["nominal_diameter", "flow_mw", "length_m", "cost_eur", "heat_loss_kw"]
        return pd.concat([pd.DataFrame(each.frames.pipes[names]) for each in self.stops])

    @cached_property
    def ladders(self) -> dict[str, Ladder]:
        """The classes of the other ways to look at pipes."""
        pipes = self.pipes_of_all
        metres = pipes["length_m"].where(pipes["length_m"] > 0)
        return {
            "flow": Ladder.of(pipes["flow_mw"], "MW"),
            "cost": Ladder.of(pipes["cost_eur"] / metres, "EUR/m"),
            "loss": Ladder.of(pipes["heat_loss_kw"] * 1000 / metres, "W/m"),
        }

    @cached_property
    def shares(self) -> ShareClasses:
        """The classes of shares of waste heat."""
        zones = [each.frames.zones[["served", "waste_heat_share"]] for each in self.stops]
        return ShareClasses.of(pd.concat([pd.DataFrame(each) for each in zones]))

    @cached_property
    def reasons(self) -> list[str]:
        """Every reason why some zone is not served."""
        found: set[str] = set()
        for each in self.stops:
            zones = each.frames.zones
            found |= set(zones.loc[~zones["served"].astype(bool), "reason"])
        return sorted(found)

    def bounds(self) -> list[list[float]] | None:
        """Return the box of what any plan builds, or of all zones and sites where it is nothing.

        So nothing leaves the picture when the slider moves.
        """
        built = [
            layer
            for each in self.stops
            for layer in (each.frames.pipes, each.frames.chosen_sites, each.frames.served_zones)
        ]
        if not any(map(len, built)):
            built = [self.run.frames.sites, self.run.frames.zones]
        boxes = [each.geometry.to_crs(4326).total_bounds for each in built if len(each)]
        if not boxes:
            return None
        west, south = np.nanmin([box[:2] for box in boxes], axis=0).round(6).tolist()
        east, north = np.nanmax([box[2:] for box in boxes], axis=0).round(6).tolist()
        return [[south, west], [north, east]]
