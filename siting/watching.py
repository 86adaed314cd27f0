"""Show progress of a search by itself, in a terminal or a notebook, and stay quiet elsewhere."""

from __future__ import annotations

import html
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siting.optimise import Progress

__all__ = ["NotebookBar", "TerminalBar", "bar_share", "in_notebook", "progress_bar"]

Watcher = Callable[["Progress"], None]
EVERY_S = 0.5


def bar_share(progress: Progress, time_limit_s: float, gap: float) -> float:
    """Return how much of a search is done: of its time, or of the way to the wanted gap [-].

    The way from a gap of 100 % to the wanted one counts by its logarithm.

    Examples
    --------
    >>> from siting.optimise import Progress
    >>> bar_share(Progress(30.0, "search", 1.0, 1.1, 0.1), 300.0, 0.01)
    0.5
    >>> bar_share(Progress(30.0, "search", None, None, float("inf")), 300.0, 0.01)
    0.1
    """
    by_time = progress.seconds / time_limit_s if time_limit_s > 0 else 1.0
    by_gap = 0.0
    if progress.gap <= gap:
        by_gap = 1.0
    elif progress.gap < 1:
        by_gap = math.log(progress.gap) / math.log(max(gap, 1e-6))
    return round(min(max(by_time, by_gap, 0.0), 1.0), 6)


def in_notebook() -> bool:
    """Return whether this runs in a kernel that shows HTML."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


@contextmanager
def progress_bar(objective: str, time_limit_s: float, gap: float) -> Iterator[Watcher | None]:
    """Give a watcher that draws a bar; None where nobody would see it."""
    if in_notebook():
        with NotebookBar(objective, time_limit_s, gap) as bar:
            yield bar
    elif sys.stderr is not None and sys.stderr.isatty():
        with TerminalBar(objective, time_limit_s, gap) as terminal:
            yield terminal
    else:
        yield None


class _Bar:
    """What both bars share: the goal, and how often to draw."""

    def __init__(self, objective: str, time_limit_s: float, gap: float) -> None:
        self.objective, self.time_limit_s, self.gap = objective, time_limit_s, gap
        self._last = -math.inf

    def __call__(self, progress: Progress) -> None:
        """Draw the state of the search, not too often."""
        now = time.monotonic()
        if now - self._last >= EVERY_S:
            self._last = now
            from siting.screen import progress_words

            share = bar_share(progress, self.time_limit_s, self.gap)
            self.draw(share, progress_words(progress, self.objective))

    def draw(self, share: float, words: str) -> None:
        """Draw a share and what stands beside it."""
        raise NotImplementedError


class TerminalBar(_Bar):
    """A bar on stderr, gone when the search ends."""

    def __enter__(self) -> TerminalBar:
        """Start the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
        console = Console(stderr=True)
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("reading the layers", total=1.0)
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        self._progress.stop()

    def draw(self, share: float, words: str) -> None:
        """Draw the bar."""
        self._progress.update(self._task, completed=share, description=words)


class NotebookBar(_Bar):
    """A bar in the output of a cell, without any widget; gone when the search ends."""

    def __enter__(self) -> NotebookBar:
        """Start the bar."""
        from IPython.display import display

        self._handle: Any = display(self._page(0.0, "reading the layers"), display_id=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        from IPython.display import HTML

        self._handle.update(HTML(""))

    def draw(self, share: float, words: str) -> None:
        """Draw the bar."""
        self._handle.update(self._page(share, words))

    @staticmethod
    def _page(share: float, words: str) -> Any:
        from IPython.display import HTML

        text = html.escape(words)
        return HTML(f"<progress value='{share:.3f}' max='1'></progress> <code>{text}</code>")
