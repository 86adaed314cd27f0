"""Real layers that were not made for this package: their faults are said, and mended by options."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import real_studies
import shapely
from plain_plan import plain_plan
from typer.testing import CliRunner

import siting
from siting.cli import app
from siting.errors import InputError
from siting.outputs.files import write_run
from siting.study import CheckResult, Run, Study
from siting.study.solving import appraise_plan
from siting.verify import verify_folder
from tests.property.test_fuzz_layers import assert_length_balance

runner = CliRunner()
Writer = Callable[[Path, Path], Path]
STUDIES: dict[str, Writer] = {
    "london": real_studies.london,
    "dublin_walkinstown": real_studies.dublin_walkinstown,
    "dublin_centre": real_studies.dublin_centre,
    "copenhagen": real_studies.copenhagen,
}
LONG = {"dublin_centre", "copenhagen"}
OUTPUTS = {
    "map.html", "report.html", "plan.gpkg", "kpis.json", "problem.json", "solution.json",
    "manifest.json", "run.log", "plan.xlsx", "edges.csv",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)


@pytest.fixture
def data(shared: Path) -> Path:
    return shared / "data"


def faults_of(study: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        siting.read_study(study).check()
    return [str(fault) for fault in caught.value.faults]


def has(said: list[str], *words: str) -> bool:
    """Return whether one of the sentences holds all the words."""
    return any(all(word in each for word in words) for each in said)


# -------------------------------------------------------------------- faults, as they come


def test_london_as_it_comes(tmp_path: Path, data: Path) -> None:
    """No column names fit, the demand has no unit and many blocks have none."""
    layers = {
        "sites": real_studies.path_line(data / real_studies.HEAT_SITES),
        "zones": real_studies.path_line(data / real_studies.ISLINGTON),
        "streets": real_studies.path_line(data / "osm" / "london_farringdon.osm.pbf"),
    }
    said = faults_of(real_studies.write_study(tmp_path, "London", layers))
    assert has(said, "sites: no column 'site_id'", "nearest is 'osm_id'")
    assert has(said, "'it_load_mw' (MW) nor 'recoverable_heat_kw' (kW)")
    assert has(said, "zones: no column 'annual_demand_mwh'", "nearest is 'demand'")
    layers["zones"] += '\ncolumns = { annual_demand_mwh = "demand" }'
    said = faults_of(real_studies.write_study(tmp_path, "London", layers))
    assert has(said, "The demand may be in kWh", 'demand_unit = "kWh"')
    assert has(said, "annual_demand_mwh is zero at", "833 more", "where = '\"demand\" > 0'")
    layers["zones"] += '\ndemand_unit = "kWh"\nwhere = "demand > 0"'
    said = faults_of(real_studies.write_study(tmp_path, "London", layers))
    assert has(said, "43.2 MWh/m2", "The other zones look sound")


def test_dublin_as_it_comes(tmp_path: Path, data: Path) -> None:
    """Two layers in one file, demand in TJ/km2, places as ids, and an outlier."""
    layers = {
        "sites": real_studies.path_line(data / real_studies.DUBLIN_CENTRES)
        + '\ncolumns = { site_id = "location", recoverable_heat_kw = "heat_kw" }',
        "zones": real_studies.path_line(data / real_studies.DUBLIN_ZONES),
        "streets": real_studies.path_line(data / "osm" / "dublin_walkinstown.osm"),
    }
    said = faults_of(real_studies.write_study(tmp_path, "Dublin", layers))
    assert has(said, "holds 2 layers", "Set `layer` under [layers.zones]")
    assert has(said, "7 ids in column 'location' stand more than once", "'fid'")
    columns = 'zone_id = "small_area", annual_demand_mwh = "total_heat_demand_tj_per_km2y"'
    layers["zones"] += f'\nlayer = "south_dublin_2021_09"\ncolumns = {{ {columns} }}'
    said = faults_of(real_studies.write_study(tmp_path, "Dublin", layers))
    assert has(said, "names the unit TJ/km2", 'demand_unit = "TJ/km2"')
    layers["zones"] = real_studies.dublin_zones(data, "dublin_city_2021_07")
    said = faults_of(real_studies.write_study(tmp_path, "Dublin", layers))
    assert has(said, "Zone '268054015'", "11.8 MWh/m2", "leave the zones out with `where`")


def test_data_centres_far_from_the_streets_at_hand(tmp_path: Path, data: Path) -> None:
    study = real_studies.dublin_walkinstown(tmp_path, data)
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace("max_site_connection_m = 2500", ""), encoding="utf-8")
    said = faults_of(study)
    assert has(said, "are 1,131 to 2,013 m from the nearest street", "max_site_connection_m")


# ---------------------------------------------------------------------- mended by options


def test_london_check(tmp_path: Path, data: Path) -> None:
    """Streets from OpenStreetMap and from the layer derived from them give much the same.

    The derived layer joins pieces of several classes, footways with streets among them.
    """
    found: dict[str, CheckResult] = {}
    for kind in ("pbf", "gpkg"):
        folder = tmp_path / kind
        folder.mkdir()
        found[kind] = siting.read_study(real_studies.london(folder, data, streets=kind)).check()
    one, other = found["pbf"], found["gpkg"]
    assert one.counts["annual_demand_gwh"] == other.counts["annual_demand_gwh"]
    assert one.counts["reached_zones"] == other.counts["reached_zones"] > 100
    lengths = [each.counts["street_length_km"] for each in found.values()]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.1)
    assert has([str(doubt) for doubt in one.doubts], "They cannot be served")


def test_demand_from_floor_area_and_use(tmp_path: Path, data: Path) -> None:
    """Buildings with floor area and use give demand, marked and doubted."""
    gpkg = real_studies.path_line(data / "derived" / "london_farringdon.gpkg")
    london = siting.read_study(real_studies.london(tmp_path, data)).config
    layers = {
        "sites": real_studies.path_line(london.layers.sites.path),
        "streets": gpkg + '\nlayer = "streets_27700"',
        "zones": gpkg
        + '\nlayer = "buildings_27700"\ncolumns = { zone_id = "osm_id", use = "building" }'
        + "\nwhere = \"building IN ('office', 'apartments', 'house', 'retail')\"",
    }
    checked = siting.read_study(real_studies.write_study(tmp_path, "London", layers)).check()
    zones = checked.region.zones.frame
    assert len(zones) == 262
    assert zones["estimated"].str.contains("annual_demand_mwh from floor area and use").all()
    per_m2 = zones["annual_demand_mwh"] * 1000 / zones["floor_area_m2"]
    assert per_m2.between(50, 250).all()
    assert has(
        [str(doubt) for doubt in checked.doubts],
        "figures of the FI building stock, as no country is given",
    )


def test_dublin_demand_agrees_with_the_published_amounts(tmp_path: Path, data: Path) -> None:
    """MWh made of TJ/km2 and the area on the map are those published beside them."""
    checked = siting.read_study(real_studies.dublin_walkinstown(tmp_path, data)).check()
    made = checked.region.zones.frame["annual_demand_mwh"]
    layer = gpd.read_file(data / real_studies.DUBLIN_ZONES, layer="south_dublin_2021_09")
    told = layer.set_index("small_area")[
        ["residential_heat_demand_mwh_per_y", "non_residential_heat_demand_mwh_per_y"]
    ].sum(axis=1)
    assert made.sum() == pytest.approx(told.sum(), rel=2e-3)
    assert (made / told[made.index] - 1).abs().median() < 2e-3
    sites = checked.assembly.site_heat.groupby("site_id")["available_mw"].max()
    assert sorted(sites.round(2)) == [2.53, 6.38, 9.21, 12.06]


@pytest.mark.parametrize("name", STUDIES)
def test_everything_after_the_search(name: str, tmp_path: Path, data: Path) -> None:
    """A plain plan on real streets is drawn, written and verified."""
    study = siting.read_study(STUDIES[name](tmp_path, data))
    checked = study.check()
    run = appraise_plan(study.config, checked, plain_plan(checked.assembly.problem))
    write_run(run.folder, run)
    assert_whole(run)


def assert_whole(run: Run) -> None:
    """Check that a run folder is complete and agrees with itself and its inputs."""
    assert {path.name for path in run.folder.iterdir()} == OUTPUTS
    report = verify_folder(run.folder)
    assert any("assembled again from the layers" in each for each in report.agreed), str(report)
    kpis = json.loads((run.folder / "kpis.json").read_text(encoding="utf-8"))
    assert kpis["heat_mwh"] > 0
    pipes = gpd.read_file(run.folder / "plan.gpkg", layer="pipes")
    # A zone that touches its street has a service line of no length.
    assert (pipes.geometry.is_valid | (pipes["length_m"] == 0)).all()
    assert pipes.geometry.length.sum() == pytest.approx(pipes["length_m"].sum(), rel=1e-3)
    named = "OpenStreetMap contributors" in (run.folder / "map.html").read_text(encoding="utf-8")
    assert named == (run.config.layers.streets.path.suffix != ".gpkg")


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_run(name: str, tmp_path: Path, data: Path) -> None:
    """A short search, at any gap, gives a plan that is written and verified."""
    if name in LONG and not os.environ.get("SITING_REAL_RUNS"):
        pytest.skip("a search of half a minute; set SITING_REAL_RUNS=1 to run it")
    study: Study = siting.read_study(STUDIES[name](tmp_path, data))
    assert_whole(study.run())
    result = runner.invoke(app, ["verify", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output


def test_barriers_and_buildings_of_an_extract(tmp_path: Path, data: Path) -> None:
    """Railways and water of the same extract are priced; fewer connections cross buildings."""
    extract = (data / "osm" / "london_farringdon.osm.pbf").as_posix()
    study = real_studies.london(tmp_path, data)
    text = study.read_text(encoding="utf-8")
    study.write_text(text + "\n[network]\nconnections_per_zone = 2\n", encoding="utf-8")
    plain = siting.read_study(study).check()
    more = f'\n[layers.barriers]\npath = "{extract}"\n[layers.buildings]\npath = "{extract}"\n'
    study.write_text(study.read_text(encoding="utf-8") + more, encoding="utf-8")
    checked = siting.read_study(study).check()
    assert checked.region.barriers is not None
    assert set(checked.region.barriers.frame["kind"]) == {"railway", "water"}
    assert len(checked.region.buildings) > 2_000
    edges = checked.network.edges
    assert edges["crossing_cost_eur"].sum() == 400_000.0 * edges["crossings"].sum()
    through = [_through_buildings(each, checked.region.buildings) for each in (plain, checked)]
    assert through[1] < through[0]


def _through_buildings(checked: CheckResult, buildings: np.ndarray) -> float:
    """Return the length of service lines inside buildings [m]."""
    lines = checked.network.edges.query("kind == 'service'").geometry.to_numpy()
    line, building = shapely.STRtree(buildings).query(lines, predicate="intersects")
    return float(shapely.length(shapely.intersection(lines[line], buildings[building])).sum())


def test_streets_are_conserved_from_file_to_network(tmp_path: Path, data: Path) -> None:
    """What was read is what was kept and what the log says was dropped or added, to a metre."""
    for name in ("pbf", "gpkg"):
        (tmp_path / name).mkdir()
        study = real_studies.london(tmp_path / name, data, streets=name)
        found = siting.read_study(study).inspect()
        assert_length_balance(found)
