"""Open a layer of any format, and say plainly when that fails."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from siting.errors import FaultLog, name_ids
from siting.layers.columns import number_series
from siting.streets import is_osm, osm_settings

if TYPE_CHECKING:
    from siting.config import LayerConfig

__all__ = [
    "GDAL_ERRORS",
    "nearest_name",
    "open_layer",
    "open_plain_table",
    "report_missing_file",
]

TABLE_ENDINGS = frozenset({".csv", ".tsv", ".txt"})
PARQUET_ENDINGS = frozenset({".parquet", ".geoparquet", ".pq"})
COORDINATE_NAMES = (
    (
        ("lon", "longitude", "lng", "long", "laengengrad", "längengrad"),
        ("lat", "latitude", "breitengrad"),
        "EPSG:4326",
    ),
    (
        ("x", "easting", "east", "x_coord", "xcoord", "coord_x", "rechtswert", "ostwert"),
        ("y", "northing", "north", "y_coord", "ycoord", "coord_y", "hochwert", "nordwert"),
        None,
    ),
)
FID = "fid"
"""Name under which a study may ask for the number that GDAL gives to each feature."""

RASTER_ENDINGS = frozenset({".tif", ".tiff", ".asc", ".vrt", ".img"})
WKT_NAMES = ("wkt", "geometry", "geom")
GDAL_ERRORS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
    pyogrio.errors.FieldError,
    pyogrio.errors.CRSError,
    ValueError,
    OSError,
)


def open_layer(kind: str, config: LayerConfig, log: FaultLog) -> gpd.GeoDataFrame | None:
    """Read one layer as it stands in its file.

    Parameters
    ----------
    kind
        ``sites``, ``zones`` or ``streets``.
    config
        Where the layer is.
    log
        Takes the faults.

    Returns
    -------
    The layer, or none if it could not be read; the log then says why.
    """
    path = Path(config.path)
    if not path.exists():
        report_missing_file(kind, path, log)
        return None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = _open(kind, path, config, log)
    for words in dict.fromkeys(str(each.message) for each in caught):
        log.doubt(kind, f"while reading '{path.name}': {words.rstrip('.')}.", "Check these values.")
    return frame


def open_plain_table(kind: str, config: LayerConfig, log: FaultLog) -> pd.DataFrame | None:
    """Read a table of any format for its columns alone, or return none if that failed."""
    path = Path(config.path)
    if not path.exists():
        report_missing_file(kind, path, log)
        return None
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        layer = _choose_layer(kind, path, config.layer, names, log)
        if layer is None:
            return None
        table: pd.DataFrame = pyogrio.read_dataframe(
            path, layer=layer, where=config.where, read_geometry=False, encoding=_encoding(path)
        )
        return table
    except GDAL_ERRORS as error:
        _report_unreadable(kind, path, config, str(error), log)
        return None


def _encoding(path: Path) -> str | None:
    """Return Latin-1 for a text table that is no UTF-8, else leave it to GDAL."""
    if path.suffix.lower() not in TABLE_ENDINGS:
        return None
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return None


def nearest_name(name: str, names: Sequence[str]) -> str | None:
    """Return the name most like a given one, whatever the case.

    Examples
    --------
    >>> nearest_name("Zone", ["sites", "zones"])
    'zones'
    """
    by_lower = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.5)
    return by_lower[near[0]] if near else None


def _open(kind: str, path: Path, config: LayerConfig, log: FaultLog) -> gpd.GeoDataFrame | None:
    """Read by the door that the ending asks for."""
    ending = path.suffix.lower()
    try:
        if ending in PARQUET_ENDINGS:
            return _open_parquet(kind, path, config, log)
        if ending in TABLE_ENDINGS:
            return _open_table(kind, path, config, log)
        return _open_gdal(kind, path, config, log)
    except GDAL_ERRORS as error:
        _report_unreadable(kind, path, config, str(error), log)
        return None


def _open_gdal(
    kind: str, path: Path, config: LayerConfig, log: FaultLog
) -> gpd.GeoDataFrame | None:
    """Read a layer by GDAL."""
    packed = is_osm(path) and path.suffix.lower() == ".gz"
    source = f"/vsigzip/{path}" if packed else path
    names = [str(name) for name, _ in pyogrio.list_layers(source)]
    layer = _choose_layer(kind, path, config.layer, names, log)
    if layer is None:
        return None
    by_fid = FID in config.columns.values()
    with osm_settings() if is_osm(path) else nullcontext():
        frame = pyogrio.read_dataframe(
            source, layer=layer, where=config.where, on_invalid="ignore", fid_as_index=by_fid
        )
    if by_fid:
        frame = frame.drop(columns=FID, errors="ignore").reset_index(names=FID)
    if isinstance(frame, gpd.GeoDataFrame):
        return frame
    return _placed(kind, f"layer '{layer}' of '{path.name}'", frame, config, log)


def _choose_layer(
    kind: str, path: Path, wanted: str | None, names: Sequence[str], log: FaultLog
) -> str | None:
    """Return the layer to read; one of several must be named, or be called like its kind."""
    if wanted in names:
        return wanted
    if wanted is None and (len(names) == 1 or kind in names):
        return kind if kind in names else names[0]
    if not names:
        log.fault(kind, f"'{path.name}' holds no layers.", "Give a file with features.")
        return None
    listed = name_ids(sorted(names), shown=10)
    if wanted is None:
        log.fault(
            kind,
            f"'{path.name}' holds {len(names)} layers: {listed}.",
            f"Set `layer` under [layers.{kind}] to one of them.",
        )
        return None
    near = nearest_name(wanted, names)
    log.fault(
        kind,
        f"'{path.name}' has no layer '{wanted}'; it has {listed}.",
        f"Set `layer` under [layers.{kind}] to '{near or sorted(names)[0]}' or another of these.",
    )
    return None


def _open_parquet(
    kind: str, path: Path, config: LayerConfig, log: FaultLog
) -> gpd.GeoDataFrame | None:
    """Read GeoParquet, which needs pyarrow."""
    if config.where:
        log.fault(
            kind,
            f"`where` cannot be used with GeoParquet file '{path.name}'.",
            "Filter the file beforehand, or save it as GeoPackage.",
        )
        return None
    try:
        return gpd.read_parquet(path)
    except ImportError:
        log.fault(
            kind,
            f"'{path.name}' is GeoParquet, for which the package 'pyarrow' is not installed.",
            "Install the extra 'siting[parquet]', or save the layer as GeoPackage.",
        )
        return None


# ---------------------------------------------------------------- tables with coordinates


def _open_table(
    kind: str, path: Path, config: LayerConfig, log: FaultLog
) -> gpd.GeoDataFrame | None:
    """Read a text table whose columns hold coordinates or well-known text."""
    try:
        table = pyogrio.read_dataframe(path, where=config.where)
    except UnicodeDecodeError:
        table = pyogrio.read_dataframe(path, where=config.where, encoding="latin-1")
        log.doubt(
            kind,
            f"'{path.name}' is not UTF-8 text; it was read as Latin-1.",
            "Check names with accents, or save the file as UTF-8.",
        )
    if isinstance(table, gpd.GeoDataFrame):
        return table
    return _placed(kind, f"'{path.name}'", table, config, log)


def _placed(
    kind: str, where: str, table: pd.DataFrame, config: LayerConfig, log: FaultLog
) -> gpd.GeoDataFrame | None:
    """Return a table with the geometry that its columns hold."""
    names = {str(name).lower().strip(): str(name) for name in table.columns}
    found = _coordinate_columns(names, config.columns)
    if found is not None:
        return _points(kind, table, *found, log)
    wkt = next((names[name] for name in WKT_NAMES if name in names), None)
    if wkt is not None:
        return _from_text(table, wkt)
    log.fault(
        kind,
        f"{where} is a table without geometry, and has no columns with coordinates: none of 'x'"
        f" and 'y', 'lon' and 'lat' or 'wkt'; its columns are"
        f" {name_ids(list(table.columns), shown=10)}.",
        f"Set `layer` under [layers.{kind}] to a layer with geometry, or name the coordinates, as"
        ' in columns = {x = "Easting", y = "Northing"}.',
    )
    return None


def _from_text(table: pd.DataFrame, column: str) -> gpd.GeoDataFrame:
    """Return a table with the geometry of a text column; ``SRID=4326;`` before it is a CRS."""
    text = table[column].astype("string")
    codes = text.str.extract(r"^\s*SRID=(\d+);", expand=False).dropna().unique()
    plain = text.str.replace(r"^\s*SRID=\d+;", "", regex=True)
    words = plain.astype(object).where(plain.notna(), None).to_numpy(dtype=object)
    shapes = shapely.from_wkt(words, on_invalid="ignore")
    crs = f"EPSG:{codes[0]}" if len(codes) == 1 and codes[0] != "0" else None
    return gpd.GeoDataFrame(table.drop(columns=column), geometry=shapes, crs=crs)


def _coordinate_columns(
    names: dict[str, str], mapping: dict[str, str]
) -> tuple[str, str, str | None] | None:
    """Return the columns of the coordinates and their CRS, where their name tells it."""
    if "x" in mapping and "y" in mapping:
        x, y = (names.get(mapping[axis].lower().strip(), mapping[axis]) for axis in ("x", "y"))
        known = any(x.lower() in xs and y.lower() in ys for xs, ys, crs in COORDINATE_NAMES if crs)
        return x, y, "EPSG:4326" if known else None
    for xs, ys, crs in COORDINATE_NAMES:
        x_name = next((names[name] for name in xs if name in names), None)
        y_name = next((names[name] for name in ys if name in names), None)
        if x_name and y_name:
            return x_name, y_name, crs
    return None


def _points(
    kind: str, table: pd.DataFrame, x: str, y: str, crs: str | None, log: FaultLog
) -> gpd.GeoDataFrame | None:
    """Return points from two columns; unreadable coordinates leave no geometry."""
    lacking = [name for name in (x, y) if name not in table]
    if lacking:
        log.fault(
            kind,
            f"columns {name_ids(lacking)} of the coordinates are missing; the file has"
            f" {name_ids(list(table.columns), shown=10)}.",
            f"Correct `columns` under [layers.{kind}].",
        )
        return None
    across, _ = number_series(table[x])
    up, _ = number_series(table[y])
    return gpd.GeoDataFrame(
        table.drop(columns=[x, y]), geometry=gpd.points_from_xy(across, up), crs=crs
    ).assign(geometry=lambda each: each.geometry.where((across.notna() & up.notna()).to_numpy()))


# ------------------------------------------------------------------------------- faults


def report_missing_file(kind: str, path: Path, log: FaultLog) -> None:
    """Say that a file is missing, and which name in the folder is most like it."""
    folder = path.parent
    if not folder.is_dir():
        log.fault(
            kind,
            f"file '{path.name}' is missing, as is its folder '{folder}'.",
            f"Correct `path` under [layers.{kind}]; it starts from the study file.",
        )
        return
    near = nearest_name(path.name, sorted(each.name for each in folder.iterdir()))
    hint = f" The nearest name there is '{near}'." if near else ""
    log.fault(
        kind,
        f"file '{path.name}' is not in folder '{folder}'.{hint}",
        f"Correct `path` under [layers.{kind}]; it starts from the study file.",
    )


def _report_raster(kind: str, path: Path, log: FaultLog) -> None:
    """Say that a raster is no layer of shapes, and how zones are made of one."""
    cure = "Give a layer of shapes."
    if kind == "zones":
        cure = 'Set source = "raster" and its demand_unit, such as "MWh/ha", under [layers.zones].'
    log.fault(kind, f"'{path.name}' is a raster, not a layer of shapes.", cure)


def _report_unreadable(
    kind: str, path: Path, config: LayerConfig, words: str, log: FaultLog
) -> None:
    """Say that a file cannot be read, or that its filter is at fault."""
    if path.suffix.lower() in RASTER_ENDINGS:
        _report_raster(kind, path, log)
        return
    words = words.splitlines()[0].split("; It might help")[0].rstrip(".")
    words = words.replace(f"'{path}' ", "it is ").replace(f"/vsigzip/{path}", path.name)
    if "Missing geo metadata" in words:
        words = "it is a table without geometry, no GeoParquet"
    if (config.where and "where" in words.lower()) or "sql" in words.lower():
        # SQLite repeats the whole query before it says what is wrong.
        words = words.split(f"WHERE {config.where}: ")[-1]
        log.fault(
            kind,
            f"the filter where = \"{config.where}\" does not work on '{path.name}': {words}.",
            'Write it in OGR SQL with column names of the file, as in "demand > 0".',
        )
        return
    log.fault(
        kind,
        f"cannot read '{path.name}': {words}.",
        "Check that the file is complete and of a format that GDAL reads (GeoPackage, GeoJSON,"
        " Shapefile with all its parts, FlatGeobuf, CSV).",
    )
