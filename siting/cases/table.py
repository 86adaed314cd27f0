"""Print the outcome of cases as a table, as Markdown, as CSV or as JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from siting.cases.run import CaseOutcome, CheckOutcome, Verdict
from siting.cases.words import figure_words, number_words, range_words, value_words

__all__ = ["FORMATS", "rendered"]

COLUMNS = (
    "check", "published", "assumed", "computed", "range", "verdict", "certainty", "source",
)  # fmt: skip
WIDTH = 170
# Rich's horizontal lines, in characters that every screen has.
RULES = " -- \n    \n -- \n    \n -- \n -- \n    \n -- \n"


def rendered(outcomes: Sequence[CaseOutcome], form: str, width: int = WIDTH) -> str:
    """Return the outcome of cases as text.

    Parameters
    ----------
    outcomes
        From `run_cases`.
    form
        A name of `FORMATS`.
    width
        Columns of the screen, for the table [characters].
    """
    return FORMATS[form](outcomes, width)


def _table(outcomes: Sequence[CaseOutcome], width: int) -> str:
    """Return one table per case, and the flags at the end."""
    from rich.box import Box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, legacy_windows=False)
    for outcome in outcomes:
        console.print(Text(f"{outcome.case.title} ({outcome.case.place})"))
        console.print(Text(outcome.case.summary))
        table = Table(box=Box(RULES, ascii=True), show_lines=True, pad_edge=False)
        for name in COLUMNS:
            table.add_column(name, overflow="fold")
        for check in outcome.checks:
            table.add_row(*(Text(cell) for cell in _row(check)))
        console.print(table)
        for line in _below(outcome):
            console.print(Text(line))
        console.print()
    for line in _closing(outcomes):
        console.print(Text(line))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _markdown(outcomes: Sequence[CaseOutcome], _: int) -> str:
    """Return the same as `_table`, as Markdown."""
    lines = ["# Published projects", ""]
    for outcome in outcomes:
        lines += [f"## {outcome.case.title}", "", f"{outcome.case.place}. {outcome.case.summary}"]
        lines += ["", f"| {' | '.join(COLUMNS)} |", "|" + " --- |" * len(COLUMNS)]
        for check in outcome.checks:
            lines.append(f"| {' | '.join(_cell(each) for each in _row(check))} |")
        lines.append("")
        lines += [f"- {line}" for line in _below(outcome)]
        lines.append("")
    head, *rest = _closing(outcomes)
    lines += ["## Flags", "", head, "", *(f"- {line}" for line in rest)]
    return "\n".join(lines).rstrip() + "\n"


def _csv(outcomes: Sequence[CaseOutcome], _: int) -> str:
    """Return one row per check, numbers in full."""
    out = io.StringIO()
    names = [
        "case", "check", "name", "formula", "published", "assumed", "computed", "least", "most",
        "low", "high", "unit", "verdict", "holds", "certainty", "sources", "sentence", "remark",
    ]  # fmt: skip
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for check in (check for outcome in outcomes for check in outcome.checks):
        writer.writerow(
            {
                "check": check.id,
                "published": _published(check),
                "assumed": _assumed(check),
                "sources": " ".join(check.sources),
                "holds": str(check.holds).lower(),
                **{
                    name: getattr(check, name)
                    for name in names
                    if name not in {"check", "published", "assumed", "sources", "holds"}
                },
            }
        )
    return out.getvalue()


def _json(outcomes: Sequence[CaseOutcome], _: int) -> str:
    """Return everything that is known of the cases and their checks."""
    cases = [
        {
            "name": outcome.case.name,
            "holds": outcome.holds,
            **outcome.case.model_dump(mode="json", exclude={"check", "step"}),
            "checks": [_check_dict(check) for check in outcome.checks],
        }
        for outcome in outcomes
    ]
    return json.dumps({"cases": cases}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


FORMATS: Mapping[str, Callable[[Sequence[CaseOutcome], int], str]] = MappingProxyType(
    {"table": _table, "json": _json, "markdown": _markdown, "csv": _csv}
)


def _check_dict(check: CheckOutcome) -> dict[str, Any]:
    return {
        **dataclasses.asdict(check),
        "verdict": check.verdict.value,
        "holds": check.holds,
        "sources": list(check.sources),
    }


def _row(check: CheckOutcome) -> tuple[str, ...]:
    return (
        f"{check.id} {check.name}",
        _published(check),
        _assumed(check),
        _computed(check),
        range_words(check.low, check.high),
        check.verdict.value,
        check.certainty,
        " ".join(check.sources),
    )


def _published(check: CheckOutcome) -> str:
    """Return the published figures that a check rests on or stands beside."""
    parts = [] if not check.compared else [f"compare {check.compared}"]
    parts += [
        f"{each.name} {each.words} ({each.certainty})"
        for each in check.inputs
        if each.kind == "published"
    ]
    parts += [f"{each.name}: not found" for each in check.inputs if each.kind == "missing"]
    return "; ".join(parts)


def _assumed(check: CheckOutcome) -> str:
    """Return the assumed figures and defaults that a check rests on."""
    given = (each for each in check.inputs if each.kind in {"assumed", "default"})
    return "; ".join(f"{each.name} {each.words}" for each in given)


def _computed(check: CheckOutcome) -> str:
    if check.computed is None:
        return ""
    words = value_words(check.computed, check.unit)
    if check.least is None or check.most is None:
        return words
    return f"{words} ({number_words(check.least)} to {number_words(check.most)})"


def _below(outcome: CaseOutcome) -> list[str]:
    """Return the lines below a table: remarks, further published figures, and missing ones."""
    lines = [f"{check.id}: {check.remark}" for check in outcome.checks if check.remark]
    used = [words for check in outcome.checks for words in _used(check)]
    further = [
        f"{each.name} {figure_words(each)} ({each.certainty}) {' '.join(each.sources)}"
        for each in outcome.case.published
        if not any(words.startswith(each.name) for words in used)
    ]
    if further:
        lines.append(f"Also published: {'; '.join(further)}.")
    if outcome.case.missing:
        names = "; ".join(each.name for each in outcome.case.missing)
        lines.append(f"Not published or not found: {names}.")
    return lines


def _used(check: CheckOutcome) -> list[str]:
    """Return what the row of a check names already."""
    return [check.compared, *(each.name for each in check.inputs)]


def _closing(outcomes: Sequence[CaseOutcome]) -> list[str]:
    """Return the count of checks, then one sentence for each that needs attention."""
    checks = [(outcome.case, check) for outcome in outcomes for check in outcome.checks]
    counts = [
        f"{sum(check.verdict is each for _, check in checks)} {each.value}"
        for each in Verdict
        if any(check.verdict is each for _, check in checks)
    ]
    lines = [f"{len(checks)} checks: {', '.join(counts)}."]
    for case, check in checks:
        if check.is_flagged or check.verdict is Verdict.MISSING:
            lines.append(f"{case.title}, {check.id}, {check.verdict.value}: {check.sentence}")
        elif not check.holds:
            lines.append(f"{case.title}, {check.id}, {check.verdict.value}: {_failure(check)}")
    return lines


def _failure(check: CheckOutcome) -> str:
    """Return why a check does not hold."""
    found = value_words(check.computed or 0.0, check.unit)
    expected = f"{range_words(check.low, check.high)} {check.unit}".replace(" -", "")
    if check.verdict is Verdict.NOT_FLAGGED:
        return f"{found} lies within {expected}, so nothing is wrong with it any more."
    return f"{check.name} came to {found}; expected is {expected}."


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
