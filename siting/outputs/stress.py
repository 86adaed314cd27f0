"""Tell what happens when sources leave: tables, figures, a page, and the stranded pipes."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
from markupsafe import Markup

from siting.appraisal import proof_words
from siting.outputs.assets import template
from siting.outputs.frames import PlanFrames, plan_frames
from siting.outputs.plot import Drawing, plot_plan
from siting.outputs.year_map import write_departure_map
from siting.problem import write_problem
from siting.solution_file import plan_as_dict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from siting.study.stress import Design, Stress

__all__ = [
    "plot_stranded",
    "scenario_table",
    "stranded_frame",
    "stress_figures",
    "stress_page",
    "stress_plans",
    "stress_table",
    "stress_words",
    "write_stress_folder",
]

MEUR, GWH, KM = 1e6, 1e3, 1e3
STRANDED, STANDS = "#b3541e", "#16324f"


def designs_of(stress: Stress) -> list[Design]:
    """Return the ways to build that are compared."""
    secured = [] if stress.secured is None else [stress.secured]
    return [stress.usual, stress.prepared, *secured]


def stress_table(stress: Stress) -> pd.DataFrame:
    """Return one row for each way to build; units are in the names."""
    rows = []
    for each in designs_of(stress):
        plan = each.plan
        is_usual = each is stress.usual
        kept = stress.unsecured if is_usual else each if each is stress.secured else None
        rows.append(
            {
                "design": each.name,
                "sites": len(plan.plan.sites),
                "zones": len(plan.plan.zones),
                "heat_mwh": plan.plan.heat_mwh,
                "capex_eur": each.first_cost_eur,
                "heat_per_euro_kwh": each.heat_per_euro_kwh,
                "expected_kwh_per_euro": math.nan if each is stress.secured else plan.value,
                "worst_supply_share": math.nan
                if each is stress.secured
                else min([1.0, *each.supply_shares.values()]),
                "kept_if_any_source_is_lost": math.nan if kept is None else kept.least_kept,
                "reserve_mw": math.fsum(plan.reserve_mw.values()),
                "standby_mw": math.fsum(plan.standby_mw.values()),
                "spare_pipes_m": _spare_m(each),
                "proof": "found by the run, answered to best"
                if is_usual
                else proof_words(plan.proof),
            }
        )
    return pd.DataFrame(rows).set_index("design")


def _spare_m(design: Design) -> float:
    lengths = {edge.id: edge.length_m for edge in design.case.problem.edges}
    return math.fsum(lengths[each.edge] for each in design.plan.spare)


def scenario_table(stress: Stress) -> pd.DataFrame:
    """Return one row for each scenario and way to build; units are in the names."""
    rows = []
    for each in (stress.bare, stress.usual, stress.prepared):
        for scenario, state in zip(each.case.scenarios, each.plan.states, strict=True):
            rows.append(
                {
                    "scenario": scenario.id,
                    "design": each.name,
                    "probability": scenario.probability,
                    "after_a": scenario.after_a,
                    "heat_mwh": state.heat_mwh,
                    "data_centre_heat_mwh": state.own_heat_mwh,
                    "replacement_mwh": math.fsum(state.energy_mwh.values()),
                    "replacement_mw": math.fsum(state.used_mw.values()),
                    "supply_share": each.supply_shares[scenario.id],
                    "stranded_m": each.stranded_m(scenario.id),
                }
            )
    return pd.DataFrame(rows)


def stress_figures(stress: Stress) -> dict[str, Any]:
    """Return the figures as ``stress.json`` holds them."""
    stays, leaves, replaced = stress.departure_values_eur()
    return {
        "format": "siting-stress",
        "version": 1,
        "premium": stress.premium,
        "avoided_mwh": stress.avoided_mwh,
        "value_of_preparing_kwh_per_euro": stress.value_of_preparing,
        "net_present_value_eur": {
            "all_stay": stays,
            "all_leave": leaves,
            "all_leave_and_are_replaced": replaced,
        },
        "expected_kwh_per_euro_with_hazards": {
            "usual_plan": stress.hazarded.plan.value,
            "hedged_plan": None if stress.hedged is None else stress.hedged.plan.value,
        },
        "life_cycle_kwh_per_euro": {
            "all_leave": stress.left.plan.value,
            "all_leave_and_are_replaced": stress.replaced.plan.value,
        },
        "designs": _records(stress_table(stress).reset_index()),
        "scenarios": _records(scenario_table(stress)),
        "proofs": {
            each.name: {
                "status": each.plan.proof.status.value,
                "incumbent": each.plan.proof.incumbent,
                "bound": each.plan.proof.bound,
                "gap": each.plan.proof.gap if math.isfinite(each.plan.proof.gap) else None,
            }
            for each in (*designs_of(stress), *([stress.hedged] if stress.hedged else []))
            if each is not stress.usual
        },
        "remarks": list(stress.remarks),
    }


def stress_plans(stress: Stress) -> dict[str, Any]:
    """Return cases, plans and sums, as ``stress-plans.json`` holds them for `siting verify`.

    Ids are those of ``problem.json`` beside it, in which service lines are part of their zones.
    """
    roles = {
        "usual": stress.usual,
        "prepared": stress.prepared,
        "unsecured": stress.unsecured,
        "secured": stress.secured,
        "bare": stress.bare,
        "hazarded": stress.hazarded,
        "hedged": stress.hedged,
        "left": stress.left,
        "replaced": stress.replaced,
    }
    searched = {"prepared", "secured", "hedged"}
    return {
        "format": "siting-stress-plans",
        "version": 1,
        "designs": {
            role: _told(design, is_proven=role in searched)
            for role, design in roles.items()
            if design is not None
        },
    }


def _told(design: Design, *, is_proven: bool) -> dict[str, Any]:
    """Return a way to build with its case; its proof where it was searched for that case."""
    case, plan, proof = design.case, design.plan, design.plan.proof
    names = ("horizon_a", "discount_rate", "counts", "least_supply")
    return {
        "case": {
            **{name: getattr(case, name) for name in names},
            "hazards": dict(case.hazards),
            "scenarios": [asdict(each) for each in case.scenarios],
            "replacements": [asdict(each) for each in case.replacements],
        },
        "plan": {
            "base": plan_as_dict(plan.plan),
            "spare": [asdict(each) for each in plan.spare],
            "wider_mw": dict(plan.wider_mw),
            "reserve_mw": dict(plan.reserve_mw),
            "standby_mw": dict(plan.standby_mw),
            "states": [asdict(each) | {"shut": sorted(each.shut)} for each in plan.states],
            "heat_mwh": plan.heat_mwh,
            "euro": plan.euro,
        },
        "proof": {
            "status": proof.status.value,
            "incumbent": proof.incumbent,
            "bound": proof.bound,
            "gap": proof.gap if math.isfinite(proof.gap) else None,
            "gap_wanted": proof.gap_wanted,
        }
        if is_proven
        else None,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            str(key): None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in row.items()
        }
        for row in frame.to_dict("records")
    ]


def stress_words(stress: Stress) -> list[str]:
    """Return the answer in sentences."""
    usual, prepared = stress.usual, stress.prepared
    words = []
    for scenario in usual.case.scenarios:
        state = usual.plan.state(scenario.id)
        replaced = math.fsum(state.energy_mwh.values())
        lost = stress.bare.stranded_m(scenario.id) / KM
        words.append(
            f"{scenario.id} (probability {scenario.probability:.0%}, after {scenario.after_a:g}"
            f" years): the usual plan still delivers {_percent(usual.supply_shares[scenario.id])}"
            f" of its heat, {state.own_heat_mwh / GWH:,.1f} GWh/a of it from data centres and"
            f" {replaced / GWH:,.1f} GWh/a bought as replacement;"
            f" {lost:,.2f} km of pipe are stranded if nothing is bought."
        )
    if stress.premium > 5e-5:
        words.append(
            f"Preparing costs {stress.premium:.1%} of the heat per euro as long as nothing changes,"
            f" and saves {stress.avoided_mwh / GWH:,.2f} GWh/a in the worst scenario."
        )
    elif stress.premium < -5e-5:
        words.append(
            f"Preparing costs nothing here: the prepared plan has {-stress.premium:.1%} more heat"
            " per euro even if nothing changes; the search for it went on where that for the usual"
            f" plan had ended, {proof_words(stress.run.plan.proof)}."
        )
    else:
        words.append("Preparing costs nothing here: the usual plan is the best answer as well.")
    words.append(
        f"Expected over all scenarios, the prepared plan yields {prepared.plan.value:,.2f} kWh per"
        f" discounted euro against {usual.plan.value:,.2f} of the usual plan;"
        f" {proof_words(prepared.plan.proof)}."
    )
    words += _hazard_words(stress)
    words += _secured_words(stress)
    stays, leaves, replaced_eur = stress.departure_values_eur()
    words.append(
        f"Net present value of the company: {stays / MEUR:,.2f} M EUR if all sources stay,"
        f" {leaves / MEUR:,.2f} if all leave and peak boilers take over,"
        f" {replaced_eur / MEUR:,.2f} if replacement heat keeps the network alive."
    )
    return words + list(stress.remarks)


def _hazard_words(stress: Stress) -> list[str]:
    """Return what hazards inside the objective mean for the usual and the best plan then."""
    usual, hedged = stress.hazarded, stress.hedged
    opened = {each.site for each in usual.plan.plan.sites}
    rates = sorted({usual.case.hazards[site] for site in opened})
    told = " and ".join(f"{rate:.1%}" for rate in rates)
    words = (
        f"If its sources may leave in any year with a probability of {told}, the usual plan yields"
        f" {usual.plan.value:,.2f} kWh of expected discounted heat per euro."
    )
    if hedged is None:
        return [f"{words} All sites have the same hazard, so it is still the best plan found."]
    best = f"With the hazards inside the objective the best plan yields {hedged.plan.value:,.2f}"
    return [f"{words} {best}; {proof_words(hedged.plan.proof)}."]


def _secured_words(stress: Stress) -> list[str]:
    secured = stress.secured
    if secured is None:
        return []
    usual = stress.usual.heat_per_euro_kwh
    cost = 1 - secured.heat_per_euro_kwh / usual if usual else 0.0
    words = (
        f"If any one source is lost at once, the worst-off zone of the usual plan keeps"
        f" {_percent(stress.unsecured.least_kept)} of its supply from the network. A plan in which"
        f" every zone keeps all of it costs {cost:.1%} of the heat per euro"
        f" ({_ready_words(secured)}); {proof_words(secured.plan.proof)}."
    )
    return [words]


def _ready_words(design: Design) -> str:
    plan = design.plan
    parts = [
        f"{math.fsum(plan.reserve_mw.values()):,.2f} MW of reserve at sites",
        f"{math.fsum(plan.standby_mw.values()):,.2f} MW of plants that stand by",
        f"{_spare_m(design) / KM:,.2f} km of spare pipe",
    ]
    return ", ".join(parts)


def _percent(share: float) -> str:
    return f"{share:.0%}"


# Maps -------------------------------------------------------------------------------------------


def frames_of(stress: Stress, design: Design) -> PlanFrames:
    """Return the layers of what a design has in use now."""
    checked = stress.checked
    return plan_frames(checked.region, checked.network, checked.assembly, stress.full_plan(design))


def stranded_frame(stress: Stress, design: Design) -> gpd.GeoDataFrame:
    """Return the pipes of a design, with the scenarios in which each carries nothing.

    ``flow_<scenario>_mw`` is what it carries then; service lines follow their zone.
    """
    pipes = frames_of(stress, design).pipes.copy()
    idle = {s.scenario: s.idle for s in design.plan.states}
    stranded = [
        "; ".join(name for name, edges in idle.items() if pipe in edges)
        for pipe in pipes["pipe_id"]
    ]
    pipes["stranded_in"] = stranded
    for state in design.plan.states:
        column = f"flow {state.scenario} mw".replace(" ", "_")
        flows = [abs(state.flow_mw[p]) if p in state.flow_mw else None for p in pipes["pipe_id"]]
        pipes[column] = pd.array(flows, dtype="Float64")
    return pipes


def plot_stranded(stress: Stress, design: Design, scenario: str, *, ax: Axes | None = None) -> Axes:
    """Draw a design with the pipes that a scenario strands, and return the axes.

    Parameters
    ----------
    stress, design
        What was found, and the way to build that is shown.
    scenario
        Its id.
    ax
        Where to draw; a new figure if not given.
    """
    ax = plot_plan(frames_of(stress, design), ax=ax, title=f"{design.name}: {scenario}")
    pipes = stranded_frame(stress, design)
    hit = pipes[[scenario in each.split("; ") for each in pipes["stranded_in"]]]
    if len(hit):
        hit.plot(ax=ax, color=STRANDED, linewidth=3.2, zorder=18)
    length = design.stranded_m(scenario) / KM
    ax.text(
        0.02, 0.98, f"stranded: {length:,.2f} km", transform=ax.transAxes, va="top", fontsize=9,
        color=STRANDED, fontweight="bold",
    )  # fmt: skip
    return ax


def _picture(stress: Stress, design: Design, scenario: str) -> Markup:
    """Return a drawing as an image inside the page."""
    figure = Drawing(figsize=(7.6, 5.4), layout="constrained")
    plot_stranded(stress, design, scenario, ax=figure.add_subplot())
    held = BytesIO()
    figure.savefig(held, format="png", dpi=100)
    data = b64encode(held.getvalue()).decode("ascii")
    return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(
        f"{design.name}: {scenario}", data
    )


# The page ---------------------------------------------------------------------------------------


def stress_page(stress: Stress) -> str:
    """Return the page that tells all of it, as one file that opens offline."""
    pictures = [
        _picture(stress, stress.bare, each.id)
        for each in stress.bare.case.scenarios
        if min(each.output.values(), default=1.0) < 1
    ]
    return template("stress.html").render(
        title=stress.config.study.name,
        words=stress_words(stress),
        designs=_cells(_design_cells(stress)),
        scenarios=_cells(_scenario_cells(stress)),
        pictures=pictures,
        assumptions=assumptions(stress),
    )


def _design_cells(stress: Stress) -> pd.DataFrame:
    table = stress_table(stress).reset_index()
    return pd.DataFrame(
        {
            "way to build": table["design"],
            "heat GWh/a": table["heat_mwh"].map(lambda x: f"{x / GWH:,.2f}"),
            "invested M EUR": table["capex_eur"].map(lambda x: f"{x / MEUR:,.2f}"),
            "kWh/a per EUR": table["heat_per_euro_kwh"].map(lambda x: f"{x:,.3f}"),
            "expected kWh per EUR": table["expected_kwh_per_euro"].map(_number),
            "worst supply": table["worst_supply_share"].map(_share),
            "kept if any one source is lost": table["kept_if_any_source_is_lost"].map(_share),
            "proof": table["proof"],
        }
    )


def _scenario_cells(stress: Stress) -> pd.DataFrame:
    table = scenario_table(stress)
    return pd.DataFrame(
        {
            "scenario": table["scenario"],
            "way to build": table["design"],
            "probability": table["probability"].map(lambda x: f"{x:.0%}"),
            "heat GWh/a": table["heat_mwh"].map(lambda x: f"{x / GWH:,.2f}"),
            "of it data centres": table["data_centre_heat_mwh"].map(lambda x: f"{x / GWH:,.2f}"),
            "replacement MW": table["replacement_mw"].map(lambda x: f"{x:,.2f}"),
            "supply": table["supply_share"].map(_share),
            "stranded km": table["stranded_m"].map(lambda x: f"{x / KM:,.2f}"),
        }
    )


def _number(value: float) -> str:
    return f"{value:,.2f}" if math.isfinite(value) else "–"


def _share(value: float) -> str:
    return f"{value:.0%}" if math.isfinite(value) else "–"


def _cells(frame: pd.DataFrame) -> dict[str, Any]:
    return {"head": list(frame.columns), "rows": frame.to_numpy().tolist()}


USED = (
    "departure_hazard", "departure_year_a", "refresh_year_a", "refresh_shrunk_output",
    "refresh_grown_output", "probability_shrinks", "probability_grows",
    "replacement_capex_eur_per_kw", "replacement_cop", "electricity_price_eur_per_mwh",
    "discount_rate", "lifetime_a",
)  # fmt: skip


def assumptions(stress: Stress) -> list[tuple[str, str, str, str]]:
    """Return the figures that the answer rests on: what, value with unit, mark and source."""
    table = stress.checked.parameters
    return [
        (
            table[name].description,
            f"{table[name].value:g} {table[name].unit}".replace(" -", ""),
            "study" if table[name].overridden else table[name].mark,
            table[name].source,
        )
        for name in USED
    ]


def write_stress_folder(stress: Stress, folder: Path) -> dict[str, Path]:
    """Write page, figures and layers into a folder, and return what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    page, figures, layers = (
        folder / "stress.html",
        folder / "stress.json",
        folder / "stress.gpkg",
    )
    page.write_text(stress_page(stress), encoding="utf-8")
    figures.write_text(json.dumps(stress_figures(stress), indent=2), encoding="utf-8")
    problem, plans = folder / "problem.json", folder / "stress-plans.json"
    write_problem(stress.reduced.problem, problem)
    plans.write_text(json.dumps(stress_plans(stress), indent=1), encoding="utf-8")
    for design, name in ((stress.bare, "usual_pipes"), (stress.prepared, "prepared_pipes")):
        frame = stranded_frame(stress, design)
        if len(frame):
            frame.to_file(layers, layer=name, driver="GPKG")
    written = {"page": page, "figures": figures, "layers": layers}
    written |= {"problem": problem, "plans": plans}
    written["map"] = write_departure_map(stress, folder / "map.html")
    return {name: path for name, path in written.items() if path.exists()}
