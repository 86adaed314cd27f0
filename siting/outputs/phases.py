"""Show a network built in periods: table, figures, layers, and a page with a year slider."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from siting.appraisal import proof_words
from siting.outputs.assets import template
from siting.outputs.frames import PlanFrames, plan_frames
from siting.outputs.plot import Drawing, plot_plan
from siting.outputs.year_map import write_year_map
from siting.problem import write_problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from siting.future.phase_plan import PhaseStep
    from siting.study.phasing import Phased

__all__ = [
    "phase_decisions",
    "phase_figures",
    "phase_frame",
    "phase_page",
    "phase_table",
    "phase_words",
    "plot_phase",
    "write_phase_folder",
]

MEUR, GWH, KM = 1e6, 1e3, 1e3
NEW = "#b3541e"


def phase_table(phased: Phased) -> pd.DataFrame:
    """Return one row for each period; units are in the names."""
    lengths = {edge.id: edge.length_m for edge in phased.case.problem.edges}
    rows = [
        {
            "years": phased.years(step),
            "heat_mwh": step.heat_mwh,
            "capex_eur": step.capex_eur,
            "new_sites": len(step.sites),
            "new_zones": len(step.zones),
            "zones": len(step.plan.zones),
            "new_pipes_m": math.fsum(lengths[pipe.edge] for pipe in step.laid),
            "laid_ahead_m": _laid_ahead_m(step, lengths),
            "installed_mw": math.fsum(step.plant_mw.values()),
        }
        for step in phased.plan.steps
    ]
    return pd.DataFrame(rows).set_index("years")


def _laid_ahead_m(step: PhaseStep, lengths: dict[str, float]) -> float:
    """Return the length of pipes laid in a period that does not use them yet [m]."""
    used = {pipe.edge for pipe in step.plan.pipes}
    return math.fsum(lengths[pipe.edge] for pipe in step.laid if pipe.edge not in used)


def replaced_pipes(phased: Phased) -> list[tuple[str, str]]:
    """Return the edges whose pipe is laid a second time, and the years in which it is."""
    seen: set[str] = set()
    found = []
    for step in phased.plan.steps:
        for pipe in step.laid:
            if pipe.edge in seen:
                found.append((pipe.edge, phased.years(step)))
            seen.add(pipe.edge)
    return found


def phase_words(phased: Phased) -> list[str]:
    """Return the answer in sentences."""
    words = []
    for step in phased.plan.steps:
        ids = phased.checked.assembly.site_ids
        sites = f" with {', '.join(ids[site] for site in step.sites)}" if step.sites else ""
        words.append(
            f"{phased.years(step)}: {step.capex_eur / MEUR:,.2f} M EUR are invested{sites},"
            f" {len(step.zones)} zones join, {step.heat_mwh / GWH:,.2f} GWh of heat a year."
        )
    again = replaced_pipes(phased)
    words.append(
        f"{len(again)} pipes are laid a second time, larger: cheaper than laying them large at"
        " once."
        if again
        else "Every pipe is laid once, in the size that the last period needs."
    )
    words.append(
        f"Discounted heat per discounted euro: {phased.plan.value:,.2f} kWh;"
        f" {proof_words(phased.plan.proof)}."
    )
    return words


def phase_figures(phased: Phased) -> dict[str, Any]:
    """Return the figures as ``phases.json`` holds them."""
    plan, ids = phased.plan, phased.checked.assembly
    proof = plan.proof
    return {
        "format": "siting-phases",
        "version": 1,
        "discounted_heat_mwh": plan.heat_mwh,
        "discounted_eur": plan.euro,
        "heat_per_euro_kwh": plan.value,
        "proof": {
            "status": proof.status.value,
            "incumbent": proof.incumbent,
            "bound": proof.bound,
            "gap": proof.gap if math.isfinite(proof.gap) else None,
            "in_words": proof_words(proof),
        },
        "periods": [
            {
                "years": phased.years(step),
                "heat_mwh": step.heat_mwh,
                "capex_eur": step.capex_eur,
                "sites_opened": [ids.site_ids[site] for site in step.sites],
                "zones_connected": [ids.zone_ids[zone] for zone in step.zones],
                "pipes_laid": [
                    {"edge": pipe.edge, "size": pipe.size, "cost_eur": pipe.cost_eur}
                    for pipe in step.laid
                ],
                "installed_mw": {ids.site_ids[s]: mw for s, mw in step.plant_mw.items()},
            }
            for step in plan.steps
        ],
        "pipes_laid_again": [edge for edge, _ in replaced_pipes(phased)],
    }


def phase_decisions(phased: Phased) -> dict[str, Any]:
    """Return periods, decisions and sums, as ``phases-plan.json`` holds them for `siting verify`.

    Ids are those of ``problem.json`` beside it, in which service lines are part of their zones.
    """
    case, plan = phased.case, phased.plan
    return {
        "format": "siting-phases-plan",
        "version": 1,
        "discount_rate": case.discount_rate,
        "ramp": list(case.ramp),
        "periods": [asdict(period) for period in case.periods],
        "site_from_year": dict(case.site_from_year),
        "zone_from_year": dict(case.zone_from_year),
        "edge_from_year": dict(case.edge_from_year),
        "steps": [_decided(step) for step in plan.steps],
        "heat_mwh": plan.heat_mwh,
        "euro": plan.euro,
        "proof": phase_figures(phased)["proof"] | {"gap_wanted": plan.proof.gap_wanted},
    }


def _decided(step: PhaseStep) -> dict[str, Any]:
    """Return what is in use in a period, and what is added at its beginning."""
    names = ("edge", "from_node", "to_node", "size", "flow_mw", "loss_mw")
    return {
        "new_sites": list(step.sites),
        "new_zones": list(step.zones),
        "laid": [asdict(pipe) for pipe in step.laid],
        "plant_mw": dict(step.plant_mw),
        "wide_mw": dict(step.wide_mw),
        "sites": [
            {"site": s.site, "option": s.option, "capacity_mw": s.capacity_mw}
            for s in step.plan.sites
        ],
        "pipes": [{name: getattr(pipe, name) for name in names} for pipe in step.plan.pipes],
        "zones": [
            {"zone": z.zone, "base_mw": z.base_mw, "heat_mwh": z.heat_mwh} for z in step.plan.zones
        ],
        "heat_mwh": step.heat_mwh,
        "capex_eur": step.capex_eur,
    }


# Maps -------------------------------------------------------------------------------------------


def frames_of(phased: Phased, step: PhaseStep) -> PlanFrames:
    """Return the layers of what is in use in a period."""
    checked = phased.checked
    return plan_frames(checked.region, checked.network, checked.assembly, phased.full_plan(step))


def new_edges(phased: Phased, position: int) -> set[str]:
    """Return the edges that get a pipe in a period, service lines included."""
    lines, step = phased.reduced.lines, phased.plan.steps[position]
    laid = {pipe.edge for pipe in step.laid}
    return laid | {lines[zone].edge for zone in step.zones if zone in lines}


def plot_phase(phased: Phased, position: int, *, ax: Axes | None = None) -> Axes:
    """Draw what is in use in a period, with what is new in it, and return the axes.

    Parameters
    ----------
    phased
        What was found.
    position
        Which period, from 0.
    ax
        Where to draw; a new figure if not given.
    """
    step = phased.plan.steps[position]
    frames, last = frames_of(phased, step), frames_of(phased, phased.plan.steps[-1])
    ax = plot_plan(frames, ax=ax, title=phased.years(step))
    fresh = frames.pipes[frames.pipes["pipe_id"].isin(new_edges(phased, position))]
    if len(fresh):
        fresh.plot(ax=ax, color=NEW, linewidth=1.1, linestyle="--", zorder=18)
    _same_window(ax, last)
    ax.text(
        0.02, 0.98, f"{step.heat_mwh / GWH:,.2f} GWh/a, {step.capex_eur / MEUR:,.2f} M EUR now",
        transform=ax.transAxes, va="top", fontsize=9, color=NEW, fontweight="bold",
    )  # fmt: skip
    return ax


def _same_window(ax: Axes, last: PlanFrames) -> None:
    """Show the same part of the plane in all periods: that of the last."""
    boxes = [each.total_bounds for each in (last.pipes, last.served_zones) if len(each)]
    if not boxes:
        return
    west, south = min(b[0] for b in boxes), min(b[1] for b in boxes)
    east, north = max(b[2] for b in boxes), max(b[3] for b in boxes)
    edge = max(0.08 * max(east - west, north - south), 1.0)
    ax.set_xlim(west - edge, east + edge)
    ax.set_ylim(south - edge, north + edge)


def _picture(phased: Phased, position: int) -> str:
    """Return a drawing as the address of an image inside the page."""
    figure = Drawing(figsize=(8.2, 5.6), layout="constrained")
    plot_phase(phased, position, ax=figure.add_subplot())
    held = BytesIO()
    figure.savefig(held, format="png", dpi=100)
    return "data:image/png;base64," + b64encode(held.getvalue()).decode("ascii")


def phase_frame(phased: Phased) -> gpd.GeoDataFrame:
    """Return every pipe in use in some period, with the years of laying and of first use."""
    tables: list[gpd.GeoDataFrame] = []
    first_used: dict[str, int] = {}
    laid_in: dict[str, int] = {}
    for position, step in enumerate(phased.plan.steps):
        pipes = frames_of(phased, step).pipes
        tables.append(pipes)
        for edge in pipes["pipe_id"]:
            first_used.setdefault(edge, phased.first_year + step.from_year)
        for edge in new_edges(phased, position):
            laid_in.setdefault(edge, phased.first_year + step.from_year)
    joined = pd.concat(tables[::-1], ignore_index=True).drop_duplicates("pipe_id")
    frame = gpd.GeoDataFrame(joined, geometry="geometry", crs=tables[0].crs)
    frame["laid_in"] = [laid_in.get(edge) for edge in frame["pipe_id"]]
    frame["used_from"] = [first_used[edge] for edge in frame["pipe_id"]]
    return frame.reset_index(drop=True)


# The page ---------------------------------------------------------------------------------------


def phase_page(phased: Phased) -> str:
    """Return the page with its year slider, as one file that opens offline."""
    table = phase_table(phased).reset_index()
    cells = pd.DataFrame(
        {
            "years": table["years"],
            "heat GWh/a": table["heat_mwh"].map(lambda x: f"{x / GWH:,.2f}"),
            "invested M EUR": table["capex_eur"].map(lambda x: f"{x / MEUR:,.2f}"),
            "sites opened": table["new_sites"],
            "zones joining": table["new_zones"],
            "zones in all": table["zones"],
            "pipe laid km": table["new_pipes_m"].map(lambda x: f"{x / KM:,.2f}"),
            "of it ahead of use": table["laid_ahead_m"].map(lambda x: f"{x / KM:,.2f}"),
            "output installed MW": table["installed_mw"].map(lambda x: f"{x:,.2f}"),
        }
    )
    return template("phases.html").render(
        title=phased.config.study.name,
        words=phase_words(phased),
        head=list(cells.columns),
        rows=cells.astype(str).to_numpy().tolist(),
        stops=[
            {"label": phased.years(step), "picture": _picture(phased, k)}
            for k, step in enumerate(phased.plan.steps)
        ],
        assumptions=_assumptions(phased),
    )


def _assumptions(phased: Phased) -> list[tuple[str, str, str, str]]:
    """Return the figures that the answer rests on: what, value with unit, mark and source."""
    names = [
        "discount_rate",
        *(["connection_first_share", "connection_ramp_a"] if phased.case.ramp else []),
        *(["road_works_cost_factor"] if phased.config.phases.works is not None else []),
    ]
    table = phased.checked.parameters
    return [
        (
            table[name].description,
            f"{table[name].value:g} {table[name].unit}".replace(" -", ""),
            "study" if table[name].overridden else table[name].mark,
            table[name].source,
        )
        for name in names
    ]


def write_phase_folder(phased: Phased, folder: Path) -> dict[str, Path]:
    """Write page, figures and layers into a folder, and return what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    page, figures = folder / "phases.html", folder / "phases.json"
    layers = folder / "phases.gpkg"
    page.write_text(phase_page(phased), encoding="utf-8")
    figures.write_text(json.dumps(phase_figures(phased), indent=2), encoding="utf-8")
    problem, decisions = folder / "problem.json", folder / "phases-plan.json"
    write_problem(phased.case.problem, problem)
    decisions.write_text(json.dumps(phase_decisions(phased), indent=1), encoding="utf-8")
    frame = phase_frame(phased)
    if len(frame):
        frame.to_file(layers, layer="pipes", driver="GPKG")
    written = {"page": page, "figures": figures, "layers": layers}
    written |= {"problem": problem, "decisions": decisions}
    written["map"] = write_year_map(phased, folder / "map.html")
    return {name: path for name, path in written.items() if path.exists()}
