"""Tell the outside how a search is going, and keep its trail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from siting.solution import Improvement

__all__ = ["Progress", "Watch"]


@dataclass(frozen=True)
class Progress:
    """A moment of a search.

    ``incumbent`` and ``bound`` are in the unit of the objective, ``gap`` is relative [-]; None
    and infinity stand for "not yet". ``objective`` is named where it is not that of the study.
    """

    seconds: float
    phase: str
    incumbent: float | None
    bound: float | None
    gap: float
    objective: str | None = None


@dataclass
class Watch:
    """Clock, stop flag, best figures and trail of one search."""

    time_limit_s: float
    stop: threading.Event | None = None
    listener: Callable[[Progress], None] | None = None
    started: float = field(default_factory=time.perf_counter)
    phase: str = "start"
    objective: str | None = None
    incumbent: float | None = None
    bound: float | None = None
    trail: list[Improvement] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Wall time since the start [s]."""
        return time.perf_counter() - self.started

    @property
    def left_s(self) -> float:
        """Wall time that is left [s]."""
        return max(self.time_limit_s - self.seconds, 0.0)

    @property
    def is_over(self) -> bool:
        """Whether time is up or the user has stopped the search."""
        return self.left_s <= 0 or self.is_stopped

    @property
    def is_stopped(self) -> bool:
        """Whether the user has stopped the search."""
        return self.stop is not None and self.stop.is_set()

    @property
    def gap(self) -> float:
        """Relative distance of bound and incumbent [-]."""
        return relative_gap(self.incumbent, self.bound)

    def enter(self, phase: str) -> None:
        """Begin a phase."""
        self.phase = phase
        self.tell()

    def note(self, *, incumbent: float | None = None, bound: float | None = None) -> None:
        """Record a better plan or a better bound."""
        if incumbent is not None:
            self.incumbent = incumbent
        if bound is not None:
            self.bound = bound
        step = Improvement(round(self.seconds, 3), self.incumbent, self.bound, self.phase)
        self.trail.append(step)
        self.tell()

    def tell(self) -> None:
        """Call the listener, if there is one."""
        if self.listener is not None:
            moment = Progress(
                self.seconds, self.phase, self.incumbent, self.bound, self.gap, self.objective
            )
            self.listener(moment)


def relative_gap(incumbent: float | None, bound: float | None) -> float:
    """Return ``|bound - incumbent| / |incumbent|``; infinite without both figures.

    Examples
    --------
    >>> round(relative_gap(2.0, 2.02), 4)
    0.01
    >>> relative_gap(0.0, 0.0)
    0.0
    """
    if incumbent is None or bound is None:
        return float("inf")
    if bound == incumbent:  # also where both are infinite: heat without any investment
        return 0.0
    return abs(bound - incumbent) / abs(incumbent) if incumbent else float("inf")
