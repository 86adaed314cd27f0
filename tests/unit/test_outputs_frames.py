"""Frames put a plan back on the ground, with reasons for what is left out."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from sample_plan import ROGUE, small_town, with_nothing_built

from siting.appraisal import appraise
from siting.errors import VerificationError
from siting.operator_effects import OperatorEffects
from siting.outputs.frames import (
    PIPE_COLUMNS,
    SITE_COLUMNS,
    STREET_COLUMNS,
    ZONE_COLUMNS,
    PlanFrames,
    check_same_plan,
    plan_facts,
    plan_frames,
)
from siting.problem import Problem
from siting.solution import Status

COLUMNS = {
    "sites": SITE_COLUMNS,
    "zones": ZONE_COLUMNS,
    "pipes": PIPE_COLUMNS,
    "streets": STREET_COLUMNS,
}


@pytest.fixture
def town():
    """The town, with a kiosk that is dear to connect."""
    town = small_town()
    problem = town.assembly.problem
    zones = [replace(z, cost_eur=5e5) if z.id == "z4" else z for z in problem.zones]
    problem = replace(problem, zones=tuple(zones))
    return replace(town, assembly=SimpleNamespace(**{**vars(town.assembly), "problem": problem}))


def frames_of(town, problem: Problem | None = None) -> PlanFrames:
    assembly = town.assembly
    if problem is not None:
        assembly = SimpleNamespace(**{**vars(assembly), "problem": problem})
    return plan_frames(town.region, town.network, assembly, town.plan)


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("layer", COLUMNS)
def test_columns_are_always_the_same(town, layer, built):
    frame = getattr(frames_of(town if built else with_nothing_built(town)), layer)
    assert list(frame.columns) == [*COLUMNS[layer], "geometry"]
    assert frame.crs == town.region.crs


EFFECTS = OperatorEffects(3_000.0, 6_000.0, 10_000.0, 12_000.0, 150.0, 12_000.0, 30_000.0)


def test_sites_say_what_their_operators_get(town):
    """3 000 of 6 000 MWh, ERF 3 / 12, ERE 9 / 10, PUE 1.2 and 1.185; nothing where not chosen."""
    frames = plan_frames(
        town.region, town.network, town.assembly, town.plan, effects={"s1": EFFECTS}
    )
    sites = frames.sites.set_index("site_id")
    chosen = sites.loc["S-1"]
    assert chosen["source_heat_mwh"] == 3_000
    assert chosen["source_heat_used_share"] == 0.5
    assert chosen["erf"] == pytest.approx(0.25)
    assert chosen["ere"] == pytest.approx(0.9)
    assert (chosen["pue"], chosen["pue_with_recovery"]) == pytest.approx((1.2, 1.185))
    assert (chosen["cooling_saved_eur_per_a"], chosen["heat_income_eur_per_a"]) == (12_000, 30_000)
    assert sites.loc[["S-2", "S-3"], "erf"].isna().all()
    assert frames_of(town).sites["erf"].isna().all()


def test_every_zone_has_a_reason(town):
    zones = frames_of(town).zones.set_index("zone_id")
    assert zones["reason"].to_dict() == {
        "Z-1": "served",
        "Z-2": "served",
        "Z-3": "served",
        "Z-4": "too dear",
        "Z-5": "out of reach of the streets",
        "Z-6": "forbidden",
    }
    assert zones["served"].sum() == 3
    assert zones.at["Z-2", "name"] == ROGUE
    assert zones.at["Z-3", "name"] == "Z-3"
    assert zones.at["Z-5", "annual_demand_mwh"] == 700.0


def test_every_site_has_a_reason(town):
    sites = frames_of(town).sites.set_index("site_id")
    assert sites["reason"].to_dict() == {
        "S-1": "chosen",
        "S-2": "too dear",
        "S-3": "another site of group 'west' is chosen",
    }
    assert sites["assumed"].to_dict() == {"S-1": True, "S-2": False, "S-3": False}
    assert sites.at["S-2", "max_capacity_mw"] == 6.0
    assert sites.at["S-1", "cop"] == pytest.approx(sites.at["S-1", "heat_mwh"] / 1_500.0)


def test_a_plan_that_is_not_proven_does_not_blame_the_price():
    town = small_town()  # nothing costs anything there
    assert "too dear" not in set(frames_of(town).zones["reason"])
    proof = replace(town.plan.proof, status=Status.FEASIBLE)
    frames = frames_of(replace(town, plan=replace(town.plan, proof=proof)))
    assert "not in the best plan found" in set(frames.zones["reason"])


def test_a_zone_cut_off_from_all_sites_is_told(town):
    problem = town.assembly.problem
    cut = [replace(e, forbidden=True) if "Z4" in (e.u, e.v) else e for e in problem.edges]
    zones = frames_of(town, replace(problem, edges=tuple(cut))).zones.set_index("zone_id")
    assert zones.at["Z-4", "reason"] == "no connection to any site"


def test_the_site_limit_is_told(town):
    problem = town.assembly.problem.with_limits(max_sites=1)
    sites = frames_of(town, problem).sites.set_index("site_id")
    assert sites.at["S-2", "reason"] == "the plan may open at most 1 sites"


def test_costs_heat_and_length_add_up_to_the_plan(town):
    frames, plan = frames_of(town), town.plan
    cost = sum(
        float(layer["cost_eur"].sum()) for layer in (frames.sites, frames.zones, frames.pipes)
    )
    assert cost == pytest.approx(plan.capex_eur)
    assert frames.zones["heat_mwh"].sum() == pytest.approx(plan.heat_mwh)
    assert frames.pipes["length_m"].sum() == pytest.approx(plan.trench_length_m)
    assert frames.pipes.geometry.length.sum() == pytest.approx(plan.trench_length_m)


def test_facts_count_what_the_problem_does_not_know(town):
    facts = plan_facts(town.region, town.network, town.assembly)
    assert facts.assumed_sites == {"s1"}
    assert facts.estimated_zones == 1
    assert (facts.unattached_zones, facts.unattached_demand_mwh) == (1, 700.0)
    assert set(facts.edge_kinds.values()) == {"street", "service", "trunk"}


def test_layers_of_another_plan_are_refused(town):
    other = with_nothing_built(town).plan
    appraisal = appraise(town.assembly.problem, town.plan)
    check_same_plan(frames_of(town), appraisal, town.plan)
    with pytest.raises(VerificationError, match="sites chosen 1 against 0"):
        check_same_plan(frames_of(town), appraisal, other)


def test_arguments_are_left_as_they_were(town):
    before = town.region.zones.frame.copy()
    frames_of(town)
    assert town.region.zones.frame.equals(before)


def test_zones_say_where_their_demand_comes_from(town):
    """The way, the share, the curve and the boosters stand beside the figures they explain."""
    keys = {gis: key for key, gis in town.assembly.zone_ids.items()}
    facts = pd.DataFrame(
        [
            {
                "zone_id": "Z-1", "whole_demand_mwh": 5_000.0, "connection_share": 0.6,
                "load_curve": "degree_hours", "needed_supply_temperature_c": 75.0,
                "booster_electricity_mwh_per_mwh": 0.25, "estimated": "dwellings from demand",
            }
        ],
        index=[keys["Z-1"]],
    )  # fmt: skip
    assembly = SimpleNamespace(**{**vars(town.assembly), "zone_heat": facts})
    region = town.region
    layer = region.zones.frame.assign(estimated_by="number of dwellings", estimated="demand")
    region = replace(region, zones=replace(region.zones, frame=layer))
    zones = plan_frames(region, town.network, assembly, town.plan).zones.set_index("zone_id")
    row = zones.loc["Z-1"]
    assert row["connection_share"] == 0.6
    assert row["whole_demand_mwh"] == 5_000
    assert row["load_curve"] == "degree_hours"
    assert row["booster_electricity_mwh"] == pytest.approx(0.25 * row["annual_demand_mwh"])
    assert row["estimated_by"] == "number of dwellings"
    assert row["estimated"] == "demand; dwellings from demand"
    assert zones.loc["Z-2", "connection_share"] == 1.0
    assert zones.loc["Z-2", "booster_electricity_mwh"] == 0.0


def test_frames_do_not_need_to_know_more_than_the_problem(town):
    zones = frames_of(town).zones
    assert (zones["connection_share"] == 1.0).all()
    assert zones["whole_demand_mwh"].tolist() == zones["annual_demand_mwh"].tolist()
