"""A heat-density raster becomes zones: totals are kept, and bad rasters are refused in words."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine

from siting.config import config_from_dict
from siting.demand import zones_from_raster
from siting.errors import FaultLog, InputError
from siting.layers import read_region

WEST, NORTH = 500_000.0, 6_700_400.0
TOWN = np.array(
    [
        [300, 200, 0, 0, 90],
        [100, 0, 0, 0, 0],
        [0, 400, 0, -9, 50],
        [0, 0, 0, 70, 20],
    ],
    dtype="float32",
)
"""Two areas by corners (300-200-100-400 and 50-70-20) and a lone cell; -9 is no data."""


def from_origin(west: float, north: float, width: float, height: float) -> Affine:
    """Return the transform of an upright raster."""
    return Affine(width, 0.0, west, 0.0, -height, north)


def write_raster(folder: Path, values: np.ndarray = TOWN, **changes: Any) -> Path:
    path = folder / "heat.tif"
    options: dict[str, Any] = {
        "crs": "EPSG:3067",
        "transform": from_origin(WEST, NORTH, 100, 100),
        "nodata": -9,
    } | changes
    height, width = values.shape
    options |= {"height": height, "width": width, "dtype": str(values.dtype), "count": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries warn each other
        with rasterio.open(path, "w", driver="GTiff", **options) as target:
            target.write(values, 1)
    return path


def test_zones_by_hand(tmp_path: Path) -> None:
    """Cells of one hectare: by corners three areas with 1,000, 140 and 90 MWh."""
    zones = zones_from_raster(write_raster(tmp_path), "MWh/ha")
    assert list(zones.index) == ["R1", "R2", "R3"]
    assert zones["annual_demand_mwh"].tolist() == pytest.approx([1_000, 140, 90])
    assert zones["cells"].tolist() == [4, 3, 1]
    assert zones.area.tolist() == pytest.approx([40_000, 30_000, 10_000])
    assert zones["density_mwh_per_ha"].tolist() == pytest.approx([250, 140 / 3, 90])
    assert zones.crs.to_epsg() == 3067
    assert zones.geometry.is_valid.all()
    box = zones.loc["R3"].geometry.bounds
    assert box == (WEST + 400, NORTH - 100, WEST + 500, NORTH)


def test_corners_do_not_join_where_sides_are_asked_for(tmp_path: Path) -> None:
    zones = zones_from_raster(write_raster(tmp_path), "MWh/ha", connectivity=4)
    assert zones["annual_demand_mwh"].tolist() == pytest.approx([600, 400, 140, 90])


def test_threshold_drops_thin_cells_and_keeps_the_rest(tmp_path: Path) -> None:
    zones = zones_from_raster(write_raster(tmp_path), "MWh/ha", threshold_mwh_per_ha=90)
    assert zones["annual_demand_mwh"].tolist() == pytest.approx([1_000, 90])


@pytest.mark.parametrize(
    ("unit", "total"),
    [("MWh/ha", 1230), ("GJ/ha", 1230 / 3.6), ("kWh/m2", 12_300), ("GWh/km2", 12_300),
     ("MWh", 1230), ("kWh", 1.23), ("GJ", 1230 / 3.6)],
)  # fmt: skip
def test_units(tmp_path: Path, unit: str, total: float) -> None:
    zones = zones_from_raster(write_raster(tmp_path), unit)
    assert zones["annual_demand_mwh"].sum() == pytest.approx(total, rel=1e-6)


def test_units_per_ground_follow_the_size_of_the_cells(tmp_path: Path) -> None:
    """Cells of 50 m are a quarter of a hectare; an amount per cell stays what it is."""
    path = write_raster(tmp_path, transform=from_origin(WEST, NORTH, 50, 50))
    assert zones_from_raster(path, "MWh/ha")["annual_demand_mwh"].sum() == pytest.approx(1230 / 4)
    assert zones_from_raster(path, "MWh")["annual_demand_mwh"].sum() == pytest.approx(1230)


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("zone_size_m", [None, 100.0, 250.0, 700.0])
@pytest.mark.parametrize("threshold", [0.0, 40.0])
def test_totals_are_kept_however_areas_are_cut(
    tmp_path: Path, connectivity: int, zone_size_m: float | None, threshold: float
) -> None:
    rng = np.random.default_rng(5)
    values = np.where(rng.random((40, 31)) < 0.6, rng.gamma(2.0, 60.0, (40, 31)), 0.0)
    zones = zones_from_raster(
        write_raster(tmp_path, values),
        "MWh/ha",
        threshold_mwh_per_ha=threshold,
        connectivity=connectivity,
        zone_size_m=zone_size_m,
    )
    kept = values[(values >= threshold) & (values > 0)]
    assert zones["annual_demand_mwh"].sum() == pytest.approx(kept.sum())
    assert zones.area.sum() == pytest.approx(1e4 * len(kept))
    assert zones["cells"].sum() == len(kept)
    assert zones.union_all().area == pytest.approx(zones.area.sum())  # no overlap
    if zone_size_m:
        wide = zones.bounds.eval("maxx - minx").max()
        assert wide <= 100 * max(1, round(zone_size_m / 100)) + 1e-6


def test_rasters_that_are_turned_or_stand_on_their_head_are_placed(tmp_path: Path) -> None:
    upright = zones_from_raster(write_raster(tmp_path), "MWh/ha")
    flipped = write_raster(
        tmp_path, TOWN[::-1].copy(), transform=Affine(100, 0, WEST, 0, 100, NORTH - 400)
    )
    again = zones_from_raster(flipped, "MWh/ha")
    assert upright.geometry.geom_equals(again.geometry).all()
    turned = write_raster(tmp_path, transform=Affine(80, -60, WEST, -60, -80, NORTH))
    zones = zones_from_raster(turned, "MWh/ha")
    assert zones["annual_demand_mwh"].sum() == pytest.approx(1230)
    assert zones.area.sum() == pytest.approx(80_000)


@pytest.mark.parametrize(
    ("changes", "unit", "words"),
    [
        ({"crs": None}, "MWh/ha", r"states no CRS.*Set crs"),
        ({"crs": "EPSG:4326", "transform": from_origin(24, 60, 0.01, 0.01)}, "MWh/ha",
         r"not measured in metres.*EPSG:3035"),
        ({"transform": Affine.identity()}, "MWh/ha", "no place on the ground"),
        ({"nodata": None}, "MWh/ha", r"negative demand in 1 cells, the least -9 MWh/ha.*nodata"),
        ({}, "MW/ha", r"unit 'MW/ha' is not known\. Use one of MWh/ha"),
        ({}, "GWh", r"densest cell.*not believable\. Correct `demand_unit`"),
    ],
)  # fmt: skip
def test_bad_rasters_are_refused_in_words(
    tmp_path: Path, changes: dict[str, Any], unit: str, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        zones_from_raster(write_raster(tmp_path, **changes), unit)
    assert all(each.layer == "zones" and each.remedy for each in caught.value.faults)


def test_a_threshold_above_all_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no cell .* reaches 900 .* densest has 400"):
        zones_from_raster(write_raster(tmp_path), "MWh/ha", threshold_mwh_per_ha=900)


def test_empty_and_not_a_number_cells_count_nothing(tmp_path: Path) -> None:
    values = np.where(TOWN == 90, np.nan, TOWN)
    zones = zones_from_raster(write_raster(tmp_path, values.astype("float64")), "MWh/ha")
    assert zones["annual_demand_mwh"].sum() == pytest.approx(1140)
    with pytest.raises(InputError, match="no cell"):
        zones_from_raster(write_raster(tmp_path, np.zeros((3, 3), "float32")), "MWh/ha")


def test_absent_files_and_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"raster 'no\.tif' is not there"):
        zones_from_raster(tmp_path / "no.tif", "MWh/ha")
    (tmp_path / "text.tif").write_text("no raster at all")
    with pytest.raises(InputError, match=r"'text\.tif' is no raster"):
        zones_from_raster(tmp_path / "text.tif", "MWh/ha")
    broken = tmp_path / "broken.tif"
    broken.write_bytes(write_raster(tmp_path).read_bytes()[:200])
    with pytest.raises(InputError):
        zones_from_raster(broken, "MWh/ha")


def small_config(small_study: Path, **layer: Any) -> Any:
    raw = {
        "study": {"name": "Raster", "crs": "EPSG:3067"},
        "layers": {kind: {"path": f"{kind}.gpkg"} for kind in ("sites", "zones", "streets")},
    }
    raw["layers"]["zones"] = {"path": "heat.tif", "source": "raster"} | layer
    return config_from_dict(raw, small_study / "study.toml")


def test_a_study_reads_its_zones_from_a_raster(small_study: Path) -> None:
    """Zones carry the mark of their source, and come into the working CRS."""
    write_raster(small_study)
    log = FaultLog()
    region = read_region(small_config(small_study, demand_unit="MWh/ha"), log)
    assert not log.faults
    zones = region.zones.frame
    assert zones["annual_demand_mwh"].sum() == pytest.approx(1230)
    assert set(zones["estimated"]) == {"annual_demand_mwh from heat-density raster heat.tif"}
    assert set(zones["estimated_by"]) == {"by the layer"}


def test_faults_of_a_raster_are_told_with_those_of_other_layers(small_study: Path) -> None:
    write_raster(small_study, nodata=None)
    streets = gpd.read_file(small_study / "sites.gpkg").iloc[:0]
    (small_study / "sites.gpkg").unlink()
    streets.to_file(small_study / "sites.gpkg", layer="sites")
    log = FaultLog()
    read_region(small_config(small_study, demand_unit="MWh/ha"), log)
    assert {each.layer for each in log.faults} >= {"zones", "sites"}


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ({}, "source 'raster' needs 'demand_unit'"),
        ({"demand_unit": "MWh/ha", "where": "x > 1"}, "a raster has no where"),
        ({"demand_unit": "MWh/ha", "connectivity": 6}, "connectivity"),
        ({"source": "file", "zone_size_m": 300}, "zone_size_m: only of a raster"),
    ],
)
def test_keys_of_a_raster_are_checked(small_study: Path, layer: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        small_config(small_study, **layer)


def test_real_raster_keeps_its_total(shared: Path) -> None:
    """Vienna, 100 m: 17.5 TWh in 23,691 cells."""
    path = shared / "data" / "heat_demand" / "vienna_heat_density_100m.tif"
    zones = zones_from_raster(path, "MWh/ha", zone_size_m=1_000)
    assert zones["annual_demand_mwh"].sum() == pytest.approx(17.5e6, rel=0.01)
    assert zones["cells"].sum() == 23_691
    dense = zones_from_raster(path, "MWh/ha", threshold_mwh_per_ha=300)
    assert 0 < dense["annual_demand_mwh"].sum() < 17.5e6
    assert dense["density_mwh_per_ha"].min() >= 300
