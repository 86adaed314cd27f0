"""Write the sections of the report on money, sensitivities, CO2 and risks."""

from __future__ import annotations

from collections.abc import Iterator

from siting.appraisal import proof_words
from siting.business.tornado import Swing
from siting.outputs import words
from siting.outputs.economics import money_sections
from siting.outputs.labels import ENGLISH, Labels
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
from siting.outputs.report.charts import cash_flow_chart, co2_chart, tornado_chart, waterfall_chart
from siting.outputs.report.matter import Matter

__all__ = [
    "co2_section",
    "component_name",
    "figure_name",
    "money_section",
    "risk_section",
    "sensitivity_section",
]


def component_name(component: str, t: Labels = ENGLISH) -> str:
    """Return a component of the investment as people write it.

    Examples
    --------
    >>> component_name("heat_pump")
    'Heat pump'
    """
    return t.said(words.sentence(component.replace("_", " ")))


def money_section(m: Matter) -> Section:
    """Return investment, three viewpoints, running cost and cash flow."""
    t, a, case = m.t, m.appraisal, m.business
    blocks: list[Block] = [Head(t("money.investment"))]
    if a.capex_eur > 0:
        parts = {component_name(k, t): cost for k, cost in a.capex_by_component_eur.items()}
        note = t("money.investment_note")
        blocks.append(Picture(waterfall_chart(parts, t), t("money.investment"), note))
    else:
        blocks.append(Text(t("money.no_investment")))
    if case is None:
        blocks.append(Text(t("money.none")))
        return Section("money", t("money.title"), blocks)
    money = money_sections(case, t)
    blocks.append(Text(money.basis))
    for view in money.viewpoints:
        blocks += [Head(view.title), Facts(view.rows)]
        if view.note:
            blocks.append(Text(view.note, muted=True))
    blocks += [Head(t("money.cash_flow"))]
    blocks += [
        Picture(cash_flow_chart(case, t), t("money.cash_flow"), t("money.cash_flow_note")),
        Head(t("money.running")),
        Facts(money.running, total=True),
        Head(t("money.present_values")),
        Facts(money.present_values, total=True),
    ]
    return Section("money", t("money.title"), blocks)


# Sensitivities ----------------------------------------------------------------------------------


def figure_name(swing: Swing, m: Matter) -> str:
    """Return what a sensitivity is called."""
    key = f"figure.{swing.name}"
    return m.t(key) if key in m.t else component_name(swing.name, m.t)


def _unit(swing: Swing) -> str:
    return "" if swing.unit in {"-", "factor", "count"} else f" {swing.unit}"


def sensitivity_section(m: Matter) -> Section:
    """Return how the money moves with each uncertain figure."""
    t = m.t
    if m.sensitivities is None or not m.sensitivities[1]:
        return Section("sensitivity", t("sensitivity.title"), [Text(t("sensitivity.none"))])
    base, swings = m.sensitivities
    names = {each.name: f"{figure_name(each, m)}{_bracket(each)}" for each in swings}
    plan = t(
        "sensitivity.base",
        npv=words.signed_money(base.net_present_value_eur),
        lcoh=f"{words.figure(base.levelised_cost_eur_per_mwh)} EUR/MWh",
        ratio=f"{words.figure(base.heat_per_euro_kwh)} kWh/a per EUR",
    )
    heads = [
        t("sensitivity.figure"), f"#{t('sensitivity.usual')}", f"#{t('sensitivity.range')}",
        f"#{t('sensitivity.npv')}", f"#{t('sensitivity.lcoh')}", f"#{t('sensitivity.ratio')}",
    ]  # fmt: skip
    return Section(
        "sensitivity",
        t("sensitivity.title"),
        [
            Text(t("sensitivity.intro")),
            Text(plan),
            Picture(tornado_chart(base, swings, names, t), t("sensitivity.chart")),
            Grid(heads, [_swing_row(each, m) for each in swings], widths=(36, 13, 13, 13, 13, 12)),
            Text(t("sensitivity.note"), muted=True),
        ],
    )


def _bracket(swing: Swing) -> str:
    return f" [{swing.unit}]" if _unit(swing) else ""


def _swing_row(swing: Swing, m: Matter) -> list[Cell | str]:
    """Return what a figure does at both ends."""
    ends = (swing.at_low, swing.at_high)

    def pair(texts: list[str]) -> str:
        return " – ".join(text for text in texts if text != words.NOTHING) or words.NOTHING

    return [
        Cell(figure_name(swing, m), below=_swing_source(swing, m)),
        f"{words.figure(swing.usual)}{_unit(swing)}",
        pair([words.figure(each) for each in (swing.low, swing.high)]),
        pair([words.figure(e.net_present_value_eur / 1e6 if e else None) for e in ends]),
        pair([words.figure(e.levelised_cost_eur_per_mwh if e else None) for e in ends]),
        pair([words.figure(e.heat_per_euro_kwh if e else None) for e in ends]),
    ]


def _swing_source(swing: Swing, m: Matter) -> str:
    """Return where the range of a figure comes from, behind its mark."""
    mark, colon, words_of = swing.source.partition(": ")
    return f"{mark}{colon}{m.t.of_figure('source', swing.name, words_of)}"


# CO2 --------------------------------------------------------------------------------------------


def co2_section(m: Matter) -> Section | None:
    """Return what the plan does to emissions."""
    if m.business is None:
        return None
    t, money = m.t, money_sections(m.business, m.t)
    return Section(
        "co2",
        t("co2.title"),
        [
            Text(money.co2_basis),
            Picture(co2_chart(m.business, t), t("co2.chart")),
            Facts(money.co2),
        ],
    )


# Risks ------------------------------------------------------------------------------------------


def risk_section(m: Matter) -> Section:
    """Return what could make the plan worse, and what looks odd."""
    t = m.t
    rows = list(_risks(m))
    blocks: list[Block] = []
    if rows:
        blocks = [
            Text(t("risk.intro")),
            Grid([t("risk.risk"), t("risk.size")], rows, widths=(40, 60)),
        ]
    if m.findings:
        blocks += [Head(t("risk.plausibility")), Text(t("risk.odd"))]
        blocks.append(Bullets([t.said(str(finding)) for finding in m.findings]))
    elif m.business is not None:
        blocks += [Head(t("risk.plausibility")), Text(t("risk.plausible"))]
    return Section("risk", t("risk.title"), blocks)


def _risks(m: Matter) -> Iterator[list[Cell | str]]:
    """Yield each risk with its size."""
    t, a, case = m.t, m.appraisal, m.business
    if case is not None and not a.is_empty:
        money = {
            "value": words.signed_money(case.departure_value_eur),
            "stay": words.signed_money(case.company.net_present_value_eur),
        }
        year = t("risk.departure", year=case.departure_year_a)
        yield [year, t("risk.departure_value", **money)]
        share = words.percent(case.lasting_heat_share)
        yield [t("risk.lasting"), t("risk.lasting_value", share=share)]
    lost = a.further.get("largest_source_loss_share")
    missing = a.further.get("boiler_shortfall_n_minus_1_mw")
    if isinstance(lost, float):
        gone, lack = words.percent(lost), f"{words.figure(float(missing or 0))} MW"
        yield [t("risk.largest"), t("risk.largest_value", share=gone, missing=lack)]
    if a.chosen_assumed_sites:
        count = {"count": a.chosen_assumed_sites, "chosen": a.sites_chosen}
        yield [t("risk.sites"), t("risk.sites_value", **count)]
    if m.estimated_zones:
        zones = {"count": f"{m.estimated_zones:,}", "zones": f"{len(m.frames.zones):,}"}
        yield [t("risk.estimates"), t("risk.estimates_value", **zones)]
    if a.proof.gap > 0:
        yield [t("risk.proof"), t("risk.proof_value", proof=t.said(proof_words(a.proof)))]
    yield from _cheaper(m)


def _cheaper(m: Matter) -> Iterator[list[Cell | str]]:
    """Yield the alternatives that cost consumers less than the network's heat."""
    if m.business is None or m.appraisal.is_empty:
        return
    consumers, t = m.business.consumers, m.t
    price = consumers.heat_price_eur_per_mwh
    for name, cost in consumers.alternatives_eur_per_mwh.items():
        if cost < price:
            figures = [f"{words.figure(each)} EUR/MWh" for each in (cost, price)]
            told = t("risk.price_value", name=t.said(name), cost=figures[0], price=figures[1])
            yield [t("risk.price"), told]
