"""Screen the reference layers; skipped where they are not beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from siting.screening import screen
from siting.screening.regions import hand_over
from siting.screening.run import read_screening
from tests.benchmarks.screening import CASES, SOLVER

STREETS = """
[layers.streets]
path = "{data}/heat_demand/aachen_street_heat_lines.shp"
[screen]
regions = 1
"""


def screened(name: str, folder: Path, more: str = ""):
    file = folder / "screening.toml"
    file.write_text(CASES[name](folder) + more + SOLVER.replace("0.02", "0.1"), encoding="utf-8")
    return screen(read_screening(file))


def test_south_dublin_as_it_is_published(tmp_path: Path, shared: Path) -> None:
    found = screened("south_dublin", tmp_path)
    totals, places = found.totals(), found.places
    assert len(places.sites) == 49
    zones = places.region.zones.frame
    assert len(zones) == 919
    told = totals["demand_gwh"] + totals["demand_too_dear_gwh"]
    assert told == pytest.approx(zones["annual_demand_mwh"].sum() / 1e3)
    heat = sum(found.competition.town_heat_mwh.values())
    assert totals["heat_gwh"] == pytest.approx(heat / 1e3)
    assert 0 < heat <= zones["annual_demand_mwh"].sum()
    for chosen in found.competition.chosen:
        assert chosen.heat_mwh > 0


def test_streets_need_not_reach_every_site(tmp_path: Path, shared: Path) -> None:
    """The only plant near Aachen lies 5 km beyond the streets at hand."""
    found = screened("aachen", tmp_path, STREETS.format(data=shared / "data"))
    (region,) = hand_over(found, tmp_path / "regions")
    assert region.missing == ""
    assert region.heat_mwh == pytest.approx(found.totals()["heat_gwh"] * 1e3)
    assert (region.study.parent / "streets.gpkg").exists()
