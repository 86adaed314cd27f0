"""Rooms import downwards, and heavy libraries stay in the rooms that are there for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import siting

PACKAGE = Path(siting.__file__).parent

HOMES = {
    "osmnx": {"streets"},
    "folium": {"outputs"},
    "pulp": {"future", "model", "solvers"},
    "highspy": {"solvers"},
    "xlsxwriter": {"outputs"},
    "pandapipes": {"simulate"},
    "typer": {"cli", "docs"},
    "rasterio": {"demand"},
}
"""Only these rooms import the library when they run."""

NUMBERS = {"distribution", "economics", "emissions", "finance", "heat", "parameters",
           "pipes", "sources", "units"}  # fmt: skip
MATHEMATICS = {"annual", "model", "optimise", "problem", "solution", "solvers"}
GEOGRAPHY = {"layers", "network", "region", "streets"}
ABOVE = {"assembly", "cli", "outputs", "study"}


def imports(room: str) -> Iterator[str]:
    """Yield what the modules of a room import when they run, types left out."""
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0].removesuffix(".py") != room:
            continue
        waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                continue
            if isinstance(node, ast.Import):
                yield from (each.name for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
            waiting.extend(ast.iter_child_nodes(node))


ROOMS = {
    room: set(imports(room))
    for room in {path.relative_to(PACKAGE).parts[0].removesuffix(".py")
                 for path in PACKAGE.rglob("*.py")}
}  # fmt: skip


def rooms_below(room: str) -> set[str]:
    """Return the rooms of the package that a room imports."""
    parts = (name.split(".") for name in ROOMS[room])
    return {each[1] for each in parts if each[0] == "siting" and len(each) > 1} - {room}


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_is_imported_in_its_home_only(library):
    users = {room for room, names in ROOMS.items() if library in {n.split(".")[0] for n in names}}
    assert users <= HOMES[library]
    assert users


def test_rooms_of_numbers_know_nothing_of_maps_or_models():
    for room in NUMBERS:
        assert not rooms_below(room) & (MATHEMATICS | GEOGRAPHY | ABOVE), room


def test_mathematics_and_geography_do_not_know_each_other():
    for room in MATHEMATICS & set(ROOMS):
        assert not rooms_below(room) & (GEOGRAPHY | ABOVE), room
    for room in GEOGRAPHY:
        assert not rooms_below(room) & (MATHEMATICS | ABOVE), room


def test_nothing_imports_the_command_line():
    assert {room for room in ROOMS if "cli" in rooms_below(room)} <= {"__main__", "docs"}
