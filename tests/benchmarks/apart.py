"""Run a piece of work in a process of its own, within limits, and tell what it used.

A crash, a time limit that is not kept and a memory limit are outcomes like others.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Ended", "run_apart"]

ROOT = Path(__file__).resolve().parents[2]
LOOK_EVERY_S = 0.2


@dataclass
class Ended:
    """How a process ended: what it told, what it used, and what stopped it, if anything did.

    ``told`` are the objects that it wrote, in order; ``stopped_by`` is empty for an orderly end,
    else ``crash``, ``time-out`` or ``memory limit``.
    """

    told: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_gb: float = 0.0
    stopped_by: str = ""
    last_words: str = ""


def run_apart(words: list[str], *, time_out_s: float, memory_gb: float) -> Ended:
    """Run `child` with some words of a command line.

    Parameters
    ----------
    words
        What the child is told to do.
    time_out_s
        Wall time after which it is ended [s].
    memory_gb
        Resident memory above which it is ended, where the system tells it [GB].
    """
    with tempfile.TemporaryDirectory() as folder:
        told, errors = Path(folder) / "told.jsonl", Path(folder) / "errors.txt"
        command = [sys.executable, "-m", "tests.benchmarks.child", *words, "--told", str(told)]
        start = time.perf_counter()
        with errors.open("wb") as sink:
            child = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=sink, start_new_session=True
            )
            ended = _watched(child.pid, start, time_out_s, memory_gb)
        child.returncode = 0  # it has been waited for
        ended.told = _lines(told)
        ended.last_words = _last_line(errors)
        return ended


def _watched(pid: int, start: float, time_out_s: float, memory_gb: float) -> Ended:
    """Wait for a process; end it when it oversteps a limit."""
    ended = Ended()
    while True:
        done, status, used = os.wait4(pid, os.WNOHANG)
        ended.seconds = time.perf_counter() - start
        if done:
            break
        if ended.seconds > time_out_s:
            ended.stopped_by = "time-out"
        elif _resident_gb(pid) > memory_gb:
            ended.stopped_by = "memory limit"
        if ended.stopped_by:
            os.killpg(pid, signal.SIGKILL)
            _, status, used = os.wait4(pid, 0)
            break
        time.sleep(LOOK_EVERY_S)
    per_gb = 1e9 if sys.platform == "darwin" else 1e6
    ended.cpu_seconds = used.ru_utime + used.ru_stime
    ended.peak_gb = used.ru_maxrss / per_gb
    if status != 0 and not ended.stopped_by:
        ended.stopped_by = "crash"
    return ended


def _resident_gb(pid: int) -> float:
    """Return the memory that a process holds, 0 where the system does not tell [GB]."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e9


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file, the last of which may be cut short."""
    found: list[dict[str, Any]] = []
    if not path.exists():
        return found
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return found


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
