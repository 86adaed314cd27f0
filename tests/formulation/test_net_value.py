"""Worth of zones and heat, less weighted investment, less running cost of heat and losses.

Zone 4 EUR and 2 EUR/MWh on top of a heat price of 10, investment of 2 EUR weighted by a half,
running cost of 3 EUR/MWh on 1 MWh delivered and 0.2 MWh lost: 4 + 12 - 1 - 3.6 = 11.4. Mistake that
breaks it: any of these terms forgotten, or losses run for nothing.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.model import build_model
from siting.problem import Edge, Objective, Site, Zone

from .paper import best, line, terms

WORTH = line(
    edges=(Edge("ab", "a", "b", cost_eur=1, loss_mw=0.1),),
    sites=(Site("s", "a", cost_eur=1, cost_per_mwh_eur=3),),
    zones=(Zone("z", "b", heat_mwh=1, peak_mw=1, value_eur=4, value_eur_per_mwh=2),),
    objective=Objective("net_value", heat_price_eur_per_mwh=10, capital_factor=0.5),
    hours_per_a=2,
)


def test_expression() -> None:
    """The connection earns 4 + 12 and runs for 3; the pipe costs 0.5 and runs for 0.6."""
    assert terms(build_model(WORTH).expressions.net_value) == (
        "+13 connect_z0 -0.5 open_s0_o0 -1.1 pipe_e0_a0_p0"
    )


def test_value() -> None:
    plan = best(WORTH)
    assert plan.proof.incumbent == pytest.approx(11.4)
    assert plan.proof.bound == pytest.approx(11.4)


def test_nothing_is_built_at_a_loss() -> None:
    poor = replace(WORTH.zones[0], value_eur=0, value_eur_per_mwh=-8)
    plan = best(replace(WORTH, zones=(poor,)))
    assert plan.is_empty
    assert plan.proof.incumbent == 0


def test_a_mandatory_loss_is_told() -> None:
    poor = replace(WORTH.zones[0], value_eur=0, value_eur_per_mwh=-8, mandatory=True)
    assert best(replace(WORTH, zones=(poor,))).proof.incumbent == pytest.approx(2 - 1 - 3.6)
