"""Plans are priced from the problem and the decisions alone, and the heat of the year is traced."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from siting.annual import AnnualFlows
from siting.plan import annual_source_heat, heat_per_euro, net_value, price_solution
from siting.problem import Edge, Objective, PipeSize, Problem, Site, SiteOption, Zone
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution, Status

PROOF = Proof(Status.OPTIMAL, "heat_per_euro", None, None, 0.0, 0.0, 0.0, "paper")

# a --e1, linear--> b --e2, sized--> c; zones at b and c; sites at a and c; a year of 10 hours.
PROBLEM = Problem(
    nodes=("a", "b", "c"),
    edges=(
        Edge(
            "e1",
            "a",
            "b",
            cost_eur=100,
            cost_per_mw_eur=10,
            loss_mw=0.1,
            loss_per_mw=0.1,
            length_m=50,
            cost_shares={"pipes": 0.6, "crossings": 0.4},
        ),
        Edge(
            "e2",
            "b",
            "c",
            sizes=(PipeSize("DN1", 1, 40, 0.05), PipeSize("DN2", 4, 60, 0.1)),
            length_m=30,
        ),
    ),
    sites=(
        Site(
            "s",
            "a",
            options=(
                SiteOption(
                    "heat pump",
                    5,
                    cost_eur=30,
                    cost_per_mw_eur=20,
                    cost_per_mwh_eur=4,
                    electricity_mwh_per_mwh=0.25,
                    cost_parts={"heat_pump": 25},
                    cost_per_mw_parts={"heat_pump": 20},
                ),
            ),
        ),
        Site("t", "c", cost_eur=7, capacity_mw=1, cost_per_mwh_eur=9),
    ),
    zones=(
        Zone(
            "y", "b", heat_mwh=12, peak_mw=2, cost_eur=5, load_curve=((0, 0), (0.5, 0.75), (1, 1))
        ),
        Zone(
            "z", "c", heat_mwh=8, peak_mw=1, cost_eur=3, loss_mw=0.2, cost_parts={"substations": 3}
        ),
    ),
    hours_per_a=10,
)
SOLUTION = Solution(
    sites=(OpenSite("s", "heat pump", 2.5), OpenSite("t", "connection", 0.15)),
    pipes=(PipeFlow("e1", "a", "b", 2.5), PipeFlow("e2", "b", "c", 1.15, "DN2")),
    zones=(ServedZone("y", 1.0, 9.0), ServedZone("z", 1.0, 8.0)),
)
PLAN = price_solution(PROBLEM, SOLUTION, PROOF)


def test_pipes() -> None:
    linear, sized = PLAN.pipes
    assert (linear.cost_eur, linear.size, linear.capacity_mw) == (pytest.approx(125), None, None)
    assert linear.loss_mw == pytest.approx(0.1 + 0.1 * 2.5)
    assert (sized.cost_eur, sized.loss_mw, sized.capacity_mw) == (60, 0.1, 4)
    assert PLAN.trench_length_m == 80


def test_sites() -> None:
    pump, direct = PLAN.sites
    assert pump.cost_eur == pytest.approx(30 + 20 * 2.5)
    assert pump.electricity_mwh == pytest.approx(0.25 * pump.heat_mwh)
    assert direct.cost_eur == 7


def test_totals() -> None:
    assert PLAN.heat_mwh == pytest.approx(17)
    assert PLAN.capex_eur == pytest.approx(80 + 7 + 125 + 60 + 5 + 3)
    assert PLAN.loss_mwh == pytest.approx(10 * (0.35 + 0.1 + 0.2))
    assert PLAN.heat_per_euro_kwh == pytest.approx(17_000 / 280)
    assert sum(site.heat_mwh for site in PLAN.sites) == pytest.approx(17 + 6.5)


def test_components_add_up() -> None:
    """What has no split goes under a general name."""
    assert PLAN.capex_by_component_eur == pytest.approx(
        {
            "heat_pump": 25 + 50,
            "sites": 5 + 7,
            "pipes": 0.6 * 125 + 60,
            "crossings": 0.4 * 125,
            "connections": 5,
            "substations": 3,
        }
    )
    assert sum(PLAN.capex_by_component_eur.values()) == pytest.approx(PLAN.capex_eur)


def test_the_empty_plan() -> None:
    plan = price_solution(PROBLEM, Solution(), PROOF)
    assert plan.is_empty
    assert (plan.capex_eur, plan.heat_mwh, plan.heat_per_euro_kwh) == (0, 0, 0)
    assert plan.capex_by_component_eur == {}


def test_unknown_names() -> None:
    with pytest.raises(KeyError):
        price_solution(PROBLEM, Solution(zones=(ServedZone("nowhere", 1, 1),)), PROOF)


@pytest.mark.parametrize(
    ("heat", "capex", "ratio"), [(0, 0, 0), (0, 5, 0), (5, 0, math.inf), (3, 2, 1500)]
)
def test_heat_per_euro(heat: float, capex: float, ratio: float) -> None:
    assert heat_per_euro(heat, capex) == ratio


def test_net_value() -> None:
    zones = tuple(replace(zone, value_eur=2, value_eur_per_mwh=1) for zone in PROBLEM.zones)
    objective = Objective("net_value", heat_price_eur_per_mwh=10, capital_factor=0.1)
    problem = replace(PROBLEM, zones=zones, objective=objective)
    plan = price_solution(problem, SOLUTION, PROOF)
    heat = {site.site: site.heat_mwh for site in plan.sites}
    running = 4 * heat["s"] + 9 * heat["t"]
    assert net_value(problem, plan) == pytest.approx(4 + 11 * 17 - 0.1 * 280 - running)


def test_lump_parts_are_the_same_at_every_size() -> None:
    """Of 60 EUR for DN2, 15 are a crossing; the rest is shared 4 to 1."""
    near, far = PROBLEM.edges
    split = {"pipes": 0.8, "overhead": 0.2}
    far = replace(far, lump_parts={"crossings": 12.0, "overhead": 3.0}, cost_shares=split)
    plan = price_solution(replace(PROBLEM, edges=(near, far)), SOLUTION, PROOF)
    plain = price_solution(PROBLEM, SOLUTION, PROOF).capex_by_component_eur
    (cost,) = (pipe.cost_eur for pipe in plan.pipes if pipe.edge == "e2")
    found = plan.capex_by_component_eur
    assert found["overhead"] == pytest.approx(3.0 + 0.2 * (cost - 15.0))
    assert found["crossings"] - plain["crossings"] == pytest.approx(12.0)
    assert math.fsum(found.values()) == pytest.approx(plan.capex_eur)


# The heat of the year ----------------------------------------------------------------------------


def test_by_share_each_feeder_gives_as_at_full_base_load() -> None:
    """At c 1.05 MW arrive and 0.15 MW are fed in: 8 + 2 MWh are shared 7 to 1."""
    fed = AnnualFlows(PROBLEM, SOLUTION).by_share()
    assert fed["t"] == pytest.approx(10 * 0.15 / 1.2)
    assert fed["s"] == pytest.approx(10 * 1.05 / 1.2 + 10 * 0.1 + 9 + 10 * 0.35)


def test_by_share_without_power_feeders_share_evenly() -> None:
    problem = Problem(
        nodes=("a",),
        edges=(),
        sites=(Site("s", "a"), Site("t", "a")),
        zones=(Zone("z", "a", heat_mwh=6),),
    )
    solution = Solution(
        sites=(OpenSite("s", "connection", 0), OpenSite("t", "connection", 0)),
        zones=(ServedZone("z", 0, 6),),
    )
    assert AnnualFlows(problem, solution).by_share() == {"s": 3, "t": 3}


def test_at_least_cost_the_cheap_site_goes_first() -> None:
    """The pipe to c carries 40 MWh a year, more than the 11 MWh needed beyond it."""
    fed = AnnualFlows(PROBLEM, SOLUTION).at_least_cost({"s": 4, "t": 9})
    assert fed == pytest.approx({"s": 23.5, "t": 0}, abs=1e-6)


def test_at_least_cost_output_is_limited() -> None:
    """At c only: 0.15 MW in 10 hours."""
    fed = AnnualFlows(PROBLEM, SOLUTION).at_least_cost({"s": 9, "t": 4})
    assert fed == pytest.approx({"s": 22, "t": 1.5}, abs=1e-6)


def test_at_least_cost_heat_flows_in_the_direction_of_pipes() -> None:
    """Cheap heat of t cannot go up the pipe to the zone at b, however large t is."""
    large = replace(SOLUTION, sites=(SOLUTION.sites[0], OpenSite("t", "connection", 9)))
    fed = AnnualFlows(PROBLEM, large).at_least_cost({"s": 9, "t": 4})
    assert fed["t"] == pytest.approx(11, abs=1e-6)


def test_at_least_cost_pipes_are_limited() -> None:
    """A pipe of 0.5 MW lets 5 MWh in, less 1 MWh lost; the dear site at c gives the rest."""
    narrow = replace(PROBLEM.edges[1], sizes=(PipeSize("DN2", 0.5, 60, 0.1),))
    problem = replace(PROBLEM, edges=(PROBLEM.edges[0], narrow))
    sites = (SOLUTION.sites[0], OpenSite("t", "connection", 0.8))
    pipes = (SOLUTION.pipes[0], PipeFlow("e2", "b", "c", 0.5, "DN2"))
    fed = AnnualFlows(problem, Solution(sites, pipes, SOLUTION.zones)).at_least_cost(
        {"s": 4, "t": 9}
    )
    assert fed["t"] == pytest.approx(10 - 4, abs=1e-6)


def test_least_cost_is_for_net_value_with_different_rates_only() -> None:
    shared = annual_source_heat(PROBLEM, SOLUTION)
    assert shared == AnnualFlows(PROBLEM, SOLUTION).by_share()
    valued = replace(PROBLEM, objective=Objective("net_value"))
    assert annual_source_heat(valued, SOLUTION)["t"] == pytest.approx(0, abs=1e-6)
