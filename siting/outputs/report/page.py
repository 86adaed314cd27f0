"""Put the sections of the report together on one page that loads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from siting.appraisal import Appraisal, proof_words
from siting.business import BusinessCase
from siting.business.tornado import Outcome, Swing
from siting.errors import Fault
from siting.frontier import Frontier
from siting.outputs import words
from siting.outputs.assets import outside_links, template
from siting.outputs.assumption import Assumption
from siting.outputs.frames import PlanFrames, check_same_plan
from siting.outputs.labels import ENGLISH, Labels
from siting.outputs.report.beginning import (
    alternatives_section,
    answer_of,
    question_section,
    region_section,
)
from siting.outputs.report.blocks import Insert, Section
from siting.outputs.report.drawing import drawing_of
from siting.outputs.report.ending import (
    assumptions_annex,
    method_section,
    next_section,
    remarks_annex,
)
from siting.outputs.report.eu_annex import eu_annex
from siting.outputs.report.judgement import (
    co2_section,
    money_section,
    risk_section,
    sensitivity_section,
)
from siting.outputs.report.matter import Matter
from siting.outputs.report.the_plan import operator_section, plan_section
from siting.plan import Plan
from siting.plausibility import Finding
from siting.region import Remark
from siting.supply import LoadBands

__all__ = ["report_html", "write_report"]


def write_report(
    frames: PlanFrames,
    appraisal: Appraisal,
    plan: Plan,
    path: str | Path,
    **context: Any,
) -> Path:
    """Write the report of a plan as one page that loads nothing, see `report_html`."""
    page = report_html(frames, appraisal, plan, **context)
    links = outside_links(page)
    if links:
        raise RuntimeError(f"The report would load {links[0]} from outside. Please report this.")
    path = Path(path)
    path.write_text(page, encoding="utf-8")
    return path


def report_html(
    frames: PlanFrames,
    appraisal: Appraisal,
    plan: Plan,
    *,
    title: str,
    question: str = "",
    limits: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Assumption] | None = None,
    settings: Iterable[Assumption] = (),
    remarks: Iterable[Remark] = (),
    doubts: Iterable[Fault] = (),
    business: BusinessCase | None = None,
    findings: Iterable[Finding] = (),
    bands: LoadBands | None = None,
    site_names: Mapping[str, str] | None = None,
    sensitivities: tuple[Outcome, Sequence[Swing]] | None = None,
    frontier: Frontier | None = None,
    created: datetime | None = None,
    attribution: str = "",
    labels: Labels = ENGLISH,
) -> str:
    """Return the report of a plan.

    Parameters
    ----------
    frames, appraisal, plan
        The layers and key figures of the plan, and the plan.
    title, question
        What heads the report.
    limits
        The limits of the study, by their key.
    parameters, settings
        The figures that the plan rests on: the parameter table, and how the network is run.
    remarks, doubts
        What was repaired, estimated or dropped in the layers, and what looked odd.
    business, findings
        The plan in money and CO2, and what is not plausible about it.
    bands, site_names
        The load of the year by source, see `siting.supply.load_bands`, and what each source key is
        called.
    sensitivities
        What moves the money, see `siting.business.tornado.tornado`.
    frontier
        The plans for other budgets, where they were computed.
    created
        When the plan was made.
    attribution
        Who made the layers.
    labels
        The texts, in their language.
    """
    check_same_plan(frames, appraisal, plan)
    matter = Matter(
        frames=_told_in(frames, labels),
        appraisal=appraisal,
        plan=plan,
        title=title,
        question=question,
        limits=limits or {},
        parameters=(*settings, *(parameters or {}).values()),
        remarks=tuple(
            replace(each, act=labels.said(each.act), detail=labels.said(each.detail))
            for each in remarks
        ),
        doubts=tuple(doubts),
        business=business,
        findings=tuple(findings),
        bands=bands,
        site_names=site_names or {},
        sensitivities=sensitivities,
        frontier=frontier,
        created=created,
        attribution=attribution,
        t=labels,
    )
    return template("report.html").render(
        m=matter,
        t=labels,
        sections=[each for each in _sections(matter) if each is not None],
        drawing=drawing_of(matter.frames),
        foot=css_text(title),
        headline=words.headline_table(appraisal, labels),
        answer=answer_of(matter),
        proof=words.sentence(labels.said(proof_words(appraisal.proof))),
        meaning=words.proof_meaning(appraisal, labels),
        words=words,
    )


def css_text(text: str) -> str:
    r"""Return a text as a string of CSS that nothing can end.

    Examples
    --------
    >>> print(css_text('A "b"').rstrip())
    A \22 b\22
    """
    kept = [c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in text]
    return "".join(kept)


def _sections(m: Matter) -> list[Section | None]:
    """Return the report's table of contents."""
    hydraulics = Section("hydraulics", m.t("hydraulics.title"), [Insert("hydraulics.html")])
    return [
        question_section(m),
        region_section(m),
        plan_section(m),
        alternatives_section(m),
        money_section(m),
        sensitivity_section(m),
        co2_section(m),
        risk_section(m),
        operator_section(m),
        method_section(m),
        hydraulics,
        next_section(m),
        eu_annex(m),
        assumptions_annex(m),
        remarks_annex(m),
    ]


SITE_WORDS, ZONE_WORDS = ("reason", "option"), ("reason",)
"""Columns of words that other rooms wrote."""


def _told_in(frames: PlanFrames, labels: Labels) -> PlanFrames:
    """Return the layers with their words in the language of the report."""
    sites, zones = (
        frame.assign(**{name: frame[name].map(labels.said) for name in names if name in frame})
        for frame, names in ((frames.sites, SITE_WORDS), (frames.zones, ZONE_WORDS))
    )
    return replace(frames, sites=sites, zones=zones)
