"""Check the tables of a run folder, ``plan.gpkg`` and ``kpis.json``, against problem and plan."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from siting.plan import Plan
from siting.problem import Problem, Zone
from siting.verify.ledger import Ledger

__all__ = ["check_geopackage", "check_kpis"]

PLAN_LAYERS = ("pipes", "sites", "zones")
LENGTH_SLACK_M = 0.5
LENGTH_SLACK = 1e-3

Row = dict[str, Any]


# Key figures ------------------------------------------------------------------------------------


def check_kpis(path: Path, problem: Problem, plan: Plan) -> list[str]:
    """Return every disagreement between ``kpis.json`` and a plan."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return [f"{path.name}: cannot be read: {error}."]
    if not isinstance(told, dict):
        return [f"{path.name}: does not hold an object."]
    return _compare_kpis(path.name, told, derived_kpis(problem, plan))


def _compare_kpis(file: str, told: Mapping[str, Any], derived: Mapping[str, Any]) -> list[str]:
    """Return where stored key figures differ from derived ones; unknown ones are left alone."""
    ledger = Ledger()
    for name, figure in derived.items():
        if name not in told:
            ledger.say(f"{file}: '{name}' is missing; derived: {figure!r}.")
        else:
            _compare_kpi(f"{file}", name, told[name], figure, ledger)
    home = told.get("mwh_per_home")
    if isinstance(home, int | float) and home > 0 and "homes_equivalent" in told:
        homes = round(derived["heat_mwh"] / home)
        _compare_kpi(file, "homes_equivalent", told["homes_equivalent"], homes, ledger)
    return ledger.found


def _compare_kpi(file: str, name: str, told: Any, derived: Any, ledger: Ledger) -> None:
    if isinstance(derived, Mapping):
        inner = told if isinstance(told, Mapping) else {}
        for key in dict.fromkeys([*derived, *inner]):
            if key in derived:
                _compare_kpi(file, f"{name}.{key}", inner.get(key), derived[key], ledger)
            elif name != "proof":
                ledger.say(
                    f"{file}: {name}.{key} is {inner[key]!r}, but the plan has no such part."
                )
    elif isinstance(derived, float | int) and isinstance(told, float | int):
        # Shares and ratios are small numbers: a floor of one would hide a change.
        ledger.agree(file, name, told, _finite(derived), floor=1e-3)
    elif isinstance(derived, float | int):
        ledger.same(file, name, told, _finite(derived))
    else:
        ledger.same(file, name, told, derived)


def _finite(value: float) -> float | None:
    """Return a number, nothing for one that JSON cannot hold."""
    return value if math.isfinite(value) else None


def _over(part: float, whole: float, otherwise: float) -> float:
    return part / whole if whole > 0 else otherwise


def derived_kpis(problem: Problem, plan: Plan) -> dict[str, Any]:
    """Return the key figures of a plan by name, each with its unit in its name."""
    demand = math.fsum(zone.heat_mwh for zone in problem.zones)
    demands = {zone.id: zone.heat_mwh for zone in problem.zones}
    served = math.fsum(demands.get(zone.zone, math.nan) for zone in plan.zones)
    dug = [pipe for pipe in plan.pipes if pipe.cost_eur > 0]
    trench = math.fsum(pipe.length_m for pipe in dug)
    by_size: dict[str, float] = {}
    for pipe in dug:
        by_size[pipe.size or "no size"] = by_size.get(pipe.size or "no size", 0.0) + pipe.length_m
    heat, loss, capex = plan.heat_mwh, plan.loss_mwh, plan.capex_eur
    ratio = 0.0 if heat <= 0 else _over(heat * 1000, capex, math.inf)
    return {
        "heat_mwh": heat,
        "demand_mwh": demand,
        "served_demand_mwh": served,
        "capex_eur": capex,
        "capex_by_component_eur": plan.capex_by_component_eur,
        "heat_per_euro_kwh": ratio,
        "capex_eur_per_mwh_a": _over(capex, heat, math.nan),
        "zones_served": len(plan.zones),
        "zones_total": len(problem.zones),
        "sites_chosen": len(plan.sites),
        "sites_total": len(problem.sites),
        "site_capacity_mw": math.fsum(site.capacity_mw for site in plan.sites),
        "electricity_mwh": math.fsum(site.electricity_mwh for site in plan.sites),
        "trench_length_m": trench,
        "trench_length_by_size_m": by_size,
        "standing_pipes_m": math.fsum(pipe.length_m for pipe in plan.pipes) - trench,
        "network_loss_mwh": loss,
        "network_loss_share": _over(loss, loss + heat, 0.0),
        "standing_base_mwh": math.fsum(_covered_mwh(zone) for zone in problem.zones),
        "displaced_base_mwh": math.fsum(_displaced_mwh(problem, plan).values()),
        "demand_share": _over(heat, demand, 0.0),
        "served_waste_heat_share": _over(heat, served, 0.0),
        "linear_heat_density_mwh_per_m": _over(heat, trench, math.nan),
        "proof": {
            "status": plan.proof.status.value,
            "objective": plan.proof.objective,
            "incumbent": plan.proof.incumbent,
            "bound": plan.proof.bound,
            "gap": plan.proof.gap,
            "gap_wanted": plan.proof.gap_wanted,
        },
    }


def _covered_mwh(zone: Zone) -> float:
    """Return the heat that existing plants give a zone today [MWh/a]."""
    return max((heat for _, heat in zone.standing_base), default=0.0)


def _displaced_mwh(problem: Problem, plan: Plan) -> dict[str, float]:
    """Return what the capacity of each zone served could take from existing base plants [MWh/a].

    Span by span: capacity that runs first fills the spans of the longest hours, most of which the
    existing plants fill today; as it is counted, it fills those that they leave.
    """
    zones = {zone.id: zone for zone in problem.zones}
    found = {}
    for served in plan.zones:
        zone = zones.get(served.zone)
        if zone is None or not zone.standing_base:
            continue
        taken = _spans(zone.standing_base)
        scaled = [(x * zone.peak_mw, s * zone.heat_mwh) for x, s in zone.load_curve]
        left = _spans(scaled)
        first = _fill([*taken, *left], served.base_mw)
        found[served.zone] = max(first - _fill(left, served.base_mw), 0.0)
    return found


def _spans(line: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return width [MW] and heat [MWh/a] of each span of a broken line."""
    return [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(line)]


def _fill(spans: Sequence[tuple[float, float]], capacity_mw: float) -> float:
    """Return the heat of a capacity that fills spans in turn [MWh/a]."""
    heat = 0.0
    for width, whole in spans:
        part = min(capacity_mw / width, 1.0) if width > 0 else 0.0
        heat += whole * max(part, 0.0)
        capacity_mw -= width
    return heat


# GIS layers -------------------------------------------------------------------------------------


def check_geopackage(
    path: Path,
    problem: Problem,
    plan: Plan,
    *,
    site_ids: Mapping[str, str] | None = None,
    zone_ids: Mapping[str, str] | None = None,
) -> tuple[list[str], list[str]]:
    """Return disagreements between a GeoPackage and a plan, and what could not be checked.

    Parameters
    ----------
    path
        The GeoPackage: ``pipes``, ``sites`` and ``zones`` hold the plan alone, ``candidate_sites``
        and ``demand_zones`` all that it was chosen from.
    problem, plan
        The problem, and the plan that has been verified against it.
    site_ids, zone_ids
        GIS id of each site and zone key; without them keys are taken for ids.
    """
    ledger = Ledger()
    gaps: list[str] = []
    layers: dict[str, list[Row]] = {}
    for name in (*PLAN_LAYERS, "candidate_sites", "demand_zones"):
        try:
            layers[name] = _read_layer(path, name)
        except Exception as error:  # noqa: BLE001 - GDAL raises many kinds; all mean unreadable
            ledger.say(f"{path.name}: layer '{name}' cannot be read: {error}.")
    site_rows, zone_rows = _site_rows(problem, plan), _zone_rows(problem, plan)
    chosen = {key: row for key, row in site_rows.items() if row["chosen"]}
    served = {key: row for key, row in zone_rows.items() if row["served"]}
    for name, key, wanted, ids in (
        ("pipes", "pipe_id", _pipe_rows(plan), None),
        ("sites", "site_id", chosen, site_ids),
        ("zones", "zone_id", served, zone_ids),
        ("candidate_sites", "site_id", site_rows, site_ids),
        ("demand_zones", "zone_id", zone_rows, zone_ids),
    ):
        if name in layers:
            _check_layer(name, key, layers[name], wanted, ids, ledger, gaps)
    if set(PLAN_LAYERS) <= set(layers):
        plan_rows = [row for name in PLAN_LAYERS for row in layers[name]]
        cost = math.fsum(_figure(row.get("cost_eur")) for row in plan_rows)
        ledger.agree("plan.gpkg", "sum of cost_eur over all layers", cost, plan.capex_eur, "EUR")
        heat = math.fsum(_figure(row.get("heat_mwh")) for row in layers["zones"])
        ledger.agree("plan.gpkg zones", "sum of heat_mwh", heat, plan.heat_mwh, "MWh/a")
    _check_lines(layers.get("pipes", []), ledger)
    _check_kpi_layer(path, problem, plan, ledger, gaps)
    gaps.append(
        "plan.gpkg: names, kinds, reasons, notes on estimates, margins and the streets layer"
    )
    return ledger.found, gaps


def _check_kpi_layer(
    path: Path, problem: Problem, plan: Plan, ledger: Ledger, gaps: list[str]
) -> None:
    """Compare the layer of key figures: rows of ``kpi``, ``value`` and ``text``."""
    try:
        rows = _read_layer(path, "kpis")
    except Exception as error:  # noqa: BLE001 - GDAL raises many kinds; all mean unreadable
        gaps.append(f"{path.name} kpis: the layer cannot be read: {error}")
        return
    told = {str(row.get("kpi")): row for row in rows}
    figures = {
        name: row.get("text") if math.isnan(_number(row.get("value"))) else _number(row["value"])
        for name, row in told.items()
    }
    for name, derived in _flat(derived_kpis(problem, plan)).items():
        place = f"{path.name} kpis"
        if isinstance(derived, str):
            ledger.same(place, name, _text(figures.get(name)), derived)
        else:
            ledger.agree(place, name, _known(figures.get(name)), _known(derived), floor=1e-3)


def _known(value: Any) -> float | None:
    """Return a finite number, nothing for anything else."""
    return _finite(_number(value))


def _flat(figures: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return nested key figures under names with dots."""
    flat: dict[str, Any] = {}
    for name, value in figures.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{above}{name}."))
        else:
            flat[above + name] = value
    return flat


def _read_layer(path: Path, layer: str) -> list[Row]:
    """Return the rows of a layer, with the length of their lines [m]."""
    import geopandas as gpd

    frame = gpd.read_file(path, layer=layer)
    rows: list[Row] = frame.drop(columns="geometry", errors="ignore").to_dict("records")
    if layer == "pipes" and "geometry" in frame:
        for row, line in zip(rows, frame.geometry, strict=True):
            row["line_length_m"] = math.nan if line is None else float(line.length)
    return rows


def _check_layer(
    layer: str,
    key: str,
    rows: list[Row],
    wanted: Mapping[str, Row],
    ids: Mapping[str, str] | None,
    ledger: Ledger,
    gaps: list[str],
) -> None:
    """Compare the rows of a layer with those derived from problem and plan."""
    place = f"plan.gpkg {layer}"
    told: dict[str, Row] = {}
    for row in rows:
        name = str(row.get(key))
        if name in told:
            ledger.say(f"{place} '{name}': stands there more than once.")
        told[name] = row
    known = {(ids or {}).get(name, name): row for name, row in wanted.items()}
    if ids is None and layer != "pipes" and not set(known) & set(told):
        _check_sums(place, rows, list(wanted.values()), ledger)
        gaps.append(f"{place}: which row is which; only the sums of its columns were compared")
        return
    for name, row in known.items():
        if name not in told:
            ledger.say(f"{place} '{name}': is missing.")
        else:
            _check_row(f"{place} '{name}'", told[name], row, ledger)
    for name, row in told.items():
        if name not in known and (layer in PLAN_LAYERS or _does_something(row)):
            ledger.say(f"{place} '{name}': stands there, but the plan does not have it.")


def _does_something(row: Row) -> bool:
    """Return whether a row of a site or zone that could not be attached has figures of a plan."""
    return bool(row.get("served") or row.get("chosen") or _figure(row.get("cost_eur")))


def _check_row(place: str, told: Row, wanted: Row, ledger: Ledger) -> None:
    for name, value in wanted.items():
        if name not in told:
            ledger.say(f"{place}: column {name} is missing.")
        elif isinstance(value, bool | str):
            found = told[name]
            same = bool(found) == value if isinstance(value, bool) else _text(found) == value
            if not same:
                ledger.same(place, name, found, value)
        else:
            figure = _number(told[name])
            if not (math.isnan(value) and math.isnan(figure)):
                ledger.agree(place, name, figure, value, floor=1e-2)


def _check_sums(place: str, rows: list[Row], wanted: list[Row], ledger: Ledger) -> None:
    """Compare the sums of the columns, where rows cannot be told apart."""
    for name in wanted[0] if wanted else ():
        if isinstance(wanted[0][name], str):
            continue
        told = math.fsum(_figure(row.get(name)) for row in rows)
        derived = math.fsum(_figure(row[name]) for row in wanted)
        ledger.agree(place, f"sum of {name}", told, derived)


def _check_lines(rows: list[Row], ledger: Ledger) -> None:
    """Compare the length of each line with the length that is paid for."""
    for row in rows:
        told, drawn = _number(row.get("length_m")), _number(row.get("line_length_m"))
        if not abs(told - drawn) <= max(LENGTH_SLACK_M, LENGTH_SLACK * told):
            ledger.say(
                f"plan.gpkg pipes '{row.get('pipe_id')}': length_m is {told:,.2f} m; its line is"
                f" {drawn:,.2f} m long."
            )


def _number(value: Any) -> float:
    """Return a number, not-a-number for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _figure(value: Any) -> float:
    """Return a number, 0 for a missing one."""
    number = _number(value)
    return 0.0 if math.isnan(number) else number


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _pipe_rows(plan: Plan) -> dict[str, Row]:
    """Return what each pipe's row must hold."""
    return {
        pipe.edge: {
            "from_node": pipe.from_node,
            "to_node": pipe.to_node,
            "nominal_diameter": pipe.size or "",
            "length_m": pipe.length_m,
            "flow_mw": pipe.flow_mw,
            "capacity_mw": math.nan if pipe.capacity_mw is None else pipe.capacity_mw,
            "utilisation": _over(pipe.flow_mw, pipe.capacity_mw or 0.0, math.nan),
            "heat_loss_kw": pipe.loss_mw * 1000,
            "cost_eur": pipe.cost_eur,
        }
        for pipe in plan.pipes
    }


def _site_rows(problem: Problem, plan: Plan) -> dict[str, Row]:
    """Return what each site's row must hold."""
    opened = {site.site: site for site in plan.sites}
    rows: dict[str, Row] = {}
    for site in problem.sites:
        got = opened.get(site.id)
        choices = [each for each in site.choices if got is None or each.id == got.option]
        limits = [math.nan if o.capacity_mw is None else o.capacity_mw for o in choices]
        power = got.electricity_mwh if got else 0.0
        rows[site.id] = {
            "chosen": got is not None,
            "option": got.option if got else "",
            "capacity_mw": got.capacity_mw if got else 0.0,
            "max_capacity_mw": math.nan if any(map(math.isnan, limits)) else max(limits),
            "heat_mwh": got.heat_mwh if got else 0.0,
            "electricity_mwh": power,
            "cop": _over(got.heat_mwh if got else 0.0, power, math.nan),
            "cost_eur": got.cost_eur if got else 0.0,
        }
    return rows


def _zone_rows(problem: Problem, plan: Plan) -> dict[str, Row]:
    """Return what each zone's row must hold."""
    displaced = _displaced_mwh(problem, plan)
    served = {zone.zone: zone for zone in plan.zones}
    rows: dict[str, Row] = {}
    for zone in problem.zones:
        got = served.get(zone.id)
        heat = got.heat_mwh if got else 0.0
        rows[zone.id] = {
            "served": got is not None,
            "annual_demand_mwh": zone.heat_mwh,
            "peak_demand_kw": zone.peak_mw * 1000,
            "base_mw": got.base_mw if got else 0.0,
            "heat_mwh": heat,
            "waste_heat_share": _over(heat, zone.heat_mwh, 0.0),
            "standing_base_mwh": _covered_mwh(zone),
            "displaced_base_mwh": displaced.get(zone.id, 0.0),
            "cost_eur": got.cost_eur if got else 0.0,
        }
    return rows
