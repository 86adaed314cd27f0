"""Pipes inside zones agree with figures worked out by hand (check T9)."""

from __future__ import annotations

import math

import pytest

from siting.distribution import (
    COST_CURVES,
    EFFECTIVE_WIDTHS,
    effective_width_hre_2019,
    effective_width_seenergies,
    linear_heat_density_gj_per_m,
    mean_diameter_persson_2011,
    published_trench_cost_eur_per_m,
    zone_pipes,
)
from siting.economics import crf
from siting.parameters import load_parameters
from siting.pipes import catalogue_for

CATALOGUE = catalogue_for(70, 40, load_parameters(), pressure_gradient_pa_per_m=150)


@pytest.mark.parametrize(
    ("name", "width", "density", "diameter", "curve", "cost"),
    [
        ("persson_2011", 68.5714, 9.8743, 0.11199, "persson_2011_inner_city", 512.45),
        ("hre_2019", 60.0, 8.64, 0.10550, "hre_2019", 682.96),
        ("seenergies", 54.5982, 7.8621, 0.10092, "seenergies_de_at", 774.16),
    ],
)
def test_effective_width(
    name: str, width: float, density: float, diameter: float, curve: str, cost: float
) -> None:
    """T9: 400 MWh/(ha a) at a plot ratio of 0.5."""
    found = EFFECTIVE_WIDTHS[name](0.5)
    gj_per_m = linear_heat_density_gj_per_m(400, 10_000, found)
    mean = mean_diameter_persson_2011(gj_per_m)
    assert found == pytest.approx(width, abs=5e-5)
    assert gj_per_m == pytest.approx(density, abs=5e-5)
    assert mean == pytest.approx(diameter, abs=5e-6)
    assert published_trench_cost_eur_per_m(mean, curve) == pytest.approx(cost, abs=0.02)


def test_capital_cost_of_the_heat() -> None:
    """T9: Heat Roadmap Europe at 3 % over 30 years, 4.0329 EUR/GJ or 14.518 EUR/MWh."""
    density = linear_heat_density_gj_per_m(400, 10_000, 60.0)
    cost = published_trench_cost_eur_per_m(mean_diameter_persson_2011(density), "hre_2019")
    per_gj = crf(0.03, 30) * cost / density
    assert per_gj == pytest.approx(4.0329, abs=1e-4)
    assert per_gj * 3.6 == pytest.approx(14.518, abs=5e-4)


def test_density_is_in_gj_not_mwh() -> None:
    """The unit trap: 2.7429 MWh/m are 9.8743 GJ/m; with MWh the pipe would be half as wide."""
    width = EFFECTIVE_WIDTHS["persson_2011"](0.5)
    density = linear_heat_density_gj_per_m(400, 10_000, width)
    assert density / 3.6 == pytest.approx(2.7429, abs=5e-5)
    wrong = mean_diameter_persson_2011(density / 3.6)
    assert mean_diameter_persson_2011(density) - wrong == pytest.approx(0.0486 * math.log(3.6))
    pipes = zone_pipes(10_000, 5_000, 400, 1e3, CATALOGUE)
    assert pipes.mean_diameter_m == pytest.approx(0.11199, abs=5e-6)


def test_widths_meet_where_their_branches_do() -> None:
    assert effective_width_hre_2019(0.4) == pytest.approx(60.0)
    assert effective_width_hre_2019(0.4 + 1e-9) == 60.0
    edge = math.exp(-2)
    assert effective_width_seenergies(edge) == pytest.approx(effective_width_seenergies(edge + 0.1))


def test_widths_disagree_where_few_floors_stand() -> None:
    """At a plot ratio of 0.1 trenches are denser after Heat Roadmap Europe, sparser elsewhere."""
    widths = {name: width(0.1) for name, width in EFFECTIVE_WIDTHS.items()}
    assert widths["hre_2019"] == pytest.approx(18.75)
    assert widths["hre_2019"] < widths["seenergies"] < widths["persson_2011"]
    lengths = [
        zone_pipes(10_000, 1_000, 100, 0.1, CATALOGUE, effective_width=name).trench_length_m
        for name in EFFECTIVE_WIDTHS
    ]
    assert lengths == pytest.approx([10_000 / widths[name] for name in EFFECTIVE_WIDTHS])


@pytest.mark.parametrize(
    ("curve", "printed"),
    [
        ("persson_2011_inner_city", (396, 503, 711, 918, 1288, 2296)),
        ("persson_2011_outer_city", (308, 399, 576, 753, 1069, 1929)),
        ("persson_2011_park", (226, 299, 441, 582, 834, 1521)),
        ("hre_2019", (455, 690, 1150, 1608, 2423, 4649)),
        ("seenergies_de_at", (579, 800, 1234, 1666, 2436, 4537)),
    ],
)
def test_published_trench_costs(curve: str, printed: tuple[int, ...]) -> None:
    """The table of published lines at DN50, 100, 200, 300, 500 and 1000, to the euro."""
    diameters = (0.0545, 0.1071, 0.2101, 0.3127, 0.4954, 0.994)
    found = [published_trench_cost_eur_per_m(each, curve) for each in diameters]
    assert found == pytest.approx(printed, abs=1.0)


def test_every_published_line_rises() -> None:
    for name, (constant, slope) in COST_CURVES.items():
        assert 0 < constant < slope, name


def test_the_mean_pipe_is_no_larger_than_the_peak_needs() -> None:
    small = zone_pipes(10_000, 5_000, 400, 0.02, CATALOGUE)
    assert small.mean_diameter_m == pytest.approx(0.0223)
