"""The map in a browser without network: slider, popups, search, layers, paper, phone, keyboard.

What is shown is compared with the key figures of the plan that is shown.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sample_plan import ROGUE, small_town, with_less_built, with_nothing_built

from siting.appraisal import Appraisal, appraise
from siting.outputs import words
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.map_states import MapState
from siting.outputs.maps import Slider, write_map

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SHADES = """() => [...document.querySelectorAll("canvas")].map((c) => {
  const pixels = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  const seen = new Set();
  for (let i = 0; i < pixels.length; i += 4)
    if (pixels[i + 3] === 255) seen.add(pixels.slice(i, i + 3).join());
  return [...seen];
}).flat()"""


@dataclass
class Opened:
    """A page, with everything it complained about or asked for."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        """Return the text of an element, blanks made even."""
        return " ".join(self.page.locator(selector).first.inner_text().split())

    @property
    def outside(self) -> list[str]:
        """What was asked of the network."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]


@dataclass(frozen=True)
class Drawn:
    """A map with three plans: nothing, one zone, and the plan of the run."""

    path: Path
    appraisals: list[Appraisal]


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
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    town = small_town()
    stops = []
    for each in (with_nothing_built(town), with_less_built(town), town):
        frames = plan_frames(each.region, each.network, each.assembly, each.plan)
        facts = plan_facts(each.region, each.network, each.assembly)
        appraisal = appraise(each.assembly.problem, each.plan, facts)
        stops.append(
            MapState(
                frames,
                appraisal,
                each.plan,
                at=each.plan.capex_eur / 1e6,
                height=each.plan.heat_mwh / 1e3,
                label=words.money(each.plan.capex_eur),
                is_run=each is town,
            )
        )
    run = stops[2]
    path = write_map(
        run.frames,
        run.appraisal,
        run.plan,
        tmp_path_factory.mktemp("maps") / "map.html",
        title="Town",
        others=stops,
        slider=Slider(ceiling=((0.0, 6.0), (2.0, 7.0))),
    )
    return Drawn(path, [each.appraisal for each in stops])


def visit(browser: Any, path: Path, width: int, height: int, address: str = "") -> Opened:
    """Open a page without network, and wait until the map is drawn."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_offline(True)
    opened = Opened(context.new_page())
    context.route("http*://**", lambda route: route.abort())
    opened.page.on("request", lambda request: opened.requests.append(request.url))
    opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
    opened.page.on(
        "console",
        lambda said: opened.errors.append(said.text) if said.type == "error" else None,
    )
    opened.page.goto(path.as_uri() + address)
    opened.page.wait_for_selector("html[data-ready=yes]", timeout=20_000)
    return opened


@pytest.fixture(scope="module")
def desk(browser: Any, drawn: Drawn) -> Iterator[Opened]:
    """Return one page that the tests of this module share; each leaves it with the run's plan."""
    opened = visit(browser, drawn.path, 1400, 900)
    opened.page.evaluate(
        "window.first = { at: map_siting.getCenter(), zoom: map_siting.getZoom() }"
    )
    yield opened
    opened.page.context.close()


@pytest.fixture(autouse=True)
def as_opened(request: pytest.FixtureRequest) -> None:
    """Bring the shared page back to what it showed at first."""
    if "desk" in request.fixturenames:
        page = request.getfixturevalue("desk").page
        page.evaluate(
            """() => { map_siting.closePopup(); siting.slider.go(siting.slider.run);
                 map_siting.setView(first.at, first.zoom, { animate: false }); }"""
        )


def slide(opened: Opened, key: str) -> None:
    """Press a key on the slider."""
    opened.page.locator(".slider input").focus()
    opened.page.keyboard.press(key)


def test_the_map_opens_without_network_and_paints_its_classes(desk: Opened) -> None:
    assert desk.errors == []
    assert desk.outside == []
    names = desk.page.locator(".leaflet-control-layers-overlays label").all_text_contents()
    assert [name.strip() for name in names] == [
        "Chosen sites", "Other candidate sites", "Heat pipes", "Service lines", "Zones served",
        "Zones not served", "Streets",
    ]  # fmt: skip
    # streets, thickest and thinnest pipe, the casing of pipes, zones not served
    wanted = {"207,201,188", "74,14,63", "242,161,84", "255,255,255", "233,228,217"}
    assert wanted <= set(desk.page.evaluate(SHADES))


def test_the_slider_switches_plan_routes_zones_and_figures(desk: Opened, drawn: Drawn) -> None:
    counts = """() => [siting.states[siting.slider.now()].pipeAt.size,
      document.querySelectorAll('.site.on').length]"""
    for key, place, pipes, sites in (("Home", 0, 0, 0), ("ArrowRight", 1, 3, 1), ("End", 2, 8, 1)):
        slide(desk, key)
        a, panel = drawn.appraisals[place], desk.text(".panel .state")
        assert desk.page.evaluate(counts) == [pipes, sites]
        assert f"waste heat delivered {words.heat(a.heat_mwh)}" in panel
        assert f"investment {words.money(a.capex_eur)}" in panel
        assert f"zones served {a.zones_served} of {a.zones_total}" in panel
        for cost in a.capex_by_component_eur.values():
            assert words.money(cost) in panel
        shown = desk.page.evaluate("() => siting.states[siting.slider.now()].kpis")
        assert shown == a.kpis()
        assert f"Plan {place + 1} of 3" in desk.text(".slider .said")
        said = desk.page.locator(".slider input").get_attribute("aria-valuetext")
        assert said.startswith(f"{place + 1} of 3: {words.money(a.capex_eur)}")
    assert "the plan of this run" in desk.text(".slider .said")
    desk.page.locator(".slider .back").click()
    assert "proven only within 20 %" in desk.text(".panel .state").lower()
    desk.page.locator(".slider .home").click()
    assert "Plan 3 of 3" in desk.text(".slider .said")
    assert desk.errors == []


def test_a_click_on_a_pipe_opens_its_figures_and_the_popup_follows_the_slider(desk: Opened) -> None:
    spot = desk.page.evaluate(
        """() => { const { line, flow_mw } = siting.states[2].pipes, most = Math.max(...flow_mw);
             const f = line.filter((each, k) => flow_mw[k] === most).at(-1);
             const at = map_siting.latLngToContainerPoint(siting.where("pipe", f));
             return [at.x, at.y]; }"""
    )
    desk.page.mouse.move(*spot)
    desk.page.wait_for_selector(".leaflet-tooltip >> text=DN 100")
    desk.page.mouse.click(*spot)
    text = desk.text(".leaflet-popup-content")
    for part in ("DN 100", "100 m", "1.9 MW", "2.5 MW", "76 %", "90,000 EUR", "2 kW", "900 EUR/m"):
        assert part in text
    slide(desk, "Home")
    desk.page.wait_for_selector(".leaflet-popup", state="detached")  # that plan has no such pipe
    slide(desk, "End")


def test_zones_left_out_say_why_and_at_which_price_they_come_in(desk: Opened) -> None:
    open_zone = "(id) => siting.open('zone', siting.data.zones.id.indexOf(id))"
    for zone, parts in {
        "Z-6": ("Not served: forbidden", "The study forbids it"),
        "Z-5": ("Not served: out of reach of the streets", "No street"),
    }.items():
        desk.page.evaluate(open_zone, zone)
        for part in parts:
            assert part in desk.text(".leaflet-popup-content")
    legend = desk.text(".legend")
    for part in ("out of reach of the streets 1", "forbidden 1"):
        assert part in legend
    slide(desk, "ArrowLeft")
    desk.page.evaluate(open_zone, "Z-2")
    assert "Not served" in desk.text(".leaflet-popup-content")
    slide(desk, "ArrowRight")
    assert "Served" in desk.text(".leaflet-popup-content .state")
    assert "1,800 MWh/a" in desk.text(".leaflet-popup-content")
    desk.page.keyboard.press("Escape")
    desk.page.wait_for_selector(".leaflet-popup", state="detached")


def test_search_by_keyboard_finds_a_zone_and_names_stay_text(desk: Opened) -> None:
    desk.page.locator(".search input").focus()
    desk.page.keyboard.type("st")
    assert desk.page.locator(".search li").count() >= 1
    desk.page.locator(".search input").fill("")
    desk.page.keyboard.type("block")
    assert desk.page.locator(".search li").count() == 1
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    popup = desk.page.locator(".leaflet-popup-content")
    assert popup.locator("h4").inner_text() == ROGUE
    assert popup.locator("img").count() == 0
    assert "90 %" in popup.inner_text()
    assert desk.page.url.endswith("sel=zone:Z-2") or "sel" not in desk.page.url
    desk.page.keyboard.press("Escape")


def test_sites_are_told_chosen_rejected_and_assumed(desk: Opened) -> None:
    assert "West works" in desk.text(".site.on .tag")
    assert desk.page.locator(".site.off").count() == 2
    marker = desk.page.locator(".site.on")
    assert marker.get_attribute("aria-label") == "Site West works, chosen"
    marker.focus()
    desk.page.keyboard.press("Enter")
    text = desk.text(".leaflet-popup-content")
    for part in ("Chosen", "IT load assumed", "5 MW", "2 MW", "1,500 MWh/a", "900,000 EUR"):
        assert part in text
    desk.page.evaluate("siting.open('site', 2)")
    assert "another site of group 'west' is chosen" in desk.text(".leaflet-popup-content")
    desk.page.keyboard.press("Escape")


def test_layers_and_ways_to_look_at_pipes_can_be_switched(desk: Opened) -> None:
    box = desk.page.locator(".leaflet-control-layers-overlays label", has_text="Heat pipes")
    box.locator("input").focus()
    desk.page.keyboard.press("Space")
    assert desk.page.evaluate("siting.shown()").count("pipes") == 0
    desk.page.wait_for_function(f"() => !({SHADES})().includes('74,14,63')")
    desk.page.keyboard.press("Space")
    assert desk.page.evaluate("siting.shown()").count("pipes") == 1
    desk.page.locator(".legend select").select_option("flow")
    assert "1 and more MW" in desk.text(".pipes-key")
    desk.page.locator(".legend select").select_option("size")
    assert "DN 100" in desk.text(".pipes-key")


def test_after_a_move_the_picture_is_what_drawing_it_whole_gives(desk: Opened) -> None:
    found = desk.page.evaluate(
        """() => {
          const { sheet, finish } = siting.layers;
          const picture = () => { finish(); const box = sheet._container;
            return box.getContext("2d").getImageData(0, 0, box.width, box.height).data; };
          const before = picture(), drawn = [];
          const steps = sheet._steps;
          sheet._steps = function (pen, regions) {
            drawn.push(regions);
            return steps.call(this, pen, regions); };
          map_siting.panBy([96, -61], { animate: false });
          const moved = picture(), regions = drawn.at(-1), size = sheet._bounds.getSize();
          sheet.redraw();
          const whole = picture();
          delete sheet._steps;
          /* the same zoom, counted from another origin */
          const there = map_siting.getCenter();
          map_siting.setView([there.lat + 0.0004, there.lng - 0.0006], map_siting.getZoom(),
            { animate: false, reset: true });
          const reset = picture();
          sheet.redraw();
          const anew = picture();
          const unlike = (a, b) => { let count = 0;
            for (let i = 0; i < a.length; i += 4)
              if ([0, 1, 2, 3].some((k) => Math.abs(a[i + k] - b[i + k]) > 24)) count += 1;
            return count; };
          const area = (each) => each.getSize().x * each.getSize().y;
          const share = regions.map(area).reduce((a, b) => a + b) / (size.x * size.y);
          const most = Math.max(unlike(moved, whole), unlike(reset, anew));
          return { parts: regions.length, share, unlike: most, moved: unlike(before, whole) }; }"""
    )
    assert found["parts"] == 2
    assert found["share"] < 0.15  # only what came into view was drawn
    assert found["moved"] > 2_000 > 20 > found["unlike"]


def test_measuring_by_clicks_and_escape(desk: Opened) -> None:
    desk.page.locator(".tools .measure").click()
    ends = desk.page.evaluate(
        """() => [0, 1].map((k) => {
             const at = map_siting.latLngToContainerPoint(siting.where("zone", k));
             return [at.x, at.y]; })"""
    )
    for at in ends:
        desk.page.mouse.click(*at)
    far = desk.page.evaluate(
        "() => map_siting.distance(siting.where('zone', 0), siting.where('zone', 1))"
    )
    assert abs(float(desk.text(".say").split()[0]) - far) < 3  # a pixel or two
    desk.page.keyboard.press("Escape")
    assert not desk.page.locator(".say").is_visible()
    assert desk.page.locator(".leaflet-popup").count() == 0


def test_the_address_opens_what_was_seen(desk: Opened, browser: Any, drawn: Drawn) -> None:
    desk.page.evaluate("siting.open('zone', 3)")
    desk.page.locator(".legend select").select_option("loss")
    slide(desk, "ArrowLeft")
    desk.page.wait_for_function("() => location.hash.includes('plan=2')")
    address = desk.page.evaluate("location.hash")
    again = visit(browser, drawn.path, 1400, 900, address)
    assert "Plan 2 of 3" in again.text(".slider .said")
    assert again.text(".leaflet-popup-content h4") == "Kiosk"
    assert again.page.locator(".legend select").input_value() == "loss"
    views = [each.page.evaluate("map_siting.getZoom()") for each in (desk, again)]
    assert views[0] == views[1]
    again.page.context.close()
    desk.page.keyboard.press("Escape")
    desk.page.locator(".legend select").select_option("size")
    slide(desk, "End")


def test_full_screen_holds_panel_slider_and_search(browser: Any, drawn: Drawn) -> None:
    opened = visit(browser, drawn.path, 1000, 700)
    button = opened.page.get_by_role("button", name="Full Screen")
    if not button.count():
        button = opened.page.locator(".leaflet-control-zoom-fullscreen")
    button.first.focus()
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_function("document.fullscreenElement !== null")
    held = """() => [".panel", ".slider", ".legend", ".search input"].map((name) =>
      document.fullscreenElement.contains(document.querySelector(name)))"""
    assert opened.page.evaluate(held) == [True] * 4
    opened.page.evaluate("document.exitFullscreen()")
    opened.page.wait_for_function("document.fullscreenElement === null")
    assert opened.errors == []
    opened.page.context.close()


def test_on_paper_panel_map_and_legend_remain(desk: Opened) -> None:
    desk.page.emulate_media(media="print")
    seen = {
        name: desk.page.locator(name).first.is_visible()
        for name in (".panel", ".legend", ".search", ".tools", ".slider input", ".slider .said")
    }
    desk.page.emulate_media(media="screen")
    assert seen == {
        ".panel": True, ".legend": True, ".search": False, ".tools": False,
        ".slider input": False, ".slider .said": True,
    }  # fmt: skip
    assert desk.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    # as much as a panel may say: it stays on the page, and the screen is as before
    room = desk.page.evaluate(
        """() => { const list = document.querySelector(".panel .sites"), before = list.innerHTML;
          list.innerHTML = "<li><i></i><span>Site</span><b>1 MW</b></li>".repeat(20);
          const wide = document.querySelector(".panel").offsetWidth;
          window.dispatchEvent(new Event("beforeprint"));
          const panel = document.querySelector(".panel").getBoundingClientRect();
          const page = map_siting.getContainer().getBoundingClientRect();
          window.dispatchEvent(new Event("afterprint"));
          list.innerHTML = before;
          return [page.width, page.height, panel.bottom - page.bottom,
            document.querySelector(".panel").offsetWidth - wide]; }"""
    )
    assert room[:2] == [1060, 728]
    assert room[2] < 0
    assert room[3] == 0


def test_on_a_phone_everything_has_its_place(browser: Any, drawn: Drawn) -> None:
    phone = visit(browser, drawn.path, 390, 844)
    for name in (".panel", ".legend"):
        assert phone.page.locator(name).get_attribute("open") is None
    assert "5.8 GWh/a" in phone.text(".panel .brief")
    boxes = [phone.page.locator(name).bounding_box() for name in (".panel", ".slider")]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert boxes[0]["y"] + boxes[0]["height"] < boxes[1]["y"]
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.page.locator(".slider .back").click()
    assert "2.9 GWh/a" in phone.text(".panel .brief")
    phone.page.locator(".panel > summary").click()
    assert "2.9 GWh/a" in phone.text(".panel .state")
    assert phone.errors == []
    phone.page.context.close()


def test_tiles_step_aside_without_network_and_one_plan_has_no_slider(
    browser: Any, tmp_path: Path
) -> None:
    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    appraisal = appraise(town.assembly.problem, town.plan)
    path = write_map(frames, appraisal, town.plan, tmp_path / "map.html", title="Town", tiles=True)
    opened = visit(browser, path, 1400, 900)
    opened.page.wait_for_selector("text=base map offline")
    assert opened.page.evaluate("map_siting.hasLayer(tile_layer_base)") is False
    assert all("tile.openstreetmap.org" in url for url in opened.outside)
    assert not opened.page.locator(".slider").is_visible()
    opened.page.context.close()
