"""Check that columns named together are added up, and that missing parts are said."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest

import siting
from siting.errors import FaultLog
from siting.layers.sums import with_sums


def layer(**columns: list[object]) -> gpd.GeoDataFrame:
    count = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(range(count), range(count)))


def test_parts_add_up_and_a_missing_part_counts_as_nothing() -> None:
    log = FaultLog()
    frame = layer(homes=[1.0, None, None], shops=["2,5", "3", None])
    found = with_sums("zones", frame, {"annual_demand_mwh": "homes + shops"}, log)
    assert found["homes + shops"].tolist()[:2] == [3.5, 3.0]
    assert found["homes + shops"].isna().tolist() == [False, False, True]
    assert not log.faults


def test_a_column_with_a_plus_in_its_name_goes_before() -> None:
    frame = layer(**{"a+b": [7.0], "a": [1.0], "b": [2.0]})
    found = with_sums("zones", frame, {"annual_demand_mwh": "a+b"}, FaultLog())
    assert found["a+b"].tolist() == [7.0]


def test_missing_parts_and_text_are_faults() -> None:
    log = FaultLog()
    frame = layer(homes=[1.0, 2.0], shops=["2", "many"])
    with_sums("zones", frame, {"a": "homes + shop", "b": "homes + shops"}, log)
    said = [str(each) for each in log.faults]
    assert "needs columns 'shop', which the layer does not have, nearest is 'shops'" in said[0]
    assert "'shops', part of a sum, holds text that is no number in 1 rows: 'many'" in said[1]


def test_demand_of_two_columns_in_a_study(small_study: Path) -> None:
    folder = small_study if small_study.is_dir() else small_study.parent
    zones = gpd.read_file(folder / "zones.gpkg")
    demand = zones["annual_demand_mwh"]
    zones = zones.drop(columns="annual_demand_mwh").assign(a_mwh=0.25 * demand, b_mwh=0.75 * demand)
    zones.to_file(folder / "zones.gpkg", layer="zones")
    file = folder / "study.toml"
    mapped = 'path = "zones.gpkg"\ncolumns = { annual_demand_mwh = "a_mwh + b_mwh" }'
    file.write_text(file.read_text(encoding="utf-8").replace('path = "zones.gpkg"', mapped))
    counts = siting.read_study(file).check().counts
    assert counts["annual_demand_gwh"] == pytest.approx(demand.sum() / 1000)
