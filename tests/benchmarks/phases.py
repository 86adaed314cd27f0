"""Build the two regions in periods: python tests/benchmarks/phases.py [REGION]... [--time-limit S]

Each region is asked for two and for three periods, as its study file tells. Every plan is written,
verified from its folder, and its row added to phases.csv beside this file.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
import time
from pathlib import Path

from siting.outputs.phases import write_phase_folder
from siting.study import read_study
from siting.verify import verify_folder

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("phases.csv")
PERIODS = {
    "kotka": {(5, 5, 20): (5_000, 8_000, 8_000), (10, 20): (6_500, 8_000)},
    "helsinki": {(5, 5, 20): (24_000,) * 3, (10, 20): (24_000,) * 2},
}
NAMES = (
    "region", "years_a", "least_heat_mwh", "kwh_per_euro", "bound", "gap", "seconds",
    "cpu_seconds", "load_before", "time_limit_s",
)  # fmt: skip


def measured(region: str, years: tuple[int, ...], gap: float, limit_s: float) -> dict[str, object]:
    """Return the row of one search."""
    least = PERIODS[region][years]
    study = read_study(ROOT / "data" / region / "study.toml").with_changes(
        phases={"years_a": years, "min_heat_mwh": least},
        solver={"gap": gap, "time_limit_s": limit_s},
    )
    load, wall, cpu = os.getloadavg()[0], time.perf_counter(), time.process_time()
    found = study.phases(progress=False)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with tempfile.TemporaryDirectory() as folder:
        write_phase_folder(found, Path(folder))
        verify_folder(folder)
    proof = found.plan.proof
    figures = (
        region, "+".join(map(str, years)), "+".join(map(str, least)), f"{proof.incumbent:.4f}",
        f"{proof.bound:.4f}", f"{proof.gap:.4f}", f"{wall:.0f}", f"{cpu:.0f}", f"{load:.1f}",
        f"{limit_s:.0f}",
    )  # fmt: skip
    return dict(zip(NAMES, figures, strict=True))


def main() -> None:
    """Measure the regions that are named, both by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("regions", nargs="*", choices=[[], *PERIODS])
    parser.add_argument("--years", help="only this split, such as 10,20")
    parser.add_argument("--gap", type=float, default=0.05)
    parser.add_argument("--time-limit", type=float, default=300)
    given = parser.parse_args()
    for region in given.regions or PERIODS:
        for years in PERIODS[region]:
            if given.years not in (None, ",".join(map(str, years))):
                continue
            row = measured(region, years, given.gap, given.time_limit)
            print(row, flush=True)
            is_new = not TABLE.exists()
            with TABLE.open("a", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, NAMES)
                if is_new:
                    writer.writeheader()
                writer.writerow(row)


if __name__ == "__main__":
    main()
