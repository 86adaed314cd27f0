"""The search: from a problem to a plan with a proof."""

from siting.optimise.progress import Progress
from siting.optimise.search import solve

__all__ = ["Progress", "solve"]
