"""The report as PDF: numbered A4 pages with all sections, or a clear word why there is none."""

from __future__ import annotations

import sys
import unicodedata
from types import SimpleNamespace

import pypdf
import pytest
from sample_business import sample
from sample_plan import small_town

from siting.appraisal import appraise
from siting.business.tornado import tornado
from siting.config import OutputsConfig
from siting.errors import InputError
from siting.outputs import printing
from siting.outputs.files import check_report
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.printing import check_printer, print_pdf, printer_name
from siting.outputs.report import write_report
from siting.supply import load_bands

MM_PER_POINT = 25.4 / 72


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    town, money = small_town(), sample(country="FI")
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    found = tornado(money.assembly, money.plan, money.parameters, money.config, money.case)
    return write_report(
        frames,
        appraisal,
        town.plan,
        tmp_path_factory.mktemp("report") / "report.html",
        title='Warm "town" & <more>',
        parameters=money.parameters,
        business=money.case,
        bands=load_bands(money.assembly.problem, money.plan),
        sensitivities=found,
    )


@pytest.mark.browser
def test_the_pdf_has_every_section_on_numbered_a4_pages(report):
    if printer_name() is None:
        pytest.skip("no browser is installed that prints to PDF")
    pdf = report.with_suffix(".pdf")
    print_pdf(report, pdf)
    pages = pypdf.PdfReader(pdf).pages
    # Fonts join f and i into one sign.
    plain = [unicodedata.normalize("NFKC", page.extract_text()) for page in pages]
    texts = [" ".join(text.split()) for text in plain]
    for page in pages:
        size = [round(float(edge) * MM_PER_POINT) for edge in page.mediabox[2:]]
        assert size == [210, 297]
    for number, text in enumerate(texts, start=1):
        assert f"{number} / {len(pages)}" in text
        assert 'Warm "town" & <more>' in text
    whole = " ".join(texts)
    for title in (
        "1 The question", "2 Region and data", "3 The plan", "4 Alternatives",
        "5 Economics from three viewpoints", "6 Sensitivities", "7 CO2", "8 Risks",
        "9 Method and proof", "10 Hydraulic check", "11 Next steps",
        "A Cost-benefit analysis of waste-heat use", "B Assumptions",
        "C What was done to the layers",
    ):  # fmt: skip
        assert title in whole, title
    # Texts of charts are texts, and headings of a table that goes on are said again.
    assert "net present value [M EUR]" in whole
    assert sum("Usual range" in text for text in texts) > 1
    assert max(len(text) for text in texts) > 1_000
    assert min(len(text) for text in texts) > 40


def test_without_a_program_it_is_said_what_to_install(monkeypatch, report):
    monkeypatch.setattr(printing, "NAMES", ("no-such-browser",))
    monkeypatch.setattr(printing, "PLACES", {})
    monkeypatch.setattr(printing.importlib.util, "find_spec", lambda _: None)
    monkeypatch.delenv("SITING_BROWSER", raising=False)
    with pytest.raises(InputError, match="Install Chromium, Google Chrome or Microsoft Edge"):
        print_pdf(report, report.with_name("x.pdf"))
    with pytest.raises(InputError, match="no program was found"):
        check_report(OutputsConfig(pdf=True))
    check_report(OutputsConfig())
    monkeypatch.setenv("SITING_BROWSER", "no-such-browser")
    with pytest.raises(InputError, match="SITING_BROWSER = 'no-such-browser' is no program"):
        check_printer()


def test_weasyprint_stands_in_where_it_is_installed(monkeypatch, report):
    written = []

    class Html:
        def __init__(self, filename):
            written.append(filename)

        def write_pdf(self, path):
            written.append(path)
            report.with_name("w.pdf").write_bytes(b"%PDF-1.7")

    monkeypatch.setattr(printing, "NAMES", ())
    monkeypatch.setattr(printing, "PLACES", {})
    monkeypatch.setattr(printing.importlib.util, "find_spec", lambda _: object())
    monkeypatch.delenv("SITING_BROWSER", raising=False)
    monkeypatch.setitem(sys.modules, "weasyprint", SimpleNamespace(HTML=Html))
    assert print_pdf(report, report.with_name("w.pdf")) == "WeasyPrint"
    assert written == [str(report), str(report.with_name("w.pdf"))]


def test_weasyprint_prints_the_same_sections(monkeypatch, report):
    pytest.importorskip("weasyprint", reason="siting[pdf] is not installed")
    monkeypatch.setattr(printing, "NAMES", ())
    monkeypatch.setattr(printing, "PLACES", {})
    monkeypatch.delenv("SITING_BROWSER", raising=False)
    pdf = report.with_name("weasy.pdf")
    assert print_pdf(report, pdf) == "WeasyPrint"
    texts = [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(pdf).pages]
    whole = unicodedata.normalize("NFKC", " ".join(texts))
    for title in ("The question", "Economics from three viewpoints", "Assumptions", "Next steps"):
        assert title in whole, title
    assert all(f"{number} / {len(texts)}" in text for number, text in enumerate(texts, start=1))


@pytest.mark.parametrize(("code", "words"), [(0, "wrote no PDF"), (3, "ended with 3: no room")])
def test_a_browser_that_fails_is_named(monkeypatch, tmp_path, report, code, words):
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\necho no room >&2\nexit {code}\n")
    browser.chmod(0o755)
    monkeypatch.setenv("SITING_BROWSER", str(browser))
    with pytest.raises(InputError, match=words):
        print_pdf(report, tmp_path / "x.pdf")


def test_an_unknown_language_is_refused_before_the_search():
    with pytest.raises(InputError, match="language = 'tlh' is not known"):
        check_report(OutputsConfig(language="tlh"))
