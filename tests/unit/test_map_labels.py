"""All texts of the map come from the catalogue: in a made-up language no English is left."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from sample_business import sample
from sample_plan import ROGUE, small_town, with_nothing_built

import siting
from siting.appraisal import appraise
from siting.config import OutputsConfig
from siting.errors import InputError
from siting.outputs.check_map import build_check_map
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.labels import ENGLISH, Labels, translated
from siting.outputs.map_states import MapState
from siting.outputs.map_words import PAGE_WORDS, page_words
from siting.outputs.maps import PARTS, build_map
from siting.outputs.packing import unpacked
from siting.outputs.run_map import map_options
from siting.outputs.year_map import write_departure_map, write_year_map

GREEK = str.maketrans("abcdefghijklmnopqrstuvwxyz", "αβξδεφγηιϊκλμνορψρστυϋωχυζ")
PACKED = re.compile(r'<script type="text/plain" id="siting-data">([^<]*)</script>')
SCRIPTS = Path(siting.__file__).parent / "outputs" / "assets" / "map"
CALL = re.compile(r'\b[tT]\((?:[a-z.]+ \? )?"([a-z_0-9]+)"(?: : "([a-z_0-9]+)")?')

SENTENCE = re.compile(r"^[A-Z][a-z]{2}|[a-z]{2},? [a-z]{3}")
BETWEEN = re.compile(r"[>`}]([A-Za-z, :·]*[a-z]{3}[A-Za-z, :·]*)[<`$]")
"""Words between the tags, gaps and ends of a template."""
CODE = {
    "use strict", "Enter", "Escape", "ArrowDown", "ArrowUp",
    # classes, the start of an address, and several events at once
    "leaflet-bar tools", "row check", "tag hidden", "tag ", "site ", "site:", ".legend select",
    ".ends span", "click keypress", "mouseout movestart", "moveend zoomend",
    "overlayadd overlayremove",
    " bar",  # the unit
}  # fmt: skip


def in_greek(text: str) -> str:
    """Return a text with the letters of another alphabet, gaps as they are."""
    return re.sub(r"(\{\w+\})|([^{}]+)", lambda hit: hit[1] or hit[2].translate(GREEK), text)


def greek() -> Labels:
    """Return every text of the catalogue in Greek letters."""
    return translated("xx", {key: in_greek(ENGLISH.raw(key)) for key in ENGLISH})


@pytest.fixture(scope="module")
def parameters():
    return sample(country="FI").parameters


@pytest.fixture(scope="module")
def page(parameters) -> str:
    town = small_town()
    stops = []
    for each in (with_nothing_built(town), town):
        frames = plan_frames(each.region, each.network, each.assembly, each.plan)
        facts = plan_facts(each.region, each.network, each.assembly)
        appraisal = appraise(each.assembly.problem, each.plan, facts)
        stops.append(MapState(frames, appraisal, each.plan, at=len(stops), is_run=each is town))
    run = stops[-1]
    drawn = build_map(
        run.frames,
        run.appraisal,
        run.plan,
        title="Warm town",
        others=stops,
        parameters=parameters,
        labels=greek(),
    )
    return drawn.get_root().render()


def spoken(value: object) -> list[str]:
    """Return every text in what a page unpacks but names of figures and ids."""
    if isinstance(value, dict):
        own = {key: each for key, each in value.items() if key not in {"kpis", "id", "look"}}
        return [text for each in own.values() for text in spoken(each)]
    if isinstance(value, list):
        return [text for each in value for text in spoken(each)]
    return [value] if isinstance(value, str) else []


def english_in(texts: list[str], known: str) -> list[str]:
    """Return the words of four letters and more that are neither Greek nor known."""
    words = {word for text in texts for word in re.findall(r"[A-Za-z][a-z_]{3,}", text)}
    return sorted(word for word in words if word not in known)


def told(page: str) -> list[str]:
    """Return what a piece of HTML shows, reads out or shows on hovering."""
    bare = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    shown = re.findall(r">([^<>]+)<", bare)
    shown += re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', bare)
    return [html.unescape(text) for text in shown]


def test_no_english_word_is_left_on_the_page(page, parameters):
    town = small_town()
    known = " ".join(
        [
            *town.region.zones.frame["name"].fillna(""),
            *town.region.sites.frame["name"].fillna(""),
            "Warm town", ROGUE,
            "Street", "west",  # names of streets and of a group
            *parameters,
            *(each.source for each in parameters.values() if each.preset),
        ]
    )  # fmt: skip
    body = page[page.index('<a class="skip"') :]
    assert english_in(told(PACKED.sub("", body)), known) == []
    data = unpacked(PACKED.search(page)[1])
    panels = [text for each in data["states"] for text in told(each.pop("panel"))]
    assert len(panels) > 30
    assert english_in(panels, known) == []
    texts = [text for text in spoken(data) if not re.fullmatch(r"#\w{6}", text)]
    assert len(texts) > 20
    assert english_in(texts, known) == []


def test_the_scripts_are_told_language_and_words(page):
    assert '"language": "xx"' in page
    found = re.search(r"sitingMap\(map_siting, (\{.*\})\);", page)
    settings = json.loads(found[1])
    assert settings["texts"]["zone_demand"] == in_greek("Heat demand")
    assert page_words(ENGLISH)["zone_demand"] == "Heat demand"
    texts = [re.sub(r"\{\w+\}", "", text) for text in spoken(settings)]
    assert english_in(texts, "language xx") == []


def test_the_scripts_call_the_words_that_they_are_handed():
    called = set()
    for name in PARTS:
        text = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
        called |= {key for hit in CALL.finditer(text) for key in hit.groups() if key}
    assert called == set(PAGE_WORDS)


@pytest.mark.parametrize("name", PARTS)
def test_no_script_says_a_word_of_its_own(name):
    text = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    said = [each for each in re.findall(r'"([^"\n]*)"', text) if SENTENCE.search(each)]
    said += BETWEEN.findall(text)
    assert [each for each in said if each not in CODE] == []


@pytest.mark.parametrize("write", [map_options, write_year_map, write_departure_map])
def test_the_maps_ask_for_the_language_of_the_study(write, tmp_path):
    study = SimpleNamespace(name="Town", description="")
    config = SimpleNamespace(study=study, outputs=OutputsConfig(language="tlh"))
    found = SimpleNamespace(config=config, region=None)
    with pytest.raises(InputError, match="language = 'tlh' is not known"):
        write(found, *([] if write is map_options else [tmp_path / "map.html"]))


def test_the_page_of_a_check_speaks_the_language(small_study):
    findings = siting.read_study(small_study / "study.toml").inspect()
    page = build_check_map(findings, greek()).get_root().render()
    page = re.sub(r"\\u([0-9a-f]{4})", lambda hit: chr(int(hit[1], 16)), page)
    panel = told(page[page.index('<details class="panel') : page.index("</details>")])
    facts = re.findall(r'"r": (\[\[.*?\]\])', page) + re.findall(r'"t": "([^"]*)"', page)
    layers = re.findall(r'\[geo_json_\w+, "([^"]*)"', page)
    assert len(panel) > 30
    assert len(facts) > 10
    assert len(layers) > 7
    names = [*findings.region.zones.frame["name"], *findings.region.sites.frame["name"]]
    filled = "utilisation recoverable_fraction supply_temperature_c electricity_price_eur_per_mwh"
    known = " ".join(["Small town", filled, *names])
    assert english_in([*panel, *facts, *layers], known) == []


@pytest.mark.parametrize("search", ["frontier", "phases", "stress"])
def test_an_unknown_language_is_refused_before_a_search(search, small_study):
    study = siting.read_study(small_study / "study.toml")
    outputs = study.config.outputs.model_copy(update={"language": "tlh"})
    study = siting.Study(study.config.model_copy(update={"outputs": outputs}))
    (small_study / "zones.gpkg").unlink()  # even before the layers are read
    with pytest.raises(InputError, match="language = 'tlh' is not known"):
        getattr(study, search)()
