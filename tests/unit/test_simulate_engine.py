"""The simulated state of small networks agrees with what can be worked out by hand."""

from __future__ import annotations

import math

import pytest
from test_simulate_network import two_sites

from siting.config import NetworkConfig
from siting.errors import SitingError
from siting.pipes import outlet_temperature, pressure_gradient
from siting.simulate.check import case_of, simulate_case
from siting.simulate.engine import NotConvergedError, require_engine, simulate_net
from siting.simulate.failures import likely_reasons, unreached
from siting.simulate.network import Consumer, HeatNet, LaidPipe, Source, Water

HEAT = 4190.0
WATER = Water(80.0, 50.0, ground_c=8.0, roughness_mm=0.05)


def dn200(name: str, start: str, end: str, length_m: float) -> LaidPipe:
    return LaidPipe(name, start, end, length_m, 0.2101, 0.306, "DN200")


@pytest.fixture
def engine() -> None:
    """The engine; without pandapipes the test is skipped."""
    try:
        require_engine()
    except SitingError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("engine")
def test_the_temperature_drop_of_a_long_pipe() -> None:
    """DN 200, 2,000 m, 40 kg/s: 80 °C become 79.7376 °C (check problem T1), within 1 mK."""
    heat = 40.0 * HEAT * (79.7376 - 50.0)
    net = HeatNet(
        (dn200("p", "a", "b", 2_000.0),), (Consumer("z", "b", heat),), (Source("s", "a", 0),), WATER
    )
    state = simulate_net(net)
    assert state.consumer_flow_kg_per_s["z"] == pytest.approx(40.0, rel=1e-4)
    assert state.supply_c["b"] == pytest.approx(79.7376, abs=1e-3)
    assert state.return_c["a"] == pytest.approx(
        outlet_temperature(50.0, 8.0, 0.306, 2_000.0, 40.0), abs=1e-3
    )
    assert state.source_heat_w["s"] - heat == pytest.approx(state.pipes["p"].loss_w, rel=1e-4)


@pytest.mark.usefixtures("engine")
def test_the_temperature_drop_at_a_tenth_of_the_flow() -> None:
    """At 4 kg/s the drop is 2.5817 K instead of 0.2624 K (check problem T1)."""
    heat = 4.0 * HEAT * (77.4183 - 50.0)
    net = HeatNet(
        (dn200("p", "a", "b", 2_000.0),), (Consumer("z", "b", heat),), (Source("s", "a", 0),), WATER
    )
    assert simulate_net(net).supply_c["b"] == pytest.approx(77.4183, abs=2e-3)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("fittings", [0.0, 0.1])
def test_the_pressure_drop_of_a_long_pipe(fittings: float) -> None:
    """50.387 Pa/m after Darcy-Weisbach and Colebrook-White (check problem T2), within 0.1 %.

    Out and back over 2,000 m are 2.0155 bar, with a tenth more for fittings 2.2170 bar.
    """
    water = Water(80.0, 50.0, fittings_share=fittings, consumer_pressure_bar=0.6)
    heat = 40.0 * HEAT * (79.7376 - 50.0)
    net = HeatNet(
        (dn200("p", "a", "b", 2_000.0),), (Consumer("z", "b", heat),), (Source("s", "a", 0),), water
    )
    state = simulate_net(net)
    assert state.pipes["p"].velocity_m_per_s == pytest.approx(1.17996, rel=1e-4)
    assert state.pipes["p"].gradient_pa_per_m == pytest.approx(50.387, rel=1e-3)
    assert state.drop_bar["b"] == pytest.approx(2.0155 * (1 + fittings), rel=1e-3)
    assert state.lift_bar == pytest.approx(2.0155 * (1 + fittings) + 0.6, rel=1e-3)
    assert state.supply_c["b"] == pytest.approx(79.7376, abs=1e-3), "fittings lose no heat"


@pytest.mark.usefixtures("engine")
def test_two_sources_share_a_network() -> None:
    """The second source gives its 1 MW, the first one the rest and all losses."""
    net = HeatNet(
        (dn200("p", "a", "b", 1_000.0), dn200("q", "c", "b", 1_000.0)),
        (Consumer("z", "b", 3e6),),
        (Source("s", "a", 2e6), Source("t", "c", 1e6)),
        WATER,
    )
    state = simulate_net(net)
    lost = sum(each.loss_w for each in state.pipes.values())
    assert state.source_heat_w["t"] == pytest.approx(1e6, rel=1e-5)
    assert state.source_heat_w["s"] == pytest.approx(2e6 + lost, rel=1e-5)
    assert sum(state.source_flow_kg_per_s.values()) == pytest.approx(
        state.consumer_flow_kg_per_s["z"], rel=1e-6
    )
    assert state.supply_c["c"] == pytest.approx(80.0, abs=1e-6)
    mixed = sum(
        state.pipes[key].flow_kg_per_s
        * outlet_temperature(80.0, 8.0, 0.306, 1_000.0, state.pipes[key].flow_kg_per_s)
        for key in ("p", "q")
    ) / sum(state.pipes[key].flow_kg_per_s for key in ("p", "q"))
    assert state.supply_c["b"] == pytest.approx(mixed, abs=1e-3)


@pytest.mark.usefixtures("engine")
def test_a_feeder_may_turn_the_flow_of_a_pipe_around() -> None:
    net = HeatNet(
        (dn200("p", "a", "b", 500.0), dn200("q", "b", "c", 500.0)),
        (Consumer("z", "b", 3e6),),
        (Source("s", "a", 2e6), Source("t", "c", 1e6)),
        WATER,
    )
    state = simulate_net(net)
    assert state.pipes["q"].flow_kg_per_s < 0 < state.pipes["p"].flow_kg_per_s


@pytest.mark.usefixtures("engine")
def test_a_loop_splits_its_flow_so_that_both_ways_lose_the_same_pressure() -> None:
    """1 m and 3 m of the same pipe: the drops agree, and the flows add up."""
    net = HeatNet(
        (dn200("p", "a", "b", 300.0), dn200("q", "a", "c", 450.0), dn200("r", "c", "b", 450.0)),
        (Consumer("z", "b", 5e6),),
        (Source("s", "a", 0),),
        WATER,
    )
    pipes = simulate_net(net).pipes
    short, long = pipes["p"].flow_kg_per_s, pipes["q"].flow_kg_per_s
    drops = [
        300 * float(pressure_gradient(short, 0.2101, 0.05)),
        900 * float(pressure_gradient(long, 0.2101, 0.05)),
    ]
    assert drops[0] == pytest.approx(drops[1], rel=5e-3)
    assert short / long == pytest.approx(math.sqrt(3), rel=0.05)


def cold_net() -> HeatNet:
    """1 kW over 20 km of pipe: water is as cold as the ground long before it arrives."""
    pipe = LaidPipe("p", "a", "b", 20_000.0, 0.05, 0.3)
    return HeatNet((pipe,), (Consumer("hut", "b", 1e3),), (Source("s", "a", 0),), WATER)


@pytest.mark.usefixtures("engine")
def test_a_network_that_cannot_converge_fails_loudly() -> None:
    with pytest.raises(NotConvergedError):
        simulate_net(cold_net())


def test_too_little_flow_is_told_with_the_temperature_that_would_arrive() -> None:
    reason = likely_reasons(cold_net())[0]
    assert "Too little flow" in reason
    assert "'hut' with 8 °C" in reason


def test_flow_far_above_capacity_is_told_with_the_pipes() -> None:
    pipe = LaidPipe("e7", "a", "b", 500.0, 0.0545, 0.18)
    net = HeatNet((pipe,), (Consumer("z", "b", 5e6),), (Source("s", "a", 0),), WATER)
    reason = likely_reasons(net)[0]
    assert "far above capacity" in reason
    assert "'e7'" in reason
    assert "17.4 m/s" in reason  # 39.777 kg/s / (977.8 kg/m3 * 0.0023328 m2)


def test_other_reasons_are_told() -> None:
    pipe = dn200("p", "a", "b", 100.0)
    cases = {
        "not warmer than the return": HeatNet((pipe,), (), (Source("s", "a", 0),), Water(50, 50)),
        "Too much is fed in": HeatNet(
            (pipe,),
            (Consumer("z", "b", 1e6),),
            (Source("s", "a", 0), Source("t", "b", 2e6)),
            WATER,
        ),
        "Tiny consumers": HeatNet(
            (pipe,),
            (Consumer("z", "b", 5e6), Consumer("y", "b", 200.0)),
            (Source("s", "a", 0),),
            WATER,
        ),
        "Zero flow in 1 loop": HeatNet(
            (pipe, dn200("q", "b", "c", 100.0), dn200("r", "c", "a", 100.0)),
            (Consumer("z", "b", 1e6),),
            (Source("s", "a", 0),),
            WATER,
        ),
        "No single cause": HeatNet(
            (pipe,), (Consumer("z", "b", 1e6),), (Source("s", "a", 0),), WATER
        ),
    }
    for words, net in cases.items():
        assert any(words in each for each in likely_reasons(net)), words


def test_zones_without_a_path_are_named() -> None:
    net = HeatNet((), (Consumer("Z-4", "x", 1e5),), (), WATER)
    assert unreached(net) == "No path: no pipe leads from any source to zone 'Z-4'."


@pytest.mark.usefixtures("engine")
def test_a_plan_with_two_sites_on_one_network() -> None:
    """The smaller site feeds in what its flows say, the larger one the rest; both cover losses."""
    problem, plan = two_sites()
    network = NetworkConfig(supply_temperature_c=70, return_temperature_c=40)
    found = simulate_case(case_of(problem, plan, network), "design")
    day = found.days[0]
    assert day.converged
    sources = {each.site_id: each for each in day.sources}
    assert sources["s1"].reference
    assert sources["s2"].heat_mw == pytest.approx(0.58, rel=1e-5)
    lost = sum(each.heat_loss_kw for each in day.pipes) / 1e3
    assert sources["s1"].heat_mw == pytest.approx(1.27 + lost - 0.58, rel=1e-5)
    assert sum(each.pump_power_kw for each in day.consumers) == pytest.approx(
        day.figures["pump_power_kw"]
    )
