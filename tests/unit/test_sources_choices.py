"""Which plants a site is offered: every chain, at both places, and none that nobody would build."""

from __future__ import annotations

import itertools
import math
from functools import partial

import numpy as np
import pytest

from siting.parameters import Parameters, load_parameters
from siting.pipes import catalogue_for
from siting.sources import (
    AT_DATA_CENTRE,
    AT_ENERGY_CENTRE,
    CostSegment,
    HeatStream,
    Plant,
    PricedPlant,
    cost_segments,
    parse_streams,
    placed_plants,
    running_cost_eur_per_mwh,
    site_plants,
    stated_streams,
    undominated,
)

PARAMETERS = load_parameters()
TEMPERATURES = [(65, 35), (70, 40), (80, 45), (52, 30), (90, 55)]
STREAMS = [
    "air:1:28/18",
    "liquid:1:55/42",
    "liquid:1:72/30",
    "liquid:0.7:50/40; air:0.3:28/18",
    "liquid-1:0.4:60/45; liquid-2:0.3:45/30; air:0.3:25/15",
]


def priced(plant: Plant, given: Parameters = PARAMETERS) -> PricedPlant:
    return PricedPlant(
        plant,
        cost_segments(plant, "candidate", given),
        running_cost_eur_per_mwh(plant, 75, 0, given),
    )


def line(per_mw: float, fixed: float = 0.0) -> CostSegment:
    return CostSegment(0.0, 1.0, {"heat_pump": fixed}, {"heat_pump": per_mw})


def made_up(
    output_mw: float, running: float, *segments: CostSegment, electricity: float = 0.0
) -> PricedPlant:
    """Return a plant of a given output, cost and running cost."""
    (plant,) = site_plants([HeatStream("x", output_mw, 75, 50)], 70, 40, PARAMETERS)
    (upgrade,) = plant.upgrades
    used = type(upgrade)(
        upgrade.kind,
        upgrade.stream,
        output_mw - electricity,
        output_mw,
        0.0,
        output_mw,
        electricity,
    )
    return PricedPlant(Plant("x", (used,)), segments, running)


@pytest.mark.parametrize("text", STREAMS)
@pytest.mark.parametrize("network", TEMPERATURES)
def test_heat_is_conserved_in_every_chain(text: str, network: tuple[float, float]) -> None:
    """Source heat and electricity are what comes out; what is not taken stays unused."""
    streams = stated_streams(20, parse_streams(text), PARAMETERS)
    given = math.fsum(each.source_mw for each in streams)
    for plant in site_plants(streams, *network, PARAMETERS):
        assert plant.source_mw + plant.electricity_mw == pytest.approx(plant.output_mw)
        unused = given - plant.source_mw
        assert unused >= -1e-9
        assert given + plant.electricity_mw == pytest.approx(plant.output_mw + unused)
        for each in plant.upgrades:
            assert each.exchanger_mw + each.heat_pump_mw == pytest.approx(each.output_mw)
            assert 0 <= each.source_mw <= each.stream.source_mw + 1e-12
            if each.electricity_mw:
                assert each.heat_pump_mw / each.electricity_mw <= PARAMETERS.value("cop_cap") + 1e-9


def test_chains_of_three_streams() -> None:
    """Warmest alone in each way, then with the next, then all: four or fewer, never 2 x 2 x 2."""
    streams = stated_streams(20, parse_streams(STREAMS[-1]), PARAMETERS)
    assert [each.name for each in site_plants(streams, 65, 35, PARAMETERS)] == [
        "liquid-1: preheat + heat pump",
        "liquid-1: heat pump",
        "liquid-1: preheat + heat pump; liquid-2: preheat + heat pump",
        "liquid-1: preheat + heat pump; liquid-2: preheat + heat pump; air: heat pump",
    ]


@pytest.mark.parametrize("text", STREAMS)
@pytest.mark.parametrize("network", TEMPERATURES)
def test_what_is_left_out_is_beaten_everywhere(text: str, network: tuple[float, float]) -> None:
    """At every size, some plant that is kept costs no more to build and to run."""
    streams = stated_streams(20, parse_streams(text), PARAMETERS)
    choices = [priced(each) for each in site_plants(streams, *network, PARAMETERS)]
    kept = undominated(choices)
    assert 1 <= len(kept) <= len(choices)
    for each in choices:
        if each in kept:
            continue
        sizes = np.linspace(0, each.plant.output_mw, 101)
        assert any(
            other.plant.output_mw >= each.plant.output_mw - 1e-9
            and other.running_cost_eur_per_mwh <= each.running_cost_eur_per_mwh + 1e-9
            and all(other.cost_eur(x) <= each.cost_eur(x) * (1 + 1e-9) + 1e-6 for x in sizes)
            for other in kept
        )


def test_a_plant_that_is_worse_in_all_is_dropped() -> None:
    cheap, dear = made_up(2, 10, line(100)), made_up(2, 11, line(101))
    assert undominated([dear, cheap]) == (cheap,)
    assert undominated([cheap, dear]) == (cheap,)


@pytest.mark.parametrize(
    "better",
    [
        made_up(1, 9, line(110)),  # cheaper to run
        made_up(1, 10, line(99)),  # cheaper to build
        made_up(2, 10, line(110)),  # larger
        made_up(1, 10, line(70, fixed=20)),  # cheaper to build at large sizes only
    ],
)
def test_a_plant_that_is_better_in_anything_is_kept(better: PricedPlant) -> None:
    usual = made_up(1, 10, line(100))
    for order in itertools.permutations([usual, better]):
        assert better in undominated(order)


def test_less_electricity_is_a_reason_to_keep_a_dearer_plant() -> None:
    cheap = made_up(1, 10, line(100), electricity=0.2)
    green = made_up(1, 10, line(120))
    assert undominated([cheap, green]) == (cheap, green)
    assert undominated([cheap, made_up(1, 10, line(120), electricity=0.2)]) == (cheap,)


def test_costs_are_compared_between_the_ends_too() -> None:
    """Broken lines 0-2-3 and straight 1.5 per MW meet at both ends of 2 MW: neither is best."""
    broken = made_up(2, 10, line(2), line(1, fixed=1))
    straight = made_up(2, 10, line(1.5))
    assert broken.cost_eur(0) == straight.cost_eur(0)
    assert broken.cost_eur(2) == straight.cost_eur(2) == 3
    assert broken.corners_mw == (1.0,)
    assert undominated([broken, straight]) == (straight,)


def test_of_equals_the_first_is_kept() -> None:
    one, other = made_up(1, 10, line(100)), made_up(1, 10, line(100))
    kept = undominated([one, other])
    assert len(kept) == 1
    assert kept[0] is one


CATALOGUE = partial(catalogue_for, parameters=PARAMETERS, pressure_gradient_pa_per_m=150)


def test_heat_pump_at_either_place() -> None:
    """5.1 MW at 30 to 20 °C, 80/45: 121.7 kg/s in the warm pipe, 44.7 kg/s in the hot one."""
    given = load_parameters({f"lorenz_efficiency_{size}mw": 0.5 for size in (1, 3, 10)})
    (plant,) = site_plants([HeatStream("air", 5.1, 30, 20)], 80, 45, given)
    here, there = placed_plants(plant, 1_000, (80, 45), CATALOGUE, given)
    assert (here.place, there.place) == (AT_DATA_CENTRE, AT_ENERGY_CENTRE)
    assert here.connector is not None
    assert there.connector is not None
    assert here.connector.sizes == ("DN200",)
    assert there.connector.sizes in {("DN250",), ("DN300",)}
    assert here.connector.cost_eur == pytest.approx(1_836_000)
    # 2 x 0.3063 W/(m K) x (62.5 - 8) K x 1 km
    assert here.loss_mw == pytest.approx(0.03339, abs=2e-5)
    assert here.output_mw == pytest.approx(plant.output_mw - here.loss_mw)
    assert (there.loss_mw, there.output_mw) == (0.0, plant.output_mw)


@pytest.mark.parametrize("text", STREAMS)
def test_heat_is_conserved_with_a_pipe(text: str) -> None:
    streams = stated_streams(20, parse_streams(text), PARAMETERS)
    for plant in site_plants(streams, 65, 35, PARAMETERS):
        for placed in placed_plants(plant, 800, (65, 35), CATALOGUE, PARAMETERS):
            came = placed.source_mw + placed.electricity_mw
            assert came == pytest.approx(placed.output_mw + placed.loss_mw)


def test_the_pipe_is_paid_whatever_is_built() -> None:
    (plant,) = site_plants([HeatStream("air", 4.0, 28, 18)], 70, 40, PARAMETERS)
    _, there = placed_plants(plant, 500, (70, 40), CATALOGUE, PARAMETERS, surface_factor=0.5)
    assert there.connector is not None
    plain, piped = priced(plant), priced(there)
    assert len(plain.segments) == len(piped.segments)
    for size in np.linspace(0, plant.output_mw, 7):
        extra = piped.cost_eur(size) - plain.cost_eur(size)
        assert extra == pytest.approx(there.connector.cost_eur)
    halved = load_parameters({"warm_pipe_cost_factor": 0.5})
    _, cheap = placed_plants(plant, 500, (70, 40), CATALOGUE, halved, surface_factor=0.5)
    assert cheap.connector is not None
    assert cheap.connector.cost_eur == pytest.approx(there.connector.cost_eur / 2)


def test_each_stream_has_its_own_warm_pipe() -> None:
    streams = stated_streams(20, parse_streams("liquid:0.7:50/40; air:0.3:28/18"), PARAMETERS)
    both = site_plants(streams, 70, 40, PARAMETERS)[-1]
    _, there = placed_plants(both, 500, (70, 40), CATALOGUE, PARAMETERS)
    assert there.connector is not None
    assert len(there.connector.sizes) == 2


def test_a_hot_pipe_that_loses_everything_is_not_offered() -> None:
    (plant,) = site_plants([HeatStream("air", 0.01, 28, 18)], 70, 40, PARAMETERS)
    (only,) = placed_plants(plant, 40_000, (70, 40), CATALOGUE, PARAMETERS)
    assert only.place == AT_ENERGY_CENTRE


def test_a_dear_electricity_connection_moves_the_heat_pump() -> None:
    """At the data centre 2 000 EUR/kW, at the energy centre the usual 150: both are offered."""
    (plant,) = site_plants([HeatStream("air", 5.1, 30, 20)], 80, 45, PARAMETERS)
    here, there = placed_plants(plant, 200, (80, 45), CATALOGUE, PARAMETERS)
    dear = PricedPlant(
        here,
        cost_segments(here, "candidate", PARAMETERS, electricity_connection_eur_per_kw=2_000),
        running_cost_eur_per_mwh(here, 75, 0, PARAMETERS),
    )
    full = here.output_mw
    assert priced(here).cost_eur(full) < priced(there).cost_eur(full) < dear.cost_eur(full)
    assert undominated([dear, priced(there)]) == (dear, priced(there))
    extra = dear.cost_eur(here.output_mw) - priced(here).cost_eur(here.output_mw)
    assert extra == pytest.approx(1_850 * 1_000 * here.electricity_mw)
