"""A site feeds in, over the year, at most what is installed there in every hour.

The study of the annual balance with 0.25 MW at the cheap site: 0.5 MWh in 2 hours, of which 0.2 MWh
are lost; the dear site gives 0.7 MWh. Mistake that breaks it: a small cheap site that is paid for
as small and runs the network all year.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.model.constraints import constraint_annual_output

from .paper import best, rows
from .test_annual_balance import YEAR

SMALL = replace(YEAR, sites=(replace(YEAR.sites[0], capacity_mw=0.25), YEAR.sites[1]))


def test_rows() -> None:
    assert rows(constraint_annual_output, SMALL) == [
        "annual_output_o0: +1 annual_source_o0 -2 installed_s0_o0 <= 0",
        "annual_output_o1: +1 annual_source_o1 -2 installed_s1_o1 <= 0",
    ]


def test_the_dear_site_gives_the_rest() -> None:
    plan = best(SMALL)
    heat = {each.site: each.heat_mwh for each in plan.sites}
    assert heat == pytest.approx({"cheap": 0.5, "dear": 0.7}, abs=1e-6)
    assert plan.proof.incumbent == pytest.approx(10 - 0.5 - 3.5)
