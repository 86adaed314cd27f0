"""Check that sound layers become a region, and that every fault is said in words."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from siting.config import config_from_dict
from siting.errors import Fault, FaultLog
from siting.layers import read_region
from siting.layers.columns import number_series
from siting.layers.sites import COLUMNS as SITE_COLUMNS
from siting.region import Region

EAST, NORTH = 500_000.0, 6_700_000.0
Change = Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]


class Study:
    """Layers of a small town in a folder, and a study file that can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw: dict[str, Any] = {
            "study": {"name": "Small town", "crs": "EPSG:3067"},
            "layers": {kind: {"path": f"{kind}.gpkg"} for kind in ("sites", "zones", "streets")},
        }

    def change(self, kind: str, change: Change) -> None:
        """Rewrite a layer."""
        path = self.folder / f"{kind}.gpkg"
        frame = change(gpd.read_file(path))
        path.unlink()
        frame.to_file(path, layer=kind, driver="GPKG")

    def save(self, kind: str, name: str, change: Change = lambda frame: frame) -> None:
        """Write a layer in another format and use that."""
        frame = change(gpd.read_file(self.folder / f"{kind}.gpkg"))
        if name.endswith(".parquet"):
            frame.to_parquet(self.folder / name)
        else:
            frame.to_file(self.folder / name)
        self.raw["layers"][kind]["path"] = name

    def write(self, kind: str, name: str, text: str, encoding: str = "utf-8") -> None:
        """Write a layer as text and use that."""
        (self.folder / name).write_text(text, encoding=encoding)
        self.raw["layers"][kind]["path"] = name

    def read(self) -> tuple[Region, FaultLog]:
        """Read the region."""
        log = FaultLog()
        return read_region(config_from_dict(self.raw, self.folder / "study.toml"), log), log


@pytest.fixture
def study(small_study: Path) -> Study:
    """The small study, ready to be spoilt."""
    return Study(small_study)


def fault(study: Study, words: str) -> Fault:
    """Return the one fault that holds the words; nothing may be raised."""
    _, log = study.read()
    found = [each for each in log.faults if words in str(each)]
    assert len(found) == 1, [str(each) for each in log.faults]
    assert found[0].remedy
    return found[0]


def doubt(study: Study, words: str) -> Fault:
    """Return the one doubt that holds the words; there may be no fault."""
    _, log = study.read()
    assert not log.faults, [str(each) for each in log.faults]
    found = [each for each in log.doubts if words in str(each)]
    assert len(found) == 1, [str(each) for each in log.doubts]
    return found[0]


def acts(region: Region) -> dict[str, int]:
    """Return the count of each act in the repair log."""
    return {each.act: each.count for each in region.remarks}


# ------------------------------------------------------------------------- sound layers


def test_sound_layers_become_a_region(study: Study) -> None:
    region, log = study.read()
    assert log.faults == []
    assert log.doubts == []
    assert region.name == "Small town"
    assert region.crs.to_epsg() == 3067
    sites, zones, streets = region.sites.frame, region.zones.frame, region.streets.frame
    assert list(sites.index) == ["DC-1", "DC-2"]
    assert list(sites["cooling"]) == ["air", "liquid"]
    assert set(sites["status"]) == {"candidate"}
    assert sites["utilisation"].isna().all()
    assert not sites["mandatory"].any()
    assert set(sites.geom_type) == {"Point"}
    assert zones["annual_demand_mwh"].sum() == pytest.approx(7_100)
    assert list(zones.index[:2]) == ["Z-0", "Z-1"]
    assert set(streets["surface"]) == {"urban"}
    assert set(streets["cost_factor"]) == {1.0}
    assert set(streets["u"]) == {-1}
    assert all(frame.crs == region.crs for frame in (sites, zones, streets))


def test_the_projected_crs_of_a_layer_is_the_working_crs(study: Study) -> None:
    del study.raw["study"]["crs"]
    study.change("zones", lambda frame: frame.to_crs("EPSG:4326"))
    region, log = study.read()
    assert not log.faults
    assert region.crs.to_epsg() == 3067
    assert acts(region)["brought into the working CRS"] == 6


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_working_crs_is_chosen_where_no_layer_has_a_suitable_one(study: Study, crs: str) -> None:
    """Web Mercator is in metres, but not true to scale."""
    del study.raw["study"]["crs"]
    for kind in ("sites", "zones", "streets"):
        study.change(kind, lambda frame: frame.to_crs(crs))
    region, log = study.read()
    assert not log.faults
    assert region.crs.to_epsg() == 32635
    assert region.crs.axis_info[0].unit_name == "metre"


def test_layers_in_other_crs_are_brought_together(study: Study) -> None:
    expected = study.read()[0].zones.frame.geometry
    study.change("zones", lambda frame: frame.to_crs("EPSG:32635"))
    region, log = study.read()
    assert not log.faults
    moved = next(each for each in region.remarks if each.act == "brought into the working CRS")
    assert (moved.layer, moved.count, moved.detail) == ("zones", 6, "from EPSG:32635 to EPSG:3067")
    assert region.zones.frame.geometry.distance(expected).max() < 0.01


@pytest.mark.parametrize("kinds", [("zones",), ("streets",), ("sites", "zones", "streets")])
def test_a_crs_that_cannot_be_that_of_the_coordinates(study: Study, kinds: tuple[str, ...]) -> None:
    """ETRS-TM35FIN labelled as ETRS-GK25 lies nowhere, or far from everything."""
    del study.raw["study"]["crs"]
    for kind in kinds:
        study.change(kind, lambda frame: frame.set_crs("EPSG:3879", allow_override=True))
    _, log = study.read()
    words = [str(each) for each in log.faults]
    for kind in kinds:
        assert any(each.startswith(kind) and "EPSG:3879" in each for each in words), words


def test_coordinates_outside_the_area_of_their_crs_are_doubted(study: Study) -> None:
    for kind in ("sites", "zones", "streets"):
        study.change(kind, lambda frame: frame.set_crs("EPSG:32655", allow_override=True))
    del study.raw["study"]["crs"]
    _, log = study.read()
    assert not log.faults
    study.raw["layers"]["zones"]["crs"] = "EPSG:27700"
    _, log = study.read()
    assert any("far outside the area of that CRS" in str(each) for each in log.doubts)


@pytest.mark.parametrize("ending", ["geojson", "shp", "fgb"])
def test_formats_of_gdal(study: Study, ending: str) -> None:
    short = {"annual_demand_mwh": "demand", "peak_demand_kw": "peak_kw"}
    study.save("zones", f"zones.{ending}", lambda frame: frame.rename(columns=short))
    study.raw["layers"]["zones"]["columns"] = {"annual_demand_mwh": "demand"}
    study.raw["layers"]["zones"]["demand_unit"] = "MWh"
    region, log = study.read()
    assert not log.faults
    assert region.zones.frame["annual_demand_mwh"].sum() == pytest.approx(7_100)
    assert region.zones.frame["peak_demand_kw"].notna().all()


def test_geoparquet(study: Study) -> None:
    pytest.importorskip("pyarrow")
    study.save("zones", "zones.parquet")
    region, log = study.read()
    assert not log.faults
    assert len(region.zones.frame) == 6


def test_geoparquet_without_pyarrow(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_pyarrow(path: Path) -> None:
        raise ImportError

    (study.folder / "zones.parquet").write_bytes(b"PAR1")
    study.raw["layers"]["zones"]["path"] = "zones.parquet"
    monkeypatch.setattr(gpd, "read_parquet", no_pyarrow)
    assert "siting[parquet]" in fault(study, "'pyarrow' is not installed").remedy


def test_geoparquet_cannot_be_filtered(study: Study) -> None:
    (study.folder / "zones.parquet").write_bytes(b"PAR1")
    study.raw["layers"]["zones"] |= {"path": "zones.parquet", "where": "a > 0"}
    fault(study, "`where` cannot be used with GeoParquet")


def test_csv_with_longitude_and_latitude(study: Study) -> None:
    rows = "id;Lon;Lat;it_load_mw\n007;27.0;60.4335;2,5\n008;27.004;60.434;4\n"
    study.write("sites", "sites.csv", rows)
    region, log = study.read()
    assert not log.faults, log.faults
    sites = region.sites.frame
    assert list(sites.index) == ["007", "008"]
    assert list(sites["it_load_mw"]) == [2.5, 4.0]
    assert sites.geometry.x.iloc[0] == pytest.approx(EAST, abs=50)


def test_csv_with_mapped_coordinates_needs_a_crs(study: Study) -> None:
    rows = f"id,E,N,it_load_mw\nA,{EAST + 10},{NORTH + 10},2\n"
    study.write("sites", "sites.csv", rows)
    study.raw["layers"]["sites"]["columns"] = {"x": "E", "y": "N"}
    assert "EPSG:4326" in fault(study, "states no coordinate reference system").remedy
    study.raw["layers"]["sites"]["crs"] = "EPSG:3067"
    region, log = study.read()
    assert not log.faults
    assert region.sites.frame.geometry.iloc[0].equals(shapely.Point(EAST + 10, NORTH + 10))


def test_spreadsheet_with_coordinates(study: Study) -> None:
    import pyogrio

    if "XLSX" not in pyogrio.list_drivers(write=True):
        pytest.skip("this build of GDAL writes no spreadsheets")
    rows = pd.DataFrame({"id": ["A"], "lon": [27.0], "lat": [60.4335], "it_load_mw": [2.0]})
    pyogrio.write_dataframe(rows, study.folder / "sites.xlsx", layer="sites", driver="XLSX")
    study.raw["layers"]["sites"]["path"] = "sites.xlsx"
    region, log = study.read()
    assert not log.faults
    assert region.sites.frame["it_load_mw"].tolist() == [2.0]


def test_csv_with_wkt(study: Study) -> None:
    study.write("sites", "s.csv", f'id,wkt,it_load_mw\nA,"POINT ({EAST} {NORTH})",2\n')
    study.raw["layers"]["sites"]["crs"] = "EPSG:3067"
    region, log = study.read()
    assert not log.faults
    assert region.sites.frame.geometry.iloc[0].equals(shapely.Point(EAST, NORTH))


def test_arcs_keep_their_length(study: Study) -> None:
    """Curves of a CAD or GIS file are drawn as many short pieces, within a third of a permille."""
    bow = f"({EAST} {NORTH}, {EAST + 50} {NORTH + 50}, {EAST + 100} {NORTH})"
    on = f"({EAST + 100} {NORTH}, {EAST + 300} {NORTH})"
    text = f'WKT\n"CIRCULARSTRING {bow}"\n"COMPOUNDCURVE (CIRCULARSTRING {bow}, {on})"\n'
    study.write("streets", "streets.csv", text)
    study.raw["layers"]["streets"]["crs"] = "EPSG:3067"
    region, log = study.read()
    assert not [each for each in log.faults if each.layer == "streets"], log.faults
    half = 50 * np.pi
    lengths = region.streets.frame.geometry.length
    assert sorted(lengths) == pytest.approx([half, half + 200], rel=3e-4)


def test_csv_without_coordinates(study: Study) -> None:
    study.write("sites", "sites.csv", "id,it_load_mw\nA,2\n")
    found = fault(study, "no columns with coordinates")
    assert "its columns are 'id', 'it_load_mw'" in found.message
    study.raw["layers"]["sites"]["columns"] = {"x": "E", "y": "N"}
    fault(study, "columns 'E', 'N' of the coordinates are missing")


def test_csv_in_latin_1_is_read_with_a_doubt(study: Study) -> None:
    rows = "id,lon,lat,it_load_mw,name\nA,27.0,60.4335,2,Köln\n"
    study.write("sites", "sites.csv", rows, encoding="latin-1")
    doubt(study, "read as Latin-1")
    assert study.read()[0].sites.frame["name"].iloc[0] == "Köln"


def test_csv_with_an_unreadable_coordinate(study: Study) -> None:
    study.write("sites", "sites.csv", "id,lon,lat,it_load_mw\nA,27.0,60.4335,2\nB,,60.4,3\n")
    assert fault(study, "no usable geometry").ids == ("B",)


def test_where_filters(study: Study) -> None:
    study.raw["layers"]["zones"]["where"] = "annual_demand_mwh > 1000"
    region, log = study.read()
    assert not log.faults
    assert list(region.zones.frame.index) == ["Z-1", "Z-3", "Z-4"]


def test_columns_are_mapped_and_found_in_any_case(study: Study) -> None:
    theirs = {"site_id": "Nr", "it_load_mw": "IT_MW"}
    study.change("sites", lambda frame: frame.rename(columns=theirs))
    study.raw["layers"]["sites"]["columns"] = {"site_id": "Nr"}
    region, log = study.read()
    assert not log.faults
    assert list(region.sites.frame["it_load_mw"]) == [2.0, 4.0]


def test_site_areas_become_points_inside(study: Study) -> None:
    study.change("sites", lambda frame: frame.set_geometry(frame.buffer(20)))
    region, log = study.read()
    assert not log.faults
    sites = region.sites.frame
    assert set(sites.geom_type) == {"Point"}
    assert set(sites["outline"].geom_type) == {"Polygon"}
    assert sites["outline"].contains(sites.geometry).all()


@pytest.mark.parametrize(("unit", "factor"), [("kWh", 1e3), ("GWh", 1e-3), ("GJ", 3.6)])
def test_demand_units(study: Study, unit: str, factor: float) -> None:
    study.change(
        "zones",
        lambda frame: frame.assign(demand=frame["annual_demand_mwh"] * factor).drop(
            columns="annual_demand_mwh"
        ),
    )
    study.raw["layers"]["zones"] |= {
        "columns": {"annual_demand_mwh": "demand"},
        "demand_unit": unit,
    }
    region, log = study.read()
    assert not log.faults
    assert region.zones.frame["annual_demand_mwh"].sum() == pytest.approx(7_100)


def test_peak_from_full_load_hours(study: Study) -> None:
    study.change(
        "zones",
        lambda frame: frame.drop(columns="peak_demand_kw").assign(
            full_load_hours_h=[2_500.0, *[None] * 5]
        ),
    )
    region, log = study.read()
    assert not log.faults
    peak = region.zones.frame["peak_demand_kw"]
    assert peak.iloc[0] == pytest.approx(360.0)
    assert peak.iloc[1:].isna().all()


def test_missing_demand_is_estimated_from_floor_area_and_use(study: Study) -> None:
    study.change(
        "zones",
        lambda frame: frame.drop(columns=["annual_demand_mwh", "peak_demand_kw"]).assign(
            floor_area_m2=4_000.0, use="apartments"
        ),
    )
    doubt(study, "estimated from floor area and use")
    zones = study.read()[0].zones.frame
    assert zones["annual_demand_mwh"].iloc[0] == pytest.approx(615.6, abs=0.1)
    assert set(zones["estimated"]) == {"annual_demand_mwh from floor area and use"}


def test_unknown_use_cannot_be_estimated(study: Study) -> None:
    study.change(
        "zones",
        lambda frame: frame.drop(columns="annual_demand_mwh").assign(
            floor_area_m2=4_000.0, use="castle"
        ),
    )
    fault(study, "'castle'")


# --------------------------------------------------------------------- files and layers


def test_missing_file_names_the_nearest(study: Study) -> None:
    study.raw["layers"]["zones"]["path"] = "zone.gpkg"
    found = fault(study, "file 'zone.gpkg' is not in folder")
    assert "nearest name there is 'zones.gpkg'" in found.message
    assert found.layer == "zones"


def test_missing_folder(study: Study) -> None:
    study.raw["layers"]["zones"]["path"] = "gis/zones.gpkg"
    fault(study, "is missing, as is its folder")


@pytest.mark.parametrize("name", ["zones.gpkg", "zones.geojson", "zones.shp", "zones.csv"])
def test_unreadable_file(study: Study, name: str) -> None:
    (study.folder / name).write_bytes(b"\x00\x01 nothing that any reader knows")
    study.raw["layers"]["zones"]["path"] = name
    found = fault(study, f"'{name}'")
    assert found.layer == "zones"


def test_missing_layer_lists_what_there_is(study: Study) -> None:
    frame = gpd.read_file(study.folder / "zones.gpkg")
    frame.to_file(study.folder / "zones.gpkg", layer="zones_2020", driver="GPKG")
    study.raw["layers"]["zones"]["layer"] = "zones_2021"
    found = fault(study, "has no layer 'zones_2021'; it has 'zones', 'zones_2020'")
    assert "'zones_2020'" in found.remedy


def test_one_of_several_layers_must_be_named(study: Study) -> None:
    frame = gpd.read_file(study.folder / "zones.gpkg")
    for layer in ("old", "new"):
        frame.to_file(study.folder / "town.gpkg", layer=layer, driver="GPKG")
    study.raw["layers"]["zones"]["path"] = "town.gpkg"
    fault(study, "'town.gpkg' holds 2 layers: 'new', 'old'")


def test_layer_named_like_its_kind_needs_no_naming(study: Study) -> None:
    for kind in ("sites", "zones"):
        frame = gpd.read_file(study.folder / f"{kind}.gpkg")
        frame.to_file(study.folder / "town.gpkg", layer=kind, driver="GPKG")
        study.raw["layers"][kind]["path"] = "town.gpkg"
    region, log = study.read()
    assert not log.faults
    assert len(region.zones.frame) == 6


def test_table_without_geometry(study: Study) -> None:
    import pyogrio

    table = pd.DataFrame({"zone_id": ["A"], "annual_demand_mwh": [1.0]})
    pyogrio.write_dataframe(table, study.folder / "bare.gpkg", layer="zones", driver="GPKG")
    study.raw["layers"]["zones"]["path"] = "bare.gpkg"
    fault(study, "is a table without geometry")


def test_empty_layer(study: Study) -> None:
    study.change("zones", lambda frame: frame.iloc[:0])
    fault(study, "the layer in 'zones.gpkg' holds no features")


def test_filter_that_leaves_nothing(study: Study) -> None:
    study.raw["layers"]["zones"]["where"] = "annual_demand_mwh > 1e9"
    fault(study, 'holds no features with where = "annual_demand_mwh > 1e9"')


def test_filter_that_does_not_work(study: Study) -> None:
    study.raw["layers"]["zones"]["where"] = "demand is > much"
    found = fault(study, 'the filter where = "demand is > much" does not work')
    assert "OGR SQL" in found.remedy


# ------------------------------------------------------------------------------ columns


def test_missing_column_names_the_nearest(study: Study) -> None:
    study.change("sites", lambda frame: frame.rename(columns={"it_load_mw": "it_load"}))
    found = fault(study, "no column 'it_load_mw'")
    assert "the layer has 'site_id', 'name', 'it_load', 'cooling'" in found.message
    assert "nearest is 'it_load'" in found.message
    assert 'columns = {it_load_mw = "their name"}' in found.remedy


def test_missing_mapped_column(study: Study) -> None:
    study.raw["layers"]["zones"]["columns"] = {"annual_demand_mwh": "annual_demand"}
    found = fault(study, "column 'annual_demand' (for annual_demand_mwh) is missing")
    assert "nearest is 'annual_demand_mwh'" in found.message


def test_missing_demand_column(study: Study) -> None:
    study.change("zones", lambda frame: frame.drop(columns="annual_demand_mwh"))
    fault(study, "no column 'annual_demand_mwh'")


def test_missing_and_repeated_ids(study: Study) -> None:
    ids = ["A", "A", None, "B", "B", "C"]
    study.change("zones", lambda frame: frame.assign(zone_id=ids))
    assert fault(study, "stand more than once: 'A', 'B'").ids == ("A", "B")
    assert fault(study, "without an id in column 'zone_id'").ids == ("row 3",)


def test_whole_number_ids_stay_whole(study: Study) -> None:
    study.change("zones", lambda frame: frame.assign(zone_id=[1.0, 2, 3, 4, 5, 6]))
    assert list(study.read()[0].zones.frame.index) == ["1", "2", "3", "4", "5", "6"]


def test_text_in_a_number_column(study: Study) -> None:
    words = ["900", "1 500", "n/a", "1200", "2000", None]
    study.change("zones", lambda frame: frame.assign(annual_demand_mwh=words))
    found = fault(study, "holds text that is no number at 'Z-1', 'Z-2'")
    assert "'1 500', 'n/a'" in found.message
    assert "without unit or thousands separator" in found.remedy


def test_numbers_with_separators_that_could_mean_two_things() -> None:
    numbers, wrong = number_series(pd.Series(["1,500", "2,000"]))
    assert wrong.all()
    assert numbers.isna().all()
    numbers, wrong = number_series(pd.Series(["1,5", "2,125", "3"]))
    assert not wrong.any()
    assert numbers.tolist() == [1.5, 2.125, 3.0]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("it_load_mw", 4_500.0, "The load may be in kW"),
        ("it_load_mw", -1.0, "expected 0 to 2,000"),
        ("utilisation", 60.0, "It may be in per cent"),
        ("recoverable_fraction", 85.0, "It may be in per cent"),
        ("supply_temperature_c", 300.0, "supply_temperature_c is 300 at 'DC-1', 'DC-2'"),
        ("cost_eur", -5.0, "cost_eur is -5"),
        ("cooling", "water", "expected 'air', 'liquid', 'mixed'"),
        ("availability", 96, "Give the share of the year"),
        ("ramp_a", 2_029, "It may be a calendar year"),
        ("pue", 0.8, "Give total electricity over IT electricity"),
        ("cooling_credit_mwh_per_mwh", 5, "saved per heat taken"),
        ("energy_centre_m", -1, "length of the route"),
        ("status", "planned", "expected 'candidate', 'existing', 'permitted'"),
        ("mandatory", "perhaps", "expected true or false"),
    ],
)
def test_values_out_of_bounds(study: Study, column: str, value: object, words: str) -> None:
    study.change("sites", lambda frame: frame.assign(**{column: value}))
    fault(study, words)


def test_site_without_it_load(study: Study) -> None:
    study.change("sites", lambda frame: frame.assign(it_load_mw=[2.0, None]))
    assert fault(study, "it_load_mw is missing or zero at 'DC-2'").ids == ("DC-2",)


def test_heat_that_gets_warmer(study: Study) -> None:
    study.change(
        "sites", lambda frame: frame.assign(supply_temperature_c=25, return_temperature_c=35)
    )
    fault(study, "supply_temperature_c is not above return_temperature_c")


def test_the_page_on_sites_names_every_column(repository: Path) -> None:
    page = (repository / "siting" / "layers" / "SITES.md").read_text(encoding="utf-8")
    missing = [each.name for each in SITE_COLUMNS if f"`{each.name}`" not in page]
    assert missing == []


def test_streams_of_a_site(study: Study) -> None:
    text = ["liquid:0.7:50/40; air:0.3:28/18", None]
    study.change("sites", lambda frame: frame.assign(streams=text))
    region, log = study.read()
    assert not log.faults
    assert region.sites.frame["streams"].tolist() == [text[0], ""]
    assert region.sites.frame["cooling"].tolist() == ["mixed", "liquid"]


def test_bad_streams(study: Study) -> None:
    text = ["liquid:0.7:50/40; air:0.4:28/18", "steam:1:150/90"]
    study.change("sites", lambda frame: frame.assign(streams=text))
    assert fault(study, "site 'DC-1': streams: the shares add up to 1.1").ids == ("DC-1",)
    assert fault(study, "site 'DC-2': stream 'steam' is neither").ids == ("DC-2",)


def test_streams_and_temperatures_are_doubted(study: Study) -> None:
    study.change(
        "sites", lambda frame: frame.assign(streams="air:1:28/18", supply_temperature_c=30)
    )
    assert doubt(study, "where streams are given").ids == ("DC-1", "DC-2")


def test_mandatory_and_forbidden(study: Study) -> None:
    study.change("zones", lambda frame: frame.assign(mandatory=True, forbidden=True))
    fault(study, "mandatory and forbidden at once")


# ----------------------------------------------------------------------------- geometry


def test_null_geometry(study: Study) -> None:
    def spoil(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame.set_geometry(frame.geometry.where(frame["zone_id"] != "Z-2"))

    study.change("zones", spoil)
    assert fault(study, "have no usable geometry: 'Z-2'").ids == ("Z-2",)


@pytest.mark.parametrize(
    ("kind", "shape", "words"),
    [
        ("zones", shapely.LineString([(EAST, NORTH), (EAST + 9, NORTH)]), "of type LineString"),
        ("sites", shapely.LineString([(EAST, NORTH), (EAST + 9, NORTH)]), "of type LineString"),
        ("streets", shapely.box(EAST, NORTH, EAST + 9, NORTH + 9), "holds Polygon; expected lines"),
    ],
)
def test_wrong_geometry_type(study: Study, kind: str, shape: Any, words: str) -> None:
    study.change(kind, lambda frame: frame.set_geometry([shape] * len(frame), crs=frame.crs))
    fault(study, words)


def test_streets_with_some_areas_leave_them_out(study: Study) -> None:
    def spoil(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        shapes = frame.geometry.to_numpy().copy()
        shapes[0] = shapes[0].buffer(2)
        return frame.set_geometry(list(shapes), crs=frame.crs)

    study.change("streets", spoil)
    region, log = study.read()
    assert not log.faults
    assert acts(region)["left out shapes that are no lines"] == 1
    assert len(region.streets.frame) == 7


def test_invalid_areas_are_repaired_and_said(study: Study) -> None:
    knot = shapely.Polygon([(EAST + x, NORTH + y) for x, y in ((0, 0), (90, 90), (90, 0), (0, 90))])
    boxes = [shapely.box(EAST + 200 * n, NORTH, EAST + 200 * n + 90, NORTH + 90) for n in range(6)]
    study.change("zones", lambda frame: frame.set_geometry([knot, *boxes[1:]], crs=frame.crs))
    region, log = study.read()
    assert not log.faults
    assert acts(region)["repaired invalid areas"] == 1
    assert region.zones.frame.geometry.is_valid.all()
    assert region.zones.frame.area.iloc[0] == pytest.approx(90 * 90 / 2)


def test_area_that_encloses_nothing(study: Study) -> None:
    flat = shapely.Polygon([(EAST, NORTH), (EAST + 9, NORTH), (EAST, NORTH)])
    study.change(
        "zones",
        lambda frame: frame.set_geometry([flat, *frame.geometry[1:]], crs=frame.crs),
    )
    fault(study, "areas enclose nothing: 'Z-0'")


def test_areas_drawn_twice(study: Study) -> None:
    def spoil(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        shapes = list(frame.buffer(30))
        shapes[3] = shapes[1]
        return frame.set_geometry(shapes, crs=frame.crs)

    study.change("zones", spoil)
    assert fault(study, "demand would count twice").ids == ("Z-1", "Z-3")


def test_zone_inside_another_is_doubted(study: Study) -> None:
    def spoil(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        shapes = list(frame.buffer(30))
        shapes[0] = shapes[1].buffer(-10)
        return frame.set_geometry(shapes, crs=frame.crs)

    study.change("zones", spoil)
    assert doubt(study, "lies in another zone by half or more").ids == ("Z-0",)


def test_sites_on_one_spot_are_doubted(study: Study) -> None:
    study.change(
        "sites",
        lambda frame: frame.set_geometry([frame.geometry[0]] * 2, crs=frame.crs),
    )
    assert doubt(study, "share their place with another site").ids == ("DC-1", "DC-2")


def test_lines_with_gaps_become_single_lines(study: Study) -> None:
    def spoil(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(
            {"name": ["all"]},
            geometry=[shapely.MultiLineString(list(frame.geometry))],
            crs=frame.crs,
        )

    study.change("streets", spoil)
    assert len(study.read()[0].streets.frame) == 8


# ------------------------------------------------------------------------------- demand


def test_demand_in_kwh_is_seen_by_full_load_hours(study: Study) -> None:
    study.change(
        "zones",
        lambda frame: frame.assign(annual_demand_mwh=frame["annual_demand_mwh"] * 1000),
    )
    found = fault(study, "full-load hours; a year has 8,760.")
    assert found.message.startswith(
        "Zone 'Z-0': annual_demand_mwh 900,000 with peak_demand_kw 360 gives 2,500,000 full-load"
    )
    assert "Likewise 'Z-1', 'Z-2', 'Z-3', 'Z-4', 'Z-5'." in found.message
    assert "The demand may be in kWh." in found.message
    assert len(found.ids) == 6


def test_demand_in_kwh_is_seen_by_its_density(study: Study) -> None:
    def spoil(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        frame = frame.drop(columns="peak_demand_kw")
        frame["annual_demand_mwh"] *= 1000
        return frame.set_geometry(frame.buffer(40))

    study.change("zones", spoil)
    found = fault(study, "MWh/m2; more than 2 is not believable")
    assert "of ground (no floor_area_m2 is given)" in found.message
    assert 'demand_unit = "kWh"' in found.remedy


def test_a_tower_is_believed_with_its_floor_area(study: Study) -> None:
    def tower(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame.set_geometry(frame.buffer(8)).assign(floor_area_m2=20_000.0)

    study.change("zones", tower)
    _, log = study.read()
    assert not log.faults
    study.change("zones", lambda frame: frame.assign(floor_area_m2=200.0))
    fault(study, "of floor area is")


def test_peak_in_watts_is_doubted(study: Study) -> None:
    study.change("zones", lambda frame: frame.assign(peak_demand_kw=frame["peak_demand_kw"] * 1000))
    doubt(study, "The peak may be in W, or the demand in GWh")


def test_unit_in_the_name_of_the_demand_column(study: Study) -> None:
    study.change("zones", lambda frame: frame.rename(columns={"annual_demand_mwh": "heat_kWh"}))
    study.raw["layers"]["zones"]["columns"] = {"annual_demand_mwh": "heat_kWh"}
    found = fault(study, "names the unit kWh, but demand_unit is MWh")
    assert 'Set demand_unit = "kWh"' in found.remedy


def areas(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give each zone a square of one hectare."""
    return frame.set_geometry(frame.buffer(50, cap_style="square"), crs=frame.crs)


@pytest.mark.parametrize(
    ("unit", "factor"), [("kWh/m2", 0.1), ("MWh/ha", 1.0), ("GWh/km2", 0.1), ("TJ/km2", 0.36)]
)
def test_demand_per_area_becomes_an_amount(study: Study, unit: str, factor: float) -> None:
    """On one hectare 900 MWh/a are 90 kWh/m2 and 324 TJ/km2."""
    study.change(
        "zones",
        lambda frame: areas(frame).assign(annual_demand_mwh=frame["annual_demand_mwh"] * factor),
    )
    study.raw["layers"]["zones"]["demand_unit"] = unit
    study.raw["layers"]["zones"]["columns"] = {"annual_demand_mwh": "density"}
    study.change("zones", lambda frame: frame.rename(columns={"annual_demand_mwh": "density"}))
    region, log = study.read()
    assert not log.faults
    assert region.zones.frame["annual_demand_mwh"].sum() == pytest.approx(7_100)


def test_demand_per_area_needs_areas(study: Study) -> None:
    study.change("zones", lambda frame: frame.rename(columns={"annual_demand_mwh": "density"}))
    study.raw["layers"]["zones"] |= {
        "demand_unit": "TJ/km2",
        "columns": {"annual_demand_mwh": "density"},
    }
    _, log = study.read()
    assert any("are points, on which a demand in TJ/km2" in str(each) for each in log.faults)


def test_unit_per_area_in_the_name_of_the_demand_column(study: Study) -> None:
    name = "total_heat_demand_tj_per_km2y"
    study.change("zones", lambda frame: areas(frame).rename(columns={"annual_demand_mwh": name}))
    study.raw["layers"]["zones"]["columns"] = {"annual_demand_mwh": name}
    found = fault(study, "names the unit TJ/km2, but demand_unit is MWh")
    assert 'Set demand_unit = "TJ/km2"' in found.remedy


def test_a_few_dense_zones_may_be_towers(study: Study) -> None:
    """Of three zones on 1,000 m2 one needs 3 MWh/m2; from 10 MWh/m2 it is a fault."""

    def change(demand: float) -> Change:
        def step(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
            shapes = frame.geometry.centroid.buffer(16, cap_style="square")
            given = [demand, 500.0, 700.0, 800.0, 900.0, 800.0]
            frame = frame.assign(annual_demand_mwh=given, peak_demand_kw=None)
            return frame.set_geometry(shapes, crs=frame.crs)

        return step

    study.change("zones", change(3_000.0))
    assert doubt(study, "is rare, in towers at most").ids == ("Z-0",)
    study.change("zones", change(30_000.0))
    assert fault(study, "more than 10 is not believable").ids == ("Z-0",)


def test_large_points_are_doubted(study: Study) -> None:
    study.change(
        "zones",
        lambda frame: frame.assign(
            annual_demand_mwh=frame["annual_demand_mwh"] * 1000, peak_demand_kw=None
        ),
    )
    doubt(study, "each as much as 105,000 homes. The demand may be in kWh")


@pytest.mark.parametrize(("value", "words"), [(None, "missing"), (0, "zero"), (-5, "negative")])
def test_unusable_demand(study: Study, value: float | None, words: str) -> None:
    demand = [900.0, value, value, 1_200.0, 2_000.0, 800.0]
    study.change("zones", lambda frame: frame.assign(annual_demand_mwh=demand))
    found = fault(study, f"annual_demand_mwh is {words} at 'Z-1', 'Z-2'")
    assert found.ids == ("Z-1", "Z-2")


def test_empty_demand_column(study: Study) -> None:
    study.change("zones", lambda frame: frame.assign(annual_demand_mwh=np.full(6, np.nan)))
    fault(study, "annual_demand_mwh is empty everywhere")


# ---------------------------------------------------------------------------------- CRS


def test_missing_crs(study: Study) -> None:
    short = {"annual_demand_mwh": "demand", "peak_demand_kw": "peak_kw"}
    study.save("zones", "zones.shp", lambda frame: frame.rename(columns=short))
    (study.folder / "zones.prj").unlink()
    study.raw["layers"]["zones"]["columns"] = {"annual_demand_mwh": "demand"}
    study.raw["layers"]["zones"]["demand_unit"] = "MWh"
    found = fault(study, "the layer states no coordinate reference system")
    assert "500,0" in found.message
    study.raw["layers"]["zones"]["crs"] = "EPSG:3067"
    assert not study.read()[1].faults


def test_stated_crs_goes_before_that_of_the_file(study: Study) -> None:
    study.change("zones", lambda frame: frame.set_crs("EPSG:3857", allow_override=True))
    study.raw["layers"]["zones"]["crs"] = "EPSG:3067"
    doubt(study, "the file states EPSG:3857, the study file EPSG:3067")


def test_unknown_crs(study: Study) -> None:
    study.raw["study"]["crs"] = "EPSG:99999999"
    study.raw["layers"]["zones"]["crs"] = "Gauss"
    fault(study, "is 'EPSG:99999999', which is no known coordinate reference system")
    fault(study, "`crs` under [layers.zones] is 'Gauss'")


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:4326", "is not projected; lengths and costs need metres"),
        ("EPSG:2263", "is projected in US survey foot"),
        ("EPSG:3857", "lengths are 10"),
    ],
)
def test_unsuitable_working_crs(study: Study, crs: str, words: str) -> None:
    study.raw["study"]["crs"] = crs
    fault(study, words)


def test_rough_working_crs_is_doubted(study: Study) -> None:
    study.raw["study"]["crs"] = "EPSG:32632"
    _, log = study.read()
    assert any("off where the data lie" in str(each) for each in [*log.doubts, *log.faults])


def test_layers_that_lie_apart(study: Study) -> None:
    study.change("zones", lambda frame: frame.set_crs("EPSG:32632", allow_override=True))
    found = fault(study, "streets and zones do not lie together")
    assert re.search(r"zones span 9\.\d* to .* E and .* km apart", found.message)


def test_projected_numbers_in_a_geographic_layer(study: Study) -> None:
    study.change("sites", lambda frame: frame.set_crs("EPSG:4326", allow_override=True))
    found = fault(study, "the layer states EPSG:4326 (degrees)")
    assert "They look projected" in found.remedy


def test_swapped_coordinates_lie_apart(study: Study) -> None:
    study.write("sites", "s.csv", "id,lat,lon,it_load_mw\nA,27.0,60.4335,2\n")
    _, log = study.read()
    assert sum("do not lie together" in str(each) for each in log.faults) == 2


# ------------------------------------------------------------------------------ streets


def test_street_columns(study: Study) -> None:
    study.change(
        "streets",
        lambda frame: frame.assign(
            highway=["footway", "residential", "motorway", "odd", *["service"] * 4],
            surface=["asphalt", "rural", *[None] * 6],
            cost_factor=[None, None, None, 1.4, *[None] * 4],
            bridge=[None, "yes", *[None] * 6],
            layer=[*[None] * 5, "-2", None, None],
        ),
    )
    study.raw["network"] = {"surface": "suburban"}
    region, log = study.read()
    assert not log.faults
    streets = region.streets.frame
    assert list(streets["road_class"][:3]) == ["residential", "motorway", "odd"]
    assert list(streets["surface"][:2]) == ["rural", "suburban"]
    assert list(streets["cost_factor"][:4]) == [0.55, 0.75, 1.4, 0.75]
    assert list(streets["forbidden"][:3]) == [False, True, False]
    assert list(streets["level"]) == [1, 0, 0, 0, -2, 0, 0]
    assert acts(region)["took lines of unknown class as streets"] == 1


def test_unknown_surface_in_a_mapped_column(study: Study) -> None:
    study.change("streets", lambda frame: frame.assign(belag="gravel"))
    study.raw["layers"]["streets"]["columns"] = {"surface": "belag"}
    fault(study, "surface holds 'gravel' at 8 lines")


def test_no_line_is_a_street(study: Study) -> None:
    study.change("streets", lambda frame: frame.assign(highway="footway"))
    fault(study, "none of 8 lines is a street that can carry a pipe; their classes are footway")


OSM = """<?xml version="1.0"?><osm version="0.6">
<node id="3" lat="60.4330" lon="27.000"/><node id="1" lat="60.4335" lon="27.000"/>
<node id="2" lat="60.4340" lon="27.000"/><node id="4" lat="60.4335" lon="27.008"/>
<way id="1"><nd ref="3"/><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
<way id="2"><nd ref="1"/><nd ref="4"/><nd ref="99"/><tag k="highway" v="tertiary"/></way>
<way id="3"><nd ref="3"/><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="building" v="yes"/></way>
</osm>"""


def test_streets_from_openstreetmap(study: Study) -> None:
    pytest.importorskip("osmium")
    (study.folder / "town.osm.gz").write_bytes(gzip.compress(OSM.encode()))
    study.raw["layers"]["streets"]["path"] = "town.osm.gz"
    region, log = study.read()
    assert not log.faults
    streets = region.streets.frame
    assert sorted(zip(streets["u"], streets["v"], strict=True)) == [(1, 2), (1, 4), (3, 1)]
    assert acts(region)["broke streets at missing nodes"] == 1


def test_broken_and_missing_openstreetmap(study: Study) -> None:
    study.write("streets", "town.osm", "<osm>")
    fault(study, "cannot read 'town.osm' as OpenStreetMap data")
    study.raw["layers"]["streets"]["path"] = "city.osm"
    assert "'town.osm'" in fault(study, "file 'city.osm' is not in folder").message


def test_streets_by_name_without_internet(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = pytest.importorskip("requests")

    def fail(*_: object, **__: object) -> None:
        raise requests.exceptions.ConnectionError

    offline = type(sys)("osmnx")
    offline.settings = types.SimpleNamespace(use_cache=False, cache_folder="")  # type: ignore[attr-defined]
    offline.graph_from_place = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "osmnx", offline)
    study.raw["layers"]["streets"] = {"source": "osmnx", "place": "Hamina, Finland"}
    found = fault(study, "could not be reached for place 'Hamina, Finland'")
    assert "source = 'file'" in found.remedy


# ------------------------------------------------------------------------ all at once


def test_all_faults_are_reported_at_once(study: Study) -> None:
    study.raw["layers"]["sites"]["path"] = "site.gpkg"
    study.change(
        "zones",
        lambda frame: frame.assign(
            annual_demand_mwh=[None, -1.0, 0.0, 1.0, 2.0, 3.0], zone_id=["A", "A", *"BCDE"]
        ),
    )
    study.change("streets", lambda frame: frame.assign(highway="steps"))
    _, log = study.read()
    words = "\n".join(map(str, log.faults))
    for each in ("'site.gpkg'", "more than once", "missing at", "negative at", "zero at", "steps"):
        assert each in words
    assert len(log.faults) == 6


def test_heat_may_stand_in_place_of_the_it_load(study: Study) -> None:
    study.change(
        "sites",
        lambda frame: frame.drop(columns="it_load_mw").assign(recoverable_heat_kw=[900.0, 1_200]),
    )
    region, log = study.read()
    assert not log.faults
    assert region.sites.frame["recoverable_heat_kw"].tolist() == [900.0, 1_200.0]
    assert region.sites.frame["it_load_mw"].isna().all()


def test_a_site_needs_one_size(study: Study) -> None:
    study.change(
        "sites", lambda frame: frame.assign(it_load_mw=[2.0, None], recoverable_heat_kw=None)
    )
    assert fault(study, "and so is recoverable_heat_kw").ids == ("DC-2",)


def test_more_heat_than_power_is_doubted(study: Study) -> None:
    study.change(
        "sites", lambda frame: frame.assign(recoverable_heat_kw=[3_000.0, None], utilisation=0.5)
    )
    assert doubt(study, "is up to 1.5 times it_load_mw").ids == ("DC-1",)
    assert doubt(study, "utilisation and recoverable_fraction are not used").ids == ("DC-1",)


def test_the_number_of_the_feature_may_be_the_id(study: Study) -> None:
    study.change("sites", lambda frame: frame.assign(site_id="same"))
    assert "map site_id to a column without any, or to 'fid'" in fault(study, "stands more").remedy
    study.raw["layers"]["sites"]["columns"] = {"site_id": "fid"}
    region, log = study.read()
    assert not log.faults
    assert list(region.sites.frame.index) == ["1", "2"]


def test_at_most_five_ids_are_shown(study: Study) -> None:
    study.change("zones", lambda frame: frame.assign(annual_demand_mwh=[-1.0] * 6))
    found = fault(study, "negative")
    assert "'Z-0', 'Z-1', 'Z-2', 'Z-3', 'Z-4' and 1 more" in found.message
    assert len(found.ids) == 6


def test_reading_needs_no_osmnx(repository: Path) -> None:
    words = "import sys, siting.layers, siting.network; sys.exit('osmnx' in sys.modules)"
    subprocess.run([sys.executable, "-c", words], cwd=repository, check=True)


# ------------------------------------------------------------------------- real layers


def test_real_zones_are_repaired(shared: Path) -> None:
    heat = shared / "data" / "heat_demand" / "dublin_heat_demand_zones.gpkg"
    columns = {
        "zone_id": "small_area",
        "annual_demand_mwh": "residential_heat_demand_mwh_per_y",
    }
    zones = {"path": str(heat), "layer": "south_dublin_2021_09", "columns": columns}
    centres = shared / "data" / "sources" / "dublin_data_centres.geojson"
    sites = {"path": str(centres), "columns": {"site_id": "location", "it_load_mw": "heat_kw"}}
    streets = {"path": str(shared / "data" / "osm" / "dublin_walkinstown.osm")}
    log = FaultLog()
    raw = {"layers": {"sites": sites, "zones": zones, "streets": streets}}
    region = read_region(config_from_dict(raw), log)
    assert len(region.zones.frame) == 919
    assert region.zones.frame["annual_demand_mwh"].sum() == pytest.approx(1_593_498, rel=1e-3)
    assert acts(region)["repaired invalid areas"] > 0
    assert region.zones.frame.geometry.is_valid.all()
    assert any("The load may be in kW" in str(each) for each in log.faults)


def test_real_demand_in_kwh_is_noticed(shared: Path) -> None:
    data = shared / "data"
    zones = {
        "path": str(data / "heat_demand" / "london_islington_buildings.geojson"),
        "columns": {"annual_demand_mwh": "demand"},
        "where": "demand > 0",
    }
    streets = {"path": str(data / "derived" / "london_farringdon.gpkg"), "layer": "streets_27700"}
    sites = {"path": str(data / "derived" / "osm_heat_sites.geojson")}
    log = FaultLog()
    raw = {"layers": {"sites": sites, "zones": zones, "streets": streets}}
    read_region(config_from_dict(raw), log)
    assert any("The demand may be in kWh" in str(each) for each in log.faults)
    raw["layers"]["zones"]["demand_unit"] = "kWh"
    log = FaultLog()
    region = read_region(config_from_dict(raw), log)
    assert not any("may be in kWh" in str(each) for each in log.faults)
    assert any("43.2 MWh/m2" in str(each) for each in log.faults)
    assert region.zones.frame["annual_demand_mwh"].sum() == pytest.approx(1_498_222, rel=1e-3)
