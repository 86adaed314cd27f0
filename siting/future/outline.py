"""Write a case without pipes in its scenarios: what bounds this program bounds the case.

In the full program each scenario has flows of its own in every pipe. Here a scenario knows only
totals: what sources and replacement give, and what zones have for it (`pools`); and which sites
pipes join (`bonds`). Every plan of the full program is one of this program that costs no more, so
what bounds it bounds the case. It is hardly larger than the base model, so that the search of the
base model can prove it. FUTURE.md, *The outline*, has the proofs.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulp

from siting.future.bonds import Bonds, decide_joined, lost_site, write_bonds
from siting.future.departures import Written, euro_terms, heat_terms_of_all
from siting.future.design import Design, write_design
from siting.future.evaluate import state_weights
from siting.future.pools import Pool, Totals, write_all, write_pool
from siting.future.states import (
    State,
    constraint_state_energy,
    constraint_state_output,
    constraint_state_replacement,
)
from siting.future.types import Departures
from siting.model.constraints import Terms, linear
from siting.model.objectives import heat_terms
from siting.solvers.compiled import compile_model

__all__ = ["Outline", "write_outline"]

ALL, REST = 0, 1
"""Places of totals among variables by zone or node: of a pool or of all zones, and of the rest."""


@dataclass(frozen=True)
class Outline:
    """The outline of a case, or of a part of it: its program, and which sites are joined."""

    written: Written
    bonds: Bonds | None


def write_outline(
    case: Departures, whole: Departures | None = None, *, joined: bool | None = None
) -> Outline:
    """Write the outline of a case.

    Parameters
    ----------
    case
        What can be built and what may happen.
    whole
        The case of which this is a part, if it is one.
    joined
        Only plans in which pipes join some sites, or none; all of them if absent.
    """
    whole = whole or case
    design = write_design(case, laid=False)
    model = design.model.program
    told = _states(case)
    bonds = _bonds(model, design, told, whole)
    if bonds is not None and joined is not None:
        decide_joined(model, bonds, some=joined)
    if told and any(not _only_keeps(s) for s in told):
        totals = write_all(model, design)
        pools = _pools(model, design, bonds, totals, told)
        for s in told:
            if not _only_keeps(s):
                _write_state(model, design, s, totals, pools.get(_changing_site(s) or ""))
                constraint_outline_supply(model, design, s)
    for s in told:
        if _only_keeps(s):
            _write_kept(model, design, s)
    money = euro_terms(design, told)
    if bonds is not None:
        money += bonds.cost_terms(whole.problem.edges, design.data.scale.cost_eur)
    heat = heat_terms_of_all(design, told)
    compiled = compile_model(model, [x for x, _ in (*money, *heat)])
    written = Written(
        case,
        design,
        told,
        compiled,
        compiled.vector(linear(heat)) * design.heat_mwh,
        compiled.vector(linear(money)) * design.data.scale.cost_eur,
    )
    return Outline(written, bonds)


def _states(case: Departures) -> tuple[State, ...]:
    _, later = state_weights(case)
    can_buy = bool(case.replacements) and (
        case.counts < 1 or any(each.cost_per_mwh_eur > 0 for each in case.replacements)
    )
    return tuple(
        State(w, scenario, years > 0, can_buy and not scenario.gains)
        for w, (scenario, years) in enumerate(zip(case.scenarios, later, strict=True))
    )


def _only_keeps(s: State) -> bool:
    """Whether a scenario only asks that all zones stay supplied, and counts for nothing else."""
    return s.scenario.kept >= 1 and not s.weighed


def _changing_site(s: State) -> str | None:
    """Return the site of a scenario that changes, where it is the only one."""
    changed = [site for site, factor in s.scenario.output.items() if factor != 1]
    return changed[0] if len(changed) == 1 and not _only_keeps(s) else None


def _bonds(
    model: pulp.LpProblem, design: Design, told: tuple[State, ...], whole: Departures
) -> Bonds | None:
    """Write which sites are joined, where a scenario asks for it."""
    lost = {
        site: s.scenario.output[site]
        for s in told
        if (site := lost_site(s.scenario, weighed=s.weighed)) is not None
    }
    changing = {site for s in told if (site := _changing_site(s)) is not None}
    return write_bonds(model, design, whole, lost, changing) if lost or changing else None


def _pools(
    model: pulp.LpProblem,
    design: Design,
    bonds: Bonds | None,
    totals: Totals,
    told: tuple[State, ...],
) -> dict[str, Pool]:
    """Write the pool of each site that changes alone; one that is not there has none."""
    changing = {_changing_site(s) for s in told}
    return {
        site.id: write_pool(model, design, bonds, totals, k)
        for k, site in enumerate(design.data.problem.sites)
        if bonds is not None and site.id in changing and not site.forbidden
    }


# Scenarios --------------------------------------------------------------------------------------


def _variable_supply(model: pulp.LpProblem, design: Design, s: State) -> None:
    """Add what sources give, and what replacement gives and is bought."""
    w = f"w{s.position}"
    for k in range(len(design.data.options)):
        s.output[k] = model.add_variable(f"{w}_output_o{k}", 0)
    for r in design.replacements:
        s.used[r] = model.add_variable(f"{w}_used_r{r}", 0, 0 if s.scenario.gains else None)
        if not (s.scenario.sudden or s.scenario.gains):
            s.bought[r] = model.add_variable(f"{w}_bought_r{r}", 0)
        if s.is_split:
            s.energy[r] = model.add_variable(f"{w}_energy_r{r}", 0)


def _write_kept(model: pulp.LpProblem, design: Design, s: State) -> None:
    """Add a scenario that only asks that all zones stay supplied."""
    _variable_supply(model, design, s)
    constraint_state_output(model, design, s)
    constraint_state_replacement(model, design, s)
    constraint_outline_keeps(model, design, s)


def _write_state(
    model: pulp.LpProblem, design: Design, s: State, totals: Totals, pool: Pool | None
) -> None:
    """Add a scenario by totals.

    Where one site gives less, only its pool is touched. Where it gives more, the rest may use its
    reserve. Where several change, all zones are one.
    """
    if pool is None and _changing_site(s) is not None and not s.scenario.grows:
        s.usual = [(totals.heat, 1.0)]  # the site is not there to change
        return
    _variable_supply(model, design, s)
    constraint_state_output(model, design, s)
    constraint_state_replacement(model, design, s)
    if pool is None:
        _write_side(model, s, Side(ALL, totals, list(s.output.values())))
    else:
        inside = [s.output[k] for k in pool.options]
        inside += [*pool.feeds.values(), *pool.holds.values()]
        _write_side(model, s, Side(ALL, pool.inside, inside))
        if s.scenario.grows:
            other = [x for k, x in s.output.items() if k not in pool.options]
            _write_side(model, s, Side(REST, pool.outside, other))
        else:
            s.usual = [(pool.outside.heat, 1.0)]
    if s.is_split:
        constraint_state_energy(model, design, s)


@dataclass(frozen=True)
class Side:
    """Zones that share what some sources give in a scenario.

    ``now`` is what they have now, and the sum of ``given`` what the sources give.
    """

    place: int
    now: Totals
    given: list[pulp.LpVariable]


def _write_side(model: pulp.LpProblem, s: State, side: Side) -> None:
    """Add what some zones have in a scenario."""
    w, p = f"w{s.position}", side.place
    s.base[p] = model.add_variable(f"{w}_power_{p}", 0)
    s.heat[p] = model.add_variable(f"{w}_heat_{p}", 0)
    shed = model.add_variable(f"{w}_shed_{p}", 0)
    if s.is_split:
        s.own_base[p] = model.add_variable(f"{w}_own_power_{p}", 0)
        s.own_heat[p] = model.add_variable(f"{w}_own_heat_{p}", 0)
        s.aided[p] = model.add_variable(f"{w}_aided_{p}", 0)
    constraint_outline_balance(model, s, side, shed)
    constraint_outline_heat(model, s, side)
    constraint_outline_granted(model, s, side)


def constraint_outline_balance(
    model: pulp.LpProblem, s: State, side: Side, shed: pulp.LpVariable
) -> None:
    """Cover what zones draw by what sources and replacement give, and their own part by sources.

    Service lines of customers that are not served are shed. Replacement may aid what is lost.
    """
    name = f"w{s.position}_side_{side.place}"
    given: Terms = [(x, 1.0) for x in side.given]
    losing: Terms = [(side.now.lost, -1.0), (shed, 1.0)]
    replaced = [(x, 1.0) for x in s.used.values()]
    drawn = [*given, *replaced, *losing, (s.base[side.place], -1.0)]
    model += linear(drawn) >= 0, f"{name}_balance"
    model += linear(losing) <= 0, f"{name}_shed"
    if s.is_split:
        aided = s.aided[side.place]
        own = [*given, *losing, (aided, 1.0), (s.own_base[side.place], -1.0)]
        model += linear(own) >= 0, f"{name}_own_balance"
        model += linear([*losing, (aided, 1.0)]) <= 0, f"{name}_aided"


def constraint_outline_heat(model: pulp.LpProblem, s: State, side: Side) -> None:
    """Hold the heat of zones together under the lines, and their own part within all of it."""
    name, p = f"w{s.position}_side_{side.place}", side.place
    for i, (slope, beyond) in enumerate(zip(side.now.slopes, side.now.beyond, strict=True)):
        row = linear([(s.heat[p], 1), (s.base[p], -slope), (beyond, -1)])
        model += row <= 0, f"{name}_heat_{i}"
        if s.is_split:
            own = linear([(s.own_heat[p], 1), (s.own_base[p], -slope), (beyond, -1)])
            model += own <= 0, f"{name}_own_heat_{i}"
    if s.is_split:
        model += linear([(s.own_heat[p], 1), (s.heat[p], -1)]) <= 0, f"{name}_own_heat"
        model += linear([(s.own_base[p], 1), (s.base[p], -1)]) <= 0, f"{name}_own_power"


def constraint_outline_granted(model: pulp.LpProblem, s: State, side: Side) -> None:
    """Grant zones no more than now where no source grows, and what they are to keep of it."""
    name, p = f"w{s.position}_side_{side.place}", side.place
    if s.scenario.grows:
        return
    model += linear([(s.base[p], 1), (side.now.power, -1)]) <= 0, f"{name}_no_more"
    model += linear([(s.heat[p], 1), (side.now.heat, -1)]) <= 0, f"{name}_no_more_heat"
    if s.scenario.kept > 0:
        kept = linear([(s.base[p], 1), (side.now.power, -s.scenario.kept)])
        model += kept >= 0, f"{name}_kept"


def constraint_outline_keeps(model: pulp.LpProblem, design: Design, s: State) -> None:
    """Cover what all zones draw now, and their service lines."""
    terms: Terms = [(x, 1.0) for x in (*s.output.values(), *s.used.values())]
    for z, connect in design.v.connect.items():
        zone = design.data.zone(z)
        fixed = zone.loss_mw + (0.0 if z in design.v.base else zone.peak_mw)
        terms.append((connect, -fixed / design.power_mw))
        if z in design.v.base:
            terms.append((design.v.base[z], -1.0))
    model += linear(terms) >= 0, f"w{s.position}_keeps"


def constraint_outline_supply(model: pulp.LpProblem, design: Design, s: State) -> None:
    """At least the wanted share of the usual heat is still delivered."""
    least = design.case.least_supply
    if least > 0:
        usual = [(x, -least * f) for x, f in heat_terms(design.data, design.v)]
        row = linear([*((x, 1.0) for x in s.heat.values()), *s.usual, *usual])
        model += row >= 0, f"w{s.position}_least_supply"
