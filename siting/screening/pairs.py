"""Weigh each site against each town in reach: trunk, plant, and the heat they give together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from siting.config.screening import ScreenConfig
from siting.screening.places import CURVE_X, Places
from siting.streets import SURFACE_FACTORS
from siting.units import FloatArray, mw_from_w

__all__ = ["Pairs", "weigh_pairs"]

LEVELS = (1.0, 0.75, 0.5, 0.25)
"""Shares of the largest useful output that are tried for each pair [-]."""

CHUNK = 4096
SMALLEST_DISTANCE_M = 1.0


@dataclass(frozen=True)
class Pairs:
    """Every site with every town in reach.

    Parameters
    ----------
    site, town
        Positions in `Places.sites` and `Places.towns`.
    distance_m, trunk_m
        Straight line, and the trunk with its detour [m].
    fed_mw
        Output that the plant has where heat per euro is best [MW].
    size
        Position of the trunk's size in the catalogue.
    option
        Position of the plant among the options of the site.
    share
        Share of the town that is connected [-].
    heat_mwh, loss_mw
        Heat delivered [MWh/a] and what the trunk loses [MW].
    trunk_eur, plant_eur, town_eur
        Investment: trunk, plant at the site, and pipes, substations and boilers of the town [EUR].
    """

    site: NDArray[np.int64]
    town: NDArray[np.int64]
    distance_m: FloatArray
    trunk_m: FloatArray
    fed_mw: FloatArray
    size: NDArray[np.int64]
    option: NDArray[np.int64]
    share: FloatArray
    heat_mwh: FloatArray
    loss_mw: FloatArray
    trunk_eur: FloatArray
    plant_eur: FloatArray
    town_eur: FloatArray

    def __len__(self) -> int:
        return len(self.site)

    @property
    def capex_eur(self) -> FloatArray:
        """Investment of each pair by itself [EUR]."""
        total: FloatArray = self.trunk_eur + self.plant_eur + self.town_eur
        return total

    @property
    def heat_per_euro_kwh(self) -> FloatArray:
        """Heat per euro of each pair by itself [kWh/(a EUR)]; 0 where it gives no heat."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(self.capex_eur > 0, 1e3 * self.heat_mwh / self.capex_eur, np.inf)
        found: FloatArray = np.where(self.heat_mwh > 0, ratio, 0.0)
        return found

    def frame(self, places: Places) -> pd.DataFrame:
        """Return the pairs that give heat as a table, the best first."""
        sites, towns = places.sites, places.towns
        table = pd.DataFrame(
            {
                "site_id": [places.site_ids[sites[k].id] for k in self.site],
                "town": [towns[k].key for k in self.town],
                "town_name": [towns[k].name for k in self.town],
                "distance_km": self.distance_m / 1e3,
                "trunk_km": self.trunk_m / 1e3,
                "trunk_size": [places.catalogue.labels[k] for k in self.size],
                "plant": [
                    sites[s].choices[o].id for s, o in zip(self.site, self.option, strict=True)
                ],
                "output_mw": self.fed_mw,
                "town_share": self.share,
                "heat_mwh": self.heat_mwh,
                "trunk_loss_mw": self.loss_mw,
                "trunk_eur": self.trunk_eur,
                "plant_eur": self.plant_eur,
                "town_eur": self.town_eur,
                "capex_eur": self.capex_eur,
                "heat_per_euro_kwh": self.heat_per_euro_kwh,
                "homes_equivalent": self.heat_mwh / places.parameters.value("home_heat_mwh"),
            }
        )
        table = table[table["heat_mwh"] > 0]
        table = table.sort_values("heat_per_euro_kwh", ascending=False, kind="stable")
        table.insert(0, "rank", range(1, len(table) + 1))
        return table.reset_index(drop=True)


def weigh_pairs(places: Places, screen: ScreenConfig) -> Pairs:
    """Return each site with its nearest towns, in the design with the best heat per euro.

    Notes
    -----
    The trunk runs from the site to the centre of the demand, a detour factor longer than the
    straight line, in the smallest size that carries what is fed in. A town is connected in the
    share that fits: heat is ``E u s(q / (P u))`` for a share ``u``, base capacity ``q``, demand
    ``E``, peak ``P`` and load curve ``s``. Outputs are tried in four steps, shares at the corners
    of the load curve.
    """
    site, town, distance = _near(places, screen)
    bench = _Bench(places, screen)
    parts = [
        bench.best(site[k : k + CHUNK], town[k : k + CHUNK], distance[k : k + CHUNK])
        for k in range(0, len(site), CHUNK)
    ]
    columns = [np.concatenate(each) for each in zip(*parts, strict=True)] if parts else []
    if not columns:
        columns = [np.zeros(0)] * 9
    fed, size, option, share, heat, loss, trunk, plant, zones = columns
    return Pairs(
        site, town, distance, distance * bench.detour, fed, size.astype(np.int64),
        option.astype(np.int64), share, heat, loss, trunk, plant, zones,
    )  # fmt: skip


def _near(
    places: Places, screen: ScreenConfig
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
    """Return site, town and straight line of all pairs in reach."""
    centres = np.array([(each.centre.x, each.centre.y) for each in places.towns])
    count = min(screen.nearest_towns, len(centres))
    most = screen.max_distance_km * 1e3
    distance, town = cKDTree(centres).query(
        places.site_xy, k=list(range(1, count + 1)), distance_upper_bound=most
    )
    site = np.repeat(np.arange(len(places.sites)), count).reshape(distance.shape)
    reached = np.isfinite(distance)
    far = np.maximum(distance[reached], SMALLEST_DISTANCE_M)
    return site[reached].astype(np.int64), town[reached].astype(np.int64), far


class _Bench:
    """The figures of plants, trunks and towns as arrays."""

    def __init__(self, places: Places, screen: ScreenConfig) -> None:
        most = max(len(each.choices) for each in places.sites)
        shape = (len(places.sites), most)
        self.capacity = np.zeros(shape)
        self.fixed, self.slope = np.full(shape, np.inf), np.zeros(shape)
        for k, each in enumerate(places.sites):
            for o, option in enumerate(each.choices):
                free = np.inf if option.capacity_mw is None else option.capacity_mw
                self.capacity[k, o] = free
                self.fixed[k, o], self.slope[k, o] = option.cost_eur, option.cost_per_mw_eur
        factor = SURFACE_FACTORS[screen.trunk_surface] * places.overhead
        self.carries = places.catalogue.capacity_mw
        self.per_m = places.catalogue.cost_eur_per_m * factor
        self.loss_per_m = mw_from_w(places.catalogue.heat_loss_w_per_m)
        self.detour = places.parameters.value("detour_factor")
        self.peak = np.array([each.peak_mw for each in places.towns])
        self.heat = np.array([each.heat_mwh for each in places.towns])
        self.cost = np.array([each.cost_eur for each in places.towns])
        self.curve = np.array([each.curve for each in places.towns])

    def best(
        self, site: NDArray[np.int64], town: NDArray[np.int64], distance: FloatArray
    ) -> tuple[FloatArray, ...]:
        """Return the best design of some pairs, one array for each figure."""
        trunk_m = distance * self.detour
        found: list[FloatArray] | None = None
        for level in LEVELS:
            tried = self._design(site, town, trunk_m, level)
            if found is None:
                found = tried
                continue
            better = _ratio(tried) > _ratio(found)
            found = [np.where(better, new, old) for new, old in zip(tried, found, strict=True)]
        assert found is not None
        return tuple(found)

    def _design(
        self, site: NDArray[np.int64], town: NDArray[np.int64], trunk_m: FloatArray, level: float
    ) -> list[FloatArray]:
        """Return the best share of the town at one level of output."""
        peak, heat, cost = self.peak[town], self.heat[town], self.cost[town]
        most = np.minimum(self.capacity[site].max(axis=1), peak * 1.2)
        fed = np.minimum(level * most, self.carries[-1])
        size = np.minimum(np.searchsorted(self.carries, fed), len(self.carries) - 1)
        loss = trunk_m * self.loss_per_m[size]
        # What a small town cannot take is not installed.
        fed = np.minimum(fed, peak + loss)
        base = fed - loss
        plants = np.where(
            self.capacity[site] >= fed[:, None] * (1 - 1e-9),
            self.fixed[site] + self.slope[site] * fed[:, None],
            np.inf,
        )
        option = plants.argmin(axis=1)
        plant = plants[np.arange(len(site)), option]
        trunk = trunk_m * self.per_m[size]
        with np.errstate(divide="ignore", invalid="ignore"):
            whole = base / peak
            x = np.maximum(CURVE_X[None, 1:], whole[:, None])
            share = np.where(x > 0, whole[:, None] / x, 0.0)
            given = heat[:, None] * share * self._share_of_heat(town, x)
            capex = plant[:, None] + trunk[:, None] + cost[:, None] * share
            ratio = np.where((base > 0)[:, None] & (capex > 0), given / capex, 0.0)
        pick = ratio.argmax(axis=1)
        rows = np.arange(len(site))
        works = ratio[rows, pick] > 0
        shared = share[rows, pick]
        return [
            fed, size.astype(float), option.astype(float), shared,
            np.where(works, given[rows, pick], 0.0), loss, trunk, plant, cost * shared,
        ]  # fmt: skip

    def _share_of_heat(self, town: NDArray[np.int64], x: FloatArray) -> FloatArray:
        """Return the share of the annual heat below base capacities, one row for each pair."""
        high = np.clip(np.searchsorted(CURVE_X, x, side="left"), 1, len(CURVE_X) - 1)
        low = high - 1
        rows = town[:, None]
        part = np.clip((x - CURVE_X[low]) / (CURVE_X[high] - CURVE_X[low]), 0.0, 1.0)
        curve = self.curve
        found: FloatArray = curve[rows, low] + part * (curve[rows, high] - curve[rows, low])
        return found


def _ratio(design: list[FloatArray]) -> FloatArray:
    heat, trunk, plant, town = design[4], design[6], design[7], design[8]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: FloatArray = np.nan_to_num(heat / (trunk + plant + town), nan=0.0)
    return ratio
