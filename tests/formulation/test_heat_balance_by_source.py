"""Heat keeps its source: none of it turns up downstream under another site's name.

The study is that of the pipe capacities by source. Without these rows the relaxation relabels half
of each flow at once, each label stays within its site's output, and half pipes suffice again.
Mistake that breaks it: forgetting where a source feeds in.
"""

from __future__ import annotations

import pytest

from siting.model.constraints import constraint_heat_balance_by_source

from .paper import line, relaxed, rows
from .test_pipe_capacity_by_source import MEETING


def test_rows() -> None:
    found = rows(constraint_heat_balance_by_source, MEETING)
    assert found[:4] == [
        "heat_balance_by_source_n0_c0: -1 flow_e0_a0_c0 +1 installed_s0_o0 >= 0",
        "heat_balance_by_source_n1_c0: -1 flow_e1_a1_c0 >= 0",
        "heat_balance_by_source_n2_c0: +1 flow_e0_a0_c0 +1 flow_e1_a1_c0 -1 flow_e2_a2_c0 >= 0",
        "heat_balance_by_source_n3_c0: +1 flow_e2_a2_c0 >= 0",
    ]
    assert found[5] == "heat_balance_by_source_n1_c1: -1 flow_e1_a1_c1 +1 installed_s1_o1 >= 0"
    assert len(found) == 8


def test_one_source_needs_no_rows() -> None:
    assert rows(constraint_heat_balance_by_source, line()) == []


def test_labels_do_not_change_on_the_way() -> None:
    assert relaxed(MEETING, without=constraint_heat_balance_by_source) == pytest.approx(2)
    assert relaxed(MEETING) == pytest.approx(3)
