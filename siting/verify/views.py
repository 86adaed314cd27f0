"""Derive what company, consumers and society read from the books of a plan."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from siting.verify.books import Books

__all__ = ["company_figures", "consumer_figures", "society_figures"]

Year = Mapping[str, float]
CARBON_YEARS = (2025, 2030)
HALVINGS = 200


def company_figures(books: Books, years: Sequence[Year]) -> dict[str, Any]:
    """Return the figures of the company beside its net present value."""
    waste = [0.0, *(year["waste"] for year in years)]
    overhead = books.figures["overhead_eur_per_mwh"]
    running = [books.base_running(year) + overhead * year["waste"] for year in years]
    alone = _sum(books.base_spending(), [0.0, *running])
    grant = books.grant()
    left = books.plan.capex_eur - grant
    earned = [books.price * year["demand"] - books.running(year) for year in years]
    support = [grant, *books.yearly_support(years)]
    net = _sum([0.0, *earned], support, [-each for each in books.net_spending()])
    rate, verdict = _only_rate(net)
    paid = _payback(net, books.rate)
    heat = books.worth(waste)
    spent = books.worth(books.net_spending())
    found = {
        "discount_rate": books.rate,
        "horizon_a": books.horizon_a,
        "heat_price_eur_per_mwh": books.price,
        "levelised_cost_waste_heat_eur_per_mwh": (
            books.worth(alone) / heat if heat > 0 else math.nan
        ),
        "subsidy_eur": grant,
        "heat_per_euro_net_kwh": books.plan.heat_mwh * 1000 / left if left > 0 else math.nan,
        "life_cycle_heat_per_euro_kwh": _over(heat * 1000, spent),
        "lasting_heat_share": _lasting(books),
        "discounted_payback_a": paid,
        "discounted_payback_verdict": "never" if paid is None else "paid back",
    }
    if verdict is not None:  # several changes of sign: the verdict is not derived
        found |= {
            "internal_rate_of_return": rate,
            "internal_rate_of_return_verdict": verdict,
        }
    return found


def consumer_figures(books: Books, full: Year) -> dict[str, float]:
    """Return what the alternatives of consumers cost, and what they save against each."""
    value = books.figures
    gas = books.stated("consumer_gas_price_eur_per_mwh", "gas_price_eur_per_mwh")
    if not books.finance.get("gas_price_contains_carbon", True):
        gas += books.carbon_in_gas()
    power = books.stated("consumer_electricity_price_eur_per_mwh", "electricity_price_eur_per_mwh")
    energy = {
        "gas_boiler": gas / value["consumer_boiler_efficiency"],
        "air_heat_pump": power / value["consumer_heat_pump_cop"],
    }
    found = {}
    for name, cost, life in _bought_instead(books):
        demand = full["demand"]
        yearly = books.annuity(cost, life)
        price = energy[name] + yearly / demand if demand > 0 else math.nan
        found[f"consumer_{name}_eur_per_mwh"] = price
        saved = (price - books.price) * demand if demand > 0 else 0.0
        found[f"consumer_saving_against_{name}_eur_per_a"] = saved
    return found


def society_figures(
    books: Books, years: Sequence[Year], waste_heat_eur_per_a: float
) -> dict[str, float]:
    """Return the value to society; nothing where the cost of the baseline is not known.

    ``waste_heat_eur_per_a`` is what data centres are paid in a full year, which society moves from
    one pocket to the other [EUR/a].
    """
    value = books.figures
    rate = books.stated("social_discount_rate", "social_discount_rate")
    held = bool(books.finance.get("gas_price_contains_carbon", True))
    tax = books.carbon_in_gas() if held else 0.0
    replaced = _replaced(books, tax)
    if replaced is None:
        return {"social_discount_rate": rate}
    avoided, per_mwh = replaced
    # Fuel without tax: what the company pays for gas, less the carbon price in or on top of it.
    untaxed = value["gas_price_eur_per_mwh"] - max(value["gas_price_eur_per_mwh"] - tax, 0.0)
    untaxed += 0.0 if held else books.carbon_in_gas()
    costs = [
        books.running(year)
        - untaxed * year["gas"]
        - waste_heat_eur_per_a * year["load"]
        - per_mwh * year["demand"]
        for year in years
    ]
    spared = books.spending([avoided]) if avoided else [0.0] * (books.horizon_a + 1)
    plain = -books.worth(
        _sum(books.net_spending(), [0.0, *costs], [-each for each in spared]), rate
    )
    first = int(books.finance.get("first_year", 2026))
    carbon = [_carbon_price(books, first + t) for t in range(len(years))]
    saved = [
        p * books.saved(y, first + t)[0] for t, (p, y) in enumerate(zip(carbon, years, strict=True))
    ]
    return {
        "social_discount_rate": rate,
        "society_net_present_value_eur": plain + books.worth([0.0, *saved], rate),
        "society_net_present_value_without_carbon_eur": plain,
    }


def _replaced(books: Books, tax: float) -> tuple[tuple[float, float] | None, float] | None:
    """Return what consumers need not buy, cost [EUR] and life [a], and its energy [EUR/MWh]."""
    value, stated = books.figures, books.finance.get("baseline_cost_eur_per_mwh")
    kind = books.finance.get("baseline", "gas")
    boiler, pump = ((cost, life) for _, cost, life in _bought_instead(books))
    if stated is not None:
        return None, float(stated)
    if kind == "gas":
        price = books.stated("consumer_gas_price_eur_per_mwh", "gas_price_eur_per_mwh")
        return boiler, max(price - tax, 0.0) / value["consumer_boiler_efficiency"]
    if kind == "heat_pump":
        power = books.stated(
            "consumer_electricity_price_eur_per_mwh", "electricity_price_eur_per_mwh"
        )
        return pump, power / value["consumer_heat_pump_cop"]
    return None


def _bought_instead(books: Books) -> list[tuple[str, float, float]]:
    """Return what consumers would buy: name, cost [EUR], life [a]."""
    value, peak_kw = books.figures, 1000 * books.peak_mw
    return [
        (
            "gas_boiler",
            peak_kw * value["consumer_boiler_capex_eur_per_kw"],
            value["gas_boiler_lifetime_a"],
        ),
        (
            "air_heat_pump",
            peak_kw * value["consumer_heat_pump_capex_eur_per_kw"],
            value["heat_pump_lifetime_a"],
        ),
    ]


def _carbon_price(books: Books, calendar: int) -> float:
    """Return the worth of a tonne of CO2 in a calendar year [EUR/t]."""
    early, late = (books.figures[f"carbon_price_{year}_eur_per_t"] for year in CARBON_YEARS)
    way = (calendar - CARBON_YEARS[0]) / (CARBON_YEARS[1] - CARBON_YEARS[0])
    return early + min(max(way, 0.0), 1.0) * (late - early)


def _lasting(books: Books) -> float:
    """Return the share of discounted heat that is expected when a source may leave any year."""
    stays, years = 1 - books.figures["departure_hazard"], range(1, books.horizon_a + 1)
    whole = math.fsum((1 + books.rate) ** -t for t in years)
    return math.fsum((stays / (1 + books.rate)) ** t for t in years) / whole


def _only_rate(net: Sequence[float]) -> tuple[float | None, str | None]:
    """Return the one rate at which amounts are worth nothing, by halving; and the verdict."""
    signs = [each > 0 for each in net if each != 0]
    changes = sum(a != b for a, b in pairwise(signs))
    if changes != 1:
        return None, "none" if changes == 0 else None

    def worth(factor: float) -> float:
        return math.fsum(each * factor**t for t, each in enumerate(net))

    low, high = 0.0, 1.0
    while (worth(high) > 0) == (worth(low) > 0) and high < 1e9:
        high *= 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if (worth(middle) > 0) == (worth(low) > 0):
            low = middle
        else:
            high = middle
    return 1 / high - 1, "unique"


def _payback(net: Sequence[float], rate: float) -> float | None:
    """Return when discounted amounts have paid back, evenly within a year; None for never."""
    total = 0.0
    for year, each in enumerate(net):
        worth = each * (1 + rate) ** -year
        if total + worth >= 0:
            if year == 0:
                return 0.0
            share = -total / worth
            if rate == 0:
                return year - 1 + share
            early, late = (1 + rate) ** (1 - year), (1 + rate) ** -year
            return -math.log(early + share * (late - early)) / math.log(1 + rate)
        total += worth
    return None


def _sum(*flows: Sequence[float]) -> list[float]:
    """Return amounts added up year by year."""
    return [math.fsum(each) for each in zip(*flows, strict=True)]


def _over(part: float, whole: float) -> float:
    """Return a ratio; nothing of nothing, and without end where nothing is spent."""
    if part <= 0:
        return 0.0
    return part / whole if whole > 0 else math.inf
