"""Find railways, motorways and water that pipes cross at a price, or not at all."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.errors import Fault, FaultLog, InputError, name_ids
from siting.layers.columns import Column, check_mapping, read_columns
from siting.layers.files import open_layer, report_missing_file
from siting.layers.osm import read_osm_features
from siting.layers.shapes import AREAS, LINES
from siting.region import Barriers, Remark
from siting.streets import is_osm, street_levels

if TYPE_CHECKING:
    from siting.config import BarriersConfig

__all__ = ["barrier_frame", "barrier_table", "open_barriers"]

COLUMNS = (
    Column("barrier", synonyms=("kind", "railway", "waterway", "natural", "highway", "fclass")),
    Column("crossing"),
    Column("cost_eur", "number", synonyms=("crossing_cost_eur",), low=0.0),
    Column("level"),
    Column("layer"),
    Column("bridge"),
    Column("tunnel"),
)
KINDS_OF_CROSSING = ("priced", "forbidden", "free")


def barrier_table(path: str | Path | None = None) -> pd.DataFrame:
    """Return which objects are barriers, and what crossing them means.

    Parameters
    ----------
    path
        A table of one's own; the packaged one if absent.

    Returns
    -------
    ``key`` and ``value`` of OpenStreetMap, ``kind``, ``crossing`` (``priced``, ``forbidden`` or
    ``free``) and ``cost_factor`` on the default price of a crossing [-].

    Raises
    ------
    InputError
        The table cannot be read, a column is missing, or a value is not understood.
    """
    source = files("siting") / "defaults" / "barrier_classes.csv" if path is None else Path(path)
    cure = "Start from the packaged table, siting/defaults/barrier_classes.csv."
    try:
        with source.open(encoding="utf-8") as text:
            table = pd.read_csv(text, keep_default_na=False)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        fault = f"table of barriers '{source.name}' cannot be read: {words}."
        raise InputError(Fault("barriers", fault, cure)) from error
    needed = ("key", "value", "kind", "crossing", "cost_factor")
    sound = all(name in table for name in needed)
    sound = sound and bool(table["crossing"].isin(KINDS_OF_CROSSING).all())
    if not sound or not (pd.to_numeric(table["cost_factor"], errors="coerce") >= 0).all():
        raise InputError(
            Fault(
                "barriers",
                f"table of barriers '{source.name}' needs the columns {name_ids(needed)}; crossing"
                " is priced, forbidden or free, and cost_factor a number of at least 0.",
                cure,
            )
        )
    return table


def open_barriers(config: BarriersConfig, log: FaultLog) -> gpd.GeoDataFrame | None:
    """Return the features as they stand in their file, or none if that failed."""
    path = Path(config.path)
    if not is_osm(path):
        return open_layer("barriers", config, log)
    if not path.exists():
        report_missing_file("barriers", path, log)
        return None
    try:
        table = barrier_table(config.class_table)
        keys = tuple(dict.fromkeys(table["key"]))
        found = read_osm_features("barriers", path, keys, ("lines", "multipolygons"))
        # Ordinary streets are no barriers that somebody left out.
        only_street = (found[[key for key in keys if key != "highway"]] == "").all(axis=1)
        return found[~only_street | _in_table(found, table)].reset_index(drop=True)
    except InputError as error:
        log.faults.extend(error.faults)
        return None


def barrier_frame(
    frame: gpd.GeoDataFrame, config: BarriersConfig, log: FaultLog
) -> tuple[Barriers | None, tuple[Remark, ...]]:
    """Return the barriers on the ground, and what was left out.

    Parameters
    ----------
    frame
        Lines and areas in the working CRS.
    config
        What crossing means by default, and the table of barriers.
    log
        Takes the faults.
    """
    mapping = config.columns
    check_mapping("barriers", mapping, [column.name for column in COLUMNS], log)
    frame = frame.set_axis(pd.RangeIndex(1, len(frame) + 1))
    data = read_columns(frame, "barriers", COLUMNS, mapping, log)
    try:
        table = barrier_table(config.class_table)
    except InputError as error:
        log.faults.extend(error.faults)
        return None, ()
    judged = _judged(frame, data, table, config, log)
    level = street_levels(data).to_numpy()
    shapes = frame.geometry
    usable = shapes.geom_type.isin(LINES | AREAS).to_numpy() & ~shapes.is_empty.to_numpy()
    free = (judged["crossing"] == "free").to_numpy()
    kept = usable & ~free & (level == 0)
    remarks = [_counted("read barriers", judged["kind"][kept], shapes[kept])]
    for act, gone in (
        ("left out what is crossed with the ordinary trench or is no barrier", usable & free),
        ("left out barriers on bridges and in tunnels", usable & ~free & (level != 0)),
        ("left out shapes that are no lines or areas", ~usable),
    ):
        if gone.any():
            remarks.append(_counted(act, judged["kind"][gone], shapes[gone]))
    if not usable.any():
        log.fault("barriers", "the layer holds no lines or areas.", "Check `layer`.")
    barriers = gpd.GeoDataFrame(judged, geometry=shapes, crs=frame.crs)[kept]
    return Barriers(barriers.reset_index(drop=True)), tuple(remarks)


def _judged(
    frame: gpd.GeoDataFrame,
    data: pd.DataFrame,
    table: pd.DataFrame,
    config: BarriersConfig,
    log: FaultLog,
) -> pd.DataFrame:
    """Return kind, crossing, cost and cost factor of each feature."""
    kind = data["barrier"].astype(object)
    crossing = pd.Series(config.crossing, index=frame.index, dtype=object)
    factor = pd.Series(1.0, index=frame.index)
    for row in table.to_dict("records"):
        key, value = str(row["key"]), str(row["value"])
        hit = data["barrier"] == value
        if key in frame.columns:
            hit |= frame[key].astype(object).where(frame[key].notna(), "") == value
        # An object may be of two kinds; the dearer verdict stands below, so free never undoes it.
        kind = kind.where(~hit, row["kind"])
        priced = config.crossing if row["crossing"] == "priced" else row["crossing"]
        crossing = crossing.where(~hit, priced)
        factor = factor.where(~hit, float(row["cost_factor"]))
    if {"railway", "waterway", "natural", "highway"} & set(frame.columns):
        known = _in_table(frame, table) | data["barrier"].isin(table["value"])
        crossing = crossing.where(known, "free")
    own = data["crossing"].str.lower()
    wrong = ~own.isin([*KINDS_OF_CROSSING, ""])
    if wrong.any():
        log.fault(
            "barriers",
            f"crossing holds {name_ids(sorted(set(own[wrong])), shown=3)}; expected priced,"
            " forbidden or free.",
            "Use one of these words, or leave it empty.",
        )
    crossing = crossing.where((own == "") | wrong, own)
    kind = kind.where(kind != "", "barrier")
    return pd.DataFrame(
        {"kind": kind, "crossing": crossing, "cost_eur": data["cost_eur"], "cost_factor": factor}
    )


def _in_table(frame: gpd.GeoDataFrame, table: pd.DataFrame) -> pd.Series:
    """Return which features carry a tag that the table names."""
    known = pd.Series(False, index=frame.index)
    for key, rows in table.groupby("key"):
        if key in frame.columns:
            known |= frame[key].isin(rows["value"])
    return known


def _counted(act: str, kinds: pd.Series, shapes: gpd.GeoSeries) -> Remark:
    """Return a remark with the count of each kind."""
    words = ", ".join(f"{count:,} {kind}" for kind, count in kinds.value_counts().items())
    length = float(np.sum(shapes.length)) if len(shapes) else 0.0
    return Remark("barriers", act, len(shapes), length, words, places=shapes)
