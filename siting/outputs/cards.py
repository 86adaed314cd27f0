"""Show studies, checks, runs and plans as small tables in a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from siting.outputs import words
from siting.outputs.frontier import frontier_words
from siting.outputs.words import count_words, headline_table
from siting.screen import headline

if TYPE_CHECKING:
    from siting.config import StudyConfig
    from siting.frontier import Frontier
    from siting.plan import Plan
    from siting.study import CheckResult, Run

__all__ = ["card", "check_card", "frontier_card", "plan_card", "run_card", "study_card"]

NOTES_SHOWN = 5


def card(title: str, rows: Mapping[str, str], notes: Sequence[str] = ()) -> str:
    """Return a small table as HTML; every text is escaped.

    Examples
    --------
    >>> card("A & B", {})
    '<div><b>A &amp; B</b><table></table></div>'
    """
    cells = "".join(
        f'<tr><th style="text-align:left">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
        for name, text in rows.items()
    )
    shown = [html.escape(each) for each in notes[:NOTES_SHOWN]]
    if len(notes) > NOTES_SHOWN:
        shown.append(f"and {len(notes) - NOTES_SHOWN:,} more")
    below = "".join(f"<li>{each}</li>" for each in shown)
    listed = f"<ul>{below}</ul>" if below else ""
    return f"<div><b>{html.escape(title)}</b><table>{cells}</table>{listed}</div>"


def study_card(config: StudyConfig) -> str:
    """Return what a study asks; of paths only the names of files are shown."""
    layers = config.layers
    limits = {
        name.replace("_", " "): f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in config.limits.model_dump(exclude_unset=True).items()
        if value is not None
    }
    streets = layers.streets
    rows = {
        "question": config.study.description,
        "sites": layers.sites.path.name,
        "zones": layers.zones.path.name,
        "streets": streets.path.name
        if streets.path
        else f"OpenStreetMap: {streets.place or 'box'}",
        "objective": config.objective.kind.replace("_", " "),
        "limits": ", ".join(f"{name} {text}" for name, text in limits.items()) or "none",
        "solver": f"{config.solver.name}, gap {config.solver.gap:g}",
    }
    return card(f"Study: {config.study.name}", {k: v for k, v in rows.items() if v})


def check_card(checked: CheckResult) -> str:
    """Return what a study was understood to say."""
    rows = dict(count_words(name, value) for name, value in checked.counts.items())
    doubts = [str(each) for each in checked.doubts]
    return card(f"Checked: {checked.region.name}", rows, doubts)


def plan_card(plan: Plan, site_names: Mapping[str, str] | None = None) -> str:
    """Return the headline of a plan."""
    return card("Plan", headline(plan, site_names))


def run_card(run: Run) -> str:
    """Return the headline of a run, with what must be said next to it."""
    rows = dict(headline_table(run.appraisal)) | {"Run folder": run.folder.name}
    return card(f"Run: {run.config.study.name}", rows, run.appraisal.notes)


def frontier_card(frontier: Frontier) -> str:
    """Return what was found for each budget, and how much is proven."""
    rows = {
        words.money(each.capex_eur): f"{words.heat(each.heat_mwh)}, at most"
        f" {words.heat(each.ceiling_mwh)}"
        for each in frontier.points
    }
    return card("Frontier", rows, [frontier_words(frontier)])
