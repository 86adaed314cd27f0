"""Set load-duration curves beside each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from siting.heat.duration import LoadDuration
from siting.heat.sochinsky import heat_share
from siting.units import FloatArray

__all__ = ["compare_load_curves"]

USUAL_SIZES = np.linspace(0.05, 1.0, 20)


def compare_load_curves(
    curves: Mapping[str, LoadDuration],
    relative_capacity: ArrayLike = USUAL_SIZES,
    *,
    minimum_load_ratio: float | None = None,
) -> pd.DataFrame:
    """Compare curves with the two-number form of the same full-load hours and least load.

    Parameters
    ----------
    curves
        Curves by name.
    relative_capacity
        Sizes of a base-load source over the peak, x, at which to compare [–].
    minimum_load_ratio
        Least load of the two-number form; that of each curve if absent [–].

    Returns
    -------
    Indexed by x. For each curve its share of annual heat under its name, ``sochinsky (name)``,
    and ``optimism (name)``: how many points of a hundred the two-number form promises more.

    Raises
    ------
    InputError
        A curve is flat, or its least load is its mean, so that no two-number form fits it.

    Notes
    -----
    The two-number form is expected 1 to 6 points optimistic for x between 0.2 and 0.5 in cold
    continental climates, and within 1 to 2 points in maritime ones.

    Examples
    --------
    >>> curve = LoadDuration("file", np.linspace(1.0, 0.1, 8760))
    >>> table = compare_load_curves({"straight": curve}, [0.5])
    >>> bool(abs(table.loc[0.5, "optimism (straight)"]) < 0.1)
    True
    """
    x: FloatArray = np.asarray(relative_capacity, dtype=float)
    columns: dict[str, FloatArray] = {}
    for name, curve in curves.items():
        own = curve.minimum_load_ratio
        least = own if minimum_load_ratio is None else minimum_load_ratio
        columns[name] = curve.heat_share(x)
        columns[f"sochinsky ({name})"] = heat_share(x, curve.load_factor, least)
        columns[f"optimism ({name})"] = 100 * (columns[f"sochinsky ({name})"] - columns[name])
    return pd.DataFrame(columns, index=pd.Index(x, name="relative_capacity"))
