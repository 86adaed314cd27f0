"""Write figures as people read them: rounded, with thousands separators and the unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from siting.appraisal import Appraisal, gap_percent, proof_words

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
    "site_size",
]

NOTHING = "–"
COUNT_UNITS = {"_gwh": "GWh/a", "_km": "km", "_mw": "MW"}


def count_words(name: str, value: float) -> tuple[str, str]:
    """Return label and text of a figure of a check, its unit behind it.

    Examples
    --------
    >>> count_words("annual_demand_gwh", 406.1004), count_words("network_parts", 3)
    (('annual demand', '406.1 GWh/a'), ('network parts', '3'))
    """
    for ending, unit in COUNT_UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " "), f"{value:,.4g} {unit}"
    return name.replace("_", " "), f"{value:,.0f}"


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


def ratio_words(appraisal: Appraisal) -> str:
    """Return heat per euro, or in words that there was nothing to invest."""
    value = appraisal.heat_per_euro_kwh
    if math.isinf(value):
        return "no new investment"
    return f"{figure(value)} kWh/a per EUR"


def sentence(text: str) -> str:
    """Return a text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def proof_meaning(appraisal: Appraisal) -> str:
    """Return what a proven gap means to somebody who has never heard of one."""
    gap = appraisal.proof.gap
    if not math.isfinite(gap) or gap <= 0:
        return ""
    return f"no plan under these assumptions can be more than {gap_percent(gap)} better"


def headline_table(appraisal: Appraisal) -> list[tuple[str, str]]:
    """Return the headline figures as pairs of label and text, for screen and report."""
    a = appraisal
    return [
        ("Heat per euro", ratio_words(a)),
        ("Waste heat delivered", heat(a.heat_mwh)),
        ("Investment", money(a.capex_eur)),
        ("Investment per annual heat", _per_heat(a)),
        ("Sites chosen", f"{a.sites_chosen:,} of {a.sites_total:,}"),
        ("Heat output installed", f"{figure(a.site_capacity_mw)} MW"),
        ("Zones served", f"{a.zones_served:,} of {a.zones_total:,}"),
        ("Share of all heat demand", percent(a.demand_share)),
        *_base_rows(a),
        ("Waste-heat share in served zones", percent(a.served_waste_heat_share)),
        ("Worth the heat of", homes(a)),
        ("Trench", length(a.trench_length_m)),
        ("Heat per metre of trench", _density(a)),
        ("Network heat loss", f"{heat(a.network_loss_mwh)} ({percent(a.network_loss_share)})"),
        ("Electricity for heat pumps", heat(a.electricity_mwh)),
        ("Proof", proof_words(a.proof)),
    ]


def _base_rows(a: Appraisal) -> list[tuple[str, str]]:
    """Return the base load of existing plants, which is counted apart, where there is any."""
    if a.standing_base_mwh <= 0:
        return []
    return [
        ("Existing base load, not in that demand", heat(a.standing_base_mwh)),
        ("Of it displaceable, not in that heat", heat(a.displaced_base_mwh)),
    ]


def site_size(site: Mapping[str, Any]) -> str:
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
        return f"{figure(stated_kw / 1000)} MW heat"
    load_mw = site["it_load_mw"]
    return NOTHING if math.isnan(load_mw) else f"{figure(load_mw)} MW IT load"


def homes(appraisal: Appraisal) -> str:
    """Return how many homes the heat is worth, with the use of one home."""
    return f"{homes_count(appraisal)} homes at {figure(appraisal.mwh_per_home)} MWh/a each"


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
