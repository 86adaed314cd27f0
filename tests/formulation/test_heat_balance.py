"""At each node, what is fed in and arrives equals what leaves, is granted and is lost.

The zone draws 1 MW and its service line loses 0.1; the pipe loses 0.1 MW and a fifth of what
enters. So (1 + 0.1 + 0.1) / 0.8 = 1.5 MW must be installed. Mistakes that break it: losses
forgotten, taken off twice, or taken from the flow that arrives instead of the flow that enters.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from siting.model.constraints import constraint_heat_balance
from siting.problem import Edge, Zone

from .paper import best, line, rows

LOSSY = line(
    edges=(Edge("ab", "a", "b", cost_eur=1, loss_mw=0.1, loss_per_mw=0.2),),
    zones=(Zone("z", "b", heat_mwh=1, peak_mw=1, loss_mw=0.1),),
    hours_per_a=1.0,
)


def test_rows() -> None:
    assert rows(constraint_heat_balance, LOSSY) == [
        "heat_balance_n0: -1 flow_e0_a0_c0 +1 installed_s0_o0 = 0",
        "heat_balance_n1: -1.1 connect_z0 +0.8 flow_e0_a0_c0 -0.1 pipe_e0_a0_p0 = 0",
    ]


def test_rows_with_a_load_curve() -> None:
    zone = replace(LOSSY.zones[0], load_curve=((0, 0), (1, 1)))
    assert rows(constraint_heat_balance, replace(LOSSY, zones=(zone,)))[1] == (
        "heat_balance_n1: -1 base_z0 -0.1 connect_z0 +0.8 flow_e0_a0_c0 -0.1 pipe_e0_a0_p0 = 0"
    )


def test_losses_are_installed() -> None:
    plan = best(LOSSY)
    assert plan.sites[0].capacity_mw == pytest.approx(1.5)
    assert plan.pipes[0].flow_mw == pytest.approx(1.5)
    assert plan.loss_mwh == pytest.approx(0.5)


def test_losses_alone_are_balanced_too() -> None:
    """A zone without a peak needs a pipe, and the pipe needs its losses."""
    zone = Zone("z", "b", heat_mwh=1)
    plan = best(replace(LOSSY, zones=(zone,)))
    assert plan.sites[0].capacity_mw == pytest.approx(0.1 / 0.8)
