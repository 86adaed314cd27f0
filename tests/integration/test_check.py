"""Check what `siting check` prints, draws and returns for clean, odd and faulty layers."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from test_cli_faults import change_layer, change_study, with_value
from typer.testing import CliRunner

import siting
from siting.cli import app
from siting.outputs.assets import outside_links
from siting.outputs.check_facts import street_density
from siting.region import acts_frame

runner = CliRunner()


def check(study: Path, *options: str) -> tuple[int, str, str]:
    """Return the exit code of a check, what it printed, and its page."""
    result = runner.invoke(app, ["check", str(study), *options])
    page = study / "check.html"
    return result.exit_code, result.output, page.read_text("utf-8") if page.exists() else ""


def with_gap(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return streets of which one ends half a metre before the next, and one drawn twice."""
    lines = frame.geometry.to_numpy().copy()
    xy = shapely.get_coordinates(lines[0])
    lines[0] = shapely.LineString([xy[0], xy[1] - [0.5, 0.0]])
    again = frame.iloc[[1]]
    bent = frame.set_geometry(gpd.GeoSeries(lines, index=frame.index, crs=frame.crs))
    return gpd.GeoDataFrame(gpd.pd.concat([bent, again], ignore_index=True), crs=frame.crs)


def test_clean_layers(small_study: Path) -> None:
    code, said, page = check(small_study)
    assert code == 0, said
    assert "Checked: clean" in page
    assert outside_links(page) == []
    for words in ("Small town", "Network part 0", "MWh/(m", "Zones", "Sites"):
        assert words in page


def test_doubts_have_a_code_of_their_own(small_study: Path) -> None:
    change_layer(
        "zones", lambda f: f.set_geometry(f.geometry.where(f["zone_id"] != "Z-5", f.geometry[0]))
    )(small_study)
    code, said, page = check(small_study)
    assert code == 7, said
    assert "Checked: 1 doubt, no fault" in page
    assert "share their place" in page
    assert "share their place" in said


def test_faults_are_drawn_too(small_study: Path) -> None:
    """Sites whose load is missing are faults, and still on the map."""
    change_layer("sites", with_value("it_load_mw", 0.0))(small_study)
    code, said, page = check(small_study)
    assert code == 1, said
    assert "it_load_mw is missing or zero" in said
    assert "Checked: 1 fault, 0 doubts" in page
    assert "West hall" in page
    assert "Network part 0" in page


def test_a_page_without_any_layer(small_study: Path) -> None:
    for name in ("sites", "zones", "streets"):
        (small_study / f"{name}.gpkg").unlink()
    code, _, page = check(small_study)
    assert code == 1
    assert "3 faults" in page


def test_no_page_and_json(small_study: Path) -> None:
    code, said, page = check(small_study, "--json", "--no-map")
    assert (code, page) == (0, "")
    found = json.loads(said)
    assert found["faults"] == found["doubts"] == []
    assert found["zones"] == 6


def test_every_repair_is_listed_with_length_and_place(small_study: Path, tmp_path: Path) -> None:
    change_layer("streets", with_gap)(small_study)
    layers = tmp_path / "acts.gpkg"
    code, said, page = check(small_study, "--layers", str(layers))
    assert code == 0, said
    acts = gpd.read_file(layers, layer="acts")
    gap = acts[acts["act"] == "closed gaps between streets"]
    assert gap["length_m"].tolist() == pytest.approx([0.5])
    twice = acts[acts["act"] == "dropped lines drawn twice"]
    assert twice["length_m"].tolist() == pytest.approx([450.0])
    noded = acts[acts["act"] == "noded streets where they meet"]
    # At the four corners ends meet, which needs no noding.
    assert len(noded) == 12
    assert (noded.geom_type == "Point").all()
    assert "Closed gaps between streets (1)" in page


def test_strict_stops_instead(small_study: Path) -> None:
    change_layer("streets", with_gap)(small_study)
    code, said, _ = check(small_study, "--strict")
    assert code == 1
    for words in ("strict: closed gaps", "strict: dropped lines drawn twice", "strict: noded"):
        assert words in said
    change_study("[study]", "[study]\nstrict = true")(small_study)
    with pytest.raises(siting.InputError, match="strict: closed gaps"):
        siting.read_study(small_study / "study.toml").check()


def test_acts_agree_with_the_log(small_study: Path) -> None:
    """Each act with places has as many of them as it counts, and as much length."""
    change_layer("streets", with_gap)(small_study)
    result = siting.read_study(small_study / "study.toml").check()
    for remark in result.remarks:
        if remark.places is None:
            continue
        rows = acts_frame([remark], result.region.crs)
        assert len(rows) == remark.count, remark
        if remark.length_m:
            assert rows["length_m"].sum() == pytest.approx(remark.length_m), remark


def test_linear_heat_density(small_study: Path) -> None:
    """All demand stands at some street, at the length of that street."""
    region = siting.read_study(small_study / "study.toml").check().region
    density = street_density(region, 200.0)
    amount = (density * region.streets.frame.length).sum()
    assert amount == pytest.approx(region.zones.frame["annual_demand_mwh"].sum())
    assert street_density(region, 0.001).sum() == 0
