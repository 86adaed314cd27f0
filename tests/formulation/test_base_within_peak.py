"""Base capacity goes to connected zones only, and up to their peak.

Mistake that breaks it: a bound on base capacity that does not depend on the connection, so that a
zone draws heat before its substation is paid for.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.model.constraints import constraint_base_within_peak
from siting.problem import Zone

from .paper import best, line, rows

ZONE = Zone("z", "b", heat_mwh=1, peak_mw=0.8, cost_eur=1, load_curve=((0, 0), (1, 1)))
CURVED = line(zones=(ZONE,))


def test_rows() -> None:
    assert rows(constraint_base_within_peak, CURVED) == [
        "base_within_peak_z0: +1 base_z0 -0.8 connect_z0 <= 0"
    ]


def test_a_zone_without_load_curve_needs_no_row() -> None:
    assert rows(constraint_base_within_peak, line()) == []


def test_the_peak_is_all_it_draws() -> None:
    plan = best(CURVED.with_objective("max_heat"))
    assert plan.zones[0].base_mw == pytest.approx(0.8)


def test_no_heat_before_the_connection_is_paid() -> None:
    """Site and pipe cost 2 EUR, the connection 1 EUR."""
    assert best(CURVED.with_objective("max_heat").with_limits(budget_eur=2.9)).is_empty
    free = replace(CURVED, zones=(replace(ZONE, cost_eur=0),))
    plan = best(free.with_objective("max_heat").with_limits(budget_eur=2.9))
    assert plan.heat_mwh == pytest.approx(1)
