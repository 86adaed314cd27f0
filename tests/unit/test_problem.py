"""The problem file: reading, writing, schema, faults, and the examples on its page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from crosscheck.random_problems import random_problem
from crosscheck.t10 import T10_ANSWERS, ToyAnswer, t10_problem

import siting.model
from siting.errors import InputError
from siting.optimise import solve
from siting.plan import Plan
from siting.problem import (
    Edge,
    Limits,
    PipeSize,
    Problem,
    Site,
    SiteOption,
    Zone,
    check_problem,
    problem_from_dict,
    problem_schema,
    read_problem,
    write_problem,
)
from siting.solution import Status
from siting.verify import verify_plan

PAGE = (Path(siting.model.__file__).with_name("PROBLEM_FILE.md")).read_text(encoding="utf-8")
EXAMPLES = {
    raw["name"]: raw
    for raw in map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL))
}
VALUES = {
    "T10": 45_000 / 15_050,
    "Steiner tree": 6,
    "rooted prize-collecting Steiner tree": 2,
    "unrooted prize-collecting Steiner tree": 5,
    "fixed-charge flow": 22,
    "district": 11_500,
}


def proven(problem: Problem) -> Plan:
    plan = solve(problem, gap=0, time_limit_s=30)
    assert plan.proof.status is Status.OPTIMAL
    assert verify_plan(problem, plan) == []
    return plan


def faults(raw: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        problem_from_dict(raw)
    return str(caught.value)


def small(**changes: Any) -> dict[str, Any]:
    return {
        "nodes": ["a", "b"],
        "edges": [{"id": "e", "u": "a", "v": "b"}],
        "sites": [{"id": "s", "node": "a"}],
        "zones": [{"id": "z", "node": "b", "heat_mwh": 5, "peak_mw": 1}],
        **changes,
    }


# The page ----------------------------------------------------------------------------------------


def test_the_page_has_the_examples() -> None:
    assert set(EXAMPLES) == set(VALUES)


@pytest.mark.parametrize("name", VALUES)
def test_examples_follow_the_schema_and_have_their_values(name: str) -> None:
    jsonschema.validate(EXAMPLES[name], problem_schema())
    plan = proven(problem_from_dict(EXAMPLES[name]))
    assert plan.proof.incumbent == pytest.approx(VALUES[name])


def test_the_complete_example_is_the_toy_problem() -> None:
    assert problem_from_dict(EXAMPLES["T10"]) == t10_problem()


@pytest.mark.parametrize("toy", T10_ANSWERS, ids=lambda toy: f"{toy.kind}-{toy.budget_eur}")
def test_answers_on_the_page(toy: ToyAnswer) -> None:
    problem = problem_from_dict(EXAMPLES["T10"]).with_objective(toy.kind)
    plan = proven(problem.with_limits(budget_eur=toy.budget_eur))
    assert plan.proof.incumbent == pytest.approx(toy.value)
    if plan.is_empty:
        assert "| nothing | 0 | 0 | 0 |" in PAGE
        return
    sites, zones = (", ".join(sorted(each)) for each in (toy.sites, toy.zones))
    budget = "none" if toy.budget_eur is None else f"{toy.budget_eur:,.0f}"
    start = f"| `{toy.kind}` | {budget} | {sites}: {zones} | {plan.capex_eur / 1e6:.2f} M EUR |"
    assert f"{start} {plan.heat_mwh:,.0f} MWh/a | {plan.heat_per_euro_kwh:.4f}" in PAGE


def test_the_page_names_every_key() -> None:
    schema = problem_schema()
    kinds = [schema, *schema["$defs"].values()]
    keys = {key for kind in kinds for key in kind["properties"]}
    assert {key for key in keys if f"`{key}`" not in PAGE} == set()


# Reading and writing -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_a_written_problem_reads_the_same(tmp_path: Path, seed: int) -> None:
    problem, path = random_problem(seed), tmp_path / "problem.json"
    write_problem(problem, path)
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), problem_schema())
    assert read_problem(path) == problem


def test_defaults_are_left_out_and_the_format_is_told(tmp_path: Path) -> None:
    write_problem(t10_problem(), tmp_path / "problem.json")
    raw = json.loads((tmp_path / "problem.json").read_text(encoding="utf-8"))
    assert (raw["format"], raw["version"]) == ("siting-problem", 1)
    assert "limits" not in raw
    assert "one_way" not in raw["edges"][0]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(problem_schema())


@pytest.mark.parametrize(
    "raw",
    [
        small(colour="red"),
        small(edges=[{"id": "e", "u": "a", "v": "b", "cost_eur": -1}]),
        small(edges=[{"id": "e", "u": "a", "v": "b", "loss_per_mw": 1}]),
        small(zones=[{"id": "z", "node": "b"}]),
        small(objective={"kind": "most heat"}),
        small(version=2),
        small(hours_per_a=0),
        small(limits={"max_sites": 1.5}),
    ],
    ids=["key", "negative", "share", "missing", "kind", "version", "hours", "count"],
)
def test_schema_and_reader_refuse_the_same(raw: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, problem_schema())
    with pytest.raises(InputError):
        problem_from_dict(raw)


# Faults ------------------------------------------------------------------------------------------


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read .*nowhere.json"):
        read_problem(tmp_path / "nowhere.json")


def test_a_file_that_is_not_json(tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    path.write_text('{"nodes": [\n"a" "b"]}', encoding="utf-8")
    with pytest.raises(InputError, match="is not JSON: .* in line 2, column 5"):
        read_problem(path)


@pytest.mark.parametrize("text", ["[]", "3", "null", '"nodes"'])
def test_json_that_is_no_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "problem.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        read_problem(path)


def test_a_fault_is_told_with_its_place() -> None:
    edges = [{"id": "e17", "u": "a", "v": "b", "cost_eur": -1}]
    assert "edges[0] 'e17' cost_eur" in faults(small(edges=edges))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_are_finite(bad: float) -> None:
    assert "hours_per_a" in faults(small(hours_per_a=bad))


def test_all_faults_at_once() -> None:
    told = faults(
        small(
            nodes=["a", "b", "b"],
            edges=[{"id": "e", "u": "a", "v": "c"}, {"id": "e", "u": "a", "v": "b"}],
            sites=[{"id": "s", "node": "d", "mandatory": True, "forbidden": True}],
            zones=[{"id": "z", "node": "b", "heat_mwh": 5, "load_curve": [[0, 0], [1, 1]]}],
        )
    )
    for words in (
        "nodes 'b' stand more than once",
        "edges 'e' stand more than once",
        "edge 'e' ends at unknown node 'c'",
        "site 's' is at unknown node 'd'",
        "site 's' is mandatory and forbidden",
        "zone 'z' has a load_curve but no peak_mw",
    ):
        assert words in told


@pytest.mark.parametrize(
    "curve",
    [
        ((0, 0), (0.5, 0.3), (1, 1)),
        ((0, 0.1), (1, 1)),
        ((0, 0), (1, 1.2)),
        ((0, 0), (0, 0.5), (1, 1)),
        ((0, 0), (0.5, 0.8), (1, 0.7)),
        ((0, 0),),
    ],
    ids=["convex", "not from the origin", "more than all", "upright", "falling", "one point"],
)
def test_load_curves_rise_and_bend_down(curve: tuple[tuple[float, float], ...]) -> None:
    zone = Zone("z", "b", heat_mwh=5, peak_mw=1, load_curve=curve)
    with pytest.raises(InputError, match="zone 'z' has a load_curve that is not a concave"):
        check_problem(replace(problem_from_dict(small()), zones=(zone,)))


@pytest.mark.parametrize(
    "sizes",
    [
        (PipeSize("DN2", 2, 2), PipeSize("DN1", 1, 1)),
        (PipeSize("DN1", 1, 2), PipeSize("DN2", 2, 1)),
    ],
    ids=["capacity", "cost"],
)
def test_sizes_rise_in_capacity_and_cost(sizes: tuple[PipeSize, ...]) -> None:
    problem = replace(problem_from_dict(small()), edges=(Edge("e", "a", "b", sizes=sizes),))
    with pytest.raises(InputError, match="edge 'e' lists sizes that do not rise"):
        check_problem(problem)


# The data types ----------------------------------------------------------------------------------


def test_a_simple_site_has_one_option() -> None:
    site = Site("s", "a", cost_eur=1, cost_per_mw_eur=2, cost_per_mwh_eur=3, capacity_mw=4)
    assert site.choices == (SiteOption("connection", 4, 1, 2, 3),)


def test_options_replace_the_flat_figures() -> None:
    options = (SiteOption("direct", 1), SiteOption("heat pump", 2))
    assert Site("s", "a", cost_eur=9, options=options).choices == options


def test_changed_problems_leave_the_first_as_it_was() -> None:
    problem = t10_problem()
    other = problem.with_objective("capex").with_limits(min_zones=2)
    assert (other.objective.kind, other.limits) == ("capex", Limits(min_zones=2))
    assert (problem.objective.kind, problem.limits) == ("heat_per_euro", Limits())


def test_total_heat_leaves_out_forbidden_zones() -> None:
    zones = (Zone("y", "b", 5), Zone("z", "b", 7, forbidden=True))
    assert replace(t10_problem(), zones=zones).total_heat_mwh == 5
