"""A site installs at most what its option can give, and nothing when it is closed.

Mistake that breaks it: an output bound that does not depend on the decision to open, so that heat
flows from a site nobody paid for.
"""

from __future__ import annotations

import pytest

from siting.model.constraints import constraint_installed_capacity
from siting.problem import Site, Zone

from .paper import best, line, rows

SMALL = line(sites=(Site("s", "a", cost_eur=1, capacity_mw=0.5),))
CURVE = ((0, 0), (0.5, 0.8), (1, 1))


def test_rows() -> None:
    assert rows(constraint_installed_capacity, SMALL) == [
        "installed_capacity_0: +1 installed_s0_o0 -0.5 open_s0_o0 <= 0"
    ]


def test_an_unlimited_site_is_limited_by_what_can_be_used() -> None:
    assert rows(constraint_installed_capacity, line()) == [
        "installed_capacity_0: +1 installed_s0_o0 -1 open_s0_o0 <= 0"
    ]


def test_the_zone_gets_what_the_site_has() -> None:
    zone = Zone("z", "b", heat_mwh=1, peak_mw=1, load_curve=CURVE)
    plan = best(line(sites=SMALL.sites, zones=(zone,)))
    assert plan.sites[0].capacity_mw == pytest.approx(0.5)
    assert plan.heat_mwh == pytest.approx(0.8)
    assert plan.capex_eur == pytest.approx(2)  # the site is paid for


def test_too_small_for_a_zone_that_takes_all_or_nothing() -> None:
    assert best(SMALL).is_empty
