"""Write a frontier file, and read it again to go on with the search."""

from __future__ import annotations

import json
import math
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from siting import whole_files
from siting.errors import Fault, InputError
from siting.frontier.result import Frontier, Point
from siting.frontier.shape import Line, Step
from siting.solution_file import plan_as_dict, plan_from_dict

__all__ = ["frontier_as_dict", "read_frontier", "whole_or_not", "write_frontier"]

FORMAT = "siting-frontier"
VERSION = 1


def frontier_as_dict(frontier: Frontier) -> dict[str, Any]:
    """Return a frontier as plain JSON values."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "problem_sha256": frontier.problem_sha256,
        "most_mwh": frontier.most_mwh,
        "starts_empty": frontier.starts_empty,
        "gap_wanted": frontier.gap_wanted,
        "seconds": frontier.seconds,
        "lines": [asdict(line) for line in frontier.lines],
        "steps": [asdict(step) for step in frontier.steps],
        "points": [
            {
                "capex_eur": each.capex_eur,
                "heat_mwh": each.heat_mwh,
                "ceiling_mwh": each.ceiling_mwh,
                "is_corner": each.is_corner,
                "plan": plan_as_dict(each.plan),
            }
            for each in frontier.points
        ],
    }


def write_frontier(frontier: Frontier, path: str | Path) -> None:
    """Write a frontier file, whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    text = json.dumps(frontier_as_dict(frontier), indent=1, allow_nan=False)
    with whole_or_not(Path(path)) as work:
        work.write_text(text + "\n", encoding="utf-8")


def read_frontier(path: str | Path) -> Frontier:
    """Read a frontier file.

    Raises
    ------
    InputError
        The file is missing, or is not a frontier file of this version.
    """
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise _fault(f"cannot read '{path}': {error.strerror}.", "Check the path.") from error
    except ValueError as error:
        raise _fault(f"'{path}' is not JSON: {error}.") from error
    if not isinstance(raw, dict) or (raw.get("format"), raw.get("version")) != (FORMAT, VERSION):
        raise _fault(
            f'\'{path}\' is no frontier file: it lacks "format": "{FORMAT}", "version": {VERSION}.'
        )
    try:
        return Frontier(
            points=tuple(_point(each, path) for each in raw["points"]),
            lines=tuple(_line(each) for each in raw["lines"]),
            steps=tuple(
                Step(_number(each["budget_eur"]), _number(each["heat_mwh"]))
                for each in raw["steps"]
            ),
            most_mwh=_number(raw["most_mwh"]),
            starts_empty=bool(raw["starts_empty"]),
            problem_sha256=str(raw["problem_sha256"]),
            gap_wanted=_number(raw["gap_wanted"]),
            seconds=_number(raw["seconds"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _fault(f"'{path}' cannot be understood at {error}.") from error


def _line(raw: dict[str, Any]) -> Line:
    price = _number(raw["price_mwh_per_eur"])
    return Line(price, _number(raw["surplus_mwh"]), int(raw["effort"]))


def _point(raw: dict[str, Any], path: str | Path) -> Point:
    plan = plan_from_dict(raw["plan"], path)
    return Point(plan, _number(raw["ceiling_mwh"]), bool(raw["is_corner"]))


def _number(value: Any) -> float:
    """Return a finite number."""
    number = float(value)
    if not math.isfinite(number):
        message = f"{value!r}, which is no finite number"
        raise ValueError(message)
    return number


def _fault(finding: str, remedy: str = "Start the frontier anew.") -> InputError:
    return InputError(Fault("frontier", finding, remedy))


def whole_or_not(path: Path) -> AbstractContextManager[Path]:
    """Give a path to write to, see `siting.whole_files.whole_or_not`."""
    return whole_files.whole_or_not(path, "frontier")
