"""Plants and customers of an existing network, from the study file to the run folder.

A heat pipe of DN200 leads past two customers; a base plant feeds it. A data centre stands at its
start, and a street leads on from its end to a zone that is not connected yet::

    DC, plant ==0..1000 existing DN200, customers at 400 and 800== --1000..1300 street-- new zone
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from plain_plan import plain_plan

import siting
from siting.heat import load_curve
from siting.outputs.files import write_run
from siting.study import Run
from siting.study.solving import appraise_plan
from siting.verify import verify_folder
from siting.verify.tables import check_kpis

EAST, NORTH, CRS = 385_000.0, 6_672_000.0, "EPSG:3067"
DEMAND_MWH, HOURS_H, BASE_MW = 20_000.0, 2_500.0, 2.0
STUDY = """
[study]
name = "Beside a waste incinerator"

[layers]
sites = { path = "sites.gpkg" }
zones = { path = "zones.gpkg", demand_unit = "MWh" }
streets = { path = "streets.gpkg" }
existing_network = { path = "pipes.gpkg", columns = { existing_dn = "DN" } }
existing_plants = { path = "plants.gpkg" }

[network]
zone_pipes = "none"
supply_temperature_c = 80
return_temperature_c = 45

[limits]
min_share = 0.2

[solver]
gap = 0.02
time_limit_s = 120
"""


def at(x: float, y: float = 15.0) -> shapely.Point:
    return shapely.Point(EAST + x, NORTH + y)


def line(*xs: float) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH) for x in xs])


def write(folder: Path, layer: str, shapes: list[shapely.Geometry], **columns: list) -> None:
    gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS).to_file(folder / f"{layer}.gpkg")


def layers(folder: Path, **plants: list) -> Path:
    """Write the study; ``plants`` replaces columns of the plants."""
    write(folder, "sites", [at(0)], site_id=["DC"], it_load_mw=[12.0])
    write(
        folder,
        "zones",
        [at(400), at(800), at(1_300)],
        zone_id=["C-1", "C-2", "New"],
        annual_demand_mwh=[DEMAND_MWH] * 3,
        existing_customer=[True, True, False],
    )
    write(folder, "streets", [line(-50, 20), line(1_000, 1_300)], name=["West", "East"])
    write(folder, "pipes", [line(0, 1_000)], DN=[200])
    told = {"plant_id": ["WTE", "Boilers"], "role": ["base", "peak"], "output_mw": [BASE_MW, 30.0]}
    write(folder, "plants", [at(0, 40), at(990, 40)], **(told | plants))
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder / "study.toml"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A plain plan, drawn and written: what is counted does not hang on a search."""
    study = siting.read_study(layers(tmp_path_factory.mktemp("heat")))
    checked = study.check()
    run = appraise_plan(study.config, checked, plain_plan(checked.assembly.problem))
    write_run(run.folder, run)
    return run


def whole_curve(done: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the load curve of one customer without any plant: MW, and MWh/a below them."""
    least = done.checked.parameters.value("minimum_load_ratio")
    points = int(done.checked.parameters.value("load_curve_points"))
    x, s = np.array(load_curve(HOURS_H, least, points)).T
    return x * DEMAND_MWH / HOURS_H, s * DEMAND_MWH


def test_base_plants_cover_the_lowest_part_of_todays_customers(done: Run) -> None:
    """Equal customers share the plant; what it gives and what is left make up the demand."""
    zones = {done.assembly.zone_ids[each.id]: each for each in done.assembly.problem.zones}
    covered = float(np.interp(BASE_MW / 2, *whole_curve(done)))
    for name in ("C-1", "C-2"):
        assert zones[name].standing_base[-1] == pytest.approx((BASE_MW / 2, covered))
        assert zones[name].heat_mwh == pytest.approx(DEMAND_MWH - covered)
        assert zones[name].peak_mw == pytest.approx((DEMAND_MWH / HOURS_H) - BASE_MW / 2)
        assert zones[name].cost_eur == 0
    assert zones["New"].standing_base == ()
    assert zones["New"].heat_mwh == DEMAND_MWH
    assert zones["New"].cost_eur > 0


def test_what_stands_is_free(done: Run) -> None:
    pipes = done.frames.pipes
    assert (pipes.loc[pipes["kind"] == "existing", "cost_eur"] == 0).all()
    service = pipes[pipes["kind"] == "service"].set_index("length_m")
    assert service["cost_eur"].tolist() == [0.0] * len(service)
    assert done.appraisal.standing_pipes_m > 800


def test_displaced_base_load_is_counted_apart(done: Run) -> None:
    """Heat delivered is that above the plant; heat that could take its place stands beside it."""
    q, h = whole_curve(done)
    covered = float(np.interp(BASE_MW / 2, q, h))
    zones = done.frames.zones.set_index("zone_id")
    assert zones["served"][["C-1", "C-2"]].all()
    for name in ("C-1", "C-2"):
        base = float(zones.loc[name, "base_mw"])
        counted = float(np.interp(base + BASE_MW / 2, q, h)) - covered
        assert zones.loc[name, "heat_mwh"] == pytest.approx(counted, rel=1e-4)
        first = float(np.interp(base, q, h))
        assert zones.loc[name, "displaced_base_mwh"] == pytest.approx(first - counted, rel=1e-3)
        assert 0 < zones.loc[name, "displaced_base_mwh"] < covered
    kpis = done.appraisal.kpis()
    assert kpis["standing_base_mwh"] == pytest.approx(2 * covered)
    assert kpis["displaced_base_mwh"] == pytest.approx(zones["displaced_base_mwh"].sum())
    assert kpis["heat_mwh"] == pytest.approx(zones["heat_mwh"].sum())
    report = (done.folder / "report.html").read_text(encoding="utf-8")
    assert "Existing base load, not in that demand" in report
    assert any("not counted as heat delivered" in note for note in done.appraisal.notes)


def test_verification_derives_it_again(done: Run, tmp_path: Path) -> None:
    assert any("assembled again" in each for each in verify_folder(done.folder).agreed)
    told = json.loads((done.folder / "kpis.json").read_text(encoding="utf-8"))
    told["displaced_base_mwh"] *= 1.01
    path = tmp_path / "kpis.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    said = check_kpis(path, done.assembly.problem, done.plan)
    assert len(said) == 1
    assert "displaced_base_mwh" in said[0]


def test_demand_is_conserved_from_file_to_problem(done: Run) -> None:
    problem = done.assembly.problem
    covered = math.fsum(each.standing_base[-1][1] for each in problem.zones if each.standing_base)
    left = math.fsum(each.heat_mwh for each in problem.zones)
    assert left + covered == pytest.approx(3 * DEMAND_MWH, rel=1e-9)


def test_peak_plants_alone_leave_all_heat_to_be_displaced(tmp_path: Path) -> None:
    study = siting.read_study(layers(tmp_path, role=["peak", "peak"]))
    checked = study.check()
    assert all(each.standing_base == () for each in checked.assembly.problem.zones)
    assert checked.counts["reached_demand_gwh"] == pytest.approx(60.0)
    acts = {each.act: each for each in checked.remarks}
    told = acts["are customers of the existing network, at no cost"]
    assert (told.count, told.detail) == (2, "no base plant feeds it")


def test_a_plant_too_large_leaves_nothing(tmp_path: Path) -> None:
    checked = siting.read_study(layers(tmp_path, output_mw=[500.0, 1.0])).check()
    zones = {checked.assembly.zone_ids[each.id]: each for each in checked.assembly.problem.zones}
    assert (zones["C-1"].heat_mwh, zones["C-1"].peak_mw) == (0.0, 0.0)
    assert zones["C-1"].standing_base[-1][1] == pytest.approx(DEMAND_MWH)


def doubts_of(study: Path) -> str:
    return "\n".join(str(each) for each in siting.read_study(study).check().doubts)


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    study = layers(tmp_path)
    assert "but not all state free_capacity_mw" in doubts_of(study)
    write(tmp_path, "pipes", [line(0, 1_000)], DN=[200], free_capacity_mw=[3.0])
    checked = siting.read_study(study).check()
    assert "free_capacity_mw" not in "\n".join(map(str, checked.doubts))
    standing = [each for each in checked.assembly.problem.edges if each.sizes[0].cost_eur == 0]
    assert 3.0 in {each.sizes[0].capacity_mw for each in standing}
    write(tmp_path, "pipes", [line(0, 1_000)], DN=[200], free_capacity_mw=[0.0])
    assert any(each.forbidden for each in siting.read_study(study).check().assembly.problem.edges)
    write(tmp_path, "plants", [at(0, 900)], plant_id=["Far"], output_mw=[2.0])
    assert "'Far' is 900 m or more from the existing pipes" in doubts_of(study)
    zones = gpd.read_file(tmp_path / "zones.gpkg")
    zones.assign(existing_customer=False).to_file(tmp_path / "zones.gpkg")
    assert "'Far' feeds no zone that is marked as existing_customer" in doubts_of(study)
    write(tmp_path, "plants", [at(0)], plant_id=["X"], output_mw=[float("nan")])
    with pytest.raises(siting.InputError, match="output_mw is missing or zero at 'X'"):
        siting.read_study(study).check()


def test_plants_without_pipes_are_a_fault(tmp_path: Path) -> None:
    study = layers(tmp_path)
    text = STUDY.replace(
        'existing_network = { path = "pipes.gpkg", columns = { existing_dn = "DN" } }', ""
    )
    study.write_text(text, encoding="utf-8")
    write(tmp_path, "streets", [line(-50, 1_300)])
    with pytest.raises(siting.InputError, match=r"but no \[layers.existing_network\]"):
        siting.read_study(study).check()
