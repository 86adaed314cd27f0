"""What a pipe loses enters at its own beginning, where the year is split among sites.

The study of the annual balance, whose pipe loses 0.1 MW. Mistake that breaks it: a pipe that the
far site keeps warm, through which the near one sends its heat in summer.
"""

from __future__ import annotations

from siting.model.constraints import constraint_pipe_covers_its_loss

from .paper import rows
from .test_annual_balance import YEAR


def test_rows() -> None:
    assert rows(constraint_pipe_covers_its_loss, YEAR) == [
        "pipe_covers_its_loss_a0: +1 flow_e0_a0_c0 +1 flow_e0_a0_c1 -0.1 pipe_e0_a0_p0 >= 0"
    ]
