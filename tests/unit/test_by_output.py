"""What opening costs by output, and bounds on parts: no plan is lost, no ceiling is too low."""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np
import pytest

from siting.optimise import search, solve
from siting.optimise.chains import joined
from siting.optimise.closing import Closer
from siting.optimise.openings import Pieces, behind_spurs, pieces_at
from siting.optimise.survey import Survey, part_of
from siting.optimise.tables import tables_of
from siting.optimise.yields import Yields
from siting.problem import Edge, Objective, Problem, Site, SiteOption, Zone
from siting.solution import Status
from siting.verify import verify_plan
from tests.crosscheck.brute_force import MOST_EDGES, solve_by_enumeration
from tests.crosscheck.random_problems import random_problem
from tests.unit.test_optimise_leaves import surplus_mwh

MANY = bool(os.environ.get("SITING_REAL_RUNS"))
SEEDS = range(7000, 7600 if MANY else 7016)


def drawn(rng: np.random.Generator, count: int) -> Pieces:
    """Return random ranges of output."""
    low = np.where(rng.random(count) < 0.5, 0.0, rng.uniform(0, 3, count))
    return Pieces(
        low,
        low + rng.uniform(0.1, 4, count),
        np.where(rng.random(count) < 0.3, 0.0, rng.uniform(0, 5, count)),
        rng.choice([0.5, 1.0, 2.0, 3.0], count),
    )


def cost(pieces: Pieces, output: float) -> float:
    """Return the least cost of an output; infinite where no range has it."""
    there = (pieces.low_mw <= output + 1e-12) & (pieces.high_mw >= output - 1e-12)
    each = pieces.cost_eur + pieces.slope_eur * output
    return float(each[there].min(initial=np.inf))


@pytest.mark.parametrize("seed", range(20))
def test_the_cheapest_ranges_give_every_output_at_its_cost(seed: int) -> None:
    """Leaving out what is never the cheapest changes no cost."""
    rng = np.random.default_rng(seed)
    pieces = drawn(rng, int(rng.integers(1, 12)))
    fewer = pieces.cheapest()
    assert len(fewer) <= len(pieces)
    for output in [*rng.uniform(0, 7, 60), *pieces.low_mw, *pieces.high_mw]:
        assert cost(fewer, output) == pytest.approx(cost(pieces, output), rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_two_sites_at_a_node_share_an_output_as_cheaply_as_can_be(seed: int) -> None:
    """No split between the two is cheaper than the ranges of both together tell."""
    rng = np.random.default_rng(100 + seed)
    one, other = drawn(rng, 3), drawn(rng, 3)
    both = one.beside(other)
    for output in rng.uniform(0.1, 8, 15):
        splits = np.concatenate([np.linspace(0, output, 400), one.low_mw, one.high_mw])
        splits = np.concatenate([splits, output - other.low_mw, output - other.high_mw])
        found = min(
            cost(one, float(output)),
            cost(other, float(output)),
            *(
                cost(one, float(x)) + cost(other, float(output - x))
                for x in splits
                if 0 <= x <= output
            ),
        )
        told = cost(both, float(output))
        assert told <= found + 1e-9
        assert told == pytest.approx(found, rel=0.02) or math.isinf(found)


@pytest.mark.parametrize("seed", range(20))
def test_no_output_costs_less_per_mw_than_is_told(seed: int) -> None:
    """Also where a dear site adds to a cheap one, and only some of the outputs are left."""
    rng = np.random.default_rng(200 + seed)
    both = drawn(rng, 3).beside(drawn(rng, 3))
    low = both.low_mw + rng.uniform(0, 0.9, len(both)) * (both.high_mw - both.low_mw)
    for k in range(len(both)):
        some = replace(both, low_mw=low).part(np.array([k]))
        for output in np.linspace(float(some.low_mw[0]), float(some.high_mw[0]), 9):
            if output > 0:
                assert some.least_per_mw() <= cost(some, float(output)) / output + 1e-9


def test_small_outputs_leave_room_in_pipes_for_all_that_others_give() -> None:
    """However little is wanted in all: a site at 2 MW and another at 8 MW share a pipe of 10."""
    problem = Problem(
        nodes=("A", "B", "Z"),
        edges=tuple(
            Edge(id=f"{end}Z", u=end, v="Z", length_m=1.0, cost_eur=5.0) for end in ("A", "B")
        ),
        sites=tuple(
            Site(
                id=end,
                node=end,
                options=(
                    SiteOption(id="small", cost_eur=1.0, cost_per_mw_eur=2.0, capacity_mw=2.0),
                    SiteOption(id="large", cost_eur=9.0, cost_per_mw_eur=1.0, capacity_mw=20.0),
                ),
            )
            for end in ("A", "B")
        ),
        zones=(Zone(id="z", node="Z", heat_mwh=100.0, peak_mw=10.0),),
        objective=Objective(kind="heat_per_euro"),
    )
    closer = Closer(tables_of(problem))
    apart = closer._apart(closer.tables, 0.01)
    assert apart.run()
    assert len(apart.parts) == 2
    seen = [
        (float(asked.known.pieces.high_mw.max()), most)
        for part in apart.parts
        for asked, most in apart._by_class(part)
    ]
    assert min(own for own, _ in seen) == pytest.approx(2.0)
    assert all(most == pytest.approx(10.0) for _, most in seen)


def test_yields_are_the_lowest_of_their_lines_and_ask_where_they_are_far_apart() -> None:
    """Bounds at prices of 1 and 5 leave a corner; the price between them is asked next."""
    yields = Yields()
    yields.add(5.0, 0.0)
    yields.add(1.0, 8.0)
    assert yields.at(np.array([1.0, 2.0, 4.0])).tolist() == [5.0, 10.0, 12.0]
    assert 2.0 in yields.turns()
    assert yields.next_price(2.0) == 3.0
    assert yields.best(4.0, 1) == [1.0]


def varied(seed: int) -> Problem:
    """Return a random problem: sites with many options, some on spurs, some at the same node."""
    rng = np.random.default_rng(seed)
    wanted = {"kind": "heat_per_euro", "least_heat": False, "mandatory": False, "counts": False}
    problem = random_problem(seed, sites=int(rng.integers(1, 4)), **wanted)
    nodes, edges, sites = list(problem.nodes), list(problem.edges), []
    shared = str(rng.choice(nodes))
    for k, site in enumerate(problem.sites):
        node = shared if rng.random() < 0.5 else site.node
        if rng.random() < 0.6 and 0 < len(edges) < MOST_EDGES:
            spur = edges[int(rng.integers(len(problem.edges)))]
            end, node = node, f"spur {k}"
            nodes.append(node)
            ends = (node, end) if rng.random() < 0.7 or spur.one_way else (end, node)
            edges.append(replace(spur, id=f"spur {k}", u=ends[0], v=ends[1], forbidden=False))
        sites.append(replace(site, node=node, options=options_of(site, rng)))
    return replace(problem, nodes=tuple(nodes), edges=tuple(edges), sites=tuple(sites))


def options_of(site: Site, rng: np.random.Generator) -> tuple[SiteOption, ...]:
    """Return up to three options, some without a lump sum, some for small output only."""
    first = site.choices[0]
    most = 10.0 if first.capacity_mw is None else first.capacity_mw
    cost = max(first.cost_eur, 1.0)
    return tuple(
        SiteOption(
            id=f"option {k}",
            capacity_mw=most * float(rng.choice([0.2, 0.6, 1.0])),
            cost_eur=float(rng.choice([0.0, 0.3, 1.0])) * cost,
            cost_per_mw_eur=cost / most * float(rng.uniform(0, 3)),
        )
        for k in range(int(rng.integers(1, 4)))
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_what_parts_leave_holds_the_best_plan(seed: int) -> None:
    """At prices below the best ratio the best surplus is still there; no ceiling is below it."""
    problem = varied(seed)
    best = (solve_by_enumeration(problem).value or 0.0) / 1000
    if best <= 0 or not math.isfinite(best):
        return
    tables = behind_spurs(joined(tables_of(problem)))
    closer = Closer(tables)
    if (tables.zone_peak_mw == 0).any():  # output tells nothing of such a zone
        assert closer.close_by_parts(best) is None
        return
    tiny = 1e-6 * sum(zone.heat_mwh for zone in problem.zones)
    for share in (0.6, 0.95, 0.9999):
        assert not closer._is_closed_apart(best * share)
        left = closer.close_by_parts(best * share)
        assert left is not None
        core = part_of(tables, *_masks(tables, left), set(left.sites))
        truth = surplus_mwh(problem, best * share)
        assert surplus_mwh(core, best * share) == pytest.approx(truth, rel=1e-5, abs=tiny)
    assert closer.ceiling(0.7 * best) >= best * (1 - 1e-9)


def _masks(tables, left):
    at = {e: k for k, e in enumerate(tables.edge.tolist())}
    edges = np.zeros(len(tables.edge), bool)
    edges[[at[e] for e in left.edges if e in at]] = True
    return edges, np.isin(tables.zone, left.zones)


@pytest.mark.parametrize("seed", [7004, 7009, 7013])
def test_a_survey_by_parts_gives_the_best_plan(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where roots never close, parts and regions lead to the plan of enumeration all the same."""
    monkeypatch.setattr(search, "LARGE", 0)
    monkeypatch.setattr(Survey, "_closed_by_roots", lambda self, closer: None)
    problem = varied(seed)
    wanted = solve_by_enumeration(problem).value
    plan = solve(problem, gap=0, time_limit_s=60)
    assert plan.proof.incumbent == pytest.approx(wanted, rel=1e-5)
    assert plan.proof.status is Status.OPTIMAL
    assert verify_plan(problem, plan) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_site_behind_a_spur_costs_what_its_options_and_sizes_cost(seed: int) -> None:
    """At any output the least of all pairs of option and size that can bring it."""
    problem = varied(seed)
    tables = tables_of(problem)
    moved = behind_spurs(tables)
    for site, spur in moved.spurs.items():
        edge = problem.edges[spur[0]]
        pieces = pieces_at(
            moved.with_options(moved.option_site == site),
            int(moved.option_node[moved.option_site == site][0]),
            50.0,
        )
        for output in np.random.default_rng(seed).uniform(0.01, 6, 20):
            wanted = brought(problem.sites[site], edge, float(output))
            assert cost(pieces, output) == pytest.approx(wanted, rel=1e-6)


def brought(site: Site, edge: Edge, output: float) -> float:
    """Return the least cost of an output at the end of a spur, option by option, size by size."""
    found = math.inf
    for option in site.choices:
        most = math.inf if option.capacity_mw is None else option.capacity_mw
        for size in edge.sizes or (None,):
            if size is None:
                entering = (output + edge.loss_mw) / (1 - edge.loss_per_mw)
                capacity = math.inf if edge.capacity_mw is None else edge.capacity_mw
                pipe = edge.cost_eur + edge.cost_per_mw_eur * entering
            else:
                entering, capacity, pipe = (
                    output + size.loss_mw,
                    size.capacity_mw,
                    size.cost_eur,
                )
            if entering <= min(most, capacity) * (1 + 1e-12):
                found = min(found, option.cost_eur + option.cost_per_mw_eur * entering + pipe)
    return found
