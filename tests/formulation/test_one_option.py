"""Options of one site, and sites of one group, exclude each other.

Mistake that breaks it: stacking the options of a site, or the sites of a group, to reach an output
that none of them has.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.errors import InfeasibleError
from siting.model.constraints import constraint_one_option
from siting.problem import Site, SiteOption, Zone

from .paper import best, line, rows

OPTIONS = (SiteOption("small", 1, cost_eur=1), SiteOption("large", 2, cost_eur=3))
ONE_SITE = line(sites=(Site("s", "a", options=OPTIONS),)).with_limits(min_zones=1)
PAIR = tuple(Site(name, "a", cost_eur=1, capacity_mw=0.6, group="g") for name in "st")
GROUP = line(sites=PAIR).with_limits(min_zones=1)


def test_rows() -> None:
    assert rows(constraint_one_option, ONE_SITE) == [
        "one_option_0: +1 open_s0_o0 +1 open_s0_o1 <= 1"
    ]
    assert rows(constraint_one_option, GROUP) == ["one_option_1: +1 open_s0_o0 +1 open_s1_o1 <= 1"]


@pytest.mark.parametrize(("peak", "capex"), [(1, 2), (2, 4)])
def test_the_option_that_is_large_enough(peak: float, capex: float) -> None:
    problem = replace(ONE_SITE, zones=(Zone("z", "b", heat_mwh=1, peak_mw=peak),))
    assert best(problem).capex_eur == pytest.approx(capex)


def test_options_do_not_stack() -> None:
    with pytest.raises(InfeasibleError):
        best(replace(ONE_SITE, zones=(Zone("z", "b", heat_mwh=1, peak_mw=3),)))


def test_sites_of_a_group_do_not_stack() -> None:
    with pytest.raises(InfeasibleError):
        best(GROUP)
    alone = replace(GROUP, sites=tuple(replace(each, group=None) for each in PAIR))
    assert best(alone).capex_eur == pytest.approx(3)
