"""A pipe carries, over the year, at most its capacity in every hour.

The study of the annual balance with a pipe of 0.35 MW: 0.7 MWh enter in 2 hours, 0.2 MWh are lost,
and the dear site gives the other 0.5 MWh. Mistake that breaks it: a year through a keyhole.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.model.constraints import constraint_annual_pipe_capacity

from .paper import best, rows
from .test_annual_balance import YEAR

NARROW = replace(YEAR, edges=(replace(YEAR.edges[0], capacity_mw=0.35),))


def test_rows() -> None:
    assert rows(constraint_annual_pipe_capacity, NARROW) == [
        "annual_pipe_capacity_a0: +1 annual_flow_a0 -0.7 pipe_e0_a0_p0 <= 0"
    ]


def test_the_dear_site_gives_the_rest() -> None:
    plan = best(NARROW)
    heat = {each.site: each.heat_mwh for each in plan.sites}
    assert heat == pytest.approx({"cheap": 0.7, "dear": 0.5}, abs=1e-6)
    assert plan.proof.incumbent == pytest.approx(10 - 0.7 - 2.5)
