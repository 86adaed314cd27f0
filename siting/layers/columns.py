"""Find our columns in a foreign table, and turn their text into numbers, flags and words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from siting.errors import FaultLog, name_ids

__all__ = [
    "Column",
    "check_mapping",
    "near_words",
    "number_series",
    "plain_words",
    "read_columns",
    "read_ids",
    "source_of",
]

TRUE_WORDS = frozenset({"1", "1.0", "true", "t", "yes", "y"})
FALSE_WORDS = frozenset({"0", "0.0", "false", "f", "no", "n", ""})
DECIMAL_COMMA = re.compile(r"[+-]?\d+(,\d+)?")


@dataclass(frozen=True)
class Column:
    """One column of ours.

    Parameters
    ----------
    name
        Our name.
    kind
        How to read it.
    synonyms
        Other names taken without being mapped, whatever the case.
    required
        Whether a study cannot go without it.
    low, high
        Smallest and largest sound number, both included.
    choices
        Words that a ``choice`` may hold; the first is the default.
    hint
        What a number out of bounds may mean.
    """

    name: str
    kind: Literal["text", "number", "flag", "choice"] = "text"
    synonyms: tuple[str, ...] = ()
    required: bool = False
    low: float = -np.inf
    high: float = np.inf
    choices: tuple[str, ...] = ()
    hint: str = ""


def read_ids(
    frame: pd.DataFrame, kind: str, column: Column, mapping: Mapping[str, str], log: FaultLog
) -> pd.Index:
    """Return the ids of a layer as text; missing and repeated ids are faults."""
    source = source_of(frame, kind, column, mapping, log)
    numbers = [f"row {number}" for number in range(1, len(frame) + 1)]
    if source is None:
        return pd.Index(numbers, name=column.name, dtype=object)
    ids = plain_words(frame[source])
    lacking = (ids == "").to_numpy()
    if lacking.any():
        rows = [number for number, missing in zip(numbers, lacking, strict=True) if missing]
        log.fault(
            kind,
            f"{_count(rows, 'feature')} without an id in column '{source}': {name_ids(rows)}.",
            f"Give each feature its own id, or map {column.name} to 'fid' for the number of the"
            " feature in its file.",
            rows,
        )
    named = ids[~lacking]
    twice = sorted(named[named.duplicated()].unique())
    if twice:
        log.fault(
            kind,
            f"{_count(twice, 'id')} in column '{source}' stand{'s' * (len(twice) == 1)} more than"
            f" once: {name_ids(twice)}.",
            f"Remove the copies, map {column.name} to a column without any, or to 'fid' for the"
            " number of the feature in its file.",
            twice,
        )
    found = ids.where(~lacking, pd.Series(numbers, index=ids.index))
    return pd.Index(_told_apart(found), name=column.name, dtype=object)


def check_mapping(
    kind: str, mapping: Mapping[str, str], known: Sequence[str], log: FaultLog
) -> None:
    """Report names in ``columns`` of the study file that are not ours."""
    for name in sorted(set(mapping) - set(known)):
        log.fault(
            kind,
            f"`columns` maps '{name}', which is not a column of ours{near_words(name, known)}.",
            f"Correct `columns` under [layers.{kind}].",
        )


def _told_apart(ids: pd.Series) -> list[str]:
    """Return ids with a number behind each copy, so that checking can go on."""
    copy = ids.groupby(ids.to_numpy()).cumcount().to_numpy()
    return [
        f"{each} ({number + 1})" if number else each for each, number in zip(ids, copy, strict=True)
    ]


def read_columns(
    frame: pd.DataFrame,
    kind: str,
    columns: Sequence[Column],
    mapping: Mapping[str, str],
    log: FaultLog,
) -> pd.DataFrame:
    """Return our columns of a layer; every unsound value is a fault that names its ids.

    Parameters
    ----------
    frame
        The layer as it was read, indexed by id.
    kind
        Name of the layer, for messages.
    columns
        What to look for.
    mapping
        Our name to the name in the file.
    log
        Takes the faults.

    Returns
    -------
    One column for each of ``columns``; absent ones hold NaN, False, '' or their default.
    """
    data = {column.name: _read(frame, kind, column, mapping, log) for column in columns}
    return pd.DataFrame(data, index=frame.index)


def number_series(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return a column as numbers, and which entries are text that is no number.

    A column that holds nothing but decimal commas is read as such, unless each could as well be
    a thousands separator.

    Examples
    --------
    >>> numbers, wrong = number_series(pd.Series(["1,5", "2", "n/a"]))
    >>> numbers.tolist(), wrong.tolist()
    ([nan, 2.0, nan], [True, False, True])
    >>> number_series(pd.Series(["1,5", "2"]))[0].tolist()
    [1.5, 2.0]
    >>> number_series(pd.Series(["1,500"]))[1].tolist()
    [True]
    """
    if pd.api.types.is_numeric_dtype(text.dtype):
        numbers = text.astype(float)
        endless = numbers.isin([np.inf, -np.inf])
        return numbers.mask(endless), endless
    words = plain_words(text)
    given = words != ""
    if _has_decimal_commas(words[given]):
        words = words.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(words.where(given), errors="coerce").astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    return numbers, given & numbers.isna()


def _has_decimal_commas(words: pd.Series) -> bool:
    """Return whether commas in a column can only be decimal commas."""
    with_comma = words[words.str.contains(",", regex=False)]
    if with_comma.empty or not words.map(lambda each: bool(DECIMAL_COMMA.fullmatch(each))).all():
        return False
    return bool((with_comma.str.split(",").str[1].str.len() != 3).any())


def plain_words(column: pd.Series) -> pd.Series:
    """Return a column as stripped text; missing values are empty and 7.0 is 7."""
    if pd.api.types.is_float_dtype(column.dtype):
        whole = column.notna() & (column == column.round())
        text = column.astype(object).where(~whole, column.fillna(0).astype(np.int64).astype(object))
        return text.where(column.notna(), "").astype(str).str.strip().astype(object)
    text = column.astype(object)
    return text.where(column.notna(), "").astype(str).str.strip().astype(object)


def source_of(
    frame: pd.DataFrame, kind: str, column: Column, mapping: Mapping[str, str], log: FaultLog
) -> str | None:
    """Return the column of the file that holds ours, or none if it has none."""
    names = [str(name) for name in frame.columns if name != "geometry"]
    if column.name in mapping:
        wanted = mapping[column.name]
        if wanted in names:
            return wanted
        log.fault(
            kind,
            f"column '{wanted}' (for {column.name}) is missing; the layer has"
            f" {name_ids(names, shown=20)}{near_words(wanted, names)}.",
            f"Correct {column.name} in `columns` under [layers.{kind}].",
        )
        return None
    lower = {name.lower(): name for name in reversed(names) if name not in mapping.values()}
    for name in (column.name, *column.synonyms):
        if name.lower() in lower:
            return lower[name.lower()]
    if column.required:
        log.fault(
            kind,
            f"no column '{column.name}'; the layer has {name_ids(names, shown=20)}"
            f"{near_words(column.name, names)}.",
            f'Map it under [layers.{kind}], as in columns = {{{column.name} = "their name"}}'
            f"{_by_number(column)}.",
        )
    return None


def _by_number(column: Column) -> str:
    """Return what stands in for an id that no column holds."""
    is_id = column.name.endswith("_id")
    return '; "fid" takes the number of the feature in its file' if is_id else ""


def near_words(name: str, names: Sequence[str]) -> str:
    """Return a near miss in words, if there is one."""
    by_lower = {each.lower(): each for each in sorted(names)}
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.5)
    return f", nearest is '{by_lower[near[0]]}'" if near else ""


def _read(
    frame: pd.DataFrame, kind: str, column: Column, mapping: Mapping[str, str], log: FaultLog
) -> pd.Series:
    """Return one column of ours."""
    source = source_of(frame, kind, column, mapping, log)
    match column.kind:
        case "number":
            return _read_numbers(frame, kind, column, source, log)
        case "flag":
            return _read_flags(frame, kind, column, source, log)
        case "choice":
            return _read_choices(frame, kind, column, source, log)
    if source is None:
        return pd.Series("", index=frame.index, dtype=object)
    return plain_words(frame[source])


def _read_numbers(
    frame: pd.DataFrame, kind: str, column: Column, source: str | None, log: FaultLog
) -> pd.Series:
    """Return numbers, NaN where missing."""
    if source is None:
        return pd.Series(np.nan, index=frame.index)
    numbers, wrong = number_series(frame[source])
    if wrong.any():
        found = name_ids(sorted(set(plain_words(frame.loc[wrong, source]))), shown=3)
        log.fault(
            kind,
            f"column '{source}' ({column.name}) holds text that is no number at"
            f" {_named(frame.index[wrong])}: {found}.",
            "Write numbers such as 3400.5, without unit or thousands separator, and leave missing"
            " ones empty.",
            frame.index[wrong],
        )
    outside = (numbers < column.low) | (numbers > column.high)
    if outside.any():
        log.fault(
            kind,
            f"{column.name} is {_number_words(numbers[outside])} at"
            f" {_named(frame.index[outside])}; expected {_bounds(column)}.",
            column.hint or "Correct these values.",
            frame.index[outside],
        )
    return numbers


def _number_words(numbers: pd.Series) -> str:
    """Return one number, or the span of several."""
    low, high = numbers.min(), numbers.max()
    return f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"


def _bounds(column: Column) -> str:
    """Return the sound range in words."""
    if column.high == np.inf:
        return f"at least {column.low:,.6g}"
    return f"{column.low:,.6g} to {column.high:,.6g}"


def _read_flags(
    frame: pd.DataFrame, kind: str, column: Column, source: str | None, log: FaultLog
) -> pd.Series:
    """Return yes or no; missing is no."""
    if source is None:
        return pd.Series(False, index=frame.index)
    words = plain_words(frame[source]).str.lower()
    wrong = ~words.isin(TRUE_WORDS | FALSE_WORDS)
    if wrong.any():
        log.fault(
            kind,
            f"{column.name} holds {name_ids(sorted(set(words[wrong])), shown=3)} at"
            f" {_named(frame.index[wrong])}; expected true or false.",
            "Write true or false, yes or no, or 1 or 0.",
            frame.index[wrong],
        )
    return words.isin(TRUE_WORDS)


def _read_choices(
    frame: pd.DataFrame, kind: str, column: Column, source: str | None, log: FaultLog
) -> pd.Series:
    """Return one of the known words; missing is the first of them."""
    if source is None:
        return pd.Series(column.choices[0], index=frame.index, dtype=object)
    words = plain_words(frame[source]).str.lower()
    words = words.where(words != "", column.choices[0])
    wrong = ~words.isin(column.choices)
    if wrong.any():
        log.fault(
            kind,
            f"{column.name} holds {name_ids(sorted(set(words[wrong])), shown=3)} at"
            f" {_named(frame.index[wrong])}; expected"
            f" {name_ids(column.choices, shown=len(column.choices))}.",
            "Use one of these words, or leave it empty.",
            frame.index[wrong],
        )
    return words


def _named(index: pd.Index) -> str:
    """Return ids in quotes, five at most."""
    return name_ids(list(index))


def _count(items: Sequence[object], noun: str) -> str:
    """Return a count with its noun."""
    return f"{len(items):,} {noun}{'' if len(items) == 1 else 's'}"
