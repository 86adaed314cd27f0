"""Take the changed figures of a workbook's assumptions back into a study file."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siting.config import (
    NetworkConfig,
    StudyConfig,
    config_from_dict,
    network_settings,
    read_config,
)
from siting.countries import network_presets, parameter_presets
from siting.errors import Fault, FaultLog, InputError
from siting.parameters import Parameters, load_parameters

__all__ = ["Change", "read_assumptions", "write_changed_study"]

SHEET = "Assumptions"
NEEDED = ("Section", "Name", "Value", "Unit")
SECTIONS = ("parameters", "network")


@dataclass(frozen=True)
class Assumed:
    """A row of the sheet: section of the study file, name, value, unit, and where it stands."""

    section: str
    name: str
    value: Any
    unit: str
    row: int


@dataclass(frozen=True)
class Change:
    """A key of a study file that changes: from what to what; None where the key is taken out."""

    section: str
    name: str
    before: float | str
    after: float | str
    unit: str
    to_default: bool = False

    def __str__(self) -> str:
        """Return the change in words."""
        unit = "" if self.unit in {"", "-", "count"} else f" {self.unit}"
        back = ", the default" if self.to_default else ""
        return f"[{self.section}] {self.name}: {self.before} -> {self.after}{unit}{back}"


def read_assumptions(path: str | Path) -> tuple[Assumed, ...]:
    """Return the rows of the assumptions sheet of a workbook.

    Parameters
    ----------
    path
        A workbook as a run writes it, changed or not.

    Raises
    ------
    InputError
        The file is no workbook, has no such sheet, or its headings are not those that were
        written.
    """
    rows = _cells(Path(path))
    head = next((k for k, row in enumerate(rows) if set(NEEDED) <= set(row)), None)
    if head is None:
        wanted = ", ".join(NEEDED)
        raise InputError(
            Fault(
                "workbook",
                f"sheet '{SHEET}' has no row with the headings {wanted}.",
                "Leave the headings as the run wrote them.",
            )
        )
    places = [rows[head].index(name) for name in NEEDED]
    found = []
    for number, row in enumerate(rows[head + 1 :], start=head + 2):
        section, name, value, unit = (row[place] for place in places)
        if name is not None or value is not None:
            found.append(Assumed(_text(section), _text(name), value, _text(unit), number))
    return tuple(found)


def write_changed_study(
    workbook: str | Path, study: str | Path, out: str | Path
) -> tuple[Change, ...]:
    """Write a study file that holds the changed assumptions of a workbook.

    Comments and order of the study file are kept. Figures put back to their default leave the
    file. The new study writes into a run folder of its own.

    Parameters
    ----------
    workbook
        The workbook with the changed sheet.
    study
        The study file that the workbook came from.
    out
        The study file to write, in the folder of the other, as paths in it are relative.

    Returns
    -------
    What changed, in the order of the sheet.

    Raises
    ------
    InputError
        A figure is not understood or cannot be accepted, or ``out`` cannot be written; all faults
        are reported at once.
    """
    study, out = Path(study), Path(out)
    config = read_config(study)
    _check_place(study, out)
    changes = tuple(_changes(read_assumptions(workbook), config))
    text = _edited(study.read_text(encoding="utf-8"), changes, config, out)
    # The new file must be sound before it is there.
    load_parameters(config_from_dict(tomllib.loads(text), out).parameters)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            Fault("study", f"cannot write '{out}': {error.strerror}.", "Name another file.")
        ) from error
    return changes


def _cells(path: Path) -> list[list[Any]]:
    """Return the values of the sheet, row by row."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except OSError as error:
        fault = Fault("workbook", f"cannot read '{path}': {error.strerror}.", "Check the path.")
        raise InputError(fault) from error
    except (InvalidFileException, KeyError, ValueError, EOFError) as error:
        raise InputError(_no_workbook(path)) from error
    except Exception as error:
        if type(error).__name__ != "BadZipFile":
            raise
        raise InputError(_no_workbook(path)) from error
    try:
        if SHEET not in book.sheetnames:
            names = ", ".join(f"'{name}'" for name in book.sheetnames)
            fault = Fault("workbook", f"has no sheet '{SHEET}'; it has {names}.", "Check the file.")
            raise InputError(fault)
        return [list(row) for row in book[SHEET].iter_rows(values_only=True)]
    finally:
        book.close()


def _no_workbook(path: Path) -> Fault:
    return Fault("workbook", f"'{path.name}' is no Excel workbook (.xlsx).", "Save it as .xlsx.")


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _check_place(study: Path, out: Path) -> None:
    """Refuse to write over a file, or where the paths of the study would not hold."""
    if out.exists():
        raise InputError(
            Fault("study", f"'{out}' exists already; nothing was written.", "Name another file.")
        )
    if out.resolve().parent != study.resolve().parent:
        raise InputError(
            Fault(
                "study",
                f"'{out}' lies in another folder than '{study}', whose paths are relative.",
                "Write the new study beside the old one.",
            )
        )


def _changes(rows: tuple[Assumed, ...], config: StudyConfig) -> Iterator[Change]:
    """Yield what differs from a study; raise all faults of the sheet together."""
    log = FaultLog()
    presets = parameter_presets(config.study.country)
    parameters, unset = load_parameters(config.parameters, presets), load_parameters(None, presets)
    found, seen = [], set()
    for row in rows:
        place = f"sheet '{SHEET}', row {row.row}: "
        if (row.section, row.name) in seen:
            log.fault("workbook", f"{place}'{row.name}' stands there twice.", "Take one out.")
            continue
        seen.add((row.section, row.name))
        if row.section == "parameters":
            change = _parameter_change(row, parameters, unset, place, log)
        elif row.section == "network":
            change = _network_change(row, config, place, log)
        else:
            known = " or ".join(SECTIONS)
            log.fault("workbook", f"{place}section '{row.section}' is not known.", f"Use {known}.")
            continue
        if change is not None:
            found.append(change)
    log.raise_faults()
    yield from found


def _parameter_change(
    row: Assumed, parameters: Parameters, unset: Parameters, place: str, log: FaultLog
) -> Change | None:
    """Return the change of one parameter, if its figure is another one.

    ``unset`` holds what counts where a study states nothing: defaults, or those of its country.
    """
    if row.name not in parameters:
        log.fault("workbook", f"{place}there is no parameter '{row.name}'.", "Take the row out.")
        return None
    known = parameters[row.name]
    if row.unit != known.unit:
        log.fault(
            "workbook",
            f"{place}{row.name} is given in '{row.unit}'; it is counted in '{known.unit}'.",
            "Give the figure in that unit, and leave the unit as it was.",
        )
        return None
    value = row.value
    try:
        load_parameters({row.name: value})
    except InputError as error:
        for each in error.faults:
            log.fault("workbook", place + each.message, each.remedy)
        return None
    if math.isclose(value, known.value, rel_tol=1e-12):
        return None
    back = math.isclose(value, unset[row.name].value, rel_tol=1e-12)
    return Change("parameters", row.name, known.value, value, known.unit, back)


def _network_change(row: Assumed, config: StudyConfig, place: str, log: FaultLog) -> Change | None:
    """Return the change of one setting of the network, if it is another one."""
    if row.name not in NetworkConfig.model_fields:
        log.fault("workbook", f"{place}there is no setting '{row.name}'.", "Take the row out.")
        return None
    before, value = getattr(config.network, row.name), row.value
    shown = {each.name: each.value for each in network_settings(config.network)}
    if value is None:
        log.fault("workbook", f"{place}{row.name} is empty.", "Give a value.")
        return None
    if isinstance(before, int) and isinstance(value, float) and value == int(value):
        value = int(value)
    if value in (before, shown.get(row.name)):
        return None
    # What a country sets is stated, for the key would fall back to it.
    own = row.name not in network_presets(config.study.country)
    back = own and value == NetworkConfig.model_fields[row.name].default
    return Change("network", row.name, before, value, row.unit, back)


def _state_presets(document: Any, changes: tuple[Change, ...], config: StudyConfig) -> None:
    """Write down what a country sets beside a changed setting, as a study states all or none."""
    presets = network_presets(config.study.country)
    if any(each.section == "network" and each.name in presets for each in changes):
        for name in presets:
            if name not in document["network"]:
                document["network"][name] = getattr(config.network, name)


def _edited(text: str, changes: tuple[Change, ...], config: StudyConfig, out: Path) -> str:
    """Return a study file with some keys changed, its comments kept."""
    import tomlkit

    document = tomlkit.parse(text)
    for each in changes:
        section: Any = document.setdefault(each.section, tomlkit.table())
        if each.to_default and each.name in section:
            section.remove(each.name)
        elif not each.to_default:
            section[each.name] = each.after
    _state_presets(document, changes, config)
    folder = config.outputs.folder.name
    outputs: Any = document.setdefault("outputs", tomlkit.table())
    outputs["folder"] = f"{folder}-{out.stem}"
    return tomlkit.dumps(document)
