"""What the outline of a case says of totals, pools and bonds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from siting.future import Departures, Replacement, Scenario, solve_departures
from siting.future.evaluate import faults_of
from siting.future.joined import bridges, joined_plans
from siting.future.outlined import OutlineEngine
from siting.future.pools import _beyond, _slopes
from siting.optimise import solve
from siting.optimise.core import still_possible
from siting.optimise.engine import MipCall, SolverChoice
from siting.optimise.progress import Watch
from siting.problem import Edge, Problem, Site, Zone

CURVE = ((0.0, 0.0), (0.1, 0.3), (0.3, 0.7), (1.0, 1.0))


def line(*, gap_eur: float) -> Problem:
    """Return two sites, each with a zone next to it, and a street between the two networks."""
    return Problem(
        nodes=("a", "x", "y", "b"),
        edges=(
            Edge("ax", "a", "x", cost_eur=1e5),
            Edge("xy", "x", "y", cost_eur=gap_eur),
            Edge("yb", "y", "b", cost_eur=1e5),
        ),
        sites=(
            Site("A", "a", cost_eur=1e6, capacity_mw=1.0),
            Site("B", "b", cost_eur=1e6, capacity_mw=1.0),
        ),
        zones=(
            Zone("X", "x", heat_mwh=5_000, peak_mw=1.0, mandatory=True),
            Zone("Y", "y", heat_mwh=5_000, peak_mw=1.0, mandatory=True),
        ),
    )


def secured(problem: Problem) -> Departures:
    """Return the case in which either site may be lost, with boilers at 1 MEUR/MW."""
    lost = tuple(Scenario(s.id, 0.0, 0.0, {s.id: 0.0}, 1.0, True) for s in problem.sites)
    return Departures(problem, lost, (Replacement("boiler", "a", None, 1e6),))


def least_euro(case: Departures) -> float:
    """Return the least money of the outline with all its cuts [EUR]."""
    engine = OutlineEngine(case, case.problem, Watch(60.0), SolverChoice(threads=1))
    engine.relax(engine.capex)
    while True:
        outcome = engine.solve(MipCall(engine.capex), rows=engine.found)
        assert outcome.values is not None
        assert engine.bonds is not None
        rows = engine.bonds.find(outcome.values)
        if rows is None:
            return float(outcome.objective) * engine.model.data.scale.cost_eur
        engine.add_found(rows)


@pytest.mark.parametrize(("gap_eur", "wanted"), [(2e5, 3.4e6), (5e6, 4.2e6)])
def test_one_plant_stands_by_for_two_networks_only_if_pipes_join_them(
    gap_eur: float, wanted: float
) -> None:
    """Joined, one boiler of 1 MW does for both; else each network needs one of its own."""
    assert least_euro(secured(line(gap_eur=gap_eur))) == pytest.approx(wanted, rel=1e-6)


def test_a_bowl_alone_would_call_them_joined() -> None:
    """Without cuts the far street is free to be left out, though one boiler serves both."""
    case = secured(line(gap_eur=5e6))
    engine = OutlineEngine(case, case.problem, Watch(60.0), SolverChoice(threads=1))
    outcome = engine.solve(MipCall(engine.capex))
    assert outcome.objective * engine.model.data.scale.cost_eur == pytest.approx(3.2e6, rel=1e-6)


def test_totals_hold_for_any_split_and_are_exact_at_the_best() -> None:
    """No split of power yields more than the lines say; one hour for all reaches them."""
    rng = np.random.default_rng(3)
    zones = [
        Zone(f"z{k}", "a", heat_mwh=h, peak_mw=p, load_curve=CURVE)
        for k, (h, p) in enumerate(rng.uniform((500, 0.1), (5_000, 2.0), (4, 2)))
    ]
    slopes = _slopes(zones)
    most = sum(_beyond(zone, slopes) for zone in zones)
    for _ in range(200):
        share = rng.uniform(0, 1, 4)
        power = sum(u * z.peak_mw for u, z in zip(share, zones, strict=True))
        heat = sum(
            z.heat_mwh * float(np.interp(u, *zip(*CURVE, strict=True)))
            for u, z in zip(share, zones, strict=True)
        )
        assert heat <= (slopes * power + most).min() + 1e-6
    whole = sum(z.heat_mwh for z in zones)
    assert (slopes * sum(z.peak_mw for z in zones) + most).min() == pytest.approx(whole)


def test_a_site_without_zones_may_still_be_of_use_as_a_reserve() -> None:
    """What leaves out idle sites of a base model keeps them where they may step in."""
    problem = line(gap_eur=2e5)
    case = secured(replace(problem, zones=problem.zones[:1]))
    engine = OutlineEngine(case, case.problem, Watch(60.0), SolverChoice(threads=1))
    far = np.full(len(engine.compiled.names), 0.0)
    for x in engine.model.variables.pipe.values():
        far[engine.compiled.index(x)] = 1e6  # no way to any zone fits into the room
    lost = still_possible(engine.model, engine.compiled, far, 1.0)
    kept = still_possible(engine.model, engine.compiled, far, 1.0, idle_sites=engine.idle_sites)
    assert not lost.options.any()
    assert kept.options.all()


@pytest.mark.parametrize(("gap_eur", "pays"), [(2e5, True), (5e6, False)])
def test_sites_of_a_usual_plan_are_joined_where_that_may_pay(gap_eur: float, pays: bool) -> None:
    """One boiler does for both then, and the plan keeps to all rules."""
    case = secured(line(gap_eur=gap_eur))
    base = solve(case.problem, gap=0, threads=1)
    assert "xy" in bridges(case.problem, base).edges
    found = joined_plans(case, base, 1e-3, seconds=10.0)
    assert bool(found) is pays
    for each in found:
        assert faults_of(case, each.plan) == []
        assert [pipe.edge for pipe in each.plan.spare] == ["xy"]
        assert sum(each.plan.standby_mw.values()) == pytest.approx(1.0, rel=1e-4)


def test_scenarios_that_change_nothing_are_settled_as_one() -> None:
    """A site that is not open may be lost; the plan answers that like any other such loss."""
    problem = line(gap_eur=2e5)
    idle = (replace(problem.sites[0], id="C"), replace(problem.sites[0], id="D"))
    case = secured(replace(problem, sites=(*problem.sites, *idle)))
    base = solve(problem, gap=0, threads=1)
    plan = joined_plans(case, base, 1e-3, seconds=10.0)[0].plan
    assert [state.scenario for state in plan.states] == [s.id for s in case.scenarios]
    assert faults_of(case, plan) == []
    assert plan.state("C").zones == plan.state("D").zones


def test_the_plan_of_a_small_case_is_proven() -> None:
    """With a short street between them the networks are joined, and one boiler stands by."""
    plan = solve_departures(secured(line(gap_eur=2e5)), gap=0, time_limit_s=30, threads=1)
    assert sum(plan.standby_mw.values()) == pytest.approx(1.0, rel=1e-4)
    assert [pipe.edge for pipe in plan.spare] == ["xy"]
