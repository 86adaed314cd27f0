"""Read and write a solution file: a paid-for plan as JSON, without geography."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from siting.errors import Fault, InputError
from siting.plan import Plan

__all__ = ["plan_as_dict", "read_solution", "write_solution"]

FORMAT = "siting-solution"
VERSION = 1

ADAPTER: TypeAdapter[Plan] = TypeAdapter(Plan)


def plan_as_dict(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain JSON values; an infinite gap is null."""
    raw: dict[str, Any] = ADAPTER.dump_python(plan, mode="json")
    if not math.isfinite(plan.proof.gap):
        raw["proof"]["gap"] = None
    return {"format": FORMAT, "version": VERSION, **raw}


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
    return _plan(raw, path)


def _plan(raw: dict[str, Any], path: str | Path) -> Plan:
    """Return the plan that a parsed solution file holds."""
    values = {key: value for key, value in raw.items() if key not in {"format", "version"}}
    proof = values.get("proof")
    if isinstance(proof, dict) and proof.get("gap", 0.0) is None:
        values["proof"] = proof | {"gap": math.inf}
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
