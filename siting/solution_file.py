"""Read and write a solution file: a paid-for plan as JSON, without geography."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from siting.errors import Fault, InputError
from siting.plan import Plan

__all__ = ["plan_as_dict", "plan_from_dict", "read_solution", "write_solution"]

FORMAT = "siting-solution"
VERSION = 1

ADAPTER: TypeAdapter[Plan] = TypeAdapter(Plan)


def plan_as_dict(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain JSON values.

    JSON has no infinite numbers: they are null, and ``not_finite`` says where and which.
    """
    not_finite: dict[str, str] = {}
    raw = _finite(asdict(plan), "", not_finite)
    return {"format": FORMAT, "version": VERSION, **raw, "not_finite": not_finite}


def write_solution(plan: Plan, path: str | Path) -> None:
    """Write a solution file.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    text = json.dumps(plan_as_dict(plan), indent=1, allow_nan=False)
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            Fault("solution", f"cannot write '{path}': {error.strerror}.", "Name another file.")
        ) from error


def read_solution(path: str | Path) -> Plan:
    """Read a solution file.

    Raises
    ------
    InputError
        The file is missing, or is not a solution file of this version.
    """
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            Fault("solution", f"cannot read '{path}': {error.strerror}.", "Check the path.")
        ) from error
    except ValueError as error:
        raise InputError(
            Fault("solution", f"'{path}' is not JSON: {error}.", "Write it again.")
        ) from error
    if not isinstance(raw, dict) or (raw.get("format"), raw.get("version")) != (FORMAT, VERSION):
        raise InputError(
            Fault(
                "solution",
                f'\'{path}\' is no solution file: it lacks "format": "{FORMAT}", "version":'
                f" {VERSION}.",
                "Give a file that 'siting solve' wrote.",
            )
        )
    return plan_from_dict(raw, path)


def _finite(value: Any, place: str, not_finite: dict[str, str]) -> Any:
    """Return a copy without infinite numbers; where they stood is added to ``not_finite``."""
    if isinstance(value, Mapping):
        inner = f"{place}." if place else ""
        return {key: _finite(each, f"{inner}{key}", not_finite) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each, f"{place}.{at}", not_finite) for at, each in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        not_finite[place] = str(value)
        return None
    return value


def _restore(raw: Any, not_finite: Any) -> None:
    """Put infinite numbers back where they stood."""
    for place, word in not_finite.items() if isinstance(not_finite, Mapping) else ():
        *way, last = str(place).split(".")
        holder = raw
        for step in way:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        holder[int(last) if isinstance(holder, list) else last] = float(word)


def plan_from_dict(raw: dict[str, Any], path: str | Path) -> Plan:
    """Return the plan that a parsed solution file holds; ``path`` is named in errors.

    Raises
    ------
    InputError
        The values are not those of a plan.
    """
    values = {
        key: value for key, value in raw.items() if key not in {"format", "version", "not_finite"}
    }
    try:
        _restore(values, raw.get("not_finite", {}))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(
            Fault(
                "solution",
                f"'{path}' not_finite names a place that is not there: {error}.",
                "Give a file that 'siting solve' wrote.",
            )
        ) from error
    try:
        return ADAPTER.validate_python(values)
    except ValidationError as error:
        raise InputError(
            [
                Fault(
                    "solution",
                    f"'{path}' {'.'.join(map(str, each['loc']))}: {each['msg']}.",
                    "Give a file that 'siting solve' wrote.",
                )
                for each in error.errors()
            ]
        ) from error
