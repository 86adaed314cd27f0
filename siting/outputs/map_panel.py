"""Write what the side panel of a map says about a plan, and what heads it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from siting.appraisal import Appraisal, proof_words
from siting.outputs import words
from siting.outputs.assets import template
from siting.outputs.assumption import Assumption
from siting.outputs.labels import ENGLISH, Labels
from siting.outputs.map_states import MapState
from siting.outputs.report import component_name

__all__ = ["assumption_rows", "panel", "state_brief"]

SITES_LISTED = 8


def state_brief(appraisal: Appraisal, t: Labels = ENGLISH) -> str:
    """Return a plan in one line."""
    a = appraisal
    return f"{words.ratio_words(a, t)} · {words.heat(a.heat_mwh)} · {words.money(a.capex_eur)}"


def panel(state: MapState, t: Labels = ENGLISH) -> str:
    """Return what the side panel says about one plan."""
    a = state.appraisal
    frame = state.frames.sites
    chosen = frame[frame["chosen"].astype(bool)].sort_values(
        "capacity_mw", ascending=False, kind="stable"
    )
    sites = [
        (row["name"], f"{words.figure(row['capacity_mw'])} MW", bool(row["assumed"]))
        for row in chosen.drop(columns="geometry").to_dict("records")
    ]
    meaning = words.proof_meaning(a, t) if state.meaning is None else state.meaning
    return template("panel_state.html").render(
        t=t,
        brief=state_brief(a, t),
        lead=_lead(a, t),
        figures=_figures(a, t),
        costs=_costs(a, t),
        total=words.money(a.capex_eur),
        sites=sites[:SITES_LISTED],
        more_sites=max(0, len(sites) - SITES_LISTED),
        proven=a.is_proven,
        proof=_proof(a, t),
        meaning=meaning,
        notes=[t.said(note) for note in a.notes if "best one found" not in note],
    )


def _proof(appraisal: Appraisal, t: Labels) -> str:
    """Return how much is proven; a gap beyond the plan itself says nothing to anybody."""
    gap = appraisal.proof.gap
    if math.isfinite(gap) and gap > 1:
        return t("map.hardly_proven")
    return words.sentence(t.said(proof_words(appraisal.proof)))


def _lead(appraisal: Appraisal, t: Labels) -> tuple[str, str, str]:
    """Return the first figure of the panel: number, unit and what it means."""
    if appraisal.is_empty:
        return ("0", "kWh/a per EUR", t("map.lead_nothing"))
    if math.isinf(appraisal.heat_per_euro_kwh):
        return (t("map.lead_free"), "", t("map.lead_free_meaning"))
    ratio = words.figure(appraisal.heat_per_euro_kwh)
    return (ratio, "kWh/a per EUR", t("map.lead_meaning"))


def _figures(a: Appraisal, t: Labels) -> list[tuple[str, str, str]]:
    """Return figures of a plan as label, text and what follows it."""
    rows = [
        (t("map.heat_delivered"), words.heat(a.heat_mwh), ""),
        (t("map.capex"), words.money(a.capex_eur), ""),
        (t("map.served"), f"{a.zones_served:,}", t("map.of_total", total=f"{a.zones_total:,}")),
        (t("map.demand_share"), words.percent(a.demand_share), ""),
        (t("map.trench"), words.length(a.trench_length_m), ""),
        (
            t("map.loss"),
            words.percent(a.network_loss_share),
            words.heat(a.network_loss_mwh),
        ),
        (t("map.homes", use=words.figure(a.mwh_per_home)), words.homes_count(a), ""),
    ]
    cost = a.further.get("levelised_cost_eur_per_mwh")
    if isinstance(cost, float) and math.isfinite(cost):
        rows.append((t("map.levelised"), f"{words.figure(cost)} EUR/MWh", ""))
    saved = a.further.get("co2_net_saving_t_per_a")
    if isinstance(saved, float) and math.isfinite(saved):
        rows.append((t("map.co2_saved"), f"{words.figure(saved)} t/a", ""))
    return rows


def _costs(a: Appraisal, t: Labels) -> list[tuple[str, str, float]]:
    """Return the investment by component, dear to cheap: name, text and share in per cent."""
    parts = sorted(a.capex_by_component_eur.items(), key=lambda part: -part[1])
    return [
        (component_name(name, t), words.money(cost), round(100 * cost / a.capex_eur, 1))
        for name, cost in parts
        if cost > 0
    ]


def assumption_rows(
    parameters: Mapping[str, Assumption] | None,
    settings: Iterable[Assumption],
    t: Labels = ENGLISH,
) -> list[dict[str, Any]]:
    """Return what a plan rests on: figures of the study, then of the country, then the rest."""
    given = [*settings, *(parameters or {}).values()]
    order = sorted(given, key=lambda each: 0 if each.overridden else 1 if each.preset else 2)
    return [
        {
            "name": each.name,
            "value": t.said(each.value) if isinstance(each.value, str) else f"{each.value:,.6g}",
            "unit": "" if each.unit in {"-", "count"} else each.unit,
            "origin": _origin(each, t),
            "description": t.of_figure("parameter", each.name, each.description),
        }
        for each in order
    ]


def _origin(each: Assumption, t: Labels) -> str:
    """Return where a figure comes from."""
    if each.overridden:
        return t("map.by_study")
    source = t.of_figure("source", each.name, each.source)
    if each.preset:
        source = t("map.by_preset", country=each.preset, source=source)
    return source + (f" [{each.mark}]" if each.mark else "")
