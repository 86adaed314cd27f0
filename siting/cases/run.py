"""Judge each check of a case: within its range, outside, cannot be right, or not computable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from siting.cases.calculation import Calculation, MissingFigure, spread
from siting.cases.expressions import DEFAULT
from siting.cases.schema import Assumed, Case, Check, Missing, Published, placeholders
from siting.cases.words import figure_words, value_words
from siting.parameters import Parameters, load_parameters

__all__ = ["CaseOutcome", "CheckOutcome", "Input", "Verdict", "run_case", "run_cases"]

CLOSE = 1e-9


class Verdict(StrEnum):
    """What a check came to."""

    WITHIN = "within range"
    OUTSIDE = "outside range"
    IMPOSSIBLE = "cannot be right"
    INCOMPARABLE = "not comparable"
    MISSING = "not computable"
    NOT_FLAGGED = "flag lost"


FAILURES = frozenset({Verdict.OUTSIDE, Verdict.NOT_FLAGGED})
FLAGS = frozenset({Verdict.IMPOSSIBLE, Verdict.INCOMPARABLE})


@dataclass(frozen=True)
class Input:
    """A given figure that a check rests on, as printed.

    Parameters
    ----------
    name
        What it is.
    words
        The figure with its unit.
    kind
        ``published``, ``assumed``, ``default`` or ``missing``.
    certainty
        A, B or C for a published figure, else empty.
    sources
        Source keys or marks.
    """

    name: str
    words: str
    kind: str
    certainty: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class CheckOutcome:
    """One check with what went in, what came out and what it was held against.

    Parameters
    ----------
    case, id, name, unit, certainty, remark
        From the case file.
    formula
        The calculation as written in the case file.
    inputs
        Every given figure that it rests on.
    compared
        The published figure that stands beside the computed one, as printed.
    computed
        The result; nothing where a figure is missing [``unit``].
    least, most
        Over the ends of all ranges that it rests on, where there are any [``unit``].
    low, high
        What is expected or possible [``unit``].
    verdict
        What it came to.
    sentence
        For flagged checks, what is wrong; for those not computable, what is missing.
    """

    case: str
    id: str
    name: str
    unit: str
    certainty: str
    remark: str
    formula: str
    inputs: tuple[Input, ...]
    compared: str
    computed: float | None
    least: float | None
    most: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    sentence: str = ""

    @property
    def holds(self) -> bool:
        """Whether the check came out as the case file expects."""
        return self.verdict not in FAILURES

    @property
    def is_flagged(self) -> bool:
        """Whether a published figure cannot be taken as it stands."""
        return self.verdict in FLAGS

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source key and mark that the check rests on, once each."""
        return tuple(dict.fromkeys(key for each in self.inputs for key in each.sources))


@dataclass(frozen=True)
class CaseOutcome:
    """A case with the outcome of each of its checks."""

    case: Case
    checks: tuple[CheckOutcome, ...]

    @property
    def holds(self) -> bool:
        """Whether every check came out as expected."""
        return all(each.holds for each in self.checks)


def run_cases(
    cases: Iterable[Case], parameters: Parameters | None = None
) -> tuple[CaseOutcome, ...]:
    """Judge every check of some cases."""
    return tuple(run_case(case, parameters) for case in cases)


def run_case(case: Case, parameters: Parameters | None = None) -> CaseOutcome:
    """Judge every check of a case.

    Parameters
    ----------
    case
        From `read_case`.
    parameters
        Gives the defaults that calculations name; the packaged ones if left out.

    Returns
    -------
    One outcome for each check, in the order of the file.
    """
    parameters = load_parameters() if parameters is None else parameters
    checks = tuple(_outcome(case, check, parameters) for check in case.check)
    return CaseOutcome(case, checks)


def _outcome(case: Case, check: Check, parameters: Parameters) -> CheckOutcome:
    """Return the outcome of one check."""
    calculation = Calculation(case, parameters)
    edges = [edge for edge in (check.low, check.high) if isinstance(edge, str)]
    texts = [check.compute, *edges]
    leaves = dict.fromkeys(name for text in texts for name in calculation.leaves(text))
    computed = low = high = None
    ends: tuple[float, float] | None = None
    try:
        computed = calculation.compute(check.compute, check.unit)
        low = calculation.limit(check.low, check.unit)
        high = calculation.limit(check.high, check.unit)
        ends = spread(case, parameters, check.compute, check.unit)
        verdict = _verdict(check, computed, low, high)
        sentence = _sentence(case, check, calculation, (computed, low, high))
    except MissingFigure as missing:
        verdict, sentence = Verdict.MISSING, _what_is_missing(case, missing)
    return CheckOutcome(
        case=case.name,
        id=check.id,
        name=check.name,
        unit=check.unit,
        certainty=check.certainty,
        remark=check.remark,
        formula=" ".join(check.compute.split()),
        inputs=tuple(_input(case, parameters, name) for name in leaves),
        compared=_compared(case, check),
        computed=computed,
        least=ends[0] if ends else None,
        most=ends[1] if ends else None,
        low=low,
        high=high,
        verdict=verdict,
        sentence=sentence if verdict in FLAGS or verdict is Verdict.MISSING else "",
    )


def _verdict(check: Check, computed: float, low: float | None, high: float | None) -> Verdict:
    """Return what a computed figure comes to; the ends of a range belong to it."""
    room = CLOSE * abs(computed)
    inside = (low is None or computed >= low - room) and (high is None or computed <= high + room)
    match check.expects:
        case "within":
            return Verdict.WITHIN if inside else Verdict.OUTSIDE
        case "impossible":
            return Verdict.NOT_FLAGGED if inside else Verdict.IMPOSSIBLE
        case "incomparable":
            return Verdict.NOT_FLAGGED if inside else Verdict.INCOMPARABLE


def _sentence(
    case: Case,
    check: Check,
    calculation: Calculation,
    results: tuple[float | None, float | None, float | None],
) -> str:
    """Return the sentence of a flag with its figures filled in."""
    own = dict(zip(("computed", "low", "high"), results, strict=True))
    filled: dict[str, str] = {}
    for name in placeholders(check.flag):
        if name in own:
            value = own[name]
            filled[name] = "no limit" if value is None else value_words(value, check.unit)
        else:
            filled[name] = _named(case, calculation, name)
    return check.flag.format(**filled)


def _named(case: Case, calculation: Calculation, name: str) -> str:
    """Return one figure of a case in words: its value, or its range where that is all."""
    item = case.items[name]
    if isinstance(item, Published | Assumed) and item.value is None:
        return figure_words(item)
    return value_words(calculation.value(name).to(item.unit), item.unit)


def _what_is_missing(case: Case, missing: MissingFigure) -> str:
    """Return which figures a check waits for."""
    names = [case.items[key].name for key in missing.args]
    return f"not published or not found: {'; '.join(names)}."


def _compared(case: Case, check: Check) -> str:
    if check.published is None:
        return ""
    item = case.items[check.published]
    return f"{item.name} {figure_words(item)}" if isinstance(item, Published) else ""


def _input(case: Case, parameters: Parameters, name: str) -> Input:
    """Return a given figure as printed."""
    item = case.items.get(name)
    match item:
        case Published():
            return Input(item.name, figure_words(item), "published", item.certainty, item.sources)
        case Assumed():
            return Input(item.name, figure_words(item), "assumed", "", item.marks)
        case Missing():
            return Input(item.name, "not found", "missing", "", ())
        case _:
            row = parameters[name.removeprefix(f"{DEFAULT}.")]
            words = value_words(row.value, row.unit)
            return Input(row.description, words, "default", "", tuple(row.mark.split()))
