"""Price the risk that a data centre leaves before the pipes are worn out."""

from __future__ import annotations

import math

from siting.economics import annuity_factor
from siting.errors import Fault, InputError

__all__ = ["discounted_survival_years", "survival_probability"]


def survival_probability(departure_hazard: float, years_a: float) -> float:
    """Return how likely a data centre still gives its heat after some years.

    Parameters
    ----------
    departure_hazard
        Probability to leave in any one year, the same in all, 0 to 1 [1/a]. Judged to be 0.005 for
        a campus of its owner under contract, 0.02 as a rule, 0.06 for small colocation.
    years_a
        Years from the start, 0 or more [a].

    Returns
    -------
    ``(1 - hazard) ** years`` [-].

    Raises
    ------
    InputError
        The hazard is no probability.

    References
    ----------
    Lygnerud and Werner 2018, risk assessment of industrial excess heat recovery in district
    heating systems, names the reasons to leave; the yearly figures are judgement.

    Examples
    --------
    >>> round(survival_probability(0.02, 10), 4)
    0.8171
    """
    if not 0 <= departure_hazard <= 1:
        raise InputError(
            Fault(
                "study",
                f"a probability of {departure_hazard} that a source leaves in a year was given.",
                "Give a fraction from 0 to 1, such as 0.02 for one in fifty.",
            )
        )
    return math.pow(1 - departure_hazard, years_a)


def discounted_survival_years(
    departure_hazard: float, discount_rate: float, lifetime_a: int
) -> float:
    """Return the expected present value of one unit of heat a year from a source that may leave.

    Parameters
    ----------
    departure_hazard
        Probability to leave in any one year, see `survival_probability` [1/a].
    discount_rate
        Discount rate as a fraction [1/a].
    lifetime_a
        Years looked at [a].

    Returns
    -------
    ``q (1 - q^T) / (1 - q)`` with ``q = (1 - hazard) / (1 + r)`` [a]: the annuity factor for a
    hazard of 0, less for any other.

    Raises
    ------
    InputError
        The hazard is no probability, or as for `siting.economics.crf`.

    Examples
    --------
    >>> round(discounted_survival_years(0.02, 0.05, 40), 4)
    13.1137
    """
    whole = annuity_factor(discount_rate, lifetime_a)
    stays = survival_probability(departure_hazard, 1)
    if departure_hazard == 0:
        return whole
    # 1 - q without cancellation, so that tiny hazards and rates keep their digits.
    q = stays / (1 + discount_rate)
    rest = (departure_hazard + discount_rate) / (1 + discount_rate)
    if rest > 0.5:
        return q * (1 - q**lifetime_a) / rest
    return q * -math.expm1(lifetime_a * math.log1p(-rest)) / rest
