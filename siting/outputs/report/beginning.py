"""Write the first sections of the report: question, region and data, alternatives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from siting.appraisal import gap_percent
from siting.outputs import words
from siting.outputs.report.blocks import (
    Block,
    Bullets,
    Cell,
    Facts,
    Grid,
    Head,
    Picture,
    Section,
    Text,
)
from siting.outputs.report.charts import frontier_chart
from siting.outputs.report.matter import Matter

__all__ = ["alternatives_section", "answer_of", "question_section", "region_section"]

MOST_POINTS = 12


def answer_of(m: Matter) -> str:
    """Return the plan in one sentence."""
    a, t = m.appraisal, m.t
    if a.is_empty:
        return t("cover.build_nothing") if a.is_proven else t("cover.nothing_found")
    sites = (
        t("cover.one_site")
        if a.sites_chosen == 1
        else t("cover.many_sites", count=f"{a.sites_chosen:,}")
    )
    return t(
        "cover.answer",
        sites=sites,
        served=f"{a.zones_served:,}",
        zones=f"{a.zones_total:,}",
        trench=words.length(a.trench_length_m),
        heat=words.heat(a.heat_mwh),
        money=words.money(a.capex_eur),
    )


def question_section(m: Matter) -> Section:
    """Return what was asked, and the key figures of the answer."""
    t, objective = m.t, m.plan.proof.objective
    aim = t(f"question.{objective}") if f"question.{objective}" in t else objective
    limits = list(_limits(m))
    limited = t("question.limits", limits="; ".join(limits)) if limits else t("question.no_limits")
    return Section(
        "question",
        t("question.title"),
        [
            Text(t("question.asked", question=m.question)) if m.question else None,
            Text(t("question.general")),
            Text(f"{t('question.aim', aim=aim)} {limited}"),
            Head(t("question.figures")),
            Facts(words.headline_table(m.appraisal, t)),
            Text(t("question.heat_per_euro_meaning"), muted=True),
            *(Text(t.said(note), muted=True) for note in m.appraisal.notes),
        ],
    )


def _limits(m: Matter) -> Iterator[str]:
    """Yield each limit of the study in words."""
    as_text: dict[str, Any] = {
        "budget_eur": words.money,
        "min_heat_mwh": words.heat,
        "min_share": words.percent,
    }
    for name, value in m.limits.items():
        if value and f"limit.{name}" in m.t:
            told = ", ".join(map(str, value)) if isinstance(value, list | tuple) else None
            yield m.t(f"limit.{name}", value=told or as_text.get(name, str)(value))


# Region and data --------------------------------------------------------------------------------


def region_section(m: Matter) -> Section:
    """Return what was read, and what was estimated."""
    t, frames, a = m.t, m.frames, m.appraisal
    streets = words.length(float(frames.streets.geometry.length.sum()))
    sites, zones = f"{len(frames.sites):,}", f"{len(frames.zones):,}"
    demand, peak = (
        float(frames.zones[column].sum()) for column in ("annual_demand_mwh", "peak_demand_kw")
    )
    crs = getattr(frames.zones.crs, "name", "")
    peak_mw = words.figure(peak / 1000)
    rows: list[list[Cell | str]] = [
        [t("region.sites"), sites, t("region.sites_assumed", count=f"{a.assumed_sites:,}")],
        [t("region.zones"), zones, t("region.demand", heat=words.heat(demand), peak=peak_mw)],
        [t("region.streets"), f"{len(frames.streets):,}", streets],
    ]
    return Section(
        "region",
        t("region.title"),
        [
            Text(t("region.intro", sites=sites, zones=zones, streets=streets, crs=crs)),
            Grid([t("region.layer"), f"#{t('region.count')}", t("region.size")], rows),
            Head(t("region.estimated_title")),
            *_estimates(m),
            *_doubts(m),
            Text(t("region.repairs"), muted=True),
        ],
    )


def _estimates(m: Matter) -> Iterator[Block]:
    """Yield the ways in which zones were estimated, common ones first."""
    t, count = m.t, m.estimated_zones
    if not count:
        yield Text(t("region.nothing_estimated"))
        return
    yield Text(t("region.estimated", count=f"{count:,}", zones=f"{len(m.frames.zones):,}"))
    ways: Counter[str] = Counter()
    for text in m.frames.zones["estimated"]:
        bare = re.sub(r"\s*\([^()]*\)", "", text)
        ways.update({way.strip() for way in bare.split(";") if way.strip()})
    common = sorted(ways.items(), key=lambda item: (-item[1], item[0]))[:8]
    yield Grid(
        [t("region.how"), f"#{t('region.zones_count')}"],
        [[words.sentence(t.said(way)), f"{number:,}"] for way, number in common],
    )


def _doubts(m: Matter) -> Iterator[Block]:
    if m.doubts:
        yield Head(m.t("region.doubts"))
        yield Bullets([m.t.said(str(doubt)) for doubt in m.doubts])


# Alternatives -----------------------------------------------------------------------------------


def alternatives_section(m: Matter) -> Section:
    """Return the plans for other budgets, and what else could heat the zones."""
    t = m.t
    return Section(
        "alternatives",
        t("alternatives.title"),
        [Head(t("alternatives.frontier")), *_frontier(m), *_others(m)],
    )


def _frontier(m: Matter) -> Iterator[Block]:
    """Yield the frontier with its ceiling, where it was computed."""
    t, frontier, a = m.t, m.frontier, m.appraisal
    if frontier is None or not frontier.points:
        yield Text(t("alternatives.no_frontier"))
        return
    plan = None if a.is_empty else (a.capex_eur, a.heat_mwh)
    widest = gap_percent(frontier.widest)
    plans = f"{len(frontier.points):,}"
    yield Text(t("alternatives.frontier_words", plans=plans, widest=widest))
    yield Picture(
        frontier_chart(frontier, t, plan=plan),
        t("alternatives.frontier"),
        t("alternatives.frontier_note"),
    )
    shown = _spread(list(frontier.points))
    rows: list[tuple[float, list[Cell | str]]] = [
        (
            each.capex_eur,
            [
                words.money(each.capex_eur),
                words.heat(each.heat_mwh),
                words.figure(each.plan.heat_per_euro_kwh),
                words.heat(each.ceiling_mwh),
                gap_percent(each.distance),
                f"{len(each.plan.sites):,}",
                f"{len(each.plan.zones):,}",
            ],
        )
        for each in shown
    ]
    marked = None
    if plan is not None:
        ceiling = max(frontier.ceiling_at(a.capex_eur), a.heat_mwh)
        own: list[Cell | str] = [
            Cell(words.money(a.capex_eur), mark=t("alternatives.this_plan")),
            words.heat(a.heat_mwh),
            words.figure(a.heat_per_euro_kwh),
            words.heat(ceiling),
            gap_percent((ceiling - a.heat_mwh) / a.heat_mwh if a.heat_mwh > 0 else 0.0),
            f"{a.sites_chosen:,}",
            f"{a.zones_served:,}",
        ]
        rows = sorted([*rows, (a.capex_eur, own)], key=lambda row: row[0])
        marked = next(k for k, row in enumerate(rows) if row[1] is own)
    names = ("investment", "heat", "ratio", "most", "distance", "sites", "zones")
    yield Grid(
        [f"#{t(f'alternatives.{name}')}" for name in names], [row for _, row in rows], marked=marked
    )


def _spread(points: list[Any]) -> list[Any]:
    """Return at most so many points, spread over the investment, both ends in."""
    if len(points) <= MOST_POINTS:
        return points
    step = (len(points) - 1) / (MOST_POINTS - 1)
    return [points[round(k * step)] for k in range(MOST_POINTS)]


def _others(m: Matter) -> Iterator[Block]:
    """Yield what the consumers could have instead."""
    t, case = m.t, m.business
    if case is None or m.appraisal.is_empty:
        return
    yield Head(t("alternatives.others"))
    yield Text(t("alternatives.others_note"))
    rows = [
        (t("alternatives.network_cost"), case.company.levelised_cost_eur_per_mwh),
        (t("alternatives.network_price"), case.consumers.heat_price_eur_per_mwh),
        *(
            (t("alternatives.own", name=t.said(name)), cost)
            for name, cost in case.consumers.alternatives_eur_per_mwh.items()
        ),
    ]
    yield Grid(
        [t("alternatives.way"), f"#{t('alternatives.cost')}"],
        [[name, words.figure(cost)] for name, cost in rows],
    )
    tonnes = f"{words.figure(case.co2.baseline_t)} t"
    yield Text(t("alternatives.nothing", tonnes=tonnes, baseline=t.said(case.baseline.in_words)))
