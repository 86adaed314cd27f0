"""In another language the map says nothing in English in a browser, whatever is clicked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sample_plan import small_town
from test_map_browser import browser as browser  # noqa: PLC0414 - a fixture
from test_map_browser import visit

from siting.appraisal import appraise
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.labels import ENGLISH, translated
from siting.outputs.maps import write_map

pytestmark = pytest.mark.browser

GREEK = str.maketrans("abcdefghijklmnopqrstuvwxyz", "αβξδεφγηιϊκλμνορψρστυϋωχυζ")
SAID = """() => [document.body.innerText, ...[...document.querySelectorAll("*")].flatMap((each) =>
  ["aria-label", "title", "placeholder", "alt", "aria-valuetext"]
    .map((name) => each.getAttribute(name) || ""))]
  .join("\\n")"""
OPEN = """([kind, at]) => siting.open(kind, at)"""


def in_greek(text: str) -> str:
    """Return a text with the letters of another alphabet, gaps as they are."""
    return re.sub(r"(\{\w+\})|([^{}]+)", lambda hit: hit[1] or hit[2].translate(GREEK), text)


def test_nothing_is_said_in_english(browser: Any, tmp_path: Path) -> None:
    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    labels = translated("xx", {key: in_greek(ENGLISH.raw(key)) for key in ENGLISH})
    path = tmp_path / "map.html"
    write_map(frames, appraisal, town.plan, path, title="Town", labels=labels)
    opened = visit(browser, path, 1400, 900)
    page = opened.page
    texts = [page.evaluate(SAID)]
    places = [("site", 0), ("site", 1), ("pipe", 0), *(("zone", k) for k in range(6))]
    for place in places:
        page.evaluate(OPEN, place)
        texts.append(page.evaluate(SAID))
    page.locator(".tools .link").click()
    page.locator(".search input").fill("-")
    texts.append(page.evaluate(SAID))
    page.locator(".tools .measure").click()
    texts.append(page.evaluate(SAID))
    assert page.evaluate("document.documentElement.lang") == "xx"
    assert in_greek("Trench length") in texts[3]
    assert in_greek("Heat demand") in texts[4]
    names = " ".join([*frames.zones["name"], *frames.sites["name"], *frames.pipes["street"]])
    words = {word for text in texts for word in re.findall(r"[A-Za-z][a-z]{3,}", text)}
    assert sorted(word for word in words if word not in f"{names} Town west") == []
    assert opened.errors == []
    page.context.close()
