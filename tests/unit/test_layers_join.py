"""Check that columns come from a second table by id or place, and that units are asked for."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import siting
from siting.config import read_config
from siting.errors import FaultLog, InputError
from siting.layers import read_region
from siting.layers.asked_units import check_named_units
from siting.region import Region
from tests.conftest import SMALL_STUDY, small_layers


def write(folder: Path, zones: gpd.GeoDataFrame, lines: str = "") -> Path:
    """Write a study whose zones have further lines in their section."""
    layers = {**small_layers(), "zones": zones}
    for name, frame in layers.items():
        frame.to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG")
    text = SMALL_STUDY.replace('path = "zones.gpkg"', f'path = "zones.gpkg"\n{lines}')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def read(study: Path) -> tuple[Region, FaultLog]:
    """Read the layers of a study."""
    log = FaultLog()
    return read_region(read_config(study), log), log


JOIN = '[layers.zones.join]\npath = "demand.csv"\n'


def split_table(folder: Path) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return zones without demand, and their demand as a table in another order."""
    zones = small_layers()["zones"]
    columns = ["zone_id", "annual_demand_mwh", "peak_demand_kw"]
    return zones[["zone_id", "name", "geometry"]], pd.DataFrame(zones[columns]).iloc[::-1]


def test_by_id_nothing_is_lost(tmp_path: Path) -> None:
    zones, table = split_table(tmp_path)
    table.to_csv(tmp_path / "demand.csv", index=False)
    region, log = read(write(tmp_path, zones, JOIN))
    assert not log.faults, log.faults
    whole, _ = read(write(tmp_path, small_layers()["zones"]))
    found, wanted = region.zones.frame, whole.zones.frame
    assert found["annual_demand_mwh"].tolist() == wanted["annual_demand_mwh"].tolist()
    assert any(each.act == "joined rows of a table" and each.count == 6 for each in region.remarks)
    assert siting.read_study(tmp_path / "study.toml").check().counts["annual_demand_gwh"] == 7.1


def test_ids_of_another_type_are_the_same_ids(tmp_path: Path) -> None:
    """7, 7.0 and '7' are one id."""
    zones, table = split_table(tmp_path)
    zones = zones.assign(zone_id=[float(n) for n in range(6)])
    table = table.assign(zone_id=[str(n) for n in range(5, -1, -1)])
    table.to_csv(tmp_path / "demand.csv", index=False)
    region, log = read(write(tmp_path, zones, JOIN))
    assert not log.faults, log.faults
    assert region.zones.frame["annual_demand_mwh"].sum() == 7_100.0


def test_rows_without_a_partner_are_doubted_with_their_demand(tmp_path: Path) -> None:
    zones, table = split_table(tmp_path)
    more = pd.DataFrame(
        {"zone_id": ["Z-99"], "annual_demand_mwh": [500.0], "peak_demand_kw": [200.0]}
    )
    pd.concat([table, more]).to_csv(tmp_path / "demand.csv", index=False)
    _, log = read(write(tmp_path, zones, JOIN))
    said = " ".join(map(str, log.doubts))
    assert "1 rows have no partner" in said
    assert "annual_demand_mwh 500" in said
    assert "'Z-99'" in said


def test_repeated_ids_are_a_fault_or_added_up(tmp_path: Path) -> None:
    zones, table = split_table(tmp_path)
    halves = table.assign(annual_demand_mwh=table["annual_demand_mwh"] / 2)
    pd.concat([halves, halves]).drop(columns="peak_demand_kw").to_csv(
        tmp_path / "demand.csv", index=False
    )
    _, log = read(write(tmp_path, zones, JOIN))
    assert "stand more than once" in str(log.faults[0])
    region, log = read(write(tmp_path, zones, JOIN + 'repeated = "sum"'))
    assert not log.faults, log.faults
    assert region.zones.frame["annual_demand_mwh"].sum() == pytest.approx(7_100.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.rename(columns={"zone_id": "nr"}), "no column 'zone_id' with the ids"),
        (lambda t: t.assign(zone_id="x" + t["zone_id"]), "no id of 'demand.csv' is one"),
        (lambda t: t.assign(name="other"), "columns 'name' are in the layer and in the table"),
        (lambda t: t.drop(columns="annual_demand_mwh"), "no column 'annual_demand_mwh'"),
    ],
)
def test_joins_that_cannot_be(change: object, words: str, tmp_path: Path) -> None:
    zones, table = split_table(tmp_path)
    change(table).to_csv(tmp_path / "demand.csv", index=False)  # type: ignore[operator]
    _, log = read(write(tmp_path, zones, JOIN))
    assert any(words in str(each) for each in log.faults), log.faults


def test_a_missing_table_is_a_fault(tmp_path: Path) -> None:
    zones, _ = split_table(tmp_path)
    _, log = read(write(tmp_path, zones, JOIN))
    assert "'demand.csv' is not in folder" in " ".join(map(str, log.faults))


def test_points_are_added_up_in_each_area(tmp_path: Path) -> None:
    """Buildings in another CRS give their demand to the zone in which they lie."""
    zones, _ = split_table(tmp_path)
    areas = zones.set_geometry(zones.geometry.buffer(30, cap_style="square"))
    spots = [shapely.Point(p.x + dx, p.y) for p in zones.geometry for dx in (-5, 5)]
    stray = shapely.Point(zones.geometry[0].x + 5_000, zones.geometry[0].y)
    buildings = gpd.GeoDataFrame(
        {"annual_demand_mwh": [100.0] * 12 + [7.0]}, geometry=[*spots, stray], crs=zones.crs
    )
    buildings.to_crs(4326).to_file(tmp_path / "b.geojson", driver="GeoJSON")
    lines = '[layers.zones.join]\npath = "b.geojson"\nby = "location"'
    region, log = read(write(tmp_path, areas, lines))
    assert not log.faults, log.faults
    assert region.zones.frame["annual_demand_mwh"].tolist() == [200.0] * 6
    assert any("annual_demand_mwh 7 in all" in str(each) for each in log.doubts)


def test_areas_give_their_figures_to_what_lies_in_them(tmp_path: Path) -> None:
    zones = small_layers()["zones"].drop(columns="name")
    quarter = gpd.GeoDataFrame(
        {"use": ["apartments"]}, geometry=[shapely.box(*zones.total_bounds).buffer(99)],
        crs=zones.crs,
    )  # fmt: skip
    quarter.to_file(tmp_path / "q.gpkg", driver="GPKG")
    lines = '[layers.zones.join]\npath = "q.gpkg"\nby = "location"'
    region, log = read(write(tmp_path, zones, lines))
    assert not log.faults, log.faults
    assert region.zones.frame["use"].tolist() == ["apartments"] * 6


def test_nothing_in_the_same_place_is_a_fault(tmp_path: Path) -> None:
    zones, _ = split_table(tmp_path)
    far = gpd.GeoDataFrame(
        {"annual_demand_mwh": [1.0]}, geometry=[shapely.Point(0, 0)], crs=zones.crs
    )
    far.to_file(tmp_path / "f.gpkg", driver="GPKG")
    lines = '[layers.zones.join]\npath = "f.gpkg"\nby = "location"'
    _, log = read(write(tmp_path, zones, lines))
    assert any("nothing in 'f.gpkg' lies where" in str(each) for each in log.faults)


# ------------------------------------------------------------------------------- units


def test_a_demand_without_a_unit_is_a_question(tmp_path: Path) -> None:
    zones = small_layers()["zones"].rename(columns={"annual_demand_mwh": "HEAT"})
    mapping = 'columns = { annual_demand_mwh = "HEAT" }'
    _, log = read(write(tmp_path, zones, mapping))
    said = " ".join(map(str, log.faults))
    assert "'HEAT' (annual_demand_mwh) names no unit. Which is it? MWh: 7.1 GWh/a in all" in said
    assert "kWh: 0.0071 GWh/a" in said
    _, log = read(write(tmp_path, zones, f'{mapping}\ndemand_unit = "MWh"'))
    assert not log.faults, log.faults
    named = zones.rename(columns={"HEAT": "heat_mwh"})
    _, log = read(write(tmp_path, named, mapping.replace("HEAT", "heat_mwh")))
    assert not log.faults, log.faults


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ("it_load_mw", "POWER_KW", "Divide it by 1,000"),
        ("recoverable_heat_kw", "heat_mw", "Multiply it by 1,000"),
        ("floor_area_m2", "area_ha", "Multiply it by 10,000"),
        ("peak_demand_kw", "peak_w", "Divide it by 1,000"),
        ("it_load_mw", "power_mw", ""),
        ("it_load_mw", "power", ""),
        ("it_load_mw", "area_ha", ""),
    ],
)
def test_names_that_state_another_unit_are_a_question(ours: str, theirs: str, words: str) -> None:
    log = FaultLog()
    check_named_units("sites", {ours: theirs}, log)
    assert len(log.faults) == bool(words)
    if words:
        assert words in str(log.faults[0])
        assert "Is it in" in str(log.faults[0])


@pytest.mark.parametrize(("load", "words"), [(2_000.0, "kW/m2"), (0.01, "kW/m2"), (20.0, "")])
def test_it_load_over_the_outline_is_plausible(load: float, words: str, tmp_path: Path) -> None:
    study = write(tmp_path, small_layers()["zones"])
    sites = small_layers()["sites"].assign(it_load_mw=load)
    sites = sites.set_geometry(sites.geometry.buffer(80, cap_style="square"))
    sites.to_file(tmp_path / "sites.gpkg", layer="sites", driver="GPKG")
    _, log = read(study)
    assert any("area of the outline" in str(each) for each in log.doubts) == bool(words)


def test_sites_of_openstreetmap_take_their_load_from_a_table(tmp_path: Path, shared: Path) -> None:
    """The one data centre of the London extract is found by its tag."""
    extract = shared / "data" / "osm" / "london_farringdon.osm.pbf"
    study = write(tmp_path, small_layers()["zones"])
    text = study.read_text(encoding="utf-8")
    osm = text.replace('path = "sites.gpkg"', f'path = "{extract.as_posix()}"')
    study.write_text(osm.replace('crs = "EPSG:3067"\n', ""), encoding="utf-8")
    _, log = read(study)
    assert any("OpenStreetMap states no IT load" in str(each) for each in log.faults)
    (tmp_path / "loads.csv").write_text("site_id,it_load_mw\nway/33503496,8\n", encoding="utf-8")
    join = f'path = "{extract.as_posix()}"\n[layers.sites.join]\npath = "loads.csv"'
    study.write_text(text.replace('path = "sites.gpkg"', join), encoding="utf-8")
    region, _ = read(study)
    frame = region.sites.frame
    assert frame["it_load_mw"].tolist() == [8.0]
    assert frame["name"].tolist() == ["Volta Data Centre"]


def test_a_join_survives_the_run_folder(tmp_path: Path) -> None:
    """The settings of a run lead back to the table, from wherever the study lies."""
    from siting.config import config_from_dict, settings_of

    zones, table = split_table(tmp_path)
    table.to_csv(tmp_path / "demand.csv", index=False)
    config = read_config(write(tmp_path, zones, JOIN))
    settings = settings_of(config)
    assert settings["layers"]["zones"]["join"]["path"] == "demand.csv"
    again = config_from_dict(settings, config.file)
    assert again.layers.zones.join == config.layers.zones.join

    from siting.input_files import input_files

    assert tmp_path / "demand.csv" in input_files(config)
    with pytest.raises(InputError, match="Did you mean 'repeated'"):
        read_config(write(tmp_path, zones, JOIN + 'repeatd = "sum"'))
