"""Ask what each uncertain figure would change about the money of a plan that stays as it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from siting.appraisal import diameter_order
from siting.assembly.desk import OVERHEAD
from siting.business.case import BusinessCase, business_case
from siting.business.energy import year_ramps
from siting.business.prices import PIPES, construction_cost
from siting.finance.viewpoints import Tariffs
from siting.parameters import Parameters
from siting.plan import Plan
from siting.units import HOURS_PER_A

if TYPE_CHECKING:
    from siting.assembly import Assembly
    from siting.config import StudyConfig

__all__ = ["Outcome", "Swing", "sensitivity_table", "tornado"]

STATED_IN_FINANCE = {
    "heat_price_eur_per_mwh": "heat_price_eur_per_mwh",
    "discount_rate": "discount_rate",
    "lifetime_a": "horizon_a",
}
"""Figures that a study may state under ``[finance]`` in place of the parameter table."""

PLAIN = (
    "heat_price_eur_per_mwh", "discount_rate", "lifetime_a", "electricity_price_eur_per_mwh",
    "gas_price_eur_per_mwh", "waste_heat_price_eur_per_mwh", "fuel_carbon_price_eur_per_t",
    "pumping_share", "pipe_om_share", "pipe_lifetime_a", "heat_pump_lifetime_a",
    "overhead_eur_per_mwh", "contingency_share",
)  # fmt: skip
"""Parameters whose low and high values go through the whole cash flow as they are."""

COST_BANDS = {"low": (286.0, 2022.0), "usual": (450.0, 6400.0), "high": (800.0, 8000.0)}
"""Cost of a trench metre as constant [EUR/m] plus slope [EUR/m per metre of diameter]: low by
Persson and Werner 2011 for inner cities (S81), usual a fit to a survey of German networks (S74),
high a judgement."""

HEAT_PUMP_SIZES_MW = (1, 3, 10, 20)
EFFICIENCY_SIZES_MW = (1, 3, 10)
VOLUNTARY_CONNECTION = 0.6
"""Upper end of the connection rates where nobody must connect, 0.4 to 0.6 (judgement) [-]."""


@dataclass(frozen=True)
class Outcome:
    """What is looked at when a figure changes.

    Net present value of the company [EUR], levelised cost of all heat [EUR/MWh], and heat of a
    full year from data centres per euro of investment [kWh/(a EUR)].
    """

    net_present_value_eur: float
    levelised_cost_eur_per_mwh: float
    heat_per_euro_kwh: float


@dataclass(frozen=True)
class Swing:
    """One figure at its low and high end, all else as in the plan.

    Parameters
    ----------
    name, unit
        The figure, and what it is counted in; a parameter of the table, or ``pipe_cost``,
        ``heat_pump_cost``, ``heat_pump_efficiency`` and ``connection``, which are factors on the
        plan, or ``departure``.
    usual, low, high
        The figure in the plan, and at both ends; None where there is no such end [``unit``].
    source
        Where the ends come from.
    at_low, at_high
        What comes of it.
    """

    name: str
    unit: str
    usual: float
    low: float | None
    high: float | None
    source: str
    at_low: Outcome | None
    at_high: Outcome | None

    def widest_eur(self, base: Outcome) -> float:
        """Return by how much the net present value moves at most [EUR]."""
        ends = [each for each in (self.at_low, self.at_high) if each is not None]
        return max(
            (abs(e.net_present_value_eur - base.net_present_value_eur) for e in ends), default=0.0
        )


Change = Callable[[float], Outcome]


def tornado(
    assembly: Assembly,
    plan: Plan,
    parameters: Parameters,
    config: StudyConfig,
    case: BusinessCase,
) -> tuple[Outcome, tuple[Swing, ...]]:
    """Return the outcome of a plan, and how it moves with each figure, the widest swing first.

    Parameters
    ----------
    assembly, plan, parameters, config
        As for `siting.business.business_case`.
    case
        What that returned.

    Notes
    -----
    The plan stays as it is: same sites, pipes and sizes. Prices, rates, lifetimes and upkeep go
    through the whole cash flow. Investment is scaled by component, with design and contingency.
    Utilisation and connection change the energy of every year as the ramps of ``[finance]`` do; a
    higher utilisation gives nothing where the installed output limits the heat. Sites that state
    a price or utilisation of their own keep it. Figures without effect are left out.
    """
    desk = _Desk(assembly, plan, parameters, config, case)
    base = desk.outcome()
    swings = [*_plain(desk), *_scaled(desk), *_energy(desk), _departure(desk)]
    moved = [each for each in swings if each.widest_eur(base) > 0.5]
    return base, tuple(sorted(moved, key=lambda each: -each.widest_eur(base)))


def sensitivity_table(swings: Iterable[Swing]) -> pd.DataFrame:
    """Return swings as a table, one row for each figure and its outcome at both ends.

    Examples
    --------
    >>> list(sensitivity_table(()).columns)[:4]
    ['figure', 'unit', 'usual', 'low']
    """
    rows = []
    for each in swings:
        row: dict[str, Any] = {
            name: getattr(each, name) for name in ("name", "unit", "usual", "low", "high")
        }
        for end, outcome in (("low", each.at_low), ("high", each.at_high)):
            for name in Outcome.__dataclass_fields__:
                row[f"{name}_at_{end}"] = getattr(outcome, name) if outcome else math.nan
        rows.append({**row, "source": each.source})
    ends = [f"{name}_at_{end}" for end in ("low", "high") for name in Outcome.__dataclass_fields__]
    columns = ["name", "unit", "usual", "low", "high", *ends, "source"]
    return pd.DataFrame(rows, columns=columns).rename(columns={"name": "figure"})


@dataclass(frozen=True)
class _Desk:
    """The plan with all that it is judged by."""

    assembly: Assembly
    plan: Plan
    parameters: Parameters
    config: StudyConfig
    case: BusinessCase

    @property
    def rows(self) -> list[tuple[Any, dict[str, Any]]]:
        """Each open site with the heat figures of its option."""
        known: dict[Any, dict[Any, Any]] = self.assembly.site_heat.to_dict("index")
        return [(site, known[site.site, site.option]) for site in self.plan.sites]

    def outcome(
        self,
        *,
        parameters: Mapping[str, float] | None = None,
        finance: Mapping[str, Any] | None = None,
        costs: Mapping[str, float] | None = None,
        adjust: Callable[[Tariffs], Tariffs] | None = None,
        electricity: float = 1.0,
    ) -> Outcome:
        """Judge the plan with some figures changed.

        ``costs`` are factors on components of the investment, ``electricity`` one on that of heat
        pumps.
        """
        plan = _rescaled(self.plan, costs or {})
        if electricity != 1.0:
            plan = replace(
                plan,
                sites=tuple(
                    replace(each, electricity_mwh=electricity * each.electricity_mwh)
                    for each in plan.sites
                ),
            )
        config = self.config.model_copy(
            update={"finance": self.config.finance.model_copy(update=dict(finance or {}))}
        )
        case = business_case(
            self.assembly, plan, _with_values(self.parameters, parameters or {}), config, adjust
        )
        grown = case.years[-1].waste_heat_mwh if case.years else 0.0
        return Outcome(
            case.company.net_present_value_eur,
            case.company.levelised_cost_eur_per_mwh,
            1000 * grown / plan.capex_eur if plan.capex_eur > 0 else math.inf,
        )


def _with_values(parameters: Parameters, values: Mapping[str, float]) -> Parameters:
    """Return parameters with some figures replaced."""
    if not values:
        return parameters
    return Parameters(
        replace(row, value=values.get(row.name, row.value)) for row in parameters.values()
    )


def _rescaled(plan: Plan, factors: Mapping[str, float]) -> Plan:
    """Return the plan with components of its investment scaled, design and contingency too."""
    if not factors:
        return plan
    old = plan.capex_by_component_eur
    new = {name: cost * factors.get(name, 1.0) for name, cost in old.items()}
    if OVERHEAD in new and OVERHEAD not in factors:
        before = math.fsum(construction_cost(old).values())
        after = math.fsum(construction_cost(new).values())
        new[OVERHEAD] *= after / before if before > 0 else 1.0
    return replace(plan, capex_by_component_eur=new, capex_eur=math.fsum(new.values()))


def _swing(
    name: str, unit: str, ends: tuple[float, float | None, float | None], source: str, at: Change
) -> Swing:
    """Return a figure with what comes of it at both ends."""
    usual, low, high = ends
    outcomes = [None if end is None else at(end) for end in (low, high)]
    return Swing(name, unit, usual, low, high, source, outcomes[0], outcomes[1])


def _plain(desk: _Desk) -> Iterator[Swing]:
    """Yield the figures that go through the cash flow as they are."""
    finance = desk.config.finance
    for name in PLAIN:
        row = desk.parameters[name]
        stated = getattr(finance, STATED_IN_FINANCE.get(name, ""), None)
        usual = row.value if stated is None else float(stated)
        ends = (usual, row.low, row.high)

        def at(value: float, name: str = name) -> Outcome:
            return _at_value(desk, name, value)

        yield _swing(name, row.unit, ends, f"{row.mark}: {row.source}", at)


def _at_value(desk: _Desk, name: str, value: float) -> Outcome:
    """Return the outcome with one figure of the parameter table replaced."""
    if name in STATED_IN_FINANCE:
        stated = int(value) if name == "lifetime_a" else value
        return desk.outcome(finance={STATED_IN_FINANCE[name]: stated})
    if name == "contingency_share":
        design, before = (desk.parameters.value(n) for n in ("design_share", name))
        share = design + before
        factor = (design + value) / share if share > 0 else 1.0
        return desk.outcome(costs={OVERHEAD: factor})
    old = desk.parameters.value(name)

    def adjust(tariffs: Tariffs) -> Tariffs:
        if name == "electricity_price_eur_per_mwh":
            used = [(site.electricity_mwh, row[name]) for site, row in desk.rows]
            price = _mean_price(used, old, value, tariffs.electricity_eur_per_mwh)
            return replace(tariffs, electricity_eur_per_mwh=price)
        if name == "waste_heat_price_eur_per_mwh":
            paid = [
                (site.heat_mwh, row[name], row["source_mw"] / row["output_mw"])
                for site, row in desk.rows
            ]
            fed_in = math.fsum(heat for heat, _, _ in paid)
            cost = math.fsum(h * (value if p == old else p) * share for h, p, share in paid)
            return replace(tariffs, waste_heat_eur_per_mwh=cost / fed_in if fed_in else 0.0)
        return tariffs

    return desk.outcome(parameters={name: value}, adjust=adjust)


def _mean_price(used: list[tuple[float, float]], old: float, new: float, mean: float) -> float:
    """Return the mean price where those that took the default take another one [EUR/MWh]."""
    whole = math.fsum(amount for amount, _ in used)
    if whole <= 0:
        return mean
    return math.fsum(a * (new if price == old else price) for a, price in used) / whole


# Factors on the plan ----------------------------------------------------------------------------


def _scaled(desk: _Desk) -> Iterator[Swing]:
    """Yield the cost of pipes and heat pumps."""
    pipes = [name for name in PIPES if name in desk.plan.capex_by_component_eur]

    def with_pipes(factor: float) -> Outcome:
        return desk.outcome(costs=dict.fromkeys(pipes, factor))

    low, high = (_pipe_factor(desk.plan, end) for end in ("low", "high"))
    source = "S81, S74, J: 286 + 2,022 d, 450 + 6,400 d and 800 + 8,000 d EUR/m, d in metres"
    yield _swing("pipe_cost", "factor", (1.0, low, high), source, with_pipes)

    def with_pumps(factor: float) -> Outcome:
        return desk.outcome(costs={"heat_pump": factor})

    ends = [_pump_factor(desk, end) for end in ("low", "high")]
    source = "S73, J: the band of each size in the parameter table"
    yield _swing("heat_pump_cost", "factor", (1.0, ends[0], ends[1]), source, with_pumps)


def _pipe_factor(plan: Plan, end: str) -> float:
    """Return the cost of the pipes of a plan at one end over the usual, weighted by cost [-]."""
    whole = math.fsum(pipe.cost_eur for pipe in plan.pipes)
    if whole <= 0:
        return 1.0

    def rate(band: str, size: str | None) -> float:
        label = diameter_order(size or "")[0]
        constant, slope = COST_BANDS[band]
        return constant + slope * (label / 1000 if math.isfinite(label) else 0.1)

    return (
        math.fsum(p.cost_eur * rate(end, p.size) / rate("usual", p.size) for p in plan.pipes)
        / whole
    )


def _nearest(size_mw: float, sizes: tuple[int, ...]) -> int:
    """Return the size of the parameter table that is nearest in ratio."""
    return min(sizes, key=lambda each: abs(math.log(max(size_mw, 1e-9) / each)))


def _pump_factor(desk: _Desk, end: str) -> float:
    """Return the cost of the heat pumps at one end over the usual, weighted by their output [-]."""
    total = weight = 0.0
    for site, row in desk.rows:
        pump_mw = site.capacity_mw * row["heat_pump_mw"] / row["output_mw"]
        if pump_mw > 0:
            size = _nearest(pump_mw, HEAT_PUMP_SIZES_MW)
            known = desk.parameters[f"heat_pump_capex_{size}mw_eur_per_kw"]
            total += pump_mw * _over_usual(known, end)
            weight += pump_mw
    return total / weight if weight > 0 else 1.0


def _over_usual(parameter: Any, end: str) -> float:
    """Return the low or high value of a parameter over the value in use [-]."""
    value = getattr(parameter, end)
    return 1.0 if value is None or parameter.value <= 0 else float(value / parameter.value)


# Energy of the years ----------------------------------------------------------------------------


def _energy(desk: _Desk) -> Iterator[Swing]:
    """Yield utilisation of the data centres, connection of consumers, efficiency of heat pumps."""
    row = desk.parameters["utilisation"]

    def given(value: float) -> Outcome:
        return _with_shares(desk, given=_share_given(desk, value))

    yield _swing(
        "utilisation", row.unit, (row.value, row.low, row.high), f"{row.mark}: {row.source}", given
    )

    def connected(value: float) -> Outcome:
        return _with_shares(desk, connected=value)

    source = "J: 0.4 to 0.6 of the consumers where nobody must connect"
    ends = (1.0, VOLUNTARY_CONNECTION, None)
    yield _swing("connection", "-", ends, source, connected)

    def efficient(factor: float) -> Outcome:
        # Upkeep is what is left of the running cost beside electricity, so it has to be held.
        upkeep = desk.case.tariffs.heat_pump_om_eur_per_mwh
        return desk.outcome(
            electricity=1 / factor,
            adjust=lambda tariffs: replace(tariffs, heat_pump_om_eur_per_mwh=upkeep),
        )

    low, high = (_efficiency_factor(desk, end) for end in ("low", "high"))
    source = "S73: the band of each size in the parameter table"
    yield _swing("heat_pump_efficiency", "factor", (1.0, low, high), source, efficient)


def _share_given(desk: _Desk, utilisation: float) -> float:
    """Return what the sites can give at another utilisation over what the plan installs [-]."""
    usual = desk.parameters.value("utilisation")
    installed = possible = 0.0
    for site, row in desk.rows:
        load, energy = row.get("it_load_mw", math.nan), row.get("it_energy_mwh", math.nan)
        by_default = load > 0 and math.isclose(energy, HOURS_PER_A * load * usual, rel_tol=1e-9)
        most_mw = row["output_mw"] * (utilisation / usual if by_default else 1.0)
        installed += site.capacity_mw
        possible += min(site.capacity_mw, most_mw)
    return possible / installed if installed > 0 else 1.0


def _with_shares(desk: _Desk, *, connected: float = 1.0, given: float = 1.0) -> Outcome:
    """Return the outcome with a share of the consumers, and of what the sites give, all along."""
    finance = desk.config.finance
    stated = finance.horizon_a
    horizon = int(desk.parameters.value("lifetime_a")) if stated is None else stated
    ramps = year_ramps(finance, horizon, desk.parameters)
    changed: dict[str, Any] = {
        "connection_ramp": tuple(share * connected for share, _ in ramps),
        "connection_ramp_a": None,
        "utilisation_ramp": tuple(share * given for _, share in ramps),
        "utilisation_ramp_a": None,
    }
    return desk.outcome(finance=changed)


def _efficiency_factor(desk: _Desk, end: str) -> float:
    """Return the efficiency of the heat pumps at one end over the usual, by electricity [-]."""
    cap = desk.parameters.value("cop_cap")
    before = after = 0.0
    for site, row in desk.rows:
        pump_mw = site.capacity_mw * row["heat_pump_mw"] / row["output_mw"]
        if site.electricity_mwh <= 0 or pump_mw <= 0:
            continue
        name = f"lorenz_efficiency_{_nearest(pump_mw, EFFICIENCY_SIZES_MW)}mw"
        factor = _over_usual(desk.parameters[name], end)
        cop = site.heat_mwh * row["heat_pump_mw"] / row["output_mw"] / site.electricity_mwh
        factor = min(factor, max(cap / cop, 1.0)) if factor > 1 else factor
        before += site.electricity_mwh
        after += site.electricity_mwh / factor
    return before / after if after > 0 else 1.0


# Departure --------------------------------------------------------------------------------------


def _departure(desk: _Desk) -> Swing:
    """Return what it costs if all data centres leave early; boilers take over."""
    case, row = desk.case, desk.parameters["departure_year_a"]
    base = desk.outcome()
    gone = replace(base, net_present_value_eur=case.departure_value_eur)
    source = f"{row.mark}: {row.source}"
    stay = float(case.horizon_a)
    return Swing("departure", "a", stay, float(case.departure_year_a), None, source, gone, None)
