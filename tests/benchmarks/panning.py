"""Time how a map of many edges pans and zooms in Chromium.

Run ``python -m tests.benchmarks.panning`` at the root of the checkout. The city is that of
`prepare`; its plan is not searched for, its pipes are streets picked at random. Nothing here is
checked by the test suite: times depend on the machine.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from tests.benchmarks.prepare import CRS, city

WATCH = """() => {
  const w = window.watch = { frames: [], drawn: [], tasks: [], last: performance.now(), from: 0 };
  const tasks = (list) => list.getEntries().forEach((each) => w.tasks.push(each.duration));
  new PerformanceObserver(tasks).observe({ type: "longtask" });
  map_siting.on("moveend", () => { w.from = performance.now(); });
  const frame = (now) => {
    w.frames.push(now - w.last); w.last = now;
    if (w.from && !siting.layers.sheet.busy()) { w.drawn.push(now - w.from); w.from = 0; }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame); }"""
RESET = """() => { Object.assign(watch,
  { frames: [], drawn: [], tasks: [], from: 0, last: performance.now() }); }"""
READ = "() => ({ frames: watch.frames, drawn: watch.drawn, tasks: watch.tasks })"


def big_map(path: Path, edges: int, pipes: int, zones: int, plans: int) -> Path:
    """Write a map of a city with so many street edges, pipes and zones."""
    from siting.appraisal import appraise
    from siting.outputs.frames import plan_facts, plan_frames
    from siting.outputs.map_states import MapState
    from siting.outputs.maps import write_map
    from tests.sample_plan import small_town

    town = small_town()
    facts = plan_facts(town.region, town.network, town.assembly)
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    layers = city(edges, zones, 10)
    rng = np.random.default_rng(3)

    def grown(frame: gpd.GeoDataFrame, like: gpd.GeoDataFrame, **own: Any) -> gpd.GeoDataFrame:
        rows = pd.DataFrame(frame.drop(columns="geometry"))
        rows = rows.iloc[rng.integers(0, len(rows), len(like))].reset_index(drop=True)
        return gpd.GeoDataFrame(rows.assign(**own), geometry=like.geometry.array, crs=CRS)

    streets = grown(frames.streets, layers["streets"], forbidden=False)
    all_zones = grown(frames.zones, layers["zones"], zone_id=layers["zones"]["zone_id"].to_numpy())
    sites = frames.sites.set_geometry(layers["sites"].geometry.iloc[: len(frames.sites)].array)
    sites = sites.set_crs(CRS, allow_override=True)
    stops = []
    for share in np.linspace(1 / plans, 1, plans):
        built = layers["streets"].iloc[: max(1, int(pipes * share))]
        drawn = grown(frames.pipes, built, pipe_id=[f"p{k}" for k in range(len(built))])
        plan = replace(
            town.plan,
            pipes=(town.plan.pipes[0],) * len(built),
            zones=(town.plan.zones[0],) * int(all_zones["served"].sum()),
        )
        appraisal = appraise(town.assembly.problem, town.plan, facts)
        shown = replace(frames, streets=streets, zones=all_zones, pipes=drawn, sites=sites)
        stops.append(MapState(shown, appraisal, plan, at=float(share), is_run=bool(share == 1)))
    run = stops[-1]
    return write_map(
        run.frames, run.appraisal, run.plan, path, title="Large city",
        others=stops if plans > 1 else (),
    )  # fmt: skip


def measured(path: Path, program: str, ratio: float) -> None:
    """Open the map, pan and zoom, and print the times."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = window.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=ratio)
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
        print(f"opened in {time.perf_counter() - start:.1f} s")
        page.evaluate(WATCH)
        first = page.evaluate("map_siting.getZoom()")
        for name, zoom in (("whole city", first), ("quarter", first + 1), ("streets", 15.5)):
            page.evaluate(f"map_siting.setZoom({zoom}, {{ animate: false }})")
            page.wait_for_timeout(2500)
            print(f"{name} (zoom {zoom:g}), redrawn after zoom: {_drawn(page)}")
            page.evaluate(RESET)
            for way in (1, -1, 1, -1):
                _drag(page, 240 * way, 130 * way)
            page.wait_for_timeout(1500)
            print(f"  drags: {_told(page.evaluate(READ))}")
        page.evaluate(RESET)
        page.evaluate("siting.slider.go(0)")
        page.wait_for_timeout(2000)
        print(f"another plan: {_told(page.evaluate(READ))}")
        window.close()


def _drag(page: Any, right: int, down: int) -> None:
    """Drag the map in small steps, as a hand does."""
    x, y, steps = 800, 300, 20
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(1, steps + 1):
        page.mouse.move(x + right * k / steps, y + down * k / steps)
        page.wait_for_timeout(12)
    page.mouse.up()
    page.wait_for_timeout(700)


def _drawn(page: Any) -> str:
    return ", ".join(f"{each:.0f} ms" for each in page.evaluate(READ)["drawn"]) or "-"


def _told(found: dict[str, list[float]]) -> str:
    frames = np.array(found["frames"])
    return (
        f"frames median {np.median(frames):.0f}, 95 % {np.quantile(frames, 0.95):.0f},"
        f" longest {frames.max():.0f} ms; longest task {max(found['tasks'], default=0):.0f} ms;"
        f" redrawn within {max(found['drawn'], default=0):.0f} ms"
    )


def main(argv: list[str]) -> None:
    """Build the map and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=50_000)
    parser.add_argument("--pipes", type=int, default=5_000, help="pipes of the largest plan")
    parser.add_argument("--zones", type=int, default=10_000)
    parser.add_argument("--plans", type=int, default=8)
    parser.add_argument("--ratio", type=float, default=1.0, help="device pixels per CSS pixel")
    parser.add_argument("--keep", type=Path, help="write the map here")
    given = parser.parse_args(argv)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("No Chromium was found.")
    with tempfile.TemporaryDirectory() as folder:
        path = given.keep or Path(folder) / "map.html"
        big_map(path, given.edges, given.pipes, given.zones, given.plans)
        print(f"{given.edges:,} edges, {given.pipes:,} pipes, {given.zones:,} zones:"
              f" {path.stat().st_size / 1e6:.1f} MB")  # fmt: skip
        measured(path.absolute(), program, given.ratio)


if __name__ == "__main__":
    main(sys.argv[1:])
