"""Point at every reference file in every role: a region comes of it, or a helpful message."""

from __future__ import annotations

import logging
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from real_studies import path_line, write_study

from siting.config import read_config
from siting.errors import FaultLog
from siting.layers import read_region
from siting.region import Region

FOLDERS = ("osm", "derived", "heat_demand", "sources", "networks")
COMPANIONS = {".cpg", ".dbf", ".prj", ".shx"}
ROLES = ("sites", "zones", "streets")
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)


def every_file() -> list[str]:
    """Return the files that a planner could point at, as names below the data folder."""
    found = [path for folder in FOLDERS for path in sorted((DATA / folder).rglob("*"))]
    return [
        path.relative_to(DATA).as_posix()
        for path in found
        if path.is_file() and path.suffix not in COMPANIONS
    ]


def companions(folder: Path, at: tuple[float, float]) -> dict[str, str]:
    """Write one site, one zone and one street at a place in degrees."""
    here = shapely.Point(at)
    frames = {
        "sites": gpd.GeoDataFrame({"site_id": ["s"], "it_load_mw": [5.0]}, geometry=[here]),
        "zones": gpd.GeoDataFrame({"zone_id": ["z"], "annual_demand_mwh": [9.0]}, geometry=[here]),
        "streets": gpd.GeoDataFrame(geometry=[shapely.LineString([at, (at[0] + 0.001, at[1])])]),
    }
    for name, frame in frames.items():
        frame.set_crs(4326).to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG")
    return {name: path_line(folder / f"{name}.gpkg") for name in frames}


def read(
    folder: Path, file: str, role: str, lines: str = "", at: tuple[float, float] = (10.0, 50.0)
) -> tuple[Region, FaultLog]:
    """Read a file in a role, with companions in the other two."""
    layers = {**companions(folder, at), role: f"{path_line(DATA / file)}\n{lines}"}
    log = FaultLog()
    return read_region(read_config(write_study(folder, "test", layers)), log), log


@pytest.mark.parametrize("file", every_file() or ["absent"])
def test_as_it_comes(file: str, tmp_path: Path, shared: Path) -> None:
    """Without a word about columns or layers: never a traceback, always something to do."""
    for role in ROLES:
        if role != "streets" and file.startswith("osm/rhine"):
            continue  # 45,000 roads and nothing else
        region, log = read(tmp_path, file, role)
        frame = getattr(region, role).frame
        assert log.faults or len(frame), (file, role)
        for fault in log.faults:
            assert fault.remedy.endswith("."), str(fault)
            assert len(str(fault)) > 40, str(fault)
            assert "Traceback" not in str(fault)


SOUTH_DUBLIN = """\
layer = "south_dublin_2021_09"
demand_unit = "TJ/km2"
columns = { zone_id = "small_area", annual_demand_mwh = "total_heat_demand_tj_per_km2y" }
"""
HOMES = "residential_heat_demand_mwh_per_y"
SOUTH_DUBLIN_SUM = f"""\
layer = "south_dublin_2021_09"
columns = {{ zone_id = "small_area", annual_demand_mwh = "{HOMES} + non_{HOMES}" }}
"""
ISLINGTON = """\
demand_unit = "kWh"
where = "demand > 0 AND demand < 5e6"
columns = { annual_demand_mwh = "demand" }
"""
AACHEN = """\
demand_unit = "kWh"
where = "RW_WW_WBED > 0"
columns = { zone_id = "CellCode", annual_demand_mwh = "RW_WW_WBED" }
"""
MENDED = [
    # file, role, place, lines, features, total (km of street, GWh/a of heat, MW of heat), margin
    ("osm/london_farringdon.osm.pbf", "streets", (-0.10, 51.517), "", None, 114, 0.03),
    ("osm/dublin_centre.osm.pbf", "streets", (-6.25, 53.35), "", None, 659, 0.03),
    ("osm/dublin_walkinstown.osm", "streets", (-6.32, 53.305), "", None, 34, 0.03),
    ("osm/espoo_otaniemi.osm", "streets", (24.83, 60.185), "", None, 78, 0.03),
    ("osm/helsinki_centre.osm.pbf", "streets", (24.94, 60.17), "", None, 238, 0.03),
    ("osm/kotka_karhula.osm.pbf", "streets", (26.95, 60.53), "", None, 66, 0.03),
    ("osm/copenhagen_osterbro.osm.gz", "streets", (12.57, 55.70), "", None, 202, 0.03),
    ("osm/rhine_neckar_roads.osm.pbf", "streets", (8.5, 49.47), "", None, 5_616, 0.03),
    ("derived/london_farringdon_slim.osm.pbf", "streets", (-0.1, 51.517), "", None, 114, 0.03),
    (
        "derived/london_farringdon.gpkg", "streets", (-0.10, 51.517), 'layer = "streets_27700"',
        3_443, 114, 0.01,
    ),
    (
        "derived/london_farringdon.gpkg", "streets", (-0.10, 51.517), 'layer = "streets_4326"',
        3_443, 114, 0.01,
    ),
    (
        "derived/dublin_centre.gpkg", "streets", (-6.25, 53.35), 'layer = "streets"',
        16_262, 659, 0.01,
    ),
    (
        "heat_demand/dublin_heat_demand_zones.gpkg", "zones", (-6.4, 53.3),
        SOUTH_DUBLIN, 919, 2_156, 0.005,
    ),
    ("osm/kotka_karhula.osm.pbf", "zones", (26.95, 60.53), "", 1_825, None, 0),
    ("osm/dublin_walkinstown.osm", "zones", (-6.32, 53.305), "", 663, None, 0),
    (
        "heat_demand/vienna_heat_density_100m.tif", "zones", (16.37, 48.21),
        'source = "raster"\ndemand_unit = "MWh/ha"\nzone_size_m = 4000', None, 17_500, 0.01,
    ),
    (
        "heat_demand/dublin_heat_demand_zones.gpkg", "zones", (-6.4, 53.3),
        SOUTH_DUBLIN_SUM, 919, 2_156, 0.001,
    ),
    (
        "heat_demand/london_islington_buildings.geojson", "zones", (-0.1, 51.55),
        ISLINGTON, None, None, 0,
    ),
    (
        "heat_demand/aachen_heat_grid_100m.shp", "zones", (6.08, 50.77),
        AACHEN, None, 2_433, 0.005,
    ),
    ("heat_demand/aachen_street_heat_lines.shp", "streets", (6.08, 50.77), "", 5_983, None, 0),
    (
        "sources/dublin_data_centres.geojson", "sites", (-6.3, 53.33),
        'where = "heat_kw > 0"\ncolumns = { site_id = "fid", recoverable_heat_kw = "heat_kw" }',
        None, 230, 0.005,
    ),
    ("networks/haag_in_oberbayern/streets.shp", "streets", (12.16, 48.16), "", None, None, 0),
    ("networks/haag_in_oberbayern/edge.shp", "streets", (12.16, 48.16), "", 74, None, 0),
    ("networks/munich_pasing/pas_edge.shp", "streets", (11.45, 48.14), "", 382, None, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "role", "at", "lines", "features", "total", "margin"),
    MENDED,
    ids=[f"{row[0].split('/')[-1]}-{row[1]}-{n}" for n, row in enumerate(MENDED)],
)
def test_mended_by_options(
    file: str,
    role: str,
    at: tuple[float, float],
    lines: str,
    features: int | None,
    total: float | None,
    margin: float,
    tmp_path: Path,
    shared: Path,
) -> None:
    """Count and total are those that the description of the data states."""
    region, log = read(tmp_path, file, role, lines, at)
    assert not [each for each in log.faults if each.layer == role], log.faults
    found = next(each for each in region.remarks if each.act.startswith("read"))
    if role == "streets":
        found = next(each for each in region.remarks if each.act == "read street lines")
        amount = found.length_m / 1000
    elif role == "zones":
        found = next(each for each in region.remarks if each.act == "read zones")
        amount = float(region.zones.frame["annual_demand_mwh"].sum()) / 1000
    else:
        found = next(each for each in region.remarks if each.act == "read sites")
        amount = float(region.sites.frame["recoverable_heat_kw"].sum()) / 1000
    if features is not None:
        assert found.count == features
    if total is not None:
        assert amount == pytest.approx(total, rel=margin)
    assert np.isfinite(amount)
    assert amount > 0


ENDS_IN = {
    # what each file that never becomes a layer of shapes is told
    "heat_demand/vienna_floor_area_100m.tif": ("zones", 'Set source = "raster"'),
    "heat_demand/vienna_heat_density_100m.tif": ("streets", "is a raster, not a layer of shapes"),
    "networks/destest/pipe_data_16_buildings.csv": ("streets", "is a table without geometry"),
    "networks/haag_in_oberbayern/data.xlsx": ("zones", "holds 6 layers"),
    "networks/munich_pasing/pas.xlsx": ("sites", "holds 7 layers"),
    "networks/schutterwald_heat_pandapipes.json": ("streets", "it is not recognized"),
    "networks/topotherm_two_producers/a_i.parquet": ("streets", "no GeoParquet"),
    "networks/topotherm_two_producers/config.yaml": ("zones", "it is not recognized"),
    "osm/rhine_neckar_roads.osm.pbf": ("zones", "holds no buildings"),
    "osm/kotka_karhula.osm.pbf": ("sites", "holds no data centre"),
    "sources/denmark_dh_prices_2024_01.csv": ("zones", "is a table without geometry"),
}


@pytest.mark.parametrize("file", ENDS_IN)
def test_ends_in_a_message(file: str, tmp_path: Path, shared: Path) -> None:
    role, words = ENDS_IN[file]
    _, log = read(tmp_path, file, role)
    own = [str(each) for each in log.faults if each.layer == role]
    assert any(words in each for each in own), own
    assert not any(str(DATA) in each for each in own), own


FURTHER = ("barriers", "buildings", "existing_network", "existing_plants", "access_points")
FURTHER_FILES = (
    "osm/kotka_karhula.osm.pbf",
    "derived/osm_heat_sites.geojson",
    "heat_demand/aachen_street_heat_lines.shp",
    "heat_demand/vienna_heat_density_100m.tif",
    "sources/denmark_dh_plants.geojson",
    "sources/denmark_dh_prices_2024_01.csv",
    "networks/haag_in_oberbayern/data.xlsx",
    "networks/haag_in_oberbayern/to_edge.shp",
    "networks/munich_pasing/pas_building.shp",
    "networks/topotherm_two_producers/a_i.parquet",
)
"""One file of each kind; of the others nothing new would be learnt."""


@pytest.mark.parametrize("file", FURTHER_FILES)
def test_as_a_further_layer(file: str, tmp_path: Path, shared: Path) -> None:
    """In the roles that a study may do without: never a traceback, always something to do."""
    layers = companions(tmp_path, (10.0, 50.0))
    study = write_study(tmp_path, "test", layers)
    lines = "".join(f"\n[layers.{role}]\n{path_line(DATA / file)}\n" for role in FURTHER)
    study.write_text(study.read_text(encoding="utf-8") + lines, encoding="utf-8")
    log = FaultLog()
    region = read_region(read_config(study), log)
    said = {each.layer for each in (*log.faults, *log.doubts)}
    read_roles = {each.layer for each in region.remarks if each.act.startswith("read")}
    for role in FURTHER:
        assert role in said | read_roles, role
    for fault in (*log.faults, *log.doubts):
        assert fault.remedy.endswith("."), str(fault)
        assert "Traceback" not in str(fault)
