"""Check that the buildings of an OpenStreetMap file become zones, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from siting.config import read_config
from siting.demand import benchmark_countries, heat_benchmarks
from siting.errors import FaultLog
from siting.layers import read_region
from siting.layers.osm_buildings import building_classes
from siting.region import Region

WAYS = {
    "flats": {"building": "apartments", "building:levels": "5", "start_date": "1965-04"},
    "school": {"building": "yes", "amenity": "school", "height": "9.6 m"},
    "plain": {"building": "yes"},
    "shed": {"building": "shed"},
    "empty": {"building": "no"},
}
SIDE_DEGREES = 0.0003  # some 33 m by 17 m at 60 degrees north


def osm(path: Path, ways: dict[str, dict[str, str]], side: float = SIDE_DEGREES) -> Path:
    """Write squares in a row beside a street, one for each way, with ids from 100 on."""
    nodes, lines = [], []
    for number, tags in enumerate(ways.values()):
        lon, lat = 24.90 + 0.001 * number, 60.10
        corners = [(0, 0), (side, 0), (side, side), (0, side)]
        ids = [10 * (number + 1) + k for k in range(4)]
        nodes += [
            f'<node id="{i}" version="1" lon="{lon + x:.6f}" lat="{lat + y:.6f}"/>'
            for i, (x, y) in zip(ids, corners, strict=True)
        ]
        refs = "".join(f'<nd ref="{i}"/>' for i in [*ids, ids[0]])
        told = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())
        lines.append(f'<way id="{100 + number}" version="1">{refs}{told}</way>')
    nodes += [
        '<node id="1" version="1" lon="24.8990" lat="60.0998"/>',
        '<node id="2" version="1" lon="24.9100" lat="60.0998"/>',
    ]
    road = '<nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/>'
    street = f'<way id="99" version="1">{road}</way>'
    nodes.sort(key=lambda text: int(text.split('"')[1]))
    body = "".join([*nodes, street, *lines])
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{body}</osm>', encoding="utf-8")
    return path


def read(folder: Path, lines: str = "") -> tuple[Region, FaultLog]:
    """Read the town as streets and zones, with one site."""
    (folder / "sites.csv").write_text("site_id,lon,lat,it_load_mw\ns,24.9,60.0999,4\n")
    study = folder / "study.toml"
    study.write_text(
        '[study]\ncountry = "FI"\n[layers.sites]\npath = "sites.csv"\n[layers.streets]\n'
        f'path = "town.osm"\n[layers.zones]\npath = "town.osm"\n{lines}',
        encoding="utf-8",
    )
    log = FaultLog()
    return read_region(read_config(study), log), log


def test_buildings_become_zones_with_estimated_demand(tmp_path: Path) -> None:
    osm(tmp_path / "town.osm", WAYS)
    region, log = read(tmp_path)
    assert not log.faults, log.faults
    zones = region.zones.frame
    assert list(zones.index) == ["way/100", "way/101", "way/102"]
    assert zones["use"].tolist() == ["apartments", "education", ""]
    area = zones.geometry.area
    assert zones["footprint_m2"].to_numpy() == pytest.approx(area.to_numpy(), rel=0.002)
    assert zones["levels"].tolist()[:2] == [5.0, 3.0]
    assert zones["year_built"].tolist()[0] == 1965.0
    # Storeys of the plain one are the median of the others: 4; 120 kWh/m2 for want of a use.
    floor = zones["floor_area_m2"]["way/102"]
    assert floor == pytest.approx(4 * zones["footprint_m2"]["way/102"])
    assert zones["annual_demand_mwh"]["way/102"] == pytest.approx(floor * 0.12)
    assert "storeys (median of all), use not tagged" in zones["estimated"]["way/102"]
    assert zones["estimated_by"].tolist() == [
        "footprint, storeys and use", "footprint, storeys and use", "floor area alone",
    ]  # fmt: skip
    acts = {each.act: each.count for each in region.remarks}
    assert acts["left out buildings that are not heated"] == 2
    said = [str(each) for each in log.doubts]
    assert sum("annual demand is estimated" in each for each in said) == 2
    assert not any("Name the country" in each for each in said)


def test_small_outlines_and_copies_are_left_out(tmp_path: Path) -> None:
    osm(tmp_path / "town.osm", {"hut": {"building": "yes"}}, side=0.00004)
    region, log = read(tmp_path)
    assert region.zones.frame.empty
    assert "none of 1 buildings in 'town.osm' is heated and larger than 25 m2" in str(log.faults[0])
    assert len(log.faults) == 1


def test_a_file_without_buildings(tmp_path: Path) -> None:
    osm(tmp_path / "town.osm", {"lake": {"natural": "water"}})
    _, log = read(tmp_path)
    assert "'town.osm' holds no buildings" in str(log.faults[0])


def test_the_table_speaks_of_known_uses_only() -> None:
    table = building_classes()
    assert set(table["heated"]) == {"yes", "no"}
    assert (table.loc[table["heated"] == "no", "use"] == "").all()
    told = set(table["use"]) - {""}
    for country in benchmark_countries():
        assert told <= set(heat_benchmarks(country)["use"]), country
    assert not table.duplicated(["key", "value"]).any()
