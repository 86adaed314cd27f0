"""Offer the verbs of the library on a command line; each module registers its own verbs."""
# ruff: noqa: I001 - the verbs are listed in the order in which a planner needs them

from __future__ import annotations

from siting.cli.app import app
from siting.cli import studies
from siting.cli import frontiers
from siting.cli import outlook
from siting.cli import sweeps
from siting.cli import screenings
from siting.cli import problems
from siting.cli import plans
from siting.cli import reports
from siting.cli import published
from siting.cli import facts

__all__ = [
    "app",
    "facts",
    "frontiers",
    "outlook",
    "plans",
    "problems",
    "published",
    "reports",
    "screenings",
    "studies",
    "sweeps",
]
