"""Screening: towns, pairs by hand, the assignment against brute force, and regions handed on."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.optimize import linprog
from typer.testing import CliRunner

from siting.cli import app
from siting.config import read_config
from siting.config.file import whole_from_dict
from siting.config.screening import ScreenConfig, ScreeningConfig
from siting.errors import InputError
from siting.screening import screen
from siting.screening.places import CURVE_X, town_labels
from siting.screening.regions import hand_over
from siting.screening.run import read_screening

EAST, NORTH = 500_000.0, 6_700_000.0

SCREENING = """\
[study]
name = "Made-up country"
crs = "EPSG:3067"
[layers.sites]
path = "sites.gpkg"
[layers.zones]
path = "zones.gpkg"
[solver]
gap = 1e-6
"""


def write_country(folder: Path, more: str = "") -> Path:
    """Write four towns of two zones each and five sites, and return the screening file."""
    centres = [(0, 0), (6_000, 0), (0, 5_000), (9_000, 7_000)]
    demand = [9_000.0, 22_000.0, 30_000.0, 12_000.0]
    squares = [
        shapely.box(x + side * 410, y, x + side * 410 + 400, y + 400)
        for x, y in centres
        for side in (0, 1)
    ]
    zones = gpd.GeoDataFrame(
        {
            "zone_id": [f"Z-{k}" for k in range(8)],
            "name": [f"{town} {side}" for town in "ABCD" for side in ("west", "east")],
            "annual_demand_mwh": [share * each for each in demand for share in (0.6, 0.4)],
        },
        geometry=[shapely.affinity.translate(each, EAST, NORTH) for each in squares],
        crs="EPSG:3067",
    )
    spots = [(1_500, 200), (3_000, -500), (7_000, 1_500), (200, 6_500), (40_000, 40_000)]
    sites = gpd.GeoDataFrame(
        {
            "site_id": [f"S-{k}" for k in range(5)],
            "it_load_mw": [4.0, 8.0, 12.0, 5.0, 30.0],
            "cooling": ["liquid", "air", "liquid", "air", "air"],
        },
        geometry=[shapely.Point(EAST + x, NORTH + y) for x, y in spots],
        crs="EPSG:3067",
    )
    folder.mkdir(parents=True, exist_ok=True)
    zones.to_file(folder / "zones.gpkg", layer="zones")
    sites.to_file(folder / "sites.gpkg", layer="sites")
    file = folder / "country.toml"
    file.write_text(SCREENING + more, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_country(tmp_path_factory.mktemp("country"))


@pytest.fixture(scope="module")
def found(file: Path):
    return screen(read_screening(file))


def test_near_zones_are_one_town_and_large_ones_are_cut():
    row = np.array([shapely.Point(x, 0) for x in range(0, 5_000, 150)])
    assert len(set(town_labels(row, ScreenConfig(town_size_m=None)))) == 1
    assert len(set(town_labels(row, ScreenConfig(town_size_m=1_000)))) == 5
    assert len(set(town_labels(row, ScreenConfig(town_gap_m=100)))) == len(row)


def test_towns_hold_their_zones_the_largest_first(found):
    towns = found.places.towns
    assert [each.heat_mwh for each in towns] == [30_000.0, 22_000.0, 12_000.0, 9_000.0]
    assert towns[0].zones == ("Z-4", "Z-5")
    assert towns[0].name == "C west"
    assert towns[0].centre.x == pytest.approx(EAST + 0.6 * 200 + 0.4 * 610)
    assert towns[0].curve[-1] == pytest.approx(1.0)


def test_a_site_out_of_reach_has_no_pair(found):
    assert "S-4" not in set(found.ranking()["site_id"])
    assert set(found.sites().set_index("site_id").loc["S-4", ["best_town"]]) == {""}


def test_a_pair_by_hand(found):
    """Trunk, losses, plant and heat follow from the catalogue, the options and the load curve."""
    places, row = found.places, found.ranking().set_index(["site_id", "town"]).loc[("S-3", "T1")]
    site = next(each for each in places.sites if places.site_ids[each.id] == "S-3")
    town, sizes = places.towns[0], places.catalogue
    option = next(each for each in site.options if each.id == row["plant"])
    straight = np.hypot(200 - (0.6 * 200 + 0.4 * 610), 6_500 - 5_200)
    k = sizes.labels.index(row["trunk_size"])
    assert sizes.capacity_mw[k] >= row["output_mw"] - 1e-9
    assert k == 0 or sizes.capacity_mw[k - 1] < row["output_mw"]
    assert row["trunk_km"] == pytest.approx(1.3 * straight / 1e3)
    assert row["trunk_eur"] == pytest.approx(1.3 * straight * sizes.cost_eur_per_m[k] * 0.75 * 1.25)
    assert row["plant_eur"] == pytest.approx(
        option.cost_eur + option.cost_per_mw_eur * row["output_mw"]
    )
    loss = 1.3 * straight * sizes.heat_loss_w_per_m[k] / 1e6
    base = row["output_mw"] - loss
    share = row["town_share"]
    x = base / (town.peak_mw * share)
    assert row["heat_mwh"] == pytest.approx(
        town.heat_mwh * share * np.interp(x, CURVE_X, town.curve)
    )
    assert row["town_eur"] == pytest.approx(town.cost_eur * share)


def test_the_assignment_is_the_best_of_all_by_brute_force(found):
    """Every way to give each site one town or none, each town solved as a linear program."""
    known: dict[tuple[int, ...], float] = {}
    best = max(
        surplus_of(found, ways, known) for ways in itertools.product((None, 0, 1, 2, 3), repeat=4)
    )
    assert found.competition.surplus_gwh == pytest.approx(best, rel=1e-5)
    assert found.competition.bound_gwh >= best * (1 - 1e-9)


def surplus_of(found, ways: tuple[int | None, ...], known: dict[tuple[int, ...], float]) -> float:
    """Return heat less price times cost of an assignment, towns one by one [GWh/a]."""
    places, pairs, price = found.places, found.pairs, found.config.screen.least_heat_per_euro_kwh
    total = 0.0
    for town, facts in enumerate(places.towns):
        rows = []
        for site, way in enumerate(ways):
            if way != town:
                continue
            hit = np.flatnonzero((pairs.site == site) & (pairs.town == town))
            if not len(hit):
                return -np.inf
            rows.append(int(hit[0]))
        if rows:
            key = tuple(rows)
            if key not in known:
                known[key] = town_surplus(found, facts, rows, price)
            total += known[key]
    return total


def town_surplus(found, town, rows: list[int], price: float) -> float:
    places, pairs = found.places, found.pairs
    options = [places.sites[pairs.site[r]].choices[pairs.option[r]] for r in rows]
    fixed = sum((pairs.trunk_eur[r] + o.cost_eur) / 1e6 for r, o in zip(rows, options, strict=True))
    loss = pairs.loss_mw[rows].sum()
    most = [
        min(
            places.catalogue.capacity_mw[pairs.size[r]],
            o.capacity_mw,
            town.peak_mw + pairs.loss_mw[r],
        )
        for r, o in zip(rows, options, strict=True)
    ]
    n, heat = len(rows), town.heat_mwh / 1e3
    gain = [price * o.cost_per_mw_eur / 1e6 for o in options] + [price * town.cost_eur / 1e6, -1.0]
    matrix, right = [[1.0] * n + [-town.peak_mw, 0.0]], [loss]
    for x0, x1, s0, s1 in zip(CURVE_X, CURVE_X[1:], town.curve, town.curve[1:], strict=False):
        slope = (s1 - s0) / (x1 - x0)
        rate = heat * slope / town.peak_mw
        matrix.append([-rate] * n + [-heat * (s0 - slope * x0), 1.0])
        right.append(-rate * loss)
    bounds = [*((pairs.loss_mw[r], m) for r, m in zip(rows, most, strict=True)), (0, 1), (0, heat)]
    answer = linprog(gain, A_ub=matrix, b_ub=right, bounds=bounds)
    return -np.inf if answer.x is None else -answer.fun - price * fixed


def test_pairs_that_are_dear_alone_are_left_out_without_loss(found):
    lost = found.pairs.heat_per_euro_kwh <= found.config.screen.least_heat_per_euro_kwh
    assert found.competition.pairs == int((~lost).sum())


def test_totals_add_up_and_say_the_home_behind_them(found):
    totals, towns, sites = found.totals(), found.towns(), found.sites()
    assert totals["heat_gwh"] * 1e3 == pytest.approx(towns["heat_mwh"].sum())
    assert totals["heat_gwh"] * 1e3 == pytest.approx(sites["heat_mwh"].sum())
    assert totals["homes_equivalent"] == pytest.approx(totals["heat_gwh"] * 1e3 / 10)
    assert "10 MWh/a each" in " ".join(found.words())


def test_a_budget_holds_and_a_higher_price_gives_no_more_heat(found, file):
    config = found.config
    half = config.model_copy(
        update={"screen": config.screen.model_copy(update={"budget_eur": 2e7})}
    )
    limited = screen(half)
    assert limited.competition.capex_eur <= 2e7 * (1 + 1e-6)
    dear = config.screen.model_copy(update={"least_heat_per_euro_kwh": 0.8})
    pricier = screen(config.model_copy(update={"screen": dear}))
    assert pricier.competition.heat_mwh <= found.competition.heat_mwh + 1e-6
    assert pricier.competition.heat_per_euro_kwh >= found.competition.heat_per_euro_kwh - 1e-9


def test_zones_that_nobody_would_connect_are_told():
    config = whole_from_dict(
        {"layers": {"sites": {"path": "s.gpkg"}, "zones": {"path": "z.gpkg"}}},
        "x.toml",
        ScreeningConfig,
    )
    assert config.layers.streets is None
    with pytest.raises(InputError, match="Did you mean 'town_gap_m'"):
        whole_from_dict(
            {
                "layers": {"sites": {"path": "s"}, "zones": {"path": "z"}},
                "screen": {"towngap_m": 1},
            },
            "x.toml",
            ScreeningConfig,
        )


def test_regions_are_studies_that_say_what_they_lack(found, tmp_path):
    regions = hand_over(found, tmp_path)
    assert len(regions) == len(found.competition.town_heat_mwh)
    assert all("streets" in each.missing for each in regions)
    study = read_config(regions[0].study)
    assert study.layers.streets.source == "osmnx"
    assert study.limits.min_heat_mwh == pytest.approx(regions[0].heat_mwh / 2, abs=1)


def test_given_streets_are_clipped_and_the_region_is_sound(file, tmp_path):
    from siting.study import read_study

    lines = [
        shapely.LineString([(EAST - 900, NORTH + y), (EAST + 9_900, NORTH + y)])
        for y in (-50, 1_450, 5_150)
    ]
    lines += [
        shapely.LineString([(EAST + x, NORTH - 900), (EAST + x, NORTH + 9_000)])
        for x in (405, 6_405)
    ]
    far = shapely.LineString([(EAST + 90_000, NORTH), (EAST + 91_000, NORTH)])
    streets = gpd.GeoDataFrame({"name": list("abcdef")}, geometry=[*lines, far], crs="EPSG:3067")
    streets.to_file(file.parent / "streets.gpkg", layer="streets")
    config = read_screening(file)
    section = {"layers": {"streets": {"path": file.parent / "streets.gpkg"}}}
    from siting.config import with_changes

    given = replace(screen(config), config=with_changes(config, section))
    region = hand_over(given, tmp_path)[0]
    assert region.missing == ""
    assert len(gpd.read_file(region.study.parent / "streets.gpkg")) < len(streets)
    findings = read_study(region.study).inspect()
    assert findings.faults == ()


def test_regions_are_run_on_streets_and_failures_are_rows(file, tmp_path):
    lines = [
        shapely.LineString([(EAST + 5_100, NORTH - 50), (EAST + 7_500, NORTH - 50)]),
        shapely.LineString([(EAST + 7_000, NORTH - 50), (EAST + 7_000, NORTH + 1_600)]),
    ]
    streets = gpd.GeoDataFrame({"name": list("ab")}, geometry=lines, crs="EPSG:3067")
    streets.to_file(file.parent / "few.gpkg", layer="streets")
    country = file.with_name("with_streets.toml")
    sections = '[layers.streets]\npath = "few.gpkg"\n[screen]\nregions = 2\n[solver]\n'
    text = file.read_text(encoding="utf-8").replace("[solver]\n", sections)
    country.write_text(text.replace("1e-6", "0.2"), encoding="utf-8")
    asked = ["screen", str(country), "--run", "--workers", "1", "--out", str(tmp_path), "--json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    rows = {Path(each["study"]).parent.name: each for each in said["runs"]}
    lacking = {Path(each["study"]).parent.name: each["lacks"] for each in said["regions"]}
    assert len(rows) == 2
    planned, failed = rows["01-b-west"], rows["02-c-west"]
    assert planned["gap"] <= 0.2
    assert planned["heat_mwh"] > 0
    assert (Path(planned["run_folder"]) / "map.html").exists()
    assert "heat_mwh" not in failed
    assert "few.gpkg" in lacking["02-c-west"]
    page = (tmp_path / "screening.html").read_text(encoding="utf-8")
    assert "none of &#39;few.gpkg&#39; lie in this region" in page


def test_the_command_writes_table_map_and_page(file, tmp_path):
    run = ["screen", str(file), "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, run)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {
        "ranking.csv",
        "screening.xlsx",
        "screening.gpkg",
        "map.html",
        "screening.html",
    } <= names
    assert said["gap"] <= 1e-6
    page = (tmp_path / "out" / "screening.html").read_text(encoding="utf-8")
    assert "detour factor" in page
    assert set(gpd.list_layers(tmp_path / "out" / "screening.gpkg")["name"]) == {
        "sites",
        "towns",
        "trunks",
    }
