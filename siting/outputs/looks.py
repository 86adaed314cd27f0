"""Choose colours and widths once, so that map, report and GIS layers look alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from siting.appraisal import diameter_order
from siting.outputs.labels import ENGLISH, Labels

__all__ = [
    "NOT_SERVED",
    "Ladder",
    "PipeClass",
    "PipeClasses",
    "ShareClass",
    "ShareClasses",
    "size_name",
    "span_name",
]

PIPE_COLOURS = ("#f2a154", "#e5693f", "#c92f44", "#8c1c4a", "#4a0e3f")
PIPE_WIDTHS = (2.6, 3.6, 4.8, 6.2, 7.8)
SHARE_COLOURS = ("#d3ebe8", "#9dd3cf", "#62b2b2", "#2f8a92", "#12606e")
NOT_SERVED = "#e4dfd4"


@dataclass(frozen=True)
class PipeClass:
    """One line of the legend for pipes: its sizes, colour and width on screen [px]."""

    label: str
    colour: str
    width: float


@dataclass(frozen=True)
class PipeClasses:
    """Which class each pipe size is drawn in; at most five, small to large."""

    classes: tuple[PipeClass, ...]
    of_size: Mapping[str, int]

    @classmethod
    def of(cls, sizes: Iterable[str], t: Labels = ENGLISH) -> PipeClasses:
        """Return the classes for the sizes that a plan uses.

        Examples
        --------
        >>> [each.label for each in PipeClasses.of(["DN100", "DN25", "DN25"]).classes]
        ['DN 25', 'DN 100']
        """
        ordered = sorted(set(sizes), key=diameter_order)
        count = min(5, len(ordered))
        groups = (
            [[str(s) for s in part] for part in np.array_split(ordered, count)] if count else []
        )
        looks = _spread(count)
        classes = tuple(
            PipeClass(span_name(group, t), PIPE_COLOURS[look], PIPE_WIDTHS[look])
            for group, look in zip(groups, looks, strict=False)
        )
        return cls(classes, {size: k for k, group in enumerate(groups) for size in group})


@dataclass(frozen=True)
class Ladder:
    """Classes of a figure of pipes, small to large, with round limits between them.

    ``limits`` has the lower end of each class but the first, in ``unit``.
    """

    unit: str
    limits: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float], unit: str) -> Ladder:
        """Return at most five classes, with limits of the kind 1, 2, 5 below the largest value.

        Examples
        --------
        >>> Ladder.of([0.03, 0.4, 7.3], "MW").limits
        (0.5, 1.0, 2.0, 5.0)
        >>> Ladder.of([2.0, 2.0], "MW").limits
        ()
        """
        known = [value for value in map(float, values) if math.isfinite(value) and value > 0]
        if not known:
            return cls(unit, ())
        low, high = min(known), max(known)
        tens = range(math.floor(math.log10(high)) - 3, math.floor(math.log10(high)) + 1)
        steps = [float(f"{lead}e{ten}") for ten in tens for lead in (1, 2, 5)]
        return cls(unit, tuple([step for step in steps if low < step < high][-4:]))

    def as_dict(self, t: Labels = ENGLISH) -> dict[str, Any]:
        """Return limits, unit, and colour and width of each class, as the page needs them."""
        looks = _spread(len(self.limits) + 1)
        names = [f"{limit:,.4g}" for limit in self.limits]
        labels = [f"{a}–{b}" for a, b in pairwise(names)]
        if names:
            labels = [t("map.below", limit=names[0]), *labels, t("map.and_more", limit=names[-1])]
        return {
            "unit": self.unit,
            "limits": list(self.limits),
            "classes": [
                {"label": label, "colour": PIPE_COLOURS[look], "width": PIPE_WIDTHS[look]}
                for label, look in zip(labels or [t("map.all_alike")], looks, strict=True)
            ],
        }


def _spread(count: int) -> list[int]:
    """Return which looks so many classes have, from the first to the last of the five."""
    return [round(4 * k / (count - 1)) for k in range(count)] if count > 1 else [2]


@dataclass(frozen=True)
class ShareClass:
    """One step of the colour ramp for zones: shares from ``low`` to ``high`` [-]."""

    low: float
    high: float
    colour: str

    @property
    def label(self) -> str:
        """The step in per cent."""
        return f"{100 * self.low:.0f}–{100 * self.high:.0f}"


@dataclass(frozen=True)
class ShareClasses:
    """Which class each share of waste heat is drawn in; five equal steps up to 100 per cent."""

    classes: tuple[ShareClass, ...]

    @classmethod
    def of(cls, zones: pd.DataFrame) -> ShareClasses:
        """Return classes that reach down to the least share in the plan.

        Parameters
        ----------
        zones
            With ``served`` and ``waste_heat_share`` [-].
        """
        served = zones.loc[zones["served"].astype(bool), "waste_heat_share"]
        least = float(served.min()) if len(served) else 0.0
        step = next((step for step in (0.02, 0.05, 0.1) if least >= 1 - 5 * step), 0.2)
        edges = [1 - step * (5 - k) for k in range(6)]
        return cls(
            tuple(
                ShareClass(max(0.0, low), high, colour)
                for low, high, colour in zip(edges, edges[1:], SHARE_COLOURS, strict=False)
            )
        )

    def index(self, share: float) -> int:
        """Return the class of a share [-]."""
        first = self.classes[0]
        step = first.high - first.low
        return min(4, max(0, math.floor((share - first.low) / step + 1e-9)))


def size_name(size: str, t: Labels = ENGLISH) -> str:
    """Return a pipe size as people write it.

    Examples
    --------
    >>> size_name("DN100"), size_name("")
    ('DN 100', 'size not stated')
    """
    return size.replace("DN", "DN ", 1) if size else t("map.no_size")


def span_name(sizes: Sequence[str], t: Labels = ENGLISH) -> str:
    """Return the legend text of a group of sizes.

    Examples
    --------
    >>> span_name(["DN20", "DN25", "DN32"]), span_name(["DN100"])
    ('DN 20–32', 'DN 100')
    """
    names = [size_name(size, t) for size in sizes]
    return names[0] if len(names) == 1 else f"{names[0]}–{names[-1].removeprefix('DN ')}"
