"""The number of open sites lies between its limits.

Two sites of 0.5 MW can serve the zone together. Mistake that breaks it: counting options or
installed output instead of sites.
"""

from __future__ import annotations

import pytest

from siting.errors import InfeasibleError
from siting.model.constraints import constraint_number_of_sites
from siting.problem import Site

from .paper import best, line, rows

PAIR = line(sites=tuple(Site(name, "a", cost_eur=1, capacity_mw=0.5) for name in "st"))


def test_rows() -> None:
    assert rows(constraint_number_of_sites, PAIR.with_limits(min_sites=1, max_sites=2)) == [
        "number_of_sites_most: +1 open_s0_o0 +1 open_s1_o1 <= 2",
        "number_of_sites_least: +1 open_s0_o0 +1 open_s1_o1 >= 1",
    ]
    assert rows(constraint_number_of_sites, PAIR) == []


def test_at_most() -> None:
    assert best(PAIR).capex_eur == pytest.approx(3)
    assert best(PAIR.with_limits(max_sites=1)).is_empty
    with pytest.raises(InfeasibleError):
        best(PAIR.with_limits(max_sites=1, min_zones=1))


def test_none_at_all() -> None:
    assert rows(constraint_number_of_sites, PAIR.with_limits(max_sites=0)) == [
        "number_of_sites_most: +1 open_s0_o0 +1 open_s1_o1 <= 0"
    ]
    assert best(PAIR.with_limits(max_sites=0)).is_empty


def test_at_least() -> None:
    problem = line(sites=(Site("s", "a", cost_eur=1), Site("t", "a", cost_eur=2)))
    assert best(problem.with_limits(min_sites=2)).capex_eur == pytest.approx(4)
