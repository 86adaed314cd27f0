"""A barrier, an existing network and a stated street cost, from the study file to the run folder.

One way leads from the site to both zones: a street across a railway, then a heat pipe that lies
there, then a street whose cost is stated::

    site --0..1000 m, railway at 300-- Z-1 ==1000..2000 existing DN200== --2000..2400 stated-- Z-2
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely

import siting
from siting.study import Run
from siting.verify import verify_folder

EAST, NORTH, CRS = 385_000.0, 6_672_000.0, "EPSG:3067"
OVERHEAD = 1.25
STUDY = """
[study]
name = "Across the railway"

[layers]
sites = { path = "sites.gpkg" }
zones = { path = "zones.gpkg", demand_unit = "MWh" }
streets = { path = "streets.gpkg" }
barriers = { path = "barriers.gpkg" }
existing_network = { path = "pipes.gpkg", columns = { existing_dn = "DN" } }

[network]
zone_pipes = "none"

[parameters]
crossing_cost_eur = 250_000

[solver]
gap = 0.01
time_limit_s = 30
"""


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in points])


def write(folder: Path, layer: str, shapes: list[shapely.Geometry], **columns: list) -> None:
    gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS).to_file(folder / f"{layer}.gpkg")


@pytest.fixture
def study(tmp_path: Path) -> siting.Study:
    def point(x: float) -> shapely.Point:
        return shapely.Point(EAST + x, NORTH + 15)

    write(tmp_path, "sites", [point(0)], site_id=["DC"], it_load_mw=[20.0])
    write(
        tmp_path,
        "zones",
        [point(900), point(2_400)],
        zone_id=["Z-1", "Z-2"],
        annual_demand_mwh=[30_000.0, 30_000.0],
        mandatory=[True, True],
    )
    write(
        tmp_path,
        "streets",
        [line((0, 0), (1_000, 0)), line((2_000, 0), (2_400, 0))],
        name=["Rail Street", "Stated Street"],
        cost_eur_per_m=[float("nan"), 300.0],
    )
    write(tmp_path, "barriers", [line((300, -80), (300, 80))], kind=["railway"])
    write(tmp_path, "pipes", [line((1_000, 0), (2_000, 0))], DN=[200])
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return siting.read_study(tmp_path / "study.toml")


def stated_pieces(done: Run) -> gpd.GeoDataFrame:
    pipes = done.frames.pipes
    return pipes[(pipes["street"] == "Stated Street") & (pipes["kind"] == "street")]


def test_each_piece_of_the_way_is_priced_as_its_layer_says(study: siting.Study) -> None:
    done = study.run()
    verify_folder(done.folder)
    assert done.frames.served_zones["zone_id"].tolist() == ["Z-1", "Z-2"]
    pipes = done.frames.pipes

    old = pipes[pipes["kind"] == "existing"]
    assert old["length_m"].sum() == pytest.approx(1_000)
    assert (old["nominal_diameter"] == "DN200").all()
    assert (old["cost_eur"] == 0).all()
    assert (old["flow_mw"] > 0).all()
    assert done.appraisal.standing_pipes_m == pytest.approx(1_000)
    assert done.appraisal.trench_length_m == pytest.approx(pipes["length_m"].sum() - 1_000)

    stated = stated_pieces(done)
    assert stated["length_m"].sum() == pytest.approx(400)
    assert stated["cost_eur"].sum() == pytest.approx(300 * 400 * OVERHEAD)

    crossed = done.network.edges["crossing_cost_eur"].to_numpy()
    assert crossed.sum() == 250_000
    assert (crossed > 0).sum() == 1
    components = done.appraisal.capex_by_component_eur
    assert components["crossings"] == pytest.approx(250_000)


def test_small_pipes_are_offered_at_a_stated_cost(study: siting.Study) -> None:
    """The price is the same at any size; the loss is not, so the largest is not laid."""
    done = study.run()
    stated = stated_pieces(done)
    edges = [e for e in done.assembly.problem.edges if e.id in set(stated["pipe_id"])]
    assert all(len(edge.sizes) > 1 for edge in edges)
    largest = {edge.sizes[-1].label for edge in edges}
    assert not largest & set(stated["nominal_diameter"])


def test_the_workbook_holds_money_and_co2_by_year(study: siting.Study) -> None:
    done = study.run()
    book = openpyxl.load_workbook(done.folder / "plan.xlsx", read_only=True, data_only=True)
    assert {"Cash flow", "CO2"} <= set(book.sheetnames)
    book.close()
    assert done.business is not None
    flow, co2 = done.tables["cash_flow"], done.tables["co2"]
    value = done.business.company.net_present_value_eur
    assert flow["present_value_eur"].sum() == pytest.approx(value)
    lines = flow.drop(columns=["year", "net_eur", "present_value_eur"]).sum(axis=1)
    assert lines.to_numpy() == pytest.approx(flow["net_eur"].to_numpy())
    kpis = done.appraisal.kpis()
    assert co2["net_saving_t"].sum() == pytest.approx(kpis["co2_net_saving_horizon_t"])
    assert len(co2) == len(flow) - 1 == done.business.horizon_a


def test_a_forbidden_railway_parts_the_street_that_crosses_it(study: siting.Study) -> None:
    file = study.config.file
    open_, shut = '"barriers.gpkg" }', '"barriers.gpkg", crossing = "forbidden" }'
    file.write_text(STUDY.replace(open_, shut), encoding="utf-8")
    with pytest.raises(siting.InfeasibleError, match="mandatory zones 'Z-1', 'Z-2' cannot all"):
        siting.read_study(file).run()
    said = [str(each) for each in siting.read_study(file).check().doubts]
    assert any("'Z-1', 'Z-2' sit on streets" in each for each in said), said
