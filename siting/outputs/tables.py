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
from siting.outputs.frames import PlanFrames

__all__ = ["kpi_table", "write_geopackage"]

OPTIONS = {"VERSION": "1.2"}
"""Older QGIS warns about the newer version that GDAL writes if not told."""

LAST_CHANGE = "2000-01-01T00:00:00.000Z"
"""The same plan gives the same file; the time of a run stands in its manifest."""

STYLE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT,
  f_table_name TEXT, f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT, ui TEXT, update_time DATETIME
)
"""


def write_geopackage(frames: PlanFrames, kpis: Mapping[str, Any], path: str | Path) -> Path:
    """Write the layers ``sites``, ``zones``, ``pipes``, ``streets`` and ``kpis``.

    Parameters
    ----------
    frames
        The layers of the plan; an older file at ``path`` is replaced.
    kpis
        Key figures, nested or not, see `siting.appraisal.Appraisal.kpis`.
    """
    path = Path(path)
    path.unlink(missing_ok=True)
    _write_layer(frames.sites, "sites", "Point", path)
    _write_layer(frames.zones, "zones", _zone_type(frames.zones), path)
    _write_layer(frames.pipes, "pipes", "MultiLineString", path)
    _write_layer(frames.streets, "streets", "MultiLineString", path)
    pyogrio.write_dataframe(
        kpi_table(kpis), path, layer="kpis", driver="GPKG", dataset_options=OPTIONS
    )
    styles = {
        "sites": qml.sites(),
        "zones": qml.zones(frames.zones),
        "pipes": qml.pipes(frames.pipes["nominal_diameter"]),
        "streets": qml.streets(),
    }
    _write_styles(styles, path)
    return path


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


def _zone_type(zones: gpd.GeoDataFrame) -> str:
    """Return the one geometry type of zones, or Unknown where points and areas mix."""
    kinds = {str(kind).removeprefix("Multi") for kind in zones.geometry.geom_type}
    if kinds == {"Polygon"}:
        return "MultiPolygon"
    return "Point" if kinds == {"Point"} else "Unknown"


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


def _write_styles(styles: Mapping[str, str], path: Path) -> None:
    """Store QGIS styles in the file, where QGIS looks for the default one of each layer."""
    with closing(sqlite3.connect(path)) as base, base:
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
        base.execute("UPDATE gpkg_contents SET last_change = ?", (LAST_CHANGE,))
