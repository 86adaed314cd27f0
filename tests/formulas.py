"""Recalculate the few spreadsheet functions that our workbooks use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import range_boundaries

REFERENCE = re.compile(
    r"(?:'([^']+)'!)?(\$?[A-Z]{1,2}\$?\d+(?::\$?[A-Z]{1,2}\$?\d+)?)(?![A-Za-z(])"
)


class Calculator:
    """All formulas of a workbook, worked out from its numbers and texts alone."""

    def __init__(self, path: Path) -> None:
        self.book = openpyxl.load_workbook(path)
        self.cached = openpyxl.load_workbook(path, data_only=True)
        self.known: dict[tuple[str, str], Any] = {}

    def formulas(self) -> list[tuple[str, str]]:
        """Return sheet and cell of every formula."""
        return [
            (sheet.title, cell.coordinate)
            for sheet in self.book
            for row in sheet.iter_rows()
            for cell in row
            if isinstance(cell.value, str) and cell.data_type == "f"
        ]

    def value(self, sheet: str, cell: str) -> Any:
        """Return the value of a cell, recalculated."""
        place = (sheet, cell.replace("$", ""))
        if place not in self.known:
            raw = self.book[sheet][place[1]]
            value = self._work_out(sheet, raw.value) if raw.data_type == "f" else raw.value
            number = isinstance(value, int | float) and not isinstance(value, bool)
            self.known[place] = Number(value) if number else value
        return self.known[place]

    def cells(self, sheet: str, area: str) -> list[Any]:
        left, top, right, bottom = range_boundaries(area)
        rows = self.book[sheet].iter_rows(top, bottom, left, right)
        return [self.value(sheet, cell.coordinate) for row in rows for cell in row]

    def _work_out(self, sheet: str, formula: str) -> Any:
        parts = re.split(r'("[^"]*")', formula.removeprefix("="))

        def look_up(found: re.Match[str]) -> str:
            name, area = found[1] or sheet, found[2].replace("$", "")
            kind = "cells" if ":" in area else "value"
            return f"book.{kind}({name!r}, {area!r})"

        def plain(text: str) -> str:
            text = text.replace("<>", "!=").replace("^", "**")
            return REFERENCE.sub(look_up, text)

        words = "".join(p if p.startswith('"') else plain(p) for p in parts)
        return eval(words, {"__builtins__": {}, "book": self, **FUNCTIONS})


class Number(float):
    """A number whose division by nothing is no error: IF works out both of its branches."""

    def __truediv__(self, other: float) -> float:
        return float(self) / float(other) if other else float("nan")

    def __rtruediv__(self, other: float) -> float:
        return float(other) / float(self) if self else float("nan")


def numbers(values: list[Any]) -> list[float]:
    return [value for value in values if isinstance(value, int | float)]


def matches(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and wanted.startswith("<>"):
        return value != wanted[2:]
    if isinstance(wanted, str) and wanted.startswith(">"):
        return isinstance(value, int | float) and value > float(wanted[1:])
    return value == wanted


FUNCTIONS = {
    "SUM": lambda values: sum(numbers(values)),
    "COUNTIF": lambda values, wanted: sum(matches(each, wanted) for each in values),
    "SUMIF": lambda values, wanted, added: sum(
        number or 0.0
        for each, number in zip(values, added, strict=True)
        if matches(each, wanted) and isinstance(number, int | float)
    ),
    "IF": lambda test, yes, no: yes if test else no,
    "ROUND": round,
}
