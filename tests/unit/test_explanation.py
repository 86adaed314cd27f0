"""Reasons and break-even figures agree with what is worked out on paper."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from siting.explanation import explain_plan
from siting.marginal import plan_margins
from siting.plan import price_solution
from siting.problem import Edge, PipeSize, Problem, Site, SiteOption, Zone
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution, Status

#  s(n0) --100-- n1(z1) --300-- n2(z2) --40-- n3(t)      n8(z8)--n9     z6 forbidden at n1
SIZES = (PipeSize("small", 2.0, 300.0), PipeSize("large", 9.0, 700.0))
LINE = Problem(
    nodes=("n0", "n1", "n2", "n3", "n8", "n9"),
    edges=(
        Edge("a", "n0", "n1", sizes=(PipeSize("large", 9.0, 100.0),)),
        Edge("b", "n2", "n1", sizes=SIZES),
        Edge("c", "n2", "n3", cost_eur=40.0),
        Edge("d", "n8", "n9", cost_eur=1.0),
    ),
    sites=(
        Site("s", "n0", options=(SiteOption("o", 9.0, 500.0, 10.0),)),
        Site("t", "n3", options=(SiteOption("o", 3.0, 800.0, 20.0),)),
    ),
    zones=(
        Zone("z1", "n1", 4.0, 3.0, 60.0),
        Zone("z2", "n2", 1.0, 2.0, 50.0),
        Zone("z6", "n1", 1.0, 1.0, forbidden=True),
        Zone("z8", "n8", 1.0, 1.0),
    ),
)
BUILT = Solution(
    sites=(OpenSite("s", "o", 3.0),),
    pipes=(PipeFlow("a", "n0", "n1", 3.0, "large"),),
    zones=(ServedZone("z1", 3.0, 4.0),),
)
CAPEX = 500 + 10 * 3 + 100 + 60
PRICE = 4_000 / CAPEX
EXTRA = 300 + 50 + 10 * 2


def proof(status: Status = Status.OPTIMAL) -> Proof:
    return Proof(status, "heat_per_euro", PRICE, PRICE, 0.0, 0.01, 1.0, "paper")


def explained(problem: Problem = LINE, solution: Solution = BUILT, **options):
    return explain_plan(problem, price_solution(problem, solution, proof(**options)))


def with_zone(name: str, **changes) -> Problem:
    zones = tuple(replace(z, **changes) if z.id == name else z for z in LINE.zones)
    return replace(LINE, zones=zones)


def test_a_zone_that_is_too_dear_tells_its_break_even():
    zone = explained().zones["z2"]
    assert (zone.reason, zone.inside) == ("too dear", False)
    assert zone.extra_capex_eur == pytest.approx(EXTRA)
    assert zone.marginal_heat_per_euro_kwh == pytest.approx(1_000 / EXTRA)
    assert zone.plan_heat_per_euro_kwh == pytest.approx(PRICE)
    assert zone.break_even_capex_eur == pytest.approx(1_000 / PRICE)
    assert f"cost {EXTRA - 1_000 / PRICE:,.0f} EUR less" in zone.change
    assert "node n1" in zone.change


def test_at_the_break_even_cost_it_is_as_good_in_as_out():
    """The figure is right if a zone made cheaper by the gap is no longer too dear."""
    short = EXTRA - 1_000 / PRICE
    paid = Edge("b", "n2", "n1", sizes=(PipeSize("small", 2.0, 300.0 - short - 0.01),))
    cheaper = replace(LINE, edges=(LINE.edges[0], paid, *LINE.edges[2:]))
    assert explained(cheaper).zones["z2"].reason == "as good in as out, within the gap"
    dearer = replace(paid, sizes=(PipeSize("small", 2.0, 300.0 - short + 0.01),))
    still = replace(LINE, edges=(LINE.edges[0], dearer, *LINE.edges[2:]))
    assert explained(still).zones["z2"].reason == "too dear"


def test_a_zone_worth_having_may_find_no_capacity_left():
    rich = with_zone("z2", heat_mwh=90.0)
    sites = (Site("s", "n0", options=(SiteOption("o", 4.0, 500.0, 10.0),)),)
    zone = explained(replace(rich, sites=sites)).zones["z2"]
    assert zone.reason == "no capacity left"
    assert "lack 1.00 MW of the 2.00 MW" in zone.change


def test_a_full_pipe_leaves_no_capacity_either():
    rich = with_zone("z2", heat_mwh=90.0)
    full = replace(rich.edges[0], sizes=(PipeSize("large", 3.5, 100.0),))
    problem = replace(rich, edges=(full, *rich.edges[1:]), sites=rich.sites[:1])
    zone = explained(problem).zones["z2"]
    assert zone.reason == "no capacity left"
    assert "lack 1.50 MW" in zone.change


def test_a_new_site_is_offered_where_the_old_one_is_full():
    rich = with_zone("z2", heat_mwh=90.0)
    full = replace(rich.sites[0], options=(SiteOption("o", 3.0, 500.0, 10.0),))
    zone = explained(replace(rich, sites=(full, rich.sites[1]))).zones["z2"]
    assert "opens site 't'" in zone.change
    assert zone.extra_capex_eur == pytest.approx(800 + 20 * 2 + 40 + 50)


def test_the_budget_is_blamed_before_the_price():
    zone = explained(LINE.with_limits(budget_eur=CAPEX + EXTRA - 1.0)).zones["z2"]
    assert zone.reason == "beyond the budget"
    assert explained(LINE.with_limits(budget_eur=CAPEX + EXTRA)).zones["z2"].reason == "too dear"


def test_forbidden_and_unreachable_zones_are_told():
    zones = explained().zones
    assert zones["z6"].reason == "forbidden"
    assert zones["z8"].reason == "no connection to any site"
    assert math.isnan(zones["z8"].marginal_heat_per_euro_kwh)


def test_an_unfinished_search_does_not_blame_the_price():
    rich = with_zone("z2", heat_mwh=90.0)
    assert (
        explained(rich, status=Status.FEASIBLE).zones["z2"].reason == "not in the best plan found"
    )


def test_a_load_curve_is_used_at_its_best_level():
    curve = ((0.0, 0.0), (0.5, 0.9), (1.0, 1.0))
    problem = with_zone("z2", load_curve=curve, peak_mw=4.0)
    zone = explained(problem).zones["z2"]
    # At half its peak it needs the small pipe: 0.9 MWh for 370 EUR; at its peak 1.0 for 790 EUR.
    assert zone.extra_capex_eur == pytest.approx(EXTRA)
    assert zone.heat_mwh == pytest.approx(0.9)


def test_a_served_zone_tells_what_leaving_it_out_would_save():
    both = Solution(
        sites=(OpenSite("s", "o", 5.0),),
        pipes=(PipeFlow("a", "n0", "n1", 5.0, "large"), PipeFlow("b", "n1", "n2", 2.0, "small")),
        zones=(ServedZone("z1", 3.0, 4.0), ServedZone("z2", 2.0, 1.0)),
    )
    zones = explained(LINE, both).zones
    # Sites stay as they are: what z2 adds to the output, 10 EUR/MW, is not saved.
    assert zones["z2"].extra_capex_eur == pytest.approx(EXTRA - 10 * 2)
    assert zones["z1"].extra_capex_eur == pytest.approx(60)  # its pipe goes on to z2
    margin = plan_margins(LINE, price_solution(LINE, both, proof())).zones["z2"]
    assert zones["z2"].marginal_heat_per_euro_kwh == pytest.approx(margin.heat_per_euro_kwh)
    assert zones["z1"].reason == "served"


def test_a_site_left_out_tells_the_cost_at_which_it_would_come_in():
    site = explained().sites["t"]
    cost = 800 + 20 * 2 + 40 + 50
    assert site.reason == "too dear"
    assert site.extra_capex_eur == pytest.approx(cost)
    own, short = 840, cost - 1_000 / PRICE
    assert f"cost {own - short:,.0f} EUR in place of 840 EUR" in site.change
    assert "estimate" in site.change


def test_a_site_gathers_zones_as_long_as_that_pays():
    more = Zone("z3", "n3", 3.0, 1.0, 20.0)
    problem = replace(LINE, zones=(*LINE.zones, more))
    site = explained(problem).sites["t"]
    alone, both = 3.0 / (800 + 20 + 20), 4.0 / (800 + 20 * 3 + 20 + 40 + 50)
    assert both > alone
    assert site.heat_mwh == pytest.approx(4.0)
    assert site.extra_capex_eur == pytest.approx(970)


def test_sites_tell_groups_limits_and_unreachable_zones():
    grouped = tuple(replace(each, group="g") for each in LINE.sites)
    assert explained(replace(LINE, sites=grouped)).sites["t"].reason == (
        "another site of group 'g' is chosen"
    )
    other = explained(replace(LINE, sites=grouped)).sites["t"]
    # in place of s, t serves z1 over the large pipe b and the street c
    assert other.extra_capex_eur == pytest.approx(800 + 20 * 3 + 40 + 700 + 60)
    assert other.heat_mwh == pytest.approx(4.0)
    assert other.break_even_capex_eur == pytest.approx(CAPEX)  # as much heat as s gives
    assert "In place of site 's' it would serve one zone" in other.change
    assert "Even if opening it were free" in other.change
    limited = LINE.with_limits(max_sites=1)
    assert explained(limited).sites["t"].reason == "the plan may open at most 1 sites"
    cut = replace(LINE, edges=tuple(replace(e, forbidden=e.id == "c") for e in LINE.edges))
    assert explained(cut).sites["t"].reason == "no connection to any zone"
    site = explained().sites["s"]
    assert (site.reason, site.inside) == ("chosen", True)
    assert site.marginal_heat_per_euro_kwh == pytest.approx(PRICE)


def test_an_empty_plan_is_explained_from_the_sites():
    nothing = explained(LINE, Solution())
    zone = nothing.zones["z1"]
    assert zone.extra_capex_eur == pytest.approx(500 + 10 * 3 + 100 + 60)
    assert math.isnan(zone.break_even_capex_eur)


def test_an_explanation_reads_well_and_escapes_names():
    told = replace(explained().zones["z2"], id="<b>")
    text = str(told)
    assert text.startswith("zone <b>: too dear.")
    assert "kWh/a per EUR" in text
    assert "&lt;b&gt;" in told._repr_html_()
    assert "<b>: " not in told._repr_html_()


def test_names_lead_to_explanations():
    told = explained()
    found = told.named("Z-2", {"s": "S"}, {"z2": "Z-2"})
    assert found is not None
    assert (found.id, found.kind) == ("Z-2", "zone")
    rich = with_zone("z2", heat_mwh=90.0)
    full = replace(rich.sites[0], options=(SiteOption("o", 3.0, 500.0, 10.0),))
    told = explained(replace(rich, sites=(full, rich.sites[1])))
    named = told.named("Z-2", {"s": "S", "t": "DC-7"}, {"z2": "Z-2"})
    assert named is not None
    assert "opens site 'DC-7'" in named.change
    assert told.named("Z-9", {"s": "S"}, {"z2": "Z-2"}) is None
