"""Say what is wrong, where, what was found and what to do: the public errors of the package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = [
    "Fault",
    "FaultLog",
    "InfeasibleError",
    "InputError",
    "NoPlanError",
    "SitingError",
    "SolverError",
    "VerificationError",
    "name_ids",
]

SHOWN_IDS = 5


class SitingError(Exception):
    """Base of every error that the package raises on purpose."""

    exit_code = 1


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one input.

    Parameters
    ----------
    layer
        Where it was found: a layer (``sites``, ``zones``, ``streets``), ``study`` or ``problem``.
    message
        What is wrong and what was found, in one or two sentences that name the ids.
    remedy
        What to do next, as an imperative sentence.
    ids
        The ids concerned, all of them (the message shows the first five).
    """

    layer: str
    message: str
    remedy: str = ""
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the fault as the planner reads it."""
        return f"{self.layer}: {self.message} {self.remedy}".rstrip()


class InputError(SitingError):
    """The input has faults; all of them are carried in ``faults``."""

    exit_code = 1

    def __init__(self, faults: Iterable[Fault] | Fault) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class InfeasibleError(SitingError):
    """No plan can meet the limits; the message says which limits collide."""

    exit_code = 3


class NoPlanError(SitingError):
    """Time ran out, or the user stopped, before any plan was found."""

    exit_code = 5


class SolverError(SitingError):
    """A solver is missing, has no licence or failed."""


class VerificationError(SitingError):
    """A plan does not agree with its inputs; every disagreement is named."""


@dataclass
class FaultLog:
    """Collect faults and doubts, so that a planner sees all of them at once.

    Faults stop the run; doubts are reported and carried into the results.
    """

    faults: list[Fault] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)

    def fault(self, layer: str, message: str, remedy: str = "", ids: Iterable[object] = ()) -> None:
        """Add something that must be mended before a plan can be trusted."""
        self.faults.append(Fault(layer, message, remedy, tuple(map(str, ids))))

    def doubt(self, layer: str, message: str, remedy: str = "", ids: Iterable[object] = ()) -> None:
        """Add something odd that does not stop the run."""
        self.doubts.append(Fault(layer, message, remedy, tuple(map(str, ids))))

    def either_once(self) -> tuple[list[Fault], list[Fault]]:
        """Return the faults and the doubts, each once."""
        return list(dict.fromkeys(self.faults)), list(dict.fromkeys(self.doubts))

    def raise_faults(self) -> None:
        """Raise one `InputError` that carries all faults, if there are any."""
        if self.faults:
            raise InputError(self.faults)


def name_ids(ids: Sequence[object], shown: int = SHOWN_IDS) -> str:
    """Return up to ``shown`` ids in quotes and the count of the rest.

    Examples
    --------
    >>> name_ids(["a", "b", "c"], shown=2)
    "'a', 'b' and 1 more"
    >>> name_ids(["a"])
    "'a'"
    """
    head = ", ".join(f"'{each}'" for each in ids[:shown])
    rest = len(ids) - shown
    return f"{head} and {rest:,} more" if rest > 0 else head
