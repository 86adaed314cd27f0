"""Estimates of storeys, floor area, heat demand and blocks, worked by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from siting.demand import (
    FULL_LOAD_HOURS_H,
    annual_demand_from_floor_area,
    estimate_levels,
    group_along_streets,
    group_touching,
    heat_benchmark,
    heat_benchmarks,
    peak_demand_from_full_load_hours,
)
from siting.errors import InputError


def test_every_benchmark_has_a_source_and_a_mean_of_all_ages():
    table = heat_benchmarks("FI")
    assert table["source"].notna().all()
    assert table["licence"].notna().all()
    assert table["heated_share_source"].notna().all()
    assert table["heated_share"].between(0.5, 1.0).all()
    assert not table.duplicated(["use", "age_band"]).any()
    assert set(table.loc[table["age_band"] == "all", "use"]) == set(table["use"])


def test_age_bands_cover_each_year_once():
    """A gap between bands would send old houses to the mean without a word."""
    bands = heat_benchmarks("FI").query("use == 'office' and age_band != 'all'")
    first = bands["first_year"].fillna(1800).sort_values()
    last = bands["last_year"].fillna(2100).sort_values()
    assert (first.to_numpy()[1:] == last.to_numpy()[:-1] + 1).all()


def test_the_table_is_a_copy():
    table = heat_benchmarks("FI")
    table["heated_share"] = 0.0
    assert heat_benchmarks("FI")["heated_share"].gt(0).all()


def test_demand_of_flats_by_hand():
    """0.85 of 1,000 m² at (122.97 + 58.08) kWh/m² is 153.9 MWh; gross area must not count full."""
    demand = annual_demand_from_floor_area(pd.Series([1000.0]), pd.Series(["apartments"]))
    assert demand.iloc[0] == pytest.approx(0.85 * (122.97 + 58.08))


def test_year_built_picks_the_age_band():
    use = pd.Series(["office"] * 4)
    year = pd.Series([1880.0, 1945.0, 2015.0, np.nan])
    band = heat_benchmark(use, year_built=year)["age_band"]
    assert band.tolist() == ["Before 1945", "1945 - 1969", "2011 - 2020", "all"]


def test_demand_keeps_the_index_and_scales_with_area():
    use = pd.Series(["house", "retail"], index=["b", "a"])
    area = pd.Series([100.0, 200.0], index=["b", "a"])
    one = annual_demand_from_floor_area(area, use)
    assert list(one.index) == ["b", "a"]
    pd.testing.assert_series_equal(annual_demand_from_floor_area(3 * area, use), 3 * one)


def test_unknown_use_is_named_with_the_known_ones():
    with pytest.raises(InputError, match=r"'castle'.*Use one of.*'apartments'"):
        annual_demand_from_floor_area(pd.Series([1.0, 1.0]), pd.Series(["castle", "office"]))


def test_missing_use_is_refused():
    with pytest.raises(InputError, match=r"\(none\)"):
        heat_benchmark(pd.Series([None, "office"], dtype=object))


def test_unknown_country_is_refused():
    with pytest.raises(InputError, match="country 'XX'"):
        heat_benchmarks("XX")


@pytest.mark.parametrize("area", [-1.0, np.nan])
def test_negative_or_missing_floor_area_is_refused(area):
    with pytest.raises(InputError, match="floor_area_m2 is negative or missing at '7'"):
        annual_demand_from_floor_area(
            pd.Series([area], index=[7]), pd.Series(["office"], index=[7])
        )


def test_peak_from_full_load_hours():
    peak = peak_demand_from_full_load_hours(pd.Series([2800.0]), FULL_LOAD_HOURS_H["FI"])
    assert peak.tolist() == [1000.0]


@pytest.mark.parametrize("hours", [0.0, 8761.0, float("nan")])
def test_impossible_full_load_hours_are_refused(hours):
    with pytest.raises(InputError, match="a year has 1 to 8,760 hours"):
        peak_demand_from_full_load_hours(pd.Series([1.0]), hours)


def test_levels_come_from_the_best_evidence():
    """Tag before height, height before hint, hint before median; each says where it is from."""
    found = estimate_levels(
        pd.Series([6, None, None, None, None]),
        pd.Series(["office"] * 5),
        height_m=pd.Series([99.0, 16.0, None, None, None]),
        hints={"register": pd.Series([None, 2.0, 3.0, None, None])},
        smallest_sample=3,
    )
    assert found["levels"].tolist() == [6.0, 5.0, 3.0, 5.0, 5.0]
    assert (
        found["levels_source"].tolist()
        == ["tag", "height", "register"] + ["median of same use"] * 2
    )


def test_small_samples_do_not_speak_for_a_use():
    found = estimate_levels(
        pd.Series([9, 1, 1, 1, None]), pd.Series(["hotel", "house", "house", "house", "hotel"])
    )
    assert found.loc[4].tolist() == [1.0, "median of all"]


def test_levels_without_any_knowledge_are_one():
    found = estimate_levels(pd.Series([None, 0]), pd.Series(["house", "house"]))
    assert found["levels"].tolist() == [1.0, 1.0]
    assert set(found["levels_source"]) == {"1 assumed"}


def test_storey_height_may_differ_between_buildings():
    found = estimate_levels(
        pd.Series([None, None]),
        pd.Series(["office", "retail"]),
        height_m=pd.Series([9.0, 9.0]),
        storey_height_m=pd.Series([3.0, 4.5]),
    )
    assert found["levels"].tolist() == [3.0, 2.0]


def test_touching_buildings_form_one_group():
    boxes = gpd.GeoSeries([shapely.box(x, 0, x + 10, 10) for x in (0, 50, 10.3, 20.6)])
    assert group_touching(boxes, gap_m=0.5).tolist() == [0, 1, 0, 0]
    assert group_touching(boxes, gap_m=0.1).tolist() == [0, 1, 2, 3]


def test_long_streets_are_cut_into_blocks():
    street = gpd.GeoSeries([shapely.LineString([(0, 0), (400, 0)])])
    boxes = gpd.GeoSeries([shapely.box(x, 10, x + 10, 20) for x in range(5, 395, 20)])
    blocks = group_along_streets(boxes, street, block_length_m=200)
    assert blocks.nunique() == 2
    assert blocks.is_monotonic_increasing


def test_lone_building_joins_its_neighbours_but_not_across_a_field():
    streets = gpd.GeoSeries(
        [shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(100, 0), (100, 500)])]
    )
    row = [shapely.box(x, 5, x + 10, 15) for x in (0, 20, 40, 60)]
    corner, far = shapely.box(85, 30, 95, 40), shapely.box(105, 400, 115, 410)
    blocks = group_along_streets(gpd.GeoSeries([*row, corner, far]), streets)
    assert blocks.tolist() == [0, 0, 0, 0, 0, 1]
