"""Draw sites, towns and trunks of a screening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.outputs.assets import template
from siting.outputs.check_facts import Facts
from siting.outputs.layered_map import Layer, layered_map
from siting.outputs.sweep_page import figure_cell

if TYPE_CHECKING:
    import folium

    from siting.screening.run import Screening

__all__ = ["screening_map"]

STEPS = (5.0, 20.0, 50.0, 100.0)
"""Class borders of the heat of a trunk on the map [GWh/a]; a choice for the eye only."""

COLOURS = ("#f7d9b5", "#f2a154", "#e5693f", "#c92f44", "#6d1240")
OFF, TOWN, FED, CHOSEN = "#b9b4a8", "#d8d4cb", "#62b2b2", "#16324f"
THIN_M = 25.0


def screening_map(screening: Screening, layers: Mapping[str, gpd.GeoDataFrame]) -> folium.Map:
    """Return the map of a screening; its layers are those of `Screening`."""
    towns, sites = layers["towns"], layers["sites"]
    fed, chosen = towns["heat_mwh"] > 0, sites["chosen"].astype(bool)
    off, on = sites[~chosen], sites[chosen]
    drawn = [
        Layer(
            "Towns without a site", _thin(towns[~fed]), _town_facts(towns[~fed], TOWN), True, TOWN
        ),
        Layer("Towns that are fed", _thin(towns[fed]), _town_facts(towns[fed], FED), True, FED),
        _trunks(layers["trunks"]),
        Layer("Sites not used", _shapes(off), _site_facts(off, OFF), True, OFF),
        Layer("Sites in use", _shapes(on), _site_facts(on, CHOSEN), True, CHOSEN),
    ]
    page = template("layers.html").render(
        title=screening.config.study.name,
        words=" ".join(screening.words()),
        rows=[(name.replace("_", " "), figure_cell(v)) for name, v in screening.totals().items()],
        heading="Totals",
        legend=[*zip(_steps(), COLOURS, strict=True)],
    )
    return layered_map(
        drawn,
        screening.places.region.crs,
        title=screening.config.study.name,
        page=page,
        attribution=screening.config.study.attribution or "",
    )


def _steps() -> list[str]:
    middle = [f"{a:g} to {b:g} GWh/a" for a, b in pairwise(STEPS)]
    return [f"trunk with up to {STEPS[0]:g} GWh/a", *middle, f"above {STEPS[-1]:g} GWh/a"]


def _trunks(frame: gpd.GeoDataFrame) -> Layer:
    colours = [COLOURS[int(np.searchsorted(STEPS, each / 1e3))] for each in frame["heat_mwh"]]
    facts = [
        Facts(
            colour,
            f"{row['site_id']} to {row['town_name']}",
            [
                ("Trunk", f"{row['trunk_km']:,.1f} km, {row['size']}"),
                ("Output", f"{row['output_mw']:,.1f} MW"),
                ("Heat", f"{row['heat_mwh'] / 1e3:,.1f} GWh/a"),
                ("Trunk costs", f"{row['trunk_eur'] / 1e6:,.2f} M EUR"),
                ("Plant costs", f"{row['plant_eur'] / 1e6:,.2f} M EUR"),
            ],
        )
        for colour, row in zip(colours, _rows(frame), strict=True)
    ]
    return Layer("Trunks, as straight lines", _shapes(frame), facts, True, COLOURS[3])


def _town_facts(frame: gpd.GeoDataFrame, colour: str) -> list[Facts]:
    return [
        Facts(
            colour,
            f"{row['town']} {row['name']}",
            [
                ("Demand", f"{row['annual_demand_mwh'] / 1e3:,.1f} GWh/a"),
                ("Peak", f"{row['peak_mw']:,.1f} MW"),
                ("Connected", f"{100 * row['connected_share']:.0f} %"),
                ("Heat from sites", f"{row['heat_mwh'] / 1e3:,.1f} GWh/a"),
                ("Homes' worth", f"{row['homes_equivalent']:,.0f}"),
                ("Fed by", str(row["sites"]) or "nobody"),
            ],
        )
        for row in _rows(frame)
    ]


def _site_facts(frame: gpd.GeoDataFrame, colour: str) -> list[Facts]:
    facts = []
    for row in _rows(frame):
        name = "" if row["name"] is None or pd.isna(row["name"]) else str(row["name"])
        said = [("Best town by itself", str(row["best_town"]) or "none in reach")]
        if row["best_town"]:
            said.append(("Heat per euro there", f"{row['best_heat_per_euro_kwh']:.2f} kWh/(a EUR)"))
        if row["chosen"]:
            said.append(("Feeds", str(row["feeds_town"])))
            said.append(("Heat", f"{row['heat_mwh'] / 1e3:,.1f} GWh/a"))
        facts.append(Facts(colour, f"{row['site_id']} {name}".strip(), said))
    return facts


def _rows(frame: gpd.GeoDataFrame) -> Sequence[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = frame.drop(columns="geometry").to_dict("records")
    return rows


def _shapes(frame: gpd.GeoDataFrame) -> Any:
    return np.asarray(frame.geometry.array, dtype=object)


def _thin(frame: gpd.GeoDataFrame) -> Any:
    """Return areas thinned for a map of a country."""
    shapes = _shapes(frame)
    thin = shapely.simplify(shapes, THIN_M)
    return np.where(shapely.is_empty(thin), shapes, thin)
