"""Measure how much faster two workers sweep a study than one: python tests/benchmarks/sweep.py.

Searches have one thread each. The tables of both sweeps are compared: they must be the same. The
measurement is added to sweep.csv beside this file, with the load of the machine before it.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tiny_study import write_tiny_study

from siting.config import SweepConfig, read_config, with_changes
from siting.sweep import run_sweep

TABLE = Path(__file__).with_name("sweep.csv")


def cpu_seconds() -> float:
    """Return the time that this process and its ended children had a core [s]."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def keep(row: dict[str, object]) -> None:
    """Add a measurement to the table."""
    is_new = not TABLE.exists()
    with TABLE.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row))
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def main() -> None:
    """Print the wall time of a sweep with one worker and with several, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", nargs="?", type=Path, help="study file; a tiny one if absent")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--gap", type=float, default=None)
    given = parser.parse_args()
    wish = SweepConfig(
        method="latin_hypercube",
        samples=given.samples,
        vary={"utilisation": {}, "contingency_share": {}, "heat_pump_capex_1mw_eur_per_kw": {}},
    )
    with tempfile.TemporaryDirectory() as folder:
        file = given.study or write_tiny_study(Path(folder) / "tiny")
        config = read_config(file)
        if given.gap is not None:
            config = with_changes(config, {"solver": {"gap": given.gap}})
        tables, seconds, cpu = [], [], []
        load = os.getloadavg()[0]
        for workers in (1, given.workers):
            start, used = time.perf_counter(), cpu_seconds()
            done = run_sweep(config, wish, Path(folder) / str(workers), workers=workers)
            seconds.append(time.perf_counter() - start)
            cpu.append(cpu_seconds() - used)
            tables.append(done.table())
            print(
                f"{workers} worker(s): {seconds[-1]:.1f} s, {cpu[-1]:.1f} s of CPU,"
                f" {len(tables[-1])} scenarios",
                flush=True,
            )
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    faster = seconds[0] / seconds[1]
    print(f"the same table; {faster:.2f} times as fast on {os.cpu_count()} cores")
    keep(
        {
            "study": "tiny" if given.study is None else given.study.parent.name,
            "scenarios": len(tables[0]),
            "workers": given.workers,
            "seconds_one": f"{seconds[0]:.1f}",
            "seconds_several": f"{seconds[1]:.1f}",
            "cpu_seconds_one": f"{cpu[0]:.1f}",
            "cpu_seconds_several": f"{cpu[1]:.1f}",
            "times_as_fast": f"{faster:.2f}",
            "cores": os.cpu_count(),
            "load_before": f"{load:.1f}",
        }
    )


if __name__ == "__main__":
    main()
