"""Say how the connections of a zone grow over the years."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from siting.errors import Fault, InputError
from siting.units import FloatArray

__all__ = ["connection_profile"]


def connection_profile(
    years: ArrayLike,
    *,
    ramp_a: float = 7.0,
    first_year_share: float = 0.30,
    demand_reduction_per_a: float = 0.0,
) -> FloatArray:
    """Return the heat taken in each year of operation over that of the mature network.

    Parameters
    ----------
    years
        Years of operation, counted from 1 [a]; nothing is taken before.
    ramp_a
        Year in which all connections of the plan are made, 1 for no ramp; 3 to 15 are usual [a].
    first_year_share
        Share of the mature connections that stands in the first year [–].
    demand_reduction_per_a
        Yearly fall of the demand of what is connected, from the second year; 0 to 0.02 are
        usual [1/a].

    Returns
    -------
    Factors for each year, 0 to 1 [–].

    Raises
    ------
    InputError
        The ramp is shorter than a year, or a share lies outside 0 to 1.

    Notes
    -----
    A straight line from the first year to the end of the ramp, then flat, times
    ``(1 - demand_reduction_per_a) ** (year - 1)``. Published ramps start at 0.3 and reach maturity
    after about ten years where connection is the rule, later and lower where it is free.

    References
    ----------
    Own judgement: 3 to 15 years, 0 to 0.02 per year.

    Examples
    --------
    >>> connection_profile([0, 1, 4, 7, 30]).round(2).tolist()
    [0.0, 0.3, 0.65, 1.0, 1.0]
    >>> connection_profile([1, 2], ramp_a=1, demand_reduction_per_a=0.01).tolist()
    [1.0, 0.99]
    """
    if not ramp_a >= 1:
        words = f"a connection ramp of {ramp_a:g} years was given."
        raise InputError(Fault("study", words, "Give 1 or more; 3 to 15 are usual."))
    for name, share in (
        ("first_year_share", first_year_share),
        ("demand_reduction_per_a", demand_reduction_per_a),
    ):
        if not 0 <= share <= 1:
            raise InputError(Fault("study", f"{name} is {share:g}.", "Give a share from 0 to 1."))
    year = np.asarray(years, dtype=float)
    risen = (year - 1) / max(ramp_a - 1, 1e-9)
    connected = np.clip(first_year_share + (1 - first_year_share) * risen, 0.0, 1.0)
    if ramp_a == 1:
        connected = np.ones_like(year)
    kept = (1 - demand_reduction_per_a) ** np.maximum(year - 1, 0.0)
    return np.asarray(np.where(year >= 1, connected * kept, 0.0), dtype=float)
