"""Compute the load of every hour from the outdoor temperature: the degree-hour model."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from siting.errors import Fault, InputError
from siting.heat.duration import LoadDuration
from siting.units import FloatArray

__all__ = ["degree_hour_loads", "load_duration_from_temperatures"]


def degree_hour_loads(
    temperature_c: ArrayLike, heating_limit_c: float, flat_share: float
) -> FloatArray:
    """Return the load of each hour over the peak.

    Parameters
    ----------
    temperature_c
        Outdoor temperature of each hour of a year [°C].
    heating_limit_c
        Outdoor temperature from which buildings are not heated; 12 to 18 are usual [°C].
    flat_share
        Hot water and losses that are there in every hour, over the peak; 0 to below 1 [–].

    Returns
    -------
    ``f + (1 - f) d / max(d)`` with ``d = max(0, heating_limit_c - temperature_c)`` [–].

    Raises
    ------
    InputError
        No hour is colder than the heating limit, or the flat share lies outside 0 to 1.

    References
    ----------
    Degree hours below a heating limit of 15 °C: VDI 2067 and VDI 3807 (own knowledge).

    Examples
    --------
    >>> degree_hour_loads([-5.0, 5.0, 25.0], 15.0, 0.1).round(2).tolist()
    [1.0, 0.55, 0.1]
    """
    if not 0 <= flat_share < 1:
        words = f"minimum_load_ratio is {flat_share:g}; a share from 0 to below 1 is needed."
        raise InputError(Fault("study", words, "0.04 to 0.15 are usual."))
    degrees = np.maximum(heating_limit_c - np.asarray(temperature_c, dtype=float), 0.0)
    coldest = degrees.max(initial=0.0)
    if not coldest > 0:
        words = f"no hour of the temperature series is colder than {heating_limit_c:g} °C."
        raise InputError(
            Fault("study", words, "Check the unit of the series, or raise heating_limit_c.")
        )
    return np.asarray(flat_share + (1 - flat_share) * degrees / coldest, dtype=float)


def load_duration_from_temperatures(
    temperature_c: ArrayLike, heating_limit_c: float, minimum_load_ratio: float
) -> LoadDuration:
    """Return the load-duration curve of a year of outdoor temperatures.

    Parameters
    ----------
    temperature_c, heating_limit_c
        See `degree_hour_loads` [°C].
    minimum_load_ratio
        The flat share of `degree_hour_loads`; it is the least load of the year [–].

    Raises
    ------
    InputError
        See `degree_hour_loads`.

    Examples
    --------
    >>> curve = load_duration_from_temperatures([-5.0, 5.0, 25.0], 15.0, 0.1)
    >>> round(curve.load_factor, 3), curve.kind
    (0.55, 'degree_hours')
    """
    loads = degree_hour_loads(temperature_c, heating_limit_c, minimum_load_ratio)
    return LoadDuration("degree_hours", np.sort(loads)[::-1])
