"""Demand from what a layer knows: which way is taken, and that it is marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from siting.config import config_from_dict
from siting.demand import (
    annual_demand_from_dwellings,
    annual_demand_from_floor_area,
    annual_demand_from_footprint,
    benchmark_countries,
    connection_profile,
    heat_benchmark,
    heat_benchmarks,
)
from siting.errors import FaultLog, InputError
from siting.layers import read_region
from siting.layers.zone_estimates import Estimators, ways_open, with_estimates

EU27 = [
    "AT",
    "BE",
    "BG",
    "HR",
    "CY",
    "CZ",
    "DK",
    "EE",
    "FI",
    "FR",
    "DE",
    "GR",
    "HU",
    "IT",
    "LV",
    "LT",
    "LU",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SK",
    "SI",
    "ES",
    "SE",
    "IE",
]


# --------------------------------------------------------------------- benchmarks


def test_every_country_of_the_union_and_the_kingdom_have_a_table() -> None:
    assert set(benchmark_countries()) == {*EU27, "UK"}


@pytest.mark.parametrize("country", [*EU27, "UK"])
def test_every_table_is_whole_and_has_its_source(country: str) -> None:
    """Each use has a mean of all ages, and no figure stands without source and licence."""
    table = heat_benchmarks(country)
    assert table[["source", "licence", "heated_share_source", "area_basis"]].notna().all().all()
    assert not table.duplicated(["use", "age_band"]).any()
    uses = set(table["use"])
    assert uses == set(heat_benchmarks("FI")["use"])
    assert set(table.loc[table["age_band"] == "all", "use"]) == uses
    heat = table["space_heating_kwh_per_m2"] + table["hot_water_kwh_per_m2"]
    assert heat.between(3, 400).all()
    assert len(table) == len(uses) * (1 if country == "UK" else 8)


def test_figures_of_three_countries() -> None:
    """Spot checks against the published table."""
    offices = {c: heat_benchmark(pd.Series(["office"]), c).iloc[0, 0] for c in ("DE", "UK", "FI")}
    assert offices["FI"] == pytest.approx(0.85 * (126.95 + 6.72))
    assert offices["UK"] == pytest.approx(0.85 * (105.50 + 5.67))
    assert heat_benchmark(pd.Series(["house"]), "gb").iloc[0, 0] == pytest.approx(
        0.70 * (134.39 + 13.00)
    )


def test_a_country_without_age_bands_takes_its_mean() -> None:
    found = heat_benchmark(pd.Series(["office"]), "UK", year_built=pd.Series([1950.0]))
    assert found["age_band"].tolist() == ["all"]


# --------------------------------------------------------------------- single estimators


def test_footprint_times_storeys_is_floor_area() -> None:
    use, year = pd.Series(["office"]), pd.Series([1950.0])
    by_print = annual_demand_from_footprint(
        pd.Series([250.0]), pd.Series([4.0]), use, "DK", year_built=year
    )
    by_floor = annual_demand_from_floor_area(pd.Series([1000.0]), use, "DK", year_built=year)
    pd.testing.assert_series_equal(by_print, by_floor)


def test_dwellings_by_hand_and_impossible_ones() -> None:
    assert annual_demand_from_dwellings(pd.Series([30.0]), 10.0).tolist() == [300.0]
    with pytest.raises(InputError, match="dwellings is negative or missing at '0'"):
        annual_demand_from_dwellings(pd.Series([-1.0]), 10.0)
    with pytest.raises(InputError, match="0 MWh/a"):
        annual_demand_from_dwellings(pd.Series([1.0]), 0.0)


def test_connections_rise_to_all_and_stay() -> None:
    profile = connection_profile(range(31), ramp_a=7)
    assert profile[0] == 0
    assert profile[1] == pytest.approx(0.30)
    assert profile[7:].tolist() == [1.0] * 24
    assert (np.diff(profile) >= 0).all()


def test_demand_falls_where_buildings_are_refurbished() -> None:
    flat = connection_profile([1, 11], ramp_a=1, demand_reduction_per_a=0.008)
    assert flat.tolist() == pytest.approx([1.0, 0.992**10])


@pytest.mark.parametrize(
    "wrong", [{"ramp_a": 0.5}, {"first_year_share": 1.2}, {"demand_reduction_per_a": -0.1}]
)
def test_impossible_ramps_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        connection_profile([1], **wrong)


# --------------------------------------------------------------------- ways and their order


COLUMNS = ("annual_demand_mwh", "floor_area_m2", "footprint_m2", "levels", "year_built",
           "dwellings", "buildings")  # fmt: skip


def zones_of(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = dict.fromkeys(COLUMNS, np.nan) | {"use": "", "estimated": ""}
    return pd.DataFrame([usual | row for row in rows], index=[f"Z{k}" for k in range(len(rows))])


def fill(data: pd.DataFrame, area_m2: float = 500.0, **figures: Any) -> pd.DataFrame:
    log = FaultLog()
    areas = pd.Series(area_m2, index=data.index)
    filled, remarks = with_estimates(data, areas, Estimators(**figures), log)
    assert not log.faults
    assert len(remarks) == len(log.doubts)
    return filled


def test_each_zone_takes_the_most_trusted_way_that_is_open() -> None:
    """Stated figures stay; then floor and use, footprint, dwellings, floor alone; else nothing."""
    flats = {"use": "apartments"}
    data = zones_of(
        {"annual_demand_mwh": 5.0, "floor_area_m2": 4000.0, **flats},
        {"floor_area_m2": 4000.0, "levels": 3.0, "dwellings": 9.0, **flats},
        {"levels": 8.0, "dwellings": 9.0, **flats},
        {"dwellings": 9.0, "floor_area_m2": 4000.0},
        {"floor_area_m2": 4000.0},
        {},
        {"annual_demand_mwh": 7.0, "estimated": "annual demand"},
    )
    filled = fill(data)
    assert filled["estimated_by"].tolist() == [
        "stated",
        "floor area and use",
        "footprint, storeys and use",
        "number of dwellings",
        "floor area alone",
        "",
        "by the layer",
    ]
    demand = filled["annual_demand_mwh"].tolist()
    assert demand[:5] == pytest.approx([5.0, 615.57, 615.57, 90.0, 480.0])
    assert np.isnan(demand[5])
    assert filled["estimated"].tolist() == [
        "",
        "annual_demand_mwh from floor area and use",
        "annual_demand_mwh from footprint, storeys and use",
        "annual_demand_mwh from number of dwellings",
        "annual_demand_mwh from floor area alone",
        "",
        "annual demand",
    ]


def test_country_year_and_figures_of_the_study_count() -> None:
    data = zones_of({"floor_area_m2": 1000.0, "use": "Office", "year_built": 1950.0})
    german = fill(data, country="DE")["annual_demand_mwh"].iloc[0]
    by_hand = annual_demand_from_floor_area(
        pd.Series([1000.0]), pd.Series(["office"]), "DE", year_built=pd.Series([1950.0])
    )
    assert german == pytest.approx(by_hand.iloc[0])
    homes = fill(zones_of({"dwellings": 10.0}), home_heat_mwh=5.0)
    assert homes["annual_demand_mwh"].tolist() == [50.0]


def test_an_outline_is_no_footprint_of_many_buildings_or_of_a_district() -> None:
    one = {"levels": 2.0, "use": "house"}
    data = zones_of(one, {**one, "buildings": 12.0}, {**one, "footprint_m2": 90.0})
    ways = ways_open(data, pd.Series(500.0, index=data.index))
    assert ways.tolist() == ["footprint, storeys and use", "", "footprint, storeys and use"]
    wide = ways_open(data, pd.Series(1e6, index=data.index))
    assert wide.tolist() == ["", "", "footprint, storeys and use"]


def test_without_any_storeys_an_outline_says_nothing() -> None:
    """Else every area with a use would be taken for a one-storey building."""
    data = zones_of({"use": "house"})
    assert ways_open(data, pd.Series(500.0, index=data.index)).tolist() == [""]


def test_missing_storeys_are_taken_from_the_others_and_told() -> None:
    data = zones_of({"levels": 4.0, "use": "office"}, {"use": "office"})
    log = FaultLog()
    filled, _ = with_estimates(data, pd.Series(500.0, index=data.index), Estimators(), log)
    assert len(set(filled["annual_demand_mwh"])) == 1
    assert "storeys themselves estimated for 1" in log.doubts[0].message


# --------------------------------------------------------------------- through a study


def read(
    folder: Path, demand: dict[str, Any] | None = None, **columns: Any
) -> tuple[Any, FaultLog]:
    """Read the small study without demand, but with other columns."""
    path = folder / "zones.gpkg"
    frame = gpd.read_file(path).drop(columns=["annual_demand_mwh", "peak_demand_kw"])
    path.unlink()
    frame.assign(**columns).to_file(path, layer="zones", driver="GPKG")
    raw = {
        "study": {"name": "Small", "crs": "EPSG:3067"},
        "layers": {kind: {"path": f"{kind}.gpkg"} for kind in ("sites", "zones", "streets")},
        "demand": demand or {},
    }
    log = FaultLog()
    return read_region(config_from_dict(raw, folder / "study.toml"), log).zones.frame, log


def test_a_layer_of_dwellings_is_enough(small_study: Path) -> None:
    zones, log = read(small_study, dwellings=12)
    assert not log.faults
    assert zones["annual_demand_mwh"].tolist() == pytest.approx([120.0] * 6)
    assert set(zones["estimated_by"]) == {"number of dwellings"}
    assert "10 MWh per dwelling" in str(log.doubts[0])


def test_the_country_of_the_study_counts(small_study: Path) -> None:
    zones, log = read(small_study, {"country": "de"}, floor_area_m2=1000.0, use="office")
    assert "DE building stock" in str(log.doubts[0])
    assert zones["annual_demand_mwh"].iloc[0] == pytest.approx(
        annual_demand_from_floor_area(pd.Series([1000.0]), pd.Series(["office"]), "DE").iloc[0]
    )


def test_an_unknown_country_is_refused_with_the_known_ones(small_study: Path) -> None:
    _, log = read(small_study, {"country": "XX"}, floor_area_m2=1000.0, use="office")
    assert len(log.faults) == 1
    assert "country 'XX'; 'AT', 'BE'" in str(log.faults[0])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"connection_share": 70.0, "dwellings": 5}, "connection_share is 70"),
        ({"levels": 900.0, "dwellings": 5}, "levels is 900"),
        ({"year_built": 73.0, "dwellings": 5}, "year_built is 73"),
        ({"needed_supply_temperature_c": 340.0, "dwellings": 5}, "needed_supply_temperature_c"),
        ({"dwellings": -5}, "dwellings is -5"),
    ],
)
def test_unsound_columns_are_refused_in_words(
    small_study: Path, columns: dict[str, Any], words: str
) -> None:
    _, log = read(small_study, **columns)
    assert any(words in str(each) and each.remedy for each in log.faults)
