"""Pages link to what is there, made pages tell all keys, and pictures are small and present."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from siting.cli import app
from siting.config import StudyConfig
from siting.parameters import load_parameters

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|:alt:|\{image\} (\S+)")


def pages(repository: Path) -> list[Path]:
    return [
        *repository.glob("*.md"),
        *(repository / "siting").rglob("*.md"),
        *(repository / "data").rglob("*.md"),
    ]


def test_links_of_pages_lead_to_files(repository: Path) -> None:
    lost = []
    for page in pages(repository):
        if "_made" in page.parts:
            continue
        for found in LINK.finditer(page.read_text(encoding="utf-8")):
            target = (found[1] or found[2] or "").partition("#")[0]
            if target and ":" not in target and not (page.parent / target).exists():
                lost.append((page.name, target))
    assert lost == []


@pytest.fixture(scope="module")
def made(repository: Path):
    place = repository / "siting" / "docs" / "made.py"
    spec = importlib.util.spec_from_file_location("made", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_study_file_tells_every_key(made) -> None:
    text = "\n".join(made.study_file())
    known = StudyConfig.model_json_schema()
    for model in known["$defs"].values():
        for key in model.get("properties", {}):
            assert f"| `{key}` |" in text or re.search(rf"\.{key}[\].]", text), key
    assert "| `pdf` | true or false | `false` |" in text


def test_the_pages_of_parameters_and_commands_are_whole(made) -> None:
    parameters = "\n".join(made.parameters())
    assert all(f"| `{name}` |" in parameters for name in load_parameters())
    commands = "\n".join(made.commands())
    import typer.main

    for name in typer.main.get_command(app).commands:
        assert f"## `siting {name}`" in commands
    assert "`--pdf`" in commands


def test_every_function_of_the_formula_page_is_there(made) -> None:
    text = "\n".join(made.formulas())
    for name in ("lorenz_cop", "levelised_cost", "heat_share", "flow_at_gradient", "year_co2"):
        assert f".{name}" in text
    assert text.count("autofunction") > 40


def test_pictures_are_there_and_small(repository: Path) -> None:
    pictures = list((repository / "siting" / "docs" / "images").glob("*.png"))
    assert {each.stem for each in pictures} >= {"map", "report", "economics", "workbook"}
    assert all(2_000 < each.stat().st_size < 400_000 for each in pictures)
