"""Derive the plans of a stress test again from problem and decisions, with its own arithmetic."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from siting.errors import Fault, InputError
from siting.plan import Plan
from siting.problem import Edge, Problem, read_problem
from siting.solution import Proof, Status
from siting.solution_file import plan_from_dict
from siting.verify.arithmetic import verify_plan
from siting.verify.ledger import Ledger
from siting.verify.years import (
    check_ratio_proof,
    heat_below,
    read_figures,
    worth,
    years_between,
)

__all__ = ["PLANS", "verify_stress_folder"]

PLANS, FIGURES = "stress-plans.json", "stress.json"
FORMAT = "siting-stress-plans"
SMALL = 1e-6
"""Relative tolerance of power, over the largest peak [-]."""


def verify_stress_folder(folder: Path) -> tuple[list[str], list[str]]:
    """Return what disagrees in a folder that ``siting stress`` wrote, and what was not checked.

    Raises
    ------
    InputError
        One of its files cannot be read.
    """
    told = read_figures(folder / PLANS, "stress")
    if told.get("format") != FORMAT:
        fault = Fault("stress", f"'{folder / PLANS}' holds no plans.", "Write it again.")
        raise InputError(fault)
    problem = read_problem(folder / "problem.json")
    ledger, left = Ledger(), list[str]()
    sums = {}
    for role, design in told["designs"].items():
        books = _Books.of(problem, role, design, folder / PLANS)
        sums[role] = _check_design(books, design, ledger, left)
    _check_figures(told["designs"], sums, read_figures(folder / FIGURES, "stress"), ledger)
    return ledger.found, left


@dataclass(frozen=True)
class _Books:
    """A way to build beside its case and problem."""

    role: str
    problem: Problem
    case: Mapping[str, Any]
    told: Mapping[str, Any]
    plan: Plan
    edges: Mapping[str, Edge]
    places: Mapping[str, Mapping[str, Any]]
    small: float

    @classmethod
    def of(cls, problem: Problem, role: str, design: Mapping[str, Any], path: Path) -> _Books:
        """Return the books of a design as a file tells it."""
        peak = max((zone.peak_mw for zone in problem.zones), default=1.0)
        return cls(
            role,
            problem,
            design["case"],
            design["plan"],
            plan_from_dict(design["plan"]["base"], path),
            {edge.id: edge for edge in problem.edges},
            {each["id"]: each for each in design["case"]["replacements"]},
            SMALL * max(peak, 1e-3),
        )

    @property
    def installed(self) -> dict[str, float]:
        """Output of each open site with its reserve [MW]."""
        reserve = self.told["reserve_mw"]
        return {s.site: s.capacity_mw + reserve.get(s.site, 0.0) for s in self.plan.sites}

    def pipe(self, name: str) -> tuple[float, float]:
        """Return what a built pipe can carry and what it loses when warm [MW]."""
        edge, sizes = self.edges[name], {p.edge: p.size for p in self.plan.pipes}
        sizes |= {p["edge"]: p["size"] for p in self.told["spare"]}
        if edge.sizes:
            step = next(s for s in edge.sizes if s.label == sizes[name])
            return step.capacity_mw, step.loss_mw
        most = math.inf if edge.capacity_mw is None else edge.capacity_mw
        if edge.cost_per_mw_eur > 0:
            usual = {p.edge: p.flow_mw for p in self.plan.pipes}
            most = min(most, usual.get(name, 0.0) + self.told["wider_mw"].get(name, 0.0))
        return most, edge.loss_mw


def _check_design(
    books: _Books, design: Mapping[str, Any], ledger: Ledger, left: list[str]
) -> float:
    """Check one way to build, and return what it costs at once [EUR]."""
    place, told, case = f"{books.role} plan", books.told, books.case
    base = replace(books.plan, proof=_unproven(books.plan))
    for sentence in verify_plan(books.problem, base):
        ledger.say(f"{place}: {sentence}")
    first = _first_cost(books, place, ledger)
    for scenario, state in zip(case["scenarios"], told["states"], strict=True):
        here = f"{place}, '{scenario['id']}'"
        _check_state(books, scenario, state, here, ledger)
    rate, horizon = case["discount_rate"], case["horizon_a"]
    later = [
        s["probability"] * years_between(rate, s["after_a"], horizon) for s in case["scenarios"]
    ]
    usual = _usual_heat(books, years_between(rate, 0, horizon) - math.fsum(later))
    euro = [first]
    heat = []
    for scenario, years, state in zip(case["scenarios"], later, told["states"], strict=True):
        zones = state["zones"].values()
        counts = case["counts"]
        heat.append(years * counts * math.fsum(z["heat_mwh"] for z in zones))
        heat.append(years * (1 - counts) * math.fsum(z["own_heat_mwh"] for z in zones))
        paid = scenario["probability"] * worth(rate, scenario["after_a"])
        euro += [
            paid * books.places[r]["cost_per_mw_eur"] * mw for r, mw in state["bought_mw"].items()
        ]
        euro += [
            years * books.places[r]["cost_per_mwh_eur"] * mwh
            for r, mwh in state["energy_mwh"].items()
        ]
    ledger.agree(place, "discounted money", told["euro"], math.fsum(euro), "EUR")
    if usual is None:
        left.append(f"{place}: how several sites with hazards of their own share the yearly heat")
    else:
        ledger.agree(place, "discounted heat", told["heat_mwh"], usual + math.fsum(heat), "MWh")
    if design["proof"] is not None:
        value = told["heat_mwh"] * 1000 / told["euro"] if told["euro"] > 0 else 0.0
        check_ratio_proof(design["proof"], value, ledger, f"{place}, proof")
    return first


def _unproven(plan: Plan) -> Proof:
    """Return a proof that claims nothing but the value of the plan."""
    return Proof(
        Status.FEASIBLE, "heat_per_euro", plan.heat_per_euro_kwh, None, math.inf, 0.0, 0.0, ""
    )


def _first_cost(books: _Books, place: str, ledger: Ledger) -> float:
    """Return what is invested at once, and check what was prepared [EUR]."""
    told, problem = books.told, books.problem
    options = {(site.id, o.id): o for site in problem.sites for o in site.choices}
    chosen = {s.site: options[s.site, s.option] for s in books.plan.sites}
    parts = [books.plan.capex_eur]
    for spare in told["spare"]:
        edge = books.edges[spare["edge"]]
        cost = next((s.cost_eur for s in edge.sizes if s.label == spare["size"]), edge.cost_eur)
        ledger.agree(f"{place}, spare '{edge.id}'", "cost", spare["cost_eur"], cost, "EUR")
        parts.append(cost)
    parts += [books.edges[e].cost_per_mw_eur * mw for e, mw in told["wider_mw"].items()]
    for site, mw in told["reserve_mw"].items():
        most = chosen[site].capacity_mw
        if mw > 0 and most is not None and books.installed[site] > most * (1 + SMALL) + 1e-9:
            ledger.say(f"{place}: site '{site}' has a reserve that it cannot give.")
        parts.append(chosen[site].cost_per_mw_eur * mw)
    parts += [books.places[r]["cost_per_mw_eur"] * mw for r, mw in told["standby_mw"].items()]
    cost = math.fsum(parts)
    budget = problem.limits.budget_eur
    if budget is not None and cost > budget * (1 + 1e-6):
        ledger.say(f"{place}: costs more than the budget.")
    return cost


def _usual_heat(books: _Books, stays: float) -> float | None:
    """Return the discounted heat of the years without change, None where it is not derived."""
    case, plan = books.case, books.plan
    if not case["hazards"]:
        return stays * plan.heat_mwh
    years = {}
    for site in books.problem.sites:
        kept = (1 - case["hazards"].get(site.id, 0.0)) / (1 + case["discount_rate"])
        years[site.id] = math.fsum(kept**t for t in range(1, case["horizon_a"] + 1))
    most = max(years.values(), default=0.0)
    rates = {each.site: most - years[each.site] for each in plan.sites}
    if len(set(years.values())) == 1 or not plan.sites:
        return most * plan.heat_mwh
    if len(plan.sites) > 1 and len(set(rates.values())) > 1:
        return None
    fed = plan.heat_mwh + plan.loss_mwh
    return most * plan.heat_mwh - next(iter(rates.values())) * fed


def _check_state(
    books: _Books,
    scenario: Mapping[str, Any],
    state: Mapping[str, Any],
    place: str,
    ledger: Ledger,
) -> None:
    """Check what a scenario makes of a plan."""
    small = books.small
    for site, mw in state["output_mw"].items():
        most = books.installed.get(site, 0.0) * scenario["output"].get(site, 1.0)
        if mw > most + small:
            ledger.say(f"{place}: site '{site}' gives more than is left of it.")
    for r, mw in state["used_mw"].items():
        ready, bought = books.told["standby_mw"].get(r, 0.0), state["bought_mw"].get(r, 0.0)
        most = books.places[r]["capacity_mw"]
        if mw > ready + bought + small or (most is not None and ready + bought > most + small):
            ledger.say(f"{place}: replacement '{r}' gives more than there is.")
        if scenario["sudden"] and bought > small:
            ledger.say(f"{place}: replacement '{r}' is bought although there is no time.")
    nothing_lost = min(scenario["output"].values(), default=0.0) >= 1
    if nothing_lost and max(state["used_mw"].values(), default=0.0) > small:
        ledger.say(f"{place}: heat is replaced although none is lost.")
    _check_pipes(books, state, place, ledger)
    _check_zones(books, scenario, state, place, ledger)
    rest, _ = _left_over(books, state, own=False)
    for node, mw in rest.items():
        if abs(mw) > small:
            ledger.say(f"{place}: {mw:,.6f} MW are left over at '{node}'.")
    if state["energy_mwh"]:
        _check_replaced(books, state, place, ledger)


def _check_pipes(books: _Books, state: Mapping[str, Any], place: str, ledger: Ledger) -> None:
    """Check what the pipes carry in a scenario."""
    small = books.small
    shut = set(state["shut"])
    for name, flow in state["flow_mw"].items():
        most, loss = books.pipe(name)
        if name in shut and abs(flow) > small:
            ledger.say(f"{place}: pipe '{name}' is shut and carries heat.")
        if name not in shut and abs(flow) + loss / 2 > most + small:
            ledger.say(f"{place}: pipe '{name}' carries more than it can.")
        if books.edges[name].one_way and flow < -small:
            ledger.say(f"{place}: pipe '{name}' flows against its only direction.")


def _check_zones(
    books: _Books,
    scenario: Mapping[str, Any],
    state: Mapping[str, Any],
    place: str,
    ledger: Ledger,
) -> None:
    """Check what each zone gets, and what it was promised."""
    zones = {zone.id: zone for zone in books.problem.zones}
    usual = {each.zone: each.base_mw for each in books.plan.zones}
    grows = any(factor > 1 for factor in scenario["output"].values())
    promised = books.role in {"prepared", "secured"}
    if set(state["zones"]) != set(usual):
        ledger.say(f"{place}: tells of other zones than are connected.")
        return
    for name, got in state["zones"].items():
        zone, here = zones[name], f"{place}, zone '{name}'"
        own = heat_below(zone, got["served"], got["own_mw"])
        whole = heat_below(zone, got["served"], got["base_mw"])
        ledger.agree(here, "heat", got["heat_mwh"], whole, "MWh/a")
        ledger.agree(here, "heat of data centres", got["own_heat_mwh"], own, "MWh/a")
        if got["served"] > 1 + SMALL:
            ledger.say(f"{here}: more customers are served than there are.")
        if got["base_mw"] > zone.peak_mw * got["served"] + books.small:
            ledger.say(f"{here}: draws more than its customers need.")
        if not grows and got["base_mw"] > usual[name] + books.small:
            ledger.say(f"{here}: draws more than before.")
        least = scenario["kept"] * usual[name] - books.small
        if promised and (got["base_mw"] < least or got["served"] < scenario["kept"] - SMALL):
            ledger.say(f"{here}: does not keep what it was promised.")
    heat = math.fsum(got["heat_mwh"] for got in state["zones"].values())
    least = books.case["least_supply"] * books.plan.heat_mwh
    if promised and heat < least * (1 - SMALL) - 1e-6:
        ledger.say(f"{place}: supplies less than is required.")


def _left_over(
    books: _Books, state: Mapping[str, Any], *, own: bool
) -> tuple[dict[str, float], dict[str, float]]:
    """Return what is left over at each node after its losses, and the losses there [MW]."""
    rest: dict[str, float] = defaultdict(float)
    lost: dict[str, float] = defaultdict(float)
    site_at = {site.id: site.node for site in books.problem.sites}
    for site, mw in state["output_mw"].items():
        rest[site_at[site]] += mw
    if not own:
        for r, mw in state["used_mw"].items():
            rest[books.places[r]["node"]] += mw
    for name, flow in state["own_flow_mw" if own else "flow_mw"].items():
        edge = books.edges[name]
        tail, head = (edge.u, edge.v) if flow >= 0 else (edge.v, edge.u)
        rest[tail] -= abs(flow)
        rest[head] += abs(flow) * (1 - (0.0 if edge.sizes else edge.loss_per_mw))
        if name not in state["shut"]:
            for node in (edge.u, edge.v):
                lost[node] += books.pipe(name)[1] / 2
    for zone in books.problem.zones:
        got = state["zones"].get(zone.id)
        if got is not None:
            rest[zone.node] -= got["own_mw" if own else "base_mw"]
            lost[zone.node] += zone.loss_mw * got["served"]
    for node, mw in lost.items():
        rest[node] -= mw
    return rest, lost


def _check_replaced(books: _Books, state: Mapping[str, Any], place: str, ledger: Ledger) -> None:
    """Check the heat of data centres, and that replacement gives what they do not."""
    rest, lost = _left_over(books, state, own=True)
    for node, mw in rest.items():
        if mw > books.small or -mw > lost[node] + books.small:
            ledger.say(f"{place}: heat of data centres is not balanced at '{node}'.")
    aided = math.fsum(max(-mw, 0.0) for mw in rest.values())
    carried = math.fsum(
        (abs(flow) - abs(state["own_flow_mw"][name])) * books.edges[name].loss_per_mw
        for name, flow in state["flow_mw"].items()
        if not books.edges[name].sizes
    )
    zones = state["zones"].values()
    missing = math.fsum(z["heat_mwh"] - z["own_heat_mwh"] for z in zones)
    whole = max(missing + books.problem.hours_per_a * (aided + carried), 0.0)
    told = math.fsum(state["energy_mwh"].values())
    # Power is balanced to within `small`; over the year that is as many hours of it.
    room = books.problem.hours_per_a * books.small / ledger.tolerance
    ledger.agree(place, "replacement heat", told, whole, "MWh/a", floor=max(room, 1.0))


def _check_figures(
    designs: Mapping[str, Any],
    first: Mapping[str, float],
    figures: Mapping[str, Any],
    ledger: Ledger,
) -> None:
    """Compare ``stress.json`` with the plans."""
    heat = {role: each["plan"]["base"]["heat_mwh"] for role, each in designs.items()}
    ratio = {role: heat[role] * 1000 / cost if cost > 0 else 0.0 for role, cost in first.items()}
    compared = [role for role in ("usual", "prepared", "secured") if role in designs]
    for role, row in zip(compared, figures["designs"], strict=True):
        ledger.agree(FIGURES, f"heat of the {role} plan", row["heat_mwh"], heat[role], "MWh/a")
        ledger.agree(FIGURES, f"cost of the {role} plan", row["capex_eur"], first[role], "EUR")
    value = {
        role: each["plan"]["heat_mwh"] * 1000 / each["plan"]["euro"]
        for role, each in designs.items()
        if each["plan"]["euro"] > 0
    }
    worst = {
        role: min(
            [
                math.fsum(z["heat_mwh"] for z in s["zones"].values())
                for s in designs[role]["plan"]["states"]
            ],
            default=heat[role],
        )
        for role in ("usual", "prepared")
    }
    premium = 1 - ratio["prepared"] / ratio["usual"] if ratio["usual"] else 0.0
    ledger.agree(FIGURES, "premium", figures["premium"], premium)
    avoided = worst["prepared"] - worst["usual"]
    ledger.agree(FIGURES, "avoided_mwh", figures["avoided_mwh"], avoided, "MWh/a")
    gain = value.get("prepared", 0.0) - value.get("usual", 0.0)
    told = figures["value_of_preparing_kwh_per_euro"]
    ledger.agree(FIGURES, "value of preparing", told, gain, "kWh/EUR")
