"""The load-duration curve and simultaneity agree with figures worked out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from siting.errors import InputError
from siting.heat import (
    full_load_hours,
    heat_share,
    load_curve,
    load_factor,
    peak_from_full_load_hours,
    simultaneity_thermos,
    simultaneity_winter_2001,
    sochinsky_exponent,
    stacked_heat_shares,
    time_share_above,
)

MEAN, LEAST = 0.2854, 0.08
USUAL = [(1600, 0.04), (2000, 0.06), (2500, 0.08), (3000, 0.10), (3500, 0.14), (3500, 0.15)]


def test_sochinsky_curve() -> None:
    """T7."""
    assert sochinsky_exponent(MEAN, LEAST) == pytest.approx(0.2874335, abs=5e-8)
    assert time_share_above(0.4, MEAN, LEAST) == pytest.approx(0.226026, abs=5e-7)
    assert time_share_above(0.4, MEAN, LEAST) * 8760 == pytest.approx(1980, abs=0.5)
    assert heat_share(0.4, MEAN, LEAST) == pytest.approx(0.893912, abs=5e-7)
    assert heat_share(0.4, MEAN, LEAST) * MEAN * 8760 / 0.4 == pytest.approx(5587, abs=0.5)
    shares = heat_share([0.1, 0.2, 0.3], MEAN, LEAST)
    assert shares == pytest.approx([0.3478, 0.6152, 0.7884], abs=5e-5)


def test_sochinsky_curve_at_its_ends() -> None:
    """T7: s(1) = 1, nothing more above, and s(x) = x / m up to the minimum load."""
    x = np.array([0.0, 0.03, LEAST])
    assert heat_share(x, MEAN, LEAST) == pytest.approx(x / MEAN)
    assert heat_share([1.0, 1.5], MEAN, LEAST).tolist() == [1.0, 1.0]
    assert heat_share(1 - 1e-9, MEAN, LEAST) == pytest.approx(1.0)


def test_sochinsky_curve_is_the_area_under_the_demand() -> None:
    """T7: numerical integration agrees to 1e-4."""
    beta = sochinsky_exponent(MEAN, LEAST)
    time = (np.arange(200_000) + 0.5) / 200_000
    demand = 1 - (1 - LEAST) * time**beta
    assert demand.mean() == pytest.approx(MEAN, abs=1e-5)
    for x in (0.05, 0.2, 0.4, 0.7, 0.95):
        assert np.minimum(demand, x).mean() / MEAN == pytest.approx(
            heat_share(x, MEAN, LEAST), abs=1e-4
        )


TABLE = [
    (2000, 0.06, [21.9, 42.2, 58.0, 70.0, 79.1, 85.8, 90.6, 94.0, 97.8, 99.4, 99.9, 100]),
    (2500, 0.08, [17.5, 34.8, 49.5, 61.5, 71.2, 78.8, 84.8, 89.4, 95.3, 98.3, 99.5, 99.9]),
    (3000, 0.10, [14.6, 29.2, 42.7, 54.3, 64.0, 72.1, 78.8, 84.3, 92.0, 96.5, 98.8, 99.7]),
    (3500, 0.14, [12.5, 25.0, 37.5, 48.9, 58.7, 67.2, 74.3, 80.3, 89.2, 94.9, 98.0, 99.5]),
]


@pytest.mark.parametrize(("hours", "least", "per_cent"), TABLE)
def test_heat_shares_of_the_published_table(
    hours: float, least: float, per_cent: list[float]
) -> None:
    x = [0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.50, 0.60, 0.70, 0.80]
    assert 100 * heat_share(x, hours / 8760, least) == pytest.approx(per_cent, abs=0.051)


def test_sources_stack_and_do_not_add_up() -> None:
    """T7b: the second source finds 0.4406 of the heat, not the 0.6152 it would find alone."""
    first, second = stacked_heat_shares([0.1, 0.2], MEAN, LEAST)
    assert first == pytest.approx(0.3478, abs=5e-5)
    assert second == pytest.approx(0.4406, abs=5e-5)
    assert heat_share(0.2, MEAN, LEAST) == pytest.approx(0.6152, abs=5e-5)


def test_complete_case_w1() -> None:
    """T12: peak 18.1818 MW, x 0.36054, s 0.85890, 5 955.7 full-load hours of the heat pump."""
    plant_mwh, output_mw = 40_000 / 0.88, 6.5553
    peak = peak_from_full_load_hours(plant_mwh, 2500)
    share = heat_share(output_mw / peak, load_factor(2500), 0.08)
    assert peak == pytest.approx(18.1818, abs=5e-5)
    assert output_mw / peak == pytest.approx(0.36054, abs=5e-6)
    assert share == pytest.approx(0.85890, abs=5e-6)
    assert share * plant_mwh / output_mw == pytest.approx(5955.7, abs=0.1)


@pytest.mark.parametrize(("hours", "least"), USUAL)
def test_load_curve_never_overstates_and_hardly_understates(hours: float, least: float) -> None:
    """Less than 0.2 % of the annual demand is lost between the corners."""
    x = np.linspace(0, 1, 10_001)
    corners = np.array(load_curve(hours, least))
    missing = heat_share(x, hours / 8760, least) - np.interp(x, *corners.T)
    assert missing.min() > -1e-12
    assert missing.max() < 0.002


@pytest.mark.parametrize(("hours", "least"), [*USUAL, (2500, 0.0), (701, 0.08), (8759.9, 0.5)])
@pytest.mark.parametrize("points", [3, 10, 16, 60])
def test_load_curve_is_concave_and_complete(hours: float, least: float, points: int) -> None:
    corners = load_curve(hours, least, points)
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(corners)]
    assert corners[0] == (0.0, 0.0)
    assert corners[-1] == (1.0, 1.0)
    assert len(corners) <= points
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(slopes))
    assert slopes[-1] >= 0


def test_load_curve_spreads_its_error_evenly() -> None:
    """The worst and the best piece beyond the minimum load differ by less than a fifth."""
    corners = load_curve(2500, 0.08)
    worst = []
    for (x0, s0), (x1, s1) in itertools.pairwise(corners[1:]):
        x = np.linspace(x0, x1, 500)
        chord = np.interp(x, [x0, x1], [s0, s1])
        worst.append(float((heat_share(x, 2500 / 8760, 0.08) - chord).max()))
    assert max(worst) < 1.2 * min(worst)


def test_a_flat_demand_needs_no_curve() -> None:
    assert load_curve(8760, 0.08) == ((0.0, 0.0), (1.0, 1.0))


@pytest.mark.parametrize(("hours", "least"), [(600, 0.08), (0, 0.0), (8800, 0.08), (2500, -0.1)])
def test_impossible_demand_is_refused(hours: float, least: float) -> None:
    with pytest.raises(InputError):
        load_curve(hours, least)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(InputError, match="3 or more"):
        load_curve(2500, 0.08, points=2)


def test_full_load_hours_and_peak_are_inverse() -> None:
    assert full_load_hours(2500, 1.0) == 2500
    assert peak_from_full_load_hours(7500, full_load_hours(7500, 3.1)) == pytest.approx(3.1)
    with pytest.raises(InputError):
        full_load_hours(100, 0.0)


def test_simultaneity_of_winter() -> None:
    """T11."""
    factors = simultaneity_winter_2001([2, 5, 10, 20, 50, 100, 200])
    expected = [0.9993, 0.9927, 0.9740, 0.9190, 0.7433, 0.5882, 0.4993]
    assert factors == pytest.approx(expected, abs=5e-5)
    assert simultaneity_winter_2001(1) == 1.0
    assert simultaneity_winter_2001(200, floor=0.6) == 0.6


def test_simultaneity_of_thermos() -> None:
    """T11: two buildings of 30 kW need 48.6 kW."""
    assert simultaneity_thermos(2) * 60 == pytest.approx(48.6)
    assert simultaneity_thermos([5, 20, 50, 100, 200]) == pytest.approx(
        [0.696, 0.639, 0.628, 0.624, 0.622], abs=5e-4
    )
