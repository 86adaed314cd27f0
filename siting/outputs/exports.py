"""Write the layers of a plan in further formats that a study asks for."""

from __future__ import annotations

import csv
import importlib.util
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pyogrio

from siting.errors import Fault, InputError
from siting.outputs.fields import fields_of

__all__ = ["FORMATS", "check_formats", "write_formats"]

FORMATS = ("geojson", "geoparquet", "shapefile")
LAST_CHANGE = "2000-01-01"
"""The same plan gives the same file; the time of a run stands in its manifest."""


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that cannot be written here, before a plan is searched.

    Raises
    ------
    InputError
        GeoParquet is wanted, but the library for it is not installed.
    """
    if "geoparquet" in formats and importlib.util.find_spec("pyarrow") is None:
        raise InputError(
            Fault(
                "study",
                "[outputs] formats has 'geoparquet', and pyarrow, which writes it, is not"
                " installed.",
                "Install it with: pip install 'siting[parquet]', or take the format out.",
            )
        )


def write_formats(
    layers: Mapping[str, gpd.GeoDataFrame], formats: Sequence[str], folder: str | Path
) -> tuple[Path, ...]:
    """Write layers in some formats, each in a folder of its own, and return the files.

    Parameters
    ----------
    layers
        Layers by name, see `siting.outputs.frames.PlanFrames.layers`.
    formats
        Names of `FORMATS`. GeoJSON follows RFC 7946: degrees in WGS 84, outer rings against the
        clock, no CRS member. Shapefiles hold names of at most ten characters; ``fields.csv`` says
        what they mean.
    folder
        Where the folders go.

    Raises
    ------
    InputError
        A format cannot be written here.
    """
    check_formats(formats)
    writers = {"geojson": _geojson, "geoparquet": _geoparquet, "shapefile": _shapefile}
    written: list[Path] = []
    for name in dict.fromkeys(formats):
        place = Path(folder) / name
        place.mkdir(parents=True, exist_ok=True)
        for layer, frame in layers.items():
            written.extend(writers[name](layer, frame, place))
        if name == "shapefile":
            written.append(_field_list(layers, place))
    return tuple(written)


def _geojson(layer: str, frame: gpd.GeoDataFrame, place: Path) -> Iterator[Path]:
    path = place / f"{layer}.geojson"
    frame = frame.replace([math.inf, -math.inf], math.nan)  # JSON has no such numbers
    pyogrio.write_dataframe(frame, path, driver="GeoJSON", layer=layer, RFC7946="YES")
    yield path


def _geoparquet(layer: str, frame: gpd.GeoDataFrame, place: Path) -> Iterator[Path]:
    path = place / f"{layer}.parquet"
    frame.to_parquet(path, index=False)
    yield path


def _shapefile(layer: str, frame: gpd.GeoDataFrame, place: Path) -> Iterator[Path]:
    """Write a shapefile for each kind of geometry in a layer."""
    shorts = _short_names(layer, frame)
    kinds = frame.geometry.geom_type.str.removeprefix("Multi")
    groups = {str(kind): frame[kinds == kind] for kind in sorted(set(kinds))}
    if not groups:
        groups = {"LineString" if layer in {"pipes", "streets"} else "Point": frame}
    for kind, part in groups.items():
        name = layer if len(groups) == 1 else f"{layer}_{kind.lower()}s"
        path = place / f"{name}.shp"
        pyogrio.write_dataframe(
            part.rename(columns=shorts),
            path,
            driver="ESRI Shapefile",
            encoding="UTF-8",
            geometry_type=kind if kind == "Point" else f"Multi{kind}",
            promote_to_multi=kind != "Point",
            DBF_DATE_LAST_UPDATE=LAST_CHANGE,
        )
        yield path


def _short_names(layer: str, frame: gpd.GeoDataFrame) -> dict[str, str]:
    """Return a name of at most ten characters for each column."""
    columns = [str(name) for name in frame.columns if name != "geometry"]
    return {name: each.short for name, each in fields_of(layer, columns).items()}


def _field_list(layers: Mapping[str, gpd.GeoDataFrame], place: Path) -> Path:
    """Write what the short names of the shapefiles mean."""
    path = place / "fields.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["layer", "field", "name", "unit", "meaning"])
        for layer, frame in layers.items():
            columns = [str(name) for name in frame.columns if name != "geometry"]
            for name, each in fields_of(layer, columns).items():
                writer.writerow([layer, each.short, name, each.unit, each.description])
    return path
