"""Write tables onto worksheets with headings, number formats and live totals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from siting.outputs.fields import ONE, SHARE, THREE, TWO, WHOLE, Field

__all__ = ["DATA_ROW", "Book", "Placed", "field_of"]

TITLE_ROW, NOTE_ROW, TOTAL_ROW, HEAD_ROW, DATA_ROW = range(5)
INK, PAPER, RULE, INPUT = "#16324f", "#eef2f5", "#c9d2da", "#fff6d6"
WIDEST, NARROWEST = 46, 9
LONGEST_TEXT = 32_767

SUFFIXES: tuple[tuple[str, str, str], ...] = (
    ("_eur_per_mwh", "EUR/MWh", TWO), ("_eur_per_mwh_a", "EUR/(MWh/a)", WHOLE),
    ("_eur_per_a", "EUR/a", WHOLE), ("_kg_per_mwh", "kg/MWh", ONE), ("_t_per_a", "t/a", ONE),
    ("_per_euro_kwh", "kWh/a per EUR", THREE), ("_eur", "EUR", WHOLE), ("_mwh", "MWh/a", WHOLE),
    ("_mw", "MW", TWO), ("_kw", "kW", ONE), ("_km", "km", TWO), ("_m", "m", ONE), ("_t", "t", ONE),
    ("_share", "-", SHARE), ("_pct", "%", TWO),
)  # fmt: skip


def field_of(name: str) -> Field:
    """Return the field of a column that is known by its name alone, the unit at its end.

    Examples
    --------
    >>> field_of("net_cash_flow_eur").heading, field_of("year").heading
    ('Net cash flow [EUR]', 'Year')
    """
    for suffix, unit, style in sorted(SUFFIXES, key=lambda each: -len(each[0])):
        if name.endswith(suffix):
            plain = name if suffix in {"_share", "_per_euro_kwh"} else name.removesuffix(suffix)
            return Field(_words(plain), unit, "", name[:10], style)
    return Field(_words(name), "", "", name[:10])


def _words(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Placed:
    """Where a table stands, for formulas that refer to it."""

    sheet: str
    first: int
    last: int
    columns: Mapping[str, int]
    sums: Mapping[str, float]

    def cells(self, column: str) -> str:
        """Return the cells of a column, such as ``'Zones'!$H$5:$H$20``."""
        letter = xl_col_to_name(self.columns[column])
        return f"'{self.sheet}'!${letter}${self.first + 1}:${letter}${self.last + 1}"

    def total(self, column: str) -> str:
        """Return the cell that holds the sum of a column."""
        place = xl_rowcol_to_cell(TOTAL_ROW, self.columns[column], row_abs=True, col_abs=True)
        return f"'{self.sheet}'!{place}"


@dataclass
class Book:
    """A workbook in the making; leaving its context closes the file."""

    path: Path
    title: str
    created: datetime
    book: Any = field(init=False)
    _formats: dict[tuple[tuple[str, Any], ...], Any] = field(init=False, default_factory=dict)

    def __enter__(self) -> Self:
        """Open the file."""
        self.book = xlsxwriter.Workbook(str(self.path))
        # The same plan gives the same file.
        self.book.set_properties({"title": self.title, "created": self.created})
        self.book.set_calc_mode("auto")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the file."""
        self.book.close()

    def look(self, **looks: Any) -> Any:
        """Return a cell format, made once."""
        if looks.get("indent"):  # without an alignment spreadsheets do not indent
            looks = {"align": "left", **looks}
        key = tuple(sorted(looks.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"valign": "top", **looks})
        return self._formats[key]

    def sheet(self, name: str, title: str, note: str = "", *, landscape: bool = True) -> Any:
        """Return a new sheet with its title, ready to print on A4."""
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.write_string(TITLE_ROW, 0, title[:LONGEST_TEXT], self.look(bold=True, font_size=14))
        if note:
            sheet.write_string(NOTE_ROW, 0, note, self.look(font_color="#5b6770"))
        sheet.set_paper(9)
        if landscape:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        sheet.set_footer("&L&8" + self.title.replace("&", "&&") + "&C&8&A&R&8&P / &N")
        return sheet

    def put(self, sheet: Any, row: int, column: int, value: Any, **looks: Any) -> None:
        """Write one value; texts are never taken for formulas, what is undefined stays empty."""
        form = self.look(**looks)
        if isinstance(value, bool):
            sheet.write_string(row, column, "yes" if value else "no", form)
        elif value is None or (isinstance(value, float) and math.isnan(value)):
            sheet.write_blank(row, column, None, form)
        elif isinstance(value, int | float):
            if math.isinf(value):
                sheet.write_string(row, column, "unlimited", form)
            else:
                sheet.write_number(row, column, value, form)
        else:
            sheet.write_string(row, column, str(value)[:LONGEST_TEXT], form)

    def formula(
        self, sheet: Any, row: int, column: int, formula: str, value: Any, **looks: Any
    ) -> None:
        """Write a formula with the value it has now, for viewers that do not calculate."""
        sheet.write_formula(row, column, f"={formula}", self.look(**looks), value)

    def headings(self, sheet: Any, fields: Sequence[Field]) -> None:
        """Write the row of headings."""
        head = {"bold": True, "font_color": "#ffffff", "bg_color": INK, "text_wrap": True}
        head |= {"valign": "vcenter"}
        for column, each in enumerate(fields):
            sheet.write_string(HEAD_ROW, column, each.heading, self.look(**head, border=1))
            if each.description:
                sheet.write_comment(HEAD_ROW, column, each.description, {"x_scale": 2})
        sheet.set_row(HEAD_ROW, 32)

    def table(
        self,
        name: str,
        title: str,
        frame: pd.DataFrame,
        fields: Mapping[str, Field],
        *,
        note: str = "",
        totals: bool = True,
    ) -> Placed:
        """Write a table on a sheet of its own; sums stand above the headings, as formulas."""
        sheet = self.sheet(name, title, note)
        shown = [fields[column] for column in frame.columns]
        self.headings(sheet, shown)
        last = max(DATA_ROW, DATA_ROW + len(frame) - 1)
        sums = {}
        columns = {str(column): place for place, column in enumerate(frame.columns)}
        for place, (column, each) in enumerate(zip(frame.columns, shown, strict=True)):
            values = frame[column].tolist()
            line = {"bottom": 4, "bottom_color": RULE}
            for row, value in enumerate(values, start=DATA_ROW):
                self.put(
                    sheet,
                    row,
                    place,
                    value,
                    num_format=each.style,
                    **line,
                    indent=int(isinstance(value, str)),
                )
            sheet.set_column(place, place, _width(each, values))
            if totals and each.total:
                sums[str(column)] = math.fsum(v for v in values if not math.isnan(v))
                letter = xl_col_to_name(place)
                cells = f"{letter}{DATA_ROW + 1}:{letter}{last + 1}"
                looks = {"num_format": each.style, "bold": True, "bg_color": PAPER}
                self.formula(sheet, TOTAL_ROW, place, f"SUM({cells})", sums[str(column)], **looks)
        if sums and "" not in sums and 0 not in [columns[each] for each in sums]:
            self.put(sheet, TOTAL_ROW, 0, "Total", bold=True, bg_color=PAPER)
        sheet.freeze_panes(DATA_ROW, min(2, len(shown) - 1))
        sheet.repeat_rows(HEAD_ROW)
        sheet.print_area(0, 0, last, max(len(shown) - 1, 0))
        sheet.autofilter(HEAD_ROW, 0, last, max(len(shown) - 1, 0))
        return Placed(name, DATA_ROW, last, columns, sums)


def _width(each: Field, values: Sequence[Any]) -> float:
    """Return the width of a column, in characters."""
    longest = max((len(word) for word in each.heading.split()), default=0) + 4
    texts = [len(value) for value in values[:500] if isinstance(value, str)]
    numbers = [
        len(f"{v:,.0f}") + 3 for v in values[:500] if isinstance(v, float) and math.isfinite(v)
    ]
    return min(WIDEST, max(NARROWEST, longest, *texts, *numbers) + 1)
