"""Lead a screening from its layers to its ranking."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.appraisal import gap_percent
from siting.config.file import read_like
from siting.config.screening import ScreeningConfig
from siting.countries import parameter_presets
from siting.errors import FaultLog
from siting.layers import read_region
from siting.parameters import load_parameters
from siting.screening.compete import Competition, compete
from siting.screening.pairs import Pairs, weigh_pairs
from siting.screening.places import Places, find_places

__all__ = ["Screening", "read_screening", "screen"]


@dataclass(frozen=True)
class Screening:
    """Sites ranked against towns, and the best assignment of the two.

    Parameters
    ----------
    config
        What was asked.
    places, pairs, competition
        Plants and towns, each pair by itself, and all of them together.
    seconds
        Wall time by step [s].
    """

    config: ScreeningConfig
    places: Places
    pairs: Pairs
    competition: Competition
    seconds: dict[str, float]

    def ranking(self) -> pd.DataFrame:
        """Return every pair that gives heat, the best first; ``chosen`` are those of the plan."""
        table = self.pairs.frame(self.places)
        best = {
            (self.places.site_ids[self.places.sites[c.site].id], self.places.towns[c.town].key)
            for c in self.competition.chosen
        }
        both = zip(table["site_id"], table["town"], strict=True)
        table.insert(1, "chosen", [each in best for each in both])
        return table

    def sites(self) -> gpd.GeoDataFrame:
        """Return every site: its best town by itself, and the town it feeds in the plan."""
        places, ranking = self.places, self.ranking()
        first = ranking.drop_duplicates("site_id").set_index("site_id")
        chosen = {places.site_ids[places.sites[c.site].id]: c for c in self.competition.chosen}
        rows = []
        frame = places.region.sites.frame
        for key in frame.index.astype(str):
            one, best = chosen.get(key), first.loc[key] if key in first.index else None
            rows.append(
                {
                    "site_id": key,
                    "name": frame["name"].get(key, ""),
                    "best_town": "" if best is None else str(best["town_name"]),
                    "best_heat_per_euro_kwh": np.nan if best is None else best["heat_per_euro_kwh"],
                    "best_heat_mwh": np.nan if best is None else best["heat_mwh"],
                    "best_trunk_km": np.nan if best is None else best["trunk_km"],
                    "chosen": one is not None,
                    "feeds_town": "" if one is None else places.towns[one.town].name,
                    "output_mw": np.nan if one is None else one.fed_mw,
                    "heat_mwh": 0.0 if one is None else one.heat_mwh,
                    "capex_eur": 0.0 if one is None else one.trunk_eur + one.plant_eur,
                }
            )
        shapes = np.asarray(frame.geometry.array)
        return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=places.region.crs)

    def towns(self) -> gpd.GeoDataFrame:
        """Return every town: demand, what is connected of it, by which sites, and what it takes."""
        places, found = self.places, self.competition
        feeders: dict[int, list[str]] = {}
        for each in found.chosen:
            site = places.site_ids[places.sites[each.site].id]
            feeders.setdefault(each.town, []).append(site)
        frame = places.region.zones.frame.set_axis(
            places.region.zones.frame.index.astype(str)
        ).geometry
        home = places.parameters.value("home_heat_mwh")
        rows, shapes = [], []
        for k, town in enumerate(places.towns):
            heat = found.town_heat_mwh.get(k, 0.0)
            rows.append(
                {
                    "town": town.key,
                    "name": town.name,
                    "zones": len(town.zones),
                    "annual_demand_mwh": town.heat_mwh,
                    "peak_mw": town.peak_mw,
                    "connection_eur": town.cost_eur,
                    "sites": " ".join(feeders.get(k, ())),
                    "connected_share": found.town_share.get(k, 0.0),
                    "heat_mwh": heat,
                    "homes_equivalent": heat / home,
                }
            )
            shapes.append(shapely.union_all(np.asarray(frame.loc[list(town.zones)].array)))
        return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=places.region.crs)

    def trunks(self) -> gpd.GeoDataFrame:
        """Return the trunks of the plan as straight lines."""
        places = self.places
        rows, lines = [], []
        for each in self.competition.chosen:
            town = places.towns[each.town]
            rows.append(
                {
                    "site_id": places.site_ids[places.sites[each.site].id],
                    "town": town.key,
                    "town_name": town.name,
                    "size": places.catalogue.labels[int(self.pairs.size[each.pair])],
                    "trunk_km": float(self.pairs.trunk_m[each.pair]) / 1e3,
                    "output_mw": each.fed_mw,
                    "heat_mwh": each.heat_mwh,
                    "trunk_eur": each.trunk_eur,
                    "plant_eur": each.plant_eur,
                }
            )
            ends = [tuple(places.site_xy[each.site]), (town.centre.x, town.centre.y)]
            lines.append(shapely.LineString(ends))
        columns = ["site_id", "town", "town_name", "size", "trunk_km", "output_mw", "heat_mwh",
                   "trunk_eur", "plant_eur"]  # fmt: skip
        table = pd.DataFrame(rows, columns=columns)
        return gpd.GeoDataFrame(table, geometry=lines, crs=places.region.crs)

    def totals(self) -> dict[str, float]:
        """Return the totals of the plan, each with its unit in its name."""
        found, places = self.competition, self.places
        home = places.parameters.value("home_heat_mwh")
        electricity = 0.0
        for each in found.chosen:
            option = places.sites[each.site].choices[int(self.pairs.option[each.pair])]
            electricity += each.heat_mwh * option.electricity_mwh_per_mwh
        return {
            "sites": len(places.site_ids),
            "sites_chosen": len(found.chosen),
            "towns": len(places.towns),
            "towns_fed": len(found.town_heat_mwh),
            "pairs_weighed": len(self.pairs),
            "demand_gwh": sum(each.heat_mwh for each in places.towns) / 1e3,
            "demand_too_dear_gwh": places.dear_mwh / 1e3,
            "heat_gwh": found.heat_mwh / 1e3,
            "capex_meur": found.capex_eur / 1e6,
            "heat_per_euro_kwh": found.heat_per_euro_kwh,
            "heat_pump_electricity_gwh": electricity / 1e3,
            "homes_equivalent": found.heat_mwh / home,
            "mwh_per_home": home,
            "surplus_gwh": found.surplus_gwh,
            "bound_gwh": found.bound_gwh,
            "gap": found.gap,
        }

    def words(self) -> list[str]:
        """Return what was found, in sentences."""
        t, least = self.totals(), self.config.screen.least_heat_per_euro_kwh
        if not self.competition.chosen:
            if not len(self.pairs):
                far = self.config.screen.max_distance_km
                return [f"No site lies within {far:g} km of the centre of a town."]
            return [f"No site reaches a town at {least:g} kWh/(a EUR) or more."]
        found = (
            f"{t['sites_chosen']:,.0f} of {t['sites']:,.0f} sites feed {t['towns_fed']:,.0f} of"
            f" {t['towns']:,.0f} towns: {t['heat_gwh']:,.1f} GWh/a for"
            f" {t['capex_meur']:,.1f} M EUR, {t['heat_per_euro_kwh']:.2f} kWh/a per EUR."
        )
        homes = (
            f"That is the heat of {t['homes_equivalent']:,.0f} homes at"
            f" {t['mwh_per_home']:g} MWh/a each."
        )
        proof = (
            f"Heat is delivered as long as each further euro brings {least:g} kWh/a; the assignment"
            f" is within {gap_percent(self.competition.gap)} of the best, by proof."
        )
        dear = (
            "Zones whose connection alone is dearer were left out:"
            f" {self.places.dear_zones:,} with {self.places.dear_mwh / 1e3:,.0f} GWh/a."
        )
        return [found, homes, proof, dear]


def read_screening(path: str | Path) -> ScreeningConfig:
    """Read a screening file, see `siting.config.screening.ScreeningConfig`."""
    return read_like(path, ScreeningConfig)


def screen(config: ScreeningConfig, *, stop: Event | None = None) -> Screening:
    """Rank every site against every town, and find the best assignment.

    Raises
    ------
    InputError
        The layers or the file have faults.
    NoPlanError
        No assignment was found in time.
    """
    clock = [time.perf_counter()]
    log = FaultLog()
    parameters = load_parameters(config.parameters, parameter_presets(config.study.country))
    # Streets are only cut out for regions; they need not reach all sites of a country.
    region = read_region(_without_streets(config), log)
    log.raise_faults()
    clock.append(time.perf_counter())
    places = find_places(region, parameters, config)
    clock.append(time.perf_counter())
    pairs = weigh_pairs(places, config.screen)
    clock.append(time.perf_counter())
    found = compete(places, pairs, config.screen, config.solver, stop)
    clock.append(time.perf_counter())
    names = ("read", "places", "pairs", "competition")
    seconds = {name: b - a for name, a, b in zip(names, clock, clock[1:], strict=False)}
    return Screening(config, places, pairs, found, seconds)


def _without_streets(config: ScreeningConfig) -> ScreeningConfig:
    layers = config.layers.model_copy(update={"streets": None})
    return config.model_copy(update={"layers": layers})
