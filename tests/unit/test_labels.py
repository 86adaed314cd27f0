"""All texts of the report come from one catalogue: a made-up language shows on every line."""

from __future__ import annotations

import ast
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_business import sample
from sample_plan import ROGUE, small_town

import siting
from siting.appraisal import appraise
from siting.business.tornado import tornado
from siting.errors import InputError
from siting.outputs import labels as catalogue
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.hydraulics import report_with_check
from siting.outputs.labels import ENGLISH, labels_of, languages, missing_texts, translated
from siting.outputs.report import report_html
from siting.supply import load_bands

PACKAGE = Path(siting.__file__).parent
PSEUDO = translated("xx", {key: f"⟦{ENGLISH.raw(key)}⟧" for key in ENGLISH})
GREEK = str.maketrans("abcdefghijklmnopqrstuvwxyz", "αβξδεφγηιϊκλμνορψρστυϋωχυζ")


class Words(HTMLParser):
    """Collects the text of elements of one kind."""

    def __init__(self, *tags: str) -> None:
        super().__init__()
        self.tags, self.texts, self.depth = tags, [], 0

    def handle_starttag(self, tag, attrs):
        if tag in self.tags:
            self.depth += 1
            self.texts.append("")

    def handle_endtag(self, tag):
        if tag in self.tags:
            self.depth -= 1

    def handle_data(self, data):
        if self.depth:
            self.texts[-1] += data


def page_in(labels) -> str:
    town, money = small_town(), sample(country="FI")
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    found = tornado(money.assembly, money.plan, money.parameters, money.config, money.case)
    return report_html(
        frames,
        appraisal,
        town.plan,
        title="Warm town",
        limits={"budget_eur": 2e6, "mandatory_sites": ["S-1"]},
        parameters=money.parameters,
        business=money.case,
        bands=load_bands(money.assembly.problem, money.plan),
        sensitivities=found,
        labels=labels,
    )


@pytest.fixture(scope="module")
def page() -> str:
    return page_in(PSEUDO)


def texts_of(page: str, *tags: str) -> list[str]:
    words = Words(*tags)
    words.feed(page)
    return [" ".join(text.split()) for text in words.texts if text.strip()]


@pytest.mark.parametrize("tag", ["h2", "h3", "th", "figcaption", "p", "li", "footer"])
def test_every_heading_and_sentence_speaks_the_language(page, tag):
    texts = texts_of(page, tag)
    assert texts
    assert [text for text in texts if "⟦" not in text and "Warm town" not in text] == []


def test_labels_of_figures_and_charts_speak_it_too(page):
    labels = re.findall(r'<div class="facts.*?</div>\s*</div>', page, re.DOTALL)
    spans = [text for each in labels for text in texts_of(each, "span")]
    foreign = [text for text in spans if "⟦" in text]
    # Lines of the cash flow are named by the room of money.
    assert len(foreign) > 40
    drawn = "".join(texts_of(page, "text"))
    for key in ("chart.hours", "chart.year", "chart.npv_meur", "money.stay", "co2.without"):
        assert PSEUDO(key) in drawn, key


def test_the_page_says_its_language_and_the_check_follows(page):
    assert '<html lang="xx">' in page
    assert '<html lang="en">' in report_with_check('<html lang="en"><footer>', None)


def test_every_text_is_used_and_every_used_text_is_there():
    paths = [*PACKAGE.rglob("*.py"), *(PACKAGE / "outputs" / "templates").glob("*.html")]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    called = set(re.findall(r"""\bt\(\s*["']([a-z0-9_]+\.[a-z0-9_]+)["']""", sources))
    assert called <= set(ENGLISH)
    own = [key for key in ENGLISH if key.partition(".")[0] not in {"said", "parameter", "source"}]
    # Keys that are put together at run time end in a word of the code.
    words = set(re.findall(r"[a-z][a-z0-9_]+", sources))
    assert [key for key in own if key not in called and key.split(".")[1] not in words] == []


def in_greek(text: str) -> str:
    """Return a text with the letters of another alphabet, gaps as they are."""
    return re.sub(r"(\{\w+\})|([^{}]+)", lambda hit: hit[1] or hit[2].translate(GREEK), text)


def test_no_english_word_is_left_but_names_units_and_sources():
    town, money = small_town(), sample(country="FI")
    page = page_in(translated("xx", {key: in_greek(ENGLISH.raw(key)) for key in ENGLISH}))
    body = page[page.index("<main>") :].replace("&lt;img src=x onerror=alert(1)&gt;", "")
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    texts = [html.unescape(text) for text in re.findall(r">([^<>]+)<", body)]
    words = {word for text in texts for word in re.findall(r"[a-z][a-z_]{3,}", text)}
    known = " ".join(
        [
            *town.region.zones.frame["name"].fillna(""),
            *town.region.sites.frame["name"].fillna(""),
            "Warm town", ROGUE, "siting simulate", "highs", "west", "_".join(money.parameters),
            # a country's preset brings its own source, a sensitivity that of its range
            *(each.source for each in money.parameters.values() if each.preset),
            *(each.source for each in tornado(
                money.assembly, money.plan, money.parameters, money.config, money.case)[1]),
            *money.parameters,
        ]
    )  # fmt: skip
    assert sorted(word for word in words if word not in known) == []


def test_the_sentences_of_other_rooms_are_still_theirs():
    spoken = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.replace("_om", " upkeep").replace("_", " ")
                spoken.add(" ".join(text.split()).lower())
    heard = "\n".join(spoken)
    together = {
        "one_demand_estimated",
        "by_floor",
        "by_hours",
        "boilers",
        "other_heat",
        "as_stated",
    }
    gone = [
        key
        for key in ENGLISH
        if key.startswith("said.") and key.partition(".")[2] not in together
        for part in re.split(r"\{\w+\}", ENGLISH.raw(key))
        if " ".join(part.replace("_", " ").split()).strip(" .,;").lower() not in heard
    ]
    assert gone == []


def test_sentences_are_told_one_by_one_and_names_are_left_alone():
    assert PSEUDO.said("another site of group 'west' is chosen") == (
        "⟦another site of group 'west' is chosen⟧"
    )
    assert PSEUDO.said("stopped by the user; proven only within 2 %, 1 % was wanted") == (
        "⟦stopped by the user⟧; ⟦proven only within 2 %, 1 % was wanted⟧"
    )
    assert PSEUDO.said("liquid: preheat + heat pump; air: heat pump, priced for 0.9-1.9 MW") == (
        "⟦⟦liquid: ⟦preheat + heat pump⟧; ⟦air: ⟦heat pump⟧⟧⟧, priced for 0.9-1.9 MW⟧"
    )
    assert PSEUDO.said("Kaivokatu 3, Sokos") == "Kaivokatu 3, Sokos"
    for text in ("too dear", "J: judgement", "proven within 2 %", "a. b; c"):
        assert ENGLISH.said(text) == text


def test_a_translation_must_keep_keys_and_gaps():
    with pytest.raises(InputError) as caught:
        translated("xx", {"cover.no_such": "x", "cover.made": "x {where}"})
    assert [each.remedy for each in caught.value.faults] == ["Check it.", "Its gaps are when."]
    partly = translated("xx", {"co2.title": "Kuldioxid"})
    assert partly("co2.title") == "Kuldioxid"
    assert partly("risk.title") == "Risks"


def test_languages_are_files_and_english_is_whole():
    assert languages() == tuple(
        sorted(p.stem for p in Path(catalogue.__file__).parent.glob("*.toml"))
    )
    assert missing_texts("en") == ()
    with pytest.raises(InputError, match="language = 'tlh' is not known"):
        labels_of("tlh")
