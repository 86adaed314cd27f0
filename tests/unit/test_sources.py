"""Heat streams, COP and cost of plants agree with figures worked out by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from siting.errors import InputError
from siting.parameters import Parameters, load_parameters
from siting.sources import (
    CostSegment,
    HeatStream,
    Plant,
    concave_majorant,
    cooling_streams,
    cost_segments,
    heat_pump_cop,
    heat_pump_output,
    lorenz_cop,
    lorenz_efficiency,
    preheat_cop,
    preheat_share,
    running_cost_eur_per_mwh,
    site_plants,
    stream_upgrades,
)

EFFICIENCY = {f"lorenz_efficiency_{size}mw": 0.5 for size in (1, 3, 10)}


def parameters(**overrides: float) -> Parameters:
    return load_parameters(overrides)


@pytest.mark.parametrize(
    ("source", "sink", "expected"),
    [
        ((25, 15), (35, 70), 10.0990),
        ((27, 17), (37.5, 75), 9.7000),
        ((30, 20), (45, 80), 9.0090),
        ((25, 15), (55, 85), 6.8848),
        ((25, 15), (50, 90), 6.9050),
        ((30, 20), (40, 70), 11.004),
        ((30, 20), (50, 90), 7.678),
        ((45, 35), (40, 70), 22.16),
        ((45, 35), (48, 70), 17.5629),
        ((55, 45), (40, 70), 68.36),
    ],
)
def test_lorenz_cop(
    source: tuple[float, float], sink: tuple[float, float], expected: float
) -> None:
    """T5, T13 and the table of typical values."""
    digits = len(str(expected).split(".")[1])
    assert lorenz_cop(*source, *sink) == pytest.approx(expected, abs=0.51 * 10.0**-digits)


def test_real_cop() -> None:
    """T5: half of Lorenz; T13: capped at 8."""
    assert heat_pump_cop(lorenz_cop(25, 15, 35, 70), 0.5, 8) == pytest.approx(5.0495, abs=5e-5)
    assert heat_pump_cop(lorenz_cop(27, 17, 37.5, 75), 0.5, 8) == pytest.approx(4.8500, abs=5e-5)
    assert heat_pump_cop(lorenz_cop(30, 20, 45, 80), 0.5, 8) == pytest.approx(4.5045, abs=5e-5)
    assert heat_pump_cop(lorenz_cop(45, 35, 48, 70), 0.5, 8) == 8
    assert heat_pump_cop(math.inf, 0.5, 8) == 8


@pytest.mark.parametrize(
    ("source", "sink", "cops"),
    [
        ((25, 15), (35, 70), (4.04, 4.54, 5.05)),
        ((30, 20), (40, 70), (4.40, 4.95, 5.50)),
        ((30, 20), (45, 80), (3.60, 4.05, 4.50)),
        ((30, 20), (50, 90), (3.07, 3.46, 3.84)),
        ((25, 15), (55, 85), (2.75, 3.10, 3.44)),
        ((25, 15), (50, 90), (2.76, 3.11, 3.45)),
        ((45, 35), (40, 70), (8, 8, 8)),
        ((55, 45), (40, 70), (8, 8, 8)),
    ],
)
def test_table_of_typical_cops(
    source: tuple[float, float], sink: tuple[float, float], cops: tuple[float, float, float]
) -> None:
    """At Lorenz efficiencies of 0.40, 0.45 and 0.50, as printed with two decimals; cap 8."""
    lorenz = lorenz_cop(*source, *sink)
    found = [heat_pump_cop(lorenz, efficiency, 8) for efficiency in (0.40, 0.45, 0.50)]
    assert found == pytest.approx(cops, abs=0.0051)


@pytest.mark.parametrize("size", [1.0, 3.0, 10.0])
def test_unit_costs_follow_the_power_law_of_the_danish_sheet(size: float) -> None:
    """1 237 P^-0.27 EUR/kW in 2015 money, times 1.35 at most and 1.15 at least for 2024."""
    unit = parameters().value(f"heat_pump_capex_{size:.0f}mw_eur_per_kw")
    assert 1.10 < unit / (1237 * size**-0.27) < 1.35


def test_constant_temperatures_fall_back_to_carnot() -> None:
    """T5; with the extreme temperatures of the first case Carnot gives 6.2391."""
    assert lorenz_cop(15, 15, 70, 70) == pytest.approx(343.15 / 55)
    assert lorenz_cop(15, 15, 70, 70) == pytest.approx(6.2391, abs=5e-5)


def test_lorenz_efficiency_by_size() -> None:
    """COP 4.0, 4.5 and 5.0 of the Danish data sheet at 1, 3 and 10 MW."""
    defaults = parameters()
    found = [lorenz_efficiency(size, defaults) for size in (0.1, 1, 3, 10, 50)]
    assert found == pytest.approx([0.40, 0.40, 0.45, 0.50, 0.50])
    assert 0.45 < lorenz_efficiency(5, defaults) < 0.50
    for cop, efficiency in ((4.0, 0.396), (4.5, 0.446), (5.0, 0.495)):
        assert cop / lorenz_cop(25, 15, 35, 70) == pytest.approx(efficiency, abs=5e-4)


def test_preheat_and_lift() -> None:
    """T13."""
    share = preheat_share(50, 70, 40, 2)
    assert share == pytest.approx(0.26667, abs=5e-6)
    assert preheat_cop(share, 8) == pytest.approx(10.909, abs=5e-4)
    assert preheat_share(72, 70, 40, 2) == 1
    assert preheat_share(90, 70, 40, 2) == 1
    assert preheat_share(30, 70, 40, 2) == 0
    assert preheat_cop(1.0, 8) == math.inf


def test_preheat_and_lift_of_a_whole_stream() -> None:
    """T13 with the stream 50 to 40: same share, COP of the pair 10.909, energy is conserved."""
    first, second = stream_upgrades(HeatStream("liquid", 5.0, 50, 40), 70, 40, parameters())
    assert (first.kind, second.kind) == ("preheat + heat pump", "heat pump")
    assert first.exchanger_mw / first.output_mw == pytest.approx(0.26667, abs=5e-6)
    assert first.output_mw / first.electricity_mw == pytest.approx(10.909, abs=5e-4)
    for upgrade in (first, second):
        assert upgrade.source_mw + upgrade.electricity_mw == pytest.approx(upgrade.output_mw)
        assert upgrade.heat_pump_mw + upgrade.exchanger_mw == pytest.approx(upgrade.output_mw)


def test_a_source_warmer_than_the_sink_is_exchanged_directly() -> None:
    """T5 and T13: no negative COP, no heat pump."""
    (only,) = stream_upgrades(HeatStream("liquid", 5.0, 72, 50), 70, 40, parameters())
    assert only.kind == "direct exchange"
    assert (only.output_mw, only.electricity_mw, only.heat_pump_mw) == (5.0, 0.0, 0.0)


def test_direct_exchange_does_not_cool_below_the_return() -> None:
    """A stream 90 to 30 against a return of 40 gives up (90 - 42) / (90 - 30) of its heat."""
    direct, both = stream_upgrades(HeatStream("liquid", 6.0, 90, 30), 70, 40, parameters())
    assert direct.source_mw == pytest.approx(6.0 * 48 / 60)
    assert (direct.kind, both.kind) == ("direct exchange", "direct exchange + heat pump")


def test_a_heat_pump_may_cool_what_direct_exchange_leaves() -> None:
    """The last 1.2 MW, from 42 to 30 °C, lift the network from 40 to 70: COP of Lorenz 17.433."""
    _, both = stream_upgrades(HeatStream("liquid", 6.0, 90, 30), 70, 40, parameters())
    assert lorenz_cop(42, 30, 40, 70) == pytest.approx(17.433, abs=5e-4)
    cop = both.heat_pump_mw / both.electricity_mw
    assert cop == pytest.approx(
        lorenz_cop(42, 30, 40, 70) * lorenz_efficiency(both.heat_pump_mw, parameters())
    )
    assert both.source_mw == pytest.approx(6.0)
    assert both.exchanger_mw == pytest.approx(4.8)
    assert both.heat_pump_mw == pytest.approx(heat_pump_output(1.2, cop))
    assert both.source_mw + both.electricity_mw == pytest.approx(both.output_mw)


def test_preheating_does_not_cool_below_the_return() -> None:
    """A stream 65 to 25 against 70/40 cools to 42 in the exchanger: at most 23/40 of its heat."""
    first, _ = stream_upgrades(HeatStream("liquid", 4.0, 65, 25), 70, 40, parameters())
    assert first.exchanger_mw == pytest.approx(4.0 * 23 / 40)
    assert first.source_mw + first.electricity_mw == pytest.approx(first.output_mw)


def test_a_cold_source_gets_a_heat_pump_only() -> None:
    assert [
        each.kind for each in stream_upgrades(HeatStream("air", 5.0, 28, 18), 70, 40, parameters())
    ] == ["heat pump"]


def test_complete_case_w1() -> None:
    """T12: COP 4.5045, source 5.1 MW, output 6.5553 MW, power 1.4553 MW."""
    given = parameters(recovery_availability=1.0, **EFFICIENCY)
    (stream,) = cooling_streams(
        10,
        "air",
        given,
        utilisation=0.6,
        recoverable_fraction=0.85,
        supply_temperature_c=30,
        return_temperature_c=20,
    )
    (upgrade,) = stream_upgrades(stream, 80, 45, given)
    assert stream.source_mw == pytest.approx(5.1)
    assert upgrade.output_mw / upgrade.electricity_mw == pytest.approx(4.5045, abs=5e-5)
    assert upgrade.output_mw == pytest.approx(6.5553, abs=5e-5)
    assert upgrade.electricity_mw == pytest.approx(1.4553, abs=5e-5)
    assert heat_pump_output(5.1, 4.5045) == pytest.approx(6.5553, abs=5e-5)


def test_defaults_of_the_streams() -> None:
    """10 MW x 0.60 x 0.96 x 0.70 (air), 0.75 (liquid), 0.7 x 0.75 and 0.3 x 0.70 (mixed)."""
    (air,) = cooling_streams(10, "air", parameters())
    (liquid,) = cooling_streams(10, "liquid", parameters())
    warm, cold = cooling_streams(10, "mixed", parameters())
    assert (air.supply_temperature_c, air.return_temperature_c) == (28, 18)
    assert (liquid.supply_temperature_c, liquid.return_temperature_c) == (55, 42)
    assert [each.source_mw for each in (air, liquid, warm, cold)] == pytest.approx(
        [4.032, 4.32, 3.024, 1.2096]
    )
    assert (warm.name, cold.name) == ("liquid", "air")


def test_stated_figures_of_a_stream_replace_defaults() -> None:
    (only,) = cooling_streams(10, "liquid", parameters(), supply_temperature_c=60)
    assert only.return_temperature_c == 47  # cooled by 13 K, as the default stream
    streams = cooling_streams(10, "mixed", parameters(), recoverable_fraction=0.9)
    assert math.fsum(each.source_mw for each in streams) == pytest.approx(10 * 0.6 * 0.9 * 0.96)
    assert streams[0].source_mw / streams[1].source_mw == pytest.approx(0.525 / 0.21)


@pytest.mark.parametrize(
    ("load", "cooling", "more", "words"),
    [
        (10, "lqiuid", {}, "Try 'liquid'"),
        (0, "air", {}, "it_load_mw"),
        (math.nan, "air", {}, "it_load_mw"),
        (10, "air", {"utilisation": 60}, "utilisation"),
        (10, "air", {"recoverable_fraction": 0}, "recoverable_fraction"),
        (10, "air", {"return_temperature_c": 30}, "above the return"),
    ],
)
def test_impossible_streams_are_refused(
    load: float, cooling: str, more: dict[str, float], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        cooling_streams(load, cooling, parameters(), **more)


def test_mixed_sites_may_use_the_warm_loop_alone_or_both() -> None:
    streams = cooling_streams(10, "mixed", parameters())
    alone, _, both = site_plants(streams, 70, 40, parameters())
    assert alone.name == "liquid: preheat + heat pump"
    assert both.name == "liquid: preheat + heat pump; air: heat pump"
    assert both.source_mw == pytest.approx(4.2336)
    assert both.source_mw + both.electricity_mw == pytest.approx(both.output_mw)


def air_plant(source_mw: float, given: Parameters) -> Plant:
    return site_plants([HeatStream("air", source_mw, 28, 18)], 70, 40, given)[0]


def lowest(segments: tuple[CostSegment, ...], output_mw: float) -> float:
    return min(each.cost_eur(output_mw) for each in segments)


def sized_plant(output_mw: float, given: Parameters) -> Plant:
    """Return a heat pump of one output, at a COP of 4."""
    flat = load_parameters({**EFFICIENCY, "cop_cap": 4})
    plant = air_plant(output_mw * 0.75, flat)
    assert plant.output_mw == pytest.approx(output_mw)
    return plant


@pytest.mark.parametrize(
    ("size", "per_kw"), [(0.5, 1450), (1, 1450), (3, 1050), (10, 850), (20, 700), (60, 700)]
)
def test_heat_pump_cost_at_full_size(size: float, per_kw: float) -> None:
    """The sum is source side 75 EUR/kW, connection 150 / 4 EUR/kW and the heat pump."""
    segments = cost_segments(sized_plant(size, parameters()), "candidate", parameters())
    expected = size * 1e3 * (per_kw + 75 + 37.5)
    assert lowest(segments, size) == pytest.approx(expected, rel=1e-9)


def test_cost_lines_of_a_heat_pump() -> None:
    """Through 1.45, 3.15 and 8.5 MEUR at 1, 3 and 10 MW: 850 and 764.29 EUR/kW between."""
    segments = cost_segments(sized_plant(10, parameters()), "candidate", parameters())
    assert [each.per_mw_eur["heat_pump"] for each in segments] == pytest.approx(
        [1_450_000, 850_000, 764_285.7], abs=0.1
    )
    assert [each.fixed_eur["heat_pump"] for each in segments] == pytest.approx(
        [0, 600_000, 857_142.9], abs=0.1
    )
    assert [(each.from_mw, each.to_mw) for each in segments] == [
        pytest.approx(pair) for pair in ((0, 1), (1, 3), (3, 10))
    ]


@pytest.mark.parametrize("source", [0.3, 2.0, 9.0, 40.0])
@pytest.mark.parametrize("temperatures", [(28, 18), (50, 40), (75, 50)])
def test_cost_is_concave_and_each_line_is_the_cost_on_its_piece(
    source: float, temperatures: tuple[float, float]
) -> None:
    given = parameters()
    plant = site_plants([HeatStream("x", source, *temperatures)], 70, 40, given)[0]
    segments = cost_segments(plant, "existing", given)
    for each in segments:
        middle = (each.from_mw + each.to_mw) / 2
        assert each.cost_eur(middle) == pytest.approx(lowest(segments, middle))
        assert all(value >= 0 for value in each.fixed_eur.values())
    output = np.linspace(0, plant.output_mw, 200)
    cost = [lowest(segments, each) for each in output]
    assert (np.diff(cost) >= -1e-6).all()
    assert (np.diff(cost, 2) <= 1e-6).all()
    for one, other in itertools.pairwise(segments):
        assert math.fsum(one.per_mw_eur.values()) > math.fsum(other.per_mw_eur.values())


def test_retrofit_costs_more_on_the_source_side_only() -> None:
    plant = sized_plant(0.8, parameters())
    (new,) = cost_segments(plant, "permitted", parameters())
    (old,) = cost_segments(plant, "existing", parameters())
    assert old.per_mw_eur["source_side"] == pytest.approx(1.8 * new.per_mw_eur["source_side"])
    for name in ("heat_pump", "heat_exchanger", "electricity_connection"):
        assert old.per_mw_eur[name] == new.per_mw_eur[name]


@pytest.mark.parametrize(("size", "cost"), [(0.2, 53_000), (0.8, 100_000), (5, 500_000)])
def test_exchanger_cost_at_full_size(size: float, cost: float) -> None:
    """265 EUR/kW below 1 MW, but no dearer than the station of 1 MW; 100 EUR/kW above."""
    plant = site_plants([HeatStream("x", size, 75, 50)], 70, 40, parameters())[0]
    segments = cost_segments(plant, "candidate", parameters())
    assert lowest(segments, size) == pytest.approx(cost + size * 100_000)


def test_unknown_status_is_refused() -> None:
    with pytest.raises(InputError, match="'existing', 'permitted', 'candidate'"):
        cost_segments(sized_plant(1, parameters()), "planned", parameters())


def test_running_cost() -> None:
    """At a COP of 4: 100 / 4 + 10 x 3/4 + 2 = 34.5 EUR/MWh; direct exchange pays heat only."""
    plant = sized_plant(3, parameters())
    assert running_cost_eur_per_mwh(plant, 100, 10, parameters()) == pytest.approx(34.5)
    direct = site_plants([HeatStream("x", 3, 75, 50)], 70, 40, parameters())[0]
    assert running_cost_eur_per_mwh(direct, 100, 10, parameters()) == pytest.approx(10)


def test_concave_majorant() -> None:
    assert concave_majorant([(0, 0), (2, 1), (1, 3), (3, 4)]) == ((0, 0), (1, 3), (3, 4))
    assert concave_majorant([(0, 0), (1, 1), (2, 2)]) == ((0, 0), (2, 2))
    assert concave_majorant([(0, 0), (1, 1), (1, 2)]) == ((0, 0), (1, 2))
