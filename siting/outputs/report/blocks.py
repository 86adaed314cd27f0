"""Name the kinds of blocks that the sections of the report are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Block",
    "Bullets",
    "Cell",
    "Facts",
    "Grid",
    "Head",
    "Insert",
    "Picture",
    "Section",
    "Text",
]

WIDE = 8
LONG = 8
"""Tables with more rows may run over a page; their headings are repeated."""


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    muted: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Head:
    """A heading inside a section."""

    text: str
    kind: str = "head"


@dataclass(frozen=True)
class Bullets:
    """A list; ``ordered`` ones are numbered."""

    items: Sequence[str]
    ordered: bool = False
    kind: str = "bullets"


@dataclass(frozen=True)
class Facts:
    """Labels with their values; the last is their ``total``, or many stand in two columns."""

    rows: Sequence[tuple[str, str]]
    total: bool = False
    kind: str = "facts"


@dataclass(frozen=True)
class Cell:
    """A text of a table with a small one after it, or a mark."""

    text: str
    small: str = ""
    mark: str = ""
    below: str = ""


@dataclass(frozen=True)
class Grid:
    """A table; headings that begin with ``#`` stand over figures, widths are in per cent."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    total: Sequence[str] = ()
    marked: int | None = None
    widths: Sequence[int] = ()
    kind: str = "grid"

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """Each heading, and whether figures stand below it."""
        return [(head.removeprefix("#"), head.startswith("#")) for head in self.heads]

    @property
    def is_wide(self) -> bool:
        """Whether figures may break so that all columns have room."""
        return len(self.heads) > WIDE

    @property
    def is_long(self) -> bool:
        """Whether it may run over a page."""
        return len(self.rows) > LONG


@dataclass(frozen=True)
class Picture:
    """A chart as SVG."""

    svg: str
    title: str
    note: str = ""
    kind: str = "picture"


@dataclass(frozen=True)
class Insert:
    """A template that another room fills."""

    template: str
    kind: str = "insert"


Block = Text | Head | Bullets | Facts | Grid | Picture | Insert


@dataclass(frozen=True)
class Section:
    """A section: where links lead to, its heading, what it holds, and whether it is an annex."""

    place: str
    title: str
    blocks: Sequence[Block | None] = field(default_factory=list)
    annex: bool = False

    @property
    def shown(self) -> list[Any]:
        """The blocks that there are."""
        return [each for each in self.blocks if each is not None]
