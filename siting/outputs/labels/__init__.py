"""Hold every text of the report in one catalogue for each language.

A language is one file of this folder, such as ``sv.toml``, with the keys of ``en.toml``. What it
lacks is taken from English, so that a translation can grow; `missing_texts` lists it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from siting.errors import Fault, InputError

__all__ = ["ENGLISH", "Labels", "labels_of", "languages", "missing_texts", "translated"]

SOURCE = "en"


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
def _read(language: str) -> Mapping[str, str]:
    """Return the texts of a file by dotted key."""
    raw = tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
    return {
        f"{section}.{key}": " ".join(text.split())
        for section, texts in raw.items()
        for key, text in texts.items()
    }


def _gaps(text: str) -> frozenset[str]:
    """Return the names in the gaps of a text."""
    from string import Formatter

    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


ENGLISH = labels_of(SOURCE)
