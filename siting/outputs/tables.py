"""Write the layers of a plan as a GeoPackage that QGIS opens with its styles."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from siting.outputs import qml
from siting.outputs.fields import fields_of
from siting.outputs.frames import PlanFrames

__all__ = ["kpi_table", "write_geopackage"]

OPTIONS = {"VERSION": "1.2"}
"""Older QGIS warns about the newer version that GDAL writes if not told."""

CHANGE_COUNTERS = 24, 92
"""Where the header of an SQLite file counts its changes [bytes]."""
LAST_CHANGE = "2000-01-01T00:00:00.000Z"
"""The same plan gives the same file; the time of a run stands in its manifest."""

STYLE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT,
  f_table_name TEXT, f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT, ui TEXT, update_time DATETIME
)
"""

COLUMN_TABLE = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name)
)
"""

CONSTRAINT_TABLE = """
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
  min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
)
"""
"""Empty, but the schema extension is not complete without it."""

DESCRIPTIONS = {
    "sites": "Sites that the plan opens",
    "zones": "Zones that the plan serves",
    "pipes": "Pipes that the plan builds",
    "candidate_sites": "All candidate sites, with the reason why each is chosen or not",
    "demand_zones": "All demand zones, with the reason why each is served or not",
    "streets": "Streets that could have carried a pipe",
    "existing_network": "Heat network that stands already",
    "barriers": "Lines that are dear or forbidden to cross",
    "barrier_areas": "Areas that are dear or forbidden to cross",
    "kpis": "Key figures of the plan",
}


def write_geopackage(frames: PlanFrames, kpis: Mapping[str, Any], path: str | Path) -> Path:
    """Write the plan, what it was chosen from, and its key figures.

    ``sites``, ``zones`` and ``pipes`` hold the plan alone; ``candidate_sites`` and
    ``demand_zones`` all that was read, with the reason for what is left out; ``streets``,
    ``existing_network``, ``barriers`` and ``barrier_areas`` the other layers of the study, where
    it has them; ``kpis`` the key figures. Columns carry their title, unit and meaning, layers
    their QGIS style.

    Parameters
    ----------
    frames
        The layers of the plan; an older file at ``path`` is replaced.
    kpis
        Key figures, nested or not, see `siting.appraisal.Appraisal.kpis`.
    """
    path = Path(path)
    path.unlink(missing_ok=True)
    layers = frames.layers
    for name, layer in layers.items():
        _write_layer(layer, name, _geometry_type(name, layer), path)
    pyogrio.write_dataframe(
        kpi_table(kpis), path, layer="kpis", driver="GPKG", dataset_options=OPTIONS
    )
    styles = {
        "sites": qml.sites(frames.sites),
        "zones": qml.zones(frames.zones),
        "pipes": qml.pipes(frames.pipes["nominal_diameter"]),
        "candidate_sites": qml.sites(frames.sites),
        "demand_zones": qml.zones(frames.zones),
        "streets": qml.streets(),
    }
    others = {
        "existing_network": qml.existing(),
        "barriers": qml.barriers(),
        "barrier_areas": qml.barrier_areas(),
    }
    styles |= {name: style for name, style in others.items() if name in layers}
    with closing(sqlite3.connect(path)) as base, base:
        _write_styles(styles, base)
        _describe_layers(base)
        _describe_columns({**layers, "kpis": kpi_table(kpis)}, base)
        base.execute("UPDATE gpkg_contents SET last_change = ?", (LAST_CHANGE,))
    _settle_counter(path)
    return path


def _settle_counter(path: Path) -> None:
    """Set how often the file was changed, so that the same plan gives the same bytes.

    GDAL now and then takes one transaction more. SQLite keeps the count twice in its header and
    asks only that both agree (https://www.sqlite.org/fileformat2.html, 1.3.7 and 1.3.15).
    """
    with path.open("r+b") as file:
        for place in CHANGE_COUNTERS:
            file.seek(place)
            file.write((1).to_bytes(4, "big"))


def kpi_table(kpis: Mapping[str, Any]) -> pd.DataFrame:
    """Return key figures as rows of name, value (a number or nothing) and text.

    Examples
    --------
    >>> kpi_table({"heat_mwh": 2.5, "proof": {"status": "infeasible"}}).to_dict("records")[1]
    {'kpi': 'proof.status', 'value': nan, 'text': 'infeasible'}
    """
    rows = list(_flat(kpis, ""))
    table = pd.DataFrame(rows, columns=["kpi", "value", "text"])
    return table.astype({"kpi": str, "value": float, "text": str})


def _flat(value: Any, name: str) -> Iterator[tuple[str, float | None, str]]:
    """Yield a row for each figure inside nested key figures."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value, start=1):
            yield from _flat(each, f"{name}.{number}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, float(value), f"{value}"
    else:
        yield name, None, "" if value is None else str(value)


def _geometry_type(name: str, frame: gpd.GeoDataFrame) -> str:
    """Return the one geometry type of a layer, or Unknown where points and areas mix."""
    if name in {"pipes", "streets", "existing_network", "barriers"}:
        return "MultiLineString"
    kinds = {str(kind).removeprefix("Multi") for kind in frame.geometry.geom_type}
    if kinds == {"Polygon"}:
        return "MultiPolygon"
    return "Point" if kinds == {"Point"} or name.endswith("sites") else "Unknown"


def _write_layer(frame: gpd.GeoDataFrame, name: str, kind: str, path: Path) -> None:
    """Add a layer to a GeoPackage."""
    pyogrio.write_dataframe(
        frame,
        path,
        layer=name,
        driver="GPKG",
        geometry_type=kind,
        promote_to_multi=kind.startswith("Multi"),
        dataset_options=OPTIONS,
        layer_options={"GEOMETRY_NAME": "geom"},
    )


def _write_styles(styles: Mapping[str, str], base: sqlite3.Connection) -> None:
    """Store QGIS styles in the file, where QGIS looks for the default one of each layer."""
    base.execute(STYLE_TABLE)
    base.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
        " f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner,"
        " ui, update_time) VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', NULL, ?)",
        [
            (layer, layer, text, f"Style of the layer {layer}", LAST_CHANGE)
            for layer, text in styles.items()
        ],
    )
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description,"
        " last_change, srs_id) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
        (LAST_CHANGE,),
    )


def _describe_layers(base: sqlite3.Connection) -> None:
    """Say in the table of contents what each layer holds."""
    base.executemany(
        "UPDATE gpkg_contents SET description = ? WHERE table_name = ?",
        [(text, layer) for layer, text in DESCRIPTIONS.items()],
    )


def _describe_columns(layers: Mapping[str, pd.DataFrame], base: sqlite3.Connection) -> None:
    """Store title, unit and meaning of each column, by the schema extension of GeoPackage."""
    base.execute(COLUMN_TABLE)
    base.execute(CONSTRAINT_TABLE)
    rows = []
    for layer, frame in layers.items():
        columns = [str(name) for name in frame.columns if name != "geometry"]
        for name, each in fields_of(layer, columns).items():
            unit = f" [{each.unit}]" if each.unit else ""
            rows.append((layer, name, None, each.heading, each.description + unit))
    base.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description)"
        " VALUES (?, ?, ?, ?, ?)",
        rows,
    )
    base.executemany(
        "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope)"
        " VALUES (?, NULL, 'gpkg_schema',"
        " 'http://www.geopackage.org/spec121/#extension_schema', 'read-write')",
        [("gpkg_data_columns",), ("gpkg_data_column_constraints",)],
    )
