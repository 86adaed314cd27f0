"""Hold the enumerable toy problem T10 of DOMAIN.md with its published plans and answers."""

from __future__ import annotations

from dataclasses import dataclass

from siting.problem import Edge, Limits, Objective, Problem, Site, Zone

__all__ = ["T10_ANSWERS", "T10_PLANS", "ToyAnswer", "ToyPlan", "t10_problem"]

LENGTHS_KM = {
    ("S1", "J"): 1.0,
    ("S2", "J"): 3.0,
    ("J", "Z1"): 0.5,
    ("J", "Z2"): 1.5,
    ("Z2", "Z3"): 1.0,
}
EUR_PER_KM = 0.8e6
EUR_PER_KM_MW = 0.1e6


@dataclass(frozen=True)
class ToyPlan:
    """A published plan: sites, zones, investment [EUR], heat [MWh/a] and ratio [kWh/(a EUR)]."""

    sites: frozenset[str]
    zones: frozenset[str]
    capex_eur: float
    heat_mwh: float
    heat_per_euro_kwh: float


@dataclass(frozen=True)
class ToyAnswer:
    """A published answer: objective, budget [EUR], best sites and zones, value of the best plan."""

    kind: str
    budget_eur: float | None
    sites: frozenset[str]
    zones: frozenset[str]
    value: float


def _plan(sites: str, zones: str, capex_meur: float, heat_gwh: float, ratio: float) -> ToyPlan:
    return ToyPlan(
        frozenset(sites.split()),
        frozenset(zones.split()),
        capex_meur * 1e6,
        heat_gwh * 1e3,
        ratio,
    )


def _answer(
    kind: str, budget_meur: float | None, sites: str, zones: str, value: float
) -> ToyAnswer:
    budget = None if budget_meur is None else budget_meur * 1e6
    return ToyAnswer(kind, budget, frozenset(sites.split()), frozenset(zones.split()), value)


T10_PLANS: tuple[ToyPlan, ...] = (
    _plan("S1", "Z1", 4.50, 10, 2.2222),
    _plan("S1", "Z2", 5.75, 15, 2.6087),
    _plan("S1", "Z3", 7.20, 20, 2.7778),
    _plan("S2", "Z1 Z2", 12.05, 25, 2.0747),
    _plan("S2", "Z1 Z3", 13.70, 30, 2.1898),
    _plan("S2", "Z2 Z3", 13.95, 35, 2.5090),
    _plan("S2", "Z1 Z2 Z3", 15.05, 45, 2.9900),
    _plan("S1 S2", "Z1 Z2 Z3", 18.05, 45, 2.4931),
)

T10_ANSWERS: tuple[ToyAnswer, ...] = (
    _answer("max_heat", 14.0, "S2", "Z2 Z3", 35_000.0),
    _answer("heat_per_euro", 14.0, "S1", "Z3", 20_000.0 / 7_200.0),
    _answer("heat_per_euro", None, "S2", "Z1 Z2 Z3", 45_000.0 / 15_050.0),
    _answer("max_heat", 6.0, "S1", "Z2", 15_000.0),
    _answer("max_heat", 4.4, "", "", 0.0),
    _answer("heat_per_euro", 4.4, "", "", 0.0),
)


def t10_problem(kind: str = "heat_per_euro", budget_eur: float | None = None) -> Problem:
    """Return the toy problem with an objective and, if given, a budget [EUR]."""
    edges = tuple(
        Edge(
            id=f"{u}-{v}",
            u=u,
            v=v,
            cost_eur=km * EUR_PER_KM,
            cost_per_mw_eur=km * EUR_PER_KM_MW,
            length_m=km * 1000,
        )
        for (u, v), km in LENGTHS_KM.items()
    )
    return Problem(
        name="T10",
        nodes=("S1", "S2", "J", "Z1", "Z2", "Z3"),
        edges=edges,
        sites=(
            Site(id="S1", node="S1", cost_eur=3.0e6, capacity_mw=4.0),
            Site(id="S2", node="S2", cost_eur=6.0e6, capacity_mw=10.0),
        ),
        zones=(
            Zone(id="Z1", node="Z1", heat_mwh=10_000, peak_mw=2.0),
            Zone(id="Z2", node="Z2", heat_mwh=15_000, peak_mw=3.0),
            Zone(id="Z3", node="Z3", heat_mwh=20_000, peak_mw=4.0),
        ),
        objective=Objective(kind=kind),  # type: ignore[arg-type]
        limits=Limits(budget_eur=budget_eur),
    )
