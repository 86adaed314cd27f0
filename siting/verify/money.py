"""Derive money and CO2 of a plan again from problem, plan and settings, year by year."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siting.errors import SitingError
from siting.plan import Plan
from siting.problem import Problem
from siting.verify.books import Books
from siting.verify.ledger import Ledger
from siting.verify.tables import derived_kpis
from siting.verify.views import company_figures, consumer_figures, society_figures

__all__ = ["check_money", "derived_money", "figures_left"]


def check_money(
    path: Path, problem: Problem, plan: Plan, settings: Mapping[str, Any]
) -> list[str] | None:
    """Return disagreements between the money and CO2 of ``kpis.json`` and a plan.

    Parameters
    ----------
    path
        The file of key figures.
    problem, plan
        The problem, and the plan that has been verified against it.
    settings
        The study's settings as the manifest holds them.

    Returns
    -------
    One sentence for each disagreement; ``None`` where the run judged no money.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []  # said where the other figures are compared
    if "finance" not in settings:
        return None
    try:
        income = told.get("operator_waste_heat_income_eur_per_a")
        paid = float(income) if isinstance(income, int | float) else math.nan
        derived = derived_money(problem, plan, settings, waste_heat_eur_per_a=paid)
    except SitingError as error:
        return [f"{path.name}: the parameters of the run cannot be read again: {error}"]
    ledger = Ledger()
    for name, figure in derived.items():
        if name not in told:
            ledger.say(f"{path.name}: '{name}' is missing; derived: {figure!r}.")
            continue
        if not isinstance(figure, int | float):
            ledger.same(path.name, name, told[name], figure)
            continue
        finite = figure if math.isfinite(figure) else None
        # A present value is a small rest of large sums.
        floor = max(1.0, plan.capex_eur) if name.endswith("_eur") else 1e-3
        ledger.agree(path.name, name, told[name], finite, floor=floor)
    return ledger.found


def figures_left(
    path: Path, problem: Problem, plan: Plan, settings: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the names of the numbers in ``kpis.json`` that are not derived again."""
    told = json.loads(path.read_text(encoding="utf-8"))
    derived = derived_money(problem, plan, settings, waste_heat_eur_per_a=0.0)
    known = {*derived, *derived_kpis(problem, plan)}
    numbers = {name for name, each in told.items() if isinstance(each, int | float)}
    return tuple(sorted(numbers - known))


def derived_money(
    problem: Problem,
    plan: Plan,
    settings: Mapping[str, Any],
    *,
    waste_heat_eur_per_a: float = math.nan,
) -> dict[str, Any]:
    """Return money and CO2 of a plan by the names of the key figures.

    ``waste_heat_eur_per_a``, what data centres are paid in a full year [EUR/a], is no part of the
    problem; without it the value to society is not derived.
    """
    books = Books.of(problem, plan, settings)
    years = [books.year(t) for t in range(1, books.horizon_a + 1)]
    full = books.heat(1.0, 1.0)
    found = {
        "peak_boiler_heat_mwh": full["peak"],
        "gas_mwh": full["gas"],
        "boiler_electricity_mwh": full["boilers"],
        "charged_pumping_electricity_mwh": full["pumping"],
        "running_cost_eur_per_a": books.running(full),
        **_company(books, years, full),
        **company_figures(books, years),
        **consumer_figures(books, full),
    }
    if math.isfinite(waste_heat_eur_per_a):
        found |= society_figures(books, years, waste_heat_eur_per_a)
    return found | _co2(books, years, full, found)


def _company(
    books: Books, years: list[dict[str, float]], full: Mapping[str, float]
) -> dict[str, float]:
    """Return value and cost of heat, as planned and when all data centres leave."""
    sold = books.worth([0.0, *(year["demand"] for year in years)])
    cost = books.capital() + books.worth([0.0, *map(books.running, years)])
    support = books.support(years)
    value = books.price * sold + support - cost
    last = books.figures["departure_year_a"]
    stressed = [books.year(t, left=t > last) for t in range(1, books.horizon_a + 1)]
    dearer = books.capital() + books.worth([0.0, *map(books.running, stressed)])
    yearly = books.annuities() + books.running(full)
    return {
        "net_present_value_eur": value,
        "departure_year_a": last,
        "net_present_value_departure_eur": (books.price * sold + books.support(stressed) - dearer),
        "viability_gap_eur": max(-value, 0.0),
        "levelised_cost_eur_per_mwh": cost / sold if sold > 0 else math.nan,
        "levelised_cost_by_annuities_eur_per_mwh": (
            yearly / full["demand"] if full["demand"] > 0 else math.nan
        ),
        "break_even_heat_price_eur_per_mwh": (cost - support) / sold if sold > 0 else math.nan,
    }


def _co2(
    books: Books,
    years: list[dict[str, float]],
    full: Mapping[str, float],
    found: Mapping[str, Any],
) -> dict[str, float]:
    """Return CO2 of a full year and of all years, and what a tonne saved costs."""
    first = int(books.finance.get("first_year", 2026))
    gross, net = books.saved(full, first)
    before, after = books.emitted(full, first)
    saved = [books.saved(year, first + t) for t, year in enumerate(years)]
    over_years = math.fsum(each[1] for each in saved)
    other = {"gas": "gas_boiler", "heat_pump": "air_heat_pump"}.get(
        books.finance.get("baseline", "gas"), ""
    )
    dearer = found["levelised_cost_eur_per_mwh"] - found.get(
        f"consumer_{other}_eur_per_mwh", math.nan
    )
    heat = math.fsum(year["demand"] for year in years)
    return {
        "co2_baseline_t_per_a": before,
        "co2_project_t_per_a": after,
        "co2_net_saving_t_per_a": net,
        "co2_gross_saving_t_per_a": gross,
        "co2_net_saving_horizon_t": over_years,
        "co2_gross_saving_horizon_t": math.fsum(each[0] for each in saved),
        "co2_abatement_cost_eur_per_t": (
            dearer * heat / over_years if over_years > 0 else math.nan
        ),
    }
