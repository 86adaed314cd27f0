"""Draw what a sweep found: tornado, spider, fan and regret."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from siting.outputs.plot import INK, Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from siting.sweep.robust import Robust

__all__ = ["MEASURES", "Measure", "plot_fan", "plot_regret", "plot_spider", "plot_tornado"]

LOW, HIGH, MUTED = "#2f8a92", "#c92f44", "#69757e"
LINES = ("#16324f", "#c92f44", "#2f8a92", "#d98a00", "#7c3aed", "#65a30d", "#be185d", "#475569")
SHOWN_KEYS, SHOWN_PLANS = 14, 12
QUANTILES = ((5, 95, "#d3ebe8"), (25, 75, "#9dd3cf"))

Measure = tuple[str, str, float]
MEASURES: dict[str, Measure] = {
    "heat_per_euro_kwh": ("heat per euro", "kWh/a per EUR", 1.0),
    "heat_mwh": ("heat from data centres", "GWh/a", 1e-3),
    "capex_eur": ("investment", "M EUR", 1e-6),
    "net_present_value_eur": ("net present value", "M EUR", 1e-6),
    "levelised_cost_eur_per_mwh": ("levelised cost of heat", "EUR/MWh", 1.0),
    "co2_net_saving_t_per_a": ("net CO2 saving", "t/a", 1.0),
}
"""Name, unit and factor of the figures that charts are drawn of."""


def _axes(ax: Axes | None, width: float, height: float) -> Axes:
    if ax is not None:
        return ax
    return Drawing(figsize=(width, height), layout="constrained").add_subplot()


def _finish(ax: Axes, title: str) -> Axes:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    if title:
        ax.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
    return ax


def tornado_frame(table: pd.DataFrame, figure: str) -> pd.DataFrame:
    """Return for each key that was varied alone the least and largest figure it led to.

    Parameters
    ----------
    table
        Of a sweep, see `siting.sweep.run.Sweep.table`.
    figure
        A column of it.

    Returns
    -------
    Indexed by key, widest first: ``low_input``, ``high_input``, the figure at each, as
    ``at_low`` and ``at_high``, their ``span`` and the ``base``.
    """
    base = float(table.loc[table["scenario"] == 0, figure].iloc[0])
    rows: dict[str, dict[str, Any]] = {}
    for key, part in table[table["varied"] != ""].groupby("varied", sort=False):
        inputs = pd.to_numeric(part[f"input.{key}"], errors="coerce")
        known = part[figure].notna() & inputs.notna()
        if not known.any() or math.isnan(base):
            continue
        low: Any = inputs[known].idxmin()
        high: Any = inputs[known].idxmax()
        ends = part.loc[[low, high], figure].astype(float)
        span = float(max(*ends, base) - min(*ends, base))
        rows[str(key)] = {
            "low_input": inputs[low],
            "high_input": inputs[high],
            "at_low": ends.iloc[0],
            "at_high": ends.iloc[1],
            "base": base,
            "span": span,
        }
    columns = ["low_input", "high_input", "at_low", "at_high", "base", "span"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return frame.sort_values("span", ascending=False, kind="stable")


def plot_tornado(
    table: pd.DataFrame, figure: str, *, ax: Axes | None = None, title: str = ""
) -> Axes:
    """Draw how far each key moves a figure when it alone is changed, widest on top."""
    frame = tornado_frame(table, figure).head(SHOWN_KEYS).iloc[::-1]
    name, unit, factor = MEASURES.get(figure, (figure, "", 1.0))
    ax = _axes(ax, 8.3, 1.3 + 0.42 * max(len(frame), 2))
    base = float(frame["base"].iloc[0]) * factor if len(frame) else 0.0
    for row, (_, each) in enumerate(frame.iterrows()):
        # Two ends on one side would hide each other: each gets half of the bar.
        together = (each["at_low"] - each["base"]) * (each["at_high"] - each["base"]) > 0
        for end, colour, given, shift in (
            ("at_low", LOW, each["low_input"], 0.155),
            ("at_high", HIGH, each["high_input"], -0.155),
        ):
            value, place = float(each[end]) * factor, row + shift * together
            height = 0.31 if together else 0.62
            ax.barh(place, value - base, left=base, height=height, color=colour)
            if not math.isclose(value, base, rel_tol=1e-9):
                side = "left" if value > base else "right"
                ax.annotate(
                    f"{given:g}", (value, place), xytext=(4 if value > base else -4, 0),
                    textcoords="offset points", ha=side, va="center", fontsize=7, color=MUTED,
                )  # fmt: skip
    ax.axvline(base, color=INK, linewidth=1)
    ax.set_yticks(range(len(frame)), [label_of(each) for each in frame.index], fontsize=8)
    ax.margins(x=0.14)
    ax.set_xlabel(f"{name} [{unit}]" if unit else name)
    from matplotlib.patches import Patch

    ax.legend(
        handles=[
            Patch(color=LOW, label="at the low end"), Patch(color=HIGH, label="at the high end"),
        ],
        loc="lower right", fontsize=7, frameon=False,
    )  # fmt: skip
    return _finish(ax, title)


def label_of(key: str) -> str:
    """Return a key as people read it.

    Examples
    --------
    >>> label_of("electricity_price_eur_per_mwh"), label_of("limits.budget_eur")
    ('electricity price eur per mwh', 'budget eur')
    """
    return key.rpartition(".")[2].replace("_", " ")


def plot_spider(
    table: pd.DataFrame, figure: str, *, ax: Axes | None = None, title: str = ""
) -> Axes:
    """Draw a figure over the change of each key against the study, one line for each."""
    name, unit, factor = MEASURES.get(figure, (figure, "", 1.0))
    ax = _axes(ax, 8.3, 4.6)
    base = float(table.loc[table["scenario"] == 0, figure].iloc[0]) * factor
    keys = list(tornado_frame(table, figure).head(len(LINES)).index)
    for colour, key in zip(LINES, keys, strict=False):
        part = table[table["varied"] == key]
        said = table.loc[table["scenario"] == 0, f"input.{key}"].iloc[0]
        if not isinstance(said, int | float) or not said or pd.isna(said):
            continue  # a change against nothing has no share
        change = 100 * (pd.to_numeric(part[f"input.{key}"], errors="coerce") / said - 1)
        x = np.append(change.to_numpy(float), 0.0)
        y = np.append((part[figure] * factor).to_numpy(float), base)
        order = np.argsort(x, kind="stable")
        ax.plot(x[order], y[order], "o-", ms=3, lw=1.4, color=colour, label=label_of(key))
    ax.axvline(0, color=MUTED, linewidth=0.7)
    ax.axhline(base, color=MUTED, linewidth=0.7)
    ax.set_xlabel("change of the input against the study [%]")
    ax.set_ylabel(f"{name} [{unit}]" if unit else name)
    if keys:
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=7, frameon=False)
    return _finish(ax, title)


def plot_fan(
    flows_eur: Sequence[Sequence[float]],
    weights: Sequence[float],
    *,
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw how the discounted cash flow spreads over the scenarios, year by year.

    Parameters
    ----------
    flows_eur
        For each scenario the discounted cash flow up to the end of each year [EUR].
    weights
        How much each counts.
    """
    ax = _axes(ax, 8.3, 4.4)
    longest = max((len(each) for each in flows_eur), default=1)
    table = np.full((len(flows_eur), longest), np.nan)
    for row, each in enumerate(flows_eur):
        table[row, : len(each)] = each
        table[row, len(each) :] = each[-1]  # a shorter horizon ends with what it came to
    years = np.arange(longest)
    for low, high, colour in QUANTILES:
        ends = [_quantile(table, weights, share / 100) / 1e6 for share in (low, high)]
        words = f"{high - low} of 100 lie here"
        ax.fill_between(years, ends[0], ends[1], color=colour, linewidth=0, label=words)
    ax.plot(years, _quantile(table, weights, 0.5) / 1e6, color=INK, lw=1.6, label="median")
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.set_xlabel("year")
    ax.set_ylabel("discounted cash flow so far [M EUR]")
    ax.legend(loc="upper left", fontsize=7, frameon=False)
    return _finish(ax, title)


def _quantile(table: Any, weights: Sequence[float], share: float) -> Any:
    """Return a weighted quantile of each column: least value that enough weight does not exceed."""
    given = np.asarray(weights, dtype=float)
    given = given if given.sum() > 0 else np.ones(len(given))
    order = np.argsort(table, axis=0, kind="stable")
    reached = np.cumsum(given[order], axis=0) / given.sum()
    place = np.argmax(reached >= share - 1e-12, axis=0)
    columns = np.arange(table.shape[1])
    return table[order[place, columns], columns]


def plot_regret(
    robust: Robust, names: Sequence[str], unit: str, *, ax: Axes | None = None, title: str = ""
) -> Axes:
    """Draw for each plan its expected and its largest regret, the least on top.

    The thin line reaches to the regret against what is proven that no plan can beat: the true
    regret lies between the end of the bar and the end of the line.
    """
    largest = robust.largest_regret
    rows = [int(k) for k in np.argsort(largest, kind="stable") if math.isfinite(largest[k])]
    rows = rows[:SHOWN_PLANS][::-1]
    ax = _axes(ax, 8.3, 1.4 + 0.42 * max(len(rows), 2))
    regret, to_bound = robust.regret, robust.regret_to_bound
    for place, row in enumerate(rows):
        expected = float(regret[row] @ robust.weights)
        ax.barh(place, largest[row], height=0.62, color="#d3ebe8")
        ax.barh(place, expected, height=0.3, color=LOW)
        ax.plot([largest[row], to_bound[row].max()], [place, place], color=MUTED, linewidth=0.9)
    ax.set_yticks(range(len(rows)), [names[row] for row in rows], fontsize=8)
    ax.set_xlim(left=0)
    ax.set_xlabel(f"regret: lacking to the best plan of a scenario [{unit}]")
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    ax.legend(
        handles=[
            Patch(color="#d3ebe8", label="largest"),
            Patch(color=LOW, label="expected"),
            Line2D([], [], color=MUTED, label="at most, by proof"),
        ],
        loc="lower right", fontsize=7, frameon=False,
    )  # fmt: skip
    return _finish(ax, title)
