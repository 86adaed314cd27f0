"""A mandatory site is opened, with one of its options, even if that makes the plan worse.

Mistake that breaks it: demanding every option, or forgetting to pay for it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.model.constraints import constraint_mandatory_site
from siting.problem import Site, SiteOption

from .paper import best, line, rows

OPTIONS = (SiteOption("small", 1, cost_eur=2), SiteOption("large", 2, cost_eur=5))
FORCED = line(sites=(Site("s", "a", cost_eur=1), Site("t", "a", options=OPTIONS, mandatory=True)))


def test_rows() -> None:
    assert rows(constraint_mandatory_site, FORCED) == [
        "mandatory_site_s1: +1 open_s1_o1 +1 open_s1_o2 >= 1"
    ]


def test_the_cheapest_option_of_the_mandatory_site() -> None:
    plan = best(FORCED)
    assert {(each.site, each.option) for each in plan.sites} == {("t", "small")}
    assert plan.capex_eur == pytest.approx(3)


def test_paid_for_even_when_idle() -> None:
    plan = best(replace(FORCED, zones=()).with_objective("capex"))
    assert plan.capex_eur == pytest.approx(2)
    assert plan.heat_per_euro_kwh == 0
