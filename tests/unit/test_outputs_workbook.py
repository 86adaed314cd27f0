"""The workbook: its formulas, recalculated, give the key figures; texts stay texts."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import openpyxl
import pandas as pd
import pytest
from formulas import Calculator
from sample_business import sample
from sample_plan import ROGUE, small_town, with_nothing_built

from siting.appraisal import appraise
from siting.business import business_tables
from siting.config import NetworkConfig, network_settings
from siting.errors import Fault, VerificationError
from siting.outputs.fields import LAYERS
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.workbook import ASSUMPTION_COLUMNS, write_workbook
from siting.parameters import load_parameters

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SHEETS = [
    "Summary", "Sites", "Zones", "Pipes", "Pipes by diameter", "Investment", "Assumptions",
    "Sources", "Remarks",
]  # fmt: skip


def write(town, path, **further):
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    write_workbook(
        frames,
        appraisal,
        town.plan,
        path,
        created=MADE,
        title="Warm town",
        question="Which sites?",
        parameters=load_parameters({"utilisation": 0.7}),
        settings=network_settings(NetworkConfig()),
        remarks=town.region.remarks,
        doubts=[Fault("zones", "zone 'Z-1' looks odd.", "Look.")],
        **further,
    )
    return appraisal


@pytest.fixture(params=[True, False], ids=["built", "empty"])
def town(request):
    return small_town() if request.param else with_nothing_built(small_town())


def headline(book: openpyxl.Workbook) -> dict[str, int]:
    """Row of each key figure on the summary."""
    sheet = book["Summary"]
    return {sheet.cell(row, 5).value: row for row in range(5, 40) if sheet.cell(row, 5).value}


def agree(cell: object, figure: float | None) -> bool:
    """Whether a cell holds a key figure; one that is undefined stands as nothing."""
    return cell in {None, ""} if figure is None else cell == pytest.approx(figure, rel=1e-9)


def test_the_sheets_are_there_in_order(town, tmp_path):
    write(town, tmp_path / "plan.xlsx")
    assert openpyxl.load_workbook(tmp_path / "plan.xlsx").sheetnames == SHEETS


def test_every_formula_holds_the_value_it_works_out_to(town, tmp_path):
    write(town, tmp_path / "plan.xlsx")
    book = Calculator(tmp_path / "plan.xlsx")
    places = book.formulas()
    assert len(places) > 25
    for sheet, cell in places:
        cached, own = book.cached[sheet][cell].value, book.value(sheet, cell)
        empty = cached in {None, ""} and own == ""
        assert empty or own == pytest.approx(cached, rel=1e-9, abs=1e-6), (sheet, cell)


def test_the_live_headline_equals_the_key_figures(town, tmp_path):
    kpis = write(town, tmp_path / "plan.xlsx").kpis()
    book = Calculator(tmp_path / "plan.xlsx")
    rows = headline(book.book)
    assert {"heat_per_euro_kwh", "heat_mwh", "capex_eur", "network_loss_mwh"} <= set(rows)
    for name, row in rows.items():
        own = book.value("Summary", f"B{row}")
        assert agree(own, kpis[name]), name
        assert agree(book.value("Summary", f"D{row}"), kpis[name]), name
        assert name in book.book.defined_names


def test_a_changed_cost_moves_the_headline(tmp_path):
    appraisal = write(small_town(), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    heads = [cell.value for cell in book["Sites"][4]]
    book["Sites"].cell(5, heads.index("Investment [EUR]") + 1).value = 1_900_000.0
    book.save(tmp_path / "changed.xlsx")
    own = Calculator(tmp_path / "changed.xlsx").value("Summary", "B5")
    assert own == pytest.approx(appraisal.heat_mwh * 1000 / (appraisal.capex_eur + 1_000_000))


def test_heat_without_investment_is_said_in_words(tmp_path):
    town = small_town()
    free = replace(
        town.plan,
        sites=tuple(replace(each, cost_eur=0.0) for each in town.plan.sites),
        pipes=tuple(replace(each, cost_eur=0.0) for each in town.plan.pipes),
        zones=tuple(replace(each, cost_eur=0.0) for each in town.plan.zones),
        capex_eur=0.0,
        capex_by_component_eur={},
        heat_per_euro_kwh=float("inf"),
    )
    write(replace(town, plan=free), tmp_path / "plan.xlsx")
    book = Calculator(tmp_path / "plan.xlsx")
    assert book.value("Summary", "B5") == "no new investment"
    assert book.cached["Summary"]["B5"].value == "no new investment"


def test_texts_are_never_formulas(tmp_path):
    town = small_town()
    zones = town.region.zones.frame.copy()
    zones.loc["Z-1", "name"] = '=HYPERLINK("http://example.invalid","x")'
    region = replace(town.region, zones=replace(town.region.zones, frame=zones))
    write(replace(town, region=region), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Zones"]
    names = {cell.value: cell for cell in sheet["B"]}
    assert ROGUE in names
    assert names['=HYPERLINK("http://example.invalid","x")'].data_type == "s"
    assert not list(sheet._hyperlinks)


def test_headings_name_units_and_stay_in_sight(town, tmp_path):
    write(town, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert "Waste heat [MWh/a]" in [cell.value for cell in book["Zones"][4]]
    for name in ("Sites", "Zones", "Pipes"):
        sheet = book[name]
        assert sheet.freeze_panes == "C5"
        assert sheet.print_title_rows == "$4:$4"
        assert sheet.auto_filter.ref.startswith("A4:")
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.cell(5, 1).value is not None or not len(town.plan.sites)


def test_every_column_of_the_layers_has_a_meaning(town):
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    for layer in ("sites", "zones", "pipes", "streets"):
        columns = [name for name in getattr(frames, layer).columns if name != "geometry"]
        fields = LAYERS[layer]
        assert set(columns) == set(fields)
        assert all(each.description and each.title for each in fields.values())
        shorts = [each.short for each in fields.values()]
        assert len(set(shorts)) == len(shorts)
        assert max(map(len, shorts)) <= 10


def test_assumptions_stand_with_unit_range_mark_and_source(tmp_path):
    write(small_town(), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Assumptions"]
    rows = list(sheet.iter_rows(4, values_only=True))
    assert rows[0] == ASSUMPTION_COLUMNS
    by_name = {row[1]: row for row in rows[1:]}
    parameters = load_parameters({"utilisation": 0.7})
    assert set(parameters) <= set(by_name)
    known = parameters["utilisation"]
    assert by_name["utilisation"] == (
        "parameters", "utilisation", 0.7, "-", 0.4, 0.85, 0.6, "yes", known.mark, known.source,
        known.description,
    )  # fmt: skip
    assert by_name["supply_temperature_c"][:4] == ("network", "supply_temperature_c", 65, "°C")
    assert sheet.data_validations.dataValidation


def test_named_sources_have_their_address(tmp_path):
    write(small_town(), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Sources"]
    keys = [row[0] for row in sheet.iter_rows(5, values_only=True)]
    assert "S121" in keys
    assert keys[-2:] == ["K", "J"]


def test_further_tables_get_sheets_of_their_own(tmp_path):
    tables = {
        "cash_flow": pd.DataFrame({"year": [0, 1], "net_cash_flow_eur": [-5e6, 4e5]}),
        "frontier": pd.DataFrame({"capex_eur": [1e6], "heat_mwh": [2e3], "proven": [True]}),
    }
    write(small_town(), tmp_path / "plan.xlsx", tables=tables)
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    rows = list(book["Cash flow"].iter_rows(4, values_only=True))
    assert rows == [("Year", "Net cash flow [EUR]"), (0, -5e6), (1, 4e5)]
    assert list(book["Frontier"].iter_rows(4, values_only=True))[1] == (1e6, 2e3, "yes")


def with_money(town, path):
    """Write the town with the money of another plan, as the key figures then say too."""
    case = sample(country="FI").case
    appraisal = replace(appraise(town.assembly.problem, town.plan), further={**case.kpis()})
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    tables = business_tables(case) | {
        "frontier": pd.DataFrame({"capex_eur": [1e6, 2e6], "distance_pct": [0.5, 1.0]})
    }
    write_workbook(
        frames, appraisal, town.plan, path, created=MADE, title="x", tables=tables,
        discount_rate=case.discount_rate,
    )  # fmt: skip
    return appraisal.kpis()


def test_money_and_co2_of_the_years_are_live(tmp_path):
    path = tmp_path / "plan.xlsx"
    kpis = with_money(small_town(), path)
    book = Calculator(path)
    rows = headline(book.book)
    for name in (
        "net_present_value_eur", "co2_net_saving_horizon_t", "co2_gross_saving_horizon_t",
    ):  # fmt: skip
        assert agree(book.value("Summary", f"B{rows[name]}"), kpis[name]), name
    for sheet, cell in book.formulas():
        cached = book.cached[sheet][cell].value
        assert agree(book.value(sheet, cell), cached) or cached in {None, ""}, (sheet, cell)
    heads = [cell.value for cell in book.book["Frontier"][4]]
    assert heads == ["Capex [EUR]", "Distance [%]"]


def test_another_discount_rate_moves_the_present_value(tmp_path):
    path = tmp_path / "plan.xlsx"
    with_money(small_town(), path)
    book = openpyxl.load_workbook(path)
    assert book["Cash flow"]["A2"].value == "Discount rate"
    book["Cash flow"]["B2"].value = 0.0
    book.save(path)
    own = Calculator(path)
    row = headline(own.book)["net_present_value_eur"]
    undiscounted = sum(sample(country="FI").case.flow.net)
    assert own.value("Summary", f"B{row}") == pytest.approx(undiscounted)


def test_another_plan_is_refused(tmp_path):
    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    appraisal = appraise(town.assembly.problem, town.plan)
    other = with_nothing_built(town).plan
    with pytest.raises(VerificationError, match="do not belong to this plan"):
        write_workbook(frames, appraisal, other, tmp_path / "x.xlsx", created=MADE, title="x")


def test_libreoffice_works_out_the_same(tmp_path):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed; our own arithmetic checks formulas")
    kpis = {
        "money": with_money(small_town(), tmp_path / "money.xlsx"),
        "empty": write(with_nothing_built(small_town()), tmp_path / "empty.xlsx").kpis(),
    }
    for name in kpis:
        # Without the stored values the program has to work out every formula itself.
        openpyxl.load_workbook(tmp_path / f"{name}.xlsx").save(tmp_path / f"{name}-bare.xlsx")
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    words = [office, home, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    words += ["--outdir", str(tmp_path / "out"), *map(str, tmp_path.glob("*-bare.xlsx"))]
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    for name, figures in kpis.items():
        own = openpyxl.load_workbook(tmp_path / "out" / f"{name}-bare.xlsx", data_only=True)
        rows = headline(own)
        assert len(rows) >= 16 + 3 * (name == "money")
        for figure, row in rows.items():
            assert agree(own["Summary"].cell(row, 2).value, figures[figure]), (name, figure)
        errors = [c.value for s in own for r in s.iter_rows() for c in r if c.data_type == "e"]
        assert errors == []
