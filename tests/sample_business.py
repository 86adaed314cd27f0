"""A small plan with prices, for tests of money and CO2."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pandas as pd

from siting.business import BusinessCase, business_case
from siting.config import StudyConfig, config_from_dict
from siting.countries import parameter_presets
from siting.parameters import Parameters, load_parameters
from siting.plan import Plan, price_solution
from siting.problem import Edge, PipeSize, Problem, Site, SiteOption, Zone
from siting.solution import OpenSite, PipeFlow, Proof, ServedZone, Solution, Status

LAYERS = {name: {"path": f"{name}.gpkg"} for name in ("sites", "zones", "streets")}
POWER, UPKEEP, SOURCE = 80.0, 1.9, 3.0
PROOF = Proof(Status.FEASIBLE, "heat_per_euro", None, None, float("inf"), 0.01, 0.0, "none")


@dataclass(frozen=True)
class Sample:
    """A plan with what its business case is made of."""

    assembly: Any
    plan: Plan
    parameters: Parameters
    config: StudyConfig

    @property
    def case(self) -> BusinessCase:
        """Its business case."""
        return business_case(self.assembly, self.plan, self.parameters, self.config)


def problem() -> Problem:
    """A heat pump at a feeds zone z1 with a load curve at c and z2 at d, through b."""
    size = PipeSize("DN100", 3.0, 8e5, 0.05)
    running = 0.25 * POWER + UPKEEP + SOURCE * 0.75
    pump = SiteOption(
        "heat pump",
        4.0,
        cost_eur=6e5,
        cost_per_mw_eur=5e5,
        cost_per_mwh_eur=running,
        electricity_mwh_per_mwh=0.25,
        cost_parts={"source_side": 4e5, "design_and_contingency": 2e5},
        cost_per_mw_parts={"heat_pump": 4e5, "design_and_contingency": 1e5},
    )
    curve = ((0.0, 0.0), (0.2, 0.6), (0.5, 0.9), (1.0, 1.0))
    parts = {"substations": 1e5, "peak_boilers": 6e4, "design_and_contingency": 4e4}
    return Problem(
        nodes=("a", "b", "c", "d"),
        edges=(
            Edge("e1", "a", "b", sizes=(size,), length_m=900.0,
                 cost_shares={"pipes": 0.8, "design_and_contingency": 0.2}),
            Edge("e2", "b", "c", sizes=(size,), length_m=400.0, cost_shares={"pipes": 1.0}),
            Edge("e3", "b", "d", sizes=(size,), length_m=200.0, cost_shares={"pipes": 1.0}),
        ),
        sites=(Site("s1", "a", options=(pump,)),),
        zones=(
            Zone("z1", "c", 6_000.0, 2.0, 2e5, load_curve=curve, cost_parts=parts),
            Zone("z2", "d", 2_000.0, 0.5, 1e5, cost_parts={"substations": 1e5}),
        ),
    )  # fmt: skip


def solution() -> Solution:
    """1 MW for z1 (5,400 MWh/a), 0.5 MW for z2 (all of it), 0.15 MW of losses."""
    return Solution(
        (OpenSite("s1", "heat pump", 1.65),),
        (
            PipeFlow("e1", "a", "b", 1.65, "DN100"),
            PipeFlow("e2", "b", "c", 1.05, "DN100"),
            PipeFlow("e3", "b", "d", 0.55, "DN100"),
        ),
        (ServedZone("z1", 1.0, 5_400.0), ServedZone("z2", 0.5, 2_000.0)),
    )


def sample(
    *,
    country: str | None = None,
    parameters: dict[str, float] | None = None,
    network: dict[str, Any] | None = None,
    booster_mwh_per_mwh: float = 0.0,
    **finance: Any,
) -> Sample:
    """Return the sample, judged with some parameters and some keys of ``[finance]``.

    Zone z2 may have boosters.
    """
    table = load_parameters(parameters, parameter_presets(country))
    spent = booster_mwh_per_mwh * table.value("electricity_price_eur_per_mwh")
    found = problem()
    z1, z2 = found.zones
    found = replace(found, zones=(z1, replace(z2, value_eur_per_mwh=-spent)))
    boosted = {"booster_electricity_mwh_per_mwh": [0.0, booster_mwh_per_mwh]}
    heat = {
        "electricity_price_eur_per_mwh": POWER,
        "waste_heat_price_eur_per_mwh": SOURCE,
        "source_mw": 3.0,
        "output_mw": 4.0,
        "heat_pump_mw": 4.0,
    }
    keys = pd.MultiIndex.from_tuples([("s1", "heat pump")], names=["site", "option"])
    raw = {
        "layers": LAYERS,
        "finance": finance,
        "parameters": parameters or {},
        "study": {"country": country} if country else {},
        "network": network or {},
    }
    assembly = SimpleNamespace(
        problem=found,
        site_heat=pd.DataFrame([heat], index=keys),
        zone_heat=pd.DataFrame(boosted, index=["z1", "z2"]),
    )
    return Sample(
        assembly,
        price_solution(found, solution(), PROOF),
        table,
        config_from_dict(raw),
    )
