"""Group many small zones, such as buildings, into blocks along the streets."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.demand.groups import group_along_streets
from siting.errors import FaultLog
from siting.region import Remark

__all__ = ["LARGE_M2", "MANY_ZONES", "doubt_many", "in_blocks"]

MANY_ZONES = 20_000
"""From here on a search takes long, and blocks are proposed: judgement."""

LARGE_M2 = 10_000.0
"""A zone of more ground than a hectare is no building, and stays by itself: judgement [m²]."""

STRIP_M = 10.0
"""Half the width of the ground of points in one line, about a house: judgement [m]."""

SUMS = (
    "annual_demand_mwh", "peak_demand_kw", "floor_area_m2", "footprint_m2", "dwellings",
    "connection_cost_eur",
)  # fmt: skip
ALIKE = ("connection_share", "needed_supply_temperature_c", "load_curve", "existing_customer")
"""Zones that differ in one of these are never in one block."""

PARTLY_KNOWN = ("peak_demand_kw", "connection_cost_eur")
"""Figures that some zones state: they share no block with those that do not."""


def in_blocks(
    zones: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    *,
    above: int,
    block_length_m: float,
    reach_m: float,
    apart: Iterable[str] = (),
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return zones with neighbours along a street in one, where there are too many.

    Parameters
    ----------
    zones, streets
        The frames of `siting.region.DemandZones` and `siting.region.Streets`.
    above
        Number of zones up to which nothing is grouped.
    block_length_m
        Longest piece of street that a block takes [m].
    reach_m
        Zones farther than this from every street stay by themselves [m].
    apart
        Ids of zones that the study names; they stay by themselves, as do mandatory and forbidden
        ones and those larger than a hectare.

    Returns
    -------
    The zones, and what was grouped. Demand, peaks, areas and costs add up; a block bears the
    smallest id of its members, and its outline is the hull around them.
    """
    usable = streets[~streets["forbidden"].to_numpy(dtype=bool)]
    if len(zones) <= above or usable.empty:
        return zones, ()
    zones = zones.sort_index()
    lone = zones["mandatory"] | zones["forbidden"] | zones.index.isin(list(apart))
    lone |= (zones["buildings"] > 1) | (zones.geometry.area > LARGE_M2)
    usable = usable.iloc[_by_place(usable.geometry)]
    lone |= ~_near(zones.geometry, usable.geometry, reach_m)
    small = zones[~lone]
    if small.empty:
        return zones, ()
    block = group_along_streets(
        small.geometry, usable.geometry, block_length_m=block_length_m
    ).to_numpy()
    keys = [block, *(small[name].astype(str).to_numpy() for name in ALIKE)]
    keys += [small[name].notna().to_numpy() for name in PARTLY_KNOWN]
    group = pd.Series(
        pd.factorize(pd.MultiIndex.from_arrays(keys))[0], index=small.index, name="block"
    )
    blocks = _blocks(small, group)
    whole = gpd.GeoDataFrame(pd.concat([blocks, zones[lone]]).sort_index(), crs=zones.crs)
    act = "grouped zones into blocks along streets"
    words = (
        f"{len(small):,} zones into {len(blocks):,} blocks of up to {block_length_m:g} m of street;"
        f" {int(lone.sum()):,} stay by themselves"
    )
    joined = blocks[blocks["buildings"] > 1]
    remark = Remark("zones", act, len(small), detail=words, places=joined.geometry)
    return whole.rename_axis(zones.index.name), (remark,)


def doubt_many(zones: gpd.GeoDataFrame, above: int | None, log: FaultLog) -> None:
    """Doubt more zones than a search gets through, where the study does not speak of blocks."""
    if above is None and len(zones) > MANY_ZONES:
        log.doubt(
            "zones",
            f"there are {len(zones):,}; a search of so many takes long.",
            "Set blocks_above = 5000 under [layers.zones]: neighbours along a street then make one"
            " zone.",
        )


def _near(shapes: gpd.GeoSeries, lines: gpd.GeoSeries, reach_m: float) -> np.ndarray:
    """Return which shapes lie within reach of any line."""
    tree = shapely.STRtree(lines.to_numpy())
    near = np.zeros(len(shapes), dtype=bool)
    near[tree.query_nearest(shapes.to_numpy(), max_distance=reach_m, all_matches=False)[0]] = True
    return near


def _by_place(lines: gpd.GeoSeries) -> np.ndarray:
    """Return an order of lines that depends on their place alone."""
    return np.argsort(shapely.to_wkb(shapely.normalize(lines.to_numpy())).astype(object))


def _blocks(small: gpd.GeoDataFrame, group: pd.Series) -> gpd.GeoDataFrame:
    """Return one row for each group; a group of one stays as it is."""
    size = group.groupby(group).transform("size")
    alone = small[(size == 1).to_numpy()]
    members, group = small[(size > 1).to_numpy()], group[(size > 1).to_numpy()]
    if members.empty:
        return alone.assign(buildings=alone["buildings"].fillna(1.0))
    # The row with the most demand speaks for the words of its block; of equal ones the first.
    order = members["annual_demand_mwh"].sort_values(ascending=False, kind="stable").index
    speaker = members.loc[order].groupby(group[order], sort=True).first()
    grouped = members.groupby(group, sort=True)
    for name in SUMS:
        speaker[name] = grouped[name].sum(min_count=1)
    count = grouped.size()
    speaker["buildings"] = count.astype(float)
    speaker["levels"] = grouped["levels"].mean()
    speaker["year_built"] = np.nan
    for name in ("estimated", "estimated_by"):
        speaker[name] = grouped[name].agg(lambda each: "; ".join(sorted(set(each) - {""})))
    first = members.index.to_series().groupby(group, sort=True).min()
    speaker["name"] = [f"{a} and {n - 1:,} more" for a, n in zip(first, count, strict=True)]
    speaker["geometry"] = _hulls(members, group)
    blocks = gpd.GeoDataFrame(speaker.set_axis(pd.Index(first, dtype=object)), crs=small.crs)
    alone = alone.assign(buildings=alone["buildings"].fillna(1.0))
    return gpd.GeoDataFrame(pd.concat([blocks, alone])[list(small.columns)], crs=small.crs)


def _hulls(members: gpd.GeoDataFrame, group: pd.Series) -> np.ndarray:
    """Return the convex hull around the members of each group, in the order of the groups."""
    xy, owner = shapely.get_coordinates(members.geometry.to_numpy(), return_index=True)
    number = pd.factorize(group, sort=True)[0][owner]
    order = np.argsort(number, kind="stable")
    clouds = shapely.multipoints(xy[order], indices=number[order])
    hulls: np.ndarray = shapely.convex_hull(clouds)
    # Points in one line have a hull without area: a strip stands for their ground.
    flat = shapely.get_dimensions(hulls) < 2
    hulls[flat] = shapely.buffer(hulls[flat], STRIP_M, cap_style="square")
    return hulls
