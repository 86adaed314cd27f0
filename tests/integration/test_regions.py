"""The built-in regions agree with themselves and with the script that made them."""

import importlib.util
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from siting.config import read_config
from siting.demand import FULL_LOAD_HOURS_H, annual_demand_from_floor_area
from siting.resources import data_folder, region_study

REGIONS = ("helsinki", "kotka")
LAYERS = ("sites", "zones", "streets", "buildings")
SCRIPT = Path(__file__).resolve().parents[2] / "data" / "build_regions.py"
NEAR_M = 100.0


@pytest.fixture(scope="module", params=REGIONS)
def region(request):
    return request.param


@pytest.fixture(scope="module")
def layers(region):
    path = data_folder() / region / f"{region}.gpkg"
    return {name: gpd.read_file(path, layer=name) for name in LAYERS}


def test_layers_share_a_projected_crs_that_the_study_names(region, layers):
    config = read_config(region_study(region))
    for layer in layers.values():
        assert layer.crs.is_projected
        assert layer.crs == config.study.crs
        assert layer.geometry.is_valid.all()


def test_ids_are_unique(layers):
    for name, column in {
        "sites": "site_id", "zones": "zone_id", "streets": "street_id", "buildings": "osm_id"
    }.items():  # fmt: skip
        assert layers[name][column].notna().all()
        assert layers[name][column].is_unique


def test_demand_is_floor_area_times_benchmark(layers):
    """A unit slip, or a stale layer after a change of benchmark, breaks this."""
    buildings, zones = layers["buildings"], layers["zones"].set_index("zone_id")
    floor = (buildings["footprint_m2"] * buildings["levels"]).round(0)
    assert (floor - buildings["floor_area_m2"]).abs().max() <= 1.0
    demand = annual_demand_from_floor_area(
        buildings["floor_area_m2"], buildings["use"], "FI", year_built=buildings["year_built"]
    )
    assert (demand - buildings["annual_demand_mwh"]).abs().max() <= 0.005
    by_zone = demand.groupby(buildings["zone_id"]).sum()
    assert (by_zone - zones["annual_demand_mwh"]).abs().max() <= 0.005
    assert zones["annual_demand_mwh"].sum() == pytest.approx(demand.sum(), rel=1e-6)


def test_peak_is_annual_over_full_load_hours(layers):
    zones = layers["zones"]
    hours = zones["annual_demand_mwh"] * 1000 / zones["peak_demand_kw"]
    assert hours.between(0.98 * FULL_LOAD_HOURS_H["FI"], 1.02 * FULL_LOAD_HOURS_H["FI"]).all()


def test_specific_demand_is_plausible(layers):
    """Finnish buildings need some 30 to 250 kWh/m² a year."""
    zones = layers["zones"]
    assert zones["specific_demand_kwh_per_m2"].between(25, 250).all()
    assert zones["annual_demand_mwh"].min() >= 15


def test_estimates_and_assumptions_are_marked(layers):
    assert layers["zones"]["estimated"].str.contains("storeys .*use .*annual demand.*peak").all()
    assert layers["sites"]["assumed"].all()
    assert layers["sites"]["note"].str.contains("assumed").all()
    assert layers["sites"]["osm_id"].str.match(r"(node|way|relation)/\d+").all()


def test_sites_show_every_cooling_and_status(layers):
    sites = layers["sites"]
    assert set(sites["cooling"]) == {"air", "liquid", "mixed"}
    assert sites["status"].value_counts()[["permitted", "existing"]].tolist() == [1, 1]


def test_everything_is_near_a_street(layers):
    tree = shapely.STRtree(layers["streets"].geometry.to_numpy())
    for name in ("sites", "zones"):
        shapes = layers[name].geometry.to_numpy()
        _, distance = tree.query_nearest(shapes, all_matches=False, return_distance=True)
        assert distance.max() < NEAR_M


def test_one_connected_part_holds_nearly_all_zones_and_all_sites(layers):
    part = _street_parts(layers["streets"])
    largest = layers["streets"]["length_m"].groupby(part).sum().idxmax()
    tree = shapely.STRtree(layers["streets"].geometry.to_numpy())
    zone_part = part[tree.query_nearest(layers["zones"].geometry.to_numpy(), all_matches=False)[1]]
    site_part = part[tree.query_nearest(layers["sites"].geometry.to_numpy(), all_matches=False)[1]]
    assert (zone_part == largest).mean() > 0.95
    assert (site_part == largest).all()


def test_street_ends_meet_where_their_node_ids_do(layers):
    streets = layers["streets"]
    ends = pd.DataFrame(
        {
            "node": [*streets["u"], *streets["v"]],
            "at": [
                *shapely.get_point(streets.geometry.to_numpy(), 0),
                *shapely.get_point(streets.geometry.to_numpy(), -1),
            ],
        }
    )
    ends["at"] = shapely.to_wkt(ends["at"].to_numpy(), rounding_precision=2)
    assert ends.groupby("node")["at"].nunique().max() == 1


def test_helsinki_needs_two_sites():
    """The wanted heat exceeds what the largest site can give, even with a poor heat pump.

    Upper bound: IT load x 0.60 utilisation x 0.75 recoverable x 0.96 availability, lifted by a
    heat pump of COP 3, all 8,760 hours.
    """
    sites = gpd.read_file(data_folder() / "helsinki" / "helsinki.gpkg", layer="sites")
    most = sites["it_load_mw"].max() * 0.60 * 0.75 * 0.96 * 3 / (3 - 1) * 8760
    assert read_config(region_study("helsinki")).limits.min_heat_mwh > most


def test_files_are_small_and_name_no_contributor(region):
    path = data_folder() / region / f"{region}.gpkg"
    assert path.stat().st_size < 2_000_000
    for layer in LAYERS:
        columns = set(gpd.read_file(path, layer=layer, rows=1).columns)
        assert not columns & {"user", "uid", "changeset", "version", "timestamp"}


def test_building_again_gives_the_same_layers(region, layers, tmp_path, monkeypatch):
    for package in ("pyrosm", "osmium"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: the extracts cannot be read")
    if not SCRIPT.is_file():
        pytest.skip("data/build_regions.py is not here: this is no checkout")
    script = _load(SCRIPT, monkeypatch)
    script.main([region, "--out", str(tmp_path)])
    for name in LAYERS:
        again = gpd.read_file(tmp_path / region / f"{region}.gpkg", layer=name)
        assert_geodataframe_equal(again, layers[name], check_like=False)


def _street_parts(streets):
    """Return the number of the connected part of each street."""
    code, names = pd.factorize(pd.concat([streets["u"], streets["v"]]))
    u, v = code[: len(streets)], code[len(streets) :]
    graph = coo_matrix(([1] * len(u), (u, v)), shape=(len(names),) * 2)
    return connected_components(graph, directed=False)[1][u]


def _load(path, monkeypatch):
    """Import a script by its path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    return module
