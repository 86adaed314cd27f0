"""Hold every text of report and map in one catalogue for each language.

A language is one file of this folder, such as ``sv.toml``, with the keys of ``en.toml``. What it
lacks is taken from English, so that a translation can grow; `missing_texts` lists it.

Rooms below the outputs know of no language: reasons, notes, remarks and words of a proof come from
them as English sentences. Section ``said`` holds these sentences with gaps, and `Labels.said` finds
the one that a text was made from. Section ``parameter`` needs no English file: its texts are the
descriptions of the parameter table and of the settings of a study, by name; section ``source``
likewise.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from siting.config import setting_rows
from siting.errors import Fault, InputError
from siting.parameters import load_parameters

__all__ = ["ENGLISH", "Labels", "labels_of", "languages", "missing_texts", "translated"]

SOURCE = "en"
SENTENCE_ENDS = (". ", "; ")


class Labels:
    """The texts of one language, called by key with what stands in their gaps.

    Examples
    --------
    >>> ENGLISH("cover.made", when="2026-01-02")
    'Made 2026-01-02 UTC.'
    """

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = dict(texts)

    def __call__(self, key: str, /, **gaps: Any) -> str:
        """Return a text with its gaps filled.

        Raises
        ------
        KeyError
            There is no text of that key.
        """
        return self._texts[key].format(**gaps)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    def said(self, text: str) -> str:
        """Return an English text of another room in this language, as far as it is known.

        Sentences are looked up one by one, and so is what fills their gaps.

        Examples
        --------
        >>> pseudo = translated("xx", {"said.too_dear": "för dyrt", "said.within": "inom {gap}"})
        >>> pseudo.said("too dear"), pseudo.said("proven within 2 %"), pseudo.said("Kaivokatu 3")
        ('för dyrt', 'inom 2 %', 'Kaivokatu 3')
        """
        whole = self._phrase(text)
        if whole is not None:
            return whole
        for end in SENTENCE_ENDS:
            at = text.find(end)
            while at >= 0:
                first = self._phrase(text[: at + 1].rstrip()) or self._phrase(text[:at])
                if first is not None:
                    mark = "" if first.endswith(end[0]) else end[0]
                    return f"{first}{mark} {self.said(text[at + len(end) :])}"
                at = text.find(end, at + 1)
        return text

    def _phrase(self, text: str) -> str | None:
        """Return a text that is one phrase of the catalogue."""
        exact, patterns = _phrases()
        if text in exact:
            return self._texts[exact[text]]
        for pattern, key in patterns:
            hit = pattern.fullmatch(text)
            if hit is not None:
                gaps = {name: self.said(part) for name, part in hit.groupdict().items()}
                return self._texts[key].format(**gaps)
        return None

    def of_figure(self, kind: str, name: str, text: str) -> str:
        """Return description (``parameter``) or ``source`` of a figure in this language.

        A study may have changed what stands behind a figure; then its own words are told.
        """
        english = _read(SOURCE)
        for key in (f"{kind}.{name}", f"{kind}.{name}.setting"):
            if english.get(key) == text:
                return self._texts[key]
        return text

    def raw(self, key: str) -> str:
        """Return a text with its gaps left open."""
        return self._texts[key]


def languages() -> tuple[str, ...]:
    """Return the languages that there is a file for.

    Examples
    --------
    >>> "en" in languages()
    True
    """
    names = (each.name for each in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def labels_of(language: str) -> Labels:
    """Return the texts of a language; what it lacks is English.

    Raises
    ------
    InputError
        There is no file for the language.
    """
    if language not in languages():
        fault = Fault(
            "study",
            f"[outputs] language = '{language}' is not known.",
            f"Use one of {', '.join(languages())}, or add a catalogue to siting/outputs/labels.",
        )
        raise InputError(fault)
    return translated(language, _read(language))


def translated(language: str, texts: Mapping[str, str]) -> Labels:
    """Return the texts of a language on top of the English ones.

    Raises
    ------
    InputError
        A key is unknown, or a text has other gaps than the English one.
    """
    english = _read(SOURCE)
    faults = []
    for key, text in texts.items():
        if key not in english:
            faults.append(Fault("labels", f"{language}: there is no text '{key}'.", "Check it."))
        elif _gaps(text) != _gaps(english[key]):
            wanted = ", ".join(sorted(_gaps(english[key]))) or "none"
            faults.append(
                Fault("labels", f"{language}: '{key}' has other gaps.", f"Its gaps are {wanted}.")
            )
    if faults:
        raise InputError(faults)
    return Labels(language, {**english, **texts})


def missing_texts(language: str) -> tuple[str, ...]:
    """Return the keys that a language leaves to English."""
    own = _read(language)
    return tuple(key for key in _read(SOURCE) if key not in own)


@cache
def _phrases() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Return the English phrases without gaps, and the patterns of the others, longest first."""
    exact, patterns = {}, []
    for key, text in _read(SOURCE).items():
        if not key.startswith("said."):
            continue
        if not _gaps(text):
            exact[text] = key
            continue
        parts = re.split(r"\{(\w+)\}", text)
        pattern = "".join(
            f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
        )
        patterns.append((len("".join(parts[::2])), pattern, key))
    patterns.sort(reverse=True)
    return exact, [(re.compile(pattern), key) for _, pattern, key in patterns]


def _figures() -> dict[str, str]:
    """Return description and source of each figure that a study may set, by key."""
    table = load_parameters({})
    rows = [(each.name, each.description, each.source) for each in table.values()]
    for row in setting_rows():
        key = f"{row.name}.setting" if row.name in table else row.name
        rows.append((key, row.description, row.source))
    return {f"parameter.{key}": text for key, text, _ in rows} | {
        f"source.{key}": source for key, _, source in rows if source
    }


@cache
def _read(language: str) -> Mapping[str, str]:
    """Return the texts of a file by dotted key."""
    raw = tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
    known = _figures() if language == SOURCE else {}
    return known | {
        f"{section}.{key}": " ".join(text.split())
        for section, texts in raw.items()
        for key, text in texts.items()
    }


def _gaps(text: str) -> frozenset[str]:
    """Return the names in the gaps of a text."""
    from string import Formatter

    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


ENGLISH = labels_of(SOURCE)
