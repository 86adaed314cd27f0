"""Relate annual demand, peak demand and full-load hours."""

from __future__ import annotations

from siting.errors import Fault, InputError
from siting.units import HOURS_PER_A

__all__ = ["full_load_hours", "load_factor", "peak_from_full_load_hours"]


def full_load_hours(annual_demand_mwh: float, peak_mw: float) -> float:
    """Return the full-load hours of a demand.

    Parameters
    ----------
    annual_demand_mwh
        Heat used in a year [MWh/a].
    peak_mw
        Peak demand [MW].

    Returns
    -------
    Full-load hours [h/a].

    Raises
    ------
    InputError
        The peak is not positive.

    Examples
    --------
    >>> full_load_hours(2_500, 1.0)
    2500.0
    """
    if not peak_mw > 0:
        raise InputError(Fault("zones", f"a peak demand of {peak_mw} MW was given.", "Raise it."))
    return annual_demand_mwh / peak_mw


def peak_from_full_load_hours(annual_demand_mwh: float, full_load_hours_h: float) -> float:
    """Return the peak demand that belongs to an annual demand.

    Parameters
    ----------
    annual_demand_mwh
        Heat used in a year [MWh/a].
    full_load_hours_h
        Full-load hours [h/a]. A peak found this way contains simultaneity already.

    Returns
    -------
    Peak demand [MW].

    Raises
    ------
    InputError
        The full-load hours are not positive or exceed a year.

    Examples
    --------
    >>> peak_from_full_load_hours(2_500, 2_500)
    1.0
    """
    return annual_demand_mwh / (load_factor(full_load_hours_h) * HOURS_PER_A)


def load_factor(full_load_hours_h: float) -> float:
    """Return mean demand over peak demand.

    Parameters
    ----------
    full_load_hours_h
        Full-load hours [h/a].

    Returns
    -------
    Load factor [-].

    Raises
    ------
    InputError
        The full-load hours are not positive or exceed a year.

    Examples
    --------
    >>> round(load_factor(2_500), 4)
    0.2854
    """
    if not 0 < full_load_hours_h <= HOURS_PER_A:
        raise InputError(
            Fault(
                "zones",
                f"{full_load_hours_h:,.0f} full-load hours were given; a year has 8,760.",
                "Check the units of annual and peak demand.",
            )
        )
    return full_load_hours_h / HOURS_PER_A
