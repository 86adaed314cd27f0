"""Load curves from temperatures and files: worked by hand, and set beside the two-number form."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import numpy as np
import pytest

from siting.errors import InputError
from siting.heat import (
    LoadDuration,
    booster,
    compare_load_curves,
    degree_hour_loads,
    heat_share,
    load_duration_from_points,
    load_duration_from_temperatures,
    peak_boiler_capacity,
    read_load_curves,
    read_temperatures,
    stacked_heat_shares,
    stacked_shares,
)

STEPS = LoadDuration("file", np.array([1.0, 0.5, 0.25, 0.25]))


def temperature_year(mean: float, season: float, day: float, weather: float) -> np.ndarray:
    """Return hourly temperatures: a season, a day, and spells of weather that last a few days."""
    hour = np.arange(8760)
    noise = np.random.default_rng(7).standard_normal(8760)
    spells = np.zeros(8760)
    for k in range(1, 8760):
        spells[k] = 0.985 * spells[k - 1] + np.sqrt(1 - 0.985**2) * noise[k]
    year = -season * np.cos(2 * np.pi * (hour / 8760 - 0.055))
    return mean + year - day * np.cos(2 * np.pi * (hour % 24 - 3) / 24) + weather * spells


COLD = temperature_year(5.0, 12.0, 3.0, 5.0)
MARITIME = temperature_year(9.8, 5.2, 2.0, 2.6)


def held_sochinsky(mean: float, least: float) -> LoadDuration:
    """Return the two-number form as a held curve, from points that crowd where it is steep."""
    time = np.linspace(0, 1, 20_001) ** 3
    return load_duration_from_points(time, 1 - (1 - least) * time ** ((mean - least) / (1 - mean)))


# --------------------------------------------------------------------- held curves


def test_heat_share_by_hand() -> None:
    """Loads 1, 1/2, 1/4, 1/4 sum to 2: below 0.1 lie 4 x 0.1, below 0.75 lie 0.75 + 1."""
    assert STEPS.heat_share([0, 0.1, 0.25, 0.5, 0.75, 1, 2]).tolist() == pytest.approx(
        [0, 0.2, 0.5, 0.75, 0.875, 1, 1]
    )
    assert (STEPS.load_factor, STEPS.minimum_load_ratio) == (0.5, 0.25)


def test_a_held_sochinsky_curve_gives_the_closed_form() -> None:
    """T7 by the other way: the loads of the form give its shares to 1e-4."""
    curve = held_sochinsky(0.2854, 0.08)
    x = np.array([0.1, 0.2, 0.3, 0.4])
    assert curve.heat_share(x) == pytest.approx([0.3478, 0.6152, 0.7884, 0.8939], abs=3e-4)


def test_stacking_agrees_with_the_closed_form() -> None:
    """T7b: 0.3478 and 0.4406, from loads as from the formula."""
    curve = held_sochinsky(0.2854, 0.08)
    assert stacked_shares(curve, [0.1, 0.2]) == pytest.approx([0.3478, 0.4406], abs=3e-4)
    assert stacked_shares(curve, [0.1, 0.2]) == pytest.approx(
        stacked_heat_shares([0.1, 0.2], 0.2854, 0.08), abs=3e-4
    )


@pytest.mark.parametrize("points", [3, 6, 16])
@pytest.mark.parametrize("series", [COLD, MARITIME], ids=["cold", "maritime"])
def test_broken_line_is_concave_below_the_curve_and_says_its_error(
    series: np.ndarray, points: int
) -> None:
    curve = load_duration_from_temperatures(series, 15.0, 0.08)
    line, error = curve.broken_line(points)
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(line)]
    x = np.linspace(0, 1, 5_001)
    missed = curve.heat_share(x) - np.interp(x, *np.array(line).T)
    assert line[0] == (0.0, 0.0)
    assert line[-1] == (1.0, 1.0)
    assert len(line) <= points
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(slopes))
    assert missed.min() > -1e-9
    assert missed.max() == pytest.approx(error, abs=2e-4)


def test_sixteen_corners_miss_little() -> None:
    assert load_duration_from_temperatures(COLD, 15.0, 0.08).broken_line(16)[1] < 0.003


def test_more_corners_never_miss_more() -> None:
    curve = load_duration_from_temperatures(COLD, 15.0, 0.08)
    errors = [curve.broken_line(points)[1] for points in (3, 4, 6, 8, 12, 20)]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("hours", [700.0, 2_000.0, 4_380.0, 8_000.0, 8_760.0])
def test_a_curve_takes_other_full_load_hours_with_its_peak_kept(hours: float) -> None:
    """Else a zone would get more than 8,760 hours from the first megawatt."""
    curve = load_duration_from_temperatures(COLD, 15.0, 0.08).with_full_load_hours(hours)
    assert curve.full_load_hours_h == pytest.approx(hours, rel=1e-6)
    assert curve.full_load_hours_h <= hours * (1 + 1e-9)
    assert curve.loads[0] == 1.0
    assert (np.diff(curve.loads) <= 1e-12).all()
    slope = curve.heat_share(1e-6) / 1e-6 * hours
    assert slope <= 8760 * (1 + 1e-6)


def test_impossible_full_load_hours_are_refused() -> None:
    with pytest.raises(InputError, match="a year has 8,760"):
        STEPS.with_full_load_hours(9_000)


# --------------------------------------------------------------------- degree hours


def test_degree_hours_by_hand() -> None:
    """Limit 15 °C: -5 °C is 20 degrees (the peak), 5 °C is 10, 15 °C and above nothing."""
    loads = degree_hour_loads([-5.0, 5.0, 15.0, 30.0], 15.0, 0.2)
    assert loads.tolist() == pytest.approx([1.0, 0.6, 0.2, 0.2])


def test_warm_series_and_odd_shares_are_refused() -> None:
    with pytest.raises(InputError, match=r"colder than 15 °C.*Check the unit"):
        degree_hour_loads([278.0, 290.0], 15.0, 0.1)
    with pytest.raises(InputError, match=r"minimum_load_ratio is 1"):
        degree_hour_loads([5.0], 15.0, 1.0)


def test_two_number_form_is_optimistic_in_a_cold_climate() -> None:
    """1 to 6 points for 0.2 < x < 0.5 in cold continental climates, same hours and least load."""
    curve = load_duration_from_temperatures(COLD, 15.0, 0.08)
    table = compare_load_curves({"cold": curve}, np.linspace(0.21, 0.49, 15))
    optimism = table["optimism (cold)"]
    assert optimism.max() <= 6
    assert optimism.max() >= 1
    assert optimism.min() >= -0.5


def test_two_number_form_is_near_in_a_maritime_climate() -> None:
    """Within 2 points."""
    curve = load_duration_from_temperatures(MARITIME, 15.0, 0.08)
    table = compare_load_curves({"maritime": curve}, np.linspace(0.21, 0.49, 15))
    assert table["optimism (maritime)"].abs().max() <= 2.0


def test_comparison_holds_both_shares() -> None:
    table = compare_load_curves({"steps": STEPS}, [0.25])
    assert table.index.name == "relative_capacity"
    assert table.loc[0.25, "steps"] == pytest.approx(0.5)
    assert table.loc[0.25, "sochinsky (steps)"] == pytest.approx(heat_share(0.25, 0.5, 0.25))


# --------------------------------------------------------------------- files


def write(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def hourly(head: str, values: list[str] | None = None) -> str:
    return "\n".join([head, *(values or [f"{k % 24 - 5}" for k in range(8760)])])


def test_temperatures_are_found_by_name_or_as_the_only_numbers(tmp_path: Path) -> None:
    rows = [f"2020-01-01,{k % 20}" for k in range(8760)]
    assert read_temperatures(write(tmp_path, hourly("time,Temperature_C", rows)))[:3].tolist() == [
        0,
        1,
        2,
    ]
    assert len(read_temperatures(write(tmp_path, hourly("outside")))) == 8760


def test_decimal_commas_and_semicolons_are_read(tmp_path: Path) -> None:
    rows = [f"{k};-1,5" for k in range(8784)]
    values = read_temperatures(write(tmp_path, hourly("hour;t_out", rows)))
    assert len(values) == 8784
    assert set(values) == {-1.5}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no rows"),
        ("temperature_c\n", "holds no rows"),
        ("a,b\n1,2\n3,4", "no column 'temperature_c'; it has 'a', 'b'"),
        ("temperature_c\n1\n2", "has 2 rows; a year has 8,760"),
        (hourly("temperature_c", ["1"] * 8759 + [""]), "no rows|holds 'nothing'|8,759 rows"),
        (hourly("temperature_c", ["1"] * 8759 + ["n/a"]), "'n/a' where a number is needed"),
        (hourly("temperature_c", ["278.15"] * 8760), r"holds 278\.15 in row 1.*kelvin"),
        (hourly("temperature_c,x", ["1,2,3"] * 8760), "row 1 has other cells than the header"),
        (hourly("t_out,t_out", ["1,2"] * 8760), "two columns share a name"),
    ],
)
def test_bad_temperature_series_are_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_temperatures(write(tmp_path, text))
    assert all(each.layer == "study" and each.remedy for each in caught.value.faults)


def test_absent_and_binary_files_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read temperature series 'no\.csv'.*\[demand\]"):
        read_temperatures(tmp_path / "no.csv")
    (tmp_path / "raw.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="not UTF-8"):
        read_load_curves(tmp_path / "raw.csv")


def test_own_curves_by_share_hours_and_hourly_loads(tmp_path: Path) -> None:
    """A straight line from 100 kW to nothing has a load factor of one half, however it is given."""
    share = read_load_curves(write(tmp_path, "share,load\n0,100\n1,0"))
    hours = read_load_curves(write(tmp_path, "hours;town;mill\n0;100;8\n4380;50;8\n8760;0;8"))
    loads = [str((k * 37) % 8760) for k in range(8760)]
    every = read_load_curves(write(tmp_path, hourly("kw", loads)))
    assert share["load"].load_factor == pytest.approx(0.5, abs=1e-4)
    assert hours["town"].load_factor == pytest.approx(0.5, abs=1e-4)
    assert hours["mill"].load_factor == pytest.approx(1.0)
    assert every["kw"].load_factor == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("share,load\n0,1\n0.5,2\n1,0", "does not at row 2"),
        ("share,load\n0,1\n1,-1", "not be negative"),
        ("share,load\n0,0\n1,0", "holds no load"),
        ("share,load\n0.2,1\n1,0", r"runs from 0\.2 to 1; a year runs from 0 to 1"),
        ("hours,load\n0,1\n100,0", r"from 0 to 100; a year runs from 0 to 8,760"),
        ("share,load\n0,1\n0.6,1\n0.5,0.5\n1,0", "has to rise"),
        ("share\n0\n1", "no column of loads"),
        ("kw\n5\n4\n3", "3 rows without a column of time"),
        ("share,load\n0,abc\n1,0", "'abc' where a number"),
        ("share,load\n0,\n1,0", "'nothing' where a number"),
    ],
)
def test_bad_own_curves_are_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_load_curves(write(tmp_path, text))
    assert all(each.layer == "study" and each.remedy for each in caught.value.faults)


def test_noise_never_ends_in_a_traceback(tmp_path: Path) -> None:
    """Whatever stands in the file, the answer is curves or an InputError."""
    rng = np.random.default_rng(3)
    signs = list("0123456789.,;\t-+eE\"'abnshare\n\r #")
    for _ in range(150):
        text = "share,load\n" * int(rng.integers(0, 2)) + "".join(
            rng.choice(signs, size=int(rng.integers(0, 80)))
        )
        for read in (read_load_curves, read_temperatures):
            with contextlib.suppress(InputError):
                read(write(tmp_path, text))


# --------------------------------------------------------------------- boosters and boilers


def test_booster_closes_the_balance() -> None:
    """Heat of the network and electricity make the heat of the building."""
    for cop in (1.0, 4.5):
        works = booster(60, 45, 25, cop)
        assert works.lifted_share == pytest.approx(15 / 35)
        assert works.electricity_mwh_per_mwh == pytest.approx(15 / 35 / cop)
        assert works.network_share + works.electricity_mwh_per_mwh == pytest.approx(1)
    assert booster(45, 45, 25).network_share == 1.0


def test_impossible_boosters_are_refused() -> None:
    with pytest.raises(InputError, match="return below the supply"):
        booster(60, 40, 40)
    with pytest.raises(InputError, match="COP of 0.9"):
        booster(60, 45, 25, 0.9)


def test_boilers_by_peak_and_by_the_loss_of_the_largest_source() -> None:
    assert peak_boiler_capacity(20, [6, 4], margin=1.2) == pytest.approx(24)
    assert peak_boiler_capacity(20, [6], rule="n_minus_1") == 20
    assert peak_boiler_capacity(5, [6, 6], rule="n_minus_1") == 0
    with pytest.raises(InputError, match="negative"):
        peak_boiler_capacity(-1)
