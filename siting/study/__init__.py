"""Lead a study from its layers to its plan."""

from __future__ import annotations

from siting.study.chain import Study, read_study
from siting.study.findings import CheckResult, Findings
from siting.study.finished import Run, unknown_id
from siting.study.reading import require_solver, solvers_found

__all__ = [
    "CheckResult",
    "Findings",
    "Run",
    "Study",
    "read_study",
    "require_solver",
    "solvers_found",
    "unknown_id",
]
