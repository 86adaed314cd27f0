"""Base heat lies under the load-duration curve, and pooling comes out by itself.

The first half of the peak gives 0.8 of the heat, the second half 0.2. Mistakes that break it: heat
in proportion to capacity, or each further site starting again at the steep end of the curve.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.model.constraints import constraint_load_duration
from siting.problem import Edge, Site, Zone

from .paper import best, line, rows

ZONE = Zone("z", "b", heat_mwh=1, peak_mw=1, load_curve=((0, 0), (0.5, 0.8), (1, 1)))
CURVED = line(zones=(ZONE,))


def test_rows() -> None:
    assert rows(constraint_load_duration, CURVED) == [
        "load_duration_z0_0: -1.6 base_z0 +1 heat_z0 <= 0",
        "load_duration_z0_1: -0.4 base_z0 -0.6 connect_z0 +1 heat_z0 <= 0",
    ]


@pytest.mark.parametrize(
    ("per_mw", "base", "ratio"), [(0.1, 1, 1 / 2.1), (2, 0.5, 0.8 / 3)], ids=["cheap", "dear"]
)
def test_capacity_is_added_while_it_pays(per_mw: float, base: float, ratio: float) -> None:
    """The first half MW gives 1.6 MWh per MW, the second 0.4."""
    site = Site("s", "a", cost_eur=1, cost_per_mw_eur=per_mw)
    plan = best(replace(CURVED, sites=(site,)))
    assert plan.zones[0].base_mw == pytest.approx(base)
    assert plan.heat_per_euro_kwh == pytest.approx(1000 * ratio)


def test_a_second_site_adds_what_lies_above_the_first() -> None:
    """Two sites of 0.5 MW give 0.8 and 0.2, not 0.8 twice."""
    sites = tuple(Site(name, "a", cost_eur=1, capacity_mw=0.5) for name in "st")
    problem = replace(CURVED, sites=sites).with_objective("max_heat")
    assert best(problem.with_limits(max_sites=1)).heat_mwh == pytest.approx(0.8)
    assert best(problem).heat_mwh == pytest.approx(1)


@pytest.mark.parametrize(("output", "pooled"), [(0.5, 1), (1.5, 2), (2, 2.5)])
def test_granting_zone_by_zone_equals_pooling(output: float, pooled: float) -> None:
    """Two hours: zone y needs 1 MW and 0.5 MW, zone z needs 1 MW and nothing.

    Pooled, each hour takes the lower of output and joint demand: 2 MW in the first hour, 0.5 MW in
    the second. The zones' own curves are (0, 0), (0.5, 2/3), (1, 1) and a straight line.
    """
    problem = line(
        nodes=("a", "b", "c"),
        edges=(Edge("ab", "a", "b", cost_eur=1), Edge("bc", "b", "c", cost_eur=1)),
        sites=(Site("s", "a", cost_eur=1, capacity_mw=output),),
        zones=(
            Zone("y", "b", heat_mwh=1.5, peak_mw=1, load_curve=((0, 0), (0.5, 2 / 3), (1, 1))),
            Zone("z", "c", heat_mwh=1, peak_mw=1, load_curve=((0, 0), (1, 1))),
        ),
        hours_per_a=2,
    )
    assert best(problem.with_objective("max_heat")).heat_mwh == pytest.approx(pooled)
