"""Read temperature series and load curves from tables, and say everything that is wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from siting.errors import Fault, FaultLog, InputError, name_ids
from siting.heat.duration import LoadDuration, load_duration_from_points
from siting.units import HOURS_PER_A, FloatArray

__all__ = ["read_load_curves", "read_temperatures"]

FEWEST_HOURS, MOST_HOURS = 8760, 8784
COLDEST_C, WARMEST_C = -70.0, 60.0
TEMPERATURE_NAMES = ("temperature_c", "temperature", "temp_air", "t_out", "t2m", "tt_tu")
TIME_NAMES = ("hours", "hours_h", "hour", "h", "time_share", "share", "per_cent", "percent")
CLOCK_NAMES = frozenset({"time", "date", "datetime", "timestamp", "year", "month", "day"})
Table = dict[str, list[str]]


def read_temperatures(path: str | Path) -> FloatArray:
    """Read the outdoor temperatures of a year, one for each hour.

    Parameters
    ----------
    path
        A table (CSV) with a header; temperatures [°C] stand in a column called ``temperature_c``,
        or in its only column of numbers.

    Returns
    -------
    8,760 temperatures, or 8,784 of a leap year [°C].

    Raises
    ------
    InputError
        The file cannot be read, holds no such column or no whole year, or temperatures are missing
        or beyond belief. All faults are reported at once.
    """
    name = Path(path).name
    table = _read_table(Path(path), "temperature series", "temperature_file")
    column = _column_of(table, TEMPERATURE_NAMES, name)
    log = FaultLog()
    values = _numbers(table[column], f"temperature series '{name}', column '{column}'", log)
    if not FEWEST_HOURS <= len(values) <= MOST_HOURS:
        log.fault(
            "study",
            f"temperature series '{name}' has {len(values):,} rows; a year has 8,760 hours, a leap"
            " year 8,784.",
            "Give one row for each hour of one year.",
        )
    outside = (values < COLDEST_C) | (values > WARMEST_C)
    if outside.any():
        worst = values[outside][0]
        log.fault(
            "study",
            f"temperature series '{name}' holds {worst:g} in row {int(np.argmax(outside)) + 1};"
            f" expected {COLDEST_C:g} to {WARMEST_C:g} °C.",
            "Subtract 273.15 if it is in kelvin, and take out signs for missing values.",
        )
    log.raise_faults()
    return values


def read_load_curves(path: str | Path) -> dict[str, LoadDuration]:
    """Read a user's own load-duration curves.

    Parameters
    ----------
    path
        A table (CSV) with a header. Either a column of time - ``hours`` (0 to 8,760), ``share``
        (0 to 1) or ``per_cent`` (0 to 100), rising - beside one or more columns of load, falling,
        in any unit; or columns of hourly loads of a whole year, in any order.

    Returns
    -------
    One curve for each column of load, by its name.

    Raises
    ------
    InputError
        The file cannot be read, or a curve does not make sense. All faults are reported at once.
    """
    name = Path(path).name
    table = _read_table(Path(path), "load curve", "load_curve_file")
    by_name = {each.lower(): each for each in table}
    clock = next((by_name[each] for each in TIME_NAMES if each in by_name), None)
    columns = [each for each in table if each != clock and each.lower() not in CLOCK_NAMES]
    if not columns:
        words = f"load curve '{name}' has no column of loads."
        raise InputError(Fault("study", words, "Add a column such as 'load' beside the hours."))
    log = FaultLog()
    time = None if clock is None else _time_shares(table[clock], clock, name, log)
    curves: dict[str, LoadDuration] = {}
    for column in columns:
        place = f"load curve '{name}', column '{column}'"
        loads = _numbers(table[column], place, log)
        if log.faults:
            continue
        try:
            curves[column] = (
                _hourly(loads) if time is None else load_duration_from_points(time, loads)
            )
        except InputError as error:
            for each in error.faults:
                log.fault("study", f"{place}: {each.message}", each.remedy)
    log.raise_faults()
    return curves


def _hourly(loads: FloatArray) -> LoadDuration:
    """Return the curve of hourly loads."""
    if not FEWEST_HOURS <= len(loads) <= MOST_HOURS:
        words = f"{len(loads):,} rows without a column of time; a year has 8,760 hours."
        remedy = "Add a column 'hours' (0 to 8,760) or 'share' (0 to 1), or give every hour."
        raise InputError(Fault("study", words, remedy))
    if not (loads >= 0).all() or not loads.max() > 0:
        words = "loads are negative or nothing."
        raise InputError(Fault("study", words, "Give the load of each hour, 0 or more."))
    falling = np.sort(loads)[::-1]
    return LoadDuration("file", falling / falling[0])


def _time_shares(texts: list[str], column: str, name: str, log: FaultLog) -> FloatArray:
    """Return the time of each point as a share of the year, from 0 to 1."""
    time = _numbers(texts, f"load curve '{name}', column '{column}'", log)
    if not len(time) or log.faults:
        return time
    whole = {"share": 1.0, "time_share": 1.0, "per_cent": 100.0, "percent": 100.0}
    year = whole.get(column.lower(), HOURS_PER_A)
    ends = (float(time[0]), float(time[-1]))
    slack = 0.01 * year
    if abs(ends[0]) > slack or abs(ends[1] - year) > slack:
        log.fault(
            "study",
            f"load curve '{name}': column '{column}' runs from {ends[0]:g} to {ends[1]:g}; a year"
            f" runs from 0 to {year:,g}.",
            "Sort the rows by time, give the whole year, or name the column 'hours', 'share' or"
            " 'per_cent' after what it holds.",
        )
    shares = time / year
    shares[[0, -1]] = 0.0, 1.0
    return shares


def _read_table(path: Path, what: str, key: str) -> Table:
    """Return the columns of a table as text."""
    remedy = f"Correct {key} under [demand]."
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        words = f"cannot read {what} '{path.name}': {error.strerror}."
        raise InputError(Fault("study", words, remedy)) from error
    except UnicodeDecodeError as error:
        words = f"{what} '{path.name}' is not UTF-8 text."
        raise InputError(Fault("study", words, "Save it as CSV in UTF-8.")) from error
    lines = [each for each in text.splitlines() if each.strip() and not each.startswith("#")]
    if len(lines) < 2:
        words = f"{what} '{path.name}' holds no rows."
        raise InputError(Fault("study", words, remedy))
    sign = max(";\t,", key=lines[0].count)
    try:
        header, *rows = csv.reader(lines, delimiter=sign, strict=True)
    except csv.Error as error:
        words = f"{what} '{path.name}' is no table: {error}."
        raise InputError(Fault("study", words, "Save it as CSV.")) from error
    if not rows:
        words = f"{what} '{path.name}' is no table: a quote is never closed."
        raise InputError(Fault("study", words, "Save it as CSV, without quotes."))
    names = [each.strip() for each in header]
    odd = [number for number, row in enumerate(rows, 1) if len(row) != len(names)]
    if odd or len(set(names)) != len(names):
        found = (
            f"row {odd[0]} has other cells than the header" if odd else "two columns share a name"
        )
        words = f"{what} '{path.name}': {found}."
        raise InputError(Fault("study", words, "Mend the table, and write decimals with a point."))
    return {name: [row[place].strip() for row in rows] for place, name in enumerate(names)}


def _column_of(table: Table, wanted: tuple[str, ...], name: str) -> str:
    """Return the column of temperatures: by name, or the only one of numbers."""
    by_name = {each.lower(): each for each in table}
    for each in wanted:
        if each in by_name:
            return by_name[each]
    numeric = [
        each
        for each, texts in table.items()
        if each.lower() not in {*CLOCK_NAMES, *TIME_NAMES} and _is_number(texts[0])
    ]
    if len(numeric) == 1:
        return numeric[0]
    raise InputError(
        Fault(
            "study",
            f"temperature series '{name}' has no column '{wanted[0]}'; it has"
            f" {name_ids(list(table))}.",
            f"Name the column of outdoor temperatures {wanted[0]}.",
        )
    )


def _is_number(text: str) -> bool:
    """Return whether a text is a number, with a point or a comma."""
    return bool(pd.notna(pd.to_numeric(text.replace(",", "."), errors="coerce")))


def _numbers(texts: list[str], place: str, log: FaultLog) -> FloatArray:
    """Return numbers; missing ones and other text are a fault."""
    plain = pd.Series(texts, dtype=object).str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(plain, errors="coerce").astype(float).to_numpy(copy=True)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        rows = [f"row {number}" for number in np.flatnonzero(wrong) + 1]
        found = texts[int(np.argmax(wrong))] or "nothing"
        log.fault(
            "study",
            f"{place} holds '{found}' where a number is needed: {name_ids(rows)}.",
            "Fill the gaps, and write numbers without unit.",
        )
        return np.zeros(0)
    return np.asarray(numbers, dtype=float)
