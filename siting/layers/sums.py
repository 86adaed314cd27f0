"""Add up columns of a file that a study maps to one of ours as ``first + second``."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from siting.errors import FaultLog, name_ids
from siting.layers.columns import near_words, number_series, plain_words

__all__ = ["with_sums"]


def with_sums(
    kind: str, frame: gpd.GeoDataFrame, mapping: Mapping[str, str], log: FaultLog
) -> gpd.GeoDataFrame:
    """Return a layer with a further column for each sum that the mapping names.

    Parameters
    ----------
    kind
        Name of the layer.
    frame
        The layer as it stands in its file.
    mapping
        Our column name to the name in the file, or to several joined by ``+``.
    log
        Takes parts that are missing or hold text.

    Notes
    -----
    A missing part counts as nothing where another part is known; where none is, the sum is missing.
    A column whose own name holds a ``+`` goes before.
    """
    for theirs in dict.fromkeys(mapping.values()):
        parts = [each.strip() for each in theirs.split("+")]
        if len(parts) < 2 or theirs in frame:
            continue
        names = [str(name) for name in frame.columns if name != "geometry"]
        missing = [each for each in parts if each not in names]
        if missing:
            log.fault(
                kind,
                f"the sum '{theirs}' needs columns {name_ids(missing)}, which the layer does not"
                f" have{near_words(missing[0], names)}.",
                f"Correct `columns` under [layers.{kind}].",
            )
            continue
        numbers = {each: _numbers(kind, frame, each, log) for each in parts}
        frame = frame.assign(**{theirs: pd.DataFrame(numbers).sum(axis=1, min_count=1)})
    return frame


def _numbers(kind: str, frame: gpd.GeoDataFrame, name: str, log: FaultLog) -> pd.Series:
    """Return a part of a sum; text that is no number is a fault."""
    numbers, wrong = number_series(frame[name])
    if wrong.any():
        found = name_ids(sorted(set(plain_words(frame.loc[wrong, name]))), shown=3)
        log.fault(
            kind,
            f"column '{name}', part of a sum, holds text that is no number in"
            f" {int(wrong.sum()):,} rows: {found}.",
            "Write numbers such as 3400.5, and leave missing ones empty.",
        )
    return numbers
