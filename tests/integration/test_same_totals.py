"""Report, key figures, workbook, GIS layers and verification tell the same totals, and parts add
up to the whole."""

from __future__ import annotations

import html
import json
import math
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from conftest import SMALL_STUDY, write_small_layers
from formulas import Calculator

import siting
from siting.outputs.words import figure
from siting.problem import read_problem
from siting.verify.money import derived_money
from siting.verify.run_folder import verify_folder
from siting.verify.tables import derived_kpis

ROW = re.compile(r"<div><span>([^<]+)</span><b>([^<]+)</b></div>")
UNITS = {"GWh/a": 1e3, "M EUR": 1e6, "k EUR": 1e3, "km": 1e3}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> siting.study.Run:
    """One run of the small study, with a grant."""
    folder = tmp_path_factory.mktemp("totals")
    write_small_layers(folder)
    grant = "\n[finance]\nsubsidy_share = 0.1\n\n[solver]\n"
    text = SMALL_STUDY.replace("\n[solver]\n", grant)
    assert "subsidy_share" in text
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return siting.read_study(folder / "study.toml").run()


@pytest.fixture(scope="module")
def kpis(run: siting.study.Run) -> dict[str, Any]:
    return json.loads((run.folder / "kpis.json").read_text(encoding="utf-8"))


def report_rows(folder: Path) -> dict[str, str]:
    """Return label and text of the rows of the report; the first of a label counts."""
    rows: dict[str, str] = {}
    for label, text in ROW.findall((folder / "report.html").read_text(encoding="utf-8")):
        rows.setdefault(html.unescape(label), html.unescape(text))
    return rows


def number(text: str) -> float:
    """Return the number that a text starts with, in the unit without a prefix."""
    found = re.match(r"(-?[\d,.]+)\s*(GWh/a|M EUR|k EUR|km)?", text)
    assert found, text
    return float(found[1].replace(",", "")) * UNITS.get(found[2] or "", 1.0)


@pytest.mark.parametrize(
    ("label", "kpi"),
    [
        ("Heat per euro", "heat_per_euro_kwh"),
        ("Waste heat delivered", "heat_mwh"),
        ("Investment", "capex_eur"),
        ("Investment per annual heat", "capex_eur_per_mwh_a"),
        ("Sites chosen", "sites_chosen"),
        ("Zones served", "zones_served"),
        ("Heat output installed", "site_capacity_mw"),
        ("Trench", "trench_length_m"),
        ("Heat per metre of trench", "linear_heat_density_mwh_per_m"),
        ("Network heat loss", "network_loss_mwh"),
        ("Electricity for heat pumps", "electricity_mwh"),
        ("Seasonal COP of all sources", "seasonal_cop"),
        ("Electric power of heat pumps", "heat_pump_power_mw"),
        ("Peak boilers of the plan", "boiler_capacity_mw"),
        ("Cost per tonne saved, net", "co2_abatement_cost_eur_per_t"),
        ("The same if all data centres leave after year 10", "net_present_value_departure_eur"),
        ("Net present value", "net_present_value_eur"),
        ("Levelised cost of all heat", "levelised_cost_eur_per_mwh"),
        ("Levelised cost of waste heat", "levelised_cost_waste_heat_eur_per_mwh"),
        ("Break-even heat price", "break_even_heat_price_eur_per_mwh"),
        ("Grant", "subsidy_eur"),
        ("Without the plan", "co2_baseline_t_per_a"),
        ("Saved, gross", "co2_gross_saving_t_per_a"),
        ("Saved, net", "co2_net_saving_t_per_a"),
        ("Gas of peak boilers, net calorific value", "gas_mwh"),
    ],
)
def test_report_tells_the_key_figures(run, kpis, label: str, kpi: str) -> None:
    """Texts have two digits or more, so they agree to 2.5 %."""
    assert number(report_rows(run.folder)[label]) == pytest.approx(kpis[kpi], rel=0.025)


def test_workbook_works_out_the_key_figures(run, kpis) -> None:
    book = Calculator(run.folder / "plan.xlsx")
    sheet = book.book["Summary"]
    told = {sheet.cell(row, 5).value: row for row in range(5, 60) if sheet.cell(row, 5).value}
    assert {"heat_mwh", "capex_eur", "trench_length_m", "network_loss_mwh"} <= set(told)
    for name, row in told.items():
        assert book.value("Summary", f"B{row}") == pytest.approx(kpis[name], rel=1e-9), name


def test_verification_derives_the_key_figures(run, kpis) -> None:
    verified = verify_folder(run.folder)
    assert verified.disagreements == ()
    assert any("present value" in each for each in verified.agreed)
    problem = read_problem(run.folder / "problem.json")
    settings = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))["settings"]
    derived = derived_kpis(problem, run.plan) | derived_money(problem, run.plan, settings)
    assert len(derived) > 30
    for name, value in derived.items():
        if isinstance(value, int | float):
            assert kpis[name] == pytest.approx(value, rel=1e-9, abs=1e-6), name


def test_parts_add_up_to_the_whole(run, kpis) -> None:
    capex, heat = kpis["capex_eur"], kpis["heat_mwh"]
    layers = {
        name: gpd.read_file(run.folder / "plan.gpkg", layer=name)
        for name in ("sites", "zones", "pipes")
    }
    assert math.fsum(kpis["capex_by_component_eur"].values()) == pytest.approx(capex)
    assert sum(each["cost_eur"].sum() for each in layers.values()) == pytest.approx(capex)
    assert layers["zones"]["heat_mwh"].sum() == pytest.approx(heat)
    assert math.fsum(kpis["trench_length_by_size_m"].values()) == pytest.approx(
        kpis["trench_length_m"]
    )
    fed_in = math.fsum(v for k, v in kpis.items() if k.startswith("stacked_heat_mwh."))
    assert fed_in == pytest.approx(heat + kpis["network_loss_mwh"])
    assert layers["sites"]["heat_mwh"].sum() == pytest.approx(fed_in)
    assert kpis["operator_source_heat_mwh"] + kpis["electricity_mwh"] == pytest.approx(fed_in)
    assert heat + kpis["peak_boiler_heat_mwh"] == pytest.approx(kpis["served_demand_mwh"])
    saved = kpis["co2_baseline_t_per_a"] - kpis["co2_project_t_per_a"]
    assert saved == pytest.approx(kpis["co2_net_saving_t_per_a"])
    components = math.fsum(each.cost_eur for each in run.business.components)
    assert components == pytest.approx(capex)
    assert kpis["subsidy_eur"] == pytest.approx(0.1 * capex)
    assert figure(capex / 1e6) in report_rows(run.folder)["Investment"]
