"""Measure how much faster two workers sweep a study than one: python tests/benchmarks/sweep.py.

Searches have one thread each. The tables of both sweeps are compared: they must be the same.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tiny_study import write_tiny_study

from siting.config import SweepConfig, read_config, with_changes
from siting.sweep import run_sweep


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
        tables, seconds = [], []
        for workers in (1, given.workers):
            start = time.perf_counter()
            done = run_sweep(config, wish, Path(folder) / str(workers), workers=workers)
            seconds.append(time.perf_counter() - start)
            tables.append(done.table())
            print(f"{workers} worker(s): {seconds[-1]:.1f} s, {len(tables[-1])} scenarios")
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    print(f"the same table; {seconds[0] / seconds[1]:.2f} times as fast on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
