"""Heat sources keep energy and cost in order, whatever the streams and the network."""

from __future__ import annotations

import math

import numpy as np
import pytest

from siting.parameters import load_parameters
from siting.sources import (
    HeatStream,
    PricedPlant,
    cost_segments,
    running_cost_eur_per_mwh,
    site_plants,
    undominated,
)

PARAMETERS = load_parameters()


def random_site(seed: int) -> tuple[list[HeatStream], float, float]:
    """Return up to three streams, warmest first, and the temperatures of a network."""
    rng = np.random.default_rng(seed)
    back = rng.uniform(25, 60)
    supply = back + rng.uniform(10, 45)
    count = int(rng.integers(1, 4))
    warm = np.sort(rng.uniform(18, 85, count))[::-1]
    streams = [
        HeatStream(f"liquid-{k}", float(rng.uniform(0.1, 30)), float(t), float(t - spread))
        for k, (t, spread) in enumerate(zip(warm, rng.uniform(3, 40, count), strict=True))
    ]
    return streams, float(supply), float(back)


@pytest.mark.parametrize("seed", range(60))
def test_energy_and_cost(seed: int) -> None:
    """Source heat and electricity are output; what is left out, something kept beats everywhere."""
    streams, supply, back = random_site(seed)
    plants = site_plants(streams, supply, back, PARAMETERS)
    for plant in plants:
        assert plant.source_mw + plant.electricity_mw == pytest.approx(plant.output_mw)
        assert plant.source_mw <= math.fsum(each.source_mw for each in streams) * (1 + 1e-9)
        assert plant.output_mw > 0
        assert plant.cop > 1
    choices = [
        PricedPlant(
            each,
            cost_segments(each, "permitted", PARAMETERS),
            running_cost_eur_per_mwh(each, 75, 0, PARAMETERS),
        )
        for each in plants
    ]
    kept = undominated(choices)
    assert bool(kept) == bool(choices)
    for each in choices:
        sizes = np.linspace(0, each.plant.output_mw, 41)
        assert any(
            other.plant.output_mw >= each.plant.output_mw * (1 - 1e-9)
            and other.running_cost_eur_per_mwh <= each.running_cost_eur_per_mwh + 1e-6
            and all(other.cost_eur(x) <= each.cost_eur(x) * (1 + 1e-6) + 1e-3 for x in sizes)
            for other in kept
        )


@pytest.mark.parametrize("seed", range(60))
def test_a_cooler_network_never_needs_more_electricity(seed: int) -> None:
    """For each unit of output, in the simplest chain of the warmest stream."""
    streams, supply, back = random_site(seed)
    warm = site_plants(streams[:1], supply, back, PARAMETERS)
    cool = site_plants(streams[:1], supply - 3, back - 3, PARAMETERS)
    if warm:
        assert cool[0].electricity_mw_per_mw <= warm[0].electricity_mw_per_mw + 1e-9
