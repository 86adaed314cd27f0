"""Least investment for a required heat.

The three zones in a row of the ratio's study. Mistake that breaks it: paying for the ratio's
favourite when less is asked.
"""

from __future__ import annotations

import pytest

from siting.model import build_model

from .paper import best, terms
from .test_budget import PRICED
from .test_heat_per_euro import ROW

LEAST = ROW.with_objective("capex")


def test_expression() -> None:
    assert terms(build_model(PRICED).expressions.capex) == (
        "+0.25 connect_z0 +0.25 flow_e0_a0_c0 +0.5 installed_s0_o0 +1 open_s0_o0 +1 pipe_e0_a0_p0"
    )


@pytest.mark.parametrize(("heat", "capex"), [(0, 0), (0.5, 2), (1, 2), (1.1, 3), (3.1, 5)])
def test_capex_by_required_heat(heat: float, capex: float) -> None:
    plan = best(LEAST.with_limits(min_heat_mwh=heat))
    assert plan.proof.incumbent == pytest.approx(capex)
    assert plan.capex_eur == pytest.approx(capex)
