"""Say how the IT load of a new data centre grows in its first years."""

from __future__ import annotations

from siting.errors import Fault, InputError
from siting.parameters import Parameters

__all__ = ["utilisation_profile"]


def utilisation_profile(
    years: int, parameters: Parameters, *, status: str = "candidate", ramp_a: float | None = None
) -> tuple[float, ...]:
    """Return the IT load of each year over that of the grown data centre.

    Parameters
    ----------
    years
        How many years to return, from the first year of operation on.
    parameters
        Gives the years of growth that are not stated.
    status
        ``existing`` sites are grown; others begin at nothing.
    ramp_a
        Years until the data centre is grown [a].

    Returns
    -------
    One figure for each year [-]: ``min(k / ramp_a, 1)`` in year k. Source heat and the heat fed in
    follow it, as the annual figures of a plan are those of a grown site.

    Raises
    ------
    InputError
        The years of growth are negative.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> utilisation_profile(6, load_parameters())
    (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)
    >>> utilisation_profile(3, load_parameters(), status="existing")
    (1.0, 1.0, 1.0)
    """
    ramp = parameters.value("utilisation_ramp_a") if ramp_a is None else ramp_a
    if ramp < 0:
        raise InputError(
            Fault("sites", f"ramp_a is {ramp:g}.", "Give the years of growth, 0 or more.")
        )
    if status == "existing" or ramp == 0:
        return (1.0,) * years
    return tuple(min(year / ramp, 1.0) for year in range(1, years + 1))
