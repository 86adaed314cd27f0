"""Judge which street lines can carry a pipe, by their class, level and surface."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.errors import Fault, InputError
from siting.region import Remark

__all__ = ["SURFACE_FACTORS", "class_table", "plain_text", "street_frame", "street_levels"]

SURFACE_FACTORS: Mapping[str, float] = {"urban": 1.0, "suburban": 0.75, "rural": 0.55}
"""Trench cost by surface over that of paved town streets [-].

Ratios of published cost curves: Persson and Werner (2011) 0.75 and 0.53, THERMOS soft over hard
dig 0.51 to 0.57, Danish Energy Agency new area over paved 0.64 to 0.76.
"""

NO = frozenset({"", "no", "false", "0", "none", "nan"})
ON_THE_GROUND = frozenset({"building_passage", "avalanche_protector", "covered"})


def class_table(path: str | Path | None = None) -> pd.DataFrame:
    """Return which street classes can carry a pipe.

    Parameters
    ----------
    path
        A table of one's own; the packaged one if absent.

    Returns
    -------
    Indexed by ``class`` (values of the OpenStreetMap key ``highway``): ``pipe`` (``yes``, ``no``
    for what is no street, ``forbidden`` for streets that must not be dug up), ``cost_factor``
    [-] and ``note``.

    Raises
    ------
    InputError
        The table cannot be read, a column is missing, ``pipe`` holds another word, or a factor is
        not above 0.
    """
    source = files("siting") / "defaults" / "street_classes.csv" if path is None else Path(path)
    try:
        with source.open(encoding="utf-8") as text:
            table = pd.read_csv(text, keep_default_na=False)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise InputError(
            Fault(
                "streets",
                f"table of street classes '{source.name}' cannot be read: {words}.",
                "Correct `class_table` under [layers.streets]; it starts from the study file.",
            )
        ) from error
    lacking = [name for name in ("class", "pipe", "cost_factor") if name not in table]
    sound = not lacking and table["pipe"].isin(["yes", "no", "forbidden"]).all()
    if not sound or not (pd.to_numeric(table["cost_factor"], errors="coerce") > 0).all():
        raise InputError(
            Fault(
                "streets",
                f"table of street classes '{source.name}' needs the columns 'class', 'pipe' (yes,"
                " no or forbidden) and 'cost_factor' (a number above 0).",
                "Start from the packaged table, siting/defaults/street_classes.csv.",
            )
        )
    return table.set_index("class")


def street_frame(
    lines: gpd.GeoDataFrame,
    *,
    classes: pd.DataFrame | None = None,
    surface: str = "urban",
    surface_factors: Mapping[str, float] = SURFACE_FACTORS,
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Keep the streets that can carry a pipe, with the columns of `siting.region.Streets`.

    Parameters
    ----------
    lines
        Line strings in a projected CRS, with any of the columns ``highway`` or ``road_class``,
        ``name``, ``surface``, ``cost_factor``, ``level``, ``layer``, ``bridge``, ``tunnel``,
        ``forbidden``, ``u`` and ``v``.
    classes
        Table of street classes, see `class_table`.
    surface
        Surface where the layer names none: ``urban``, ``suburban`` or ``rural``.
    surface_factors
        Trench cost of each surface over that of paved town streets [-].

    Returns
    -------
    The streets, and remarks on what was left out. ``cost_factor`` is the layer's own figure, or
    else that of the class times that of the surface.
    """
    classes = class_table() if classes is None else classes
    road_class = _text(lines, "road_class", "highway")
    pipe, class_factor, unknown = _judge(road_class, classes)
    surfaces = _text(lines, "surface").where(lambda text: text.isin(surface_factors), surface)
    factor = class_factor * surfaces.map(surface_factors).astype(float)
    own_factor = _numbers(lines, "cost_factor")
    frame = gpd.GeoDataFrame(
        {
            "name": _text(lines, "name"),
            "road_class": road_class,
            "surface": surfaces,
            "cost_factor": own_factor.where(own_factor.notna(), factor),
            "level": street_levels(lines),
            "forbidden": _flags(lines, "forbidden") | (pipe == "forbidden"),
            "cost_eur_per_m": _numbers(lines, "cost_eur_per_m"),
            "u": _ids(lines, "u"),
            "v": _ids(lines, "v"),
        },
        geometry=lines.geometry,
        crs=lines.crs,
    )
    remarks = _class_remarks(frame, pipe, unknown)
    return frame[pipe != "no"].reset_index(drop=True), remarks


def _judge(road_class: pd.Series, classes: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return the verdict on each street, its cost factor and whether its class is unknown.

    A line of several classes is a street if any part is, and forbidden if any part is.
    """
    kinds = pd.Series(road_class.unique())
    each = kinds.str.split(";").explode().str.strip()
    verdict = each.map(classes["pipe"]).fillna("yes")
    factor = each.map(classes["cost_factor"]).fillna(1.0).astype(float)
    rank = verdict.map({"no": 0, "yes": 1, "forbidden": 2}).groupby(level=0).max()
    pipe = rank.map({0: "no", 1: "yes", 2: "forbidden"})
    strange = (~each.isin(classes.index) & (each != "")).groupby(level=0).any()
    by_kind = pd.DataFrame(
        {"pipe": pipe, "factor": factor.groupby(level=0).max(), "strange": strange}
    ).set_index(kinds)
    found = by_kind.loc[road_class].set_axis(road_class.index)
    return found["pipe"], found["factor"], found["strange"]


def _class_remarks(
    frame: gpd.GeoDataFrame, pipe: pd.Series, unknown: pd.Series
) -> tuple[Remark, ...]:
    """Return one remark for each kind of verdict that took or doubted streets."""
    length = frame.geometry.length
    remarks = [Remark("streets", "read street lines", len(frame), float(length.sum()))]
    for act, chosen, guessed in (
        ("left out classes that are no streets for pipes", pipe == "no", False),
        ("marked as forbidden by their class", pipe == "forbidden", False),
        ("took lines of unknown class as streets", unknown, True),
    ):
        if chosen.any():
            every = frame.loc[chosen, "road_class"].str.split(";").explode()
            kinds = ", ".join(sorted(set(every) - {""}))
            total, places = float(length[chosen].sum()), frame.geometry[chosen]
            remarks.append(Remark("streets", act, int(chosen.sum()), total, kinds, guessed, places))
    return tuple(remarks)


def _text(lines: pd.DataFrame, *names: str) -> pd.Series:
    """Return the first of the columns that is there as text, empty where missing."""
    for name in names:
        if name in lines:
            column = lines[name].astype(object)
            return column.where(column.notna(), "").map(plain_text).astype(object)
    return pd.Series("", index=lines.index, dtype=object)


def _numbers(lines: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as numbers, NaN where missing."""
    if name not in lines:
        return pd.Series(np.nan, index=lines.index)
    return pd.to_numeric(lines[name], errors="coerce").astype(float)


def _flags(lines: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as yes or no; a missing value is no."""
    return ~_text(lines, name).str.lower().isin(NO)


def _ids(lines: pd.DataFrame, name: str) -> pd.Series:
    """Return node ids, -1 where the source has none."""
    if name not in lines or not pd.api.types.is_integer_dtype(lines[name].dtype):
        return pd.Series(-1, index=lines.index, dtype=np.int64)
    return lines[name].fillna(-1).astype(np.int64)


def street_levels(lines: pd.DataFrame) -> pd.Series:
    """Return the storey of each line: its own, else by layer, bridge and tunnel."""
    bridge = ~_text(lines, "bridge").str.lower().isin(NO)
    tunnel_text = _text(lines, "tunnel").str.lower()
    tunnel = ~tunnel_text.isin(NO | ON_THE_GROUND)
    level = pd.Series(np.where(bridge, 1.0, np.where(tunnel, -1.0, 0.0)), index=lines.index)
    for name in ("layer", "level"):
        # Several values mean a merged line; the first number stands for it.
        given = pd.to_numeric(_text(lines, name).str.split(";").str[0], errors="coerce")
        level = given.where(given.notna(), level)
    return level.round().astype(np.int64)


def plain_text(value: Any) -> str | None:
    """Return one text for one or several values."""
    if isinstance(value, list | tuple | set):
        return ";".join(sorted(map(str, value)))
    return None if pd.isna(value) else str(value)
