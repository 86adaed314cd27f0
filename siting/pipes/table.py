"""Read a catalogue file of pipe sizes, and say everything that is wrong with it at once."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from siting.errors import Fault, FaultLog, InputError, name_ids
from siting.parameters import read_default_csv
from siting.units import FloatArray

__all__ = ["CATALOGUES", "PipeTable", "read_pipe_table", "unknown_catalogue"]

CATALOGUES: Mapping[str, str] = MappingProxyType(
    {"en253": "pipes_en253.csv", "twin": "pipes_twin.csv"}
)
"""Known pipe catalogues and the file of each; a new one is a file and a line here."""

NEEDED = ("nominal_diameter", "inner_diameter_mm", "velocity_cap_m_per_s", "cost_eur_per_m")
TRANSFER = "heat_transfer_w_per_m_k"
MAY_BE_EMPTY = frozenset({"velocity_cap_m_per_s"})
YES, NO = frozenset({"yes", "1", "true"}), frozenset({"no", "0", "false", ""})


@dataclass(frozen=True)
class PipeTable:
    """A catalogue file, row by row from small to large.

    Parameters
    ----------
    name
        Name of the catalogue, or of its file.
    labels
        Name of each size, such as ``DN100``.
    twin
        Whether supply and return lie in one casing.
    columns
        Figures by column name; an empty cell is not a number.
    """

    name: str
    labels: tuple[str, ...]
    twin: tuple[bool, ...]
    columns: Mapping[str, FloatArray]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, column: str) -> FloatArray:
        return self.columns[column]


def read_pipe_table(catalogue: str | Path, insulation_series: int = 2) -> PipeTable:
    """Read a catalogue of pipe sizes.

    Parameters
    ----------
    catalogue
        A name of `CATALOGUES`, or a CSV file of one's own with the columns ``nominal_diameter``,
        ``inner_diameter_mm``, ``velocity_cap_m_per_s`` (an empty cell takes the parameter
        ``velocity_cap_large_m_per_s``) and ``cost_eur_per_m``, and of the loss either
        ``heat_transfer_w_per_m_k`` (U1 - U2 of one pipe) or ``outer_diameter_mm``,
        ``casing_N_mm`` and ``casing_wall_N_mm`` of insulation series N. ``label`` and ``twin``
        (yes or no) may stand beside them.
    insulation_series
        Insulation series 1, 2 or 3.

    Returns
    -------
    The rows of the file.

    Raises
    ------
    InputError
        The name is not known, or the file cannot be used. All faults are reported at once.

    Examples
    --------
    >>> read_pipe_table("twin").labels[:3]
    ('DN20', 'DN25', 'DN32')
    """
    if str(catalogue) in CATALOGUES:
        return _built_in(str(catalogue), insulation_series)
    unknown = unknown_catalogue(catalogue)
    if unknown is not None:
        raise InputError(unknown)
    file = Path(catalogue)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            Fault(
                "catalogue", f"cannot read '{file.name}': {reason}.", "Check [network] catalogue."
            )
        ) from error
    return _parsed(file.name, list(csv.DictReader(text.splitlines())), insulation_series)


def unknown_catalogue(catalogue: str | Path) -> Fault | None:
    """Return the fault of a catalogue that is neither built in nor a CSV file, if it is one."""
    if str(catalogue) in CATALOGUES or Path(catalogue).suffix.lower() == ".csv":
        return None
    known = ", ".join(f"'{name}'" for name in CATALOGUES)
    return Fault(
        "study",
        f"pipe catalogue '{catalogue}' is not known.",
        f"Use {known}, or the path of a CSV file.",
    )


@cache
def _built_in(name: str, series: int) -> PipeTable:
    """Return a catalogue that ships with the package."""
    return _parsed(name, read_default_csv(CATALOGUES[name]), series)


def _parsed(name: str, rows: Sequence[Mapping[str, str | None]], series: int) -> PipeTable:
    """Return the rows of a file as figures."""
    log = FaultLog()
    have = set(rows[0]) if rows else set()
    if not rows:
        log.fault("catalogue", f"'{name}' has no row.", "Give a header and one row per size.")
    geometry = ("outer_diameter_mm", f"casing_{series}_mm", f"casing_wall_{series}_mm")
    loss = (TRANSFER,) if TRANSFER in have else geometry
    lacking = [each for each in (*NEEDED, *loss) if each not in have] if rows else []
    if lacking:
        log.fault(
            "catalogue",
            f"'{name}' has no column {name_ids(lacking)}.",
            f"Add it; the loss needs '{TRANSFER}', or '{geometry[0]}', '{geometry[1]}' and"
            f" '{geometry[2]}' for insulation series {series}.",
        )
    log.raise_faults()
    wanted = (*NEEDED, *loss)
    columns = {each: _numbers(name, each, rows, log) for each in wanted}
    twin = tuple(_is_twin(name, row, number, log) for number, row in enumerate(rows, start=2))
    log.raise_faults()
    labels = tuple(
        (row.get("label") or "").strip() or f"DN{size:.0f}"
        for row, size in zip(rows, columns["nominal_diameter"].tolist(), strict=True)
    )
    _check_order(name, labels, columns, geometry, log)
    log.raise_faults()
    return PipeTable(name, labels, twin, MappingProxyType(columns))


def _numbers(
    name: str, column: str, rows: Sequence[Mapping[str, str | None]], log: FaultLog
) -> FloatArray:
    """Return a column as numbers above zero; a cell that is none is a fault."""
    values = []
    for number, row in enumerate(rows, start=2):
        text = (row[column] or "").strip()
        try:
            value = float(text or "nan")
        except ValueError:
            value = -1.0
        empty = not text and column in MAY_BE_EMPTY
        if not empty and not (math.isfinite(value) and value > 0):
            log.fault(
                "catalogue",
                f"'{name}' line {number}: {column} is '{text}'; a number above 0 is needed.",
                "Write it without unit or thousands separator, such as 107.1.",
            )
        values.append(value)
    return np.array(values, dtype=float)


def _is_twin(name: str, row: Mapping[str, str | None], number: int, log: FaultLog) -> bool:
    """Return whether a row is a twin pipe."""
    text = (row.get("twin") or "").strip().lower()
    if text not in YES | NO:
        log.fault("catalogue", f"'{name}' line {number}: twin is '{text}'.", "Write yes or no.")
    return text in YES


def _check_order(
    name: str,
    labels: Sequence[str],
    columns: Mapping[str, FloatArray],
    geometry: tuple[str, str, str],
    log: FaultLog,
) -> None:
    """Report sizes that do not rise, stand twice, or do not fit into their casing."""
    twice = sorted({each for each in labels if labels.count(each) > 1})
    if twice:
        log.fault(
            "catalogue", f"'{name}': {name_ids(twice)} stand more than once.", "Rename.", twice
        )
    inner = columns["inner_diameter_mm"]
    low = [labels[k + 1] for k in np.flatnonzero(np.diff(inner) <= 0).tolist()]
    if low:
        log.fault(
            "catalogue",
            f"'{name}': {name_ids(low)} have an inner diameter that is not above that of the line"
            " before.",
            "Sort the file from small to large.",
            low,
        )
    if geometry[0] not in columns:
        return
    outer, casing, wall = (columns[each] for each in geometry)
    odd = (inner >= outer) | (outer >= casing - 2 * wall)
    tight = [labels[k] for k in np.flatnonzero(odd).tolist()]
    if tight:
        log.fault(
            "catalogue",
            f"'{name}': {name_ids(tight)} do not fit: the inner diameter must be below the outer,"
            " and the outer below the casing less its two walls.",
            "Check these diameters; all are in millimetres.",
            tight,
        )
