"""Draw the charts of the report as SVG in one house style."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.business.tornado import Outcome, Swing
from siting.outputs import words
from siting.outputs.labels import ENGLISH, Labels
from siting.outputs.looks import PIPE_COLOURS, PipeClasses, size_name
from siting.supply import LoadBands

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from siting.business import BusinessCase
    from siting.frontier import Frontier

__all__ = [
    "cash_flow_chart",
    "co2_chart",
    "diameter_chart",
    "duration_chart",
    "frontier_chart",
    "tornado_chart",
    "waterfall_chart",
]

INK, MUTED, RULE, SAND = "#16324f", "#5d6b75", "#dde2e5", "#d9cfbd"
TEAL, WINE, ORANGE = "#2f8a92", "#8c1c4a", "#e08a3c"
SOURCES = ("#12606e", "#2f8a92", "#62b2b2", "#9dd3cf", "#c5e4e1")
WIDTH_INCH = 7.0
EUR_PER_MEUR, MWH_PER_GWH = 1e6, 1e3
MOST_SWINGS = 12
STYLE: Mapping[str, Any] = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 8.5,
    "axes.edgecolor": "#b9c1c6",
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.fonttype": "none",  # texts stay texts: they can be searched, and follow the page's font
    "path.simplify": True,
}


@contextmanager
def _chart(height_inch: float, name: str, into: list[str]) -> Iterator[Axes]:
    """Give axes in the house style; at the end the picture is put into a list as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # The salt keeps ids of several pictures on one page apart, and the file the same each time.
    looks: dict[Any, Any] = {**STYLE, "svg.hashsalt": name}
    with mpl.rc_context(looks):
        figure = Figure(figsize=(WIDTH_INCH, height_inch), layout="constrained")
        axes = figure.add_subplot()
        yield axes
        into.append(_svg(figure))


def _svg(figure: Figure) -> str:
    """Return a figure as an SVG element that can stand in a page."""
    text = StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    head, rest = svg.split(">", 1)
    # The page sets the size.
    return re.sub(r' (?:width|height)="[^"]*"', "", head) + ' role="img">' + rest


def _safe(text: str) -> str:
    """Return a text in which a dollar sign begins no formula."""
    return text.replace("$", r"\$")


def _legend(axes: Axes, **options: Any) -> None:
    axes.legend(**{"loc": "best", "handlelength": 1.4, "borderaxespad": 0.2, **options})


def frontier_chart(
    frontier: Frontier, t: Labels = ENGLISH, *, plan: tuple[float, float] | None = None
) -> str:
    """Draw heat against investment, the ceiling that no plan can cross, and the plan of the report.

    Parameters
    ----------
    frontier
        What was found and proven.
    t
        Texts.
    plan
        Investment [EUR] and heat [MWh/a] of the plan that the report is about.
    """
    found: list[str] = []
    capex = [each.capex_eur / EUR_PER_MEUR for each in frontier.points]
    heat = [each.heat_mwh / MWH_PER_GWH for each in frontier.points]
    spot = [] if plan is None else [(plan[0] / EUR_PER_MEUR, plan[1] / MWH_PER_GWH)]
    right = 1.08 * max([*capex, *(x for x, _ in spot)], default=1.0)
    first = 0.0 if frontier.starts_empty or not capex else capex[0]
    at = np.linspace(first, right, 400)
    ceiling = [frontier.ceiling_at(x * EUR_PER_MEUR) / MWH_PER_GWH for x in at]
    top = 1.08 * max([*ceiling, *heat, 1e-9])
    with _chart(3.3, "frontier", found) as axes:
        axes.fill_between(at, ceiling, top, color="#f4e6da", lw=0, label=t("chart.never"))
        axes.plot(at, ceiling, color="#b3541e", lw=1.4, label=t("chart.ceiling"))
        start = [0.0] if frontier.starts_empty else []
        axes.step([*start, *capex, right], [*start, *heat, *heat[-1:]], where="post",
                  color=TEAL, lw=0.9, alpha=0.6)  # fmt: skip
        axes.plot(capex, heat, "o", ms=4.5, color=TEAL, label=t("chart.plans"))
        if spot:
            axes.plot(*spot[0], "D", ms=7, color=WINE, label=t("alternatives.this_plan"), zorder=5)
        axes.set(xlim=(0, right), ylim=(0, top), xlabel=t("chart.investment_meur"),
                 ylabel=t("chart.heat_gwh"))  # fmt: skip
        axes.grid(visible=True)
        _legend(axes, loc="lower right")
    return found[0]


def waterfall_chart(components: Mapping[str, float], t: Labels = ENGLISH) -> str:
    """Draw the investment by component, large to small, each bar where the last one ends.

    Parameters
    ----------
    components
        Investment by name [EUR].
    t
        Texts.
    """
    found: list[str] = []
    parts = sorted(((n, c) for n, c in components.items() if c > 0), key=lambda part: -part[1])
    total = sum(cost for _, cost in parts)
    rows = [*parts, (t("money.total"), total)]
    with _chart(0.5 + 0.235 * len(rows), "waterfall", found) as axes:
        start = 0.0
        for row, (name, cost) in enumerate(rows):
            last = row == len(rows) - 1
            left = 0.0 if last else start
            axes.barh(row, cost, left=left, height=0.72, color=INK if last else TEAL)
            share = "" if last else f" · {words.percent(cost / total)}"
            inside = left + cost > 0.72 * total and not last
            place = left - 0.008 * total if inside else left + cost + 0.008 * total
            side = "right" if inside else "left"
            weight = "bold" if last else "normal"
            text = f"{words.money(cost)}{share}"
            axes.text(place, row, text, va="center", ha=side, fontsize=8, fontweight=weight)
            axes.text(-0.012 * total, row, _safe(name), va="center", ha="right", fontweight=weight)
            start += 0.0 if last else cost
        axes.set(xlim=(0, 1.17 * total), ylim=(len(rows) - 0.4, -0.6))
        axes.set_axis_off()
    return found[0]


def duration_chart(bands: LoadBands, names: Mapping[str, str], t: Labels = ENGLISH) -> str:
    """Draw the load-duration curve with its sources stacked, boilers on top.

    Parameters
    ----------
    bands
        Load of each source over the hours.
    names
        How each source is called.
    t
        Texts.
    """
    found: list[str] = []
    hours = np.repeat(bands.hours_h, 2)[1:-1]
    rows = [np.repeat(load, 2) for load in bands.by_source_mw.values()]
    labels = [_safe(names.get(key, key)) for key in bands.by_source_mw]
    colours = [SOURCES[k % len(SOURCES)] for k in range(len(rows))]
    boilers = np.repeat(bands.boilers_mw, 2)
    if boilers.any():
        rows, labels, colours = [*rows, boilers], [*labels, t("chart.boilers")], [*colours, SAND]
    with _chart(2.9, "duration", found) as axes:
        axes.stackplot(hours, rows, labels=labels, colors=colours, lw=0)
        axes.set(xlim=(0, hours[-1]), xlabel=t("chart.hours"), ylabel=t("chart.load_mw"))
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.grid(visible=True, axis="y")
        _legend(axes, loc="upper right", reverse=True)
    return found[0]


def diameter_chart(lengths_m: Mapping[str, float], t: Labels = ENGLISH) -> str:
    """Draw the trench by pipe size.

    Parameters
    ----------
    lengths_m
        Trench by size, small to large [m].
    t
        Texts.
    """
    found: list[str] = []
    classes = PipeClasses.of(lengths_m)
    with _chart(2.2, "diameters", found) as axes:
        colours = [classes.classes[classes.of_size[size]].colour for size in lengths_m]
        names = [size_name(size) for size in lengths_m]
        bars = axes.bar(names, list(lengths_m.values()), color=colours or PIPE_COLOURS, width=0.68)
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=8, padding=2)
        axes.set_ylabel(t("chart.trench_m"))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.margins(y=0.14)
        axes.grid(visible=True, axis="y")
        if len(names) > 9:
            axes.tick_params(axis="x", rotation=45)
    return found[0]


def cash_flow_chart(case: BusinessCase, t: Labels = ENGLISH) -> str:
    """Draw the net flow of each year and the discounted sum, with and without departure.

    Parameters
    ----------
    case
        The plan in money.
    t
        Texts.
    """
    found: list[str] = []
    stay, years = _cumulated(case.flow.net, case.discount_rate), range(len(case.flow.net))
    leave = _cumulated(case.departure_flow.net, case.discount_rate)
    net = np.array(case.flow.net) / EUR_PER_MEUR
    with _chart(2.9, "cash-flow", found) as axes:
        axes.bar(years, net, color=np.where(net < 0, SAND, "#9dd3cf"), width=0.75,
                 label=t("money.yearly"))  # fmt: skip
        axes.plot(years, stay, color=TEAL, lw=1.8, label=t("money.stay"))
        axes.plot(years, leave, color=WINE, lw=1.4, ls=(0, (4, 2)),
                  label=t("money.leave", year=case.departure_year_a))  # fmt: skip
        axes.axhline(0, color=MUTED, lw=0.8)
        axes.set(xlabel=t("chart.year"), ylabel=t("chart.meur"), xlim=(-0.7, len(net) - 0.3))
        axes.grid(visible=True, axis="y")
        _legend(axes)
    return found[0]


def _cumulated(net: Sequence[float], rate: float) -> Any:
    """Return the discounted sum so far [M EUR]."""
    values = np.array(net) / (1 + rate) ** np.arange(len(net))
    return np.cumsum(values) / EUR_PER_MEUR


def co2_chart(case: BusinessCase, t: Labels = ENGLISH) -> str:
    """Draw the CO2 of each year without and with the plan.

    Parameters
    ----------
    case
        The plan in CO2.
    t
        Texts.
    """
    found: list[str] = []
    years = [case.first_year + k for k in range(len(case.co2_years))]
    fuel = [each.fuel_t for each in case.co2_years]
    power = [each.electricity_t for each in case.co2_years]
    with _chart(2.3, "co2", found) as axes:
        labels = [t("co2.with", part=t(f"co2.{part}").lower()) for part in ("fuel", "electricity")]
        axes.bar(years, fuel, color=SAND, width=0.8, label=labels[0])
        axes.bar(years, power, bottom=fuel, color="#62b2b2", width=0.8, label=labels[1])
        without = [each.baseline_t for each in case.co2_years]
        edges = np.arange(years[0], years[-1] + 2) - 0.5
        axes.stairs(without, edges, baseline=None, color=WINE, lw=1.5, label=t("co2.without"))
        axes.set(xlabel=t("chart.year"), ylabel=t("chart.tonnes"))
        top = max(each.baseline_t for each in case.co2_years)
        axes.set_ylim(0, 1.35 * max(top, *(f + p for f, p in zip(fuel, power, strict=True)), 1e-9))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.margins(x=0.01)
        axes.grid(visible=True, axis="y")
        _legend(axes, loc="upper right", ncols=3)
    return found[0]


def tornado_chart(
    base: Outcome, swings: Sequence[Swing], names: Mapping[str, str], t: Labels = ENGLISH
) -> str:
    """Draw by how much each figure moves the net present value, the widest at the top.

    Parameters
    ----------
    base, swings
        The plan as it is, and with each figure at both ends.
    names
        Each figure with its ends, as text.
    t
        Texts.
    """
    from matplotlib.patches import Patch

    found: list[str] = []
    shown = swings[:MOST_SWINGS]
    middle = base.net_present_value_eur / EUR_PER_MEUR
    with _chart(0.75 + 0.27 * len(shown), "tornado", found) as axes:
        for row, swing in enumerate(shown):
            ends = ((swing.at_low, swing.low, TEAL), (swing.at_high, swing.high, ORANGE))
            bars = [
                (outcome.net_present_value_eur / EUR_PER_MEUR - middle, value, colour)
                for outcome, value, colour in ends
                if outcome is not None
            ]
            bars.sort(key=lambda bar: -abs(bar[0]))  # the longer one below, its side taken
            taken: set[bool] = set()
            for moved, value, colour in bars:
                axes.barh(row, moved, left=middle, height=0.66, color=colour)
                # where both ends move it to one side, the text of one goes to the other
                aside = (moved > 0) in taken
                right = (moved > 0) != aside
                taken.add(right)
                reached = middle if aside else middle + moved
                _end_text(axes, row, reached, words.figure(value), right=right)
        axes.axvline(middle, color=INK, lw=1)
        axes.set(ylim=(len(shown) - 0.4, -0.6), xlabel=t("chart.npv_meur"))
        axes.set_yticks(range(len(shown)), [_safe(names[each.name]) for each in shown])
        axes.tick_params(axis="y", colors=INK)
        axes.spines["left"].set_visible(False)
        axes.margins(x=0.1)
        axes.grid(visible=True, axis="x")
        keys = ((TEAL, "sensitivity.at_low"), (ORANGE, "sensitivity.at_high"))
        handles = [Patch(color=colour, label=t(key)) for colour, key in keys]
        _legend(axes, handles=handles, loc="lower right")
    return found[0]


def _end_text(axes: Axes, row: int, reached: float, text: str, *, right: bool) -> None:
    """Write the value of a figure beside the end of its bar."""
    side = "left" if right else "right"
    offset = (3 if right else -3, 0)
    axes.annotate(
        text, (reached, row), xytext=offset, textcoords="offset points", va="center", ha=side,
        fontsize=7.5, color=MUTED,
    )  # fmt: skip
