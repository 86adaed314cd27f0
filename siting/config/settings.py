"""List the settings of a study with unit and source, for the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from siting.config.demand import DemandConfig
from siting.config.finance import FinanceConfig
from siting.config.network import NetworkConfig
from siting.config.section import Section
from siting.countries import network_presets

__all__ = [
    "NetworkSetting",
    "demand_settings",
    "finance_settings",
    "network_settings",
    "setting_rows",
]


@dataclass(frozen=True)
class NetworkSetting:
    """One setting of the network, for the list of assumptions in the report."""

    name: str
    value: float | str
    unit: str
    source: str
    description: str
    overridden: bool
    mark: str = "J"
    preset: str = ""
    low: float | None = None
    high: float | None = None
    price_year: int | None = None


def network_settings(
    network: NetworkConfig, country: str | None = None
) -> tuple[NetworkSetting, ...]:
    """Return the settings of the network with unit and source of their defaults.

    Those that the study does not state may come from its ``country``.

    Examples
    --------
    >>> network_settings(NetworkConfig(supply_temperature_c=70.0))[0].overridden
    True
    """
    presets = network_presets(country)
    rows = []
    for row in _section_settings(network):
        preset = presets.get(row.name)
        if (
            preset is not None
            and row.name not in network.model_fields_set
            and row.value == preset.value
        ):
            row = replace(  # noqa: PLW2901 - the same row with its origin
                row, source=preset.source, mark=preset.mark, overridden=False, preset=country or ""
            )
        rows.append(row)
    return tuple(rows)


def demand_settings(demand: DemandConfig) -> tuple[NetworkSetting, ...]:
    """Return the settings of the demand, as `network_settings` does.

    Examples
    --------
    >>> [each.name for each in demand_settings(DemandConfig())]
    ['connection_share', 'booster', 'load_curve']
    """
    return tuple(_section_settings(demand))


def finance_settings(finance: FinanceConfig) -> tuple[NetworkSetting, ...]:
    """Return what a study, or its defaults, say on money and CO2 beside the parameter table.

    Examples
    --------
    >>> [row.name for row in finance_settings(FinanceConfig(baseline="oil")) if row.overridden]
    ['baseline']
    """
    return tuple(_section_settings(finance))


def setting_rows() -> tuple[NetworkSetting, ...]:
    """Return every setting with its default, also those without a value.

    Examples
    --------
    >>> [each.description for each in setting_rows() if each.name == "first_year"][0][:13]
    'Calendar year'
    """
    sections = (NetworkConfig(), DemandConfig(), FinanceConfig())
    return tuple(row for each in sections for row in _section_settings(each, whole=True))


def _section_settings(section: Section, *, whole: bool = False) -> Iterator[NetworkSetting]:
    """Yield the keys of a section that have a value, with unit and source of their defaults."""
    for name, known in type(section).model_fields.items():
        words, unit = known.description or "", "-"
        if words.endswith("]."):
            words, _, unit = words[:-2].rpartition(" [")
        extra = known.json_schema_extra
        source = str(extra["source"]) if isinstance(extra, dict) else "choice of the study"
        value = getattr(section, name)
        if not whole and (value is None or value == ()):
            continue
        shown = _shown(name, value)
        changed = value != known.default
        yield NetworkSetting(name, shown, unit, source, words.rstrip("."), changed)


def _shown(name: str, value: Any) -> Any:
    """Return a setting as a table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_year"):
        return str(value)  # a year has no thousands separator
    if isinstance(value, tuple):
        return ", ".join(each if isinstance(each, str) else f"{each:g}" for each in value)
    return value.name if isinstance(value, Path) else value
