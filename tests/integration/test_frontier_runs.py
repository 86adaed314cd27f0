"""A run with time for other sizes: its map shows each of them with the figures of its plan."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import siting
from siting.appraisal import appraise
from siting.cli import app
from siting.frontier.file import read_frontier
from siting.outputs.packing import unpacked

runner = CliRunner()
PACKED = re.compile(r'<script type="text/plain" id="siting-data">([^<]*)</script>')


def states_of(page: Path) -> list[dict[str, object]]:
    """Return the stops of the slider of a map."""
    data = unpacked(PACKED.search(page.read_text(encoding="utf-8"))[1])
    states: list[dict[str, object]] = data["states"]
    return states


@pytest.fixture
def run_folder(small_study: Path) -> Path:
    words = ["run", str(small_study), "--gap", "0.1", "--frontier", "3", "--json"]
    result = runner.invoke(app, words)
    assert result.exit_code in {0, 4}, result.output  # 4: a slow machine, plan kept
    return small_study / "out"


def test_every_stop_has_the_figures_of_its_plan(run_folder: Path, small_study: Path) -> None:
    states = states_of(run_folder / "map.html")
    assert len(states) >= 3
    (own,) = [each for each in states if each["run"]]
    assert own["kpis"] == json.loads((run_folder / "kpis.json").read_text(encoding="utf-8"))
    checked = siting.read_study(small_study / "study.toml").check()
    found = {
        (each.plan.capex_eur, each.plan.heat_mwh): each.plan
        for each in read_frontier(run_folder / "frontier.json").points
    }
    for state in states:
        kpis = state["kpis"]
        assert state["at"] == pytest.approx(kpis["capex_eur"] / 1e6)
        if state is own:
            continue
        plan = found[kpis["capex_eur"], kpis["heat_mwh"]]
        told = appraise(checked.assembly.problem, plan).kpis()
        for name in (
            "capex_by_component_eur", "heat_per_euro_kwh", "zones_served", "sites_chosen",
            "trench_length_m", "network_loss_mwh", "electricity_mwh", "proof",
        ):  # fmt: skip
            assert kpis[name] == told[name], name
        assert "net_present_value_eur" in kpis
        assert len(state["pipes"]["line"]) == len(plan.pipes)
        assert len(state["zones"]["on"]["zone"]) == len(plan.zones)
    places = [each["at"] for each in states]
    assert places == sorted(places)
    verified = runner.invoke(app, ["verify", str(run_folder)])
    assert verified.exit_code == 0, verified.output


def test_the_command_frontier_draws_its_plans_too(small_study: Path, tmp_path: Path) -> None:
    words = ["frontier", str(small_study), "--out", str(tmp_path / "f"), "--time-limit", "3"]
    result = runner.invoke(app, words)
    assert result.exit_code in {0, 4}, result.output
    states = states_of(tmp_path / "f" / "map.html")
    points = read_frontier(tmp_path / "f" / "frontier.json").points
    ratios = [each["kpis"]["heat_per_euro_kwh"] for each in states]
    assert 1 < len(states) <= len(points)
    assert [each["run"] for each in states].index(True) == ratios.index(max(ratios))
