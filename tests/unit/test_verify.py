"""The checker accepts a plan worked out by hand, and notices every figure that is changed."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pyogrio
import pytest
import shapely

from siting.appraisal import appraise
from siting.errors import InputError, VerificationError
from siting.outputs.tables import kpi_table
from siting.plan import Plan, PlannedPipe, PlannedSite, PlannedZone
from siting.problem import (
    Edge,
    Limits,
    Objective,
    PipeSize,
    Problem,
    Site,
    SiteOption,
    Zone,
    write_problem,
)
from siting.solution import Improvement, Proof, Status
from siting.solution_file import write_solution
from siting.verify import (
    inspect_folder,
    plan_warnings,
    verify_folder,
    verify_plan,
    verify_solution,
)
from siting.verify import run_folder as run_folder_module
from siting.verify.run_folder import compare_problems

Change = Callable[[Plan], Plan]


def problem() -> Problem:
    """Site s1 at a feeds zone z1 (with a load curve) at c and zone z2 at d, through b."""
    sizes = (
        PipeSize("DN80", 1.5, 6e5, 0.04),
        PipeSize("DN100", 3.0, 8e5, 0.05),
        PipeSize("DN150", 8.0, 11e5, 0.06),
    )
    pump = SiteOption(
        "heat pump",
        6.0,
        cost_eur=1e6,
        cost_per_mw_eur=5e5,
        cost_per_mwh_eur=20.0,
        electricity_mwh_per_mwh=0.25,
        cost_parts={"source_side": 4e5, "heat_pump": 6e5},
        cost_per_mw_parts={"heat_pump": 5e5},
    )
    return Problem(
        nodes=("a", "b", "c", "d"),
        edges=(
            Edge("e1", "a", "b", sizes=sizes, length_m=900.0, cost_shares={"pipes": 1.0}),
            Edge("e2", "c", "b", 3e5, 5e4, 5.0, 0.02, 0.01, length_m=400.0),
            Edge("e3", "b", "d", 2e5, length_m=200.0, one_way=True),
            Edge("e4", "a", "d", 2e5, length_m=300.0, forbidden=True),
        ),
        sites=(
            Site("s1", "a", options=(SiteOption("direct", 1.0, 1e5), pump), group="g"),
            Site("s2", "c", cost_eur=1e6, group="g"),
            Site("s3", "d", forbidden=True),
        ),
        zones=(
            Zone(
                "z1",
                "c",
                heat_mwh=6_000,
                peak_mw=2.0,
                cost_eur=2e5,
                value_eur_per_mwh=10.0,
                load_curve=((0, 0), (0.25, 0.5), (0.5, 0.8), (1, 1)),
                loss_mw=0.01,
                cost_parts={"substations": 2e5},
                mandatory=True,
            ),
            Zone("z2", "d", heat_mwh=3_000, peak_mw=1.0, cost_eur=1e5, value_eur=3e5),
            Zone("z3", "d", heat_mwh=900, peak_mw=0.3, forbidden=True),
        ),
        limits=Limits(budget_eur=9e6, min_heat_mwh=5_000, min_sites=1, max_sites=2, min_zones=2),
    )


# By hand: z1 is granted half its peak, 0.8 of its heat. Behind e2, which loses 0.02 MW and one per
# cent, 1 + 0.01 MW must arrive; e3 loses nothing; e1 loses 0.05 MW.
FLOW_2 = (1.0 + 0.01 + 0.02) / 0.99
FLOW_1 = FLOW_2 + 1.0 + 0.05
LOSS_2 = 0.02 + 0.01 * FLOW_2
LOSS_MWH = 8760 * (0.05 + LOSS_2 + 0.01)
HEAT_MWH = 0.8 * 6_000 + 3_000
COST_SITE = 1e6 + 5e5 * FLOW_1
COST_2 = 3e5 + 5e4 * FLOW_2
CAPEX = COST_SITE + 8e5 + COST_2 + 2e5 + 2e5 + 1e5
RATIO = HEAT_MWH * 1000 / CAPEX


def plan() -> Plan:
    source = HEAT_MWH + LOSS_MWH
    return Plan(
        sites=(PlannedSite("s1", "heat pump", FLOW_1, source, 0.25 * source, COST_SITE),),
        pipes=(
            PlannedPipe("e1", "a", "b", "DN100", 900.0, FLOW_1, 3.0, 0.05, 8e5),
            PlannedPipe("e2", "b", "c", None, 400.0, FLOW_2, 5.0, LOSS_2, COST_2),
            PlannedPipe("e3", "b", "d", None, 200.0, 1.0, None, 0.0, 2e5),
        ),
        zones=(
            PlannedZone("z1", 1.0, 4_800.0, 6_000.0, 2.0, 2e5),
            PlannedZone("z2", 1.0, 3_000.0, 3_000.0, 1.0, 1e5),
        ),
        heat_mwh=HEAT_MWH,
        loss_mwh=LOSS_MWH,
        capex_eur=CAPEX,
        capex_by_component_eur={
            "source_side": 4e5,
            "heat_pump": 6e5 + 5e5 * FLOW_1,
            "substations": 2e5,
            "connections": 1e5,
            "pipes": 8e5 + COST_2 + 2e5,
        },
        heat_per_euro_kwh=RATIO,
        proof=Proof(
            status=Status.OPTIMAL,
            objective="heat_per_euro",
            incumbent=RATIO,
            bound=RATIO * 1.005,
            gap=0.005,
            gap_wanted=0.01,
            seconds=3.0,
            solver="by hand",
            price_mwh_per_eur=RATIO / 1000,
            trail=(Improvement(1.0, RATIO * 0.9, None), Improvement(2.0, RATIO, RATIO * 1.005)),
        ),
    )


def change(kind: str, position: int, **fields: Any) -> Change:
    """Return a change of one planned site, pipe or zone."""

    def apply(plan: Plan) -> Plan:
        items = list(getattr(plan, kind))
        items[position] = replace(items[position], **fields)
        return replace(plan, **{kind: tuple(items)})

    return apply


def whole(**fields: Any) -> Change:
    return lambda plan: replace(plan, **fields)


def proof(**fields: Any) -> Change:
    return lambda plan: replace(plan, proof=replace(plan.proof, **fields))


def drop(kind: str, position: int) -> Change:
    def apply(plan: Plan) -> Plan:
        items = list(getattr(plan, kind))
        del items[position]
        return replace(plan, **{kind: tuple(items)})

    return apply


def twice(kind: str) -> Change:
    return lambda plan: replace(plan, **{kind: (*getattr(plan, kind), getattr(plan, kind)[0])})


def more(kind: str, item: Any) -> Change:
    return lambda plan: replace(plan, **{kind: (*getattr(plan, kind), item)})


def component(name: str, cost: float) -> Change:
    def apply(plan: Plan) -> Plan:
        return replace(plan, capex_by_component_eur={**plan.capex_by_component_eur, name: cost})

    return apply


def test_correct_plan_is_accepted() -> None:
    assert verify_plan(problem(), plan()) == []
    assert plan_warnings(problem(), plan()) == []


TAMPERINGS: dict[str, tuple[Change, str]] = {
    # sites
    "site unknown": (change("sites", 0, site="s9"), "site 's9'"),
    "site twice": (twice("sites"), "'s1': stands in the plan more than once"),
    "site forbidden": (
        more("sites", PlannedSite("s3", "connection", 0.0, 0.0, 0.0, 0.0)),
        "'s3': is open, but forbidden",
    ),
    "group": (more("sites", PlannedSite("s2", "connection", 0.0, 0.0, 0.0, 1e6)), "group 'g'"),
    "option unknown": (change("sites", 0, option="magic"), "option 'magic'"),
    "option other": (change("sites", 0, option="direct"), "at most 1 MW"),
    "site output": (change("sites", 0, capacity_mw=FLOW_1 + 0.01), "node 'a'"),
    "site output small": (change("sites", 0, capacity_mw=FLOW_1 + 1e-5), "node 'a'"),
    "site output nan": (change("sites", 0, capacity_mw=math.nan), "not a number"),
    "site heat": (change("sites", 0, heat_mwh=9_000.0), "heat_mwh fed in"),
    "site heat above output": (change("sites", 0, heat_mwh=20_000.0), "at most 18,3"),
    "site electricity": (change("sites", 0, electricity_mwh=1.0), "electricity_mwh"),
    "site cost": (change("sites", 0, cost_eur=COST_SITE - 100), "cost_eur"),
    "site missing": (drop("sites", 0), "no open site feeds"),
    # pipes
    "pipe unknown": (change("pipes", 0, edge="e9"), "pipe 'e9'"),
    "pipe twice": (twice("pipes"), "'e1': stands in the plan more than once"),
    "pipe forbidden": (
        more("pipes", PlannedPipe("e4", "a", "d", None, 300.0, 0.0, None, 0.0, 2e5)),
        "'e4': is built, but forbidden",
    ),
    "pipe missing": (drop("pipes", 1), "zone 'z1': no open site feeds"),
    "pipe backwards": (
        change("pipes", 0, from_node="b", to_node="a"),
        "pipe 'e1': no open site feeds its start 'b'",
    ),
    "pipe one way": (
        change("pipes", 2, from_node="d", to_node="b"),
        "'e3': runs from 'd' to 'b'",
    ),
    "pipe not adjacent": (change("pipes", 1, to_node="d"), "'e2': runs from 'b' to 'd'"),
    "pipe size unknown": (change("pipes", 0, size="DN999"), "size 'DN999'"),
    "pipe size missing": (change("pipes", 0, size=None), "size none"),
    "pipe size too small": (
        change("pipes", 0, size="DN80", capacity_mw=1.5, loss_mw=0.04, cost_eur=6e5),
        "at most 1.5 MW",
    ),
    "pipe size on linear": (change("pipes", 1, size="DN100"), "no list of sizes"),
    "pipe flow": (change("pipes", 1, flow_mw=FLOW_2 + 0.1), "node 'b'"),
    "pipe flow negative": (change("pipes", 2, flow_mw=-1.0), "at least 0 MW"),
    "pipe capacity": (change("pipes", 0, capacity_mw=4.0), "'e1': capacity_mw"),
    "pipe capacity unlimited": (change("pipes", 1, capacity_mw=None), "'e2': capacity_mw"),
    "pipe length": (change("pipes", 0, length_m=800.0), "'e1': length_m"),
    "pipe loss": (change("pipes", 1, loss_mw=0.03), "'e2': loss_mw"),
    "pipe cost": (change("pipes", 1, cost_eur=COST_2 * 0.99), "'e2': cost_eur"),
    # zones
    "zone unknown": (change("zones", 0, zone="z9"), "zone 'z9'"),
    "zone twice": (twice("zones"), "'z1': stands in the plan more than once"),
    "zone forbidden": (
        more("zones", PlannedZone("z3", 0.3, 900.0, 900.0, 0.3, 0.0)),
        "'z3': is connected, but forbidden",
    ),
    "zone mandatory missing": (drop("zones", 0), "'z1': is mandatory"),
    "zone base": (change("zones", 0, base_mw=1.1), "node 'c'"),
    "zone base above peak": (change("zones", 0, base_mw=2.5), "at most 2 MW"),
    "zone base part of all": (change("zones", 1, base_mw=0.5), "'z2': base_mw"),
    "zone heat": (change("zones", 0, heat_mwh=4_900.0), "'z1': heat_mwh"),
    "zone demand": (change("zones", 0, demand_mwh=6_100.0), "demand_mwh"),
    "zone peak": (change("zones", 0, peak_mw=2.1), "peak_mw"),
    "zone cost": (change("zones", 1, cost_eur=0.0), "'z2': cost_eur"),
    # the whole plan
    "heat": (whole(heat_mwh=HEAT_MWH + 1), "plan: heat_mwh"),
    "loss": (whole(loss_mwh=LOSS_MWH * 0.5), "plan: loss_mwh"),
    "capex": (whole(capex_eur=CAPEX - 1_000), "plan: capex_eur"),
    "ratio": (whole(heat_per_euro_kwh=RATIO * 1.001), "plan: heat_per_euro_kwh"),
    "ratio nan": (whole(heat_per_euro_kwh=math.nan), "plan: heat_per_euro_kwh"),
    "component": (component("substations", 1e5), "'substations'"),
    "component made up": (component("gifts", 1e5), "'gifts'"),
    "components swapped": (
        lambda plan: component("source_side", 6e5)(
            component("heat_pump", 4e5 + 5e5 * FLOW_1)(plan)
        ),
        "'source_side'",
    ),
    # the proof
    "objective": (proof(objective="max_heat"), "proof: objective"),
    "incumbent": (proof(incumbent=RATIO * 1.002), "proof: incumbent"),
    "incumbent missing": (proof(incumbent=None), "proof: incumbent"),
    "bound too low": (proof(bound=RATIO * 0.99, gap=0.01), "is better"),
    "bound missing": (proof(bound=None), "proof: gap"),
    "gap": (proof(gap=0.001), "proof: gap"),
    "gap too wide": (proof(bound=RATIO * 1.02, gap=0.02), "was wanted"),
    "status too modest": (proof(status=Status.FEASIBLE), "within the"),
    "status interrupted": (proof(status=Status.INTERRUPTED), "within the"),
    "status infeasible": (proof(status=Status.INFEASIBLE), "but there is a plan"),
    "price": (proof(price_mwh_per_eur=-1.0), "price_mwh_per_eur"),
    "seconds": (proof(seconds=-1.0), "proof: seconds"),
    "trail backwards": (
        proof(trail=(Improvement(2.0, 1.0, None), Improvement(1.0, 1.0, None))),
        "forward in time",
    ),
    "trail beyond bound": (proof(trail=(Improvement(1.0, 99.0, None),)), "trail holds a plan"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_named(name: str) -> None:
    tamper, words = TAMPERINGS[name]
    found = verify_plan(problem(), tamper(plan()))
    assert any(words in each for each in found), found


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"budget_eur": CAPEX - 100}, "the budget"),
        ({"min_heat_mwh": HEAT_MWH + 1}, "plan: heat_mwh"),
        ({"min_sites": 2}, "at least 2 are needed"),
        ({"max_sites": 0}, "at most 0 are allowed"),
        ({"min_zones": 3}, "at least 3 are needed"),
    ],
)
def test_limits(limits: dict[str, Any], words: str) -> None:
    found = verify_plan(problem().with_limits(**limits), plan())
    assert len(found) == 1
    assert words in found[0]


def test_mandatory_site() -> None:
    task = problem()
    task = replace(task, sites=(*task.sites, Site("s4", "d", mandatory=True)))
    assert verify_plan(task, plan()) == ["site 's4': is mandatory, but not open."]


def test_sentence_names_element_and_both_figures() -> None:
    found = verify_plan(problem(), change("pipes", 0, cost_eur=7e5)(plan()))
    assert found == ["pipe 'e1': cost_eur is 700,000 EUR in the plan; derived: 800,000 EUR."]


def test_wasteful_size_is_a_warning() -> None:
    """A consistent plan with a size larger than needed agrees, and is pointed out."""
    size = {"size": "DN150", "capacity_mw": 8.0, "loss_mw": 0.06, "cost_eur": 11e5}
    words = plan_warnings(problem(), change("pipes", 0, **size)(plan()))
    assert len(words) == 1
    assert "'DN100' would do" in words[0]


def test_idle_site_is_a_warning() -> None:
    """A site that costs nothing and gives nothing changes no figure, but counts as chosen."""
    task = replace(problem(), sites=(*problem().sites, Site("s4", "d")))
    idle = more("sites", PlannedSite("s4", "connection", 0.0, 0.0, 0.0, 0.0))(plan())
    assert verify_plan(task, idle) == []
    assert plan_warnings(task, idle) == ["site 's4': is open, but feeds in nothing."]


def valued(kind: str, value: float, **fields: Any) -> Plan:
    facts = {"objective": kind, "incumbent": value, "bound": value, "gap": 0.0, "trail": ()}
    return proof(**{**facts, **fields})(plan())


@pytest.mark.parametrize("kind", ["max_heat", "capex", "net_value"])
def test_other_objectives(kind: str) -> None:
    objective = Objective(kind, heat_price_eur_per_mwh=60.0, capital_factor=0.08)  # type: ignore[arg-type]
    task = replace(problem(), objective=objective)
    worth = 4_800 * (60 + 10) + 3_000 * 60 + 3e5
    net = worth - 0.08 * CAPEX - 20 * (HEAT_MWH + LOSS_MWH)
    value = {"max_heat": HEAT_MWH, "capex": CAPEX, "net_value": net}[kind]
    assert verify_plan(task, valued(kind, value)) == []
    assert verify_plan(task, valued(kind, value * 1.01))
    worse = value * (1.1 if kind == "capex" else 0.9)  # the bound on the wrong side
    assert any("is better" in each for each in verify_plan(task, valued(kind, value, bound=worse)))


def test_loop_that_no_site_feeds() -> None:
    """Three pipes in a ring balance at every node, yet no heat ever gets in."""
    ring = (("r", "x", "y"), ("s", "y", "z"), ("t", "z", "x"))
    task = problem()
    task = replace(
        task,
        nodes=(*task.nodes, "x", "y", "z"),
        edges=(*task.edges, *(Edge(name, u, v) for name, u, v in ring)),
    )
    pipes = tuple(PlannedPipe(name, u, v, None, 0.0, 1.0, None, 0.0, 0.0) for name, u, v in ring)
    found = verify_plan(task, replace(plan(), pipes=(*plan().pipes, *pipes)))
    assert [each.split(":")[0] for each in found] == ["pipe 'r'", "pipe 's'", "pipe 't'"]


EMPTY = Plan(
    (), (), (), 0.0, 0.0, 0.0, {}, 0.0,
    Proof(Status.OPTIMAL, "heat_per_euro", 0.0, 0.0, 0.0, 0.01, 1.0, "by hand"),
)  # fmt: skip


def test_empty_plan() -> None:
    task = replace(problem(), zones=problem().zones[1:], limits=Limits())
    assert verify_plan(task, EMPTY) == []
    assert verify_plan(problem(), EMPTY)  # z1 is mandatory


def test_empty_plan_of_an_infeasible_problem() -> None:
    nothing = proof(status=Status.INFEASIBLE, incumbent=None, bound=None, gap=math.inf)(EMPTY)
    assert verify_plan(problem(), nothing) == []


def test_heat_without_investment() -> None:
    task = Problem(
        nodes=("a",), edges=(), sites=(Site("s", "a"),), zones=(Zone("z", "a", 100.0, 1.0),)
    )
    free = Plan(
        (PlannedSite("s", "connection", 1.0, 100.0, 0.0, 0.0),),
        (),
        (PlannedZone("z", 1.0, 100.0, 100.0, 1.0, 0.0),),
        100.0,
        0.0,
        0.0,
        {},
        math.inf,
        Proof(Status.OPTIMAL, "heat_per_euro", math.inf, math.inf, 0.0, 0.01, 1.0, "by hand"),
    )
    assert verify_plan(task, free) == []


def test_20_000_pipes_take_seconds() -> None:
    """A chain of 20,000 pipes, one zone at each node."""
    count = 20_000
    task = Problem(
        nodes=tuple(f"n{i}" for i in range(count + 1)),
        edges=tuple(Edge(f"e{i}", f"n{i}", f"n{i + 1}", 1e4) for i in range(count)),
        sites=(Site("s", "n0", cost_eur=1e6),),
        zones=tuple(Zone(f"z{i}", f"n{i + 1}", 10.0, 0.001) for i in range(count)),
    )
    flows = [0.001 * (count - i) for i in range(count)]
    capex = 1e6 + 1e4 * count
    heat = 10.0 * count
    ratio = heat * 1000 / capex
    long = Plan(
        (PlannedSite("s", "connection", 0.001 * count, heat, 0.0, 1e6),),
        tuple(
            PlannedPipe(f"e{i}", f"n{i}", f"n{i + 1}", None, 0.0, flow, None, 0.0, 1e4)
            for i, flow in enumerate(flows)
        ),
        tuple(PlannedZone(f"z{i}", 0.001, 10.0, 10.0, 0.001, 0.0) for i in range(count)),
        heat,
        0.0,
        capex,
        {"sites": 1e6, "pipes": 1e4 * count},
        ratio,
        Proof(Status.OPTIMAL, "heat_per_euro", ratio, ratio, 0.0, 0.01, 1.0, "by hand"),
    )
    start = time.perf_counter()
    assert verify_plan(task, long) == []
    assert time.perf_counter() - start < 10


# Run folders ------------------------------------------------------------------------------------

LINES = {
    "e1": [(0, 0), (900, 0)],
    "e2": [(900, 0), (900, 400)],
    "e3": [(900, 0), (1100, 0)],
}
SITE_IDS = {"s1": "S-1", "s2": "S-2", "s3": "S-3"}
ZONE_IDS = {"z1": "Z-1", "z2": "Z-2", "z3": "Z-3"}


def frame(rows: list[dict[str, Any]], geometry: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry=geometry, crs="EPSG:3879")


def layers() -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of the plan, with figures written out by hand where they are short."""
    pipes = [
        {
            "pipe_id": pipe.edge,
            "from_node": pipe.from_node,
            "to_node": pipe.to_node,
            "nominal_diameter": pipe.size or "",
            "length_m": pipe.length_m,
            "flow_mw": pipe.flow_mw,
            "capacity_mw": math.nan if pipe.capacity_mw is None else pipe.capacity_mw,
            "utilisation": pipe.flow_mw / pipe.capacity_mw if pipe.capacity_mw else math.nan,
            "heat_loss_kw": pipe.loss_mw * 1000,
            "cost_eur": pipe.cost_eur,
        }
        for pipe in plan().pipes
    ]
    (site,) = plan().sites
    off = {"chosen": False, "option": "", "capacity_mw": 0.0, "max_capacity_mw": math.nan}
    off |= {"heat_mwh": 0.0, "electricity_mwh": 0.0, "cop": math.nan, "cost_eur": 0.0}
    on = {"chosen": True, "option": "heat pump", "capacity_mw": FLOW_1, "max_capacity_mw": 6.0}
    on |= {"heat_mwh": site.heat_mwh, "electricity_mwh": site.electricity_mwh, "cop": 4.0}
    on |= {"cost_eur": COST_SITE}
    sites = [{"site_id": "S-1", **on}, {"site_id": "S-2", **off}, {"site_id": "S-3", **off}]
    columns = ["zone_id", "served", "annual_demand_mwh", "peak_demand_kw", "base_mw", "heat_mwh"]
    columns += ["waste_heat_share", "cost_eur", "standing_base_mwh", "displaced_base_mwh"]
    table: list[tuple[Any, ...]] = [
        ("Z-1", True, 6_000.0, 2_000.0, 1.0, 4_800.0, 0.8, 2e5, 0.0, 0.0),
        ("Z-2", True, 3_000.0, 1_000.0, 1.0, 3_000.0, 1.0, 1e5, 0.0, 0.0),
        ("Z-3", False, 900.0, 300.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ]
    zones = [dict(zip(columns, row, strict=True)) for row in table]
    return {
        "pipes": frame(pipes, [shapely.LineString(LINES[row["pipe_id"]]) for row in pipes]),
        "sites": frame(sites[:1], [shapely.Point(0, 0)]),
        "zones": frame(zones[:2], [shapely.Point(i, 9) for i in range(2)]),
        "candidate_sites": frame(sites, [shapely.Point(i, 0) for i in range(3)]),
        "demand_zones": frame(zones, [shapely.Point(i, 9) for i in range(3)]),
    }


def write_layers(folder: Path, tables: dict[str, gpd.GeoDataFrame]) -> None:
    path = folder / "plan.gpkg"
    path.unlink(missing_ok=True)
    for name, table in tables.items():
        table.to_file(path, layer=name, driver="GPKG")


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run folder of the plan, with one input file beside it."""
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "zones.csv").write_text("id\nZ-1\n", encoding="utf-8")
    digest = hashlib.sha256((tmp_path / "zones.csv").read_bytes()).hexdigest()
    manifest = {
        "inputs": {str(tmp_path / "zones.csv"): digest},
        "site_ids": SITE_IDS,
        "zone_ids": ZONE_IDS,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    write_problem(problem(), folder / "problem.json")
    write_solution(plan(), folder / "solution.json")
    kpis = appraise(problem(), plan()).kpis()
    (folder / "kpis.json").write_text(json.dumps(kpis), encoding="utf-8")
    write_layers(folder, layers())
    pyogrio.write_dataframe(
        kpi_table(kpis), folder / "plan.gpkg", layer="kpis", driver="GPKG", append=True
    )
    return folder


def rewrite(path: Path, tamper: Callable[[dict[str, Any]], None]) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))
    tamper(raw)
    path.write_text(json.dumps(raw), encoding="utf-8")


def test_correct_run_folder_is_accepted(run_folder: Path) -> None:
    report = verify_folder(run_folder)
    assert report.disagreements == ()
    assert len(report.agreed) == 4  # solution, inputs, kpis, tables
    assert any("study file is not named" in each for each in report.not_checked)
    assert any("bound itself" in each for each in report.not_checked)
    assert "agrees: kpis.json" in str(report)
    assert verify_folder(run_folder / "plan.gpkg") == report
    assert verify_solution(run_folder / "solution.json", run_folder / "problem.json") == []


def set_cell(layer: str, row: int, column: str, value: Any) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        tables = layers()
        tables[layer].loc[row, column] = value
        write_layers(folder, tables)

    return apply


def set_kpi_row(folder: Path) -> None:
    table = kpi_table(appraise(problem(), plan()).kpis())
    table.loc[table["kpi"] == "heat_per_euro_kwh", "value"] = 9.9
    pyogrio.write_dataframe(table, folder / "plan.gpkg", layer="kpis", driver="GPKG")


def set_line(folder: Path) -> None:
    tables = layers()
    tables["pipes"].loc[0, "geometry"] = shapely.LineString([(0, 0), (890, 0)])
    write_layers(folder, tables)


def drop_row(folder: Path) -> None:
    tables = layers()
    tables["pipes"] = tables["pipes"].iloc[:2]
    write_layers(folder, tables)


def set_json(file: str, *keys: str, value: Any) -> Callable[[Path], None]:
    def tamper(raw: dict[str, Any]) -> None:
        inner: Any = raw
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value

    return lambda folder: rewrite(folder / file, tamper)


def spoil_input(folder: Path) -> None:
    (folder.parent / "zones.csv").write_text("id\nZ-2\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (set_cell("pipes", 0, "flow_mw", 1.0), "pipes 'e1': flow_mw"),
        (set_cell("pipes", 0, "nominal_diameter", "DN150"), "nominal_diameter"),
        (set_cell("pipes", 1, "heat_loss_kw", 0.0), "pipes 'e2': heat_loss_kw"),
        (set_cell("pipes", 1, "cost_eur", 1.0), "sum of cost_eur"),
        (set_cell("pipes", 2, "length_m", 210.0), "pipes 'e3': length_m"),
        (set_cell("pipes", 2, "pipe_id", "e9"), "pipes 'e9': stands there"),
        (set_line, "its line is"),
        (set_kpi_row, "plan.gpkg kpis: heat_per_euro_kwh"),
        (drop_row, "pipes 'e3': is missing"),
        (set_cell("zones", 0, "heat_mwh", 6_000.0), "zones 'Z-1': heat_mwh"),
        (set_cell("demand_zones", 2, "served", True), "demand_zones 'Z-3': served"),
        (set_cell("candidate_sites", 0, "chosen", False), "candidate_sites 'S-1': chosen"),
        (set_cell("zones", 1, "zone_id", "Z-3"), "zones 'Z-3': stands there, but the plan"),
        (set_cell("sites", 0, "site_id", "S-2"), "sites 'S-1': is missing"),
        (set_cell("zones", 0, "waste_heat_share", 0.9), "waste_heat_share"),
        (set_cell("sites", 0, "capacity_mw", 5.0), "sites 'S-1': capacity_mw"),
        (set_cell("sites", 0, "option", "direct"), "sites 'S-1': option"),
        (set_json("kpis.json", "heat_per_euro_kwh", value=9.9), "kpis.json: heat_per_euro_kwh"),
        (set_json("kpis.json", "demand_share", value=0.99), "kpis.json: demand_share"),
        (set_json("kpis.json", "proof", "gap", value=0.0), "kpis.json: proof.gap"),
        (set_json("kpis.json", "capex_by_component_eur", "gifts", value=1.0), "gifts"),
        (set_json("kpis.json", "homes_equivalent", value=10**6), "homes_equivalent"),
        (set_json("solution.json", "heat_mwh", value=9e9), "plan: heat_mwh"),
        (set_json("problem.json", "limits", "budget_eur", value=1e6), "the budget"),
        (spoil_input, "has changed since the run"),
    ],
)
def test_tampered_run_folder_fails_loudly(
    run_folder: Path, tamper: Callable[[Path], None], words: str
) -> None:
    tamper(run_folder)
    with pytest.raises(VerificationError, match=words):
        verify_folder(run_folder)


def test_changed_output_files_are_noticed(run_folder: Path) -> None:
    (run_folder / "map.html").write_text("<p>45 GWh</p>", encoding="utf-8")
    digest = hashlib.sha256((run_folder / "map.html").read_bytes()).hexdigest()
    outputs = {"outputs": {"map.html": digest, "plan.gpkg": "touched by a GIS program"}}
    rewrite(run_folder / "manifest.json", lambda raw: raw.update(outputs))
    assert "map.html: unchanged since the run" in verify_folder(run_folder).agreed
    (run_folder / "map.html").write_text("<p>99 GWh</p>", encoding="utf-8")
    with pytest.raises(VerificationError, match=r"map\.html: has changed"):
        verify_folder(run_folder)


def test_missing_files_are_not_counted_as_agreed(run_folder: Path) -> None:
    for name in ("kpis.json", "plan.gpkg", "manifest.json"):
        (run_folder / name).unlink()
    (run_folder.parent / "zones.csv").unlink()
    report = verify_folder(run_folder)
    assert len(report.agreed) == 1
    for name in ("kpis.json", "plan.gpkg", "manifest.json"):
        assert any(name in each for each in report.not_checked)


def test_lost_input_is_not_checked(run_folder: Path) -> None:
    (run_folder.parent / "zones.csv").unlink()
    report = verify_folder(run_folder)
    assert any("no longer there" in each for each in report.not_checked)
    assert not any(each.startswith("inputs") for each in report.agreed)


def test_folder_without_a_plan(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"problem\.json"):
        verify_folder(tmp_path)


def test_problem_is_assembled_again_from_the_study(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run_folder.parent / "study.toml").write_text("", encoding="utf-8")
    settings = {"limits": {"budget_eur": 9e6}}
    study = {"study_file": "../study.toml", "settings": settings}
    rewrite(run_folder / "manifest.json", lambda raw: raw.update(study))
    again = problem()

    def assemble(_: Path, given: dict[str, Any]) -> tuple[SimpleNamespace, list[str]]:
        assert given == settings
        found = SimpleNamespace(problem=again, site_ids=SITE_IDS, zone_ids=ZONE_IDS)
        return found, ["limits"]

    monkeypatch.setattr(run_folder_module, "_assemble_again", assemble)
    report = inspect_folder(run_folder)
    assert report.disagreements == ()
    assert any(each.startswith("problem.json") for each in report.agreed)
    assert any(each.startswith("[limits]: the run had") for each in report.warnings)
    again = replace(again, hours_per_a=8000.0)
    with pytest.raises(VerificationError, match="hours_per_a"):
        verify_folder(run_folder)
    again = problem().with_limits(budget_eur=8e6)
    with pytest.raises(VerificationError, match="limits"):
        verify_folder(run_folder)


def test_problems_are_compared_element_by_element() -> None:
    old = problem()
    edges = list(old.edges)
    edges[1] = replace(edges[1], cost_eur=3.1e5)
    new = replace(old, edges=tuple(edges[:3]), zones=tuple(reversed(old.zones)))
    found = compare_problems(old, new)
    assert len(found) == 2
    assert "edges 'e2' cost_eur is 300000.0" in found[0]
    assert "edges 'e4': is in problem.json only" in found[1]
