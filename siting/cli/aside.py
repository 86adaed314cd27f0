"""Do long work aside, while the command listens for Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from siting.cli.codes import ABORTED
from siting.cli.console import say, stderr

if TYPE_CHECKING:
    from siting.screen import ProgressScreen

T = TypeVar("T")

Search = Callable[["ProgressScreen", threading.Event], T]

STDOUT = 1


def search_aside(objective: str, work: Search[T]) -> T:
    """Do long work in a second thread, while this one listens for Ctrl-C.

    The first Ctrl-C asks the search to end with its best plan, the second leaves at once.
    """
    from siting.screen import ProgressScreen

    stop = threading.Event()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def interrupted(*_: object) -> None:
        if stop.is_set():
            say("Aborted; nothing more is written.")
            os._exit(ABORTED)
        stop.set()
        say("Stopping; the best plan so far is kept. Press Ctrl-C again to leave at once.")

    def target() -> None:
        try:
            outcome.append(work(screen, stop))
        except BaseException as error:  # noqa: BLE001 - handed over to the main thread
            failure.append(error)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        with _clean_stdout(), ProgressScreen(stderr(), objective) as screen:
            worker = threading.Thread(target=target, name="search", daemon=True)
            worker.start()
            while worker.is_alive():
                worker.join(0.1)
    finally:
        signal.signal(signal.SIGINT, before)
    if failure:
        raise failure[0]
    return outcome[0]


@contextmanager
def _clean_stdout() -> Iterator[None]:
    """Keep what a solver's C code prints on its own away from stdout, where the figures go."""
    sys.stdout.flush()
    try:
        kept = os.dup(STDOUT)
    except OSError:  # stdout is closed: there is nothing to keep clean
        yield
        return
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), STDOUT)
    try:
        yield
    finally:
        os.dup2(kept, STDOUT)
        os.close(kept)


class ScreenHandler(logging.Handler):
    """Show each step of the chain, as the library logs it."""

    def __init__(self, screen: ProgressScreen) -> None:
        super().__init__(logging.INFO)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        """Show one step; what is odd stays on the screen."""
        if record.levelno >= logging.WARNING:
            self._screen.note(record.getMessage())
        else:
            self._screen.say(record.getMessage())


@contextmanager
def run_log(screen: ProgressScreen) -> Iterator[Path]:
    """Send what the package logs into a file, and its steps to the screen, while a run lasts."""
    ours = logging.getLogger("siting")
    level = ours.level
    steps = ScreenHandler(screen)
    with tempfile.TemporaryDirectory(prefix="siting-") as folder:
        path = Path(folder) / "run.log"
        into_file = logging.FileHandler(path, encoding="utf-8")
        into_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        receivers = [
            (ours, into_file),
            (logging.getLogger("py.warnings"), into_file),
            (logging.getLogger("siting.study"), steps),
        ]
        ours.setLevel(min(level or logging.INFO, logging.INFO))
        for logger, handler in receivers:
            logger.addHandler(handler)
        try:
            yield path
        finally:
            for logger, handler in receivers:
                logger.removeHandler(handler)
            ours.setLevel(level)
            into_file.close()
