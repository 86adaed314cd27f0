"""A plan of the small study is simulated from the command line; needs pandapipes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import SMALL_STUDY, write_small_layers
from typer.testing import CliRunner

from siting.cli import app
from siting.errors import SitingError
from siting.simulate import simulate
from siting.simulate.engine import require_engine
from siting.study import read_study

runner = CliRunner()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of the small study."""
    try:
        require_engine()
    except SitingError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("small")
    write_small_layers(folder)
    (folder / "study.toml").write_text(SMALL_STUDY, encoding="utf-8")
    read_study(folder / "study.toml").run()
    return folder


@pytest.fixture
def run_folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the study with its run folder."""
    return Path(shutil.copytree(finished, tmp_path / "study")) / "out"


def test_the_plan_of_the_small_study_holds(run_folder: Path) -> None:
    result = runner.invoke(app, ["simulate", str(run_folder)])
    assert result.exit_code == 0, result.output
    for words in ("design day", "summer day", "pump power", "within their limits"):
        assert words in result.stdout
    verified = runner.invoke(app, ["verify", str(run_folder)])
    assert verified.exit_code == 0, verified.output
    assert "simulation.json" in verified.stdout


def test_simulated_losses_agree_with_the_plan(run_folder: Path) -> None:
    """At full base load temperatures stay close to those of the plan, and so do the losses."""
    for day in simulate(run_folder).days:
        assert day.converged
        assert day.full
        figures = day.figures
        assert figures["heat_loss_kw"] == pytest.approx(figures["planned_heat_loss_kw"], rel=0.05)
    design = simulate(run_folder, "design").days[0]
    for pipe in design.pipes:
        assert pipe.flow_kg_per_s == pytest.approx(pipe.planned_flow_kg_per_s, rel=0.05)
    for source in design.sources:
        assert source.heat_mw == pytest.approx(source.planned_heat_mw, rel=0.01)


def test_a_run_can_be_simulated_without_its_folder(run_folder: Path) -> None:
    """The folder and the run in memory give the same figures."""
    run = read_study(run_folder.parent / "study.toml").run()
    again = simulate(run, "design").as_dict()
    assert again == simulate(run.folder, "design").as_dict()


def test_too_much_for_the_pipes_has_an_exit_code(run_folder: Path) -> None:
    words = ["simulate", str(run_folder), "--day", "design", "--central-peak", "--json"]
    result = runner.invoke(app, words)
    assert result.exit_code == 6, result.output
    found = json.loads(result.stdout)
    assert not found["within_limits"]
    assert {each["kind"] for each in found["findings"]} >= {"enlarge"}
    assert [day["day"] for day in found["days"]] == ["design"]


def test_a_folder_that_is_none_is_a_fault(tmp_path: Path) -> None:
    result = runner.invoke(app, ["simulate", str(tmp_path)])
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_the_networks_are_handed_over_to_pandapipes(run_folder: Path, tmp_path: Path) -> None:
    """The file opens with the same pipes, both ways, and solves to the state that it holds."""
    pandapipes = require_engine()
    words = ["simulate", str(run_folder), "--day", "design", "--networks", str(tmp_path / "nets")]
    result = runner.invoke(app, words)
    assert result.exit_code == 0, result.output
    plan = json.loads((run_folder / "solution.json").read_text(encoding="utf-8"))
    edges = {pipe["edge"] for pipe in plan["pipes"]}
    named: set[str] = set()
    for path in sorted((tmp_path / "nets").glob("network-*.json")):
        net = pandapipes.from_json(str(path))
        named |= {name.rpartition(" ")[0] for name in net.pipe["name"]}
        assert len(net.junction) % 2 == 0
        before = net.res_pipe["mdot_from_kg_per_s"].to_numpy(copy=True)
        pandapipes.pipeflow(
            net, mode="bidirectional", use_numba=False, friction_model="colebrook",
            max_iter_colebrook=100, iter=100,
        )  # fmt: skip
        assert net.res_pipe["mdot_from_kg_per_s"].to_numpy() == pytest.approx(before, rel=1e-3)
    assert named == edges
