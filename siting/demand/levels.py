"""Fill missing numbers of storeys."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

__all__ = ["STOREY_HEIGHT_M", "estimate_levels"]

STOREY_HEIGHT_M = 3.2
"""Height of one storey, floor to floor [m]; own judgement for towns of mixed age."""


def estimate_levels(
    levels: pd.Series,
    use: pd.Series,
    *,
    height_m: pd.Series | None = None,
    hints: Mapping[str, pd.Series] | None = None,
    storey_height_m: float | pd.Series = STOREY_HEIGHT_M,
    smallest_sample: int = 10,
) -> pd.DataFrame:
    """Fill missing numbers of storeys, and say how each was found.

    Parameters
    ----------
    levels
        Storeys as tagged, missing where unknown [–].
    use
        Use of each building, for the medians.
    height_m
        Height of each building, missing where unknown [m].
    hints
        Other knowledge of the storeys by the words that name it, best first; it stands behind
        the height and before the medians.
    storey_height_m
        Height of one storey, the same for all or for each building [m].
    smallest_sample
        Fewest known buildings of a use whose median is trusted; else that of all is taken.

    Returns
    -------
    ``levels`` (at least 1) and ``levels_source`` in words: ``tag``, ``height``, the name of
    a hint, ``median of same use``, ``median of all`` or, where nothing is known at all,
    ``1 assumed``.

    Examples
    --------
    >>> found = estimate_levels(
    ...     pd.Series([5.0, None, None]),
    ...     pd.Series(["office", "office", "house"]),
    ...     height_m=pd.Series([None, 12.8, None]),
    ... )
    >>> found["levels"].tolist()
    [5.0, 4.0, 4.5]
    >>> found["levels_source"].tolist()
    ['tag', 'height', 'median of all']
    """
    known = {"tag": _positive(levels)}
    if height_m is not None:
        storeys = (_positive(height_m) / storey_height_m).round().clip(lower=1)
        known["height"] = storeys
    known |= {name: _positive(hint) for name, hint in (hints or {}).items()}
    value, source = _first_known(known, levels.index)
    measured = value.copy()
    for name, guess in {
        "median of same use": _median_by_use(measured, use, smallest_sample),
        "median of all": pd.Series(measured.dropna().median(), index=levels.index),
        "1 assumed": pd.Series(1.0, index=levels.index),
    }.items():
        fill = value.isna() & guess.notna()
        value[fill], source[fill] = guess[fill], name
    return pd.DataFrame({"levels": value.clip(lower=1.0), "levels_source": source})


def _positive(values: pd.Series) -> pd.Series:
    """Return numbers above 0, the rest missing."""
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return numbers.where(numbers > 0)


def _first_known(known: Mapping[str, pd.Series], index: pd.Index) -> tuple[pd.Series, pd.Series]:
    """Return the first value that is known and the name of where it came from."""
    value = pd.Series(np.nan, index=index)
    source = pd.Series("", index=index, dtype=object)
    for name, each in known.items():
        fill = value.isna() & each.notna()
        value[fill], source[fill] = each[fill], name
    return value, source


def _median_by_use(value: pd.Series, use: pd.Series, smallest_sample: int) -> pd.Series:
    """Return the median of each use with enough known values, else missing."""
    by_use = value.groupby(use)
    enough = by_use.transform("count") >= smallest_sample
    return by_use.transform("median").where(enough)
