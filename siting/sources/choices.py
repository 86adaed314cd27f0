"""Keep the plants of a site that are worth offering, so that the choice stays small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from siting.sources.costs import CostSegment
from siting.sources.plants import Plant

__all__ = ["PricedPlant", "undominated"]

SLACK = 1e-9


@dataclass(frozen=True)
class PricedPlant:
    """A plant with its cost over output, and what it costs to run [EUR/MWh]."""

    plant: Plant
    segments: tuple[CostSegment, ...]
    running_cost_eur_per_mwh: float

    def cost_eur(self, output_mw: float) -> float:
        """Return the least cost at a heat output [EUR]."""
        return min(each.cost_eur(output_mw) for each in self.segments)

    @property
    def corners_mw(self) -> tuple[float, ...]:
        """Outputs at which two of the lines meet [MW]."""
        found = []
        for one, other in combinations(self.segments, 2):
            apart = other.slope_eur_per_mw - one.slope_eur_per_mw
            if apart != 0:
                found.append((one.cost_eur(0) - other.cost_eur(0)) / apart)
        return tuple(found)


def undominated(choices: Sequence[PricedPlant]) -> tuple[PricedPlant, ...]:
    """Return the plants that some plan could want, in their order.

    Parameters
    ----------
    choices
        The plants of one site; of two that are alike in everything the first is kept.

    Returns
    -------
    All but those for which another one gives at least as much heat, costs no more to build at any
    size and no more to run, and uses no more electricity.

    Notes
    -----
    No plan is lost under any objective: wherever the plant left out could stand, the other one can
    stand at the same output for no more. Costs are concave broken lines, so it is enough to compare
    them at their corners and at both ends.
    """
    kept: list[PricedPlant] = []
    for place, each in enumerate(choices):
        others = (*kept, *choices[place + 1 :])
        if not any(_beats(other, each, other in kept) for other in others):
            kept.append(each)
    return tuple(kept)


def _beats(one: PricedPlant, other: PricedPlant, comes_first: bool) -> bool:
    """Return whether nobody would build the other plant; of equals the first one is built."""
    return _as_good(one, other) and (comes_first or not _as_good(other, one))


def _as_good(one: PricedPlant, other: PricedPlant) -> bool:
    """Return whether one plant is no worse than the other at any size that the other can have."""
    most = other.plant.output_mw
    pairs = [
        (other.plant.output_mw, one.plant.output_mw),
        (one.running_cost_eur_per_mwh, other.running_cost_eur_per_mwh),
        (one.plant.electricity_mw_per_mw, other.plant.electricity_mw_per_mw),
    ]
    sizes = [0.0, most, *one.corners_mw, *other.corners_mw]
    pairs += [(one.cost_eur(each), other.cost_eur(each)) for each in sizes if 0 <= each <= most]
    return all(low <= high + SLACK * max(abs(high), 1.0) for low, high in pairs)
