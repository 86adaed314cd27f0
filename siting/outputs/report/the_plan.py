"""Write the section of the report on the plan itself: map, sites, year, pipes, zones, operators."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from siting.appraisal import diameter_order
from siting.outputs import words
from siting.outputs.looks import size_name
from siting.outputs.report.blocks import Block, Cell, Facts, Grid, Head, Picture, Section, Text
from siting.outputs.report.charts import diameter_chart, duration_chart
from siting.outputs.report.matter import Matter, records
from siting.outputs.supply import supply_rows

__all__ = ["operator_section", "plan_section"]

LARGEST = 15


def plan_section(m: Matter) -> Section:
    """Return the plan on the ground."""
    t = m.t
    return Section(
        "plan",
        t("plan.title"),
        [
            Head(t("plan.sites")),
            *_sites(m),
            *_duration(m),
            Head(t("plan.pipes")),
            *_pipes(m),
            Head(t("plan.zones")),
            *_zones(m),
        ],
    )


def _site_name(site: dict[str, Any], m: Matter) -> Cell:
    mark = m.t("plan.assumed") if site["assumed"] else ""
    return Cell(site["name"], small=site["site_id"], mark=mark)


def _sites(m: Matter) -> Iterator[Block]:
    """Yield the sites chosen, and the others with the reason."""
    t = m.t
    if m.chosen:
        heads = [
            t("plan.site"), f"#{t('plan.size')}", t("plan.connection"), f"#{t('plan.output')}",
            f"#{t('plan.fed_in')}", f"#{t('plan.electricity')}", f"#{t('plan.cost')}",
        ]  # fmt: skip
        rows: list[list[Cell | str]] = [
            [
                _site_name(s, m), words.site_size(s, t), s["option"],
                words.figure(s["capacity_mw"]), f"{s['heat_mwh']:,.0f}",
                f"{s['electricity_mwh']:,.0f}", f"{s['cost_eur']:,.0f}",
            ]
            for s in m.chosen
        ]  # fmt: skip
        yield Grid(heads, rows)
    if m.rejected:
        heads = [
            t("plan.rejected"), f"#{t('plan.size')}", t("plan.reason"),
            f"#{t('plan.would_cost')}", f"#{t('plan.comes_in')}",
        ]  # fmt: skip
        rows = [
            [
                _site_name(s, m), words.site_size(s, t), s["reason"],
                *(_euro(s[name]) for name in ("extra_capex_eur", "break_even_capex_eur")),
            ]
            for s in m.rejected
        ]  # fmt: skip
        yield Grid(heads, rows)
        yield Text(t("plan.prices_note"), muted=True)


def _euro(value: float) -> str:
    """Return an amount in full, or that it is not known."""
    return f"{value:,.0f}" if math.isfinite(value) else words.NOTHING


def _duration(m: Matter) -> Iterator[Block]:
    """Yield the hours of the year with their sources."""
    t = m.t
    names = {str(site["site_id"]): str(site["name"]) for site in m.chosen}
    rows = supply_rows(m.appraisal.further, t, names)
    if not m.chosen or (m.bands is None and not rows):
        return
    yield Head(t("plan.duration"))
    if m.bands is not None and m.bands.by_source_mw:
        chart = duration_chart(m.bands, m.site_names, t)
        yield Picture(chart, t("plan.duration"), t("plan.duration_note"))
    else:
        yield Text(t("plan.duration_note"))
    if rows:
        yield Facts(rows)


# Pipes ------------------------------------------------------------------------------------------


def _pipes(m: Matter) -> Iterator[Block]:
    """Yield the pipes by size, and what the water in them does."""
    t, pipes = m.t, m.frames.pipes
    if not len(pipes):
        yield Text(t("plan.no_pipes"))
        return
    lengths = m.appraisal.trench_length_by_size_m
    if lengths:
        yield Picture(diameter_chart(lengths, t), t("plan.pipes"))
    rows: list[list[Cell | str]] = []
    for size in sorted(set(pipes["nominal_diameter"]), key=diameter_order):
        part = pipes[pipes["nominal_diameter"] == size]
        rows.append([size_name(size), *_sums(part)])
    heads = ("length", "largest_flow", "heat_loss", "cost")
    yield Grid(
        [t("plan.nominal_diameter"), *(f"#{t(f'plan.{head}')}" for head in heads)],
        rows,
        total=[t("plan.all"), *_sums(pipes)],
    )
    water = _water(m)
    if water:
        yield Grid([t("plan.water"), f"#{t('plan.value')}", t("plan.unit")], water)


def _sums(pipes: Any) -> list[str]:
    """Return length, largest flow, loss and cost of some pipes."""
    return [
        f"{pipes['length_m'].sum():,.0f}",
        words.figure(float(pipes["flow_mw"].max())),
        words.figure(float(pipes["heat_loss_kw"].sum())),
        f"{pipes['cost_eur'].sum():,.0f}",
    ]


def _water(m: Matter) -> list[list[Cell | str]]:
    """Return name, value and unit of what the water in the pipes does, where it was worked out."""
    told, pipes = m.appraisal.further, m.frames.pipes
    if m.appraisal.is_empty or "pump_power_kw" not in told:
        return []
    rows: list[tuple[str, Any, str]] = [
        ("worst_path", told["worst_path_m"], "m"),
        ("worst_drop", told["worst_path_pressure_drop_bar"], "bar"),
        ("pumps_full", told["pump_power_kw"], "kW"),
        ("pumps_electricity", told["pumping_electricity_mwh"], "MWh/a"),
        ("fastest", pipes["velocity_m_per_s"].max(), "m/s"),
        ("steepest", pipes["pressure_gradient_pa_per_m"].max(), "Pa/m"),
        ("cools", told["worst_path_supply_drop_k"], "K"),
        ("cools_summer", told["worst_path_supply_drop_summer_k"], "K"),
    ]
    return [[m.t(f"plan.{key}"), words.figure(float(v or 0)), unit] for key, v, unit in rows]


# Zones ------------------------------------------------------------------------------------------


def _zones(m: Matter) -> Iterator[Block]:
    """Yield the largest zones served, and why others are not."""
    t, zones = m.t, m.frames.zones
    served = zones[zones["served"].astype(bool)]
    if len(served):
        heads = ("demand", "waste_heat", "share", "connection_cost")
        rows: list[list[Cell | str]] = [
            [
                Cell(z["name"], small=z["zone_id"] if z["zone_id"] != z["name"] else ""),
                f"{z['annual_demand_mwh']:,.0f}",
                f"{z['heat_mwh']:,.0f}",
                words.percent(z["waste_heat_share"]),
                f"{z['cost_eur']:,.0f}",
            ]
            for z in records(served.nlargest(LARGEST, "heat_mwh"))
        ]
        yield Grid([t("plan.largest_zones"), *(f"#{t(f'plan.{head}')}" for head in heads)], rows)
    left = zones[~zones["served"].astype(bool)]
    groups = left.groupby("reason", sort=True)["annual_demand_mwh"]
    reasons: list[list[Cell | str]] = [
        [words.sentence(str(reason)), f"{len(part):,}", f"{part.sum():,.0f}"]
        for reason, part in groups
    ]
    if reasons:
        yield Grid(
            [t("plan.why_not"), f"#{t('region.zones_count')}", f"#{t('plan.demand')}"], reasons
        )


# Operators --------------------------------------------------------------------------------------

OPERATOR = (
    "source_heat_mwh", "source_heat_used_share", "erf", "ere", "pue", "pue_with_recovery",
    "cooling_saved_mwh", "cooling_saved_eur_per_a", "heat_income_eur_per_a",
)  # fmt: skip
OPERATOR_TOTAL = {
    name: f"operator_{name}" for name in OPERATOR if name != "heat_income_eur_per_a"
} | {"heat_income_eur_per_a": "operator_waste_heat_income_eur_per_a"}


def operator_section(m: Matter) -> Section | None:
    """Return what the operators of the data centres gain, where it is known."""
    t = m.t
    known = [site for site in m.chosen if site["source_heat_mwh"] >= 0]
    if not known:
        return None
    told = m.appraisal.further
    total: list[str] = []
    if len(known) > 1 and "operator_source_heat_mwh" in told:
        figures = {name: told[key] for name, key in OPERATOR_TOTAL.items()}
        total = [t("plan.all"), *_operator_figures(figures)]
    heads = (
        "taken",
        "used",
        "erf",
        "ere",
        "pue",
        "pue_with",
        "cooling_mwh",
        "cooling_eur",
        "income",
    )
    short = {"erf": "ERF", "ere": "ERE"}
    return Section(
        "operators",
        t("operator.title"),
        [
            Text(t("operator.intro")),
            Grid(
                [t("operator.site"), *(f"#{short.get(h) or t(f'operator.{h}')}" for h in heads)],
                [[site["name"], *_operator_figures(site)] for site in known],
                total=total,
            ),
        ],
    )


def _operator_figures(row: Any) -> list[str]:
    """Return the figures of one operator, or of all, as text."""
    whole = ("source_heat_mwh", "cooling_saved_mwh", "cooling_saved_eur_per_a")
    texts = []
    for name in OPERATOR:
        value = row[name]
        if name in {*whole, "heat_income_eur_per_a"}:
            texts.append(f"{value:,.0f}")
        elif name == "source_heat_used_share":
            texts.append(words.percent(value))
        else:
            texts.append(words.figure(value))
    return texts
