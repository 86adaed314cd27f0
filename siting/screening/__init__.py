"""Rank every site against every town of a country, before any street is known."""

from siting.screening.run import Screening, read_screening, screen

__all__ = ["Screening", "read_screening", "screen"]
