"""Write a plan's money and CO2 as rows of label and text, for the report."""

from __future__ import annotations

import math
from dataclasses import dataclass

from siting.business import BusinessCase
from siting.emissions import sum_over_years
from siting.finance.measures import present_value
from siting.outputs import words
from siting.outputs.labels import ENGLISH, Labels

__all__ = ["MoneySections", "View", "money_sections"]

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class View:
    """One viewpoint: title, rows of label and text, and a note."""

    title: str
    rows: Rows
    note: str = ""


@dataclass(frozen=True)
class MoneySections:
    """Everything that the report says about money and CO2."""

    basis: str
    viewpoints: list[View]
    running: Rows
    present_values: Rows
    co2_basis: str
    co2: Rows


def money_sections(case: BusinessCase, t: Labels = ENGLISH) -> MoneySections:
    """Return what the report says about the money and CO2 of a plan."""
    return MoneySections(
        basis=t("money.basis", years=case.horizon_a, prices=t.said(case.price_words)),
        viewpoints=[_company(case, t), _consumers(case, t), _society(case, t)],
        running=_running(case, t),
        present_values=_present_values(case, t),
        co2_basis=t(
            "co2.basis",
            baseline=t.said(case.baseline.in_words),
            electricity=t.said(case.electricity.in_words),
        ),
        co2=_co2(case, t),
    )


def _company(case: BusinessCase, t: Labels) -> View:
    company = case.company
    rows = [
        (t("money.discount_rate"), words.percent(case.discount_rate)),
        (t("money.heat_price"), _price(case.consumers.heat_price_eur_per_mwh)),
        (t("money.npv"), words.signed_money(company.net_present_value_eur)),
        (
            t("money.npv_departure", year=case.departure_year_a),
            words.signed_money(case.departure_value_eur),
        ),
        (t("money.lasting"), words.percent(case.lasting_heat_share)),
        (t("money.irr"), t.said(str(company.irr))),
        (t("money.payback"), t.said(str(company.payback))),
        (t("money.lcoh"), _price(company.levelised_cost_eur_per_mwh)),
        (t("money.lcoh_annuities"), _price(case.cost_by_annuities_eur_per_mwh)),
        (t("money.lcoh_waste"), _price(company.waste_heat_cost_eur_per_mwh)),
        (t("money.break_even"), _price(company.break_even_heat_price_eur_per_mwh)),
        (t("money.grant"), words.signed_money(company.subsidy_eur)),
        (t("money.gap"), words.signed_money(company.viability_gap_eur)),
        (t("money.heat_per_euro_net"), _ratio(company.heat_per_euro_net_kwh, "kWh/a per EUR")),
        (
            t("money.heat_per_euro_life"),
            _ratio(company.life_cycle_heat_per_euro_kwh, t("money.discounted")),
        ),
    ]
    note = t("money.irr_note") if company.irr.verdict == "not unique" else ""
    return View(t("money.company"), rows, note)


def _consumers(case: BusinessCase, t: Labels) -> View:
    consumers = case.consumers
    rows = [(t("money.network_heat"), _price(consumers.heat_price_eur_per_mwh))]
    for name, cost in consumers.alternatives_eur_per_mwh.items():
        saving = words.signed_money(consumers.saving_eur[name])
        rows.append((t("money.own", name=t.said(name)), _price(cost)))
        rows.append((t("money.saving", name=t.said(name)), t("money.a_year", money=saving)))
    return View(t("money.consumers"), rows, t("money.consumers_note"))


def _society(case: BusinessCase, t: Labels) -> View:
    rows = [(t("money.discount_rate"), words.percent(case.social_discount_rate))]
    if case.society is not None:
        rows += [
            (t("money.npv"), words.signed_money(case.society.net_present_value_eur)),
            (t("money.npv_without_carbon"), words.signed_money(case.society.without_carbon_eur)),
        ]
    return View(t("money.society"), rows, t.said(case.society_words))


def _running(case: BusinessCase, t: Labels) -> Rows:
    """Return running cost by line, large to small, and their sum."""
    lines = sorted(case.running_eur.items(), key=lambda line: -line[1])
    rows = [(_line_name(name, t), words.signed_money(cost)) for name, cost in lines if cost != 0]
    return [*rows, (t("money.all"), words.signed_money(math.fsum(case.running_eur.values())))]


def _present_values(case: BusinessCase, t: Labels) -> Rows:
    """Return what the company's net present value is the sum of, gains first, and that sum."""
    lines = {
        name: present_value(line, case.discount_rate) for name, line in case.flow.lines.items()
    }
    rows = [
        (_line_name(name, t), words.signed_money(lines[name]))
        for name in sorted(lines, key=lambda n: -lines[n])
        if lines[name] != 0
    ]
    return [*rows, (t("money.npv"), words.signed_money(case.company.net_present_value_eur))]


def _line_name(name: str, t: Labels) -> str:
    return t.said(words.sentence(name.replace("_om", " upkeep").replace("_", " ")))


def _co2(case: BusinessCase, t: Labels) -> Rows:
    year, years = case.co2, case.co2_years
    gross, net = (f"{words.figure(sum_over_years(years, each))} t" for each in ("gross_t", "net_t"))
    return [
        (t("co2.without"), _tonnes(year.baseline_t)),
        (t("co2.fuel"), _tonnes(year.fuel_t)),
        (t("co2.electricity"), _tonnes(year.electricity_t)),
        (t("co2.gross"), _tonnes(year.gross_t)),
        (t("co2.net"), _tonnes(year.net_t)),
        (t("co2.gross_years", years=case.horizon_a), gross),
        (t("co2.net_years", years=case.horizon_a), net),
        (t("co2.cost"), _ratio(case.abatement_cost_eur_per_t, "EUR/t")),
        (t("co2.gas"), words.heat(case.energy.gas_mwh)),
        (t("co2.pumps"), words.heat(case.energy.electricity_mwh)),
        (t("co2.pumping"), words.heat(case.energy.pumping_mwh)),
        *_other_electricity(case, t),
    ]


def _other_electricity(case: BusinessCase, t: Labels) -> Rows:
    """Return the electricity of boilers and boosters, where there are any."""
    energy = case.energy
    rows = [
        (t("co2.boilers"), energy.boiler_electricity_mwh),
        (t("co2.boosters"), energy.booster_mwh),
    ]
    return [(name, words.heat(mwh)) for name, mwh in rows if mwh > 0]


def _tonnes(value: float) -> str:
    return f"{words.figure(value)} t/a"


def _price(value: float) -> str:
    return words.NOTHING if math.isnan(value) else f"{words.figure(value)} EUR/MWh"


def _ratio(value: float, unit: str) -> str:
    return words.NOTHING if math.isnan(value) else f"{words.figure(value)} {unit}"
