"""Show a frontier: its files, its picture and its table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from siting.frontier.file import whole_or_not, write_frontier
from siting.frontier.result import Frontier, relative_distance
from siting.outputs.plot import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "frontier_frame",
    "frontier_table",
    "frontier_words",
    "plot_frontier",
    "write_frontier_folder",
]

FOUND, CEILING, SHADE = "#16324f", "#b3541e", "#f1dccb"
EUR_PER_MEUR, MWH_PER_GWH = 1e6, 1e3
STEPS = 400
SIZE_INCH = (8.3, 5.2)


def frontier_frame(frontier: Frontier) -> pd.DataFrame:
    """Return the plans of a frontier as a table, by rising investment; units are in the names."""
    rows = [
        {
            "capex_eur": each.capex_eur,
            "heat_mwh": each.heat_mwh,
            "heat_per_euro_kwh": each.plan.heat_per_euro_kwh,
            "ceiling_mwh": each.ceiling_mwh,
            "distance_pct": 100 * each.distance,
            "sites": len(each.plan.sites),
            "zones": len(each.plan.zones),
            "trench_length_m": each.plan.trench_length_m,
            "best_at_a_price": each.is_corner,
            "site_ids": " ".join(site.site for site in each.plan.sites),
        }
        for each in frontier.points
    ]
    columns = [
        "capex_eur", "heat_mwh", "heat_per_euro_kwh", "ceiling_mwh", "distance_pct", "sites",
        "zones", "trench_length_m", "best_at_a_price", "site_ids",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def frontier_table(frontier: Frontier) -> str:
    """Return the plans as lines of text under a headline."""
    head = ("MEUR", "GWh/a", "kWh/a per EUR", "ceiling GWh/a", "distance %", "sites", "zones")
    rows = [
        (
            f"{each.capex_eur / EUR_PER_MEUR:,.3f}",
            f"{each.heat_mwh / MWH_PER_GWH:,.3f}",
            f"{each.plan.heat_per_euro_kwh:.3f}",
            f"{each.ceiling_mwh / MWH_PER_GWH:,.3f}",
            f"{100 * each.distance:.2f}",
            f"{len(each.plan.sites)}",
            f"{len(each.plan.zones)}",
        )
        for each in frontier.points
    ]
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in (head, *rows)
    )


def plot_frontier(frontier: Frontier, *, ax: Axes | None = None, title: str = "") -> Axes:
    """Draw heat against investment: the plans found, and the ceiling that no plan can cross.

    Parameters
    ----------
    frontier
        What was found and proven.
    ax
        Where to draw; a new figure if not given.
    title
        What heads the picture.
    """
    if ax is None:
        ax = Drawing(figsize=SIZE_INCH, layout="constrained").add_subplot()
    capex = [each.capex_eur / EUR_PER_MEUR for each in frontier.points]
    heat = [each.heat_mwh / MWH_PER_GWH for each in frontier.points]
    right = 1.12 * max(capex, default=1.0)
    first = 0.0 if frontier.starts_empty or not capex else capex[0]
    at = [first + (right - first) * step / STEPS for step in range(STEPS + 1)]
    ceiling = [frontier.ceiling_at(x * EUR_PER_MEUR) / MWH_PER_GWH for x in at]
    top = 1.12 * max([*ceiling, *heat, 1e-9])
    ax.fill_between(at, ceiling, top, color=SHADE, lw=0, label="no plan can be here (proven)")
    ax.plot(at, ceiling, color=CEILING, lw=1.4, label="proven ceiling")
    steps_x = [*([0.0] if frontier.starts_empty else []), *capex, right]
    steps_y = [*([0.0] if frontier.starts_empty else []), *heat, *heat[-1:]]
    if heat:
        ax.step(steps_x, steps_y, where="post", color=FOUND, lw=0.9, alpha=0.6)
        ax.plot(capex, heat, "o", ms=4.5, color=FOUND, label="plans found")
    ax.set_xlim(0, right)
    ax.set_ylim(0, top)
    ax.set_xlabel("investment [MEUR]")
    ax.set_ylabel("heat from data centres [GWh/a]")
    ax.grid(alpha=0.25)
    ax.legend(loc="lower right", frameon=False)
    if title:
        ax.set_title(title, loc="left", fontsize=12, fontweight="bold", color=FOUND)
    return ax


def write_frontier_folder(frontier: Frontier, folder: Path, *, title: str = "") -> dict[str, Path]:
    """Write ``frontier.json``, ``.csv``, ``.png`` and ``.svg``, each whole or not at all.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    paths = {kind: folder / f"frontier.{kind}" for kind in ("json", "csv", "png", "svg")}
    write_frontier(frontier, paths["json"])
    with whole_or_not(paths["csv"]) as work:
        frontier_frame(frontier).to_csv(work, index=False)
    figure = Drawing(figsize=SIZE_INCH, layout="constrained")
    plot_frontier(frontier, ax=figure.add_subplot(), title=title)
    for kind in ("png", "svg"):
        with whole_or_not(paths[kind]) as work:
            figure.savefig(work, dpi=150)
    return paths


def frontier_words(frontier: Frontier) -> str:
    """Return in one sentence how much is proven."""
    if not frontier.points:
        return "No plan with heat was found; building nothing is all there is."
    last = frontier.points[-1]
    top = relative_distance(last.heat_mwh, last.ceiling_mwh)
    return (
        f"{len(frontier.points)} plans, {len(frontier.lines)} lines that no plan can cross. Between"
        f" the plans' hull and the ceiling there are at most {100 * frontier.widest:.2f} %, above"
        f" the largest plan {100 * top:.2f} %."
    )
