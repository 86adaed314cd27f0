"""Run a blocking solver call in a thread of its own, so that it can be left behind.

A solver may not look up for half a minute (HiGHS in presolve and at the root). The caller waits
here instead: it stays open to a stop flag, to its deadline and to Ctrl-C, and leaves the call
behind when it does not end in time. What the call reports is handled in the caller's thread.
"""

from __future__ import annotations

import atexit
import queue
import threading
import time
from collections.abc import Callable

__all__ = ["GRACE_S", "ApartCall", "wait_for_left_behind"]

GRACE_S = 0.8
"""Time that a call is given to end by itself, after its stop flag or its time limit [s]."""

TICK_S = 0.05
NEVER_S = 1e8  # longer than any call

EXIT_WAIT_S = 5.0
"""Time that calls left behind are given when Python shuts down [s]."""

_left_behind: list[threading.Thread] = []


class ApartCall:
    """One blocking call in a thread of its own.

    Parameters
    ----------
    work
        The call. It should end soon after `ending` is set.
    stop
        Set from outside to end the call.
    limit_s
        Wall time after which the call ought to be over [s]; `GRACE_S` is added.
    on_stop
        Called once in the caller's thread when ``stop`` is seen.
    """

    def __init__(
        self,
        work: Callable[[], None],
        *,
        stop: threading.Event | None = None,
        limit_s: float = NEVER_S,
        on_stop: Callable[[], None] | None = None,
    ) -> None:
        self.ending = threading.Event()
        self.was_stopped = False
        self._work, self._stop, self._on_stop = work, stop, on_stop
        self._limit_s = min(limit_s, NEVER_S)
        self._posts: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._failure: BaseException | None = None

    def post(self, report: Callable[[], None]) -> None:
        """Have a function called in the caller's thread; to be used by the work."""
        self._posts.put(report)

    def run(self) -> bool:
        """Do the work and return whether it ended; False when it was left behind.

        What the work or a report raises is raised here.
        """
        if self._stop is not None and self._stop.is_set():
            self.was_stopped = True
            return False
        thread = threading.Thread(target=self._target, name="siting-solver", daemon=True)
        thread.start()
        ended = False
        try:
            ended = self._wait()
        finally:
            self.ending.set()
            if not ended:
                _left_behind[:] = [each for each in (*_left_behind, thread) if each.is_alive()]
        if self._failure is not None:
            raise self._failure
        return ended

    def _target(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by `run`
            self._failure = error
        finally:
            self._posts.put(None)

    def _wait(self) -> bool:
        deadline = time.monotonic() + self._limit_s + GRACE_S
        while True:
            try:
                report = self._posts.get(timeout=TICK_S)
            except queue.Empty:
                report = _nothing
            if report is None:
                return True
            report()
            now = time.monotonic()
            if now > deadline:
                return False
            if not self.was_stopped and self._stop is not None and self._stop.is_set():
                deadline = min(deadline, now + GRACE_S)
                self._end_work()

    def _end_work(self) -> None:
        self.was_stopped = True
        self.ending.set()
        if self._on_stop is not None:
            self._on_stop()


def _nothing() -> None:
    """Stand for a report while there is none."""


def wait_for_left_behind(limit_s: float = EXIT_WAIT_S) -> bool:
    """Wait for calls that were left behind, and return whether all have ended.

    Before Python 3.14 a native call that ends while Python shuts down aborts the process, so this
    runs at exit. A program that must leave at once may write its output, ask this with 0, and
    leave through `os._exit` when it is False.
    """
    deadline = time.monotonic() + limit_s
    for thread in _left_behind:
        thread.join(max(deadline - time.monotonic(), 0.0))
    return not any(thread.is_alive() for thread in _left_behind)


atexit.register(wait_for_left_behind)
