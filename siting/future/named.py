"""Write several base models into one program: each with a word before all its names."""

from __future__ import annotations

from typing import Any

import pulp

__all__ = ["Named"]


class Named:
    """A view of a program that puts a word before the names of variables and rows."""

    def __init__(self, program: pulp.LpProblem, word: str) -> None:
        self.program, self.word = program, word

    def add_variable(self, name: str, *bounds: Any, **kind: Any) -> pulp.LpVariable:
        """Add a variable under its longer name."""
        return self.program.add_variable(f"{self.word}_{name}", *bounds, **kind)

    def __iadd__(self, named_row: tuple[Any, str]) -> Named:
        row, name = named_row
        self.program += row, f"{self.word}_{name}"
        return self
