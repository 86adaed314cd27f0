"""Write what a sweep found: tables, charts, map and page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio
from pandas.api.types import is_object_dtype

import siting
from siting.errors import Fault, InputError
from siting.outputs.plot import Drawing
from siting.outputs.sweep_charts import (
    MEASURES,
    label_of,
    plot_fan,
    plot_regret,
    plot_spider,
    plot_tornado,
    tornado_frame,
)
from siting.outputs.sweep_map import chosen_frames, write_chosen_map
from siting.outputs.sweep_page import Chart, Table, figure_cell, picture_uri, write_story
from siting.sweep.advice import UNITS, Advice, advise, plan_names, plans_table
from siting.sweep.robust import Robust
from siting.sweep.run import Sweep
from siting.whole_files import whole_or_not

__all__ = ["sweep_words", "write_results"]

OBJECTIVE_FIGURE = {
    "heat_per_euro": "heat_per_euro_kwh",
    "max_heat": "heat_mwh",
    "capex": "capex_eur",
    "net_value": "net_present_value_eur",
}
SPIDER_FIGURE = "levelised_cost_eur_per_mwh"
ROWS_SHOWN = 200


def write_results(sweep: Sweep) -> dict[str, Path]:
    """Write tables, charts, map and page into the folder of a sweep, each whole or not at all.

    Returns
    -------
    Path of each, by name.

    Raises
    ------
    InputError
        The folder cannot be written, or there is no ``pyarrow`` for the Parquet file.
    """
    table = sweep.table()
    written = _tables(sweep, table)
    robust = sweep.robust()
    if len(robust.plans):
        plans = plans_table(sweep, robust)
        written |= _plan_tables(sweep, robust, plans)
        advice = advise(sweep, robust)
        pictures = _pictures(sweep, table, robust)
        for name, (figure, _) in pictures.items():
            written[name] = _saved(figure, sweep.folder / f"{name}.png")
        written["map"] = write_chosen_map(sweep, sweep.folder / "map.html")
        written["layers"] = _layers(sweep)
        written["page"] = _page(sweep, table, plans, advice, pictures)
    return written


def sweep_words(sweep: Sweep) -> list[str]:
    """Return the recommendation in sentences, for a terminal."""
    robust = sweep.robust()
    if not len(robust.plans):
        return ["No scenario has a plan; the table says why."]
    advice = advise(sweep, robust)
    return [*advice.sentences, *advice.caveats]


def _tables(sweep: Sweep, table: pd.DataFrame) -> dict[str, Path]:
    paths = {kind: sweep.folder / f"sweep.{kind}" for kind in ("parquet", "csv")}
    _write_parquet(table, paths["parquet"])
    with whole_or_not(paths["csv"], "sweep") as work:
        table.to_csv(work, index=False)
    return {"table": paths["parquet"], "csv": paths["csv"]}


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table; inputs of different kinds in one column become text."""
    plain = table.copy()
    for name in (each for each in plain.columns if is_object_dtype(plain[each])):
        if len(set(map(type, plain[name]))) > 1:
            plain[name] = plain[name].map(lambda each: None if each is None else str(each))
    try:
        with whole_or_not(path, "sweep") as work:
            plain.to_parquet(work, index=False)
    except ImportError as error:
        raise InputError(
            Fault(
                "sweep",
                "a Parquet file needs 'pyarrow', which is not installed.",
                "Install it with 'pip install pyarrow'; nothing of the sweep is lost.",
            )
        ) from error


def _plan_tables(sweep: Sweep, robust: Robust, plans: pd.DataFrame) -> dict[str, Path]:
    """Write the plans, and their values and regrets in each scenario."""
    names = plan_names(len(robust.plans))
    columns = [str(number) for number in robust.numbers]
    parts = []
    for what, values in (("value", robust.worth), ("regret", robust.regret)):
        part = pd.DataFrame(values, columns=columns)
        part.insert(0, "figure", what)
        part.insert(0, "plan", names)
        parts.append(part)
    found = {"plans": plans, "plans_in_scenarios": pd.concat(parts, ignore_index=True)}
    written = {}
    for name, frame in found.items():
        written[name] = sweep.folder / f"{name}.csv"
        with whole_or_not(written[name], "sweep") as work:
            frame.to_csv(work, index=False)
    return written


def _pictures(
    sweep: Sweep, table: pd.DataFrame, robust: Robust
) -> dict[str, tuple[Drawing, tuple[str, str]]]:
    """Return the charts that make sense for the scenarios, with heading and words."""
    found: dict[str, tuple[Drawing, tuple[str, str]]] = {}

    def add(name: str, head: str, words: str, draw: Callable[[Any], Any], height: float) -> None:
        figure = Drawing(figsize=(8.3, height), layout="constrained")
        draw(figure.add_subplot())
        found[name] = figure, (head, words)

    figure = OBJECTIVE_FIGURE[sweep.objective]
    alone = len(tornado_frame(table, figure))
    if alone:
        tall = 1.3 + 0.42 * max(min(alone, 14), 2)
        words = "Each input alone at its ends, all others as the study says."
        for name, column in (("tornado", figure), ("tornado_value", "net_present_value_eur")):
            if name == "tornado" or column != figure:
                head = f"Which assumption moves the {MEASURES[column][0]}"
                add(name, head, words, partial(_tornado, table, column), tall)
        head = f"How the {MEASURES[SPIDER_FIGURE][0]} follows each assumption"
        words = "Each line is one input alone; the study is where the lines cross."
        add("spider", head, words, lambda ax: plot_spider(table, SPIDER_FIGURE, ax=ax), 4.6)
    flows, weights = sweep.flows()
    if len(flows) > 1:
        words = f"Company's view, {len(flows)} scenarios, each by its weight."
        head = "How the cash flow spreads over the scenarios"
        add("fan", head, words, lambda ax: plot_fan(flows, weights, ax=ax), 4.4)
    if len(robust.plans) > 1:
        shown = min(len(robust.plans), 12)
        names = [f"Plan {each}" for each in plan_names(len(robust.plans))]
        unit = UNITS[sweep.objective]
        words = "What is lost by a plan where another one would have been right."
        head = "Which plan is least regretted"
        tall = 1.4 + 0.42 * max(shown, 2)
        add("regret", head, words, lambda ax: plot_regret(robust, names, unit, ax=ax), tall)
    return found


def _tornado(table: pd.DataFrame, column: str, ax: Any) -> None:
    plot_tornado(table, column, ax=ax)


def _saved(figure: Drawing, path: Path) -> Path:
    with whole_or_not(path, "sweep") as work:
        figure.savefig(work, dpi=150)
    return path


def _layers(sweep: Sweep) -> Path:
    """Write how often each site, pipe and zone is chosen, as GIS layers."""
    path = sweep.folder / "chosen.gpkg"
    with whole_or_not(path, "sweep") as work:
        work.unlink()
        for name, frame in chosen_frames(sweep).items():
            pyogrio.write_dataframe(frame, work, layer=name, driver="GPKG", append=work.exists())
    return path


def _page(
    sweep: Sweep,
    table: pd.DataFrame,
    plans: pd.DataFrame,
    advice: Advice,
    pictures: Mapping[str, tuple[Drawing, tuple[str, str]]],
) -> Path:
    charts: list[Chart] = [
        (head, picture_uri(figure), words) for figure, (head, words) in pictures.values()
    ]
    head = sweep.config.study
    with whole_or_not(sweep.folder / "sweep.html", "sweep") as work:
        write_story(
            work,
            title=f"{head.name}: {len(sweep.scenarios)} scenarios",
            question=head.description,
            answer=" ".join(advice.sentences[1:2]) or advice.sentences[0],
            sentences=[advice.sentences[0], *advice.sentences[2:]],
            caveats=advice.caveats,
            charts=charts,
            tables=[_plans_shown(plans, sweep), _inputs_shown(sweep), _scenarios_shown(table)],
            footer=f"siting {siting.__version__}; sampling seed {sweep.sweep.seed}, solver seed"
            f" {sweep.config.solver.seed}; every row with all figures is in sweep.parquet.",
        )
    return sweep.folder / "sweep.html"


def _plans_shown(plans: pd.DataFrame, sweep: Sweep) -> Table:
    unit = UNITS[sweep.objective]
    head = ["plan", "sites", "zones", "M EUR", "GWh/a", "keeps limits %", f"expected [{unit}]",
            "largest regret", "at most, by proof", "best in %"]  # fmt: skip
    rows = [
        [
            str(each["name"]),
            str(each["sites"]),
            str(each["zones"]),
            figure_cell(each["capex_eur"] / 1e6),
            figure_cell(each["heat_mwh"] / 1e3),
            figure_cell(100 * each["reliability"]),
            figure_cell(each["expected"], 4),
            figure_cell(each["largest_regret"]),
            figure_cell(each["largest_regret_to_bound"]),
            figure_cell(100 * each["wins"]),
        ]
        for each in plans.sort_values("largest_regret", kind="stable").to_dict("records")
    ]
    words = "Investment and heat as the study stands; the least regret comes first."
    return "Plans", words, head, rows[:ROWS_SHOWN]


def _inputs_shown(sweep: Sweep) -> Table:
    head = ["input", "study", "tried", "unit", "mark", "source"]
    rows = []
    for each in sweep.varied:
        tried = ", ".join(figure_cell(v, 4) for v in each.levels[:6])
        if each.low is not None and each.high is not None:
            tried = f"{figure_cell(each.low, 4)} to {figure_cell(each.high, 4)}"
        rows.append(
            [
                label_of(each.key),
                figure_cell(each.base, 4),
                tried,
                each.unit,
                each.mark,
                each.source,
            ]
        )
    method = sweep.sweep.method.replace("_", " ")
    words = f"Method: {method}; distributions as the sweep states them."
    return "What was varied", words, head, rows


def _scenarios_shown(table: pd.DataFrame) -> Table:
    head = ["scenario", "name", "status", "value", "gap %", "GWh/a", "M EUR", "NPV M EUR", "sites"]
    rows = [
        [
            str(each["scenario"]),
            str(each["name"]),
            str(each["status"]) + (f": {each['message']}" if each["message"] else ""),
            figure_cell(each.get("value"), 4),
            figure_cell(100 * each["gap"]) if pd.notna(each.get("gap")) else "–",
            figure_cell(each.get("heat_mwh", float("nan")) / 1e3),
            figure_cell(each.get("capex_eur", float("nan")) / 1e6),
            figure_cell(each.get("net_present_value_eur", float("nan")) / 1e6),
            str(each.get("sites", "")),
        ]
        for each in table.head(ROWS_SHOWN).to_dict("records")
    ]
    rest = len(table) - len(rows)
    words = f"The first {len(rows)}; {rest} more are in the table." if rest > 0 else "All of them."
    return "Scenarios", words, head, rows
