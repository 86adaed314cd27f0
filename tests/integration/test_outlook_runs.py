"""The commands on the years ahead, from the study file to their folder and its maps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from test_map_browser import browser, visit  # noqa: F401 - the fixture is asked for by its name
from tiny_study import write_tiny_study
from typer.testing import CliRunner

from siting.cli import app
from siting.errors import VerificationError
from siting.outputs.assets import outside_links
from siting.verify import verify_folder

runner = CliRunner()

YEARS = """
[departure]
sites = ["DC-1"]
hazards = { "DC-1" = 0.06 }
[phases]
years_a = [10, 20]
zones = { "Z-3" = 2036 }
budgets_eur = [20_000_000, 20_000_000]
min_heat_mwh = [300, 1_500]
"""


@dataclass(frozen=True)
class Asked:
    """A folder that a command wrote, and what it said."""

    folder: Path
    said: str


def asked(verb: str, base: Path, *options: str) -> Asked:
    """Run a command on the tiny study."""
    study, out = write_tiny_study(base / "tiny", YEARS), base / verb
    limits = ["--gap", "0.3", "--time-limit", "10", "--out", str(out)]
    result = runner.invoke(app, [verb, str(study), *limits, *options])
    assert result.exit_code in (0, 4), result.output
    return Asked(out, result.stdout)


@pytest.fixture(scope="module")
def phased(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return asked("phases", tmp_path_factory.mktemp("phases"))


@pytest.fixture(scope="module")
def stressed(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return asked("stress", tmp_path_factory.mktemp("stress"), "--json")


def test_stress_writes_its_folder(stressed: Asked) -> None:
    figures, out = json.loads(stressed.said), stressed.folder
    assert figures["value_of_preparing_kwh_per_euro"] >= -1e-9
    usual, prepared, _secured = figures["designs"]
    hazards = figures["expected_kwh_per_euro_with_hazards"]
    assert 0 < hazards["usual_plan"] < usual["heat_per_euro_kwh"] * 15.3725
    assert hazards["hedged_plan"] >= hazards["usual_plan"] * (1 - 1e-6)
    assert usual["heat_per_euro_kwh"] >= prepared["heat_per_euro_kwh"] * (1 - 0.25)
    stays = figures["net_present_value_eur"]["all_stay"]
    assert stays > figures["net_present_value_eur"]["all_leave_and_are_replaced"]
    page = (out / "stress.html").read_text(encoding="utf-8")
    assert outside_links(page) == []
    assert "DC-1 leaves" in page
    assert (out / "stress.json").exists()
    assert "What if a source leaves?" in (out / "map.html").read_text(encoding="utf-8")
    pipes = gpd.read_file(out / "stress.gpkg", layer="usual_pipes")
    assert "stranded_in" in pipes


def test_phases_writes_its_folder(phased: Asked) -> None:
    out = phased.folder
    assert "2026-2035" in phased.said
    page = (out / "phases.html").read_text(encoding="utf-8")
    assert outside_links(page) == []
    assert 'type="range"' in page
    assert "The network year by year" in (out / "map.html").read_text(encoding="utf-8")
    figures = json.loads((out / "phases.json").read_text(encoding="utf-8"))
    assert len(figures["periods"]) == 2
    pipes = gpd.read_file(out / "phases.gpkg", layer="pipes")
    assert set(pipes["used_from"]) <= {2026, 2036}


def test_periods_can_be_asked_for_on_the_command_line(tmp_path: Path) -> None:
    found = asked(
        "phases", tmp_path, "--years", "12,18", "--least-heat", "0,1500", "--gap", "0.5", "--json"
    )
    figures = json.loads(found.said)
    assert [each["years"] for each in figures["periods"]] == ["2026-2037", "2038-2055"]
    assert figures["periods"][1]["heat_mwh"] >= 1_500 * (1 - 1e-6)
    study = str(tmp_path / "tiny" / "study.toml")
    refused = runner.invoke(app, ["phases", study, "--years", "ten,20"])
    assert refused.exit_code == 2
    assert "10,20" in refused.output


def test_phases_are_derived_again(phased: Asked) -> None:
    report = verify_folder(phased.folder)
    assert any("every period" in each for each in report.agreed)
    result = runner.invoke(app, ["verify", str(phased.folder / "map.html")])
    assert result.exit_code == 0, result.output
    assert "not checked: the bound itself" in result.stdout


def scaled(*keys: str | int, by: float = 1.01) -> Callable[[dict[str, Any]], None]:
    """Return a change that multiplies one figure of a plan."""

    def change(told: Any) -> None:
        for key in keys[:-1]:
            told = list(told.values())[key] if isinstance(told, dict) and key == 0 else told[key]
        told[keys[-1]] *= by

    return change


def joins_early(told: dict[str, Any]) -> None:
    told["zone_from_year"] = {told["steps"][0]["new_zones"][0]: 5}


def loses_a_pipe(told: dict[str, Any]) -> None:
    told["steps"][0]["laid"].pop()


def loses_a_zone(told: dict[str, Any]) -> None:
    told["steps"][1]["zones"].pop()


def asks_for_more(told: dict[str, Any]) -> None:
    told["periods"][1]["min_heat_mwh"] = 1e6


def has_no_money(told: dict[str, Any]) -> None:
    told["periods"][0]["budget_eur"] = 1.0


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "heat of a zone": (scaled("steps", 0, "zones", 0, "heat_mwh"), "heat"),
    "base capacity": (scaled("steps", 0, "zones", 0, "base_mw", by=0.5), "left over"),
    "flow": (scaled("steps", 0, "pipes", 0, "flow_mw"), "left over"),
    "loss": (scaled("steps", 0, "pipes", 0, "loss_mw", by=2e3), "loss"),
    "cost of a pipe": (scaled("steps", 0, "laid", 0, "cost_eur"), "cost"),
    "investment": (scaled("steps", 0, "capex_eur"), "investment"),
    "heat of a period": (scaled("steps", 1, "heat_mwh"), "heat"),
    "discounted heat": (scaled("heat_mwh"), "discounted heat"),
    "discounted money": (scaled("euro"), "discounted money"),
    "rate": (scaled("discount_rate", by=1.5), "discounted"),
    "gap": (scaled("proof", "bound", by=1.5), "gap"),
    "bound below the plan": (scaled("proof", "bound", by=0.1), "better than its bound"),
    "zone that is not there yet": (joins_early, "not there before"),
    "pipe that was not laid": (loses_a_pipe, "not laid"),
    "zone that leaves": (loses_a_zone, "joined by then"),
    "heat required": (asks_for_more, "less than is required"),
    "budget": (has_no_money, "more than its budget"),
}


def test_plans_of_a_stress_test_are_derived_again(stressed: Asked) -> None:
    told = json.loads((stressed.folder / "stress-plans.json").read_text(encoding="utf-8"))
    assert {"usual", "prepared", "secured", "hedged", "replaced"} <= set(told["designs"])
    report = verify_folder(stressed.folder)
    assert any("each scenario" in each for each in report.agreed)


def state(*keys: str | int, by: float = 1.01, role: str = "prepared"):
    """Return a change of a figure in the first scenario of a way to build."""
    return scaled("designs", role, "plan", "states", 0, *keys, by=by)


def forgets_a_customer(told: dict[str, Any]) -> None:
    zones = told["designs"]["secured"]["plan"]["states"][0]["zones"]
    next(iter(zones.values()))["served"] = 0.5


def keeps_a_site_that_left(told: dict[str, Any]) -> None:
    for each in told["designs"]["left"]["case"]["scenarios"]:
        each["after_a"] += 3


def hides_a_plant(told: dict[str, Any]) -> None:
    for each in told["designs"]["replaced"]["plan"]["states"]:
        each["bought_mw"] = dict.fromkeys(each["bought_mw"], 0.0)


STRESS_CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "heat of a scenario": (state("zones", 0, "heat_mwh"), "heat is"),
    "heat of data centres": (
        scaled("designs", "usual", "plan", "states", 1, "zones", 0, "own_heat_mwh", by=2.0),
        "heat of data centres",
    ),
    "cost of a pipe": (
        scaled("designs", "usual", "plan", "base", "pipes", 0, "cost_eur"), "usual plan: pipe"
    ),
    "discounted money": (scaled("designs", "usual", "plan", "euro"), "discounted money"),
    "discounted heat": (scaled("designs", "hazarded", "plan", "heat_mwh"), "discounted heat"),
    "rate": (scaled("designs", "prepared", "case", "discount_rate", by=1.5), "discounted"),
    "gap": (scaled("designs", "prepared", "proof", "bound", by=1.5), "gap"),
    "a customer forgotten": (forgets_a_customer, "secured plan, .* does not keep"),
    "a year of departure": (keeps_a_site_that_left, "left plan: discounted"),
    "a plant not paid for": (hides_a_plant, "gives more than there is"),
}  # fmt: skip


def tamper_with(
    folder: Path, copies: Path, name: str, how: Callable[[dict[str, Any]], None]
) -> None:
    """Copy the figures of a folder, and change those of one file."""
    for file in folder.glob("*.json"):
        shutil.copy(file, copies)
    told = json.loads((copies / name).read_text(encoding="utf-8"))
    how(told)
    (copies / name).write_text(json.dumps(told), encoding="utf-8")


@pytest.mark.parametrize("change", STRESS_CHANGES)
def test_a_stress_test_that_was_tampered_with_is_caught(
    stressed: Asked, tmp_path: Path, change: str
) -> None:
    how, words = STRESS_CHANGES[change]
    tamper_with(stressed.folder, tmp_path, "stress-plans.json", how)
    with pytest.raises(VerificationError, match=words):
        verify_folder(tmp_path)


@pytest.mark.parametrize("figure", ["premium", "avoided_mwh", "value_of_preparing_kwh_per_euro"])
def test_what_insurance_costs_is_derived(stressed: Asked, tmp_path: Path, figure: str) -> None:
    def raised(told: dict[str, Any]) -> None:
        told[figure] += 3.0

    tamper_with(stressed.folder, tmp_path, "stress.json", raised)
    with pytest.raises(VerificationError, match=figure.split("_", maxsplit=1)[0]):
        verify_folder(tmp_path)


@pytest.mark.parametrize("change", CHANGES)
def test_a_plan_in_phases_that_was_tampered_with_is_caught(
    phased: Asked, tmp_path: Path, change: str
) -> None:
    how, words = CHANGES[change]
    tamper_with(phased.folder, tmp_path, "phases-plan.json", how)
    with pytest.raises(VerificationError, match=words):
        verify_folder(tmp_path)


def test_key_figures_of_phases_that_were_tampered_with_are_caught(
    phased: Asked, tmp_path: Path
) -> None:
    def cheaper(told: dict[str, Any]) -> None:
        told["periods"][0]["capex_eur"] *= 0.9

    tamper_with(phased.folder, tmp_path, "phases.json", cheaper)
    with pytest.raises(VerificationError, match="capex_eur"):
        verify_folder(tmp_path)


@pytest.mark.browser
def test_the_year_slider_shows_the_network_of_each_period(
    browser: Any,  # noqa: F811
    phased: Asked,
) -> None:
    figures = json.loads((phased.folder / "phases.json").read_text(encoding="utf-8"))
    told = json.loads((phased.folder / "phases-plan.json").read_text(encoding="utf-8"))
    opened = visit(browser, phased.folder / "map.html", 1200, 800)
    zones = 0
    for place, (key, period) in enumerate(
        zip(("Home", "ArrowRight"), figures["periods"], strict=True)
    ):
        opened.page.locator(".slider input").focus()
        opened.page.keyboard.press(key)
        zones += len(period["zones_connected"])
        shown = opened.page.evaluate("() => siting.states[siting.slider.now()].kpis")
        assert shown["zones_served"] == zones
        assert shown["heat_mwh"] == pytest.approx(told["steps"][place]["heat_mwh"], rel=1e-6)
        assert f"Years {place + 1} of 2" in opened.text(".slider .said")
        assert period["years"] in opened.text(".slider .said")
    assert (opened.errors, opened.outside) == ([], [])
    opened.page.context.close()


@pytest.mark.browser
def test_the_stress_map_shows_what_is_stranded(
    browser: Any,  # noqa: F811
    stressed: Asked,
) -> None:
    pipes = gpd.read_file(stressed.folder / "stress.gpkg", layer="usual_pipes")
    opened = visit(browser, stressed.folder / "map.html", 1200, 800)
    count = "() => siting.states[siting.slider.now()].pipeAt.size"
    opened.page.locator(".slider input").focus()
    opened.page.keyboard.press("Home")
    assert opened.page.evaluate(count) == len(pipes)
    assert "proven within" in opened.text(".panel .state").lower()
    assert "no plan found" not in opened.text(".panel .state").lower()
    states = opened.page.evaluate("() => siting.states.length")
    for _ in range(states - 1):
        opened.page.keyboard.press("ArrowRight")
        said = opened.text(".slider .said")
        gone = [name for name in ("leaves", "shrinks", "grows") if f"DC-1 {name}" in said]
        assert len(gone) == 1, said
        stranded = pipes["stranded_in"].str.contains(f"DC-1 {gone[0]}").sum()
        assert opened.page.evaluate(count) == len(pipes) - stranded
        assert "stranded" in said
    assert (opened.errors, opened.outside) == ([], [])
    opened.page.context.close()


@pytest.mark.parametrize("verb", ["stress", "phases"])
def test_unknown_ids_are_told(tmp_path: Path, verb: str) -> None:
    text = '\n[departure]\nsites = ["DC-99"]\n[phases]\nzones = { "Z-99" = 2030 }\n'
    study = write_tiny_study(tmp_path / "tiny", text)
    result = runner.invoke(app, [verb, str(study), "--gap", "0.5", "--time-limit", "3"])
    assert result.exit_code == 1
    assert "99" in result.stderr
