"""Hold the default parameters with unit, range and source, and what a study overrides."""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import pandas as pd

from siting.errors import Fault, InputError

__all__ = [
    "PRICE_YEAR",
    "Parameter",
    "Parameters",
    "Preset",
    "default_rows",
    "load_parameters",
    "references",
]

PRICE_YEAR = 2024
"""Year of the money of the parameter table, where a row names no other."""


@dataclass(frozen=True)
class Parameter:
    """One figure of the parameter table.

    Parameters
    ----------
    name, symbol
        Name, with its unit where it has one, and the symbol used in formulas.
    value
        The figure used [``unit``].
    default
        The figure of the parameter table [``unit``].
    low, high
        Usual range of the figure, where one is known [``unit``].
    least, most
        What is accepted at all; ``None`` for no limit [``unit``].
    unit
        Unit; ``-`` for a ratio, ``count`` for a whole number.
    mark
        ``S..`` for public sources (see `references`), ``K`` for known literature not looked up
        again, ``J`` for engineering judgement.
    source
        Where the default comes from, in words.
    description
        What the figure is.
    overridden
        Whether the study replaced the default.
    preset
        The country whose preset replaced the default, empty if none did.
    price_year
        Year of the money that the default is quoted in; ``None`` where it is no money, or that of
        the study. Nothing is converted in secret, see `siting.finance.price_index`.
    """

    name: str
    symbol: str
    value: float
    default: float
    low: float | None
    high: float | None
    least: float | None
    most: float | None
    unit: str
    mark: str
    source: str
    description: str
    overridden: bool = False
    preset: str = ""
    price_year: int | None = None

    @property
    def is_unusual(self) -> bool:
        """Whether the value lies outside its usual range."""
        below = self.low is not None and self.value < self.low
        return below or (self.high is not None and self.value > self.high)


@dataclass(frozen=True)
class Preset:
    """A figure of a country that replaces a default, in the unit of the parameter table."""

    country: str
    parameter: str
    value: float
    mark: str
    source: str
    price_year: int | None = None


class Parameters(Mapping[str, Parameter]):
    """The parameters of a study, by name.

    Examples
    --------
    >>> parameters = load_parameters({"utilisation": 0.8})
    >>> parameters["utilisation"].overridden
    True
    >>> parameters.value("cop_cap")
    8.0
    """

    def __init__(self, rows: Iterable[Parameter]) -> None:
        self._rows = {row.name: row for row in rows}

    def __getitem__(self, name: str) -> Parameter:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        changed = ", ".join(f"{row.name}={row.value:g}" for row in self.overridden)
        return f"Parameters({len(self)} rows; overridden: {changed or 'none'})"

    def value(self, name: str) -> float:
        """Return the value of a parameter, in the unit of the table."""
        return self._rows[name].value

    @property
    def overridden(self) -> tuple[Parameter, ...]:
        """The parameters that the study replaced."""
        return tuple(row for row in self._rows.values() if row.overridden)

    def frame(self) -> pd.DataFrame:
        """Return the table for reports, indexed by name, missing ranges as NaN."""
        columns = [
            "symbol", "value", "unit", "low", "high", "default", "overridden", "preset",
            "is_unusual", "mark", "source", "price_year", "description",
        ]  # fmt: skip
        rows = [{each: getattr(row, each) for each in columns} for row in self._rows.values()]
        table = pd.DataFrame(rows, columns=columns, index=pd.Index(self._rows, name="name"))
        numbers = ("low", "high", "value", "default", "price_year")
        return table.astype(dict.fromkeys(numbers, float))


def load_parameters(
    overrides: Mapping[str, float] | None = None, presets: Iterable[Preset] = ()
) -> Parameters:
    """Return the default parameters with those of a study in their place.

    Parameters
    ----------
    overrides
        Figures that replace defaults, by name, in the unit of the table.
    presets
        Figures of a country that replace defaults, see `siting.countries.parameter_presets`; the
        study's own figures win.

    Returns
    -------
    All parameters; those replaced are marked.

    Raises
    ------
    InputError
        A name is not in the table, or a figure is not a finite number that can be accepted. All
        such faults are reported at once.

    Examples
    --------
    >>> load_parameters()["contingency_share"].value
    0.15
    >>> load_parameters({"utilization": 0.8})
    Traceback (most recent call last):
    siting.errors.InputError: study: [parameters] has no 'utilization'. Did you mean 'utilisation'?
    """
    rows = {row.name: row for row in default_rows()}
    for each in presets:
        rows[each.parameter] = replace(
            rows[each.parameter],
            value=each.value,
            mark=each.mark,
            source=each.source,
            preset=each.country,
            price_year=each.price_year or rows[each.parameter].price_year,
        )
    faults: list[Fault] = []
    for name, value in (overrides or {}).items():
        fault = _fault(name, value, rows)
        if fault is None:
            # The study speaks of its own money.
            rows[name] = replace(
                rows[name], value=float(value), overridden=True, preset="", price_year=None
            )
        else:
            faults.append(fault)
    if faults:
        raise InputError(faults)
    return Parameters(rows.values())


@cache
def default_rows() -> tuple[Parameter, ...]:
    """Return the rows of the parameter table.

    Examples
    --------
    >>> default_rows()[0].name
    'utilisation'
    """
    return tuple(_row(raw) for raw in read_default_csv("parameters.csv"))


@cache
def references() -> Mapping[str, str]:
    """Return the address of each source key.

    Examples
    --------
    >>> references()["S73"].split(",")[0]
    'Danish Energy Agency technology data'
    """
    return {raw["key"]: raw["address"] for raw in read_default_csv("references.csv")}


def read_default_csv(name: str) -> list[dict[str, str]]:
    """Return the rows of a table that ships with the package, as text."""
    text = (files("siting") / "defaults" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), strict=True))


def _row(raw: Mapping[str, str]) -> Parameter:
    def number(column: str) -> float | None:
        return float(raw[column]) if raw[column] else None

    value = float(raw["value"])
    # Rows without a year are in money of the table.
    year = int(raw.get("price_year") or PRICE_YEAR) if "EUR" in raw["unit"] else None
    return Parameter(
        name=raw["name"],
        symbol=raw["symbol"],
        value=value,
        default=value,
        low=number("low"),
        high=number("high"),
        least=number("least"),
        most=number("most"),
        unit=raw["unit"],
        mark=raw["mark"],
        source=raw["source"],
        description=raw["description"],
        price_year=year,
    )


def _fault(name: str, value: object, rows: Mapping[str, Parameter]) -> Fault | None:
    """Return what is wrong with one override, if anything is."""
    if name not in rows:
        near = difflib.get_close_matches(name, rows, n=1, cutoff=0.5)
        remedy = f"Did you mean '{near[0]}'?" if near else f"Known names: {', '.join(rows)}."
        return Fault("study", f"[parameters] has no '{name}'.", remedy, (name,))
    row = rows[name]
    unit = "" if row.unit == "-" else f" {row.unit}"
    found = f"[parameters] {name} is {value!r}{unit};"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return Fault("study", f"{found} a finite number is needed.", "Give a number.", (name,))
    low = -math.inf if row.least is None else row.least
    high = math.inf if row.most is None else row.most
    if not low <= value <= high:
        span = f"at least {low:g}" if math.isinf(high) else f"between {low:g} and {high:g}"
        return Fault("study", f"{found} it must be {span}.", _usual(row), (name,))
    if row.unit == "count" and value != int(value):
        return Fault("study", f"{found} a whole number is needed.", _usual(row), (name,))
    return None


def _usual(row: Parameter) -> str:
    if row.low is None or row.high is None:
        return f"The default is {row.default:g}."
    return f"Usual values lie between {row.low:g} and {row.high:g}."
