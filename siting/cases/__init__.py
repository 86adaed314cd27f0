"""Compute published projects beside what their owners and the press say about them."""

from __future__ import annotations

from siting.cases.read import Case, read_case, read_cases
from siting.cases.run import CaseOutcome, CheckOutcome, Verdict, run_case, run_cases
from siting.cases.table import FORMATS, rendered

__all__ = [
    "FORMATS",
    "Case",
    "CaseOutcome",
    "CheckOutcome",
    "Verdict",
    "read_case",
    "read_cases",
    "rendered",
    "run_case",
    "run_cases",
]
