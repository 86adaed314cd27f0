"""Turn geography into numbers: the problem of a study, with the way back to its ids."""

from siting.assembly.build import Assembly, assemble_problem

__all__ = ["Assembly", "assemble_problem"]
