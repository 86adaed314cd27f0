"""Sources on one network share the hours of the year: stacked by running cost, by hand."""

from __future__ import annotations

import itertools
import math

import pytest
from sample_business import sample

from siting.annual import AnnualFlows
from siting.heat import heat_share, load_curve
from siting.plan import Plan, price_solution
from siting.problem import Edge, Objective, Problem, Site, Zone
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution, Status
from siting.supply import load_bands, plan_supply, supply_figures

PEAK, HEAT = 10.0, 25_000.0
PROOF = Proof(Status.OPTIMAL, "max_heat", 1.0, 1.0, 0.0, 0.01, 0.0, "hand")


def share_at(x: float, points: int) -> float:
    """Return the share of the broken line at x."""
    line = load_curve(HEAT / PEAK, 0.08, points)
    for (x0, s0), (x1, s1) in itertools.pairwise(line):
        if x <= x1:
            return s0 + (s1 - s0) * (x - x0) / (x1 - x0)
    return 1.0


def make(
    costs: tuple[float, float] = (5.0, 20.0), loss_mw: float = 0.0, points: int = 200
) -> tuple[Problem, Plan]:
    """Two sites of 1 and 2 MW at one end of a pipe, a zone of 10 MW and 25 GWh at the other."""
    curve = load_curve(HEAT / PEAK, 0.08, points)
    base = 3.0 - loss_mw
    problem = Problem(
        nodes=("a", "b", "c"),
        edges=(Edge("e", "a", "b", loss_mw=loss_mw, length_m=100.0),),
        sites=(
            Site("big", "a", capacity_mw=2.0, cost_per_mwh_eur=costs[1]),
            Site("small", "a", capacity_mw=1.0, cost_per_mwh_eur=costs[0]),
            Site("far", "c", capacity_mw=9.0),
        ),
        zones=(Zone("z", "b", heat_mwh=HEAT, peak_mw=PEAK, load_curve=curve),),
        objective=Objective(kind="net_value", heat_price_eur_per_mwh=50.0),
    )
    heat = HEAT * share_at(base / PEAK, points)
    solution = Solution(
        sites=(OpenSite("big", "connection", 2.0), OpenSite("small", "connection", 1.0)),
        pipes=(PipeFlow("e", "a", "b", 3.0, None),),
        zones=(ServedZone("z", base, heat),),
    )
    return problem, price_solution(problem, solution, PROOF)


def test_the_second_source_finds_the_hours_that_the_first_leaves() -> None:
    """T7b with 2,500 hours: source 1 of x = 0.1 and source 2 of 0.2 share s(0.3)."""
    (network,) = plan_supply(*make())
    small, big = network.sources
    m = HEAT / PEAK / 8760
    s1, s3 = heat_share([0.1, 0.3], m, 0.08)
    assert (small.site, big.site) == ("small", "big")
    assert small.heat_mwh / HEAT == pytest.approx(s1, abs=1e-4)
    assert big.heat_mwh / HEAT == pytest.approx(s3 - s1, abs=1e-4)
    assert small.heat_mwh / HEAT == pytest.approx(0.348, abs=1e-3)
    assert big.heat_mwh / HEAT == pytest.approx(0.4406, abs=1e-3)
    assert big.alone_mwh / HEAT == pytest.approx(0.6152, abs=1e-3)
    assert big.full_load_hours_h == pytest.approx(big.heat_mwh / 2)


@pytest.mark.parametrize("loss_mw", [0.0, 0.25])
def test_stacked_heat_adds_up_to_heat_and_losses(loss_mw: float) -> None:
    """The same total as traced through the year, only shared otherwise."""
    problem, plan = make(loss_mw=loss_mw)
    (network,) = plan_supply(problem, plan)
    total = math.fsum(each.heat_mwh for each in network.sources)
    assert total == pytest.approx(plan.heat_mwh + plan.loss_mwh)
    assert total == pytest.approx(math.fsum(each.heat_mwh for each in plan.sites))
    assert network.boiler_heat_mwh == pytest.approx(HEAT - plan.heat_mwh)


def test_the_cheaper_source_runs_more_hours_whatever_its_place() -> None:
    first = [each.site for each in plan_supply(*make(costs=(20.0, 5.0)))[0].sources]
    assert first == ["big", "small"]


def test_the_year_at_least_cost_forgets_the_curve_and_stacking_does_not() -> None:
    """Limits of a year let 1 MW run all 8,760 hours; below the curve it finds 8,694 of them."""
    problem, plan = make()
    solution = Solution(
        sites=tuple(OpenSite(s.site, s.option, s.capacity_mw) for s in plan.sites),
        pipes=(PipeFlow("e", "a", "b", 3.0, None),),
        zones=tuple(ServedZone(z.zone, z.base_mw, z.heat_mwh) for z in plan.zones),
    )
    loose = AnnualFlows(problem, solution).at_least_cost({"big": 20.0, "small": 5.0})
    (network,) = plan_supply(problem, plan)
    assert network.sources[0].heat_mwh < loose["small"]


def test_boilers_of_a_network() -> None:
    """Peak 10 MW: all of it by margin 1, and 10 less the smaller source by N-1."""
    problem, plan = make()
    (network,) = plan_supply(problem, plan, peak_capacity_margin=1.1)
    assert network.boiler_mw == pytest.approx(11.0)
    assert network.boiler_n_minus_1_mw == pytest.approx(9.0)
    assert network.zones == ("z",)


def test_the_heat_lost_with_the_largest_source() -> None:
    """Without the 2 MW, the 1 MW fills in: s(0.3) - s(0.1) of s(0.3) is lost."""
    problem, plan = make()
    figures = supply_figures(problem, plan)
    both, small = share_at(0.3, 200), share_at(0.1, 200)
    assert figures["largest_source_loss_share"] == pytest.approx((both - small) / both)
    assert figures["seasonal_cop"] is None
    assert figures["heat_pump_power_mw"] == 0


def test_figures_carry_ids_and_units() -> None:
    problem, plan = make()
    figures = supply_figures(problem, plan, {"small": "DC-1", "big": "DC-2"})
    assert figures["networks_built"] == 1
    assert figures["stacked_rank.DC-1"] == 1
    assert figures["stacked_heat_mwh.DC-1"] + figures["stacked_heat_mwh.DC-2"] == pytest.approx(
        plan.heat_mwh
    )
    (network,) = plan_supply(problem, plan)
    assert network.boiler_heat_mwh == pytest.approx(HEAT - plan.heat_mwh)


def test_the_empty_plan_has_no_network() -> None:
    problem, _ = make()
    empty = price_solution(problem, Solution((), (), ()), PROOF)
    assert plan_supply(problem, empty) == ()
    assert supply_figures(problem, empty)["boiler_capacity_mw"] == 0.0


def test_a_zone_without_a_curve_takes_its_heat_flat() -> None:
    problem = Problem(
        nodes=("a",),
        edges=(),
        sites=(Site("s", "a", capacity_mw=4.0),),
        zones=(Zone("z", "a", heat_mwh=8_000.0, peak_mw=2.0),),
    )
    solution = Solution((OpenSite("s", "connection", 2.0),), (), (ServedZone("z", 2.0, 8_000.0),))
    (network,) = plan_supply(problem, price_solution(problem, solution, PROOF))
    assert network.sources[0].heat_mwh == pytest.approx(8_000)
    assert network.boiler_heat_mwh == 0.0


def test_the_bands_of_the_year_hold_the_heat_of_the_plan():
    found = sample()
    problem, plan = found.assembly.problem, found.plan
    bands = load_bands(problem, plan)
    assert bands.hours_h[0] == 0
    assert bands.hours_h[-1] >= problem.hours_per_a  # the steepest piece of z1 lasts 9,000 h
    fed_in = sum(bands.heat_mwh(load) for load in bands.by_source_mw.values())
    assert fed_in == pytest.approx(plan.heat_mwh + plan.loss_mwh)
    demand = sum(zone.demand_mwh for zone in plan.zones)
    assert bands.heat_mwh(bands.boilers_mw) == pytest.approx(demand - plan.heat_mwh)
    total = [s + b for s, b in zip(bands.by_source_mw["s1"], bands.boilers_mw, strict=True)]
    assert total == sorted(total, reverse=True)
