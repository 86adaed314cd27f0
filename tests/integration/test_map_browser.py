"""The map opens in a browser without network: no errors, no requests, all layers, popups."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sample_plan import ROGUE, small_town

from siting.appraisal import appraise
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.maps import write_map

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Opened:
    """A page, with everything it complained about or asked for."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def missing(reason: str) -> None:
    """Skip; where everything should be installed, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        missing("no Chromium is installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """The map without and with tiles."""
    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    folder = tmp_path_factory.mktemp("maps")
    return {
        tiles: write_map(
            frames, appraisal, town.plan, folder / f"{tiles}.html", title="Town", tiles=tiles
        )
        for tiles in (False, True)
    }


@pytest.fixture
def visit(browser: Any, maps: dict[bool, Path]) -> Iterator[Any]:
    contexts = []

    def go(width: int = 1400, height: int = 900, *, tiles: bool = False) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        context.set_offline(True)
        opened = Opened(context.new_page())
        context.route("http*://**", lambda route: route.abort())
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on(
            "console",
            lambda said: opened.errors.append(said.text) if said.type == "error" else None,
        )
        opened.page.goto(maps[tiles].as_uri())
        opened.page.wait_for_selector("html[data-ready=yes]", timeout=20_000)
        return opened

    yield go
    for context in contexts:
        context.close()


def outside(opened: Opened) -> list[str]:
    return [url for url in opened.requests if not url.startswith(("file:", "data:"))]


@pytest.mark.parametrize("size", [(1400, 900), (400, 800)], ids=["desk", "phone"])
def test_the_map_opens_without_network(visit, size):
    opened = visit(*size)
    assert opened.errors == []
    assert outside(opened) == []
    names = opened.page.locator(".leaflet-control-layers-overlays label").all_text_contents()
    assert [name.strip() for name in names] == [
        "Chosen sites", "Other candidate sites", "Heat pipes", "Service lines", "Zones served",
        "Zones not served", "Streets",
    ]  # fmt: skip
    counts = {
        name: opened.page.evaluate(f"geo_json_{name}.getLayers().length")
        for name in ("chosen", "rejected", "pipes", "casing", "services", "on", "off", "streets")
    }
    assert counts == {
        "chosen": 1, "rejected": 2, "pipes": 5, "casing": 5, "services": 3, "on": 3, "off": 3,
        "streets": 1,
    }  # fmt: skip


def test_the_canvas_is_painted(visit):
    opened = visit()
    colours = opened.page.evaluate(
        """() => [...document.querySelectorAll("canvas")].map((c) => {
             const pixels = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
             const seen = new Set();
             for (let i = 0; i < pixels.length; i += 4) {
               const [r, g, b, a] = pixels.slice(i, i + 4);
               if (a === 255) seen.add(`${r},${g},${b}`);
             }
             return [...seen];
           }).flat()"""
    )
    assert {"211,206,195", "74,14,63", "242,161,84", "255,255,255"} <= set(colours)


def test_a_click_on_a_pipe_opens_its_figures(visit):
    opened = visit()
    spot = opened.page.evaluate(
        """() => { let most = null;
             map_siting.invalidateSize();
             geo_json_pipes.eachLayer((l) => {
               const p = l.feature.properties;
               const largest = !most || p.flow_mw > most.feature.properties.flow_mw;
               if (p.kind.startsWith("Heat pipe") && largest) most = l;
             });
             const at = map_siting.latLngToContainerPoint(most.getCenter());
             return [at.x, at.y]; }"""
    )
    opened.page.mouse.move(*spot)
    opened.page.wait_for_selector(".leaflet-tooltip >> text=DN 100")
    opened.page.mouse.click(*spot)
    text = opened.page.locator(".leaflet-popup-content").inner_text()
    for part in ("DN 100", "100 m", "1.9 MW", "2.5 MW", "76 %", "90,000 EUR", "2 kW"):
        assert part in text
    assert opened.errors == []


def test_search_finds_a_zone_and_names_stay_text(visit):
    opened = visit()
    opened.page.locator(".search input").click()
    opened.page.keyboard.type("block")
    assert opened.page.locator(".search li").count() == 1
    opened.page.keyboard.press("Enter")
    popup = opened.page.locator(".leaflet-popup-content")
    assert popup.locator("h4").inner_text() == ROGUE
    assert popup.locator("img").count() == 0
    assert "1,800 MWh/a" in popup.inner_text()
    assert "90 %" in popup.inner_text()
    assert opened.errors == []


def test_sites_are_told_chosen_rejected_and_assumed(visit):
    opened = visit()
    assert "West works" in opened.page.locator(".site.on .tag").inner_text()
    assert "assumed" in opened.page.locator(".site.on .tag").inner_text()
    assert opened.page.locator(".site.off").count() == 2
    opened.page.locator(".site.on .dot").click()
    text = opened.page.locator(".leaflet-popup-content").inner_text()
    for part in ("Chosen", "IT load assumed", "5 MW", "2 MW", "1,500 MWh/a", "900,000 EUR"):
        assert part in text


def test_layers_can_be_switched_off_and_on(visit):
    opened = visit()
    box = opened.page.locator(".leaflet-control-layers-overlays label", has_text="Heat pipes")
    box.locator("input").uncheck()
    assert opened.page.evaluate("map_siting.hasLayer(geo_json_pipes)") is False
    assert opened.page.evaluate("map_siting.hasLayer(geo_json_casing)") is False
    box.locator("input").check()
    assert opened.page.evaluate("map_siting.hasLayer(geo_json_pipes)") is True
    assert opened.errors == []


def test_panel_and_legend_fold_on_a_phone(visit):
    desk, phone = visit(), visit(400, 800)
    for name in (".panel", ".legend"):
        assert desk.page.locator(name).get_attribute("open") is not None
        assert phone.page.locator(name).get_attribute("open") is None
    phone.page.locator(".panel summary").click()
    assert "5.8 GWh/a" in phone.page.locator(".panel .inside").inner_text()


def test_tiles_step_aside_without_network(visit):
    opened = visit(tiles=True)
    opened.page.wait_for_selector("text=base map offline")
    assert opened.page.evaluate("map_siting.hasLayer(tile_layer_base)") is False
    assert all("tile.openstreetmap.org" in url for url in outside(opened))
