"""Fill the waste-heat cost-benefit analysis of the EU from a plan, and name what is missing.

What the analysis has to show follows Article 26(7)(d) and Annex XI of Directive (EU) 2023/1791
(known law text, K); Commission Recommendation (EU) 2024/2395 gives guidance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from siting.emissions import sum_over_years
from siting.outputs import words
from siting.outputs.report.blocks import Block, Bullets, Cell, Grid, Head, Section, Text
from siting.outputs.report.judgement import figure_name
from siting.outputs.report.matter import Matter

__all__ = ["Item", "eu_annex", "eu_items"]


@dataclass(frozen=True)
class Item:
    """One thing that the analysis has to show.

    Parameters
    ----------
    key
        What is asked, by its text in the catalogue.
    value
        What the plan says to it; empty where it says nothing.
    gap
        What is still missing; empty where nothing is.
    """

    key: str
    value: str
    gap: str = ""

    @property
    def state(self) -> str:
        """Whether it is ``given``, given in ``part``, or ``missing``."""
        if not self.value:
            return "missing"
        return "part" if self.gap else "given"


def eu_annex(m: Matter) -> Section:
    """Return the annex: each item with its state, then what a filing still needs."""
    t = m.t
    items = list(eu_items(m))
    rows: list[list[Cell | str]] = [
        [t(f"eu.{each.key}"), each.value or words.NOTHING, t(f"eu.{each.state}")] for each in items
    ]
    gaps = list(dict.fromkeys([each.gap for each in items if each.gap] + [t("eu.rules_gap")]))
    blocks: list[Block] = [
        Text(t("eu.intro")),
        Grid([t("eu.asked"), t("eu.here"), t("eu.state")], rows, widths=(27, 63, 10)),
        Head(t("eu.missing_title")),
        Bullets(gaps),
    ]
    return Section("eu", t("eu.title"), blocks, annex=True)


def eu_items(m: Matter) -> Iterator[Item]:
    """Yield what the analysis has to show, filled from a plan."""
    yield from _installations(m)
    yield from _boundary(m)
    yield from _techniques(m)
    yield from _money(m)
    yield from _more(m)


def _installations(m: Matter) -> Iterator[Item]:
    """Yield the data centres, and what they are compared with."""
    t, a, sites = m.t, m.appraisal, m.chosen or m.rejected
    scope = "; ".join(_rated(site, m) for site in sites)
    names = ", ".join(str(site["name"]) for site in sites)
    yield Item("scope", scope, t("eu.scope_gap", sites=names) if names else "")
    told = "; ".join(_installation(site, m) for site in sites)
    yield Item("installation", told, t("eu.installation_gap"))
    if a.is_empty:
        yield Item("comparison", "", t("next.nothing"))
        return
    figures = {"capacity": words.figure(a.site_capacity_mw), "heat": words.heat(a.heat_mwh)}
    yield Item("comparison", t("eu.comparison_value", sites=names, **figures))


def _rated(site: dict[str, Any], m: Matter) -> str:
    """Return the rated energy input of a data centre, IT load times PUE."""
    load, pue = float(site["it_load_mw"]), float(site["pue"])
    name = str(site["name"])
    if math.isnan(load) or math.isnan(pue):
        known = not math.isnan(load)
        load_words = f"{name}: {words.figure(load)} MW IT" if known else ""
        return load_words or m.t("eu.scope_unknown", name=name)
    figures = {"rated": words.figure(load * pue), "load": words.figure(load)}
    return m.t("eu.scope_site", name=name, pue=words.figure(pue), **figures)


def _installation(site: dict[str, Any], m: Matter) -> str:
    """Return capacity, energy and heat of a data centre."""
    taken, erf = float(site["source_heat_mwh"]), float(site["erf"])
    energy = words.heat(taken / erf) if erf > 0 else words.NOTHING
    return m.t(
        "eu.installation_site",
        name=site["name"],
        load=words.figure(float(site["it_load_mw"])),
        energy=energy,
        taken=words.NOTHING if math.isnan(taken) else words.heat(taken),
        option=site["option"] or site["reason"],
    )


def _boundary(m: Matter) -> Iterator[Item]:
    """Yield the boundary, the demand points in it, and how they are heated."""
    t, a, frames = m.t, m.appraisal, m.frames
    yield Item(
        "boundary",
        t(
            "eu.boundary_value",
            zones=f"{len(frames.zones):,}",
            demand=words.heat(float(frames.zones["annual_demand_mwh"].sum())),
            streets=words.length(float(frames.streets.geometry.length.sum())),
            served=f"{a.zones_served:,}",
            served_demand=words.heat(a.served_demand_mwh),
        ),
    )
    left = f"{len(frames.zones) - a.zones_served:,}"
    path = a.further.get("worst_path_m")
    known = isinstance(path, int | float) and path > 0
    value = (
        t("eu.demand_value", left=left, path=f"{path:,.0f}")
        if known
        else t("eu.demand_value_no_path", left=left)
    )
    yield Item("demand", value, t("eu.demand_gap"))
    baseline = t.said(m.business.baseline.in_words) if m.business is not None else ""
    yield Item(
        "present", t("eu.present_value", baseline=baseline) if baseline else "", t("eu.present_gap")
    )


def _techniques(m: Matter) -> Iterator[Item]:
    """Yield how the heat could be used."""
    t = m.t
    options = ", ".join(sorted({str(site["option"]) for site in m.chosen})) or words.NOTHING
    value = t("eu.technologies_value", options=options)
    yield Item("technologies", value, t("eu.technologies_gap"))


def _money(m: Matter) -> Iterator[Item]:
    """Yield costs in both cases, both analyses and their result."""
    t, a, case = m.t, m.appraisal, m.business
    if case is None or a.is_empty:
        for key in ("costs", "financial", "economic", "result"):
            yield Item(key, "", t("eu.money_gap") if case is None else t("next.nothing"))
        return
    company, society = case.company, case.society
    others = "; ".join(
        f"{t.said(name)} {words.figure(cost)} EUR/MWh"
        for name, cost in case.consumers.alternatives_eur_per_mwh.items()
    )
    cost = f"{words.figure(company.levelised_cost_eur_per_mwh)} EUR/MWh"
    capex = words.money(a.capex_eur)
    yield Item("costs", t("eu.costs_value", plan=cost, capex=capex, others=others))
    yield Item(
        "financial",
        t(
            "eu.financial_value",
            npv=words.signed_money(company.net_present_value_eur),
            irr=t.said(str(company.irr)),
            payback=t.said(str(company.payback)),
            rate=words.percent(case.discount_rate),
            years=case.horizon_a,
        ),
    )
    if society is None:
        yield Item("economic", "", t("eu.economic_gap", why=t.said(case.society_words)))
    else:
        yield Item(
            "economic",
            t(
                "eu.economic_value",
                npv=words.signed_money(society.net_present_value_eur),
                without=words.signed_money(society.without_carbon_eur),
                rate=words.percent(case.social_discount_rate),
                years=case.horizon_a,
                basis=t.said(case.society_words),
            ),
        )
    results = [_result(company.net_present_value_eur, t("eu.to_company"), m)]
    if society is not None:
        results.append(_result(society.net_present_value_eur, t("eu.to_society"), m))
    gap = "" if society is not None else t("eu.economic_gap", why=t.said(case.society_words))
    yield Item("result", " ".join(results), gap)


def _result(value: float, who: str, m: Matter) -> str:
    """Return whether benefits exceed costs."""
    key = "eu.result_positive" if value >= 0 else "eu.result_negative"
    return m.t(key, who=who, value=words.money(abs(value)))


def _more(m: Matter) -> Iterator[Item]:
    """Yield sensitivity and CO2."""
    t, case = m.t, m.business
    value = ""
    if m.sensitivities is not None and m.sensitivities[1]:
        swings = m.sensitivities[1]
        name = figure_name(swings[0], m)
        value = t("eu.sensitivity_value", count=len(swings), name=name.lower())
    yield Item("sensitivity", value, "" if value else t("sensitivity.none"))
    if case is None:
        yield Item("environment", "", t("eu.money_gap"))
        return
    total = f"{words.figure(sum_over_years(case.co2_years, 'net_t'))} t"
    net = f"{words.figure(case.co2.net_t)} t/a"
    yield Item("environment", t("eu.environment_value", net=net, total=total, years=case.horizon_a))
