"""Write a plan's money and CO2 as rows of label and text, for the report."""

from __future__ import annotations

import math
from dataclasses import dataclass

from siting.business import BusinessCase
from siting.emissions import sum_over_years
from siting.finance.measures import present_value
from siting.outputs import words

__all__ = ["MoneySections", "Section", "money_sections"]

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """One viewpoint: title, rows of label and text, and a note."""

    title: str
    rows: Rows
    note: str = ""


@dataclass(frozen=True)
class MoneySections:
    """Everything that the report says about money and CO2."""

    basis: str
    viewpoints: list[Section]
    running: Rows
    present_values: Rows
    co2_basis: str
    co2: Rows


def money_sections(case: BusinessCase) -> MoneySections:
    """Return what the report says about the money and CO2 of a plan."""
    return MoneySections(
        basis=(
            f"Constant prices without value added tax over {case.horizon_a} years: the investment"
            " at the start, all else at the ends of the years, replacement when a life ends, and"
            " what is left at the end in a straight line. All heat of the zones served is sold,"
            f" that of peak boilers included. {case.price_words}"
        ),
        viewpoints=[_company(case), _consumers(case), _society(case)],
        running=_running(case),
        present_values=_present_values(case),
        co2_basis=(
            f"Replaced: {case.baseline.in_words}. Electricity: {case.electricity.in_words}. Waste"
            " heat itself has no CO2, as its electricity is used anyway. Gross counts fuel only,"
            " net also the electricity of the plan."
        ),
        co2=_co2(case),
    )


def _company(case: BusinessCase) -> Section:
    company = case.company
    rows = [
        ("Discount rate", words.percent(case.discount_rate)),
        ("Heat price", _price(case.consumers.heat_price_eur_per_mwh)),
        ("Net present value", _money(company.net_present_value_eur)),
        (
            f"The same if all data centres leave after year {case.departure_year_a}",
            _money(case.departure_value_eur),
        ),
        (
            "Expected share of heat, as data centres may leave",
            words.percent(case.lasting_heat_share),
        ),
        ("Internal rate of return", str(company.irr)),
        ("Discounted payback", str(company.payback)),
        ("Levelised cost of all heat", _price(company.levelised_cost_eur_per_mwh)),
        ("The same by annuities", _price(case.cost_by_annuities_eur_per_mwh)),
        ("Levelised cost of waste heat", _price(company.waste_heat_cost_eur_per_mwh)),
        ("Break-even heat price", _price(company.break_even_heat_price_eur_per_mwh)),
        ("Grant", _money(company.subsidy_eur)),
        ("Further grant needed to break even", _money(company.viability_gap_eur)),
        ("Heat per euro less grant", _ratio(company.heat_per_euro_net_kwh, "kWh/a per EUR")),
        (
            "Heat per euro over the life cycle",
            _ratio(company.life_cycle_heat_per_euro_kwh, "kWh per EUR, both discounted"),
        ),
    ]
    note = ""
    if company.irr.verdict == "not unique":
        note = (
            "The cash flow changes sign more than once, as parts are replaced, and more than one"
            " rate of return fits it."
        )
    return Section("Company", rows, note)


def _consumers(case: BusinessCase) -> Section:
    consumers = case.consumers
    rows = [("Heat of the network", _price(consumers.heat_price_eur_per_mwh))]
    for name, cost in consumers.alternatives_eur_per_mwh.items():
        rows.append((f"Own {name}", _price(cost)))
        rows.append((f"Saving against {name}", f"{_money(consumers.saving_eur[name])} a year"))
    return Section(
        "Consumers",
        rows,
        "Energy prices are those of large users unless the study gives those of consumers, so the"
        " alternatives may cost more than shown. Substations are the company's.",
    )


def _society(case: BusinessCase) -> Section:
    rows = [("Discount rate", words.percent(case.social_discount_rate))]
    if case.society is not None:
        rows += [
            ("Net present value", _money(case.society.net_present_value_eur)),
            ("The same without the worth of CO2", _money(case.society.without_carbon_eur)),
        ]
    return Section("Society", rows, case.society_words)


def _running(case: BusinessCase) -> Rows:
    """Return running cost by line, large to small, and their sum."""
    lines = sorted(case.running_eur.items(), key=lambda line: -line[1])
    rows = [(_line_name(name), _money(cost)) for name, cost in lines if cost != 0]
    return [*rows, ("All", _money(math.fsum(case.running_eur.values())))]


def _present_values(case: BusinessCase) -> Rows:
    """Return what the company's net present value is the sum of, gains first, and that sum."""
    lines = {
        name: present_value(line, case.discount_rate) for name, line in case.flow.lines.items()
    }
    rows = [
        (_line_name(name), _money(lines[name]))
        for name in sorted(lines, key=lambda n: -lines[n])
        if lines[name] != 0
    ]
    return [*rows, ("Net present value", _money(case.company.net_present_value_eur))]


def _line_name(name: str) -> str:
    return words.sentence(name.replace("_om", " upkeep").replace("_", " "))


def _co2(case: BusinessCase) -> Rows:
    year, years = case.co2, case.co2_years
    return [
        ("Without the plan", _tonnes(year.baseline_t)),
        ("Fuel of peak boilers", _tonnes(year.fuel_t)),
        ("Electricity of the plan", _tonnes(year.electricity_t)),
        ("Saved, gross", _tonnes(year.gross_t)),
        ("Saved, net", _tonnes(year.net_t)),
        (
            f"Saved in {case.horizon_a} years, gross",
            f"{words.figure(sum_over_years(years, 'gross_t'))} t",
        ),
        (
            f"Saved in {case.horizon_a} years, net",
            f"{words.figure(sum_over_years(years, 'net_t'))} t",
        ),
        ("Cost per tonne saved, net", _ratio(case.abatement_cost_eur_per_t, "EUR/t")),
        ("Gas of peak boilers, net calorific value", words.heat(case.energy.gas_mwh)),
        ("Electricity of heat pumps", words.heat(case.energy.electricity_mwh)),
        (
            "Electricity of network pumps, charged as a share of heat",
            words.heat(case.energy.pumping_mwh),
        ),
        *_other_electricity(case),
    ]


def _other_electricity(case: BusinessCase) -> Rows:
    """Return the electricity of boilers and boosters, where there are any."""
    energy = case.energy
    rows = [
        ("Electricity of peak boilers", energy.boiler_electricity_mwh),
        ("Electricity of boosters at dwellings", energy.booster_mwh),
    ]
    return [(name, words.heat(mwh)) for name, mwh in rows if mwh > 0]


def _tonnes(value: float) -> str:
    return f"{words.figure(value)} t/a"


def _price(value: float) -> str:
    return words.NOTHING if math.isnan(value) else f"{words.figure(value)} EUR/MWh"


def _ratio(value: float, unit: str) -> str:
    return words.NOTHING if math.isnan(value) else f"{words.figure(value)} {unit}"


def _money(value: float) -> str:
    return f"-{words.money(-value)}" if value < 0 else words.money(value)
