"""Compute the COP of heat pumps, alone and behind a preheater."""

from __future__ import annotations

import math

from siting.parameters import Parameters
from siting.units import kelvin

__all__ = [
    "heat_pump_cop",
    "heat_pump_output",
    "lorenz_cop",
    "lorenz_efficiency",
    "preheat_cop",
    "preheat_share",
]


def lorenz_cop(
    source_in_c: float, source_out_c: float, sink_in_c: float, sink_out_c: float
) -> float:
    """Return the COP of a perfect heat pump between two streams that change temperature.

    Parameters
    ----------
    source_in_c, source_out_c
        Temperature at which the source comes, and to which it is cooled [°C].
    sink_in_c, sink_out_c
        Temperature from which, and to which, the sink is heated [°C].

    Returns
    -------
    COP of the Lorenz cycle [-]; infinite where the source is as warm as the sink.

    Notes
    -----
    ``T_sink / (T_sink - T_source)`` with logarithmic mean temperatures in K; with constant
    temperatures this is the COP of Carnot.

    References
    ----------
    Lorenz 1894, Zeitschrift für die gesamte Kälte-Industrie 1.

    Examples
    --------
    >>> round(lorenz_cop(25, 15, 35, 70), 4)
    10.099
    >>> lorenz_cop(60, 50, 30, 50)
    inf
    """
    sink = _log_mean_k(sink_in_c, sink_out_c)
    source = _log_mean_k(source_in_c, source_out_c)
    return sink / (sink - source) if sink > source else math.inf


def lorenz_efficiency(heat_pump_mw: float, parameters: Parameters) -> float:
    """Return the COP of a real heat pump over that of Lorenz, by size.

    Parameters
    ----------
    heat_pump_mw
        Heat output of the heat pump [MW].
    parameters
        Gives the efficiency at 1, 3 and 10 MW.

    Returns
    -------
    Lorenz efficiency [-], straight between these sizes over the logarithm of the output.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> [round(lorenz_efficiency(mw, load_parameters()), 3) for mw in (0.5, 3, 5.5, 40)]
    [0.4, 0.45, 0.475, 0.5]
    """
    sizes = [1.0, 3.0, 10.0]
    values = [parameters.value(f"lorenz_efficiency_{size:.0f}mw") for size in sizes]
    if heat_pump_mw <= sizes[0]:
        return values[0]
    for low, high, a, b in zip(sizes, sizes[1:], values, values[1:], strict=False):
        if heat_pump_mw <= high:
            return a + (b - a) * math.log(heat_pump_mw / low) / math.log(high / low)
    return values[-1]


def heat_pump_cop(lorenz: float, efficiency: float, cop_cap: float) -> float:
    """Return the COP of a real heat pump, capped.

    Parameters
    ----------
    lorenz
        COP of Lorenz; may be infinite [-].
    efficiency
        Lorenz efficiency [-].
    cop_cap
        Highest COP believed [-].

    Returns
    -------
    COP [-].

    Examples
    --------
    >>> round(heat_pump_cop(10.0990, 0.50, 8), 4)
    5.0495
    >>> heat_pump_cop(68.36, 0.50, 8)
    8
    """
    return min(lorenz * efficiency, cop_cap)


def heat_pump_output(source_mw: float, cop: float) -> float:
    """Return the heat output of a heat pump.

    Parameters
    ----------
    source_mw
        Heat taken from the source [MW].
    cop
        COP, above 1 [-].

    Returns
    -------
    Heat output ``Q COP / (COP - 1)`` [MW].

    Examples
    --------
    >>> round(heat_pump_output(5.1, 4.5045), 4)
    6.5553
    """
    return source_mw * cop / (cop - 1)


def preheat_share(
    source_temperature_c: float,
    supply_temperature_c: float,
    return_temperature_c: float,
    approach_k: float,
) -> float:
    """Return the share of the heat that a heat exchanger can give before a heat pump.

    Parameters
    ----------
    source_temperature_c
        Temperature at which the source comes [°C].
    supply_temperature_c, return_temperature_c
        Temperatures of the network [°C].
    approach_k
        Temperature lost in the exchanger [K].

    Returns
    -------
    Share [-]: 1 for direct exchange, 0 where the source is too cold.

    Examples
    --------
    >>> round(preheat_share(50, 70, 40, 2), 5)
    0.26667
    >>> preheat_share(72, 70, 40, 2)
    1.0
    """
    reached = source_temperature_c - approach_k - return_temperature_c
    share = reached / (supply_temperature_c - return_temperature_c)
    return min(max(share, 0.0), 1.0)


def preheat_cop(direct_share: float, cop_rest: float) -> float:
    """Return the COP of a preheater and a heat pump together.

    Parameters
    ----------
    direct_share
        Share of the heat given by the exchanger [-].
    cop_rest
        COP of the heat pump that gives the rest [-].

    Returns
    -------
    Heat of both over electricity [-]; infinite when nothing is left for the heat pump.

    Examples
    --------
    >>> round(preheat_cop(0.26667, 8), 3)
    10.909
    """
    return cop_rest / (1 - direct_share) if direct_share < 1 else math.inf


def _log_mean_k(one_c: float, other_c: float) -> float:
    """Return the logarithmic mean of two temperatures [K]."""
    one, other = kelvin(one_c), kelvin(other_c)
    if math.isclose(one, other, rel_tol=1e-9):
        return (one + other) / 2
    return (one - other) / math.log(one / other)
