"""Bring columns of a second table to the features of a layer, by id or by location."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.errors import FaultLog, name_ids
from siting.layers.columns import Column, number_series, plain_words, source_of
from siting.layers.crs import with_crs
from siting.layers.files import open_layer, open_plain_table
from siting.region import Remark

if TYPE_CHECKING:
    from siting.config import JoinConfig

__all__ = ["joined"]


def joined(
    kind: str, frame: gpd.GeoDataFrame, own_id: Column, layer: object, log: FaultLog
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return a layer with the columns of the table that it names under ``join``.

    Parameters
    ----------
    kind
        Name of the layer.
    frame
        The layer as it stands in its file.
    own_id
        Our column of the id.
    layer
        The section of the study file.
    log
        Takes the faults: no common id, ids that stand twice, layers that do not overlap; and
        doubts about rows without a partner, whose figures would be lost.

    Notes
    -----
    By id, each feature takes the row with its id. By location, a feature takes the figures of the
    area in which it lies; points inside an area are added up.
    """
    config: JoinConfig | None = getattr(layer, "join", None)
    if config is None:
        return frame, ()
    if config.by == "id":
        return _by_id(kind, frame, own_id, layer, config, log)
    return _by_location(kind, frame, layer, config, log)


# -------------------------------------------------------------------------------- by id


def _by_id(
    kind: str,
    frame: gpd.GeoDataFrame,
    own_id: Column,
    layer: object,
    config: JoinConfig,
    log: FaultLog,
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return the layer with the row of each id."""
    where = f"join of {kind}"
    table = open_plain_table(where, config, log)
    mapping: dict[str, str] = getattr(layer, "columns", {})
    column = source_of(frame, kind, own_id, mapping, FaultLog())
    if table is None or column is None:
        return frame, ()
    on = config.on or next((name for name in (column, own_id.name) if name in table), None)
    if on is None or on not in table:
        log.fault(
            where,
            f"no column '{config.on or column}' with the ids in '{config.path.name}'; it has"
            f" {name_ids(list(map(str, table.columns)), shown=20)}.",
            f"Set `on` under [layers.{kind}.join] to the column that holds the ids.",
        )
        return frame, ()
    keys, own = plain_words(table[on]), plain_words(frame[column])
    table = table.drop(columns=on).set_axis(pd.Index(keys, dtype=object))
    twice = sorted(set(keys[keys.duplicated().to_numpy()]) - {""})
    if twice and config.repeated == "fault":
        log.fault(
            where,
            f"ids {name_ids(twice)} stand more than once in '{config.path.name}'.",
            f'Remove the copies, or add them up by repeated = "sum" under [layers.{kind}.join].',
            twice,
        )
    if twice:
        table = _added_up(table, table.index.to_numpy(dtype=object))
    lost = sorted(set(table.index) - set(own) - {""})
    hit = own.isin(table.index).to_numpy()
    if not hit.any():
        log.fault(
            where,
            f"no id of '{config.path.name}' is one of the layer: {name_ids(lost, shown=3)} there,"
            f" {name_ids(sorted(set(own)), shown=3)} in column '{column}'.",
            f"Check `on` under [layers.{kind}.join] and the id column.",
        )
        return frame, ()
    _doubt_lost(where, table, lost, log)
    rows = table.reindex(own.to_numpy(dtype=object)).set_axis(frame.index)
    return _with_columns(kind, frame, rows, int(hit.sum()), f"by {column} = {on}", log)


def _added_up(table: pd.DataFrame, key: np.ndarray) -> pd.DataFrame:
    """Return one row for each key: numbers are added up, of words the first stays."""
    how = {}
    table = table.copy()
    for name in table.columns:
        numbers, wrong = number_series(table[name])
        if wrong.any() or numbers.isna().all():
            how[name] = "first"
        else:
            table[name] = numbers
            how[name] = "sum"
    return table.groupby(key, sort=True).agg(how)


def _doubt_lost(where: str, table: pd.DataFrame, lost: list[str], log: FaultLog) -> None:
    """Doubt rows that no feature takes, with the figures that go with them."""
    if not lost:
        return
    sums = []
    for name in table.columns:
        numbers, wrong = number_series(table.loc[lost, name])
        if not wrong.any() and numbers.notna().any():
            sums.append(f"{name} {numbers.sum():,.6g}")
    words = f", with {', '.join(sums[:3])} in all" if sums else ""
    log.doubt(
        where,
        f"{len(lost):,} rows have no partner in the layer and are not used{words}:"
        f" {name_ids(lost)}.",
        "Check the ids, or leave these rows out.",
        lost,
    )


# -------------------------------------------------------------------------- by location


def _by_location(
    kind: str, frame: gpd.GeoDataFrame, layer: object, config: JoinConfig, log: FaultLog
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return the layer with the figures of what lies where its features lie."""
    where = f"join of {kind}"
    opened = open_layer(where, config, log)
    other = None if opened is None else with_crs(where, opened, config.crs, log)
    own = with_crs(kind, frame, getattr(layer, "crs", None), FaultLog())
    if other is None or own is None:
        return frame, ()
    metric = own.estimate_utm_crs()
    shapes = np.asarray(own.geometry.to_crs(metric).make_valid(), dtype=object)
    theirs = np.asarray(other.geometry.to_crs(metric).make_valid(), dtype=object)
    table = pd.DataFrame(other.drop(columns=other.geometry.name)).reset_index(drop=True)
    if (shapely.get_dimensions(theirs) == 2).all():
        tree = shapely.STRtree(theirs)
        inner, outer = tree.query(shapely.point_on_surface(shapes), predicate="within")
        _, first = np.unique(inner, return_index=True)
        rows = table.iloc[outer[first]].set_axis(frame.index[inner[first]])
        used, words = len(first), "by the area in which each feature lies"
        unused: list[str] = []
    else:
        tree = shapely.STRtree(shapes)
        inner, outer = tree.query(shapely.point_on_surface(theirs), predicate="intersects")
        _, first = np.unique(inner, return_index=True)
        inner, outer = inner[first], outer[first]
        rows = _added_up(table.iloc[inner], frame.index.to_numpy()[outer])
        used, words = len(rows), f"of {len(inner):,} points, added up in each area"
        unused = [str(each) for each in np.setdiff1d(np.arange(len(table)), inner)]
    if not used:
        log.fault(
            where,
            f"nothing in '{config.path.name}' lies where the features of the layer lie.",
            f"Check `path` and `crs` under [layers.{kind}.join].",
        )
        return frame, ()
    numbered = table.set_axis(pd.Index(list(map(str, table.index)), dtype=object))
    _doubt_lost(where, numbered, unused, log)
    return _with_columns(kind, frame, rows.reindex(frame.index), used, words, log)


def _with_columns(
    kind: str, frame: gpd.GeoDataFrame, rows: pd.DataFrame, used: int, words: str, log: FaultLog
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return the layer with further columns; one of the same name is a fault."""
    rows = rows.drop(columns=["fid", "geometry"], errors="ignore")
    both = [str(name) for name in rows.columns if name in frame.columns]
    if both:
        log.fault(
            f"join of {kind}",
            f"columns {name_ids(both)} are in the layer and in the table.",
            "Rename or remove them in one of the two.",
        )
        rows = rows.drop(columns=both)
    remark = Remark(kind, "joined rows of a table", used, detail=words)
    wide = frame.assign(**{str(name): rows[name].to_numpy() for name in rows.columns})
    return wide, (remark,)
