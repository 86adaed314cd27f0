"""Say what a case file holds: published, missing and assumed figures, steps and checks."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

__all__ = [
    "Assumed",
    "Case",
    "Check",
    "Expectation",
    "Figure",
    "Item",
    "Missing",
    "Published",
    "Step",
    "placeholders",
]

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Words = Annotated[str, Field(min_length=1)]
Certainty = Literal["A", "B", "C"]
Expectation = Literal["within", "impossible", "incomparable"]


class Section(BaseModel):
    """A part of a case file: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Figure(Section):
    """A figure that is given: a value, a range, or a value within a range."""

    key: Key
    name: Words
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: Words
    note: str = ""

    @model_validator(mode="after")
    def _has_a_value(self) -> Figure:
        ends = [each for each in (self.low, self.high) if each is not None]
        if len(ends) == 1 or (self.value is None and not ends):
            raise ValueError("give a value, or low and high, or all three")
        if ends and not ends[0] <= self.central <= ends[1]:
            raise ValueError("low, value and high are not in rising order")
        return self

    @property
    def central(self) -> float:
        """The value; without one, the middle of the range [``unit``]."""
        if self.value is not None:
            return self.value
        assert self.low is not None  # the validator saw to it
        assert self.high is not None
        return (self.low + self.high) / 2

    @property
    def ends(self) -> tuple[float, ...]:
        """Both ends of the range, or the value alone [``unit``]."""
        if self.low is None or self.high is None:
            return (self.central,)
        return (self.low, self.high) if self.low < self.high else (self.low,)


class Published(Figure):
    """A figure that an owner, an authority or the press has published."""

    year: int | None = None
    certainty: Certainty
    sources: Annotated[tuple[Words, ...], Field(min_length=1)]


class Assumed(Figure):
    """A figure that is not published and had to be assumed."""

    marks: Annotated[tuple[Words, ...], Field(min_length=1)]


class Missing(Section):
    """A figure that was looked for and not found."""

    key: Key
    name: Words
    unit: Words
    note: str = ""


class Step(Section):
    """A figure computed on the way to a check."""

    key: Key
    name: Words
    compute: Words
    unit: Words


class Check(Section):
    """A figure computed from the others, and what it is held against."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+-[A-Za-z0-9]+$")]
    name: Words
    compute: Words
    unit: Words
    low: float | str | None = None
    high: float | str | None = None
    expects: Expectation = "within"
    certainty: Certainty
    published: Key | None = None
    remark: str = ""
    flag: str = ""

    @property
    def key(self) -> str:
        """The name of the check in calculations."""
        return self.id.replace("-", "_")

    @model_validator(mode="after")
    def _can_be_judged(self) -> Check:
        if self.low is None and self.high is None:
            raise ValueError("give low, high or both: without them nothing is checked")
        if self.expects != "within" and not self.flag:
            raise ValueError("a check that expects a flag needs its sentence: flag = '...'")
        return self


class Case(Section):
    """A published project, with what is known, assumed and computed kept apart."""

    title: Words
    place: Words
    summary: Words
    published: tuple[Published, ...] = ()
    missing: tuple[Missing, ...] = ()
    assumed: tuple[Assumed, ...] = ()
    step: tuple[Step, ...] = ()
    check: Annotated[tuple[Check, ...], Field(min_length=1)]

    _name: str = PrivateAttr(default="")

    def named(self, file: Path) -> Case:
        """Return the case with the name of its file."""
        copy = self.model_copy()
        copy._name = file.stem
        return copy

    @property
    def name(self) -> str:
        """Name of the case: that of its file."""
        return self._name

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """Every figure by the name that calculations use."""
        return {each.key: each for each in self.each_item()}

    def each_item(self) -> Iterator[Item]:
        """Yield every figure in the order of the file, doubles included."""
        yield from self.published
        yield from self.missing
        yield from self.assumed
        yield from self.step
        yield from self.check


Item = Published | Missing | Assumed | Step | Check


def placeholders(sentence: str) -> tuple[str, ...]:
    """Return the names in braces of a sentence.

    Raises
    ------
    ValueError
        A brace is not closed.

    Examples
    --------
    >>> placeholders("{heat} would need {computed}")
    ('heat', 'computed')
    """
    return tuple(name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None)
