"""What a zone or branch adds is its heat over what would not be built without it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from sample_business import problem, sample, solution
from sample_plan import small_town

from siting.explanation import explain_plan
from siting.marginal import plan_margins
from siting.outputs.frames import plan_frames
from siting.plan import PlannedPipe


def test_a_zone_takes_its_own_pipes_with_it():
    found = plan_margins(problem(), sample().plan)
    assert found.zones["z1"].heat_mwh == 5_400
    assert found.zones["z1"].capex_eur == pytest.approx(8e5 + 2e5)
    assert found.zones["z2"].capex_eur == pytest.approx(8e5 + 1e5)
    assert found.zones["z2"].heat_per_euro_kwh == pytest.approx(2e6 / 9e5)


def test_a_branch_takes_all_behind_it():
    found = plan_margins(problem(), sample().plan)
    assert found.pipes["e1"].heat_mwh == 7_400
    assert found.pipes["e1"].capex_eur == pytest.approx(3 * 8e5 + 3e5)
    assert found.pipes["e2"] == found.zones["z1"]


def test_a_zone_beyond_another_keeps_the_shared_way():
    """In the town, Z-3 lies behind the way to Z-2: it takes two pipes with it, Z-1 only one."""
    town = small_town()
    found = plan_margins(town.assembly.problem, town.plan)
    cost = [pipe.cost_eur for pipe in town.plan.pipes]
    assert found.zones["z3"].capex_eur == pytest.approx(40_000 + cost[6] + cost[7])
    assert found.zones["z1"].capex_eur == pytest.approx(60_000 + cost[2])
    trunk = found.pipes[town.plan.pipes[0].edge]
    assert trunk.heat_mwh == 5_800
    assert trunk.capex_eur == pytest.approx(math.fsum(cost) + 145_000)


def test_a_pipe_beside_another_way_loses_no_zone():
    plan = sample().plan
    second = PlannedPipe("e4", "c", "d", "DN100", 100.0, 0.2, 3.0, 0.01, 5e5)
    found = plan_margins(problem(), replace(plan, pipes=(*plan.pipes, second)))
    assert found.pipes["e3"].heat_mwh == 0
    assert found.pipes["e3"].heat_per_euro_kwh == 0
    assert found.pipes["e2"].heat_mwh == 5_400
    # Both ways end at zone 2 only together; neither way to it is for it alone but its own.
    assert found.zones["z2"].capex_eur == pytest.approx(1e5 + 8e5 + 5e5)
    assert found.zones["z1"].capex_eur == pytest.approx(2e5)


def test_the_plan_itself_is_no_better_than_its_worst_part_is_bad():
    """Taking zone after zone away leaves nothing but what they share."""
    plan = sample().plan
    found = plan_margins(problem(), plan)
    alone = math.fsum(each.capex_eur for each in found.zones.values())
    shared = plan.pipes[0].cost_eur + plan.sites[0].cost_eur
    assert alone + shared == pytest.approx(plan.capex_eur)
    assert len(solution().zones) == len(found.zones)


def test_margins_stand_in_the_layers():
    town = small_town()
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    zones = frames.zones.set_index("zone_id")["marginal_heat_per_euro_kwh"]
    margins = plan_margins(town.assembly.problem, town.plan)
    assert zones["Z-1"] == pytest.approx(margins.zones["z1"].heat_per_euro_kwh)
    told = explain_plan(town.assembly.problem, town.plan).zones
    assert zones["Z-4"] == pytest.approx(told["z4"].marginal_heat_per_euro_kwh, nan_ok=True)
    served = told["z1"]
    assert served.marginal_heat_per_euro_kwh == pytest.approx(zones["Z-1"])
    pipes = frames.pipes
    assert pipes["branch_heat_mwh"].max() == 5_800
    assert (pipes["branch_capex_eur"] >= pipes["cost_eur"]).all()
