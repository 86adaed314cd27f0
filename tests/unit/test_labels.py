"""All texts of the report come from one catalogue: a made-up language shows on every line."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_business import sample
from sample_plan import small_town

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
    # Facts about one plan, such as why a zone is not served, come from other rooms.
    own = [text for text in texts if "⟦" not in text]
    known = {"Against gas", "Sizes are", "Heat demand is", "Zones out of"}
    assert [each for each in own if not any(each.startswith(k) for k in known)] == []


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
    # Keys that are put together at run time end in a word of the code.
    words = set(re.findall(r"[a-z][a-z0-9_]+", sources))
    assert [key for key in ENGLISH if key not in called and key.split(".")[1] not in words] == []


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
