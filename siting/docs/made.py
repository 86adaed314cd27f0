"""Make the pages that follow from the code: study file, parameters, commands, key figures."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from siting.config import StudyConfig
from siting.parameters import load_parameters, references

__all__ = ["PAGES", "write_pages"]


def write_pages(folder: Path) -> None:
    """Write every page that is made; one that has not changed is left alone."""
    folder.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        text = "\n".join(make()) + "\n"
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


# The study file ---------------------------------------------------------------------------------


def study_file() -> Iterator[str]:
    """Yield a table of keys for each section of the study file."""
    schema = StudyConfig.model_json_schema()
    known = schema["$defs"]
    for name, section in schema["properties"].items():
        yield from _section(name, section, known)


def _section(path: str, field: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    """Yield a section with its keys, then the sections inside it."""
    model = _model_of(field, known)
    repeated = field.get("type") == "array"
    yield f"## `[[{path}]]`\n" if repeated else f"## `[{path}]`\n"
    told = field.get("description") or (model or {}).get("description", "")
    if told:
        yield _plain(told) + "\n"
    if model is None:
        return
    inner = {k: f for k, f in model["properties"].items() if _model_of(f, known) is not None}
    own = {k: f for k, f in model["properties"].items() if k not in inner}
    if own:
        needed = set(model.get("required", ()))
        yield "| key | type | default | meaning |\n| --- | --- | --- | --- |"
        for key, each in own.items():
            default = "needed" if key in needed else _default(each)
            yield f"| `{key}` | {_type(each)} | {default} | {_cell(each.get('description', ''))} |"
        yield ""
    for key, each in inner.items():
        named = ".NAME" if isinstance(each.get("additionalProperties"), dict) else ""
        yield from _section(f"{path}.{key}{named}", each, known)


def _model_of(field: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of a field that is a section of its own."""
    choices = [field, *field.get("anyOf", ()), *field.get("allOf", ())]
    for each in tuple(choices):
        inside = (each.get("items"), each.get("additionalProperties"))
        choices += [part for part in inside if isinstance(part, dict)]
    for each in choices:
        name = str(each.get("$ref", "")).rpartition("/")[2]
        if name and "properties" in known[name]:
            found: Mapping[str, Any] = known[name]
            return found
    return None


KINDS = {
    "string": "text",
    "boolean": "true or false",
    "integer": "whole number",
    "object": "table",
}


def _type(field: Mapping[str, Any]) -> str:
    """Return what a key holds, in words."""
    if "anyOf" in field:
        names = [_type(each) for each in field["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(names))
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    kind = str(field.get("type", "any"))
    if kind == "array":
        inner: Mapping[str, Any] = field.get("items") or next(
            iter(field.get("prefixItems", ())), {}
        )
        return f"list of {_type(inner)}"
    return KINDS.get(kind, kind)


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    if value is None or value in ([], {}, ""):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


# Parameters and sources -------------------------------------------------------------------------


def parameters() -> Iterator[str]:
    """Yield the parameter table with its sources."""
    yield "| parameter | default | usual range | unit | meaning | source |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in load_parameters().values():
        low, high = ("" if each is None else f"{each:g}" for each in (row.low, row.high))
        usual = f"{low} to {high}" if low or high else ""
        source = f"{row.mark}: {row.source}"
        yield (
            f"| `{row.name}` | {row.value:g} | {usual} | {_cell(row.unit)}"
            f" | {_cell(row.description)} | {_cell(source)} |"
        )
    yield "\n## Sources\n\n| key | where it is found |\n| --- | --- |"
    for key, place in references().items():
        yield f"| {key} | {_cell(place)} |"


# Commands ---------------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """Yield each command with its arguments and options."""
    import typer.main

    from siting.cli import app

    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        arguments = " ".join(
            str(each.metavar or each.name).upper() if each.metavar is None else str(each.metavar)
            for each in command.params
            if each.param_type_name == "argument"
        )
        yield f"## `siting {name}`\n"
        yield f"```\nsiting {name} {arguments}".rstrip() + " [OPTIONS]\n```\n"
        yield _plain(command.help or "") + "\n"
        for each in command.params:
            told = _plain(getattr(each, "help", "") or "")
            if each.param_type_name == "argument":
                yield f"- `{each.metavar or each.name}`: {told}"
            else:
                default = each.default
                shown = default if isinstance(default, str | int | float) else None
                usual = f" Default: `{shown}`." if shown not in {None, False, ""} else ""
                yield f"- `{', '.join(each.opts)}`: {told}{usual}"
        if command.epilog:
            yield "\n" + _plain(command.epilog)
        yield ""


# Layers that are written ------------------------------------------------------------------------


def written_layers() -> Iterator[str]:
    """Yield the columns of each layer of ``plan.gpkg``."""
    from siting.outputs.fields import LAYERS

    for layer, fields in LAYERS.items():
        yield f"### `{layer}`\n\n| column | unit | meaning |\n| --- | --- | --- |"
        for name, field in fields.items():
            yield f"| `{name}` | {_cell(field.unit)} | {_cell(field.description)} |"
        yield ""


# Formulas ---------------------------------------------------------------------------------------

ROOMS = {
    "Data centres and heat pumps": ("siting.sources.streams", "siting.sources.heat_pumps",
                                    "siting.sources.upgrades", "siting.sources.ramp"),
    "Load over the year": ("siting.heat.sochinsky", "siting.heat.duration", "siting.heat.boilers",
                           "siting.heat.degree_hours", "siting.heat.hours",
                           "siting.heat.boosters"),
    "Demand": ("siting.demand.benchmarks", "siting.demand.connection", "siting.demand.levels"),
    "Pipes": ("siting.pipes.friction", "siting.pipes.heat_loss", "siting.pipes.water",
              "siting.distribution", "siting.simultaneity"),
    "Money": ("siting.economics", "siting.finance.cashflow", "siting.finance.measures",
              "siting.finance.departure", "siting.finance.viewpoints"),
    "Sensitivities": ("siting.business.tornado",),
    "CO2": ("siting.emissions",),
}  # fmt: skip
"""Headings of the page of formulas, and the modules whose public names stand below."""


def formulas() -> Iterator[str]:
    """Yield the public functions of numbers, from their docstrings."""
    for title, modules in ROOMS.items():
        yield f"## {title}\n"
        for module in modules:
            names = importlib.import_module(module).__all__
            told = [name for name in names if name[:1].islower()]
            if told:
                yield "```{eval-rst}"
                yield from (f".. autofunction:: {module}.{name}" for name in sorted(told))
                yield "```\n"


def _plain(text: str) -> str:
    """Return a text on one line, code of docstrings as code of Markdown."""
    text = re.sub(r"``([^`]+)``", r"`\1`", " ".join(text.split()))
    return re.sub(r"(?<![`\w])`?(siting\.[\w.]+)`(?!`)", r"`\1`", text)


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


PAGES = {
    "study_file.md": study_file,
    "parameters.md": parameters,
    "commands.md": commands,
    "written_layers.md": written_layers,
    "formulas.md": formulas,
}
