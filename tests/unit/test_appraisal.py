"""An appraisal says what a plan is worth, also when there is nothing to divide by."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from sample_plan import small_town, with_nothing_built

from siting.appraisal import Appraisal, Facts, appraise, gap_percent, proof_words
from siting.outputs.frames import plan_facts
from siting.outputs.words import headline_table
from siting.solution import Proof, Status


@pytest.fixture
def town():
    return small_town()


def appraised(town) -> Appraisal:
    facts = plan_facts(town.region, town.network, town.assembly)
    return appraise(town.assembly.problem, town.plan, facts)


def test_figures_agree_with_paper(town):
    """Three zones take 5,800 of 7,800 MWh/a; what is not in the problem is told apart."""
    found = appraised(town)
    assert found.heat_mwh == 5_800.0
    assert found.demand_mwh == 7_800.0
    assert found.demand_share == pytest.approx(5_800 / 7_800)
    assert found.served_waste_heat_share == pytest.approx(5_800 / 6_500)
    assert found.heat_per_euro_kwh == pytest.approx(5_800_000 / town.plan.capex_eur)
    assert found.capex_eur_per_mwh_a == pytest.approx(town.plan.capex_eur / 5_800)
    assert found.linear_heat_density_mwh_per_m == pytest.approx(5_800 / found.trench_length_m)
    assert found.homes == pytest.approx(580)
    assert (found.zones_served, found.zones_total) == (3, 5)
    assert (found.unattached_zones, found.assumed_sites, found.chosen_assumed_sites) == (1, 1, 1)


def test_trench_by_size_and_kind_adds_up(town):
    found = appraised(town)
    assert list(found.trench_length_by_size_m) == ["DN50", "DN65", "DN80", "DN100"]
    for parts in (found.trench_length_by_size_m, found.trench_length_by_kind_m):
        assert sum(parts.values()) == pytest.approx(found.trench_length_m)


def test_pipes_that_stand_are_no_trench(town):
    """The pipe of largest length stands already: it costs nothing, and nothing is dug for it."""
    whole = appraised(town)
    longest = max(town.plan.pipes, key=lambda pipe: pipe.length_m)
    pipes = tuple(
        replace(each, cost_eur=0.0) if each is longest else each for each in town.plan.pipes
    )
    found = appraised(replace(town, plan=replace(town.plan, pipes=pipes)))
    assert found.standing_pipes_m == pytest.approx(longest.length_m)
    assert found.trench_length_m == pytest.approx(whole.trench_length_m - longest.length_m)
    for parts in (found.trench_length_by_size_m, found.trench_length_by_kind_m):
        assert sum(parts.values()) == pytest.approx(found.trench_length_m)
    assert found.linear_heat_density_mwh_per_m > whole.linear_heat_density_mwh_per_m
    assert any("not counted as trench" in note for note in found.notes)
    assert whole.standing_pipes_m == 0


def test_components_add_up_to_the_investment(town):
    found = appraised(town)
    assert sum(found.capex_by_component_eur.values()) == pytest.approx(found.capex_eur)


def test_the_empty_plan_is_zero_and_said_in_words(town):
    found = appraised(with_nothing_built(town))
    assert found.is_empty
    assert found.heat_per_euro_kwh == 0.0
    assert "builds nothing" in found.notes[0]
    assert "no connection is worth building" in found.notes[0]
    unproven = replace(found, proof=replace(found.proof, status=Status.FEASIBLE))
    assert "no better one was found" in unproven.notes[0]
    kpis = found.kpis()
    assert kpis["linear_heat_density_mwh_per_m"] is None
    assert kpis["capex_eur_per_mwh_a"] is None
    assert dict(headline_table(found))["Investment per annual heat"] == "–"


def test_heat_without_investment_is_infinite_and_said_in_words(town):
    plan = replace(town.plan, capex_eur=0.0, heat_per_euro_kwh=math.inf)
    found = appraise(town.assembly.problem, plan)
    assert math.isinf(found.heat_per_euro_kwh)
    assert found.kpis()["heat_per_euro_kwh"] is None
    assert any("no new investment" in note for note in found.notes)
    assert dict(headline_table(found))["Heat per euro"] == "no new investment"


@pytest.mark.parametrize("built", [True, False])
def test_kpis_are_plain_json(town, built):
    found = appraised(town if built else with_nothing_built(town))
    text = json.dumps(found.kpis(), allow_nan=False)
    assert json.loads(text)["proof"]["in_words"] == proof_words(found.proof)


def test_other_rooms_may_add_figures(town):
    facts = Facts(further={"npv_eur": 1.5e6})
    assert appraise(town.assembly.problem, town.plan, facts).kpis()["npv_eur"] == 1.5e6


@pytest.mark.parametrize(
    ("status", "gap", "words"),
    [
        (Status.OPTIMAL, 0.0, "proven to be the best"),
        (Status.OPTIMAL, 0.004, "proven within 0.4 %"),
        (Status.FEASIBLE, 0.21, "proven only within 21 %, 1 % was wanted"),
        (Status.FEASIBLE, math.inf, "not proven: no bound was found"),
        (Status.INTERRUPTED, 0.05, "stopped by the user; proven only within 5 %, 1 % was wanted"),
        (Status.NO_PLAN, math.inf, "no plan found in time"),
    ],
)
def test_proof_in_words(status, gap, words):
    assert proof_words(Proof(status, "max_heat", 1.0, 1.0, gap, 0.01, 1.0, "highs")) == words


@pytest.mark.parametrize("gap", [0.0137, 0.01001, 0.000123, 3.2e-7, 0.4, 1.0, 13.04])
def test_a_gap_is_never_rounded_down(gap):
    told = float(gap_percent(gap).removesuffix(" %").replace(",", "")) / 100
    assert told >= gap * (1 - 1e-6)
    assert told <= max(gap * 1.1, 1e-6)


def test_an_unproven_plan_says_so(town):
    proof = replace(town.plan.proof, status=Status.FEASIBLE, gap=0.3)
    found = appraise(town.assembly.problem, replace(town.plan, proof=proof))
    assert not found.is_proven
    assert any("best one found" in note for note in found.notes)
