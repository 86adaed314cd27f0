"""Say what is wrong with a study file in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from siting.config.whole import StudyConfig
from siting.errors import Fault

__all__ = [
    "faults_of",
    "syntax_fault",
]

NUMBER_FAULTS = frozenset(
    {"float_parsing", "float_type", "int_parsing", "int_type", "int_from_float"}
)


def syntax_fault(file: Path, words: str) -> Fault:
    """Return the fault for text that is not TOML, with its line."""
    place = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", words)
    where = "at its end"
    if place and place[1]:
        where = f"in line {place[1]}, column {place[2]}"
    what = words[: place.start()].strip() if place else words
    return Fault(
        "study",
        f"'{file}' is not TOML {where}: {what[:1].lower()}{what[1:]}.",
        "Mend the line: text stands in quotes, and each key has one value.",
    )


def faults_of(
    raw: Mapping[str, Any], name: str, error: ValidationError, model: Any = StudyConfig
) -> Iterator[Fault]:
    """Yield one fault for each thing that pydantic found; ``model`` is what the file should be."""
    for each in error.errors():
        steps = [str(step) for step in each["loc"]]
        section, key = steps[:-1], steps[-1]
        if _is_section(raw, steps):
            section, key = steps, ""
        place = f"{name} [{'.'.join(section)}]" if section else name
        yield Fault("study", f"{place} {_what(each, key)}", _remedy(each, steps, model))


def _is_section(raw: Any, steps: Sequence[str]) -> bool:
    """Return whether a place in the file is a table."""
    for step in steps:
        raw = raw.get(step) if isinstance(raw, Mapping) else None
    return isinstance(raw, Mapping)


def _what(error: Mapping[str, Any], key: str) -> str:
    """Return what is wrong at a key, and what was found."""
    match error["type"]:
        case "extra_forbidden":
            return f"'{key}' is not known." if key else "is no section of a study file."
        case "missing":
            return f"'{key}' is missing."
        case "value_error":
            words = str(error["ctx"]["error"].args[0])
        case "model_type":
            words = f"this is a section, written as [{key}]; found {error['input']!r}"
        case kind if kind in NUMBER_FAULTS:
            whole = "whole number" if kind.startswith("int") else "number"
            words = f"a {whole} is needed; found {error['input']!r}"
        case _:
            words = f"{error['msg'][:1].lower()}{error['msg'][1:]}; found {error['input']!r}"
    return f"'{key}': {words}." if key else f"{words}."


def _remedy(error: Mapping[str, Any], steps: Sequence[str], model: Any) -> str:
    """Return what to do about it; for an unknown key, the nearest known one."""
    match error["type"]:
        case "extra_forbidden":
            return _nearest(steps[-1], known_keys(steps[:-1], model))
        case "missing":
            return "Add it."
        case "value_error":
            return str(error["ctx"]["error"].args[1])
        case kind if kind in NUMBER_FAULTS:
            return "Write it without quotes, unit or thousands separator, such as 8000 or 0.02."
        case _:
            return "Give a value that fits."


def known_keys(steps: Sequence[str], model: Any = StudyConfig) -> list[str]:
    """Return the keys of a section."""
    for step in steps:
        fields = getattr(model, "model_fields", {})
        if step not in fields:
            continue  # a place in a list, or a name that the user gave
        kind = fields[step].annotation
        choices = [each for each in get_args(kind) if hasattr(each, "model_fields")]
        model = choices[0] if choices else kind
    return list(getattr(model, "model_fields", ()))


def _nearest(name: str, known: Sequence[str]) -> str:
    """Return the nearest known name as a question, or all known names."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}."
