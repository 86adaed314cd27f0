"""Write the last sections of the report: method, next steps, assumptions, remarks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from siting.appraisal import gap_percent, proof_words
from siting.finance.measures import PRICE_INDEX
from siting.outputs import words
from siting.outputs.assumption import Assumption
from siting.outputs.report.blocks import Bullets, Cell, Grid, Section, Text
from siting.outputs.report.matter import Matter

__all__ = ["assumptions_annex", "method_section", "next_section", "remarks_annex"]

UNITS = {
    "heat_per_euro": "kWh/a per EUR",
    "max_heat": "MWh/a",
    "capex": "EUR",
    "net_value": "EUR",
}
MOST_NAMES = 5


def method_section(m: Matter) -> Section:
    """Return how the plan was found, and how good it is proven to be."""
    t = m.t
    rows: list[list[Cell | str]] = [[label, value] for label, value in _proof(m)]
    return Section(
        "method",
        t("method.title"),
        [
            Text(t("method.how")),
            Grid([t("method.wanted"), f"#{rows[0][1]}"], rows[1:]),
            Text(t("method.not_inputs")),
        ],
    )


def _proof(m: Matter) -> Iterator[tuple[str, str]]:
    """Yield label and text of what is proven."""
    t, proof = m.t, m.plan.proof
    unit = UNITS.get(proof.objective, "")
    key = f"question.{proof.objective}"
    yield t("method.wanted"), words.sentence(t(key)) if key in t else proof.objective
    yield t("method.status"), t.said(proof.status.value)
    yield t("method.value"), _with_unit(proof.incumbent, unit)
    if proof.price_mwh_per_eur is not None:
        price = _with_unit(proof.price_mwh_per_eur * 1000, "kWh/a per EUR")
        yield t("method.price"), price
    yield t("method.bound"), _with_unit(proof.bound, unit)
    gap = gap_percent(proof.gap) if math.isfinite(proof.gap) else t("method.unknown")
    yield t("method.gap"), gap
    yield t("method.gap_wanted"), gap_percent(proof.gap_wanted)
    yield t("method.solver"), proof.solver
    yield t("method.time"), f"{words.figure(proof.seconds)} s"


def _with_unit(value: float | None, unit: str) -> str:
    return words.NOTHING if value is None else f"{words.figure(value, 5)} {unit}".rstrip()


# Next steps -------------------------------------------------------------------------------------


def next_section(m: Matter) -> Section:
    """Return what to do next, as far as the plan itself tells."""
    return Section(
        "next",
        m.t("next.title"),
        [Text(m.t("next.intro")), Bullets(list(_steps(m)), ordered=True)],
    )


def _steps(m: Matter) -> Iterator[str]:
    """Yield each step."""
    t, a, case = m.t, m.appraisal, m.business
    if a.is_empty:
        yield t("next.nothing")
    else:
        yield from _steps_of_a_plan(m)
    if not a.is_proven:
        yield t("next.search", proof=t.said(proof_words(a.proof)))
    if m.doubts:
        yield t("next.doubts", count=len(m.doubts))
    if m.findings:
        yield t("next.odd", count=len(m.findings))
    if case is None or a.is_empty:
        return
    if case.company.viability_gap_eur > 0:
        yield t("next.grant", gap=words.money(case.company.viability_gap_eur))
    if not math.isnan(case.company.break_even_heat_price_eur_per_mwh):
        price = words.figure(case.company.break_even_heat_price_eur_per_mwh)
        yield t("next.price", price=f"{price} EUR/MWh")
    loss = case.company.net_present_value_eur - case.departure_value_eur
    if loss > 0:
        yield t("next.departure", loss=words.money(loss))
    yield t("next.permits")


def _steps_of_a_plan(m: Matter) -> Iterator[str]:
    """Yield the steps that firm up what the plan rests on."""
    t, a = m.t, m.appraisal
    names = [str(site["name"]) for site in m.chosen]
    sites = ", ".join(names[:MOST_NAMES]) + (" …" if len(names) > MOST_NAMES else "")
    if a.chosen_assumed_sites:
        yield t("next.operators", sites=sites, count=a.chosen_assumed_sites)
    else:
        yield t("next.operators_known", sites=sites)
    zones = m.frames.zones[m.frames.zones["served"].astype(bool)]
    largest = zones.nlargest(3, "heat_mwh")
    if a.heat_mwh > 0:
        share = words.percent(float(largest["heat_mwh"].sum()) / a.heat_mwh)
        yield t("next.largest", zones=", ".join(map(str, largest["name"])), share=share)
    estimated = int((zones["estimated"] != "").sum())
    if estimated:
        yield t("next.estimated", count=f"{estimated:,}")
    yield t("next.simulate")
    if a.trench_length_m > 0:
        yield t("next.streets", length=words.length(a.trench_length_m))


# Annexes ----------------------------------------------------------------------------------------


def assumptions_annex(m: Matter) -> Section | None:
    """Return every figure that the plan rests on, those of the study first."""
    if not m.parameters:
        return None
    t = m.t
    heads = ("assumption", "#value", "unit", "range", "source", "mark", "price_year")
    return Section(
        "assumptions",
        t("assumptions.title"),
        [
            Text(t("assumptions.intro", prices=_price_words(m))),
            Grid(
                [
                    ("#" if head[0] == "#" else "") + t(f"assumptions.{head.removeprefix('#')}")
                    for head in heads
                ],
                [_assumption_row(each, m) for each in sorted(m.parameters, key=_by_origin)],
                widths=(32, 10, 12, 11, 21, 7, 7),
            ),
        ],
        annex=True,
    )


def _by_origin(each: Assumption) -> int:
    """Return a key that sorts figures of the study first, then those of a country."""
    return 0 if each.overridden else 1 if each.preset else 2


def _price_words(m: Matter) -> str:
    """Return how many prices are in money of which year, and that none is converted."""
    years = Counter(each.price_year for each in m.parameters if each.price_year is not None)
    if not years:
        return ""
    index = "; ".join(
        m.t("assumptions.index", from_year=a, factor=f"{factor:g}", to_year=b)
        for (a, b), factor in PRICE_INDEX.items()
    )
    told = ", ".join(f"{year} ({count})" for year, count in sorted(years.items()))
    return m.t("assumptions.prices", years=told, index=index)


def _assumption_row(each: Assumption, m: Matter) -> list[Cell | str]:
    mark = ""
    if each.overridden:
        mark = m.t("assumptions.by_study")
    elif each.preset:
        mark = m.t("assumptions.by_preset", country=each.preset)
    value = each.value
    usual = ""
    if each.low is not None and each.high is not None:
        usual = f"{words.figure(each.low, 4)}–{words.figure(each.high, 4)}"
    return [
        Cell(_description(each, m), below=each.name, mark=mark),
        m.t.said(value) if isinstance(value, str) else words.figure(value, 4),
        _unit(each.unit, m),
        usual,
        m.t.of_figure("source", each.name, each.source),
        each.mark,
        str(each.price_year or ""),
    ]


def _description(each: Assumption, m: Matter) -> str:
    """Return what a figure is, in the language of the report."""
    return m.t.of_figure("parameter", each.name, each.description) or each.name


def _unit(unit: str, m: Matter) -> str:
    """Return a unit as people write it; a ratio or number has none."""
    if unit in {"-", "count"}:
        return ""
    counted = unit.removesuffix("/count")
    return m.t("assumptions.each", unit=counted) if counted != unit else unit


def remarks_annex(m: Matter) -> Section:
    """Return what was repaired, estimated or dropped in the layers."""
    t = m.t
    heads = ("layer", "what", "#features", "#length", "detail")
    rows: list[list[Cell | str]] = [
        [
            t.said(each.layer),
            each.act,
            f"{each.count:,}" if each.count else "",
            words.figure(each.length_m) if each.length_m else "",
            each.detail,
        ]
        for each in m.remarks
    ]
    names = [("#" if h[0] == "#" else "") + t(f"remarks.{h.removeprefix('#')}") for h in heads]
    table = Grid(names, rows, widths=(11, 33, 10, 9, 37)) if rows else Text(t("remarks.none"))
    return Section("remarks", t("remarks.title"), [table], annex=True)
