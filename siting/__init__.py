"""Choose data-centre sites, heat-pipe routes and diameters: most heat per invested euro."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Name -> the room it lives in. Rooms are imported when a name is first used, so that
# `import siting` and `siting --help` stay fast.
_ROOMS = {
    "CheckResult": "siting.study",
    "Run": "siting.study",
    "Study": "siting.study",
    "read_study": "siting.study",
    "StudyConfig": "siting.config",
    "read_config": "siting.config",
    "Problem": "siting.problem",
    "read_problem": "siting.problem",
    "write_problem": "siting.problem",
    "Plan": "siting.plan",
    "Status": "siting.solution",
    "solve": "siting.optimise",
    "verify_plan": "siting.verify",
    "read_screening": "siting.screening",
    "run_sweep": "siting.sweep",
    "InfeasibleError": "siting.errors",
    "InputError": "siting.errors",
    "NoPlanError": "siting.errors",
    "SitingError": "siting.errors",
    "SolverError": "siting.errors",
    "VerificationError": "siting.errors",
}

__all__ = [
    "CheckResult",
    "InfeasibleError",
    "InputError",
    "NoPlanError",
    "Plan",
    "Problem",
    "Run",
    "SitingError",
    "SolverError",
    "Status",
    "Study",
    "StudyConfig",
    "VerificationError",
    "__version__",
    "read_config",
    "read_problem",
    "read_screening",
    "read_study",
    "run_sweep",
    "solve",
    "verify_plan",
    "write_problem",
]

if TYPE_CHECKING:
    from siting.config import StudyConfig, read_config
    from siting.errors import (
        InfeasibleError,
        InputError,
        NoPlanError,
        SitingError,
        SolverError,
        VerificationError,
    )
    from siting.optimise import solve
    from siting.plan import Plan
    from siting.problem import Problem, read_problem, write_problem
    from siting.screening import read_screening
    from siting.solution import Status
    from siting.study import CheckResult, Run, Study, read_study
    from siting.sweep import run_sweep
    from siting.verify import verify_plan


def __getattr__(name: str) -> Any:
    """Import a public name from its room."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'siting' has no attribute {name!r}")
    value = getattr(importlib.import_module(_ROOMS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted({*globals(), *_ROOMS})
