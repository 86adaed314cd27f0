"""Read case files, and report everything in them that cannot be understood at once."""

from __future__ import annotations

import csv
import difflib
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from siting.cases.calculation import Calculation, UnknownName, spread
from siting.cases.expressions import ExpressionError
from siting.cases.quantities import UnitError, unit
from siting.cases.schema import Assumed, Case, Check, Missing, Published, Step, placeholders
from siting.errors import Fault, FaultLog, InputError, name_ids
from siting.parameters import Parameters, load_parameters, references
from siting.resources import data_folder

__all__ = ["Case", "case_files", "read_case", "read_cases", "source_addresses"]

LAYER = "cases"
MARKS = frozenset({"K", "J"})
TABLES: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "published": Published,
        "missing": Missing,
        "assumed": Assumed,
        "step": Step,
        "check": Check,
    }
)
OWN_NAMES = ("computed", "low", "high")
SOURCES = "sources.csv"


def case_files(folder: Path | None = None) -> dict[str, Path]:
    """Return the case files of a folder by name, the packaged ones by default.

    Raises
    ------
    InputError
        The folder holds no case file.
    """
    folder = folder or data_folder() / "cases"
    files = {each.stem: each for each in sorted(folder.glob("*.toml"))}
    if not files:
        fault = Fault(LAYER, f"'{folder}' holds no case file.", "Name a folder with *.toml files.")
        raise InputError(fault)
    return files


def read_cases(names: Sequence[str] = (), folder: Path | None = None) -> tuple[Case, ...]:
    """Return cases by name, all of them by default.

    Parameters
    ----------
    names
        Names of case files without their ending.
    folder
        Where they are; the packaged ones by default.

    Raises
    ------
    InputError
        A name is not known or a file has faults. All faults of all files are reported at once.
    """
    files = case_files(folder)
    faults: list[Fault] = []
    found = []
    for name in names or files:
        if name not in files:
            near = difflib.get_close_matches(name, files, n=1, cutoff=0.4)
            remedy = f"Did you mean '{near[0]}'?" if near else f"At hand are {', '.join(files)}."
            faults.append(Fault(LAYER, f"there is no case '{name}'.", remedy, (name,)))
            continue
        try:
            found.append(read_case(files[name]))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return tuple(found)


def read_case(path: Path) -> Case:
    """Return one case from its file.

    Parameters
    ----------
    path
        The case file. Source keys are looked up in ``sources.csv`` beside it.

    Raises
    ------
    InputError
        The file cannot be read, a key or unit is not known, a calculation cannot be understood or
        its units do not fit. All faults are reported at once.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault(LAYER, f"cannot read '{path}': {type(error).__name__}.", "Check the path.")
        raise InputError(fault) from error
    except tomllib.TOMLDecodeError as error:
        fault = Fault(LAYER, f"'{path.name}' is not TOML: {error}.", "Mend the line.")
        raise InputError(fault) from error
    try:
        case = Case.model_validate(raw).named(path)
    except ValidationError as error:
        raise InputError(list(_shape_faults(raw, path.name, error))) from error
    log = FaultLog()
    _check_keys(case, path.name, log)
    _check_units(case, path.name, log)
    _check_sources(case, path, log)
    log.raise_faults()
    _check_calculations(case, path.name, load_parameters(), log)
    _check_sentences(case, path.name, log)
    log.raise_faults()
    return case


def source_addresses(folder: Path | None = None) -> Mapping[str, str]:
    """Return the address of each source key: those of the cases and those of the defaults."""
    path = (folder or data_folder() / "cases") / SOURCES
    found = dict(references())
    if path.is_file():
        rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), strict=True)
        found |= {row["key"]: row["address"] for row in rows}
    return found


def _shape_faults(raw: Mapping[str, Any], file: str, error: ValidationError) -> Iterator[Fault]:
    """Yield one fault for each thing that does not have the shape of a case."""
    for each in error.errors():
        steps = list(each["loc"])
        place, key = _place(raw, steps)
        where = f"{file} {place}".rstrip()
        subject = f"'{key}'" if key else "it"
        match each["type"]:
            case "missing":
                yield Fault(LAYER, f"{where}: {subject} is missing.", "Add it.")
            case "extra_forbidden":
                yield Fault(LAYER, f"{where}: {subject} is not known.", _near(str(key), place))
            case "value_error":
                words = str(each["ctx"]["error"])
                yield Fault(LAYER, f"{where}: {words}.", "Mend it.")
            case _:
                words = f"{each['msg'][:1].lower()}{each['msg'][1:]}; found {each['input']!r}"
                yield Fault(LAYER, f"{where}: {subject}: {words}.", "Give a value that fits.")


def _place(raw: Mapping[str, Any], steps: list[int | str]) -> tuple[str, str]:
    """Return which table of the file a fault is in, and its key."""
    if len(steps) > 1 and isinstance(steps[1], int):
        table, position = str(steps[0]), steps[1]
        entry = raw[table][position]
        label = position + 1
        if isinstance(entry, Mapping):
            label = entry.get("id") or entry.get("key") or label
        key = str(steps[2]) if len(steps) > 2 else ""
        return f"[[{table}]] '{label}'", key
    return "", str(steps[0]) if steps else ""


def _near(key: str, place: str) -> str:
    """Return the nearest key of a table as a question, or all its keys."""
    table = place[2:].split("]", 1)[0]
    known = list(TABLES.get(table, Case).model_fields)
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}."


def _check_keys(case: Case, file: str, log: FaultLog) -> None:
    """Log keys that stand twice, and comparisons with figures that are not there."""
    twice = [key for key, n in Counter(each.key for each in case.each_item()).items() if n > 1]
    if twice:
        log.fault(LAYER, f"{file}: {name_ids(twice)} stand twice.", "Give each its own.", twice)
    known = [each.key for each in case.published]
    for check in case.check:
        if check.published is not None and check.published not in known:
            log.fault(
                LAYER,
                f"{file} check '{check.id}' is compared with '{check.published}', which is not"
                " published there.",
                f"Known here: {', '.join(known)}.",
                (check.id,),
            )


def _check_units(case: Case, file: str, log: FaultLog) -> None:
    """Log units that are not known."""
    for each in case.each_item():
        try:
            unit(each.unit)
        except UnitError as error:
            log.fault(LAYER, f"{file} '{each.key}': {error}.", "Write a known unit.", (each.key,))


def _check_sources(case: Case, path: Path, log: FaultLog) -> None:
    """Log source keys without an address."""
    known = source_addresses(path.parent)
    given: list[Published | Assumed] = [*case.published, *case.assumed]
    for each in given:
        keys = each.sources if isinstance(each, Published) else each.marks
        allowed = set(known) if isinstance(each, Published) else set(known) | MARKS
        strange = [key for key in keys if key not in allowed]
        if strange:
            log.fault(
                LAYER,
                f"{path.name} '{each.key}' names the source {name_ids(strange)}, which has no"
                f" address in {SOURCES}.",
                "Add it there, or mend the key.",
                (each.key,),
            )


def _check_calculations(case: Case, file: str, parameters: Parameters, log: FaultLog) -> None:
    """Log calculations that cannot be understood or whose units do not fit."""
    computed: list[Step | Check] = [*case.step, *case.check]
    for each in computed:
        try:
            _try_calculation(case, each, parameters)
        except (UnitError, ExpressionError, UnknownName) as error:
            remedy = _nearest_name(str(error), list(case.items))
            log.fault(LAYER, f"{file} '{each.key}': {error}.", remedy, (each.key,))
        except InputError as error:
            words = " ".join(fault.message for fault in error.faults)
            log.fault(LAYER, f"{file} '{each.key}': {words}", "Mend its figures.", (each.key,))
        except ZeroDivisionError:
            log.fault(LAYER, f"{file} '{each.key}' divides by zero.", "Mend it.", (each.key,))


def _try_calculation(case: Case, item: Step | Check, parameters: Parameters) -> None:
    """Work out a figure once, missing ones taken as 1, so that what is wrong is raised."""
    trial = Calculation(case, parameters, pretend=True)
    trial.compute(item.compute, item.unit)
    if isinstance(item, Check):
        trial.limit(item.low, item.unit)
        trial.limit(item.high, item.unit)
    if not any(isinstance(case.items.get(name), Missing) for name in trial.leaves(item.compute)):
        spread(case, parameters, item.compute, item.unit)


def _nearest_name(words: str, known: Sequence[str]) -> str:
    """Return the figure that may have been meant, where a name is not known."""
    if "holds no figure" not in words:
        return "Mend the calculation."
    near = difflib.get_close_matches(words.split("'")[1], known, n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else "Add the figure, or mend the name."


def _check_sentences(case: Case, file: str, log: FaultLog) -> None:
    """Log names in braces that stand for nothing."""
    for check in case.check:
        try:
            names = placeholders(check.flag)
        except ValueError as error:
            log.fault(LAYER, f"{file} flag of '{check.id}': {error}.", "Close the brace.")
            continue
        strange = [each for each in names if each not in case.items and each not in OWN_NAMES]
        if strange:
            log.fault(
                LAYER,
                f"{file} flag of '{check.id}' names {name_ids(strange)}, which the case lacks.",
                "Name figures of the case, or {computed}, {low} and {high}.",
                (check.id,),
            )
