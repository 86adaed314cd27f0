"""Size the boilers that stand beside base-load sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from siting.errors import Fault, InputError

__all__ = ["peak_boiler_capacity"]


def peak_boiler_capacity(
    peak_mw: float,
    source_capacities_mw: Sequence[float] = (),
    *,
    margin: float = 1.0,
    rule: Literal["peak", "n_minus_1"] = "peak",
) -> float:
    """Return the boilers that a network needs.

    Parameters
    ----------
    peak_mw
        Peak demand of the zones served [MW].
    source_capacities_mw
        What each base-load source gives to these zones [MW].
    margin
        Installed boilers over the peak, for ``peak``; 0.6 to 1.2 are usual [–].
    rule
        ``peak``: ``margin`` times the whole peak, as if no source were firm; ``n_minus_1``: the
        peak less all sources but the largest, so that the loss of any one is made good.

    Returns
    -------
    Boiler output [MW].

    Raises
    ------
    InputError
        The peak, the margin or a capacity is negative.

    Examples
    --------
    A peak of 20 MW with sources of 6 and 4 MW:

    >>> peak_boiler_capacity(20, [6, 4])
    20.0
    >>> peak_boiler_capacity(20, [6, 4], rule="n_minus_1")
    16.0
    """
    if min([peak_mw, margin, *source_capacities_mw]) < 0:
        words = "a peak, a margin or the capacity of a source is negative."
        raise InputError(Fault("study", words, "Give figures of 0 or more."))
    if rule == "peak":
        return float(margin * peak_mw)
    firm = sum(source_capacities_mw) - max(source_capacities_mw, default=0.0)
    return float(max(peak_mw - firm, 0.0))
