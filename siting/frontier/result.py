"""Hold a frontier: the plans that no other found plan beats, and the ceiling above them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siting.frontier.shape import Line, Step, ceiling_at, edges, upper_hull
from siting.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Frontier", "Point", "relative_distance"]


def relative_distance(heat_mwh: float, ceiling_mwh: float) -> float:
    """Return by how much heat could at most be raised, as a share of it [-].

    Examples
    --------
    >>> relative_distance(100.0, 102.0)
    0.02
    """
    if ceiling_mwh <= heat_mwh:
        return 0.0
    return (ceiling_mwh - heat_mwh) / heat_mwh if heat_mwh > 0 else float("inf")


@dataclass(frozen=True)
class Point:
    """A plan on the frontier.

    Its proof answers "how much heat is possible within what it costs". ``is_corner`` tells plans
    on the hull, best at some price of investment, from those between.
    """

    plan: Plan
    ceiling_mwh: float
    is_corner: bool

    @property
    def capex_eur(self) -> float:
        """Investment [EUR]."""
        return self.plan.capex_eur

    @property
    def heat_mwh(self) -> float:
        """Heat delivered each year [MWh/a]."""
        return self.plan.heat_mwh

    @property
    def distance(self) -> float:
        """By how much any plan of this investment could have more heat [-]."""
        return relative_distance(self.heat_mwh, self.ceiling_mwh)


@dataclass(frozen=True)
class Frontier:
    """What was found and what was proven.

    Parameters
    ----------
    points
        Plans by rising investment; none has less heat than a cheaper one.
    lines
        What no plan can cross, steepest first.
    steps
        What no plan within a budget can cross, by rising budget.
    most_mwh
        Heat demand of all zones that may be connected [MWh/a].
    starts_empty
        Whether building nothing is allowed, so that the frontier begins at zero.
    problem_sha256
        Names the problem that all this is about.
    gap_wanted
        Distance at which the search may end [-].
    seconds
        Wall time of all searches together [s].
    """

    points: tuple[Point, ...]
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]
    most_mwh: float
    starts_empty: bool
    problem_sha256: str
    gap_wanted: float
    seconds: float

    def ceiling_at(self, capex_eur: float) -> float:
        """Return the most heat that any plan of an investment can have [MWh/a]."""
        ceiling = ceiling_at(self.lines, capex_eur, self.most_mwh, self.steps)
        return max(ceiling, 0.0) if self.starts_empty else ceiling

    @property
    def hull(self) -> list[tuple[float, float]]:
        """Corners of the hull of the plans: investment [EUR] and heat [MWh/a]."""
        start = [(0.0, 0.0)] if self.starts_empty else []
        return upper_hull([*start, *((p.capex_eur, p.heat_mwh) for p in self.points)])

    @property
    def widest(self) -> float:
        """Largest relative distance between the hull of the plans and the lines above [-].

        Below the first plan on the hull it is a share of that plan's heat.
        """
        if not self.points:
            return float("inf")
        hull = self.hull
        last = relative_distance(hull[-1][1], self.ceiling_at(hull[-1][0]))
        return max([last, *(each.distance for each in edges(hull, self.lines, self.most_mwh))])

    @property
    def is_proven(self) -> bool:
        """Whether hull and ceiling are as close as wanted."""
        return self.widest <= self.gap_wanted

    def frame(self) -> pd.DataFrame:
        """Return the plans as a table, by rising investment; units are in the names."""
        from siting.outputs.frontier import frontier_frame

        return frontier_frame(self)

    def plot(self, **options: Any) -> Any:
        """Draw heat against investment, see `siting.outputs.frontier.plot_frontier`."""
        from siting.outputs.frontier import plot_frontier

        return plot_frontier(self, **options)

    def __repr__(self) -> str:
        """Return how much was found and proven on one line."""
        return f"<Frontier: {len(self.points)} plans, {len(self.lines)} proven lines>"

    def _repr_html_(self) -> str:
        """Return the plans for a notebook."""
        from siting.outputs.cards import frontier_card

        return frontier_card(self)
