"""Write figures as people read them: rounded, with thousands separators and the unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from siting.appraisal import Appraisal, gap_percent, proof_words
from siting.outputs.labels import ENGLISH, Labels

__all__ = [
    "count_words",
    "figure",
    "headline_table",
    "heat",
    "homes",
    "homes_count",
    "length",
    "money",
    "percent",
    "proof_meaning",
    "ratio_words",
    "sentence",
    "signed_money",
    "site_size",
]

NOTHING = "–"
COUNT_UNITS = {"_gwh": "GWh/a", "_km": "km", "_mw": "MW"}


def count_words(name: str, value: float, t: Labels = ENGLISH) -> tuple[str, str]:
    """Return label and text of a figure of a check, its unit behind it.

    Examples
    --------
    >>> count_words("annual_demand_gwh", 406.1004), count_words("network_parts", 3)
    (('annual demand', '406.1 GWh/a'), ('network parts', '3'))
    """
    for ending, unit in COUNT_UNITS.items():
        if name.endswith(ending):
            label = name.removesuffix(ending).replace("_", " ")
            return t.said(label), f"{value:,.4g} {unit}"
    return t.said(name.replace("_", " ")), f"{value:,.0f}"


def figure(value: float | None, digits: int = 3) -> str:
    """Return a number with about so many significant digits and thousands separators.

    Examples
    --------
    >>> figure(1234567.0), figure(12.3456), figure(0.04567), figure(None)
    ('1,234,567', '12.3', '0.0457', '–')
    """
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "unlimited"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def heat(mwh: float) -> str:
    """Return annual heat in MWh or GWh.

    Examples
    --------
    >>> heat(41_234.0), heat(850.0)
    ('41.2 GWh/a', '850 MWh/a')
    """
    return f"{figure(mwh / 1000)} GWh/a" if abs(mwh) >= 1000 else f"{figure(mwh)} MWh/a"


def money(eur: float) -> str:
    """Return an amount in EUR, thousand EUR or million EUR.

    Examples
    --------
    >>> money(29_140_000.0), money(912_345.0), money(430.0)
    ('29.1 M EUR', '912,000 EUR', '430 EUR')
    """
    if abs(eur) >= 1e6:
        return f"{figure(eur / 1e6)} M EUR"
    return f"{round(eur, -3):,.0f} EUR" if abs(eur) >= 1e4 else f"{eur:,.0f} EUR"


def signed_money(eur: float) -> str:
    """Return an amount that may be below zero.

    Examples
    --------
    >>> signed_money(-29_140_000.0)
    '-29.1 M EUR'
    """
    return f"-{money(-eur)}" if eur < 0 else money(eur)


def length(metres: float) -> str:
    """Return a length in m or km.

    Examples
    --------
    >>> length(8_412.0), length(640.2)
    ('8.41 km', '640 m')
    """
    return f"{figure(metres / 1000)} km" if metres >= 1000 else f"{metres:,.0f} m"


def percent(share: float) -> str:
    """Return a share in per cent.

    Examples
    --------
    >>> percent(0.614), percent(0.0312)
    ('61 %', '3.1 %')
    """
    if math.isnan(share):
        return NOTHING
    if share == 0:
        return "0 %"
    return f"{share:.0%}".replace("%", " %") if share >= 0.1 else f"{share * 100:.1f} %"


def ratio_words(appraisal: Appraisal, t: Labels = ENGLISH) -> str:
    """Return heat per euro, or in words that there was nothing to invest."""
    value = appraisal.heat_per_euro_kwh
    if math.isinf(value):
        return t("headline.no_investment")
    return f"{figure(value)} kWh/a per EUR"


def sentence(text: str) -> str:
    """Return a text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def proof_meaning(appraisal: Appraisal, t: Labels = ENGLISH) -> str:
    """Return what a proven gap means to somebody who has never heard of one."""
    gap = appraisal.proof.gap
    if not math.isfinite(gap) or gap <= 0:
        return ""
    return t("cover.proof_meaning", gap=gap_percent(gap))


def headline_table(appraisal: Appraisal, t: Labels = ENGLISH) -> list[tuple[str, str]]:
    """Return the headline figures as pairs of label and text, for screen and report."""
    a = appraisal

    def part(some: int, whole: int) -> str:
        return t("headline.part", part=f"{some:,}", whole=f"{whole:,}")

    rows = {
        "heat_per_euro": ratio_words(a, t),
        "heat": heat(a.heat_mwh),
        "capex": money(a.capex_eur),
        "capex_per_heat": _per_heat(a),
        "sites": part(a.sites_chosen, a.sites_total),
        "capacity": f"{figure(a.site_capacity_mw)} MW",
        "zones": part(a.zones_served, a.zones_total),
        "demand_share": percent(a.demand_share),
        **_base_rows(a),
        "served_share": percent(a.served_waste_heat_share),
        "homes": homes(a, t),
        "trench": length(a.trench_length_m),
        "density": _density(a),
        "loss": f"{heat(a.network_loss_mwh)} ({percent(a.network_loss_share)})",
        "electricity": heat(a.electricity_mwh),
        "proof": t.said(proof_words(a.proof)),
    }
    return [(t(f"headline.{key}"), value) for key, value in rows.items()]


def _base_rows(a: Appraisal) -> dict[str, str]:
    """Return the base load of existing plants, which is counted apart, where there is any."""
    if a.standing_base_mwh <= 0:
        return {}
    return {"standing_base": heat(a.standing_base_mwh), "displaced": heat(a.displaced_base_mwh)}


def site_size(site: Mapping[str, Any], t: Labels = ENGLISH) -> str:
    """Return how large a site is: the heat that is stated for it, else its IT load.

    Examples
    --------
    >>> site_size({"it_load_mw": 12.0, "recoverable_heat_kw": math.nan})
    '12 MW IT load'
    >>> site_size({"it_load_mw": math.nan, "recoverable_heat_kw": 6_400.0})
    '6.4 MW heat'
    """
    stated_kw = site["recoverable_heat_kw"]
    if not math.isnan(stated_kw):
        return t("plan.size_heat", mw=figure(stated_kw / 1000))
    load_mw = site["it_load_mw"]
    return NOTHING if math.isnan(load_mw) else t("plan.size_load", mw=figure(load_mw))


def homes(appraisal: Appraisal, t: Labels = ENGLISH) -> str:
    """Return how many homes the heat is worth, with the use of one home."""
    use = figure(appraisal.mwh_per_home)
    return t("headline.homes_value", count=homes_count(appraisal), use=use)


def homes_count(appraisal: Appraisal) -> str:
    """Return how many homes the heat is worth, rounded as it only illustrates."""
    return f"{_round(appraisal.homes):,}"


def _round(value: float) -> int:
    """Return a count with two significant digits."""
    unit = int(10 ** max(0, math.floor(math.log10(max(value, 1))) - 1))
    return round(value / unit) * unit


def _per_heat(appraisal: Appraisal) -> str:
    value = appraisal.capex_eur_per_mwh_a
    return NOTHING if math.isnan(value) else f"{figure(value)} EUR per MWh/a"


def _density(appraisal: Appraisal) -> str:
    value = appraisal.linear_heat_density_mwh_per_m
    return NOTHING if math.isnan(value) else f"{figure(value)} MWh/(m·a)"
