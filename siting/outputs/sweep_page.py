"""Write the page that shows what a sweep found, to read or to print."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from siting.outputs.assets import outside_links, template

__all__ = ["Chart", "Table", "figure_cell", "picture_uri", "write_story"]

Chart = tuple[str, str, str]
"""Name, picture as a ``data:`` address, and what it shows."""

Table = tuple[str, str, Sequence[str], Sequence[Sequence[str]]]
"""Name, what it shows, headings and rows."""


def picture_uri(figure: Figure) -> str:
    """Return a figure as the address of an SVG picture."""
    picture = BytesIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.getvalue()).decode('ascii')}"


def figure_cell(value: Any, digits: int = 3) -> str:
    """Return a figure for a table: significant digits, a dash for none.

    Examples
    --------
    >>> figure_cell(12345.678), figure_cell(0.012345), figure_cell(float("nan")), figure_cell("a")
    ('12,346', '0.0123', '–', 'a')
    """
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return "–"
    number = float(value)
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    if number == 0:
        return "0"
    places = max(digits - 1 - math.floor(math.log10(abs(number))), 0)
    text = f"{number:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def write_story(
    path: str | Path,
    *,
    title: str,
    question: str,
    answer: str,
    sentences: Sequence[str],
    caveats: Sequence[str],
    charts: Sequence[Chart],
    tables: Sequence[Table],
    footer: str,
    name: str = "sweep.html",
) -> Path:
    """Write a page of words, charts and tables that loads nothing from outside.

    Raises
    ------
    RuntimeError
        The page would load something from outside: a fault of this package.
    """
    page = template(name).render(
        title=title,
        question=question,
        answer=answer,
        sentences=sentences,
        caveats=caveats,
        charts=charts,
        tables=tables,
        footer=footer,
    )
    links = outside_links(page)
    if links:
        raise RuntimeError(f"The page would load {links[0]} from outside. Please report this.")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path
