"""Over the year heat flows along the built pipes, in their direction, and losses are made up.

A year of 2 hours; the zone needs 1 MW and 1 MWh. The cheap site is at the far end of a pipe that
loses 0.1 MW, the dear one at the zone. Mistakes that break it: losses for nothing, or heat of the
cheap site that jumps over the gap where no pipe is.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.model.constraints import constraint_annual_balance
from siting.problem import Edge, Objective, Site, Zone

from .paper import best, line, rows

YEAR = line(
    edges=(Edge("ab", "a", "b", loss_mw=0.1, capacity_mw=0.6, one_way=True),),
    sites=(
        Site("cheap", "a", cost_per_mwh_eur=1, mandatory=True),
        Site("dear", "b", cost_per_mwh_eur=5, mandatory=True),
    ),
    zones=(Zone("z", "b", heat_mwh=1, peak_mw=1, mandatory=True),),
    objective=Objective("net_value", heat_price_eur_per_mwh=10),
    hours_per_a=2,
)


def test_rows() -> None:
    assert rows(constraint_annual_balance, YEAR) == [
        "annual_balance_n0: -1 annual_flow_a0 +1 annual_source_o0 = 0",
        (
            "annual_balance_n1: +1 annual_flow_a0 +1 annual_source_o1 -1 connect_z0"
            " -0.2 pipe_e0_a0_p0 = 0"
        ),
    ]


def test_rows_with_a_load_curve_and_proportional_losses() -> None:
    zone = replace(YEAR.zones[0], load_curve=((0, 0), (1, 1)), loss_mw=0.05)
    edge = replace(YEAR.edges[0], loss_mw=0, loss_per_mw=0.25)
    assert rows(constraint_annual_balance, replace(YEAR, edges=(edge,), zones=(zone,)))[1] == (
        "annual_balance_n1: +1 annual_flow_a0 +1 annual_source_o1 -0.1 connect_z0"
        " -0.5 flow_e0_a0_c0 -0.5 flow_e0_a0_c1 -1 heat_z0 = 0"
    )


def test_the_cheap_site_gives_all_the_heat() -> None:
    """At most 0.6 MW in 2 hours fit through the pipe: 1.2 MWh, just the 1 MWh and 0.2 MWh lost."""
    plan = best(YEAR)
    heat = {each.site: each.heat_mwh for each in plan.sites}
    assert heat == pytest.approx({"cheap": 1.2, "dear": 0}, abs=1e-6)
    assert plan.proof.incumbent == pytest.approx(10 - 1.2)


def test_heat_does_not_jump_over_a_gap() -> None:
    barred = replace(YEAR.edges[0], forbidden=True)
    plan = best(replace(YEAR, edges=(barred,)))
    assert plan.proof.incumbent == pytest.approx(10 - 5)


def test_equal_running_costs_need_no_annual_heat() -> None:
    """Then only the sum counts: 1 MWh, and 0.2 MWh if the pipe is built; it is not."""
    sites = tuple(replace(each, cost_per_mwh_eur=2) for each in YEAR.sites)
    assert best(replace(YEAR, sites=sites)).proof.incumbent == pytest.approx(10 - 2)
