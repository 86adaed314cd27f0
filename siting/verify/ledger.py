"""Compare told figures with derived ones, and put each disagreement into one sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

__all__ = ["Ledger", "said"]


def said(value: float | str | None, unit: str = "") -> str:
    """Return a figure with its unit as it stands in a sentence.

    Examples
    --------
    >>> said(1234567.25, "EUR"), said(None), said("DN80")
    ('1,234,567.25 EUR', 'none', "'DN80'")
    """
    if value is None:
        return "none"
    if isinstance(value, str):
        return f"'{value}'"
    return f"{value:,.10g} {unit}".rstrip()


@dataclass
class Ledger:
    """Collect disagreements between what is told and what is derived.

    Parameters
    ----------
    tolerance
        Relative tolerance [-]; figures below one unit are compared on the scale of one unit.
    found
        The disagreements so far, one sentence each.
    """

    tolerance: float = 1e-6
    found: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        """Add a disagreement."""
        self.found.append(sentence)

    def slack(self, *figures: float, floor: float = 1.0) -> float:
        """Return how far apart figures of this size may lie."""
        finite = [abs(each) for each in figures if math.isfinite(each)]
        return self.tolerance * max([floor, *finite])

    def near(self, told: float, derived: float, floor: float = 1.0) -> bool:
        """Return whether two figures agree; what is not a number never does."""
        return told == derived or abs(told - derived) <= self.slack(told, derived, floor=floor)

    def agree(
        self,
        place: str,
        name: str,
        told: float | None,
        derived: float | None,
        unit: str = "",
        *,
        floor: float = 1.0,
    ) -> None:
        """Add a sentence if a figure told differs from the figure derived."""
        if told is None or derived is None:
            same = told is None and derived is None
        else:
            same = self.near(told, derived, floor)
        if not same:
            self.say(
                f"{place}: {name} is {said(told, unit)} in the plan; derived:"
                f" {said(derived, unit)}."
            )

    def same(self, place: str, name: str, told: object, derived: object) -> None:
        """Add a sentence if a word or yes-or-no differs."""
        if told != derived:
            self.say(f"{place}: {name} is {told!r} in the plan; derived: {derived!r}.")

    def within(
        self,
        place: str,
        name: str,
        told: float,
        *,
        least: float | None = None,
        most: float | None = None,
        unit: str = "",
        why: str = "",
    ) -> None:
        """Add a sentence if a figure lies outside its range, or is not a number."""
        because = f" ({why})" if why else ""
        if math.isnan(told):
            self.say(f"{place}: {name} is not a number.")
        if least is not None and told < least - self.slack(told, least):
            self.say(
                f"{place}: {name} is {said(told, unit)}; at least {said(least, unit)} is"
                f" needed{because}."
            )
        if most is not None and told > most + self.slack(told, most):
            self.say(
                f"{place}: {name} is {said(told, unit)}; at most {said(most, unit)} is"
                f" allowed{because}."
            )
