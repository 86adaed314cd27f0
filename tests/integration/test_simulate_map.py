"""The map shows the hydraulic check in a browser without network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_map_browser import browser as browser  # noqa: PLC0414 - a fixture

from siting.outputs.hydraulics import map_with_check, simulation_layers
from siting.outputs.maps import write_map
from siting.outputs.tables import write_geopackage

pytestmark = pytest.mark.browser


def test_the_layer_can_be_switched_on_and_explains_itself(browser: Any, tmp_path: Path) -> None:
    """The sample plan with made-up figures of water: one zone is 8 K too cold."""
    from sample_plan import small_town

    from siting.appraisal import appraise
    from siting.outputs.frames import plan_facts, plan_frames
    from siting.simulate.results import ConsumerResult, DayResult, PipeResult, Simulation

    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    path = write_map(frames, appraisal, town.plan, tmp_path / "map.html", title="Warm town")
    plan = write_geopackage(frames, appraisal.kpis(), tmp_path / "plan.gpkg")
    pipe = str(frames.pipes["pipe_id"].iloc[0])
    day = DayResult(
        "summer",
        "",
        converged=True,
        full=True,
        pipes=(PipeResult(pipe, "DN100", 15.0, 15.0, 2.9, 1.8, 260.0, 3.0, 3.1, "DN125"),),
        consumers=(ConsumerResult("Z-1", 90.0, 0.7, 0.7, 57.0, 8.0, 0.5, 0.3, 0.4, 1.1, 1.8),),
    )
    found = Simulation((day,), (), {"supply_temperature_c": 65.0, "supply_drop_limit_k": 5.0})
    page = map_with_check(path.read_text(encoding="utf-8"), found, simulation_layers(found, plan))
    path.write_text(page, encoding="utf-8")
    opened, errors = browser.new_page(), []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(path.as_uri())
    opened.wait_for_selector("html[data-ready=yes]")
    opened.get_by_text("Pressure and temperature, summer day").click()
    assert "limit 5 K" in opened.locator(".legend").inner_text()
    shown = opened.evaluate(
        """() => Object.values(map_siting._layers).filter((each) => each.feature?.properties?.short)
          .map((each) => { each.openPopup(); return each.options.fillColor; })"""
    )
    assert shown == ["#c1272d"]
    assert "8 K, at most 5 K" in opened.locator(".leaflet-popup").inner_text()
    assert errors == []
    opened.close()
