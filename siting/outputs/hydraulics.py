"""Put a hydraulic check into the map, the report and layers of a run that is already written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from siting.outputs import words
from siting.outputs.assets import template
from siting.outputs.labels import ENGLISH, Labels, labels_of, languages
from siting.outputs.tables import OPTIONS
from siting.simulate.results import Simulation

__all__ = ["map_with_check", "report_with_check", "simulation_layers", "write_layers"]

START, END = "<!-- hydraulic check -->", "<!-- end of hydraulic check -->"
BLOCK = re.compile(f"{START}.*?{END}\n?", re.DOTALL)
ROWS_SHOWN = 15
FINDINGS_SHOWN = 40
GEOMETRY_OF = {
    "pipes": ("pipes", "pipe_id", "MultiLineString"),
    "consumers": ("zones", "zone_id", "Point"),
    "sources": ("sites", "site_id", "Point"),
}
"""For each part of a result: layer of the plan, its id, and the geometry that is written."""


def simulation_layers(simulation: Simulation, plan: str | Path) -> dict[str, gpd.GeoDataFrame]:
    """Return one layer for each day and part, such as ``design_pipes``, in the CRS of the plan.

    Parameters
    ----------
    simulation
        What was found.
    plan
        The GeoPackage of the plan, which has the geometry.
    """
    places = {}
    for layer, key, kind in GEOMETRY_OF.values():
        frame = pyogrio.read_dataframe(plan, layer=layer, columns=[key]).set_index(key)
        shapes = frame.geometry
        places[layer] = shapes.representative_point() if kind == "Point" else shapes
    layers = {}
    for day in simulation.days:
        for part, (layer, key, _) in GEOMETRY_OF.items():
            table = pd.DataFrame([vars(each) for each in getattr(day, part)])
            if len(table):
                shapes = places[layer].loc[table[key]]
                layers[f"{day.day}_{part}"] = gpd.GeoDataFrame(
                    table, geometry=list(shapes), crs=shapes.crs
                )
    return layers


def write_layers(
    simulation: Simulation, layers: Mapping[str, gpd.GeoDataFrame], path: str | Path
) -> Path:
    """Write the layers of a simulation, and a table of findings, as a GeoPackage."""
    path = Path(path)
    path.unlink(missing_ok=True)
    for name, frame in layers.items():
        kind = GEOMETRY_OF[name.split("_", 1)[1]][2]
        pyogrio.write_dataframe(
            frame,
            path,
            layer=name,
            driver="GPKG",
            geometry_type=kind,
            promote_to_multi=kind.startswith("Multi"),
            dataset_options=OPTIONS,
        )
    columns = ["day", "kind", "id", "text", "violation"]
    findings = pd.DataFrame([vars(each) for each in simulation.findings], columns=columns)
    pyogrio.write_dataframe(
        findings.astype({"day": str, "kind": str, "id": str, "text": str, "violation": bool}),
        path,
        layer="findings",
        driver="GPKG",
        dataset_options=OPTIONS,
    )
    return path


# The report -------------------------------------------------------------------------------------


def report_with_check(page: str, simulation: Simulation | None) -> str:
    """Return the page of a report with the section on the hydraulic check.

    Parameters
    ----------
    page
        A report; an older section in it is replaced.
    simulation
        What was found; without it the section says how to make the check.
    """
    section = f"{START}\n{report_section(simulation, _labels(page))}\n{END}\n"
    if BLOCK.search(page):
        return BLOCK.sub(lambda _: section, page, count=1)
    before, found, after = page.partition("<footer>")
    return before + section + found + after if found else page


def _labels(page: str) -> Labels:
    """Return the texts in the language of a page."""
    found = re.search(r'<html lang="([^"]+)"', page)
    known = found is not None and found[1] in languages()
    return labels_of(found[1]) if found is not None and known else ENGLISH


def report_section(simulation: Simulation | None, t: Labels = ENGLISH) -> str:
    """Return the section of a report on the hydraulic check."""
    if simulation is None:
        return template("hydraulics.html").render(simulation=None, t=t)
    violations = simulation.violations
    savings = [each for each in simulation.findings if not each.violation]
    return template("hydraulics.html").render(
        simulation=simulation,
        t=t,
        days=[(day, _figures(day.figures, t)) for day in simulation.days if day.converged],
        violations=violations[:FINDINGS_SHOWN],
        more_violations=max(0, len(violations) - FINDINGS_SHOWN),
        savings=savings[:FINDINGS_SHOWN],
        more_savings=max(0, len(savings) - FINDINGS_SHOWN),
        worst={
            day.day: sorted(day.consumers, key=lambda each: -each.shortfall_k)[:ROWS_SHOWN]
            for day in simulation.days
        },
        words=words,
    )


FIGURE_UNITS = {
    "heat_drawn_mw": "MW", "heat_loss_kw": "kW", "planned_heat_loss_kw": "kW",
    "lowest_supply_temperature_c": "°C", "largest_shortfall_k": "K",
    "highest_velocity_m_per_s": "m/s", "highest_gradient_pa_per_m": "Pa/m",
    "pump_head_bar": "bar", "pump_power_kw": "kW",
}  # fmt: skip


def _figures(figures: Mapping[str, float], t: Labels) -> list[tuple[str, str]]:
    """Return figures of a day as label and text."""
    return [
        (t(f"hydraulics.{name}"), f"{words.figure(figures[name])} {unit}")
        for name, unit in FIGURE_UNITS.items()
    ]


# The map ----------------------------------------------------------------------------------------


def map_with_check(
    page: str, simulation: Simulation | None, layers: Mapping[str, gpd.GeoDataFrame]
) -> str:
    """Return the page of a map with a layer *Pressure and temperature*.

    Parameters
    ----------
    page
        A map; an older layer in it is replaced.
    simulation
        What was found; without it the page has no such layer.
    layers
        The same on the ground, see `simulation_layers`.
    """
    page = BLOCK.sub("", page)
    if simulation is None:
        return page
    limits = {
        "drop_k": simulation.assumptions["supply_drop_limit_k"],
        "supply_c": simulation.assumptions["supply_temperature_c"],
    }
    data = {
        "limits": limits,
        "days": [
            {
                "day": day.day,
                "pipes": _features(layers.get(f"{day.day}_pipes"), PIPE_FACTS),
                "consumers": _features(layers.get(f"{day.day}_consumers"), CONSUMER_FACTS),
            }
            for day in simulation.days
            if day.converged
        ],
    }
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    block = f"{START}<script>if (siting.check) siting.check({text});</script>{END}\n"
    before, found, after = page.rpartition("</html>")
    return before + block + found + after if found else page + block


PIPE_FACTS = {
    "pipe_id": "id", "size": "dn", "velocity_m_per_s": "v", "velocity_cap_m_per_s": "cap",
    "gradient_pa_per_m": "r", "flow_kg_per_s": "m", "heat_loss_kw": "loss", "advice": "advice",
}  # fmt: skip
CONSUMER_FACTS = {
    "zone_id": "id", "supply_temperature_c": "t", "shortfall_k": "short",
    "pressure_difference_bar": "dp", "flow_kg_per_s": "m", "heat_kw": "q",
    "pressure_lost_bar": "lost", "assumed_pressure_lost_bar": "plan", "velocity_m_per_s": "v",
    "pump_power_kw": "pump",
}  # fmt: skip


def _features(frame: gpd.GeoDataFrame | None, names: Mapping[str, str]) -> dict[str, Any]:
    """Return a layer as GeoJSON in degrees with short names."""
    if frame is None:
        return {"type": "FeatureCollection", "features": []}
    shapes = frame.geometry.simplify(0.5).to_crs(4326)
    rounded = shapely.transform(np.asarray(shapes.array), lambda xy: np.round(xy, 6))
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(shapely.to_geojson(shape)),
            "properties": {short: _short(row[name]) for name, short in names.items()},
        }
        for shape, row in zip(rounded, frame.to_dict("records"), strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _short(value: Any) -> Any:
    """Return a number with four significant digits."""
    return float(f"{value:.4g}") if isinstance(value, float) else value
