"""Draw plans over years on the map of a run: a slider over periods, or over what may happen."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from siting.appraisal import appraise
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.labels import labels_of
from siting.outputs.map_states import MapState
from siting.outputs.maps import Slider, write_map
from siting.outputs.source import attribution_of

if TYPE_CHECKING:
    from siting.config import StudyConfig
    from siting.future.outcome import StateOutcome
    from siting.plan import Plan
    from siting.study.findings import CheckResult
    from siting.study.phasing import Phased
    from siting.study.stress import Stress

__all__ = ["write_departure_map", "write_year_map"]

MEUR, GWH = 1e6, 1e3


def write_year_map(phased: Phased, path: Path) -> Path:
    """Write the map of a plan in periods, with a slider over the years."""
    t = labels_of(phased.config.outputs.language)
    stops = [
        _stop(
            phased.checked,
            phased.full_plan(step),
            at=float(step.from_year),
            height=step.heat_mwh / GWH,
            label=t(
                "map.years_label",
                years=phased.years(step),
                heat=f"{step.heat_mwh / GWH:,.2f}",
                capex=f"{step.capex_eur / MEUR:,.2f}",
            ),
            meaning=t("map.years_meaning"),
        )
        for step in phased.plan.steps
    ]
    slider = Slider(
        title=t("map.years_title"),
        axis=t("map.years_axis", year=phased.first_year),
        unit="",
        stop_name=t("map.years_stop"),
        run_name=t("map.years_run"),
        note=t("map.years_note"),
    )
    return _write(phased.config, stops, len(stops) - 1, slider, path)


def write_departure_map(stress: Stress, path: Path) -> Path:
    """Write the map of the usual plan, with a slider over what may happen to its sources.

    Each stop shows what still carries heat when nothing is bought: what vanishes is stranded.
    """
    t = labels_of(stress.config.outputs.language)
    whole = replace(stress.full_plan(stress.bare), proof=stress.run.plan.proof)
    stops = [
        _stop(
            stress.checked,
            whole,
            at=0.0,
            height=whole.heat_mwh / GWH,
            label=t("map.leave_first", heat=f"{whole.heat_mwh / GWH:,.2f}"),
            meaning=t("map.leave_first_meaning"),
        )
    ]
    for place, state in enumerate(stress.bare.plan.states, start=1):
        left = _left(whole, state, stress)
        stops.append(
            _stop(
                stress.checked,
                left,
                at=float(place),
                height=left.heat_mwh / GWH,
                label=t(
                    "map.leave_label",
                    scenario=state.scenario,
                    heat=f"{left.heat_mwh / GWH:,.2f}",
                    length=f"{stress.bare.stranded_m(state.scenario) / 1e3:,.2f}",
                ),
                meaning=t("map.leave_meaning"),
            )
        )
    slider = Slider(
        title=t("map.leave_title"),
        axis=t("map.leave_axis"),
        unit="",
        stop_name=t("map.leave_stop"),
        run_name=t("map.leave_run"),
        note=t("map.leave_note"),
    )
    return _write(stress.config, stops, 0, slider, path)


def _left(whole: Plan, state: StateOutcome, stress: Stress) -> Plan:
    """Return what of a plan is still in use in a scenario; its money is spent all the same."""
    lines = {line.edge: zone for zone, line in stress.reduced.lines.items()}
    served = {zone: got for zone, got in state.zones.items() if got.heat_mwh > 0}
    alive = {edge for edge, flow in state.flow_mw.items() if abs(flow) > 1e-9}

    def is_used(edge: str) -> bool:
        return lines[edge] in served if edge in lines else edge in alive

    zones = tuple(
        replace(each, base_mw=served[each.zone].base_mw, heat_mwh=served[each.zone].heat_mwh)
        for each in whole.zones
        if each.zone in served
    )
    pipes = tuple(
        replace(pipe, flow_mw=abs(state.flow_mw.get(pipe.edge, pipe.flow_mw)))
        for pipe in whole.pipes
        if is_used(pipe.edge)
    )
    sites = tuple(
        replace(each, capacity_mw=state.output_mw[each.site])
        for each in whole.sites
        if state.output_mw.get(each.site, 0.0) > 0
    )
    heat = math.fsum(each.heat_mwh for each in zones)
    ratio = heat * 1000 / whole.capex_eur if whole.capex_eur > 0 else 0.0
    return replace(
        whole, zones=zones, pipes=pipes, sites=sites, heat_mwh=heat, heat_per_euro_kwh=ratio
    )


def _stop(
    checked: CheckResult, plan: Plan, *, at: float, height: float, label: str, meaning: str
) -> MapState:
    """Return a stop of the slider."""
    region, network, assembly = checked.region, checked.network, checked.assembly
    facts = replace(
        plan_facts(region, network, assembly),
        mwh_per_home=checked.parameters.value("home_heat_mwh"),
    )
    return MapState(
        plan_frames(region, network, assembly, plan),
        appraise(assembly.problem, plan, facts),
        plan,
        at=at,
        height=height,
        label=label,
        meaning=meaning,
        is_run=False,
    )


def _write(
    config: StudyConfig, stops: list[MapState], opened: int, slider: Slider, path: Path
) -> Path:
    stops[opened] = replace(stops[opened], is_run=True)
    shown = stops[opened]
    return write_map(
        shown.frames,
        shown.appraisal,
        shown.plan,
        path,
        title=config.study.name,
        question=slider.title,
        labels=labels_of(config.outputs.language),
        tiles=config.outputs.tiles,
        attribution=attribution_of(config),
        others=tuple(stops),
        slider=slider,
    )
