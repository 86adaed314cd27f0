"""The traps that were met when the reference data were opened, each with the test that holds it.

1. Ways that are no streets: the lengths of `tests/unit/test_streets.py::test_real_files`.
2. and 3. Extracts cut at their border, ids that do not increase: the same, for Helsinki, Kotka and
   Espoo.
4. and 5. Lists in any order, several components, invalid areas: below.
6. Missing storeys: `tests/unit/test_osm_buildings.py`.
The others (Latin-1, EWKT, demand in TJ/km2, shared places, outliers): `test_real_layers.py` and
`test_every_file.py`.
"""

from __future__ import annotations

import logging
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from real_studies import dublin_walkinstown

import siting
from siting.streets import street_frame


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)


def test_lists_of_classes_and_names_do_not_depend_on_their_order() -> None:
    """As simplification leaves them: the order changes with the hash seed of a run."""
    line = shapely.LineString([(0, 0), (100, 0)])
    told = []
    for names in (["B Street", "A Street"], ["A Street", "B Street"]):
        for classes in (["footway", "residential"], ["residential", "footway"]):
            lines = gpd.GeoDataFrame(
                {"name": [names], "highway": [classes]}, geometry=[line], crs="EPSG:3067"
            )
            told.append(pd.DataFrame(street_frame(lines)[0].drop(columns="geometry")))
    for each in told[1:]:
        pd.testing.assert_frame_equal(told[0], each)
    assert told[0].loc[0, "name"] == "A Street;B Street"


def test_invalid_buildings_of_london_are_repaired_and_said(tmp_path: Path, shared: Path) -> None:
    """Two of 2,155 outlines cross themselves."""
    gpkg = (shared / "data" / "derived" / "london_farringdon.gpkg").as_posix()
    (tmp_path / "sites.csv").write_text("site_id,lon,lat,it_load_mw\ns,-0.1,51.517,4\n")
    (tmp_path / "zones.csv").write_text("zone_id,lon,lat,annual_demand_mwh\nz,-0.1,51.518,90\n")
    study = tmp_path / "study.toml"
    study.write_text(
        '[layers.sites]\npath = "sites.csv"\n[layers.zones]\npath = "zones.csv"\n'
        f'[layers.streets]\npath = "{gpkg}"\nlayer = "streets_27700"\n'
        f'[layers.buildings]\npath = "{gpkg}"\nlayer = "buildings_27700"\n',
        encoding="utf-8",
    )
    found = siting.read_study(study).inspect()
    acts = {each.act: each for each in found.remarks if each.layer == "buildings"}
    assert acts["read buildings"].count == 2_155
    assert acts["repaired invalid areas"].count == 2
    assert acts["repaired invalid areas"].repair
    assert shapely.is_valid(found.region.buildings).all()


def test_parts_that_hang_on_nothing_are_dropped_and_said(tmp_path: Path, shared: Path) -> None:
    """Walkinstown falls into several parts; each zone and site says on which it lies."""
    checked = siting.read_study(dublin_walkinstown(tmp_path, shared / "data")).check()
    acts = {each.act: each for each in checked.remarks}
    told = acts["dropped parts without site and zone"]
    assert told.count > 0
    assert told.repair
    assert len(told.places) == told.count
    parts = checked.network.nodes["part"]
    assert parts[checked.network.site_nodes].ge(0).all()
