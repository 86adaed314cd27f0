"""Rank every site against every town of a country, before any street is known."""

from siting.screening.run import Screening, screen

__all__ = ["Screening", "screen"]
