"""Derive every figure of a plan again, with plain arithmetic and without the optimiser."""

from siting.verify.arithmetic import plan_warnings, verify_plan
from siting.verify.run_folder import (
    VerificationReport,
    inspect_folder,
    verify_folder,
    verify_solution,
)

__all__ = [
    "VerificationReport",
    "inspect_folder",
    "plan_warnings",
    "verify_folder",
    "verify_plan",
    "verify_solution",
]
