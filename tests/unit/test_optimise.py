"""The stages of the search, each by itself on a small town."""

from __future__ import annotations

import numpy as np
import pytest

from siting.errors import InfeasibleError
from siting.model import build_model
from siting.optimise import solve
from siting.optimise.candidate import make_candidate
from siting.optimise.construct import Constructor, draft_of
from siting.optimise.core import restrict, still_possible
from siting.optimise.engine import Engine, MipCall, SolverChoice
from siting.optimise.progress import Watch
from siting.optimise.reduce import reduce_problem
from siting.optimise.settle import settle
from siting.optimise.state import encode
from siting.plan import Plan
from siting.problem import (
    Edge,
    Limits,
    Objective,
    PipeSize,
    Problem,
    Site,
    SiteOption,
    Zone,
)
from siting.solution import OpenSite, PipeFlow, ServedZone, Solution
from siting.solvers.outcome import FloatArray
from siting.verify import verify_plan

CURVE = ((0.0, 0.0), (0.1, 0.35), (0.3, 0.75), (0.6, 0.97), (1.0, 1.0))
SIZES = ((0.2, 800.0, 12.0), (1.0, 1_000.0, 18.0), (4.0, 1_400.0, 26.0), (9.0, 1_900.0, 33.0))


def pipes(name: str, u: str, v: str, length_m: float) -> Edge:
    """Return an edge with four sizes."""
    sizes = tuple(
        PipeSize(f"S{k}", mw, eur * length_m, watts * length_m / 1e6)
        for k, (mw, eur, watts) in enumerate(SIZES)
    )
    return Edge(name, u, v, sizes=sizes, length_m=length_m)


@pytest.fixture(scope="module")
def town() -> Problem:
    """Return a 4 x 4 grid of streets, a zone by a service line at each corner, two sites."""
    names = [f"n{x}{y}" for x in range(4) for y in range(4)]
    streets = [
        pipes(f"h{x}{y}", f"n{x}{y}", f"n{x + 1}{y}", 120 + 10 * y)
        for x in range(3)
        for y in range(4)
    ]
    streets += [
        pipes(f"v{x}{y}", f"n{x}{y}", f"n{x}{y + 1}", 100 + 15 * x)
        for x in range(4)
        for y in range(3)
    ]
    zones, services = [], []
    for k, node in enumerate(names[1:-1]):
        heat = 900.0 + 400.0 * (k * 7 % 5)
        services.append(Edge(f"s{k}", node, f"z{k}", cost_eur=9_000, capacity_mw=5.0, loss_mw=3e-4))
        peak = heat / 2_500
        zones.append(Zone(f"z{k}", f"z{k}", heat, peak, cost_eur=160_000 * peak, load_curve=CURVE))
    sites = tuple(
        Site(
            f"site{k}",
            node,
            options=(
                SiteOption("small", mw, 400_000, 1_500_000),
                SiteOption("large", mw, 900_000, 900_000),
            ),
        )
        for k, (node, mw) in enumerate((("n00", 1.6), ("n33", 1.1)))
    )
    nodes = (*names, *(zone.node for zone in zones))
    return Problem(nodes, (*streets, *services), sites, tuple(zones))


def test_service_lines_move_into_their_zones_and_back(town: Problem) -> None:
    """Solving with and without the reduction gives the same value; plans come back whole."""
    reduced = reduce_problem(town)
    assert len(reduced.lines) == len(town.zones)
    assert len(reduced.problem.edges) == len(town.edges) - len(town.zones)
    plan = solve(town, gap=0.001, time_limit_s=60)
    assert {pipe.edge for pipe in plan.pipes} >= {f"s{zone.zone[1:]}" for zone in plan.zones}
    assert verify_plan(town, plan) == []


def test_a_street_between_two_zones_and_nothing_else_is_taken_once() -> None:
    """It would serve both, and neither of its ends would be left."""
    problem = Problem(
        nodes=("S", "A", "X", "Y"),
        edges=(
            Edge("SA", "S", "A", cost_eur=5.0, length_m=1.0),
            Edge("XY", "X", "Y", cost_eur=5.0, length_m=1.0),
        ),
        sites=(Site("s", "S", cost_eur=10.0),),
        zones=tuple(Zone(node, node, heat_mwh=100.0, peak_mw=1.0) for node in "AXY"),
    )
    reduced = reduce_problem(problem)
    assert [line.edge for line in reduced.lines.values()] == ["SA", "XY"]
    assert {zone.node for zone in reduced.problem.zones} <= set(reduced.problem.nodes)
    assert {pipe.edge for pipe in solve(problem, time_limit_s=60).pipes} == {"SA"}


def test_a_way_to_a_mandatory_zone_is_always_possible() -> None:
    """That it has to be connected is in the bound; on top of it, it costs nothing."""
    problem = Problem(
        nodes=("S", "A", "B"),
        edges=(
            Edge("SA", "S", "A", cost_eur=5.0, length_m=1.0),
            Edge("SB", "S", "B", cost_eur=5.0, length_m=1.0),
        ),
        sites=(Site("s", "S", cost_eur=10.0),),
        zones=(
            Zone("a", "A", heat_mwh=100.0, peak_mw=2.0, cost_eur=3.0, mandatory=True),
            Zone("b", "B", heat_mwh=50.0, peak_mw=2.0, cost_eur=3.0),
        ),
        objective=Objective(kind="capex"),
        limits=Limits(min_heat_mwh=120.0),
    )
    engine = Engine(problem, Watch(60.0), SolverChoice())
    relaxed = engine.relax(engine.capex)
    assert relaxed.reduced_cost is not None
    core = still_possible(engine.model, engine.compiled, relaxed.reduced_cost, 1e-3)
    left = restrict(engine.model, core)
    assert {edge.id for edge in left.edges} >= {"SA"}
    assert core.zones.all()


def test_constructed_plans_are_feasible_and_not_far_off(town: Problem) -> None:
    """Trees grown at the best ratio reach nine tenths of it, and each one can be paid for."""
    best = solve(town, gap=0.001, time_limit_s=60).heat_per_euro_kwh
    problem = reduce_problem(town).problem
    model = build_model(problem)
    constructor = Constructor(model, seed=1)
    found = []
    for source in range(len(model.data.sources)):
        for share in (0.5, 0.8, 0.95):
            tree = constructor.grow(source, share * best / 1000)
            if tree is not None:
                solution = settle(model, draft_of([tree]))
                assert solution is not None
                candidate = make_candidate(problem, solution)
                assert candidate is not None
                found.append(candidate.value)
    assert max(found) <= best * 1.001
    assert max(found) >= 0.9 * best


def test_rows_found_on_the_way_hold_for_every_plan(town: Problem) -> None:
    """Cuts and rows against slivers cut off relaxed plans only, never a real one."""
    problem = reduce_problem(town).problem
    engine = Engine(problem, Watch(60), SolverChoice())
    plans = [
        solve(problem.with_limits(min_heat_mwh=least), gap=0.02, time_limit_s=60)
        for least in (None, 6_000.0, 9_000.0)
    ]
    for price in (0.0005, 0.001, 0.002):
        scale = engine.model.data.scale
        engine.relax(price * scale.cost_eur / scale.heat_mwh * engine.capex - engine.heat)
    assert engine.found is not None
    assert len(engine.found.lower) > 5
    for plan in plans:
        values = complete(engine, plan)
        assert (engine.found.matrix @ values >= engine.found.lower - 1e-6).all()


def complete(engine: Engine, plan: Plan) -> FloatArray:
    """Return all variables of a plan fed by one site each, or by flows the solver completes."""
    solution = Solution(
        tuple(OpenSite(s.site, s.option, s.capacity_mw) for s in plan.sites),
        tuple(PipeFlow(p.edge, p.from_node, p.to_node, p.flow_mw, p.size) for p in plan.pipes),
        tuple(ServedZone(z.zone, z.base_mw, z.heat_mwh) for z in plan.zones),
    )
    start = encode(engine, solution)
    assert start is not None
    fixed = engine.compiled.integer
    wanted = np.where(fixed, np.nan_to_num(start), 0.0)
    cost = np.where(fixed, 1.0 - 2.0 * wanted, 0.0)  # least where all decisions are as wanted
    outcome = engine.solve(MipCall(cost, start=start))
    assert outcome.values is not None
    assert np.allclose(outcome.values[fixed], wanted[fixed], atol=1e-6)
    return outcome.values


def test_an_impossible_budget_is_explained(town: Problem) -> None:
    """The message names the budget and what the cheapest plan costs."""
    impossible = town.with_limits(budget_eur=500_000, min_heat_mwh=5_000)
    with pytest.raises(InfeasibleError, match=r"cheapest plan .* the budget is 0\.50 M EUR"):
        solve(impossible, time_limit_s=60)
