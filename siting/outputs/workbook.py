"""Write a plan as a workbook whose totals are live formulas."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from siting.appraisal import Appraisal, diameter_order, proof_words
from siting.errors import Fault
from siting.explanation import NOT_ATTACHED
from siting.outputs.assumption import Assumption
from siting.outputs.fields import SHARE, THREE, TWO, WHOLE, Field, fields_of
from siting.outputs.frames import PlanFrames, check_same_plan
from siting.outputs.report import component_name
from siting.outputs.sheets import DATA_ROW, INPUT, PAPER, RULE, Book, Placed
from siting.outputs.years import further_sheets
from siting.parameters import references
from siting.plan import Plan
from siting.region import Remark
from siting.units import HOURS_PER_A

__all__ = ["ASSUMPTIONS", "ASSUMPTION_COLUMNS", "write_workbook"]

ASSUMPTIONS = "Assumptions"
ASSUMPTION_COLUMNS = (
    "Section", "Name", "Value", "Unit", "Usual from", "Usual to", "Default", "Changed", "Mark",
    "Source", "What it is",
)  # fmt: skip
"""Headings of the sheet of assumptions, by which it is read back."""

ASSUMPTION_WIDTHS = (12, 42, 13, 15, 10, 10, 10, 10, 12, 48, 60)


def write_workbook(
    frames: PlanFrames,
    appraisal: Appraisal,
    plan: Plan,
    path: str | Path,
    *,
    created: datetime,
    title: str,
    question: str = "",
    attribution: str = "",
    parameters: Mapping[str, Assumption] | None = None,
    settings: Sequence[Any] = (),
    remarks: Sequence[Remark] = (),
    doubts: Sequence[Fault] = (),
    tables: Mapping[str, pd.DataFrame] | None = None,
    discount_rate: float | None = None,
) -> Path:
    """Write a plan as an Excel workbook.

    Parameters
    ----------
    frames, appraisal, plan
        The layers and key figures of the plan, and the plan.
    path
        The workbook; an older one is replaced.
    created
        When the plan was made.
    title, question, attribution
        What heads the summary, and who made the layers.
    parameters, settings
        The figures that the plan rests on, and the settings of the network.
    remarks, doubts
        What was done to the layers, and what is odd.
    tables
        Further tables by a name of `siting.outputs.years.TABLES`; units stand at the end of their
        column names.
    discount_rate
        Rate of the cash flow, with which its present values are live [1/a].

    Raises
    ------
    VerificationError
        Layers or key figures are those of another plan.
    """
    check_same_plan(frames, appraisal, plan)
    path = Path(path)
    with Book(path, title, created.replace(tzinfo=None)) as book:
        summary = book.sheet("Summary", title, question, landscape=False)
        layers = _Layers(
            sites=_layer(book, "Sites", "sites", frames.sites, "chosen"),
            zones=_layer(book, "Zones", "zones", frames.zones, "served"),
            pipes=_layer(book, "Pipes", "pipes", frames.pipes, None),
        )
        _sizes_sheet(book, frames, layers.pipes)
        _capex_sheet(book, appraisal, layers)
        further = further_sheets(book, tables or {}, discount_rate)
        _assumptions_sheet(book, parameters or {}, settings)
        _remarks_sheet(book, remarks, doubts, appraisal.notes)
        _summary_sheet(book, summary, appraisal, layers, attribution, further)
    return path


@dataclass(frozen=True)
class _Layers:
    """Where the layers of the plan stand."""

    sites: Placed
    zones: Placed
    pipes: Placed

    def capex(self) -> str:
        """Return the formula of the whole investment [EUR]."""
        return "+".join(each.total("cost_eur") for each in (self.sites, self.zones, self.pipes))


def _layer(book: Book, name: str, layer: str, frame: pd.DataFrame, first: str | None) -> Placed:
    """Write one layer of the plan; what is in the plan stands first."""
    table = pd.DataFrame(frame.drop(columns="geometry"))
    if first is not None:
        table = table.sort_values(first, ascending=False, kind="stable")
    note = "Sums of all rows; a filter does not change them." if len(table) else "None."
    return book.table(name, name, table, fields_of(layer, list(table.columns)), note=note)


# Pipes by diameter, and investment --------------------------------------------------------------


def _sizes_sheet(book: Book, frames: PlanFrames, pipes: Placed) -> None:
    """Write length, cost and loss by pipe size, as sums over the sheet of pipes."""
    fields = {
        "size": Field("Size", "", "Nominal diameter.", "dn", "@"),
        "pieces": Field("Pieces", "count", "Pieces of trench.", "pieces", WHOLE, True),
        **{name: fields_of("pipes", [name])[name] for name in SIZE_SUMS},
        "eur_per_m": Field("Mean cost", "EUR/m", "Investment per metre.", "eur_per_m", WHOLE),
    }
    groups = frames.pipes.groupby("nominal_diameter")[SIZE_SUMS].sum()
    labels = sorted(groups.index, key=diameter_order)
    sheet = book.sheet(
        "Pipes by diameter", "Pipes by diameter", "Sums over the sheet of pipes.", landscape=False
    )
    book.headings(sheet, list(fields.values()))
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 5, 15)
    for row, label in enumerate(labels, start=DATA_ROW):
        book.put(sheet, row, 0, label)
        picked = f"{pipes.cells('nominal_diameter')},$A{row + 1}"
        count = int((frames.pipes["nominal_diameter"] == label).sum())
        book.formula(sheet, row, 1, f"COUNTIF({picked})", count, num_format=WHOLE)
        for column, name in enumerate(SIZE_SUMS, start=2):
            formula = f"SUMIF({picked},{pipes.cells(name)})"
            value = float(groups.at[label, name])
            book.formula(sheet, row, column, formula, value, num_format=fields[name].style)
        length, cost = (float(groups.at[label, name]) for name in ("length_m", "cost_eur"))
        mean = cost / length if length > 0 else 0.0
        cells = (f"C{row + 1}", f"E{row + 1}")
        formula = f"IF({cells[0]}>0,{cells[1]}/{cells[0]},0)"
        book.formula(sheet, row, 5, formula, mean, num_format=WHOLE)
    last = max(DATA_ROW, DATA_ROW + len(labels) - 1)
    sums = {name: float(groups[name].sum()) for name in SIZE_SUMS}
    values: list[float] = [len(frames.pipes), *sums.values()]
    book.put(sheet, 2, 0, "Total", bold=True, bg_color=PAPER)
    for column, value in enumerate(values, start=1):
        cells_of = f"{'ABCDE'[column]}{DATA_ROW + 1}:{'ABCDE'[column]}{last + 1}"
        style = list(fields.values())[column].style
        looks = {"num_format": style, "bold": True, "bg_color": PAPER}
        book.formula(sheet, 2, column, f"SUM({cells_of})", value, **looks)
    sheet.freeze_panes(DATA_ROW, 1)
    places = {"size": 0, "pieces": 1, **{name: k for k, name in enumerate(SIZE_SUMS, start=2)}}
    placed = Placed("Pipes by diameter", DATA_ROW, last, places, sums)
    if labels:
        _chart(
            book,
            sheet,
            placed,
            ("size", "length_m"),
            "Trench by size [m]",
            row=last + 2,
            kind="column",
        )


SIZE_SUMS = ["length_m", "heat_loss_kw", "cost_eur"]


def _capex_sheet(book: Book, appraisal: Appraisal, layers: _Layers) -> None:
    """Write the investment by component, with its check against the elements of the plan."""
    parts = sorted(appraisal.capex_by_component_eur.items(), key=lambda each: -each[1])
    sheet = book.sheet(
        "Investment", "Investment by component", "Overnight, all overheads in.", landscape=False
    )
    money = Field("Investment", "EUR", "Overnight investment.", "cost_eur", WHOLE)
    share = Field("Share", "-", "Share of the whole.", "share", SHARE)
    book.headings(sheet, [Field("Component", "", "", "component"), money, share])
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 2, 17)
    last = max(DATA_ROW, DATA_ROW + len(parts) - 1)
    whole = math.fsum(value for _, value in parts)
    for row, (name, value) in enumerate(parts, start=DATA_ROW):
        book.put(sheet, row, 0, component_name(name))
        book.put(sheet, row, 1, value, num_format=WHOLE)
        formula = f"IF($B$3<>0,B{row + 1}/$B$3,0)"
        book.formula(sheet, row, 2, formula, value / whole if whole else 0.0, num_format=SHARE)
    bold = {"bold": True, "bg_color": PAPER}
    book.put(sheet, 2, 0, "Total", **bold)
    book.formula(sheet, 2, 1, f"SUM(B{DATA_ROW + 1}:B{last + 1})", whole, num_format=WHOLE, **bold)
    row = last + 2
    book.put(sheet, row, 0, "Sites, zones and pipes together")
    book.formula(sheet, row, 1, layers.capex(), appraisal.capex_eur, num_format=WHOLE)
    book.put(sheet, row + 1, 0, "Difference; must be nothing")
    formula = f"ROUND(B3-B{row + 1},0)"
    book.formula(sheet, row + 1, 1, formula, round(whole - appraisal.capex_eur), num_format=WHOLE)
    placed = Placed(
        "Investment", DATA_ROW, last, {"component": 0, "cost_eur": 1}, {"cost_eur": whole}
    )
    if parts:
        columns = ("component", "cost_eur")
        title = "Investment by component [EUR]"
        _chart(book, sheet, placed, columns, title, row=row + 3, kind="bar")


def _chart(
    book: Book, sheet: Any, placed: Placed, columns: tuple[str, str], title: str,
    *, row: int, kind: str,
) -> None:  # fmt: skip
    """Draw one column of a table, named by another, below it."""
    chart = book.book.add_chart({"type": kind})
    chart.add_series(
        {
            "categories": f"={placed.cells(columns[0])}",
            "values": f"={placed.cells(columns[1])}",
            "fill": {"color": "#2f8a92"},
            "gap": 60,
        }
    )
    chart.set_title({"name": title, "name_font": {"size": 11}})
    chart.set_legend({"none": True})
    axis = {"num_format": WHOLE, "major_gridlines": {"visible": True, "line": {"color": RULE}}}
    (chart.set_x_axis if kind == "bar" else chart.set_y_axis)(axis)
    if kind == "bar":
        chart.set_y_axis({"reverse": True})
    chart.set_size({"width": 620, "height": 320})
    sheet.insert_chart(row, 0, chart)


# Assumptions and remarks ------------------------------------------------------------------------


def _assumptions_sheet(
    book: Book, parameters: Mapping[str, Assumption], settings: Sequence[Any]
) -> None:
    """Write every figure the plan rests on; the yellow column is meant to be changed."""
    note = (
        "Change the yellow cells, save, and put them into a study with:"
        " siting assumptions plan.xlsx study.toml --out new-study.toml"
    )
    sheet = book.sheet(ASSUMPTIONS, "Assumptions", note)
    book.headings(sheet, [Field(name, "", "", name[:10]) for name in ASSUMPTION_COLUMNS])
    rows = [("parameters", each) for each in parameters.values()]
    rows += [("network", each) for each in settings]
    for row, (section, each) in enumerate(rows, start=DATA_ROW):
        low, high, default = (getattr(each, name, None) for name in ("low", "high", "default"))
        values = (section, each.name, each.value, each.unit, low, high, default)
        for column, value in enumerate(values):
            looks = {"bg_color": INPUT, "border": 1, "border_color": RULE} if column == 2 else {}
            book.put(sheet, row, column, value, indent=int(isinstance(value, str)), **looks)
        texts = ("yes" if each.overridden else "", each.mark, each.source, each.description)
        for column, text in enumerate(texts, start=len(values)):
            book.put(sheet, row, column, text, text_wrap=column >= 9, indent=1)
        lines = max(math.ceil(len(texts[k]) / (ASSUMPTION_WIDTHS[k + 7] - 3)) for k in (2, 3))
        sheet.set_row(row, 15 * max(lines, 1))
        _guard(sheet, row, each)
    for column, width in enumerate(ASSUMPTION_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(DATA_ROW, 3)
    sheet.repeat_rows(DATA_ROW - 1)
    sheet.autofilter(DATA_ROW - 1, 0, max(DATA_ROW, DATA_ROW + len(rows) - 1), 10)
    _sources_sheet(book, [each.mark + " " + each.source for _, each in rows])


def _guard(sheet: Any, row: int, each: Any) -> None:
    """Let the spreadsheet refuse what is never accepted."""
    least, most = getattr(each, "least", None), getattr(each, "most", None)
    if least is not None or most is not None:
        sheet.data_validation(
            row,
            2,
            row,
            2,
            {
                "validate": "decimal",
                "criteria": "between",
                "minimum": -1e30 if least is None else least,
                "maximum": 1e30 if most is None else most,
                "error_title": "Not accepted",
                "error_message": f"{each.name}: the figure is out of bounds."[:225],
            },
        )


def _sources_sheet(book: Book, texts: Iterable[str]) -> None:
    """Write the address behind each source key that the assumptions name."""
    used = {key for text in texts for key in re.findall(r"\bS\d+\b", text)}
    rows = [(key, place) for key, place in references().items() if key in used]
    marks = [
        ("K", "Known literature, not looked up again"),
        ("J", "Engineering judgement"),
    ]
    frame = pd.DataFrame([*rows, *marks], columns=["mark", "address"])
    fields = {
        "mark": Field("Mark", "", "", "mark"),
        "address": Field("Meaning, or where it is found", "", "", "address"),
    }
    book.table("Sources", "Sources", frame, fields, totals=False)


def _remarks_sheet(
    book: Book, remarks: Sequence[Remark], doubts: Sequence[Fault], notes: Sequence[str]
) -> None:
    """Write what was repaired, estimated or dropped, and what is odd."""
    rows: list[tuple[str, str, float, float, str]] = [("note", each, *UNSAID) for each in notes]
    rows += [("doubt", str(each), *UNSAID) for each in doubts]
    rows += [
        (each.layer, each.act, each.count or math.nan, each.length_m or math.nan, each.detail)
        for each in remarks
    ]
    frame = pd.DataFrame(rows, columns=["layer", "act", "count", "length_m", "detail"])
    fields = {
        "layer": Field("Layer", "", "", "layer", "@"),
        "act": Field("What was done or found", "", "", "act", "@"),
        "count": Field("Features", "count", "", "count", WHOLE),
        "length_m": Field("Street", "m", "", "length_m", WHOLE),
        "detail": Field("Detail", "", "", "detail", "@"),
    }
    book.table("Remarks", "Remarks on the data", frame, fields, totals=False)


UNSAID = (math.nan, math.nan, "")


# Summary ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Figure:
    """A row of the summary: its formula, its value now, and the key figure it must equal."""

    label: str
    unit: str
    style: str
    formula: str
    value: float | str
    kpi: str


def _summary_sheet(
    book: Book,
    sheet: Any,
    appraisal: Appraisal,
    layers: _Layers,
    attribution: str,
    further: Mapping[str, Placed],
) -> None:
    """Write the headline, live, beside the figures of the run."""
    sheet.set_column(0, 0, 38)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, 2, 18)
    sheet.set_column(3, 3, 18)
    sheet.set_column(4, 4, 30)
    heads = ("Figure", "Value", "Unit", "As run", "In kpis.json")
    book.headings(sheet, [Field(each, "", "", each) for each in heads])
    kpis = appraisal.kpis()
    figures = [*_figures(appraisal, layers), *_sums_of_years(kpis, further)]
    for row, each in enumerate(figures, start=DATA_ROW):
        strong = {"bold": True, "font_size": 12} if row == DATA_ROW else {}
        looks = {"num_format": each.style, "bottom": 4, "bottom_color": RULE, **strong}
        book.put(sheet, row, 0, each.label, bottom=4, bottom_color=RULE, **strong)
        book.formula(sheet, row, 1, each.formula, each.value, align="right", **looks)
        unit = "" if each.unit in {"-", "count"} else each.unit
        book.put(sheet, row, 2, unit, indent=1, bottom=4, bottom_color=RULE)
        looks = {"num_format": each.style, "font_color": "#5b6770"}
        book.put(sheet, row, 3, kpis[each.kpi], bottom=4, bottom_color=RULE, **looks)
        book.put(
            sheet, row, 4, each.kpi, indent=1, bottom=4, bottom_color=RULE, font_color="#5b6770"
        )
        book.book.define_name(each.kpi, f"='Summary'!$B${row + 1}")
    row = DATA_ROW + len(figures) + 1
    proof = appraisal.proof
    rows: list[tuple[str, Any, str]] = [
        ("Proof", proof_words(proof), "@"),
        ("Status", proof.status.value, "@"),
        ("Objective", proof.objective, "@"),
        ("Value of the plan", proof.incumbent, THREE),
        ("Value that no plan can beat", proof.bound, THREE),
        ("Gap", proof.gap, "0.00%"),
        ("Gap wanted", proof.gap_wanted, "0.00%"),
        ("Solver", proof.solver, "@"),
        ("Data", attribution, "@"),
    ]
    for place, (label, value, style) in enumerate(rows, start=row):
        book.put(sheet, place, 0, label)
        book.put(sheet, place, 1, value, num_format=style, align="left")
    note = "Values are formulas over the other sheets; 'As run' is what the run wrote."
    book.put(sheet, row + len(rows) + 1, 0, note, font_color="#5b6770", italic=True)
    for place, text in enumerate(appraisal.notes, start=row + len(rows) + 2):
        book.put(sheet, place, 0, text)
    sheet.freeze_panes(DATA_ROW, 0)
    sheet.print_area(0, 0, row + len(rows) + 2 + len(appraisal.notes), 4)
    sheet.activate()


def _figures(a: Appraisal, layers: _Layers) -> Iterable[_Figure]:
    """Yield the rows of the summary; cells of earlier rows are B5, B6 and so on."""
    sites, zones, pipes = layers.sites, layers.zones, layers.pipes
    ratio = "no new investment" if math.isinf(a.heat_per_euro_kwh) else a.heat_per_euro_kwh
    yield _Figure(
        "Heat per euro", "kWh/a per EUR", THREE,
        'IF(B7>0,B6*1000/B7,IF(B6>0,"no new investment",0))', ratio, "heat_per_euro_kwh",
    )  # fmt: skip
    yield _Figure(
        "Waste heat delivered", "MWh/a", WHOLE, zones.total("heat_mwh"), a.heat_mwh, "heat_mwh"
    )
    yield _Figure("Investment", "EUR", WHOLE, layers.capex(), a.capex_eur, "capex_eur")
    yield _Figure(
        "Investment per annual heat", "EUR per MWh/a", WHOLE, 'IF(B6>0,B7/B6,"")',
        _or_empty(a.capex_eur_per_mwh_a), "capex_eur_per_mwh_a",
    )  # fmt: skip
    for label, placed, flag, count, kpi in (
        ("Sites chosen", sites, "chosen", a.sites_chosen, "sites_chosen"),
        ("Zones served", zones, "served", a.zones_served, "zones_served"),
    ):
        formula = f'COUNTIF({placed.cells(flag)},"yes")'
        yield _Figure(label, "count", WHOLE, formula, count, kpi)
    yield _Figure(
        "Heat output installed", "MW", TWO, sites.total("capacity_mw"), a.site_capacity_mw,
        "site_capacity_mw",
    )  # fmt: skip
    reached = f'{zones.cells("reason")},"<>{NOT_ATTACHED}",{zones.cells("annual_demand_mwh")}'
    yield _Figure(
        "Heat demand in reach", "MWh/a", WHOLE, f"SUMIF({reached})", a.demand_mwh, "demand_mwh"
    )
    served = f'{zones.cells("served")},"yes",{zones.cells("annual_demand_mwh")}'
    yield _Figure(
        "Heat demand of the zones served", "MWh/a", WHOLE, f"SUMIF({served})",
        a.served_demand_mwh, "served_demand_mwh",
    )  # fmt: skip
    yield _Figure(
        "Share of heat demand in reach", "-", SHARE, "IF(B12>0,B6/B12,0)", a.demand_share,
        "demand_share",
    )  # fmt: skip
    yield _Figure(
        "Waste-heat share in the zones served", "-", SHARE, "IF(B13>0,B6/B13,0)",
        a.served_waste_heat_share, "served_waste_heat_share",
    )  # fmt: skip
    dug = f'{pipes.cells("cost_eur")},">0",{pipes.cells("length_m")}'
    yield _Figure("Trench", "m", WHOLE, f"SUMIF({dug})", a.trench_length_m, "trench_length_m")
    yield _Figure(
        "Heat per metre of trench", "MWh/(m·a)", TWO, 'IF(B16>0,B6/B16,"")',
        _or_empty(a.linear_heat_density_mwh_per_m), "linear_heat_density_mwh_per_m",
    )  # fmt: skip
    lost = f"({pipes.total('heat_loss_kw')}+{zones.total('heat_loss_kw')})*{HOURS_PER_A:.0f}/1000"
    yield _Figure("Network heat loss", "MWh/a", WHOLE, lost, a.network_loss_mwh, "network_loss_mwh")
    yield _Figure(
        "Share of heat lost", "-", SHARE, "IF(B18+B6>0,B18/(B18+B6),0)", a.network_loss_share,
        "network_loss_share",
    )  # fmt: skip
    yield _Figure(
        "Electricity of heat pumps", "MWh/a", WHOLE, sites.total("electricity_mwh"),
        a.electricity_mwh, "electricity_mwh",
    )  # fmt: skip


SUMS_OF_YEARS = (
    ("Net present value of the company", "EUR", WHOLE, "cash_flow", "present_value_eur",
     "net_present_value_eur"),
    ("CO2 saved over all years, gross", "t", WHOLE, "co2", "gross_saving_t",
     "co2_gross_saving_horizon_t"),
    ("CO2 saved over all years, net", "t", WHOLE, "co2", "net_saving_t",
     "co2_net_saving_horizon_t"),
)  # fmt: skip
"""Label, unit, number format, table, column and key figure of what is summed over the years."""


def _sums_of_years(kpis: Mapping[str, Any], further: Mapping[str, Placed]) -> Iterable[_Figure]:
    """Yield the figures that are sums over the sheets of years."""
    for label, unit, style, table, column, kpi in SUMS_OF_YEARS:
        placed = further.get(table)
        if placed is not None and column in placed.sums and kpi in kpis:
            yield _Figure(label, unit, style, placed.total(column), placed.sums[column], kpi)


def _or_empty(value: float) -> float | str:
    """Return a figure, nothing where it is undefined."""
    return "" if math.isnan(value) else value
