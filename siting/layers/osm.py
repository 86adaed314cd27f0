"""Read areas, lines and points of an OpenStreetMap file by their tags."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from siting.errors import Fault, InputError
from siting.streets import osm_settings

__all__ = ["read_osm_features"]

OWN_COLUMNS = ("name", "highway", "waterway", "natural", "building")
GDAL_LAYERS = ("points", "lines", "multipolygons")


def read_osm_features(
    kind: str,
    path: str | Path,
    keys: tuple[str, ...],
    layers: tuple[str, ...] = GDAL_LAYERS,
    also: tuple[str, ...] = (),
) -> gpd.GeoDataFrame:
    """Return the features of an OpenStreetMap file that carry any of some keys.

    Parameters
    ----------
    kind
        Name of the layer of the study, for messages.
    path
        ``.osm``, ``.osm.pbf`` or ``.osm.gz``.
    keys
        Keys that a feature may carry, such as ``railway``.
    layers
        ``points``, ``lines`` and ``multipolygons``, or some of them.
    also
        Further keys whose values are wanted, which do not make a feature count.

    Returns
    -------
    Features in EPSG:4326 with ``osm_id`` (as in ``way/123``), ``name``, ``layer``, ``bridge``,
    ``tunnel`` and one column for each key, empty text where a feature lacks it. Outlines cut at
    the border of an extract are left out.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    name = str(path)
    if name.lower().endswith((".bz2", ".o5m")):
        raise _unreadable(kind, path, "this kind of file is only read for streets")
    name = f"/vsigzip/{name}" if name.lower().endswith(".gz") else name
    frames = []
    try:
        with osm_settings(), warnings.catch_warnings():
            # Outlines cut at the border of an extract do not close.
            warnings.simplefilter("ignore", RuntimeWarning)
            for layer in layers:
                rows = pyogrio.read_dataframe(
                    name, layer=layer, where=_filter(name, layer, keys), on_invalid="ignore"
                )
                frames.append(_plain(rows, layer, (*keys, *also)))
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
    ) as error:
        raise _unreadable(kind, path, str(error)) from error
    found = pd.concat(frames, ignore_index=True)
    return gpd.GeoDataFrame(found, geometry="geometry", crs="EPSG:4326")


def _filter(name: str, layer: str, keys: tuple[str, ...]) -> str:
    """Return the filter for features with any of the keys, own columns of GDAL or not."""
    known = set(pyogrio.read_info(name, layer=layer)["fields"])
    parts = [
        f'"{key}" IS NOT NULL' if key in known else f"other_tags LIKE '%\"{key}\"=>%'"
        for key in keys
    ]
    return " OR ".join(parts)


def _plain(rows: gpd.GeoDataFrame, layer: str, keys: tuple[str, ...]) -> pd.DataFrame:
    """Return features with the columns wanted, whichever way GDAL holds them."""
    rows = rows[rows.geometry.notna() & ~rows.geometry.is_empty].reset_index(drop=True)
    prefix = {"points": "node/", "lines": "way/", "multipolygons": "relation/"}[layer]
    ids = prefix + rows["osm_id"].astype(object).where(rows["osm_id"].notna(), "").astype(str)
    if "osm_way_id" in rows:
        of_way = rows["osm_way_id"].notna()
        ids = ids.where(~of_way, "way/" + rows["osm_way_id"].astype(object).astype(str))
    data = {"osm_id": ids}
    for key in ("name", "layer", "bridge", "tunnel", *keys):
        data[key] = _tag(rows, key)
    data["geometry"] = rows.geometry
    return pd.DataFrame(data)


def _tag(rows: gpd.GeoDataFrame, key: str) -> pd.Series:
    """Return the values of a key as text, empty where missing."""
    if key in rows:
        column = rows[key].astype(object)
    elif "other_tags" in rows:
        text = rows["other_tags"].astype("string")
        column = text.str.extract(f'"{key}"=>"([^"]*)"', expand=False).astype(object)
    else:
        column = pd.Series(None, index=rows.index, dtype=object)
    found: pd.Series = column.where(column.notna(), "").astype(object)
    return found


def _unreadable(kind: str, path: str | Path, words: str) -> InputError:
    """Return the error for a file that is no sound OpenStreetMap file."""
    return InputError(
        Fault(
            kind,
            f"cannot read '{Path(path).name}' as OpenStreetMap data: {words.rstrip('.')}.",
            "Check that the file is complete, or give the layer as GeoPackage.",
        )
    )
