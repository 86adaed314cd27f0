"""Draw how often the plans of a sweep choose each site, street and zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.outputs.assets import template
from siting.outputs.check_facts import Facts
from siting.outputs.layered_map import Layer, layered_map, write_page
from siting.outputs.source import attribution_of

if TYPE_CHECKING:
    import folium

    from siting.sweep.run import Sweep

__all__ = ["chosen_frames", "chosen_map", "write_chosen_map"]

STEPS = (0.2, 0.4, 0.6, 0.8)
COLOURS = ("#f7d9b5", "#f2a154", "#e5693f", "#c92f44", "#6d1240")
NEVER = "#d8d4cb"


def colour_of(share: float) -> str:
    """Return the colour of a share.

    Examples
    --------
    >>> colour_of(0.0) == NEVER, colour_of(1.0) == COLOURS[-1], colour_of(0.2) == COLOURS[0]
    (True, True, True)
    """
    return COLOURS[int(np.searchsorted(STEPS, share - 1e-9))] if share > 0 else NEVER


def chosen_frames(sweep: Sweep) -> dict[str, gpd.GeoDataFrame]:
    """Return sites, pipes and zones with ``chosen_share``, in the working CRS.

    ``chosen_share`` is the share of the scenarios, by weight, whose plan has it [-].
    """
    counts, region, edges = sweep.chosen_counts(), sweep.ground.region, sweep.ground.network.edges
    frames = {}
    for kind, frame, key, keep in (
        ("sites", region.sites.frame, "site_id", ["name"]),
        ("pipes", edges, "edge", ["kind", "name", "length_m"]),
        ("zones", region.zones.frame, "zone_id", ["name", "annual_demand_mwh"]),
    ):
        share = counts["edges" if kind == "pipes" else kind]
        ids = pd.Index(map(str, frame.index), name=key)
        columns = {name: frame[name].to_numpy() for name in keep if name in frame}
        frames[kind] = gpd.GeoDataFrame(
            {key: ids, **columns, "chosen_share": share.reindex(ids).fillna(0.0).to_numpy()},
            geometry=np.asarray(frame.geometry.array),
            crs=region.crs,
        )
    return frames


def write_chosen_map(sweep: Sweep, path: str | Path) -> Path:
    """Write the map as one page that loads nothing from outside."""
    return write_page(chosen_map(sweep), path)


def chosen_map(sweep: Sweep) -> folium.Map:
    """Return the map of how often each site, street and zone is chosen."""
    frames = chosen_frames(sweep)
    zones, pipes, sites = frames["zones"], frames["pipes"], frames["sites"]
    never = pipes[(pipes["chosen_share"] == 0) & (pipes["kind"] == "street")]
    layers = [
        Layer("Streets never used", *_merged(never), shown=True, colour=NEVER),
        _layer("Zones", zones, _zone_rows(zones)),
        *_pipe_layers(pipes[pipes["chosen_share"] > 0]),
        _layer("Sites", sites, [[] for _ in range(len(sites))]),
    ]
    done = sum(1 for each in sweep.searched.values() if each.get("built"))
    page = template("layers.html").render(
        title=f"{sweep.config.study.name}: how often it is chosen",
        words=f"Share of {done} plans, by the weight of their scenarios, that have each site,"
        " street and zone. What nearly all of them share can be begun without regret.",
        rows=[(each.title, each.rows[0][1]) for each in layers[-1].facts],
        heading="Sites",
        legend=[("never", NEVER), *zip(_steps(), COLOURS, strict=True)],
    )
    return layered_map(
        layers,
        sweep.ground.region.crs,
        title=sweep.config.study.name,
        page=page,
        attribution=attribution_of(sweep.config),
        framed=("Zones", "Sites"),
    )


def _steps() -> list[str]:
    ends = (0.0, *STEPS, 1.0)
    return [f"{100 * a:.0f} to {100 * b:.0f} %" for a, b in pairwise(ends)]


def _layer(name: str, frame: gpd.GeoDataFrame, rows: Sequence[Sequence[tuple[str, str]]]) -> Layer:
    ids = frame.columns[0]
    facts = [
        Facts(colour_of(share), _title(key, own), [("Chosen in", _percent(share)), *more])
        for key, own, share, more in zip(
            frame[ids], frame["name"], frame["chosen_share"], rows, strict=True
        )
    ]
    return Layer(name, np.asarray(frame.geometry.array), facts, True, COLOURS[-1])


def _pipe_layers(pipes: gpd.GeoDataFrame) -> list[Layer]:
    """Return one layer for each step of the share, the frequent on top."""
    layers = []
    for colour, words in zip(COLOURS, _steps(), strict=True):
        part = pipes[[colour_of(each) == colour for each in pipes["chosen_share"]]]
        facts = [
            Facts(
                colour,
                _title("", row["name"]) or "Pipe",
                [
                    ("Chosen in", _percent(row["chosen_share"])),
                    ("Length", f"{row['length_m']:,.0f} m"),
                ],
            )
            for row in _rows(part)
        ]
        name = f"Pipes in {words} of the plans"
        layers.append(Layer(name, np.asarray(part.geometry.array), facts, True, colour))
    return layers


def _rows(frame: gpd.GeoDataFrame) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = frame.drop(columns="geometry").to_dict("records")
    return rows


def _zone_rows(zones: gpd.GeoDataFrame) -> list[list[tuple[str, str]]]:
    return [[("Demand", f"{each:,.0f} MWh/a")] for each in zones["annual_demand_mwh"]]


def _title(key: str, name: Any) -> str:
    own = "" if name is None or pd.isna(name) else str(name)
    return f"{key} {own}".strip() if own != key else key


def _percent(share: float) -> str:
    return f"{100 * share:.0f} % of the plans"


def _merged(frame: gpd.GeoDataFrame) -> tuple[Any, list[Facts]]:
    """Return lines as one shape, thinned by 2 m for the screen."""
    parts = shapely.get_parts(np.asarray(frame.geometry.array))
    if not len(parts):
        return np.zeros(0, dtype=object), []
    lines = shapely.simplify(parts, 2.0)
    return np.array([shapely.multilinestrings(lines)], dtype=object), [Facts(NEVER, "Never used")]
