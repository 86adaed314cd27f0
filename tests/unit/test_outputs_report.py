"""The report explains a plan on one page that can be printed and loads nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sample_business import sample
from sample_plan import ROGUE, small_town, with_nothing_built

from siting.appraisal import appraise
from siting.errors import Fault
from siting.operator_effects import OperatorEffects
from siting.outputs.assets import outside_links
from siting.outputs.frames import plan_facts, plan_frames
from siting.outputs.report import headline_table, report_html
from siting.plausibility import Finding
from siting.solution import Status

PARAMETERS = {
    "cop_cap": SimpleNamespace(
        name="cop_cap", value=8.0, unit="-", source="DEA", mark="S73", overridden=False,
        description="Highest COP", preset="", low=6.0, high=10.0, price_year=None,
    ),
    "utilisation": SimpleNamespace(
        name="utilisation", value=0.8, unit="-", source="judgement", mark="J", overridden=True,
        description="Mean IT load over nameplate", preset="", low=None, high=None, price_year=None,
    ),
    "gas_price": SimpleNamespace(
        name="gas_price", value=70.0, unit="EUR/MWh", source="judgement", mark="J",
        overridden=False, description="Price of gas", preset="DE", low=35.0, high=100.0,
        price_year=2015,
    ),
}  # fmt: skip


def report_of(town, **options) -> str:
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    return report_html(frames, appraisal, town.plan, **{"title": "Warm town", **options})


def test_the_report_tells_the_whole_story():
    page = report_of(
        small_town(),
        question="Which sites?",
        parameters=PARAMETERS,
        remarks=small_town().region.remarks,
        doubts=[Fault("zones", "One zone has no name.", "Name it.")],
        created=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        attribution="© OpenStreetMap contributors",
    )
    for text in (
        "Which sites?", "Connect one data-centre site to 3 of 5 zones", "5.8 GWh/a",
        "Proven within 0.4 %", "Heat pump", "DN 100", "West works", "another site of group",
        "Forbidden", "Out of reach of the streets", "highs 1.0",
        "set by the study", "estimated: peak demand", "One zone has no name. Name it.",
        "© OpenStreetMap contributors", "2026-01-02 03:04 UTC",
    ):  # fmt: skip
        assert text in page, text


def test_values_of_the_study_stand_first():
    page = report_of(small_town(), parameters=PARAMETERS)
    places = [page.index(each) for each in ("Mean IT load over", "Price of gas", "Highest COP")]
    assert places == sorted(places)


def test_assumptions_name_range_preset_and_price_year():
    page = report_of(small_town(), parameters=PARAMETERS)
    for text in (
        "preset DE",
        "35–100",
        "6–10",
        "2015 (1); none is converted: one euro of 2015 is worth 1.336",
        "<td>2015</td>",
    ):
        assert text in page, text


def test_money_co2_and_plausibility_have_their_sections():
    case = sample(country="FI", subsidy_share=0.1).case
    finding = Finding("x", 1.0, 2.0, "m", "Something is far too long.")
    page = report_of(small_town(), business=case, findings=[finding])
    for text in (
        "Economics from three viewpoints", "<h3>Company</h3>", "<h3>Consumers</h3>",
        "<h3>Society</h3>", "Net present value", "Break-even heat price", "Own gas boiler",
        "Saving against air heat pump", "<h2>CO2</h2>", "Saved in 30 years, net",
        "gas boilers of the consumers, 199 kg/MWh on NCV (direct)",
        "38 kg/MWh in 2024, in a straight line to 20 in 2030, held after that",
        "<h3>Plausibility</h3>", "Something is far too long.",
    ):  # fmt: skip
        assert text in page, text
    assert "lie within what is known of real projects" not in page
    assert "lie within what is known" in report_of(small_town(), business=case)
    assert "<h3>Company</h3>" not in report_of(small_town())


def test_nothing_is_loaded_and_names_are_safe():
    page = report_of(small_town())
    assert outside_links(page) == []
    assert ROGUE not in page
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_drawings_are_sound():
    page = report_of(small_town())
    for part in page.split("<svg")[1:]:
        ET.fromstring("<svg" + part.split("</svg>")[0] + "</svg>")


def test_the_empty_plan_is_said_in_words():
    page = report_of(with_nothing_built(small_town()))
    assert "Build nothing" in page
    assert "There is no investment." in page
    assert "No pipe is built." in page


@pytest.mark.parametrize("status", [Status.FEASIBLE, Status.INTERRUPTED])
def test_an_unproven_plan_is_marked(status):
    town = small_town()
    proof = replace(town.plan.proof, status=status, gap=float("inf"), bound=None)
    page = report_of(replace(town, plan=replace(town.plan, proof=proof)))
    assert "proof open" in page
    assert "Not proven: no bound was found" in page


def test_headline_table_is_text_with_units():
    town = small_town()
    table = dict(headline_table(appraise(town.assembly.problem, town.plan)))
    assert table["Zones served"] == "3 of 5"
    assert table["Waste heat delivered"] == "5.8 GWh/a"
    assert table["Worth the heat of"] == "580 homes at 10 MWh/a each"
    assert table["Proof"] == "proven within 0.4 %"


def test_operators_have_a_section_of_their_own():
    town = small_town()
    effects = OperatorEffects(3_000.0, 6_000.0, 10_000.0, 12_000.0, 150.0, 12_000.0, 30_000.0)
    frames = plan_frames(
        town.region, town.network, town.assembly, town.plan, effects={"s1": effects}
    )
    facts = plan_facts(town.region, town.network, town.assembly)
    appraisal = appraise(town.assembly.problem, town.plan, facts)
    page = report_html(frames, appraisal, town.plan, title="Warm town")
    section = page.split("<h2>For the data-centre operator")[1].split("<h2>")[0]
    for text in ("3,000", "50 %", "0.25", "0.9", "1.2", "1.19", "30,000"):
        assert f">{text}<" in section, text
    assert "For the data-centre operator" not in report_of(town)
