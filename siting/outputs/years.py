"""Write the tables of years and of the frontier into the workbook, their sums live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from siting.outputs.fields import WHOLE, Field
from siting.outputs.sheets import DATA_ROW, INPUT, NOTE_ROW, RULE, Book, Placed, field_of

__all__ = ["TABLES", "further_sheets"]

TABLES: Mapping[str, tuple[str, str]] = {
    "cash_flow": ("Cash flow", "Cash flow by year"),
    "co2": ("CO2", "Emissions against the stated baseline"),
    "frontier": ("Frontier", "The best plan for each budget, and what no plan can beat"),
}
"""Further tables that a plan may carry: name of the sheet, and its title."""

SUMMED = ("_eur", "_t")


def further_sheets(
    book: Book, tables: Mapping[str, pd.DataFrame], discount_rate: float | None
) -> dict[str, Placed]:
    """Write each table on a sheet of its own, and return where they stand.

    Parameters
    ----------
    book
        The workbook in the making.
    tables
        Tables by a name of `TABLES`, or by another one that becomes their title.
    discount_rate
        Rate of the cash flow [1/a]; without it present values are plain numbers.
    """
    placed = {}
    for name, frame in tables.items():
        title = name.replace("_", " ").capitalize()
        sheet, heading = TABLES.get(name, (title, title))
        by_year = name in {"cash_flow", "co2"}
        fields = {str(column): _field(str(column), by_year) for column in frame.columns}
        placed[name] = book.table(sheet, heading, frame, fields, totals=by_year)
        if name == "cash_flow":
            _live_cash_flow(book, placed[name], frame, discount_rate)
        if name == "co2":
            _live_savings(book, placed[name], frame)
    return placed


def _field(column: str, summed: bool) -> Field:
    """Return the field of a column; money and tonnes of a year are summed."""
    found = field_of(column)
    return replace(found, total=True) if summed and column.endswith(SUMMED) else found


def _live_cash_flow(
    book: Book, placed: Placed, frame: pd.DataFrame, discount_rate: float | None
) -> None:
    """Let the net flow of each year and its present value follow the lines before them."""
    if not {"net_eur", "present_value_eur"} <= set(placed.columns):
        return
    sheet = book.book.get_worksheet_by_name(placed.sheet)
    net, present = placed.columns["net_eur"], placed.columns["present_value_eur"]
    lines = [place for name, place in placed.columns.items() if name.endswith("_eur")]
    first, last = min(lines), net - 1
    rate = xl_rowcol_to_cell(NOTE_ROW, 1, row_abs=True, col_abs=True)
    if discount_rate is not None:
        book.put(sheet, NOTE_ROW, 0, "Discount rate", font_color="#5b6770")
        book.put(sheet, NOTE_ROW, 1, discount_rate, num_format="0.0%", bg_color=INPUT)
    for row, (flow, worth) in enumerate(
        zip(frame["net_eur"], frame["present_value_eur"], strict=True), start=DATA_ROW
    ):
        cells = f"{xl_col_to_name(first)}{row + 1}:{xl_col_to_name(last)}{row + 1}"
        _formula(book, sheet, (row, net), f"SUM({cells})", flow)
        if discount_rate is not None:
            year = xl_rowcol_to_cell(row, placed.columns["year"])
            amount = xl_rowcol_to_cell(row, net)
            _formula(book, sheet, (row, present), f"{amount}/(1+{rate})^{year}", worth)


def _live_savings(book: Book, placed: Placed, frame: pd.DataFrame) -> None:
    """Let the net saving of each year follow what is emitted without and with the plan."""
    needed = ("baseline_t", "plan_fuel_t", "plan_electricity_t", "net_saving_t")
    if not set(needed) <= set(placed.columns):
        return
    sheet = book.book.get_worksheet_by_name(placed.sheet)
    for row, saved in enumerate(frame["net_saving_t"], start=DATA_ROW):
        without, fuel, power = (xl_rowcol_to_cell(row, placed.columns[n]) for n in needed[:3])
        place = (row, placed.columns["net_saving_t"])
        _formula(book, sheet, place, f"{without}-{fuel}-{power}", saved)


def _formula(book: Book, sheet: Any, place: tuple[int, int], formula: str, value: float) -> None:
    """Write a formula in the looks of a table."""
    looks: dict[str, Any] = {"num_format": WHOLE, "bottom": 4, "bottom_color": RULE}
    book.formula(sheet, *place, formula, float(value), **looks)
