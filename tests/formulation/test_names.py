"""Four names agree: heading in FORMULATION.md, function, row prefix, test module."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from siting.model import build_model, constraints, variables
from siting.model.objectives import OBJECTIVES
from siting.problem import Edge, Limits, Objective, PipeSize, Problem, Site, SiteOption, Zone

from .paper import rows

PAGE = Path(constraints.__file__).with_name("FORMULATION.md")
HEADINGS = re.findall(r"^### `(\w+)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
MODULES = {path.stem for path in Path(__file__).parent.glob("test_*.py")} - {"test_names"}
CURVE = ((0.0, 0.0), (0.5, 0.8), (1.0, 1.0))

EVERYTHING = Problem(
    nodes=("a", "b", "c"),
    edges=(
        Edge("ab", "a", "b", cost_eur=1, loss_mw=0.1),
        Edge("bc", "b", "c", sizes=(PipeSize("DN1", 0.5, 1), PipeSize("DN2", 2, 2))),
    ),
    sites=(
        Site("s", "a", options=(SiteOption("x", 1, 1), SiteOption("y", 2, 2)), mandatory=True),
        Site("t", "c", cost_per_mwh_eur=3),
    ),
    zones=(Zone("y", "b", 1, 1, load_curve=CURVE), Zone("z", "c", 1, 1)),
    objective=Objective("net_value"),
    limits=Limits(budget_eur=9, min_heat_mwh=1, min_sites=1, max_sites=2, min_zones=1),
)


def functions(module: object, prefix: str) -> dict[str, object]:
    found = inspect.getmembers(module, inspect.isfunction)
    return {name: each for name, each in found if name.startswith(prefix)}


CONSTRAINTS = functions(constraints, "constraint_")


def test_headings_are_the_functions() -> None:
    pieces = [each for each in HEADINGS if each.startswith("constraint_")]
    assert len(pieces) == len(set(pieces))
    assert set(pieces) == set(CONSTRAINTS)
    decisions = {each for each in HEADINGS if each.startswith("variable_")}
    assert decisions == set(functions(variables, "variable_"))
    assert set(HEADINGS) - set(pieces) - decisions == set(OBJECTIVES)


def test_modules_are_the_functions() -> None:
    names = {name.removeprefix("constraint_") for name in CONSTRAINTS} | set(OBJECTIVES)
    assert {f"test_{name}" for name in names} == MODULES


@pytest.mark.parametrize("name", sorted(set(CONSTRAINTS) - {"constraint_directed_cut"}))
def test_rows_begin_with_the_name_of_their_function(name: str) -> None:
    prefix = name.removeprefix("constraint_")
    found = rows(CONSTRAINTS[name], EVERYTHING)  # type: ignore[arg-type]
    assert found
    assert [each for each in found if not _is_named(each, prefix)] == []


def _is_named(text: str, prefix: str) -> bool:
    return re.match(rf"{prefix}(_most|_least|(_[a-z]?\d+)*): ", text) is not None


def test_the_model_is_made_of_all_of_them_in_the_order_of_the_page() -> None:
    """Directed cuts are added during the search."""
    names = [each.name for each in build_model(EVERYTHING).program.constraints()]
    written = [each.removeprefix("constraint_") for each in HEADINGS if "constraint_" in each]
    written.remove("directed_cut")
    by_length = sorted(written, key=len, reverse=True)
    used = [next(each for each in by_length if name.startswith(each)) for name in names]
    assert list(dict.fromkeys(used)) == written
