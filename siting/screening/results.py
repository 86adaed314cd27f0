"""Write what a screening found: tables, GIS layers, map and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

import siting
from siting.outputs.layered_map import write_page
from siting.outputs.screening_map import screening_map
from siting.outputs.sheets import Book, field_of
from siting.outputs.sweep_page import Table, figure_cell, write_story
from siting.screening.regions import HandedRegion
from siting.screening.run import Screening
from siting.whole_files import whole_or_not

__all__ = ["write_screening"]

PAIRS_SHOWN, ROWS_SHOWN = 5_000, 30


def write_screening(
    screening: Screening,
    folder: Path,
    regions: Sequence[HandedRegion] = (),
    runs: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Path]:
    """Write a screening into a folder, each file whole or not at all.

    Returns
    -------
    Path of each file, by name.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    ranking = screening.ranking()
    layers = {
        "sites": screening.sites(),
        "towns": screening.towns(),
        "trunks": screening.trunks(),
    }
    written = {"ranking": folder / "ranking.csv"}
    with whole_or_not(written["ranking"], "screen") as work:
        ranking.to_csv(work, index=False)
    written["workbook"] = _workbook(screening, ranking, layers, folder / "screening.xlsx")
    written["layers"] = _layers(layers, folder / "screening.gpkg")
    written["map"] = write_page(screening_map(screening, layers), folder / "map.html")
    written["page"] = _page(screening, ranking, layers, regions, runs, folder / "screening.html")
    return written


def _workbook(
    screening: Screening, ranking: pd.DataFrame, layers: Mapping[str, gpd.GeoDataFrame], path: Path
) -> Path:
    """Write a workbook: totals, ranking, sites, towns, trunks and assumptions."""
    totals = pd.DataFrame(
        [{"figure": name, "value": value} for name, value in screening.totals().items()]
    )
    assumptions = screening.places.parameters.frame().reset_index()
    sheets = {
        "Totals": totals,
        "Ranking": ranking.head(PAIRS_SHOWN),
        **{name.capitalize(): _plain(frame) for name, frame in layers.items()},
        "Assumptions": assumptions,
    }
    title = screening.config.study.name
    with (
        whole_or_not(path, "screen") as work,
        Book(work, title, datetime.now(tz=UTC)) as book,
    ):
        for name, frame in sheets.items():
            fields = {str(column): field_of(str(column)) for column in frame.columns}
            book.table(name, f"{title}: {name.lower()}", frame, fields, totals=False)
    return path


def _plain(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns=frame.geometry.name))


def _layers(layers: Mapping[str, gpd.GeoDataFrame], path: Path) -> Path:
    with whole_or_not(path, "screen") as work:
        work.unlink()
        for name, frame in layers.items():
            pyogrio.write_dataframe(frame, work, layer=name, driver="GPKG", append=work.exists())
    return path


def _page(
    screening: Screening,
    ranking: pd.DataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    regions: Sequence[HandedRegion],
    runs: Sequence[Mapping[str, Any]],
    path: Path,
) -> Path:
    words, head = screening.words(), screening.config.study
    caveats = [
        "Trunks are straight lines times the detour factor, to the centre of a town's demand.",
        "A town is connected in any share at its mean cost; its densest parts would be cheaper.",
        "Each site feeds one town at most, by a trunk of one size.",
        "The heat is a technical and economic potential: who would sign is not asked.",
    ]
    tables = [
        _best_pairs(ranking),
        _fed_towns(layers["towns"]),
        *_handed(regions, runs),
        _assumed(screening),
    ]
    with whole_or_not(path, "screen") as work:
        write_story(
            work,
            title=f"{head.name}: which sites for which towns",
            question=head.description,
            answer=words[0],
            sentences=words[1:],
            caveats=caveats,
            charts=(),
            tables=tables,
            footer=f"siting {siting.__version__}; every pair is in ranking.csv, every site and"
            " town in screening.xlsx and screening.gpkg.",
        )
    return path


def _best_pairs(ranking: pd.DataFrame) -> Table:
    head = ["rank", "site", "town", "trunk km", "size", "MW", "GWh/a", "M EUR", "kWh/a per EUR",
            "in the plan"]  # fmt: skip
    rows = [
        [
            str(each["rank"]), str(each["site_id"]), str(each["town_name"]),
            figure_cell(each["trunk_km"]), str(each["trunk_size"]), figure_cell(each["output_mw"]),
            figure_cell(each["heat_mwh"] / 1e3), figure_cell(each["capex_eur"] / 1e6),
            figure_cell(each["heat_per_euro_kwh"]), "yes" if each["chosen"] else "",
        ]
        for each in ranking.head(ROWS_SHOWN).to_dict("records")
    ]  # fmt: skip
    words = "Each pair by itself, as if no other site wanted the same heat; the best first."
    return "The best pairs", words, head, rows


def _fed_towns(towns: gpd.GeoDataFrame) -> Table:
    fed = _plain(towns[towns["heat_mwh"] > 0]).sort_values("heat_mwh", ascending=False)
    head = ["town", "demand GWh/a", "connected %", "heat GWh/a", "homes", "fed by"]
    rows = [
        [
            f"{each['town']} {each['name']}", figure_cell(each["annual_demand_mwh"] / 1e3),
            figure_cell(100 * each["connected_share"]), figure_cell(each["heat_mwh"] / 1e3),
            f"{each['homes_equivalent']:,.0f}", str(each["sites"]),
        ]
        for each in fed.head(ROWS_SHOWN).to_dict("records")
    ]  # fmt: skip
    words = "What the sites give when they compete for the same heat."
    return "Towns that are fed", words, head, rows


def _handed(regions: Sequence[HandedRegion], runs: Sequence[Mapping[str, Any]]) -> list[Table]:
    if not regions:
        return []
    done = {each["study"]: each for each in runs}
    rows = []
    for each in regions:
        run = done.get(str(each.study), {})
        rows.append(
            [
                each.name, figure_cell(each.heat_mwh / 1e3), f"{each.study.parent.name}/study.toml",
                each.missing or "nothing", str(run.get("status", "not run")),
                figure_cell(run.get("heat_mwh", np.nan) / 1e3),
                figure_cell(run.get("heat_per_euro_kwh", np.nan)),
            ]
        )  # fmt: skip
    head = ["region", "GWh/a here", "study", "lacks", "run", "GWh/a on streets", "kWh/a per EUR"]
    return [
        ("Regions handed on", "Each is a study that siting run can plan on streets.", head, rows)
    ]


def _assumed(screening: Screening) -> Table:
    names = ("detour_factor", "pipe_cost_factor", "full_load_hours_h", "minimum_load_ratio",
             "home_heat_mwh", "utilisation", "recoverable_fraction_air", "air_supply_temperature_c",
             "contingency_share", "design_share")  # fmt: skip
    rows = []
    for name in names:
        row = screening.places.parameters[name]
        unit = "" if row.unit == "-" else row.unit
        mark = "stated by the study" if row.overridden else row.mark
        rows.append([name.replace("_", " "), figure_cell(row.value, 4), unit, mark, row.source])
    for name, known in type(screening.config.screen).model_fields.items():
        value = getattr(screening.config.screen, name)
        extra = known.json_schema_extra
        source = str(extra["source"]) if isinstance(extra, dict) else "choice of the study"
        rows.append([name.replace("_", " "), figure_cell(value, 4), "", "J", source])
    head = ["assumption", "value", "unit", "mark", "source"]
    return "Assumptions", "All others are in the workbook, each with its source.", head, rows
