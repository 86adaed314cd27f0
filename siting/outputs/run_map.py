"""Put together what the map of a run shows: its plans as stops of a slider, and the rest."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siting.appraisal import gap_percent
from siting.config import demand_settings, finance_settings, network_settings
from siting.frontier import Frontier
from siting.outputs import words
from siting.outputs.labels import Labels, labels_of
from siting.outputs.map_states import MapLayers, MapState
from siting.outputs.maps import Slider, write_map
from siting.outputs.source import attribution_of
from siting.region import acts_frame

if TYPE_CHECKING:
    from siting.outputs.files import FinishedRun
    from siting.study.finished import Alternatives

__all__ = ["map_options", "write_alternatives_map", "write_run_map"]

EUR_PER_MEUR, MWH_PER_GWH = 1e6, 1e3
CEILING_PLACES = 80


def write_run_map(run: FinishedRun, path: str | Path) -> Path:
    """Write the map of a run, with a slider where it has plans of other sizes."""
    return write_map(run.frames, run.appraisal, run.plan, path, **map_options(run))


def write_alternatives_map(found: Alternatives, path: str | Path) -> Path | None:
    """Write the map of a frontier; nothing where it has no plan.

    It opens with the plan that delivers most heat per euro.
    """
    if not found.runs:
        return None
    best = max(found.runs, key=lambda each: each.plan.heat_per_euro_kwh)
    options = map_options(best)
    options |= alternatives_options(found, options["labels"])
    return write_map(best.frames, best.appraisal, best.plan, path, **options)


def map_options(run: FinishedRun) -> dict[str, Any]:
    """Return what `siting.outputs.maps.build_map` needs to know beside the plan of a run."""
    config, head = run.config, run.config.study
    region = run.region
    options: dict[str, Any] = {
        "labels": labels_of(config.outputs.language),
        "title": head.name,
        "question": head.description,
        "tiles": config.outputs.tiles,
        "attribution": attribution_of(config),
        "layers": MapLayers(
            existing=run.frames.existing,
            barriers=run.frames.barriers,
            repairs=acts_frame(run.checked.remarks, region.crs),
        ),
        "parameters": run.checked.parameters,
        "settings": (
            *network_settings(config.network, head.country),
            *demand_settings(config.demand),
            *(finance_settings(config.finance) if run.business else ()),
        ),
    }
    if run.alternatives is not None:
        options |= alternatives_options(run.alternatives, options["labels"])
    return options


def alternatives_options(found: Alternatives, t: Labels) -> dict[str, Any]:
    """Return the slider over plans of several sizes, and its stops."""
    best = max(range(len(found.runs)), key=lambda k: found.runs[k].plan.heat_per_euro_kwh)
    opened = best if found.own is None else found.own
    stops = [
        MapState(
            each.frames,
            each.appraisal,
            each.plan,
            at=each.plan.capex_eur / EUR_PER_MEUR,
            height=each.plan.heat_mwh / MWH_PER_GWH,
            label=(
                f"{words.money(each.plan.capex_eur)} · {words.heat(each.plan.heat_mwh)} ·"
                f" {words.ratio_words(each.appraisal, t)}"
            ),
            meaning=None if place == found.own else _meaning(each, t),
            is_run=place == opened,
        )
        for place, each in enumerate(found.runs)
    ]
    low, high = stops[0].at, stops[-1].at
    slider = Slider.of_plans(
        t,
        run_name=t("map.slider_run" if found.own is not None else "map.slider_best"),
        ceiling=_ceiling(found.frontier, low, high),
        note=_note(found.frontier, t),
    )
    return {"others": tuple(stops), "slider": slider}


def _meaning(run: FinishedRun, t: Labels) -> str:
    """Return what the proof of a plan of a frontier means."""
    proof = run.plan.proof
    if proof.bound is None or not math.isfinite(proof.gap) or proof.gap <= 0:
        return ""
    if proof.gap > 1:
        return t("map.possible", heat=words.heat(proof.bound))
    return t("map.no_more_heat", gap=gap_percent(proof.gap))


def _ceiling(frontier: Frontier, low: float, high: float) -> tuple[tuple[float, float], ...]:
    """Return the heat that no plan can have, at even steps of investment [M EUR, GWh/a]."""
    if not frontier.lines and not frontier.steps:
        return ()
    at = [low + (high - low) * k / CEILING_PLACES for k in range(CEILING_PLACES + 1)]
    return tuple(
        (round(x, 4), round(frontier.ceiling_at(x * EUR_PER_MEUR) / MWH_PER_GWH, 4)) for x in at
    )


def _note(frontier: Frontier, t: Labels) -> str:
    """Return how much is proven about plans of all sizes."""
    if not frontier.lines and not frontier.steps:
        return t("map.no_proof_time")
    return t("map.shaded")
