"""Hydraulics, heat loss and catalogue agree with figures worked out by hand (checks T1 to T4)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from siting.errors import InputError
from siting.parameters import load_parameters
from siting.pipes import (
    WATER_70C,
    buried_pair_en13941,
    catalogue_for,
    flow_at_gradient,
    friction_colebrook,
    heat_flow_mw,
    outlet_temperature,
    pressure_gradient,
    pump_power_kw,
    reynolds_number,
    trench_pressure_drop_bar,
    velocity,
    water_flow_for_heat,
)

DN = [20, 25, 32, 40, 50, 65, 80, 100, 125, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800,
      900, 1000]  # fmt: skip
D_MM = np.array([22.3, 28.5, 37.2, 43.1, 54.5, 70.3, 82.5, 107.1, 132.5, 160.3, 210.1, 263.0, 312.7,
                 344.4, 393.8, 444.4, 495.4, 595.8, 695.0, 795.4, 894.0, 994.0])  # fmt: skip
# Heat flow [MW] at 30 K and a pressure gradient [Pa/m], and the last digit printed.
PRINTED_MW = {
    100: ".019 .036 .074 .109 .204 .401 .612 1.22 2.13 3.52 7.16 12.9 20.3 26.1 37.1 50.8 67.4 109"
    " 163 231 313 413",
    150: ".023 .045 .092 .135 .252 .495 .756 1.50 2.63 4.34 8.82 15.9 25.0 32.1 45.6 62.4 82.9 134"
    " 200 284 385 507",
    200: ".027 .052 .106 .157 .293 .575 .877 1.74 3.05 5.03 10.2 18.4 28.9 37.2 52.7 72.3 95.9 155"
    " 231 329 445 586",
    250: ".031 .059 .120 .177 .329 .646 .985 1.96 3.42 5.64 11.5 20.6 32.4 41.6 59.1 80.9 107 174"
    " 259 368 498 656",
}
HEAT_TRANSFER = {
    1: ".130 .159 .162 .186 .208 .245 .252 .264 .306 .361 .392 .379 .435 .423 .449 .451 .437 .531"
    " .604 .680 .754 .831",
    2: ".112 .132 .144 .162 .181 .203 .213 .222 .256 .290 .306 .299 .341 .328 .341 .341 .333 .386"
    " .437 .489 .540 .594",
    3: ".103 .120 .130 .146 .158 .177 .188 .195 .218 .240 .251 .251 .277 .267 .274 .274 .269 .310"
    " .349 .389 .429 .470",
}
MANUFACTURER = (
    ".113 .134 .145 .165 .184 .207 .216 .225 .260 .295 .312 .304 .347 .334 .346 .343 .334"
)


def test_temperature_drop() -> None:
    """T1."""
    slow = outlet_temperature(80, 8, 0.306, 2000, 4)
    fast = outlet_temperature(80, 8, 0.306, 2000, 40)
    assert fast == pytest.approx(79.7376, abs=5e-5)
    assert slow == pytest.approx(77.4183, abs=5e-5)
    assert 40 * 4190 * (80 - fast) / 1e3 == pytest.approx(43.984, abs=5e-4)
    assert 4 * 4190 * (80 - slow) / 1e3 == pytest.approx(43.269, abs=5e-4)
    assert 4 * 4190 * (80 - slow) / 1e3 < 40 * 4190 * (80 - fast) / 1e3 < 44.064  # linear


def test_temperature_drop_at_its_limits() -> None:
    """T1: a very long pipe ends at ground temperature, a very large flow does not cool."""
    assert outlet_temperature(80, 8, 0.306, 1e9, 40) == pytest.approx(8)
    assert outlet_temperature(80, 8, 0.306, 2000, 1e9) == pytest.approx(80)


def test_pressure_drop() -> None:
    """T2."""
    gradient = float(pressure_gradient(40, 0.2101, 0.05))
    drop = trench_pressure_drop_bar(gradient, 2000)
    fitted = trench_pressure_drop_bar(gradient, 2000, 0.10)
    assert velocity(40, 0.2101) == pytest.approx(1.17996, abs=5e-6)
    assert reynolds_number(40, 0.2101) == pytest.approx(600_016, abs=0.5)
    assert friction_colebrook(600_016, 0.05 / 210.1) == pytest.approx(0.0155520, abs=5e-8)
    assert gradient == pytest.approx(50.387, abs=5e-4)
    assert drop == pytest.approx(2.0155, abs=5e-5)
    assert fitted == pytest.approx(2.2170, abs=5e-5)
    assert pump_power_kw(drop, 40) == pytest.approx(11.778, abs=5e-4)
    assert pump_power_kw(fitted, 40) == pytest.approx(12.956, abs=5e-4)


def test_friction_against_explicit_formulas() -> None:
    """T2: Haaland is 0.75 % below and Swamee-Jain 0.58 % above."""
    re, rough = 600_016, 0.05 / 210.1
    haaland = (-1.8 * math.log10((rough / 3.7) ** 1.11 + 6.9 / re)) ** -2
    swamee_jain = 0.25 / math.log10(rough / 3.7 + 5.74 / re**0.9) ** 2
    friction = float(friction_colebrook(re, rough))
    assert haaland == pytest.approx(0.0154346, abs=5e-8)
    assert swamee_jain == pytest.approx(0.0156422, abs=5e-8)
    assert haaland / friction - 1 == pytest.approx(-0.0075, abs=5e-5)
    assert swamee_jain / friction - 1 == pytest.approx(0.0058, abs=5e-5)


def test_laminar_friction() -> None:
    """T2: f = 64 / Re below 2300."""
    re = np.array([10.0, 1000.0, 2299.0])
    assert friction_colebrook(re, 0.001) == pytest.approx(64 / re)


def test_flow_at_gradient_is_the_inverse() -> None:
    flow = flow_at_gradient(150, D_MM / 1e3, 0.05)
    assert pressure_gradient(flow, D_MM / 1e3, 0.05) == pytest.approx(np.full(22, 150.0))


@pytest.mark.parametrize(
    ("heat", "temperatures", "gradient", "size", "at"),
    [
        (10, (80, 50), 100, "DN250", (60.94, 1.498)),
        (10, (80, 50), 150, "DN250", (60.94, 1.498)),
        (10, (80, 50), 200, "DN200", (191.65, 2.347)),
        (1, (70, 40), 100, "DN100", (68.45, 0.903)),
        (30, (90, 50), 100, "DN350", (74.78, None)),
        (30, (90, 50), 150, "DN300", (122.43, 2.384)),
        (0.2, (70, 40), 100, "DN50", (96.37, 0.698)),
    ],
)
def test_size_selection(
    heat: float,
    temperatures: tuple[float, float],
    gradient: float,
    size: str,
    at: tuple[float, float | None],
) -> None:
    """T3."""
    sizes = catalogue_for(*temperatures, load_parameters(), pressure_gradient_pa_per_m=gradient)
    position = sizes.smallest_for(heat)
    flow = water_flow_for_heat(heat, *temperatures)
    diameter = sizes.inner_diameter_m[position]
    assert sizes.labels[position] == size
    assert pressure_gradient(flow, diameter, 0.05) == pytest.approx(at[0], abs=0.006)
    if at[1] is not None:
        assert velocity(flow, diameter) == pytest.approx(at[1], abs=6e-4)


def test_water_flow() -> None:
    """T3."""
    assert water_flow_for_heat(10, 80, 50) == pytest.approx(79.5545, abs=5e-5)
    assert water_flow_for_heat(1, 70, 40) == pytest.approx(7.95545, abs=5e-6)
    assert water_flow_for_heat(30, 90, 50) == pytest.approx(178.998, abs=5e-4)
    assert heat_flow_mw(water_flow_for_heat(3, 80, 50), 80, 50) == pytest.approx(3)


def test_size_selection_is_monotone() -> None:
    """T3: more heat never takes a smaller pipe, nor does a smaller gradient."""
    heat = np.geomspace(0.01, 200, 60)
    before = np.zeros(60)
    for gradient in (250, 150, 100, 70):
        sizes = catalogue_for(70, 40, load_parameters(), pressure_gradient_pa_per_m=gradient)
        found = np.array([sizes.smallest_for(each) for each in heat])
        assert (np.diff(found) >= 0).all()
        assert (found >= before).all()
        before = found


@pytest.mark.parametrize("gradient", [100, 150, 200, 250])
def test_capacity_table(gradient: int) -> None:
    """Heat flow at a gradient alone, within 1 % or the last digit printed."""
    free = load_parameters({"velocity_cap_large_m_per_s": 10})
    flow = flow_at_gradient(gradient, D_MM / 1e3, free.value("roughness_mm"))
    for found, text in zip(heat_flow_mw(flow, 70, 40), PRINTED_MW[gradient].split(), strict=True):
        digits = len(text.split(".")[1]) if "." in text else 0
        assert found == pytest.approx(float(text), rel=0.01, abs=0.51 * 10.0**-digits)


def test_capacity_scales_with_the_temperature_spread_and_obeys_the_velocity_cap() -> None:
    sizes = catalogue_for(70, 40, load_parameters(), pressure_gradient_pa_per_m=150)
    wide = catalogue_for(100, 40, load_parameters(), pressure_gradient_pa_per_m=150)
    assert wide.capacity_mw == pytest.approx(2 * sizes.capacity_mw)
    assert (np.diff(sizes.capacity_mw) > 0).all()
    speed = velocity(water_flow_for_heat(sizes.capacity_mw, 70, 40), sizes.inner_diameter_m)
    assert speed.max() == pytest.approx(3.0)
    slow = catalogue_for(
        70,
        40,
        load_parameters({"velocity_cap_large_m_per_s": 2}),
        pressure_gradient_pa_per_m=150,
    )
    assert slow.capacity_mw[-1] == pytest.approx(sizes.capacity_mw[-1] * 2 / 3)


@pytest.mark.parametrize(
    ("steel", "casing", "wall", "expected"),
    [
        (114.3, 200, 3.2, (0.263956, 0.278247, 0.014291, 3.238691, 0.364742, 0.185078)),
        (114.3, 225, 3.4, (0.222176, 0.231806, 0.009630, 3.970183, 0.351223, 0.179521)),
        (114.3, 250, 3.6, (0.194657, 0.201747, 0.007089, 4.623518, 0.339319, 0.174392)),
        (219.1, 355, 4.5, (0.306294, 0.322538, 0.016244, 2.807124, 0.301169, 0.156545)),
        (323.9, 500, 5.6, (0.340923, 0.358723, 0.017801, 2.528061, 0.266483, 0.138671)),
    ],
)
def test_buried_pair(steel: float, casing: float, wall: float, expected: tuple[float, ...]) -> None:
    """T4."""
    pair = buried_pair_en13941(steel, casing, wall, load_parameters())
    found = (pair.effective, pair.u1, pair.u2, pair.insulation, pair.ground, pair.coupling)
    assert [float(each) for each in found] == pytest.approx(expected, abs=1.1e-6)


def test_heat_loss_of_a_pair() -> None:
    """T4: the loss of both pipes is the sum of the two, 22.5405 + 12.3770 = 34.9175 W/m."""
    pair = buried_pair_en13941(219.1, 355, 4.5, load_parameters())
    supply = pair.supply_loss_w_per_m(80, 50, 8)
    back = pair.supply_loss_w_per_m(50, 80, 8)
    assert supply == pytest.approx(22.5405, abs=5e-5)
    assert back == pytest.approx(12.3770, abs=5e-5)
    assert pair.heat_loss_w_per_m(80, 50, 8) == pytest.approx(34.9175, abs=5e-5)
    assert supply + back == pytest.approx(pair.heat_loss_w_per_m(80, 50, 8))


@pytest.mark.parametrize("series", [1, 2, 3])
def test_heat_transfer_of_the_catalogue(series: int) -> None:
    """Every size to the last digit of the table, at 1 K mean excess temperature."""
    sizes = catalogue_for(
        9.5,
        8.5,
        load_parameters(),
        pressure_gradient_pa_per_m=150,
        insulation_series=series,
    )
    printed = [float(each) for each in HEAT_TRANSFER[series].split()]
    assert sizes.labels == tuple(f"DN{each}" for each in DN)
    assert sizes.heat_loss_w_per_m / 2 == pytest.approx(printed, abs=5.1e-4)


def test_heat_transfer_agrees_with_a_manufacturer() -> None:
    """Series 2 within 2 % of a printed catalogue, DN20 to DN500."""
    sizes = catalogue_for(9.5, 8.5, load_parameters(), pressure_gradient_pa_per_m=150)
    printed = [float(each) for each in MANUFACTURER.split()]
    assert sizes.heat_loss_w_per_m[:17] / 2 == pytest.approx(printed, rel=0.021)


def test_colder_pipes_than_the_ground_do_not_gain() -> None:
    assert (
        catalogue_for(8, 5, load_parameters(), pressure_gradient_pa_per_m=150).heat_loss_w_per_m
        == 0
    ).all()


def test_catalogue_figures() -> None:
    sizes = catalogue_for(70, 40, load_parameters(), pressure_gradient_pa_per_m=150)
    assert (sizes.inner_diameter_m * 1e3).tolist() == pytest.approx(D_MM.tolist())
    assert sizes.cost_eur_per_m[[0, 7, 10, 21]].tolist() == [650, 1090, 1836, 6810]
    assert (np.diff(sizes.cost_eur_per_m) > 0).all()


def test_useful_sizes_rise_and_span_the_flows() -> None:
    """No size between is left out: each is the cheapest for some flow."""
    sizes = catalogue_for(70, 40, load_parameters(), pressure_gradient_pa_per_m=150)
    few = sizes.useful(0.1, 8.0)
    assert few.labels == tuple(sizes.labels[sizes.labels.index("DN40") :][: len(few)])
    assert few.capacity_mw[-1] >= 8.0 > few.capacity_mw[-2]
    assert (np.diff(few.capacity_mw) > 0).all()
    assert (np.diff(few.cost_eur_per_m) > 0).all()
    assert sizes.useful(0.0, 1e9).labels == sizes.labels
    assert sizes.useful(0.0, 0.0).labels == ("DN20",)


def test_what_no_pipe_carries_is_refused() -> None:
    sizes = catalogue_for(70, 40, load_parameters(), pressure_gradient_pa_per_m=150)
    with pytest.raises(InputError, match="DN1000"):
        sizes.smallest_for(1_000)


def test_impossible_catalogues_are_refused_all_at_once() -> None:
    with pytest.raises(InputError) as caught:
        catalogue_for(
            40,
            70,
            load_parameters(),
            pressure_gradient_pa_per_m=150,
            insulation_series=4,
            catalogue="lead",
        )
    assert len(caught.value.faults) == 3


def test_constants_of_water() -> None:
    assert (WATER_70C.density, WATER_70C.viscosity, WATER_70C.heat_capacity) == (
        977.8,
        4.04e-4,
        4190,
    )
