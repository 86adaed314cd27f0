"""Truths about best plans that hold whatever the numbers are."""

from __future__ import annotations

import itertools
import math
import os
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from crosscheck.random_problems import random_problem

from siting.errors import InfeasibleError
from siting.optimise import solve
from siting.plan import Plan
from siting.problem import Edge, Limits, Problem, Site, Zone
from siting.solution import Status

MANY = bool(os.environ.get("SITING_REAL_RUNS"))
SEEDS = range(3_000, 3_240 if MANY else 3_024)
MAXIMISED = {"heat_per_euro", "max_heat", "net_value"}


def best(problem: Problem) -> Plan | None:
    """Return the proven best plan, or None when there is none."""
    try:
        plan = solve(problem, gap=0, time_limit_s=60)
    except InfeasibleError:
        return None
    assert plan.proof.status is Status.OPTIMAL
    return plan


def value(problem: Problem) -> float | None:
    plan = best(problem)
    return None if plan is None else plan.proof.incumbent


def equal(one: float | None, other: float | None, factor: float = 1.0) -> bool:
    """Whether a value is ``factor`` times another, or both are missing."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, factor * other, rel_tol=1e-5, abs_tol=1e-6 * factor)


def no_worse(problem: Problem, new: float | None, old: float | None) -> bool:
    """Whether a value is at least as good as an old one; no plan is the worst of all."""
    if old is None:
        return True
    if new is None:
        return False
    ahead = new - old if problem.objective.kind in MAXIMISED else old - new
    return ahead >= -1e-5 * max(abs(old), 1e-3)


# Units -------------------------------------------------------------------------------------------


def with_money(problem: Problem, factor: float) -> Problem:
    """Return the problem with every price in another currency."""

    def change(item: Any) -> Any:
        fields = {
            name: getattr(item, name) * factor
            for name in type(item).__dataclass_fields__
            if "_eur" in name and isinstance(getattr(item, name), float)
        }
        if isinstance(item, Edge):
            fields["sizes"] = tuple(change(size) for size in item.sizes)
        if isinstance(item, Site):
            fields["options"] = tuple(change(option) for option in item.options)
        return replace(item, **fields)

    budget = problem.limits.budget_eur
    return replace(
        problem,
        edges=tuple(map(change, problem.edges)),
        sites=tuple(map(change, problem.sites)),
        zones=tuple(map(change, problem.zones)),
        objective=change(problem.objective),
        limits=replace(problem.limits, budget_eur=None if budget is None else budget * factor),
    )


def with_power(problem: Problem, factor: float) -> Problem:
    """Return the problem with power in another unit; a year keeps its heat and gets other hours."""

    def change(item: Any) -> Any:
        fields: dict[str, Any] = {}
        for name in type(item).__dataclass_fields__:
            figure = getattr(item, name)
            if not isinstance(figure, float) or name == "loss_per_mw":
                continue
            if name.endswith("per_mw_eur"):
                fields[name] = figure / factor
            elif name.endswith("_mw"):
                fields[name] = figure * factor
        if isinstance(item, Edge):
            fields["sizes"] = tuple(change(size) for size in item.sizes)
        if isinstance(item, Site):
            fields["options"] = tuple(change(option) for option in item.options)
        return replace(item, **fields)

    return replace(
        problem,
        edges=tuple(map(change, problem.edges)),
        sites=tuple(map(change, problem.sites)),
        zones=tuple(map(change, problem.zones)),
        hours_per_a=problem.hours_per_a / factor,
    )


def with_heat(problem: Problem, factor: float) -> Problem:
    """Return the problem with heat in another unit."""
    least = problem.limits.min_heat_mwh

    def zone(each: Zone) -> Zone:
        price = each.value_eur_per_mwh / factor
        return replace(each, heat_mwh=each.heat_mwh * factor, value_eur_per_mwh=price)

    def site(each: Site) -> Site:
        options = tuple(
            replace(option, cost_per_mwh_eur=option.cost_per_mwh_eur / factor)
            for option in each.options
        )
        return replace(each, cost_per_mwh_eur=each.cost_per_mwh_eur / factor, options=options)

    price = problem.objective.heat_price_eur_per_mwh / factor
    return replace(
        problem,
        sites=tuple(map(site, problem.sites)),
        zones=tuple(map(zone, problem.zones)),
        objective=replace(problem.objective, heat_price_eur_per_mwh=price),
        limits=replace(problem.limits, min_heat_mwh=None if least is None else least * factor),
        hours_per_a=problem.hours_per_a * factor,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_units_of_money(seed: int) -> None:
    """In another currency the same plan is the best one."""
    problem, factor = random_problem(seed), 7.46
    scaling = {"heat_per_euro": 1 / factor, "max_heat": 1.0}.get(problem.objective.kind, factor)
    assert equal(value(with_money(problem, factor)), value(problem), scaling)


@pytest.mark.parametrize("seed", SEEDS)
def test_units_of_power(seed: int) -> None:
    """In kW instead of MW the same plan is the best one."""
    problem = random_problem(seed)
    assert equal(value(with_power(problem, 1_000)), value(problem))


@pytest.mark.parametrize("seed", SEEDS)
def test_units_of_heat(seed: int) -> None:
    """In GJ instead of MWh the same plan is the best one."""
    problem, factor = random_problem(seed), 3.6
    scaling = factor if problem.objective.kind in {"heat_per_euro", "max_heat"} else 1.0
    assert equal(value(with_heat(problem, factor)), value(problem), scaling)


# Names and order ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_names_and_order_do_not_matter(seed: int) -> None:
    """Rows are shuffled, edges turned round and everything renamed, with awkward letters."""
    problem, rng = random_problem(seed), np.random.default_rng(seed)
    node = {name: f"{k} -[{name}]" for k, name in enumerate(rng.permutation(problem.nodes))}

    def shuffled(items: Any) -> Any:
        return tuple(items[k] for k in rng.permutation(len(items)))

    def turned(edge: Edge) -> Edge:
        u, v = (edge.u, edge.v) if edge.one_way else (edge.v, edge.u)
        return replace(edge, id=f"é {edge.id}-", u=node[u], v=node[v])

    other = replace(
        problem,
        nodes=shuffled(list(node.values())),
        edges=shuffled([turned(edge) for edge in problem.edges]),
        sites=shuffled([replace(s, id=f"{s.id} /x", node=node[s.node]) for s in problem.sites]),
        zones=shuffled([replace(z, id=f"{z.id}: y", node=node[z.node]) for z in problem.zones]),
    )
    assert equal(value(other), value(problem))


# More and less -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_more_budget_never_hurts(seed: int) -> None:
    problem = random_problem(seed)
    values = [value(problem.with_limits(budget_eur=each)) for each in (2e6, 4e6, 8e6, None)]
    for tight, loose in itertools.pairwise(values):
        assert no_worse(problem, loose, tight)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_more_site_never_hurts(seed: int) -> None:
    problem = random_problem(seed, counts=False)
    more = Site("extra", problem.nodes[-1], cost_eur=4e5, cost_per_mw_eur=1e5, capacity_mw=3.0)
    assert no_worse(problem, value(replace(problem, sites=(*problem.sites, more))), value(problem))


@pytest.mark.parametrize("seed", SEEDS)
def test_one_more_street_never_hurts(seed: int) -> None:
    problem = random_problem(seed)
    more = Edge("extra", problem.nodes[0], problem.nodes[-1], cost_eur=2e5, cost_per_mw_eur=2e4)
    assert no_worse(problem, value(replace(problem, edges=(*problem.edges, more))), value(problem))


@pytest.mark.parametrize("seed", SEEDS)
def test_twice_the_distance_never_helps(seed: int) -> None:
    """All streets twice as long cost and lose twice as much."""
    problem = random_problem(seed)

    def longer(edge: Edge) -> Edge:
        return replace(
            edge,
            cost_eur=2 * edge.cost_eur,
            cost_per_mw_eur=2 * edge.cost_per_mw_eur,
            loss_mw=2 * edge.loss_mw,
            loss_per_mw=1 - (1 - edge.loss_per_mw) ** 2,
            length_m=2 * edge.length_m,
            sizes=tuple(
                replace(size, cost_eur=2 * size.cost_eur, loss_mw=2 * size.loss_mw)
                for size in edge.sizes
            ),
        )

    far = replace(problem, edges=tuple(map(longer, problem.edges)))
    assert no_worse(problem, value(problem), value(far))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_required_heat_never_helps(seed: int) -> None:
    problem = random_problem(seed, kind="heat_per_euro", least_heat=False)
    shares = (0.0, 0.3, 0.6, 0.9)
    wanted = [problem.with_limits(min_heat_mwh=s * problem.total_heat_mwh) for s in shares]
    values = [value(each) for each in wanted]
    for loose, tight in itertools.pairwise(values):
        assert no_worse(problem, loose, tight)


@pytest.mark.parametrize("seed", SEEDS)
def test_dropping_all_limits_never_hurts(seed: int) -> None:
    problem = random_problem(seed)
    assert no_worse(problem, value(replace(problem, limits=Limits())), value(problem))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ratio_beats_every_other_plan(seed: int) -> None:
    """Neither the most heat nor the least capex for some heat has a better ratio."""
    problem = random_problem(seed, kind="heat_per_euro")
    ratio = best(problem)
    for kind in ("max_heat", "capex"):
        other = best(problem.with_objective(kind))
        assert (other is None) == (ratio is None)
        if ratio is not None and other is not None:
            assert other.heat_per_euro_kwh <= ratio.heat_per_euro_kwh * (1 + 1e-5)


# Conservation ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_heat_is_neither_made_nor_lost(seed: int) -> None:
    """At each node at full base load, and over the year in the whole plan."""
    problem = random_problem(seed, losses=True, shared_losses=True)
    plan = best(problem)
    if plan is None:
        return
    node = {each.id: each.node for each in (*problem.sites, *problem.zones)}
    loss = {zone.id: zone.loss_mw for zone in problem.zones}
    left: dict[str, float] = defaultdict(float)
    for site in plan.sites:
        left[node[site.site]] += site.capacity_mw
    for pipe in plan.pipes:
        left[pipe.from_node] -= pipe.flow_mw
        left[pipe.to_node] += pipe.flow_mw - pipe.loss_mw
    for zone in plan.zones:
        left[node[zone.zone]] -= zone.base_mw + loss[zone.zone]
    assert max(map(abs, left.values()), default=0) < 1e-9
    fed = sum(site.heat_mwh for site in plan.sites)
    assert fed == pytest.approx(plan.heat_mwh + plan.loss_mwh, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", [3_000, 3_005, 3_010])
def test_the_same_seed_gives_the_same_plan(seed: int) -> None:
    problem = random_problem(seed)
    first, second = best(problem), best(problem)
    if first is None or second is None:
        assert first is second
        return
    assert (first.sites, first.pipes, first.zones) == (second.sites, second.pipes, second.zones)
